//! The list that a model is chosen from, wherever the person is.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::input::Input;
use super::{Choice, Hidden, Outcome};
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::domain::figures::grouped;
use crate::domain::time::Timestamp;
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode};
use crate::tui::keymap::{Context, Keymap};
use crate::tui::look::{Look, Role};
use crate::tui::models::columns::{self, Marks};
use crate::tui::models::shortlist::{Filter, Shortlist};
use crate::tui::models::{Stock, chats, is_local, lists};
use crate::tui::paint::{columns as wide, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::stroke::Stroke;

/// Columns that it asks for at most.
pub(super) const WIDEST: u16 = 160;
/// Rows of the line that is typed, the heads, and one for why a model cannot be taken.
const AROUND: u16 = 3;
/// That none makes pictures, and what brings one; the longest first.
const NONE_PAINTS: [&str; 3] = [
    "No model here makes pictures; some of OpenAI's and of Bedrock's do. `outcrop keys set openai` keeps a key.",
    "No model here makes pictures. `outcrop keys set openai` brings some.",
    "None makes pictures: `outcrop keys set openai`",
];

/// What the model is to be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Talking,
    Pictures,
}

/// The list, what is typed, how old what it shows is.
#[derive(Debug, Clone, PartialEq)]
pub struct Picker {
    list: Shortlist,
    input: Input,
    current: Option<ModelId>,
    /// The servers are being asked.
    pub waits: bool,
    now: Timestamp,
    /// Rows that it had when it opened: it keeps its height, so that nothing jumps.
    rows: usize,
    /// The whole id that was typed and is in no list: servers have models that they do not name.
    typed: Option<ModelId>,
    /// That one is selected.
    on_typed: bool,
    /// The selected one was to be taken and cannot be: why is said until the next key.
    refused: bool,
    purpose: Purpose,
    /// Rows beside those of the models; one more once there was something to say of how old lists or prices are.
    around: u16,
    /// What it was made from.
    given: Stock,
    /// Rows above the last line that it does not cover: what is written there stays in sight.
    pub(super) spares: u16,
}

impl Picker {
    /// The models for that purpose; the current one is selected.
    pub fn new(
        purpose: Purpose,
        stock: Stock,
        current: Option<&ModelId>,
        waits: bool,
        now: Timestamp,
    ) -> Self {
        let mut list = Shortlist::new(purpose.of(stock.clone()), Filter::default());
        if purpose == Purpose::Pictures {
            list = list.leading(Capability::Images);
        }
        if let Some(id) = current {
            list.go_to(id);
        }
        let rows = list.len();
        let (input, current) = (Input::default(), current.cloned());
        Self {
            list,
            input,
            current,
            waits,
            now,
            rows,
            typed: None,
            on_typed: false,
            refused: false,
            purpose,
            around: around(&stock, now),
            given: stock,
            spares: 0,
        }
    }

    /// The same, but for so many rows above the last line.
    #[must_use]
    pub fn sparing(self, rows: u16) -> Self {
        Self { spares: rows, ..self }
    }

    /// What has come since takes the place of what is shown; what is typed and selected stays.
    pub fn restock(&mut self, stock: Stock, waits: bool, now: Timestamp) {
        (self.waits, self.now) = (waits, now);
        if self.given.is(&stock) {
            return;
        }
        self.refused = false;
        self.around = self.around.max(around(&stock, now));
        self.given = stock.clone();
        self.list.restock(self.purpose.of(stock));
        let off = |card: &ModelCard| matches!(card.availability, Availability::Unusable { .. });
        if self.purpose == Purpose::Pictures && self.list.selected().is_some_and(off) {
            // It was there before those that can be taken.
            self.list.set_selected(0);
            if let Some(id) = &self.current {
                self.list.go_to(id);
            }
        }
        self.rows = self.rows.max(self.list.len());
        self.look_for_typed();
    }

    fn look_for_typed(&mut self) {
        let text = self.input.text().trim();
        let whole = !text.contains(char::is_whitespace) && !self.list.knows(text);
        self.typed = text.parse().ok().filter(|_| whole);
        self.on_typed &= self.typed.is_some();
    }

    fn len(&self) -> usize {
        self.list.len() + usize::from(self.typed.is_some())
    }

    /// The row that keys act on; the typed id stands behind the list.
    fn row(&self) -> usize {
        if self.on_typed || self.list.is_empty() { self.list.len() } else { self.list.selected_at() }
    }

    fn go(&mut self, row: usize) {
        self.on_typed = self.typed.is_some() && row >= self.list.len();
        self.list.set_selected(row);
    }

    /// Why the selected one cannot be taken.
    fn why_not(&self) -> Option<&str> {
        match &self.list.at(self.row())?.availability {
            Availability::Unusable { why } => Some(why),
            _ => None,
        }
    }

    fn take(&mut self) -> Outcome {
        self.refused = self.why_not().is_some();
        match self.list.at(self.row()) {
            Some(_) if self.refused => Outcome::Stay,
            Some(card) => Outcome::Chosen(Choice::Model(card.id.clone())),
            None => self.typed.clone().map_or(Outcome::Stay, |id| Outcome::Chosen(Choice::Model(id))),
        }
    }

    /// Takes a key. The ends are those of the line while something is typed.
    pub fn key(&mut self, key: Key, stroke: Option<Stroke>, action: Option<Action>, area: Rect) -> Outcome {
        let page = isize::from(self.rows_in(area).height.max(1).cast_signed());
        let last = self.len().saturating_sub(1);
        let at = self.row();
        self.refused = false;
        match action {
            Some(Action::Accept) => return self.take(),
            // What was typed is taken back before the list is left.
            Some(Action::Cancel) if self.input.clear() => self.narrow(),
            Some(Action::Cancel) => return Outcome::Close,
            Some(Action::Star) => {
                let Some(id) = self.list.at(at).map(|card| card.id.clone()) else { return Outcome::Stay };
                let mut likes = self.list.stock().likes.clone();
                likes.toggle(&id);
                self.list.like(&likes);
                return Outcome::Told(Choice::Star(id));
            }
            Some(Action::SelectNext) => self.go(if at >= last { 0 } else { at + 1 }),
            Some(Action::SelectPrevious) => self.go(if at == 0 { last } else { at - 1 }),
            Some(Action::PageDown) => self.step(page),
            Some(Action::PageUp) => self.step(-page),
            _ if self.input.text().is_empty() && key.code == KeyCode::Home => self.step(isize::MIN),
            _ if self.input.text().is_empty() && key.code == KeyCode::End => self.step(isize::MAX),
            _ => {
                if stroke.is_some_and(|stroke| self.input.press(stroke)) {
                    self.narrow();
                }
            }
        }
        Outcome::Stay
    }

    /// There is something to take, and it can be.
    pub fn takes(&self) -> bool {
        self.len() > 0 && self.why_not().is_none()
    }

    /// What is said where none of them makes pictures, in the longest words that fit.
    fn none_paints(&self, width: u16) -> Option<&'static str> {
        let off = |card: &ModelCard| matches!(card.availability, Availability::Unusable { .. });
        let cards = &self.list.stock().cards;
        let none = self.purpose == Purpose::Pictures && !self.waits && cards.iter().all(off);
        let fits = |words: &&&str| wide(words) <= width;
        none.then(|| NONE_PAINTS.iter().find(fits).or(NONE_PAINTS.last()).copied()).flatten()
    }

    /// The selected one is in a list.
    pub fn stars(&self) -> bool {
        self.list.at(self.row()).is_some()
    }

    /// What leaving it does, for the footer.
    pub fn leaves(&self) -> &'static str {
        if self.input.text().is_empty() { "close" } else { "show all" }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        self.input.insert(text);
        self.narrow();
    }

    fn narrow(&mut self) {
        self.list.type_in(self.input.text());
        self.on_typed = false;
        self.look_for_typed();
    }

    /// Moves the selection, not beyond the ends.
    pub fn step(&mut self, steps: isize) {
        self.go(self.row().saturating_add_signed(steps).min(self.len().saturating_sub(1)));
    }

    /// Rows of the whole overlay.
    pub fn height(&self) -> u16 {
        let rows = u16::try_from(self.rows).unwrap_or(u16::MAX);
        rows.clamp(3, 1000) + self.around + 2
    }

    /// The rows of the models.
    fn rows_in(&self, area: Rect) -> Rect {
        Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(self.around), ..area }
    }

    /// What lies above and below.
    pub fn hidden(&self, area: Rect) -> Hidden {
        let rows = self.rows_in(area).height;
        let top = self.top(rows);
        Hidden { above: top, below: self.len().saturating_sub(top + usize::from(rows)) }
    }

    fn top(&self, rows: u16) -> usize {
        (self.row() + 1).saturating_sub(usize::from(rows))
    }

    /// Takes a click inside.
    pub fn click(&mut self, at: Position, area: Rect) -> Outcome {
        let rows = self.rows_in(area);
        let row = self.top(rows.height) + usize::from(at.y.saturating_sub(rows.y));
        if !rows.contains(at) || row >= self.len() {
            return Outcome::Stay;
        }
        self.go(row);
        self.take()
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Position {
        let raised = look.style(Role::Raised);
        let role = |role| raised.patch(look.style(role));
        put(cells, area.x, area.y, area.right(), "▌", role(Role::Accent));
        let said = match (self.waits, self.input.text().is_empty()) {
            (true, _) => "asking the servers…".to_owned(),
            (false, true) => grouped(self.list.all() as u64),
            (false, false) => {
                format!("{} of {}", grouped(self.list.len() as u64), grouped(self.list.all() as u64))
            }
        };
        let end = put_right(cells, area.x + 12, area.y, area.right(), &said, role(Role::Muted));
        let line = Rect { x: area.x + 2, width: end.saturating_sub(area.x + 3), height: 1, ..area };
        let caret = self.input.draw(line, cells, role(Role::Text));
        let rows = self.rows_in(area);
        if self.len() == 0 {
            let none = if self.list.all() == 0 {
                "No model is known yet. PROVIDER/NAME takes one all the same.".to_owned()
            } else {
                let back = keymap.name(Context::Menu, Action::Cancel);
                format!("No list has that name. PROVIDER/NAME takes it all the same; {back} shows all again.")
            };
            for (y, line) in (rows.top()..rows.bottom()).zip(wrap(&none, rows.width)) {
                put(cells, rows.x, y, rows.right(), &line, role(Role::Muted));
            }
        } else if let Some(words) = self.none_paints(rows.width) {
            put(cells, rows.x, rows.y - 1, rows.right(), words, role(Role::Warn));
        } else if self.is_headed() {
            let pictures = self.purpose == Purpose::Pictures;
            columns::head(cells, Rect { y: rows.y - 1, height: 1, ..rows }, pictures, role(Role::Faint));
        }
        let top = self.top(rows.height);
        for (y, row) in (rows.top()..rows.bottom()).zip(top..self.len()) {
            // What cannot be taken is not lit.
            let here = row == self.row();
            let chosen = here && self.why_not().is_none();
            if here && !chosen {
                put(cells, rows.x.saturating_sub(1), y, rows.right(), "›", role(Role::Muted));
            } else if chosen {
                let wide = Rect { x: rows.x.saturating_sub(1), y, width: rows.width + 2, height: 1 };
                tint(cells, wide, look.style(Role::Selected));
                let bar = look.style(Role::Selected).patch(look.style(Role::Accent));
                put(cells, wide.x, y, rows.x, "▌", bar);
            }
            let ground = if chosen { look.style(Role::Selected) } else { raised };
            let place = Rect { y, height: 1, ..rows };
            match (self.list.at(row), &self.typed) {
                (Some(card), _) if row > top && self.is_said_above(row) => {
                    let bare = Availability::Unusable { why: String::new() };
                    let card = ModelCard { availability: bare, ..card.clone() };
                    columns::row(cells, place, &card, self.marks(&card), ground, look);
                }
                (Some(card), _) => columns::row(cells, place, card, self.marks(card), ground, look),
                (None, Some(id)) => {
                    let style = |role| ground.patch(look.style(role));
                    let x = put(cells, rows.x + 3, y, rows.right(), id.as_str(), style(Role::Text));
                    put(cells, x + 2, y, rows.right(), "as typed; it is in no list", style(Role::Muted));
                }
                (None, None) => {}
            }
        }
        let bar = thumb(rows.height, top, usize::from(rows.height), self.len());
        scrollbar(cells, Rect { width: rows.width + 2, ..rows }, bar, role(Role::Rule));
        let said = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        if let Some(why) = self.why_not().filter(|_| self.refused) {
            let words = format!("It cannot be taken: {why}.");
            put(cells, said.x, said.y, said.right(), &words, role(Role::Warn));
            return caret;
        }
        let shown = (top..self.len()).take(rows.height.into()).filter_map(|row| self.list.at(row));
        let chosen = self.list.at(self.row());
        let said = columns::dated(cells, said, chosen, shown.clone(), role(Role::Faint));
        if self.list.stock().lists.iter().all(|list| list.is_fresh(self.now)) {
            let legend = columns::legend(rows.width, said.width, shown);
            put_right(cells, said.x, said.y, said.right(), &legend, role(Role::Faint));
        }
        lists::draw(cells, said, &self.list.stock().lists, self.now, raised, look);
        caret
    }

    /// Something stands in the columns.
    fn is_headed(&self) -> bool {
        let off = |card: &ModelCard| matches!(card.availability, Availability::Unusable { .. });
        self.typed.is_some()
            || (0..self.list.len()).filter_map(|row| self.list.at(row)).any(|card| !off(card))
    }

    /// Of what makes no pictures that is said once.
    fn is_said_above(&self, row: usize) -> bool {
        let why = |row: usize| match &self.list.at(row)?.availability {
            Availability::Unusable { why } => Some(why),
            _ => None,
        };
        self.purpose == Purpose::Pictures
            && row.checked_sub(1).is_some_and(|above| why(row).is_some() && why(row) == why(above))
    }

    fn marks(&self, card: &ModelCard) -> Marks {
        Marks {
            current: self.current.as_ref() == Some(&card.id),
            star: self.list.stock().likes.favourites.contains(&card.id),
            pictures: self.purpose == Purpose::Pictures,
        }
    }
}

impl Purpose {
    fn of(self, stock: Stock) -> Stock {
        match self {
            Self::Talking => talkers(stock),
            Self::Pictures => painters(stock),
        }
    }
}

/// Rows beside those of the models: how old a list or a price is may be to be said.
fn around(stock: &Stock, now: Timestamp) -> u16 {
    let priced = |card: &ModelCard| card.price.as_ref().is_some_and(|price| !price.as_of.is_empty());
    let is_dated = stock.lists.iter().any(|list| !list.is_fresh(now)) || stock.cards.iter().any(priced);
    AROUND + u16::from(is_dated)
}

/// Those that make pictures, then those of which nobody knows it; the others are there and cannot be taken.
fn painters(mut stock: Stock) -> Stock {
    let place = |card: &ModelCard| match card.can(Capability::Images) {
        _ if card.is_for(Capability::Images) => 0,
        _ if is_local(card) => 2,
        Some(false) => 2,
        _ => 1,
    };
    let mut cards = stock.cards.to_vec();
    cards.sort_by_key(place);
    for card in cards.iter_mut().filter(|card| place(card) == 2) {
        card.availability = Availability::Unusable { why: "makes no pictures".to_owned() };
    }
    let paints = |id: &ModelId| cards.iter().any(|card| card.id == *id && place(card) == 0);
    stock.likes.recent.retain(paints);
    stock.likes.favourites.retain(paints);
    stock.cards = std::sync::Arc::new(cards);
    stock
}

/// Those that can be talked to.
fn talkers(mut stock: Stock) -> Stock {
    if !stock.cards.iter().all(chats) {
        stock.cards = std::sync::Arc::new(stock.cards.iter().filter(|card| chats(card)).cloned().collect());
    }
    stock
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Price;

    const AREA: Rect = Rect::new(0, 0, 72, 12);

    fn picker(ids: &[&str]) -> Picker {
        let card = |id: &&str| ModelCard {
            capabilities: vec![crate::domain::catalog::Capability::Chat],
            ..ModelCard::unknown(id.parse().unwrap())
        };
        let cards = ids.iter().map(card).collect::<Vec<_>>();
        let stock = Stock { cards: std::sync::Arc::new(cards), ..Stock::default() };
        Picker::new(Purpose::Talking, stock, None, false, Timestamp(0))
    }

    fn type_in(picker: &mut Picker, text: &str) {
        for key in Key::script(text).unwrap() {
            picker.key(key, Keymap::default().stroke(key), None, AREA);
        }
    }

    #[test]
    fn a_whole_model_id_is_taken_as_typed_and_the_height_stays() {
        let mut picker = picker(&["local/smollm2"]);
        let height = picker.height();
        type_in(&mut picker, "home/new");
        let taken = picker.key(Key::char('x'), None, Some(Action::Accept), AREA);
        assert_eq!(taken, Outcome::Chosen(Choice::Model("home/new".parse().unwrap())));
        assert_eq!(picker.height(), height, "nothing jumps");
        picker.restock(Stock::default(), false, Timestamp(0));
        assert!(matches!(picker.key(Key::char('x'), None, Some(Action::Accept), AREA), Outcome::Chosen(_)));
        type_in(&mut picker, " or");
        assert_eq!(picker.key(Key::char('x'), None, Some(Action::Accept), AREA), Outcome::Stay);
    }

    #[test]
    fn the_selection_goes_around_and_what_cannot_be_used_is_not_taken() {
        let mut picker = picker(&["a/1", "a/2"]);
        picker.key(Key::char('x'), None, Some(Action::SelectPrevious), AREA);
        assert_eq!(picker.list.selected().unwrap().id.as_str(), "a/2");
        picker.key(Key::char('x'), None, Some(Action::SelectNext), AREA);
        assert_eq!(picker.list.selected().unwrap().id.as_str(), "a/1");
        let mut stock = picker.list.stock().clone();
        std::sync::Arc::make_mut(&mut stock.cards)[0].availability =
            Availability::Unusable { why: "no key".into() };
        picker.restock(stock, false, Timestamp(0));
        picker.list.go_to(&"a/1".parse().unwrap());
        let last = |picker: &Picker| {
            let mut cells = Buffer::empty(AREA);
            picker.draw(AREA, &mut cells, &Look::colourless(), &Keymap::default());
            let y = AREA.bottom() - 1;
            (AREA.left()..AREA.right()).map(|x| cells[(x, y)].symbol().to_owned()).collect::<String>()
        };
        assert!(!last(&picker).contains("cannot be taken"));
        assert_eq!(picker.key(Key::char('x'), None, Some(Action::Accept), AREA), Outcome::Stay);
        assert!(last(&picker).contains("It cannot be taken: no key."), "{}", last(&picker));
        picker.key(Key::char('x'), None, Some(Action::SelectNext), AREA);
        assert!(!last(&picker).contains("cannot be taken"));
    }

    #[test]
    fn for_pictures_those_that_make_them_come_first_and_those_that_do_not_are_not_taken() {
        let card = |id: &str, can: &[Capability], lacks: &[Capability]| ModelCard {
            capabilities: can.to_vec(),
            lacks: lacks.to_vec(),
            ..ModelCard::unknown(id.parse().unwrap())
        };
        let cards = vec![
            card("a/talks", &[Capability::Chat], &[Capability::Images]),
            card("local/small", &[Capability::Chat], &[]),
            card("b/unknown", &[Capability::Chat], &[]),
            card("b/paints", &[Capability::Images], &[Capability::Chat]),
        ];
        let mut stock = Stock { cards: std::sync::Arc::new(cards), ..Stock::default() };
        stock.likes.used(&"a/talks".parse().unwrap());
        let mut picker = Picker::new(Purpose::Pictures, stock, None, false, Timestamp(0));
        let ids: Vec<_> = (0..4).map(|row| picker.list.at(row).unwrap().id.to_string()).collect();
        assert_eq!(ids, ["b/paints", "b/unknown", "a/talks", "local/small"]);
        let taken = |picker: &mut Picker| picker.key(Key::char('x'), None, Some(Action::Accept), AREA);
        assert_eq!(taken(&mut picker), Outcome::Chosen(Choice::Model("b/paints".parse().unwrap())));
        picker.step(2);
        assert_eq!(taken(&mut picker), Outcome::Stay);
    }

    #[test]
    fn where_none_makes_pictures_that_is_said_in_one_line_and_no_row_is_lit() {
        let ids = ["local/a-small-one", "local/b"];
        let cards: Vec<_> = ids.iter().map(|id| ModelCard::unknown(id.parse().unwrap())).collect();
        let stock = Stock { cards: std::sync::Arc::new(cards), ..Stock::default() };
        let mut picker = Picker::new(Purpose::Pictures, stock.clone(), None, false, Timestamp(0));
        for width in [52, 72, 112, 156] {
            let area = Rect::new(2, 0, width, 12);
            let look = Look::named("dark").unwrap();
            let mut cells = Buffer::empty(Rect { width: width + 4, x: 0, ..area });
            picker.draw(area, &mut cells, &look, &Keymap::default());
            let line = |y: u16| (2..area.right()).map(|x| cells[(x, y)].symbol()).collect::<String>();
            assert!(
                line(1).starts_with("No") && line(1).contains("`outcrop keys set openai`"),
                "{}",
                line(1)
            );
            assert!(!line(1).contains('…') && !line(1).contains("context"), "{}", line(1));
            assert!(line(2).contains("makes no pictures"), "{}", line(2));
            assert!(line(2).contains("local/a-small-one"), "{}", line(2));
            assert_eq!(line(3).trim(), "local/b", "it is said once");
            let lit = look.style(Role::Selected).bg;
            assert!(cells.content().iter().all(|cell| Some(cell.bg) != lit), "a row is lit at {width}");
            assert_eq!(cells[(1, 2)].symbol(), "›");
        }
        picker.restock(stock, true, Timestamp(0));
        assert_eq!(picker.none_paints(72), None, "who was asked may have one");
    }

    #[test]
    fn one_row_is_left_below_the_models_where_nothing_has_an_age() {
        let mut picker = picker(&["a/1", "a/2", "a/3"]);
        assert_eq!((picker.height(), picker.rows_in(AREA).bottom()), (8, AREA.bottom() - 1));
        let mut stock = picker.list.stock().clone();
        let price = Price { as_of: "2026-11-22".to_owned(), ..Price::nothing() };
        std::sync::Arc::make_mut(&mut stock.cards)[0].price = Some(price);
        picker.restock(stock, false, Timestamp(0));
        assert_eq!((picker.height(), picker.rows_in(AREA).bottom()), (9, AREA.bottom() - 2));
    }

    #[test]
    fn a_star_is_told_and_the_list_stays() {
        let mut picker = picker(&["a/1"]);
        let told = picker.key(Key::char('x'), None, Some(Action::Star), AREA);
        assert_eq!(told, Outcome::Told(Choice::Star("a/1".parse().unwrap())));
        assert!(picker.marks(&ModelCard::unknown("a/1".parse().unwrap())).star);
    }
}
