//! `notes`: appends a paragraph to a file on this machine. Somebody reads it; so it happens at most once.

use std::path::PathBuf;

use async_trait::async_trait;
use hookwheel_core::agent::EffectClass;
use serde::Deserialize;
use serde_json::{Value, json};

use super::append_durably;
use crate::tool::{Tool, ToolContext, ToolResult, arguments};

pub(super) const NAME: &str = "notes";
/// Bytes of one note.
const MAX_NOTE: usize = 8 * 1024;

/// Appends to one file.
pub struct Notes {
    file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    text: String,
}

impl Notes {
    /// Notes go to this file, which is made with the first one.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }
}

#[async_trait]
impl Tool for Notes {
    fn name(&self) -> &str {
        NAME
    }

    fn description(&self) -> &str {
        "Writes a note for the people who run this system: appends one paragraph of plain text to their notes file."
    }

    fn schema(&self) -> Value {
        json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "The note, at most 8 KiB of plain text." } },
            "required": ["text"],
            "additionalProperties": false
        })
    }

    fn effect(&self) -> EffectClass {
        EffectClass::Effect
    }

    fn check(&self, text: &str) -> Result<(), String> {
        let note = arguments::<Arguments>(text)?.text;
        match note.len() {
            0 => Err("text is empty".into()),
            long if long > MAX_NOTE => Err(format!("text has {long} bytes, at most {MAX_NOTE} fit")),
            _ => Ok(()),
        }
    }

    async fn call(&self, context: &ToolContext, text: &str) -> ToolResult {
        self.check(text)?;
        let note = clean(&arguments::<Arguments>(text)?.text);
        let paragraph = format!("## {} {} {}\n\n{note}\n\n", context.now, context.run, context.call);
        let file = self.file.clone();
        let written = tokio::task::spawn_blocking(move || append_durably(&file, paragraph.as_bytes())).await;
        match written {
            Ok(Ok(())) => Ok("noted".into()),
            Ok(Err(cause)) => Err(format!("the note could not be written: {cause}")),
            Err(_) => Err("the note could not be written".into()),
        }
    }
}

/// Notes are read in terminals: no control characters but line ends.
fn clean(note: &str) -> String {
    note.trim().chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}
