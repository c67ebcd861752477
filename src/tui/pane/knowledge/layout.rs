//! Where the parts are: pure functions, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::{Open, cited};
use crate::tui::paint::wrap;
use crate::tui::widget::text::Row;

/// From this width on the card stands beside what is listed.
const BESIDE: u16 = 130;
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
    /// Rows of a page.
    pub fn page(&self) -> u16 {
        self.rows.first().map_or(0, |rows| rows.height)
    }
}

pub(super) fn cuts(sides: usize, body: Rect) -> Cut {
    let title = |rows: &Rect| Rect { y: body.y + 1, height: 1, ..*rows }.intersection(body);
    if sides < 2 {
        let (rows, card) = listed(body);
        return Cut { titles: vec![title(&rows)], rows: vec![rows], card, beside: card.x > rows.x };
    }
    let below = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
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
        // A line for what it took, one of air. It is what was asked for: up to half of the room is its own.
        let needed = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
        answer.height = needed.clamp(3, (rest.height / 2).max(4)).min(rest.height);
        rest = Rect { y: answer.bottom(), height: rest.height - answer.height, ..rest };
    }
    let many = open.columns.len().max(1) as u16;
    let most = open.columns.iter().map(super::found::Column::rows).max().unwrap_or(0) as u16;
    let beside = body.width >= BESIDE && many == 1;
    let (list, card) = if beside {
        let width = rest.width * 11 / 20;
        let card = Rect { x: rest.x + width + 1, width: rest.width - width - 1, ..rest };
        (Rect { width, ..rest }, card)
    } else {
        // Titles and rows; what is left is the card's. Where nothing is listed what is said instead has all the room.
        let high = if most == 0 { rest.height } else { (most + 1).min((rest.height / 2).max(2)) };
        let high = high.min(rest.height);
        let list = Rect { height: high, ..rest };
        (list, Rect { y: list.bottom(), height: rest.height - high, ..rest })
    };
    let wide = (list.width - (many - 1)) / many;
    let columns: Vec<Rect> = (0..many)
        .map(|n| {
            let x = list.x + n * (wide + 1);
            Rect { x, width: if n + 1 == many { list.right() - x } else { wide }, ..list }
        })
        .collect();
    let titles = columns.iter().map(|column| Rect { height: 1.min(column.height), ..*column }).collect();
    let rows = columns
        .iter()
        .map(|column| Rect { y: column.y + 1, height: column.height.saturating_sub(1), ..*column })
        .collect();
    Found { head, query, answer, said: text, titles, rows, card, beside }
}
