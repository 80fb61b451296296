//! Long runs by command: `cargo xtask fuzz`, `cargo xtask timing`. One JSON object a line.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to the person who runs it")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Parser;
use hookwheel_fuzz::drive::{self, Finding, Limits, Walk};
use hookwheel_fuzz::{Target, targets, timing};
use serde_json::json;

/// An input that takes longer never ends, as far as anyone waits.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Parser)]
#[command(name = "hookwheel-fuzz", disable_help_subcommand = true)]
enum Command {
    /// Mutated input for every parser that sees a sender's bytes
    Fuzz(Fuzz),
    /// Whether a verdict takes longer for a better forgery
    Timing(Timing),
}

#[derive(clap::Args)]
struct Fuzz {
    /// Only this target
    #[arg(long)]
    target: Option<String>,
    /// Seconds for each target; 10 if nothing else limits it
    #[arg(long)]
    seconds: Option<u64>,
    /// Executions of each target
    #[arg(long)]
    executions: Option<u64>,
    /// Another seed, another walk
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run this file alone
    #[arg(long, requires = "target", value_name = "FILE")]
    input: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Timing {
    /// Measurements of each scheme
    #[arg(long, default_value_t = 1_000_000)]
    measurements: usize,
    /// Another seed, another order
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Fuzz(args) => fuzz(&args),
        Command::Timing(args) => time(&args),
    }
}

fn fuzz(args: &Fuzz) -> anyhow::Result<()> {
    let chosen: Vec<&Target> = match &args.target {
        Some(name) => vec![targets::named(name).with_context(|| format!("no target {name}; there are {}", names()))?],
        None => targets::ALL.iter().collect(),
    };
    if let (Some(path), [target]) = (&args.input, chosen.as_slice()) {
        let input = std::fs::read(path).with_context(|| path.display().to_string())?;
        let happened = drive::one(target, &input).map_err(|finding| anyhow!("{finding}"))?;
        eprintln!("{}: holds ({happened:016x})", target.name);
        return Ok(());
    }
    let unlimited = args.seconds.is_none() && args.executions.is_some();
    let seconds = if unlimited { Duration::MAX } else { Duration::from_secs(args.seconds.unwrap_or(10)) };
    let limits = Limits { executions: args.executions.unwrap_or(u64::MAX), time: seconds, seed: args.seed };
    let mut total = 0;
    for target in chosen {
        let walk = walk(target, limits)?;
        total += walk.executions;
        println!("{}", line(target, &walk, args.seed));
    }
    println!("{}", json!({ "executions": total, "findings": 0 }));
    Ok(())
}

fn names() -> String {
    targets::ALL.iter().map(|target| target.name).collect::<Vec<_>>().join(", ")
}

fn walk(target: &'static Target, limits: Limits) -> anyhow::Result<Walk> {
    let current = Arc::new(Mutex::default());
    watch(target.name, Arc::clone(&current));
    drive::run(target, limits, &current).map_err(|finding| match keep(&finding) {
        Ok(path) => anyhow!("{finding}\nkept as {}", path.display()),
        Err(cause) => anyhow!("{finding}\nnot kept: {cause}"),
    })
}

/// A finding becomes an input that every later run begins with.
fn keep(finding: &Finding) -> std::io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(finding.target);
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(hookwheel_core::ids::digest(&[&finding.input]));
    std::fs::write(&path, &finding.input)?;
    Ok(path)
}

/// Ends the process, with the input, when one input takes too long. Stops with the walk, whose input it looks at.
fn watch(target: &'static str, current: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut before = None;
        while Arc::strong_count(&current) > 1 {
            std::thread::sleep(PATIENCE);
            let now = current.lock().ok().map(|input| input.clone()).filter(|input| !input.is_empty());
            if now.is_some() && now == before && Arc::strong_count(&current) > 1 {
                eprintln!("{target}: over {PATIENCE:?} in one input, hex: {}", hex::encode(now.unwrap_or_default()));
                std::process::exit(1);
            }
            before = now;
        }
    });
}

fn line(target: &Target, walk: &Walk, seed: u64) -> serde_json::Value {
    json!({
        "target": target.name,
        "seed": seed,
        "executions": walk.executions,
        "per_second": (walk.executions as f64 / walk.elapsed.as_secs_f64().max(1e-9)).round(),
        "learned": walk.learned,
        "slowest_ms": walk.slowest.as_secs_f64() * 1e3,
    })
}

fn time(args: &Timing) -> anyhow::Result<()> {
    let mut leaking = Vec::new();
    for case in timing::cases() {
        let measured = timing::measure(&case, args.measurements, args.seed);
        let (apart, judged) = (case.apart.as_str(), case.apart.is_judged());
        let line = json!({
            "scheme": case.scheme,
            "apart": apart,
            "judged": judged,
            "measurements": args.measurements,
            "t": measured.t,
            "slower_ns": measured.slower_ns,
        });
        println!("{line}");
        if judged && measured.t.abs() >= timing::LEAK {
            leaking.push(format!("{} ({apart}): t = {:.2}", case.scheme, measured.t));
        }
    }
    anyhow::ensure!(
        leaking.is_empty(),
        "|t| is {} or more; measure again on a quiet machine: {leaking:?}",
        timing::LEAK
    );
    Ok(())
}
