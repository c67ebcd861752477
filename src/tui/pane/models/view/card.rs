//! The card of the selected model: what is done with it, what is known of it, how its provider stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::catalog::{Availability, Capability, ModelCard, Price};
use crate::domain::figures::{bytes, grouped, so_far};
use crate::domain::left_out::LeftOut;
use crate::domain::settings::Settings;
use crate::domain::workspace::Verdict;
use crate::tui::action::Action;
use crate::tui::app::{Desk, Options};
use crate::tui::event::Now;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::progress::{share, stopping, words};
use crate::tui::models::{chats, is_local, is_tried, paints};
use crate::tui::paint::{columns, first_rows, meter, put, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::models::making::Making;
use crate::tui::pane::models::trial::Trial;
use crate::tui::pane::models::{Focus, State};
use crate::tui::widget::text::joined;

/// Columns of the names of facts.
const NAMES: u16 = 10;

/// Rows of why a model cannot be used, and of what to do about it.
const WHY: usize = 8;

/// One row of the card: a name, faint, and what is said.
struct Line {
    name: String,
    text: String,
    role: Role,
}

/// The rows as they are gathered, wrapped to a width.
struct Lines {
    width: u16,
    all: Vec<Line>,
}

impl Lines {
    fn text(&mut self, text: &str, role: Role) {
        for text in wrap(text, self.width) {
            self.all.push(Line { name: String::new(), text, role });
        }
    }

    fn gap(&mut self) {
        if self.all.last().is_some_and(|line| !line.text.is_empty()) {
            self.all.push(Line { name: String::new(), text: String::new(), role: Role::Text });
        }
    }

    fn fact(&mut self, name: &str, text: &str, role: Role) {
        self.rows(name, wrap(text, self.beside()), role);
    }

    /// The state, of which the first rows are said.
    fn state(&mut self, text: &str, role: Role) {
        self.rows("state", first_rows(text, self.beside(), WHY), role);
    }

    /// Columns beside the names.
    fn beside(&self) -> u16 {
        self.width.saturating_sub(NAMES).max(8)
    }

    fn rows(&mut self, name: &str, rows: Vec<String>, role: Role) {
        let indent = " ".repeat(NAMES.into());
        for (at, text) in rows.into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            self.all.push(Line { name: name.to_owned(), text: format!("{indent}{text}"), role });
        }
    }
}

impl State {
    /// Rows of the card beyond its area.
    pub(in crate::tui::pane::models) fn card_rows(&self, area: Rect, desk: &Desk<'_>) -> u16 {
        let all = lines(self, inside(area).width, desk.now, desk.options).len();
        u16::try_from(all).unwrap_or(u16::MAX).saturating_sub(inside(area).height)
    }
}

fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area }
}

/// Draws it.
pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let place = inside(area);
    let all = lines(state, place.width, sight.now, sight.options);
    let rows = usize::from(place.height);
    let first = usize::from(state.scroll).min(all.len().saturating_sub(rows));
    for (y, line) in (place.top()..place.bottom()).zip(all.iter().skip(first)) {
        put(cells, place.x, y, place.right(), &line.text, look.style(line.role));
        put(cells, place.x, y, place.right(), &line.name, look.style(Role::Faint));
    }
    if state.focus == Focus::Card {
        put(cells, area.x, area.y, area.x + 1, "▌", look.style(Role::Accent));
    }
    scrollbar(cells, area, thumb(place.height, first, rows, all.len()), look.style(Role::Rule));
}

fn lines(state: &State, width: u16, now: Now, options: &Options) -> Vec<Line> {
    let mut lines = Lines { width, all: Vec::new() };
    if let Some(making) = &state.making {
        made(making, now, options, &mut lines);
        lines.gap();
    }
    let Some(card) = state.list.selected() else { return lines.all };
    lines.text(&card.title, Role::Accent);
    lines.text(card.id.as_str(), Role::Muted);
    lines.gap();
    if let Some(trial) = state.trial.as_ref().filter(|trial| trial.model == card.id) {
        tried(trial, now, &mut lines);
        lines.gap();
    }
    let list = state.list.stock().lists.iter().find(|list| list.provider == card.id.provider());
    facts(card, list.and_then(|list| list.age(now.wall)).as_deref(), &mut lines);
    lines.gap();
    provider(state, card, now, options, &mut lines);
    lines.all
}

fn made(making: &Making, now: Now, options: &Options, lines: &mut Lines) {
    let took = || so_far(now.elapsed.saturating_sub(making.since).as_millis() as u64);
    lines.text(&making.name, Role::Accent);
    for (source, why) in &making.failed {
        lines.text(&format!("✗ {source}: {why}"), Role::Warn);
    }
    match &making.error {
        Some(error) => lines.text(&format!("✗ {error}"), Role::Bad),
        None if making.runs() => {
            let step = making.step.as_ref();
            if let Some(share) = step.and_then(share) {
                let bar = meter(share, lines.width.saturating_sub(6).min(40));
                lines.text(&format!("{bar} {:.0} %", share * 100.0), Role::Info);
            }
            let step = step.map_or_else(|| "starting".to_owned(), words);
            lines.text(&format!("{step} · {}", took()), Role::Text);
            let stops = format!("stops it; {}", stopping(making.starts_over));
            lines.text(&options.keymap.line(Context::Models, &[(Action::Back, &stops)]), Role::Faint);
        }
        None => {}
    }
}

fn tried(trial: &Trial, now: Now, lines: &mut Lines) {
    lines.text(&format!("› {}", trial.question), Role::You);
    let (text, thought) = (trial.text(), trial.thought());
    if thought > 0 {
        lines.text(&format!("thought {} words", grouped(thought as u64)), Role::Faint);
    }
    if !text.is_empty() {
        lines.text(text.trim_end(), Role::Text);
    }
    let order = trial.order();
    for (score, text) in &order {
        lines.fact(&format!("{score:.4}"), text, Role::Text);
    }
    if trial.runs() && text.is_empty() && order.is_empty() {
        let waited = so_far(now.elapsed.saturating_sub(trial.since).as_millis() as u64);
        lines.text(&format!("waiting · {waited}"), Role::Muted);
    }
    if let Some(error) = &trial.error {
        lines.text(&format!("✗ {error}"), Role::Bad);
    }
    if trial.stopped {
        lines.text("stopped", Role::Warn);
    }
    if let Some(figures) = trial.figures() {
        for figures in joined(figures.split(" · "), lines.width.into()) {
            lines.text(&figures, Role::Muted);
        }
    }
}

/// What `outcrop models show` says; `age` is that of its provider's list.
fn facts(card: &ModelCard, age: Option<&str>, lines: &mut Lines) {
    match &card.availability {
        Availability::Ready => lines.fact("state", "ready", Role::Good),
        Availability::Catalogued => {
            lines.fact("state", "from the catalogue, unlisted", Role::Muted);
        }
        Availability::NotPulled => lines.fact("state", "to be fetched to this machine", Role::Warn),
        Availability::Unusable { why } => lines.state(&format!("unusable: {why}"), Role::Bad),
    }
    if let Some(successor) = &card.successor {
        lines.fact("retired", &format!("its successor is {successor}"), Role::Warn);
    }
    let known = |text: Option<String>| match text.filter(|text| !text.is_empty()) {
        Some(text) => (text, Role::Text),
        None => ("unknown".to_owned(), Role::Faint),
    };
    let tokens = |count: Option<u32>| known(count.map(|count| format!("{} tokens", grouped(count.into()))));
    let mut fact = |name, (text, role): (String, Role)| lines.fact(name, &text, role);
    fact("can", known(Some(names(&card.capabilities))));
    if let Some(guess) = card.guess {
        fact("taken for", (format!("{}, by its name", guess.as_str()), Role::Muted));
    }
    if !card.lacks.is_empty() {
        fact("cannot", (names(&card.lacks), Role::Text));
    }
    if let Some(unsent) = LeftOut::listed(&card.unsent) {
        fact("not sent", (unsent, Role::Text));
    }
    if let Some(own) = card.defaults.as_ref().and_then(Settings::all_said) {
        fact("drawn", (own, Role::Text));
    }
    fact("context", tokens(card.context));
    fact("longest", tokens(card.max_output));
    if !is_local(card) {
        // A price is said with its date.
        let said = |price: &Price| match age.filter(|_| price.source == Price::LISTED) {
            Some(age) => format!("{price}, {age}"),
            None => price.to_string(),
        };
        fact("price", known(card.price.as_ref().map(said)));
    }
    let more = [
        ("made of", card.base.clone()),
        ("regions", Some(card.regions.join(", "))),
        ("licence", card.licence.clone()),
        ("to fetch", card.unchecked().map(str::to_owned)),
        ("size", card.bytes.map(bytes)),
        ("detail", Some(card.detail.clone())),
    ];
    for (name, text) in more {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            fact(name, (text, Role::Text));
        }
    }
}

fn names(all: &[Capability]) -> String {
    all.iter().copied().map(Capability::as_str).collect::<Vec<_>>().join(", ")
}

/// What a model is for that does not chat.
fn no_chat(card: &ModelCard) -> String {
    match names(&card.capabilities) {
        can if can.is_empty() => "It does not chat; what it can do is not known.".to_owned(),
        can => format!("It does not chat. What it can do: {can}."),
    }
}

/// Where a call would go, how old the list is, what the doctor found.
fn provider(state: &State, card: &ModelCard, now: Now, options: &Options, lines: &mut Lines) {
    let name = card.id.provider();
    let list = state.list.stock().lists.iter().find(|list| list.provider == name);
    if is_local(card) {
        lines.fact("calls", "stay on this machine", Role::Text);
    } else if let Some(address) = list.and_then(|list| list.address.as_ref()) {
        lines.fact("calls", &format!("go to {address}"), Role::Text);
    }
    if let Some(list) = list {
        let age = list.age(now.wall).unwrap_or_else(|| "never listed".to_owned());
        lines.fact("list", &age, Role::Text);
        if let Some(error) = &list.error {
            lines.fact("", &format!("✗ {}", error.said()), Role::Bad);
        }
    }
    match state.health.get(name) {
        None => {
            let line =
                options.keymap.line(Context::Models, &[(Action::CheckProvider, "checks its provider")]);
            lines.text(&line, Role::Faint);
        }
        Some(None) => lines.fact("health", "checking…", Role::Muted),
        Some(Some(Err(error))) => lines.fact("health", &format!("✗ {error}"), Role::Bad),
        Some(Some(Ok(checks))) => {
            for check in checks {
                let (mark, role) = match check.verdict {
                    Verdict::Good => ("✓", Role::Good),
                    Verdict::Note => ("·", Role::Warn),
                    Verdict::Bad => ("✗", Role::Bad),
                };
                lines.fact("health", &format!("{mark} {}", check.found), role);
                if !check.advice.is_empty() {
                    lines.fact("", &check.advice, Role::Muted);
                }
            }
        }
    }
    let mut says = Vec::new();
    if card.unusable().is_some() {
        says.extend(card.is_fetchable().then_some((Action::GetModel, "fetches it anew")));
    } else {
        if chats(card) {
            says.push((Action::UseModel, "chat"));
        } else {
            lines.text(&no_chat(card), Role::Muted);
        }
        // What is not here yet is fetched, not tried.
        if card.availability == Availability::NotPulled {
            says.push((Action::GetModel, "fetch it"));
        } else if paints(card) {
            says.push((Action::TryModel, "try it in Pictures"));
        } else if is_tried(card) {
            says.push((Action::TryModel, "try it"));
        }
    }
    says.push((Action::Star, "star"));
    let line = options.keymap.line(Context::Models, &says);
    if columns(&line) <= lines.width {
        lines.text(&line, Role::Faint);
    }
}
