//! Classic dashboard JSON out of the table of panels.

use serde_json::{Value, json};

use super::{Dashboard, Panel};

const HEIGHT: u32 = 8;

/// The file's text.
pub fn json(dashboard: &Dashboard) -> String {
    let text = serde_json::to_string_pretty(&value(dashboard)).unwrap_or_default();
    text + "\n"
}

/// The dashboard as Grafana imports it.
pub fn value(dashboard: &Dashboard) -> Value {
    json!({
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["hookwheel"],
        "schemaVersion": 39,
        "version": 1,
        "editable": false,
        "refresh": "30s",
        "time": { "from": "now-3h", "to": "now" },
        "timezone": "browser",
        "templating": { "list": variables() },
        "panels": panels(dashboard),
    })
}

fn variables() -> Vec<Value> {
    let mut list = vec![json!({
        "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
    })];
    list.extend(
        [
            ("namespace", "hookwheel_build_info"),
            ("source", "hookwheel_ingress_requests_total"),
            ("webhook", "webhooks_deliveries_total"),
            ("agent", "hookwheel_agent_runs_total"),
        ]
        .map(|(name, metric)| {
            json!({
                "name": name, "label": name, "type": "query", "query": format!("label_values({metric}, {name})"),
                "datasource": { "type": "prometheus", "uid": "${datasource}" },
                "includeAll": true, "multi": true, "allValue": ".*", "refresh": 2, "sort": 1,
                "current": { "text": "All", "value": "$__all" },
            })
        }),
    );
    list
}

fn panels(dashboard: &Dashboard) -> Vec<Value> {
    let mut placed = Vec::new();
    for (row, panels) in (0..).zip(&dashboard.rows) {
        let mut x = 0;
        for panel in panels {
            placed.push(panel_value(panel, placed.len() + 1, x, row * HEIGHT));
            x += panel.width;
        }
    }
    placed
}

fn panel_value(panel: &Panel, id: usize, x: u32, y: u32) -> Value {
    let targets: Vec<Value> = ('A'..)
        .zip(&panel.queries)
        .map(|(letter, query)| {
            json!({
                "refId": letter.to_string(), "expr": query.expr, "legendFormat": query.legend,
                "datasource": { "type": "prometheus", "uid": "${datasource}" },
            })
        })
        .collect();
    json!({
        "id": id,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": { "type": "prometheus", "uid": "${datasource}" },
        "gridPos": { "x": x, "y": y, "w": panel.width, "h": HEIGHT },
        "fieldConfig": { "defaults": { "unit": panel.unit }, "overrides": [] },
        "targets": targets,
    })
}
