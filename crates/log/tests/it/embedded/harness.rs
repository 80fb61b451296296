//! A log in a directory of its own; dropped without a word for a crash, killed in a child process for the real thing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hookwheel_log::conformance::{Harness, layout_with};
use hookwheel_log::embedded::{Embedded, Options};
use hookwheel_log::{Append, Log, LogError, Lookup, Outcome};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::child;

/// One log file, open or not.
pub struct EmbeddedHarness {
    directory: TempDir,
    lookup: Lookup,
    open: Mutex<Option<Arc<Embedded>>>,
    blocker: Mutex<Option<SqliteConnection>>,
}

impl EmbeddedHarness {
    /// A fresh, empty directory.
    pub async fn start() -> Self {
        Self::with(Lookup::Prefix)
    }

    /// The same, with streams that are looked into by whole subjects.
    pub async fn start_exact() -> Self {
        Self::with(Lookup::Exact)
    }

    fn with(lookup: Lookup) -> Self {
        Self { directory: TempDir::new().unwrap(), lookup, open: Mutex::default(), blocker: Mutex::default() }
    }

    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("data").join("log.sqlite")
    }
}

/// A short wait for locks, so that a stopped log is noticed soon, and few records in memory, so that many are not.
pub fn options() -> Options {
    Options { busy: Duration::from_millis(500), unindexed: 3, ..Options::default() }
}

/// Opens the file as soon as its last holder has let go.
pub async fn open_when_free(path: &std::path::Path, lookup: Lookup) -> Embedded {
    for _ in 0..1_000 {
        match Embedded::open_with(path, layout_with(lookup), options()).await {
            Ok(log) => return log,
            Err(LogError::Unfit(why)) if why.contains("another process") => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the lock of {} is never given up", path.display());
}

#[async_trait]
impl Harness for EmbeddedHarness {
    async fn open(&self) -> Arc<dyn Log> {
        let mut open = self.open.lock().await;
        if open.is_none() {
            *open = Some(Arc::new(open_when_free(&self.path(), self.lookup).await));
        }
        open.clone().unwrap()
    }

    async fn crash(&self) {
        drop(self.open.lock().await.take());
    }

    async fn restart(&self) {
        if let Some(log) = self.open.lock().await.take() {
            log.close().await.unwrap();
        }
    }

    async fn append_and_kill(&self, records: Vec<Append>, after: usize) -> Vec<(usize, Outcome)> {
        self.restart().await;
        child::append_and_kill(&self.path(), self.lookup, &records, after).await
    }

    async fn stop(&self) {
        let url = format!("sqlite://{}", self.path().display());
        let mut other = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query("PRAGMA busy_timeout = 10000").execute(&mut other).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        *self.blocker.lock().await = Some(other);
    }

    async fn resume(&self) {
        if let Some(mut other) = self.blocker.lock().await.take() {
            sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
            other.close().await.unwrap();
        }
    }
}
