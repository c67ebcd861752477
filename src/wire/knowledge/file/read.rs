//! Reading the file, line by line. Whatever it says is only data: all of it is within bounds, or its line is refused.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::shape::{BaseShape, DocumentShape, Head, OriginShape, PassageShape, Shape, SourceShape};
use super::{CHECK, Chain, DIGITS, VERSION, chained};
use crate::domain::hex::hex;
use crate::domain::id::{DocumentId, SourceId};
use crate::domain::knowledge::attribute::{Attributes, LONGEST_KEY};
use crate::domain::knowledge::base::{BUCKETS, Origin, Source, bucket_of};
use crate::domain::knowledge::passage::with_columns;
use crate::domain::knowledge::sync::Filed;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::knowledge::metadata::{shown, value};

const DOING: &str = "importing a knowledge base";
/// No base has more documents, sources, or numbers in a vector.
const DOCUMENTS: u64 = 10_000_000;
const SOURCES: usize = 1_000;
const NUMBERS: u32 = 16_384;
/// No text but a passage's has more bytes.
const LONGEST: usize = 64 << 10;
/// No document has more notes, no passage more attributes, no source more patterns.
const MANY: usize = 1_000;
/// No text ends behind that byte.
const LAST: usize = u32::MAX as usize;
/// No document has more tokens, and none was read later, in milliseconds since 1970.
const TOKENS: u64 = 1 << 36;
const LATEST: i64 = 253_402_300_799_000;
/// No number of a vector is so large: squares of such have no sum.
const LARGE: f32 = 1e15;

/// A passage of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub ordinal: u32,
    pub range: Range<usize>,
    pub parent: Option<Range<usize>>,
    pub tokens: u32,
    pub text: String,
    pub attributes: Attributes,
    pub vector: Option<Vec<f32>>,
}

/// What a line brings.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in hand; a box would only move the bytes")]
pub enum Line {
    Head(Head),
    /// The passages of the one before are all there.
    Document(Filed),
    /// Of the document before it.
    Passage(Carried),
    End,
}

/// Reads lines in their order.
#[derive(Debug, Default)]
pub struct Reader {
    chain: Chain,
    /// Lines that were read.
    line: u64,
    head: Option<Told>,
    documents: u64,
    passages: u64,
    known: HashSet<DocumentId>,
    /// Of the document that is being read.
    current: Option<Current>,
    ended: bool,
}

/// What the first line said.
#[derive(Debug)]
struct Told {
    dimensions: u32,
    vectors: bool,
    documents: u64,
    passages: u64,
    sources: HashSet<SourceId>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    /// Passages that it has, and those that came.
    passages: u32,
    came: u32,
    /// Its vectors are of more than its text.
    prefixed: bool,
}

impl Current {
    fn check(self) -> Result<(), String> {
        if self.came == self.passages {
            return Ok(());
        }
        Err(format!("the document before it has {} of its {} passages", self.came, self.passages))
    }
}

impl Reader {
    /// Reads the next line, without its end.
    pub fn read(&mut self, line: &[u8]) -> Result<Line> {
        self.line += 1;
        self.taken(line).map_err(|why| wrong(format!("line {}: {why}", self.line)))
    }

    /// The file has no line more.
    pub fn finish(&self) -> Result<()> {
        match (self.ended, self.line) {
            (true, _) => Ok(()),
            (false, 0) => Err(wrong("the file is empty".to_owned())),
            (false, line) => Err(wrong(format!("it is cut off: behind line {line} the rest is missing"))),
        }
    }

    fn taken(&mut self, line: &[u8]) -> Result<Line, String> {
        if self.ended {
            return Err("something follows the last line".to_owned());
        }
        let text = std::str::from_utf8(line).map_err(|_| "it is no UTF-8 text")?;
        if self.line == 1 {
            is_one(text)?;
        }
        let tail = CHECK.len() + DIGITS + 2;
        let at = text.len().checked_sub(tail).filter(|at| text.is_char_boundary(*at));
        let parts = at.map(|at| text.split_at(at));
        let (body, digits) = parts
            .and_then(|(body, rest)| Some((body, rest.strip_prefix(CHECK)?.strip_suffix("\"}")?)))
            .ok_or("it has no check at its end, or is cut off")?;
        let chain = chained(&self.chain, body.as_bytes());
        if hex(&chain[..DIGITS / 2]) != digits {
            return Err("it is not as it was written, or not in its place".to_owned());
        }
        self.chain = chain;
        let shape: Shape =
            serde_json::from_str(text).map_err(|why| format!("it says nothing known: {why}"))?;
        match (shape, self.head.is_some()) {
            (Shape::KnowledgeBase(base), false) => self.base(base).map(Line::Head),
            (_, false) => Err("the base itself must come first".to_owned()),
            (Shape::KnowledgeBase(_), true) => Err("a second base is in the file".to_owned()),
            (Shape::Document(document), true) => self.document(document).map(Line::Document),
            (Shape::Passage(passage), true) => self.passage(passage).map(Line::Passage),
            (Shape::End { documents, passages }, true) => self.end(documents, passages),
        }
    }

    fn base(&mut self, base: BaseShape) -> Result<Head, String> {
        let BaseShape { head, sources, .. } = base;
        let Head { dimensions, vectors, documents, passages, .. } = head;
        short("the description", head.description.as_deref().unwrap_or_default())?;
        short("the embedder", &head.embedder.to_string())?;
        if !(1..=NUMBERS).contains(&dimensions) {
            return Err(format!("a vector has {dimensions} numbers, and not 1 to {NUMBERS}"));
        }
        if documents > DOCUMENTS {
            return Err(format!("it has {documents} documents, and at most {DOCUMENTS} are read"));
        }
        if sources.len() > SOURCES {
            return Err(format!("it has {} sources, and at most {SOURCES} are read", sources.len()));
        }
        let sources = sources.into_iter().map(source).collect::<Result<Vec<_>, _>>()?;
        let ids: HashSet<SourceId> = sources.iter().map(|source| source.id).collect();
        if ids.len() != sources.len() {
            return Err("two of its sources have one id".to_owned());
        }
        self.head = Some(Told { dimensions, vectors, documents, passages, sources: ids });
        Ok(Head { sources, ..head })
    }

    fn document(&mut self, document: DocumentShape) -> Result<Filed, String> {
        self.current.map_or(Ok(()), Current::check)?;
        let told = self.head.as_ref().ok_or("the base itself must come first")?;
        self.documents += 1;
        if self.documents > told.documents {
            return Err(format!("the first line tells of {} documents", told.documents));
        }
        if !told.sources.contains(&document.source) {
            return Err("it is of a source that the first line does not tell of".to_owned());
        }
        if !self.known.insert(document.id) {
            return Err("a document with its id came before".to_owned());
        }
        if document.uri.is_empty() || document.uri.contains('\0') {
            return Err("its place is none".to_owned());
        }
        if !document.state.is_carried() {
            return Err(format!("it stands as {}, so nothing of it was ever read", document.state));
        }
        if document.notes.len() > MANY {
            return Err(format!("it has more than {MANY} notes"));
        }
        if document.tokens > TOKENS || !(0..=LATEST).contains(&document.updated.0) {
            return Err("its tokens or its time are out of all bounds".to_owned());
        }
        let validators = document.validators.iter().flat_map(|told| [&told.etag, &told.modified]);
        let texts = [&document.uri, &document.format, &document.hash, &document.before].into_iter();
        let all: Vec<&String> = texts.chain(&document.notes).chain(validators.flatten()).collect();
        all.into_iter().try_for_each(|text| short("a text of it", text))?;
        let DocumentShape { passages, prefixed, .. } = document;
        self.current = Some(Current { passages, came: 0, prefixed });
        Ok(Filed {
            id: document.id,
            source: document.source,
            uri: document.uri,
            state: document.state,
            notes: document.notes,
            stamp: document.stamp,
            hash: document.hash,
            metadata: document.metadata,
            prefixed,
            before: document.before,
            validators: document.validators,
            format: document.format,
            passages,
            tokens: document.tokens,
            updated: document.updated,
        })
    }

    fn passage(&mut self, passage: PassageShape) -> Result<Carried, String> {
        let told = self.head.as_ref().ok_or("the base itself must come first")?;
        let current = self.current.as_mut().ok_or("it is of no document")?;
        if current.came >= current.passages {
            return Err(format!("its document has {} passages", current.passages));
        }
        let PassageShape { ordinal, start, end, parent, tokens, text, attributes, vector } = passage;
        if ordinal != current.came {
            return Err(format!("it is passage {ordinal} where {} belongs", current.came));
        }
        if text.trim().is_empty() || start >= end || end > LAST || text.len() != end - start {
            return Err(format!("its text has {} bytes, and stands at {start} to {end}", text.len()));
        }
        if let Some((from, to)) = parent.filter(|(from, to)| *from > start || *to < end || *to > LAST) {
            return Err(format!(
                "it lies at {start} to {end}, outside of the {from} to {to} that it is given as"
            ));
        }
        let attributes = said(attributes)?;
        let bytes = with_columns(&text, &attributes).len();
        if tokens as usize > bytes * 32 + 64 {
            return Err(format!("{bytes} bytes cannot have {tokens} tokens"));
        }
        let vector = vector.map(|vector| numbers(&vector, told.dimensions)).transpose()?;
        if vector.is_none() && (told.vectors || current.prefixed) {
            return Err("it has no vector".to_owned());
        }
        current.came += 1;
        self.passages += 1;
        let parent = parent.map(|(from, to)| from..to);
        Ok(Carried { ordinal, range: start..end, parent, tokens, text, attributes, vector })
    }

    fn end(&mut self, documents: u64, passages: u64) -> Result<Line, String> {
        self.current.map_or(Ok(()), Current::check)?;
        let came = (self.documents, self.passages);
        let told = self.head.as_ref().map(|told| (told.documents, told.passages));
        if came != (documents, passages) || Some(came) != told {
            let (documents, passages) = came;
            return Err(format!(
                "{documents} documents and {passages} passages came, and others were told of"
            ));
        }
        self.ended = true;
        Ok(Line::End)
    }
}

/// Whether the first line is one of such a file, of a version that is read.
fn is_one(text: &str) -> Result<(), String> {
    let none = "this is no export of a knowledge base";
    let json: Json = serde_json::from_str(text).map_err(|_| none)?;
    if json.get("kind").and_then(Json::as_str) != Some("knowledge_base") {
        return Err(none.to_owned());
    }
    match json.get("version").and_then(Json::as_u64) {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        Some(version) => Err(format!("it is of version {version}, and version {VERSION} is read")),
        None => Err(none.to_owned()),
    }
}

fn wrong(why: String) -> Error {
    let hint = "Nothing was imported. Export it again, or fetch it again.";
    Error::new(ErrorKind::Corrupt, DOING, why, hint)
}

fn short(what: &str, text: &str) -> Result<(), String> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(format!("{what} has {} bytes, and at most {LONGEST} are read", text.len()))
}

fn source(source: SourceShape) -> Result<Source, String> {
    let SourceShape { id, origin, chunking, .. } = source;
    let chunking =
        chunking.parse().map_err(|error: Error| format!("a source is cut in no known way: {}", error.why))?;
    let patterns = |all: &[String]| {
        if all.len() > MANY {
            return Err(format!("a source has more than {MANY} patterns"));
        }
        all.iter().try_for_each(|pattern| short("a pattern", pattern))
    };
    let origin = match origin {
        OriginShape::Files { path, include, exclude, ignored } => {
            patterns(&include).and_then(|()| patterns(&exclude))?;
            short("a path", &path)?;
            if !path.starts_with('/') || path.contains('\0') {
                return Err("a source is at a path that begins nowhere".to_owned());
            }
            Origin::Files { path: PathBuf::from(path), include, exclude, ignored }
        }
        OriginShape::S3 { bucket, prefix, endpoint, region, include, exclude } => {
            patterns(&include).and_then(|()| patterns(&exclude))?;
            let texts = [Some(&prefix), endpoint.as_ref(), region.as_ref()];
            texts.into_iter().flatten().try_for_each(|text| short("a text of a source", text))?;
            bucket_of(&format!("{BUCKETS}{bucket}/")).map_err(|error| error.why)?;
            Origin::S3 { bucket, prefix, endpoint, region, include, exclude }
        }
        OriginShape::Url { url } => {
            short("an address", &url)?;
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err("a source is at an address that is none of the web".to_owned());
            }
            // What lies in the person's own network they say themselves.
            Origin::Url { url, private: false }
        }
    };
    // What somebody else set is never done by itself.
    Ok(Source { id, origin, chunking, schedule: None, watch: false, last: None })
}

fn said(attributes: Map<String, Json>) -> Result<Attributes, String> {
    if attributes.len() > MANY {
        return Err(format!("it has more than {MANY} attributes"));
    }
    let one = |(key, json): (String, Json)| {
        if key.is_empty() || key.chars().count() > LONGEST_KEY {
            return Err(format!(
                "an attribute's key, “{}”, is not of 1 to {LONGEST_KEY} characters",
                shown(&key)
            ));
        }
        let value =
            value(&json).ok_or_else(|| format!("the attribute “{}” has no known value", shown(&key)))?;
        short("an attribute", &value.words())?;
        Ok((key, value))
    };
    attributes.into_iter().map(one).collect()
}

/// The numbers of a vector.
fn numbers(text: &str, dimensions: u32) -> Result<Vec<f32>, String> {
    let bytes = STANDARD.decode(text).map_err(|why| format!("its vector is no base64: {why}"))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    if numbers.len() != dimensions as usize || !rest.is_empty() {
        return Err(format!("its vector has {} bytes, and {dimensions} numbers have four each", bytes.len()));
    }
    let numbers: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    if numbers.iter().any(|number| !number.is_finite() || number.abs() > LARGE) {
        return Err("its vector has a number that is infinite, none, or out of all bounds".to_owned());
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{BaseId, PassageId};
    use crate::domain::knowledge::attribute::{PLACE, Value};
    use crate::domain::knowledge::base::{Base, Holds};
    use crate::domain::knowledge::chunking::Chunking;
    use crate::domain::knowledge::passage::Passage;
    use crate::domain::knowledge::retrieval::Answers;
    use crate::domain::knowledge::schedule::Schedule;
    use crate::domain::knowledge::store::StoreKind;
    use crate::domain::knowledge::sync::{DocumentState, Stamp};
    use crate::domain::time::Timestamp;
    use crate::wire::knowledge::file::Writer;

    fn files() -> Origin {
        Origin::Files {
            path: "/docs".into(),
            include: Vec::new(),
            exclude: vec!["*.log".into()],
            ignored: true,
        }
    }

    fn base() -> Base {
        let schedule = Some(Schedule { cron: "0 6 * * *".to_owned(), since: Timestamp(0) });
        let source = |n: u8, origin| Source {
            id: SourceId::from_bytes([n; 16]),
            origin,
            chunking: Chunking::Fixed { max_tokens: 30, overlap_percent: 10 },
            schedule: schedule.clone(),
            watch: true,
            last: None,
        };
        Base {
            id: BaseId::from_bytes([1; 16]),
            name: "docs".to_owned(),
            description: None,
            created: Timestamp(0),
            updated: Timestamp(0),
            embedder: "far/b".parse().unwrap(),
            dimensions: 2,
            normalised: Some(false),
            reranker: None,
            answers: Answers::default(),
            store: StoreKind::default(),
            moving: None,
            index: None,
            rebuild: None,
            sources: vec![
                source(2, files()),
                source(3, Origin::Url { url: "https://me:canary@e.org/?token=canary".into(), private: true }),
            ],
            holds: Holds::default(),
        }
    }

    fn filed(n: u8, passages: u32) -> Filed {
        Filed {
            id: DocumentId::from_bytes([n; 16]),
            source: SourceId::from_bytes([2; 16]),
            uri: format!("/docs/{n}.md"),
            state: DocumentState::Indexed,
            notes: vec!["\u{1b}[31m".to_owned()],
            stamp: Stamp { bytes: 9, modified: -1, inode: 3 },
            hash: "ab".to_owned(),
            metadata: None,
            prefixed: false,
            before: String::new(),
            validators: None,
            format: "md".to_owned(),
            passages,
            tokens: 7,
            updated: Timestamp(5),
        }
    }

    fn passage(ordinal: u32) -> Passage {
        let text = format!("Passage {ordinal} says “é”\nand more.");
        Passage {
            id: PassageId::from_bytes([7; 16]),
            document: DocumentId::from_bytes([1; 16]),
            ordinal,
            range: 10..10 + text.len(),
            parent: Some(0..500),
            tokens: 9,
            text,
            attributes: Attributes::from([
                (PLACE.to_owned(), Value::Text("page 1".to_owned())),
                ("year".to_owned(), Value::Number(2022.5)),
                ("tags".to_owned(), Value::Texts(vec!["a".to_owned()])),
                ("public".to_owned(), Value::Truth(true)),
            ]),
        }
    }

    fn written() -> Vec<String> {
        let mut writer = Writer::default();
        vec![
            writer.head(&base(), (2, 2), true).unwrap(),
            writer.document(&filed(1, 2)).unwrap(),
            writer.passage(&passage(0), Some(&[0.1, -1.5])).unwrap(),
            writer.passage(&passage(1), Some(&[1.0, 0.0])).unwrap(),
            writer.document(&filed(2, 0)).unwrap(),
            writer.end().unwrap(),
        ]
    }

    fn read(lines: &[String]) -> Result<Vec<Line>> {
        let mut reader = Reader::default();
        let lines = lines.iter().map(|line| reader.read(line.trim_end_matches('\n').as_bytes()));
        let lines = lines.collect::<Result<Vec<_>>>()?;
        reader.finish()?;
        Ok(lines)
    }

    /// The lines with another one in a place, all checks made anew, as somebody hostile would.
    fn forged(at: usize, from: &str, to: &str) -> Vec<String> {
        let mut chain = [0; 32];
        let mut lines = written();
        for (n, line) in lines.iter_mut().enumerate() {
            let mut body = line[..line.rfind(CHECK).unwrap()].to_owned();
            if n == at {
                assert!(body.contains(from), "{body}");
                body = body.replace(from, to);
            }
            chain = chained(&chain, body.as_bytes());
            *line = format!("{body}{CHECK}{}\"}}\n", hex(&chain[..DIGITS / 2]));
        }
        lines
    }

    #[test]
    fn what_is_written_is_read_again_without_what_opens_a_source_or_runs_by_itself() {
        let lines = written();
        assert!(!lines.concat().contains("canary"), "{lines:?}");
        let head = r#"{"kind":"knowledge_base","version":1,"name":"docs","embedder":"far/b","dimensions":2,"#;
        let rest = r#""normalised":false,"vectors":true,"documents":2,"passages":2,"sources":[{"id":"#;
        assert!(lines[0].starts_with(&[head, rest].concat()), "{}", lines[0]);
        let read = read(&lines).unwrap();
        let Line::Head(head) = &read[0] else { panic!("{read:?}") };
        assert_eq!((&*head.name, head.dimensions, head.passages), ("docs", 2, 2));
        assert_eq!(head.normalised, Some(false));
        assert_eq!(head.sources[0].origin, base().sources[0].origin);
        assert_eq!(head.sources[1].origin, Origin::Url { url: "https://e.org/".into(), private: false });
        assert!(head.sources.iter().all(|source| source.schedule.is_none() && !source.watch));
        assert_eq!(read[1], Line::Document(filed(1, 2)));
        let Line::Passage(carried) = &read[2] else { panic!("{read:?}") };
        let own = passage(0);
        assert_eq!((&carried.range, &carried.parent, carried.tokens), (&own.range, &own.parent, own.tokens));
        assert_eq!((&carried.text, &carried.attributes), (&own.text, &own.attributes));
        assert_eq!(carried.vector.as_deref(), Some(&[0.1, -1.5][..]));
        assert_eq!(read[5], Line::End);
    }

    #[test]
    fn a_file_that_is_cut_off_or_not_as_it_was_is_refused_with_its_line() {
        let whole = written();
        for many in 0..whole.len() {
            let why = read(&whole[..many]).unwrap_err().to_string();
            assert!(why.contains(if many == 0 { "is empty" } else { "is cut off" }), "{many}: {why}");
        }
        for at in 0..whole.len() {
            let expected = format!("line {}: ", at + 1);
            let mut lines = whole.clone();
            lines[at].pop();
            lines[at].pop();
            assert!(read(&lines).unwrap_err().to_string().contains(&expected), "half a line {at}");
            let mut lines = whole.clone();
            lines[at] = lines[at].replacen(":\"", ":\"x", 2);
            assert!(read(&lines).unwrap_err().to_string().contains(&expected), "another line {at}");
            let mut lines = whole.clone();
            lines.remove(at);
            if at + 1 < whole.len() {
                assert!(read(&lines).unwrap_err().to_string().contains(&expected), "without line {at}");
            }
        }
        let mut lines = whole.clone();
        lines.swap(2, 3);
        assert!(read(&lines).unwrap_err().to_string().contains("line 3: "));
        let mut lines = whole;
        lines.push("{}".to_owned());
        assert!(read(&lines).unwrap_err().to_string().contains("line 7: something follows"));
    }

    #[test]
    fn what_somebody_hostile_writes_is_refused_with_its_line() {
        let vector = |numbers: [f32; 2]| {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            STANDARD.encode(bytes)
        };
        let own = vector([0.1, -1.5]);
        let (none, endless) = (vector([f32::NAN, 0.0]), vector([0.0, f32::INFINITY]));
        let large = vector([1e30, 0.0]);
        for (at, from, to, why) in [
            (0, "\"version\":1", "\"version\":2", "line 1: it is of version 2"),
            (0, "knowledge_base", "base", "line 1: this is no export"),
            (0, "\"dimensions\":2", "\"dimensions\":0", "line 1: a vector has 0 numbers"),
            (0, "\"dimensions\":2", "\"dimensions\":4000000000", "line 1: a vector has 4000000000"),
            (0, "\"dimensions\":2", "\"dimensions\":3", "line 3: its vector has 8 bytes"),
            (0, "\"path\":\"/docs\"", "\"path\":\"docs\"", "line 1: a source is at a path"),
            (0, "https://e.org/", "file:///etc/passwd", "line 1: a source is at an address"),
            (0, "fixed:30:10", "fixed:0:10", "line 1: a source is cut in no known way"),
            (0, "\"documents\":2", "\"documents\":1", "line 5: the first line tells of 1"),
            (0, "\"documents\":2", "\"documents\":99000000", "line 1: it has 99000000"),
            (0, "\"passages\":2", "\"passages\":3", "line 6: 2 documents and 2 passages came"),
            (1, "02020202", "09020202", "line 2: it is of a source"),
            (1, "\"passages\":2", "\"passages\":1", "line 4: its document has 1"),
            (1, "\"passages\":2", "\"passages\":3", "line 5: the document before it has 2 of its 3"),
            (1, "\"tokens\":7", "\"tokens\":99999999999999", "line 2: its tokens"),
            (1, "\"state\":\"INDEXED\"", "\"state\":\"PENDING\"", "line 2: it stands as PENDING"),
            (1, "\"updated\":5", "\"updated\":-5", "line 2: its tokens or its time"),
            (1, "\"uri\":\"/docs/1.md\"", "\"uri\":\"\"", "line 2: its place is none"),
            (2, &*own, &*none, "line 3: its vector has a number"),
            (2, &*own, &*endless, "line 3: its vector has a number"),
            (2, &*own, &*large, "line 3: its vector has a number"),
            (2, &*own, "AAAA", "line 3: its vector has 3 bytes"),
            (2, &*own, "?", "line 3: its vector is no base64"),
            (2, "\"start\":10", "\"start\":9", "line 3: its text has"),
            (2, "\"start\":10", "\"start\":99999", "line 3: its text has"),
            (2, "\"start\":10", "\"start\":-1", "line 3: it says nothing known"),
            (2, "[0,500]", "[11,500]", "line 3: it lies at"),
            (2, "\"ordinal\":0", "\"ordinal\":1", "line 3: it is passage 1 where 0 belongs"),
            (2, "\"tokens\":9", "\"tokens\":4000000000", "line 3: 33 bytes cannot have"),
            (2, "2022.5", "1e999", "line 3: it says nothing known"),
            (2, "2022.5", "null", "line 3: the attribute “year”"),
            (2, "\"year\"", "\"\"", "line 3: an attribute's key"),
        ] {
            let error = read(&forged(at, from, to)).unwrap_err().to_string();
            assert!(error.contains(why), "{from} {to}: {error}");
        }
        // The second document has the id of the first.
        let id = |n: u8| serde_json::to_string(&DocumentId::from_bytes([n; 16])).unwrap();
        let twice = forged(4, &format!("\"id\":{}", id(2)), &format!("\"id\":{}", id(1)));
        let error = read(&twice).unwrap_err().to_string();
        assert!(error.contains("line 5: a document with its id"), "{error}");
        let long = "x".repeat(70_000);
        let error = read(&forged(1, "\"format\":\"md\"", &format!("\"format\":\"{long}\""))).unwrap_err();
        assert!(error.to_string().contains("line 2: a text of it has 70000 bytes"), "{error}");
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let error = read(&forged(2, "2022.5", &deep)).unwrap_err();
        assert!(error.to_string().contains("line 3: it says nothing known"), "{error}");
    }
}
