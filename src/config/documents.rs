//! What reading one document may cost, typed.

use serde::Deserialize;

use crate::domain::knowledge::document::Limits;

/// `[documents]`.
#[derive(Deserialize)]
pub(super) struct RawDocuments {
    file_mb: u64,
    text_mb: u64,
    unpacked_mb: u64,
    cells: usize,
    depth: usize,
    pages: usize,
    forms: usize,
    operations: usize,
    elements: usize,
    parts: usize,
    places: usize,
    memory_mb: u64,
    seconds: u64,
}

impl RawDocuments {
    pub(super) fn typed(&self) -> Limits {
        Limits {
            file: self.file_mb << 20,
            text: usize::try_from(self.text_mb << 20).unwrap_or(usize::MAX),
            unpacked: self.unpacked_mb << 20,
            depth: self.depth,
            cells: self.cells,
            pages: self.pages,
            forms: self.forms,
            operations: self.operations,
            elements: self.elements,
            parts: self.parts,
            places: self.places,
            memory: self.memory_mb << 20,
            seconds: self.seconds,
        }
    }
}
