//! Large pastes and files fold to a chip: one private-use character in the text that stands for them.

use crate::domain::attachment::Attachment;
use crate::domain::conversation::{Draft, Held};
use crate::domain::figures;
use crate::domain::message::Block;
use crate::domain::untrusted::safe_line;

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

#[derive(Debug, Clone, PartialEq)]
struct Paste {
    held: Held,
    label: String,
    /// The words stand for a file that is not read yet, or that could not be: they are no paste.
    named: Option<Ticket>,
    /// Why it cannot go with the message; it stands on the chip.
    barred: Option<&'static str>,
}

/// A file that is being read; its number is of no other one.
pub type Ticket = u64;

/// The pastes that a text's chips stand for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pastes(Vec<Paste>);

impl Pastes {
    /// None is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a paste or a file in; its chip, or `None` where there are too many.
    pub fn fold(&mut self, held: impl Into<Held>) -> Option<char> {
        let held = held.into();
        let found = self.0.iter().position(|p| p.named.is_none() && p.held == held);
        let index = found.unwrap_or(self.0.len());
        let chip = chip(index)?;
        if found.is_none() {
            self.0.push(Paste::new(index + 1, held));
        }
        Some(chip)
    }

    /// The chip of a file that is being read: its name, and the words that named it.
    pub fn reading(&mut self, ticket: Ticket, name: &str, written: &str) -> Option<char> {
        let chip = chip(self.0.len())?;
        let label = format!("[@{} · reading…]", safe_line(name));
        self.0.push(Paste { held: Held::Text(written.to_owned()), label, named: Some(ticket), barred: None });
        Some(chip)
    }

    /// The file was read: its chip is that of a file.
    pub fn read(&mut self, ticket: Ticket, file: Attachment) -> bool {
        let found = self.0.iter().position(|p| p.named == Some(ticket));
        if let Some(index) = found {
            self.0[index] = Paste::new(index + 1, Held::File(file));
        }
        found.is_some()
    }

    /// The file was not read: its chip, and the words that are to stand in its place.
    pub fn not_read(&mut self, ticket: Ticket) -> Option<(char, String)> {
        let index = self.0.iter().position(|p| p.named == Some(ticket))?;
        let Held::Text(written) = self.0[index].held.clone() else { return None };
        // Undo may bring the chip back.
        self.0[index].label = safe_line(&written).into_owned();
        Some((chip(index)?, written))
    }

    /// Marks the files that cannot go with the message, and no others; whether that changed any.
    pub fn bar(&mut self, why: impl Fn(&Block) -> Option<&'static str>) -> bool {
        let mut changed = false;
        for paste in &mut self.0 {
            let Held::File(file) = &paste.held else { continue };
            let barred = why(&file.block);
            if barred != paste.barred {
                paste.label = file_label(file, barred);
                paste.barred = barred;
                changed = true;
            }
        }
        changed
    }

    /// Whether a chip is of a file that cannot go with the message.
    pub fn is_barred(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|paste| paste.barred.is_some())
    }

    /// The words on a chip.
    pub fn label(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|p| p.label.as_str())
    }

    /// What a chip is in a text: the paste, or the file's name.
    fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|p| match &p.held {
            Held::Text(text) => text.as_str(),
            Held::File(file) => file.name.as_str(),
        })
    }

    /// The paste behind a chip, if it is small enough to be shown and edited in full.
    pub fn showable(&self, index: usize) -> Option<&str> {
        let paste = self.0.get(index).filter(|paste| paste.named.is_none())?;
        match &paste.held {
            Held::Text(text) => Some(text.as_str()).filter(|text| Self::is_showable(text)),
            Held::File(_) => None,
        }
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

    /// `text` as an editor shows it: pastes in full, a file by the words on its chip.
    pub fn written_out(&self, text: &str) -> String {
        let mut full = String::with_capacity(text.len());
        for c in text.chars() {
            match (self.file_words(c), chip_index(c).and_then(|i| self.text(i))) {
                (Some(words), _) => full.push_str(&words),
                (None, Some(paste)) => full.push_str(paste),
                (None, None) => full.push(c),
            }
        }
        full
    }

    /// What an editor made of that: the files of `before` stand where it left their words, and what is too long to be shown
    /// folds.
    pub fn taken_in(&mut self, before: &str, text: &str) -> String {
        let mut places: Vec<(usize, usize, char)> = Vec::new();
        for c in before.chars() {
            let Some(words) = self.file_words(c) else { continue };
            // Two files of one name have the same words, in their order.
            let mut stand = text.match_indices(&words).map(|(at, _)| at);
            if let Some(at) = stand.find(|at| places.iter().all(|(taken, ..)| taken != at)) {
                places.push((at, at + words.len(), c));
            }
        }
        places.sort_unstable();
        let (mut shown, mut from) = (String::new(), 0);
        for (at, end, chip) in places {
            // The words of a file may hold those of another.
            if at >= from {
                self.take_piece(&text[from..at], &mut shown);
                shown.push(chip);
                from = end;
            }
        }
        self.take_piece(&text[from..], &mut shown);
        shown
    }

    /// The words on the chip of a file, whatever bars it.
    fn file_words(&self, c: char) -> Option<String> {
        match &self.0.get(chip_index(c)?)?.held {
            Held::File(file) => Some(file_label(file, None)),
            Held::Text(_) => None,
        }
    }

    fn take_piece(&mut self, piece: &str, shown: &mut String) {
        if Self::is_showable(piece) {
            shown.push_str(piece);
        } else {
            shown.extend(self.fold(piece.to_owned()));
        }
    }

    /// `text` as it is sent: files where their chips stand, texts between them.
    pub fn blocks(&self, text: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut piece = String::new();
        let end = |piece: &mut String, blocks: &mut Vec<Block>| {
            let text = std::mem::take(piece);
            if !text.trim().is_empty() {
                blocks.push(Block::Text { text });
            }
        };
        for c in text.chars() {
            match chip_index(c).and_then(|i| self.0.get(i)).map(|paste| &paste.held) {
                Some(Held::Text(text)) => piece.push_str(text),
                Some(Held::File(file)) => {
                    end(&mut piece, &mut blocks);
                    blocks.push(file.block.clone());
                }
                None => piece.push(c),
            }
        }
        end(&mut piece, &mut blocks);
        blocks
    }

    /// A draft that holds only the pastes that `text` uses, numbered anew.
    pub fn draft(&self, text: &str) -> Draft {
        let mut kept = Self::default();
        let mut renumbered = String::with_capacity(text.len());
        kept.take_over(self, text, &mut renumbered);
        Draft { text: renumbered, pastes: kept.0.into_iter().map(|p| p.held).collect() }
    }

    /// Writes `text`, whose chips are of `other`, with chips of its own.
    fn take_over(&mut self, other: &Self, text: &str, renumbered: &mut String) {
        for c in text.chars() {
            match chip_index(c).and_then(|i| other.0.get(i)) {
                Some(Paste { held: Held::Text(written), named: Some(_), .. }) => renumbered.push_str(written),
                Some(paste) => renumbered.extend(self.fold(paste.held.clone())),
                None => renumbered.push(c),
            }
        }
    }

    /// The pastes of a draft. Chips that the draft has no paste for are shown as they are.
    pub fn of(draft: &Draft) -> Self {
        let number = |(i, held): (usize, &Held)| Paste::new(i + 1, held.clone());
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
    Draft { text, pastes: kept.0.into_iter().map(|p| p.held).collect() }
}

impl Paste {
    fn new(number: usize, held: Held) -> Self {
        let label = match &held {
            Held::Text(text) => label(number, text),
            Held::File(file) => file_label(file, None),
        };
        Self { held, label, named: None, barred: None }
    }
}

/// A long name is cut at its end: why the file cannot go stands before it.
fn file_label(file: &Attachment, barred: Option<&str>) -> String {
    let named = file.label();
    let named = safe_line(&named);
    match barred {
        Some(why) => format!("[{why}: {named}]"),
        None => format!("[{named}]"),
    }
}

/// The blocks of a draft, as they are sent.
pub fn blocks_of(draft: &Draft) -> Vec<Block> {
    Pastes::of(draft).blocks(&draft.text)
}

/// What was sent, as it is edited again.
pub fn draft_of(blocks: &[Block]) -> Draft {
    let mut kept = Pastes::default();
    let mut text = String::new();
    for block in blocks {
        match (block, Attachment::of(block)) {
            (_, Some(file)) => text.extend(kept.fold(Held::File(file))),
            (Block::Text { text: piece }, None) => text.push_str(piece),
            _ => {}
        }
    }
    kept.draft(&text)
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
        assert_eq!(draft.pastes, [Held::from("two\n".repeat(4))]);
        assert_eq!(Pastes::of(&draft).expand(&draft.text), format!("see {}!", "two\n".repeat(4)));
        assert_eq!(pastes.expand(&format!("{one}{two}")).lines().count(), 56);
    }

    #[test]
    fn a_file_that_cannot_go_says_why_until_it_can() {
        let block = Block::Document {
            name: "a.pdf".into(),
            media_type: "application/pdf".into(),
            blob: crate::domain::message::BlobId("d".into()),
        };
        let mut pastes = Pastes::default();
        pastes.fold("x".repeat(900)).unwrap();
        pastes.fold(Held::File(Attachment { name: "a.pdf".into(), bytes: None, block })).unwrap();
        assert!(pastes.bar(|_| Some("no documents")) && pastes.is_barred(1) && !pastes.is_barred(0));
        assert_eq!(pastes.label(1), Some("[no documents: @a.pdf]"));
        assert!(!pastes.bar(|_| Some("no documents")), "it stands there already");
        assert!(pastes.bar(|_| None) && !pastes.is_barred(1));
        assert_eq!(pastes.label(1), Some("[@a.pdf]"));
    }

    #[test]
    fn files_come_back_from_an_editor_where_their_words_were_left() {
        let file = |blob: &str| {
            let block = Block::Image {
                media_type: "image/png".into(),
                blob: crate::domain::message::BlobId(blob.into()),
                file: None,
            };
            Held::File(Attachment { name: "a.png".into(), bytes: Some(212_000), block })
        };
        let mut pastes = Pastes::default();
        let one = pastes.fold(file("one")).unwrap();
        let two = pastes.fold(file("two")).unwrap();
        let long = pastes.fold("long\n".repeat(9)).unwrap();
        let before = format!("compare {one} to {two}: {long}");
        let written = pastes.written_out(&before);
        let words = "[@a.png · 212 kB]";
        assert_eq!(written, format!("compare {words} to {words}: {}", "long\n".repeat(9)));
        assert_eq!(
            pastes.taken_in(&before, &written),
            format!("compare {one} to {two}: {}", "long\n".repeat(9))
        );
        assert_eq!(pastes.taken_in(&before, &format!("see {words}")), format!("see {one}"));
        assert_eq!(pastes.taken_in(&before, "neither"), "neither");
        let much = "x".repeat(SHOWN_MAX + 1);
        let shown = pastes.taken_in(&before, &format!("{much}{words} {words}{words}"));
        assert_eq!(pastes.written_out(&shown), format!("{much}{words} {words}{words}"));
        assert_eq!(
            shown.chars().count(),
            4 + words.chars().count(),
            "a fold, two files, a blank, what nobody attached"
        );
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
