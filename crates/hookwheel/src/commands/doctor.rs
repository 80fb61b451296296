//! `hookwheel doctor`: what is missing here, each with the line that fixes it.

use serde_json::json;

use crate::config::ConfigArgs;
use crate::doctor::{self, Finding, State};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, OutputArgs, Paint};

/// Looks for what is missing: configuration, secrets, directories, ports, broker, database
#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    servers: doctor::Servers,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. Anything missing exits with 1.
pub async fn run(command: Doctor) -> Result<(), Failure> {
    let findings = doctor::examine(&command.config, &command.servers).await;
    match command.output.format() {
        Format::Table => findings.iter().for_each(print),
        format => {
            let ok = !findings.iter().any(|finding| finding.state == State::Missing);
            output::print_json(format, &json!({ "ok": ok, "findings": findings }));
        }
    }
    let missing = findings.iter().filter(|finding| finding.state == State::Missing).count();
    match missing {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Failed, "1 thing is missing")),
        n => Err(Failure::new(Exit::Failed, format!("{n} things are missing"))),
    }
}

fn print(finding: &Finding) {
    let paint = Paint::stdout();
    let mark = match finding.state {
        State::Fine => paint.good("fine   "),
        State::Odd => paint.odd("look   "),
        State::Missing => paint.bad("missing"),
    };
    output::print(format!("{mark} {:<14} {}", finding.what, output::shown(&finding.detail)));
    if let Some(fix) = &finding.fix {
        output::print(format!("{:<22} {} {}", "", paint.bold("fix:"), output::shown(fix)));
    }
}
