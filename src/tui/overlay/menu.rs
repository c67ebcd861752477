//! A list that is narrowed by typing: the palette, the presets, what was written before.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::input::Input;
use super::{Choice, Hidden, Outcome, nothing};
use crate::domain::trace::{Grade, Opinion};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode};
use crate::tui::keymap::Keymap;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::stroke::Stroke;
use crate::tui::trace::Target;
use crate::tui::widget::text::fit;

/// Rows that a list asks for at most; it gets what the screen has.
const ROWS: usize = 1000;

/// One thing that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub label: String,
    /// Said after the label, muted.
    pub detail: String,
    /// At the right edge: a key, a size.
    pub right: String,
    /// It is what is in use now.
    pub current: bool,
    /// It cannot be chosen; `detail` says why.
    pub off: bool,
    pub choice: Choice,
    /// Other names that it is found by.
    pub words: &'static [&'static str],
}

impl Entry {
    /// The name of an action in the config file.
    fn name(&self) -> Option<&'static str> {
        match self.choice {
            Choice::Act(action) => Some(action.name()),
            _ => None,
        }
    }
}

/// The list, what is typed, what of it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Menu {
    pub title: String,
    /// What taking an entry does, for the footer.
    pub verb: &'static str,
    /// Said where nothing is left.
    pub empty: String,
    /// It was opened by a `/` in the composer: what names no command goes back there as text.
    commands: bool,
    /// A few answers to a question: the digit of one chooses it.
    numbered: bool,
    /// Stands on a line of its own above the entries; empty for none.
    note: String,
    /// What is graded: a number that is typed is an answer of its own, and no digit answers by itself.
    graded: Option<Box<Target>>,
    /// The row of the screen that it is about.
    pub(super) row: Option<u16>,
    input: Input,
    /// Those that it was opened with, and behind them the number that is typed.
    entries: Vec<Entry>,
    /// How many it was opened with.
    given: usize,
    /// From that place on they are something else than the list is of.
    apart: usize,
    /// Places in `entries`, the best first.
    shown: Vec<usize>,
    selected: usize,
}

impl Menu {
    /// A menu of these entries; the current one, or the first, is selected.
    pub fn new(title: &str, verb: &'static str, empty: &str, entries: Vec<Entry>) -> Self {
        let selected = entries.iter().position(|entry| entry.current).unwrap_or(0);
        Self {
            title: title.to_owned(),
            verb,
            empty: empty.to_owned(),
            commands: false,
            numbered: false,
            note: String::new(),
            graded: None,
            row: None,
            input: Input::default(),
            shown: (0..entries.len()).collect(),
            given: entries.len(),
            apart: entries.len(),
            entries,
            selected,
        }
    }

    /// The same, about that row of the screen: it stays in sight where there is room below it.
    #[must_use]
    pub fn below(self, row: u16) -> Self {
        Self { row: Some(row), ..self }
    }

    /// The same, where the entries from that place on are something else than the list is of: they stand behind all others,
    /// however well they fit what is typed.
    #[must_use]
    pub fn apart(self, from: usize) -> Self {
        Self { apart: from, ..self }
    }

    /// The same of a few answers to a question: each of the first nine is chosen by its digit as well.
    pub fn numbered(title: &str, verb: &'static str, entries: Vec<Entry>) -> Self {
        Self { numbered: true, ..Self::new(title, verb, "", entries) }
    }

    /// The same with something to be known above the entries, on one line.
    #[must_use]
    pub fn noting(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// The same of grades, where a number that is typed is a grade too. None has a digit of its own: whoever means 1, the best,
    /// begins to type it.
    pub fn grades(title: &str, verb: &'static str, entries: Vec<Entry>, of: Target) -> Self {
        Self { graded: Some(Box::new(of)), ..Self::new(title, verb, "", entries) }
    }

    /// The commands that a `/` in the composer opens.
    pub fn commands(entries: Vec<Entry>) -> Self {
        Self { commands: true, ..Self::new("Commands", "do it", "", entries) }
    }

    /// What leaving it does, for the footer.
    pub fn leaves(&self) -> &'static str {
        match (self.commands, self.input.text().is_empty()) {
            (true, _) => "leave it as text",
            (false, true) => "close",
            (false, false) => "show all",
        }
    }

    /// Leaves it: what was typed after a `/` is text.
    pub fn leave(&self) -> Outcome {
        if self.commands { self.typed(true) } else { Outcome::Close }
    }

    /// No text is lost with it.
    pub fn gives_way(&self) -> bool {
        !self.commands || self.input.text().is_empty()
    }

    /// What was typed as the composer would have it; `meant` where the person has said that it is text.
    fn typed(&self, meant: bool) -> Outcome {
        Outcome::Chosen(Choice::Typed { text: format!("/{}", self.input.text()), meant })
    }

    /// What a key does among the commands besides moving; `None` leaves it to the list.
    fn command(&mut self, key: Key, stroke: Option<Stroke>, action: Option<Action>) -> Option<Outcome> {
        let typed = key.typed();
        match action {
            Some(Action::Cancel) => return Some(self.leave()),
            // A hasty Enter after a lone slash does nothing.
            Some(Action::Accept) if self.is_lone_slash() => return Some(Outcome::Stay),
            Some(_) => return None,
            None => {}
        }
        if self.input.text().is_empty() && key.code == KeyCode::Backspace {
            return Some(Outcome::Close);
        }
        if self.input.text().is_empty() && typed == Some('/') {
            return Some(self.typed(true));
        }
        if typed == Some(' ')
            && let Some(Entry { words, choice: Choice::Act(action), .. }) = self.selected()
            && action.takes_words()
            && words.contains(&self.input.text())
        {
            return Some(Outcome::Chosen(Choice::Act(*action)));
        }
        if stroke.is_some_and(|stroke| self.input.press(stroke)) {
            self.narrow();
        }
        Some(if self.shown.is_empty() { self.typed(false) } else { Outcome::Stay })
    }

    /// The entry that Enter takes.
    pub fn selected(&self) -> Option<&Entry> {
        self.shown.get(self.selected).map(|at| &self.entries[*at])
    }

    /// Nothing stands behind the `/` yet and none of the commands was gone to.
    fn is_lone_slash(&self) -> bool {
        self.commands && self.input.text().is_empty() && self.selected == 0
    }

    /// Enter takes something.
    pub fn takes(&self) -> bool {
        !self.is_lone_slash() && self.selected().is_some_and(|entry| !entry.off)
    }

    /// Moves the selection around the list.
    pub fn step(&mut self, steps: isize) {
        self.selected = self.selected.saturating_add_signed(steps).min(self.shown.len().saturating_sub(1));
    }

    /// Takes a key. The ends are those of the line while something is typed.
    pub fn key(&mut self, key: Key, stroke: Option<Stroke>, action: Option<Action>, page: usize) -> Outcome {
        let page = page as isize;
        if self.commands
            && let Some(outcome) = self.command(key, stroke, action)
        {
            return outcome;
        }
        if let Some(entry) = self.by_digit(key).filter(|entry| !entry.off) {
            return Outcome::Chosen(entry.choice.clone());
        }
        match action {
            Some(Action::Accept) => match self.selected() {
                Some(entry) if !entry.off => return Outcome::Chosen(entry.choice.clone()),
                _ => {}
            },
            // What was typed is taken back before the list is left.
            Some(Action::Cancel) if self.input.clear() => self.narrow(),
            Some(Action::Cancel) => return Outcome::Close,
            Some(Action::SelectNext) if self.selected + 1 >= self.shown.len() => self.selected = 0,
            Some(Action::SelectNext) => self.step(1),
            Some(Action::SelectPrevious) if self.selected == 0 => self.step(isize::MAX),
            Some(Action::SelectPrevious) => self.step(-1),
            Some(Action::PageDown) => self.step(page),
            Some(Action::PageUp) => self.step(-page),
            _ if self.input.text().is_empty() && key.code == KeyCode::Home => self.step(isize::MIN),
            _ if self.input.text().is_empty() && key.code == KeyCode::End => self.step(isize::MAX),
            _ => {
                let before = (self.input.clone(), self.selected);
                if stroke.is_some_and(|stroke| self.input.press(stroke)) {
                    self.narrow();
                }
                // Of a question there is always an answer left to take, and no blank that nobody sees keeps digits from it.
                let text = self.input.text();
                let blank = !text.is_empty() && text.trim().is_empty();
                if (self.numbered || self.graded.is_some()) && (self.shown.is_empty() || blank) {
                    self.input = before.0;
                    self.narrow();
                    self.selected = before.1;
                }
            }
        }
        Outcome::Stay
    }

    /// The entry that a digit chooses, unless it goes on with what is typed.
    fn by_digit(&self, key: Key) -> Option<&Entry> {
        let digit = key.typed()?.to_digit(10)?.checked_sub(1)?;
        let free = self.numbered && self.input.text().is_empty();
        self.entries.get(usize::try_from(digit).ok()?).filter(|_| free)
    }

    /// The grade that is typed, where that is a number: it stands for itself, whatever else holds its digits.
    fn typed_grade(&self, query: &str) -> Option<Entry> {
        let of =
            self.graded.as_ref().filter(|_| query.starts_with(|c: char| c.is_ascii_digit() || c == '.'))?;
        let number = match query {
            "." => None,
            typed => Some(typed.parse::<f64>().ok()?),
        };
        let grade = number.filter(|number| (0.0..=1.0).contains(number)).map(Grade::Number);
        let detail = if grade.is_some() { "the number that is typed" } else { "a score is from 0 to 1" };
        Some(Entry {
            label: query.to_owned(),
            detail: detail.to_owned(),
            right: String::new(),
            current: false,
            off: grade.is_none(),
            choice: Choice::Opine(of.clone(), Opinion::new(grade, "")),
            words: &[],
        })
    }

    /// Takes a pasted text; one among the commands is none.
    pub fn paste(&mut self, text: &str) -> Outcome {
        self.input.insert(text);
        self.narrow();
        if self.commands { self.typed(false) } else { Outcome::Stay }
    }

    fn narrow(&mut self) {
        self.selected = 0;
        self.entries.truncate(self.given);
        let query = self.input.text().trim();
        if query.is_empty() {
            self.shown = (0..self.entries.len()).collect();
            return;
        }
        if let Some(grade) = self.typed_grade(query) {
            self.entries.push(grade);
            self.shown = vec![self.given];
            return;
        }
        if self.commands {
            // By the beginning of a word, so that a path is soon no command.
            let query = self.input.text();
            let rank = |entry: &Entry| {
                let first = entry.words.first() == Some(&query);
                let whole = entry.words.contains(&query);
                let begins = entry.words.iter().any(|word| word.starts_with(query));
                begins.then_some((!first, !whole))
            };
            let mut ranked: Vec<_> =
                self.entries.iter().enumerate().filter_map(|(at, entry)| Some((rank(entry)?, at))).collect();
            ranked.sort_unstable();
            self.shown = ranked.into_iter().map(|(_, at)| at).collect();
            return;
        }
        let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let label = pattern.score(Utf32Str::new(&entry.label, &mut letters), &mut matcher);
            let other = pattern.score(Utf32Str::new(&entry.detail, &mut letters), &mut matcher);
            // A match in the label weighs more than one in what is said beside it.
            let called = entry.words.contains(&query).then_some(u32::MAX);
            let name = entry.name().and_then(|n| pattern.score(Utf32Str::new(n, &mut letters), &mut matcher));
            if let Some(score) = label.map(|s| s * 2).max(other).max(name).max(called) {
                scored.push((score, at));
            }
        }
        scored.sort_by_key(|(score, at)| (*at >= self.apart, std::cmp::Reverse(*score), *at));
        self.shown = scored.into_iter().map(|(_, at)| at).collect();
    }

    /// Rows of the whole overlay; it keeps its height while it is narrowed, so that nothing jumps.
    pub fn height(&self) -> u16 {
        self.given.clamp(3, ROWS) as u16 + 2 + self.above()
    }

    /// What lies above and below.
    pub fn hidden(&self, area: Rect) -> Hidden {
        let rows = self.list(area).height;
        let top = self.top(rows);
        Hidden { above: top, below: self.shown.len().saturating_sub(top + usize::from(rows)) }
    }

    fn top(&self, rows: u16) -> usize {
        (self.selected + 1).saturating_sub(usize::from(rows))
    }

    /// Rows above the entries: what is typed, the note, one of air.
    fn above(&self) -> u16 {
        2 + u16::from(!self.note.is_empty())
    }

    fn list(&self, area: Rect) -> Rect {
        let above = self.above().min(area.height);
        Rect { y: area.y + above, height: area.height - above, ..area }
    }

    /// Takes a click inside.
    pub fn click(&mut self, at: Position, area: Rect) -> Outcome {
        let list = self.list(area);
        if !list.contains(at) {
            return Outcome::Stay;
        }
        let place = self.top(list.height) + usize::from(at.y - list.y);
        if place >= self.shown.len() {
            return Outcome::Stay;
        }
        self.selected = place;
        match self.selected() {
            Some(entry) if !entry.off => Outcome::Chosen(entry.choice.clone()),
            _ => Outcome::Stay,
        }
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Option<Position> {
        let raised = look.style(Role::Raised);
        let role = |role| raised.patch(look.style(role));
        put(cells, area.x, area.y, area.right(), if self.commands { "▌/" } else { "▌" }, role(Role::Accent));
        let line = Rect { x: area.x + 2, width: area.width.saturating_sub(2), height: 1, ..area };
        let caret = self.input.draw(line, cells, role(Role::Text));
        if self.graded.is_some() && self.input.text().is_empty() {
            let also = "a number, 0 worst to 1 best, or one of these";
            put(cells, line.x + 2, line.y, line.right(), also, role(Role::Faint));
        }
        if !self.note.is_empty() && area.height > 1 {
            let note = fit(&self.note, line.width.into());
            put(cells, line.x, area.y + 1, line.right(), &note, role(Role::Muted));
        }
        let list = self.list(area);
        if self.shown.is_empty() {
            let none = nothing(keymap);
            let words = if self.entries.is_empty() { &self.empty } else { &none };
            for (y, line) in (list.top()..list.bottom()).zip(wrap(words, list.width)) {
                put(cells, list.x, y, list.right(), &line, role(Role::Muted));
            }
            return Some(caret);
        }
        let top = self.top(list.height);
        for (y, (place, at)) in (list.top()..list.bottom()).zip(self.shown.iter().enumerate().skip(top)) {
            let entry = &self.entries[*at];
            if place == self.selected {
                let row = Rect { x: list.x.saturating_sub(1), y, width: list.width + 2, height: 1 };
                tint(cells, row, look.style(Role::Selected));
            }
            let ground = if place == self.selected { look.style(Role::Selected) } else { raised };
            let style = |role| ground.patch(look.style(role));
            if entry.current {
                put(cells, list.x, y, list.right(), "•", style(Role::Accent));
            }
            let mut right = list.right();
            if !entry.right.is_empty() && columns(&entry.right) + 24 < list.width {
                right = put_right(cells, list.x + 2, y, right, &entry.right, style(Role::Muted))
                    .saturating_sub(2);
            }
            let label = if entry.off {
                Role::Faint
            } else if (self.apart..self.given).contains(at) {
                Role::Muted
            } else {
                Role::Text
            };
            // Of a command's words, the one that is being typed.
            let word = entry.words.iter().find(|word| self.commands && word.starts_with(self.input.text()));
            let name = word.map_or_else(|| entry.label.clone(), |word| format!("/{word}"));
            let mut x = list.x + 2;
            if self.numbered && *at < self.given.min(9) {
                let digit = (at + 1).to_string();
                x = put(cells, x, y, right, &digit, style(Role::Accent)) + 1;
            }
            let x = put(cells, x, y, right, &name, style(label));
            if !entry.detail.is_empty() && x + 6 < right {
                put(cells, x + 2, y, right, &entry.detail, style(Role::Muted));
            }
        }
        let bar = thumb(list.height, top, usize::from(list.height), self.shown.len());
        let edge = Rect { width: list.width + 2, ..list };
        scrollbar(cells, edge, bar, raised.patch(look.style(Role::Rule)));
        Some(caret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::TraceId;

    fn menu(labels: &[&str]) -> Menu {
        let entry = |label: &&str| Entry {
            label: (*label).to_owned(),
            detail: String::new(),
            right: String::new(),
            current: false,
            off: false,
            choice: Choice::Preset((*label).to_owned()),
            words: &[],
        };
        Menu::new("", "", "", labels.iter().map(entry).collect())
    }

    fn type_in(menu: &mut Menu, text: &str) {
        for key in Key::script(text).unwrap() {
            menu.key(key, Keymap::default().stroke(key), None, 5);
        }
    }

    #[test]
    fn typing_narrows_by_letters_in_order_and_ranks_the_best_first() {
        let mut models = menu(&["openai/gpt-4-turbo", "openai/gpt-4o", "local/smollm2"]);
        type_in(&mut models, "g4o");
        assert_eq!(models.selected().unwrap().label, "openai/gpt-4o");
        type_in(&mut models, "zzz");
        assert_eq!(models.selected(), None);
        assert_eq!(models.key(Key::char('x'), None, Some(Action::Accept), 5), Outcome::Stay);
    }

    #[test]
    fn what_stands_apart_is_behind_the_others_however_well_it_fits() {
        let mut agents = menu(&["shop editor", "edit an agent"]).apart(1);
        type_in(&mut agents, "edit");
        assert_eq!(agents.selected().unwrap().label, "shop editor");
        type_in(&mut agents, " an");
        assert_eq!(agents.selected().unwrap().label, "edit an agent");
    }

    #[test]
    fn what_was_typed_is_taken_back_before_the_list_is_left() {
        let mut models = menu(&["openai/gpt-4o", "local/smollm2"]);
        let cancel = |models: &mut Menu| models.key(Key::char('x'), None, Some(Action::Cancel), 5);
        type_in(&mut models, "zzz");
        assert_eq!((models.selected(), models.leaves()), (None, "show all"));
        assert_eq!(cancel(&mut models), Outcome::Stay);
        assert_eq!(models.selected().unwrap().label, "openai/gpt-4o");
        assert_eq!(cancel(&mut models), Outcome::Close);
    }

    #[test]
    fn a_digit_answers_a_question_and_no_letter_leaves_it_without_an_answer() {
        let named = |labels: &[&str]| Menu { numbered: true, ..menu(labels) };
        let mut asked = named(&["it is unclear", "it is offensive", "gpt-4"]);
        let space = Key::char(' ');
        asked.key(space, Keymap::default().stroke(space), None, 5);
        assert_eq!(asked.leaves(), "close", "a blank is nothing that was typed");
        let chosen = asked.key(Key::char('2'), None, None, 5);
        assert_eq!(chosen, Outcome::Chosen(Choice::Preset("it is offensive".into())));
        assert_eq!(asked.key(Key::char('7'), None, None, 5), Outcome::Stay);
        asked.step(1);
        type_in(&mut asked, "xqz");
        assert_eq!(asked.selected().unwrap().label, "it is offensive");
        type_in(&mut asked, "gpt-4");
        assert_eq!(asked.selected().unwrap().label, "gpt-4", "a digit goes on with what is typed");
    }

    #[test]
    fn a_number_that_is_typed_is_the_grade_that_it_says() {
        let of = Target {
            id: TraceId([1; 16]),
            row: None,
            span: None,
            name: "a run".to_owned(),
            model: String::new(),
        };
        let graded = |text: &str| {
            let entry = |number: f64| {
                let grade = Grade::Number(number);
                let detail = grade.words();
                let choice = Choice::Opine(Box::new(of.clone()), Opinion::new(Some(grade), ""));
                Entry { label: "a grade".to_owned(), detail, choice, ..menu(&[""]).entries.remove(0) }
            };
            let mut menu = Menu::grades("", "", [1.0, 0.75, 0.5, 0.25, 0.0].map(entry).into(), of.clone());
            type_in(&mut menu, text);
            menu
        };
        let taken = |text: &str| match graded(text).key(Key::char('x'), None, Some(Action::Accept), 5) {
            Outcome::Chosen(Choice::Opine(_, said)) => said.grade.map(|grade| grade.words()),
            _ => None,
        };
        let number = |text: &str| Some(text.to_owned());
        assert_eq!([taken("0.8"), taken("0.80"), taken(".5")], [number("0.8"), number("0.8"), number("0.5")]);
        assert_eq!([taken("0"), taken("0."), taken("1")], [number("0"), number("0"), number("1")]);
        assert_eq!([taken("7"), taken(".")], [None, None], "what is no grade is not taken");
        assert_eq!(taken("0.8x"), number("0.8"), "a letter is no part of a number");
        let mut menu = graded("0.8");
        assert_eq!(menu.height(), graded("").height(), "nothing jumps");
        menu.key(Key::char('x'), None, Some(Action::Cancel), 5);
        assert_eq!(menu.shown.len(), 5);
        for digit in '0'..='9' {
            let key = graded("").key(Key::char(digit), Keymap::default().stroke(Key::char(digit)), None, 5);
            assert_eq!(key, Outcome::Stay, "{digit} is the beginning of a number");
        }
        menu.step(2);
        let key = menu.key(Key::char('x'), None, Some(Action::Accept), 5);
        let half = |said: &Opinion| said.grade == Some(Grade::Number(0.5));
        assert!(matches!(&key, Outcome::Chosen(Choice::Opine(_, said)) if half(said)), "{key:?}");
    }

    #[test]
    fn the_selection_goes_around_and_a_dead_entry_is_not_taken() {
        let mut one = menu(&["a", "b"]);
        one.key(Key::char('x'), None, Some(Action::SelectPrevious), 5);
        assert_eq!(one.selected().unwrap().label, "b");
        one.entries[1].off = true;
        assert_eq!(one.key(Key::char('x'), None, Some(Action::Accept), 5), Outcome::Stay);
        one.key(Key::char('x'), None, Some(Action::SelectNext), 5);
        let chosen = one.key(Key::char('x'), None, Some(Action::Accept), 5);
        assert_eq!(chosen, Outcome::Chosen(Choice::Preset("a".into())));
    }
}
