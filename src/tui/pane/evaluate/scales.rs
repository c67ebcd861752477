//! What is asked of an item and what was said of it, as lines that fit a width.

use super::marks::{Blank, ENDS, Mark, Marks, all_bad, label, possible, side, thumb, tie, words};
use crate::domain::evaluation::metric::{Method, Metric};
use crate::tui::paint::columns;

/// What the answer is marked with that the next key is about.
pub(super) const TURN: &str = "▸";

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

/// The panel below the answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panel<'a> {
    pub metrics: &'a [Metric],
    /// How many there are.
    pub answers: usize,
    pub marks: &'a Marks,
    /// What the vote said that stands of the item, or stood.
    pub earlier: Option<&'a Marks>,
}

impl Panel<'_> {
    /// A scale a metric.
    pub fn scales(&self, width: u16) -> Vec<Scale> {
        let room = self.room(width);
        let current = self.marks.current();
        let scale = |(at, metric): (usize, &Metric)| {
            let blank = current.filter(|blank| blank.metric == at);
            let rows = match blank {
                Some(blank) => self.asked(metric, blank, room),
                None => flow(self.told(metric, at), room),
            };
            Scale { name: metric.name.clone(), current: blank.is_some(), rows }
        };
        self.metrics.iter().enumerate().map(scale).collect()
    }

    /// Rows that the scales have at most, whichever of them is asked and whatever is said: with so many the answers stay
    /// where they are through an item.
    pub fn most_rows(&self, width: u16) -> usize {
        let room = self.room(width);
        let longest: Vec<Option<Mark>> = self.metrics.iter().map(|metric| self.longest(metric)).collect();
        let full = Marks::supposed(self.metrics, self.answers, |blank| {
            let (metric, mark) = (self.metrics.get(blank.metric)?, longest.get(blank.metric)?.as_ref()?);
            let before = self.earlier.and_then(|marks| marks.mark(blank.metric, blank.answer));
            let before =
                before.map_or(0, |mark| columns(&ticked(self.in_words(mark, metric), Spoken::Before)));
            (columns(&self.in_words(mark, metric)) >= before).then(|| mark.clone())
        });
        let told = |(at, metric): (usize, &Metric)| {
            let panel = Panel { marks: &full, ..*self };
            flow(panel.told(metric, at), room).len()
        };
        let told: Vec<usize> = self.metrics.iter().enumerate().map(told).collect();
        let all: usize = told.iter().sum();
        let with_asked = |(at, metric): (usize, &Metric)| {
            let states = full.asking(at, longest[at].as_ref());
            let rows = states.iter().filter_map(|marks| {
                let panel = Panel { marks, ..*self };
                Some(panel.asked(metric, marks.current()?, room).len())
            });
            all - told[at] + rows.max().unwrap_or(0)
        };
        self.metrics.iter().enumerate().map(with_asked).max().unwrap_or(0)
    }

    /// Columns beside the names of the metrics.
    fn room(&self, width: u16) -> u16 {
        let names = self.metrics.iter().map(|metric| columns(&metric.name)).max().unwrap_or(0).min(24);
        width.saturating_sub(names + 2)
    }

    /// What takes the most columns of all that may be said of one answer, or of all of them.
    fn longest(&self, metric: &Metric) -> Option<Mark> {
        let columns_of = |mark: &Mark| columns(&self.in_words(mark, metric));
        possible(metric, self.answers).into_iter().max_by_key(columns_of)
    }

    fn in_words(&self, mark: &Mark, metric: &Metric) -> String {
        words(mark, metric, self.answers == 2)
    }

    /// What was said of a metric and an answer, now or else before.
    fn spoken(&self, metric: &Metric, at: usize, answer: Option<usize>) -> (Option<String>, Spoken) {
        let in_words = |mark| self.in_words(mark, metric);
        let before = || self.earlier?.mark(at, answer);
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
        let Some(place) = blank.answer.filter(|_| self.answers > 1) else { return flow(keys, room) };
        let key = format!("{TURN} {}:", called(place, self.answers));
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
            Method::ComparisonChoice if self.answers == 2 => pieces.extend([
                piece("1 ←", side(metric, 0, true)),
                piece("2 →", side(metric, 1, true)),
                piece("=", tie(metric)),
                piece("b", all_bad(metric, true)),
            ]),
            Method::ComparisonChoice => {
                if metric.labels.is_empty() {
                    pieces.push(piece(&format!("1–{}", self.answers), "the best".to_owned()));
                } else {
                    let one = |place: usize| piece(&(place + 1).to_string(), side(metric, place, false));
                    pieces.extend((0..self.answers).map(one));
                }
                pieces.extend([piece("=", tie(metric)), piece("b", all_bad(metric, false))]);
            }
            Method::ComparisonRank => {
                let begun = when == Spoken::Now;
                let usual = if begun { "the next best" } else { "the best first" };
                let asked = metric.place(self.marks.next_place()).unwrap_or(usual);
                if self.answers == 2 {
                    // No numbers stand over two: which digit is which side is said here.
                    pieces.push(piece("", format!("{asked}:")));
                    pieces.extend([piece("1", called(0, self.answers)), piece("2", called(1, self.answers))]);
                } else {
                    pieces.push(piece(&format!("1–{}", self.answers), asked.to_owned()));
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
            let words = match answer.filter(|_| self.answers > 1) {
                Some(place) => format!("{}: {said}", called(place, self.answers)),
                None => said,
            };
            Piece { key: String::new(), words: ticked(words, when), said: when }
        };
        if metric.method.compares() {
            vec![told(None)]
        } else {
            (0..self.answers).map(|place| told(Some(place))).collect()
        }
    }
}

/// What an answer is called of so many: by its side where there are two.
pub(super) fn called(place: usize, answers: usize) -> String {
    match (answers, place) {
        (1, _) => "answer".to_owned(),
        (2, 0) => "left".to_owned(),
        (2, _) => "right".to_owned(),
        _ => format!("answer {}", place + 1),
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
