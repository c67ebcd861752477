//! Runs of the traces place that did not come to a good end, or to none yet: wherever one is shown it says so, and why.

use std::time::Duration;

use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::latency::latencies;
use outcrop::domain::trace::{Outline, Run, Source, SpanKey, Status, TraceId, TraceSpan, Tree};
use outcrop::tui::effect::TimerId;
use outcrop::tui::event::{Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;
use outcrop::wire::trace::meaning::facts;
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::{Changed, Reply};

use super::shoot;
use super::traces::{Kept, asked, enter, lay, opened};
use crate::stage::{NOW, Stage};

/// An agent's run of this program: a call of a model, then a tool that failed. How the agent itself ended is up to `ends`.
fn run(number: u8, name: &str, ends: impl Fn(&mut TraceSpan)) -> Kept {
    let agent = format!("invoke_agent {name}");
    let lines = [
        (agent.as_str(), "invoke_agent", 0, 4_200),
        ("chat m1", "chat", 100, 1_300),
        ("execute_tool weigh", "execute_tool", 1_300, 4_100),
    ];
    let mut spans: Vec<TraceSpan> = Vec::new();
    for (id, (name, operation, start, end)) in (1..).zip(lines) {
        let mut span = TraceSpan {
            trace: TraceId([number; 16]),
            id: SpanKey(id),
            parent: (id > 1).then_some(SpanKey(1)),
            name: name.to_owned(),
            start: 1 + start * 1_000_000,
            end: 1 + end * 1_000_000,
            status: Status::Ok,
            ..TraceSpan::default()
        };
        span.attributes.push("gen_ai.operation.name", operation);
        spans.push(span);
    }
    fail(&mut spans[2], "timeout", "the scales do not answer");
    ends(&mut spans[0]);
    kept(spans, number)
}

fn kept(spans: Vec<TraceSpan>, number: u8) -> Kept {
    let mut outline = Outline::default();
    for span in &spans {
        outline.add(span, &facts(span), |_| None);
    }
    let run = Run::of(spans[0].trace, Source::Own, &outline);
    let at = Timestamp(NOW - i64::from(number) * 60_000);
    Kept { run: Run { at, service: "outcrop".to_owned(), ..run }, outline, spans }
}

fn fail(span: &mut TraceSpan, error: &str, words: &str) {
    span.status = Status::Error;
    span.attributes.push("error.type", error);
    words.clone_into(&mut span.status_message);
}

fn stopped() -> Kept {
    run(2, "stopped", |span| {
        span.status = Status::Unset;
        span.attributes.push("outcrop.stopped", true);
    })
}

fn gave_up() -> Kept {
    run(3, "limited", |span| fail(span, "gave_up", "its limit of 2 steps is reached"))
}

fn failed() -> Kept {
    run(4, "failed", |span| fail(span, "timeout", "the scales do not answer"))
}

/// It runs still.
fn live() -> Kept {
    run(1, "live", |span| (span.status, span.end) = (Status::Unset, 0))
}

/// The same as if the first of them had begun so many milliseconds ago.
fn ago(mut spans: Vec<TraceSpan>, ms: u64) -> Vec<TraceSpan> {
    let (first, begun) = (spans[0].start, (NOW as u64 - ms) * 1_000_000);
    for span in &mut spans {
        span.start = span.start - first + begun;
        if span.end > 0 {
            span.end = span.end - first + begun;
        }
    }
    spans
}

#[test]
fn runs_that_were_stopped_gave_up_failed_or_had_errors_are_told_apart_in_their_list() {
    let well = run(5, "with errors", |_| {});
    let runs = [live(), stopped(), gave_up(), failed(), well].map(|kept| kept.run);
    shoot("traces-ended", |stage| {
        enter(stage, runs.to_vec());
        stage.keys("jjj");
    });
}

#[test]
fn a_run_that_was_stopped_is_a_tree_that_says_so() {
    shoot("traces-stopped", |stage| {
        let kept = stopped();
        enter(stage, vec![kept.run.clone()]);
        stage.keys("<enter>");
        lay(stage, &kept);
    });
}

#[test]
fn how_a_run_ended_and_why_stands_in_its_card_its_head_its_row_and_beside_it() {
    let told = [
        (stopped(), "it was stopped before it was done", "■ stopped", "! it was stopped before it was done"),
        (
            gave_up(),
            "its limit of 2 steps is reached",
            "! gave up",
            "! gave up: its limit of 2 steps is reached",
        ),
        (failed(), "execute_tool weigh: timeout", "✗ failed: timeout", "✗ in execute_tool weigh: timeout"),
    ];
    for (kept, in_card, in_head, beside) in told {
        for (width, height) in [(60, 20), (120, 40)] {
            let mut stage = Stage::settled(width, height, "dark");
            enter(&mut stage, vec![kept.run.clone()]);
            let text = stage.text();
            assert!(text.contains(in_card) && !text.contains('▼'), "{text}");
            stage.keys("<enter>");
            lay(&mut stage, &kept);
            let text = stage.text();
            assert!(text.contains(in_head), "{text}");
            let sign = in_head.split(' ').next().unwrap();
            let row = text.lines().find(|line| line.starts_with("▌ ▾ ◆ ")).unwrap();
            assert!(row.contains(&format!(" {sign} ")), "{row}");
            assert!(width < 100 || text.contains(beside), "{text}");
        }
    }
}

#[test]
fn the_time_of_a_live_run_begins_where_its_bars_do_and_has_no_end_yet() {
    let mut first = live().spans;
    first.truncate(1);
    for width in [60, 80, 120] {
        let mut stage = Stage::settled(width, 24, "dark");
        let begun = kept(ago(first.clone(), 0), 1);
        enter(&mut stage, vec![begun.run.clone()]);
        stage.keys("<enter>");
        lay(&mut stage, &begun);
        let text = stage.text();
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        let at = |line: &str, sign: char| line.chars().position(|c| c == sign);
        assert_eq!(at(line("  span"), '0'), at(line("▌"), '╸'), "{text}");
        // More of it comes.
        let grown = kept(ago(live().spans, 5_000), 1);
        let mut stage = Stage::settled(width, 24, "dark");
        enter(&mut stage, vec![grown.run.clone()]);
        stage.keys("<enter>");
        lay(&mut stage, &grown);
        let text = stage.text();
        assert!(text.contains("5.00 s so far") && text.contains("5.00 s…"), "{text}");
    }
}

#[test]
fn a_call_that_runs_is_a_row_whose_time_goes_by_until_its_end_has_come() {
    let mut spans = ago(live().spans, 3_000);
    spans.truncate(2);
    (spans[1].status, spans[1].end) = (Status::Unset, 0);
    let running = kept(spans.clone(), 1);
    let look = |stage: &mut Stage| {
        enter(stage, vec![running.run.clone()]);
        stage.keys("<enter>");
        lay(stage, &running);
        stage.keys("j");
    };
    shoot("traces-live-call", look);
    let mut stage = Stage::settled(120, 40, "dark");
    look(&mut stage);
    let row = |stage: &mut Stage| {
        let text = stage.text();
        let line = text.lines().find(|line| line.starts_with('▌')).unwrap();
        line.split('│').next().unwrap().to_owned()
    };
    let at = row(&mut stage);
    assert!(at.contains("● chat m1") && at.contains('…') && at.contains("2.90 s"), "{at}");
    // All the rest waits for it, up to now.
    assert!(at.trim_end().ends_with("━━━━") && !at.contains('─'), "{at}");
    assert_eq!(stage.state.pulse(), Some(Duration::from_secs(1)));
    stage.pass(1_000);
    assert!(row(&mut stage).contains("3.90 s"), "{}", stage.text());
    // Its end takes the place of that, and nothing moves.
    (spans[1].status, spans[1].end) = (Status::Ok, spans[1].start + 3_500_000_000);
    let ended = kept(spans, 1);
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("traces")));
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![ended.run.clone()], more: false }]);
    lay(&mut stage, &ended);
    let at = row(&mut stage);
    assert!(at.contains("● chat m1") && !at.contains('…') && at.contains("3.50 s"), "{at}");
    stage.pass(9_000);
    assert!(row(&mut stage).contains("3.50 s") && stage.text().contains("13.0 s so far"), "{}", stage.text());
}

#[test]
fn nothing_of_calls_is_read_while_another_place_is_shown_and_all_of_it_anew_behind_that() {
    let mut stage = Stage::settled(120, 40, "dark");
    let running = live();
    enter(&mut stage, vec![running.run.clone()]);
    stage.keys("<enter>");
    lay(&mut stage, &running);
    stage.keys("<alt+1>");
    // What is read is kept as seen: whoever compares or rates blindly from here on has seen nothing.
    let from = stage.effects.len();
    for change in [Changed::Usage, Changed::Missed] {
        stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change }]);
    }
    stage.event(Event::Timer(TimerId("traces")));
    assert_eq!(asked(&stage.effects[from..]), []);
    assert_ne!(stage.state.pulse(), Some(Duration::from_secs(1)), "nobody sees its time go by");
    let again = asked(&stage.keys("<alt+9>"));
    assert!(again.iter().any(|request| matches!(request, Traces::List { .. })), "{again:?}");
}

#[test]
fn a_run_of_which_no_span_is_left_says_so() {
    let mut stage = Stage::settled(80, 24, "dark");
    let none = Kept { outline: Outline::default(), spans: Vec::new(), ..failed() };
    enter(&mut stage, vec![none.run.clone()]);
    stage.keys("<enter>");
    lay(&mut stage, &none);
    assert!(stage.text().contains("None of its spans is here any more."), "{}", stage.text());
}

#[test]
fn times_by_name_have_the_columns_that_fit_the_window_as_it_is_now() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = opened(&mut stage);
    stage.keys("p");
    let latencies = latencies(&kept.outline, &Tree::of(&kept.outline));
    stage.answer("\"stats\"", vec![Reply::TraceStats { latencies }]);
    let wide = stage.text();
    assert!(wide.contains("0 to longest"), "{wide}");
    stage.event(Event::Resize { width: 60, height: 20 });
    let narrow = stage.text();
    assert!(narrow.contains("p90  longest │") && !narrow.contains("errors"), "{narrow}");
    stage.event(Event::Resize { width: 120, height: 40 });
    assert_eq!(stage.text(), wide);
    // Of a run that has just begun none is known.
    stage.keys("<esc>p");
    stage.answer("\"stats\"", vec![Reply::TraceStats { latencies: Vec::new() }]);
    assert!(stage.text().contains("No span of it has ended yet."), "{}", stage.text());
}

#[test]
fn the_wheel_reads_older_runs_as_the_keys_do() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+9>");
    let runs = [stopped(), failed()].map(|kept| kept.run).to_vec();
    stage.answer("\"list\"", vec![Reply::Traces { runs, more: true }]);
    let mouse = Mouse { kind: MouseKind::ScrollDown, column: 6, row: 5, modifiers: KeyModifiers::NONE };
    let effects = stage.event(Event::Mouse(mouse));
    assert!(matches!(&asked(&effects)[..], [Traces::List { before: Some(_), .. }]), "{effects:?}");
}

#[test]
fn a_live_run_that_is_looked_into_grows_though_newer_ones_alone_are_told() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = live();
    enter(&mut stage, vec![kept.run.clone()]);
    stage.keys("<enter>");
    lay(&mut stage, &kept);
    let newer = run(0, "newer", |_| {}).run;
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("traces")));
    let from = stage.effects.len();
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![newer.clone()], more: true }]);
    let effects = stage.effects.split_off(from);
    assert!(matches!(&asked(&effects)[..], [Traces::Open { .. }]), "{effects:?}");
    // One that has ended is what it was.
    let kept = stopped();
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, vec![kept.run.clone()]);
    stage.keys("<enter>");
    lay(&mut stage, &kept);
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("traces")));
    let from = stage.effects.len();
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![newer], more: true }]);
    assert!(asked(&stage.effects.split_off(from)).is_empty());
}
