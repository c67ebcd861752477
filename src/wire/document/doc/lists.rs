//! Lists: how their levels count, and which list a paragraph means.

use super::super::numbering::{Level, Piece, Style, bullet};
use super::Numbers;

const LIST: usize = 28;
const LEVEL: usize = 28;
const NAMED: usize = 16;
const MOST: usize = 20_000;

/// A list that paragraphs name by its number.
#[derive(Debug)]
struct Named {
    shape: Option<usize>,
    starts: Vec<(usize, u32)>,
}

/// All lists of a document.
#[derive(Debug, Default)]
pub struct Lists {
    shapes: Vec<(u32, Vec<Level>)>,
    named: Vec<Named>,
}

/// A list's identity, its levels, and the levels that begin at another number, with that.
type NamedList<'a> = (u32, &'a [Level], &'a [(usize, u32)]);

impl Lists {
    /// The list that a paragraph names, from 1: its identity, its levels, and the levels that begin at another number.
    pub fn named(&self, number: u16) -> Option<NamedList<'_>> {
        let named = self.named.get(usize::from(number).checked_sub(1)?)?;
        let (id, levels) = self.shapes.get(named.shape?)?;
        Some((*id, levels, &named.starts))
    }
}

/// Reads `PlfLst` with the levels behind it, and `PlfLfo`; broken ones end where they break.
pub fn read(lists: &[u8], named: &[u8]) -> Lists {
    let shapes = shapes(lists).unwrap_or_default();
    let named = names(named, &shapes).unwrap_or_default();
    Lists { shapes, named }
}

fn shapes(lists: &[u8]) -> Option<Vec<(u32, Vec<Level>)>> {
    let count = usize::from(lists.u16_at(0)?).min(MOST);
    let mut at = 2 + LIST * count;
    let mut shapes = Vec::new();
    for list in 0..count {
        let head = 2 + LIST * list;
        let id = lists.u32_at(head)?;
        let levels = if lists.get(head + 26)? & 1 == 1 { 1 } else { 9 };
        let mut read = Vec::new();
        for own in 0..levels {
            let Some((level, length)) = level(lists.get(at..).unwrap_or_default(), own) else { break };
            read.push(level);
            at += length;
        }
        shapes.push((id, read));
    }
    Some(shapes)
}

/// One level (`LVL`), the one of this number, and its bytes.
fn level(bytes: &[u8], own: usize) -> Option<(Level, usize)> {
    let start = bytes.u32_at(0)?;
    let style = match *bytes.get(4)? {
        1 => Style::UpperRoman,
        2 => Style::LowerRoman,
        3 => Style::UpperLetter,
        4 => Style::LowerLetter,
        5 => Style::Ordinal,
        22 => Style::Zero,
        23 => Style::Bullet,
        255 => Style::None,
        _ => Style::Decimal,
    };
    let flags = *bytes.get(5)?;
    let after = *bytes.get(26)?;
    let at = LEVEL + usize::from(*bytes.get(24)?) + usize::from(*bytes.get(25)?);
    let letters = usize::from(bytes.u16_at(at)?);
    let text = bytes.get(at + 2..at + 2 + 2 * letters)?;
    let mut label = Vec::new();
    for unit in char::decode_utf16(text.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]))) {
        let letter = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
        match (u32::from(letter), label.last_mut()) {
            (place @ 0..9, _) if style != Style::Bullet => label.push(Piece::Level(place as u8)),
            (_, Some(Piece::Text(text))) => text.push(bullet(letter, own)),
            _ => label.push(Piece::Text(bullet(letter, own).to_string())),
        }
    }
    // Bit 3: it begins anew only after the level that the limit names.
    let restart = (flags & 0x08 != 0).then(|| after.saturating_sub(1));
    Some((Level { start, style, label, restart }, at + 2 + 2 * letters))
}

fn names(named: &[u8], shapes: &[(u32, Vec<Level>)]) -> Option<Vec<Named>> {
    let count = (named.u32_at(0)? as usize).min(MOST);
    let mut at = 4 + NAMED * count;
    let mut names = Vec::new();
    for name in 0..count {
        let head = 4 + NAMED * name;
        let id = named.u32_at(head)?;
        let overridden = *named.get(head + 12)?;
        let mut starts = Vec::new();
        // The paragraph that it is for, of no use here.
        at += 4;
        for _ in 0..overridden {
            let (Some(start), Some(flags)) = (named.u32_at(at), named.u32_at(at + 4)) else { break };
            at += 8;
            if flags & 0x10 != 0 {
                starts.push(((flags & 0xF) as usize, start));
            }
            if flags & 0x20 != 0 {
                let Some((_, length)) = level(named.get(at..).unwrap_or_default(), 0) else { break };
                at += length;
            }
        }
        names.push(Named { shape: shapes.iter().position(|(shape, _)| *shape == id), starts });
    }
    Some(names)
}
