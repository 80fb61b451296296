//! Handshake vectors: requests with which providers make sure of us, and what each is to hear.

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::Webhook;
use hookwheel_sources::handshake::{Answer, Desk, Greeting, Met, Tokens, meet};
use hookwheel_sources::{self as sources, Refusal, Request, Source, Verifier};
use serde::Deserialize;
use serde_json::Value;

use super::super::endpoint::webhook_of;
use super::vectors::{Captured, Judged, reason};

#[derive(Deserialize)]
struct Case {
    id: String,
    source: String,
    secrets: Vec<String>,
    now: i64,
    request: Captured,
    verdict: Option<String>,
    #[serde(default)]
    expect: Expect,
}

/// What is to be heard; what is left out is not looked at.
#[derive(Default, Deserialize)]
struct Expect {
    status: Option<u16>,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    #[serde(default)]
    body: Value,
    #[serde(default, rename = "match")]
    how: String,
}

/// What was heard.
enum Heard {
    Answer(Answer),
    /// The usual 202 of a delivery that wakes nobody.
    Stored,
    /// The same of one that is no handshake.
    Delivered,
    Denied,
    Refused(Refusal),
}

/// Judges one case of such a file.
pub(super) fn judge(case: Value) -> Result<Judged, String> {
    let case: Case = serde_json::from_value(case).map_err(|error| error.to_string())?;
    let source = sources::source(&case.source).ok_or_else(|| format!("{}: unknown source", case.id))?;
    let webhook = webhook_of(source).map_err(|_| format!("{}: unusable source", case.id))?;
    let (headers, body) = case.request.read(&case.id)?;
    let request = Request { method: &case.request.method, url: &case.request.url, headers: &headers, body: &body };
    let secrets: Vec<_> = case.secrets.iter().map(String::as_bytes).collect();
    let heard = hear(source, &webhook, &secrets, &request, Timestamp::from_secs(case.now));
    let (verdict, reason) = match &heard {
        Heard::Answer(_) | Heard::Stored => ("challenge", "ok"),
        Heard::Delivered => ("accept", "ok"),
        Heard::Denied => ("reject", "mismatch"),
        Heard::Refused(refusal) => ("reject", reason(*refusal)),
    };
    let rule = if let Heard::Refused(refusal) = &heard { Some(refusal.as_str()) } else { None };
    let agrees = case.verdict.as_deref().is_none_or(|wanted| wanted == verdict) && case.expect.is_met(&heard);
    Ok(Judged { id: case.id, verdict, reason, rule, agrees })
}

/// The webhook is in its pairing window, and its secrets are what a provider may name to subscribe it.
fn hear(source: &dyn Source, webhook: &Webhook, secrets: &[&[u8]], request: &Request<'_>, now: Timestamp) -> Heard {
    let (verifier, tokens) = (Verifier::new(&webhook.auth, secrets), Tokens::new(secrets));
    let desk = Desk { verifier: &verifier, tokens: &tokens, pairing: true };
    match meet(source, &desk, request, now) {
        Ok(Met::Greeted(Greeting::Answered(answer)) | Met::Believed(_, Some(answer))) => Heard::Answer(answer),
        Ok(Met::Greeted(Greeting::Denied)) => Heard::Denied,
        Ok(Met::Believed(_, None)) if source.is_handshake(&source.describe(webhook, request)) => Heard::Stored,
        Ok(Met::Believed(_, None)) => Heard::Delivered,
        Err(refusal) => Heard::Refused(refusal),
    }
}

impl Expect {
    fn is_met(&self, heard: &Heard) -> bool {
        let (status, headers, body): (_, &[_], &[u8]) = match heard {
            Heard::Answer(answer) => (answer.status, &answer.headers, &answer.body),
            Heard::Stored | Heard::Delivered => (202, &[], b""),
            Heard::Denied => (403, &[], b""),
            Heard::Refused(_) => (401, &[], b""),
        };
        let status_fits = match self.how.as_str() {
            "status_2xx" => (200..300).contains(&status),
            "status_4xx" => (400..500).contains(&status),
            _ => self.status.is_none_or(|wanted| wanted == status),
        };
        let body_fits = match self.how.as_str() {
            "exact" => self.body.as_str().is_some_and(|wanted| wanted.as_bytes() == body),
            "json" => serde_json::from_slice::<Value>(body).is_ok_and(|said| said == self.body),
            "text_or_json_challenge" => {
                let said = serde_json::from_slice::<Value>(body).ok();
                let in_json = said.as_ref().and_then(|said| said.get("challenge")).and_then(Value::as_str);
                let wanted = self.body.as_str();
                wanted.is_some() && (in_json == wanted || std::str::from_utf8(body).ok() == wanted)
            }
            _ => true,
        };
        status_fits && body_fits && self.headers.iter().all(|(name, wanted)| header_fits(headers, name, wanted))
    }
}

fn header_fits(said: &[(&str, Vec<u8>)], name: &str, wanted: &Value) -> bool {
    let value = said.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let Some(value) = value.and_then(|value| std::str::from_utf8(value).ok()) else { return false };
    match wanted {
        Value::Array(any) => any.iter().any(|one| one == value),
        Value::String(word) if word == "*any*" => true,
        Value::String(word) => match word.strip_prefix("*contains ").and_then(|rest| rest.strip_suffix('*')) {
            Some(part) => value.contains(part),
            None => word == value,
        },
        _ => false,
    }
}
