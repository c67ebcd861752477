//! Writes what senders bring: whatever waits becomes one act, so that many senders share one wait for the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::kept::{Added, Arrival, Keep, Kept};
use crate::domain::change::Changed;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::changes::Changes;
use crate::service::fresh;

/// Arrivals that wait for the disk; further ones wait for those.
const WAITING: usize = 64;
/// Spans that become one act.
const SPANS: usize = 20_000;
/// How often what is too old or too much is looked for while spans come.
const SWEEP: Duration = Duration::from_mins(1);

struct Entry {
    arrival: Arrival,
    /// How many of its spans were here already.
    done: oneshot::Sender<Result<u64>>,
}

/// While the sender lives, the task runs.
pub(super) struct Writer {
    sender: mpsc::Sender<Entry>,
    task: JoinHandle<()>,
}

/// What is told to who comes too late.
pub(super) fn ended() -> Error {
    Error::new(ErrorKind::Busy, "keeping traces", "the program is about to end", "Try again.")
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(super) fn start(kept: Arc<Kept>, keep: Keep, changes: Changes) -> Self {
        let (sender, entries) = mpsc::channel(WAITING);
        let task = tokio::task::spawn_blocking(move || write(&kept, keep, &changes, entries));
        Self { sender, task }
    }

    /// Keeps spans; they are on the disk when the answer comes, which is how many of them were there already.
    pub(super) fn take(&self, arrival: Arrival) -> impl Future<Output = Result<u64>> + Send + use<> {
        let sender = self.sender.clone();
        async move {
            let (done, kept) = oneshot::channel();
            sender.send(Entry { arrival, done }).await.map_err(|_| ended())?;
            drop(sender);
            kept.await.map_err(|_| ended())?
        }
    }

    /// Writes what waits, then ends.
    pub(super) async fn finish(self) {
        drop(self.sender);
        if let Err(why) = self.task.await {
            tracing::warn!(panicked = why.is_panic(), "the writer of traces ended badly");
        }
    }
}

fn write(kept: &Kept, keep: Keep, changes: &Changes, mut entries: mpsc::Receiver<Entry>) {
    let mut swept: Option<Instant> = None;
    while let Some(first) = entries.blocking_recv() {
        let mut waiting = vec![first];
        let mut spans = waiting[0].arrival.spans.len();
        while spans < SPANS
            && let Ok(more) = entries.try_recv()
        {
            spans += more.arrival.spans.len();
            waiting.push(more);
        }
        let (arrivals, done): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|entry| (entry.arrival, entry.done)).unzip();
        let added = kept.add(arrivals, fresh::now());
        for (at, done) in done.into_iter().enumerate() {
            let known = |added: &Added| added.known.get(at).copied().unwrap_or(0);
            // Whoever waited may have gone; the spans are kept all the same.
            let _ = done.send(added.as_ref().map(known).map_err(Clone::clone));
        }
        if changes.watched() {
            for run in added.into_iter().flat_map(|added| added.runs) {
                changes.tell(Changed::Trace { run });
            }
        }
        if swept.is_none_or(|swept| swept.elapsed() > SWEEP) {
            swept = Some(Instant::now());
            sweep(kept, keep, changes);
        }
    }
    if let Err(error) = kept.flush() {
        tracing::warn!(%error, "what is known of traces could not be flushed");
    }
}

fn sweep(kept: &Kept, keep: Keep, changes: &Changes) {
    match kept.sweep(keep, fresh::now()) {
        Ok(changed) => {
            for id in changed {
                match kept.run(id) {
                    Ok(Some(run)) => changes.tell(Changed::Trace { run }),
                    _ => changes.tell(Changed::TraceRemoved { id }),
                }
            }
        }
        Err(error) => tracing::warn!(%error, "old traces could not be taken away"),
    }
}
