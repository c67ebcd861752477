//! Damage for the tests that fuzz a reader: bytes of a sound file that were changed, lost, doubled or put in.

use proptest::prelude::*;
use proptest::sample::Index;

/// One blow: where, how many bytes are lost there, and what is put in their place.
#[derive(Debug, Clone)]
pub struct Blow {
    at: Index,
    lost: usize,
    put: Vec<u8>,
    /// What was lost stands there twice instead.
    doubled: bool,
}

/// A few blows.
pub fn blows() -> impl Strategy<Value = Vec<Blow>> {
    let put = prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::collection::vec(32_u8..127, 0..12),
    ];
    let lost = prop_oneof![4 => 0_usize..6, 1 => 0_usize..2000];
    let blow = (any::<Index>(), lost, put, prop::bool::weighted(0.2));
    let blow = blow.prop_map(|(at, lost, put, doubled)| Blow { at, lost, put, doubled });
    prop::collection::vec(blow, 1..6)
}

/// The bytes after them.
pub fn damaged(mut bytes: Vec<u8>, blows: &[Blow]) -> Vec<u8> {
    for Blow { at, lost, put, doubled } in blows {
        let at = at.index(bytes.len() + 1);
        let end = (at + lost).min(bytes.len());
        let piece = if *doubled { bytes[at..end].repeat(2) } else { put.clone() };
        bytes.splice(at..end, piece);
    }
    bytes
}

/// Pieces of a format, given with blanks between them, in any order, with ends of lines: nearer to what a reader takes
/// than bytes by chance.
pub fn soup(pieces: &'static str) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(pieces.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned),
        3 => "(\n|\r\n|\n\n| )",
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}
