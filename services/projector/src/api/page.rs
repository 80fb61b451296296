//! The page at `/`: the latest deliveries and runs, with links to their JSON. No script; everything from outside is
//! escaped twice, for terminals and for HTML.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use hookwheel_runtime::telemetry::escaped;
use hookwheel_store::{DeliveryFilter, DeliveryRow, PageRequest, RunFilter, RunRow};

use super::Sources;
use super::failure::Failure;

const SHOWN: u32 = 25;
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("style.css");

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

pub(super) async fn landing(State(sources): State<Sources>) -> Result<impl IntoResponse, Failure> {
    let page = PageRequest { limit: SHOWN, cursor: None };
    let deliveries = sources.store.deliveries(&DeliveryFilter::default(), &page).await?;
    let runs = sources.store.runs(&RunFilter::default(), &page).await?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((headers, html(&deliveries.items, &runs.items)))
}

fn html(deliveries: &[DeliveryRow], runs: &[RunRow]) -> String {
    let mut page = String::from(HEAD);
    section(&mut page, "Deliveries", "deliveries", &["id", "received", "source", "event", "entity", "state", "runs"]);
    for row in deliveries {
        let event = row.event_type.as_deref().unwrap_or("-");
        let entity = row.entity.as_deref().unwrap_or("-");
        let cells = [&row.received_at.to_string(), &row.source, event, entity, &row.state, &row.runs.to_string()];
        table_row(&mut page, "deliveries", &row.id, &cells);
    }
    page.push_str("</tbody></table>");
    section(&mut page, "Runs", "runs", &["id", "received", "agent", "model", "state", "turns", "tool calls"]);
    for row in runs {
        let model = row.model.as_deref().unwrap_or("-");
        let (turns, calls) = (row.turns.to_string(), row.tool_calls.to_string());
        table_row(
            &mut page,
            "runs",
            &row.id,
            &[&row.received_at.to_string(), &row.agent, model, &row.state, &turns, &calls],
        );
    }
    page.push_str("</tbody></table></main></body></html>\n");
    page
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>hookwheel</title>\
    <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/style.css\"></head>\
    <body><header><h1>hookwheel</h1><p>The latest deliveries and runs. JSON: <a href=\"/api/v1/deliveries\">deliveries</a>, \
    <a href=\"/api/v1/runs\">runs</a>, <a href=\"/api/v1/webhooks\">webhooks</a>, \
    <a href=\"/api/v1/notices\">notices</a>.</p></header><main>";

fn section(page: &mut String, title: &str, path: &str, columns: &[&str]) {
    let _ = write!(page, "<h2 id=\"{path}\">{title}</h2><table><thead><tr>");
    for column in columns {
        let _ = write!(page, "<th scope=\"col\">{column}</th>");
    }
    page.push_str("</tr></thead><tbody>");
}

fn table_row(page: &mut String, path: &str, id: &str, cells: &[&str]) {
    let id = safe(id);
    let _ = write!(page, "<tr><td><a href=\"/api/v1/{path}/{id}\">{id}</a></td>");
    for cell in cells {
        let _ = write!(page, "<td>{}</td>", safe(cell));
    }
    page.push_str("</tr>");
}

fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_from_outside_becomes_markup() {
        let shown = super::safe("<img src=x onerror='a'>\"&\u{202e}\x1b[1m");
        assert_eq!(shown, "&lt;img src=x onerror=&#39;a&#39;&gt;&quot;&amp;\\u{202e}\\u{1b}[1m");
    }
}
