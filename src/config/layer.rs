//! One layer of values: the defaults, what was found, the file, the environment, the flags.

use ::config::{ConfigError, Map, Source, Value, ValueKind};

use super::check;

/// One layer's values, nested as in the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer(pub(super) Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// The key that a short name of it stands for: `offline` alone, as the flag is called.
pub(super) fn whole(path: &str) -> &str {
    if path == "offline" { OFFLINE } else { path }
}

/// The key of the flag `--offline`.
pub(super) const OFFLINE: &str = "net.offline";

impl Layer {
    /// What stands in a file. There `offline` may stand above all tables; where `[net]` says otherwise, who wants no network
    /// has none.
    pub(super) fn of_file(mut values: Map<String, Value>) -> Self {
        let is_flag = values.get("offline").is_some_and(|value| matches!(value.kind, ValueKind::Boolean(_)));
        let above = if is_flag { values.shift_remove("offline") } else { None };
        let mut layer = Self(values);
        if let Some(above) = above
            && layer.flag(OFFLINE) != Some(true)
        {
            layer.put(OFFLINE, above);
        }
        layer
    }

    pub(super) fn put(&mut self, path: &str, value: Value) {
        let parts = check::split(path);
        let Some((last, parents)) = parts.split_last() else { return };
        let mut map = &mut self.0;
        for parent in parents {
            let entry = map
                .entry((*parent).to_owned())
                .or_insert_with(|| Value::new(None, ValueKind::Table(Map::new())));
            let ValueKind::Table(inner) = &mut entry.kind else { return };
            map = inner;
        }
        map.insert((*last).to_owned(), value);
    }

    /// The value of a text that this layer sets at its top.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.clone().into_string().ok()
    }

    /// The value of a flag that this layer sets.
    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        let (table, name) = path.rsplit_once('.')?;
        match &self.0.get(table)?.kind {
            ValueKind::Table(inner) => inner.get(name)?.clone().into_bool().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ::config::{FileFormat, Format};

    use super::*;

    #[test]
    fn offline_above_all_tables_is_that_of_the_network_and_the_stricter_word_counts() {
        let read = |text: &str| Layer::of_file(FileFormat::Toml.parse(None, text).unwrap());
        for (text, offline) in [
            ("offline = true", Some(true)),
            ("offline = false", Some(false)),
            ("offline = true\n[net]\noffline = false", Some(true)),
            ("offline = false\n[net]\noffline = true", Some(true)),
            ("[net]\noffline = true", Some(true)),
            ("[net]\nfind_servers = false", None),
        ] {
            let layer = read(text);
            assert_eq!(layer.flag(OFFLINE), offline, "{text}");
            assert!(!layer.0.contains_key("offline"), "{text}");
        }
        assert!(read("offline = 'yes'").0.contains_key("offline"), "it is to be refused");
    }
}
