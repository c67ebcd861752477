//! Vectors of texts (`/embeddings`), and of two vendors who want to be asked for them in another way.

use serde::Deserialize;
use serde_json::json;

use super::billed::Meta;
use super::fault;
use super::reply::unreadable;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::loose;

/// How a server is asked for vectors, and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// As `OpenAI` has it, and nearly every server.
    #[default]
    OpenAi,
    /// Voyage's: it refuses the format that `OpenAI` names, and cuts what is too long unless that is forbidden
    /// (<https://docs.voyageai.com/reference/embeddings-api>).
    Voyage,
    /// Cohere's own: the one that copies `OpenAI`'s cuts what is too long, and nobody can forbid it
    /// (<https://docs.cohere.com/v2/reference/embed>).
    Cohere,
}

impl Way {
    /// By the vendor's name.
    pub fn of(vendor: Option<&str>) -> Self {
        match vendor {
            Some("voyage") => Self::Voyage,
            Some("cohere") => Self::Cohere,
            _ => Self::OpenAi,
        }
    }
}

/// The body that asks for one vector a text: of what is looked for later, or of a question by which that is looked for.
pub fn body(way: Way, model: &str, texts: &[String], query: bool) -> Vec<u8> {
    let body = match way {
        Way::OpenAi => json!({ "model": model, "input": texts, "encoding_format": "float" }),
        Way::Voyage => {
            let kind = if query { "query" } else { "document" };
            json!({ "model": model, "input": texts, "input_type": kind, "truncation": false })
        }
        Way::Cohere => {
            let kind = if query { "search_query" } else { "search_document" };
            json!({
                "model": model, "texts": texts, "input_type": kind, "embedding_types": ["float"], "truncate": "NONE",
            })
        }
    };
    body.to_string().into_bytes()
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Vector>,
    usage: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default, deserialize_with = "loose::count")]
    prompt_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    total_tokens: Option<u32>,
}

/// Cohere's answer.
#[derive(Deserialize)]
struct Own {
    embeddings: Floats,
    #[serde(default, deserialize_with = "loose::or_none")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Floats {
    float: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Vector {
    index: Option<usize>,
    embedding: Vec<f32>,
}

/// What an answer is not that cannot be read.
const LIST: &str = "no list of vectors";

/// The vectors in the order of their texts, behind what was counted, where that is told; as many as were asked for, or it
/// is an error.
pub fn vectors(doing: &str, way: Way, asked: usize, body: &[u8]) -> Result<Vec<Event>> {
    let no = |why: serde_json::Error| unreadable(doing, LIST, &why.to_string(), body);
    let value: serde_json::Value = serde_json::from_slice(body).map_err(no)?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    if way == Way::Cohere {
        let Own { embeddings, meta } = Own::deserialize(value).map_err(no)?;
        let read = meta.and_then(|meta| meta.read());
        return one_each(doing, asked, embeddings.float, read);
    }
    let mut answer = Answer::deserialize(value).map_err(no)?;
    // Servers may answer out of order.
    answer.data.sort_by_key(|vector| vector.index.unwrap_or(0));
    let used = answer.usage.and_then(|usage| Used::deserialize(usage).ok());
    // Voyage tells the sum alone.
    let read = used.and_then(|used| match way {
        Way::Voyage => used.prompt_tokens.or(used.total_tokens),
        _ => used.prompt_tokens,
    });
    one_each(doing, asked, answer.data.into_iter().map(|vector| vector.embedding).collect(), read)
}

/// The vectors of so many texts: one each, all of one length, or it is an error. The tokens that were `read` for them are
/// told first: nothing is waited for behind the vectors.
pub(in crate::wire) fn one_each(
    doing: &str,
    asked: usize,
    vectors: Vec<Vec<f32>>,
    read: Option<u32>,
) -> Result<Vec<Event>> {
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.len() != asked || vectors.iter().any(|vector| vector.is_empty() || vector.len() != length) {
        return Err(Error::new(
            ErrorKind::Server { status: 200 },
            doing,
            format!(
                "{asked} vectors of one length were asked for, and {} came that are not so",
                vectors.len()
            ),
            "Try again, or take another model.",
        ));
    }
    let usage = read.map(|input| Event::Usage { usage: Usage { input: Some(input), ..Usage::default() } });
    Ok(usage.into_iter().chain([Event::Embeddings { vectors }]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_in_the_order_of_their_texts_and_a_missing_one_is_an_error() {
        let body =
            br#"{"data":[{"index":1,"embedding":[3,4],"x":0},{"index":0,"embedding":[1.5,2]}],"more":1}"#;
        let vectors = vec![vec![1.5, 2.0], vec![3.0, 4.0]];
        assert_eq!(
            super::vectors("embedding", Way::OpenAi, 2, body).unwrap(),
            [Event::Embeddings { vectors }]
        );
        assert!(super::vectors("embedding", Way::OpenAi, 3, body).unwrap_err().why.contains("3 vectors"));
        let uneven = br#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#;
        assert!(super::vectors("embedding", Way::OpenAi, 2, uneven).is_err());
        let refused = br#"{"error":{"message":"no such model","code":404}}"#;
        assert_eq!(
            super::vectors("embedding", Way::OpenAi, 1, refused).unwrap_err().kind,
            ErrorKind::NotFound
        );
    }

    #[test]
    fn what_was_read_for_vectors_is_told_in_front_of_them() {
        for (usage, read) in [
            (r#"{"prompt_tokens":7,"total_tokens":7}"#, Some(7)),
            (r#"{"prompt_tokens":0}"#, Some(0)),
            (r#"{"total_tokens":7}"#, None),
            ("null", None),
            ("[]", None),
        ] {
            let body = format!(r#"{{"data":[{{"embedding":[1]}}],"usage":{usage}}}"#);
            let counted =
                read.map(|input| Event::Usage { usage: Usage { input: Some(input), ..Usage::default() } });
            let expected: Vec<Event> =
                counted.into_iter().chain([Event::Embeddings { vectors: vec![vec![1.0]] }]).collect();
            assert_eq!(
                super::vectors("embedding", Way::OpenAi, 1, body.as_bytes()).unwrap(),
                expected,
                "{usage}"
            );
        }
    }

    #[test]
    fn who_wants_to_be_asked_in_another_way_is_and_told_to_cut_nothing() {
        let texts = ["a".to_owned(), "b".to_owned()];
        let asked = |way, query| -> serde_json::Value {
            serde_json::from_slice(&body(way, "m", &texts, query)).unwrap()
        };
        assert_eq!(
            asked(Way::of(Some("voyage")), false),
            json!({"model": "m", "input": ["a", "b"], "input_type": "document", "truncation": false})
        );
        assert_eq!(asked(Way::Voyage, true)["input_type"], "query");
        assert_eq!(
            asked(Way::of(Some("cohere")), true),
            json!({
                "model": "m", "texts": ["a", "b"], "input_type": "search_query", "embedding_types": ["float"],
                "truncate": "NONE",
            })
        );
        assert_eq!(
            asked(Way::of(None), true),
            json!({"model": "m", "input": ["a", "b"], "encoding_format": "float"})
        );

        let expected = [
            Event::Usage { usage: Usage { input: Some(7), ..Usage::default() } },
            Event::Embeddings { vectors: vec![vec![1.0, 2.0]] },
        ];
        let voyage = br#"{"data":[{"embedding":[1,2],"index":0}],"usage":{"total_tokens":7}}"#;
        assert_eq!(super::vectors("embedding", Way::Voyage, 1, voyage).unwrap(), expected);
        let cohere = br#"{"id":"x","texts":["a"],"embeddings":{"float":[[1,2]]},"meta":{"billed_units":{"input_tokens":7}}}"#;
        assert_eq!(super::vectors("embedding", Way::Cohere, 1, cohere).unwrap(), expected);
        assert!(super::vectors("embedding", Way::Cohere, 2, cohere).is_err());
        assert!(super::vectors("embedding", Way::Cohere, 1, voyage).is_err());
    }
}
