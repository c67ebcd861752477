//! A key on a screen, from its press to the frame that shows what came of it.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup};
use outcrop::tui::app::{Cache, State, update, view};
use outcrop::tui::event::Event;
use outcrop::tui::key::Key;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Measures that under a name; the screen in `state` has so many columns and rows.
pub fn press(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (columns, rows): (u16, u16),
    state: &State,
    key: &str,
    batch: BatchSize,
) {
    let key = Key::script(key).unwrap()[0];
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    group.bench_function(name, |b| {
        b.iter_batched_ref(
            || (state.clone(), Cache::default()),
            |(state, cache)| {
                update(state, cache, Event::Key(key));
                let frame = terminal.draw(|frame| {
                    view(state, cache, frame);
                });
                black_box(frame.unwrap().count)
            },
            batch,
        );
    });
}
