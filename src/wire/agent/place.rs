//! Where in the file of an agent something is wrong: read as values, as it is first, it has no lines any more.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, de};

use super::file::Form;
use crate::domain::agent::Definition;

/// What stands in the file beside the definition.
pub(super) const BESIDE: [&str; 2] = ["name", "mcpServers"];

/// The place of the first thing that the definition in a file cannot take, "line 3, column 7", and what is said of it; `None`
/// where it takes all.
pub(super) fn of(text: &str, form: Form) -> Option<(String, String)> {
    match form {
        Form::Toml => {
            let file = toml::Deserializer::parse(text).ok()?;
            let why = Deserializer::deserialize_map(file, Whole).err()?;
            Some((toml(&why, text)?, why.message().to_owned()))
        }
        Form::Json => {
            let mut file = serde_json::Deserializer::from_str(text);
            let why = Deserializer::deserialize_map(&mut file, Whole).err()?;
            Some((json(&why, text)?, bare(&why)))
        }
    }
}

/// The place of an error of TOML, where it has one.
pub(super) fn toml(why: &toml::de::Error, text: &str) -> Option<String> {
    let before = text.get(..why.span()?.start)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some(format!("line {line}, column {column}"))
}

/// The place of an error of JSON, where it has one: behind what it could not take.
pub(super) fn json(why: &serde_json::Error, text: &str) -> Option<String> {
    let line = text.lines().nth(why.line().checked_sub(1)?)?;
    // It counts bytes.
    let column = line.get(..why.column()).map_or(why.column(), |before| before.chars().count());
    Some(format!("line {}, column {}", why.line(), column.max(1)))
}

/// What an error of JSON says, without its place.
pub(super) fn bare(why: &serde_json::Error) -> String {
    let said = why.to_string();
    let behind = format!(" at line {} column {}", why.line(), why.column());
    said.strip_suffix(&behind).unwrap_or(&said).to_owned()
}

/// A definition with what stands beside it, which is passed over.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Definition;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an agent")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Definition, A::Error> {
        Definition::deserialize(de::value::MapAccessDeserializer::new(Own(map)))
    }
}

/// The members that are the definition's own.
struct Own<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Own<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.0.next_key_seed(Key(seed))? {
                None => return Ok(None),
                Some(Read::Own(key)) => return Ok(Some(key)),
                Some(Read::Beside(unused)) => {
                    self.0.next_value::<IgnoredAny>()?;
                    seed = unused;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// A member's name, which goes to the definition where it is its own.
struct Key<K>(K);

enum Read<K, V> {
    Own(V),
    Beside(K),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = Read<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(from)?;
        if BESIDE.contains(&key.as_str()) {
            return Ok(Read::Beside(self.0));
        }
        let name: de::value::StringDeserializer<D::Error> = key.into_deserializer();
        self.0.deserialize(name).map(Read::Own)
    }
}
