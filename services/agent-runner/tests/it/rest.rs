//! A run that must wait for long holds no worker.

use hookwheel_core::agent::{Model, Provider};
use hookwheel_core::journal::{RunOutcome, What};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::kit::{Stand, kinds};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_run_leaves_its_worker_to_others() {
    let mut stand = Stand::new("rules: [{text: done}]", &[]).await;
    stand.options.workers = 1;
    let scripted = stand.model().clone();
    *stand.model() = Model {
        provider: Provider::Ollama,
        model: "busy".into(),
        base_url: Some(always_busy().await),
        api_key: None,
        max_output_tokens: None,
    };
    stand.configure().await;
    let resting = stand.request_and_wake("rests", 1).await;
    let service = stand.serve().await;
    stand.until(&resting.run, |what| matches!(what, What::Suspended { .. })).await;

    *stand.model() = scripted;
    stand.configure().await;
    let quick = stand.request_and_wake("goes", 2).await;
    assert_eq!(stand.end(&quick.run).await.outcome, RunOutcome::Completed);
    let journal = stand.journal(&resting.run).await;
    assert_eq!(kinds(&journal), ["started", "claimed", "asks", "ask failed", "suspended"]);
    service.drain().await;
}

/// A provider that asks for an hour's patience.
async fn always_busy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 8192];
            let _ = socket.read(&mut request).await;
            let answer = "HTTP/1.1 429 X\r\nretry-after: 3600\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}
