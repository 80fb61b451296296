//! `hookwheel migrate`: creates or upgrades the tables on Postgres.

use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::{Store as _, StoreError};

use super::provision::Patience;
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs};

/// Creates or upgrades the tables on Postgres
#[derive(Debug, clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    database: PostgresOptions,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. A database that is away exits with 5.
pub async fn run(command: Migrate) -> Result<(), Failure> {
    let attempt = || async { Postgres::connect(&command.database).await?.migrate().await };
    let migrated: Result<(), StoreError> = command.patience.until(StoreError::is_transient, attempt).await;
    migrated.map_err(|error| {
        let transient = error.is_transient();
        let failure = Failure::from(error);
        if transient { failure.remedy("start Postgres, or check HOOKWHEEL_DATABASE_URL_FILE") } else { failure }
    })?;
    match command.output.format() {
        Format::Table => output::say("the tables are up to date"),
        format => output::print_json(format, &serde_json::json!({ "ok": true })),
    }
    Ok(())
}
