//! Where the parts of a sheet are: one pure function, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::Sitting;
use super::marks::{Blank, ENDS, all_bad, label, side, thumb, tie, words};
use crate::domain::evaluation::metric::{Method, Metric};
use crate::tui::paint::columns;

/// The narrowest answer that is read.
const NARROW: u16 = 30;

/// What the answer is marked with that the next key is about.
pub(super) const TURN: &str = "▸";

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

/// A piece of a line of the scales: a key and its word, or a word alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub key: String,
    pub words: String,
    /// It is what was said, or what was said before.
    pub said: Spoken,
}

/// Whether something was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Spoken {
    #[default]
    Not,
    /// In the vote that stands, or stood.
    Before,
    Now,
}

/// One metric as it is asked: its name, then pieces, in rows of the width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scale {
    pub name: String,
    pub current: bool,
    pub rows: Vec<Vec<Piece>>,
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
        let needed: usize = self.scales(inside.width).iter().map(|scale| scale.rows.len()).sum();
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

    /// What is asked, as lines that fit the width.
    pub(super) fn scales(&self, width: u16) -> Vec<Scale> {
        let Some(seat) = self.seat.as_ref().filter(|seat| seat.sheet.is_some()) else { return Vec::new() };
        let metrics = &seat.task.metrics;
        let name_width = metrics.iter().map(|metric| columns(&metric.name)).max().unwrap_or(0).min(24);
        let current = self.marks.current();
        let scale = |(at, metric): (usize, &Metric)| {
            let is_current = current.is_some_and(|blank| blank.metric == at);
            let room = width.saturating_sub(name_width + 2);
            let rows = match current.filter(|blank| blank.metric == at) {
                Some(blank) => self.asked(metric, blank, room),
                None => flow(self.told(metric, at), room),
            };
            Scale { name: metric.name.clone(), current: is_current, rows }
        };
        metrics.iter().enumerate().map(scale).collect()
    }

    /// What an answer is called: by its side where there are two.
    pub(super) fn called(&self, place: usize) -> String {
        match (self.answers(), place) {
            (1, _) => "answer".to_owned(),
            (2, 0) => "left".to_owned(),
            (2, _) => "right".to_owned(),
            _ => format!("answer {}", place + 1),
        }
    }

    /// What was said of a metric and an answer, now or else before.
    fn spoken(&self, metric: &Metric, at: usize, answer: Option<usize>) -> (Option<String>, Spoken) {
        let in_words = |mark| words(mark, metric, self.answers() == 2);
        let before = || self.earlier.as_ref()?.mark(at, answer);
        match (self.marks.mark(at, answer), before()) {
            (Some(now), _) => (Some(in_words(now)), Spoken::Now),
            (None, Some(before)) => (Some(in_words(before)), Spoken::Before),
            (None, None) => (None, Spoken::Not),
        }
    }

    /// The keys that fill a blank; of several answers they stand where theirs does, beside what is said of the others, or
    /// below all that is said where one row does not hold both.
    fn asked(&self, metric: &Metric, blank: Blank, room: u16) -> Vec<Vec<Piece>> {
        let keys = self.keys(metric, blank);
        let Some(place) = blank.answer.filter(|_| self.answers() > 1) else { return flow(keys, room) };
        let key = format!("{TURN} {}:", self.called(place));
        let called = Piece { key: key.clone(), words: String::new(), said: Spoken::Not };
        let mut pieces = self.told(metric, blank.metric);
        pieces.splice(place..=place, std::iter::once(called).chain(keys.iter().cloned()));
        let mut rows = flow(pieces, room);
        if rows.len() > 1 {
            let (words, said) = self.spoken(metric, blank.metric, blank.answer);
            let words = ticked(words.unwrap_or_else(|| NOTHING.to_owned()), said);
            let mut told = self.told(metric, blank.metric);
            told[place] = Piece { key, words, said };
            rows = flow(told, room);
            rows.extend(flow(keys, room));
        }
        rows
    }

    fn keys(&self, metric: &Metric, blank: Blank) -> Vec<Piece> {
        let (words_said, when) = self.spoken(metric, blank.metric, blank.answer);
        let piece = |key: &str, words: String| {
            let is_said = words_said.as_ref().is_some_and(|said| *said == words);
            let said = if is_said { when } else { Spoken::Not };
            Piece { said, key: key.to_owned(), words: ticked(words, said) }
        };
        let mut pieces = Vec::new();
        match metric.method {
            Method::ThumbsUpDown => {
                pieces.extend([piece("y", thumb(metric, true)), piece("n", thumb(metric, false))]);
            }
            Method::IndividualLikertScale | Method::ComparisonLikertScale => {
                let points = metric.points().unwrap_or_default();
                pieces.extend((1..=points).map(|point| match label(metric, point) {
                    // A point without a word is said by its number; which end is which stands at the ends.
                    none if none.is_empty() => {
                        let Piece { words, said, .. } = piece("", point.to_string());
                        let end = match point {
                            1 => ENDS[0],
                            point if point == points => ENDS[1],
                            _ => "",
                        };
                        Piece { key: words, words: end.to_owned(), said }
                    }
                    word => piece(&point.to_string(), word),
                }));
            }
            Method::ComparisonChoice if self.answers() == 2 => pieces.extend([
                piece("1 ←", side(metric, 0, true)),
                piece("2 →", side(metric, 1, true)),
                piece("=", tie(metric)),
                piece("b", all_bad(metric, true)),
            ]),
            Method::ComparisonChoice => {
                if metric.labels.is_empty() {
                    pieces.push(piece(&format!("1–{}", self.answers()), "the best".to_owned()));
                } else {
                    let one = |place: usize| piece(&(place + 1).to_string(), side(metric, place, false));
                    pieces.extend((0..self.answers()).map(one));
                }
                pieces.extend([piece("=", tie(metric)), piece("b", all_bad(metric, false))]);
            }
            Method::ComparisonRank => {
                let begun = when == Spoken::Now;
                let usual = if begun { "the next best" } else { "the best first" };
                let asked = metric.place(self.marks.next_place()).unwrap_or(usual);
                if self.answers() == 2 {
                    // No numbers stand over two: which digit is which side is said here.
                    pieces.push(piece("", format!("{asked}:")));
                    pieces.extend([piece("1", self.called(0)), piece("2", self.called(1))]);
                } else {
                    pieces.push(piece(&format!("1–{}", self.answers()), asked.to_owned()));
                }
                if begun && !self.marks.joins() {
                    pieces.push(piece("=", "as good as the last one".to_owned()));
                }
                let words = match words_said {
                    Some(words) if begun && self.marks.joins() => format!("ranked {words} = …"),
                    Some(words) => ticked(format!("ranked {words}"), when),
                    None => "not ranked yet".to_owned(),
                };
                pieces.push(Piece { key: String::new(), words, said: when });
            }
        }
        pieces
    }

    /// What was said of a metric that is not the current one.
    fn told(&self, metric: &Metric, at: usize) -> Vec<Piece> {
        let told = |answer: Option<usize>| {
            let (words, when) = self.spoken(metric, at, answer);
            let said = words.unwrap_or_else(|| NOTHING.to_owned());
            let words = match answer.filter(|_| self.answers() > 1) {
                Some(place) => format!("{}: {said}", self.called(place)),
                None => said,
            };
            Piece { key: String::new(), words: ticked(words, when), said: when }
        };
        if metric.method.compares() {
            vec![told(None)]
        } else {
            (0..self.answers()).map(|place| told(Some(place))).collect()
        }
    }
}

/// What stands where nothing is said.
const NOTHING: &str = "–";

/// What was said before is told by a sign: not by colour alone.
fn ticked(words: String, said: Spoken) -> String {
    if said == Spoken::Before { format!("{words} ✓") } else { words }
}

/// Columns of a piece.
pub(super) fn wide(piece: &Piece) -> u16 {
    let gap = u16::from(!piece.key.is_empty() && !piece.words.is_empty());
    columns(&piece.key) + gap + columns(&piece.words)
}

/// Pieces in rows, two columns between them.
fn flow(pieces: Vec<Piece>, width: u16) -> Vec<Vec<Piece>> {
    let mut rows: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut used = 0;
    for piece in pieces {
        let needed = wide(&piece);
        let gap = if used > 0 { 2 } else { 0 };
        if used > 0 && used + gap + needed > width {
            rows.push(Vec::new());
            used = needed;
        } else {
            used += gap + needed;
        }
        if let Some(row) = rows.last_mut() {
            row.push(piece);
        }
    }
    rows
}
