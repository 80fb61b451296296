//! Processor time, of threads by their names or of another process.

use std::time::Duration;

use anyhow::Context as _;

/// The kernel keeps so many bytes of a thread's name.
const NAME: usize = 15;

/// Time on a processor of all threads of this process that have one of these names, since they began.
pub fn of_threads(names: &[&str]) -> anyhow::Result<Duration> {
    of("self", |name| names.iter().any(|wanted| name == &wanted[..wanted.len().min(NAME)]))
}

/// Time on a processor of all threads of another process.
pub fn of_process(id: u32) -> anyhow::Result<Duration> {
    of(&id.to_string(), |_| true)
}

fn of(process: &str, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Duration> {
    let mut total = Duration::ZERO;
    for task in std::fs::read_dir(format!("/proc/{process}/task")).context("this needs Linux")? {
        let task = task?.path();
        let counts = std::fs::read_to_string(task.join("comm")).is_ok_and(|name| wanted(name.trim_end()));
        if counts && let Ok(times) = std::fs::read_to_string(task.join("schedstat")) {
            let on_cpu = times.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default();
            total += Duration::from_nanos(on_cpu);
        }
    }
    Ok(total)
}
