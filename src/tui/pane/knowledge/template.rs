//! The prompt by which a base is answered from, in the person's editor.

use super::State;
use crate::domain::id::BaseId;
use crate::domain::knowledge::retrieval::Answers;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::workbench::request::knowledge::Knowledge;

/// What was given to the editor, or came out of it and could not be taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    base: BaseId,
    text: String,
}

impl State {
    /// Opens the editor with the base's prompt, or with the one that is used everywhere.
    pub(super) fn edit_template(&mut self, desk: &mut Desk<'_>) {
        let Some((open, base)) = self.opened() else { return };
        let refused = self.draft.as_ref().filter(|draft| draft.base == open.id);
        let text = match (refused, &base.answers.template) {
            (Some(draft), _) => draft.text.clone(),
            (None, Some(own)) => own.clone(),
            (None, None) => Answers::usual_template(),
        };
        self.draft = Some(Draft { base: open.id, text: text.clone() });
        desk.ask(Effect::Edit(text));
    }

    /// What the editor left is the base's prompt from now on; nothing, or what is used everywhere, is none of its own. What
    /// cannot be taken is there again when it is edited next.
    pub(super) fn template_edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        let Some(Draft { base: id, .. }) = self.draft.take() else { return };
        let Some(base) = self.bases.iter().find(|base| base.id == id) else { return };
        let text = text.trim();
        let own = !text.is_empty() && text != Answers::usual_template();
        let answers = Answers { template: own.then(|| text.to_owned()), ..base.answers.clone() };
        if let Err(error) = answers.check() {
            self.draft = Some(Draft { base: id, text: text.to_owned() });
            return desk.complain(&error);
        }
        if answers == base.answers {
            return;
        }
        desk.say(if own {
            "The base is answered from by that prompt now."
        } else {
            "The base is answered from by the prompt that is used everywhere."
        });
        self.do_it(Knowledge::Answers { id, answers }, desk);
    }
}
