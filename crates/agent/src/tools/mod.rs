//! The built-in tools, one file each.

mod countable;
mod notes;
mod payload;

pub use countable::{Countable, TEST_TOOLS_VARIABLE};
pub use notes::Notes;
pub use payload::{MAX_PAGE, PayloadError, PayloadSource, WebhookPayload};

/// Names of the tools every agent-runner has, for checking definitions without one.
pub const BUILT_IN: [&str; 2] = [payload::NAME, notes::NAME];

/// Appends one record to a file, durably: `O_APPEND`, one write, fsync.
fn append_durably(path: &std::path::Path, record: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(record)?;
    file.sync_all()
}
