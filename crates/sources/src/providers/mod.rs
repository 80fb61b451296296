//! Every profile, by name: a provider is one file here and a line in each of two lists.

mod alert_group;
mod alertmanager;
mod asana;
mod azuredevops;
mod bitbucket;
mod bitbucket_server;
mod cloudevents;
mod datadog;
mod discord;
mod docker;
mod dropbox;
mod generic;
mod gitea;
mod github;
mod gitlab;
mod grafana;
mod graph;
mod hubspot;
mod intercom;
mod jira;
mod linear;
mod meta;
mod mintlify;
mod msteams;
mod pagerduty;
mod sentry;
mod shopify;
mod slack;
mod standard_webhooks;
mod stripe;
mod trello;
mod twilio;
mod twitch;
mod typeform;
mod x;
mod zendesk;
mod zoom;

use crate::Source;

/// Sorted by name, so that the next line has one place.
static ALL: &[&dyn Source] = &[
    &alertmanager::ALERTMANAGER,
    &asana::ASANA,
    &azuredevops::AZUREDEVOPS,
    &bitbucket::BITBUCKET,
    &bitbucket_server::BITBUCKET_SERVER,
    &cloudevents::CloudEvents,
    &datadog::Datadog,
    &discord::DISCORD,
    &docker::DOCKER,
    &dropbox::DROPBOX,
    &gitea::FORGEJO,
    &generic::Generic,
    &gitea::GITEA,
    &github::Github,
    &gitlab::GITLAB,
    &gitea::GOGS,
    &grafana::GRAFANA,
    &graph::GRAPH,
    &hubspot::HUBSPOT,
    &intercom::INTERCOM,
    &jira::JIRA,
    &linear::LINEAR,
    &meta::META,
    &mintlify::MINTLIFY,
    &msteams::MSTEAMS,
    &pagerduty::PAGERDUTY,
    &sentry::SENTRY,
    &shopify::SHOPIFY,
    &slack::SLACK,
    &standard_webhooks::StandardWebhooks,
    &stripe::STRIPE,
    &trello::TRELLO,
    &twilio::TWILIO,
    &twitch::TWITCH,
    &typeform::TYPEFORM,
    &x::X,
    &zendesk::ZENDESK,
    &zoom::ZOOM,
];

/// Other names people look for, and the profile that serves them.
const ALIASES: &[(&str, &str)] = &[
    ("custom", "generic"),
    ("msgraph", "graph"),
    ("svix", "standard_webhooks"),
    ("teams", "msteams"),
    ("twitter", "x"),
    ("x_twitter", "x"),
    ("whatsapp", "meta"),
];

/// The profile of this name, or of the name it is also known by.
pub fn source(name: &str) -> Option<&'static dyn Source> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    all().iter().copied().find(|profile| profile.name() == name)
}

/// All profiles.
pub fn all() -> &'static [&'static dyn Source] {
    ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_every_alias_leads_somewhere() {
        assert!(all().is_sorted_by_key(|profile| profile.name()));
        for (alias, name) in ALIASES {
            assert_eq!(source(alias).map(Source::name), Some(*name), "{alias}");
        }
    }

    #[test]
    fn event_types_are_sorted_and_single() {
        for profile in all() {
            assert!(profile.event_types().is_sorted_by(|a, b| a < b), "{}", profile.name());
        }
    }
}
