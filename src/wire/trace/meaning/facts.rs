//! The facts of a span: one pass over its attributes, nothing copied.

use super::kind;
use crate::domain::message::Usage;
use crate::domain::trace::facts::{hash, hash_on, is_cut};
use crate::domain::trace::{Dialect, Facts, Kind, Status, TraceSpan, Value};

/// What a span means in short.
pub fn facts(span: &TraceSpan) -> Facts<'_> {
    let mut seen = Seen::default();
    for (key, value) in span.attributes.iter() {
        seen.attribute(key, value);
    }
    for event in &span.events {
        seen.event(event.name.as_str(), |key| event.attributes.get(key), span);
    }
    seen.finish(span)
}

/// A fact that several names may tell: the earlier of them wins, whatever their order in the span.
#[derive(Default)]
struct Told<T> {
    value: T,
    /// How well it is told; 0 is not at all.
    rank: u8,
}

impl<T> Told<T> {
    fn tell(&mut self, rank: u8, value: Option<T>) {
        if let Some(value) = value
            && (self.rank == 0 || rank < self.rank)
        {
            *self = Self { value, rank };
        }
    }
}

#[derive(Default)]
struct Seen<'a> {
    facts: Facts<'a>,
    operation: &'a str,
    openinference: &'a str,
    traceloop: &'a str,
    entity: &'a str,
    request_type: &'a str,
    is_genai: bool,
    is_older: bool,
    guardrail: bool,
    provider: Told<&'a str>,
    model: Told<&'a str>,
    answered_by: Told<&'a str>,
    agent: Told<&'a str>,
    session: Told<&'a str>,
    tool: Told<&'a str>,
    arguments: Told<u64>,
    input: Told<u32>,
    output: Told<u32>,
    cache_read: Told<u32>,
    cache_write: Told<u32>,
    reasoning: Told<u32>,
    dollars: Told<f64>,
    finish: Told<&'a str>,
    error: Told<&'a str>,
    words: Told<&'a str>,
    /// OpenInference's input of a tool is its arguments.
    input_value: u64,
}

impl<'a> Seen<'a> {
    fn attribute(&mut self, key: &'a str, value: &'a Value) {
        let text = || value.as_text().filter(|text| !text.is_empty());
        let count = || value.as_count();
        if key.starts_with("gen_ai.") {
            self.is_genai = true;
        }
        match key {
            "gen_ai.operation.name" => self.operation = text().unwrap_or_default(),
            "openinference.span.kind" => self.openinference = text().unwrap_or_default(),
            "traceloop.span.kind" => self.traceloop = text().unwrap_or_default(),
            "traceloop.entity.name" => self.entity = text().unwrap_or_default(),
            "llm.request.type" => self.request_type = text().unwrap_or_default(),
            "aws.bedrock.guardrail.id" => self.guardrail = true,

            "gen_ai.provider.name" => self.provider.tell(1, text()),
            "gen_ai.system" => {
                self.is_older = true;
                self.provider.tell(2, text());
            }
            "llm.provider" => self.provider.tell(3, text()),
            "llm.system" => self.provider.tell(4, text()),

            "gen_ai.request.model" => self.model.tell(1, text()),
            "llm.request.model_name" => self.model.tell(2, text()),
            "llm.model_name" => self.model.tell(3, text()),
            "embedding.model_name" | "reranker.model_name" => self.model.tell(4, text()),
            "gen_ai.response.model" => self.answered_by.tell(1, text()),
            "llm.response.model_name" => self.answered_by.tell(2, text()),

            "gen_ai.agent.name" => self.agent.tell(1, text()),
            "agent.name" => self.agent.tell(2, text()),
            "gen_ai.agent.id" => self.agent.tell(3, text()),
            "gen_ai.conversation.id" => self.session.tell(1, text()),
            "session.id" => self.session.tell(2, text()),

            "gen_ai.tool.name" => self.tool.tell(1, text()),
            "tool.name" => self.tool.tell(2, text()),
            "gen_ai.tool.call.id" | "tool.id" | "tool_call.id" => {
                self.facts.call = text().unwrap_or_default();
            }
            "gen_ai.tool.call.arguments" => self.arguments.tell(1, Some(hash_of(value))),
            "traceloop.entity.input" => self.arguments.tell(2, Some(hash_of(value))),
            "input.value" => self.input_value = hash_of(value),

            "gen_ai.usage.input_tokens" => self.input.tell(1, count()),
            "gen_ai.usage.prompt_tokens" => {
                self.is_older = true;
                self.input.tell(2, count());
            }
            "llm.token_count.prompt" => self.input.tell(3, count()),
            "gen_ai.usage.output_tokens" => self.output.tell(1, count()),
            "gen_ai.usage.completion_tokens" => {
                self.is_older = true;
                self.output.tell(2, count());
            }
            "llm.token_count.completion" => self.output.tell(3, count()),
            "gen_ai.usage.cache_read.input_tokens" => self.cache_read.tell(1, count()),
            "gen_ai.usage.cache_read_input_tokens" => self.cache_read.tell(2, count()),
            "llm.token_count.prompt_details.cache_read" => self.cache_read.tell(3, count()),
            "llm.token_count.prompt_details.cache_input" => self.cache_read.tell(4, count()),
            "gen_ai.usage.cache_creation.input_tokens" => self.cache_write.tell(1, count()),
            "gen_ai.usage.cache_creation_input_tokens" => self.cache_write.tell(2, count()),
            "llm.token_count.prompt_details.cache_write" => self.cache_write.tell(3, count()),
            "gen_ai.usage.reasoning.output_tokens" => self.reasoning.tell(1, count()),
            "llm.token_count.completion_details.reasoning" => self.reasoning.tell(2, count()),
            "llm.cost.total" => self.dollars.tell(1, value.as_number()),
            "gen_ai.usage.cost" => self.dollars.tell(2, value.as_number()),

            "gen_ai.response.finish_reasons" => self.finish.tell(1, reason(value)),
            "llm.finish_reason" => self.finish.tell(2, text()),
            "gen_ai.response.time_to_first_chunk" => self.facts.first = nanos(value),
            "error.type" | "outcrop.not_made" => self.error.tell(1, text()),
            "outcrop.stopped" => self.facts.stopped = matches!(value, Value::Truth(true)),

            "gen_ai.prompt" | "gen_ai.completion" => self.is_older = true,
            _ if key.starts_with("gen_ai.prompt.") || key.starts_with("gen_ai.openai.") => {
                // `gen_ai.prompt.name` is a current one.
                self.is_older |= key != "gen_ai.prompt.name";
            }
            _ => {}
        }
    }

    fn event(&mut self, name: &str, get: impl Fn(&str) -> Option<&'a Value>, span: &TraceSpan) {
        let text = |key: &str| get(key).and_then(Value::as_text).filter(|text| !text.is_empty());
        match name {
            "exception" => {
                self.error.tell(2, text("exception.type"));
                if span.status == Status::Error {
                    self.words.tell(2, text("exception.message"));
                }
            }
            "gen_ai.choice" => {
                (self.is_genai, self.is_older) = (true, true);
                self.finish.tell(3, text("finish_reason"));
            }
            "gen_ai.content.prompt"
            | "gen_ai.content.completion"
            | "gen_ai.system.message"
            | "gen_ai.user.message"
            | "gen_ai.assistant.message"
            | "gen_ai.tool.message" => {
                (self.is_genai, self.is_older) = (true, true);
            }
            _ => {}
        }
    }

    fn finish(mut self, span: &'a TraceSpan) -> Facts<'a> {
        self.words.tell(1, Some(span.status_message.as_str()).filter(|words| !words.is_empty()));
        let kind = self.kind(span);
        let dialect = if self.operation.is_empty() && !self.openinference.is_empty() {
            Dialect::OpenInference
        } else if self.is_older || !self.traceloop.is_empty() {
            Dialect::OlderGenAi
        } else if self.is_genai {
            Dialect::GenAi
        } else {
            Dialect::Plain
        };
        if kind == Kind::Tool {
            let named = span.name.strip_prefix("execute_tool ").unwrap_or(&span.name);
            self.tool.tell(8, Some(self.entity).filter(|entity| !entity.is_empty()));
            self.tool.tell(9, Some(named));
            self.arguments.tell(3, Some(self.input_value));
        } else {
            self.arguments = Told::default();
        }
        if kind == Kind::Agent {
            self.agent.tell(8, Some(self.entity).filter(|entity| !entity.is_empty()));
            self.agent.tell(9, span.name.strip_prefix("invoke_agent "));
        }
        let told = |count: &Told<u32>| (count.rank > 0).then_some(count.value);
        Facts {
            kind,
            dialect,
            operation: self.operation,
            provider: self.provider.value,
            model: self.model.value,
            answered_by: self.answered_by.value,
            agent: self.agent.value,
            session: self.session.value,
            tool: self.tool.value,
            arguments: self.arguments.value,
            usage: Usage {
                input: told(&self.input),
                output: told(&self.output),
                cache_read: told(&self.cache_read),
                cache_write: told(&self.cache_write),
                reasoning: told(&self.reasoning),
                estimated: false,
            },
            dollars: (self.dollars.rank > 0).then_some(self.dollars.value),
            finish: self.finish.value,
            error: self.error.value,
            words: self.words.value,
            ..self.facts
        }
    }

    fn kind(&self, span: &TraceSpan) -> Kind {
        // Before it had a name of its own, the operation was the first word of the span's.
        let first = span.name.split(' ').next().unwrap_or_default();
        kind::of_operation(self.operation)
            .or_else(|| (!self.openinference.is_empty()).then(|| kind::of_openinference(self.openinference)))
            .or_else(|| kind::of_traceloop(self.traceloop))
            .or(self.guardrail.then_some(Kind::Guardrail))
            .or(match self.request_type {
                "chat" | "completion" => Some(Kind::Model),
                "embedding" => Some(Kind::Embedding),
                "rerank" => Some(Kind::Rerank),
                _ => None,
            })
            .or(if self.is_genai { kind::of_operation(first) } else { None })
            .or((self.is_genai && self.tool.rank > 0).then_some(Kind::Tool))
            .or((self.is_genai && self.model.rank > 0).then_some(Kind::Model))
            .or((self.is_genai && self.input.rank > 0).then_some(Kind::Model))
            .unwrap_or_default()
    }
}

/// The reason that says most: one that cuts the answer, else the last.
fn reason(value: &Value) -> Option<&str> {
    match value {
        Value::List(reasons) => {
            let mut texts = reasons.iter().filter_map(Value::as_text);
            texts.clone().find(|text| is_cut(text)).or_else(|| texts.next_back())
        }
        other => other.as_text(),
    }
    .filter(|reason| !reason.is_empty())
}

fn nanos(seconds: &Value) -> Option<u64> {
    let seconds = seconds.as_number().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
    Some((seconds * 1e9).round() as u64)
}

/// Blanks aside, so that the same arguments are the same however they are set.
fn hash_of(value: &Value) -> u64 {
    fn add(before: u64, text: &str) -> u64 {
        text.split_ascii_whitespace().fold(before, |hash, word| hash_on(hash, word.as_bytes()))
    }
    let begin = hash(&[]);
    match value {
        Value::Text(text) => add(begin, text),
        other => add(begin, &other.to_json().to_string()),
    }
}
