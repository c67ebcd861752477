use serde_json::json;

use super::*;
use crate::domain::message::Usage;
use crate::domain::trace::contents::{Offered, Ran};
use crate::domain::trace::facts::MADE_ALREADY;
use crate::domain::trace::{Facts, SpanKey, Status, TraceSpan};

/// Adds a child of the first span, which is an agent.
fn add(outline: &mut Outline, facts: &Facts<'_>, name: &str, failed: bool) {
    let id = outline.rows.len() as u64 + 1;
    let span = TraceSpan {
        id: SpanKey(id),
        parent: (id > 1).then_some(SpanKey(1)),
        name: name.to_owned(),
        start: id * 10,
        end: if id == 1 { 10_000 } else { id * 10 + 5 },
        status: if failed { Status::Error } else { Status::Unset },
        ..TraceSpan::default()
    };
    outline.add(&span, facts, |_| Some(0.0));
}

fn run() -> Outline {
    let mut outline = Outline::default();
    add(&mut outline, &Facts { kind: Kind::Agent, ..Facts::default() }, "agent", false);
    outline
}

fn tool(arguments: u64) -> Facts<'static> {
    Facts { kind: Kind::Tool, tool: "f", arguments, ..Facts::default() }
}

fn model(input: u32) -> Facts<'static> {
    let usage = Usage { input: Some(input), output: Some(1), ..Usage::default() };
    Facts { kind: Kind::Model, model: "m", usage, ..Facts::default() }
}

fn lints(outline: &Outline) -> Vec<(Lint, Vec<u32>, String)> {
    let tree = Tree::of(outline);
    let rollups = Rollups::of(outline, &tree);
    of_rows(outline, &tree, &rollups).into_iter().map(|found| (found.lint, found.rows, found.says)).collect()
}

#[test]
fn the_same_call_three_times_is_told() {
    let mut outline = run();
    for arguments in [1, 1, 2, 0, 0, 0, 1] {
        add(&mut outline, &tool(arguments), "execute_tool f", false);
    }
    let says = "f was called 3 times with the same arguments".to_owned();
    assert_eq!(lints(&outline), [(Lint::RepeatedCall, vec![1, 2, 7], says)]);
}

#[test]
fn failures_in_a_row_are_a_storm_also_with_models_between() {
    let mut outline = run();
    for (at, failed) in [true, true, true, false].into_iter().enumerate() {
        add(&mut outline, &tool(at as u64 + 1), "execute_tool f", failed);
        add(&mut outline, &model(10), "chat m", false);
    }
    let says = "execute_tool f failed 3 times in a row".to_owned();
    assert_eq!(lints(&outline), [(Lint::RetryStorm, vec![1, 3, 5], says)]);
}

#[test]
fn calls_that_were_not_made_since_the_same_one_was_are_no_storm_and_are_said_to_be_that() {
    let mut outline = run();
    add(&mut outline, &tool(7), "execute_tool f", false);
    for _ in 0..3 {
        add(&mut outline, &Facts { error: MADE_ALREADY, ..tool(7) }, "execute_tool f", false);
    }
    let says = "f was called 4 times with the same arguments; 3 of the calls were not made again".to_owned();
    assert_eq!(lints(&outline), [(Lint::RepeatedCall, vec![1, 2, 3, 4], says)]);
    // Those that did fail are counted without them.
    let mut outline = run();
    for (at, error) in ["timeout", MADE_ALREADY, "timeout", "timeout"].into_iter().enumerate() {
        add(&mut outline, &Facts { error, ..tool(at as u64 + 1) }, "execute_tool f", error != MADE_ALREADY);
    }
    let says = "execute_tool f failed 3 times in a row".to_owned();
    assert_eq!(lints(&outline), [(Lint::RetryStorm, vec![1, 3, 4], says)]);
}

#[test]
fn a_prompt_that_grows_by_more_than_a_quarter_a_turn_is_told() {
    let mut outline = run();
    for input in [1000, 1400, 2000, 2744] {
        add(&mut outline, &model(input), "chat m", false);
    }
    let says = "the prompt grew from 1000 to 2744 tokens, 40 % a turn".to_owned();
    assert_eq!(lints(&outline), [(Lint::ContextGrowth, vec![1, 2, 3, 4], says)]);
    let mut outline = run();
    for input in [1000, 1100, 1200, 1300] {
        add(&mut outline, &model(input), "chat m", false);
    }
    assert_eq!(lints(&outline), []);
}

#[test]
fn cut_answers_orphans_and_unknown_prices_are_counted() {
    let mut outline = run();
    add(&mut outline, &Facts { finish: "length", ..model(1) }, "chat m", false);
    outline.rows[1].dollars = None;
    let lost =
        TraceSpan { id: SpanKey(9), parent: Some(SpanKey(99)), start: 1, end: 2, ..TraceSpan::default() };
    outline.add(&lost, &Facts::default(), |_| None);
    // What a sender told twice counts once.
    let again = outline.rows[1].clone();
    outline.rows.push(again);
    let lints: Vec<(Lint, Vec<u32>)> =
        lints(&outline).into_iter().map(|(lint, rows, _)| (lint, rows)).collect();
    assert_eq!(
        lints,
        [(Lint::TruncatedAnswer, vec![1]), (Lint::Orphans, vec![2]), (Lint::UnknownPrice, vec![1])]
    );
}

/// What is found in what was said in the rows of a run, told one by one.
fn heard(
    outline: &Outline,
    said: &[Contents],
    invalid: impl Fn(&Json, &Json) -> Option<String>,
) -> Vec<Finding> {
    let mut reading = Reading::default();
    let rows = || (0..).zip(&outline.rows).zip(said);
    for ((at, row), said) in rows().filter(|((_, row), _)| row.kind == Kind::Tool) {
        reading.tool(at, row, said);
    }
    for ((at, row), said) in rows().filter(|((_, row), _)| row.kind == Kind::Model) {
        reading.model(at, row, said, &invalid);
    }
    reading.findings(outline)
}

/// A tool's answer, and what the model after it was told.
fn after_a_tool(id: Option<&str>, result: &Json, told: Vec<Said>) -> Vec<Finding> {
    let mut outline = run();
    add(&mut outline, &tool(1), "execute_tool f", false);
    add(&mut outline, &model(1), "chat m", false);
    let said = [
        Contents::default(),
        Contents {
            ran: Some(Ran {
                name: "f".to_owned(),
                id: id.map(str::to_owned),
                result: Some(result.clone()),
                ..Ran::default()
            }),
            ..Contents::default()
        },
        Contents { input: told, ..Contents::default() },
    ];
    heard(&outline, &said, |_, _| None)
}

#[test]
fn a_result_that_no_later_prompt_holds_is_told() {
    let answer = |id: Option<&str>, result: Json| Said {
        role: "tool".to_owned(),
        name: None,
        parts: vec![Part::ToolResult { id: id.map(str::to_owned), result, is_error: false }],
    };
    let result = json!({"t": 57});
    for told in [
        vec![answer(Some("c1"), json!("cut"))],
        vec![answer(None, result.clone())],
        vec![Said::new("user", "Observation: {\"t\":57}\nThought:")],
    ] {
        assert_eq!(after_a_tool(Some("c1"), &result, told.clone()), [], "{told:?}");
    }
    let unused = after_a_tool(Some("c1"), &result, vec![Said::new("user", "Try again")]);
    assert_eq!((unused[0].lint, unused[0].rows.as_slice()), (Lint::UnusedResult, &[1][..]));
    // Of a prompt that was not recorded nobody knows.
    assert_eq!(after_a_tool(Some("c1"), &result, Vec::new()), []);
}

#[test]
fn only_results_that_were_there_and_that_no_prompt_has_held_are_looked_for() {
    let mut outline = run();
    add(&mut outline, &model(1), "chat m", false);
    add(&mut outline, &tool(1), "execute_tool f", false);
    add(&mut outline, &model(1), "chat m", false);
    let [_, before, ran, after] = &outline.rows[..] else { panic!("{outline:?}") };
    let ran_with = Ran { name: "f".to_owned(), result: Some(json!("found it")), ..Ran::default() };
    let mut reading = Reading::default();
    reading.tool(2, ran, &Contents { ran: Some(ran_with), ..Contents::default() });
    assert_eq!((reading.due(before), reading.due(after)), (0, 1));
    let said = Contents { input: vec![Said::new("user", "I found it.")], ..Contents::default() };
    reading.model(3, after, &said, |_, _| None);
    assert_eq!(reading.due(after), 0);
}

#[test]
fn arguments_that_no_tool_can_take_are_told() {
    let mut outline = run();
    add(&mut outline, &model(1), "chat m", false);
    let call = |name: &str, arguments: Json| Part::ToolCall {
        id: None,
        name: name.to_owned(),
        arguments,
        extra: None,
    };
    let parts = vec![
        call("f", json!({"x": 1})),
        call("f", json!("{\"x\": ")),
        call("g", json!({})),
        call("f", json!({"x": "no"})),
    ];
    let said = Contents {
        output: vec![Said { role: "assistant".to_owned(), name: None, parts }],
        offered: vec![Offered { name: "f".to_owned(), description: None, schema: json!({"type": "object"}) }],
        ..Contents::default()
    };
    let found = heard(&outline, &[Contents::default(), said], |_, arguments| {
        arguments["x"].is_string().then(|| "x is no number".to_owned())
    });
    let says: Vec<&str> = found.iter().map(|found| found.says.as_str()).collect();
    assert_eq!(
        says,
        [
            "the arguments for f are wrong: they are no JSON object",
            "g was called, and no such tool was offered",
            "the arguments for f are wrong: x is no number",
        ]
    );
}
