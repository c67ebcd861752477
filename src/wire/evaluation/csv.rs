//! Datasets as CSV (RFC 4180): a line of names, then an item a record.
//!
//! `prompt` must be there, `referenceResponse` and `category` may; a column `response:NAME` holds the answers of a model of
//! that name. Case and `_` in names do not matter, other columns are ignored.

use ::csv::{ByteRecord, Position, ReaderBuilder};

use super::dataset::sound;
use super::lines::{Bad, Read, without_mark};
use crate::domain::evaluation::item::{Item, Response};

/// What a column holds.
enum Column {
    Prompt,
    Reference,
    Category,
    /// Of this model.
    Response(String),
    Other,
}

impl Column {
    fn named(name: &str) -> Self {
        let name = name.trim();
        let plain: String = name.chars().filter(|c| !"_- ".contains(*c)).collect();
        match plain.to_ascii_lowercase().as_str() {
            "prompt" => Self::Prompt,
            "referenceresponse" | "reference" => Self::Reference,
            "category" => Self::Category,
            _ => match name.split_once(':') {
                Some((kind, model)) if kind.trim().eq_ignore_ascii_case("response") => {
                    Self::Response(model.trim().to_owned())
                }
                _ => Self::Other,
            },
        }
    }
}

/// The items of a table; an empty cell is nothing.
pub fn read(bytes: &[u8]) -> Read<Item> {
    let mut read = Read::default();
    let bytes = match without_mark(bytes) {
        Ok(bytes) => bytes,
        Err(why) => {
            read.push(1, Err(why));
            return read;
        }
    };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let columns: Vec<Column> = match reader.byte_headers() {
        Ok(names) => names.iter().map(|name| Column::named(&String::from_utf8_lossy(name))).collect(),
        Err(why) => {
            read.push(1, Err(why.to_string()));
            return read;
        }
    };
    if !columns.iter().any(|column| matches!(column, Column::Prompt)) {
        if !bytes.trim_ascii().is_empty() {
            read.push(1, Err("no column is called \"prompt\"".to_owned()));
        }
        return read;
    }
    let mut record = ByteRecord::new();
    let mut begins = Begins { bytes, at: 0, line: 1 };
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                begins.go_to(record.position());
                read.push(begins.line, item(&columns, &record));
            }
            Err(why) => {
                begins.go_to(why.position());
                read.bad.push(Bad { line: begins.line, why: why.to_string() });
                break;
            }
        }
    }
    // A quote that is not closed takes all that follows for one field, which is no error of the table's form.
    if is_open(&bytes[begins.at..])
        && let Some((line, _)) = read.taken.pop_if(|(line, _)| *line == begins.line)
    {
        read.bad.push(Bad { line, why: "a quote in it is not closed".to_owned() });
    }
    read
}

/// Where a record begins: the reader's own count of lines stands before the line feed of a CRLF.
struct Begins<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Begins<'_> {
    fn go_to(&mut self, position: Option<&Position>) {
        let Some(mut to) = position.and_then(|position| usize::try_from(position.byte()).ok()) else {
            return;
        };
        while self.bytes.get(to).is_some_and(|byte| b"\r\n".contains(byte)) {
            to += 1;
        }
        let passed = self.bytes.get(self.at..to).unwrap_or_default();
        self.line += passed.split(|byte| *byte == b'\n').count().saturating_sub(1);
        self.at = to.min(self.bytes.len());
    }
}

/// Whether a line after the record would still be part of it.
fn is_open(record: &[u8]) -> bool {
    let next = [record, b"\nnext"].concat();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(next.as_slice());
    let last = reader.byte_records().filter_map(Result::ok).last();
    last.is_some_and(|last| last.get(0) != Some(b"next"))
}

fn item(columns: &[Column], record: &ByteRecord) -> Result<Item, String> {
    if record.len() != columns.len() {
        return Err(format!("it has {} fields, the first line names {}", record.len(), columns.len()));
    }
    let mut item = Item::default();
    for ((column, field), at) in columns.iter().zip(record).zip(1..) {
        if matches!(column, Column::Other) || field.is_empty() {
            continue;
        }
        let text = std::str::from_utf8(field).map_err(|_| format!("field {at} is no UTF-8"))?.to_owned();
        match column {
            Column::Prompt => item.turns = Item::asking(text).turns,
            Column::Reference => item.reference = Some(text),
            Column::Category => item.category = Some(text),
            Column::Response(model) => item.responses.push(Response { model: model.clone(), text }),
            Column::Other => {}
        }
    }
    sound(item)
}
