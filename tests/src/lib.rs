//! The kit of the whole-system tests: worlds that can be killed and started again, senders with a ledger, and a checker
//! that holds log, ledger, witness and tables against the invariants.

pub mod checker;
pub mod collector;
pub mod fault;
pub mod history;
pub mod ledger;
pub mod process;
pub mod scenario;
pub mod witness;
pub mod world;
