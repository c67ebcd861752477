//! What is rated: a conversation up to a question, and answers to it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::hex::hex;
use crate::domain::message::Role;

/// One item of a dataset. A conversation whose answers are rated turn by turn is an item a turn, all of one
/// `conversation`; most are of one turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// Up to the question, which is last.
    pub turns: Vec<Turn>,
    /// What a good answer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What results are told apart by; raters do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Answers that are there already, one a model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<Response>,
    /// Items of one conversation are not independent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub role: Role,
    pub text: String,
}

/// An answer and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The source, by the name that results have for it: a model, or a model with its settings.
    pub model: String,
    pub text: String,
}

/// SHA-256 of an item's texts, in hexadecimal: its name in votes. An item that was changed is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemHash(pub String);

impl ItemHash {
    /// The item's name for raters who see its texts masked: by the hash itself they could try which names were masked. Who does
    /// not know the task's seed cannot make it.
    #[must_use]
    pub fn keyed(&self, seed: u64) -> Self {
        Self(digest(&[b"outcrop item name 1", &seed.to_be_bytes(), self.0.as_bytes()]))
    }
}

impl fmt::Display for ItemHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An item's name in little room: the number that it is written as, as our own are, or the text. Results hold a hundred thousand
/// of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemName {
    Number([u64; 4]),
    Text(Box<str>),
}

impl From<&ItemHash> for ItemName {
    /// Of 64 small hexadecimal digits the number, so that none is meant by two names.
    fn from(ItemHash(name): &ItemHash) -> Self {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_ours = name.len() == 64 && name.bytes().all(is_digit);
        let part = |at: usize| u64::from_str_radix(name.get(16 * at..16 * (at + 1))?, 16).ok();
        let number = || Some([part(0)?, part(1)?, part(2)?, part(3)?]);
        is_ours.then(number).flatten().map_or_else(|| Self::Text(name.as_str().into()), Self::Number)
    }
}

impl ItemName {
    /// The name as it is written.
    pub fn hash(&self) -> ItemHash {
        ItemHash(match self {
            Self::Number([a, b, c, d]) => format!("{a:016x}{b:016x}{c:016x}{d:016x}"),
            Self::Text(name) => name.to_string(),
        })
    }
}

impl Ord for ItemName {
    /// As the names are ordered that are written.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (one, other) => one.hash().cmp(&other.hash()),
        }
    }
}

impl PartialOrd for ItemName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Item {
    /// One question of a person.
    pub fn asking(prompt: impl Into<String>) -> Self {
        Self { turns: vec![Turn { role: Role::User, text: prompt.into() }], ..Self::default() }
    }

    /// The question.
    pub fn prompt(&self) -> &str {
        self.turns.last().map_or("", |turn| &turn.text)
    }

    /// The answer of a model.
    pub fn response(&self, model: &str) -> Option<&Response> {
        self.responses.iter().find(|response| response.model == model)
    }

    /// Its name in votes: of the turns, the reference and the answers, whose and in which order they may be. Neither the
    /// category nor a model's name is in it.
    pub fn hash(&self) -> ItemHash {
        let mut parts: Vec<&[u8]> = vec![b"outcrop item 1"];
        for turn in &self.turns {
            parts.extend([turn.role.as_str().as_bytes(), turn.text.as_bytes()]);
        }
        parts.push(if self.reference.is_some() { b"reference" } else { b"no reference" });
        parts.extend(self.reference.as_ref().map(String::as_bytes));
        let mut texts: Vec<&str> = self.responses.iter().map(|response| response.text.as_str()).collect();
        texts.sort_unstable();
        parts.extend(texts.into_iter().map(str::as_bytes));
        ItemHash(digest(&parts))
    }
}

/// An item in a list of an evaluation's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// Of the dataset, from 1, as files of tasks have it.
    pub number: u32,
    /// Its name for raters; `None` while an answer is missing, which the name is made of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<ItemHash>,
    /// How the question begins.
    pub question: String,
}

/// Items that a rater could not tell apart: the places of the first one and of the other.
pub fn doubled(items: &[Item]) -> Vec<(usize, usize)> {
    let mut seen = HashMap::new();
    items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let first = *seen.entry(item.hash()).or_insert(at);
            (first != at).then_some((first, at))
        })
        .collect()
}

/// SHA-256 in hexadecimal of parts with their lengths, so that no two lists of them meet by being joined.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    hex(&hashed(parts))
}

/// The same as bytes.
pub(super) fn hashed(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(responses: &[(&str, &str)]) -> Item {
        let responses = responses
            .iter()
            .map(|(model, text)| Response { model: (*model).to_owned(), text: (*text).to_owned() })
            .collect();
        Item { reference: Some("because".into()), responses, ..Item::asking("why?") }
    }

    #[test]
    fn the_hash_is_of_what_is_seen_and_stays_the_same() {
        let known = item(&[("a", "one"), ("b", "two")]);
        assert_eq!(known.hash().0, "999262e23ba21b013f6fcfa262a137aa7faf847f5ec2d69421221f709a207eeb");
        let unseen = Item { category: Some("c".into()), ..item(&[("x", "two"), ("y", "one")]) };
        assert_eq!(unseen.hash(), known.hash());
        for seen in [
            item(&[("a", "one"), ("b", "two ")]),
            item(&[("a", "onetwo"), ("b", "")]),
            item(&[("a", "one")]),
            Item { reference: None, ..known.clone() },
            Item { reference: Some("Because".into()), ..known.clone() },
            Item { turns: Item::asking("why").turns, ..known.clone() },
        ] {
            assert_ne!(seen.hash(), known.hash());
        }
    }

    #[test]
    fn whoever_guesses_what_was_masked_cannot_make_the_name_without_the_seed() {
        let hash = item(&[("a", "I am Zorro")]).hash();
        let named = hash.keyed(7);
        assert_eq!(named, hash.keyed(7));
        assert_eq!(named.0.len(), hash.0.len());
        assert_ne!(named, hash);
        assert_ne!(named, hash.keyed(8));
        assert_ne!(named, item(&[("a", "I am Bingo")]).hash().keyed(7));
    }

    #[test]
    fn a_name_in_little_room_is_written_and_ordered_as_before_and_no_two_are_one() {
        let digits = "0123456789abcdef".repeat(4);
        let mut names = [
            digits.clone(),
            digits.to_uppercase(),
            digits[1..].to_owned(),
            format!("{digits}0"),
            "f".repeat(64),
            "item-007".to_owned(),
        ]
        .map(ItemHash);
        let mut held = names.clone().map(|name| ItemName::from(&name));
        assert_eq!(held[0], ItemName::Number([0x0123_4567_89ab_cdef; 4]));
        assert!(held[1..4].iter().all(|name| matches!(name, ItemName::Text(_))), "{held:?}");
        names.sort();
        held.sort();
        assert_eq!(held.map(|name| name.hash()), names);
    }

    #[test]
    fn items_that_look_the_same_are_found() {
        let items = [item(&[]), item(&[("a", "x")]), item(&[]), item(&[("b", "x")])];
        assert_eq!(doubled(&items), [(0, 2), (1, 3)]);
    }
}
