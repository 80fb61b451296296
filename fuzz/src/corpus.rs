//! Inputs to begin with: the examples of the project, and every input that once found something.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::Target;
use crate::random::Random;

/// Most inputs kept in memory.
const MOST: usize = 8_192;
/// Most bytes of an example: long ones say the same more slowly.
pub(crate) const LONGEST_SEED: usize = 8 * 1024;

/// The inputs in use, and what has happened so far.
pub(crate) struct Corpus {
    inputs: Vec<Vec<u8>>,
    seen: HashSet<u64>,
}

impl Corpus {
    pub(crate) fn new(target: &Target) -> Self {
        let mut inputs = (target.seeds)();
        inputs.retain(|input| input.len() <= LONGEST_SEED);
        inputs.extend(known(target.name).into_iter().map(|(_, input)| input));
        inputs.push(Vec::new());
        Self { inputs, seen: HashSet::new() }
    }

    pub(crate) fn inputs(&self) -> &[Vec<u8>] {
        &self.inputs
    }

    /// One of them; of two the shorter more often.
    pub(crate) fn pick(&self, random: &mut Random) -> &[u8] {
        let (one, two) = (self.at(random), self.at(random));
        if random.one_in(4) || one.len() < two.len() { one } else { two }
    }

    /// Keeps an input if what it made happen has not happened before.
    pub(crate) fn learn(&mut self, input: &[u8], happened: u64) {
        if self.inputs.len() < MOST && self.seen.insert(happened) && input.len() <= LONGEST_SEED {
            self.inputs.push(input.to_vec());
        }
    }

    fn at(&self, random: &mut Random) -> &[u8] {
        random.pick(&self.inputs).unwrap_or_default()
    }
}

/// The inputs in `corpus/<target>/`, by file name.
pub fn known(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.into_iter().filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?))).collect()
}

/// Everything in the fixtures of `sources` that ends so, by its path there.
pub(crate) fn fixtures(ending: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/sources/fixtures");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let (Ok(inside), Some(true)) =
                (path.strip_prefix(&root), path.to_str().map(|p| p.ends_with(ending)))
            {
                found.extend(std::fs::read(&path).ok().map(|bytes| (inside.display().to_string(), bytes)));
            }
        }
    }
    found.sort();
    found
}
