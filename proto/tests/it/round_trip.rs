//! Any fact written and read again is the same fact, and its record is one the log takes.

use hookwheel_core::delivery::{Body, DeliveryKey};
use hookwheel_proto::{Fact, decode, kind, record};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;

use crate::generate::{delivery_outcome, delivery_received, entry, notice, run_requested, session};
use crate::{back, stored};

/// What brokers take as one message, headers included.
const MIB: usize = 1024 * 1024;

proptest! {
    #[test]
    fn deliveries(delivery in delivery_received()) {
        prop_assert_eq!(back(record::delivery_received(&delivery)), Fact::DeliveryReceived(delivery));
    }

    #[test]
    fn outcomes(outcome in delivery_outcome()) {
        prop_assert_eq!(back(record::delivery_outcome(&outcome)), Fact::DeliveryOutcome(outcome));
    }

    #[test]
    fn requests(request in run_requested()) {
        prop_assert_eq!(back(record::run_requested(&request)), Fact::RunRequested(request));
    }

    #[test]
    fn notices(notice in notice()) {
        prop_assert_eq!(back(record::notice(&notice, "n-1")), Fact::Notice(notice));
    }

    #[test]
    fn wakes(session in session()) {
        prop_assert_eq!(back(record::wake(&session, "w-1", None)), Fact::Wake(session));
    }

    #[test]
    fn entries(entry in entry()) {
        prop_assert_eq!(back(record::run_entry(&entry, 0)), Fact::RunEntry(entry));
    }

    #[test]
    fn any_bytes_are_read_or_refused(session in session(), kind in select(&kind::KINDS), bytes in vec(any::<u8>(), 0..200)) {
        let mut record = stored(record::wake(&session, "w-1", None));
        record.headers[0].1 = kind.into();
        record.payload = bytes.into();
        let _ = decode(&record);
    }
}

#[test]
fn the_largest_delivery_fits_into_a_message() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut delivery = delivery_received().new_tree(&mut runner).unwrap().current();
    delivery.body = Body::Inline(vec![7; record::MAX_INLINE_BODY].into());
    delivery.headers = vec![("x-long".into(), vec![b'x'; 8 * 1024 - 8]); 4];
    delivery.key = DeliveryKey::new(&delivery.webhook, "k".repeat(255));
    let record = record::delivery_received(&delivery);
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    assert!(record.payload.len() + headers + record.subject.as_str().len() < MIB);
}
