//! One process at a time: an operating-system lock beside the database, gone with the process however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::LogError;

/// Held for as long as the log is open.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of this database, or says who has to give it up.
    pub fn take(database: &Path) -> Result<Self, LogError> {
        let path = beside(database);
        let unfit = |why: &dyn std::fmt::Display| LogError::Unfit(format!("lock file {}: {why}", path.display()));
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|cause| unfit(&cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LogError::Unfit(format!(
                "{} is open in another process; stop that one or choose another data directory",
                database.display()
            ))),
            Err(TryLockError::Error(cause)) => Err(unfit(&cause)),
        }
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Creates the directory and the file for their owner alone: deliveries hold other people's data.
pub fn prepare(database: &Path) -> Result<(), LogError> {
    let unfit = |cause: std::io::Error| LogError::Unfit(format!("{} cannot be created: {cause}", database.display()));
    let directory = database.parent().filter(|directory| !directory.as_os_str().is_empty() && !directory.exists());
    let mut builder = std::fs::DirBuilder::new();
    let mut file = OpenOptions::new();
    file.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        builder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(directory) = directory {
        builder.recursive(true).create(directory).map_err(unfit)?;
    }
    file.open(database).map(drop).map_err(unfit)
}
