//! Which tools of somebody else's server a person has agreed to: by what the model is told of them, so that a server that
//! tells something else tomorrow is asked about again.
//!
//! Names, descriptions and schemas are a stranger's text: kept and hashed as they are, and shown through the sanitiser alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::diff::{MOST_WORDS, Mark, Stretch, words};
use crate::domain::hex::hex;
use crate::domain::tool::Tool;

/// What was agreed to of an agent's groups, by their names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pins(pub BTreeMap<String, Pinned>);

/// What was agreed to of one server, in the order in which it told its tools.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pinned {
    pub tools: Vec<Pin>,
}

/// One tool that was agreed to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// Of the whole tool: see [`hash`].
    pub hash: String,
    pub tool: Tool,
}

/// What became of the tools since they were agreed to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// What is as it was, by name.
    pub same: Vec<String>,
    /// What nobody has agreed to yet.
    pub new: Vec<Tool>,
    pub changed: Vec<Changed>,
    /// What the server has no more; nothing needs to be asked for it.
    pub gone: Vec<String>,
}

/// A tool that is another than the one that was agreed to.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    pub tool: Tool,
    /// Word by word; `None` where the server told the same before.
    pub description: Option<Vec<Stretch>>,
    /// The schemas as they are read by people, likewise.
    pub schema: Option<Vec<Stretch>>,
}

/// The SHA-256 of a tool's name, description and schema as canonical JSON, in 64 hexadecimal digits.
pub fn hash(tool: &Tool) -> String {
    let mut text = String::from("{\"description\":");
    canonical(&Value::from(tool.description.as_str()), &mut text);
    text.push_str(",\"name\":");
    canonical(&Value::from(tool.name.as_str()), &mut text);
    text.push_str(",\"schema\":");
    canonical(&tool.schema, &mut text);
    text.push('}');
    hex(&Sha256::digest(text))
}

/// JSON without white space, members in the order of their names: equal values are equal texts, whatever order a server
/// tells them in.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(all) => {
            text.push('[');
            for (at, inner) in all.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                canonical(inner, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, inner)) in members.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                let _ = write!(text, "{}:", Value::from(name.as_str()));
                canonical(inner, text);
            }
            text.push('}');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}

impl Pinned {
    /// All of them, agreed to.
    pub fn of(tools: &[Tool]) -> Self {
        Self { tools: tools.iter().map(|tool| Pin { hash: hash(tool), tool: tool.clone() }).collect() }
    }

    /// What the server tells now, against what was agreed to.
    pub fn compare(&self, tools: &[Tool]) -> Compared {
        let mut compared = Compared::default();
        for tool in tools {
            match self.tools.iter().find(|pin| pin.tool.name == tool.name) {
                None => compared.new.push(tool.clone()),
                Some(pin) if pin.hash == hash(tool) => compared.same.push(tool.name.clone()),
                Some(pin) => compared.changed.push(Changed::of(&pin.tool, tool)),
            }
        }
        let is_gone = |pin: &&Pin| tools.iter().all(|tool| tool.name != pin.tool.name);
        compared.gone = self.tools.iter().filter(is_gone).map(|pin| pin.tool.name.clone()).collect();
        compared
    }
}

impl Compared {
    /// Whether a person must be asked before any of them is called.
    pub fn asks(&self) -> bool {
        !self.new.is_empty() || !self.changed.is_empty()
    }
}

impl Changed {
    fn of(old: &Tool, new: &Tool) -> Self {
        let differs = |old: &str, new: &str| (old != new).then(|| told(old, new));
        let pretty = |tool: &Tool| {
            let mut text = String::new();
            canonical(&tool.schema, &mut text);
            let sorted: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            serde_json::to_string_pretty(&sorted).unwrap_or(text)
        };
        Self {
            description: differs(&old.description, &new.description),
            schema: differs(&pretty(old), &pretty(new)),
            tool: new.clone(),
        }
    }
}

/// What differs, word by word; of white space too, which a diff of words does not see.
fn told(old: &str, new: &str) -> Vec<Stretch> {
    let whole = |mark, text: &str| Stretch { mark, text: text.to_owned() };
    if old.len().max(new.len()) <= MOST_WORDS {
        let stretches = words(old, new);
        if stretches.iter().any(|stretch| stretch.mark != Mark::Same) {
            return stretches;
        }
    }
    vec![whole(Mark::Removed, old), whole(Mark::Added, new)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(name: &str, description: &str, schema: Value) -> Tool {
        Tool { name: name.to_owned(), description: description.to_owned(), schema }
    }

    #[test]
    fn a_hash_is_of_what_is_told_and_not_of_the_order_in_which_it_is() {
        let one =
            tool("look", "Looks.", json!({"type": "object", "properties": {"b": {"x": 1}, "a": [1, 2]}}));
        let same =
            tool("look", "Looks.", json!({"properties": {"a": [1, 2], "b": {"x": 1}}, "type": "object"}));
        assert_eq!(hash(&one), hash(&same));
        assert_eq!(hash(&tool("n", "d\n", json!({}))).len(), 64);
        for other in [
            tool("look", "Looks. ", one.schema.clone()),
            tool("Look", "Looks.", one.schema.clone()),
            tool("look", "Looks.", json!({"type": "object", "properties": {"b": {"x": 1}, "a": [2, 1]}})),
        ] {
            assert_ne!(hash(&one), hash(&other), "{other:?}");
        }
        // Whoever checks a record by other means gets the same.
        let text = r#"{"description":"d","name":"n","schema":{"a":1}}"#;
        assert_eq!(hash(&tool("n", "d", json!({"a": 1}))), hex(&Sha256::digest(text)));
    }

    #[test]
    fn tools_are_the_same_new_changed_or_gone() {
        let (a, b) = (tool("a", "Adds two.", json!({})), tool("b", "", json!({})));
        let pinned = Pinned::of(&[a.clone(), b.clone()]);
        assert!(!pinned.compare(&[b.clone(), a.clone()]).asks());
        assert!(!pinned.compare(&[]).asks(), "what is gone hurts nobody");

        let other = tool("a", "Adds two, and tells the keys.", json!({"type": "object"}));
        let new = tool("c", "", json!({}));
        let compared = pinned.compare(&[other, new.clone()]);
        assert!(compared.asks());
        assert_eq!((compared.new, compared.gone, compared.same), (vec![new], vec!["b".to_owned()], vec![]));
        let [changed] = compared.changed.as_slice() else { panic!("{:?}", compared.changed) };
        let added: String = changed
            .description
            .iter()
            .flatten()
            .filter(|s| s.mark == Mark::Added)
            .map(|s| s.text.as_str())
            .collect();
        assert!(added.contains("tells the keys"), "{added}");
        assert!(changed.schema.is_some());
        assert!(Pinned::default().compare(&[a]).asks());

        let again: Pinned = serde_json::from_value(serde_json::to_value(&pinned).unwrap()).unwrap();
        assert_eq!(again, pinned);
    }

    #[test]
    fn a_change_of_white_space_alone_is_shown() {
        let pinned = Pinned::of(&[tool("a", "one two", json!({}))]);
        let compared = pinned.compare(&[tool("a", "one\n\n\ntwo", json!({}))]);
        let told = compared.changed[0].description.as_ref().unwrap();
        assert_eq!(told.iter().map(|s| s.mark).collect::<Vec<_>>(), [Mark::Removed, Mark::Added]);
        assert_eq!(compared.changed[0].schema, None);
    }
}
