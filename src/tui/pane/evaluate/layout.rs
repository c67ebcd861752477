//! Where the parts of a sheet are: one pure function, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::Sitting;
use super::scales::{Panel, Scale, called};

/// The narrowest answer that is read.
const NARROW: u16 = 30;

/// Columns before a text: the bar of what keys scroll, and one of air.
pub(super) const BESIDE: u16 = 2;

/// Room beside the question for the key that shows the reference, and the narrowest body that has some.
const ASIDE: u16 = 14;
const WIDE: u16 = 60;

/// The areas. What is not shown is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Areas {
    /// How far the rater is.
    pub head: Rect,
    pub question: Rect,
    /// The answers in sight, from the left.
    pub answers: Vec<AnswerArea>,
    /// Between the answers and what is asked, where there is room.
    pub rule: Rect,
    /// What is asked, and what was said of it.
    pub scales: Rect,
    /// What was done last.
    pub said: Rect,
}

/// One answer in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnswerArea {
    /// Its place among all, from the left.
    pub place: usize,
    pub head: Rect,
    pub text: Rect,
}

impl Sitting {
    /// How many answers lie before the rater.
    pub(super) fn answers(&self) -> usize {
        self.seat.as_ref().and_then(|seat| seat.sheet.as_ref()).map_or(0, |sheet| sheet.answers.len())
    }

    /// The parts in `body`.
    pub(super) fn areas(&self, body: Rect) -> Areas {
        let inside = Rect { x: body.x + BESIDE, width: body.width.saturating_sub(2 * BESIDE), ..body };
        let row = |y: u16, height: u16| Rect { y, height, ..inside };
        let head = row(body.y, 1.min(body.height));
        let said = row(body.bottom().saturating_sub(1), 1.min(body.height.saturating_sub(1)));
        let needed = self.panel().map_or(0, |panel| panel.most_rows(inside.width));
        let high = (needed as u16).min(body.height / 3);
        let scales = row(said.y.saturating_sub(high), high);
        let ruled = u16::from(body.height >= 18);
        let rule = Rect { y: scales.y - ruled, height: ruled, ..body };
        let middle = row(head.bottom(), rule.y.saturating_sub(head.bottom()));
        // A quarter for the question, more where the keys scroll it.
        let asked = self.rows.question.len() as u16;
        let most = if self.focus >= self.answers() { middle.height * 2 / 3 } else { middle.height / 4 };
        let mut question = row(middle.y, asked.clamp(1, most.max(2)).min(middle.height));
        if self.offers_reference() && body.width >= WIDE {
            question.width -= ASIDE;
        }
        let field = Rect { y: question.bottom(), height: middle.bottom() - question.bottom(), ..body };
        Areas { head, question, answers: self.columns_in(field), rule, scales, said }
    }

    /// The item has a reference that is not shown.
    pub(super) fn offers_reference(&self) -> bool {
        !self.reference && self.sheet().is_some_and(|sheet| sheet.reference.is_some())
    }

    /// As many answers as are wide enough, the one that keys are about among them.
    fn columns_in(&self, field: Rect) -> Vec<AnswerArea> {
        let all = self.answers() as u16;
        if all == 0 || field.height < 2 {
            return Vec::new();
        }
        let fit = (field.width / NARROW).clamp(1, all);
        // While the question is read, the answer whose turn it is stays.
        let turn = if self.focus < self.answers() { None } else { self.marks.turn() };
        let at = (turn.unwrap_or(self.focus) as u16).min(all - 1);
        let first = at.saturating_sub(fit - 1).min(all - fit);
        let free = field.width - (fit - 1);
        let (wide, rest) = (free / fit, free % fit);
        let mut x = field.x;
        (0..fit)
            .map(|n| {
                let width = wide + u16::from(n < rest);
                let column = Rect { x: x + BESIDE, width: width.saturating_sub(BESIDE + 1), ..field };
                x += width + 1;
                AnswerArea {
                    place: usize::from(first + n),
                    head: Rect { height: 1, ..column },
                    text: Rect { y: field.y + 1, height: field.height - 1, ..column },
                }
            })
            .collect()
    }

    /// What is asked, and what was said of it; nothing where no item lies.
    fn panel(&self) -> Option<Panel<'_>> {
        let seat = self.seat.as_ref().filter(|seat| seat.sheet.is_some())?;
        let (metrics, earlier) = (seat.task.metrics.as_slice(), self.earlier.as_ref());
        Some(Panel { metrics, answers: self.answers(), marks: &self.marks, earlier })
    }

    /// What is asked, as lines that fit the width.
    pub(super) fn scales(&self, width: u16) -> Vec<Scale> {
        self.panel().map_or_else(Vec::new, |panel| panel.scales(width))
    }

    /// What an answer is called: by its side where there are two.
    pub(super) fn called(&self, place: usize) -> String {
        called(place, self.answers())
    }
}
