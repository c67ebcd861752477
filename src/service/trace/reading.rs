//! Files with traces, whatever wrote them.

use super::inflate::inflate;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::trace::{Decoded, bedrock, inspect, otlp, session};

const FORMS: &str = "OTLP as JSON or protobuf is read, what InvokeAgent of Bedrock answers, logs of Inspect, and sessions of \
                     Claude Code and Codex.";

/// Bytes of a file, packed or not.
pub const LARGEST: usize = 2 << 30;

/// Reads a file: OTLP as JSON (one request, or one a line) or protobuf, a trace of a Bedrock agent, a log of Inspect, a session of
/// Claude Code or Codex; each packed with gzip or not.
pub fn read(bytes: &[u8]) -> Result<Decoded> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return read(&inflate(bytes, LARGEST)?);
    }
    if bytes.starts_with(b"PK") {
        return inspect::decode(bytes, LARGEST as u64).map(|log| log.decoded);
    }
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if let Some(b'{' | b'[') = first
        && is_text(text)
    {
        // What each of them says of a file of another is of no use but where none takes it.
        let otlp = match otlp::json::decode(bytes) {
            Err(error) => error,
            decoded => return decoded,
        };
        let others = [bedrock::decode, session::decode, |bytes: &[u8]| {
            inspect::decode(bytes, LARGEST as u64).map(|log| log.decoded)
        }];
        return others.iter().find_map(|decode| decode(bytes).ok()).ok_or_else(|| none_of_these(&otlp));
    }
    // An export request is fields with the number 1, of variable length.
    if bytes.first() == Some(&0x0a) {
        let decoded = otlp::protobuf::decode(bytes);
        if !decoded.spans.is_empty() || !decoded.cut {
            return Ok(decoded);
        }
    }
    bedrock::decode(bytes)
        .map_err(|error| Error::new(ErrorKind::Invalid, "reading a file of traces", error.why, FORMS))
}

/// Whether its beginning is text: protobuf may begin as JSON does.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().take(64).all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

fn none_of_these(otlp: &Error) -> Error {
    let why = format!("no trace of any known form stands in it; as OTLP, {}", otlp.why);
    Error::new(ErrorKind::Invalid, "reading a file of traces", why, FORMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_file_is_read_as_what_it_is() {
        let file = |name: &str| {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name);
            read(&std::fs::read(path).unwrap()).unwrap()
        };
        for kind in ["otlp_genai", "otlp_openinference"] {
            let [json, protobuf, packed] =
                ["json", "pb", "pb.gz"].map(|end| file(&format!("{kind}.{end}")).spans);
            assert!(!json.is_empty());
            assert_eq!(json, protobuf, "{kind}");
            assert_eq!(json, packed, "{kind}");
        }
        for other in ["bedrock_agent.json", "inspect_mockllm.eval", "claude_code.jsonl"] {
            assert!(!file(other).spans.is_empty(), "{other}");
        }
    }

    #[test]
    fn what_is_no_trace_is_told_so() {
        for bytes in [&b"{\"a\": 1}"[..], b"hello", b"", b"\x0a\xff\xff", b"\x1f\x8b\x00"] {
            assert_eq!(read(bytes).unwrap_err().kind, ErrorKind::Invalid, "{bytes:?}");
        }
    }
}
