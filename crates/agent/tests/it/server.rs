//! An HTTP server of a few lines: answers one prepared reply per request and remembers what was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookwheel_agent::{Message, ModelAnswer, ModelError, ModelRequest, Models, ToolSpec};
use hookwheel_core::agent::{Model, Provider};
use hookwheel_core::webhook::SecretRef;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub const KEY: &str = "sk-canary-0123456789";

/// One prepared reply.
#[derive(Clone)]
pub enum Reply {
    Json(String),
    Status { status: u16, headers: &'static str, body: String },
    Hang,
}

/// One request as received.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub headers: String,
    pub body: Value,
}

pub struct Server {
    pub url: String,
    pub asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let replies = Arc::new(Mutex::new(replies.into_iter()));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&replies), Arc::clone(&seen)));
            }
        });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Asks through a client made the way a runner makes it.
    pub async fn ask(&self, provider: Provider, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let model = Model {
            provider,
            model: "test-model".into(),
            base_url: Some(self.url.clone()),
            api_key: Some(SecretRef::Env("A_KEY".into())),
            max_output_tokens: None,
        };
        let models = Models::new(Box::new(|_| Ok(KEY.into())), true);
        models.client(&model).unwrap().complete(request).await
    }
}

type Replies = Arc<Mutex<std::vec::IntoIter<Reply>>>;

async fn serve(socket: TcpStream, replies: Replies, seen: Arc<Mutex<Vec<Asked>>>) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if socket.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let head_lower = head.to_lowercase();
        let length = head_lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let mut body = vec![0; length.and_then(|n| n.parse().ok()).unwrap_or(0)];
        socket.read_exact(&mut body).await?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        seen.lock().unwrap().push(Asked { path, headers: head_lower, body });
        let reply = replies.lock().unwrap().next();
        let (status, headers, body) = match reply.expect("no more requests than replies") {
            Reply::Json(body) => (200, "", body),
            Reply::Status { status, headers, body } => (status, headers, body),
            Reply::Hang => std::future::pending().await,
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        socket.get_mut().write_all(answer.as_bytes()).await?;
    }
}

pub fn request(messages: Vec<Message>) -> ModelRequest {
    ModelRequest {
        system: "be brief".into(),
        messages,
        tools: vec![ToolSpec {
            name: "notes".into(),
            description: "writes a note".into(),
            schema: json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}),
        }],
        max_output_tokens: Some(500),
        timeout: Duration::from_secs(20),
        event_type: None,
    }
}
