//! Each value against the list of keys: errors name the place, the key, what was expected, the nearest name.

use ::config::{Map, Value, ValueKind};

use super::table::{KEYS, Key, Kind};
use crate::domain::catalog::ModelId;
use crate::domain::near::nearest;
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};

/// Checks one layer that came from `origin`.
pub(super) fn layer(origin: &str, values: &Map<String, Value>) -> Result<()> {
    table(origin, "", values, Kind::expected)
}

/// The same of what stands in a variable or a flag, where a text has no quotes.
pub(super) fn bare(origin: &str, values: &Map<String, Value>) -> Result<()> {
    table(origin, "", values, Kind::expected_bare)
}

fn table(origin: &str, under: &str, values: &Map<String, Value>, expected: fn(Kind) -> String) -> Result<()> {
    let mut names: Vec<_> = values.keys().collect();
    names.sort();
    for name in names {
        let path = join(under, name);
        // Of what was found the value itself says in which variable it stands.
        let origin = values[name].origin().unwrap_or(origin);
        let inner = KEYS.iter().any(|key| starts(key.path, &path));
        match (find(&path), &values[name].kind) {
            (Some(key), value) => fits(key, &path, value)
                .map_err(|why| error(origin, &path, why, format!("It must be {}.", expected(key.kind))))?,
            (None, ValueKind::Table(values)) if inner => table(origin, &path, values, expected)?,
            (None, _) if inner => {
                return Err(error(
                    origin,
                    &path,
                    "it must be a table",
                    format!("Write [{path}] above its keys."),
                ));
            }
            (None, _) => return Err(unknown(origin, &path)),
        }
    }
    Ok(())
}

/// The key of a path, `*` standing for any one name.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| matches(key.path, path, usize::eq))
}

/// Whether a key's path goes on below `path`.
fn starts(key: &str, path: &str) -> bool {
    matches(key, path, usize::gt)
}

/// Whether the common part of both paths agrees and their lengths compare as asked.
fn matches(key: &str, path: &str, lengths: fn(&usize, &usize) -> bool) -> bool {
    let (key, path): (Vec<_>, Vec<_>) = (key.split('.').collect(), split(path));
    lengths(&key.len(), &path.len()) && key.iter().zip(&path).all(|(k, p)| *k == "*" || k == p)
}

/// A path into its names; a quoted name may hold dots.
pub(super) fn split(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = match rest.strip_prefix('"').and_then(|inner| inner.find('"')) {
            Some(quote) => quote + 2,
            None => rest.find('.').unwrap_or(rest.len()),
        };
        parts.push(&rest[..end]);
        rest = rest[end..].strip_prefix('.').unwrap_or("");
    }
    parts
}

/// A path with one more name, quoted where TOML needs it.
pub(super) fn join(under: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let name = if bare { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\\\"")) };
    if under.is_empty() { name } else { format!("{under}.{name}") }
}

/// Why a value does not fit, in words after "but"; the key's kind says what would.
fn fits(key: &Key, path: &str, value: &ValueKind) -> Result<(), String> {
    let given = || format!("it is {}", describe(key.kind, value));
    match (key.kind, value) {
        (Kind::Text | Kind::Secret | Kind::Keys, ValueKind::String(_))
        | (Kind::Flag, ValueKind::Boolean(_)) => Ok(()),
        (Kind::Url, ValueKind::String(text)) => {
            let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
            match host {
                Some(host) if host.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')) => {
                    Err("it holds a user name or a password, which belongs into api_key".to_owned())
                }
                Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(()),
                _ => Err(given()),
            }
        }
        (Kind::Proxy, ValueKind::String(text)) if text.is_empty() || !text.contains(char::is_whitespace) => {
            Ok(())
        }
        (Kind::Model, ValueKind::String(text)) => {
            text.parse::<ModelId>().map(drop).map_err(|error| error.why)
        }
        (Kind::Whole(from, to), ValueKind::I64(number)) if (from..=to).contains(number) => Ok(()),
        (Kind::Amount, ValueKind::I64(number)) if *number >= 0 => Ok(()),
        (Kind::Amount, ValueKind::Float(number)) if number.is_finite() && *number >= 0.0 => Ok(()),
        (Kind::OneOf(names), ValueKind::String(text)) if names.contains(&text.as_str()) => Ok(()),
        (Kind::OneOf(names), ValueKind::String(text)) => Err(match nearest(text, names.iter().copied()) {
            Some(near) => format!("it is {text:?}; did you mean {near:?}?"),
            None => given(),
        }),
        (Kind::Setting, ValueKind::I64(_) | ValueKind::Float(_)) => {
            let name = split(path).last().copied().unwrap_or_default();
            Settings::default()
                .set(name, &value.to_string())
                .map_err(|error| format!("it is {value}: {}", error.hint.trim_end_matches('.')))
        }
        (Kind::SettingWord, ValueKind::String(text)) => setting(path, text),
        (Kind::SettingJson, ValueKind::String(_) | ValueKind::Array(_) | ValueKind::Table(_)) => {
            setting(path, &json_text(value))
        }
        (Kind::Keys | Kind::Texts, ValueKind::Array(values))
            if values.iter().all(|value| matches!(value.kind, ValueKind::String(_))) =>
        {
            if key.kind == Kind::Texts && values.len() > 16 {
                Err("there are more than 16".into())
            } else {
                Ok(())
            }
        }
        _ => Err(given()),
    }
}

fn setting(path: &str, text: &str) -> Result<(), String> {
    let name = split(path).last().copied().unwrap_or_default();
    Settings::default().set(name, text).map_err(|error| error.why)
}

/// What a setting takes as JSON, as the text of that.
pub(super) fn json_text(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => text.clone(),
        value => json(value).to_string(),
    }
}

fn json(value: &ValueKind) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        ValueKind::Nil => Json::Null,
        ValueKind::Boolean(flag) => (*flag).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::U64(number) => (*number).into(),
        ValueKind::I128(number) => number.to_string().into(),
        ValueKind::U128(number) => number.to_string().into(),
        ValueKind::Float(number) => (*number).into(),
        ValueKind::String(text) => text.clone().into(),
        ValueKind::Array(values) => values.iter().map(|value| json(&value.kind)).collect(),
        ValueKind::Table(values) => {
            values.iter().map(|(name, value)| (name.clone(), json(&value.kind))).collect()
        }
    }
}

/// A value for an error's text; secrets are not repeated.
fn describe(kind: Kind, value: &ValueKind) -> String {
    match value {
        _ if matches!(kind, Kind::Secret | Kind::Proxy) => "something else".to_owned(),
        ValueKind::Nil => "empty".to_owned(),
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Table(_) => "a table".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
        other => other.to_string(),
    }
}

pub(super) fn unknown(origin: &str, path: &str) -> Error {
    let parts = split(path);
    // The part that is misspelt may be any; the known paths are compared with the person's own names put in.
    let candidates = KEYS.iter().map(|key| {
        key.path
            .split('.')
            .enumerate()
            .map(|(i, part)| if part == "*" { parts.get(i).copied().unwrap_or("NAME") } else { part })
            .take(parts.len())
            .collect::<Vec<_>>()
            .join(".")
    });
    let candidates: Vec<_> = candidates.collect();
    let near = nearest(path, candidates.iter().map(String::as_str)).or_else(|| elsewhere(&parts));
    let hint = near.map_or_else(
        || "`outcrop config default` lists every key.".to_owned(),
        |near| format!("Did you mean {near}? `outcrop config default` lists every key."),
    );
    error(origin, path, "there is no such key", hint)
}

/// The key of that name in a table, where it was written without one.
fn elsewhere(parts: &[&str]) -> Option<&'static str> {
    let name = parts.last()?;
    KEYS.iter().map(|key| key.path).find(|path| !path.contains('*') && path.rsplit('.').next() == Some(name))
}

fn error(origin: &str, path: &str, why: impl Into<String>, hint: String) -> Error {
    Error::new(ErrorKind::Config, format!("reading {path} from {origin}"), why, hint)
}
