//! Who may ask.

use std::net::SocketAddr;

use hookwheel_projector::{BuildError, Options, Ports, build};
use hookwheel_runtime::ready::Readiness;
use sha2::{Digest as _, Sha256};

use crate::kit::{Wheel, http};

const KEY: &str = "hwk_ops_0123456789abcdefghijklmnopqrstuv";

#[tokio::test(flavor = "multi_thread")]
async fn with_keys_only_a_key_opens() {
    let wheel = Wheel::new().await;
    let file = wheel.path("keys");
    let digest: String = Sha256::digest(KEY).iter().map(|b| format!("{b:02x}")).collect();
    std::fs::write(&file, format!("ops: {digest}\n")).unwrap();
    let options = Options { api_keys: vec![file], ..Options::default() };
    let projector = wheel.start_with(wheel.store.clone(), options).await;

    for wrong in ["", "Authorization: Bearer hwk_ops_wrong\r\n", &format!("Authorization: Basic {KEY}\r\n")] {
        let answer = http(projector.address, "GET", "/api/v1/deliveries", wrong).await;
        assert_eq!(answer.status, 401, "{wrong:?}");
        assert_eq!(answer.json()["code"], "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert!(!answer.text().contains("wrong"));
    }
    assert_eq!(http(projector.address, "GET", "/", "").await.status, 401);
    assert_eq!(http(projector.address, "GET", "/no/such/path", "").await.status, 401);
    for scheme in ["Bearer", "bearer"] {
        let right = format!("Authorization: {scheme} {KEY}\r\n");
        assert_eq!(http(projector.address, "GET", "/api/v1/deliveries", &right).await.status, 200);
    }
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_only_this_machine_by_its_own_name_is_served() {
    let wheel = Wheel::new().await;
    let projector = wheel.start().await;
    for (host, status) in [("localhost:8081", 200), ("127.0.0.1", 200), ("[::1]:1", 200), ("evil.example", 403)] {
        let headers = format!("Host: {host}\r\n");
        assert_eq!(http(projector.address, "GET", "/api/v1/runs", &headers).await.status, status, "{host}");
    }
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_without_keys_is_refused_with_the_remedy() {
    let wheel = Wheel::new().await;
    let attempt = async |options| {
        let ports = Ports { log: wheel.log.clone(), store: wheel.store.clone(), readiness: Readiness::default() };
        build(options, ports).await.err().unwrap()
    };
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let exposed = attempt(Options { listen: everywhere, api_keys: vec![] }).await;
    assert!(matches!(exposed, BuildError::Exposed(_)) && exposed.to_string().contains("--api-keys"), "{exposed}");

    let absent = attempt(Options { listen: everywhere, api_keys: vec![wheel.path("absent")] }).await;
    assert!(absent.to_string().contains("absent cannot be read"), "{absent}");
    let empty = wheel.path("empty");
    std::fs::write(&empty, "# nobody yet\n").unwrap();
    let empty = attempt(Options { listen: everywhere, api_keys: vec![empty] }).await;
    assert!(empty.to_string().contains("holds no key"), "{empty}");
}
