//! Datasets as CSV (RFC 4180): a line of names, then an item a record.
//!
//! `prompt` must be there, `referenceResponse` and `category` may; a column `response:NAME` holds the answers of a model of
//! that name. Case and `_` in names do not matter, other columns are ignored. Two columns are our own, as in the other form:
//! `precedingTurns`, a JSON list, and `conversation`. A cell that a spreadsheet would take for a formula is written with an apostrophe
//! in front, and the record says so in a last column, `guarded`: only where it does is the apostrophe no part of the text.

use ::csv::{ByteRecord, Position, ReaderBuilder, WriterBuilder};

use super::dataset::sound;
use super::lines::{Bad, Read, without_mark};
use crate::domain::evaluation::item::{Item, Response, Turn};
use crate::domain::message::Role;
use crate::domain::{Error, Result};
use crate::wire::formula::{bare, guarded, is_guarded};

/// What a column holds.
#[derive(PartialEq)]
enum Column {
    Prompt,
    Reference,
    Category,
    Turns,
    Conversation,
    /// Whether apostrophes of the record are ours.
    Guarded,
    /// Of this model.
    Response(String),
    Other,
}

/// The name of the column that says so, and what it says.
const GUARDED: (&str, &str) = ("guarded", "yes");

impl Column {
    fn named(name: &str) -> Self {
        let name = name.trim();
        let plain: String = name.chars().filter(|c| !"_- ".contains(*c)).collect();
        match plain.to_ascii_lowercase().as_str() {
            "prompt" => Self::Prompt,
            "referenceresponse" | "reference" => Self::Reference,
            "category" => Self::Category,
            "precedingturns" => Self::Turns,
            "conversation" => Self::Conversation,
            name if name == GUARDED.0 => Self::Guarded,
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
    let twin = columns
        .iter()
        .enumerate()
        .find(|(at, column)| **column != Column::Other && columns[..*at].contains(column));
    if let Some((at, _)) = twin {
        read.push(1, Err(format!("column {} has the name of one before it", at + 1)));
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
    let last = &bytes[begins.at..];
    if is_open(last) {
        let line = begins.line;
        read.taken.pop_if(|(taken, _)| *taken == line);
        read.bad.retain(|bad| bad.line != line);
        let more = last.trim_ascii_end().split(|byte| *byte == b'\n').skip(1).count();
        let why = match more {
            0 => "a quote in it is not closed".to_owned(),
            1 => "a quote in it is not closed: the line after it counts as part of it".to_owned(),
            more => format!("a quote in it is not closed: the {more} lines after it count as part of it"),
        };
        read.bad.push(Bad { line, why });
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

fn item(columns: &[Column], record: &ByteRecord) -> std::result::Result<Item, String> {
    if record.len() != columns.len() {
        return Err(format!("it has {} fields, the first line names {}", record.len(), columns.len()));
    }
    let (mut item, mut prompt) = (Item::default(), None);
    let is_ours = |(column, field): (&Column, &[u8])| {
        matches!(column, Column::Guarded) && field == GUARDED.1.as_bytes()
    };
    let guarded = columns.iter().zip(record).any(is_ours);
    for ((column, field), at) in columns.iter().zip(record).zip(1..) {
        if matches!(column, Column::Guarded | Column::Other) || field.is_empty() {
            continue;
        }
        let text = std::str::from_utf8(field).map_err(|_| format!("field {at} is no UTF-8"))?;
        let text = if guarded { bare(text) } else { text }.to_owned();
        match column {
            Column::Prompt => prompt = Some(Turn { role: Role::User, text }),
            Column::Reference => item.reference = Some(text),
            Column::Category => item.category = Some(text),
            Column::Turns => {
                item.turns = serde_json::from_str(&text).map_err(|_| {
                    format!("field {at} is no JSON list of turns, each with a role and a text")
                })?;
            }
            Column::Conversation => item.conversation = Some(text),
            Column::Response(model) => item.responses.push(Response { model: model.clone(), text }),
            Column::Guarded | Column::Other => {}
        }
    }
    // Turns without a question ask nothing.
    item.turns.truncate(if prompt.is_some() { usize::MAX } else { 0 });
    item.turns.extend(prompt);
    sound(item)
}

/// The columns that items take. An empty cell is nothing: an empty reference or answer is left out.
#[derive(Debug, Default)]
pub struct Columns {
    /// In the order in which they come.
    models: Vec<String>,
    turns: bool,
    conversation: bool,
    guarded: bool,
}

impl Columns {
    /// Makes room for an item.
    pub fn add(&mut self, item: &Item) {
        for response in &item.responses {
            if !self.models.contains(&response.model) {
                self.models.push(response.model.clone());
            }
        }
        self.turns |= item.turns.len() > 1;
        self.conversation |= item.conversation.is_some();
        // Turns before it are a JSON list, which begins no formula.
        let texts =
            [Some(item.prompt()), item.reference.as_deref(), item.category.as_deref()].into_iter().flatten();
        let answers = item.responses.iter().map(|response| response.text.as_str());
        self.guarded |= texts.chain(item.conversation.as_deref()).chain(answers).any(is_guarded);
    }

    /// The first line.
    pub fn head(&self) -> Result<String> {
        let mut names = ["prompt", "referenceResponse", "category"].map(str::to_owned).to_vec();
        names.extend(self.turns.then(|| "precedingTurns".to_owned()));
        names.extend(self.conversation.then(|| "conversation".to_owned()));
        names.extend(self.models.iter().map(|model| format!("response:{model}")));
        names.extend(self.guarded.then(|| GUARDED.0.to_owned()));
        written(&[names])
    }

    /// A record an item; all that `add` saw fit.
    pub fn rows(&self, items: &[Item]) -> Result<String> {
        let rows: Vec<_> = items.iter().map(|item| self.row(item)).collect::<Result<_>>()?;
        written(&rows)
    }

    fn row(&self, item: &Item) -> Result<Vec<String>> {
        let cell = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut row = vec![item.prompt().to_owned(), cell(&item.reference), cell(&item.category)];
        if self.turns {
            let before = &item.turns[..item.turns.len().saturating_sub(1)];
            row.push(if before.is_empty() {
                String::new()
            } else {
                serde_json::to_string(before).map_err(|why| failed(&why.to_string()))?
            });
        }
        if self.conversation {
            row.push(cell(&item.conversation));
        }
        let answer = |model: &String| item.response(model).map_or_else(String::new, |said| said.text.clone());
        row.extend(self.models.iter().map(answer));
        let mark = if row.iter().any(|text| is_guarded(text)) { GUARDED.1 } else { "" };
        let cells = row.into_iter().map(guarded);
        Ok(cells.chain(self.guarded.then(|| mark.to_owned())).collect())
    }
}

/// The table of items; answers come back in the order of its columns.
pub fn write(items: &[Item]) -> Result<String> {
    let mut columns = Columns::default();
    for item in items {
        columns.add(item);
    }
    Ok(columns.head()? + &columns.rows(items)?)
}

fn written(rows: &[Vec<String>]) -> Result<String> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|why| failed(&why.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|why| failed(&why.to_string()))?;
    String::from_utf8(bytes).map_err(|why| failed(&why.to_string()))
}

fn failed(why: &str) -> Error {
    Error::internal("writing a table", why)
}
