//! Answers. All of them are `{"result": …, "status": "ok", "time": …}`; of one that is none, `status.error` says why.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{DENSE, WORDS, point};
use crate::domain::id::PassageId;
use crate::domain::knowledge::passage::Entry;
use crate::domain::{Error, ErrorKind, Result};

const READING: &str = "reading Qdrant's answer";

/// The result of an answer.
fn result<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    #[derive(Deserialize)]
    struct Answer<T> {
        result: T,
    }
    let answer: Answer<T> = serde_json::from_slice(body).map_err(|why| {
        Error::new(ErrorKind::Corrupt, READING, why.to_string(), "Check that the address is one of Qdrant.")
    })?;
    Ok(answer.result)
}

/// What a refusal says.
pub fn complaint(body: &str) -> Option<String> {
    let answer: Json = serde_json::from_str(body).ok()?;
    Some(answer.get("status")?.get("error")?.as_str()?.to_owned())
}

/// What a collection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Why it is none of ours, where it is none.
    pub odd: Option<String>,
    /// Fields that have an index.
    pub indexed: Vec<String>,
}

/// Reads what a collection is, against what it must be.
pub fn collection(body: &[u8], dimensions: usize) -> Result<Collection> {
    #[derive(Deserialize)]
    struct Info {
        config: Config,
        #[serde(default)]
        payload_schema: BTreeMap<String, Json>,
    }
    #[derive(Deserialize)]
    struct Config {
        params: Params,
    }
    #[derive(Deserialize)]
    struct Params {
        #[serde(default)]
        vectors: Json,
        #[serde(default)]
        sparse_vectors: Json,
    }
    let Info { config: Config { params }, payload_schema } = result(body)?;
    let dense = &params.vectors[DENSE];
    let odd = match (dense["size"].as_u64(), dense["distance"].as_str()) {
        (Some(size), _) if size != dimensions as u64 => {
            Some(format!("its vectors have {size} numbers, not {dimensions}"))
        }
        (Some(_), Some("Dot")) if params.sparse_vectors[WORDS]["modifier"] == "idf" => None,
        (Some(_), Some("Dot")) => Some("it has no vectors of words".to_owned()),
        (_, distance) => Some(format!("it measures {}, not dot products", distance.unwrap_or("nothing"))),
    };
    Ok(Collection { odd, indexed: payload_schema.into_keys().collect() })
}

/// Reads a count.
pub fn count(body: &[u8]) -> Result<u64> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    result(body).map(|Count { count }| count)
}

/// Reads the values that a field has.
pub fn values(body: &[u8]) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Facets {
        hits: Vec<Facet>,
    }
    #[derive(Deserialize)]
    struct Facet {
        value: String,
        count: u64,
    }
    let Facets { hits } = result(body)?;
    // Values that points had once may still be named.
    Ok(hits.into_iter().filter(|hit| hit.count > 0).map(|hit| hit.value).collect())
}

/// Reads ids and scores.
pub fn scored(body: &[u8]) -> Result<Vec<(PassageId, f64)>> {
    #[derive(Deserialize)]
    struct Found {
        points: Vec<Point>,
    }
    #[derive(Deserialize)]
    struct Point {
        id: String,
        score: f32,
    }
    let Found { points } = result(body)?;
    // From either side of zero it is zero.
    points.into_iter().map(|point| Ok((point.id.parse()?, f64::from(point.score) + 0.0))).collect()
}

/// Reads points that were asked for by their ids.
pub fn points(body: &[u8]) -> Result<Vec<Entry>> {
    result::<Vec<Json>>(body)?.into_iter().map(point::read).collect()
}

#[derive(Deserialize)]
struct Scrolled {
    points: Vec<Json>,
    #[serde(default)]
    next_page_offset: Option<String>,
}

/// Reads a page of points.
pub fn page(body: &[u8]) -> Result<Vec<Entry>> {
    result::<Scrolled>(body)?.points.into_iter().map(point::read).collect()
}

/// A passage with its place in its document.
pub type Numbered = (u64, PassageId);

/// Reads a page of a document's points: places and ids, and where the next page begins.
pub fn of_document(body: &[u8]) -> Result<(Vec<Numbered>, Option<String>)> {
    let Scrolled { points, next_page_offset } = result(body)?;
    let one = |point: Json| {
        let ordinal = point["payload"]["ordinal"].as_u64().unwrap_or_default();
        Ok((ordinal, point["id"].as_str().unwrap_or_default().parse()?))
    };
    Ok((points.into_iter().map(one).collect::<Result<_>>()?, next_page_offset))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::qdrant::ask;

    #[test]
    fn a_collection_that_is_none_of_ours_says_why() {
        let odd = |params: &Json| {
            let body = json!({ "result": { "config": { "params": params } }, "status": "ok", "time": 0.0 });
            collection(body.to_string().as_bytes(), 3).unwrap().odd
        };
        let own = ask::collection(3);
        assert_eq!(odd(&own), None);
        assert_eq!(odd(&ask::collection(4)).unwrap(), "its vectors have 4 numbers, not 3");
        let mut measured = own.clone();
        measured["vectors"][DENSE]["distance"] = "Euclid".into();
        assert_eq!(odd(&measured).unwrap(), "it measures Euclid, not dot products");
        let mut wordless = own;
        wordless["sparse_vectors"] = json!({});
        assert_eq!(odd(&wordless).unwrap(), "it has no vectors of words");
        let unnamed = json!({ "vectors": { "size": 3, "distance": "Dot" } });
        assert_eq!(odd(&unnamed).unwrap(), "it measures nothing, not dot products");
    }
}
