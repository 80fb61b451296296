//! What goes wrong with providers lands in the right class, with the wait they ask for and without the key.

use std::time::Duration;

use hookwheel_agent::{Message, ModelError, ModelSetupError, Models};
use hookwheel_core::agent::{Model, Provider};
use hookwheel_core::journal::ModelFailure;

use crate::server::{KEY, Reply, Server, request};

const ALL: [Provider; 5] =
    [Provider::Openai, Provider::Anthropic, Provider::Gemini, Provider::Ollama, Provider::OpenaiCompatible];

#[tokio::test]
async fn too_fast_says_when_to_come_back() {
    for provider in ALL {
        let error = fails(provider, status(429, "retry-after: 7\r\n", r#"{"error":{"message":"slow down"}}"#)).await;
        assert_eq!((error.class(), error.after()), (ModelFailure::RateLimited, Some(Duration::from_secs(7))));
        assert_eq!(error.detail(), "status 429: slow down");
    }
}

#[tokio::test]
async fn trouble_at_the_provider_may_pass() {
    for provider in ALL {
        for reply in [status(500, "", "oops"), status(529, "", "{}"), json("{\"cut"), json("{}")] {
            assert_eq!(fails(provider, reply).await.class(), ModelFailure::Retryable);
        }
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_never_quotes_the_key() {
    let body = format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}\n","code":"invalid_api_key"}}}}"#);
    let error = fails(Provider::Openai, status(401, "", &body)).await;
    assert_eq!(error.class(), ModelFailure::Permanent);
    assert_eq!(error.detail(), "status 401: Incorrect API key provided: ***  (invalid_api_key)");
}

#[tokio::test]
async fn too_long_a_conversation_is_its_own_class() {
    let body = r#"{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#;
    assert_eq!(fails(Provider::Openai, status(400, "", body)).await.class(), ModelFailure::ContextOverflow);
    let body = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#;
    assert_eq!(fails(Provider::Anthropic, status(400, "", body)).await.class(), ModelFailure::ContextOverflow);
}

#[tokio::test]
async fn silence_ends_at_the_bound() {
    let server = Server::start(vec![Reply::Hang]).await;
    let mut hanging = request(vec![Message::User("hello".into())]);
    hanging.timeout = Duration::from_millis(200);
    let error = server.ask(Provider::Openai, hanging).await.unwrap_err();
    assert_eq!((error.class(), error.detail()), (ModelFailure::Retryable, "no answer within 0.2 s"));
}

#[tokio::test]
async fn nobody_at_the_address_may_change() {
    let server = Server { url: unused_address().await, ..Server::start(vec![]).await };
    let error = server.ask(Provider::Ollama, request(vec![Message::User("hello".into())])).await.unwrap_err();
    assert_eq!((error.class(), error.detail()), (ModelFailure::Retryable, "the provider cannot be reached"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let elsewhere = Server::start(vec![]).await;
    let to = Box::leak(format!("location: {}/v1\r\n", elsewhere.url).into_boxed_str());
    let error = fails(Provider::Openai, Reply::Status { status: 307, headers: to, body: "{}".into() }).await;
    assert_eq!(error.class(), ModelFailure::Permanent);
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn what_is_missing_is_said_before_any_call() {
    let models = |scripted| Models::new(Box::new(|_| Err("environment variable A_KEY is not set".into())), scripted);
    let model =
        |provider| Model { provider, model: "m".into(), base_url: None, api_key: None, max_output_tokens: None };
    let refused = |provider| models(false).client(&model(provider)).err().unwrap();
    assert!(matches!(refused(Provider::Openai), ModelSetupError::NoKey { .. }));
    assert!(matches!(refused(Provider::OpenaiCompatible), ModelSetupError::NoBaseUrl { .. }));
    assert!(matches!(refused(Provider::Scripted), ModelSetupError::ScriptedInProduction));
    let bad_url = Model { base_url: Some("ftp://x".into()), ..model(Provider::Ollama) };
    assert!(matches!(models(true).client(&bad_url).err().unwrap(), ModelSetupError::BadBaseUrl { .. }));
}

async fn fails(provider: Provider, reply: Reply) -> ModelError {
    let server = Server::start(vec![reply]).await;
    server.ask(provider, request(vec![Message::User("hello".into())])).await.unwrap_err()
}

fn status(status: u16, headers: &'static str, body: &str) -> Reply {
    Reply::Status { status, headers, body: body.into() }
}

fn json(body: &str) -> Reply {
    Reply::Json(body.into())
}

async fn unused_address() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
