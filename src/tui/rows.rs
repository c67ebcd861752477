//! What lists of several places have alike: the chosen row and where keys lead from it, what is said under a list, what failed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::domain::Error;
use crate::domain::figures::grouped;
use crate::tui::action::Action;
use crate::tui::look::{Look, Role};
use crate::tui::overlay::Hidden;
use crate::tui::paint::{columns, first_lines, meter, more, put, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::widget::text::joined;

/// Where an action leads in a list of so many, of which a page is in sight.
pub fn stepped(action: Action, at: usize, page: usize, all: usize) -> Option<usize> {
    let page = page.max(1);
    let to = match action {
        Action::SelectNext => at + 1,
        Action::SelectPrevious => at.saturating_sub(1),
        Action::SelectFirst => 0,
        Action::SelectLast => usize::MAX,
        Action::HalfPageDown => at + page.div_ceil(2),
        Action::HalfPageUp => at.saturating_sub(page.div_ceil(2)),
        Action::PageDown => at + page,
        Action::PageUp => at.saturating_sub(page),
        _ => return None,
    };
    Some(to.min(all.saturating_sub(1)))
}

/// The first row in sight, so that the selected one is.
pub fn followed(top: usize, selected: usize, page: usize) -> usize {
    top.clamp((selected + 1).saturating_sub(page.max(1)), selected)
}

/// The same where there may be more room than before: of all rows none is hidden above while there is room below.
pub fn refitted(top: usize, selected: usize, page: usize, all: usize) -> usize {
    followed(top.min(all.saturating_sub(page)), selected, page)
}

/// The ground of a row of a list, and the style of its name; the selected one is marked.
pub fn ground(selected: bool, row: Rect, look: &Look, cells: &mut Buffer) -> (Style, Style) {
    if !selected {
        return (Style::new(), look.style(Role::Text));
    }
    let ground = look.style(Role::Selected);
    tint(cells, row, ground);
    put(cells, row.x, row.y, row.x + 1, "▌", ground.patch(look.style(Role::Accent)));
    (ground, ground.patch(look.style(Role::Text)).add_modifier(Modifier::BOLD))
}

/// The styles of a line by their roles; the chosen one has a ground of its own and a bar, whose colour tells where the keys go.
pub fn styled<'a>(
    chosen: bool,
    focused: bool,
    line: Rect,
    look: &'a Look,
    cells: &mut Buffer,
) -> impl Fn(Role) -> Style + use<'a> {
    let ground = if chosen { look.style(Role::Selected) } else { Style::new() };
    if chosen {
        tint(cells, line, ground);
        let bar = if focused { Role::Accent } else { Role::Muted };
        put(cells, line.x, line.y, line.x + 1, "▌", ground.patch(look.style(bar)));
    }
    move |role| ground.patch(look.style(role))
}

/// Says what failed, as much of it as there is room for.
pub fn failed(error: &Error, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let lines = wrap(&error.to_string(), body.width.saturating_sub(6));
    let lines = first_lines(lines, body.height.saturating_sub(1));
    for (at, (y, line)) in (body.y + 1..body.bottom()).zip(lines).enumerate() {
        let sign = if at == 0 { "✗" } else { " " };
        put(cells, body.x + 2, y, body.right(), sign, sight.look.style(Role::Bad));
        put(cells, body.x + 4, y, body.right(), &line, sight.look.style(Role::Bad));
    }
}

/// A line across.
fn rule(area: Rect, look: &Look, cells: &mut Buffer) {
    for x in area.left()..area.right() {
        put(cells, x, area.y, x + 1, "─", look.style(Role::Rule));
    }
}

/// Parts a card from its list, by a line at its left where it stands beside it, else by one above; returns what is left of it.
pub fn parted(area: Rect, beside: bool, look: &Look, cells: &mut Buffer) -> Rect {
    if beside {
        for y in area.top()..area.bottom() {
            put(cells, area.x - 1, y, area.x, "│", look.style(Role::Rule));
        }
        return area;
    }
    rule(area, look, cells);
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

/// The right end of the columns of a list: beyond a width the eye loses the row between them.
pub fn right_of(body: Rect) -> u16 {
    body.x + body.width.saturating_sub(2).min(WIDEST)
}

/// The widest list.
const WIDEST: u16 = 130;

/// Columns of the names of facts.
const NAMES: u16 = 13;

/// What is known in lines, the first one of each with its name.
fn lines<'a>(facts: &[(&'a str, String, Role)], width: u16) -> Vec<(&'a str, String, Role)> {
    let of = |(name, words, role): &(&'a str, String, Role)| {
        let lines = broken(words, width.saturating_sub(NAMES + 3)).into_iter().enumerate();
        let (name, role) = (*name, *role);
        lines.map(move |(at, line)| (if at == 0 { name } else { "" }, line, role)).collect::<Vec<_>>()
    };
    facts.iter().flat_map(of).collect()
}

/// Words in lines. Where each part of them fits a line none is broken: a count stays beside what it counts.
fn broken(words: &str, width: u16) -> Vec<String> {
    let parts = || words.split(DOT);
    if words.contains('\n') || parts().any(|part| columns(part) > width) {
        return wrap(words, width);
    }
    joined(parts(), width.into())
}

/// Between parts.
const DOT: &str = " · ";

/// Whether there is room for all that is known.
pub fn all_fit(facts: &[(&str, String, Role)], area: Rect) -> bool {
    lines(facts, area.width).len() <= usize::from(area.height)
}

/// How many lines all of it takes.
pub fn lines_of(facts: &[(&str, String, Role)], width: u16) -> usize {
    lines(facts, width).len()
}

/// What is known, each with its name, as far as there is room, and how much has none; returns the row after it.
pub fn facts(facts: &[(&str, String, Role)], look: &Look, area: Rect, cells: &mut Buffer) -> u16 {
    let lines = lines(facts, area.width);
    let right = area.right().saturating_sub(2);
    let hidden = Hidden { above: 0, below: lines.len().saturating_sub(usize::from(area.height)) };
    let last = area.bottom().saturating_sub(1);
    // The last line ends before what says how many follow.
    let sign =
        if hidden.below > 0 { columns(&format!(" ▼ {} more ", grouped(hidden.below as u64))) } else { 0 };
    for (y, (name, line, role)) in (area.top()..area.bottom()).zip(&lines) {
        let right = if y == last { right.saturating_sub(sign) } else { right };
        put(cells, area.x + 2, y, area.x + NAMES, name, look.style(Role::Faint));
        put(cells, area.x + NAMES, y, right, line, look.style(*role));
    }
    if area.height > 0 {
        more(hidden, (area.x + NAMES, right), [area.y, last], look.style(Role::Faint), cells);
    }
    area.y.saturating_add(u16::try_from(lines.len()).unwrap_or(u16::MAX)).min(area.bottom())
}

/// How far something is that runs, as a bar in the row below what is known of it.
pub fn bar(share: f64, y: u16, look: &Look, area: Rect, cells: &mut Buffer) {
    if y < area.bottom() {
        let ground = look.style(Role::Selected).patch(look.style(Role::Info));
        let width = area.width.saturating_sub(NAMES + 4).min(60);
        put(cells, area.x + NAMES, y, area.right(), &meter(share, width), ground);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_in_sight_and_no_room_is_left_below_hidden_ones() {
        assert_eq!(refitted(18, 24, 7, 25), 18);
        assert_eq!(refitted(18, 24, 11, 25), 14, "more room");
        assert_eq!(refitted(18, 24, 40, 25), 0, "room for all");
        assert_eq!(refitted(0, 24, 7, 25), 18, "less room");
        assert_eq!(refitted(9, 0, 7, 0), 0);
    }

    #[test]
    fn a_line_ends_between_parts_where_all_of_them_fit() {
        let counts = "5 files looked at · 3 as they were · 2 failed";
        assert_eq!(broken(counts, 60), [counts]);
        assert_eq!(broken(counts, 43), ["5 files looked at · 3 as they were", "2 failed"]);
        assert_eq!(broken("word · a sentence of words", 12), ["word · a", "sentence of", "words"]);
        assert_eq!(broken("one\ntwo · three", 40), ["one", "two · three"]);
        assert_eq!(broken("", 40), [""]);
    }
}
