//! hookwheel-agent
