//! What the kernel says about processes and the machine.

use anyhow::{Context as _, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Memory of a process, MiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Resident now.
    pub now: f64,
    /// The most that was ever resident.
    pub peak: f64,
}

impl Memory {
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let status =
            std::fs::read_to_string(format!("/proc/{pid}/status")).context("this needs Linux, and the process")?;
        Ok(Self { now: mebibytes(&status, "VmRSS:")?, peak: mebibytes(&status, "VmHWM:")? })
    }
}

fn mebibytes(status: &str, field: &str) -> anyhow::Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()).with_context(|| format!("no {field}"))?;
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}

/// Runnable tasks over the last minute: what else the machine had to do.
pub fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

/// Lets this process and its children open so many files, if the hard limit does.
pub fn allow_open_files(wanted: u64) -> anyhow::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(
        hard >= wanted,
        "{wanted} open files are needed and {hard} are allowed; raise it with `ulimit -Hn {wanted}`"
    );
    if soft < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    }
    Ok(())
}
