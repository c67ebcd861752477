//! The screen's parts: two fixed lines, and the place between them; over some of its rows what was said at length.

use ratatui::layout::Rect;

/// The smallest screen that is drawn.
pub const SMALLEST: (u16, u16) = (60, 20);

/// Where the parts are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    pub top: Rect,
    pub body: Rect,
    pub bottom: Rect,
    /// Nothing but a word about the size is drawn.
    pub too_small: bool,
}

/// The parts of a screen; the reading view has no top line.
pub fn frame(area: Rect, reading: bool) -> Frame {
    let top = u16::from(!reading).min(area.height);
    let bottom = 1.min(area.height - top);
    Frame {
        top: Rect { height: top, ..area },
        body: Rect { y: area.y + top, height: area.height - top - bottom, ..area },
        bottom: Rect { y: area.bottom() - bottom, height: bottom, ..area },
        too_small: area.width < SMALLEST.0 || area.height < SMALLEST.1,
    }
}

/// So many rows over a place, for a moment: its last ones, but for `foot` in which something is written or asked. What lies
/// below stays where it is, so that nothing moves when they come or go.
pub fn over(body: Rect, rows: u16, foot: u16) -> Rect {
    let rows = rows.min(body.height / 2);
    let foot = foot.min(body.height - rows);
    Rect { y: body.bottom() - foot - rows, height: rows, ..body }
}

/// From this width on a list or the settings stand beside what a place is for; below it one of them is shown alone.
pub const BESIDE: u16 = 100;
/// From this width on both do.
const BOTH: u16 = 132;
/// Columns of the list and of the settings.
const LIST: u16 = 30;
const DRAWER: u16 = 40;

/// Whether a part at the side is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    pub open: bool,
    /// What has the focus is drawn, whatever was folded.
    pub focused: bool,
}

/// A list at the left of a place and its settings at the right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sides {
    pub list: Option<Rect>,
    pub drawer: Option<Rect>,
    /// Vertical rules, by their column.
    pub rules: [Option<u16>; 2],
    /// What is left between them; `None` where one of them has all of it.
    pub main: Option<Rect>,
}

/// The parts of a place in `body`.
pub fn sides(body: Rect, list: Side, drawer: Side) -> Sides {
    let mut sides = Sides::default();
    if body.width < BESIDE {
        match (list.focused, drawer.focused) {
            (true, _) => sides.list = Some(body),
            (_, true) => sides.drawer = Some(body),
            _ => sides.main = Some(body),
        }
        return sides;
    }
    let both = body.width >= BOTH;
    let settings = drawer.open || drawer.focused;
    let listed = list.focused || (list.open && (!settings || both));
    let settings = settings && (!listed || both);
    let mut main = body;
    if listed {
        sides.list = Some(Rect { width: LIST, ..body });
        sides.rules[0] = Some(body.x + LIST);
        main.x += LIST + 1;
        main.width -= LIST + 1;
    }
    if settings {
        sides.drawer = Some(Rect { x: body.right() - DRAWER, width: DRAWER, ..body });
        sides.rules[1] = Some(body.right() - DRAWER - 1);
        main.width -= DRAWER + 1;
    }
    sides.main = Some(main);
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_cover_the_screen_at_any_size() {
        for (width, height) in [(0, 0), (1, 1), (60, 20), (240, 70), (3, 2)] {
            for reading in [false, true] {
                let area = Rect::new(0, 0, width, height);
                let frame = frame(area, reading);
                let parts = [frame.top, frame.body, frame.bottom];
                assert_eq!(parts.iter().map(|part| part.height).sum::<u16>(), height);
                assert!(parts.windows(2).all(|two| two[0].bottom() == two[1].y), "{parts:?}");
                assert!(frame.too_small || width >= 60);
            }
        }
    }

    #[test]
    fn what_stands_over_a_place_is_within_it_and_above_what_is_written() {
        for height in [0, 1, 2, 5, 18, 68] {
            let body = Rect::new(0, 1, 60, height);
            for (rows, foot) in [(0, 0), (1, 0), (3, 2), (3, 18), (90, 1), (1, 90)] {
                let over = over(body, rows, foot);
                assert!(over.y >= body.y && over.bottom() <= body.bottom(), "{over:?} in {body:?}");
                assert!(over.height == rows.min(height / 2));
                assert!(over.y == body.y || over.bottom() == body.bottom() - foot, "{over:?} in {body:?}");
            }
        }
    }
}
