//! The list: what is typed, what is filtered, the models, how old the lists are.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::domain::figures::grouped;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::columns::{self, Marks};
use crate::tui::models::lists;
use crate::tui::models::shortlist::Filter;
use crate::tui::overlay::Hidden;
use crate::tui::paint::{columns as wide, more, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::models::{Focus, State, rows, top};

/// Draws it; returns the caret of the line that narrows it.
pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let (left, right) = (area.x + 1, area.right().saturating_sub(1));
    let list = &state.list;
    let said = if state.asking {
        "asking the servers…".to_owned()
    } else {
        format!("{} of {}", grouped(list.len() as u64), grouped(list.stock().cards.len() as u64))
    };
    let end = put_right(cells, left, area.y, right, &said, look.style(Role::Muted)).saturating_sub(1);
    let typing = state.focus == Focus::Search;
    let mut caret = None;
    if typing || !state.search.text().is_empty() {
        let mark = if typing { Role::Accent } else { Role::Rule };
        let x = put(cells, left, area.y, end, "▌ ", look.style(mark));
        let line = Rect { x, y: area.y, width: end.saturating_sub(x), height: 1 };
        caret = Some(state.search.draw(line, cells, look.style(Role::Text))).filter(|_| typing);
    } else {
        let words = format!("{} narrows by name", sight.key(Context::Models, Action::Search));
        put(cells, left, area.y, end, &words, look.style(Role::Faint));
    }
    let place = rows(area);
    let first = top(list.selected_at(), place.height);
    let below = list.len().saturating_sub(first + usize::from(place.height));
    let hidden = Hidden { above: first, below };
    // What is said of rows out of sight has its place beside these lines.
    let line = |y: u16, count: usize| {
        let sign = if count > 0 { wide(&format!(" ▼ {} more ", grouped(count as u64))) } else { 0 };
        Rect { x: left, y, width: right.saturating_sub(left + sign), height: 1 }
    };
    let narrowed = line(area.y + 1, hidden.above);
    let free = filters(state, sight, narrowed, cells);
    let shown = (first..list.len()).take(place.height.into()).filter_map(|row| list.at(row));
    let legend = columns::legend(place.width, narrowed.right().saturating_sub(free), shown);
    put_right(cells, free, narrowed.y, narrowed.right(), &legend, look.style(Role::Faint));
    if list.is_empty() {
        let words = if list.stock().cards.is_empty() {
            format!(
                "Models stand here: those of this machine, and those of every server and service with a key. {} asks \
                 the servers; {} adds a GGUF file.",
                sight.key(Context::Models, Action::ListModels),
                sight.key(Context::Models, Action::AddModel)
            )
        } else {
            let clears = sight.key(Context::Models, Action::ClearFilters);
            let leaves = sight.key(Context::Menu, Action::Cancel);
            // What is typed takes the other key.
            let does = match (state.focus, *state.list.filter() == Filter::default()) {
                (Focus::Search, true) => format!("{leaves} shows all models again."),
                (Focus::Search, false) => format!("{leaves}, then {clears} shows all models again."),
                _ => format!("{clears} shows all models again."),
            };
            format!("No model is like that. {does}")
        };
        for (y, line) in (place.top()..place.bottom()).zip(wrap(&words, place.width)) {
            put(cells, place.x, y, place.right(), &line, look.style(Role::Muted));
        }
    } else if place.height > 0 {
        columns::head(cells, Rect { y: place.y - 1, height: 1, ..place }, false, look.style(Role::Faint));
    }
    let ground = look.style(Role::Surface);
    for (y, row) in (place.top()..place.bottom()).zip(first..list.len()) {
        let Some(card) = list.at(row) else { break };
        let chosen = row == list.selected_at();
        let line = Rect { y, height: 1, ..place };
        if chosen {
            tint(cells, Rect { x: area.x, width: area.width, ..line }, look.style(Role::Selected));
            let bar = if state.focus == Focus::Card { Role::Rule } else { Role::Accent };
            put(cells, area.x, y, area.x + 1, "▌", look.style(Role::Selected).patch(look.style(bar)));
        }
        let star = list.stock().likes.favourites.contains(&card.id);
        let marks = Marks { star, ..Marks::default() };
        let ground = if chosen { look.style(Role::Selected) } else { ground };
        columns::row(cells, line, card, marks, ground, look);
    }
    let bar = thumb(place.height, first, usize::from(place.height), list.len());
    scrollbar(cells, Rect { width: area.width, x: area.x, ..place }, bar, look.style(Role::Rule));
    let foot = line(area.bottom().saturating_sub(1), hidden.below);
    more(hidden, (left, right), [area.y + 1, foot.y], look.style(Role::Muted), cells);
    let shown = (first..list.len()).take(place.height.into()).filter_map(|row| list.at(row));
    let foot = columns::dated(cells, foot, list.at(list.selected_at()), shown, look.style(Role::Faint));
    lists::draw(cells, foot, &list.stock().lists, sight.now.wall, ground, look);
    caret
}

/// What the list is narrowed to, each with the key that changes it; what is set stands out. Gives back where the line goes on.
fn filters(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> u16 {
    let filter = state.list.filter();
    let place = match filter.local {
        None if state.stock.is_some() => "no key yet, or retired",
        None => "anywhere",
        Some(true) => "this machine",
        Some(false) => "the network",
    };
    let use_of = filter.can.map_or_else(|| "any use".to_owned(), |can| format!("can {}", can.as_str()));
    let parts = [
        (
            Action::FilterProvider,
            filter.provider.as_deref().unwrap_or("any provider"),
            filter.provider.is_some(),
        ),
        (Action::FilterCapability, use_of.as_str(), filter.can.is_some()),
        (Action::FilterPlace, place, filter.local.is_some() || state.stock.is_some()),
    ];
    let mut x = area.x;
    for (action, words, set) in parts {
        let key = sight.key(Context::Models, action);
        if x + wide(&key) + 1 + wide(words) > area.right() {
            break;
        }
        x = put(cells, x, area.y, area.right(), &key, sight.look.style(Role::Faint));
        let role = if set { Role::Accent } else { Role::Muted };
        x = put(cells, x + 1, area.y, area.right(), words, sight.look.style(role)) + 2;
    }
    x
}
