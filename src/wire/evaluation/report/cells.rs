//! The parts of a document, and how figures stand in them.

use crate::domain::evaluation::figure::{Estimate, Figure};
use crate::domain::evaluation::report::words::{between, decimal, from_to, percent};
use crate::domain::figures::grouped;
use crate::domain::untrusted::SafeText;

/// A part of a document. Texts are safe as they are, and not yet escaped.
pub(super) enum Block {
    /// From 1, the title.
    Heading(u8, String),
    Text(String),
    Table(Table),
    /// Names with what they are and where that comes from.
    Terms(Vec<(String, String, String)>),
}

pub(super) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

pub(super) struct Column {
    pub name: String,
    /// Numbers stand to the right.
    pub is_number: bool,
}

#[derive(Default)]
pub(super) struct Cell {
    pub text: String,
    pub bar: Option<Bar>,
}

/// A share from 0 to 1, between its bounds where it has some.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    pub value: f64,
    pub bounds: Option<(f64, f64)>,
}

impl Table {
    /// Of columns by their names; those that begin with `#` are of numbers.
    pub fn of<S: AsRef<str>>(columns: &[S]) -> Self {
        let column = |name: &S| {
            let name = name.as_ref();
            let number = name.strip_prefix('#');
            Column { name: number.unwrap_or(name).to_owned(), is_number: number.is_some() }
        };
        Self { columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }
}

/// Untrusted words in a cell.
pub(super) fn said(untrusted: &str) -> Cell {
    Cell { text: safe(untrusted), bar: None }
}

pub(super) fn safe(untrusted: &str) -> String {
    SafeText::line(untrusted).into_string()
}

pub(super) fn plain(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), bar: None }
}

pub(super) fn many(count: u64) -> Cell {
    plain(grouped(count))
}

/// A count of a scale, as long as its share of all.
pub(super) fn part(count: u64, all: u64) -> Cell {
    let bar = Bar { value: count as f64 / all.max(1) as f64, bounds: None };
    Cell { text: grouped(count), bar: Some(bar) }
}

/// A share and its bounds, in two cells.
pub(super) fn share(figure: &Figure<Estimate>) -> [Cell; 2] {
    match figure {
        Err(why) => [plain(why.words()), Cell::default()],
        Ok(estimate @ Estimate { value, low, high }) => {
            let bar = Bar { value: *value, bounds: Some((*low, *high)) };
            [Cell { text: percent(*value), bar: Some(bar) }, plain(between(estimate))]
        }
    }
}

/// A number with so many places.
pub(super) fn number(figure: &Figure, places: usize) -> Cell {
    plain(match figure {
        Ok(value) => decimal(*value, places),
        Err(why) => why.words(),
    })
}

/// Bounds of a number with so many places; empty where the number itself says why there is none.
pub(super) fn bounds(value: &Figure, bounds: &Figure<(f64, f64)>, places: usize) -> Cell {
    plain(match (value, bounds) {
        (Err(_), _) => String::new(),
        (Ok(_), Err(why)) => why.words(),
        (Ok(_), Ok((low, high))) => from_to((*low, *high), places),
    })
}
