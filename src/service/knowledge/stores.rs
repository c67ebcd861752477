//! Which store a base is in, opened where it is not.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Knowledge, shelf};
use crate::domain::id::BaseId;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::store::StoreKind;
use crate::domain::knowledge::sync::Sorting;
use crate::domain::secret::Secret;
use crate::domain::{ErrorKind, Result};
use crate::index::{EXACT, Embedded, PgOptions, Pgvector, Qdrant, QdrantOptions, VectorStore};
use crate::net;
use crate::service::invoke::Terms;

const DOING: &str = "opening a knowledge base";

/// The servers that hold bases, as the person has told them.
pub trait Servers: Send + Sync + std::fmt::Debug {
    /// The address of a PostgreSQL database with its password.
    fn postgres(&self) -> Result<Secret>;
    /// Where Qdrant is, and its key where it wants one.
    fn qdrant(&self) -> Result<(String, Option<Secret>)>;
}

/// Where a store is that is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Address {
    Postgres(Secret),
    Qdrant(String, Option<Secret>),
}

/// A store that is open.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    store: Arc<dyn VectorStore>,
    /// Where it is, if elsewhere; another address is another store.
    at: Option<Address>,
}

impl Knowledge {
    /// The index of a base.
    pub(super) async fn index(&self, base: &Base, terms: &Terms) -> Result<Arc<dyn VectorStore>> {
        self.index_in(base, base.store, terms).await
    }

    /// The index of a base that is synced. One of this workspace in which damage was met is mended first: what that cannot save,
    /// the sync reads again.
    pub(super) async fn mended(&self, base: &Base, terms: &Terms) -> Result<Arc<dyn VectorStore>> {
        let opened = self.index(base, terms).await;
        if base.store != StoreKind::Embedded {
            return opened;
        }
        let (id, dimensions) = (base.lies_under(), base.dimensions as usize);
        let is_damaged = match &opened {
            Ok(_) => {
                self.archive.run(move |store| Ok(Embedded::is_damaged(&store.shelf(&shelf(id))?))).await?
            }
            Err(error) => error.kind == ErrorKind::Corrupt,
        };
        if !is_damaged {
            return opened;
        }
        drop(opened);
        let mut open = self.open.lock().await;
        let key = (id, base.store);
        // Who asks it in this moment goes on with what there is; another sync mends it.
        if open.get(&key).is_none_or(|known| Arc::strong_count(&known.store) == 1) {
            open.remove(&key);
            let mended = self
                .archive
                .run(move |store| Ok(Embedded::mend(store.shelf(&shelf(id))?, dimensions)?.1))
                .await?;
            tracing::warn!(
                lost = mended.lost,
                "a damaged knowledge base was mended; its sync reads again what was lost"
            );
        }
        drop(open);
        self.index(base, terms).await
    }

    /// What one store has of a base.
    pub(super) async fn index_in(
        &self,
        base: &Base,
        kind: StoreKind,
        terms: &Terms,
    ) -> Result<Arc<dyn VectorStore>> {
        let key = (base.lies_under(), kind);
        let at = self.address(kind, &terms.net)?;
        // One that is of this workspace nobody may open twice; one elsewhere must keep nobody waiting who wants another.
        let mut open = self.open.lock().await;
        if let Some(known) = open.get(&key).filter(|known| known.at == at) {
            return Ok(Arc::clone(&known.store));
        }
        let store: Arc<dyn VectorStore> = if let Some(address) = &at {
            drop(open);
            let store = elsewhere(base, address, terms).await?;
            open = self.open.lock().await;
            store
        } else {
            let (id, dimensions) = (base.lies_under(), base.dimensions as usize);
            let search = self.bounds.vectors;
            let opened = self
                .archive
                .run(move |store| Embedded::open_for(store.shelf(&shelf(id))?, dimensions, search))
                .await?;
            Arc::new(opened)
        };
        open.insert(key, Opened { store: Arc::clone(&store), at });
        Ok(store)
    }

    /// Where a store is, if the call may reach it; `None` of what is in this workspace.
    fn address(&self, kind: StoreKind, net: &net::Client) -> Result<Option<Address>> {
        match kind {
            StoreKind::Embedded => Ok(None),
            StoreKind::Pgvector => {
                let url = self.servers.postgres()?;
                Pgvector::may_reach(net, &url)?;
                Ok(Some(Address::Postgres(url)))
            }
            StoreKind::Qdrant => {
                let (url, key) = self.servers.qdrant()?;
                net.may_ask(DOING, &url)?;
                Ok(Some(Address::Qdrant(url, key)))
            }
        }
    }

    /// Takes away what a store has of a base.
    pub(super) async fn clear(&self, base: &Base, kind: StoreKind, terms: &Terms) -> Result<()> {
        let at = self.address(kind, &terms.net)?;
        self.open.lock().await.remove(&(base.lies_under(), kind));
        let net = terms.net.under(None);
        match at {
            Some(Address::Postgres(url)) => Pgvector::remove(net, postgres(base, &url)).await,
            Some(Address::Qdrant(url, key)) => Qdrant::remove(net, &qdrant(base, &url, key.as_ref())).await,
            None => {
                let name = shelf(base.lies_under());
                self.archive.run(move |store| store.remove_shelf(&name)).await
            }
        }
    }

    /// Forgets what is open of a base.
    pub(super) async fn shut(&self, ids: &[BaseId]) {
        self.open.lock().await.retain(|(under, _), _| !ids.contains(under));
    }
}

/// Makes questions faster, when all else is done, and tells how far that is. Where it fails nothing is lost, and the next sync tries
/// again.
pub(super) async fn arranged(
    index: &dyn VectorStore,
    stop: &CancellationToken,
    told: watch::Sender<Sorting>,
) {
    if let Err(error) = index.arrange(stop.clone(), told).await {
        tracing::warn!(%error, "what a knowledge base has is searched as before");
    }
}

async fn elsewhere(base: &Base, address: &Address, terms: &Terms) -> Result<Arc<dyn VectorStore>> {
    // What it does from then on is no part of the call that happens to be the first.
    let net = terms.net.under(None);
    Ok(match address {
        Address::Postgres(url) => Arc::new(Pgvector::open(net, postgres(base, url)).await?),
        Address::Qdrant(url, key) => Arc::new(Qdrant::open(net, qdrant(base, url, key.as_ref())).await?),
    })
}

fn postgres(base: &Base, url: &Secret) -> PgOptions {
    PgOptions {
        url: url.clone(),
        name: base.called_elsewhere(),
        dimensions: base.dimensions as usize,
        exact: EXACT,
    }
}

fn qdrant(base: &Base, url: &str, key: Option<&Secret>) -> QdrantOptions {
    let (url, key) = (url.to_owned(), key.cloned());
    QdrantOptions {
        url,
        key,
        name: base.called_elsewhere(),
        dimensions: base.dimensions as usize,
        exact: EXACT,
    }
}
