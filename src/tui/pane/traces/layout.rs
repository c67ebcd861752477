//! Where the parts are: pure functions, asked by `update` and by `view`.

use ratatui::layout::Rect;

/// From this width on what is read of a span stands beside the spans.
pub(super) const BESIDE: u16 = 100;

/// Where the list of runs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Runs {
    pub head: Rect,
    /// The line that narrows them; empty where none does.
    pub narrow: Rect,
    pub titles: Rect,
    pub rows: Rect,
    /// What is known of the selected one; empty where there is no room.
    pub card: Rect,
}

/// `wanted` are the rows of the card that would show all of it: it has them as long as half of the place is left to others.
pub(super) fn runs(narrowed: bool, wanted: u16, body: Rect) -> Runs {
    let card = match body.height {
        0..16 => 0,
        16..30 => wanted.min(body.height / 2).max(6),
        _ => wanted.min(body.height / 2).max(9),
    };
    let above = 1 + u16::from(narrowed);
    let rows = below(body, above + 1, card);
    Runs {
        head: line(body, 0),
        narrow: if narrowed { line(body, 1) } else { Rect { height: 0, ..body } },
        titles: line(body, above),
        rows,
        card: Rect { y: rows.bottom(), height: body.bottom().saturating_sub(rows.bottom()), ..body },
    }
}

/// Where the spans of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spans {
    pub head: Rect,
    pub titles: Rect,
    pub rows: Rect,
    /// What is read of the selected one, where it stands beside them.
    pub side: Option<Rect>,
}

pub(super) fn spans(body: Rect) -> Spans {
    let head = line(body, 0);
    if body.width < BESIDE {
        return Spans { head, titles: line(body, 1), rows: below(body, 2, 0), side: None };
    }
    let left = Rect { width: body.width * 11 / 20, ..body };
    let under = below(body, 1, 0);
    let side = Rect { x: left.right() + 1, width: body.width - left.width - 1, ..under };
    Spans { head, titles: line(left, 1), rows: below(left, 2, 0), side: Some(side) }
}

/// Where something is read that has the place to itself.
pub(super) fn text(body: Rect) -> Rect {
    below(body, 1, 0)
}

fn line(area: Rect, at: u16) -> Rect {
    Rect { y: area.y + at.min(area.height), height: 1.min(area.height.saturating_sub(at)), ..area }
}

/// What is left under so many lines and above so many.
fn below(area: Rect, lines: u16, under: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height.saturating_sub(lines + under), ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_lie_within_the_place_at_any_size() {
        for (width, height) in [(0, 0), (60, 1), (60, 18), (100, 22), (240, 68)] {
            let body = Rect::new(0, 1, width, height);
            let (runs, spans) = (runs(true, 40, body), spans(body));
            let parts = [
                runs.head,
                runs.narrow,
                runs.titles,
                runs.rows,
                runs.card,
                spans.head,
                spans.titles,
                spans.rows,
            ];
            for part in parts.into_iter().chain(spans.side).chain([text(body)]) {
                assert_eq!(part.intersection(body).area(), part.area(), "{part:?} in {body:?}");
            }
            assert!(spans.side.is_none_or(|side| side.x > spans.rows.right()));
        }
    }
}
