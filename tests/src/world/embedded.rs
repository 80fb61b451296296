//! One `hookwheel up`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hookwheel_log::Log;
use hookwheel_log::embedded::Embedded;
use hookwheel_proto::topology::{Keep, layout};
use hookwheel_store::Store;
use hookwheel_store::sqlite::Sqlite;
use tempfile::TempDir;

use super::{Kind, Options, Part, World, files};
use crate::process::{Process, binary, free_address};

pub fn describe(folder: TempDir, options: &Options) -> anyhow::Result<World> {
    let (intake, api, admin) = (free_address()?, free_address()?, free_address()?);
    let config = files::config(folder.path());
    let server = format!(
        "data_dir = \"data\"\n{}\n[log]\nack_wait = \"{}s\"\n\n[server]\nintake = \"{intake}\"\napi = \"{api}\"\nadmin = \"{admin}\"\n",
        std::fs::read_to_string(&config)?,
        super::ACK_WAIT.as_secs(),
    );
    std::fs::write(&config, server)?;
    let mut up =
        Process::new("up", binary("hookwheel")?, &["up", "--config", &config.display().to_string()], folder.path());
    super::common_environment(&mut up, folder.path(), options);
    Ok(World {
        kind: Kind::Embedded,
        parts: BTreeMap::from([(Part::Up, up)]),
        intakes: vec![intake],
        api,
        admins: BTreeMap::from([(Part::Up, admin)]),
        broker: None,
        database: None,
        folder,
    })
}

pub async fn log(folder: &Path) -> anyhow::Result<Arc<dyn Log>> {
    Ok(Arc::new(Embedded::open(&folder.join("data/log.db"), layout(Keep::default())).await?))
}

pub async fn store(folder: &Path) -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(Sqlite::open(&folder.join("data/tables.db")).await?))
}
