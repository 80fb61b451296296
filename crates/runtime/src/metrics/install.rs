//! The recorder of a process: installed once, described from the table, kept up every five seconds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{SharedString, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::{BUILD_INFO, Kind, Metric, TABLE};

const UPKEEP: Duration = Duration::from_secs(5);

/// Renders what has been recorded, in the Prometheus text format.
#[derive(Clone)]
pub struct MetricsHandle {
    prometheus: PrometheusHandle,
    process: metrics_process::Collector,
}

/// The recorder could not be installed: another library has installed one in this process.
#[derive(Debug, thiserror::Error)]
#[error("failed to install the metrics recorder")]
pub struct InstallError(#[from] BuildError);

impl MetricsHandle {
    /// Everything recorded so far.
    pub fn render(&self) -> String {
        self.process.collect();
        self.prometheus.render()
    }
}

/// Installs the recorder of this process, or joins the installed one, and registers what `service` emits. Several
/// services (and tests) may share a process: all get the same recorder.
pub fn install(service: &'static str) -> Result<MetricsHandle, InstallError> {
    static INSTALLED: Mutex<Option<MetricsHandle>> = Mutex::new(None);

    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    let handle = match &*installed {
        Some(handle) => handle.clone(),
        None => installed.insert(first_install()?).clone(),
    };
    for metric in TABLE.iter().filter(|metric| metric.is_emitted_by(service)) {
        register_at_zero(metric);
    }
    let version = env!("CARGO_PKG_VERSION");
    let revision = option_env!("HOOKWHEEL_REVISION").unwrap_or("unknown");
    gauge!(BUILD_INFO, "version" => version, "revision" => revision, "service" => service).set(1.0);
    Ok(handle)
}

fn first_install() -> Result<MetricsHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in TABLE {
        if let Kind::Histogram(buckets) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
        }
    }
    let handle =
        MetricsHandle { prometheus: builder.install_recorder()?, process: metrics_process::Collector::default() };
    TABLE.iter().for_each(describe);
    handle.process.describe();
    keep_up(handle.prometheus.clone());
    Ok(handle)
}

fn describe(metric: &Metric) {
    let (unit, help) = (metric.unit, metric.help.trim());
    match metric.kind {
        Kind::Counter => describe_counter!(metric.name, unit, help),
        Kind::Gauge => describe_gauge!(metric.name, unit, help),
        Kind::Histogram(_) => describe_histogram!(metric.name, unit, help),
    }
}

/// Makes a counter or histogram visible before its first event, so that a first increment is an increase. A gauge says
/// nothing until it is known.
fn register_at_zero(metric: &Metric) {
    for combination in metric.closed_combinations() {
        let labels: Vec<(SharedString, SharedString)> =
            combination.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        match metric.kind {
            Kind::Counter => counter!(metric.name, &labels).increment(0),
            Kind::Histogram(_) => drop(histogram!(metric.name, &labels)),
            Kind::Gauge => {}
        }
    }
}

/// Moves what histograms have gathered into their buckets, so that memory stays bounded when nobody scrapes. A thread
/// of its own, because the recorder outlives every async runtime of the process.
fn keep_up(prometheus: PrometheusHandle) {
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP);
            prometheus.run_upkeep();
        }
    };
    if let Err(cause) = std::thread::Builder::new().name("metrics-upkeep".into()).spawn(upkeep) {
        tracing::warn!(%cause, "metrics are kept up only when scraped: no thread could be started");
    }
}
