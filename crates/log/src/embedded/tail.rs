//! A reader that follows a stream and keeps its own place.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::Open;
use super::fault::closed;
use super::span::Span;
use crate::{LogError, Seq, Stored, Tail};

/// Positions looked at in one go.
const WINDOW: Seq = 4096;

/// One reader.
pub struct Reader {
    open: Arc<Open>,
    stream: usize,
    span: Span,
    from: Seq,
    last: watch::Receiver<Seq>,
}

impl Reader {
    /// A reader of the stream with this index.
    pub fn new(open: Arc<Open>, stream: usize, span: Span, from: Seq) -> Self {
        let last = open.live.streams[stream].last.subscribe();
        Self { open, stream, span, from, last }
    }

    async fn found(&mut self, max: usize) -> Result<Vec<Stored>, LogError> {
        let last = *self.last.borrow_and_update();
        let stream = &self.open.live.streams[self.stream];
        self.from = self.from.max(stream.first());
        while max > 0 && self.from <= last {
            let to = self.from.saturating_add(WINDOW).min(last + 1);
            let records = stream.table.scan(&self.open.readers, &self.span, self.from, to, max).await?;
            self.from = if records.len() < max { to } else { records.last().map_or(to, |record| record.seq + 1) };
            if !records.is_empty() {
                return Ok(records);
            }
        }
        Ok(Vec::new())
    }
}

#[async_trait]
impl Tail for Reader {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, LogError> {
        let waited = tokio::time::sleep(wait);
        tokio::pin!(waited);
        loop {
            let records = self.found(max).await?;
            if !records.is_empty() || max == 0 {
                return Ok(records);
            }
            tokio::select! {
                changed = self.last.changed() => changed.map_err(|_| closed())?,
                () = self.open.closed.cancelled() => return Err(closed()),
                () = &mut waited => return Ok(records),
            }
        }
    }
}
