//! `hookwheel send`: a signed sample delivery for any profile, the first thing to try against a new webhook.

use std::path::PathBuf;
use std::time::Duration;

use hookwheel_core::Timestamp;
use hookwheel_sources::{self as sources, Headers, Request};
use serde_json::{Value, json};

use super::endpoint::{Endpoint, EndpointArgs};
use crate::exit::{Exit, Failure};
use crate::http;
use crate::output::{self, Format, OutputArgs, Paint};

const TIMEOUT: Duration = Duration::from_secs(35);

/// Sends a signed sample delivery and shows the answer
#[derive(Debug, clap::Args)]
pub struct Send {
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// Where to send it; http://127.0.0.1:8080/webhooks/<slug> unless said otherwise
    #[arg(long)]
    url: Option<String>,
    /// Send this body instead of the profile's sample
    #[arg(long, value_name = "PATH")]
    body: Option<PathBuf>,
    /// Picks the sample's ids: the same number gives the same delivery again. A new one each time unless given
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u32>,
    #[command(flatten)]
    output: OutputArgs,
}

/// A delivery ready to be posted.
pub struct Sample {
    /// Headers in order, proof included.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the other side said.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, as JSON if it is.
    pub body: Value,
}

/// Runs the command. A 4xx exits with 4, a 5xx and silence with 5.
pub async fn run(command: Send) -> Result<(), Failure> {
    let endpoint = command.endpoint.endpoint()?;
    let url =
        command.url.clone().unwrap_or_else(|| format!("http://127.0.0.1:8080/webhooks/{}", endpoint.webhook.slug));
    let mut sample = Sample::unsigned(&endpoint, command.seed.unwrap_or_else(rand::random).into());
    if let Some(path) = &command.body {
        sample.body =
            std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    }
    sample.sign(&endpoint, super::now());
    let answer = sample.post(&http::client(TIMEOUT)?, &http::url(&url)?).await?;
    answer.print(command.output.format());
    answer.verdict()
}

impl Sample {
    /// The profile's sample without proof.
    pub fn unsigned(endpoint: &Endpoint, seed: u64) -> Self {
        let (headers, body) = endpoint.source.sample(seed);
        Self { headers, body }
    }

    /// Turns GitHub's sample into another event of theirs.
    pub fn becomes(&mut self, event: &str, body: &[u8]) {
        self.body = body.to_vec();
        for (_, value) in self.headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("x-github-event")) {
            *value = event.to_owned();
        }
    }

    /// Adds the proof, with the webhook's first secret.
    pub fn sign(&mut self, endpoint: &Endpoint, now: Timestamp) {
        let secret = endpoint.secrets.first().map(|secret| secret.expose()).unwrap_or_default();
        let lower = self.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone().into_bytes())).collect();
        let headers = Headers(lower);
        let webhook = &endpoint.webhook;
        let target = format!("/webhooks/{}", webhook.slug);
        let url = sources::public_url(webhook.public_base_url.as_deref(), &target);
        let request = Request { method: "POST", url: &url, headers: &headers, body: &self.body };
        let proof = sources::sign(&endpoint.webhook.auth, secret, &request, now);
        self.headers.retain(|(name, _)| !proof.iter().any(|(proven, _)| proven.eq_ignore_ascii_case(name)));
        self.headers.extend(proof);
    }

    /// Posts it and waits for the answer.
    pub async fn post(&self, client: &reqwest::Client, url: &reqwest::Url) -> Result<Answer, Failure> {
        let mut request = client.post(url.clone()).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| {
            http::unreachable(url, &error).remedy("start `hookwheel up`, or say where to send with --url")
        })?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(|error| http::unreachable(url, &error))?;
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) })
    }
}

impl Answer {
    /// The delivery's id, if the answer names one.
    pub fn delivery(&self) -> Option<&str> {
        self.body.get("delivery_id").and_then(Value::as_str)
    }

    fn print(&self, format: Format) {
        if format != Format::Table {
            return output::print_json(format, &json!({ "status": self.status, "body": self.body }));
        }
        let paint = Paint::stdout();
        let status = self.status.to_string();
        let status = if self.status < 300 { paint.good(&status) } else { paint.bad(&status) };
        output::print(format!("{status} {}", output::shown(&self.body.to_string())));
    }

    fn verdict(&self) -> Result<(), Failure> {
        let title = self.body.get("title").and_then(Value::as_str).unwrap_or("the delivery was not taken");
        match self.status {
            200..=299 => Ok(()),
            404 => {
                Err(Failure::new(Exit::NotFound, title).remedy("check the slug; `hookwheel check` lists the webhooks"))
            }
            401 => Err(Failure::new(Exit::Refused, title)
                .remedy("the secret here and the webhook's secret differ; `hookwheel verify` says which rule failed")),
            400..=499 => Err(Failure::new(Exit::Refused, title)),
            500..=599 => {
                Err(Failure::new(Exit::Unavailable, title).remedy("look at /readyz of the ingress' admin port"))
            }
            status => Err(Failure::failed(format!("unexpected status {status}"))),
        }
    }
}
