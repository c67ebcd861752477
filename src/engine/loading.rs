//! A model on its way into memory, on a thread of its own: conversations with the models that are there go on meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::oneshot::{Receiver, channel};

use super::Options;
use super::backend;
use super::encoder::Encoder;
use super::gguf::Header;
use super::loaded::Resident;
use super::trial::Trial;
use crate::domain::catalog::Backend;
use crate::domain::{Error, Result};

/// Whether anybody still waits for the model.
#[derive(Debug, Clone)]
pub(super) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// By the caller, who stays.
    pub(super) fn always() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    pub(super) fn still(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error once nobody waits.
    pub(super) fn check(&self, doing: &str) -> Result<()> {
        if self.still() { Ok(()) } else { Err(Error::cancelled(doing)) }
    }
}

/// A model that is being loaded. Dropping it ends that within a tensor.
#[derive(Debug)]
pub(super) struct Loading {
    path: PathBuf,
    wanted: Wanted,
    done: Receiver<Result<Resident>>,
}

impl Loading {
    /// Begins to load the file at `path`, which is tried first where llama.cpp is to run it.
    pub(super) fn begin(path: &Path, options: Options, trial: Option<Arc<dyn Trial>>) -> Result<Self> {
        let (tell, done) = channel();
        let wanted = Wanted::always();
        let (file, asked) = (path.to_owned(), wanted.clone());
        let work = move || {
            // Whoever let go of it has no use for the outcome.
            drop(tell.send(load(&file, options, trial.as_deref(), &asked)));
        };
        std::thread::Builder::new()
            .name("loading".into())
            .spawn(work)
            .map_err(|why| Error::io(format!("loading the model {}", path.display()), &why))?;
        Ok(Self { path: path.to_owned(), wanted, done })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How it ended, once it has.
    pub(super) fn ended(&mut self) -> Option<Result<Resident>> {
        match self.done.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(self.broken())),
        }
    }

    /// Waits for its end.
    pub(super) async fn end(&mut self) -> Result<Resident> {
        (&mut self.done).await.unwrap_or_else(|_| Err(self.broken()))
    }

    fn broken(&self) -> Error {
        Error::internal(format!("loading the model {}", self.path.display()), "its thread has ended")
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        self.wanted.0.store(false, Ordering::Relaxed);
    }
}

fn load(path: &Path, options: Options, trial: Option<&dyn Trial>, wanted: &Wanted) -> Result<Resident> {
    if let Some(trial) = trial
        && !Encoder::is_at(path)
        && backend::choose(&Header::open(path)?.0, options.backend, "loading a model")? == Backend::LlamaCpp
    {
        trial.pass(path, &|| wanted.still())?;
    }
    Resident::load(path, options, wanted)
}
