//! A call that puts texts in order, through the one place where models are used: what is sent, what is counted, what is refused.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use outcrop::domain::call::Call;
use outcrop::domain::catalog::{Capability, ModelId};
use outcrop::domain::delta::Event;
use outcrop::domain::known::Correction;
use outcrop::domain::message::Usage;
use outcrop::domain::rerank::Rerank;
use outcrop::domain::trace::{Span, SpanKind, SpanStatus};
use outcrop::domain::{Error, ErrorKind, Result};
use outcrop::net::{Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::key::Key;
use outcrop::provider::openai::OpenAi;
use outcrop::service::invoke::{Invoke, SpanSink, Terms};
use serde_json::{Value, json};

use crate::loopback::{Server, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;
use crate::wire::openai::data;

#[derive(Debug, Default)]
struct Spans(Mutex<Vec<Span>>);

impl SpanSink for Spans {
    fn record(&self, span: Span) {
        self.0.lock().unwrap().push(span);
    }
}

fn model() -> ModelId {
    "there/reranker".parse().unwrap()
}

fn asked(top: usize) -> Call {
    let texts = ["one", "two", "three", "four"].map(str::to_owned).to_vec();
    Call::Rerank(Rerank { model: model(), query: "which?".to_owned(), texts, top })
}

/// A server with a voice behind the one place, and what that recorded.
struct Made {
    invoke: Invoke,
    spans: Arc<Spans>,
    egress: Arc<Kept>,
    terms: Terms,
}

impl Made {
    fn of(voice: OpenAi) -> Self {
        let (spans, egress) = (Arc::new(Spans::default()), Arc::new(Kept::default()));
        let net = Network::new(options(), Arc::clone(&egress) as _).client(Reach::default());
        let there: Arc<dyn Provider> = Arc::new(voice);
        let invoke = Invoke::new([there], Vec::new(), Arc::clone(&spans) as _);
        Self { invoke, spans, egress, terms: Terms::new(net) }
    }

    async fn ask(&self, call: Call) -> Vec<Result<Event>> {
        soon(self.invoke.serve(&model(), call, &self.terms).collect()).await
    }

    async fn fails(&self, call: Call) -> Error {
        self.ask(call).await.pop().unwrap().unwrap_err()
    }

    fn span(&self) -> Span {
        self.spans.0.lock().unwrap().pop().unwrap()
    }
}

fn voice(server: &Server) -> OpenAi {
    OpenAi::new("there", server.url("/v1"), Key::None)
}

#[tokio::test]
async fn an_order_is_asked_for_once_and_counted_as_a_search() {
    let server = Server::start(|_, _| whole(200, &[], data("rerank_jina.json"))).await;
    let made = Made::of(voice(&server));
    let came = made.ask(asked(2)).await;
    let [Ok(Event::Usage { usage }), Ok(Event::Reranked { results, searches: 1 })] = &came[..] else {
        panic!("{came:?}")
    };
    assert_eq!(*usage, Usage { input: Some(815), ..Usage::default() });
    assert_eq!(results.len(), 2);
    for (one, (index, score)) in results.iter().zip([(3, 0.9587), (0, 0.2710)]) {
        assert!(one.index == index && (one.score - score).abs() < 1e-4, "{results:?}");
    }
    let span = made.span();
    assert_eq!((span.kind, &span.status, span.searches), (SpanKind::Rerank, &SpanStatus::Done, 1));
    assert_eq!((span.usage.input, span.model), (Some(815), Some(model())));
    let egress = made.egress.0.lock().unwrap();
    assert_eq!(egress.iter().map(|entry| entry.span).collect::<Vec<_>>(), [Some(span.id)]);
    let seen = server.seen();
    assert_eq!(seen[0].line, "POST /v1/rerank HTTP/1.1");
    let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
    let documents = json!(["one", "two", "three", "four"]);
    assert_eq!(body, json!({"model": "reranker", "query": "which?", "documents": documents, "top_n": 2}));
}

#[tokio::test]
async fn a_server_may_put_texts_in_order_elsewhere_and_count_the_wanted_by_another_name() {
    let server = Server::start(|_, _| whole(200, &[], data("rerank_voyage.json"))).await;
    let there: &'static str = Box::leak(server.url("/v2/rerank").into_boxed_str());
    for (at, top, line) in [
        (Some(there), None, "POST /v2/rerank HTTP/1.1"),
        (Some("reranking"), Some("top_k"), "POST /v1/reranking HTTP/1.1"),
    ] {
        let came = Made::of(voice(&server).with_rerank(at, top)).ask(asked(4)).await;
        assert!(matches!(came.last(), Some(Ok(Event::Reranked { .. }))), "{came:?}");
        let seen = server.seen();
        let seen = seen.last().unwrap();
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!((seen.line.as_str(), &body[top.unwrap_or("top_n")]), (line, &json!(4)));
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_order_fails_the_call() {
    for (body, why) in [
        (r#"{"results":[{"index":4,"relevance_score":1}]}"#, "it names the text at 4"),
        (r#"{"results":[{"index":1,"relevance_score":1},{"index":1,"relevance_score":1}]}"#, "twice"),
        (r#"{"results":[{"index":1,"relevance_score":1}]}"#, "and 1 came back"),
        (r#"{"results":[{"index":1,"relevance_score":NaN}]}"#, "no list of scored texts"),
    ] {
        let server = Server::start(move |_, _| whole(200, &[], body)).await;
        let made = Made::of(voice(&server));
        let error = made.fails(asked(4)).await;
        assert!(error.why.contains(why), "{error}");
        assert!(matches!(made.span().status, SpanStatus::Failed { .. }));
    }
}

#[tokio::test]
async fn a_model_that_is_known_not_to_rerank_is_not_asked() {
    let server = Server::start(|_, _| whole(200, &[], "")).await;
    let made = Made::of(voice(&server));
    let said = Correction { lacks: vec![Capability::Rerank], ..Correction::default() };
    made.invoke.correct([(model(), said)].into());
    let error = made.fails(asked(1)).await;
    assert_eq!(error.kind, ErrorKind::Refused { capability: "rerank".to_owned() });
    assert!(error.why.contains("there/reranker has no rerank"), "{error}");
    assert!(made.span().unsent && server.seen().is_empty());
}
