//! Taking a model file of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::catalogue;
use super::files::{self, blocking};
use super::pull::{Scratch, copy, settle};
use super::report::{Steps, steps};
use super::{PROVIDER, Shelf, name_of};
use crate::domain::catalog::{Capability, InstalledModel, ModelId};
use crate::domain::{Error, ErrorKind, Result};

impl Shelf {
    /// The id that a file gets: its own name in small letters, or the name that the person gives.
    pub fn id_of(file: &Path, name: Option<&str>) -> Result<ModelId> {
        let given = name.map(|n| n.strip_prefix("local/").unwrap_or(n).to_owned());
        let stem = || file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let tidy = |text: String| -> String {
            let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
            text.chars().map(plain).collect::<String>().trim_matches(['.', '-']).chars().take(60).collect()
        };
        let name = given.unwrap_or_else(|| tidy(stem()));
        if !files::is_plain(&name) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("naming the model {}", file.display()),
                format!("{name:?} cannot be the name of a model"),
                "Give one of letters, digits, dots, dashes and underscores.",
            ));
        }
        ModelId::new(PROVIDER, &name)
    }

    /// Takes a GGUF file: it is read, converted if need be, and kept as the model `id`. The file itself stays as it is.
    pub fn add(&self, file: PathBuf, id: &ModelId) -> Steps {
        let (shelf, id) = (self.clone(), id.clone());
        steps(|report| async move {
            let doing = format!("adding {}", file.display());
            let name = name_of(&id, &doing)?.to_owned();
            if catalogue()?.iter().any(|known| known.name == name) {
                let why =
                    format!("{name} is the name of a model of the catalogue, and this is a file of yours");
                return Err(Error::new(ErrorKind::Invalid, doing, why, "Give it another name."));
            }
            let claim = shelf.claim(&name, &doing)?;
            let models = shelf.options.models.clone();
            blocking(move || {
                let _claim = claim;
                if fs::symlink_metadata(models.join(&name)).is_ok() {
                    return Err(Error::new(
                        ErrorKind::Invalid,
                        doing,
                        format!("there is a model {id} already"),
                        "Remove it first, or give another name.",
                    ));
                }
                // A pipe would be waited for until somebody writes into it.
                if fs::metadata(&file).is_ok_and(|about| !about.is_file()) {
                    let hint = "Name the GGUF file itself.";
                    return Err(Error::new(ErrorKind::Invalid, doing, "it is no plain file", hint));
                }
                let facts = shelf.facts(&file)?;
                let bytes = fs::metadata(&file).map_err(|why| Error::io(&doing, &why))?.len();
                let folder = files::unfinished(&models, &name);
                let staging = folder.join("ready");
                files::make_home(&doing, &models)?;
                let _ = fs::remove_dir_all(&staging);
                // A copy cannot be gone on with: what it left would only fill the disk.
                let _scratch = Scratch(folder.clone());
                files::make_folder(&doing, &staging)?;
                files::room(&doing, &folder, bytes.saturating_mul(2))?;
                let mut installed = InstalledModel {
                    title: facts.name.clone().unwrap_or_else(|| name.clone()),
                    name,
                    licence: None,
                    capabilities: vec![Capability::Chat],
                    architecture: facts.architecture,
                    context: Some(facts.context),
                    files: Vec::new(),
                    source: format!("the file {}", file.display()),
                };
                let to = staging.join("model.gguf");
                let kept = if facts.ready {
                    // The person's file is copied, never moved.
                    copy(&doing, &file, &to, &report)?;
                    shelf.vouch(&to);
                    files::describe(&doing, &to)?
                } else {
                    settle(&shelf, &doing, (&file, None), &to, &mut installed, &report)?
                };
                installed.files.push(kept);
                files::install(&doing, &models, &staging, &installed)
            })
            .await
        })
    }
}
