//! What is sent: paths, and the bodies of Converse, `ConverseStream` and `CountTokens`.

use serde_json::{Map, Value, json};

use super::blocks;
use super::native::{Family, Row};
use crate::domain::call::Converse;
use crate::domain::catalog::ModelId;
use crate::domain::left_out::LeftOut;
use crate::domain::message::Block;
use crate::domain::script::Operation;
use crate::domain::settings::{Effort, Settings};
use crate::domain::tool::ToolChoice;
use crate::domain::{Error, Result};
use crate::wire::anthropic::request as anthropic;
use crate::wire::attachment::Limits;
use crate::wire::written::{decimal, encoded};

pub use crate::wire::anthropic::request::Thinking;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Stream,
    /// An answer that comes whole.
    Whole,
    Count,
    /// A stream, by its maker's own body.
    NativeStream(Family),
    /// What comes whole, likewise.
    Native(Family),
}

impl Ask {
    /// An answer by the maker's own body, streamed where it can be.
    pub fn native(row: &Row) -> Self {
        if row.streams { Self::NativeStream(row.family) } else { Self::Native(row.family) }
    }

    /// The same answer whole, where this is a stream.
    pub fn whole(self) -> Option<Self> {
        match self {
            Self::Stream => Some(Self::Whole),
            Self::NativeStream(family) => Some(Self::Native(family)),
            _ => None,
        }
    }

    /// Whether Converse is asked.
    pub fn converses(self) -> bool {
        matches!(self, Self::Stream | Self::Whole)
    }

    /// The operation that it is. Tokens are counted of what a stream would be asked.
    pub fn operation(self) -> Operation {
        match self {
            Self::NativeStream(_) => Operation::InvokeModelWithResponseStream,
            Self::Native(_) => Operation::InvokeModel,
            Self::Whole => Operation::Converse,
            Self::Stream | Self::Count => Operation::ConverseStream,
        }
    }

    /// The header that says what is taken.
    pub fn accept(self) -> (&'static str, &'static str) {
        match self {
            Self::NativeStream(_) => ("x-amzn-bedrock-accept", "application/json"),
            Self::Native(_) | Self::Count => ("accept", "application/json"),
            Self::Stream | Self::Whole => ("accept", "application/vnd.amazon.eventstream, application/json"),
        }
    }
}

/// The path that a model is asked at. Its id may be an ARN, with colons and slashes.
pub fn path(model: &ModelId, ask: Ask) -> String {
    let mut path = format!("/model/{}", encoded(model.model()));
    path.push_str(match ask {
        Ask::Stream => "/converse-stream",
        Ask::Whole => "/converse",
        Ask::Count => "/count-tokens",
        Ask::NativeStream(_) => "/invoke-with-response-stream",
        Ask::Native(_) => "/invoke",
    });
    path
}

/// Whether the id, of whatever region or of an inference profile, is of a model of Anthropic's.
pub(super) fn is_anthropic(model: &ModelId) -> bool {
    model.model().contains("anthropic.")
}

/// The body of Converse and of `ConverseStream`.
pub fn body(converse: &Converse, thinking: Thinking) -> Result<Vec<u8>> {
    let doing = format!("asking {}", converse.model);
    let settings = &converse.settings;
    let limits = if is_anthropic(&converse.model) { Limits::CLAUDE_BY_CONVERSE } else { Limits::CONVERSE };
    limits.check(converse, &doing)?;
    let mut body = common(converse, thinking, &doing)?;
    let inference = inference(settings, budget(converse, thinking));
    put(&mut body, "inferenceConfig", inference);
    put(&mut body, "outputConfig", output(converse, thinking));
    written(&doing, &body)
}

/// The settings that the body of Converse leaves out.
pub fn left_out(converse: &Converse) -> Vec<LeftOut> {
    let settings = &converse.settings;
    let named = |names: &[&str], why: &str| LeftOut::of(settings, names, why);
    let lacks: &[&str] = if is_anthropic(&converse.model) {
        &["repeat_penalty", "seed"]
    } else {
        &["top_k", "repeat_penalty", "seed"]
    };
    let off = settings.reasoning == Some(Effort::Off) && !is_anthropic(&converse.model);
    let none = settings.tool_choice == Some(ToolChoice::None) && !tools(converse).is_empty();
    let thinks = budget(converse, Thinking::of(converse.model.model())).is_some();
    let unsealed = is_anthropic(&converse.model) && !thinks && settings.reasoning != Some(Effort::Off);
    [
        named(&["reasoning"], anthropic::UNSEALED).filter(|_| unsealed),
        named(&anthropic::SAMPLING, anthropic::THINKS).filter(|_| thinks),
        named(lacks, "Converse has none"),
        named(&["reasoning"], "Converse has no word for off").filter(|_| off),
        named(&["tool_choice"], "Converse has no word for none where tools were called").filter(|_| none),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The body of `CountTokens`.
pub fn count(converse: &Converse, thinking: Thinking) -> Result<Vec<u8>> {
    let doing = format!("counting tokens with {}", converse.model);
    let body = common(converse, thinking, &doing)?;
    written(&doing, &json!({ "input": { "converse": body } }))
}

fn written(doing: &str, body: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|why| Error::internal(doing, why.to_string()))
}

/// What an answer and a count are asked with alike.
fn common(converse: &Converse, thinking: Thinking, doing: &str) -> Result<Map<String, Value>> {
    let (system, messages) = blocks::messages(converse, doing)?;
    let mut body = Map::new();
    if !system.is_empty() {
        body.insert("system".into(), system.into());
    }
    body.insert("messages".into(), messages.into());
    put(&mut body, "toolConfig", tools(converse));
    put(&mut body, "additionalModelRequestFields", further(converse, thinking));
    Ok(body)
}

fn put(body: &mut Map<String, Value>, name: &str, values: Map<String, Value>) {
    if !values.is_empty() {
        body.insert(name.into(), values.into());
    }
}

/// Where a model thinks by a budget, what is thought counts too: the answer keeps the room that was set for it, and the
/// sampling is left out, which such a model refuses.
fn inference(settings: &Settings, budget: Option<u32>) -> Map<String, Value> {
    let mut values = Map::new();
    if let Some(tokens) = settings.max_tokens {
        values.insert("maxTokens".into(), tokens.saturating_add(budget.unwrap_or(0)).into());
    }
    if budget.is_none() {
        values.extend(settings.temperature.map(|value| ("temperature".into(), decimal(value))));
        values.extend(settings.top_p.map(|value| ("topP".into(), decimal(value))));
    }
    if !settings.stop.is_empty() {
        values.insert("stopSequences".into(), settings.stop.clone().into());
    }
    values
}

/// The tools and their choice. Where none is to be called they are not sent, unless the conversation holds calls already:
/// such a one the API refuses without them, and has no word for "none".
fn tools(converse: &Converse) -> Map<String, Value> {
    let settings = &converse.settings;
    let speaks = |block: &Block| matches!(block, Block::ToolUse { .. } | Block::ToolResult { .. });
    let none = settings.tool_choice == Some(ToolChoice::None);
    if none && !converse.turns.iter().flat_map(|turn| &turn.blocks).any(speaks) {
        return Map::new();
    }
    tool_config(settings)
}

/// The tools and their choice, by Converse's names; nothing where there is none.
pub(in crate::wire) fn tool_config(settings: &Settings) -> Map<String, Value> {
    let mut values = Map::new();
    if settings.tools.is_empty() {
        return values;
    }
    let tools = settings.tools.iter().map(|tool| {
        let mut spec = json!({ "name": tool.name, "inputSchema": { "json": tool.schema } });
        if !tool.description.trim().is_empty() {
            spec["description"] = tool.description.clone().into();
        }
        json!({ "toolSpec": spec })
    });
    values.insert("tools".into(), tools.collect());
    values.extend(settings.tool_choice.as_ref().and_then(|choice| {
        let choice = match choice {
            ToolChoice::Auto => json!({ "auto": {} }),
            ToolChoice::Any => json!({ "any": {} }),
            ToolChoice::Named(name) => json!({ "tool": { "name": name } }),
            ToolChoice::None => return None,
        };
        Some(("toolChoice".to_owned(), choice))
    }));
    values
}

/// What Converse has no name for, as the model's maker calls it.
fn further(converse: &Converse, thinking: Thinking) -> Map<String, Value> {
    let mut values = Map::new();
    if !is_anthropic(&converse.model) {
        return values;
    }
    match (budget(converse, thinking), thinking) {
        (Some(tokens), Thinking::Budget) => {
            values.insert("thinking".into(), json!({ "type": "enabled", "budget_tokens": tokens }));
        }
        (Some(_), Thinking::Adaptive) => {
            values.insert("thinking".into(), json!({ "type": "adaptive", "display": "summarized" }));
        }
        (None, _) => {
            let k = converse.settings.top_k.filter(|k| *k > 0);
            values.extend(k.map(|k| ("top_k".into(), k.into())));
        }
    }
    values
}

/// The schema, and the effort of models that take no budget.
fn output(converse: &Converse, thinking: Thinking) -> Map<String, Value> {
    let mut values = Map::new();
    let settings = &converse.settings;
    let effort = settings.reasoning.filter(|effort| *effort != Effort::Off);
    if let Some(effort) = effort.filter(|_| !is_anthropic(&converse.model) || thinking == Thinking::Adaptive)
    {
        values.insert("effort".into(), effort.as_str().into());
    }
    if let Some(schema) = &settings.response_schema {
        values.insert("textFormat".into(), text_format(schema));
    }
    values
}

/// The schema of an answer, by Converse's names.
pub(in crate::wire) fn text_format(schema: &Value) -> Value {
    let structure = json!({ "jsonSchema": { "schema": schema.to_string() } });
    json!({ "type": "json_schema", "structure": structure })
}

/// The tokens for a model of Anthropic's to think with at most; `None` is no thinking, or another's model.
pub fn budget(converse: &Converse, thinking: Thinking) -> Option<u32> {
    anthropic::budget(converse, thinking).filter(|_| is_anthropic(&converse.model))
}

#[cfg(test)]
mod tests;
