//! Bodies of requests.

use serde_json::{Value as Json, json};

use super::filter::{self, Values};
use super::{DENSE, WORDS, point};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::filter::Filter;
use crate::domain::knowledge::passage::Entry;

/// The payload fields that every base has an index of.
pub const INDEXED: [(&str, &str); 2] = [("document", "keyword"), ("words", "keyword")];

/// A new collection.
pub fn collection(dimensions: usize) -> Json {
    json!({
        "vectors": { DENSE: { "size": dimensions, "distance": "Dot" } },
        "sparse_vectors": { WORDS: { "modifier": "idf" } },
    })
}

/// An index of a payload field.
pub fn index(field: &str, kind: &str) -> Json {
    json!({ "field_name": field, "field_schema": kind })
}

/// Documents go, then points come, in this order.
pub fn change(remove: &[DocumentId], put: &[&Entry]) -> Json {
    let mut operations = Vec::new();
    if !remove.is_empty() {
        operations.push(json!({ "delete": { "filter": { "must": [of_documents(remove)] } } }));
    }
    if !put.is_empty() {
        let points: Vec<Json> = put.iter().map(|entry| point::written(entry)).collect();
        operations.push(json!({ "upsert": { "points": points } }));
    }
    json!({ "operations": operations })
}

fn of_documents(documents: &[DocumentId]) -> Json {
    let ids: Vec<String> = documents.iter().map(|document| point::id(document.as_bytes())).collect();
    json!({ "key": "document", "match": { "any": ids } })
}

/// What a question asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// What is near to this vector of length one.
    Near(Vec<f32>),
    /// What has one of these words; the same as a sparse vector.
    Words(Vec<String>, Json),
}

impl Asked {
    /// What a point must pass.
    fn passes(&self, filter: Option<&Filter>, values: &Values) -> Option<Json> {
        match self {
            Self::Near(_) => filter::written(filter, values),
            // The sparse vector alone would take one word for another that shares its place.
            Self::Words(words, _) => {
                Some(filter::both(filter, values, json!({ "key": "words", "match": { "any": words } })))
            }
        }
    }

    /// How many there are in all.
    pub fn count(&self, filter: Option<&Filter>, values: &Values) -> Json {
        with(json!({ "exact": true }), self.passes(filter, values))
    }

    /// The best, ids and scores alone; `exact` looks at all.
    pub fn query(&self, filter: Option<&Filter>, values: &Values, limit: u64, exact: bool) -> Json {
        let (query, using) = match self {
            Self::Near(vector) => (json!(vector), DENSE),
            Self::Words(_, sparse) => (sparse.clone(), WORDS),
        };
        let body = json!({
            "query": query,
            "using": using,
            "limit": limit,
            "params": { "exact": exact },
            "with_payload": false,
            "with_vector": false,
        });
        with(body, self.passes(filter, values))
    }
}

fn with(mut body: Json, filter: Option<Json>) -> Json {
    if let Some(filter) = filter {
        body["filter"] = filter;
    }
    body
}

/// How many points there are.
pub fn count() -> Json {
    json!({ "exact": true })
}

/// The values that a field has.
pub fn values(field: &str, most: u64) -> Json {
    json!({ "key": field, "limit": most, "exact": true })
}

/// Points by their ids.
pub fn points(ids: &[PassageId], vectors: bool) -> Json {
    let ids: Vec<String> = ids.iter().map(|id| point::id(id.as_bytes())).collect();
    json!({ "ids": ids, "with_payload": true, "with_vector": vectors_of(vectors) })
}

fn vectors_of(wanted: bool) -> Json {
    if wanted { json!([DENSE]) } else { json!(false) }
}

/// A page of points in the order of their ids, from the one of `from` on.
pub fn page(from: Option<PassageId>, most: usize) -> Json {
    let body = json!({ "limit": most, "with_payload": true, "with_vector": vectors_of(true) });
    with_offset(body, from.map(|id| point::id(id.as_bytes())))
}

/// A page of a document's points, with their places in it alone.
pub fn of_document(document: DocumentId, offset: Option<String>, most: usize) -> Json {
    let body = json!({
        "filter": { "must": [of_documents(&[document])] },
        "limit": most,
        "with_payload": ["ordinal"],
        "with_vector": false,
    });
    with_offset(body, offset)
}

fn with_offset(mut body: Json, offset: Option<String>) -> Json {
    if let Some(offset) = offset {
        body["offset"] = offset.into();
    }
    body
}
