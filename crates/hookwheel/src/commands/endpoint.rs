//! Which webhook `send`, `verify` and `normalize` act for: one of the configuration, or one described by options.

use std::path::PathBuf;

use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::{Slug, WebhookId};
use hookwheel_core::webhook::{Auth, SecretRef, Webhook};
use hookwheel_runtime::secret::Secret;
use hookwheel_sources as sources;

use crate::config::{self, ConfigArgs, Configuration, Opener, Unopened};
use crate::exit::{Exit, Failure};

/// Names a webhook of `hookwheel.toml`, or describes one that is in no file.
#[derive(Debug, Clone, clap::Args)]
pub struct EndpointArgs {
    /// Take source, authentication and secrets from this webhook of hookwheel.toml
    #[arg(long, value_name = "SLUG", conflicts_with_all = ["source", "auth", "secret_env", "secret_file"])]
    webhook: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Source profile, such as github, gitlab or generic
    #[arg(long, default_value = "github")]
    source: String,
    /// How the sender proves itself, when not in the profile's own way
    #[arg(long, value_name = "MODE")]
    auth: Option<String>,
    /// Environment variable that holds the secret
    #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
    secret_env: Option<String>,
    /// File that holds the secret; one line end at its end is not part of it
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,
}

/// A webhook and its secrets.
pub struct Endpoint {
    /// As configured, or made up from options.
    pub webhook: Webhook,
    /// Its live secrets, in order.
    pub secrets: Vec<Secret>,
    /// Its profile.
    pub source: &'static dyn sources::Source,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

impl EndpointArgs {
    /// The webhook without its secrets, for commands that need none.
    pub fn webhook(&self) -> Result<(Webhook, &'static dyn sources::Source), Failure> {
        let webhook = match &self.webhook {
            Some(slug) => named(&self.config, &self.config.load()?, slug)?.clone(),
            None => self.described()?,
        };
        let source = profile(&webhook.source)?;
        Ok((webhook, source))
    }

    /// The webhook with its secrets.
    pub fn endpoint(&self) -> Result<Endpoint, Failure> {
        if let Some(slug) = &self.webhook {
            return Endpoint::configured(&self.config, slug);
        }
        let (webhook, source) = self.webhook()?;
        let secrets = webhook.secrets.iter().map(config::read_secret).collect();
        Endpoint::new(webhook, source, secrets)
    }

    fn described(&self) -> Result<Webhook, Failure> {
        let source = profile(&self.source)?;
        let auth = self.auth.as_deref().map_or_else(|| Ok(source.default_auth()), scheme)?;
        let env = self.secret_env.clone().map(SecretRef::Env);
        let file = self.secret_file.as_ref().map(|path| SecretRef::File(path.display().to_string()));
        Ok(Webhook { auth, secrets: env.or(file).into_iter().collect(), ..webhook_of(source)? })
    }
}

/// A webhook of this source that is in no file: the profile's own way of proof, no secrets, no routes.
pub(super) fn webhook_of(source: &'static dyn sources::Source) -> Result<Webhook, Failure> {
    let slug = source.name().replace('_', "-");
    Ok(Webhook {
        id: made_up_id(&slug)?,
        slug: Slug::parse(slug).map_err(|error| Failure::failed(error.to_string()))?,
        auth: source.default_auth(),
        enabled: true,
        source: source.name().into(),
        secrets: Vec::new(),
        events: EventFilter::default(),
        max_body: u64::MAX,
        entity_pointers: Vec::new(),
        delivery_key: None,
        public_base_url: None,
        public_path: None,
        verify_token: None,
        pairing_until: None,
        gate: Default::default(),
        routes: Vec::new(),
    })
}

impl Endpoint {
    /// The webhook of this slug in a configuration.
    pub fn configured(config: &ConfigArgs, slug: &str) -> Result<Self, Failure> {
        let configuration = config.load()?;
        let webhook = named(config, &configuration, slug)?.clone();
        let source = profile(&webhook.source)?;
        let opener = Opener::new(&configuration, super::now());
        let opened = webhook.secrets.iter().map(|reference| opener.open(&webhook, reference));
        let secrets: Result<Vec<_>, _> = opened.collect();
        Self::new(webhook, source, secrets.map(|secrets| secrets.concat()))
    }

    fn new(
        webhook: Webhook,
        source: &'static dyn sources::Source,
        secrets: Result<Vec<Secret>, Unopened>,
    ) -> Result<Self, Failure> {
        if webhook.secrets.is_empty() && webhook.auth != Auth::None {
            return Err(Failure::usage("no secret is named").remedy("add --secret-env NAME or --secret-file PATH"));
        }
        let secrets = secrets.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { webhook, secrets, source })
    }
}

/// The webhook of this slug.
pub(super) fn named<'a>(
    config: &ConfigArgs,
    configuration: &'a Configuration,
    slug: &str,
) -> Result<&'a Webhook, Failure> {
    let mut webhooks = configuration.snapshots.iter().map(|snapshot| &snapshot.webhook);
    webhooks
        .find(|webhook| webhook.slug.as_str() == slug)
        .ok_or_else(|| Failure::new(Exit::NotFound, format!("{} has no webhook {slug:?}", config.path().display())))
}

fn made_up_id(slug: &str) -> Result<WebhookId, Failure> {
    config::webhook_id(slug).map_err(|error| Failure::failed(error.to_string()))
}

/// A scheme that needs no further words; one of one's own design is written in `hookwheel.toml`.
fn scheme(name: &str) -> Result<Auth, Failure> {
    sources::auth(name).ok_or_else(|| {
        let known: Vec<_> = sources::schemes().collect();
        Failure::usage(format!("there is no scheme {name:?}")).remedy(format!("one of: {}", known.join(", ")))
    })
}

fn profile(name: &str) -> Result<&'static dyn sources::Source, Failure> {
    sources::source(name).ok_or_else(|| {
        let known: Vec<_> = sources::all().iter().map(|source| source.name()).collect();
        Failure::usage(format!("there is no source profile {name:?}")).remedy(format!("one of: {}", known.join(", ")))
    })
}
