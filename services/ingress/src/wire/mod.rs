//! The connection below HTTP: what hyper is too lenient about, and the clocks of a quiet peer.

mod framing;
mod guard;

pub(crate) use framing::Framing;
pub(crate) use guard::{Guard, Patience};
