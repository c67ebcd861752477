//! Finds words in titles and in every block of every message.

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use crate::domain::Result;
use crate::domain::conversation::Conversation;
use crate::domain::id::MessageId;
use crate::domain::message::Block;
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
                if let Some((text, found)) =
                    message.blocks.iter().filter_map(text_of).find_map(|t| find(&t, &needle).map(|f| (t, f)))
                {
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

/// What of a block can be searched.
fn text_of(block: &Block) -> Option<String> {
    match block {
        Block::Text { text } | Block::Reasoning { text, .. } => Some(text.clone()),
        Block::Document { name, .. } => Some(name.clone()),
        Block::ToolUse { name, input, .. } => Some(format!("{name} {input}")),
        Block::ToolResult { content, .. } => Some(content.clone()),
        _ => None,
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
