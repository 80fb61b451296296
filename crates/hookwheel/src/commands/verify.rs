//! `hookwheel verify`: is this signature right, and if not, which rule failed? For the operator, locally: what it
//! says is never said to a sender.

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_sources::{self as sources, Headers, Refusal, Request};
use serde_json::json;

use super::capture::{Capture, CaptureArgs};
use super::endpoint::{Endpoint, EndpointArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, OutputArgs, Paint};

/// Says whether a captured request is genuine, and if not which rule failed
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    capture: CaptureArgs,
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// Judge as of this time, seconds since 1970, instead of now
    #[arg(long, value_name = "SECONDS")]
    at: Option<i64>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. A refusal exits with 4.
pub fn run(command: &Verify) -> Result<(), Failure> {
    let capture = command.capture.read()?;
    let endpoint = command.endpoint.endpoint()?;
    let now = command.at.map_or_else(super::now, Timestamp::from_secs);
    let format = command.output.format();
    match check(&endpoint, &capture.request(), now) {
        Ok(proof) => {
            print_proof(format, &proof);
            Ok(())
        }
        Err(refusal) => Err(refuse(format, refusal, hint(&endpoint, &capture, refusal, now))),
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
    let (rule, what, remedy) = explain(refusal);
    let remedy = hint.unwrap_or(remedy);
    if format != Format::Table {
        output::print_json(format, &json!({ "verdict": "refused", "rule": rule, "detail": what, "remedy": remedy }));
    }
    Failure::new(Exit::Refused, format!("refused by rule {rule}: {what}")).remedy(remedy)
}

/// The rule's name, what it means, and what to look at.
fn explain(refusal: Refusal) -> (&'static str, &'static str, &'static str) {
    match refusal {
        Refusal::MissingSignature => (
            "missing_signature",
            "the header that carries the proof is not there",
            "set the secret at the sender, and check that no proxy removes the header",
        ),
        Refusal::MalformedSignature => (
            "malformed_signature",
            "the proof is there, but not written as the scheme demands, or it is there twice",
            "compare the header with the scheme's prefix and encoding",
        ),
        Refusal::SignatureMismatch => (
            "signature_mismatch",
            "the proof is well formed and belongs to another secret or another body",
            "compare the secret on both sides, and check that the body is byte for byte what was sent",
        ),
        Refusal::TimestampMissing => {
            ("timestamp_missing", "the scheme signs a time and there is none", "check that no proxy removes the header")
        }
        Refusal::TimestampMalformed => {
            ("timestamp_malformed", "the signed time is not a time", "check what the sender writes")
        }
        Refusal::TimestampStale => (
            "timestamp_stale",
            "the signed time is too far in the past",
            "check both clocks; for an old capture give its time with --at",
        ),
        Refusal::TimestampFuture => {
            ("timestamp_future", "the signed time is too far in the future", "check both clocks")
        }
        Refusal::NoKnownVersion => (
            "no_known_version",
            "there are signatures, but of no version that is understood",
            "let the sender sign with the symmetric version (v1)",
        ),
        Refusal::SecretNotConfigured => (
            "secret_not_configured",
            "there is no secret to compare with",
            "give the webhook a secret that is not empty",
        ),
    }
}

/// The usual slips of a capture, tried one by one.
fn hint(endpoint: &Endpoint, capture: &Capture, refusal: Refusal, now: Timestamp) -> Option<&'static str> {
    if refusal != Refusal::SignatureMismatch {
        return None;
    }
    let genuine =
        |headers: &Headers, body: &[u8]| check(endpoint, &Request { method: "POST", headers, body }, now).is_ok();
    if genuine(&capture.headers, capture.body.trim_ascii_end()) {
        return Some("the body file ends in white space that was not sent; the body without it is genuine");
    }
    let trimmed: Vec<_> = endpoint.secrets.iter().map(|secret| secret.expose().trim_ascii()).collect();
    if sources::verify(&endpoint.webhook.auth, &trimmed, &capture.request(), now).is_ok() {
        return Some("the secret has white space around it; without it the request is genuine");
    }
    None
}
