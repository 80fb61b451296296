//! The one task that writes. It takes whatever is waiting, decides it, writes it in one transaction and answers:
//! one fsync for many callers. It never sleeps to fill a transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::mpsc;

use super::changeset::Changeset;
use super::checkpoint::Checkpointer;
use super::clock::now_micros;
use super::fault::{fault, shared};
use super::heads::Heads;
use super::lock::FileLock;
use super::plan::{Head, Sheet};
use super::queue::{Command, Outcomes, Reply};
use super::{live::Live, publish, schema, tidy};
use crate::{Append, Expect, LogError, Retention, Swap};

/// Records of one transaction, but for the last command's.
pub(super) const GROUP: usize = 256;
/// How often leases are written down and old things are looked for.
const TICK: Duration = Duration::from_millis(250);

/// What only the writer knows of a stream.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The last records of recent subjects.
    pub heads: Heads,
    /// Bytes kept, if the stream has a bound.
    pub bytes: u64,
    /// Nothing is over its age before this time, microseconds since the Unix epoch.
    pub aging: i64,
}

/// The writer's state.
pub struct Writer {
    pub(super) db: SqliteConnection,
    pub(super) live: Arc<Live>,
    pub(super) ledgers: Vec<Ledger>,
    commands: mpsc::Receiver<Command>,
    checkpointer: Checkpointer,
    clock: i64,
    failing: bool,
    _lock: FileLock,
}

/// What callers will be told once everything is on disk.
enum Answer {
    Appended(Reply<Outcomes>, Outcomes),
    Written(Reply<Swap>, Swap),
}

impl Writer {
    /// A writer over an open database, with a second connection to move the write-ahead log beside it.
    pub async fn new(
        mut db: SqliteConnection,
        beside: SqliteConnection,
        live: Arc<Live>,
        commands: mpsc::Receiver<Command>,
        lock: FileLock,
    ) -> Result<Self, LogError> {
        let (mut ledgers, mut clock) = (Vec::new(), 0);
        for stream in &live.streams {
            let bounded = !matches!(stream.retention, Retention::Keep { max_bytes: None, .. });
            let bytes = if bounded { stream.table.bytes(&mut db).await? } else { 0 };
            clock = stream.table.bounds(&mut db).await?.2.max(clock);
            ledgers.push(Ledger { bytes, ..Ledger::default() });
        }
        let checkpointer = Checkpointer::start(beside);
        Ok(Self { db, live, ledgers, commands, checkpointer, clock, failing: false, _lock: lock })
    }

    /// Serves until it is told to close, or until nobody is left who could tell it anything.
    pub async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = self.commands.recv() => {
                    let Some(command) = command else { return };
                    if let Some(reply) = self.serve(command).await {
                        return self.close(reply).await;
                    }
                    self.checkpointer.finish(&mut self.db).await;
                }
                _ = tick.tick() => {
                    if self.tidy().await {
                        tick.reset_immediately();
                    }
                }
            }
        }
    }

    /// Serves this command and those waiting behind it; returns the reply to a request to close.
    async fn serve(&mut self, first: Command) -> Option<Reply<()>> {
        let (mut group, mut weight, mut next) = (Vec::new(), 0, Some(first));
        while let Some(command) = next {
            match command {
                command if command.is_abandoned() => {}
                Command::Check { reply } => {
                    let _ = reply.send(self.check().await);
                }
                Command::Close { reply } => {
                    self.commit(group).await;
                    return Some(reply);
                }
                command => {
                    weight += command.weight().unwrap_or_default();
                    group.push(command);
                }
            }
            next = if weight < GROUP { self.commands.try_recv().ok() } else { None };
        }
        self.commit(group).await;
        None
    }

    async fn commit(&mut self, group: Vec<Command>) {
        if group.is_empty() {
            return;
        }
        let heads = match self.heads(&group).await {
            Ok(heads) => heads,
            Err(error) => return group.into_iter().for_each(|command| command.refuse(&error)),
        };
        let now = self.now();
        let (mut changes, answers) = self.decide(group, heads, now);
        let written = self.write(&mut changes, now).await;
        if written.is_ok() {
            publish::publish(&self.live, &mut self.ledgers, changes);
        }
        for answer in answers {
            answer.give(&written);
        }
    }

    /// Writes a changeset, with what it pushes out of rolling streams.
    pub(super) async fn write(&mut self, changes: &mut Changeset, now: i64) -> Result<(), LogError> {
        if changes.is_empty() {
            return Ok(());
        }
        changes.begin(&self.live);
        let written = async {
            tidy::roll(&mut self.db, &self.live, &self.ledgers, changes).await?;
            changes.write(&mut self.db, &self.live, now).await
        };
        let written = written.await;
        match &written {
            Ok(()) => self.checkpointer.grew(changes.bytes()),
            Err(_) => changes.take_back(&self.live),
        }
        if let Err(error) = &written
            && !self.failing
        {
            tracing::warn!(error = %error, "the embedded log failed to commit: {error}");
        }
        self.failing = written.is_err();
        written
    }

    /// The last records of every subject that something is expected of, by stream.
    async fn heads(&mut self, group: &[Command]) -> Result<HashMap<usize, HashMap<String, Head>>, LogError> {
        let mut wanted: HashMap<usize, HashSet<&str>> = HashMap::new();
        for command in group {
            if let Command::Append { stream, records, .. } = command {
                let expecting = records.iter().filter(|record| record.expect != Expect::Anything);
                wanted.entry(*stream).or_default().extend(expecting.map(|record| record.subject.as_str()));
            }
        }
        let mut found = HashMap::new();
        for (stream, subjects) in wanted {
            let known = &self.ledgers[stream].heads;
            let (mut heads, mut unknown) = (HashMap::with_capacity(subjects.len()), Vec::new());
            for subject in subjects {
                match known.get(subject) {
                    Some(head) => drop(heads.insert(subject.to_owned(), head.clone())),
                    None => unknown.push(subject),
                }
            }
            heads.extend(self.live.streams[stream].table.heads(&mut self.db, &unknown).await?);
            found.insert(stream, heads);
        }
        Ok(found)
    }

    /// Pure: who gets which position, and who is refused.
    fn decide(
        &self,
        group: Vec<Command>,
        mut heads: HashMap<usize, HashMap<String, Head>>,
        now: i64,
    ) -> (Changeset, Vec<Answer>) {
        let (mut changes, mut answers) = (Changeset::default(), Vec::with_capacity(group.len()));
        for command in group {
            match command {
                Command::Append { stream, records, reply } => {
                    let begin = || self.sheet(stream, heads.remove(&stream).unwrap_or_default());
                    let sheet = part(&mut changes.sheets, stream, begin);
                    let outcomes = records.into_iter().map(|record: Append| sheet.place(record)).collect();
                    answers.push(Answer::Appended(reply, outcomes));
                }
                Command::Write { shelf, write, reply } => {
                    let keys = self.live.shelves[shelf].keys();
                    let swap = keys.decide(part(&mut changes.drafts, shelf, || keys.draft()), write, now);
                    answers.push(Answer::Written(reply, swap));
                }
                Command::Check { .. } | Command::Close { .. } => {}
            }
        }
        (changes, answers)
    }

    fn sheet(&self, stream: usize, heads: HashMap<String, Head>) -> Sheet {
        let open = &self.live.streams[stream];
        let room = match open.retention {
            Retention::Keep { max_bytes: Some(most), .. } => Some(most.saturating_sub(self.ledgers[stream].bytes)),
            Retention::Keep { max_bytes: None, .. } | Retention::Rolling { .. } => None,
        };
        Sheet::new(open.name, open.last(), room, heads)
    }

    /// Whether a write would succeed: takes the write lock, and really writes if the last commit failed.
    async fn check(&mut self) -> Result<(), LogError> {
        schema::check(&mut self.db).await?;
        let mut tx = self.db.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
        if self.failing {
            let sql = "INSERT INTO pulse VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET beat = beat + 1";
            sqlx::query(sql).execute(&mut *tx).await.map_err(fault)?;
            tx.commit().await.map_err(fault)?;
            self.failing = false;
        } else {
            tx.rollback().await.map_err(fault)?;
        }
        Ok(())
    }

    async fn close(mut self, reply: Reply<()>) {
        self.tidy().await;
        self.commands.close();
        self.checkpointer.close().await;
        let closed = self.db.close().await.map_err(fault);
        drop(self._lock);
        let _ = reply.send(closed);
    }

    /// The wall clock, but never backwards: a later record is never older.
    pub(super) fn now(&mut self) -> i64 {
        self.clock = self.clock.max(now_micros());
        self.clock
    }
}

impl Answer {
    fn give(self, written: &Result<(), LogError>) {
        match (self, written) {
            (Self::Appended(reply, outcomes), Ok(())) => drop(reply.send(Ok(outcomes))),
            (Self::Appended(reply, _), Err(error)) => drop(reply.send(Err(shared(error)))),
            (Self::Written(reply, swap), Ok(())) => drop(reply.send(Ok(swap))),
            (Self::Written(reply, _), Err(error)) => drop(reply.send(Err(shared(error)))),
        }
    }
}

/// The part of a changeset that is about this stream or bucket.
pub(super) fn part<T>(parts: &mut Vec<(usize, T)>, at: usize, begin: impl FnOnce() -> T) -> &mut T {
    let found = parts.iter().position(|(index, _)| *index == at);
    let index = found.unwrap_or_else(|| {
        parts.push((at, begin()));
        parts.len() - 1
    });
    &mut parts[index].1
}
