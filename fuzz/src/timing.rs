//! Whether a verdict takes longer for a better forgery: two kinds of request in random order, and Welch's t of their
//! times. With |t| under 4.5 nobody can tell the kinds apart by the clock.

use std::hint::black_box;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme};
use hookwheel_sources::{Headers, Request, Verifier, auth, sign};

use crate::random::Random;

/// From here on the times of two kinds differ by more than chance.
pub const LEAK: f64 = 4.5;

const URL: &str = "https://hooks.example.com/webhooks/a-hook";
const NOW: Timestamp = Timestamp::from_secs(1_761_100_033);
const BODY: usize = 96;
const SECRETS: [&[u8]; 2] = [b"0123456789abcdef0123456789abcdef", b"fedcba9876543210fedcba9876543210"];

/// What sets two kinds of request apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// Wrong only near the end of the proof, or only near its beginning: what a guesser would go by.
    LateOrEarly,
    /// Right under the first live secret, or under the second.
    FirstOrSecond,
    /// Right, or wrong somewhere. The answers differ too, so this is for information: a right one has its proof written down.
    RightOrWrong,
}

impl Apart {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LateOrEarly => "wrong late or early",
            Self::FirstOrSecond => "first or second secret",
            Self::RightOrWrong => "right or wrong",
        }
    }

    /// Whether a difference is a leak.
    pub const fn is_judged(self) -> bool {
        !matches!(self, Self::RightOrWrong)
    }
}

/// Two kinds of request to one webhook, alike but for the proof.
pub struct Case {
    /// The scheme.
    pub scheme: &'static str,
    /// What sets the kinds apart.
    pub apart: Apart,
    auth: Auth,
    secrets: [Vec<u8>; 2],
    verifier: Verifier,
}

/// What came out.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Welch's t; positive when the first kind was slower.
    pub t: f64,
    /// By how much, nanoseconds.
    pub slower_ns: f64,
}

/// Every kind of comparison: a code in hex, in base64, in a list, behind a time; a token as it is, and in base64.
pub fn cases() -> Vec<Case> {
    let schemes = [
        "github_hmac_sha256",
        "shopify",
        "intercom",
        "slack",
        "stripe_webhook_signature",
        "standard_webhooks",
        "pagerduty_v2_signature",
        "gitlab_token",
        "bearer",
        "basic",
    ];
    let known = schemes.iter().filter_map(|name| Some((*name, auth(name)?)));
    let own = Auth::Hmac(HmacScheme::over_body("X-Signature", "", Encoding::Hex, Hash::Sha512));
    let apart = [Apart::LateOrEarly, Apart::FirstOrSecond, Apart::RightOrWrong];
    known
        .chain([("hmac_sha512", own)])
        .flat_map(|(scheme, auth)| apart.map(|apart| Case::new(scheme, apart, &auth)))
        .collect()
}

/// One request, ready to be verified.
struct Ready {
    kind: usize,
    headers: Headers,
    body: Vec<u8>,
}

impl Case {
    fn new(scheme: &'static str, apart: Apart, auth: &Auth) -> Self {
        let secrets = SECRETS.map(|secret| match auth {
            Auth::StandardWebhooks => format!("whsec_{}", BASE64.encode(secret)).into_bytes(),
            Auth::Basic => [b"user:", secret].concat(),
            _ => secret.to_vec(),
        });
        let verifier = Verifier::new(auth, &[&secrets[0], &secrets[1]]);
        Self { scheme, apart, auth: auth.clone(), secrets, verifier }
    }

    /// A request of a random kind. Its body is random, so that the digits of its code say nothing about its kind.
    fn ready(&self, random: &mut Random) -> Ready {
        let kind = random.below(2);
        let body: Vec<u8> = (0..BODY).map(|_| random.byte()).collect();
        let signer = usize::from(self.apart == Apart::FirstOrSecond && kind == 1);
        let mut headers = self.signed(&self.secrets[signer], &body);
        if let Some((_, proof)) = headers.0.last_mut() {
            match (self.apart, kind) {
                (Apart::LateOrEarly, 0) => change(proof, 3, random),
                (Apart::LateOrEarly, _) => change(proof, 0, random),
                (Apart::RightOrWrong, 1) => {
                    let quarter = random.below(4);
                    change(proof, quarter, random);
                }
                _ => {}
            }
        }
        Ready { kind, headers, body }
    }

    /// The proof is the last header.
    fn signed(&self, secret: &[u8], body: &[u8]) -> Headers {
        let id = Headers(vec![("webhook-id".to_owned(), b"msg_1".to_vec())]);
        let request = Request { method: "POST", url: URL, headers: &id, body };
        let proof = sign(&self.auth, secret, &request, NOW).into_iter().map(|(name, value)| (name, value.into_bytes()));
        Headers(id.0.iter().cloned().chain(proof).collect())
    }

    fn verify(&self, ready: &Ready) -> (bool, f64) {
        let request = Request { method: "POST", url: URL, headers: &ready.headers, body: &ready.body };
        let begun = Instant::now();
        let verdict = self.verifier.verify(black_box(&request), NOW);
        let took = begun.elapsed();
        (black_box(verdict).is_ok(), took.as_nanos() as f64)
    }
}

/// One digit in a quarter of the code becomes another of its kind, so that decoding it takes the same steps.
fn change(proof: &mut [u8], quarter: usize, random: &mut Random) {
    let padding = proof.iter().rev().take_while(|b| **b == b'=').count();
    // The last digit before padding has bits that say nothing.
    let end = proof.len() - padding - usize::from(padding > 0);
    let start = proof[..end].iter().rposition(|b| matches!(b, b'=' | b',' | b' ')).map_or(0, |at| at + 1);
    let size = (end - start) / 4;
    let at = start + quarter * size + random.below(size);
    let by = 1 + u8::try_from(random.below(5)).unwrap_or(0);
    proof[at] = match proof[at] {
        digit @ b'0'..=b'9' => b'0' + (digit - b'0' + by) % 10,
        digit @ b'a'..=b'f' => b'a' + (digit - b'a' + by) % 6,
        digit @ b'A'..=b'Z' => b'A' + (digit - b'A' + by) % 26,
        digit @ b'g'..=b'z' => b'g' + (digit - b'g' + by) % 20,
        other => other ^ (b'+' ^ b'/'),
    };
}

/// What is left of the times: the slowest tenth is the machine's own doing.
const KEPT: f64 = 0.9;
/// So many requests are made ready before any of them is measured: where one lies in memory says nothing of its kind.
const BATCH: usize = 2_048;

/// Measures a case.
pub fn measure(case: &Case, measurements: usize, seed: u64) -> Measured {
    let mut random = Random::new(seed);
    let mut times = Vec::with_capacity(measurements);
    while times.len() < measurements {
        let batch: Vec<Ready> = (0..BATCH).map(|_| case.ready(&mut random)).collect();
        // The first ones warm up what the making of a batch has cooled.
        batch.iter().take(BATCH / 8).for_each(|ready| _ = case.verify(ready));
        times.extend(batch.iter().skip(BATCH / 8).map(|ready| (ready.kind, case.verify(ready).1)));
    }
    welch(&times)
}

fn welch(times: &[(usize, f64)]) -> Measured {
    let mut all: Vec<f64> = times.iter().map(|(_, took)| *took).collect();
    all.sort_unstable_by(f64::total_cmp);
    let longest = all.get((all.len() as f64 * KEPT) as usize).copied().unwrap_or(f64::INFINITY);
    let of = |kind: usize| {
        let kept: Vec<f64> = times.iter().filter(|(k, took)| *k == kind && *took <= longest).map(|(_, t)| *t).collect();
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        let spread = kept.iter().map(|took| (took - mean).powi(2)).sum::<f64>() / (kept.len() as f64 - 1.0);
        (mean, spread / kept.len() as f64)
    };
    let ((one, of_one), (two, of_two)) = (of(0), of(1));
    Measured { t: (one - two) / (of_one + of_two).sqrt(), slower_ns: one - two }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_believed_as_they_should_be() {
        let mut random = Random::new(9);
        let cases = cases();
        assert_eq!(cases.len(), 33);
        for case in cases {
            for _ in 0..200 {
                let ready = case.ready(&mut random);
                let right = match case.apart {
                    Apart::LateOrEarly => false,
                    Apart::FirstOrSecond => true,
                    Apart::RightOrWrong => ready.kind == 0,
                };
                assert_eq!(case.verify(&ready).0, right, "{} {:?}", case.scheme, case.apart);
            }
        }
    }

    #[test]
    fn a_difference_is_seen_and_none_is_not() {
        let mut random = Random::new(5);
        let mut sample = |more: f64| -> Vec<(usize, f64)> {
            (0..20_000)
                .map(|n| (n % 2, 100.0 + random.below(40) as f64 + if n % 2 == 0 { more } else { 0.0 }))
                .collect()
        };
        assert!(welch(&sample(2.0)).t > LEAK);
        assert!(welch(&sample(0.0)).t.abs() < LEAK);
    }
}
