//! The table as a page for operators: `docs/operating/metrics.md`.

use std::fmt::Write as _;

use super::{Kind, Label, Metric, TABLE, Values};

/// The whole page. A test compares it with the file in the tree.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for (title, belongs) in SECTIONS {
        let _ = write!(page, "\n## {title}\n\n| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n");
        for metric in TABLE.iter().filter(|metric| belongs(metric)) {
            row(&mut page, metric);
        }
    }
    page.push_str("\n## Buckets\n\n");
    for metric in TABLE {
        if let Kind::Histogram(bounds) = metric.kind {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            let _ = writeln!(page, "- `{}`: {}", metric.name, bounds.join(" "));
        }
    }
    page
}

const HEAD: &str = "# Metrics

Every service answers `/metrics` on its admin port (9464) in the Prometheus text format. This page is written from the
table in `crates/runtime/src/metrics/table.rs`; a test fails when the two differ.

Durations are seconds, sizes are bytes, counters end in `_total`. Labels hold only names from the configuration or from a
closed list; whatever else comes is `other` or `unknown`. Beside these each process reports the usual `process_*` metrics.
";

type Section = (&'static str, fn(&Metric) -> bool);

const SECTIONS: [Section; 2] = [
    ("The public seven", |metric| metric.name.starts_with("webhooks_")),
    ("Inside hookwheel", |metric| !metric.name.starts_with("webhooks_")),
];

fn row(page: &mut String, metric: &Metric) {
    let labels: Vec<String> = metric.labels.iter().map(label).collect();
    let labels = if labels.is_empty() { "-".to_owned() } else { labels.join(", ") };
    let _ = writeln!(
        page,
        "| `{}` | {} | {labels} | {} From {}. |",
        metric.name,
        metric.kind.as_str(),
        metric.help.trim(),
        metric.by.join(", "),
    );
}

fn label(label: &Label) -> String {
    match label.values {
        Values::Open => format!("`{}`", label.name),
        Values::Closed(values) => format!("`{}` ({})", label.name, values.join(", ")),
    }
}
