//! Provisioning: the one place where streams, consumers and buckets are made or changed (T16). May be run any time.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::{ApiError, call, code};
use super::link::Link;
use super::options::Options;
use super::spec;
use super::version;
use crate::{Layout, LogError};

/// What provisioning did, one line for each stream, bucket and consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the layout: streams, buckets, consumers.
    pub lines: Vec<(String, Change)>,
}

/// What was done to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It was there with other settings; what it holds is kept.
    Updated,
    /// It was as it should be.
    Unchanged,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        })
    }
}

impl Report {
    /// Whether anything was created or updated.
    pub fn changed(&self) -> bool {
        self.lines.iter().any(|(_, change)| *change != Change::Unchanged)
    }
}

/// Makes the broker as the layout says. Settings of others, such as placement, are left alone; nothing is deleted.
pub async fn provision(options: &Options, layout: &Layout) -> Result<Report, LogError> {
    let link = Link::connect(options).await?;
    version::check(&link.server_version())?;
    let replicas = options.replicas();
    let mut report = Report::default();
    let streams = layout.streams.iter().map(|spec| (format!("stream {}", spec.name), spec::stream(spec, replicas)));
    let buckets = layout.buckets.iter().map(|spec| (format!("bucket {}", spec.name), spec::bucket(spec, replicas)));
    for (what, config) in streams.chain(buckets) {
        let change = Place::stream(&config.name).make(&link, &what, as_map(&config)?).await?;
        report.lines.push((what, change));
    }
    for spec in &layout.consumers {
        let what = format!("consumer {}", spec.name);
        let change = Place::consumer(spec.stream, spec.name).make(&link, &what, as_map(&spec::consumer(spec))?).await?;
        report.lines.push((what, change));
    }
    Ok(report)
}

/// Where the API keeps one of them.
struct Place {
    info: String,
    create: String,
    update: String,
    /// A consumer's settings travel beside the name of its stream.
    of_stream: Option<String>,
}

impl Place {
    fn stream(name: &str) -> Self {
        Self {
            info: format!("STREAM.INFO.{name}"),
            create: format!("STREAM.CREATE.{name}"),
            update: format!("STREAM.UPDATE.{name}"),
            of_stream: None,
        }
    }

    fn consumer(stream: &str, name: &str) -> Self {
        let create = format!("CONSUMER.CREATE.{stream}.{name}");
        Self {
            info: format!("CONSUMER.INFO.{stream}.{name}"),
            update: create.clone(),
            create,
            of_stream: Some(stream.into()),
        }
    }

    async fn make(&self, link: &Link, what: &str, wanted: Map<String, Value>) -> Result<Change, LogError> {
        match call::<Found>(link, &self.info, &json!({})).await? {
            Err(error) if matches!(error.err_code, code::NO_STREAM | code::NO_CONSUMER) => {
                self.send(link, &self.create, wanted, "create").await?.map_err(|error| refused(what, &error))?;
                Ok(Change::Created)
            }
            Err(error) => Err(error.about(what)),
            Ok(found) => {
                let Some(changed) = merged(&found.config, wanted) else { return Ok(Change::Unchanged) };
                self.send(link, &self.update, changed, "update").await?.map_err(|error| refused(what, &error))?;
                Ok(Change::Updated)
            }
        }
    }

    async fn send(
        &self,
        link: &Link,
        request: &str,
        config: Map<String, Value>,
        action: &str,
    ) -> Result<Result<Found, ApiError>, LogError> {
        let body = match &self.of_stream {
            None => Value::Object(config),
            Some(stream) => json!({ "stream_name": stream, "config": config, "action": action }),
        };
        call(link, request, &body).await
    }
}

/// What the API says of a stream or a consumer.
#[derive(Deserialize)]
struct Found {
    config: Map<String, Value>,
}

/// The settings as they have to be, unless they are so already.
fn merged(found: &Map<String, Value>, wanted: Map<String, Value>) -> Option<Map<String, Value>> {
    let mut merged = found.clone();
    merged.extend(wanted);
    if merged == *found {
        return None;
    }
    // The broker's own notes on the settings are not ours to send.
    if let Some(notes) = merged.get_mut("metadata").and_then(Value::as_object_mut) {
        notes.retain(|name, _| !name.starts_with("_nats."));
    }
    Some(merged)
}

fn as_map(config: &impl serde::Serialize) -> Result<Map<String, Value>, LogError> {
    match serde_json::to_value(config) {
        Ok(Value::Object(map)) => Ok(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        _ => Err(LogError::Unfit("the settings cannot be written as JSON".into())),
    }
}

fn refused(what: &str, error: &ApiError) -> LogError {
    if error.is_transient() {
        return error.about(what);
    }
    LogError::Unfit(format!(
        "the broker does not take the settings of {what}: {} (broker error {}); compare its servers and limits with \
         --nats-replicas and the retention settings",
        error.description, error.err_code
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_right_already_is_not_sent_again() {
        let found = map(json!({ "max_age": 5, "placement": { "tags": ["a"] } }));
        assert_eq!(merged(&found, map(json!({ "max_age": 5 }))), None);
    }

    #[test]
    fn settings_of_others_are_kept() {
        let found = map(json!({ "max_age": 5, "placement": 1, "metadata": { "_nats.ver": "2", "team": "x" } }));
        let wanted = merged(&found, map(json!({ "max_age": 7 }))).unwrap();
        assert_eq!(Value::Object(wanted), json!({ "max_age": 7, "placement": 1, "metadata": { "team": "x" } }));
    }
}
