//! The model picker over 10,000 models, from a key to the frame that shows what fits: `cargo bench --bench picker`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails loudly")]

mod press;
mod screen;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use outcrop::domain::catalog::{Capability, ModelCard, Price};
use outcrop::tui::app::State;
use outcrop::tui::event::Event;
use outcrop::workbench::Reply;
use press::press;
use screen::{Screen, asking};

/// Ids and names of the length that aggregators have.
fn cards() -> Vec<ModelCard> {
    const MAKERS: [&str; 8] =
        ["openai", "anthropic", "google", "meta-llama", "mistralai", "qwen", "deepseek", "somebody"];
    const NAMES: [&str; 6] = ["gpt-4o", "claude-sonnet-4-5", "gemini-2-pro", "llama-3.1", "large", "coder"];
    let card = |n: usize| {
        let (maker, name) = (MAKERS[n % MAKERS.len()], NAMES[n / 7 % NAMES.len()]);
        ModelCard {
            title: format!("{maker}: {name} number {n} of many"),
            capabilities: vec![Capability::Chat, Capability::Vision, Capability::Tools],
            context: Some(131_072),
            price: Some(Price {
                input: Some(3.0),
                output: Some(15.0),
                cache_read: None,
                cache_write: None,
                image: None,
                search: None,
                as_of: "2026-11-22".into(),
                source: "a page".into(),
            }),
            ..ModelCard::unknown(format!("router/{maker}/{name}-{n:05}-instruct").parse().unwrap())
        }
    };
    (0..10_000).map(card).collect()
}

/// A screen with the picker open and these letters typed.
fn opened(typed: &str) -> State {
    let (mut screen, effects) = Screen::started(120, 40);
    let task = asking(&effects, "\"probe\"")[0];
    screen.event(Event::Replies { task, replies: vec![Reply::Models { cards: cards() }] });
    screen.keys(&format!("<ctrl+l>{typed}"));
    screen.state
}

fn picker(c: &mut Criterion) {
    let mut group = c.benchmark_group("model picker, 10,000 models, key press to filtered list");
    for (name, typed, key) in [
        ("first letter", "", "g"),
        ("third letter", "g4", "o"),
        ("a letter taken back", "g4o", "<backspace>"),
        ("down", "", "<down>"),
    ] {
        let state = opened(typed);
        press(&mut group, name, (120, 40), &state, key, BatchSize::SmallInput);
    }
    group.finish();
}

criterion_group!(benches, picker);
criterion_main!(benches);
