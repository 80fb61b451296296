//! The index of a stream whose subjects are as random as hashes and are looked for whole.
//!
//! An index that is kept with every row changes one page for each random subject: more bytes than the rows themselves.
//! This one is a table of its own, filled later and in order; what it does not hold yet is in memory ([`Fresh`]). A
//! crash forgets the memory, so opening looks at the rows behind `indexed.up_to`, which moves in the transaction that
//! completes a generation. A place is a hint, never a proof: whoever follows one compares the row's subject, and finds
//! no row for a record that was removed. Such dead places are swept out a little with every removal.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::fault::fault;
use super::fresh::{Fresh, Place, Portion};
use super::plan::Row;
use super::sql::{json, position, signed};
use crate::{LogError, Seq};

/// Places looked at for each removed record. Dead places are then at most about a fifteenth of all.
const SWEEP: u64 = 16;

/// The index of one stream.
#[derive(Debug)]
pub struct Hashed {
    number: i64,
    rows: String,
    name: String,
    bound: usize,
    fresh: RwLock<Fresh>,
}

impl Hashed {
    /// The index of this table, with so many places in a generation.
    pub fn new(number: i64, rows: &str, bound: usize) -> Self {
        let fresh = RwLock::new(Fresh::new(bound));
        Self { number, rows: rows.to_owned(), name: format!("{rows}_hash"), bound: bound.max(1), fresh }
    }

    /// Statements that create it.
    pub fn schema(number: i64, rows: &str) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {rows}_hash (hash INTEGER NOT NULL, seq INTEGER NOT NULL, \
             PRIMARY KEY (hash, seq)) WITHOUT ROWID; \
             INSERT INTO indexed (stream) VALUES ({number}) ON CONFLICT (stream) DO NOTHING;"
        )
    }

    /// Statements that remove the index of this table, if it had one.
    pub fn drop_schema(number: i64, rows: &str) -> String {
        format!("DROP TABLE IF EXISTS {rows}_hash; DELETE FROM indexed WHERE stream = {number};")
    }

    /// SQL for the positions of the subjects with one hash. Its arguments: the hash, and [`Hashed::fresh`] of it.
    pub fn of_one(rows: &str) -> String {
        format!("SELECT seq FROM {rows}_hash WHERE hash = ? UNION ALL SELECT value FROM json_each(?)")
    }

    /// SQL for the positions of the subjects with any of these hashes: as JSON, and [`Hashed::fresh`] of them.
    pub fn of_many(rows: &str) -> String {
        format!(
            "SELECT seq FROM {rows}_hash WHERE hash IN (SELECT value FROM json_each(?)) \
             UNION ALL SELECT value FROM json_each(?)"
        )
    }

    /// Positions that only memory knows, as JSON. Ask for them first and for the rest in the database after that: what
    /// moves in between is found twice, never missed.
    pub fn fresh(&self, hashes: &[i64]) -> Result<String, LogError> {
        let fresh = self.read();
        json(&hashes.iter().flat_map(|hash| fresh.find(*hash)).collect::<Vec<_>>())
    }

    /// Takes in the rows of a transaction that is about to be written, so that nobody sees a row before its place.
    /// Returns what goes into the index with it.
    pub fn begin(&self, rows: &[Row]) -> Portion {
        let places: Vec<Place> = rows.iter().map(|row| (hash(row.append.subject.as_str()), row.seq)).collect();
        let mut fresh = self.write();
        places.into_iter().for_each(|place| fresh.add(place));
        fresh.next(rows.len())
    }

    /// The transaction failed.
    pub fn take_back(&self, rows: &[Row]) {
        if let Some(first) = rows.first() {
            self.write().take_back(first.seq);
        }
    }

    /// The transaction is on disk.
    pub fn moved(&self, portion: &Portion) {
        self.write().moved(portion);
    }

    /// Writes places.
    pub async fn insert(&self, db: &mut SqliteConnection, portion: &Portion) -> Result<(), LogError> {
        if !portion.places.is_empty() {
            let sql = format!(
                "INSERT OR IGNORE INTO {} (hash, seq) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
                self.name
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(json(&portion.places)?);
            query.execute(&mut *db).await.map_err(fault)?;
        }
        let Some(to) = portion.indexed_to else { return Ok(()) };
        let query = sqlx::query("UPDATE indexed SET up_to = ? WHERE stream = ?").bind(signed(to)).bind(self.number);
        query.execute(db).await.map(drop).map_err(fault)
    }

    /// Takes in the rows that the last life left out of the index. All but the newest are written at once, a generation
    /// in each transaction: this is also how a stream gets its index in the first place.
    pub async fn restore(&self, db: &mut SqliteConnection) -> Result<(), LogError> {
        loop {
            let places = self.left_out(db).await?;
            let last = places.iter().map(|(_, seq)| *seq).max();
            if places.len() < self.bound {
                let mut fresh = self.write();
                places.into_iter().for_each(|place| fresh.add(place));
                return Ok(());
            }
            let mut tx = db.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
            self.insert(&mut tx, &Portion { places, indexed_to: last }).await?;
            tx.commit().await.map_err(fault)?;
        }
    }

    /// The first rows behind `indexed.up_to`, at most a generation of them, in the index's order.
    async fn left_out(&self, db: &mut SqliteConnection) -> Result<Vec<Place>, LogError> {
        let sql = format!(
            "SELECT seq, subject FROM {} WHERE seq > (SELECT up_to FROM indexed WHERE stream = ?) ORDER BY seq LIMIT ?",
            self.rows
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(self.number).bind(signed(self.bound as u64));
        let rows = query.fetch_all(db).await.map_err(fault)?;
        let places = rows.iter().map(|row| Ok((hash(row.try_get(1).map_err(fault)?), position(row, 0)?)));
        let mut places = places.collect::<Result<Vec<_>, LogError>>()?;
        places.sort_unstable();
        Ok(places)
    }

    /// Goes on through the index, by [`SWEEP`] places for each of the records just removed, and takes out the places of
    /// those up to `bound`.
    pub async fn sweep(&self, db: &mut SqliteConnection, removed: u64, bound: Seq) -> Result<(), LogError> {
        let Self { name, number, .. } = self;
        let swept = sqlx::query("SELECT swept FROM indexed WHERE stream = ?").bind(number).fetch_one(&mut *db).await;
        let from: i64 = swept.and_then(|row| row.try_get(0)).map_err(fault)?;
        let sql = format!("SELECT hash FROM {name} WHERE hash >= ? ORDER BY hash LIMIT 1 OFFSET ?");
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(from).bind(signed(removed * SWEEP));
        let to: Option<i64> = query.fetch_optional(&mut *db).await.map_err(fault)?;
        let sql = format!("DELETE FROM {name} WHERE hash BETWEEN ? AND ? AND seq <= ?");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(from).bind(to.unwrap_or(i64::MAX)).bind(signed(bound));
        query.execute(&mut *db).await.map_err(fault)?;
        let next = to.and_then(|hash| hash.checked_add(1)).unwrap_or(i64::MIN);
        let query = sqlx::query("UPDATE indexed SET swept = ? WHERE stream = ?").bind(next);
        query.bind(number).execute(db).await.map(drop).map_err(fault)
    }

    fn read(&self) -> RwLockReadGuard<'_, Fresh> {
        self.fresh.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Fresh> {
        self.fresh.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A subject's hash. It is kept in files, so it stays as it is; and it is one that nobody can make many subjects share.
pub fn hash(subject: &str) -> i64 {
    let digest = Sha256::digest(subject.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | i64::from(*byte))
}
