//! `auth`: how a sender proves itself, as one word or, where a scheme has details, as a table.

use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme};
use hookwheel_runtime::settings::Table;

#[derive(Clone, Copy)]
enum Mode {
    None,
    Github,
    Standard,
    Hmac,
    StaticHeader,
    Bearer,
}

const MODES: [(&str, Mode); 6] = [
    ("github_hmac_sha256", Mode::Github),
    ("standard_webhooks", Mode::Standard),
    ("hmac", Mode::Hmac),
    ("static_header", Mode::StaticHeader),
    ("bearer", Mode::Bearer),
    ("none", Mode::None),
];

/// The scheme; `default` when nothing is written. `None` has been reported.
pub(super) fn read(webhook: &Table<'_>, default: Auth) -> Option<Auth> {
    match webhook.kind("auth") {
        None => Some(default),
        Some("string") => match webhook.opt_choice("auth", &MODES)? {
            Mode::Hmac => needs_header(webhook, "hmac"),
            Mode::StaticHeader => needs_header(webhook, "static_header"),
            mode => plain(mode),
        },
        Some(_) => {
            let table = webhook.opt_table("auth")?;
            table.required_str("mode", "\"hmac\"")?;
            match table.opt_choice("mode", &MODES) {
                None => {
                    table.ignore_rest();
                    None
                }
                Some(Mode::Hmac) => hmac(&table),
                Some(Mode::StaticHeader) => {
                    Some(Auth::StaticHeader { header: header(&table, "\"X-Webhook-Secret\"")? })
                }
                Some(mode) => plain(mode),
            }
        }
    }
}

fn plain(mode: Mode) -> Option<Auth> {
    match mode {
        Mode::None => Some(Auth::None),
        Mode::Github => Some(Auth::GithubHmacSha256),
        Mode::Standard => Some(Auth::StandardWebhooks),
        Mode::Bearer => Some(Auth::Bearer),
        Mode::Hmac | Mode::StaticHeader => None,
    }
}

fn needs_header(webhook: &Table<'_>, mode: &str) -> Option<Auth> {
    let remedy = format!("write `auth = {{ mode = \"{mode}\", header = \"X-Signature\" }}`");
    webhook.mistake("auth", format!("`{mode}` needs the name of a header"), remedy);
    None
}

fn hmac(table: &Table<'_>) -> Option<Auth> {
    let prefix = table.str("prefix", "");
    let encoding = table.choice("encoding", Encoding::Hex, &[("hex", Encoding::Hex), ("base64", Encoding::Base64)]);
    let hashes = [("sha256", Hash::Sha256), ("sha512", Hash::Sha512), ("sha1", Hash::Sha1)];
    let hash = table.choice("hash", Hash::Sha256, &hashes);
    Some(Auth::Hmac(HmacScheme { header: header(table, "\"X-Signature\"")?, prefix, encoding, hash }))
}

fn header(table: &Table<'_>, example: &str) -> Option<String> {
    let name = table.required_str("header", example)?;
    if is_header_name(&name) {
        return Some(name.to_ascii_lowercase());
    }
    table.mistake("header", "`header` should be the name of an HTTP header", format!("write it like {example}"));
    None
}

/// Whether a text can be a header's name.
pub(super) fn is_header_name(text: &str) -> bool {
    reqwest::header::HeaderName::from_bytes(text.as_bytes()).is_ok()
}
