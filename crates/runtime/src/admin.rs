//! The admin port: `/metrics`, `/livez`, `/readyz`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::metrics::MetricsHandle;
use crate::problem::Problem;
use crate::ready::Readiness;

/// A bound admin port. Dropping it closes the port.
#[must_use = "the port is closed when this is dropped"]
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Admin {
    /// Binds and serves. At `stop` the readiness drains, and `/readyz` shows it at 503 until this value is dropped, so
    /// that balancers and scrapers see the drain to its end.
    pub async fn serve(
        address: SocketAddr,
        metrics: MetricsHandle,
        readiness: Readiness,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let app = router(metrics, readiness.clone());
        let server = tokio::spawn(async move {
            if let Err(cause) = axum::serve(listener, app).await {
                tracing::error!(%cause, "the admin port has closed: {cause}");
            }
        });
        let drain = tokio::spawn(async move {
            stop.cancelled().await;
            readiness.drain();
        });
        Ok(Self { address, tasks: [server, drain] })
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn router(metrics: MetricsHandle, readiness: Readiness) -> Router {
    let not_found = || async { Problem::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here") };
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz).with_state(readiness))
        .route("/metrics", get(scrape).with_state(metrics))
        .fallback(not_found)
}

async fn scrape(State(metrics): State<MetricsHandle>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}

/// One JSON object a line: every condition that does not hold, with its remedy; or `{"ready":true}`.
async fn readyz(State(readiness): State<Readiness>) -> Response {
    let failing = readiness.failing();
    let lines = failing.iter().map(|(condition, why)| serde_json::json!({ "condition": condition, "why": why }));
    let (status, body) = match failing.is_empty() {
        true => (StatusCode::OK, "{\"ready\":true}\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, lines.map(|line| format!("{line}\n")).collect()),
    };
    (status, [(header::CONTENT_TYPE, "application/jsonl")], body).into_response()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn readiness_follows_its_conditions_and_the_port_outlives_the_drain() {
        let (readiness, stop) = (Readiness::default(), CancellationToken::new());
        let metrics = crate::metrics::install(crate::metrics::PROJECTOR).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let admin = Admin::serve(any, metrics, readiness.clone(), stop.clone()).await.unwrap();

        assert!(get(&admin, "/readyz").await.starts_with("HTTP/1.1 200"));
        readiness.set("log", Err("log is away; start it with `x`".into()));
        let answer = get(&admin, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#""condition":"log""#), "{answer}");
        readiness.set("log", Ok(()));

        stop.cancel();
        while !get(&admin, "/readyz").await.contains("draining") {
            tokio::task::yield_now().await;
        }
        assert!(get(&admin, "/livez").await.starts_with("HTTP/1.1 200"));
        assert!(get(&admin, "/metrics").await.contains("hookwheel_build_info"));
        assert!(get(&admin, "/etc").await.contains("application/problem+json"));
    }

    async fn get(admin: &Admin, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(admin.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}
