//! `provision`, `apply`, `migrate` and `doctor` against a real broker and a real database, fit and unfit.

use std::path::Path;

use hookwheel_testkit::nats::{NatsServer, Sync};
use hookwheel_testkit::postgres::Postgres;
use serde_json::Value;

use crate::kit::{Ran, hookwheel};

#[tokio::test]
async fn an_empty_broker_is_provisioned_and_the_configuration_applied_and_both_may_be_repeated() {
    let broker = NatsServer::start().await.unwrap();
    let missing = against(&broker, &["apply", "--wait", "1s"]).expect(5);
    assert!(missing.err().contains("hookwheel provision"), "{}", missing.err());

    let changes = |ran: Ran| -> Vec<Value> {
        ran.json()["layout"].as_array().unwrap().iter().map(|line| line["change"].clone()).collect()
    };
    assert!(changes(against(&broker, &["provision", "--json"]).expect(0)).iter().all(|change| change == "created"));
    assert!(changes(against(&broker, &["provision", "--json"]).expect(0)).iter().all(|change| change == "unchanged"));

    assert_eq!(against(&broker, &["apply", "--json"]).expect(0).json()["added"][0], "github");
    assert_eq!(against(&broker, &["apply", "--json"]).expect(0).json()["unchanged"][0], "github");
    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = empty.path().display().to_string();
    against(&broker, &["apply", "--config", &empty]).expect(2);
    let removed = against(&broker, &["apply", "--config", &empty, "--allow-empty", "--json"]).expect(0).json();
    assert_eq!(removed["removed"].as_array().unwrap().len(), 1, "{removed}");
}

#[tokio::test]
async fn a_broker_that_is_too_weak_is_refused_with_the_remedy() {
    let broker = NatsServer::start_with(Sync::Default).await.unwrap();
    let monitor = broker.monitor_url();
    let durable = ["--nats-profile", "durable", "--nats-replicas", "1", "--nats-monitor-url", &monitor];
    let refused = against(&broker, &[&["provision"], &durable[..]].concat()).expect(5);
    assert!(refused.err().contains("sync_interval: always"), "{}", refused.err());

    let examined = against(&broker, &[&["doctor", "--json"], &durable[..]].concat()).expect(1).json();
    let finding = finding(&examined, "broker");
    assert_eq!(finding["state"], "missing");
    assert!(finding["fix"].as_str().unwrap().contains("sync_interval: always"), "{finding}");
}

#[tokio::test]
async fn a_broker_that_is_still_starting_is_waited_for() {
    let mut broker = NatsServer::start().await.unwrap();
    broker.kill9().unwrap();
    let url = broker.url();
    let provisioned = tokio::task::spawn_blocking(move || provision(&url));
    broker.restart().await.unwrap();
    provisioned.await.unwrap().expect(0);
}

#[tokio::test]
async fn an_empty_database_is_migrated_and_a_second_time_nothing_happens() {
    let database = Postgres::shared().await.database().await;
    let with = |args: &[&str]| Ran::of(hookwheel().args(args).env("HOOKWHEEL_DATABASE_URL", &database));
    let before = with(&["doctor", "--json"]).json();
    assert_eq!(finding(&before, "database")["fix"], "hookwheel migrate", "{before}");
    with(&["migrate"]).expect(0);
    with(&["migrate"]).expect(0);
    let after = with(&["doctor", "--json"]).json();
    assert_eq!(finding(&after, "database")["state"], "fine", "{after}");
    with(&["projector", "rebuild", "--postgres"]).expect(0);
}

fn finding<'r>(report: &'r Value, what: &str) -> &'r Value {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["what"] == what).unwrap()
}

fn provision(url: &str) -> Ran {
    Ran::of(hookwheel().args(["provision", "--wait", "30s", "--nats-url", url]))
}

fn against(broker: &NatsServer, args: &[&str]) -> Ran {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples/hookwheel.toml");
    Ran::of(hookwheel().args(args).env("HOOKWHEEL_NATS_URL", broker.url()).env("HOOKWHEEL_CONFIG", example))
}
