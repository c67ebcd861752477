//! Steps that hold calls and are none themselves: a retrieval, an answer from a knowledge base, an agent's run, its tools. They
//! are recorded as calls are, so that a trace shows what was done for what; and when they begin too, so that what is called for
//! one never stands alone.

use std::sync::Arc;

use super::{Invoke, SpanSink, Terms};
use crate::domain::id::SpanId;
use crate::domain::trace::replay::Place;
use crate::domain::trace::told::Told;
use crate::domain::trace::{Fault, Span, SpanKind, SpanStatus};
use crate::domain::{Error, ErrorKind};
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
        match error {
            None => (self.span.status, self.span.fault) = (SpanStatus::Done, None),
            Some(error) => self.fail(error.kind.clone(), error.into()),
        }
    }

    /// It failed in its own words.
    pub fn fail(&mut self, kind: ErrorKind, fault: Fault) {
        self.span.status = SpanStatus::Failed { kind };
        self.span.fault = Some(fault);
    }

    /// Nothing was done, and nothing failed: why not, in a word for programs.
    pub fn not_made(&mut self, word: &str, why: &str) {
        self.span.status = SpanStatus::Done;
        self.span.fault = Some(Fault::new(Some(word), why));
    }

    /// What was said in it, where nothing else keeps that.
    pub fn tell(&self, told: Told) {
        self.spans.tell(self.span.id, told.bounded());
    }

    /// It does once more what was done there.
    pub fn replays(&mut self, of: Place) {
        self.span.replays = Some(of);
    }

    /// Nothing is called: what was recorded is given, of that call or of another one of the same tool, which `stands_in`.
    pub fn played(&mut self, stands_in: bool) {
        (self.span.recorded, self.span.stands_in) = (true, stands_in);
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
        self.begin(begun(id, kind, with, terms), terms)
    }

    /// Begins a step that has a name besides what it is done with.
    pub fn workflow(&self, kind: SpanKind, with: String, name: String, terms: &Terms) -> (Underway, Terms) {
        let span = begun(fresh::span_id(), kind, with, terms);
        self.begin(Span { workflow: Some(name), ..span }, terms)
    }

    fn begin(&self, span: Span, terms: &Terms) -> (Underway, Terms) {
        self.spans.begin(Span { running: Some(fresh::now()), ..span.clone() });
        let terms = Terms { parent_span: Some(span.id), ..terms.clone() };
        (Underway { span, spans: Arc::clone(&self.spans) }, terms)
    }
}

fn begun(id: SpanId, kind: SpanKind, with: String, terms: &Terms) -> Span {
    let started = id.made().unwrap_or_else(fresh::now);
    Span {
        parent: terms.parent_span,
        principal: terms.principal.clone(),
        with: Some(with),
        conversation: terms.conversation,
        answer: terms.answer,
        evaluation: terms.evaluation,
        ..Span::begun(id, kind, "", started)
    }
}
