//! Texts in order (`/rerank`): Cohere's API (<https://docs.cohere.com/v2/reference/rerank>) and what has its shape: Jina, vLLM,
//! llama.cpp's server, Together. Voyage calls the list `data`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::billed::Meta;
use super::fault;
use super::reply::unreadable;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::domain::rerank::{Relevance, Rerank};
use crate::domain::{Error, Result};
use crate::wire::loose;

/// What most call the number of texts that are wanted.
pub const TOP: &str = "top_n";

/// The body that asks for the best `top` texts, which the server calls by that name.
pub fn body(asked: &Rerank, top: &str) -> Vec<u8> {
    let mut body = Map::new();
    body.insert("model".to_owned(), asked.model.model().into());
    body.insert("query".to_owned(), asked.query.as_str().into());
    body.insert("documents".to_owned(), json!(asked.texts));
    body.insert(top.to_owned(), asked.top.min(asked.texts.len()).into());
    Value::Object(body).to_string().into_bytes()
}

/// An answer, as far as this program asks for it: some repeat the texts, some name the model.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "data")]
    results: Vec<Scored>,
    usage: Option<Value>,
    meta: Option<Value>,
}

/// A text and its score.
#[derive(Debug, Deserialize)]
pub(in crate::wire) struct Scored {
    index: usize,
    relevance_score: f64,
}

impl From<Scored> for Relevance {
    fn from(Scored { index, relevance_score: score }: Scored) -> Self {
        Self { index, score }
    }
}

/// What was read, as Jina, Voyage, vLLM and llama.cpp tell it.
#[derive(Deserialize)]
struct Used {
    #[serde(default, deserialize_with = "loose::count")]
    prompt_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    total_tokens: Option<u32>,
}

/// What an answer is not that cannot be read.
const LIST: &str = "no list of scored texts";

/// The texts in order, behind what was counted, where that is told.
pub fn ordered(doing: &str, asked: &Rerank, body: &[u8]) -> Result<Vec<Event>> {
    let no = |why: serde_json::Error| -> Error { unreadable(doing, LIST, &why.to_string(), body) };
    let value: Value = serde_json::from_slice(body).map_err(no)?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    let answer = Answer::deserialize(value).map_err(no)?;
    let used = answer.usage.and_then(|usage| Used::deserialize(usage).ok());
    let meta = answer.meta.and_then(|meta| Meta::deserialize(meta).ok());
    let read = used
        .and_then(|used| used.prompt_tokens.or(used.total_tokens))
        .or_else(|| meta.as_ref().and_then(Meta::read));
    let searches = meta.as_ref().and_then(Meta::searches);
    told(doing, asked, answer.results, (read, searches))
}

/// The events of an answer. The tokens that were read are told first: nothing is waited for behind the order.
pub(in crate::wire) fn told(
    doing: &str,
    asked: &Rerank,
    scored: Vec<Scored>,
    (read, searches): (Option<u32>, Option<u32>),
) -> Result<Vec<Event>> {
    let results = asked.ordered(doing, scored.into_iter().map(Relevance::from).collect())?;
    let usage = read.map(|input| Event::Usage { usage: Usage { input: Some(input), ..Usage::default() } });
    let searches = searches.unwrap_or_else(|| asked.searches());
    Ok(usage.into_iter().chain([Event::Reranked { results, searches }]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    fn asked(top: usize) -> Rerank {
        let texts = ["one", "two", "three"].map(str::to_owned).to_vec();
        Rerank { model: "there/rank/v3".parse().unwrap(), query: "which?".to_owned(), texts, top }
    }

    #[test]
    fn the_number_of_the_wanted_is_called_as_the_server_calls_it() {
        let body = |top: &str| String::from_utf8(body(&asked(9), top)).unwrap();
        assert_eq!(
            body(TOP),
            r#"{"model":"rank/v3","query":"which?","documents":["one","two","three"],"top_n":3}"#
        );
        assert!(body("top_k").ends_with(r#","top_k":3}"#));
    }

    #[test]
    fn what_was_counted_is_told_in_front_of_the_order() {
        let counted = |more: &str| {
            let body = format!(r#"{{"results":[{{"index":1,"relevance_score":0.5}}]{more}}}"#);
            match &ordered("reranking", &asked(1), body.as_bytes()).unwrap()[..] {
                [Event::Reranked { searches, .. }] => (None, *searches),
                [Event::Usage { usage }, Event::Reranked { searches, .. }] => (usage.input, *searches),
                other => panic!("{other:?}"),
            }
        };
        for (more, told) in [
            ("", (None, 1)),
            (r#","usage":{"total_tokens":7}"#, (Some(7), 1)),
            (r#","usage":{"prompt_tokens":6,"total_tokens":7}"#, (Some(6), 1)),
            (r#","meta":{"billed_units":{"search_units":2}}"#, (None, 2)),
            (r#","meta":{"billed_units":{"search_units":1.0},"tokens":{"input_tokens":9}}"#, (Some(9), 1)),
            (r#","meta":{"billed_units":{"input_tokens":8}}"#, (Some(8), 1)),
            (r#","usage":[],"meta":"none""#, (None, 1)),
        ] {
            assert_eq!(counted(more), told, "{more}");
        }
    }

    #[test]
    fn an_answer_that_makes_no_order_is_an_error() {
        for (body, why) in [
            (r#"{"results":[{"index":3,"relevance_score":1}]}"#, "it names the text at 3"),
            (
                r#"{"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":2}]}"#,
                "it names the text at 0 twice",
            ),
            (r#"{"results":[]}"#, "1 texts were to be put in order, and 0 came back"),
            (r#"{"results":[{"index":-1,"relevance_score":1}]}"#, "no list of scored texts"),
            (r#"{"results":[{"index":0,"relevance_score":null}]}"#, "no list of scored texts"),
            (r#"{"results":[{"index":0,"relevance_score":NaN}]}"#, "no list of scored texts"),
            (r#"{"results":[{"index":0,"relevance_score":1e999}]}"#, "no list of scored texts"),
            (r#"{"results":[{"index":0}]}"#, "no list of scored texts"),
            (r#"{"object":"list"}"#, "no list of scored texts"),
            ("not found", "no list of scored texts"),
        ] {
            let error = ordered("reranking", &asked(1), body.as_bytes()).unwrap_err();
            assert!(error.why.contains(why), "{body}: {error}");
        }
        let refused = br#"{"error":{"message":"no such model","code":404}}"#;
        assert_eq!(ordered("reranking", &asked(1), refused).unwrap_err().kind, ErrorKind::NotFound);
    }
}
