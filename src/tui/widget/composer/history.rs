//! What was sent before, walked through without losing what is being written.

use std::collections::BTreeMap;

use crate::domain::conversation::{Draft, Held};

/// How many texts are kept.
const MOST: usize = 500;
/// And how many bytes of them; the newest is kept whatever its size.
const MOST_BYTES: usize = 1 << 20;

fn held(held: &Held) -> usize {
    match held {
        Held::Text(text) => text.len(),
        // Its bytes are the store's.
        Held::File(file) => file.name.len(),
    }
}

fn bytes(draft: &Draft) -> usize {
    draft.text.len() + draft.pastes.iter().map(held).sum::<usize>()
}

/// Texts sent before, oldest first, and how far back the walk is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    sent: Vec<Draft>,
    /// The entry on the screen; `None` is the text being written.
    at: Option<usize>,
    /// What was left on the way: the draft under `None`, and entries that were changed.
    left: BTreeMap<Option<usize>, Draft>,
}

impl History {
    /// Texts sent in earlier runs, oldest first.
    pub fn new(sent: Vec<Draft>) -> Self {
        let surplus = sent.len().saturating_sub(MOST);
        Self { sent: sent.into_iter().skip(surplus).collect(), ..Self::default() }
    }

    /// Adds a sent text and ends the walk.
    pub fn push(&mut self, draft: Draft) {
        self.at = None;
        self.left.clear();
        if self.sent.last() != Some(&draft) {
            self.sent.push(draft);
            let mut kept = 0;
            let first = self.sent.iter().rposition(|draft| {
                kept += bytes(draft);
                kept > MOST_BYTES
            });
            let surplus = first.map_or(0, |at| (at + 1).min(self.sent.len() - 1));
            self.sent.drain(..surplus.max(self.sent.len().saturating_sub(MOST)));
        }
    }

    /// One back, leaving `current` where it can be found again; `None` at the oldest.
    pub fn previous(&mut self, current: Draft) -> Option<Draft> {
        let to = self.at.unwrap_or(self.sent.len()).checked_sub(1)?;
        Some(self.go(Some(to), current))
    }

    /// One forward; `None` at the text being written.
    pub fn next(&mut self, current: Draft) -> Option<Draft> {
        let to = self.at? + 1;
        Some(self.go(Some(to).filter(|to| *to < self.sent.len()), current))
    }

    /// The entries, newest first.
    pub fn entries(&self) -> impl Iterator<Item = &Draft> {
        self.sent.iter().rev()
    }

    fn go(&mut self, to: Option<usize>, current: Draft) -> Draft {
        self.left.insert(self.at, current);
        self.at = to;
        let found = self.left.get(&to).or_else(|| to.and_then(|i| self.sent.get(i)));
        found.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft { text: text.to_owned(), ..Draft::default() }
    }

    #[test]
    fn the_draft_and_changed_entries_are_found_again() {
        let mut history = History::new(vec![draft("one"), draft("two")]);
        assert_eq!(history.previous(draft("mine")), Some(draft("two")));
        assert_eq!(history.previous(draft("two, changed")), Some(draft("one")));
        assert_eq!(history.previous(draft("one")), None);
        assert_eq!(history.next(draft("one")), Some(draft("two, changed")));
        assert_eq!(history.next(draft("two, changed")), Some(draft("mine")));
        assert_eq!(history.next(draft("mine")), None);
    }

    #[test]
    fn many_large_texts_are_not_kept_and_the_newest_always_is() {
        let mut history = History::default();
        for n in 0..10 {
            history.push(draft(&format!("{n}{}", "x".repeat(400_000))));
        }
        assert_eq!(history.entries().count(), 2);
        history.push(draft(&"y".repeat(2_000_000)));
        assert_eq!(history.entries().count(), 1);
        history.push(draft("small"));
        assert_eq!(history.entries().next(), Some(&draft("small")));
    }

    #[test]
    fn sending_ends_the_walk_and_repeats_are_kept_once() {
        let mut history = History::default();
        history.push(draft("one"));
        history.push(draft("one"));
        assert_eq!(history.entries().count(), 1);
        assert_eq!(history.previous(draft("")), Some(draft("one")));
        history.push(draft("two"));
        assert_eq!(history.previous(draft("")), Some(draft("two")));
    }
}
