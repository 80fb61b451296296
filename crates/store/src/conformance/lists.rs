//! S4 and S5: pages and filters.

use std::collections::BTreeSet;

use hookwheel_core::journal::RunOutcome;
use hookwheel_core::{AgentName, EntityKey};

use super::facts::{self, DELIVERIES, EVENTS, Journal, RUNS, at, received, requested};
use super::{Harness, apply, opened};
use crate::{Change, DeliveryFilter, PageRequest, RunFilter, StoreError};

/// S4: whoever turns the pages sees every delivery that was there at the start once, in order, whatever arrives.
pub async fn s4_paging_deliveries_is_stable_while_rows_arrive(harness: &dyn Harness) {
    let store = opened(harness).await;
    // Groups of five share a microsecond, so that ids must break ties.
    let change = |n: u64| Change::Delivery(Box::new(received(n, at(n as i64 / 5))));
    apply(&*store, DELIVERIES, (0..53).map(change)).await;
    let expected: Vec<String> = (0..53).rev().map(|n| received(n, at(n as i64 / 5)).delivery.to_string()).collect();

    let mut seen = Vec::new();
    let mut page = PageRequest { limit: 7, cursor: None };
    for turn in 0.. {
        let got = store.deliveries(&DeliveryFilter::default(), &page).await.unwrap();
        assert!(got.items.len() <= 7);
        seen.extend(got.items.into_iter().map(|row| row.id));
        let Some(cursor) = got.next_cursor else { break };
        page.cursor = Some(cursor);
        // Newer ones, and one that shares its microsecond with a page that has been read.
        let newer = [change(1_000 + turn), Change::Delivery(Box::new(received(2_000 + turn, at(10))))];
        apply(&*store, DELIVERIES, newer).await;
    }
    let mut known = seen.clone();
    known.retain(|id| expected.contains(id));
    assert_eq!(known, expected);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "a row came twice");
}

/// S4: the same for runs, though what is known of a run grows meanwhile.
pub async fn s4_paging_runs_is_stable_while_rows_arrive(harness: &dyn Harness) {
    let store = opened(harness).await;
    // The request knows microseconds, the journal's first entry only the id's milliseconds.
    let exact = |n: u64| {
        let mut delivery = received(n, at(n as i64 / 4));
        let micros = delivery.received_at.micros() + 999 - n as i64;
        delivery.received_at = hookwheel_core::Timestamp::from_micros(micros);
        delivery
    };
    let runs: Vec<_> = (0..40).map(|n| requested(&exact(n), "main")).collect();
    apply(&*store, RUNS, runs.iter().map(|run| Change::Entry(Box::new(Journal::of(run).started().entries.remove(0)))))
        .await;

    let mut seen = Vec::new();
    let mut page = PageRequest { limit: 6, cursor: None };
    let mut requests = runs.iter();
    loop {
        let got = store.runs(&RunFilter::default(), &page).await.unwrap();
        seen.extend(got.items.into_iter().map(|row| row.id));
        let Some(cursor) = got.next_cursor else { break };
        page.cursor = Some(cursor);
        let some = requests.by_ref().take(6).map(|run| Change::Requested(Box::new(run.clone())));
        apply(&*store, EVENTS, some.collect::<Vec<_>>()).await;
    }
    assert_eq!(seen.len(), 40);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 40);
    let newest = store.run(&seen[0]).await.unwrap().unwrap().row;
    let oldest = store.run(&seen[39]).await.unwrap().unwrap().row;
    assert!(newest.received_at > oldest.received_at);
}

/// S4: cursors and limits that this store did not make.
pub async fn s4_a_foreign_cursor_or_limit_is_invalid(harness: &dyn Harness) {
    let store = opened(harness).await;
    apply(&*store, DELIVERIES, (0..3).map(|n| Change::Delivery(Box::new(received(n, at(n as i64)))))).await;
    let list = async |page: PageRequest| store.deliveries(&DeliveryFilter::default(), &page).await;
    let cursor = list(PageRequest { limit: 1, cursor: None }).await.unwrap().next_cursor.unwrap();

    let damaged = format!("{}!", &cursor[..cursor.len() - 1]);
    for foreign in ["", "0", "' or 1=1 --", "MTIzIGRsdl8", damaged.as_str(), &"A".repeat(100_000)] {
        let error = list(PageRequest { limit: 1, cursor: Some(foreign.into()) }).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid(_)) && !error.is_transient(), "{foreign}: {error}");
    }
    let error = store.runs(&RunFilter::default(), &PageRequest { limit: 1, cursor: Some(cursor) }).await.unwrap_err();
    assert!(matches!(error, StoreError::Invalid(_)), "{error}");
    for limit in [0, 201, u32::MAX] {
        let error = list(PageRequest { limit, cursor: None }).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid(_)), "{limit}: {error}");
    }
}

/// S5: no case folding, no wildcards, no prefixes, no trimming, and what is unknown equals nothing.
pub async fn s5_text_filters_are_exact(harness: &dyn Harness) {
    let store = opened(harness).await;
    let types = ["push", "Push", "push ", "pus", "p%", "p_sh", "push\0", "push\u{1a}0", "pùsh", "pu\u{300}sh", "", "'"];
    for (n, event_type) in (0..).zip(types) {
        let delivery = received(n, at(n as i64));
        let event = hookwheel_core::event::Event { event_type: Some(event_type.into()), ..facts::event() };
        let outcome = hookwheel_core::event::Normalized::Filtered { event, clause: "denied".into() };
        apply(&*store, DELIVERIES, [Change::Delivery(Box::new(delivery.clone()))]).await;
        apply(&*store, EVENTS, [Change::Outcome(Box::new(facts::outcome(&delivery, outcome)))]).await;
    }
    apply(&*store, DELIVERIES, [Change::Delivery(Box::new(received(99, at(99))))]).await;

    let found = async |filter: DeliveryFilter| -> Vec<Option<String>> {
        let page = store.deliveries(&filter, &PageRequest { limit: 200, cursor: None }).await.unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|row| row.event_type).collect()
    };
    for event_type in types {
        let filter = DeliveryFilter { event_type: Some(event_type.into()), ..Default::default() };
        assert_eq!(found(filter).await, [Some(event_type.to_owned())]);
    }
    for absent in ["PUSH", "pu", "%", "null", "push\n"] {
        let filter = DeliveryFilter { event_type: Some(absent.into()), ..Default::default() };
        assert!(found(filter).await.is_empty(), "{absent}");
    }
    let state = |state: &str| DeliveryFilter { state: Some(state.into()), ..Default::default() };
    assert_eq!(found(state("received")).await, [None]);
    assert_eq!(found(state("filtered")).await.len(), types.len());
    assert!(found(state("Filtered")).await.is_empty());

    let all_of_it = DeliveryFilter {
        webhook: Some(facts::webhook(1).to_string()),
        source: Some("github".into()),
        state: Some("filtered".into()),
        event_type: Some("push".into()),
        entity: Some("github:o/r:issue:7".into()),
        since: Some(at(0)),
        until: Some(at(1)),
    };
    assert_eq!(found(all_of_it.clone()).await, [Some("push".to_owned())]);
    assert!(found(DeliveryFilter { source: Some("GitHub".into()), ..all_of_it }).await.is_empty());
}

/// S5: microseconds of UTC, whatever the engine's time zone.
pub async fn s5_time_filters_take_the_first_instant_and_not_the_last(harness: &dyn Harness) {
    let store = opened(harness).await;
    let micros = |n: i64| hookwheel_core::Timestamp::from_micros(at(0).micros() + n);
    apply(&*store, DELIVERIES, (0..5).map(|n| Change::Delivery(Box::new(received(n, micros(n as i64)))))).await;
    for (since, until, expected) in [
        (None, None, vec![4, 3, 2, 1, 0]),
        (Some(2), None, vec![4, 3, 2]),
        (None, Some(2), vec![1, 0]),
        (Some(1), Some(3), vec![2, 1]),
        (Some(3), Some(3), vec![]),
        (Some(i64::MIN / 2), Some(i64::MAX / 2), vec![4, 3, 2, 1, 0]),
    ] {
        let filter = DeliveryFilter { since: since.map(micros), until: until.map(micros), ..Default::default() };
        let page = store.deliveries(&filter, &PageRequest { limit: 10, cursor: None }).await.unwrap();
        let times: Vec<i64> = page.items.iter().map(|row| row.received_at.micros() - at(0).micros()).collect();
        assert_eq!(times, expected, "{since:?} {until:?}");
    }
}

/// S5: each filter of runs, alone.
pub async fn s5_filters_of_runs_mean_what_they_say(harness: &dyn Harness) {
    let store = opened(harness).await;
    let deliveries: Vec<_> = (0..4).map(|n| received(n, at(n as i64))).collect();
    let mut runs: Vec<_> = deliveries.iter().map(|delivery| requested(delivery, "main")).collect();
    runs[1].agent = AgentName::parse("Triager".to_lowercase() + "-2").unwrap();
    runs[2].webhook = facts::webhook(2);
    runs[3].entity = EntityKey::parse("other").ok();
    runs[3].session = hookwheel_core::SessionId::derive(&facts::webhook(3), "a", "b");
    apply(&*store, EVENTS, runs.iter().map(|run| Change::Requested(Box::new(run.clone())))).await;
    let journal = Journal::of(&runs[0]).whole(RunOutcome::MaxTurns).entries;
    apply(&*store, RUNS, journal.into_iter().map(|entry| Change::Entry(Box::new(entry)))).await;

    let found = async |filter: RunFilter| -> Vec<usize> {
        let page = store.runs(&filter, &PageRequest { limit: 200, cursor: None }).await.unwrap();
        let place = |id: &str| runs.iter().position(|run| run.run.as_str() == id).unwrap();
        page.items.iter().map(|row| place(&row.id)).collect()
    };
    let any = RunFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(any()).await, [3, 2, 1, 0]);
    assert_eq!(found(RunFilter { agent: text("triager"), ..any() }).await, [3, 2, 0]);
    assert_eq!(found(RunFilter { webhook: text(facts::webhook(2).as_str()), ..any() }).await, [2]);
    assert_eq!(found(RunFilter { state: text("max_turns"), ..any() }).await, [0]);
    assert_eq!(found(RunFilter { state: text("requested"), ..any() }).await, [3, 2, 1]);
    assert_eq!(found(RunFilter { delivery: text(deliveries[1].delivery.as_str()), ..any() }).await, [1]);
    assert_eq!(found(RunFilter { session: text(runs[3].session.as_str()), ..any() }).await, [3]);
    assert_eq!(found(RunFilter { since: Some(at(1)), until: Some(at(3)), ..any() }).await, [2, 1]);
}

/// S5: the total is the filter's, not the page's.
pub async fn s5_totals_count_what_the_filter_has(harness: &dyn Harness) {
    let store = opened(harness).await;
    let delivery = |n: u64| {
        let mut delivery = received(n, at(n as i64));
        delivery.webhook = facts::webhook(n % 3);
        Change::Delivery(Box::new(delivery))
    };
    apply(&*store, DELIVERIES, (0..100).map(delivery)).await;
    let filter = DeliveryFilter { webhook: Some(facts::webhook(0).to_string()), ..Default::default() };
    let page = store.deliveries(&filter, &PageRequest { limit: 5, cursor: None }).await.unwrap();
    assert_eq!((page.items.len(), page.total), (5, 34));
    let page = PageRequest { limit: 5, cursor: page.next_cursor };
    assert_eq!(store.deliveries(&filter, &page).await.unwrap().total, 34);
}
