//! Turns of a conversation: asked, answered, stored as they come.
//!
//! A turn is durable before it is sent. Its answer is written by a task of this service, so that what came is kept
//! when the asker goes away; [`Chat::finish`] ends all of them.

mod acting;
mod prepare;
mod run;
mod schemas;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::domain::Result;
use crate::domain::agent::AgentEvent;
use crate::domain::agent::replay::Edit;
use crate::domain::attachment::Attachment;
use crate::domain::call::Converse;
use crate::domain::conversation::{Conversation, Target};
use crate::domain::delta::Event;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Block, Message};
use crate::domain::prompt::{Run, Template};
use crate::domain::script::Scripted;
use crate::service::agent::Agents;
use crate::service::archive::Archive;
use crate::service::attachments;
use crate::service::changes::Changes;
use crate::service::invoke::{Invoke, Terms};
use crate::service::knowledge::Knowledge;
use crate::service::turns::Turns;
use crate::wire::script;
use prepare::{Ask, prepare};
use schemas::Schemas;

/// Steps that wait for a slow asker; text that comes meanwhile is merged into the last one.
const STEPS: usize = 64;

/// What a turn says to the one who asked for it.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight")]
pub enum Step {
    /// The turn is durable and is being sent.
    Started { conversation: Conversation, asked: Option<Message>, answer: Message },
    /// A piece of the answer.
    Delta(Event),
    /// What the agent does that answers.
    Acted(AgentEvent),
    /// The answer as it was stored last; its outcome says how it ended.
    Finished { answer: Message },
}

/// The service.
#[derive(Debug, Clone)]
pub struct Chat {
    archive: Archive,
    invoke: Arc<Invoke>,
    changes: Changes,
    turns: Turns,
    tasks: TaskTracker,
    schemas: Schemas,
    /// What answers may be from.
    knowledge: Option<Knowledge>,
    /// Who may answer besides models.
    agents: Option<Agents>,
}

impl Chat {
    /// A chat over these conversations and models; its turns are listed in `turns`.
    pub fn new(archive: Archive, invoke: Arc<Invoke>, changes: Changes, turns: Turns) -> Self {
        let (tasks, schemas) = (TaskTracker::new(), Schemas::default());
        Self { archive, invoke, changes, turns, tasks, schemas, knowledge: None, agents: None }
    }

    /// Its answers may be from knowledge bases.
    #[must_use]
    pub fn knowing(self, knowledge: Knowledge) -> Self {
        Self { knowledge: Some(knowledge), ..self }
    }

    /// Its answers may be of agents.
    #[must_use]
    pub fn acting(self, agents: Agents) -> Self {
        Self { agents: Some(agents), ..self }
    }

    /// Sends blocks and streams the answer. Dropping the steps stops it; what came is kept and marked.
    pub fn send(&self, to: Target, blocks: Vec<Block>, terms: Terms) -> BoxStream<'static, Result<Step>> {
        self.turn(Ask::Send { to, blocks }, terms)
    }

    /// Runs a prompt whose values are in their places, as a conversation of one turn that no list has.
    pub fn run(&self, run: Run, template: Template, terms: Terms) -> BoxStream<'static, Result<Step>> {
        self.turn(Ask::Run { run, template }, terms)
    }

    /// Answers the same message again: the new answer is a sibling of `message`.
    pub fn retry(
        &self,
        conversation: ConversationId,
        message: MessageId,
        terms: Terms,
    ) -> BoxStream<'static, Result<Step>> {
        self.turn(Ask::Retry { conversation, message }, terms)
    }

    /// Answers as an agent did in `message`, as a sibling of that, but for what is edited. Steps count from the first one of that
    /// answer.
    pub fn redo(
        &self,
        conversation: ConversationId,
        message: MessageId,
        edit: Edit,
        terms: Terms,
    ) -> BoxStream<'static, Result<Step>> {
        self.turn(Ask::Redo { conversation, message, edit }, terms)
    }

    /// Goes on with the answer `message` where it ended.
    pub fn go_on(
        &self,
        conversation: ConversationId,
        message: MessageId,
        terms: Terms,
    ) -> BoxStream<'static, Result<Step>> {
        self.turn(Ask::Continue { conversation, message }, terms)
    }

    /// The request that made the answer `message`, or would answer what a person said, in each form, with the reason where one cannot be. The system prompt is
    /// the conversation's as it is now: an answer does not keep its own.
    pub async fn scripts(&self, conversation: ConversationId, message: MessageId) -> Result<Vec<Scripted>> {
        let converse = prepare::again(&self.archive, conversation, message).await?;
        let blobs = attachments::bytes_of(&self.archive, &converse.turns).await?;
        Ok(script::all(&self.invoke.sent(&Converse { blobs, ..converse })))
    }

    /// Reads a file that a message is to have with it, and keeps it.
    pub async fn attach(&self, file: PathBuf) -> Result<Attachment> {
        attachments::attach(&self.archive, file).await
    }

    /// The same for bytes that lie in no file.
    pub async fn attach_bytes(&self, name: String, bytes: Vec<u8>) -> Result<Attachment> {
        attachments::attach_bytes(&self.archive, name, bytes).await
    }

    /// Ends the answers that a process left open when it died: what was stored is kept and marked. Their number.
    pub async fn mark_interrupted(&self) -> Result<usize> {
        run::mark_interrupted(&self.archive).await
    }

    /// Whether an answer is being written.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Those who asked are about to be cut off: turns that end so were interrupted, and stopped by nobody.
    pub fn interrupt(&self) {
        self.turns.interrupt();
    }

    /// Stops every turn, waits until what came is stored, and lets no new one begin.
    pub async fn finish(&self) {
        self.turns.close().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn turn(&self, ask: Ask, terms: Terms) -> BoxStream<'static, Result<Step>> {
        let chat = self.clone();
        let start = async move {
            let hold = match ask.conversation() {
                Some(conversation) => Some(chat.turns.hold(conversation).await),
                None => None,
            };
            let begun = match prepare(&chat, ask).await {
                Ok(prepared) => chat
                    .turns
                    .begin(prepared.head.id, prepared.answer.id)
                    .map(|turn| run::Begun { prepared, turn, hold }),
                Err(error) => Err(error),
            };
            let begun = match begun {
                Ok(begun) => begun,
                Err(error) => return stream::once(std::future::ready(Err(error))).boxed(),
            };
            let (steps, received) = mpsc::channel(STEPS);
            let tasks = chat.tasks.clone();
            tasks.spawn(async move { Box::pin(run::run(&chat, begun, terms, steps)).await });
            stream::unfold(received, |mut received| async move {
                received.recv().await.map(|step| (step, received))
            })
            .boxed()
        };
        stream::once(start).flatten().boxed()
    }
}
