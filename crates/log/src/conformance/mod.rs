//! The numbered promises L1 to L17 as test cases, run against every back end.
//!
//! A back end's tests implement [`Harness`] and say [`log_conformance!`](crate::log_conformance): one named test per
//! case. The number in a case's name is the promise it proves. A bug found in one back end becomes a case for all.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed case")]

pub mod append;
pub mod batch;
pub mod blob;
pub mod bounds;
pub mod bucket;
pub mod consumer;
pub mod expect;
pub mod group;
mod harness;
mod kit;
pub mod read;

use std::time::Duration;

pub use harness::{ACK_WAIT, Harness, layout, layout_with};

/// No case may take longer than this, whatever goes wrong.
pub const CASE_BOUND: Duration = Duration::from_secs(180);

/// Runs one case, bounded.
pub async fn bounded(case: impl Future<Output = ()>) {
    assert!(tokio::time::timeout(CASE_BOUND, case).await.is_ok(), "the case did not end within {CASE_BOUND:?}");
}

/// One named test for each case of the suite. Takes the path of an async fn that starts a fresh [`Harness`]:
///
/// ```ignore
/// mod embedded { hookwheel_log::log_conformance!(super::EmbeddedHarness::start); }
/// ```
#[macro_export]
macro_rules! log_conformance {
    ($start:path) => {
        $crate::log_conformance! { @cases $start;
            append: l01_an_acknowledged_append_survives_kill_9;
            append: l01_an_orderly_restart_keeps_every_record;
            expect: l02_sixty_four_writers_of_an_empty_subject_store_one_record;
            expect: l02_a_kept_subject_is_not_empty_after_a_crash;
            append: l03_records_of_one_subject_keep_append_order;
            append: l03_a_batch_keeps_its_order;
            consumer: l04_an_unacknowledged_record_comes_back_with_its_attempt_count;
            consumer: l04_a_new_record_wakes_a_waiting_member;
            consumer: l05_acknowledging_twice_is_harmless;
            consumer: l06_a_restarted_consumer_resumes_at_what_was_not_acknowledged;
            consumer: l06_a_crash_skips_nothing;
            consumer: l06_a_consumer_sees_only_its_subjects;
            group: l07_two_members_never_hold_one_record;
            group: l07_a_group_holds_no_more_than_its_limit;
            group: l07_depth_tells_how_far_behind_a_group_is;
            group: l08_progress_delays_redelivery;
            group: l08_a_delayed_nak_is_honoured;
            group: l08_a_plain_nak_comes_back_at_once;
            group: l09_after_the_attempt_limit_a_record_is_parked;
            group: l09_a_holder_can_park_a_record;
            group: l09_a_reader_can_park_a_record;
            read: l10_reading_returns_the_bytes_that_were_appended;
            read: l10_a_read_begins_at_its_position_and_ends_at_its_limit;
            read: l10_the_last_record_of_a_subject_is_never_stale;
            read: l10_a_tail_follows_through_a_cut;
            read: l10_a_stream_keeps_its_identity_and_bounds;
            bounds: l11_a_stopped_log_is_a_transient_error_in_bounded_time;
            bounds: l11_a_full_stream_is_a_transient_error_and_drops_nothing;
            bounds: l11_a_rolling_stream_drops_its_oldest_records;
            bounds: l11_a_record_that_can_never_be_taken_is_not_transient;
            bounds: l11_a_healthy_log_passes_its_check;
            append: l12_a_cancelled_append_leaves_one_record_or_none;
            expect: l13_a_retried_append_is_already_there;
            expect: l13_a_retried_single_writer_append_is_already_there;
            expect: l14_a_stale_expectation_is_a_conflict_and_writes_nothing;
            expect: l14_of_two_racing_writers_one_wins_each_position;
            batch: l15_each_record_of_a_batch_has_its_own_outcome;
            batch: l15_a_conflict_in_a_batch_stops_only_its_record;
            batch: l15_concurrent_batches_with_shared_keys_store_each_once;
            batch: l15_an_empty_batch_has_no_outcomes;
            bucket: l16_a_key_is_created_once_and_updated_by_its_revision;
            bucket: l16_sixteen_creators_of_one_key_have_one_winner;
            bucket: l16_a_removed_key_can_be_created_again;
            bucket: l16_a_key_expires_after_its_ttl;
            bucket: l16_keys_survive_a_crash;
            bucket: l16_a_watch_survives_a_cut;
            blob: l17_the_same_bytes_have_the_same_address;
            blob: l17_an_empty_blob_is_a_blob;
            blob: l17_a_large_blob_comes_back_whole_after_a_crash;
            blob: l17_a_missing_blob_is_an_error;
            blob: l17_a_half_written_blob_is_missing_until_it_is_put_again;
        }
    };
    (@cases $start:path; $($file:ident: $case:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                // Harnesses may share a log and wait for each other: the bound is for the case alone.
                let harness = $start().await;
                $crate::conformance::bounded($crate::conformance::$file::$case(&harness)).await;
            }
        )+
    };
}
