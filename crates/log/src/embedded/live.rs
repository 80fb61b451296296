//! What is open: streams, groups and buckets, shared by the writer and every handle.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::{Notify, watch};

use super::group::Group;
use super::keys::Keys;
use super::span::Span;
use super::table::Table;
use crate::{Retention, Revision, Seq};

/// One open stream.
#[derive(Debug)]
pub struct Stream {
    /// Its name.
    pub name: &'static str,
    /// How long records stay.
    pub retention: Retention,
    /// Its table.
    pub table: Table,
    /// Its identity.
    pub incarnation: String,
    /// The newest durable position.
    pub last: watch::Sender<Seq>,
    /// The oldest kept position.
    pub first: AtomicU64,
}

impl Stream {
    /// The newest durable position.
    pub fn last(&self) -> Seq {
        *self.last.borrow()
    }

    /// The oldest kept position, or the next one.
    pub fn first(&self) -> Seq {
        self.first.load(Ordering::Acquire)
    }
}

/// One open consumer group.
#[derive(Debug)]
pub struct Members {
    /// Its number in the tables.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    /// Index of its stream.
    pub stream: usize,
    /// The subjects it wants.
    pub span: Span,
    group: Mutex<Group>,
    /// Only one member looks for records at a time; the others wait in line here.
    pub turn: tokio::sync::Mutex<()>,
    /// Something may be free to be handed out.
    pub wake: Notify,
}

impl Members {
    /// A group in this state.
    pub fn new(number: i64, name: &'static str, stream: usize, span: Span, group: Group) -> Self {
        let (group, turn, wake) = (Mutex::new(group), tokio::sync::Mutex::new(()), Notify::new());
        Self { number, name, stream, span, group, turn, wake }
    }

    /// Its state; never held over an await.
    pub fn group(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it wants records of this subject.
    pub fn wants(&self, subject: &str) -> bool {
        (self.span.low.as_str()..self.span.high.as_str()).contains(&subject)
    }
}

/// One open bucket.
#[derive(Debug)]
pub struct Shelf {
    /// Its number in the tables.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    keys: RwLock<Keys>,
    /// The newest revision, for watchers.
    pub revision: watch::Sender<Revision>,
}

impl Shelf {
    /// A bucket with these keys.
    pub fn new(number: i64, name: &'static str, keys: Keys) -> Self {
        Self { number, name, keys: RwLock::new(keys), revision: watch::Sender::new(0) }
    }

    /// Its keys, to read.
    pub fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its keys, to change: the writer's alone.
    pub fn keys_mut(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that is open.
#[derive(Debug)]
pub struct Live {
    /// Streams, in the layout's order.
    pub streams: Vec<std::sync::Arc<Stream>>,
    /// Groups, in the layout's order.
    pub groups: Vec<std::sync::Arc<Members>>,
    /// Buckets, in the layout's order.
    pub shelves: Vec<std::sync::Arc<Shelf>>,
}
