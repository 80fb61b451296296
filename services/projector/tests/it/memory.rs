//! TEMPORARY in-memory log.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_log::*;
use tokio::sync::watch;

#[derive(Clone)]
pub struct Memory(Arc<Inner>);
struct Inner {
    layout: Layout,
    streams: Mutex<BTreeMap<String, Vec<Stored>>>,
    kv: Mutex<BTreeMap<String, (Bytes, u64, Option<Instant>)>>,
    rev: Mutex<u64>,
    changed: watch::Sender<u64>,
}
impl Memory {
    pub fn new(layout: Layout) -> Self {
        Self(Arc::new(Inner { layout, streams: Default::default(), kv: Default::default(), rev: Mutex::new(0), changed: watch::channel(0).0 }))
    }
}
#[async_trait]
impl Log for Memory {
    async fn append(&self, r: Append) -> Result<Outcome, LogError> {
        let stream = self.0.layout.stream_of(&r.subject).unwrap().name.to_owned();
        let mut s = self.0.streams.lock().unwrap();
        let v = s.entry(stream.clone()).or_default();
        let seq = v.len() as u64 + 1;
        v.push(Stored { stream, seq, subject: r.subject.to_string(), id: r.id, headers: r.headers, payload: r.payload, at_micros: hookwheel_runtime::clock::now_micros() });
        self.0.changed.send_modify(|n| *n += 1);
        Ok(Outcome::Stored(seq))
    }
    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        let mut out = vec![];
        for r in records { out.push(self.append(r).await); }
        Ok(out)
    }
    async fn read(&self, stream: &str, f: &SubjectFilter, from: Seq, max: usize) -> Result<Vec<Stored>, LogError> {
        Ok(self.0.streams.lock().unwrap().get(stream).into_iter().flatten().filter(|r| r.seq >= from && f.takes(&r.subject)).take(max).cloned().collect())
    }
    async fn last(&self, stream: &str, subject: &Subject) -> Result<Option<Stored>, LogError> {
        Ok(self.0.streams.lock().unwrap().get(stream).into_iter().flatten().filter(|r| r.subject == subject.as_str()).next_back().cloned())
    }
    async fn tail(&self, stream: &str, f: &SubjectFilter, from: Seq) -> Result<Box<dyn Tail>, LogError> {
        Ok(Box::new(T(self.clone(), stream.to_owned(), f.clone(), from)))
    }
    async fn stream(&self, stream: &str) -> Result<StreamInfo, LogError> {
        let last = self.0.streams.lock().unwrap().get(stream).map_or(0, |v| v.len() as u64);
        Ok(StreamInfo { incarnation: "one".into(), first: 1, last })
    }
    async fn consumer(&self, _: &str) -> Result<Arc<dyn Consumer>, LogError> { unreachable!() }
    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError> { Ok(Arc::new(B(self.clone(), name.to_owned()))) }
    async fn check(&self) -> Result<(), LogError> { Ok(()) }
}
struct T(Memory, String, SubjectFilter, Seq);
#[async_trait]
impl Tail for T {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, LogError> {
        let mut rx = self.0.0.changed.subscribe();
        let end = tokio::time::Instant::now() + wait;
        loop {
            rx.borrow_and_update();
            let got = self.0.read(&self.1, &self.2, self.3, max).await?;
            if let Some(l) = got.last() { self.3 = l.seq + 1; return Ok(got); }
            if tokio::time::timeout_at(end, rx.changed()).await.is_err() { return Ok(vec![]); }
        }
    }
}
struct B(Memory, String);
impl B {
    fn k(&self, key: &str) -> String { format!("{}/{key}", self.1) }
    fn set(&self, key: &str, v: Bytes, ttl: Option<Duration>) -> u64 {
        let mut r = self.0.0.rev.lock().unwrap(); *r += 1;
        self.0.0.kv.lock().unwrap().insert(self.k(key), (v, *r, ttl.map(|t| Instant::now() + t)));
        self.0.0.changed.send_modify(|n| *n += 1);
        *r
    }
}
#[async_trait]
impl Bucket for B {
    async fn get(&self, key: &str) -> Result<Option<BucketEntry>, LogError> {
        Ok(self.0.0.kv.lock().unwrap().get(&self.k(key)).filter(|(_, _, e)| e.is_none_or(|e| e > Instant::now())).map(|(v, r, _)| BucketEntry { key: key.into(), value: v.clone(), revision: *r }))
    }
    async fn entries(&self) -> Result<Vec<BucketEntry>, LogError> {
        let p = format!("{}/", self.1);
        Ok(self.0.0.kv.lock().unwrap().iter().filter_map(|(k, (v, r, _))| k.strip_prefix(&p).map(|k| BucketEntry { key: k.into(), value: v.clone(), revision: *r })).collect())
    }
    async fn put(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Revision, LogError> { Ok(self.set(key, value, ttl)) }
    async fn create(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Swap, LogError> {
        if self.get(key).await?.is_some() { return Ok(Swap::Lost); }
        Ok(Swap::Done(self.set(key, value, ttl)))
    }
    async fn update(&self, key: &str, value: Bytes, revision: Revision, ttl: Option<Duration>) -> Result<Swap, LogError> {
        if self.get(key).await?.map(|e| e.revision) != Some(revision) { return Ok(Swap::Lost); }
        Ok(Swap::Done(self.set(key, value, ttl)))
    }
    async fn remove(&self, key: &str, revision: Revision) -> Result<Swap, LogError> {
        if self.get(key).await?.map(|e| e.revision) != Some(revision) { return Ok(Swap::Lost); }
        self.0.0.kv.lock().unwrap().remove(&self.k(key));
        self.0.0.changed.send_modify(|n| *n += 1);
        Ok(Swap::Done(revision))
    }
    async fn watch(&self) -> Result<Box<dyn Watch>, LogError> { let mut r = self.0.0.changed.subscribe(); r.borrow_and_update(); Ok(Box::new(W(r))) }
}
struct W(watch::Receiver<u64>);
#[async_trait]
impl Watch for W {
    async fn changed(&mut self) -> Result<(), LogError> { let _ = self.0.changed().await; Ok(()) }
}
