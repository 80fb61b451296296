//! Everything that one transaction writes.

use sqlx::{Connection as _, SqliteConnection};

use super::fault::fault;
use super::fresh::Portion;
use super::group::Changes;
use super::keys::Draft;
use super::live::{Live, Stream};
use super::plan::Sheet;
use super::sql::{json, signed};
use crate::{LogError, Seq};

/// Decided, but not yet written. Each part names its stream, group or bucket by index.
#[derive(Debug, Default)]
pub struct Changeset {
    /// New records.
    pub sheets: Vec<(usize, Sheet)>,
    /// Places of earlier records that go into their stream's index.
    pub portions: Vec<(usize, Portion)>,
    /// New and removed keys.
    pub drafts: Vec<(usize, Draft)>,
    /// What groups hold.
    pub changes: Vec<(usize, Changes)>,
    /// Old records that go.
    pub trims: Vec<(usize, Trim)>,
}

/// The oldest records of a stream, to be removed.
#[derive(Debug, Default)]
pub struct Trim {
    /// Every record up to this position.
    pub up_to: Seq,
    /// Their bytes.
    pub bytes: u64,
    /// Their positions and subjects.
    pub records: Vec<(Seq, String)>,
}

impl Changeset {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.sheets.iter().all(|(_, sheet)| sheet.rows().is_empty())
            && self.drafts.iter().all(|(_, draft)| draft.changed.is_empty())
            && self.changes.is_empty()
            && self.trims.is_empty()
    }

    /// Bytes of the new records.
    pub fn bytes(&self) -> u64 {
        self.sheets.iter().map(|(_, sheet)| sheet.bytes()).sum()
    }

    /// Lets readers look for the new records' subjects, and takes what is to be indexed now.
    pub fn begin(&mut self, live: &Live) {
        for (at, sheet) in &self.sheets {
            if let Some(index) = &live.streams[*at].table.index {
                self.portions.push((*at, index.begin(sheet.rows())));
            }
        }
    }

    /// Undoes [`Changeset::begin`] when nothing was written.
    pub fn take_back(&mut self, live: &Live) {
        self.portions.clear();
        for (at, sheet) in &self.sheets {
            if let Some(index) = &live.streams[*at].table.index {
                index.take_back(sheet.rows());
            }
        }
    }

    /// Writes it all, or nothing; on disk when this returns.
    pub async fn write(&self, db: &mut SqliteConnection, live: &Live, now_micros: i64) -> Result<(), LogError> {
        let mut tx = db.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
        for (at, sheet) in &self.sheets {
            live.streams[*at].table.insert(&mut tx, sheet.rows(), now_micros).await?;
        }
        for (at, portion) in &self.portions {
            if let Some(index) = &live.streams[*at].table.index {
                index.insert(&mut tx, portion).await?;
            }
        }
        for (at, trim) in &self.trims {
            let newest = self.sheets.iter().find(|(stream, _)| stream == at).map(|(_, sheet)| sheet.last());
            remove(&mut tx, &live.streams[*at], trim, newest).await?;
        }
        for (at, draft) in &self.drafts {
            write_keys(&mut tx, live.shelves[*at].number, draft).await?;
        }
        for (at, changes) in &self.changes {
            write_places(&mut tx, live.groups[*at].number, changes).await?;
        }
        tx.commit().await.map_err(fault)
    }
}

/// Removes old records; the newest position is kept beside, because it must never be given out again.
async fn remove(db: &mut SqliteConnection, stream: &Stream, trim: &Trim, newest: Option<Seq>) -> Result<(), LogError> {
    stream.table.remove_up_to(db, trim.up_to).await?;
    sqlx::query("UPDATE stream SET last = ? WHERE name = ?")
        .bind(signed(newest.unwrap_or_else(|| stream.last())))
        .bind(stream.name)
        .execute(db)
        .await
        .map(drop)
        .map_err(fault)
}

async fn write_keys(db: &mut SqliteConnection, bucket: i64, draft: &Draft) -> Result<(), LogError> {
    for (key, value) in &draft.changed {
        let query = match value {
            Some(value) => {
                sqlx::query("REPLACE INTO entry (bucket, key, value, revision, expires) VALUES (?, ?, ?, ?, ?)")
                    .bind(bucket)
                    .bind(key)
                    .bind(&value.bytes[..])
                    .bind(signed(value.revision))
                    .bind(value.expires)
            }
            None => sqlx::query("DELETE FROM entry WHERE bucket = ? AND key = ?").bind(bucket).bind(key),
        };
        query.execute(&mut *db).await.map_err(fault)?;
    }
    sqlx::query("UPDATE bucket SET revision = ? WHERE number = ?")
        .bind(signed(draft.revision))
        .bind(bucket)
        .execute(db)
        .await
        .map(drop)
        .map_err(fault)
}

async fn write_places(db: &mut SqliteConnection, consumer: i64, changes: &Changes) -> Result<(), LogError> {
    let held: Vec<_> = changes.held.iter().map(|keep| (keep.seq, keep.attempt, keep.due_micros)).collect();
    if !held.is_empty() {
        let sql = "REPLACE INTO held (consumer, seq, attempt, due) \
                   SELECT ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)";
        sqlx::query(sql).bind(consumer).bind(json(&held)?).execute(&mut *db).await.map_err(fault)?;
    }
    if !changes.gone.is_empty() {
        let sql = "DELETE FROM held WHERE consumer = ? AND seq IN (SELECT value FROM json_each(?))";
        sqlx::query(sql).bind(consumer).bind(json(&changes.gone)?).execute(&mut *db).await.map_err(fault)?;
    }
    sqlx::query("UPDATE consumer SET cursor = ? WHERE number = ?")
        .bind(signed(changes.cursor))
        .bind(consumer)
        .execute(db)
        .await
        .map(drop)
        .map_err(fault)
}
