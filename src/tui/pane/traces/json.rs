//! JSON and attributes as text, of which no more is written than is shown.

use std::fmt::Write as _;
use std::io;

use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::domain::trace::Value;
use crate::tui::look::Role;

/// A text that may be JSON itself is looked at up to so many bytes.
const LOOKED_AT: usize = 64 * 1024;

/// Bytes up to a bound; more of them are refused, which ends the writing.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.most - self.bytes.len();
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let taken = room.min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// In lines, at most `most` bytes of it; and about how many are left out. A text is what it says, and what it holds where
/// that is JSON.
pub(super) fn pretty(json: &Json, most: usize) -> (String, usize) {
    if let Json::String(text) = json {
        let is_nested = text.len() <= LOOKED_AT && text.trim_start().starts_with(['{', '[']);
        return match is_nested.then(|| serde_json::from_str::<Json>(text)) {
            Some(Ok(inner)) => pretty(&inner, most),
            _ => cut(text, most),
        };
    }
    let mut to = Bounded { bytes: Vec::new(), most };
    let whole = serde_json::to_writer_pretty(&mut to, json).is_ok();
    let text = text_of(to.bytes);
    let left_out = if whole { 0 } else { weight(json).saturating_sub(text.len()).max(1) };
    (text, left_out)
}

/// On one line, where it is no longer than `most` bytes.
pub(super) fn short(json: &Json, most: usize) -> Option<String> {
    let mut to = Bounded { bytes: Vec::new(), most };
    serde_json::to_writer(&mut to, json).ok()?;
    Some(text_of(to.bytes))
}

/// What was cut within a character loses it.
fn text_of(mut bytes: Vec<u8>) -> String {
    if let Err(why) = std::str::from_utf8(&bytes) {
        bytes.truncate(why.valid_up_to());
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn cut(text: &str, most: usize) -> (String, usize) {
    let end = text.floor_char_boundary(most);
    (text[..end].to_owned(), text.len() - end)
}

/// About how many bytes it takes on one line.
fn weight(json: &Json) -> usize {
    match json {
        Json::Null | Json::Bool(_) => 4,
        Json::Number(_) => 8,
        Json::String(text) => text.len() + 2,
        Json::Array(values) => 2 + values.iter().map(|value| weight(value) + 1).sum::<usize>(),
        Json::Object(map) => 2 + map.iter().map(|(key, value)| key.len() + weight(value) + 4).sum::<usize>(),
    }
}

/// Whether a text is JSON and nothing else: an object or a list, or several of them as a model says them that calls tools in
/// its words.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    text.starts_with(['{', '[']) && values.all(|value| value.is_ok())
}

/// JSON in its colours, and whether it ends `within` a text: a piece of it may begin there, too.
pub(super) fn inked(json: &str, mut within: bool) -> (Vec<(&str, Role)>, bool) {
    let mut runs = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let (end, role) = if within || first == '"' {
            let from = usize::from(!within);
            let close = close_of(&rest[from..]);
            within = close.is_none();
            (close.map_or(rest.len(), |close| from + close), Role::String)
        } else {
            let is_mark = |c: char| "{}[]:,".contains(c);
            let ends = |c: char| match first {
                first if is_mark(first) => !is_mark(c),
                first if first.is_whitespace() => !c.is_whitespace(),
                _ => is_mark(c) || c.is_whitespace() || c == '"',
            };
            let role = match first {
                first if is_mark(first) => Role::Punctuation,
                first if first.is_whitespace() => Role::Text,
                '-' | '0'..='9' => Role::Number,
                _ => Role::Constant,
            };
            (rest.find(ends).unwrap_or(rest.len()), role)
        };
        runs.push((&rest[..end], role));
        rest = &rest[end..];
    }
    (runs, within)
}

/// Behind the sign that ends a text.
fn close_of(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// An attribute's value: at most about `most` bytes of it, and about how many are left out.
pub(super) fn value(value: &Value, most: usize) -> (String, usize) {
    if let Value::Text(text) = value {
        return cut(text, most);
    }
    let mut text = String::new();
    let left_out =
        if put(value, most, &mut text) { 0 } else { weight_of(value).saturating_sub(text.len()).max(1) };
    (text, left_out)
}

/// Whether there was room for all of it.
fn put(value: &Value, most: usize, to: &mut String) -> bool {
    if to.len() >= most {
        return false;
    }
    match value {
        Value::Null => to.push_str("null"),
        Value::Truth(truth) => to.push_str(if *truth { "true" } else { "false" }),
        Value::Whole(whole) => {
            let _ = write!(to, "{whole}");
        }
        Value::Number(number) => {
            let _ = write!(to, "{number}");
        }
        Value::Text(text) => {
            let (text, left_out) = cut(text, most - to.len());
            let _ = write!(to, "{text:?}");
            return left_out == 0;
        }
        Value::Bytes(bytes) => {
            let shown = bytes.len().min((most - to.len()) / 2);
            for byte in &bytes[..shown] {
                let _ = write!(to, "{byte:02x}");
            }
            return shown == bytes.len();
        }
        Value::List(values) => {
            to.push('[');
            for (at, value) in values.iter().enumerate() {
                to.push_str(if at == 0 { "" } else { ", " });
                if !put(value, most, to) {
                    return false;
                }
            }
            to.push(']');
        }
        Value::Map(entries) => {
            to.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                to.push_str(if at == 0 { "" } else { ", " });
                let (key, left_out) = cut(key, most.saturating_sub(to.len()));
                let _ = write!(to, "{key}: ");
                if left_out > 0 || !put(value, most, to) {
                    return false;
                }
            }
            to.push('}');
        }
    }
    true
}

fn weight_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Truth(_) => 4,
        Value::Whole(_) | Value::Number(_) => 8,
        Value::Text(text) => text.len() + 2,
        Value::Bytes(bytes) => 2 * bytes.len(),
        Value::List(values) => values.iter().map(|value| weight_of(value) + 2).sum(),
        Value::Map(entries) => entries.iter().map(|(key, value)| key.len() + weight_of(value) + 4).sum(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_cut_wherever_the_room_ends_and_never_within_a_character() {
        let json = json!({"ä": ["日本語", 1.5, null, {"b": "\u{1f600}"}]});
        let whole = format!("{json:#}");
        assert_eq!(pretty(&json, 10_000), (whole.clone(), 0));
        for most in 0..whole.len() {
            let (text, left_out) = pretty(&json, most);
            assert!(whole.starts_with(&text) && text.len() <= most && left_out > 0, "{most}");
        }
        assert_eq!(short(&json, 10), None);
        assert_eq!(short(&json!([1, "a"]), 20).as_deref(), Some("[1,\"a\"]"));
    }

    #[test]
    fn a_text_that_is_json_is_shown_as_such_and_others_as_they_are() {
        assert_eq!(pretty(&json!("{\"a\":1}"), 100).0, "{\n  \"a\": 1\n}");
        assert_eq!(pretty(&json!("{no json"), 100), ("{no json".to_owned(), 0));
        assert_eq!(pretty(&json!("plain"), 3), ("pla".to_owned(), 2));
    }

    #[test]
    fn json_has_its_colours_wherever_a_piece_of_it_begins() {
        let told = |json: &'static str, within| {
            let (runs, ends_within) = inked(json, within);
            assert_eq!(runs.iter().map(|(text, _)| *text).collect::<String>(), json);
            (runs.into_iter().filter(|(_, role)| *role != Role::Text).collect::<Vec<_>>(), ends_within)
        };
        let (mark, text, number, word) = (Role::Punctuation, Role::String, Role::Number, Role::Constant);
        let wanted = [("{", mark), ("\"a\\\"b\"", text), (":", mark), ("-1.5e3", number), (",", mark)];
        assert_eq!(told("{\"a\\\"b\": -1.5e3,", false), (wanted.to_vec(), false));
        assert_eq!(
            told("日\": null}", true),
            (vec![("日\"", text), (":", mark), ("null", word), ("}", mark)], false)
        );
        assert_eq!(told("[\"{1", false), (vec![("[", mark), ("\"{1", text)], true));
        assert_eq!(told("", true), (Vec::new(), true));
    }

    #[test]
    fn what_is_json_and_nothing_else_is_known() {
        for json in ["{\"a\": 1}", " [1]\n", "{\"tool\": \"a\"}\n{\"answer\": \"b\"}"] {
            assert!(is_json(json), "{json}");
        }
        for other in ["", "7", "\"a\"", "{\"a\": ", "{a}", "{\"a\": 1} and so on", "[see](there)"] {
            assert!(!is_json(other), "{other}");
        }
    }

    #[test]
    fn a_value_of_any_size_and_depth_is_cut() {
        let values = Value::List((0..1_000_000).map(Value::Whole).collect());
        let (text, left_out) = value(&values, 20);
        assert_eq!(text, "[0, 1, 2, 3, 4, 5, 6, ");
        assert!(left_out > 9_000_000);
        let map =
            Value::Map(vec![("k".to_owned(), Value::Bytes(vec![0xab; 3])), ("t".to_owned(), "x\"y".into())]);
        assert_eq!(value(&map, 100), ("{k: ababab, t: \"x\\\"y\"}".to_owned(), 0));
        assert_eq!(value(&Value::Text("日本".to_owned()), 4), ("日".to_owned(), 3));
        for most in 0..24 {
            let _ = value(&map, most);
        }
        assert_eq!(value(&Value::Number(f64::NAN), 9).0, "NaN");
    }
}
