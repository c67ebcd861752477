//! What a sample keeps once: the messages of all prompts, and long texts.

use serde_json::{Map, Value as Json};

/// What stands before the hash of an attachment.
const ATTACHMENT: &str = "attachment://";

/// The pools of one sample.
pub(super) struct Pool {
    messages: Vec<Json>,
    attachments: Map<String, Json>,
}

impl Pool {
    pub fn of(sample: &mut Json) -> Self {
        let mut taken = |path: &[&str]| {
            path.iter()
                .try_fold(&mut *sample, |json, key| json.get_mut(key))
                .map(Json::take)
                .unwrap_or_default()
        };
        let messages = match taken(&["events_data", "messages"]) {
            Json::Array(messages) => messages,
            _ => Vec::new(),
        };
        let attachments = match taken(&["attachments"]) {
            Json::Object(attachments) => attachments,
            _ => Map::new(),
        };
        Self { messages, attachments }
    }

    /// The prompt of a model's event: what stands in it, or what its ranges name. `None` where a range lies outside.
    pub fn input(&self, event: &Json) -> Option<Vec<Json>> {
        let own = event.get("input").and_then(Json::as_array).cloned().unwrap_or_default();
        let ranges = event.get("input_refs").and_then(Json::as_array);
        let mut input = own;
        for range in ranges.into_iter().flatten() {
            let end = |at: usize| usize::try_from(range.get(at)?.as_u64()?).ok();
            input.extend_from_slice(self.messages.get(end(0)?..end(1)?)?);
        }
        for message in &mut input {
            self.resolve(message);
        }
        Some(input)
    }

    /// Puts texts in the place of their references, wherever they stand.
    pub fn resolve(&self, json: &mut Json) {
        match json {
            Json::String(text) => {
                let found = text.strip_prefix(ATTACHMENT).and_then(|hash| self.attachments.get(hash));
                if let Some(found) = found {
                    *json = found.clone();
                }
            }
            Json::Array(list) => list.iter_mut().for_each(|one| self.resolve(one)),
            Json::Object(map) => map.values_mut().for_each(|one| self.resolve(one)),
            _ => {}
        }
    }
}
