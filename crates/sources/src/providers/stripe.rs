//! Stripe: the body's `id` is the delivery, its `type` the event; snapshot events bring the object, thin ones name it.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{raw, short, text};
use crate::profile::{Id, Profile, Sample, sample};
use crate::summary::TEXT;

pub(crate) static STRIPE: Profile = Profile {
    name: "stripe",
    auth: || Auth::scheme("stripe_webhook_signature"),
    ids: &[Id::Body("id")],
    event_type: |d| event_type(&[d.scalar("type").as_deref()]),
    entity,
    identity: &["type", "data.object.object", "data.object.id", "related_object.id"],
    facts: &[
        short("live mode", &["livemode"]),
        short("account", &["account", "context"]),
        short("object", &["data.object.object", "related_object.type"]),
        short("id", &["data.object.id", "related_object.id"]),
        short("status", &["data.object.status"]),
        short("payment status", &["data.object.payment_status"]),
        short("amount in minor units", &["data.object.amount", "data.object.amount_total", "data.object.amount_due"]),
        short("amount paid", &["data.object.amount_paid"]),
        short("amount refunded", &["data.object.amount_refunded"]),
        short("currency", &["data.object.currency"]),
        short("customer", &["data.object.customer", "data.object.customer.id"]),
        short(
            "customer email",
            &["data.object.customer_email", "data.object.customer_details.email", "data.object.email"],
        ),
        short("payment intent", &["data.object.payment_intent", "data.object.payment_intent.id"]),
        short("charge", &["data.object.charge", "data.object.charge.id"]),
        short(
            "reason",
            &["data.object.reason", "data.object.cancellation_details.reason", "data.object.billing_reason"],
        ),
        short("evidence due by", &["data.object.evidence_details.due_by"]),
        short("attempts", &["data.object.attempt_count"]),
        short("cancels at period end", &["data.object.cancel_at_period_end"]),
        short("failure code", &["data.object.failure_code", "data.object.last_payment_error.code"]),
        text("failure message", &["data.object.failure_message", "data.object.last_payment_error.message"]),
        text("description", &["data.object.description"]),
        raw("before", &["data.previous_attributes"], TEXT),
        raw("details", &["reason", "data.reason"], TEXT),
    ],
    event_types: &[
        "account.updated",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.failed",
        "charge.refunded",
        "charge.succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "customer.created",
        "customer.deleted",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "customer.subscription.updated",
        "customer.updated",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "invoice.payment_succeeded",
        "invoice.upcoming",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "payout.failed",
        "payout.paid",
        "price.created",
        "price.updated",
        "product.created",
        "product.updated",
        "refund.created",
        "refund.failed",
        "refund.updated",
        "setup_intent.setup_failed",
        "setup_intent.succeeded",
    ],
    credentials: &["stripe-signature"],
    sample: payment_failed,
    ..Profile::BLANK
};

/// The thing that people follow. A charge, a refund or a payout alone is none.
fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    match d.first(&["data.object.object", "related_object.type"])?.as_ref() {
        "subscription" => d.entity(&["subscription:{data.object.id}", "subscription:{related_object.id}"]),
        "invoice" => subscription(d),
        "payment_intent" => d.entity(&["payment_intent:{data.object.id}", "payment_intent:{related_object.id}"]),
        "dispute" => d.entity(&["dispute:{data.object.id}", "dispute:{related_object.id}"]),
        "checkout.session" => d.entity(&["checkout_session:{data.object.id}", "checkout_session:{related_object.id}"]),
        "customer" => d.entity(&["customer:{data.object.id}", "customer:{related_object.id}"]),
        _ => None,
    }
}

/// An invoice's subscription: an older API names it directly, a newer one says first what kind of parent it has.
fn subscription(d: &Delivery<'_>) -> Option<EntityKey> {
    let direct = d.entity(&["subscription:{data.object.subscription}", "subscription:{data.object.subscription.id}"]);
    direct.or_else(|| {
        (d.scalar("data.object.parent.type")? == "subscription_details").then_some(())?;
        d.entity(&[
            "subscription:{data.object.parent.subscription_details.subscription}",
            "subscription:{data.object.parent.subscription_details.subscription.id}",
        ])
    })
}

fn payment_failed(seed: u64) -> Sample {
    let body = json!({
        "id": format!("evt_1Sample{seed:016x}"), "object": "event", "api_version": "2026-09-30.clover",
        "created": 1_793_612_000, "type": "invoice.payment_failed", "livemode": false, "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null },
        "data": { "object": {
            "id": format!("in_1Sample{seed:012x}"), "object": "invoice", "customer": "cus_Sample0042",
            "customer_email": "billing@example.com", "status": "open", "attempt_count": 2, "currency": "eur",
            "amount_due": 4_900, "amount_paid": 0, "amount_remaining": 4_900, "billing_reason": "subscription_cycle",
            "description": "Team plan, November",
            "parent": { "type": "subscription_details", "subscription_details": { "subscription": "sub_Sample0042" } },
        } },
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, fact, key};

    #[test]
    fn a_thin_event_is_about_the_object_it_names() {
        let body = br#"{"id":"evt_test_1","object":"v2.core.event","type":"v1.customer.updated","livemode":false,
            "created":"2026-11-02T09:30:00.000Z","reason":{"type":"request","request":{"id":"req_1"}},
            "related_object":{"id":"cus_7","type":"customer","url":"/v1/customers/cus_7"}}"#;
        assert_eq!(key(&STRIPE, &[], body).unwrap(), "evt_test_1");
        let event = describe(&STRIPE, &[], body);
        assert_eq!(event.event_type.as_deref(), Some("v1.customer.updated"));
        assert_eq!(entity(&event), Some("stripe:customer:cus_7"));
        assert_eq!(fact(&event, "object"), Some("customer"));
        assert!(fact(&event, "details").unwrap().contains("req_1"));
    }

    #[test]
    fn an_invoice_is_about_its_subscription_whatever_the_api_version() {
        for (place, key) in [
            (r#""subscription":"sub_1""#, Some("stripe:subscription:sub_1")),
            (r#""subscription":{"id":"sub_1","object":"subscription"}"#, Some("stripe:subscription:sub_1")),
            (
                r#""parent":{"type":"subscription_details","subscription_details":{"subscription":"sub_1"}}"#,
                Some("stripe:subscription:sub_1"),
            ),
            (r#""parent":{"type":"quote_details","subscription_details":{"subscription":"sub_1"}}"#, None),
            (r#""subscription":null"#, None),
        ] {
            let body =
                format!(r#"{{"id":"e","type":"invoice.paid","data":{{"object":{{"object":"invoice",{place}}}}}}}"#);
            assert_eq!(entity(&describe(&STRIPE, &[], body.as_bytes())), key, "{place}");
        }
    }

    #[test]
    fn what_changed_is_in_the_summary() {
        let body = br#"{"id":"e","type":"customer.subscription.updated","data":{"object":{"object":"subscription",
            "id":"sub_1"},"previous_attributes":{"status":"trialing"}}}"#;
        assert_eq!(fact(&describe(&STRIPE, &[], body), "before"), Some(r#"{"status":"trialing"}"#));
    }

    #[test]
    fn two_ids_or_types_are_refused() {
        assert_eq!(key(&STRIPE, &[], br#"{"id":"a","id":"b","type":"t"}"#), Err(BadBody::DuplicateKey));
        assert_eq!(key(&STRIPE, &[], br#"{"id":"a","type":"t","type":"u"}"#), Err(BadBody::DuplicateKey));
        assert_eq!(key(&STRIPE, &[], b"[]"), Err(BadBody::UnexpectedShape));
    }
}
