//! A broker that is too weak says so, with the remedy.

use hookwheel_log::conformance::layout;
use hookwheel_log::jetstream::{JetStream, Options, Profile, provision};
use hookwheel_log::{Log, LogError};
use hookwheel_testkit::nats::{NatsServer, Sync};

/// A durable log on one server, for tests.
fn durable(server: &NatsServer) -> Options {
    Options { profile: Profile::Durable, replicas: Some(1), ..Options::at(&server.url()) }
}

async fn verdict(options: Options) -> Result<(), LogError> {
    JetStream::connect(options, layout()).await.unwrap().check().await
}

#[track_caller]
fn assert_unfit(verdict: Result<(), LogError>, text: &str) {
    match verdict {
        Err(LogError::Unfit(why)) if why.contains(text) => {}
        other => panic!("expected an unfit log because of {text:?}, got {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_log_needs_a_server_that_is_known_to_sync() {
    let server = NatsServer::start_with(Sync::Default).await.unwrap();
    super::open(&Options::at(&server.url())).await;
    assert_unfit(verdict(durable(&server)).await, "--nats-monitor-url");
    let monitored = Options { monitor_urls: vec![server.monitor_url()], ..durable(&server) };
    assert_unfit(verdict(monitored).await, "sync_interval: always");

    let strict = NatsServer::start().await.unwrap();
    super::open(&Options::at(&strict.url())).await;
    verdict(Options { monitor_urls: vec![strict.monitor_url()], ..durable(&strict) }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_replicas_and_missing_streams_are_found() {
    let server = NatsServer::start().await.unwrap();
    let missing = verdict(Options::at(&server.url())).await;
    assert!(matches!(&missing, Err(LogError::Missing(what)) if what.contains("hookwheel provision")), "{missing:?}");

    super::open(&Options::at(&server.url())).await;
    let monitor_urls = vec![server.monitor_url()];
    assert_unfit(verdict(Options { replicas: Some(3), monitor_urls, ..durable(&server) }).await, "1 replicas of 3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_broker_is_named_and_transient() {
    let mut server = NatsServer::start().await.unwrap();
    let options = Options::at(&server.url());
    server.kill9().unwrap();
    for error in [
        JetStream::connect(options.clone(), layout()).await.map(|_| ()).unwrap_err(),
        provision(&options, &layout()).await.map(|_| ()).unwrap_err(),
    ] {
        assert!(error.is_transient() && error.to_string().contains(&server.url()), "{error}");
    }
}

#[tokio::test]
async fn a_password_in_an_address_is_refused_and_not_repeated() {
    let refused = JetStream::connect(Options::at("nats://user:hunter2@127.0.0.1:4222"), layout()).await.unwrap_err();
    assert!(matches!(refused, LogError::Invalid { .. }) && !refused.to_string().contains("hunter2"), "{refused}");
}
