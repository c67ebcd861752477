//! A turn that an agent answers: what its run is asked, and how what it does is told and kept as it comes.

use std::pin::pin;

use futures_util::future::{Fuse, FusedFuture};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::prepare::turns;
use super::run::{SHOW_EVERY, STORE_EVERY, store};
use super::{Chat, Step};
use crate::domain::agent::replay::{self, Edit, Missing};
use crate::domain::agent::run::State;
use crate::domain::agent::{Acting, AgentEvent, Book, Chosen, Run};
use crate::domain::call::Turn;
use crate::domain::catalog::ModelId;
use crate::domain::change::Changed;
use crate::domain::id::AgentId;
use crate::domain::message::{Block, Message, Outcome, Role, StopReason};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::agent::{Again, Agents, Given, Onward};

/// A run of an agent, ready to be begun.
#[derive(Debug)]
pub(super) struct Act {
    pub(super) agent: AgentId,
    pub(super) given: Given,
}

/// What an agent is asked by the last message of a branch, and its work before it has begun.
pub(super) fn act(book: &Book, model: Option<&ModelId>, path: &[&Message]) -> Result<(Act, Acting)> {
    const DOING: &str = "sending a message";
    let Some((asked, before)) = path.split_last() else {
        return Err(Error::internal(DOING, "no message is there for the agent"));
    };
    let files: Vec<Block> = asked.blocks.iter().filter(|block| is_file(block)).cloned().collect();
    let answers = asked.blocks.iter().filter_map(|block| match block {
        Block::ToolResult { id, content, is_error: true } => {
            Some((id.clone(), format!("it failed: {content}")))
        }
        Block::ToolResult { id, content, is_error: false } => Some((id.clone(), content.clone())),
        _ => None,
    });
    let last = before.last().and_then(|message| message.acting());
    let last = last.filter(|acting| acting.agent.id == book.agent.id);
    let answers: Vec<(String, String)> = answers.collect();
    let waits = last.is_some_and(|last| last.waiting().len() == 1) || !answers.is_empty();
    // What an action gives is a text, and every template has a place for a question.
    if !files.is_empty() {
        let refused = |why: &str, hint: &str| Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
        if waits {
            return refused("the agent waits for words", "Answer it in words, and send the file after that.");
        }
        if asked.text().trim().is_empty() {
            let hint = "Write beside the file what it is to do with it.";
            return refused("nothing is asked of the agent", hint);
        }
    }
    let definition = book.version(None).map(|version| &version.definition);
    let onward = Onward {
        text: asked.text(),
        files,
        answers,
        from: last.and_then(|acting| acting.run),
        history: said_in(before),
        // The agent's own goes before the conversation's.
        model: model.filter(|_| definition.is_none_or(|definition| definition.model.is_none())).cloned(),
    };
    let chosen = Chosen { id: book.agent.id, name: book.agent.name.clone() };
    let mut acting = Acting::new(chosen, book.agent.latest);
    if let Some(last) = last.filter(|last| !last.waiting().is_empty()) {
        // What waited goes on, and so does what it has spent.
        acting.spent = last.spent;
    }
    Ok((Act { agent: book.agent.id, given: Given::Onward(onward) }, acting))
}

/// The run that gave an answer once more, but for what is edited.
pub(super) async fn again_from(agents: &Agents, acting: &Acting, mut edit: Edit) -> Result<Given> {
    const DOING: &str = "running an agent once more";
    let run = acting.run.ok_or_else(|| {
        let hint = "Answer the message again instead.";
        Error::new(ErrorKind::Invalid, DOING, "its run never began", hint)
    })?;
    let recorded = agents.run_of(acting.agent.id, run).await?;
    let before = u32::try_from(steps_before(&recorded, acting)).unwrap_or(u32::MAX);
    edit.step = edit.step.map(|step| step.saturating_add(before));
    Ok(Given::Replay(Again { run, edit, version: None, model: None, missing: Missing::Run }))
}

/// The steps that the record of a run has and that are none of its own: one that went on after a question, or from a step of another
/// run, has those before that as well.
fn steps_before(recorded: &Run, acting: &Acting) -> usize {
    let from = replay::asked_at(&recorded.turns, &recorded.question).map_or(0, |at| at + 1);
    let steps = |turns: &[Turn]| turns.iter().skip(from).filter(|turn| turn.role == Role::Assistant).count();
    let begun_with = recorded.begun_with.and_then(|turns| recorded.turns.get(..usize::try_from(turns).ok()?));
    match begun_with {
        Some(before) => steps(before),
        // Of a run of before that was kept, its own steps are the last ones.
        None => steps(&recorded.turns).saturating_sub(acting.said("").len()),
    }
}

/// A picture or a document. A file of text is a text.
fn is_file(block: &Block) -> bool {
    matches!(block, Block::Image { .. } | Block::Document { .. })
}

/// What was said in a branch, by its texts and files alone; neighbours of one role are one turn.
fn said_in(path: &[&Message]) -> Vec<Turn> {
    let mut said: Vec<Turn> = Vec::new();
    for mut turn in turns(path, "") {
        turn.blocks.retain(|block| matches!(block, Block::Text { .. }) || is_file(block));
        match said.last_mut() {
            _ if turn.blocks.is_empty() => {}
            Some(last) if last.role == turn.role => last.blocks.append(&mut turn.blocks),
            _ => said.push(turn),
        }
    }
    said
}

/// An answer as its agent makes it.
pub(super) struct Growing {
    pub(super) answer: Message,
    began: Instant,
    /// Since it was stored last.
    changed: bool,
    /// The last event of the run was heard.
    ended: Option<Outcome>,
}

impl Growing {
    pub(super) fn new(answer: Message) -> Self {
        Self { answer, began: Instant::now(), changed: false, ended: None }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn take_in(&mut self, event: &AgentEvent) {
        let now = self.millis();
        self.changed = true;
        let Some(answer) = &mut self.answer.answer else { return };
        let Some(acting) = &mut answer.agent else { return };
        acting.push(event, now);
        self.answer.blocks = acting.blocks_after(event);
        match event {
            AgentEvent::Begun { model, .. } => answer.model = model.clone(),
            AgentEvent::Ended { state, .. } => self.ended = Some(outcome(state)),
            _ => {}
        }
    }

    /// As it is now, with how long it took.
    fn so_far(&self) -> Message {
        let mut message = self.answer.clone();
        if let Some(answer) = &mut message.answer {
            answer.timing.total_ms = Some(u32::try_from(self.millis()).unwrap_or(u32::MAX));
        }
        message
    }

    pub(super) fn finish(&self, outcome: Outcome) -> Message {
        let mut message = self.so_far();
        if let Some(answer) = &mut message.answer {
            answer.outcome = outcome;
        }
        message
    }
}

/// How an answer ended whose run ended so. One that gave up, or waits, has come to its own end: what it did says which.
fn outcome(state: &State) -> Outcome {
    let complete = |reason| Outcome::Complete { reason };
    match state {
        State::Answered { .. } => complete(StopReason::EndTurn),
        State::Waiting { .. } => complete(StopReason::ToolUse),
        State::GaveUp { .. } => complete(StopReason::Other),
        State::Failed { error } => Outcome::Failed { error: error.clone() },
        State::Running | State::Stopped => Outcome::Stopped,
    }
}

/// Takes what an agent does in until the answer ends, and says how.
pub(super) async fn acted(
    chat: &Chat,
    mut events: BoxStream<'static, Result<AgentEvent>>,
    growing: &mut Growing,
    steps: &mpsc::Sender<Result<Step>>,
    stop: &CancellationToken,
) -> Outcome {
    let mut show = interval_at(Instant::now() + SHOW_EVERY, SHOW_EVERY);
    show.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shows = 0_u32;
    let mut storing = pin!(Fuse::terminated());
    // The one that the asker has not taken yet: until then the run waits.
    let mut pending: Option<AgentEvent> = None;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Outcome::Stopped,
            () = steps.closed() => return Outcome::Stopped,
            stored = &mut storing, if !storing.is_terminated() => {
                if let Err(error) = stored {
                    return Outcome::Failed { error };
                }
            }
            _ = show.tick(), if growing.changed => {
                shows += 1;
                if chat.changes.watched() {
                    chat.changes.tell(Changed::Message { message: growing.so_far() });
                }
                if shows.is_multiple_of(STORE_EVERY) && storing.is_terminated() {
                    growing.changed = false;
                    storing.set(store(chat.archive.clone(), growing.so_far()).fuse());
                }
            }
            permit = steps.reserve(), if pending.is_some() => {
                let (Ok(permit), Some(event)) = (permit, pending.take()) else { return Outcome::Stopped };
                permit.send(Ok(Step::Acted(event)));
            }
            event = events.next(), if pending.is_none() => match event {
                Some(Ok(event)) => {
                    growing.take_in(&event);
                    pending = Some(event);
                }
                Some(Err(error)) if error.kind == ErrorKind::Cancelled => return Outcome::Stopped,
                Some(Err(error)) => return Outcome::Failed { error },
                None => return growing.ended.take().unwrap_or(Outcome::Interrupted),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::{Agent, Definition, Version};
    use crate::domain::message::{Answer, MessageOrigin};
    use crate::service::fresh;

    fn book() -> Book {
        let now = fresh::now();
        let agent = Agent {
            id: fresh::agent_id(),
            name: "shop".to_owned(),
            created: now,
            updated: now,
            latest: 1,
            brief: None,
        };
        let definition = Definition::default();
        Book { agent, versions: vec![Version { number: 1, definition, note: String::new(), created: now }] }
    }

    fn message(role: Role, block: Block) -> Message {
        Message {
            id: fresh::message_id(),
            conversation: fresh::conversation_id(),
            parent: None,
            role,
            blocks: vec![block],
            created: fresh::now(),
            answer: None,
            origin: MessageOrigin::Here,
        }
    }

    fn text(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    fn answered(acting: Acting) -> Message {
        let answer = Answer {
            agent: Some(Box::new(acting)),
            ..Answer::untold("a/b".parse().unwrap(), Outcome::Complete { reason: StopReason::EndTurn })
        };
        Message { answer: Some(answer), ..message(Role::Assistant, text("Which?")) }
    }

    fn onward(given: Given) -> Onward {
        match given {
            Given::Onward(onward) => onward,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_turn_goes_on_with_the_run_before_it_as_long_as_the_agent_is_the_same() {
        let book = book();
        let (first, next) = (message(Role::User, text("tea")), message(Role::User, text("green")));
        let chosen = Chosen { id: book.agent.id, name: "shop".to_owned() };
        let run = fresh::run_id();
        let said = answered(Acting { run: Some(run), ..Acting::new(chosen, 1) });
        let (act, acting) = act(&book, None, &[&first, &said, &next]).unwrap();
        let given = onward(act.given);
        assert_eq!((given.from, given.text.as_str(), given.history.len()), (Some(run), "green", 2));
        assert_eq!((acting.agent.id, acting.version), (book.agent.id, 1));
        let other = Chosen { id: fresh::agent_id(), name: "shop".to_owned() };
        let said = answered(Acting { run: Some(run), ..Acting::new(other, 1) });
        let (act, _) = super::act(&book, None, &[&first, &said, &next]).unwrap();
        assert_eq!(onward(act.given).from, None, "what another agent did is told in words");
    }

    fn picture() -> Block {
        let blob = crate::domain::message::BlobId("0".repeat(64));
        Block::Image { media_type: "image/png".to_owned(), blob, file: None }
    }

    #[test]
    fn a_picture_goes_with_the_question_and_is_told_of_later_turns() {
        let book = book();
        let mut first = message(Role::User, picture());
        first.blocks.push(text("what is it?"));
        let (act, _) = act(&book, None, &[&first]).unwrap();
        let given = onward(act.given);
        assert_eq!((given.files, given.text.as_str()), (vec![picture()], "what is it?"));
        let said = message(Role::Assistant, text("A cup."));
        let next = message(Role::User, text("of what?"));
        let (act, _) = super::act(&book, None, &[&first, &said, &next]).unwrap();
        let given = onward(act.given);
        assert_eq!((given.files.len(), given.history[0].blocks.as_slice()), (0, first.blocks.as_slice()));
    }

    #[test]
    fn a_file_that_nothing_is_asked_of_or_that_is_to_be_an_answer_is_refused_before_anything_is_kept() {
        let book = book();
        let alone = message(Role::User, picture());
        let error = act(&book, None, &[&alone]).unwrap_err();
        assert!(error.hint.contains("Write beside the file"), "{error}");
        let chosen = Chosen { id: book.agent.id, name: "shop".to_owned() };
        let call = crate::domain::agent::Wanted {
            id: "a".to_owned(),
            action: "ask_user".to_owned(),
            input: serde_json::json!({}),
            question: Some("Which?".to_owned()),
        };
        let end = Some(crate::domain::agent::acting::End::Waiting { calls: vec![call] });
        let asks = answered(Acting { end, ..Acting::new(chosen, 1) });
        let mut this = message(Role::User, picture());
        this.blocks.push(text("this one"));
        let tea = message(Role::User, text("tea"));
        let error = act(&book, None, &[&tea, &asks, &this]).unwrap_err();
        assert!(error.hint.contains("in words"), "{error}");
    }
}
