//! What goes out beside the calls of models: a key that is tried, a model that is fetched. It is recorded as they are, so that
//! what leaves the machine says for what it left.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use super::{Invoke, SpanSink, Terms};
use crate::domain::catalog::ModelId;
use crate::domain::trace::{Span, SpanKind, SpanStatus};
use crate::domain::{Error, Result};
use crate::net::Client;
use crate::provider::KeyCheck;
use crate::service::fresh;

/// Records its span when it is dropped: what nobody waited for is recorded too.
struct Recording {
    span: Span,
    spans: Arc<dyn SpanSink>,
}

impl Recording {
    fn end(&mut self, error: Option<&Error>) {
        self.span.status = match error {
            None => SpanStatus::Done,
            Some(error) => SpanStatus::Failed { kind: error.kind.clone() },
        };
        self.span.fault = error.map(Into::into);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.spans.record(self.span.clone());
    }
}

impl Invoke {
    /// Asks the named provider whether its key is taken; `None` where its list of models has said so.
    pub fn check_key(&self, provider: &str, terms: &Terms) -> Option<BoxFuture<'static, Result<KeyCheck>>> {
        let voice = self.voices().by_name.get(provider).cloned()?;
        let span = Self::span(SpanKind::CheckKey, provider, None, terms);
        let check = voice.check_key(&terms.net.under(Some(span.id)))?;
        let mut recording = Recording { span, spans: Arc::clone(&self.spans) };
        Some(
            async move {
                let outcome = check.await;
                recording.end(outcome.as_ref().err());
                outcome
            }
            .boxed(),
        )
    }

    /// The steps of fetching `model`, for which `fetch` gets the way to the network.
    pub fn fetching<T: Send + 'static>(
        &self,
        model: &ModelId,
        terms: &Terms,
        fetch: impl FnOnce(Client) -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        let span = Self::span(SpanKind::PullModel, model.provider(), Some(model), terms);
        let steps = fetch(terms.net.under(Some(span.id)));
        let recording = Recording { span, spans: Arc::clone(&self.spans) };
        stream::unfold((steps, recording, false), |(mut steps, mut recording, failed)| async move {
            let Some(step) = steps.next().await else {
                if !failed {
                    recording.end(None);
                }
                return None;
            };
            let error = step.as_ref().err();
            if error.is_some() {
                recording.end(error);
            }
            let failed = failed || error.is_some();
            Some((step, (steps, recording, failed)))
        })
        .boxed()
    }

    fn span(kind: SpanKind, provider: &str, model: Option<&ModelId>, terms: &Terms) -> Span {
        Span {
            parent: terms.parent_span,
            principal: terms.principal.clone(),
            model: model.cloned(),
            ..Span::begun(fresh::span_id(), kind, provider, fresh::now())
        }
    }
}
