//! The way to the writer: bounded in length and in time. A caller that goes away leaves its command whole or unread.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::fault::{closed, shared};
use super::keys::Write;
use crate::{Append, LogError, Outcome, Swap};

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, LogError>>;
/// The outcomes of appends, in their order.
pub type Outcomes = Vec<Result<Outcome, LogError>>;

/// Commands that may wait before callers have to.
const LENGTH: usize = 1024;

/// One command to the writer.
pub enum Command {
    /// Append records to one stream.
    Append {
        /// Index of the stream.
        stream: usize,
        /// The records.
        records: Vec<Append>,
        /// Their outcomes, once they are on disk.
        reply: Reply<Outcomes>,
    },
    /// Write a key.
    Write {
        /// Index of the bucket.
        shelf: usize,
        /// The write.
        write: Write,
        /// How it ended, once it is on disk.
        reply: Reply<Swap>,
    },
    /// Say whether a write would succeed now.
    Check {
        /// The answer.
        reply: Reply<()>,
    },
    /// Write down everything and end.
    Close {
        /// Told when the file is closed.
        reply: Reply<()>,
    },
}

impl Command {
    /// Whether nobody waits for it any more.
    pub fn is_abandoned(&self) -> bool {
        match self {
            Self::Append { reply, .. } => reply.is_closed(),
            Self::Write { reply, .. } => reply.is_closed(),
            Self::Check { reply } | Self::Close { reply } => reply.is_closed(),
        }
    }

    /// Tells the caller of a failure that others share.
    pub fn refuse(self, error: &LogError) {
        match self {
            Self::Append { reply, .. } => drop(reply.send(Err(shared(error)))),
            Self::Write { reply, .. } => drop(reply.send(Err(shared(error)))),
            Self::Check { reply } | Self::Close { reply } => drop(reply.send(Err(shared(error)))),
        }
    }

    /// How much it adds to a commit; `None`: it is not part of one.
    pub fn weight(&self) -> Option<usize> {
        match self {
            Self::Append { records, .. } => Some(records.len()),
            Self::Write { .. } => Some(1),
            Self::Check { .. } | Self::Close { .. } => None,
        }
    }
}

/// The callers' end.
#[derive(Debug, Clone)]
pub struct Queue {
    commands: mpsc::Sender<Command>,
    bound: Duration,
}

impl Queue {
    /// A queue whose callers wait no longer than `bound`, and the writer's end of it.
    pub fn new(bound: Duration) -> (Self, mpsc::Receiver<Command>) {
        let (commands, received) = mpsc::channel(LENGTH);
        (Self { commands, bound }, received)
    }

    /// Appends records to one stream.
    pub async fn append(&self, stream: usize, records: Vec<Append>) -> Result<Outcomes, LogError> {
        self.ask(|reply| Command::Append { stream, records, reply }).await
    }

    /// Writes a key.
    pub async fn write(&self, shelf: usize, write: Write) -> Result<Swap, LogError> {
        self.ask(|reply| Command::Write { shelf, write, reply }).await
    }

    /// Whether a write would succeed now.
    pub async fn check(&self) -> Result<(), LogError> {
        self.ask(|reply| Command::Check { reply }).await
    }

    /// Ends the writer; harmless when it has ended.
    pub async fn close(&self) -> Result<(), LogError> {
        if self.commands.is_closed() {
            return Ok(());
        }
        self.ask(|reply| Command::Close { reply }).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, LogError> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.commands.send(command(reply)).await.map_err(|_| closed())?;
            answer.await.unwrap_or_else(|_| Err(closed()))
        };
        tokio::time::timeout(self.bound, asked).await.unwrap_or(Err(LogError::Timeout(self.bound)))
    }
}
