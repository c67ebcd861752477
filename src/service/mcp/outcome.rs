//! What a tool gave, as one text for the model.

use std::borrow::Cow;
use std::fmt::Write as _;

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

/// The most that a model is told of one result, in bytes.
const MOST: usize = 256 * 1024;

/// What a call came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// For the model. Pictures and other bytes are named in it.
    pub text: String,
    /// The server, or the tool, says that it did not work.
    pub is_error: bool,
    /// What programs may read, where the tool gives such.
    pub structured: Option<Value>,
}

impl Outcome {
    pub(super) fn refused(words: &str) -> Self {
        Self { text: cut(words.to_owned()), is_error: true, structured: None }
    }

    pub(super) fn of(result: CallToolResult) -> Self {
        let mut parts: Vec<Cow<'_, str>> = Vec::new();
        for (at, block) in result.content.iter().enumerate() {
            parts.push(words(at + 1, block));
        }
        let structured = result.structured_content;
        // Tools mostly tell it as a text too, for models, in one way or another.
        let is_told = result.content.iter().any(|block| block.as_text().is_some());
        if let Some(value) = structured.as_ref().filter(|_| !is_told) {
            parts.push(value.to_string().into());
        }
        let text = cut(parts.join("\n\n"));
        Self { text, is_error: result.is_error == Some(true), structured }
    }
}

/// A part of a result; bytes by what they are, and how many.
fn words(number: usize, block: &ContentBlock) -> Cow<'_, str> {
    let bytes = |base64: &str| base64.trim_end_matches('=').len() * 3 / 4;
    match block {
        ContentBlock::Text(text) => Cow::Borrowed(&text.text),
        ContentBlock::Image(image) => {
            format!("[image {number}: {}, {} bytes]", image.mime_type, bytes(&image.data)).into()
        }
        ContentBlock::Audio(audio) => {
            format!("[sound {number}: {}, {} bytes]", audio.mime_type, bytes(&audio.data)).into()
        }
        ContentBlock::ResourceLink(link) => format!("[link {number}: {} ({})]", link.uri, link.name).into(),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { uri, text, .. } => format!("{uri}:\n{text}").into(),
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                let kind = mime_type.as_deref().unwrap_or("bytes");
                format!("[file {number}: {uri}, {kind}, {} bytes]", bytes(blob)).into()
            }
            _ => format!("[part {number}: of a kind that is not known here]").into(),
        },
        _ => format!("[part {number}: of a kind that is not known here]").into(),
    }
}

/// The text, its end left out where it is too long.
fn cut(mut text: String) -> String {
    if text.len() > MOST {
        let end = text.floor_char_boundary(MOST);
        let left = text.len() - end;
        text.truncate(end);
        let _ = write!(text, "\n[{left} more bytes are left out]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(result: Value) -> Outcome {
        Outcome::of(serde_json::from_value(result).unwrap())
    }

    #[test]
    fn a_result_of_every_kind_is_one_text() {
        let outcome = of(json!({"content": [
            {"type": "text", "text": "a"},
            {"type": "image", "mimeType": "image/png", "data": "AAAA"},
            {"type": "audio", "mimeType": "audio/wav", "data": "AAA="},
            {"type": "resource_link", "uri": "file:///x", "name": "x"},
            {"type": "resource", "resource": {"uri": "demo://1", "mimeType": "text/plain", "text": "b"}},
            {"type": "resource", "resource": {"uri": "demo://2", "blob": "AAAA"}},
        ]}));
        assert_eq!(
            outcome.text,
            "a\n\n[image 2: image/png, 3 bytes]\n\n[sound 3: audio/wav, 2 bytes]\n\n[link 4: file:///x (x)]\n\n\
             demo://1:\nb\n\n[file 6: demo://2, bytes, 3 bytes]"
        );
        assert!(!outcome.is_error);
    }

    #[test]
    fn what_is_structured_is_told_once_and_an_error_is_one() {
        let both =
            of(json!({"content": [{"type": "text", "text": "{ \"a\": 1 }"}], "structuredContent": {"a": 1}}));
        assert_eq!((both.text.as_str(), both.structured), ("{ \"a\": 1 }", Some(json!({"a": 1}))));
        let alone = of(json!({"content": [], "structuredContent": {"a": 1}, "isError": true}));
        assert_eq!((alone.text.as_str(), alone.is_error), ("{\"a\":1}", true));
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters_and_says_so() {
        let text = cut("é".repeat(MOST));
        assert!(text.len() < MOST + 100 && text.ends_with("more bytes are left out]"), "{}", text.len());
    }
}
