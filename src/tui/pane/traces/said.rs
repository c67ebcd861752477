//! What was said within a span, in parts of a sheet: messages with their roles, calls of tools and what they gave, passages
//! with their scores, the tools that were offered.

use std::borrow::Cow;

use ratatui::style::Modifier;
use serde_json::Value as Json;

use super::json::{is_json, pretty, short};
use super::sheet::{Part, Room, line};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::contents::{Contents, Found, Offered, Part as Piece, Ran, Said, Score};
use crate::tui::look::Role;
use crate::tui::widget::text::Ink;

/// Bytes of arguments that stand beside the name of what is called.
const BESIDE: usize = 60;

/// The colour of who speaks.
pub(super) fn speaker(role: &str) -> Role {
    match role {
        "user" | "human" => Role::You,
        "assistant" | "model" | "ai" => Role::Model,
        "tool" | "function" => Role::Tool,
        "system" | "developer" => Role::System,
        _ => Role::Info,
    }
}

/// How many things of the kind are said: for the name of a tab.
pub(super) fn things(contents: &Contents) -> usize {
    let ran = usize::from(contents.ran.is_some()) + usize::from(contents.query.is_some());
    contents.input.len() + contents.output.len() + contents.found.len() + ran
}

/// Everything that was said, what went in first.
pub(super) fn all(contents: &Contents, thoughts: bool, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    if let Some(ran) = &contents.ran {
        self::ran(ran, room, parts);
    }
    if let Some(query) = &contents.query {
        parts.push(Part::Gap);
        parts.push(head("query", "", Role::You));
        room.text(query, Ink::of(Role::Text), 2, parts);
    }
    passages(&contents.found, room, parts);
    let messages = contents.input.len() + contents.output.len();
    for (at, said) in contents.input.iter().chain(&contents.output).enumerate() {
        if room.is_full() {
            left_out(messages - at, "message", "messages", parts);
            break;
        }
        parts.push(Part::Gap);
        message(said, thoughts, room, parts);
    }
}

/// Says how many are not shown.
pub(super) fn left_out(number: usize, one: &str, more: &str, parts: &mut Vec<Part>) {
    if number > 0 {
        parts.push(Part::Gap);
        let what = if number == 1 { one } else { more };
        parts.push(line(format!("… {} more {what}", grouped(number as u64)), Role::Warn));
    }
}

/// A word over what belongs to it, and something beside it.
pub(super) fn head(word: &str, beside: &str, role: Role) -> Part {
    let beside = if beside.is_empty() { String::new() } else { format!("  {beside}") };
    let bold = Ink::of(role).with(Modifier::BOLD);
    Part::Line(vec![(word.to_owned(), bold), (beside, Ink::of(Role::Muted))])
}

/// A message under its role. Thoughts are one line unless `thoughts` are wanted.
pub(super) fn message(said: &Said, thoughts: bool, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    let role = speaker(&said.role);
    parts.push(head(&said.role, said.name.as_deref().unwrap_or_default(), role));
    if said.parts.iter().all(|part| matches!(part, Piece::Text { text } if text.trim().is_empty())) {
        return parts.push(line("  nothing", Role::Faint));
    }
    pieces(&said.parts, role, thoughts, room, parts);
}

/// The pieces of a message.
pub(super) fn pieces(all: &[Piece], role: Role, thoughts: bool, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    for (at, piece) in all.iter().enumerate() {
        if room.is_full() {
            return left_out(all.len() - at, "part of it", "parts of it", parts);
        }
        match piece {
            // As Markdown its signs would be taken for marks.
            Piece::Text { text } if role == Role::Model && is_json(text) => room.json(text.trim(), 2, parts),
            Piece::Text { text } if role == Role::Model => room.markdown(text, 2, parts),
            Piece::Text { text } => room.text(text, Ink::of(Role::Text), 2, parts),
            Piece::Reasoning { text, .. } if thoughts => {
                parts.push(line("  thought ‹", Role::Faint));
                room.text(text, Ink::of(Role::Muted), 4, parts);
            }
            Piece::Reasoning { text, .. } => {
                let words = text.split_whitespace().count() as u64;
                parts.push(line(format!("  thought · {} ›", count(words, "word", "words")), Role::Faint));
            }
            Piece::ToolCall { id, name, arguments, .. } => {
                call(name, id.as_deref(), Some(arguments), room, parts);
            }
            Piece::ToolResult { id, result, .. } => {
                let id = id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
                parts.push(line(format!("  ⚙ →{id}"), Role::Tool));
                json(result, 4, room, parts);
            }
            Piece::Other { kind, value } => {
                parts.push(line(format!("  [{kind}]"), Role::Info));
                json(value, 4, room, parts);
            }
        }
    }
}

/// A call: `⚙ get_weather({"location":"Paris"})  call_1`; long arguments stand below it.
fn call(name: &str, id: Option<&str>, arguments: Option<&Json>, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    let beside = arguments.map_or(Some(String::new()), |arguments| short(arguments, BESIDE));
    let shown = beside.as_deref().unwrap_or("…");
    let runs = vec![
        (format!("⚙ {name}"), Ink::of(Role::Tool).with(Modifier::BOLD)),
        (format!("({shown})"), Ink::of(Role::Text)),
        (id.map(|id| format!("  {id}")).unwrap_or_default(), Ink::of(Role::Faint)),
    ];
    parts.push(Part::Flow { runs, inset: 2 });
    if beside.is_none()
        && let Some(arguments) = arguments
    {
        json(arguments, 4, room, parts);
    }
}

/// JSON in lines; what is only a text stands as it is.
pub(super) fn json(json: &Json, inset: u16, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    if json.is_null() || json.as_str().is_some_and(|text| text.trim().is_empty()) {
        return parts.push(line(format!("{}nothing", " ".repeat(inset.into())), Role::Faint));
    }
    if !json.is_string()
        && let Some(line) = short(json, BESIDE)
    {
        return room.json(&line, inset, parts);
    }
    let (text, left_out) = pretty(json, room.most());
    let is_plain = json.is_string() && !text.starts_with(['{', '[']);
    if is_plain {
        room.text(&text, Ink::of(Role::Text), inset, parts);
    } else {
        room.json(&text, inset, parts);
    }
    room.more(left_out, inset, parts);
}

/// A tool that ran: with what, and what it gave.
fn ran(ran: &Ran, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    parts.push(Part::Gap);
    parts.push(head(&ran.name, ran.id.as_deref().unwrap_or_default(), Role::Tool));
    if let Some(description) = &ran.description {
        room.text(description, Ink::of(Role::Muted), 2, parts);
    }
    let both = [("with", ran.arguments.as_ref()), ("gave", ran.result.as_ref())];
    for (word, told) in both {
        if let Some(told) = told {
            parts.push(line(format!("  {word}"), Role::Faint));
            json(told, 4, room, parts);
        }
    }
}

/// Passages, the first one first, with their scores.
fn passages(found: &[Found], room: &mut Room<'_>, parts: &mut Vec<Part>) {
    for (at, passage) in found.iter().enumerate() {
        if room.is_full() {
            return left_out(found.len() - at, "passage", "passages", parts);
        }
        parts.push(Part::Gap);
        let score = passage.score.map(|score| format!("{score:.3}  ")).unwrap_or_default();
        let member =
            |name: &str| passage.more.get(name).and_then(Json::as_str).filter(|told| !told.is_empty());
        let id = passage.id.as_deref().unwrap_or_default();
        // Where it stands says more than its number, which Raw has.
        let place = member("place").or_else(|| member("uri"));
        let beside = format!("{score}{}", place.unwrap_or(id));
        parts.push(head(&format!("passage {}", grouped(at as u64 + 1)), &beside, Role::Info));
        if let Some(text) = &passage.text {
            room.text(text, Ink::of(Role::Text), 2, parts);
        }
        if let Some(more) = untold(&passage.more, place.is_some()) {
            json(&more, 2, room, parts);
        }
    }
}

/// What a passage came with besides, without where it stands where that was said.
fn untold(more: &Json, placed: bool) -> Option<Cow<'_, Json>> {
    let Json::Object(members) = more else { return (!more.is_null()).then_some(Cow::Borrowed(more)) };
    if !placed {
        return Some(Cow::Borrowed(more));
    }
    let mut left = members.clone();
    left.retain(|name, told| !matches!(name.as_str(), "place" | "uri") || !told.is_string());
    (!left.is_empty()).then_some(Cow::Owned(Json::Object(left)))
}

/// Tools that a model might have called.
pub(super) fn offered(tools: &[Offered], room: &mut Room<'_>, parts: &mut Vec<Part>) {
    for (at, tool) in tools.iter().enumerate() {
        if room.is_full() {
            return left_out(tools.len() - at, "tool", "tools", parts);
        }
        parts.push(Part::Gap);
        parts.push(head(&tool.name, "", Role::Tool));
        if let Some(description) = &tool.description {
            room.text(description, Ink::of(Role::Text), 2, parts);
        }
        if !tool.schema.is_null() {
            json(&tool.schema, 2, room, parts);
        }
    }
}

/// What was thought of it: name, number, word, why, and who said so.
pub(super) fn score(score: &Score, beside: &str, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    let value = score.value.map(|value| format!(" {value}")).unwrap_or_default();
    let label = score.label.as_deref().map(|label| format!(" {label}")).unwrap_or_default();
    let by = score.by.as_deref().filter(|_| beside.is_empty()).unwrap_or(beside);
    let runs = vec![
        (format!("★ {}", score.name), Ink::of(Role::Good).with(Modifier::BOLD)),
        (format!("{value}{label}"), Ink::of(Role::Text).with(Modifier::BOLD)),
        (if by.is_empty() { String::new() } else { format!("  {by}") }, Ink::of(Role::Faint)),
    ];
    parts.push(Part::Flow { runs, inset: 0 });
    if let Some(why) = &score.explanation {
        room.text(why, Ink::of(Role::Text), 2, parts);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sheet::{Sheet, rows};
    use super::*;

    fn says(contents: &Contents, thoughts: bool) -> String {
        let mut parts = Vec::new();
        all(contents, thoughts, &mut Room::new(""), &mut parts);
        Sheet::new(parts).says()
    }

    #[test]
    fn of_a_message_without_a_word_it_is_said_that_there_is_none() {
        let contents = Contents { output: vec![Said::new("assistant", "")], ..Contents::default() };
        assert!(says(&contents, false).ends_with("assistant\n  nothing"), "{}", says(&contents, false));
    }

    #[test]
    fn messages_calls_results_and_passages_are_all_said_and_thoughts_when_wanted() {
        let call = Piece::ToolCall {
            id: Some("call_1".to_owned()),
            name: "get_weather".to_owned(),
            arguments: json!({"location": "Paris"}),
            extra: None,
        };
        let long = Piece::ToolCall {
            id: None,
            name: "write".to_owned(),
            arguments: json!({"text": "x".repeat(80)}),
            extra: None,
        };
        let contents = Contents {
            input: vec![Said::new("user", "Weather in Paris?")],
            output: vec![Said {
                role: "assistant".to_owned(),
                name: None,
                parts: vec![Piece::thought("let me see"), call, long],
            }],
            ran: Some(Ran {
                name: "get_weather".to_owned(),
                result: Some(json!("{\"t\": 57}")),
                ..Ran::default()
            }),
            query: Some("rain".to_owned()),
            found: vec![Found {
                id: Some("d1".to_owned()),
                score: Some(0.5),
                text: Some("wet".to_owned()),
                ..Found::default()
            }],
            ..Contents::default()
        };
        let folded = says(&contents, false);
        for wanted in [
            "Weather in Paris?",
            "thought · 3 words ›",
            "⚙ get_weather({\"location\":\"Paris\"})  call_1",
            "⚙ write(…)",
            "\"text\": \"xxx",
            "\"t\": 57",
            "rain",
            "passage 1  0.500  d1",
        ] {
            assert!(folded.contains(wanted), "{wanted}\n{folded}");
        }
        assert!(!folded.contains("let me see") && says(&contents, true).contains("let me see"));
        assert_eq!(things(&contents), 5);
    }

    #[test]
    fn what_a_model_says_in_json_is_shown_as_it_is_written_and_in_colours() {
        let step = "{\n  \"tool\": \"read_*all*_files\",\n  \"input\": {\"depth\": 2}\n}\n";
        let shown = |role: &str| {
            let mut parts = Vec::new();
            message(&Said::new(role, step), false, &mut Room::new(""), &mut parts);
            rows(&parts, 60)
        };
        let set = shown("assistant");
        let texts: Vec<String> = set[1..].iter().map(|row| row.text().trim_start().to_owned()).collect();
        let wanted = ["▏ {", "▏   \"tool\": \"read_*all*_files\",", "▏   \"input\": {\"depth\": 2}", "▏ }"];
        assert_eq!(texts, wanted);
        let has = |role: Role| set.iter().flat_map(|row| &row.spans).any(|span| span.ink.role == role);
        assert!(has(Role::String) && has(Role::Number) && set[1..].iter().all(|row| row.raised));
        // What else is written is read as what it is.
        assert!(!shown("user")[1].raised);
    }

    #[test]
    fn of_a_passage_it_is_said_where_it_stands_and_else_its_number() {
        let found = |more| Found { id: Some("4f2a".to_owned()), more, ..Found::default() };
        let told = |more| says(&Contents { found: vec![found(more)], ..Contents::default() }, false);
        let placed =
            told(json!({"uri": "file:///a/rivers.md", "place": "rivers.md, lines 3–9", "lang": "en"}));
        assert!(placed.contains("passage 1  rivers.md, lines 3–9"), "{placed}");
        assert!(
            placed.contains("lang") && !placed.contains("file:///") && !placed.contains("4f2a"),
            "{placed}"
        );
        let bare = told(Json::Null);
        assert!(bare.contains("passage 1  4f2a"), "{bare}");
    }

    #[test]
    fn very_many_messages_end_in_a_count() {
        let contents =
            Contents { input: vec![Said::new("user", "x".repeat(100)); 100_000], ..Contents::default() };
        let said = says(&contents, false);
        assert!(said.len() < 4 << 20 && said.contains("more messages"), "{}", said.len());
    }
}
