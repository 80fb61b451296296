//! The fold over tables in memory: quick enough for many histories, and a failing one is made small.

use std::collections::BTreeMap;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::Work;
use crate::apply::{Tables, apply};
use crate::conformance::history::{History, histories};
use crate::conformance::model;
use crate::port::{Applied, Batch, Checkpoint};
use crate::record::{DeliveryRecord, EventRecord, NoticeRecord, RequestRecord, RunRecord, Standing, StepRecord};
use crate::{StoreError, view};

/// Tables as maps.
#[derive(Debug, Default, Clone, PartialEq)]
struct Memory {
    checkpoints: BTreeMap<String, Checkpoint>,
    deliveries: BTreeMap<String, DeliveryRecord>,
    requests: BTreeMap<String, RequestRecord>,
    events: BTreeMap<(String, i64), EventRecord>,
    runs: BTreeMap<String, RunRecord>,
    steps: BTreeMap<(String, String), StepRecord>,
    notices: BTreeMap<(String, i64), NoticeRecord>,
}

#[async_trait]
impl Tables for Memory {
    async fn checkpoint(&mut self, stream: &str) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.checkpoints.get(stream).cloned())
    }

    async fn set_checkpoint(&mut self, stream: &str, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.checkpoints.insert(stream.to_owned(), checkpoint.clone());
        Ok(())
    }

    async fn deliveries(&mut self, ids: &[String]) -> Result<Vec<DeliveryRecord>, StoreError> {
        Ok(ids.iter().filter_map(|id| self.deliveries.get(id).cloned()).collect())
    }

    async fn runs(&mut self, ids: &[String]) -> Result<Vec<RunRecord>, StoreError> {
        Ok(ids.iter().filter_map(|id| self.runs.get(id).cloned()).collect())
    }

    async fn steps(&mut self, keys: &[(String, String)]) -> Result<Vec<StepRecord>, StoreError> {
        Ok(keys.iter().filter_map(|key| self.steps.get(key).cloned()).collect())
    }

    async fn standings(&mut self, deliveries: &[String]) -> Result<Vec<Standing>, StoreError> {
        let of = |run: &&RunRecord| run.delivery.as_ref().is_some_and(|id| deliveries.contains(id));
        Ok(self.runs.values().filter(of).map(Standing::from).collect())
    }

    async fn save(&mut self, work: &Work) -> Result<(), StoreError> {
        self.deliveries.extend(work.deliveries.changed().into_iter().map(|row| (row.id.clone(), row.clone())));
        self.runs.extend(work.runs.changed().into_iter().map(|row| (row.id.clone(), row.clone())));
        let steps = work.steps.changed().into_iter();
        self.steps.extend(steps.map(|row| ((row.run.clone(), row.key.clone()), row.clone())));
        for row in &work.requests {
            assert!(self.requests.insert(row.delivery.clone(), row.clone()).is_none(), "a request was written twice");
        }
        for row in &work.events {
            let key = (row.delivery.clone(), row.event_index);
            assert!(self.events.insert(key, row.clone()).is_none(), "an event was written twice");
        }
        for row in &work.notices {
            let key = (row.stream.clone(), row.seq);
            assert!(self.notices.insert(key, row.clone()).is_none(), "a notice was written twice");
        }
        Ok(())
    }
}

impl Memory {
    fn of(batches: Vec<Batch>) -> Self {
        let mut tables = Self::default();
        for batch in batches {
            tables.apply(batch);
        }
        tables
    }

    fn apply(&mut self, batch: Batch) -> Applied {
        // Maps never wait, so one poll is enough.
        match pin!(apply(self, batch)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(applied) => applied.unwrap(),
            Poll::Pending => panic!("tables in memory waited"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_interleaving_gives_the_rows_of_a_rebuild(history in histories(6)) {
        let rebuilt = Memory::of(history.at_once());
        prop_assert_eq!(Memory::of(history.batches), rebuilt);
    }

    #[test]
    fn repeating_the_whole_log_changes_nothing(history in histories(4)) {
        let mut tables = Memory::of(history.batches.clone());
        let before = tables.clone();
        for batch in history.batches {
            prop_assert_eq!(tables.apply(batch), Applied::Stale);
        }
        prop_assert_eq!(tables, before);
    }

    #[test]
    fn rows_say_what_the_facts_say(history in histories(6)) {
        let History { stories, batches, .. } = history;
        let tables = Memory::of(batches);
        for story in &stories {
            let row = tables.deliveries[story.received.delivery.as_str()].clone();
            prop_assert_eq!(view::delivery(row), model::delivery_row(story));
            for expected in model::run_rows(story) {
                prop_assert_eq!(view::run(tables.runs[&expected.id].clone()), expected);
            }
        }
    }
}
