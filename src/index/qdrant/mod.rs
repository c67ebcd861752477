//! A base in Qdrant: one collection a base, spoken to over REST. What is sent and what comes back is `wire::qdrant`'s.
//!
//! Nearness is exact in a small base; in a large one Qdrant's HNSW index finds what is near, under the filter. Words are ours, as in
//! every store. Their BM25 differs in one thing: Qdrant weighs how rare a word is, but knows no average length of a passage, so lengths
//! are weighed against a fixed one. An act is one request to a small base and several to a large one: Qdrant has no transactions, so
//! what was broken off is brought again, under the same ids.

mod api;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};

use self::api::Api;
use super::{Change, Counts, Matching, Nearest, VectorStore, fitting};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::filter::Filter;
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::{Hit, Placed, Ranked};
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::net;
use crate::wire::qdrant::ask::{self, Asked};
use crate::wire::qdrant::filter::{self, Values};
use crate::wire::qdrant::{point, reply};

/// Points of one request: a few megabytes of long vectors.
const STEP: usize = 256;
/// Of a field with more values that differ nobody asks for those that begin so, or hold a text.
const MOST_VALUES: u64 = 1_000_000;
/// Equal ones behind the last that is wanted are asked for along with it, to be put in order.
const BESIDES: u64 = 16;
const OPENING: &str = "opening a knowledge base in Qdrant";

/// Which base, and where.
#[derive(Debug, Clone)]
pub struct QdrantOptions {
    /// Where the API starts.
    pub url: String,
    pub key: Option<Secret>,
    /// What its collection is called.
    pub name: String,
    pub dimensions: usize,
    /// Up to so many passages all are compared.
    pub exact: u64,
}

/// A base in Qdrant. Copies are handles to the same one.
#[derive(Debug, Clone)]
pub struct Qdrant {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    api: Api,
    dimensions: usize,
    exact: u64,
    /// Fields that have an index.
    indexed: Mutex<BTreeSet<String>>,
}

impl Qdrant {
    /// Opens a base, or makes its collection. One of vectors of another length, or measured otherwise, is refused.
    pub async fn open(net: net::Client, options: QdrantOptions) -> Result<Self> {
        let QdrantOptions { url, key, name, dimensions, exact } = options;
        if dimensions == 0 {
            let why = "vectors have at least one number";
            return Err(Error::new(ErrorKind::Invalid, OPENING, why, "Name another embedding model."));
        }
        let api = Api::new(net, &url, key.as_ref(), &name);
        let mut found = api.found(OPENING).await?;
        if found.is_none() {
            api.put(OPENING, "", &ask::collection(dimensions)).await?;
            found = api.found(OPENING).await?;
        }
        let collection = match found {
            Some(body) => reply::collection(&body, dimensions)?,
            None => return Err(Error::internal(OPENING, "a collection was made and is not there")),
        };
        if let Some(why) = collection.odd {
            let hint = "Another embedding model needs the base built anew.";
            return Err(Error::new(ErrorKind::Invalid, OPENING, why, hint));
        }
        let indexed = Mutex::new(collection.indexed.into_iter().collect());
        let this = Self { inner: Arc::new(Inner { api, dimensions, exact, indexed }) };
        for (field, kind) in ask::INDEXED {
            this.inner.index(field, kind).await?;
        }
        Ok(this)
    }

    /// Takes a base's collection away, where there is one.
    pub async fn remove(net: net::Client, options: &QdrantOptions) -> Result<()> {
        let QdrantOptions { url, key, name, .. } = options;
        Api::new(net, url, key.as_ref(), name).remove("removing a knowledge base from Qdrant").await
    }

    fn run<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> BoxFuture<'_, Result<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        work(Arc::clone(&self.inner)).boxed()
    }
}

const DOING: &str = "using a knowledge base in Qdrant";

impl Inner {
    /// Makes an index of a field, where there is none.
    async fn index(&self, field: &str, kind: &str) -> Result<()> {
        if self.known().contains(field) {
            return Ok(());
        }
        self.api.put(OPENING, "/index?wait=true", &ask::index(field, kind)).await?;
        self.known().insert(field.to_owned());
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.indexed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn apply(&self, change: Change) -> Result<()> {
        for entry in &change.put {
            fitting::entry(entry, self.dimensions)?;
        }
        if change.remove.is_empty() && change.put.is_empty() {
            return Ok(());
        }
        let fields: BTreeSet<_> = change.put.iter().flat_map(point::fields).collect();
        for (field, kind) in fields {
            self.index(&field, kind).await?;
        }
        // Of two with one id the last counts.
        let last: HashMap<_, usize> =
            (0..).zip(&change.put).map(|(at, entry)| (entry.passage.id, at)).collect();
        let put: Vec<&Entry> = (0..)
            .zip(&change.put)
            .filter(|(at, entry)| last.get(&entry.passage.id) == Some(at))
            .map(|(_, entry)| entry)
            .collect();
        let (first, rest) = put.split_at(put.len().min(STEP));
        let bodies = std::iter::once(ask::change(&change.remove, first));
        for body in bodies.chain(rest.chunks(STEP).map(|some| ask::change(&[], some))) {
            self.api.post(DOING, "/points/batch?wait=true", &body).await?;
        }
        Ok(())
    }

    async fn count(&self) -> Result<u64> {
        reply::count(&self.api.post(DOING, "/points/count", &ask::count()).await?)
    }

    async fn counts(&self) -> Result<Counts> {
        let passages = self.count().await?;
        if passages == 0 {
            return Ok(Counts::default());
        }
        let documents = self.values("document", passages).await?.len() as u64;
        Ok(Counts { passages, documents })
    }

    async fn values(&self, field: &str, most: u64) -> Result<Vec<String>> {
        reply::values(&self.api.post(DOING, "/facet", &ask::values(field, most)).await?)
    }

    /// The values that a filter must know.
    async fn there(&self, filter: Option<&Filter>) -> Result<Values> {
        let mut values = Values::new();
        for field in filter::unknown(filter) {
            // Every field that has a value has an index.
            let is_there = self.known().contains(&field);
            if is_there {
                let there = self.values(&field, MOST_VALUES + 1).await?;
                if there.len() as u64 > MOST_VALUES {
                    let why =
                        "the filter looks into a text of which there are more than a million that differ";
                    let hint = "In Qdrant filter by equals, in or listContains there.";
                    return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
                }
                values.insert(field, there);
            }
        }
        Ok(values)
    }

    /// The best, and how many there are in all.
    async fn ranked(
        &self,
        asked: &Asked,
        filter: Option<&Filter>,
        results: usize,
        expected: &[PassageId],
    ) -> Result<Ranked> {
        let values = self.there(filter).await?;
        let count = asked.count(filter, &values);
        let among = reply::count(&self.api.post(DOING, "/points/count", &count).await?)?;
        let wanted = (results as u64).min(among);
        let mut exact = !expected.is_empty() || among <= self.exact;
        // Where places are asked for, all that match must be known.
        let mut limit = if expected.is_empty() { (wanted + BESIDES).min(among) } else { among };
        let mut found = Vec::new();
        while limit > 0 && (wanted > 0 || !expected.is_empty()) {
            let body = asked.query(filter, &values, limit, exact);
            found = reply::scored(&self.api.post(DOING, "/points/query", &body).await?)?;
            found.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
            let is_short = (found.len() as u64) < wanted;
            let cut_among_equals = limit < among
                && found.len() as u64 >= limit
                && found.last().map(|last| last.1) == found.get(wanted as usize - 1).map(|last| last.1);
            match (is_short && !exact, cut_among_equals && exact) {
                (true, _) => exact = true,
                (_, true) => limit = limit.saturating_mul(4).min(among),
                _ => break,
            }
        }
        let placed = |at: usize| Placed { rank: at as u64 + 1, score: found[at].1 };
        let places: HashMap<PassageId, usize> = if expected.is_empty() {
            HashMap::new()
        } else {
            found.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect()
        };
        let expected = expected.iter().map(|id| places.get(id).map(|at| placed(*at))).collect();
        let hits = (0..found.len().min(results)).map(|at| Hit { id: found[at].0, placed: placed(at) });
        Ok(Ranked { hits: hits.collect(), expected, among, probed: None })
    }

    async fn nearest(&self, query: Nearest) -> Result<Ranked> {
        fitting::vector(&query.vector, self.dimensions)?;
        let asked = Asked::Near(point::unit(&query.vector));
        self.ranked(&asked, query.filter.as_ref(), query.results, &query.expected).await
    }

    async fn matching(&self, query: Matching) -> Result<Ranked> {
        let (words, sparse) = point::question(&query.text);
        if words.is_empty() {
            return Ok(Ranked { expected: vec![None; query.expected.len()], ..Ranked::default() });
        }
        let asked = Asked::Words(words, sparse);
        self.ranked(&asked, query.filter.as_ref(), query.results, &query.expected).await
    }

    async fn entries(&self, ids: Vec<PassageId>, vectors: bool) -> Result<Vec<Option<Entry>>> {
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(STEP) {
            let body = self.api.post(DOING, "/points", &ask::points(some, vectors)).await?;
            found.extend(reply::points(&body)?.into_iter().map(|entry| (entry.passage.id, entry)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn of_document(&self, document: DocumentId) -> Result<Vec<PassageId>> {
        let (mut all, mut offset) = (Vec::new(), None);
        loop {
            let body = ask::of_document(document, offset, 1000);
            let (some, next) = reply::of_document(&self.api.post(DOING, "/points/scroll", &body).await?)?;
            all.extend(some);
            offset = next;
            if offset.is_none() {
                break;
            }
        }
        all.sort_unstable();
        Ok(all.into_iter().map(|(_, id)| id).collect())
    }

    async fn page(&self, after: Option<PassageId>, most: usize) -> Result<Vec<Entry>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        // The page begins with the one that it is to begin behind.
        let body = ask::page(after, most + usize::from(after.is_some()));
        let mut entries = reply::page(&self.api.post(DOING, "/points/scroll", &body).await?)?;
        entries.retain(|entry| Some(entry.passage.id) != after);
        entries.truncate(most);
        Ok(entries)
    }
}

impl VectorStore for Qdrant {
    fn dimensions(&self) -> usize {
        self.inner.dimensions
    }

    fn apply(&self, change: Change) -> BoxFuture<'_, Result<()>> {
        self.run(|inner| async move { inner.apply(change).await })
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
        self.run(move |inner| async move { inner.of_document(document).await })
    }

    // It has no order of its own by the place in a document.
    fn part_of_document(
        &self,
        document: DocumentId,
        from: usize,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<PassageId>>> {
        self.run(move |inner| async move {
            let all = inner.of_document(document).await?;
            Ok(all.into_iter().skip(from).take(most).collect())
        })
    }

    fn page(&self, after: Option<PassageId>, most: usize) -> BoxFuture<'_, Result<Vec<Entry>>> {
        self.run(move |inner| async move { inner.page(after, most).await })
    }
}
