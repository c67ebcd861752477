//! How old the lists of models are, in one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::listing::Listing;
use crate::domain::time::Timestamp;
use crate::tui::look::{Look, Role};
use crate::tui::paint::put;

/// Which lists are old, and which could not be had; the troubles first.
pub fn draw(cells: &mut Buffer, area: Rect, lists: &[Listing], now: Timestamp, ground: Style, look: &Look) {
    let style = |role| ground.patch(look.style(role));
    let mut lists: Vec<_> = lists.iter().filter(|list| !list.is_fresh(now)).collect();
    lists.sort_by_key(|list| list.error.is_none());
    let mut x = area.x;
    for list in lists {
        let age = list.age(now);
        let (text, role) = match (&list.error, age) {
            (Some(error), Some(age)) => (format!("{} {age}; now: {}", list.provider, error.why), Role::Bad),
            (Some(error), None) => (format!("{}: {}", list.provider, error.why), Role::Bad),
            (None, Some(age)) => (format!("{} {age}", list.provider), Role::Muted),
            (None, None) => continue,
        };
        if x > area.x {
            // A list is begun where something of it can be read.
            if x + 12 > area.right() {
                break;
            }
            x = put(cells, x, area.y, area.right(), " · ", style(Role::Rule));
        }
        x = put(cells, x, area.y, area.right(), &text, style(role));
    }
}
