//! What identifies a tool call: the same after any crash, different for a genuine second call.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::CallKey;
use crate::ids::{RunId, digest, hex};

/// 32 characters of base32 over run, call, tool and canonical arguments.
pub fn idempotency_key(run: &RunId, call: CallKey, tool: &str, arguments: &str) -> String {
    let call = call.to_string();
    digest(&[run.as_str().as_bytes(), call.as_bytes(), tool.as_bytes(), canonical(arguments).as_bytes()])
}

/// SHA-256 of the canonical arguments, 64 lower-case hex digits.
pub fn arguments_sha256(arguments: &str) -> String {
    hex(&Sha256::digest(canonical(arguments)))
}

/// Equal for two calls that ask the same tool for the same thing.
pub fn signature(tool: &str, arguments: &str) -> String {
    digest(&[tool.as_bytes(), canonical(arguments).as_bytes()])
}

/// JSON with sorted keys and no blanks; a text that is not JSON stays as it is.
pub fn canonical(arguments: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(arguments) else { return arguments.to_owned() };
    let mut text = String::with_capacity(arguments.len());
    write(&value, &mut text);
    text
}

/// Sorts by itself: whether `serde_json` keeps maps sorted depends on features that other crates may switch on.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (i, (name, field)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(field, out);
            }
            out.push('}');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_and_blanks_do_not_matter() {
        assert_eq!(canonical(r#"{ "b": [1, {"d":2,"c":1}], "a": "x" }"#), r#"{"a":"x","b":[1,{"c":1,"d":2}]}"#);
        assert_eq!(canonical("not json {"), "not json {");
    }

    #[test]
    fn another_turn_or_another_argument_is_another_key() {
        let run = RunId::parse(format!("run_{}", "a".repeat(32))).unwrap();
        let key = |turn, arguments: &str| idempotency_key(&run, CallKey { turn, index: 0 }, "notes", arguments);
        assert_eq!(key(1, r#"{"a":1,"b":2}"#), key(1, r#"{"b":2,"a":1}"#));
        assert_ne!(key(1, "{}"), key(2, "{}"));
        assert_ne!(key(1, "{}"), key(1, r#"{"a":1}"#));
        assert_eq!(key(1, "{}").len(), 32);
    }
}
