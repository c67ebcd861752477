//! A store behind a stage: it pages, echoes every change to those who watch, and is read as it is at that moment.
//!
//! It answers when the test says so: `serve` everything, `answer` the calls and hold the echoes back, `echo` one.

use std::collections::{BTreeMap, VecDeque};

use outcrop::domain::change::{Changed, Topic};
use outcrop::domain::completion::Completion;
use outcrop::domain::conversation::{Conversation, Draft, SavedDraft, Thread};
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::{Answer, Block, Message, Outcome, Role};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TaskId};
use outcrop::tui::event::Event;
use outcrop::tui::models::LIKES;
use outcrop::workbench::request::chat::{Chat, Target};
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::request::models::Models;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::{Reply, Request};

use super::{NOW, Stage, answer, conversation, id, message};

/// What is stored, who watches, and how much of what the screen asked was heard.
#[derive(Debug, Default)]
pub struct Shelf {
    pub heads: Vec<Conversation>,
    pub messages: Vec<Message>,
    pub drafts: BTreeMap<Option<ConversationId>, Draft>,
    pub memory: Option<serde_json::Value>,
    pub likes: Option<serde_json::Value>,
    pub cards: Vec<outcrop::domain::catalog::ModelCard>,
    watches: Vec<(TaskId, Topic)>,
    echoes: VecDeque<Changed>,
    /// Answers that are being written, by the call that asked.
    pub running: BTreeMap<TaskId, Message>,
    heard: usize,
    made: u128,
}

type Answered = Result<Vec<Reply>, Error>;

impl Shelf {
    /// `count` conversations, the newest is number 1; each with a question and an answer.
    pub fn of(count: u128) -> Self {
        let mut shelf = Self { made: 1000, ..Self::default() };
        for n in 1..=count {
            let title = format!("title {n:04}");
            let leaf = Some(id(n * 10_000 + 1));
            shelf.heads.push(Conversation { leaf, ..super::head(n, &title, n as i64) });
            let asked = message(n * 10_000, None, Role::User, &format!("question {n}"));
            let said = answer(n * 10_000 + 1, Some(n * 10_000), &format!("answer {n}"), super::COMPLETE);
            for message in [asked, said] {
                shelf.messages.push(Message { conversation: conversation(n), ..message });
            }
        }
        shelf.cards = vec![super::card(super::MODEL, outcrop::domain::catalog::Availability::Ready)];
        shelf
    }

    /// A screen on this store, everything served.
    pub fn opened(&mut self, width: u16, height: u16) -> Stage {
        let mut stage = Stage::new(width, height);
        self.serve(&mut stage);
        stage
    }

    pub fn head(&self, n: u128) -> &Conversation {
        self.heads.iter().find(|head| head.id == conversation(n)).unwrap()
    }

    /// Answers and echoes until nothing is left.
    pub fn serve(&mut self, stage: &mut Stage) {
        while self.answer(stage) || self.echo(stage) {}
    }

    /// Answers every call; echoes wait. Whether there was one.
    pub fn answer(&mut self, stage: &mut Stage) -> bool {
        let mut any = false;
        while self.answer_one(stage) {
            any = true;
        }
        any
    }

    /// Answers the oldest call.
    pub fn answer_one(&mut self, stage: &mut Stage) -> bool {
        let Some((task, answered)) = self.hear(stage) else { return false };
        Self::deliver(stage, task, answered);
        true
    }

    /// Takes the next call in, as the store does it now; what it says may be given to the screen later.
    pub fn hear(&mut self, stage: &Stage) -> Option<(TaskId, Option<Answered>)> {
        while let Some(effect) = stage.effects.get(self.heard).cloned() {
            self.heard += 1;
            match effect {
                Effect::Call { task, request, .. } => return Some((task, self.act(task, request))),
                Effect::Cancel(task) => {
                    self.watches.retain(|(watch, _)| *watch != task);
                    self.stop(task);
                }
                _ => {}
            }
        }
        None
    }

    /// The test itself answered everything that was asked up to now.
    pub fn skip(&mut self, stage: &Stage) {
        self.heard = stage.effects.len();
    }

    /// Gives what the store said to the screen; `None` is a stream that goes on.
    pub fn deliver(stage: &mut Stage, task: TaskId, answered: Option<Answered>) {
        match answered {
            None => {}
            Some(Ok(replies)) => {
                let goes_on = matches!(replies.first(), Some(Reply::Started { .. }));
                stage.event(Event::Replies { task, replies });
                if !goes_on {
                    stage.event(Event::Ended { task, error: None });
                }
            }
            Some(Err(error)) => {
                stage.event(Event::Ended { task, error: Some(error) });
            }
        }
    }

    /// Tells the watchers of the oldest change.
    pub fn echo(&mut self, stage: &mut Stage) -> bool {
        let Some(change) = self.echoes.pop_front() else { return false };
        let told: Vec<TaskId> =
            self.watches.iter().filter(|(_, topic)| change.concerns(*topic)).map(|(task, _)| *task).collect();
        for task in told {
            let replies = vec![Reply::Changed { number: 0, change: change.clone() }];
            stage.event(Event::Replies { task, replies });
        }
        true
    }

    /// Another process did this.
    pub fn tell(&mut self, change: Changed) {
        match &change {
            Changed::ConversationRemoved { id } => self.heads.retain(|head| head.id != *id),
            Changed::Conversation { head } => self.put(head.clone()),
            Changed::Message { message } => self.store(message.clone()),
            _ => {}
        }
        self.echoes.push_back(change);
    }

    /// Stores what came of the running answer so far.
    pub fn keep_so_far(&mut self) {
        for message in self.running.values().cloned().collect::<Vec<_>>() {
            self.store(message);
        }
    }

    /// The running answers get more text.
    pub fn write(&mut self, stage: &mut Stage, text: &str) {
        for (task, message) in &mut self.running {
            match message.blocks.last_mut() {
                Some(Block::Text { text: so_far }) => so_far.push_str(text),
                _ => message.blocks.push(Block::Text { text: text.to_owned() }),
            }
            let event = outcrop::domain::delta::Event::Text { text: text.to_owned() };
            stage.event(Event::Replies { task: *task, replies: vec![Reply::Delta { event }] });
        }
    }

    /// The running answers come to an end.
    pub fn finish(&mut self, stage: &mut Stage) {
        for (task, message) in std::mem::take(&mut self.running) {
            let answer = self.close(message, super::COMPLETE);
            stage.event(Event::Replies { task, replies: vec![Reply::Finished { answer }] });
            stage.event(Event::Ended { task, error: None });
        }
    }

    fn stop(&mut self, task: TaskId) {
        if let Some(message) = self.running.remove(&task) {
            self.close(message, Outcome::Stopped);
        }
    }

    fn close(&mut self, mut message: Message, outcome: Outcome) -> Message {
        let full = answer(0, None, "", outcome);
        message.answer = full.answer.map(|answer| Answer { timing: answer.timing, ..answer });
        self.store(message.clone());
        self.echoes.push_back(Changed::Message { message: message.clone() });
        message
    }

    fn store(&mut self, message: Message) {
        match self.messages.iter_mut().find(|other| other.id == message.id) {
            Some(other) => *other = message,
            None => self.messages.push(message),
        }
    }

    fn put(&mut self, head: Conversation) {
        self.heads.retain(|other| other.id != head.id);
        self.heads.push(head);
        self.heads.sort_by_key(|head| std::cmp::Reverse((head.updated, head.id)));
    }

    fn act(&mut self, task: TaskId, request: Request) -> Option<Answered> {
        let missing = || Error::new(ErrorKind::NotFound, "opening a conversation", "there is none", "");
        let replies = match request {
            Request::Watch { topic } => {
                self.watches.push((task, topic));
                return None;
            }
            Request::Workspace(Workspace::Recall { name }) => {
                let value = if name == LIKES { &self.likes } else { &self.memory };
                vec![Reply::Remembered { value: value.clone() }]
            }
            Request::Workspace(Workspace::Remember { name, value }) => {
                *(if name == LIKES { &mut self.likes } else { &mut self.memory }) = Some(value);
                vec![Reply::Done]
            }
            Request::Models(Models::List { .. }) => vec![Reply::Models { cards: self.cards.clone() }],
            Request::Agents(_)
            | Request::Cassettes(_)
            | Request::Comparisons(_)
            | Request::Datasets(_)
            | Request::Evaluations(_)
            | Request::Keys(_)
            | Request::Knowledge(_)
            | Request::Models(_)
            | Request::Pictures(_)
            | Request::Prompts(_)
            | Request::Traces(_)
            | Request::Usage(_)
            | Request::Workspace(_) => return None,
            Request::Chat(Chat::Attach { .. } | Chat::AttachBytes { .. }) => return Some(Err(missing())),
            Request::Chat(Chat::Complete { start, .. }) => {
                vec![Reply::Completion { found: Completion { common: start, ..Completion::default() } }]
            }
            Request::Chat(chat) => return self.chat(task, chat),
            Request::Conversations(request) => match request {
                Conversations::List { limit, before } => {
                    let from = before
                        .and_then(|id| self.heads.iter().position(|head| head.id == id))
                        .map_or(0, |at| at + 1);
                    let rest = &self.heads[from..];
                    let heads = rest.iter().take(limit).cloned().collect();
                    vec![Reply::Conversations { heads, more: rest.len() > limit }]
                }
                Conversations::Open { id } => {
                    let Some(head) = self.heads.iter().find(|head| head.id == id) else {
                        return Some(Err(missing()));
                    };
                    let messages = self.messages.iter().filter(|m| m.conversation == id).cloned().collect();
                    vec![Reply::Thread { thread: Thread { conversation: head.clone(), messages } }]
                }
                Conversations::Change { id, change } => {
                    let Some(mut head) = self.heads.iter().find(|head| head.id == id).cloned() else {
                        return Some(Err(missing()));
                    };
                    head.title = change.title.unwrap_or(head.title);
                    head.model = change.model.or(head.model);
                    head.system = change.system.or(head.system).filter(|system| !system.is_empty());
                    head.settings = change.settings.unwrap_or(head.settings);
                    head.leaf = change.leaf.or(head.leaf);
                    self.tell(Changed::Conversation { head: head.clone() });
                    vec![Reply::Conversation { head }]
                }
                Conversations::Remove { id } => {
                    self.tell(Changed::ConversationRemoved { id });
                    vec![Reply::Done]
                }
                Conversations::SaveDraft { id, draft, .. } => {
                    self.drafts.insert(id, draft);
                    vec![Reply::Done]
                }
                Conversations::LoadDraft { id, .. } => {
                    let drafts = self.drafts.get(&id).into_iter();
                    vec![Reply::Drafts {
                        drafts: drafts.map(|draft| SavedDraft { id: None, draft: draft.clone() }).collect(),
                    }]
                }
                other => panic!("the shelf cannot do {other:?}"),
            },
        };
        Some(Ok(replies))
    }

    fn chat(&mut self, task: TaskId, chat: Chat) -> Option<Answered> {
        self.made += 10;
        let (asked, said) = (self.made, self.made + 1);
        let Chat::Send { to, blocks } = chat else { panic!("the shelf cannot do {chat:?}") };
        let (mut head, parent) = match to {
            Target::After { conversation, parent } => {
                (self.heads.iter().find(|head| head.id == conversation)?.clone(), parent)
            }
            Target::New { model, system, settings } => {
                let head = super::head(self.made, "new", 0);
                (Conversation { model: Some(model), system, settings, ..head }, None)
            }
            Target::Agent { agent, model, system, settings } => {
                let head = super::head(self.made, "new", 0);
                (Conversation { agent: Some(agent), model, system, settings, ..head }, None)
            }
        };
        head.leaf = Some(id(said));
        head.updated = Timestamp(NOW + self.made as i64);
        let asked = Message { blocks, parent, conversation: head.id, ..message(asked, None, Role::User, "") };
        let mut said = Message {
            parent: Some(asked.id),
            conversation: head.id,
            ..answer(said, None, "", Outcome::Streaming)
        };
        if let Some(answer) = &mut said.answer {
            answer.model = head.model.clone()?;
            answer.settings = head.settings.clone();
        }
        self.store(asked.clone());
        self.store(said.clone());
        self.running.insert(task, said.clone());
        self.tell(Changed::Conversation { head: head.clone() });
        for message in [&asked, &said] {
            self.tell(Changed::Message { message: message.clone() });
        }
        Some(Ok(vec![Reply::Started { conversation: head, asked: Some(asked), answer: said }]))
    }
}
