//! A base in PostgreSQL with pgvector: one table a base, as Amazon Bedrock asks of an Aurora cluster, and what we need besides.
//!
//! ```text
//! address   where the database is        link     a connection, opened again when it is lost
//! schema    the tables of a base         row      a passage as a row, and back
//! write     one act is one transaction   ask      the nearest, what matches, reading
//! filter    filters as SQL               plain    texts without zero characters
//! ```
//!
//! Nearness is exact in a small base. In a large one an HNSW index finds what is near, and goes on looking until the filter has
//! let enough through; where that does not bring enough, all is compared. Words are ours, as in every store, and BM25 is computed
//! by the statement. Never here: sockets, which `net` opens.

mod address;
mod ask;
mod filter;
mod link;
mod plain;
mod row;
mod schema;
mod write;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use self::address::Address;
use self::link::Link;
use self::schema::Table;
use super::{Change, Counts, Matching, Nearest, VectorStore};
use crate::domain::Result;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::Ranked;
use crate::domain::secret::Secret;
use crate::net;

/// Which base, and where.
#[derive(Debug, Clone)]
pub struct PgOptions {
    /// The database's address, with the password.
    pub url: Secret,
    /// What its tables are called; letters, digits and low lines.
    pub name: String,
    pub dimensions: usize,
    /// Up to so many passages all are compared.
    pub exact: u64,
}

/// A base in PostgreSQL. Copies are handles to the same connections.
#[derive(Debug, Clone)]
pub struct Pgvector {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    table: Table,
    exact: u64,
    /// What takes long to be written keeps no question waiting.
    reads: Link,
    writes: Link,
}

impl Pgvector {
    /// Opens a base, or makes its tables. One of vectors of another length is refused.
    pub async fn open(net: net::Client, options: PgOptions) -> Result<Self> {
        let this = Self::unopened(net, &options)?;
        this.inner.table.make(&this.inner.writes).await?;
        Ok(this)
    }

    /// Whether a call may reach the database at this address.
    pub fn may_reach(net: &net::Client, url: &Secret) -> Result<()> {
        let Address { host, port, .. } = Address::read(url)?;
        net.may_reach("connecting to PostgreSQL", &host, port).map(drop)
    }

    /// Takes a base's tables away, where there are some.
    pub async fn remove(net: net::Client, options: PgOptions) -> Result<()> {
        let this = Self::unopened(net, &options)?;
        this.inner.table.remove(&this.inner.writes).await
    }

    fn unopened(net: net::Client, options: &PgOptions) -> Result<Self> {
        let address = Arc::new(Address::read(&options.url)?);
        let table = Table::new(&options.name, options.dimensions)?;
        let reads = Link::new(net.clone(), Arc::clone(&address));
        let writes = Link::new(net, address);
        Ok(Self { inner: Arc::new(Inner { table, exact: options.exact, reads, writes }) })
    }

    fn run<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> BoxFuture<'_, Result<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        work(Arc::clone(&self.inner)).boxed()
    }
}

impl VectorStore for Pgvector {
    fn dimensions(&self) -> usize {
        self.inner.table.dimensions
    }

    fn apply(&self, change: Change) -> BoxFuture<'_, Result<()>> {
        self.run(|inner| async move { inner.apply(change).await })
    }

    fn settle(&self) -> BoxFuture<'_, Result<()>> {
        self.run(|inner| async move { inner.settle().await })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        self.run(|inner| async move { inner.counts().await })
    }

    fn nearest(&self, query: Nearest) -> BoxFuture<'_, Result<Ranked>> {
        self.run(|inner| async move { inner.nearest(query).await })
    }

    fn matching(&self, query: Matching) -> BoxFuture<'_, Result<Ranked>> {
        self.run(|inner| async move { inner.matching(query).await })
    }

    fn passages(&self, ids: Vec<PassageId>) -> BoxFuture<'_, Result<Vec<Option<Passage>>>> {
        self.run(|inner| async move {
            let entries = inner.entries(ids, false).await?;
            Ok(entries.into_iter().map(|entry| entry.map(|entry| entry.passage)).collect())
        })
    }

    fn entries(&self, ids: Vec<PassageId>) -> BoxFuture<'_, Result<Vec<Option<Entry>>>> {
        self.run(|inner| async move { inner.entries(ids, true).await })
    }

    fn of_document(&self, document: DocumentId) -> BoxFuture<'_, Result<Vec<PassageId>>> {
        self.part_of_document(document, 0, usize::MAX)
    }

    fn part_of_document(
        &self,
        document: DocumentId,
        from: usize,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<PassageId>>> {
        self.run(move |inner| async move { inner.of_document(document, from, most).await })
    }

    fn page(&self, after: Option<PassageId>, most: usize) -> BoxFuture<'_, Result<Vec<Entry>>> {
        self.run(move |inner| async move { inner.page(after, most).await })
    }
}
