//! The voice of the models on this machine, run in this process.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::answering::keeps_none;
use super::{Events, Provider};
use crate::domain::call::{Call, Converse};
use crate::domain::catalog::{
    Availability, Backend, Capability, InstalledModel, LOCAL, LocalModel, ModelCard, ModelId, Sampling,
};
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::near::{meant, nearest_begun};
use crate::domain::script::{Api, Credential, Sent};
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::{self, Engine, Options, Trial};
use crate::net::Client;
use crate::wire::openai::request::{self, CallIds, Dialect, Limit, Seed};

/// The name in front of local models' ids.
pub const NAME: &str = LOCAL;
/// What a pulled model says of itself, in its folder.
pub const MANIFEST: &str = "manifest.json";

/// Models of the folder `models_dir/NAME/`, and those of the catalogue that could be pulled.
#[derive(Debug)]
pub struct Local {
    shelf: Arc<Folder>,
    engine: Arc<Engine>,
}

#[derive(Debug)]
struct Folder {
    models: PathBuf,
    catalogue: Vec<LocalModel>,
    /// What the person chose to run every model.
    backend: Option<Backend>,
}

impl Local {
    /// Nothing is read or started yet. `trial` has files tried before they are loaded.
    pub fn new(
        models_dir: PathBuf,
        catalogue: Vec<LocalModel>,
        options: Options,
        trial: Arc<dyn Trial>,
    ) -> Self {
        Self {
            shelf: Arc::new(Folder { models: models_dir, catalogue, backend: options.backend }),
            engine: Arc::new(Engine::new(options).tried_by(trial)),
        }
    }

    fn ask(
        &self,
        id: ModelId,
        wanted: Capability,
        serve: impl FnOnce(&Engine, &Path) -> Events + Send + 'static,
    ) -> Events {
        let (shelf, engine) = (Arc::clone(&self.shelf), Arc::clone(&self.engine));
        stream::once(async move {
            let (asked, known) = (id.clone(), shelf.known(id.model()).is_some());
            match blocking(move || shelf.weights(&id, wanted)).await {
                Ok(path) if known => {
                    serve(&engine, &path).map(move |event| event.map_err(|e| anew(e, &asked))).boxed()
                }
                Ok(path) => serve(&engine, &path),
                Err(error) => failed(error),
            }
        })
        .flatten()
        .boxed()
    }
}

impl Provider for Local {
    fn name(&self) -> &str {
        NAME
    }

    fn holds_to_schema(&self) -> bool {
        true
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        let why = "the engine lets every model think as it was taught to";
        LeftOut::of(&converse.settings, &["reasoning"], why).into_iter().collect()
    }

    /// As the servers that run such files are asked, with what the catalogue has the model drawn by where the person said
    /// nothing.
    fn sent(&self, converse: &Converse) -> Result<Sent> {
        let (set, own) = (&converse.settings, self.shelf.suiting(converse.model.model()));
        let settings = Settings {
            temperature: set.temperature.or(own.temperature),
            top_p: set.top_p.or(own.top_p),
            top_k: set.top_k.or(own.top_k),
            reasoning: None,
            ..set.clone()
        };
        let dialect = Dialect {
            limit: Limit::MaxTokens,
            top_k: true,
            seed: Seed::Seed,
            counts: true,
            call_ids: CallIds::Any,
            reasoning_back: false,
        };
        Ok(Sent {
            url: "/chat/completions".to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: request::body(&Converse { settings, ..converse.clone() }, dialect)?,
            credential: Credential::None,
            api: Api::Anywhere,
        })
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let priority = net.priority();
        match call {
            Call::Converse(converse) => {
                let sampling = self.shelf.suiting(converse.model.model());
                self.ask(converse.model.clone(), Capability::Chat, move |engine, path| {
                    engine.converse_as(path, converse, jiff::Zoned::now(), sampling, priority)
                })
            }
            Call::CountTokens(converse) => {
                self.ask(converse.model.clone(), Capability::Chat, move |engine, path| {
                    engine.count_tokens(path, converse, jiff::Zoned::now())
                })
            }
            Call::Embed { model, texts, .. } => {
                self.ask(model.clone(), Capability::Embed, move |engine, path| {
                    engine.embed(path, &model, texts, priority)
                })
            }
            Call::ListModels => {
                let shelf = Arc::clone(&self.shelf);
                stream::once(blocking(move || Ok(Event::Models { cards: shelf.cards()? }))).boxed()
            }
            Call::Rerank(asked) => failed(Error::new(
                ErrorKind::Refused { capability: Capability::Rerank.as_str().into() },
                format!("reranking with {}", asked.model),
                "the local engine runs no rerankers",
                "Ask a model of another provider.",
            )),
            Call::Image(picture) => failed(Error::new(
                ErrorKind::Refused { capability: Capability::Images.as_str().into() },
                format!("making a picture with {}", picture.model),
                "the local engine makes no pictures",
                "Ask a model of another provider.",
            )),
            // Its files are the shelf's.
            Call::Pull { model } | Call::Remove { model } => keeps_none(&model),
        }
    }
}

/// The file of the weights of an encoder of the folder `models`, beside which its tokenizer lies.
pub fn encoder(models: PathBuf, catalogue: Vec<LocalModel>, id: &ModelId) -> Result<PathBuf> {
    Folder { models, catalogue, backend: None }.weights(id, Capability::Embed)
}

/// What the folder of the model `name` in `models` says of it; `None` where there is none.
pub fn manifest(models: &Path, name: &str) -> Result<Option<InstalledModel>> {
    let path = models.join(name).join(MANIFEST);
    let doing = || format!("reading {}", path.display());
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    no_link(&path)?;
    let mut bytes = Vec::new();
    let read = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nofollow)
        .open(&path)
        .and_then(|mut file| file.read_to_end(&mut bytes));
    match read {
        Ok(_) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|why| Error::new(ErrorKind::Corrupt, doing(), why.to_string(), again(name))),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(Error::io(doing(), &why)),
    }
}

/// What brings a model back whose folder is damaged.
fn again(name: &str) -> String {
    format!(
        "`outcrop models pull --force {NAME}/{name}` fetches it again, if it is of the catalogue; one that you added, remove \
         and add anew."
    )
}

/// Refuses a file of a model that is a link, or whose folder is one: what is read would be somebody else's.
pub fn no_link(file: &Path) -> Result<()> {
    for path in file.parent().into_iter().chain([file]) {
        if path.is_symlink() {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("reading {}", file.display()),
                format!("{} is a symbolic link, which could lead to somebody else's files", path.display()),
                "Put the real one there; `outcrop models add FILE` takes a copy of a file that lies elsewhere.",
            ));
        }
    }
    Ok(())
}

/// Of a damaged file of the catalogue it is said what fetches it again.
fn anew(error: Error, id: &ModelId) -> Error {
    if error.kind != ErrorKind::Corrupt {
        return error;
    }
    Error { hint: format!("`outcrop models pull --force {id}` fetches it again."), ..error }
}

/// A stream of one error.
fn failed(error: Error) -> Events {
    stream::once(async { Err(error) }).boxed()
}

/// Reads files away from the threads that serve the screen.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|why| Err(Error::internal("reading the folder of models", why.to_string())))
}

impl Folder {
    /// How the catalogue says that a model's tokens are best chosen.
    fn suiting(&self, name: &str) -> Sampling {
        self.known(name).map(|known| known.sampling).unwrap_or_default()
    }

    /// What the catalogue says of it.
    fn known(&self, name: &str) -> Option<&LocalModel> {
        self.catalogue.iter().find(|known| known.name == name)
    }

    /// The file of the weights of a model that can do what is wanted: to converse, or to make vectors.
    fn weights(&self, id: &ModelId, wanted: Capability) -> Result<PathBuf> {
        let doing = || format!("asking {id}");
        let name = id.model();
        let installed = if one_name(name) { manifest(&self.models, name)? } else { None };
        let Some(installed) = installed else { return Err(self.missing(id)) };
        if !installed.capabilities.contains(&wanted) {
            let why =
                if wanted == Capability::Chat { "it holds no conversation" } else { "it makes no vectors" };
            return Err(Error::new(
                ErrorKind::Refused { capability: wanted.as_str().to_owned() },
                doing(),
                why,
                "`outcrop models list` shows what each model can do.",
            ));
        }
        let (end, kind) =
            if wanted == Capability::Embed { ("safetensors", "safetensors") } else { ("gguf", "GGUF") };
        let file = self.file(name, &installed, end).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, doing(), format!("its manifest names no {kind} file"), again(name))
        })?;
        no_link(&file)?;
        Ok(file)
    }

    /// The path of the file that a manifest names with that ending.
    fn file(&self, name: &str, model: &InstalledModel, end: &str) -> Option<PathBuf> {
        let file = model.files.iter().map(|f| f.name.as_str()).find(|f| {
            one_name(f) && Path::new(f).extension().is_some_and(|own| own.eq_ignore_ascii_case(end))
        });
        file.map(|file| self.models.join(name).join(file))
    }

    /// The card of a model on this machine, and what runs it, which its file's header says.
    fn installed(&self, name: &str, model: InstalledModel) -> Result<ModelCard> {
        let (id, known) = (ModelId::new(NAME, name)?, self.known(name));
        let run = self.file(name, &model, "gguf").map(|path| {
            no_link(&path)?;
            let standing = engine::standing(&path, self.backend, self.suiting(name));
            standing.map_err(|error| if known.is_some() { anew(error, &id) } else { error })
        });
        let (availability, by, defaults) = match run {
            Some(Ok((backend, own))) => (Availability::Ready, format!(", run by {backend}"), Some(own)),
            Some(Err(error)) => (Availability::Unusable { why: error.to_string() }, String::new(), None),
            None => (Availability::Ready, String::new(), None),
        };
        let capabilities = able(&model.capabilities);
        Ok(ModelCard {
            title: model.title,
            availability,
            lacks: lacking(&capabilities),
            capabilities,
            context: model.context,
            defaults,
            licence: model.licence,
            bytes: Some(model.files.iter().map(|f| f.bytes).sum()),
            detail: format!("{} on this machine{by}", model.architecture),
            fetched: known.map(LocalModel::checked),
            ..ModelCard::unknown(id)
        })
    }

    fn missing(&self, id: &ModelId) -> Error {
        let missing =
            |why: &str, hint: String| Error::new(ErrorKind::NotFound, format!("asking {id}"), why, hint);
        if self.known(id.model()).is_some() {
            return missing("it is not on this machine", format!("`outcrop models pull {id}` fetches it."));
        }
        let mut names = self.names().unwrap_or_default();
        names.extend(self.catalogue.iter().map(|model| model.name.clone()));
        let near = nearest_begun(id.model(), names.iter().map(String::as_str));
        let hint = "`outcrop models list` shows those that there are.".to_owned();
        meant(missing("there is no such model", hint), near.map(|near| format!("{NAME}/{near}")))
    }

    /// The card of a model whose manifest cannot be read: what the catalogue knows of it, where it does.
    fn broken(&self, name: &str, error: &Error) -> Result<ModelCard> {
        let id = ModelId::new(NAME, name)?;
        let card = match self.known(name) {
            Some(model) => pullable(id, model),
            None => ModelCard::unknown(id),
        };
        Ok(ModelCard {
            availability: Availability::Unusable { why: error.to_string() },
            detail: "a damaged manifest".to_owned(),
            ..card
        })
    }

    /// The folders in it, each that of a model.
    fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<_> = match fs::read_dir(&self.models) {
            Ok(entries) => entries
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter(|name| one_name(name))
                .collect(),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(why) => return Err(Error::io(format!("listing {}", self.models.display()), &why)),
        };
        names.sort();
        Ok(names)
    }

    /// Those on this machine, then those that could be; each by name.
    fn cards(&self) -> Result<Vec<ModelCard>> {
        let mut cards = Vec::new();
        for name in self.names()? {
            match manifest(&self.models, &name) {
                Ok(Some(model)) => cards.push(self.installed(&name, model)?),
                Ok(None) => {}
                Err(error) => cards.push(self.broken(&name, &error)?),
            }
        }
        for model in &self.catalogue {
            let id = ModelId::new(NAME, &model.name)?;
            if cards.iter().all(|card| card.id != id) {
                cards.push(pullable(id, model));
            }
        }
        Ok(cards)
    }
}

/// Whether a name is one folder's or file's name, and not hidden.
fn one_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

fn pullable(id: ModelId, model: &LocalModel) -> ModelCard {
    let capabilities = able(&model.capabilities);
    ModelCard {
        title: model.title.clone(),
        availability: Availability::NotPulled,
        lacks: lacking(&capabilities),
        capabilities,
        context: model.context,
        licence: Some(model.licence.clone()),
        bytes: model.bytes_to_fetch(),
        fetched: Some(model.checked()),
        detail: model.about.clone(),
        ..ModelCard::unknown(id)
    }
}

/// What a model can do here: the engine holds every conversation's answers to a schema, whatever the model was taught.
fn able(own: &[Capability]) -> Vec<Capability> {
    let mut able = own.to_vec();
    if able.contains(&Capability::Chat) && !able.contains(&Capability::Schema) {
        able.push(Capability::Schema);
    }
    able
}

/// What the engine never does, and what a model of these capabilities is no model for.
fn lacking(has: &[Capability]) -> Vec<Capability> {
    use Capability as C;
    let engine = [C::Chat, C::Embed, C::Vision, C::Documents, C::Tools, C::Schema, C::Images];
    engine.into_iter().filter(|capability| !has.contains(capability)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::InstalledFile;

    fn shelf(models: &Path) -> Folder {
        let known = LocalModel {
            name: "small".to_owned(),
            title: "Small".to_owned(),
            about: String::new(),
            licence: "MIT".to_owned(),
            capabilities: vec![Capability::Chat],
            context: None,
            sampling: Sampling::default(),
            files: Vec::new(),
        };
        Folder { models: models.to_owned(), catalogue: vec![known], backend: None }
    }

    /// A folder whose only model ends inside its header.
    fn truncated() -> tempfile::TempDir {
        let models = tempfile::tempdir().unwrap();
        let folder = models.path().join("small");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("model.gguf"), b"GGUF\x03\0\0\0").unwrap();
        let file = InstalledFile { name: "model.gguf".to_owned(), bytes: 8, sha256: String::new() };
        let model = InstalledModel {
            name: "small".to_owned(),
            title: "Small".to_owned(),
            licence: None,
            capabilities: vec![Capability::Chat],
            architecture: "llama".to_owned(),
            context: None,
            files: vec![file],
            source: "a test".to_owned(),
        };
        fs::write(folder.join(MANIFEST), serde_json::to_vec(&model).unwrap()).unwrap();
        models
    }

    #[test]
    fn a_truncated_model_of_the_catalogue_says_what_fetches_it_again() {
        let models = truncated();
        let cards = shelf(models.path()).cards().unwrap();
        let [card] = &cards[..] else { panic!("{cards:?}") };
        let why = card.unusable().unwrap();
        assert!(card.is_fetchable() && why.contains("`outcrop models pull --force local/small`"), "{why}");
    }

    #[test]
    fn a_model_that_converses_can_be_held_to_a_schema_whatever_its_manifest_says() {
        let models = truncated();
        let card = &shelf(models.path()).cards().unwrap()[0];
        assert_eq!((card.can(Capability::Schema), card.can(Capability::Tools)), (Some(true), Some(false)));
        assert_eq!(able(&[Capability::Embed]), [Capability::Embed]);
    }

    #[test]
    fn weights_that_are_a_link_are_refused() {
        let models = truncated();
        let (real, place) = (models.path().join("real"), models.path().join("small/model.gguf"));
        fs::rename(&place, &real).unwrap();
        std::os::unix::fs::symlink(&real, &place).unwrap();
        let id = "local/small".parse().unwrap();
        let error = shelf(models.path()).weights(&id, Capability::Chat).unwrap_err();
        assert!(error.why.contains("symbolic link"), "{error}");
        assert!(shelf(models.path()).cards().unwrap()[0].unusable().is_some());
    }
}
