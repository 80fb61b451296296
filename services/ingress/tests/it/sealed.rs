//! Rows 53, 54 and 58, and rotation: sealed secrets meet the wire.

use std::time::Duration;

use hookwheel_core::Timestamp;
use hookwheel_core::secret::{New, TENANT, Versions, WEBHOOK_SECRET};
use hookwheel_core::webhook::{Auth, SecretRef, Webhook};
use hookwheel_ingress::{KeyOptions, Options};
use hookwheel_runtime::clock::now_micros;
use hookwheel_runtime::seal::{Binding, Keyring};
use hookwheel_runtime::secret::Secret;
use hookwheel_testkit::sender::Sender;
use tempfile::TempDir;

use crate::kit::{Ingress, impatient, scrape};

const KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const LOST_KEY: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
const DAY: Duration = Duration::from_secs(86_400);
const FIRST: &str = "the first secret of all";
const SECOND: &str = "the second secret of all";

/// An ingress with a master key, and one webhook whose secret is sealed.
struct Vault {
    ingress: Ingress,
    hook: Webhook,
    versions: Versions,
    _key: TempDir,
}

impl Vault {
    async fn start(slug: &str) -> Self {
        let key = tempfile::tempdir().unwrap();
        let path = key.path().join("key");
        std::fs::write(&path, KEY).unwrap();
        let keys = KeyOptions { secrets_key_file: Some(path), ..KeyOptions::default() };
        let ingress = Ingress::start_with(Options { keys, ..impatient() }).await;
        let hook = Webhook { secrets: vec![SecretRef::Sealed], ..ingress.hook(slug, "github", Auth::GithubHmacSha256) };
        Self { ingress, hook, versions: Versions::default(), _key: key }
    }

    /// A value sealed under a master key for the next version.
    fn sealed(&self, key: &str, value: &str) -> New {
        let version = self.versions.number_for_new();
        let binding = Binding { tenant: TENANT, owner: self.hook.id.as_str(), field: WEBHOOK_SECRET, version };
        let sealed = Keyring::parse(key.as_bytes()).unwrap().seal(&Secret::new(value), &binding).unwrap();
        New { created: now(), fingerprint: value.into(), sealed }
    }

    fn publish(&self) {
        let bytes = serde_json::to_vec(&self.versions).unwrap();
        self.ingress.log.configure(&format!("secret.{}", self.hook.id), Some(bytes));
        self.ingress.configure(&self.hook);
    }

    async fn status(&self, secret: &str, seed: u64) -> u16 {
        let path = format!("/webhooks/{}", self.hook.slug);
        let sample = Sender::new("github", secret).unwrap().sample(seed);
        sample.post(self.ingress.address, &path).await.unwrap().status
    }

    /// Waits until a sender with this secret is answered so.
    async fn until(&self, secret: &str, status: u16) {
        self.ingress.until(async || self.status(secret, 1).await == status).await;
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(now_micros())
}

#[tokio::test]
async fn row_53_a_previous_secret_is_accepted_until_its_end_and_counted() {
    let mut vault = Vault::start("previous").await;
    vault.versions.add_current(vault.sealed(KEY, FIRST), DAY);
    vault.versions.add_current(vault.sealed(KEY, SECOND), DAY);
    vault.publish();
    vault.until(SECOND, 200).await;
    assert_eq!(vault.status(FIRST, 2).await, 202, "before its end");
    let used = "hookwheel_secret_used_total{webhook=\"previous\",state=\"previous\"} 1";
    assert!(scrape().contains(used), "{}", scrape());
    let first = vault.versions.versions.iter_mut().find(|version| version.number == 1).unwrap();
    first.expires = Some(Timestamp::from_secs(now().secs() - 1));
    vault.publish();
    vault.until(FIRST, 401).await;
    assert_eq!(vault.status(SECOND, 3).await, 202);
}

#[tokio::test]
async fn row_54_a_secret_is_what_was_saved_byte_for_byte() {
    let mut vault = Vault::start("exact").await;
    vault.versions.add_current(vault.sealed(KEY, "a secret with a line end\n"), DAY);
    vault.versions.add_next(vault.sealed(KEY, " a secret with blanks ")).unwrap();
    vault.publish();
    vault.until("a secret with a line end\n", 200).await;
    assert_eq!(vault.status("a secret with a line end", 2).await, 401);
    assert_eq!(vault.status(" a secret with blanks ", 3).await, 202);
    assert_eq!(vault.status("a secret with blanks", 4).await, 401);
}

#[tokio::test]
async fn a_rotation_refuses_nobody_and_leaves_the_snapshot_as_it_was() {
    let mut vault = Vault::start("rotated").await;
    vault.versions.add_current(vault.sealed(KEY, FIRST), DAY);
    vault.publish();
    vault.until(FIRST, 200).await;
    vault.versions.add_next(vault.sealed(KEY, SECOND)).unwrap();
    vault.publish();
    vault
        .ingress
        .until(async || scrape().contains("hookwheel_secret_version{webhook=\"rotated\",state=\"next\"} 2"))
        .await;
    assert_eq!((vault.status(FIRST, 2).await, vault.status(SECOND, 3).await), (202, 202));
    vault.versions.rotate(now(), DAY).unwrap();
    vault.publish();
    let current = "hookwheel_secret_version{webhook=\"rotated\",state=\"current\"} 2";
    vault.ingress.until(async || scrape().contains(current)).await;
    assert_eq!((vault.status(FIRST, 4).await, vault.status(SECOND, 5).await), (202, 202));
    let deliveries = vault.ingress.deliveries("rotated");
    assert!(deliveries.iter().all(|delivery| delivery.snapshot == deliveries[0].snapshot));
}

#[tokio::test]
async fn row_58_a_secret_that_cannot_be_opened_is_ours_to_mend_and_the_others_still_work() {
    let mut vault = Vault::start("sealed-away").await;
    vault.versions.add_current(vault.sealed(KEY, FIRST), DAY);
    vault.versions.add_next(vault.sealed(LOST_KEY, SECOND)).unwrap();
    vault.publish();
    vault.until(SECOND, 503).await;
    let sample = Sender::new("github", SECOND).unwrap().sample(2);
    let answer = sample.post(vault.ingress.address, "/webhooks/sealed-away").await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("secrets_unavailable")));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(vault.status(FIRST, 3).await, 202, "the other one opens");
    assert!(scrape().contains("hookwheel_secrets_unavailable{webhook=\"sealed-away\"} 1"));
    vault.ingress.log.configure(&format!("webhook.{}", vault.hook.id), None);
    let mended = "hookwheel_secrets_unavailable{webhook=\"sealed-away\"} 0";
    vault.ingress.until(async || scrape().contains(mended)).await;
}

#[tokio::test]
async fn a_webhook_without_any_sealed_version_or_moved_to_another_one_s_is_503_too() {
    let mut vault = Vault::start("nothing-sealed").await;
    vault.publish();
    vault.until(FIRST, 503).await;
    vault.versions.add_current(vault.sealed(KEY, FIRST), DAY);
    vault.publish();
    vault.until(FIRST, 200).await;
    let copied = serde_json::to_vec(&vault.versions).unwrap();
    let thief =
        Webhook { secrets: vec![SecretRef::Sealed], ..vault.ingress.hook("thief", "github", Auth::GithubHmacSha256) };
    vault.ingress.log.configure(&format!("secret.{}", thief.id), Some(copied));
    vault.ingress.configure(&thief);
    let sample = Sender::new("github", FIRST).unwrap().sample(9);
    let status = async || sample.post(vault.ingress.address, "/webhooks/thief").await.unwrap().status;
    vault.ingress.until(async || status().await != 404).await;
    assert_eq!(status().await, 503, "a seal holds in its own place only");
}
