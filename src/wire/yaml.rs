//! YAML as JSON, where people write the one for the other: documents of APIs.
//!
//! As YAML 1.2 has it in its core schema: of plain words `true`, `false`, `null` and numbers are what they say, all others are
//! texts. Keys are texts always. Merges (`<<`) are put in. What refers to other places counts each time, so that no document
//! unfolds without end.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::TScalarStyle;

/// Bytes of a text. Of a list in brackets the parser holds every word until its end, each as tens of bytes.
const LONGEST: usize = 2 << 20;
/// Lists and maps within one another.
const DEEPEST: usize = 100;
/// Bytes that a document may come to with its references put in.
const LARGEST: usize = 32 << 20;
/// What a value takes besides its text.
const VALUE: usize = 32;

/// Reads the first document of a text.
///
/// # Errors
///
/// Why it is none, in words.
pub fn read(text: &str) -> Result<Value, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {} MB", LONGEST >> 20));
    }
    let mut reading = Reading::default();
    let mut parser = Parser::new_from_str(text);
    loop {
        let (event, _) = parser.next_token().map_err(|why| why.to_string())?;
        match event {
            Event::StreamEnd | Event::DocumentEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart => {}
            Event::Scalar(text, style, anchor, tag) => reading.scalar(text, style, anchor, tag.as_ref())?,
            Event::SequenceStart(anchor, _) => reading.begin(Node::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => {
                reading.begin(Node::Map { map: Map::new(), key: None }, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => reading.end()?,
            Event::Alias(anchor) => reading.refer(anchor)?,
        }
    }
    reading.whole.ok_or_else(|| "there is nothing in it".to_owned())
}

/// A list or a map that goes on.
enum Node {
    List(Vec<Value>),
    /// `key` is the one whose value comes next.
    Map {
        map: Map<String, Value>,
        key: Option<String>,
    },
}

struct Begun {
    node: Node,
    anchor: usize,
    /// What was read before it.
    before: usize,
}

#[derive(Default)]
struct Reading {
    begun: Vec<Begun>,
    /// What can be referred to, and how much it takes.
    anchors: HashMap<usize, (Value, usize)>,
    /// How much was read.
    bytes: usize,
    whole: Option<Value>,
}

impl Reading {
    fn scalar(
        &mut self,
        text: String,
        style: TScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), String> {
        self.takes(VALUE + text.len())?;
        let size = VALUE + text.len();
        let awaited = self.begun.last_mut().map(|begun| &mut begun.node);
        if let Some(Node::Map { key: key @ None, .. }) = awaited {
            if anchor > 0 {
                self.anchors.insert(anchor, (text.clone().into(), size));
            }
            *key = Some(text);
            return Ok(());
        }
        let is_text = style != TScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
        let value = if is_text { Value::String(text) } else { plain(text) };
        self.put(value, anchor, size)
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if self.begun.len() == DEEPEST {
            return Err(format!("lists and maps lie deeper than {DEEPEST} in one another"));
        }
        self.begun.push(Begun { node, anchor, before: self.bytes });
        self.takes(VALUE)
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(Begun { node, anchor, before }) = self.begun.pop() else { return Ok(()) };
        let value = match node {
            Node::List(values) => Value::Array(values),
            Node::Map { map, .. } => Value::Object(map),
        };
        self.put(value, anchor, self.bytes - before)
    }

    fn refer(&mut self, anchor: usize) -> Result<(), String> {
        // What goes on still would be within itself.
        let known = self.anchors.get(&anchor).map(|(_, size)| *size);
        let size = known.ok_or("an alias refers to what it is a part of")?;
        self.takes(size)?;
        let value = self.anchors.get(&anchor).map(|(value, _)| value.clone()).unwrap_or_default();
        if let Some(Begun { node: Node::Map { key: key @ None, .. }, .. }) = self.begun.last_mut()
            && let Value::String(text) = &value
        {
            *key = Some(text.clone());
            return Ok(());
        }
        self.put(value, 0, size)
    }

    /// Puts a value where it belongs.
    fn put(&mut self, value: Value, anchor: usize, size: usize) -> Result<(), String> {
        if anchor > 0 {
            self.takes(size)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.begun.last_mut().map(|begun| &mut begun.node) {
            None => self.whole = Some(value),
            Some(Node::List(values)) => values.push(value),
            Some(Node::Map { map, key }) => {
                let key = key.take().ok_or("a key of a map is no text")?;
                if key == "<<" {
                    merge(map, value);
                } else {
                    map.insert(key, value);
                }
            }
        }
        Ok(())
    }

    fn takes(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes += bytes;
        if self.bytes > LARGEST {
            return Err(format!("it comes to more than {} MB with what it refers to", LARGEST >> 20));
        }
        Ok(())
    }
}

/// Puts in what a map does not say itself.
fn merge(map: &mut Map<String, Value>, from: Value) {
    match from {
        Value::Object(members) => {
            for (key, value) in members {
                map.entry(key).or_insert(value);
            }
        }
        Value::Array(several) => several.into_iter().for_each(|one| merge(map, one)),
        _ => {}
    }
}

/// What a plain word is.
fn plain(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        word => match number(word) {
            Some(number) => Value::Number(number),
            None => Value::String(text),
        },
    }
}

fn number(word: &str) -> Option<Number> {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(digits) = word.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = word.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let whole = word.parse::<i64>().map(Number::from).or_else(|_| word.parse::<u64>().map(Number::from));
    whole.ok().or_else(|| Number::from_f64(word.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEAS: &str = r#"# Teas
openapi: 3.0.0
info: {title: "Teas: all", version: '1.0'}
paths:
  /teas/{tea}:
    get:
      operationId: look
      description: >-
        Looks
        at one.
      responses:
        200: {}
      parameters:
        - name: tea
          in: path
          required: true
          schema: &text
            type: string
        - {name: many, schema: *text, example: -1.5e3}
"#;

    #[test]
    fn a_document_is_the_json_that_it_means() {
        let look = json!({
            "operationId": "look", "description": "Looks at one.", "responses": {"200": {}},
            "parameters": [
                {"name": "tea", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "many", "schema": {"type": "string"}, "example": -1500.0},
            ],
        });
        let wanted = json!({
            "openapi": "3.0.0", "info": {"title": "Teas: all", "version": "1.0"}, "paths": {"/teas/{tea}": {"get": look}},
        });
        assert_eq!(read(TEAS).unwrap(), wanted);
    }

    #[test]
    fn plain_words_are_numbers_and_truths_and_quoted_ones_are_texts() {
        let text = "[1, -2, 0x1F, 1.5, 1.2.3, 2026-01-01, true, 'true', yes, ~, null, \"5\", !!str 5, .inf, 18446744073709551615]";
        let wanted = json!([
            1,
            -2,
            31,
            1.5,
            "1.2.3",
            "2026-01-01",
            true,
            "true",
            "yes",
            null,
            null,
            "5",
            "5",
            ".inf",
            u64::MAX
        ]);
        assert_eq!(read(text).unwrap(), wanted);
        assert_eq!(read("a:\n").unwrap(), json!({"a": null}));
        assert_eq!(read("{\"a\": [1]}").unwrap(), json!({"a": [1]}), "JSON is YAML");
    }

    #[test]
    fn what_is_merged_gives_way_to_what_is_said() {
        let text = "base: &base {a: 1, b: 2}\nof:\n  b: 3\n  <<: *base\n  c: 4\n";
        assert_eq!(read(text).unwrap()["of"], json!({"b": 3, "a": 1, "c": 4}));
    }

    #[test]
    fn what_has_no_end_or_no_sense_is_refused() {
        let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for at in 1..20 {
            let of = vec![format!("*a{}", at - 1); 10].join(", ");
            laughs = format!("{laughs}a{at}: &a{at} [{of}]\n");
        }
        let deep = "[".repeat(200);
        let long = "- a\n".repeat(LONGEST / 4 + 1);
        for (text, why) in [
            (laughs.as_str(), "MB"),
            ("a: &a [*a]", "a part of"),
            (deep.as_str(), "deeper"),
            (long.as_str(), "longer"),
            ("a: - - b", ""),
            ("[a, b", ""),
            ("a: b: c", ""),
            ("? [a]\n: b", "no text"),
            ("", "nothing"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text:.40}: {error}");
        }
    }
}
