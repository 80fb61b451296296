//! Deliveries: lists, details, raw bodies.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Uri, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use hookwheel_core::DeliveryId;
use hookwheel_core::delivery::DeliveryState;
use hookwheel_log::BlobHash;
use hookwheel_store::{DeliveryDetail, DeliveryFilter, DeliveryRow};

use super::Sources;
use super::failure::{Failure, not_found};
use super::listing::Listing;
use super::query::Query;
use super::webhooks::id_of;

const STATES: [&str; 7] = [
    DeliveryState::Received.as_str(),
    DeliveryState::Filtered.as_str(),
    DeliveryState::Queued.as_str(),
    DeliveryState::Processing.as_str(),
    DeliveryState::Completed.as_str(),
    DeliveryState::Failed.as_str(),
    DeliveryState::Unroutable.as_str(),
];

pub(super) async fn list(State(sources): State<Sources>, uri: Uri) -> Result<Json<Listing<DeliveryRow>>, Failure> {
    let mut query = Query::of(&uri);
    let mut filter = DeliveryFilter {
        webhook: query.text("webhook"),
        source: query.text("source"),
        state: query.word("state", &STATES),
        event_type: query.text("event_type"),
        entity: query.text("entity"),
        since: query.time("since"),
        until: query.time("until"),
    };
    let page = query.page();
    query.finish()?;
    filter.webhook = id_of(&sources, filter.webhook).await?;
    Ok(Listing::page(sources.store.deliveries(&filter, &page).await?, page.limit))
}

pub(super) async fn one(
    State(sources): State<Sources>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<DeliveryDetail>, Failure> {
    Query::of(&uri).finish()?;
    detail(&sources, &id).await.map(Json)
}

/// The body as it was received. A download, never something a browser would show or run.
pub(super) async fn body(
    State(sources): State<Sources>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<impl IntoResponse, Failure> {
    Query::of(&uri).finish()?;
    let delivery = detail(&sources, &id).await?;
    let bytes = match (delivery.body, delivery.body_blob) {
        (Some(bytes), _) => Bytes::from(bytes),
        (None, Some(blob)) => sources.blobs.get(&BlobHash::parse(&blob)?).await?,
        (None, None) => return Err(not_found().into()),
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"body\""),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((headers, bytes))
}

async fn detail(sources: &Sources, id: &str) -> Result<DeliveryDetail, Failure> {
    let id = DeliveryId::parse(id).map_err(|_| not_found())?;
    Ok(sources.store.delivery(id.as_str()).await?.ok_or_else(not_found)?)
}
