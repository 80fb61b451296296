//! How far the deliveries are done: one key without expiry, moved by compare-and-set alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hookwheel_log::{Bucket, Log, LogError, Revision, Seq, StreamInfo, Swap};
use hookwheel_proto::topology::{DELIVERIES, NORMALIZER, PLACES};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::append::{Halt, Pause};

/// A move is saved no later than this: what is done by then is repeated after a crash, and repeats are harmless.
const SAVE_WITHIN: Duration = Duration::from_millis(100);
/// Nor later than after so many deliveries.
const SAVE_AFTER: Seq = 256;

/// Where the next delivery is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Which DELIVERIES this is a place in.
    pub incarnation: String,
    /// Every delivery up to here is written down or parked.
    pub seq: Seq,
    /// A delivery that could not be prepared so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
    /// Processes that have taken the next delivery in hand.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lives: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that the derive asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How often a delivery was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failing {
    /// Its position.
    pub seq: Seq,
    /// Tries that failed, over all normalizers.
    pub tries: u32,
}

/// The place is not to be worked from.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("another normalizer has moved the place")]
    Lost,
    #[error(
        "the stream DELIVERIES was deleted and made again: the normalizer had come to {seq} of the one before. To begin \
         with the first delivery of this one, remove the key `normalizer` from the bucket PLACES"
    )]
    OtherStream { seq: Seq },
    #[error(
        "the stream DELIVERIES ends at {last} and the normalizer had come to {seq}: the broker has lost records. Restore \
         them, or remove the key `normalizer` from the bucket PLACES to begin with the first delivery"
    )]
    SetBack { last: Seq, seq: Seq },
    #[error("the key `normalizer` in the bucket PLACES was written by another version: upgrade the normalizer")]
    Unreadable,
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Halt(#[from] Halt),
}

impl PlaceError {
    /// Whether time does not heal it.
    pub fn needs_an_operator(&self) -> bool {
        matches!(self, Self::OtherStream { .. } | Self::SetBack { .. } | Self::Unreadable)
    }
}

impl Place {
    fn read(bytes: &[u8]) -> Result<Self, PlaceError> {
        serde_json::from_slice(bytes).map_err(|_| PlaceError::Unreadable)
    }

    fn bytes(&self) -> Bytes {
        // A struct of texts and numbers has always a JSON form.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// Before the first delivery that is still kept.
    fn before(stream: &StreamInfo) -> Self {
        Self { incarnation: stream.incarnation.clone(), seq: stream.first - 1, failing: None, lives: 0 }
    }

    /// Whether the stream is the one that this is a place in (I11).
    fn belongs_to(&self, stream: &StreamInfo) -> Result<(), PlaceError> {
        match self.seq {
            seq if self.incarnation != stream.incarnation => Err(PlaceError::OtherStream { seq }),
            seq if seq > stream.last => Err(PlaceError::SetBack { last: stream.last, seq }),
            _ => Ok(()),
        }
    }

    /// Deliveries after it.
    pub fn behind(&self, stream: &StreamInfo) -> u64 {
        stream.last.saturating_sub(self.seq.max(stream.first.saturating_sub(1)))
    }
}

/// The place that is kept, if there is one yet.
pub(crate) async fn kept(log: &dyn Log) -> Result<Option<Place>, PlaceError> {
    let entry = log.bucket(PLACES).await?.get(NORMALIZER).await?;
    entry.map(|entry| Place::read(&entry.value)).transpose()
}

/// The place in the hands of one that works from it.
pub(crate) struct Moving {
    bucket: Arc<dyn Bucket>,
    revision: Revision,
    place: Place,
    saved: Seq,
    /// Since when there is something to save.
    unsaved: Option<Instant>,
}

impl Moving {
    /// The kept place, or one before the first delivery.
    pub async fn open(log: &dyn Log) -> Result<Self, PlaceError> {
        let (bucket, stream) = (log.bucket(PLACES).await?, log.stream(DELIVERIES).await?);
        let (mut place, revision) = match bucket.get(NORMALIZER).await? {
            Some(entry) => (Place::read(&entry.value)?, entry.revision),
            None => {
                let place = Place::before(&stream);
                let created = bucket.create(NORMALIZER, place.bytes(), None).await?;
                let Swap::Done(revision) = created else { return Err(PlaceError::Lost) };
                (place, revision)
            }
        };
        place.belongs_to(&stream)?;
        let gone = stream.first.saturating_sub(place.seq + 1);
        if gone > 0 {
            tracing::error!(gone, "{gone} deliveries were older than is kept before a normalizer came to them");
            place.seq += gone;
        }
        Ok(Self { bucket, revision, saved: place.seq, place, unsaved: None })
    }

    /// The first position that is not done.
    pub fn next(&self) -> Seq {
        self.place.seq + 1
    }

    /// Every delivery up to here is done.
    pub fn advance(&mut self, seq: Seq) {
        self.place.seq = seq;
        self.place.failing = self.place.failing.filter(|failing| failing.seq > seq);
        self.place.lives = 0;
        self.unsaved.get_or_insert_with(Instant::now);
    }

    /// One more try of this delivery has failed; says how many there were.
    pub fn failed(&mut self, seq: Seq) -> u32 {
        let before = self.place.failing.filter(|failing| failing.seq == seq).map_or(0, |failing| failing.tries);
        self.place.failing = Some(Failing { seq, tries: before + 1 });
        before + 1
    }

    /// One more process takes the next delivery in hand; says how many did before.
    pub fn taken(&mut self) -> u32 {
        self.place.lives += 1;
        self.place.lives - 1
    }

    /// How long until it has to be saved, if it has moved.
    pub fn due_in(&self) -> Option<Duration> {
        let since = self.unsaved?;
        let full = self.place.seq - self.saved >= SAVE_AFTER;
        Some(if full { Duration::ZERO } else { SAVE_WITHIN.saturating_sub(since.elapsed()) })
    }

    /// Saves it, waiting for a log that is away until `stop`.
    pub async fn save(&mut self, stop: &CancellationToken) -> Result<(), PlaceError> {
        let mut pause = Pause::default();
        loop {
            match self.bucket.update(NORMALIZER, self.place.bytes(), self.revision, None).await {
                Ok(Swap::Done(revision)) => {
                    (self.revision, self.saved, self.unsaved) = (revision, self.place.seq, None);
                    return Ok(());
                }
                Ok(Swap::Lost) => return Err(PlaceError::Lost),
                Err(cause) if cause.is_transient() => {
                    if !pause.wait(&cause, stop).await {
                        return Err(Halt::Stopped.into());
                    }
                }
                Err(cause) => return Err(cause.into()),
            }
        }
    }

    /// Whether DELIVERIES is still the stream that this is a place in: one made anew would be silent for long.
    pub async fn look(&self, log: &dyn Log) -> Result<(), PlaceError> {
        self.place.belongs_to(&log.stream(DELIVERIES).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn kept_places_stay_readable() {
        let first = r#"{"incarnation":"a","seq":7}"#;
        assert_eq!(place(first), Place { incarnation: "a".into(), seq: 7, failing: None, lives: 0 });
        let failing = r#"{"incarnation":"a","seq":7,"failing":{"seq":8,"tries":3},"lives":2}"#;
        assert_eq!(place(failing).failing, Some(Failing { seq: 8, tries: 3 }));
        for text in [first, failing] {
            assert_eq!(place(text).bytes(), text.as_bytes());
        }
        assert!(matches!(Place::read(b"7"), Err(PlaceError::Unreadable)));
    }

    #[test]
    fn a_place_is_good_for_its_own_stream_alone() {
        let stream = |incarnation: &str, last| StreamInfo { incarnation: incarnation.into(), first: 3, last };
        let place = place(r#"{"incarnation":"a","seq":7}"#);
        assert!(place.belongs_to(&stream("a", 7)).is_ok());
        assert!(matches!(place.belongs_to(&stream("b", 7)), Err(PlaceError::OtherStream { seq: 7 })));
        assert!(matches!(place.belongs_to(&stream("a", 6)), Err(PlaceError::SetBack { last: 6, seq: 7 })));
        assert_eq!(place.behind(&stream("a", 9)), 2);
        assert_eq!(Place { seq: 0, ..place }.behind(&stream("a", 9)), 7);
    }
}
