//! Steps that hold calls and are none themselves: a retrieval, an answer from a knowledge base. They are recorded as calls are, so
//! that a trace shows what was done for what.

use std::sync::Arc;
use std::time::Instant;

use super::{Invoke, SpanSink, Terms};
use crate::domain::Error;
use crate::domain::trace::{Span, SpanKind, SpanStatus};
use crate::service::fresh;

/// A step under way; recorded when it is dropped, as left by its caller where nobody said how it ended.
#[derive(Debug)]
pub struct Step {
    span: Span,
    begun: Instant,
    spans: Arc<dyn SpanSink>,
}

impl Step {
    /// How it ended.
    pub fn end(&mut self, error: Option<&Error>) {
        self.span.status = match error {
            None => SpanStatus::Done,
            Some(error) => SpanStatus::Failed { kind: error.kind.clone() },
        };
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.span.timing.total_ms = u32::try_from(self.begun.elapsed().as_millis()).ok();
        self.spans.record(self.span.clone());
    }
}

impl Invoke {
    /// Begins a step that is done with something, named by its id; what is called for it is called on the terms that come back.
    pub fn step(&self, kind: SpanKind, with: String, terms: &Terms) -> (Step, Terms) {
        let span = Span {
            parent: terms.parent_span,
            principal: terms.principal.clone(),
            with: Some(with),
            ..Span::begun(fresh::span_id(), kind, "", fresh::now())
        };
        let terms = Terms { parent_span: Some(span.id), ..terms.clone() };
        (Step { span, begun: Instant::now(), spans: Arc::clone(&self.spans) }, terms)
    }
}
