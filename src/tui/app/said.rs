//! Where what was just said stands. It moves nothing, and takes cells in which nothing stands where there are enough of them:
//! beside the hints, or, of what only tells that something was done, in the first line, over no more than a title. What has
//! no room there stands over rows of the place, and where an overlay has all of those inside its border.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

use super::view::{free_beside_hints, room_of_title};
use super::{Notice, State, Tone};
use crate::tui::action::Action;
use crate::tui::layout::{Frame, over};
use crate::tui::look::{Look, Role};
use crate::tui::overlay::Overlay;
use crate::tui::paint::{columns, fill, put};

/// What parts lists and settings from what a place is for.
const RULE: &str = "│";

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Nowhere,
    /// Beside the hints.
    Last(Rect),
    /// At the right of the first line.
    First(Rect),
    /// Over rows of the place, or of an overlay that has all of it, and within what it stays there.
    Over {
        rows: Rect,
        within: Rect,
    },
}

impl Stand {
    /// Where it stands as far as that is known before the place is painted.
    pub(super) fn of(state: &State, parts: &Frame) -> Self {
        let Some(notice) = &state.notices.now else { return Self::Nowhere };
        let wide = columns(&notice.shown());
        let fits = |(from, end): &(u16, u16)| from.saturating_add(wide) <= *end;
        if let Some((x, _)) = free_beside_hints(state, parts.bottom).filter(fits) {
            return Self::Last(Rect { x, width: wide, ..parts.bottom });
        }
        // What is to be read stands near the hands.
        let first = notice.tone == Tone::News && !parts.top.is_empty();
        if let Some((_, end)) = first.then(|| room_of_title(state, parts.top)).filter(fits) {
            return Self::First(Rect { x: end - wide, width: wide, ..parts.top });
        }
        over_place(state, parts, notice)
    }

    /// The rows of the place that it stands over.
    pub(super) fn over(self) -> Rect {
        if let Self::Over { rows, .. } = self { rows } else { Rect::default() }
    }

    /// The column of the first line from which on it stands there.
    pub(super) fn in_first(self) -> Option<u16> {
        if let Self::First(area) = self { Some(area.x) } else { None }
    }

    /// Paints it over all that was painted; returns the cells that are its own.
    pub(super) fn paint(
        self,
        state: &State,
        caret: Option<Position>,
        parts: &Frame,
        cells: &mut Buffer,
    ) -> Rect {
        let Some(notice) = &state.notices.now else { return Rect::default() };
        let style = state.look.style(notice.tone.role());
        match self {
            Self::Nowhere => Rect::default(),
            Self::Last(area) | Self::First(area) => {
                put(cells, area.x, area.y, area.right(), &notice.shown(), style);
                area
            }
            Self::Over { rows, within } => {
                let clear = clear_of(&state.look, rows, caret, within, cells);
                paint_over(state, notice, clear, parts.body, cells)
            }
        }
    }
}

/// The rows over the place in which a notice stands. Nothing is written below an overlay, and a notice across one would cut it
/// in two: where no rows are free below it, it stands in it, above its border and its last line.
fn over_place(state: &State, parts: &Frame, notice: &Notice) -> Stand {
    let (screen, body) = (parts.top.union(parts.bottom), parts.body);
    let high = |width: u16| notice.lines(width).len() as u16;
    let covers = |overlay: &Overlay, rows: Rect| !overlay.area(screen).intersection(rows).is_empty();
    let [above, last] = [state.pane().foot(body), 0].map(|foot| over(body, high(body.width), foot));
    let is_free = |rows: &Rect| !state.overlays.iter().any(|overlay| covers(overlay, *rows));
    if let Some(rows) = [above, last].into_iter().find(is_free) {
        let ends = state.overlays.iter().map(|overlay| overlay.area(screen).bottom());
        let top = ends.max().unwrap_or(body.y).clamp(body.y, rows.y);
        return Stand::Over { rows, within: Rect { y: top, height: body.bottom() - top, ..body } };
    }
    let front = state.overlays.iter().rev().find(|overlay| covers(overlay, last));
    let within = front.map_or(body, |overlay| overlay.coverable(screen));
    Stand::Over { rows: over(within, high(within.width), 0), within }
}

/// The same above the line in which the caret is, and above a row that is chosen, or below it: who writes sees what they write,
/// and who chooses what they chose.
fn clear_of(look: &Look, said: Rect, caret: Option<Position>, within: Rect, cells: &Buffer) -> Rect {
    let above = |y: u16| Rect { y: y.saturating_sub(said.height).max(within.y), ..said };
    if let Some(caret) = caret.filter(|caret| (said.top()..said.bottom()).contains(&caret.y)) {
        return above(caret.y);
    }
    let mark = look.style(Role::Selected);
    // Without a ground of its own it is reversed.
    let marked = |cell: &Cell| match mark.bg {
        Some(ground) => cell.bg == ground,
        None => !mark.add_modifier.is_empty() && cell.modifier.contains(mark.add_modifier),
    };
    let is_chosen =
        |y: &u16| (within.left()..within.right()).any(|x| cells.cell((x, *y)).is_some_and(marked));
    let Some(chosen) = (said.top()..said.bottom()).find(is_chosen) else { return said };
    let below = Rect { y: (chosen + 1).min(within.bottom().saturating_sub(said.height)), ..said };
    let clear = |over: &Rect| !(over.top()..over.bottom()).any(|y| is_chosen(&y));
    [above(chosen), below].into_iter().find(clear).unwrap_or(said)
}

/// Paints it in rows of its own, between the rules beside its words: what lies behind those stays in sight.
fn paint_over(state: &State, notice: &Notice, rows: Rect, body: Rect, cells: &mut Buffer) -> Rect {
    let lines = notice.lines(rows.width);
    let room = rows.width.saturating_sub(2);
    let widest = lines.iter().map(|line| columns(line)).max().unwrap_or(0).min(room);
    // An overlay's border is no rule.
    let area = if state.overlays.is_empty() {
        short_of_rule(between_rules(rows, widest + 2, body, cells), widest + 2, cells)
    } else {
        rows
    };
    fill(cells, area, state.look.style(Role::Surface));
    let style = state.look.style(notice.tone.role());
    let (left, right) = (area.x + 1, area.right().saturating_sub(1));
    for (y, line) in (area.top()..area.bottom()).zip(&lines) {
        let whole = if columns(line) > room { where_whole(state, room) } else { String::new() };
        let end = put(cells, left, y, right.saturating_sub(columns(&whole)), line, style);
        put(cells, end, y, right, &whole, state.look.style(Role::Muted));
    }
    area
}

/// The widest part between the rules through the whole place, as the one beside a list, where that has room for `wide`
/// columns: it cuts none of them in two there. All of the rows where it has not.
fn between_rules(rows: Rect, wide: u16, body: Rect, cells: &Buffer) -> Rect {
    let is_rule = |x: &u16| {
        let mut column = (body.top()..body.bottom()).filter_map(|y| cells.cell((*x, y)));
        column.all(|cell| cell.symbol() == RULE)
    };
    let mut widest = Rect { width: 0, ..rows };
    let mut left = rows.left();
    for right in (rows.left()..rows.right()).filter(is_rule).chain([rows.right()]) {
        let part = Rect { x: left, width: right.saturating_sub(left), ..rows };
        if part.width > widest.width {
            widest = part;
        }
        left = right.saturating_add(1);
    }
    if widest.width < wide { rows } else { widest }
}

/// As far as a rule that stands in all of these rows behind the first `wide` columns.
fn short_of_rule(rows: Rect, wide: u16, cells: &Buffer) -> Rect {
    let is_rule = |x: &u16| {
        let mut column = (rows.top()..rows.bottom()).filter_map(|y| cells.cell((*x, y)));
        column.all(|cell| cell.symbol() == RULE)
    };
    let end = (rows.x.saturating_add(wide)..rows.right()).find(is_rule);
    end.map_or(rows, |end| Rect { width: end - rows.x, ..rows })
}

/// Where the whole text is, behind one that is cut; nothing where that would leave too little of it.
fn where_whole(state: &State, room: u16) -> String {
    // Who only rates has no palette; a press on it shows it whole to them as well.
    if state.closed {
        return String::new();
    }
    let key = state.options.keymap.name(state.pane().context(), Action::Palette);
    let words = format!(" whole in {key}, {}", Action::ShowNotices.title());
    if columns(&words) > room / 3 * 2 { String::new() } else { words }
}
