//! hookwheel
