//! The file information block: where everything is.

use super::super::fault::Fault;
use super::Numbers;

/// Places in `fibRgFcLcb97`, by their order.
pub const STSH: usize = 1;
pub const PLC_FOOTNOTES: usize = 2;
pub const PLC_BTE_PAPX: usize = 13;
pub const CLX: usize = 33;
pub const PLC_ENDNOTES: usize = 46;
pub const PLF_LST: usize = 73;
pub const PLF_LFO: usize = 74;

const SIGN: u16 = 0xA5EC;
/// The `nFib` of Word 97.
const WORD_97: u16 = 0x00C1;
const PLACES: usize = 0x9A;

/// What of it is asked for.
#[derive(Debug)]
pub struct Fib {
    /// The name of the table stream.
    pub table: &'static str,
    /// Characters of the main text.
    pub characters: u32,
    places: Vec<(usize, usize)>,
}

impl Fib {
    pub fn read(main: &[u8]) -> Result<Self, Fault> {
        let short = || Fault::damaged("its file information block is cut short");
        if main.u16_at(0) != Some(SIGN) {
            return Err(Fault::damaged("its main stream is none of Word 97 or later"));
        }
        let version = main.u16_at(2).ok_or_else(short)?;
        if version < WORD_97 {
            return Err(Fault::unsupported("it is of Word 95 or older", "Save it as docx first."));
        }
        let flags = main.u16_at(0x0A).ok_or_else(short)?;
        if flags & 0x0100 != 0 {
            return Err(Fault::unsupported("it is encrypted with a password", "Save it without one first."));
        }
        let count = usize::from(main.u16_at(PLACES - 2).ok_or_else(short)?);
        let place = |at: usize| {
            let at = PLACES + 8 * at;
            Some((main.u32_at(at)? as usize, main.u32_at(at + 4)? as usize))
        };
        Ok(Self {
            table: if flags & 0x0200 == 0 { "0Table" } else { "1Table" },
            characters: main.u32_at(0x4C).ok_or_else(short)?,
            places: (0..count).map_while(place).collect(),
        })
    }

    /// A part of the table stream; empty where there is none.
    pub fn part<'a>(&self, table: &'a [u8], which: usize) -> &'a [u8] {
        let Some((at, length)) = self.places.get(which).copied() else { return &[] };
        at.checked_add(length).and_then(|end| table.get(at..end)).unwrap_or_default()
    }

    /// The same to the end of the stream: some parts go on behind what is counted.
    pub fn rest<'a>(&self, table: &'a [u8], which: usize) -> &'a [u8] {
        match self.places.get(which) {
            Some((at, length)) if *length > 0 => table.get(*at..).unwrap_or_default(),
            _ => &[],
        }
    }
}
