//! Errors as this API says them (<https://docs.anthropic.com/en/api/errors>).

use serde_json::Value;

use crate::domain::Error;
use crate::wire::fault::in_answer;
pub use crate::wire::fault::of_status;

/// The error object that an event of a stream holds, if it holds one: it came after the status 200.
pub fn in_stream(doing: &str, event: &Value) -> Option<Error> {
    let error = event.get("error").filter(|error| !error.is_null())?;
    let status = match error.get("type").and_then(Value::as_str).unwrap_or_default() {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        "api_error" => 500,
        _ => return Some(in_answer(doing, event, None)),
    };
    Some(in_answer(doing, event, Some(status)))
}

/// Whether the model takes the other of the two forms of thinking.
pub fn wants_other_thinking(status: u16, body: &str) -> bool {
    status == 400 && body.contains("thinking") && body.contains("adaptive")
}

/// Whether the model goes on with no answer that is begun
/// (<https://platform.claude.com/docs/en/about-claude/models/migration-guide>): Claude since 4.6.
pub fn wants_no_begun_answer(status: u16, body: &str) -> bool {
    status == 400 && body.contains("prefill")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn every_type_of_error_has_its_kind() {
        for (kind, expected) in [
            ("invalid_request_error", ErrorKind::Invalid),
            ("authentication_error", ErrorKind::Auth),
            ("billing_error", ErrorKind::RateLimited { retry_after_ms: None }),
            ("permission_error", ErrorKind::Auth),
            ("not_found_error", ErrorKind::NotFound),
            ("request_too_large", ErrorKind::Invalid),
            ("rate_limit_error", ErrorKind::RateLimited { retry_after_ms: None }),
            ("timeout_error", ErrorKind::Timeout),
            ("overloaded_error", ErrorKind::Overloaded),
            ("api_error", ErrorKind::Server { status: 500 }),
            ("of_tomorrow", ErrorKind::Server { status: 500 }),
        ] {
            let event = json!({"type": "error", "error": {"type": kind, "message": "its own words"}});
            let error = in_stream("asking", &event).unwrap();
            assert_eq!(error.kind, expected, "{kind}");
            assert!(error.why.contains("its own words"), "{error}");
        }
        assert_eq!(in_stream("asking", &json!({"type": "ping", "error": null})), None);
    }

    #[test]
    fn a_prompt_that_is_too_long_says_by_how_much_and_an_empty_purse_is_no_wrong_setting() {
        let said = |message: &str| json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}});
        let long = said("prompt is too long: 209353 tokens > 200000 maximum");
        let kind = ErrorKind::ContextLength { tokens: 209_353, limit: 200_000 };
        assert_eq!(of_status("asking", 400, &long.to_string(), None).kind, kind);
        assert_eq!(in_stream("asking", &long).unwrap().kind, kind);
        let purse = said("Your credit balance is too low to access the Anthropic API.");
        let error = of_status("asking", 400, &purse.to_string(), None);
        assert!(error.hint.contains("credit"), "{error}");
    }

    #[test]
    fn the_forms_of_thinking_are_told_apart_by_the_complaint() {
        let newer = r#""thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior."#;
        assert!(wants_other_thinking(400, newer));
        assert!(wants_other_thinking(400, "adaptive thinking is not supported on this model"));
        assert!(!wants_other_thinking(400, "max_tokens must be greater than thinking.budget_tokens"));
        assert!(!wants_other_thinking(500, newer));
    }
}
