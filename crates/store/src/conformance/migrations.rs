//! S10: migrations.

use hookwheel_core::journal::RunOutcome;

use super::facts::{self, DELIVERIES, EVENTS, Journal, NOTICES, RUNS, at, received, requested, routed};
use super::{Harness, batch, opened};
use crate::{Applied, Batch, Change, PageRequest, StoreError};

/// S10: several processes start at once on nothing; and again on what they made.
pub async fn s10_migrations_apply_on_an_empty_database_from_several_processes(harness: &dyn Harness) {
    for _ in 0..2 {
        let handles: Vec<_> = [opened(harness), opened(harness), opened(harness), opened(harness)].into();
        for store in futures::future::join_all(handles).await {
            assert_eq!(store.checkpoint(DELIVERIES).await.unwrap(), None);
        }
    }
}

/// S10: the first release's tables become today's with their rows, which are those of a rebuild.
pub async fn s10_migrations_apply_on_the_first_release(harness: &dyn Harness) {
    harness.execute(harness.first_release()).await;
    let store = opened(harness).await;
    let migrated = store.fingerprint().await.unwrap();
    for batch in first_release_batches() {
        assert_eq!(store.apply(batch).await.unwrap(), Applied::Stale);
    }
    let detail = store.delivery(received(1, at(1)).delivery.as_str()).await.unwrap().unwrap();
    assert_eq!((detail.row.state.as_str(), detail.row.duplicates), ("completed", 1));
    store.reset().await.unwrap();
    for batch in first_release_batches() {
        store.apply(batch).await.unwrap();
    }
    assert_eq!(store.fingerprint().await.unwrap(), migrated);
}

/// What the first release's dump was made of. It never changes.
pub fn first_release_batches() -> Vec<Batch> {
    let deliveries = [received(1, at(1)), received(2, at(2)), received(3, at(3))];
    let request = requested(&deliveries[0], "main");
    let filtered = hookwheel_core::event::Normalized::Filtered { event: facts::event(), clause: "denied".into() };
    let entries = Journal::of(&request).started().claimed().asked(1, 1).answered(1, 1, 1).called(1, 0, 1);
    let entries = entries.returned(1, 0, 1, hookwheel_core::journal::ToolStatus::Ok).asked(2, 1).answered(2, 1, 0);
    let entries = entries.finished(RunOutcome::Completed).entries;
    let numbered = |stream, changes: Vec<Change>| batch(stream, (1..).zip(changes).collect());
    vec![
        numbered(
            EVENTS,
            vec![
                Change::Requested(Box::new(request.clone())),
                Change::Outcome(Box::new(routed(&deliveries[0], &[request]))),
                Change::Outcome(Box::new(facts::outcome(&deliveries[1], filtered))),
            ],
        ),
        numbered(RUNS, entries.into_iter().map(|entry| Change::Entry(Box::new(entry))).collect()),
        numbered(
            NOTICES,
            vec![
                Change::Notice(Box::new(facts::duplicate(&deliveries[0], at(5)))),
                Change::Notice(Box::new(facts::rejected(1, at(6)))),
            ],
        ),
        numbered(DELIVERIES, deliveries.map(|delivery| Change::Delivery(Box::new(delivery))).into()),
    ]
}

/// S10: an old release does not touch a newer one's tables, and says who should.
pub async fn s10_tables_of_a_newer_release_are_refused(harness: &dyn Harness) {
    opened(harness).await;
    harness
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             select 9999, description, success, checksum, execution_time from _sqlx_migrations where version = 1",
        )
        .await;
    let store = harness.open_within(super::DEADLINE).await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(&error, StoreError::Unfit(text) if text.contains("newer release")), "{error}");
}

/// S10: without tables the text names the command that makes them.
pub async fn s10_missing_tables_are_the_operator_s_to_mend(harness: &dyn Harness) {
    let store = harness.open_within(super::DEADLINE).await.unwrap();
    let page = PageRequest { limit: 1, cursor: None };
    for error in [
        store.checkpoint(DELIVERIES).await.err(),
        store.deliveries(&Default::default(), &page).await.err(),
        store.apply(batch(DELIVERIES, Vec::new())).await.err(),
    ] {
        let error = error.unwrap();
        assert!(matches!(&error, StoreError::Unfit(text) if text.contains("hookwheel migrate")), "{error}");
        assert!(!error.is_transient());
    }
}
