//! The connection to the broker: nothing is queued while it is down, and no answer is awaited on one that was lost.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, HeaderMap, Message, RequestErrorKind, Subject, Subscriber};
use bytes::Bytes;
use metrics::{counter, gauge};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::options::{Options, bare};
use super::wire::Wire;
use crate::LogError;

/// How long one call may take in all.
pub(super) const CALL_WITHIN: Duration = Duration::from_secs(5);
/// How long one try of a call waits for its answer.
pub(super) const TRY_WITHIN: Duration = Duration::from_secs(2);
/// A silent connection is given up after two of these.
const PING_EVERY: Duration = Duration::from_secs(5);

/// What to make of a request that got no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It was never sent: nothing has happened.
    NotSent(LogError),
    /// Nobody listens: a leader is being elected, or the stream is not there. Nothing has happened (T9).
    NoResponders,
    /// It may have been carried out (T6).
    Unknown(LogError),
}

impl NoAnswer {
    /// Whether the request may have been carried out.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

impl From<NoAnswer> for LogError {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::NotSent(error) | NoAnswer::Unknown(error) => error,
            NoAnswer::NoResponders => {
                Self::unavailable("no server answers for the stream; it may be electing a leader")
            }
        }
    }
}

/// Counts how often the connection was lost, so that a waiting call learns of it.
type Losses = u64;

/// A connection that reconnects by itself.
#[derive(Debug, Clone)]
pub(super) struct Link {
    client: Client,
    losses: watch::Receiver<Losses>,
    servers: Arc<str>,
}

impl Link {
    /// Connects, or says why not.
    pub async fn connect(options: &Options) -> Result<Self, LogError> {
        let (lost, losses) = watch::channel(0);
        let connect = settings(options).await?.event_callback(move |event| {
            if let Event::Disconnected = event {
                lost.send_modify(|count| *count += 1);
            }
            count(&event, *lost.borrow());
            note(&event);
            std::future::ready(())
        });
        let client = connect.connect(&options.servers).await.map_err(|error| {
            LogError::unavailable(format!("cannot connect to the broker at {}: {error}", options.addresses()))
        })?;
        Ok(Self { client, losses, servers: options.addresses().into() })
    }

    /// The version of the server we are connected to, such as `2.15.1`.
    pub fn server_version(&self) -> String {
        self.client.server_info().version
    }

    /// The most bytes the broker takes in one message.
    pub fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    /// Refuses at once while there is no connection: the client would queue, and send long after we gave up (T7).
    pub fn ready(&self) -> Result<(), LogError> {
        match self.client.connection_state() {
            State::Connected => Ok(()),
            State::Pending | State::Disconnected => {
                Err(LogError::unavailable(format!("not connected to the broker at {}; reconnecting", self.servers)))
            }
        }
    }

    /// Waits until there is a connection, at most until the deadline.
    pub async fn ready_by(&self, deadline: Instant) -> Result<(), LogError> {
        const LOOK_EVERY: Duration = Duration::from_millis(20);
        while let Err(error) = self.ready() {
            if Instant::now() + LOOK_EVERY >= deadline {
                return Err(error);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Sends a request and waits for its answer, not longer than until the deadline or the loss of the connection.
    pub async fn request(
        &self,
        subject: Subject,
        headers: Option<HeaderMap>,
        payload: Bytes,
        deadline: Instant,
    ) -> Result<Message, NoAnswer> {
        let loss = self.loss();
        self.ready().map_err(NoAnswer::NotSent)?;
        let mut request = async_nats::Request::new().payload(payload).timeout(None);
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let begun = Instant::now();
        let answer = async {
            tokio::select! {
                answer = self.client.send_request(subject, request) => answer.map_err(explained),
                error = loss => Err(NoAnswer::Unknown(error)),
            }
        };
        timeout_at(deadline, answer)
            .await
            .unwrap_or_else(|_| Err(NoAnswer::Unknown(LogError::Timeout(begun.elapsed()))))
    }

    /// Sends a message that wants no answer.
    pub async fn send(&self, subject: Subject, payload: Bytes) -> Result<(), LogError> {
        self.ready()?;
        let sent = tokio::time::timeout(TRY_WITHIN, self.client.publish(subject, payload)).await;
        sent.map_err(|_| LogError::Timeout(TRY_WITHIN))?.map_err(LogError::unavailable)
    }

    /// Sends records that want no answers.
    pub async fn send_all(&self, messages: Vec<(HeaderMap, &Wire)>, deadline: Instant) -> Result<(), NoAnswer> {
        self.ready().map_err(NoAnswer::NotSent)?;
        let sending = async {
            for (headers, wire) in messages {
                self.client.publish_with_headers(wire.subject.clone(), headers, wire.payload.clone()).await?;
            }
            Ok::<_, async_nats::PublishError>(())
        };
        match timeout_at(deadline, sending).await {
            Ok(sent) => sent.map_err(|error| NoAnswer::NotSent(LogError::unavailable(error))),
            Err(_) => Err(NoAnswer::NotSent(LogError::Timeout(TRY_WITHIN))),
        }
    }

    /// Sends a request that is answered by several messages.
    pub async fn request_many(&self, subject: Subject, payload: Bytes) -> Result<Subscriber, LogError> {
        self.ready()?;
        let inbox = self.client.new_inbox();
        let asked = async {
            let answers = self.client.subscribe(inbox.clone()).await.map_err(LogError::unavailable)?;
            let sent = self.client.publish_with_reply(subject, inbox, payload).await;
            sent.map_err(LogError::unavailable)?;
            Ok(answers)
        };
        tokio::time::timeout(TRY_WITHIN, asked).await.unwrap_or(Err(LogError::Timeout(TRY_WITHIN)))
    }

    /// Ends when the connection is lost after this call.
    pub fn loss(&self) -> impl Future<Output = LogError> + Send + use<> {
        let mut losses = self.losses.clone();
        losses.mark_unchanged();
        async move {
            match losses.changed().await {
                Ok(()) => LogError::unavailable("the connection to the broker was lost"),
                // The client is gone and says so to every caller.
                Err(_) => LogError::unavailable("the connection to the broker was closed"),
            }
        }
    }
}

async fn settings(options: &Options) -> Result<ConnectOptions, LogError> {
    if options.servers.iter().any(|url| bare(url) != *url) {
        let why = "an address must not hold a user or password; use --nats-user and --nats-password-file".into();
        return Err(LogError::Invalid { what: "broker address", why });
    }
    let mut settings = ConnectOptions::new()
        .name("hookwheel")
        .ping_interval(PING_EVERY)
        .connection_timeout(CALL_WITHIN)
        .request_timeout(Some(CALL_WITHIN))
        .reconnect_delay_callback(|tries| Duration::from_millis((tries as u64 * 50).min(1_000)));
    if let Some(file) = &options.ca_file {
        settings = settings.add_root_certificates(file.clone()).require_tls(true);
    }
    if let Some(file) = &options.creds_file {
        settings =
            settings.credentials_file(file).await.map_err(|error| unreadable("credentials file", file, &error))?;
    }
    if let (Some(user), Some(file)) = (&options.user, &options.password_file) {
        let password =
            tokio::fs::read_to_string(file).await.map_err(|error| unreadable("password file", file, &error))?;
        settings = settings.user_and_password(user.clone(), password.trim_end_matches(['\r', '\n']).into());
    }
    Ok(settings)
}

fn unreadable(what: &'static str, file: &std::path::Path, error: &std::io::Error) -> LogError {
    LogError::Invalid { what, why: format!("cannot use {}: {}", file.display(), error.kind()) }
}

fn explained(error: async_nats::RequestError) -> NoAnswer {
    match error.kind() {
        RequestErrorKind::NoResponders => NoAnswer::NoResponders,
        RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
            NoAnswer::NotSent(LogError::Invalid { what: "message", why: error.to_string() })
        }
        RequestErrorKind::TimedOut | RequestErrorKind::Other => NoAnswer::Unknown(LogError::unavailable(error)),
    }
}

/// Whether we are connected, and how often again, for those who scrape this process.
fn count(event: &Event, losses: u64) {
    match event {
        Event::Connected => {
            gauge!("hookwheel_nats_connected").set(1.0);
            counter!("hookwheel_nats_reconnects_total").increment(u64::from(losses > 0));
        }
        Event::Disconnected => gauge!("hookwheel_nats_connected").set(0.0),
        _ => {}
    }
}

fn note(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to the broker"),
        Event::Disconnected => tracing::warn!("lost the connection to the broker; reconnecting"),
        Event::LameDuckMode => tracing::info!("the broker's server is about to stop; it asks us to move on"),
        other => tracing::warn!(event = %other, "the broker's client reports: {other}"),
    }
}
