//! Errors as Amazon says them: a name, and a sentence in JSON.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::{Error, ErrorKind};
pub use crate::wire::anthropic::fault::{wants_no_begun_answer, wants_other_thinking};
use crate::wire::fault;

/// How credentials that ran out are renewed.
pub const RENEW: &str = "Renew it: `aws sso login --profile NAME`, or take new keys, then start again.";
/// A signature holds for some minutes around the server's own time.
pub const CLOCK: &str =
    "Set this machine's clock: it is not the server's; `outcrop doctor` says by how much.";
const LOOK: &str =
    "Check the credentials, their region, and that the account has access to this model in it.";

/// An answer with a status that is no success. `name` is the header `x-amzn-ErrorType`, `retry_after_ms` the wait that the
/// server asks for.
pub fn of_status(
    doing: &str,
    status: u16,
    name: Option<&str>,
    body: &str,
    retry_after_ms: Option<u64>,
) -> Error {
    told_by(doing, Some(status), name, body, retry_after_ms)
}

/// The same of an error whose status may not be told.
fn told_by(
    doing: &str,
    status: Option<u16>,
    name: Option<&str>,
    body: &str,
    retry_after_ms: Option<u64>,
) -> Error {
    let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let name = named(name, &value);
    let mut error = fault::told(doing, status, &words(&value, body), retry_after_ms);
    named_better(&mut error, name, retry_after_ms);
    error
}

/// Amazon's sentence, and behind it that of the model itself, which `ModelStreamErrorException` has.
fn words<'a>(value: &'a Value, body: &'a str) -> Cow<'a, str> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    // Gateways in front of it, and a few of its own parts, write a capital.
    let said = text("message").or_else(|| text("Message")).unwrap_or(body);
    match text("originalMessage") {
        Some(original) if !said.contains(original) => Cow::Owned(format!("{said} ({original})")),
        _ => Cow::Borrowed(said),
    }
}

/// Whether the keys themselves are refused, and not what was asked for with them.
pub fn refuses_keys(name: Option<&str>, body: &str) -> bool {
    let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let low = body.to_ascii_lowercase();
    named(name, &value) != "AccessDeniedException" || low.contains("expired") || low.contains("api key")
}

/// The name of an error: the header's, or the one in the body.
fn named<'a>(name: Option<&'a str>, value: &'a Value) -> &'a str {
    let named = name.or_else(|| ["__type", "code"].iter().find_map(|key| value.get(key)?.as_str()));
    named.map(plain).unwrap_or_default()
}

/// The refusal of one who tells keys, with what to do about it.
pub fn told(doing: &str, status: u16, body: &str, hint: &str) -> Error {
    let mut error = of_status(doing, status, None, body, None);
    if status < 500 && status != 429 {
        error.kind = ErrorKind::Auth;
        hint.clone_into(&mut error.hint);
    }
    error
}

/// An exception or an error that came in the stream, after the status 200.
pub(super) fn in_stream(doing: &str, name: &str, payload: &[u8]) -> Error {
    let status = match plain(name).to_ascii_lowercase() {
        name if name.starts_with("validation") => Some(400),
        name if name.starts_with("throttling") => Some(429),
        name if name.starts_with("serviceunavailable") => Some(503),
        name if name.starts_with("modeltimeout") => Some(408),
        name if name.starts_with("modelstreamerror") => Some(424),
        name if name.starts_with("internal") => Some(500),
        // Any other name tells nothing of the next time.
        _ => None,
    };
    told_by(doing, status, Some(name), &String::from_utf8_lossy(payload), None)
}

/// Whether the model takes such a call, or this one, without a stream alone.
pub fn wants_no_stream(status: u16, body: &str) -> bool {
    let low = body.to_ascii_lowercase();
    status == 400 && low.contains("stream") && (low.contains("support") || low.contains("not available"))
}

/// Whether Converse does not do this for the model.
pub fn wants_native(status: u16, body: &str) -> bool {
    const LACKS: [&str; 3] = [
        "doesn't support the model",
        "doesn't support conversation history",
        "doesn't support system messages",
    ];
    status == 400 && LACKS.iter().any(|words| body.contains(words))
}

/// `aws.protocol#ThrottlingException:http://…` is "`ThrottlingException`".
fn plain(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().trim()
}

/// What the name says more exactly than the status does.
fn named_better(error: &mut Error, name: &str, retry_after_ms: Option<u64>) {
    if matches!(error.kind, ErrorKind::ContextLength { .. }) {
        return;
    }
    let capital = name.get(..1).unwrap_or_default().to_ascii_uppercase();
    let low = error.why.to_ascii_lowercase();
    let skewed = low.contains("signature expired") || low.contains("signature not yet current");
    let better = match format!("{capital}{}", name.get(1..).unwrap_or_default()).as_str() {
        "ExpiredTokenException" | "ExpiredToken" => (ErrorKind::Auth, RENEW),
        "RequestExpired" | "RequestTimeTooSkewed" => (ErrorKind::Auth, CLOCK),
        "InvalidSignatureException" if skewed => (ErrorKind::Auth, CLOCK),
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized" => {
            // The same name says both; the words tell which.
            (ErrorKind::Auth, if low.contains("expired") { RENEW } else { LOOK })
        }
        // How long is said already, where the server says it.
        "ThrottlingException" if matches!(error.kind, ErrorKind::RateLimited { .. }) => return,
        "ThrottlingException" => (ErrorKind::RateLimited { retry_after_ms }, "Wait a little, then retry."),
        "ServiceQuotaExceededException" => {
            (ErrorKind::RateLimited { retry_after_ms: None }, "Ask for a higher quota of the account.")
        }
        "ModelNotReadyException" => {
            (ErrorKind::Overloaded, "The model is being loaded: try again in a minute.")
        }
        "ServiceUnavailableException" if error.kind == ErrorKind::Overloaded => return,
        "ServiceUnavailableException" => (ErrorKind::Overloaded, "Try again later."),
        "ModelTimeoutException" => (ErrorKind::Timeout, "Try again, or ask for a shorter answer."),
        "ModelErrorException" | "ModelStreamErrorException" => {
            (ErrorKind::Server { status: 424 }, "The model itself failed: try again.")
        }
        "InternalServerException" => (ErrorKind::Server { status: 500 }, "Try again later."),
        "ResourceNotFoundException" => {
            (ErrorKind::NotFound, "`outcrop models list` shows the models of this region.")
        }
        "ValidationException" if error.why.contains("inference profile") => {
            let hint =
                "Ask it by the id of an inference profile, like us.NAME; `outcrop models list` shows them.";
            (ErrorKind::Invalid, hint)
        }
        "ValidationException" => (ErrorKind::Invalid, "Check the settings that it was asked with."),
        _ if error.kind == ErrorKind::Auth => (ErrorKind::Auth, LOOK),
        _ => return,
    };
    error.kind = better.0;
    better.1.clone_into(&mut error.hint);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, name: &str, words: &str) -> Error {
        let body = serde_json::json!({ "message": words }).to_string();
        of_status("asking", status, Some(name), &body, Some(7))
    }

    #[test]
    fn every_name_has_its_kind_and_keeps_the_words() {
        for (status, name, kind) in [
            (403, "AccessDeniedException", ErrorKind::Auth),
            (403, "ExpiredTokenException", ErrorKind::Auth),
            (403, "UnrecognizedClientException", ErrorKind::Auth),
            (404, "ResourceNotFoundException", ErrorKind::NotFound),
            (400, "ValidationException", ErrorKind::Invalid),
            (429, "ThrottlingException", ErrorKind::RateLimited { retry_after_ms: Some(7) }),
            (400, "ServiceQuotaExceededException", ErrorKind::RateLimited { retry_after_ms: None }),
            (408, "ModelTimeoutException", ErrorKind::Timeout),
            (424, "ModelErrorException", ErrorKind::Server { status: 424 }),
            (429, "ModelNotReadyException", ErrorKind::Overloaded),
            (500, "InternalServerException", ErrorKind::Server { status: 500 }),
            (503, "ServiceUnavailableException", ErrorKind::Overloaded),
            (418, "OfTomorrow", ErrorKind::Invalid),
        ] {
            let error = said(status, &format!("{name}:http://internal.amazon.com/coral/"), "its own words");
            assert_eq!(error.kind, kind, "{name}");
            assert!(error.why.contains("its own words"), "{error}");
        }
    }

    #[test]
    fn what_ran_out_is_to_be_renewed() {
        let expired =
            said(403, "ExpiredTokenException", "The security token included in the request is expired");
        assert!(expired.hint.contains("aws sso login --profile"), "{expired}");
        let bearer = said(403, "AccessDeniedException", "Bearer Token has expired");
        assert!(bearer.hint.contains("Renew"), "{bearer}");
        assert!(
            said(403, "AccessDeniedException", "no access to this model")
                .hint
                .contains("access to this model")
        );
    }

    #[test]
    fn a_signature_of_another_time_is_the_clocks_fault_and_not_the_keys() {
        for (name, words) in [
            (
                "InvalidSignatureException",
                "Signature expired: 20261122T100000Z is now earlier than 20261122T101500Z (20261122T102000Z - 5 min.)",
            ),
            (
                "InvalidSignatureException",
                "Signature not yet current: 20261122T110000Z is still later than 20261122T102500Z (20261122T102000Z + 5 min.)",
            ),
            (
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
        ] {
            let error = said(403, name, words);
            assert_eq!((&error.kind, error.hint.as_str()), (&ErrorKind::Auth, CLOCK), "{words}");
        }
        let wrong = "The request signature we calculated does not match the signature you provided.";
        assert_eq!(said(403, "InvalidSignatureException", wrong).hint, LOOK);
    }

    #[test]
    fn the_name_may_stand_in_the_body_and_the_words_with_a_capital() {
        let body = r#"{"__type":"com.amazon.coral.service#ThrottlingException","Message":"slow down"}"#;
        let error = of_status("asking", 400, None, body, None);
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: None });
        assert!(error.why.ends_with("slow down"), "{error}");
        assert_eq!(of_status("asking", 503, None, "<html>", None).kind, ErrorKind::Overloaded);
    }

    #[test]
    fn a_conversation_that_is_too_long_is_told_from_other_wrong_ones() {
        for (words, tokens, limit) in [
            ("Input is too long for requested model.", 0, 0),
            ("The model returned the following errors: Input is too long for requested model.", 0, 0),
            ("prompt is too long: 209353 tokens > 199999 maximum", 209_353, 199_999),
            ("This model's maximum context length is 8192 tokens. Please reduce the prompt", 0, 8192),
        ] {
            let error = said(400, "ValidationException", words);
            assert_eq!(error.kind, ErrorKind::ContextLength { tokens, limit }, "{words}");
        }
        let profile = "Invocation of model ID x with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model.";
        assert!(said(400, "ValidationException", profile).hint.contains("us.NAME"));
    }

    #[test]
    fn exceptions_of_a_stream_are_named_as_the_answers_are() {
        let error = in_stream("asking", "throttlingException", br#"{"message":"Too many requests"}"#);
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: None });
        assert!(error.why.contains("Too many requests"), "{error}");
        for (name, kind) in [
            ("validationException", ErrorKind::Invalid),
            ("modelStreamErrorException", ErrorKind::Server { status: 424 }),
            ("internalServerException", ErrorKind::Server { status: 500 }),
            ("serviceUnavailableException", ErrorKind::Overloaded),
            ("modelTimeoutException", ErrorKind::Timeout),
            ("InternalFailure", ErrorKind::Server { status: 500 }),
        ] {
            assert_eq!(in_stream("asking", name, b"the words").kind, kind, "{name}");
        }
        let passes = |name| fault::may_pass(&in_stream("asking", name, b"the words"));
        for (name, status) in [
            ("internalServerException", Some(500)),
            ("modelTimeoutException", Some(408)),
            ("serviceUnavailableException", Some(503)),
            ("throttlingException", Some(429)),
            ("modelStreamErrorException", Some(424)),
            ("validationException", None),
            ("someOtherException", None),
        ] {
            assert_eq!(passes(name), status, "{name}");
        }
    }

    #[test]
    fn what_the_model_itself_said_stands_behind_amazons_sentence() {
        let both =
            br#"{"message":"The model failed","originalStatusCode":400,"originalMessage":"its own words"}"#;
        let error = in_stream("asking", "modelStreamErrorException", both);
        assert_eq!(error.kind, ErrorKind::Server { status: 424 });
        assert_eq!(error.why, "the server says (424): The model failed (its own words)");
        let same = br#"{"message":"it failed: its own words","originalMessage":"its own words"}"#;
        let error = in_stream("asking", "modelStreamErrorException", same);
        assert_eq!(error.why, "the server says (424): it failed: its own words");
    }

    #[test]
    fn other_ways_of_asking_are_told_by_the_complaint() {
        assert!(wants_no_stream(400, "This model doesn't support tool use in streaming mode."));
        assert!(wants_no_stream(400, "The model is unsupported for streaming"));
        assert!(!wants_no_stream(400, "stopSequences is too long"));
        assert!(!wants_no_stream(500, "streaming is not supported"));
        let action = "This action doesn't support the model that you provided. Try again with a supported text or chat model.";
        assert!(
            wants_native(400, action) && !wants_native(403, action) && !wants_native(400, "no such model")
        );
        let newer =
            r#""thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"."#;
        assert!(wants_other_thinking(400, newer) && !wants_other_thinking(429, newer));
    }
}
