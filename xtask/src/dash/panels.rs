//! The table of panels. An expression uses `$__rate_interval` and the variables namespace, webhook, source and agent.

/// One dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// Stable id and file name.
    pub uid: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Rows of panels, top to bottom; each row's widths add up to 24.
    pub rows: Vec<Vec<Panel>>,
}

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Heading.
    pub title: &'static str,
    /// What it tells and what a bad value means.
    pub description: &'static str,
    /// Grafana's unit id.
    pub unit: &'static str,
    /// Grafana's panel type.
    pub kind: &'static str,
    /// Grid columns, of 24.
    pub width: u32,
    /// What it shows.
    pub queries: Vec<Query>,
}

/// One line of a panel.
#[derive(Debug, Clone)]
pub struct Query {
    /// PromQL.
    pub expr: String,
    /// How its series are called.
    pub legend: &'static str,
}

fn panel(title: &'static str, unit: &'static str, width: u32, description: &'static str) -> Panel {
    Panel { title, description, unit, kind: "timeseries", width, queries: Vec::new() }
}

impl Panel {
    fn stat(mut self) -> Self {
        self.kind = "stat";
        self
    }

    fn query(mut self, expr: impl Into<String>, legend: &'static str) -> Self {
        self.queries.push(Query { expr: expr.into(), legend });
        self
    }

    /// Median, 95th and 99th percentile of a histogram.
    fn quantiles(mut self, histogram: &str, filter: &str) -> Self {
        for (quantile, legend) in [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")] {
            self = self.query(
                format!("histogram_quantile({quantile}, sum by (le) (rate({histogram}_bucket{{{filter}}}[$__rate_interval])))"),
                legend,
            );
        }
        self
    }
}

const NS: &str = r#"namespace=~"$namespace""#;
const HOOK: &str = r#"namespace=~"$namespace", webhook=~"$webhook", source=~"$source""#;
const SOURCE: &str = r#"namespace=~"$namespace", source=~"$source""#;
const AGENT: &str = r#"namespace=~"$namespace", agent=~"$agent""#;

/// Webhooks in, agent work out, on one page.
pub fn overview() -> Dashboard {
    Dashboard {
        uid: "hookwheel-overview",
        title: "hookwheel: overview",
        rows: vec![at_a_glance(), deliveries(), intake(), runs(), models(), behind()],
    }
}

fn at_a_glance() -> Vec<Panel> {
    vec![
        panel("Accepted", "reqps", 6, "Deliveries acknowledged per second: each is on disk.").stat().query(
            format!(r#"sum(rate(hookwheel_ingress_requests_total{{{SOURCE}, code="202"}}[$__rate_interval]))"#),
            "accepted",
        ),
        panel("Refused by our fault", "percentunit", 6, "Share of requests answered 5xx. The objective is under 0.1 %.")
            .stat()
            .query(
                format!(
                    r#"(sum(rate(hookwheel_ingress_requests_total{{{SOURCE}, code=~"5.."}}[$__rate_interval])) or vector(0)) / sum(rate(hookwheel_ingress_requests_total{{{SOURCE}}}[$__rate_interval]))"#
                ),
                "5xx",
            ),
        panel("Waiting for a worker", "short", 6, "Wakes not yet handed out or not yet done. Growing for long: add agent-runners.")
            .stat()
            .query(format!("max(webhooks_worker_queue_depth{{{NS}}})"), "depth"),
        panel("Runs in progress", "short", 6, "Runs being driven right now, over all agent-runners.")
            .stat()
            .query(format!("sum(hookwheel_agent_runs_active{{{AGENT}}})"), "active"),
    ]
}

fn deliveries() -> Vec<Panel> {
    vec![
        panel("Deliveries by outcome", "reqps", 12, "Deliveries reaching a terminal state, by state.").query(
            format!("sum by (status) (rate(webhooks_deliveries_total{{{HOOK}}}[$__rate_interval]))"),
            "{{status}}",
        ),
        panel("Requests by source and answer", "reqps", 12, "Every request at a webhook, by source and HTTP status.")
            .query(
                format!("sum by (source, code) (rate(hookwheel_ingress_requests_total{{{SOURCE}}}[$__rate_interval]))"),
                "{{source}} {{code}}",
            ),
    ]
}

fn intake() -> Vec<Panel> {
    vec![
        panel(
            "Rejections",
            "reqps",
            8,
            "Requests refused, by webhook and reason. A sudden signature_invalid: the sender's secret changed.",
        )
        .query(
            format!("sum by (webhook, reason) (rate(webhooks_deliveries_rejected_total{{{HOOK}}}[$__rate_interval]))"),
            "{{webhook}} {{reason}}",
        ),
        panel(
            "Time to acknowledge",
            "s",
            8,
            "From the request's head to its answer, the fsync included. The objective is 99 % under 250 ms.",
        )
        .quantiles("hookwheel_ingress_ack_duration_seconds", SOURCE),
        panel("Filtered", "reqps", 8, "Deliveries that a filter stopped or that no route wanted.").query(
            format!(
                "sum by (webhook, event_type) (rate(webhooks_deliveries_filtered_total{{{HOOK}}}[$__rate_interval]))"
            ),
            "{{webhook}} {{event_type}}",
        ),
    ]
}

fn runs() -> Vec<Panel> {
    vec![
        panel("Runs by outcome", "ops", 8, "Runs ended, by agent and outcome.").query(
            format!("sum by (agent, status) (rate(hookwheel_agent_runs_total{{{AGENT}}}[$__rate_interval]))"),
            "{{agent}} {{status}}",
        ),
        panel("Run duration", "s", 8, "From a run's start to its end.")
            .quantiles("webhooks_processing_duration_seconds", r#"namespace=~"$namespace", webhook=~"$webhook""#),
        panel("Tool calls", "ops", 8, "Tool calls by tool and outcome.").query(
            format!("sum by (tool, outcome) (rate(hookwheel_tool_calls_total{{{NS}}}[$__rate_interval]))"),
            "{{tool}} {{outcome}}",
        ),
    ]
}

fn models() -> Vec<Panel> {
    vec![
        panel("Tokens", "short", 12, "Tokens per second, by model and direction.").query(
            format!("sum by (model, direction) (rate(hookwheel_llm_tokens_total{{{NS}}}[$__rate_interval]))"),
            "{{model}} {{direction}}",
        ),
        panel("Model calls", "ops", 12, "Model calls by provider and outcome.").query(
            format!("sum by (provider, model, outcome) (rate(hookwheel_llm_requests_total{{{NS}}}[$__rate_interval]))"),
            "{{provider}} {{model}} {{outcome}}",
        ),
    ]
}

fn behind() -> Vec<Panel> {
    vec![
        panel(
            "Queue depth",
            "short",
            8,
            "Records each consumer has not been handed yet. All replicas report the same.",
        )
        .query(format!("max by (consumer) (hookwheel_consumer_pending{{{NS}}})"), "{{consumer}}"),
        panel(
            "Freshness of tables",
            "s",
            8,
            "From receipt to the row that people see. The objective is 99 % under 5 s.",
        )
        .quantiles("hookwheel_projector_freshness_seconds", NS),
        panel("Appends to the log", "ops", 8, "Appends by stream and outcome; `error` and `timeout` are tried again.")
            .query(
                format!("sum by (stream, outcome) (rate(hookwheel_publish_total{{{NS}}}[$__rate_interval]))"),
                "{{stream}} {{outcome}}",
            ),
    ]
}
