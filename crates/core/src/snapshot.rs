//! A configuration snapshot: one webhook with all that its runs need, frozen under the hash of its bytes.
//!
//! Ingress writes the hash into every delivery, so a run uses the configuration of the moment it was accepted (I13).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agent::{Agent, Model};
use crate::ids::{AgentName, SnapshotHash};
use crate::webhook::{Action, Webhook};

/// One webhook, the agents its routes name, the models those agents name. Carries no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The webhook.
    pub webhook: Webhook,
    /// Agents by name.
    pub agents: BTreeMap<AgentName, Agent>,
    /// Models by name.
    pub models: BTreeMap<String, Model>,
}

/// A route or an agent names something the snapshot does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("webhook {webhook}: {what} {name:?} is not defined")]
pub struct Dangling {
    /// The webhook's slug.
    pub webhook: String,
    /// `agent` or `model`.
    pub what: &'static str,
    /// The undefined name.
    pub name: String,
}

impl Snapshot {
    /// Gathers what the webhook needs out of all that is configured.
    pub fn gather(
        webhook: Webhook,
        agents: &BTreeMap<AgentName, Agent>,
        models: &BTreeMap<String, Model>,
    ) -> Result<Self, Dangling> {
        let dangling = |what, name: &str| Dangling { webhook: webhook.slug.to_string(), what, name: name.into() };
        let (mut used_agents, mut used_models) = (BTreeMap::new(), BTreeMap::new());
        for route in &webhook.routes {
            let Action::Agent(name) = &route.action;
            let agent = agents.get(name).ok_or_else(|| dangling("agent", name.as_str()))?;
            let model = models.get(&agent.model).ok_or_else(|| dangling("model", &agent.model))?;
            used_agents.insert(name.clone(), agent.clone());
            used_models.insert(agent.model.clone(), model.clone());
        }
        Ok(Self { webhook, agents: used_agents, models: used_models })
    }

    /// The bytes that are stored and hashed: JSON with fields in declaration order and maps sorted.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The address of these bytes; equal to the blob hash under which they are stored.
    pub fn hash(&self) -> SnapshotHash {
        SnapshotHash::of(&self.to_bytes())
    }
}
