//! Writes spans and what left the machine into the store, behind the calls that made them.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::domain::trace::Span;
use crate::net::{Egress, EgressSink};
use crate::service::fresh;
use crate::service::invoke::SpanSink;
use crate::store::record::EgressKey;
use crate::store::{Batch, Store};

/// Records that wait for the disk. Beyond that they are dropped and counted in the log: a call never waits for one.
const WAITING: usize = 1024;

#[derive(Debug)]
enum Entry {
    Span(Span),
    Egress(Egress),
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
    /// Starts the writer; `finish` ends it.
    pub fn start(store: Store) -> Self {
        let (sender, entries) = mpsc::channel(WAITING);
        let queue = sender.downgrade();
        let task = tokio::task::spawn_blocking(move || write(&store, entries));
        Self { queue, writer: Arc::new(Mutex::new(Some(Writer { sender, task }))) }
    }

    /// Writes what waits, then ends. Later records are dropped.
    pub async fn finish(&self) {
        if let Some(Writer { sender, task }) = self.writer.lock().await.take() {
            drop(sender);
            if let Err(why) = task.await {
                tracing::warn!(%why, "the recorder ended badly");
            }
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
        self.push(Entry::Span(span));
    }
}

impl EgressSink for Recorder {
    fn record(&self, egress: &Egress) {
        self.push(Entry::Egress(egress.clone()));
    }
}

/// Takes what waits, writes it as one batch, and so on until the queue is closed. Nothing here is worth a flush of
/// its own: the next turn's flush, or the end, takes it along.
fn write(store: &Store, mut entries: mpsc::Receiver<Entry>) {
    let mut taken = Vec::new();
    while let Some(first) = entries.blocking_recv() {
        taken.push(first);
        while let Ok(more) = entries.try_recv() {
            taken.push(more);
        }
        let mut batch = Batch::new();
        for entry in taken.drain(..) {
            let put = match &entry {
                Entry::Span(span) => batch.put(&span.id, span).map(|_| ()),
                Entry::Egress(egress) => {
                    batch.put(&EgressKey(fresh::now(), fresh::span_id()), egress).map(|_| ())
                }
            };
            if let Err(error) = put {
                tracing::warn!(%error, "a record could not be made");
            }
        }
        if let Err(error) = store.commit_soft(batch) {
            tracing::warn!(%error, "records could not be written");
        }
    }
    if let Err(error) = store.flush() {
        tracing::warn!(%error, "records could not be flushed");
    }
}
