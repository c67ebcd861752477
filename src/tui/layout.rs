//! The screen's parts: two fixed lines and the place between them.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_cover_the_screen_at_any_size() {
        for (width, height) in [(0, 0), (1, 1), (60, 20), (240, 70), (3, 2)] {
            for reading in [false, true] {
                let area = Rect::new(0, 0, width, height);
                let frame = frame(area, reading);
                assert_eq!(frame.top.height + frame.body.height + frame.bottom.height, height);
                assert!(frame.too_small || width >= 60);
            }
        }
    }
}
