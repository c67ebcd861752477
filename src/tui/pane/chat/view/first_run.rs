//! The screen of the first start.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::domain::catalog::Availability;
use crate::domain::figures::{bytes, seconds};
use crate::domain::pull::Checked;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::progress::{share, words};
use crate::tui::paint::{meter, put, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::chat::first_run::{Fetch, FirstRun, usable};
use crate::tui::pane::chat::{Focus, State};
use crate::tui::widget::text::fit_left;

/// For whom has a server, or a service's key.
const OTHER_WAY: &str = "Or a server: [providers.NAME] in the configuration file.";

/// A pen that writes lines downwards.
struct Pen<'a> {
    cells: &'a mut Buffer,
    sight: &'a Sight<'a>,
    area: Rect,
    y: u16,
}

impl Pen<'_> {
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

/// Draws it.
pub fn draw(state: &State, first: &FirstRun, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let inside = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4).min(84), ..area };
    let mut pen = Pen { cells, sight, area: inside, y: area.y + u16::from(area.height > 18) };
    let welcome = if state.stock.cards.iter().any(usable) { "Fetch a model" } else { "Welcome to Outcrop" };
    put(
        pen.cells,
        inside.x,
        pen.y,
        inside.right(),
        welcome,
        sight.look.style(Role::Accent).add_modifier(Modifier::BOLD),
    );
    pen.y += 1;
    if first.choices.is_empty() {
        return nothing(state, &mut pen);
    }
    if !state.stock.cards.iter().any(usable) {
        pen.text("There is no model on this machine yet. One can be fetched now; then everything runs here, offline.", Role::Text);
    }
    pen.line("", Role::Text);
    choices(first, state.focus == Focus::FirstRun, &mut pen);
    pen.line("", Role::Text);
    // What moves, or what went wrong, is never below the screen's end.
    let offered = first.fetch == Fetch::Offered;
    if !offered {
        fetching(first, &mut pen);
        pen.line("", Role::Text);
    }
    // What is asked for is in sight whatever is said of it.
    let room = pen.area;
    let ask = if offered { offer(state, first, sight) } else { String::new() };
    let asked = if offered { wrap(&ask, room.width).len() as u16 } else { 0 };
    pen.area.height = room.height.saturating_sub(asked);
    if let Some(plan) = &first.plan {
        pen.pair("licence", &plan.licence);
        let size = plan.bytes.map_or_else(|| "unknown until it is asked".to_owned(), bytes);
        pen.pair("to fetch", &size);
        pen.path("goes to", &plan.to);
        for (at, source) in plan.sources.iter().enumerate() {
            pen.pair(if at == 0 { "from" } else { "else" }, source);
        }
        let checked = match plan.checked {
            Checked::Here => "SHA-256 of the file, known beforehand",
            Checked::Partly => "SHA-256, save of what is unpinned",
            Checked::There => "by the server that fetches it",
            Checked::Nowhere => "unpinned: its SHA-256 is not known here and cannot be checked",
        };
        pen.pair("checked", checked);
        pen.line("", Role::Text);
    }
    for (source, why) in &first.failed {
        pen.text(&format!("✗ {source}: {why}"), Role::Warn);
    }
    pen.area = room;
    if offered {
        pen.y = pen.y.min(room.bottom().saturating_sub(asked));
        pen.text(&ask, Role::Accent);
        if pen.y + 1 < pen.area.bottom() {
            pen.line("", Role::Text);
        }
        pen.text(OTHER_WAY, Role::Faint);
    }
}

fn choices(first: &FirstRun, focused: bool, pen: &mut Pen<'_>) {
    let most = usize::from(pen.area.height / 4).max(2);
    let top = (first.selected + 1).saturating_sub(most);
    for (at, card) in first.choices.iter().enumerate().skip(top).take(most) {
        let chosen = at == first.selected;
        let mark = if chosen { if focused { "▌" } else { "›" } } else { " " };
        let look = pen.sight.look;
        if pen.y < pen.area.bottom() {
            let right = pen.area.right();
            let role = if chosen { Role::Text } else { Role::Muted };
            let x = put(pen.cells, pen.area.x, pen.y, right, mark, look.style(Role::Accent));
            let x = put(pen.cells, x + 1, pen.y, right, &card.title, look.style(role));
            let size = card.bytes.map(bytes).unwrap_or_default();
            let about =
                [size, card.licence.clone().unwrap_or_default()].into_iter().filter(|s| !s.is_empty());
            put(
                pen.cells,
                x + 2,
                pen.y,
                right,
                &about.collect::<Vec<_>>().join(" · "),
                look.style(Role::Faint),
            );
        }
        pen.y += 1;
    }
}

/// What can be done with the offer; nothing before it is known what fetching would do.
fn offer(state: &State, first: &FirstRun, sight: &Sight<'_>) -> String {
    if first.plan.is_none() {
        return String::new();
    }
    let mut says = vec![(Action::Accept, "fetches it"), (Action::Back, "not now")];
    if first.choices.len() > 1 {
        says.insert(1, (Action::SelectNext, "another"));
    }
    let words = sight.options.keymap.line(Context::FirstRun, &says);
    match state.focus {
        Focus::FirstRun => words,
        _ => format!("{} comes here; then {words}", sight.key(state.context(), Action::FocusNext)),
    }
}

fn fetching(first: &FirstRun, pen: &mut Pen<'_>) {
    let keymap = &pen.sight.options.keymap;
    let keys = |says: &[(Action, &str)]| keymap.line(Context::FirstRun, says);
    match &first.fetch {
        Fetch::Offered => {}
        Fetch::Failed(error) => {
            pen.text(&format!("✗ {}: {}", error.doing, error.why), Role::Bad);
            if !error.hint.is_empty() {
                pen.text(&error.hint, Role::Text);
            }
            let says = [(Action::Accept, "tries again"), (Action::Back, "leaves this screen")];
            pen.line(&keys(&says), Role::Accent);
        }
        Fetch::Running { since, step, .. } => {
            let waited = pen.sight.now.elapsed.saturating_sub(*since).as_millis() as u64;
            let words = step.as_ref().map_or_else(|| "starting".to_owned(), words);
            let known = step.as_ref().and_then(share);
            let width = pen.area.width.min(40);
            let bar = known.map_or_else(String::new, |share| meter(share, width));
            if known.is_some() && pen.y < pen.area.bottom() {
                let look = pen.sight.look;
                let ground = look.style(Role::Selected).patch(look.style(Role::Accent));
                let x = put(pen.cells, pen.area.x, pen.y, pen.area.x + width, &bar, ground);
                let percent = format!(" {:>3.0} %", known.unwrap_or_default() * 100.0);
                put(pen.cells, x, pen.y, pen.area.right(), &percent, look.style(Role::Text));
                pen.y += 1;
            }
            pen.line(&format!("{words} · {}", seconds(waited)), Role::Text);
            let says = [(Action::Back, "stops it; what has come is kept where the source can resume")];
            pen.text(&keys(&says), Role::Muted);
        }
    }
}

/// No model can be fetched and none answers.
fn nothing(state: &State, pen: &mut Pen<'_>) {
    pen.text("No model can answer yet, and the catalogue has none to fetch.", Role::Text);
    pen.line("", Role::Text);
    for card in state.stock.cards.iter() {
        if let Availability::Unusable { why } = &card.availability {
            pen.text(&format!("✗ {}: {why}", card.id), Role::Warn);
        }
    }
    pen.text(
        "`outcrop models add FILE` takes a GGUF file; [providers.NAME] in the config file names a server.",
        Role::Muted,
    );
}
