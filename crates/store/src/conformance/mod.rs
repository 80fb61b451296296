//! The suite that holds every engine to the store's promises S1 to S10. A failure found on one engine becomes a case
//! for all.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

mod bounds;
pub mod facts;
pub mod history;
mod lists;
mod migrations;
pub mod model;
mod odd;
mod rebuild;
mod retention;
mod rows;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Applied, Batch, Change, Store, StoreError};

pub use bounds::*;
pub use lists::*;
pub use migrations::*;
pub use odd::*;
pub use rebuild::*;
pub use retention::*;
pub use rows::*;

/// One empty database and what can be done to it. A case gets a harness of its own.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Another handle on the database, as another process would have. Its calls end within `deadline`.
    async fn open_within(&self, deadline: Duration) -> Result<Arc<dyn Store>, StoreError>;

    /// Ends the engine without warning and starts it again. Handles opened earlier may be lost.
    async fn crash(&self);

    /// Holds up every write (and, where the engine has such a lock, every read) until [`Self::resume`].
    async fn stall(&self);

    /// Lets calls go on.
    async fn resume(&self);

    /// Runs statements as they are.
    async fn execute(&self, sql: &str);

    /// Tables and rows as the first release left them, for [`Self::execute`].
    fn first_release(&self) -> &'static str;
}

/// One named test per case. `$harness` is a future of a [`Harness`]; `$own` one that may be crashed and stalled.
#[macro_export]
macro_rules! store_conformance {
    ($harness:expr, $own:expr) => {
        $crate::store_conformance! { @tests $harness =>
            s1_a_batch_that_is_cut_off_leaves_rows_and_checkpoint_together,
            s2_a_repeated_batch_changes_nothing,
            s2_an_overlapping_batch_adds_only_what_is_new,
            s3_a_lower_checkpoint_never_overwrites_a_higher_one,
            s3_two_projectors_of_one_stream_count_everything_once,
            s3_another_incarnation_changes_nothing,
            s3_a_batch_that_would_leave_a_hole_changes_nothing,
            s4_paging_deliveries_is_stable_while_rows_arrive,
            s4_paging_runs_is_stable_while_rows_arrive,
            s4_a_foreign_cursor_or_limit_is_invalid,
            s5_text_filters_are_exact,
            s5_time_filters_take_the_first_instant_and_not_the_last,
            s5_filters_of_runs_mean_what_they_say,
            s5_totals_count_what_the_filter_has,
            s6_odd_text_comes_back_as_it_was,
            s6_a_batch_comes_back_event_by_event,
            s6_a_large_body_comes_back_byte_for_byte,
            s7_any_interleaving_gives_the_rows_of_a_rebuild,
            s7_rows_say_what_the_facts_say,
            s7_steps_tell_a_run_as_it_happened,
            s7_a_delivery_ends_with_the_last_of_its_runs,
            s7_reset_keeps_the_mirror_of_the_configuration,
            s7_streams_may_be_folded_at_the_same_time,
            s8_retention_deletes_old_deliveries_with_all_that_is_theirs,
            s10_migrations_apply_on_an_empty_database_from_several_processes,
            s10_migrations_apply_on_the_first_release,
            s10_tables_of_a_newer_release_are_refused,
            s10_missing_tables_are_the_operator_s_to_mend,
        }
        $crate::store_conformance! { @tests $own =>
            s1_a_crash_leaves_rows_and_checkpoint_together,
            s9_every_call_on_a_stalled_engine_ends_as_transient,
        }
    };
    (@tests $harness:expr => $($case:ident,)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::conformance::$case(&$harness.await).await;
        }
    )+};
}

/// Long enough for a slow machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A handle on migrated tables.
async fn opened(harness: &dyn Harness) -> Arc<dyn Store> {
    let store = harness.open_within(DEADLINE).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// A batch of a stream that was never created again, for tables that are as far as need be.
pub fn batch(stream: &str, changes: Vec<(u64, Change)>) -> Batch {
    let upto = changes.last().map_or(0, |(seq, _)| *seq);
    Batch { stream: stream.to_owned(), incarnation: "first".to_owned(), after: 0, changes, upto }
}

/// Applies facts as one batch with the next positions.
async fn apply(store: &dyn Store, stream: &str, changes: impl IntoIterator<Item = Change>) -> Applied {
    let last = store.checkpoint(stream).await.unwrap().map_or(0, |checkpoint| checkpoint.seq);
    store.apply(batch(stream, (last + 1..).zip(changes).collect())).await.unwrap()
}
