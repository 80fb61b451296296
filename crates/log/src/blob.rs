//! Content-addressed blobs, kept as chunks on the log itself, so that every back end has them (L17).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::{Append, Expect, Log, LogError, Seq, Stored, Subject, SubjectFilter};

/// The stream that holds the chunks.
const STREAM: &str = "BLOBS";
/// Bytes of content in one chunk; leaves half of a record's limit of 1 MiB free.
const CHUNK_BYTES: usize = 512 * 1024;
/// Chunks of one append or one read: 4 MiB of content.
const CHUNKS_AT_ONCE: usize = 8;
/// How many chunks the blob has.
const COUNT: &str = "Blob-Chunks";
/// How many bytes the blob has.
const SIZE: &str = "Blob-Bytes";

/// SHA-256 of the content, 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobHash(String);

impl BlobHash {
    /// The address of these bytes.
    pub fn of(content: &[u8]) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(content);
        Self(digest.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// Takes an address that was written down earlier.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            Ok(Self(text.into()))
        } else {
            Err(LogError::Invalid { what: "blob hash", why: "64 lower-case hex digits".into() })
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Blobs under `hw.blob.<hash>.<chunk>` of the stream BLOBS.
///
/// Chunks are numbered from 0 and hold 512 KiB each, the last one the rest; an empty blob has one empty chunk. Every
/// chunk says how many there are, so that a reader knows a whole blob from one whose writer died half-way.
#[derive(Clone)]
pub struct Blobs {
    log: Arc<dyn Log>,
}

impl Blobs {
    /// Blobs on this log.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log }
    }

    /// Stores the content, durably, and returns its address. Storing the same content again writes nothing.
    pub async fn put(&self, content: Bytes) -> Result<BlobHash, LogError> {
        let hash = BlobHash::of(&content);
        let chunks = chunks(&hash, &content)?;
        if let Some((last, others)) = chunks.split_last()
            && !self.is_whole(chunks.first(), last).await?
        {
            for batch in others.chunks(CHUNKS_AT_ONCE) {
                self.append(batch).await?;
            }
            self.append(std::slice::from_ref(last)).await?;
        }
        Ok(hash)
    }

    /// The content; [`LogError::Missing`] when it is not there or not whole.
    pub async fn get(&self, hash: &BlobHash) -> Result<Bytes, LogError> {
        let chunks = self.read(hash).await?;
        let whole = assemble(chunks).filter(|content| BlobHash::of(content) == *hash);
        whole.ok_or_else(|| LogError::Missing(format!("blob {}", hash.as_str())))
    }

    /// The last chunk is written when all others are durable, and the first is the first to go when its age comes.
    async fn is_whole(&self, first: Option<&Append>, last: &Append) -> Result<bool, LogError> {
        for end in first.into_iter().chain([last]) {
            if self.log.last(STREAM, &end.subject).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn append(&self, chunks: &[Append]) -> Result<(), LogError> {
        for outcome in self.log.append_batch(chunks.to_vec()).await? {
            outcome?;
        }
        Ok(())
    }

    async fn read(&self, hash: &BlobHash) -> Result<Vec<Stored>, LogError> {
        let filter = SubjectFilter::Under(prefix(hash)?);
        let mut found: Vec<Stored> = Vec::new();
        let mut from: Seq = 0;
        loop {
            let page = self.log.read(STREAM, &filter, from, CHUNKS_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            from = last.seq + 1;
            found.extend(page);
            if found[0].header(COUNT).is_some_and(|count| count == found.len().to_string()) {
                return Ok(found);
            }
        }
    }
}

/// The records of a blob, in the order in which they are written.
pub(crate) fn chunks(hash: &BlobHash, content: &Bytes) -> Result<Vec<Append>, LogError> {
    let count = content.len().div_ceil(CHUNK_BYTES).max(1);
    let headers = vec![(COUNT.to_owned(), count.to_string()), (SIZE.to_owned(), content.len().to_string())];
    let chunk = |index: usize| {
        let begin = index * CHUNK_BYTES;
        Ok(Append {
            subject: Subject::new(format!("{}.{index}", prefix(hash)?))?,
            id: format!("{}.{index}", hash.as_str()),
            headers: headers.clone(),
            payload: content.slice(begin..content.len().min(begin + CHUNK_BYTES)),
            expect: Expect::Empty,
        })
    };
    (0..count).map(chunk).collect()
}

/// The content, if every chunk is there and says the same of the whole.
fn assemble(mut chunks: Vec<Stored>) -> Option<Bytes> {
    chunks.sort_by_cached_key(index);
    let first = chunks.first()?;
    let (count, size): (usize, usize) = (first.header(COUNT)?.parse().ok()?, first.header(SIZE)?.parse().ok()?);
    let in_order = chunks.iter().enumerate().all(|(n, chunk)| index(chunk) == Some(n));
    if chunks.len() != count || !in_order {
        return None;
    }
    if let [only] = chunks.as_slice() {
        return (only.payload.len() == size).then(|| only.payload.clone());
    }
    let mut whole = BytesMut::with_capacity(chunks.iter().map(|chunk| chunk.payload.len()).sum());
    chunks.iter().for_each(|chunk| whole.extend_from_slice(&chunk.payload));
    (whole.len() == size).then(|| whole.freeze())
}

fn index(chunk: &Stored) -> Option<usize> {
    chunk.subject.rsplit('.').next()?.parse().ok()
}

fn prefix(hash: &BlobHash) -> Result<Subject, LogError> {
    Subject::new(format!("hw.blob.{}", hash.as_str()))
}
