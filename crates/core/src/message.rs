//! The three-layer delivery message an agent reads: our heading, the fenced summary, the operator's suffix.
