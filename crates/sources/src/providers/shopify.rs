//! Shopify: `X-Shopify-Topic` says what happened, `X-Shopify-Webhook-Id` which delivery it is.
//!
//! The headers are not signed: where a body names its own kind, the topic has to fit it.

use std::borrow::Cow;

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{lines, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// A topic's first part, the kind that its bodies call themselves, and what they are about.
const TOPICS: &[(&str, Option<&str>, &[&str])] = &[
    ("collections", Some("Collection"), &["collection:{id}"]),
    ("customers", Some("Customer"), &["customer:{customer.id}", "customer:{id}"]),
    ("draft_orders", Some("DraftOrder"), &["draft_order:{id}"]),
    ("fulfillments", Some("Fulfillment"), &["order:{order_id}"]),
    ("order_transactions", Some("OrderTransaction"), &["order:{order_id}"]),
    ("orders", Some("Order"), &["order:{order_edit.order_id}", "order:{id}"]),
    ("products", Some("Product"), &["product:{id}"]),
    ("refunds", Some("Refund"), &["order:{order_id}"]),
];

pub(crate) static SHOPIFY: Profile = Profile {
    name: "shopify",
    auth: || Auth::scheme("shopify"),
    ids: &[Id::Header("x-shopify-webhook-id")],
    event_type: |d| event_type(&[d.header("x-shopify-topic")]),
    entity: |d| topic(d).and_then(|(_, places)| d.entity(places)),
    identity: &["id", "order_id", "customer.id", "order_edit.order_id", "admin_graphql_api_id"],
    fits,
    facts: &[
        short("name", &["name", "title"]),
        short("id", &["id"]),
        short("order", &["order_id", "order_edit.order_id"]),
        short("status", &["status"]),
        short("total", &["total_price", "current_total_price", "amount"]),
        short("currency", &["currency"]),
        short("payment", &["financial_status"]),
        short("fulfillment", &["fulfillment_status"]),
        short("cancelled", &["cancelled_at"]),
        short("cancel reason", &["cancel_reason"]),
        short("customer", &["customer.email", "email", "customer.id"]),
        short("vendor", &["vendor"]),
        short("tags", &["tags"]),
        short("test", &["test"]),
        short("shop", &["myshopify_domain", "shop_domain"]),
        lines("line items", &["line_items"], line_item),
        lines("variants", &["variants"], variant),
        text("note", &["note"]),
        text("description", &["body_html"]),
    ],
    event_types: &[
        "app/uninstalled",
        "carts/create",
        "carts/update",
        "checkouts/create",
        "checkouts/update",
        "collections/create",
        "collections/delete",
        "collections/update",
        "customers/create",
        "customers/data_request",
        "customers/delete",
        "customers/redact",
        "customers/update",
        "draft_orders/create",
        "draft_orders/update",
        "fulfillments/create",
        "fulfillments/update",
        "inventory_levels/update",
        "order_transactions/create",
        "orders/cancelled",
        "orders/create",
        "orders/delete",
        "orders/edited",
        "orders/fulfilled",
        "orders/paid",
        "orders/partially_fulfilled",
        "orders/updated",
        "products/create",
        "products/delete",
        "products/update",
        "refunds/create",
        "shop/redact",
        "shop/update",
    ],
    credentials: &["x-shopify-hmac-sha256"],
    sample: order,
    ..Profile::BLANK
};

/// What bodies of the delivery's topic call themselves and are about.
fn topic(d: &Delivery<'_>) -> Option<(Option<&'static str>, &'static [&'static str])> {
    let (first, _) = d.header("x-shopify-topic")?.split_once('/')?;
    TOPICS.iter().find(|(topic, ..)| *topic == first).map(|(_, kind, places)| (*kind, *places))
}

/// `gid://shopify/Order/7` under a topic of products is a replay under another name.
fn fits(d: &Delivery<'_>) -> bool {
    let Some((Some(kind), _)) = topic(d) else { return true };
    let Some(id) = d.scalar("admin_graphql_api_id") else { return true };
    id.strip_prefix("gid://shopify/").and_then(|id| id.split('/').next()).is_none_or(|named| named == kind)
}

/// `2 × Hat (H-1) at 99.00`
fn line_item(item: Json<'_>) -> Cow<'_, str> {
    let at = |name| item.get(name).and_then(Json::scalar).unwrap_or_default();
    format!("{} × {} ({}) at {}", at("quantity"), at("title"), at("sku"), at("price")).into()
}

/// `Large at 19.00, 3 in stock`
fn variant(variant: Json<'_>) -> Cow<'_, str> {
    let at = |name| variant.get(name).and_then(Json::scalar).unwrap_or_default();
    format!("{} at {}, {} in stock", at("title"), at("price"), at("inventory_quantity")).trim_start().to_owned().into()
}

fn order(seed: u64) -> Sample {
    let id = 5_800_000_000_000 + seed % 1_000_000_000;
    let body = json!({
        "id": id, "admin_graphql_api_id": format!("gid://shopify/Order/{id}"), "name": format!("#{}", seed % 10_000 + 1),
        "email": "rivers@example.com", "created_at": "2026-11-02T09:30:00Z", "updated_at": "2026-11-02T09:30:00Z",
        "currency": "EUR", "total_price": "58.00", "financial_status": "paid", "fulfillment_status": null,
        "customer": { "id": 7_700_000_000_042_u64, "email": "rivers@example.com", "first_name": "Rivers" },
        "line_items": [{ "id": 1, "title": "Rain jacket", "quantity": 1, "price": "58.00", "sku": "RJ-M" }],
        "note": "Please deliver to the neighbour if nobody opens.", "tags": "", "test": true,
    });
    let delivery = format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff);
    let headers = [
        ("x-shopify-topic", "orders/create"),
        ("x-shopify-shop-domain", "acme-sample.myshopify.example.com"),
        ("x-shopify-webhook-id", delivery.as_str()),
        ("x-shopify-triggered-at", "2026-11-02T09:30:00Z"),
    ];
    sample(&headers, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, fact, fixture, key};

    fn about(topic: &str, body: &str) -> Option<String> {
        entity(&describe(&SHOPIFY, &[("x-shopify-topic", topic)], body.as_bytes())).map(str::to_owned)
    }

    #[test]
    fn what_belongs_to_an_order_is_about_the_order() {
        for (topic, body) in [
            ("orders/delete", r#"{"id":7}"#),
            ("orders/edited", r#"{"order_edit":{"id":1,"order_id":7}}"#),
            ("refunds/create", r#"{"id":1,"order_id":7}"#),
            ("fulfillments/update", r#"{"id":1,"order_id":7}"#),
        ] {
            assert_eq!(about(topic, body).as_deref(), Some("shopify:order:7"), "{topic}");
        }
        assert_eq!(
            about("customers/redact", r#"{"shop_id":1,"customer":{"id":9}}"#).as_deref(),
            Some("shopify:customer:9")
        );
        assert_eq!(about("shop/update", r#"{"id":7}"#), None);
        assert_eq!(about("orders", r#"{"id":7}"#), None);
    }

    #[test]
    fn the_topic_has_to_fit_the_body() {
        let order = br#"{"id":7,"admin_graphql_api_id":"gid://shopify/Order/7"}"#;
        let under = |topic| key(&SHOPIFY, &[("x-shopify-topic", topic), ("x-shopify-webhook-id", "w")], order);
        assert_eq!(under("orders/paid").unwrap(), "w");
        assert_eq!(under("products/delete"), Err(BadBody::EventMismatch));
        assert!(under("something/new").is_ok());
        assert_eq!(key(&SHOPIFY, &[], br#"{"id":1,"id":2}"#), Err(BadBody::DuplicateKey));
    }

    #[test]
    fn an_order_reads_like_an_order() {
        let body = fixture("shopify/synth_orders_updated_101_h10.json");
        let event = describe(&SHOPIFY, &[("x-shopify-topic", "orders/updated")], &body);
        assert_eq!(fact(&event, "line items"), Some("2 × Hat (H-1) at 99.00"));
        assert_eq!((fact(&event, "total"), fact(&event, "currency")), (Some("199.65"), Some("CAD")));
    }
}
