//! What a rater has said of the item before them so far: a row of blanks that keys fill, the last of which commits.

use crate::domain::evaluation::ResponseId;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::{Chosen, Said, Value};

/// One blank: a metric, and the answer that it is said of where each is rated for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blank {
    pub metric: usize,
    /// The answer's place from the left.
    pub answer: Option<usize>,
}

/// What stands in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Thumb(bool),
    /// A point of a scale, from 1.
    Points(u8),
    /// The answer at that place from the left is the best.
    Best(usize),
    Tie,
    BothBad,
    /// The answers' places from the left, the best first; those in one group are as good.
    Ranks(Vec<Vec<usize>>),
}

/// What a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// 1 to 9.
    Digit(u8),
    Yes,
    No,
    Left,
    Right,
    Equal,
    None,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// It says nothing of this blank.
    Not,
    /// It stands there; others are blank.
    One,
    /// Every blank is filled.
    All,
}

/// The blanks in the order in which they are asked, and what stands in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    blanks: Vec<Blank>,
    filled: Vec<Option<Mark>>,
    /// The filled ones, in the order in which they were.
    order: Vec<usize>,
    at: usize,
    /// The next answer that is ranked is as good as the last one.
    joins: bool,
    answers: usize,
}

impl Marks {
    /// Those of metrics for so many answers.
    pub fn new(metrics: &[Metric], answers: usize) -> Self {
        let each = |metric: &Metric| !metric.method.compares();
        let blanks: Vec<Blank> = metrics
            .iter()
            .enumerate()
            .flat_map(|(metric, of)| {
                let places = if each(of) { (0..answers).map(Some).collect() } else { vec![None] };
                places.into_iter().map(move |answer| Blank { metric, answer })
            })
            .collect();
        Self { filled: vec![None; blanks.len()], blanks, order: Vec::new(), at: 0, joins: false, answers }
    }

    /// Those that a vote has filled: what cannot be read out of it stays blank.
    pub fn of(said: &Said, metrics: &[Metric], shown: &[ResponseId]) -> Self {
        let mut marks = Self::new(metrics, shown.len());
        let Said::Values(values) = said else { return marks };
        for (at, blank) in marks.blanks.iter().enumerate() {
            let Some(metric) = metrics.get(blank.metric) else { continue };
            let value = values.iter().find(|(name, _)| *name == metric.name);
            marks.filled[at] = value.and_then(|(_, value)| mark(value, blank.answer, shown));
        }
        marks
    }

    /// As they might be: in each blank stands what is given for it.
    pub fn supposed(metrics: &[Metric], answers: usize, mark: impl Fn(Blank) -> Option<Mark>) -> Self {
        let mut marks = Self::new(metrics, answers);
        marks.filled = marks.blanks.iter().map(|blank| mark(*blank)).collect();
        marks
    }

    /// As they are while a metric is asked: each of its blanks in turn, empty, in the midst of a ranking, and with all of `whole`.
    pub fn asking(&self, metric: usize, whole: Option<&Mark>) -> Vec<Self> {
        let mut steps = vec![(None, false), (whole.cloned(), false)];
        if let Some(Mark::Ranks(groups)) = whole {
            for ranked in 1..groups.len() {
                let begun = Some(Mark::Ranks(groups[..ranked].to_vec()));
                steps.extend([(begun.clone(), false), (begun, true)]);
            }
        }
        let of_metric = self.blanks.iter().enumerate().filter(|(_, blank)| blank.metric == metric);
        let at_blank = |(at, _): (usize, &Blank)| {
            steps.iter().map(move |(mark, joins)| {
                let mut marks = Self { at, joins: *joins, ..self.clone() };
                marks.filled[at].clone_from(mark);
                marks
            })
        };
        of_metric.flat_map(at_blank).collect()
    }

    /// Whether something is said already.
    pub fn is_begun(&self) -> bool {
        self.filled.iter().any(Option::is_some)
    }

    /// The blank that the next key fills.
    pub fn current(&self) -> Option<Blank> {
        self.blanks.get(self.at).copied()
    }

    /// The answer whose turn it is, where each is rated for itself.
    pub fn turn(&self) -> Option<usize> {
        self.current().and_then(|blank| blank.answer)
    }

    /// The next key is about that answer, where each is rated for itself.
    pub fn turn_to(&mut self, answer: usize) {
        let Some(Blank { metric, answer: Some(_) }) = self.current() else { return };
        let wanted = Blank { metric, answer: Some(answer) };
        if let Some(at) = self.blanks.iter().position(|blank| *blank == wanted) {
            self.at = at;
        }
    }

    /// Whether the blanks are the same.
    pub fn fits(&self, other: &Self) -> bool {
        (&self.blanks, self.answers) == (&other.blanks, other.answers)
    }

    /// What stands in the blank of a metric and an answer.
    pub fn mark(&self, metric: usize, answer: Option<usize>) -> Option<&Mark> {
        let at = self.blanks.iter().position(|blank| *blank == Blank { metric, answer })?;
        self.filled[at].as_ref()
    }

    /// The place that the next answer of a ranking gets, from 1.
    pub fn next_place(&self) -> usize {
        let Some(Mark::Ranks(groups)) = self.filled.get(self.at).and_then(Option::as_ref) else { return 1 };
        let ranked: usize = groups.iter().map(Vec::len).sum();
        let shares = groups.last().filter(|_| self.joins).map_or(0, Vec::len);
        ranked - shares + 1
    }

    /// The next answer of a ranking is as good as the last one.
    pub fn joins(&self) -> bool {
        self.joins
    }

    /// Fills the current blank.
    pub fn fill(&mut self, stroke: Stroke, metrics: &[Metric]) -> Filled {
        let Some(blank) = self.current() else { return Filled::Not };
        let Some(metric) = metrics.get(blank.metric) else { return Filled::Not };
        let place = |digit: u8| usize::from(digit) - 1;
        let mark = match (metric.method, stroke) {
            (Method::ThumbsUpDown, Stroke::Yes | Stroke::Digit(1)) => Mark::Thumb(true),
            (Method::ThumbsUpDown, Stroke::No | Stroke::Digit(2)) => Mark::Thumb(false),
            (Method::IndividualLikertScale | Method::ComparisonLikertScale, Stroke::Digit(point))
                if metric.points().is_some_and(|points| point <= points) =>
            {
                Mark::Points(point)
            }
            // The middle of a scale that has one.
            (Method::ComparisonLikertScale, Stroke::Equal) => match metric.points() {
                Some(points) if points % 2 == 1 => Mark::Points(points / 2 + 1),
                _ => return Filled::Not,
            },
            (Method::ComparisonChoice, Stroke::Digit(digit)) if place(digit) < self.answers => {
                Mark::Best(place(digit))
            }
            (Method::ComparisonChoice, Stroke::Left) if self.answers == 2 => Mark::Best(0),
            (Method::ComparisonChoice, Stroke::Right) if self.answers == 2 => Mark::Best(1),
            (Method::ComparisonChoice, Stroke::Equal) => Mark::Tie,
            (Method::ComparisonChoice, Stroke::None) => Mark::BothBad,
            (Method::ComparisonRank, stroke) => return self.rank(stroke),
            _ => return Filled::Not,
        };
        self.put(mark)
    }

    fn put(&mut self, mark: Mark) -> Filled {
        self.filled[self.at] = Some(mark);
        self.note();
        match self.filled.iter().position(Option::is_none) {
            Some(next) => {
                self.at = next;
                Filled::One
            }
            None => Filled::All,
        }
    }

    /// The current blank is the one that was filled last.
    fn note(&mut self) {
        self.order.retain(|at| *at != self.at);
        self.order.push(self.at);
    }

    /// The next place of a ranking.
    fn rank(&mut self, stroke: Stroke) -> Filled {
        let mut groups = match self.filled[self.at].take() {
            Some(Mark::Ranks(groups)) => groups,
            _ => Vec::new(),
        };
        let ranked = |groups: &Vec<Vec<usize>>| groups.iter().map(Vec::len).sum::<usize>();
        let filled = match stroke {
            Stroke::Equal if !groups.is_empty() => {
                self.joins = true;
                Filled::One
            }
            Stroke::Digit(digit) => {
                let place = usize::from(digit) - 1;
                if place >= self.answers || groups.iter().flatten().any(|other| *other == place) {
                    Filled::Not
                } else {
                    match groups.last_mut().filter(|_| self.joins) {
                        Some(group) => group.push(place),
                        None => groups.push(vec![place]),
                    }
                    self.joins = false;
                    Filled::One
                }
            }
            _ => Filled::Not,
        };
        if filled == Filled::One && ranked(&groups) == self.answers {
            return self.put(Mark::Ranks(groups));
        }
        if !groups.is_empty() {
            self.filled[self.at] = Some(Mark::Ranks(groups));
            self.note();
        }
        filled
    }

    /// Takes back what the last key said: the mark of a blank, or of a ranking its last step; `false` where nothing is said.
    pub fn unfill(&mut self) -> bool {
        let Some(last) = self.order.pop() else { return false };
        self.at = last;
        let joined = std::mem::take(&mut self.joins);
        if let Some(Mark::Ranks(mut groups)) = self.filled[last].take() {
            if !joined && let Some(group) = groups.last_mut() {
                group.pop();
                self.joins = !group.is_empty();
            }
            groups.retain(|group| !group.is_empty());
            if !groups.is_empty() {
                self.filled[last] = Some(Mark::Ranks(groups));
                self.order.push(last);
            }
        }
        true
    }

    /// What was said, by the names of the metrics and the ids of the answers from the left; `None` while something is blank.
    pub fn values(&self, metrics: &[Metric], shown: &[ResponseId]) -> Option<Vec<(String, Value)>> {
        let of = |metric: usize| {
            let each = self.blanks.iter().zip(&self.filled).filter(move |(blank, _)| blank.metric == metric);
            each.map(|(blank, mark)| Some((blank.answer, mark.as_ref()?))).collect::<Option<Vec<_>>>()
        };
        let values = metrics.iter().enumerate().map(|(at, metric)| {
            let marks = of(at)?;
            Some((metric.name.clone(), value(metric.method, &marks, shown)?))
        });
        values.collect()
    }
}

/// What a value says of an answer, or of all of them.
fn mark(value: &Value, answer: Option<usize>, shown: &[ResponseId]) -> Option<Mark> {
    let place = |id: &ResponseId| shown.iter().position(|other| other == id);
    let of = |id: &ResponseId| answer.is_some() && place(id) == answer;
    Some(match value {
        Value::Thumbs(thumbs) => Mark::Thumb(thumbs.iter().find(|(id, _)| of(id))?.1),
        Value::Points(points) => Mark::Points(points.iter().find(|(id, _)| of(id))?.1),
        Value::Preference(point) => Mark::Points(*point),
        Value::Choice(Chosen::One(id)) => Mark::Best(place(id)?),
        Value::Choice(Chosen::Tie) => Mark::Tie,
        Value::Choice(Chosen::BothBad) => Mark::BothBad,
        Value::Ranks(ranks) => {
            let mut groups: Vec<(u8, Vec<usize>)> = Vec::new();
            for (id, rank) in ranks {
                let place = place(id)?;
                match groups.iter_mut().find(|(other, _)| other == rank) {
                    Some((_, group)) => group.push(place),
                    None => groups.push((*rank, vec![place])),
                }
            }
            groups.sort_by_key(|(rank, _)| *rank);
            Mark::Ranks(groups.into_iter().map(|(_, group)| group).collect())
        }
    })
}

fn value(method: Method, marks: &[(Option<usize>, &Mark)], shown: &[ResponseId]) -> Option<Value> {
    let id = |place: usize| shown.get(place).cloned();
    let one = marks.first().map(|(_, mark)| *mark);
    Some(match method {
        Method::ThumbsUpDown => Value::Thumbs(
            marks
                .iter()
                .map(|(answer, mark)| match mark {
                    Mark::Thumb(up) => Some((id((*answer)?)?, *up)),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
        Method::IndividualLikertScale => Value::Points(
            marks
                .iter()
                .map(|(answer, mark)| match mark {
                    Mark::Points(points) => Some((id((*answer)?)?, *points)),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
        Method::ComparisonLikertScale => match one? {
            Mark::Points(points) => Value::Preference(*points),
            _ => return None,
        },
        Method::ComparisonChoice => Value::Choice(match one? {
            Mark::Best(place) => Chosen::One(id(*place)?),
            Mark::Tie => Chosen::Tie,
            Mark::BothBad => Chosen::BothBad,
            _ => return None,
        }),
        Method::ComparisonRank => {
            let Mark::Ranks(groups) = one? else { return None };
            if groups.iter().map(Vec::len).sum::<usize>() != shown.len() {
                return None;
            }
            let mut ranks = Vec::new();
            let mut rank = 1;
            for group in groups {
                for place in group {
                    ranks.push((id(*place)?, rank));
                }
                rank += u8::try_from(group.len()).ok()?;
            }
            Value::Ranks(ranks)
        }
    })
}

/// All that may be said of one answer, or of so many together; of the rankings the one that is longest in words.
pub(super) fn possible(metric: &Metric, answers: usize) -> Vec<Mark> {
    match metric.method {
        Method::ThumbsUpDown => vec![Mark::Thumb(true), Mark::Thumb(false)],
        Method::IndividualLikertScale | Method::ComparisonLikertScale => {
            (1..=metric.points().unwrap_or_default()).map(Mark::Points).collect()
        }
        Method::ComparisonChoice => (0..answers).map(Mark::Best).chain([Mark::Tie, Mark::BothBad]).collect(),
        // Begun from the right: of two its name is the longer one.
        Method::ComparisonRank => vec![Mark::Ranks((0..answers).rev().map(|place| vec![place]).collect())],
    }
}

/// What a mark says, in a few words; `two` where there are two answers.
pub(super) fn words(mark: &Mark, metric: &Metric, two: bool) -> String {
    match mark {
        Mark::Thumb(up) => thumb(metric, *up),
        Mark::Points(points) => match label(metric, *points) {
            label if label.is_empty() => points.to_string(),
            label => label,
        },
        Mark::Best(place) => side(metric, *place, two),
        Mark::Tie => tie(metric),
        Mark::BothBad => all_bad(metric, two),
        Mark::Ranks(groups) => {
            let mut before = 0;
            let group = |group: &Vec<usize>| {
                let word = metric.place(before + 1).map_or_else(String::new, |word| format!(" {word}"));
                before += group.len();
                let called = |place: &usize| match (two, place) {
                    (true, 0) => "left".to_owned(),
                    (true, _) => "right".to_owned(),
                    _ => (place + 1).to_string(),
                };
                let equal: Vec<String> = group.iter().map(called).collect();
                format!("{}{word}", equal.join("="))
            };
            groups.iter().map(group).collect::<Vec<_>>().join(" > ")
        }
    }
}

/// The word of a choice for the answer at that place from the left.
pub(super) fn side(metric: &Metric, place: usize, two: bool) -> String {
    match (metric.side(place), two, place) {
        (Some(own), ..) => own.to_owned(),
        (None, true, 0) => "left".to_owned(),
        (None, true, _) => "right".to_owned(),
        _ => format!("answer {}", place + 1),
    }
}

/// The word of a choice for a tie.
pub(super) fn tie(metric: &Metric) -> String {
    metric.tie().unwrap_or("tie").to_owned()
}

/// The word of a choice for all bad.
pub(super) fn all_bad(metric: &Metric, two: bool) -> String {
    metric.none_good(if two { 2 } else { 3 }).to_owned()
}

/// The word for a thumb.
pub(super) fn thumb(metric: &Metric, up: bool) -> String {
    metric.thumb(up).unwrap_or(if up { "yes" } else { "no" }).to_owned()
}

/// What the first and the last point of a scale are of what is rated, where it has no words of its own.
pub(super) const ENDS: [&str; 2] = ["least", "most"];

/// The word for a point of a scale; empty for one that has none.
pub(super) fn label(metric: &Metric, point: u8) -> String {
    const SIDES: [&str; 5] = ["left, much", "left", "the same", "right", "right, much"];
    match (metric.point(point), metric.method, metric.labels.is_empty()) {
        (Some(own), ..) => own.to_owned(),
        (None, Method::ComparisonLikertScale, true) => {
            SIDES.get(usize::from(point).saturating_sub(1)).copied().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, method: Method) -> Metric {
        Metric { name: name.into(), description: String::new(), method, labels: Vec::new() }
    }

    fn ids(many: usize) -> Vec<ResponseId> {
        (0..many).map(|at| ResponseId(format!("r{at}").into())).collect()
    }

    #[test]
    fn one_key_fills_the_one_blank_and_all_is_said() {
        let metrics = [metric("best", Method::ComparisonChoice)];
        let said = |stroke| {
            let mut marks = Marks::new(&metrics, 2);
            assert_eq!(marks.fill(stroke, &metrics), Filled::All);
            marks.values(&metrics, &ids(2)).unwrap().remove(0).1
        };
        assert_eq!(said(Stroke::Left), Value::Choice(Chosen::One(ids(2)[0].clone())));
        assert_eq!(said(Stroke::Digit(2)), Value::Choice(Chosen::One(ids(2)[1].clone())));
        assert_eq!(said(Stroke::Equal), Value::Choice(Chosen::Tie));
        assert_eq!(said(Stroke::None), Value::Choice(Chosen::BothBad));
        for beyond in 3..=9 {
            assert_eq!(Marks::new(&metrics, 2).fill(Stroke::Digit(beyond), &metrics), Filled::Not);
        }
        assert_eq!(Marks::new(&metrics, 2).fill(Stroke::Yes, &metrics), Filled::Not);
    }

    #[test]
    fn a_vote_that_was_given_is_read_back_as_it_was_said() {
        let methods = [
            (Method::ThumbsUpDown, vec![Stroke::Yes, Stroke::No, Stroke::No]),
            (Method::IndividualLikertScale, vec![Stroke::Digit(4), Stroke::Digit(1), Stroke::Digit(5)]),
            (Method::ComparisonChoice, vec![Stroke::Digit(2)]),
            (
                Method::ComparisonRank,
                vec![Stroke::Digit(3), Stroke::Equal, Stroke::Digit(1), Stroke::Digit(2)],
            ),
        ];
        let metrics: Vec<Metric> =
            methods.iter().map(|(method, _)| metric(method.as_str(), *method)).collect();
        let mut marks = Marks::new(&metrics, 3);
        for stroke in methods.into_iter().flat_map(|(_, strokes)| strokes) {
            assert_ne!(marks.fill(stroke, &metrics), Filled::Not);
        }
        let values = marks.values(&metrics, &ids(3)).unwrap();
        let again = Marks::of(&Said::Values(values), &metrics, &ids(3));
        assert_eq!(again.filled, marks.filled);
    }

    #[test]
    fn with_several_blanks_keys_fill_one_after_the_other_and_can_be_taken_back() {
        let metrics = [metric("ok", Method::ThumbsUpDown), metric("which", Method::ComparisonLikertScale)];
        let mut marks = Marks::new(&metrics, 2);
        assert_eq!(marks.fill(Stroke::Yes, &metrics), Filled::One);
        assert_eq!(marks.fill(Stroke::Yes, &metrics), Filled::One);
        assert!(marks.unfill());
        assert_eq!(marks.current(), Some(Blank { metric: 0, answer: Some(1) }));
        assert_eq!(marks.fill(Stroke::No, &metrics), Filled::One);
        assert_eq!(marks.values(&metrics, &ids(2)), None, "something is blank");
        assert_eq!(marks.fill(Stroke::Digit(6), &metrics), Filled::Not, "it is beside the scale");
        assert_eq!(marks.fill(Stroke::Equal, &metrics), Filled::All);
        let values = marks.values(&metrics, &ids(2)).unwrap();
        let id = ids(2);
        assert_eq!(values[0].1, Value::Thumbs(vec![(id[0].clone(), true), (id[1].clone(), false)]));
        assert_eq!(values[1].1, Value::Preference(3));
        assert!(!Marks::new(&metrics, 2).unfill());
    }

    #[test]
    fn another_answer_may_have_its_turn_first_and_what_was_said_last_is_taken_back_first() {
        let metrics =
            [metric("tone", Method::IndividualLikertScale), metric("best", Method::ComparisonChoice)];
        let mut marks = Marks::new(&metrics, 3);
        assert_eq!(marks.turn(), Some(0));
        marks.turn_to(2);
        assert_eq!(marks.fill(Stroke::Digit(4), &metrics), Filled::One);
        assert_eq!((marks.mark(0, Some(2)), marks.turn()), (Some(&Mark::Points(4)), Some(0)));
        assert_eq!(marks.fill(Stroke::Digit(1), &metrics), Filled::One);
        assert!(marks.unfill());
        assert_eq!((marks.mark(0, Some(0)), marks.mark(0, Some(2))), (None, Some(&Mark::Points(4))));
        for _ in 0..2 {
            assert_eq!(marks.fill(Stroke::Digit(2), &metrics), Filled::One);
        }
        assert_eq!(marks.turn(), None, "all are compared");
        marks.turn_to(1);
        assert_eq!(marks.current(), Some(Blank { metric: 1, answer: None }));
    }

    #[test]
    fn answers_are_ranked_by_their_numbers_and_equal_ones_share_a_place() {
        let metrics = [metric("order", Method::ComparisonRank)];
        let mut marks = Marks::new(&metrics, 4);
        assert_eq!(marks.fill(Stroke::Equal, &metrics), Filled::Not, "nothing to be equal to");
        assert_eq!(marks.fill(Stroke::Digit(3), &metrics), Filled::One);
        assert_eq!(marks.fill(Stroke::Digit(3), &metrics), Filled::Not, "it is ranked already");
        assert_eq!(marks.fill(Stroke::Equal, &metrics), Filled::One);
        assert_eq!(marks.fill(Stroke::Digit(1), &metrics), Filled::One);
        assert_eq!(marks.fill(Stroke::Digit(4), &metrics), Filled::One);
        assert_eq!(marks.values(&metrics, &ids(4)), None);
        assert_eq!(marks.fill(Stroke::Digit(2), &metrics), Filled::All);
        let ranks: Vec<(ResponseId, u8)> =
            [(2, 1), (0, 1), (3, 3), (1, 4)].map(|(at, rank)| (ids(4)[at].clone(), rank)).into();
        assert_eq!(marks.values(&metrics, &ids(4)).unwrap()[0].1, Value::Ranks(ranks));
        let mark = marks.mark(0, None).unwrap();
        assert_eq!(words(mark, &metrics[0], false), "3=1 > 4 > 2");
        assert_eq!(words(&Mark::Ranks(vec![vec![1], vec![0]]), &metrics[0], true), "right > left");
        let labels = ["best", "good", "weak", "worst"].map(str::to_owned).to_vec();
        let labelled = Metric { labels, ..metrics[0].clone() };
        assert_eq!(words(mark, &labelled, false), "3=1 best > 4 weak > 2 worst");
    }

    #[test]
    fn the_place_that_comes_next_is_known_and_a_shared_one_is_the_last() {
        let metrics = [metric("order", Method::ComparisonRank)];
        let mut marks = Marks::new(&metrics, 4);
        assert_eq!(marks.next_place(), 1);
        marks.fill(Stroke::Digit(3), &metrics);
        assert_eq!(marks.next_place(), 2);
        marks.fill(Stroke::Equal, &metrics);
        assert_eq!(marks.next_place(), 1, "as good as the last one");
        marks.fill(Stroke::Digit(1), &metrics);
        assert_eq!(marks.next_place(), 3);
    }

    #[test]
    fn a_ranking_is_taken_back_step_by_step_and_what_was_said_before_it_after_that() {
        let metrics = [metric("best", Method::ComparisonChoice), metric("order", Method::ComparisonRank)];
        let mut marks = Marks::new(&metrics, 4);
        marks.fill(Stroke::Digit(3), &metrics);
        let mut before = Vec::new();
        for stroke in [Stroke::Digit(4), Stroke::Digit(2), Stroke::Equal, Stroke::Digit(1)] {
            before.push(marks.clone());
            assert_eq!(marks.fill(stroke, &metrics), Filled::One);
        }
        while let Some(before) = before.pop() {
            assert!(marks.unfill());
            assert_eq!(marks, before);
        }
        assert!(marks.unfill());
        assert_eq!(marks, Marks::new(&metrics, 4));
        assert!(!marks.unfill());
    }

    #[test]
    fn a_choice_is_said_in_the_words_that_the_task_has_for_it() {
        let labels = ["A better", "B better", "same", "neither"].map(str::to_owned).to_vec();
        let choice = Metric { labels, ..metric("m", Method::ComparisonChoice) };
        let said =
            [Mark::Best(0), Mark::Best(1), Mark::Tie, Mark::BothBad].map(|mark| words(&mark, &choice, true));
        assert_eq!(said, ["A better", "B better", "same", "neither"]);
    }
}
