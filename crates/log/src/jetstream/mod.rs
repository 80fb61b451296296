//! The log for any number of processes: NATS JetStream.
