//! The traces place: runs, the spans of one as a tree over time, a span, the conversation; and what keys ask for.

use std::path::Path;

use outcrop::domain::agent::run::{Hashes, Run as AgentRun, State as Stands};
use outcrop::domain::agent::{AgentEvent, GaveUp, Limit, Spent, Step};
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::id::{RunId, SpanId};
use outcrop::domain::message::Block;
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::aligned::{self, align};
use outcrop::domain::trace::latency::latencies;
use outcrop::domain::trace::replay::{Gave, Original, Place, Replay};
use outcrop::domain::trace::{
    Brought, Facts, Outline, Packed, Rollups, Run, Source, SpanKey, TraceId, TraceSpan, Tree,
};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TimerId, Work, Written};
use outcrop::tui::event::{Event, Made, Saved};
use outcrop::tui::pane::traces::Read;
use outcrop::tui::trace::Trace;
use outcrop::wire::trace::meaning::{contents, facts};
use outcrop::wire::trace::otlp::json;
use outcrop::workbench::request::agents::Agents;
use outcrop::workbench::request::traces::{Traces, Written as Form};
use outcrop::workbench::{Changed, Reply, Request};

use super::shoot;
use crate::stage::{NOW, Stage};

const MINUTE: i64 = 60_000;

/// A run with its spans.
pub(super) struct Kept {
    pub run: Run,
    pub outline: Outline,
    pub spans: Vec<TraceSpan>,
}

/// What the OpenTelemetry SDK sent of an agent whose tool was too slow.
fn weather() -> Kept {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces/otlp_genai.json");
    let spans = json::decode(&std::fs::read(file).unwrap()).unwrap().spans;
    let mut outline = Outline::default();
    for span in &spans {
        outline.add(span, &facts(span), |_| Some(0.0031));
    }
    let run = Run::of(spans[0].trace, Source::Received, &outline);
    Kept { run: Run { at: Timestamp(NOW - 3 * MINUTE), bytes: 4_812, ..run }, outline, spans }
}

/// A run of so many spans: chains of nine below one root.
fn long(spans: u64) -> Kept {
    let mut outline = Outline::default();
    for id in 1..=spans {
        let parent = if id % 9 == 2 { 1 } else { id - 1 };
        let end = if id == 1 { spans + 30 } else { spans + 20 - (id - 2) % 9 };
        let span = TraceSpan {
            id: SpanKey(id),
            parent: (id > 1).then_some(SpanKey(parent)),
            name: format!("step {}", id % 90),
            start: 1_000_000 * id,
            end: 1_000_000 * end,
            ..TraceSpan::default()
        };
        outline.add(&span, &Facts::default(), |_| None);
    }
    let run = Run::of(TraceId([9; 16]), Source::Imported, &outline);
    Kept { run: Run { at: Timestamp(NOW - 50 * MINUTE), ..run }, outline, spans: Vec::new() }
}

pub(super) fn runs() -> Vec<Run> {
    let weather = weather().run;
    let other = |n: u8, minutes: i64, name: &str, errors, source| Run {
        id: TraceId([n; 16]),
        at: Timestamp(NOW - minutes * MINUTE),
        name: name.to_owned(),
        errors,
        failed: weather.failed.clone().filter(|_| errors > 0),
        source,
        service: String::new(),
        ..weather.clone()
    };
    vec![
        Run {
            running: 2,
            end: 0,
            ..other(1, 1, "invoke_agent 手引き about everything that anybody ever asked", 0, Source::Own)
        },
        weather.clone(),
        Run { dollars: None, unpriced: 3, ..other(2, 17, "chat gpt-4o", 0, Source::Imported) },
        Run {
            spans: 1_284_112,
            rough: true,
            swept: 40,
            ..other(3, 2 * 24 * 60, "crawl", 311, Source::Received)
        },
    ]
}

pub(super) fn enter(stage: &mut Stage, runs: Vec<Run>) {
    stage.keys("<alt+9>");
    stage.answer("\"list\"", vec![Reply::Traces { runs, more: false }]);
}

/// The rows that were asked for come, and are laid out.
pub(super) fn lay(stage: &mut Stage, kept: &Kept) {
    let rows = Packed::of(&kept.outline, 0..kept.outline.rows.len());
    stage.answer("\"open\"", vec![Reply::Trace { run: kept.run.clone() }, Reply::TraceRows { rows }]);
    let want = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Compute(Work::Trace(want)) => Some(want.clone()),
        _ => None,
    });
    let want = want.expect("nothing was to be laid out");
    stage.event(Event::Computed(Made::Trace(want.number, Trace::of(&want.packs))));
}

/// Keys rest on a row, and its span comes.
fn rest(stage: &mut Stage, kept: &Kept) {
    stage.event(Event::Timer(TimerId("traces.rest")));
    say(stage, kept);
}

/// The span that was asked for last comes.
fn say(stage: &mut Stage, kept: &Kept) {
    let task = stage.task("traces\":{\"span\"");
    let row = stage.effects.iter().find_map(|effect| match effect {
        Effect::Call { task: asked, request: Request::Traces(Traces::Span { row, .. }), .. }
            if *asked == task =>
        {
            Some(*row as usize)
        }
        _ => None,
    });
    let span = kept.spans[row.unwrap()].clone();
    let from = stage.effects.len();
    stage.event(Event::Replies { task, replies: vec![Reply::TraceSpan { contents: contents(&span), span }] });
    stage.event(Event::Ended { task, error: None });
    read_aside(stage, from);
}

/// What is to be read away from the screen's thread by these effects and those that follow is read.
fn read_aside(stage: &mut Stage, from: usize) {
    let mut at = from;
    while let Some(effect) = stage.effects.get(at).cloned() {
        if let Effect::Compute(Work::Reading(want)) = effect {
            stage.event(Event::Computed(Made::Read(want.run())));
        }
        at += 1;
    }
}

/// What was to be read away from the screen's thread last.
fn wanted(stage: &Stage) -> Read {
    let want = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Compute(Work::Reading(want)) => Some(want.run()),
        _ => None,
    });
    want.expect("nothing was to be read")
}

/// The weather agent is looked into.
pub(super) fn opened(stage: &mut Stage) -> Kept {
    let kept = weather();
    enter(stage, vec![kept.run.clone()]);
    stage.keys("<enter>");
    lay(stage, &kept);
    kept
}

/// Requests about traces among what was asked.
pub(super) fn asked(effects: &[Effect]) -> Vec<Traces> {
    Stage::requests(effects)
        .into_iter()
        .filter_map(|request| match request {
            Request::Traces(request) => Some(request),
            _ => None,
        })
        .collect()
}

#[test]
fn traces_that_are_empty_teach() {
    shoot("traces-empty", |stage| enter(stage, Vec::new()));
}

#[test]
fn traces_that_are_awaited_say_so() {
    shoot("traces-busy", |stage| {
        stage.keys("<alt+9>");
    });
}

#[test]
fn traces_that_cannot_be_read_say_why() {
    shoot("traces-failed", |stage| {
        stage.keys("<alt+9>");
        let task = stage.task("\"list\"");
        let error = Error::new(
            ErrorKind::Invalid,
            "reading traces",
            "a segment is damaged",
            "`outcrop workspace verify` tells more.",
        );
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

#[test]
fn runs_are_a_list_with_a_card_the_receiver_and_what_is_marked() {
    shoot("traces-runs", |stage| {
        enter(stage, runs());
        stage.keys("jL<enter><space>j");
        stage.reply("\"listen\"", vec![Reply::TracesListening { address: "127.0.0.1:4318".into() }]);
        let brought = Brought { spans: 1_284, rejected: 2, ..Brought::default() };
        stage.reply("\"listen\"", vec![Reply::TracesBrought { brought }]);
    });
}

#[test]
fn a_filter_of_runs_is_written_in_their_head() {
    shoot("traces-filter", |stage| {
        enter(stage, runs());
        stage.keys("/kind:tool dur>2x<enter>");
    });
}

#[test]
fn a_run_is_a_tree_over_time_with_the_chosen_span_beside_it() {
    shoot("traces-open", |stage| {
        let kept = opened(stage);
        stage.keys("j");
        rest(stage, &kept);
    });
}

#[test]
fn a_span_alone_has_the_place_where_there_is_room_for_one() {
    shoot("traces-span", |stage| {
        let kept = opened(stage);
        stage.keys("]<enter>");
        rest(stage, &kept);
    });
}

#[test]
fn what_is_looked_for_is_counted_and_marked() {
    shoot("traces-find", |stage| {
        opened(stage);
        stage.keys("/chat");
    });
}

#[test]
fn a_run_is_read_as_a_conversation() {
    shoot("traces-conversation", |stage| {
        let kept = opened(stage);
        stage.keys("v");
        for _ in 0..3 {
            say(stage, &kept);
        }
    });
}

#[test]
fn a_step_back_among_the_runs_takes_marks_away_and_then_says_the_ways_out() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = weather();
    let other = Run { id: TraceId([2; 16]), name: "before".to_owned(), ..kept.run.clone() };
    enter(&mut stage, vec![kept.run.clone(), other]);
    stage.keys("<space>j<space>");
    assert!(stage.text().contains("2 runs marked"), "{}", stage.text());
    stage.keys("<esc>");
    let text = stage.text();
    assert!(!text.contains("marked ·") && !text.contains("lead to the places"), "{text}");
    stage.keys("<esc>");
    assert!(stage.text().contains("lead to the places"), "{}", stage.text());
    assert!(stage.text().contains("before"), "{}", stage.text());
}

#[test]
fn two_runs_are_compared_step_by_step() {
    let outlined = |spans: &[TraceSpan]| {
        let mut outline = Outline::default();
        for span in spans {
            outline.add(span, &facts(span), |_| Some(0.0031));
        }
        outline
    };
    shoot("traces-compared", |stage| {
        let kept = weather();
        let named = "invoke_agent Weather, before".to_owned();
        let before = Run { id: TraceId([2; 16]), name: named, ..kept.run.clone() };
        enter(stage, vec![kept.run.clone(), before]);
        stage.keys("<space>j=");
        // Of the one before the second call of the model is missing.
        let outlines = [&kept.spans[..], &[&kept.spans[..2], &kept.spans[3..]].concat()].map(outlined);
        let reckoned = outlines.each_ref().map(|outline| {
            let tree = Tree::of(outline);
            (Rollups::of(outline, &tree), tree)
        });
        let [left, right] = [0, 1].map(|side: usize| aligned::Run {
            outline: &outlines[side],
            rollups: &reckoned[side].0,
            tree: &reckoned[side].1,
        });
        let pairs = align(left, right);
        let [left, right] = outlines.each_ref().map(|outline| Packed::of(outline, 0..outline.rows.len()));
        let from = stage.effects.len();
        stage.answer("\"diff\"", vec![Reply::TraceDiff { pairs, left, right }]);
        read_aside(stage, from);
        stage.keys("jj<enter>");
    });
}

#[test]
fn what_is_long_is_read_aside_and_dropped_where_its_run_was_left_meanwhile() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = opened(&mut stage);
    let before = stage.text();
    stage.keys("v");
    let task = stage.task("traces\":{\"span\"");
    let span = kept.spans[0].clone();
    stage.event(Event::Replies { task, replies: vec![Reply::TraceSpan { contents: contents(&span), span }] });
    stage.event(Event::Ended { task, error: None });
    // Keys are followed while it is read; nothing else is asked for before it is there.
    let asked_for = asked(&stage.effects).len();
    stage.keys("jk");
    assert_eq!(asked(&stage.effects).len(), asked_for);
    let late = wanted(&stage);
    stage.keys("v");
    assert_eq!(stage.text(), before);
    stage.event(Event::Computed(Made::Read(late.clone())));
    assert_eq!(stage.text(), before, "it comes too late");
    stage.keys("v");
    let unread = stage.text();
    stage.event(Event::Computed(Made::Read(late)));
    assert_eq!(stage.text(), unread, "it was for a conversation that was closed");
    say(&mut stage, &kept);
    assert_ne!(stage.text(), unread);
    // Rows of two runs are taken apart aside as well.
    stage.keys("<esc><esc>");
    let other = Run { id: TraceId([2; 16]), name: "before".to_owned(), ..kept.run.clone() };
    stage.reply(
        "\"topic\":\"traces\"",
        vec![Reply::Changed { number: 1, change: Changed::Trace { run: other } }],
    );
    stage.keys("g<space>j=");
    let [left, right] = [0, 1].map(|_| Packed::of(&kept.outline, 0..kept.outline.rows.len()));
    stage.answer("\"diff\"", vec![Reply::TraceDiff { pairs: Vec::new(), left, right }]);
    assert!(stage.text().contains("comparing …"), "{}", stage.text());
    let late = wanted(&stage);
    stage.keys("<esc>");
    let before = stage.text();
    stage.event(Event::Computed(Made::Read(late)));
    assert_eq!(stage.text(), before);
    // What breaks off in the middle says so.
    stage.keys("=");
    let [left, right] = [0, 1].map(|_| Packed::of(&kept.outline, 0..kept.outline.rows.len()));
    stage.answer("\"diff\"", vec![Reply::TraceDiff { pairs: Vec::new(), left, right }]);
    stage.event(Event::Computed(Made::Nothing));
    assert!(stage.text().contains("make no sense"), "{}", stage.text());
}

#[test]
fn times_by_name_and_what_looks_wrong_lie_over_the_place() {
    shoot("traces-times", |stage| {
        let kept = opened(stage);
        stage.keys("p");
        let latencies = latencies(&kept.outline, &Tree::of(&kept.outline));
        stage.answer("\"stats\"", vec![Reply::TraceStats { latencies }]);
    });
}

#[test]
fn a_run_that_is_being_read_says_so_and_one_that_cannot_be_says_why() {
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, runs());
    stage.keys("G<enter>");
    insta::assert_snapshot!("traces-reading", stage.text());
    let task = stage.task("\"open\"");
    let error = Error::new(ErrorKind::NotFound, "opening a trace", "it is gone", "");
    stage.event(Event::Ended { task, error: Some(error) });
    insta::assert_snapshot!("traces-open-failed", stage.text());
}

#[test]
fn a_hundred_thousand_spans_are_walked_folded_and_found() {
    let kept = long(100_000);
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, vec![kept.run.clone()]);
    stage.keys("<enter>");
    lay(&mut stage, &kept);
    stage.keys("G");
    assert!(stage.text().contains("100,000 of 100,000"), "{}", stage.text());
    stage.keys("gH");
    // Chains of nine below the root, each folded to its first.
    let chains = 99_999_u64.div_ceil(9);
    assert!(
        stage.text().contains(&format!("of {}", outcrop::domain::figures::grouped(chains + 1))),
        "{}",
        stage.text()
    );
    stage.keys("L/step 47<enter>");
    let found = stage.text();
    assert!(found.contains("looking on") && found.contains("step 47"), "{found}");
    insta::assert_snapshot!("traces-many", found);
}

#[test]
fn runs_that_come_and_grow_are_seen_at_once() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = weather();
    enter(&mut stage, vec![kept.run.clone()]);
    let new =
        Run { id: TraceId([7; 16]), at: Timestamp(NOW), name: "just come".to_owned(), ..kept.run.clone() };
    let told = |run: Run| vec![Reply::Changed { number: 1, change: Changed::Trace { run } }];
    stage.reply("\"topic\":\"traces\"", told(new));
    let text = stage.text();
    assert!(text.contains("just come") && text.contains("2 runs"), "{text}");
    // One that is open is read again, and whoever stands at its end stays there.
    stage.keys("j<enter>");
    let two = Run { spans: 2, ..kept.run.clone() };
    let mut part = Kept { outline: Outline::default(), run: two, spans: Vec::new() };
    for span in &kept.spans[..2] {
        part.outline.add(span, &facts(span), |_| None);
    }
    lay(&mut stage, &part);
    stage.keys("G");
    let effects = stage.event(Event::Replies {
        task: stage.task("\"topic\":\"traces\""),
        replies: told(Run { spans: 4, ..kept.run.clone() }),
    });
    assert!(matches!(&asked(&effects)[..], [Traces::Open { .. }]), "{effects:?}");
    lay(&mut stage, &kept);
    assert!(stage.text().contains("4 of 4"), "{}", stage.text());
    // Of this program's own runs it is said that there are more, not which: the newest are asked for.
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 2, change: Changed::Usage }]);
    let effects = stage.event(Event::Timer(TimerId("traces")));
    assert!(matches!(&asked(&effects)[..], [Traces::List { limit: 30, .. }]), "{effects:?}");
    let own = Run { id: TraceId([6; 16]), name: "chat own".to_owned(), source: Source::Own, ..kept.run };
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![own], more: true }]);
    stage.keys("<esc>");
    assert!(stage.text().contains("3 runs") && stage.text().contains("chat own"), "{}", stage.text());
}

#[test]
fn what_stands_under_an_agent_s_run_by_now_is_no_run_of_its_own_any_more() {
    let mut stage = Stage::settled(120, 40, "dark");
    let own = |n: u8, name: &str| Run {
        id: TraceId([n; 16]),
        at: Timestamp(NOW - i64::from(n)),
        name: name.to_owned(),
        source: Source::Own,
        ..weather().run
    };
    enter(&mut stage, vec![own(1, "chat alone"), own(2, "execute_tool alone"), weather().run]);
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("traces")));
    let agent = Run { running: 1, ..own(3, "invoke_agent whole") };
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![agent.clone()], more: true }]);
    let text = stage.text();
    assert!(text.contains("◆ whole") && text.contains("2 runs"), "{text}");
    assert!(!text.contains("alone"), "{text}");
    // It goes on in its place, and older ones stay.
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 2, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("traces")));
    let ended = Run { name: "invoke_agent ended".to_owned(), running: 0, ..agent };
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![ended], more: true }]);
    let text = stage.text();
    assert!(text.contains("◆ ended") && text.contains("2 runs"), "{text}");
    assert!(!text.contains("whole"), "{text}");
}

#[test]
fn a_filter_asks_the_store_and_a_step_back_shows_all_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, runs());
    let effects = stage.keys("/status:error<enter>");
    let [Traces::List { filter: Some(filter), before: None, .. }] = &asked(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(filter, "status:error");
    stage.answer("\"list\"", vec![Reply::Traces { runs: Vec::new(), more: false }]);
    assert!(stage.text().contains("No run has such a span."), "{}", stage.text());
    let effects = stage.keys("<esc>");
    assert!(matches!(&asked(&effects)[..], [Traces::List { filter: None, .. }]), "{effects:?}");
    // What makes no sense is not asked.
    assert!(asked(&stage.keys("/dur>much<enter>")).is_empty());
    assert!(asked(&stage.keys("<esc>")).is_empty());
}

#[test]
fn the_receiver_is_heard_until_it_is_switched_off() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, Vec::new());
    let effects = stage.keys("L<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Listen { port: 4318, token: None }]), "{effects:?}");
    let task = stage.task("\"listen\"");
    stage.reply("\"listen\"", vec![Reply::TracesListening { address: "127.0.0.1:4318".into() }]);
    let brought = Brought { spans: 6, known: 3, ..Brought::default() };
    stage.reply("\"listen\"", vec![Reply::TracesBrought { brought }]);
    let heard = "http://127.0.0.1:4318/v1/traces · 3 spans · 3 sent again";
    assert!(stage.text().contains(heard), "{}", stage.text());
    assert!(stage.keys("L").contains(&Effect::Cancel(task)));
    assert!(asked(&stage.keys("L<ctrl+u>many<enter>")).is_empty());
    assert!(stage.text().contains("A port is a number"), "{}", stage.text());
    let effects = stage.keys("<ctrl+u>4400<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Listen { port: 4400, .. }]), "{effects:?}");
    let task = stage.task("\"listen\"");
    let error = Error::new(ErrorKind::Io, "listening", "the port is taken", "Give another port.");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(
        text.contains("the port is taken") && text.contains("Give another port. L asks for one."),
        "{text}"
    );
    // It stands there to be mended.
    assert!(text.contains("to port 4400"), "{text}");
    let effects = stage.keys("L<ctrl+u>4401<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Listen { port: 4401, .. }]), "{effects:?}");
}

#[test]
fn a_run_of_which_a_part_is_damaged_is_written_all_the_same_and_that_is_said() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, vec![weather().run]);
    stage.keys("w<ctrl+u>run.pb<enter>");
    let task = stage.task("\"export\"");
    let places = vec!["the frame at 12 is damaged".to_owned()];
    let replies = vec![Reply::TraceWritten { bytes: vec![1] }, Reply::TraceDamaged { places }];
    stage.event(Event::Replies { task, replies });
    let effects = stage.event(Event::Ended { task, error: None });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SaveBytes { .. })), "{effects:?}");
    assert!(stage.text().contains("1 part of the run could not be read"), "{}", stage.text());
}

#[test]
fn a_run_is_written_in_the_form_of_its_file_and_one_from_elsewhere_is_deleted() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = weather();
    enter(&mut stage, vec![kept.run.clone()]);
    let name = "<ctrl+u>run.pb<enter>";
    let effects = stage.keys(&format!("w{name}"));
    assert!(matches!(&asked(&effects)[..], [Traces::Export { form: Form::Protobuf, .. }]), "{effects:?}");
    let task = stage.task("\"export\"");
    for bytes in [vec![1, 2], vec![3]] {
        stage.event(Event::Replies { task, replies: vec![Reply::TraceWritten { bytes }] });
    }
    let effects = stage.event(Event::Ended { task, error: None });
    let [Effect::SaveBytes { of: Written::Trace(id), path, pieces, replace: false }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((*id, path.as_str(), pieces.0.concat()), (kept.run.id, "run.pb", vec![1, 2, 3]));
    let (of, path) = (Written::Trace(kept.run.id), "run.pb".to_owned());
    stage.event(Event::Saved { of, path, saved: Ok(Saved::Exists) });
    stage.pass(600);
    let effects = stage.keys("r");
    assert!(matches!(&asked(&effects)[..], [Traces::Export { .. }]), "{effects:?}");
    assert!(asked(&stage.keys("w<ctrl+u>run.txt<enter>")).is_empty());
    let effects = stage.keys("<esc>xd");
    assert!(matches!(&asked(&effects)[..], [Traces::Remove { .. }]), "{effects:?}");
    let removed = Changed::TraceRemoved { id: kept.run.id };
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change: removed }]);
    assert!(!stage.text().contains("Weather"), "{}", stage.text());
}

#[test]
fn a_call_is_asked_again_as_it_is_written_and_what_comes_stands_beside_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = opened(&mut stage);
    let effects = stage.keys("me");
    let calls = asked(&effects);
    let [Traces::Call { row, .. }] = &calls[..] else { panic!("{effects:?}") };
    let span = &kept.spans[*row as usize];
    let original = Original::of(span, &facts(span), &contents(span), Some(0.0031));
    stage.answer("\"call\"", vec![Reply::TraceCall { original }]);
    insta::assert_snapshot!("traces-asked-anew", stage.text());
    let calls = asked(&stage.keys(" And tomorrow?<enter>"));
    let [Traces::Replay { asked: anew, .. }] = &calls[..] else { panic!("{calls:?}") };
    assert!(anew.told().contains("Weather in Paris? And tomorrow?"), "{anew:?}");
    stage.reply("\"replay\"", vec![Reply::Delta { event: Delta::Text { text: "Rainy.".into() } }]);
    assert!(stage.text().contains("answers again, 6 characters"), "{}", stage.text());
    let gave = Gave { blocks: vec![Block::Text { text: "Rainy.".into() }], ..Gave::default() };
    let replay = Replay {
        id: SpanId::from_bytes([8; 16]),
        of: Place { trace: span.trace, span: span.id },
        at: Timestamp(NOW),
        asked: (**anew).clone(),
        gave,
    };
    stage.answer("\"replay\"", vec![Reply::TraceReplayed { replay }]);
    insta::assert_snapshot!("traces-asked-again", stage.text());
    // One that is being asked is stopped by a step back.
    stage.keys("<esc>e");
    let original = Original::of(span, &facts(span), &contents(span), None);
    stage.answer("\"call\"", vec![Reply::TraceCall { original }]);
    stage.keys("<enter>");
    let task = stage.task("\"replay\"");
    assert!(stage.keys("<esc>").contains(&Effect::Cancel(task)));
}

#[test]
fn what_was_asked_again_and_could_not_be_read_is_read_once_more() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage);
    stage.keys("m");
    let error = Error::new(ErrorKind::Full, "reading what was asked again", "it is locked", "");
    stage.event(Event::Ended { task: stage.task("\"replays\""), error: Some(error) });
    let effects = stage.keys("E");
    assert!(matches!(&asked(&effects)[..], [Traces::Replays { .. }]), "{effects:?}");
    assert!(asked(&stage.keys("E")).is_empty(), "not a second time meanwhile");
    assert!(stage.text().contains("it is locked"), "{}", stage.text());
}

#[test]
fn a_call_that_was_asked_again_says_so_and_leads_to_what_came() {
    let mut stage = Stage::settled(120, 40, "dark");
    let kept = opened(&mut stage);
    let calls = asked(&stage.keys("me"));
    let [Traces::Call { row, .. }] = &calls[..] else { panic!("{calls:?}") };
    let span = &kept.spans[*row as usize];
    let original = Original::of(span, &facts(span), &contents(span), None);
    assert!(asked(&stage.keys("E")).is_empty());
    assert!(stage.text().contains("asked again is still being read"), "{}", stage.text());
    let replay = |n: u8, text: &str| Replay {
        id: SpanId::from_bytes([n; 16]),
        of: Place { trace: span.trace, span: span.id },
        at: Timestamp(NOW - i64::from(n) * MINUTE),
        asked: original.asked.clone(),
        gave: Gave { blocks: vec![Block::Text { text: text.into() }], ..Gave::default() },
    };
    let replays = vec![replay(9, "Dry."), replay(2, "Rainy.")];
    stage.answer("\"replays\"", vec![Reply::TraceReplays { replays, damaged: Vec::new() }]);
    let text = stage.text();
    assert!(text.contains("chat m1 ⑂ 2") && text.contains("asked again 2 times · E shows it"), "{text}");
    let effects = stage.keys("E");
    assert!(matches!(&asked(&effects)[..], [Traces::Call { .. }]), "{effects:?}");
    stage.answer("\"call\"", vec![Reply::TraceCall { original }]);
    let text = stage.text();
    let newest = text.find("+ Rainy.").expect("the newest is shown");
    assert!(text.find("+ Dry.").is_some_and(|older| newest < older), "{text}");
    assert!(text.contains("2 m ago · bedrock/m1"), "{text}");
    // The run's other call was not.
    stage.keys("<esc>m");
    assert!(asked(&stage.keys("E")).is_empty());
    assert!(stage.text().contains("not asked again"), "{}", stage.text());
}

/// An agent's run is asked for once more; which one.
fn run_again(stage: &mut Stage) -> TraceId {
    let own = Run { source: Source::Own, ..weather().run };
    enter(stage, vec![own.clone()]);
    stage.keys("R");
    let book = crate::flow::agents::book();
    let of = RunId::from_bytes(own.id.0);
    let run = AgentRun {
        id: of,
        agent: book.agent.id,
        version: 3,
        model: "local/m".parse().unwrap(),
        question: "Weather in Paris?".to_owned(),
        turns: Vec::new(),
        results: Vec::new(),
        refused: Vec::new(),
        state: Stands::Running,
        attributes: std::collections::BTreeMap::new(),
        turn_attributes: std::collections::BTreeMap::new(),
        sought: std::collections::BTreeMap::new(),
        spent: Spent::default(),
        user: String::new(),
        session: None,
        taken_by: None,
        holds: Vec::new(),
        replays: None,
        begun_with: None,
        hashes: Hashes::default(),
        created: Timestamp(NOW),
        updated: Timestamp(NOW),
    };
    stage.answer("\"find_run\"", vec![Reply::AgentRunFound { book: book.clone(), run }]);
    let last = Stage::requests(&stage.effects).pop();
    let Some(Request::Agents(Agents::Replay { id, run, .. })) = last else { panic!("{last:?}") };
    assert_eq!((id, run), (book.agent.id, of));
    own.id
}

#[test]
fn an_agent_s_run_is_made_once_more_and_both_are_marked() {
    let mut stage = Stage::settled(120, 40, "dark");
    let own = run_again(&mut stage);
    let event = AgentEvent::Step { step: Step::Orchestration, number: 2 };
    stage.reply("\"replay\"", vec![Reply::AgentEvent { event }]);
    assert!(stage.text().contains("runs again, step 2"), "{}", stage.text());
    let anew = RunId::from_bytes([8; 16]);
    let event = AgentEvent::Ended { run: anew, state: Stands::Stopped, spent: Spent::default() };
    stage.answer("\"replay\"", vec![Reply::AgentEvent { event }]);
    assert!(stage.text().contains("2 runs marked"), "{}", stage.text());
    let effects = stage.keys("=");
    let requests = asked(&effects);
    assert_eq!(requests[0], Traces::Diff { left: own, right: TraceId([8; 16]) });
}

#[test]
fn a_run_that_is_run_again_says_how_that_ended() {
    let why = GaveUp::Limit { limit: Limit::Steps(2) };
    for (state, words) in [
        (Stands::Answered { text: "So.".to_owned() }, "It answered again"),
        (Stands::GaveUp { why, text: String::new() }, "it gave up: its limit of 2 steps is reached"),
        (Stands::Waiting { calls: Vec::new() }, "it waits for answers"),
        (Stands::Stopped, "it was stopped"),
    ] {
        let mut stage = Stage::settled(200, 40, "dark");
        run_again(&mut stage);
        let event = AgentEvent::Remark { text: "replays the run 1a2b3c4d".to_owned() };
        stage.reply("\"replay\"", vec![Reply::AgentEvent { event }]);
        assert!(stage.text().contains("replays the run"), "{}", stage.text());
        let event = AgentEvent::Ended { run: RunId::from_bytes([8; 16]), state, spent: Spent::default() };
        stage.reply("\"replay\"", vec![Reply::AgentEvent { event }]);
        assert!(stage.text().contains(words), "{words}: {}", stage.text());
    }
}

#[test]
fn another_program_s_run_is_made_once_more_by_the_model_that_is_chosen() {
    let mut stage = Stage::settled(120, 40, "dark");
    let run = weather().run;
    enter(&mut stage, vec![run.clone()]);
    stage.keys("R");
    assert!(stage.text().contains("Models"), "{}", stage.text());
    let effects = stage.keys("box/new<enter>");
    let model = Some("box/new".parse().unwrap());
    assert_eq!(asked(&effects).pop(), Some(Traces::ReplayRun { id: run.id, model }));
    let event = AgentEvent::Step { step: Step::Orchestration, number: 2 };
    stage.reply("\"replay_run\"", vec![Reply::AgentEvent { event }]);
    assert!(stage.text().contains("runs again, step 2"), "{}", stage.text());
    let state = Stands::Answered { text: "So.".to_owned() };
    let event = AgentEvent::Ended { run: RunId::from_bytes([8; 16]), state, spent: Spent::default() };
    stage.answer("\"replay_run\"", vec![Reply::AgentEvent { event }]);
    let effects = stage.keys("=");
    assert_eq!(asked(&effects)[0], Traces::Diff { left: run.id, right: TraceId([8; 16]) });
}

#[test]
fn a_replay_of_another_program_s_run_is_no_agent_s_and_is_made_once_more_by_its_trace() {
    let mut stage = Stage::settled(120, 40, "dark");
    let own = Run { source: Source::Own, ..weather().run };
    enter(&mut stage, vec![own.clone()]);
    stage.keys("R");
    let task = stage.task("\"find_run\"");
    let error = Error::new(ErrorKind::NotFound, "finding the run", "there is none", "Look for it.");
    stage.event(Event::Ended { task, error: Some(error) });
    let last = asked(&stage.effects).pop();
    assert_eq!(last, Some(Traces::ReplayRun { id: own.id, model: None }));
}

#[test]
fn a_file_is_read_and_what_it_held_is_said() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, Vec::new());
    let effects = stage.keys("irun.json<enter>");
    let [Traces::Import { file }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(file, Path::new("/home/ada/rivers/run.json"));
    let brought = Brought { spans: 4, traces: vec![TraceId([1; 16])], repaired: 1, ..Brought::default() };
    stage.answer("\"import\"", vec![Reply::TracesBrought { brought }]);
    assert!(stage.text().contains("4 spans of 1 run"), "{}", stage.text());
    stage.pass(10_000);
    stage.keys("irun.json<enter>");
    let brought = Brought { spans: 4, known: 3, traces: vec![TraceId([1; 16])], ..Brought::default() };
    stage.answer("\"import\"", vec![Reply::TracesBrought { brought }]);
    assert!(stage.text().contains("4 spans of 1 run, 3 there already"), "{}", stage.text());
}

#[test]
fn keys_lead_to_errors_calls_and_the_slowest_and_time_is_shown_closer() {
    let mut stage = Stage::settled(240, 40, "dark");
    opened(&mut stage);
    let chosen = |stage: &mut Stage| {
        let text = stage.text();
        let line = text.lines().find(|line| line.starts_with('▌')).unwrap_or_default().to_owned();
        line.split_whitespace().take(4).collect::<Vec<_>>().join(" ")
    };
    assert!(chosen(&mut stage).contains("Weather"), "{}", stage.text());
    stage.keys("]");
    assert!(chosen(&mut stage).contains("execute_tool"), "{}", stage.text());
    stage.keys("m");
    assert!(chosen(&mut stage).contains("chat"), "{}", stage.text());
    stage.keys("g}");
    assert!(chosen(&mut stage).contains("Weather"), "{}", stage.text());
    stage.keys("]z");
    let zoomed = stage.text();
    stage.keys("z");
    assert_ne!(stage.text(), zoomed);
    stage.keys("g-");
    assert!(stage.text().contains("All of the time is shown already."), "{}", stage.text());
    stage.keys("z");
    assert!(stage.text().contains("The span took all of the time"), "{}", stage.text());
    stage.keys("gh");
    assert!(stage.text().contains("1 of 1"), "{}", stage.text());
    stage.keys("l<esc>");
    assert!(stage.text().contains("1 run"), "{}", stage.text());
}
