//! Every profile, by name: a provider is one line here.

use crate::Source;

/// Sorted by name, so that the next line has one place.
static ALL: &[&dyn Source] = &[
    &crate::alertmanager::ALERTMANAGER,
    &crate::asana::ASANA,
    &crate::azuredevops::AZUREDEVOPS,
    &crate::bitbucket::BITBUCKET,
    &crate::bitbucket_server::BITBUCKET_SERVER,
    &crate::cloudevents::CloudEvents,
    &crate::datadog::Datadog,
    &crate::discord::DISCORD,
    &crate::docker::DOCKER,
    &crate::dropbox::DROPBOX,
    &crate::gitea::FORGEJO,
    &crate::generic::Generic,
    &crate::gitea::GITEA,
    &crate::github::Github,
    &crate::gitlab::GITLAB,
    &crate::gitea::GOGS,
    &crate::grafana::GRAFANA,
    &crate::graph::GRAPH,
    &crate::hubspot::HUBSPOT,
    &crate::intercom::INTERCOM,
    &crate::jira::JIRA,
    &crate::linear::LINEAR,
    &crate::meta::META,
    &crate::mintlify::MINTLIFY,
    &crate::msteams::MSTEAMS,
    &crate::pagerduty::PAGERDUTY,
    &crate::sentry::SENTRY,
    &crate::shopify::SHOPIFY,
    &crate::slack::SLACK,
    &crate::standard_webhooks::StandardWebhooks,
    &crate::stripe::STRIPE,
    &crate::trello::TRELLO,
    &crate::twilio::TWILIO,
    &crate::twitch::TWITCH,
    &crate::typeform::TYPEFORM,
    &crate::x::X,
    &crate::zendesk::ZENDESK,
    &crate::zoom::ZOOM,
];

/// Other names people look for, and the profile that serves them.
const ALIASES: &[(&str, &str)] = &[
    ("custom", "generic"),
    ("msgraph", "graph"),
    ("svix", "standard_webhooks"),
    ("teams", "msteams"),
    ("twitter", "x"),
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
