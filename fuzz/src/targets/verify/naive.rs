//! The second opinion: each scheme as its provider describes it, slow and plain, with no table and no shared code.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hookwheel_sources::Request;
use sha1::Sha1;
use sha2::Sha256;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::targets::json::Members;

/// One request under one list of secrets.
struct Ask<'a> {
    secrets: &'a [&'a [u8]],
    request: &'a Request<'a>,
    now: i64,
    window: Option<u32>,
}

type Read = fn(&[u8]) -> Option<Vec<u8>>;
type Mac = fn(&[u8], &[u8]) -> Vec<u8>;

/// Whether this request is genuine; `None` for schemes without a second opinion here.
pub(super) fn believes(
    scheme: &str,
    secrets: &[&[u8]],
    request: &Request<'_>,
    now: i64,
    window: Option<u32>,
) -> Option<bool> {
    let ask = Ask { secrets, request, now, window };
    let (body, url) = (request.body, request.url.as_bytes());
    let verdict = match scheme {
        "none" => Some(()),
        "github_hmac_sha256" | "meta" => ask.code("x-hub-signature-256", "sha256=", hex, sha256, &[body]),
        "github_hmac_sha1" | "intercom" => ask.code("x-hub-signature", "sha1=", hex, sha1, &[body]),
        "bitbucket" | "jira" => ask.code("x-hub-signature", "sha256=", hex, sha256, &[body]),
        "sentry_webhook_signature" => ask.code("sentry-hook-signature", "", hex, sha256, &[body]),
        "grafana" => ask.code("x-grafana-alerting-signature", "", hex, sha256, &[body]),
        "asana" => ask.code("x-hook-signature", "", hex, sha256, &[body]),
        "dropbox" => ask.code("x-dropbox-signature", "", hex, sha256, &[body]),
        "shopify" => ask.code("x-shopify-hmac-sha256", "", BASE64_READ, sha256, &[body]),
        "typeform" => ask.code("typeform-signature", "sha256=", BASE64_READ, sha256, &[body]),
        "x" => ask.code("x-twitter-webhooks-signature", "sha256=", BASE64_READ, sha256, &[body]),
        "mintlify" => ask
            .there(&["x-mintlify-signature", "mintlify-signature"])
            .and_then(|name| ask.code(name, "", hex, sha256, &[body])),
        "gitea" => ask
            .there(&["x-gitea-signature", "x-forgejo-signature", "x-gogs-signature"])
            .and_then(|name| ask.code(name, "", hex, sha256, &[body])),
        "trello" => ask.whole_url().and_then(|()| ask.code("x-trello-webhook", "", BASE64_READ, sha1, &[body, url])),
        "linear_webhook_signature" => {
            ask.code("linear-signature", "", hex, sha256, &[body]).and_then(|()| ask.linear_time())
        }
        "slack" => ask
            .timed("x-slack-request-timestamp", seconds)
            .and_then(|at| ask.code("x-slack-signature", "v0=", hex, sha256, &[b"v0:", at, b":", body])),
        "zoom" => ask
            .timed("x-zm-request-timestamp", seconds)
            .and_then(|at| ask.code("x-zm-signature", "v0=", hex, sha256, &[b"v0:", at, b":", body])),
        "grafana_timestamp" => ask
            .timed("x-grafana-alerting-timestamp", seconds)
            .and_then(|at| ask.code("x-grafana-alerting-signature", "", hex, sha256, &[at, b":", body])),
        "twitch" => ask.timed("twitch-eventsub-message-timestamp", rfc3339).and_then(|at| {
            let id = ask.only("twitch-eventsub-message-id")?;
            ask.code("twitch-eventsub-message-signature", "sha256=", hex, sha256, &[id, at, body])
        }),
        "zendesk" => ask
            .timed("x-zendesk-webhook-signature-timestamp", rfc3339)
            .and_then(|at| ask.code("x-zendesk-webhook-signature", "", BASE64_READ, sha256, &[at, body])),
        "hubspot" => ask.hubspot(),
        "stripe_webhook_signature" => ask.stripe(),
        "pagerduty_v2_signature" => ask.only("x-pagerduty-signature").and_then(|list| {
            let codes = versions(list, ',', '=', "v1")?;
            ask.one_of(codes.iter().filter_map(|code| hex(code)), sha256, body)
        }),
        "standard_webhooks" => ask.standard(if ask.has("webhook-signature") { "webhook" } else { "svix" })?,
        "gitlab_signing_token" => ask.standard("webhook")?,
        "msteams" => ask.msteams(),
        "gitlab_token" => ask.only("x-gitlab-token").and_then(|token| ask.token(token)),
        "bearer" => ask.bearer().and_then(|token| ask.token(token)),
        "basic" => ask.basic(),
        "alertmanager" | "datadog" => match ask.bearer() {
            Some(token) => ask.token(token),
            None => ask.basic(),
        },
        _ => return None,
    };
    Some(verdict.is_some())
}

impl<'a> Ask<'a> {
    fn has(&self, name: &str) -> bool {
        self.request.headers.0.iter().any(|(n, _)| n == name)
    }

    /// The first of these headers that is there.
    fn there<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().find(|name| self.has(name)).copied()
    }

    fn only(&self, name: &str) -> Option<&'a [u8]> {
        let values: Vec<_> = self.request.headers.0.iter().filter(|(n, _)| n == name).collect();
        if let [(_, only)] = values.as_slice() { Some(only) } else { None }
    }

    /// One signature, alone in its header.
    fn code(&self, header: &str, prefix: &str, read: Read, mac: Mac, signed: &[&[u8]]) -> Option<()> {
        let sent = self.only(header)?;
        let rest = unprefixed(sent, prefix)?;
        self.one_of(read(rest).into_iter(), mac, &signed.concat())
    }

    fn one_of(&self, codes: impl Iterator<Item = Vec<u8>>, mac: Mac, message: &[u8]) -> Option<()> {
        let right: Vec<_> = self.usable().map(|secret| mac(secret, message)).collect();
        codes.into_iter().any(|code| right.contains(&code)).then_some(())
    }

    fn usable(&self) -> impl Iterator<Item = &'a [u8]> {
        self.secrets.iter().copied().filter(|secret| !secret.is_empty())
    }

    /// The signed time as sent, once it is inside the window.
    fn timed(&self, header: &str, read: fn(&str) -> Option<i128>) -> Option<&'a [u8]> {
        let sent = self.only(header)?;
        self.inside(sent, read).then_some(sent)
    }

    fn inside(&self, sent: &[u8], read: fn(&str) -> Option<i128>) -> bool {
        let Some(window) = self.window else { return true };
        let at = std::str::from_utf8(sent).ok().and_then(read);
        at.is_some_and(|at| (at - i128::from(self.now)).abs() <= i128::from(window))
    }

    fn linear_time(&self) -> Option<()> {
        if self.window.is_none() {
            return Some(());
        }
        let Members(members) = serde_json::from_slice(self.request.body).ok()?;
        let times: Vec<_> = members.iter().filter(|(name, _)| name == "webhookTimestamp").collect();
        let [(_, only)] = times.as_slice() else { return None };
        let text = serde_json::from_str::<String>(only.get()).unwrap_or_else(|_| only.get().to_owned());
        self.inside(text.as_bytes(), millis).then_some(())
    }

    fn whole_url(&self) -> Option<()> {
        self.request.url.find("://").filter(|at| *at > 0).map(|_| ())
    }

    fn hubspot(&self) -> Option<()> {
        self.whole_url()?;
        let at = self.timed("x-hubspot-request-timestamp", millis)?;
        let mut decoded = self.request.url.to_owned();
        for byte in b":/?@!$'()*,;" {
            for escape in [format!("%{byte:02x}"), format!("%{byte:02X}")] {
                decoded = decoded.replace(&escape, &char::from(*byte).to_string());
            }
        }
        [self.request.url, &decoded].iter().find_map(|url| {
            let signed = [self.request.method.as_bytes(), url.as_bytes(), self.request.body, at];
            self.code("x-hubspot-signature-v3", "", BASE64_READ, sha256, &signed)
        })
    }

    fn stripe(&self) -> Option<()> {
        let list = self.only("stripe-signature")?;
        let codes = versions(list, ',', '=', "v1")?;
        let times = versions(list, ',', '=', "t")?;
        let [at] = times.as_slice() else { return None };
        let signed = [at.as_slice(), b".", self.request.body].concat();
        self.inside(at, seconds).then_some(())?;
        self.one_of(codes.iter().filter_map(|code| hex(code)), sha256, &signed)
    }

    /// The outer `None`: a secret here is half of a pair, of which nothing is known.
    fn standard(&self, family: &str) -> Option<Option<()>> {
        if self.secrets.iter().any(|secret| secret.starts_with(b"whpk_") || secret.starts_with(b"whsk_")) {
            return None;
        }
        Some((|| {
            let header = |name: &str| self.only(&format!("{family}-{name}"));
            let (list, id, at) = (header("signature")?, header("id")?, header("timestamp")?);
            let signed = [id, b".", at, b".", self.request.body].concat();
            self.inside(at, seconds).then_some(())?;
            let codes: Vec<_> = versions(list, ' ', ',', "v1")?.iter().filter_map(|code| BASE64_READ(code)).collect();
            self.keys("whsec_").into_iter().find(|key| codes.contains(&sha256(key, &signed))).map(|_| ())
        })())
    }

    fn msteams(&self) -> Option<()> {
        let sent = unprefixed(self.only("authorization")?, "HMAC ").and_then(BASE64_READ)?;
        self.keys("").into_iter().find(|key| sha256(key, self.request.body) == sent).map(|_| ())
    }

    /// Secrets that spell a key in base64, padded or not.
    fn keys(&self, prefix: &str) -> Vec<Vec<u8>> {
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let lenient = GeneralPurpose::new(&ALPHABET, config);
        let bare = self.secrets.iter().map(|secret| secret.strip_prefix(prefix.as_bytes()).unwrap_or(secret));
        bare.filter_map(|secret| lenient.decode(secret).ok()).filter(|key| !key.is_empty()).collect()
    }

    fn bearer(&self) -> Option<&'a [u8]> {
        unprefixed(self.only("authorization")?, "Bearer ")
    }

    fn basic(&self) -> Option<()> {
        let sent = unprefixed(self.only("authorization")?, "Basic ").and_then(BASE64_READ)?;
        self.token(&sent)
    }

    fn token(&self, sent: &[u8]) -> Option<()> {
        self.usable().any(|secret| secret == sent).then_some(())
    }
}

/// The texts of one version in a list of at most sixteen parts.
fn versions(list: &[u8], between: char, mark: char, wanted: &str) -> Option<Vec<Vec<u8>>> {
    // Bytes as characters of the same number, so that text functions can be used.
    let text: String = list.iter().map(|&b| char::from(b)).collect();
    let blank = |c: char| c.is_ascii_whitespace();
    let parts: Vec<&str> = text.split(between).map(|part| part.trim_matches(blank)).filter(|p| !p.is_empty()).collect();
    let found = parts.iter().filter_map(|part| part.split_once(mark)).filter(|(version, _)| *version == wanted);
    let bytes = |text: &str| text.chars().map(|c| u32::from(c).to_le_bytes()[0]).collect();
    (parts.len() <= 16).then(|| found.map(|(_, text)| bytes(text)).collect())
}

fn unprefixed<'a>(sent: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (start, rest) = (sent.get(..prefix.len())?, &sent[prefix.len()..]);
    (start.to_ascii_lowercase() == prefix.to_ascii_lowercase().into_bytes()).then_some(rest)
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.iter().map(|&b| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

const BASE64_READ: Read = |text| BASE64.decode(text).ok();

fn sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any key will do");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Digits, with a minus at most, of a number that 64 bits hold.
fn whole(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sound = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    let number: i128 = sound.then(|| text.parse().ok())??;
    (i128::from(i64::MIN)..=i128::from(i64::MAX)).contains(&number).then_some(number)
}

fn seconds(text: &str) -> Option<i128> {
    whole(text)
}

fn millis(text: &str) -> Option<i128> {
    whole(text).map(|millis| millis.div_euclid(1000))
}

fn rfc3339(text: &str) -> Option<i128> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(|at| at.unix_timestamp_nanos().div_euclid(1_000_000_000))
}
