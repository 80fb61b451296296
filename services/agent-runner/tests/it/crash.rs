//! A worker dies, or freezes and comes back, anywhere: no effect happens twice and every run ends.

use std::sync::Arc;

use hookwheel_core::agent::{EffectClass, OnUncertain};
use hookwheel_core::journal::{Entry, MAX_CLAIMS, RunOutcome, Started, What};
use hookwheel_core::run::RunRequested;
use hookwheel_log::{Log, Outcome};
use hookwheel_proto::record;
use tokio::task::JoinSet;

use crate::cut::{CutLog, Side};
use crate::kit::{Running, Stand, kinds, now};
use crate::witness::Witness;

/// Two effects in two turns.
const TWO: &str = "rules: [{turn: 1, calls: [{tool: witness, arguments: {a: 1}}]}, \
                   {turn: 2, calls: [{tool: witness, arguments: {a: 2}}]}, {text: done}]";
/// Entries of a run of [`TWO`] without faults.
const ENTRIES: usize = 13;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_at_any_append_repeats_no_effect() {
    let mut cases = JoinSet::new();
    for at in 1..=ENTRIES {
        for side in [Side::Before, Side::After] {
            cases.spawn(dies_at(at, side));
        }
    }
    while let Some(ended) = cases.join_next().await {
        ended.unwrap();
    }
}

async fn dies_at(at: usize, side: Side) {
    let stand = Stand::new(TWO, &["witness"]).await;
    let witness = Witness::new(EffectClass::Effect);
    let request = stand.request_and_wake("s", 1).await;
    let cut = CutLog::new(Arc::clone(&stand.log), at, side);
    let first = stand.serve_on(Arc::clone(&cut) as Arc<dyn Log>, vec![witness.clone()]).await;
    cut.died.notified().await;
    drop(first);
    let _second = stand.serve_with(witness.clone()).await;
    let end = stand.end(&request.run).await;
    assert_eq!(end.outcome, RunOutcome::Completed, "died {side:?} append {at}");
    once_per_call(&witness);
    let journal = stand.journal(&request.run).await;
    let settled = kinds(&journal).iter().filter(|kind| ["called", "uncertain"].contains(kind)).count();
    assert_eq!(settled, 2, "died {side:?} append {at}: {:?}", kinds(&journal));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_whose_result_was_lost_is_uncertain_and_not_repeated() {
    let (stand, witness, request, _service) = dies_in_its_first_call(EffectClass::Effect, OnUncertain::TellModel).await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    assert!(kinds(&stand.journal(&request.run).await).contains(&"uncertain"));
    once_per_call(&witness);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncertain_effect_can_call_for_a_person() {
    let (stand, witness, request, _service) = dies_in_its_first_call(EffectClass::Effect, OnUncertain::Fail).await;
    let end = stand.end(&request.run).await;
    assert_eq!(end.outcome, RunOutcome::NeedsOperator);
    assert!(end.error.unwrap().contains("call t1.0 (witness)"));
    assert_eq!(witness.executed().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotent_call_is_repeated_under_its_key() {
    let (stand, witness, request, _service) =
        dies_in_its_first_call(EffectClass::Idempotent, OnUncertain::TellModel).await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    let executed = witness.executed();
    assert_eq!(executed.len(), 3);
    assert_eq!(executed[0], executed[1], "the same run, call and key");
    assert_ne!(executed[1].2, executed[2].2, "a call of another turn has another key");
}

async fn dies_in_its_first_call(class: EffectClass, policy: OnUncertain) -> (Stand, Witness, RunRequested, Running) {
    let mut stand = Stand::new(TWO, &["witness"]).await;
    stand.agent().on_uncertain = policy;
    stand.configure().await;
    let witness = Witness::dying_once(class);
    let request = stand.request_and_wake("s", 1).await;
    let first = stand.serve_with(witness.clone()).await;
    witness.happened.notified().await;
    drop(first);
    let second = stand.serve_with(witness.clone()).await;
    (stand, witness, request, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_frozen_finds_the_run_taken_and_starts_no_tool() {
    let stand = Stand::new(TWO, &["witness"]).await;
    let (frozen_witness, witness) = (Witness::new(EffectClass::Effect), Witness::new(EffectClass::Effect));
    let request = stand.request_and_wake("s", 1).await;
    // Frozen just before its first intent is stored: started, claimed, asks, turn, calls.
    let cut = CutLog::new(Arc::clone(&stand.log), 5, Side::Before);
    let frozen = stand.serve_on(Arc::clone(&cut) as Arc<dyn Log>, vec![frozen_witness.clone()]).await;
    cut.died.notified().await;
    take_over(&stand, &request).await;
    cut.thaw.notify_one();
    frozen.drain().await;
    assert!(frozen_witness.executed().is_empty());

    let _other = stand.serve_with(witness.clone()).await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    assert_eq!((frozen_witness.executed().len(), witness.executed().len()), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_leaves_its_run_between_two_steps() {
    let script = "rules: [{turn: 1, delay_ms: 100, calls: [{tool: witness}]}, {text: done}]";
    let stand = Stand::new(script, &["witness"]).await;
    let witness = Witness::new(EffectClass::Effect);
    let request = stand.request_and_wake("s", 1).await;
    let first = stand.serve_with(witness.clone()).await;
    stand.until(&request.run, |what| matches!(what, What::ModelCallStarted { .. })).await;
    first.drain().await;
    assert_eq!(kinds(&stand.journal(&request.run).await), ["started", "claimed", "asks", "turn"]);

    let _second = stand.serve_with(witness.clone()).await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    assert_eq!(witness.executed().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_that_claim_at_once_do_not_both_have_the_run() {
    let stand = Stand::new(TWO, &["witness"]).await;
    let witness = Witness::new(EffectClass::Effect);
    let request = stand.request_and_wake("s", 1).await;
    // Frozen before it stores its claim; the other claims under the very same number and epoch.
    let cut = CutLog::new(Arc::clone(&stand.log), 2, Side::Before);
    let _service = stand.serve_on(Arc::clone(&cut) as Arc<dyn Log>, vec![witness.clone()]).await;
    cut.died.notified().await;
    take_over(&stand, &request).await;
    cut.thaw.notify_one();
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    assert_eq!(kinds(&stand.journal(&request.run).await)[..4], ["started", "claimed", "claimed", "asks"]);
    once_per_call(&witness);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_without_another_step() {
    let script = "rules: [{turn: 1, delay_ms: 200, calls: [{tool: witness}]}, {text: done}]";
    let stand = Stand::new(script, &["witness"]).await;
    let witness = Witness::new(EffectClass::Effect);
    let request = stand.request_and_wake("s", 1).await;
    let _service = stand.serve_with(witness.clone()).await;
    stand.until(&request.run, |what| matches!(what, What::ModelCallStarted { .. })).await;
    let (last, entry) = stand.journal(&request.run).await.pop().unwrap();
    let cancel = Entry { n: entry.n + 1, at: now(), what: What::CancelRequested { by: "an operator".into() }, ..entry };
    stand.log.append(record::run_entry(&cancel, last)).await.unwrap();
    let end = stand.end(&request.run).await;
    assert_eq!((end.outcome, end.error.unwrap().as_str()), (RunOutcome::Cancelled, "cancelled by an operator"));
    assert!(witness.executed().is_empty());
}

/// What another worker would append.
async fn take_over(stand: &Stand, request: &RunRequested) {
    let (last, entry) = stand.journal(&request.run).await.pop().unwrap();
    let what = What::Claimed { worker: "other".into(), lease_until: now() };
    let claim = Entry { n: entry.n + 1, epoch: entry.epoch + 1, at: now(), what, ..entry };
    assert!(matches!(stand.log.append(record::run_entry(&claim, last)).await, Ok(Outcome::Stored(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_kills_its_workers_is_parked_and_its_session_goes_on() {
    let stand = Stand::new(TWO, &["witness"]).await;
    let poison = stand.request("s", 1).await;
    let started = Started {
        session: poison.session.clone(),
        delivery: poison.delivery.clone(),
        webhook: poison.webhook.clone(),
        route: poison.route.clone(),
        agent: poison.agent.clone(),
        snapshot: poison.snapshot.clone(),
        message: poison.message.clone(),
    };
    let what = What::Started(started);
    let start = Entry { run: poison.run.clone(), n: 1, epoch: 0, at: now(), traceparent: None, what };
    stand.log.append(record::run_entry(&start, 0)).await.unwrap();
    for _ in 0..MAX_CLAIMS {
        take_over(&stand, &poison).await;
    }
    let next = stand.request_and_wake("s", 2).await;
    let _service = stand.serve_with(Witness::new(EffectClass::Effect)).await;
    let end = stand.end(&poison.run).await;
    assert_eq!(end.outcome, RunOutcome::NeedsOperator);
    assert!(end.error.unwrap().starts_with("5 workers took this run and vanished"));
    assert_eq!(stand.end(&next.run).await.outcome, RunOutcome::Completed);
}

fn once_per_call(witness: &Witness) {
    let mut calls: Vec<_> = witness.executed().into_iter().map(|(run, call, _)| (run, call)).collect();
    let executed = calls.len();
    calls.sort();
    calls.dedup();
    assert_eq!(executed, calls.len(), "a call was executed twice: {:?}", witness.executed());
}
