//! Functions of an action group by their details: a name, what it does, and parameters of five kinds, as Bedrock has them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::tool::Tool;

/// One function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Function {
    pub name: String,
    /// What it does and when to call it.
    pub description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// A person must agree before each call.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
}

/// One parameter of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameter {
    pub name: String,
    pub description: String,
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    #[default]
    String,
    Number,
    Integer,
    Boolean,
    Array,
}

impl ParameterKind {
    /// The name in JSON schemas, and in Bedrock's events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Array => "array",
        }
    }
}

impl Function {
    /// As a model is told of it.
    pub fn tool(&self) -> Tool {
        let mut properties = Map::new();
        for parameter in &self.parameters {
            let mut property = json!({"type": parameter.kind.as_str()});
            if !parameter.description.is_empty() {
                property["description"] = parameter.description.clone().into();
            }
            properties.insert(parameter.name.clone(), property);
        }
        let required: Vec<&str> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
            .map(|parameter| parameter.name.as_str())
            .collect();
        Tool {
            name: self.name.clone(),
            description: self.description.clone(),
            schema: json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            }),
        }
    }

    /// The required parameters that an input lacks, in their order.
    pub fn missing<'a>(&'a self, input: &Value) -> Vec<&'a Parameter> {
        let lacks = |parameter: &&Parameter| {
            parameter.required && input.get(&parameter.name).is_none_or(Value::is_null)
        };
        self.parameters.iter().filter(lacks).collect()
    }
}

/// A value of an input as Bedrock's events have it: a text.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Function {
        let parameter = |name: &str, kind, required| Parameter {
            name: name.to_owned(),
            description: String::new(),
            kind,
            required,
        };
        Function {
            name: "order".to_owned(),
            description: "Orders something.".to_owned(),
            parameters: vec![
                parameter("what", ParameterKind::String, true),
                parameter("count", ParameterKind::Integer, true),
                parameter("gift", ParameterKind::Boolean, false),
            ],
            confirm: true,
        }
    }

    #[test]
    fn a_function_is_a_tool_with_a_schema_of_its_parameters() {
        let tool = order().tool();
        assert_eq!(tool.schema["properties"]["count"], json!({"type": "integer"}));
        assert_eq!(tool.schema["required"], json!(["what", "count"]));
        let read =
            crate::domain::tool::read(&serde_json::to_string(std::slice::from_ref(&tool)).unwrap()).unwrap();
        assert_eq!(read, [tool]);
    }

    #[test]
    fn what_is_missing_is_named_in_its_order() {
        let order = order();
        let names = |input| order.missing(&input).iter().map(|p| p.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names(json!({"gift": true})), ["what", "count"]);
        assert_eq!(names(json!({"what": "tea", "count": null})), ["count"]);
        assert_eq!(names(json!({"what": "tea", "count": 2})), Vec::<&str>::new());
        assert_eq!(as_text(&json!(["a", 1])), r#"["a",1]"#);
    }
}
