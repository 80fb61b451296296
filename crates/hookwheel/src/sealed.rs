//! The file of sealed secrets: every webhook's versions, by public id. Written by `hookwheel secret`, read with the
//! configuration; without a master key it says nothing, so it may be copied and committed like the rest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use hookwheel_core::ids::WebhookId;
use hookwheel_core::secret::{TENANT, Versions, WEBHOOK_SECRET};
use hookwheel_runtime::seal::Binding;

/// Sealed secrets by webhook.
pub type Sealed = BTreeMap<WebhookId, Versions>;

/// The file could not be read or written. Says whose move is next.
#[derive(Debug, thiserror::Error)]
#[error("{} {what}", path.display())]
pub struct FileError {
    path: PathBuf,
    what: String,
}

/// What a webhook's version is bound to.
pub fn binding(webhook: &WebhookId, version: u32) -> Binding<'_> {
    Binding { tenant: TENANT, owner: webhook.as_str(), field: WEBHOOK_SECRET, version }
}

/// What the file holds; nothing when there is none.
pub fn read(path: &Path) -> Result<Sealed, FileError> {
    let failed = |what: String| FileError { path: path.to_owned(), what };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Sealed::new()),
        Err(cause) => return Err(failed(format!("cannot be read: {cause}"))),
    };
    // Where and not what: the cause may quote what somebody put there by mistake.
    serde_json::from_slice(&bytes).map_err(|cause| {
        failed(format!("is not a file of sealed secrets: wrong at line {}, column {}", cause.line(), cause.column()))
    })
}

/// Changes the file as a whole or not at all; several processes that change it wait for each other. The lock is on the
/// directory, which stays when the file is replaced.
pub fn change<T, E: From<FileError>>(path: &Path, change: impl FnOnce(&mut Sealed) -> Result<T, E>) -> Result<T, E> {
    let failed =
        |cause: std::io::Error| FileError { path: path.to_owned(), what: format!("cannot be written: {cause}") };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = (directory, File::open(directory).map_err(failed)?);
    directory.1.lock().map_err(failed)?;
    let before = read(path)?;
    let mut sealed = before.clone();
    let changed = change(&mut sealed)?;
    if sealed != before {
        write(path, directory, &sealed).map_err(failed)?;
    }
    Ok(changed)
}

fn write(path: &Path, (directory, handle): (&Path, File), sealed: &Sealed) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(&serde_json::to_vec_pretty(sealed)?)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    handle.sync_all()
}

#[cfg(test)]
mod tests {
    use hookwheel_core::Timestamp;
    use hookwheel_core::secret::New;

    use super::*;

    fn add(sealed: &mut Sealed, webhook: &str) -> Result<(), FileError> {
        let new = New { created: Timestamp::from_secs(0), fingerprint: "f".into(), sealed: "s".into() };
        sealed.entry(WebhookId::parse(webhook).unwrap()).or_default().add_current(new, std::time::Duration::ZERO);
        Ok(())
    }

    #[test]
    fn changes_of_many_at_once_are_all_kept_and_a_refused_one_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sealed.json");
        assert_eq!(read(&path).unwrap(), Sealed::new());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let path = &path;
                scope.spawn(move || change(path, |sealed| add(sealed, &format!("wh_000000000000000{n}"))).unwrap());
            }
        });
        assert_eq!(read(&path).unwrap().len(), 8);
        let kept = std::fs::read(&path).unwrap();
        let refused = change(&path, |sealed| {
            add(sealed, "wh_0000000000000000")?;
            Err::<(), _>(FileError { path: "p".into(), what: "no".into() })
        });
        assert!(refused.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), kept);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn another_file_is_never_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sealed.json");
        std::fs::write(&path, "{\"wh_").unwrap();
        assert!(read(&path).is_err());
        assert!(change(&path, |sealed| add(sealed, "wh_0000000000000000")).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"{\"wh_");
    }
}
