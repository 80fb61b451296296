//! Webhooks as configured, and the notices about their requests.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use hookwheel_core::WebhookId;
use hookwheel_store::{NoticeRow, StoreError, WebhookRow};

use super::Sources;
use super::failure::{Failure, not_found};
use super::listing::Listing;
use super::query::Query;

pub(super) async fn list(State(sources): State<Sources>, uri: Uri) -> Result<Json<Listing<WebhookRow>>, Failure> {
    Query::of(&uri).finish()?;
    Ok(Listing::whole(sources.store.webhooks().await?))
}

pub(super) async fn one(
    State(sources): State<Sources>,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Json<WebhookRow>, Failure> {
    Query::of(&uri).finish()?;
    let all = sources.store.webhooks().await?;
    Ok(Json(all.into_iter().find(|webhook| is_called(webhook, &name)).ok_or_else(not_found)?))
}

/// Duplicates, sampled rejections and answered handshakes, newest first.
pub(super) async fn notices(State(sources): State<Sources>, uri: Uri) -> Result<Json<Listing<NoticeRow>>, Failure> {
    let mut query = Query::of(&uri);
    let (webhook, kind, limit) = (query.text("webhook"), query.text("kind"), query.limit());
    query.finish()?;
    let webhook = id_of(&sources, webhook).await?;
    Ok(Listing::newest(sources.store.notices(webhook.as_deref(), kind.as_deref(), limit).await?, limit))
}

/// The id of a webhook that a filter names by id or slug. An unknown slug stays as it is and matches nothing.
pub(super) async fn id_of(sources: &Sources, name: Option<String>) -> Result<Option<String>, StoreError> {
    match name {
        Some(name) if WebhookId::parse(name.as_str()).is_err() => {
            let all = sources.store.webhooks().await?;
            Ok(Some(all.into_iter().find(|webhook| webhook.slug == name).map_or(name, |webhook| webhook.id)))
        }
        name => Ok(name),
    }
}

fn is_called(webhook: &WebhookRow, name: &str) -> bool {
    webhook.id == name || webhook.slug == name
}
