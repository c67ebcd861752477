//! The tables of a base.
//!
//! Bedrock's columns, by its names: `id`, `embedding`, `chunks`, `metadata` (what a passage is), `custom_metadata` (what filters
//! look at). Ours besides: `document`, `ordinal`, `terms` (how often the passage has each of its words) and `length` (how many they
//! are in all). A second table of one row has the totals that BM25 wants, so that no question counts a whole table.

use futures_util::future::FutureExt;

use super::link::Link;
use crate::domain::{Error, ErrorKind, Result};

/// pgvector keeps no longer vectors.
const MOST_DIMENSIONS: usize = 16_000;
/// Longer vectors its index takes at half precision only.
const FULL_PRECISION: usize = 2_000;
/// Longer ones it does not take at all.
const INDEXED: usize = 4_000;
const OPENING: &str = "opening a knowledge base in PostgreSQL";

/// What a base's tables are called, and what its vectors are.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Quoted.
    pub(super) name: String,
    /// That of the totals, quoted.
    pub(super) totals: String,
    pub(super) dimensions: usize,
    plain: String,
}

impl Table {
    pub(super) fn new(name: &str, dimensions: usize) -> Result<Self> {
        if name.is_empty() || name.len() > 48 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return Err(Error::internal(OPENING, format!("{name:?} is no name of a table")));
        }
        if dimensions == 0 || dimensions > MOST_DIMENSIONS {
            let why = format!("pgvector takes vectors of 1 to {MOST_DIMENSIONS} numbers, not {dimensions}");
            return Err(Error::new(ErrorKind::Invalid, OPENING, why, "Name another embedding model."));
        }
        Ok(Self {
            name: format!("\"{name}\""),
            totals: format!("\"{name}_totals\""),
            dimensions,
            plain: name.to_owned(),
        })
    }

    /// The vectors as the index has them.
    pub(super) fn indexed(&self) -> Option<(String, &'static str)> {
        match self.dimensions {
            0..=FULL_PRECISION => Some(("embedding".to_owned(), "vector")),
            n if n <= INDEXED => Some((format!("(embedding::halfvec({n}))"), "halfvec")),
            _ => None,
        }
    }

    /// Makes what is not there yet, and looks whether it fits.
    pub(super) async fn make(&self, link: &Link) -> Result<()> {
        let Self { name, totals, dimensions, plain } = self;
        let made = format!(
            "begin; select pg_advisory_xact_lock(hashtext('outcrop'), hashtext('{plain}'));\
             create extension if not exists vector;\
             create table if not exists {name} (id uuid primary key, embedding vector({dimensions}) not null, \
             chunks text not null, metadata json not null, custom_metadata jsonb not null, document uuid not null, \
             ordinal bigint not null, terms jsonb not null, length bigint not null);\
             create index if not exists \"{plain}_document\" on {name} (document);\
             create index if not exists \"{plain}_terms\" on {name} using gin (terms);\
             create index if not exists \"{plain}_metadata\" on {name} using gin (custom_metadata);\
             create table if not exists {totals} (one boolean primary key check (one), passages bigint not null, \
             words bigint not null);\
             insert into {totals} values (true, 0, 0) on conflict do nothing; commit"
        );
        let looked = format!(
            "select a.atttypmod from pg_attribute a where a.attrelid = to_regclass('{name}') and a.attname = 'embedding'"
        );
        let found: Option<i32> = link
            .run(|client| {
                let (made, looked) = (made.clone(), looked.clone());
                async move {
                    // A base that is there needs no right to make one.
                    if let Some(row) = client.query_opt(looked.as_str(), &[]).await? {
                        return Ok(Some(row.try_get(0)?));
                    }
                    if let Err(error) = client.batch_execute(&made).await {
                        let _ = client.batch_execute("rollback").await;
                        return Err(error.into());
                    }
                    Ok(None)
                }
                .boxed()
            })
            .await
            .map_err(|error| Error { doing: OPENING.to_owned(), ..error })?;
        match found {
            Some(found) if usize::try_from(found).ok() != Some(*dimensions) => {
                let why = format!("its vectors have {found} numbers, not {dimensions}");
                let hint = "Another embedding model needs the base built anew.";
                Err(Error::new(ErrorKind::Invalid, OPENING, why, hint))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn remove(&self, link: &Link) -> Result<()> {
        let Self { name, totals, .. } = self;
        let gone = format!("drop table if exists {name}, {totals}");
        link.run(|client| {
            let gone = gone.clone();
            async move { Ok(client.batch_execute(&gone).await?) }.boxed()
        })
        .await
    }

    /// The name of the index of nearness, not quoted.
    pub(super) fn nearness(&self) -> String {
        format!("{}_nearness", self.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_vectors_are_indexed_at_half_precision_and_longer_ones_not_at_all() {
        let indexed = |dimensions| Table::new("base", dimensions).unwrap().indexed().map(|(_, kind)| kind);
        assert_eq!(
            [384, 2000, 2001, 4000, 4001].map(indexed).map(Option::unwrap_or_default),
            ["vector", "vector", "halfvec", "halfvec", ""]
        );
        assert!(Table::new("base", 16_001).is_err() && Table::new("base", 0).is_err());
        assert!(Table::new("ba\"se", 3).is_err() && Table::new("", 3).is_err());
    }
}
