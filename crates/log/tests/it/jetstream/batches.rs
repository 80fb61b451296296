//! Which records of a batch append travel as one batch of the broker.

use hookwheel_log::conformance::layout;
use hookwheel_log::jetstream::{JetStream, Options};
use hookwheel_log::{Append, Expect, Log, Outcome, Subject};
use hookwheel_testkit::nats::NatsServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_gets_a_few_records_one_by_one_and_more_as_a_batch() {
    let server = NatsServer::start().await.unwrap();
    let options = Options::at(&server.url());
    super::open(&options).await;
    let log = JetStream::connect(options, layout()).await.unwrap();

    append_fresh(&log, "case.few", 1..=4).await;
    append_fresh(&log, "case.more", 5..=9).await;

    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("CASES").await.unwrap();
    let mut batched = Vec::new();
    for seq in 1..=9 {
        if stream.get_raw_message(seq).await.unwrap().headers.get("Nats-Batch-Id").is_some() {
            batched.push(seq);
        }
    }
    assert_eq!(batched, [5, 6, 7, 8, 9]);
}

/// Appends that many records and holds them to these positions.
async fn append_fresh(log: &JetStream, under: &str, positions: std::ops::RangeInclusive<u64>) {
    let record = |n: u64| Append {
        subject: Subject::new(format!("{under}.{n}")).unwrap(),
        id: format!("{n}"),
        headers: Vec::new(),
        payload: "body".into(),
        expect: Expect::Empty,
    };
    let outcomes = log.append_batch(positions.clone().map(record).collect()).await.unwrap();
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, positions.map(Outcome::Stored).collect::<Vec<_>>());
}
