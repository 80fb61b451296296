//! Whatever a sender signed becomes a delivery of its profile.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::probe::key;

#[test]
fn whatever_its_sender_signed_is_a_delivery() {
    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vectors");
    let mut admitted = 0;
    let mut refused = Vec::new();
    // These two ask more: the body has the shape of the event that an unsigned header names.
    for profile in crate::all().iter().filter(|p| !["bitbucket", "github"].contains(&p.name())) {
        let Ok(file) = std::fs::read(vectors.join(format!("{}.json", profile.name()))) else { continue };
        let file: Value = serde_json::from_slice(&file).unwrap();
        for case in file["cases"].as_array().unwrap().iter().filter(|case| case["verdict"] == "accept") {
            let sent = case["request"]["headers"].as_array().unwrap().iter();
            let sent: Vec<_> = sent.map(|h| (h[0].as_str().unwrap().to_lowercase(), h[1].as_str().unwrap())).collect();
            let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            let body = BASE64.decode(case["request"]["body_b64"].as_str().unwrap()).unwrap();
            match key(*profile, &sent, &body) {
                Ok(_) => admitted += 1,
                Err(bad) => refused.push(format!("{}: {bad:?}", case["id"])),
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(admitted > 40, "{admitted}");
}
