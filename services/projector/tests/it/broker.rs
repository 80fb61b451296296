//! The projector on JetStream and Postgres.

use std::sync::Arc;

use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_proto::topology::{Keep, layout};
use hookwheel_store::Store as _;
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_testkit::nats::NatsServer;
use hookwheel_testkit::postgres::Postgres as PostgresServer;

use crate::kit::{Wheel, nonsense, tell};

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_are_those_of_the_embedded_pair_although_broker_and_database_were_killed() {
    let (mut nats, database) = (NatsServer::start().await.unwrap(), PostgresServer::start().await);
    let options = jetstream::Options::at(&nats.url());
    jetstream::provision(&options, &layout(Keep::default())).await.unwrap();
    let log = JetStream::connect(options, layout(Keep::default())).await.unwrap();
    let store = Postgres::connect(&PostgresOptions::at(database.database().await)).await.unwrap();
    store.migrate().await.unwrap();
    let (remote, local) = (Wheel::on(Arc::new(log), Arc::new(store)), Wheel::new().await);

    let projector = remote.start().await;
    let part = async |wheel: &Wheel, from: u32| {
        for n in from..from + 3 {
            tell(wheel, n).await;
        }
        nonsense(wheel, &from.to_string()).await;
    };
    part(&remote, 0).await;
    remote.until_folded(&*remote.store).await;

    nats.kill9().unwrap();
    database.kill9();
    projector.until_failing("projector.DELIVERIES", "is not being folded").await;
    nats.restart().await.unwrap();
    database.restart().await.unwrap();
    projector.until_ready().await;
    part(&remote, 3).await;
    remote.until_folded(&*remote.store).await;
    projector.stop().await;

    part(&local, 0).await;
    part(&local, 3).await;
    assert_eq!(remote.store.fingerprint().await.unwrap(), local.undisturbed().await);
}
