//! Operations of an `OpenAPI` 3 document (<https://spec.openapis.org/oas/v3.0.3>), as action groups have them.
//!
//! Of a document that describes more than an agent can call the rest is left out; only what would make a wrong request is an error.

use serde_json::{Map, Value};

use crate::domain::agent::operation::{Body, Method, Operation, OperationParameter, Place};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::yaml;

/// Bedrock's mark of operations that a person must agree to.
const CONFIRM: &str = "x-requireConfirmation";

/// Headers that no model fills, in lower case: OpenAPI has the first three described elsewhere, and the others lead a request to
/// somebody else, tell another length than it has, or are of the connection.
const OWN_HEADERS: [&str; 15] = [
    "accept",
    "authorization",
    "content-type",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Operations that are taken of one document.
const MOST: usize = 200;

/// References that are followed into one another.
const DEEPEST: usize = 24;

/// Lists and maps within one another, in a document and in a schema with its references put in: a record that holds them is to be
/// read again.
const LEVELS: usize = 100;

/// Bytes that one schema may come to with its references put in.
const LARGEST: usize = 64 * 1024;

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// The first server's URL, as it stands there.
    pub server: Option<String>,
    pub operations: Vec<Operation>,
}

/// A document of its text, which is JSON or YAML.
///
/// # Errors
///
/// `Invalid`: it is neither.
pub fn document(text: &str) -> Result<Value> {
    let document = serde_json::from_str(text).or_else(|_| yaml::read(text));
    document.map_err(|why| bad(format!("it is neither JSON nor YAML: {why}")))
}

/// Reads a document.
///
/// # Errors
///
/// `Invalid`: no `OpenAPI` 3 document, one too deep to be kept, an operation that comes twice, a parameter that is not described.
pub fn read(document: &Value) -> Result<Api> {
    if !is_within(document, LEVELS) {
        return Err(bad(format!("its lists and maps lie deeper than {LEVELS} in one another")));
    }
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        return Err(bad(if version.is_empty() {
            "it has no \"openapi\"".to_owned()
        } else {
            format!("it is of version {version:?}")
        }));
    }
    let Some(paths) = document.get("paths").and_then(Value::as_object) else {
        return Err(bad("it has no \"paths\"".to_owned()));
    };
    let mut operations: Vec<Operation> = Vec::new();
    for (path, item) in paths {
        if !path.starts_with('/') {
            return Err(bad(format!("the path {path:?} does not begin with \"/\"")));
        }
        let item = resolved(document, item)?;
        for method in Method::ALL {
            let Some(operation) = item.get(method.as_str().to_ascii_lowercase()) else { continue };
            let operation = of_operation(document, path, method, item, operation)?;
            if operations.iter().any(|other| other.id == operation.id) {
                return Err(bad(format!("the operation {:?} is there twice", operation.id)));
            }
            operations.push(operation);
        }
    }
    if operations.is_empty() {
        return Err(bad("it has no operation".to_owned()));
    }
    if operations.len() > MOST {
        return Err(bad(format!("it has {} operations; {MOST} are the most", operations.len())));
    }
    let server = document.pointer("/servers/0/url").and_then(Value::as_str).map(str::to_owned);
    Ok(Api { server, operations })
}

fn of_operation(
    document: &Value,
    path: &str,
    method: Method,
    item: &Value,
    operation: &Value,
) -> Result<Operation> {
    let id = match operation.get("operationId").and_then(Value::as_str) {
        Some(id) => plain_name(id),
        None => plain_name(&format!("{}{path}", method.as_str().to_ascii_lowercase())),
    };
    let text =
        |name: &str| operation.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let description = text("description").or_else(|| text("summary")).unwrap_or_default().to_owned();
    let confirm = operation.get(CONFIRM).and_then(Value::as_str) == Some("ENABLED");

    let mut parameters: Vec<OperationParameter> = Vec::new();
    // An operation's own come over those of its path.
    for list in [operation, item] {
        for parameter in list.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let parameter = of_parameter(document, &id, resolved(document, parameter)?)?;
            let known = |other: &OperationParameter, new: &OperationParameter| {
                other.name == new.name && other.place == new.place
            };
            match parameter {
                Some(new) if !parameters.iter().any(|other| known(other, &new)) => parameters.push(new),
                _ => {}
            }
        }
    }
    for name in path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
        if !parameters.iter().any(|parameter| parameter.place == Place::Path && parameter.name == name) {
            return Err(bad(format!("the parameter {name:?} of {path:?} is not described")));
        }
    }
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(bad(format!("the parameter {:?} of {id:?} is in two places", twice.1)));
    }

    let body = operation.get("requestBody").map(|body| resolved(document, body)).transpose()?;
    let body = body.and_then(|body| {
        let content = body.get("content")?.as_object()?;
        let json = |kind: &str| kind == "application/json" || kind.ends_with("+json");
        let (_, media) = content.iter().find(|(kind, _)| json(kind))?;
        let required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
        Some((required, media.get("schema").cloned().unwrap_or_else(|| Value::Object(Map::new()))))
    });
    let body = body
        .map(|(required, schema)| whole(document, &id, &schema).map(|schema| Body { required, schema }))
        .transpose()?;
    Ok(Operation { id, method, path: path.to_owned(), description, parameters, body, confirm })
}

/// `None` for a cookie, which no agent sends, and for a header of the request's own.
fn of_parameter(document: &Value, id: &str, parameter: &Value) -> Result<Option<OperationParameter>> {
    let Some(name) = parameter.get("name").and_then(Value::as_str) else {
        return Err(bad(format!("a parameter of {id:?} has no name")));
    };
    let place = match parameter.get("in").and_then(Value::as_str) {
        Some("path") => Place::Path,
        Some("query") => Place::Query,
        Some("header") if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => return Ok(None),
        Some("header") => Place::Header,
        Some("cookie") => return Ok(None),
        other => {
            let place = other.unwrap_or("nowhere");
            return Err(bad(format!("the parameter {name:?} of {id:?} is in {place:?}")));
        }
    };
    let schema = parameter.get("schema").cloned().unwrap_or_else(|| serde_json::json!({"type": "string"}));
    Ok(Some(OperationParameter {
        name: name.to_owned(),
        place,
        description: parameter.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
        required: place == Place::Path || parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
        schema: whole(document, id, &schema)?,
    }))
}

/// What a value refers to, where it refers.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value> {
    let mut value = value;
    for _ in 0..DEEPEST {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
        value = target(document, reference)?;
    }
    Err(bad("its references lead around in a circle".to_owned()))
}

fn target<'a>(document: &'a Value, reference: &str) -> Result<&'a Value> {
    let inside = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    inside.ok_or_else(|| {
        bad(format!("it refers to {reference:?}, which is not in it, and no other document is ever fetched"))
    })
}

/// A schema with all that it refers to put in. What contains itself ends as any value.
fn whole(document: &Value, id: &str, schema: &Value) -> Result<Value> {
    let mut room = LARGEST;
    put_in(document, schema, &mut Vec::new(), &mut room, LEVELS)
        .map_err(|error| bad(format!("a schema of {id:?}: {}", error.why)))
}

fn put_in(
    document: &Value,
    value: &Value,
    within: &mut Vec<String>,
    room: &mut usize,
    levels: usize,
) -> Result<Value> {
    let weight = match value {
        Value::String(text) => text.len(),
        _ => 1,
    };
    *room =
        room.checked_sub(weight).ok_or_else(|| bad(format!("it is larger than {} KB", LARGEST / 1024)))?;
    match value {
        Value::Object(_) | Value::Array(_) if levels == 0 => {
            Err(bad(format!("its lists and maps lie deeper than {LEVELS} in one another")))
        }
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                if within.len() >= DEEPEST || within.iter().any(|known| known == reference) {
                    return Ok(Value::Object(Map::new()));
                }
                let target = target(document, reference)?;
                within.push(reference.to_owned());
                let put = put_in(document, target, within, room, levels);
                within.pop();
                return put;
            }
            let mut put = Map::new();
            for (name, inner) in object {
                *room = room.saturating_sub(name.len());
                put.insert(name.clone(), put_in(document, inner, within, room, levels - 1)?);
            }
            Ok(Value::Object(put))
        }
        Value::Array(all) => all
            .iter()
            .map(|inner| put_in(document, inner, within, room, levels - 1))
            .collect::<Result<_>>()
            .map(Value::Array),
        plain => Ok(plain.clone()),
    }
}

/// Whether no more lists and maps lie within one another.
fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Object(members) => levels > 0 && members.values().all(|inner| is_within(inner, levels - 1)),
        Value::Array(all) => levels > 0 && all.iter().all(|inner| is_within(inner, levels - 1)),
        _ => true,
    }
}

/// A name that every model's API takes.
fn plain_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_matches('_');
    name.chars().take(64).collect()
}

fn bad(why: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "reading an OpenAPI document",
        why,
        "It must be an OpenAPI 3 document in which everything that it refers to is there.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn teas() -> Value {
        json!({
            "openapi": "3.0.0",
            "servers": [{"url": "https://teas.example.org/v1"}],
            "paths": {
                "/teas/{tea}": {
                    "parameters": [{"$ref": "#/components/parameters/Tea"}],
                    "get": {"summary": "One tea.", "responses": {}},
                    "put": {
                        "operationId": "put tea!", "description": "Puts a tea.", "x-requireConfirmation": "ENABLED",
                        "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}},
                                       {"name": "c", "in": "cookie"}, {"name": "Host", "in": "header"},
                                       {"name": "authorization", "in": "header"},
                                       {"name": "Proxy-Connection", "in": "header"}],
                        "requestBody": {"required": true, "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Tea"}}}},
                        "responses": {},
                    },
                },
            },
            "components": {
                "parameters": {"Tea": {"name": "tea", "in": "path", "required": true, "schema": {"type": "string"}}},
                "schemas": {"Tea": {"type": "object", "properties": {
                    "name": {"type": "string"}, "like": {"$ref": "#/components/schemas/Tea"}}}},
            },
        })
    }

    #[test]
    fn operations_are_read_with_what_they_refer_to_put_in() {
        let api = read(&teas()).unwrap();
        assert_eq!(api.server.as_deref(), Some("https://teas.example.org/v1"));
        let ids: Vec<&str> = api.operations.iter().map(|operation| operation.id.as_str()).collect();
        assert_eq!(ids, ["get_teas_tea", "put_tea"]);
        let put = &api.operations[1];
        assert!(put.confirm && put.body.as_ref().unwrap().required);
        let names: Vec<&str> = put.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["dry", "tea"], "no cookie, and none of the request's own headers");
        let body = &put.tool().schema["properties"]["body"]["properties"];
        assert_eq!(*body, json!({"name": {"type": "string"}, "like": {}}), "a circle ends as any value");
        assert_eq!(api.operations[0].description, "One tea.");
    }

    #[test]
    fn a_document_is_read_from_its_text_in_json_and_in_yaml() {
        assert_eq!(document(&teas().to_string()).unwrap(), teas());
        let yaml = "openapi: 3.0.0\npaths:\n  /teas:\n    get: {operationId: all, responses: {200: {}}}\n";
        assert_eq!(read(&document(yaml).unwrap()).unwrap().operations[0].id, "all");
        assert!(document("a: [").unwrap_err().why.contains("neither JSON nor YAML"));
    }

    #[test]
    fn a_document_that_would_make_a_wrong_request_is_refused() {
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut document = teas();
            change(&mut document);
            read(&document).unwrap_err().why
        };
        for (why, named) in [
            (refused(&|d| d["openapi"] = json!("2.0")), "2.0"),
            (refused(&|d| d["paths"] = json!({})), "no operation"),
            (refused(&|d| d["paths"] = json!({"teas": {}})), "\"teas\""),
            (refused(&|d| d["paths"]["/teas/{tea}"]["parameters"] = json!([])), "not described"),
            (refused(&|d| d["components"]["parameters"] = json!({})), "is not in it"),
            (
                refused(&|d| {
                    d["components"]["parameters"]["Tea"] = json!({"$ref": "#/components/parameters/Tea"});
                }),
                "circle",
            ),
            (
                refused(&|d| d["components"]["schemas"]["Tea"] = json!({"$ref": "http://elsewhere/x"})),
                "ever fetched",
            ),
        ] {
            assert!(why.contains(named), "{why}");
        }
    }

    #[test]
    fn a_schema_that_doubles_with_every_reference_has_an_end() {
        let mut document = teas();
        for level in 0..20 {
            let next = json!({"$ref": format!("#/components/schemas/L{}", level + 1)});
            document["components"]["schemas"][format!("L{level}")] =
                json!({"type": "object", "properties": {"a": next, "b": next}});
        }
        document["components"]["schemas"]["L20"] = json!({"type": "string"});
        document["components"]["schemas"]["Tea"] = json!({"$ref": "#/components/schemas/L0"});
        assert!(read(&document).unwrap_err().why.contains("larger than 64 KB"));
    }

    #[test]
    fn what_lies_too_deep_to_be_kept_is_refused_also_behind_references() {
        let deep = |levels: usize, end: Value| (0..levels).fold(end, |inner, _| json!({ "items": inner }));
        let mut document = teas();
        document["x-deep"] = deep(LEVELS, json!(1));
        assert!(read(&document).unwrap_err().why.contains("deeper than 100"));
        let mut document = teas();
        let next = json!({"$ref": "#/components/schemas/Leaf"});
        document["components"]["schemas"]["Leaf"] = deep(60, json!("x"));
        document["components"]["schemas"]["Tea"] = deep(30, next.clone());
        assert!(read(&document).is_ok());
        document["components"]["schemas"]["Tea"] = deep(60, next);
        assert!(read(&document).unwrap_err().why.contains("deeper than 100"));
    }
}
