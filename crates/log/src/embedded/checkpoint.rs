//! Moves the write-ahead log into the database on a connection of its own, beside the commits.
//!
//! Copying some megabytes and waiting for the disk would hold up a commit for longer than anything else it does. But a
//! log that is written without a pause is never copied to its very end from beside, and only then does it begin again
//! at its start. So the writer copies the last few pages itself, once the log is long and nearly all of it is copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::fault::fault;
use crate::LogError;

/// Bytes that the writer adds before the log is looked at again.
const LOOK_BYTES: u64 = 1024 * 1024;
/// Pages that are copied in one go, at least: 8 MiB. More at once keeps the disk from commits for longer.
const STEP_PAGES: i64 = 1024;
/// Pages after which the log should begin again at its start: 16 MiB. The last copy takes longer behind a longer log.
const LONG_PAGES: i64 = 2048;

/// The writer's end of it.
#[derive(Debug)]
pub struct Checkpointer {
    wake: mpsc::Sender<()>,
    nearly_done: Arc<AtomicBool>,
    task: JoinHandle<()>,
    grown: u64,
}

impl Checkpointer {
    /// Starts it on a connection of its own. It ends with this value.
    pub fn start(db: SqliteConnection) -> Self {
        let (wake, woken) = mpsc::channel(1);
        let nearly_done = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(db, woken, nearly_done.clone()));
        Self { wake, nearly_done, task, grown: 0 }
    }

    /// A commit of about so many bytes is on disk.
    pub fn grew(&mut self, bytes: u64) {
        self.grown += bytes;
        if self.grown >= LOOK_BYTES {
            self.grown = 0;
            // No room means that it is awake, or will be.
            let _ = self.wake.try_send(());
        }
    }

    /// Lets the writer, on its own connection, copy what was written in the meantime, if it is time to.
    pub async fn finish(&self, db: &mut SqliteConnection) {
        if self.nearly_done.swap(false, Ordering::AcqRel) {
            // When it fails or a reader is in the way, there is another time.
            let _ = checkpoint(db, "PASSIVE").await;
        }
    }

    /// Ends it and waits for that.
    pub async fn close(self) {
        drop(self.wake);
        let _ = self.task.await;
    }
}

async fn run(mut db: SqliteConnection, mut woken: mpsc::Receiver<()>, nearly_done: Arc<AtomicBool>) {
    let mut failing = false;
    while woken.recv().await.is_some() {
        let stepped = step(&mut db, &nearly_done).await;
        if let Err(error) = &stepped
            && !failing
        {
            tracing::warn!(error = %error, "the embedded log failed to checkpoint beside commits: {error}");
        }
        failing = stepped.is_err();
    }
    let _ = db.close().await;
}

async fn step(db: &mut SqliteConnection, nearly_done: &AtomicBool) -> Result<(), LogError> {
    let (pages, copied) = checkpoint(db, "NOOP").await?;
    if pages - copied < STEP_PAGES {
        return Ok(());
    }
    checkpoint(db, "PASSIVE").await?;
    if pages >= LONG_PAGES {
        // What came during the long copy is copied in a short one; that leaves little for the writer.
        checkpoint(db, "PASSIVE").await?;
        nearly_done.store(true, Ordering::Release);
    }
    Ok(())
}

/// Copies as much as can be copied without waiting for anyone (`NOOP`: nothing). Returns the log's pages, and how many
/// of them are copied.
async fn checkpoint(db: &mut SqliteConnection, mode: &'static str) -> Result<(i64, i64), LogError> {
    let query = sqlx::query(AssertSqlSafe(format!("PRAGMA wal_checkpoint({mode})")));
    let row = query.fetch_one(db).await.map_err(fault)?;
    Ok((row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?))
}
