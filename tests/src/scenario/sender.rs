//! A provider: genuinely signed GitHub deliveries, sent until acknowledged, every answer in the ledger.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::Auth;
use hookwheel_runtime::clock;
use hookwheel_sources::{Headers, Request, sign, source};
use serde_json::{Value, json};

use crate::ledger::{Answer, Ledger};
use crate::world::SECRET;

/// One delivery, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// `X-GitHub-Delivery`.
    pub key: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Prepared {
    /// An opened pull request: `seed` makes it unique, `number` is the entity.
    pub fn opened(seed: u64, number: u64) -> anyhow::Result<Self> {
        Self::with_action(seed, number, "opened")
    }

    /// A closed pull request, which the worlds' configuration denies.
    pub fn denied(seed: u64) -> anyhow::Result<Self> {
        Self::with_action(seed, seed, "closed")
    }

    /// An opened pull request that somebody has signed with another secret.
    pub fn forged(seed: u64) -> anyhow::Result<Self> {
        let mut forged = Self::opened(seed, seed)?;
        let wrong = format!("sha256={}", "0".repeat(64));
        forged.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-hub-signature-256"));
        forged.headers.push(("x-hub-signature-256".into(), wrong));
        Ok(forged)
    }

    fn with_action(seed: u64, number: u64, action: &str) -> anyhow::Result<Self> {
        let github = source("github").context("no github source")?;
        let (mut headers, body) = github.sample(seed);
        let mut body: Value = serde_json::from_slice(&body)?;
        body["number"] = json!(number);
        body["pull_request"]["number"] = json!(number);
        body["action"] = json!(action);
        Self::signed(&mut headers, serde_json::to_vec(&body)?)
    }

    fn signed(headers: &mut Vec<(String, String)>, body: Vec<u8>) -> anyhow::Result<Self> {
        let key = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-github-delivery"));
        let key = key.context("the sample has no delivery id")?.1.clone();
        let known = Headers(headers.iter().map(|(n, v)| (n.to_lowercase(), v.clone().into_bytes())).collect());
        let request = Request { method: "POST", url: "", headers: &known, body: &body };
        let now = Timestamp::from_micros(clock::now_micros());
        headers.extend(sign(&Auth::GithubHmacSha256, SECRET.as_bytes(), &request, now));
        Ok(Self { key, headers: std::mem::take(headers), body })
    }
}

/// Sends, and writes every answer down.
#[derive(Clone)]
pub struct Sender {
    client: reqwest::Client,
    ledger: Arc<Mutex<Ledger>>,
}

/// A sender's patience with one request; ingress itself gives up after 30 s.
const PATIENCE: Duration = Duration::from_secs(35);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

impl Sender {
    /// A sender with an empty ledger.
    pub fn new() -> anyhow::Result<Self> {
        crate::process::choose_tls();
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self { client, ledger: Arc::default() })
    }

    /// Sends once.
    pub async fn post(&self, url: &str, delivery: &Prepared) -> Answer {
        let answer = self.ask(url, delivery).await.unwrap_or(Answer::Lost);
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).note(&delivery.key, answer.clone());
        answer
    }

    async fn ask(&self, url: &str, delivery: &Prepared) -> anyhow::Result<Answer> {
        let mut request = self.client.post(url).body(delivery.body.clone()).header("content-type", "application/json");
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.bytes().await?;
        if !matches!(status, 200 | 202) {
            return Ok(Answer::Refused(status));
        }
        let body: Value = serde_json::from_slice(&text)?;
        Ok(Answer::Ok(body["delivery_id"].as_str().context("no delivery id")?.to_owned()))
    }

    /// Sends until acknowledged, at one ingress after the other. A 4xx is nobody's fault but ours and ends the test.
    pub async fn deliver(&self, urls: &[String], delivery: &Prepared, within: Duration) -> anyhow::Result<String> {
        let until = tokio::time::Instant::now() + within;
        for url in urls.iter().cycle() {
            match self.post(url, delivery).await {
                Answer::Ok(id) => return Ok(id),
                Answer::Refused(status) if (400..500).contains(&status) => {
                    bail!("{} was refused: {status}", delivery.key)
                }
                _ if tokio::time::Instant::now() > until => bail!("{} was not taken within {within:?}", delivery.key),
                _ => tokio::time::sleep(BETWEEN_TRIES).await,
            }
        }
        bail!("there is nowhere to send to")
    }

    /// What it knows so far.
    pub fn ledger(&self) -> Ledger {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
