//! What all workers of the process share.

use std::sync::Arc;

use hookwheel_agent::tools::{Countable, Notes, TEST_TOOLS_VARIABLE, WebhookPayload};
use hookwheel_agent::{Models, Toolbox};
use hookwheel_core::time::Timestamp;
use hookwheel_core::webhook::SecretRef;
use hookwheel_log::{Blobs, Bucket, Log};
use hookwheel_runtime::failpoint;
use hookwheel_runtime::metrics::label::Bounded;
use hookwheel_runtime::secret::Secret;

use crate::admission::Admission;
use crate::options::{Options, Profile};
use crate::payload::DeliveryBodies;
use crate::service::Ports;
use crate::snapshots::Snapshots;

/// Distinct event types that get a series of their own.
const EVENT_TYPES: usize = 200;

pub(crate) struct Shared {
    pub options: Options,
    pub worker: String,
    pub log: Arc<dyn Log>,
    pub leases: Arc<dyn Bucket>,
    pub admission: Admission,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub snapshots: Snapshots,
    pub models: Models,
    pub toolbox: Toolbox,
    pub event_types: Bounded,
}

impl Shared {
    pub fn new(options: Options, ports: Ports, leases: Arc<dyn Bucket>, config: Arc<dyn Bucket>) -> Self {
        let blobs = Blobs::new(Arc::clone(&ports.log));
        let bodies = Arc::new(DeliveryBodies::new(Arc::clone(&ports.log), blobs.clone()));
        let mut toolbox =
            Toolbox::default().with(WebhookPayload::new(bodies)).with(Notes::new(options.data_dir.join("notes.md")));
        if let Some(file) = std::env::var_os(TEST_TOOLS_VARIABLE) {
            toolbox = toolbox.with(Countable::new(file, failpoint::hit));
        }
        Self {
            worker: options.name(),
            models: Models::new(Box::new(secret), options.profile == Profile::Development),
            admission: Admission::new(&ports, config),
            snapshots: Snapshots::new(blobs),
            log: ports.log,
            clock: ports.clock,
            event_types: Bounded::new(EVENT_TYPES),
            options,
            leases,
            toolbox,
        }
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

fn secret(place: &SecretRef) -> Result<String, String> {
    let secret = match place {
        SecretRef::Env(name) => Secret::from_env(name),
        SecretRef::File(path) => Secret::from_file(path.as_ref()),
        SecretRef::Sealed => return Err("sealed secrets are not opened here; write `{ env }` or `{ file }`".into()),
    };
    let secret = secret.map_err(|cause| cause.to_string())?;
    String::from_utf8(secret.expose().to_vec()).map_err(|_| "it is not text".into())
}
