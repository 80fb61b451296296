//! Runs of one session never overlap and start in the order of their requests; other sessions are not held up.

use std::time::Duration;

use hookwheel_core::agent::EffectClass;
use hookwheel_core::journal::RunOutcome;

use crate::kit::Stand;
use crate::witness::Witness;

const SLOW: &str = "rules: [{turn: 1, delay_ms: 20, calls: [{tool: witness}]}, {text: done}]";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_a_queue() {
    let stand = Stand::new(SLOW, &["witness"]).await;
    let witness = Witness::new(EffectClass::Effect);
    let _one = stand.serve_with(witness.clone()).await;
    let _other = stand.serve_with(witness.clone()).await;
    let mut requests = vec![];
    for number in 1..=6 {
        requests.push(stand.request_and_wake("s", number).await);
    }
    let mut free = 0;
    for request in &requests {
        assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
        let journal = stand.journal(&request.run).await;
        assert!(journal[0].0 > free, "a run begins after the one before it has ended");
        free = journal.last().unwrap().0;
    }
    assert_eq!(witness.executed().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_mailbox_is_not_read_from_its_beginning() {
    let stand = Stand::new("rules: [{text: done}]", &[]).await;
    let mut requests = vec![];
    for number in 1..=70 {
        requests.push(stand.request("s", number).await);
    }
    stand.wake(&requests[0]).await;
    let _service = stand.serve().await;
    stand.end(&requests[69].run).await;
    let leases = stand.log.bucket("LEASES").await.unwrap();
    let cursor = leases.get(&format!("cursor.{}", requests[0].session)).await.unwrap().expect("a cursor");
    let cursor: u64 = std::str::from_utf8(&cursor.value).unwrap().parse().unwrap();
    assert!(cursor >= 32, "{cursor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_session_is_woken() {
    let mut stand = Stand::new("rules: [{text: done}]", &[]).await;
    stand.options.sweep = Duration::from_millis(50);
    let request = stand.request("s", 1).await;
    let _service = stand.serve().await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
}
