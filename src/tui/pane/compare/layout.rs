//! Where the parts are: one pure function, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::{Focus, State};
use crate::tui::layout::{BESIDE, Side, Sides, sides};
use crate::tui::paint::wrap;

/// The narrowest column that is read.
const NARROW: u16 = 40;
/// The fewest rows of one.
const LEAST: u16 = 5;
/// Room for the letter of a folded one.
const FOLDED: u16 = 5;
/// From this width on a column's figures stand in one row.
const WIDE: u16 = 64;
/// The most rows of what is written.
const ROWS: u16 = 6;

/// The areas. What is not shown is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Areas {
    pub list: Option<Rect>,
    /// What the selected one of the list is, below it; empty where that has no room or keys go elsewhere.
    pub about: Rect,
    /// Vertical rules of the sides, by their column.
    pub rules: [Option<u16>; 2],
    pub drawer: Option<Rect>,
    /// What all of them are asked with; empty where that is all left to the defaults.
    pub shared: Rect,
    /// The columns in sight, from the left.
    pub columns: Vec<ColumnArea>,
    /// Where they stand, or what is said where there are none.
    pub field: Rect,
    /// Why the last message was not taken.
    pub failed: Rect,
    /// The composer's ground, with the bar and the line below the text.
    pub box_area: Rect,
    /// Its text.
    pub composer: Rect,
}

/// One column in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnArea {
    /// Its place among all, from the left.
    pub place: usize,
    /// Only its letter is shown.
    pub folded: bool,
    /// Who answers.
    pub head: Rect,
    pub answers: Rect,
    /// What the last answer took: one row, or two where that is too narrow for it.
    pub foot: Rect,
}

impl Areas {
    /// The width of the narrowest column in sight that shows answers.
    pub fn narrowest(&self) -> Option<u16> {
        self.columns.iter().filter(|column| !column.folded).map(|column| column.answers.width).min()
    }
}

impl State {
    /// The parts in `body`.
    pub(super) fn areas(&self, body: Rect) -> Areas {
        let focused = self.focus == Focus::List;
        let list = Side { open: !self.folded && body.width >= BESIDE && self.wide_enough(body), focused };
        // It names who answers.
        let shows = !self.is_hidden();
        let drawer =
            Side { open: self.drawer_open && shows, focused: self.focus == Focus::Settings && shows };
        let Sides { list, drawer, rules, main } = sides(body, list, drawer);
        let (list, about) = self.with_about(list);
        let mut areas = Areas { list, about, rules, drawer, ..Areas::default() };
        let Some(main) = main else { return areas };
        let text = Rect { x: main.x + 2, width: main.width.saturating_sub(4), ..main };
        let rows = self.composer.rows_at(text.width, ROWS.min(main.height / 3).max(1));
        let high = (rows + 1).min(main.height);
        areas.box_area = Rect { y: main.bottom() - high, height: high, ..main };
        areas.composer = Rect { height: high.saturating_sub(1), ..text };
        areas.composer.y = areas.box_area.y;
        let mut bottom = areas.box_area.y;
        if let Some(error) = &self.failed {
            let lines = wrap(&error.to_string(), main.width.saturating_sub(4)).len() as u16;
            let high = lines.min(bottom.saturating_sub(main.y) / 2);
            areas.failed = Rect { y: bottom - high, height: high, ..main };
            bottom = areas.failed.y;
        }
        areas.field = Rect { height: bottom - main.y, ..main };
        if areas.field.height > LEAST && self.shared().is_some() {
            areas.shared = Rect { height: 1, ..areas.field };
            areas.field = Rect { y: main.y + 1, height: areas.field.height - 1, ..main };
        }
        areas.columns = self.columns_in(areas.field);
        areas
    }

    /// The list, and what its end has room for of the selected one: a blank row, a row of facts, a row for each column.
    fn with_about(&self, list: Option<Rect>) -> (Option<Rect>, Rect) {
        let selected = self.selected_comparison().filter(|_| self.focus == Focus::List);
        let rows = selected.map_or(0, |comparison| comparison.columns.len() as u16 + 2);
        match list.filter(|list| rows > 0 && list.height >= 2 * rows) {
            Some(list) => {
                let height = list.height - rows;
                let about = Rect { y: list.y + height + 1, height: rows - 1, ..list };
                (Some(Rect { height, ..list }), about)
            }
            None => (list, Rect::default()),
        }
    }

    /// The list stands beside the columns only where that hides none of them.
    fn wide_enough(&self, body: Rect) -> bool {
        let columns = self.lanes.len().max(1) as u16;
        body.width.saturating_sub(31) / columns >= NARROW
    }

    /// As many columns as are wide enough, from the first one in sight; a folded one takes room for its letter.
    fn columns_in(&self, field: Rect) -> Vec<ColumnArea> {
        let order = self.order();
        if order.is_empty() || field.height < LEAST {
            return Vec::new();
        }
        let folded = |place: usize| self.narrow.contains(&place);
        let least = |place: usize| if folded(place) { FOLDED } else { NARROW.min(field.width) };
        // Where those end that have room from a place on; the rules between them are of their own.
        let end = |first: usize| {
            let mut room = field.width;
            let fits = |place: &usize| {
                let takes = least(*place);
                let fits = takes <= room;
                room = room.saturating_sub(takes);
                fits
            };
            first + (first..order.len()).take_while(fits).count().max(1)
        };
        // No room is left empty behind the last one.
        let mut first = self.first.min(order.len() - 1);
        while first > 0 && end(first - 1) >= order.len() {
            first -= 1;
        }
        let places = first..end(first).min(order.len());
        let count = places.len() as u16;
        let narrow = places.clone().filter(|place| folded(*place)).count() as u16;
        let free = field.width.saturating_sub(count - 1).saturating_sub(narrow * FOLDED);
        let open = (count - narrow).max(1);
        let (wide, mut rest) = (free / open, free % open);
        let mut x = field.x;
        let mut columns = Vec::with_capacity(places.len());
        for place in places {
            let folded = folded(place);
            let more = u16::from(rest > 0 && !folded);
            rest -= more;
            let width = if folded { FOLDED } else { wide + more };
            let column = Rect { x, width: width.min(field.right().saturating_sub(x)), ..field };
            x += width + 1;
            let foot = if width < WIDE { 2 } else { 1 };
            let height = field.height - 1 - foot;
            columns.push(ColumnArea {
                place,
                folded,
                head: Rect { height: 1, ..column },
                answers: Rect { y: field.y + 1, height, ..column },
                foot: Rect { y: field.y + 1 + height, height: foot, ..column },
            });
        }
        columns
    }

    /// Brings the column that keys act on into sight.
    pub(super) fn reveal(&mut self, body: Rect) {
        self.at = self.at.min(self.lanes.len().saturating_sub(1));
        loop {
            let areas = self.areas(body).columns;
            let (Some(first), Some(last)) = (areas.first(), areas.last()) else { return };
            if self.at <= last.place {
                self.first = first.place.min(self.at);
                return;
            }
            // Where folded ones leave the sight it may have no room yet: then more of them go.
            self.first = first.place + (self.at - last.place);
        }
    }
}
