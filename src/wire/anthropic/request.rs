//! The body of a request.

use serde::Serialize;
use serde_json::Value;

use super::turns::{self, Content, Message};
use crate::domain::call::Converse;
use crate::domain::left_out::LeftOut;
use crate::domain::settings::Effort;
use crate::domain::tool::ToolChoice;
use crate::domain::{Error, Result};
use crate::wire::attachment::Limits;
use crate::wire::written::encoded;

/// The longest answer where nobody set one: the API wants to be told. What is thought comes on top.
pub const MAX_TOKENS: u32 = 4096;

/// What a model that thinks refuses.
pub(in crate::wire) const SAMPLING: [&str; 3] = ["temperature", "top_p", "top_k"];
pub(in crate::wire) const THINKS: &str = "a model that thinks takes none";

/// Why none is let think behind some calls.
pub(in crate::wire) const UNSEALED: &str = "no sealed thought stands before the last calls of tools";

/// Whether it is one of the models before 4.6.
fn is_old(model: &str) -> bool {
    const OLD: [&str; 6] = ["claude-3", "-4-0", "-4-1", "-4-5", "claude-opus-4-2025", "claude-sonnet-4-2025"];
    OLD.iter().any(|old| model.contains(old))
}

/// Whether its window is of 200,000 tokens, as of all models of old.
fn has_small_window(model: &str) -> bool {
    model.contains("claude") && is_old(model)
}

/// How a model is told to think: older ones take a number of tokens, newer ones an effort, and some take both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// `enabled`, with a budget.
    Budget,
    /// `adaptive`, with an effort.
    Adaptive,
}

impl Thinking {
    /// What is tried first. The models of old are known by their names; a server that only speaks this API, with models
    /// of others, speaks the old form.
    pub fn of(model: &str) -> Self {
        if model.contains("claude") && !is_old(model) { Self::Adaptive } else { Self::Budget }
    }

    /// The other form.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Budget => Self::Adaptive,
            Self::Adaptive => Self::Budget,
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Content<'a>>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thought>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Output<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: &'a Value,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choice<'a> {
    Auto,
    Any,
    None,
    Tool { name: &'a str },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thought {
    Enabled {
        budget_tokens: u32,
    },
    /// Newer models keep what they thought to themselves unless they are asked for it.
    Adaptive {
        display: &'static str,
    },
}

#[derive(Serialize)]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    schema: &'a Value,
}

/// The body that asks for a streamed answer.
pub fn body(converse: &Converse, thinking: Thinking) -> Result<Vec<u8>> {
    let doing = format!("asking {}", converse.model);
    let settings = &converse.settings;
    let budget = budget(converse, thinking);
    Limits::anthropic(has_small_window(converse.model.model())).check(converse, &doing)?;
    let mut body = common(converse, thinking, &doing)?;
    // The limit counts what is thought too: the answer keeps the room that was set for it.
    body.max_tokens = Some(settings.max_tokens.unwrap_or(MAX_TOKENS).saturating_add(budget.unwrap_or(0)));
    body.stream = Some(true);
    body.stop_sequences = &settings.stop;
    if budget.is_none() {
        body.temperature = settings.temperature;
        body.top_p = settings.top_p;
        body.top_k = settings.top_k.filter(|k| *k > 0);
    }
    written(&doing, &body)
}

/// The settings that the body leaves out.
pub fn left_out(converse: &Converse) -> Vec<LeftOut> {
    let settings = &converse.settings;
    let thinks = budget(converse, Thinking::of(converse.model.model())).is_some();
    let unsealed = LeftOut::of(settings, &["reasoning"], UNSEALED)
        .filter(|_| !thinks && settings.reasoning != Some(Effort::Off));
    let sampling = LeftOut::of(settings, &SAMPLING, THINKS).filter(|_| thinks);
    let lacks = LeftOut::of(settings, &["repeat_penalty", "seed"], "the Messages API has none");
    unsealed.into_iter().chain(sampling).chain(lacks).collect()
}

/// The body that asks how many tokens the conversation has.
pub fn count(converse: &Converse, thinking: Thinking) -> Result<Vec<u8>> {
    let doing = format!("counting tokens with {}", converse.model);
    written(&doing, &common(converse, thinking, &doing)?)
}

/// The query behind `models?`, for the page that begins behind the model `after`.
pub fn models(after: Option<&str>) -> String {
    let after = after.map(|after| format!("&after_id={}", encoded(after))).unwrap_or_default();
    format!("limit=1000{after}")
}

fn written(doing: &str, body: &Body<'_>) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|why| Error::internal(doing, why.to_string()))
}

/// What an answer and a count are asked with alike.
fn common<'a>(converse: &'a Converse, thinking: Thinking, doing: &str) -> Result<Body<'a>> {
    let settings = &converse.settings;
    let (system, messages) = turns::messages(converse, doing)?;
    let tools: Vec<_> = settings
        .tools
        .iter()
        .map(|tool| Tool { name: &tool.name, description: &tool.description, input_schema: &tool.schema })
        .collect();
    let tool_choice =
        settings.tool_choice.as_ref().filter(|_| !tools.is_empty()).map(|choice| match choice {
            ToolChoice::Auto => Choice::Auto,
            ToolChoice::Any => Choice::Any,
            ToolChoice::None => Choice::None,
            ToolChoice::Named(name) => Choice::Tool { name },
        });
    let thought = budget(converse, thinking).map(|budget_tokens| match thinking {
        Thinking::Budget => Thought::Enabled { budget_tokens },
        Thinking::Adaptive => Thought::Adaptive { display: "summarized" },
    });
    let effort = settings.reasoning.filter(|_| matches!(thought, Some(Thought::Adaptive { .. })));
    let format = settings.response_schema.as_ref().map(|schema| Format { r#type: "json_schema", schema });
    let output = Output { effort: effort.map(Effort::as_str), format };
    Ok(Body {
        model: converse.model.model(),
        max_tokens: None,
        system,
        messages,
        stream: None,
        temperature: None,
        top_p: None,
        top_k: None,
        stop_sequences: &[],
        tools,
        tool_choice,
        thinking: thought,
        output_config: (output.effort.is_some() || output.format.is_some()).then_some(output),
    })
}

/// The tokens to think with at most, from 1024; `None` is no thinking. They are asked for on top of the answer's. By a budget
/// no model is let think on behind calls of tools before which no sealed thought stands: the API refuses that with a 400.
pub fn budget(converse: &Converse, thinking: Thinking) -> Option<u32> {
    let tokens = match converse.settings.reasoning? {
        Effort::Off => return None,
        Effort::Low => 1024,
        Effort::Medium => 4096,
        Effort::High => 16_384,
    };
    let refused = thinking == Thinking::Budget && turns::answers_unsealed_calls(&converse.turns);
    (!refused).then_some(tokens)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::call::{Blobs, Turn};
    use crate::domain::message::{Block, Role};
    use crate::domain::settings::Settings;

    fn converse(settings: &[(&str, &str)]) -> Converse {
        let mut converse = Converse {
            model: "there/claude-1".parse().unwrap(),
            system: None,
            turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: "hi".into() }] }],
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        };
        for (name, value) in settings {
            converse.settings.set(name, value).unwrap();
        }
        converse
    }

    fn sent(settings: &[(&str, &str)], thinking: Thinking) -> Value {
        serde_json::from_slice(&body(&converse(settings), thinking).unwrap()).unwrap()
    }

    const MESSAGES: &str = r#"[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#;

    fn messages() -> Value {
        serde_json::from_str(MESSAGES).unwrap()
    }

    #[test]
    fn settings_that_nobody_set_are_left_out_but_the_limit_that_the_api_wants() {
        let body = sent(&[], Thinking::Budget);
        assert_eq!(
            body,
            json!({"model": "claude-1", "max_tokens": 4096, "messages": messages(), "stream": true})
        );
    }

    #[test]
    fn every_setting_is_sent_as_it_was_typed_and_the_seed_that_has_no_room_is_not() {
        let set = converse(&[
            ("temperature", "0.2"),
            ("top_p", "0.9"),
            ("top_k", "40"),
            ("max_tokens", "64"),
            ("stop", "END,\\n\\n"),
            ("seed", "7"),
            ("reasoning", "off"),
        ]);
        let text = String::from_utf8(body(&set, Thinking::Budget).unwrap()).unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"model":"claude-1","max_tokens":64,"messages":{MESSAGES},"stream":true,"temperature":0.2,"top_p":0.9,"top_k":40,"stop_sequences":["END","\n\n"]}}"#
            )
        );
        assert_eq!(sent(&[("top_k", "0")], Thinking::Budget).get("top_k"), None);
    }

    #[test]
    fn what_is_not_sent_is_told_by_name_and_nothing_is_where_all_is_sent() {
        let told = |set: &[(&str, &str)]| LeftOut::said(&left_out(&converse(set)));
        let sent =
            [("temperature", "0.2"), ("top_p", "0.9"), ("top_k", "40"), ("stop", "END"), ("max_tokens", "9")];
        assert_eq!((told(&[]), told(&sent)), (None, None));
        assert_eq!(told(&[("seed", "7")]).unwrap(), "seed is not sent: the Messages API has none");
        let thinking =
            [("reasoning", "low"), ("temperature", "0.2"), ("top_k", "4"), ("stop", "END"), ("seed", "7")];
        assert_eq!(
            told(&thinking).unwrap(),
            "temperature and top_k are not sent: a model that thinks takes none; seed is not sent: the Messages API has none"
        );
        assert_eq!(told(&thinking[..1]), None);
    }

    #[test]
    fn thinking_has_its_budget_on_top_of_the_answer_and_takes_the_sampling_away() {
        for (effort, budget) in [("low", 1024), ("medium", 4096), ("high", 16_384)] {
            let set = [
                ("reasoning", effort),
                ("max_tokens", "100"),
                ("temperature", "0.5"),
                ("top_k", "4"),
                ("top_p", "0.4"),
            ];
            let older = json!({
                "model": "claude-1", "max_tokens": budget + 100, "messages": messages(), "stream": true,
                "thinking": {"type": "enabled", "budget_tokens": budget},
            });
            assert_eq!(sent(&set, Thinking::Budget), older);
            let newer = json!({
                "model": "claude-1", "max_tokens": budget + 100, "messages": messages(), "stream": true,
                "thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort},
            });
            assert_eq!(sent(&set, Thinking::Adaptive), newer);
        }
    }

    #[test]
    fn by_a_budget_nothing_is_thought_behind_calls_that_were_made_without_a_sealed_thought() {
        let call = Block::ToolUse { id: "c".into(), name: "look".into(), input: json!({}), extra: None };
        let result = Block::ToolResult { id: "c".into(), content: "seen".into(), is_error: false };
        let asked = |model: &str, signature: Option<&str>| {
            let signature = signature.map(str::to_owned);
            let thought = Block::Reasoning { text: "hm".into(), signature };
            let mut asked = converse(&[("reasoning", "low"), ("temperature", "0.2")]);
            asked.model = model.parse().unwrap();
            asked.turns.push(Turn { role: Role::Assistant, blocks: vec![thought, call.clone()] });
            asked.turns.push(Turn { role: Role::Tool, blocks: vec![result.clone()] });
            asked
        };
        let old = "there/claude-sonnet-4-5";
        let sent = |asked: &Converse, thinking: Thinking| -> Value {
            serde_json::from_slice(&body(asked, thinking).unwrap()).unwrap()
        };
        let unsealed = asked(old, None);
        let body = sent(&unsealed, Thinking::Budget);
        assert_eq!((body.get("thinking"), &body["temperature"]), (None, &json!(0.2)));
        assert_eq!(body["messages"][1]["content"][0]["type"], "tool_use");
        assert_eq!(
            LeftOut::said(&left_out(&unsealed)).unwrap(),
            "reasoning is not sent: no sealed thought stands before the last calls of tools"
        );
        let sealed = asked(old, Some("seal"));
        assert_eq!(sent(&sealed, Thinking::Budget)["thinking"]["type"], "enabled");
        assert_eq!(left_out(&sealed)[0].settings, ["temperature"]);
        // Models that think by an effort take such calls.
        let newer = asked("there/claude-opus-5-5", None);
        assert_eq!(sent(&newer, Thinking::Adaptive)["thinking"]["type"], "adaptive");
        assert_eq!(left_out(&newer)[0].settings, ["temperature"]);
        // What was said since begins anew.
        let mut since = asked(old, None);
        since.turns.push(Turn { role: Role::Assistant, blocks: vec![Block::Text { text: "so".into() }] });
        since.turns.push(Turn { role: Role::User, blocks: vec![Block::Text { text: "and".into() }] });
        assert_eq!(sent(&since, Thinking::Budget)["thinking"]["type"], "enabled");
    }

    #[test]
    fn the_form_of_thinking_is_guessed_by_the_models_that_are_of_old() {
        for old in [
            "claude-3-7-sonnet-20250219",
            "claude-opus-4-20250514",
            "claude-sonnet-4-5",
            "claude-opus-4-1-20250805",
            "glm-5",
        ] {
            assert_eq!(Thinking::of(old), Thinking::Budget, "{old}");
        }
        for new in
            ["claude-opus-4-6", "claude-opus-4-7-20260416", "claude-sonnet-5", "anthropic/claude-opus-5-5"]
        {
            assert_eq!(Thinking::of(new), Thinking::Adaptive, "{new}");
        }
    }

    #[test]
    fn tools_their_choice_and_a_schema_are_sent() {
        let tools = r#"[{"name":"look","description":"Looks.","schema":{"type":"object"}},{"name":"go"}]"#;
        let schema = r#"{"type":"object"}"#;
        let body =
            sent(&[("tools", tools), ("tool_choice", "look"), ("response_schema", schema)], Thinking::Budget);
        assert_eq!(
            body["tools"],
            json!([
                {"name": "look", "description": "Looks.", "input_schema": {"type": "object"}},
                {"name": "go", "input_schema": {"type": "object", "properties": {}}},
            ])
        );
        assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "look"}));
        assert_eq!(
            body["output_config"],
            json!({"format": {"type": "json_schema", "schema": {"type": "object"}}})
        );
        for choice in ["auto", "any", "none"] {
            let body = sent(&[("tools", tools), ("tool_choice", choice)], Thinking::Budget);
            assert_eq!(body["tool_choice"], json!({"type": choice}));
        }
        assert_eq!(sent(&[("tool_choice", "any")], Thinking::Budget).get("tool_choice"), None);
    }

    #[test]
    fn a_count_is_asked_for_with_what_has_tokens_alone() {
        let set = converse(&[("max_tokens", "5"), ("temperature", "1"), ("stop", "x"), ("reasoning", "low")]);
        let body: Value = serde_json::from_slice(&count(&set, Thinking::Budget).unwrap()).unwrap();
        let thinking = json!({"type": "enabled", "budget_tokens": 1024});
        assert_eq!(body, json!({"model": "claude-1", "messages": messages(), "thinking": thinking}));
    }

    #[test]
    fn the_next_page_of_models_is_named_as_an_address_may_name_it() {
        assert_eq!(models(None), "limit=1000");
        assert_eq!(models(Some("claude-opus-4-5")), "limit=1000&after_id=claude-opus-4-5");
        assert_eq!(models(Some("a/b&c é")), "limit=1000&after_id=a%2Fb%26c%20%C3%A9");
    }
}
