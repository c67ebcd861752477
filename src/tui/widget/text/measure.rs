//! Columns, as the terminal's buffer counts them: by grapheme clusters, not characters or bytes.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// Columns between tab stops.
const TAB: usize = 4;

/// The grapheme clusters of `text`.
pub fn graphemes(text: &str) -> impl Iterator<Item = &str> {
    UnicodeSegmentation::graphemes(text, true)
}

/// Columns that `text` takes in a buffer, which drops clusters that hold a control.
pub fn width(text: &str) -> usize {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return text.len();
    }
    graphemes(text).filter(|g| !g.contains(char::is_control)).map(|g| usize::from(g.cell_width())).sum()
}

/// The longest start of `text` that takes at most `columns`, and its columns.
pub fn prefix(text: &str, columns: usize) -> (&str, usize) {
    let mut end = 0;
    let mut used = 0;
    for grapheme in graphemes(text) {
        let w = width(grapheme);
        if used + w > columns {
            break;
        }
        used += w;
        end += grapheme.len();
    }
    (&text[..end], used)
}

/// `text` in at most `columns`; what does not fit ends in `…`.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    match columns {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", prefix(text, columns - 1).0.trim_end())),
    }
}

/// Like [`fit`], but keeps the end: for paths.
pub fn fit_left(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 1;
    let mut start = text.len();
    for grapheme in UnicodeSegmentation::graphemes(text, true).rev() {
        used += width(grapheme);
        if used > columns {
            break;
        }
        start -= grapheme.len();
    }
    Cow::Owned(format!("…{}", &text[start..]))
}

/// Like [`fit`], but keeps both ends: for names that begin alike.
pub fn fit_middle(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let begins = prefix(text, columns / 2).0.trim_end();
    Cow::Owned(format!("{begins}{}", fit_left(text, columns - width(begins))))
}

/// Parts with `·` between them, in as many rows as it takes; none is broken.
pub fn joined<T: AsRef<str>>(parts: impl IntoIterator<Item = T>, columns: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for part in parts {
        let part = part.as_ref();
        match rows.last_mut() {
            Some(row) if width(row) + 3 + width(part) <= columns => {
                row.push_str(" · ");
                row.push_str(part);
            }
            _ => rows.push(part.to_owned()),
        }
    }
    rows
}

/// One line with its tabs as spaces up to the next stop.
pub fn expand_tabs(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    for piece in line.split_inclusive('\t') {
        let text = piece.strip_suffix('\t').unwrap_or(piece);
        out.push_str(text);
        column += width(text);
        if piece.ends_with('\t') {
            let spaces = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn width_is_what_the_buffer_advances() {
        for text in [
            "plain",
            "日本語",
            "e\u{301}",
            "👩‍👩‍👧‍👦",
            "❤️",
            "1️⃣",
            "🇩🇪🇫🇷",
            "می‌خواهم",
            "שָׁלוֹם",
            "ｶﾞ",
            "ภาษาไทยน้ำ",
            "🏴",
            "a\u{7}b",
            "",
            "क्षत्रिय",
            "👩🏽‍🚀",
            "→…⑂",
            "한국어",
        ] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 1));
            let (x, _) = buffer.set_stringn(0, 0, text, 80, Style::new());
            assert_eq!(usize::from(x), width(text), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("meander", 7), "meander");
        assert_eq!(fit("meander", 5), "mean…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit_left("/home/me/notes", 7), "…/notes");
        assert_eq!(fit_middle("meeting notes 2024", 11), "meeti… 2024");
        assert_eq!(fit_middle("日本語の本", 6), "日…本");
        assert_eq!((fit_middle("meander", 7), fit_middle("abc", 0)), ("meander".into(), "".into()));
    }

    #[test]
    fn tabs_reach_the_next_stop() {
        assert_eq!(expand_tabs("\ta\tbcde\tf"), "    a   bcde    f");
        assert_eq!(expand_tabs("日\tx"), "日  x");
    }
}
