//! Faults that are ours, and ends: 503 and never 4xx, nothing lost that was acknowledged, nothing left running.

use std::time::Duration;

use hookwheel_testkit::rawsocket::RawSocket;

use crate::kit::{Ingress, github, impatient};
use crate::log::Mood;

#[tokio::test]
async fn a_log_that_is_away_is_503_with_retry_after() {
    let ingress = Ingress::start().await;
    ingress.log.set(Mood::Away);
    let arrived = ingress.log.arrived();
    let answer = github().sample(1).post(ingress.address, "/webhooks/gh").await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unavailable")));
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    ingress.log.batches(arrived + 3).await; // three tries
    ingress.log.set(Mood::Well);
    assert_eq!(github().sample(1).post(ingress.address, "/webhooks/gh").await.unwrap().status, 202);
}

#[tokio::test]
async fn a_log_that_does_not_answer_is_503_in_bounded_time() {
    let ingress =
        Ingress::start_with(hookwheel_ingress::Options { append_timeout: Duration::from_millis(300), ..impatient() })
            .await;
    ingress.log.set(Mood::Waiting);
    assert_eq!(github().sample(1).post(ingress.address, "/webhooks/gh").await.unwrap().status, 503);
    ingress.log.set(Mood::Well);
    // Whether the first try was stored is for the log to say; either way the sender gets one delivery.
    let again = github().sample(1).post(ingress.address, "/webhooks/gh").await.unwrap();
    assert!([200, 202].contains(&again.status));
    assert_eq!(ingress.deliveries("gh").len(), 1);
}

#[tokio::test]
async fn a_lost_acknowledgement_is_still_the_first_delivery() {
    let ingress = Ingress::start().await;
    ingress.log.set(Mood::Mute);
    let answer = github().sample(2).post(ingress.address, "/webhooks/gh").await.unwrap();
    assert_eq!(answer.status, 202, "its own record was there from the first try");
    assert_eq!(ingress.deliveries("gh").len(), 1);
    assert_eq!(answer.json()["delivery_id"], ingress.deliveries("gh")[0].delivery.as_str());
}

#[tokio::test]
async fn what_was_verified_is_stored_even_if_the_sender_hangs_up() {
    let ingress = Ingress::start().await;
    ingress.log.set(Mood::Waiting);
    let arrived = ingress.log.arrived();
    let mut socket = RawSocket::connect(ingress.address).await.unwrap();
    socket.send(&github().sample(3).to_bytes("/webhooks/gh")).await;
    ingress.log.batches(arrived + 1).await;
    socket.hang_up().unwrap();
    ingress.log.set(Mood::Well);
    ingress.until(async || ingress.deliveries("gh").len() == 1).await;
    assert_eq!(github().sample(3).post(ingress.address, "/webhooks/gh").await.unwrap().status, 200);
}

#[tokio::test]
async fn draining_ends_what_runs_and_sends_away_what_comes() {
    let ingress = Ingress::start().await;
    ingress.log.set(Mood::Waiting);
    let arrived = ingress.log.arrived();
    let mut running = RawSocket::connect(ingress.address).await.unwrap();
    running.send(&github().sample(4).to_bytes("/webhooks/gh")).await;
    ingress.log.batches(arrived + 1).await;
    let mut idle = RawSocket::connect(ingress.address).await.unwrap();
    ingress.stop.cancel();
    ingress.until(async || ingress.readiness.failing().iter().any(|(name, _)| name == "drain")).await;
    for socket in [&mut idle, &mut RawSocket::connect(ingress.address).await.unwrap()] {
        socket.send(&github().sample(5).to_bytes("/webhooks/gh")).await;
        let answer = socket.answer().await.unwrap().unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("draining")));
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(answer.header("retry-after").is_some());
        assert!(socket.is_closed().await);
    }
    ingress.log.set(Mood::Well);
    assert_eq!(running.answer().await.unwrap().unwrap().status, 202);
    let Ingress { running: service, address, .. } = ingress;
    service.await.unwrap();
    assert!(RawSocket::connect(address).await.is_err(), "the port is free");
}

#[tokio::test]
async fn too_many_bodies_are_503_and_give_their_memory_back() {
    let ingress = Ingress::start_with(hookwheel_ingress::Options { max_body_memory: 4_000, ..impatient() }).await;
    let answer = github().sign(vec![("x-github-event".into(), "ping".into())], vec![b' '; 5_000]);
    let answer = answer.post(ingress.address, "/webhooks/gh").await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("overloaded")));
    for seed in 0..20 {
        assert_eq!(github().sample(seed).post(ingress.address, "/webhooks/gh").await.unwrap().status, 202);
    }
}
