//! Tokens that count against several limits at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hookwheel_core::Timestamp;
use hookwheel_core::limit::SPEND_WITHIN;
use hookwheel_log::{Bucket, Log, LogError};
use tokio::sync::OnceCell;

use crate::scope::{Clock, Piece, Scope};

/// How often tokens that grew old while the next one was fetched are asked for anew.
const TRIES: u32 = 3;

/// Grants tokens out of ledgers that all replicas share.
pub struct Limiter {
    log: Arc<dyn Log>,
    bucket: OnceCell<Arc<dyn Bucket>>,
    name: &'static str,
    clock: Arc<Clock>,
    /// As many as there are limits in the configuration.
    scopes: Mutex<HashMap<String, Arc<Scope>>>,
}

/// A limit: the key of its ledger, and how many in each window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoped {
    /// The ledger's key in the bucket.
    pub key: String,
    /// How many in each window.
    pub limit: u32,
}

/// What came of asking.
pub enum Taken {
    /// To be spent now: within a second of having been asked for.
    Token(Token),
    /// None is to be had.
    Closed(Closed),
}

/// A limit that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Which of those asked, counted from 0.
    pub which: usize,
    /// When there may be a token.
    pub until: Timestamp,
}

/// The right to do one thing. Dropping it means that it was done.
#[must_use]
pub struct Token {
    pieces: Vec<(Arc<Scope>, u32, Piece)>,
}

impl Limiter {
    /// With the ledgers in this bucket, which is bound to when it is needed for the first time.
    pub fn new(log: Arc<dyn Log>, bucket: &'static str, clock: Arc<Clock>) -> Self {
        Self { log, bucket: OnceCell::new(), name: bucket, clock, scopes: Mutex::default() }
    }

    /// The first of these limits that is known to be used up. Asks nobody.
    pub fn closed(&self, scoped: &[Scoped]) -> Option<Closed> {
        let now = (self.clock)();
        let closed =
            |(which, one): (usize, &Scoped)| Some(Closed { which, until: self.scope(&one.key).closed_until(now)? });
        scoped.iter().enumerate().find_map(closed)
    }

    /// A token that counts against all of these.
    pub async fn take(&self, scoped: &[Scoped]) -> Result<Taken, LogError> {
        if let Some(closed) = self.closed(scoped) {
            return Ok(Taken::Closed(closed));
        }
        for _ in 0..TRIES {
            let mut token = Token { pieces: Vec::with_capacity(scoped.len()) };
            for (which, Scoped { key, limit }) in scoped.iter().enumerate() {
                let scope = self.scope(key);
                match scope.take(self.bucket().await?, &*self.clock, *limit).await? {
                    Ok(piece) => token.pieces.push((scope, *limit, piece)),
                    Err(until) => {
                        self.give_back(token).await;
                        return Ok(Taken::Closed(Closed { which, until }));
                    }
                }
            }
            if token.pieces.iter().all(|(_, _, piece)| piece.since.elapsed() < SPEND_WITHIN) {
                return Ok(Taken::Token(token));
            }
        }
        Err(LogError::unavailable("the log is too slow for limits to be counted"))
    }

    /// Takes a token back that was not spent and never will be.
    pub async fn give_back(&self, token: Token) {
        for (scope, limit, piece) in token.pieces {
            let returned = match self.bucket().await {
                Ok(bucket) => scope.give_back(bucket, &*self.clock, limit, piece.slot).await,
                Err(cause) => Err(cause),
            };
            if let Err(cause) = returned {
                tracing::debug!(%cause, "a token was not given back: {cause}");
            }
        }
    }

    /// Whether anybody was sent away by one of these limits lately, in any process.
    pub async fn is_pressed(&self, scoped: &[Scoped]) -> Result<bool, LogError> {
        for one in scoped {
            if self.scope(&one.key).is_pressed(self.bucket().await?, (self.clock)()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn scope(&self, key: &str) -> Arc<Scope> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scope) = scopes.get(key) {
            return Arc::clone(scope);
        }
        Arc::clone(scopes.entry(key.to_owned()).or_insert_with(|| Arc::new(Scope::new(key.to_owned()))))
    }

    async fn bucket(&self) -> Result<&dyn Bucket, LogError> {
        Ok(&**self.bucket.get_or_try_init(|| self.log.bucket(self.name)).await?)
    }
}
