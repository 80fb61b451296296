//! A local Postgres: one server a test process, one database a test.
//!
//! It listens on a Unix socket in its own folder only, so no port can clash, and a restart finds its place again.
//! Postgres refuses to run as root: then it runs as another user of the system, who owns the folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::child::OwnChild;
use crate::tools::workspace;

const ENV: &str = "HOOKWHEEL_TEST_POSTGRES";
const SUPERUSER: &str = "hookwheel";
const STARTS_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Where set-up puts a Postgres of our own, from the workspace's root.
pub const OWN_FOLDER: &str = ".tools/postgres";

/// A server that this process started and that ends with it.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    user: Option<User>,
    databases: AtomicU32,
    // These end in this order.
    child: Mutex<Option<OwnChild>>,
    _janitor: Janitor,
    folder: TempDir,
}

impl Postgres {
    /// The server that the tests of this process share. Nobody may kill or pause it.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// A server of the caller's own, to be killed and restarted. Panics with the line that fixes it when there is no
    /// Postgres.
    pub async fn start() -> Self {
        match Self::try_start().await {
            Ok(server) => server,
            Err(error) => panic!("{error:#}"),
        }
    }

    async fn try_start() -> anyhow::Result<Self> {
        let bin = find()?;
        let user = User::for_postgres()?;
        let folder = tempfile::Builder::new().prefix("hookwheel-postgres-").tempdir()?;
        if let Some(user) = &user {
            std::os::unix::fs::chown(folder.path(), Some(user.uid), Some(user.gid))?;
        }
        init(&bin, folder.path(), user.as_ref())?;
        let janitor = Janitor::of(folder.path())?;
        let server =
            Self { bin, folder, user, child: Mutex::default(), databases: AtomicU32::new(0), _janitor: janitor };
        server.restart().await?;
        Ok(server)
    }

    /// A new, empty database: its URL.
    pub async fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let created = async {
            let mut admin = PgConnection::connect(&self.url("postgres")).await?;
            sqlx::query(AssertSqlSafe(format!("create database {name}"))).execute(&mut admin).await?;
            admin.close().await
        };
        match created.await {
            Ok(()) => self.url(&name),
            Err(error) => panic!("cannot create a test database: {error}"),
        }
    }

    /// Ends the server with `SIGKILL`. Its sessions end themselves when they notice.
    pub fn kill9(&self) {
        // A frozen session would never notice.
        let _ = self.freeze(false);
        self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Starts the server again, on the same data and at the same place; returns once it takes connections.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill9();
        let ends_at = Instant::now() + STARTS_WITHIN;
        loop {
            self.spawn()?;
            // Sessions of a killed server hold its memory a little longer; the new one leaves at once then.
            if self.takes_connections(ends_at).await? {
                return Ok(());
            }
        }
    }

    /// Freezes (`SIGSTOP`) or thaws (`SIGCONT`) the server with all its sessions.
    pub fn freeze(&self, frozen: bool) -> anyhow::Result<()> {
        let signal = if frozen { Signal::SIGSTOP } else { Signal::SIGCONT };
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let server = child.as_ref().context("the server does not run")?.id();
        let sessions = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
        for pid in std::iter::once(server.to_string()).chain(sessions.split_whitespace().map(str::to_owned)) {
            // A session may have ended meanwhile.
            let _ = kill(Pid::from_raw(pid.parse()?), signal);
        }
        Ok(())
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@localhost/{database}?host={}", self.folder.path().display())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn spawn(&self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.path().join("server.log"))?;
        let mut command = command(&self.bin.join("postgres"), self.user.as_ref());
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-c", "listen_addresses=", "-c", "max_connections=200"]);
        let child = OwnChild::spawn(command.stdout(log.try_clone()?).stderr(log)).context("cannot start postgres")?;
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    /// False when the server left instead.
    async fn takes_connections(&self, ends_at: Instant) -> anyhow::Result<bool> {
        loop {
            if let Ok(connection) = PgConnection::connect(&self.url("postgres")).await {
                connection.close().await?;
                return Ok(true);
            }
            let log = || std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
            ensure!(Instant::now() < ends_at, "postgres takes no connections after {STARTS_WITHIN:?}:\n{}", log());
            tokio::time::sleep(POLL).await;
            let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            if !child.as_mut().is_some_and(OwnChild::is_running) {
                return Ok(false);
            }
        }
    }
}

/// The folder with `postgres` and `initdb`: what the environment names, on `PATH`, where Debian keeps it, or our own.
pub fn find() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os(ENV) {
        let named = PathBuf::from(named);
        ensure!(is_bin(&named), "{ENV} names {}, which has no postgres and initdb", named.display());
        return Ok(named);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(system_folders())
        .chain([workspace().join(OWN_FOLDER).join("bin")])
        .find(|folder| is_bin(folder))
        .with_context(|| {
            format!("postgres was not found: run `cargo xtask setup postgres`, or set {ENV} to its bin folder")
        })
}

fn is_bin(folder: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|program| folder.join(program).is_file())
}

/// Newest first.
fn system_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Who the server runs as, when we are root.
#[derive(Debug)]
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    fn for_postgres() -> anyhow::Result<Option<Self>> {
        if id("-u", None) != Some(0) {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", Some(name)), id("-g", Some(name))) {
                return Ok(Some(Self { uid, gid }));
            }
        }
        bail!("postgres refuses to run as root, and there is neither a user postgres nor nobody to run it as")
    }
}

fn id(what: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(what).args(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn command(program: &Path, user: Option<&User>) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    // The caller's folder may be closed to that user.
    command.current_dir("/");
    command
}

fn init(bin: &Path, folder: &Path, user: Option<&User>) -> anyhow::Result<()> {
    let mut initdb = command(&bin.join("initdb"), user);
    initdb.arg("-D").arg(folder.join("data")).args(["--username", SUPERUSER, "--auth", "trust"]);
    initdb.args(["--encoding", "UTF8", "--locale", "C", "--no-sync"]);
    let output = initdb.output().context("cannot start initdb")?;
    ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Removes the folder when this process ends without having done so, which a shared server's never does.
#[derive(Debug)]
struct Janitor(Child);

impl Janitor {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        const SCRIPT: &str = r#"read _; for try in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$0" && break; sleep 0.2; done"#;
        let child = Command::new("sh")
            .args(["-c", SCRIPT])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_committed_is_there_after_a_kill() {
        let server = Postgres::start().await;
        let url = server.database().await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("create table t (n bigint); insert into t values (7)").execute(&mut connection).await.unwrap();

        server.kill9();
        assert!(PgConnection::connect(&url).await.is_err());
        server.restart().await.unwrap();

        let mut connection = PgConnection::connect(&url).await.unwrap();
        let n: i64 = sqlx::query_scalar("select n from t").fetch_one(&mut connection).await.unwrap();
        assert_eq!(n, 7);
    }

    #[tokio::test]
    async fn a_dropped_server_leaves_nothing() {
        let server = Postgres::start().await;
        let folder = server.folder.path().to_owned();
        drop(server);
        assert!(!folder.exists());
    }
}
