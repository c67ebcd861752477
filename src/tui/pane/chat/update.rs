//! What an action does here.

use super::{Focus, State};
use crate::domain::conversation::Conversation;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::key::Key;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::agent::Deed;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::given::given;
use crate::tui::overlay::prompt::Prompt;

impl State {
    /// Does what the person means; `key` is what they pressed, where they pressed one.
    pub fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if action == Action::FocusNext && key.is_some() && self.complete(desk) {
            return;
        }
        self.candidates = None;
        if self.act_in_line(action, desk) {
            return;
        }
        match action {
            Action::Send => self.send(desk),
            Action::Newline => {
                self.composer.newline();
                self.typed(desk);
            }
            Action::Undo | Action::Redo => {
                let _ = if action == Action::Undo { self.composer.undo() } else { self.composer.redo() };
                self.typed(desk);
            }
            Action::HistoryPrevious | Action::HistoryNext => {
                self.history(key, action == Action::HistoryNext, desk);
            }
            Action::SearchHistory => self.search_history(desk),
            Action::EditQueued => self.edit_queued(desk),
            Action::AttachFile => desk.overlays.push(Overlay::Prompt(Prompt::attach())),
            Action::PasteClipboard => desk.ask(Effect::Paste),
            Action::EditInEditor => self.edit_in_editor(desk),
            // With something written, it is the key of the composer that deletes.
            Action::QuitWhenEmpty => {
                if let Some(stroke) = desk.stroke(key) {
                    self.key(stroke, desk);
                }
            }
            Action::Back => self.back(desk),
            Action::FocusNext => self.turn_focus(1, desk.area),
            Action::FocusPrevious => self.turn_focus(-1, desk.area),
            Action::FocusComposer => self.focus = Focus::Composer,
            Action::NewConversation => self.open_new(desk),
            Action::ToggleList => self.toggle_list(desk),
            Action::ToggleSettings => self.toggle_settings(desk),
            Action::SearchConversations => self.start_search(desk),
            Action::PreviousConversation | Action::NextConversation => {
                self.list.step_from(self.thread.id, if action == Action::NextConversation { 1 } else { -1 });
                self.open_selected(desk);
                self.more(desk);
            }
            Action::ChooseModel => self.choose_model(desk),
            Action::ChoosePreset => self.choose_preset(desk),
            Action::ChooseAgent => self.choose_agent(None, desk),
            Action::EditStep => self.edit_step(desk),
            Action::ShowAgent => self.show_agent(desk),
            Action::NewAgent => self.new_agent(desk),
            Action::EditAgent => self.choose_agent(Some(Deed::Edit), desk),
            Action::ShowAgentVersions => self.choose_agent(Some(Deed::Versions), desk),
            Action::ShowAgentPrompts => self.choose_agent(Some(Deed::Prompts), desk),
            Action::ShowAgentMemory => self.choose_agent(Some(Deed::Memory), desk),
            Action::RemoveAgent => self.choose_agent(Some(Deed::AskToRemove), desk),
            Action::EditSystem => self.edit_system(desk),
            Action::GetModel => {
                self.offer(None, None, desk);
                self.focus = Focus::FirstRun;
            }
            Action::Rename | Action::Delete | Action::ExportConversation => {
                if let Some(head) = self.chosen_head() {
                    desk.overlays.push(match action {
                        Action::Rename => Overlay::Prompt(Prompt::rename(head.id, &head.title)),
                        Action::ExportConversation => Overlay::Prompt(Prompt::export(head.id, &head.title)),
                        _ => Overlay::Confirm(Confirm::delete(&head)),
                    });
                }
            }
            Action::Fork => self.fork(desk),
            Action::Retry if self.open_again(desk) => {}
            Action::Retry => self.retry(desk),
            Action::RetryFailed if self.can(action) => {
                self.at = None;
                self.retry(desk);
            }
            Action::EditMessage => self.edit(desk),
            Action::Continue => self.go_on(desk),
            Action::AnswerTool if self.show_consent(desk) || self.go_where_one_waits(desk) => {}
            Action::AnswerTool => self.answer_tools(desk),
            Action::BranchPrevious => self.branch(-1, None, desk),
            Action::BranchNext => self.branch(1, None, desk),
            Action::StartSelection => self.mark(desk),
            Action::Copy if self.marks() => self.copy_marked(desk),
            Action::Copy => self.copy(desk),
            Action::CopyCode => self.copy_code(desk),
            Action::CopyAll => self.copy_all(desk),
            Action::CopyRequest => self.copy_request(desk),
            Action::ShowPassages => desk.overlays.extend(self.given().map(given)),
            Action::AddToDataset if self.answer().is_some() => {
                desk.overlays.push(Overlay::Prompt(Prompt::dataset("")));
            }
            Action::ToggleFold => self.toggle_fold(desk),
            Action::Search if self.focus == Focus::List => self.start_search(desk),
            Action::Search => self.start_find(),
            Action::SearchNext => self.find_next(true, desk),
            Action::SearchPrevious => self.find_next(false, desk),
            Action::Follow => self.scroll_as(action, desk),
            action => self.move_in(action, desk),
        }
        self.refit(desk);
    }

    fn chosen_head(&self) -> Option<Conversation> {
        match self.focus {
            Focus::List => self.list.entry(self.list.selected).cloned(),
            _ => self.thread.id.and_then(|id| self.list.head(id)).cloned(),
        }
    }
}
