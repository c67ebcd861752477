//! Tells watchers what changed.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::change::{Changed, Topic};
use crate::domain::{Error, Result};

/// Changes that a slow watcher may lag behind before it is told that it missed some.
const BACKLOG: usize = 256;

/// A thing that a work in the background changes.
pub struct Growing<T> {
    pub topic: Topic,
    /// The thing as a change leaves it, or that it is gone; `None` of what is about another.
    pub told: Box<dyn Fn(Changed) -> Option<Result<T>> + Send>,
    /// Reads it again, where changes were missed.
    pub again: Box<dyn Fn() -> BoxFuture<'static, Result<T>> + Send>,
    /// Whether the work goes on.
    pub goes_on: fn(&T) -> bool,
}

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

    /// What a work makes of one thing: as it is once that has begun, then as each change leaves it, until it goes on no more.
    /// Dropping the stream stops nothing.
    pub fn grown<T: Send + 'static>(
        &self,
        growing: Growing<T>,
        begun: impl Future<Output = Result<T>> + Send + 'static,
    ) -> BoxStream<'static, Result<T>> {
        let changes = self.watch(growing.topic);
        stream::once(async move {
            let begun = begun.await?;
            let goes_on = (growing.goes_on)(&begun);
            let grows =
                stream::unfold((changes, growing, goes_on), |(mut changes, growing, goes_on)| async move {
                    if !goes_on {
                        return None;
                    }
                    let now = loop {
                        let change = changes.next().await?;
                        if change == Changed::Missed {
                            break (growing.again)().await;
                        }
                        if let Some(now) = (growing.told)(change) {
                            break now;
                        }
                    };
                    let goes_on = now.as_ref().is_ok_and(growing.goes_on);
                    Some((now, (changes, growing, goes_on)))
                });
            Ok::<_, Error>(stream::iter([Ok(begun)]).chain(grows))
        })
        .flat_map(|begun| match begun {
            Ok(grows) => grows.boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
        .boxed()
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
