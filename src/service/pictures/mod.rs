//! Pictures: made, kept, given out, removed.
//!
//! A making is durable before it is sent. A task of this service waits for its pictures, so that what came is kept when
//! the asker goes away; [`Pictures::finish`] ends all of them.

mod run;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::call::Picture;
use crate::domain::change::Changed;
use crate::domain::delta::Event;
use crate::domain::id::MakingId;
use crate::domain::message::{BlobId, Outcome, Timing, Usage};
use crate::domain::picture::{MOST, Making, media_type};
use crate::domain::script::Scripted;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::{Invoke, Terms};
use crate::service::naming::{Gone, unnamed};
use crate::service::{attachments, fresh, paging};
use crate::store::{Batch, Scan};
use crate::wire::script;

/// Steps that wait for a slow asker.
const STEPS: usize = 64;
/// Of the newest makings, so many may have been on their way when a process ended.
const OPEN: usize = 256;

/// What a making says to the one who asked for it.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight")]
pub enum Step {
    /// As it is stored now: begun, grown by a picture, or ended, as its outcome says.
    Making(Making),
    /// What is said besides: a place in a line, a remark.
    Said(Event),
}

/// The service.
#[derive(Debug, Clone)]
pub struct Pictures {
    archive: Archive,
    invoke: Arc<Invoke>,
    changes: Changes,
    tasks: TaskTracker,
    /// The program ends.
    ends: CancellationToken,
    /// Held while it is found out what is named, and while that changes.
    naming: Arc<Mutex<()>>,
}

impl Pictures {
    /// Pictures of these models, kept in the archive.
    pub fn new(archive: Archive, invoke: Arc<Invoke>, changes: Changes) -> Self {
        let (tasks, ends) = (TaskTracker::new(), CancellationToken::new());
        Self { archive, invoke, changes, tasks, ends, naming: Arc::default() }
    }

    /// Makes pictures; those that vary one begin with `asked.from`, or with a file that is read first. Dropping the steps
    /// stops it; what came is kept and marked.
    pub fn make(
        &self,
        asked: Picture,
        file: Option<PathBuf>,
        terms: Terms,
    ) -> BoxStream<'static, Result<Step>> {
        let pictures = self.clone();
        let start = async move {
            let (making, asked) = match pictures.begin(asked, file).await {
                Ok(begun) => begun,
                Err(error) => return stream::once(std::future::ready(Err(error))).boxed(),
            };
            pictures.changes.tell(Changed::Making { making: making.clone() });
            let (steps, received) = mpsc::channel(STEPS);
            let tasks = pictures.tasks.clone();
            tasks.spawn(async move { run::run(&pictures, making, asked, terms, steps).await });
            stream::unfold(received, |mut received| async move {
                received.recv().await.map(|step| (step, received))
            })
            .boxed()
        };
        stream::once(start).flatten().boxed()
    }

    /// Checks what is asked for and makes it durable; gives back the call with the bytes that it needs.
    async fn begin(&self, mut asked: Picture, file: Option<PathBuf>) -> Result<(Making, Picture)> {
        let doing = format!("making a picture with {}", asked.model);
        let refuse = |why: &str, hint: &str| Err(Error::new(ErrorKind::Invalid, &doing, why, hint));
        if self.ends.is_cancelled() {
            return Err(Error::cancelled("making a picture while the program ends"));
        }
        self.invoke.knows(&asked.model)?;
        if asked.prompt.trim().is_empty() && asked.from.is_none() && file.is_none() {
            return refuse("the prompt is empty", "Say what is to be seen.");
        }
        if asked.count == 0 || asked.count > MOST {
            let why = format!("{} pictures at once are asked for", asked.count);
            return refuse(&why, &format!("Ask for 1 to {MOST}."));
        }
        asked.negative = asked.negative.filter(|negative| !negative.trim().is_empty());
        let _named = self.naming.lock().await;
        if let Some(file) = file {
            let attachment = attachments::attach_picture(&self.archive, file).await?;
            asked.from = Some(attachment);
        }
        if let Some(from) = asked.from.clone() {
            let bytes = self.archive.run(move |store| Ok(store.attached(&from)?.map(|bytes| (from, bytes))));
            let Some((from, bytes)) = bytes.await? else {
                let why = "the picture to vary is not kept here any more";
                return Err(Error::new(ErrorKind::NotFound, doing, why, "Choose another one."));
            };
            asked.blobs.put(from, bytes);
        }
        let making = Making {
            id: fresh::making_id(),
            asked: Picture { blobs: crate::domain::call::Blobs::default(), ..asked.clone() },
            created: fresh::now(),
            outcome: Outcome::Streaming,
            made: Vec::new(),
            usage: Usage::default(),
            timing: Timing::default(),
            cost: None,
        };
        self.put(making.clone()).await?;
        Ok((making, asked))
    }

    async fn put(&self, making: Making) -> Result<()> {
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                batch.put(&making.id, &making)?;
                store.commit(batch)
            })
            .await
    }

    /// The newest behind `before`, and whether there are older ones. Damaged ones are left out.
    pub async fn list(&self, limit: usize, before: Option<MakingId>) -> Result<(Vec<Making>, bool)> {
        self.archive.run(move |store| paging::page(store, limit, before.as_ref())).await
    }

    /// The one whose id starts or ends with `text`.
    pub async fn find(&self, text: String) -> Result<Making> {
        self.archive.run(move |store| paging::find(store, &text, "pictures", "outcrop pictures list")).await
    }

    /// The request that makes these pictures, in each form, with the reason where one cannot be.
    pub async fn scripts(&self, id: MakingId) -> Result<Vec<Scripted>> {
        let found = self.archive.run(move |store| {
            let Some(making) = store.get::<Making>(&id)? else { return Err(missing(&id.short())) };
            let mut asked = making.asked;
            // Where it is gone, the request says so.
            if let Some(from) = asked.from.clone()
                && let Some(bytes) = store.attached(&from)?
            {
                asked.blobs.put(from, bytes);
            }
            Ok(asked)
        });
        Ok(script::all(&self.invoke.sent_picture(&found.await?)))
    }

    /// The bytes of a kept picture, and what they are.
    pub async fn bytes(&self, blob: BlobId) -> Result<(String, Vec<u8>)> {
        let kept = self.archive.run(move |store| store.attached(&blob)).await?;
        let found = kept.and_then(|bytes| Some((media_type(&bytes)?.to_owned(), bytes)));
        found.ok_or_else(|| {
            let why = "it is not kept here any more";
            Error::new(ErrorKind::NotFound, "reading a picture", why, "It may have been removed elsewhere.")
        })
    }

    /// Removes a making, and those of its pictures that nobody else names. One that is on its way is stopped first by its
    /// asker.
    pub async fn remove(&self, id: MakingId) -> Result<()> {
        let named = self.naming.lock().await;
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                // A damaged one can be removed as well; only one that was never there cannot.
                match store.get::<Making>(&id) {
                    Ok(None) => return Err(missing(&id.short())),
                    Ok(Some(making)) if making.runs() => {
                        return Err(Error::new(
                            ErrorKind::Busy,
                            "removing pictures",
                            "they are still being made",
                            "Stop it first, or wait for its end.",
                        ));
                    }
                    Ok(Some(making)) => {
                        let blobs = making.blobs().cloned().collect();
                        for blob in unnamed(store, Gone::Making(id), blobs)? {
                            store.detach(&blob, &mut batch);
                        }
                    }
                    Err(error) if error.kind == ErrorKind::Corrupt => {}
                    Err(error) => return Err(error),
                }
                batch.remove::<Making>(&id);
                store.commit(batch)
            })
            .await?;
        drop(named);
        self.changes.tell(Changed::MakingRemoved { id });
        Ok(())
    }

    /// Ends the makings that a process left open when it died: what was stored is kept and marked. Their number.
    pub async fn mark_interrupted(&self) -> Result<usize> {
        self.archive
            .run(|store| {
                let mut batch = Batch::new();
                let mut count = 0;
                for record in store.scan::<Making>(Scan::all().reverse().limit(OPEN)) {
                    // One that cannot be read was told by who verifies.
                    let Ok((id, making)) = record else { continue };
                    if making.runs() {
                        batch.put(&id, &Making { outcome: Outcome::Interrupted, ..making })?;
                        count += 1;
                    }
                }
                store.commit(batch)?;
                Ok(count)
            })
            .await
    }

    /// Whether pictures are being made.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Stops every making, waits until what came is stored, and lets no new one begin.
    pub async fn finish(&self) {
        self.ends.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn missing(text: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("finding the pictures {text:?}"),
        "there are none with that id",
        "`outcrop pictures list` shows those that there are.",
    )
}

#[cfg(test)]
mod tests;
