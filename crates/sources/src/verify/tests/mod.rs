//! Verification held against other people's signatures, against an oracle in another style, and against properties.

mod oracle;
mod properties;
mod rows;
mod vectors;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::webhook::Auth;

use crate::{Headers, Refusal, Request, sign, verify};

const NOW: Timestamp = Timestamp::from_secs(1_761_100_033);
const URL: &str = "https://hooks.example.com/webhooks/a?x=1";

/// A request somebody sends.
#[derive(Clone, Default)]
struct Sent {
    headers: Vec<(String, Vec<u8>)>,
    url: String,
    body: Vec<u8>,
}

impl Sent {
    fn of(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: Vec::new(), url: URL.into(), body: body.into() }
    }

    fn at(self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self }
    }

    fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    fn signed(mut self, auth: &Auth, secret: &[u8]) -> Self {
        let proof = self.look(|request| sign(auth, secret, request, NOW));
        self.headers.extend(proof.into_iter().map(|(name, value)| (name, value.into_bytes())));
        self
    }

    fn look<T>(&self, act: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers = Headers(self.headers.clone());
        act(&Request { method: "POST", url: &self.url, headers: &headers, body: &self.body })
    }

    fn verify(&self, auth: &Auth, secrets: &[&[u8]]) -> Result<Proof, Refusal> {
        self.look(|request| verify(auth, secrets, request, NOW))
    }

    fn refusal(&self, auth: &Auth, secret: &[u8]) -> Option<Refusal> {
        self.verify(auth, &[secret]).err()
    }
}

/// The scheme of this name.
fn named(name: &str) -> Auth {
    crate::auth(name).unwrap()
}
