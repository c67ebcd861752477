//! What Ollama says when it fails: `{"error": "…"}`, as one of our errors.

use serde_json::Value;

use crate::domain::{Error, ErrorKind};
use crate::wire::openai::fault;

/// An answer with a status that is no success. `body` is what it said, `retry_after_ms` the header.
pub fn of_status(doing: &str, status: u16, body: &str, retry_after_ms: Option<u64>) -> Error {
    told(fault::of_status(doing, status, body, retry_after_ms))
}

/// The error that a line of a stream holds, if it holds one: it came after the status 200.
pub fn in_stream(doing: &str, line: &Value) -> Option<Error> {
    fault::in_stream(doing, line).map(told)
}

/// An error as every API has it, and what Ollama's words say beyond its status.
fn told(error: Error) -> Error {
    let low = error.why.to_lowercase();
    if let Some(capability) = lacking(&low) {
        let kind = ErrorKind::Refused { capability: capability.to_owned() };
        let hint = "Ask another model; `outcrop models list` shows what each can do.";
        return Error { kind, hint: hint.to_owned(), ..error };
    }
    // Its status may be 500, which says nothing.
    if low.contains("context length") {
        let kind = match error.kind {
            kind @ ErrorKind::ContextLength { .. } => kind,
            _ => ErrorKind::ContextLength { tokens: 0, limit: 0 },
        };
        let hint = "Start a new conversation, or give the model more context: `context` of its [models] table in the \
                    configuration file is sent as num_ctx; OLLAMA_CONTEXT_LENGTH of the server is for all.";
        return Error { kind, hint: hint.to_owned(), ..error };
    }
    if error.kind == ErrorKind::NotFound {
        let hint = if low.contains("model") {
            "`outcrop models pull PROVIDER/NAME` fetches a model; `outcrop models list` shows those that are there."
        } else {
            "Check the base_url: it ends before /api, and is not the one with /v1."
        };
        return Error { hint: hint.to_owned(), ..error };
    }
    error
}

/// The capability that the words say the model has not: `"x" does not support tools`.
fn lacking(low: &str) -> Option<&'static str> {
    let (_, behind) = low.split_once("does not support ")?;
    let named = [
        ("tools", "tools"),
        ("thinking", "reasoning"),
        ("vision", "vision"),
        ("image input", "vision"),
        ("chat", "chat"),
        ("completion", "chat"),
        ("embedding", "embed"),
    ];
    named.iter().find(|(word, _)| behind.starts_with(word)).map(|(_, capability)| *capability)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(capability: &str) -> ErrorKind {
        ErrorKind::Refused { capability: capability.into() }
    }

    #[test]
    fn what_ollama_says_becomes_a_kind_with_its_words_and_what_helps() {
        for (status, body, kind, words, hint) in [
            (404, r#"{"error":"model 'x' not found"}"#, ErrorKind::NotFound, "model 'x'", "models pull"),
            (
                404,
                r#"{"error":"model \"x\" not found, try pulling it first"}"#,
                ErrorKind::NotFound,
                "x",
                "pull",
            ),
            (404, "404 page not found", ErrorKind::NotFound, "page not found", "base_url"),
            (
                400,
                r#"{"error":"registry.ollama.ai/library/gemma:2b does not support tools"}"#,
                refused("tools"),
                "gemma:2b",
                "another model",
            ),
            (
                400,
                r#"{"error":"\"llama3\" does not support thinking"}"#,
                refused("reasoning"),
                "llama3",
                "models list",
            ),
            (
                400,
                r#"{"error":"\"all-minilm\" does not support chat"}"#,
                refused("chat"),
                "minilm",
                "models list",
            ),
            (
                400,
                r#"{"error":"the input length exceeds the context length"}"#,
                ErrorKind::ContextLength { tokens: 0, limit: 0 },
                "input length",
                "num_ctx",
            ),
            (
                400,
                r#"{"error":"the request exceeds the available context size (4096 tokens), try increasing it"}"#,
                ErrorKind::ContextLength { tokens: 0, limit: 4096 },
                "4096",
                "new conversation",
            ),
            (400, r#"{"error":"invalid options"}"#, ErrorKind::Invalid, "invalid options", "settings"),
            (
                401,
                r#"{"error":"unauthorized","signin_url":"https://x"}"#,
                ErrorKind::Auth,
                "unauthorized",
                "api_key",
            ),
            (
                500,
                r#"{"error":"model requires more system memory (8.4 GiB) than is available (2.1 GiB)"}"#,
                ErrorKind::Server { status: 500 },
                "8.4 GiB",
                "again",
            ),
            (
                503,
                r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#,
                ErrorKind::Overloaded,
                "maximum pending",
                "later",
            ),
        ] {
            let error = of_status("asking", status, body, None);
            assert_eq!(error.kind, kind, "{status} {body}");
            assert!(error.why.contains(words) && error.hint.contains(hint), "{error}");
        }
    }

    #[test]
    fn an_error_in_a_stream_is_told_like_any_other() {
        let line = serde_json::json!({"error": "\"x\" does not support thinking", "new": 1});
        assert_eq!(in_stream("asking", &line).map(|e| e.kind), Some(refused("reasoning")));
        assert_eq!(in_stream("asking", &serde_json::json!({"error": null, "done": true})), None);
    }
}
