//! A conversation of two turns with a tool call, in every wire format; between the turns the provider's own form goes
//! through bytes, as it does when a run is taken up again.

use bytes::Bytes;
use hookwheel_agent::{Answered, Message, ModelAnswer};
use hookwheel_core::agent::Provider;
use serde_json::Value;

use crate::server::{Asked, KEY, Reply, Server, request};

#[tokio::test]
async fn openai() {
    let [first, second] = converse(Provider::Openai, OPENAI, "/chat/completions").await;
    assert!(first.headers.contains(&format!("authorization: bearer {KEY}")));
    openai_turns(&first.body, &second.body);
}

#[tokio::test]
async fn openai_compatible() {
    let [first, second] = converse(Provider::OpenaiCompatible, OPENAI, "/chat/completions").await;
    openai_turns(&first.body, &second.body);
}

#[tokio::test]
async fn anthropic() {
    let replies = [include_str!("transcripts/anthropic-1.json"), include_str!("transcripts/anthropic-2.json")];
    let [first, second] = converse(Provider::Anthropic, replies, "/messages").await;
    assert!(first.headers.contains(&format!("x-api-key: {KEY}")));
    assert_eq!(first.body["max_tokens"], 500);
    let last = second.body.pointer("/messages/2/content/0").unwrap();
    assert_eq!((&last["type"], &last["tool_use_id"]), (&"tool_result".into(), &"toolu_a1".into()));
    let said = second.body.pointer("/messages/1/content").unwrap();
    assert_eq!((&said[0]["text"], &said[1]["id"]), (&"I will note it.".into(), &"toolu_a1".into()));
}

#[tokio::test]
async fn gemini() {
    let replies = [include_str!("transcripts/gemini-1.json"), include_str!("transcripts/gemini-2.json")];
    let [first, second] = converse(Provider::Gemini, replies, "/models/test-model:generateContent").await;
    assert!(first.headers.contains(&format!("x-goog-api-key: {KEY}")) && !first.path.contains(KEY));
    let contents = &second.body["contents"];
    assert!(contents[1].to_string().contains("c2ln"), "the thought signature goes back: {contents}");
    assert_eq!(contents[2]["parts"][0]["functionResponse"]["name"], "notes");
}

#[tokio::test]
async fn ollama() {
    let replies = [include_str!("transcripts/ollama-1.json"), include_str!("transcripts/ollama-2.json")];
    let [first, second] = converse(Provider::Ollama, replies, "/api/chat").await;
    assert_eq!((&first.body["stream"], &first.body["options"]["num_predict"]), (&false.into(), &500.into()));
    assert_eq!(second.body["messages"][3]["role"], "tool");
    assert_eq!(second.body["messages"][3]["content"], "noted");
}

#[tokio::test]
async fn without_the_providers_own_form_ours_will_do() {
    let server = Server::start(vec![Reply::Json(OPENAI[0].into()), Reply::Json(OPENAI[1].into())]).await;
    let first = server.ask(Provider::Openai, request(vec![issue()])).await.unwrap();
    let told = ModelAnswer { opaque: Bytes::from_static(b"from another version"), ..first };
    server.ask(Provider::Openai, request(follow_up(told))).await.unwrap();
    openai_turns(&server.asked()[0].body, &server.asked()[1].body);
}

const OPENAI: [&str; 2] = [include_str!("transcripts/openai-1.json"), include_str!("transcripts/openai-2.json")];

/// Both requests, after checking what is the same in all formats.
async fn converse(provider: Provider, replies: [&str; 2], path: &str) -> [Asked; 2] {
    let server = Server::start(replies.map(|reply| Reply::Json(reply.into())).to_vec()).await;
    let first = server.ask(provider, request(vec![issue()])).await.unwrap();
    assert_eq!(first.calls.len(), 1);
    assert_eq!((first.calls[0].tool.as_str(), first.calls[0].arguments.as_str()), ("notes", r#"{"text":"hello"}"#));
    assert_eq!((first.usage.input, first.usage.output, first.usage.cached), (91, 17, 64));
    assert!(!first.usage.estimated);

    let second = server.ask(provider, request(follow_up(first))).await.unwrap();
    assert_eq!((second.text.as_deref(), second.calls.len()), (Some("It is noted."), 0));
    assert_eq!(second.usage.estimated, provider == Provider::Ollama, "this transcript reports no tokens");
    assert!(second.usage.input > 0 && second.usage.output > 0);

    let asked: [Asked; 2] = server.asked().try_into().unwrap();
    for one in &asked {
        assert_eq!(one.path, path);
        assert!(one.body.to_string().contains("be brief") && one.body.to_string().contains("writes a note"));
    }
    assert!(asked[1].body.to_string().contains("noted"));
    asked
}

fn issue() -> Message {
    Message::User("an issue was opened".into())
}

fn follow_up(said: ModelAnswer) -> Vec<Message> {
    let answered = said.calls.iter().map(|call| Answered { call: call.clone(), result: "noted".into() }).collect();
    let opaque = Bytes::copy_from_slice(&said.opaque);
    vec![issue(), Message::Assistant { text: said.text, calls: said.calls, opaque }, Message::Results(answered)]
}

fn openai_turns(first: &Value, second: &Value) {
    assert_eq!(first["messages"][0]["role"], "system");
    assert_eq!(first["tools"][0]["function"]["name"], "notes");
    assert_eq!(second["messages"][2]["tool_calls"][0]["id"], "call_a1");
    assert_eq!(second["messages"][3]["role"], "tool");
    assert_eq!(second["messages"][3]["tool_call_id"], "call_a1");
}
