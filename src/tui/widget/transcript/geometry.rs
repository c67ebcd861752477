//! What is where on the screen.

use ratatui::layout::Rect;

use crate::domain::id::MessageId;
use crate::tui::widget::code::{Code, Highlights, Want};
use crate::tui::widget::text::{Row, Span, width};

use super::Position;
use super::scroll::Scroll;

/// What of a message a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The speaker's line.
    Head,
    /// The block of that index.
    Block(u32),
    /// The line that stands for what is folded of the block: a click opens it, or folds it again.
    Fold(u32),
    /// Status, error, figures.
    Foot,
    /// The branch mark: a click goes to the next branch.
    Branch,
    /// Blank.
    Gap,
}

/// A row on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Screen line.
    pub y: u16,
    /// Screen column of its text.
    pub x: u16,
    /// Index of the item.
    pub item: usize,
    pub message: MessageId,
    pub part: Part,
    pub row: Row,
    /// Set at the right end of the same line: time, branch mark.
    pub right: Vec<Span>,
}

/// The visible rows, and the scroll that led to them in its settled form.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    pub area: Rect,
    pub rows: Vec<Placed>,
    /// The same place, settled: keep it in the state.
    pub scroll: Scroll,
    /// Rows that came below since the reader left the end; `None` where nothing came.
    pub new_rows: Option<u32>,
    /// Code that is shown plain and could be highlighted.
    pub wants: Vec<Want>,
    /// Row of its message that the first visible row is.
    pub(super) top_row: u32,
    /// The last row of the last item is visible.
    pub at_end: bool,
    /// The scrollbar's first row and its rows, where not all is in sight.
    pub thumb: Option<(u16, u16)>,
}

/// What lies under a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub item: usize,
    pub message: MessageId,
    pub part: Part,
    /// The place in the text, where the row shows any.
    pub position: Option<Position>,
    /// The n-th code block of its block, from 0.
    pub code: Option<u32>,
}

impl Geometry {
    /// The item at the top and the row of it.
    pub fn top(&self) -> Option<(usize, u32)> {
        self.rows.first().map(|placed| (placed.item, self.top_row))
    }

    /// Rows above the first one of a message, where that is in sight.
    pub fn rows_above(&self, message: MessageId) -> Option<u16> {
        let first = self.rows.iter().find(|placed| placed.message == message)?;
        let begins = self.top().is_none_or(|(item, row)| item != first.item || row == 0);
        begins.then(|| first.y - self.area.y)
    }

    /// What lies under a cell; `None` outside of the area or below the text.
    pub fn hit(&self, x: u16, y: u16) -> Option<Hit> {
        if !self.area.contains((x, y).into()) {
            return None;
        }
        self.rows.iter().find(|placed| placed.y == y).map(|placed| placed.hit(x, self.area.right()))
    }

    /// The place in the text nearest to a cell that may lie anywhere: where a drag has come to.
    pub fn nearest(&self, x: u16, y: u16) -> Option<Position> {
        let distance = |placed: &&Placed| (placed.y.abs_diff(y), placed.y < y);
        let place = |placed: &Placed| placed.hit(x, self.area.right()).position;
        self.rows.iter().filter(|placed| place(placed).is_some()).min_by_key(distance).and_then(|placed| {
            let whole = |byte| {
                let Part::Block(block) = placed.part else { return None };
                Some(Position { message: placed.message, block, byte })
            };
            match placed.row.source() {
                // Beyond the text, the whole of its last or first row is meant.
                Some((_, end)) if placed.y < y => whole(end),
                Some((start, _)) if placed.y > y => whole(start),
                _ => place(placed),
            }
        })
    }
}

impl Geometry {
    /// Notes that a line of a block is shown plain: one want a block, for its last such line.
    pub(super) fn want(&mut self, highlights: &Highlights, code: &Code, line: usize) {
        if let Some(want) = highlights.want(code, line) {
            match self.wants.iter_mut().find(|known| known.same_block(&want)) {
                Some(known) => *known = want,
                None => self.wants.push(want),
            }
        }
    }
}

impl Placed {
    /// The column where what stands at the right begins, in an area that ends at `right`; `None` where there is no
    /// room for it.
    pub(super) fn right_start(&self, right: u16) -> Option<u16> {
        let wide: usize = self.right.iter().map(|span| width(&span.text)).sum();
        let free = usize::from(right).saturating_sub(usize::from(self.x) + self.row.width());
        // A column stays free before the scrollbar.
        (wide > 0 && wide + 3 < free).then(|| right - wide as u16 - 2)
    }

    fn hit(&self, x: u16, right: u16) -> Hit {
        let mark = self.right_start(right).zip(self.right.first()).is_some_and(|(start, mark)| {
            mark.text.starts_with('⑂') && (start..start + width(&mark.text) as u16).contains(&x)
        });
        let part = if mark { Part::Branch } else { self.part };
        let position = match part {
            Part::Block(block) => self.row.source_at(x.saturating_sub(self.x)).map(|byte| Position {
                message: self.message,
                block,
                byte,
            }),
            _ => None,
        };
        Hit {
            item: self.item,
            message: self.message,
            part,
            position,
            code: self.row.code.map(|code| code.block),
        }
    }
}
