//! Two answers as one text, word by word; or what each of them says alone.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use std::borrow::Cow;

use super::page::Page;
use super::{Hidden, Outcome};
use crate::domain::comparison::letter;
use crate::domain::diff::{MOST_WORDS, Mark, Stretch, only, words};
use crate::domain::figures::{bytes, count};
use crate::domain::untrusted::safe_text;
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode};
use crate::tui::look::{Look, Role};
use crate::tui::widget::text::{Ink, Inline, Row, Span, wrap as wrap_inline};

/// An answer that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its column's place on the screen.
    pub place: usize,
    /// What the screen calls it; empty where that is the letter of its place.
    pub called: String,
    /// Who answered; empty while that is hidden.
    pub name: String,
    pub text: String,
    /// More of it was to come when it was taken.
    pub goes_on: bool,
}

impl Side {
    fn called(&self) -> String {
        if self.called.is_empty() { letter(self.place).to_string() } else { self.called.clone() }
    }
}

/// How the two are shown.
#[derive(Debug, Clone, PartialEq)]
enum Shown {
    Words(Vec<Stretch>),
    /// What the first says alone, and what the second does.
    Alone([Vec<String>; 2]),
    TooLong,
}

/// Which two are compared, and the first row that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    sides: Vec<Side>,
    /// Indices of `sides`.
    pair: (usize, usize),
    shown: Shown,
    /// Whether it is what is said by one alone that is wanted.
    alone: bool,
    title: String,
    /// What differs besides, and is not shown.
    besides: Option<&'static str>,
    /// What is shown, in rows of that many columns.
    rows: (u16, Vec<Row>),
    page: Page,
}

impl Difference {
    /// The answers, of which there are two at least; those at `pair` are compared first.
    pub fn new(sides: Vec<Side>, pair: (usize, usize)) -> Self {
        let (shown, rows) = (Shown::Words(Vec::new()), (0, Vec::new()));
        let (title, page) = (String::new(), Page::default());
        let mut difference = Self { sides, pair, shown, alone: false, title, besides: None, rows, page };
        difference.compare();
        difference
    }

    /// The same with what differs besides, in a sentence; it is not shown.
    #[must_use]
    pub fn besides(mut self, what: &'static str) -> Self {
        self.besides = Some(what);
        self.rows.1 = self.wrapped(self.rows.0);
        self
    }

    fn compare(&mut self) {
        let Self { sides, pair: (one, other), .. } = self;
        let (Some(one), Some(other)) = (sides.get(*one), sides.get(*other)) else { return };
        self.shown = if one.text.len().max(other.text.len()) > MOST_WORDS {
            Shown::TooLong
        } else if self.alone {
            Shown::Alone([only(&one.text, &other.text), only(&other.text, &one.text)])
        } else {
            Shown::Words(words(&one.text, &other.text))
        };
        self.title = format!("{} → {}", one.called(), other.called());
        self.page = Page::default();
        self.rows = (self.rows.0, self.wrapped(self.rows.0));
    }

    /// Its rows fit a room that is so wide.
    pub fn fit(&mut self, width: u16) {
        if self.rows.0 != width {
            self.rows = (width, self.wrapped(width));
        }
    }

    /// What lies over the place.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The word for its own key.
    pub fn turns_to(&self) -> &'static str {
        if self.alone { "words" } else { "said by one only" }
    }

    /// The key that turns it from one to the other.
    pub fn turn() -> Key {
        Key::plain(KeyCode::Tab)
    }

    /// The columns that are not compared yet, by their letters.
    fn letters(&self) -> String {
        let (one, other) = self.pair;
        let others = self.sides.iter().enumerate().filter(|(at, _)| ![one, other].contains(at));
        others.map(|(_, side)| letter(side.place).to_string()).collect::<Vec<_>>().join(" ")
    }

    fn name(&self, at: usize) -> String {
        let side = &self.sides[at];
        let count = count(side.text.split_whitespace().count() as u64, "word", "words");
        let name = if side.name.is_empty() { String::new() } else { format!(" {}", side.name) };
        let so_far = if side.goes_on { " so far: it is still being written" } else { "" };
        format!("{}{name} · {count}{so_far}", side.called())
    }

    /// What is said of two that have the same words.
    fn alike(&self) -> &'static str {
        let text = |at: usize| self.sides.get(at).map(|side| side.text.as_str());
        if text(self.pair.0) == text(self.pair.1) {
            if self.besides.is_some() { "All else is the same." } else { "They say the same, word for word." }
        } else {
            "They say the same, word for word; only white space differs."
        }
    }

    fn rows(&self, width: u16) -> Cow<'_, [Row]> {
        if self.rows.0 == width { Cow::Borrowed(&self.rows.1) } else { Cow::Owned(self.wrapped(width)) }
    }

    fn wrapped(&self, width: u16) -> Vec<Row> {
        let mut rows = Vec::new();
        let columns = usize::from(width).max(8);
        let mut push = |indent: usize, parts: &[(&str, Ink)]| {
            let mut inline = Inline::default();
            for (text, ink) in parts {
                inline.push(&safe_text(text).replace('\t', " "), *ink, None);
            }
            for mut row in wrap_inline(&inline, columns - indent) {
                row.spans.insert(0, Span::new(" ".repeat(indent), Ink::of(Role::Text)));
                rows.push(row);
            }
        };
        let (one, other) = (self.name(self.pair.0), self.name(self.pair.1));
        let (gone, came) = (Ink::of(Role::Removed), Ink::of(Role::Added));
        push(0, &[("− ", gone), (&one, gone)]);
        push(0, &[("+ ", came), (&other, came)]);
        if self.sides.len() > 2 {
            push(0, &[(&format!("{} compare with another one", self.letters()), Ink::of(Role::Faint))]);
        }
        push(0, &[(" ", Ink::of(Role::Text))]);
        if let Some(what) = self.besides {
            push(0, &[(what, Ink::of(Role::Warn))]);
        }
        match &self.shown {
            Shown::Words(stretches) if stretches.iter().all(|stretch| stretch.mark == Mark::Same) => {
                push(0, &[(self.alike(), Ink::of(Role::Muted))]);
            }
            Shown::Words(stretches) => {
                let marked = |stretch: &Stretch| {
                    // The signs tell it where there is no colour.
                    let (open, close, ink) = match stretch.mark {
                        Mark::Same => return vec![(stretch.text.clone(), Ink::of(Role::Text))],
                        Mark::Removed => ("[−", "]", gone),
                        Mark::Added => ("[+", "]", came),
                    };
                    // The text's own white space stands outside of them, and no other.
                    let text = stretch.text.trim_end();
                    let (text, after) = (text.trim_start(), &stretch.text[text.len()..]);
                    let before = &stretch.text[..stretch.text.len() - after.len() - text.len()];
                    let space = |text: &str| (text.to_owned(), Ink::of(Role::Text));
                    if text.is_empty() {
                        return vec![space(after)];
                    }
                    let word = (format!("{open}{text}{close}"), ink.with(Modifier::BOLD));
                    vec![space(before), word, space(after)]
                };
                let parts: Vec<(String, Ink)> = stretches.iter().flat_map(marked).collect();
                let parts: Vec<(&str, Ink)> = parts.iter().map(|(text, ink)| (text.as_str(), *ink)).collect();
                push(0, &parts);
            }
            Shown::TooLong => {
                let most = bytes(MOST_WORDS as u64);
                push(0, &[(&format!("Texts of more than {most} are not compared."), Ink::of(Role::Muted))]);
            }
            Shown::Alone(both) => {
                for (at, sentences) in [self.pair.0, self.pair.1].into_iter().zip(both) {
                    let who = self.sides[at].called();
                    let ink = if at == self.pair.0 { gone } else { came };
                    let head = match sentences.len() {
                        0 => format!("{who} says nothing alone."),
                        some => format!("Only {who} says ({})", count(some as u64, "sentence", "sentences")),
                    };
                    push(0, &[(&head, ink.with(Modifier::BOLD))]);
                    for sentence in sentences {
                        push(2, &[(sentence, Ink::of(Role::Text))]);
                    }
                    push(0, &[(" ", ink)]);
                }
                let meaning = "A sentence is said by one alone if it shares at most half of its words with any \
                               sentence of the other.";
                push(0, &[(meaning, Ink::of(Role::Faint))]);
            }
        }
        rows
    }

    /// How many rows it has at that width.
    pub fn height(&self, width: u16) -> usize {
        self.rows(width).len()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>, area: Rect) -> Outcome {
        if key == Self::turn() {
            self.alone = !self.alone;
            self.compare();
            return Outcome::Stay;
        }
        let all = self.height(area.width);
        if let Some(outcome) = self.page.key(key, action, area.height, all) {
            return outcome;
        }
        let typed = key.typed().map(|c| c.to_ascii_uppercase());
        let of = self.sides.iter().position(|side| Some(letter(side.place)) == typed);
        if let Some(of) = of.filter(|of| *of != self.pair.0) {
            self.pair.1 = of;
            self.compare();
        }
        Outcome::Stay
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, area: Rect) {
        let all = self.height(area.width);
        self.page.scroll(steps, area.height, all);
    }

    /// What lies above and below.
    pub fn hidden(&self, area: Rect) -> Hidden {
        self.page.hidden(area.height, self.height(area.width))
    }

    /// Paints it.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) {
        for (y, row) in (area.top()..area.bottom()).zip(self.rows(area.width).iter().skip(self.page.top)) {
            row.draw(Position { x: area.x, y }, area.width, look, cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(old: &str, new: &str) -> Difference {
        let side = |(place, text): (usize, &str)| Side {
            place,
            called: String::new(),
            name: String::new(),
            text: text.to_owned(),
            goes_on: false,
        };
        let sides = [old, new].into_iter().enumerate().map(side).collect();
        Difference::new(sides, (0, 1))
    }

    fn says(mut difference: Difference) -> String {
        difference.fit(90);
        let text = |row: &Row| row.spans.iter().map(|span| span.text.as_str()).collect::<String>();
        difference.rows(90).iter().map(text).collect::<Vec<_>>().join("\n")
    }

    fn between(old: &str, new: &str) -> String {
        says(difference(old, new))
    }

    #[test]
    fn what_differs_besides_and_is_not_shown_is_said_first() {
        let what = "A secret is another one.";
        let said = says(difference("one", "one").besides(what));
        assert!(said.contains(what) && said.ends_with("All else is the same."), "{said}");
        let said = says(difference("one", "two").besides(what));
        assert!(said.find(what) < said.find("[−one]") && said.contains("[+two]"), "{said}");
    }

    #[test]
    fn texts_that_only_white_space_sets_apart_are_not_called_the_same() {
        assert!(between("one two", "one two").contains("They say the same, word for word."));
        let says = "word for word; only white space differs.";
        for other in ["one  two", "one\ntwo", "one two\n"] {
            assert!(between("one two", other).contains(says), "{other:?}");
        }
    }
}
