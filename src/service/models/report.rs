//! Steps of long work as a stream, and how often a count is worth telling.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::domain::pull::PullStep;
use crate::domain::{Error, Result};

/// What happens, step by step; an error is the last item. Dropping it stops the work; what was fetched is kept for the
/// next time where it can be.
pub type Steps = BoxStream<'static, Result<PullStep>>;

/// Where work tells its steps. One that nobody listens to any more changes nothing.
#[derive(Debug, Clone)]
pub(super) struct Report(mpsc::Sender<PullStep>);

impl Report {
    pub(super) async fn say(&self, step: PullStep) {
        let _ = self.0.send(step).await;
    }

    /// An error once nobody listens: the work is not wanted any more.
    pub(super) fn wanted(&self, doing: &str) -> Result<()> {
        if self.0.is_closed() { Err(Error::cancelled(doing)) } else { Ok(()) }
    }

    /// From a thread that may block; a full channel loses the step, for another will follow.
    pub(super) fn mention(&self, step: PullStep) {
        let _ = self.0.try_send(step);
    }
}

/// Runs `work` inside the stream of its steps: no task outlives it.
pub(super) fn steps<F>(work: impl FnOnce(Report) -> F) -> Steps
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(16);
    let running = Running { work: Some(work(Report(sender)).boxed()), receiver, failure: None };
    stream::unfold(running, |mut running| async move { running.next().await.map(|item| (item, running)) })
        .boxed()
}

struct Running {
    work: Option<BoxFuture<'static, Result<()>>>,
    receiver: mpsc::Receiver<PullStep>,
    failure: Option<Error>,
}

impl Running {
    async fn next(&mut self) -> Option<Result<PullStep>> {
        while let Some(work) = &mut self.work {
            tokio::select! {
                biased;
                Some(step) = self.receiver.recv() => return Some(Ok(step)),
                done = work => {
                    self.failure = done.err();
                    self.work = None;
                }
            }
        }
        if let Some(step) = self.receiver.recv().await {
            return Some(Ok(step));
        }
        self.failure.take().map(Err)
    }
}

/// Counts bytes, and says now and then how fast they come.
#[derive(Debug)]
pub(super) struct Pace {
    resumed: u64,
    began: Instant,
    told: Option<Instant>,
}

/// Between two steps that only count.
const BEAT: Duration = Duration::from_millis(100);

impl Pace {
    pub(super) fn new(resumed: u64) -> Self {
        Self { resumed, began: Instant::now(), told: None }
    }

    /// The step for `done` bytes, if it is time for one; the last one always is.
    pub(super) fn step(&mut self, done: u64, total: Option<u64>) -> Option<PullStep> {
        let now = Instant::now();
        if self.told.is_some_and(|told| now - told < BEAT) && total != Some(done) {
            return None;
        }
        self.told = Some(now);
        let seconds = (now - self.began).as_secs_f64();
        let fresh = done.saturating_sub(self.resumed);
        // The first moments say nothing about a rate.
        let per_second = (seconds > 0.3 && fresh > 0).then(|| (fresh as f64 / seconds) as u64);
        Some(PullStep::Fetching { done, total, resumed: self.resumed, per_second })
    }
}
