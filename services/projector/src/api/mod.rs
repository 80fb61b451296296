//! The read API under `/api/v1`, and a plain page at `/`.

mod deliveries;
mod failure;
mod frame;
mod gate;
mod listing;
mod page;
mod query;
mod runs;
mod webhooks;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Router, middleware};
use hookwheel_log::Blobs;
use hookwheel_runtime::problem::Problem;
use hookwheel_store::Store;

use crate::{Keys, Ports};

/// What handlers read from.
#[derive(Clone)]
struct Sources {
    store: Arc<dyn Store>,
    blobs: Blobs,
}

/// Every route, behind the gate, inside the frame.
pub(crate) fn router(ports: &Ports, keys: Keys) -> Router {
    let sources = Sources { store: ports.store.clone(), blobs: Blobs::new(ports.log.clone()) };
    Router::new()
        .route("/", get(page::landing))
        .route("/style.css", get(page::style))
        .route("/api/v1/deliveries", get(deliveries::list))
        .route("/api/v1/deliveries/{id}", get(deliveries::one))
        .route("/api/v1/deliveries/{id}/body", get(deliveries::body))
        .route("/api/v1/runs", get(runs::list))
        .route("/api/v1/runs/{id}", get(runs::one))
        .route("/api/v1/webhooks", get(webhooks::list))
        .route("/api/v1/webhooks/{id}", get(webhooks::one))
        .route("/api/v1/notices", get(webhooks::notices))
        .with_state(sources)
        .fallback(async || failure::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This can only be read")
        })
        .layer(middleware::from_fn_with_state(Arc::new(keys), gate::check))
        .layer(middleware::from_fn(frame::around))
}
