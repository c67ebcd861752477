//! Where the parts are: one pure function, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::{Focus, State, prompt};
use crate::domain::message::BlobId;
use crate::tui::layout::{BESIDE, Side, Sides, sides};
use crate::tui::paint::wrap;

/// The most rows of the prompt that is written, and of the one above what a picture is.
const ROWS: u16 = 6;
const PROMPT: usize = 2;

/// The areas. What is not shown is `None` or empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    pub list: Option<Rect>,
    /// Vertical rules, by their column.
    pub rules: [Option<u16>; 2],
    pub drawer: Option<Rect>,
    /// The pictures of a making.
    pub gallery: Rect,
    /// What they are.
    pub caption: Rect,
    /// Why the last prompt was not taken.
    pub failed: Rect,
    /// The composer's ground, with the bar and the line below the text.
    pub box_area: Rect,
    /// Its text.
    pub composer: Rect,
}

/// Where one picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The cells that it may take.
    pub room: Rect,
    /// There are several: each has its number in the line under it.
    pub numbered: bool,
}

impl State {
    /// The parts in `body`.
    pub(super) fn areas(&self, body: Rect) -> Areas {
        let mut areas = Areas::default();
        if self.enlarged {
            let high = body.height.saturating_sub(1);
            areas.gallery = Rect { height: high, ..body };
            areas.caption = Rect {
                x: body.x + 2.min(body.width),
                y: body.y + high,
                width: body.width.saturating_sub(4),
                height: body.height - high,
            };
            return areas;
        }
        // The list is never alone: the pictures that it is of are what is looked at.
        let list = Side { open: !self.folded && body.width >= BESIDE, focused: false };
        let drawer = Side { open: false, focused: self.focus == Focus::Settings };
        let Sides { list, drawer, rules, main } = sides(body, list, drawer);
        (areas.list, areas.drawer, areas.rules) = (list, drawer, rules);
        let Some(main) = main else { return areas };
        let text = Rect { x: main.x + 2, width: main.width.saturating_sub(4), ..main };
        let rows = self.composer.rows_at(text.width, ROWS.min(main.height / 3).max(1));
        let high = (rows + 1).min(main.height);
        areas.box_area = Rect { y: main.bottom() - high, height: high, ..main };
        areas.composer = Rect { y: areas.box_area.y, height: high.saturating_sub(1), ..text };
        let mut bottom = areas.box_area.y;
        if let Some(error) = &self.failed {
            let lines = wrap(&error.to_string(), main.width.saturating_sub(4)).len() as u16;
            let high = lines.min(bottom.saturating_sub(main.y) / 2);
            areas.failed = Rect { y: bottom - high, height: high, ..areas.box_area };
            bottom = areas.failed.y;
        }
        // A free line above the box and one above the pictures.
        let above = bottom.saturating_sub(main.y).saturating_sub(1);
        let asked = self.making().map_or(1, |making| wrap(prompt(making), text.width).len().clamp(1, PROMPT));
        let caption = (asked as u16 + 1).min(above / 3);
        areas.caption = Rect { y: main.y + above - caption, height: caption, ..text };
        areas.gallery = Rect { y: main.y + 1.min(above), height: above.saturating_sub(caption + 2), ..text };
        areas
    }

    /// Where the pictures of the making that is looked at stand; those that have not come have a place too.
    pub(super) fn slots(&self, body: Rect) -> Vec<Slot> {
        let gallery = self.areas(body).gallery;
        let Some(making) = self.making() else { return Vec::new() };
        let came = making.made.len();
        let count = if making.runs() { came.max(making.asked.count as usize) } else { came };
        match count {
            _ if gallery.is_empty() => Vec::new(),
            _ if self.enlarged => vec![Slot { room: gallery, numbered: false }],
            count => grid(gallery, count),
        }
    }

    /// What of which size is to be drawn.
    pub(super) fn wanted(&self, body: Rect) -> Vec<(BlobId, (u16, u16))> {
        let Some(making) = self.making() else { return Vec::new() };
        let slots = self.slots(body);
        let size = |slot: &Slot| (slot.room.width, slot.room.height);
        if self.enlarged {
            return self
                .made()
                .zip(slots.first())
                .map(|(made, slot)| (made.blob.clone(), size(slot)))
                .into_iter()
                .collect();
        }
        making.made.iter().zip(&slots).map(|(made, slot)| (made.blob.clone(), size(slot))).collect()
    }
}

/// So many places of one size, as large as they can be, where a cell is about twice as high as it is wide.
fn grid(area: Rect, count: usize) -> Vec<Slot> {
    const GAP: u16 = 2;
    if count < 2 {
        return (0..count).map(|_| Slot { room: area, numbered: false }).collect();
    }
    let sizes = (1..=count as u16).map(|columns| {
        let rows = (count as u16).div_ceil(columns);
        let width = area.width.saturating_sub(GAP * (columns - 1)) / columns;
        // A line for its number, and a free one between the rows.
        let height = (area.height.saturating_sub(rows - 1) / rows).saturating_sub(1);
        (columns, width, height)
    });
    let best = sizes.max_by_key(|(columns, width, height)| {
        (u32::from(*width).min(2 * u32::from(*height)), std::cmp::Reverse(*columns))
    });
    let Some((columns, width, height)) = best.filter(|(_, width, height)| *width > 0 && *height > 0) else {
        return Vec::new();
    };
    let slot = |at: u16| {
        let (column, row) = (at % columns, at / columns);
        let room = Rect { x: area.x + column * (width + GAP), y: area.y + row * (height + 2), width, height };
        Slot { room, numbered: true }
    };
    (0..count as u16).map(slot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_as_large_as_they_can_be_and_never_leave_the_area() {
        for (width, height) in [(58, 9), (60, 14), (110, 30), (240, 60), (10, 3), (3, 40)] {
            let area = Rect::new(5, 2, width, height);
            for count in 1..=10 {
                let slots = grid(area, count);
                assert!(slots.len() == count || slots.is_empty(), "{count} in {area}");
                for (at, slot) in slots.iter().enumerate() {
                    assert_eq!(slot.room.intersection(area), slot.room, "{count} in {area}: {slot:?}");
                    let below = slot.room.bottom() < area.bottom();
                    assert!(below || !slot.numbered, "{count} in {area}: {slot:?}");
                    let apart = |other: &Slot| slot.room.intersection(other.room).is_empty();
                    assert!(slots[..at].iter().all(apart), "{count} in {area}");
                }
            }
        }
        assert_eq!(grid(Rect::new(0, 0, 80, 20), 2)[1].room, Rect::new(41, 0, 39, 19));
        assert_eq!(grid(Rect::new(0, 0, 80, 20), 0), []);
    }
}
