//! The Secret Service of the session's bus: GNOME Keyring, `KWallet`, `KeePassXC`.
//!
//! `secret-service` is spoken to directly, not through the `keyring` crate: that one keeps its store in process-wide
//! state, unlocks by itself, and has no bound in time. Here every call has a runtime of its own, and dropping it at
//! the end of the patience ends whatever was still waiting.

use std::collections::HashMap;
use std::time::Duration;

use secret_service::{Collection, EncryptionType, Error, Item, SecretService as Service};
use zbus::Address;
use zbus::address::Transport;
use zeroize::Zeroizing;

use super::{Ring, RingEntry, RingFault};

/// The desktop's keyring.
pub(super) struct SecretService {
    pub(super) answer: Duration,
    pub(super) person: Duration,
}

impl Ring for SecretService {
    fn keep(&self, entry: &RingEntry, secret: &str) -> Result<(), RingFault> {
        self.run(async |service| {
            let collection = self.bounded(service.get_default_collection()).await?;
            if self.bounded(collection.is_locked()).await? {
                self.unlocked(collection.unlock()).await?;
            }
            self.create(&collection, entry, secret).await
        })
    }

    fn give(&self, entry: &RingEntry, ask: bool) -> Result<Option<Zeroizing<String>>, RingFault> {
        self.run(async |service| {
            let Some((item, locked)) = self.find(service, entry).await? else { return Ok(None) };
            if locked && !ask {
                return Err(RingFault::Locked);
            }
            if locked {
                self.unlocked(item.unlock()).await?;
            }
            let bytes = Zeroizing::new(self.bounded(item.get_secret()).await?);
            let text = std::str::from_utf8(&bytes);
            let text = text.map_err(|_| RingFault::Failed("the entry is no text".to_owned()))?;
            Ok(Some(Zeroizing::new(text.to_owned())))
        })
    }

    fn forget(&self, entry: &RingEntry) -> Result<(), RingFault> {
        self.run(async |service| {
            let Some((item, locked)) = self.find(service, entry).await? else { return Ok(()) };
            if locked {
                self.unlocked(item.unlock()).await?;
            }
            self.bounded(item.delete()).await
        })
    }
}

impl SecretService {
    /// Runs `work` with a session whose secrets are encrypted on the bus. On a thread of its own: the caller's may
    /// belong to a runtime already.
    fn run<T: Send>(
        &self,
        work: impl AsyncFnOnce(&Service<'_>) -> Result<T, RingFault> + Send,
    ) -> Result<T, RingFault> {
        let task = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|why| RingFault::Failed(why.to_string()))?;
            let bus = Address::session().map_err(|why| RingFault::Absent(why.to_string()))?;
            // Offline or not: a bus may be named that lies behind a network or a command.
            if !matches!(bus.transport(), Transport::Unix(_)) {
                let why = "the session's bus is no socket of this machine, and a secret goes to no other";
                return Err(RingFault::Absent(why.to_owned()));
            }
            runtime.block_on(async {
                let connected = async {
                    let bus = zbus::connection::Builder::address(bus)?.build().await?;
                    Service::connect_with_existing(EncryptionType::Dh, bus).await
                };
                let service = self.bounded(connected).await?;
                work(&service).await
            })
        };
        std::thread::scope(|scope| scope.spawn(task).join())
            .unwrap_or_else(|_| Err(RingFault::Failed("its answer makes no sense".to_owned())))
    }

    async fn bounded<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, RingFault> {
        let answer = tokio::time::timeout(self.answer, call).await;
        answer.unwrap_or(Err(Error::PromptDisconnected)).map_err(|error| match error {
            Error::PromptDisconnected => RingFault::Silent,
            Error::Locked | Error::Prompt => RingFault::Locked,
            Error::Unavailable => RingFault::Absent("no session bus was found".to_owned()),
            Error::NoResult => RingFault::Absent("it has no default collection".to_owned()),
            error if absent(&error) => RingFault::Absent(error.to_string()),
            error => RingFault::Failed(error.to_string()),
        })
    }

    /// Waits for a person who is asked for the keyring's password.
    async fn unlocked(&self, call: impl Future<Output = Result<(), Error>>) -> Result<(), RingFault> {
        match tokio::time::timeout(self.person, call).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(RingFault::Locked),
        }
    }

    async fn create(
        &self,
        collection: &Collection<'_>,
        entry: &RingEntry,
        secret: &str,
    ) -> Result<(), RingFault> {
        let workspace = entry.workspace.to_string();
        let created = collection.create_item(
            &entry.label,
            names(entry, &workspace),
            secret.as_bytes(),
            true,
            "text/plain",
        );
        self.bounded(created).await.map(|_| ())
    }

    /// The entry, and whether it is locked.
    async fn find<'a>(
        &self,
        service: &'a Service<'_>,
        entry: &RingEntry,
    ) -> Result<Option<(Item<'a>, bool)>, RingFault> {
        let workspace = entry.workspace.to_string();
        let found = self.bounded(service.search_items(names(entry, &workspace))).await?;
        let open = found.unlocked.into_iter().map(|item| (item, false));
        Ok(open.chain(found.locked.into_iter().map(|item| (item, true))).next())
    }
}

fn names<'a>(entry: &'a RingEntry, workspace: &'a str) -> HashMap<&'static str, &'a str> {
    HashMap::from([("application", "outcrop"), ("workspace", workspace), ("key", &*entry.id)])
}

/// Whether the bus or the service is not there at all.
fn absent(error: &Error) -> bool {
    let said = error.to_string();
    [
        "ServiceUnknown",
        "NameHasNoOwner",
        "NotSupported",
        "Connection refused",
        "No such file",
        "Spawn.",
        "autolaunch",
    ]
    .iter()
    .any(|sign| said.contains(sign))
}
