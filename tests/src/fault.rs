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
