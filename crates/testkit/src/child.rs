//! A child process that never outlives the test: killed on drop, and by a guard when the test process itself is killed.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process that this one started, and its guard: a shell that waits on a pipe from us and kills the child once the
/// pipe closes, which it does however we end.
#[derive(Debug)]
pub struct OwnChild {
    child: Child,
    guard: Child,
}

impl OwnChild {
    /// Starts the command with an empty standard input, in a process group of its own.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Self::spawn_with(command, None)
    }

    /// As [`OwnChild::spawn`]. The guard removes the folder, too, when it has to act: nobody else is left to do it.
    pub fn spawn_with(command: &mut Command, folder: Option<&Path>) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        match guard(child.id(), folder) {
            Ok(guard) => Ok(Self { child, guard }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal, unless it has ended.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if self.is_running() {
            kill(self.pid(), signal)?;
        }
        Ok(())
    }

    /// Sends `SIGKILL` and waits for the end.
    pub fn kill9(&mut self) -> io::Result<()> {
        // The guard goes first: it must never kill a process id that was given to somebody else meanwhile.
        self.guard.kill()?;
        self.guard.wait()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and an ended child is no failure.
        let _ = self.kill9();
    }
}

fn guard(pid: u32, folder: Option<&Path>) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    Command::new("sh")
        .args(["-c", r#"read _; kill -9 "$0"; [ -z "$1" ] || rm -rf -- "$1""#, &pid.to_string()])
        .args(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_child_is_gone() {
        let child = OwnChild::spawn(Command::new("sleep").arg("600")).unwrap();
        let pid = child.pid();
        assert!(kill(pid, None).is_ok());
        drop(child);
        assert!(kill(pid, None).is_err());
    }

    #[test]
    fn a_child_is_killed_and_its_folder_removed_when_the_pipe_to_its_guard_closes() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = OwnChild::spawn_with(Command::new("sleep").arg("600"), Some(folder.path())).unwrap();
        drop(child.guard.stdin.take());
        assert!(!child.child.wait().unwrap().success());
        child.guard.wait().unwrap();
        assert!(!folder.path().exists());
    }
}
