//! `hookwheel verify`: is this signature right, and if not, which rule failed? For the operator, locally: what it
//! says is never said to a sender.

mod handshakes;
mod vectors;

use std::path::PathBuf;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_sources::{self as sources, Refusal, Request};
use serde_json::json;

use super::capture::CaptureArgs;
use super::endpoint::{Endpoint, EndpointArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, OutputArgs, Paint};

/// Says whether a captured request is genuine, and if not which rule failed
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    capture: Option<CaptureArgs>,
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// The URL as the sender wrote it, for schemes that sign it
    #[arg(long, default_value = "", hide_default_value = true)]
    url: String,
    /// Judge files of signature or handshake vectors instead, one JSON line per case
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with_all = ["body", "webhook", "source", "auth", "at"])]
    vectors: Vec<PathBuf>,
    /// Fail when a vector says otherwise
    #[arg(long, requires = "vectors")]
    check: bool,
    /// Judge as of this time, seconds since 1970, instead of now
    #[arg(long, value_name = "SECONDS")]
    at: Option<i64>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. A refusal exits with 4.
pub fn run(command: &Verify) -> Result<(), Failure> {
    if !command.vectors.is_empty() {
        return vectors::run(&command.vectors, command.check);
    }
    let Some(capture) = &command.capture else {
        return Err(Failure::usage("no request is given").remedy("name the file with its body, or --vectors FILES"));
    };
    let capture = capture.read()?;
    let endpoint = command.endpoint.endpoint()?;
    let now = command.at.map_or_else(super::now, Timestamp::from_secs);
    let format = command.output.format();
    let request = Request { url: &command.url, ..capture.request() };
    match check(&endpoint, &request, now) {
        Ok(proof) => {
            print_proof(format, &proof);
            Ok(())
        }
        Err(refusal) => Err(refuse(format, refusal, hint(&endpoint, &request, refusal, now))),
    }
}

fn check(endpoint: &Endpoint, request: &Request<'_>, now: Timestamp) -> Result<Proof, Refusal> {
    let secrets: Vec<_> = endpoint.secrets.iter().map(|secret| secret.expose()).collect();
    sources::verify(&endpoint.webhook.auth, &secrets, request, now)
}

fn print_proof(format: Format, proof: &Proof) {
    let signed_at = proof.signed_at.map(Timestamp::rfc3339);
    if format != Format::Table {
        let answer = json!({
            "verdict": "genuine", "scheme": proof.scheme, "secret": proof.secret, "signed_at": signed_at,
        });
        return output::print_json(format, &answer);
    }
    let which = proof.secret.map(|n| format!(", secret {} of the list", n + 1)).unwrap_or_default();
    let when = signed_at.map(|at| format!(", signed at {at}")).unwrap_or_default();
    output::print(format!("{} {}{which}{when}", Paint::stdout().good("genuine:"), proof.scheme));
}

fn refuse(format: Format, refusal: Refusal, hint: Option<&str>) -> Failure {
    let rule = refusal.as_str();
    let (what, remedy) = explain(refusal);
    let remedy = hint.unwrap_or(remedy);
    if format != Format::Table {
        output::print_json(format, &json!({ "verdict": "refused", "rule": rule, "detail": what, "remedy": remedy }));
    }
    Failure::new(Exit::Refused, format!("refused by rule {rule}: {what}")).remedy(remedy)
}

/// What a rule means, and what to look at.
fn explain(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::MissingSignature => (
            "the header that carries the proof is not there",
            "set the secret at the sender, and check that no proxy removes the header",
        ),
        Refusal::MalformedSignature => (
            "the proof is there, but not written as the scheme demands, or it is there twice",
            "compare the header with the scheme's prefix and encoding",
        ),
        Refusal::SignatureMismatch => (
            "the proof is well formed and belongs to another secret or another body",
            "compare the secret on both sides, and check that the body is byte for byte what was sent",
        ),
        Refusal::TimestampMissing => {
            ("the scheme signs a time and there is none", "check that no proxy removes the header")
        }
        Refusal::TimestampMalformed => ("the signed time is not a time", "check what the sender writes"),
        Refusal::TimestampStale => {
            ("the signed time is too far in the past", "check both clocks; for an old capture give its time with --at")
        }
        Refusal::TimestampFuture => ("the signed time is too far in the future", "check both clocks"),
        Refusal::NoKnownVersion => (
            "there are signatures, but of no version that is understood",
            "let the sender sign with a version that a configured secret is for",
        ),
        Refusal::SecretNotConfigured => {
            ("there is no secret to compare with", "give the webhook a secret that is not empty")
        }
    }
}

/// The usual slips of a capture, tried one by one.
fn hint(endpoint: &Endpoint, request: &Request<'_>, refusal: Refusal, now: Timestamp) -> Option<&'static str> {
    if refusal == Refusal::SecretNotConfigured && sources::needs_url(&endpoint.webhook.auth) && request.url.is_empty() {
        return Some("this sender signs the URL: give it with --url, as the sender's settings have it");
    }
    if refusal != Refusal::SignatureMismatch {
        return None;
    }
    let trimmed = Request { body: request.body.trim_ascii_end(), ..*request };
    if check(endpoint, &trimmed, now).is_ok() {
        return Some("the body file ends in white space that was not sent; the body without it is genuine");
    }
    let trimmed: Vec<_> = endpoint.secrets.iter().map(|secret| secret.expose().trim_ascii()).collect();
    if sources::verify(&endpoint.webhook.auth, &trimmed, request, now).is_ok() {
        return Some("the secret has white space around it; without it the request is genuine");
    }
    None
}
