//! The catalogue that comes with the program.

use serde::Deserialize;

use crate::domain::catalog::LocalModel;
use crate::domain::{Error, Result};

const TEXT: &str = include_str!("../../../assets/models.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    model: Vec<LocalModel>,
}

/// Every model of `assets/models.toml`, the default first.
pub fn catalogue() -> Result<Vec<LocalModel>> {
    let read: std::result::Result<Catalogue, _> = toml::from_str(TEXT);
    read.map(|c| c.model).map_err(|why| Error::internal("reading the catalogue of models", why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Source;
    use crate::domain::pull::Checked;

    #[test]
    fn the_catalogue_is_sound() {
        let models = catalogue().unwrap();
        assert_eq!(models[0].name, "smollm2-135m");
        assert_eq!(
            models[0].checked(),
            Checked::Partly,
            "of its sources on a hub no digest was computed here"
        );
        let encoder = models.iter().find(|m| m.name == "all-minilm-l6-v2").unwrap();
        assert_eq!(encoder.context, Some(256), "as it is once it is here");
        for model in &models {
            assert!(super::super::files::is_plain(&model.name), "{}", model.name);
            assert!(!model.files.is_empty() && !model.capabilities.is_empty() && !model.licence.is_empty());
            assert!(model.bytes_to_fetch().is_some(), "what {} costs is not said", model.name);
            for file in &model.files {
                assert!(super::super::files::is_plain(&file.name) && !file.sources.is_empty());
                let unpinned = |source: &Source| source.sha256().is_none();
                assert!(
                    file.sources.is_sorted_by_key(unpinned),
                    "of {} what is pinned is tried first",
                    model.name
                );
                for source in &file.sources {
                    let (Source::Hub { sha256, .. } | Source::Wheel { sha256, .. }) = source;
                    let digits = |d: &String| d.len() == 64 && d.bytes().all(|b| b.is_ascii_hexdigit());
                    assert!(sha256.as_ref().is_none_or(digits));
                    assert!(source.converted().is_none_or(|converted| digits(&converted.sha256)));
                }
            }
        }
        let mut names: Vec<_> = models.iter().map(|m| &m.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), models.len(), "names are unique");
    }
}
