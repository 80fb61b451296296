//! JetStream on real local servers: one server a case, and one cluster of three for all cases in turn.

mod batches;
mod cluster;
mod leader;
mod lost;
mod profile;
mod provisioning;
mod single;

use std::sync::Arc;
use std::time::Duration;

use hookwheel_log::conformance::layout;
use hookwheel_log::jetstream::{JetStream, Options, provision};
use hookwheel_log::{Append, Log, LogError, Outcome};
use tokio::sync::mpsc;

/// Longer than a healthy broker takes to get ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How many appends are under way when the kill comes.
const IN_FLIGHT: usize = 16;

mod on_one_server {
    hookwheel_log::log_conformance!(super::single::OneServer::start);
}

mod on_three_servers {
    hookwheel_log::log_conformance!(super::cluster::ThreeServers::start);
}

/// Provisions and opens, trying again while the broker gets ready.
async fn open(options: &Options) -> JetStream {
    let deadline = tokio::time::Instant::now() + READY_WITHIN;
    loop {
        let opened = async {
            provision(options, &layout()).await?;
            let log = JetStream::connect(options.clone(), layout()).await?;
            log.check().await?;
            Ok::<_, LogError>(log)
        };
        match opened.await {
            Ok(log) => return log,
            Err(error) if error.is_transient() && tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("the broker did not get ready: {error}"),
        }
    }
}

/// Appends with many in flight until `after` are acknowledged, then calls `kill` and tells what had been.
async fn append_until(
    log: Arc<dyn Log>,
    records: Vec<Append>,
    after: usize,
    kill: impl FnOnce(),
) -> Vec<(usize, Outcome)> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let queue = Arc::new(std::sync::Mutex::new(records.into_iter().enumerate()));
    let writers: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (log, tell, queue) = (log.clone(), tell.clone(), queue.clone());
            tokio::spawn(async move {
                loop {
                    let Some((index, record)) = queue.lock().unwrap().next() else { return };
                    if let Ok(outcome) = log.append(record).await {
                        tell.send((index, outcome)).unwrap();
                    }
                }
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < after {
        acknowledged.push(told.recv().await.unwrap());
    }
    kill();
    for writer in &writers {
        writer.abort();
    }
    while let Ok(more) = told.try_recv() {
        acknowledged.push(more);
    }
    acknowledged
}
