//! A client of the read API, for `deliveries`, `runs` and the demo's summary.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_runtime::secret::Secret;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::http;

const TIMEOUT: Duration = Duration::from_secs(15);

/// Where the API is and how to prove oneself to it.
#[derive(Debug, Clone, clap::Args)]
pub struct ApiArgs {
    /// Address of the API
    #[arg(long, env = "HOOKWHEEL_API", default_value = "http://127.0.0.1:8081", value_name = "URL")]
    pub api: String,
    /// File that holds the API key; not needed on loopback
    #[arg(long, env = "HOOKWHEEL_API_KEY_FILE", value_name = "PATH")]
    pub api_key_file: Option<PathBuf>,
}

/// A client of one API.
pub struct Api {
    base: Url,
    key: Option<Secret>,
    http: reqwest::Client,
}

impl Api {
    /// From the command line's options.
    pub fn new(args: &ApiArgs) -> Result<Self, Failure> {
        let key = args.api_key_file.as_deref().map(Secret::from_file).transpose();
        let key = key.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { base: http::url(&args.api)?, key, http: http::client(TIMEOUT)? })
    }

    /// The document at `/api/v1/<path>`; parameters without a value are left out.
    pub async fn get(&self, path: &[&str], query: &[(&str, Option<String>)]) -> Result<Value, Failure> {
        let url = self.address(path, query)?;
        let body = self.fetch(&url).await?;
        serde_json::from_slice(&body)
            .map_err(|_| Failure::failed(format!("{url} did not answer with JSON")).remedy("is this the API port?"))
    }

    /// The bytes at `/api/v1/<path>`.
    pub async fn bytes(&self, path: &[&str]) -> Result<Bytes, Failure> {
        self.fetch(&self.address(path, &[])?).await
    }

    async fn fetch(&self, url: &Url) -> Result<Bytes, Failure> {
        let mut request = self.http.get(url.clone());
        if let Some(key) = &self.key {
            request = request.bearer_auth(String::from_utf8_lossy(key.expose()));
        }
        let answer = request.send().await.map_err(|error| {
            http::unreachable(url, &error).remedy("start `hookwheel up`, or say where the API is with --api")
        })?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| http::unreachable(url, &error))?;
        if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
    }

    fn address(&self, path: &[&str], query: &[(&str, Option<String>)]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::usage(format!("{} cannot be an API address", self.base)))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        for (name, value) in query {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Ok(url)
    }
}

/// What a problem answer means for the command.
fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str).map(str::to_owned);
    let title = text("title").unwrap_or_else(|| format!("the API answered {status}"));
    let message = match text("detail") {
        Some(detail) => format!("{title}: {detail}"),
        None => title,
    };
    let failure = |exit| Failure::new(exit, message);
    match status {
        StatusCode::NOT_FOUND => failure(Exit::NotFound),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            failure(Exit::Refused).remedy("name a file with a valid API key with --api-key-file")
        }
        StatusCode::BAD_REQUEST => failure(Exit::Usage),
        status if status.is_server_error() => failure(Exit::Unavailable),
        _ => failure(Exit::Failed),
    }
}
