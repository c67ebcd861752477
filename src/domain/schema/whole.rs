//! Schemas without what does not stand in them: nothing is ever fetched, and what reads a schema refuses one that it cannot follow.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The schema with every part that refers to what is not in it left open, which lets anything pass there; and what was referred
/// to, each once. A part is found by its pointer or by its anchor.
pub fn whole(schema: &Value) -> (Value, Vec<String>) {
    let mut missing = Vec::new();
    let mut anchors = BTreeSet::new();
    find_anchors(schema, &mut anchors);
    let document = Document { whole: schema, own: schema.get("$id").and_then(Value::as_str), anchors };
    let closed = document.part(schema, &mut missing);
    (closed, missing)
}

struct Document<'a> {
    whole: &'a Value,
    /// Its own address.
    own: Option<&'a str>,
    anchors: BTreeSet<&'a str>,
}

impl Document<'_> {
    fn part(&self, schema: &Value, missing: &mut Vec<String>) -> Value {
        match schema {
            Value::Array(parts) => parts.iter().map(|part| self.part(part, missing)).collect(),
            Value::Object(own) => {
                let parts = own.iter().filter_map(|(key, value)| {
                    let value = match key.as_str() {
                        "$ref" => self.reference(value, missing)?,
                        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                            self.named(value, missing)
                        }
                        // Values, and no schemas.
                        "enum" | "const" | "default" | "examples" => value.clone(),
                        _ => self.part(value, missing),
                    };
                    Some((key.clone(), value))
                });
                Value::Object(parts.collect())
            }
            other => other.clone(),
        }
    }

    /// Schemas by names, which may be any.
    fn named(&self, schemas: &Value, missing: &mut Vec<String>) -> Value {
        let Value::Object(own) = schemas else { return schemas.clone() };
        let part = |(name, schema): (&String, &Value)| (name.clone(), self.part(schema, missing));
        Value::Object(own.iter().map(part).collect::<Map<_, _>>())
    }

    /// A reference to a part of the document, from its root; `None` where there is no such part.
    fn reference(&self, to: &Value, missing: &mut Vec<String>) -> Option<Value> {
        let text = to.as_str()?;
        let inside = match text.split_once('#') {
            Some(("", inside)) => Some(inside),
            Some((address, inside)) if Some(address) == self.own => Some(inside),
            None if Some(text) == self.own => Some(""),
            _ => None,
        };
        if let Some(inside) = inside
            && (self.whole.pointer(inside).is_some() || self.anchors.contains(inside))
        {
            return Some(format!("#{inside}").into());
        }
        if !missing.iter().any(|known| known == text) {
            missing.push(text.to_owned());
        }
        None
    }
}

/// The names that parts have of their own.
fn find_anchors<'a>(schema: &'a Value, found: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Array(parts) => parts.iter().for_each(|part| find_anchors(part, found)),
        Value::Object(own) => {
            found.extend(["$anchor", "$dynamicAnchor"].into_iter().filter_map(|key| own.get(key)?.as_str()));
            own.values().for_each(|part| find_anchors(part, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::schema::Schema;

    #[test]
    fn what_a_schema_refers_to_elsewhere_is_left_open_and_told_once() {
        let schema = json!({
            "$id": "https://x.example/tea",
            "type": "object",
            "properties": {
                "at": {"$ref": "https://x.example/place.json", "description": "Where."},
                "to": {"type": "array", "items": {"$ref": "https://x.example/place.json"}},
                "by": {"$ref": "file:///etc/passwd"},
                "in": {"$ref": "#/$defs/nowhere"},
                "of": {"$ref": "#/$defs/kind"},
                "as": {"$ref": "https://x.example/tea#/$defs/kind"},
                "so": {"$ref": "#sort"},
                "up": {"$ref": "#"},
            },
            "$defs": {"kind": {"type": "string"}, "s": {"$anchor": "sort", "type": "integer"}},
        });
        let (closed, missing) = whole(&schema);
        assert_eq!(missing, ["https://x.example/place.json", "file:///etc/passwd", "#/$defs/nowhere"]);
        let parts = &closed["properties"];
        assert_eq!(parts["at"], json!({"description": "Where."}));
        assert_eq!(parts["to"], json!({"type": "array", "items": {}}));
        assert_eq!((&parts["by"], &parts["in"]), (&json!({}), &json!({})));
        assert_eq!(parts["as"], json!({"$ref": "#/$defs/kind"}));
        for kept in ["of", "so", "up"] {
            assert_eq!(parts[kept], schema["properties"][kept], "{kept}");
        }
        assert!(Schema::read(&schema).is_err());
        let read = Schema::read(&closed).unwrap();
        assert!(read.broken(&json!({"at": 7, "by": [], "of": "green"})).is_none());
        assert!(read.broken(&json!({"of": 7})).is_some(), "what is there still counts");
    }

    #[test]
    fn a_schema_that_is_whole_stays_as_it_is() {
        for schema in [
            json!(true),
            json!({"type": "object", "properties": {"a": {"$ref": "#"}}}),
            // A name, and a value, which are no references.
            json!({"properties": {"$ref": {"enum": [{"$ref": "http://x.example"}]}}}),
        ] {
            assert_eq!(whole(&schema), (schema.clone(), Vec::new()));
        }
    }
}
