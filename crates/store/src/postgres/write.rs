//! Writing rows: one statement a table, an array a column.

use async_trait::async_trait;
use hookwheel_core::Timestamp;
use hookwheel_core::snapshot::Snapshot;
use sqlx::PgConnection;

use super::error::failed;
use super::{read, sql};
use crate::StoreError;
use crate::apply::Tables;
use crate::fold::Work;
use crate::port::Checkpoint;
use crate::prune::{self, Pruned};
use crate::record::{
    DeliveryRecord, EventRecord, NoticeRecord, RequestRecord, RunRecord, Standing, StepRecord, WebhookRecord, int,
};

/// The tables inside a write transaction.
pub(super) struct Writing<'t>(pub(super) &'t mut PgConnection);

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
        sqlx::query_as(sql::DELIVERIES).bind(ids).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn runs(&mut self, ids: &[String]) -> Result<Vec<RunRecord>, StoreError> {
        sqlx::query_as(sql::RUNS).bind(ids).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn steps(&mut self, keys: &[(String, String)]) -> Result<Vec<StepRecord>, StoreError> {
        let (runs, keys): (Vec<&str>, Vec<&str>) = keys.iter().map(|(run, key)| (run.as_str(), key.as_str())).unzip();
        sqlx::query_as(sql::STEPS).bind(runs).bind(keys).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn standings(&mut self, deliveries: &[String]) -> Result<Vec<Standing>, StoreError> {
        sqlx::query_as(sql::STANDINGS).bind(deliveries).fetch_all(&mut *self.0).await.map_err(failed)
    }

    async fn save(&mut self, work: &Work) -> Result<(), StoreError> {
        save(self.0, work).await.map_err(failed)
    }
}

async fn save(connection: &mut PgConnection, work: &Work) -> Result<(), sqlx::Error> {
    macro_rules! save {
        ($($record:ident by $sql:ident: $rows:expr;)+) => {$(
            let rows: Vec<&$record> = $rows;
            if !rows.is_empty() {
                $record::bind_all(&rows, sqlx::query(sql::$sql)).execute(&mut *connection).await?;
            }
        )+};
    }
    save! {
        DeliveryRecord by SAVE_DELIVERIES: work.deliveries.changed();
        RequestRecord by SAVE_REQUESTS: work.requests.iter().collect();
        EventRecord by SAVE_EVENTS: work.events.iter().collect();
        RunRecord by SAVE_RUNS: work.runs.changed();
        StepRecord by SAVE_STEPS: work.steps.changed();
        NoticeRecord by SAVE_NOTICES: work.notices.iter().collect();
    }
    Ok(())
}

/// Replaces the mirror of the configuration.
pub(super) async fn webhooks(connection: &mut PgConnection, webhooks: &[Snapshot]) -> Result<(), sqlx::Error> {
    sqlx::query("delete from webhooks").execute(&mut *connection).await?;
    let rows: Vec<WebhookRecord> = webhooks.iter().map(WebhookRecord::from).collect();
    let rows: Vec<&WebhookRecord> = rows.iter().collect();
    WebhookRecord::bind_all(&rows, sqlx::query(sql::SAVE_WEBHOOKS)).execute(&mut *connection).await?;
    Ok(())
}

/// Deletes one chunk of what is older.
pub(super) async fn prune(connection: &mut PgConnection, before: Timestamp) -> Result<Pruned, sqlx::Error> {
    let (micros, oldest) = (before.micros(), prune::oldest_id_kept(before));
    let old: Vec<(String, bool)> = sqlx::query_as(sql::OLD_DELIVERIES)
        .bind(micros)
        .bind(&oldest)
        .bind(prune::CHUNK)
        .fetch_all(&mut *connection)
        .await?;
    let pruned = Pruned::of(&old);
    let ids: Vec<&str> = old.iter().map(|(id, _)| id.as_str()).collect();
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
