//! Writing the file, line by line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::shape::{BaseShape, DocumentShape, Head, OriginShape, PassageShape, Shape, SourceShape};
use super::{CHECK, Chain, DIGITS, LONGEST_LINE, VERSION, chained, without_credentials};
use crate::domain::hex::hex;
use crate::domain::knowledge::attribute::{SOURCE_URI, Value};
use crate::domain::knowledge::base::{Base, Origin, Source};
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::sync::Filed;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::knowledge::metadata::plain;

const DOING: &str = "exporting a knowledge base";

/// Makes the lines, each with its end.
#[derive(Debug, Default)]
pub struct Writer {
    chain: Chain,
    documents: u64,
    passages: u64,
}

impl Writer {
    /// The first line: the base, its settings, and how many documents and passages follow.
    pub fn head(&mut self, base: &Base, (documents, passages): (u64, u64), vectors: bool) -> Result<String> {
        let head = Head {
            name: base.name.clone(),
            description: base.description.clone(),
            embedder: base.embedder.clone(),
            dimensions: base.dimensions,
            normalised: base.normalised,
            vectors,
            documents,
            passages,
            sources: Vec::new(),
        };
        let sources = base.sources.iter().map(source).collect();
        self.line(&Shape::KnowledgeBase(BaseShape { version: VERSION, head, sources }))
    }

    /// A document; its passages follow.
    pub fn document(&mut self, filed: &Filed) -> Result<String> {
        self.documents += 1;
        let filed = filed.clone();
        self.line(&Shape::Document(DocumentShape {
            id: filed.id,
            source: filed.source,
            uri: public(&filed.uri),
            state: filed.state,
            notes: filed.notes,
            stamp: filed.stamp,
            hash: filed.hash,
            metadata: filed.metadata,
            prefixed: filed.prefixed,
            before: filed.before,
            validators: filed.validators,
            format: filed.format,
            passages: filed.passages,
            tokens: filed.tokens,
            updated: filed.updated,
        }))
    }

    /// A passage of the document before it.
    pub fn passage(&mut self, passage: &Passage, vector: Option<&[f32]>) -> Result<String> {
        self.passages += 1;
        let attributes = passage.attributes.iter().map(|(key, value)| (key.clone(), json(key, value)));
        let numbers = |vector: &[f32]| {
            STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
        };
        self.line(&Shape::Passage(PassageShape {
            ordinal: passage.ordinal,
            start: passage.range.start,
            end: passage.range.end,
            parent: passage.parent.as_ref().map(|parent| (parent.start, parent.end)),
            tokens: passage.tokens,
            text: passage.text.clone(),
            attributes: attributes.collect(),
            vector: vector.map(numbers),
        }))
    }

    /// The last line.
    pub fn end(&mut self) -> Result<String> {
        let (documents, passages) = (self.documents, self.passages);
        self.line(&Shape::End { documents, passages })
    }

    fn line(&mut self, shape: &Shape) -> Result<String> {
        let mut line = serde_json::to_string(shape).map_err(|why| Error::internal(DOING, why.to_string()))?;
        line.pop();
        self.chain = chained(&self.chain, line.as_bytes());
        line.push_str(CHECK);
        line.push_str(&hex(&self.chain[..DIGITS / 2]));
        line.push_str("\"}\n");
        if line.len() > LONGEST_LINE {
            let why = format!("a passage makes a line of {} bytes", line.len());
            let hint = "Cut that document into smaller passages: `outcrop kb rebuild --chunking default`.";
            return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
        }
        Ok(line)
    }
}

/// An address of the web as others may have it; a path as it is.
fn public(uri: &str) -> String {
    let is_web = uri.starts_with("http://") || uri.starts_with("https://");
    if is_web { without_credentials(uri) } else { uri.to_owned() }
}

fn json(key: &str, value: &Value) -> Json {
    match value {
        Value::Text(text) if key == SOURCE_URI => Json::from(public(text)),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Number(number) => plain(*number),
        Value::Truth(truth) => Json::from(*truth),
        Value::Texts(texts) => Json::from(texts.as_slice()),
    }
}

fn source(source: &Source) -> SourceShape {
    let origin = match source.origin.clone() {
        Origin::Files { path, include, exclude, ignored } => {
            OriginShape::Files { path: path.to_string_lossy().into_owned(), include, exclude, ignored }
        }
        Origin::S3 { bucket, prefix, endpoint, region, include, exclude } => {
            let endpoint = endpoint.map(|endpoint| without_credentials(&endpoint));
            OriginShape::S3 { bucket, prefix, endpoint, region, include, exclude }
        }
        Origin::Url { url, .. } => OriginShape::Url { url: without_credentials(&url) },
    };
    SourceShape {
        id: source.id,
        origin,
        chunking: source.chunking.to_string(),
        schedule: source.schedule.as_ref().map(|schedule| schedule.cron.clone()),
        watch: source.watch,
    }
}
