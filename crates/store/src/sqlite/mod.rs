//! The tables on SQLite.
