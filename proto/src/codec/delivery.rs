//! DeliveryReceived.

use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Proof};
use hookwheel_log::BlobHash;

use super::{Fault, digest, id, time};
use crate::wire;
use crate::wire::delivery_received::Body as WireBody;

pub fn write(delivery: &DeliveryReceived) -> wire::DeliveryReceived {
    wire::DeliveryReceived {
        delivery: delivery.delivery.to_string(),
        webhook: delivery.webhook.to_string(),
        source: delivery.source.clone(),
        key: delivery.key.text.clone(),
        key_hash: delivery.key.hash.clone(),
        received_at_micros: delivery.received_at.micros(),
        method: delivery.method.clone(),
        headers: delivery.headers.iter().map(write_header).collect(),
        proof: Some(write_proof(&delivery.proof)),
        snapshot: delivery.snapshot.to_string(),
        peer: delivery.peer.clone(),
        body: Some(write_body(&delivery.body)),
    }
}

pub fn read(wire: wire::DeliveryReceived, traceparent: Option<String>) -> Result<DeliveryReceived, Fault> {
    Ok(DeliveryReceived {
        delivery: id("delivery", wire.delivery)?,
        webhook: id("webhook", wire.webhook)?,
        source: wire.source,
        key: DeliveryKey { text: wire.key, hash: digest("key_hash", wire.key_hash)? },
        received_at: time(wire.received_at_micros),
        method: wire.method,
        headers: wire.headers.into_iter().map(|h| (h.name, h.value)).collect(),
        body: read_body(wire.body.ok_or(Fault::Missing("body"))?)?,
        proof: read_proof(wire.proof.ok_or(Fault::Missing("proof"))?),
        snapshot: id("snapshot", wire.snapshot)?,
        peer: wire.peer,
        traceparent,
    })
}

fn write_header((name, value): &(String, Vec<u8>)) -> wire::Header {
    wire::Header { name: name.clone(), value: value.clone() }
}

fn write_body(body: &Body) -> WireBody {
    match body {
        Body::Inline(bytes) => WireBody::Inline(bytes.clone()),
        Body::Blob { sha256, size } => WireBody::Blob(wire::BlobRef { sha256: sha256.clone(), size: *size }),
    }
}

fn read_body(wire: WireBody) -> Result<Body, Fault> {
    match wire {
        WireBody::Inline(bytes) => Ok(Body::Inline(bytes)),
        WireBody::Blob(blob) if BlobHash::parse(&blob.sha256).is_ok() => {
            Ok(Body::Blob { sha256: blob.sha256, size: blob.size })
        }
        WireBody::Blob(_) => Err(Fault::Unsound { field: "body", kind: "a blob hash" }),
    }
}

fn write_proof(proof: &Proof) -> wire::Proof {
    wire::Proof {
        scheme: proof.scheme.clone(),
        secret: proof.secret,
        signed_at_micros: proof.signed_at.map(|at| at.micros()),
    }
}

fn read_proof(wire: wire::Proof) -> Proof {
    Proof { scheme: wire.scheme, secret: wire.secret, signed_at: wire.signed_at_micros.map(time) }
}
