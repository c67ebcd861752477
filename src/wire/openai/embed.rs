//! Vectors of texts (`/embeddings`).

use serde::Deserialize;
use serde_json::json;

use super::fault;
use super::reply::unreadable;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::loose;

/// The body that asks for one vector a text.
pub fn body(model: &str, texts: &[String]) -> Vec<u8> {
    json!({ "model": model, "input": texts, "encoding_format": "float" }).to_string().into_bytes()
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
pub fn vectors(doing: &str, asked: usize, body: &[u8]) -> Result<Vec<Event>> {
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|why| unreadable(doing, LIST, &why.to_string(), body))?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    let mut answer =
        Answer::deserialize(value).map_err(|why| unreadable(doing, LIST, &why.to_string(), body))?;
    // Servers may answer out of order.
    answer.data.sort_by_key(|vector| vector.index.unwrap_or(0));
    let read = answer.usage.and_then(|usage| Used::deserialize(usage).ok()?.prompt_tokens);
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
        assert_eq!(super::vectors("embedding", 2, body).unwrap(), [Event::Embeddings { vectors }]);
        assert!(super::vectors("embedding", 3, body).unwrap_err().why.contains("3 vectors"));
        let uneven = br#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#;
        assert!(super::vectors("embedding", 2, uneven).is_err());
        let refused = br#"{"error":{"message":"no such model","code":404}}"#;
        assert_eq!(super::vectors("embedding", 1, refused).unwrap_err().kind, ErrorKind::NotFound);
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
            assert_eq!(super::vectors("embedding", 1, body.as_bytes()).unwrap(), expected, "{usage}");
        }
    }
}
