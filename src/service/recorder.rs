//! Writes spans, what they came to, and what left the machine into the store, behind the calls that made them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::domain::Result;
use crate::domain::change::Changed;
use crate::domain::id::SpanId;
use crate::domain::trace::Span;
use crate::domain::trace::told::Told;
use crate::net::{Egress, EgressSink};
use crate::service::changes::Changes;
use crate::service::fresh;
use crate::service::invoke::SpanSink;
use crate::service::usage::Counting;
use crate::store::record::EgressKey;
use crate::store::{Batch, Store};

/// Records that wait for the disk. Beyond that they are dropped and counted in the log: a call never waits for one.
const WAITING: usize = 1024;

#[derive(Debug)]
enum Entry {
    Span(Box<Span>),
    /// What was said in a call.
    Told(SpanId, Box<Told>),
    Egress(Egress),
    /// Somebody waits until everything before it is written, and what was kept before is counted.
    Settled(oneshot::Sender<()>),
}

/// The sink; copies share one queue and one writer.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::WeakSender<Entry>,
    writer: Arc<Mutex<Option<Writer>>>,
    underway: Underway,
    changes: Changes,
}

/// Calls that have begun as parts of steps and have not ended. They are no records: a process that dies takes them along, and
/// what each came to is counted once, when it has ended.
type Underway = Arc<std::sync::Mutex<BTreeMap<SpanId, Span>>>;

/// While the sender lives, the task runs.
#[derive(Debug)]
struct Writer {
    sender: mpsc::Sender<Entry>,
    task: JoinHandle<()>,
}

impl Recorder {
    /// Starts the writer; `finish` ends it. Who watches is told when calls were counted.
    pub fn start(store: Store, changes: Changes) -> Self {
        let (sender, entries) = mpsc::channel(WAITING);
        let queue = sender.downgrade();
        let told = changes.clone();
        let task = tokio::task::spawn_blocking(move || write(&store, &told, entries));
        let writer = Arc::new(Mutex::new(Some(Writer { sender, task })));
        Self { queue, writer, underway: Arc::default(), changes }
    }

    /// The calls that run now, in the order of their ids. Whoever asks before `settled` misses none: what has ended since is
    /// written by then.
    pub fn underway(&self) -> Vec<Span> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Writes what waits, then ends. Later records are dropped.
    pub async fn finish(&self) {
        if let Some(Writer { sender, task }) = self.writer.lock().await.take() {
            drop(sender);
            if let Err(why) = task.await {
                tracing::warn!(panicked = why.is_panic(), "the recorder ended badly");
            }
        }
    }

    /// Returns when every record of before is written and counted.
    pub async fn settled(&self) {
        let Some(queue) = self.queue.upgrade() else { return };
        let (done, settled) = oneshot::channel();
        if queue.send(Entry::Settled(done)).await.is_ok() {
            drop(queue);
            // It ends early where the writer does: nothing more will come then.
            let _ = settled.await;
        }
    }

    fn push(&self, entry: Entry) {
        let Some(queue) = self.queue.upgrade() else { return };
        if let Ok(place) = queue.try_reserve() {
            place.send(entry);
        } else {
            tracing::warn!("a record was dropped: the disk is too slow");
        }
    }
}

impl SpanSink for Recorder {
    fn record(&self, span: Span) {
        let id = span.id;
        self.push(Entry::Span(Box::new(span)));
        // Not before it is on its way to the disk: it is always seen here or there.
        self.underway.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn call(&self, span: Span) {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner).insert(span.id, span);
        if self.changes.watched() {
            self.changes.tell(Changed::Usage);
        }
    }

    fn begin(&self, span: Span) {
        self.push(Entry::Span(Box::new(span)));
    }

    fn tell(&self, span: SpanId, told: Told) {
        self.push(Entry::Told(span, Box::new(told)));
    }
}

impl EgressSink for Recorder {
    fn record(&self, egress: &Egress) {
        self.push(Entry::Egress(egress.clone()));
    }
}

/// Takes what waits, writes it as one batch, and so on until the queue is closed. Nothing here is worth a flush of
/// its own: the next turn's flush, or the end, takes it along. While nothing waits, the calls are counted that a store of
/// before has kept.
fn write(store: &Store, changes: &Changes, mut entries: mpsc::Receiver<Entry>) {
    let mut taken = Vec::new();
    let mut waiting = Vec::new();
    let mut behind = true;
    loop {
        let first = if behind {
            match entries.try_recv() {
                Ok(first) => Some(first),
                Err(TryRecvError::Empty) => {
                    behind = is_behind(store, changes);
                    continue;
                }
                Err(TryRecvError::Disconnected) => None,
            }
        } else {
            for done in waiting.drain(..) {
                settle(done);
            }
            entries.blocking_recv()
        };
        let Some(first) = first else { break };
        taken.push(first);
        while let Ok(more) = entries.try_recv() {
            taken.push(more);
        }
        match put(store, taken.drain(..), &mut waiting) {
            Ok(new) if new => changes.tell(Changed::Usage),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "records could not be written"),
        }
        // A restore may have put a store of before in the place of this one.
        behind = !Counting::is_done(store).unwrap_or(true);
    }
    if let Err(error) = store.flush() {
        tracing::warn!(%error, "records could not be flushed");
    }
}

/// Whoever waited may have gone.
fn settle(done: oneshot::Sender<()>) {
    let _ = done.send(());
}

/// Counts some of the calls of before; whether more are left. What cannot be counted now is tried again later.
fn is_behind(store: &Store, changes: &Changes) -> bool {
    match Counting::catch_up(store) {
        Ok(true) => {
            changes.tell(Changed::Usage);
            false
        }
        Ok(false) => true,
        Err(error) => {
            tracing::warn!(%error, "earlier calls could not be counted");
            false
        }
    }
}

/// Writes entries and what they come to as one batch; whether there are calls that were counted, or steps.
fn put(
    store: &Store,
    entries: impl Iterator<Item = Entry>,
    waiting: &mut Vec<oneshot::Sender<()>>,
) -> Result<bool> {
    let mut batch = Batch::new();
    let mut counting = Counting::begin(store);
    let mut steps = false;
    for entry in entries {
        let put = match entry {
            Entry::Span(span) => {
                steps |= span.kind.is_step();
                batch.put(&span.id, span.as_ref()).map(|_| ()).and_then(|()| match &mut counting {
                    Ok(counting) => counting.record(&span),
                    Err(error) => Err(error.clone()),
                })
            }
            Entry::Told(span, told) => batch.put(&span, &*told).map(|_| ()),
            Entry::Egress(egress) => {
                batch.put(&EgressKey(fresh::now(), fresh::span_id()), &egress).map(|_| ())
            }
            Entry::Settled(done) => {
                waiting.push(done);
                Ok(())
            }
        };
        if let Err(error) = put {
            tracing::warn!(%error, "a record could not be made");
        }
    }
    let counted = match counting {
        Ok(counting) => counting.finish(&mut batch)?,
        Err(_) => false,
    };
    store.commit_soft(batch)?;
    Ok(counted || steps)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::domain::change::Topic;
    use crate::domain::message::Usage;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{SpanKind, SpanStatus};
    use crate::store::record::UsageDay;
    use crate::store::{Faults, Options, Owner, Scan, Unlock};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_that_runs_is_told_and_known_until_its_record_is_there_and_counts_once() {
        let home = tempfile::tempdir().unwrap();
        let owner = Owner::take(home.path()).unwrap();
        let store = Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
        let changes = Changes::default();
        let recorder = Recorder::start(store.clone(), changes.clone());
        recorder.settled().await;
        let mut watch = changes.watch(Topic::Traces);
        let begun = Span {
            parent: Some(fresh::span_id()),
            model: Some("p/m".parse().unwrap()),
            usage: Usage { input: Some(7), ..Usage::default() },
            ..Span::begun(fresh::span_id(), SpanKind::Converse, "p", Timestamp(1_000))
        };
        recorder.call(Span { running: Some(begun.started), ..begun.clone() });
        assert_eq!(futures_util::StreamExt::next(&mut watch).await, Some(Changed::Usage));
        recorder.settled().await;
        assert_eq!(recorder.underway().iter().map(|span| span.id).collect::<Vec<_>>(), [begun.id]);
        assert_eq!(store.get::<Span>(&begun.id).unwrap(), None, "a process that dies takes it along");
        let ended = Span { status: SpanStatus::Done, ..begun };
        SpanSink::record(&recorder, ended.clone());
        assert!(recorder.underway().is_empty());
        recorder.settled().await;
        assert_eq!(store.get::<Span>(&ended.id).unwrap(), Some(ended.clone()));
        let days: Vec<UsageDay> =
            store.scan::<UsageDay>(Scan::all()).map(|record| record.unwrap().1).collect();
        let hours = days.iter().flat_map(|day| day.hours(Timestamp(0)));
        assert_eq!(hours.map(|(_, tally)| tally.invocations).sum::<u64>(), 1);
        recorder.finish().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn records_wait_for_the_flush_of_a_turn_and_make_none_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let flushes = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&flushes);
        let faults = Faults::new(move |step| {
            counted.fetch_add(u32::from(step == "sync the tree"), Ordering::SeqCst);
            Ok(())
        });
        let owner = Owner::take(home.path()).unwrap();
        let unlock = Unlock { passphrase: None, ask: false };
        let options = Options { faults, ..Options::default() };
        let store = Store::open_with(&owner, &unlock, options).unwrap().0;
        let recorder = Recorder::start(store.clone(), Changes::default());
        recorder.settled().await;
        let before = flushes.load(Ordering::SeqCst);
        for _ in 0..100 {
            let begun = Span::begun(fresh::span_id(), SpanKind::Converse, "p", Timestamp(1_000));
            SpanSink::record(&recorder, Span { status: SpanStatus::Done, ..begun });
        }
        recorder.settled().await;
        assert_eq!(store.keys::<Span>(Scan::all()).count(), 100);
        assert_eq!(flushes.load(Ordering::SeqCst), before);
        store.flush().unwrap();
        assert_eq!(flushes.load(Ordering::SeqCst), before + 1);
        recorder.finish().await;
    }
}
