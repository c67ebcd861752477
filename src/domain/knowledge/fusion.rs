//! Two ranked lists to one: reciprocal rank fusion (Cormack, Clarke and Büttcher 2009).

use std::collections::BTreeMap;

use super::ranking::{Placed, Ranked, Standing};
use crate::domain::id::PassageId;

/// The constant of the paper: rank `r` of a list counts `1 / (60 + r)`.
pub const K: f64 = 60.0;

/// The lists of a search, each where it was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lists<'a> {
    pub vector: Option<&'a Ranked>,
    pub keyword: Option<&'a Ranked>,
}

/// What rank `rank` of one list counts.
pub fn share(rank: u64) -> f64 {
    1.0 / (K + rank as f64)
}

/// All passages of the lists, best first, equal ones in the order of their ids, then the standings of the `expected` ones.
///
/// A single list keeps its own scores. Of two, only what the lists hold counts: a passage that stands deeper than they go has a
/// place in each, but none when fused.
pub fn fuse(lists: Lists<'_>, expected: &[PassageId]) -> (Vec<Standing>, Vec<Standing>) {
    let mut met: BTreeMap<PassageId, Standing> = BTreeMap::new();
    let fresh = |id| Standing { id, vector: None, keyword: None, fused: None, reranked: None, cosine: None };
    for hit in lists.vector.map(|list| &list.hits[..]).unwrap_or_default() {
        met.entry(hit.id).or_insert_with(|| fresh(hit.id)).vector = Some(hit.placed);
    }
    for hit in lists.keyword.map(|list| &list.hits[..]).unwrap_or_default() {
        met.entry(hit.id).or_insert_with(|| fresh(hit.id)).keyword = Some(hit.placed);
    }
    let both = lists.vector.is_some() && lists.keyword.is_some();
    let score = |standing: &Standing| {
        let own = |placed: Option<Placed>| {
            placed.map_or(0.0, |placed| if both { share(placed.rank) } else { placed.score })
        };
        own(standing.vector) + own(standing.keyword)
    };
    let mut fused: Vec<Standing> = met.into_values().collect();
    // The sort is stable and the map gave them in the order of their ids.
    fused.sort_by(|one, other| score(other).total_cmp(&score(one)));
    for (rank, standing) in (1..).zip(&mut fused) {
        standing.fused = Some(Placed { rank, score: score(standing) });
    }
    let told =
        |list: Option<&Ranked>, at: usize| list.and_then(|list| list.expected.get(at).copied().flatten());
    let expected = expected.iter().enumerate().map(|(at, id)| Standing {
        id: *id,
        vector: told(lists.vector, at),
        keyword: told(lists.keyword, at),
        fused: fused.iter().find(|standing| standing.id == *id).and_then(|standing| standing.fused),
        reranked: None,
        cosine: None,
    });
    let expected = expected.collect();
    (fused, expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::ranking::Hit;

    fn id(number: u8) -> PassageId {
        PassageId::from_bytes([number; 16])
    }

    fn list(ids: &[u8]) -> Ranked {
        let hits = (1..)
            .zip(ids)
            .map(|(rank, n)| Hit { id: id(*n), placed: Placed { rank, score: 10.0 / rank as f64 } });
        Ranked { hits: hits.collect(), among: ids.len() as u64, ..Ranked::default() }
    }

    #[test]
    fn what_both_lists_have_stands_above_what_one_has() {
        let (vector, keyword) = (list(&[1, 2, 3]), list(&[3, 4, 1]));
        let (fused, _) = fuse(Lists { vector: Some(&vector), keyword: Some(&keyword) }, &[]);
        let order: Vec<_> = fused.iter().map(|standing| standing.id).collect();
        assert_eq!(order, [id(1), id(3), id(2), id(4)]);
        let first = fused[0].fused.unwrap();
        assert!((first.score - (1.0 / 61.0 + 1.0 / 63.0)).abs() < 1e-12 && first.rank == 1, "{first:?}");
        assert_eq!(fused[2].keyword, None);
    }

    #[test]
    fn a_single_list_keeps_its_scores_and_its_order() {
        let keyword = list(&[9, 4]);
        let (fused, _) = fuse(Lists { vector: None, keyword: Some(&keyword) }, &[]);
        assert_eq!(fused[0].fused, fused[0].keyword);
        assert_eq!(fused.iter().map(|standing| standing.id).collect::<Vec<_>>(), [id(9), id(4)]);
    }

    #[test]
    fn an_expected_passage_has_its_ranks_also_where_the_lists_end_above_it() {
        let deep = Placed { rank: 700, score: 0.1 };
        let vector = Ranked { expected: vec![Some(deep), None], ..list(&[1, 2]) };
        let keyword = Ranked { expected: vec![None, Some(Placed { rank: 1, score: 3.0 })], ..list(&[3]) };
        let (_, expected) = fuse(Lists { vector: Some(&vector), keyword: Some(&keyword) }, &[id(8), id(3)]);
        let told = Standing {
            id: id(8),
            vector: Some(deep),
            keyword: None,
            fused: None,
            reranked: None,
            cosine: None,
        };
        assert_eq!(expected[0], told);
        // One, two and three: 1/61, 1/62, 1/61; equal ones by id.
        assert_eq!(expected[1].fused.unwrap().rank, 2);
    }
}
