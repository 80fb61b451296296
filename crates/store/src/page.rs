//! Pages: what a filter says in SQL, for both engines in the same words, and the cursor between two pages.
//!
//! Deliveries are ordered by (received, id). Runs are ordered by (delivery, id): a delivery's id begins with its time
//! and is known from whichever fact of a run comes first, so a listed run never moves.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookwheel_core::{DeliveryId, RunId, Timestamp};

use crate::StoreError;
use crate::port::{DeliveryFilter, Page, PageRequest, RunFilter};
use crate::record::{DeliveryRecord, RunRecord};
use crate::text::pack;

/// Totals are counted up to this.
pub(crate) const COUNTED_TO: i64 = 10_001;
const MOST_ROWS: u32 = 200;
const LONGEST_CURSOR: usize = 256;

/// Every webhook by slug, with what it has received.
pub(crate) const WEBHOOKS: &str = r"
    select webhooks.*, count(deliveries.id) as deliveries, max(deliveries.received_at) as last_delivery_at
    from webhooks
    left join deliveries on deliveries.webhook = webhooks.id and deliveries.received_at is not null
    group by webhooks.id order by webhooks.slug";

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
}

/// SQL that ends where the value is bound.
pub(crate) type Clause = (&'static str, Value);

/// What one list needs to know about its rows.
pub(crate) trait Listed: Sized {
    /// Every listed row, without order.
    const ALL: &'static str;
    /// The same, for counting.
    const COUNT: &'static str;
    /// Newest first.
    const ORDER: &'static str;
    /// Begins the comparison with a cursor's two values.
    const AFTER: &'static str;

    /// The place of a row in the order.
    fn place(&self) -> (Value, String);

    /// A place as a cursor says it.
    fn read_place(place: &str, id: &str) -> Option<(Value, String)>;
}

impl Listed for DeliveryRecord {
    const ALL: &'static str = "select * from deliveries where received_at is not null";
    const COUNT: &'static str = "select count(*) from (select 1 as one from deliveries where received_at is not null";
    const ORDER: &'static str = " order by received_at desc, id desc limit ";
    const AFTER: &'static str = " and (received_at, id) < (";

    fn place(&self) -> (Value, String) {
        (Value::Int(self.received_at.unwrap_or_default()), self.id.clone())
    }

    fn read_place(place: &str, id: &str) -> Option<(Value, String)> {
        Some((Value::Int(place.parse().ok()?), DeliveryId::parse(id).ok()?.into()))
    }
}

impl Listed for RunRecord {
    const ALL: &'static str = "select * from runs where delivery is not null";
    const COUNT: &'static str = "select count(*) from (select 1 as one from runs where delivery is not null";
    const ORDER: &'static str = " order by delivery desc, id desc limit ";
    const AFTER: &'static str = " and (delivery, id) < (";

    fn place(&self) -> (Value, String) {
        (Value::Text(self.delivery.clone().unwrap_or_default()), self.id.clone())
    }

    fn read_place(place: &str, id: &str) -> Option<(Value, String)> {
        Some((Value::Text(DeliveryId::parse(place).ok()?.into()), RunId::parse(id).ok()?.into()))
    }
}

/// A page request that has been checked.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) limit: i64,
    pub(crate) after: Option<(Value, String)>,
}

impl Wanted {
    pub(crate) fn check<R: Listed>(page: &PageRequest) -> Result<Self, StoreError> {
        if !(1..=MOST_ROWS).contains(&page.limit) {
            return Err(StoreError::Invalid("limit: it is 1 to 200"));
        }
        let after = page.cursor.as_deref().map(|cursor| read::<R>(cursor).ok_or(StoreError::Invalid("cursor")));
        Ok(Self { limit: i64::from(page.limit), after: after.transpose()? })
    }

    /// Cuts the one row too many that says whether there is a next page.
    pub(crate) fn page<R: Listed, T>(&self, mut rows: Vec<R>, total: i64, row: impl Fn(R) -> T) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(write);
        Page { items: rows.into_iter().map(row).collect(), next_cursor, total: u64::try_from(total).unwrap_or(0) }
    }
}

fn write<R: Listed>(row: &R) -> String {
    let (place, id) = row.place();
    URL_SAFE_NO_PAD.encode(match place {
        Value::Text(place) => format!("{place} {id}"),
        Value::Int(place) => format!("{place} {id}"),
    })
}

fn read<R: Listed>(cursor: &str) -> Option<(Value, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.get(..).filter(|text| text.len() <= LONGEST_CURSOR)?).ok()?;
    let (place, id) = std::str::from_utf8(&bytes).ok()?.split_once(' ')?;
    R::read_place(place, id)
}

/// What a filter of deliveries asks for.
pub(crate) fn of_deliveries(filter: &DeliveryFilter) -> Vec<Clause> {
    let DeliveryFilter { webhook, source, state, event_type, entity, since, until } = filter;
    [
        text(" and webhook = ", webhook),
        text(" and source = ", source),
        text(" and state = ", state),
        text(" and event_type = ", event_type),
        text(" and entity = ", entity),
        time(" and received_at >= ", *since),
        time(" and received_at < ", *until),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a filter of runs asks for.
pub(crate) fn of_runs(filter: &RunFilter) -> Vec<Clause> {
    let RunFilter { webhook, agent, state, delivery, session, since, until } = filter;
    [
        text(" and webhook = ", webhook),
        text(" and agent = ", agent),
        text(" and state = ", state),
        text(" and delivery = ", delivery),
        text(" and session = ", session),
        time(" and received_at >= ", *since),
        time(" and received_at < ", *until),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn text(sql: &'static str, value: &Option<String>) -> Option<Clause> {
    value.as_ref().map(|value| (sql, Value::Text(pack(value))))
}

fn time(sql: &'static str, value: Option<Timestamp>) -> Option<Clause> {
    value.map(|value| (sql, Value::Int(value.micros())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_a_foreign_one_does_not() {
        let id = format!("dlv_{}", "0".repeat(32));
        let row = DeliveryRecord { id: id.clone(), received_at: Some(-7), ..DeliveryRecord::default() };
        assert_eq!(read::<DeliveryRecord>(&write(&row)), Some((Value::Int(-7), id)));

        let long = "A".repeat(10_000);
        for foreign in ["", "!", "AAAA", "MTIz", long.as_str(), &URL_SAFE_NO_PAD.encode("1 run_x"), &write(&row)] {
            assert_eq!(read::<RunRecord>(foreign), None, "{foreign}");
        }
    }
}
