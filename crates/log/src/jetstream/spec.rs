//! What the layout means in the broker's terms.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use super::bucket::{TRACE_KEPT, prefix, stream_name};
use super::read::pattern;
use crate::{BucketSpec, ConsumerSpec, Retention, StreamSpec, SubjectFilter};

/// How long the broker remembers the ids of records that expect nothing. Ids cost memory: the expectations tell all
/// other repeats.
const IDS_KEPT: Duration = Duration::from_secs(120);

/// A stream of the layout.
pub(super) fn stream(spec: &StreamSpec, replicas: usize) -> Config {
    let kept = Config {
        name: spec.name.into(),
        subjects: spec.under.iter().map(|under| pattern(&SubjectFilter::Under(under.clone()))).collect(),
        allow_atomic_publish: true,
        ..unlimited(replicas)
    };
    match spec.retention {
        Retention::Keep { max_age, max_bytes } => Config {
            max_age,
            max_bytes: max_bytes.map_or(-1, limit),
            duplicate_window: IDS_KEPT.min(max_age),
            discard: DiscardPolicy::New,
            deny_delete: true,
            deny_purge: true,
            ..kept
        },
        Retention::Rolling { max_bytes } => {
            Config { max_bytes: limit(max_bytes), discard: DiscardPolicy::Old, deny_delete: true, ..kept }
        }
    }
}

/// The stream under a bucket: one record a key, each with a life of its own.
pub(super) fn bucket(spec: &BucketSpec, replicas: usize) -> Config {
    Config {
        name: stream_name(spec.name),
        subjects: vec![prefix(spec.name) + ">"],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        deny_delete: true,
        allow_rollup: true,
        allow_message_ttl: true,
        subject_delete_marker_ttl: Some(TRACE_KEPT),
        ..unlimited(replicas)
    }
}

/// A durable group of the layout: it never gives up on a record by itself (T13).
pub(super) fn consumer(spec: &ConsumerSpec) -> pull::Config {
    pull::Config {
        durable_name: Some(spec.name.into()),
        name: Some(spec.name.into()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: spec.ack_wait,
        max_deliver: -1,
        filter_subject: pattern(&spec.filter),
        max_ack_pending: spec.max_held.into(),
        ..pull::Config::default()
    }
}

/// Limits retention with no limit yet, on disk (T14).
fn unlimited(replicas: usize) -> Config {
    Config {
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        num_replicas: replicas,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        duplicate_window: IDS_KEPT,
        allow_direct: true,
        ..Config::default()
    }
}

fn limit(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
