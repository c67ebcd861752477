//! A base as one file: written out, and brought into this workspace from one.
//!
//! What is brought lies under an id that no base has until all of it is there; then the base is written, in one act. What was
//! broken off is cleared away, by the next start at the latest: nothing of it is ever seen. The sources of a base that is brought
//! are settings: nothing of them is read before the person syncs.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{mpsc, watch};

use super::embedding::Embedder;
use super::filing::passage_id;
use super::place::plain;
use super::stores::arranged;
use super::{Knowledge, documents, forget, holding, is_free, put};
use crate::domain::change::Changed;
use crate::domain::id::{BaseId, DocumentId, SourceId};
use crate::domain::knowledge::base::{Base, Holds, checked_name};
use crate::domain::knowledge::passage::{Entry, Passage, with_columns};
use crate::domain::knowledge::retrieval::Answers;
use crate::domain::knowledge::store::StoreKind;
use crate::domain::knowledge::sync::Filed;
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{Change, VectorStore};
use crate::service::blocking::blocking;
use crate::service::fresh;
use crate::service::invoke::Terms;
use crate::store::Batch;
use crate::store::record::FiledOf;
use crate::wire::knowledge::file::{Carried, Head, LONGEST_LINE, Line, Reader, Writer};

const EXPORTING: &str = "exporting a knowledge base";
const IMPORTING: &str = "importing a knowledge base";
/// Passages that are read from an index, or become part of one, at once.
const PASSAGES: usize = 256;
/// Lines that are read at once, as long as they have not so many bytes.
const LINES: usize = 512;
const BYTES: usize = 4 << 20;
/// Bytes that are written at once.
const WRITTEN: usize = 1 << 20;
/// What may be told before it is heard.
const TOLD: usize = 8;

/// How far it is, or what it came to.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time is told; a box would only move the bytes")]
pub enum Carrying {
    /// Passages that are done, of so many.
    Done { done: u64, of: u64 },
    /// The base that was written out, or is here now.
    Whole(Base),
}

/// Who is told how far it is. Where nobody listens any more it is not wanted.
struct Teller(mpsc::Sender<Result<Carrying>>);

impl Teller {
    /// What is not heard in time is told by the next one.
    fn tell(&self, done: u64, of: u64) {
        let _ = self.0.try_send(Ok(Carrying::Done { done, of }));
    }
}

impl Knowledge {
    /// Writes a base to a new file. Dropping the stream ends it, and takes the file away.
    pub fn export(
        &self,
        id: BaseId,
        path: PathBuf,
        vectors: bool,
        terms: Terms,
    ) -> BoxStream<'static, Result<Carrying>> {
        let service = self.clone();
        self.carried(move |teller| {
            async move { service.write_out(id, path, vectors, &terms, &teller).await }.boxed()
        })
    }

    /// Makes a base of a file. Dropping the stream ends it, and nothing of it stays.
    pub fn import(
        &self,
        path: PathBuf,
        name: Option<String>,
        terms: Terms,
    ) -> BoxStream<'static, Result<Carrying>> {
        let (service, terms) = (self.clone(), terms.in_background());
        self.carried(move |teller| async move { service.bring(path, name, &terms, &teller).await }.boxed())
    }

    /// Has it done by a task of its own, which ends in order, and shows how far it is.
    fn carried(
        &self,
        work: impl FnOnce(Teller) -> BoxFuture<'static, Result<Base>> + Send + 'static,
    ) -> BoxStream<'static, Result<Carrying>> {
        let (tell, told) = mpsc::channel(TOLD);
        self.tasks.spawn(async move {
            let whole = work(Teller(tell.clone())).await.map(Carrying::Whole);
            // Nobody may be left to hear it.
            let _ = tell.send(whole).await;
        });
        stream::unfold(told, |mut told| async move { told.recv().await.map(|said| (said, told)) }).boxed()
    }

    /// Whether it is still wanted.
    fn wanted(&self, teller: &Teller, doing: &str) -> Result<()> {
        let over = teller.0.is_closed() || self.ends.is_cancelled();
        if over { Err(Error::cancelled(doing)) } else { Ok(()) }
    }

    async fn write_out(
        &self,
        id: BaseId,
        path: PathBuf,
        vectors: bool,
        terms: &Terms,
        teller: &Teller,
    ) -> Result<Base> {
        let Some(run) = self.enter(id) else {
            let hint = "Wait for its end, or stop it: `outcrop kb sync --pause`.";
            return Err(Error::new(ErrorKind::Busy, EXPORTING, "it is being worked on", hint));
        };
        let base = self.base(id).await?;
        let index = self.index(&base, terms).await?;
        let mut filed = self.archive.run(move |store| documents(store, id)).await?;
        filed.retain(|document| document.state.is_carried());
        filed.sort_by(|one, other| one.uri.cmp(&other.uri));
        let mut out = Out::new(path.clone()).await?;
        let all: u64 = filed.iter().map(|document| u64::from(document.passages)).sum();
        let written = async {
            let mut writer = Writer::default();
            out.put(&writer.head(&base, (filed.len() as u64, all), vectors)?).await?;
            let mut done = 0;
            for document in &filed {
                if run.stop.is_cancelled() {
                    return Err(Error::cancelled(EXPORTING));
                }
                self.wanted(teller, EXPORTING)?;
                out.put(&writer.document(document)?).await?;
                let with = vectors || document.prefixed;
                self.write_passages(&*index, document, with, &mut writer, &mut out).await?;
                done += u64::from(document.passages);
                teller.tell(done, all);
            }
            out.put(&writer.end()?).await?;
            out.close().await
        };
        let written = written.await;
        if written.is_err() {
            // Half a file is worse than none; what matters is why it is half.
            let _ = blocking(EXPORTING, move || Ok(std::fs::remove_file(path))).await;
        }
        written.map(|()| base)
    }

    async fn write_passages(
        &self,
        index: &dyn VectorStore,
        document: &Filed,
        vectors: bool,
        writer: &mut Writer,
        out: &mut Out,
    ) -> Result<()> {
        let broken = || {
            let why = format!("{} is not whole in it", document.uri);
            Error::new(ErrorKind::Corrupt, EXPORTING, why, "`outcrop kb sync` mends that.")
        };
        let ids = index.of_document(document.id).await?;
        if ids.len() != document.passages as usize {
            return Err(broken());
        }
        for ids in ids.chunks(PASSAGES) {
            if vectors {
                for entry in index.entries(ids.to_vec()).await? {
                    let Entry { passage, vector } = entry.ok_or_else(broken)?;
                    out.put(&writer.passage(&passage, Some(&vector))?).await?;
                }
            } else {
                for passage in index.passages(ids.to_vec()).await? {
                    out.put(&writer.passage(&passage.ok_or_else(broken)?, None)?).await?;
                }
            }
        }
        Ok(())
    }

    async fn bring(
        &self,
        path: PathBuf,
        name: Option<String>,
        terms: &Terms,
        teller: &Teller,
    ) -> Result<Base> {
        let (lines, batch) = Lines::open(path).await?.next().await?;
        let mut batch = batch.into_iter();
        let Some(Line::Head(head)) = batch.next() else {
            return Err(Error::internal(IMPORTING, "a file without its first line was taken"));
        };
        let of = head.passages;
        let (base, sources) = self.brought(head, name).await?;
        let index = self.index(&base, terms).await?;
        let bringing = Bringing {
            service: self,
            base: &base,
            terms,
            index,
            embedder: None,
            sources,
            document: None,
            pending: Vec::new(),
            filed: Vec::new(),
            holds: Holds::default(),
            done: 0,
            of,
        };
        let came = match bringing.run(lines, batch.collect(), teller).await {
            Ok(holds) => self.founded(Base { holds, ..base.clone() }).await,
            Err(error) => Err(error),
        };
        if came.is_err() {
            self.take_back(&base, terms).await;
        }
        came
    }

    /// The base that a file tells of, with ids of its own; and which of its sources has which of them.
    async fn brought(&self, head: Head, name: Option<String>) -> Result<(Base, HashMap<SourceId, SourceId>)> {
        let name = checked_name(&name.unwrap_or(head.name))?;
        let (mut ids, mut sources, now) = (HashMap::new(), head.sources, fresh::now());
        for source in &mut sources {
            let id = fresh::source_id();
            ids.insert(std::mem::replace(&mut source.id, id), id);
        }
        let base = Base {
            id: fresh::base_id(),
            name,
            description: head.description.filter(|text| !text.trim().is_empty()),
            created: now,
            updated: now,
            embedder: head.embedder,
            dimensions: head.dimensions,
            normalised: head.normalised,
            // Nobody is sent what is found, or told what to do with it, because a file says so.
            reranker: None,
            answers: Answers::default(),
            store: StoreKind::Embedded,
            moving: None,
            index: None,
            rebuild: None,
            sources,
            holds: Holds::default(),
        };
        let own = base.name.clone();
        self.archive.run(move |store| is_free(store, &own)).await?;
        Ok((base, ids))
    }

    /// All of it is there: it is a base from now on.
    async fn founded(&self, base: Base) -> Result<Base> {
        let _one = self.one.lock().await;
        let made = base.clone();
        self.archive
            .run(move |store| {
                is_free(store, &made.name)?;
                put(store, &made)
            })
            .await?;
        self.changes.tell(Changed::Base { base: base.clone() });
        Ok(base)
    }

    /// Clears away what came of a base that is none. What cannot be is swept at the next start.
    async fn take_back(&self, base: &Base, terms: &Terms) {
        let id = base.id;
        let documents = self.archive.run(move |store| forget(store, id)).await;
        let cleared = match documents {
            Ok(()) => self.clear(base, StoreKind::Embedded, terms).await,
            Err(error) => Err(error),
        };
        if let Err(error) = cleared {
            tracing::warn!(%error, "what came of an import is still there");
        }
    }
}

/// A new file, written by the megabyte.
struct Out {
    path: PathBuf,
    file: Option<File>,
    text: String,
}

impl Out {
    async fn new(path: PathBuf) -> Result<Self> {
        let own = path.clone();
        let file = blocking(EXPORTING, move || {
            let doing = || format!("writing {}", own.display());
            if !own.is_absolute() {
                let hint = "Name it from the root.";
                return Err(Error::new(ErrorKind::Invalid, doing(), "its path begins nowhere", hint));
            }
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&own).map_err(|why| {
                if why.kind() == std::io::ErrorKind::AlreadyExists {
                    let why = "there is a file already";
                    return Error::new(ErrorKind::Invalid, doing(), why, "Name a new one.");
                }
                Error::io(doing(), &why)
            })
        });
        Ok(Self { file: Some(file.await?), text: String::new(), path })
    }

    async fn put(&mut self, line: &str) -> Result<()> {
        self.text.push_str(line);
        if self.text.len() < WRITTEN { Ok(()) } else { self.flush().await }
    }

    async fn flush(&mut self) -> Result<()> {
        let (text, path) = (std::mem::take(&mut self.text), self.path.clone());
        let Some(mut file) = self.file.take() else {
            return Err(Error::internal(EXPORTING, "the file is closed"));
        };
        let written = blocking(EXPORTING, move || {
            let wrong = |why| Error::io(format!("writing {}", path.display()), &why);
            file.write_all(text.as_bytes()).map_err(wrong)?;
            Ok(file)
        });
        self.file = Some(written.await?);
        Ok(())
    }

    /// Nothing follows; it is on the disk.
    async fn close(&mut self) -> Result<()> {
        self.flush().await?;
        let Some(file) = self.file.take() else { return Ok(()) };
        let path = self.path.clone();
        blocking(EXPORTING, move || {
            file.sync_all().map_err(|why| Error::io(format!("writing {}", path.display()), &why))
        })
        .await
    }
}

/// The lines of a file, read and checked some at a time.
struct Lines {
    path: PathBuf,
    from: BufReader<File>,
    reader: Reader,
    buffer: Vec<u8>,
    /// There are no more.
    over: bool,
}

impl Lines {
    async fn open(path: PathBuf) -> Result<Self> {
        blocking(IMPORTING, move || {
            if !path.is_absolute() {
                let (doing, hint) = (format!("reading {}", path.display()), "Name it from the root.");
                return Err(Error::new(ErrorKind::Invalid, doing, "its path begins nowhere", hint));
            }
            let whole = std::fs::canonicalize(&path);
            let path = whole.map_err(|why| Error::io(format!("reading {}", path.display()), &why))?;
            let from = BufReader::new(plain(&path)?);
            Ok(Self { path, from, reader: Reader::default(), buffer: Vec::new(), over: false })
        })
        .await
    }

    async fn next(mut self) -> Result<(Self, Vec<Line>)> {
        blocking(IMPORTING, move || {
            let lines = self.read()?;
            Ok((self, lines))
        })
        .await
    }

    fn read(&mut self) -> Result<Vec<Line>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < LINES && bytes < BYTES {
            self.buffer.clear();
            let most = LONGEST_LINE as u64 + 1;
            let read = (&mut self.from).take(most).read_until(b'\n', &mut self.buffer);
            let read = read.map_err(|why| Error::io(format!("reading {}", self.path.display()), &why))?;
            if read == 0 {
                self.reader.finish()?;
                self.over = true;
                break;
            }
            if read > LONGEST_LINE {
                let why = format!("a line of {} has more than {LONGEST_LINE} bytes", self.path.display());
                let hint = "Nothing was imported. It is no export of a knowledge base.";
                return Err(Error::new(ErrorKind::Invalid, IMPORTING, why, hint));
            }
            let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
            lines.push(self.reader.read(line)?);
            bytes += read;
        }
        Ok(lines)
    }
}

/// A base that is being brought.
struct Bringing<'a> {
    service: &'a Knowledge,
    base: &'a Base,
    terms: &'a Terms,
    index: Arc<dyn VectorStore>,
    /// Embeds what has no vector, once there is such.
    embedder: Option<Embedder>,
    /// Which id each source has now.
    sources: HashMap<SourceId, SourceId>,
    /// The one whose passages come.
    document: Option<DocumentId>,
    pending: Vec<(DocumentId, Carried)>,
    filed: Vec<Filed>,
    holds: Holds,
    done: u64,
    of: u64,
}

impl Bringing<'_> {
    /// Takes all lines in; what the base has then.
    async fn run(mut self, mut lines: Lines, mut batch: Vec<Line>, teller: &Teller) -> Result<Holds> {
        loop {
            for line in batch {
                self.take(line).await?;
            }
            self.service.wanted(teller, IMPORTING)?;
            teller.tell(self.done, self.of);
            if lines.over {
                break;
            }
            (lines, batch) = lines.next().await?;
        }
        self.flush().await?;
        self.index.settle().await?;
        self.arrange(teller).await;
        self.service.wanted(teller, IMPORTING)?;
        let counts = self.index.counts().await?;
        if (counts.documents, counts.passages) != (self.holds.documents, self.holds.passages) {
            let why = format!("{} passages became {}", self.holds.passages, counts.passages);
            return Err(Error::internal(IMPORTING, why));
        }
        Ok(self.holds)
    }

    /// Makes questions faster, unless nobody listens any more.
    async fn arrange(&self, teller: &Teller) {
        let stop = self.service.ends.child_token();
        let work = arranged(&*self.index, &stop, watch::Sender::default());
        let unheard = async {
            teller.0.closed().await;
            stop.cancel();
            // It ends in order.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = work => {}
            () = unheard => {}
        }
    }

    async fn take(&mut self, line: Line) -> Result<()> {
        match line {
            Line::Document(filed) => {
                self.document = Some(filed.id);
                let of = holding(std::slice::from_ref(&filed));
                self.holds.documents += of.documents;
                self.holds.passages += of.passages;
                self.holds.tokens += of.tokens;
                let source = self.sources.get(&filed.source).copied().unwrap_or(filed.source);
                self.filed.push(Filed { source, ..filed });
            }
            Line::Passage(carried) => {
                if let Some(document) = self.document {
                    self.pending.push((document, carried));
                }
            }
            Line::Head(_) | Line::End => {}
        }
        let full = self.pending.len() >= PASSAGES || self.filed.len() >= LINES;
        if full { self.flush().await } else { Ok(()) }
    }

    /// What was taken becomes part of it.
    async fn flush(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let bare = pending.iter().filter(|(_, carried)| carried.vector.is_none());
        let text = |carried: &Carried| with_columns(&carried.text, &carried.attributes).into_owned();
        let texts: Vec<String> = bare.map(|(_, carried)| text(carried)).collect();
        let mut made = self.vectors(&texts).await?.into_iter();
        let entry = |(document, carried): (DocumentId, Carried)| {
            let Carried { ordinal, range, parent, tokens, text, attributes, vector } = carried;
            let id = passage_id(document, ordinal);
            let passage = Passage { id, document, ordinal, range, parent, tokens, text, attributes };
            Entry { passage, vector: vector.or_else(|| made.next()).unwrap_or_default() }
        };
        let put: Vec<Entry> = pending.into_iter().map(entry).collect();
        if !put.is_empty() {
            self.done += put.len() as u64;
            self.index.apply(Change { remove: Vec::new(), put }).await?;
        }
        let (filed, id) = (std::mem::take(&mut self.filed), self.base.id);
        if filed.is_empty() {
            return Ok(());
        }
        self.service
            .archive
            .run(move |store| {
                let mut batch = Batch::new();
                for document in &filed {
                    batch.put(&FiledOf(id, document.id), document)?;
                }
                store.commit(batch)
            })
            .await
    }

    /// The vectors of texts that came without.
    async fn vectors(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let embedder = if let Some(embedder) = self.embedder.take() {
            embedder
        } else {
            let own = self.service.embedder(&self.base.embedder, self.terms).await?;
            let own = own.keeping(self.service.cache().await, self.base.dimensions);
            own.within(self.base.id, format!("import {}", self.base.name))
        };
        let made = embedder.vectors_of(texts).await;
        // As the last of it goes.
        embedder.end(made.as_ref().err());
        self.embedder = Some(embedder);
        made
    }
}
