//! Whether the broker keeps its promises: everything is there, and set up as strictly as the layout says.

use async_nats::jetstream::consumer::{self, AckPolicy};
use async_nats::jetstream::stream::{Config, DiscardPolicy, PersistenceMode, RetentionPolicy, StorageType};
use serde::Deserialize;
use serde_json::json;

use super::api::call;
use super::link::Link;
use super::{Options, spec, version};
use crate::{ConsumerSpec, Layout, LogError};

#[derive(Deserialize)]
struct Found<T> {
    config: T,
}

/// Looks at the server's version and at every stream, bucket and consumer of the layout.
pub(super) async fn check(link: &Link, options: &Options, layout: &Layout) -> Result<(), LogError> {
    link.ready()?;
    version::check(&link.server_version())?;
    let replicas = options.replicas();
    let streams = layout.streams.iter().map(|spec| spec::stream(spec, replicas));
    let buckets = layout.buckets.iter().map(|spec| spec::bucket(spec, replicas));
    for wanted in streams.chain(buckets) {
        let what = format!("stream {}", wanted.name);
        let found = call::<Found<Config>>(link, &format!("STREAM.INFO.{}", wanted.name), &json!({})).await?;
        let found = found.map_err(|error| error.about(&what))?.config;
        strong_enough(&wanted, &found).map_err(|weakness| unfit(&what, &weakness))?;
    }
    for spec in &layout.consumers {
        let what = format!("consumer {}", spec.name);
        let request = format!("CONSUMER.INFO.{}.{}", spec.stream, spec.name);
        let found = call::<Found<consumer::Config>>(link, &request, &json!({})).await?;
        let found = found.map_err(|error| error.about(&what))?.config;
        as_specified(spec, &found).map_err(|weakness| unfit(&what, &weakness))?;
    }
    Ok(())
}

fn unfit(what: &str, weakness: &str) -> LogError {
    LogError::Unfit(format!("{what}: {weakness}; run `hookwheel provision`"))
}

/// Whether a stream is at least as strict as wanted. Pure.
fn strong_enough(wanted: &Config, found: &Config) -> Result<(), String> {
    let demand = |holds: bool, weakness: &str| if holds { Ok(()) } else { Err(weakness.to_owned()) };
    if found.num_replicas < wanted.num_replicas {
        return Err(format!("it has {} replicas of {} wanted", found.num_replicas, wanted.num_replicas));
    }
    demand(found.storage == StorageType::File, "it is kept in memory")?;
    demand(found.persist_mode != Some(PersistenceMode::Async), "it acknowledges before it writes")?;
    demand(!found.no_ack, "it does not acknowledge")?;
    demand(found.retention == RetentionPolicy::Limits, "it deletes records once they are consumed")?;
    demand(wanted.discard == DiscardPolicy::Old || found.discard == DiscardPolicy::New, "it drops records when full")?;
    demand(found.deny_delete || !wanted.deny_delete, "its records can be deleted")?;
    demand(found.deny_purge || !wanted.deny_purge, "it can be purged")?;
    demand(found.max_age.is_zero() || found.max_age >= wanted.max_age, "it forgets too soon")?;
    demand(found.max_age.is_zero() || !wanted.max_age.is_zero(), "it forgets what is to be kept")?;
    demand(found.allow_direct, "it can only be read from its leader")?;
    demand(found.allow_atomic_publish || !wanted.allow_atomic_publish, "it takes no batches")?;
    demand(found.allow_message_ttl || !wanted.allow_message_ttl, "its keys never expire")?;
    let missing = wanted.subjects.iter().find(|subject| !found.subjects.contains(subject));
    missing.map_or(Ok(()), |subject| Err(format!("it does not take {subject}")))
}

/// Whether a consumer hands out what it should, again and again. Pure.
fn as_specified(spec: &ConsumerSpec, found: &consumer::Config) -> Result<(), String> {
    let wanted = spec::consumer(spec);
    let demand = |holds: bool, weakness: &str| if holds { Ok(()) } else { Err(weakness.to_owned()) };
    demand(found.deliver_subject.is_none(), "it pushes instead of being pulled from")?;
    demand(found.ack_policy == AckPolicy::Explicit, "it does not ask for acknowledgements")?;
    demand(found.max_deliver <= 0, "it gives up on records by itself")?;
    demand(found.filter_subject == wanted.filter_subject, "it wants other subjects")?;
    demand(found.max_ack_pending == wanted.max_ack_pending, "it lends another number of records")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Lookup, Retention, StreamSpec, Subject};

    fn wanted() -> Config {
        let retention = Retention::Keep { max_age: Duration::from_secs(600), max_bytes: None };
        let under = vec![Subject::new("hw.run").unwrap()];
        spec::stream(&StreamSpec { name: "RUNS", under, lookup: Lookup::Prefix, retention }, 3)
    }

    #[test]
    fn a_stream_as_provisioned_is_strong_enough() {
        assert_eq!(strong_enough(&wanted(), &wanted()), Ok(()));
        let stronger = Config { num_replicas: 5, max_age: Duration::from_secs(6_000), ..wanted() };
        assert_eq!(strong_enough(&wanted(), &stronger), Ok(()));
    }

    #[test]
    fn every_weakness_is_found() {
        let weak: [Config; 11] = [
            Config { num_replicas: 1, ..wanted() },
            Config { storage: StorageType::Memory, ..wanted() },
            Config { persist_mode: Some(PersistenceMode::Async), ..wanted() },
            Config { no_ack: true, ..wanted() },
            Config { retention: RetentionPolicy::WorkQueue, ..wanted() },
            Config { discard: DiscardPolicy::Old, ..wanted() },
            Config { deny_delete: false, ..wanted() },
            Config { deny_purge: false, ..wanted() },
            Config { max_age: Duration::from_secs(60), ..wanted() },
            Config { allow_atomic_publish: false, ..wanted() },
            Config { subjects: vec!["hw.other.>".into()], ..wanted() },
        ];
        for (number, found) in weak.iter().enumerate() {
            assert!(strong_enough(&wanted(), found).is_err(), "weakness {number} was not found");
        }
    }
}
