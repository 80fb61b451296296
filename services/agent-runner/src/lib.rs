//! hookwheel-agent-runner
