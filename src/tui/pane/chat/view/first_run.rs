//! The screen of the first start.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::domain::catalog::{Availability, ModelCard};
use crate::domain::figures::{bytes, grouped, so_far};
use crate::domain::pull::Checked;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::progress::{share, stopping, words};
use crate::tui::overlay::Hidden;
use crate::tui::paint::{columns, first_rows, meter, more, put, put_right, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::chat::first_run::{Fetch, FirstRun, usable};
use crate::tui::pane::chat::{Focus, State};
use crate::tui::widget::text::fit_left;

/// For whom has a server, or a service's key.
const OTHER_WAY: &str = "Or ask elsewhere: OPENAI_API_KEY, ANTHROPIC_API_KEY or an Ollama that runs here is found by \
    itself; [providers.NAME] in the configuration file names any other server.";

/// Rows of each part of an error, and of why a model cannot be used; a higher terminal has some more of an error.
const FEW: usize = 3;
const SOME: usize = 6;

/// Rows of why a source failed.
const TWO: usize = 2;

/// A pen that writes lines downwards.
struct Pen<'a> {
    cells: &'a mut Buffer,
    sight: &'a Sight<'a>,
    area: Rect,
    y: u16,
    tight: Tight,
    /// The row behind the last one that must be in sight.
    end: u16,
}

impl Pen<'_> {
    fn has_room(&self) -> bool {
        self.y < self.area.bottom()
    }

    /// An empty line, where there is room for it.
    fn air(&mut self) {
        self.y += u16::from(self.tight < Tight::NoAir);
    }

    /// The first rows of a text.
    fn rows(&mut self, text: &str, most: usize, role: Role) {
        for line in first_rows(text, self.area.width, most) {
            self.line(&line, role);
        }
    }

    fn line(&mut self, text: &str, role: Role) {
        if self.y < self.area.bottom() {
            put(self.cells, self.area.x, self.y, self.area.right(), text, self.sight.look.style(role));
        }
        self.y += 1;
    }

    fn text(&mut self, text: &str, role: Role) {
        for line in wrap(text, self.area.width) {
            self.line(&line, role);
        }
    }

    /// What went wrong: fewer rows of it where rows are short.
    fn failed(&mut self, text: &str, role: Role) {
        self.rows(text, if self.tight == Tight::OneRow { FEW } else { SOME }, role);
    }

    /// A value on as many lines as it takes, where there is room for them.
    fn long_pair(&mut self, name: &str, value: &str) {
        if self.tight > Tight::Not {
            return self.pair(name, value);
        }
        let room = self.area.right().saturating_sub(self.value_x());
        for (at, line) in wrap(value, room).iter().enumerate() {
            self.pair(if at == 0 { name } else { "" }, line);
        }
    }

    /// Of a value that does not fit the beginning is shown.
    fn pair(&mut self, name: &str, value: &str) {
        if self.y < self.area.bottom() {
            let look = self.sight.look;
            put(self.cells, self.area.x, self.y, self.area.right(), name, look.style(Role::Faint));
            put(self.cells, self.value_x(), self.y, self.area.right(), value, look.style(Role::Text));
        }
        self.y += 1;
    }

    /// Of a path that does not fit the end is shown.
    fn path(&mut self, name: &str, path: &str) {
        let room = usize::from(self.area.right().saturating_sub(self.value_x()));
        self.pair(name, &fit_left(path, room));
    }

    fn value_x(&self) -> u16 {
        self.area.x + 10
    }
}

/// What gives way where the rows do not suffice, one after the other: the ends of long values, what the person read before
/// the fetch began, the air, the other choices and the further rows of what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tight {
    Not,
    Cut,
    NoWelcome,
    NoAir,
    OneRow,
}

/// Draws it.
pub fn draw(state: &State, first: &FirstRun, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let inside = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4).min(84), ..area };
    let y = area.y + u16::from(area.height > 18);
    let mut tight = Tight::Not;
    for next in [Tight::Not, Tight::Cut, Tight::NoWelcome, Tight::NoAir, Tight::OneRow] {
        tight = next;
        // Nothing is painted where there is no room: only the rows are counted.
        let nowhere = Rect { height: 0, ..inside };
        let mut pen = Pen { cells, sight, area: nowhere, y, tight, end: 0 };
        body(state, first, area.height, &mut pen);
        if pen.end <= area.bottom() {
            break;
        }
    }
    body(state, first, area.height, &mut Pen { cells, sight, area: inside, y, tight, end: 0 });
}

fn body(state: &State, first: &FirstRun, height: u16, pen: &mut Pen<'_>) {
    let can_answer = state.stock.cards.iter().any(usable);
    let welcome = if can_answer { "Fetch a model" } else { "Welcome to Outcrop" };
    let style = pen.sight.look.style(Role::Accent).add_modifier(Modifier::BOLD);
    if pen.has_room() {
        put(pen.cells, pen.area.x, pen.y, pen.area.right(), welcome, style);
    }
    pen.y += 1;
    if first.choices.is_empty() {
        return nothing(state, pen);
    }
    if pen.tight < Tight::NoWelcome {
        match first.choice().and_then(|card| Some((card, card.unusable()?))) {
            Some((card, why)) => pen.rows(&format!("✗ {} cannot be used: {why}", card.id), FEW, Role::Warn),
            None if !can_answer => pen.text(&missing(first, pen.sight.options.offline), Role::Text),
            None => {}
        }
    }
    pen.air();
    let most = if pen.tight == Tight::OneRow { 1 } else { usize::from(height / 4).max(2) };
    choices(first, most, state.focus == Focus::FirstRun, pen);
    pen.air();
    // What moves, or what went wrong, is never below the screen's end.
    let offered = first.fetch == Fetch::Offered;
    if !offered {
        fetching(first, pen);
        pen.air();
    }
    // What is asked for is in sight whatever is said of it.
    let room = pen.area;
    let ask = if offered { offer(state, first, pen.sight) } else { String::new() };
    let asked = if offered { wrap(&ask, room.width).len() as u16 } else { 0 };
    pen.area.height = room.height.saturating_sub(asked);
    if let Some(plan) = &first.plan {
        pen.pair("licence", &plan.licence);
        let size = plan.size().unwrap_or_else(|| "unknown until it is asked".to_owned());
        pen.pair("to fetch", &size);
        pen.path("goes to", &plan.to);
        for (at, source) in plan.sources.iter().enumerate() {
            pen.long_pair(if at == 0 { "from" } else { "else" }, source);
        }
        let checked = match plan.checked {
            Checked::Here => "SHA-256 of the file, known beforehand",
            Checked::Partly => "SHA-256; where unpinned, none is known here",
            Checked::There => "by the server that fetches it",
            Checked::Nowhere => "unpinned: its SHA-256 is not known here and cannot be checked",
        };
        pen.pair("checked", checked);
    }
    let failed: Vec<_> = first.failed.iter().filter(|(_, why)| !says(&first.fetch, why)).collect();
    // The air before what is asked gives way by itself.
    pen.end = pen.y + asked;
    let all_said = failed.is_empty();
    if offered || !all_said {
        pen.air();
    }
    for (source, why) in failed {
        let most = if pen.tight == Tight::OneRow { 1 } else { TWO };
        pen.rows(&format!("✗ {source}: {why}"), most, Role::Warn);
    }
    if !all_said {
        pen.end = pen.y + asked;
    }
    pen.area = room;
    if offered {
        // Not above the top either: where rows are only counted there is no room at all.
        pen.y = pen.y.min(room.bottom().saturating_sub(asked)).max(room.y);
        pen.text(&ask, Role::Accent);
        if pen.y + 1 < pen.area.bottom() {
            pen.line("", Role::Text);
        }
        // Half a sentence is none.
        if pen.y + wrap(OTHER_WAY, room.width).len() as u16 <= room.bottom() {
            pen.text(OTHER_WAY, Role::Faint);
        }
    }
}

/// What the screen is for where nobody can answer.
fn missing(first: &FirstRun, offline: bool) -> String {
    let none = if first.choices.iter().any(|card| card.unusable().is_some()) {
        "No model on this machine can be used."
    } else {
        "There is no model on this machine yet."
    };
    let way = if offline {
        "Started without --offline, this fetches one; it answers on this machine then, offline too."
    } else {
        "One can be fetched now; it answers on this machine, offline."
    };
    format!("{none} {way}")
}

/// Whether the end of the fetch says already why a source failed.
fn says(fetch: &Fetch, why: &str) -> bool {
    matches!(fetch, Fetch::Failed(error) if error.why.contains(why))
}

/// Name, size, and what else is to be known of each, one below the other.
fn choices(first: &FirstRun, most: usize, focused: bool, pen: &mut Pen<'_>) {
    let size = |card: &ModelCard| card.bytes.map(bytes).unwrap_or_default();
    let widest = |wide: &dyn Fn(&ModelCard) -> u16| first.choices.iter().map(wide).max().unwrap_or_default();
    let named = widest(&|card| columns(&card.title)).min(pen.area.width / 2);
    let sized = widest(&|card| columns(&size(card)));
    let top = (first.selected + 1).saturating_sub(most);
    let below = first.choices.len().saturating_sub(top + most);
    // In the air around them, where there is some; else behind what the first and the last line say.
    let air = u16::from(pen.tight < Tight::NoAir);
    let taken = |at: usize| {
        let above = if at == top { top } else { 0 };
        let hidden = if at + 1 == top + most { above.max(below) } else { above };
        if air == 0 && hidden > 0 { columns(&format!(" ▼ {} more ", grouped(hidden as u64))) } else { 0 }
    };
    let begin = pen.y;
    for (at, card) in first.choices.iter().enumerate().skip(top).take(most) {
        let chosen = at == first.selected;
        let mark = if chosen { if focused { "▌" } else { "›" } } else { " " };
        let look = pen.sight.look;
        if pen.y < pen.area.bottom() {
            let (y, right) = (pen.y, pen.area.right());
            let role = if chosen { Role::Text } else { Role::Muted };
            let x = put(pen.cells, pen.area.x, y, right, mark, look.style(Role::Accent)) + 1;
            put(pen.cells, x, y, (x + named).min(right), &card.title, look.style(role));
            let x = x + named + 2;
            put_right(pen.cells, x, y, (x + sized).min(right), &size(card), look.style(Role::Faint));
            let licence = card.licence.clone().filter(|licence| !licence.is_empty());
            let marks = [licence, card.unpinned().map(str::to_owned)];
            let cannot = card.unusable().map(|_| "cannot be used".to_owned());
            let about = marks.into_iter().flatten().chain(cannot).collect::<Vec<_>>().join(" · ");
            let right = right.saturating_sub(taken(at));
            put(pen.cells, x + sized + 2, y, right, &about, look.style(Role::Faint));
        }
        pen.y += 1;
    }
    let lines = [begin.saturating_sub(air), pen.y + air - 1];
    if lines[1] < pen.area.bottom() {
        let ends = (pen.area.x, pen.area.right());
        let style = pen.sight.look.style(Role::Muted);
        more(Hidden { above: top, below }, ends, lines, style, pen.cells);
    }
}

/// What can be done with the offer; no yes is asked for before it is known what fetching would do.
fn offer(state: &State, first: &FirstRun, sight: &Sight<'_>) -> String {
    let mut says = vec![(Action::Accept, "fetches it"), (Action::Back, "not now")];
    if first.choices.len() > 1 {
        says.insert(1, (Action::SelectNext, "another"));
    }
    // What would be refused is not offered.
    let offline = sight.options.offline;
    if offline || first.plans() {
        says.remove(0);
    }
    let words = sight.options.keymap.line(Context::FirstRun, &says);
    let words = if offline { format!("--offline forbids the network · {words}") } else { words };
    let words = match state.focus {
        Focus::FirstRun => words,
        _ => format!("{} comes here; then {words}", sight.key(state.context(), Action::FocusNext)),
    };
    if first.plans() { format!("Looking up what fetching it would do · {words}") } else { words }
}

fn fetching(first: &FirstRun, pen: &mut Pen<'_>) {
    let keymap = &pen.sight.options.keymap;
    let keys = |says: &[(Action, &str)]| keymap.line(Context::FirstRun, says);
    match &first.fetch {
        Fetch::Offered => {}
        Fetch::Failed(error) => {
            pen.failed(&format!("✗ {}: {}", error.doing, error.why), Role::Bad);
            if !error.hint.is_empty() {
                pen.failed(&error.hint, Role::Text);
            }
            let says = [(Action::Accept, "tries again"), (Action::Back, "leaves this screen")];
            pen.line(&keys(&says), Role::Accent);
        }
        Fetch::Running { since, step, starts_over, .. } => {
            let waited = pen.sight.now.elapsed.saturating_sub(*since).as_millis() as u64;
            let words = step.as_ref().map_or_else(|| "starting".to_owned(), words);
            let known = step.as_ref().and_then(share);
            let width = pen.area.width.min(40);
            let bar = known.map_or_else(String::new, |share| meter(share, width));
            if known.is_some() && pen.has_room() {
                let look = pen.sight.look;
                let ground = look.style(Role::Selected).patch(look.style(Role::Accent));
                let x = put(pen.cells, pen.area.x, pen.y, pen.area.x + width, &bar, ground);
                let percent = format!(" {:>3.0} %", known.unwrap_or_default() * 100.0);
                put(pen.cells, x, pen.y, pen.area.right(), &percent, look.style(Role::Text));
            }
            pen.y += u16::from(known.is_some());
            pen.line(&format!("{words} · {}", so_far(waited)), Role::Text);
            let stops = format!("stops it; {}", stopping(*starts_over));
            pen.text(&keys(&[(Action::Back, &stops)]), Role::Muted);
        }
    }
}

/// No model can be fetched and none answers.
fn nothing(state: &State, pen: &mut Pen<'_>) {
    pen.text("No model can answer yet, and the catalogue has none to fetch.", Role::Text);
    pen.line("", Role::Text);
    for card in state.stock.cards.iter() {
        if let Availability::Unusable { why } = &card.availability {
            pen.rows(&format!("✗ {}: {why}", card.id), FEW, Role::Warn);
        }
    }
    pen.text("`outcrop models add FILE` takes a GGUF file.", Role::Muted);
    pen.text(OTHER_WAY, Role::Muted);
}
