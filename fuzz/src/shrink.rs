//! A smaller input that fails in the same place.

use crate::panics::caught;

/// Executions spent on one finding.
const TRIES: usize = 20_000;

/// Takes pieces out, large ones first, as long as what is left still panics in the same line of code.
pub(crate) fn shrink(run: fn(&[u8]) -> u64, input: Vec<u8>, said: &str) -> Vec<u8> {
    let place = first_line(said).to_owned();
    let fails = |input: &[u8]| caught(|| run(input)).is_err_and(|said| first_line(&said) == place);
    let (mut best, mut tries) = (input, 0);
    let mut size = best.len() / 2;
    while size > 0 && tries < TRIES {
        let mut at = 0;
        while at + size <= best.len() && tries < TRIES {
            let smaller = [&best[..at], &best[at + size..]].concat();
            tries += 1;
            if fails(&smaller) {
                best = smaller;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    best
}

fn first_line(said: &str) -> &str {
    said.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_x_before_y(input: &[u8]) -> u64 {
        let x = input.iter().position(|&b| b == b'x');
        assert!(x.is_none_or(|x| !input[x..].contains(&b'y')), "x before y");
        0
    }

    #[test]
    fn only_what_matters_is_left() {
        let input = b"abcxdefyghi".to_vec();
        let said = caught(|| no_x_before_y(&input)).unwrap_err();
        assert_eq!(shrink(no_x_before_y, input, &said), b"xy");
    }
}
