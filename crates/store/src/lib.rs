//! Tables: what people and programs query. A fold of the log, disposable: drop them, replay, get the same rows.
//!
//! [`Store`] is the port; [`sqlite::Sqlite`] and [`postgres::Postgres`] are behind it. What a fact does to the rows is
//! decided once for both, in `fold`; how a list is asked for, in `page`; an engine only reads and writes rows. The
//! promises S1 to S10 are proved for both engines by one suite, `conformance` (feature `conformance`).

mod apply;
mod bounded;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod fingerprint;
mod fold;
mod judge;
mod migrate;
mod page;
mod port;
pub mod postgres;
mod prune;
mod record;
mod row;
pub mod sqlite;
mod text;
mod view;

pub use error::StoreError;
pub use port::{Applied, Batch, Change, Checkpoint, DeliveryFilter, Page, PageRequest, RunFilter, Store};
pub use row::{DeliveryDetail, DeliveryRow, EventRow, HeaderRow, NoticeRow, RunDetail, RunRow, StepRow, WebhookRow};
