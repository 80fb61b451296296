//! Real models: OpenAI, Anthropic, Gemini, Ollama and whatever speaks OpenAI's format, through one client library.
//!
//! Its types stay in here. The target of every call is complete (address, key, wire format), so that the library's own
//! search for keys in the environment never happens.

mod convert;
mod failure;

use std::time::Duration;

use async_trait::async_trait;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatResponse, StopReason};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use hookwheel_core::agent::{Model, Provider};

use crate::model::{ModelAnswer, ModelClient, ModelError, ModelRequest};
use crate::models::ModelSetupError;

const CONNECT: Duration = Duration::from_secs(10);
/// Nothing for this long, before or inside an answer, and the call has failed.
const SILENCE: Duration = Duration::from_secs(60);

/// One named model of a real provider.
pub struct GenaiClient {
    client: Client,
    target: ServiceTarget,
    /// Struck out of everything the provider says, should it quote it.
    key: Option<String>,
}

impl GenaiClient {
    /// Connects to nothing yet.
    pub fn new(model: &Model, key: Option<String>) -> Result<Self, ModelSetupError> {
        let kind = adapter(model.provider);
        let endpoint = endpoint(model)?;
        let auth = AuthData::from_single(match (&key, model.provider) {
            (Some(key), _) => key.clone(),
            // Local servers want none; the wire formats insist on one.
            (None, Provider::Ollama | Provider::OpenaiCompatible) => "none".to_owned(),
            (None, other) => {
                return Err(ModelSetupError::NoKey { model: model.model.clone(), provider: other.as_str() });
            }
        });
        let client = Client::builder().with_reqwest(http()?).build();
        let client = client.map_err(|cause| ModelSetupError::Http(cause.to_string()))?;
        let target = ServiceTarget { endpoint, auth, model: ModelIden::new(kind, model.model.clone()) };
        Ok(Self { client, target, key })
    }

    async fn ask(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let estimate = request.estimated_tokens();
        let options = request.max_output_tokens.map(|most| ChatOptions::default().with_max_tokens(most));
        let chat = convert::request(request, self.target.model.adapter_kind);
        let answer = self.client.exec_chat(self.target.clone(), chat, options.as_ref()).await;
        let answer = answer.map_err(|cause| failure::classify(&cause, self.key.as_deref()))?;
        refuse_empty(&answer)?;
        Ok(convert::answer(answer, estimate))
    }
}

#[async_trait]
impl ModelClient for GenaiClient {
    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.ask(request)).await.unwrap_or_else(|_| {
            Err(ModelError::Retryable { detail: format!("no answer within {} s", timeout.as_secs_f32()), after: None })
        })
    }
}

/// An answer with neither words nor calls must not look like a finished task, unless the model says that it is done.
fn refuse_empty(answer: &ChatResponse) -> Result<(), ModelError> {
    if !answer.content.tool_calls().is_empty() || !answer.content.is_text_empty() {
        return Ok(());
    }
    match answer.stop_reason {
        Some(StopReason::ContentFilter(_)) => {
            let detail = "the provider's content filter withheld the answer".to_owned();
            Err(ModelError::Permanent { detail, status: None })
        }
        None => Err(ModelError::Retryable { detail: "the provider's answer is empty".into(), after: None }),
        Some(_) => Ok(()),
    }
}

fn adapter(provider: Provider) -> AdapterKind {
    match provider {
        Provider::Anthropic => AdapterKind::Anthropic,
        Provider::Gemini => AdapterKind::Gemini,
        Provider::Ollama => AdapterKind::Ollama,
        Provider::Openai | Provider::OpenaiCompatible | Provider::Scripted => AdapterKind::OpenAI,
    }
}

fn endpoint(model: &Model) -> Result<Endpoint, ModelSetupError> {
    let default = match model.provider {
        Provider::Openai => "https://api.openai.com/v1/",
        Provider::Anthropic => "https://api.anthropic.com/v1/",
        Provider::Gemini => "https://generativelanguage.googleapis.com/v1beta/",
        Provider::Ollama => "http://127.0.0.1:11434/",
        Provider::OpenaiCompatible | Provider::Scripted => "",
    };
    let url = model.base_url.as_deref().unwrap_or(default);
    if url.is_empty() {
        return Err(ModelSetupError::NoBaseUrl { model: model.model.clone() });
    }
    let bad = |why: &str| ModelSetupError::BadBaseUrl { url: url.to_owned(), why: why.to_owned() };
    let parsed = reqwest::Url::parse(url).map_err(|cause| bad(&cause.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(bad("another scheme"));
    }
    // Paths are appended as text, so the slash at the end matters.
    Ok(Endpoint::from_owned(format!("{}/", url.trim_end_matches('/'))))
}

/// No redirects: they would carry the key to another address.
fn http() -> Result<reqwest::Client, ModelSetupError> {
    // A process that has chosen its cryptography keeps its choice; one that has not would panic below.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = reqwest::Client::builder()
        .user_agent(concat!("hookwheel/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(4)
        .tcp_nodelay(true)
        .build();
    built.map_err(|cause| ModelSetupError::Http(cause.to_string()))
}
