//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hookwheel_limit::Limiter;
use hookwheel_log::Log;
use tokio_util::task::TaskTracker;

use crate::batch::Appender;
use crate::flood::Flood;
use crate::hooks::Current;
use crate::intake::Budget;
use crate::notices::Notices;
use crate::options::Options;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) hooks: Current,
    pub(crate) appender: Appender,
    pub(crate) notices: Notices,
    pub(crate) budget: Budget,
    pub(crate) limiter: Limiter,
    pub(crate) flood: Flood,
    /// Requests and stores that must come to their end before this process does.
    pub(crate) running: TaskTracker,
    /// New requests are sent away.
    pub(crate) draining: AtomicBool,
}
