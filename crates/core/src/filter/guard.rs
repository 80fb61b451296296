//! An agent's own words must not wake it: the mark that our comments carry, and how a delivery is known by it.

use crate::ids::RunId;

const OPENS: &str = "<!-- hookwheel:";
const CLOSES: &str = " -->";

/// The line that every text written by a run ends with. Readers of Markdown and HTML do not see it.
pub fn mark(run: &RunId) -> String {
    format!("{OPENS}{run}{CLOSES}")
}

/// The run that wrote a text: a mark on a line of its own. A mark inside a line, such as a quoted one, says nothing.
pub fn marked(text: &str) -> Option<RunId> {
    text.lines().rev().find_map(|line| {
        let run = line.trim().strip_prefix(OPENS)?.strip_suffix(CLOSES)?;
        RunId::parse(run).ok()
    })
}

/// Whether a list of actors has this one. Account names differ in more than the case of their letters everywhere we know
/// of, and a guard that misses one over its case would let the loop run.
pub(super) fn has_actor(list: &[String], actor: &str) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(actor))
}
