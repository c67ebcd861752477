//! The picture of the compare place.

mod column;
mod list;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::Areas;
use super::{Focus, State};
use crate::domain::comparison::letter;
use crate::domain::comparison::measure::Measure;
use crate::domain::usage::budget::money;
use crate::tui::action::Action;
use crate::tui::app::Cache;
use crate::tui::keymap::{Context, label};
use crate::tui::look::Role;
use crate::tui::paint::{columns, fill, first_lines, first_parts, put, put_right, wrap};
use crate::tui::pane::Sight;
use crate::tui::setup::view::{self as settings, Panel};
use crate::tui::widget::code::Want;
use crate::tui::widget::composer::Look as Styles;
use crate::tui::widget::text::fit;

impl State {
    /// What the page came to, for the last line; nothing while who answers is hidden.
    pub(super) fn figures(&self) -> String {
        let mut parts: Vec<String> = self.to_come().into_iter().collect();
        if !self.is_hidden() {
            parts.extend(self.chosen_words());
            // One that failed has no cost that is told.
            let answers = self.lanes.iter().zip(self.measures(Measure::of));
            let answers = answers.filter(|(lane, _)| !lane.has_failed());
            let costs: Option<Vec<f64>> =
                answers.map(|(_, measure)| measure.and_then(|measure| measure.cost)).collect();
            if let Some(costs) = costs.filter(|costs| !costs.is_empty()) {
                parts.push(format!("{} est.", money(costs.iter().sum())));
            }
        }
        // What matters most is the last: it is shown where there is no room for the others.
        parts.extend(self.page_words());
        parts.join(" · ")
    }

    /// Rows of figures under the columns in sight; none where nothing is told there.
    pub(super) fn rows_of_figures(&self, areas: &Areas) -> u16 {
        if self.is_bare() || self.is_hidden() {
            return 0;
        }
        let (order, told) = (self.order(), self.measures(|_, _| ()));
        let tells = |place: usize| {
            let tells =
                |at: usize| told[at].is_some() || self.lanes[at].writes() || self.lanes[at].has_failed();
            order.get(place).copied().is_some_and(tells)
        };
        let columns = areas.columns.iter().filter(|column| !column.folded && tells(column.place));
        columns.map(|column| column.foot.height).max().unwrap_or(0)
    }
}

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(
    state: &State,
    (cache, wants): (&mut Cache, &mut Vec<Want>),
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    let areas = state.areas(body);
    let rule = sight.look.style(Role::Rule);
    for x in areas.rules.into_iter().flatten() {
        for y in body.top()..body.bottom() {
            put(cells, x, y, x + 1, "│", rule);
        }
    }
    if let Some(area) = areas.list {
        list::draw(state, sight, area, cells);
        list::about(state, sight, areas.about, cells);
    }
    let mut caret = None;
    if let Some(area) = areas.drawer {
        let panel = Panel {
            drawer: &state.drawer,
            setup: &state.setup(),
            standing: &state.standing(),
            card: state.card(state.setup().model.as_ref()),
            focused: state.focus == Focus::Settings,
            of: &format!("column {}", letter(state.at)),
            asks: "The next question is sent to it",
            preset: None,
            agent: None,
        };
        caret = settings::draw(&panel, sight, area, cells);
    }
    if !areas.box_area.is_empty() {
        if areas.columns.is_empty() || state.is_bare() {
            teach(state, sight, areas.field, cells);
        }
        if let Some(shared) = state.shared().filter(|_| !areas.shared.is_empty()) {
            let Rect { x, y, width, .. } = areas.shared;
            let words = fit(&shared, usize::from(width.saturating_sub(3)));
            put(cells, x + 2, y, areas.shared.right(), &words, sight.look.style(Role::Muted));
        }
        column::draw(state, (cache, wants), sight, &areas, cells);
        caret = caret.or(composer(state, sight, &areas, cells));
    }
    caret
}

/// What is written, whom it goes to, and why the last one never began.
fn composer(state: &State, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let focused = state.focus == Focus::Composer;
    let ground = look.style(Role::Raised);
    let style = |role| ground.patch(look.style(role));
    let area = areas.box_area;
    fill(cells, area, ground);
    for y in area.top()..area.bottom() {
        put(cells, area.x, y, area.x + 1, "▌", style(if focused { Role::Accent } else { Role::Rule }));
    }
    let styles = Styles {
        text: style(Role::Text),
        placeholder: style(Role::Faint),
        chip: look.style(Role::Info),
        barred: look.style(Role::Faint),
        selection: look.style(Role::Selected),
    };
    let placeholder = match &state.comparison {
        Some(comparison) if comparison.pages.len() > 1 => "what all of them are asked next on this page",
        Some(_) => "what all of them are asked next",
        None => "what all of them are asked",
    };
    state.composer.draw(areas.composer, cells, &styles, placeholder);
    let (y, right) = (area.bottom().saturating_sub(1), area.right().saturating_sub(2));
    let blind = match &state.comparison {
        Some(comparison) => comparison.blind.is_some(),
        None => state.blind,
    };
    let words = if blind && state.is_seen() {
        "seen: choices here are not blind"
    } else if blind {
        "blind"
    } else {
        ""
    };
    let end = put_right(cells, area.x + 2, y, right, words, style(Role::Info)).saturating_sub(2);
    let room = end.saturating_sub(area.x + 2);
    match state.lanes.len() {
        0 | 1 => {
            let key = sight.key(Context::Compare, Action::AddColumn);
            let words = format!("{key} adds a column; two are the fewest");
            put(cells, area.x + 2, y, end, &fit(&words, room.into()), style(Role::Warn));
        }
        count => {
            let words = asked(state, sight, (count, areas.columns.len()), room);
            put(cells, area.x + 2, y, end, &words, style(Role::Muted));
        }
    }
    if let Some(error) = &state.failed {
        let lines = wrap(&error.to_string(), areas.failed.width.saturating_sub(4));
        let lines = first_lines(lines, areas.failed.height);
        for (at, (y, line)) in (areas.failed.top()..areas.failed.bottom()).zip(lines).enumerate() {
            let sign = if at == 0 { "✗" } else { " " };
            put(cells, areas.failed.x + 1, y, areas.failed.right(), sign, look.style(Role::Bad));
            put(cells, areas.failed.x + 3, y, areas.failed.right(), &line, look.style(Role::Bad));
        }
    }
    focused.then(|| state.composer.caret_in(areas.composer)).flatten()
}

/// How many are asked and how, and how one comes to those that are not in sight; where there is no room for all of it, less of
/// it.
fn asked(state: &State, sight: &Sight<'_>, (count, seen): (usize, usize), room: u16) -> String {
    let rounds = Some(state.rounds.words()).filter(|words| state.comparison.is_none() && !words.is_empty());
    let rounds = rounds.map_or_else(String::new, |words| format!(" · {words}"));
    let pages = match pages(state, sight) {
        none if none.is_empty() => choosing(state, sight),
        pages => pages,
    };
    let hidden = count.saturating_sub(seen);
    let more = match hidden {
        0 => String::new(),
        // How one comes to the columns is said once.
        _ => format!(" · {hidden} not in sight: {}", sideways(state, sight, pages.is_empty())),
    };
    let whole = format!("{count} columns{rounds}{pages}{more}");
    if columns(&whole) <= room {
        return whole;
    }
    // Nobody judges or goes on before they have looked at all: how one comes to the others stays the longest.
    let begin = if hidden == 0 {
        format!("{count} columns")
    } else {
        let others = format!("{hidden} not in sight: {}", sideways(state, sight, true));
        let long = format!("{count} columns · {others}");
        if columns(&long) <= room { long } else { others }
    };
    let less = format!("{begin}{rounds}{pages}");
    fit(first_parts(&less, room), room.into()).into_owned()
}

/// How one comes to choosing, where there is something to choose from and the keys go elsewhere.
fn choosing(state: &State, sight: &Sight<'_>) -> String {
    let waits = state.all_ended() && state.ballot().is_none() && state.comparison.is_some();
    if !waits || state.focus != Focus::Composer {
        return String::new();
    }
    format!(" · {}, then say which is the best", sight.key(state.where_keys_go(), Action::FocusNext))
}

/// How pages are turned, where there are some.
fn pages(state: &State, sight: &Sight<'_>) -> String {
    if !state.can_do(Action::NextPage) {
        return String::new();
    }
    let [back, next] =
        [Action::PreviousPage, Action::NextPage].map(|action| sight.key(Context::Columns, action));
    let first = match state.focus {
        Focus::Columns => String::new(),
        _ => format!("{}, then ", sight.key(state.where_keys_go(), Action::FocusNext)),
    };
    format!(" · {first}{back} and {next} turn the pages")
}

/// The keys that lead to columns that are not in sight.
fn sideways(state: &State, sight: &Sight<'_>, alone: bool) -> String {
    let keys = [Action::PreviousColumn, Action::NextColumn].map(|action| sight.key(Context::Columns, action));
    match state.focus {
        Focus::Composer if alone => {
            format!("{}, then {}", sight.key(state.where_keys_go(), Action::FocusNext), keys.join(" "))
        }
        _ => keys.join(" "),
    }
}

/// What the place is for, and the keys that begin.
fn teach(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let width = area.width.saturating_sub(4).min(90);
    let words = wrap(
        "The same question to two models or more, their answers side by side. Say which is the best: every choice counts \
         for a leaderboard. The same model may stand twice, with other settings.",
        width,
    );
    let keys = [
        (Action::AddColumn, "one column more"),
        (Action::RemoveColumn, "one fewer"),
        (Action::ChooseModel, "who answers in this column"),
        (Action::ToggleSettings, "what it is asked with"),
        (Action::ToggleBlind, "hide who answers until you have chosen"),
        (Action::SetRepeats, "ask each several times"),
        (Action::TakeValues, "ask for each row of a file"),
        (Action::Send, "ask all of them"),
    ];
    let mut y = area.y + 2 + area.height.saturating_sub((words.len() + keys.len() + 3) as u16) / 4;
    for line in &words {
        if y < area.bottom() {
            put(cells, area.x + 2, y, area.right(), line, look.style(Role::Text));
            y += 1;
        }
    }
    y += 1;
    for (action, words) in keys {
        let possible = state.can_do(action) || action == Action::Send;
        let Some(key) = sight.options.keymap.key(Context::Compare, action).filter(|_| possible) else {
            continue;
        };
        if y >= area.bottom() {
            break;
        }
        let key = label(key);
        put(cells, area.x + 2, y, area.right(), &key, look.style(Role::Accent));
        put(cells, area.x + 2 + columns(&key).max(8) + 1, y, area.right(), words, look.style(Role::Muted));
        y += 1;
    }
}
