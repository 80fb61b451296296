//! Follows a rule: read the header, gather what is signed, compare under every key, then judge the time.

use std::borrow::Cow;

use hookwheel_core::Timestamp;
use hookwheel_core::ids::digest;

use super::header::{self, Code, Codes};
use super::key::{Key, Sink};
use super::only;
use super::rule::{Family, Kind, Piece, Rule, Time, TimeFrom, pieces};
use super::{time, url};
use crate::{Refusal, Request, json};

/// Which secret signed, and when.
pub(super) type Found = (usize, Option<Timestamp>);

/// What is signed, gathered from one request.
struct Message<'a> {
    template: &'a str,
    request: &'a Request<'a>,
    id: &'a [u8],
    time: &'a [u8],
    form: Vec<u8>,
}

/// Which key signed this. The time is judged after the signature, so that nobody can probe our clock; without a window
/// it is not judged at all.
pub(super) fn verify(
    rule: &Rule<'_>,
    keys: &[Option<Key>],
    window: Option<u32>,
    request: &Request<'_>,
    now: Timestamp,
) -> Result<Found, Refusal> {
    if keys.iter().all(Option::is_none) || (rule.signs(Piece::Url) && !url::is_whole(request.url)) {
        return Err(Refusal::SecretNotConfigured);
    }
    let family = family(rule, request)?;
    let sent = only(request, family.signature)?;
    let usable = |kind: Kind| keys.iter().flatten().any(|key| key.kind() == kind);
    let codes = Codes::read(sent, rule.spelling, rule.encoding, usable)?;
    let message = gather(rule, family, sent, request)?;
    let ahead = if window.is_some() { sent_time(rule, message.time)? } else { None };
    let signer = signer(rule, keys, codes.all(), &message).filter(|_| body_hash_agrees(rule, request));
    let secret = signer.ok_or(Refusal::SignatureMismatch)?;
    let Some(window) = window else { return Ok((secret, None)) };
    let at = if ahead.is_some() { ahead } else { time_in_body(rule, request.body)? };
    at.map_or(Ok(()), |at| time::within(at, now, window))?;
    Ok((secret, at))
}

/// Which key signed any reading of the message. All are tried.
fn signer(rule: &Rule<'_>, keys: &[Option<Key>], codes: &[Code], message: &Message<'_>) -> Option<usize> {
    let mut found = None;
    for url in url::forms(rule.url, message.request.url).iter().flatten() {
        let feed = |sink: &mut Sink<'_>| message.pour(url, sink);
        for (n, key) in keys.iter().enumerate() {
            let matches = key.as_ref().is_some_and(|key| key.matches(codes, &feed));
            found = found.or(matches.then_some(n));
        }
    }
    found
}

/// The headers that prove a request, signed with a key that can.
pub(super) fn sign(rule: &Rule<'_>, secret: &[u8], request: &Request<'_>, now: Timestamp) -> Vec<(String, String)> {
    let (Some(family), Some(key)) = (rule.headers.first(), Key::to_sign(rule.key, secret)) else { return Vec::new() };
    let mut headers = Vec::new();
    let mut id = Cow::Borrowed("");
    if let Some(name) = family.id {
        id = match request.headers.text(name) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(format!("msg_{}", digest(&[request.body]))),
        };
        headers.extend(request.headers.text(name).is_none().then(|| (name.to_owned(), id.clone().into_owned())));
    }
    let time = rule.time.map(|wanted| time::write(wanted.unit, now)).unwrap_or_default();
    headers.extend(family.time.map(|name| (name.to_owned(), time.clone())));
    let message = Message {
        template: rule.template,
        request,
        id: id.as_bytes(),
        time: time.as_bytes(),
        form: form(rule, request),
    };
    let value = key.code(&|sink| message.pour(request.url, sink), |code| {
        header::write(rule.spelling, rule.encoding, rule.version(key.kind()), code)
    });
    let value = match rule.time.map(|time| time.from) {
        Some(TimeFrom::List(name)) => format!("{name}={time},{value}"),
        _ => value,
    };
    headers.push((family.signature.to_owned(), value));
    headers
}

/// The first family whose signature is there.
fn family<'r>(rule: &Rule<'r>, request: &Request<'_>) -> Result<&'r Family<'r>, Refusal> {
    let present = |family: &&Family<'_>| request.headers.all(family.signature).next().is_some();
    rule.headers.iter().find(present).ok_or(Refusal::MissingSignature)
}

fn gather<'a>(
    rule: &Rule<'a>,
    family: &'a Family<'a>,
    signature: &'a [u8],
    request: &'a Request<'a>,
) -> Result<Message<'a>, Refusal> {
    let id = match family.id {
        Some(name) => only(request, name)?,
        None => &[],
    };
    let time = match (rule.time.map(|time| time.from), family.time) {
        (Some(TimeFrom::Header), Some(name)) => only(request, name).map_err(|refusal| match refusal {
            Refusal::MissingSignature => Refusal::TimestampMissing,
            _ => Refusal::TimestampMalformed,
        })?,
        (Some(TimeFrom::List(name)), _) => {
            header::listed(signature, rule.spelling, name).ok_or(Refusal::TimestampMalformed)?
        }
        _ => &[],
    };
    Ok(Message { template: rule.template, request, id, time, form: form(rule, request) })
}

impl Message<'_> {
    /// Hands over everything that is signed, in order.
    fn pour(&self, url: &str, sink: &mut Sink<'_>) {
        for piece in pieces(self.template) {
            sink(match piece {
                Piece::Text(text) => text.as_bytes(),
                Piece::Id => self.id,
                Piece::Time => self.time,
                Piece::Body => self.request.body,
                Piece::Method => self.request.method.as_bytes(),
                Piece::Url => url.as_bytes(),
                Piece::Form => &self.form,
            });
        }
    }
}

/// The form's fields, unless the URL vouches for the body by its hash.
fn form(rule: &Rule<'_>, request: &Request<'_>) -> Vec<u8> {
    let hashed = rule.body_hash.is_some_and(|name| url::parameter(request.url, name).is_some());
    if rule.signs(Piece::Form) && !hashed { url::sorted_form(request.body) } else { Vec::new() }
}

fn body_hash_agrees(rule: &Rule<'_>, request: &Request<'_>) -> bool {
    rule.body_hash.is_none_or(|name| url::hash_agrees(request.url, name, request.body).unwrap_or(true))
}

/// The time that was sent beside the body.
fn sent_time(rule: &Rule<'_>, sent: &[u8]) -> Result<Option<Timestamp>, Refusal> {
    match rule.time {
        Some(Time { from: TimeFrom::Header | TimeFrom::List(_), unit, .. }) => {
            time::read(unit, sent).map(Some).ok_or(Refusal::TimestampMalformed)
        }
        _ => Ok(None),
    }
}

/// The time inside a body that is known to be genuine.
fn time_in_body(rule: &Rule<'_>, body: &[u8]) -> Result<Option<Timestamp>, Refusal> {
    let Some(Time { from: TimeFrom::Body(member), unit, .. }) = rule.time else { return Ok(None) };
    let sent = json::parse(body).ok_or(Refusal::TimestampMissing)?.only(member);
    let sent = sent.map_err(|_| Refusal::TimestampMalformed)?.ok_or(Refusal::TimestampMissing)?;
    let text = sent.scalar().ok_or(Refusal::TimestampMalformed)?;
    time::read(unit, text.as_bytes()).map(Some).ok_or(Refusal::TimestampMalformed)
}
