//! What can be known about a dashboard without running anything.

use anyhow::{bail, ensure};
use hookwheel_runtime::metrics::{Kind, Metric, TABLE};
use promql_parser::label::Labels;
use promql_parser::parser::{Expr, LabelModifier, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use super::{Dashboard, Panel, Query};

const COLUMNS: u32 = 24;
/// Labels that Prometheus or the scrape configuration adds.
const SCRAPE_LABELS: &[&str] = &["namespace", "instance", "job", "le", "__name__"];

/// Every mistake, in words.
pub fn mistakes(dashboard: &Dashboard) -> Vec<String> {
    let mut found = Vec::new();
    for (number, row) in dashboard.rows.iter().enumerate() {
        let width: u32 = row.iter().map(|panel| panel.width).sum();
        if width != COLUMNS {
            found.push(format!("row {number} is {width} columns wide and not {COLUMNS}"));
        }
    }
    for panel in dashboard.rows.iter().flatten() {
        found.extend(panel_mistakes(panel).into_iter().map(|what| format!("panel {:?}: {what}", panel.title)));
    }
    found
}

fn panel_mistakes(panel: &Panel) -> Vec<String> {
    let mut found = Vec::new();
    if panel.description.is_empty() || panel.unit.is_empty() || panel.queries.is_empty() {
        found.push("needs a description, a unit and a query".into());
    }
    for query in &panel.queries {
        match promql_parser::parser::parse(&substituted(&query.expr, "1m")) {
            Ok(expr) => found.extend(expr_mistakes(&expr)),
            Err(why) => found.push(format!("{:?} does not parse: {why}", query.expr)),
        }
    }
    found
}

/// An expression with Grafana's macros and variables replaced, as Grafana does for "All".
pub fn substituted(expr: &str, rate_interval: &str) -> String {
    let mut text = expr.replace("$__rate_interval", rate_interval);
    for variable in ["namespace", "webhook", "source", "agent"] {
        text = text.replace(&format!("${variable}"), ".*");
    }
    text
}

#[derive(Default)]
struct Names {
    found: Vec<String>,
    metrics: Vec<&'static Metric>,
    grouped: Vec<String>,
}

fn expr_mistakes(expr: &Expr) -> Vec<String> {
    let mut names = Names::default();
    let _ = walk_expr(&mut names, expr);
    for label in &names.grouped {
        let known = SCRAPE_LABELS.contains(&label.as_str())
            || names.metrics.iter().any(|metric| metric.labels.iter().any(|l| l.name == label));
        if !known {
            names.found.push(format!("no metric of the expression has the label {label}"));
        }
    }
    names.found
}

impl ExprVisitor for Names {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Self::Error> {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(aggregate) => {
                if let Some(LabelModifier::Include(Labels { labels })) = &aggregate.modifier {
                    self.grouped.extend(labels.iter().cloned());
                }
            }
            _ => {}
        }
        Ok(true)
    }
}

impl Names {
    fn selector(&mut self, selector: &VectorSelector) {
        let name = selector.name.clone().unwrap_or_default();
        let Some(metric) = metric(&name) else {
            self.found.push(format!("there is no metric {name}"));
            return;
        };
        self.metrics.push(metric);
        for matcher in &selector.matchers.matchers {
            let label = matcher.name.as_str();
            if !SCRAPE_LABELS.contains(&label) && !metric.labels.iter().any(|l| l.name == label) {
                self.found.push(format!("{name} has no label {label}"));
            }
        }
    }
}

/// The table's row behind a series name; a histogram has three series.
fn metric(series: &str) -> Option<&'static Metric> {
    TABLE.iter().find(|metric| match metric.kind {
        Kind::Histogram(_) => {
            ["_bucket", "_sum", "_count"].iter().any(|suffix| series.strip_suffix(suffix) == Some(metric.name))
        }
        _ => metric.name == series,
    })
}

/// What it is, and how it is done to a sound panel.
type Plant = (&'static str, fn(&mut Panel));

/// The gate would notice: each of these broken copies must be refused.
pub fn planted_mistakes_are_found(sound: &Dashboard) -> anyhow::Result<()> {
    let plants: [Plant; 5] = [
        ("a metric that does not exist", |panel| panel.queries = query("rate(webhooks_delivered_total[1m])")),
        ("a label that the metric does not have", |panel| {
            panel.queries = query(r#"rate(webhooks_deliveries_total{repository="x"}[1m])"#);
        }),
        ("a grouping by an unknown label", |panel| {
            panel.queries = query("sum by (repo) (rate(webhooks_deliveries_total[1m]))")
        }),
        ("an expression that does not parse", |panel| panel.queries = query("sum(rate(")),
        ("a panel without a description", |panel| panel.description = ""),
    ];
    ensure!(mistakes(sound).is_empty(), "the sound dashboard has mistakes");
    for (what, plant) in plants {
        let mut broken = sound.clone();
        let Some(panel) = broken.rows.iter_mut().flatten().next() else { bail!("there is no panel") };
        plant(panel);
        ensure!(!mistakes(&broken).is_empty(), "the check did not notice {what}");
    }
    Ok(())
}

fn query(expr: &str) -> Vec<Query> {
    vec![Query { expr: expr.into(), legend: "" }]
}
