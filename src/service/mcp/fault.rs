//! What went wrong between here and a server, in words.

use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientInitializeError, ServiceError};

use crate::domain::{Error, ErrorKind};

/// The most characters of a stranger's words within an error.
const BRIEF: usize = 300;

/// Why it did not work.
pub(super) struct Why {
    kind: ErrorKind,
    words: String,
    /// The other side is gone.
    pub is_end: bool,
}

impl Why {
    pub fn error(self, doing: &str) -> Error {
        let hint = if self.is_end { "Check that it runs, and that it is an MCP server." } else { "" };
        Error::new(self.kind, doing, self.words, hint)
    }
}

/// The beginning of what a stranger says, on one line.
pub(super) fn brief(text: &str) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(BRIEF) {
        words.truncate(at);
        words.push('…');
    }
    words
}

pub(super) fn of_begin(error: &ClientInitializeError) -> Why {
    let told = |words: String| Why { kind: ErrorKind::Invalid, words, is_end: false };
    match error {
        ClientInitializeError::ConnectionClosed(_) => ended(),
        ClientInitializeError::TransportError { error, .. } => {
            Why { words: brief(&deepest(error)), ..ended() }
        }
        ClientInitializeError::NoCompatibleProtocolVersion { server_supported, .. } => {
            let versions: Vec<&str> = server_supported.iter().map(ProtocolVersion::as_str).collect();
            told(format!(
                "it speaks no version of the protocol that is known here: {}",
                brief(&versions.join(", "))
            ))
        }
        // The rest prints whole messages of the server's.
        _ => told("what it answers is nothing that an MCP server says".to_owned()),
    }
}

pub(super) fn of_call(error: &ServiceError) -> Why {
    match error {
        ServiceError::McpError(refused) => Why {
            kind: ErrorKind::Invalid,
            words: format!("it refuses ({}): {}", refused.code.0, brief(&refused.message)),
            is_end: false,
        },
        ServiceError::TransportClosed => ended(),
        ServiceError::TransportSend(error) => Why { words: brief(&deepest(error)), ..ended() },
        ServiceError::UnexpectedResponse => Why {
            kind: ErrorKind::Invalid,
            words: "what it answers is nothing that was asked for".to_owned(),
            is_end: false,
        },
        other => Why { kind: ErrorKind::Invalid, words: brief(&other.to_string()), is_end: false },
    }
}

fn ended() -> Why {
    Why { kind: ErrorKind::Network, words: "it has closed the connection".to_owned(), is_end: true }
}

/// The deepest cause: the outer ones say where in the SDK it was.
fn deepest(error: &rmcp::transport::DynamicTransportError) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_are_one_short_line() {
        assert_eq!(brief(" a\n\n b\t"), "a b");
        assert_eq!(brief(&"é".repeat(1000)).chars().count(), BRIEF + 1);
    }
}
