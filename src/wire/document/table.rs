//! Rows of cells as text: a line a row, cells between tabs.

use super::building::Building;
use super::fault::Fault;
use crate::domain::knowledge::document::Mark;

/// A table as it is written.
#[derive(Debug, Default)]
pub struct Table {
    rows: usize,
}

impl Table {
    /// Writes a row that its program numbers `number`, from 1; one without words is left out. The first row names the
    /// columns if it looks like that.
    pub fn row<'a>(
        &mut self,
        number: u32,
        cells: impl Iterator<Item = &'a str> + Clone,
        made: &mut Building<'_>,
    ) -> Result<(), Fault> {
        if cells.clone().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let names = self.rows == 0 && is_header(cells.clone());
        self.rows += 1;
        made.mark(made.at(), if names { Mark::Header(number) } else { Mark::Row(number) })?;
        let last = cells.clone().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).last();
        for (at, cell) in cells.enumerate().take(last.map_or(0, |(at, _)| at + 1)) {
            if at > 0 {
                made.push("\t")?;
            }
            // A cell's own lines and tabs would look like the table's.
            for (at, piece) in
                cell.trim().split(['\n', '\r', '\t']).filter(|piece| !piece.is_empty()).enumerate()
            {
                if at > 0 {
                    made.push(" ")?;
                }
                made.push(piece)?;
            }
        }
        made.push("\n")
    }
}

/// Names of columns: words in every cell, each another, no numbers.
fn is_header<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> bool {
    let mut count = 0;
    let mut seen = std::collections::BTreeSet::new();
    for cell in cells {
        let cell = cell.trim();
        count += 1;
        let named = cell.chars().any(char::is_alphabetic) && cell.len() <= 200 && seen.insert(cell);
        if !named || count > 1000 {
            return false;
        }
    }
    count > 0
}

/// The tables within a text, numbered as they come.
#[derive(Debug, Default)]
pub struct Tables {
    tables: u32,
    /// Of the one that is written.
    rows: u32,
}

impl Tables {
    /// Writes a row; where none is open, a table begins with it. The first row of a table may name its columns.
    pub fn row(&mut self, cells: &[String], names: bool, made: &mut Building<'_>) -> Result<(), Fault> {
        let full = cells.iter().rposition(|cell| !cell.trim().is_empty());
        if self.rows == 0 {
            self.tables += 1;
            made.mark(made.at(), Mark::Table(self.tables))?;
        }
        self.rows += 1;
        let names = names && self.rows == 1 && full.is_some();
        made.mark(made.at(), if names { Mark::Header(self.rows) } else { Mark::Row(self.rows) })?;
        for (at, cell) in cells.iter().take(full.map_or(0, |at| at + 1)).enumerate() {
            if at > 0 {
                made.push("\t")?;
            }
            made.push(cell.trim())?;
        }
        made.push("\n")
    }

    /// Ends the table that is written, if one is.
    pub fn end(&mut self, made: &mut Building<'_>) -> Result<(), Fault> {
        match std::mem::take(&mut self.rows) {
            0 => Ok(()),
            _ => made.mark(made.at(), Mark::TableEnd),
        }
    }
}
