//! Errors as this API says them.

use serde_json::Value;

use crate::domain::{Error, ErrorKind};
use crate::wire::fault::in_answer;
pub use crate::wire::fault::of_status;

/// The error object that a frame of a stream holds, if it holds one: it came after the status 200.
pub fn in_stream(doing: &str, frame: &Value) -> Option<Error> {
    let error = frame.get("error").filter(|e| !e.is_null())?;
    let code = error.get("code").and_then(|c| c.as_u64().or_else(|| c.as_str()?.parse().ok()));
    let told = code.and_then(|c| u16::try_from(c).ok()).filter(|c| (400..600).contains(c));
    let named = || ["code", "type"].iter().find_map(|name| of_name(error.get(*name)?.as_str()?));
    Some(in_answer(doing, frame, told.or_else(named)))
}

/// The status of which a code or type speaks (<https://platform.openai.com/docs/guides/error-codes>); `None` for one that is
/// not known.
fn of_name(name: &str) -> Option<u16> {
    Some(match name {
        "invalid_request_error" | "invalid_prompt" | "context_length_exceeded" => 400,
        name if name.starts_with("invalid_image") || name.starts_with("image_") => 400,
        "authentication_error" | "invalid_api_key" => 401,
        "permission_error" | "permission_denied" => 403,
        "not_found_error" | "model_not_found" => 404,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" | "requests" | "tokens" => 429,
        "server_error" | "internal_server_error" | "api_error" => 500,
        "overloaded_error" | "service_unavailable" | "slow_down" => 503,
        "timeout" | "vector_store_timeout" => 504,
        _ => return None,
    })
}

/// Whether the server wants the longest answer under its newer name.
pub fn wants_max_completion_tokens(body: &str) -> bool {
    body.contains("max_completion_tokens")
}

/// The parts of a request that a server may refuse, and the settings behind them.
const OPTIONAL: [(&str, &str); 8] = [
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("seed", "seed"),
    ("stop", "stop"),
    ("reasoning_effort", "reasoning"),
    ("stream_options", COUNTS),
    ("response_format", BYTES),
];

/// Stands for no setting: what asks a stream to count its tokens.
pub const COUNTS: &str = "stream_options";

/// Stands for no setting: the older name of the longest answer.
pub const OLD_LIMIT: &str = "the older name of max_completion_tokens";

/// Stands for no setting: Chat Completions, in which a model that insists on Responses is not asked.
pub const CHAT: &str = "chat/completions";

/// Stands for no setting: what asks for the bytes of pictures.
pub const BYTES: &str = "response_format";

/// The setting that a complaint refuses whatever its value, by the name of the settings' table: servers that do not know it,
/// and models that have it at one value only. The servers' words are those of `OpenAI`, Mistral, Groq, Cerebras and Google.
pub fn refuses(status: u16, body: &str) -> Option<&'static str> {
    const WORDS: [&str; 8] = [
        "unsupported",
        "not supported",
        "does not support",
        "unrecognized",
        "unknown name",
        "unknown parameter",
        "extra_forbidden",
        "extra inputs",
    ];
    let body = body.to_ascii_lowercase();
    if !matches!(status, 400 | 422) || !WORDS.iter().any(|words| body.contains(words)) {
        return None;
    }
    let named = |name: &&(&str, &'static str)| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        body.match_indices(name.0).any(|(at, found)| {
            let (before, after) = (body[..at].chars().next_back(), body[at + found.len()..].chars().next());
            // A word of the sentence is no name: names are quoted, or stand behind a dot or "supplied".
            let begins = before.is_some_and(|c| matches!(c, '\'' | '"' | '`' | '.'))
                || body[..at].ends_with("supplied: ");
            begins && !after.is_some_and(is_part)
        })
    };
    OPTIONAL.iter().find(named).map(|(_, setting)| *setting)
}

/// Whether the model is asked through Responses only: `OpenAI` names the other way, Azure says that this one is none.
pub fn wants_responses(error: &Error) -> bool {
    const WORDS: [&str; 2] =
        ["v1/responses", "chatCompletion operation does not work with the specified model"];
    matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid)
        && WORDS.iter().any(|words| error.why.contains(words))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_that_a_server_does_not_take_is_told_by_its_own_words() {
        for (body, setting) in [
            (r#"{"error":{"message":"Unrecognized request argument supplied: top_k"}}"#, Some("top_k")),
            (
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}"#,
                Some("seed"),
            ),
            (r#"{"error":{"message":"property 'top_k' is unsupported"}}"#, Some("top_k")),
            (r#"{"message":"body.top_k: property 'body.top_k' is unsupported"}"#, Some("top_k")),
            (
                "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
                Some("temperature"),
            ),
            ("Unsupported parameter: 'stop' is not supported with this model.", Some("stop")),
            (
                "Unsupported value: 'reasoning_effort' does not support 'none' with this model.",
                Some("reasoning"),
            ),
            (r#"Invalid JSON payload received. Unknown name \"top_k\": Cannot find field."#, Some("top_k")),
            (r#"extra_forbidden: ["body","stream_options"]"#, Some(COUNTS)),
            ("'temperature' must be at most 2", None),
            ("images are not supported: stop sending them", None),
            ("Unsupported parameter: 'max_tokens' is not supported with this model.", None),
        ] {
            assert_eq!(refuses(400, body), setting, "{body}");
            assert_eq!(refuses(500, body), None);
        }
    }

    #[test]
    fn a_model_that_insists_on_responses_is_told_by_the_words_of_either_server() {
        let wants = |status: u16, words: &str| {
            let body = json!({"error": {"code": "unsupported_operation", "message": words}}).to_string();
            wants_responses(&of_status("asking", status, &body, None))
        };
        let openai = "This model is only supported in v1/responses and not in v1/chat/completions.";
        let azure = "The chatCompletion operation does not work with the specified model, o3-pro. Please choose different model and try again.";
        assert!(wants(404, openai) && wants(400, openai) && wants(400, azure));
        assert!(!wants(429, openai) && !wants(400, "The model does not exist"));
    }

    #[test]
    fn what_a_stream_names_becomes_the_kind_that_its_status_would_have_been() {
        for (error, kind) in [
            (
                json!({"code": "rate_limit_exceeded", "message": "m"}),
                ErrorKind::RateLimited { retry_after_ms: None },
            ),
            (
                json!({"type": "rate_limit_error", "message": "m"}),
                ErrorKind::RateLimited { retry_after_ms: None },
            ),
            (json!({"code": "invalid_prompt", "message": "m"}), ErrorKind::Invalid),
            (json!({"code": "invalid_image_format", "message": "m"}), ErrorKind::Invalid),
            (json!({"type": "authentication_error", "code": null, "message": "m"}), ErrorKind::Auth),
            (json!({"code": "server_error", "message": "m"}), ErrorKind::Server { status: 500 }),
            (json!({"code": 503, "message": "m"}), ErrorKind::Overloaded),
        ] {
            let frame = json!({ "error": error });
            assert_eq!(in_stream("asking", &frame).unwrap().kind, kind, "{frame}");
        }
        assert_eq!(in_stream("asking", &json!({"error": null})), None);
        let wordless = in_stream("asking", &json!({"error": {"code": "slow_down"}})).unwrap();
        assert_eq!(wordless.kind, ErrorKind::Overloaded);
        assert!(wordless.why.contains("slow_down"), "what there is of words is kept: {wordless}");
    }
}
