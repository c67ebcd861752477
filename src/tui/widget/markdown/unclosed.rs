//! Closes what a growing text has opened, so that marks do not show for a moment and then vanish.

use std::borrow::Cow;

/// The text with `**` and code marks that its last paragraph leaves open closed at its end; one that was opened last, with
/// nothing after it, is left off. For showing only: offsets of what was there still hold.
pub fn close(text: &str) -> Cow<'_, str> {
    let start = text.rfind("\n\n").map_or(0, |i| i + 2);
    let paragraph = text[start..].trim_end();
    // A line that has ended was read already; only the one that grows may be changed.
    if text[start + paragraph.len()..].contains('\n') {
        return Cow::Borrowed(text);
    }
    if !paragraph.contains(['*', '`']) || paragraph.contains("```") || paragraph.contains("~~~") {
        return Cow::Borrowed(text);
    }
    // Where the mark that is open stands, and the code mark's length.
    let (mut strong, mut code): (Option<usize>, Option<(usize, usize)>) = (None, None);
    let bytes = paragraph.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| **b == bytes[at]).count();
        match (bytes[at], code) {
            (b'\\', None) => at += 2,
            (b'`', open) => {
                code = match open {
                    None => Some((at, run)),
                    Some((_, count)) if count == run => None,
                    open => open,
                };
                at += run;
            }
            (b'*', None) if run == 2 => {
                strong = if strong.is_some() { None } else { Some(at) };
                at += run;
            }
            (b'*', None) => at += run,
            _ => at += 1,
        }
    }
    let mut end = paragraph.len();
    let mut marks = String::new();
    if let Some((open, count)) = code {
        if open + count == end {
            end = paragraph[..open].trim_end().len();
        } else {
            marks.push_str(&"`".repeat(count));
        }
    }
    if let Some(open) = strong {
        if open + 2 >= end {
            end = open.min(end);
        } else {
            marks.push_str("**");
        }
    }
    if end == paragraph.len() && marks.is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}{}{marks}", &text[..start], &paragraph[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_marks_are_closed_and_bare_ones_left_off() {
        for (from, to) in [
            ("Because **wat", "Because **wat**"),
            ("Because **wat ", "Because **wat**"),
            ("Because **", "Because "),
            ("see `let x", "see `let x`"),
            ("**bold `code", "**bold `code`**"),
            ("**done** and `done`", "**done** and `done`"),
            ("2 \\** 3 * 4", "2 \\** 3 * 4"),
            ("`a ** b` c", "`a ** b` c"),
            ("**old\n\nnew", "**old\n\nnew"),
            ("- **a\n \n", "- **a\n \n"),
            ("- ```rust\n  **x", "- ```rust\n  **x"),
        ] {
            assert_eq!(close(from), to);
        }
    }
}
