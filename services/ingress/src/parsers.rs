//! The framing below HTTP, for the fuzz targets. No promise is made about these names.

use crate::wire::Framing;

/// Follows a connection's bytes.
#[derive(Default)]
pub struct Follower(Framing);

impl Follower {
    /// Follows the next bytes. The error is the place of the first wrong one, and what hyper is shown instead.
    pub fn see(&mut self, bytes: &[u8]) -> Result<(), (usize, u8)> {
        self.0.see(bytes).map_err(|wrong| (wrong.at, wrong.instead))
    }

    /// Whether no request has begun that has not ended.
    pub fn is_between_requests(&self) -> bool {
        !self.0.in_head() && !self.0.in_body()
    }
}
