//! Where the parts of the prompt place are: one pure function, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::{Focus, State};
use crate::tui::layout::{BESIDE, Side, sides};
use crate::tui::overlay::Hidden;

/// From this width of the column on the answer stands beside the text.
const SPLIT: u16 = 130;
/// The widest that one column is set.
const MAIN: u16 = 112;
/// Rows of one value while it is written, and of all of them.
const VALUE: u16 = 5;
const VALUES: u16 = 12;
/// Columns of the variables' names.
pub(super) const NAME: u16 = 16;

/// The areas. What is not shown is `None` or empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    pub library: Option<Rect>,
    /// Its rows, without the line that narrows it.
    pub library_rows: Option<Rect>,
    /// Vertical rules, by their column.
    pub rules: [Option<u16>; 3],
    pub drawer: Option<Rect>,
    /// Which prompt and version it is.
    pub head: Rect,
    /// The editor's ground, with the bar and the line below the text.
    pub box_area: Rect,
    /// Its text.
    pub editor: Rect,
    pub values: Rect,
    /// What says how many of them are not in sight.
    pub hidden: Rect,
    /// Which run it is, or what is compared.
    pub caption: Rect,
    pub answer: Rect,
}

impl State {
    /// The library has no room beside the prompt.
    pub(super) fn is_narrow(body: Rect) -> bool {
        body.width < BESIDE
    }

    /// The parts that the focus goes around.
    pub(super) fn parts(&self, body: Rect) -> Vec<Focus> {
        let mut parts = vec![Focus::Editor];
        parts.extend((!self.names.is_empty()).then_some(Focus::Values));
        parts.extend(self.has_answer().then_some(Focus::Answer));
        let library = self.library_open || Self::is_narrow(body) || self.focus == Focus::Library;
        parts.extend(library.then_some(Focus::Library));
        let settings = self.drawer_open || self.focus == Focus::Settings;
        parts.extend(settings.then_some(Focus::Settings));
        parts
    }

    /// The parts in `body`.
    pub(super) fn areas(&self, body: Rect) -> Areas {
        let list = Side { open: self.library_open, focused: self.focus == Focus::Library };
        let drawer = Side { open: self.drawer_open, focused: self.focus == Focus::Settings };
        let sides = sides(body, list, drawer);
        let [left, right] = sides.rules;
        let mut areas = Areas {
            library: sides.list,
            drawer: sides.drawer,
            rules: [left, right, None],
            ..Areas::default()
        };
        if let Some(main) = sides.main {
            self.column(main, &mut areas);
        }
        let rows = |library: Rect| Rect { height: library.height.saturating_sub(1), ..library };
        areas.library_rows = areas.library.map(rows);
        areas
    }

    /// The text and its values above, the answer below; side by side where there is room.
    fn column(&self, main: Rect, areas: &mut Areas) {
        let split = main.width >= SPLIT;
        let (left, right) = if split {
            let half = main.width / 2;
            areas.rules[2] = Some(main.x + half);
            let right = Rect { x: main.x + half + 1, width: main.width - half - 1, ..main };
            (Rect { width: half, ..main }, right)
        } else {
            let width = main.width.min(MAIN);
            let main = Rect { x: main.x + (main.width - width) / 2, width, ..main };
            (main, main)
        };
        let mut y = left.y;
        let mut take = |area: Rect, rows: u16| {
            let rows = rows.min(area.bottom().saturating_sub(y));
            let part = Rect { y, height: rows, ..area };
            y += rows;
            part
        };
        areas.head = take(left, 1);
        let text_width = left.width.saturating_sub(4);
        let most = if split { left.height.saturating_sub(8) } else { left.height * 2 / 5 };
        let rows = self.editor.rows_at(text_width, most.clamp(1, 40));
        areas.box_area = take(left, rows + 1);
        areas.editor = Rect {
            x: areas.box_area.x + 2.min(left.width),
            width: text_width,
            height: areas.box_area.height.saturating_sub(1),
            ..areas.box_area
        };
        if !self.names.is_empty() {
            let most = if split { VALUES * 2 } else { (left.height / 4).clamp(1, VALUES) };
            let rows = self.value_rows(left.width);
            areas.values = take(left, rows.min(most));
            areas.hidden = take(left, u16::from(rows > most));
        }
        if split {
            areas.caption = Rect { height: right.height.min(1), ..right };
            areas.answer = Rect {
                y: right.y + areas.caption.height,
                height: right.height - areas.caption.height,
                ..right
            };
        } else {
            areas.caption = take(right, 1);
            areas.answer = take(right, u16::MAX);
        }
    }

    /// Rows of the values: one each, more for the one that is written.
    fn value_rows(&self, width: u16) -> u16 {
        u16::try_from(self.names.len()).unwrap_or(u16::MAX).saturating_add(self.written_rows(width) - 1)
    }

    /// Rows of the value that is written.
    pub(super) fn written_rows(&self, width: u16) -> u16 {
        if self.focus == Focus::Values { self.value.rows_at(value_width(width), VALUE) } else { 1 }
    }

    /// The first row of the values that is shown: the one that is written is in sight.
    pub(super) fn values_top(&self, area: Rect) -> u16 {
        let end =
            u16::try_from(self.selected).unwrap_or(u16::MAX).saturating_add(self.written_rows(area.width));
        end.saturating_sub(area.height)
    }

    /// Variables above and below those that are shown; the one that is written always is.
    pub(super) fn values_hidden(&self, area: Rect) -> Hidden {
        let above = usize::from(self.values_top(area)).min(self.selected);
        let free = usize::from(area.height.saturating_sub(self.written_rows(area.width) - 1));
        Hidden { above, below: self.names.len().saturating_sub(above + free.max(1)) }
    }

    /// Where the value of the selected variable is written.
    pub(super) fn written_area(&self, area: Rect) -> Rect {
        let at = u16::try_from(self.selected).unwrap_or(u16::MAX).saturating_sub(self.values_top(area));
        let rows = self.written_rows(area.width).min(area.height.saturating_sub(at));
        Rect {
            x: area.x + (NAME + 2).min(area.width),
            y: area.y + at.min(area.height),
            width: value_width(area.width),
            height: rows,
        }
    }
}

fn value_width(width: u16) -> u16 {
    width.saturating_sub(NAME + 4)
}
