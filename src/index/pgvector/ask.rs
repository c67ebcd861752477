//! Asking: the nearest, what matches, and reading passages.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::FutureExt;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Inner;
use super::filter::{Arguments, condition};
use super::row::{COLUMNS, entry, passage_id, uuid, vector_text};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::filter::Filter;
use crate::domain::knowledge::passage::Entry;
use crate::domain::knowledge::ranking::{Hit, Placed, Ranked};
use crate::domain::knowledge::terms::{B, K1, asked};
use crate::domain::{Error, Result};
use crate::index::{Counts, Matching, Nearest, fitting};

/// pgvector looks at no more candidates at once.
const MOST_CANDIDATES: usize = 1000;

impl Inner {
    /// Passages, and their words in all, as the totals have them.
    pub(super) async fn totals(&self) -> Result<(u64, i64)> {
        let row =
            self.one(format!("select passages, words from {}", self.table.totals), Arguments::default());
        let row = row.await?;
        Ok((whole(&row, 0)?, got(&row, 1)?))
    }

    pub(super) async fn has_index(&self) -> Result<bool> {
        let mut arguments = Arguments::default();
        let index = arguments.add(format!("\"{}\"", self.table.nearness()));
        // One that was broken off in the middle is not valid.
        let valid = format!(
            "select count(*) from pg_index where indexrelid = to_regclass({index}::text) and indisvalid"
        );
        Ok(whole(&self.one(valid, arguments).await?, 0)? > 0)
    }

    pub(super) async fn counts(&self) -> Result<Counts> {
        let sql = format!("select count(*), count(distinct document) from {}", self.table.name);
        let row = self.one(sql, Arguments::default()).await?;
        Ok(Counts { passages: whole(&row, 0)?, documents: whole(&row, 1)? })
    }

    pub(super) async fn nearest(&self, query: Nearest) -> Result<Ranked> {
        fitting::vector(&query.vector, self.table.dimensions)?;
        if query.expected.is_empty() && self.totals().await?.0 > self.exact {
            let among = self.passing(query.filter.as_ref()).await?;
            if among > self.exact && self.has_index().await? {
                let hits = self.near(&query).await?;
                if hits.len() as u64 == among.min(query.results as u64) {
                    return Ok(Ranked { hits, among, ..Ranked::default() });
                }
            }
        }
        self.compared(query).await
    }

    /// How many pass a filter.
    async fn passing(&self, filter: Option<&Filter>) -> Result<u64> {
        let mut arguments = Arguments::default();
        let passes = condition(filter, &mut arguments);
        let sql = format!("select count(*) from {} where {passes}", self.table.name);
        whole(&self.one(sql, arguments).await?, 0)
    }

    /// All that pass are compared.
    async fn compared(&self, query: Nearest) -> Result<Ranked> {
        let mut arguments = Arguments::default();
        let vector = arguments.add(vector_text(&query.vector));
        let passes = condition(query.filter.as_ref(), &mut arguments);
        // A vector of zeros is near to nothing.
        let scored = format!(
            "select id, coalesce(nullif(1 - (embedding <=> {vector}::text::vector), 'NaN'), 0) as score from {} where \
             {passes}",
            self.table.name
        );
        self.ranked(&scored, query.results, &query.expected, arguments).await
    }

    /// What the index finds near.
    async fn near(&self, query: &Nearest) -> Result<Vec<Hit>> {
        let Some((indexed, kind)) = self.table.indexed() else { return Ok(Vec::new()) };
        let mut arguments = Arguments::default();
        let vector = arguments.add(vector_text(&query.vector));
        let passes = condition(query.filter.as_ref(), &mut arguments);
        let candidates = query.results.saturating_mul(2).clamp(100, MOST_CANDIDATES);
        let (name, n) = (&self.table.name, self.table.dimensions);
        let looked = arguments.add(candidates.max(query.results) as i64);
        let wanted = arguments.add(query.results as i64);
        // At half precision they are found, at full precision they are ranked.
        let sql = format!(
            "select id, score from (select id, coalesce(nullif(1 - (embedding <=> {vector}::text::vector), 'NaN'), 0) as \
             score from (select id, embedding from {name} where {passes} order by {indexed} <=> \
             {vector}::text::{kind}({n}) limit {looked}) near) scored order by score desc, id limit {wanted}"
        );
        let set =
            format!("set local hnsw.iterative_scan = relaxed_order; set local hnsw.ef_search = {candidates}");
        let asked = Arc::new((set, sql, arguments));
        let rows = self
            .reads
            .run(|client| {
                let asked = Arc::clone(&asked);
                async move {
                    let (set, sql, arguments) = &*asked;
                    let transaction = client.transaction().await?;
                    transaction.batch_execute(set).await?;
                    let rows = transaction.query(sql.as_str(), &arguments.all()).await?;
                    transaction.commit().await?;
                    Ok(rows)
                }
                .boxed()
            })
            .await?;
        let hit = |(rank, row): (u64, &Row)| {
            Ok(Hit { id: passage_id(got(row, 0)?), placed: Placed { rank, score: got(row, 1)? } })
        };
        (1..).zip(&rows).map(hit).collect()
    }

    pub(super) async fn matching(&self, query: Matching) -> Result<Ranked> {
        let words = asked(&query.text);
        if words.is_empty() {
            return Ok(Ranked { expected: vec![None; query.expected.len()], ..Ranked::default() });
        }
        let mut arguments = Arguments::default();
        let words = arguments.add(words);
        let passes = condition(query.filter.as_ref(), &mut arguments);
        let (name, totals) = (&self.table.name, &self.table.totals);
        // BM25 (Robertson and Zaragoza 2009), with the weight of a word as tantivy and Lucene have it. What a filter keeps out
        // counts for how rare a word is. Added up in one order, so that what is equal stays so.
        let scored = format!(
            "select id, sum(weight * times / (times + {K1} * (1 - {B} + {B} * length / average)) order by place) as score \
             from met join (select place, ln(1 + greatest(many - count(*) + 0.5, 0.5) / (count(*) + 0.5)) * ({K1} + 1) as \
             weight, average from met cross join (select greatest(passages, 1)::float8 as many, \
             greatest(words::float8 / greatest(passages, 1), 1) as average from {totals}) known \
             group by place, many, average) weighed using (place) where passes group by id"
        );
        let met = format!(
            "met as materialized (select id, length, place, times, {passes} as passes from {name} cross join lateral \
             (select place, (terms ->> word)::float8 as times from unnest({words}::text[]) with ordinality as asked(word, \
             place) where terms ? word) found where terms ?| {words}::text[])"
        );
        self.ranked_with(&met, &scored, query.results, &query.expected, arguments).await
    }

    async fn ranked(
        &self,
        scored: &str,
        results: usize,
        expected: &[PassageId],
        arguments: Arguments,
    ) -> Result<Ranked> {
        self.ranked_with("nothing as (select 1)", scored, results, expected, arguments).await
    }

    /// The best of what `scored` gives (`id` and `score`), the places of those that are expected, and how many there are.
    async fn ranked_with(
        &self,
        with: &str,
        scored: &str,
        results: usize,
        expected: &[PassageId],
        mut arguments: Arguments,
    ) -> Result<Ranked> {
        let wanted = arguments.add(i64::try_from(results).unwrap_or(i64::MAX));
        let ids = arguments.add(expected.iter().map(|id| uuid(id.as_bytes())).collect::<Vec<Uuid>>());
        let sql = format!(
            "with {with}, scored as ({scored}), ranked as (select id, score, row_number() over (order by score desc, id) as \
             rank, count(*) over () as among from scored) select id, score, rank, among from ranked where rank <= \
             greatest({wanted}::bigint, 1) or id = any({ids}::uuid[]) order by rank"
        );
        let mut ranked = Ranked { expected: vec![None; expected.len()], ..Ranked::default() };
        let mut places = HashMap::new();
        for row in self.query(sql, arguments).await? {
            let (id, placed) =
                (passage_id(got(&row, 0)?), Placed { rank: whole(&row, 2)?, score: got(&row, 1)? });
            ranked.among = whole(&row, 3)?;
            places.insert(id, placed);
            if placed.rank <= results as u64 {
                ranked.hits.push(Hit { id, placed });
            }
        }
        ranked.expected = expected.iter().map(|id| places.get(id).copied()).collect();
        Ok(ranked)
    }

    pub(super) async fn entries(&self, ids: Vec<PassageId>, vectors: bool) -> Result<Vec<Option<Entry>>> {
        let mut arguments = Arguments::default();
        let wanted = arguments.add(ids.iter().map(|id| uuid(id.as_bytes())).collect::<Vec<Uuid>>());
        let vector = if vectors { ", embedding::float4[]" } else { "" };
        let sql =
            format!("select {COLUMNS}{vector} from {} where id = any({wanted}::uuid[])", self.table.name);
        let rows = self.query(sql, arguments).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let entry = entry(row)?;
            found.insert(entry.passage.id, entry);
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    pub(super) async fn of_document(
        &self,
        document: DocumentId,
        from: usize,
        most: usize,
    ) -> Result<Vec<PassageId>> {
        let mut arguments = Arguments::default();
        let document = arguments.add(uuid(document.as_bytes()));
        let [from, most] = [from, most].map(|n| arguments.add(i64::try_from(n).unwrap_or(i64::MAX)));
        let sql = format!(
            "select id from {} where document = {document} order by ordinal, id offset {from}::bigint limit {most}::bigint",
            self.table.name
        );
        self.query(sql, arguments).await?.iter().map(|row| Ok(passage_id(got(row, 0)?))).collect()
    }

    pub(super) async fn page(&self, after: Option<PassageId>, most: usize) -> Result<Vec<Entry>> {
        let mut arguments = Arguments::default();
        let most = arguments.add(i64::try_from(most).unwrap_or(i64::MAX));
        let behind = after.map_or_else(
            || "true".to_owned(),
            |after| format!("id > {}::uuid", arguments.add(uuid(after.as_bytes()))),
        );
        let sql = format!(
            "select {COLUMNS}, embedding::float4[] from {} where {behind} order by id limit {most}::bigint",
            self.table.name
        );
        self.query(sql, arguments).await?.iter().map(entry).collect()
    }

    async fn one(&self, sql: String, arguments: Arguments) -> Result<Row> {
        let mut rows = self.query(sql, arguments).await?;
        rows.pop().ok_or_else(|| Error::internal(DOING, "a question for one row gave none"))
    }

    async fn query(&self, sql: String, arguments: Arguments) -> Result<Vec<Row>> {
        let asked = Arc::new((sql, arguments));
        self.reads
            .run(|client| {
                let asked = Arc::clone(&asked);
                async move { Ok(client.query(asked.0.as_str(), &asked.1.all()).await?) }.boxed()
            })
            .await
    }
}

const DOING: &str = "asking PostgreSQL";

/// A column of a row.
fn got<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
    row.try_get(at).map_err(|why| Error::internal(DOING, why.to_string()))
}

/// A count.
fn whole(row: &Row, at: usize) -> Result<u64> {
    Ok(u64::try_from(got::<i64>(row, at)?).unwrap_or_default())
}
