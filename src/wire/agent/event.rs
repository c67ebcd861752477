//! The event that an action group's program is given, and its response, as Bedrock's Lambda functions have them
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/agents-lambda.html>): the same handler runs here and there.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::domain::agent::function::{Function, as_text};
use crate::domain::agent::operation::{BODY, Operation};
use crate::domain::agent::run::Sought;
use crate::domain::knowledge::ranking::Mode;
use crate::domain::{Error, ErrorKind, Result};

/// The version of event and response.
const VERSION: &str = "1.0";

/// Attributes of a session or of a turn.
pub type Attributes = BTreeMap<String, String>;

/// Whose call it is.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    pub agent: &'a str,
    pub agent_id: &'a str,
    pub version: u32,
    pub session: &'a str,
    /// What the person said in this turn.
    pub input_text: &'a str,
    pub group: &'a str,
    pub session_attributes: &'a Attributes,
    pub prompt_attributes: &'a Attributes,
}

/// What is called.
#[derive(Debug, Clone, Copy)]
pub enum Called<'a> {
    Function(&'a Function),
    Operation(&'a Operation),
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub body: String,
    pub state: State,
    /// Of an operation.
    pub status: Option<u16>,
    /// In the place of the session's attributes, where it has any.
    pub session_attributes: Option<Attributes>,
    /// In the place of the turn's.
    pub prompt_attributes: Option<Attributes>,
    /// How bases are asked from now on, by their ids.
    pub sought: BTreeMap<String, Sought>,
}

/// How the program says that it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Done,
    /// The run ends: what is behind the program does not work.
    Failure,
    /// The model is told the body, to try again.
    Reprompt,
}

/// The event of a call with that input.
pub fn write(caller: Caller<'_>, called: Called<'_>, input: &Value) -> Value {
    let mut event = json!({
        "messageVersion": VERSION,
        "agent": {
            "name": caller.agent,
            "id": caller.agent_id,
            "alias": "local",
            "version": caller.version.to_string(),
        },
        "inputText": caller.input_text,
        "sessionId": caller.session,
        "actionGroup": caller.group,
        "sessionAttributes": caller.session_attributes,
        "promptSessionAttributes": caller.prompt_attributes,
    });
    match called {
        Called::Function(function) => {
            let kind = |name: &str| {
                let known = function.parameters.iter().find(|parameter| parameter.name == name);
                known.map_or("string", |parameter| parameter.kind.as_str())
            };
            event["function"] = function.name.clone().into();
            event["parameters"] = listed(input, kind);
        }
        Called::Operation(operation) => {
            event["apiPath"] = operation.path.clone().into();
            event["httpMethod"] = operation.method.as_str().into();
            let mut parameters = input.clone();
            let body = parameters.as_object_mut().and_then(|parameters| parameters.remove(BODY));
            let kind = |name: &str| {
                let known = operation.parameters.iter().find(|parameter| parameter.name == name);
                known.map_or("string", |parameter| kind_of(&parameter.schema))
            };
            event["parameters"] = listed(&parameters, kind);
            if let Some(body) = body {
                let schema = operation.body.as_ref().map(|body| &body.schema);
                let kind = |name: &str| {
                    let property = schema.and_then(|schema| schema.get("properties")?.get(name));
                    property.map_or("string", kind_of)
                };
                event["requestBody"] =
                    json!({"content": {"application/json": {"properties": listed(&body, kind)}}});
            }
        }
    }
    event
}

/// An object's members as Bedrock lists them.
fn listed<'a>(input: &Value, kind: impl Fn(&str) -> &'a str) -> Value {
    let members = input.as_object().into_iter().flat_map(Map::iter).filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| json!({"name": name, "type": kind(name), "value": as_text(value)})).collect()
}

fn kind_of(schema: &Value) -> &str {
    schema.get("type").and_then(Value::as_str).unwrap_or("string")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    response: RawResponse,
    session_attributes: Option<Attributes>,
    prompt_session_attributes: Option<Attributes>,
    knowledge_bases_configuration: Option<Vec<RawBase>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBase {
    knowledge_base_id: String,
    retrieval_configuration: Option<RawRetrieval>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRetrieval {
    vector_search_configuration: Option<RawSearch>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawSearch {
    number_of_results: Option<usize>,
    override_search_type: Option<String>,
    filter: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResponse {
    http_status_code: Option<u16>,
    response_body: Option<BTreeMap<String, RawBody>>,
    response_state: Option<String>,
    function_response: Option<RawFunctionResponse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFunctionResponse {
    response_state: Option<String>,
    response_body: BTreeMap<String, RawBody>,
}

#[derive(Deserialize)]
struct RawBody {
    body: Value,
}

/// Reads a response. A body that is JSON itself instead of the text of it is taken as that text.
///
/// # Errors
///
/// `Invalid`: no such response; the message says what is missing.
pub fn read(bytes: &[u8]) -> Result<Response> {
    let raw: Raw = serde_json::from_slice(bytes).map_err(|why| bad(why.to_string()))?;
    let response = raw.response;
    let (state, body) = match response.function_response {
        Some(function) => (function.response_state, Some(function.response_body)),
        None => (response.response_state, response.response_body),
    };
    let bodies =
        body.ok_or_else(|| bad("it has neither \"responseBody\" nor \"functionResponse\"".to_owned()))?;
    let state = match state.as_deref() {
        None => State::Done,
        Some("FAILURE") => State::Failure,
        Some("REPROMPT") => State::Reprompt,
        Some(other) => return Err(bad(format!("its \"responseState\" is {other:?}"))),
    };
    let body = bodies.into_values().next().map_or(Value::Null, |body| body.body);
    let bases = raw.knowledge_bases_configuration.into_iter().flatten();
    let sought = bases.map(sought).collect::<Result<_>>()?;
    Ok(Response {
        body: if body.is_null() { String::new() } else { as_text(&body) },
        state,
        status: response.http_status_code,
        session_attributes: raw.session_attributes,
        prompt_attributes: raw.prompt_session_attributes,
        sought,
    })
}

/// How a base is asked, by its id.
fn sought(base: RawBase) -> Result<(String, Sought)> {
    let search = base.retrieval_configuration.and_then(|of| of.vector_search_configuration);
    let search = search.unwrap_or_default();
    let mode = match search.override_search_type.as_deref() {
        None => None,
        Some("HYBRID") => Some(Mode::Hybrid),
        Some("SEMANTIC") => Some(Mode::Semantic),
        Some(other) => return Err(bad(format!("its \"overrideSearchType\" is {other:?}"))),
    };
    let says =
        |filter: &Value| !filter.is_null() && filter.as_object().is_none_or(|members| !members.is_empty());
    let filter = search.filter.filter(says).map(|filter| filter.to_string());
    Ok((base.knowledge_base_id, Sought { results: search.number_of_results, mode, filter }))
}

fn bad(why: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "reading what an action gave back",
        why,
        "It is Bedrock's response of a Lambda function: {\"messageVersion\": \"1.0\", \"response\": {…}}.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::function::{Parameter, ParameterKind};
    use crate::domain::agent::operation::{Body, Method, OperationParameter, Place};

    fn caller(none: &Attributes) -> Caller<'_> {
        Caller {
            agent: "shop",
            agent_id: "A1",
            version: 3,
            session: "s",
            input_text: "tea!",
            group: "orders",
            session_attributes: none,
            prompt_attributes: none,
        }
    }

    #[test]
    fn a_function_s_event_is_bedrocks_and_every_value_a_text() {
        let parameter =
            Parameter { name: "count".to_owned(), kind: ParameterKind::Integer, ..Parameter::default() };
        let function =
            Function { name: "order".to_owned(), parameters: vec![parameter], ..Function::default() };
        let none = Attributes::new();
        let event = write(caller(&none), Called::Function(&function), &json!({"count": 2, "note": null}));
        assert_eq!(event["parameters"], json!([{"name": "count", "type": "integer", "value": "2"}]));
        assert_eq!(event["function"], "order");
        assert_eq!(event["agent"]["version"], "3");
        assert!(event.get("apiPath").is_none());
    }

    #[test]
    fn an_operations_event_parts_parameters_and_body() {
        let operation = Operation {
            id: "put".to_owned(),
            method: Method::Put,
            path: "/teas/{tea}".to_owned(),
            description: String::new(),
            parameters: vec![OperationParameter {
                name: "tea".to_owned(),
                place: Place::Path,
                description: String::new(),
                required: true,
                schema: json!({"type": "string"}),
            }],
            body: Some(Body {
                required: true,
                schema: json!({"type": "object", "properties": {"tags": {"type": "array"}}}),
            }),
            confirm: false,
        };
        let none = Attributes::new();
        let input = json!({"tea": "x", "body": {"tags": ["a"]}});
        let event = write(caller(&none), Called::Operation(&operation), &input);
        assert_eq!(event["parameters"], json!([{"name": "tea", "type": "string", "value": "x"}]));
        assert_eq!(
            event["requestBody"]["content"]["application/json"]["properties"],
            json!([{"name": "tags", "type": "array", "value": "[\"a\"]"}])
        );
        assert_eq!(
            (event["apiPath"].as_str(), event["httpMethod"].as_str()),
            (Some("/teas/{tea}"), Some("PUT"))
        );
    }

    #[test]
    fn responses_of_both_kinds_are_read() {
        let function = json!({"messageVersion": "1.0", "response": {"actionGroup": "g", "function": "f",
            "functionResponse": {"responseState": "REPROMPT", "responseBody": {"TEXT": {"body": "which?"}}}},
            "sessionAttributes": {"a": "b"}});
        let read_one = |value: &Value| read(value.to_string().as_bytes());
        let response = read_one(&function).unwrap();
        assert_eq!((response.body.as_str(), response.state), ("which?", State::Reprompt));
        assert_eq!(response.session_attributes.unwrap()["a"], "b");

        let api = json!({"response": {"httpStatusCode": 404,
            "responseBody": {"application/json": {"body": {"no": "tea"}}}}});
        let response = read_one(&api).unwrap();
        assert_eq!((response.status, response.body.as_str()), (Some(404), r#"{"no":"tea"}"#));
        assert_eq!(response.state, State::Done);
    }

    #[test]
    fn what_a_response_sets_besides_is_read() {
        let search = json!({"numberOfResults": 3, "overrideSearchType": "SEMANTIC",
            "filter": {"equals": {"key": "year", "value": 2024}}});
        let bases = json!([
            {"knowledgeBaseId": "A", "retrievalConfiguration": {"vectorSearchConfiguration": search}},
            {"knowledgeBaseId": "B", "retrievalConfiguration": {"vectorSearchConfiguration": {"filter": {}}}},
            {"knowledgeBaseId": "C", "retrievalConfiguration": null},
        ]);
        let response = json!({"response": {"functionResponse": {"responseBody": {"TEXT": {"body": "x"}}}},
            "promptSessionAttributes": {"today": "Monday"}, "knowledgeBasesConfiguration": bases});
        let response = read(response.to_string().as_bytes()).unwrap();
        assert_eq!(response.prompt_attributes.unwrap()["today"], "Monday");
        assert_eq!(response.session_attributes, None);
        let filter = Some(r#"{"equals":{"key":"year","value":2024}}"#.to_owned());
        let first = Sought { results: Some(3), mode: Some(Mode::Semantic), filter };
        let plain = Sought::default();
        let wanted = [("A".to_owned(), first), ("B".to_owned(), plain.clone()), ("C".to_owned(), plain)];
        assert_eq!(response.sought, BTreeMap::from(wanted));
        let body = json!({"functionResponse": {"responseBody": {"TEXT": {"body": "x"}}}});
        let none = json!({"response": body, "sessionAttributes": null, "knowledgeBasesConfiguration": null});
        assert!(read(none.to_string().as_bytes()).unwrap().sought.is_empty());
    }

    #[test]
    fn what_is_no_response_says_what_is_missing() {
        for (text, named) in [
            ("", "EOF"),
            ("hello", "expected"),
            ("{}", "response"),
            (r#"{"response": {}}"#, "responseBody"),
            (r#"{"response": {"responseBody": {}, "responseState": "OK"}}"#, "\"OK\""),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.why.contains(named), "{text}: {error}");
        }
    }
}
