//! A call of a model that a span tells of, asked once more: what was asked, what came, and how both are put side by side.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::contents::{Contents, Offered, Part, Said};
use super::facts::Facts;
use super::span::{SpanKey, TraceId, TraceSpan};
use super::value::Value;
use crate::domain::call::Turn;
use crate::domain::catalog::ModelId;
use crate::domain::figures::milliseconds;
use crate::domain::id::SpanId;
use crate::domain::message::{Block, Role, Timing, Usage};
use crate::domain::settings::{FIELDS, Settings};
use crate::domain::time::Timestamp;
use crate::domain::usage::budget::money;

/// A span of a trace, wherever it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub trace: TraceId,
    pub span: SpanKey,
}

impl Place {
    /// Of a first call of this program's own, which is the trace's name too.
    pub fn first(id: SpanId) -> Self {
        Self { trace: TraceId(*id.as_bytes()), span: SpanKey::of(id) }
    }
}

/// What a model is asked: what a person edits before it is asked again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `None` where the span names none that is one here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Oldest first.
    pub turns: Vec<Turn>,
    pub settings: Settings,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gave {
    pub blocks: Vec<Block>,
    pub usage: Usage,
    pub timing: Timing,
    /// US dollars; `None` where the price or a count is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dollars: Option<f64>,
    /// Why the model stopped, in its maker's words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub finish: String,
}

/// A call as a span tells of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Original {
    /// As the span names it.
    pub model: String,
    pub asked: Asked,
    pub gave: Gave,
    /// What of it is not as it was there, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A call that was asked again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The call's own, which is a trace of this program.
    pub id: SpanId,
    /// Whose place it is asked in.
    pub of: Place,
    pub at: Timestamp,
    pub asked: Asked,
    pub gave: Gave,
}

impl Original {
    /// What a span tells; `dollars` is what it cost.
    pub fn of(span: &TraceSpan, facts: &Facts<'_>, contents: &Contents, dollars: Option<f64>) -> Self {
        let mut remarks = Vec::new();
        let model = if facts.model.is_empty() { facts.answered_by } else { facts.model };
        let mut asked = Asked {
            model: model_of(facts.provider, model),
            settings: settings(contents, &mut remarks),
            ..Asked::default()
        };
        let mut known: Vec<String> = Vec::new();
        for said in &contents.input {
            let blocks = blocks(said, &mut known, &mut remarks);
            let is_result = |block: &Block| matches!(block, Block::ToolResult { .. });
            let role = match role(&said.role) {
                Role::Tool if !blocks.iter().any(is_result) => Role::User,
                role => role,
            };
            match role {
                Role::System => {
                    let text = said.text();
                    asked.system = Some(match asked.system.take() {
                        Some(before) => format!("{before}\n\n{text}"),
                        None => text,
                    });
                }
                // Results of calls that were made together are one turn to every API.
                role => match asked.turns.last_mut().filter(|last| last.role == role) {
                    Some(last) => last.blocks.extend(blocks),
                    None if blocks.is_empty() => {}
                    None => asked.turns.push(Turn { role, blocks }),
                },
            }
        }
        asked.system = asked.system.filter(|system| !system.trim().is_empty());
        let mut unread = Vec::new();
        let gave = contents.output.iter().flat_map(|said| blocks_of(said, &mut unread)).collect();
        let whole = |nanos: u64| u32::try_from(nanos / 1_000_000).ok();
        let total_ms = whole(span.duration()).filter(|_| span.end > 0);
        let timing = Timing { first_token_ms: facts.first.and_then(whole), total_ms, ..Timing::default() };
        let finish = contents.finish.first().cloned().unwrap_or_default();
        let gave = Gave { blocks: gave, usage: facts.usage, timing, dollars, finish };
        Self { model: model.to_owned(), asked, gave, remarks }
    }
}

impl Asked {
    /// Puts a text in the place of what the person said last; where they said nothing it stands alone.
    pub fn say(&mut self, text: String) {
        let block = Block::Text { text };
        let says = |turn: &&mut Turn| turn.role == Role::User;
        match self.turns.iter_mut().rfind(says) {
            Some(turn) => {
                turn.blocks.retain(|block| !matches!(block, Block::Text { .. }));
                turn.blocks.push(block);
            }
            None => self.turns.push(Turn { role: Role::User, blocks: vec![block] }),
        }
    }

    /// Leaves out what a provider wants back with calls of tools where the model before was another provider's.
    pub fn leave_extras_of(&mut self, before: Option<&ModelId>) {
        let provider = self.model.as_ref().map(ModelId::provider);
        if provider.is_some() && provider == before.map(ModelId::provider) {
            return;
        }
        for block in self.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
            if let Block::ToolUse { extra, .. } = block {
                *extra = None;
            }
        }
    }

    /// Everything that the model reads, as lines that two of them are compared by.
    pub fn told(&self) -> String {
        let system = self.system.iter().map(|system| format!("system: {system}"));
        let turns = self.turns.iter().map(|turn| format!("{}: {}", turn.role.as_str(), told(&turn.blocks)));
        system.chain(turns).collect::<Vec<_>>().join("\n")
    }

    /// What it is asked with: the model and every setting that is made, in words.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let model = self.model.iter().map(|model| ("model", model.to_string()));
        let set = FIELDS.iter().filter_map(|field| Some((field.name, self.settings.shown(field.name)?)));
        model.chain(set).collect()
    }
}

impl Gave {
    /// The answer as lines that two of them are compared by.
    pub fn told(&self) -> String {
        told(&self.blocks)
    }

    /// Its figures, those that are known.
    pub fn figures(&self) -> Vec<(&'static str, String)> {
        let ms = |name, ms: Option<u32>| ms.map(|ms| (name, milliseconds(ms)));
        let tokens = |name, count: Option<u32>| count.map(|count| (name, count.to_string()));
        [
            ms("first token", self.timing.first_token_ms),
            ms("time", self.timing.total_ms),
            tokens("tokens in", self.usage.input),
            tokens("tokens out", self.usage.output),
            self.dollars.map(|amount| ("cost", money(amount))),
            Some(("finish", self.finish.clone())).filter(|(_, finish)| !finish.is_empty()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Names of both lists in order, with what each of them says: the figures side by side.
pub fn beside(
    one: &[(&'static str, String)],
    other: &[(&'static str, String)],
) -> Vec<(&'static str, String, String)> {
    let of = |list: &[(&'static str, String)], name: &str| {
        list.iter().find(|(known, _)| *known == name).map_or_else(|| "–".to_owned(), |(_, said)| said.clone())
    };
    let more = other.iter().filter(|(name, _)| one.iter().all(|(known, _)| known != name));
    one.iter().chain(more).map(|(name, _)| (*name, of(one, name), of(other, name))).collect()
}

/// What is called a provider here, by what conventions call it.
pub fn provider(told: &str) -> &str {
    match told {
        "aws.bedrock" | "aws_bedrock" => "bedrock",
        "gcp.gemini" | "gcp.vertex_ai" | "gcp.gen_ai" => "google",
        "mistral_ai" => "mistral",
        "x_ai" => "xai",
        other => other,
    }
}

fn model_of(told: &str, model: &str) -> Option<ModelId> {
    ModelId::new(provider(told), model).ok().or_else(|| model.parse().ok())
}

fn role(told: &str) -> Role {
    match told.to_ascii_lowercase().as_str() {
        "system" | "developer" => Role::System,
        "assistant" | "model" | "ai" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => Role::User,
    }
}

/// The blocks of a message that is sent again. A result of a call that nobody made is none to any API: it is sent as text.
fn blocks(said: &Said, known: &mut Vec<String>, remarks: &mut Vec<String>) -> Vec<Block> {
    let mut blocks = blocks_of(said, remarks);
    for block in &mut blocks {
        match block {
            Block::ToolUse { id, .. } => known.push(id.clone()),
            Block::ToolResult { id, content, .. } if !known.contains(id) => {
                remarks.push("what a tool gave is sent as text: the span does not tell its call".to_owned());
                *block = Block::Text { text: std::mem::take(content) };
            }
            _ => {}
        }
    }
    blocks
}

fn blocks_of(said: &Said, remarks: &mut Vec<String>) -> Vec<Block> {
    let block = |part: &Part| match part {
        Part::Text { text } => Some(Block::Text { text: text.clone() }),
        Part::Reasoning { text, signature } => {
            Some(Block::Reasoning { text: text.clone(), signature: signature.clone() })
        }
        Part::ToolCall { id, name, arguments, extra } => Some(Block::ToolUse {
            id: id.clone().unwrap_or_else(|| name.clone()),
            name: name.clone(),
            input: arguments_of(arguments),
            extra: extra.clone(),
        }),
        Part::ToolResult { id, result, is_error } => Some(Block::ToolResult {
            id: id.clone().or_else(|| said.name.clone()).unwrap_or_default(),
            content: text_of(result),
            is_error: *is_error,
        }),
        Part::Other { kind, .. } => {
            let sealed = part.sealed().map(|data| Block::RedactedReasoning { data: data.to_owned() });
            if sealed.is_none() {
                remarks.push(format!("what the span holds of the kind {kind:?} is left out"));
            }
            sealed
        }
    };
    said.parts.iter().filter_map(block).collect()
}

/// What a tool is called with: an object where nothing is told.
pub(super) fn arguments_of(told: &Json) -> Json {
    if told.is_null() { json!({}) } else { told.clone() }
}

/// What a tool gave, as a text: parts of texts are their texts.
pub(super) fn text_of(result: &Json) -> String {
    let part = |part: &Json| part.get("text").and_then(Json::as_str).map(str::to_owned);
    match result {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(parts) => {
            let texts: Option<Vec<String>> = parts.iter().map(part).collect();
            texts
                .filter(|texts| !texts.is_empty())
                .map_or_else(|| result.to_string(), |texts| texts.join("\n"))
        }
        other => other.to_string(),
    }
}

/// What stands among the parameters and is no setting of an answer.
const BESIDE: [&str; 6] = ["stream", "model", "choice.count", "output_type", "encoding_formats", "n"];

fn settings(contents: &Contents, remarks: &mut Vec<String>) -> Settings {
    let mut settings = Settings::default();
    let mut left_out = |name: &str, why: &str| remarks.push(format!("{name} is left out: {why}"));
    if !contents.offered.is_empty() {
        let tools: Vec<Json> = contents.offered.iter().map(tool).collect();
        if let Err(error) = settings.set("tools", &Json::Array(tools).to_string()) {
            left_out("tools", &error.why);
        }
    }
    for (told, value) in contents.parameters.iter() {
        let name = match told {
            "stop_sequences" => "stop",
            "max_completion_tokens" | "max_output_tokens" => "max_tokens",
            "reasoning_effort" | "reasoning.level" => "reasoning",
            told => told,
        };
        if BESIDE.contains(&name) || *value == Value::Null {
            continue;
        }
        let written = value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned);
        if let Err(error) = settings.set(name, &written) {
            left_out(told, &error.why);
        }
    }
    settings
}

fn tool(offered: &Offered) -> Json {
    let empty = || json!({"type": "object", "properties": {}});
    let schema = if offered.schema.is_object() { offered.schema.clone() } else { empty() };
    let description = offered.description.clone().unwrap_or_default();
    json!({"name": offered.name, "description": description, "schema": schema})
}

/// Blocks in words: what was said, called and given.
fn told(blocks: &[Block]) -> String {
    let said = |block: &Block| match block {
        Block::Text { text } => Some(text.clone()),
        Block::ToolUse { name, input, .. } => Some(format!("calls {name} {input}")),
        Block::ToolResult { content, .. } => Some(format!("result: {content}")),
        _ => None,
    };
    blocks.iter().filter_map(said).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: &str, parts: Vec<Part>) -> Said {
        Said { role: role.to_owned(), name: None, parts }
    }

    fn call(id: &str) -> Part {
        Part::ToolCall {
            id: Some(id.to_owned()),
            name: "look".to_owned(),
            arguments: json!({"at": 1}),
            extra: Some(json!("back")),
        }
    }

    fn gave(id: &str, result: Json) -> Part {
        Part::ToolResult { id: Some(id.to_owned()), result, is_error: false }
    }

    fn original(contents: &Contents, provider: &str, model: &str) -> Original {
        let facts = Facts { provider, model, ..Facts::default() };
        let span = TraceSpan { start: 1, end: 2_000_001, ..TraceSpan::default() };
        Original::of(&span, &facts, contents, None)
    }

    #[test]
    fn what_was_asked_is_what_is_asked_again() {
        let mut contents = Contents {
            input: vec![
                Said::new("system", "Be terse."),
                Said::new("user", "Look at both."),
                said("assistant", vec![call("1"), call("2")]),
                said("tool", vec![gave("1", json!("one"))]),
                said("tool", vec![gave("2", json!([{"type": "text", "text": "two"}]))]),
            ],
            offered: vec![Offered { name: "look".to_owned(), ..Offered::default() }],
            ..Contents::default()
        };
        contents.parameters.push("temperature", 0.2);
        contents.parameters.push("stop_sequences", Value::List(vec![Value::from("a"), Value::from("b,c")]));
        contents.parameters.push("presence_penalty", 1.0);
        contents.parameters.push("stream", true);
        let original = original(&contents, "aws.bedrock", "m1");
        let asked = &original.asked;
        assert_eq!(asked.model.as_ref().map(ToString::to_string).as_deref(), Some("bedrock/m1"));
        assert_eq!(asked.system.as_deref(), Some("Be terse."));
        let roles: Vec<Role> = asked.turns.iter().map(|turn| turn.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool], "both results are one turn");
        assert!(asked.told().ends_with("tool: result: one\nresult: two"), "{}", asked.told());
        assert_eq!(asked.settings.temperature, Some(0.2));
        assert_eq!(asked.settings.stop, ["a", "b,c"]);
        assert_eq!(asked.settings.tools[0].name, "look");
        assert_eq!(original.remarks.len(), 1, "{:?}", original.remarks);
        assert!(original.remarks[0].starts_with("presence_penalty is left out"));
        assert_eq!(original.gave.timing.total_ms, Some(2));
    }

    #[test]
    fn what_no_api_would_take_is_sent_as_it_can_be_and_told() {
        let image = Part::Other { kind: "blob".to_owned(), value: Json::Null };
        let contents = Contents {
            input: vec![said("tool", vec![gave("1", json!({"t": 57}))]), said("user", vec![image])],
            offered: vec![Offered { name: "a b".to_owned(), ..Offered::default() }],
            ..Contents::default()
        };
        let original = original(&contents, "", "far/x");
        assert_eq!(original.asked.turns[0].role, Role::User);
        assert_eq!(original.asked.model.map(|model| model.to_string()).as_deref(), Some("far/x"));
        assert_eq!(original.asked.turns.len(), 1);
        assert_eq!(original.asked.turns[0].blocks, [Block::Text { text: "{\"t\":57}".to_owned() }]);
        for (remark, part) in original.remarks.iter().zip(["tools", "sent as text", "blob"]) {
            assert!(remark.contains(part), "{remark}");
        }
        assert_eq!(original.remarks.len(), 3);
        assert_eq!(model_of("", "m1"), None);
    }

    #[test]
    fn what_a_provider_wants_back_is_sent_back_to_it_and_to_no_other() {
        let sealed = Part::Reasoning { text: "hm".to_owned(), signature: Some("seal".to_owned()) };
        let kept = Part::Other { kind: "redacted_thinking".to_owned(), value: json!({"data": "x/y="}) };
        let failed = Part::ToolResult { id: Some("1".to_owned()), result: json!("no"), is_error: true };
        let contents = Contents {
            input: vec![
                Said::new("user", "Look."),
                said("assistant", vec![sealed, kept, call("1")]),
                said("tool", vec![failed]),
            ],
            ..Contents::default()
        };
        let Original { mut asked, remarks, .. } = original(&contents, "anthropic", "m1");
        assert_eq!(remarks, Vec::<String>::new());
        let thought = Block::Reasoning { text: "hm".to_owned(), signature: Some("seal".to_owned()) };
        let redacted = Block::RedactedReasoning { data: "x/y=".to_owned() };
        let called = |extra: Option<Json>| Block::ToolUse {
            id: "1".to_owned(),
            name: "look".to_owned(),
            input: json!({"at": 1}),
            extra,
        };
        let with = |extra| [thought.clone(), redacted.clone(), called(extra)];
        assert_eq!(asked.turns[1].blocks, with(Some(json!("back"))));
        let failed = Block::ToolResult { id: "1".to_owned(), content: "no".to_owned(), is_error: true };
        assert_eq!(asked.turns[2].blocks, [failed]);
        let before = asked.model.clone();
        asked.leave_extras_of(before.as_ref());
        assert_eq!(asked.turns[1].blocks, with(Some(json!("back"))), "the same provider's");
        asked.model = "other/m1".parse().ok();
        asked.leave_extras_of(before.as_ref());
        assert_eq!(asked.turns[1].blocks, with(None));
    }

    #[test]
    fn a_new_text_takes_the_place_of_what_the_person_said_last_and_of_nothing_else() {
        let text = |text: &str| Block::Text { text: text.to_owned() };
        let turn = |role, blocks| Turn { role, blocks };
        let result = Block::ToolResult { id: "1".to_owned(), content: "x".to_owned(), is_error: false };
        let mut asked = Asked {
            turns: vec![
                turn(Role::User, vec![text("one")]),
                turn(Role::Assistant, vec![text("two")]),
                turn(Role::User, vec![result.clone(), text("three")]),
            ],
            ..Asked::default()
        };
        asked.say("four".to_owned());
        assert_eq!(asked.turns[2].blocks, [result, text("four")]);
        assert_eq!(asked.turns[0].blocks, [text("one")]);
        let mut none = Asked::default();
        none.say("one".to_owned());
        assert_eq!(none.told(), "user: one");
    }

    #[test]
    fn figures_stand_side_by_side_also_where_one_of_them_is_not_known() {
        let one = [("time", "2 ms".to_owned()), ("cost", "$1.00".to_owned())];
        let other = [("time", "3 ms".to_owned()), ("finish", "stop".to_owned())];
        let told = beside(&one, &other);
        let told: Vec<_> = told.iter().map(|(name, a, b)| (*name, a.as_str(), b.as_str())).collect();
        assert_eq!(told, [("time", "2 ms", "3 ms"), ("cost", "$1.00", "–"), ("finish", "–", "stop")]);
    }
}
