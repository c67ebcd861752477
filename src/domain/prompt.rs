//! A prompt of its own: one text with variables, no turns, and the library that keeps its versions.
//!
//! `{{name}}` is a variable: a letter or `_`, then letters, digits, `_`, `-` and `.`, with spaces around it or none.
//! `{{{{` is written where the model shall read `{{`. Everything else is text as it stands: braces that are not closed,
//! or that have no name between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalog::ModelId;
use super::id::PromptId;
use super::library::Numbered;
use super::settings::{FIELDS, Field, Settings};
use super::time::Timestamp;

/// Values of variables, by their names.
pub type Values = BTreeMap<String, String>;

/// What is sent: a text with variables, and what it is sent with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    pub text: String,
    /// It may have variables too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// `None` leaves it to who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    pub settings: Settings,
}

/// A prompt of the library; its versions are records of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    pub id: PromptId,
    /// Given by the person; no other prompt has it.
    pub name: String,
    pub created: Timestamp,
    /// The last version or name.
    pub updated: Timestamp,
    /// The number of the newest version; versions count from 1.
    pub latest: u32,
}

/// A version: it is never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub number: u32,
    pub template: Template,
    /// Why there is one, in the person's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    pub created: Timestamp,
}

impl Numbered for Version {
    fn number(&self) -> u32 {
        self.number
    }
}

/// What is being written: of a prompt of the library, or of none yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sketch {
    pub template: Template,
    /// Test values of the variables.
    pub values: Values,
}

/// A prompt with its versions, the oldest first, and what is being written of the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    pub prompt: Prompt,
    pub versions: Vec<Version>,
    /// The newest version where nothing else was written.
    #[serde(default)]
    pub draft: Sketch,
}

impl Book {
    /// The version of that number.
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The newest version.
    pub fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }
}

/// Which prompt a conversation is a run of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// `None` where it had not been saved.
    pub prompt: Option<PromptId>,
    /// Its name then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The version that was run; `None` for what was being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    #[serde(default)]
    pub values: Values,
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The name; where it stands in the text, braces included, is `from..to`.
    Variable {
        name: &'a str,
        from: usize,
        to: usize,
    },
}

/// The pieces of a text, in order. Texts are not merged: an escape is a piece of its own.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    // Text that waits begins here.
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("{{").map(|found| at + found) {
        if text[found..].starts_with("{{{{") {
            // Half of it is what is meant.
            push(&mut pieces, &text[start..found + 2]);
            at = found + 4;
            start = at;
        } else if let Some((name, length)) = variable(&text[found..]) {
            push(&mut pieces, &text[start..found]);
            at = found + length;
            start = at;
            pieces.push(Piece::Variable { name, from: found, to: at });
        } else {
            at = found + 1;
        }
    }
    push(&mut pieces, &text[start..]);
    pieces
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

/// The name between the braces that `text` begins with, and the bytes up to behind them.
fn variable(text: &str) -> Option<(&str, usize)> {
    let inside = &text[2..];
    let end = inside.find(['{', '}', '\n'])?;
    let name = inside[..end].trim();
    (inside[end..].starts_with("}}") && is_name(name)).then_some((name, 2 + end + 2))
}

/// Whether it can be a variable's name.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

impl Template {
    /// Its variables, each once, in the order in which they first appear; those of the system prompt come last.
    pub fn variables(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for text in [Some(self.text.as_str()), self.system.as_deref()].into_iter().flatten() {
            for piece in pieces(text) {
                if let Piece::Variable { name, .. } = piece
                    && !names.contains(&name)
                {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Those of them that have no value.
    pub fn missing(&self, values: &Values) -> Vec<&str> {
        let mut names = self.variables();
        names.retain(|name| !values.contains_key(*name));
        names
    }

    /// What it is sent with besides its text, in words: a name and a value.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let model = self.model.as_ref().map(|model| ("model", model.to_string()));
        let system = self.system.as_ref().map(|system| ("system prompt", system.clone()));
        let setting = |field: &Field| Some((field.name, self.settings.get(field.name)?));
        model.into_iter().chain(system).chain(FIELDS.iter().filter_map(setting)).collect()
    }

    /// The same with values in the place of the variables; a value is never read again. A variable without one stays.
    #[must_use]
    pub fn filled(&self, values: &Values) -> Self {
        Self {
            text: fill(&self.text, values),
            system: self.system.as_deref().map(|system| fill(system, values)),
            ..self.clone()
        }
    }
}

fn fill(text: &str, values: &Values) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text,
        Piece::Variable { name, from, to } => values.get(name).map_or(&text[from..to], String::as_str),
    };
    pieces(text).into_iter().map(piece).collect()
}

/// Another prompt than `but` has the name, however it is capitalised.
pub fn is_taken(library: &[Prompt], name: &str, but: Option<PromptId>) -> bool {
    let name = name.to_lowercase();
    library.iter().any(|other| Some(other.id) != but && other.name.to_lowercase() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template { text: text.to_owned(), ..Template::default() }
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn filled(text: &str, pairs: &[(&str, &str)]) -> String {
        template(text).filled(&values(pairs)).text
    }

    #[test]
    fn variables_come_once_in_the_order_of_their_appearance() {
        let mut prompt = template("{{b}} {{ a }}{{b}}\n{{a-1.x}} {{_}} {{名前}}");
        assert_eq!(prompt.variables(), ["b", "a", "a-1.x", "_", "名前"]);
        prompt.system = Some("Be {{tone}}, {{a}}.".to_owned());
        assert_eq!(prompt.variables(), ["b", "a", "a-1.x", "_", "名前", "tone"]);
        assert_eq!(prompt.missing(&values(&[("b", ""), ("tone", "x")])), ["a", "a-1.x", "_", "名前"]);
    }

    #[test]
    fn what_is_no_variable_stays_text() {
        for text in [
            "{{", "}}", "{{}}", "{{ }}", "{{1a}}", "{{a b}}", "{{a", "{{a}", "{a}", "{{a\n}}", "{{a{b}}",
            "{ {a}}", "{{a.b!}}", "{{-a}}", "", "{", "é{{é", "{{a{",
        ] {
            assert_eq!(template(text).variables(), Vec::<&str>::new(), "{text}");
            assert_eq!(filled(text, &[("a", "X"), ("b", "X")]), text);
        }
    }

    #[test]
    fn four_braces_are_two_and_a_brace_may_stand_around_a_variable() {
        assert_eq!(filled("{{{{a}} is {{a}}", &[("a", "X")]), "{{a}} is X");
        assert_eq!(filled("{{{a}}}", &[("a", "X")]), "{X}");
        assert_eq!(filled("{{{{{a}}", &[("a", "X")]), "{{{a}}");
        assert_eq!(filled("{{{{{{a}}", &[("a", "X")]), "{{X");
        assert_eq!(filled("{{a{{b}}", &[("b", "X")]), "{{aX");
    }

    #[test]
    fn a_value_is_put_in_as_it_is_and_never_read_again() {
        assert_eq!(filled("{{a}}{{b}}", &[("a", "{{b}}"), ("b", "{{{{")]), "{{b}}{{{{");
        assert_eq!(filled("{{a}} {{c}} {{ d }}", &[("a", ""), ("c", "名\n前")]), " 名\n前 {{ d }}");
    }

    #[test]
    fn every_piece_says_where_it_stands() {
        let text = "é {{ name }}!";
        let Piece::Variable { name, from, to } = pieces(text)[1] else { panic!("no variable") };
        assert_eq!((name, &text[from..to]), ("name", "{{ name }}"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_said_by_doubling_its_double_braces(text in "[{}a \\n]{0,40}") {
            let escaped = text.replace("{{", "{{{{");
            proptest::prop_assert_eq!(template(&escaped).filled(&values(&[("a", "X")])).text, text);
        }
    }
}
