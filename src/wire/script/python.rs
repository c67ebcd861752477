//! Programs in Python.

use std::fmt::Write;

use super::literal::{Language, Literal, quoted};
use super::{ADDRESS, KEY};
use crate::domain::script::{Api, Credential, Operation, Sent};

/// What the library has a name for; the rest goes as `extra_body`.
const CHAT_COMPLETIONS: [&str; 14] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "reasoning_effort",
    "tools",
    "tool_choice",
    "response_format",
];

const ANYWHERE: &str =
    "# The model answered inside outcrop. OPENAI_BASE_URL is to name a server of this API that has it.\n";
const CHAT_LOOP: &str = "for chunk in answer:\n    for choice in chunk.choices:\n        print(choice.delta.content or \"\", end=\"\", flush=True)\nprint()\n";
const RESPONSES_LOOP: &str = "for event in answer:\n    if event.type == \"response.output_text.delta\":\n        print(event.delta, end=\"\", flush=True)\nprint()\n";
const IMAGES_END: &str = "for number, image in enumerate(answer.data, 1):\n    if image.b64_json:\n        with open(f\"picture-{number}.png\", \"wb\") as file:\n            file.write(base64.b64decode(image.b64_json))\n    else:\n        print(image.url)\n";
const CONVERSE_LOOP: &str = "for event in answer[\"stream\"]:\n    print(event.get(\"contentBlockDelta\", {}).get(\"delta\", {}).get(\"text\", \"\"), end=\"\", flush=True)\nprint()\n";
const CONVERSE_END: &str =
    "for block in answer[\"output\"][\"message\"][\"content\"]:\n    print(block.get(\"text\", block))\n";
const INVOKE_LOOP: &str = "for event in answer[\"body\"]:\n    print(event[\"chunk\"][\"bytes\"].decode())\n";
const INVOKE_END: &str = "print(answer[\"body\"].read().decode())\n";

/// With `OpenAI`'s library; why not, where the request is of another API.
pub(super) fn openai(sent: &Sent, body: Literal) -> Result<String, &'static str> {
    let (base, function, end) = match &sent.api {
        Api::ChatCompletions { base } => (string(base), "chat.completions.create", CHAT_LOOP),
        // Without an address the library would ask OpenAI itself.
        Api::Anywhere => (variable_of(ADDRESS), "chat.completions.create", CHAT_LOOP),
        Api::Responses { base } => (string(base), "responses.create", RESPONSES_LOOP),
        Api::Images { base } => (string(base), "images.generate", IMAGES_END),
        Api::Edits { .. } => return Err("a picture to vary goes as a file"),
        Api::Messages => return Err("the request is one of Anthropic's API"),
        Api::Ollama => return Err("the request is one of Ollama's own API"),
        Api::Bedrock { .. } => return Err("the request is one of Amazon Bedrock's API"),
    };
    let mut client = vec![("base_url", base)];
    match &sent.credential {
        Credential::None if sent.api == Api::Anywhere => {
            client.push(("api_key", format!("os.environ.get({}) or {}", string(KEY), string("none"))));
        }
        Credential::Key { header: "authorization", variable, .. } => {
            client.push(("api_key", variable_of(variable)));
        }
        Credential::Key { header, variable, .. } => {
            // The library wants a key of its own all the same.
            client.push(("api_key", string("none")));
            client.push(("default_headers", format!("{{{}: {}}}", string(header), variable_of(variable))));
        }
        _ => client.push(("api_key", string("none"))),
    }
    let known = |name: &str| {
        matches!(sent.api, Api::Responses { .. } | Api::Images { .. }) || CHAT_COMPLETIONS.contains(&name)
    };
    let (named, others): (Vec<_>, Vec<_>) = members(body).into_iter().partition(|(name, _)| known(name));
    let mut arguments: Vec<_> = named.iter().map(|(name, value)| (name.as_str(), written(value))).collect();
    if !others.is_empty() {
        arguments.push(("extra_body", written(&Literal::Map(others))));
    }
    let mut out = String::new();
    if matches!(sent.api, Api::Images { .. }) {
        out.push_str("import base64\n");
    }
    if client.iter().any(|(_, value)| value.contains("os.environ")) {
        out.push_str("import os\n");
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str("from openai import OpenAI\n\n");
    if sent.api == Api::Anywhere {
        out.push_str(ANYWHERE);
    }
    out.push_str(&call("client", "OpenAI", &client));
    out.push_str(&call("answer", &format!("client.{function}"), &arguments));
    out.push_str(end);
    Ok(out)
}

/// With Amazon's library; why not, where the model is not on Bedrock.
pub(super) fn boto3(sent: &Sent, mut body: Literal) -> Result<String, &'static str> {
    let Api::Bedrock { model, region, endpoint, operation } = &sent.api else {
        return Err("the model is not on Amazon Bedrock");
    };
    let mut client = vec![("", string("bedrock-runtime")), ("region_name", string(region))];
    if let Some(endpoint) = endpoint {
        client.push(("endpoint_url", string(endpoint)));
    }
    let members;
    let mut arguments = vec![("modelId", string(model))];
    let (function, end) = match operation {
        Operation::Converse | Operation::ConverseStream => {
            binary(&mut body);
            members = self::members(body);
            arguments.extend(members.iter().map(|(name, value)| (name.as_str(), written(value))));
            match operation {
                Operation::Converse => ("converse", CONVERSE_END),
                _ => ("converse_stream", CONVERSE_LOOP),
            }
        }
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => {
            let mut value = String::from("json.dumps(");
            body.write(&mut value, Language::Python, 1);
            value.push(')');
            arguments.push(("contentType", string("application/json")));
            arguments.push(("accept", string("application/json")));
            arguments.push(("body", value));
            match operation {
                Operation::InvokeModel => ("invoke_model", INVOKE_END),
                _ => ("invoke_model_with_response_stream", INVOKE_LOOP),
            }
        }
    };
    let mut out = String::new();
    let uses = |what: &str| arguments.iter().any(|(_, value)| value.contains(what));
    if uses("base64.b64decode(") {
        out.push_str("import base64\n");
    }
    if uses("json.dumps(") {
        out.push_str("import json\n");
    }
    out.push_str(if out.is_empty() { "import boto3\n\n" } else { "\nimport boto3\n\n" });
    out.push_str(&call("client", "boto3.client", &client));
    out.push_str(&call("answer", &format!("client.{function}"), &arguments));
    out.push_str(end);
    Ok(out)
}

/// A call whose result gets a name; an argument without a name stands alone.
fn call(result: &str, function: &str, arguments: &[(&str, String)]) -> String {
    let mut out = format!("{result} = {function}(\n");
    for (name, value) in arguments {
        let equals = if name.is_empty() { "" } else { "=" };
        let _ = writeln!(out, "    {name}{equals}{value},");
    }
    out.push_str(")\n");
    out
}

fn string(text: &str) -> String {
    quoted(text, Language::Python)
}

fn variable_of(name: &str) -> String {
    format!("os.environ[{}]", string(name))
}

fn written(value: &Literal) -> String {
    let mut out = String::new();
    value.write(&mut out, Language::Python, 1);
    out
}

fn members(body: Literal) -> Vec<(String, Literal)> {
    match body {
        Literal::Map(members) => members,
        _ => Vec::new(),
    }
}

/// Makes bytes of what Converse's JSON has as base64: the library takes bytes and encodes them itself. Tools' schemas and
/// inputs are the model's and may have such names too; they stay.
fn binary(body: &mut Literal) {
    for message in items(member(body, "messages")) {
        for block in items(member(message, "content")) {
            for kind in ["image", "document"] {
                if let Some(bytes) = member(block, kind)
                    .and_then(|file| member(file, "source"))
                    .and_then(|source| member(source, "bytes"))
                {
                    decoded(bytes);
                }
            }
            if let Some(thought) =
                member(block, "reasoningContent").and_then(|thought| member(thought, "redactedContent"))
            {
                decoded(thought);
            }
        }
    }
}

fn decoded(value: &mut Literal) {
    if let Literal::Text(base64) = value {
        *value = Literal::Bytes(std::mem::take(base64));
    }
}

fn member<'a>(value: &'a mut Literal, name: &str) -> Option<&'a mut Literal> {
    let Literal::Map(members) = value else { return None };
    members.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn items(value: Option<&mut Literal>) -> impl Iterator<Item = &mut Literal> {
    value.into_iter().flat_map(|value| match value {
        Literal::List(items) => items.iter_mut(),
        _ => [].iter_mut(),
    })
}
