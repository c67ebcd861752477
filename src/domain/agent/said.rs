//! What a model that has no tool calls of its own says in a step: one JSON object, so that every step can be read.
//!
//! `{"thought": "…", "tool": "name", "input": {…}}` calls a tool, `{"thought": "…", "answer": "…"}` ends the run (`ReAct`, Yao et
//! al. 2022, with thought and action in one object). A grammar made of [`schema`] lets an engine say nothing else.

use serde_json::{Value, json};

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

/// The JSON schema of every step that can be taken.
pub fn schema(tools: &[Tool]) -> Value {
    let thought = json!({"type": "string", "maxLength": LONGEST_THOUGHT});
    let call = |tool: &Tool| {
        json!({
            "type": "object",
            "properties": {"thought": thought, "tool": {"const": tool.name}, "input": tool.schema},
            "required": ["thought", "tool", "input"],
            "additionalProperties": false,
        })
    };
    let answer = json!({
        "type": "object",
        "properties": {"thought": thought, "answer": {"type": "string"}},
        "required": ["thought", "answer"],
        "additionalProperties": false,
    });
    let steps: Vec<Value> = tools.iter().map(call).chain([answer]).collect();
    json!({"anyOf": steps})
}

/// A small model's thought would otherwise never end.
const LONGEST_THOUGHT: usize = 400;

/// How a model is told of the tools and of the form.
pub fn told(tools: &[Tool]) -> String {
    let mut told = String::from(
        "In each step write one JSON object and nothing else: \
         {\"thought\": \"what to do next and why\", \"tool\": \"a tool's name\", \"input\": {its parameters}} to use a tool, \
         or {\"thought\": \"why this is the end\", \"answer\": \"what the user is to read\"} to answer.\n\nTools:\n",
    );
    for tool in tools {
        told.push_str(
            &json!({"tool": tool.name, "description": tool.description, "input": tool.schema}).to_string(),
        );
        told.push('\n');
    }
    told
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
    let end = ended(body);
    // The first half of a character that takes two escapes is none yet.
    read(end).or_else(|| read(end.checked_sub(ESCAPE)?)).filter(|said| !said.is_empty())
}

/// Bytes of `\uXXXX`.
const ESCAPE: usize = 6;

/// Where the text of a JSON string ends whose first quote was read: at its last quote, or before an escape that is not whole.
fn ended(body: &str) -> usize {
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
    use crate::domain::schema::Schema;

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
    fn the_schema_of_steps_is_one_and_the_tools_are_told() {
        let tools = [look()];
        Schema::read(&schema(&tools)).unwrap();
        assert_eq!(schema(&tools)["anyOf"].as_array().unwrap().len(), 2);
        assert!(told(&tools).contains(r#"{"tool":"look","description":"Looks.""#));
    }
}
