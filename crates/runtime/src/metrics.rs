//! The one table of metrics: name, kind, unit, help, labels, buckets. Code, docs, dashboards and rules read it.
//!
//! Services record through the `metrics` crate's macros with the names below.

/// Renders what has been recorded, in the Prometheus text format.
#[derive(Clone)]
pub struct MetricsHandle;
