//! The suite on SQLite.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookwheel_store::conformance::Harness;
use hookwheel_store::sqlite::Sqlite;
use hookwheel_store::{Store, StoreError, store_conformance};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

pub struct SqliteHarness {
    folder: TempDir,
    stalling: Mutex<Option<SqliteConnection>>,
}

impl SqliteHarness {
    pub async fn start() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), stalling: Mutex::default() }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("tables.db")
    }

    async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}

#[async_trait::async_trait]
impl Harness for SqliteHarness {
    async fn open_within(&self, deadline: Duration) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(Sqlite::open_within(&self.file(), deadline).await?))
    }

    /// The engine lives in the process, so its sudden end is a sudden loss of its files' locks and memory. What a kill
    /// of the whole process leaves is proved by `both::a_killed_projector_goes_on_where_the_checkpoint_says`.
    async fn crash(&self) {
        self.connect().await.close_hard().await.unwrap();
    }

    async fn stall(&self) {
        let mut connection = self.connect().await;
        sqlx::raw_sql("begin exclusive").execute(&mut connection).await.unwrap();
        *self.stalling.lock().unwrap() = Some(connection);
    }

    async fn resume(&self) {
        let stalling = self.stalling.lock().unwrap().take();
        stalling.unwrap().close().await.unwrap();
    }

    async fn execute(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    fn first_release(&self) -> &'static str {
        include_str!("../fixtures/first-release-sqlite.sql")
    }
}

store_conformance!(SqliteHarness::start(), SqliteHarness::start());
