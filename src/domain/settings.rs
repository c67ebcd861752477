//! Inference settings: what a person may turn, with ranges and meanings in one table.

use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorKind, Result};
use super::schema::Schema;
use super::tool::{self, Tool, ToolChoice};

/// How much a model thinks before it answers, where it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    Off,
    Low,
    Medium,
    High,
}

impl Effort {
    /// The name in `--set reasoning=…`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How an answer is drawn. `None` leaves a value to the model's or the provider's own default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// 0 is deterministic (greedy); up to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus: keep the likeliest tokens up to this mass, (0, 1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Keep the `k` likeliest tokens; 0 keeps all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// What was written lately loses by this factor (Keskar et al. 2019); 1 changes nothing. It counts at temperature 0 too; of
    /// one that merely suits the model the engine makes nothing there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_penalty: Option<f32>,
    /// Tokens to write at most, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Texts that end the answer; they are not part of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// The same seed, settings and prompt give the same answer where the provider can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Thinking before the answer, for models that can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Effort>,
    /// Whether the provider is to keep what is sent again with every turn, for a lower price, where it keeps only what it
    /// is told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<bool>,
    /// The knowledge base that answers are from, by its name. What is found in it is sent; the name is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<String>,
    /// What the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The JSON schema that the answer must keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<serde_json::Value>,
}

/// One row of the table that the drawer, `--set` and the help are made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// The name in `--set name=value` and in the config file.
    pub name: &'static str,
    /// What it does, in one short sentence.
    pub meaning: &'static str,
    /// The range, as shown.
    pub range: &'static str,
    /// One step of the drawer's left and right keys; 0 where there are none.
    pub step: f32,
    /// What the keys step through where the value is no number.
    pub choices: &'static [&'static str],
}

impl Field {
    /// Whether the value is JSON, which is written in several lines.
    pub fn is_json(&self) -> bool {
        matches!(self.name, "tools" | "response_schema")
    }
}

/// A field whose value is a number or typed.
const fn field(name: &'static str, meaning: &'static str, range: &'static str, step: f32) -> Field {
    Field { name, meaning, range, step, choices: &[] }
}

/// A field whose value is one of a few words.
const fn of_words(
    name: &'static str,
    meaning: &'static str,
    range: &'static str,
    choices: &'static [&'static str],
) -> Field {
    Field { name, meaning, range, step: 0.0, choices }
}

/// The setting that names a knowledge base.
pub const KNOWLEDGE: &str = "knowledge";

/// Every setting, in the order in which the drawer shows them.
pub const FIELDS: &[Field] = &[
    field("temperature", "randomness; 0 always picks the likeliest", "0 – 2", 0.1),
    field("top_p", "keep the likeliest tokens up to this mass", "0 – 1", 0.05),
    field("top_k", "keep the k likeliest tokens; 0 keeps all", "0 – 1000", 5.0),
    field("repeat_penalty", "what was written lately loses by this factor; 1 is none", "0.5 – 2", 0.05),
    field("max_tokens", "longest answer, in tokens", "1 – 1000000", 64.0),
    field("stop", "texts that end the answer, comma-separated or a JSON list", "up to 16", 0.0),
    field("seed", "the same seed repeats the same answer", "whole number", 1.0),
    of_words(
        "reasoning",
        "how much the model thinks first, where it can",
        "off, low, medium, high",
        &["off", "low", "medium", "high"],
    ),
    field("tools", "what the model may call", "a JSON list of {name, description, schema}", 0.0),
    of_words(
        "tool_choice",
        "whether and which tool is called",
        "auto, none, any, or a tool's name",
        &["auto", "none", "any"],
    ),
    field("response_schema", "the JSON schema that the answer must keep", "a JSON schema, an object", 0.0),
    of_words(
        "cache",
        "keep what every turn repeats at the provider, where it must be told (Claude, Nova)",
        "on, off",
        &["on", "off"],
    ),
    field(KNOWLEDGE, "the knowledge base that answers are from", "a base's name", 0.0),
];

impl Settings {
    /// Sets one value from text, as `--set name=value` and the drawer do; an empty value returns it to the default.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let value = value.trim();
        let doing = || format!("setting {name} to {value:?}");
        let bad = |why: &str| {
            let range = FIELDS.iter().find(|f| f.name == name).map_or("", |f| f.range);
            Error::new(ErrorKind::Invalid, doing(), why, format!("{name} takes {range}."))
        };
        match name {
            "temperature" => self.temperature = number(value, |t| (0.0..=2.0).contains(t), bad)?,
            "top_p" => self.top_p = number(value, |p| *p > 0.0 && *p <= 1.0, bad)?,
            "top_k" => self.top_k = number(value, |k| *k <= 1000, bad)?,
            "repeat_penalty" => {
                self.repeat_penalty = number(value, |p| (0.5..=2.0).contains(p), bad)?;
            }
            "max_tokens" => self.max_tokens = number(value, |n| (1..=1_000_000).contains(n), bad)?,
            "seed" => self.seed = number(value, |_| true, bad)?,
            "stop" => {
                let stop = stops(value).map_err(|why| bad(&why.to_string()))?;
                if stop.len() > 16 {
                    return Err(bad("too many"));
                }
                self.stop = stop;
            }
            "reasoning" => {
                self.reasoning = match value {
                    "" => None,
                    "off" => Some(Effort::Off),
                    "low" => Some(Effort::Low),
                    "medium" => Some(Effort::Medium),
                    "high" => Some(Effort::High),
                    _ => return Err(bad("no such effort")),
                }
            }
            "cache" => {
                self.cache = match value {
                    "" => None,
                    "on" => Some(true),
                    "off" => Some(false),
                    _ => return Err(bad("neither on nor off")),
                }
            }
            KNOWLEDGE => {
                if value.chars().any(char::is_control) {
                    return Err(bad("a control character is in it"));
                }
                self.knowledge = (!value.is_empty()).then(|| value.to_owned());
            }
            "tools" => self.tools = if value.is_empty() { Vec::new() } else { tool::read(value)? },
            "tool_choice" => {
                let choice = if value.is_empty() { None } else { Some(value.parse()?) };
                if let Some(choice) = &choice {
                    tool::check(choice, &self.tools)?;
                }
                self.tool_choice = choice;
            }
            "response_schema" => {
                self.response_schema = match value {
                    "" => None,
                    text => match serde_json::from_str(text) {
                        Ok(schema @ serde_json::Value::Object(_)) => {
                            Schema::read(&schema).map_err(|error| bad(&error.why))?;
                            Some(schema)
                        }
                        Ok(_) => return Err(bad("it is no JSON object")),
                        Err(why) => return Err(bad(&why.to_string())),
                    },
                }
            }
            _ => {
                let names: Vec<_> = FIELDS.iter().map(|f| f.name).collect();
                return Err(Error::new(
                    ErrorKind::Invalid,
                    doing(),
                    "no such setting",
                    format!("Settings are: {}.", names.join(", ")),
                ));
            }
        }
        Ok(())
    }

    /// Whether the values go together: a tool that is to be called must be there.
    pub fn check(&self) -> Result<()> {
        self.tool_choice.as_ref().map_or(Ok(()), |choice| tool::check(choice, &self.tools))
    }

    /// The value of one setting as text; `None` where it is left to the default.
    pub fn get(&self, name: &str) -> Option<String> {
        match name {
            "temperature" => self.temperature.map(|v| v.to_string()),
            "top_p" => self.top_p.map(|v| v.to_string()),
            "top_k" => self.top_k.map(|v| v.to_string()),
            "repeat_penalty" => self.repeat_penalty.map(|v| v.to_string()),
            "max_tokens" => self.max_tokens.map(|v| v.to_string()),
            "seed" => self.seed.map(|v| v.to_string()),
            "reasoning" => self.reasoning.map(|v| v.as_str().to_owned()),
            "cache" => self.cache.map(|on| if on { "on" } else { "off" }.to_owned()),
            KNOWLEDGE => self.knowledge.clone(),
            "tools" if !self.tools.is_empty() => serde_json::to_string(&self.tools).ok(),
            "tool_choice" => self.tool_choice.as_ref().map(ToString::to_string),
            "response_schema" => self.response_schema.as_ref().map(ToString::to_string),
            "stop" if !self.stop.is_empty() => {
                let beside = self.stop.join(",").replace('\n', "\\n");
                let same = stops(beside.trim()).is_ok_and(|read| read == self.stop);
                if same { Some(beside) } else { serde_json::to_string(&self.stop).ok() }
            }
            _ => None,
        }
    }

    /// One setting in few words, with its name: `temperature 0.1`, `tools get_weather, look`; `None` where it is left to the
    /// default.
    pub fn said(&self, name: &str) -> Option<String> {
        let shown = self.shown(name)?;
        Some(format!("{name} {shown}"))
    }

    /// Everything that is set, in few words; `None` where nothing is.
    pub fn all_said(&self) -> Option<String> {
        let said: Vec<_> = FIELDS.iter().filter_map(|field| self.said(field.name)).collect();
        (!said.is_empty()).then(|| said.join(" · "))
    }

    /// The value of one setting as a person reads it: of tools their names.
    pub fn shown(&self, name: &str) -> Option<String> {
        if name == "tools" && !self.tools.is_empty() {
            let names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
            return Some(names.join(", "));
        }
        self.get(name)
    }

    /// These settings, with every value that `over` sets put over them.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        Self {
            temperature: over.temperature.or(self.temperature),
            top_p: over.top_p.or(self.top_p),
            top_k: over.top_k.or(self.top_k),
            repeat_penalty: over.repeat_penalty.or(self.repeat_penalty),
            max_tokens: over.max_tokens.or(self.max_tokens),
            stop: if over.stop.is_empty() { self.stop.clone() } else { over.stop.clone() },
            seed: over.seed.or(self.seed),
            reasoning: over.reasoning.or(self.reasoning),
            cache: over.cache.or(self.cache),
            knowledge: over.knowledge.clone().or_else(|| self.knowledge.clone()),
            tools: if over.tools.is_empty() { self.tools.clone() } else { over.tools.clone() },
            tool_choice: over.tool_choice.clone().or_else(|| self.tool_choice.clone()),
            response_schema: over.response_schema.clone().or_else(|| self.response_schema.clone()),
        }
    }
}

/// Reads a number that `fits`; an empty text is `None`.
fn number<T: std::str::FromStr>(
    value: &str,
    fits: impl Fn(&T) -> bool,
    bad: impl Fn(&str) -> Error,
) -> Result<Option<T>> {
    if value.is_empty() {
        return Ok(None);
    }
    let number = value.parse::<T>().map_err(|_| bad("not a number of that kind"))?;
    if fits(&number) { Ok(Some(number)) } else { Err(bad("out of range")) }
}

/// Texts that end an answer: a JSON list, or the texts with commas between them and `\n` for a line's end.
fn stops(value: &str) -> serde_json::Result<Vec<String>> {
    match serde_json::from_str(value) {
        Err(why) if value.starts_with("[\"") => Err(why),
        Err(_) => Ok(value.split(',').filter(|s| !s.is_empty()).map(|s| s.replace("\\n", "\n")).collect()),
        list => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_table_can_be_set_read_and_cleared() {
        let mut settings = Settings::default();
        let tools = r#"[{"name":"look","schema":{"type":"object"}}]"#;
        let schema = r#"{"type":"object"}"#;
        let values =
            ["0.5", "0.9", "40", "1.1", "128", "END,\\n\\n", "7", "low", tools, "look", schema, "on", "docs"];
        assert_eq!(values.len(), FIELDS.len());
        for (field, value) in FIELDS.iter().zip(values) {
            settings.set(field.name, value).unwrap();
            assert_eq!(settings.get(field.name).as_deref(), Some(value), "{}", field.name);
        }
        assert_eq!(settings.stop, ["END", "\n\n"]);
        for field in FIELDS {
            settings.set(field.name, "").unwrap();
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn a_text_that_ends_an_answer_may_hold_a_comma() {
        let mut settings = Settings::default();
        for (value, stop) in [
            (r#"["a, b","c"]"#, &["a, b", "c"][..]),
            (r#"[" end "]"#, &[" end "]),
            (r#"["\\n"]"#, &["\\n"]),
            ("[END],stop", &["[END]", "stop"]),
        ] {
            settings.set("stop", value).unwrap();
            assert_eq!(settings.stop, stop);
            assert_eq!(settings.get("stop").as_deref(), Some(value));
        }
        assert_eq!(settings.set("stop", r#"["a"#).unwrap_err().kind, ErrorKind::Invalid);
    }

    #[test]
    fn a_choice_of_a_tool_that_is_not_there_is_refused_and_names_those_that_are() {
        let mut settings = Settings::default();
        settings.set("tool_choice", "look").unwrap();
        settings.set("tools", r#"[{"name":"look"},{"name":"go"}]"#).unwrap();
        assert_eq!(settings.check(), Ok(()));
        let error = settings.set("tool_choice", "auot").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert_eq!(settings.get("tool_choice").as_deref(), Some("look"), "it stays as it was");
        assert!(error.why.contains("auot") && error.hint.contains("auto, none, any, look, go"), "{error}");
        for choice in ["auto", "none", "any", "go", ""] {
            settings.set("tool_choice", choice).unwrap();
        }
        settings.set("tool_choice", "go").unwrap();
        settings.set("tools", r#"[{"name":"look"}]"#).unwrap();
        assert!(settings.check().unwrap_err().hint.ends_with("look."));
    }

    #[test]
    fn a_value_out_of_range_is_refused_and_names_the_range() {
        let error = Settings::default().set("temperature", "3").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.to_string().contains("0 – 2"), "{error}");
        assert!(Settings::default().set("top_p", "0").is_err());
        assert!(Settings::default().set("repeat_penalty", "0").is_err());
        assert!(Settings::default().set("temprature", "1").unwrap_err().hint.contains("temperature"));
    }
}
