//! What the person chose in an overlay.

use super::attaching::Named;
use super::completing::Completing;
use super::first_run::Chooser;
use super::slip::Slash;
use super::{Focus, State, Wait};
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Written};
use crate::tui::overlay::Choice;
use crate::tui::overlay::prompt::format_of;
use crate::workbench::Request;
use crate::workbench::request::conversations::{Change, Conversations};

impl State {
    /// What was chosen in an overlay.
    pub fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Model(id) => {
                if self.can_be_fetched(Some(&id)) {
                    // The conversation keeps its model until this one is here.
                    self.insisted = true;
                    self.offer(Some(id), None, desk);
                    if let Some(first) = self.first_run.as_mut().filter(|first| !first.runs()) {
                        first.chosen_for = Some(Chooser(self.thread.id));
                    }
                    self.focus = Focus::FirstRun;
                } else {
                    self.set_model(id, desk);
                }
            }
            Choice::Star(id) => self.star(&id, desk),
            Choice::Preset(name) => {
                let Some(preset) = desk.options.presets.get(&name).cloned() else { return };
                self.take_preset(&name, &preset, desk);
            }
            Choice::BeforePreset => self.undo_preset(desk),
            Choice::Written(draft) => {
                if !self.composer.is_empty() {
                    self.composer.take();
                }
                if draft.pastes.is_empty() {
                    self.composer.set_text(&draft.text);
                } else {
                    self.composer.set_draft(&draft);
                }
                self.take_up();
                self.focus = Focus::Composer;
                self.typed(desk);
            }
            Choice::Typed { text, meant } => {
                self.slash = if meant { Slash::Text } else { Slash::Open };
                self.composer.insert(&text);
                self.focus = Focus::Composer;
                self.typed(desk);
            }
            Choice::Write { of: Written::Conversation(id), path, replace } => {
                if let Some(format) = format_of(&path) {
                    let export = Conversations::Export { ids: vec![id], format, folder: None };
                    let task = desk.call(None, Request::Conversations(export));
                    self.waits.insert(task, Wait::Save { path, replace });
                }
            }
            Choice::Attach(path) => self.attach(&path, Named::Asked, desk),
            Choice::Complete(before) => self.look_up(Completing::Line(before), desk),
            Choice::CopyCode(code) => desk.ask(Effect::Copy(code)),
            Choice::InEditor(text) => desk.ask(Effect::Edit(text)),
            Choice::AddToDataset(dataset) => self.add_to_dataset(dataset, desk),
            Choice::Rename(id, title) => {
                if self.thread.id == Some(id) {
                    self.thread.title.clone_from(&title);
                }
                let change = Change { title: Some(title), ..Change::default() };
                self.write(Request::Conversations(Conversations::Change { id, change }), desk);
            }
            Choice::Delete(id) => {
                self.list.remove(id);
                self.write(Request::Conversations(Conversations::Remove { id }), desk);
                if self.thread.id == Some(id) {
                    self.leave_gone(desk);
                }
            }
            Choice::Tool { of, id, text, taken } => self.tool_answered((of, id), text, taken, desk),
            Choice::Answers(answers) => self.set_answers(answers, desk),
            Choice::Agent(id, deed) => self.open_agent(id, deed, desk),
            Choice::KeepAgent(of, pad) => self.read_agent(of, pad, desk),
            Choice::EditStep(message, step) => self.write_step(message, step, desk),
            Choice::EditPrompt(message, step) => self.ask_prompt(message, step, desk),
            Choice::RunOn(message, edit) => self.run_on(message, edit, desk),
            Choice::Consent { run, call, agreed } => self.consented(run, call, agreed, desk),
            Choice::System(text) => self.set_system(&text, desk),
            // The pad took it, so it is one.
            Choice::Setting { field, text } => {
                let mut settings = self.thread.setup.settings.clone();
                if settings.set(field.name, &text).is_ok() {
                    self.set_settings(settings, desk);
                }
            }
            Choice::SystemAside(text) => {
                self.thread.system_aside = Some(text);
                desk.say("Not taken; it is there again when the system prompt is written next.");
            }
            // Of other places, or done before.
            Choice::NamePreset { .. }
            | Choice::DeletePreset(_)
            | Choice::Fetch(_)
            | Choice::PlanFetch(_)
            | Choice::RemoveModel(_)
            | Choice::AddModel(_)
            | Choice::Try(..)
            | Choice::TryOrder(..)
            | Choice::SavePicture { .. }
            | Choice::VaryFile(_)
            | Choice::RemovePictures(_)
            | Choice::RemoveComparison(_)
            | Choice::Repeats(_)
            | Choice::ValuesFile(_)
            | Choice::RemoveEvaluation(_)
            | Choice::LookAtResults(_)
            | Choice::SeeCalls(..)
            | Choice::StopAnswers
            | Choice::RetryBlindly
            | Choice::TakeDataset(_)
            | Choice::TakeMethod(_)
            | Choice::Fill(..)
            | Choice::GoOnMaking
            | Choice::MakeAnew(_)
            | Choice::ImportDataset { .. }
            | Choice::Write { .. }
            | Choice::Category(_)
            | Choice::Board(_)
            | Choice::AddDocuments { .. }
            | Choice::SourceBlank(_)
            | Choice::FillSource(..)
            | Choice::KeepSource
            | Choice::DropSource
            | Choice::RemoveSource(..)
            | Choice::PreviewFile(_)
            | Choice::Chunking(_)
            | Choice::Questions(_)
            | Choice::PlanRebuild(..)
            | Choice::RebuildBase(..)
            | Choice::DropRebuild(_)
            | Choice::ExportBase(..)
            | Choice::ImportBase(_)
            | Choice::RenameBase(..)
            | Choice::RemoveBase(_)
            | Choice::ImportTraces(_)
            | Choice::RemoveTrace(_)
            | Choice::Listen(_)
            | Choice::AskAgain(_)
            | Choice::Opine(..)
            | Choice::AddSpan(..)
            | Choice::Filter(_)
            | Choice::Threshold(_)
            | Choice::Rerank(_)
            | Choice::RerankBase(..)
            | Choice::Candidates(..)
            | Choice::RenameDataset(..)
            | Choice::RemoveDataset(_)
            | Choice::Skip(_)
            | Choice::Comment(_)
            | Choice::Decide(_)
            | Choice::Reason(_)
            | Choice::GoToVote(_)
            | Choice::SavePrompt(_)
            | Choice::SaveVersion(_)
            | Choice::RenamePrompt(..)
            | Choice::DeletePrompt(_)
            | Choice::EmptyPrompt
            | Choice::Act(_)
            | Choice::Unlock(_)
            | Choice::Quit
            | Choice::StopAndQuit
            | Choice::LeaveRunning => {}
        }
        self.refit(desk);
    }
}
