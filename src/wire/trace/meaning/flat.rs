//! Lists that a convention writes flat, as `llm.input_messages.0.message.role`, set up again.

use serde_json::{Map, Value as Json};

use crate::domain::trace::Attributes;

/// Segments of a name beyond these are no list of any convention.
const DEEPEST: usize = 16;

/// Everything under `prefix` (which ends in a dot) as an object of objects; positions are keys like others.
pub(super) fn under(attributes: &Attributes, prefix: &str) -> Map<String, Json> {
    let mut root = Map::new();
    for (key, value) in attributes.iter() {
        let Some(path) = key.strip_prefix(prefix) else { continue };
        let segments: Vec<&str> = path.split('.').collect();
        let Some((last, way)) = segments.split_last() else { continue };
        if way.len() > DEEPEST {
            continue;
        }
        let mut at = Some(&mut root);
        for segment in way {
            at = at.and_then(|map| {
                map.entry(*segment).or_insert_with(|| Json::Object(Map::new())).as_object_mut()
            });
        }
        // Where a value stands already there is no list: the attributes have it.
        if let Some(map) = at {
            map.insert((*last).to_owned(), value.to_json());
        }
    }
    root
}

/// The members of a list by their positions; holes close.
pub(super) fn list(map: &Map<String, Json>) -> Vec<&Json> {
    let mut placed: Vec<(u64, &Json)> =
        map.iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, value)| value).collect()
}

/// The members of a list within.
pub(super) fn list_at<'a>(json: &'a Json, key: &str) -> Vec<&'a Json> {
    json.get(key).and_then(Json::as_object).map(list).unwrap_or_default()
}

/// A text within, by its path.
pub(super) fn text(json: &Json, path: &[&str]) -> Option<String> {
    match at(json, path)? {
        Json::String(text) => Some(text.clone()),
        Json::Null => None,
        other => Some(other.to_string()),
    }
}

/// What stands at a path.
pub(super) fn at<'a>(json: &'a Json, path: &[&str]) -> Option<&'a Json> {
    path.iter().try_fold(json, |json, key| json.get(key))
}
