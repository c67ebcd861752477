//! Where the parts are: pure functions, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::{Open, cited};
use crate::tui::paint::wrap;
use crate::tui::widget::text::Row;

/// From this width on the card stands beside what is listed.
const BESIDE: u16 = 130;
/// Below this width two of a kind stand one above the other: side by side each would have room for a few letters of a passage.
pub(super) const STACKED: u16 = 72;
/// Rows of each then at least, with its titles: where there are fewer, the one that keys act on has them all.
const EACH: u16 = 3;
/// Rows that an answer leaves to what was found, where it has more than half of them.
const LEFT: u16 = 6;
/// Rows that it has at most then.
const SMALL: u16 = 12;
/// The widest text that is read.
pub(super) const MEASURE: u16 = 100;

/// The rows of the bases, and the card below them.
pub(super) fn bases(body: Rect) -> (Rect, Rect) {
    let card = (body.height * 3 / 5).clamp(8, 20).min(body.height / 2 + 2);
    let height = body.height.saturating_sub(1 + card);
    let rows = Rect { y: body.y + 1, height, ..body };
    (rows, Rect { y: rows.bottom(), height: body.bottom().saturating_sub(rows.bottom()), ..body })
}

/// Documents or passages and their card, below a head of one line and one of titles.
pub(super) fn listed(body: Rect) -> (Rect, Rect) {
    let below = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
    if body.width >= BESIDE {
        let width = body.width * 2 / 5;
        let card = Rect {
            x: body.x + width + 1,
            width: body.width - width - 1,
            y: body.y + 1,
            height: body.height.saturating_sub(1),
        };
        return (Rect { width, ..below }, card);
    }
    let high = (below.height * 3 / 5).max(4).min(below.height);
    let rows = Rect { height: below.height - high, ..below };
    (rows, Rect { y: rows.bottom(), height: high, ..below })
}

/// Where a file is that is cut by one way or by two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Of each way, above its rows.
    pub titles: Vec<Rect>,
    pub rows: Vec<Rect>,
    pub card: Rect,
    /// The card stands beside the rows.
    pub beside: bool,
}

impl Cut {
    /// Rows of a page of that side: one that has no room now will have that of the other.
    pub fn page(&self, at: usize) -> u16 {
        let own = self.rows.get(at).map_or(0, |rows| rows.height);
        let most = self.rows.iter().map(|rows| rows.height).max().unwrap_or(0);
        if own == 0 { most } else { own }
    }
}

/// Several of a kind one above the other, each with its part of the rows; where that is too little, the one at that place alone.
fn stacked(list: Rect, many: u16, at: usize) -> Vec<Rect> {
    let each = list.height / many.max(1);
    let part = |n: u16| {
        let y = list.y + n * each;
        Rect { y, height: if n + 1 == many { list.bottom() - y } else { each }, ..list }
    };
    let alone = |n: u16| if usize::from(n) == at { list } else { Rect { height: 0, ..list } };
    (0..many).map(|n| if each < EACH { alone(n) } else { part(n) }).collect()
}

/// The first line of a part, for its titles, and the rows below.
fn titled(part: Rect) -> (Rect, Rect) {
    let titles = Rect { height: 1.min(part.height), ..part };
    (titles, Rect { y: part.y + 1, height: part.height.saturating_sub(1), ..part })
}

/// `at` is the side that keys act on.
pub(super) fn cuts(sides: usize, at: usize, body: Rect) -> Cut {
    let title = |rows: &Rect| Rect { y: body.y + 1, height: 1, ..*rows }.intersection(body);
    if sides < 2 {
        let (rows, card) = listed(body);
        return Cut { titles: vec![title(&rows)], rows: vec![rows], card, beside: card.x > rows.x };
    }
    let below = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
    if body.width < STACKED {
        let whole = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
        let list = Rect { height: whole.height - below.height / 2, ..whole };
        let card = Rect { y: list.bottom(), height: whole.height - list.height, ..whole };
        let (titles, rows) = stacked(list, sides as u16, at).into_iter().map(titled).unzip();
        return Cut { titles, rows, card, beside: false };
    }
    let high = (below.height * 3 / 5).max(4).min(below.height);
    let wide = below.width.saturating_sub(1) / 2;
    let left = Rect { width: wide, height: below.height - high, ..below };
    let right = Rect { x: left.right() + 1, width: below.width.saturating_sub(wide + 1), ..left };
    let card = Rect { y: left.bottom(), height: high, ..below };
    Cut { titles: [left, right].iter().map(title).collect(), rows: vec![left, right], card, beside: false }
}

/// Where a question, its answer and its hits are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub head: Rect,
    pub query: Rect,
    /// Empty where nothing is answered.
    pub answer: Rect,
    /// What is answered, as wide as it stands there.
    pub said: Vec<Row>,
    /// The titles of each setting's hits, above its rows.
    pub titles: Vec<Rect>,
    pub rows: Vec<Rect>,
    pub card: Rect,
    /// The card stands beside the rows.
    pub beside: bool,
}

/// Where the rows of an answer stand in what is its own: below a line for what it took, above one of air.
pub(super) fn text_of(answer: Rect) -> Rect {
    Rect {
        x: answer.x + 2,
        y: answer.y + 1,
        width: answer.width.saturating_sub(4).min(MEASURE),
        height: answer.height.saturating_sub(2),
    }
}

pub(super) fn found(open: &Open, body: Rect) -> Found {
    let line = |y: u16| Rect { y, height: 1, ..body }.intersection(body);
    let (head, query) = (line(body.y), line(body.y + 1));
    let mut rest = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
    let mut answer = Rect { height: 0, ..rest };
    let mut text = Vec::new();
    if let Some(said) = &open.answer {
        text = cited::rows(said, said.given, body.width.saturating_sub(4).min(MEASURE));
        let lines = match &said.error {
            Some(error) => wrap(&error.to_string(), body.width.saturating_sub(6)).len(),
            None => text.len(),
        };
        // A line for what it took, one of air. It is what was asked for: up to half of the room is its own, on a small screen all
        // that a hit or two leave.
        let needed = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
        let own = (rest.height / 2).max(rest.height.saturating_sub(LEFT).min(SMALL)).max(4);
        answer.height = needed.clamp(3, if open.whole { u16::MAX } else { own }).min(rest.height);
        rest = Rect { y: answer.bottom(), height: rest.height - answer.height, ..rest };
    }
    let many = open.columns.len().max(1) as u16;
    let counts = open.columns.iter().map(super::found::Column::rows);
    let (most, all) = (counts.clone().max().unwrap_or(0) as u16, counts.sum::<usize>() as u16);
    // Of two that stand one above the other two thirds are theirs.
    let narrow = many > 1 && most > 0 && body.width < STACKED;
    let both = (all + many).max(EACH * many).min(rest.height * 2 / 3);
    let beside = body.width >= BESIDE && many == 1;
    let (list, card) = if beside {
        let width = rest.width * 11 / 20;
        let card = Rect { x: rest.x + width + 1, width: rest.width - width - 1, ..rest };
        (Rect { width, ..rest }, card)
    } else {
        // Titles and rows; what is left is the card's. Where nothing is listed what is said instead has all the room.
        let high = match most {
            0 => rest.height,
            _ if narrow && both / many >= EACH => both,
            most => (most + 1).min((rest.height / 2).max(2)),
        };
        let high = high.min(rest.height);
        let list = Rect { height: high, ..rest };
        (list, Rect { y: list.bottom(), height: rest.height - high, ..rest })
    };
    let wide = (list.width - (many - 1)) / many;
    let side_by_side = |n: u16| {
        let x = list.x + n * (wide + 1);
        Rect { x, width: if n + 1 == many { list.right() - x } else { wide }, ..list }
    };
    let columns: Vec<Rect> =
        if narrow { stacked(list, many, open.at) } else { (0..many).map(side_by_side).collect() };
    let (titles, rows) = columns.into_iter().map(titled).unzip();
    Found { head, query, answer, said: text, titles, rows, card, beside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_cutting_stand_one_above_the_other_where_the_screen_is_narrow() {
        let shown = |width, height, at| cuts(2, at, Rect::new(0, 1, width, height));
        let wide = shown(80, 22, 0);
        assert!(wide.rows[1].x > wide.rows[0].right() && wide.rows[0].y == wide.rows[1].y);
        let narrow = shown(60, 18, 0);
        assert_eq!((narrow.rows[0].width, narrow.rows[1].width, narrow.rows[1].x), (60, 60, 0));
        assert_eq!((narrow.titles[1].y, narrow.card.y), (narrow.rows[0].bottom(), narrow.rows[1].bottom()));
        assert_eq!((narrow.page(0), narrow.page(1)), (3, 4));
        // Where there is no room for both it is the one that keys act on.
        let low = shown(60, 8, 1);
        assert!(low.titles[0].is_empty() && low.rows[0].is_empty() && low.rows[1].height > 2);
        assert_eq!(low.page(0), low.page(1));
    }

    #[test]
    fn the_parts_of_a_file_that_is_cut_lie_within_the_place_at_any_size() {
        for (width, height) in [(0, 0), (30, 1), (30, 6), (60, 18), (71, 9), (72, 9), (240, 68)] {
            let body = Rect::new(0, 1, width, height);
            for at in [0, 1] {
                let Cut { titles, rows, card, .. } = cuts(2, at, body);
                for part in titles.into_iter().chain(rows).chain([card]) {
                    assert_eq!(part.intersection(body).area(), part.area(), "{part:?} in {body:?}");
                }
            }
        }
    }
}
