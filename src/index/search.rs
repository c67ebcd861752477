//! One search in any mode: by vectors, by words, or by both with their ranks fused.

use crate::domain::Result;
use crate::domain::knowledge::fusion::{Lists, fuse};
use crate::domain::knowledge::ranking::{Ranked, Search, Standings};
use crate::index::{Matching, Nearest, VectorStore};

/// So deep each list is read before two are fused, where fewer results are wanted: what stands deeper in one list can still be
/// carried up by the other, but hardly ever is (rank 100 counts 1/160, the first 1/61).
const DEPTH: usize = 100;

/// Searches a store. Both lists are asked at once.
pub async fn search(store: &dyn VectorStore, search: Search) -> Result<Standings> {
    let results = search.results;
    let mut found = search_all(store, search).await?;
    found.hits.truncate(results);
    Ok(found)
}

/// The same with all hits that the lists have, also those behind the first `results`.
pub async fn search_all(store: &dyn VectorStore, search: Search) -> Result<Standings> {
    let Search { mode, text, vector, results, filter, expected } = search;
    let both = mode.semantic() && mode.keyword();
    let depth = if both { results.max(DEPTH) } else { results };
    let nearest = async {
        let (filter, expected) = (filter.clone(), expected.clone());
        if !mode.semantic() {
            return Ok(None);
        }
        store.nearest(Nearest { vector, results: depth, filter, expected }).await.map(Some)
    };
    let matching = async {
        let (filter, expected) = (filter.clone(), expected.clone());
        if !mode.keyword() {
            return Ok(None);
        }
        store.matching(Matching { text, results: depth, filter, expected }).await.map(Some)
    };
    let (vector, keyword) = futures_util::future::try_join(nearest, matching).await?;
    let lists = Lists { vector: vector.as_ref(), keyword: keyword.as_ref() };
    let (hits, expected) = fuse(lists, &expected);
    let among = |list: Option<&Ranked>| list.map_or(0, |list| list.among);
    let probed = lists.vector.and_then(|list| list.probed);
    let compared = probed.map_or(among(lists.vector), |probed| probed.compared);
    Ok(Standings { hits, expected, compared, matched: among(lists.keyword), probed })
}
