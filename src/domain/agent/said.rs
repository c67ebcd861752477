//! What a model that has no tool calls of its own says in a step: one JSON object, so that every step can be read.
//!
//! `{"tool": "name", "input": {…}}` calls a tool, `{"answer": "…"}` ends the run (`ReAct`, Yao et al. 2022, with the action as
//! JSON). A `"thought"` may stand first, and no model is told to write one: small ones talk themselves into what is wrong. A
//! grammar made of [`schema`] lets an engine say nothing else.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::domain::tool::Tool;

/// One step of such a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub thought: String,
    pub does: Does,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Does {
    Call { tool: String, input: Value },
    Answer(String),
}

/// A small model's thought, and what it answers, would otherwise never end.
const LONGEST_THOUGHT: usize = 400;
const LONGEST_ANSWER: usize = 8_000;

/// The JSON schema of every step that can be taken: whatever keeps it can be read, and none goes on for ever.
pub fn schema(tools: &[Tool]) -> Value {
    let thought = json!({"type": "string", "maxLength": LONGEST_THOUGHT});
    let mut shared = Map::new();
    let mut steps = Vec::new();
    for tool in tools {
        steps.push(json!({
            "type": "object",
            "properties": {"thought": thought, "tool": {"const": tool.name}, "input": input(tool, &mut shared)},
            "required": ["tool", "input"],
            "additionalProperties": false,
        }));
    }
    steps.push(json!({
        "type": "object",
        "properties": {"thought": thought, "answer": {"type": "string", "maxLength": LONGEST_ANSWER}},
        "required": ["answer"],
        "additionalProperties": false,
    }));
    if shared.is_empty() { json!({"anyOf": steps}) } else { json!({"anyOf": steps, "$defs": shared}) }
}

/// The schema of a tool's input within that of a step. One that refers to parts of itself goes to those that are `shared`, so
/// that it finds them.
fn input(tool: &Tool, shared: &mut Map<String, Value>) -> Value {
    let root = format!("#/$defs/{}", tool.name);
    let mut own = tool.schema.clone();
    if let Value::Object(own) = &mut own {
        // It is no document of its own here.
        own.retain(|key, _| !matches!(key.as_str(), "$schema" | "$id"));
    }
    let refers = own.to_string().contains("\"$ref\"");
    let own = bounded(&own, &root, true);
    if !refers {
        return own;
    }
    shared.insert(tool.name.clone(), own);
    json!({"$ref": root})
}

/// The longest text and list of an input whose schema sets no end to them.
const LONGEST_TEXT: u64 = 4_000;
const LONGEST_LIST: u64 = 64;

/// A schema whose texts and lists have an end, and, where it `closes`, whose objects have no other values than those it names.
/// What it refers to is under `root`. A tool's input is held against its own schema afterwards.
fn bounded(schema: &Value, root: &str, closes: bool) -> Value {
    let Value::Object(own) = schema else { return schema.clone() };
    let all = |parts: &Value, closes: bool| match parts {
        Value::Array(parts) => parts.iter().map(|part| bounded(part, root, closes)).collect(),
        Value::Object(parts) => Value::Object(
            parts.iter().map(|(name, part)| (name.clone(), bounded(part, root, closes))).collect(),
        ),
        other => other.clone(),
    };
    let part = |(key, value): (&String, &Value)| {
        let value = match key.as_str() {
            "properties" | "prefixItems" | "anyOf" | "oneOf" => all(value, closes),
            // Several that hold at once must not shut each other out.
            "allOf" | "$defs" | "definitions" => all(value, false),
            "items" | "additionalProperties" => bounded(value, root, closes),
            "$ref" => match value.as_str().and_then(|to| to.strip_prefix('#')) {
                Some(rest) => format!("{root}{rest}").into(),
                None => value.clone(),
            },
            _ => value.clone(),
        };
        (key.clone(), value)
    };
    let mut ended: Map<String, Value> = own.iter().map(part).collect();
    let is = |kind: &str| own.get("type").is_some_and(|own| own == kind);
    let open = |set: &[&str]| set.iter().all(|name| !own.contains_key(*name));
    if is("string") && open(&["minLength", "maxLength", "pattern", "format", "enum", "const"]) {
        ended.insert("maxLength".to_owned(), LONGEST_TEXT.into());
    }
    if is("array") && open(&["minItems", "maxItems", "enum", "const"]) {
        ended.insert("maxItems".to_owned(), LONGEST_LIST.into());
    }
    let parts =
        ["additionalProperties", "patternProperties", "anyOf", "oneOf", "allOf", "$ref", "enum", "const"];
    if closes && is("object") && own.contains_key("properties") && open(&parts) {
        ended.insert("additionalProperties".to_owned(), false.into());
    }
    Value::Object(ended)
}

/// How a model is told of the tools and of the form: each tool by the very object that uses it, so that a small model has
/// little to put together.
pub fn told(tools: &[Tool]) -> String {
    let mut told = String::from(
        "Use a tool for what you do not know or cannot do yourself. Write one JSON object and nothing else.\n\n",
    );
    for tool in tools {
        let (call, about) = use_of(tool);
        let description = tool.description.trim();
        told.push_str(&call);
        told.push('\n');
        told.push_str(if description.is_empty() { tool.name.as_str() } else { description });
        if !about.is_empty() {
            let _ = write!(told, " ({about})");
        }
        told.push_str("\n\n");
    }
    told.push_str("{\"answer\": \"...\"}\nTells the user what the tools gave.\n");
    told
}

/// The object that uses a tool, with the values that it needs left open, and what is to be known of all of them.
fn use_of(tool: &Tool) -> (String, String) {
    let schema = &tool.schema;
    let needed = |name: &str| {
        let needed = schema.get("required").and_then(Value::as_array);
        needed.is_some_and(|all| all.iter().any(|one| one == name))
    };
    let (mut input, mut about) = (Vec::new(), Vec::new());
    // One of several shapes, or made of parts that are told elsewhere, it is told as it is.
    let plain = ["$ref", "anyOf", "oneOf", "allOf", "$defs", "definitions"]
        .iter()
        .all(|key| schema.get(*key).is_none());
    match schema.get("properties").and_then(Value::as_object).filter(|_| plain) {
        Some(properties) => {
            for (name, value) in properties {
                if needed(name) {
                    input.push(format!("{}: {}", json!(name), open(value)));
                }
                about.push(parameter(name, value, needed(name)));
            }
        }
        None if plain => {}
        None => about.push(format!("input: {schema}")),
    }
    // With the blanks that models write.
    let call = format!("{{\"tool\": {}, \"input\": {{{}}}}}", json!(tool.name), input.join(", "));
    (call, about.join("; "))
}

/// A value that is still to be written.
fn open(schema: &Value) -> Value {
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => json!(0),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("..."),
    }
}

/// What is to be known of one value of an input.
fn parameter(name: &str, schema: &Value, needed: bool) -> String {
    let text =
        |key: &str| schema.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mut known = Vec::new();
    known.extend(text("description").map(str::to_owned));
    let made_of_parts =
        ["properties", "items", "anyOf", "oneOf", "allOf"].iter().any(|key| schema.get(*key).is_some());
    if made_of_parts {
        known.push(schema.to_string());
    } else if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        known.push(format!("one of {}", values.join(", ")));
    } else {
        known.extend(text("type").filter(|kind| *kind != "string").map(str::to_owned));
    }
    if !needed {
        known.push("may be left out".to_owned());
    }
    if known.is_empty() { name.to_owned() } else { format!("{name}: {}", known.join(", ")) }
}

/// Reads a step. Text around the object, and a fence of Markdown about it, are let pass: models without a grammar write them.
///
/// # Errors
///
/// Why it is no step, in words that the model can be told.
pub fn read(text: &str) -> Result<Said, String> {
    let object = text.find('{').map(|from| &text[from..]).ok_or("there is no JSON object in it")?;
    let mut values = serde_json::Deserializer::from_str(object).into_iter::<Value>();
    let step = match values.next() {
        Some(Ok(step)) => step,
        Some(Err(why)) => return Err(format!("it is no whole JSON object: {why}")),
        None => return Err("there is no JSON object in it".to_owned()),
    };
    let text = |name: &str| step.get(name).and_then(Value::as_str).map(str::to_owned);
    let thought = text("thought").unwrap_or_default();
    let does = match (text("tool"), text("answer")) {
        (Some(tool), _) => {
            let input = step.get("input").cloned().unwrap_or_else(|| json!({}));
            Does::Call { tool, input }
        }
        (None, Some(answer)) => Does::Answer(answer),
        (None, None) => return Err("it has neither \"tool\" nor \"answer\"".to_owned()),
    };
    Ok(Said { thought, does })
}

/// What a person may read of a step that is still being written: the text, or the answer of the JSON as far as it has come.
/// `None` before there is any, and of a step that calls a tool.
pub fn so_far(text: &str) -> Option<String> {
    let begins = text.trim_start();
    if !begins.starts_with(['{', '`']) {
        return (!begins.is_empty()).then(|| begins.to_owned());
    }
    let named = |name: &str| {
        let quoted = format!("\"{name}\"");
        // In a text of its own the quotes of a name are escaped.
        begins.match_indices(&quoted).map(|(at, _)| at).find(|at| !begins[..*at].ends_with('\\'))
    };
    if named("tool").is_some() {
        return None;
    }
    let answer = &begins[named("answer")? + "\"answer\"".len()..];
    let body = answer.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let read = |end: usize| serde_json::from_str::<String>(&format!("\"{}\"", &body[..end])).ok();
    let end = string_end(body);
    // The first half of a character that takes two escapes is none yet.
    read(end).or_else(|| read(end.checked_sub(ESCAPE)?)).filter(|said| !said.is_empty())
}

/// Bytes of `\uXXXX`.
const ESCAPE: usize = 6;

/// Where the text of a JSON string ends whose first quote was read: at its last quote, or before an escape that is not whole.
fn string_end(body: &str) -> usize {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let next = match bytes[at] {
            b'"' => return at,
            b'\\' if bytes.get(at + 1) == Some(&b'u') => at + ESCAPE,
            b'\\' => at + 2,
            _ => at + 1,
        };
        if next > bytes.len() {
            return at;
        }
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Block;
    use crate::domain::schema::{Schema, SchemaCheck, check};
    use crate::domain::settings::Settings;

    /// The step that calls that tool.
    fn schema_of(tool: &Tool) -> Value {
        schema(std::slice::from_ref(tool))["anyOf"][0].clone()
    }

    fn look() -> Tool {
        Tool {
            name: "look".to_owned(),
            description: "Looks.".to_owned(),
            schema: json!({"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}),
        }
    }

    #[test]
    fn a_step_is_read_with_what_stands_around_it() {
        let call = read(
            "Sure!\n```json\n{\"thought\": \"see\", \"tool\": \"look\", \"input\": {\"at\": \"}\"}}\n``` {",
        )
        .unwrap();
        assert_eq!(call.does, Does::Call { tool: "look".to_owned(), input: json!({"at": "}"}) });
        let answer = read(r#"{"thought": "", "answer": "42"}"#).unwrap();
        assert_eq!(answer.does, Does::Answer("42".to_owned()));
        assert_eq!(
            read(r#"{"tool": "look"}"#).unwrap().does,
            Does::Call { tool: "look".to_owned(), input: json!({}) }
        );
    }

    #[test]
    fn the_answer_in_a_step_is_read_while_it_is_written() {
        assert_eq!(so_far(" It is"), Some("It is".to_owned()));
        assert_eq!(so_far(" "), None);
        let whole = r#"{"thought": "say \"answer\": no", "answer": "Ha\n\"é\ud83d\ude00\""}"#;
        let mut seen: Vec<String> = Vec::new();
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            match so_far(&whole[..end]) {
                Some(said) if seen.last() != Some(&said) => seen.push(said),
                Some(_) => {}
                None => assert!(seen.is_empty(), "what was read stays: {end}"),
            }
        }
        assert_eq!(seen, ["H", "Ha", "Ha\n", "Ha\n\"", "Ha\n\"é", "Ha\n\"é😀", "Ha\n\"é😀\""]);
        assert_eq!(so_far(r#"{"thought": "x", "tool": "f", "input": {"answer": "no"}}"#), None);
    }

    #[test]
    fn what_is_no_step_is_told_in_words() {
        for (text, why) in [
            ("I do not know.", "no JSON object"),
            ("{\"thought\": \"so", "no whole JSON object"),
            ("{\"thought\": \"so\"}", "neither"),
            ("{\"answer\": 7}", "neither"),
        ] {
            assert!(read(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn a_tool_is_told_by_what_uses_it_and_by_all_that_is_known_of_its_values() {
        let schema = json!({
            "type": "object",
            "properties": {
                "tea": {"type": "string", "description": "Its name."},
                "size": {"enum": ["small", "large"]},
                "many": {"type": "integer", "description": "Packets"},
                "to": {"type": "object", "properties": {"town": {"type": "string"}}},
            },
            "required": ["tea", "many"],
        });
        let told = told(&[Tool { schema, ..look() }]);
        let known = "{\"tool\": \"look\", \"input\": {\"tea\": \"...\", \"many\": 0}}\nLooks. (tea: Its name.; size: one of \"small\", \
                     \"large\", may be left out; many: Packets, integer; to: {\"type\":\"object\",\"properties\":{\"town\":\
                     {\"type\":\"string\"}}}, may be left out)\n";
        assert!(told.contains(known), "{told}");
        let either = json!({"anyOf": [{"type": "object"}]});
        let told = super::told(&[Tool { schema: either, ..look() }]);
        assert!(
            told.contains("\"input\": {}}\nLooks. (input: {\"anyOf\":[{\"type\":\"object\"}]})\n"),
            "{told}"
        );
    }

    #[test]
    fn what_a_tool_leaves_open_is_closed_in_a_step() {
        let tool = |schema: Value| Tool { name: "do".into(), description: String::new(), schema };
        let text = json!({"type": "string"});
        let end = json!({"type": "string", "maxLength": LONGEST_TEXT});
        let input = |schema: Value| schema_of(&tool(schema))["properties"]["input"].clone();
        assert_eq!(
            input(
                json!({"$schema": "x", "type": "object", "properties": {"a": text, "b": {"type": "array", "items": text}}})
            ),
            json!({
                "type": "object",
                "properties": {"a": end, "b": {"type": "array", "items": end, "maxItems": LONGEST_LIST}},
                "additionalProperties": false,
            })
        );
        for as_it_is in [
            json!({"type": "object", "additionalProperties": true, "properties": {}}),
            json!({"allOf": [{"type": "object", "properties": {}}, {"type": "object"}]}),
            json!({"type": "string", "enum": ["a"]}),
            json!({"type": "string", "minLength": 9_000}),
            json!(true),
        ] {
            assert_eq!(input(as_it_is.clone()), as_it_is);
        }
    }

    #[test]
    fn what_a_tool_s_schema_refers_to_is_found_in_a_step() {
        let own = json!({
            "type": "object",
            "properties": {"at": {"$ref": "#/$defs/place"}, "in": {"$ref": "#"}},
            "$defs": {"place": {"type": "integer"}},
            "required": ["at"],
        });
        let tools = [Tool { schema: own, ..look() }];
        let steps = schema(&tools);
        assert_eq!(steps["anyOf"][0]["properties"]["input"], json!({"$ref": "#/$defs/look"}));
        assert_eq!(steps["$defs"]["look"]["properties"]["at"], json!({"$ref": "#/$defs/look/$defs/place"}));
        assert_eq!(steps["$defs"]["look"]["properties"]["in"], json!({"$ref": "#/$defs/look"}));
        Schema::read(&steps).unwrap();
        let said = |step: Value| {
            let settings = Settings { response_schema: Some(steps.clone()), ..Settings::default() };
            check(&[Block::Text { text: step.to_string() }], &settings)
        };
        assert_eq!(said(json!({"thought": "", "tool": "look", "input": {"at": 7}})), SchemaCheck::Kept);
        assert_eq!(said(json!({"answer": "so"})), SchemaCheck::Kept);
        let broken = said(json!({"tool": "look", "input": {"at": "7"}}));
        assert!(matches!(broken, SchemaCheck::Broken { .. }), "{broken:?}");
    }

    #[test]
    fn the_schema_of_steps_is_one_and_the_tools_are_told() {
        let tools = [look()];
        Schema::read(&schema(&tools)).unwrap();
        assert_eq!(schema(&tools)["anyOf"].as_array().unwrap().len(), 2);
        let told = told(&tools);
        assert!(
            told.contains("{\"tool\": \"look\", \"input\": {\"at\": \"...\"}}\nLooks. (at)\n\n{\"answer\""),
            "{told}"
        );
    }
}
