//! Keeps `\(…\)` and `\[…\]` from being read as Markdown.

use std::borrow::Cow;

/// The text with the brackets of maths as code marks of the same length: what stands between is left alone by the parser,
/// and every offset still holds.
pub fn shield(text: &str) -> Cow<'_, str> {
    if !text.contains("\\(") && !text.contains("\\[") {
        return Cow::Borrowed(text);
    }
    let mut shielded = text.to_owned();
    let mut at = 0;
    while let Some(found) = text[at..].find(['`', '\\']) {
        let start = at + found;
        let rest = &text[start..];
        let ticks = rest.bytes().take_while(|b| *b == b'`').count();
        at = if ticks > 0 {
            start + ticks + closing_ticks(&rest[ticks..], ticks).unwrap_or(0)
        } else if let Some(end) = formula(rest) {
            shielded.replace_range(start..start + 2, "``");
            shielded.replace_range(start + end - 2..start + end, "``");
            start + end
        } else {
            // A backslash takes the next character with it.
            start + 1 + rest.chars().nth(1).map_or(0, char::len_utf8)
        };
    }
    Cow::Owned(shielded)
}

/// Bytes up to the end of the run of `count` marks that closes a code span, or a fence.
fn closing_ticks(text: &str, count: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].bytes().take_while(|b| *b == b'`').count();
        at = start + run;
        if run == count {
            return Some(at);
        }
    }
    None
}

/// Bytes of the formula that begins here, brackets included.
fn formula(text: &str) -> Option<usize> {
    let close = if text.starts_with("\\(") {
        "\\)"
    } else if text.starts_with("\\[") {
        "\\]"
    } else {
        return None;
    };
    let end = text.find(close)? + 2;
    let inside = &text[2..end - 2];
    (!inside.trim().is_empty() && !inside.contains('`') && !inside.contains("\n\n")).then_some(end)
}
