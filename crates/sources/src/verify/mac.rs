//! Message authentication codes over pieces of a request.

use hmac::{Hmac, KeyInit, Mac};
use hookwheel_core::webhook::Hash;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// Whether one of the candidates is the code of these pieces. Each comparison takes constant time, and each is made.
pub(super) fn any_matches(hash: Hash, key: &[u8], pieces: &[&[u8]], candidates: &[Vec<u8>]) -> bool {
    match hash {
        Hash::Sha1 => matches::<Hmac<Sha1>>(key, pieces, candidates),
        Hash::Sha256 => matches::<Hmac<Sha256>>(key, pieces, candidates),
        Hash::Sha512 => matches::<Hmac<Sha512>>(key, pieces, candidates),
    }
}

/// The code of these pieces.
pub(super) fn code(hash: Hash, key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    fn of<M: Mac + KeyInit>(key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        over::<M>(key, pieces).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
    }
    match hash {
        Hash::Sha1 => of::<Hmac<Sha1>>(key, pieces),
        Hash::Sha256 => of::<Hmac<Sha256>>(key, pieces),
        Hash::Sha512 => of::<Hmac<Sha512>>(key, pieces),
    }
}

fn matches<M: Mac + KeyInit + Clone>(key: &[u8], pieces: &[&[u8]], candidates: &[Vec<u8>]) -> bool {
    let Some(mac) = over::<M>(key, pieces) else { return false };
    candidates.iter().fold(false, |found, candidate| mac.clone().verify_slice(candidate).is_ok() | found)
}

/// `None` cannot happen: an HMAC takes keys of every length.
fn over<M: Mac + KeyInit>(key: &[u8], pieces: &[&[u8]]) -> Option<M> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    pieces.iter().for_each(|piece| mac.update(piece));
    Some(mac)
}
