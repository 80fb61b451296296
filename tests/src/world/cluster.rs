//! A process per service, on a real nats-server and a real Postgres.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::ensure;
use hookwheel_log::Log;
use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_proto::topology::{Keep, layout};
use hookwheel_store::Store;
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_testkit::nats::NatsServer;
use hookwheel_testkit::postgres::Postgres as Server;
use tempfile::TempDir;

use super::{Kind, Options, Part, World, files};
use crate::process::{Process, binary, free_address};

pub async fn describe(folder: TempDir, options: &Options) -> anyhow::Result<World> {
    let broker = NatsServer::start().await?;
    let database = Server::shared().await.database().await;
    let keep = Keep { ack_wait: super::ACK_WAIT, ..Keep::default() };
    jetstream::provision(&jetstream::Options::at(&broker.url()), &layout(keep)).await?;
    prepare(folder.path(), &broker, &database)?;

    let mut world = World {
        kind: Kind::Cluster,
        parts: BTreeMap::new(),
        intakes: Vec::new(),
        api: free_address()?,
        admins: BTreeMap::new(),
        broker: Some(broker),
        database: Some(database),
        folder,
    };
    for number in 0..options.ingresses {
        let intake = free_address()?;
        world.intakes.push(intake);
        let process = world.add(Part::Ingress(number), "hookwheel-ingress", options)?;
        process.env("HOOKWHEEL_INGRESS_LISTEN", intake.to_string());
    }
    world.add(Part::Normalizer, "hookwheel-normalizer", options)?;
    for number in 0..options.runners {
        let process = world.add(Part::AgentRunner(number), "hookwheel-agent-runner", options)?;
        process.env("HOOKWHEEL_AGENT_RUNNER_NAME", format!("runner-{number}"));
    }
    let api = world.api;
    world.add(Part::Projector, "hookwheel-projector", options)?.env("HOOKWHEEL_PROJECTOR_LISTEN", api.to_string());
    Ok(world)
}

/// The tables and the configuration, as an operator makes them.
fn prepare(folder: &Path, broker: &NatsServer, database: &str) -> anyhow::Result<()> {
    let config = files::config(folder);
    let apply = ["apply", "--config", &config.display().to_string()].map(str::to_owned);
    for arguments in [&["migrate".to_owned()][..], &apply] {
        let output = Command::new(binary("hookwheel")?)
            .args(arguments)
            .env("HOOKWHEEL_NATS_URL", broker.url())
            .env("HOOKWHEEL_DATABASE_URL", database)
            .env("HOOKWHEEL_TEST_TOOLS", files::witness(folder))
            .output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

impl World {
    fn add(&mut self, part: Part, program: &str, options: &Options) -> anyhow::Result<&mut Process> {
        let (admin, name): (SocketAddr, _) = (free_address()?, format!("{part:?}").to_lowercase());
        let mut process = Process::new(&name, binary(program)?, &[], self.folder.path());
        super::common_environment(&mut process, self.folder.path(), options);
        if let (Some(broker), Some(database)) = (&self.broker, &self.database) {
            process.env("HOOKWHEEL_NATS_URL", broker.url()).env("HOOKWHEEL_NATS_MONITOR_URL", broker.monitor_url());
            process.env("HOOKWHEEL_DATABASE_URL", database);
        }
        process.env("HOOKWHEEL_ADMIN_LISTEN", admin.to_string());
        self.admins.insert(part, admin);
        Ok(self.parts.entry(part).or_insert(process))
    }
}

pub async fn log(broker: &NatsServer) -> anyhow::Result<Arc<dyn Log>> {
    let log = JetStream::connect(jetstream::Options::at(&broker.url()), layout(Keep::default())).await?;
    Ok(Arc::new(log))
}

pub async fn store(database: &str) -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(Postgres::connect(&PostgresOptions::at(database)).await?))
}
