//! A small world for one run: a journal, tools that count, workers that crash, freeze and thaw.

use std::time::Duration;

use hookwheel_core::agent::{Agent, EffectClass, Limits, OnUncertain};
use hookwheel_core::ids::{AgentName, DeliveryId, RunId, SessionId, SnapshotHash, WebhookId};
use hookwheel_core::journal::*;
use hookwheel_core::time::Timestamp;

const LEASE: Duration = Duration::from_secs(45);

/// What one turn of the model will be.
#[derive(Debug, Clone)]
pub enum Said {
    Calls(Vec<(&'static str, ToolStatus)>),
    Fails(ModelFailure),
    Words,
}

/// One execution of a tool, as the tool's own ledger has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    pub entries_then: usize,
    pub call: CallKey,
    pub attempt: u32,
    pub key: String,
    pub tool: String,
}

#[derive(Debug, Clone)]
pub struct World {
    pub now: Timestamp,
    pub journal: Vec<Entry>,
    pub ledger: Vec<Execution>,
    pub script: Vec<Said>,
    pub agent: Agent,
}

/// A worker between two of its atomic doings.
#[derive(Debug, Clone)]
pub struct Worker {
    state: Option<RunState>,
    doing: Doing,
}

#[derive(Debug, Clone)]
enum Doing {
    Claiming,
    Deciding,
    Asking { turn: u32, attempt: u32 },
    Intending { left: Vec<ToolCallStarted>, begun: Vec<ToolCallStarted> },
    Calling { left: Vec<ToolCallStarted>, done: Vec<(ToolCallStarted, bool)> },
    Recording(Vec<(ToolCallStarted, bool)>),
    Gone,
}

pub struct Table;

impl ToolTable for Table {
    fn effect(&self, tool: &str) -> Option<EffectClass> {
        match tool {
            "read" => Some(EffectClass::Read),
            "keyed" => Some(EffectClass::Idempotent),
            "effect" => Some(EffectClass::Effect),
            _ => None,
        }
    }

    fn check(&self, _: &str, arguments: &str) -> Result<(), String> {
        if arguments.contains("bad") { Err("bad arguments".into()) } else { Ok(()) }
    }
}

impl World {
    pub fn new(script: Vec<Said>, on_uncertain: OnUncertain) -> Self {
        let agent = Agent {
            name: AgentName::parse("a").unwrap(),
            description: String::new(),
            instructions: String::new(),
            model: "m".into(),
            tools: ["read", "keyed", "effect"].map(String::from).to_vec(),
            limits: Limits { max_turns: 6, max_tool_calls: 12, max_calls_per_turn: 4, ..Limits::default() },
            on_uncertain,
        };
        let mut world = Self { now: Timestamp::from_secs(1_000_000), journal: vec![], ledger: vec![], script, agent };
        let started = Started {
            session: SessionId::parse(format!("ses_{}", "a".repeat(32))).unwrap(),
            delivery: DeliveryId::from_uuid_bytes([1; 16]),
            webhook: WebhookId::parse("wh_aaaaaaaaaaaaaaaa").unwrap(),
            route: "r".into(),
            agent: world.agent.name.clone(),
            snapshot: SnapshotHash::of(b""),
            message: "an issue".into(),
        };
        world.push(0, What::Started(started));
        world
    }

    pub fn fold(&self) -> RunState {
        fold_all(&self.journal).expect("the journal is sound").expect("the run has started")
    }

    fn push(&mut self, epoch: u32, what: What) {
        let n = u32::try_from(self.journal.len()).unwrap() + 1;
        let run = RunId::parse(format!("run_{}", "a".repeat(32))).unwrap();
        self.journal.push(Entry { run, n, epoch, at: self.now, traceparent: None, what });
    }

    /// What the script says at a turn; past its end the model is done.
    fn said(&self, turn: u32) -> Said {
        self.script.get(turn as usize - 1).cloned().unwrap_or(Said::Words)
    }

    /// Drives the run to its end with a sound worker, as after the last fault.
    pub fn settle(&mut self) {
        for _ in 0..400 {
            if self.fold().finished.is_some() {
                return;
            }
            let mut worker = Worker::new();
            while worker.step(self) {}
            self.now = self.now.plus(Duration::from_secs(60));
        }
        panic!("the run does not end: {:#?}", self.journal);
    }
}

impl Worker {
    pub fn new() -> Self {
        Self { state: None, doing: Doing::Claiming }
    }

    /// One atomic doing. False when the worker has nothing to do any more.
    pub fn step(&mut self, world: &mut World) -> bool {
        self.doing = match std::mem::replace(&mut self.doing, Doing::Gone) {
            Doing::Claiming => self.claim(world),
            Doing::Deciding => self.decide(world),
            Doing::Asking { turn, attempt } => self.ask(world, turn, attempt),
            Doing::Intending { left, begun } => self.intend(world, left, begun),
            Doing::Calling { left, done } => call(world, left, done),
            Doing::Recording(done) => self.record(world, done),
            Doing::Gone => Doing::Gone,
        };
        !matches!(self.doing, Doing::Gone)
    }

    fn claim(&mut self, world: &mut World) -> Doing {
        let state = world.fold();
        if state.finished.is_some() || state.rests_until(world.now).is_some() {
            return Doing::Gone;
        }
        let epoch = state.epoch + 1;
        world.push(epoch, What::Claimed { worker: "w".into(), lease_until: world.now.plus(LEASE) });
        self.state = Some(world.fold());
        Doing::Deciding
    }

    fn decide(&mut self, world: &mut World) -> Doing {
        let state = self.state.as_ref().unwrap();
        match decide(state, &world.agent, &Table, world.now) {
            Decision::CallModel { turn, attempt, .. } => {
                let started = What::ModelCallStarted { turn, attempt, model: "m".into() };
                self.append_then(world, started, Doing::Asking { turn, attempt })
            }
            Decision::StartTools(left) => Doing::Intending { left, begun: vec![] },
            Decision::Deny { call, rule } => {
                self.append_then(world, What::ToolCallDenied { call, rule }, Doing::Deciding)
            }
            Decision::MarkUncertain(call) => self.append_then(world, What::ToolCallUncertain { call }, Doing::Deciding),
            Decision::Wait { until, reason } => {
                self.append_then(world, What::Suspended { reason, wake_at: until }, Doing::Gone)
            }
            Decision::Resume => self.append_then(world, What::Resumed, Doing::Deciding),
            Decision::Finish(end) => self.append_then(world, What::Finished(end), Doing::Gone),
            Decision::Ended => Doing::Gone,
        }
    }

    fn ask(&mut self, world: &mut World, turn: u32, attempt: u32) -> Doing {
        let answered = |calls| {
            let usage = Usage { input: 10, output: 3, cached: 1, estimated: false };
            let text = Some("words".into());
            What::ModelTurn(ModelTurn {
                turn,
                attempt,
                text,
                calls,
                usage,
                served_by: "m".into(),
                latency_ms: 1,
                opaque: Default::default(),
            })
        };
        let what = match world.said(turn) {
            Said::Fails(class) if attempt <= 2 => {
                let retry_at = Some(world.now.plus(Duration::from_secs(5)));
                What::ModelCallFailed { turn, attempt, class, detail: "no".into(), retry_at }
            }
            Said::Calls(calls) => answered(calls.iter().map(|(tool, status)| asked(tool, *status)).collect()),
            Said::Fails(_) | Said::Words => answered(vec![]),
        };
        self.append_then(world, what, Doing::Deciding)
    }

    fn intend(&mut self, world: &mut World, mut left: Vec<ToolCallStarted>, mut begun: Vec<ToolCallStarted>) -> Doing {
        if left.is_empty() {
            return Doing::Calling { left: begun, done: vec![] };
        }
        let intent = left.remove(0);
        begun.push(intent.clone());
        self.append_then(world, What::ToolCallStarted(intent), Doing::Intending { left, begun })
    }

    fn record(&mut self, world: &mut World, mut done: Vec<(ToolCallStarted, bool)>) -> Doing {
        if done.is_empty() {
            return Doing::Deciding;
        }
        let (intent, sent) = done.remove(0);
        let asked = &self.state.as_ref().unwrap().call(intent.call).unwrap().asked;
        let status = if sent { status_of(&asked.arguments) } else { ToolStatus::Timeout };
        let end = ToolCallFinished {
            call: intent.call,
            attempt: intent.attempt,
            status,
            result: "result".into(),
            latency_ms: 1,
        };
        self.append_then(world, What::ToolCallFinished(end), Doing::Recording(done))
    }

    /// The log takes the entry only from the one who wrote the last.
    fn append_then(&mut self, world: &mut World, what: What, then: Doing) -> Doing {
        let state = self.state.take().unwrap();
        if world.journal.len() != state.n as usize {
            return Doing::Gone;
        }
        world.push(state.epoch, what);
        self.state = Some(fold(Some(state), world.journal.last().unwrap()).expect("a sound writer"));
        then
    }
}

/// A worker that wakes after its call's deadline does not send it any more.
fn call(world: &mut World, mut left: Vec<ToolCallStarted>, mut done: Vec<(ToolCallStarted, bool)>) -> Doing {
    if left.is_empty() {
        return Doing::Recording(done);
    }
    let intent = left.remove(0);
    let in_time = world.now < intent.deadline;
    if in_time {
        world.ledger.push(Execution {
            entries_then: world.journal.len(),
            call: intent.call,
            attempt: intent.attempt,
            key: intent.idempotency_key.clone(),
            tool: intent.tool.clone(),
        });
    }
    done.push((intent, in_time));
    Doing::Calling { left, done }
}

fn asked(tool: &str, status: ToolStatus) -> ToolCall {
    let arguments = format!(r#"{{"ends":"{status:?}"}}"#);
    ToolCall { provider_id: "call#0".into(), tool: tool.into(), arguments }
}

fn status_of(arguments: &str) -> ToolStatus {
    match arguments {
        a if a.contains("ToolError") => ToolStatus::ToolError,
        a if a.contains("Timeout") => ToolStatus::Timeout,
        _ => ToolStatus::Ok,
    }
}

pub fn fold_all(entries: &[Entry]) -> Result<Option<RunState>, BrokenJournal> {
    entries.iter().try_fold(None, |state, entry| fold(state, entry).map(Some))
}
