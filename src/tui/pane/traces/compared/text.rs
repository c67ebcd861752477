//! What is read of a line of two runs side by side: values, and two texts as one, word by word.

use ratatui::style::Modifier;

use super::super::json::pretty;
use super::super::sheet::{Part, line};
use super::Words;
use crate::domain::diff::{MOST_WORDS, Mark, Stretch};
use crate::domain::trace::contents::{Contents, Part as Piece, Said};
use crate::domain::trace::made::{Change, What};
use crate::domain::untrusted::brief;
use crate::tui::look::Role;
use crate::tui::widget::text::Ink;

/// Characters of a value that stands on a line.
const ON_A_LINE: usize = 60;

/// Values on one line.
pub(super) fn short(change: &Change) -> String {
    // A definition is known by a number, which tells nobody anything.
    if matches!(change.what, What::Tool) {
        let words = match (change.left.is_empty(), change.right.is_empty()) {
            (true, _) => ["–", "offered"].join(" → "),
            (_, true) => ["offered", "–"].join(" → "),
            _ => "not defined alike".to_owned(),
        };
        return words;
    }
    let told = |values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| brief(value, ON_A_LINE)).collect();
        if values.is_empty() { "–".to_owned() } else { values.join(" | ") }
    };
    format!("{} → {}", told(&change.left), told(&change.right))
}

/// What a run was made with otherwise, whole.
pub(super) fn change(change: &Change, words: Option<&Words>, parts: &mut Vec<Part>) {
    let head = format!("~ {}", change.called());
    parts.push(Part::Flow { runs: vec![(head, Ink::of(Role::Changed).with(Modifier::BOLD))], inset: 0 });
    parts.push(Part::Gap);
    if let Some(prompts) = prompts(change) {
        return both(prompts, words, "", parts);
    }
    for (mark, role, values) in [('−', Role::Removed, &change.left), ('+', Role::Added, &change.right)] {
        for value in values {
            parts.push(Part::Text { text: format!("{mark} {value}"), ink: Ink::of(role), inset: 0 });
        }
    }
}

/// The texts of a change that are compared word by word.
pub(super) fn prompts(change: &Change) -> Option<[&str; 2]> {
    match (change.what, change.left.as_slice(), change.right.as_slice()) {
        (What::Prompt, [one], [other]) => Some([one.as_str(), other.as_str()]),
        _ => None,
    }
}

/// What of a text is compared word by word.
pub(super) fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_WORDS)]
}

/// Both texts as one, word by word, once they were compared.
pub(super) fn both(texts: [&str; 2], words: Option<&Words>, rest: &str, parts: &mut Vec<Part>) {
    let [one, other] = texts;
    if one == other {
        let said = if one.is_empty() {
            "Nothing that was said in it is told."
        } else {
            "They say the same, word for word."
        };
        parts.push(line(said, Role::Muted));
        return parts.push(Part::Text { text: one.to_owned(), ink: Ink::of(Role::Text), inset: 0 });
    }
    let [first, second] = texts.map(beginning);
    let stretches = match words {
        None => return parts.push(line("reading …", Role::Faint)),
        Some(Words::Failed) => {
            parts.push(line("They cannot be compared word by word.", Role::Warn));
            for (text, role) in [(first, Role::Removed), (second, Role::Added)] {
                parts.push(Part::Text { text: text.to_owned(), ink: Ink::of(role), inset: 0 });
            }
            return;
        }
        Some(Words::Read(stretches)) => stretches,
    };
    if stretches.iter().all(|stretch| stretch.mark == Mark::Same) && first != second {
        parts.push(line("They say the same, word for word; only white space differs.", Role::Muted));
    }
    let mut runs: Vec<(String, Ink)> = Vec::new();
    for stretch in stretches.iter() {
        stretched(stretch, &mut runs, parts);
    }
    if !runs.is_empty() {
        parts.push(Part::Flow { runs, inset: 0 });
    }
    if first.len() < one.len() || second.len() < other.len() {
        let rest = if rest.is_empty() { String::new() } else { format!("; {rest}") };
        let said = format!("… what lies beyond the first {} KB is not compared{rest}", MOST_WORDS / 1024);
        parts.push(Part::Flow { runs: vec![(said, Ink::of(Role::Warn))], inset: 0 });
    }
}

/// A piece of both texts; each line of it ends what was gathered.
fn stretched(stretch: &Stretch, runs: &mut Vec<(String, Ink)>, parts: &mut Vec<Part>) {
    // The signs tell it where there is no colour.
    let (open, close, ink) = match stretch.mark {
        Mark::Same => ("", "", Ink::of(Role::Text)),
        Mark::Removed => ("[−", "]", Ink::of(Role::Removed).with(Modifier::BOLD)),
        Mark::Added => ("[+", "]", Ink::of(Role::Added).with(Modifier::BOLD)),
    };
    for (at, text) in stretch.text.split('\n').enumerate() {
        if at > 0 {
            parts.push(Part::Flow { runs: std::mem::take(runs), inset: 0 });
        }
        let words = text.trim();
        if words.is_empty() {
            if !text.is_empty() {
                runs.push((text.to_owned(), Ink::of(Role::Text)));
            }
            continue;
        }
        // The text's own white space stands outside of the signs.
        let start = text.len() - text.trim_start().len();
        let (before, after) = (&text[..start], &text[start + words.len()..]);
        let plain = |text: &str| (text.to_owned(), Ink::of(Role::Text));
        runs.extend([plain(before), (format!("{open}{words}{close}"), ink), plain(after)]);
    }
}

/// All that was said in a span, as one text.
pub(super) fn text_of(contents: &Contents) -> String {
    let mut text = String::new();
    // Whether there is room: no more of it is compared.
    let mut add = |said: &str| {
        let has_room = text.len() <= MOST_WORDS;
        if has_room && !said.is_empty() {
            text.push_str(some(said));
            text.push('\n');
        }
        has_room
    };
    if let Some(ran) = &contents.ran {
        for (word, json) in [("with", &ran.arguments), ("gave", &ran.result)] {
            if let Some(json) = json {
                add(&format!("{word} {}", pretty(json, MOST_WORDS).0));
            }
        }
    }
    if let Some(query) = &contents.query {
        add(&format!("looked for {query}"));
    }
    for found in &contents.found {
        add(&format!("found {}", found.id.as_deref().unwrap_or_default()));
        add(found.text.as_deref().unwrap_or_default());
    }
    for said in contents.input.iter().chain(&contents.output) {
        if !add(&format!("{}:", said.role)) {
            break;
        }
        add(&spoken(said));
    }
    text
}

/// No more of a text than has room; one byte more tells that there is more.
fn some(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_WORDS + 1)]
}

fn spoken(said: &Said) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text { text } => some(text).to_owned(),
        Piece::Reasoning { text, .. } => format!("(thought) {}", some(text)),
        Piece::ToolCall { name, arguments, .. } => {
            format!("calls {name} {}", pretty(arguments, MOST_WORDS).0)
        }
        Piece::ToolResult { result, .. } => format!("result: {}", pretty(result, MOST_WORDS).0),
        Piece::Other { kind, .. } => format!("[{kind}]"),
    };
    said.parts.iter().map(piece).collect::<Vec<_>>().join("\n")
}
