//! The tables in Postgres: for everyone who runs more than one process.

mod error;
mod options;
mod read;
mod sql;
mod write;

use async_trait::async_trait;
use hookwheel_core::Timestamp;
use hookwheel_core::snapshot::Snapshot;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, Postgres as Engine, Transaction};

pub use options::PostgresOptions;

use crate::bounded::{Deadlines, within};
use crate::migrate::{self, Files};
use crate::page;
use crate::port::{Applied, Batch, Checkpoint, DeliveryFilter, Page, PageRequest, RunFilter, Store};
use crate::row::{DeliveryDetail, DeliveryRow, NoticeRow, RunDetail, RunRow, WebhookRow};
use crate::{StoreError, view};
use error::failed;

const MIGRATIONS: Files = &[
    (1, "tables", include_str!("../../migrations/postgres/0001_tables.sql")),
    (2, "batches", include_str!("../../migrations/postgres/0002_batches.sql")),
    (3, "rejections", include_str!("../../migrations/postgres/0003_rejections.sql")),
];

/// One picture for the several statements of a read.
const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// A pool of connections to one database.
#[derive(Debug, Clone)]
pub struct Postgres {
    pool: PgPool,
    /// For what may take longer than a call; it connects by itself.
    walking: PgConnectOptions,
    deadlines: Deadlines,
}

impl Postgres {
    /// Connects, and checks that the database can hold our text. Call [`Store::migrate`] next, or run
    /// `hookwheel migrate` once beforehand.
    pub async fn connect(options: &PostgresOptions) -> Result<Self, StoreError> {
        let deadlines = options.deadlines();
        let connect = options.connect()?;
        let walking = connect.clone().options(options::session(deadlines.walk(), deadlines.lock()));
        within(deadlines.call, async {
            let pool = PgPoolOptions::new()
                .max_connections(options.database_connections.max(1))
                .acquire_timeout(deadlines.lock())
                .connect_with(connect);
            let pool = pool.await.map_err(failed)?;
            let encoding: String = sqlx::query_scalar("show server_encoding").fetch_one(&pool).await.map_err(failed)?;
            if encoding != "UTF8" {
                let remedy = "create it with `encoding 'UTF8' template template0`";
                return Err(StoreError::Unfit(format!("the database's encoding is {encoding}: {remedy}")));
            }
            Ok(Self { pool, walking, deadlines })
        })
        .await
    }

    /// A write transaction that is alone until its end.
    async fn begin(&self) -> Result<Transaction<'static, Engine>, StoreError> {
        let mut tx = self.pool.begin().await.map_err(failed)?;
        sqlx::query(sql::ONE_AT_A_TIME).execute(&mut *tx).await.map_err(failed)?;
        Ok(tx)
    }

    /// A connection with the longer limits.
    async fn walk(&self) -> Result<PgConnection, StoreError> {
        PgConnection::connect_with(&self.walking).await.map_err(failed)
    }
}

#[async_trait]
impl Store for Postgres {
    async fn migrate(&self) -> Result<(), StoreError> {
        within(self.deadlines.walk(), async {
            let mut connection = self.walk().await?;
            migrate::migrator(MIGRATIONS)
                .run_direct(None, &mut connection, false)
                .await
                .map_err(|error| migrate::failed(error, failed))?;
            connection.close().await.map_err(failed)
        })
        .await
    }

    async fn checkpoint(&self, stream: &str) -> Result<Option<Checkpoint>, StoreError> {
        within(self.deadlines.call, async {
            let mut connection = self.pool.acquire().await.map_err(failed)?;
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
            sqlx::query(sql::RESET).execute(&mut *tx).await.map_err(failed)?;
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
        within(self.deadlines.call, read::page(&self.pool, page::of_deliveries(filter), page, view::delivery)).await
    }

    async fn delivery(&self, id: &str) -> Result<Option<DeliveryDetail>, StoreError> {
        within(self.deadlines.call, async {
            let mut tx = self.pool.begin_with(SNAPSHOT).await.map_err(failed)?;
            read::delivery(&mut tx, id).await.map_err(failed)
        })
        .await
    }

    async fn runs(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunRow>, StoreError> {
        within(self.deadlines.call, read::page(&self.pool, page::of_runs(filter), page, view::run)).await
    }

    async fn run(&self, id: &str) -> Result<Option<RunDetail>, StoreError> {
        within(self.deadlines.call, async {
            let mut tx = self.pool.begin_with(SNAPSHOT).await.map_err(failed)?;
            read::run(&mut tx, id).await.map_err(failed)
        })
        .await
    }

    async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        within(self.deadlines.call, async {
            let mut connection = self.pool.acquire().await.map_err(failed)?;
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
            let mut connection = self.pool.acquire().await.map_err(failed)?;
            read::notices(&mut connection, webhook, kind, limit).await.map_err(failed)
        })
        .await
    }

    async fn fingerprint(&self) -> Result<String, StoreError> {
        within(self.deadlines.walk(), async {
            let mut connection = self.walk().await?;
            let mut tx = connection.begin_with(SNAPSHOT).await.map_err(failed)?;
            read::fingerprint(&mut tx).await.map_err(failed)
        })
        .await
    }
}
