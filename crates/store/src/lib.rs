//! Tables: what people and programs query. A fold of the log, disposable: drop them, replay, get the same rows.
//!
//! [`Store`] is the port. Its promises S1 to S10 are proved for both engines by one suite, [`conformance`].

pub mod conformance;
mod error;
mod port;
pub mod postgres;
mod row;
pub mod sqlite;

pub use error::StoreError;
pub use port::{Applied, Batch, Change, Checkpoint, DeliveryFilter, Page, PageRequest, RunFilter, Store};
pub use row::{DeliveryDetail, DeliveryRow, EventRow, HeaderRow, NoticeRow, RunDetail, RunRow, StepRow, WebhookRow};
