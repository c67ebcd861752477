//! The passages that an answer was given, to be read whole: those that it names, then the others, and what else was found.

use super::Overlay;
use super::reading::{Line, Reading};
use crate::domain::knowledge::grounding::{Grounding, Source};
use crate::domain::knowledge::retrieval::is_alike;
use crate::tui::look::Role;

/// What a knowledge base gave for an answer.
pub fn given(grounding: &Grounding) -> Overlay {
    let about = format!("{} was asked for: {}", grounding.base, grounding.query);
    let mut lines = vec![Line::of(&about, Role::Muted)];
    let all: Vec<(usize, (&Source, &str))> =
        (1..).zip(grounding.sources.iter().zip(grounding.texts())).collect();
    let (named, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(number, _)| grounding.is_cited(*number));
    let names = if is_alike(&grounding.citations) {
        "Not named; the answer has its words from"
    } else {
        "The answer names"
    };
    for (passages, head) in [(named, names), (others, "Given, and not named")] {
        if passages.is_empty() {
            continue;
        }
        lines.extend([Line::blank(), Line::of(head, Role::Accent)]);
        for (number, (source, text)) in passages {
            lines.extend([
                Line::blank(),
                Line::strong(&format!("[{number}] {}", source.place)),
                Line::of(&source.uri, Role::Faint),
                Line::of(text, Role::Text),
            ]);
        }
    }
    if !grounding.left.is_empty() {
        let head = "Found, and not given: not near enough, or no room was left";
        lines.extend([Line::blank(), Line::of(head, Role::Accent)]);
        lines.extend(grounding.left.iter().map(|source| Line::of(&source.place, Role::Muted)));
    }
    Overlay::Reading(Box::new(Reading::new("What the answer was given", lines)))
}
