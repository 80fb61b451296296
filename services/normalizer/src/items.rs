//! A delivery that is a batch: each event on its own, together within the limits of one record. Pure.
//!
//! The outcome of a delivery is one record and must stay under 1 MiB. At most [`MAX_EVENTS`] events of a delivery are
//! looked at and at most [`MAX_RUNS`] runs are started; how many events that left out stands in a last result of its own.
//! The summaries of the first events are kept in the record, up to [`MAX_SUMMARIES`] bytes; each run's message has its own
//! event's summary whole.

use hookwheel_core::event::{Event, Normalized};

use crate::event::Translated;

/// Most events of a delivery that are looked at.
const MAX_EVENTS: usize = 500;
/// Most runs a batch starts.
const MAX_RUNS: usize = 2_000;
/// Most bytes of summaries in the outcome.
const MAX_SUMMARIES: usize = 256 * 1024;
/// Most bytes of any other text of the sender's, or of a clause, in the outcome; an entity key has its own cap.
const MAX_TEXT: usize = 200;

/// Translates each of the events. Returns what the whole comes to, and each event's own result. `whole` is what the
/// delivery means.
pub(crate) fn translate(
    whole: Event,
    events: Vec<Event>,
    one: impl Fn(u32, Event) -> Translated,
) -> (Translated, Vec<Normalized>) {
    let (total, mut room) = (events.len(), MAX_SUMMARIES);
    let (mut results, mut requests, mut filter_errors) = (Vec::new(), Vec::new(), Vec::new());
    for (index, event) in (0..).zip(events.into_iter().take(MAX_EVENTS)) {
        let translated = one(index, event);
        if requests.len() + translated.requests.len() > MAX_RUNS {
            break;
        }
        results.push(lean(translated.result, &mut room));
        requests.extend(translated.requests);
        filter_errors.extend(translated.filter_errors);
    }
    if results.len() < total {
        results.push(Normalized::Unroutable { reason: left_out(total - results.len(), total) });
    }
    let result = if requests.is_empty() {
        Normalized::Filtered { event: whole, clause: no_run(&results) }
    } else {
        Normalized::Routed { event: whole, runs: requests.iter().map(|request| request.run.clone()).collect() }
    };
    (Translated { result, requests, filter_errors }, results)
}

fn left_out(count: usize, total: usize) -> String {
    format!(
        "{count} of {total} events are over the limit of {MAX_EVENTS} events and {MAX_RUNS} runs in one delivery; they \
         started nothing and stay in its body"
    )
}

/// Why no event of the batch starts a run: their reason if they share one, else the first one's.
fn no_run(results: &[Normalized]) -> String {
    let Some(first) = results.first() else { return "a batch without events".into() };
    let first = reason(first);
    if results.iter().all(|result| reason(result) == first) {
        return first.to_owned();
    }
    format!("none of {} events starts a run; the first: {first}", results.len())
}

fn reason(result: &Normalized) -> &str {
    match result {
        Normalized::Routed { .. } => "",
        Normalized::Filtered { clause, .. } => clause,
        Normalized::Unroutable { reason } => reason,
    }
}

/// The result, small enough to stand beside hundreds of others.
fn lean(mut result: Normalized, room: &mut usize) -> Normalized {
    if let Normalized::Filtered { clause, .. } = &mut result {
        cut(clause);
    }
    if let Normalized::Routed { event, .. } | Normalized::Filtered { event, .. } = &mut result {
        event.event_type.as_mut().into_iter().chain(event.actor.as_mut()).for_each(cut);
        // Names and lengths take a few bytes of their own.
        let summary = event.summary.iter().map(|field| field.name.len() + field.value.len() + 16).sum();
        match room.checked_sub(summary) {
            Some(left) => *room = left,
            None => event.summary.clear(),
        }
    }
    result
}

fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
}

#[cfg(test)]
mod tests {
    use hookwheel_core::event::{DeliveryOutcome, Field};
    use hookwheel_core::ids::EventId;
    use hookwheel_core::ids::{DeliveryId, EntityKey, RunId, WebhookId};
    use hookwheel_core::time::Timestamp;
    use hookwheel_proto::record;
    use proptest::prelude::*;

    use super::*;

    /// Each event with its outcome: so many routes take it, or this clause stops it.
    type Fate = Result<usize, &'static str>;

    fn batch(fates: &[Fate], event: &Event) -> (Translated, Vec<Normalized>) {
        let one = |index: u32, event: Event| match fates[index as usize] {
            Ok(routes) => routed(index, event, routes),
            Err(clause) => Translated {
                result: Normalized::Filtered { event, clause: clause.into() },
                requests: vec![],
                filter_errors: vec![],
            },
        };
        translate(event.clone(), vec![event.clone(); fates.len()], one)
    }

    fn routed(index: u32, event: Event, routes: usize) -> Translated {
        let requests: Vec<_> = (0..routes).map(|route| request(index, route)).collect();
        let runs = requests.iter().map(|request| request.run.clone()).collect();
        Translated { result: Normalized::Routed { event, runs }, requests, filter_errors: vec![] }
    }

    fn whole(clause: &[Fate]) -> Normalized {
        batch(clause, &Event::default()).0.result
    }

    #[test]
    fn a_batch_is_routed_with_the_runs_of_all_its_events_in_order() {
        let (together, results) = batch(&[Err("denied"), Ok(2), Ok(1)], &Event::default());
        let Normalized::Routed { runs, .. } = together.result else { panic!() };
        assert_eq!(runs, together.requests.iter().map(|request| request.run.clone()).collect::<Vec<_>>());
        assert_eq!(
            together.requests.iter().map(|request| request.event_index).collect::<Vec<_>>(),
            [Some(1), Some(1), Some(2)]
        );
        let lengths =
            results.iter().map(|result| if let Normalized::Routed { runs, .. } = result { runs.len() } else { 0 });
        assert_eq!(lengths.collect::<Vec<_>>(), [0, 2, 1]);
    }

    #[test]
    fn a_batch_that_starts_nothing_says_why() {
        let clause = |fates| if let Normalized::Filtered { clause, .. } = whole(fates) { clause } else { panic!() };
        assert_eq!(clause(&[Err("denied"), Err("denied")]), "denied");
        assert_eq!(clause(&[Err("denied"), Err("other")]), "none of 2 events starts a run; the first: denied");
        assert_eq!(clause(&[]), "a batch without events");
        assert!(clause(&[Ok(MAX_RUNS + 1)]).starts_with("1 of 1 events are over the limit"));
    }

    #[test]
    fn what_is_over_a_limit_is_counted_in_a_last_result() {
        let last = |results: &[Normalized]| reason(results.last().unwrap()).to_owned();
        let (together, results) = batch(&[Ok(1); MAX_EVENTS + 7], &Event::default());
        assert_eq!((together.requests.len(), results.len()), (MAX_EVENTS, MAX_EVENTS + 1));
        assert!(last(&results).starts_with("7 of 507 events are over the limit of 500 events and 2000 runs"));
        let (together, results) = batch(&[Ok(300); 10], &Event::default());
        assert_eq!((together.requests.len(), results.len()), (1_800, 7));
        assert!(last(&results).starts_with("4 of 10 events"));
        assert_eq!(batch(&[Ok(1); MAX_EVENTS], &Event::default()).1.len(), MAX_EVENTS);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_largest_outcome_fits_into_a_record(
            routes in 0..5_usize, long in "\\PC{0,400}", fields in 0..12_usize, value in "\\PC{0,2000}",
        ) {
            let event = Event {
                event_type: Some(long.clone()),
                entity: EntityKey::parse("e".repeat(256)).ok(),
                actor: Some(long.repeat(8)),
                summary: vec![Field { name: "a field".into(), value }; fields],
            };
            let clause: &'static str = Box::leak(long.repeat(4).into_boxed_str());
            let fate = if routes == 0 { Err(clause) } else { Ok(routes) };
            let (together, events) = batch(&vec![fate; 600], &event);
            let outcome = DeliveryOutcome {
                delivery: delivery(),
                webhook: webhook(),
                received_at: Timestamp::from_micros(i64::MAX),
                result: together.result,
                events,
            };
            let size = record::delivery_outcome(&outcome).payload.len();
            prop_assert!(size < 1000 * 1024, "{size} bytes");
        }
    }

    fn request(index: u32, route: usize) -> hookwheel_core::run::RunRequested {
        let id = EventId { delivery: delivery(), index: Some(index) };
        hookwheel_core::run::RunRequested {
            run: RunId::of_event(&id, &route.to_string(), 0),
            session: hookwheel_core::ids::SessionId::derive(&webhook(), "agent", "name"),
            delivery: delivery(),
            event_index: Some(index),
            delivery_key_hash: String::new(),
            webhook: webhook(),
            source: "generic".into(),
            route: route.to_string(),
            generation: 0,
            agent: hookwheel_core::ids::AgentName::parse("agent").unwrap(),
            snapshot: hookwheel_core::ids::SnapshotHash::of(b""),
            event_type: None,
            entity: None,
            message: String::new(),
            received_at: Timestamp::from_secs(0),
            traceparent: None,
        }
    }

    fn delivery() -> DeliveryId {
        DeliveryId::from_uuid_bytes([7; 16])
    }

    fn webhook() -> WebhookId {
        WebhookId::parse("wh_0123456789abcdef").unwrap()
    }
}
