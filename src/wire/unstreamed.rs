//! Requests for answers that come whole, for servers and proxies that break streams.

use serde_json::{Map, Value};

/// The body of a request for an answer that is not streamed, from that of one which is: alike in `OpenAI`'s APIs,
/// Anthropic's and Ollama's. What is no JSON object stays as it is.
pub fn unstreamed(body: Vec<u8>) -> Vec<u8> {
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(&body) else { return body };
    fields.remove("stream_options");
    fields.insert("stream".to_owned(), Value::Bool(false));
    serde_json::to_vec(&fields).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stream_is_taken_away() {
        let body = br#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"seed":7}"#;
        let whole: Value = serde_json::from_slice(&unstreamed(body.to_vec())).unwrap();
        assert_eq!(whole, serde_json::json!({"model": "m", "stream": false, "seed": 7}));
        assert_eq!(unstreamed(b"no json".to_vec()), b"no json");
    }
}
