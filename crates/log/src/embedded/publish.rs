//! Tells everyone what has just become durable: readers, groups and watchers.

use std::sync::atomic::Ordering;

use super::changeset::{Changeset, Trim};
use super::live::Live;
use super::plan::Row;
use super::writer::Ledger;

/// Moves a written changeset into the open streams, groups and buckets.
pub fn publish(live: &Live, ledgers: &mut [Ledger], changes: Changeset) {
    for (at, portion) in &changes.portions {
        if let Some(index) = &live.streams[*at].table.index {
            index.moved(portion);
        }
    }
    for (at, sheet) in changes.sheets {
        ledgers[at].bytes += sheet.bytes();
        if !sheet.rows().is_empty() {
            live.streams[at].last.send_replace(sheet.last());
            announce(live, at, sheet.rows());
        }
        ledgers[at].heads.extend(sheet.into_heads());
    }
    for (at, trim) in changes.trims {
        ledgers[at].bytes = ledgers[at].bytes.saturating_sub(trim.bytes);
        ledgers[at].heads.forget_up_to(trim.up_to);
        live.streams[at].first.store(trim.up_to + 1, Ordering::Release);
        forget(live, at, &trim);
    }
    for (at, draft) in changes.drafts {
        if !draft.changed.is_empty() {
            let revision = live.shelves[at].keys_mut().commit(draft);
            live.shelves[at].revision.send_replace(revision);
        }
    }
}

fn announce(live: &Live, stream: usize, rows: &[Row]) {
    for members in live.groups.iter().filter(|members| members.stream == stream) {
        let count = rows.iter().filter(|row| members.wants(row.append.subject.as_str())).count();
        if count > 0 {
            members.group().arrived(count);
            members.wake.notify_one();
        }
    }
}

fn forget(live: &Live, stream: usize, trim: &Trim) {
    for members in live.groups.iter().filter(|members| members.stream == stream) {
        let lost = trim.records.iter().filter(|(_, subject)| members.wants(subject)).map(|(seq, _)| *seq);
        members.group().dropped(lost, trim.up_to);
    }
}
