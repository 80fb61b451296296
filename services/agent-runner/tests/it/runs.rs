//! Runs without faults.

use hookwheel_core::agent::{EffectClass, Model, Provider};
use hookwheel_core::journal::{RunOutcome, What};

use crate::kit::{Stand, kinds, production};
use crate::witness::Witness;

const NOTE: &str = "rules: [{turn: 1, calls: [{tool: notes, arguments: {text: seen}}]}, {text: done}]";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_a_run_with_one_note() {
    let stand = Stand::new(NOTE, &["notes"]).await;
    let request = stand.request_and_wake("s", 1).await;
    let service = stand.serve().await;
    let end = stand.end(&request.run).await;
    assert_eq!((end.outcome, end.totals.turns, end.totals.tool_calls), (RunOutcome::Completed, 2, 1));
    assert!(end.text.contains("SCRIPTED MODEL") && end.text.ends_with("done"));
    assert_eq!(
        kinds(&stand.journal(&request.run).await),
        ["started", "claimed", "asks", "turn", "calls", "called", "asks", "turn", "finished"]
    );
    assert_eq!(std::fs::read_to_string(stand.notes()).unwrap().matches("seen").count(), 1);
    service.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payload_is_read_and_a_forbidden_tool_is_denied() {
    let script = "rules: [{turn: 1, calls: [{tool: webhook_get_full_payload}, {tool: webhook_get_full_payload, \
                  arguments: {max_bytes: 1}}]}, {text: done}]";
    let stand = Stand::new(script, &["webhook_get_full_payload"]).await;
    let request = stand.request("s", 1).await;
    stand.delivery(&request, 1, r#"{"action":"opened"}"#).await;
    stand.wake(&request).await;
    let _service = stand.serve().await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    let journal = stand.journal(&request.run).await;
    let result = journal.iter().find_map(|(_, entry)| match &entry.what {
        What::ToolCallFinished(end) => Some(end.result.clone()),
        _ => None,
    });
    assert_eq!(result.unwrap(), "[bytes 0 to 19 of 19; this is the last page]\n{\"action\":\"opened\"}");
    assert!(kinds(&journal).contains(&"denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_a_turn_run_side_by_side() {
    let script = "rules: [{turn: 1, calls: [{tool: witness, arguments: {a: 1}}, {tool: witness, arguments: {a: 2}}]}, {text: done}]";
    let stand = Stand::new(script, &["witness"]).await;
    let request = stand.request_and_wake("s", 1).await;
    let witness = Witness::new(EffectClass::Read);
    let _service = stand.serve_with(witness.clone()).await;
    stand.end(&request.run).await;
    let journal = kinds(&stand.journal(&request.run).await);
    assert_eq!(journal[4..8], ["calls", "calls", "called", "called"]);
    assert_eq!(witness.executed().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn canned_answers_are_refused_in_production() {
    let mut stand = Stand::new(NOTE, &["notes"]).await;
    stand.options = production(stand.options.clone());
    let request = stand.request_and_wake("s", 1).await;
    let _service = stand.serve().await;
    let end = stand.end(&request.run).await;
    assert_eq!(end.outcome, RunOutcome::Failed);
    assert!(end.error.unwrap().contains("refused in the production profile; name a real model"));
    assert!(!stand.notes().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_set_up_fails_the_run_with_a_remedy() {
    let mut stand = Stand::new(NOTE, &["notes"]).await;
    *stand.model() = Model {
        provider: Provider::Openai,
        model: "gpt".into(),
        base_url: None,
        api_key: None,
        max_output_tokens: None,
    };
    stand.configure().await;
    let request = stand.request_and_wake("s", 1).await;
    let _service = stand.serve().await;
    let end = stand.end(&request.run).await;
    assert_eq!(end.error.unwrap(), "model \"gpt\" of openai needs an API key: set `api_key`");
}
