//! A member of a consumer group: takes turns at looking for records, and lends them out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use super::Open;
use super::clock::now_micros;
use super::live::{Members, Stream};
use crate::{Consumer, ConsumerDepth, Held, Lease, LogError, Seq, Stored, parked};

/// Positions looked at in one go.
const WINDOW: Seq = 1024;
/// The longest that a caller can wait in one go; it may ask again.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// One member.
pub struct Member {
    open: Arc<Open>,
    members: Arc<Members>,
}

impl Member {
    /// A member of this group.
    pub fn new(open: Arc<Open>, members: Arc<Members>) -> Self {
        Self { open, members }
    }

    /// Everything that may be handed out now. Records are read first and lent last, without a pause in between:
    /// a member that stops waiting takes nothing with it.
    async fn collect(&self, max: usize) -> Result<Vec<Held>, LogError> {
        let mut held = self.lend_again(max).await?;
        if held.len() < max {
            held.extend(self.lend_new(max - held.len()).await?);
        }
        Ok(held)
    }

    async fn lend_again(&self, max: usize) -> Result<Vec<Held>, LogError> {
        let due = loop {
            let due = self.members.group().due(Instant::now(), max);
            if due.worn.is_empty() {
                break due;
            }
            self.park(&due.worn).await?;
        };
        if due.again.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.stream().table.exact(&self.open.readers, &due.again).await?;
        let mut group = self.members.group();
        for lost in due.again.iter().filter(|seq| !records.iter().any(|record| record.seq == **seq)) {
            group.done(*lost);
        }
        let now = Instant::now();
        let lent = records.into_iter().filter_map(|record| {
            let attempt = group.lend_again(record.seq, now)?;
            Some(self.held(record, attempt))
        });
        Ok(lent.collect())
    }

    async fn lend_new(&self, max: usize) -> Result<Vec<Held>, LogError> {
        let (mut from, room) = {
            let group = self.members.group();
            (group.cursor(), group.room().min(max))
        };
        let last = self.stream().last();
        while room > 0 && from <= last {
            let to = (from + WINDOW).min(last + 1);
            let records = self.stream().table.scan(&self.open.readers, &self.members.span, from, to, room).await?;
            let next = if records.len() < room { to } else { records.last().map_or(to, |record| record.seq + 1) };
            let seqs: Vec<Seq> = records.iter().map(|record| record.seq).collect();
            let lent = self.members.group().lend_new(&seqs, next, Instant::now());
            if !lent.is_empty() {
                let records = records.into_iter().filter(|record| lent.contains(&record.seq));
                return Ok(records.map(|record| self.held(record, 1)).collect());
            }
            from = next;
        }
        Ok(Vec::new())
    }

    /// Notes records that were handed out too often; one that is gone from the stream needs no note.
    async fn park(&self, worn: &[Seq]) -> Result<(), LogError> {
        for record in self.stream().table.exact(&self.open.readers, worn).await? {
            self.open.append_note(self.members.name, &record, parked::TOO_MANY_ATTEMPTS).await?;
        }
        let mut group = self.members.group();
        worn.iter().for_each(|seq| group.done(*seq));
        Ok(())
    }

    fn held(&self, record: Stored, attempt: u32) -> Held {
        let (stream, subject) = (record.stream.clone(), record.subject.clone());
        let pointer =
            Stored { stream, subject, id: String::new(), headers: Vec::new(), payload: Bytes::new(), ..record };
        let loan = Loan { open: self.open.clone(), members: self.members.clone(), record: pointer, attempt };
        Held { record, attempt, lease: Box::new(loan) }
    }

    fn stream(&self) -> &Stream {
        &self.open.live.streams[self.members.stream]
    }
}

#[async_trait]
impl Consumer for Member {
    async fn fetch(&self, max: usize, wait: Duration) -> Result<Vec<Held>, LogError> {
        let deadline = tokio::time::Instant::now() + wait.min(LONGEST_WAIT);
        let Ok(_turn) = tokio::time::timeout_at(deadline, self.members.turn.lock()).await else {
            return Ok(Vec::new());
        };
        loop {
            let held = self.collect(max).await?;
            if !held.is_empty() || max == 0 {
                return Ok(held);
            }
            let due = self.members.group().next_due().map_or(deadline, tokio::time::Instant::from_std);
            tokio::select! {
                () = self.members.wake.notified() => {}
                () = self.open.closed.cancelled() => return Err(super::fault::closed()),
                () = tokio::time::sleep_until(due.min(deadline)) => {
                    if tokio::time::Instant::now() >= deadline {
                        return Ok(Vec::new());
                    }
                }
            }
        }
    }

    async fn depth(&self) -> Result<ConsumerDepth, LogError> {
        Ok(self.members.group().depth())
    }
}

/// The right to say how a record ended.
struct Loan {
    open: Arc<Open>,
    members: Arc<Members>,
    /// The record without its bytes.
    record: Stored,
    attempt: u32,
}

impl Loan {
    fn done(&self) {
        let mut group = self.members.group();
        let was_full = group.room() == 0;
        group.done(self.record.seq);
        drop(group);
        if was_full {
            self.members.wake.notify_one();
        }
    }
}

#[async_trait]
impl Lease for Loan {
    async fn ack(&self) -> Result<(), LogError> {
        self.done();
        Ok(())
    }

    async fn nak(&self, delay: Duration) -> Result<(), LogError> {
        self.members.group().give_back(self.record.seq, self.attempt, delay, Instant::now(), now_micros());
        self.members.wake.notify_one();
        Ok(())
    }

    async fn progress(&self) -> Result<(), LogError> {
        self.members.group().prolong(self.record.seq, self.attempt, Instant::now());
        Ok(())
    }

    async fn park(&self, reason: &str) -> Result<(), LogError> {
        self.open.append_note(self.members.name, &self.record, reason).await?;
        self.done();
        Ok(())
    }
}
