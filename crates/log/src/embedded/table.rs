//! One stream's table: its SQL, and rows to records and back.
//!
//! The position is the row id, so appending writes at the table's end; the index on the subject carries the row id and
//! so finds the last record of a subject, or all of them in order, by itself.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};

use super::fault::fault;
use super::plan::{Head, Row};
use super::span::Span;
use crate::{Headers, LogError, Seq, Stored};

const COLUMNS: &str = "seq, at, id, subject, headers, payload";
/// Rows of one INSERT are a multiple of this, but for one last statement: few different statements to prepare.
const STRIDE: usize = 16;

/// The SQL of one stream's table.
#[derive(Debug)]
pub struct Table {
    stream: &'static str,
    name: String,
    scan: Arc<str>,
    pick: Arc<str>,
    exact: Arc<str>,
    last: Arc<str>,
}

impl Table {
    /// The table of the stream with this number.
    pub fn new(stream: &'static str, number: i64) -> Self {
        let name = format!("records_{number}");
        let select = format!("SELECT {COLUMNS} FROM {name}");
        let in_span = "subject >= ? AND subject < ? AND seq >= ?";
        Self {
            stream,
            // The plus keeps SQLite on the row ids, which are in order already.
            scan: format!(
                "{select} WHERE seq >= ? AND seq < ? AND +subject >= ? AND +subject < ? ORDER BY seq LIMIT ?"
            )
            .into(),
            pick: format!(
                "{select} WHERE seq IN (SELECT seq FROM {name} INDEXED BY {name}_subject WHERE {in_span} \
                 ORDER BY seq LIMIT ?) ORDER BY seq"
            )
            .into(),
            exact: format!("{select} WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq").into(),
            last: format!("{select} WHERE seq = (SELECT max(seq) FROM {name} WHERE subject = ?)").into(),
            name,
        }
    }

    /// Statements that create it.
    pub fn schema(&self) -> String {
        let name = &self.name;
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, id TEXT NOT NULL, \
             subject TEXT NOT NULL, headers BLOB NOT NULL, payload BLOB NOT NULL); \
             CREATE INDEX IF NOT EXISTS {name}_subject ON {name} (subject);"
        )
    }

    /// The first and the last position in the table, and the time of the last; zeros when it is empty.
    pub async fn bounds(&self, db: &mut SqliteConnection) -> Result<(Seq, Seq, i64), LogError> {
        let name = &self.name;
        let sql = format!(
            "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0), \
             coalesce((SELECT at FROM {name} ORDER BY seq DESC LIMIT 1), 0) FROM {name}"
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
        let name = &self.name;
        let sql = format!(
            "SELECT count(*) FROM {name} INDEXED BY {name}_subject WHERE subject >= ? AND subject < ? AND seq >= ?"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(&span.low).bind(&span.high).bind(signed(from));
        query.fetch_one(db).await.and_then(|row| row.try_get(0)).map_err(fault)
    }

    /// The last record of each of these subjects that has one.
    pub async fn heads(&self, db: &mut SqliteConnection, subjects: &[&str]) -> Result<HashMap<String, Head>, LogError> {
        let Some(any) = subjects.first() else { return Ok(HashMap::new()) };
        // Repeating one subject up to a power of two keeps the number of prepared statements small.
        let slots = subjects.len().next_power_of_two();
        let sql = format!(
            "SELECT subject, max(seq), id FROM {} WHERE subject IN ({}) GROUP BY subject",
            self.name,
            list("?", slots)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for subject in subjects.iter().chain(std::iter::repeat_n(any, slots - subjects.len())) {
            query = query.bind(*subject);
        }
        let rows = query.fetch_all(db).await.map_err(fault)?;
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
        sqlx::query(AssertSqlSafe(sql)).bind(signed(bound)).execute(db).await.map(drop).map_err(fault)
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

    /// Records of the span from a position on, in order, through the index: right when few of many match.
    pub async fn pick(&self, db: &SqlitePool, span: &Span, from: Seq, max: usize) -> Result<Vec<Stored>, LogError> {
        let query = sqlx::query(AssertSqlSafe(self.pick.clone())).bind(&span.low).bind(&span.high);
        let rows = query.bind(signed(from)).bind(limit(max)).fetch_all(db).await.map_err(fault)?;
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
        let query = sqlx::query(AssertSqlSafe(self.last.clone())).bind(subject);
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

/// Bytes of a stored record, close to [`Append::size`](crate::Append::size).
const SIZE: &str = "length(CAST(subject AS BLOB)) + length(CAST(id AS BLOB)) + length(headers) + length(payload)";

/// SQLite's integers are signed; positions never come near the difference.
pub fn signed(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A column that is never negative.
pub fn position(row: &SqliteRow, column: usize) -> Result<u64, LogError> {
    let value: i64 = row.try_get(column).map_err(fault)?;
    Ok(u64::try_from(value).unwrap_or_default())
}

/// Numbers as one argument, for `json_each`.
pub fn json(values: &(impl serde::Serialize + ?Sized)) -> Result<String, LogError> {
    serde_json::to_string(values).map_err(LogError::unavailable)
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

fn list(item: &str, count: usize) -> String {
    let mut text = String::with_capacity((item.len() + 1) * count);
    for n in 0..count {
        if n > 0 {
            text.push(',');
        }
        text.push_str(item);
    }
    text
}

fn encode(headers: &Headers) -> Result<Vec<u8>, LogError> {
    if headers.is_empty() { Ok(Vec::new()) } else { serde_json::to_vec(headers).map_err(LogError::unavailable) }
}

fn decode(bytes: &[u8]) -> Result<Headers, LogError> {
    if bytes.is_empty() { Ok(Vec::new()) } else { serde_json::from_slice(bytes).map_err(LogError::unavailable) }
}
