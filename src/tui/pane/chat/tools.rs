//! Calls of tools, answered by the person.

use super::{Focus, State};
use crate::domain::agent::Acting;
use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message};
use crate::tui::app::Desk;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::pad::{Call, Pad};
use crate::tui::thread::{Given, Thread, Turn};
use crate::tui::widget::composer::{Composer, joined};
use crate::workbench::Request;
use crate::workbench::request::chat::{Chat, Target};

/// What makes an answer of a tool an error: it stands in front of it.
const FAILS: char = '!';

impl State {
    /// The last answer waits for tools that nobody has answered.
    pub(super) fn calls_tools(&self) -> bool {
        self.thread.turn == Turn::Idle
            && self.thread.last_answer().is_some_and(|answer| !calls(answer).is_empty())
    }

    /// Asks for what the next tool gives back; when all have, the model goes on.
    pub(super) fn answer_tools(&mut self, desk: &mut Desk<'_>) {
        if !self.calls_tools() {
            return;
        }
        let Some(answer) = self.thread.last_answer() else { return };
        let calls = calls(answer);
        let open =
            calls.iter().position(|call| !self.thread.tools.get(&call.id).is_some_and(|given| given.taken));
        if let Some((at, call)) = open.and_then(|at| Some((at, calls.get(at)?))) {
            let before = self.thread.tools.get(&call.id).map_or("", |given| given.text.as_str());
            desk.overlays.push(Overlay::Pad(Box::new(Pad::tool(
                call.clone(),
                (at + 1, calls.len()),
                before,
            ))));
            return;
        }
        let blocks = calls.iter().filter_map(|call| result(&self.thread, call)).collect();
        self.send_results(blocks, desk);
    }

    /// The person said what a call of an answer gives back, or left it half written. It is for that answer alone: another
    /// conversation may have calls of the same id.
    pub(super) fn tool_answered(
        &mut self,
        (of, id): (MessageId, String),
        text: String,
        taken: bool,
        desk: &mut Desk<'_>,
    ) {
        if self.thread.last_answer().is_none_or(|answer| answer.id != of) {
            // What somebody wrote is not lost for that.
            let mut written = Composer::default();
            written.set_text(&text);
            let both = joined([self.composer.draft(), written.draft()]);
            self.composer.set_draft(&both);
            self.typed(desk);
            return desk
                .say("What asked for that is not shown any more: what you wrote stands in the composer.");
        }
        self.thread.tools.insert(id, Given { text, taken });
        if taken && self.calls_tools() {
            self.answer_tools(desk);
        } else if taken {
            desk.say("It is not waited for any more: it was answered in another window, or stopped.");
        }
    }

    fn send_results(&mut self, blocks: Vec<Block>, desk: &mut Desk<'_>) {
        let (Some(conversation), parent) = (self.thread.id, self.thread.leaf()) else { return };
        self.keep_lent(desk);
        let to = Target::After { conversation, parent };
        let task = desk.call(None, Request::Chat(Chat::Send { to, blocks }));
        // What was said comes back for another try, should this one fail.
        for given in self.thread.tools.values_mut() {
            given.taken = false;
        }
        self.thread.ask(task, desk.now.wall, parent, None, "");
        self.focus = Focus::Composer;
        self.scroll.to_end();
        self.at = None;
    }
}

fn calls(answer: &Message) -> Vec<Call> {
    let waiting = answer.acting().map(Acting::waiting).unwrap_or_default();
    let asks = |id: &str| waiting.iter().find(|wanted| wanted.id == id)?.question.clone();
    let calls = answer.blocks.iter().filter_map(|block| match block {
        Block::ToolUse { id, name, input, .. } => {
            let question = asks(id);
            let (id, name) = (id.clone(), name.clone());
            Some(Call { of: answer.id, id, name, input: input.to_string(), question })
        }
        _ => None,
    });
    calls.collect()
}

fn result(thread: &Thread, call: &Call) -> Option<Block> {
    let text = thread.tools.get(&call.id)?.text.as_str();
    // What a person is asked they answer in any words.
    let (content, is_error) = match text.strip_prefix(FAILS).filter(|_| call.question.is_none()) {
        Some(why) => (why.trim_start(), true),
        None => (text, false),
    };
    Some(Block::ToolResult { id: call.id.clone(), content: content.to_owned(), is_error })
}
