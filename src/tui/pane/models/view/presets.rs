//! The presets: a row each, what the selected one says beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::domain::settings::Settings;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::layout::Sides;
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::models::presets::Presets;
use crate::tui::setup::presets::words;
use crate::tui::setup::view::{Panel, draw as settings};
use crate::tui::widget::text::fit;

/// Columns of the names at most.
const NAMES: u16 = 24;

/// The rows below the head and what can be done.
pub(in crate::tui::pane::models) fn rows(area: Rect) -> Rect {
    let top = 2.min(area.height);
    Rect { y: area.y + top, height: (area.height - top).saturating_sub(1), ..area }
}

/// The first row that is shown.
pub(in crate::tui::pane::models) fn first(selected: usize, area: Rect) -> usize {
    (selected + 1).saturating_sub(usize::from(rows(area).height))
}

/// Draws them; returns the caret of a value that is being typed.
pub(super) fn draw(presets: &Presets, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    let Sides { main, drawer, rules, .. } = presets.sides(body);
    for column in rules.into_iter().flatten() {
        for y in body.top()..body.bottom() {
            put(cells, column, y, column + 1, "│", sight.look.style(Role::Rule));
        }
    }
    if let Some(area) = main {
        list(presets, sight, area, cells);
    }
    let setup = presets.setup(&sight.options.presets)?;
    let name = presets.name.as_deref();
    let panel = Panel {
        drawer: &presets.drawer,
        setup: &setup,
        standing: &Settings::default(),
        card: None,
        focused: presets.editing,
        of: "this preset",
        asks: "",
        preset: name,
        agent: None,
    };
    settings(&panel, sight, drawer?, cells)
}

fn list(presets: &Presets, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    let all = &sight.options.presets;
    // Lit is the head of what has the keys, here or beside it.
    let head = if presets.editing { Role::Muted } else { Role::Accent };
    put(cells, area.x + 1, area.y, right, "Presets", look.style(head));
    let place = rows(area);
    if all.is_empty() {
        let new = sight.key(Context::Presets, Action::NewPreset);
        let text = format!(
            "None yet. {new} makes one of what the conversation is asked with: model, system prompt, settings, tools. They lie in \
             the configuration file."
        );
        for (y, line) in (place.top()..place.bottom()).zip(wrap(&text, area.width.saturating_sub(3))) {
            put(cells, area.x + 1, y, right, &line, look.style(Role::Muted));
        }
        return;
    }
    let names = all.keys().map(|name| columns(&safe_line(name))).max().unwrap_or(0).min(NAMES);
    let top = first(presets.at(all), area);
    for (y, (name, preset)) in (place.top()..place.bottom()).zip(all.iter().skip(top)) {
        let chosen = Some(name) == presets.name.as_ref();
        let focused = chosen && !presets.editing;
        let ground = if focused { look.style(Role::Selected) } else { ratatui::style::Style::default() };
        if focused {
            tint(cells, Rect { y, height: 1, ..area }, ground);
        }
        let mark = if chosen { if focused { "▌" } else { "›" } } else { " " };
        put(cells, area.x, y, right, mark, ground.patch(look.style(Role::Accent)));
        let text = ground.patch(look.style(Role::Text));
        put(cells, area.x + 1, y, right, &fit(&safe_line(name), names.into()), text);
        let x = area.x + 1 + names + 2;
        let said = words(preset);
        let said = safe_line(&said);
        let said = fit(&said, usize::from(right.saturating_sub(x)));
        put(cells, x, y, right, &said, ground.patch(look.style(Role::Muted)));
    }
    let height = usize::from(place.height);
    scrollbar(cells, place, thumb(place.height, top, height, all.len()), look.style(Role::Rule));
}
