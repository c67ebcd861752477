//! The text: characters of the pieces, cut at the marks of paragraphs and cells.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use encoding_rs::WINDOWS_1252;

use super::super::building::Building;
use super::super::fault::Fault;
use super::super::numbering::{Counters, Style, number};
use super::super::table::Tables;
use super::Numbers;
use super::fib::{Fib, PLC_ENDNOTES, PLC_FOOTNOTES};
use super::lists::Lists;
use super::paragraphs::Paragraphs;
use super::pieces::Piece;
use super::styles::Styles;

/// All that was read of the file.
#[derive(Debug)]
pub struct Body<'a> {
    pub main: &'a [u8],
    pub fib: &'a Fib,
    pub table: &'a [u8],
    pub pieces: Vec<Piece>,
    pub paragraphs: Paragraphs,
    pub styles: Styles,
    pub lists: Lists,
}

/// What is being written.
#[derive(Debug, Default)]
struct Page {
    paragraph: String,
    cells: Vec<String>,
    /// The cell that is being written.
    cell: String,
    written: Tables,
    /// Open fields; true as long as their code is read, not their result.
    fields: Vec<bool>,
    counters: Counters,
    begun: HashSet<u16>,
}

impl Body<'_> {
    pub fn write(&self, made: &mut Building<'_>) -> Result<(), Fault> {
        let (notes, footnotes, endnotes) = self.notes();
        for (count, what) in [(footnotes, "footnotes"), (endnotes, "endnotes")] {
            if count > 0 {
                made.notes.push(format!("{what} left out: {count}"));
            }
        }
        let mut page = Page::default();
        for piece in &self.pieces {
            let width = if piece.narrow { 1 } else { 2 };
            let length = piece.characters as usize * width;
            let bytes = piece.at.checked_add(length).and_then(|end| self.main.get(piece.at..end));
            let bytes = bytes.ok_or_else(|| Fault::damaged("its text ends in the middle"))?;
            let mut high = None;
            for (at, unit) in bytes.chunks_exact(width).enumerate() {
                let unit =
                    if piece.narrow { u16::from(unit[0]) } else { u16::from_le_bytes([unit[0], unit[1]]) };
                let byte = piece.at + at * width;
                match unit {
                    0x07 | 0x0C | 0x0D => self.mark(unit, byte, &mut page, made)?,
                    0x13 => page.fields.push(true),
                    0x14 => page.fields.iter_mut().last().into_iter().for_each(|code| *code = false),
                    0x15 => drop(page.fields.pop()),
                    _ if page.fields.contains(&true) => {}
                    0x02 => {
                        page.paragraph
                            .push_str(notes.get(&(piece.first + at as u32)).map_or("", |sign| sign));
                    }
                    0x0B | 0x0E => page.paragraph.push('\n'),
                    0x1E => page.paragraph.push('\u{2011}'),
                    0x1F => page.paragraph.push('\u{AD}'),
                    0x09 => page.paragraph.push('\t'),
                    0x00..0x20 => {}
                    0x80..0xA0 if piece.narrow => {
                        let text: Cow<'_, str> =
                            WINDOWS_1252.decode_without_bom_handling(&[unit as u8]).0.into_owned().into();
                        page.paragraph.push_str(&text);
                    }
                    0xD800..0xDC00 => {
                        high = Some(unit);
                        continue;
                    }
                    _ => {
                        let pair = [high.unwrap_or(unit), unit];
                        let pair = if high.is_some() { &pair[..] } else { &pair[1..] };
                        for letter in char::decode_utf16(pair.iter().copied()) {
                            page.paragraph.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
                        }
                    }
                }
                high = None;
                if page.paragraph.len() > made.limits.text {
                    let most = made.limits.text as u64;
                    return Err(Fault::too_large("its text", 0, most, "documents.text_mb"));
                }
            }
        }
        // A text without its last mark is text all the same.
        if !page.paragraph.is_empty() {
            made.push(&page.paragraph)?;
            made.push("\n")?;
        }
        Ok(())
    }

    /// Ends a paragraph, a cell or a row at the mark that lies at this byte.
    fn mark(&self, unit: u16, byte: usize, page: &mut Page, made: &mut Building<'_>) -> Result<(), Fault> {
        let own = self.styles.over(self.paragraphs.at(byte));
        let text = std::mem::take(&mut page.paragraph);
        // A page break within a paragraph.
        if unit == 0x0C && text.is_empty() {
            return Ok(());
        }
        let level = usize::from(own.level.unwrap_or(0));
        let mut label = String::new();
        if let Some(list) = own.list.filter(|list| *list > 0 && !own.ends_row)
            && let Some((id, levels, starts)) = self.lists.named(list)
        {
            if page.begun.insert(list) {
                for (level, start) in starts {
                    page.counters.restart(id, (*level).min(8), *start);
                }
            }
            label = page.counters.next(id, level, levels);
        }
        if own.in_table || unit == 0x07 {
            if own.ends_row {
                page.cell.clear();
                return page.written.row(&std::mem::take(&mut page.cells), own.names_columns, made);
            }
            for piece in [label.as_str(), text.trim()] {
                if !page.cell.is_empty() && !piece.is_empty() {
                    page.cell.push(' ');
                }
                page.cell.push_str(piece);
            }
            if unit == 0x07 {
                page.cells.push(std::mem::take(&mut page.cell));
            }
            return Ok(());
        }
        page.written.end(made)?;
        if let Some(outline) = own.outline.filter(|outline| *outline < 9) {
            made.heading(made.at(), outline + 1, &format!("{label} {text}"))?;
        }
        if !label.is_empty() {
            made.push(&"  ".repeat(level.min(9)))?;
            made.push(&label)?;
            made.push(" ")?;
        }
        made.push(&text)?;
        made.push("\n")
    }

    /// The signs of notes by the characters that stand for them, and how many there are of each kind.
    fn notes(&self) -> (HashMap<u32, String>, usize, usize) {
        let mut signs = HashMap::new();
        let mut counts = [0; 2];
        let kinds = [(PLC_FOOTNOTES, Style::Decimal), (PLC_ENDNOTES, Style::LowerRoman)];
        for ((part, style), count) in kinds.into_iter().zip(&mut counts) {
            let table = self.fib.part(self.table, part);
            *count = table.len().saturating_sub(4) / 6;
            for at in 0..*count {
                if let Some(place) = table.u32_at(4 * at) {
                    signs.insert(place, number(at as u32 + 1, style));
                }
            }
        }
        (signs, counts[0], counts[1])
    }
}
