//! A file as it would be cut, before anything of it is embedded or kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::chunking::Chunking;
use super::passage::Passage;
use crate::domain::catalog::ModelId;

/// What is to be cut, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToCut {
    /// The file, from the root.
    pub path: PathBuf,
    /// Each of them cuts the same text; 1 to 4.
    pub chunkings: Vec<Chunking>,
    /// Whose tokens count; the model of this program where none is named.
    #[serde(default)]
    pub embedder: Option<ModelId>,
    /// Only so many passages of each are shown; what is told of them is of all.
    #[serde(default)]
    pub most: Option<u32>,
}

/// What a file would become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    pub uri: String,
    /// What it was taken for.
    pub format: String,
    /// What is to be said of the reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Of the text that was read in it.
    pub bytes: u64,
    pub tokens: u64,
    pub embedder: ModelId,
    /// Tokens are those of the embedder's own tokenizer; else there are about so many.
    pub exact: bool,
    /// The most tokens that the embedder reads at once; `None` where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// One for each chunking.
    pub ways: Vec<Way>,
}

/// What comes of one chunking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub chunking: Chunking,
    pub passages: u64,
    /// Of all passages, what overlaps counted in each.
    pub tokens: u64,
    /// Of these, such as the passage before has too.
    pub overlap: u64,
    /// Of the shortest and the longest passage.
    pub shortest: u32,
    pub longest: u32,
    /// Passages longer than the embedder reads at once: they are read in windows.
    pub windowed: u64,
}

/// A passage as it would be, and how many tokens of it the one before has too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    pub passage: Passage,
    pub overlap: u32,
}

impl Way {
    /// What these come to.
    pub fn of(chunking: Chunking, pieces: &[Piece], window: Option<u32>) -> Self {
        let tokens = || pieces.iter().map(|piece| piece.passage.tokens);
        Self {
            chunking,
            passages: pieces.len() as u64,
            tokens: tokens().map(u64::from).sum(),
            overlap: pieces.iter().map(|piece| u64::from(piece.overlap)).sum(),
            shortest: tokens().min().unwrap_or(0),
            longest: tokens().max().unwrap_or(0),
            windowed: tokens().filter(|tokens| window.is_some_and(|window| *tokens > window)).count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{DocumentId, PassageId};
    use crate::domain::knowledge::attribute::Attributes;

    #[test]
    fn what_passages_come_to_is_of_all_of_them() {
        let piece = |tokens: u32, overlap: u32| Piece {
            passage: Passage {
                id: PassageId::from_bytes([1; 16]),
                document: DocumentId::from_bytes([1; 16]),
                ordinal: 0,
                range: 0..1,
                parent: None,
                tokens,
                text: "a".to_owned(),
                attributes: Attributes::new(),
            },
            overlap,
        };
        let pieces = [piece(200, 0), piece(180, 40), piece(30, 40)];
        let way = Way::of(Chunking::Default, &pieces, Some(190));
        assert_eq!((way.passages, way.tokens, way.overlap), (3, 410, 80));
        assert_eq!((way.shortest, way.longest, way.windowed), (30, 200, 1));
        assert_eq!(Way::of(Chunking::None, &pieces, None).windowed, 0);
        assert_eq!(Way::of(Chunking::None, &[], None).longest, 0);
    }
}
