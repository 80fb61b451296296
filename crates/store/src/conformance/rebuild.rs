//! S7: the rows depend on the facts alone, not on when, how often and in which order of streams they came.

use std::sync::Arc;

use hookwheel_core::journal::{CallKey, RunOutcome, ToolStatus, What};

use super::facts::{self, DELIVERIES, EVENTS, Journal, RUNS, at, received, requested, routed};
use super::history::samples;
use super::{Harness, apply, model, opened};
use crate::{Change, PageRequest, Store};

const HISTORIES: usize = 12;

/// S7: random histories, in random batches, interleaved and repeated, against a rebuild in four batches.
pub async fn s7_any_interleaving_gives_the_rows_of_a_rebuild(harness: &dyn Harness) {
    let store = opened(harness).await;
    for (n, history) in samples(HISTORIES, 8, 7).into_iter().enumerate() {
        store.reset().await.unwrap();
        for batch in &history.batches {
            store.apply(batch.clone()).await.unwrap();
        }
        let live = store.fingerprint().await.unwrap();
        store.reset().await.unwrap();
        for batch in history.at_once() {
            store.apply(batch).await.unwrap();
        }
        assert_eq!(live, store.fingerprint().await.unwrap(), "history {n}: {:#?}", history.batches);
    }
}

/// S7: and they are the right rows.
pub async fn s7_rows_say_what_the_facts_say(harness: &dyn Harness) {
    let store = opened(harness).await;
    for (n, history) in samples(HISTORIES, 8, 8).into_iter().enumerate() {
        store.reset().await.unwrap();
        for batch in &history.batches {
            store.apply(batch.clone()).await.unwrap();
        }
        for story in &history.stories {
            let got = store.delivery(story.received.delivery.as_str()).await.unwrap().unwrap();
            assert_eq!(got.row, model::delivery_row(story), "history {n}");
            let mut runs = got.run_rows;
            let mut expected = model::run_rows(story);
            runs.sort_by(|a, b| a.id.cmp(&b.id));
            expected.sort_by(|a, b| a.id.cmp(&b.id));
            assert_eq!(runs, expected, "history {n}");
        }
    }
}

/// S7: the steps of a run with a retried turn, a denied, a repeated and an uncertain call, one entry a batch.
pub async fn s7_steps_tell_a_run_as_it_happened(harness: &dyn Harness) {
    let store = opened(harness).await;
    let request = requested(&received(1, at(1)), "main");
    let call = |index| CallKey { turn: 1, index };
    let failed = What::ModelCallFailed {
        turn: 1,
        attempt: 1,
        class: hookwheel_core::journal::ModelFailure::RateLimited,
        detail: "status 429".into(),
        retry_at: None,
    };
    let journal = Journal::of(&request).started().claimed().asked(1, 1).with(failed).asked(1, 2).answered(1, 2, 3);
    let journal = journal.with(What::ToolCallDenied { call: call(0), rule: "not on the list".into() }).called(1, 1, 1);
    let journal = journal.claimed().called(1, 1, 2).returned(1, 1, 2, ToolStatus::Ok).called(1, 2, 1);
    let journal = journal.claimed().with(What::ToolCallUncertain { call: call(2) }).asked(2, 1);
    let stored = async |entries: Vec<_>| {
        for entry in entries {
            apply(&*store, RUNS, [Change::Entry(Box::new(entry))]).await;
        }
        store.run(request.run.as_str()).await.unwrap().unwrap()
    };
    let run = stored(journal.entries.clone()).await;
    let steps: Vec<_> = (run.steps.iter())
        .map(|step| {
            (step.n, step.kind.as_str(), step.key.as_str(), step.name.as_str(), step.status.as_str(), step.attempts)
        })
        .collect();
    assert_eq!(
        steps,
        [
            (3, "model", "t1", "scripted/github-issue", "ok", 2),
            (7, "tool", "t1.0", "notes", "denied", 1),
            (8, "tool", "t1.1", "notes", "ok", 2),
            (12, "tool", "t1.2", "notes", "uncertain", 1),
            (15, "model", "t2", "main", "started", 1),
        ]
    );
    assert_eq!(run.steps[1].arguments.as_deref(), Some("{\"turn\":1,\"index\":0}"));
    assert_eq!(run.steps[2].result.as_deref(), Some("result of t1.1"));
    assert_eq!((run.steps[0].input_tokens, run.steps[0].latency_ms), (Some(100), Some(12)));
    assert!(run.scripted);
    assert_eq!((run.row.state.as_str(), run.row.claims, run.row.tool_calls), ("running", 3, 1));

    // An entry that is on the log twice counts once.
    let before = store.fingerprint().await.unwrap();
    stored(journal.entries.clone()).await;
    assert_eq!(store.fingerprint().await.unwrap(), before);

    let mut again = journal.clone().answered(2, 1, 0).finished(RunOutcome::Completed);
    let run = stored(again.entries.split_off(journal.entries.len())).await;
    assert_eq!((run.row.state.as_str(), run.row.turns, run.steps.len()), ("completed", 2, 5));

    // What the log should never hold after the end: an entry that was there before, and one that follows.
    let before = store.fingerprint().await.unwrap();
    let late = journal.with(What::Suspended { reason: "late".into(), wake_at: at(9) }).entries;
    stored(late).await;
    assert_eq!(store.fingerprint().await.unwrap(), before);
}

/// S7: the outcome says how many runs there are; until all of them are known to have ended, nothing is at its end.
pub async fn s7_a_delivery_ends_with_the_last_of_its_runs(harness: &dyn Harness) {
    let store = opened(harness).await;
    let delivery = received(1, at(1));
    let runs = [requested(&delivery, "first"), requested(&delivery, "second")];
    let state = async || {
        let row = store.delivery(delivery.delivery.as_str()).await.unwrap().unwrap().row;
        (row.state, row.runs, row.reason)
    };
    let journal =
        |run, outcome| Journal::of(run).whole(outcome).entries.into_iter().map(|e| Change::Entry(Box::new(e)));
    apply(&*store, DELIVERIES, [Change::Delivery(Box::new(delivery.clone()))]).await;
    assert_eq!(state().await, ("received".into(), 0, None));
    apply(&*store, RUNS, journal(&runs[0], RunOutcome::Completed)).await;
    assert_eq!(state().await, ("processing".into(), 1, None));
    apply(&*store, EVENTS, [Change::Outcome(Box::new(routed(&delivery, &runs)))]).await;
    assert_eq!(state().await, ("processing".into(), 2, None));
    apply(&*store, RUNS, journal(&runs[1], RunOutcome::TimedOut)).await;
    let why = "the model is away; the operator's move".to_owned();
    assert_eq!(state().await, ("failed".into(), 2, Some(why)));
}

/// S7: `reset` empties what is folded and nothing else.
pub async fn s7_reset_keeps_the_mirror_of_the_configuration(harness: &dyn Harness) {
    let store = opened(harness).await;
    let empty = store.fingerprint().await.unwrap();
    store.set_webhooks(&[facts::snapshot(2, "beta"), facts::snapshot(1, "alpha")]).await.unwrap();
    let deliveries = [received(1, at(1)), received(2, at(2))];
    apply(&*store, DELIVERIES, deliveries.map(|delivery| Change::Delivery(Box::new(delivery)))).await;

    let webhooks = store.webhooks().await.unwrap();
    let counts: Vec<_> = webhooks.iter().map(|w| (w.slug.as_str(), w.deliveries, w.last_delivery_at)).collect();
    assert_eq!(counts, [("alpha", 2, Some(at(2))), ("beta", 0, None)]);
    assert_eq!(webhooks[0].snapshot, facts::snapshot(1, "alpha").hash().as_str());

    store.reset().await.unwrap();
    assert_eq!(store.fingerprint().await.unwrap(), empty);
    assert_eq!(store.checkpoint(DELIVERIES).await.unwrap(), None);
    assert_eq!(store.webhooks().await.unwrap().len(), 2);
    store.set_webhooks(&[]).await.unwrap();
    assert!(store.webhooks().await.unwrap().is_empty());
}

/// S7: four projectors, one a stream, at the same time.
pub async fn s7_streams_may_be_folded_at_the_same_time(harness: &dyn Harness) {
    let store = opened(harness).await;
    let deliveries: Vec<_> = (0..40).map(|n| received(n, at(n as i64))).collect();
    let requests: Vec<_> = deliveries.iter().map(|delivery| requested(delivery, "main")).collect();
    let entries = requests.iter().flat_map(|request| Journal::of(request).whole(RunOutcome::Completed).entries);
    let outcomes = deliveries.iter().zip(&requests).flat_map(|(delivery, request)| {
        let outcome = routed(delivery, std::slice::from_ref(request));
        [Change::Requested(Box::new(request.clone())), Change::Outcome(Box::new(outcome))]
    });
    let streams: [(&str, Vec<Change>); 4] = [
        (DELIVERIES, deliveries.iter().map(|delivery| Change::Delivery(Box::new(delivery.clone()))).collect()),
        (EVENTS, outcomes.collect()),
        (RUNS, entries.map(|entry| Change::Entry(Box::new(entry))).collect()),
        (facts::NOTICES, deliveries.iter().map(|d| Change::Notice(Box::new(facts::duplicate(d, at(99))))).collect()),
    ];
    let projectors: Vec<_> =
        streams.map(|(stream, changes)| tokio::spawn(project(store.clone(), stream, changes))).into();
    for projector in projectors {
        projector.await.unwrap();
    }
    let page = store.deliveries(&Default::default(), &PageRequest { limit: 200, cursor: None }).await.unwrap();
    assert_eq!(page.items.len(), 40);
    for row in page.items {
        assert_eq!((row.state.as_str(), row.runs, row.duplicates), ("completed", 1, 1), "{}", row.id);
    }
}

async fn project(store: Arc<dyn Store>, stream: &'static str, changes: Vec<Change>) {
    for chunk in changes.chunks(3) {
        apply(&*store, stream, chunk.iter().cloned()).await;
    }
}
