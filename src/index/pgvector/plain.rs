//! Texts as PostgreSQL takes them: it knows no zero character, and we lose none.
//!
//! U+0000 becomes two characters that Unicode keeps for a program's inner use, of which the first stands for itself as two. What
//! begins, holds or equals what stays so; nothing else changes.

use std::borrow::Cow;

const MARK: char = '\u{fdd0}';
const ZERO: char = '\u{fdd1}';
const ITSELF: char = '\u{fdd2}';

/// The text as it is stored.
pub(super) fn written(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => plain.extend([MARK, ZERO]),
            MARK => plain.extend([MARK, ITSELF]),
            c => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

/// The text as it came.
pub(super) fn read(plain: String) -> String {
    if !plain.contains(MARK) {
        return plain;
    }
    let mut text = String::with_capacity(plain.len());
    let mut chars = plain.chars();
    while let Some(c) = chars.next() {
        match c {
            MARK => text.push(if chars.next() == Some(ZERO) { '\0' } else { MARK }),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_none_is_stored_with_a_zero() {
        for text in ["", "plain é 川", "a\0b", "\0\0", "\u{fdd0}", "\u{fdd0}\u{fdd1}\0\u{fdd2}"] {
            assert!(!written(text).contains('\0'));
            assert_eq!(read(written(text).into_owned()), text, "{text:?}");
        }
    }
}
