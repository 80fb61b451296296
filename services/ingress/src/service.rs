//! The running service: it listens, serves connections, and drains.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hookwheel_limit::Limiter;
use hookwheel_log::Log;
use hookwheel_proto::topology;
use hookwheel_runtime::ready::Readiness;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::batch::{self, Batcher};
use crate::flood::Flood;
use crate::hooks::Keeper;
use crate::intake::{self, Budget};
use crate::notices::{self, Writer};
use crate::options::Options;
use crate::shared::Shared;
use crate::threads::Threads;
use crate::wire::Guard;

/// Largest head, bytes.
const MAX_HEAD: usize = 32 * 1024;
/// Largest piece of a body that is read at once, bytes. Reading starts with less and grows as the sender keeps up.
const MAX_READ: usize = 64 * 1024;
/// Most headers in a head.
const MAX_HEADERS: usize = 64;
/// How often the log is asked whether it is well.
const CHECK_EVERY: Duration = Duration::from_secs(10);
/// How long the last notices, and connections that are already answered, may take at the end.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// What ingress needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Where deliveries are stored and CONFIG is read.
    pub log: Arc<dyn Log>,
}

/// A bound ingress, not yet serving.
pub struct Service {
    listener: std::net::TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    readiness: Readiness,
    batcher: Batcher,
    writer: Writer,
    threads: Threads,
}

/// Binds the port. Fails only when the port or the threads cannot be had: a log that is away is waited for while it runs, and
/// requests are answered 503 meanwhile.
pub async fn build(options: Options, ports: Ports) -> std::io::Result<Service> {
    let listener = TcpListener::bind(options.listen).await?.into_std()?;
    let address = listener.local_addr()?;
    let Ports { log } = ports;
    let (appender, batcher) = batch::batches(Arc::clone(&log));
    let (notices, writer) = notices::notices(Arc::clone(&log));
    let budget = Budget::new(options.max_body_memory);
    let limiter = Limiter::new(Arc::clone(&log), topology::LIMITS, options.clock.shared());
    let flood = Flood::new(options.flood_failures);
    let shared = Arc::new(Shared {
        options,
        log,
        hooks: Arc::default(),
        appender,
        notices,
        budget,
        limiter,
        flood,
        running: TaskTracker::new(),
        draining: AtomicBool::new(false),
    });
    let threads = Threads::start()?;
    Ok(Service { listener, address, shared, readiness: Readiness::default(), batcher, writer, threads })
}

impl Service {
    /// Reports to this readiness instead of one of its own: conditions `log`, `config` and `drain`.
    #[must_use]
    pub fn reporting_to(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether traffic may come.
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Serves until `stop`; then sends new requests away, lets the running ones end and returns, at the latest a
    /// little after the drain timeout.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listener, shared, readiness, batcher, writer, threads, .. } = self;
        let keeper = Keeper::new(
            Arc::clone(&shared.log),
            Arc::clone(&shared.hooks),
            readiness.clone(),
            shared.options.keys.clone(),
        );
        let mut helpers = JoinSet::new();
        helpers.spawn(batcher.run());
        helpers.spawn(keeper.run());
        helpers.spawn(watch_over(Arc::clone(&shared.log), readiness.clone()));
        let notices = tokio::spawn(writer.run());

        let closing = CancellationToken::new();
        let accepting = threads.spawn(accept(listener, Arc::clone(&shared), closing.clone()));
        drained(&shared, &readiness, stop).await;
        closing.cancel();
        if timeout(LAST_MOMENT, accepting).await.is_err() {
            tracing::warn!("closing connections that did not end by themselves");
        }
        // With the last request gone, so are the senders of notices; the writer ends when it has written them.
        drop((helpers, shared));
        let _ = timeout(LAST_MOMENT, notices).await;
    }
}

/// Serves what comes until `closing`; then returns when every connection has ended.
async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>, closing: CancellationToken) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(cause) => return tracing::error!(%cause, "cannot listen: {cause}"),
    };
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(shared.options.max_connections));
    let accept = async || {
        let permit = Arc::clone(&room).acquire_owned().await;
        (listener.accept().await, permit)
    };
    while let Some((accepted, permit)) = closing.run_until_cancelled(accept()).await {
        match accepted {
            Ok((stream, peer)) => serve(&shared, &connections, stream, peer, permit),
            Err(cause) => {
                // Out of descriptors, most likely: the pause lets some come free.
                tracing::warn!(%cause, "failed to accept a connection: {cause}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Returns once a stop was asked for and nothing is running any more, or it took too long.
async fn drained(shared: &Shared, readiness: &Readiness, stop: CancellationToken) {
    stop.cancelled().await;
    readiness.drain();
    shared.draining.store(true, Ordering::Relaxed);
    shared.running.close();
    if timeout(shared.options.drain_timeout, shared.running.wait()).await.is_err() {
        tracing::warn!("giving up on {} requests that did not end in time", shared.running.len());
    }
}

/// Serves one connection in a task of its own.
fn serve(
    shared: &Arc<Shared>,
    connections: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    permit: Result<OwnedSemaphorePermit, AcquireError>,
) {
    let _ = stream.set_nodelay(true);
    let shared = Arc::clone(shared);
    let guarded = TokioIo::new(Guard::new(stream, shared.options.connection_patience()));
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_READ)
        .serve_connection(
            guarded,
            service_fn(move |request| intake::answer(Arc::clone(&shared), peer.ip().to_canonical(), request)),
        );
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection ended early: {cause}");
        }
        drop(permit);
    });
}

/// Keeps the condition `log` up to date.
async fn watch_over(log: Arc<dyn Log>, readiness: Readiness) {
    readiness.set("log", Err("the log has not been checked yet".into()));
    loop {
        readiness.set("log", log.check().await.map_err(|cause| cause.to_string()));
        sleep(CHECK_EVERY).await;
    }
}
