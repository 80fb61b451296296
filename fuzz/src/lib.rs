//! Every parser that sees a sender's bytes, run on mutated input, with a second opinion about each answer.
//!
//! A [`Target`] is a plain function over bytes: it panics when a property does not hold, and otherwise returns a number
//! that stands for what happened. [`drive::run`] mutates examples, keeps the inputs that made something new happen, and
//! gives a [`Finding`](drive::Finding) for the first panic. It runs on stable Rust, needs nothing else, and repeats
//! itself exactly for the same seed. [`timing`] measures whether a verdict takes longer for a better forgery.

pub mod corpus;
pub mod drive;
mod http_like;
mod mutate;
mod panics;
mod random;
mod shrink;
pub mod targets;
pub mod timing;

/// One parser with its properties.
pub struct Target {
    /// Its name on the command line and its folder in `corpus/`.
    pub name: &'static str,
    /// What must hold, in one line.
    pub holds: &'static str,
    /// Panics when it does not hold. Equal numbers mean that the same happened.
    pub run: fn(&[u8]) -> u64,
    /// Examples to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many times slower than a plain parser: the short run gives it so many times fewer executions.
    pub weight: u64,
}

/// A number for what happened, out of whatever tells it from other things.
pub(crate) fn trace(what: impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
