//! The log for one process: SQLite in WAL mode, fsync before every acknowledgement, group commit.
