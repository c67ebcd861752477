//! What was said in a call of this program: by the conversation that its answer stands in, or by what is kept beside its
//! record.

use std::collections::VecDeque;

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
use crate::domain::untrusted::brief;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::Store;
use crate::store::record::ReplayOf;

/// Messages of a conversation that a call tells.
const MESSAGES: usize = 500;
/// Calls before one that are looked at for what it was asked with.
const CALLS: usize = 1000;
/// Runs of one trace that take turns, such as agents that work side by side.
const RUNS: usize = 4;
/// Columns of what a run was asked, in lists; and the bytes of it that are looked at for those.
const ASKED: usize = 200;
const LOOKED_AT: usize = 4096;
/// Under that name a span says that what was said in it cannot be read.
const UNREADABLE: &str = "outcrop.unreadable";

/// What the last calls were asked with and gave. The next call of a run says all that again: it is not read again for that.
#[derive(Debug, Default)]
pub(super) struct Known(VecDeque<(SpanId, Shared)>);

/// Adds what was said in a call, as far as it is there. Of what is damaged the span says so: what it tells itself is known.
pub(super) fn say(store: &Store, span: &Span, to: &mut TraceSpan, known: &mut Known) -> Result<()> {
    let mut lost = None;
    let told = match again(store, span) {
        Ok(None) => store.get::<Told>(&span.id),
        again => again,
    };
    let told = sound(told, &mut lost)?.flatten();
    let answer = span.conversation.zip(span.answer);
    let before = |id: &SpanId| store.get::<Told>(id);
    match (told, answer) {
        (told, Some(answer)) if span.kind == SpanKind::Retrieve => {
            let told = with_texts(store, told.unwrap_or_default(), answer, &mut lost)?;
            tell(span, told, to, known, before)?;
        }
        (Some(told), _) => tell(span, told, to, known, before)?,
        (None, Some(answer)) => converse(store, span.kind, answer, to, &mut lost)?,
        (None, None) => {}
    }
    to.attributes.put(UNREADABLE, lost.map(|error| error.to_string()));
    Ok(())
}

/// How what a run was asked begins, by its first call; empty where that is not kept, or cannot be read.
pub(super) fn asked(store: &Store, first: SpanId) -> String {
    let Ok(Some(span)) = store.get::<Span>(&first) else { return String::new() };
    let told = match again(store, &span) {
        Ok(None) => store.get::<Told>(&span.id),
        again => again,
    };
    let blocks = match (told, span.conversation.zip(span.answer)) {
        (Ok(Some(Told { query: Some(query), .. })), _) => vec![Block::Text { text: query }],
        (Ok(Some(told)), _) => {
            let mut turns = told.input.into_iter().rev();
            turns.find(|turn| turn.role == Role::User).map(|turn| turn.blocks).unwrap_or_default()
        }
        (_, Some((conversation, answer))) => {
            let get = |id: MessageId| store.get::<Message>(&(conversation, id)).ok().flatten();
            let question = get(answer).and_then(|answer| answer.parent).and_then(get);
            question.map(|question| question.blocks).unwrap_or_default()
        }
        _ => return String::new(),
    };
    let text = blocks.iter().find_map(Block::said).unwrap_or_default();
    brief(&text[..text.floor_char_boundary(LOOKED_AT)], ASKED)
}

/// Why what was said in a span cannot be read.
pub(super) fn unreadable(span: &TraceSpan) -> Option<&str> {
    span.attributes.text(UNREADABLE)
}

/// What was read; `None` of what is damaged, which is remembered.
fn sound<T>(read: Result<T>, lost: &mut Option<Error>) -> Result<Option<T>> {
    match read {
        Err(error) if error.kind == ErrorKind::Corrupt => {
            *lost = Some(error);
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// What was asked again is kept whole, beside the call in whose place it is.
fn again(store: &Store, span: &Span) -> Result<Option<Told>> {
    let Some(of) = span.replays else { return Ok(None) };
    let replay = store.get::<Replay>(&ReplayOf(of, span.id))?;
    Ok(replay.map(|Replay { asked, gave, .. }| Told {
        system: asked.system,
        settings: Some(asked.settings),
        input: asked.turns,
        output: gave.blocks,
        ..Told::default()
    }))
}

/// By the conversation that an answer stands in.
fn converse(
    store: &Store,
    kind: SpanKind,
    (conversation, answer): (ConversationId, MessageId),
    to: &mut TraceSpan,
    lost: &mut Option<Error>,
) -> Result<()> {
    let mut get = |id: MessageId| sound(store.get::<Message>(&(conversation, id)), lost).map(Option::flatten);
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
    let head = sound(store.get::<Conversation>(&conversation), lost)?.flatten();
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
    put_system(system.as_deref(), to);
    put_messages("gen_ai.input.messages", asked, to);
    put_messages("gen_ai.output.messages", vec![said(answer.role, &answer.blocks)], to);
    if let Some(of) = answer.answer.as_ref().filter(|_| kind == SpanKind::Converse) {
        parameters::put(&of.settings, &mut to.attributes);
    }
    Ok(())
}

/// What was looked for and found for an answer, which keeps both; the scores are kept beside the record.
fn with_texts(
    store: &Store,
    mut told: Told,
    answer: (ConversationId, MessageId),
    lost: &mut Option<Error>,
) -> Result<Told> {
    let message = sound(store.get::<Message>(&answer), lost)?.flatten();
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
fn tell(
    span: &Span,
    told: Told,
    to: &mut TraceSpan,
    known: &mut Known,
    read: impl FnMut(&SpanId) -> Result<Option<Told>>,
) -> Result<()> {
    let Told { after, system, settings, input, output, query, found, ran } = told;
    let mut shared = known.shared(after, read)?;
    shared.go_on(system, settings, input);
    if let Some(settings) = &shared.settings {
        parameters::put(settings, &mut to.attributes);
    }
    put_system(shared.system.as_deref().filter(|system| !system.is_empty()), to);
    put_messages(
        "gen_ai.input.messages",
        shared.turns.iter().map(|turn| said(turn.role, &turn.blocks)).collect(),
        to,
    );
    if shared.missing > 0 {
        to.attributes.push("outcrop.input.left_out", shared.missing);
    }
    if !output.is_empty() {
        put_messages("gen_ai.output.messages", vec![said(Role::Assistant, &output)], to);
    }
    if span.kind == SpanKind::Converse {
        shared.turns.push(Turn { role: Role::Assistant, blocks: output });
        known.keep(span.id, shared);
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
#[derive(Debug, Default)]
struct Shared {
    system: Option<String>,
    settings: Option<Settings>,
    turns: Vec<Turn>,
    /// Messages that are not kept any more.
    missing: u32,
}

impl Shared {
    /// The call behind it says that too.
    fn go_on(&mut self, system: Option<String>, settings: Option<Settings>, input: Vec<Turn>) {
        self.turns.extend(input);
        self.system = system.or(self.system.take());
        self.settings = settings.or(self.settings.take());
    }

    /// The next one shares so many of its messages.
    fn cut(&mut self, many: u32) {
        self.turns.truncate(many.saturating_sub(self.missing) as usize);
    }
}

impl Known {
    /// What a call shares with those before it, which `read` reads where they are not known.
    fn shared(
        &mut self,
        mut after: Option<(SpanId, u32)>,
        mut read: impl FnMut(&SpanId) -> Result<Option<Told>>,
    ) -> Result<Shared> {
        let known = after.and_then(|(id, many)| Some((self.take(id)?, many)));
        if let Some((mut shared, many)) = known {
            shared.cut(many);
            return Ok(shared);
        }
        let (mut chain, mut shared) = (Vec::new(), Shared::default());
        while let Some((id, many)) = after {
            let before = if chain.len() < CALLS { sound(read(&id), &mut None)?.flatten() } else { None };
            let Some(before) = before else {
                shared.missing = many;
                break;
            };
            after = before.after;
            chain.push((before, many));
        }
        for (before, many) in chain.into_iter().rev() {
            shared.go_on(before.system, before.settings, before.input);
            shared.turns.push(Turn { role: Role::Assistant, blocks: before.output });
            shared.cut(many);
        }
        Ok(shared)
    }

    fn take(&mut self, id: SpanId) -> Option<Shared> {
        let at = self.0.iter().position(|(known, _)| *known == id)?;
        self.0.remove(at).map(|(_, shared)| shared)
    }

    fn keep(&mut self, id: SpanId, shared: Shared) {
        if self.0.len() == RUNS {
            self.0.pop_front();
        }
        self.0.push_back((id, shared));
    }
}

fn put_system(system: Option<&str>, to: &mut TraceSpan) {
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::time::Timestamp;
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

    fn id(run: u8, step: u8) -> SpanId {
        let mut bytes = [run; 16];
        bytes[0] = step;
        SpanId::from_bytes(bytes)
    }

    /// The calls of a run, each with what one more tool gave, by their ids.
    fn run(number: u8, steps: u8) -> BTreeMap<SpanId, Told> {
        let text = |text: String| vec![Block::Text { text }];
        let call = |step: u8| {
            let before = step.checked_sub(1).map(|before| (id(number, before), 2 * u32::from(step)));
            let told = Told {
                after: before,
                system: (step == 0).then(|| "Be brief.".to_owned()),
                input: vec![Turn { role: Role::User, blocks: text(format!("gave {step}")) }],
                output: text(format!("calls {step}")),
                ..Told::default()
            };
            (id(number, step), told)
        };
        (0..steps).map(call).collect()
    }

    #[test]
    fn of_a_long_run_no_call_is_read_again_for_those_behind_it() {
        const STEPS: u8 = 200;
        // Two that take turns.
        let [one, other] = [1, 2].map(|number| run(number, STEPS));
        let all: BTreeMap<_, _> = one.iter().chain(&other).map(|(id, told)| (*id, told.clone())).collect();
        let (mut known, mut read) = (Known::default(), 0);
        for (id, told) in &all {
            let span = Span::begun(*id, SpanKind::Converse, "p", Timestamp(0));
            let [mut here, mut alone] = [TraceSpan::default(), TraceSpan::default()];
            let counted = |id: &SpanId| {
                read += 1;
                Ok(all.get(id).cloned())
            };
            tell(&span, told.clone(), &mut here, &mut known, counted).unwrap();
            tell(&span, told.clone(), &mut alone, &mut Known::default(), |id| Ok(all.get(id).cloned()))
                .unwrap();
            assert_eq!(here, alone, "it says the same as where it is looked at alone");
        }
        assert_eq!(read, 0);
        assert!(known.0.len() <= RUNS);
        let (_, last) = known.0.back().unwrap();
        assert_eq!((last.turns.len(), last.missing), (2 * usize::from(STEPS), 0));
    }
}
