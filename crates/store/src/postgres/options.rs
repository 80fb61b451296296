//! Where the database is and how long a call may take.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::StoreError;
use crate::bounded::Deadlines;

const URL_VARIABLE: &str = "HOOKWHEEL_DATABASE_URL";

/// Where the database is. Its URL may hold a password, so it comes from a variable or a file and never prints.
#[derive(Clone, clap::Args)]
pub struct PostgresOptions {
    /// Set by tests; others leave it empty.
    #[arg(skip)]
    pub url: Option<String>,
    /// File that holds the URL of the database, `postgres://user:password@host/name`; without it the variable
    /// HOOKWHEEL_DATABASE_URL is read
    #[arg(long, env = "HOOKWHEEL_DATABASE_URL_FILE", value_name = "PATH")]
    pub database_url_file: Option<PathBuf>,
    /// Most connections to the database
    #[arg(long, env = "HOOKWHEEL_DATABASE_CONNECTIONS", value_name = "COUNT", default_value_t = 10)]
    pub database_connections: u32,
    /// Milliseconds after which a call to the database fails as transient
    #[arg(long, env = "HOOKWHEEL_DATABASE_DEADLINE_MS", value_name = "MS", default_value_t = 10_000)]
    pub database_deadline_ms: u64,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { url: None, database_url_file: None, database_connections: 10, database_deadline_ms: 10_000 }
    }
}

impl PostgresOptions {
    /// With this URL.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }

    pub(super) fn deadlines(&self) -> Deadlines {
        Deadlines { call: Duration::from_millis(self.database_deadline_ms.max(1)) }
    }

    /// How to connect: what our calls wait for, the server gives up on too.
    pub(super) fn connect(&self) -> Result<PgConnectOptions, StoreError> {
        let options = PgConnectOptions::from_str(&self.read_url()?).map_err(|_| {
            StoreError::Unfit(format!("{URL_VARIABLE} is not of the form postgres://user:password@host/name"))
        })?;
        Ok(options.application_name("hookwheel").options(session(self.deadlines().call, self.deadlines().lock())))
    }

    fn read_url(&self) -> Result<String, StoreError> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let Some(path) = &self.database_url_file else {
            return std::env::var(URL_VARIABLE).map_err(|_| {
                StoreError::Unfit(format!("no database is named: set {URL_VARIABLE} or {URL_VARIABLE}_FILE"))
            });
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| StoreError::Unfit(format!("{} cannot be read: {error}", path.display())))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Settings of a session.
pub(super) fn session(statement: Duration, lock: Duration) -> [(&'static str, String); 4] {
    let millis = |limit: Duration| limit.as_millis().max(1).to_string();
    [
        ("statement_timeout", millis(statement)),
        ("lock_timeout", millis(lock)),
        // A client that froze inside a transaction must not hold up the others.
        ("idle_in_transaction_session_timeout", millis(statement)),
        // Rows are looked up by key. At the default price the planner reads whole tables for the ids of one batch:
        // three times slower.
        ("random_page_cost", "1.1".to_owned()),
    ]
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("url", &self.url.as_ref().map(|_| "***"))
            .field("database_url_file", &self.database_url_file)
            .field("database_connections", &self.database_connections)
            .field("database_deadline_ms", &self.database_deadline_ms)
            .finish()
    }
}
