//! A session as it grows into spans, whoever logged it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::domain::trace::facts::{hash, hash_on};
use crate::domain::trace::{Attributes, Origin, Side, SpanEvent, SpanKey, Status, TraceId, TraceSpan, Value};

/// Tokens of one call, as OpenTelemetry counts them: cached ones are in the input.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tokens {
    pub input: i64,
    pub output: i64,
    pub cache_read: Option<i64>,
    pub cache_write: Option<i64>,
    pub reasoning: Option<i64>,
}

/// One agent of a session: the main one, or one that it asked.
struct Agent {
    span: usize,
    /// What was said to the model and that no call has answered yet.
    heard: Vec<Json>,
    /// When that was.
    heard_at: u64,
    turn: Option<Turn>,
}

/// A call of the model that is being told.
struct Turn {
    span: usize,
    /// The log's own name of it, where it has one.
    id: String,
    parts: Vec<Json>,
    tokens: Tokens,
    finish: String,
}

pub(super) struct Growing {
    /// The name under which lines are kept.
    format: &'static str,
    trace: TraceId,
    origin: Arc<Origin>,
    spans: Vec<TraceSpan>,
    agents: HashMap<String, Agent>,
    /// Tools that have not answered, by the ids of their calls.
    tools: HashMap<String, usize>,
    /// Calls that ask another agent and have not answered, the last one last.
    asked: Vec<usize>,
    now: u64,
}

impl Growing {
    pub fn new(format: &'static str, agent: &str, provider: &str, session: &str) -> Self {
        let begin = hash(session.as_bytes());
        let mut trace = [0; 16];
        trace[..8].copy_from_slice(&begin.to_be_bytes());
        trace[8..].copy_from_slice(&hash_on(begin, format.as_bytes()).to_be_bytes());
        let mut origin = Origin { scope: format.to_owned(), ..Origin::default() };
        origin.resource.push("service.name", agent);
        let mut growing = Self {
            format,
            trace: TraceId(trace),
            origin: Arc::new(origin),
            spans: Vec::new(),
            agents: HashMap::new(),
            tools: HashMap::new(),
            asked: Vec::new(),
            now: 0,
        };
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "invoke_agent");
        said.push("gen_ai.agent.name", agent);
        said.push("gen_ai.provider.name", provider);
        said.push("gen_ai.conversation.id", session);
        let span = growing.add(None, format!("invoke_agent {agent}"), said, 0);
        growing.agents.insert(String::new(), Agent::of(span));
        growing
    }

    /// The moment that a line tells; the last one where it tells none.
    pub fn at(&mut self, told: Option<u64>) {
        self.now = self.now.max(told.unwrap_or(0));
        let root = &mut self.spans[0];
        if root.start == 0 {
            root.start = self.now;
        }
        root.end = root.end.max(self.now);
    }

    fn add(&mut self, parent: Option<usize>, name: String, attributes: Attributes, start: u64) -> usize {
        let number = hash_on(hash(&self.trace.0), &(self.spans.len() as u64).to_be_bytes());
        self.spans.push(TraceSpan {
            trace: self.trace,
            id: SpanKey(number.max(1)),
            parent: parent.map(|parent| self.spans[parent].id),
            name,
            side: Side::Internal,
            attributes,
            start,
            origin: Arc::clone(&self.origin),
            ..TraceSpan::default()
        });
        self.spans.len() - 1
    }

    /// An agent by the log's name of it; the empty name is the main one's. Another hangs under the call that asked it.
    fn agent(&mut self, key: &str) -> &mut Agent {
        if !self.agents.contains_key(key) {
            let parent = self.asked.last().copied().unwrap_or(0);
            let mut said = Attributes::default();
            said.push("gen_ai.operation.name", "invoke_agent");
            said.push("gen_ai.agent.id", key);
            let span = self.add(Some(parent), format!("invoke_agent {key}"), said, self.now);
            self.agents.insert(key.to_owned(), Agent::of(span));
        }
        self.agents.entry(key.to_owned()).or_insert_with(|| Agent::of(0))
    }

    /// Something for the model to read.
    pub fn heard(&mut self, agent: &str, message: Json) {
        self.close(agent);
        let now = self.now;
        let agent = self.agent(agent);
        agent.heard.push(message);
        agent.heard_at = now;
    }

    /// A part of an answer; `id` tells calls apart where the log names them. The span it stands in.
    pub fn spoke(&mut self, agent: &str, id: &str, model: &str, provider: &str, part: Option<Json>) -> usize {
        let other = self.agent(agent).turn.as_ref().is_some_and(|turn| !id.is_empty() && turn.id != id);
        if other {
            self.close(agent);
        }
        if self.agent(agent).turn.is_none() {
            self.begin(agent, id, model, provider);
        }
        let now = self.now;
        let mut span = 0;
        if let Some(turn) = &mut self.agent(agent).turn {
            turn.parts.extend(part);
            span = turn.span;
        }
        self.spans[span].end = self.spans[span].end.max(now);
        span
    }

    fn begin(&mut self, agent: &str, id: &str, model: &str, provider: &str) {
        let now = self.now;
        let under = self.agent(agent);
        let (parent, heard) = (under.span, std::mem::take(&mut under.heard));
        let start = if under.heard_at == 0 { now } else { under.heard_at };
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "chat");
        said.push("gen_ai.provider.name", provider);
        said.push("gen_ai.request.model", model);
        // What is new: the whole prompt of every call is not in the log.
        said.push("gen_ai.input.messages", Json::Array(heard).to_string());
        let name = format!("chat {model}").trim_end().to_owned();
        let span = self.add(Some(parent), name, said, start);
        self.spans[span].side = Side::Client;
        let turn = Turn {
            span,
            id: id.to_owned(),
            parts: Vec::new(),
            tokens: Tokens::default(),
            finish: String::new(),
        };
        self.agent(agent).turn = Some(turn);
    }

    /// Tokens of the call that is being told, and why it ended; the last word counts.
    pub fn tokens(&mut self, agent: &str, tokens: Option<Tokens>, finish: &str) {
        if let Some(turn) = &mut self.agent(agent).turn {
            turn.tokens = tokens.unwrap_or(turn.tokens);
            if !finish.is_empty() {
                finish.clone_into(&mut turn.finish);
            }
        }
    }

    /// Ends the call that is being told.
    pub fn close(&mut self, agent: &str) {
        let under = self.agent(agent);
        let Some(turn) = under.turn.take() else { return };
        let said = &mut self.spans[turn.span].attributes;
        let message = json!([{ "role": "assistant", "parts": turn.parts }]);
        said.push("gen_ai.output.messages", message.to_string());
        if turn.tokens != Tokens::default() {
            said.push("gen_ai.usage.input_tokens", turn.tokens.input);
            said.push("gen_ai.usage.output_tokens", turn.tokens.output);
            said.put("gen_ai.usage.cache_read.input_tokens", turn.tokens.cache_read);
            said.put("gen_ai.usage.cache_creation.input_tokens", turn.tokens.cache_write);
            said.put("gen_ai.usage.reasoning.output_tokens", turn.tokens.reasoning);
        }
        if !turn.finish.is_empty() {
            said.push("gen_ai.response.finish_reasons", Value::List(vec![Value::from(turn.finish)]));
        }
    }

    /// A tool is called; `asks` says that it is another agent.
    pub fn called(&mut self, agent: &str, id: &str, name: &str, arguments: &Json, asks: bool) -> usize {
        let parent = self.agent(agent).span;
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "execute_tool");
        said.push("gen_ai.tool.name", name);
        said.push("gen_ai.tool.call.id", id);
        let written = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
        said.push("gen_ai.tool.call.arguments", written);
        let span = self.add(Some(parent), format!("execute_tool {name}"), said, self.now);
        self.tools.insert(id.to_owned(), span);
        if asks {
            self.asked.push(span);
        }
        span
    }

    /// A tool answers; `None` where nobody called it.
    pub fn answered(&mut self, id: &str, result: &Json, failed: bool) -> Option<usize> {
        let at = self.tools.remove(id)?;
        self.asked.retain(|asked| *asked != at);
        let span = &mut self.spans[at];
        span.end = self.now;
        let written = result.as_str().map_or_else(|| result.to_string(), str::to_owned);
        span.attributes.push("gen_ai.tool.call.result", written);
        if failed {
            span.status = Status::Error;
            span.attributes.push("error.type", "tool_error");
        }
        Some(at)
    }

    /// Keeps a line as it came, in a span.
    pub fn keep(&mut self, span: usize, line: Json) {
        let key = format!("{}.lines", self.format);
        let attributes = &mut self.spans[span].attributes;
        let raw = Value::from_json(line);
        match attributes.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, Value::List(lines))) => lines.push(raw),
            _ => attributes.push(key, Value::List(vec![raw])),
        }
    }

    /// A line of another kind: an event of the session.
    pub fn tell(&mut self, kind: &str, line: Json) {
        let attributes = match Value::from_json(line) {
            Value::Map(entries) => Attributes(entries),
            other => Attributes(vec![("value".to_owned(), other)]),
        };
        let name = format!("{}.{kind}", self.format);
        self.spans[0].events.push(SpanEvent { at: self.now, name, attributes, dropped_attributes: 0 });
    }

    /// Says more of the session itself.
    pub fn say(&mut self, key: &str, text: &str) {
        let said = &mut self.spans[0].attributes;
        if !text.is_empty() && said.get(key).is_none() {
            said.push(key, text);
        }
    }

    pub fn finish(mut self) -> Vec<TraceSpan> {
        let agents: Vec<String> = self.agents.keys().cloned().collect();
        for agent in agents {
            self.close(&agent);
        }
        // Children come after their parents; an agent reaches over what it did.
        let places: HashMap<SpanKey, usize> =
            self.spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect();
        for at in (1..self.spans.len()).rev() {
            let end = self.spans[at].end;
            let parent = self.spans[at].parent.and_then(|parent| places.get(&parent).copied());
            if let Some(parent) = parent {
                let parent = &mut self.spans[parent];
                // A tool that never answered stays open, whatever its agents did.
                let is_agent = parent.attributes.text("gen_ai.operation.name") == Some("invoke_agent");
                if is_agent {
                    parent.end = parent.end.max(end);
                }
            }
        }
        self.spans
    }
}

impl Agent {
    fn of(span: usize) -> Self {
        Self { span, heard: Vec::new(), heard_at: 0, turn: None }
    }
}
