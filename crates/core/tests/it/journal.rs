//! Whatever crashes, freezes and comes back: effects happen at most once, and every run ends.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hookwheel_core::agent::OnUncertain;
use hookwheel_core::journal::*;
use proptest::prelude::*;

use crate::world::{Execution, Said, Table, Worker, World, fold_all};

/// What happens next in the world.
#[derive(Debug, Clone)]
enum Op {
    /// One of the living workers does one thing (frozen ones thaw this way).
    Step(usize),
    /// One dies, as by `kill -9`.
    Crash(usize),
    /// One more appears and claims the run.
    Appear,
    /// Time passes.
    Seconds(u64),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn effects_happen_once_and_every_run_ends(script in script(), ops in ops(), fail in any::<bool>()) {
        let mut world = World::new(script, if fail { OnUncertain::Fail } else { OnUncertain::TellModel });
        play(&mut world, &ops);
        world.settle();
        check(&world);
    }

    #[test]
    fn a_journal_cut_anywhere_is_taken_up_again(script in script(), ops in ops()) {
        let mut world = World::new(script, OnUncertain::TellModel);
        play(&mut world, &ops);
        world.settle();
        for cut in 1..=world.journal.len() {
            let mut again = world.clone();
            again.journal.truncate(cut);
            again.ledger.retain(|done| done.entries_then <= cut);
            again.settle();
            check(&again);
        }
    }

    #[test]
    fn deciding_twice_gives_the_same(script in script(), ops in ops()) {
        let mut world = World::new(script, OnUncertain::TellModel);
        play(&mut world, &ops);
        let state = world.fold();
        let once = decide(&state, &world.agent, &Table, world.now);
        prop_assert_eq!(once, decide(&world.fold(), &world.agent, &Table, world.now));
    }
}

#[test]
fn a_run_that_kills_every_worker_is_parked() {
    let mut world = World::new(vec![], OnUncertain::TellModel);
    for _ in 0..MAX_CLAIMS {
        let mut worker = Worker::new();
        worker.step(&mut world); // claims
        worker.step(&mut world); // says that it will call the model, and dies
        assert!(world.fold().finished.is_none());
    }
    let mut worker = Worker::new();
    while worker.step(&mut world) {}
    assert_eq!(world.fold().finished.unwrap().outcome, RunOutcome::NeedsOperator);
}

#[test]
fn an_endless_caller_is_nudged_then_cut_off() {
    let stubborn = || Said::Calls(vec![("effect", ToolStatus::ToolError)]);
    let mut world = World::new((0..20).map(|_| stubborn()).collect(), OnUncertain::TellModel);
    world.agent.limits.max_turns = 20;
    world.settle();
    let end = world.fold().finished.unwrap();
    assert_eq!(end.outcome, RunOutcome::Failed);
    assert_eq!(world.ledger.len(), 3, "three failures, then only refusals");
}

#[test]
fn time_asleep_is_not_active_time() {
    let mut world = World::new(vec![Said::Fails(ModelFailure::RateLimited)], OnUncertain::TellModel);
    world.settle();
    let end = world.fold().finished.unwrap();
    assert_eq!((end.outcome, end.totals.active_ms), (RunOutcome::Completed, 0));
}

#[test]
fn a_zombies_entry_breaks_the_journal() {
    let mut world = World::new(vec![], OnUncertain::TellModel);
    Worker::new().step(&mut world);
    Worker::new().step(&mut world);
    let mut stale = world.journal.last().unwrap().clone();
    stale.n += 1;
    stale.epoch = 1;
    stale.what = What::ModelCallStarted { turn: 1, attempt: 1, model: "m".into() };
    world.journal.push(stale);
    assert!(fold_all(&world.journal).is_err());
}

fn play(world: &mut World, ops: &[Op]) {
    let mut workers: Vec<Worker> = vec![];
    for op in ops {
        match op {
            Op::Appear => workers.push(Worker::new()),
            Op::Seconds(seconds) => world.now = world.now.plus(Duration::from_secs(*seconds)),
            Op::Step(i) if !workers.is_empty() => {
                let i = i % workers.len();
                if !workers[i].step(world) {
                    workers.remove(i);
                }
            }
            Op::Crash(i) if !workers.is_empty() => drop(workers.remove(i % workers.len())),
            Op::Step(_) | Op::Crash(_) => {}
        }
    }
}

/// The promises, told from the entries and the tools' own ledger, without the fold.
fn check(world: &World) {
    let mut executed: BTreeMap<CallKey, Vec<(&str, &str)>> = BTreeMap::new();
    for done in &world.ledger {
        executed.entry(done.call).or_default().push((&done.tool, &done.key));
    }
    for (call, times) in &executed {
        if times[0].0 == "effect" {
            assert_eq!(times.len(), 1, "effect {call} was executed {} times", times.len());
        }
        let keys: BTreeSet<_> = times.iter().map(|(_, key)| key).collect();
        assert_eq!(keys.len(), 1, "{call} was executed under several keys");
    }
    let (mut turns, mut calls, mut usage) = (0, BTreeSet::new(), (0, 0, 0));
    for entry in &world.journal {
        match &entry.what {
            What::ModelTurn(turn) => {
                turns += 1;
                assert_eq!(turn.turn, turns, "turns have no gaps");
                usage = (usage.0 + turn.usage.input, usage.1 + turn.usage.output, usage.2 + turn.usage.cached);
            }
            What::ToolCallStarted(intent) => drop(calls.insert(intent.call)),
            What::ToolCallFinished(end) if end.status != ToolStatus::Timeout => {
                assert!(executed.contains_key(&end.call), "{} has a result and was never executed", end.call);
            }
            What::Finished(end) => {
                assert_eq!(entry.n as usize, world.journal.len(), "nothing follows the end");
                let sums = (end.totals.usage.input, end.totals.usage.output, end.totals.usage.cached);
                assert_eq!((end.totals.turns, end.totals.tool_calls, sums), (turns, calls.len() as u32, usage));
            }
            _ => {}
        }
    }
    assert!(executed.keys().all(|call| calls.contains(call)), "every execution has an intent");
    world.ledger.iter().for_each(|done| was_not_given_up(done, &world.journal));
}

/// When a tool is executed, nobody has yet acted as if it would not be any more.
fn was_not_given_up(done: &Execution, journal: &[Entry]) {
    let given_up = |what: &What| match what {
        What::ToolCallUncertain { call } => *call == done.call,
        What::ToolCallStarted(intent) => intent.call == done.call && intent.attempt > done.attempt,
        What::ToolCallFinished(end) => end.call == done.call,
        What::Finished(_) => true,
        _ => false,
    };
    let before = &journal[..done.entries_then];
    assert!(!before.iter().any(|entry| given_up(&entry.what)), "{} was given up and then executed", done.call);
}

#[test]
fn a_cancelled_run_goes_on_from_its_rest_and_ends() {
    let mut world = World::new(vec![Said::Fails(ModelFailure::RateLimited)], OnUncertain::TellModel);
    let mut worker = Worker::new();
    while worker.step(&mut world) {}
    assert!(world.fold().rests_until(world.now).is_some());
    let last = world.journal.last().unwrap().clone();
    let at = last.at.plus(Duration::from_secs(3));
    world.journal.push(Entry { n: last.n + 1, at, what: What::CancelRequested { by: "someone".into() }, ..last });
    assert!(world.fold().rests_until(world.now).is_none());
    world.settle();
    let end = world.fold().finished.unwrap();
    assert_eq!((end.outcome, end.totals.active_ms), (RunOutcome::Cancelled, 0));
}

fn script() -> impl Strategy<Value = Vec<Said>> {
    let status =
        prop_oneof![3 => Just(ToolStatus::Ok), 1 => Just(ToolStatus::ToolError), 1 => Just(ToolStatus::Timeout)];
    let tool = prop_oneof![2 => Just("read"), 2 => Just("keyed"), 4 => Just("effect"), 1 => Just("unknown")];
    let failure = prop_oneof![
        3 => Just(ModelFailure::Retryable), 2 => Just(ModelFailure::RateLimited),
        1 => Just(ModelFailure::Permanent), 1 => Just(ModelFailure::ContextOverflow)
    ];
    let said = prop_oneof![
        6 => prop::collection::vec((tool, status), 1..6).prop_map(Said::Calls),
        1 => failure.prop_map(Said::Fails),
        1 => Just(Said::Words)
    ];
    prop::collection::vec(said, 0..7)
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        20 => (0..3usize).prop_map(Op::Step),
        2 => (0..3usize).prop_map(Op::Crash),
        2 => Just(Op::Appear),
        2 => (1..90u64).prop_map(Op::Seconds),
    ];
    prop::collection::vec(op, 0..80)
}
