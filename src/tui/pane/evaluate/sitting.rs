//! A rater at an evaluation: sitting down, saying, going back.

use std::time::Duration;

use ratatui::layout::Rect;

use super::answer::Set;
use super::form::meaning;
use super::marks::{Filled, Marks, Stroke, words};
use super::{Asking, Begun, Rows, Sitting, State};
use crate::domain::evaluation::ResponseId;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::sheet::{Cast, Seat, Sheet, Step};
use crate::domain::evaluation::vote::{Said, Skip};
use crate::domain::figures::count;
use crate::domain::id::EvaluationId;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::difference::{Difference, Side};
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::request::evaluations::Evaluations;
use crate::workbench::{Request, person};

/// A key within this of a new item was pressed for the one before.
const GUARD: Duration = Duration::from_millis(150);
/// Doing nothing for longer is a pause, no part of which is counted: so long one may read without a key.
const PAUSE: Duration = Duration::from_mins(2);

impl Sitting {
    /// A rater who is about to sit down.
    pub(super) fn new(id: EvaluationId, name: String, rater: String) -> Self {
        Self {
            id,
            name,
            rater,
            seat: None,
            asking: None,
            error: None,
            marks: Marks::default(),
            earlier: None,
            comment: None,
            begun: Vec::new(),
            focus: 0,
            met: Vec::new(),
            together: true,
            reference: false,
            markdown: false,
            tops: Vec::new(),
            rows: Rows::default(),
            active: Duration::ZERO,
            seen: Duration::ZERO,
            guard: Duration::ZERO,
            said: String::new(),
        }
    }

    pub(super) fn sheet(&self) -> Option<&Sheet> {
        self.seat.as_ref()?.sheet.as_ref()
    }

    fn metrics(&self) -> &[Metric] {
        self.seat.as_ref().map_or(&[], |seat| &seat.task.metrics)
    }

    /// Asks for what lies before the rater after a step.
    pub(super) fn step(&mut self, step: Step, desk: &mut Desk<'_>) {
        self.error = None;
        let request = Evaluations::Sit { id: self.id, rater: self.rater.clone(), step };
        self.asking = Some((desk.call(None, Request::Evaluations(request)), Asking::Seat));
    }

    /// Drops a call that the sealed workspace refused: a vote is to be said again.
    pub(super) fn forget(&mut self, task: TaskId) {
        if let Some((_, asking)) = self.asking.take_if(|(asked, _)| *asked == task) {
            self.said.clear();
            if asking == Asking::Vote {
                self.marks.unfill();
            }
        }
    }

    /// Asks anew for what did not come.
    pub(super) fn resume(&mut self, desk: &mut Desk<'_>) {
        if self.seat.is_none() && self.asking.is_none() {
            self.step(Step::On, desk);
        }
    }

    /// Goes to another item, or looks at this one anew: what is said of this one so far waits for the rater to return.
    fn go_to(&mut self, step: Step, desk: &mut Desk<'_>) {
        self.put_by();
        self.step(step, desk);
    }

    /// Keeps what is said so far of the item that lies here.
    fn put_by(&mut self) {
        let Some(seat) = &self.seat else { return };
        let Some(sheet) = seat.sheet.as_ref().filter(|sheet| sheet.before.is_none()) else { return };
        let begun = Begun {
            item: sheet.item.clone(),
            version: seat.task.version,
            marks: self.marks.clone(),
            comment: self.comment.clone(),
            taken_back: sheet.taken_back.clone(),
        };
        self.begun.retain(|other| other.item != begun.item);
        self.begun.push(begun);
    }

    /// What lies before the rater now.
    fn take(&mut self, mut seat: Seat, desk: &Desk<'_>) {
        let answers = seat.sheet.as_ref().map_or(0, |sheet| sheet.answers.len());
        self.name.clone_from(&seat.task.name);
        self.marks = Marks::new(&seat.task.metrics, answers);
        (self.earlier, self.comment) = (None, None);
        if let Some(sheet) = &mut seat.sheet {
            if let Some(said) = sheet.before.as_ref().or(sheet.taken_back.as_ref()) {
                self.comment.clone_from(&said.comment);
            } else if let Some(at) = self.begun.iter().position(|begun| begun.item == sheet.item) {
                let begun = self.begun.remove(at);
                if begun.version == seat.task.version && begun.marks.fits(&self.marks) {
                    self.marks = begun.marks;
                    sheet.taken_back = begun.taken_back;
                }
                self.comment = begun.comment;
            }
            let said = sheet.before.as_ref().or(sheet.taken_back.as_ref());
            self.earlier = said.map(|said| Marks::of(&said.said, &seat.task.metrics, &shown(sheet)));
        }
        self.tops = vec![0; answers + 1];
        self.met = vec![false; answers];
        self.focus = self.marks.turn().unwrap_or(0);
        self.rows = Rows::default();
        self.seat = Some(seat);
        (self.active, self.seen) = (Duration::ZERO, desk.now.elapsed);
        self.guard = desk.now.elapsed + GUARD;
        self.fit(desk.area);
    }

    /// The rater did something.
    fn tend(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.seen);
        if passed <= PAUSE {
            self.active += passed;
        }
        self.seen = now;
    }

    /// Breaks the texts into rows for the room that they have.
    pub(super) fn fit(&mut self, body: Rect) {
        let Some(sheet) = self.seat.as_ref().and_then(|seat| seat.sheet.as_ref()) else { return };
        let areas = self.areas(body);
        for answer in &areas.answers {
            if let Some(met) = self.met.get_mut(answer.place) {
                *met = true;
            }
        }
        let width = areas.answers.iter().map(|answer| answer.text.width).min().unwrap_or(0);
        let widths = (width, areas.question.width);
        if self.rows.widths == widths && !self.rows.question.is_empty() {
            return;
        }
        let reference = sheet.reference.as_deref().unwrap_or("(this item has no reference)");
        let wanted = self.reference.then_some(reference);
        self.rows = Rows {
            widths,
            answers: sheet.answers.iter().map(|answer| self.set(&answer.text, width)).collect(),
            question: Set::question(&sheet.turns, wanted, widths.1).rows,
        };
    }

    /// An answer for its column: as it was written, since how it is set sways who judges it, or as Markdown where that is
    /// wanted.
    fn set(&self, text: &str, width: u16) -> Set {
        if self.markdown { Set::answer(text, width) } else { Set::written(text, width) }
    }

    /// Keys go to an answer, or behind the last one to the question.
    pub(super) fn focus_on(&mut self, place: usize) {
        self.focus = place;
        if place < self.answers() {
            self.marks.turn_to(place);
        }
    }

    /// Goes with the turn to the answer that has it now.
    fn follow(&mut self) {
        if let Some(place) = self.marks.turn() {
            self.focus = place;
        }
    }

    /// How many answers were not on the screen yet, where what is asked compares them.
    pub(super) fn unmet(&self) -> usize {
        let compares = self.marks.current().is_some_and(|blank| blank.answer.is_none());
        if compares { self.met.iter().filter(|met| !**met).count() } else { 0 }
    }

    /// Moves what the keys scroll.
    pub(super) fn scroll(&mut self, steps: isize, body: Rect) {
        self.scroll_at(self.focus, steps, body);
    }

    /// Whether an answer moves where that one is moved, or behind the last one the question.
    pub(super) fn scrolls_with(&self, focus: usize, place: usize) -> bool {
        place == focus || self.together && focus < self.answers()
    }

    /// Moves an answer, or behind the last one the question.
    pub(super) fn scroll_at(&mut self, focus: usize, steps: isize, body: Rect) {
        let areas = self.areas(body);
        let answers = self.answers();
        let height = areas.answers.first().map_or(1, |answer| usize::from(answer.text.height));
        let move_one = |top: &mut usize, rows: usize, height: usize| {
            *top = top.saturating_add_signed(steps).min(rows.saturating_sub(height));
        };
        for place in 0..answers {
            if self.scrolls_with(focus, place) {
                move_one(
                    &mut self.tops[place],
                    self.rows.answers.get(place).map_or(0, |set| set.rows.len()),
                    height,
                );
            }
        }
        if focus == answers && answers > 0 {
            move_one(&mut self.tops[answers], self.rows.question.len(), usize::from(areas.question.height));
        }
    }

    /// Says something of the current blank; the last one commits.
    fn stroke(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        if self.asking.is_some() || desk.now.elapsed < self.guard {
            return;
        }
        if self.unmet() > 0 {
            let place = self.met.iter().position(|met| !met).unwrap_or(0);
            let key = desk.key(Context::Rating, Action::FocusNext);
            return desk.say(format!("Not before all are seen: {key} shows {}.", self.called(place)));
        }
        let metrics = self.metrics().to_vec();
        match self.marks.fill(stroke, &metrics) {
            Filled::Not => {}
            Filled::One => self.follow(),
            Filled::All => {
                let Some(sheet) = self.sheet() else { return };
                let Some(values) = self.marks.values(&metrics, &shown(sheet)) else { return };
                let said = self.in_words(&self.marks, &metrics);
                self.commit(Said::Values(values), &said, desk);
            }
        }
    }

    /// What was said of this item when it was there before, in words.
    pub(super) fn said_before(&self) -> Option<String> {
        let sheet = self.sheet()?;
        let before = sheet.before.as_ref().or(sheet.taken_back.as_ref())?;
        Some(match (&before.said, &self.earlier) {
            (Said::Skipped(why), _) => format!("skipped, {}", reason(*why)),
            (_, Some(marks)) => self.in_words(marks, self.metrics()),
            _ => String::new(),
        })
    }

    /// Says again what was said of this item until it was taken back, unless something else was begun; whether it was.
    fn keep(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.marks.is_begun() {
            return false;
        }
        let Some(before) = self.sheet().and_then(|sheet| sheet.taken_back.clone()) else { return false };
        let words = self.said_before().unwrap_or_default();
        self.commit(before.said, &words, desk);
        true
    }

    /// What a step back does of an item that was gone back to, or whose vote was taken back: told of the key, and as its hint.
    pub(super) fn way_back(&self) -> Option<(&'static str, &'static str)> {
        let sheet = self.sheet().filter(|_| self.asking.is_none())?;
        match (&sheet.before, &sheet.taken_back) {
            (Some(_), _) => Some(("returns", "return")),
            (None, Some(_)) if !self.marks.is_begun() => Some(("keeps it", "keep it")),
            _ => None,
        }
    }

    /// What was said, for the line below.
    fn in_words(&self, marks: &Marks, metrics: &[Metric]) -> String {
        let two = self.answers() == 2;
        let of = |(at, metric): (usize, &Metric)| {
            let answers: Vec<_> =
                if metric.method.compares() { vec![None] } else { (0..self.answers()).map(Some).collect() };
            let said: Vec<_> = answers
                .into_iter()
                .filter_map(|answer| Some(words(marks.mark(at, answer)?, metric, two)))
                .collect();
            let said = said.join(" / ");
            if metrics.len() == 1 { said } else { format!("{} {said}", metric.name) }
        };
        metrics.iter().enumerate().map(of).collect::<Vec<_>>().join(" · ")
    }

    /// Sends a vote. The next item shows when it is on the disk.
    fn commit(&mut self, said: Said, words: &str, desk: &mut Desk<'_>) {
        let Some(seat) = &self.seat else { return };
        let Some(sheet) = &seat.sheet else { return };
        let before = sheet.before.as_ref();
        let number = seat.pace.done + u64::from(before.is_none());
        // What is kept after all was not thought of in this moment only.
        let kept =
            sheet.taken_back.as_ref().filter(|back| back.said == said).map_or(0, |back| back.active_ms);
        let cast = Cast {
            rater: self.rater.clone(),
            item: sheet.item.clone(),
            version: seat.task.version,
            shown: shown(sheet),
            said,
            active_ms: u64::try_from(self.active.as_millis()).unwrap_or(u64::MAX).saturating_add(kept),
            comment: self.comment.clone(),
            supersedes: before.map(|before| before.vote),
        };
        self.said =
            if before.is_some() { format!("changed: {words}") } else { format!("#{number}: {words}") };
        self.begun.retain(|begun| begun.item != cast.item);
        let request = Evaluations::Rate { id: self.id, cast };
        self.asking = Some((desk.call(None, Request::Evaluations(request)), Asking::Vote));
    }

    /// A vote is there that can be gone back to.
    pub(super) fn has_voted(&self) -> bool {
        self.seat.as_ref().is_some_and(|seat| seat.pace.done > 0)
    }

    /// Something is there that can be taken back.
    pub(super) fn has_said(&self) -> bool {
        self.marks.is_begun() || self.has_voted()
    }

    /// Takes back what was said last: of this item, or the vote before it.
    fn undo(&mut self, desk: &mut Desk<'_>) {
        if self.asking.is_some() {
            return;
        }
        if self.marks.unfill() {
            return self.follow();
        }
        if !self.has_voted() {
            return desk.say("There is no vote before this one.");
        }
        "taken back".clone_into(&mut self.said);
        self.go_to(Step::Undo, desk);
    }

    /// The instructions, over the place.
    fn instructions(&self, desk: &Desk<'_>) -> Option<Overlay> {
        let task = &self.seat.as_ref()?.task;
        let mut lines = vec![Line::of(&task.instructions, Role::Text)];
        for metric in &task.metrics {
            lines.extend([Line::blank(), Line::strong(&metric.name)]);
            if !metric.description.trim().is_empty() {
                lines.push(Line::of(&metric.description, Role::Text));
            } else if metric.labels.is_empty() {
                lines.push(Line::of(meaning(metric.method), Role::Text));
            }
            // As the keys say it: behind the answers of a choice a tie and all bad.
            let last = metric.labels.len();
            let labels = metric.labels.iter().zip(1..).map(|(label, at)| match metric.method {
                Method::ComparisonChoice if at + 1 == last => format!("  = {label}"),
                Method::ComparisonChoice if at == last => format!("  b {label}"),
                _ => format!("  {at} {label}"),
            });
            lines.extend(labels.map(|label| Line::of(&label, Role::Muted)));
        }
        for example in &task.examples {
            lines.extend([
                Line::blank(),
                Line::strong("An example"),
                Line::of(&example.prompt, Role::Muted),
                Line::of(&example.response, Role::Text),
                Line::of(&example.rating, Role::Info),
            ]);
        }
        let raters = count(task.raters_per_item.into(), "rater", "raters");
        let undo = desk.key(Context::Rating, Action::Undo);
        lines.extend([
            Line::blank(),
            Line::of(
                &format!(
                    "Each item needs {raters}. Every vote is kept as it is given; {undo} takes it back."
                ),
                Role::Muted,
            ),
        ]);
        Some(Overlay::Reading(Box::new(Reading::new("Instructions", lines))))
    }

    /// Two answers word by word.
    fn difference(&self, desk: &mut Desk<'_>) {
        let Some(sheet) = self.sheet() else { return };
        if sheet.answers.len() < 2 {
            return desk.say("There is one answer only.");
        }
        // Of two each is called by its side, as over the answers; of more a letter chooses one.
        let two = sheet.answers.len() == 2;
        let sides = sheet.answers.iter().enumerate().map(|(place, answer)| Side {
            place,
            called: if two { self.called(place).to_uppercase() } else { String::new() },
            name: match &answer.source {
                Some(source) => source.clone(),
                None if two => String::new(),
                None => self.called(place),
            },
            text: answer.text.clone(),
            goes_on: false,
        });
        let difference = Difference::new(sides.collect(), (0, 1));
        desk.overlays.push(Overlay::Difference(Box::new(difference)));
    }
}

/// The answers by their names in votes, from the left.
fn shown(sheet: &Sheet) -> Vec<ResponseId> {
    sheet.answers.iter().map(|answer| answer.id.clone()).collect()
}

impl State {
    /// Sits down at an evaluation as the person themself.
    pub(super) fn sit_down(&mut self, evaluation: &Evaluation, desk: &mut Desk<'_>) {
        let rater = person(&desk.options.principal);
        let mut sitting = Sitting::new(evaluation.id, evaluation.name().to_owned(), rater);
        if let Some(at) = self.begun.iter().position(|(id, _)| *id == evaluation.id) {
            sitting.begun = self.begun.swap_remove(at).1;
        }
        sitting.step(Step::On, desk);
        self.sitting = Some(sitting);
    }

    /// The rater goes: what lies before them is given back, for others to get.
    pub fn leave(&mut self, desk: &mut Desk<'_>) {
        let Some(sitting) = self.sitting.as_ref().filter(|sitting| sitting.sheet().is_some()) else { return };
        let request = Evaluations::Sit { id: sitting.id, rater: sitting.rater.clone(), step: Step::Leave };
        self.leaving = Some(desk.call(None, Request::Evaluations(request)));
    }

    /// Something lies over the place now.
    pub fn covered(&mut self, now: Duration) {
        if let Some(sitting) = &mut self.sitting {
            sitting.tend(now);
        }
    }

    /// Nothing lies over the place any more. What did was the item itself, seen another way, or was not: that time is not the
    /// item's.
    pub fn uncovered(&mut self, was_the_item: bool, now: Duration) {
        match &mut self.sitting {
            Some(sitting) if was_the_item => sitting.tend(now),
            Some(sitting) => sitting.seen = now,
            None => {}
        }
    }

    /// Somebody who only rates sits down.
    pub fn start(&mut self, desk: &mut Desk<'_>) {
        if let Some(closed) = &self.closed {
            let request = Evaluations::Find { text: closed.evaluation.clone() };
            self.finding = Some(desk.call(None, Request::Evaluations(request)));
        }
    }

    /// The evaluation is found.
    pub(super) fn found(&mut self, evaluation: &Evaluation, desk: &mut Desk<'_>) {
        let Some(closed) = &self.closed else { return };
        let name = evaluation.name().to_owned();
        let mut sitting = Sitting::new(evaluation.id, name, closed.rater.clone());
        sitting.step(Step::On, desk);
        self.sitting = Some(sitting);
    }

    /// What the door says to a rater.
    pub(super) fn seated(&mut self, task: TaskId, seat: Seat, desk: &mut Desk<'_>) {
        let Some(sitting) = &mut self.sitting else { return };
        let Some((_, asked)) = sitting.asking.filter(|(asking, _)| *asking == task) else { return };
        let first = sitting.seat.is_none();
        if asked == Asking::Vote {
            sitting.comment = None;
        }
        sitting.asking = None;
        let changed = sitting.seat.as_ref().is_some_and(|before| before.task.version != seat.task.version);
        sitting.take(seat, desk);
        // Before the first item the instructions are read, and where they are others.
        if changed
            || first && sitting.seat.as_ref().is_some_and(|seat| seat.pace.done == 0 && seat.sheet.is_some())
        {
            let instructions = sitting.instructions(desk);
            desk.overlays.extend(instructions);
        }
    }

    /// What was asked for a rater has failed; what they said stands on the screen still.
    pub(super) fn unseated(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        let Some(sitting) = &mut self.sitting else { return };
        let Some((_, asked)) = sitting.asking.filter(|(asking, _)| *asking == task) else { return };
        sitting.asking = None;
        let Some(error) = error else { return };
        sitting.said.clear();
        match asked {
            Asking::Seat if sitting.seat.is_none() => sitting.error = Some(error),
            _ => {
                sitting.marks.unfill();
                sitting.follow();
                desk.complain(&error);
                // The task or the item is another one by now.
                if asked == Asking::Vote && matches!(error.kind, ErrorKind::Invalid | ErrorKind::NotFound) {
                    sitting.step(Step::On, desk);
                }
            }
        }
    }

    /// What a rater means.
    pub(super) fn rate(&mut self, action: Action, digit: Option<u8>, desk: &mut Desk<'_>) {
        let body = desk.area;
        let Some(sitting) = &mut self.sitting else { return };
        sitting.tend(desk.now.elapsed);
        // A vote on its way is waited for: what comes next is about the next item.
        let leads_away = matches!(
            action,
            Action::Reload | Action::GoToVote | Action::SkipItem | Action::CommentItem | Action::Back
        );
        if leads_away && sitting.asking.is_some_and(|(_, asking)| asking == Asking::Vote) {
            return;
        }
        let half = isize::try_from(body.height / 4).unwrap_or(1).max(1);
        match action {
            Action::Rate => {
                if let Some(digit) = digit {
                    sitting.stroke(Stroke::Digit(digit), desk);
                }
            }
            Action::RateYes => sitting.stroke(Stroke::Yes, desk),
            Action::RateNo => sitting.stroke(Stroke::No, desk),
            Action::RateLeft => sitting.stroke(Stroke::Left, desk),
            Action::RateRight => sitting.stroke(Stroke::Right, desk),
            Action::ChooseTie => sitting.stroke(Stroke::Equal, desk),
            Action::ChooseNone => sitting.stroke(Stroke::None, desk),
            Action::Undo => sitting.undo(desk),
            Action::SkipItem => desk.overlays.push(Overlay::Menu(reasons(sitting.comment.as_deref()))),
            Action::CommentItem => {
                let comment = sitting.comment.as_deref().unwrap_or_default();
                desk.overlays.push(Overlay::Prompt(Prompt::comment(comment)));
            }
            Action::ShowInstructions => {
                let instructions = sitting.instructions(desk);
                desk.overlays.extend(instructions);
            }
            Action::ShowReference => {
                sitting.reference = !sitting.reference;
                sitting.rows = Rows::default();
                sitting.fit(body);
            }
            Action::SetMarkdown => {
                sitting.markdown = !sitting.markdown;
                sitting.rows = Rows::default();
                sitting.fit(body);
                desk.say(if sitting.markdown {
                    "The answers are set as Markdown."
                } else {
                    "The answers stand as they were written."
                });
            }
            Action::GoToVote if sitting.seat.as_ref().is_none_or(|seat| seat.pace.done == 0) => {
                desk.say("There is no vote to go back to yet.");
            }
            Action::GoToVote => {
                let done = sitting.seat.as_ref().map_or(0, |seat| seat.pace.done);
                desk.overlays.push(Overlay::Prompt(Prompt::vote(done)));
            }
            Action::ShowDifference => sitting.difference(desk),
            Action::ScrollTogether => {
                sitting.together = !sitting.together;
                desk.say(if sitting.together {
                    "The answers scroll together."
                } else {
                    "Each answer scrolls for itself."
                });
            }
            Action::FocusNext => sitting.focus_on((sitting.focus + 1) % (sitting.answers() + 1)),
            Action::FocusPrevious => {
                sitting.focus_on((sitting.focus + sitting.answers()) % (sitting.answers() + 1));
            }
            Action::LineDown => sitting.scroll(1, body),
            Action::LineUp => sitting.scroll(-1, body),
            Action::HalfPageDown => sitting.scroll(half, body),
            Action::HalfPageUp => sitting.scroll(-half, body),
            Action::PageDown => sitting.scroll(2 * half, body),
            Action::PageUp => sitting.scroll(-2 * half, body),
            Action::Reload => sitting.go_to(Step::On, desk),
            // Out of an item that was gone back to, to where the rater was.
            Action::Back if sitting.sheet().is_some_and(|sheet| sheet.before.is_some()) => {
                sitting.said.clear();
                sitting.step(Step::On, desk);
            }
            // What was just taken back is said again as it was.
            Action::Back if sitting.asking.is_none() && sitting.keep(desk) => {}
            Action::Back if self.closed.is_none() => {
                self.leave(desk);
                if let Some(mut sitting) = self.sitting.take() {
                    sitting.put_by();
                    self.begun.retain(|(id, _)| *id != sitting.id);
                    self.begun.push((sitting.id, sitting.begun));
                }
                self.enter(desk);
                return;
            }
            Action::Back => {
                let key = desk.key(Context::Rating, Action::Quit);
                desk.say(format!("Every vote is kept; {key} ends."));
            }
            _ => {}
        }
        if let Some(sitting) = &mut self.sitting {
            sitting.fit(body);
            sitting.scroll(0, body);
        }
    }

    /// What a rater chose in an overlay.
    pub(super) fn decided(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        let Some(sitting) = &mut self.sitting else { return };
        sitting.tend(desk.now.elapsed);
        match choice {
            // It says nothing by itself.
            Choice::Skip(Skip::Other) => {
                let before = sitting.comment.as_deref().unwrap_or_default();
                desk.overlays.push(Overlay::Prompt(Prompt::skip_reason(before)));
            }
            Choice::Reason(_) | Choice::Skip(_) if sitting.asking.is_some() => {
                if let Choice::Reason(why) = choice {
                    sitting.comment = Some(why);
                }
                desk.say("The vote before is still on its way to the disk: skip again.");
            }
            Choice::Reason(why) => {
                let words = format!("skipped, {}", safe_line(&why));
                sitting.comment = Some(why);
                sitting.commit(Said::Skipped(Skip::Other), &words, desk);
            }
            Choice::Skip(why) => {
                sitting.commit(Said::Skipped(why), &format!("skipped, {}", reason(why)), desk);
            }
            Choice::Comment(text) => {
                sitting.comment = Some(text).filter(|text| !text.trim().is_empty());
            }
            Choice::GoToVote(number) => {
                sitting.said.clear();
                sitting.go_to(Step::To(number), desk);
            }
            _ => {}
        }
    }
}

/// The reasons to skip an item; the comment goes with the one that is taken.
fn reasons(comment: Option<&str>) -> Menu {
    let entry = |why: Skip| Entry {
        label: match why {
            Skip::Other => "another reason: say which".to_owned(),
            _ => reason(why).to_owned(),
        },
        detail: String::new(),
        right: String::new(),
        current: false,
        off: false,
        choice: Choice::Skip(why),
        words: &[],
    };
    let all = [Skip::Unclear, Skip::Offensive, Skip::NotMyField, Skip::Other].map(entry);
    let menu = Menu::numbered("Why is it skipped?", "skip", all.into());
    match comment {
        Some(comment) => menu.noting(format!("your comment: {}", safe_line(comment))),
        None => menu,
    }
}

fn reason(why: Skip) -> &'static str {
    match why {
        Skip::Unclear => "it is unclear",
        Skip::Offensive => "it is offensive",
        Skip::NotMyField => "it is not my field",
        Skip::Other => "another reason",
    }
}
