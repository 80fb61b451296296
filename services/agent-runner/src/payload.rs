//! Raw bodies for the paging tool: the delivery's own record, or the blob it names.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_agent::tools::{PayloadError, PayloadSource};
use hookwheel_core::delivery::Body;
use hookwheel_core::ids::WebhookId;
use hookwheel_log::{BlobHash, Blobs, Log, LogError};
use hookwheel_proto::{Fact, decode, topology};

pub(crate) struct DeliveryBodies {
    log: Arc<dyn Log>,
    blobs: Blobs,
}

impl DeliveryBodies {
    pub fn new(log: Arc<dyn Log>, blobs: Blobs) -> Self {
        Self { log, blobs }
    }
}

#[async_trait]
impl PayloadSource for DeliveryBodies {
    async fn body(&self, webhook: &WebhookId, delivery_key_hash: &str) -> Result<Bytes, PayloadError> {
        let subject = topology::delivery_subject(webhook, delivery_key_hash);
        let record = self.log.last(topology::DELIVERIES, &subject).await.map_err(|cause| failed(&cause))?;
        let record = record.ok_or(PayloadError::Gone)?;
        let Ok(Fact::DeliveryReceived(delivery)) = decode(&record) else { return Err(PayloadError::Gone) };
        match delivery.body {
            Body::Inline(bytes) => Ok(bytes),
            Body::Blob { sha256, .. } => {
                let hash = BlobHash::parse(&sha256).map_err(|_| PayloadError::Gone)?;
                self.blobs.get(&hash).await.map_err(|cause| failed(&cause))
            }
        }
    }
}

fn failed(cause: &LogError) -> PayloadError {
    match cause {
        LogError::Missing(_) => PayloadError::Gone,
        _ => PayloadError::Unavailable,
    }
}
