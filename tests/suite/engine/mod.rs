//! The local engine: files, answers, turns.

mod answers;
mod files;
mod foreign;
mod held;
#[cfg(feature = "llama-cpp")]
mod llama_cpp;
mod peers;
pub mod real;
pub mod tiny;
mod vectors;
mod zoo;

use outcrop::domain::call::{Blobs, Converse, Turn};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, Role};
use outcrop::domain::settings::Settings;

fn say(role: Role, text: &str) -> Turn {
    Turn { role, blocks: vec![Block::Text { text: text.into() }] }
}

fn ask(turns: Vec<Turn>, settings: Settings) -> Converse {
    Converse {
        model: "local/tiny".parse().unwrap(),
        system: None,
        turns,
        settings,
        conversation: None,
        blobs: Blobs::default(),
    }
}

fn greedy(tokens: u32) -> Settings {
    Settings { temperature: Some(0.0), max_tokens: Some(tokens), ..Settings::default() }
}

/// The date that prompts may tell.
fn now() -> jiff::Zoned {
    jiff::civil::date(2026, 11, 22).to_zoned(jiff::tz::TimeZone::UTC).unwrap()
}

fn text_of(events: &[Event]) -> String {
    let mut fold = Fold::default();
    for event in events {
        fold.push(event);
    }
    crate::answer::text(&fold)
}
