//! Codex' rollouts: lines of `{timestamp, type, payload}`, whose `response_item`s are those of `OpenAI`'s Responses API.
//!
//! `token_count` events come after each call: `last_token_usage` is that call's own, and a repeated one, whose total has not
//! moved, counts nothing. The input has cached tokens in it, the output those of reasoning.

use serde_json::{Value as Json, json};

use super::growing::{Growing, Tokens};
use super::text;
use crate::wire::trace::moment;

const MAIN: &str = "";

pub(super) fn is_line(line: &Json) -> bool {
    line.get("payload").is_some_and(Json::is_object)
        && ["session_meta", "response_item", "event_msg", "turn_context", "compacted"]
            .contains(&text(line, &["type"]))
}

pub(super) fn grow(lines: Vec<Json>) -> Growing {
    let meta = lines.iter().find(|line| text(line, &["type"]) == "session_meta");
    let session = meta.map(|line| text(line, &["payload", "id"])).unwrap_or_default();
    let mut reader = Reader {
        growing: Growing::new("codex", "Codex", "openai", session),
        model: String::new(),
        total: None,
    };
    for line in lines {
        reader.take(line);
    }
    reader.growing
}

struct Reader {
    growing: Growing,
    model: String,
    /// The tokens of all calls so far, as the log counts them.
    total: Option<Tokens>,
}

impl Reader {
    fn take(&mut self, line: Json) {
        self.growing.at(line.get("timestamp").and_then(moment::nanos));
        match text(&line, &["type"]) {
            "session_meta" => {
                self.growing.say("gen_ai.agent.version", text(&line, &["payload", "cli_version"]));
                self.growing.say("codex.cwd", text(&line, &["payload", "cwd"]));
                self.growing.tell("session_meta", line);
            }
            "turn_context" => {
                text(&line, &["payload", "model"]).clone_into(&mut self.model);
                self.growing.tell("turn_context", line);
            }
            "response_item" => self.item(line),
            "event_msg" if text(&line, &["payload", "type"]) == "token_count" => self.count(line),
            // What is said there stands among the items too.
            "event_msg" => {
                let kind = text(&line, &["payload", "type"]).to_owned();
                self.growing.tell(&kind, line);
            }
            other => {
                let kind = other.to_owned();
                self.growing.tell(&kind, line);
            }
        }
    }

    fn item(&mut self, line: Json) {
        let payload = line.get("payload").cloned().unwrap_or_default();
        let kind = text(&payload, &["type"]);
        let span = match kind {
            "message" if text(&payload, &["role"]) == "assistant" => {
                let parts = payload.get("content").and_then(Json::as_array).cloned().unwrap_or_default();
                parts.into_iter().map(|part| self.spoke(part)).last()
            }
            "message" => {
                self.growing.heard(MAIN, payload.clone());
                None
            }
            "reasoning" => Some(self.spoke(json!({ "type": "reasoning", "content": summary(&payload) }))),
            "function_call" | "custom_tool_call" | "local_shell_call" => {
                let name = match text(&payload, &["name"]) {
                    "" => kind,
                    name => name,
                };
                let call =
                    ["call_id", "id"].into_iter().map(|key| text(&payload, &[key])).find(|id| !id.is_empty());
                let call = call.unwrap_or_default();
                let arguments = ["arguments", "input", "action"].iter().find_map(|key| payload.get(key));
                let arguments = arguments.cloned().unwrap_or_default();
                self.spoke(json!({ "type": "tool_call", "id": call, "name": name, "arguments": arguments }));
                Some(self.growing.called(MAIN, call, name, &arguments, false))
            }
            "function_call_output" | "custom_tool_call_output" => {
                let call = text(&payload, &["call_id"]);
                let output = payload.get("output").cloned().unwrap_or_default();
                let failed = output.get("success") == Some(&Json::Bool(false)) || exit_code(&output) > 0;
                let span = self.growing.answered(call, &output, failed);
                let part = json!({ "type": "tool_call_response", "id": call, "response": output });
                self.growing.heard(MAIN, json!({ "role": "tool", "parts": [part] }));
                span
            }
            _ => None,
        };
        if let Some(span) = span {
            self.growing.keep(span, line);
        } else {
            self.growing.tell(kind, line);
        }
    }

    fn spoke(&mut self, part: Json) -> usize {
        self.growing.spoke(MAIN, "", &self.model, "openai", Some(part))
    }

    fn count(&mut self, line: Json) {
        let info = line.get("payload").and_then(|payload| payload.get("info")).cloned().unwrap_or_default();
        let total = info.get("total_token_usage").map(tokens);
        let moved = total.is_none() || total != self.total;
        let own =
            info.get("last_token_usage").map(tokens).or_else(|| less(total?, self.total.unwrap_or_default()));
        if moved {
            self.growing.tokens(MAIN, own, "");
        }
        self.total = total.or(self.total);
        self.growing.close(MAIN);
        self.growing.tell("token_count", line);
    }
}

fn tokens(usage: &Json) -> Tokens {
    let count = |key: &str| usage.get(key).and_then(Json::as_i64);
    Tokens {
        input: count("input_tokens").unwrap_or(0),
        output: count("output_tokens").unwrap_or(0),
        cache_read: count("cached_input_tokens"),
        cache_write: None,
        reasoning: count("reasoning_output_tokens"),
    }
}

/// What came since; `None` where a counter began anew.
fn less(total: Tokens, before: Tokens) -> Option<Tokens> {
    let part = |now: Option<i64>, then: Option<i64>| now.map(|now| now - then.unwrap_or(0));
    let own = Tokens {
        input: total.input - before.input,
        output: total.output - before.output,
        cache_read: part(total.cache_read, before.cache_read),
        cache_write: None,
        reasoning: part(total.reasoning, before.reasoning),
    };
    (own.input >= 0 && own.output >= 0).then_some(own)
}

/// The texts of a reasoning's summary; the rest of it is sealed.
fn summary(payload: &Json) -> String {
    let parts = payload.get("summary").and_then(Json::as_array);
    let texts: Vec<&str> = parts.into_iter().flatten().map(|part| text(part, &["text"])).collect();
    texts.join("\n")
}

/// Of a command's output, which is a text of JSON with its exit code.
fn exit_code(output: &Json) -> i64 {
    let structured = output.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok());
    let code = structured.as_ref().and_then(|json| json.get("metadata")?.get("exit_code")?.as_i64());
    code.unwrap_or(0)
}
