//! The tables on Postgres.
