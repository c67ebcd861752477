//! The piece table: which bytes of the main stream are which characters of the text.

use super::super::fault::Fault;
use super::Numbers;

/// Characters that lie beside each other in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its first character, as the text counts them.
    pub first: u32,
    pub characters: u32,
    /// Its first byte in the main stream.
    pub at: usize,
    /// A byte a character, in windows-1252; else two, in UTF-16.
    pub narrow: bool,
}

/// The pieces of the first `characters` of the text.
pub fn read(mut clx: &[u8], characters: u32) -> Result<Vec<Piece>, Fault> {
    let damaged = || Fault::damaged("its piece table is broken");
    // Properties of pieces stand before the table.
    while clx.first() == Some(&1) {
        let length = usize::from(clx.u16_at(1).ok_or_else(damaged)?);
        clx = clx.get(3 + length..).ok_or_else(damaged)?;
    }
    if clx.first() != Some(&2) {
        return Err(damaged());
    }
    let length = clx.u32_at(1).ok_or_else(damaged)? as usize;
    let table = clx.get(5..).and_then(|table| table.get(..length)).ok_or_else(damaged)?;
    let count = length.saturating_sub(4) / 12;
    let mut pieces = Vec::with_capacity(count);
    for at in 0..count {
        let first = table.u32_at(4 * at).ok_or_else(damaged)?;
        let end = table.u32_at(4 * at + 4).ok_or_else(damaged)?;
        let place = table.u32_at(4 * (count + 1) + 8 * at + 2).ok_or_else(damaged)?;
        let narrow = place & 0x4000_0000 != 0;
        let place = (place & 0x3FFF_FFFF) as usize;
        if end < first {
            return Err(damaged());
        }
        let end = end.min(characters);
        if end > first {
            let at = if narrow { place / 2 } else { place };
            pieces.push(Piece { first, characters: end - first, at, narrow });
        }
    }
    Ok(pieces)
}
