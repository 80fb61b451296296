//! CONFIG changes while requests come, and configuration that cannot be served.

use hookwheel_core::webhook::{Auth, SecretRef};
use hookwheel_testkit::sender::Sender;

use crate::kit::{Ingress, github};

#[tokio::test]
async fn a_webhook_comes_changes_and_goes_without_a_restart() {
    let ingress = Ingress::start().await;
    let mut hook = ingress.hook("later", "github", Auth::GithubHmacSha256);
    let path = format!("/webhooks/{}", hook.id);
    let post = async |seed| github().sample(seed).post(ingress.address, &path).await.unwrap().status;
    assert_eq!(post(1).await, 404);
    ingress.configure(&hook);
    ingress.until(async || post(2).await != 404).await;
    assert_eq!(
        github().sample(3).post(ingress.address, "/webhooks/later").await.unwrap().status,
        202,
        "by its slug too"
    );
    let before = ingress.deliveries("later").remove(0).snapshot;
    hook.max_body = 1_000_000;
    ingress.configure(&hook);
    ingress
        .until(async || {
            let seed = 1_000 + ingress.deliveries("later").len() as u64;
            post(seed).await == 202 && ingress.deliveries("later").last().unwrap().snapshot != before
        })
        .await;
    ingress.log.configure(&format!("webhook.{}", hook.id), None);
    ingress.until(async || post(5).await == 404).await;
}

#[tokio::test]
async fn every_live_secret_is_tried_and_the_record_says_which() {
    let ingress = Ingress::start().await;
    let mut hook = ingress.hook("two", "github", Auth::GithubHmacSha256);
    let older = format!("{}-older", ingress.secret_file());
    std::fs::write(&older, "an older secret\r\n").unwrap();
    hook.secrets.push(SecretRef::File(older));
    ingress.configure(&hook);
    let sender = Sender::new("github", "an older secret").unwrap();
    ingress.until(async || sender.sample(1).post(ingress.address, "/webhooks/two").await.unwrap().status != 404).await;
    assert_eq!(github().sample(2).post(ingress.address, "/webhooks/two").await.unwrap().status, 202);
    let used: Vec<_> = ingress.deliveries("two").iter().map(|d| d.proof.secret.unwrap()).collect();
    assert_eq!(used, [1, 0]);
}

#[tokio::test]
async fn a_sender_is_not_blamed_for_a_secret_that_cannot_be_read() {
    let ingress = Ingress::start().await;
    assert_eq!(
        github().sample(1).post(ingress.address, "/webhooks/lost").await.unwrap().status,
        202,
        "the other one can"
    );
    let sender = Sender::new("github", "the secret that is lost").unwrap();
    let answer = sender.sample(2).post(ingress.address, "/webhooks/lost").await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("secrets_unavailable")));
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_leaves_the_last_good_one() {
    let ingress = Ingress::start().await;
    let hook = ingress.hook("gh", "github", Auth::GithubHmacSha256);
    ingress.log.configure(&format!("webhook.{}", hook.id), Some(b"{".to_vec()));
    let marker = ingress.hook("marker", "github", Auth::GithubHmacSha256);
    ingress.configure(&marker);
    ingress
        .until(async || github().sample(1).post(ingress.address, "/webhooks/marker").await.unwrap().status != 404)
        .await;
    assert_eq!(github().sample(2).post(ingress.address, "/webhooks/gh").await.unwrap().status, 202);
}
