//! Models as things: listed, shown, fetched, added, removed.
//!
//! [`Shelf`] keeps the models of this machine in folders. Nothing is fetched without a call of [`Shelf::pull`], which a
//! person has said yes to.

mod add;
pub mod cards;
mod catalogue;
pub mod elsewhere;
mod files;
mod hub;
pub mod known;
mod lists;
mod plan;
mod pull;
mod report;
pub mod trying;
mod wheel;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

pub use catalogue::catalogue;
pub use lists::{Lists, only_lists_are_refused};
pub use report::Steps;

use crate::domain::catalog::{Backend, LocalModel, ModelId};
use crate::domain::near::{meant, nearest_begun};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::{self, ModelFacts, Trial};
use crate::provider::local::{MANIFEST, NAME as PROVIDER};
use crate::worker::Surroundings;

/// Where unfinished models lie, beside the finished ones.
const UNFINISHED: &str = ".unfinished";

/// What a [`Shelf`] is made of.
#[derive(Debug, Clone)]
pub struct ShelfOptions {
    /// A folder a model.
    pub models: PathBuf,
    pub catalogue: Vec<LocalModel>,
    /// Where the hub is, without a slash at the end.
    pub hub: String,
    /// For gated models.
    pub hub_token: Option<SecretString>,
    /// Commands that run pip, tried in order; each is followed by its arguments.
    pub pips: Vec<Vec<String>>,
    /// What they know of the environment.
    pub around: Surroundings,
    /// Has files tried before they are loaded; `None` where nobody loads them.
    pub trial: Option<Arc<dyn Trial>>,
}

impl ShelfOptions {
    /// The built-in catalogue, the public hub, and the ways to run pip that machines have; an empty environment, and
    /// nobody who tries files.
    pub fn new(models: PathBuf, hub_token: Option<SecretString>) -> Result<Self> {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect();
        Ok(Self {
            models,
            catalogue: catalogue()?,
            hub: "https://huggingface.co".to_owned(),
            hub_token,
            pips: ["python3 -m pip", "pip", "pip3", "uvx pip"].map(words).into(),
            around: Surroundings::default(),
            trial: None,
        })
    }
}

/// The models of this machine. Clones share which of them are being made.
#[derive(Debug, Clone)]
pub struct Shelf {
    options: Arc<ShelfOptions>,
    busy: Arc<Mutex<HashSet<String>>>,
}

impl Shelf {
    /// Over a folder that need not exist yet.
    pub fn new(options: ShelfOptions) -> Self {
        Self { options: Arc::new(options), busy: Arc::default() }
    }

    /// Deletes a model's folder, and what an unfinished fetch of it left.
    pub async fn remove(&self, id: &ModelId) -> Result<()> {
        let doing = format!("removing {id}");
        let name = name_of(id, &doing)?.to_owned();
        let claim = self.claim(&name, &doing)?;
        let models = self.options.models.clone();
        files::blocking(move || {
            let _claim = claim;
            files::remove(&doing, &models, &name)
        })
        .await
    }

    /// Reads the files of an installed model whole, about a second each, and compares them with their digests.
    pub async fn compare(&self, id: &ModelId) -> Result<()> {
        let doing = format!("comparing the files of {id} with their digests");
        let name = name_of(id, &doing)?.to_owned();
        let models = self.options.models.clone();
        files::blocking(move || files::compare(&doing, &models, &name)).await
    }

    /// The facts of a model file, once it is known that to load it harms nobody.
    fn facts(&self, path: &Path) -> Result<ModelFacts> {
        if let Some(trial) = &self.options.trial
            && matches!(engine::backend(path, None), Ok(Backend::LlamaCpp))
        {
            trial.pass(path, &|| true)?;
        }
        engine::inspect(path)
    }

    /// The file at `path` is what [`Shelf::facts`] has let pass, in its place now.
    fn vouch(&self, path: &Path) {
        if let Some(trial) = &self.options.trial
            && matches!(engine::backend(path, None), Ok(Backend::LlamaCpp))
        {
            trial.vouch(path);
        }
    }

    fn entry(&self, id: &ModelId, doing: &str) -> Result<&LocalModel> {
        let name = name_of(id, doing)?;
        self.options.catalogue.iter().find(|model| model.name == name).ok_or_else(|| {
            let names: Vec<_> =
                self.options.catalogue.iter().map(|model| format!("{PROVIDER}/{}", model.name)).collect();
            let unknown = Error::new(
                ErrorKind::NotFound,
                doing,
                "the catalogue has no such model",
                format!("It has {}; `outcrop models add FILE` takes a GGUF file.", names.join(", ")),
            );
            let near = nearest_begun(name, self.options.catalogue.iter().map(|model| model.name.as_str()));
            meant(unknown, near.map(|near| format!("{PROVIDER}/{near}")))
        })
    }

    /// Takes the name for as long as the claim lives; somebody else's claim is an error.
    fn claim(&self, name: &str, doing: &str) -> Result<Claim> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.insert(name.to_owned()) {
            return Ok(Claim(Arc::new(Claimed { busy: Arc::clone(&self.busy), name: name.to_owned() })));
        }
        Err(Error::new(
            ErrorKind::Busy,
            doing,
            "it is being fetched or changed already",
            "Wait for that to end, or stop it there.",
        ))
    }
}

/// The model's own name, which is its folder's.
fn name_of<'a>(id: &'a ModelId, doing: &str) -> Result<&'a str> {
    if id.provider() == PROVIDER && files::is_plain(id.model()) {
        return Ok(id.model());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        doing,
        "it is no model of this machine",
        format!("Local models are named {PROVIDER}/NAME; `outcrop models list` shows them."),
    ))
}

/// A model that is being made or removed; the last clone frees it.
#[derive(Debug, Clone)]
struct Claim(#[expect(dead_code, reason = "held for its drop")] Arc<Claimed>);

#[derive(Debug)]
struct Claimed {
    busy: Arc<Mutex<HashSet<String>>>,
    name: String,
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
