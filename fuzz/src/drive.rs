//! The loop: pick, change, run, keep what is new.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::corpus::{Corpus, LONGEST_SEED};
use crate::mutate::Mutator;
use crate::panics::caught;
use crate::random::Random;
use crate::shrink::shrink;
use crate::{Target, corpus};

/// The longest input, bytes: room for a long example and what is put into it.
const LONGEST: usize = LONGEST_SEED + 1024;

/// When to stop, and where to begin.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// After so many executions.
    pub executions: u64,
    /// After so long, whatever comes first.
    pub time: Duration,
    /// Another seed, another walk. The same one repeats it.
    pub seed: u64,
}

/// A walk that found nothing.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    /// How many inputs were run.
    pub executions: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// How many inputs made something new happen.
    pub learned: usize,
    /// The longest that one input took.
    pub slowest: Duration,
}

/// A property that does not hold.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{target}: {said}\ninput, hex: {}\nagain: cargo xtask fuzz --target {target} --input FILE (of these bytes)", hex::encode(.input))]
pub struct Finding {
    /// Of which target.
    pub target: &'static str,
    /// The input, made small.
    pub input: Vec<u8>,
    /// What the target panicked with.
    pub said: String,
}

/// Runs one input.
pub fn one(target: &Target, input: &[u8]) -> Result<u64, Finding> {
    caught(|| (target.run)(input)).map_err(|said| Finding { target: target.name, input: input.to_vec(), said })
}

/// Runs every known input and then mutated ones until a limit or a finding. `current` always holds the input that is
/// being run, for whoever watches from another thread.
pub fn run(target: &Target, limits: Limits, current: &Mutex<Vec<u8>>) -> Result<Walk, Finding> {
    for (_, input) in corpus::known(target.name) {
        one(target, &input)?;
    }
    let mut corpus = Corpus::new(target);
    let mutator = Mutator::new(corpus.inputs(), LONGEST);
    let examples = corpus.inputs().len();
    let mut random = Random::new(limits.seed);
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    let mut executions = 0;
    let mut input = Vec::new();
    let mut last = begun;
    while executions < limits.executions && last - begun < limits.time {
        input.clear();
        match corpus.inputs().get(usize::try_from(executions).unwrap_or(usize::MAX)) {
            // Each example once as it is.
            Some(example) if executions < limits.executions / 2 => input.extend_from_slice(example),
            _ => {
                input.extend_from_slice(corpus.pick(&mut random));
                mutator.change(&mut input, corpus.pick(&mut random), &mut random);
            }
        }
        watch(current, &input);
        match caught(|| (target.run)(&input)) {
            Ok(happened) => corpus.learn(&input, happened),
            Err(said) => {
                let input = shrink(target.run, input, &said);
                return Err(Finding { target: target.name, input, said });
            }
        }
        executions += 1;
        let now = Instant::now();
        slowest = slowest.max(now - last);
        last = now;
    }
    Ok(Walk { executions, elapsed: last - begun, learned: corpus.inputs().len() - examples, slowest })
}

fn watch(current: &Mutex<Vec<u8>>, input: &[u8]) {
    if let Ok(mut current) = current.lock() {
        current.clear();
        current.extend_from_slice(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wrong only for an input that no example comes near: each part has to be learned.
    fn run_three_steps(input: &[u8]) -> u64 {
        let steps =
            [b"k1".as_slice(), b"k2", b"k3"].iter().take_while(|key| input.windows(2).any(|w| w == **key)).count();
        assert!(steps < 3, "all three");
        steps as u64
    }

    #[test]
    fn a_planted_mistake_is_found_made_small_and_found_again() {
        let seeds = || vec![b"some text with 123 in it".to_vec()];
        let target = Target { name: "planted", holds: "", run: run_three_steps, seeds, weight: 1 };
        let limits = Limits { executions: 2_000_000, time: Duration::MAX, seed: 1 };
        let current = Mutex::default();
        let finding = run(&target, limits, &current).unwrap_err();
        assert!(finding.said.contains("all three") && finding.input.len() == 6, "{finding}");
        assert!(one(&target, &finding.input).is_err() && one(&target, b"k1k2").is_ok());
        assert_eq!(run(&target, limits, &current).unwrap_err().input, finding.input);
    }
}
