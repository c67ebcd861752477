//! The settings drawer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Setup;
use super::drawer::{Drawer, Row, Source, rows, value};
use super::lacking::{self, Lack};
use super::presets::in_force;
use crate::domain::catalog::ModelCard;
use crate::domain::settings::{Field, Settings};
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::Hidden;
use crate::tui::paint::{columns, fill, more, put, put_right, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::widget::text::{fit, fit_left};

/// The drawer as a place shows it.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    pub drawer: &'a Drawer,
    pub setup: &'a Setup,
    /// What is in force where nothing is set.
    pub standing: &'a Settings,
    /// What is known of the model: the rows of what it cannot do are dimmed.
    pub card: Option<&'a ModelCard>,
    /// It has the keys.
    pub focused: bool,
    /// Whose settings they are: "this conversation".
    pub of: &'a str,
    /// What the model is for there: "The next message is sent to it".
    pub asks: &'a str,
    /// The preset that is changed: what it leaves alone is as it is.
    pub preset: Option<&'a str>,
    /// Who answers by a prompt and settings of its own: all rows but the model's are dimmed.
    pub agent: Option<&'a str>,
}

/// Lines above the first row.
const HEAD: u16 = 2;
/// Lines between the three named rows and the fields.
const BREAK: u16 = 1;
/// Lines of the note below the rows, with a free one above it. The one below it gives way to a row.
const NOTE: u16 = 3;
/// Columns of the values, right of their sources.
const SOURCES: u16 = 12;

/// The line of a row, counted from the first row's.
fn line_of(at: usize) -> u16 {
    at as u16 + if at >= 3 { BREAK } else { 0 }
}

/// Lines for the rows: the note below them keeps its own.
fn room(area: Rect) -> u16 {
    line_of(rows().len()).min(area.height.saturating_sub(HEAD + NOTE))
}

/// Where a row stands on the screen; on a small one the rows move so that the selected one is seen.
fn y_of(area: Rect, at: usize, selected: usize) -> Option<u16> {
    let hidden = (line_of(selected) + 1).saturating_sub(room(area));
    let line = line_of(at).checked_sub(hidden).filter(|line| *line < room(area))?;
    Some(area.y + HEAD + line)
}

/// The row at a line of the screen.
pub fn row_at(area: Rect, y: u16, selected: usize) -> Option<usize> {
    (0..rows().len()).find(|at| y_of(area, *at, selected) == Some(y))
}

/// Draws the drawer; returns the caret of a value that is being typed.
pub fn draw(panel: &Panel<'_>, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let focused = panel.focused;
    let raised = look.style(Role::Raised);
    fill(cells, area, raised);
    let left = area.x + 2;
    let right = area.right().saturating_sub(2);
    let style = |role| raised.patch(look.style(role));
    let head = if focused { Role::Accent } else { Role::Muted };
    put(cells, left, area.y, right, "Settings", style(head));
    put_right(cells, left, area.y, right, &format!("of {}", panel.of), style(Role::Faint));
    let mut caret = None;
    for (at, row) in rows().enumerate() {
        let Some(y) = y_of(area, at, panel.drawer.selected) else { continue };
        let chosen = focused && at == panel.drawer.selected;
        let ground = if chosen { look.style(Role::Selected) } else { raised };
        let style = |role| ground.patch(look.style(role));
        if chosen {
            tint(cells, Rect { y, height: 1, ..area }, ground);
            put(cells, area.x, y, right, "▌", style(Role::Accent));
        }
        let name = match row {
            Row::Model => "model",
            Row::Preset => "preset",
            Row::System => "system prompt",
            Row::Field(field) => field.name,
        };
        let lack = lack(panel, row);
        let named = if lack.is_some() { Role::Faint } else { Role::Muted };
        let x = put(cells, left, y, right, name, style(named)) + 2;
        if let (true, Some(input)) = (chosen, &panel.drawer.input) {
            let line = Rect { x: left + 14, y, width: right.saturating_sub(left + 14), height: 1 };
            caret = Some(input.draw(line, cells, style(Role::Text)));
            continue;
        }
        let Said { text, role, source } = match lack {
            Some(lack) => dimmed(panel, row, &lack),
            None => said(panel, sight, row),
        };
        let room = usize::from(right.saturating_sub(x));
        let text = if row == Row::Model { fit_left(&text, room) } else { fit(&text, room) };
        let start = put_right(cells, x, y, right, &text, style(role));
        // The sources stand in a column of their own, where a long value leaves it free.
        let end = right.saturating_sub(SOURCES);
        if start > end && x + columns(source) < end {
            put_right(cells, x, y, end, source, style(Role::Faint));
        }
    }
    let hidden = hidden(area, panel.drawer.selected);
    more(hidden, (left, right), [area.y + 1, area.y + HEAD + room(area)], style(Role::Muted), cells);
    note(panel, sight, area, cells);
    caret
}

/// Rows above and below those that are shown.
fn hidden(area: Rect, selected: usize) -> Hidden {
    let shown = |at: &usize| y_of(area, *at, selected).is_some();
    let above = (0..rows().len()).position(|at| shown(&at)).unwrap_or(0);
    let seen = (0..rows().len()).filter(shown).count();
    Hidden { above, below: rows().len() - above - seen }
}

/// A row's value.
struct Said {
    text: String,
    role: Role,
    /// Where it comes from, in a word.
    source: &'static str,
}

/// Why the row does nothing for the model, or for the agent that answers. A preset is of no model.
fn lack(panel: &Panel<'_>, row: Row) -> Option<Lack> {
    if let Some(agent) = panel.agent.filter(|_| row != Row::Model) {
        return Some(lacking::of_agent(agent));
    }
    match row {
        Row::Field(field) if panel.preset.is_none() => {
            lacking::of_field(field, panel.card, &panel.setup.settings)
        }
        _ => None,
    }
}

/// Why it does nothing, and what it says all the same.
fn dimmed(panel: &Panel<'_>, row: Row, lack: &Lack) -> Said {
    let set = match row {
        Row::Field(field) => panel.setup.settings.shown(field.name),
        Row::System => panel
            .setup
            .system
            .as_deref()
            .and_then(|system| system.lines().find(|line| !line.trim().is_empty()))
            .map(str::to_owned),
        Row::Model | Row::Preset => None,
    };
    let text = set.map_or_else(|| lack.short.to_owned(), |set| format!("{} · {set}", lack.short));
    Said { text, role: Role::Faint, source: "" }
}

fn said(panel: &Panel<'_>, sight: &Sight<'_>, row: Row) -> Said {
    let setup = panel.setup;
    let plain = |text: String, role| Said { text, role, source: "" };
    let leaves = || plain("as it is".to_owned(), Role::Faint);
    match row {
        Row::Preset if panel.preset.is_some() => {
            plain(safe_line(panel.preset.unwrap_or_default()).into_owned(), Role::Text)
        }
        Row::Model if panel.preset.is_some() && setup.model.is_none() => leaves(),
        Row::System if panel.preset.is_some() && setup.system.is_none() => leaves(),
        Row::Field(field) if panel.preset.is_some() => match setup.settings.shown(field.name) {
            Some(value) => plain(format!("• {}", safe_line(&value)), Role::Accent),
            None => leaves(),
        },
        Row::Model => match &setup.model {
            Some(model) => plain(model.to_string(), Role::Text),
            None => plain("none".to_owned(), Role::Warn),
        },
        Row::Preset => match (in_force(setup, &sight.options.presets), sight.options.presets.len()) {
            (Some((name, _)), _) => plain(format!("• {name}"), Role::Accent),
            (None, 0) => plain("none configured".to_owned(), Role::Faint),
            (None, count) => plain(format!("none of {count}"), Role::Faint),
        },
        Row::System => match setup.system.as_deref().and_then(|system| system.lines().next()) {
            Some(line) if !line.is_empty() => plain(format!("• {line}"), Role::Accent),
            _ => plain("none".to_owned(), Role::Faint),
        },
        Row::Field(field) => {
            let (text, source) = in_effect(panel, sight, field);
            let (role, word) = match source {
                Source::Here => (Role::Accent, "here"),
                Source::Preset(_) => (Role::Accent, "preset"),
                Source::Config => (Role::Text, "config"),
                Source::Model => (Role::Muted, "model"),
                Source::Server => (Role::Muted, "server"),
                Source::Nobody => (Role::Muted, ""),
            };
            let mark = if role == Role::Accent { "• " } else { "" };
            Said { text: format!("{mark}{text}"), role, source: word }
        }
    }
}

fn in_effect<'a>(panel: &Panel<'_>, sight: &Sight<'a>, field: &Field) -> (String, Source<'a>) {
    let setup = panel.setup;
    let preset = in_force(setup, &sight.options.presets);
    value(field, setup, panel.standing, preset, &sight.options.defaults.settings)
}

/// What the selected row means, its range, or why a value was not taken.
fn note(panel: &Panel<'_>, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let raised = sight.look.style(Role::Raised);
    let width = area.width.saturating_sub(4);
    let enter = sight.key(Context::Settings, Action::Open);
    let lack = lack(panel, panel.drawer.row());
    let (text, role) = match (&panel.drawer.error, panel.drawer.row()) {
        (Some(error), _) => (error.to_string(), Role::Bad),
        (None, Row::Field(field)) if let Some(lack) = &lack => {
            (format!("{}\n{}", lack.why, field.meaning), Role::Muted)
        }
        (None, _) if let Some(lack) = &lack => (lack.why.clone(), Role::Muted),
        (None, Row::Preset) if panel.preset.is_some() => {
            (format!("{enter} gives it another name."), Role::Muted)
        }
        (None, Row::Model) if panel.preset.is_some() => {
            (format!("The model that it chooses; {enter} chooses one."), Role::Muted)
        }
        (None, Row::Field(field)) if panel.preset.is_some() => {
            (format!("{}\n{}", field.meaning, field.range), Role::Muted)
        }
        (None, Row::Model) => (format!("{}; {enter} chooses another.", panel.asks), Role::Muted),
        (None, Row::Preset) => {
            ("Model, system prompt and settings at once, from the config file.".to_owned(), Role::Muted)
        }
        (None, Row::System) => match &panel.setup.system {
            Some(system) => (system.clone(), Role::Muted),
            None => (format!("Said to the model before everything else; {enter} writes it."), Role::Muted),
        },
        (None, Row::Field(field)) => {
            let from = match in_effect(panel, sight, field).1 {
                Source::Here => format!("set for {}", panel.of),
                Source::Preset(name) => format!("from the preset {name}"),
                Source::Config => "from [defaults] of the config file".to_owned(),
                Source::Model => "the model's own".to_owned(),
                Source::Server => "left to the server".to_owned(),
                Source::Nobody => "not set".to_owned(),
            };
            (format!("{}\n{} · {from}", field.meaning, field.range), Role::Muted)
        }
    };
    let top = area.y + HEAD + room(area) + 1;
    let air = u16::from(area.bottom().saturating_sub(top) >= NOTE);
    let rows = top..area.bottom().saturating_sub(air);
    let mut lines = wrap(&text, width);
    // What was typed stands in its row: where rows are short, why it was not taken comes before it.
    if let Some(error) = panel.drawer.error.as_ref().filter(|_| lines.len() > rows.len()) {
        lines = wrap(&error.said(), width);
    }
    for (y, line) in rows.zip(lines) {
        put(
            cells,
            area.x + 2,
            y,
            area.right().saturating_sub(2),
            &line,
            raised.patch(sight.look.style(role)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_line_is_lacking_no_row_gives_way_to_the_air_below_the_note() {
        let all = line_of(rows().len());
        let area = |height| Rect { x: 0, y: 1, width: 76, height };
        assert_eq!(hidden(area(HEAD + all + NOTE), 0), Hidden { above: 0, below: 0 });
        assert_eq!(hidden(area(HEAD + all + NOTE - 1), 0), Hidden { above: 0, below: 1 });
    }
}
