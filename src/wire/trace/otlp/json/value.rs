//! The small things of OTLP's JSON, in every way that they are written.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use crate::domain::hex::unhex;
use crate::domain::trace::value::{DEEPEST, number};
use crate::domain::trace::{Attributes, SpanKey, TraceId, Value};

/// How many places were not written as OTLP does.
#[derive(Debug, Default)]
pub(super) struct Mended(pub u32);

impl Mended {
    /// Counts a place, and says the value that stands in for it.
    pub fn with<T>(&mut self, value: T) -> T {
        self.0 += 1;
        value
    }

    /// A name in lower camel case; one in snake case is mended.
    pub fn key<'a>(&mut self, key: &'a str) -> Cow<'a, str> {
        if !key.contains('_') {
            return Cow::Borrowed(key);
        }
        let mut camel = String::with_capacity(key.len());
        let mut up = false;
        for c in key.chars() {
            if c == '_' {
                up = true;
            } else {
                camel.push(if up { c.to_ascii_uppercase() } else { c });
                up = false;
            }
        }
        self.with(Cow::Owned(camel))
    }

    pub fn text(&mut self, json: Json) -> String {
        match json {
            Json::String(text) => text,
            Json::Null => self.with(String::new()),
            other => self.with(other.to_string()),
        }
    }

    /// A list; nothing is an empty one, and a single thing is one of one.
    pub fn list(&mut self, json: Json) -> Vec<Json> {
        match json {
            Json::Array(list) => list,
            Json::Null => self.with(Vec::new()),
            one => self.with(vec![one]),
        }
    }

    /// An object's members; what is none has none.
    pub fn object(&mut self, json: Json) -> Map<String, Json> {
        match json {
            Json::Object(map) => map,
            _ => self.with(Map::new()),
        }
    }

    pub fn count(&mut self, json: &Json) -> u32 {
        match json {
            Json::Number(count) if count.is_u64() => {
                u32::try_from(count.as_u64().unwrap_or(0)).unwrap_or(u32::MAX)
            }
            other => {
                let count = Value::from_json(other.clone()).as_count();
                self.with(count.unwrap_or(0))
            }
        }
    }

    /// Nanoseconds since the Unix epoch: a text or a number of them, or a date.
    pub fn nanos(&mut self, json: &Json) -> u64 {
        let read = match json {
            Json::Number(nanos) => nanos.as_u64(),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        read.unwrap_or_else(|| {
            let odd = match json {
                Json::Number(nanos) => nanos.as_f64().map(|nanos| nanos as u64),
                Json::String(text) => text
                    .parse::<jiff::Timestamp>()
                    .ok()
                    .and_then(|at| u64::try_from(at.as_nanosecond()).ok())
                    .or_else(|| text.trim().parse::<f64>().ok().map(|nanos| nanos as u64)),
                _ => None,
            };
            self.with(odd.unwrap_or(0))
        })
    }

    /// One of an enumeration, by its number; by its name, with or without the prefix.
    pub fn one_of<T: Copy + Default>(&mut self, json: &Json, prefix: &str, all: &[(&str, T)]) -> T {
        let at = |number: u64| usize::try_from(number).ok().and_then(|at| all.get(at)).map(|(_, one)| *one);
        if let Some(one) = json.as_u64().and_then(at) {
            return one;
        }
        let named = json.as_str().and_then(|text| {
            let name = text.trim().to_ascii_uppercase();
            let name = name.strip_prefix(prefix).unwrap_or(&name);
            let by_name = all.iter().find(|(known, _)| *known == name).map(|(_, one)| *one);
            by_name.or_else(|| name.parse().ok().and_then(at))
        });
        self.with(named.unwrap_or_default())
    }

    pub fn trace(&mut self, json: Json) -> TraceId {
        TraceId(self.id(json))
    }

    pub fn span(&mut self, json: Json) -> SpanKey {
        SpanKey(u64::from_be_bytes(self.id(json)))
    }

    /// An id in hexadecimal digits. Base64, dashes, a prefix, capitals and too few digits are mended; nothing is zero.
    fn id<const N: usize>(&mut self, json: Json) -> [u8; N] {
        let Json::String(text) = json else { return self.with([0; N]) };
        if text.is_empty() {
            return [0; N];
        }
        let usual = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if usual
            && text.len() == 2 * N
            && let Some(id) = unhex(&text).and_then(|id| id.try_into().ok())
        {
            return id;
        }
        self.with(odd_id(text.trim()).unwrap_or([0; N]))
    }

    /// A list of keys with their values; also a plain object of them.
    pub fn attributes(&mut self, json: Json) -> Attributes {
        let list = match json {
            Json::Array(list) => list,
            Json::Object(map) => {
                let plain = map.into_iter().map(|(key, value)| (key, Value::from_json(value))).collect();
                return self.with(Attributes(plain));
            }
            _ => return self.with(Attributes::default()),
        };
        Attributes(list.into_iter().filter_map(|pair| self.pair(pair, DEEPEST)).collect())
    }

    fn pair(&mut self, json: Json, depth: usize) -> Option<(String, Value)> {
        let Json::Object(map) = json else { return self.with(None) };
        let mut pair = (String::new(), Value::Null);
        for (key, value) in map {
            match key.as_str() {
                "key" => pair.0 = self.text(value),
                "value" => pair.1 = self.value(value, depth),
                _ => {}
            }
        }
        Some(pair)
    }

    /// An `AnyValue`; what is none is kept as plain JSON.
    pub fn value(&mut self, json: Json, depth: usize) -> Value {
        let map = match json {
            Json::Object(map) if map.len() <= 1 => map,
            Json::Null => return self.with(Value::Null),
            plain => return self.with(Value::from_json(plain)),
        };
        let Some((key, value)) = map.into_iter().next() else { return Value::Null };
        match self.key(&key).as_ref() {
            "stringValue" => Value::Text(self.text(value)),
            "boolValue" => match value {
                Json::Bool(truth) => Value::Truth(truth),
                other => self.with(Value::Truth(other == "true" || other == 1)),
            },
            "intValue" => self.whole(value),
            "doubleValue" => self.number(&value),
            "bytesValue" => match value.as_str().and_then(|text| STANDARD.decode(text).ok()) {
                Some(bytes) => Value::Bytes(bytes),
                None => self.with(Value::from_json(value)),
            },
            "arrayValue" if depth > 0 => {
                let values = self.members(value);
                Value::List(values.into_iter().map(|value| self.value(value, depth - 1)).collect())
            }
            "kvlistValue" if depth > 0 => {
                let values = self.members(value);
                Value::Map(values.into_iter().filter_map(|pair| self.pair(pair, depth - 1)).collect())
            }
            _ => {
                let plain = Map::from_iter([(key, value)]);
                self.with(Value::from_json(Json::Object(plain)))
            }
        }
    }

    fn whole(&mut self, json: Json) -> Value {
        let whole = match &json {
            Json::Number(number) => number.as_i64(),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        match whole {
            Some(whole) => Value::Whole(whole),
            None => self.with(Value::from_json(json)),
        }
    }

    fn number(&mut self, json: &Json) -> Value {
        if let Some(number) = json.as_f64() {
            return Value::Number(number);
        }
        let text = json.as_str().unwrap_or_default();
        let read = number::named(text).or_else(|| text.trim().parse().ok());
        self.with(read.map_or(Value::Null, Value::Number))
    }

    /// The members of an `arrayValue` or a `kvlistValue`; some leave the `values` between out.
    fn members(&mut self, json: Json) -> Vec<Json> {
        match json {
            Json::Object(map) => map
                .into_iter()
                .find(|(key, _)| key == "values")
                .map_or_else(Vec::new, |(_, list)| self.list(list)),
            other => {
                self.0 += 1;
                self.list(other)
            }
        }
    }
}

fn odd_id<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: String = text.trim_start_matches("0x").chars().filter(|c| *c != '-').collect();
    let padded = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits };
    let bytes = match unhex(&padded) {
        // Base64 of eight or sixteen bytes ends in a sign that is no hexadecimal digit.
        None => STANDARD.decode(text).ok()?,
        Some(bytes) => bytes,
    };
    let mut id = [0; N];
    let from = N.checked_sub(bytes.len())?;
    id[from..].copy_from_slice(&bytes);
    Some(id)
}
