//! The list of conversations.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::domain::conversation::Conversation;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::chat::list::Row;
use crate::tui::pane::chat::{Focus, State};
use crate::tui::thread::Turn;
use crate::tui::widget::text::fit_left;

/// Stands before the title of a copy.
const FORK: &str = "⑂ ";

/// Draws the list; returns the caret of its search line.
pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let list = &state.list;
    let focused = state.focus == Focus::List;
    let now = sight.wall();
    let right = area.right().saturating_sub(1);
    let bottom = area.bottom().saturating_sub(1);
    if list.is_empty() {
        let failed = list.error.as_ref().or_else(|| list.results()?.error.as_ref());
        let words = match (failed, list.results()) {
            (Some(error), _) => format!("✗ {error}"),
            (None, Some(search)) if search.task.is_some() => "Searching…".to_owned(),
            (None, Some(_)) => {
                let back = sight.key(Context::Menu, Action::Cancel);
                format!(
                    "Nothing found. A search looks into titles and every message. {back} shows all again."
                )
            }
            (None, None) if list.known => "Conversations are kept here, the newest first.".to_owned(),
            (None, None) => String::new(),
        };
        let role = if failed.is_some() { Role::Bad } else { Role::Muted };
        for (y, line) in (area.y + 1..bottom).zip(wrap(&words, area.width.saturating_sub(3))) {
            put(cells, area.x + 1, y, right, &line, look.style(role));
        }
    }
    let mut rows = list.rows(now);
    let visible: Vec<Row> =
        rows.by_ref().skip(list.top).take(usize::from(bottom.saturating_sub(area.y))).collect();
    let count = list.top + visible.len() + rows.count();
    for (y, row) in (area.y..bottom).zip(&visible) {
        match row {
            Row::Group(at) => {
                let name = list.entry(*at).map(|head| now.group(head.updated)).unwrap_or_default();
                put(cells, area.x + 1, y, right, &name, look.style(Role::Faint));
            }
            Row::Entry(at) => entry(state, sight, *at, &visible, Rect { y, height: 1, ..area }, cells),
            Row::Snippet(at) => snippet(state, sight, *at, Rect { y, height: 1, ..area }, cells),
        }
    }
    let shown = Rect { height: area.height.saturating_sub(1), ..area };
    let bar = thumb(shown.height, list.top, usize::from(shown.height), count);
    scrollbar(cells, shown, bar, look.style(Role::Rule));
    let y = bottom;
    let Some(search) = &list.search else {
        let words = sight.options.keymap.line(Context::List, &[(Action::Search, "search")]);
        put(cells, area.x + 1, y, right, &words, look.style(Role::Faint));
        return None;
    };
    put(cells, area.x, y, right, if focused { "▌/" } else { " /" }, look.style(Role::Accent));
    let line = Rect { x: area.x + 3, y, width: area.width.saturating_sub(4), height: 1 };
    let caret = search.input.draw(line, cells, look.style(Role::Text));
    (focused && search.typing).then_some(caret)
}

/// One conversation: its title, its age. A fork has its sign; of several with one title, each says who answered.
fn entry(state: &State, sight: &Sight<'_>, at: usize, visible: &[Row], area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let list = &state.list;
    let Some(head) = list.entry(at) else { return };
    let focused = state.focus == Focus::List;
    let open = state.thread.id == Some(head.id);
    // Where words of it were found, the words are what is chosen.
    let words_of = list.results().and_then(|search| search.hits.get(at)?.message).is_some();
    let chosen = focused && at == list.selected && !words_of;
    let style = |role| ground(look, chosen).patch(look.style(role));
    if chosen {
        tint(cells, area, look.style(Role::Selected));
    }
    let (y, right) = (area.y, area.right().saturating_sub(1));
    if open || chosen {
        put(cells, area.x, y, right, "▌", style(if focused { Role::Accent } else { Role::Rule }));
    }
    let twins = |same: &dyn Fn(&Conversation, &Conversation) -> bool| {
        let heads = visible.iter().filter_map(|row| match row {
            Row::Entry(other) => list.entry(*other),
            _ => None,
        });
        heads.filter(|other| other.id != head.id).any(|other| same(head, other))
    };
    let busy = std::iter::once(&state.thread)
        .chain(&state.others)
        .any(|thread| thread.id == Some(head.id) && thread.turn != Turn::Idle);
    let now = sight.wall();
    let age = if busy { "•".to_owned() } else { now.age(head.updated) };
    let end =
        put_right(cells, area.x + 1, y, right, &age, style(if busy { Role::Accent } else { Role::Faint }));
    let title = if head.title.is_empty() { "untitled" } else { &head.title };
    let mut words = style(if open { Role::Text } else { Role::Muted });
    if open {
        words = words.add_modifier(Modifier::BOLD);
    }
    let end = end.saturating_sub(1);
    let x = match head.forked_from {
        Some(_) => put(cells, area.x + 1, y, end, FORK, style(Role::Info)),
        None => area.x + 1,
    };
    let of = head.model.as_ref().filter(|_| twins(&|a, b| a.title == b.title && a.model != b.model));
    let of = of.map(|model| format!(" · {}", model.model())).unwrap_or_default();
    // What tells two of one title apart has room, however long the title is.
    let told = columns(&of).min(end.saturating_sub(x) / 2);
    let x = put(cells, x, y, end - told, title, words);
    put(cells, x, y, end, &of, style(Role::Faint));
}

/// The words around a match; the match itself is always in sight.
fn snippet(state: &State, sight: &Sight<'_>, at: usize, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let Some(hit) = state.list.results().and_then(|search| search.hits.get(at)) else { return };
    let chosen = state.focus == Focus::List && at == state.list.selected;
    let style = |role| ground(look, chosen).patch(look.style(role));
    let (y, right) = (area.y, area.right().saturating_sub(1));
    if chosen {
        tint(cells, area, look.style(Role::Selected));
        put(cells, area.x, y, right, "▌", style(Role::Accent));
    }
    let (from, to) = hit.matched;
    let piece = |range: std::ops::Range<usize>| tight(hit.snippet.get(range).unwrap_or_default());
    let before = piece(0..from);
    let before = fit_left(&before, usize::from(area.width / 3));
    let before = whole_words(&before);
    let x = put(cells, area.x + 3, y, right, &before, style(Role::Faint));
    let x = put(cells, x, y, right, &piece(from..to), style(Role::Match));
    put(cells, x, y, right, &piece(to..hit.snippet.len()), style(Role::Faint));
}

/// What was cut at its beginning begins with a word, where it has a whole one.
fn whole_words(before: &str) -> Cow<'_, str> {
    let rest = before.strip_prefix('…').and_then(|rest| rest.split_once(' '));
    match rest {
        Some((_, rest)) if !rest.trim().is_empty() => Cow::Owned(format!("… {rest}")),
        _ => Cow::Borrowed(before),
    }
}

/// One blank for many: in an excerpt an indentation says nothing.
fn tight(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_whitespace() {
            true if out.ends_with(' ') => {}
            true => out.push(' '),
            false => out.push(letter),
        }
    }
    out
}

fn ground(look: &Look, chosen: bool) -> Style {
    if chosen { look.style(Role::Selected) } else { Style::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_has_one_blank_for_many() {
        assert_eq!(tight("):\n        \"\"\"How  much"), "): \"\"\"How much");
        assert_eq!(tight(" of a "), " of a ", "words stay apart at the match");
    }

    #[test]
    fn an_excerpt_begins_with_a_whole_word() {
        assert_eq!(whole_words("…he outer "), "… outer ");
        assert_eq!(whole_words("… latency (ms) | re"), "… latency (ms) | re");
        assert_eq!(whole_words("…meande "), "…meande ");
        assert_eq!(whole_words("the outer "), "the outer ");
    }
}
