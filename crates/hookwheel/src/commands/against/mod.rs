//! `hookwheel check --against`: why would these deliveries start a run, or not? Nothing is sent and nothing starts.

mod explain;
mod read;
mod show;

use crate::api::ApiArgs;
use crate::config::Configuration;
use crate::exit::Failure;
use crate::output::Format;
use explain::Answer;

/// Which deliveries, and what their files do not say.
#[derive(Debug, clap::Args)]
pub struct AgainstArgs {
    /// Explain for these: ids of stored deliveries (dlv_...), files with a body, JSON lines as `deliveries --output
    /// jsonl` writes them or with `headers` and `body`, or an index of files
    #[arg(long, value_name = "DELIVERY|FILE", num_args = 1..)]
    against: Vec<String>,
    /// Only this webhook's filters; otherwise the delivery's own, or those of every webhook of its source
    #[arg(long, value_name = "SLUG", requires = "against")]
    webhook: Option<String>,
    /// Source profile of files that do not name it
    #[arg(long, requires = "against")]
    source: Option<String>,
    /// One header of the files that bring none, `Name: value`; may be repeated
    #[arg(long = "header", short = 'H', value_name = "HEADER", requires = "against")]
    header: Vec<String>,
    #[command(flatten)]
    api: ApiArgs,
}

impl AgainstArgs {
    /// Whether deliveries are to be explained at all.
    pub fn is_asked(&self) -> bool {
        !self.against.is_empty()
    }
}

/// Explains every delivery under this configuration. One that cannot be read does not keep the others from it.
pub async fn run(args: &AgainstArgs, configuration: &Configuration, format: Format) -> Result<(), Failure> {
    let samples = read::samples(args).await?;
    let answers: Vec<Answer> =
        samples.iter().flat_map(|sample| explain::answers(sample, args.webhook.as_deref(), configuration)).collect();
    show::answers(&answers, format);
    match answers.iter().filter(|answer| answer.fate.is_err()).count() {
        0 => Ok(()),
        count => Err(Failure::failed(format!("{count} of {} could not be explained", answers.len()))),
    }
}
