//! Runs: lists and details with their steps.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use hookwheel_core::RunId;
use hookwheel_core::journal::RunOutcome;
use hookwheel_store::{RunDetail, RunFilter, RunRow};

use super::Sources;
use super::failure::{Failure, not_found};
use super::listing::Listing;
use super::query::Query;
use super::webhooks::id_of;

const STATES: [&str; 10] = [
    "requested",
    "running",
    "suspended",
    RunOutcome::Completed.as_str(),
    RunOutcome::Failed.as_str(),
    RunOutcome::Cancelled.as_str(),
    RunOutcome::TimedOut.as_str(),
    RunOutcome::BudgetExceeded.as_str(),
    RunOutcome::MaxTurns.as_str(),
    RunOutcome::NeedsOperator.as_str(),
];

pub(super) async fn list(State(sources): State<Sources>, uri: Uri) -> Result<Json<Listing<RunRow>>, Failure> {
    let mut query = Query::of(&uri);
    let mut filter = RunFilter {
        webhook: query.text("webhook"),
        agent: query.text("agent"),
        state: query.word("state", &STATES),
        delivery: query.text("delivery"),
        session: query.text("session"),
        since: query.time("since"),
        until: query.time("until"),
    };
    let page = query.page();
    query.finish()?;
    filter.webhook = id_of(&sources, filter.webhook).await?;
    Ok(Listing::page(sources.store.runs(&filter, &page).await?, page.limit))
}

pub(super) async fn one(
    State(sources): State<Sources>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<RunDetail>, Failure> {
    Query::of(&uri).finish()?;
    let id = RunId::parse(id).map_err(|_| not_found())?;
    Ok(Json(sources.store.run(id.as_str()).await?.ok_or_else(not_found)?))
}
