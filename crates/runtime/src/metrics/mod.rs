//! The one table of metrics: name, kind, unit, help, labels, buckets. Code, docs, dashboards and rules read it.
//!
//! Services record through the `metrics` crate's macros with the names below:
//! `counter!(metrics::INGRESS_REQUESTS_TOTAL, "source" => source, "code" => "202").increment(1)`.

mod install;
pub mod label;
mod markdown;
mod model;
mod table;

pub use install::{InstallError, MetricsHandle, install};
pub use markdown::markdown;
pub use model::{Kind, Label, Metric, Values};
pub use table::*;

#[cfg(test)]
mod tests;
