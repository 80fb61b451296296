//! Sealed secrets as their operator meets them: made, taken, rotated under load, revoked, sealed again.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookwheel_testkit::sender::Sender;
use tempfile::TempDir;

use crate::kit::{Ran, Up, hookwheel, run, wait_until};

const CONFIG: &str = r#"
data_dir = "data"
[server]
intake = "127.0.0.1:0"
api = "127.0.0.1:0"
admin = "127.0.0.1:0"
[secrets]
key_file = "master.key"
[models.default]
provider = "scripted"
model = "github-issue"
[webhooks.bot]
source = "github"
secret = { sealed = true }
[webhooks.std]
source = "standard_webhooks"
secret = { sealed = true }
[webhooks.chat]
source = "slack"
secret = { sealed = true }
"#;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW_KEY: &str = "0202020202020202020202020202020202020202020202020202020202020202";

#[test]
fn a_generated_secret_is_shown_once_and_fits_its_scheme() {
    let home = Home::new();
    assert!(run(&["check", "--config", &home.config()]).expect(0).err().contains("no sealed secret yet"));
    let first = home.secret(&["generate", "bot"]).expect(0);
    let value = first.out().trim_end().to_owned();
    assert!(value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()), "hex of 32 bytes");
    assert!(first.err().contains("version 1") && !first.err().contains(&value));
    let standard = home.secret(&["generate", "std"]).expect(0).out();
    assert!(standard.starts_with("whsec_") && standard.trim_end().len() == "whsec_".len() + 44, "base64 of 32 bytes");
    let refused = home.secret(&["generate", "chat"]).expect(2);
    assert!(refused.err().contains("slack makes this secret itself"), "{}", refused.err());
    home.secret(&["generate", "nobody"]).expect(3);

    for shown in
        [home.secret(&["list"]), home.secret(&["list", "--json"]), run(&["doctor", "--config", &home.config()])]
    {
        assert!(!shown.out().contains(&value) && !shown.err().contains(&value));
    }
    assert!(!home.read("secrets.sealed.json").contains(&value));
    let listed = home.secret(&["list", "bot", "--json"]).expect(0).json();
    assert_eq!((&listed["items"][0]["version"], &listed["items"][0]["state"]), (&1.into(), &"current".into()));
}

#[test]
fn a_given_secret_is_kept_byte_for_byte_and_looked_at() {
    let home = Home::new();
    let odd = home.set("bot", b"a secret that ends with a line end\n", &[]).expect(0);
    assert!(odd.err().contains("ends with a line end") && !odd.err().contains("a secret that"), "{}", odd.err());
    for (bytes, words) in [
        (&b""[..], "is empty"),
        (b"fifteen bytes!!", "shorter than 16"),
        (b"a secret that ends with a line end\n", "has this value already"),
    ] {
        let refused = home.set("bot", bytes, &[]).expect(2);
        assert!(refused.err().contains(words), "{}", refused.err());
    }
    assert!(home.set("std", b"this is not base64, is it?", &[]).expect(2).err().contains("cannot use this secret"));
    assert!(!home.set("bot", b"a secret without a line end", &["--next"]).expect(0).err().contains("warning"));

    let up = Up::start(home.path());
    wait_until("the secrets are live", || (home.post(&up, "any other secret", 0) == 401).then_some(()));
    assert_eq!(home.post(&up, "a secret that ends with a line end\n", 1), 202, "with the line end");
    assert_eq!(home.post(&up, "a secret that ends with a line end", 2), 401, "and not without");
    assert_eq!(home.post(&up, "a secret without a line end", 3), 202, "next is accepted already");
    home.secret(&["revoke", "bot", "2"]).expect(0);
    wait_until("it is gone", || (home.post(&up, "a secret without a line end", 4) == 401).then_some(()));
    home.secret(&["revoke", "bot", "2"]).expect(3);
    home.secret(&["rotate", "bot"]).expect(2);
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn a_rotation_under_load_refuses_nobody() {
    let home = Home::new();
    let old = home.secret(&["generate", "bot"]).expect(0).out().trim_end().to_owned();
    let up = Up::start(home.path());
    wait_until("the first secret is live", || (home.post(&up, &old, 0) == 202).then_some(()));
    let load = Load::start(&up, &old);
    wait_until("traffic flows", || (load.accepted() > 50).then_some(()));

    let new = home.secret(&["generate", "bot", "--next"]).expect(0).out().trim_end().to_owned();
    home.wait_for_metric(&up, r#"hookwheel_secret_version{webhook="bot",state="next"} 2"#);
    // Half of the senders are switched before the rotation, the others not at all.
    load.use_also(&new);
    let before = load.accepted();
    wait_until("both are in use", || (load.accepted() > before + 50).then_some(()));
    home.secret(&["rotate", "bot", "--keep-previous", "1h"]).expect(0);
    home.wait_for_metric(&up, r#"hookwheel_secret_version{webhook="bot",state="current"} 2"#);
    let before = load.accepted();
    wait_until("both are still in use", || (load.accepted() > before + 50).then_some(()));

    let (accepted, refused) = load.stop();
    assert_eq!(refused, Vec::<u16>::new(), "of {accepted} and these");
    let metrics = home.metrics(&up);
    let used = |state: &str| metrics.lines().any(|l| l.starts_with(&used_metric(state)) && !l.ends_with(" 0"));
    assert!(used("previous") && used("next") && used("current"), "{metrics}");
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn a_new_master_key_takes_over_and_the_old_one_can_go() {
    let home = Home::new();
    let value = home.secret(&["generate", "bot"]).expect(0).out().trim_end().to_owned();
    home.write("master.key", NEW_KEY);
    let lost = run(&["doctor", "--config", &home.config()]);
    assert!(lost.out().contains("is sealed under master key"), "{}", lost.out());
    assert!(home.secret(&["reseal"]).expect(1).err().contains("add the old master key"));
    home.write("master.key", &format!("{NEW_KEY}\n{KEY}\n"));
    assert!(home.secret(&["reseal"]).expect(0).err().contains("1 version sealed"));
    home.write("master.key", NEW_KEY);
    let up = Up::start(home.path());
    wait_until("it opens", || (home.post(&up, &value, 1) == 202).then_some(()));
    assert_eq!(up.stop(), Some(0));
}

fn used_metric(state: &str) -> String {
    format!(r#"hookwheel_secret_used_total{{webhook="bot",state="{state}"}}"#)
}

/// Senders that never stop, each with a connection a request.
struct Load {
    secrets: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
    refused: Arc<Mutex<Vec<u16>>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    fn start(up: &Up, secret: &str) -> Self {
        let address: SocketAddr = up.intake.trim_start_matches("http://").parse().unwrap();
        let mut load = Self {
            secrets: Arc::new(Mutex::new(vec![secret.to_owned()])),
            stop: Arc::default(),
            accepted: Arc::default(),
            refused: Arc::default(),
            threads: vec![],
        };
        for thread in 0..2_u64 {
            let (secrets, stop) = (Arc::clone(&load.secrets), Arc::clone(&load.stop));
            let (accepted, refused) = (Arc::clone(&load.accepted), Arc::clone(&load.refused));
            load.threads.push(std::thread::spawn(move || {
                let mut seed = 1_000_000 * (thread + 1);
                while !stop.load(Ordering::Relaxed) {
                    seed += 1;
                    let secrets = secrets.lock().unwrap().clone();
                    let secret = &secrets[usize::try_from(seed).unwrap() % secrets.len()];
                    match post(address, secret, seed) {
                        202 => _ = accepted.fetch_add(1, Ordering::Relaxed),
                        status => refused.lock().unwrap().push(status),
                    }
                }
            }));
        }
        load
    }

    fn use_also(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    fn stop(self) -> (u64, Vec<u16>) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        (self.accepted.load(Ordering::Relaxed), std::mem::take(&mut self.refused.lock().unwrap()))
    }
}

/// The status that a signed delivery is answered with.
fn post(address: SocketAddr, secret: &str, seed: u64) -> u16 {
    let request = Sender::new("github", secret).unwrap().sample(seed).to_bytes("/webhooks/bot");
    exchange(address, &request)[9..12].parse().unwrap()
}

/// The whole answer to a request, over a connection of its own.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head_end = request.windows(2).position(|two| two == b"\r\n").unwrap();
    socket.write_all(&[&request[..head_end], b"\r\nconnection: close", &request[head_end..]].concat()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A directory with a configuration and a master key.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("hookwheel.toml", CONFIG);
        home.write("master.key", KEY);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> String {
        self.path().join("hookwheel.toml").display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn secret(&self, args: &[&str]) -> Ran {
        run(&[&["secret"], args, &["--config", &self.config()]].concat())
    }

    fn set(&self, webhook: &str, secret: &[u8], more: &[&str]) -> Ran {
        let input = self.path().join("stdin");
        std::fs::write(&input, secret).unwrap();
        let mut command = hookwheel();
        command.args(["secret", "set", webhook, "--config", &self.config()]).args(more);
        let ran = Ran::of(command.stdin(Stdio::from(std::fs::File::open(&input).unwrap())));
        std::fs::remove_file(input).unwrap();
        ran
    }

    fn post(&self, up: &Up, secret: &str, seed: u64) -> u16 {
        post(up.intake.trim_start_matches("http://").parse().unwrap(), secret, seed)
    }

    fn metrics(&self, up: &Up) -> String {
        let address = up.admin.trim_start_matches("http://").parse().unwrap();
        exchange(address, b"GET /metrics HTTP/1.1\r\nhost: h\r\n\r\n")
    }

    fn wait_for_metric(&self, up: &Up, line: &str) {
        wait_until(line, || self.metrics(up).lines().any(|l| l == line).then_some(()));
    }
}
