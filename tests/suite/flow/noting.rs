//! What a person thinks of spans, and a model's call handed on from the traces place.

use std::path::Path;

use outcrop::domain::evaluation::Dataset;
use outcrop::domain::id::{DatasetId, NoteId};
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::contents::{Contents, Said};
use outcrop::domain::trace::replay::Original;
use outcrop::domain::trace::{Grade, Note, Opinion, Outline, Packed, Run, Source, SpanKey, TraceSpan};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TimerId, Work};
use outcrop::tui::event::{Event, Made};
use outcrop::tui::trace::Trace;
use outcrop::wire::trace::meaning::{contents, facts};
use outcrop::wire::trace::otlp::json;
use outcrop::workbench::request::datasets::Datasets;
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::{Changed, Reply, Request};

use crate::stage::{NOW, Stage};

/// An agent's run: a call of a model, a tool, another call, the agent.
fn weather() -> Vec<TraceSpan> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces/otlp_genai.json");
    json::decode(&std::fs::read(file).unwrap()).unwrap().spans
}

fn outlined(spans: &[TraceSpan]) -> Outline {
    let mut outline = Outline::default();
    for span in spans {
        outline.add(span, &facts(span), |_| None);
    }
    outline
}

fn run_of(spans: &[TraceSpan]) -> Run {
    Run { at: Timestamp(NOW), ..Run::of(spans[0].trace, Source::Received, &outlined(spans)) }
}

/// The run is looked into.
fn opened(stage: &mut Stage) -> (Run, Vec<TraceSpan>) {
    let spans = weather();
    (open(stage, &spans), spans)
}

fn open(stage: &mut Stage, spans: &[TraceSpan]) -> Run {
    let run = run_of(spans);
    stage.keys("<alt+9>");
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![run.clone()], more: false }]);
    stage.keys("<enter>");
    lay(stage, spans);
    run
}

/// The rows that were asked for come, and are laid out.
fn lay(stage: &mut Stage, spans: &[TraceSpan]) {
    lay_beside(stage, spans, Vec::new());
}

/// The same with places that cannot be read.
fn lay_beside(stage: &mut Stage, spans: &[TraceSpan], places: Vec<String>) {
    let outline = outlined(spans);
    let rows = Packed::of(&outline, 0..outline.rows.len());
    let damaged = Reply::TraceDamaged { places };
    stage.answer("\"open\"", vec![Reply::Trace { run: run_of(spans) }, Reply::TraceRows { rows }, damaged]);
    let want = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Compute(Work::Trace(want)) => Some(want.clone()),
        _ => None,
    });
    let want = want.expect("nothing was to be laid out");
    stage.event(Event::Computed(Made::Trace(want.number, Trace::of(&want.packs))));
}

/// The run has these spans by now, and whoever stands at its end goes on to the last of them.
fn grow(stage: &mut Stage, spans: &[TraceSpan]) {
    let change = Changed::Trace { run: run_of(spans) };
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change }]);
    lay(stage, spans);
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
fn a_span_is_scored_by_a_number_or_a_grade_and_noted_in_a_line_and_a_run_as_well() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (run, spans) = opened(&mut stage);
    // A digit alone is the beginning of a number, not an answer: 1 is the best.
    assert!(asked(&stage.keys("js1")).is_empty());
    // The first call of a model came first.
    let effects = stage.keys("<enter>");
    let [Traces::Note { id, row: Some(0), span, said }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((*id, *span), (run.id, Some(spans[0].id)));
    assert_eq!(said, &Opinion::new(Some(Grade::Number(1.0)), ""));
    let said = Opinion::new(Some(Grade::Number(0.2)), "wrong city");
    let note = Note {
        id: NoteId::from_bytes([1; 16]),
        trace: run.id,
        span: Some(spans[0].id),
        said: said.clone(),
        by: "ada".to_owned(),
        at: Timestamp(NOW),
    };
    stage.answer("traces\":{\"note\"", vec![Reply::TraceNoted { note: note.clone() }]);
    assert!(stage.text().contains("Noted on the span: 0.2 wrong city · ada"), "{}", stage.text());
    stage.answer("traces\":{\"notes\"", vec![Reply::TraceNotes { notes: vec![note], damaged: Vec::new() }]);
    // The row of the chosen span, and its card.
    let marked = |stage: &mut Stage| stage.text().contains("▌★");
    assert!(marked(&mut stage) && stage.text().contains("★ 0.2"), "{}", stage.text());
    let effects = stage.keys("a0.2 wrong city<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Note { said: it, .. }] if *it == said), "{effects:?}");
    // What says nothing, and what is no score, is not kept.
    assert!(asked(&stage.keys("a<enter>")).is_empty());
    assert!(asked(&stage.keys("7 of ten<enter>")).is_empty());
    stage.keys("<esc><esc>");
    let text = stage.text();
    assert!(marked(&mut stage) && text.contains("score 0.2 of a span · wrong city"), "{text}");
    assert!(text.contains("  opinion ") && !text.contains("  noted "), "a score is no note: {text}");
    let effects = stage.keys("s1<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Note { row: None, span: None, .. }]), "{effects:?}");
    // A number that is typed is that one; without one Enter takes the grade that is gone to.
    let effects = stage.keys("s<down><enter>");
    let graded = |said: &Opinion| said.grade == Some(Grade::Number(0.75));
    assert!(matches!(&asked(&effects)[..], [Traces::Note { said, .. }] if graded(said)), "{effects:?}");
    let effects = stage.keys("s0.8<enter>");
    let graded = |said: &Opinion| said.grade == Some(Grade::Number(0.8));
    assert!(matches!(&asked(&effects)[..], [Traces::Note { said, .. }] if graded(said)), "{effects:?}");
}

#[test]
fn what_others_note_on_the_open_run_is_told_by_the_list_and_no_span_is_read_anew() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (run, _) = opened(&mut stage);
    let change = Changed::TraceNoted { id: run.id };
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change }]);
    let note = Note {
        id: NoteId::from_bytes([3; 16]),
        trace: run.id,
        span: None,
        said: Opinion::new(None, "too slow"),
        by: "bo".to_owned(),
        at: Timestamp(NOW),
    };
    stage.answer("traces\":{\"notes\"", vec![Reply::TraceNotes { notes: vec![note], damaged: Vec::new() }]);
    stage.keys("<esc>");
    assert!(stage.text().contains("▌★") && stage.text().contains("too slow"), "{}", stage.text());
    stage.keys("<enter>");
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 2, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("traces")));
    // By now there is another one.
    let before = stage.effects.len();
    let listed = Run { notes: 2, ..run };
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![listed], more: false }]);
    assert_eq!(asked(&stage.effects[before..]), []);
    stage.keys("<esc>");
    assert!(stage.text().contains("▌★") && stage.text().contains("2 notes"), "{}", stage.text());
}

#[test]
fn what_is_noted_in_the_list_is_told_with_what_was_noted_before() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (run, _) = opened(&mut stage);
    stage.keys("<esc>afine<enter>");
    let (id, by) = (NoteId::from_bytes([4; 16]), "ada".to_owned());
    let said = Opinion::new(None, "fine");
    let note = Note { id, trace: run.id, span: None, said, by, at: Timestamp(NOW) };
    stage.answer("traces\":{\"note\"", vec![Reply::TraceNoted { note }]);
    let run = Run { notes: 2, noted: "score 0.75 · fine".to_owned(), ..run };
    stage.answer("traces\":{\"find\"", vec![Reply::Trace { run }]);
    let text = stage.text();
    assert!(text.contains("▌★") && text.contains("score 0.75 · fine · 2 notes"), "{text}");
}

#[test]
fn what_is_said_and_handed_on_is_of_the_span_that_was_chosen_when_it_was_asked() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut spans = weather()[..3].to_vec();
    open(&mut stage, &spans);
    let last = spans[2].clone();
    let comes = |spans: &mut Vec<TraceSpan>| {
        let before = spans.last().unwrap().clone();
        let id = SpanKey(before.id.0 ^ spans.len() as u64);
        let start = before.end.max(before.start) + 1_000;
        spans.push(TraceSpan { id, start, end: start + 1_000, ..before });
    };
    // Whoever stands at the end of a run that goes on is led on: the score is not.
    stage.keys("Gs");
    assert!(stage.text().contains(&format!("How good is the span {}", last.name)), "{}", stage.text());
    comes(&mut spans);
    grow(&mut stage, &spans);
    let effects = stage.keys("1<enter>");
    assert!(stage.text().contains("4 of 4"), "{}", stage.text());
    let noted = |effects: &[Effect]| match &asked(effects)[..] {
        [Traces::Note { row, span, .. }] => (*row, *span),
        other => panic!("{other:?}"),
    };
    assert_eq!(noted(&effects), (Some(2), Some(last.id)));
    let fourth = spans[3].clone();
    stage.keys("a");
    comes(&mut spans);
    grow(&mut stage, &spans);
    assert_eq!(noted(&stage.keys("slow<enter>")), (Some(3), Some(fourth.id)));
    // So is a row of a dataset, though the run is closed before what was said in it has come.
    let fifth = spans[4].clone();
    stage.keys("D");
    comes(&mut spans);
    grow(&mut stage, &spans);
    let effects = stage.keys("rows<enter>");
    let [Traces::Span { row: 4, span, .. }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(*span, Some(fifth.id));
}

#[test]
fn a_search_that_goes_on_is_begun_anew_where_rows_have_other_numbers() {
    let mut stage = Stage::settled(120, 40, "dark");
    let spans = weather()[..3].to_vec();
    open(&mut stage, &spans);
    let searches = |effects: &[Effect]| {
        asked(effects).iter().filter(|request| matches!(request, Traces::Search { .. })).count()
    };
    assert_eq!(searches(&stage.keys("/paris<enter>")), 1);
    let from = stage.effects.len();
    let id = SpanKey(spans[0].id.0 ^ 0x4d);
    let mut grown = vec![TraceSpan { id, start: spans[0].start - 1, ..spans[0].clone() }];
    grown.extend(spans);
    grow(&mut stage, &grown);
    assert_eq!(searches(&stage.effects[from..]), 1);
}

#[test]
fn what_becomes_of_a_note_and_of_a_row_is_told_though_the_run_was_closed() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (run, spans) = opened(&mut stage);
    let full = |doing: &str| Error::new(ErrorKind::Full, doing, "the disk is full", "Make room.");
    stage.keys("js1<enter><esc>");
    assert!(stage.text().contains("1 run"), "{}", stage.text());
    let error = Some(full("noting on a trace"));
    stage.event(Event::Ended { task: stage.task("traces\":{\"note\""), error });
    assert!(stage.text().contains("the disk is full"), "{}", stage.text());
    stage.pass(1_000);
    // A score in the list, and a look into the run at once.
    stage.keys("s0<enter><enter>");
    let said = Opinion::new(Some(Grade::Number(0.0)), "");
    let (id, by) = (NoteId::from_bytes([2; 16]), "ada".to_owned());
    let note = Note { id, trace: run.id, span: None, said, by, at: Timestamp(NOW) };
    stage.answer("traces\":{\"note\"", vec![Reply::TraceNoted { note }]);
    assert!(stage.text().contains("Noted on the run: 0 · ada"), "{}", stage.text());
    lay(&mut stage, &spans);
    stage.keys("jDrows<enter>");
    let task = stage.task("traces\":{\"span\"");
    stage.keys("<esc>");
    let span = spans[0].clone();
    let replies = vec![Reply::TraceSpan { contents: contents(&span), span }];
    let effects = stage.event(Event::Replies { task, replies });
    let [Request::Datasets(Datasets::AddItem { dataset, .. })] = &Stage::requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(dataset, "rows");
    stage.event(Event::Ended { task, error: None });
    let error = Some(full("adding to a dataset"));
    stage.event(Event::Ended { task: stage.task("add_item"), error });
    assert!(stage.text().contains("adding to a dataset"), "{}", stage.text());
}

#[test]
fn a_key_that_does_not_apply_says_why() {
    let mut stage = Stage::settled(120, 40, "dark");
    let says = |stage: &mut Stage, keys: &str, why: &str| {
        stage.pass(10_000);
        let effects = stage.keys(keys);
        assert!(asked(&effects).is_empty(), "{keys}: {effects:?}");
        assert!(stage.text().contains(why), "{keys}: {}", stage.text());
    };
    stage.keys("<alt+9>");
    says(&mut stage, "a", "The runs are still being read.");
    let error = Error::new(ErrorKind::Full, "listing the runs", "the disk is full", "Make room.");
    stage.event(Event::Ended { task: stage.task("\"list\""), error: Some(error) });
    says(&mut stage, "s", "The runs cannot be read.");
    // What is done meanwhile has all of them read, not the newest alone.
    stage.reply("\"topic\":\"traces\"", vec![Reply::Changed { number: 1, change: Changed::Usage }]);
    let effects = stage.event(Event::Timer(TimerId("traces")));
    assert!(matches!(&asked(&effects)[..], [Traces::List { limit: 200, .. }]), "{effects:?}");
    stage.answer("\"list\"", vec![Reply::Traces { runs: Vec::new(), more: false }]);
    says(&mut stage, "s", "There is no run yet.");
    let spans = weather();
    let own = Run { source: Source::Own, ..run_of(&spans[..1]) };
    stage.keys("r");
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![own], more: false }]);
    says(&mut stage, "x", "trace.keep_days");
    says(&mut stage, "R", "Only the run of an agent");
    stage.keys("<enter>");
    says(&mut stage, "e", "Its spans are still being read.");
    lay(&mut stage, &[spans[1].clone()]);
    for key in ["e", "D", "V", "C"] {
        says(&mut stage, key, "Only the call of a model");
    }
    says(&mut stage, "m", "No model was asked in it.");
    says(&mut stage, "z", "The span took all of the time");
    // What is only at its end says nothing.
    stage.pass(10_000);
    let before = stage.text();
    stage.keys("k");
    assert_eq!(stage.text(), before);
}

#[test]
fn a_filter_that_takes_long_says_what_stops_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+9>");
    let run = run_of(&weather());
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![run], more: false }]);
    stage.keys("/paris<enter>");
    assert!(stage.text().contains("Esc stops it and shows all runs."), "{}", stage.text());
    stage.keys("s");
    assert!(stage.text().contains("going back stops it"), "{}", stage.text());
    stage.pass(10_000);
    let effects = stage.keys("<esc>");
    assert!(matches!(&asked(&effects)[..], [Traces::List { filter: None, .. }]), "{effects:?}");
}

#[test]
fn a_model_s_call_becomes_a_row_of_a_dataset_and_a_tool_s_does_not() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (_, spans) = opened(&mut stage);
    let effects = stage.keys("jDrows<enter>");
    assert!(matches!(&asked(&effects)[..], [Traces::Span { row: 0, .. }]), "{effects:?}");
    let task = stage.task("traces\":{\"span\"");
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
fn all_that_an_agent_did_becomes_a_row_by_its_question_and_its_answer() {
    let mut stage = Stage::settled(120, 40, "dark");
    let spans = weather();
    open(&mut stage, &spans);
    let agent = spans.iter().position(|span| span.name.starts_with("invoke_agent")).unwrap();
    let effects = stage.keys("Drows<enter>");
    let [Traces::Span { row, .. }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(*row as usize, agent);
    let task = stage.task("traces\":{\"span\"");
    let contents = Contents {
        input: vec![Said::new("user", "Weather in Paris?")],
        output: vec![Said::new("assistant", "Rainy.")],
        ..Contents::default()
    };
    let replies = vec![Reply::TraceSpan { span: spans[agent].clone(), contents }];
    let effects = stage.event(Event::Replies { task, replies });
    let [Request::Datasets(Datasets::AddItem { item, .. })] = &Stage::requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(item.prompt(), "Weather in Paris?");
    assert_eq!(item.responses.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["Rainy."]);
}

#[test]
fn all_that_the_list_of_what_looks_wrong_has_is_counted_before_it_is_opened() {
    let mut stage = Stage::settled(120, 40, "dark");
    let spans = weather();
    stage.keys("<alt+9>");
    stage.answer("\"list\"", vec![Reply::Traces { runs: vec![run_of(&spans)], more: false }]);
    stage.keys("<enter>");
    lay_beside(&mut stage, &spans, vec!["a segment is damaged".to_owned()]);
    let text = stage.text();
    assert!(text.contains("f 1 place cannot be read · 2 findings"), "{text}");
    stage.keys("f");
    let text = stage.text();
    for told in ["✗ a segment is damaged", "✗ execute_tool get_weather: timeout", "cost is unknown"] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn what_looks_wrong_is_gone_through_and_errors_are_gone_to_while_a_span_is_read() {
    let mut stage = Stage::settled(60, 20, "dark");
    open(&mut stage, &weather());
    assert!(stage.text().contains("] error"), "{}", stage.text());
    assert!(stage.text().contains("f 2 findings"), "{}", stage.text());
    stage.keys("f");
    assert!(stage.text().contains("n goes from one of these spans to the next"), "{}", stage.text());
    stage.keys("<esc>n");
    assert!(stage.text().contains("3 of 4"), "{}", stage.text());
    // What is read is that of the span that the key leads to.
    stage.keys("gj<enter>");
    assert!(stage.text().contains("▌ ● chat m1"), "{}", stage.text());
    stage.keys("]");
    let text = stage.text();
    assert!(text.contains("▌ ⚙ execute_tool get_weather") && text.contains("timeout: slow"), "{text}");
    let effects = stage.event(Event::Timer(TimerId("traces.rest")));
    assert!(matches!(&asked(&effects)[..], [Traces::Span { row: 1, .. }]), "{effects:?}");
}

#[test]
fn a_model_s_call_becomes_a_row_of_which_an_evaluation_is_put_together_at_once() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (_, spans) = opened(&mut stage);
    stage.keys("jV");
    assert!(stage.text().contains("Have the span"), "{}", stage.text());
    stage.keys("rows<enter>");
    let span = spans[0].clone();
    stage.answer("traces\":{\"span\"", vec![Reply::TraceSpan { contents: contents(&span), span }]);
    let dataset = Dataset {
        id: DatasetId::from_bytes([7; 16]),
        name: "rows".to_owned(),
        created: Timestamp(NOW),
        updated: Timestamp(NOW),
        items: 1,
        source: None,
        licence: None,
    };
    let id = dataset.id;
    let added = Reply::ItemAdded { dataset, place: 0, like: None, remarks: Vec::new() };
    let before = stage.effects.len();
    stage.answer("add_item", vec![added]);
    // Whose answers it brings is looked up for the form that is open now.
    let asked = Stage::requests(&stage.effects[before..]);
    let looks = |request: &Request| *request == Request::Datasets(Datasets::Answered { id });
    assert!(asked.iter().any(looks), "{asked:?}");
    let text = stage.text();
    assert!(text.contains("dataset") && text.contains("rows") && text.contains("1 item"), "{text}");
}

#[test]
fn what_a_model_was_asked_is_asked_of_others_in_the_compare_place() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (_, spans) = opened(&mut stage);
    let effects = stage.keys("jC");
    assert!(matches!(&asked(&effects)[..], [Traces::Call { row: 0, .. }]), "{effects:?}");
    let original = Original::of(&spans[0], &facts(&spans[0]), &contents(&spans[0]), None);
    stage.answer("traces\":{\"call\"", vec![Reply::TraceCall { original }]);
    let text = stage.text();
    assert!(text.contains("Weather in Paris?") && text.contains("m1"), "{text}");
    // What the compare place remembers is older.
    stage.answer("tui.compare", vec![Reply::Remembered { value: None }]);
    assert!(stage.text().contains("Weather in Paris?"), "{}", stage.text());
}
