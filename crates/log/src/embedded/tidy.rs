//! Housekeeping between commits: leases written down, expired keys and old records removed, a little at a time.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::changeset::{Changeset, Trim};
use super::live::Live;
use super::publish;
use super::writer::{Ledger, Writer, part};
use crate::{LogError, Retention, Seq};

/// Records removed in one transaction.
const PORTION: u32 = 256;

impl Writer {
    /// One round. Returns whether there is more to do at once.
    pub(super) async fn tidy(&mut self) -> bool {
        let now = self.now();
        let mut changes = Changeset::default();
        let more = self.age(&mut changes, now).await.unwrap_or_default();
        for (at, shelf) in self.live.shelves.iter().enumerate() {
            let keys = shelf.keys();
            let mut draft = keys.draft();
            keys.expire(&mut draft, now);
            if !draft.changed.is_empty() {
                changes.drafts.push((at, draft));
            }
        }
        for (at, members) in self.live.groups.iter().enumerate() {
            changes.changes.extend(members.group().take_changes().map(|held| (at, held)));
        }
        match self.write(&mut changes, now).await {
            Ok(()) => {
                publish::publish(&self.live, &mut self.ledgers, changes);
                more
            }
            Err(_) => {
                for (at, held) in &changes.changes {
                    self.live.groups[*at].group().put_back(held);
                }
                false
            }
        }
    }

    /// Finds records over their age; returns whether a stream has more of them.
    async fn age(&mut self, changes: &mut Changeset, now: i64) -> Result<bool, LogError> {
        let mut more = false;
        for (at, stream) in self.live.streams.iter().enumerate() {
            let Retention::Keep { max_age, .. } = stream.retention else { continue };
            if stream.first() > stream.last() || now < self.ledgers[at].aging {
                continue;
            }
            let before = now.saturating_sub(micros(max_age));
            let mut trim = Trim::default();
            for (seq, stored, bytes, subject) in stream.table.oldest(&mut self.db, PORTION).await? {
                if stored >= before {
                    self.ledgers[at].aging = stored.saturating_add(micros(max_age));
                    break;
                }
                trim.take(seq, bytes, subject);
            }
            more |= trim.records.len() == PORTION as usize;
            if trim.up_to > 0 {
                changes.trims.push((at, trim));
            }
        }
        Ok(more)
    }
}

/// Adds to a changeset what its new records push out of rolling streams; the newest record always stays.
pub async fn roll(
    db: &mut SqliteConnection,
    live: &Live,
    ledgers: &[Ledger],
    changes: &mut Changeset,
) -> Result<(), LogError> {
    for (at, sheet) in &changes.sheets {
        let stream = &live.streams[*at];
        let Retention::Rolling { max_bytes } = stream.retention else { continue };
        let mut over = (ledgers[*at].bytes + sheet.bytes()).saturating_sub(max_bytes);
        if over == 0 {
            continue;
        }
        let kept = oldest_over(db, live, *at, over).await?;
        let new = sheet.rows().iter().map(|row| (row.seq, row.append.size() as u64, row.append.subject.to_string()));
        let trim = part(&mut changes.trims, *at, Trim::default);
        for (seq, bytes, subject) in kept.into_iter().chain(new) {
            if over == 0 || seq == sheet.last() {
                break;
            }
            over = over.saturating_sub(bytes);
            trim.take(seq, bytes, subject);
        }
    }
    Ok(())
}

/// Enough of the oldest records to free so many bytes, or all there are.
async fn oldest_over(
    db: &mut SqliteConnection,
    live: &Live,
    at: usize,
    over: u64,
) -> Result<Vec<(Seq, u64, String)>, LogError> {
    let mut limit = PORTION;
    loop {
        let found = live.streams[at].table.oldest(db, limit).await?;
        let bytes: u64 = found.iter().map(|(_, _, bytes, _)| bytes).sum();
        if bytes >= over || found.len() < limit as usize {
            return Ok(found.into_iter().map(|(seq, _, bytes, subject)| (seq, bytes, subject)).collect());
        }
        limit = limit.saturating_mul(4);
    }
}

impl Trim {
    fn take(&mut self, seq: Seq, bytes: u64, subject: String) {
        self.up_to = seq;
        self.bytes += bytes;
        self.records.push((seq, subject));
    }
}

fn micros(age: Duration) -> i64 {
    i64::try_from(age.as_micros()).unwrap_or(i64::MAX)
}
