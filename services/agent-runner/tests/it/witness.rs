//! A tool that counts its executions, of any class, and can die between effect and result.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hookwheel_agent::{Tool, ToolContext, ToolResult};
use hookwheel_core::agent::EffectClass;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// One execution: run, call, idempotency key.
pub type Execution = (String, String, String);

#[derive(Clone)]
pub struct Witness {
    pub effect: EffectClass,
    executed: Arc<Mutex<Vec<Execution>>>,
    /// The first execution never returns.
    hang: bool,
    pub happened: Arc<Notify>,
}

impl Witness {
    pub fn new(effect: EffectClass) -> Self {
        Self { effect, executed: Arc::default(), hang: false, happened: Arc::default() }
    }

    pub fn dying_once(effect: EffectClass) -> Self {
        Self { hang: true, ..Self::new(effect) }
    }

    pub fn executed(&self) -> Vec<Execution> {
        self.executed.lock().unwrap().clone()
    }
}

#[async_trait]
impl Tool for Witness {
    fn name(&self) -> &str {
        "witness"
    }

    fn description(&self) -> &str {
        "counts"
    }

    fn schema(&self) -> Value {
        json!({"type": "object"})
    }

    fn effect(&self) -> EffectClass {
        self.effect
    }

    fn check(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    async fn call(&self, context: &ToolContext, _: &str) -> ToolResult {
        let execution = (context.run.to_string(), context.call.to_string(), context.idempotency_key.clone());
        let count = {
            let mut executed = self.executed.lock().unwrap();
            executed.push(execution);
            executed.len()
        };
        self.happened.notify_one();
        if self.hang && count == 1 {
            std::future::pending::<()>().await;
        }
        Ok(format!("execution {count}"))
    }
}
