//! From what a person asks to a turn: the records to write and the call to make.

use super::Chat;
use super::acting::{Act, act, again_from};
use crate::domain::agent::replay::Edit;
use crate::domain::agent::{Book, Spent};
use crate::domain::call::{Blobs, Converse, Turn};
use crate::domain::catalog::ModelId;
use crate::domain::conversation::{Conversation, Target, Thread, title_of};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Answer, Block, Message, MessageOrigin, Outcome, Role};
use crate::domain::prompt::{Run, Template};
use crate::domain::settings::Settings;
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::fresh;
use crate::service::invoke::Invoke;

/// What a person asks for.
#[derive(Debug)]
pub(super) enum Ask {
    Send {
        to: Target,
        blocks: Vec<Block>,
    },
    /// One text without turns: `template` with every value in its place.
    Run {
        run: Run,
        template: Template,
    },
    Retry {
        conversation: ConversationId,
        message: MessageId,
    },
    /// Answers as an agent did, but for what is edited.
    Redo {
        conversation: ConversationId,
        message: MessageId,
        edit: Edit,
    },
    Continue {
        conversation: ConversationId,
        message: MessageId,
    },
}

impl Ask {
    /// The conversation that is read and written; `None` for a new one.
    pub(super) fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Send { to: Target::New { .. } | Target::Agent { .. }, .. } | Self::Run { .. } => None,
            Self::Send { to: Target::After { conversation, .. }, .. }
            | Self::Retry { conversation, .. }
            | Self::Redo { conversation, .. }
            | Self::Continue { conversation, .. } => Some(*conversation),
        }
    }
}

/// A turn, ready to be made durable and sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) head: Conversation,
    pub(super) asked: Option<Message>,
    pub(super) answer: Message,
    pub(super) model: ModelId,
    pub(super) work: Work,
}

/// What makes the answer.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one a turn")]
pub(super) enum Work {
    /// One call of the model.
    Converse(Converse),
    /// A run of an agent.
    Act(Act),
}

/// Reads what the turn needs and checks that it can be sent.
pub(super) async fn prepare(chat: &Chat, ask: Ask) -> Result<Prepared> {
    let Chat { archive, invoke, .. } = chat;
    match ask {
        Ask::Send { to: Target::New { model, system, settings }, blocks } => {
            send(invoke, None, begun(Some(model), system, settings, None), None, blocks)
        }
        Ask::Send { to: Target::Agent { agent, model, system, settings }, blocks } => {
            let mut thread = begun(model, system, settings, None);
            thread.conversation.agent = Some(agent);
            let by = answerer(chat, &thread.conversation).await?;
            send(invoke, by.as_ref(), thread, None, blocks)
        }
        Ask::Run { run, template: Template { text, system, model, settings } } => {
            send(invoke, None, begun(model, system, settings, Some(run)), None, vec![Block::Text { text }])
        }
        Ask::Send { to: Target::After { conversation, parent }, blocks } => {
            let thread = archive.thread(conversation).await?;
            let by = answerer(chat, &thread.conversation).await?;
            send(invoke, by.as_ref(), thread, parent, blocks)
        }
        Ask::Retry { conversation, message } => {
            let thread = archive.thread(conversation).await?;
            let by = answerer(chat, &thread.conversation).await?;
            retry(invoke, by.as_ref(), &thread, message)
        }
        Ask::Redo { conversation, message, edit } => {
            redo(chat, archive.thread(conversation).await?, message, edit).await
        }
        Ask::Continue { conversation, message } => {
            go_on(invoke, archive.thread(conversation).await?, message)
        }
    }
}

/// Who answers in a conversation besides its model.
#[derive(Debug)]
struct By {
    book: Book,
    /// The model of an agent for which nobody names one.
    stands_in: Option<ModelId>,
}

async fn answerer(chat: &Chat, head: &Conversation) -> Result<Option<By>> {
    let Some(agent) = &head.agent else { return Ok(None) };
    let Some(agents) = &chat.agents else { return Ok(None) };
    let book = agents.book(agent.id).await.map_err(|error| {
        let why = format!("the agent {:?} that answers here cannot be had: {}", agent.name, error.why);
        let hint = "Choose another agent, or have the model alone answer.";
        Error::new(error.kind, "sending a message", why, hint)
    })?;
    Ok(Some(By { book, stands_in: agents.stands_in().cloned() }))
}

/// A conversation in which nothing was said yet.
fn begun(model: Option<ModelId>, system: Option<String>, settings: Settings, run: Option<Run>) -> Thread {
    let now = fresh::now();
    let conversation = Conversation {
        id: fresh::conversation_id(),
        title: String::new(),
        titled: false,
        created: now,
        updated: now,
        model,
        system: system.filter(|s| !s.trim().is_empty()),
        settings,
        leaf: None,
        run,
        side: None,
        forked_from: None,
        agent: None,
    };
    Thread { conversation, messages: Vec::new() }
}

fn send(
    invoke: &Invoke,
    by: Option<&By>,
    thread: Thread,
    parent: Option<MessageId>,
    blocks: Vec<Block>,
) -> Result<Prepared> {
    const DOING: &str = "sending a message";
    let empty = blocks.iter().all(|b| matches!(b, Block::Text { text } if text.trim().is_empty()));
    if empty {
        return Err(Error::new(ErrorKind::Invalid, DOING, "it is empty", "Write something first."));
    }
    let Thread { conversation: mut head, mut messages } = thread;
    if let Some(parent) = parent {
        find(&messages, parent, DOING)?;
    }
    let asked = Message {
        id: fresh::message_id(),
        conversation: head.id,
        parent,
        role: Role::User,
        blocks,
        created: fresh::now(),
        answer: None,
        origin: MessageOrigin::Here,
    };
    if !head.titled && head.title.is_empty() {
        head.title = title_of(&asked.blocks);
    }
    let parent = asked.id;
    messages.push(asked.clone());
    let mut turn = answer(invoke, by, head, &messages, parent)?;
    turn.asked = Some(asked);
    Ok(turn)
}

fn retry(invoke: &Invoke, by: Option<&By>, thread: &Thread, message: MessageId) -> Result<Prepared> {
    const DOING: &str = "asking again";
    let message = find(&thread.messages, message, DOING)?;
    // Retrying a question that was never answered answers it.
    let parent = if message.role == Role::User { Some(message.id) } else { message.parent };
    let Some(parent) = parent else {
        let hint = "Ask a question of your own.";
        return Err(Error::new(ErrorKind::Invalid, DOING, "no message comes before this one", hint));
    };
    answer(invoke, by, thread.conversation.clone(), &thread.messages, parent)
}

/// The turn of an agent once more, from one of its steps on.
async fn redo(chat: &Chat, thread: Thread, message: MessageId, edit: Edit) -> Result<Prepared> {
    const DOING: &str = "running an agent once more";
    let Thread { conversation: head, messages } = thread;
    let message = find(&messages, message, DOING)?;
    let (Some(acting), Some(parent), Some(agents)) = (message.acting(), message.parent, &chat.agents) else {
        let hint = "Name the answer of an agent.";
        return Err(Error::new(ErrorKind::Invalid, DOING, "no agent gave that answer", hint));
    };
    // Whoever answers in the conversation now, this is that agent's.
    let of = Conversation { agent: Some(acting.agent.clone()), ..head.clone() };
    let by = answerer(chat, &of).await?;
    let again = again_from(agents, acting, edit).await?;
    let mut turn = answer(&chat.invoke, by.as_ref(), head, &messages, parent)?;
    turn.work = Work::Act(Act { agent: acting.agent.id, given: again });
    if let Some(acting) = turn.answer.answer.as_mut().and_then(|answer| answer.agent.as_mut()) {
        // It is spent anew.
        acting.spent = Spent::default();
    }
    Ok(turn)
}

fn go_on(invoke: &Invoke, thread: Thread, message: MessageId) -> Result<Prepared> {
    const DOING: &str = "continuing an answer";
    let message = find(&thread.messages, message, DOING)?.clone();
    if message.role != Role::Assistant || message.text().is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            DOING,
            "only an answer with some text can be continued",
            "Retry it instead.",
        ));
    }
    if message.answer.as_ref().is_some_and(|answer| answer.agent.is_some()) {
        return Err(Error::new(
            ErrorKind::Invalid,
            DOING,
            "an agent gave it, which ends its answers itself",
            "Say in a message what is missing, or retry it.",
        ));
    }
    let mut turn = answer(invoke, None, thread.conversation, &thread.messages, message.id)?;
    let known = turn.answer.answer.take();
    turn.answer = Message { answer: known, ..message };
    turn.head.leaf = Some(turn.answer.id);
    Ok(turn)
}

/// A turn whose answer follows `parent`: of an agent, or with the model, system prompt and settings of the conversation.
fn answer(
    invoke: &Invoke,
    by: Option<&By>,
    mut head: Conversation,
    messages: &[Message],
    parent: MessageId,
) -> Result<Prepared> {
    let own = by.and_then(|by| by.book.version(None)).and_then(|version| version.definition.model.clone());
    let stands_in = by.and_then(|by| by.stands_in.clone());
    let Some(model) = own.or_else(|| head.model.clone()).or(stands_in) else {
        return Err(Error::new(
            ErrorKind::Invalid,
            "sending a message",
            "the conversation has no model",
            "Choose one first.",
        ));
    };
    head.settings.check()?;
    invoke.knows(&model)?;
    let now = fresh::now();
    let path = Tree::new(messages).path(parent);
    let (work, acting) = match by {
        None => (Work::Converse(converse(&model, &head, &head.settings, &path)), None),
        Some(by) => {
            let (act, acting) = act(&by.book, head.model.as_ref(), &path)?;
            (Work::Act(act), Some(acting))
        }
    };
    let answer = Message {
        id: fresh::message_id(),
        conversation: head.id,
        parent: Some(parent),
        role: Role::Assistant,
        blocks: Vec::new(),
        created: now,
        answer: Some(Answer {
            settings: head.settings.clone(),
            agent: acting.map(Box::new),
            ..Answer::untold(model.clone(), Outcome::Streaming)
        }),
        origin: MessageOrigin::Here,
    };
    head.leaf = Some(answer.id);
    head.updated = now;
    Ok(Prepared { head, asked: None, answer, model, work })
}

/// The call that made an answer, or that a person's turn would make, as far as it is known: attachments are still to be added.
pub(super) async fn again(
    archive: &Archive,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Converse> {
    const DOING: &str = "finding the request that made an answer";
    let thread = archive.thread(conversation).await?;
    let message = find(&thread.messages, message, DOING)?;
    if let (Role::User, Some(model)) = (message.role, &thread.conversation.model) {
        // The request that it would make now.
        let path = Tree::new(&thread.messages).path(message.id);
        return Ok(converse(model, &thread.conversation, &thread.conversation.settings, &path));
    }
    let (Some(answer), Some(parent)) = (&message.answer, message.parent) else {
        return Err(Error::new(ErrorKind::Invalid, DOING, "the message is no answer", "Name an answer."));
    };
    if answer.agent.is_some() {
        let why = "an agent gave the answer, with several requests";
        return Err(Error::new(ErrorKind::Invalid, DOING, why, "Its trace has each of them."));
    }
    let path = Tree::new(&thread.messages).path(parent);
    let converse = converse(&answer.model, &thread.conversation, &answer.settings, &path);
    Ok(match &answer.grounding {
        Some(grounding) => grounding.with(converse),
        None => converse,
    })
}

/// What a model is asked after the messages of `path`.
fn converse(model: &ModelId, head: &Conversation, settings: &Settings, path: &[&Message]) -> Converse {
    let converse = Converse {
        model: model.clone(),
        system: head.system.clone(),
        turns: turns(path, model.provider()),
        settings: settings.clone(),
        conversation: Some(head.id),
        blobs: Blobs::default(),
    };
    if settings.cache == Some(true) { converse.cached() } else { converse }
}

/// What is sent of a branch: answers that brought nothing are left out, neighbours of one role become one turn, since most
/// models take only alternating ones, and no call of a tool stays without a result. Pictures that an answer brought go
/// with what the person said next: APIs take none from an assistant. What a provider wants back with a call of a tool is sent
/// to that `provider` alone. Calls that an agent left open, and what answered them, are no calls of the model's tools.
pub(super) fn turns(path: &[&Message], provider: &str) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut pictures = Vec::new();
    let mut behind_agent = false;
    for message in path {
        let mut blocks = message.blocks.clone();
        let by_agent = message.answer.as_ref().is_some_and(|answer| answer.agent.is_some());
        if by_agent {
            blocks.retain(|block| matches!(block, Block::Text { .. }));
        }
        if behind_agent {
            blocks.iter_mut().for_each(as_words);
        }
        behind_agent = by_agent;
        match message.role {
            Role::Assistant => {
                let own = message.answer.as_ref().is_some_and(|answer| answer.model.provider() == provider);
                for block in &mut blocks {
                    if let Block::ToolUse { extra, .. } = block
                        && !own
                    {
                        *extra = None;
                    }
                }
                pictures.extend(blocks.extract_if(.., |block| matches!(block, Block::Image { .. })));
            }
            Role::User => blocks.append(&mut pictures),
            Role::System | Role::Tool => {}
        }
        if blocks.is_empty() {
            continue;
        }
        match turns.last_mut() {
            Some(last) if last.role == message.role => last.blocks.extend(blocks),
            _ => turns.push(Turn { role: message.role, blocks }),
        }
    }
    answer_calls(&mut turns);
    turns
}

/// What a person said of a call that an agent left open, in words.
fn as_words(block: &mut Block) {
    if let Block::ToolResult { content, .. } = block {
        *block = Block::Text { text: std::mem::take(content) };
    }
}

/// Puts a result in front of what follows a call that nobody answered: every API refuses a conversation with an open one.
fn answer_calls(turns: &mut [Turn]) {
    for at in 1..turns.len() {
        let (before, behind) = turns.split_at_mut(at);
        let (Some(asked), Some(next)) = (before.last(), behind.first_mut()) else { continue };
        let is_open = |id: &str| {
            !next
                .blocks
                .iter()
                .any(|block| matches!(block, Block::ToolResult { id: answered, .. } if answered == id))
        };
        let unanswered: Vec<Block> = asked
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::ToolUse { id, .. } if is_open(id) => Some(Block::ToolResult {
                    id: id.clone(),
                    content: "Nobody answered this call.".to_owned(),
                    is_error: true,
                }),
                _ => None,
            })
            .collect();
        next.blocks.splice(0..0, unanswered);
    }
}

fn find<'a>(messages: &'a [Message], id: MessageId, doing: &str) -> Result<&'a Message> {
    messages.iter().find(|m| m.id == id).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            doing,
            format!("the conversation has no message {}", id.short()),
            "It may have been deleted in another window.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(role: Role, blocks: Vec<Block>) -> Turn {
        Turn { role, blocks }
    }

    fn said(text: &str) -> Block {
        Block::Text { text: text.into() }
    }

    fn asked(id: &str) -> Block {
        Block::ToolUse { id: id.into(), name: "f".into(), input: serde_json::json!({}), extra: None }
    }

    fn result(id: &str, content: &str, is_error: bool) -> Block {
        Block::ToolResult { id: id.into(), content: content.into(), is_error }
    }

    #[test]
    fn what_a_provider_wants_back_with_a_call_goes_to_no_other() {
        let seal = Some(serde_json::json!("sealed"));
        let call =
            |extra| Block::ToolUse { id: "a".into(), name: "f".into(), input: serde_json::json!({}), extra };
        let head = begun(Some("there/x".parse().unwrap()), None, Settings::default(), None).conversation;
        let answer = Message {
            id: fresh::message_id(),
            conversation: head.id,
            parent: None,
            role: Role::Assistant,
            blocks: vec![call(seal.clone())],
            created: fresh::now(),
            answer: Some(Answer::untold("there/x".parse().unwrap(), Outcome::Streaming)),
            origin: MessageOrigin::Here,
        };
        let sent = |provider: &str| turns(&[&answer], provider).remove(0).blocks;
        assert_eq!(sent("there"), [call(seal.clone())]);
        assert_eq!(sent("elsewhere"), [call(None)]);
    }

    #[test]
    fn a_call_that_nobody_answered_gets_a_result_in_front_of_what_was_said_instead() {
        let given = result("a", "4", false);
        let mut turns = [
            turn(Role::User, vec![said("go")]),
            turn(Role::Assistant, vec![said("I ask"), asked("a"), asked("b")]),
            turn(Role::User, vec![given.clone(), said("never mind")]),
            turn(Role::Assistant, vec![asked("c")]),
        ];
        answer_calls(&mut turns);
        let missing = result("b", "Nobody answered this call.", true);
        assert_eq!(turns[2].blocks, [missing, given, said("never mind")]);
        assert_eq!(turns[3].blocks, [asked("c")], "the last one may still be answered");
    }
}
