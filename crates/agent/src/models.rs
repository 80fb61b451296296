//! From a named model of the configuration to a client, made once and kept.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hookwheel_core::agent::{Model, Provider};
use hookwheel_core::webhook::SecretRef;

use crate::genai::GenaiClient;
use crate::model::ModelClient;
use crate::scripted::{Script, ScriptError, ScriptedClient};

/// Reads a secret when a client is made. The error says where it should have been, never what it is.
pub type SecretReader = dyn Fn(&SecretRef) -> Result<String, String> + Send + Sync;

/// Clients by model definition. A changed definition is another client.
pub struct Models {
    secrets: Box<SecretReader>,
    scripted_allowed: bool,
    made: Mutex<HashMap<String, Arc<dyn ModelClient>>>,
}

/// A model cannot be used as configured. The operator's move.
#[derive(Debug, thiserror::Error)]
pub enum ModelSetupError {
    /// Canned answers have no place in production.
    #[error("the scripted model gives canned answers and is refused in the production profile; name a real model")]
    ScriptedInProduction,
    /// The script cannot be used.
    #[error("script {name:?} cannot be used")]
    Script {
        /// Its name or path.
        name: String,
        /// Why.
        #[source]
        cause: ScriptError,
    },
    /// The key cannot be read.
    #[error("the API key of model {model:?} cannot be read: {why}")]
    Key {
        /// The provider's name for the model.
        model: String,
        /// Why, naming where from.
        why: String,
    },
    /// A provider that wants a key has none.
    #[error("model {model:?} of {provider} needs an API key: set `api_key`")]
    NoKey {
        /// The provider's name for the model.
        model: String,
        /// The provider.
        provider: &'static str,
    },
    /// A provider without a default address has none.
    #[error("model {model:?} is reached at a `base_url`: set it, such as \"http://127.0.0.1:8000/v1\"")]
    NoBaseUrl {
        /// The provider's name for the model.
        model: String,
    },
    /// Not an address.
    #[error("base_url {url:?} is not an http or https address: {why}")]
    BadBaseUrl {
        /// As configured.
        url: String,
        /// Why not.
        why: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Http(String),
}

impl Models {
    /// Clients whose keys come from `secrets`. The scripted model exists only where it is allowed.
    pub fn new(secrets: Box<SecretReader>, scripted_allowed: bool) -> Self {
        Self { secrets, scripted_allowed, made: Mutex::default() }
    }

    /// The client of this model.
    pub fn client(&self, model: &Model) -> Result<Arc<dyn ModelClient>, ModelSetupError> {
        let id = format!("{model:?}");
        if let Some(client) = self.lock().get(&id) {
            return Ok(Arc::clone(client));
        }
        let client = self.make(model)?;
        Ok(Arc::clone(self.lock().entry(id).or_insert(client)))
    }

    fn make(&self, model: &Model) -> Result<Arc<dyn ModelClient>, ModelSetupError> {
        if model.provider == Provider::Scripted {
            if !self.scripted_allowed {
                return Err(ModelSetupError::ScriptedInProduction);
            }
            return Ok(Arc::new(scripted(&model.model)?));
        }
        let key = model.api_key.as_ref().map(|place| (self.secrets)(place)).transpose();
        let key = key.map_err(|why| ModelSetupError::Key { model: model.model.clone(), why })?;
        Ok(Arc::new(GenaiClient::new(model, key)?))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<dyn ModelClient>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn scripted(name: &str) -> Result<ScriptedClient, ModelSetupError> {
    let script = match Script::built_in(name) {
        Some(script) => script,
        None => Script::from_file(Path::new(name)),
    };
    let script = script.map_err(|cause| ModelSetupError::Script { name: name.to_owned(), cause })?;
    Ok(ScriptedClient::new(name, script))
}
