//! What knowledge bases may take of the machine and how they are searched, typed.

use std::time::Duration;

use serde::Deserialize;

use super::KnowledgeConfig;
use crate::domain::knowledge::vectors::VectorSearch;

/// `[knowledge]`.
#[derive(Deserialize)]
pub(super) struct RawKnowledge {
    cache_mb: u64,
    fetch_seconds: u64,
    vector_search: VectorSearch,
}

impl RawKnowledge {
    pub(super) fn typed(&self) -> KnowledgeConfig {
        KnowledgeConfig {
            cache: self.cache_mb << 20,
            fetch: Duration::from_secs(self.fetch_seconds),
            vectors: self.vector_search,
        }
    }
}
