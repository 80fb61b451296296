//! The ledger under clocks that differ, replicas that die, and compare-and-sets that come late.

use proptest::prelude::*;

use super::{Ledger, Limits, OnLimit};
use crate::time::Timestamp;

const SECOND: i64 = 1_000_000;
const START: i64 = 1_700_000_000 * SECOND;

/// One try of one replica. Times in microseconds.
#[derive(Debug, Clone)]
struct Try {
    /// When its clock is read.
    at: i64,
    /// How far its clock is from the time.
    skew: i64,
    /// From the reading to the compare-and-set.
    write: i64,
    /// From there to the spending.
    spend: i64,
    asked: u32,
    dies: bool,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = (0..200 * SECOND, 0..5_usize, 0..1_500_000_i64, 0..1_500_000_i64, 1..40_u32, 0..10_u32);
    let skews = prop::collection::vec(-SECOND..=SECOND, 5);
    (prop::collection::vec(one, 1..400), skews).prop_map(|(all, skews)| {
        let shape = |(at, replica, write, spend, asked, fate): (i64, usize, i64, i64, u32, u32)| {
            let (at, skew) = (START + at, skews[replica]);
            Try { at, skew, write, spend, asked, dies: fate == 0 }
        };
        all.into_iter().map(shape).collect()
    })
}

/// Plays the tries in the order of their writes and returns when each token was spent.
fn play(mut tries: Vec<Try>, limit: u32) -> Vec<i64> {
    tries.sort_by_key(|one| one.at + one.write);
    let (mut ledger, mut spent) = (Ledger::default(), Vec::new());
    for one in tries {
        let grant = ledger.grant(Timestamp::from_micros(one.at + one.skew), one.asked, limit);
        ledger = Ledger::from_bytes(&ledger.to_bytes()).unwrap();
        let took = one.write + one.spend;
        if !one.dies && took <= SECOND {
            spent.extend(std::iter::repeat_n(one.at + took, grant.tokens as usize));
        }
    }
    spent.sort_unstable();
    spent
}

/// The most within any 60 s: an oracle that knows nothing of slots.
fn fullest(spent: &[i64]) -> usize {
    let within = |from: usize| spent[from..].iter().take_while(|at| *at - spent[from] < 60 * SECOND).count();
    (0..spent.len()).map(within).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn no_window_ever_holds_more_than_the_limit(tries in tries(), limit in 1..200_u32) {
        prop_assert!(fullest(&play(tries, limit)) <= limit as usize);
    }

    #[test]
    fn any_bytes_are_a_ledger_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Ledger::from_bytes(&bytes);
    }
}

/// The oracle is not blind: with a horizon of the bare window, late spending would break the limit.
#[test]
fn the_oracle_sees_one_too_many() {
    assert_eq!(fullest(&[0, 1, 60 * SECOND - 1]), 3);
    assert_eq!(fullest(&[0, 60 * SECOND]), 1);
}

/// Three replicas ask for much more than there is, four minutes long.
#[test]
fn under_load_at_least_nine_tenths_are_used() {
    for limit in [60, 300, 600, 6_000] {
        let one = |n: i64| Try {
            at: START + n * 50_000,
            skew: (n % 3 - 1) * 900_000,
            write: 20_000,
            spend: 1_000,
            asked: limit / 30,
            dies: false,
        };
        let spent = play((0..4 * 60 * 20).map(one).collect(), limit);
        assert!(fullest(&spent) <= limit as usize);
        // After the first minute, which may take all at once, each minute on its own.
        for minute in 66..=(4 * 60 - 60) {
            let from = START + minute * SECOND;
            let used = spent.iter().filter(|at| (from..from + 60 * SECOND).contains(at)).count();
            assert!(used * 10 >= limit as usize * 9, "{used} of {limit} from second {minute} on");
        }
    }
}

#[test]
fn all_at_once_then_a_pause_then_evenly() {
    let at = |secs| Timestamp::from_micros(START + secs * SECOND);
    let mut ledger = Ledger::default();
    let first = ledger.grant(at(0), 100, 60);
    assert_eq!((first.tokens, first.more_at), (60, Some(at(64))));
    assert_eq!(ledger.grant(at(63), 100, 60).tokens, 0);
    let next = ledger.grant(at(64), 100, 60);
    assert_eq!((next.tokens, next.more_at), (1, Some(at(65))));
    assert!(ledger.is_pressed(at(64)) && !ledger.is_pressed(at(200)));
    assert_eq!(ledger.grant(at(200), 60, 60).tokens, 60, "nobody has waited for long");
}

#[test]
fn what_was_not_spent_is_there_again() {
    let now = Timestamp::from_micros(START);
    let mut ledger = Ledger::default();
    let grant = ledger.grant(now, 10, 10);
    ledger.give_back(grant.slot, 4);
    assert_eq!(ledger.grant(now, 10, 10).tokens, 4);
}

#[test]
fn a_lowered_limit_holds_at_once_and_reopens_when_enough_is_old() {
    let at = |secs| Timestamp::from_micros(START + secs * SECOND);
    let mut ledger = Ledger::default();
    assert_eq!((ledger.grant(at(0), 50, 100).tokens, ledger.grant(at(10), 50, 100).tokens), (50, 50));
    let refused = ledger.grant(at(20), 1, 10);
    assert_eq!((refused.tokens, refused.more_at), (0, Some(at(74))));
}

#[test]
fn a_clock_an_hour_ahead_does_not_close_the_limit_for_an_hour() {
    let at = |secs| Timestamp::from_micros(START + secs * SECOND);
    let mut ledger = Ledger::default();
    ledger.grant(at(3_600), 10, 10);
    assert_eq!(ledger.grant(at(0), 1, 10).tokens, 0);
    assert_eq!(ledger.grant(at(70), 1, 10).tokens, 1);
}

#[test]
fn limits_of_an_older_snapshot_are_none() {
    assert_eq!(serde_json::from_str::<Limits>("{}").unwrap(), Limits::default());
    assert!(!Limits::default().rejects() && !Limits::default().defers());
    let both = Limits { webhook: Some(60), global: Some(300), on_limit: OnLimit::Reject };
    assert_eq!(serde_json::from_value::<Limits>(serde_json::to_value(both).unwrap()).unwrap(), both);
}
