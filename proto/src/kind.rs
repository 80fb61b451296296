//! The kinds of records by name, and the headers that say which one a record is.

use hookwheel_core::event::Normalized;

/// Header with the kind's name.
pub const KIND: &str = "Hw-Kind";
/// Header with the kind's version.
pub const VERSION: &str = "Hw-Version";
/// Header with the W3C trace context of the span that wrote the record.
pub const TRACEPARENT: &str = "traceparent";

/// The version all kinds are written in. Fields may be added inside a version; a change that an old reader would
/// misread needs a new one, and that reader then answers [`Fact::Unknown`](crate::Fact::Unknown).
pub(crate) const CURRENT: &str = "1";

/// Every name a record may have in its `Hw-Kind` header.
pub const KINDS: [&str; 8] = [
    "DeliveryReceived",
    "DeliveryNormalized",
    "DeliveryFiltered",
    "DeliveryUnroutable",
    "RunRequested",
    "Wake",
    "RunEntry",
    "Notice",
];

/// The message behind a kind. The three outcomes of a delivery share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    DeliveryReceived,
    DeliveryOutcome,
    RunRequested,
    Wake,
    RunEntry,
    Notice,
}

impl Shape {
    pub fn of_kind(name: &str) -> Option<Self> {
        Some(match name {
            "DeliveryReceived" => Self::DeliveryReceived,
            "DeliveryNormalized" | "DeliveryFiltered" | "DeliveryUnroutable" => Self::DeliveryOutcome,
            "RunRequested" => Self::RunRequested,
            "Wake" => Self::Wake,
            "RunEntry" => Self::RunEntry,
            "Notice" => Self::Notice,
            _ => return None,
        })
    }

    /// For records that lost their headers on the way.
    pub fn of_subject(subject: &str) -> Option<Self> {
        let mut tokens = subject.split('.');
        Some(match (tokens.next()?, tokens.next()?) {
            ("hw", "delivery") => Self::DeliveryReceived,
            ("hw", "event") => Self::DeliveryOutcome,
            ("hw", "session") => Self::RunRequested,
            ("hw", "wake") => Self::Wake,
            ("hw", "run") => Self::RunEntry,
            ("hw", "notice") => Self::Notice,
            _ => return None,
        })
    }
}

pub(crate) fn of_outcome(result: &Normalized) -> &'static str {
    match result {
        Normalized::Routed { .. } => "DeliveryNormalized",
        Normalized::Filtered { .. } => "DeliveryFiltered",
        Normalized::Unroutable { .. } => "DeliveryUnroutable",
    }
}
