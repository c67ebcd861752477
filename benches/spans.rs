//! The spans of a run on the screen, from a key to the frame: `cargo bench --bench spans`. `OUTCROP_BENCH_SPANS=1000000` takes a
//! run of so many instead of 100,000.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails loudly")]

mod press;
mod screen;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use outcrop::domain::trace::{
    Facts, Kind, Outline, Packed, Run, Source, SpanKey, Status, TraceId, TraceSpan,
};
use outcrop::tui::app::State;
use outcrop::tui::effect::{Effect, Work};
use outcrop::tui::event::{Event, Made};
use outcrop::tui::trace::Trace;
use outcrop::workbench::Reply;
use press::press;
use screen::{Screen, asking};

/// Rows that come through the door at a time.
const PACK: usize = 8192;

/// An agent that calls models and tools, some of which fail.
fn outline(spans: u64) -> Outline {
    let mut outline = Outline::default();
    for id in 1..=spans {
        let kind = [Kind::Agent, Kind::Model, Kind::Tool, Kind::Other][(id % 4) as usize];
        let start = 1_700_000_000_000_000_000 + id * 10_000;
        let span = TraceSpan {
            id: SpanKey(id),
            parent: (id > 1).then_some(SpanKey(id / 8 + 1)).filter(|parent| parent.0 != id),
            name: format!("step {}", id % 97),
            start,
            end: start + 9_000 * (1 + id % 50),
            status: if id % 101 == 0 { Status::Error } else { Status::Unset },
            ..TraceSpan::default()
        };
        let mut facts = Facts { kind, model: "gpt", tool: "get_weather", ..Facts::default() };
        if kind == Kind::Model {
            (facts.usage.input, facts.usage.output) = (Some(100), Some(20));
        }
        outline.add(&span, &facts, |_| Some(0.001));
    }
    outline
}

fn packs(outline: &Outline) -> Vec<Packed> {
    let all = outline.rows.len();
    (0..all).step_by(PACK).map(|from| Packed::of(outline, from..all.min(from + PACK))).collect()
}

/// A screen that looks into the run.
fn opened(outline: &Outline) -> State {
    let (mut screen, _) = Screen::started(240, 70);
    let run = Run::of(TraceId([1; 16]), Source::Received, outline);
    let effects = screen.keys("<alt+9>");
    let task = asking(&effects, "\"list\"")[0];
    screen.event(Event::Replies { task, replies: vec![Reply::Traces { runs: vec![run], more: false }] });
    let effects = screen.keys("<enter>");
    let task = asking(&effects, "\"open\"")[0];
    let replies = packs(outline).into_iter().map(|rows| Reply::TraceRows { rows }).collect();
    screen.event(Event::Replies { task, replies });
    for effect in screen.event(Event::Ended { task, error: None }) {
        if let Effect::Compute(Work::Trace(want)) = effect {
            screen.event(Event::Computed(Made::Trace(want.number, Trace::of(&want.packs))));
        }
    }
    screen.state
}

fn spans(c: &mut Criterion) {
    let count = std::env::var_os("OUTCROP_BENCH_SPANS").and_then(|count| count.to_str()?.parse().ok());
    let outline = outline(count.unwrap_or(100_000));
    let mut group = c.benchmark_group(format!("{} spans", outline.rows.len()));
    group.sample_size(20);
    let packed = packs(&outline);
    group.bench_function("laid out", |b| b.iter(|| black_box(Trace::of(&packed))));
    for (name, before, key) in [
        ("a line down", "G<pageup>", "j"),
        ("a page up", "G", "<pageup>"),
        ("to the end", "", "G"),
        ("folded to the first", "", "H"),
        ("the next error", "", "]"),
        ("the slowest", "", "}"),
        ("zoomed", "jjj", "z"),
        ("a letter that is looked for", "/step 4", "7"),
    ] {
        let (mut screen, _) = Screen::started(240, 70);
        screen.state = opened(&outline);
        screen.keys(before);
        press(&mut group, name, (240, 70), &screen.state, key, BatchSize::LargeInput);
    }
    group.finish();
}

criterion_group!(benches, spans);
criterion_main!(benches);
