use super::*;

const GOOD: &str = "---
description: Looks at issues
model: small
tools: notes, webhook_get_full_payload
limits: { max_turns: 8 }
on_uncertain: fail
---

You look at issues.
";

#[test]
fn a_definition_is_read() {
    let (agent, warnings) = parse("triager", GOOD).unwrap();
    assert!(warnings.is_empty());
    assert_eq!((agent.name.as_str(), agent.model.as_str()), ("triager", "small"));
    assert_eq!(agent.tools, ["notes", "webhook_get_full_payload"]);
    assert_eq!((agent.limits.max_turns, agent.limits.max_tool_calls), (8, Limits::default().max_tool_calls));
    assert_eq!((agent.on_uncertain, agent.instructions.as_str()), (OnUncertain::Fail, "You look at issues."));
}

#[test]
fn a_claude_code_subagent_loads_with_warnings() {
    let text = "---\nname: reviewer\ndescription: reviews\ntools:\n  - Read\n  - notes\nmodel: inherit\nmaxTurns: 5\n\
                permissionMode: plan\ncolor: red\n---\nReview it.\n";
    let (agent, warnings) = parse("reviewer", text).unwrap();
    assert_eq!((agent.model.as_str(), agent.tools, agent.limits.max_turns), ("default", vec!["notes".to_owned()], 5));
    assert_eq!(warnings.iter().map(|w| w.line).collect::<Vec<_>>(), [5, 9, 10]);
}

#[test]
fn all_mistakes_are_reported_at_once_with_lines_and_remedies() {
    let text = "---\ndescripton: x\ntools:\n  - nots\n  - 3\nlimits:\n  max_turns: 0\n  max_trns: 4\n\
                on_uncertain: ask\nmodel: [a, b]\n---\n\n";
    let mistakes = parse("a", text).unwrap_err();
    let found: Vec<(usize, &str)> = mistakes.iter().map(|m| (m.line, m.remedy.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, "did you mean description?"),
            (4, "did you mean notes?"),
            (5, "name one of: webhook_get_full_payload, notes"),
            (7, "write a whole number from 1 to 200"),
            (8, "did you mean max_turns?"),
            (9, "write one of: tell_model, fail"),
            (10, "write model: \"...\""),
            (12, "write them below the front matter, in plain words"),
        ]
    );
}

#[test]
fn files_without_front_matter_are_instructions_and_broken_yaml_has_a_line() {
    assert_eq!(parse("a", "Just do it.").unwrap().0.instructions, "Just do it.");
    assert_eq!(parse("a", "---\nmodel: x\n").unwrap_err()[0].line, 1);
    assert_eq!(parse("a", "---\nmodel: x\ntools: [\n---\nb").unwrap_err().len(), 1);
    assert!(parse("No Name", "x").is_err());
}
