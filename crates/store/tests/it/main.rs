//! Both engines against the suite, and what only one of them can be asked.

mod both;
mod postgres;
mod sqlite;
