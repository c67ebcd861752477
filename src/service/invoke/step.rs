//! Steps that hold calls and are none themselves: a retrieval, an answer from a knowledge base, an agent's run, its tools. They
//! are recorded as calls are, so that a trace shows what was done for what.

use std::sync::Arc;

use super::{Invoke, SpanSink, Terms};
use crate::domain::Error;
use crate::domain::id::SpanId;
use crate::domain::trace::replay::Place;
use crate::domain::trace::{Span, SpanKind, SpanStatus};
use crate::service::fresh;

/// A step under way; recorded when it is dropped, as left by its caller where nobody said how it ended.
#[derive(Debug)]
pub struct Underway {
    span: Span,
    spans: Arc<dyn SpanSink>,
}

impl Underway {
    /// How it ended.
    pub fn end(&mut self, error: Option<&Error>) {
        self.span.status = match error {
            None => SpanStatus::Done,
            Some(error) => SpanStatus::Failed { kind: error.kind.clone() },
        };
    }

    /// It does once more what was done there.
    pub fn replays(&mut self, of: Place) {
        self.span.replays = Some(of);
    }

    /// Nothing is called: what was recorded is given.
    pub fn recorded(&mut self) {
        self.span.recorded = true;
    }

    /// It passes no such guardrail, and was to.
    pub fn unguarded(&mut self, guardrail: String) {
        self.span.unguarded = Some(guardrail);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.span.timing.total_ms = u32::try_from(fresh::now().since(self.span.started)).ok();
        self.spans.record(self.span.clone());
    }
}

impl Invoke {
    /// Begins a step that is done with something; what is called for it is called on the terms that come back.
    pub fn step(&self, kind: SpanKind, with: String, terms: &Terms) -> (Underway, Terms) {
        self.step_as(fresh::span_id(), kind, with, terms)
    }

    /// The same under an id that is something's already. One that goes on later is recorded again, from its begin.
    pub fn step_as(&self, id: SpanId, kind: SpanKind, with: String, terms: &Terms) -> (Underway, Terms) {
        let started = id.made().unwrap_or_else(fresh::now);
        let span = Span {
            parent: terms.parent_span,
            principal: terms.principal.clone(),
            with: Some(with),
            ..Span::begun(id, kind, "", started)
        };
        let terms = Terms { parent_span: Some(span.id), ..terms.clone() };
        (Underway { span, spans: Arc::clone(&self.spans) }, terms)
    }
}
