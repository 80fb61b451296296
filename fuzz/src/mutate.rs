//! One input out of another: small wrongs, stacked.

use crate::random::Random;

/// Bytes at which parsers of ours turn.
const TURNS: &[u8] = b"\0\t\n\r \"\\{}[](),:;=&%+-./#?@<>0159aAeEuUxX\x1b\x7f\x80\xbf\xc3\xe2\xed\xef\xff";
/// Numbers at which arithmetic of ours turns.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "00",
    "+1",
    "0x10",
    "255",
    "256",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "-1e-400",
    "1.5",
    "1761100033",
    "1761100333",
    "1761099733",
    "1761100033000",
];

/// Words worth having whole, and the longest input.
pub(crate) struct Mutator {
    words: Vec<Vec<u8>>,
    longest: usize,
}

impl Mutator {
    /// Takes its words from these examples.
    pub(crate) fn new(examples: &[Vec<u8>], longest: usize) -> Self {
        let mut words: Vec<Vec<u8>> = examples.iter().flat_map(|example| words(example)).collect();
        words.sort_unstable();
        words.dedup();
        Self { words, longest }
    }

    /// Changes an input one to six times; `other` lends it parts.
    pub(crate) fn change(&self, input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
        for _ in 0..=random.next().trailing_ones().min(5) {
            self.change_once(input, other, random);
        }
        input.truncate(self.longest);
    }

    fn change_once(&self, input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
        let at = random.below(input.len() + 1);
        match random.below(13) {
            0 => set(input, at, |byte| byte ^ (1 << random.below(8))),
            1 => set(input, at, |_| random.byte()),
            2 => set(input, at, |_| TURNS[random.below(TURNS.len())]),
            3 => input.insert(at, TURNS[random.below(TURNS.len())]),
            4 => insert(input, at, random.pick(&self.words).unwrap_or_default()),
            5 => replace(input, word_at(input, at), random.pick(&self.words).unwrap_or_default()),
            6 => replace(input, digits_at(input, at), random.pick::<str>(NUMBERS).unwrap_or_default().as_bytes()),
            7 => replace(input, piece(input, at, random), b""),
            8 => {
                let copied = input[piece(input, at, random)].to_vec();
                insert(input, random.below(input.len() + 1), &copied);
            }
            9 => {
                let byte = if random.one_in(2) { TURNS[random.below(TURNS.len())] } else { random.byte() };
                let most = if random.one_in(8) { 300 } else { 12 };
                insert(input, at, &vec![byte; 1 + random.below(most)]);
            }
            10 => {
                let from = random.below(other.len() + 1);
                replace(input, piece(input, at, random), &other[piece(other, from, random)]);
            }
            11 => {
                let from = random.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let (first, second) = (piece(input, at, random), random.below(input.len() + 1));
                let moved = input[first.clone()].to_vec();
                replace(input, first, b"");
                insert(input, second, &moved);
            }
        }
    }
}

type Range = std::ops::Range<usize>;

fn set(input: &mut [u8], at: usize, to: impl FnOnce(u8) -> u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte = to(*byte);
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let at = at.min(input.len());
    input.splice(at..at, piece.iter().copied());
}

fn replace(input: &mut Vec<u8>, range: Range, with: &[u8]) {
    input.splice(range, with.iter().copied());
}

/// From here on for a while: mostly short.
fn piece(input: &[u8], at: usize, random: &mut Random) -> Range {
    let most = if random.one_in(4) { input.len() - at } else { (input.len() - at).min(16) };
    at..at + random.below(most + 1)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whatever is of one kind around a place.
fn run_at(input: &[u8], at: usize, kind: impl Fn(u8) -> bool) -> Range {
    let start = input[..at].iter().rposition(|&b| !kind(b)).map_or(0, |n| n + 1);
    let end = input[at..].iter().position(|&b| !kind(b)).map_or(input.len(), |n| at + n);
    start..end
}

fn word_at(input: &[u8], at: usize) -> Range {
    run_at(input, at, is_word)
}

fn digits_at(input: &[u8], at: usize) -> Range {
    run_at(input, at, |b| b.is_ascii_digit())
}

/// What may be worth putting elsewhere: names, and short texts with their punctuation.
fn words(example: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let names = example.split(|&b| !is_word(b));
    let members = example.split(|&b| matches!(b, b',' | b'\n' | b'&'));
    names.chain(members).filter(|word| (2..=48).contains(&word.len())).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_change_leaves_the_bounds_and_most_change_something() {
        let examples = vec![br#"{"action":"opened","n":17}"#.to_vec(), b"a=b&c=d".to_vec()];
        let mutator = Mutator::new(&examples, 64);
        let mut random = Random::new(3);
        let mut changed = 0;
        for _ in 0..20_000 {
            let mut input = examples[random.below(2)].clone();
            let before = input.clone();
            mutator.change(&mut input, &examples[1], &mut random);
            assert!(input.len() <= 64);
            changed += usize::from(input != before);
        }
        assert!(changed > 15_000, "{changed}");
        mutator.change(&mut Vec::new(), b"", &mut random);
    }

    #[test]
    fn words_and_numbers_are_found_around_a_place() {
        assert_eq!(word_at(b"x \"ab-c\" y", 5), 3..7);
        assert_eq!(digits_at(b"n:123,", 3), 2..5);
        assert_eq!(digits_at(b"abc", 1), 1..1);
    }
}
