//! What is asked of the door: pictures, the list of them, their removal.

use std::time::Duration;

use super::setup::Source;
use super::{Focus, Run, State, Wait};
use crate::domain::call::Picture;
use crate::domain::conversation::Draft;
use crate::domain::id::MakingId;
use crate::domain::picture::Making;
use crate::tui::app::{Desk, SAVE_DRAFT};
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::prompt::Prompt;
use crate::workbench::Request;
use crate::workbench::request::Topic;
use crate::workbench::request::pictures::Pictures;
use crate::workbench::request::workspace::Workspace;

/// The name that what is written is kept under, and how long nothing is typed before it is.
const MEMORY: &str = "tui.pictures";
const QUIET: Duration = Duration::from_millis(700);
/// Makings that are read at a time.
const PAGE: usize = 200;

impl State {
    /// It comes into sight: the list is read, the first time.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        if self.watch.is_none() {
            self.watch = Some(desk.call(None, Request::Watch { topic: Topic::Pictures }));
            self.read(false, desk);
            if !self.known {
                let task = desk.call(None, Request::Workspace(Workspace::Recall { name: MEMORY.to_owned() }));
                self.waits.insert(task, Wait::Recall);
            }
        }
        self.fit(desk);
    }

    /// What was written and never sent, unless something else is written now.
    pub(super) fn recalled(&mut self, value: Option<&serde_json::Value>) {
        let text = value.and_then(|value| value["prompt"].as_str()).unwrap_or_default();
        text.clone_into(&mut self.kept);
        if self.composer.is_empty() && !text.is_empty() {
            self.composer.set_text(text);
        }
    }

    /// Something else is written than was: it is kept after a moment of quiet.
    pub(super) fn keep_later(&mut self, desk: &mut Desk<'_>) {
        let text = self.composer.text();
        if text != self.written {
            self.written = text;
            desk.ask(Effect::After { timer: SAVE_DRAFT, delay: QUIET });
        }
    }

    /// Keeps what is written, where it has changed.
    pub fn keep(&mut self, desk: &mut Desk<'_>) {
        let text = self.composer.text();
        if text == self.kept || self.waits.values().any(|wait| *wait == Wait::Recall) {
            return;
        }
        let value = serde_json::json!({ "prompt": text });
        self.kept = text;
        let name = MEMORY.to_owned();
        let task = desk.call(None, Request::Workspace(Workspace::Remember { name, value }));
        self.waits.insert(task, Wait::Keep);
    }

    /// Reads the newest, or those behind the last one of the list.
    pub(super) fn read(&mut self, more: bool, desk: &mut Desk<'_>) {
        let before = self.list.last().filter(|_| more).map(|making| making.id);
        let list = Pictures::List { limit: PAGE, before };
        let task = desk.call(Some(Lane("pictures")), Request::Pictures(list));
        self.waits.retain(|_, wait| !matches!(wait, Wait::List { .. }));
        self.waits.insert(task, Wait::List { more });
    }

    /// The list reaches its end: older ones are read.
    pub(super) fn read_on(&mut self, desk: &mut Desk<'_>) {
        let reads = self.waits.values().any(|wait| matches!(wait, Wait::List { .. }));
        if self.more && !reads && self.selected + 20 >= self.list.len() {
            self.read(true, desk);
        }
    }

    /// Asks for pictures of what is written.
    pub(super) fn make(&mut self, desk: &mut Desk<'_>) {
        let Some(model) = self.setup.model.clone() else { return };
        let prompt = self.composer.text();
        if prompt.trim().is_empty() && self.setup.from.is_none() {
            return;
        }
        let asked = self.setup.picture(model, prompt.clone());
        self.composer.take();
        self.ask_for(asked, prompt, desk);
    }

    /// Asks once more for what the pictures that are looked at were made of, with what the drawer says now.
    pub(super) fn make_again(&mut self, desk: &mut Desk<'_>) {
        let Some(before) = self.making().map(|making| &making.asked) else { return };
        let model = self.setup.model.clone().unwrap_or_else(|| before.model.clone());
        let asked = self.setup.picture(model, before.prompt.clone());
        if asked.prompt.trim().is_empty() && self.setup.from.is_none() {
            return desk.say("It varied a picture and has no text; choose a picture to vary first.");
        }
        self.ask_for(asked, String::new(), desk);
    }

    fn ask_for(&mut self, asked: Picture, prompt: String, desk: &mut Desk<'_>) {
        let file = match &self.setup.from {
            Some(Source::File(path)) => Some(desk.options.whole_path(path)),
            _ => None,
        };
        self.failed = None;
        let task = desk.call(None, Request::Pictures(Pictures::Make { asked, file }));
        self.runs.insert(task, Run { making: None, since: desk.now.elapsed, ahead: 0, prompt });
    }

    /// Stops what is looked at, else what was asked for last; `false` where nothing runs.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) -> bool {
        let shown = self.making().and_then(|making| Some(*self.run_of(making.id)?.0));
        let Some(task) = shown.or_else(|| self.runs.keys().next_back().copied()) else { return false };
        desk.ask(Effect::Cancel(task));
        if let Some(run) = self.runs.remove(&task) {
            self.give_back(&run);
        }
        true
    }

    /// What was written for pictures that never began is there again, unless something else is written now.
    pub(super) fn give_back(&mut self, run: &Run) {
        if run.making.is_none() && self.composer.is_empty() && !run.prompt.is_empty() {
            self.composer.set_text(&run.prompt);
        }
    }

    /// The picture that is looked at is the one to begin with.
    pub(super) fn vary(&mut self, desk: &mut Desk<'_>) {
        let Some((making, made)) = self.making().zip(self.made()) else { return };
        let (blob, name) = (made.blob.clone(), making.file_name(self.at));
        let prompt = making.asked.prompt.clone();
        self.setup.from = Some(Source::Kept { blob, name });
        if self.composer.is_empty() {
            self.composer.set_text(&prompt);
        }
        (self.focus, self.enlarged) = (Focus::Prompt, false);
        desk.say("The next picture begins with this one.");
    }

    /// Asks where the picture is to be written.
    pub(super) fn ask_where(&self, desk: &mut Desk<'_>) {
        let Some((making, made)) = self.making().zip(self.made()) else { return };
        let prompt = Prompt::picture(made.blob.clone(), &making.file_name(self.at));
        desk.overlays.push(Overlay::Prompt(prompt));
    }

    /// Asks before pictures are deleted.
    pub(super) fn ask_to_remove(&self, desk: &mut Desk<'_>) {
        match self.making() {
            Some(making) if making.runs() => desk.say("They are still being made; stop that first."),
            Some(making) => desk.overlays.push(Overlay::Confirm(Confirm::remove_pictures(making))),
            None => {}
        }
    }

    pub(super) fn remove(&mut self, id: MakingId, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Pictures(Pictures::Remove { id }));
        self.waits.insert(task, Wait::Remove);
    }

    /// Puts a making into the list, in the place of an older state of it. A new one of this screen's is looked at.
    pub(super) fn put(&mut self, making: Making, task: Option<TaskId>) {
        let known = self.list.iter().position(|other| other.id == making.id);
        let begins = task.and_then(|task| self.runs.get_mut(&task)).is_some_and(|run| {
            run.ahead = 0;
            run.making.replace(making.id).is_none()
        });
        let id = making.id;
        match known {
            // What ended here does not begin again by a word that was on its way.
            Some(at) if !self.list[at].runs() && making.runs() => {}
            Some(at) => self.list[at] = making,
            None => {
                let at = self.list.partition_point(|other| other.id > id);
                self.list.insert(at, making);
                if at <= self.selected && self.list.len() > 1 && !begins {
                    self.selected += 1;
                }
            }
        }
        if begins {
            self.selected = self.list.iter().position(|other| other.id == id).unwrap_or(0);
            self.at = 0;
        }
    }

    /// It is gone.
    pub(super) fn drop_making(&mut self, id: MakingId) {
        let Some(at) = self.list.iter().position(|other| other.id == id) else { return };
        self.list.remove(at);
        if at < self.selected || self.selected >= self.list.len() {
            self.selected = self.selected.saturating_sub(1);
        }
        (self.at, self.enlarged) = (0, false);
    }

    /// The list came. The first time it also says what was written before, and with which model.
    pub(super) fn take_list(&mut self, makings: Vec<Making>, more: bool, behind: bool) {
        let first = !self.known;
        (self.known, self.more) = (true, more);
        let looked_at = self.making().map(|making| making.id);
        if !behind {
            self.list.retain(|making| making.runs() && !makings.iter().any(|other| other.id == making.id));
        }
        for making in makings {
            if !self.list.iter().any(|other| other.id == making.id) {
                self.list.push(making);
            }
        }
        self.list.sort_by_key(|making| std::cmp::Reverse(making.id));
        self.selected =
            looked_at.and_then(|id| self.list.iter().position(|making| making.id == id)).unwrap_or(0);
        if self.setup.model.is_none() {
            self.setup.model = self.list.first().map(|making| making.asked.model.clone());
        }
        if first {
            let written = |making: &Making| Draft { text: making.asked.prompt.clone(), ..Draft::default() };
            let mut before: Vec<Draft> = self.list.iter().rev().map(written).collect();
            before.retain(|draft| !draft.text.trim().is_empty());
            before.dedup();
            let draft = self.composer.draft();
            self.composer = crate::tui::widget::composer::Composer::with_history(before);
            self.composer.set_draft(&draft);
        }
    }
}
