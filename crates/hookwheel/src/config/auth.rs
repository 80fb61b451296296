//! `auth`: how a sender proves itself, as one word or, where a scheme has details, as a table.

use std::ops::RangeInclusive;
use std::time::Duration;

use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme, KeyForm, SignedTime, TimeUnit};
use hookwheel_runtime::settings::{Table, did_you_mean};
use hookwheel_sources as sources;

/// How narrow and how wide the window of a signed time may be.
const WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
const USUAL_WINDOW: Duration = Duration::from_secs(300);
/// What a template of one's own may name.
const FIELDS: [&str; 5] = ["id", "ts", "body", "method", "url"];

/// A mode: complete by its name, or in need of more words.
enum Mode {
    Complete(Auth),
    Hmac,
    StaticHeader,
    QueryToken,
}

/// The scheme; `default` when nothing is written. `None` has been reported.
pub(super) fn read(webhook: &Table<'_>, default: Auth) -> Option<Auth> {
    match webhook.kind("auth") {
        None => Some(default),
        Some("string") => match mode(webhook, "auth")? {
            Mode::Hmac => needs_more(webhook, "hmac", "header", "X-Signature"),
            Mode::StaticHeader => needs_more(webhook, "static_header", "header", "X-Signature"),
            Mode::QueryToken => needs_more(webhook, "query_token", "parameter", "token"),
            Mode::Complete(auth) => Some(auth),
        },
        Some(_) => {
            let table = webhook.opt_table("auth")?;
            table.required_str("mode", "\"hmac\"")?;
            match mode(&table, "mode") {
                None => {
                    table.ignore_rest();
                    None
                }
                Some(Mode::Hmac) => hmac(&table),
                Some(Mode::StaticHeader) => {
                    Some(Auth::StaticHeader { header: header(&table, "header", "\"X-Webhook-Secret\"")? })
                }
                Some(Mode::QueryToken) => {
                    Some(Auth::QueryToken { parameter: table.required_str("parameter", "\"token\"")? })
                }
                Some(Mode::Complete(auth)) => window(&table, auth),
            }
        }
    }
}

/// `public_base_url`: how senders address us. Schemes that sign the URL need it. `None` has been reported.
pub(super) fn public_base_url(webhook: &Table<'_>, auth: Option<&Auth>) -> Option<Option<String>> {
    let remedy = "write it like `public_base_url = \"https://hooks.example.com\"`, as the sender's settings have it";
    let Some(text) = webhook.opt_str("public_base_url") else {
        if webhook.has("public_base_url") {
            return None;
        }
        if auth.is_some_and(sources::needs_url) {
            webhook.mistake("auth", "this sender signs the URL, and `public_base_url` is not set", remedy);
            return None;
        }
        return Some(None);
    };
    let sound = reqwest::Url::parse(&text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    });
    if !sound {
        webhook.mistake("public_base_url", "`public_base_url` should be scheme and host of a URL", remedy);
    }
    sound.then_some(Some(text))
}

fn mode(table: &Table<'_>, key: &str) -> Option<Mode> {
    let name = table.opt_str(key)?;
    match name.as_str() {
        "hmac" => return Some(Mode::Hmac),
        "static_header" => return Some(Mode::StaticHeader),
        "query_token" => return Some(Mode::QueryToken),
        _ => {}
    }
    let mode = sources::auth(&name).map(Mode::Complete);
    if mode.is_none() {
        let known: Vec<_> = sources::schemes().chain(["static_header", "query_token", "hmac"]).collect();
        let remedy = did_you_mean(&name, known.iter().copied());
        let remedy = remedy.unwrap_or_else(|| format!("write one of \"{}\"", known.join("\", \"")));
        table.mistake(key, format!("`{key}` names no scheme"), remedy);
    }
    mode
}

fn needs_more(webhook: &Table<'_>, mode: &str, key: &str, example: &str) -> Option<Auth> {
    let remedy = format!("write `auth = {{ mode = \"{mode}\", {key} = \"{example}\" }}`");
    webhook.mistake("auth", format!("`{mode}` needs the name of a {key}"), remedy);
    None
}

/// A provider's scheme with another window than its own.
fn window(table: &Table<'_>, auth: Auth) -> Option<Auth> {
    let Some(window) = table.opt_duration("tolerance", WINDOW) else {
        return (!table.has("tolerance")).then_some(auth);
    };
    if !sources::signs_time(&auth) {
        table.mistake("tolerance", "this scheme signs no time", "leave `tolerance` out");
        return None;
    }
    let name = match auth {
        Auth::Scheme { name, .. } => name,
        _ => "standard_webhooks".to_owned(),
    };
    Some(Auth::Scheme { name, tolerance: seconds(window) })
}

fn hmac(table: &Table<'_>) -> Option<Auth> {
    let prefix = table.str("prefix", "");
    let encoding = table.choice("encoding", Encoding::Hex, &[("hex", Encoding::Hex), ("base64", Encoding::Base64)]);
    let hashes = [("sha256", Hash::Sha256), ("sha512", Hash::Sha512), ("sha1", Hash::Sha1)];
    let hash = table.choice("hash", Hash::Sha256, &hashes);
    let keys = [("text", KeyForm::Text), ("hex", KeyForm::Hex), ("base64", KeyForm::Base64)];
    let key = table.choice("key", KeyForm::Text, &keys);
    let template = table.opt_str("template");
    let id_header = table.has("id_header").then(|| header(table, "id_header", "\"X-Request-Id\""));
    let time = time(table);
    let sound = template_fits(table, template.as_deref(), id_header.is_some(), table.has("timestamp_header"));
    let header = header(table, "header", "\"X-Signature\"")?;
    let (id_header, time) = (transpose(id_header)?, transpose(time)?);
    let scheme = HmacScheme::over_body(header, prefix, encoding, hash);
    sound.then_some(Auth::Hmac(HmacScheme { template, id_header, time, key, ..scheme }))
}

fn time(table: &Table<'_>) -> Option<Option<SignedTime>> {
    let units = [("s", TimeUnit::Seconds), ("ms", TimeUnit::Millis), ("rfc3339", TimeUnit::Rfc3339)];
    let unit = table.choice("timestamp_unit", TimeUnit::Seconds, &units);
    let tolerance = seconds(table.duration("tolerance", USUAL_WINDOW, WINDOW));
    table.has("timestamp_header").then(|| {
        let header = header(table, "timestamp_header", "\"X-Timestamp\"")?;
        Some(SignedTime { header, unit, tolerance: tolerance? })
    })
}

/// What the template names must be there, and what is there must be signed: an unsigned time protects nobody.
fn template_fits(table: &Table<'_>, template: Option<&str>, has_id: bool, has_time: bool) -> bool {
    let template = template.unwrap_or("{body}");
    let named: Vec<_> = template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(n, _)| n).collect();
    let names = |field: &str| named.contains(&field);
    let mut sound = true;
    let mut check = |fits: bool, key: &str, what: &str, remedy: &str| {
        if !fits {
            table.mistake(key, what, remedy);
            sound = false;
        }
    };
    let remedy = "use {id}, {ts}, {body}, {method} and {url}, such as `template = \"{ts}.{body}\"`";
    check(
        named.iter().all(|name| FIELDS.contains(name)),
        "template",
        "`template` names a field that nobody has",
        remedy,
    );
    check(names("body"), "template", "`template` does not sign the body", remedy);
    let key = if has_id { "id_header" } else { "template" };
    check(names("id") == has_id, key, "`id_header` and `{id}` in `template` need each other", "write both or neither");
    let key = if has_time { "timestamp_header" } else { "template" };
    let what = "`timestamp_header` and `{ts}` in `template` need each other";
    check(names("ts") == has_time, key, what, "write both or neither");
    sound
}

/// A part that was not wanted, or wanted and sound.
fn transpose<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    part.map_or(Some(None), |wanted| wanted.map(Some))
}

fn seconds(window: Duration) -> Option<u32> {
    u32::try_from(window.as_secs()).ok()
}

fn header(table: &Table<'_>, key: &str, example: &str) -> Option<String> {
    let name = table.required_str(key, example)?;
    if is_header_name(&name) {
        return Some(name.to_ascii_lowercase());
    }
    table.mistake(key, format!("`{key}` should be the name of an HTTP header"), format!("write it like {example}"));
    None
}

/// Whether a text can be a header's name.
pub(super) fn is_header_name(text: &str) -> bool {
    reqwest::header::HeaderName::from_bytes(text.as_bytes()).is_ok()
}
