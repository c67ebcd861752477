//! What the members of a trace say, as attributes of spans under OpenTelemetry's names.

use serde_json::{Map, Value as Json, json};

use crate::domain::trace::{Attributes, Value};
use crate::wire::trace::moment;

/// What a `Metadata` tells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Times {
    pub start: Option<u64>,
    pub end: Option<u64>,
    /// Nanoseconds.
    pub took: Option<u64>,
}

/// A text within.
pub(super) fn text(json: &Json, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(json, |json, key| json.get(key))?;
    match found {
        Json::String(text) => Some(text.clone()),
        Json::Null => None,
        other => Some(other.to_string()),
    }
}

pub(super) fn times(metadata: &Json) -> Times {
    let millis = |key: &str| metadata.get(key).and_then(Json::as_f64).map(|millis| (millis * 1e6) as u64);
    Times {
        start: metadata.get("startTime").and_then(moment::nanos),
        end: metadata.get("endTime").and_then(moment::nanos),
        took: millis("totalTimeMs").or_else(|| millis("operationTotalTimeMs")),
    }
}

/// What a model was asked.
pub(super) fn model_input(input: &Json) -> Attributes {
    let mut said = Attributes::default();
    said.push("gen_ai.operation.name", "chat");
    said.push("gen_ai.provider.name", "aws.bedrock");
    said.put("gen_ai.request.model", text(input, &["foundationModel"]));
    let settings = input.get("inferenceConfiguration").cloned().unwrap_or_default();
    for (theirs, ours) in [
        ("temperature", "gen_ai.request.temperature"),
        ("topP", "gen_ai.request.top_p"),
        ("topK", "gen_ai.request.top_k"),
        ("maximumLength", "gen_ai.request.max_tokens"),
        ("stopSequences", "gen_ai.request.stop_sequences"),
    ] {
        said.put(ours, settings.get(theirs).cloned().map(Value::from_json));
    }
    if let Some(prompt) = text(input, &["text"]) {
        said.push("gen_ai.input.messages", as_messages(&prompt, "user"));
    }
    for (theirs, ours) in [
        ("type", "bedrock.prompt.type"),
        ("promptCreationMode", "bedrock.prompt.creation_mode"),
        ("parserMode", "bedrock.prompt.parser_mode"),
        ("overrideLambda", "bedrock.prompt.override_lambda"),
    ] {
        said.put(ours, text(input, &[theirs]));
    }
    said
}

/// What it answered.
pub(super) fn model_output(output: &Json) -> Attributes {
    let mut said = Attributes::default();
    let mut parts = Vec::new();
    let thought = text(output, &["reasoningContent", "reasoningText", "text"]);
    if let Some(thought) = thought.or_else(|| text(output, &["reasoningContent", "text"])) {
        parts.push(json!({ "type": "reasoning", "content": thought }));
    }
    if let Some(raw) = text(output, &["rawResponse", "content"]) {
        parts.push(json!({ "type": "text", "content": raw }));
    }
    if !parts.is_empty() {
        let messages = json!([{ "role": "assistant", "parts": parts }]);
        said.push("gen_ai.output.messages", messages.to_string());
    }
    let usage =
        output.get("metadata").and_then(|metadata| metadata.get("usage")).cloned().unwrap_or_default();
    // The user guide's spelling is the second.
    let count = |keys: [&str; 2]| {
        keys.iter()
            .find_map(|key| usage.get(key))
            .cloned()
            .map(Value::from_json)
            .and_then(|count| count.as_count())
    };
    said.put("gen_ai.usage.input_tokens", count(["inputTokens", "inputToken"]));
    said.put("gen_ai.usage.output_tokens", count(["outputTokens", "outputToken"]));
    said.put("aws.request_id", text(output, &["metadata", "clientRequestId"]));
    if let Some(parsed) = output.get("parsedResponse").filter(|parsed| !parsed.is_null()) {
        said.push("bedrock.parsed_response", Value::from_json(parsed.clone()));
    }
    said
}

/// A prompt that is messages as JSON, or one message of it.
fn as_messages(prompt: &str, role: &str) -> String {
    let structured = serde_json::from_str::<Json>(prompt)
        .ok()
        .filter(|json| json.get("messages").is_some_and(Json::is_array));
    if structured.is_some() {
        return prompt.to_owned();
    }
    json!([{ "role": role, "parts": [{ "type": "text", "content": prompt }] }]).to_string()
}

/// A call: the kind of what answers it, the name of its span, and what is said of it.
pub(super) fn invocation(input: &Json) -> Option<(&'static str, String, Attributes)> {
    let mut said = Attributes::default();
    let any = |keys: &[&str]| keys.iter().find_map(|key| input.get(key)).filter(|found| found.is_object());
    if let Some(group) = any(&["actionGroupInvocationInput", "actionGroupInvocation"]) {
        let route = || Some(format!("{} {}", text(group, &["verb"])?, text(group, &["apiPath"])?));
        let name = text(group, &["function"]).or_else(route).or_else(|| text(group, &["apiPath"]));
        let name = name.or_else(|| text(group, &["actionGroupName"])).unwrap_or_default();
        said.push("gen_ai.operation.name", "execute_tool");
        said.push("gen_ai.tool.name", name.as_str());
        said.push("gen_ai.tool.type", "function");
        said.push("gen_ai.tool.call.arguments", arguments(group).to_string());
        said.put("gen_ai.tool.call.id", text(group, &["invocationId"]));
        said.put("bedrock.action_group", text(group, &["actionGroupName"]));
        said.put("bedrock.execution_type", text(group, &["executionType"]));
        return Some(("ACTION_GROUP", format!("execute_tool {name}"), said));
    }
    if let Some(lookup) = any(&["knowledgeBaseLookupInput", "knowledgeBaseLookup"]) {
        let base = text(lookup, &["knowledgeBaseId"]).unwrap_or_default();
        said.push("gen_ai.operation.name", "retrieval");
        said.push("aws.bedrock.knowledge_base.id", base.as_str());
        said.push("gen_ai.data_source.id", base.as_str());
        said.put("gen_ai.retrieval.query.text", text(lookup, &["text"]));
        return Some(("KNOWLEDGE_BASE", format!("retrieval {base}"), said));
    }
    if let Some(code) = any(&["codeInterpreterInvocationInput", "codeInterpreterInvocation"]) {
        said.push("gen_ai.operation.name", "execute_tool");
        said.push("gen_ai.tool.name", "code_interpreter");
        said.push("gen_ai.tool.call.arguments", code.to_string());
        return Some(("ACTION_GROUP_CODE_INTERPRETER", "execute_tool code_interpreter".to_owned(), said));
    }
    if let Some(other) = any(&["agentCollaboratorInvocationInput", "agentCollaboratorInvocation"]) {
        let name = text(other, &["agentCollaboratorName"]).unwrap_or_default();
        said.push("gen_ai.operation.name", "invoke_agent");
        said.push("gen_ai.provider.name", "aws.bedrock");
        said.push("gen_ai.agent.name", name.as_str());
        said.put("gen_ai.agent.id", text(other, &["agentCollaboratorAliasArn"]));
        if let Some(asked) = text(other, &["input", "text"]) {
            said.push("gen_ai.input.messages", as_messages(&asked, "user"));
        }
        return Some(("AGENT_COLLABORATOR", format!("invoke_agent {name}"), said));
    }
    None
}

/// The arguments of an action: its parameters by their names, and the properties of its body.
fn arguments(group: &Json) -> Json {
    let mut map = Map::new();
    let named = |list: &Json, map: &mut Map<String, Json>| {
        for one in list.as_array().into_iter().flatten() {
            if let Some(name) = one.get("name").and_then(Json::as_str) {
                map.insert(name.to_owned(), one.get("value").cloned().unwrap_or_default());
            }
        }
    };
    if let Some(parameters) = group.get("parameters") {
        named(parameters, &mut map);
    }
    let bodies = group.get("requestBody").and_then(|body| body.get("content")).and_then(Json::as_object);
    for properties in bodies.into_iter().flat_map(Map::values) {
        named(properties.get("properties").unwrap_or(properties), &mut map);
    }
    Json::Object(map)
}

/// What came of a call: which kind of call it answers, what is said, and its metadata; `None` for what answers none.
pub(super) fn observation(observed: &Json) -> Option<(&'static str, Attributes, Json)> {
    let any = |keys: &[&str]| keys.iter().find_map(|key| observed.get(key)).filter(|found| found.is_object());
    let mut said = Attributes::default();
    let metadata = |found: &Json| found.get("metadata").cloned().unwrap_or_default();
    if let Some(found) = any(&["actionGroupInvocationOutput", "actionGroupInvocation"]) {
        said.put("gen_ai.tool.call.result", text(found, &["text"]));
        return Some(("ACTION_GROUP", said, metadata(found)));
    }
    if let Some(found) = any(&["knowledgeBaseLookupOutput", "knowledgeBaseLookup"]) {
        let references = found.get("retrievedReferences").and_then(Json::as_array);
        let documents: Vec<Json> = references.into_iter().flatten().map(document).collect();
        said.push("gen_ai.retrieval.documents", Json::Array(documents).to_string());
        return Some(("KNOWLEDGE_BASE", said, metadata(found)));
    }
    if let Some(found) = any(&["codeInterpreterInvocationOutput", "codeInterpreterInvocation"]) {
        let error = text(found, &["executionError"]).filter(|error| !error.is_empty());
        said.put("gen_ai.tool.call.result", text(found, &["executionOutput"]).or_else(|| error.clone()));
        if found.get("executionTimeout") == Some(&Json::Bool(true)) {
            said.push("error.type", "timeout");
        } else if error.is_some() {
            said.push("error.type", "execution_error");
        }
        return Some(("ACTION_GROUP_CODE_INTERPRETER", said, metadata(found)));
    }
    if let Some(found) = any(&["agentCollaboratorInvocationOutput", "agentCollaboratorInvocation"]) {
        if let Some(answer) = text(found, &["output", "text"]) {
            said.push("gen_ai.output.messages", as_messages(&answer, "assistant"));
        }
        return Some(("AGENT_COLLABORATOR", said, metadata(found)));
    }
    None
}

fn document(reference: &Json) -> Json {
    let mut map = Map::new();
    let location = reference.get("location").cloned().unwrap_or_default();
    let at = location.as_object().and_then(|map| {
        map.values().find_map(|one| ["uri", "url", "id", "query"].iter().find_map(|key| text(one, &[key])))
    });
    if let Some(id) = at {
        map.insert("id".to_owned(), id.into());
    }
    for (theirs, ours) in [("score", "score"), ("metadata", "metadata"), ("location", "location")] {
        if let Some(said) = reference.get(theirs) {
            map.insert(ours.to_owned(), said.clone());
        }
    }
    map.insert("content".to_owned(), text(reference, &["content", "text"]).unwrap_or_default().into());
    Json::Object(map)
}
