//! Which test proves which row of the table of bad input.

/// What proves a row.
enum Proof {
    /// This test, in this file beside this one.
    By(&'static str, &'static str),
    /// This test, in this file of the workspace: nothing that a request could show.
    Elsewhere(&'static str, &'static str),
    /// Nothing to prove: what the row is about is not offered, and refused as such by the test of that row.
    NotOffered(u8),
}
use Proof::{By, Elsewhere, NotOffered};

#[rustfmt::skip]
const ROWS: &[(&[u8], Proof)] = &[
    (&[1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18], By("framing", "what_is_no_request_is_answered_400_and_closed")),
    (&[4, 5], By("framing", "who_says_nothing_or_half_a_head_is_cut_off")),
    (&[15], By("framing", "a_signature_in_the_trailers_is_none")),
    (&[19, 20, 22], By("routes", "paths_are_never_decoded")),
    (&[21], By("routes", "nobody_can_tell_an_unknown_webhook_from_a_disabled_one")),
    (&[23, 24], By("routes", "only_post_delivers")),
    (&[25, 26, 27], By("routes", "large_bodies_are_refused_before_and_while_they_are_read")),
    (&[28], By("routes", "compressed_bodies_are_refused")),
    (&[29, 30], NotOffered(28)),
    (&[31], By("framing", "a_body_that_ends_early_stores_nothing")),
    (&[32, 33], By("framing", "a_body_that_stalls_or_trickles_is_answered_408_and_closed")),
    (&[34], By("gates", "row_34_an_address_that_is_not_allowed_hears_403")),
    (&[35], By("gates", "row_35_a_forwarded_address_is_believed_from_trusted_proxies_only")),
    (&[36], By("gates", "row_36_a_v4_peer_in_v6_clothes_is_matched_as_v4")),
    (&[37, 38, 39, 40, 41, 42, 43, 51], By("auth", "a_github_signature_is_right_or_401")),
    (&[44, 45, 46], By("hostile", "a_list_of_signatures_is_read_to_its_bound_and_no_further")),
    (&[47, 48, 49, 50], By("hostile", "a_signed_time_is_near_ours_on_both_sides")),
    (&[52], By("gates", "row_52_a_body_that_came_before_under_another_id_is_a_repeat")),
    (&[54], Elsewhere("crates/hookwheel/tests/it/secrets.rs", "a_given_secret_is_kept_byte_for_byte_and_looked_at")),
    (&[53], By("sealed", "row_53_a_previous_secret_is_accepted_until_its_end_and_counted")),
    (&[54], By("sealed", "row_54_a_secret_is_what_was_saved_byte_for_byte")),
    (&[55, 56, 57], By("auth", "tokens_are_exact_and_never_from_the_url")),
    (&[58], By("sealed", "row_58_a_secret_that_cannot_be_opened_is_ours_to_mend_and_the_others_still_work")),
    (&[59], By("gates", "row_59_a_source_that_fails_and_fails_is_slowed_down_and_whoever_was_believed_is_not")),
    (&[60, 61, 62, 63, 64, 65, 66, 67, 69, 70, 71, 77], By("meaning", "a_body_means_something_or_is_refused")),
    (&[71], Elsewhere("services/normalizer/tests/it/plan.rs", "a_body_that_names_something_twice_is_marked")),
    (&[68], By("hostile", "what_is_nearly_json_is_none")),
    (&[72], By("hostile", "numbers_stay_the_text_they_are")),
    (&[73], By("hostile", "any_value_is_a_generic_delivery_and_only_an_object_a_providers")),
    (&[74], By("hostile", "a_million_keys_are_read_in_one_pass")),
    (&[75, 76], By("hostile", "strings_may_hold_anything_and_none_of_it_is_logged")),
    (&[78, 79], By("hostile", "unknown_events_and_odd_ids_are_deliveries_too")),
    (&[80], By("hostile", "a_challenge_is_repeated_as_text_to_who_can_sign")),
    (&[81], By("gates", "row_81_over_the_limit_a_sender_is_told_to_come_back_and_nothing_is_stored")),
    (&[82], By("gates", "row_82_repeats_and_filtered_ones_use_up_nothing_and_are_taken_over_the_limit")),
    (&[83], By("faults", "a_log_that_is_away_is_503_with_retry_after")),
    (&[84], By("faults", "draining_ends_what_runs_and_sends_away_what_comes")),
];

#[test]
fn every_row_has_a_test_that_is_there() {
    let mut numbers: Vec<u8> = ROWS.iter().flat_map(|(numbers, _)| numbers.iter().copied()).collect();
    numbers.sort_unstable();
    numbers.dedup(); // some have a part that only another test can show
    assert_eq!(numbers, (1..=84).collect::<Vec<_>>());
    for (numbers, proof) in ROWS {
        match proof {
            By(file, test) => {
                let file = format!("services/ingress/tests/it/{file}.rs");
                assert!(
                    has_test(&file, "#[tokio::test]\nasync fn", test),
                    "rows {numbers:?}: {file} has no test {test}"
                );
            }
            Elsewhere(file, test) => {
                assert!(has_test(file, "#[test]\nfn", test), "rows {numbers:?}: {file} has no test {test}");
            }
            NotOffered(by) => {
                let proved = ROWS.iter().any(|(others, proof)| others.contains(by) && matches!(proof, By(..)));
                assert!(proved, "rows {numbers:?} lean on row {by}");
            }
        }
    }
}

fn has_test(file: &str, begins: &str, name: &str) -> bool {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let source = std::fs::read_to_string(format!("{root}/{file}")).unwrap_or_default();
    source.contains(&format!("\n{begins} {name}()"))
}
