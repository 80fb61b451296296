//! Over a limit runs wait in their mailboxes: nothing of them is written, and they start in order when there is room.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hookwheel_agent_runner::{Ports, build};
use hookwheel_core::limit::{Ledger, Limits, OnLimit};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::time::Timestamp;
use hookwheel_proto::topology;
use tokio_util::sync::CancellationToken;

use crate::kit::{Stand, now};

/// Runners on one stand, with a clock that the test moves.
struct Late {
    stand: Stand,
    ahead: Arc<AtomicI64>,
    stop: CancellationToken,
}

impl Late {
    async fn start(limits: Limits, runners: usize) -> Self {
        let mut stand = Stand::new("rules: [{text: done}]", &[]).await;
        stand.snapshot.webhook.gate.limits = limits;
        stand.configure().await;
        let late = Self { stand, ahead: Arc::default(), stop: CancellationToken::new() };
        for _ in 0..runners {
            let ahead = Arc::clone(&late.ahead);
            let clock = move || now().plus(Duration::from_secs(ahead.load(Ordering::SeqCst).unsigned_abs()));
            let ports = Ports { log: Arc::clone(&late.stand.log), clock: Arc::new(clock) };
            let service = build(late.stand.options.clone(), ports).await.unwrap();
            tokio::spawn(service.run(late.stop.clone()));
        }
        late
    }

    fn pass(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// How many of these have begun.
    async fn begun(&self, requests: &[RunRequested]) -> usize {
        let mut begun = 0;
        for request in requests {
            begun += usize::from(!self.stand.journal(&request.run).await.is_empty());
        }
        begun
    }

    /// Waits until somebody was sent away.
    async fn until_pressed(&self) {
        let ledgers = self.stand.log.bucket(topology::LIMITS).await.unwrap();
        let key = topology::ledger_key(hookwheel_core::limit::Scope::Webhook, &self.stand.snapshot.webhook.id);
        let pressed = async {
            loop {
                if let Some(entry) = ledgers.get(&key).await.unwrap()
                    && Ledger::from_bytes(&entry.value).unwrap().is_pressed(now())
                {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), pressed).await.expect("nobody was ever sent away");
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn per_webhook(limit: u32) -> Limits {
    Limits { webhook: Some(limit), global: None, on_limit: OnLimit::Defer }
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_limit_starts_and_the_rest_starts_later() {
    let late = Late::start(per_webhook(3), 2).await;
    let mut requests = vec![];
    for number in 1..=8 {
        requests.push(late.stand.request_and_wake(&format!("s{number}"), number).await);
    }
    late.until_pressed().await;
    while late.begun(&requests).await < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(late.begun(&requests).await, 3);
    for round in 1..=5 {
        // While others wait, places come free one by one; the wakes themselves come back much later than this test ends.
        late.pass(if round == 1 { 70 } else { 30 });
        for request in &requests {
            late.stand.wake(request).await;
        }
        while late.begun(&requests).await < 3 + round {
            tokio::task::yield_now().await;
        }
    }
    for request in &requests {
        late.stand.end(&request.run).await;
    }
    assert!(fullest(&late, &requests).await <= 3);
}

/// The most starts within any minute of the runners' clock.
async fn fullest(late: &Late, requests: &[RunRequested]) -> usize {
    let mut starts: Vec<Timestamp> = vec![];
    for request in requests {
        starts.push(late.stand.journal(&request.run).await[0].1.at);
    }
    starts.sort_unstable();
    let within =
        |from: usize| starts[from..].iter().filter(|at| at.since(starts[from]) < Duration::from_secs(60)).count();
    (0..starts.len()).map(within).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_keeps_its_place_in_the_session() {
    let late = Late::start(per_webhook(2), 2).await;
    let mut requests = vec![];
    for number in 1..=5 {
        requests.push(late.stand.request_and_wake("one", number).await);
    }
    late.stand.end(&requests[1].run).await;
    late.until_pressed().await;
    assert_eq!(late.begun(&requests).await, 2);
    for open in 2..5 {
        late.pass(70);
        late.stand.wake(&requests[open]).await;
        late.stand.end(&requests[open].run).await;
        assert_eq!(late.begun(&requests[..=open]).await, open + 1);
    }
    let mut free = 0;
    for request in &requests {
        let journal = late.stand.journal(&request.run).await;
        assert!(journal[0].0 > free, "a run begins after the one before it has ended");
        free = journal.last().unwrap().0;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_now_counts_and_not_that_of_the_runs_own_configuration() {
    let late = Late::start(per_webhook(1), 1).await;
    let mut current = late.stand.snapshot.clone();
    current.webhook.gate.limits = Limits::default();
    let config = late.stand.log.bucket(topology::CONFIG).await.unwrap();
    config.put(&topology::webhook_key(&current.webhook.id), Snapshot::to_bytes(&current).into(), None).await.unwrap();
    for number in 1..=4 {
        let request = late.stand.request_and_wake(&format!("s{number}"), number).await;
        late.stand.end(&request.run).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_whose_senders_are_sent_away_is_not_counted_twice() {
    let late = Late::start(Limits { on_limit: OnLimit::Reject, ..per_webhook(1) }, 1).await;
    for number in 1..=4 {
        let request = late.stand.request_and_wake(&format!("s{number}"), number).await;
        late.stand.end(&request.run).await;
    }
}
