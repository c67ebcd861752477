//! What the votes of an evaluation come to, before its owner: the report card, and what raters differ on one by one.

use ratatui::layout::Rect;

use super::State;
use super::card::card;
use super::charts::{Kind, Line, words as sentence};
use super::decide::{Next, next};
use super::dispute::Opened;
use super::lines::Lines;
use crate::domain::Error;
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::report::{Report, definition};
use crate::domain::evaluation::{Item, ResponseId, Vote};
use crate::domain::id::EvaluationId;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TaskId};
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::difference::{Difference, Side};
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::reading::{Line as Said, Reading};
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::request::evaluations::{Evaluations, ReportForm};
use crate::workbench::{Request, person};

/// From this width on the lines go on in a second column.
const TWO: u16 = 200;
/// Columns beside the lines: the cursor's and one of air, at the right the scrollbar's and one of air.
const BESIDE: u16 = 4;

/// The results of one evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Results {
    pub id: EvaluationId,
    pub name: String,
    /// Of the evaluation: by it answers are named in votes.
    seed: u64,
    /// Whose the answers are was hidden from whoever looks, until now.
    unblinds: bool,
    pub report: Option<Report>,
    pub error: Option<Error>,
    asking: Option<TaskId>,
    copying: Option<TaskId>,
    deciding: Option<TaskId>,
    /// A decision was refused by a sealed workspace.
    unkept: bool,
    pub card: Lines,
    pub opened: Option<Opened>,
    /// Those of what is opened.
    pub read: Lines,
    /// Columns that the lines are made for.
    width: u16,
}

/// Where the lines are, from the left: below the head.
pub(super) fn areas(body: Rect) -> Vec<Rect> {
    let below = Rect { y: body.y + 1.min(body.height), height: body.height.saturating_sub(1), ..body };
    if body.width < TWO {
        return vec![below];
    }
    let half = (below.width - 1) / 2;
    vec![
        Rect { width: half, ..below },
        Rect { x: below.x + half + 1, width: below.width - half - 1, ..below },
    ]
}

/// Rows of the first column where there are two.
fn first(body: Rect) -> usize {
    match areas(body)[..] {
        [first, _] => first.height.into(),
        _ => 0,
    }
}

fn fit(body: Rect) -> (u16, usize) {
    let areas = areas(body);
    let width = areas.iter().map(|area| area.width).min().unwrap_or(0).saturating_sub(BESIDE);
    (width, areas.iter().map(|area| usize::from(area.height)).sum())
}

impl Results {
    fn new(evaluation: &Evaluation, by: &str) -> Self {
        Self {
            id: evaluation.id,
            name: evaluation.name().to_owned(),
            seed: evaluation.seed,
            // Before anything was said there is nothing to be told.
            unblinds: evaluation.task.blinding.models
                && !evaluation.was_seen_by(by)
                && !evaluation.is_silent(),
            report: None,
            error: None,
            asking: None,
            copying: None,
            deciding: None,
            unkept: false,
            card: Lines::default(),
            opened: None,
            read: Lines { reads: true, ..Lines::default() },
            width: 0,
        }
    }

    fn ask(&mut self, desk: &mut Desk<'_>) {
        self.error = None;
        let request = Evaluations::Report { id: self.id, version: None };
        self.asking = Some(desk.call(None, Request::Evaluations(request)));
    }

    pub(super) fn waits(&self, task: TaskId) -> bool {
        let opening = self.opened.as_ref().and_then(|opened| opened.asking);
        [self.asking, self.copying, self.deciding, opening].contains(&Some(task))
    }

    /// Drops a call that the sealed workspace refused.
    pub(super) fn forget(&mut self, task: TaskId) {
        self.unkept |= self.deciding == Some(task);
        let opening = self.opened.as_mut().map(|opened| &mut opened.asking);
        for waited in [&mut self.asking, &mut self.copying, &mut self.deciding].into_iter().chain(opening) {
            if *waited == Some(task) {
                *waited = None;
            }
        }
    }

    /// Asks anew for what is shown and did not come.
    pub(super) fn resume(&mut self, desk: &mut Desk<'_>) {
        if std::mem::take(&mut self.unkept) {
            desk.say("The decision was not kept: decide it again.");
        }
        if self.report.is_none() && self.asking.is_none() {
            self.ask(desk);
        }
        let lacks = |opened: &&Opened| opened.item.is_none() && opened.asking.is_none();
        if let Some((metric, at)) = self.opened.as_ref().filter(lacks).map(|of| (of.metric, of.at)) {
            self.open(metric, at, desk);
        }
    }

    /// It is being read, or read again.
    pub(super) fn is_reading(&self) -> bool {
        self.asking.is_some()
    }

    /// Makes the lines anew.
    fn make(&mut self, desk: &Desk<'_>) {
        let (width, height) = fit(desk.area);
        self.width = width;
        (self.card.first, self.read.first) = (first(desk.area), first(desk.area));
        let Some(report) = &self.report else { return };
        let mut lines = Vec::new();
        if self.unblinds {
            let words = "This tells whose the answers are: that you looked is kept with the evaluation.";
            let kept = sentence(words, Role::Faint, width).into_iter();
            lines.extend(kept.map(|line| Line { kind: Kind::Aside, ..line }));
        }
        lines.extend(card(report, width));
        self.card.put(lines, height);
        if let Some(opened) = &mut self.opened {
            opened.set(width);
            let decides = desk.key(Context::Results, Action::DecideItem);
            self.read.put(opened.lines(report, self.seed, &decides, desk.wall(), width), height);
            self.read.keep(height);
        }
    }

    /// What is shown fits the room.
    pub(super) fn refit(&mut self, desk: &Desk<'_>) {
        let (width, height) = fit(desk.area);
        (self.card.first, self.read.first) = (first(desk.area), first(desk.area));
        if width != self.width {
            self.make(desk);
        }
        self.card.keep(height);
        self.read.keep(height);
    }

    pub(super) fn lines(&self) -> &Lines {
        if self.opened.is_some() { &self.read } else { &self.card }
    }

    fn lines_mut(&mut self) -> &mut Lines {
        if self.opened.is_some() { &mut self.read } else { &mut self.card }
    }

    /// The disagreement under the cursor.
    fn disputed(&self) -> Option<(usize, usize)> {
        match self.card.chosen()?.kind {
            Kind::Disputed(metric, at) => Some((metric, at)),
            _ => None,
        }
    }

    /// Raters differ on some item.
    pub(super) fn differ(&self) -> bool {
        let mut metrics = self.report.iter().flat_map(|report| &report.metrics);
        metrics.any(|metric| !metric.disagreements.is_empty())
    }

    pub(super) fn can(&self, action: Action) -> bool {
        use Action as A;
        let item = self.opened.as_ref().and_then(|opened| opened.item.as_ref());
        match action {
            A::Back | A::Reload => true,
            A::FocusNext | A::FocusPrevious if self.opened.is_some() => true,
            A::Open => self.opened.is_none() && self.report.is_some(),
            A::DecideItem => self.report.is_some() && self.deciding.is_none(),
            A::ShowDifference => item.is_some_and(|item| item.responses.len() > 1),
            A::ShowDefinitions | A::CopyTable | A::WriteReport => self.report.is_some(),
            A::SelectNext
            | A::SelectPrevious
            | A::SelectFirst
            | A::SelectLast
            | A::HalfPageDown
            | A::HalfPageUp
            | A::PageDown
            | A::PageUp
            | A::FocusNext
            | A::FocusPrevious => !self.lines().all.is_empty(),
            _ => false,
        }
    }

    fn open(&mut self, metric: usize, at: usize, desk: &mut Desk<'_>) {
        let mut opened = Opened::new(metric, at);
        let Some(report) = &self.report else { return };
        let Some((_, told)) = opened.of(report) else { return };
        let version = Some(report.version);
        let request = Evaluations::Judged { id: self.id, item: told.item.clone(), version };
        opened.asking = Some(desk.call(None, Request::Evaluations(request)));
        self.opened = Some(opened);
        self.read = Lines { reads: true, ..Lines::default() };
    }

    /// The next disagreement of the metric, or the one before; the cursor of the card goes along.
    fn open_beside(&mut self, steps: isize, desk: &mut Desk<'_>) {
        let Some((metric, at)) = self.opened.as_ref().map(|opened| (opened.metric, opened.at)) else {
            return;
        };
        let all = self.report.as_ref().and_then(|report| report.metrics.get(metric));
        let all = all.map_or(0, |metric| metric.disagreements.len());
        let to = at.saturating_add_signed(steps).min(all.saturating_sub(1));
        if to == at {
            return desk.say(if steps > 0 { "This is the last one." } else { "This is the first one." });
        }
        let height = fit(desk.area).1;
        if let Some(line) = self.card.all.iter().position(|line| line.kind == Kind::Disputed(metric, to)) {
            self.card.choose(line, false, height);
        }
        self.open(metric, to, desk);
    }

    fn definitions(&self) -> Overlay {
        let chosen = self.card.chosen().filter(|_| self.opened.is_none());
        let of_line = chosen.map_or(&[][..], |line| &line.terms);
        let mut lines = Vec::new();
        let mut told: Vec<&str> = Vec::new();
        let mut tell = |name: &'static str, lines: &mut Vec<Said>| {
            let Some(known) = definition(name).filter(|known| !told.contains(&known.name)) else { return };
            told.push(known.name);
            if !lines.is_empty() {
                lines.push(Said::blank());
            }
            lines.push(Said::strong(known.name));
            lines.push(Said::of(known.text, Role::Text));
            lines.push(Said::of(known.source, Role::Faint));
        };
        for name in of_line {
            tell(name, &mut lines);
        }
        // Then of what follows, at last of what stands above.
        let (before, behind) = self.lines().all.split_at(self.lines().at.min(self.lines().all.len()));
        for name in behind.iter().chain(before).flat_map(|line| &line.terms) {
            tell(name, &mut lines);
        }
        Overlay::Reading(Box::new(Reading::new("What the numbers are", lines)))
    }

    fn difference(&self) -> Option<Overlay> {
        let item = self.opened.as_ref()?.item.as_ref()?;
        let side = |(place, response): (usize, &crate::domain::evaluation::Response)| Side {
            place,
            called: String::new(),
            name: response.model.clone(),
            text: response.text.clone(),
            goes_on: false,
        };
        let sides = item.responses.iter().enumerate().map(side).collect();
        Some(Overlay::Difference(Box::new(Difference::new(sides, (0, 1)))))
    }

    /// The metric of what is opened, as the task has it.
    fn metric(&self) -> Option<Metric> {
        let (of, _) = self.opened.as_ref()?.of(self.report.as_ref()?)?;
        Some(of.asked())
    }

    fn sources(&self) -> Vec<(ResponseId, String)> {
        self.opened.as_ref().map_or_else(Vec::new, |opened| opened.answers(self.seed))
    }

    /// What comes next of a decision that is being made.
    fn next(&self) -> Option<Next> {
        next(&self.metric()?, &self.sources(), &self.opened.as_ref()?.said)
    }

    /// Asks for it, over the place.
    fn ask_decision(&self, desk: &mut Desk<'_>) {
        let overlay = match self.next() {
            Some(Next::Ask(title, options)) => {
                let entry = |(at, label): (usize, String)| Entry {
                    label,
                    detail: String::new(),
                    right: String::new(),
                    current: false,
                    off: false,
                    choice: Choice::Decide(at),
                    words: &[],
                };
                let title = safe_line(&title).into_owned();
                let mut options: Vec<Entry> = options.into_iter().enumerate().map(entry).collect();
                // The points of a scale begin with their own digits.
                for (at, option) in (1..).zip(&mut options) {
                    let digit: String = format!("{at}");
                    option.label = match option.label.strip_prefix(&digit) {
                        Some(words) if words.is_empty() || words.starts_with(' ') => {
                            words.trim_start().to_owned()
                        }
                        _ => std::mem::take(&mut option.label),
                    };
                }
                Overlay::Menu(Menu::numbered(&title, "say it", options))
            }
            Some(Next::Value(_)) => Overlay::Prompt(Prompt::reason()),
            None => return desk.say("This item cannot be decided here: it does not fit the metric."),
        };
        desk.overlays.push(overlay);
    }

    fn decide(&mut self, reason: String, desk: &mut Desk<'_>) {
        let Some(Next::Value(value)) = self.next() else { return };
        let report = self.report.as_ref();
        let version = report.map_or(0, |report| report.version);
        let Some((metric, told)) =
            self.opened.as_ref().zip(report).and_then(|(opened, report)| opened.of(report))
        else {
            return;
        };
        let (item, metric) = (told.item.clone(), metric.name.clone());
        let request = Evaluations::Adjudicate { id: self.id, item, metric, value, reason, version };
        self.deciding = Some(desk.call(None, Request::Evaluations(request)));
        if let Some(opened) = &mut self.opened {
            opened.said.clear();
        }
    }

    fn act(&mut self, action: Action, desk: &mut Desk<'_>) {
        let (_, height) = fit(desk.area);
        let page = isize::try_from(height).unwrap_or(1).max(1);
        match action {
            Action::SelectNext => self.lines_mut().step(1, height),
            Action::SelectPrevious => self.lines_mut().step(-1, height),
            Action::SelectFirst => self.lines_mut().end(false, height),
            Action::SelectLast => self.lines_mut().end(true, height),
            Action::HalfPageDown => self.lines_mut().page(page / 2, height),
            Action::HalfPageUp => self.lines_mut().page(-page / 2, height),
            Action::PageDown => self.lines_mut().page(page, height),
            Action::PageUp => self.lines_mut().page(-page, height),
            Action::FocusNext if self.opened.is_some() => self.open_beside(1, desk),
            Action::FocusPrevious if self.opened.is_some() => self.open_beside(-1, desk),
            Action::FocusNext => self.card.part(true, height),
            Action::FocusPrevious => self.card.part(false, height),
            Action::Open => match self.disputed() {
                Some((metric, at)) => self.open(metric, at, desk),
                None => self.point_out(height, desk),
            },
            Action::DecideItem => match (self.disputed(), &mut self.opened) {
                (_, Some(opened)) if opened.item.is_none() => desk.say("The item is still being read."),
                (_, Some(opened)) => {
                    opened.said.clear();
                    self.ask_decision(desk);
                }
                (Some((metric, at)), None) => {
                    self.open(metric, at, desk);
                    let key = desk.key(Context::Results, Action::DecideItem);
                    desk.say(format!("Read it, then {key} decides it."));
                }
                (None, None) => self.point_out(height, desk),
            },
            Action::WriteReport => desk.overlays.push(Overlay::Prompt(Prompt::report(self.id, &self.name))),
            Action::ShowDifference => desk.overlays.extend(self.difference()),
            Action::ShowDefinitions => desk.overlays.push(self.definitions()),
            Action::CopyTable => {
                let request = Evaluations::WriteReport { id: self.id, version: None, form: ReportForm::Csv };
                self.copying = Some(desk.call(None, Request::Evaluations(request)));
            }
            Action::Reload => {
                match self.opened.as_ref().map(|opened| (opened.metric, opened.at, opened.error.is_some())) {
                    Some((metric, at, true)) => self.open(metric, at, desk),
                    _ => self.ask(desk),
                }
            }
            _ => {}
        }
    }

    /// Nothing is opened here: goes to what can be, and says so.
    fn point_out(&mut self, height: usize, desk: &mut Desk<'_>) {
        let disputed = |line: &Line| matches!(line.kind, Kind::Disputed(..));
        let below = self.card.all.iter().skip(self.card.at).position(disputed).map(|at| self.card.at + at);
        let Some(at) = below.or_else(|| self.card.all.iter().position(disputed)) else {
            return desk.say("There is nothing to open or decide: raters differ on no item.");
        };
        // What is said stands over the last rows.
        self.card.choose(at, false, height.saturating_sub(3));
        let [opens, decides] =
            [Action::Open, Action::DecideItem].map(|action| desk.key(Context::Results, action));
        desk.say(format!("Here is what raters differ on: {opens} opens an item, {decides} decides it."));
    }

    /// The report has come, once more perhaps.
    pub(super) fn reported(&mut self, report: Report, desk: &Desk<'_>) {
        // What is open may stand elsewhere by now, or nowhere.
        let kept = self.opened.take().and_then(|mut opened| {
            let before = self.report.as_ref()?;
            let (metric, told) = opened.of(before)?;
            let place = report.metrics.iter().position(|known| known.name == metric.name)?;
            let now = report.metrics.get(place)?;
            let same = |other: &crate::domain::evaluation::report::Disagreement| {
                (&other.item, &other.source) == (&told.item, &told.source)
            };
            (opened.metric, opened.at) = (place, now.disagreements.iter().position(same)?);
            Some(opened)
        });
        self.opened = kept;
        self.report = Some(report);
        self.error = None;
        self.make(desk);
    }

    pub(super) fn found(&mut self, task: TaskId, item: Item, votes: Vec<Vote>, desk: &Desk<'_>) {
        let Some(opened) = self.opened.as_mut().filter(|opened| opened.asking == Some(task)) else { return };
        (opened.item, opened.votes) = (Some(item), votes);
        self.make(desk);
    }

    pub(super) fn decided(&mut self, task: TaskId, decision: &Decision, desk: &mut Desk<'_>) {
        if self.deciding != Some(task) {
            return;
        }
        let sources = self.sources().into_iter().collect();
        if let Some(report) = &mut self.report {
            report.decide(decision, &sources);
        }
        desk.say("It is decided; what was decided before stays in the history.");
        self.make(desk);
    }

    /// A text that is to be copied.
    pub(super) fn written(&self, task: TaskId, text: String, desk: &mut Desk<'_>) {
        if self.copying == Some(task) {
            desk.ask(Effect::Copy(text));
        }
    }

    pub(super) fn asked(&self, task: TaskId) -> bool {
        self.asking == Some(task)
    }

    /// A call is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.asking == Some(task) {
            self.asking = None;
            match error {
                // What there is stays in sight.
                Some(error) if self.report.is_some() => desk.complain(&error),
                error => self.error = error,
            }
            return;
        }
        if let Some(opened) = self.opened.as_mut().filter(|opened| opened.asking == Some(task)) {
            opened.asking = None;
            opened.error = error;
            return;
        }
        for waited in [&mut self.copying, &mut self.deciding] {
            if *waited == Some(task) {
                *waited = None;
            }
        }
        if let Some(error) = error {
            desk.complain(&error);
        }
    }

    /// Chooses the line at that place of the screen.
    fn click(&mut self, (x, y): (u16, u16), body: Rect) {
        let mut first = self.card.top;
        let areas = areas(body);
        for (n, area) in areas.iter().enumerate() {
            let rows = self.card.rows_of(n, &areas, first);
            if area.contains((x, y).into()) && self.opened.is_none() {
                let row = usize::from(y - area.y);
                if row >= rows {
                    return;
                }
                let pressed = first + row;
                // A press on a row in which a line goes on is one on the line.
                let goes_on = |at: &usize| self.card.all.get(*at).is_some_and(|line| line.kind == Kind::More);
                let begins = (0..=pressed).rev().find(|at| !goes_on(at));
                if let Some(at) = begins.filter(|at| self.card.all.get(*at).is_some_and(Line::stops)) {
                    self.card.at = at;
                }
                return;
            }
            first += rows;
        }
    }
}

impl State {
    /// Shows what the votes of an evaluation come to.
    pub(super) fn show_results(&mut self, evaluation: &Evaluation, desk: &mut Desk<'_>) {
        // Who only rates never sees whose the answers are.
        if self.closed.is_some() {
            return;
        }
        let mut results = Results::new(evaluation, &person(&desk.options.principal));
        results.ask(desk);
        self.results = Some(Box::new(results));
    }

    /// What is done among the results.
    pub(super) fn in_results(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(results) = &mut self.results else { return };
        match action {
            Action::Back if results.opened.is_some() => results.opened = None,
            Action::Back => {
                self.results = None;
                self.enter(desk);
            }
            action => results.act(action, desk),
        }
    }

    /// What was chosen over the results.
    pub(super) fn chosen_in_results(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        let Some(results) = &mut self.results else { return };
        match choice {
            Choice::Decide(at) => {
                if let Some(opened) = &mut results.opened {
                    opened.said.push(at);
                    results.ask_decision(desk);
                }
            }
            Choice::Reason(reason) => results.decide(reason, desk),
            _ => {}
        }
    }

    /// Turns the wheel over the results, or clicks at them.
    pub(super) fn point_at_results(&mut self, steps: isize, click: Option<(u16, u16)>, desk: &mut Desk<'_>) {
        let Some(results) = &mut self.results else { return };
        let (_, height) = fit(desk.area);
        if steps != 0 {
            results.lines_mut().page(steps, height);
        } else if let Some(at) = click {
            results.click(at, desk.area);
        }
    }
}
