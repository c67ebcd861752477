//! From parts to spans.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::parts::{Event, Part};
use super::piece::{self, Times, text};
use crate::domain::trace::facts::{hash, hash_on};
use crate::domain::trace::{Attributes, Origin, Side, SpanEvent, SpanKey, Status, TraceId, TraceSpan, Value};
use crate::wire::trace::Decoded;

/// Grows the spans of every session's run.
pub(super) fn grow(parts: Vec<Part>, decoded: &mut Decoded) {
    let mut runs: Vec<(String, Vec<Part>)> = Vec::new();
    for part in parts {
        match runs.iter_mut().find(|(session, _)| *session == part.session) {
            Some((_, run)) => run.push(part),
            None => runs.push((part.session.clone(), vec![part])),
        }
    }
    let origin = Origin { scope: "bedrock-agent-runtime".to_owned(), ..Origin::default() };
    let origin = Arc::new(origin);
    for (session, run) in runs {
        let mut growing = Growing::new(&session, run.first());
        for part in run {
            growing.take(part);
        }
        for mut span in growing.finish() {
            span.origin = Arc::clone(&origin);
            decoded.take(span);
        }
    }
}

/// A run as it grows. Spans are named by their places.
struct Growing {
    trace: TraceId,
    session: String,
    spans: Vec<TraceSpan>,
    parents: Vec<Option<usize>>,
    /// Agents by who called them.
    agents: HashMap<String, usize>,
    /// Steps, and what is open in them, by agent and `traceId`.
    steps: HashMap<(usize, String), usize>,
    models: HashMap<usize, usize>,
    calls: Vec<Open>,
    /// The latest moment that anything told.
    now: u64,
    answer: String,
}

/// A call whose observation has not come.
struct Open {
    agent: usize,
    step: usize,
    /// `invocationType`.
    kind: &'static str,
    span: usize,
    collaborator: String,
}

impl Growing {
    fn new(session: &str, first: Option<&Part>) -> Self {
        // The same file is the same trace, however often it is read.
        let begin = hash(session.as_bytes());
        let seed = first.map(|part| part.raw.to_string()).unwrap_or_default();
        let mut id = [0; 16];
        id[..8].copy_from_slice(&begin.to_be_bytes());
        id[8..].copy_from_slice(&hash_on(begin, seed.as_bytes()).to_be_bytes());
        let mut growing = Self {
            trace: TraceId(id),
            session: session.to_owned(),
            spans: Vec::new(),
            parents: Vec::new(),
            agents: HashMap::new(),
            steps: HashMap::new(),
            models: HashMap::new(),
            calls: Vec::new(),
            now: 0,
            answer: String::new(),
        };
        if let Some(first) = first {
            growing.root(first);
        }
        growing
    }

    fn root(&mut self, part: &Part) {
        let who = [&part.agent_name, &part.agent].into_iter().find(|name| !name.is_empty());
        let name = who.map_or("invoke_agent".to_owned(), |name| format!("invoke_agent {name}"));
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "invoke_agent");
        said.push("gen_ai.provider.name", "aws.bedrock");
        let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        said.put("gen_ai.agent.name", told(&part.agent_name));
        said.put("gen_ai.agent.id", told(&part.agent));
        said.put("gen_ai.agent.version", told(&part.version));
        said.put("bedrock.agent_alias.id", told(&part.alias));
        said.put("gen_ai.conversation.id", told(&self.session));
        self.add(None, &name, said);
    }

    fn add(&mut self, parent: Option<usize>, name: &str, attributes: Attributes) -> usize {
        let at = self.spans.len();
        let number = hash_on(hash(&self.trace.0), &(at as u64).to_be_bytes());
        self.spans.push(TraceSpan {
            trace: self.trace,
            id: SpanKey(number.max(1)),
            parent: parent.map(|parent| self.spans[parent].id),
            name: name.to_owned(),
            side: Side::Internal,
            attributes,
            ..TraceSpan::default()
        });
        self.parents.push(parent);
        at
    }

    fn take(&mut self, part: Part) {
        match part.at {
            Some(at) => self.now = self.now.max(at),
            // Without a clock there is an order at least.
            None => self.now += 1,
        }
        match part.event {
            Event::Trace(ref name, ref trace) => {
                let agent = self.agent(&part);
                self.trace(agent, name, trace, &part);
            }
            Event::Chunk(text) => {
                self.answer.push_str(&text);
                // What it is drawn from stands nowhere else.
                if let Some(drawn) = part.raw.pointer("/chunk/attribution").filter(|drawn| !drawn.is_null()) {
                    self.tell(0, "bedrock.attribution", drawn.clone());
                }
            }
            Event::ReturnControl(json) => self.tell(0, "bedrock.return_control", json),
            Event::Files(json) => self.tell(0, "bedrock.files", json),
            Event::Exception(name, json) => {
                let words = text(&json, &["message"]).unwrap_or_else(|| json.to_string());
                self.fail(0, &name, &words);
            }
        }
    }

    /// The span of the agent that speaks: the run's own, or a collaborator's under its call.
    fn agent(&mut self, part: &Part) -> usize {
        let is_other = part.callers.len() > 1 || !part.collaborator.is_empty();
        if !is_other {
            return 0;
        }
        let key = format!("{}\n{}", part.callers.join("\n"), part.collaborator);
        // The call through which it was asked, if that is still open.
        let call = self.calls.iter().rev().find(|open| {
            open.kind == "AGENT_COLLABORATOR"
                && (part.collaborator.is_empty() || open.collaborator == part.collaborator)
        });
        if let Some(open) = call {
            let span = open.span;
            self.agents.insert(key, span);
            return span;
        }
        if let Some(agent) = self.agents.get(&key) {
            return *agent;
        }
        let who = if part.collaborator.is_empty() { &part.agent } else { &part.collaborator };
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "invoke_agent");
        said.push("gen_ai.provider.name", "aws.bedrock");
        said.push("gen_ai.agent.name", who.as_str());
        let name = format!("invoke_agent {who}");
        let agent = self.add(Some(0), &name, said);
        self.agents.insert(key, agent);
        agent
    }

    fn trace(&mut self, agent: usize, name: &str, trace: &Json, part: &Part) {
        match name {
            "guardrailTrace" => return self.guardrail(agent, trace, part),
            "failureTrace" => return self.failure(agent, trace, part),
            "customOrchestrationTrace" => {
                let step = self.step(agent, "custom orchestration", trace);
                self.keep(step, part);
                let said = trace.get("event").cloned().unwrap_or_default();
                return self.tell(step, "bedrock.custom_orchestration", said);
            }
            _ => {}
        }
        let title = match name {
            "preProcessingTrace" => "pre-processing",
            "orchestrationTrace" => "orchestration",
            "postProcessingTrace" => "post-processing",
            "routingClassifierTrace" => "routing",
            other => other,
        };
        let members = trace.as_object().into_iter().flatten();
        let mut known = false;
        for (member, said) in members {
            // The traceId stands in the member, in older parts beside it.
            let id = text(said, &["traceId"]).or_else(|| text(trace, &["traceId"])).unwrap_or_default();
            let step = self.step_of(agent, title, id);
            known |= match member.as_str() {
                "modelInvocationInput" => self.asked(step, said, part),
                "modelInvocationOutput" => self.answered(step, said, part),
                "rationale" => {
                    self.keep(step, part);
                    self.tell(step, "bedrock.rationale", said.clone());
                    true
                }
                "invocationInput" => self.called(agent, step, said, part),
                "observation" => self.observed(agent, step, said, part),
                _ => false,
            };
        }
        if !known {
            // Newer than this program: kept where it belongs.
            let step = self.step(agent, title, trace);
            self.spans[step].repaired += 1;
            self.keep(step, part);
        }
    }

    fn step(&mut self, agent: usize, title: &str, trace: &Json) -> usize {
        let id = text(trace, &["traceId"]).unwrap_or_default();
        self.step_of(agent, title, id)
    }

    fn step_of(&mut self, agent: usize, title: &str, id: String) -> usize {
        if let Some(step) = self.steps.get(&(agent, id.clone())) {
            return *step;
        }
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "invoke_workflow");
        said.push("gen_ai.workflow.name", title);
        said.push("bedrock.trace_id", id.as_str());
        let step = self.add(Some(agent), title, said);
        self.cover(step, Times { start: Some(self.now), ..Times::default() });
        self.steps.insert((agent, id), step);
        step
    }

    fn asked(&mut self, step: usize, said: &Json, part: &Part) -> bool {
        let attributes = piece::model_input(said);
        let model = attributes.text("gen_ai.request.model").unwrap_or_default();
        let name = format!("chat {model}").trim_end().to_owned();
        let span = self.add(Some(step), &name, attributes);
        self.spans[span].side = Side::Client;
        self.spans[span].start = self.now;
        self.keep(span, part);
        self.models.insert(step, span);
        true
    }

    fn answered(&mut self, step: usize, said: &Json, part: &Part) -> bool {
        let span = self.models.remove(&step).unwrap_or_else(|| {
            let mut asked = Attributes::default();
            asked.push("gen_ai.operation.name", "chat");
            asked.push("gen_ai.provider.name", "aws.bedrock");
            self.add(Some(step), "chat", asked)
        });
        self.spans[span].attributes.0.extend(piece::model_output(said).0);
        self.end(span, said.get("metadata"));
        self.keep(span, part);
        true
    }

    fn called(&mut self, agent: usize, step: usize, said: &Json, part: &Part) -> bool {
        let Some((kind, name, attributes)) = piece::invocation(said) else {
            // FINISH calls nothing.
            self.keep(step, part);
            return text(said, &["invocationType"]).is_some();
        };
        let collaborator = attributes.text("gen_ai.agent.name").unwrap_or_default().to_owned();
        let span = self.add(Some(step), &name, attributes);
        self.spans[span].start = self.now;
        self.keep(span, part);
        self.calls.push(Open { agent, step, kind, span, collaborator });
        true
    }

    fn observed(&mut self, agent: usize, step: usize, said: &Json, part: &Part) -> bool {
        if let Some((kind, attributes, metadata)) = piece::observation(said) {
            let open = self
                .calls
                .iter()
                .position(|open| open.agent == agent && open.step == step && open.kind == kind)
                .or_else(|| self.calls.iter().position(|open| open.agent == agent && open.kind == kind))
                .map(|at| self.calls.remove(at));
            let span = open
                .map_or_else(|| self.add(Some(step), "observation", Attributes::default()), |open| open.span);
            if let Some(error) = attributes.text("error.type") {
                self.spans[span].status = Status::Error;
                error.clone_into(&mut self.spans[span].status_message);
            }
            self.spans[span].attributes.0.extend(attributes.0);
            self.end(span, Some(&metadata));
            self.keep(span, part);
            return true;
        }
        self.keep(step, part);
        if let Some(last) = said.get("finalResponse") {
            let words = text(last, &["text"]).unwrap_or_default();
            self.answered_with(agent, &words);
            self.cover(step, last.get("metadata").map(piece::times).unwrap_or_default());
            self.tell(step, "bedrock.final_response", last.clone());
            return true;
        }
        if let Some(again) = said.get("repromptResponse") {
            self.tell(step, "bedrock.reprompt", again.clone());
            return true;
        }
        self.tell(step, "bedrock.observation", said.clone());
        text(said, &["type"]).is_some()
    }

    fn guardrail(&mut self, agent: usize, trace: &Json, part: &Part) {
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "apply_guardrail");
        said.push("gen_ai.provider.name", "aws.bedrock");
        // The user guide writes GUARDRAIL_INTERVENED.
        let action = text(trace, &["action"]).unwrap_or_default();
        let action = action.strip_prefix("GUARDRAIL_").unwrap_or(&action);
        said.push("bedrock.guardrail.action", action);
        for (theirs, ours) in [
            ("inputAssessments", "bedrock.guardrail.input_assessments"),
            ("outputAssessments", "bedrock.guardrail.output_assessments"),
        ] {
            said.put(ours, trace.get(theirs).cloned().map(Value::from_json));
        }
        said.put("bedrock.trace_id", text(trace, &["traceId"]));
        let span = self.add(Some(agent), "guardrail", said);
        self.end(span, trace.get("metadata"));
        self.keep(span, part);
    }

    fn failure(&mut self, agent: usize, trace: &Json, part: &Part) {
        let words = text(trace, &["failureReason"]).unwrap_or_default();
        let code = text(trace, &["failureCode"]).unwrap_or_else(|| "failure".to_owned());
        let mut said = Attributes::default();
        said.put("bedrock.trace_id", text(trace, &["traceId"]));
        let span = self.add(Some(agent), "failure", said);
        self.end(span, trace.get("metadata"));
        self.keep(span, part);
        self.fail(span, &code, &words);
        self.fail(agent, &code, &words);
    }

    fn fail(&mut self, span: usize, error: &str, words: &str) {
        let span = &mut self.spans[span];
        span.status = Status::Error;
        words.clone_into(&mut span.status_message);
        span.attributes.push("error.type", error);
    }

    fn answered_with(&mut self, agent: usize, words: &str) {
        let messages =
            serde_json::json!([{ "role": "assistant", "parts": [{ "type": "text", "content": words }] }]);
        let attributes = &mut self.spans[agent].attributes;
        if attributes.get("gen_ai.output.messages").is_none() {
            attributes.push("gen_ai.output.messages", messages.to_string());
        }
    }

    fn tell(&mut self, span: usize, name: &str, said: Json) {
        let attributes = match Value::from_json(said) {
            Value::Map(entries) => Attributes(entries),
            other => Attributes(vec![("value".to_owned(), other)]),
        };
        let event = SpanEvent { at: self.now, name: name.to_owned(), attributes, dropped_attributes: 0 };
        self.spans[span].events.push(event);
        self.cover(span, Times { end: Some(self.now), ..Times::default() });
    }

    /// Keeps a part as it came.
    fn keep(&mut self, span: usize, part: &Part) {
        let raw = Value::from_json(part.raw.clone());
        let attributes = &mut self.spans[span].attributes;
        match attributes.0.iter_mut().find(|(key, _)| key == "bedrock.trace") {
            Some((_, Value::List(parts))) => parts.push(raw),
            _ => attributes.push("bedrock.trace", Value::List(vec![raw])),
        }
        self.cover(span, Times { end: Some(self.now), ..Times::default() });
    }

    /// A span ends now, or when its metadata says.
    fn end(&mut self, span: usize, metadata: Option<&Json>) {
        let told = metadata.map(piece::times).unwrap_or_default();
        let now = self.now;
        let span = &mut self.spans[span];
        span.end = told.end.unwrap_or(now);
        let begun = told.start.or_else(|| told.took.map(|took| span.end.saturating_sub(took)));
        match begun {
            Some(begun) => span.start = begun,
            None if span.start == 0 => span.start = span.end,
            None => {}
        }
        let end = span.end;
        self.now = self.now.max(end);
    }

    /// A span that holds others reaches at least from here to there. Those whose end was told keep it.
    fn cover(&mut self, span: usize, times: Times) {
        let is_group = self.spans[span].attributes.text("gen_ai.operation.name") == Some("invoke_workflow");
        if !is_group {
            return;
        }
        let span = &mut self.spans[span];
        if let Some(start) = times.start {
            span.start = if span.start == 0 { start } else { span.start.min(start) };
        }
        span.end = span.end.max(times.end.unwrap_or(0));
    }

    /// The spans, in which agents and steps reach over what they hold.
    fn finish(mut self) -> Vec<TraceSpan> {
        if !self.answer.is_empty() {
            let answer = std::mem::take(&mut self.answer);
            self.spans[0].attributes.0.retain(|(key, _)| key != "gen_ai.output.messages");
            self.answered_with(0, &answer);
        }
        // Children come after their parents.
        for at in (1..self.spans.len()).rev() {
            if self.spans[at].end == 0 {
                // Its end never came: it ended with what came last.
                self.spans[at].end = self.now;
                self.spans[at].repaired += 1;
            }
            let (start, end) = (self.spans[at].start, self.spans[at].end);
            if let Some(parent) = self.parents[at] {
                let parent = &mut self.spans[parent];
                parent.start = if parent.start == 0 { start } else { parent.start.min(start) };
                parent.end = parent.end.max(end);
            }
        }
        if let Some(root) = self.spans.first_mut() {
            root.end = root.end.max(self.now);
            root.start = if root.start == 0 { root.end } else { root.start };
        }
        self.spans
    }
}
