//! Vectors of texts: Titan takes one text a request, Cohere up to 96.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Family;
use crate::domain::Result;
use crate::domain::delta::Event;
use crate::wire::bedrock::reply::unreadable;
use crate::wire::loose;
use crate::wire::openai::embed::one_each;

/// So many texts go into one request.
pub fn at_once(family: Family) -> Option<usize> {
    match family {
        Family::TitanEmbedV1 | Family::TitanEmbedV2 => Some(1),
        Family::CohereEmbed => Some(96),
        _ => None,
    }
}

/// The body for some texts, at most as many as go into one.
pub fn body(family: Family, texts: &[String], query: bool) -> Vec<u8> {
    let one = || texts.first().map(String::as_str).unwrap_or_default();
    let body = match family {
        // What is looked for later, or what it is looked for by: Cohere wants to know.
        Family::CohereEmbed => {
            let kind = if query { "search_query" } else { "search_document" };
            // What is too long is refused: nobody would see that its end was left out.
            json!({ "texts": texts, "input_type": kind, "truncate": "NONE" })
        }
        Family::TitanEmbedV2 => json!({ "inputText": one(), "normalize": true }),
        _ => json!({ "inputText": one() }),
    };
    body.to_string().into_bytes()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embedding: Option<Vec<f32>>,
    embeddings_by_type: Option<Floats>,
    embeddings: Option<Embeddings>,
    /// Titan tells it.
    #[serde(default, deserialize_with = "loose::count")]
    input_text_token_count: Option<u32>,
}

#[derive(Deserialize)]
struct Floats {
    float: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Embeddings {
    Plain(Vec<Vec<f32>>),
    ByType { float: Vec<Vec<f32>> },
}

/// The vectors of one answer, and the tokens that were read for them, where that is told.
pub type Part = (Vec<Vec<f32>>, Option<u32>);

/// Reads one answer.
pub fn vectors(doing: &str, body: &[u8]) -> Result<Part> {
    let no = |why: &str| unreadable(doing, "none with vectors", why, body);
    let value: Value = serde_json::from_slice(body).map_err(|why| no(&why.to_string()))?;
    let answer = Answer::deserialize(value).map_err(|why| no(&why.to_string()))?;
    let read = answer.input_text_token_count;
    match (answer.embedding, answer.embeddings_by_type, answer.embeddings) {
        (Some(vector), ..) | (None, Some(Floats { float: vector }), _) => Ok((vec![vector], read)),
        (None, None, Some(Embeddings::Plain(vectors) | Embeddings::ByType { float: vectors })) => {
            Ok((vectors, read))
        }
        (None, None, None) => Err(no("no vector is in it")),
    }
}

/// All of them: as many as texts, of one length, or it is an error. The tokens are told where every answer tells its own.
pub fn all(doing: &str, asked: usize, answers: Vec<Part>) -> Result<Vec<Event>> {
    let counted = answers.iter().try_fold(0_u32, |sum, (_, read)| Some(sum.saturating_add((*read)?)));
    let read = counted.filter(|_| !answers.is_empty());
    one_each(doing, asked, answers.into_iter().flat_map(|(vectors, _)| vectors).collect(), read)
}
