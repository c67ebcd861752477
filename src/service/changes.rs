//! Tells watchers what changed.

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::change::{Changed, Topic};

/// Changes that a slow watcher may lag behind before it is told that it missed some.
const BACKLOG: usize = 256;

/// A bounded hub: one sender, as many watchers as there are screens.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<Changed>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Changes {
    /// Tells everybody who watches; nobody watching is fine.
    pub fn tell(&self, change: Changed) {
        // The error only says that nobody listens.
        let _ = self.0.send(change);
    }

    /// Whether anybody watches at all.
    pub fn watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Changes of `topic` from now on.
    pub fn watch(&self, topic: Topic) -> BoxStream<'static, Changed> {
        stream::unfold(self.0.subscribe(), move |mut receiver| async move {
            loop {
                let change = match receiver.recv().await {
                    Ok(change) => change,
                    Err(RecvError::Lagged(_)) => Changed::Missed,
                    Err(RecvError::Closed) => return None,
                };
                if change.concerns(topic) {
                    return Some((change, receiver));
                }
            }
        })
        .boxed()
    }
}
