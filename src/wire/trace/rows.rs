//! The rows of a trace as bytes, for whoever keeps them: a trace of a million spans is opened without reading its spans.
//!
//! A block holds the rows of some spans of one trace, and the texts that they name; blocks are read one after the other into
//! one outline. Its numbers are protobuf's varints, times are told from the row before. The first byte is the version of the
//! form: a block of another is no damage, and is made again from the spans.

use crate::domain::message::Usage;
use crate::domain::trace::names::Symbol;
use crate::domain::trace::{Dialect, Kind, Outline, Row, Status};
use crate::domain::{Error, ErrorKind, Result};

const VERSION: u8 = 1;
const DOING: &str = "reading the rows of a trace";
const DIALECTS: [Dialect; 4] = [Dialect::GenAi, Dialect::OlderGenAi, Dialect::OpenInference, Dialect::Plain];
const STATUSES: [Status; 3] = [Status::Unset, Status::Ok, Status::Error];

/// A block of the rows from `from` on.
pub fn encode(outline: &Outline, from: usize) -> Vec<u8> {
    let rows = outline.rows.get(from..).unwrap_or_default();
    let mut texts = Texts { symbols: vec![0; outline.names.len()], named: Vec::new() };
    let mut body = Vec::with_capacity(rows.len() * 64);
    let mut before = 0;
    for row in rows {
        put_row(&mut body, row, before, &mut texts);
        before = row.start;
    }
    let mut to = vec![VERSION];
    put(&mut to, texts.named.len() as u64);
    for symbol in &texts.named {
        let text = outline.names.get(*symbol).as_bytes();
        put(&mut to, text.len() as u64);
        to.extend_from_slice(text);
    }
    put(&mut to, rows.len() as u64);
    to.append(&mut body);
    to
}

/// Reads a block behind the rows that an outline has.
///
/// # Errors
///
/// `Version` for a block of another form, `Corrupt` for what is none. The rows before the damage have been added.
pub fn append(block: &[u8], outline: &mut Outline) -> Result<()> {
    match block.first() {
        Some(&VERSION) => {}
        Some(other) => {
            let why = format!("they are of form {other}, and this program knows form {VERSION}");
            return Err(Error::new(ErrorKind::Version, DOING, why, "Make them again from the spans."));
        }
        None => return Err(damaged()),
    }
    let mut from = Bytes { rest: &block[1..] };
    read(&mut from, outline).filter(|()| from.rest.is_empty()).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::new(ErrorKind::Corrupt, DOING, "they break off, or are none", "Make them again from the spans.")
}

/// Texts by the order in which rows name them.
struct Texts {
    /// The place of each symbol, from 1; 0 for one that was not named yet.
    symbols: Vec<u64>,
    named: Vec<Symbol>,
}

impl Texts {
    fn place(&mut self, symbol: Symbol) -> u64 {
        if symbol.is_none() {
            return 0;
        }
        let place = &mut self.symbols[symbol.index()];
        if *place == 0 {
            self.named.push(symbol);
            *place = self.named.len() as u64;
        }
        *place
    }
}

fn put(to: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A number that may be unknown: 0, or one more than it.
fn put_some(to: &mut Vec<u8>, value: Option<u32>) {
    put(to, value.map_or(0, |value| u64::from(value) + 1));
}

/// A difference, small ones short whichever way they go.
fn put_difference(to: &mut Vec<u8>, value: u64, before: u64) {
    let difference = value.wrapping_sub(before).cast_signed();
    put(to, ((difference << 1) ^ (difference >> 63)).cast_unsigned());
}

fn put_row(to: &mut Vec<u8>, row: &Row, before: u64, texts: &mut Texts) {
    to.extend_from_slice(&row.id.to_le_bytes());
    to.extend_from_slice(&row.parent.to_le_bytes());
    put_difference(to, row.start, before);
    put_difference(to, row.end, row.start);
    for symbol in symbols(row) {
        put(to, texts.place(symbol));
    }
    let place = |at: Option<usize>| at.unwrap_or(0) as u8;
    to.push(place(Kind::ALL.iter().position(|kind| *kind == row.kind)));
    to.push(place(DIALECTS.iter().position(|dialect| *dialect == row.dialect)));
    to.push(place(STATUSES.iter().position(|status| *status == row.status)));
    let flags = [
        row.call != 0,
        row.arguments != 0,
        row.dollars.is_some(),
        row.is_told,
        row.first.is_some(),
        row.usage.estimated,
    ];
    to.push(flags.iter().enumerate().fold(0, |bits, (at, set)| bits | u8::from(*set) << at));
    if row.call != 0 {
        to.extend_from_slice(&row.call.to_le_bytes());
    }
    if row.arguments != 0 {
        to.extend_from_slice(&row.arguments.to_le_bytes());
    }
    if let Some(dollars) = row.dollars {
        to.extend_from_slice(&dollars.to_bits().to_le_bytes());
    }
    if let Some(first) = row.first {
        put(to, first);
    }
    let Usage { input, output, cache_read, cache_write, reasoning, .. } = row.usage;
    for count in [input, output, cache_read, cache_write, reasoning] {
        put_some(to, count);
    }
    for count in [row.repaired, row.events, row.links] {
        put(to, u64::from(count));
    }
}

/// The texts of a row in the order of the form.
fn symbols(row: &Row) -> [Symbol; 11] {
    [
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
    ]
}

struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn fixed(&mut self) -> Option<u64> {
        let (fixed, rest) = self.rest.split_first_chunk::<8>()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*fixed))
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f).wrapping_shl(7 * at as u32);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Some(value);
            }
        }
        None
    }

    fn count(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// A number that may be unknown, to its place.
    fn some(&mut self, to: &mut Option<u32>) -> Option<()> {
        *to = match self.number()? {
            0 => None,
            more => Some(u32::try_from(more - 1).ok()?),
        };
        Some(())
    }

    fn difference(&mut self, before: u64) -> Option<u64> {
        let coded = self.number()?;
        let difference = (coded >> 1).cast_signed() ^ -(coded & 1).cast_signed();
        Some(before.wrapping_add(difference.cast_unsigned()))
    }

    fn symbol(&mut self, symbols: &[Symbol]) -> Option<Symbol> {
        match usize::try_from(self.number()?).ok()? {
            0 => Some(Symbol::NONE),
            place => symbols.get(place - 1).copied(),
        }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.byte()?)).copied()
    }
}

fn read(from: &mut Bytes<'_>, outline: &mut Outline) -> Option<()> {
    let texts = from.count()?;
    let mut symbols = Vec::new();
    for _ in 0..texts {
        let length = from.count()? as usize;
        let text = str::from_utf8(from.take(length)?).ok()?;
        symbols.push(outline.names.keep(text));
    }
    let rows = from.count()? as usize;
    // No row is shorter than its two ids.
    outline.rows.reserve(rows.min(from.rest.len() / 16));
    let mut before = 0;
    for _ in 0..rows {
        let row = read_row(from, before, &symbols)?;
        before = row.start;
        outline.rows.push(row);
    }
    Some(())
}

fn read_row(from: &mut Bytes<'_>, before: u64, symbols: &[Symbol]) -> Option<Row> {
    let (id, parent) = (from.fixed()?, from.fixed()?);
    let start = from.difference(before)?;
    let end = from.difference(start)?;
    let mut named = [Symbol::NONE; 11];
    for symbol in &mut named {
        *symbol = from.symbol(symbols)?;
    }
    let [name, operation, provider, model, agent, session, tool, finish, error, words, service] = named;
    let kind = from.one_of(&Kind::ALL)?;
    let dialect = from.one_of(&DIALECTS)?;
    let status = from.one_of(&STATUSES)?;
    let flags = from.byte()?;
    let has = |at: u8| flags & 1 << at != 0;
    let call = if has(0) { from.fixed()? } else { 0 };
    let arguments = if has(1) { from.fixed()? } else { 0 };
    let dollars = if has(2) { Some(f64::from_bits(from.fixed()?)) } else { None };
    let first = if has(4) { Some(from.number()?) } else { None };
    let mut usage = Usage { estimated: has(5), ..Usage::default() };
    let Usage { input, output, cache_read, cache_write, reasoning, .. } = &mut usage;
    for count in [input, output, cache_read, cache_write, reasoning] {
        from.some(count)?;
    }
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
        call,
        arguments,
        usage,
        dollars,
        is_told: has(3),
        first,
        repaired: from.count()?,
        events: from.count()?,
        links: from.count()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::trace::otlp::protobuf;
    use crate::wire::trace::tests::outlined;

    const GENAI: &[u8] = include_bytes!("../../../tests/data/traces/otlp_genai.pb");
    const OPENINFERENCE: &[u8] = include_bytes!("../../../tests/data/traces/otlp_openinference.pb");

    fn both() -> [Outline; 2] {
        [GENAI, OPENINFERENCE].map(|bytes| outlined(&protobuf::decode(bytes)))
    }

    /// Rows with their texts in words.
    fn told(outline: &Outline) -> Vec<(Row, Vec<String>)> {
        let plain = |row: &Row| {
            let texts = symbols(row).iter().map(|symbol| outline.names.get(*symbol).to_owned()).collect();
            let none = Symbol::NONE;
            let row = Row {
                name: none,
                operation: none,
                provider: none,
                model: none,
                agent: none,
                session: none,
                tool: none,
                finish: none,
                error: none,
                words: none,
                service: none,
                ..row.clone()
            };
            (row, texts)
        };
        outline.rows.iter().map(plain).collect()
    }

    #[test]
    fn blocks_are_read_one_after_the_other_into_one_outline() {
        let [one, other] = both();
        let mut back = Outline::default();
        append(&encode(&one, 0), &mut back).unwrap();
        append(&encode(&other, 1), &mut back).unwrap();
        let mut wanted = told(&one);
        wanted.extend_from_slice(&told(&other)[1..]);
        assert_eq!(told(&back), wanted);
        append(&encode(&one, 99), &mut back).unwrap();
        assert_eq!(back.rows.len(), 7);
    }

    #[test]
    fn a_block_of_another_form_is_no_damage_and_one_that_breaks_off_is() {
        let [one, _] = both();
        let block = encode(&one, 0);
        let error = append(&[9, 0, 0], &mut Outline::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Version);
        for at in 0..block.len() {
            let error = append(&block[..at], &mut Outline::default()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(mut bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            bytes.insert(0, VERSION);
            let _ = append(&bytes, &mut Outline::default());
        }

        #[test]
        fn numbers_come_back_whatever_they_are(id: u64, start: u64, end: u64, tokens: Option<u32>, dollars: Option<f64>, first: Option<u64>) {
            let [mut one, _] = both();
            let row = &mut one.rows[0];
            (row.id, row.start, row.end, row.first) = (id, start, end, first);
            (row.usage.input, row.dollars) = (tokens, dollars.filter(|dollars| !dollars.is_nan()));
            let mut back = Outline::default();
            append(&encode(&one, 0), &mut back).unwrap();
            prop_assert_eq!(told(&back), told(&one));
        }
    }
}
