//! Notice.

use hookwheel_core::delivery::Notice;

use super::value::Value;
use super::{Fault, id, opt_id, time};
use crate::wire;

pub fn write(notice: &Notice) -> wire::Notice {
    wire::Notice {
        webhook: notice.webhook.to_string(),
        kind: notice.kind.number(),
        delivery: notice.delivery.as_ref().map(ToString::to_string),
        reason: notice.reason.clone(),
        at_micros: notice.at.micros(),
        peer: notice.peer.clone(),
        rule: notice.rule.clone(),
        headers: notice.headers.clone(),
        more: notice.more,
    }
}

pub fn read(wire: wire::Notice) -> Result<Notice, Fault> {
    Ok(Notice {
        webhook: id("webhook", wire.webhook)?,
        kind: Value::read("kind", wire.kind)?,
        delivery: opt_id("delivery", wire.delivery)?,
        reason: wire.reason,
        at: time(wire.at_micros),
        peer: wire.peer,
        rule: wire.rule,
        headers: wire.headers,
        more: wire.more,
    })
}
