//! A new secret in the form that the scheme's senders take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::webhook::{Auth, KeyForm};
use hookwheel_runtime::secret::Secret;

use crate::exit::Failure;

/// Random bytes of a secret.
const LENGTH: usize = 32;
/// Schemes whose provider makes the secret; one of our own would never match.
const PROVIDERS_OWN: &[&str] = &[
    "asana",
    "discord",
    "dropbox",
    "hubspot",
    "intercom",
    "linear_webhook_signature",
    "meta",
    "pagerduty_v2_signature",
    "sentry_webhook_signature",
    "shopify",
    "slack",
    "stripe_webhook_signature",
    "trello",
    "twilio",
    "x",
    "zendesk",
    "zoom",
];

/// 256 random bits, as text that this webhook's senders can be given.
pub(super) fn generate(slug: &str, auth: &Auth) -> Result<Secret, Failure> {
    let random: [u8; LENGTH] = rand::random();
    let hex = || random.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = match auth {
        Auth::None => return Err(Failure::usage(format!("webhook {slug} takes deliveries from everyone"))),
        Auth::Scheme { name, .. } if PROVIDERS_OWN.contains(&name.as_str()) => {
            let what = format!("{name} makes this secret itself");
            return Err(Failure::usage(what).remedy(format!("copy it there, then `hookwheel secret set {slug}`")));
        }
        Auth::StandardWebhooks => format!("whsec_{}", BASE64.encode(random)),
        Auth::Scheme { name, .. } if name == "gitlab_signing_token" => format!("whsec_{}", BASE64.encode(random)),
        Auth::Scheme { name, .. } if name == "msteams" => BASE64.encode(random),
        Auth::Hmac(scheme) if scheme.key == KeyForm::Base64 => BASE64.encode(random),
        Auth::Basic => format!("hookwheel:{}", hex()),
        _ => hex(),
    };
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use hookwheel_sources as sources;

    use super::*;

    #[test]
    fn a_generated_secret_works_with_its_scheme_and_is_never_the_same() {
        for name in sources::schemes().filter(|name| *name != "none") {
            let auth = sources::auth(name).unwrap();
            let canonical = if let Auth::Scheme { name, .. } = &auth { name.clone() } else { name.to_owned() };
            match generate("w", &auth) {
                Ok(secret) => {
                    assert!(!PROVIDERS_OWN.contains(&canonical.as_str()), "{name}");
                    assert_ne!(secret, generate("w", &auth).unwrap());
                    assert!(sources::Verifier::new(&auth, &[secret.expose()]).is_usable(0), "{name}");
                }
                Err(refused) => assert!(refused.remedy.unwrap().contains("secret set w"), "{name}"),
            }
        }
    }

    #[test]
    fn every_scheme_that_is_named_here_exists() {
        let known: Vec<_> = sources::schemes().collect();
        assert!(PROVIDERS_OWN.iter().all(|name| known.contains(name)), "{known:?}");
    }
}
