//! A voice whose calls and answers are recorded, to be played by `replay`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::{Events, Provider};
use crate::domain::call::Call;
use crate::domain::cassette::{Take, question};
use crate::domain::delta::Event;
use crate::domain::{Error, Result};
use crate::net::Client;

/// What takes a finished take; it is durable when this returns.
pub trait Recorder: Send + Sync + std::fmt::Debug {
    /// An empty take, which begins now, and for which there is a place.
    fn begin(&self, call: Call) -> BoxFuture<'_, Result<Take>>;
    fn record(&self, take: Take) -> BoxFuture<'_, Result<()>>;
    /// The same of a take that nobody waits for any more. Blocks for one small write.
    fn record_stopped(&self, take: Take);
}

/// A voice and who records it. An answer that was stopped is recorded as far as it came; lists of models are not recorded.
#[derive(Debug)]
pub struct Recording {
    voice: Arc<dyn Provider>,
    recorder: Arc<dyn Recorder>,
}

impl Recording {
    /// `voice`, recorded.
    pub fn new(voice: Arc<dyn Provider>, recorder: Arc<dyn Recorder>) -> Self {
        Self { voice, recorder }
    }
}

impl Provider for Recording {
    fn name(&self) -> &str {
        self.voice.name()
    }

    fn within(&self) -> Option<&dyn Provider> {
        Some(&*self.voice)
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        if call.is_about_models() {
            return self.voice.serve(call, net);
        }
        let (voice, net, recorder) = (Arc::clone(&self.voice), net.clone(), Arc::clone(&self.recorder));
        // What cannot be recorded is said before anything is paid for.
        let begun = async move {
            let take = recorder.begin(question(&call)).await?;
            let events = voice.serve(call, &net);
            let taping = Taping { events, take, began: Instant::now(), recorder, ended: false };
            Ok(stream::unfold(
                taping,
                |mut taping| async move { taping.next().await.map(|item| (item, taping)) },
            ))
        };
        begun.into_stream().try_flatten().boxed()
    }
}

struct Taping {
    events: Events,
    take: Take,
    began: Instant,
    recorder: Arc<dyn Recorder>,
    /// The take is being made durable, or is.
    ended: bool,
}

impl Taping {
    async fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        let item = self.events.next().await;
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match item {
            Some(Ok(event)) if !matches!(event, Event::Stop { .. }) => {
                self.take.events.push((at, event.clone()));
                return Some(Ok(event));
            }
            Some(Ok(ref event)) => self.take.events.push((at, event.clone())),
            Some(Err(ref error)) => self.take.error = Some((at, error.clone())),
            None => {}
        }
        // The end of the answer is held back until then.
        self.ended = true;
        let recorded = self.recorder.record(self.take.clone()).await;
        match (recorded, item) {
            (Err(error), Some(Ok(_)) | None) => Some(Err(error)),
            // The answer's own failure is the more important one.
            (_, item) => item,
        }
    }
}

impl Drop for Taping {
    /// Whoever asked has gone away: what came until then is a take that ends there. The program may be about to end, too.
    fn drop(&mut self) {
        if self.ended || self.take.events.is_empty() {
            return;
        }
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let doing = self.take.call.model().map_or_else(String::new, |model| format!("asking {model}"));
        self.take.error = Some((at, Error::cancelled(doing)));
        self.recorder.record_stopped(self.take.clone());
    }
}
