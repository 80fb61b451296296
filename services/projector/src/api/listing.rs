//! A page of rows as JSON.

use axum::Json;
use hookwheel_store::Page;
use serde::Serialize;

/// Up to here a total is exact; the store counts one further.
const COUNTED: u64 = 10_000;

/// One page, newest first.
#[derive(Serialize)]
pub(super) struct Listing<T> {
    items: Vec<T>,
    limit: u32,
    total: u64,
    total_is_exact: bool,
    next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// A page of more.
    pub(super) fn page(page: Page<T>, limit: u32) -> Json<Self> {
        Json(Self {
            items: page.items,
            limit,
            total: page.total,
            total_is_exact: page.total <= COUNTED,
            next_cursor: page.next_cursor,
        })
    }

    /// The newest `limit`, without a way to go on.
    pub(super) fn newest(items: Vec<T>, limit: u32) -> Json<Self> {
        let total = items.len() as u64;
        Json(Self { items, limit, total, total_is_exact: total < u64::from(limit), next_cursor: None })
    }

    /// All there is.
    pub(super) fn whole(items: Vec<T>) -> Json<Self> {
        let total = items.len() as u64;
        let limit = u32::try_from(total).unwrap_or(u32::MAX);
        Json(Self { items, limit, total, total_is_exact: true, next_cursor: None })
    }
}
