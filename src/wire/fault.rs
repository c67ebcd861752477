//! What a server says when it fails, as one of our errors, whatever API it is of; its own words are kept.

use serde_json::Value;

use crate::domain::{Error, ErrorKind};

/// The server's words are cut at this many characters.
const LONGEST: usize = 2000;

/// What helps where a key was not taken. Who knows the key says it better.
pub const CHECK_KEY: &str = "Check its key: api_key in the configuration, a variable, or `outcrop keys set`.";

/// What helps where the account has nothing left: the same is refused the next time.
const PAY: &str = "Check the plan and the credit of the account.";

/// How the words of an error begin that has a status.
const SAYS: &str = "the server says (";
const ANSWERED: &str = "the server answered with status ";

/// An answer with a status that is no success. `body` is what it said, `retry_after_ms` the header.
pub fn of_status(doing: &str, status: u16, body: &str, retry_after_ms: Option<u64>) -> Error {
    told(doing, Some(status), body, retry_after_ms)
}

/// The same of an error whose status may not be told.
pub(super) fn told(doing: &str, status: Option<u16>, body: &str, retry_after_ms: Option<u64>) -> Error {
    let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    Said::of(&value, body).into_error(doing, status, retry_after_ms)
}

/// The error object that an answer of success holds instead of an answer; `status` is what it would have been, where that is
/// told.
pub(super) fn in_answer(doing: &str, value: &Value, status: Option<u16>) -> Error {
    Said::of(value, "").into_error(doing, status, None)
}

/// The status of an error behind which the server may do better the next time.
pub fn may_pass(error: &Error) -> Option<u16> {
    use ErrorKind as E;
    let passes = matches!(error.kind, E::RateLimited { .. } | E::Overloaded | E::Timeout | E::Server { .. });
    if !passes || error.hint == PAY {
        return None;
    }
    let said = [SAYS, ANSWERED].iter().find_map(|begin| error.why.strip_prefix(begin))?;
    let status = said.get(..3)?.parse().ok()?;
    matches!(status, 408 | 424 | 429 | 500..=599).then_some(status)
}

/// The hint of an error for which the server says how long to wait.
fn wait(retry_after_ms: Option<u64>, usual: &str) -> String {
    let Some(ms) = retry_after_ms.filter(|ms| *ms > 0) else { return usual.to_owned() };
    let seconds = ms.div_ceil(1000);
    let long = match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    };
    format!("The server asks to wait {long}; then try again.")
}

/// An answer of success that is not what was asked for; `of` says what it is not: "no chat completion".
pub(super) fn unreadable(doing: &str, of: &str, why: &str, body: &[u8], hint: &str) -> Error {
    let start: String = String::from_utf8_lossy(&body[..body.len().min(400)]).chars().take(200).collect();
    let why = format!("the server's answer is {of} ({why}): {start}");
    Error::new(ErrorKind::Server { status: 200 }, doing, why, hint)
}

/// An answer of success that is a page for browsers.
pub fn web_page(doing: &str) -> Error {
    let why = "it answers with a web page (text/html), not with the API";
    Error::new(ErrorKind::Server { status: 200 }, doing, why, "Check the base_url: it often ends in /v1.")
}

/// A piece of a stream that cannot be read, after others that could.
pub(super) fn broken(doing: &str, why: &str, piece: &str) -> Error {
    let start: String = piece.chars().take(200).collect();
    let why = format!("the server sent a piece that cannot be read ({why}): {start}");
    Error::new(ErrorKind::Server { status: 200 }, doing, why, "What came before it is kept; try again.")
}

/// What was made out of a body.
struct Said {
    message: String,
    /// `type` and `code`, joined.
    kind: String,
    /// Prompt tokens and limit, where the server gives them as numbers.
    sizes: Option<(u32, u32)>,
}

impl Said {
    fn of(value: &Value, body: &str) -> Self {
        // Gemini sends its errors in a list of one.
        let value = match value.as_array().map(Vec::as_slice) {
            Some([only]) => only,
            _ => value,
        };
        let error = value.get("error").unwrap_or(value);
        let text = |v: &Value| match v {
            Value::String(s) => Some(s.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        let message = error
            .as_str()
            .map(str::to_owned)
            .or_else(|| ["message", "detail", "error", "msg"].iter().find_map(|k| text(error.get(*k)?)))
            .unwrap_or_else(|| match error.as_object() {
                // One that came in an answer has no other text.
                Some(members) if body.is_empty() && !members.is_empty() => error.to_string(),
                _ => plain(body),
            });
        let kind = ["type", "code"].iter().filter_map(|k| text(error.get(*k)?)).collect::<Vec<_>>().join(" ");
        let number = |k: &str| error.get(k).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let sizes = number("n_prompt_tokens").zip(number("n_ctx"));
        let said = Self { message: message.trim().chars().take(LONGEST).collect(), kind, sizes };
        match error.get("metadata") {
            Some(metadata) => said.and_behind(metadata),
            None => said,
        }
    }

    /// The same with what stands behind a gateway's own sentence: the words of the provider that it asked (`OpenRouter`), which
    /// come as a text or as they are.
    fn and_behind(self, metadata: &Value) -> Self {
        let Some(raw) = metadata.get("raw") else { return self };
        let read = raw.as_str().map(|text| serde_json::from_str(text).unwrap_or(Value::Null));
        let behind = Self::of(read.as_ref().unwrap_or(raw), raw.as_str().unwrap_or_default());
        if behind.message.is_empty() || self.message.contains(&behind.message) {
            return self;
        }
        let who = metadata.get("provider_name").and_then(Value::as_str);
        let who = who.map(|name| format!("{name}: ")).unwrap_or_default();
        let message = format!("{} ({who}{})", self.message, behind.message);
        Self {
            message: message.chars().take(LONGEST).collect(),
            kind: format!("{} {}", self.kind, behind.kind),
            sizes: self.sizes.or(behind.sizes),
        }
    }

    fn into_error(self, doing: &str, told: Option<u16>, retry_after_ms: Option<u64>) -> Error {
        // What is not named is a failure of the server's.
        let status = told.unwrap_or(500);
        let low = self.message.to_lowercase();
        let (kind, hint) = if self.is_too_long(&low, status) {
            let (tokens, limit) =
                self.sizes.or_else(|| compared(&low)).or_else(|| sizes_in(&low)).unwrap_or((0, 0));
            let hint =
                "Start a new conversation, go on from an earlier message, or ask a model with more context.";
            (ErrorKind::ContextLength { tokens, limit }, hint)
        } else if low.contains("image input is not supported") {
            // llama.cpp, whose status is 500.
            let hint = "Ask a model that sees pictures; llama.cpp's server sees them with its --mmproj file.";
            (ErrorKind::Refused { capability: "vision".to_owned() }, hint)
        } else if self.is_unpaid(&low, status) {
            (ErrorKind::RateLimited { retry_after_ms: None }, PAY)
        } else {
            match status {
                401 => (ErrorKind::Auth, CHECK_KEY),
                403 => (ErrorKind::Auth, "Check what its key may do, or whether it is the right one."),
                404 => {
                    (ErrorKind::NotFound, "`outcrop models list` shows the models; check the base_url too.")
                }
                408 | 504 => (ErrorKind::Timeout, "Try again."),
                413 => (ErrorKind::Invalid, "Send less: fewer or smaller pictures and documents."),
                429 => (ErrorKind::RateLimited { retry_after_ms }, "Wait a little, then retry."),
                503 | 529 => (ErrorKind::Overloaded, "Try again later."),
                500..=599 => (ErrorKind::Server { status }, "Try again later."),
                _ => (ErrorKind::Invalid, "Check the settings that it was asked with."),
            }
        };
        let why = match (told, self.message.as_str()) {
            (Some(status), "") => format!("{ANSWERED}{status} and no words"),
            (Some(status), words) => format!("{SAYS}{status}): {words}"),
            (None, "") => "the server failed and said no word".to_owned(),
            (None, words) => format!("the server says: {words}"),
        };
        let waits = matches!(kind, ErrorKind::RateLimited { .. } | ErrorKind::Overloaded) && hint != PAY;
        let hint = wait(retry_after_ms.filter(|_| waits), hint);
        Error::new(kind, doing, why, hint)
    }

    fn is_unpaid(&self, low: &str, status: u16) -> bool {
        status == 402 || self.kind.contains("insufficient_quota") || low.contains("credit balance is too low")
    }

    fn is_too_long(&self, low: &str, status: u16) -> bool {
        let kind = self.kind.as_str();
        kind.contains("context_length_exceeded")
            || kind.contains("exceed_context_size")
            || matches!(status, 400 | 413 | 422 | 500)
                && [
                    "maximum context length",
                    "context length exceeded",
                    "context window",
                    "context size",
                    "context limit",
                    "prompt is too long",
                    "input is too long",
                    // llama.cpp, of a text that is to become a vector; its status is 500.
                    "is too large to process",
                ]
                .iter()
                .any(|words| low.contains(words))
    }
}

/// Prompt and limit: "maximum context length is 8192 tokens. However, you requested 9096 tokens (8096 in the messages, 1000
/// in the completion)". The limit is the number behind its name, else the least; the prompt is the greatest, 0 where
/// none is said that is greater.
fn sizes_in(text: &str) -> Option<(u32, u32)> {
    const NAMES: [&str; 6] = [
        "context length is",
        "context length of",
        "context size",
        "context window",
        "context length",
        "n_ctx",
    ];
    let numbers = numbers_in(text);
    let named = NAMES.iter().find_map(|name| {
        let (_, behind) = text.split_once(name)?;
        // Behind the name, not somewhere in what follows.
        numbers_in(behind.get(..24).unwrap_or(behind)).first().copied()
    });
    let most = *numbers.iter().max()?;
    let limit = match named {
        Some(limit) => limit,
        None => *numbers.iter().min().filter(|least| **least < most)?,
    };
    Some((if most > limit { most } else { 0 }, limit))
}

/// Prompt and limit: "prompt is too long: 209353 tokens > 199999 maximum", "178959 + 64000 > 200000" (Anthropic).
fn compared(text: &str) -> Option<(u32, u32)> {
    let (prompt, limit) = text.split_once(" > ")?;
    let prompt = prompt.rsplit(':').next()?;
    let tokens = numbers_in(prompt).into_iter().fold(0, u32::saturating_add);
    Some((tokens, *numbers_in(limit).first()?))
}

/// The numbers of a text that can be counts of tokens.
fn numbers_in(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit() && c != ',')
        .filter_map(|n| n.replace(',', "").parse().ok())
        .filter(|n| *n >= 16)
        .collect()
}

/// Words of a body that is no JSON: a proxy's HTML page is reduced to its title.
fn plain(body: &str) -> String {
    let low = body.to_ascii_lowercase();
    if let (Some(start), Some(end)) = (low.find("<title>"), low.find("</title>"))
        && let Some(title) = body.get(start + "<title>".len()..end)
    {
        return title.trim().to_owned();
    }
    if low.trim_start().starts_with('<') || body.trim_start().starts_with('{') && body.len() > LONGEST {
        return String::new();
    }
    body.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_bodies_become_kinds_with_the_servers_words() {
        let quota = r#"{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        for (status, body, kind, words) in [
            (401, r#"{"error":{"message":"Incorrect API key"}}"#, ErrorKind::Auth, "Incorrect API key"),
            (403, r#"{"error":"no entry"}"#, ErrorKind::Auth, "no entry"),
            (404, r#"{"detail":"Not Found"}"#, ErrorKind::NotFound, "Not Found"),
            (404, r#"{"error":{"message":"model 'x' not found"}}"#, ErrorKind::NotFound, "model 'x'"),
            (408, "", ErrorKind::Timeout, "no words"),
            (504, "late", ErrorKind::Timeout, "late"),
            (413, "too many bytes", ErrorKind::Invalid, "too many bytes"),
            (402, "pay", ErrorKind::RateLimited { retry_after_ms: None }, "pay"),
            (429, "slow down", ErrorKind::RateLimited { retry_after_ms: Some(7) }, "slow down"),
            (429, quota, ErrorKind::RateLimited { retry_after_ms: None }, "quota"),
            (500, "<html><TITLE>502 Bad</TITLE></html>", ErrorKind::Server { status: 500 }, "502 Bad"),
            (502, "<p>x", ErrorKind::Server { status: 502 }, "no words"),
            (503, r#"{"error":{"message":"Loading model","code":503}}"#, ErrorKind::Overloaded, "Loading"),
            (529, "{}", ErrorKind::Overloaded, "{}"),
            (400, r#"{"error":{"message":"top_k: unknown"}}"#, ErrorKind::Invalid, "top_k"),
            (422, r#"{"detail":[{"msg":"field required"}]}"#, ErrorKind::Invalid, "field required"),
        ] {
            let error = of_status("asking", status, body, Some(7));
            assert_eq!(error.kind, kind, "{status} {body}");
            assert!(error.why.contains(words), "{error}");
        }
    }

    #[test]
    fn a_conversation_that_does_not_fit_says_by_how_much() {
        let openai = r#"{"error":{"message":"This model's maximum context length is 8,192 tokens. However, your messages resulted in 9001 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
        let error = of_status("asking", 400, openai, None);
        assert_eq!(error.kind, ErrorKind::ContextLength { tokens: 9001, limit: 8192 });
        let vllm = r#"{"object":"error","message":"This model's maximum context length is 4096 tokens, but 5000 were given","code":400}"#;
        let error = of_status("asking", 400, vllm, None);
        assert_eq!(error.kind, ErrorKind::ContextLength { tokens: 5000, limit: 4096 });
        let llama = r#"{"error":{"message":"the prompt is too long","type":"exceed_context_size_error","n_prompt_tokens":700,"n_ctx":512}}"#;
        let error = of_status("asking", 400, llama, None);
        assert_eq!(error.kind, ErrorKind::ContextLength { tokens: 700, limit: 512 });
        let batch = "input (1069 tokens) is too large to process. increase the physical batch size (current batch size: 512)";
        let body = serde_json::json!({"error": {"code": 500, "message": batch, "type": "server_error"}});
        let error = of_status("embedding", 500, &body.to_string(), None);
        assert_eq!(error.kind, ErrorKind::ContextLength { tokens: 1069, limit: 512 });
        for (words, tokens, limit) in [
            ("prompt is too long: 209353 tokens > 199999 maximum", 209_353, 199_999),
            (
                "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length",
                242_959,
                200_000,
            ),
            ("prompt is too long", 0, 0),
            (
                "This model's maximum context length is 4096 tokens. However, you requested 5096 tokens (4096 in the \
                 messages, 1000 in the completion).",
                5096,
                4096,
            ),
            ("the request exceeds the available context size (4096 tokens), try increasing it", 0, 4096),
            ("Requested tokens (2061) exceed context window of 512", 2061, 512),
            ("prompt of 700 tokens is over: context length exceeded, at most 512", 700, 512),
            ("context length exceeded", 0, 0),
        ] {
            let body = serde_json::json!({ "error": { "message": words } }).to_string();
            let error = of_status("asking", 400, &body, None);
            assert_eq!(error.kind, ErrorKind::ContextLength { tokens, limit }, "{words}");
        }
    }

    #[test]
    fn a_wait_that_the_server_asks_for_is_said_in_words() {
        for (ms, words) in [
            (1, "wait 1 s;"),
            (30_000, "wait 30 s;"),
            (119_500, "wait 2 min;"),
            (3_600_000, "wait 60 min;"),
            (86_400_000, "wait 24 h;"),
        ] {
            for status in [429, 503] {
                let error = of_status("asking", status, "slow down", Some(ms));
                assert!(error.hint.contains(words), "{error}");
            }
        }
        assert_eq!(of_status("asking", 429, "", Some(0)).hint, "Wait a little, then retry.");
        let unpaid = r#"{"error":{"code":"insufficient_quota"}}"#;
        assert_eq!(of_status("asking", 429, unpaid, Some(7)).hint, PAY);
    }

    #[test]
    fn what_may_be_better_the_next_time_has_its_status_and_what_is_refused_for_good_has_none() {
        for status in [408, 429, 500, 501, 502, 503, 504, 505, 529] {
            for body in ["", "words"] {
                assert_eq!(may_pass(&of_status("asking", status, body, None)), Some(status), "{status}");
            }
        }
        for (status, body) in [
            (Some(400), "words"),
            (Some(401), ""),
            (Some(404), "words"),
            (Some(429), r#"{"error":{"code":"insufficient_quota"}}"#),
            (Some(500), "image input is not supported"),
            (Some(500), "prompt is too long"),
            (None, "words"),
            (None, ""),
        ] {
            assert_eq!(may_pass(&told("asking", status, body, None)), None, "{status:?} {body}");
        }
    }

    #[test]
    fn what_stands_behind_a_gateways_own_sentence_is_kept_with_it() {
        let gateway = |raw: Value| {
            let metadata = serde_json::json!({ "provider_name": "Far", "raw": raw });
            let error = serde_json::json!({ "message": "Provider returned error", "code": 429, "metadata": metadata });
            of_status("asking", 429, &serde_json::json!({ "error": error }).to_string(), None)
        };
        for raw in [
            Value::from(r#"{"error":{"message":"its own words","type":"some_error"}}"#),
            Value::from("its own words"),
            serde_json::json!({ "error": { "message": "its own words" } }),
        ] {
            let error = gateway(raw);
            assert_eq!(error.why, "the server says (429): Provider returned error (Far: its own words)");
            assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: None });
        }
        for nothing in [Value::Null, Value::from(""), Value::from("Provider returned error")] {
            assert_eq!(gateway(nothing).why, "the server says (429): Provider returned error");
        }
        let reasons = r#"{"error":{"message":"flagged","metadata":{"reasons":["x"]}}}"#;
        assert_eq!(of_status("asking", 403, reasons, None).why, "the server says (403): flagged");
    }

    #[test]
    fn errors_in_a_list_of_one_are_read_as_one() {
        let gemini = r#"[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]"#;
        assert_eq!(of_status("asking", 400, gemini, None).why, "the server says (400): API key not valid");
        let two = r#"["one", "two"]"#;
        assert_eq!(of_status("asking", 400, two, None).why, format!("the server says (400): {two}"));
    }

    #[test]
    fn a_long_complaint_is_cut() {
        let error = of_status("asking", 500, &"x".repeat(100_000), None);
        assert!(error.why.len() < 2100);
    }

    #[test]
    fn a_server_that_sees_no_pictures_is_not_to_be_asked_again() {
        let llama = r#"{"error":{"code":500,"message":"image input is not supported - hint: if this is unexpected, you may need to provide the mmproj","type":"server_error"}}"#;
        let error = of_status("asking", 500, llama, None);
        assert_eq!(error.kind, ErrorKind::Refused { capability: "vision".to_owned() });
        assert!(error.why.contains("the mmproj") && !error.hint.contains("again"), "{error}");
    }
}
