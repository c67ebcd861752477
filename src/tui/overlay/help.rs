//! Every key, from the table of the keymap, by place; typing finds. Nothing is cut: what does not fit its column goes on
//! in the next line.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::input::Input;
use super::{Hidden, Outcome, nothing};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode};
use crate::tui::keymap::{Binding, Context, Keymap, label};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put, put_right, wrap};

/// From this width on there are two columns.
const TWO: u16 = 150;
/// Columns between the two.
const GAP: u16 = 4;

/// What is typed, and the first unit that is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Help {
    /// Only what somebody who rates may do.
    closed: bool,
    /// Where keys go below it: these come first.
    here: Option<Context>,
    input: Input,
    top: usize,
}

/// A place's head, or an action with its keys: what is never parted.
struct Unit {
    section: &'static str,
    /// None in a head.
    lines: Vec<Line>,
}

/// Keys, what they do, the action's name for the config file.
struct Line {
    keys: String,
    says: String,
    name: &'static str,
}

/// A row of the picture.
enum Row<'a> {
    Blank,
    Head(&'static str),
    /// The head of a place that began in another column, or above.
    Again(&'static str),
    Line(&'a Line),
}

/// The list's part of the overlay.
fn list(area: Rect) -> Rect {
    Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(2), ..area }
}

/// How many columns there are, and how wide each is.
fn grid(area: Rect) -> (usize, u16) {
    if area.width >= TWO { (2, (area.width - GAP) / 2) } else { (1, area.width) }
}

fn keys_width(column: u16) -> u16 {
    (column / 4).max(16)
}

fn unit(binding: &Binding, keys: &[Key], column: u16) -> Unit {
    let room = keys_width(column);
    let mut left: Vec<String> = Vec::new();
    for key in keys.iter().map(|key| label(*key)) {
        match left.last_mut().filter(|line| columns(line) + 2 + columns(&key) <= room) {
            Some(line) => {
                line.push_str("  ");
                line.push_str(&key);
            }
            None => left.push(key),
        }
    }
    let room = column.saturating_sub(room + 2);
    let says = wrap(binding.action.title(), room);
    let name = binding.action.name();
    // The name stands at the right of the last line, or has one of its own.
    let beside = says.last().is_some_and(|last| columns(last) + 2 + columns(name) <= room);
    let named = if beside { says.len() } else { says.len() + 1 };
    let lines = (0..left.len().max(named)).map(|at| Line {
        keys: left.get(at).cloned().unwrap_or_default(),
        says: says.get(at).cloned().unwrap_or_default(),
        name: if at + 1 == named { name } else { "" },
    });
    Unit { section: binding.context.title(), lines: lines.collect() }
}

/// The rows of one column that begins with unit `at`, and the unit after it.
fn column(units: &[Unit], mut at: usize, height: usize) -> (Vec<Row<'_>>, usize) {
    let mut rows = Vec::new();
    if let Some(unit) = units.get(at).filter(|unit| !unit.lines.is_empty()) {
        rows.push(Row::Again(unit.section));
    }
    let first = at;
    while let Some(unit) = units.get(at) {
        // A head stands over its first action.
        let head = unit.lines.is_empty();
        let gap = usize::from(head && !rows.is_empty());
        let after = if head { 1 + units.get(at + 1).map_or(0, |next| next.lines.len()) } else { 0 };
        if rows.len() + gap + after.max(unit.lines.len()) > height && at > first {
            break;
        }
        if gap > 0 {
            rows.push(Row::Blank);
        }
        if head {
            rows.push(Row::Head(unit.section));
        }
        rows.extend(unit.lines.iter().map(Row::Line));
        at += 1;
    }
    (rows, at)
}

/// What is shown from unit `top` on, column by column, and the unit after it.
fn page(units: &[Unit], top: usize, area: Rect) -> (Vec<Vec<Row<'_>>>, usize) {
    let mut at = top;
    let columns = (0..grid(area).0).map(|_| {
        let (rows, after) = column(units, at, list(area).height.into());
        at = after;
        rows
    });
    (columns.collect(), at)
}

impl Help {
    /// Over a place whose keys mean something there.
    pub fn of(here: Context) -> Self {
        Self { here: Some(here), ..Self::default() }
    }

    /// For somebody who only rates.
    pub fn closed() -> Self {
        Self { closed: true, ..Self::of(Context::Rating) }
    }

    fn tells(&self, binding: &Binding) -> bool {
        let rates = matches!(binding.context, Context::Rating | Context::Everywhere);
        let writes = binding.context == Context::Menu;
        !self.closed || writes || rates && binding.action.while_only_rating()
    }

    fn units(&self, keymap: &Keymap, area: Rect) -> Vec<Unit> {
        let query = self.input.text().trim().to_lowercase();
        let width = grid(area).1;
        let mut units: Vec<Unit> = Vec::new();
        let others = Context::ALL.iter().copied().filter(|context| Some(*context) != self.here);
        for context in self.here.into_iter().chain(others) {
            let mut own = Vec::new();
            for binding in keymap.bindings().iter().filter(|b| b.context == context && self.tells(b)) {
                let keys: Vec<Key> = keymap.keys(context, binding.action).collect();
                let labels: Vec<String> = keys.iter().map(|key| label(*key)).collect();
                let found = binding.action.title().to_lowercase().contains(&query)
                    || labels.join("  ").to_lowercase().contains(&query)
                    || binding.action.name().contains(&query);
                if found && !keys.is_empty() {
                    own.push(unit(binding, &keys, width));
                }
            }
            if !own.is_empty() {
                units.push(Unit { section: context.title(), lines: Vec::new() });
                units.append(&mut own);
            }
        }
        units
    }

    /// Takes a key. The ends are those of the line while something is typed.
    pub fn key(&mut self, key: Key, action: Option<Action>, keymap: &Keymap, area: Rect) -> Outcome {
        let empty = self.input.text().is_empty();
        match action {
            // What was typed is taken back before the help is left.
            Some(Action::Cancel) if self.input.clear() => self.top = 0,
            Some(Action::Accept | Action::Cancel | Action::Help) => return Outcome::Close,
            Some(Action::SelectNext) => self.scroll(1, keymap, area),
            Some(Action::SelectPrevious) => self.scroll(-1, keymap, area),
            Some(Action::PageDown) => {
                let units = self.units(keymap, area);
                let shown = page(&units, self.top, area).1.saturating_sub(self.top);
                self.scroll(shown as isize, keymap, area);
            }
            Some(Action::PageUp) => {
                let units = self.units(keymap, area);
                let joins = |from: &usize| page(&units, *from, area).1 >= self.top;
                self.top = (0..self.top).find(joins).unwrap_or(0);
            }
            _ if empty && key.code == KeyCode::Home => self.top = 0,
            _ if empty && key.code == KeyCode::End => self.scroll(isize::MAX, keymap, area),
            // A key that asks for help where nothing is written.
            _ if empty && keymap.action(Context::List, key) == Some(Action::Help) => return Outcome::Close,
            _ => {
                if keymap.stroke(key).is_some_and(|stroke| self.input.press(stroke)) {
                    self.top = 0;
                }
            }
        }
        Outcome::Stay
    }

    /// What leaving it does, for the footer.
    pub fn leaves(&self) -> &'static str {
        if self.input.text().is_empty() { "close" } else { "show all" }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        self.input.insert(text);
        self.top = 0;
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, keymap: &Keymap, area: Rect) {
        let units = self.units(keymap, area);
        let to_end = |from: &usize| page(&units, *from, area).1 >= units.len();
        let most = (0..units.len()).find(to_end).unwrap_or(0);
        self.top = self.top.saturating_add_signed(steps).min(most);
    }

    /// What lies above and below.
    pub fn hidden(&self, keymap: &Keymap, area: Rect) -> Hidden {
        let units = self.units(keymap, area);
        let actions = |units: &[Unit]| units.iter().filter(|unit| !unit.lines.is_empty()).count();
        let after = page(&units, self.top, area).1;
        Hidden { above: actions(&units[..self.top.min(units.len())]), below: actions(&units[after..]) }
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Option<Position> {
        let raised = look.style(Role::Raised);
        let role = |role| raised.patch(look.style(role));
        put(cells, area.x, area.y, area.right(), "▌", role(Role::Accent));
        let line = Rect { x: area.x + 2, width: area.width.saturating_sub(2), height: 1, ..area };
        if self.input.text().is_empty() {
            let words = "find a key, an action or its name in [keys]";
            put(cells, line.x + 1, line.y, line.right(), words, role(Role::Faint));
        }
        let caret = self.input.draw(line, cells, role(Role::Text));
        let list = list(area);
        let units = self.units(keymap, area);
        if units.is_empty() {
            put(cells, list.x, list.y, list.right(), &nothing(keymap), role(Role::Muted));
        }
        let width = grid(area).1;
        for (at, rows) in page(&units, self.top, area).0.into_iter().enumerate() {
            let x = list.x + at as u16 * (width + GAP);
            let says = x + keys_width(width) + 2;
            for (y, row) in (list.top()..list.bottom()).zip(rows) {
                match row {
                    Row::Blank => {}
                    Row::Head(head) => {
                        put(cells, x, y, x + width, head, role(Role::Accent));
                    }
                    Row::Again(head) => {
                        let end = put(cells, x, y, x + width, head, role(Role::Accent));
                        put(cells, end, y, x + width, ", continued", role(Role::Faint));
                    }
                    Row::Line(line) => {
                        put(cells, x, y, says, &line.keys, role(Role::Text));
                        put(cells, says, y, x + width, &line.says, role(Role::Muted));
                        put_right(cells, says, y, x + width, line.name, role(Role::Faint));
                    }
                }
            }
        }
        Some(caret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(help: &Help, keymap: &Keymap, area: Rect) -> Vec<String> {
        let mut cells = Buffer::empty(area);
        help.draw(area, &mut cells, &Look::colourless(), keymap);
        let (count, width) = grid(area);
        let line = |x: u16, y: u16| (x..x + width).map(|x| cells[(x, y)].symbol()).collect::<String>();
        let columns = (0..count as u16).map(|column| column * (width + GAP));
        columns.flat_map(|x| (2..area.height).map(move |y| (x, y))).map(|(x, y)| line(x, y)).collect()
    }

    #[test]
    fn paging_down_shows_every_action_at_any_size_and_paging_up_too() {
        let keymap = Keymap::default();
        for (width, height) in [(52, 16), (72, 20), (106, 36), (196, 40), (196, 66)] {
            let area = Rect::new(0, 0, width, height);
            for (there, back) in [(Action::PageDown, Action::PageUp), (Action::PageUp, Action::PageDown)] {
                let mut help = Help::default();
                if there == Action::PageUp {
                    help.key(Key::plain(KeyCode::End), None, &keymap, area);
                    assert_eq!(help.hidden(&keymap, area).below, 0);
                }
                let mut seen: Vec<(String, String)> = Vec::new();
                loop {
                    let mut section = String::new();
                    for line in shown(&help, &keymap, area) {
                        if line.starts_with(|c: char| !c.is_whitespace())
                            && let Some(context) = Context::ALL.iter().find(|c| line.starts_with(c.title()))
                        {
                            section = context.title().to_owned();
                        }
                        seen.extend(
                            line.split_whitespace().last().map(|name| (section.clone(), name.to_owned())),
                        );
                    }
                    let before = help.top;
                    help.key(Key::char('x'), Some(there), &keymap, area);
                    if help.top == before {
                        break;
                    }
                }
                for binding in keymap.bindings().iter().filter(|b| !b.keys.is_empty()) {
                    let row = (binding.context.title().to_owned(), binding.action.name().to_owned());
                    assert!(
                        seen.contains(&row),
                        "{row:?} is skipped at {width}x{height} by {there:?}, not {back:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_keys_of_where_one_is_come_first() {
        let keymap = Keymap::default();
        let area = Rect::new(0, 0, 72, 20);
        for (help, here) in [(Help::of(Context::Hits), Context::Hits), (Help::closed(), Context::Rating)] {
            let lines = shown(&help, &keymap, area);
            assert!(lines[0].starts_with(here.title()), "{lines:?}");
        }
        let all = Help::of(Context::Hits).units(&keymap, area).len();
        assert_eq!(all, Help::default().units(&keymap, area).len());
    }

    #[test]
    fn nothing_is_cut_at_the_width_of_the_smallest_screen() {
        let keymap = Keymap::default();
        let area = Rect::new(0, 0, 52, 400);
        let mut cells = Buffer::empty(area);
        Help::default().draw(area, &mut cells, &Look::colourless(), &keymap);
        let text: String = cells.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.contains("find a key") && !text.contains('…'), "{text}");
    }
}
