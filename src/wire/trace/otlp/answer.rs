//! The answer to an export request: OTLP's rules for what was taken, taken in part, or cannot be read.

use serde_json::Value;

use super::{json, protobuf};
use crate::domain::Error;
use crate::domain::trace::TraceSpan;
use crate::wire::trace::Decoded;

/// `google.rpc.Code` for what will not do however often it is sent.
const INVALID_ARGUMENT: u32 = 3;
/// For what may be sent again later.
const UNAVAILABLE: u32 = 14;

/// How a request was written; the answer is written alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// By the media type of a request; parameters after it say nothing.
    pub fn of(content_type: &str) -> Option<Self> {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/x-protobuf")
            || media.eq_ignore_ascii_case("application/protobuf")
        {
            Some(Self::Protobuf)
        } else if media.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// The media type of the answer.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// An `ExportTraceServiceRequest` of these spans.
pub fn request(spans: &[TraceSpan], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => protobuf::encode(spans),
        Encoding::Json => json::encode(spans).into_bytes(),
    }
}

/// Of an answer of success: how many spans the server did not take, and words; `None` where it took all and says nothing.
pub fn partial_success(body: &[u8], encoding: Encoding) -> Option<(i64, String)> {
    match encoding {
        Encoding::Protobuf => protobuf::decode_partial_success(body),
        Encoding::Json => {
            let answer: Value = serde_json::from_slice(body).ok()?;
            let told = answer.get("partialSuccess").or_else(|| answer.get("partial_success"))?;
            let of = |names: [&str; 2]| names.into_iter().find_map(|name| told.get(name));
            let number = of(["rejectedSpans", "rejected_spans"]);
            let rejected = number
                .and_then(|number| number.as_i64().or_else(|| number.as_str()?.parse().ok()))
                .unwrap_or(0);
            let words = of(["errorMessage", "error_message"]).and_then(Value::as_str).unwrap_or_default();
            (rejected != 0 || !words.is_empty()).then(|| (rejected, words.to_owned()))
        }
    }
}

/// What a server that refuses says, as a text or as JSON: the words of a `google.rpc.Status` that is protobuf, else what it is.
pub fn complaint(body: String, encoding: Encoding) -> String {
    match encoding {
        Encoding::Protobuf => protobuf::decode_status(body.as_bytes()).unwrap_or(body),
        Encoding::Json => body,
    }
}

/// What a server answers: an HTTP status and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// To a request that was read. Whatever could be taken was: the number of spans that were not, and why, or what should
    /// be written otherwise, stand in a partial success, which no client may send again. One in which nothing could be
    /// read is a bad request.
    pub fn to(decoded: &Decoded, encoding: Encoding) -> Self {
        let words = decoded.remarks();
        if decoded.cut && decoded.spans.is_empty() {
            return Self::refusal(encoding, 400, INVALID_ARGUMENT, &words);
        }
        let body = match encoding {
            Encoding::Protobuf => protobuf::partial_success(decoded.rejected, &words),
            Encoding::Json => json::partial_success(decoded.rejected, &words).into_bytes(),
        };
        Self { status: 200, body }
    }

    /// To a request that cannot be read.
    pub fn bad(error: &Error, encoding: Encoding) -> Self {
        Self::refusal(encoding, 400, INVALID_ARGUMENT, &error.to_string())
    }

    /// To a request that comes while there is no room; with it goes a `Retry-After`.
    pub fn busy(encoding: Encoding, words: &str) -> Self {
        Self::refusal(encoding, 503, UNAVAILABLE, words)
    }

    /// To a request that is refused whatever it says: who asks, how, or how much.
    pub fn refused(encoding: Encoding, status: u16, words: &str) -> Self {
        // google.rpc.Code has a number for each of these.
        let code = match status {
            401 => 16,
            403 => 7,
            404 => 5,
            405 => 12,
            408 => 4,
            413 => 8,
            500 => 13,
            503 => UNAVAILABLE,
            _ => INVALID_ARGUMENT,
        };
        Self::refusal(encoding, status, code, words)
    }

    fn refusal(encoding: Encoding, status: u16, code: u32, words: &str) -> Self {
        let body = match encoding {
            Encoding::Protobuf => protobuf::status(code, words),
            Encoding::Json => json::status(code, words).into_bytes(),
        };
        Self { status, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partly() -> Decoded {
        let mut decoded = Decoded::default();
        decoded.reject("a span has no valid trace id");
        decoded.reject("a span has no valid trace id");
        decoded
    }

    #[test]
    fn all_is_well_is_an_empty_message() {
        let answer = Answer::to(&Decoded::default(), Encoding::Protobuf);
        assert_eq!(answer, Answer { status: 200, body: Vec::new() });
        assert_eq!(Answer::to(&Decoded::default(), Encoding::Json).body, b"{}");
    }

    #[test]
    fn what_was_rejected_is_counted_and_told_in_a_success() {
        let words = "a span has no valid trace id (2 times)";
        let answer = Answer::to(&partly(), Encoding::Protobuf);
        assert_eq!(answer.status, 200);
        assert_eq!(protobuf::decode_partial_success(&answer.body), Some((2, words.to_owned())));
        let body = Answer::to(&partly(), Encoding::Json).body;
        assert_eq!(partial_success(&body, Encoding::Json), Some((2, words.to_owned())));
        assert_eq!(partial_success(b"{}", Encoding::Json), None);
        let told: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(told["partialSuccess"]["rejectedSpans"], "2");
        assert_eq!(told["partialSuccess"]["errorMessage"], words);
    }

    #[test]
    fn what_cannot_be_read_at_all_is_a_bad_request() {
        let answer = Answer::to(&protobuf::decode(b"\xff\xff"), Encoding::Protobuf);
        assert_eq!(answer.status, 400);
        // Field 1, a varint of 3.
        assert_eq!(answer.body[..2], [8, 3]);
        let refused = String::from_utf8(Answer::busy(Encoding::Protobuf, "full").body).unwrap();
        assert_eq!(complaint(refused, Encoding::Protobuf), "full");
        assert_eq!(complaint("no such place".to_owned(), Encoding::Protobuf), "no such place");
    }

    #[test]
    fn the_answer_is_written_as_the_request() {
        for (told, wanted) in [
            ("application/x-protobuf", Some(Encoding::Protobuf)),
            ("Application/JSON; charset=utf-8", Some(Encoding::Json)),
            ("text/plain", None),
        ] {
            assert_eq!(Encoding::of(told), wanted, "{told}");
        }
    }
}
