//! One stream's table: its SQL, and rows to records and back.
//!
//! The position is the row id, so appending writes at the table's end. A stream that is looked into by prefix has an
//! index on the subject, which carries the row id and so finds the last record of a subject, or all of them in order,
//! by itself. One that is looked into by whole subjects has a [`Hashed`] index.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};

use super::fault::fault;
use super::hashed::{Hashed, hash};
use super::plan::{Head, Row};
use super::span::Span;
use super::sql::{json, limit, list, position, signed};
use crate::{Headers, LogError, Lookup, Seq, Stored, SubjectFilter};

const COLUMNS: &str = "seq, at, id, subject, headers, payload";
/// Rows of one INSERT are a multiple of this, but for one last statement: few different statements to prepare.
const STRIDE: usize = 16;

/// The SQL of one stream's table.
#[derive(Debug)]
pub struct Table {
    stream: &'static str,
    name: String,
    /// Without it, there is an index on the subject.
    pub index: Option<Hashed>,
    scan: Arc<str>,
    pick: Arc<str>,
    exact: Arc<str>,
    last: Arc<str>,
}

impl Table {
    /// The table of the stream with this number; a [`Hashed`] index has so many places in a generation.
    pub fn new(stream: &'static str, number: i64, lookup: Lookup, unindexed: usize) -> Self {
        let name = name(number);
        let select = format!("SELECT {COLUMNS} FROM {name}");
        let (pick, last) = match lookup {
            Lookup::Prefix => (
                format!(
                    "seq IN (SELECT seq FROM {name} INDEXED BY {name}_subject WHERE {IN_SPAN} ORDER BY seq LIMIT ?) \
                     ORDER BY seq"
                ),
                format!("seq = (SELECT max(seq) FROM {name} WHERE subject = ?)"),
            ),
            Lookup::Exact => {
                let positions = Hashed::of_one(&name);
                (
                    format!("seq IN ({positions}) AND subject = ? AND seq >= ? ORDER BY seq LIMIT ?"),
                    format!("seq IN ({positions}) AND subject = ? ORDER BY seq DESC LIMIT 1"),
                )
            }
        };
        Self {
            stream,
            index: (lookup == Lookup::Exact).then(|| Hashed::new(number, &name, unindexed)),
            // The plus keeps SQLite on the row ids, which are in order already.
            scan: format!(
                "{select} WHERE seq >= ? AND seq < ? AND +subject >= ? AND +subject < ? ORDER BY seq LIMIT ?"
            )
            .into(),
            pick: format!("{select} WHERE {pick}").into(),
            exact: format!("{select} WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq").into(),
            last: format!("{select} WHERE {last}").into(),
            name,
        }
    }

    /// Statements that create it with the index for this kind of lookup, and remove the other one.
    pub fn schema(number: i64, lookup: Lookup) -> String {
        let name = name(number);
        let index = match lookup {
            Lookup::Prefix => {
                let other = Hashed::drop_schema(number, &name);
                format!("CREATE INDEX IF NOT EXISTS {name}_subject ON {name} (subject); {other}")
            }
            Lookup::Exact => format!("DROP INDEX IF EXISTS {name}_subject; {}", Hashed::schema(number, &name)),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, id TEXT NOT NULL, \
             subject TEXT NOT NULL, headers BLOB NOT NULL, payload BLOB NOT NULL); {index}"
        )
    }

    /// Makes the index whole again after the file was closed.
    pub async fn restore(&self, db: &mut SqliteConnection) -> Result<(), LogError> {
        match &self.index {
            Some(index) => index.restore(db).await,
            None => Ok(()),
        }
    }

    /// The first and the last position in the table, and the time of the last; zeros when it is empty.
    pub async fn bounds(&self, db: &mut SqliteConnection) -> Result<(Seq, Seq, i64), LogError> {
        let name = &self.name;
        let sql = format!(
            // One subquery each: SQLite reads every row for a minimum and a maximum at once.
            "SELECT coalesce((SELECT min(seq) FROM {name}), 0), coalesce((SELECT max(seq) FROM {name}), 0), \
             coalesce((SELECT at FROM {name} ORDER BY seq DESC LIMIT 1), 0)"
        );
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(db).await.map_err(fault)?;
        Ok((position(&row, 0)?, position(&row, 1)?, row.try_get(2).map_err(fault)?))
    }

    /// Bytes of all records, as a stream's limit counts them.
    pub async fn bytes(&self, db: &mut SqliteConnection) -> Result<u64, LogError> {
        let sql = format!("SELECT coalesce(sum({SIZE}), 0) FROM {}", self.name);
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(db).await.map_err(fault)?;
        position(&row, 0)
    }

    /// How many records of the span there are from a position on.
    pub async fn count(&self, db: &mut SqliteConnection, span: &Span, from: Seq) -> Result<i64, LogError> {
        if span.takes_all() {
            let (first, last, _) = self.bounds(db).await?;
            // Positions leave no gaps, and the records that go are the oldest.
            return Ok(if first == 0 { 0 } else { signed((last + 1).saturating_sub(from.max(first))) });
        }
        let name = &self.name;
        let indexed = if self.index.is_none() { format!("INDEXED BY {name}_subject") } else { String::new() };
        let sql = format!("SELECT count(*) FROM {name} {indexed} WHERE {IN_SPAN}");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(&span.low).bind(&span.high).bind(signed(from));
        query.fetch_one(db).await.and_then(|row| row.try_get(0)).map_err(fault)
    }

    /// The last record of each of these subjects that has one.
    pub async fn heads(&self, db: &mut SqliteConnection, subjects: &[&str]) -> Result<HashMap<String, Head>, LogError> {
        let Some(any) = subjects.first() else { return Ok(HashMap::new()) };
        let select = format!("SELECT subject, max(seq), id FROM {} WHERE", self.name);
        let rows = if let Some(index) = &self.index {
            let sql = format!("{select} seq IN ({}) GROUP BY subject", Hashed::of_many(&self.name));
            let hashes: Vec<i64> = subjects.iter().map(|subject| hash(subject)).collect();
            let query = sqlx::query(AssertSqlSafe(sql)).bind(json(&hashes)?).bind(index.fresh(&hashes)?);
            query.fetch_all(db).await.map_err(fault)?
        } else {
            // Repeating one subject up to a power of two keeps the number of prepared statements small.
            let slots = subjects.len().next_power_of_two();
            let sql = format!("{select} subject IN ({}) GROUP BY subject", list("?", slots));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for subject in subjects.iter().chain(std::iter::repeat_n(any, slots - subjects.len())) {
                query = query.bind(*subject);
            }
            query.fetch_all(db).await.map_err(fault)?
        };
        rows.iter()
            .map(|row| {
                let head = Head { seq: position(row, 1)?, id: row.try_get(2).map_err(fault)? };
                Ok((row.try_get(0).map_err(fault)?, head))
            })
            .collect()
    }

    /// Writes rows, all with the same time.
    pub async fn insert(&self, db: &mut SqliteConnection, rows: &[Row], at: i64) -> Result<(), LogError> {
        let (even, rest) = rows.split_at(rows.len() / STRIDE * STRIDE);
        for part in [even, rest] {
            if part.is_empty() {
                continue;
            }
            let sql = format!("INSERT INTO {} ({COLUMNS}) VALUES {}", self.name, list("(?,?,?,?,?,?)", part.len()));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for Row { seq, append } in part {
                query = query
                    .bind(signed(*seq))
                    .bind(at)
                    .bind(append.id.as_str())
                    .bind(append.subject.as_str())
                    .bind(encode(&append.headers)?)
                    .bind(&append.payload[..]);
            }
            query.execute(&mut *db).await.map_err(fault)?;
        }
        Ok(())
    }

    /// The oldest records: position, time, bytes and subject.
    pub async fn oldest(&self, db: &mut SqliteConnection, max: u32) -> Result<Vec<(Seq, i64, u64, String)>, LogError> {
        let sql = format!("SELECT seq, at, {SIZE}, subject FROM {} ORDER BY seq LIMIT ?", self.name);
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(max).fetch_all(db).await.map_err(fault)?;
        rows.iter()
            .map(|row| {
                let (at, subject) = (row.try_get(1).map_err(fault)?, row.try_get(3).map_err(fault)?);
                Ok((position(row, 0)?, at, position(row, 2)?, subject))
            })
            .collect()
    }

    /// Removes every record up to a position.
    pub async fn remove_up_to(&self, db: &mut SqliteConnection, bound: Seq) -> Result<(), LogError> {
        let sql = format!("DELETE FROM {} WHERE seq <= ?", self.name);
        let removed = sqlx::query(AssertSqlSafe(sql)).bind(signed(bound)).execute(&mut *db).await.map_err(fault)?;
        match &self.index {
            Some(index) => index.sweep(db, removed.rows_affected(), bound).await,
            None => Ok(()),
        }
    }

    /// Records that the filter takes from a position on, in order, in the best way there is.
    pub async fn read(
        &self,
        db: &SqlitePool,
        filter: &SubjectFilter,
        from: Seq,
        max: usize,
    ) -> Result<Vec<Stored>, LogError> {
        let span = Span::of(filter);
        let query = sqlx::query(AssertSqlSafe(self.pick.clone()));
        let query = match (filter, &self.index) {
            (SubjectFilter::Exactly(subject), Some(index)) => {
                let hash = hash(subject.as_str());
                query.bind(hash).bind(index.fresh(&[hash])?).bind(subject.as_str())
            }
            (SubjectFilter::All, _) | (_, Some(_)) => return self.scan(db, &span, from, Seq::MAX, max).await,
            (_, None) => query.bind(&span.low).bind(&span.high),
        };
        let rows = query.bind(signed(from)).bind(limit(max)).fetch_all(db).await.map_err(fault)?;
        rows.iter().map(|row| self.record(row)).collect()
    }

    /// Records of the span between two positions (the second is outside), in order, walking over all between:
    /// right when most of them match.
    pub async fn scan(
        &self,
        db: &SqlitePool,
        span: &Span,
        from: Seq,
        to: Seq,
        max: usize,
    ) -> Result<Vec<Stored>, LogError> {
        let query = sqlx::query(AssertSqlSafe(self.scan.clone())).bind(signed(from)).bind(signed(to));
        let rows = query.bind(&span.low).bind(&span.high).bind(limit(max)).fetch_all(db).await.map_err(fault)?;
        rows.iter().map(|row| self.record(row)).collect()
    }

    /// The records at these positions, as far as they are kept.
    pub async fn exact(&self, db: &SqlitePool, seqs: &[Seq]) -> Result<Vec<Stored>, LogError> {
        let query = sqlx::query(AssertSqlSafe(self.exact.clone())).bind(json(seqs)?);
        let rows = query.fetch_all(db).await.map_err(fault)?;
        rows.iter().map(|row| self.record(row)).collect()
    }

    /// The last record of a subject.
    pub async fn last(&self, db: &SqlitePool, subject: &str) -> Result<Option<Stored>, LogError> {
        let mut query = sqlx::query(AssertSqlSafe(self.last.clone()));
        if let Some(index) = &self.index {
            let hash = hash(subject);
            query = query.bind(hash).bind(index.fresh(&[hash])?);
        }
        let query = query.bind(subject);
        query.fetch_optional(db).await.map_err(fault)?.map(|row| self.record(&row)).transpose()
    }

    fn record(&self, row: &SqliteRow) -> Result<Stored, LogError> {
        Ok(Stored {
            stream: self.stream.to_owned(),
            seq: position(row, 0)?,
            at_micros: row.try_get(1).map_err(fault)?,
            id: row.try_get(2).map_err(fault)?,
            subject: row.try_get(3).map_err(fault)?,
            headers: decode(row.try_get(4).map_err(fault)?)?,
            payload: Bytes::from(row.try_get::<Vec<u8>, _>(5).map_err(fault)?),
        })
    }
}

/// Records of a span from a position on.
const IN_SPAN: &str = "subject >= ? AND subject < ? AND seq >= ?";
/// Bytes of a stored record, close to [`Append::size`](crate::Append::size).
const SIZE: &str = "length(CAST(subject AS BLOB)) + length(CAST(id AS BLOB)) + length(headers) + length(payload)";

fn name(number: i64) -> String {
    format!("records_{number}")
}

fn encode(headers: &Headers) -> Result<Vec<u8>, LogError> {
    if headers.is_empty() { Ok(Vec::new()) } else { serde_json::to_vec(headers).map_err(LogError::unavailable) }
}

fn decode(bytes: &[u8]) -> Result<Headers, LogError> {
    if bytes.is_empty() { Ok(Vec::new()) } else { serde_json::from_slice(bytes).map_err(LogError::unavailable) }
}
