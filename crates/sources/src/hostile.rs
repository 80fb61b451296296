//! Bodies nobody meant for a profile: each is taken or refused, and each makes at least one event. Nothing panics.

use serde_json::{Value, json};

use crate::tests::webhook;
use crate::{Headers, Request, all};

#[test]
fn a_profile_takes_or_refuses_another_ones_body_and_always_makes_an_event_of_it() {
    let samples: Vec<Vec<u8>> = all().iter().map(|profile| profile.sample(1).1).collect();
    let odd =
        ["null", "7", "[]", "[7]", "[[]]", "\"x\"", "{}", "[{}]", "\u{feff}{}"].map(|text| text.as_bytes().to_vec());
    for profile in all() {
        let (name, members) = (profile.name(), odd_members(&profile.sample(1).1));
        for body in samples.iter().chain(&odd).chain(&members) {
            let request = Request { method: "POST", url: "", headers: &Headers::default(), body };
            let _ = profile.admit(&webhook(name), &request);
            assert!(!profile.events(&webhook(name), &request).is_empty(), "{name}");
        }
    }
}

/// A body with each of its values replaced by each kind of value.
fn odd_members(body: &[u8]) -> Vec<Vec<u8>> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut pointers = vec![String::new()];
    let mut bodies = Vec::new();
    while let Some(pointer) = pointers.pop() {
        match body.pointer(&pointer).unwrap() {
            Value::Object(object) => pointers.extend(object.keys().map(|key| format!("{pointer}/{}", token(key)))),
            Value::Array(array) => pointers.extend((0..array.len()).map(|at| format!("{pointer}/{at}"))),
            _ => {}
        }
        for odd in [json!(null), json!(7), json!("\u{0}é"), json!([7]), json!({})] {
            let mut changed = body.clone();
            *changed.pointer_mut(&pointer).unwrap() = odd;
            bodies.push(serde_json::to_vec(&changed).unwrap());
        }
    }
    bodies
}

/// A member's name as a token of a JSON pointer.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
