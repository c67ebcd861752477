//! The texts of an item in rows: one way to set them, before a rater and before who looks at what raters differ on.

use crate::domain::evaluation::item::Turn;
use crate::domain::message::Role as Speaker;
use crate::domain::untrusted::safe_text;
use crate::tui::look::Role;
use crate::tui::widget::code::Code;
use crate::tui::widget::markdown::Stream;
use crate::tui::widget::text::{Ink, Inline, Row, wrap};

/// The narrowest column that a text is set in.
const NARROWEST: usize = 8;

/// Between two questions in a row: an item has an answer only where all gave the same.
const GAP: &str = "(the answers to this differed, or there was none)";

/// What stands in the place of an answer without a word.
pub(super) const EMPTY: &str = "(an empty answer)";

/// A text as it is set: its rows, and the code that stands in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Set {
    pub rows: Vec<Row>,
    pub codes: Vec<Code>,
}

impl Set {
    /// An answer, as it was written.
    pub fn written(text: &str, width: u16) -> Self {
        if text.trim().is_empty() {
            return Self::empty();
        }
        Self { rows: broken(text.trim_end(), Role::Text, width), codes: Vec::new() }
    }

    fn empty() -> Self {
        Self { rows: vec![Row::of(EMPTY, Ink::of(Role::Faint))], codes: Vec::new() }
    }

    /// An answer, as the chat sets one.
    pub fn answer(text: &str, width: u16) -> Self {
        if text.trim().is_empty() {
            return Self::empty();
        }
        let mut stream = Stream::new(usize::from(width).max(NARROWEST));
        stream.update(&safe_text(text), true);
        Self { rows: stream.rows().to_vec(), codes: stream.codes().to_vec() }
    }

    /// The turns up to the question, as they were typed; then what is said of the reference, where it is wanted.
    pub fn question(turns: &[Turn], reference: Option<&str>, width: u16) -> Self {
        let mut rows = Vec::new();
        let several = turns.len() > 1;
        for (at, turn) in turns.iter().enumerate() {
            let (who, role) = match turn.role {
                Speaker::Assistant => ("model: ", Role::Muted),
                Speaker::System => ("system: ", Role::Muted),
                _ if several => ("person: ", Role::Text),
                _ => ("", Role::Text),
            };
            rows.extend(broken(&format!("{who}{}", turn.text), role, width));
            // What a question refers to may be in an answer that is not there.
            let asks = |at: usize| turns.get(at).is_some_and(|turn| turn.role == Speaker::User);
            if asks(at) && asks(at + 1) {
                rows.extend(broken(GAP, Role::Muted, width));
            }
        }
        if let Some(words) = reference {
            rows.extend(broken(&format!("reference: {words}"), Role::Info, width));
        }
        Self { rows, codes: Vec::new() }
    }
}

fn broken(text: &str, role: Role, width: u16) -> Vec<Row> {
    let safe = safe_text(text).replace('\t', "    ");
    wrap(&Inline::plain(&safe, Ink::of(role)), usize::from(width).max(NARROWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_set_as_markdown_and_no_escape_code_gets_through() {
        let set = Set::answer("# Head\n\nIt is **so**.\u{1b}[31m\n\n```rust\nfn f() {}\n```", 40);
        let text: Vec<String> = set.rows.iter().map(Row::text).collect();
        assert!(text.iter().all(|row| !row.contains(['*', '#', '`', '\u{1b}'])), "{text:#?}");
        assert_eq!(set.codes.len(), 1);
        assert_eq!(Set::answer(" \n", 40).rows[0].text(), EMPTY);
        let written = Set::written("# Head\n\n**so**\u{1b}[31m\n", 40);
        let text: Vec<String> = written.rows.iter().map(Row::text).collect();
        assert!(
            text[0] == "# Head" && text[2].starts_with("**so**") && !text[2].contains('\u{1b}'),
            "{text:#?}"
        );
    }

    #[test]
    fn a_question_is_shown_as_it_was_typed_with_who_said_what() {
        let turn = |role, text: &str| Turn { role, text: text.to_owned() };
        let turns = [turn(Speaker::User, "**why**?"), turn(Speaker::User, "and how?")];
        let rows = Set::question(&turns, Some("so"), 60).rows;
        let text: Vec<String> = rows.iter().map(Row::text).collect();
        assert_eq!(text, ["person: **why**?", GAP, "person: and how?", "reference: so"]);
    }
}
