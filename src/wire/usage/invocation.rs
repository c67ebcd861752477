//! A call as a line of Bedrock's log of model invocations (`schemaVersion` 1.0), whatever served it.
//!
//! What Amazon knows and this program does not (the account, the Region of others) is left out; what this program knows besides
//! stands in `requestMetadata`, where Bedrock puts what the caller says of a request. Pictures and documents are named and
//! not repeated.

use serde_json::{Map, Value, json};

use crate::domain::error::ErrorKind;
use crate::domain::message::{Answer, Block, Message, Outcome, Role, StopReason};
use crate::domain::script::Operation;
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::tool::ToolChoice;
use crate::domain::trace::{Span, SpanKind, SpanStatus};
use crate::domain::usage::{Invocation, Said};
use crate::wire::bedrock::request::{text_format, tool_config};
use crate::wire::written::decimal;

/// The call as one line.
pub fn invocation(call: &Invocation) -> String {
    let span = &call.span;
    let mut record = json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": instant(span.started),
        "requestId": span.id,
        "operation": operation(span),
        "modelId": span.model.as_ref().map_or("", |model| model.model()),
        "requestMetadata": metadata(span),
    });
    if let Some(region) = &span.region {
        record["region"] = region.as_str().into();
    }
    if !span.principal.is_empty() {
        record["identity"] = json!({ "arn": span.principal });
    }
    let (mut input, mut output) = (part("input"), part("output"));
    if let Some(tokens) = span.usage.input {
        input.insert("inputTokenCount".into(), tokens.into());
    }
    if let Some(tokens) = span.usage.output {
        output.insert("outputTokenCount".into(), tokens.into());
    }
    for (name, tokens) in [
        ("cacheReadInputTokenCount", span.usage.cache_read),
        ("cacheWriteInputTokenCount", span.usage.cache_write),
    ] {
        if let Some(tokens) = tokens {
            input.insert(name.into(), tokens.into());
        }
    }
    if let Some(said) = &call.said {
        input.insert("inputBodyJson".into(), asked(said));
        output.insert("outputBodyJson".into(), answered(span, &said.answer));
    }
    record["input"] = input.into();
    record["output"] = output.into();
    if let SpanStatus::Failed { kind } = &span.status {
        record["errorCode"] = error_code(kind).into();
    }
    format!("{record}\n")
}

/// RFC 3339, to the second.
fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.0.div_euclid(1000)).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

fn part(name: &str) -> Map<String, Value> {
    Map::from_iter([(format!("{name}ContentType"), "application/json".into())])
}

fn operation(span: &Span) -> &'static str {
    match span.kind {
        SpanKind::Converse => match span.operation {
            Some(Operation::Converse) => "Converse",
            Some(Operation::InvokeModel) => "InvokeModel",
            Some(Operation::InvokeModelWithResponseStream) => "InvokeModelWithResponseStream",
            Some(Operation::ConverseStream) | None => "ConverseStream",
        },
        SpanKind::CountTokens => "CountTokens",
        SpanKind::ListModels => "ListFoundationModels",
        SpanKind::Embed | SpanKind::Rerank | SpanKind::Image => "InvokeModel",
        SpanKind::PullModel => "CreateModelImportJob",
        SpanKind::RemoveModel => "DeleteImportedModel",
        SpanKind::CheckKey => "GetCallerIdentity",
        SpanKind::Retrieve => "Retrieve",
        SpanKind::Answer => "RetrieveAndGenerate",
        SpanKind::Sync => "StartIngestionJob",
        SpanKind::Measure => "CreateEvaluationJob",
        SpanKind::Agent => "InvokeAgent",
        SpanKind::Tool => "InvokeActionGroup",
    }
}

/// Texts, as Bedrock wants them there.
fn metadata(span: &Span) -> Value {
    let status = match &span.status {
        SpanStatus::Done => "done",
        SpanStatus::Cancelled => "cancelled",
        SpanStatus::Failed { .. } => "failed",
    };
    let mut metadata = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        metadata.extend(value.map(|value| (name.to_owned(), Value::String(value))));
    };
    put("provider", Some(span.provider.clone()));
    put("status", Some(status.to_owned()));
    put("latencyMs", span.timing.total_ms.map(|ms| ms.to_string()));
    put("timeToFirstTokenMs", span.timing.first_token_ms.map(|ms| ms.to_string()));
    put("outputImageCount", Some(span.images).filter(|images| *images > 0).map(|images| images.to_string()));
    put("conversation", span.conversation.map(|id| id.to_string()));
    put("message", span.answer.map(|id| id.to_string()));
    metadata.into()
}

/// The code that Bedrock would have given.
fn error_code(kind: &ErrorKind) -> &'static str {
    use ErrorKind as E;
    match kind {
        E::RateLimited { .. } => "ThrottlingException",
        E::Auth => "AccessDeniedException",
        E::NotFound => "ResourceNotFoundException",
        E::Overloaded => "ServiceUnavailableException",
        E::Timeout => "ModelTimeoutException",
        E::Invalid | E::Config | E::Refused { .. } | E::ContextLength { .. } => "ValidationException",
        E::Budget => "ServiceQuotaExceededException",
        _ => "InternalServerException",
    }
}

/// What was sent, as a body of Converse.
fn asked(said: &Said) -> Value {
    let mut body = Map::new();
    body.insert("messages".into(), said.turns.iter().map(message).collect());
    if let Some(system) = said.system.as_deref().filter(|system| !system.is_empty()) {
        body.insert("system".into(), json!([{ "text": system }]));
    }
    if let Some(answer) = &said.answer.answer {
        body.extend(configured(&answer.settings));
    }
    body.into()
}

/// The settings that Converse has a place for.
fn configured(settings: &Settings) -> Map<String, Value> {
    let calls = settings.tool_choice != Some(ToolChoice::None);
    let tools = if calls { tool_config(settings) } else { Map::new() };
    let format =
        settings.response_schema.as_ref().map(|schema| ("textFormat".to_owned(), text_format(schema)));
    let parts = [
        ("inferenceConfig", inference(settings)),
        ("toolConfig", tools),
        ("outputConfig", format.into_iter().collect()),
    ];
    let said = parts.into_iter().filter(|(_, values)| !values.is_empty());
    said.map(|(name, values)| (name.to_owned(), values.into())).collect()
}

fn inference(settings: &Settings) -> Map<String, Value> {
    let mut config = Map::new();
    let values = [
        ("maxTokens", settings.max_tokens.map(Value::from)),
        ("temperature", settings.temperature.map(decimal)),
        ("topP", settings.top_p.map(decimal)),
    ];
    config.extend(values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    if !settings.stop.is_empty() {
        config.insert("stopSequences".into(), settings.stop.clone().into());
    }
    config
}

/// What came, as an answer of Converse.
fn answered(span: &Span, answer: &Message) -> Value {
    let mut body = json!({ "output": { "message": message(answer) } });
    if let Some(reason) = answer.answer.as_ref().and_then(stop_reason) {
        body["stopReason"] = reason.into();
    }
    if let (Some(input), Some(output)) = (span.usage.input, span.usage.output) {
        body["usage"] = json!({
            "inputTokens": input,
            "outputTokens": output,
            "totalTokens": u64::from(input) + u64::from(output),
        });
    }
    if let Some(ms) = span.timing.total_ms {
        body["metrics"] = json!({ "latencyMs": ms });
    }
    body
}

fn stop_reason(answer: &Answer) -> Option<&'static str> {
    let Outcome::Complete { reason } = &answer.outcome else { return None };
    Some(match reason {
        StopReason::EndTurn => "end_turn",
        StopReason::MaxTokens => "max_tokens",
        StopReason::ContextFull => "model_context_window_exceeded",
        StopReason::StopSequence => "stop_sequence",
        StopReason::ToolUse => "tool_use",
        StopReason::Filtered => "content_filtered",
        StopReason::Other => return None,
    })
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::Assistant => "assistant",
        Role::System | Role::User | Role::Tool => "user",
    };
    json!({ "role": role, "content": message.blocks.iter().map(block).collect::<Vec<_>>() })
}

fn block(block: &Block) -> Value {
    let format = |media_type: &str| media_type.rsplit('/').next().unwrap_or_default().to_owned();
    match block {
        Block::Text { text } => json!({ "text": text }),
        Block::Reasoning { text, .. } => json!({ "reasoningContent": { "reasoningText": { "text": text } } }),
        Block::RedactedReasoning { data } => json!({ "reasoningContent": { "redactedContent": data } }),
        Block::Image { media_type, blob, .. } => {
            json!({ "image": { "format": format(media_type), "sha256": blob } })
        }
        Block::Document { name, media_type, blob } => {
            json!({ "document": { "name": name, "format": format(media_type), "sha256": blob } })
        }
        Block::ToolUse { id, name, input, .. } => {
            json!({ "toolUse": { "toolUseId": id, "name": name, "input": input } })
        }
        Block::ToolResult { id, content, is_error } => json!({ "toolResult": {
            "toolUseId": id,
            "content": [{ "text": content }],
            "status": if *is_error { "error" } else { "success" },
        } }),
        Block::CachePoint => json!({ "cachePoint": { "type": "default" } }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_the_schema_that_an_answer_was_asked_with_are_told_as_converse_has_them() {
        let mut settings = Settings::default();
        assert_eq!(configured(&settings), Map::new());
        for (name, value) in [
            ("max_tokens", "64"),
            ("tools", r#"[{"name":"look","description":"Looks."}]"#),
            ("tool_choice", "look"),
            ("response_schema", r#"{"type":"object"}"#),
        ] {
            settings.set(name, value).unwrap();
        }
        let told = Value::from(configured(&settings));
        let schema = json!({ "json": { "type": "object", "properties": {} } });
        let look = json!({ "name": "look", "inputSchema": schema, "description": "Looks." });
        let format = json!({ "type": "json_schema", "structure": { "jsonSchema": { "schema": "{\"type\":\"object\"}" } } });
        let expected = json!({
            "inferenceConfig": { "maxTokens": 64 },
            "toolConfig": { "tools": [{ "toolSpec": look }], "toolChoice": { "tool": { "name": "look" } } },
            "outputConfig": { "textFormat": format },
        });
        assert_eq!(told, expected);
        settings.set("tool_choice", "none").unwrap();
        assert_eq!(configured(&settings).get("toolConfig"), None);
    }
}
