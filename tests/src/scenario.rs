//! What the tests do to a world: send, many at once, while parts die, and hold the result against the invariants.

mod chaos;
mod examine;
mod sender;

pub use chaos::{Chaos, Toll};
pub use examine::{Evidence, examine};
pub use sender::{Prepared, Sender};
