//! What an owner of a workspace does by itself while it runs.

use std::time::{Duration, Instant};

use outcrop::config::{Config, Environment, Flags};
use outcrop::domain::id::SpanId;
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::{Egress, Span, SpanKind, SpanStatus};
use outcrop::store::record::EgressKey;
use outcrop::store::{Batch, Owner, Scan, Store, Unlock};
use outcrop::workbench::attached::{Knock, Owning};
use outcrop::workbench::here::Here;

/// Only what is broken takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The store of a folder that nobody else wants; a child that another test starts may hold a copy of its lock.
fn open(folder: &std::path::Path) -> Store {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(owner) = Owner::try_take(folder).unwrap() {
            return Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
        }
        assert!(Instant::now() < deadline, "somebody holds {}", folder.display());
        std::thread::yield_now();
    }
}

/// An id that tells when it was made.
fn id(at: Timestamp) -> SpanId {
    let mut bytes = [7; 16];
    bytes[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
    (bytes[6], bytes[8]) = (0x70, 0x80);
    SpanId::from_bytes(bytes)
}

fn record(store: &Store, days: i64) -> SpanId {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let at = Timestamp(i64::try_from(now).unwrap() - days * DAY);
    let id = id(at);
    let span = Span { status: SpanStatus::Done, ..Span::begun(id, SpanKind::ListModels, "p", at) };
    let egress = Egress {
        number: 1,
        span: Some(id),
        doing: None,
        host: "h:1".into(),
        status: None,
        sent: 0,
        head: None,
        received: Some(0),
        request_id: None,
    };
    let mut batch = Batch::new();
    batch.put(&id, &span).unwrap().put(&EgressKey(at, id), &egress).unwrap();
    store.commit(batch).unwrap();
    id
}

/// Owns the workspace until it has been tended, which ends with the store's own backup.
async fn tended(config: &Config) {
    let backup = config.paths.workspace().join("backup");
    let deadline = Instant::now() + PATIENCE;
    let door = loop {
        let config = config.clone();
        let opened = tokio::task::spawn_blocking(move || Here::open(&config, &Knock::default()));
        match opened.await.unwrap().unwrap() {
            Owning::Ours(door) => break door,
            Owning::Anothers { pid } => assert!(Instant::now() < deadline, "{pid:?} has it"),
        }
    };
    // It waits until a start is long over.
    tokio::time::pause();
    while !backup.exists() {
        assert!(Instant::now() < deadline, "nobody tends it");
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    tokio::time::resume();
    drop(door);
}

#[tokio::test]
async fn an_owner_sweeps_the_record_of_calls_once_a_day_and_renews_the_stores_own_backup() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.toml"), "[trace]\nkeep_days = 5\n").unwrap();
    let variables = [("OUTCROP_HOME", home.path())];
    let config = Config::load(&Environment::from_vars(variables), &Flags::default()).unwrap();
    let folder = config.paths.workspace();
    let reopened = || {
        let folder = folder.clone();
        async { tokio::task::spawn_blocking(move || open(&folder)).await.unwrap() }
    };
    let left = |store: &Store| {
        let spans: Vec<_> = store.keys::<Span>(Scan::all()).map(Result::unwrap).collect();
        let egress: Vec<_> = store.keys::<Egress>(Scan::all()).map(|key| key.unwrap().1).collect();
        assert_eq!(spans, egress);
        spans
    };
    let store = open(&folder);
    let (old, young) = (record(&store, 6), record(&store, 4));
    drop(store);
    tended(&config).await;
    let store = reopened().await;
    assert_eq!(left(&store), [young], "and not {old:?}");
    // What is too old now waits for tomorrow, however often somebody starts today.
    let old = record(&store, 6);
    drop(store);
    std::fs::remove_file(folder.join("backup")).unwrap();
    tended(&config).await;
    assert_eq!(left(&reopened().await), [old, young]);
}
