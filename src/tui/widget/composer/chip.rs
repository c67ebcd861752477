//! Large pastes fold to a chip: one private-use character in the text that stands for the paste.

use crate::domain::conversation::Draft;
use crate::domain::figures;

/// The first character that stands for a paste: plane 16 is private use, and fonts put their icons into plane 15.
const FIRST: u32 = 0x10_0000;
/// How many pastes one text can hold.
const MOST: u32 = 0xFFF0;

/// Lines and characters from which a paste folds.
const FOLD_LINES: usize = 4;
const FOLD_CHARS: usize = 800;

/// The largest paste, in bytes, that can be shown in full: beyond, a frame would cost more than it may.
const SHOWN_MAX: usize = 20_000;

/// The paste that a character stands for.
pub fn chip_index(c: char) -> Option<usize> {
    let offset = u32::from(c).checked_sub(FIRST).filter(|i| *i < MOST)?;
    Some(offset as usize)
}

fn chip(index: usize) -> Option<char> {
    let index = u32::try_from(index).ok().filter(|i| *i < MOST)?;
    char::from_u32(FIRST + index)
}

/// Whether a text is better folded: long, or with characters that mean a chip here.
pub fn folds(text: &str) -> bool {
    text.lines().nth(FOLD_LINES - 1).is_some()
        || text.chars().nth(FOLD_CHARS - 1).is_some()
        || text.chars().any(|c| chip_index(c).is_some())
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Paste {
    text: String,
    label: String,
}

/// The pastes that a text's chips stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pastes(Vec<Paste>);

impl Pastes {
    /// None is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a paste in; its chip, or `None` where there are too many.
    pub fn fold(&mut self, text: String) -> Option<char> {
        let found = self.0.iter().position(|p| p.text == text);
        let index = found.unwrap_or(self.0.len());
        let chip = chip(index)?;
        if found.is_none() {
            let label = label(index + 1, &text);
            self.0.push(Paste { text, label });
        }
        Some(chip)
    }

    /// The words on a chip.
    pub fn label(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|p| p.label.as_str())
    }

    /// The paste behind a chip.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|p| p.text.as_str())
    }

    /// The paste behind a chip, if it is small enough to be shown and edited in full.
    pub fn showable(&self, index: usize) -> Option<&str> {
        self.text(index).filter(|t| Self::is_showable(t))
    }

    /// Whether a text is short enough, and plain enough, to be shown and edited in full.
    pub fn is_showable(text: &str) -> bool {
        text.len() <= SHOWN_MAX && !text.contains(|c| chip_index(c).is_some())
    }

    /// `text` with every chip replaced by its paste.
    pub fn expand(&self, text: &str) -> String {
        let mut full = String::with_capacity(text.len());
        for c in text.chars() {
            match chip_index(c).and_then(|i| self.text(i)) {
                Some(paste) => full.push_str(paste),
                None => full.push(c),
            }
        }
        full
    }

    /// A draft that holds only the pastes that `text` uses, numbered anew.
    pub fn draft(&self, text: &str) -> Draft {
        let mut kept = Self::default();
        let mut renumbered = String::with_capacity(text.len());
        kept.take_over(self, text, &mut renumbered);
        Draft { text: renumbered, pastes: kept.0.into_iter().map(|p| p.text).collect() }
    }

    /// Writes `text`, whose chips are of `other`, with chips of its own.
    fn take_over(&mut self, other: &Self, text: &str, renumbered: &mut String) {
        for c in text.chars() {
            match chip_index(c).and_then(|i| other.text(i)) {
                Some(paste) => renumbered.extend(self.fold(paste.to_owned())),
                None => renumbered.push(c),
            }
        }
    }

    /// The pastes of a draft. Chips that the draft has no paste for are shown as they are.
    pub fn of(draft: &Draft) -> Self {
        let number = |(i, text): (usize, &String)| Paste { text: text.clone(), label: label(i + 1, text) };
        Self(draft.pastes.iter().enumerate().map(number).collect())
    }
}

/// Several drafts as one, a blank line between them; empty ones are left out.
pub fn joined(drafts: impl IntoIterator<Item = Draft>) -> Draft {
    let mut kept = Pastes::default();
    let mut text = String::new();
    for draft in drafts.into_iter().filter(|draft| !draft.text.trim().is_empty()) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        kept.take_over(&Pastes::of(&draft), &draft.text, &mut text);
    }
    Draft { text, pastes: kept.0.into_iter().map(|p| p.text).collect() }
}

fn label(number: usize, text: &str) -> String {
    let lines = text.lines().count();
    let size = match (lines, text.len() as u64) {
        (_, bytes) if bytes >= 1_000_000 => figures::bytes(bytes),
        (2.., _) => figures::count(lines as u64, "line", "lines"),
        _ => figures::count(text.chars().count() as u64, "character", "characters"),
    };
    format!("[Pasted #{number} · {size}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_lines_or_eight_hundred_characters_fold() {
        assert!(!folds("a\nb\nc\n"));
        assert!(folds("a\nb\nc\nd"));
        assert!(!folds(&"長".repeat(799)));
        assert!(folds(&"長".repeat(800)));
        assert!(folds("\u{100000}"), "a character that would be taken for a chip");
        assert!(!folds("\u{F0001}"), "an icon of a font is a character like any other");
    }

    #[test]
    fn a_draft_keeps_only_the_pastes_in_use_and_reads_back() {
        let mut pastes = Pastes::default();
        let one = pastes.fold("one\n".repeat(52)).unwrap();
        let two = pastes.fold("two\n".repeat(4)).unwrap();
        assert_eq!(pastes.fold("one\n".repeat(52)), Some(one), "the same paste is the same chip");
        assert_eq!(pastes.label(0), Some("[Pasted #1 · 52 lines]"));
        let draft = pastes.draft(&format!("see {two}!"));
        assert_eq!(draft.pastes, ["two\n".repeat(4)]);
        assert_eq!(Pastes::of(&draft).expand(&draft.text), format!("see {}!", "two\n".repeat(4)));
        assert_eq!(pastes.expand(&format!("{one}{two}")).lines().count(), 56);
    }

    #[test]
    fn joined_drafts_keep_all_texts_and_each_its_own_paste() {
        let paste = |text: &str| Draft { text: "see \u{100000}".into(), pastes: vec![text.into()] };
        let all = joined([paste("one"), Draft::default(), paste("two")]);
        assert_eq!(Pastes::of(&all).expand(&all.text), "see one\n\nsee two");
        assert_eq!(joined([Draft::default()]), Draft::default());
    }

    #[test]
    fn what_is_too_long_to_show_stays_folded() {
        let mut pastes = Pastes::default();
        pastes.fold("x".repeat(SHOWN_MAX + 1)).unwrap();
        assert_eq!(pastes.showable(0), None);
        assert_eq!(pastes.label(0), Some("[Pasted #1 · 20,001 characters]"));
    }
}
