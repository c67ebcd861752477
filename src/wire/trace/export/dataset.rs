//! What was asked in a trace, as rows of datasets: Bedrock's prompts with the answers that were given, and `OpenAI`'s messages.

use serde_json::{Map, Value as Json, json};

use crate::domain::trace::contents::{Contents, Part, Said};
use crate::domain::trace::{Kind, TraceSpan};
use crate::wire::trace::meaning::{contents, facts};

/// Rows, one a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub text: String,
    pub rows: usize,
    /// Calls of models that no row could be made of.
    pub left_out: usize,
}

impl Rows {
    fn push(&mut self, row: Option<&Json>) {
        match row {
            Some(row) => {
                self.text.extend([row.to_string().as_str(), "\n"]);
                self.rows += 1;
            }
            None => self.left_out += 1,
        }
    }
}

/// The calls of models among these spans as Bedrock's prompt datasets have them (`wire::evaluation::dataset` reads them): of
/// each the person's last message, with the turns before it in `precedingTurns`. Calls that go on after a tool ask nothing.
pub fn prompts(spans: &[TraceSpan]) -> Rows {
    let mut rows = Rows::default();
    for span in spans {
        let facts = facts(span);
        if facts.kind == Kind::Model {
            let model = if facts.model.is_empty() { facts.answered_by } else { facts.model };
            rows.push(prompt(&contents(span), model).as_ref());
        }
    }
    rows
}

fn prompt(said: &Contents, model: &str) -> Option<Json> {
    let (asked, before) = said.input.split_last().filter(|(last, _)| last.role == "user")?;
    let prompt = Some(asked.text()).filter(|text| !text.trim().is_empty())?;
    let mut row = Map::new();
    row.insert("prompt".to_owned(), prompt.into());
    let turns: Vec<Json> = before
        .iter()
        .filter(|turn| ["system", "user", "assistant"].contains(&turn.role.as_str()))
        .map(|turn| (turn, turn.text()))
        .filter(|(_, text)| !text.is_empty())
        .map(|(turn, text)| json!({ "role": turn.role, "text": text }))
        .collect();
    if !turns.is_empty() {
        row.insert("precedingTurns".to_owned(), turns.into());
    }
    let answer: Vec<String> = said.output.iter().map(Said::text).filter(|text| !text.is_empty()).collect();
    if !answer.is_empty() {
        let response = json!({ "response": answer.join("\n"), "modelIdentifier": model });
        row.insert("modelResponses".to_owned(), json!([response]));
    }
    Some(Json::Object(row))
}

/// The calls of models as messages of `OpenAI`'s chat, tools included.
pub fn openai(spans: &[TraceSpan]) -> Rows {
    let mut rows = Rows::default();
    for span in spans.iter().filter(|span| facts(span).kind == Kind::Model) {
        let said = contents(span);
        let messages: Vec<Json> = said.input.iter().chain(&said.output).flat_map(chat).collect();
        let row = (!messages.is_empty()).then(|| {
            let mut row = Map::from_iter([("messages".to_owned(), Json::Array(messages))]);
            if !said.offered.is_empty() {
                let tools = said.offered.iter().map(|tool| {
                    let function =
                        json!({ "name": tool.name, "description": tool.description, "parameters": tool.schema });
                    json!({ "type": "function", "function": function })
                });
                row.insert("tools".to_owned(), tools.collect());
            }
            Json::Object(row)
        });
        rows.push(row.as_ref());
    }
    rows
}

/// One message may answer several calls, each of which is a message there.
fn chat(message: &Said) -> Vec<Json> {
    let mut out = Vec::new();
    let mut calls = Vec::new();
    for part in &message.parts {
        match part {
            Part::ToolCall { id, name, arguments, .. } => calls.push(json!({
                "id": id.as_deref().unwrap_or_default(),
                "type": "function",
                "function": { "name": name, "arguments": text_of(arguments) },
            })),
            Part::ToolResult { id, result, .. } => out.push(json!({
                "role": "tool",
                "tool_call_id": id.as_deref().unwrap_or_default(),
                "content": text_of(result),
            })),
            _ => {}
        }
    }
    let text = message.text();
    if !text.is_empty() || !calls.is_empty() {
        let mut plain = json!({ "role": message.role, "content": text });
        if !calls.is_empty() {
            plain["tool_calls"] = Json::Array(calls);
        }
        out.push(plain);
    }
    out
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
