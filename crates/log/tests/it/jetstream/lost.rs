//! Answers that are lost, connections that are cut: the same record is stored once and its fate is told (T4 to T7).

use std::time::Duration;

use bytes::Bytes;
use hookwheel_log::conformance::layout;
use hookwheel_log::jetstream::{JetStream, Options};
use hookwheel_log::{Append, Expect, Log, LogError, Outcome, Subject, SubjectFilter};
use hookwheel_testkit::nats::NatsServer;
use hookwheel_testkit::proxy::Proxy;

/// A log whose answers can be lost, and the server itself.
struct Rig {
    proxy: Proxy,
    server: NatsServer,
    log: JetStream,
}

impl Rig {
    async fn start() -> Self {
        let server = NatsServer::start().await.unwrap();
        super::open(&Options::at(&server.url())).await;
        let proxy = Proxy::start(server.address()).await.unwrap();
        let options = Options::at(&format!("nats://{}", proxy.address()));
        let log = JetStream::connect(options, layout()).await.unwrap();
        Self { proxy, server, log }
    }

    /// Loses every answer until the stream holds so many records, then cuts the connection and answers again.
    async fn lose_answers_until(&self, stored: u64) {
        self.proxy.lose_answers(true);
        let direct = JetStream::connect(Options::at(&self.server.url()), layout()).await.unwrap();
        let wait = async {
            while direct.stream("CASES").await.unwrap().last < stored {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
        self.proxy.lose_answers(false);
        self.proxy.cut();
    }

    async fn stored(&self) -> usize {
        self.log.read("CASES", &SubjectFilter::All, 0, 1_000).await.unwrap().len()
    }
}

fn record(at: &str, id: &str, expect: Expect) -> Append {
    let subject = Subject::new(at).unwrap();
    Append { subject, id: id.into(), headers: Vec::new(), payload: Bytes::from_static(b"body"), expect }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_is_lost_is_stored_once_and_by_this_call() {
    for expect in [Expect::Empty, Expect::Last(0), Expect::Anything] {
        let rig = Rig::start().await;
        let append = rig.log.append(record("case.lost", "one", expect));
        let (outcome, ()) = tokio::join!(append, rig.lose_answers_until(1));
        assert_eq!(outcome.unwrap(), Outcome::Stored(1), "with {expect:?}");
        assert_eq!(rig.stored().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_answer_is_lost_is_stored_once_and_by_this_call() {
    let rig = Rig::start().await;
    let expects = |n: usize| if n.is_multiple_of(2) { Expect::Empty } else { Expect::Anything };
    let batch: Vec<_> = (0..20).map(|n| record(&format!("case.lost.{n}"), &format!("b{n}"), expects(n))).collect();
    let append = rig.log.append_batch(batch);
    let (outcomes, ()) = tokio::join!(append, rig.lose_answers_until(20));
    let seqs: Vec<_> = outcomes.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(seqs, (1..=20).map(Outcome::Stored).collect::<Vec<_>>());
    assert_eq!(rig.stored().await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_records_whose_answers_are_lost_are_stored_once_and_by_this_call() {
    let rig = Rig::start().await;
    let few = ["a", "b", "c"].map(|id| record(&format!("case.few.{id}"), id, Expect::Empty));
    let (outcomes, ()) = tokio::join!(rig.log.append_batch(few.into()), rig.lose_answers_until(1));
    let outcomes: Vec<_> = outcomes.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, [1, 2, 3].map(Outcome::Stored));
    assert_eq!(rig.stored().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_connection_an_append_is_refused_at_once_and_never_sent_later() {
    let mut rig = Rig::start().await;
    rig.server.kill9().unwrap();
    let refused = async {
        loop {
            match rig.log.append(record("case.late", "late", Expect::Empty)).await {
                Err(LogError::Unavailable(cause)) if cause.to_string().starts_with("not connected") => return,
                other => assert!(other.unwrap_err().is_transient()),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), refused).await.unwrap();
    for n in 0..50 {
        let never = rig.log.append(record(&format!("case.never.{n}"), "never", Expect::Anything)).await;
        assert!(never.unwrap_err().is_transient());
    }

    rig.server.restart().await.unwrap();
    let back = async {
        while rig.log.append(record("case.back", "back", Expect::Empty)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), back).await.unwrap();
    let never = SubjectFilter::Under(Subject::new("case.never").unwrap());
    assert_eq!(rig.log.read("CASES", &never, 0, 100).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_of_many_large_records_is_whole() {
    let rig = Rig::start().await;
    let large = |n: usize| Append {
        payload: vec![n as u8; 900 * 1024].into(),
        ..record("case.large", &format!("large-{n}"), Expect::Anything)
    };
    for n in 0..24 {
        rig.log.append(large(n)).await.unwrap();
    }
    let found = rig.log.read("CASES", &SubjectFilter::All, 0, 100).await.unwrap();
    assert_eq!(found.iter().map(|record| record.seq).collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>());
    assert!(found.iter().enumerate().all(|(n, record)| record.payload == large(n).payload));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_id_under_two_subjects_is_two_records() {
    let rig = Rig::start().await;
    for (seq, at) in [(1, "case.a"), (2, "case.b")] {
        let outcome = rig.log.append(record(at, "same", Expect::Anything)).await.unwrap();
        assert_eq!(outcome, Outcome::Stored(seq));
    }
}
