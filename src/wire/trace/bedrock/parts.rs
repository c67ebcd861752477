//! Finding the parts of a trace in whatever was kept of an answer.

use serde_json::{Map, Value as Json};

use crate::wire::trace::moment;

/// The members of the union `Trace`.
const TRACES: [&str; 7] = [
    "preProcessingTrace",
    "orchestrationTrace",
    "postProcessingTrace",
    "routingClassifierTrace",
    "customOrchestrationTrace",
    "guardrailTrace",
    "failureTrace",
];

/// What an event was.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    /// One of the traces, and its member: `("orchestrationTrace", …)`.
    Trace(String, Json),
    /// A piece of the answer, decoded.
    Chunk(String),
    /// The person is asked to act.
    ReturnControl(Json),
    Files(Json),
    /// An exception, by its name.
    Exception(String, Json),
}

/// One event, with who spoke when.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub event: Event,
    /// The part as it came.
    pub raw: Json,
    pub session: String,
    pub agent: String,
    pub agent_name: String,
    pub alias: String,
    pub version: String,
    pub collaborator: String,
    /// The aliases of who called whom, the outermost first.
    pub callers: Vec<String>,
    /// Nanoseconds since the Unix epoch.
    pub at: Option<u64>,
}

/// Adds the parts in `json`; whether all of it was known.
pub(super) fn collect(json: Json, found: &mut Vec<Part>) -> bool {
    match json {
        Json::Array(list) => list.into_iter().fold(true, |known, one| collect(one, found) & known),
        Json::Object(map) => object(&map, found),
        _ => false,
    }
}

fn object(map: &Map<String, Json>, found: &mut Vec<Part>) -> bool {
    // The whole answer, as a client prints it.
    for around in ["completion", "events", "traces", "traceParts"] {
        if let Some(inner @ (Json::Array(_) | Json::Object(_))) = map.get(around) {
            return collect(inner.clone(), found);
        }
    }
    if let Some(part) = trace_part(map) {
        found.push(part);
        return true;
    }
    // An event is an object of one.
    let mut known = false;
    for (name, value) in map {
        known |= match name.as_str() {
            "trace" => return collect(value.clone(), found),
            "chunk" => push(found, map, Event::Chunk(chunk(value))),
            "returnControl" => push(found, map, Event::ReturnControl(value.clone())),
            "files" => push(found, map, Event::Files(value.clone())),
            exception if exception.ends_with("Exception") => {
                push(found, map, Event::Exception(name.clone(), value.clone()))
            }
            // What a client adds of its own.
            "ResponseMetadata" | "contentType" | "sessionId" | "memoryId" => true,
            _ => false,
        };
    }
    known
}

fn push(found: &mut Vec<Part>, map: &Map<String, Json>, event: Event) -> bool {
    // What says no session belongs to the one before it.
    let session = found.last().map(|last: &Part| last.session.clone()).unwrap_or_default();
    found.push(Part { session, ..around(map, event) });
    true
}

/// A `TracePart`, a `Trace` in it, or one by itself.
fn trace_part(map: &Map<String, Json>) -> Option<Part> {
    let of = |map: &Map<String, Json>| {
        map.iter()
            .find(|(key, _)| TRACES.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
    };
    let inner = map.get("trace").and_then(Json::as_object);
    let said = ["agentId", "sessionId", "eventTime", "callerChain"].iter().any(|key| map.contains_key(*key));
    let (key, value) = match inner {
        Some(inner) => match of(inner) {
            Some(found) => found,
            // A member of the union that is newer than this program.
            None if said && inner.len() == 1 => inner.iter().next().map(|(k, v)| (k.clone(), v.clone()))?,
            None => return None,
        },
        None => of(map)?,
    };
    Some(around(map, Event::Trace(key, value)))
}

fn around(map: &Map<String, Json>, event: Event) -> Part {
    let text = |key: &str| map.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let callers = map.get("callerChain").and_then(Json::as_array).into_iter().flatten();
    Part {
        event,
        raw: Json::Object(map.clone()),
        session: text("sessionId"),
        agent: text("agentId"),
        agent_name: text("agentName"),
        alias: text("agentAliasId"),
        version: text("agentVersion"),
        collaborator: text("collaboratorName"),
        callers: callers.filter_map(|one| one.get("agentAliasArn")?.as_str().map(str::to_owned)).collect(),
        at: map.get("eventTime").and_then(moment::nanos),
    }
}

/// The text of a chunk: base64 on the wire, sometimes decoded by a client, or written as Python shows bytes.
fn chunk(value: &Json) -> String {
    use base64::Engine;
    let bytes = value.get("bytes").and_then(Json::as_str).unwrap_or_default();
    let decoded = base64::engine::general_purpose::STANDARD.decode(bytes).ok();
    let text = decoded.or_else(|| of_python(bytes)).and_then(|bytes| String::from_utf8(bytes).ok());
    text.unwrap_or_else(|| bytes.to_owned())
}

/// The bytes of a literal of Python, as `json.dumps(event, default=str)` leaves them: `b'7 \xc2\xb0C'`.
fn of_python(literal: &str) -> Option<Vec<u8>> {
    let quoted = literal.strip_prefix('b')?;
    let quote = quoted.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    let mut rest = quoted.strip_prefix(quote)?.strip_suffix(quote)?.bytes();
    let mut bytes = Vec::new();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                let high = digit(rest.next()?)?;
                high * 16 + digit(rest.next()?)?
            }
            other => other,
        });
    }
    Some(bytes)
}
