//! Letting go of the workspace for a while, as an owner does that is to be stopped: somebody else owns it meanwhile.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use super::{Context, Door, Replies, Request, Workbench};
use crate::store::Owner;

/// How long calls that are nearly done are waited for. Ctrl+Z is to feel at once.
pub(super) const BREATH: Duration = Duration::from_millis(300);

/// How long what was dropped may still hold the lock: a thread that reads the store just now.
const RELEASE: Duration = Duration::from_secs(2);

/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(2);

/// A wish to let go.
#[derive(Debug)]
pub(super) struct Rest {
    /// Is told whether it was done.
    pub begun: oneshot::Sender<bool>,
    /// Ends when the process runs again.
    pub over: oneshot::Receiver<()>,
}

impl Rest {
    /// Nobody waits for it any more: the process may run again already.
    pub fn is_stale(&self) -> bool {
        self.begun.is_closed()
    }

    pub fn refuse(self) {
        // Whoever wished it may be gone.
        let _ = self.begun.send(false);
    }

    /// Says whether it was done, and waits for the end of it.
    pub async fn begin(self, done: bool) {
        if self.begun.send(done).is_ok() {
            let _ = self.over.await;
        }
    }
}

/// An owner's door that counts the calls which run. Watches are not among them: they end only when nobody reads them.
#[derive(Debug)]
pub(super) struct Counted {
    door: Door,
    calls: TaskTracker,
}

impl Counted {
    pub fn new(door: Door) -> Self {
        Self { door, calls: TaskTracker::new() }
    }

    /// Whether something runs that would be lost, after so long a time for what is nearly done.
    pub async fn works(&self, patience: Duration) -> bool {
        self.calls.close();
        let over = timeout(patience, self.calls.wait()).await.is_ok();
        self.calls.reopen();
        !over || self.door.is_busy()
    }
}

impl Workbench for Counted {
    fn call(&self, context: Context, request: Request) -> Replies {
        if matches!(request, Request::Watch { .. }) {
            return self.door.call(context, request);
        }
        let token = self.calls.token();
        let replies = self.door.call(context, request);
        replies.inspect(move |_| _ = &token).boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        self.door.close()
    }

    fn interrupt(&self) {
        self.door.interrupt();
    }

    fn is_busy(&self) -> bool {
        self.door.is_busy()
    }
}

/// Waits until this process has the workspace in `folder` no more, whose door was dropped; whether that came to be.
pub(super) async fn released(folder: &Path) -> bool {
    let end = Instant::now() + RELEASE;
    loop {
        let place = folder.to_owned();
        let ours = tokio::task::spawn_blocking(move || Owner::is_this_process(&place)).await;
        if matches!(ours, Ok(false)) {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        sleep(PAUSE).await;
    }
}
