//! Grafana alerting: Alertmanager's groups with an organization, measured values and a message somebody wrote.

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::facts::{Fact, lines, short, text, told};
use crate::profile::{Id, Profile, Sample, sample};
use crate::providers::alert_group;

pub(crate) static GRAFANA: Profile = Profile {
    name: "grafana",
    auth: || Auth::scheme("grafana"),
    ids: &[Id::Made(alert_group::key)],
    event_type: alert_group::kind,
    entity: |group| group.entity(&["{orgId}:group:{groupKey}", "group:{groupKey}"]),
    identity: &["groupKey", "orgId", "status", "alerts"],
    facts: FACTS,
    event_types: alert_group::EVENT_TYPES,
    sample: slow_checkout,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("title", &["title"]),
    short("status", &["status"]),
    short("state", &["state"]),
    told("alert names", &["alerts"], alert_group::names),
    told("alerts by status", &["alerts"], alert_group::states),
    told("alerts cut off by the sender", &["truncatedAlerts"], alert_group::cut_off),
    short("severity", &["commonLabels.severity", "groupLabels.severity"]),
    told("common labels", &["commonLabels"], alert_group::pairs),
    told("common annotations", &["commonAnnotations"], alert_group::pairs),
    short("receiver", &["receiver"]),
    short("organization", &["orgId"]),
    short("url", &["externalURL"]),
    lines("alerts", &["alerts"], alert_group::line),
    text("message", &["message"]),
];

fn slow_checkout(seed: u64) -> Sample {
    let labels = json!({ "alertname": "SlowCheckout", "severity": "warning" });
    let body = json!({
        "receiver": "hookwheel", "status": "firing", "orgId": 1, "groupKey": r#"{}:{alertname="SlowCheckout"}"#,
        "alerts": [{
            "status": "firing", "labels": labels, "annotations": { "summary": "Checkout takes over 2 s" },
            "startsAt": "2026-11-02T09:30:00Z", "endsAt": "0001-01-01T00:00:00Z", "values": { "A": 2.4 },
            "generatorURL": "https://grafana.example.com/alerting/1", "fingerprint": format!("{seed:016x}"),
        }],
        "groupLabels": { "alertname": "SlowCheckout" }, "commonLabels": labels, "commonAnnotations": {},
        "externalURL": "https://grafana.example.com/", "version": "1", "truncatedAlerts": 0,
        "title": "[FIRING:1] SlowCheckout", "state": "alerting", "message": "Checkout takes over 2 s",
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::Post;

    #[test]
    fn groups_of_two_organizations_are_two_things() {
        let entity = |org: &str| {
            let body = format!(r#"{{"groupKey":"g","status":"firing"{org},"alerts":[]}}"#);
            Post::to("grafana", &body).entity().unwrap()
        };
        assert_eq!(entity(r#","orgId":1"#), "grafana:1:group:g");
        assert_eq!(entity(""), "grafana:group:g");
    }

    #[test]
    fn a_reminder_with_newer_values_is_the_same_notification() {
        let key = |value: &str| {
            let alert = format!(r#"{{"status":"firing","fingerprint":"f","startsAt":"1","values":{{"A":{value}}}}}"#);
            let body = format!(r#"{{"groupKey":"g","status":"firing","message":"{value}","alerts":[{alert}]}}"#);
            Post::to("grafana", &body).key().unwrap()
        };
        assert_eq!(key("1"), key("2"));
    }
}
