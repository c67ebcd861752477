//! Configuration as people and programs read it: values with origins, the default file, the JSON schema.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ::config::{Value, ValueKind};
use serde_json::json;

use super::table::{KEYS, Key, Kind};
use super::{ActionKeys, Shown, check};
use crate::domain::secret::shown_url;

/// What is shown of a secret.
pub(super) const SECRET: &str = "\"…\"";

/// Every leaf of the merged values: known keys in the order of the list, then names that the person chose.
pub(super) fn values(merged: &Value) -> Vec<Shown> {
    let mut shown = Vec::new();
    leaves("", merged, &mut shown);
    let place = |path: &str| {
        let key = check::find(path);
        KEYS.iter().position(|k| Some(k) == key).unwrap_or(usize::MAX)
    };
    // Keys below a name stay beside each other: ordered by the first key of their table, then by name, then by key.
    shown.sort_by_cached_key(|value| {
        let parts = check::split(&value.key);
        let table = KEYS.iter().position(|k| k.path.split('.').next() == parts.first().copied());
        let own = place(&value.key);
        let name =
            if KEYS.get(own).is_some_and(|k| k.path.contains('*')) { parts.get(1).copied() } else { None };
        (table, name.map(str::to_owned), own)
    });
    shown
}

fn leaves(under: &str, value: &Value, shown: &mut Vec<Shown>) {
    let kind = check::find(under).map(|key| key.kind);
    if let (ValueKind::Table(table), false) = (&value.kind, kind == Some(Kind::SettingJson)) {
        for (name, value) in table {
            leaves(&check::join(under, name), value, shown);
        }
        return;
    }
    shown.push(Shown {
        key: under.to_owned(),
        value: text(kind, value),
        origin: value.origin().unwrap_or("default").to_owned(),
    });
}

fn text(kind: Option<Kind>, value: &Value) -> String {
    match (&value.kind, kind) {
        // The name of a variable is no secret, and the person wants to see it.
        (ValueKind::String(text), Some(Kind::Secret)) if !text.starts_with('$') => SECRET.to_owned(),
        (ValueKind::String(text), Some(Kind::Proxy | Kind::Url)) => quoted(&shown_url(text)),
        (ValueKind::String(text), _) => quoted(text),
        (value @ (ValueKind::Array(_) | ValueKind::Table(_)), Some(Kind::SettingJson)) => {
            quoted(&check::json_text(value))
        }
        (ValueKind::Array(values), _) => {
            let values: Vec<_> = values.iter().map(|value| self::text(kind, value)).collect();
            format!("[{}]", values.join(", "))
        }
        (other, _) => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A configuration file with every key, its meaning and its default, commented out.
pub fn default_file() -> String {
    let mut file = String::from(
        "# Outcrop's configuration. Every key is here with its default, or an example where it has none; take the first # away\n\
         # to set one.\n\
         # Environment variables OUTCROP_… and flags win over this file; `outcrop config show` tells what is in force.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (parent, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if parent != table {
            table = parent;
            let _ = writeln!(
                file,
                "\n{}[{}]",
                if parent.contains('*') { "# " } else { "" },
                parent
                    .replace('*', if parent.starts_with("models.") { "\"PROVIDER/MODEL\"" } else { "NAME" })
            );
        } else if parent.is_empty() {
            file.push('\n');
        }
        let example = if key.default.is_empty() { example(key) } else { key.default };
        let choices = match key.kind {
            Kind::OneOf(names) => format!(" ({})", names.join(", ")),
            _ => String::new(),
        };
        let mark = if key.default.is_empty() { "  # an example" } else { "" };
        let _ =
            writeln!(file, "# {}{choices}\n# {} = {example}{mark}", key.about, name.replace('*', "ACTION"));
    }
    file
}

/// A value that a person might well write, as TOML.
fn example(key: &Key) -> &'static str {
    match key.path.rsplit('.').next().unwrap_or_default() {
        "temperature" => "0.7",
        "top_p" => "0.95",
        "top_k" => "40",
        "repeat_penalty" => "1.1",
        "max_tokens" => "1024",
        "seed" => "1",
        "stop" => "[\"END\"]",
        "system" => "\"Answer in one sentence.\"",
        "kind" => "\"openai\"",
        "base_url" => "\"http://127.0.0.1:8080/v1\"",
        "record" | "file" => "\"/home/me/demo.cassette\"",
        "pace" => "\"instant\"",
        "api" => "\"chat\"",
        "key_header" => "\"api-key\"",
        "api_key_cmd" => "\"pass show home-server\"",
        "stream" => "false",
        "at_once" => "2",
        "per_minute" => "60",
        "connect_timeout" => "10",
        "answer_timeout" => "600",
        "idle_timeout" => "120",
        "optional" => "true",
        "api_key" => "\"$HOME_SERVER_KEY\"",
        "postgres_url" => "\"$DATABASE_URL\"",
        "qdrant_url" => "\"http://127.0.0.1:6333\"",
        "qdrant_api_key" => "\"$QDRANT_KEY\"",
        "region" => "\"us-east-1\"",
        "profile" => "\"default\"",
        "http_proxy" | "https_proxy" | "all_proxy" => "\"http://proxy:3128\"",
        "context" => "32768",
        "max_output" => "8192",
        "can" => "[\"chat\", \"vision\"]",
        "lacks" => "[\"tools\"]",
        "input_price" => "0.5",
        "output_price" => "1.5",
        "cached_price" => "0.05",
        "cache_write_price" => "0.6",
        "picture_price" => "0.04",
        "search_price" => "0.002",
        "regions" => "[\"eu-central-1\", \"us-east-1\"]",
        "no_proxy" => "\"localhost,.example.org\"",
        "ca_file" => "\"/etc/ssl/company.pem\"",
        _ => match key.kind {
            Kind::Keys => "[\"f9\"]",
            Kind::Model => "\"local/smollm2-135m\"",
            Kind::Flag => "false",
            Kind::Whole(..) | Kind::Setting | Kind::Amount => "1",
            Kind::Texts => "[]",
            Kind::SettingJson if key.path.ends_with("tools") => "'[]'",
            Kind::SettingJson => "'{}'",
            Kind::SettingWord if key.path.ends_with("tool_choice") => "\"auto\"",
            Kind::SettingWord => "\"off\"",
            _ => "\"\"",
        },
    }
}

/// The JSON schema of the configuration file, for editors; `actions` are those that `[keys]` can name.
pub fn schema(actions: &[ActionKeys]) -> serde_json::Value {
    #[derive(Default)]
    struct Node {
        inner: BTreeMap<String, Node>,
        own: Option<serde_json::Value>,
    }
    fn written(node: &Node) -> serde_json::Value {
        if let Some(own) = &node.own {
            return own.clone();
        }
        let mut object = json!({ "type": "object", "additionalProperties": false });
        for (name, inner) in &node.inner {
            if name == "*" {
                object["additionalProperties"] = written(inner);
            } else {
                object["properties"][name] = written(inner);
            }
        }
        object
    }
    let mut root = Node::default();
    for key in KEYS {
        let mut node = &mut root;
        for part in key.path.split('.') {
            node = node.inner.entry(part.to_owned()).or_default();
        }
        let mut own = match key.kind {
            Kind::Text | Kind::Secret | Kind::Proxy | Kind::SettingWord => json!({ "type": "string" }),
            Kind::Url => json!({ "type": "string", "pattern": "^https?://" }),
            Kind::Model => json!({ "type": "string", "pattern": "^[^/]+/.+$" }),
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::Whole(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
            Kind::Amount => json!({ "type": "number", "minimum": 0 }),
            Kind::Setting => json!({ "type": "number" }),
            Kind::SettingJson => json!({ "type": ["string", "array", "object"] }),
            Kind::OneOf(names) => json!({ "enum": names }),
            Kind::Keys => {
                json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
            }
            Kind::Texts => json!({ "type": "array", "items": { "type": "string" }, "maxItems": 16 }),
        };
        own["description"] = json!(key.about);
        if let Ok(default) = toml::from_str::<toml::Table>(&format!("value = {}", key.default))
            && let Some(default) = default.get("value")
            && let Ok(default) = serde_json::to_value(default)
        {
            own["default"] = default;
        }
        node.own = Some(own);
    }
    let mut schema = written(&root);
    // It may stand above all tables too.
    schema["properties"]["offline"] = schema["properties"]["net"]["properties"]["offline"].clone();
    let keys = &mut schema["properties"]["keys"];
    let form = keys["additionalProperties"].take();
    keys["additionalProperties"] = json!(false);
    for action in actions {
        let mut own = form.clone();
        own["description"] = json!(action.meaning);
        keys["properties"][action.name] = own;
    }
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Outcrop configuration");
    schema
}
