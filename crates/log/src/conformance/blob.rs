//! L17: blobs: same bytes, same address; what is missing is an error.

use bytes::Bytes;

use super::Harness;
use super::harness::BLOBS;
use super::kit::stored;
use crate::{BlobHash, Blobs, LogError, blob};

/// The address follows from the bytes, and a second copy writes nothing.
pub async fn l17_the_same_bytes_have_the_same_address(h: &dyn Harness) {
    let log = h.open().await;
    let blobs = Blobs::new(log.clone());
    let first = blobs.put(content(700_000)).await.unwrap();
    let last = log.stream(BLOBS).await.unwrap().last;
    let second = Blobs::new(h.open().await).put(content(700_000)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(first, BlobHash::of(&content(700_000)));
    assert_eq!(log.stream(BLOBS).await.unwrap().last, last, "the second copy was written");
    let other = blobs.put(content(700_001)).await.unwrap();
    assert_ne!(first, other);
    assert!(blobs.get(&first).await.unwrap() == content(700_000));
}

/// No bytes are bytes, too.
pub async fn l17_an_empty_blob_is_a_blob(h: &dyn Harness) {
    let blobs = Blobs::new(h.open().await);
    let hash = blobs.put(Bytes::new()).await.unwrap();
    assert_eq!(blobs.get(&hash).await.unwrap(), Bytes::new());
}

/// The largest body a provider sends, many chunks long.
pub async fn l17_a_large_blob_comes_back_whole_after_a_crash(h: &dyn Harness) {
    let log = h.open().await;
    let large = content(25 * 1024 * 1024);
    let hash = Blobs::new(log.clone()).put(large.clone()).await.unwrap();
    drop(log);
    h.crash().await;
    assert!(Blobs::new(h.open().await).get(&hash).await.unwrap() == large);
}

/// Never empty bytes for an address nobody wrote to.
pub async fn l17_a_missing_blob_is_an_error(h: &dyn Harness) {
    let blobs = Blobs::new(h.open().await);
    let missing = blobs.get(&BlobHash::of(b"never stored")).await;
    assert!(matches!(missing, Err(LogError::Missing(_))), "{missing:?}");
}

/// A writer that died between chunks leaves nothing readable, and the next one completes it.
pub async fn l17_a_half_written_blob_is_missing_until_it_is_put_again(h: &dyn Harness) {
    let log = h.open().await;
    let blobs = Blobs::new(log.clone());
    let whole = content(1_800_000);
    let hash = BlobHash::of(&whole);
    let chunks = blob::chunks(&hash, &whole).unwrap();
    assert!(chunks.len() > 3);
    for written in [0, 2] {
        stored(log.append(chunks[written].clone()).await.unwrap());
        let half = blobs.get(&hash).await;
        assert!(matches!(half, Err(LogError::Missing(_))), "{half:?}");
    }
    assert_eq!(blobs.put(whole.clone()).await.unwrap(), hash);
    assert!(blobs.get(&hash).await.unwrap() == whole);
}

/// Bytes that differ from chunk to chunk.
fn content(len: usize) -> Bytes {
    (0..len).map(|n| (n % 251) as u8 ^ (n / 65_536) as u8).collect::<Vec<_>>().into()
}
