//! Reading rows.

use futures::TryStreamExt as _;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};

use super::error::failed;
use crate::StoreError;
use crate::fingerprint::Fingerprint;
use crate::page::{COUNTED_TO, Clause, Listed, Value, WEBHOOKS, Wanted};
use crate::port::{Checkpoint, Page, PageRequest};
use crate::record::{DeliveryRecord, EventRecord, NoticeRecord, RequestRecord, RunRecord, StepRecord, WebhookListing};
use crate::row::{DeliveryDetail, NoticeRow, RunDetail, WebhookRow};
use crate::view;

pub(super) async fn checkpoint(connection: &mut PgConnection, stream: &str) -> Result<Option<Checkpoint>, sqlx::Error> {
    let query = sqlx::query_as("select incarnation, seq from checkpoints where stream = $1");
    let row: Option<(String, i64)> = query.bind(stream).fetch_optional(connection).await?;
    Ok(row.map(|(incarnation, seq)| Checkpoint { incarnation, seq: view::count(seq) }))
}

/// A page of a list, with its total.
pub(super) async fn page<R, T>(
    pool: &PgPool,
    filter: Vec<Clause>,
    page: &PageRequest,
    row: fn(R) -> T,
) -> Result<Page<T>, StoreError>
where
    R: Listed + Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
{
    let wanted = Wanted::check::<R>(page)?;
    let mut connection = pool.acquire().await.map_err(failed)?;

    let mut count = filtered(R::COUNT, &filter);
    count.push(" limit ").push_bind(COUNTED_TO).push(") as counted");
    let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await.map_err(failed)?;

    let mut list = filtered(R::ALL, &filter);
    if let Some((place, id)) = &wanted.after {
        list.push(R::AFTER);
        bind(&mut list, place);
        list.push(", ").push_bind(id).push(")");
    }
    list.push(R::ORDER).push_bind(wanted.limit + 1);
    let rows: Vec<R> = list.build_query_as().fetch_all(&mut *connection).await.map_err(failed)?;
    Ok(wanted.page(rows, total, row))
}

fn filtered(sql: &'static str, filter: &[Clause]) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(sql);
    for (clause, value) in filter {
        query.push(clause);
        bind(&mut query, value);
    }
    query
}

fn bind(query: &mut QueryBuilder<Postgres>, value: &Value) {
    match value {
        Value::Text(text) => query.push_bind(text),
        Value::Int(int) => query.push_bind(int),
    };
}

pub(super) async fn delivery(connection: &mut PgConnection, id: &str) -> Result<Option<DeliveryDetail>, sqlx::Error> {
    let query = sqlx::query_as("select * from deliveries where id = $1 and received_at is not null");
    let row: Option<DeliveryRecord> = query.bind(id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let query = sqlx::query_as("select * from requests where delivery = $1");
    let request: RequestRecord = query.bind(id).fetch_one(&mut *connection).await?;
    let query = sqlx::query_as("select * from events where delivery = $1 order by event_index");
    let events: Vec<EventRecord> = query.bind(id).fetch_all(&mut *connection).await?;
    let query = sqlx::query_as("select * from runs where delivery = $1");
    let runs: Vec<RunRecord> = query.bind(id).fetch_all(&mut *connection).await?;
    Ok(Some(view::delivery_detail(row, request, events, runs)))
}

pub(super) async fn run(connection: &mut PgConnection, id: &str) -> Result<Option<RunDetail>, sqlx::Error> {
    let query = sqlx::query_as("select * from runs where id = $1 and delivery is not null");
    let row: Option<RunRecord> = query.bind(id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let query = sqlx::query_as("select * from steps where run = $1 order by n");
    let steps: Vec<StepRecord> = query.bind(id).fetch_all(&mut *connection).await?;
    Ok(Some(view::run_detail(row, steps)))
}

pub(super) async fn webhooks(connection: &mut PgConnection) -> Result<Vec<WebhookRow>, sqlx::Error> {
    let rows: Vec<WebhookListing> = sqlx::query_as(WEBHOOKS).fetch_all(connection).await?;
    Ok(rows.into_iter().map(view::webhook).collect())
}

pub(super) async fn notices(
    connection: &mut PgConnection,
    webhook: Option<&str>,
    kind: Option<&str>,
    limit: u32,
) -> Result<Vec<NoticeRow>, sqlx::Error> {
    let query = match webhook {
        Some(webhook) => sqlx::query_as(
            "select * from notices where webhook = $1 and ($2::text is null or kind = $2)
            order by at desc, stream desc, seq desc limit $3",
        )
        .bind(webhook),
        None => sqlx::query_as(
            "select * from notices where $1::text is null or kind = $1 order by at desc, stream desc, seq desc limit $2",
        ),
    };
    let rows: Vec<NoticeRecord> = query.bind(kind).bind(i64::from(limit)).fetch_all(connection).await?;
    Ok(rows.into_iter().map(view::notice).collect())
}

/// Over every folded row, in key order.
pub(super) async fn fingerprint(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let mut print = Fingerprint::default();
    macro_rules! add {
        ($($table:literal in order of $key:literal: $record:ty;)+) => {$(
            print.table($table);
            let mut rows = sqlx::query_as::<_, $record>(concat!("select * from ", $table, " order by ", $key))
                .fetch(&mut *connection);
            while let Some(row) = rows.try_next().await? {
                print.row(&row);
            }
            drop(rows);
        )+};
    }
    add! {
        "deliveries" in order of "id": DeliveryRecord;
        "requests" in order of "delivery": RequestRecord;
        "events" in order of "delivery, event_index": EventRecord;
        "runs" in order of "id": RunRecord;
        "steps" in order of "run, key": StepRecord;
        "notices" in order of "stream, seq": NoticeRecord;
    }
    Ok(print.finish())
}
