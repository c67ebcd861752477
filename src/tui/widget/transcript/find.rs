//! Searching the messages' source, whatever the case of its letters.

use std::ops::Range;

use super::select::texts;
use super::{Item, Position};

/// A match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub at: Position,
    /// Bytes of the source that matched.
    pub bytes: u32,
}

/// The matches of `query` in one text.
pub(super) fn matches<'a>(text: &'a str, query: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let first = query.chars().next();
    let mut at = 0;
    std::iter::from_fn(move || {
        let first = first?;
        while at < text.len() {
            let c = text[at..].chars().next()?;
            if same(c, first)
                && let Some(end) = ends(text, at, query)
            {
                let found = at..end;
                at = end;
                return Some(found);
            }
            at += c.len_utf8();
        }
        None
    })
}

fn ends(text: &str, start: usize, query: &str) -> Option<usize> {
    let mut chars = text[start..].char_indices();
    for wanted in query.chars() {
        let (_, c) = chars.next()?;
        if !same(c, wanted) {
            return None;
        }
    }
    Some(chars.next().map_or(text.len(), |(i, _)| start + i))
}

fn same(a: char, b: char) -> bool {
    a == b
        || a.is_ascii() && b.is_ascii() && a.eq_ignore_ascii_case(&b)
        || !(a.is_ascii() && b.is_ascii()) && a.to_lowercase().eq(b.to_lowercase())
}

/// The next match after `from` (before it, where `forward` is false), going round at the ends; without `from`, the
/// first or the last one.
pub fn find(items: &[Item<'_>], query: &str, from: Option<Found>, forward: bool) -> Option<Found> {
    if query.is_empty() || items.is_empty() {
        return None;
    }
    let from = from.and_then(|f| {
        let item = items.iter().position(|item| item.message.id == f.at.message)?;
        Some((item, f.at.block, f.at.byte))
    });
    let start = from.map_or(if forward { 0 } else { items.len() - 1 }, |f| f.0);
    // The first item is visited twice: its part beyond `from`, and, having gone round, the rest of it.
    for step in 0..=items.len() {
        let i = if forward { start + step } else { start + 2 * items.len() - step } % items.len();
        let message = items[i].message;
        let mut found = texts(message).flat_map(|(block, text)| {
            matches(text, query).map(move |range| {
                let at = Position { message: message.id, block, byte: range.start as u32 };
                Found { at, bytes: range.len() as u32 }
            })
        });
        let beyond = |f: &Found| match from.filter(|_| step == 0) {
            Some((_, block, byte)) if forward => (f.at.block, f.at.byte) > (block, byte),
            Some((_, block, byte)) => (f.at.block, f.at.byte) < (block, byte),
            None => true,
        };
        let hit = if forward { found.find(beyond) } else { found.filter(beyond).last() };
        if hit.is_some() {
            return hit;
        }
    }
    None
}

/// Which match that is, from 1, and how many there are.
pub fn place(items: &[Item<'_>], query: &str, of: Found) -> (usize, usize) {
    let (mut place, mut count) = (0, 0);
    for item in items {
        for (block, text) in texts(item.message) {
            for range in matches(text, query) {
                count += 1;
                let here = Position { message: item.message.id, block, byte: range.start as u32 };
                if here == of.at {
                    place = count;
                }
            }
        }
    }
    (place, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_found_whatever_the_case() {
        let found: Vec<_> = matches("Über den Fluss, ÜBER", "über").collect();
        assert_eq!(found, [0..5, 17..22]);
        assert_eq!(matches("aaaa", "aa").count(), 2);
        assert_eq!(matches("abc", "").count(), 0);
        assert_eq!(matches("ab", "abc").count(), 0);
    }
}
