//! Operations of an HTTP API: a method, a path, and what goes where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::tool::Tool;

/// What a request's body is called among a tool's inputs.
pub const BODY: &str = "body";

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its `operationId`, or a name made of its method and path.
    pub id: String,
    pub method: Method,
    /// With `{name}` where a parameter goes.
    pub path: String,
    pub description: String,
    pub parameters: Vec<OperationParameter>,
    /// The JSON body of the request.
    pub body: Option<Body>,
    /// A person must agree before each call.
    pub confirm: bool,
}

/// How an operation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Options,
    Head,
    Patch,
}

impl Method {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Get, Self::Put, Self::Post, Self::Delete, Self::Options, Self::Head, Self::Patch];

    /// As HTTP has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
        }
    }

    /// Whether it asks for nothing but to be told something (RFC 9110, 9.2.1).
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Path,
    Query,
    Header,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationParameter {
    pub name: String,
    pub place: Place,
    pub description: String,
    pub required: bool,
    /// A JSON schema that refers to nothing outside of itself.
    pub schema: Value,
}

/// The body of an operation's request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub required: bool,
    /// A JSON schema that refers to nothing outside of itself.
    pub schema: Value,
}

/// A request as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// The path and the query, percent-encoded.
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: Option<String>,
}

impl Request {
    /// The same without what the group says itself: no model says that.
    #[must_use]
    pub fn under(mut self, own: &BTreeMap<String, String>) -> Self {
        self.headers.retain(|(name, _)| !own.keys().any(|own| own.eq_ignore_ascii_case(name)));
        self
    }

    /// Where it goes, with the API at `base`.
    pub fn url(&self, base: &str) -> String {
        format!("{}{}", base.trim_end_matches('/'), self.path)
    }

    /// As a person is shown it before they agree: what is sent, byte by byte, but for the headers of the group itself.
    pub fn shown(&self, base: &str) -> String {
        let line = |(name, value): &(String, String)| format!("\n{name}: {value}");
        let headers = self.headers.iter().map(line).collect::<Vec<_>>().concat();
        let body = self.body.as_deref().map_or_else(String::new, |body| format!("\n\n{body}"));
        format!("{} {}{headers}{body}", self.method.as_str(), self.url(base))
    }
}

impl Operation {
    /// As a model is told of it: each parameter by its name, and the body as `body`.
    pub fn tool(&self) -> Tool {
        let mut properties = Map::new();
        for parameter in &self.parameters {
            let mut schema = parameter.schema.clone();
            if let Value::Object(schema) = &mut schema
                && !parameter.description.is_empty()
            {
                schema.entry("description").or_insert_with(|| parameter.description.clone().into());
            }
            properties.insert(parameter.name.clone(), schema);
        }
        let needed = self.parameters.iter().filter(|parameter| parameter.required);
        let mut required: Vec<&str> = needed.map(|parameter| parameter.name.as_str()).collect();
        if let Some(body) = &self.body {
            properties.insert(BODY.to_owned(), body.schema.clone());
            required.extend(body.required.then_some(BODY));
        }
        Tool {
            name: self.id.clone(),
            description: self.description.clone(),
            schema: json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            }),
        }
    }

    /// The request that an input comes to.
    ///
    /// # Errors
    ///
    /// Why there is none, in words that a model can be told: a required value is missing, or one is no plain value.
    pub fn request(&self, input: &Value) -> Result<Request, String> {
        let (mut path, mut query, mut headers) = (self.path.clone(), String::new(), Vec::new());
        for parameter in &self.parameters {
            let name = &parameter.name;
            let Some(value) = input.get(name).filter(|value| !value.is_null()) else {
                if parameter.required {
                    return Err(format!("the required parameter {name:?} is missing"));
                }
                continue;
            };
            match parameter.place {
                Place::Path => {
                    let text = plain(name, value)?;
                    // A dot alone would be a step of the path.
                    if text.is_empty() || text.chars().all(|c| c == '.') {
                        return Err(format!("{text:?} is no value of {name:?}, which is a part of the path"));
                    }
                    path = path.replace(&format!("{{{name}}}"), &encoded(&text));
                }
                Place::Query => {
                    let values: Vec<&Value> =
                        value.as_array().map_or_else(|| vec![value], |all| all.iter().collect());
                    for value in values {
                        query.push(if query.is_empty() { '?' } else { '&' });
                        query.push_str(&encoded(name));
                        query.push('=');
                        query.push_str(&encoded(&plain(name, value)?));
                    }
                }
                Place::Header => {
                    let text = plain(name, value)?;
                    if text.chars().any(char::is_control) {
                        return Err(format!("{name:?} is a header: it takes one line"));
                    }
                    headers.push((name.clone(), text));
                }
            }
        }
        let body = input.get(BODY).filter(|body| self.body.is_some() && !body.is_null());
        if body.is_none() && self.body.as_ref().is_some_and(|body| body.required) {
            return Err(format!("the required {BODY:?} is missing"));
        }
        path.push_str(&query);
        Ok(Request { method: self.method, path, headers, body: body.map(Value::to_string) })
    }
}

/// A value as a text of a path, a query or a header.
fn plain(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(format!("{name:?} takes a text, a number, true or false")),
    }
}

/// All but unreserved characters (RFC 3986) percent-encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation() -> Operation {
        let parameter = |name: &str, place, required| OperationParameter {
            name: name.to_owned(),
            place,
            description: String::new(),
            required,
            schema: json!({"type": "string"}),
        };
        Operation {
            id: "moveTea".to_owned(),
            method: Method::Post,
            path: "/teas/{tea}/move".to_owned(),
            description: "Moves a tea.".to_owned(),
            parameters: vec![
                parameter("tea", Place::Path, true),
                parameter("tag", Place::Query, false),
                parameter("X-By", Place::Header, false),
            ],
            body: Some(Body { required: true, schema: json!({"type": "object"}) }),
            confirm: false,
        }
    }

    #[test]
    fn an_input_becomes_a_request_with_everything_in_its_place() {
        let input = json!({"tea": "a/b c", "tag": ["x&y", 2], "X-By": "me", "body": {"to": "é"}});
        let request = operation().request(&input).unwrap();
        assert_eq!(request.path, "/teas/a%2Fb%20c/move?tag=x%26y&tag=2");
        assert_eq!(request.headers, [("X-By".to_owned(), "me".to_owned())]);
        assert_eq!(request.body.as_deref(), Some(r#"{"to":"é"}"#));
        let shown =
            "POST https://tea.example/v1/teas/a%2Fb%20c/move?tag=x%26y&tag=2\nX-By: me\n\n{\"to\":\"é\"}";
        assert_eq!(request.shown("https://tea.example/v1/"), shown);
        let own = BTreeMap::from([("x-by".to_owned(), "$WHO".to_owned())]);
        assert!(request.under(&own).headers.is_empty(), "what the group says no model says");
        assert_eq!(operation().tool().schema["required"], json!(["tea", "body"]));
    }

    #[test]
    fn no_value_leads_out_of_its_place() {
        for (input, why) in [
            (json!({"body": {}}), "\"tea\" is missing"),
            (json!({"tea": "x"}), "\"body\" is missing"),
            (json!({"tea": "..", "body": {}}), "part of the path"),
            (json!({"tea": {}, "body": {}}), "takes a text"),
            (json!({"tea": "x", "X-By": "a\r\nHost: b", "body": {}}), "one line"),
        ] {
            let refused = operation().request(&input).unwrap_err();
            assert!(refused.contains(why), "{input}: {refused}");
        }
    }
}
