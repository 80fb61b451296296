//! Signature vectors: files of requests with their own secrets, clock and window, and what is right about each.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme};
use hookwheel_sources::{self as sources, Headers, Refusal, Request, Verifier};
use serde::{Deserialize, Deserializer, Serialize};

use super::handshakes;
use crate::exit::Failure;
use crate::output::{self, Format};

/// The scheme of files whose cases are judged by what is answered.
const HANDSHAKES: &str = "handshakes";

#[derive(Deserialize)]
struct File {
    scheme: String,
    #[serde(default)]
    signature_header: String,
    tolerance_s: Option<u32>,
    cases: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    secrets: Vec<String>,
    now: i64,
    /// Left out: the file's. Null: no time is judged.
    #[serde(default, deserialize_with = "present")]
    tolerance_s: Option<Option<u32>>,
    request: Captured,
    verdict: Option<String>,
    reason: Option<String>,
}

/// A request in a file of vectors.
#[derive(Deserialize)]
pub(super) struct Captured {
    pub(super) method: String,
    pub(super) url: String,
    headers: Vec<(String, String)>,
    body_b64: String,
}

impl Captured {
    /// Headers and body as the pure code reads them; `id` is for the error.
    pub(super) fn read(&self, id: &str) -> Result<(Headers, Vec<u8>), String> {
        let body = BASE64.decode(&self.body_b64).map_err(|error| format!("{id}: {error}"))?;
        let headers = self.headers.iter();
        Ok((Headers(headers.map(|(n, v)| (n.to_ascii_lowercase(), v.clone().into_bytes())).collect()), body))
    }
}

/// One judged case: what it is, what was found, and whether that is what the case says.
pub(super) struct Judged {
    pub(super) id: String,
    pub(super) verdict: &'static str,
    pub(super) reason: &'static str,
    /// Which rule exactly refused.
    pub(super) rule: Option<&'static str>,
    pub(super) agrees: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    verdict: &'static str,
    reason: &'static str,
    /// Which rule exactly refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
}

/// Judges every case of every file, one JSON line each; a file that cannot be read fails the command, after the others.
/// With `check` a case that says otherwise is a failure, too.
pub(super) fn run(files: &[impl AsRef<Path>], check: bool) -> Result<(), Failure> {
    let (mut wrong, mut count, mut broken) = (Vec::new(), 0, None);
    for path in files {
        match judge_file(path.as_ref()) {
            Ok(cases) => {
                cases.iter().for_each(Judged::print);
                count += cases.len();
                wrong.extend(cases.into_iter().filter(|case| !case.agrees).map(|case| case.id));
            }
            Err(failure) => broken = broken.or(Some(failure)),
        }
    }
    if let Some(broken) = broken {
        return Err(broken);
    }
    if !check || wrong.is_empty() {
        return Ok(());
    }
    wrong.iter().for_each(|id| output::say(format!("disagrees: {}", output::shown(id))));
    Err(Failure::failed(format!("{} of {} disagree", wrong.len(), output::count(count, "case"))))
}

fn judge_file(path: &Path) -> Result<Vec<Judged>, Failure> {
    let broken = |cause: String| Failure::usage(format!("{} is no file of vectors: {cause}", path.display()));
    let bytes =
        std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    let file: File = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    if file.scheme == HANDSHAKES {
        return file.cases.into_iter().map(handshakes::judge).collect::<Result<_, _>>().map_err(broken);
    }
    let auth = auth(&file.scheme, &file.signature_header)
        .ok_or_else(|| broken(format!("no scheme is called {:?}", file.scheme)))?;
    let cases = file.cases.into_iter().map(|case| {
        let case: Case = serde_json::from_value(case).map_err(|error| error.to_string())?;
        case.judge(&auth, file.tolerance_s)
    });
    cases.collect::<Result<_, String>>().map_err(broken)
}

/// The scheme of this name. Two of them take the header's name from the file.
fn auth(scheme: &str, signature_header: &str) -> Option<Auth> {
    match scheme {
        "generic_hmac" | "hmac" => {
            Some(Auth::Hmac(HmacScheme::over_body(signature_header, "", Encoding::Hex, Hash::Sha256)))
        }
        "static_header" => Some(Auth::StaticHeader { header: signature_header.to_owned() }),
        name => sources::auth(name),
    }
}

impl Case {
    fn judge(self, auth: &Auth, usual: Option<u32>) -> Result<Judged, String> {
        let (headers, body) = self.request.read(&self.id)?;
        let request = Request { method: &self.request.method, url: &self.request.url, headers: &headers, body: &body };
        let secrets: Vec<_> = self.secrets.iter().map(String::as_bytes).collect();
        let verifier = Verifier::new(auth, &secrets).with_tolerance(self.tolerance_s.unwrap_or(usual));
        let found = verifier.verify(&request, Timestamp::from_secs(self.now)).map(|_| ());
        let agrees = self.agrees(found);
        let (verdict, reason) = found.map_or_else(|refusal| ("reject", reason(refusal)), |()| ("accept", "ok"));
        Ok(Judged { id: self.id, verdict, reason, rule: found.err().map(Refusal::as_str), agrees })
    }

    fn agrees(&self, found: Result<(), Refusal>) -> bool {
        match self.verdict.as_deref() {
            Some("accept") => found.is_ok(),
            Some("reject") => {
                let wanted = self.reason.as_deref().unwrap_or("policy");
                found.is_err_and(|refusal| {
                    wanted == "policy" || wanted.split("_or_").any(|word| word == reason(refusal))
                })
            }
            _ => true,
        }
    }
}

impl Judged {
    fn print(&self) {
        let Self { id, verdict, reason, rule, .. } = self;
        output::print_json(Format::Jsonl, &Line { id, verdict, reason, rule: *rule });
    }
}

/// The vectors' word for a refusal. They call it a mismatch, too, when there is no secret to compare with.
pub(super) fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::MissingSignature | Refusal::TimestampMissing => "missing",
        Refusal::MalformedSignature | Refusal::TimestampMalformed => "malformed",
        Refusal::SignatureMismatch | Refusal::SecretNotConfigured => "mismatch",
        Refusal::TimestampStale => "stale",
        Refusal::TimestampFuture => "future",
        Refusal::NoKnownVersion => "no_known_version",
    }
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(value).map(Some)
}
