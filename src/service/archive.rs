//! Conversations as records: what the services read and write of the store, off the async threads.

use std::collections::BTreeSet;

use crate::domain::attachment::blobs_of;
use crate::domain::conversation::{Conversation, Draft, SavedDraft, Thread};
use crate::domain::id::{ConversationId, DraftId, MessageId, TerminalId};
use crate::domain::message::Message;
use crate::domain::prompt::Run;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::blocking::blocking;
use crate::service::naming::{Gone, unnamed};
use crate::store::record::{DraftOf, OpenAnswer, PromptOf, PromptRun, Remembered, RunOf};
use crate::store::{Batch, Scan, Store};

/// One act on conversations: all of it becomes durable, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Writing {
    pub heads: Vec<Conversation>,
    pub messages: Vec<Message>,
    /// This message of `messages` begins to stream: a later start finds it if this process dies.
    pub open: Option<MessageId>,
    /// This one has ended.
    pub close: Option<MessageId>,
}

/// The records, asked from async code.
#[derive(Debug, Clone)]
pub struct Archive(Store);

impl Archive {
    /// Over an open store.
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// Makes one act durable.
    pub async fn write(&self, writing: Writing) -> Result<()> {
        self.run(move |store| {
            let mut batch = Batch::new();
            for head in &writing.heads {
                batch.put(&head.id, head)?;
                if let Some(run) = &head.run {
                    batch.put(&RunOf(PromptOf(run.prompt), head.id), &PromptRun {})?;
                }
            }
            for message in &writing.messages {
                batch.put(&(message.conversation, message.id), message)?;
                if writing.open == Some(message.id) {
                    batch.put(&message.id, &OpenAnswer(message.conversation))?;
                }
            }
            if let Some(closed) = writing.close {
                batch.remove::<OpenAnswer>(&closed);
            }
            store.commit(batch)
        })
        .await
    }

    /// A conversation's head.
    pub async fn head(&self, id: ConversationId) -> Result<Conversation> {
        self.run(move |store| head(store, id)).await
    }

    /// A conversation with every message that can be read.
    pub async fn thread(&self, id: ConversationId) -> Result<Thread> {
        self.run(move |store| thread(store, head(store, id)?)).await
    }

    /// The newest heads behind `before`.
    pub async fn heads(&self, limit: usize, before: Option<ConversationId>) -> Result<Vec<Conversation>> {
        self.run(move |store| Ok(store.newest(limit, before)?.heads)).await
    }

    /// Visits every conversation, newest first, until `visit` says `false`. Blocks: call it from a blocking thread.
    pub fn scan(&self, mut visit: impl FnMut(&Thread) -> bool) -> Result<()> {
        for head in self.0.newest(usize::MAX, None)?.heads {
            if !visit(&thread(&self.0, head)?) {
                break;
            }
        }
        Ok(())
    }

    /// The answers that were being written when the process before this one ended.
    pub async fn open_answers(&self) -> Result<Vec<Message>> {
        self.run(|store| {
            let mut answers = Vec::new();
            for record in store.scan::<OpenAnswer>(Scan::all()) {
                let (id, OpenAnswer(conversation)) = match record {
                    Ok(open) => open,
                    Err(error) => {
                        tracing::warn!(%error, "an entry of the answers being written cannot be read");
                        continue;
                    }
                };
                match store.get::<Message>(&(conversation, id)) {
                    Ok(Some(answer)) => answers.push(answer),
                    kept => {
                        if let Err(error) = kept {
                            tracing::warn!(%error, "an answer that was being written cannot be read");
                        }
                        let mut batch = Batch::new();
                        batch.remove::<OpenAnswer>(&id);
                        store.commit(batch)?;
                    }
                }
            }
            Ok(answers)
        })
        .await
    }

    /// Deletes a conversation with its messages, damaged ones too, and its draft.
    pub async fn remove(&self, id: ConversationId) -> Result<()> {
        self.run(move |store| {
            // A damaged head can be removed as well; only one that was never there cannot.
            if let Err(error) = head(store, id)
                && error.kind == ErrorKind::NotFound
            {
                return Err(error);
            }
            let mut batch = Batch::new();
            forget(store, &[id], &mut batch)?;
            store.commit(batch)
        })
        .await
    }

    /// Keeps a terminal's draft, in the place of its last one and of `over`; an empty one deletes them.
    pub async fn save_draft(
        &self,
        id: Option<ConversationId>,
        by: TerminalId,
        over: Option<DraftId>,
        draft: Draft,
    ) -> Result<()> {
        self.run(move |store| store.save_draft(DraftOf(id), by, over, super::fresh::draft_id(), draft)).await
    }

    /// Gives the drafts back, that of the terminal itself first.
    pub async fn load_drafts(&self, id: Option<ConversationId>, by: TerminalId) -> Result<Vec<SavedDraft>> {
        self.run(move |store| store.load_drafts(DraftOf(id), by)).await
    }

    /// Keeps a small value of a face.
    pub async fn remember(&self, name: String, value: serde_json::Value) -> Result<()> {
        self.run(move |store| {
            let mut batch = Batch::new();
            batch.put(&store.name(&name), &Remembered { name, value })?;
            store.commit(batch)
        })
        .await
    }

    /// Gives it back.
    pub async fn recall(&self, name: String) -> Result<Option<serde_json::Value>> {
        self.run(move |store| Ok(store.get::<Remembered>(&store.name(&name))?.map(|kept| kept.value))).await
    }

    /// About how many bytes were written since the store was opened.
    pub fn written(&self) -> u64 {
        self.0.written()
    }

    /// Does blocking work on the store on a thread that may block.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.0.clone();
        blocking("using the store", move || work(&store)).await
    }
}

/// Deletes conversations with a batch: their messages, damaged ones too, and their drafts.
pub(super) fn forget(store: &Store, ids: &[ConversationId], batch: &mut Batch) -> Result<()> {
    let mut attached = BTreeSet::new();
    for id in ids {
        if let Ok(Some(Run { prompt, .. })) = head(store, *id).map(|head| head.run) {
            batch.remove::<PromptRun>(&RunOf(PromptOf(prompt), *id));
        }
        batch.remove::<Conversation>(id);
        store.forget_draft(DraftOf(Some(*id)), batch)?;
        for key in store.keys::<Message>(Scan::under(id)) {
            let key = key?;
            // One that cannot be read is removed as well.
            if let Ok(Some(message)) = store.get::<Message>(&key) {
                attached.extend(blobs_of(&message.blocks).cloned());
            }
            batch.remove::<Message>(&key);
        }
    }
    for blob in unnamed(store, Gone::Conversations(ids), attached)? {
        store.detach(&blob, batch);
    }
    Ok(())
}

pub(super) fn head(store: &Store, id: ConversationId) -> Result<Conversation> {
    store.get::<Conversation>(&id)?.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "opening a conversation",
            format!("there is none with the id {}", id.short()),
            "`outcrop conversations list` shows those that there are.",
        )
    })
}

/// The head with its messages in order of creation; damaged ones are left out, `workspace verify` names them.
fn thread(store: &Store, conversation: Conversation) -> Result<Thread> {
    let mut messages = Vec::new();
    for record in store.scan::<Message>(Scan::under(&conversation.id)) {
        match record {
            Ok((_, message)) => messages.push(message),
            Err(error) if error.kind == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Thread { conversation, messages })
}
