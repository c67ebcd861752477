//! Workbooks of Excel 97 to 2003 ([MS-XLS]), through `calamine`, which keeps each sheet as one full rectangle and no formats:
//! the records are gone through first, for the formats and for bounds.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use calamine::{Data, Reader, SheetType, Xls};

use super::building::Building;
use super::fault::Fault;
use super::number::{self, built_in, shown};
use super::table::Table;
use super::xlsx::{flush, place, too_many};
use crate::domain::knowledge::document::Mark;

/// The rectangles of all sheets may have so many cells for each that is counted.
const SPARSE: usize = 4;

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let stream = stream(bytes, made.limits.unpacked)?;
    let facts = Facts::read(&stream, made.limits.cells)?;
    drop(stream);
    if facts.macros {
        made.notes.push("macros left out".to_owned());
    }
    let mut book = Xls::new(Cursor::new(bytes))
        .map_err(|why| Fault::damaged(format!("its workbook cannot be read: {why}")))?;
    let sheets: Vec<_> = book.sheets_metadata().to_vec();
    for (index, sheet) in sheets.iter().enumerate() {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let start = made.at();
        made.mark(start, Mark::Sheet(sheet.name.as_str().into()))?;
        let range = book
            .worksheet_range(&sheet.name)
            .map_err(|why| Fault::damaged(format!("its sheet {} cannot be read: {why}", sheet.name)))?;
        let (top, first) = range.start().unwrap_or_default();
        let (mut table, mut row) = (Table::default(), Vec::new());
        for (at, cells) in range.rows().enumerate() {
            let at = top + at as u32;
            for (column, cell) in cells.iter().enumerate() {
                let column = first + column as u32;
                let code = facts.code(index, at, column);
                let written = match cell {
                    Data::Empty => continue,
                    Data::Int(number) => shown(*number as f64, code, facts.is_1904),
                    Data::Float(number) => shown(*number, code, facts.is_1904),
                    Data::DateTime(date) => shown(date.as_f64(), code, facts.is_1904),
                    Data::String(own) => number::text(own, code),
                    Data::DateTimeIso(own) | Data::DurationIso(own) => own.clone(),
                    // As LibreOffice, the judge of what these files say, shows them; Excel shows words.
                    Data::Bool(value) => u8::from(*value).to_string(),
                    Data::Error(error) => error.to_string(),
                };
                place(&mut row, column as usize, written);
            }
            flush(Some(at), &mut row, &mut table, made)?;
        }
        made.section(start);
    }
    Ok(())
}

/// The stream of the workbook.
fn stream(bytes: &[u8], most: u64) -> Result<Vec<u8>, Fault> {
    let damaged = |why: std::io::Error| Fault::damaged(format!("its compound file cannot be read: {why}"));
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(damaged)?;
    let name = if file.is_stream("Workbook") { "Workbook" } else { "Book" };
    let stream = file.open_stream(name).map_err(damaged)?;
    let mut read = Vec::new();
    stream.take(most).read_to_end(&mut read).map_err(damaged)?;
    Ok(read)
}

/// What the records say that `calamine` does not.
#[derive(Debug, Default)]
struct Facts {
    is_1904: bool,
    macros: bool,
    codes: HashMap<u16, String>,
    /// The number of each extended format's code.
    formats: Vec<u16>,
    /// Of each sheet, by row and column, the extended format.
    cells: Vec<HashMap<(u16, u16), u16>>,
}

impl Facts {
    fn code(&self, sheet: usize, row: u32, column: u32) -> &str {
        let place = u16::try_from(row).ok().zip(u16::try_from(column).ok());
        let format = place.and_then(|place| self.cells.get(sheet)?.get(&place));
        let number = format.and_then(|format| self.formats.get(usize::from(*format)).copied()).unwrap_or(0);
        self.codes.get(&number).map_or_else(|| built_in(number), String::as_str)
    }

    fn read(stream: &[u8], most: usize) -> Result<Self, Fault> {
        let mut facts = Self::default();
        let mut places = Vec::new();
        for (kind, data) in Records::of(stream, 0) {
            match kind {
                FILE_PASS => {
                    return Err(Fault::unsupported(
                        "it is encrypted with a password",
                        "Save it without one first.",
                    ));
                }
                DATE_MODE => facts.is_1904 = u16_at(data, 0) == Some(1),
                VBA => facts.macros = true,
                FORMAT => {
                    if let (Some(number), Some(code)) =
                        (u16_at(data, 0), text(data.get(2..).unwrap_or_default()))
                    {
                        facts.codes.insert(number, code);
                    }
                }
                EXTENDED => facts.formats.push(u16_at(data, 2).unwrap_or(0)),
                SHEET => places.push(u32_at(data, 0).unwrap_or(u32::MAX) as usize),
                END => break,
                _ => {}
            }
        }
        let (mut counted, mut rectangles) = (0, 0_usize);
        for place in places {
            let mut cells = HashMap::new();
            let (mut bottom, mut right) = (0_usize, 0_usize);
            let (mut top, mut left) = (usize::MAX, usize::MAX);
            let mut depth = 0;
            for (kind, data) in Records::of(stream, place) {
                match kind {
                    BEGIN => depth += 1,
                    END => depth -= 1,
                    _ => {}
                }
                if depth <= 0 {
                    break;
                }
                let Some((row, column)) = u16_at(data, 0).zip(u16_at(data, 2)) else { continue };
                let last = match kind {
                    NUMBER | RK | FORMULA | BOOL_OR_ERROR | LABEL | SHARED_LABEL => {
                        cells.extend(
                            u16_at(data, 4).filter(|_| depth == 1).map(|format| ((row, column), format)),
                        );
                        counted += 1;
                        column
                    }
                    MANY_RK => {
                        let count = (data.len().saturating_sub(6) / 6) as u16;
                        for at in 0..count {
                            let format = u16_at(data, 4 + 6 * usize::from(at)).unwrap_or(0);
                            cells.insert((row, column.saturating_add(at)), format);
                        }
                        counted += usize::from(count);
                        column.saturating_add(count.saturating_sub(1))
                    }
                    _ => continue,
                };
                (top, bottom) = (top.min(usize::from(row)), bottom.max(usize::from(row)));
                (left, right) = (left.min(usize::from(column)), right.max(usize::from(last)));
                if counted > most {
                    return Err(too_many(most));
                }
            }
            if top <= bottom && left <= right {
                rectangles = rectangles.saturating_add((bottom - top + 1) * (right - left + 1));
            }
            facts.cells.push(cells);
            if rectangles > most.saturating_mul(SPARSE) {
                let why = format!("its sheets reach over {rectangles} cells, most of them empty");
                return Err(Fault::beyond(why, "documents.cells"));
            }
        }
        Ok(facts)
    }
}

const FORMULA: u16 = 0x0006;
const END: u16 = 0x000A;
const DATE_MODE: u16 = 0x0022;
const FILE_PASS: u16 = 0x002F;
const SHEET: u16 = 0x0085;
const MANY_RK: u16 = 0x00BD;
const VBA: u16 = 0x00D3;
const EXTENDED: u16 = 0x00E0;
const SHARED_LABEL: u16 = 0x00FD;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const BOOL_OR_ERROR: u16 = 0x0205;
const RK: u16 = 0x027E;
const FORMAT: u16 = 0x041E;
const BEGIN: u16 = 0x0809;

/// Records from a place on, each with its kind and its data.
struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    fn of(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let kind = u16_at(self.stream, at)?;
        let length = usize::from(u16_at(self.stream, at + 2)?);
        let data = self.stream.get(at + 4..at + 4 + length)?;
        self.at = at + 4 + length;
        Some((kind, data))
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A text of a record: a count, a flag, and letters of one byte or two.
fn text(data: &[u8]) -> Option<String> {
    let count = usize::from(u16_at(data, 0)?);
    let wide = data.get(2)? & 1 == 1;
    if wide {
        let units =
            data.get(3..3 + 2 * count)?.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        return Some(
            char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
        );
    }
    Some(data.get(3..3 + count)?.iter().map(|byte| char::from(*byte)).collect())
}
