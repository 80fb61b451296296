//! What a row of the table says.

use metrics::Unit;

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name as scraped.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Base unit; [`Unit::Count`] for plain numbers.
    pub unit: Unit,
    /// One sentence.
    pub help: &'static str,
    /// Its labels, in order.
    pub labels: &'static [Label],
    /// Which services emit it.
    pub by: &'static [&'static str],
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in these buckets (upper bounds, ascending).
    Histogram(&'static [f64]),
}

/// One label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What it may say.
    pub values: Values,
}

/// What a label may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// One of these, known when compiling. Every combination is registered at 0 when a service starts.
    Closed(&'static [&'static str]),
    /// A name from the configuration (a webhook's slug, an agent, a model); never what a sender wrote, unless it went
    /// through [`Bounded`](super::label::Bounded).
    Open,
}

impl Kind {
    /// The name in the text format and in docs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

impl Metric {
    /// Whether this service emits it. `hookwheel`, the process that holds all services, emits everything.
    pub fn is_emitted_by(&self, service: &str) -> bool {
        service == super::HOOKWHEEL || self.by.contains(&service)
    }

    /// Every combination of values when all labels are closed; one empty combination when there is no label.
    pub fn closed_combinations(&self) -> Vec<Vec<(&'static str, &'static str)>> {
        self.labels.iter().fold(vec![vec![]], |so_far, label| {
            let Values::Closed(values) = label.values else { return vec![] };
            let extended = |known: &Vec<_>, value| [known.as_slice(), &[(label.name, value)]].concat();
            so_far.iter().flat_map(|known| values.iter().map(move |value| extended(known, *value))).collect()
        })
    }
}
