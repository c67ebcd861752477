//! Finds words in titles, in every block of every message, and in what agents did for one.

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use crate::domain::Result;
use crate::domain::agent::acting::Doing;
use crate::domain::conversation::Conversation;
use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message};
use crate::domain::search::Hit;
use crate::service::archive::Archive;

/// Characters shown before and after a match.
const AROUND: usize = 40;
/// Batches that wait for a slow reader.
const BATCHES: usize = 4;

/// Hits for `query` (matched without regard to case), newest conversation first, one batch a conversation.
pub(super) fn search(archive: Archive, query: &str, limit: usize) -> BoxStream<'static, Result<Vec<Hit>>> {
    let needle: Vec<char> = query.trim().chars().flat_map(char::to_lowercase).collect();
    if needle.is_empty() {
        return stream::empty().boxed();
    }
    let (batches, received) = mpsc::channel(BATCHES);
    // The scan ends by itself when the receiver is dropped: the next send fails.
    drop(tokio::task::spawn_blocking(move || {
        let mut left = limit;
        let scanned = archive.scan(|thread| {
            let mut hits = Vec::new();
            if let Some(found) = find(&thread.conversation.title, &needle) {
                hits.push(hit(&thread.conversation, None, &thread.conversation.title, found));
            }
            for message in &thread.messages {
                if let Some((text, found)) = texts(message).find_map(|t| find(&t, &needle).map(|f| (t, f))) {
                    hits.push(hit(&thread.conversation, Some(message.id), &text, found));
                }
            }
            hits.truncate(left);
            left -= hits.len();
            (hits.is_empty() || batches.blocking_send(Ok(hits)).is_ok()) && left > 0 && !batches.is_closed()
        });
        if let Err(error) = scanned {
            // The reader may be gone; then nobody wants the error.
            let _ = batches.blocking_send(Err(error));
        }
    }));
    stream::unfold(
        received,
        |mut received| async move { received.recv().await.map(|batch| (batch, received)) },
    )
    .boxed()
}

/// What of a message can be searched: its blocks, then what an agent did for it.
fn texts(message: &Message) -> impl Iterator<Item = String> {
    let doings = message.acting().map(|acting| acting.doings.as_slice()).unwrap_or_default();
    message.blocks.iter().filter_map(text_of).chain(doings.iter().flat_map(texts_of))
}

fn texts_of(doing: &Doing) -> Vec<String> {
    match doing {
        Doing::Asked(asked) => vec![asked.thought.clone(), asked.text.clone()],
        Doing::Called(call) => {
            let gave = call.gave.as_ref().map(|gave| gave.content.clone());
            [format!("{} {}", call.action, call.input)].into_iter().chain(gave).collect()
        }
        Doing::Remark { text } => vec![text.clone()],
        Doing::Consent(_) => Vec::new(),
    }
}

/// What of a block can be searched.
fn text_of(block: &Block) -> Option<String> {
    match block {
        Block::Text { text } | Block::Reasoning { text, .. } => Some(text.clone()),
        Block::Document { name, .. } => Some(name.clone()),
        Block::Image { file, .. } => file.as_ref().map(|file| file.name.clone()),
        Block::ToolUse { name, input, .. } => Some(format!("{name} {input}")),
        Block::ToolResult { content, .. } => Some(content.clone()),
        Block::RedactedReasoning { .. } | Block::CachePoint => None,
    }
}

/// The byte range of the first place where the lower-case forms agree.
fn find(text: &str, needle: &[char]) -> Option<(usize, usize)> {
    text.char_indices().find_map(|(start, _)| {
        let mut wanted = needle.iter();
        for (at, c) in text[start..].char_indices() {
            for lower in c.to_lowercase() {
                match wanted.next() {
                    Some(w) if *w != lower => return None,
                    // A match may end within a character's lower-case form: it takes the whole character.
                    Some(_) | None => {}
                }
            }
            if wanted.as_slice().is_empty() {
                return Some((start, start + at + c.len_utf8()));
            }
        }
        None
    })
}

fn hit(
    conversation: &Conversation,
    message: Option<MessageId>,
    text: &str,
    (start, end): (usize, usize),
) -> Hit {
    let from = text[..start].char_indices().rev().nth(AROUND - 1).map_or(0, |(i, _)| i);
    let to = text[end..].char_indices().nth(AROUND).map_or(text.len(), |(i, _)| end + i);
    let mut snippet = String::new();
    if from > 0 {
        snippet.push('…');
    }
    let lead = snippet.len() + start - from;
    // One byte for one byte, so that the range of the match stays true.
    snippet.extend(text[from..to].chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }));
    if to < text.len() {
        snippet.push('…');
    }
    Hit { conversation: conversation.clone(), message, snippet, matched: (lead, lead + end - start) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::acting::{Called, Gave};
    use crate::domain::message::{BlobId, FileFacts};

    #[test]
    fn the_names_of_files_and_what_an_agent_did_are_searched_too() {
        let file = Some(FileFacts { name: "mouth.png".into(), bytes: 9 });
        let picture = Block::Image { media_type: "image/png".into(), blob: BlobId("00".into()), file };
        assert_eq!(text_of(&picture).as_deref(), Some("mouth.png"));
        let called = Called {
            id: "1".into(),
            action: "weather".into(),
            input: serde_json::json!({"city": "Oslo"}),
            by: String::new(),
            passages: None,
            gave: Some(Gave { content: "sleet".into(), is_error: false }),
            at: 0,
            millis: None,
        };
        let called = Doing::Called(called.into());
        assert_eq!(texts_of(&called), [r#"weather {"city":"Oslo"}"#, "sleet"]);
        assert_eq!(texts_of(&Doing::Remark { text: "no more".into() }), ["no more"]);
    }

    fn needle(text: &str) -> Vec<char> {
        text.chars().flat_map(char::to_lowercase).collect()
    }

    #[test]
    fn a_match_ignores_case_in_every_script_and_gives_the_bytes_of_the_text() {
        assert_eq!(find("Die STRASSE führt", &needle("straße")), None);
        assert_eq!(find("die ÄPFEL", &needle("äpfel")), Some((4, 10)));
        assert_eq!(find("日本語の検索", &needle("の検")), Some((9, 15)));
        assert_eq!(find("İstanbul", &needle("i")), Some((0, 2)));
        assert_eq!(find("abc", &needle("abcd")), None);
    }
}
