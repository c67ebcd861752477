//! What was said in a call of this program: by the conversation that its answer stands in, or by what is kept beside its
//! record.

use serde_json::{Map, Value as Json, json};

use super::parameters;
use crate::domain::call::Turn;
use crate::domain::conversation::Conversation;
use crate::domain::id::{ConversationId, MessageId, SpanId};
use crate::domain::knowledge::grounding::Grounding;
use crate::domain::message::{Block, Message, Role};
use crate::domain::settings::Settings;
use crate::domain::trace::contents::{Found, Ran};
use crate::domain::trace::replay::Replay;
use crate::domain::trace::told::Told;
use crate::domain::trace::{Span, SpanKind, TraceSpan};
use crate::domain::{ErrorKind, Result};
use crate::store::record::ReplayOf;
use crate::store::{Record, Store};

/// Messages of a conversation that a call tells.
const MESSAGES: usize = 500;
/// Calls before one that are looked at for what it was asked with.
const CALLS: usize = 1000;

/// Adds what was said in a call, as far as it is there.
pub(super) fn say(store: &Store, span: &Span, to: &mut TraceSpan) -> Result<()> {
    let told = match again(store, span)? {
        None => read::<Told>(store, &span.id)?,
        again => again,
    };
    let answer = span.conversation.zip(span.answer);
    match (told, answer) {
        (told, Some(answer)) if span.kind == SpanKind::Retrieve => {
            let told = with_texts(store, told.unwrap_or_default(), answer)?;
            tell(store, told, to)
        }
        (Some(told), _) => tell(store, told, to),
        (None, Some(answer)) => converse(store, span.kind, answer, to),
        (None, None) => Ok(()),
    }
}

/// What was asked again is kept whole, beside the call in whose place it is.
fn again(store: &Store, span: &Span) -> Result<Option<Told>> {
    let Some(of) = span.replays else { return Ok(None) };
    let replay = read::<Replay>(store, &ReplayOf(of, span.id))?;
    Ok(replay.map(|Replay { asked, gave, .. }| Told {
        system: asked.system,
        settings: Some(asked.settings),
        input: asked.turns,
        output: gave.blocks,
        ..Told::default()
    }))
}

/// A record; one that is damaged is none.
fn read<R: Record>(store: &Store, key: &R::Key) -> Result<Option<R>> {
    match store.get::<R>(key) {
        Err(error) if error.kind == ErrorKind::Corrupt => Ok(None),
        other => other,
    }
}

/// By the conversation that an answer stands in.
fn converse(
    store: &Store,
    kind: SpanKind,
    (conversation, answer): (ConversationId, MessageId),
    to: &mut TraceSpan,
) -> Result<()> {
    let get = |id: MessageId| store.get::<Message>(&(conversation, id));
    let Some(answer) = get(answer)? else { return Ok(()) };
    let mut input = Vec::new();
    let mut parent = answer.parent;
    while let Some(id) = parent
        && input.len() < MESSAGES
    {
        let Some(message) = get(id)? else { break };
        parent = message.parent;
        input.push(message);
    }
    input.reverse();
    let head = store.get::<Conversation>(&conversation)?;
    let mut system = head.and_then(|head| head.system).filter(|system| !system.is_empty());
    let mut asked: Vec<Json> = input.iter().map(|message| said(message.role, &message.blocks)).collect();
    // The model was given what was found, and the rules for it; the step around it was given what the person wrote.
    if kind == SpanKind::Converse
        && let Some(grounding) = answer.answer.as_ref().and_then(|answer| answer.grounding.as_ref())
        && let Some(last) = input.iter().rposition(|message| message.role == Role::User)
    {
        let mut blocks = input[last].blocks.clone();
        blocks.insert(0, grounding.block());
        asked[last] = said(Role::User, &blocks);
        system = Some(Grounding::around(system));
    }
    put_system(system, to);
    put_messages("gen_ai.input.messages", asked, to);
    put_messages("gen_ai.output.messages", vec![said(answer.role, &answer.blocks)], to);
    if let Some(of) = answer.answer.as_ref().filter(|_| kind == SpanKind::Converse) {
        parameters::put(&of.settings, &mut to.attributes);
    }
    Ok(())
}

/// What was looked for and found for an answer, which keeps both; the scores are kept beside the record.
fn with_texts(store: &Store, mut told: Told, answer: (ConversationId, MessageId)) -> Result<Told> {
    let message = read::<Message>(store, &answer)?;
    let Some(grounding) = message.and_then(|message| message.answer).and_then(|answer| answer.grounding)
    else {
        return Ok(told);
    };
    for (source, text) in grounding.sources.iter().zip(grounding.texts()) {
        let id = source.passage.to_string();
        let known = told.found.iter().position(|found| found.id.as_ref() == Some(&id));
        let at = known.unwrap_or_else(|| {
            told.found.push(Found { id: Some(id), ..Found::default() });
            told.found.len() - 1
        });
        let found = &mut told.found[at];
        found.text = Some(text.to_owned());
        found.more = json!({"uri": source.uri, "place": source.place});
    }
    told.query = Some(grounding.query);
    Ok(told)
}

/// By what is kept beside the record.
fn tell(store: &Store, told: Told, to: &mut TraceSpan) -> Result<()> {
    let Told { after, system, settings, input, output, query, found, ran } = told;
    let Shared { system: before, settings: with, mut turns, missing } = shared(store, after)?;
    if let Some(settings) = settings.or(with) {
        parameters::put(&settings, &mut to.attributes);
    }
    turns.extend(input);
    put_system(system.or(before).filter(|system| !system.is_empty()), to);
    put_messages(
        "gen_ai.input.messages",
        turns.iter().map(|turn| said(turn.role, &turn.blocks)).collect(),
        to,
    );
    if missing > 0 {
        to.attributes.push("outcrop.input.left_out", missing);
    }
    if !output.is_empty() {
        put_messages("gen_ai.output.messages", vec![said(Role::Assistant, &output)], to);
    }
    to.attributes.put("gen_ai.retrieval.query.text", query);
    if !found.is_empty() {
        let documents = found.into_iter().map(document).collect();
        to.attributes.push("gen_ai.retrieval.documents", Json::Array(documents).to_string());
    }
    if let Some(Ran { id, arguments, result, .. }) = ran {
        let text = |json: Json| match json {
            Json::String(text) => text,
            other => other.to_string(),
        };
        to.attributes.put("gen_ai.tool.call.id", id);
        to.attributes.put("gen_ai.tool.call.arguments", arguments.map(|json| json.to_string()));
        to.attributes.put("gen_ai.tool.call.result", result.map(text));
    }
    Ok(())
}

/// What a call shares with those before it.
#[derive(Default)]
struct Shared {
    system: Option<String>,
    settings: Option<Settings>,
    turns: Vec<Turn>,
    /// Messages that are not kept any more.
    missing: u32,
}

fn shared(store: &Store, mut after: Option<(SpanId, u32)>) -> Result<Shared> {
    let (mut chain, mut missing) = (Vec::new(), 0);
    while let Some((id, many)) = after {
        let before = if chain.len() < CALLS { read::<Told>(store, &id)? } else { None };
        let Some(before) = before else {
            missing = many;
            break;
        };
        after = before.after;
        chain.push((before, many));
    }
    let mut shared = Shared { missing, ..Shared::default() };
    let turns = &mut shared.turns;
    for (before, many) in chain.into_iter().rev() {
        turns.extend(before.input);
        turns.push(Turn { role: Role::Assistant, blocks: before.output });
        turns.truncate(many.saturating_sub(missing) as usize);
        shared.system = before.system.or(shared.system);
        shared.settings = before.settings.or(shared.settings);
    }
    Ok(shared)
}

fn put_system(system: Option<String>, to: &mut TraceSpan) {
    if let Some(system) = system {
        let system = json!([{ "type": "text", "content": system }]);
        to.attributes.push("gen_ai.system_instructions", system.to_string());
    }
}

fn put_messages(key: &str, messages: Vec<Json>, to: &mut TraceSpan) {
    if !messages.is_empty() {
        to.attributes.push(key, Json::Array(messages).to_string());
    }
}

/// A passage as OpenTelemetry writes it.
fn document(found: Found) -> Json {
    let Found { id, score, text, more } = found;
    let mut map = Map::new();
    map.extend(id.map(|id| ("id".to_owned(), Json::String(id))));
    map.extend(score.map(|score| ("score".to_owned(), json!(score))));
    map.extend(text.map(|text| ("content".to_owned(), Json::String(text))));
    if let Json::Object(more) = more {
        map.extend(more);
    }
    Json::Object(map)
}

/// A message as OpenTelemetry writes it: what tools gave is said by them.
fn said(role: Role, blocks: &[Block]) -> Json {
    let is_result = |block: &Block| matches!(block, Block::ToolResult { .. });
    let role = if !blocks.is_empty() && blocks.iter().all(is_result) { Role::Tool } else { role };
    let parts: Vec<Json> = blocks.iter().filter_map(part).collect();
    json!({ "role": role.as_str(), "parts": parts })
}

fn part(block: &Block) -> Option<Json> {
    Some(match block {
        Block::Text { text } => json!({ "type": "text", "content": text }),
        Block::Reasoning { text, signature } => {
            let part = json!({ "type": "reasoning", "content": text });
            with(part, "signature", signature.clone().map(Json::String))
        }
        Block::RedactedReasoning { data } => json!({ "type": "redacted_reasoning", "data": data }),
        Block::ToolUse { id, name, input, extra } => {
            let part = json!({ "type": "tool_call", "id": id, "name": name, "arguments": input });
            with(part, "extra_content", extra.clone())
        }
        Block::ToolResult { id, content, is_error } => {
            let part = json!({ "type": "tool_call_response", "id": id, "response": content });
            with(part, "is_error", is_error.then_some(Json::Bool(true)))
        }
        Block::Image { media_type, .. } => {
            json!({ "type": "blob", "modality": "image", "mime_type": media_type })
        }
        Block::Document { name, media_type, .. } => {
            json!({ "type": "blob", "modality": "document", "mime_type": media_type, "name": name })
        }
        Block::CachePoint => return None,
    })
}

/// The same with what OpenTelemetry has no name for, where there is such: a call that is asked again must send it back.
fn with(mut part: Json, key: &str, value: Option<Json>) -> Json {
    if let (Json::Object(map), Some(value)) = (&mut part, value) {
        map.insert(key.to_owned(), value);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::Facts;
    use crate::domain::trace::replay::Original;
    use crate::wire::trace::meaning;

    #[test]
    fn what_a_provider_wants_back_comes_back_from_a_span_as_it_was() {
        let text = |text: &str| Block::Text { text: text.to_owned() };
        let turns = [
            Turn { role: Role::User, blocks: vec![text("Look.")] },
            Turn {
                role: Role::Assistant,
                blocks: vec![
                    Block::Reasoning { text: "hm".to_owned(), signature: Some("seal".to_owned()) },
                    Block::RedactedReasoning { data: "x/y=".to_owned() },
                    text("I look."),
                    Block::ToolUse {
                        id: "1".to_owned(),
                        name: "look".to_owned(),
                        input: json!({"at": 1}),
                        extra: Some(json!({"google": {"thought_signature": "c2VhbA=="}})),
                    },
                ],
            },
            Turn {
                role: Role::Tool,
                blocks: vec![Block::ToolResult {
                    id: "1".to_owned(),
                    content: "There is nothing.".to_owned(),
                    is_error: true,
                }],
            },
        ];
        let mut span = TraceSpan::default();
        let messages = turns.iter().map(|turn| said(turn.role, &turn.blocks)).collect();
        put_messages("gen_ai.input.messages", messages, &mut span);
        let original = Original::of(&span, &Facts::default(), &meaning::contents(&span), None);
        assert_eq!(original.asked.turns, turns);
        assert_eq!(original.remarks, Vec::<String>::new());
    }
}
