//! Where processes are told to die. Every name is a `failpoint::hit` in a service; a test compares the two.

use crate::world::Part;

/// Places in ingress.
pub const INGRESS: &[&str] =
    &["ingress.verified", "ingress.before_append", "ingress.appended", "ingress.before_response"];
/// Places in the normalizer.
pub const NORMALIZER: &[&str] =
    &["normalizer.before_requests", "normalizer.after_requests", "normalizer.after_wake", "normalizer.after_outcome"];
/// Places in the agent-runner.
pub const RUNNER: &[&str] = &[
    "runner.claimed",
    "runner.before_intent",
    "runner.after_intent",
    "runner.during_call",
    "runner.after_call",
    "runner.after_result",
    "runner.before_finish",
    "runner.finished",
];
/// Places in the projector.
pub const PROJECTOR: &[&str] = &["projector.before_apply", "projector.after_apply"];

/// Where this part can be told to die.
pub fn places(part: Part) -> Vec<&'static str> {
    match part {
        Part::Ingress(_) => INGRESS.to_vec(),
        Part::Normalizer => NORMALIZER.to_vec(),
        Part::AgentRunner(_) => RUNNER.to_vec(),
        Part::Projector => PROJECTOR.to_vec(),
        Part::Up => [INGRESS, NORMALIZER, RUNNER, PROJECTOR].concat(),
        Part::Broker => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_place_is_in_the_service_it_names_and_none_is_left_out() {
        let root = hookwheel_testkit::tools::workspace();
        let mut found = BTreeSet::new();
        for folder in ["services", "crates/agent"] {
            places_below(&root.join(folder), &mut found);
        }
        let named = places(Part::Up).into_iter().map(str::to_owned).collect();
        assert_eq!(found, named);
    }

    /// Texts such as `"runner.claimed"` in the sources.
    fn places_below(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                places_below(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let passes = text.lines().filter(|line| line.contains("hit(") || line.contains("pass)("));
                let quoted = passes.filter_map(|line| line.split('"').nth(1)).filter(|place| place.contains('.'));
                found.extend(quoted.map(str::to_owned));
            }
        }
    }
}
