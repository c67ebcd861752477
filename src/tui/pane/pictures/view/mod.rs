//! The picture of the pictures place.

mod drawer;
mod gallery;
mod list;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::Areas;
use super::{Focus, State};
use crate::domain::figures;
use crate::domain::message::Outcome;
use crate::domain::usage::budget::money;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::columns::fit_id;
use crate::tui::paint::{fill, first_lines, put, wrap};
use crate::tui::pane::Sight;
use crate::tui::widget::composer::Look as Styles;

impl State {
    /// What the making that is looked at came to, for the last line.
    pub(super) fn figures(&self) -> String {
        let Some(making) = self.making().filter(|making| !making.runs()) else { return String::new() };
        let time = making.timing.total_ms.map(|ms| figures::seconds(ms.into()));
        let cost = making.cost.map(|cost| format!("{} est.", money(cost)));
        let count = (!making.made.is_empty())
            .then(|| figures::count(making.made.len() as u64, "picture", "pictures"));
        count.into_iter().chain(time).chain(cost).collect::<Vec<_>>().join(" · ")
    }
}

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    let areas = state.areas(body);
    if let Some(list) = areas.list {
        list::draw(state, sight, list, cells);
    }
    for x in areas.rules.into_iter().flatten() {
        for y in body.top()..body.bottom() {
            put(cells, x, y, x + 1, "│", sight.look.style(Role::Rule));
        }
    }
    gallery::draw(state, sight, body, &areas, cells);
    let mut caret = None;
    if !areas.box_area.is_empty() {
        caret = prompt(state, sight, &areas, cells);
    }
    if let Some(area) = areas.drawer {
        caret = drawer::draw(state, sight, area, cells).or(caret);
    }
    caret
}

/// What is written, whom it goes to, and why the last one never began.
fn prompt(state: &State, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let focused = state.focus == Focus::Prompt;
    let ground = look.style(Role::Raised);
    let area = areas.box_area;
    fill(cells, area, ground);
    let bar = ground.patch(look.style(if focused { Role::Accent } else { Role::Rule }));
    for y in area.top()..area.bottom() {
        put(cells, area.x, y, area.x + 1, "▌", bar);
    }
    let styles = Styles {
        text: ground.patch(look.style(Role::Text)),
        placeholder: ground.patch(look.style(Role::Faint)),
        chip: look.style(Role::Info),
        barred: look.style(Role::Faint),
        selection: look.style(Role::Selected),
    };
    state.composer.draw(areas.composer, cells, &styles, "what is to be seen");
    let style = |role| ground.patch(look.style(role));
    let (y, right) = (area.bottom().saturating_sub(1), area.right().saturating_sub(2));
    let x = if let Some(model) = &state.setup.model {
        let id = fit_id(model.as_str(), right.saturating_sub(area.x + 2));
        put(cells, area.x + 2, y, right, &id, style(Role::Muted))
    } else {
        let key = sight.key(Context::PicturePrompt, Action::ChooseModel);
        put(cells, area.x + 2, y, right, &format!("no model is chosen yet: {key}"), style(Role::Warn))
    };
    let parts = state.setup.summary();
    if !parts.is_empty() {
        put(cells, x, y, right, &format!(" · {}", parts.join(" · ")), style(Role::Faint));
    }
    if let Some(error) = &state.failed {
        let width = areas.failed.width.saturating_sub(4);
        let lines = first_lines(wrap(&error.to_string(), width), areas.failed.height);
        for (at, (y, line)) in (areas.failed.top()..areas.failed.bottom()).zip(lines).enumerate() {
            let sign = if at == 0 { "✗" } else { " " };
            put(cells, areas.failed.x + 1, y, areas.failed.right(), sign, look.style(Role::Bad));
            put(cells, areas.failed.x + 3, y, areas.failed.right(), &line, look.style(Role::Bad));
        }
    }
    focused.then(|| state.composer.caret_in(areas.composer)).flatten()
}

/// How a making stands, in a word; empty for one that is done.
fn standing(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Streaming => "being made",
        Outcome::Stopped => "stopped",
        Outcome::Interrupted => "interrupted",
        Outcome::Failed { .. } => "failed",
        Outcome::Complete { .. } => "",
    }
}
