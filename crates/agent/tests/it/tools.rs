//! The built-in tools through a toolbox, and the scripted model.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_agent::scripted::LABEL;
use hookwheel_agent::tools::{Notes, PayloadError, PayloadSource, WebhookPayload};
use hookwheel_agent::{Answered, MAX_RESULT, Message, Models, Tool, ToolContext, ToolResult, Toolbox};
use hookwheel_core::agent::{EffectClass, Model, Provider};
use hookwheel_core::ids::{DeliveryId, RunId, WebhookId};
use hookwheel_core::journal::{CallKey, ToolTable as _};
use hookwheel_core::time::Timestamp;
use serde_json::{Value, json};

use crate::server::request;

#[tokio::test]
async fn a_note_is_one_paragraph_with_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = Toolbox::default().with(Notes::new(folder.path().join("deep/notes.md")));
    for text in ["first", "second\u{1b}[31m"] {
        let said = toolbox.call("notes", &context(), &json!({"text": text}).to_string()).await;
        assert_eq!(said.as_deref(), Ok("noted"));
    }
    let notes = std::fs::read_to_string(folder.path().join("deep/notes.md")).unwrap();
    let heading = format!("## 1970-01-01T00:00:01.000000Z run_{} t2.0", "a".repeat(32));
    assert_eq!(notes, format!("{heading}\n\nfirst\n\n{heading}\n\nsecond[31m\n\n"));
}

#[test]
fn arguments_are_checked_before_anything_happens() {
    let toolbox = Toolbox::default().with(Notes::new("unused")).with(WebhookPayload::new(Arc::new(Body("{}".into()))));
    let refused = |tool, arguments: &str| toolbox.check(tool, arguments).unwrap_err();
    assert!(refused("notes", r#"{"txt":"a"}"#).contains("unknown field `txt`"));
    assert!(refused("notes", r#"{"text":""}"#).contains("empty"));
    assert!(refused("notes", "[").contains("do not fit"));
    assert!(refused("webhook_get_full_payload", r#"{"max_bytes":40000}"#).contains("4 to 32768"));
    assert!(refused("rm", "{}").contains("no such tool"));
    assert_eq!(toolbox.check("webhook_get_full_payload", ""), Ok(()));
    assert_eq!(toolbox.effect("notes"), Some(EffectClass::Effect));
    assert_eq!(toolbox.effect("webhook_get_full_payload"), Some(EffectClass::Read));
}

#[tokio::test]
async fn a_payload_is_read_page_by_page() {
    let body = "x".repeat(20_000);
    let toolbox = Toolbox::default().with(WebhookPayload::new(Arc::new(Body(body))));
    let page = async |arguments: Value| {
        toolbox.call("webhook_get_full_payload", &context(), &arguments.to_string()).await.unwrap()
    };
    assert!(page(json!({})).await.starts_with("[bytes 0 to 16384 of 20000; next page: offset 16384]\nxxx"));
    assert!(
        page(json!({"offset": 16384})).await.starts_with("[bytes 16384 to 20000 of 20000; this is the last page]\n")
    );
}

#[tokio::test]
async fn a_long_result_is_cut_and_says_so() {
    struct Talker;
    #[async_trait]
    impl Tool for Talker {
        fn name(&self) -> &str {
            "talker"
        }
        fn description(&self) -> &str {
            "talks"
        }
        fn schema(&self) -> Value {
            json!({})
        }
        fn effect(&self) -> EffectClass {
            EffectClass::Read
        }
        fn check(&self, _: &str) -> Result<(), String> {
            Ok(())
        }
        async fn call(&self, _: &ToolContext, _: &str) -> ToolResult {
            Ok("€".repeat(MAX_RESULT))
        }
    }
    let said = Toolbox::default().with(Talker).call("talker", &context(), "{}").await.unwrap();
    assert!(said.len() < MAX_RESULT + 100 && said.ends_with("[cut: 65535 of 196608 bytes shown]"));
}

#[tokio::test]
async fn the_scripted_model_notes_once_and_says_what_it_is() {
    let models = Models::new(Box::new(|_| Err("none".into())), true);
    let model = Model {
        provider: Provider::Scripted,
        model: "github-issue".into(),
        base_url: None,
        api_key: None,
        max_output_tokens: None,
    };
    let client = models.client(&model).unwrap();
    let first = client.complete(request(vec![Message::User("issue".into())])).await.unwrap();
    assert_eq!((first.calls.len(), first.calls[0].tool.as_str()), (1, "notes"));
    assert_eq!(first.served_by, "scripted/github-issue");
    assert!(first.text.unwrap().starts_with(LABEL) && first.calls[0].arguments.contains(LABEL));

    let answered = vec![Answered { call: first.calls[0].clone(), result: "noted".into() }];
    let told = Message::Assistant { text: None, calls: first.calls, opaque: Bytes::new() };
    let second = client.complete(request(vec![Message::User("issue".into()), told, Message::Results(answered)])).await;
    let second = second.unwrap();
    assert!(second.calls.is_empty() && second.text.unwrap().starts_with(LABEL));
}

struct Body(String);

#[async_trait]
impl PayloadSource for Body {
    async fn body(&self, _: &WebhookId, _: &str) -> Result<Bytes, PayloadError> {
        Ok(Bytes::from(self.0.clone()))
    }
}

fn context() -> ToolContext {
    ToolContext {
        run: RunId::parse(format!("run_{}", "a".repeat(32))).unwrap(),
        call: CallKey { turn: 2, index: 0 },
        idempotency_key: "key".into(),
        webhook: WebhookId::parse("wh_aaaaaaaaaaaaaaaa").unwrap(),
        delivery: DeliveryId::from_uuid_bytes([1; 16]),
        delivery_key_hash: "hash".into(),
        now: Timestamp::from_secs(1),
    }
}
