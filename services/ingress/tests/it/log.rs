//! A log in memory that can be told to fail, to wait, or to keep what it stored to itself.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_log::{
    Append, Bucket, BucketEntry, Consumer, Expect, Log, LogError, Outcome, Revision, Seq, Stored, StreamInfo, Subject,
    SubjectFilter, Swap, Tail, Watch,
};
use hookwheel_proto::topology;
use tokio::sync::watch;

/// How the log answers appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Stores and says so.
    Well,
    /// Refuses: unavailable.
    Away,
    /// Stores, and says that it did not: a lost acknowledgement.
    Mute,
    /// Waits until the mood changes.
    Waiting,
}

/// A log in memory.
pub struct MemoryLog {
    mood: watch::Sender<Mood>,
    stored: Mutex<Vec<Stored>>,
    batches: watch::Sender<usize>,
    config: Arc<MemoryBucket>,
    limits: Arc<MemoryBucket>,
}

/// A bucket in memory.
pub struct MemoryBucket {
    entries: watch::Sender<Vec<BucketEntry>>,
}

impl MemoryLog {
    pub fn new() -> Arc<Self> {
        let bucket = || Arc::new(MemoryBucket { entries: watch::Sender::default() });
        Arc::new(Self {
            mood: watch::Sender::new(Mood::Well),
            stored: Mutex::default(),
            batches: watch::Sender::default(),
            config: bucket(),
            limits: bucket(),
        })
    }

    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Writes a CONFIG key, or removes it.
    pub fn configure(&self, key: &str, value: Option<Vec<u8>>) {
        self.config.entries.send_modify(|entries| {
            entries.retain(|entry| entry.key != key);
            if let Some(value) = value {
                entries.push(BucketEntry { key: key.into(), value: value.into(), revision: 1 });
            }
        });
    }

    /// Records whose subject begins so.
    pub fn under(&self, prefix: &str) -> Vec<Stored> {
        self.stored.lock().unwrap().iter().filter(|s| s.subject.starts_with(prefix)).cloned().collect()
    }

    /// How many batches have arrived.
    pub fn arrived(&self) -> usize {
        *self.batches.borrow()
    }

    /// Returns once so many batches have arrived, stored or not.
    pub async fn batches(&self, count: usize) {
        self.batches.subscribe().wait_for(|seen| *seen >= count).await.unwrap();
    }

    fn store(&self, record: Append) -> Outcome {
        let mut stored = self.stored.lock().unwrap();
        let last = stored.iter().rev().find(|s| s.subject == record.subject.as_str()).map(|s| s.seq);
        if let (Expect::Empty, Some(seq)) = (record.expect, last) {
            return Outcome::AlreadyThere(seq);
        }
        let seq = stored.len() as Seq + 1;
        stored.push(Stored {
            stream: "ANY".into(),
            seq,
            subject: record.subject.to_string(),
            id: record.id,
            headers: record.headers,
            payload: record.payload,
            at_micros: 0,
        });
        Outcome::Stored(seq)
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn append(&self, record: Append) -> Result<Outcome, LogError> {
        self.append_batch(vec![record]).await?.remove(0)
    }

    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        self.batches.send_modify(|seen| *seen += 1);
        let mood = *self.mood.subscribe().wait_for(|mood| *mood != Mood::Waiting).await.unwrap();
        match mood {
            Mood::Away => return Err(LogError::unavailable("the test says so")),
            Mood::Mute => {
                records.into_iter().for_each(|r| _ = self.store(r));
                self.set(Mood::Well);
                return Err(LogError::Timeout(Duration::from_secs(5)));
            }
            Mood::Well | Mood::Waiting => {}
        }
        // Let what is waiting gather into the next batch, as a disk would.
        tokio::task::yield_now().await;
        Ok(records.into_iter().map(|r| Ok(self.store(r))).collect())
    }

    async fn read(&self, _: &str, filter: &SubjectFilter, from: Seq, max: usize) -> Result<Vec<Stored>, LogError> {
        let stored = self.stored.lock().unwrap();
        Ok(stored.iter().filter(|s| s.seq >= from && filter.takes(&s.subject)).take(max).cloned().collect())
    }

    async fn last(&self, _: &str, subject: &Subject) -> Result<Option<Stored>, LogError> {
        Ok(self.under(subject.as_str()).pop())
    }

    async fn tail(&self, _: &str, _: &SubjectFilter, _: Seq) -> Result<Box<dyn Tail>, LogError> {
        Err(LogError::Missing("tail".into()))
    }

    async fn stream(&self, name: &str) -> Result<StreamInfo, LogError> {
        Err(LogError::Missing(name.into()))
    }

    async fn consumer(&self, name: &str) -> Result<Arc<dyn Consumer>, LogError> {
        Err(LogError::Missing(name.into()))
    }

    async fn park(&self, _: &str, record: &Stored, _: &str) -> Result<(), LogError> {
        Err(LogError::Missing(format!("a note of {}", record.subject)))
    }

    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError> {
        Ok(if name == topology::LIMITS { self.limits.clone() } else { self.config.clone() })
    }

    async fn check(&self) -> Result<(), LogError> {
        match *self.mood.borrow() {
            Mood::Away => Err(LogError::unavailable("the test says so")),
            _ => Ok(()),
        }
    }
}

impl MemoryBucket {
    /// Writes if the key's revision is this one; `None` for absent.
    fn swap(&self, key: &str, value: Bytes, wanted: Option<Revision>) -> Swap {
        let mut swapped = Swap::Lost;
        self.entries.send_modify(|entries| {
            let found = entries.iter().position(|entry| entry.key == key);
            if found.map(|at| entries[at].revision) == wanted {
                let revision = wanted.unwrap_or(0) + 1;
                entries.retain(|entry| entry.key != key);
                entries.push(BucketEntry { key: key.into(), value, revision });
                swapped = Swap::Done(revision);
            }
        });
        swapped
    }
}

#[async_trait]
impl Bucket for MemoryBucket {
    async fn get(&self, key: &str) -> Result<Option<BucketEntry>, LogError> {
        Ok(self.entries.borrow().iter().find(|entry| entry.key == key).cloned())
    }

    async fn entries(&self) -> Result<Vec<BucketEntry>, LogError> {
        Ok(self.entries.borrow().clone())
    }

    async fn put(&self, _: &str, _: Bytes, _: Option<Duration>) -> Result<Revision, LogError> {
        Err(LogError::Missing("put".into()))
    }

    async fn create(&self, key: &str, value: Bytes, _: Option<Duration>) -> Result<Swap, LogError> {
        Ok(self.swap(key, value, None))
    }

    async fn update(&self, key: &str, value: Bytes, at: Revision, _: Option<Duration>) -> Result<Swap, LogError> {
        Ok(self.swap(key, value, Some(at)))
    }

    async fn remove(&self, _: &str, _: Revision) -> Result<Swap, LogError> {
        Err(LogError::Missing("remove".into()))
    }

    async fn watch(&self) -> Result<Box<dyn Watch>, LogError> {
        Ok(Box::new(MemoryWatch(self.entries.subscribe())))
    }
}

struct MemoryWatch(watch::Receiver<Vec<BucketEntry>>);

#[async_trait]
impl Watch for MemoryWatch {
    async fn changed(&mut self) -> Result<(), LogError> {
        self.0.changed().await.map_err(LogError::unavailable)
    }
}
