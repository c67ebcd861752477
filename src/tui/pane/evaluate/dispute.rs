//! One item that raters differ on: the question, what was said, what was decided, the answers and whose they are.

use super::answer::Set;
use super::card::item as digits;
use super::charts::{Bar, Figures, Kind, Line, SENTENCE, Table, indented, piece, words};
use super::decide::{Next, Of, next};
use crate::domain::Error;
use crate::domain::evaluation::metric::Method;
use crate::domain::evaluation::report::words::skipped;
use crate::domain::evaluation::report::{Decided, Disagreement, MetricReport, Report, said_of};
use crate::domain::evaluation::vote::Said;
use crate::domain::evaluation::{Item, ResponseId, Vote};
use crate::domain::figures::grouped;
use crate::domain::untrusted::safe_line;
use crate::tui::effect::TaskId;
use crate::tui::look::Role;
use crate::tui::paint::columns;
use crate::tui::when;
use crate::tui::widget::text::fit;

/// A disagreement that is open.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opened {
    /// Its places in the report.
    pub metric: usize,
    pub at: usize,
    pub item: Option<Item>,
    /// What raters say of it, and stands.
    pub votes: Vec<Vote>,
    pub asking: Option<TaskId>,
    pub error: Option<Error>,
    /// The question, then the answers, set for the width that there is.
    pub sets: Vec<Set>,
    /// The places of what was said so far of a decision, in each list that was asked.
    pub said: Vec<usize>,
}

impl Opened {
    pub fn new(metric: usize, at: usize) -> Self {
        Self {
            metric,
            at,
            item: None,
            votes: Vec::new(),
            asking: None,
            error: None,
            sets: Vec::new(),
            said: Vec::new(),
        }
    }

    /// The metric and the disagreement.
    pub fn of<'a>(&self, report: &'a Report) -> Option<(&'a MetricReport, &'a Disagreement)> {
        let metric = report.metrics.get(self.metric)?;
        Some((metric, metric.disagreements.get(self.at)?))
    }

    /// The answers by their ids in votes, and whose they are.
    pub fn answers(&self, seed: u64) -> Vec<Of> {
        let Some(item) = &self.item else { return Vec::new() };
        let hash = item.hash();
        let of = |model: &String| (ResponseId::of(seed, &hash, model), model.clone());
        item.responses.iter().map(|response| of(&response.model)).collect()
    }

    /// Sets its texts as a rater has them.
    pub fn set(&mut self, width: u16) {
        let Some(item) = &self.item else { return };
        let width = width.min(SENTENCE);
        let question = Set::question(&item.turns, item.reference.as_deref(), width);
        let answers = item.responses.iter().map(|response| Set::answer(&response.text, width));
        self.sets = std::iter::once(question).chain(answers).collect();
    }

    /// It as lines, once its texts are set; `decides` says how one is made.
    pub fn lines(&self, report: &Report, seed: u64, decides: &str, wall: when::Now, width: u16) -> Vec<Line> {
        let (Some(item), Some((metric, told))) = (&self.item, self.of(report)) else { return Vec::new() };
        let set = |place: usize| Line::rows(place, self.sets.get(place).map_or(0, |set| set.rows.len()));
        let mut lines: Vec<Line> = set(0).collect();
        lines.push(Line::blank());
        let answers = self.answers(seed);
        lines.extend(said(metric, told, &answers, width));
        lines.extend(by_rater(&self.votes, (metric, told), &answers, width));
        lines.push(Line::blank());
        lines.extend(decisions(report, (metric, told), decides, wall, width));
        let comments: Vec<_> = report.comments.iter().filter(|of| of.item == told.item).collect();
        if !comments.is_empty() {
            lines.extend([Line::blank(), Line::sub("Comments")]);
            let text = comments.iter().map(|of| format!("{}: {}", of.rater, of.comment));
            lines.extend(text.flat_map(|text| words(&text, Role::Text, width)));
        }
        for (place, response) in (1..).zip(&item.responses) {
            let disputed = told.source.as_ref() == Some(&response.model);
            let beside = if disputed { "raters differ on this one" } else { "" };
            lines.extend([Line::blank(), Line::head(&response.model, beside, width)]);
            lines.extend(set(place));
        }
        lines
    }
}

/// A value with the word for it, where it is a point of a scale that has words.
fn in_words(value: &str, metric: &MetricReport, answers: &[Of]) -> String {
    // A word for it may stand behind it.
    let number = value.split(' ').next().unwrap_or(value);
    let point = number.parse::<usize>().ok().and_then(|point| point.checked_sub(1));
    let asked = metric.asked();
    match (metric.method, point, next(&asked, answers, &[])) {
        (
            Method::IndividualLikertScale | Method::ComparisonLikertScale,
            Some(at),
            Some(Next::Ask(_, options)),
        ) => options.into_iter().nth(at).unwrap_or_else(|| value.to_owned()),
        (Method::ComparisonRank, Some(at), _) => match asked.place(at + 1) {
            Some(word) => format!("{number} {word}"),
            None => format!("place {number}"),
        },
        _ => value.to_owned(),
    }
}

fn said(metric: &MetricReport, told: &Disagreement, answers: &[Of], width: u16) -> Vec<Line> {
    let whose = told.source.as_ref().map_or_else(String::new, |source| format!("of {source}"));
    let head = format!("{} · item {}", metric.name, digits(&told.item.0));
    let mut lines = vec![Line::head(&head, &whose, width)];
    if !metric.description.trim().is_empty() {
        lines.extend(words(&metric.description, Role::Muted, width));
    }
    let mut table = Table::of(&["raters"]);
    let all = told.votes.max(1) as f64;
    table.rows.extend(told.said.iter().map(|(value, votes)| Figures {
        bar: Some(Bar::Share { value: *votes as f64 / all, bounds: None }),
        cells: vec![grouped(*votes)],
        ..Figures::of(&in_words(value, metric, answers), &["spread"])
    }));
    lines.extend(table.lines(width.min(72)));
    lines
}

/// Columns of a rater's name at most.
const RATER: u16 = 20;

/// Who said what, one below the other.
fn by_rater(
    votes: &[Vote],
    (metric, told): (&MetricReport, &Disagreement),
    answers: &[Of],
    width: u16,
) -> Vec<Line> {
    let asked = metric.asked();
    let said = |vote: &Vote| match &vote.said {
        Said::Skipped(why) => Some(format!("skipped: {}", skipped(*why))),
        Said::Withdrawn => None,
        Said::Values(_) => {
            let value = said_of(vote, &asked, answers, told.source.as_deref())?;
            Some(in_words(&value, metric, answers))
        }
    };
    let who = |vote: &Vote| {
        let again = if vote.repeat { ", again" } else { "" };
        format!("{}{again}", safe_line(&vote.rater))
    };
    let mut rows: Vec<(String, String)> =
        votes.iter().filter_map(|vote| Some((who(vote), said(vote)?))).collect();
    rows.sort();
    if rows.is_empty() {
        return Vec::new();
    }
    let names = rows.iter().map(|(who, _)| columns(who)).max().unwrap_or(0).min(RATER);
    let mut lines = vec![Line::blank(), Line::sub("Who said it")];
    for (who, what) in rows {
        let mut beside = indented(&what, Role::Text, 2 + names + 2, width);
        let name = piece(2, fit(&who, names.into()).into_owned(), Role::Muted);
        match beside.first_mut() {
            Some(first) => first.pieces.insert(0, name),
            None => beside.push(Line::of(Kind::Plain, vec![name])),
        }
        lines.extend(beside);
    }
    lines
}

/// What was decided, the last one first.
fn decisions(
    report: &Report,
    (metric, told): (&MetricReport, &Disagreement),
    decides: &str,
    wall: when::Now,
    width: u16,
) -> Vec<Line> {
    let about = |known: &&Decided| known.item == told.item && known.metric == metric.name;
    let mut lines = vec![Line::sub("Decided")];
    let known: Vec<_> = report.decided.iter().filter(about).collect();
    if known.is_empty() {
        lines.extend(words(&format!("Nothing yet; {decides} decides it."), Role::Muted, width));
    }
    for of in known.iter().rev() {
        let (sign, role) = if of.stands { ("✓", Role::Good) } else { ("·", Role::Muted) };
        let after = if of.stands { "" } else { " · a later one stands" };
        let when = format!("{} {}", wall.date(of.at), wall.clock(of.at));
        lines.extend(words(&format!("{sign} {} · {} · {when}{after}", of.value, of.by), role, width));
        if !of.reason.is_empty() {
            lines.extend(words(&format!("  {}", of.reason), Role::Text, width));
        }
    }
    lines
}
