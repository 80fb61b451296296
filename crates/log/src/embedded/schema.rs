//! The database file: how it is opened, what is created in it, and how the last life's state is read back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection, SqlitePool};
use tokio::sync::watch;

use super::clock::now_micros;
use super::fault::fault;
use super::group::{Group, Keep};
use super::keys::{Keys, Value};
use super::live::{Live, Members, Shelf, Stream};
use super::span::Span;
use super::sql::position;
use super::table::Table;
use crate::{Layout, LogError};

/// Raised when the tables change in a way that older programs can't read.
const VERSION: i64 = 2;
/// Three records of 2 KB fit into one page, and an index page is still cheap to rewrite.
const PAGE_BYTES: u32 = 8192;
/// Pages in the write-ahead log before commits have to move them themselves: 128 MiB. Far behind the point at which the
/// [`checkpoint`](super::checkpoint) beside the commits lets it begin again.
const CHECKPOINT_PAGES: u32 = 16 * 1024;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS stream (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, incarnation TEXT NOT NULL,
    last INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS indexed (stream INTEGER PRIMARY KEY, up_to INTEGER NOT NULL DEFAULT 0,
    swept INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS consumer (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    cursor INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS held (consumer INTEGER NOT NULL, seq INTEGER NOT NULL, attempt INTEGER NOT NULL,
    due INTEGER NOT NULL, PRIMARY KEY (consumer, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS entry (bucket INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    revision INTEGER NOT NULL, expires INTEGER, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pulse (one INTEGER PRIMARY KEY CHECK (one = 1), beat INTEGER NOT NULL);
";

/// Opens a connection that writes.
pub async fn connect(path: &std::path::Path, busy: Duration) -> Result<SqliteConnection, LogError> {
    base(path, busy)
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        .pragma("cache_size", "-16384")
        // Rows that an INSERT of many has to take back are noted in memory, not in a file made for each statement.
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(512)
        .connect()
        .await
        .map_err(fault)
}

/// Opens the connections that read.
pub fn readers(path: &std::path::Path, busy: Duration, bound: Duration, count: u32) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(count)
        .acquire_timeout(bound)
        .test_before_acquire(false)
        .connect_lazy_with(base(path, busy).pragma("query_only", "1"))
}

fn base(path: &std::path::Path, busy: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(busy).disable_statement_logging()
}

/// Whether this connection's settings keep the promise that an acknowledged record survives a power cut.
pub async fn check(db: &mut SqliteConnection) -> Result<(), LogError> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *db).await.map_err(fault)?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *db).await.map_err(fault)?;
    if mode == "wal" && synchronous == 2 {
        return Ok(());
    }
    Err(LogError::Unfit(format!(
        "SQLite runs with journal_mode={mode} and synchronous={synchronous} in place of wal and 2 (full); keep the \
         data directory on a local file system with working locks and shared memory"
    )))
}

/// Creates what the layout names and is not there yet.
pub async fn provision(db: &mut SqliteConnection, layout: &Layout) -> Result<(), LogError> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *db).await.map_err(fault)?;
    if version > VERSION {
        return Err(LogError::Unfit(format!(
            "the database has version {version}, this program knows {VERSION}; run the newer program that wrote it"
        )));
    }
    run(db, format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION};")).await?;
    let created = create(db, layout).await;
    run(db, if created.is_ok() { "COMMIT" } else { "ROLLBACK" }.to_owned()).await?;
    created
}

async fn create(db: &mut SqliteConnection, layout: &Layout) -> Result<(), LogError> {
    for spec in &layout.streams {
        let incarnation = format!("{:032x}", rand::random::<u128>());
        sqlx::query("INSERT INTO stream (name, incarnation) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
            .bind(spec.name)
            .bind(incarnation)
            .execute(&mut *db)
            .await
            .map_err(fault)?;
        let number = number(db, "SELECT number FROM stream WHERE name = ?", spec.name).await?;
        run(db, Table::schema(number, spec.lookup)).await?;
    }
    for spec in &layout.consumers {
        insert(db, "INSERT INTO consumer (name) VALUES (?) ON CONFLICT (name) DO NOTHING", spec.name).await?;
    }
    for spec in &layout.buckets {
        insert(db, "INSERT INTO bucket (name) VALUES (?) ON CONFLICT (name) DO NOTHING", spec.name).await?;
    }
    Ok(())
}

/// Reads back where everything stood; `unindexed` as in [`Options`](super::Options).
pub async fn load(db: &mut SqliteConnection, layout: &Layout, unindexed: usize) -> Result<Live, LogError> {
    let mut live = Live { streams: Vec::new(), groups: Vec::new(), shelves: Vec::new() };
    for spec in &layout.streams {
        live.streams.push(Arc::new(load_stream(db, spec, unindexed).await?));
    }
    for spec in &layout.consumers {
        let at = layout.streams.iter().position(|stream| stream.name == spec.stream);
        let at = at.ok_or_else(|| LogError::Missing(format!("stream {} of consumer {}", spec.stream, spec.name)))?;
        live.groups.push(Arc::new(load_group(db, spec, at, &live.streams[at]).await?));
    }
    for spec in &layout.buckets {
        live.shelves.push(Arc::new(load_shelf(db, spec.name).await?));
    }
    Ok(live)
}

async fn load_stream(
    db: &mut SqliteConnection,
    spec: &crate::StreamSpec,
    unindexed: usize,
) -> Result<Stream, LogError> {
    let row = sqlx::query("SELECT number, incarnation, last FROM stream WHERE name = ?")
        .bind(spec.name)
        .fetch_one(&mut *db)
        .await
        .map_err(fault)?;
    let table = Table::new(spec.name, row.try_get(0).map_err(fault)?, spec.lookup, unindexed);
    table.restore(db).await?;
    let (first, newest, _) = table.bounds(db).await?;
    let last = newest.max(position(&row, 2)?);
    Ok(Stream {
        name: spec.name,
        retention: spec.retention,
        table,
        incarnation: row.try_get(1).map_err(fault)?,
        last: watch::Sender::new(last),
        first: AtomicU64::new(if first == 0 { last + 1 } else { first }),
    })
}

async fn load_group(
    db: &mut SqliteConnection,
    spec: &crate::ConsumerSpec,
    at: usize,
    stream: &Stream,
) -> Result<Members, LogError> {
    let row = sqlx::query("SELECT number, cursor FROM consumer WHERE name = ?")
        .bind(spec.name)
        .fetch_one(&mut *db)
        .await
        .map_err(fault)?;
    let number: i64 = row.try_get(0).map_err(fault)?;
    let cursor = position(&row, 1)?.max(stream.first());
    let rows = sqlx::query("SELECT seq, attempt, due FROM held WHERE consumer = ?")
        .bind(number)
        .fetch_all(&mut *db)
        .await
        .map_err(fault)?;
    let held = rows.iter().map(|row| {
        let (attempt, due_micros) = (row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?);
        Ok(Keep { seq: position(row, 0)?, attempt, due_micros })
    });
    let held = held.collect::<Result<Vec<_>, LogError>>()?;
    let span = Span::of(&spec.filter);
    let pending = stream.table.count(db, &span, cursor).await?;
    let group = Group::restore(spec.clone(), cursor, &held, pending, Instant::now(), now_micros());
    Ok(Members::new(number, spec.name, at, span, group))
}

async fn load_shelf(db: &mut SqliteConnection, name: &'static str) -> Result<Shelf, LogError> {
    let row = sqlx::query("SELECT number, revision FROM bucket WHERE name = ?")
        .bind(name)
        .fetch_one(&mut *db)
        .await
        .map_err(fault)?;
    let number: i64 = row.try_get(0).map_err(fault)?;
    let rows = sqlx::query("SELECT revision, key, value, expires FROM entry WHERE bucket = ?")
        .bind(number)
        .fetch_all(&mut *db)
        .await
        .map_err(fault)?;
    let mut values = BTreeMap::new();
    for entry in &rows {
        let bytes = Bytes::from(entry.try_get::<Vec<u8>, _>(2).map_err(fault)?);
        let value = Value { bytes, revision: position(entry, 0)?, expires: entry.try_get(3).map_err(fault)? };
        values.insert(entry.try_get(1).map_err(fault)?, value);
    }
    Ok(Shelf::new(number, name, Keys::restore(values, position(&row, 1)?)))
}

async fn number(db: &mut SqliteConnection, sql: &'static str, name: &str) -> Result<i64, LogError> {
    sqlx::query_scalar(sql).bind(name).fetch_one(db).await.map_err(fault)
}

async fn insert(db: &mut SqliteConnection, sql: &'static str, name: &str) -> Result<(), LogError> {
    sqlx::query(sql).bind(name).execute(db).await.map(drop).map_err(fault)
}

async fn run(db: &mut SqliteConnection, sql: String) -> Result<(), LogError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await.map(drop).map_err(fault)
}
