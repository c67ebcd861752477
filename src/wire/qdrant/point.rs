//! A passage as a point, and back.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::filter::{field, whole};
use super::{DENSE, WORDS};
use crate::domain::hex::{hex, unhex};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::terms::{B, K1, asked, terms};
use crate::domain::{Error, ErrorKind, Result};

/// Lengths are weighed against so many words: Qdrant knows no average of a base. A passage of 200 tokens has about as many.
const AVERAGE: f64 = 150.0;
/// A vector is of length one when it is no farther from it than this.
const UNIT: f64 = 1e-6;

/// What lies beside the vectors.
#[derive(Serialize, Deserialize)]
struct Payload {
    document: String,
    ordinal: u32,
    range: Range<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Range<usize>>,
    tokens: u32,
    text: String,
    /// By keys in hexadecimal digits.
    #[serde(default)]
    said: BTreeMap<String, Said>,
    /// Each once.
    #[serde(default)]
    words: Vec<String>,
    /// The vector as it came, where its length is not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vector: Option<String>,
}

/// A value, in the field of its kind.
#[derive(Default, Serialize, Deserialize)]
struct Said {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    l: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

/// An id as Qdrant writes it.
pub fn id(bytes: &[u8; 16]) -> String {
    uuid::Uuid::from_bytes(*bytes).hyphenated().to_string()
}

/// A vector brought to length one; one of zeros stays.
pub fn unit(vector: &[f32]) -> Vec<f32> {
    let length = length(vector);
    if length == 0.0 {
        vector.to_vec()
    } else {
        vector.iter().map(|x| (f64::from(*x) / length) as f32).collect()
    }
}

fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt()
}

/// The place of a word in the sparse vector (FNV-1a). Two words may share one, which a filter over the words themselves mends.
fn place(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn sparse(weights: impl Iterator<Item = (u32, f64)>) -> Json {
    let mut at = BTreeMap::new();
    for (place, weight) in weights {
        *at.entry(place).or_insert(0.0) += weight;
    }
    json!({ "indices": at.keys().collect::<Vec<_>>(), "values": at.values().collect::<Vec<_>>() })
}

/// The words of a question, and the same as a vector.
pub fn question(text: &str) -> (Vec<String>, Json) {
    let words = asked(text);
    let mut places: Vec<u32> = words.iter().map(|word| place(word)).collect();
    places.sort_unstable();
    places.dedup();
    let vector = sparse(places.into_iter().map(|place| (place, 1.0)));
    (words, vector)
}

/// A point.
pub fn written(entry: &Entry) -> Json {
    let Entry { passage, vector } = entry;
    let words = terms(&passage.text);
    let many: f64 = words.values().map(|times| f64::from(*times)).sum();
    let length_weight = K1 * (1.0 - B + B * many / AVERAGE);
    let weight = |times: u32| f64::from(times) * (K1 + 1.0) / (f64::from(times) + length_weight);
    let is_unit = (length(vector) - 1.0).abs() <= UNIT;
    let bytes = || vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let payload = Payload {
        document: id(passage.document.as_bytes()),
        ordinal: passage.ordinal,
        range: passage.range.clone(),
        parent: passage.parent.clone(),
        tokens: passage.tokens,
        text: passage.text.clone(),
        said: passage.attributes.iter().map(|(key, value)| (hex(key.as_bytes()), said(value))).collect(),
        words: words.keys().cloned().collect(),
        vector: (!is_unit).then(|| STANDARD.encode(bytes())),
    };
    let mut vectors = json!({ DENSE: if is_unit { vector.clone() } else { unit(vector) } });
    if !words.is_empty() {
        vectors[WORDS] = sparse(words.iter().map(|(word, times)| (place(word), weight(*times))));
    }
    json!({ "id": id(passage.id.as_bytes()), "vector": vectors, "payload": payload })
}

fn said(value: &Value) -> Said {
    match value {
        Value::Text(text) => Said { t: Some(text.clone()), ..Said::default() },
        Value::Number(number) => Said { n: Some(*number), ..Said::default() },
        Value::Truth(truth) => Said { b: Some(truth.to_string()), ..Said::default() },
        Value::Texts(texts) => Said { l: Some(texts.clone()), e: Some(whole(texts)), ..Said::default() },
    }
}

fn told(said: Said) -> Option<Value> {
    match said {
        Said { t: Some(text), .. } => Some(Value::Text(text)),
        Said { n: Some(number), .. } => Some(Value::Number(number)),
        Said { b: Some(truth), .. } => Some(Value::Truth(truth.parse().ok()?)),
        Said { l: Some(texts), .. } => Some(Value::Texts(texts)),
        _ => None,
    }
}

/// The fields that filters look at, and what Qdrant calls their kind: an index makes them quick.
pub fn fields(entry: &Entry) -> impl Iterator<Item = (String, &'static str)> + '_ {
    entry.passage.attributes.iter().map(|(key, value)| match value {
        Value::Text(_) => (field(key, "t"), "keyword"),
        Value::Number(_) => (field(key, "n"), "float"),
        Value::Truth(_) => (field(key, "b"), "keyword"),
        Value::Texts(_) => (field(key, "l"), "keyword"),
    })
}

/// Reads a point; its vector where it was asked for.
pub fn read(point: Json) -> Result<Entry> {
    #[derive(Deserialize)]
    struct Point {
        id: String,
        payload: Payload,
        #[serde(default)]
        vector: Option<BTreeMap<String, Json>>,
    }
    let odd = |why: String| {
        let hint = "Was the collection changed by another program? Sync the base's sources again.";
        Error::new(ErrorKind::Corrupt, "reading a passage from Qdrant", why, hint)
    };
    let Point { id, payload, vector } = serde_json::from_value(point).map_err(|why| odd(why.to_string()))?;
    let mut attributes = Attributes::new();
    for (key, said) in payload.said {
        let key = unhex(&key).and_then(|bytes| String::from_utf8(bytes).ok());
        let (Some(key), Some(value)) = (key, told(said)) else {
            return Err(odd("an attribute is of no known form".to_owned()));
        };
        attributes.insert(key, value);
    }
    let dense = vector.and_then(|mut vectors| vectors.remove(DENSE));
    let vector = match (dense, payload.vector) {
        (None, _) => Vec::new(),
        (Some(_), Some(whole)) => {
            let bytes = STANDARD.decode(whole).map_err(|why| odd(why.to_string()))?;
            let (numbers, _) = bytes.as_chunks::<4>();
            numbers.iter().map(|four| f32::from_le_bytes(*four)).collect()
        }
        (Some(dense), None) => serde_json::from_value(dense).map_err(|why| odd(why.to_string()))?,
    };
    let passage = Passage {
        id: id.parse::<PassageId>()?,
        document: payload.document.parse::<DocumentId>()?,
        ordinal: payload.ordinal,
        range: payload.range,
        parent: payload.parent,
        tokens: payload.tokens,
        text: payload.text,
        attributes,
    };
    Ok(Entry { passage, vector })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(vector: Vec<f32>) -> Entry {
        let passage = Passage {
            id: PassageId::from_bytes([7; 16]),
            document: DocumentId::from_bytes([9; 16]),
            ordinal: 3,
            range: 4..20,
            parent: Some(0..90),
            tokens: 5,
            text: "River, river bends".to_owned(),
            attributes: Attributes::from([
                ("a.b\"".to_owned(), Value::Text("x\0".to_owned())),
                ("n".to_owned(), Value::Number(-0.1)),
                ("t".to_owned(), Value::Truth(false)),
                ("l".to_owned(), Value::Texts(Vec::new())),
            ]),
        };
        Entry { passage, vector }
    }

    #[test]
    fn a_passage_and_its_vector_come_back_as_they_were() {
        for vector in [vec![0.6, 0.8], vec![3.0, -0.1], vec![0.0, 0.0]] {
            let entry = entry(vector);
            let point = written(&entry);
            assert_eq!(read(point).unwrap(), entry);
        }
        let whole = written(&entry(vec![0.6, 0.8]));
        assert_eq!(whole["vector"][DENSE], json!([0.6_f32, 0.8_f32]), "what is of length one stays");
        assert!(whole["payload"].get("vector").is_none());
        assert_eq!(written(&entry(vec![3.0, 4.0]))["vector"][DENSE], json!([0.6_f32, 0.8_f32]));
    }

    #[test]
    fn a_word_weighs_as_bm25_has_it_and_a_question_asks_for_each_once() {
        let point = written(&entry(vec![1.0, 0.0]));
        let sparse = &point["vector"][WORDS];
        let at = sparse["indices"].as_array().unwrap().iter().position(|at| *at == place("river")).unwrap();
        let wanted = 2.0 * 2.2 / (2.0 + 1.2 * (0.25 + 0.75 * 3.0 / 150.0));
        assert!((sparse["values"][at].as_f64().unwrap() - wanted).abs() < 1e-12);
        let (words, vector) = question("RIVER river");
        assert_eq!(
            (words, vector),
            (vec!["river".to_owned()], json!({ "indices": [place("river")], "values": [1.0] }))
        );
    }
}
