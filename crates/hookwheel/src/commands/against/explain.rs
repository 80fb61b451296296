//! What the filters of a configuration say about a delivery, event by event.

use hookwheel_core::event::Event;
use hookwheel_core::filter::{self, Decision};
use hookwheel_core::webhook::Webhook;
use hookwheel_sources::{self as sources, Reading, Request, Source};

use super::read::Sample;
use crate::config::Configuration;

/// What becomes of one event at one webhook, or of a delivery that has none.
pub struct Answer {
    /// The delivery's id, or its file; with `#` and a number for an event of a batch.
    pub name: String,
    /// The event with its decision, or why there is none.
    pub fate: Result<Explained, String>,
}

/// An event and all that is asked of it.
pub struct Explained {
    /// The webhook's slug.
    pub webhook: String,
    /// What the delivery means.
    pub event: Event,
    /// The names of the webhook's routes.
    pub routes: Vec<String>,
    /// What the filters say.
    pub decision: Decision,
}

impl Explained {
    /// The routes that would start a run.
    pub fn starts(&self) -> Vec<&str> {
        let taken = self.decision.taken().unwrap_or_default();
        taken.into_iter().map(|at| self.routes[at].as_str()).collect()
    }
}

/// One answer for each event and webhook.
pub fn answers(sample: &Sample, only: Option<&str>, configuration: &Configuration) -> Vec<Answer> {
    let webhooks = match webhooks(sample, only, configuration) {
        Ok(webhooks) => webhooks,
        Err(why) => return vec![Answer { name: sample.name.clone(), fate: Err(why) }],
    };
    webhooks.into_iter().flat_map(|webhook| at(sample, webhook)).collect()
}

/// The webhook that was asked for, else the delivery's own, else all of its source.
fn webhooks<'a>(
    sample: &Sample,
    only: Option<&str>,
    configuration: &'a Configuration,
) -> Result<Vec<&'a Webhook>, String> {
    let all = || configuration.snapshots.iter().map(|snapshot| &snapshot.webhook);
    if let Some(name) = only.or(sample.webhook.as_deref()) {
        let named = |webhook: &&Webhook| webhook.slug.as_str() == name || webhook.id.as_str() == name;
        let found = all().find(named).ok_or_else(|| format!("the configuration has no webhook {name:?}"))?;
        return Ok(vec![found]);
    }
    let Some(source) = sample.source.as_deref() else {
        return Err("nothing says whose body this is: name it with --source or --webhook".to_owned());
    };
    let profile = sources::source(source).ok_or_else(|| format!("there is no source profile {source:?}"))?;
    let found: Vec<_> = all().filter(|webhook| webhook.source == profile.name()).collect();
    if found.is_empty() { Err(format!("the configuration has no webhook of source {source:?}")) } else { Ok(found) }
}

fn at(sample: &Sample, webhook: &Webhook) -> Vec<Answer> {
    let fail = |why: String| vec![Answer { name: sample.name.clone(), fate: Err(why) }];
    let Some(source) = sources::source(&webhook.source) else {
        return fail(format!("there is no source profile {:?}", webhook.source));
    };
    let request = Request { method: "POST", url: "", headers: &sample.headers, body: &sample.body };
    if let Err(bad) = source.admit(webhook, &request) {
        return fail(format!("source {} refuses it: {bad:?}", source.name()));
    }
    let text = sources::text(&request);
    let reading = Reading::new(&sample.headers, &text);
    let events = source.events(webhook, &request);
    let several = events.len() > 1;
    let name = |at: usize| if several { format!("{}#{at}", sample.name) } else { sample.name.clone() };
    let events = events.into_iter().enumerate();
    events.map(|(n, event)| Answer { name: name(n), fate: Ok(explained(source, webhook, &reading, event)) }).collect()
}

fn explained(source: &'static dyn Source, webhook: &Webhook, reading: &Reading<'_>, event: Event) -> Explained {
    let decision = filter::decide(webhook, &reading.view(source, &event));
    let routes = webhook.routes.iter().map(|route| route.name.clone()).collect();
    Explained { webhook: webhook.slug.to_string(), event, routes, decision }
}
