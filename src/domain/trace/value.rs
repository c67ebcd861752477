//! What is said of a span under a name: a value as OTLP's `AnyValue` has it, kept whole.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// No value is nested deeper; what lies below is kept as the text that it was.
pub const DEEPEST: usize = 64;

/// A value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Named, and nothing said.
    #[default]
    Null,
    Truth(bool),
    Whole(i64),
    /// Also what is no number: NaN and both infinities.
    Number(#[serde(with = "number")] f64),
    Text(String),
    Bytes(#[serde(with = "crate::domain::base64")] Vec<u8>),
    List(Vec<Value>),
    /// In the order of the sender.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The text, of a text alone.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number, also one that was written as a text.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A count; a negative or a broken one is none.
    pub fn as_count(&self) -> Option<u32> {
        let number = self.as_number().filter(|number| *number >= 0.0)?;
        Some(if number >= f64::from(u32::MAX) { u32::MAX } else { number as u32 })
    }

    /// As JSON, which has no NaN and no bytes: texts stand for them.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Truth(truth) => Json::Bool(*truth),
            Self::Whole(whole) => Json::from(*whole),
            Self::Number(number) => serde_json::Number::from_f64(*number)
                .map_or_else(|| Json::String(number::name(*number).to_owned()), Json::Number),
            Self::Text(text) => Json::String(text.clone()),
            Self::Bytes(bytes) => Json::String(crate::domain::hex::hex(bytes)),
            Self::List(values) => Json::Array(values.iter().map(Self::to_json).collect()),
            Self::Map(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
            }
        }
    }

    /// From JSON as any API writes it.
    pub fn from_json(json: Json) -> Self {
        Self::from_json_within(json, DEEPEST)
    }

    fn from_json_within(json: Json, depth: usize) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Truth(truth),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Whole(whole),
                None => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(text),
            deep if depth == 0 => Self::Text(deep.to_string()),
            Json::Array(values) => {
                Self::List(values.into_iter().map(|value| Self::from_json_within(value, depth - 1)).collect())
            }
            Json::Object(map) => Self::Map(Self::entries(map, depth - 1)),
        }
    }

    fn entries(map: Map<String, Json>, depth: usize) -> Vec<(String, Self)> {
        map.into_iter().map(|(key, value)| (key, Self::from_json_within(value, depth))).collect()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Whole(i64::from(count))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

/// Values by their names, in the order of the sender. A name may come twice: both are kept, and the last one counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(pub Vec<(String, Value)>);

impl Attributes {
    /// What is said under a name.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text under a name.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_text)
    }

    /// The first of these names that says something.
    pub fn first(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().filter_map(|key| self.get(key)).find(|value| **value != Value::Null)
    }

    /// Adds a value.
    pub fn push(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.0.push((key.into(), value.into()));
    }

    /// Adds a value, where there is one.
    pub fn put(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.push(key, value);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Numbers of which JSON has no form, as proto3 names them.
pub mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    /// The name of what is no finite number.
    pub fn name(number: f64) -> &'static str {
        if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
    }

    /// The number of such a name.
    pub fn named(name: &str) -> Option<f64> {
        match name {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Name(String),
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde gives it so.
    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { to.serialize_f64(*value) } else { to.serialize_str(name(*value)) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        match Written::deserialize(from)? {
            Written::Number(number) => Ok(number),
            Written::Name(text) => {
                named(&text).ok_or_else(|| serde::de::Error::custom(format_args!("{text:?} is no number")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_whole_also_what_json_has_no_form_for() {
        let value = Value::Map(vec![
            ("n".to_owned(), Value::Number(f64::INFINITY)),
            ("b".to_owned(), Value::Bytes(vec![0, 255])),
            ("l".to_owned(), Value::List(vec![Value::Whole(i64::MIN), Value::Null, Value::Truth(true)])),
            ("n".to_owned(), Value::Number(0.1)),
        ]);
        let written = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        let nan = serde_json::to_string(&Value::Number(f64::NAN)).unwrap();
        let back: Value = serde_json::from_str(&nan).unwrap();
        assert!(matches!(back, Value::Number(number) if number.is_nan()), "{nan}");
    }

    #[test]
    fn of_a_name_that_comes_twice_both_are_kept_and_the_last_counts() {
        let mut attributes = Attributes::default();
        attributes.push("a", "one");
        attributes.push("a", "two");
        assert_eq!(attributes.text("a"), Some("two"));
        assert_eq!(attributes.0.len(), 2);
    }

    #[test]
    fn what_is_nested_too_deep_is_kept_as_its_text() {
        let mut deep = serde_json::json!("core");
        for _ in 0..DEEPEST + 3 {
            deep = serde_json::json!([deep]);
        }
        let mut value = &Value::from_json(deep);
        let mut depth = 0;
        while let Value::List(inner) = value {
            value = &inner[0];
            depth += 1;
        }
        assert_eq!((depth, value.as_text()), (DEEPEST, Some(r#"[[["core"]]]"#)));
    }

    #[test]
    fn counts_are_taken_from_numbers_and_texts_and_never_from_nonsense() {
        for (value, count) in [
            (Value::Whole(3), Some(3)),
            (Value::Number(3.9), Some(3)),
            (Value::from(" 12 "), Some(12)),
            (Value::Whole(-1), None),
            (Value::Number(f64::NAN), None),
            (Value::from("many"), None),
            (Value::Whole(i64::MAX), Some(u32::MAX)),
        ] {
            assert_eq!(value.as_count(), count, "{value:?}");
        }
    }
}
