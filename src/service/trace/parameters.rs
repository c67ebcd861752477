//! What a call of this program was asked with, by the names that OpenTelemetry has for it.

use serde_json::{Value as Json, json};

use crate::domain::settings::{FIELDS, KNOWLEDGE, Settings};
use crate::domain::tool::Tool;
use crate::domain::trace::{Attributes, Value};

/// Adds the tools and every setting that is made. A knowledge base is none of it: what was found in it is said.
pub(super) fn put(settings: &Settings, to: &mut Attributes) {
    if !settings.tools.is_empty() {
        let tools: Vec<Json> = settings.tools.iter().map(defined).collect();
        to.push("gen_ai.tool.definitions", Json::Array(tools).to_string());
    }
    for field in FIELDS.iter().filter(|field| !matches!(field.name, "tools" | KNOWLEDGE)) {
        let Some(text) = settings.get(field.name) else { continue };
        let key = format!("gen_ai.request.{}", field.name);
        if field.name == "stop" {
            let stop = settings.stop.iter().cloned().map(Value::Text).collect();
            to.push("gen_ai.request.stop_sequences", Value::List(stop));
        } else if let Ok(whole) = text.parse::<i64>() {
            to.push(key, whole);
        } else if let Ok(number) = text.parse::<f64>() {
            to.push(key, number);
        } else {
            to.push(key, text);
        }
    }
}

fn defined(tool: &Tool) -> Json {
    json!({
        "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::replay::Original;
    use crate::domain::trace::{Facts, TraceSpan};
    use crate::wire::trace::meaning;

    #[test]
    fn settings_come_back_from_a_span_as_they_were() {
        let mut settings = Settings::default();
        for (name, value) in [
            ("temperature", "0.2"),
            ("top_k", "40"),
            ("max_tokens", "100"),
            ("seed", "7"),
            ("stop", "[\"a,b\", \"c\"]"),
            ("reasoning", "low"),
            ("tools", "[{\"name\": \"look\", \"description\": \"Looks.\"}]"),
            ("tool_choice", "any"),
            ("response_schema", "{\"type\": \"object\"}"),
        ] {
            settings.set(name, value).unwrap();
        }
        let mut span = TraceSpan::default();
        put(&settings, &mut span.attributes);
        let contents = meaning::contents(&span);
        let original = Original::of(&span, &Facts::default(), &contents, None);
        assert_eq!(original.remarks, Vec::<String>::new());
        assert_eq!(original.asked.settings, settings);
    }
}
