//! Medians, ratios and bars.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum as _;
use hookwheel_testkit::load::Report;
use serde_json::{Value, json};

use super::contender::Contender;

/// Least ratios (of the first contender's rate to the second's), and what they are for.
const BARS: [(Contender, Contender, f64); 3] = [
    (Contender::Jetstream, Contender::Publish, 3.0),
    (Contender::Jetstream, Contender::Axum, 0.22),
    (Contender::Embedded, Contender::Axum, 0.22),
];
/// Longest 99th percentile of the two that matter.
const P99_BAR: Duration = Duration::from_millis(50);

/// One contender in one round.
pub struct Turn {
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
    server_us: f64,
    broker_us: f64,
}

/// All contenders, one after another.
#[derive(Default)]
pub struct Round(BTreeMap<&'static str, Turn>);

/// All rounds.
pub struct Summary(pub Vec<Round>);

impl Turn {
    #[expect(clippy::cast_precision_loss, reason = "an average")]
    pub fn new(report: &Report, server: Duration, broker: Duration) -> Self {
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / report.ok().max(1) as f64;
        Self {
            rate: report.rate(),
            p50: report.quantile(0.5),
            p99: report.quantile(0.99),
            server_us: each(server),
            broker_us: each(broker),
        }
    }
}

impl Round {
    pub fn add(&mut self, contender: Contender, turn: Turn) {
        self.0.insert(contender.name(), turn);
    }
}

impl Summary {
    /// Whether every bar was reached.
    pub fn passes(&self) -> bool {
        BARS.iter().all(|(one, other, least)| self.ratio(*one, *other) >= *least)
            && [Contender::Jetstream, Contender::Embedded].iter().all(|c| self.p99(*c) < P99_BAR.as_secs_f64())
    }

    pub fn json(&self, run: &Value) -> Value {
        let contenders: serde_json::Map<String, Value> =
            self.contenders().map(|c| (c.name().to_owned(), self.contender(c))).collect();
        let ratios: serde_json::Map<String, Value> = BARS
            .iter()
            .filter(|(one, other, _)| self.contenders().filter(|c| c == one || c == other).count() == 2)
            .map(|(one, other, least)| {
                let value = json!({ "ratio": rounded(self.ratio(*one, *other), 3), "bar": least });
                (format!("{}/{}", one.name(), other.name()), value)
            })
            .collect();
        let ratios_known = ratios.len() == BARS.len();
        json!({
            "run": run, "contenders": contenders, "ratios": ratios,
            "p99_bar_ms": P99_BAR.as_millis(), "passes": ratios_known.then(|| self.passes()),
        })
    }

    /// Those who took part.
    fn contenders(&self) -> impl Iterator<Item = Contender> {
        let took_part = |c: &Contender| self.0.iter().all(|round| round.0.contains_key(c.name()));
        Contender::value_variants().iter().copied().filter(took_part)
    }

    fn contender(&self, contender: Contender) -> Value {
        let of = |what: fn(&Turn) -> f64| self.median(|round| what(&round.0[contender.name()]));
        json!({
            "requests_per_s": rounded(of(|t| t.rate), 0),
            "p50_ms": rounded(of(|t| t.p50.as_secs_f64()) * 1e3, 2),
            "p99_ms": rounded(of(|t| t.p99.as_secs_f64()) * 1e3, 2),
            "server_cpu_us_per_request": rounded(of(|t| t.server_us), 1),
            "broker_cpu_us_per_request": rounded(of(|t| t.broker_us), 1),
        })
    }

    fn ratio(&self, one: Contender, other: Contender) -> f64 {
        self.median(|round| round.0[one.name()].rate / round.0[other.name()].rate)
    }

    fn p99(&self, contender: Contender) -> f64 {
        self.median(|round| round.0[contender.name()].p99.as_secs_f64())
    }

    fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        let mut values: Vec<f64> = self.0.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
