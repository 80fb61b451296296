//! One layer of sealing: AES-256-GCM with a random nonce in front.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::SealError;

/// Bytes of a key.
pub(super) const KEY_LEN: usize = 32;

/// A key's bytes, wiped when they are dropped.
pub(super) type KeyBytes = Zeroizing<[u8; KEY_LEN]>;

/// A fresh key.
pub(super) fn random_key() -> Result<KeyBytes, SealError> {
    let mut key = KeyBytes::default();
    SystemRandom::new().fill(key.as_mut()).map_err(|_| SealError::Failed)?;
    Ok(key)
}

/// Nonce and ciphertext. `bound` must be the same when it is opened.
pub(super) fn seal(key: &KeyBytes, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::Failed)?;
    let mut sealed = Zeroizing::new(plain.to_vec());
    sealed.reserve_exact(AES_256_GCM.tag_len());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let head = *nonce.as_ref();
    cipher(key)?.seal_in_place_append_tag(nonce, Aad::from(bound), &mut *sealed).map_err(|_| SealError::Failed)?;
    Ok([&head, sealed.as_slice()].concat())
}

/// What was sealed, if key and binding are the same and nothing was changed.
pub(super) fn open(key: &KeyBytes, bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError::Malformed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Malformed)?;
    let mut opened = Zeroizing::new(sealed.to_vec());
    let length = cipher(key)?.open_in_place(nonce, Aad::from(bound), &mut opened).map_err(|_| SealError::Forged)?.len();
    opened.truncate(length);
    Ok(opened)
}

fn cipher(key: &KeyBytes) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key.as_ref()).map(LessSafeKey::new).map_err(|_| SealError::Failed)
}
