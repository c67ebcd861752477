//! A passage as a row, and back.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::filter::attribute;
use super::plain::{read, written};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::terms::terms;
use crate::domain::{Error, ErrorKind, Result};

/// The columns that a passage is read from, the vector aside, in this order.
pub(super) const COLUMNS: &str = "id, document, ordinal, chunks, metadata::text, custom_metadata::text";

/// What `metadata` holds.
#[derive(Serialize, Deserialize)]
struct Metadata {
    range: Range<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Range<usize>>,
    tokens: u32,
}

/// Rows to be written, column by column.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) ids: Vec<Uuid>,
    pub(super) documents: Vec<Uuid>,
    pub(super) ordinals: Vec<i64>,
    pub(super) texts: Vec<String>,
    pub(super) metadata: Vec<String>,
    pub(super) attributes: Vec<String>,
    pub(super) vectors: Vec<String>,
    pub(super) terms: Vec<String>,
    pub(super) lengths: Vec<i64>,
}

impl Columns {
    pub(super) fn push(&mut self, entry: &Entry) -> Result<()> {
        let Entry { passage, vector } = entry;
        let json = |why: serde_json::Error| Error::internal("writing a passage", why.to_string());
        let (range, parent) = (passage.range.clone(), passage.parent.clone());
        let metadata = Metadata { range, parent, tokens: passage.tokens };
        let attributes: serde_json::Map<String, serde_json::Value> = passage
            .attributes
            .iter()
            .map(|(key, value)| (written(key).into_owned(), attribute(value)))
            .collect();
        let words = terms(&passage.text);
        let named: BTreeMap<_, u32> = words.iter().map(|(word, times)| (written(word), *times)).collect();
        self.ids.push(uuid(passage.id.as_bytes()));
        self.documents.push(uuid(passage.document.as_bytes()));
        self.ordinals.push(passage.ordinal.into());
        self.texts.push(written(&passage.text).into_owned());
        self.metadata.push(serde_json::to_string(&metadata).map_err(json)?);
        self.attributes.push(serde_json::to_string(&attributes).map_err(json)?);
        self.vectors.push(vector_text(vector));
        self.terms.push(serde_json::to_string(&named).map_err(json)?);
        self.lengths.push(words.values().map(|times| i64::from(*times)).sum());
        Ok(())
    }
}

/// A vector as pgvector reads it; each number comes back as it was.
pub(super) fn vector_text(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(f32::to_string).collect();
    format!("[{}]", numbers.join(","))
}

pub(super) fn uuid(bytes: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*bytes)
}

pub(super) fn passage_id(id: Uuid) -> PassageId {
    PassageId::from_bytes(*id.as_bytes())
}

/// The entry of a row of [`COLUMNS`], with the vector behind them where it was asked for.
pub(super) fn entry(row: &Row) -> Result<Entry> {
    let odd = |why: String| {
        let hint = "Was the table changed by another program? Sync the base's sources again.";
        Error::new(ErrorKind::Corrupt, "reading a passage from PostgreSQL", why, hint)
    };
    let metadata: Metadata =
        serde_json::from_str(got(row, 4).map_err(odd)?).map_err(|why| odd(why.to_string()))?;
    let said: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(got(row, 5).map_err(odd)?).map_err(|why| odd(why.to_string()))?;
    let mut attributes = Attributes::new();
    for (key, value) in said {
        attributes
            .insert(read(key), told(value).ok_or_else(|| odd("an attribute is of no known type".into()))?);
    }
    let passage = Passage {
        id: passage_id(got(row, 0).map_err(odd)?),
        document: DocumentId::from_bytes(*got::<Uuid>(row, 1).map_err(odd)?.as_bytes()),
        ordinal: u32::try_from(got::<i64>(row, 2).map_err(odd)?).map_err(|why| odd(why.to_string()))?,
        range: metadata.range,
        parent: metadata.parent,
        tokens: metadata.tokens,
        text: read(got(row, 3).map_err(odd)?),
        attributes,
    };
    let vector = if row.len() > 6 { got(row, 6).map_err(odd)? } else { Vec::new() };
    Ok(Entry { passage, vector })
}

fn got<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, String> {
    row.try_get(at).map_err(|why| why.to_string())
}

fn told(value: serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match value {
        Json::String(text) => Value::Text(read(text)),
        Json::Number(number) => Value::Number(number.as_f64()?),
        Json::Bool(truth) => Value::Truth(truth),
        Json::Array(texts) => {
            let text = |value: Json| if let Json::String(text) = value { Some(read(text)) } else { None };
            Value::Texts(texts.into_iter().map(text).collect::<Option<_>>()?)
        }
        Json::Null | Json::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_passage_comes_back_as_it_was() {
        for value in [
            Value::Text("a\0b".to_owned()),
            Value::Number(1e300),
            Value::Number(-0.1),
            Value::Truth(false),
            Value::Texts(Vec::new()),
            Value::Texts(vec!["a".to_owned(), "\0".to_owned()]),
        ] {
            assert_eq!(told(attribute(&value)).unwrap(), value);
        }
        assert_eq!(vector_text(&[1.0, -0.1, 1e-30]), "[1,-0.1,0.000000000000000000000000000001]");
    }
}
