//! Alertmanager: a group of alerts and its state. There are no ids; a notification is known by what it says.

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::facts::{Fact, lines, short, told};
use crate::profile::{Id, Profile, Sample, sample};
use crate::providers::alert_group;

pub(crate) static ALERTMANAGER: Profile = Profile {
    name: "alertmanager",
    auth: || Auth::scheme("alertmanager"),
    ids: &[Id::Made(alert_group::key)],
    event_type: alert_group::kind,
    entity: |group| group.entity(&["group:{groupKey}"]),
    identity: &["groupKey", "status", "alerts"],
    facts: FACTS,
    event_types: alert_group::EVENT_TYPES,
    sample: disk_alert,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("status", &["status"]),
    told("alert names", &["alerts"], alert_group::names),
    told("alerts by status", &["alerts"], alert_group::states),
    told("alerts cut off by the sender", &["truncatedAlerts"], alert_group::cut_off),
    short("severity", &["commonLabels.severity", "groupLabels.severity"]),
    told("group labels", &["groupLabels"], alert_group::pairs),
    told("common labels", &["commonLabels"], alert_group::pairs),
    told("common annotations", &["commonAnnotations"], alert_group::pairs),
    short("receiver", &["receiver"]),
    short("url", &["externalURL"]),
    lines("alerts", &["alerts"], alert_group::line),
];

fn disk_alert(seed: u64) -> Sample {
    let labels = json!({ "alertname": "DiskNearlyFull", "severity": "critical", "instance": "db-3" });
    let annotations = json!({ "summary": "Less than 5 % left on db-3" });
    let body = json!({
        "version": "4", "groupKey": r#"{}:{alertname="DiskNearlyFull"}"#, "truncatedAlerts": 0,
        "status": "firing", "receiver": "hookwheel", "externalURL": "http://alertmanager.example:9093",
        "groupLabels": { "alertname": "DiskNearlyFull" }, "commonLabels": labels, "commonAnnotations": annotations,
        "alerts": [{
            "status": "firing", "labels": labels, "annotations": annotations,
            "startsAt": "2026-11-02T09:30:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example:9090/graph", "fingerprint": format!("{seed:016x}"),
        }],
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::Post;

    fn group(alerts: &[&str], cut: u32) -> Post {
        let alerts = alerts.join(",");
        let body = format!(r#"{{"groupKey":"g","status":"firing","truncatedAlerts":{cut},"alerts":[{alerts}]}}"#);
        Post::to("alertmanager", &body)
    }

    const A: &str =
        r#"{"status":"firing","fingerprint":"a","startsAt":"1","values":{"v":1},"labels":{"alertname":"A"}}"#;
    const A_LATER: &str = r#"{"status":"firing","fingerprint":"a","startsAt":"1","values":{"v":2}}"#;
    const A_OVER: &str = r#"{"status":"resolved","fingerprint":"a","startsAt":"1"}"#;
    const A_AGAIN: &str = r#"{"status":"firing","fingerprint":"a","startsAt":"2"}"#;
    const B: &str = r#"{"status":"firing","fingerprint":"b","startsAt":"1"}"#;

    #[test]
    fn a_notification_is_known_by_what_it_says() {
        let first = group(&[A, B], 0).key().unwrap();
        assert!(first.starts_with("sha256:"));
        assert_eq!(first, group(&[B, A_LATER], 0).key().unwrap(), "order and measured values say nothing new");
        for (other, cut) in [(&[A][..], 0), (&[A_OVER, B], 0), (&[A_AGAIN, B], 0), (&[A, B], 3)] {
            assert_ne!(first, group(other, cut).key().unwrap(), "{other:?} {cut}");
        }
    }

    #[test]
    fn a_group_without_fingerprints_is_known_by_its_bytes() {
        let one = group(&[r#"{"status":"firing"}"#], 0).key().unwrap();
        assert_ne!(one, group(&[r#"{"status":"firing" }"#], 0).key().unwrap());
    }

    #[test]
    fn a_cut_group_says_how_much_is_missing() {
        let mut alerts = vec![A; 12];
        alerts.push(A_OVER);
        let cut = group(&alerts, 30);
        assert_eq!(cut.fact("alerts cut off by the sender").unwrap(), "30");
        assert_eq!(cut.fact("alerts by status").unwrap(), "12 firing, 1 resolved");
        assert_eq!(cut.fact("alert names").unwrap(), "A");
        assert!(cut.fact("alerts").unwrap().ends_with("… 3 more"));
        assert_eq!(group(&[A], 0).fact("alerts cut off by the sender"), None);
    }
}
