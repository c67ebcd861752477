//! Tools that a model may call, and how it is to choose among them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Error, ErrorKind, Result};
use super::schema::Schema;

/// One tool as a model is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// 1 to 64 letters, digits, `_` and `-`: what every API takes.
    pub name: String,
    /// What it does and when to call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The JSON schema of its input: an object.
    #[serde(default = "nothing", alias = "input_schema", alias = "parameters")]
    pub schema: Value,
}

/// The schema of a tool that takes no input.
fn nothing() -> Value {
    serde_json::json!({"type": "object", "properties": {}})
}

/// A tool as `OpenAI`'s two APIs, Anthropic's and Bedrock's have it, in the own form; anything else as it is.
///
/// `{"type": "function", "function": {…}}` (Chat Completions), `{"type": "function", "name": …, "parameters": …}` (Responses),
/// `{"name": …, "input_schema": …}` (Messages), `{"toolSpec": {"name": …, "inputSchema": {"json": …}}}` (Converse).
fn own(tool: Value) -> Value {
    let Value::Object(mut tool) = tool else { return tool };
    let mut kind = tool.get("type").and_then(Value::as_str).map(str::to_owned);
    for inner in ["function", "toolSpec"] {
        if let Some(Value::Object(function)) = tool.get_mut(inner) {
            tool = std::mem::take(function);
            kind = kind.or_else(|| Some("function".to_owned()));
            break;
        }
    }
    if let Some(Value::Object(schema)) = tool.remove("inputSchema") {
        tool.insert("schema".to_owned(), schema.get("json").cloned().unwrap_or(Value::Object(schema)));
    }
    if matches!(kind.as_deref(), Some("function" | "custom")) {
        tool.remove("type");
        // How a provider is to serve it, not what it is.
        tool.remove("strict");
    }
    tool.remove("cache_control");
    Value::Object(tool)
}

/// Reads tools from the JSON text of a list: `[{"name": …, "description": …, "schema": {…}}]`. The schema may also be
/// called `input_schema` or `parameters`, and the forms of the providers' APIs are read as well.
///
/// # Errors
///
/// `Invalid`: no such JSON, a name that no API takes or that comes twice, a schema that is no object.
pub fn read(text: &str) -> Result<Vec<Tool>> {
    let bad = |why: String| {
        Error::new(
            ErrorKind::Invalid,
            "reading the tools",
            why,
            r#"They are a JSON list: [{"name": "look", "description": "…", "schema": {"type": "object", …}}]."#,
        )
    };
    let json: Value = serde_json::from_str(text).map_err(|why| bad(format!("it is no JSON: {why}")))?;
    let json = match json {
        Value::Array(all) => Value::Array(all.into_iter().map(own).collect()),
        // One alone is meant as a list of it.
        Value::Object(_) => Value::Array(vec![own(json)]),
        other => other,
    };
    let tools: Vec<Tool> = serde_json::from_value(json).map_err(|why| bad(why.to_string()))?;
    for (at, tool) in tools.iter().enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if tool.name.is_empty() || tool.name.len() > 64 || !tool.name.chars().all(plain) {
            return Err(bad(format!(
                "{:?} is no name of 1 to 64 letters, digits, \"_\" and \"-\"",
                tool.name
            )));
        }
        if tools[..at].iter().any(|other| other.name == tool.name) {
            return Err(bad(format!("{:?} is there twice", tool.name)));
        }
        if !tool.schema.is_object() {
            return Err(bad(format!("the schema of {:?} is no object", tool.name)));
        }
        if let Err(error) = Schema::read(&tool.schema) {
            return Err(bad(format!("the schema of {:?}: {}", tool.name, error.why)));
        }
    }
    Ok(tools)
}

/// Whether and which tool is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// No tool is called.
    None,
    /// Some tool is called.
    Any,
    /// This one is called.
    Named(String),
}

impl fmt::Display for ToolChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::Any => "any",
            Self::Named(name) => name,
        })
    }
}

impl FromStr for ToolChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            "any" => Ok(Self::Any),
            "" => Err(Error::new(
                ErrorKind::Invalid,
                "reading the choice of tools",
                "it is empty",
                "It is auto, none, any, or a tool's name.",
            )),
            name => Ok(Self::Named(name.to_owned())),
        }
    }
}

/// Whether a choice is one of these tools, where there are any.
///
/// # Errors
///
/// `Invalid`: the tool that it names is not among them.
pub fn check(choice: &ToolChoice, tools: &[Tool]) -> Result<()> {
    match choice {
        ToolChoice::Named(name) if !tools.is_empty() && tools.iter().all(|tool| tool.name != *name) => {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            Err(Error::new(
                ErrorKind::Invalid,
                "reading the choice of tools",
                format!("{name:?} is none of the tools"),
                format!("tool_choice takes auto, none, any, {}.", names.join(", ")),
            ))
        }
        _ => Ok(()),
    }
}

impl From<ToolChoice> for String {
    fn from(choice: ToolChoice) -> Self {
        choice.to_string()
    }
}

impl TryFrom<String> for ToolChoice {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// What a tool gave, for APIs that have no field for its failing.
pub fn told_result(content: &str, is_error: bool) -> Cow<'_, str> {
    if is_error { Cow::Owned(format!("Error: {content}")) } else { Cow::Borrowed(content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_read_by_any_of_the_schema_s_names_and_written_by_one() {
        let tools =
            read(r#"[{"name":"look","description":"d","parameters":{"type":"object"}},{"name":"go"}]"#);
        let tools = tools.unwrap();
        assert_eq!(tools[0].schema, serde_json::json!({"type": "object"}));
        assert_eq!(tools[1].schema, nothing());
        let again = read(&serde_json::to_string(&tools).unwrap()).unwrap();
        assert_eq!(again, tools);
    }

    #[test]
    fn tools_are_taken_as_the_apis_have_them() {
        let look = read(r#"[{"name":"look","description":"d","schema":{"type":"object"}}]"#).unwrap();
        for text in [
            r#"[{"type":"function","function":{"name":"look","description":"d","parameters":{"type":"object"},"strict":true}}]"#,
            r#"[{"type":"function","name":"look","description":"d","parameters":{"type":"object"},"strict":false}]"#,
            r#"[{"name":"look","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}]"#,
            r#"[{"type":"custom","name":"look","description":"d","input_schema":{"type":"object"}}]"#,
            r#"[{"toolSpec":{"name":"look","description":"d","inputSchema":{"json":{"type":"object"}}}}]"#,
            r#"{"name":"look","description":"d","schema":{"type":"object"}}"#,
        ] {
            assert_eq!(read(text).as_ref(), Ok(&look), "{text}");
        }
        assert!(
            read(r#"[{"type":"web_search_20250305","name":"web_search"}]"#).is_err(),
            "only its provider can run it"
        );
    }

    #[test]
    fn what_no_api_would_take_is_refused_by_name() {
        for (text, named) in [
            ("{}", "missing field `name`"),
            ("[{", "no JSON"),
            ("7", "expected"),
            (r#"[{"name":"a b"}]"#, "a b"),
            (r#"[{"name":""}]"#, "letters"),
            (r#"[{"name":"a"},{"name":"a"}]"#, "twice"),
            (r#"[{"name":"a","schema":[]}]"#, "no object"),
            (r#"[{"name":"a","scheme":{}}]"#, "scheme"),
            (r#"[{"name":"a","schema":{"type":"objekt"}}]"#, "\"a\": /type"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Invalid);
            assert!(error.why.contains(named), "{text}: {error}");
        }
    }
}
