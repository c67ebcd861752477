//! What a cassette holds: calls of providers and what was answered, with its times.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::call::{Blobs, Call};
use super::delta::Event;
use super::error::Error;
use super::hex::hex;
use super::message::{BlobId, Block};
use super::time::Timestamp;

/// One call and its whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Take {
    pub at: Timestamp,
    pub call: Call,
    /// Milliseconds since the call, and what came then; the order is the order in which it came.
    pub events: Vec<(u64, Event)>,
    /// Milliseconds since the call, and how it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<(u64, Error)>,
}

/// Which of the takes answers `call`, where it was asked before so many times: the takes of the same question come one after
/// the other, then from the first again. Those with the same settings win over others.
pub fn answering(takes: &[Take], call: &Call, asked_before: usize) -> Option<usize> {
    let alike = |same: fn(&Call, &Call) -> bool| -> Vec<usize> {
        let takes = takes.iter().enumerate();
        takes.filter(|(_, take)| same(&take.call, call)).map(|(at, _)| at).collect()
    };
    let exact = alike(|one, other| question(one) == question(other) && one.model() == other.model());
    let found = if exact.is_empty() { alike(same_words) } else { exact };
    (!found.is_empty()).then(|| found[asked_before % found.len()])
}

/// A call without what differs from run to run and from workspace to workspace: whose prompt cache it may use, and the names
/// of attachments, which become digests of their bytes.
pub fn question(call: &Call) -> Call {
    let mut call = call.clone();
    match &mut call {
        Call::Converse(converse) | Call::CountTokens(converse) => {
            converse.conversation = None;
            let blobs = std::mem::take(&mut converse.blobs);
            for block in converse.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
                if let Block::Image { blob, .. } | Block::Document { blob, .. } = block {
                    name_by_bytes(blob, &blobs);
                }
                // What a picture was called makes no other question.
                if let Block::Image { file, .. } = block {
                    *file = None;
                }
            }
        }
        Call::Image(picture) => {
            let blobs = std::mem::take(&mut picture.blobs);
            if let Some(blob) = &mut picture.from {
                name_by_bytes(blob, &blobs);
            }
        }
        _ => {}
    }
    call
}

fn name_by_bytes(blob: &mut BlobId, blobs: &Blobs) {
    if let Some(bytes) = blobs.get(blob) {
        blob.0 = format!("sha256:{}", hex(&Sha256::digest(bytes)));
    }
}

/// The same conversation with the same model, whatever the settings.
fn same_words(one: &Call, other: &Call) -> bool {
    match (one, other) {
        (Call::Converse(one), Call::Converse(other)) | (Call::CountTokens(one), Call::CountTokens(other)) => {
            one.model == other.model && one.system == other.system && one.turns == other.turns
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::{Converse, Turn};
    use super::super::id::ConversationId;
    use super::super::message::{FileFacts, Role};
    use super::super::settings::Settings;
    use super::*;

    fn ask(text: &str, temperature: Option<f32>, conversation: u8) -> Call {
        Call::Converse(Converse {
            model: "box/m".parse().unwrap(),
            system: None,
            turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: text.to_owned() }] }],
            settings: Settings { temperature, ..Settings::default() },
            conversation: Some(ConversationId::from_bytes([conversation; 16])),
            blobs: Blobs::default(),
        })
    }

    fn take(call: Call) -> Take {
        Take { at: Timestamp(0), call, events: Vec::new(), error: None }
    }

    #[test]
    fn takes_of_one_question_come_in_turn_and_the_same_settings_win() {
        let takes = [
            take(ask("a", Some(0.0), 1)),
            take(ask("a", None, 1)),
            take(ask("b", None, 2)),
            take(ask("a", None, 3)),
        ];
        let found = |call: &Call| (0..3).map(|asked| answering(&takes, call, asked)).collect::<Vec<_>>();
        assert_eq!(found(&ask("a", None, 9)), [Some(1), Some(3), Some(1)]);
        assert_eq!(found(&ask("a", Some(0.0), 9)), [Some(0), Some(0), Some(0)]);
        assert_eq!(
            found(&ask("a", Some(0.5), 9)),
            [Some(0), Some(1), Some(3)],
            "other settings, the same words"
        );
        assert_eq!(found(&ask("c", None, 9)), [None, None, None]);
        assert_eq!(answering(&takes, &Call::ListModels, 0), None);
    }

    #[test]
    fn the_same_picture_under_another_workspaces_name_is_the_same_question() {
        let shown = |name: &str, bytes: &[u8]| {
            let Call::Converse(mut converse) = ask("what is it?", None, 1) else { unreachable!() };
            let blob = BlobId(name.to_owned());
            converse.blobs.put(blob.clone(), bytes);
            let file = Some(FileFacts { name: format!("{name}.png"), bytes: 5 });
            converse.turns[0].blocks.push(Block::Image { media_type: "image/png".to_owned(), blob, file });
            Call::Converse(converse)
        };
        let takes = [take(question(&shown("theirs", b"a cat"))), take(question(&shown("ours", b"a dog")))];
        assert_eq!(answering(&takes, &shown("ours", b"a cat"), 0), Some(0));
        assert_eq!(answering(&takes, &shown("ours", b"a dog"), 0), Some(1));
        assert_eq!(answering(&takes, &shown("ours", b"a cow"), 0), None);
    }
}
