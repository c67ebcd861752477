//! A base in Qdrant: requests against its published API, and the suite of every store on its own engine, or on a server of the
//! person's where `QDRANT_URL` names one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use outcrop::domain::knowledge::attribute::Value;
use outcrop::domain::knowledge::filter::{Filter, Test};
use outcrop::domain::secret::Secret;
use outcrop::domain::{ErrorKind, Result};
use outcrop::index::{Change, EXACT, Matching, Nearest, Qdrant, QdrantOptions, VectorStore};
use outcrop::net::{Client, EgressLog, NetOptions, Network, Reach, Retries};
use outcrop::wire::qdrant::{ask, point};
use serde_json::{Value as Json, json};

use super::conformance::{
    DIMENSIONS, Place, conforms, document_id, entry, finds_nearly_all_that_is_near, never_gives_what_is_gone,
    passage_id, put, vector,
};
use crate::engine::real::peers;
use crate::loopback::{Part, Seen, Server, whole};

fn net() -> Client {
    let retries = Retries { base: Duration::from_millis(1), ..Retries::default() };
    Network::new(NetOptions { retries, ..NetOptions::default() }, Arc::new(EgressLog))
        .client(Reach::default())
}

/// Qdrant's engine behind its API; it ends with this.
pub struct Engine {
    server: Child,
    _folder: tempfile::TempDir,
    pub url: String,
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub fn engine() -> Option<Engine> {
    let python = peers()?;
    let has =
        Command::new(&python).args(["-c", "import qdrant_edge"]).stderr(Stdio::null()).status().unwrap();
    if !has.success() {
        crate::skipped!("Qdrant's engine; the python of OUTCROP_TEST_PEERS has no qdrant-edge-py");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "qdrant-edge-py is not installed");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/qdrant_engine.py"))
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines.find_map(|line| Some(line.ok()?.strip_prefix("serving at ")?.to_owned())).unwrap();
    Some(Engine { server, _folder: folder, url: format!("http://127.0.0.1:{port}") })
}

struct There {
    url: String,
    key: Option<Secret>,
    /// In front of the names of collections.
    prefix: String,
    number: u32,
    exact: u64,
}

impl There {
    fn at(url: &str) -> Self {
        Self { url: url.to_owned(), key: None, prefix: "base".to_owned(), number: 0, exact: EXACT }
    }

    fn options(&self, dimensions: usize) -> QdrantOptions {
        let (url, key) = (self.url.clone(), self.key.clone());
        QdrantOptions {
            url,
            key,
            name: format!("{}_{}", self.prefix, self.number),
            dimensions,
            exact: self.exact,
        }
    }

    async fn open(&self, dimensions: usize) -> Result<Qdrant> {
        Qdrant::open(net(), self.options(dimensions)).await
    }
}

impl Place for There {
    fn fresh(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>> {
        async move {
            Qdrant::remove(net(), &self.options(DIMENSIONS)).await.unwrap();
            self.number += 1;
            self.again().await
        }
        .boxed()
    }

    fn again(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>> {
        async move { Box::new(self.open(DIMENSIONS).await.unwrap()) as Box<dyn VectorStore> }.boxed()
    }

    fn as_another(&mut self) -> BoxFuture<'_, Vec<Result<()>>> {
        async move { vec![self.open(DIMENSIONS + 1).await.map(drop)] }.boxed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_in_qdrant_s_engine_keeps_what_every_store_keeps() {
    let Some(engine) = engine() else { return };
    conforms(&mut There::at(&engine.url)).await;
    // By the index of nearness, where there is one.
    let mut place = There { exact: 100, prefix: "large".to_owned(), ..There::at(&engine.url) };
    finds_nearly_all_that_is_near(&*place.fresh().await).await;
    never_gives_what_is_gone(&mut place).await;
}

/// The same on a real server, whose collections are made under names of their own and removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_base_on_a_qdrant_server_keeps_what_every_store_keeps() {
    let Some(url) = std::env::var_os("QDRANT_URL").and_then(|url| url.into_string().ok()) else {
        crate::skipped!("a Qdrant server; QDRANT_URL names one (QDRANT_API_KEY its key)");
        return;
    };
    let key = std::env::var_os("QDRANT_API_KEY").and_then(|key| key.into_string().ok()).map(Secret::new);
    let prefix = format!("outcrop_test_{}", std::process::id());
    let mut place = There { key, prefix, ..There::at(&url) };
    conforms(&mut place).await;
    Qdrant::remove(net(), &place.options(DIMENSIONS)).await.unwrap();
}

/// Qdrant's description of its API as a JSON schema in which nothing is allowed that it does not name.
fn schema() -> Json {
    fn strict(value: &mut Json) {
        match value {
            Json::Object(object) => {
                object.values_mut().for_each(strict);
                // What OpenAPI 3.0 calls nullable.
                if object.remove("nullable") == Some(Json::Bool(true)) {
                    let own = std::mem::take(object);
                    let nothing = json!({ "type": "null" });
                    let either = if own.is_empty() { nothing } else { json!({ "anyOf": [own, nothing] }) };
                    object.extend(either.as_object().cloned().unwrap_or_default());
                } else if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                    object.insert("additionalProperties".to_owned(), Json::Bool(false));
                }
            }
            Json::Array(all) => all.iter_mut().for_each(strict),
            _ => {}
        }
    }
    let mut schema: Json = serde_json::from_str(include_str!("../../data/qdrant/openapi.json")).unwrap();
    strict(&mut schema["components"]["schemas"]);
    schema
}

/// Why a body is none that Qdrant describes; empty where it is one.
fn wrong(schema: &Json, method: &str, path: &str, body: &Json) -> Vec<String> {
    let wanted = &schema["paths"][path][method]["requestBody"];
    assert!(wanted.is_object(), "{method} {path} is not described");
    let whole = json!({ "allOf": [wanted], "components": schema["components"] });
    let validator = jsonschema::validator_for(&whole).unwrap();
    validator.iter_errors(body).map(|error| error.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_one_that_qdrant_describes() {
    let schema = schema();
    // What the API does not know is seen.
    let odd = json!({ "exact": true, "filtre": {} });
    assert!(!wrong(&schema, "post", "/collections/{collection_name}/points/count", &odd).is_empty());
    let odd = json!({ "exact": true, "filter": { "must": [{ "key": "a", "match": { "texts": "b" } }] } });
    assert!(!wrong(&schema, "post", "/collections/{collection_name}/points/count", &odd).is_empty());

    let Some(engine) = engine() else { return };
    let port = engine.url.rsplit(':').next().unwrap().parse().unwrap();
    // Everything that the store asks in the suite goes by, is written down, and is answered by the engine.
    let between = Server::start(move |_, seen| forward(port, seen)).await;
    let mut place = There { prefix: "seen".to_owned(), ..There::at(&between.url("")) };
    let store = place.fresh().await;
    let mut odd = entry(1, 1, "river bends");
    let texts = Value::Texts(vec!["a".to_owned()]);
    for (key, value) in
        [("t", Value::Text("x".into())), ("n", Value::Number(1.5)), ("b", Value::Truth(true)), ("l", texts)]
    {
        odd.passage.attributes.insert(key.to_owned(), value);
    }
    store.apply(put(vec![odd, entry(2, 1, "")])).await.unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let tests = [
        Test::Equals(text("x")),
        Test::NotEquals(Value::Number(1.5)),
        Test::Equals(Value::Truth(true)),
        Test::GreaterThan(1.0),
        Test::GreaterThanOrEquals(1.0),
        Test::LessThan(1.0),
        Test::LessThanOrEquals(1.0),
        Test::In(vec!["x".to_owned()]),
        Test::In(Vec::new()),
        Test::NotIn(vec!["x".to_owned()]),
        Test::StartsWith("x".to_owned()),
        Test::ListContains("a".to_owned()),
        Test::StringContains("a".to_owned()),
        Test::StringContains(String::new()),
    ];
    let all: Vec<Filter> = tests.into_iter().map(|test| Filter::test("t", test)).collect();
    let filter = Some(Filter::AndAll(vec![
        Filter::OrAll(all.clone()),
        Filter::OrAll(Vec::new()),
        Filter::AndAll(all),
    ]));
    for filter in [None, filter] {
        let query =
            Nearest { vector: vector(1), results: 3, filter: filter.clone(), expected: vec![passage_id(1)] };
        store.nearest(query).await.unwrap();
        let query = Matching { text: "river".to_owned(), results: 3, filter, expected: Vec::new() };
        store.matching(query).await.unwrap();
    }
    store.entries(vec![passage_id(1)]).await.unwrap();
    store.passages(vec![passage_id(1)]).await.unwrap();
    store.of_document(document_id(1)).await.unwrap();
    store.page(None, 1).await.unwrap();
    store.page(Some(passage_id(1)), 1).await.unwrap();
    store.counts().await.unwrap();
    store.apply(Change { remove: vec![document_id(1)], put: Vec::new() }).await.unwrap();
    place.fresh().await;
    let mut known = std::collections::BTreeSet::new();
    for seen in between.seen() {
        let mut line = seen.line.split(' ');
        let (method, path) = (line.next().unwrap().to_lowercase(), line.next().unwrap());
        let path = path.split('?').next().unwrap();
        let rest = path.strip_prefix("/collections/").unwrap().split_once('/').map_or("", |(_, rest)| rest);
        let path = format!("/collections/{{collection_name}}/{rest}");
        known.insert((method.clone(), rest.to_owned()));
        let described = &schema["paths"][path.trim_end_matches('/')][&method];
        assert!(described.is_object(), "{method} {path} is not described");
        if described.get("requestBody").is_some() {
            let body: Json = serde_json::from_slice(&seen.body).unwrap();
            let wrong = wrong(&schema, &method, path.trim_end_matches('/'), &body);
            assert!(wrong.is_empty(), "{method} {path} {body}: {wrong:?}");
        } else {
            assert!(seen.body.is_empty(), "{method} {path}");
        }
    }
    // All that is in the description is asked.
    let described = schema["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum::<usize>();
    assert_eq!(known.len(), described, "{known:?}");
}

/// Asks the engine the same.
pub fn forward(port: u16, seen: &Seen) -> Vec<Part> {
    let mut there = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{}\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        seen.line,
        seen.body.len()
    );
    there.write_all(&[head.as_bytes(), &seen.body].concat()).unwrap();
    let mut said = Vec::new();
    there.read_to_end(&mut said).unwrap();
    vec![Part::Bytes(said)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again_and_a_refusal_is_told_without_the_key() {
    let collection = json!({ "result": {
        "config": { "params": ask::collection(DIMENSIONS) },
        "payload_schema": { "document": { "data_type": "keyword", "points": 0 }, "words": { "data_type": "keyword", "points": 0 } },
    }, "status": "ok", "time": 0.0 });
    let server = Server::start(move |number, seen| {
        let json = [("content-type", "application/json")];
        let refused = |status: u16, why: &str| {
            whole(status, &json, json!({ "status": { "error": why }, "time": 0.0 }).to_string())
        };
        match (number, seen.line.contains("/points/count")) {
            (0, _) => refused(429, "too many"),
            (1, _) => refused(503, "not yet"),
            (_, true) => refused(401, "no: canary-key"),
            _ => whole(200, &json, collection.to_string()),
        }
    })
    .await;
    let key = Some(Secret::new("canary-key"));
    let place = There { key, ..There::at(&server.url("")) };
    let store = place.open(DIMENSIONS).await.unwrap();
    assert_eq!(server.seen().len(), 3, "twice it was busy");
    assert_eq!(server.seen()[0].headers["api-key"], "canary-key");
    let error = store.counts().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(!format!("{error:?} {store:?} {:?}", place.options(DIMENSIONS)).contains("canary"), "{error:?}");
    let error = place.open(DIMENSIONS + 1).await.unwrap_err();
    assert!(error.to_string().contains("its vectors have 12 numbers, not 13"), "{error}");
    let url = server.url("");
    drop(server);
    let error = There::at(&url).open(DIMENSIONS).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network, "{error}");
}

#[test]
fn a_point_has_what_a_passage_has() {
    let said = point::written(&entry(4, 2, "river"));
    assert_eq!(said["id"], "00000000-0000-0000-0000-000000000004");
    assert_eq!(said["payload"]["text"], "river");
    assert_eq!(point::read(said).unwrap(), entry(4, 2, "river"));
}
