//! `hookwheel projector rebuild`: drops what the tables hold, so that it is folded from the log again.

use hookwheel_store::Store;
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::sqlite::Sqlite;

use crate::config::ConfigArgs;
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs};

/// Looks after the tables
#[derive(Debug, clap::Args)]
pub struct Projector {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Empties the tables; the running projector folds the log into them again from its start
    Rebuild(Rebuild),
}

#[derive(Debug, clap::Args)]
struct Rebuild {
    #[command(flatten)]
    config: ConfigArgs,
    /// The tables on Postgres instead of those of `hookwheel up`
    #[arg(long)]
    postgres: bool,
    #[command(flatten)]
    database: PostgresOptions,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub async fn run(command: Projector) -> Result<(), Failure> {
    let Action::Rebuild(options) = command.action;
    let store: Box<dyn Store> = if options.postgres {
        Box::new(Postgres::connect(&options.database).await?)
    } else {
        Box::new(embedded(&options.config).await?)
    };
    hookwheel_projector::rebuild(store.as_ref()).await?;
    match options.output.format() {
        Format::Table => output::say("the tables are empty; the projector fills them from the start of the log"),
        format => output::print_json(format, &serde_json::json!({ "ok": true })),
    }
    Ok(())
}

async fn embedded(config: &ConfigArgs) -> Result<Sqlite, Failure> {
    let path = config.load()?.process.store;
    if !path.exists() {
        return Err(Failure::usage(format!("there are no tables at {}", path.display()))
            .remedy("run `hookwheel up` once, or name the configuration with --config"));
    }
    let store = Sqlite::open(&path).await?;
    store.migrate().await?;
    Ok(store)
}
