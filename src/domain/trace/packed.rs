//! Rows of an outline as bytes: what is kept beside the spans of a trace, so that it opens without reading them, and what goes
//! through the door. Every pack holds the texts of its own rows, so packs may come in any number.
//!
//! A version, the texts (each behind its length), then the rows. Ids and times lie as eight bytes, the lowest first; other
//! numbers in the variable length of LEB128.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::facts::{Dialect, Kind};
use super::names::{Names, Symbol};
use super::outline::{Outline, Row};
use super::span::Status;
use crate::domain::message::Usage;

/// Grows when the form does; a pack of another version is read by nobody.
const VERSION: u8 = 1;

const DIALECTS: [Dialect; 4] = [Dialect::GenAi, Dialect::OlderGenAi, Dialect::OpenInference, Dialect::Plain];
const STATUSES: [Status; 3] = [Status::Unset, Status::Ok, Status::Error];

/// What a row tells beyond what all of them have: one bit each.
const CALL: u64 = 1;
const ARGUMENTS: u64 = 1 << 1;
const INPUT: u64 = 1 << 2;
const OUTPUT: u64 = 1 << 3;
const CACHE_READ: u64 = 1 << 4;
const CACHE_WRITE: u64 = 1 << 5;
const REASONING: u64 = 1 << 6;
const ESTIMATED: u64 = 1 << 7;
const DOLLARS: u64 = 1 << 8;
const TOLD: u64 = 1 << 9;
const FIRST: u64 = 1 << 10;
const STOPPED: u64 = 1 << 11;

/// Rows as bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Packed(#[serde(with = "crate::domain::base64")] pub Vec<u8>);

impl Packed {
    /// These rows of an outline.
    pub fn of(outline: &Outline, rows: Range<usize>) -> Self {
        let rows = outline.rows.get(rows).unwrap_or_default();
        let mut texts = Texts::default();
        let mut body = Vec::with_capacity(rows.len() * 80);
        for row in rows {
            write_row(&mut body, row, &mut texts);
        }
        let mut bytes = vec![VERSION];
        put(&mut bytes, texts.symbols.len() as u64);
        for symbol in &texts.symbols {
            let text = outline.names.get(*symbol);
            put(&mut bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        put(&mut bytes, rows.len() as u64);
        bytes.extend_from_slice(&body);
        Self(bytes)
    }

    /// Adds its rows to an outline; `None`, and nothing is added, where the bytes make no sense.
    pub fn unpack(&self, outline: &mut Outline) -> Option<usize> {
        unpack(&self.0, outline)
    }
}

/// Adds the rows that `bytes` hold to an outline; `None`, and none is added, where they make no sense.
pub fn unpack(bytes: &[u8], outline: &mut Outline) -> Option<usize> {
    let before = outline.rows.len();
    let read = read(bytes, outline);
    if read.is_none() {
        outline.rows.truncate(before);
    }
    read
}

fn read(bytes: &[u8], outline: &mut Outline) -> Option<usize> {
    let (version, mut rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    let texts = take(&mut rest)?;
    let mut symbols = Vec::new();
    for _ in 0..texts {
        let length = usize::try_from(take(&mut rest)?).ok()?;
        let (text, after) = rest.split_at_checked(length)?;
        symbols.push(outline.names.keep(std::str::from_utf8(text).ok()?));
        rest = after;
    }
    let rows = usize::try_from(take(&mut rest)?).ok()?;
    for _ in 0..rows {
        let row = read_row(&mut rest, &symbols)?;
        outline.rows.push(row);
    }
    rest.is_empty().then_some(rows)
}

/// The texts of a pack in order of their first row; 0 stands for none.
#[derive(Default)]
struct Texts {
    symbols: Vec<Symbol>,
    places: HashMap<Symbol, u64>,
}

impl Texts {
    fn place(&mut self, symbol: Symbol) -> u64 {
        if symbol.is_none() {
            return 0;
        }
        let Self { symbols, places } = self;
        *places.entry(symbol).or_insert_with(|| {
            symbols.push(symbol);
            symbols.len() as u64
        })
    }
}

fn write_row(to: &mut Vec<u8>, row: &Row, texts: &mut Texts) {
    for whole in [row.id, row.parent, row.start, row.end] {
        to.extend_from_slice(&whole.to_le_bytes());
    }
    let symbols = [
        row.name,
        row.operation,
        row.provider,
        row.model,
        row.agent,
        row.session,
        row.tool,
        row.finish,
        row.error,
        row.words,
        row.service,
    ];
    for symbol in symbols {
        put(to, texts.place(symbol));
    }
    let place = |at: Option<usize>| at.unwrap_or(0) as u8;
    to.push(place(Kind::ALL.iter().position(|kind| *kind == row.kind)));
    to.push(place(DIALECTS.iter().position(|dialect| *dialect == row.dialect)));
    to.push(place(STATUSES.iter().position(|status| *status == row.status)));
    let usage = &row.usage;
    let counts = [
        (INPUT, usage.input),
        (OUTPUT, usage.output),
        (CACHE_READ, usage.cache_read),
        (CACHE_WRITE, usage.cache_write),
        (REASONING, usage.reasoning),
    ];
    let told = counts.iter().filter(|(_, count)| count.is_some()).map(|(bit, _)| bit).sum::<u64>();
    let bit = |bit, is: bool| if is { bit } else { 0 };
    let bits = told
        | bit(CALL, row.call != 0)
        | bit(ARGUMENTS, row.arguments != 0)
        | bit(ESTIMATED, usage.estimated)
        | bit(DOLLARS, row.dollars.is_some())
        | bit(TOLD, row.is_told)
        | bit(FIRST, row.first.is_some())
        | bit(STOPPED, row.stopped);
    put(to, bits);
    for hash in [row.call, row.arguments].into_iter().filter(|hash| *hash != 0) {
        to.extend_from_slice(&hash.to_le_bytes());
    }
    for count in counts.iter().filter_map(|(_, count)| *count) {
        put(to, u64::from(count));
    }
    if let Some(dollars) = row.dollars {
        to.extend_from_slice(&dollars.to_bits().to_le_bytes());
    }
    if let Some(first) = row.first {
        put(to, first);
    }
    for count in [row.repaired, row.events, row.links] {
        put(to, u64::from(count));
    }
}

fn read_row(from: &mut &[u8], symbols: &[Symbol]) -> Option<Row> {
    let (id, parent, start, end) = (whole(from)?, whole(from)?, whole(from)?, whole(from)?);
    let mut symbol = || match take(from)? {
        0 => Some(Symbol::NONE),
        place => symbols.get(usize::try_from(place).ok()? - 1).copied(),
    };
    let name = symbol()?;
    let operation = symbol()?;
    let provider = symbol()?;
    let model = symbol()?;
    let agent = symbol()?;
    let session = symbol()?;
    let tool = symbol()?;
    let finish = symbol()?;
    let error = symbol()?;
    let words = symbol()?;
    let service = symbol()?;
    let kind = *Kind::ALL.get(byte(from)?)?;
    let dialect = *DIALECTS.get(byte(from)?)?;
    let status = *STATUSES.get(byte(from)?)?;
    let bits = take(from)?;
    let has = |bit| bits & bit != 0;
    let call = if has(CALL) { whole(from)? } else { 0 };
    let arguments = if has(ARGUMENTS) { whole(from)? } else { 0 };
    let mut count_of = |bit| if has(bit) { count(from).map(Some) } else { Some(None) };
    let usage = Usage {
        input: count_of(INPUT)?,
        output: count_of(OUTPUT)?,
        cache_read: count_of(CACHE_READ)?,
        cache_write: count_of(CACHE_WRITE)?,
        reasoning: count_of(REASONING)?,
        estimated: has(ESTIMATED),
    };
    let dollars = if has(DOLLARS) { Some(f64::from_bits(whole(from)?)) } else { None };
    let first = if has(FIRST) { Some(take(from)?) } else { None };
    Some(Row {
        id,
        parent,
        start,
        end,
        name,
        operation,
        provider,
        model,
        agent,
        session,
        tool,
        finish,
        error,
        words,
        service,
        kind,
        dialect,
        status,
        stopped: has(STOPPED),
        call,
        arguments,
        usage,
        dollars,
        is_told: has(TOLD),
        first,
        repaired: count(from)?,
        events: count(from)?,
        links: count(from)?,
    })
}

fn put(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn take(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn count(from: &mut &[u8]) -> Option<u32> {
    u32::try_from(take(from)?).ok()
}

fn whole(from: &mut &[u8]) -> Option<u64> {
    let (eight, rest) = from.split_first_chunk::<8>()?;
    *from = rest;
    Some(u64::from_le_bytes(*eight))
}

fn byte(from: &mut &[u8]) -> Option<usize> {
    let (byte, rest) = from.split_first()?;
    *from = rest;
    Some(usize::from(*byte))
}

/// A row that stands for a span which cannot be read any more, so that those behind it keep their numbers.
pub fn unreadable(names: &mut Names) -> Row {
    Row {
        id: 0,
        parent: 0,
        start: 0,
        end: 0,
        name: names.keep("a span that cannot be read"),
        operation: Symbol::NONE,
        provider: Symbol::NONE,
        model: Symbol::NONE,
        agent: Symbol::NONE,
        session: Symbol::NONE,
        tool: Symbol::NONE,
        finish: Symbol::NONE,
        error: names.keep("damaged"),
        words: Symbol::NONE,
        service: Symbol::NONE,
        kind: Kind::Other,
        dialect: Dialect::Plain,
        status: Status::Error,
        stopped: false,
        call: 0,
        arguments: 0,
        usage: Usage::default(),
        dollars: None,
        is_told: false,
        first: None,
        repaired: 0,
        events: 0,
        links: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{Facts, SpanKey, TraceSpan};

    fn outline() -> Outline {
        let mut outline = Outline::default();
        for (id, model, input) in [(1, "m", Some(3)), (2, "", None), (u64::MAX, "m", Some(u32::MAX))] {
            let span = TraceSpan {
                id: SpanKey(id),
                parent: (id == 2).then_some(SpanKey(1)),
                name: format!("span {model}"),
                start: u64::MAX - 5,
                end: id,
                repaired: 2,
                ..TraceSpan::default()
            };
            let usage = Usage { input, reasoning: input, estimated: id == 1, ..Usage::default() };
            let facts = Facts {
                kind: Kind::Model,
                dialect: Dialect::OpenInference,
                model,
                call: if id == 1 { "call" } else { "" },
                arguments: id,
                usage,
                dollars: (id != 2).then_some(0.25),
                first: (id == 1).then_some(300),
                stopped: id == 2,
                ..Facts::default()
            };
            outline.add(&span, &facts, |_| None);
        }
        outline
    }

    #[test]
    fn rows_come_back_as_they_were_whatever_was_kept_before() {
        let outline = outline();
        let mut back = Outline::default();
        assert_eq!(Packed::of(&outline, 0..3).unpack(&mut back), Some(3));
        assert_eq!(back.rows, outline.rows);
        let mut other = Outline::default();
        other.names.keep("something else");
        assert_eq!(Packed::of(&outline, 2..3).unpack(&mut other), Some(1));
        assert_eq!(other.names.get(other.rows[0].model), "m");
        assert_eq!(Packed::of(&outline, 5..9).unpack(&mut other), Some(0));
    }

    #[test]
    fn bytes_that_were_cut_or_changed_add_nothing() {
        let whole = Packed::of(&outline(), 0..3).0;
        for cut in 0..whole.len() {
            let mut into = Outline::default();
            assert_eq!(unpack(&whole[..cut], &mut into), None, "{cut}");
            assert!(into.rows.is_empty());
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            // Whatever it says then, it is no panic.
            let _ = unpack(&flipped, &mut Outline::default());
        }
    }
}
