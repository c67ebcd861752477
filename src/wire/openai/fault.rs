//! Errors as this API says them.

use serde_json::Value;

use crate::domain::Error;
use crate::wire::fault::in_answer;
pub use crate::wire::fault::of_status;

/// The error object that a frame of a stream holds, if it holds one: it came after the status 200.
pub fn in_stream(doing: &str, frame: &Value) -> Option<Error> {
    let error = frame.get("error").filter(|e| !e.is_null())?;
    let code = error.get("code").and_then(|c| c.as_u64().or_else(|| c.as_str()?.parse().ok()));
    let status = code.and_then(|c| u16::try_from(c).ok()).filter(|c| (400..600).contains(c)).unwrap_or(500);
    Some(in_answer(doing, frame, status))
}

/// Whether the server wants the longest answer under its newer name.
pub fn wants_max_completion_tokens(body: &str) -> bool {
    body.contains("max_completion_tokens")
}
