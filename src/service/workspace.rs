//! The workspace as a thing: what it is, its backups, its key, its health, and the faces' own small memory.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Duration;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::Result;
use crate::domain::workspace::{KeyChoice, WorkspaceInfo};
use crate::service::archive::Archive;
use crate::service::fresh;
use crate::service::recorder::Recorder;
use crate::service::retention::{Keep, sweep_at_times};
use crate::service::space::stay_close;
use crate::store::record::Kind;
use crate::store::{Store, Unlock, WrapWith};

/// The service.
#[derive(Debug, Clone)]
pub struct Workspace {
    folder: PathBuf,
    unlock: Unlock,
    archive: Archive,
    recorder: Recorder,
    tending: Arc<Mutex<Option<AbortOnDropHandle<()>>>>,
    /// How many notices of the store a person was told.
    told: Arc<AtomicUsize>,
}

/// How old the backup that a store keeps of itself may grow; the record of calls is swept as often.
const TEND_EVERY: Duration = Duration::from_hours(24);
/// How long after the start that begins.
const TEND_AFTER: Duration = Duration::from_secs(30);
/// How often is looked whether they are.
const LOOK_EVERY: Duration = Duration::from_hours(1);

impl Workspace {
    /// Over the store in `folder`, which `unlock` opened. While it lives, the store's own backup is kept young, and of the
    /// record of calls what `keep` says.
    pub fn new(folder: PathBuf, unlock: Unlock, archive: Archive, recorder: Recorder, keep: Keep) -> Self {
        let tending = AbortOnDropHandle::new(tokio::spawn(tend(archive.clone(), keep)));
        Self {
            folder,
            unlock,
            archive,
            recorder,
            tending: Arc::new(Mutex::new(Some(tending))),
            told: Arc::default(),
        }
    }

    /// What it is, in numbers.
    pub async fn info(&self) -> Result<WorkspaceInfo> {
        let path = self.folder.clone();
        self.archive
            .run(move |store| {
                let info = store.info()?;
                Ok(WorkspaceInfo {
                    path,
                    key: info.key.to_owned(),
                    key_file: info.key_file.clone(),
                    conversations: info.listed,
                    comparisons: info.count(Kind::Comparison),
                    messages: info.count(Kind::Message),
                    bytes: info.bytes,
                    kept: info.kept,
                    left_out: info.left_out.into_iter().map(str::to_owned).collect(),
                    owner_pid: std::process::id(),
                    schema: info.schema,
                    notices: store.notices(),
                })
            })
            .await
    }

    /// A verified copy of everything, sealed, into the new file `to`.
    pub async fn backup(&self, to: PathBuf) -> Result<()> {
        self.archive.run(move |store| store.backup(&to).map(|_| ())).await
    }

    /// Replaces everything by a backup; what was there is kept beside it.
    pub async fn restore(&self, from: PathBuf) -> Result<()> {
        let unlock = self.unlock.clone();
        self.archive.run(move |store| store.restore(&from, &unlock).map(|_| ())).await
    }

    /// Gives back the space of what was deleted, and of what a restore or a repair replaced.
    pub async fn compact(&self) -> Result<WorkspaceInfo> {
        self.archive.run(Store::compact).await?;
        self.info().await
    }

    /// What was mended or noticed and nobody was told yet, and of a new workspace what opens it; they count as told from now
    /// on.
    pub async fn untold(&self) -> Result<(Option<String>, Vec<String>)> {
        let told = Arc::clone(&self.told);
        self.archive
            .run(move |store| {
                let notices = store.notices();
                let from = told.swap(notices.len(), Ordering::Relaxed);
                Ok((store.founded(), notices.into_iter().skip(from).collect()))
            })
            .await
    }

    /// Reads and opens every record: how many there are, one line for each that is damaged, and whether the store was rebuilt
    /// since it was opened.
    pub async fn verify(&self) -> Result<(u64, Vec<String>, bool)> {
        self.archive
            .run(|store| {
                let verified = store.verify()?;
                let damaged = verified.damaged.iter().map(ToString::to_string).collect();
                Ok((verified.records, damaged, store.was_rebuilt()))
            })
            .await
    }

    /// Whether what opens the workspace now will open it at the next start.
    pub async fn check_key(&self) -> Result<()> {
        self.archive.run(Store::check_key).await
    }

    /// Wraps the data key anew; with `data` everything is also sealed with a new one.
    pub async fn rekey(&self, data: bool, to: KeyChoice) -> Result<()> {
        let with = match to {
            KeyChoice::File => WrapWith::KeyFile,
            KeyChoice::Passphrase(passphrase) => WrapWith::Passphrase(passphrase.expose().into()),
            KeyChoice::Keyring => WrapWith::Keyring,
        };
        self.archive.run(move |store| if data { store.rekey_data(&with) } else { store.rekey(&with) }).await
    }

    /// Keeps a small value of a face under a name.
    pub async fn remember(&self, name: String, value: serde_json::Value) -> Result<()> {
        self.archive.remember(name, value).await
    }

    /// Gives it back.
    pub async fn recall(&self, name: String) -> Result<Option<serde_json::Value>> {
        self.archive.recall(name).await
    }

    /// Writes what waits to be recorded.
    pub async fn finish(&self) {
        drop(self.tending.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.recorder.finish().await;
    }
}

/// Once the start is long over, sweeps the record of calls and the attachments, has the store give space back, and renews its own backup
/// when that is old.
async fn tend(archive: Archive, keep: Keep) {
    tokio::time::sleep(TEND_AFTER).await;
    tokio::join!(stay_young(archive.clone(), keep), stay_close(archive));
}

async fn stay_young(archive: Archive, keep: Keep) {
    loop {
        match archive.run(move |store| sweep_at_times(store, keep, fresh::now(), TEND_EVERY)).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(
                removed,
                "old records of calls, and attachments that nothing names, were removed"
            ),
            Err(error) => tracing::warn!(%error, "what is old or named by nothing could not be removed"),
        }
        let renewed = archive.run(|store| match store.automatic_backup_age() {
            Some(age) if age < TEND_EVERY => Ok(()),
            _ => store.backup_automatic().map(|_| ()),
        });
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "the store's own backup could not be renewed");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
