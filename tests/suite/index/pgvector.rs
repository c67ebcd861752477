//! A base in PostgreSQL under the suite that every store is run against, on a real server.

use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, FutureExt};
use outcrop::domain::knowledge::passage::Entry;
use outcrop::domain::secret::Secret;
use outcrop::domain::{ErrorKind, Result};
use outcrop::index::{Change, Counts, EXACT, Nearest, PgOptions, Pgvector, VectorStore};
use outcrop::net::{Client, EgressLog, NetOptions, Network, Reach};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::conformance::{
    DIMENSIONS, Place, conforms, document_id, entry, finds_nearly_all_that_is_near, never_gives_what_is_gone,
    passage_id, put, vector,
};
use super::postgres::{Postgres, postgres};
use crate::loopback::{AUTHORITY, acceptor};

struct There {
    server: Postgres,
    number: u32,
    exact: u64,
}

fn net() -> Client {
    Network::new(NetOptions::default(), Arc::new(EgressLog)).client(Reach::default())
}

impl There {
    fn options(&self, dimensions: usize) -> PgOptions {
        let url = Secret::new(self.server.url());
        PgOptions { url, name: format!("base_{}", self.number), dimensions, exact: self.exact }
    }

    async fn open(&self, dimensions: usize) -> Result<Pgvector> {
        Pgvector::open(net(), self.options(dimensions)).await
    }
}

impl Place for There {
    fn fresh(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>> {
        self.number += 1;
        self.again()
    }

    fn again(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>> {
        async move { Box::new(self.open(DIMENSIONS).await.unwrap()) as Box<dyn VectorStore> }.boxed()
    }

    fn as_another(&mut self) -> BoxFuture<'_, Vec<Result<()>>> {
        // It knows cosines alone.
        async move { vec![self.open(DIMENSIONS + 1).await.map(drop)] }.boxed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_in_postgresql_keeps_what_every_store_keeps() {
    let Some(server) = postgres() else { return };
    conforms(&mut There { server, number: 0, exact: EXACT }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_large_base_an_index_finds_nearly_all_and_nothing_that_is_gone() {
    let Some(server) = postgres() else { return };
    let mut place = There { server, number: 0, exact: 100 };
    finds_nearly_all_that_is_near(&*place.fresh().await).await;
    never_gives_what_is_gone(&mut place).await;
    // Vectors that are too long for a whole index are found at half precision, and come back whole.
    place.number += 1;
    let long = place.open(2500).await.unwrap();
    let long_vector = |n: u32| (0..2500).map(|at| vector(n * 1000 + at / 12)[at as usize % 12]).collect();
    let entries: Vec<Entry> =
        (0..150).map(|n| Entry { vector: long_vector(n), ..entry(n, n, "long") }).collect();
    long.apply(put(entries.clone())).await.unwrap();
    long.settle().await.unwrap();
    for n in [0, 77, 149] {
        let query = Nearest { vector: long_vector(n), results: 3, filter: None, expected: Vec::new() };
        let found = long.nearest(query).await.unwrap();
        assert_eq!((found.hits[0].id, found.among), (passage_id(n), 150));
        assert!((found.hits[0].placed.score - 1.0).abs() < 1e-5);
    }
    assert_eq!(long.page(None, 200).await.unwrap(), entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing() {
    let Some(server) = postgres() else { return };
    let mut place = There { server, number: 1, exact: EXACT };
    let store = place.open(DIMENSIONS).await.unwrap();
    let act = |round: u32| {
        let put = (0..600).map(|n| entry(round * 1000 + n, round, &format!("passage {n} of {round}")));
        Change { remove: vec![document_id(round)], put: put.collect() }
    };
    store.apply(act(0)).await.unwrap();
    for (round, wait) in (1..).zip([1, 5, 20, 60, 150]) {
        let writing = tokio::spawn({
            let (store, change) = (store.clone(), act(round));
            async move { store.apply(change).await }
        });
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        tokio::task::block_in_place(|| {
            place.server.kill();
            place.server.start();
        });
        // It was done, or is done over a new connection; where the server was away for too long it is brought again.
        if let Err(error) = writing.await.unwrap() {
            assert!(matches!(error.kind, ErrorKind::Network | ErrorKind::Busy), "{error}");
            store.apply(act(round)).await.unwrap();
        }
        let passages = u64::from(round + 1) * 600;
        let documents = u64::from(round + 1);
        assert_eq!(store.counts().await.unwrap(), Counts { passages, documents });
        assert_eq!(store.of_document(document_id(round)).await.unwrap().len(), 600);
    }
    // What was half done is nowhere.
    let again = place.open(DIMENSIONS).await.unwrap();
    assert_eq!(again.counts().await.unwrap(), Counts { passages: 3600, documents: 6 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_or_refuses_is_told_without_the_password() {
    let Some(mut server) = postgres() else { return };
    let url = server.url().replace("postgres@", "postgres:canary@");
    let options = |url: &str| PgOptions {
        url: Secret::new(url),
        name: "base".to_owned(),
        dimensions: DIMENSIONS,
        exact: EXACT,
    };
    let store = Pgvector::open(net(), options(&url)).await.unwrap();
    assert!(!format!("{store:?} {:?}", options(&url)).contains("canary"));
    let none = Pgvector::open(
        net(),
        options(&url.replace("/postgres", "/nowhere").replace("//nowhere", "//postgres")),
    )
    .await
    .unwrap_err();
    assert!(none.kind == ErrorKind::NotFound && !none.to_string().contains("canary"), "{none}");
    // A name that is no table's is refused before anything is asked.
    assert!(Pgvector::open(net(), PgOptions { name: "a\"b".to_owned(), ..options(&url) }).await.is_err());
    tokio::task::block_in_place(|| server.kill());
    for error in [store.counts().await.unwrap_err(), Pgvector::open(net(), options(&url)).await.unwrap_err()]
    {
        assert_eq!(error.kind, ErrorKind::Network);
        assert!(error.to_string().contains("Check that the server is running"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error}");
    }
    tokio::task::block_in_place(|| server.start());
    assert_eq!(store.counts().await.unwrap(), Counts::default(), "it is there again");
    Pgvector::remove(net(), options(&url)).await.unwrap();
    assert!(store.counts().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_and_attributes_of_any_characters_come_back_as_they_were() {
    use outcrop::domain::knowledge::attribute::Value;
    use outcrop::domain::knowledge::filter::{Filter, Test};
    let Some(server) = postgres() else { return };
    let place = There { server, number: 1, exact: EXACT };
    let store = place.open(DIMENSIONS).await.unwrap();
    let mut odd = entry(1, 1, "zero\0one '\\ \u{fdd0} \u{1f30a}");
    odd.passage.attributes.insert("k\0ey".to_owned(), Value::Text("a\0b".to_owned()));
    odd.passage.attributes.insert("n".to_owned(), Value::Number(1.0 / 3.0));
    odd.passage.attributes.insert("far".to_owned(), Value::Number(-1e300));
    odd.vector =
        vec![f32::MIN_POSITIVE, f32::MAX / 1e20, -0.1, 1.0 / 3.0, 1e-8, 7.0, 0.0, -0.0, 1.0, 2.0, 3.0, 4.0];
    store.apply(put(vec![odd.clone()])).await.unwrap();
    assert_eq!(store.entries(vec![odd.passage.id]).await.unwrap(), [Some(odd.clone())]);
    for test in [
        Filter::test("k\0ey", Test::Equals(Value::Text("a\0b".to_owned()))),
        Filter::test("k\0ey", Test::StartsWith("a\0".to_owned())),
        Filter::test("k\0ey", Test::StringContains("\0b".to_owned())),
        Filter::test("n", Test::Equals(Value::Number(1.0 / 3.0))),
        Filter::test("far", Test::LessThan(-1e299)),
    ] {
        let query =
            Nearest { vector: odd.vector.clone(), results: 1, filter: Some(test), expected: Vec::new() };
        assert_eq!(store.nearest(query).await.unwrap().hits.len(), 1);
    }
}

/// Speaks as much of PostgreSQL as comes before a login is refused, and writes down what it was told.
async fn greeter(speaks_tls: bool) -> (u16, Arc<Mutex<Vec<String>>>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 8];
            if stream.read_exact(&mut asked).await.is_err() {
                continue;
            }
            // SSLRequest: eight bytes of this code.
            assert_eq!(asked, [0, 0, 0, 8, 4, 210, 22, 47]);
            let _ = stream.write_all(if speaks_tls { b"S" } else { b"N" }).await;
            if !speaks_tls {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                log.lock().unwrap().push(String::from_utf8_lossy(&rest).into_owned());
                continue;
            }
            let Ok(mut secured) = acceptor().accept(stream).await else { continue };
            let mut begun = [0; 512];
            let read = secured.read(&mut begun).await.unwrap_or_default();
            log.lock().unwrap().push(String::from_utf8_lossy(&begun[..read]).into_owned());
            let said = b"SFATAL\0C28P01\0Mpassword authentication failed\0\0";
            let mut refusal = vec![b'E'];
            refusal.extend((said.len() as u32 + 4).to_be_bytes());
            refusal.extend(said);
            let _ = secured.write_all(&refusal).await;
            let _ = secured.shutdown().await;
        }
    });
    (port, told, task)
}

#[tokio::test]
async fn a_server_that_must_speak_tls_is_told_nothing_without_it_and_is_believed_by_its_certificate_alone() {
    let trusting = NetOptions { ca_file: Some(AUTHORITY.into()), ..NetOptions::default() };
    let open = async |net: NetOptions, host: &str, port: u16| {
        let url = Secret::new(format!("postgres://ada:canary@{host}:{port}/docs?sslmode=require"));
        let options = PgOptions { url, name: "base".to_owned(), dimensions: DIMENSIONS, exact: EXACT };
        let net = Network::new(net, Arc::new(EgressLog)).client(Reach::default());
        Pgvector::open(net, options).await.unwrap_err()
    };
    let (port, told, _task) = greeter(true).await;
    let error = open(trusting.clone(), "localhost", port).await;
    assert_eq!(error.kind, ErrorKind::Auth, "{error}");
    let heard = told.lock().unwrap().clone();
    assert!(heard.len() == 1 && heard[0].contains("ada"), "{heard:?}");
    for (net, host) in [(NetOptions::default(), "localhost"), (trusting.clone(), "127.0.0.1")] {
        let error = open(net, host, port).await;
        assert!(error.why.contains("certificate") && !error.to_string().contains("canary"), "{error}");
    }
    assert_eq!(told.lock().unwrap().len(), 1, "who is not believed is told nothing");

    let (port, told, _task) = greeter(false).await;
    let error = open(trusting, "localhost", port).await;
    assert!(error.hint.contains("sslmode=disable"), "{error}");
    assert!(told.lock().unwrap().iter().all(String::is_empty), "{told:?}");
}
