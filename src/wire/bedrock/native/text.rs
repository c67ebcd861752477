//! What is sent for an answer. Settings that a family has no name for are left out, and told by name.

use serde_json::{Map, Value, json};

use super::{Family, prompt};
use crate::domain::call::Converse;
use crate::domain::left_out::LeftOut;
use crate::domain::settings::Effort;
use crate::domain::{Error, Result};
use crate::wire::anthropic::request as messages;
use crate::wire::attachment::Limits;
use crate::wire::written::decimal;

/// The version of the Messages API, as Bedrock names it.
const CLAUDE: &str = "bedrock-2023-05-31";

/// The body of `InvokeModel` and of its stream.
pub fn body(converse: &Converse, family: Family, thinking: messages::Thinking) -> Result<Vec<u8>> {
    if family != Family::Claude {
        let settings = &converse.settings;
        let lacks = [(!settings.tools.is_empty(), "tools"), (settings.response_schema.is_some(), "schema")];
        if let Some((_, capability)) = lacks.into_iter().find(|(asked, _)| *asked) {
            return Err(prompt::refused(converse, capability));
        }
    }
    let body = match family {
        Family::Claude => claude(converse, thinking)?,
        Family::TitanText => titan(converse)?,
        Family::Llama2 => llama(converse, prompt::llama2(converse)?),
        Family::Llama3 => llama(converse, prompt::llama3(converse)?),
        Family::Command => command(converse)?,
        Family::CommandR => command_r(converse)?,
        Family::Jurassic2 => jurassic(converse)?,
        _ => return Err(prompt::refused(converse, "chat")),
    };
    Ok(body.to_string().into_bytes())
}

/// The settings that the body leaves out.
pub fn left_out(converse: &Converse, family: Family) -> Vec<LeftOut> {
    let settings = &converse.settings;
    if family == Family::Claude {
        return messages::left_out(converse);
    }
    let named = SETTINGS.iter().zip(names(family));
    let lacks: Vec<&str> = named.filter(|(_, name)| name.is_empty()).map(|(setting, _)| *setting).collect();
    let thinks = settings.reasoning.is_some_and(|effort| effort != Effort::Off);
    let of = |names: &[&str]| LeftOut::of(settings, names, "the model's own API has none");
    of(&lacks).into_iter().chain(of(&["reasoning"]).filter(|_| thinks)).collect()
}

/// Anthropic's own body, with the model in the address and the stream in the path.
fn claude(converse: &Converse, thinking: messages::Thinking) -> Result<Value> {
    let doing = format!("asking {}", converse.model);
    Limits::CLAUDE_ON_BEDROCK.check(converse, &doing)?;
    let unread = |why: serde_json::Error| Error::internal(doing.clone(), why.to_string());
    let mut body: Map<String, Value> =
        serde_json::from_slice(&messages::body(converse, thinking)?).map_err(unread)?;
    body.remove("model");
    body.remove("stream");
    body.insert("anthropic_version".to_owned(), CLAUDE.into());
    Ok(body.into())
}

/// What families have names for.
const SETTINGS: [&str; 7] = ["temperature", "top_p", "top_k", "max_tokens", "stop", "seed", "repeat_penalty"];

/// The names of a family for these; one that is empty is none.
fn names(family: Family) -> [&'static str; 7] {
    match family {
        Family::TitanText => ["temperature", "topP", "", "maxTokenCount", "stopSequences", "", ""],
        Family::Llama2 | Family::Llama3 => ["temperature", "top_p", "", "max_gen_len", "", "", ""],
        Family::Command => ["temperature", "p", "k", "max_tokens", "stop_sequences", "", ""],
        Family::CommandR => ["temperature", "p", "k", "max_tokens", "stop_sequences", "seed", ""],
        Family::Jurassic2 => ["temperature", "topP", "", "maxTokens", "stopSequences", "", ""],
        _ => [""; 7],
    }
}

/// The settings under a family's own names.
fn settings(converse: &Converse, family: Family) -> Map<String, Value> {
    let settings = &converse.settings;
    let values = [
        settings.temperature.map(decimal),
        settings.top_p.map(decimal),
        settings.top_k.filter(|k| *k > 0).map(Value::from),
        settings.max_tokens.map(Value::from),
        (!settings.stop.is_empty()).then(|| settings.stop.clone().into()),
        settings.seed.map(Value::from),
        None,
    ];
    let named = names(family).into_iter().zip(values).filter(|(name, _)| !name.is_empty());
    named.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// In a dialogue the model would go on with the other side's part.
fn and_user(values: &mut Map<String, Value>, name: &str, dialogue: bool) {
    if let (true, Value::Array(stops)) = (dialogue, values.entry(name).or_insert_with(|| json!([]))) {
        stops.push("User:".into());
    }
    values.retain(|_, value| *value != json!([]));
}

fn titan(converse: &Converse) -> Result<Value> {
    let (text, dialogue) = prompt::dialogue(converse)?;
    let mut values = settings(converse, Family::TitanText);
    and_user(&mut values, "stopSequences", dialogue);
    let mut body = json!({ "inputText": text });
    if !values.is_empty() {
        body["textGenerationConfig"] = values.into();
    }
    Ok(body)
}

fn llama(converse: &Converse, prompt: String) -> Value {
    let mut body = settings(converse, Family::Llama3);
    body.insert("prompt".to_owned(), prompt.into());
    body.into()
}

fn command(converse: &Converse) -> Result<Value> {
    let (text, dialogue) = prompt::dialogue(converse)?;
    let mut body = settings(converse, Family::Command);
    and_user(&mut body, "stop_sequences", dialogue);
    body.insert("prompt".to_owned(), text.into());
    Ok(body.into())
}

fn command_r(converse: &Converse) -> Result<Value> {
    let mut sides = prompt::sides(converse)?;
    let mut body = settings(converse, Family::CommandR);
    // The last that the person said; the API has no word for an answer that is to be continued.
    let message = match sides.iter().rposition(|(model, _)| !model) {
        Some(at) => sides.remove(at).1,
        None => String::new(),
    };
    let history: Vec<Value> = sides
        .into_iter()
        .map(|(model, text)| json!({ "role": if model { "CHATBOT" } else { "USER" }, "message": text }))
        .collect();
    body.insert("message".to_owned(), message.into());
    if !history.is_empty() {
        body.insert("chat_history".to_owned(), history.into());
    }
    let system = prompt::system(converse)?;
    if !system.is_empty() {
        body.insert("preamble".to_owned(), system.into());
    }
    Ok(body.into())
}

fn jurassic(converse: &Converse) -> Result<Value> {
    let (text, dialogue) = prompt::dialogue(converse)?;
    let mut body = settings(converse, Family::Jurassic2);
    and_user(&mut body, "stopSequences", dialogue);
    body.insert("prompt".to_owned(), text.into());
    Ok(body.into())
}
