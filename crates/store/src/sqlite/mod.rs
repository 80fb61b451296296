//! The tables in one SQLite file: for one machine, without a server.
//!
//! WAL, so readers and the one writer do not wait for each other. `synchronous` is NORMAL: a power cut may take back the
//! last batches, checkpoint and rows together, and they are folded again from the log.

mod error;
mod read;
mod sql;
mod write;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use hookwheel_core::Timestamp;
use hookwheel_core::snapshot::Snapshot;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite as Engine, Transaction};

use crate::bounded::{Deadlines, within};
use crate::migrate::{self, Files};
use crate::page;
use crate::port::{Applied, Batch, Checkpoint, DeliveryFilter, Page, PageRequest, RunFilter, Store};
use crate::row::{DeliveryDetail, DeliveryRow, NoticeRow, RunDetail, RunRow, WebhookRow};
use crate::{StoreError, view};
use error::failed;

const MIGRATIONS: Files = &[
    (1, "tables", include_str!("../../migrations/sqlite/0001_tables.sql")),
    (2, "batches", include_str!("../../migrations/sqlite/0002_batches.sql")),
    (3, "rejections", include_str!("../../migrations/sqlite/0003_rejections.sql")),
];
const READERS: u32 = 4;
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// A handle on the file. Several handles, in several processes, may be open on one file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    deadlines: Deadlines,
}

impl Sqlite {
    /// Opens the file, or creates it; its folder must exist. Calls end within 10 s. Call [`Store::migrate`] next.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_within(path, DEFAULT_DEADLINE).await
    }

    /// The same with another deadline for reads and batches; what walks over whole tables has 60 times that.
    pub async fn open_within(path: &Path, deadline: Duration) -> Result<Self, StoreError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
            return Err(StoreError::Unfit(format!("{} is no folder: create it", missing.display())));
        }
        let deadlines = Deadlines { call: deadline };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(deadlines.lock());
        let pool = || {
            let pool = SqlitePoolOptions::new().acquire_timeout(deadlines.lock());
            pool.test_before_acquire(false).idle_timeout(None).max_lifetime(None)
        };
        within(deadline, async {
            let writer = pool().max_connections(1).connect_with(options.clone().create_if_missing(true));
            let writer = writer.await.map_err(failed)?;
            let readers = pool().max_connections(READERS).connect_lazy_with(options.clone().pragma("query_only", "on"));
            Ok(Self { writer, readers, deadlines })
        })
        .await
    }

    /// The right to write is taken at once, so that a transaction that has read never fails for it later.
    async fn begin(&self) -> Result<Transaction<'static, Engine>, StoreError> {
        self.writer.begin_with("begin immediate").await.map_err(failed)
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn migrate(&self) -> Result<(), StoreError> {
        within(self.deadlines.walk(), async {
            // One transaction around all: a second process finds everything done.
            let mut tx = self.begin().await?;
            migrate::migrator(MIGRATIONS)
                .run_direct(None, &mut *tx, false)
                .await
                .map_err(|error| migrate::failed(error, failed))?;
            tx.commit().await.map_err(failed)
        })
        .await
    }

    async fn checkpoint(&self, stream: &str) -> Result<Option<Checkpoint>, StoreError> {
        within(self.deadlines.call, async {
            let mut connection = self.readers.acquire().await.map_err(failed)?;
            read::checkpoint(&mut connection, stream).await.map_err(failed)
        })
        .await
    }

    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        within(self.deadlines.call, async {
            let mut tx = self.begin().await?;
            let applied = crate::apply::apply(&mut write::Writing(&mut tx), batch).await?;
            tx.commit().await.map_err(failed)?;
            Ok(applied)
        })
        .await
    }

    async fn set_webhooks(&self, webhooks: &[Snapshot]) -> Result<(), StoreError> {
        within(self.deadlines.call, async {
            let mut tx = self.begin().await?;
            write::webhooks(&mut tx, webhooks).await.map_err(failed)?;
            tx.commit().await.map_err(failed)
        })
        .await
    }

    async fn reset(&self) -> Result<(), StoreError> {
        within(self.deadlines.walk(), async {
            let mut tx = self.begin().await?;
            sqlx::raw_sql(sql::RESET).execute(&mut *tx).await.map_err(failed)?;
            tx.commit().await.map_err(failed)
        })
        .await
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        within(self.deadlines.walk(), async {
            let mut pruned = 0;
            loop {
                let mut tx = self.begin().await?;
                let chunk = write::prune(&mut tx, before).await.map_err(failed)?;
                tx.commit().await.map_err(failed)?;
                pruned += chunk.listed;
                if chunk.is_last {
                    return Ok(pruned);
                }
            }
        })
        .await
    }

    async fn deliveries(&self, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<DeliveryRow>, StoreError> {
        within(self.deadlines.call, read::page(&self.readers, page::of_deliveries(filter), page, view::delivery)).await
    }

    async fn delivery(&self, id: &str) -> Result<Option<DeliveryDetail>, StoreError> {
        within(self.deadlines.call, async {
            let mut tx = self.readers.begin().await.map_err(failed)?;
            read::delivery(&mut tx, id).await.map_err(failed)
        })
        .await
    }

    async fn runs(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunRow>, StoreError> {
        within(self.deadlines.call, read::page(&self.readers, page::of_runs(filter), page, view::run)).await
    }

    async fn run(&self, id: &str) -> Result<Option<RunDetail>, StoreError> {
        within(self.deadlines.call, async {
            let mut tx = self.readers.begin().await.map_err(failed)?;
            read::run(&mut tx, id).await.map_err(failed)
        })
        .await
    }

    async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        within(self.deadlines.call, async {
            let mut connection = self.readers.acquire().await.map_err(failed)?;
            read::webhooks(&mut connection).await.map_err(failed)
        })
        .await
    }

    async fn notices(
        &self,
        webhook: Option<&str>,
        kind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        within(self.deadlines.call, async {
            let mut connection = self.readers.acquire().await.map_err(failed)?;
            read::notices(&mut connection, webhook, kind, limit).await.map_err(failed)
        })
        .await
    }

    async fn fingerprint(&self) -> Result<String, StoreError> {
        within(self.deadlines.walk(), async {
            let mut tx = self.readers.begin().await.map_err(failed)?;
            read::fingerprint(&mut tx).await.map_err(failed)
        })
        .await
    }
}
