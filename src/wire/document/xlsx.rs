//! Workbooks of Excel since 2007, through `calamine`, which knows no bounds: the package is weighed before it sees it.

use std::io::Cursor;

use calamine::{DataRef, NumberFormat, Reader, SheetType, Xlsx, XlsxError};

use super::building::Building;
use super::fault::Fault;
use super::number::{built_in, shown, text, truth};
use super::package::Package;
use super::table::Table;
use crate::domain::knowledge::document::Mark;

/// The part that `calamine` holds whole, as a share of what may be unpacked.
const STRINGS: &str = "xl/sharedStrings.xml";

fn damaged(why: &XlsxError) -> Fault {
    Fault::damaged(format!("its workbook cannot be read: {why}"))
}

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let mut package = Package::open(bytes, made.limits)?;
    package.weigh()?;
    let strings = package.part(STRINGS, |part| {
        std::io::copy(part, &mut std::io::sink()).map_err(|why| Fault::damaged(why.to_string()))
    });
    let half = made.limits.unpacked / 2;
    if let Ok(Some(bytes)) = strings
        && bytes > half
    {
        return Err(Fault::too_large("the table of its texts", bytes, half, "documents.unpacked_mb"));
    }
    if package.has("xl/vbaProject.bin") {
        made.notes.push("macros left out".to_owned());
    }
    let charts = package.count("xl/charts/chart");
    if charts > 0 {
        made.notes.push(format!("charts left out: {charts}"));
    }
    drop(package);
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|why| damaged(&why))?;
    let is_1904 = book.has_1904_epoch();
    let sheets: Vec<_> = book.sheets_metadata().to_vec();
    let mut cells = Cells { left: made.limits.cells, is_1904 };
    for sheet in sheets {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let start = made.at();
        made.mark(start, Mark::Sheet(sheet.name.as_str().into()))?;
        match book.worksheet_cells_reader(&sheet.name) {
            Ok(mut reader) => cells.sheet(&mut reader, made)?,
            Err(XlsxError::NotAWorksheet(_)) => {}
            Err(why) => return Err(damaged(&why)),
        }
        made.section(start);
    }
    Ok(())
}

/// Counts the cells of all sheets.
struct Cells {
    left: usize,
    is_1904: bool,
}

impl Cells {
    fn sheet<R: std::io::Read + std::io::Seek>(
        &mut self,
        reader: &mut calamine::XlsxCellReader<'_, R>,
        made: &mut Building<'_>,
    ) -> Result<(), Fault> {
        let mut table = Table::default();
        let mut row: Vec<String> = Vec::new();
        let mut current = None;
        while let Some((cell, style)) = reader.next_cell_with_style_id().map_err(|why| damaged(&why))? {
            self.left = self.left.checked_sub(1).ok_or_else(|| too_many(made.limits.cells))?;
            let (at, column) = cell.get_position();
            if current.is_some_and(|current| current != at) {
                flush(current, &mut row, &mut table, made)?;
            }
            current = Some(at);
            let format = reader.styles().get(style).and_then(|style| style.number_format.as_ref());
            let code = format.map_or("General", code);
            let written = match cell.get_value() {
                DataRef::Empty => continue,
                DataRef::Int(number) => shown(*number as f64, code, self.is_1904),
                DataRef::Float(number) => shown(*number, code, self.is_1904),
                DataRef::DateTime(date) => shown(date.as_f64(), code, self.is_1904),
                DataRef::String(own) => text(own, code),
                DataRef::DateTimeIso(own) | DataRef::DurationIso(own) => own.clone(),
                DataRef::SharedString(own) => text(own, code),
                DataRef::Bool(value) => truth(*value, code),
                DataRef::Error(error) => error.to_string(),
            };
            place(&mut row, column as usize, written);
        }
        flush(current, &mut row, &mut table, made)
    }
}

/// The code of a format. Of those that a file names by number alone, `calamine` knows some, and a few as no program shows them.
fn code(format: &NumberFormat) -> &str {
    let filled = ["General", "mm-dd-yy", "m/d/yy h:mm", "mmss.0"];
    match format.format_id.and_then(|id| u16::try_from(id).ok()) {
        Some(id @ (5..=8 | 14 | 22 | 27..=31 | 36 | 47)) if filled.contains(&&*format.format_code) => {
            built_in(id)
        }
        _ => &format.format_code,
    }
}

/// Empty cells in front of one that are kept at most.
const GAP: usize = 64;

/// Puts a text into its column, as far as the row is not too wide for that.
pub fn place(row: &mut Vec<String>, column: usize, text: String) {
    let empty = column.saturating_sub(row.len()).min(GAP);
    row.extend(std::iter::repeat_n(String::new(), empty));
    row.push(text);
}

/// Writes a row that is done.
pub fn flush(
    at: Option<u32>,
    row: &mut Vec<String>,
    table: &mut Table,
    made: &mut Building<'_>,
) -> Result<(), Fault> {
    if let Some(at) = at {
        table.row(at.saturating_add(1), row.iter().map(String::as_str), made)?;
    }
    row.clear();
    Ok(())
}

/// The error of a workbook with too many cells.
pub fn too_many(most: usize) -> Fault {
    Fault::beyond(format!("it has more than {most} cells"), "documents.cells")
}
