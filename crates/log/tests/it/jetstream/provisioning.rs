//! Provisioning may be run any time, changes what differs and keeps what is stored (T16).

use std::time::Duration;

use hookwheel_log::conformance::layout;
use hookwheel_log::jetstream::{Change, JetStream, Options, provision};
use hookwheel_log::{Append, Expect, Log, Retention, Subject};
use hookwheel_testkit::nats::NatsServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_changes_nothing_and_a_new_layout_only_what_differs() {
    let server = NatsServer::start().await.unwrap();
    let options = Options::at(&server.url());
    let first = provision(&options, &layout()).await.unwrap();
    assert!(first.lines.iter().all(|(_, change)| *change == Change::Created), "{first:?}");
    assert_eq!(first.lines.len(), layout().streams.len() + layout().buckets.len() + layout().consumers.len());

    let log = JetStream::connect(options.clone(), layout()).await.unwrap();
    let subject = Subject::new("case.kept").unwrap();
    let kept = Append { subject, id: "k".into(), headers: vec![], payload: "kept".into(), expect: Expect::Empty };
    log.append(kept).await.unwrap();
    let before = log.stream("CASES").await.unwrap();
    let second = provision(&options, &layout()).await.unwrap();
    assert!(!second.changed(), "{second:?}");

    let mut other = layout();
    other.streams[0].retention = Retention::Keep { max_age: Duration::from_secs(30 * 24 * 3600), max_bytes: None };
    other.consumers[0].ack_wait += Duration::from_secs(1);
    let third = provision(&options, &other).await.unwrap();
    let changed: Vec<_> = third.lines.iter().filter(|(_, change)| *change != Change::Unchanged).cloned().collect();
    let updated = |what: &str| (what.to_owned(), Change::Updated);
    assert_eq!(changed, [updated("stream CASES"), updated("consumer quick")]);
    assert_eq!(log.stream("CASES").await.unwrap(), before);
}
