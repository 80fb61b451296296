//! Processor time by thread name.

use std::time::Duration;

use anyhow::Context as _;

/// Time on a processor of all threads whose name begins with the first 15 bytes of this one, since they began.
pub fn of_threads(name: &str) -> anyhow::Result<Duration> {
    let name = &name[..name.len().min(15)];
    let mut total = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task").context("this needs Linux")? {
        let task = task?.path();
        let is_ours = std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim_end() == name);
        if is_ours && let Ok(times) = std::fs::read_to_string(task.join("schedstat")) {
            let on_cpu = times.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default();
            total += Duration::from_nanos(on_cpu);
        }
    }
    Ok(total)
}
