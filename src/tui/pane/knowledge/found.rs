//! What is asked of a base, what was found by one setting or by two, the answer.

use std::time::Duration;

use super::{Focus, Open, Page, State, Wait, layout};
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Fold;
use crate::domain::id::PassageId;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::ranking::Mode;
use crate::domain::knowledge::reranking::Reranking;
use crate::domain::knowledge::retrieval::{Asked, Citation, Found, Question, Retrieved};
use crate::domain::message::Block;
use crate::domain::settings::Settings;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane};
use crate::tui::look::Role;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::rows::{followed, refitted, stepped};
use crate::workbench::Request;
use crate::workbench::request::knowledge::Knowledge;

/// The lanes of the two settings.
const LANES: [Lane; 2] = [Lane("found"), Lane("found beside")];

/// What is looked for besides the question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tuning {
    pub mode: Mode,
    pub results: usize,
    /// Bedrock's JSON.
    pub filter: Option<String>,
    /// The least cosine.
    pub threshold: Option<f64>,
    pub rerank: Reranking,
}

impl Default for Tuning {
    fn default() -> Self {
        let rerank = Reranking::default();
        Self { mode: Mode::default(), results: 5, filter: None, threshold: None, rerank }
    }
}

impl Tuning {
    /// The least cosine of what an answer is given: its own, else that of the base.
    pub fn least(&self, base: &Base) -> Option<f64> {
        self.threshold.or(base.answers.threshold).filter(|_| self.mode.semantic())
    }

    /// What stands beside it at first: the same by another mode.
    fn beside(&self) -> Self {
        let mode = if self.mode == Mode::Semantic { Mode::Keyword } else { Mode::Semantic };
        Self { mode, ..self.clone() }
    }

    /// In words, for a line.
    pub fn words(&self, base: &Base) -> String {
        let mut words = format!("{} · {} hits", self.mode.as_str(), self.results);
        if let Some(threshold) = self.least(base) {
            words.push_str(" · cosine ≥ ");
            words.push_str(&format_bound(threshold));
        }
        if self.filter.is_some() {
            words.push_str(" · filtered");
        }
        match &self.rerank {
            Reranking::AsBase => {}
            Reranking::Off => words.push_str(" · not reranked"),
            Reranking::By(reranker) => {
                words.push_str(" · reranked by ");
                words.push_str(reranker.model.model());
                if let Some(many) = reranker.candidates {
                    words.push_str(", the first ");
                    words.push_str(&many.to_string());
                }
            }
        }
        words
    }
}

/// `.71`, `-.20`, `1.00`.
pub(super) fn format_cosine(cosine: f64) -> String {
    without_nought(&format!("{cosine:.2}"))
}

/// The same with all of its digits: rounded it would be another bound, and `.73` stand below `.73`.
fn format_bound(least: f64) -> String {
    let (whole, rounded) = (least.to_string(), format!("{least:.2}"));
    without_nought(if whole.len() > rounded.len() { &whole } else { &rounded })
}

/// `.0323`: sums of parts of one hundredth and less.
pub(super) fn format_fused(score: f64) -> String {
    without_nought(&format!("{score:.4}"))
}

fn without_nought(number: &str) -> String {
    match number.strip_prefix("0.") {
        Some(rest) => format!(".{rest}"),
        None => number.replace("-0.", "-."),
    }
}

/// What one setting finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
    pub tuning: Tuning,
    /// It is being looked for.
    pub waits: bool,
    pub retrieved: Option<Retrieved>,
    /// The question that this is of, and by which setting.
    pub of: String,
    pub by: Tuning,
    pub error: Option<Error>,
    pub selected: usize,
    pub top: usize,
}

impl Column {
    /// The hits.
    fn hits(&self) -> &[Found] {
        match &self.retrieved {
            Some(found) => &found.hits,
            None => &[],
        }
    }

    /// Whether a passage is among them.
    pub fn has(&self, id: PassageId) -> bool {
        self.hits().iter().any(|hit| hit.passage.id == id)
    }

    /// What was found and is too far off for the answer.
    fn below(&self) -> &[Found] {
        match &self.retrieved {
            Some(found) => &found.below,
            None => &[],
        }
    }

    /// Whether a passage was found and is too far off for the answer.
    pub fn is_set_aside(&self, id: PassageId) -> bool {
        self.below().iter().any(|hit| hit.passage.id == id)
    }

    /// What was expected and was not found.
    fn missed(&self) -> impl Iterator<Item = &Found> {
        let expected = self.retrieved.iter().flat_map(|found| &found.expected);
        let found = self.hits().iter().chain(self.below());
        expected.filter(move |one| found.clone().all(|hit| hit.passage.id != one.passage.id))
    }

    /// The number from 1 of the hit that is the large passage which this one lies in: of all that lie in one, one is found.
    pub fn large(&self, of: &Passage) -> Option<usize> {
        of.parent.as_ref()?;
        let is_it = |hit: &Found| hit.passage.document == of.document && hit.passage.parent == of.parent;
        self.hits().iter().position(is_it).map(|at| at + 1)
    }

    /// How a passage stands that was expected.
    pub fn wished(&self, id: PassageId) -> Option<&Found> {
        self.retrieved.as_ref()?.expected.iter().find(|one| one.passage.id == id)
    }

    /// What is listed: the hits, then what an answer was not given of what was found, then what was expected and is neither.
    pub fn rows(&self) -> usize {
        self.hits().len() + self.below().len() + self.missed().count()
    }

    /// A row, and its number from 1 if it is a hit.
    pub fn row(&self, at: usize) -> Option<(Option<usize>, &Found)> {
        match self.hits().get(at) {
            Some(hit) => Some((Some(at + 1), hit)),
            None => Some((None, self.below().iter().chain(self.missed()).nth(at - self.hits().len())?)),
        }
    }

    /// The first row of so many that are in sight: the selected one is among them, also where an answer has come above them.
    pub fn first(&self, height: u16) -> usize {
        refitted(self.top, self.selected, height.into(), self.rows())
    }
}

/// What a model answers from what was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub model: ModelId,
    pub fold: Fold,
    /// What the model was given.
    pub prompt: String,
    /// The hits then, in their order, and how many of them it was given: what stands below it may be found by other settings.
    pub hits: Vec<PassageId>,
    pub given: usize,
    /// Once it is whole.
    pub cited: Option<Vec<Citation>>,
    pub error: Option<Error>,
    pub since: Duration,
    pub runs: bool,
    /// Nothing was found that it could be answered from.
    pub nothing: bool,
}

impl Answer {
    pub fn text(&self) -> String {
        self.fold.blocks.iter().filter_map(Block::said).collect()
    }

    /// Once it is whole: whether it says that something is from that passage; `None` of one that was no hit then.
    pub fn uses(&self, passage: PassageId) -> Option<bool> {
        let cited = self.cited.as_ref()?;
        let at = self.hits.iter().position(|hit| *hit == passage)?;
        Some(cited.iter().any(|citation| citation.hits.contains(&(at + 1))))
    }
}

impl Open {
    /// The question that what is shown is of, where another one is written by now.
    pub(super) fn earlier_question(&self) -> Option<&str> {
        let shown = self.columns.iter().find(|column| column.retrieved.is_some());
        let of = shown.map_or(self.asked.as_str(), |column| column.of.as_str());
        (!of.is_empty() && self.query.text().trim() != of).then_some(of)
    }

    /// What a column shows is of another question than the one that is being asked, or was found by another setting.
    pub(super) fn shows_earlier_hits(&self, column: &Column) -> bool {
        let others = column.of != self.asked || column.by != column.tuning;
        column.waits && column.retrieved.is_some() && others
    }

    /// Whether every other setting has the passage among its hits too.
    pub(super) fn is_shared(&self, at: usize, id: PassageId) -> bool {
        let mut others = self.columns.iter().enumerate().filter(|(other, _)| *other != at);
        self.columns.len() > 1 && others.all(|(_, column)| column.has(id))
    }

    /// That is asked from now on; whether it is another question. A passage that was chosen stays so for the first one.
    fn turn_to(&mut self, asked: String) -> bool {
        let other = self.asked != asked;
        if other && !self.asked.is_empty() {
            self.chosen = None;
        }
        self.asked = asked;
        other
    }

    /// The first of so many rows of the answer that is in sight where there is room for so many.
    pub(super) fn answer_row(&self, room: usize, rows: usize) -> usize {
        usize::from(self.answer_top).min(rows.saturating_sub(room))
    }

    /// Scrolls the answer; at its end what is written still is followed.
    pub(super) fn scroll_answer(&mut self, action: Action, areas: &layout::Found) {
        let action = match action {
            Action::LineDown => Action::SelectNext,
            Action::LineUp => Action::SelectPrevious,
            action => action,
        };
        let (room, rows) = (usize::from(layout::text_of(areas.answer).height), areas.said.len());
        let last = rows.saturating_sub(room);
        if let Some(to) = stepped(action, self.answer_row(room, rows), room, last + 1) {
            self.answer_top = if to < last { u16::try_from(to).unwrap_or(u16::MAX) } else { u16::MAX };
        }
    }

    /// Whether the action scrolls the answer: a page of it also while the question is written.
    fn reads_answer(&self, action: Action) -> bool {
        let pages = matches!(action, Action::PageDown | Action::PageUp);
        let scrolls =
            matches!(action, Action::LineDown | Action::LineUp) || stepped(action, 0, 1, 1).is_some();
        match self.focus {
            Focus::Query => self.answer.is_some() && pages,
            Focus::Answer => scrolls,
            Focus::Hits => false,
        }
    }

    /// The stops of the keys, from above: an answer is one where there is one.
    fn next_focus(&self, back: bool) -> Focus {
        match (self.focus, self.answer.is_some(), back) {
            (Focus::Query, true, false) | (Focus::Hits, true, true) => Focus::Answer,
            (Focus::Query, ..) | (Focus::Answer, _, false) => Focus::Hits,
            (Focus::Hits, ..) | (Focus::Answer, _, true) => Focus::Query,
        }
    }

    fn question(&self, tuning: &Tuning) -> Question {
        Question {
            text: self.asked.clone(),
            mode: tuning.mode,
            results: tuning.results,
            filter: tuning.filter.clone(),
            expected: self.expected.clone(),
            rerank: tuning.rerank.clone(),
        }
    }
}

impl State {
    pub(super) fn can_among_hits(&self, action: Action) -> bool {
        use Action as A;
        let Some((open, _)) = self.opened() else { return false };
        let column = open.column();
        let rows = column.map_or(0, Column::rows);
        match action {
            A::Open | A::Copy if open.focus == Focus::Answer => true,
            action if open.reads_answer(action) => true,
            A::Accept | A::AskBase => !open.query.text().trim().is_empty(),
            A::ShowGiven => open.answer.as_ref().is_some_and(|answer| !answer.prompt.is_empty()),
            A::NextColumn | A::PreviousColumn => open.columns.len() > 1,
            A::Open | A::Copy | A::LineDown | A::LineUp => rows > 0,
            A::ChangeMode
            | A::SetFilter
            | A::SetThreshold
            | A::ChooseReranker
            | A::TwoSettings
            | A::MeasureBase
            | A::EditTemplate
            | A::ExpectPassage
            | A::Increase
            | A::Decrease
            | A::ShowDocuments
            | A::ChooseModel
            | A::FocusNext
            | A::FocusPrevious
            | A::FocusComposer
            | A::SyncBase
            | A::AddDocuments
            | A::Help => true,
            action => stepped(action, 0, 1, 1).is_some() && rows > 1,
        }
    }

    pub(super) fn among_hits(&mut self, action: Action, desk: &mut Desk<'_>) {
        let areas = self.opened().map(|(open, _)| layout::found(open, desk.area));
        let Some((areas, open)) = areas.zip(self.open.as_mut()) else { return };
        if open.reads_answer(action) {
            return open.scroll_answer(action, &areas);
        }
        let page = usize::from(areas.rows.get(open.at).map_or(1, |rows| rows.height)).max(1);
        if let Some(column) = open.columns.get_mut(open.at)
            && let Some(to) = stepped(action, column.selected, page, column.rows())
        {
            column.selected = to;
            column.top = followed(column.top, to, page);
            (open.scroll, open.chosen) = (0, None);
            return;
        }
        match action {
            Action::Accept => self.find(desk),
            Action::AskBase => self.ask(desk),
            Action::FocusComposer => open.focus = Focus::Query,
            Action::FocusNext | Action::FocusPrevious => {
                open.focus = open.next_focus(action == Action::FocusPrevious);
            }
            Action::LineDown => open.scroll = open.scroll.saturating_add(1),
            Action::LineUp => open.scroll = open.scroll.saturating_sub(1),
            Action::NextColumn | Action::PreviousColumn => {
                open.at = (open.at + 1) % open.columns.len().max(1);
                open.scroll = 0;
            }
            Action::ChangeMode => self.tune(desk, |tuning| {
                tuning.mode = match tuning.mode {
                    Mode::Hybrid => Mode::Semantic,
                    Mode::Semantic => Mode::Keyword,
                    Mode::Keyword => Mode::Hybrid,
                };
            }),
            Action::Increase => self.tune(desk, |tuning| tuning.results = more(tuning.results)),
            Action::Decrease => self.tune(desk, |tuning| tuning.results = fewer(tuning.results)),
            Action::SetFilter => {
                let before = open.column().and_then(|column| column.tuning.filter.clone());
                desk.overlays.push(Overlay::Prompt(Prompt::filter(&before.unwrap_or_default())));
            }
            Action::SetThreshold => {
                let before = open.column().and_then(|column| column.tuning.threshold);
                desk.overlays.push(Overlay::Prompt(Prompt::threshold(before)));
            }
            Action::ChooseReranker => self.offer_reranking(desk),
            Action::TwoSettings => self.two_settings(desk),
            Action::ExpectPassage => self.expect_another(desk),
            Action::MeasureBase => desk.overlays.push(Overlay::Prompt(Prompt::questions())),
            Action::EditTemplate => self.edit_template(desk),
            Action::ShowGiven => {
                let Some(answer) = &open.answer else { return };
                let lines = vec![Line::of(&answer.prompt, Role::Text)];
                let reading = Reading::new(&format!("What {} was given", answer.model), lines);
                desk.overlays.push(Overlay::Reading(Box::new(reading)));
            }
            Action::Open if open.focus == Focus::Answer => open.whole = !open.whole,
            Action::Copy if open.focus == Focus::Answer => {
                let said = open.answer.as_ref().map(Answer::text);
                desk.ask(Effect::Copy(said.unwrap_or_default()));
            }
            Action::Copy => {
                let found = open.column().and_then(|column| column.row(column.selected));
                if let Some((_, found)) = found {
                    desk.ask(Effect::Copy(found.passage.text.clone()));
                }
            }
            Action::Open => {
                open.wishes = false;
                let found = open.column().and_then(|column| column.row(column.selected));
                if let Some((_, found)) = found {
                    let (document, ordinal) = (found.passage.document, found.passage.ordinal);
                    self.show_passage(document, ordinal, desk);
                }
            }
            Action::ShowDocuments => self.show_documents(desk),
            Action::ChooseModel => {
                let current = self.answerer(desk);
                let stock = self.stock.clone();
                let picker = Picker::new(Purpose::Talking, stock, Some(&current), self.asking, desk.now.wall);
                desk.overlays.push(Overlay::Picker(Box::new(picker)));
            }
            action => self.on_base(action, desk),
        }
    }

    /// Takes what was chosen for what is asked; `false` where it is of something else.
    pub(super) fn chosen_among_hits(&mut self, choice: &Choice, desk: &mut Desk<'_>) -> bool {
        match choice {
            Choice::Model(id) => self.model = Some(id.clone()),
            Choice::Questions(path) => self.measure_by(path.clone(), desk),
            Choice::Filter(text) => {
                let filter = Some(text.clone()).filter(|text| !text.is_empty());
                self.tune(desk, |tuning| tuning.filter = filter);
            }
            Choice::Threshold(threshold) => {
                let threshold = *threshold;
                self.tune(desk, |tuning| tuning.threshold = threshold);
            }
            Choice::Rerank(rerank) => {
                let rerank = rerank.clone();
                self.tune(desk, |tuning| tuning.rerank = rerank);
            }
            _ => return false,
        }
        true
    }

    /// Changes the settings of the column that keys act on, and asks again.
    fn tune(&mut self, desk: &mut Desk<'_>, change: impl FnOnce(&mut Tuning)) {
        let Some(open) = &mut self.open else { return };
        let at = open.at;
        if let Some(column) = open.column_mut() {
            change(&mut column.tuning);
            column.error = None;
        }
        if !open.asked.is_empty() {
            self.find_by(at, desk);
        }
    }

    /// A second setting beside the first, which begins as its copy; or one alone again.
    fn two_settings(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        open.scroll = 0;
        if let [first, second] = open.columns.as_slice() {
            // Back to where one was; where the second is another than it was at first, the one that keys act on stays.
            let at = if second.tuning == first.tuning.beside() { 0 } else { open.at };
            let kept = open.columns.swap_remove(at);
            (open.columns, open.at) = (vec![kept], 0);
            return self.keep_one(at);
        }
        let mut second = open.columns.first().cloned().unwrap_or_default();
        second.tuning = second.tuning.beside();
        second.retrieved = None;
        open.columns.push(second);
        open.at = 1;
        open.focus = Focus::Hits;
        if !open.asked.is_empty() {
            self.find_by(1, desk);
        }
    }

    /// Of two columns that one is left, as the first: what is on its way to it goes there, and nothing of the other one does.
    fn keep_one(&mut self, kept: usize) {
        self.instead(|wait| matches!(wait, Wait::Find(at) if *at != kept));
        for wait in self.waits.values_mut() {
            match wait {
                Wait::Find(at) => *at = 0,
                Wait::Answer(at) => *at = at.filter(|at| *at == kept).map(|_| 0),
                _ => {}
            }
        }
    }

    /// What was expected and is marked is forgotten; else the passage is to be chosen.
    fn expect_another(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let row = open.column().and_then(|column| column.row(column.selected));
        if let Some(id) = row.map(|(_, found)| found.passage.id).filter(|id| open.expected.contains(id)) {
            open.expected.retain(|expected| *expected != id);
            open.chosen = None;
            return self.find_again(desk);
        }
        self.show_documents(desk);
        if let Some(open) = &mut self.open {
            (open.shelf.seeks, open.wishes) = (true, true);
        }
    }

    /// The question is asked of the base, by every setting.
    pub(super) fn find(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let asked = open.query.text().trim().to_owned();
        if asked.is_empty() {
            return;
        }
        open.turn_to(asked);
        self.stop_answer(desk);
        if let Some(open) = &mut self.open {
            (open.answer, open.whole) = (None, false);
            if open.focus == Focus::Answer {
                open.focus = Focus::Hits;
            }
        }
        self.find_again(desk);
    }

    /// The same question once more.
    pub(super) fn find_again(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        if open.asked.is_empty() {
            return;
        }
        for at in 0..open.columns.len() {
            self.find_by(at, desk);
        }
    }

    fn find_by(&mut self, at: usize, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let Some(lane) = LANES.get(at) else { return };
        let Some(tuning) = open.columns.get(at).map(|column| column.tuning.clone()) else { return };
        let question = open.question(&tuning);
        let request = Knowledge::Search { id: open.id, question };
        if let Some(column) = open.columns.get_mut(at) {
            (column.waits, column.error) = (true, None);
        }
        let task = desk.call(Some(*lane), Request::Knowledge(request));
        self.instead(|wait| *wait == Wait::Find(at));
        self.wait(task, Wait::Find(at));
    }

    /// A model answers from what the question finds.
    fn ask(&mut self, desk: &mut Desk<'_>) {
        let model = self.answerer(desk);
        self.stop_answer(desk);
        let Some(open) = &mut self.open else { return };
        let other = open.turn_to(open.query.text().trim().to_owned());
        let Some(tuning) = open.column().map(|column| column.tuning.clone()) else { return };
        if open.asked.is_empty() {
            return;
        }
        let asked = Asked {
            question: open.question(&tuning),
            model: model.clone(),
            settings: Settings::default(),
            template: None,
            threshold: tuning.threshold,
        };
        if let Some(column) = open.column_mut() {
            (column.waits, column.error) = (true, None);
        }
        let answer = Answer {
            model,
            fold: Fold::default(),
            prompt: String::new(),
            hits: Vec::new(),
            given: 0,
            cited: None,
            error: None,
            since: desk.now.elapsed,
            runs: true,
            nothing: false,
        };
        (open.answer, open.answer_top, open.page) = (Some(answer), u16::MAX, Page::Found);
        let (request, at, columns) = (Knowledge::Ask { id: open.id, asked }, open.at, open.columns.len());
        let task = desk.call(None, Request::Knowledge(request));
        self.instead(|wait| *wait == Wait::Find(at));
        self.wait(task, Wait::Answer(Some(at)));
        // What stands beside it is of the same question.
        for beside in (0..columns).filter(|beside| other && *beside != at) {
            self.find_by(beside, desk);
        }
    }

    /// Ends the answer; whether one was being written.
    pub(super) fn stop_answer(&mut self, desk: &mut Desk<'_>) -> bool {
        let task = self.waits.iter().find(|(_, wait)| matches!(wait, Wait::Answer(_))).map(|(task, _)| *task);
        let Some(task) = task else { return false };
        self.waits.remove(&task);
        desk.ask(Effect::Cancel(task));
        if let Some(open) = &mut self.open {
            for column in &mut open.columns {
                column.waits = false;
            }
            if let Some(answer) = &mut open.answer {
                answer.runs = false;
            }
        }
        true
    }
}

/// A step up: by one to ten, by five to fifty, then by ten.
fn more(results: usize) -> usize {
    (results + step(results)).min(100)
}

fn fewer(results: usize) -> usize {
    results.saturating_sub(step(results.saturating_sub(1))).max(1)
}

fn step(results: usize) -> usize {
    match results {
        0..10 => 1,
        10..50 => 5,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_up_and_one_down_come_back_to_the_same_number() {
        for results in [1, 5, 9, 10, 15, 45, 50, 60, 90] {
            assert_eq!(fewer(more(results)), results);
        }
        assert_eq!((more(100), fewer(1)), (100, 1));
    }

    #[test]
    fn the_selected_hit_is_in_sight_however_few_rows_there_are() {
        let column = Column { selected: 5, ..Column::default() };
        assert_eq!([6, 3, 1, 0].map(|height| column.first(height)), [0, 3, 5, 5]);
    }

    #[test]
    fn a_cosine_is_written_without_its_nought() {
        assert_eq!(
            ["0.71", "-0.2", "1", "0"].map(|n| format_cosine(n.parse().unwrap())),
            [".71", "-.20", "1.00", ".00"]
        );
        assert_eq!([0.735, 0.7, -0.125, 1.0].map(format_bound), [".735", ".70", "-.125", "1.00"]);
    }
}
