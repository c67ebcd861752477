//! Runs: begun, stopped, looked back at, gone on with.

use std::collections::HashSet;

use super::{Focus, State, Wait};
use crate::domain::conversation::Draft;
use crate::domain::id::MessageId;
use crate::domain::message::{Outcome, Role};
use crate::domain::prompt::Template;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::event::Now;
use crate::tui::scripts;
use crate::tui::thread::{Load, Thread, Turn};
use crate::tui::widget::markdown;
use crate::tui::widget::transcript::{Geometry, Item, Transcript};
use crate::workbench::Request;
use crate::workbench::request::conversations::Conversations;
use crate::workbench::request::prompts::Prompts;

impl State {
    /// Asks the model. What is missing is gone to.
    pub(super) fn run(&mut self, desk: &mut Desk<'_>) {
        if self.focus == Focus::Editor && self.editor.newline_for_backslash() {
            return self.typed(desk);
        }
        if !self.idle(desk) {
            return;
        }
        if self.editor.text().trim().is_empty() {
            return desk.say("Write a prompt first.");
        }
        let setup = self.in_force();
        if setup.model.is_none() {
            desk.say("Choose who shall answer; your text stays here.");
            return self.choose_model(desk);
        }
        if let Some(at) = self.names.iter().position(|name| !self.values.contains_key(name)) {
            self.focus = Focus::Values;
            self.select_value(at, desk);
            return desk.say(format!("{} has no value yet.", self.names[at]));
        }
        let version = self.version();
        let template = Template { model: setup.model.clone(), ..self.template() };
        let mut values = self.values.clone();
        values.retain(|name, _| self.names.contains(name));
        let text = template.filled(&values).text;
        let request = Prompts::Run { of: self.id(), version, template, values };
        self.keep(desk);
        self.drop_watch(desk);
        let task = desk.call(None, Request::Prompts(request));
        self.thread = Thread::new(setup);
        self.thread.stamp(desk.wall());
        self.thread.ask(task, desk.now.wall, None, Some(Draft::default()), &text);
        self.compared = None;
        self.opened.clear();
        self.scroll.to_end();
    }

    /// Stops the running answer; what came is kept. `false` where none runs.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(task) = self.thread.turn.task() else { return false };
        let asking = matches!(self.thread.turn, Turn::Asking { .. });
        desk.ask(Effect::Cancel(task));
        self.thread.end(Outcome::Stopped);
        if asking {
            // Whether it was durable already, only the store knows.
            self.ask_runs(desk);
        }
        true
    }

    /// A turn is over in any way but its own.
    pub(super) fn turn_ended(&mut self, task: TaskId, outcome: Outcome) {
        if self.thread.turn.task() == Some(task) {
            self.thread.end(outcome);
        }
        self.others.retain(|other| *other != task);
    }

    /// Shows the run before or after the one that is shown.
    pub(super) fn step_run(&mut self, older: bool, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        let at = match (self.at(), older) {
            (None, _) => Some(0),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        match at.filter(|at| *at < self.runs.len()) {
            Some(at) => self.show_run(at, desk),
            None if self.runs.is_empty() => desk.say("It was not run yet."),
            None => desk.say(if older { "This is the first run." } else { "This is the last run." }),
        }
    }

    pub(super) fn show_run(&mut self, at: usize, desk: &mut Desk<'_>) {
        let Some(head) = self.runs.get(at) else { return };
        let id = head.id;
        self.compared = None;
        let task = desk.call(Some(Lane("prompt.run")), Request::Conversations(Conversations::Open { id }));
        self.waits.retain(|_, wait| !matches!(wait, Wait::Run(_)));
        self.waits.insert(task, Wait::Run(id));
        if self.thread.id != Some(id) {
            self.thread = Thread::opening(head, task);
            self.opened.clear();
            self.scroll = crate::tui::widget::transcript::Scroll::default();
        }
        self.drop_watch(desk);
    }

    /// Watches no run any more.
    pub(super) fn drop_watch(&mut self, desk: &mut Desk<'_>) {
        if let Some(watch) = self.thread.watch.take() {
            desk.ask(Effect::Cancel(watch));
            self.waits.remove(&watch);
        }
    }

    /// Goes on with the run that is shown as a conversation.
    pub(super) fn go_on(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        if let Some(run) = self.thread.id {
            let task = desk.call(None, Request::Prompts(Prompts::GoOn { run }));
            self.waits.insert(task, Wait::GoOn);
        }
    }

    pub(super) fn status(&self, now: Now, reduced_motion: bool) -> String {
        self.thread.status(now, reduced_motion)
    }

    /// What was sent is one line until it is opened: the text itself stands above.
    fn folded(&self) -> HashSet<MessageId> {
        let sent = self.thread.shown().filter(|item| item.message.role == Role::User);
        sent.map(|item| item.message.id).filter(|id| !self.opened.contains(id)).collect()
    }

    /// The run as the transcript takes it.
    pub(super) fn with_items<T>(&self, status: &str, take: impl FnOnce(&[Item<'_>]) -> T) -> T {
        take(&self.thread.items(status, &self.folded(), &self.opened))
    }

    fn geometry(&self, desk: &mut Desk<'_>) -> Geometry {
        let area = self.areas(desk.area).answer;
        let status = self.status(desk.now, desk.options.reduced_motion);
        self.with_items(&status, |items| {
            let mut transcript = Transcript::new(items);
            transcript.active = self.focus == Focus::Answer;
            transcript.layout(area, &self.scroll, &mut desk.cache.transcript)
        })
    }

    /// Scrolls what is read as `action` says.
    pub(super) fn scroll_as(&mut self, action: Action, desk: &mut Desk<'_>) {
        let area = self.areas(desk.area).answer;
        let height = area.height;
        if self.compared.is_some() {
            let page = isize::from(height.max(2).cast_signed());
            let steps = match action {
                Action::LineDown => 1,
                Action::LineUp => -1,
                Action::HalfPageDown => page / 2,
                Action::HalfPageUp => -page / 2,
                Action::PageDown => page - 1,
                Action::PageUp => 1 - page,
                Action::SelectFirst => isize::MIN,
                _ => isize::MAX,
            };
            return self.scroll_compared(steps, area);
        }
        match action {
            Action::LineDown => self.scroll.by(1),
            Action::LineUp => self.scroll.by(-1),
            Action::HalfPageDown => self.scroll.half(height, 1),
            Action::HalfPageUp => self.scroll.half(height, -1),
            Action::PageDown => self.scroll.page(height, 1),
            Action::PageUp => self.scroll.page(height, -1),
            Action::SelectFirst => {
                if let Some(first) = self.thread.shown().next().map(|item| item.message.id) {
                    self.scroll.to_message(first);
                }
            }
            _ => self.scroll.to_end(),
        }
        self.scroll = self.geometry(desk).scroll;
    }

    /// By rows, as the wheel does.
    pub(super) fn scroll_by(&mut self, rows: i64, desk: &mut Desk<'_>) {
        let area = self.areas(desk.area).answer;
        if self.compared.is_some() {
            return self.scroll_compared(rows as isize, area);
        }
        self.scroll.by(rows);
        self.scroll = self.geometry(desk).scroll;
    }

    fn scroll_compared(&mut self, steps: isize, area: ratatui::layout::Rect) {
        let count =
            self.compared.as_ref().map_or(0, |compared| super::view::compared_rows(compared, area.width));
        let last = count.saturating_sub(usize::from(area.height));
        if let Some(compared) = &mut self.compared {
            compared.top = compared.top.saturating_add_signed(steps).min(last);
        }
    }

    /// Opens or closes what was sent and what was reasoned.
    pub(super) fn toggle_fold(&mut self, desk: &mut Desk<'_>) {
        let ids: Vec<MessageId> = self.thread.shown().map(|item| item.message.id).collect();
        if ids.iter().any(|id| self.opened.contains(id)) {
            self.opened.clear();
        } else {
            self.opened.extend(ids);
        }
        self.scroll = self.geometry(desk).scroll;
    }

    /// Copies the answer.
    pub(super) fn copy(&self, desk: &mut Desk<'_>) {
        let text = self.thread.last_answer().map(crate::domain::message::Message::text).unwrap_or_default();
        if !text.is_empty() {
            desk.ask(Effect::Copy(text));
        }
    }

    /// Asks for the request of the run that is shown.
    pub(super) fn copy_request(&mut self, desk: &mut Desk<'_>) {
        let answer = self.thread.last_answer().map(|answer| (answer.conversation, answer.id));
        if let Some((conversation, message)) = answer {
            let task = scripts::ask(conversation, message, desk);
            self.waits.insert(task, Wait::Scripts);
        }
    }

    /// Copies the last code block of the answer.
    pub(super) fn copy_code(&self, desk: &mut Desk<'_>) {
        let text = self.thread.last_answer().map(crate::domain::message::Message::text).unwrap_or_default();
        match markdown::codes(&text).last() {
            Some(code) => desk.ask(Effect::Copy(code.source(&text))),
            None => desk.say("There is no code block in the answer."),
        }
    }

    /// The messages of the run have not come yet.
    pub(super) fn loads_run(&self) -> bool {
        matches!(self.thread.load, Load::Opening(_))
    }
}
