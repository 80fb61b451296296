//! hookwheel-projector
