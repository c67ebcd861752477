//! How old the lists of models are, in one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::listing::Listing;
use crate::domain::time::Timestamp;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put};

/// Which lists are old, and which could not be had; the troubles first. Of more troubles than there is room for, every
/// provider is named, and no reason.
pub fn draw(cells: &mut Buffer, area: Rect, lists: &[Listing], now: Timestamp, ground: Style, look: &Look) {
    let style = |role| ground.patch(look.style(role));
    let (failed, old): (Vec<_>, Vec<_>) =
        lists.iter().filter(|list| !list.is_fresh(now)).partition(|list| list.error.is_some());
    let whole = failed.iter().filter_map(|list| {
        let error = list.error.as_ref()?;
        Some(match list.age(now) {
            Some(age) => format!("{} {age}; now: {}", list.provider, error.why),
            None => format!("{}: {}", list.provider, error.why),
        })
    });
    let mut troubles: Vec<String> = whole.collect();
    let needed = troubles.iter().map(|text| columns(text) + 5).sum::<u16>();
    if troubles.len() > 1 && needed > area.width + 3 {
        troubles = vec![format!("{} gave no list", named(&failed, area.width))];
    }
    let old = old.iter().filter_map(|list| Some(format!("{} {}", list.provider, list.age(now)?)));
    let troubles = troubles.into_iter().map(|text| (format!("✗ {text}"), Role::Bad));
    let all = troubles.chain(old.map(|text| (text, Role::Muted)));
    let mut x = area.x;
    for (text, role) in all {
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

/// `dead, keyed and home`; where there are too many for the line, how many more.
fn named(failed: &[&Listing], width: u16) -> String {
    const REST: u16 = 26;
    let mut names = String::new();
    for (at, list) in failed.iter().enumerate() {
        let before = match at {
            0 => "",
            at if at + 1 == failed.len() => " and ",
            _ => ", ",
        };
        if at > 0 && columns(&names) + columns(&list.provider) + REST > width {
            return format!("{names} and {} more", failed.len() - at);
        }
        names.push_str(before);
        names.push_str(&list.provider);
    }
    names
}
