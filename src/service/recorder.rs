//! Writes spans, what they came to, and what left the machine into the store, behind the calls that made them.

use std::sync::Arc;

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
}

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
        let task = tokio::task::spawn_blocking(move || write(&store, &changes, entries));
        Self { queue, writer: Arc::new(Mutex::new(Some(Writer { sender, task }))) }
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
        self.push(Entry::Span(Box::new(span)));
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
