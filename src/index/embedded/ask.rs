//! Asking: the nearest, what matches, and reading passages.

use std::collections::HashMap;
use std::sync::Arc;

use super::Inner;
use super::block;
use super::frame::Row;
use super::generation::HINT;
use super::scan::{self, Asked};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::Entry;
use crate::domain::knowledge::ranking::{Hit, Placed, Ranked};
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{Counts, Matching, Nearest, fitting};
use crate::store::{LogReader, Span};

impl Inner {
    pub(super) fn counts(&self) -> Result<Counts> {
        let live = self.live();
        live.whole()?;
        Ok(live.table.counts())
    }

    pub(super) fn nearest(&self, query: &Nearest) -> Result<Ranked> {
        fitting::vector(&query.vector, self.dimensions)?;
        let live = self.live();
        live.whole()?;
        let passing = live.table.passing(query.filter.as_ref());
        let among = passing.count();
        let probed = self.probe(&live, query, &passing, among);
        let (looked, probed) = probed.map_or((passing, None), |(looked, probed)| (looked, Some(probed)));
        let asked = Asked {
            vector: &query.vector,
            results: query.results,
            passing: &looked,
            expected: &query.expected,
        };
        Ok(Ranked { among: among as u64, probed, ..scan::nearest(&live.table, &asked) })
    }

    pub(super) fn matching(&self, query: &Matching) -> Result<Ranked> {
        self.catch_up()?;
        let words = self.words();
        let Some(words) = words.as_ref() else {
            let why = "its index of words failed while it was asked";
            return Err(Error::new(ErrorKind::Busy, "using a knowledge base", why, "Ask again."));
        };
        let live = self.live();
        live.whole()?;
        let passing = Arc::new(live.table.passing(query.filter.as_ref()));
        // Where places are asked for, all that match must be known.
        let best = query.expected.is_empty().then_some(query.results);
        let (found, among) = words.matching(&query.text, passing, best)?;
        let mut scored: Vec<(f64, PassageId)> = found
            .into_iter()
            .map(|(score, row)| (f64::from(score), live.table.rows[row as usize].id))
            .collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let placed = |at: usize| Placed { rank: at as u64 + 1, score: scored[at].0 };
        let places: HashMap<PassageId, usize> = if query.expected.is_empty() {
            HashMap::new()
        } else {
            scored.iter().enumerate().map(|(at, (_, id))| (*id, at)).collect()
        };
        let expected = query.expected.iter().map(|id| places.get(id).map(|at| placed(*at))).collect();
        let hits =
            (0..scored.len().min(query.results)).map(|at| Hit { id: scored[at].1, placed: placed(at) });
        Ok(Ranked { hits: hits.collect(), expected, among, probed: None })
    }

    pub(super) fn entries(&self, ids: &[PassageId], vectors: bool) -> Result<Vec<Option<Entry>>> {
        let (places, reader) = {
            let live = self.live();
            live.whole()?;
            let places = ids.iter().map(|id| live.table.row_of(id).map(|row| live.table.rows[row]));
            (places.collect::<Vec<_>>(), live.reader.clone())
        };
        let mut blocks = Blocks::new(&reader, self.dimensions);
        let entry =
            |place: Option<Row>| place.map(|row| blocks.entry(row.block, row.within, vectors)).transpose();
        places.into_iter().map(entry).collect()
    }

    pub(super) fn page(&self, after: Option<PassageId>, most: usize) -> Result<Vec<Entry>> {
        let ids: Vec<PassageId> = {
            let live = self.live();
            live.whole()?;
            let id = |row: &u32| live.table.rows[*row as usize].id;
            let order = live.order.get_or_init(|| {
                let mut rows: Vec<u32> = (0..live.table.rows.len() as u32).collect();
                rows.retain(|row| live.table.is_alive(*row as usize));
                rows.sort_unstable_by_key(id);
                rows
            });
            let from = after.map_or(0, |after| order.partition_point(|row| id(row) <= after));
            order[from..].iter().take(most).map(id).collect()
        };
        Ok(self.entries(&ids, true)?.into_iter().flatten().collect())
    }

    /// At most `most` passages of a document, from the one at `from` on.
    pub(super) fn of_document(
        &self,
        document: DocumentId,
        from: usize,
        most: usize,
    ) -> Result<Vec<PassageId>> {
        let live = self.live();
        live.whole()?;
        let rows = live.rows_in_order(document);
        Ok(rows.iter().skip(from).take(most).map(|row| live.table.rows[*row as usize].id).collect())
    }
}

/// Entries that are read one after the other: neighbours lie in one block.
pub(super) struct Blocks<'a> {
    reader: &'a LogReader,
    dimensions: usize,
    last: Option<(Span, Vec<u8>)>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(reader: &'a LogReader, dimensions: usize) -> Self {
        Self { reader, dimensions, last: None }
    }

    pub(super) fn entry(&mut self, span: Span, within: u32, vector: bool) -> Result<Entry> {
        let bytes = match self.last.take() {
            Some((last, bytes)) if last == span => bytes,
            _ => self.reader.read(span).map_err(|error| Error { hint: HINT.to_owned(), ..error })?,
        };
        let entry = block::one(&bytes, within as usize, self.dimensions, vector);
        self.last = Some((span, bytes));
        entry
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::Embedded;
    use super::super::generation::LONG;
    use super::super::tests::{noise, shelf};
    use super::*;
    use crate::domain::knowledge::attribute::Attributes;
    use crate::domain::knowledge::passage::Passage;
    use crate::index::Change;

    const DIMENSIONS: usize = 8;

    /// The passages of documents, by their ordinals.
    type There = BTreeMap<u8, BTreeMap<u32, PassageId>>;

    fn id(document: u8) -> DocumentId {
        DocumentId::from_bytes([document; 16])
    }

    fn entry(document: u8, ordinal: u32) -> Entry {
        let mut own = [document; 16];
        own[12..].copy_from_slice(&ordinal.to_be_bytes());
        let passage = Passage {
            id: PassageId::from_bytes(own),
            document: id(document),
            ordinal,
            range: 0..4,
            parent: None,
            tokens: 1,
            text: "text".to_owned(),
            attributes: Attributes::new(),
        };
        Entry { passage, vector: noise(u64::from(ordinal), DIMENSIONS) }
    }

    fn put(inner: &Inner, there: &mut There, document: u8, entries: Vec<Entry>) {
        let own = there.entry(document).or_default();
        own.extend(entries.iter().map(|entry| (entry.passage.ordinal, entry.passage.id)));
        inner.apply(Change { remove: Vec::new(), put: entries }).unwrap();
    }

    /// Parts of the documents are those of what is there; the order of `known` ones was known before somebody asked.
    fn parts_are(inner: &Inner, there: &There, known: &[u8]) {
        let found: BTreeSet<DocumentId> = inner.live().in_order.lock().unwrap().keys().copied().collect();
        assert_eq!(found, known.iter().copied().map(id).collect::<BTreeSet<_>>());
        for (document, passages) in there {
            let passages: Vec<PassageId> = passages.values().copied().collect();
            let all = passages.len();
            for (from, most) in
                [(0, 40), (all / 2, 40), (all.saturating_sub(3), 40), (all, 1), (0, usize::MAX)]
            {
                let wanted = &passages[from..all.min(from.saturating_add(most))];
                let part = inner.of_document(id(*document), from, most).unwrap();
                assert_eq!(part, wanted, "{most} of the document {document} from {from} on");
            }
        }
    }

    #[test]
    fn the_order_of_a_long_document_is_kept_until_that_document_changes() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Embedded::open(shelf(folder.path()), DIMENSIONS).unwrap();
        let inner = &*opened.inner;
        let (mut there, long) = (There::new(), LONG as u32 + 100);
        for document in [1, 2] {
            // The last come first.
            put(
                inner,
                &mut there,
                document,
                (0..long).rev().map(|ordinal| entry(document, ordinal)).collect(),
            );
        }
        parts_are(inner, &there, &[]);
        put(inner, &mut there, 3, (0..5).map(|ordinal| entry(3, ordinal)).collect());
        parts_are(inner, &there, &[1, 2]);
        put(inner, &mut there, 1, vec![entry(1, long)]);
        parts_are(inner, &there, &[2]);
        // A passage goes from one to the other.
        let mut moved = entry(2, 7);
        moved.passage.document = id(1);
        moved.passage.ordinal = long + 1;
        there.entry(2).or_default().remove(&7);
        put(inner, &mut there, 1, vec![moved]);
        parts_are(inner, &there, &[]);
        there.entry(2).or_default().clear();
        inner.apply(Change { remove: vec![id(2)], put: Vec::new() }).unwrap();
        parts_are(inner, &there, &[1]);
        inner.compact().unwrap();
        parts_are(inner, &there, &[]);
        parts_are(inner, &there, &[1]);
    }
}
