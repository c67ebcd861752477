//! Traces: what this program did and what others tell of theirs, in one list.
//!
//! `kept` has those from elsewhere, `own` makes those of this program of its records of calls, `view` is the one over both;
//! `made` tells what a run was made with, `recorded` what is needed to do it once more, `notes` has what people think of it; `writing` and `sending` hand it on, `receiver` takes what
//! other programs send. What spans mean is read in `wire::trace`;
//! what is reckoned of them is `domain::trace`.

mod inflate;
pub mod kept;
mod lints;
mod made;
pub(in crate::service) mod notes;
mod own;
mod parameters;
mod reading;
mod receiver;
mod recorded;
mod said;
mod sending;
mod view;
mod writer;
mod writing;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{Mutex, OnceCell, mpsc};

use crate::domain::catalog::ModelId;
use crate::domain::change::Changed;
use crate::domain::id::{SpanId, is_piece, piece};
use crate::domain::message::Usage;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::trace::aligned::{self, Pair};
use crate::domain::trace::contents::Contents;
use crate::domain::trace::filter::Filter;
use crate::domain::trace::latency::{Latency, latencies};
use crate::domain::trace::outline::Outline;
use crate::domain::trace::replay::{self, Original, Place};
use crate::domain::trace::{Brought, Kind, Packed, Rollups, Run, Source, SpanKey, TraceId, TraceSpan};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Listener;
use crate::service::archive::Archive;
use crate::service::blocking::blocking;
use crate::service::changes::Changes;
use crate::service::invoke::Prices;
use crate::service::recorder::Recorder;
use crate::store::Store;
use crate::store::record::RunKey;
use crate::wire::trace::{Decoded, meaning};
use kept::{Arrival, Keep, Kept, Price};
use view::{Reckoned, View};
use writer::Writer;

pub use writing::WriteStep;

/// Pieces that wait for a slow reader.
const PIECES: usize = 4;
/// Rows that go through the door at a time.
const ROWS: usize = 8192;
/// Requests of senders that wait to be told of.
const TOLD: usize = 64;

/// A trace that was opened: rows again and again, then what cannot be read of it.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "the first of a stream alone is large")]
pub enum OpenStep {
    Run(Run),
    Rows(Packed),
    Damaged(Vec<String>),
}

/// What a receiver tells: where it listens, then what came.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    At(SocketAddr),
    Came(Brought),
}

/// The calls of this program that are a part of one, and that one.
pub(in crate::service) fn calls(store: &Store, first: SpanId) -> Result<Vec<SpanId>> {
    Ok(own::spans(store, &[], own::trace(first))?.into_iter().map(|span| span.id).collect())
}

/// The service.
#[derive(Debug, Clone)]
pub struct Traces {
    archive: Archive,
    recorder: Recorder,
    price: Pricing,
    changes: Changes,
    keep: Keep,
    /// When it began: what runs in this program has begun after it.
    since: Timestamp,
    kept: Arc<OnceCell<Arc<Kept>>>,
    writer: Arc<Mutex<Option<Writer>>>,
    /// Nothing more is kept.
    ended: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Pricing(Price);

impl std::fmt::Debug for Pricing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pricing")
    }
}

/// What calls cost by what is known of models; a model that tells its provider too is known by both.
fn price_of(prices: Prices) -> Price {
    Arc::new(move |provider: &str, model: &str, usage: &Usage| {
        let told = |id: &ModelId| prices.of(id).and_then(|price| price.of(usage));
        // Conventions have other words for some providers.
        let both = ModelId::new(replay::provider(provider), model).ok();
        both.as_ref().and_then(told).or_else(|| model.parse().ok().as_ref().and_then(told))
    })
}

impl Traces {
    /// Over the store that `recorder` writes the calls of this program to.
    pub fn new(archive: Archive, recorder: Recorder, prices: Prices, changes: Changes, keep: Keep) -> Self {
        let price = Pricing(price_of(prices));
        Self {
            archive,
            recorder,
            price,
            changes,
            keep,
            since: crate::service::fresh::now(),
            kept: Arc::default(),
            writer: Arc::default(),
            ended: Arc::default(),
        }
    }

    /// What is kept from elsewhere, opened when it is first wanted.
    async fn kept(&self) -> Result<Arc<Kept>> {
        let opened = self.kept.get_or_try_init(|| async {
            let (price, keep) = (Arc::clone(&self.price.0), self.keep);
            let (kept, notices) = self
                .archive
                .run(move |store| {
                    let (kept, notices) = Kept::open(store, price)?;
                    kept.sweep(keep, crate::service::fresh::now())?;
                    Ok((kept, notices))
                })
                .await?;
            for text in notices {
                tracing::warn!("{text}");
                self.changes.tell(Changed::Notice { text });
            }
            Ok::<_, Error>(Arc::new(kept))
        });
        opened.await.cloned()
    }

    /// Blocking work on all traces.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&View<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // Calls that run are to be seen, and those that have ended.
        let underway = self.recorder.underway();
        self.recorder.settled().await;
        let (kept, price, since) = (self.kept().await?, Arc::clone(&self.price.0), self.since);
        self.archive
            .run(move |store| work(&View { store, underway: &underway, kept: &kept, price: &price, since }))
            .await
    }

    /// The same, for what takes long: whether somebody still waits for it, the work may ask.
    async fn while_asked<T: Send + 'static>(
        &self,
        work: impl FnOnce(&View<'_>, &dyn Fn() -> bool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // Whoever goes away takes this along.
        let asker = Arc::new(());
        let asks = Arc::downgrade(&asker);
        let worked = self.with(move |view| work(view, &move || asks.strong_count() > 0)).await;
        drop(asker);
        worked
    }

    /// The same, with pieces for a reader who may be slow or leave.
    fn pieces<T: Send + 'static>(
        &self,
        work: impl FnOnce(&View<'_>, &dyn Fn(T) -> bool) -> Result<()> + Send + 'static,
    ) -> BoxStream<'static, Result<T>> {
        let (pieces, received) = mpsc::channel(PIECES);
        let traces = self.clone();
        let work = async move {
            let failed = pieces.clone();
            let worked =
                traces.with(move |view| work(view, &|piece| pieces.blocking_send(Ok(piece)).is_ok())).await;
            if let Err(error) = worked {
                let _ = failed.send(Err(error)).await;
            }
        };
        let received = stream::unfold(received, |mut received| async move {
            received.recv().await.map(|piece| (piece, received))
        });
        // The work is driven by who reads, and ends with them.
        stream::select(stream::once(work).filter_map(|()| std::future::ready(None)), received).boxed()
    }

    /// Runs behind `before`, newest first, and whether there are more. With a filter, those of which a span passes.
    pub async fn list(
        &self,
        filter: Option<String>,
        limit: usize,
        before: Option<(Timestamp, TraceId)>,
    ) -> Result<(Vec<Run>, bool)> {
        let filter = filter.map(|text| Filter::read(&text)).transpose()?;
        let before = before.map(|(at, id)| RunKey(at, id));
        // A filter may look through many runs.
        self.while_asked(move |view, wants| view.list(filter.as_ref(), limit, before, wants)).await
    }

    /// The one whose id begins or ends with `text`.
    pub async fn find(&self, text: String) -> Result<Run> {
        self.with(move |view| {
            let wanted = piece(&text);
            if let Some(id) = TraceId::read(&wanted) {
                return view.run(id);
            }
            let mut found: Vec<Run> = Vec::new();
            let take = |run: Run| {
                found.extend(is_piece(&wanted, &run.id.to_string()).then_some(run));
                true
            };
            view.each(None, None, || true, take)?;
            // What outcrop sent to itself stands in the list twice, and is one trace.
            if let [first, .., last] = found.as_slice()
                && last.id == first.id
                && found.iter().all(|run| run.id == first.id)
            {
                return view.run(first.id);
            }
            let doing = "looking for a trace";
            match found.len() {
                1 => Ok(view.asked(found.remove(0))),
                0 => {
                    let hint = "`outcrop traces list` shows those that there are.";
                    let why = format!("there is none with the id {text}");
                    Err(Error::new(ErrorKind::NotFound, doing, why, hint))
                }
                several => {
                    let ids: Vec<String> = found.iter().take(5).map(|run| run.id.to_string()).collect();
                    let why = format!("{several} have such an id: {}", ids.join(", "));
                    Err(Error::new(ErrorKind::Invalid, doing, why, "Give more of its digits."))
                }
            }
        })
        .await
    }

    /// A trace: its run, then its rows. What came from elsewhere under the id of an own trace is named before that.
    pub fn open(&self, id: TraceId) -> BoxStream<'static, Result<OpenStep>> {
        self.pieces(move |view, send| {
            // The last one is the one that the rows are of.
            for run in view.other(id)?.into_iter().chain([view.run(id)?]) {
                if !send(OpenStep::Run(run)) {
                    return Ok(());
                }
            }
            let opened = view.open(id)?;
            let count = opened.outline.rows.len();
            for from in (0..count).step_by(ROWS) {
                let rows = Packed::of(&opened.outline, from..count.min(from + ROWS));
                if !send(OpenStep::Rows(rows)) {
                    return Ok(());
                }
            }
            if !opened.damaged.is_empty() {
                send(OpenStep::Damaged(opened.damaged.iter().map(ToString::to_string).collect()));
            }
            Ok(())
        })
    }

    /// A span of it, and what was said in it. Here and below a span whose id is told is that one, wherever its row is by now.
    pub async fn span(&self, id: TraceId, row: u32, span: Option<SpanKey>) -> Result<(TraceSpan, Contents)> {
        self.with(move |view| {
            let span = view.named(id, row, span)?;
            let contents = meaning::contents(&span);
            Ok((span, contents))
        })
        .await
    }

    /// What a model was asked in a span, as it can be asked again.
    pub async fn original(&self, id: TraceId, row: u32, span: Option<SpanKey>) -> Result<(Place, Original)> {
        self.with(move |view| {
            let span = view.named(id, row, span)?;
            let facts = meaning::facts(&span);
            if facts.kind != Kind::Model {
                let why = format!("{:?} is no call of a model that writes", span.name);
                let hint = "`outcrop traces show ID kind:model` shows those of a trace.";
                return Err(Error::new(ErrorKind::Invalid, "asking a model again", why, hint));
            }
            let contents = meaning::contents(&span);
            let dollars = facts.dollars.or_else(|| view.price_of(&facts));
            Ok((Place { trace: id, span: span.id }, Original::of(&span, &facts, &contents, dollars)))
        })
        .await
    }

    /// The rows that pass a filter, some at a time.
    pub fn search(&self, id: TraceId, filter: &str) -> BoxStream<'static, Result<Vec<u32>>> {
        let filter = match Filter::read(filter) {
            Ok(filter) => filter,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        self.pieces(move |view, send| view.search(id, &filter, send))
    }

    /// How long spans of each name take.
    pub async fn stats(&self, id: TraceId) -> Result<Vec<Latency>> {
        self.with(move |view| {
            let Reckoned { outline, tree } = Reckoned::of(view.open(id)?.outline);
            Ok(latencies(&outline, &tree))
        })
        .await
    }

    /// Two of them side by side: the pairs, and the rows that they speak of.
    pub async fn diff(&self, left: TraceId, right: TraceId) -> Result<(Vec<Pair>, [Packed; 2])> {
        self.with(move |view| {
            let [left, right] = [left, right].map(|id| view.open(id).map(|it| Reckoned::of(it.outline)));
            let (left, right) = (left?, right?);
            let sums = [&left, &right].map(|it| Rollups::of(&it.outline, &it.tree));
            let [one, other] = [(&left, &sums[0]), (&right, &sums[1])].map(|(it, rollups)| aligned::Run {
                outline: &it.outline,
                tree: &it.tree,
                rollups,
            });
            let all = |outline: &Outline| Packed::of(outline, 0..outline.rows.len());
            Ok((aligned::align(one, other), [all(&left.outline), all(&right.outline)]))
        })
        .await
    }

    /// Keeps what was read. When this returns it is on the disk.
    pub async fn take(&self, decoded: Decoded, source: Source) -> Result<Brought> {
        let mut traces: Vec<TraceId> = decoded.spans.iter().map(|span| span.trace).collect();
        traces.sort_unstable();
        traces.dedup();
        let mut brought = Brought {
            spans: decoded.spans.len() as u64,
            known: 0,
            traces,
            rejected: decoded.rejected,
            repaired: decoded.repaired,
            cut: decoded.cut,
            remarks: decoded.remarks(),
        };
        let mut spans = decoded.spans;
        if source == Source::Imported {
            (spans, brought.known) = self
                .with(move |view| {
                    let known = view.take_own_out(&mut spans)?;
                    Ok((spans, known))
                })
                .await?;
        }
        if !spans.is_empty() {
            let kept = self.kept().await?;
            let arrival = Arrival { source, spans };
            let mut writer = self.writer.lock().await;
            if self.ended.load(Ordering::Acquire) {
                return Err(writer::ended());
            }
            let start = || Writer::start(kept, self.keep, self.changes.clone());
            let taken = writer.get_or_insert_with(start).take(arrival);
            // Others may bring theirs while this waits for the disk.
            drop(writer);
            brought.known += taken.await?;
        }
        Ok(brought)
    }

    /// Reads a file and keeps what it holds.
    pub async fn import(&self, file: PathBuf) -> Result<Brought> {
        let decoded = blocking("reading traces", move || {
            let failed = |why: &std::io::Error| Error::io(format!("reading {}", file.display()), why);
            let length = std::fs::metadata(&file).map_err(|why| failed(&why))?.len();
            if length > reading::LARGEST as u64 {
                let doing = format!("reading {}", file.display());
                let why = format!("it is larger than {} GB", reading::LARGEST >> 30);
                return Err(Error::new(ErrorKind::Invalid, doing, why, "Import it in parts."));
            }
            let bytes = std::fs::read(&file).map_err(|why| failed(&why))?;
            let doing = format!("reading traces from {}", file.display());
            reading::read(&bytes).map_err(|error| Error { doing, ..error })
        })
        .await?;
        self.take(decoded, Source::Imported).await
    }

    /// Takes a trace from elsewhere away.
    pub async fn remove(&self, id: TraceId) -> Result<()> {
        self.with(move |view| {
            if view.kept.run(id)?.is_some() {
                return view.kept.remove(id);
            }
            view.run(id)?;
            let why = "it is of this program's own record of calls";
            let hint = "That goes by itself, as trace.keep_days and trace.keep_mb say.";
            Err(Error::new(ErrorKind::Invalid, "removing a trace", why, hint))
        })
        .await?;
        self.changes.tell(Changed::TraceRemoved { id });
        Ok(())
    }

    /// Takes what other programs of this machine send to a port, until the stream is dropped.
    pub fn listen(&self, port: u16, token: Option<Secret>) -> BoxStream<'static, Result<Heard>> {
        let traces = self.clone();
        let listening = async move {
            // What cannot be kept must not be taken.
            traces.kept().await?;
            let listener = Listener::bind(port).await?;
            let at = Heard::At(listener.address());
            let (told, heard) = mpsc::channel(TOLD);
            let heard = stream::unfold(heard, |mut heard| async move {
                heard.recv().await.map(|brought| (Ok(Heard::Came(brought)), heard))
            });
            let serving = stream::once(receiver::serve(listener, token, traces, told));
            let heard = stream::select(serving.filter_map(|()| std::future::ready(None)), heard);
            Ok::<_, Error>(stream::iter([Ok(at)]).chain(heard))
        };
        stream::once(listening)
            .flat_map(|listening| match listening {
                Ok(heard) => heard.boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            })
            .boxed()
    }

    /// Writes what waits. Later arrivals are refused.
    pub async fn finish(&self) {
        let mut writer = self.writer.lock().await;
        self.ended.store(true, Ordering::Release);
        let last = writer.take();
        drop(writer);
        if let Some(last) = last {
            last.finish().await;
        }
    }
}

#[cfg(test)]
mod bench;
