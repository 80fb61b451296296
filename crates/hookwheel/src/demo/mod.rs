//! `hookwheel demo`: one genuine delivery through the whole pipeline, shown as it happens, then read back.

mod report;
mod show;
mod stage;
mod summary;
mod watch;
mod workshop;

pub use report::Report;
pub use workshop::NEXT_STEPS;

use std::path::PathBuf;
use std::time::Duration;

use hookwheel_runtime::clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::{Api, ApiArgs};
use crate::commands::send::{Answer, Sample};
use crate::config::ConfigArgs;
use crate::exit::Failure;
use crate::http;
use crate::wheel::Wheel;
use show::Show;
use stage::Stage;
use watch::Watcher;
use workshop::Workshop;

/// The longest the demo waits for the next stage.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody has opened an issue.
const ISSUE: &[u8] = include_bytes!("issue.json");

/// How the demo is played.
#[derive(Debug, Clone, Default)]
pub struct Play {
    /// Keep everything here; without one a new directory is used and removed at the end.
    pub data_dir: Option<PathBuf>,
    /// Say nothing while it happens.
    pub quiet: bool,
}

/// A demo whose delivery has gone all the way; the services still run.
pub struct Played {
    /// What was recorded.
    pub report: Report,
    /// The running services.
    pub wheel: Wheel,
    workshop: Workshop,
}

impl Played {
    /// Keeps the services until `stop`, then drains them.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Failure> {
        let Self { wheel, workshop, .. } = self;
        let ended = wheel.run(stop).await;
        workshop.clear();
        ended
    }
}

/// Starts everything, sends one delivery twice, and reads back what was recorded.
pub async fn play(play: Play) -> Result<Played, Failure> {
    let workshop = Workshop::set_up(play.data_dir.as_deref())?;
    let configuration = ConfigArgs::alone(workshop.config()).load()?;
    let mut show = Show::new(play.quiet);
    show.note("starting the four services on an embedded log");
    let wheel = Wheel::start(&configuration).await?;
    let report = perform(&workshop, &wheel, &mut show).await?;
    show.end();
    Ok(Played { report, wheel, workshop })
}

async fn perform(workshop: &Workshop, wheel: &Wheel, show: &mut Show) -> Result<Report, Failure> {
    let mut watcher = Watcher::start(wheel.log()).await?;
    let endpoint = workshop.endpoint()?;
    let mut sample = Sample::unsigned(&endpoint, rand::random::<u32>().into());
    sample.becomes("issues", ISSUE);
    sample.sign(&endpoint, crate::commands::now());
    let url = http::url(&format!("http://{}/webhooks/{}", wheel.addresses().intake, endpoint.webhook.slug))?;
    let client = http::client(PATIENCE)?;

    let sent_at = clock::now_micros();
    let first = until_ready(&sample, &client, &url).await?;
    show.answered(&first);
    let sightings = watcher.until_finished(PATIENCE, |sighting| show.stage(sighting)).await?;

    let api = Api::new(&ApiArgs { api: format!("http://{}", wheel.addresses().api), api_key_file: None })?;
    let recorded = summary::wait_until_recorded(&api, &first, PATIENCE).await?;
    show.queryable();
    let queryable_at = clock::now_micros();

    let repeat = sample.post(&client, &url).await?;
    show.repeated(&repeat);
    Ok(Report::new(workshop, wheel, (first, repeat), recorded, &sightings, (sent_at, queryable_at)))
}

/// Posts as soon as the intake has read its configuration, which it does beside listening.
async fn until_ready(sample: &Sample, client: &reqwest::Client, url: &reqwest::Url) -> Result<Answer, Failure> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let answer = sample.post(client, url).await?;
        match answer.status {
            202 => return Ok(answer),
            404 | 503 if Instant::now() < give_up => tokio::time::sleep(Duration::from_millis(10)).await,
            status => return Err(Failure::failed(format!("the intake answered {status}: {}", answer.body))),
        }
    }
}

/// The stage a demo is at when nothing follows.
fn stuck_at(stage: Option<Stage>) -> Failure {
    let what = stage.map_or("before it was received".to_owned(), |stage| format!("after `{}`", stage.title()));
    Failure::failed(format!("the delivery went no further {what} for {PATIENCE:?}"))
        .remedy("run it again with HOOKWHEEL_LOG=debug, which says what each service does")
}
