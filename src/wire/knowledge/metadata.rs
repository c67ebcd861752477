//! `FILE.metadata.json`: what is said of the document `FILE` beside which it lies.
//!
//! ```json
//! {"metadataAttributes": {
//!   "company": {"value": {"type": "STRING", "stringValue": "BioPharm"}, "includeForEmbedding": true},
//!   "tag": "the plain form is for filters alone"}}
//! ```
//!
//! At most ten kilobytes, as Bedrock's documentation has it.

use serde_json::{Map, Value as Json};

use crate::domain::knowledge::attribute::{Attribute, LONGEST_KEY, Metadata, RESERVED, Value};
use crate::domain::{Error, ErrorKind, Result};

/// No file is larger; in bytes.
pub const LARGEST: usize = 10 * 1024;
/// How its name ends, behind the whole name of the document.
pub const SUFFIX: &str = ".metadata.json";

const DOING: &str = "reading a metadata file";
const ATTRIBUTES: &str = "metadataAttributes";

/// Reads a metadata file.
pub fn read(bytes: &[u8]) -> Result<Metadata> {
    if bytes.len() > LARGEST {
        let why = format!("it has {} bytes, and at most {LARGEST} are read", bytes.len());
        return Err(wrong(why, "Leave attributes out that no filter asks for."));
    }
    // Some editors begin a file with a mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json: Json = serde_json::from_slice(bytes)
        .map_err(|why| wrong(format!("it is no JSON: {why}"), "Mend it there."))?;
    let attributes = json.get(ATTRIBUTES).and_then(Json::as_object).ok_or_else(|| {
        wrong(format!("it has no object {ATTRIBUTES}"), "Put the attributes into one, as Bedrock has it.")
    })?;
    attributes.iter().map(|(key, json)| Ok((checked(key)?, attribute(key, json)?))).collect()
}

/// Writes what `read` reads, in the typed form.
pub fn written(metadata: &Metadata) -> Json {
    let one = |attribute: &Attribute| {
        let (kind, name, value) = match &attribute.value {
            Value::Text(text) => ("STRING", "stringValue", Json::from(text.as_str())),
            Value::Number(number) => ("NUMBER", "numberValue", plain(*number)),
            Value::Truth(truth) => ("BOOLEAN", "booleanValue", Json::from(*truth)),
            Value::Texts(texts) => ("STRING_LIST", "stringListValue", Json::from(texts.as_slice())),
        };
        serde_json::json!({"value": {"type": kind, name: value}, "includeForEmbedding": attribute.embedded})
    };
    let attributes: Map<String, Json> =
        metadata.iter().map(|(key, value)| (key.clone(), one(value))).collect();
    serde_json::json!({ATTRIBUTES: attributes})
}

/// A number as people write it: whole ones without a point.
pub(super) fn plain(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT { Json::from(number as i64) } else { Json::from(number) }
}

fn checked(key: &str) -> Result<String> {
    let length = key.chars().count();
    if length == 0 || length > LONGEST_KEY {
        let why = format!("the key “{}” has {length} characters", shown(key));
        return Err(wrong(why, "A key has 1 to 100."));
    }
    if key.starts_with(RESERVED) {
        let why = format!("the key “{}” begins with {RESERVED}", shown(key));
        return Err(wrong(why, "Those are set by the service; choose another."));
    }
    Ok(key.to_owned())
}

fn attribute(key: &str, json: &Json) -> Result<Attribute> {
    let Some(object) = json.as_object() else {
        return Ok(Attribute { value: value(json).ok_or_else(|| no_value(key, json))?, embedded: false });
    };
    let typed = object.get("value").and_then(Json::as_object);
    let typed = typed.ok_or_else(|| at(key, "it is an object without an object “value”", ""))?;
    let embedded = match object.get("includeForEmbedding") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(embedded)) => *embedded,
        Some(_) => {
            return Err(at(key, "includeForEmbedding is no boolean", "Write true or false."));
        }
    };
    let kind = typed.get("type").and_then(Json::as_str).unwrap_or_default();
    let name = match kind {
        "STRING" => "stringValue",
        "NUMBER" => "numberValue",
        "BOOLEAN" => "booleanValue",
        "STRING_LIST" => "stringListValue",
        _ => {
            let hint = "It is STRING, NUMBER, BOOLEAN or STRING_LIST.";
            return Err(at(key, &format!("its type is “{}”", shown(kind)), hint));
        }
    };
    let found = typed.get(name).and_then(value);
    let fits = found.filter(|value| {
        matches!(
            (kind, value),
            ("STRING", Value::Text(_))
                | ("NUMBER", Value::Number(_))
                | ("BOOLEAN", Value::Truth(_))
                | ("STRING_LIST", Value::Texts(_))
        )
    });
    let value = fits.ok_or_else(|| {
        at(key, &format!("its type is {kind}, and {name} is missing or something else"), "")
    })?;
    Ok(Attribute { value, embedded })
}

/// One of the four types; `None` for anything else.
pub(super) fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => Value::Number(number.as_f64()?),
        Json::Bool(truth) => Value::Truth(*truth),
        Json::Array(items) => {
            Value::Texts(items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        Json::Null | Json::Object(_) => return None,
    })
}

fn no_value(key: &str, json: &Json) -> Error {
    let why = if json.is_null() { "it is null" } else { "its list has members that are no strings" };
    at(key, why, "A value is a string, a number, a boolean or a list of strings.")
}

fn at(key: &str, why: &str, hint: &str) -> Error {
    wrong(format!("{ATTRIBUTES}.{}: {why}", shown(key)), hint)
}

/// The begin of somebody's text: an error is no place for all of it.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn wrong(why: impl Into<String>, hint: &str) -> Error {
    Error::new(ErrorKind::Invalid, DOING, why, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = r#"{"metadataAttributes": {
        "company": {"value": {"type": "STRING", "stringValue": "BioPharm"}, "includeForEmbedding": true},
        "year": {"value": {"type": "NUMBER", "numberValue": 2022}, "includeForEmbedding": false},
        "open": {"value": {"type": "BOOLEAN", "booleanValue": false}},
        "parts": {"value": {"type": "STRING_LIST", "stringListValue": ["a", "b"]}},
        "tag": "plain", "score": 4.5, "draft": true, "tags": ["x"]}}"#;

    #[test]
    fn both_forms_are_read_and_only_the_typed_one_can_be_embedded() {
        let metadata = read(BOTH.as_bytes()).unwrap();
        assert_eq!(
            metadata["company"],
            Attribute { value: Value::Text("BioPharm".to_owned()), embedded: true }
        );
        assert_eq!(metadata["year"], Attribute { value: Value::Number(2022.0), embedded: false });
        assert_eq!(metadata["open"].value, Value::Truth(false));
        assert_eq!(metadata["parts"].value, Value::Texts(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(metadata["tag"], Attribute { value: Value::Text("plain".to_owned()), embedded: false });
        assert_eq!(metadata["tags"].value, Value::Texts(vec!["x".to_owned()]));
        assert_eq!(metadata.len(), 8);
        assert_eq!(read(written(&metadata).to_string().as_bytes()).unwrap(), metadata);
        assert!(written(&metadata).to_string().contains(r#""numberValue":2022}"#));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let long = format!(r#"{{"metadataAttributes": {{"{}": 1}}}}"#, "k".repeat(101));
        for (text, words) in [
            ("{", "it is no JSON"),
            ("[]", "it has no object metadataAttributes"),
            (r#"{"metadataAttributes": {"a": null}}"#, "metadataAttributes.a: it is null"),
            (
                r#"{"metadataAttributes": {"a": [1]}}"#,
                "metadataAttributes.a: its list has members that are no strings",
            ),
            (
                r#"{"metadataAttributes": {"a": {"type": "STRING"}}}"#,
                "metadataAttributes.a: it is an object without",
            ),
            (
                r#"{"metadataAttributes": {"a": {"value": {"type": "DATE"}}}}"#,
                "its type is “DATE”. It is STRING, NUMBER",
            ),
            (
                r#"{"metadataAttributes": {"a": {"value": {"type": "NUMBER", "numberValue": "1"}}}}"#,
                "its type is NUMBER, and numberValue is missing or something else",
            ),
            (r#"{"metadataAttributes": {"x-amz-bedrock-kb-chunk-id": 1}}"#, "begins with x-amz-bedrock"),
            (r#"{"metadataAttributes": {"": 1}}"#, "has 0 characters. A key has 1 to 100."),
            (&long, "has 101 characters"),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let large = format!("{}{}", " ".repeat(LARGEST), BOTH);
        assert!(read(large.as_bytes()).unwrap_err().why.contains("at most 10240 are read"));
    }
}
