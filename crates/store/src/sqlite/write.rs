//! Writing rows. Statements run in this process and are prepared once, so a row a statement is fast enough.

use async_trait::async_trait;
use hookwheel_core::Timestamp;
use hookwheel_core::snapshot::Snapshot;
use sqlx::SqliteConnection;

use super::error::failed;
use super::{read, sql};
use crate::StoreError;
use crate::apply::Tables;
use crate::fold::Work;
use crate::port::Checkpoint;
use crate::prune::{self, Pruned};
use crate::record::{DeliveryRecord, RunRecord, Standing, StepRecord, WebhookRecord, int};

/// The tables inside a write transaction.
pub(super) struct Writing<'t>(pub(super) &'t mut SqliteConnection);

#[async_trait]
impl Tables for Writing<'_> {
    async fn checkpoint(&mut self, stream: &str) -> Result<Option<Checkpoint>, StoreError> {
        read::checkpoint(self.0, stream).await.map_err(failed)
    }

    async fn set_checkpoint(&mut self, stream: &str, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let query = sqlx::query(sql::SET_CHECKPOINT).bind(stream).bind(&checkpoint.incarnation);
        query.bind(int(checkpoint.seq)).execute(&mut *self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn deliveries(&mut self, ids: &[String]) -> Result<Vec<DeliveryRecord>, StoreError> {
        sqlx::query_as(sql::DELIVERIES).bind(list(ids)).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn runs(&mut self, ids: &[String]) -> Result<Vec<RunRecord>, StoreError> {
        sqlx::query_as(sql::RUNS).bind(list(ids)).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn steps(&mut self, keys: &[(String, String)]) -> Result<Vec<StepRecord>, StoreError> {
        sqlx::query_as(sql::STEPS).bind(list(keys)).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn standings(&mut self, deliveries: &[String]) -> Result<Vec<Standing>, StoreError> {
        sqlx::query_as(sql::STANDINGS).bind(list(deliveries)).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn save(&mut self, work: &Work) -> Result<(), StoreError> {
        save(self.0, work).await.map_err(failed)
    }
}

async fn save(connection: &mut SqliteConnection, work: &Work) -> Result<(), sqlx::Error> {
    for row in work.deliveries.changed() {
        row.bind(sqlx::query(sql::SAVE_DELIVERIES)).execute(&mut *connection).await?;
    }
    for row in &work.requests {
        row.bind(sqlx::query(sql::SAVE_REQUESTS)).execute(&mut *connection).await?;
    }
    for row in &work.events {
        row.bind(sqlx::query(sql::SAVE_EVENTS)).execute(&mut *connection).await?;
    }
    for row in work.runs.changed() {
        row.bind(sqlx::query(sql::SAVE_RUNS)).execute(&mut *connection).await?;
    }
    for row in work.steps.changed() {
        row.bind(sqlx::query(sql::SAVE_STEPS)).execute(&mut *connection).await?;
    }
    for row in &work.notices {
        row.bind(sqlx::query(sql::SAVE_NOTICES)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Replaces the mirror of the configuration.
pub(super) async fn webhooks(connection: &mut SqliteConnection, webhooks: &[Snapshot]) -> Result<(), sqlx::Error> {
    sqlx::query("delete from webhooks").execute(&mut *connection).await?;
    for row in webhooks.iter().map(WebhookRecord::from) {
        row.bind(sqlx::query(sql::SAVE_WEBHOOKS)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Deletes one chunk of what is older.
pub(super) async fn prune(connection: &mut SqliteConnection, before: Timestamp) -> Result<Pruned, sqlx::Error> {
    let (micros, oldest) = (before.micros(), prune::oldest_id_kept(before));
    let old: Vec<(String, bool)> = sqlx::query_as(sql::OLD_DELIVERIES)
        .bind(micros)
        .bind(&oldest)
        .bind(prune::CHUNK)
        .fetch_all(&mut *connection)
        .await?;
    let pruned = Pruned::of(&old);
    let ids = list(&old.iter().map(|(id, _)| id).collect::<Vec<_>>());
    for statement in sql::DELETE_DELIVERIES {
        sqlx::query(*statement).bind(&ids).execute(&mut *connection).await?;
    }
    if pruned.is_last {
        sqlx::query(sql::DELETE_REJECTIONS).bind(micros).execute(&mut *connection).await?;
        for statement in sql::DELETE_STRAYS {
            sqlx::query(*statement).bind(micros).bind(&oldest).execute(&mut *connection).await?;
        }
    }
    Ok(pruned)
}

/// A list as one value: `json_each` takes it apart, so that the statement stays the same.
fn list<T: serde::Serialize>(items: &[T]) -> String {
    serde_json::to_string(items).unwrap_or_default()
}
