//! Markdown as it streams: whole blocks are settled once and never read or set again, the tail is read anew each time.
//!
//! Headings, lists, tasks, quotes, tables that fit, code, links with their address, maths left as it is written, HTML shown
//! as text. Nothing is ever fetched or opened.

mod maths;
mod parse;
mod set;
mod split;
mod table;
mod unclosed;

use std::borrow::Cow;
use std::ops::Range;

use crate::tui::widget::code::Code;
use crate::tui::widget::text::Row;
use parse::{CodeLine, LeafKind};
use split::{Chunk, Kind, Splitter};

/// A text that grows, set at one width.
#[derive(Debug, Clone)]
pub struct Stream {
    columns: usize,
    splitter: Splitter,
    settled: Set,
    /// Rows and codes of the unsettled tail follow the settled ones.
    settled_rows: usize,
    settled_codes: Codes,
    /// Bytes of the text at the last update, and whether it was the end.
    seen: Option<(usize, bool)>,
}

/// What was set so far.
#[derive(Debug, Clone, Default)]
struct Set {
    rows: Vec<Row>,
    codes: Vec<Code>,
}

/// How much of the codes is settled: whole ones, and lines of the last.
#[derive(Debug, Clone, Copy, Default)]
struct Codes {
    count: usize,
    lines: usize,
}

impl Stream {
    /// Nothing yet, at a width.
    pub fn new(columns: usize) -> Self {
        Self {
            columns: columns.max(1),
            splitter: Splitter::default(),
            settled: Set::default(),
            settled_rows: 0,
            settled_codes: Codes::default(),
            seen: None,
        }
    }

    /// Takes in what the text has grown to; `done` when no more will come. The text must go on where it was.
    pub fn update(&mut self, text: &str, done: bool) {
        if self.seen == Some((text.len(), done)) {
            return;
        }
        self.seen = Some((text.len(), done));
        self.settled.rows.truncate(self.settled_rows);
        self.settled.codes.truncate(self.settled_codes.count);
        if let Some(code) = self.settled.codes.last_mut() {
            code.truncate(self.settled_codes.lines);
        }
        let mut chunks = Vec::new();
        self.splitter.advance(text, &mut chunks);
        for chunk in &chunks {
            self.settled.chunk(text, chunk, self.columns, false);
        }
        self.settled_rows = self.settled.rows.len();
        let lines = self.settled.codes.last().map_or(0, |code| code.lines().len());
        self.settled_codes = Codes { count: self.settled.codes.len(), lines };
        let tail = if done { text } else { &text[..shown(text, self.splitter.read_to())] };
        let rest = self.splitter.rest(tail);
        // Only Markdown has marks to close: in code they are what they are.
        let flows = rest.last().is_some_and(|chunk| matches!(chunk.kind, Kind::Flow { .. }));
        let closed = if done || !flows { Cow::Borrowed(tail) } else { unclosed::close(tail) };
        // What was read already stands whatever is left off.
        let closed = if closed.len() < self.splitter.read_to() { Cow::Borrowed(tail) } else { closed };
        let rest = if closed == tail { rest } else { self.splitter.rest(&closed) };
        for chunk in rest {
            self.settled.chunk(&closed, &chunk, self.columns, !done);
        }
    }

    /// All rows, the tail's included.
    pub fn rows(&self) -> &[Row] {
        &self.settled.rows
    }

    /// Rows that will never change.
    pub fn settled_rows(&self) -> usize {
        self.settled_rows
    }

    /// The code blocks, in order.
    pub fn codes(&self) -> &[Code] {
        &self.settled.codes
    }
}

impl Set {
    fn chunk(&mut self, text: &str, chunk: &Chunk, columns: usize, open: bool) {
        if chunk.gap && !self.rows.is_empty() {
            self.rows.push(Row::default());
        }
        match &chunk.kind {
            Kind::Flow { head } => {
                let leaves = parse::parse(text, &chunk.range, head.as_ref());
                for (i, leaf) in leaves.iter().enumerate() {
                    let number = self.codes.len() as u32;
                    if leaf.gap {
                        self.rows.push(set::gap(leaves[..i].last(), leaf, columns));
                    }
                    set::leaf(leaf, columns, number, &mut self.rows);
                    if let LeafKind::Code { language, lines } = &leaf.kind {
                        let mut code = Code::new(language);
                        for line in lines {
                            code.push(line.text.clone(), line.source);
                        }
                        self.codes.push(code);
                    }
                }
            }
            Kind::Code { info, indent, opens, closes } => {
                if *opens {
                    let language = parse::language(&text[info.clone()]);
                    self.codes.push(Code::new(&language));
                    set::code_head(&language, columns, self.codes.len() as u32 - 1, &mut self.rows);
                }
                self.fenced(text, chunk.range.clone(), *indent, columns);
                // The last line of an open block may still grow.
                if let Some(code) = self.codes.last_mut() {
                    code.open = open && !closes && !text[..chunk.range.end].ends_with('\n');
                }
                let empty = self.codes.last().is_none_or(|code| code.lines().is_empty());
                if *closes && empty {
                    let line = CodeLine::new("", chunk.range.start);
                    set::code_line(&line, columns, self.codes.len() as u32 - 1, 0, &mut self.rows);
                }
            }
        }
    }

    fn fenced(&mut self, text: &str, range: Range<usize>, indent: usize, columns: usize) {
        let block = (self.codes.len() as u32).saturating_sub(1);
        let mut start = range.start;
        for line in text[range].split_inclusive('\n') {
            let blank = line.bytes().take(indent).take_while(|b| *b == b' ').count();
            let code = CodeLine::new(line[blank..].trim_end_matches(['\n', '\r']), start + blank);
            start += line.len();
            if let Some(last) = self.codes.last_mut() {
                set::code_line(&code, columns, block, last.lines().len() as u32, &mut self.rows);
                last.push(code.text, code.source);
            }
        }
    }
}

/// How much of the text is shown while it grows: a last line of marks alone says nothing yet, and may turn the line
/// above it into a heading for one frame.
fn shown(text: &str, from: usize) -> usize {
    let line = text[from..].rfind('\n').map_or(from, |i| from + i + 1);
    let last = &text[line..];
    let marks = |b: u8| {
        matches!(b, b'-' | b'=' | b'*' | b'_' | b'#' | b'`' | b'~' | b'+' | b'>' | b'|' | b' ' | b'\t')
    };
    if last.bytes().all(marks) { line } else { text.len() }
}

/// The code blocks of a text, in the order in which [`Stream`] numbers them.
pub fn codes(text: &str) -> Vec<Code> {
    let mut stream = Stream::new(80);
    stream.update(text, true);
    stream.settled.codes
}
