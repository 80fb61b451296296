//! Running the binary as its users do.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

pub const SECRET: &str = "It's a Secret to Everybody";
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, free of the caller's settings.
pub fn hookwheel() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookwheel"));
    let ours = |name: &String| name.starts_with("HOOKWHEEL_") || name.starts_with("OTEL_");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// Runs it to its end.
pub fn run(args: &[&str]) -> Ran {
    Ran::of(hookwheel().args(args))
}

/// A process that has ended.
pub struct Ran(Output);

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        Self(command.output().unwrap())
    }

    /// Fails the test unless it exited with this.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "stdout: {}\nstderr: {}", self.out(), self.err());
        self
    }

    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.out()))
    }
}

/// `hookwheel up` on free ports. Killed when dropped.
pub struct Up {
    child: Child,
    lines: mpsc::Receiver<Value>,
    pub intake: String,
    pub api: String,
    pub admin: String,
}

impl Up {
    /// Starts it in this directory and waits until it says where it listens.
    pub fn start(dir: &Path) -> Self {
        let mut child = hookwheel()
            .args(["up", "--config"])
            .arg(dir.join("hookwheel.toml"))
            .env("HOOKWHEEL_LOG_FORMAT", "json")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                eprintln!("{line}");
                let _ = sender.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        let mut up = Self { child, lines, intake: String::new(), api: String::new(), admin: String::new() };
        let announced = up.wait_for_line("hookwheel is up");
        let address = |name: &str| format!("http://{}", announced[name].as_str().unwrap());
        (up.intake, up.api, up.admin) = (address("intake"), address("api"), address("admin"));
        up
    }

    /// The next log line that has these words.
    #[track_caller]
    pub fn wait_for_line(&mut self, words: &str) -> Value {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {words:?}"));
            if line.to_string().contains(words) {
                return line;
            }
        }
    }

    /// Asks it to stop, and gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        signal(&self.child, Signal::SIGTERM);
        wait_until("it has ended", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does what Ctrl-C does.
pub fn interrupt(child: &Child) {
    signal(child, Signal::SIGINT);
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Waits for a condition, bounded.
#[track_caller]
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    while Instant::now() < give_up {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain until {what}");
}
