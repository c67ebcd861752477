//! Writing: an act is one transaction, and may be done twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt;
use uuid::Uuid;

use super::Inner;
use super::link::Failure;
use super::row::{Columns, uuid};
use crate::domain::Result;
use crate::domain::knowledge::passage::Entry;
use crate::index::{Change, fitting};

/// Rows of one statement.
const STEP: usize = 256;
/// An index over millions of vectors takes so long.
const INDEXING: Duration = Duration::from_hours(6);

impl Inner {
    pub(super) async fn apply(&self, change: Change) -> Result<()> {
        for entry in &change.put {
            fitting::entry(entry, self.table.dimensions)?;
        }
        if change.remove.is_empty() && change.put.is_empty() {
            return Ok(());
        }
        let documents: Vec<Uuid> = change.remove.iter().map(|id| uuid(id.as_bytes())).collect();
        // Of two with one id the last counts.
        let last: HashMap<_, usize> =
            change.put.iter().enumerate().map(|(at, entry)| (entry.passage.id, at)).collect();
        let put: Vec<&Entry> = (0..)
            .zip(&change.put)
            .filter(|(at, entry)| last.get(&entry.passage.id) == Some(at))
            .map(|(_, entry)| entry)
            .collect();
        let ids: Vec<Uuid> = put.iter().map(|entry| uuid(entry.passage.id.as_bytes())).collect();
        let mut steps = Vec::new();
        let mut words = 0;
        for some in put.chunks(STEP) {
            let mut columns = Columns::default();
            some.iter().try_for_each(|entry| columns.push(entry))?;
            words += columns.lengths.iter().sum::<i64>();
            steps.push(columns);
        }
        let (name, totals) = (&self.table.name, &self.table.totals);
        // Whoever writes waits for who wrote before: also for oneself over a connection that was lost.
        let alone = format!("select 1 from {totals} for update");
        let gone = format!(
            "with gone as (delete from {name} where document = any($1::uuid[]) or id = any($2::uuid[]) returning length) \
             select count(*), coalesce(sum(length), 0)::bigint from gone"
        );
        let come = format!(
            "insert into {name} (id, document, ordinal, chunks, metadata, custom_metadata, embedding, terms, length) \
             select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[]::json[], \
             $6::text[]::jsonb[], $7::text[]::vector[], $8::text[]::jsonb[], $9::bigint[])"
        );
        let told = format!("update {totals} set passages = passages + $1, words = words + $2");
        let act = Arc::new((documents, ids, steps, words, [alone, gone, come, told]));
        self.writes
            .run(|client| {
                let act = Arc::clone(&act);
                async move {
                    let (documents, ids, steps, words, [alone, gone, come, told]) = &*act;
                    let transaction = client.transaction().await?;
                    transaction.execute(alone.as_str(), &[]).await?;
                    let left = transaction.query_one(gone.as_str(), &[documents, ids]).await?;
                    let (rows, less): (i64, i64) = (left.try_get(0)?, left.try_get(1)?);
                    for columns in steps {
                        let Columns { ids, documents, ordinals, texts, metadata, .. } = columns;
                        let Columns { attributes, vectors, terms, lengths, .. } = columns;
                        transaction
                            .execute(
                                come.as_str(),
                                &[
                                    ids, documents, ordinals, texts, metadata, attributes, vectors, terms,
                                    lengths,
                                ],
                            )
                            .await?;
                    }
                    let more = (ids.len() as i64 - rows, words - less);
                    transaction.execute(told.as_str(), &[&more.0, &more.1]).await?;
                    Ok::<_, Failure>(transaction.commit().await?)
                }
                .boxed()
            })
            .await
    }

    /// Makes the index of nearness once a base is large; it keeps itself from then on.
    pub(super) async fn settle(&self) -> Result<()> {
        let Some((indexed, kind)) = self.table.indexed() else { return Ok(()) };
        if self.totals().await?.0 <= self.exact || self.has_index().await? {
            return Ok(());
        }
        let (name, index) = (&self.table.name, self.table.nearness());
        let made = format!(
            "create index if not exists \"{index}\" on {name} using hnsw ({indexed} {kind}_cosine_ops)"
        );
        self.writes
            .run_within(INDEXING, |client| {
                let made = made.clone();
                async move { Ok(client.batch_execute(&made).await?) }.boxed()
            })
            .await
    }
}
