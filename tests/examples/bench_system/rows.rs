//! Runs as the API tells of them.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hookwheel_tests::process::eventually;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::system::System;

/// One finished run.
pub struct Run {
    pub started: OffsetDateTime,
    pub finished: OffsetDateTime,
}

/// Waits until so many runs have completed.
pub async fn completed(system: &System, wanted: u64, within: Duration) -> anyhow::Result<()> {
    eventually(&format!("the end of {wanted} runs"), within, || async {
        let page = system.get("/api/v1/runs?state=completed&limit=1").await?;
        match page["total"].as_u64().context("no total")? {
            total if total >= wanted => Ok(Some(())),
            total => bail!("{total} runs have completed"),
        }
    })
    .await
}

/// All runs, by their delivery.
pub async fn all(system: &System) -> anyhow::Result<HashMap<String, Run>> {
    let (mut runs, mut cursor) = (HashMap::new(), String::new());
    loop {
        let page = system.get(&format!("/api/v1/runs?limit=200{cursor}")).await?;
        for row in page["items"].as_array().context("no items")? {
            let run = Run { started: time(&row["started_at"])?, finished: time(&row["finished_at"])? };
            runs.insert(row["delivery"].as_str().context("no delivery")?.to_owned(), run);
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(runs),
        }
    }
}

fn time(value: &Value) -> anyhow::Result<OffsetDateTime> {
    let text = value.as_str().context("a finished run lacks a time")?;
    Ok(OffsetDateTime::parse(text, &Rfc3339)?)
}
