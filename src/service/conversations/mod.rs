//! Conversations as things: listed, opened, changed, searched, moved in and out.

mod known;
mod search;

use std::collections::BTreeMap;

use futures_util::stream::BoxStream;

use crate::domain::attachment::{Enclosed, blobs_of, file_name};
use crate::domain::change::Changed;
use crate::domain::conversation::{Change, Conversation, Draft, Format, SavedDraft, Thread};
use crate::domain::id::{ConversationId, DraftId, MessageId, TerminalId, is_piece, piece};
use crate::domain::message::{Message, MessageOrigin, Outcome};
use crate::domain::search::Hit;
use crate::domain::time::Timestamp;
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::{Archive, Writing};
use crate::service::attachments;
use crate::service::blocking::blocking;
use crate::service::changes::Changes;
use crate::service::fresh;
use crate::service::paging::MORE;
use crate::service::turns::Turns;
use crate::wire::thread;

/// Conversations that are imported in one act.
const TOGETHER: usize = 256;

/// A conversation as text, with its title and the files that lie beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    pub title: String,
    pub text: String,
    pub attachments: Vec<Enclosed>,
}

/// What an import brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub heads: Vec<Conversation>,
    /// What could not be read, or not be kept.
    pub skipped: Vec<String>,
    /// How many of the file say what one says that was here before: copies among `heads`, or left out.
    pub known: u64,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Conversations {
    archive: Archive,
    changes: Changes,
    turns: Turns,
}

impl Conversations {
    /// Over these records; changes are told to `changes`.
    pub fn new(archive: Archive, changes: Changes, turns: Turns) -> Self {
        Self { archive, changes, turns }
    }

    /// The newest heads, after `before`; whether there are more.
    pub async fn list(
        &self,
        limit: usize,
        before: Option<ConversationId>,
    ) -> Result<(Vec<Conversation>, bool)> {
        let mut heads = self.archive.heads(limit.saturating_add(1), before).await?;
        let more = heads.len() > limit;
        heads.truncate(limit);
        Ok((heads, more))
    }

    /// The head and every message.
    pub async fn open(&self, id: ConversationId) -> Result<Thread> {
        self.archive.thread(id).await
    }

    /// The one conversation whose id starts or ends with `text`.
    pub async fn find(&self, text: &str) -> Result<Thread> {
        let doing = format!("finding conversation {text:?}");
        let wanted = piece(text);
        let mut found = Vec::new();
        if !wanted.is_empty() {
            for head in self.archive.heads(usize::MAX, None).await? {
                if is_piece(&wanted, &head.id.to_string()) {
                    found.push(head);
                }
            }
        }
        match found.as_slice() {
            [only] => self.archive.thread(only.id).await,
            [] => Err(Error::new(
                ErrorKind::NotFound,
                doing,
                "no conversation has that id",
                "`outcrop conversations list` shows the ids.",
            )),
            several => {
                let names: Vec<_> =
                    several.iter().take(5).map(|h| format!("{} ({})", h.id, h.title)).collect();
                Err(Error::new(
                    ErrorKind::Invalid,
                    doing,
                    format!("{} conversations begin or end so: {}", several.len(), names.join(", ")),
                    MORE,
                ))
            }
        }
    }

    /// Titles and messages that hold `query`, newest first, in batches.
    pub fn search(&self, query: &str, limit: usize) -> BoxStream<'static, Result<Vec<Hit>>> {
        search::search(self.archive.clone(), query, limit)
    }

    /// Changes a head.
    pub async fn change(&self, id: ConversationId, change: Change) -> Result<Conversation> {
        let _held = self.turns.hold(id).await;
        let Thread { conversation: mut head, messages } = match change.leaf {
            // The leaf is checked against the messages; nothing else needs them.
            Some(_) => self.archive.thread(id).await?,
            None => Thread { conversation: self.archive.head(id).await?, messages: Vec::new() },
        };
        if let Some(title) = change.title {
            head.titled = !title.trim().is_empty();
            if head.titled {
                title.trim().clone_into(&mut head.title);
            }
        }
        if let Some(model) = change.model {
            head.model = Some(model);
        }
        if let Some(system) = change.system {
            head.system = Some(system).filter(|s| !s.trim().is_empty());
        }
        if let Some(settings) = change.settings {
            head.settings = settings;
        }
        if let Some(answers) = change.answers {
            head.agent = answers.agent();
        }
        if let Some(leaf) = change.leaf {
            if !messages.iter().any(|m| m.id == leaf) {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    "showing another branch",
                    format!("the conversation has no message {}", leaf.short()),
                    "`outcrop conversations show --json` has the ids of its messages.",
                ));
            }
            head.leaf = Some(leaf);
        }
        head.updated = change.updated.unwrap_or(head.updated);
        self.write_head(&head).await?;
        Ok(head)
    }

    /// Copies the branch that ends at `at` into a conversation of its own, with new ids.
    pub async fn fork(&self, id: ConversationId, at: Option<MessageId>) -> Result<Conversation> {
        let Thread { conversation: mut head, messages } = self.archive.thread(id).await?;
        let listed = head.is_listed();
        let leaf = at.or(head.leaf);
        let branch: Vec<Message> = leaf
            .map(|leaf| Tree::new(&messages).path(leaf).into_iter().cloned().collect())
            .unwrap_or_default();
        if at.is_some() && branch.is_empty() {
            return Err(Error::new(
                ErrorKind::NotFound,
                "forking a conversation",
                "it has no such message",
                "`outcrop conversations show --json` has the ids of its messages.",
            ));
        }
        let now = fresh::now();
        head = Conversation { created: now, updated: now, leaf: branch.last().map(|m| m.id), ..head };
        let copy = thread::renumbered(Thread { conversation: head, messages: branch }, &mut fresh::Ids);
        let Thread { conversation: mut head, mut messages } = copy;
        head.forked_from = listed.then_some(id);
        messages.iter_mut().for_each(interrupted);
        self.archive.write(Writing { heads: vec![head.clone()], messages, ..Writing::default() }).await?;
        self.changes.tell(Changed::Conversation { head: head.clone() });
        Ok(head)
    }

    /// Deletes a conversation with its messages and draft; what is being written in it is stopped first.
    pub async fn remove(&self, id: ConversationId) -> Result<()> {
        let _held = self.turns.hold(id).await;
        self.turns.end(id).await;
        self.archive.remove(id).await?;
        self.changes.tell(Changed::ConversationRemoved { id });
        Ok(())
    }

    /// A conversation as text. JSON and JSONL hold the bytes of its attachments; Markdown names them, and where `folder` says
    /// that they come to lie there links them, and they come along.
    pub async fn export(&self, id: ConversationId, format: Format, folder: Option<&str>) -> Result<Exported> {
        let thread = self.archive.thread(id).await?;
        let wanted = format != Format::Markdown || folder.is_some();
        let wanted = if wanted { thread.messages.as_slice() } else { &[] };
        let blobs = attachments::bytes_with(&self.archive, wanted).await?;
        let mut enclosed = BTreeMap::new();
        let text = match format {
            Format::Markdown => {
                let leaf = thread.conversation.leaf.filter(|_| folder.is_some());
                let tree = Tree::new(&thread.messages);
                let shown = leaf.map(|leaf| tree.path(leaf)).unwrap_or_default();
                for block in shown.into_iter().flat_map(|message| &message.blocks) {
                    let bytes = blobs_of(std::slice::from_ref(block)).find_map(|id| blobs.get(id));
                    if let (Some(name), Some(bytes)) = (file_name(block), bytes) {
                        enclosed.insert(name, bytes.to_vec());
                    }
                }
                thread::markdown(&thread, folder)
            }
            Format::Json => thread::json(&thread, &blobs)?,
            Format::Jsonl => thread::jsonl(&thread, &blobs)?,
        };
        let attachments = enclosed.into_iter().map(|(name, bytes)| Enclosed { name, bytes }).collect();
        Ok(Exported { title: thread.conversation.title, text, attachments })
    }

    /// The ids of all conversations, newest first.
    pub async fn all(&self) -> Result<Vec<ConversationId>> {
        Ok(self.archive.heads(usize::MAX, None).await?.into_iter().map(|head| head.id).collect())
    }

    /// Reads an exported text. Everything gets new ids, so the same file can be read twice; how many are here already is told,
    /// and those are left out where that is wished. What was skipped is named.
    pub async fn import(&self, text: String, skip_known: bool) -> Result<Imported> {
        let mut read =
            blocking("reading conversations", move || thread::read(&text, &mut fresh::Ids)).await?;
        let now = fresh::now();
        let here = known::all(&self.archive).await?;
        let mut known = 0;
        let mut heads = Vec::with_capacity(read.threads.len());
        let mut threads = read.threads.into_iter().peekable();
        while threads.peek().is_some() {
            let mut writing = Writing::default();
            for thread in threads.by_ref().take(TOGETHER) {
                let mut thread = thread::renumbered(thread, &mut fresh::Ids);
                let title = &thread.conversation.title;
                let skipped = &mut read.skipped;
                attachments::restore(&self.archive, &mut thread.messages, &read.blobs, title, skipped)
                    .await?;
                if here.contains(&known::said(&thread)) {
                    known += 1;
                    if skip_known {
                        continue;
                    }
                }
                for message in &mut thread.messages {
                    interrupted(message);
                    message.origin = MessageOrigin::Imported;
                }
                date(&mut thread, now);
                writing.heads.push(thread.conversation);
                writing.messages.extend(thread.messages);
            }
            let written = writing.heads.clone();
            self.archive.write(writing).await?;
            for head in written {
                self.changes.tell(Changed::Conversation { head: head.clone() });
                heads.push(head);
            }
        }
        Ok(Imported { heads, skipped: read.skipped, known })
    }

    /// Keeps what a terminal's composer holds; `None` is that of a new conversation. It takes the place of the last that the
    /// terminal kept, and of `over`; an empty draft deletes them.
    pub async fn save_draft(
        &self,
        id: Option<ConversationId>,
        by: TerminalId,
        over: Option<DraftId>,
        draft: Draft,
    ) -> Result<()> {
        self.archive.save_draft(id, by, over, draft).await
    }

    /// Gives the drafts back, that of the terminal itself first, the others from the newest on.
    pub async fn load_drafts(&self, id: Option<ConversationId>, by: TerminalId) -> Result<Vec<SavedDraft>> {
        self.archive.load_drafts(id, by).await
    }

    async fn write_head(&self, head: &Conversation) -> Result<()> {
        self.archive.write(Writing { heads: vec![head.clone()], ..Writing::default() }).await?;
        self.changes.tell(Changed::Conversation { head: head.clone() });
        Ok(())
    }
}

/// A conversation whose file says no time is of the time of its messages, or of `now`, when it was imported.
fn date(thread: &mut Thread, now: Timestamp) {
    let unknown = Timestamp::default();
    let times: Vec<_> = thread.messages.iter().map(|message| message.created).collect();
    let known = times.iter().copied().filter(|at| *at != unknown);
    let (first, last) = (known.clone().min().unwrap_or(now), known.max().unwrap_or(now));
    let head = &mut thread.conversation;
    if head.created == unknown {
        head.created = first;
    }
    if head.updated == unknown {
        head.updated = last.max(head.created);
    }
    for message in thread.messages.iter_mut().filter(|message| message.created == unknown) {
        message.created = thread.conversation.created;
    }
}

/// An answer that is still being written elsewhere ends here.
fn interrupted(message: &mut Message) {
    if let Some(answer) = &mut message.answer
        && answer.outcome == Outcome::Streaming
    {
        answer.outcome = Outcome::Interrupted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_no_time_is_of_the_time_of_its_import() {
        let read = thread::read("## You\n\nhello\n\n## Assistant\n\nhi\n", &mut fresh::Ids).unwrap();
        let mut undated = read.threads.into_iter().next().unwrap();
        date(&mut undated, Timestamp(5));
        let head = &undated.conversation;
        assert_eq!((head.created, head.updated), (Timestamp(5), Timestamp(5)));
        assert!(undated.messages.iter().all(|message| message.created == Timestamp(5)));
        undated.messages[1].created = Timestamp(9);
        undated.conversation.updated = Timestamp::default();
        date(&mut undated, Timestamp(20));
        assert_eq!(undated.conversation.updated, Timestamp(9), "what is known counts");
    }
}
