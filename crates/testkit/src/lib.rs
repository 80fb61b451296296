//! hookwheel-testkit
