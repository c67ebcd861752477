//! What is told of a step: a few lines of it, and all of it.

use serde_json::Value as Json;

use super::super::json::{pretty, short};
use super::super::said::{self, head, pieces};
use super::super::sheet::{Part, Room, line};
use super::{FOLDED, Told};
use crate::domain::figures::count;
use crate::domain::trace::Kind;
use crate::domain::trace::contents::{Contents, Part as Piece, Said};
use crate::domain::trace::facts::hash;
use crate::domain::untrusted::brief;
use crate::tui::look::Role;
use crate::tui::widget::text::Ink;

/// Bytes of one step that are shown.
const STEP: usize = 64 * 1024;
/// Characters of what stands on one line.
const ON_A_LINE: usize = 300;
/// What stands where an answer is empty.
const SILENT: &str = "  nothing was said";

/// What is shown of a step. May take long: contents are as large as a sender made them.
pub(in crate::tui::pane::traces) fn tell(kind: Kind, contents: &Contents, rest: &str) -> Told {
    let mut room = Room::of(STEP, rest);
    let mut asked = None;
    if kind == Kind::Model {
        // What a tool gave may come from the user as well, and says nothing itself.
        let users = contents.input.iter().rev().filter(|said| said.role == "user");
        if let Some(text) = users.map(Said::text).find(|text| !text.trim().is_empty()) {
            let mut parts = vec![head("asked", "", Role::You)];
            room.text(&text, Ink::of(Role::You), 2, &mut parts);
            parts.push(Part::Gap);
            asked = Some((hash(text.as_bytes()), parts));
        }
    }
    let all = |thoughts: bool| {
        let mut parts = Vec::new();
        let mut room = Room::of(STEP, rest);
        if is_silent(kind, contents) {
            parts.push(line(SILENT, Role::Faint));
        } else if kind == Kind::Model {
            for said in &contents.output {
                pieces(&said.parts, Role::Model, thoughts, &mut room, &mut parts);
            }
        } else {
            said::all(contents, thoughts, &mut room, &mut parts);
        }
        parts
    };
    let (open, whole) = (all(false), all(true));
    let (folded, folds) = fold(kind, contents);
    Told { asked, folded, open, whole, folds }
}

/// A few lines of it, and whether there is more.
pub(super) fn fold(kind: Kind, contents: &Contents) -> (Vec<Part>, bool) {
    let mut lines: Vec<(String, Role)> = Vec::new();
    if let Some(ran) = &contents.ran {
        let told = |json: &Json| {
            let whole = if json.is_string() { None } else { short(json, ON_A_LINE) };
            let told = one_line(&whole.unwrap_or_else(|| pretty(json, ON_A_LINE).0));
            if told.is_empty() { "nothing".to_owned() } else { told }
        };
        lines.extend(ran.arguments.as_ref().map(|json| (format!("with {}", told(json)), Role::Text)));
        lines.extend(ran.result.as_ref().map(|json| (format!("gave {}", told(json)), Role::Muted)));
    }
    lines
        .extend(contents.query.as_ref().map(|query| (format!("looked for {}", one_line(query)), Role::Text)));
    if !contents.found.is_empty() {
        let found = contents.found.iter().take(3).map(|found| {
            let id = found.id.as_deref().filter(|id| !id.trim().is_empty()).unwrap_or("a passage");
            let score = found.score.map(|score| format!(" {score:.2}")).unwrap_or_default();
            format!("{}{score}", one_line(id))
        });
        let found: Vec<String> = found.collect();
        let number = count(contents.found.len() as u64, "passage", "passages");
        lines.push((format!("found {number}: {}", found.join(", ")), Role::Muted));
    }
    for said in &contents.output {
        lines.extend(said.parts.iter().filter_map(|piece| of_piece(piece, kind)));
    }
    if is_silent(kind, contents) {
        return (vec![line(SILENT, Role::Faint)], false);
    }
    let more = lines.len() > FOLDED;
    lines.truncate(FOLDED);
    let parts = lines.into_iter().map(|(text, role)| line(format!("  {text}"), role)).collect();
    (parts, more || has_more(contents))
}

/// Whether a model answered, and said nothing in that.
fn is_silent(kind: Kind, contents: &Contents) -> bool {
    let empty = |piece: &Piece| matches!(piece, Piece::Text { text } if text.trim().is_empty());
    let output = &contents.output;
    kind == Kind::Model && !output.is_empty() && output.iter().all(|said| said.parts.iter().all(empty))
}

/// A piece of a message on one line; thoughts have none, nor has what is empty.
fn of_piece(piece: &Piece, kind: Kind) -> Option<(String, Role)> {
    Some(match piece {
        Piece::Text { text } if text.trim().is_empty() => return None,
        Piece::Text { text } => {
            let role = if kind == Kind::Model { Role::Text } else { Role::Muted };
            (one_line(text), role)
        }
        Piece::ToolCall { name, arguments, .. } => {
            let arguments = short(arguments, ON_A_LINE).unwrap_or_else(|| "…".to_owned());
            (format!("⚙ {}({})", one_line(name), one_line(&arguments)), Role::Tool)
        }
        Piece::ToolResult { result, .. } => {
            (format!("gave {}", one_line(&pretty(result, ON_A_LINE).0)), Role::Muted)
        }
        Piece::Other { kind, .. } => (format!("[{}]", one_line(kind)), Role::Info),
        Piece::Reasoning { .. } => return None,
    })
}

/// Whether a text of it is longer than its line, or it has more than the lines show.
fn has_more(contents: &Contents) -> bool {
    let long = |text: &str| text.len() > ON_A_LINE || text.trim().contains('\n');
    let said = |said: &Said| {
        said.parts.iter().any(|piece| match piece {
            Piece::Text { text } => long(text),
            Piece::Reasoning { .. } | Piece::Other { .. } => true,
            Piece::ToolCall { arguments, .. } => short(arguments, ON_A_LINE).is_none(),
            Piece::ToolResult { result, .. } => short(result, ON_A_LINE).is_none(),
        })
    };
    let ran = contents.ran.as_ref().and_then(|ran| ran.result.as_ref());
    contents.output.iter().any(said)
        || !contents.found.is_empty()
        || ran.is_some_and(|result| short(result, ON_A_LINE).is_none())
}

/// The beginning of a text without its line ends.
fn one_line(text: &str) -> String {
    let end = text.floor_char_boundary(2 * ON_A_LINE);
    let words = text[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    brief(&words, ON_A_LINE)
}
