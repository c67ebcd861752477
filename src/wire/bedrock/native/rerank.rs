//! Texts in order: Amazon's reranker and Cohere's, whose bodies differ in one word
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-use.html>).

use serde::Deserialize;
use serde_json::json;

use super::Family;
use crate::domain::Result;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::domain::rerank::Rerank;
use crate::wire::bedrock::reply::unreadable;
use crate::wire::openai::rerank::{Scored, told};

/// The version of Cohere's API whose body this is.
const VERSION: u8 = 2;

/// The body that asks for the best texts; `None` of a family that puts none in order.
pub fn body(family: Family, asked: &Rerank) -> Option<Vec<u8>> {
    let top = asked.top.min(asked.texts.len());
    let mut body = json!({ "query": asked.query, "documents": asked.texts, "top_n": top });
    match family {
        Family::AmazonRerank => {}
        Family::CohereRerank => body["api_version"] = VERSION.into(),
        _ => return None,
    }
    Some(body.to_string().into_bytes())
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Scored>,
}

/// Scores as they came.
#[derive(Debug)]
pub struct Scores(Vec<Scored>);

/// Reads an answer.
pub fn scores(doing: &str, body: &[u8]) -> Result<Scores> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|why| unreadable(doing, "none with scored texts", &why.to_string(), body))?;
    Ok(Scores(answer.results))
}

/// The texts in order, and what Bedrock has counted besides.
pub fn ordered(doing: &str, asked: &Rerank, Scores(scored): Scores, counted: Usage) -> Result<Vec<Event>> {
    told(doing, asked, scored, (counted.input, None))
}
