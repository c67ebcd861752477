//! Opening a trace: its rows, and its spans by their rows.

use super::{Kept, Price, frame, missing};
use crate::domain::figures::count;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::packed::{unpack, unreadable};
use crate::domain::trace::{TraceId, TraceSpan};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::record::{Chunk, ChunkKey};
use crate::store::{LogReader, Scan, Shelf, Span, Store};

/// The rows of a trace.
#[derive(Debug, Default)]
pub struct Opened {
    pub outline: Outline,
    /// What cannot be read, each place once; rows stand where its spans were.
    pub damaged: Vec<Error>,
}

impl Kept {
    /// The rows of a trace, in order of arrival.
    pub fn outline(&self, trace: TraceId) -> Result<Opened> {
        let opened = outline(&self.store, &self.shelf, &self.price, trace);
        if opened.outline.rows.is_empty() { Err(missing(trace)) } else { Ok(opened) }
    }

    /// The whole span of a row.
    pub fn span(&self, trace: TraceId, row: u32) -> Result<TraceSpan> {
        let mut first = 0;
        for chunk in self.store.scan::<Chunk>(Scan::under(&trace)) {
            let (key, chunk) = match chunk {
                // It has no rows either.
                Err(error) if error.kind == ErrorKind::Corrupt => continue,
                chunk => chunk?,
            };
            if row < first + chunk.spans {
                let mut spans = self.readers().spans(&key, &chunk)?;
                let at = (row - first) as usize;
                if at < spans.len() {
                    return Ok(spans.swap_remove(at));
                }
                break;
            }
            first += chunk.spans;
        }
        Err(Error::new(
            ErrorKind::NotFound,
            "opening a span",
            format!("the trace has no span {row}"),
            "Open the trace again, it may have become shorter: `outcrop traces show` numbers its spans.",
        ))
    }

    /// Visits the whole spans of a trace with the number of the first row of each part, until `visit` says `false`. What
    /// cannot be read is visited as its error.
    pub fn visit(
        &self,
        trace: TraceId,
        mut visit: impl FnMut(u32, Result<Vec<TraceSpan>>) -> bool,
    ) -> Result<()> {
        let (mut readers, mut first) = (self.readers(), 0);
        for chunk in self.store.scan::<Chunk>(Scan::under(&trace)) {
            let (spans, many) = match chunk {
                Ok((key, chunk)) => {
                    let spans = readers.spans(&key, &chunk);
                    (spans.map_err(|error| counted(error, chunk.spans)), chunk.spans)
                }
                Err(error) => (Err(error), 0),
            };
            if !visit(first, spans) {
                break;
            }
            first += many;
        }
        Ok(())
    }

    fn readers(&self) -> Readers<'_> {
        Readers::new(&self.shelf)
    }
}

/// With how many spans that cost.
fn counted(mut error: Error, spans: u32) -> Error {
    error.why = format!("{}, and {} with it", error.why, count(spans.into(), "span", "spans"));
    error
}

/// The reader of the segment that was read last: parts of a trace lie one behind the other.
pub(super) struct Readers<'a> {
    shelf: &'a Shelf,
    last: Option<(u32, LogReader)>,
}

impl<'a> Readers<'a> {
    pub(super) fn new(shelf: &'a Shelf) -> Self {
        Self { shelf, last: None }
    }

    fn of(&mut self, segment: u32) -> Result<&LogReader> {
        if self.last.as_ref().is_none_or(|(number, _)| *number != segment) {
            let name = super::file(segment);
            if !self.shelf.has(&name) {
                let why = format!("its segment {segment} is gone");
                return Err(Error::new(ErrorKind::Corrupt, "reading a trace", why, ""));
            }
            self.last = Some((segment, self.shelf.log(&name)?.reader()));
        }
        match &self.last {
            Some((_, reader)) => Ok(reader),
            None => Err(Error::internal("reading a trace", "no segment is open")),
        }
    }

    pub(super) fn spans(&mut self, key: &ChunkKey, chunk: &Chunk) -> Result<Vec<TraceSpan>> {
        let reader = self.of(key.segment)?;
        let plain = reader.read(Span { at: key.at, length: chunk.length })?;
        frame::read_spans(&plain)
            .filter(|spans| spans.len() == chunk.spans as usize)
            .ok_or_else(|| reader.damaged_at(key.at))
    }

    pub(super) fn rows(&mut self, key: &ChunkKey, chunk: &Chunk, into: &mut Outline) -> Result<()> {
        let reader = self.of(key.segment)?;
        let plain = reader.read(Span { at: chunk.rows_at, length: chunk.rows_length })?;
        let before = into.rows.len();
        let read = frame::read_rows(&plain).and_then(|(_, packed)| unpack(packed, into));
        if read == Some(chunk.spans as usize) {
            return Ok(());
        }
        into.rows.truncate(before);
        Err(reader.damaged_at(chunk.rows_at))
    }
}

/// The rows of a trace. Those that cannot be read are made of their spans again; where these cannot be read either, rows that say
/// so stand for them.
pub(super) fn outline(store: &Store, shelf: &Shelf, price: &Price, trace: TraceId) -> Opened {
    let mut opened = Opened::default();
    let mut readers = Readers::new(shelf);
    for chunk in store.scan::<Chunk>(Scan::under(&trace)) {
        let (key, chunk) = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                opened.damaged.push(error);
                continue;
            }
        };
        let Err(error) = readers.rows(&key, &chunk, &mut opened.outline) else { continue };
        opened.damaged.push(error);
        match readers.spans(&key, &chunk) {
            Ok(spans) => {
                let rows = super::outline_of(&spans, price);
                let count = rows.rows.len();
                crate::domain::trace::Packed::of(&rows, 0..count).unpack(&mut opened.outline);
            }
            Err(error) => {
                opened.damaged.push(error);
                let row = unreadable(&mut opened.outline.names);
                opened.outline.rows.extend(std::iter::repeat_n(row, chunk.spans as usize));
            }
        }
    }
    reprice(&mut opened.outline, price);
    opened
}

/// What calls cost whose spans do not tell, at the prices of now.
fn reprice(outline: &mut Outline, price: &Price) {
    let Outline { names, rows } = outline;
    for row in rows.iter_mut().filter(|row| !row.is_told && row.kind.is_inference()) {
        row.dollars = price(names.get(row.provider), names.get(row.model), &row.usage);
    }
}
