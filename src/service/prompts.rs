//! The library of prompts: kept in versions, drafted, run.
//!
//! A run is a turn like any other, of a conversation that is its alone; `chat` makes it. Here lives what a prompt is
//! kept as, and which conversations are its runs.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::Mutex;

use crate::domain::change::Changed;
use crate::domain::conversation::Conversation;
use crate::domain::id::{ConversationId, PromptId};
use crate::domain::library::{free_name, named};
use crate::domain::prompt::{Book, Prompt, Run, Sketch, Template, Values, Version, is_taken};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::{Archive, forget, head};
use crate::service::changes::Changes;
use crate::service::chat::{Chat, Step};
use crate::service::invoke::Terms;
use crate::service::turns::Turns;
use crate::service::{fresh, paging};
use crate::store::record::{PromptOf, PromptRun, RunOf, VersionOf};
use crate::store::{Batch, Scan, Store};
use crate::wire;

/// The service.
#[derive(Debug, Clone)]
pub struct Prompts {
    archive: Archive,
    chat: Chat,
    changes: Changes,
    turns: Turns,
    /// Reading the library and writing to it is one act.
    one: Arc<Mutex<()>>,
}

impl Prompts {
    /// Over these records; runs are turns of `chat`, changes are told to `changes`.
    pub fn new(archive: Archive, chat: Chat, changes: Changes, turns: Turns) -> Self {
        Self { archive, chat, changes, turns, one: Arc::default() }
    }

    /// Every prompt, the last changed first.
    pub async fn list(&self) -> Result<Vec<Prompt>> {
        self.archive.run(|store| Ok(library(store))).await
    }

    /// A prompt with its versions and its draft.
    pub async fn open(&self, id: PromptId) -> Result<Book> {
        self.archive.run(move |store| book(store, prompt(store, id)?)).await
    }

    /// The one of that name.
    pub async fn find(&self, name: String) -> Result<Book> {
        self.archive
            .run(move |store| {
                let library = library(store);
                let wanted = name.trim();
                let same = |prompt: &&Prompt| prompt.name == wanted;
                let found = library.iter().find(same).or_else(|| {
                    let wanted = wanted.to_lowercase();
                    let mut near = library.iter().filter(|prompt| prompt.name.to_lowercase() == wanted);
                    near.next().filter(|_| near.next().is_none())
                });
                let missing = || {
                    let names = library.iter().map(|prompt| prompt.name.as_str());
                    paging::no_such_name("prompt", &name, names, "outcrop prompts list")
                };
                book(store, found.cloned().ok_or_else(missing)?)
            })
            .await
    }

    /// Keeps a new prompt under a name of its own, as its first version. With `runs`, those of what had no name yet become
    /// its own: it is what was being written.
    pub async fn create(
        &self,
        name: &str,
        template: Template,
        note: String,
        values: Values,
        runs: bool,
    ) -> Result<Book> {
        const DOING: &str = "saving a prompt";
        let name = named(name, DOING)?;
        sendable(&template, DOING)?;
        let _one = self.one.lock().await;
        let made = self
            .archive
            .run(move |store| {
                free(&library(store), &name, None, DOING)?;
                let now = fresh::now();
                let prompt = Prompt { id: fresh::prompt_id(), name, created: now, updated: now, latest: 1 };
                let version = Version { number: 1, template: template.clone(), note, created: now };
                let draft = Sketch { template, values };
                let book = Book { prompt, versions: vec![version], draft };
                let mut batch = Batch::new();
                put(&book, &mut batch)?;
                if runs {
                    adopt(store, &book.prompt, &mut batch)?;
                }
                store.commit(batch)?;
                Ok(book)
            })
            .await?;
        self.changes.tell(Changed::Prompts);
        Ok(made)
    }

    /// Keeps a text as the next version of a prompt; the newest one again is refused. What else is being written of it
    /// stays.
    pub async fn save(&self, id: PromptId, template: Template, note: String) -> Result<Book> {
        const DOING: &str = "saving a version";
        sendable(&template, DOING)?;
        let _one = self.one.lock().await;
        let saved = self
            .archive
            .run(move |store| {
                let mut book = book(store, prompt(store, id)?)?;
                let latest = book.latest();
                if let Some(same) = latest.filter(|latest| latest.template == template) {
                    return Err(Error::new(
                        ErrorKind::Invalid,
                        DOING,
                        format!("it is the same as version {}", same.number),
                        "Change the text, the system prompt, the model or a setting first.",
                    ));
                }
                let unwritten = latest.is_some_and(|latest| latest.template == book.draft.template);
                let number = book.prompt.latest.saturating_add(1);
                book.prompt.latest = number;
                book.prompt.updated = fresh::now();
                let version = Version { number, template, note, created: book.prompt.updated };
                let mut batch = Batch::new();
                batch.put(&id, &book.prompt)?;
                batch.put(&VersionOf(id, number), &version)?;
                if unwritten {
                    book.draft.template.clone_from(&version.template);
                    batch.put(&PromptOf(Some(id)), &book.draft)?;
                }
                store.commit(batch)?;
                book.versions.push(version);
                Ok(book)
            })
            .await?;
        self.changes.tell(Changed::Prompts);
        Ok(saved)
    }

    /// Gives it another name.
    pub async fn rename(&self, id: PromptId, name: &str) -> Result<Book> {
        const DOING: &str = "renaming a prompt";
        let name = named(name, DOING)?;
        let _one = self.one.lock().await;
        let renamed = self
            .archive
            .run(move |store| {
                free(&library(store), &name, Some(id), DOING)?;
                let mut book = book(store, prompt(store, id)?)?;
                book.prompt.name = name;
                book.prompt.updated = fresh::now();
                let mut batch = Batch::new();
                batch.put(&id, &book.prompt)?;
                store.commit(batch)?;
                Ok(book)
            })
            .await?;
        self.changes.tell(Changed::Prompts);
        Ok(renamed)
    }

    /// Deletes it with its versions, its draft and its runs; what is being answered in these is stopped first.
    pub async fn remove(&self, id: PromptId) -> Result<()> {
        let _one = self.one.lock().await;
        let of = PromptOf(Some(id));
        let runs = move |store: &Store| -> Result<Vec<ConversationId>> {
            store.keys::<PromptRun>(Scan::under(&of)).map(|key| Ok(key?.1)).collect()
        };
        // Held to the end: what is about to begin there finds nothing any more.
        let mut held = Vec::new();
        for run in self.archive.run(runs).await? {
            held.push(self.turns.hold(run).await);
            self.turns.end(run).await;
        }
        self.archive
            .run(move |store| {
                if !store.has::<Prompt>(&id)? {
                    return Err(missing("removing a prompt"));
                }
                let runs = runs(store)?;
                let mut batch = Batch::new();
                batch.remove::<Prompt>(&id);
                batch.remove::<Sketch>(&of);
                for key in store.keys::<Version>(Scan::under(&id)) {
                    batch.remove::<Version>(&key?);
                }
                for run in &runs {
                    batch.remove::<PromptRun>(&RunOf(of, *run));
                }
                forget(store, &runs, &mut batch)?;
                store.commit(batch)
            })
            .await?;
        self.changes.tell(Changed::Prompts);
        Ok(())
    }

    /// Keeps what is being written; `None` is what has no name yet. An empty one is deleted.
    pub async fn save_draft(&self, of: Option<PromptId>, draft: Sketch) -> Result<()> {
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                match of {
                    // It may have been removed in another window.
                    Some(id) if !store.has::<Prompt>(&id)? => return Err(missing("keeping a draft")),
                    None if draft == Sketch::default() => batch.remove::<Sketch>(&PromptOf(None)),
                    of => batch.put(&PromptOf(of), &draft)?,
                };
                store.commit(batch)
            })
            .await
    }

    /// What is being written and has no name yet.
    pub async fn load_draft(&self) -> Result<Sketch> {
        self.archive.run(|store| Ok(store.get::<Sketch>(&PromptOf(None))?.unwrap_or_default())).await
    }

    /// Its runs, the newest first.
    pub async fn runs(&self, of: Option<PromptId>, limit: usize) -> Result<Vec<Conversation>> {
        self.archive
            .run(move |store| {
                let mut runs = Vec::new();
                for key in store.keys::<PromptRun>(Scan::under(&PromptOf(of)).reverse()) {
                    if runs.len() == limit {
                        break;
                    }
                    // A damaged one costs itself.
                    runs.extend(head(store, key?.1).ok().filter(|head| head.run.is_some()));
                }
                Ok(runs)
            })
            .await
    }

    /// Makes a run an ordinary conversation, which can go on.
    pub async fn go_on(&self, run: ConversationId) -> Result<Conversation> {
        let _held = self.turns.hold(run).await;
        let head = self
            .archive
            .run(move |store| {
                let mut head = head(store, run)?;
                let Some(Run { prompt, .. }) = head.run.take() else { return Ok(head) };
                head.updated = fresh::now();
                let mut batch = Batch::new();
                batch.put(&head.id, &head)?;
                batch.remove::<PromptRun>(&RunOf(PromptOf(prompt), head.id));
                store.commit(batch)?;
                Ok(head)
            })
            .await?;
        self.changes.tell(Changed::Conversation { head: head.clone() });
        self.changes.tell(Changed::Prompts);
        Ok(head)
    }

    /// Reads prompts of a file. Each becomes a new one, under a name that is free.
    pub async fn import(&self, text: String) -> Result<Vec<Prompt>> {
        let _one = self.one.lock().await;
        let made = self
            .archive
            .run(move |store| {
                let mut known = library(store);
                let mut made = Vec::new();
                let mut batch = Batch::new();
                for mut book in wire::prompt::read(&text)? {
                    book.prompt.id = fresh::prompt_id();
                    book.prompt.name = free_name(&named(&book.prompt.name, "reading prompts")?, |name| {
                        is_taken(&known, name, None)
                    });
                    put(&book, &mut batch)?;
                    known.push(book.prompt.clone());
                    made.push(book.prompt);
                }
                store.commit(batch)?;
                Ok(made)
            })
            .await?;
        self.changes.tell(Changed::Prompts);
        Ok(made)
    }

    /// Runs a text with values in the place of its variables. Dropping the steps stops it; what came is kept.
    pub fn run(
        &self,
        of: Option<PromptId>,
        version: Option<u32>,
        template: Template,
        values: Values,
        terms: Terms,
    ) -> BoxStream<'static, Result<Step>> {
        let prompts = self.clone();
        let begun = async move {
            if let Err(error) = complete(&template, &values) {
                return stream::once(std::future::ready(Err(error))).boxed();
            }
            let name = match of {
                None => Ok(String::new()),
                Some(id) => prompts.archive.run(move |store| Ok(prompt(store, id)?.name)).await,
            };
            match name {
                Ok(name) => {
                    let filled = template.filled(&values);
                    prompts.chat.run(Run { prompt: of, name, version, values }, filled, terms)
                }
                Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }
}

/// Gives a prompt the runs of what had no name.
fn adopt(store: &Store, prompt: &Prompt, batch: &mut Batch) -> Result<()> {
    for key in store.keys::<PromptRun>(Scan::under(&PromptOf(None))) {
        let key = key?;
        // A damaged one stays where it is.
        let Ok(mut head) = head(store, key.1) else { continue };
        let Some(run) = &mut head.run else { continue };
        run.prompt = Some(prompt.id);
        batch.put(&head.id, &head)?;
        batch.remove::<PromptRun>(&key);
        batch.put(&RunOf(PromptOf(Some(prompt.id)), head.id), &PromptRun {})?;
    }
    Ok(())
}

/// Every variable must have a value.
fn complete(template: &Template, values: &Values) -> Result<()> {
    const DOING: &str = "running a prompt";
    sendable(template, DOING)?;
    let missing = template.missing(values);
    if missing.is_empty() {
        return Ok(());
    }
    let [one, it] = if missing.len() == 1 { ["has no value", "it"] } else { ["have no value", "each"] };
    Err(Error::new(
        ErrorKind::Invalid,
        DOING,
        format!("{} {one}", missing.join(", ")),
        format!("Give {it} one: --var NAME=VALUE, or its line on the screen."),
    ))
}

fn sendable(template: &Template, doing: &str) -> Result<()> {
    if template.text.trim().is_empty() {
        return Err(Error::new(ErrorKind::Invalid, doing, "its text is empty", "Write something first."));
    }
    Ok(())
}

/// Nobody else has the name.
fn free(library: &[Prompt], name: &str, but: Option<PromptId>, doing: &str) -> Result<()> {
    if !is_taken(library, name, but) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        doing,
        format!("there is a prompt {name:?} already"),
        "Take another name, or save a new version of that one.",
    ))
}

fn put(book: &Book, batch: &mut Batch) -> Result<()> {
    let id = book.prompt.id;
    batch.put(&id, &book.prompt)?;
    for version in &book.versions {
        batch.put(&VersionOf(id, version.number), version)?;
    }
    batch.put(&PromptOf(Some(id)), &book.draft)?;
    Ok(())
}

/// Every prompt that can be read; `workspace verify` names the others.
fn library(store: &Store) -> Vec<Prompt> {
    let mut prompts: Vec<_> =
        store.scan::<Prompt>(Scan::all()).filter_map(|record| Some(record.ok()?.1)).collect();
    prompts.sort_by(|one, other| other.updated.cmp(&one.updated).then(one.id.cmp(&other.id)));
    prompts
}

fn prompt(store: &Store, id: PromptId) -> Result<Prompt> {
    store.get::<Prompt>(&id)?.ok_or_else(|| missing("opening a prompt"))
}

fn missing(doing: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        doing,
        "it is not there any more",
        "It may have been removed in another window.",
    )
}

/// With every version that can be read.
fn book(store: &Store, prompt: Prompt) -> Result<Book> {
    let mut versions = Vec::new();
    for record in store.scan::<Version>(Scan::under(&prompt.id)) {
        match record {
            Ok((_, version)) => versions.push(version),
            Err(error) if error.kind == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
    }
    let newest = |versions: &[Version]| versions.last().map(|newest| newest.template.clone());
    let draft = store.get::<Sketch>(&PromptOf(Some(prompt.id)))?;
    let draft = draft
        .unwrap_or_else(|| Sketch { template: newest(&versions).unwrap_or_default(), ..Sketch::default() });
    Ok(Book { prompt, versions, draft })
}
