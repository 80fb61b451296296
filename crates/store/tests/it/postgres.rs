//! The suite on Postgres, and what happens when the server freezes.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_store::conformance::Harness;
use hookwheel_store::conformance::facts::{DELIVERIES, at, received};
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::{Change, Store, StoreError, conformance, store_conformance};
use hookwheel_testkit::postgres::Postgres as Server;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::Mutex;

/// A database on the shared server, or on a server of its own that may be killed.
pub struct PostgresHarness {
    url: String,
    own: Option<Server>,
    stalling: Mutex<Option<PgConnection>>,
}

impl PostgresHarness {
    pub async fn start() -> Self {
        Self { url: Server::shared().await.database().await, own: None, stalling: Mutex::default() }
    }

    pub async fn own() -> Self {
        let server = Server::start().await;
        Self { url: server.database().await, own: Some(server), stalling: Mutex::default() }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    fn server(&self) -> &Server {
        self.own.as_ref().expect("only a server of one's own is killed")
    }
}

#[async_trait::async_trait]
impl Harness for PostgresHarness {
    async fn open_within(&self, deadline: Duration) -> Result<Arc<dyn Store>, StoreError> {
        let deadline = u64::try_from(deadline.as_millis()).unwrap();
        let options = PostgresOptions { database_deadline_ms: deadline, ..PostgresOptions::at(&self.url) };
        Ok(Arc::new(Postgres::connect(&options).await?))
    }

    async fn crash(&self) {
        self.server().kill9();
        self.server().restart().await.unwrap();
    }

    /// Somebody alters the tables and does not come to an end.
    async fn stall(&self) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let lock = "begin; lock table deliveries, requests, events, runs, steps, notices, webhooks, checkpoints";
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        *self.stalling.lock().await = Some(connection);
    }

    async fn resume(&self) {
        self.stalling.lock().await.take().unwrap().close().await.unwrap();
    }

    async fn execute(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    fn first_release(&self) -> &'static str {
        include_str!("../fixtures/first-release-postgres.sql")
    }
}

store_conformance!(PostgresHarness::start(), PostgresHarness::own());

/// S9 at its worst: the server neither answers nor closes.
#[tokio::test]
async fn a_frozen_server_is_a_transient_error_and_no_more() {
    let harness = PostgresHarness::own().await;
    let store = harness.open_within(Duration::from_secs(1)).await.unwrap();
    store.migrate().await.unwrap();
    let batch = conformance::batch(DELIVERIES, vec![(1, Change::Delivery(Box::new(received(1, at(1)))))]);

    harness.server().freeze(true).unwrap();
    for _ in 0..3 {
        let error = store.apply(batch.clone()).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        let error = store.checkpoint(DELIVERIES).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
    harness.server().freeze(false).unwrap();

    let applied = loop {
        match store.apply(batch.clone()).await {
            Err(error) => assert!(error.is_transient(), "{error}"),
            done => break done,
        }
    };
    applied.unwrap();
    assert_eq!(store.checkpoint(DELIVERIES).await.unwrap().unwrap().seq, 1);
}

/// No error, option or log line ever has the password.
#[tokio::test]
async fn the_password_never_prints() {
    const PASSWORD: &str = "canary-7f3a";
    let harness = PostgresHarness::start().await;
    let url = harness.url().replace("hookwheel@", &format!("nobody:{PASSWORD}@"));
    for url in [url, format!("postgres://u:{PASSWORD}@127.0.0.1:1/x"), format!("nonsense {PASSWORD}")] {
        let options = PostgresOptions { database_deadline_ms: 2_000, ..PostgresOptions::at(url) };
        let error = Postgres::connect(&options).await.unwrap_err();
        let mut texts = vec![format!("{options:?}"), format!("{error:?}")];
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            texts.push(error.to_string());
            cause = error.source();
        }
        assert!(texts.iter().all(|text| !text.contains(PASSWORD)), "{texts:?}");
    }
}
