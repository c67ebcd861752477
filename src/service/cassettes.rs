//! Cassettes between the voices and the store: takes as JSON, sealed by the store.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::domain::call::Call;
use crate::domain::cassette::Take;
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::key::Key;
use crate::provider::recording::Recorder;
use crate::provider::replay::Tape;
use crate::service::blocking::blocking;
use crate::service::fresh;
use crate::store::{Cassette, Store};

/// Cassettes of one workspace.
#[derive(Debug, Clone)]
pub struct Cassettes(Store);

impl Cassettes {
    /// Over an open store, which seals and opens them.
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// Records on that file, which is made when the first take begins.
    pub fn recorder(&self, path: PathBuf) -> Taker {
        Taker { store: self.0.clone(), path, cassette: Arc::default() }
    }

    /// Plays that file; `key` holds the passphrase of one that was shared.
    pub fn tape(&self, path: PathBuf, key: Key) -> FileTape {
        FileTape { store: self.0.clone(), path, key, takes: OnceCell::new() }
    }

    /// The takes of a file, and whether its last one is cut off. Blocks.
    pub fn takes(&self, path: &std::path::Path, passphrase: Option<&Secret>) -> Result<(Vec<Take>, bool)> {
        let passphrase = passphrase.map(|text| SecretString::from(text.expose()));
        read(&self.0, path, passphrase.as_ref())
    }

    /// Writes a copy to give away, which a passphrase opens. Blocks.
    pub fn share(&self, from: &std::path::Path, to: &std::path::Path, passphrase: &Secret) -> Result<()> {
        let tape = self.0.play(from, None)?;
        self.0.share_cassette(&tape, to, &SecretString::from(passphrase.expose()))
    }
}

fn read(
    store: &Store,
    path: &std::path::Path,
    passphrase: Option<&SecretString>,
) -> Result<(Vec<Take>, bool)> {
    let tape = store.play(path, passphrase)?;
    let take = |bytes: &Vec<u8>| {
        serde_json::from_slice(bytes).map_err(|why| {
            Error::new(
                ErrorKind::Invalid,
                format!("playing {}", path.display()),
                format!("a take makes no sense to this program: {why}"),
                "A newer outcrop may have recorded it.",
            )
        })
    };
    Ok((tape.takes.iter().map(take).collect::<Result<_>>()?, tape.cut))
}

/// Records takes one after the other.
#[derive(Debug)]
pub struct Taker {
    store: Store,
    path: PathBuf,
    cassette: Arc<Mutex<Option<Cassette>>>,
}

impl Taker {
    /// Does blocking work on the cassette, which is opened or made with the first.
    async fn with(&self, work: impl FnOnce(&mut Cassette) -> Result<()> + Send + 'static) -> Result<()> {
        let (store, path, cassette) = (self.store.clone(), self.path.clone(), Arc::clone(&self.cassette));
        blocking("recording an answer", move || {
            let mut cassette = cassette.lock().unwrap_or_else(PoisonError::into_inner);
            let open = match cassette.take() {
                Some(open) => open,
                None => store.cassette(&path)?,
            };
            work(cassette.insert(open))
        })
        .await
    }
}

impl Recorder for Taker {
    fn begin(&self, call: Call) -> BoxFuture<'_, Result<Take>> {
        async {
            self.with(|_| Ok(())).await?;
            Ok(Take { at: fresh::now(), call, events: Vec::new(), error: None })
        }
        .boxed()
    }

    fn record(&self, take: Take) -> BoxFuture<'_, Result<()>> {
        self.with(move |cassette| cassette.record(&bytes_of(&take)?)).boxed()
    }

    fn record_stopped(&self, take: Take) {
        // It was opened when the take began.
        let mut cassette = self.cassette.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cassette) = cassette.as_mut() else { return };
        if let Err(error) = bytes_of(&take).and_then(|bytes| cassette.record(&bytes)) {
            tracing::warn!(%error, "an answer that was stopped could not be recorded");
        }
    }
}

fn bytes_of(take: &Take) -> Result<Vec<u8>> {
    serde_json::to_vec(take).map_err(|why| Error::internal("recording an answer", why.to_string()))
}

/// The takes of a file, read once.
#[derive(Debug)]
pub struct FileTape {
    store: Store,
    path: PathBuf,
    key: Key,
    takes: OnceCell<Arc<Vec<Take>>>,
}

impl Tape for FileTape {
    fn takes<'a>(&'a self, net: &'a Client) -> BoxFuture<'a, Result<Arc<Vec<Take>>>> {
        async {
            let takes = self.takes.get_or_try_init(|| async {
                let passphrase = self.key.get(net).await?;
                let (store, path) = (self.store.clone(), self.path.clone());
                let work = move || read(&store, &path, passphrase.as_ref());
                blocking("playing a cassette", work).await.map(|(takes, _)| Arc::new(takes))
            });
            takes.await.cloned()
        }
        .boxed()
    }
}
