//! What a person thinks of spans, and a model's call handed on from the traces place.

use std::path::Path;

use outcrop::domain::id::NoteId;
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::replay::Original;
use outcrop::domain::trace::{Grade, Note, Opinion, Outline, Packed, Run, Source, TraceSpan};
use outcrop::tui::effect::{Effect, Work};
use outcrop::tui::event::{Event, Made};
use outcrop::tui::trace::Trace;
use outcrop::wire::trace::meaning::{contents, facts};
use outcrop::wire::trace::otlp::json;
use outcrop::workbench::request::datasets::Datasets;
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::{Reply, Request};

use crate::stage::{NOW, Stage};

/// An agent's run is looked into: the agent, a call of a model, a tool, another call.
fn opened(stage: &mut Stage) -> (Run, Vec<TraceSpan>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces/otlp_genai.json");
    let spans = json::decode(&std::fs::read(file).unwrap()).unwrap().spans;
    let mut outline = Outline::default();
    for span in &spans {
        outline.add(span, &facts(span), |_| None);
    }
    let run = Run { at: Timestamp(NOW), ..Run::of(spans[0].trace, Source::Received, &outline) };
    stage.keys("<alt+9>");
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![run.clone()], more: false }]);
    stage.keys("<enter>");
    let rows = Packed::of(&outline, 0..outline.rows.len());
    stage.answer("\"open\"", vec![Reply::Trace { run: run.clone() }, Reply::TraceRows { rows }]);
    let want = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Compute(Work::Trace(want)) => Some(want.clone()),
        _ => None,
    });
    let want = want.expect("nothing was to be laid out");
    stage.event(Event::Computed(Made::Trace(want.number, Trace::of(&want.packs))));
    (run, spans)
}

/// Requests about traces among what was asked.
fn asked(effects: &[Effect]) -> Vec<Traces> {
    let of_traces = |request| match request {
        Request::Traces(request) => Some(request),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(of_traces).collect()
}

#[test]
fn a_span_is_scored_with_two_keys_and_noted_in_a_line_and_a_run_as_well() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (run, spans) = opened(&mut stage);
    // The first call of a model came first.
    let effects = stage.keys("js5");
    let [Traces::Note { id, row: Some(0), said }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((*id, said), (run.id, &Opinion::new(Some(Grade::Number(1.0)), "")));
    let said = Opinion::new(Some(Grade::Number(0.2)), "wrong city");
    let note = Note {
        id: NoteId::from_bytes([1; 16]),
        trace: run.id,
        span: Some(spans[0].id),
        said: said.clone(),
        by: "ada".to_owned(),
        at: Timestamp(NOW),
    };
    stage.answer("\"do\":\"note\"", vec![Reply::TraceNoted { note }]);
    assert!(stage.text().contains("Noted on the span: 0.2 wrong city · ada"), "{}", stage.text());
    let effects = stage.keys("a0.2 wrong city<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Note { said: it, .. }] if *it == said), "{effects:?}");
    // What says nothing, and what is no score, is not kept.
    assert!(asked(&stage.keys("a<enter>")).is_empty());
    assert!(asked(&stage.keys("7 of ten<enter>")).is_empty());
    let effects = stage.keys("<esc><esc>s1");
    assert!(matches!(&asked(&effects)[..], [Traces::Note { row: None, .. }]), "{effects:?}");
}

#[test]
fn a_model_s_call_becomes_a_row_of_a_dataset_and_a_tool_s_does_not() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (_, spans) = opened(&mut stage);
    let effects = stage.keys("jDrows<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Span { row: 0, .. }]), "{effects:?}");
    let task = stage.task("\"do\":\"span\"");
    let span = spans[0].clone();
    let replies = vec![Reply::TraceSpan { contents: contents(&span), span }];
    let effects = stage.event(Event::Replies { task, replies });
    let [Request::Datasets(Datasets::AddItem { dataset, item })] = &Stage::requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((dataset.as_str(), item.prompt()), ("rows", "Weather in Paris?"));
    assert!(asked(&stage.keys("jD")).is_empty());
}

#[test]
fn what_a_model_was_asked_is_asked_of_others_in_the_compare_place() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (_, spans) = opened(&mut stage);
    let effects = stage.keys("jC");
    assert!(matches!(&asked(&effects)[..], [Traces::Call { row: 0, .. }]), "{effects:?}");
    let original = Original::of(&spans[0], &facts(&spans[0]), &contents(&spans[0]), None);
    stage.answer("\"do\":\"call\"", vec![Reply::TraceCall { original }]);
    let text = stage.text();
    assert!(text.contains("Weather in Paris?") && text.contains("m1"), "{text}");
    // What the compare place remembers is older.
    stage.answer("tui.compare", vec![Reply::Remembered { value: None }]);
    assert!(stage.text().contains("Weather in Paris?"), "{}", stage.text());
}
