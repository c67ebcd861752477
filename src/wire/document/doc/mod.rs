//! Documents of Word 97 to 2003 ([MS-DOC]).
//!
//! ```text
//! WordDocument: FIB ─► Table stream: Clx ─► pieces ─► characters ┐
//!                                    PlcBtePapx ─► paragraphs    ┼─► lines, headings, rows, labels
//!                                    PlfLst, PlfLfo ─► lists     ┘
//! ```
//!
//! The main text alone: headers, notes, comments and text boxes lie behind it in the same stream of characters.

mod body;
mod fib;
mod lists;
mod paragraphs;
mod pieces;
mod styles;

use std::io::{Cursor, Read};

use super::building::Building;
use super::fault::Fault;
use fib::Fib;

type File<'a> = cfb::CompoundFile<Cursor<&'a [u8]>>;

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes))
        .map_err(|why| Fault::damaged(format!("its compound file cannot be read: {why}")))?;
    let main = stream(&mut file, "WordDocument", made.limits.unpacked)?;
    let fib = Fib::read(&main)?;
    let table = stream(&mut file, fib.table, made.limits.unpacked)?;
    if file.is_storage("Macros") {
        made.notes.push("macros left out".to_owned());
    }
    let pieces = pieces::read(fib.part(&table, fib::CLX), fib.characters)?;
    let paragraphs = paragraphs::read(&main, fib.part(&table, fib::PLC_BTE_PAPX));
    let styles = styles::read(fib.part(&table, fib::STSH));
    let lists = lists::read(fib.rest(&table, fib::PLF_LST), fib.part(&table, fib::PLF_LFO));
    body::Body { main: &main, fib: &fib, table: &table, pieces, paragraphs, styles, lists }.write(made)
}

/// A stream whole.
fn stream(file: &mut File<'_>, name: &str, most: u64) -> Result<Vec<u8>, Fault> {
    let damaged = |why: std::io::Error| Fault::damaged(format!("its stream {name} cannot be read: {why}"));
    let stream = file.open_stream(name).map_err(damaged)?;
    let mut bytes = Vec::new();
    stream.take(most).read_to_end(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

/// Little-endian numbers at a place; `None` beyond the end.
trait Numbers {
    fn u16_at(&self, at: usize) -> Option<u16>;
    fn u32_at(&self, at: usize) -> Option<u32>;
}

impl Numbers for [u8] {
    fn u16_at(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.get(at..at.checked_add(2)?)?.try_into().ok()?))
    }

    fn u32_at(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.get(at..at.checked_add(4)?)?.try_into().ok()?))
    }
}

/// The single property modifiers of a list, each with its operand ([MS-DOC] 2.2.5).
fn modifiers(mut list: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    const DEFINE_TABLE: [u16; 2] = [0xD606, 0xD608];
    const CHANGE_TABS: u16 = 0xC615;
    std::iter::from_fn(move || {
        let code = list.u16_at(0)?;
        let rest = &list[2..];
        let (skip, length) = match code >> 13 {
            0 | 1 => (0, 1),
            2 | 4 | 5 => (0, 2),
            3 => (0, 4),
            7 => (0, 3),
            _ if DEFINE_TABLE.contains(&code) => (2, usize::from(rest.u16_at(0)?.saturating_sub(1))),
            _ => match *rest.first()? {
                255 if code == CHANGE_TABS => {
                    let gone = usize::from(*rest.get(1)?);
                    let new = usize::from(*rest.get(2 + 4 * gone)?);
                    (1, 2 + 4 * gone + 3 * new)
                }
                length => (1, usize::from(length)),
            },
        };
        let operand = rest.get(skip..skip + length)?;
        list = &rest[skip + length..];
        Some((code, operand))
    })
}
