//! Rows as stored: one struct per table, the same for both engines. Times are microseconds since the epoch, UTC, and
//! text is [packed](crate::text::pack).

use hookwheel_core::snapshot::Snapshot;
use serde::Serialize;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Postgres, Row as _, Sqlite};

use crate::text::pack;

/// Declares a row and how each engine reads it, by column name.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
        pub(crate) struct $name { $($(#[$note])* pub(crate) $field: $type,)+ }

        impl FromRow<'_, SqliteRow> for $name {
            fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?,)+ })
            }
        }

        impl FromRow<'_, PgRow> for $name {
            fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?,)+ })
            }
        }
    };
}

/// Declares a row that is also written, bound in the order of its fields: for SQLite one row a statement, for Postgres
/// one array a column.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $field:ident: $type:ty,)+ }) => {
        row! { $(#[$doc])* $name { $($(#[$note])* $field: $type,)+ } }

        impl $name {
            pub(crate) fn bind<'q>(
                &self,
                query: Query<'q, Sqlite, SqliteArguments>,
            ) -> Query<'q, Sqlite, SqliteArguments> {
                query$(.bind(&self.$field))+
            }

            pub(crate) fn bind_all<'q>(
                rows: &[&Self],
                query: Query<'q, Postgres, PgArguments>,
            ) -> Query<'q, Postgres, PgArguments> {
                query$(.bind(rows.iter().map(|row| &row.$field).collect::<Vec<&$type>>()))+
            }
        }
    };
}

record! {
    /// What lists show of a delivery. The first group comes from its receipt, the next from its outcome, the next from
    /// notices; the last is derived from the other groups and its runs. Listed once `received_at` is known.
    DeliveryRecord {
        id: String,
        webhook: Option<String>,
        source: Option<String>,
        delivery_key: Option<String>,
        received_at: Option<i64>,
        body_size: Option<i64>,
        trace_id: Option<String>,

        /// `routed`, `filtered` or `unroutable`.
        outcome: Option<String>,
        /// Why it is not routed.
        note: Option<String>,
        /// How many runs the outcome names.
        planned_runs: i64,
        event_type: Option<String>,
        entity: Option<String>,
        actor: Option<String>,

        duplicates: i64,

        state: String,
        reason: Option<String>,
        runs: i64,
    }
}

record! {
    /// The request behind a delivery: wide, written once, never updated.
    RequestRecord {
        delivery: String,
        method: String,
        /// JSON: pairs of name and value, in order.
        headers: String,
        body: Option<Vec<u8>>,
        body_blob: Option<String>,
        scheme: String,
        secret: Option<i64>,
        signed_at: Option<i64>,
        snapshot: String,
        peer: String,
    }
}

record! {
    /// What a delivery means, or an item of a batch.
    EventRecord {
        delivery: String,
        /// Its place in the batch; 0 when the delivery is one event.
        event_index: i64,
        /// `routed`, `filtered` or `unroutable`.
        outcome: String,
        /// Why it is not routed.
        note: Option<String>,
        /// How many runs it starts.
        planned_runs: i64,
        event_type: Option<String>,
        entity: Option<String>,
        actor: Option<String>,
        /// JSON: pairs of name and value, in order.
        summary: String,
    }
}

record! {
    /// A run. The first group comes from its request or its journal's first entry, whichever is seen first; the next
    /// from the request alone; the rest from the journal. Listed once `delivery` is known.
    RunRecord {
        id: String,
        delivery: Option<String>,
        webhook: Option<String>,
        route: Option<String>,
        agent: Option<String>,
        session: Option<String>,
        message: Option<String>,

        /// Whether the request has been seen.
        requested: bool,
        /// Until then the time in the delivery's id, which is the same to the millisecond.
        received_at: Option<i64>,
        entity: Option<String>,
        /// The event's place in the delivery, if that is a batch.
        event_index: Option<i64>,

        /// Number of the last entry applied.
        entries: i64,
        state: String,
        started_at: Option<i64>,
        finished_at: Option<i64>,
        last_at: Option<i64>,
        model: Option<String>,
        scripted: bool,
        turns: i64,
        tool_calls: i64,
        input_tokens: i64,
        output_tokens: i64,
        claims: i64,
        text: Option<String>,
        error: Option<String>,
        /// JSON: tool and arguments of each call the last turn asked for; none once the run has ended.
        calls: Option<String>,
    }
}

record! {
    /// A model turn or a tool call.
    StepRecord {
        run: String,
        key: String,
        n: i64,
        kind: String,
        name: String,
        status: String,
        attempts: i64,
        arguments: Option<String>,
        result: Option<String>,
        started_at: i64,
        latency_ms: Option<i64>,
        input_tokens: Option<i64>,
        output_tokens: Option<i64>,
    }
}

record! {
    /// A duplicate, a rejection or a handshake, under its position in the log: notices have no other name.
    NoticeRecord {
        stream: String,
        seq: i64,
        webhook: String,
        kind: String,
        delivery: Option<String>,
        reason: String,
        at: i64,
        peer: String,
        rule: String,
        /// JSON, a list of names.
        headers: String,
        more: i64,
    }
}

record! {
    /// A configured webhook.
    WebhookRecord {
        id: String,
        slug: String,
        source: String,
        enabled: bool,
        snapshot: String,
    }
}

row! {
    /// What a delivery's state needs to know of one of its runs.
    Standing {
        id: String,
        delivery: Option<String>,
        state: String,
        error: Option<String>,
    }
}

row! {
    /// A configured webhook with its counts.
    WebhookListing {
        id: String,
        slug: String,
        source: String,
        enabled: bool,
        snapshot: String,
        deliveries: i64,
        last_delivery_at: Option<i64>,
    }
}

impl From<&Snapshot> for WebhookRecord {
    fn from(snapshot: &Snapshot) -> Self {
        let webhook = &snapshot.webhook;
        Self {
            id: webhook.id.to_string(),
            slug: webhook.slug.to_string(),
            source: pack(&webhook.source),
            enabled: webhook.enabled,
            snapshot: snapshot.hash().into(),
        }
    }
}

impl From<&RunRecord> for Standing {
    fn from(run: &RunRecord) -> Self {
        Self { id: run.id.clone(), delivery: run.delivery.clone(), state: run.state.clone(), error: run.error.clone() }
    }
}

/// A count as a column; saturates.
pub(crate) fn int(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
