//! What every store of passages keeps, whoever wrote it: run against each of them.

use futures_util::future::BoxFuture;
use outcrop::domain::Result;
use outcrop::domain::id::{DocumentId, PassageId};
use outcrop::domain::knowledge::attribute::{Attributes, Value};
use outcrop::domain::knowledge::filter::{Filter, Test};
use outcrop::domain::knowledge::passage::{Entry, Passage};
use outcrop::domain::knowledge::ranking::{Mode, Ranked, Search};
use outcrop::index::{Change, Counts, Matching, Nearest, VectorStore, exact, search};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Numbers in a vector.
pub const DIMENSIONS: usize = 12;

/// A place where stores can be had.
pub trait Place {
    /// An empty store, in the place of the one that was.
    fn fresh(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>>;
    /// The same store after whoever had it open has died.
    fn again(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>>;
    /// What is told when the same store is opened as one of what it is not: vectors of another length, and another measure of
    /// nearness where it knows several. Nobody has it open.
    fn as_another(&mut self) -> BoxFuture<'_, Vec<Result<()>>>;
}

pub fn passage_id(number: u32) -> PassageId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    PassageId::from_bytes(bytes)
}

pub fn document_id(number: u32) -> DocumentId {
    let mut bytes = [1; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    DocumentId::from_bytes(bytes)
}

/// A vector that looks like noise and is the same everywhere.
pub fn vector(seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..DIMENSIONS)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

pub fn entry(number: u32, document: u32, text: &str) -> Entry {
    let passage = Passage {
        id: passage_id(number),
        document: document_id(document),
        ordinal: number,
        range: 3..3 + text.len(),
        parent: number.is_multiple_of(2).then_some(0..100),
        tokens: 4,
        text: text.to_owned(),
        attributes: Attributes::new(),
    };
    Entry { passage, vector: vector(number) }
}

fn with(mut entry: Entry, attributes: &[(&str, Value)]) -> Entry {
    entry.passage.attributes =
        attributes.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    entry
}

pub fn put(entries: Vec<Entry>) -> Change {
    Change { remove: Vec::new(), put: entries }
}

fn ids(ranked: &Ranked) -> Vec<PassageId> {
    ranked.hits.iter().map(|hit| hit.id).collect()
}

async fn nearest(store: &dyn VectorStore, seed: u32, results: usize, filter: Option<Filter>) -> Ranked {
    let query = Nearest { vector: vector(seed), results, filter, expected: Vec::new() };
    store.nearest(query).await.unwrap()
}

async fn matching(store: &dyn VectorStore, text: &str, filter: Option<Filter>) -> Ranked {
    let query = Matching { text: text.to_owned(), results: 10, filter, expected: Vec::new() };
    store.matching(query).await.unwrap()
}

async fn all(store: &dyn VectorStore) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    loop {
        let page = store.page(found.last().map(|entry| entry.passage.id), 7).await.unwrap();
        if page.is_empty() {
            return found;
        }
        assert!(page.len() <= 7);
        found.extend(page);
    }
}

/// All that a store must keep.
pub async fn conforms(place: &mut dyn Place) {
    keeps_and_counts(&*place.fresh().await).await;
    ranks_by_nearness(&*place.fresh().await).await;
    filters(&*place.fresh().await).await;
    finds_words(&*place.fresh().await).await;
    fuses_both(&*place.fresh().await).await;
    refuses_what_does_not_fit(&*place.fresh().await).await;
    takes_batches_of_every_size(&*place.fresh().await).await;
    is_the_same_when_it_is_brought_again(&*place.fresh().await).await;
    never_gives_what_is_gone(place).await;
    finds_nearly_all_that_is_near(&*place.fresh().await).await;
    orders_equal_ones(&*place.fresh().await).await;
    survives(place).await;
    is_not_opened_as_another(place).await;
}

async fn keeps_and_counts(store: &dyn VectorStore) {
    assert_eq!((store.counts().await.unwrap(), store.dimensions()), (Counts::default(), DIMENSIONS));
    assert!(nearest(store, 1, 5, None).await.hits.is_empty());
    assert!(matching(store, "anything", None).await.hits.is_empty());
    let entries: Vec<Entry> = (0..20).map(|n| entry(n, n / 5, &format!("text {n}"))).collect();
    // What is put twice is there once.
    for _ in 0..2 {
        store.apply(put(entries.clone())).await.unwrap();
        assert_eq!(store.counts().await.unwrap(), Counts { passages: 20, documents: 4 });
    }
    assert_eq!(all(store).await, entries);
    let wanted = vec![passage_id(3), passage_id(99), passage_id(0)];
    let found = store.entries(wanted.clone()).await.unwrap();
    assert_eq!(found, [Some(entries[3].clone()), None, Some(entries[0].clone())]);
    let found = store.passages(wanted).await.unwrap();
    assert_eq!(found, [Some(entries[3].passage.clone()), None, Some(entries[0].passage.clone())]);
    assert_eq!(store.of_document(document_id(1)).await.unwrap(), (5..10).map(passage_id).collect::<Vec<_>>());
    assert!(store.of_document(document_id(77)).await.unwrap().is_empty());
    for (from, most, wanted) in [(0, 2, 5..7), (3, 9, 8..10), (5, 1, 0..0)] {
        let part = store.part_of_document(document_id(1), from, most).await.unwrap();
        assert_eq!(part, wanted.map(passage_id).collect::<Vec<_>>());
    }
    // An entry takes the place of the one with its id, also from another document.
    let moved = Entry { vector: vector(1000), ..entry(4, 3, "moved") };
    store.apply(put(vec![entry(4, 3, "first"), moved.clone()])).await.unwrap();
    assert_eq!(store.entries(vec![passage_id(4)]).await.unwrap(), [Some(moved)]);
    assert_eq!(store.counts().await.unwrap(), Counts { passages: 20, documents: 4 });
    assert_eq!(nearest(store, 1000, 1, None).await.hits[0].id, passage_id(4));
    assert_eq!(ids(&matching(store, "moved", None).await), [passage_id(4)]);
    assert!(matching(store, "first", None).await.hits.is_empty());
    // In one act a document goes and comes back with other passages.
    let change = Change { remove: vec![document_id(0), document_id(50)], put: vec![entry(100, 0, "new")] };
    store.apply(change).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), Counts { passages: 17, documents: 4 });
    assert_eq!(store.of_document(document_id(0)).await.unwrap(), [passage_id(100)]);
    store.apply(Change { remove: (0..4).map(document_id).collect(), put: Vec::new() }).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    assert!(all(store).await.is_empty() && matching(store, "new text", None).await.hits.is_empty());
}

async fn ranks_by_nearness(store: &dyn VectorStore) {
    let mut entries: Vec<Entry> = (0..200).map(|n| entry(n, n, "text")).collect();
    // Equal ones, put in an order that is not that of their ids, and one that is twice as long.
    for (number, times) in [(203, 1.0), (201, 1.0), (202, 2.0)] {
        let vector = vector(7).iter().map(|x| x * times).collect();
        entries.push(Entry { vector, ..entry(number, number, "text") });
    }
    store.apply(put(entries.clone())).await.unwrap();
    store.settle().await.unwrap();
    let vectors: Vec<_> = entries.iter().map(|entry| (entry.passage.id, entry.vector.clone())).collect();
    for seed in [7, 500, 501, 502] {
        let found = nearest(store, seed, 10, None).await;
        let wanted = exact(&vectors, &vector(seed), 10);
        assert_eq!((found.hits.len(), found.among), (10, 203));
        for (at, (hit, (id, score))) in found.hits.iter().zip(&wanted).enumerate() {
            assert_eq!(hit.placed.rank, at as u64 + 1);
            assert!((hit.placed.score - score).abs() < 1e-3, "{seed}: {hit:?} {id} {score}");
        }
        assert!(found.hits.windows(2).all(|two| two[0].placed.score >= two[1].placed.score));
    }
    let equal = nearest(store, 7, 4, None).await;
    assert_eq!(
        ids(&equal)[..3],
        [passage_id(7), passage_id(201), passage_id(202)],
        "equal ones by their ids"
    );
    assert!((equal.hits[0].placed.score - 1.0).abs() < 1e-4);
    // Why was this one not found?
    let (expected, results) = (vec![passage_id(203), passage_id(9999)], 2);
    let query = Nearest { vector: vector(7), results, filter: None, expected };
    let found = store.nearest(query).await.unwrap();
    assert_eq!((found.hits.len(), found.expected[0].unwrap().rank, found.expected[1]), (2, 4, None));
    assert_eq!(nearest(store, 7, 1000, None).await.hits.len(), 203);
}

async fn filters(store: &dyn VectorStore) {
    let text = |text: &str| Value::Text(text.to_owned());
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let entries = vec![
        with(entry(0, 0, "word"), &[("genre", text("news")), ("year", Value::Number(2020.0))]),
        with(entry(1, 0, "word"), &[("genre", text("newsletter")), ("year", Value::Number(2021.5))]),
        with(
            entry(2, 1, "word"),
            &[("genre", Value::Texts(texts(&["news", "sport"]))), ("open", Value::Truth(true))],
        ),
        with(entry(3, 1, "word"), &[("year", Value::Number(-3.0)), ("open", Value::Truth(false))]),
        with(entry(4, 2, "word"), &[("genre", Value::Number(2020.0)), ("year", text("2020"))]),
        entry(5, 2, "word"),
        with(entry(6, 3, "word"), &[("zero", Value::Number(0.0)), ("genre", Value::Texts(Vec::new()))]),
        with(entry(7, 3, "word"), &[("zero", Value::Number(-0.0)), ("genre", text("NEWS"))]),
        with(entry(8, 3, "word"), &[("an odd 'key' \"%_", text("new_s 100%")), ("year", Value::Truth(true))]),
    ];
    store.apply(put(entries.clone())).await.unwrap();
    let test = |key: &str, test: Test| Filter::test(key, test);
    // Every operator on values of every kind, and on none.
    let values = || {
        [text("news"), text(""), text("2020"), Value::Number(2020.0), Value::Number(-0.0), Value::Truth(true)]
    };
    let lists = || [texts(&["news", "2020"]), texts(&["sport"]), texts(&[])];
    let parts = || ["news", "new", "", "s", "2020"].map(str::to_owned);
    let bounds = || [2020.0, 2021.5, -3.0, 0.0];
    let tests: Vec<Test> = values()
        .map(Test::Equals)
        .into_iter()
        .chain(values().map(Test::NotEquals))
        .chain(bounds().map(Test::GreaterThan))
        .chain(bounds().map(Test::GreaterThanOrEquals))
        .chain(bounds().map(Test::LessThan))
        .chain(bounds().map(Test::LessThanOrEquals))
        .chain(lists().map(Test::In))
        .chain(lists().map(Test::NotIn))
        .chain(parts().map(Test::StartsWith))
        .chain(parts().map(Test::ListContains))
        .chain(parts().map(Test::StringContains))
        .collect();
    let keys = ["genre", "year", "open", "zero", "absent", "an odd 'key' \"%_"];
    let each = keys.iter().flat_map(|key| tests.iter().map(|test| Filter::test(*key, test.clone())));
    let more = [
        test("genre", Test::Equals(text("news"))),
        test("genre", Test::NotEquals(text("news"))),
        test("year", Test::Equals(Value::Number(2020.0))),
        test("year", Test::NotEquals(Value::Number(2020.0))),
        test("open", Test::Equals(Value::Truth(true))),
        test("open", Test::NotEquals(Value::Truth(true))),
        test("year", Test::GreaterThan(2020.0)),
        test("year", Test::GreaterThanOrEquals(2020.0)),
        test("year", Test::LessThan(2020.0)),
        test("year", Test::LessThanOrEquals(2020.0)),
        test("genre", Test::In(texts(&["news", "other"]))),
        test("genre", Test::NotIn(texts(&["news", "other"]))),
        test("genre", Test::In(Vec::new())),
        test("genre", Test::StartsWith("news".to_owned())),
        test("genre", Test::ListContains("sport".to_owned())),
        test("genre", Test::StringContains("sl".to_owned())),
        test("genre", Test::StringContains("por".to_owned())),
        test("absent", Test::Equals(text("a"))),
        test("absent", Test::NotEquals(text("a"))),
        test("absent", Test::NotIn(texts(&["a"]))),
        test("absent", Test::LessThan(1.0)),
        Filter::AndAll(vec![
            test("year", Test::GreaterThan(0.0)),
            Filter::OrAll(vec![
                test("genre", Test::StartsWith("newsl".to_owned())),
                test("open", Test::NotEquals(text(""))),
            ]),
        ]),
        Filter::OrAll(vec![
            test("open", Test::Equals(Value::Truth(false))),
            test("genre", Test::Equals(text("news"))),
        ]),
    ];
    for filter in each.chain(more) {
        let wanted: Vec<PassageId> = entries
            .iter()
            .filter(|entry| filter.matches(&entry.passage.attributes))
            .map(|entry| entry.passage.id)
            .collect();
        let mut found = ids(&nearest(store, 1, 10, Some(filter.clone())).await);
        found.sort();
        assert_eq!(found, wanted, "nearest under {filter:?}");
        let mut found = ids(&matching(store, "word", Some(filter.clone())).await);
        found.sort();
        assert_eq!(found, wanted, "matching under {filter:?}");
    }
    let filter = Some(test("genre", Test::Equals(text("news"))));
    let query =
        Nearest { vector: vector(5), results: 1, filter, expected: vec![passage_id(5), passage_id(0)] };
    let found = store.nearest(query).await.unwrap();
    assert_eq!((found.expected[0], found.expected[1].unwrap().rank), (None, 1), "a filter keeps it out");
}

async fn finds_words(store: &dyn VectorStore) {
    let texts = [
        "The river bends where the bank is soft.",
        "River, river, river: nothing else.",
        "The bank lends money.",
        "川は平野で曲がる。",
        "แม่น้ำไหลคดเคี้ยว",
        "call read_file(path)",
    ];
    let entries = (0..).zip(texts).map(|(n, text)| entry(n, n, text)).collect();
    store.apply(put(entries)).await.unwrap();
    let found = |text: &'static str| async move { ids(&matching(store, text, None).await) };
    assert_eq!(found("RIVER").await, [passage_id(1), passage_id(0)]);
    assert_eq!(found("soft river bank").await[0], passage_id(0), "more of the words, and the rarer one");
    assert_eq!(found("平野").await, [passage_id(3)]);
    assert_eq!(found("คดเคี้ยว").await, [passage_id(4)]);
    // Words of one letter, in the midst of others.
    assert_eq!((found("น้ำ").await, found("野").await), (vec![passage_id(4)], vec![passage_id(3)]));
    assert_eq!(found("file").await, [passage_id(5)]);
    // Narrow and wide letters, a word beside another script.
    store
        .apply(put(vec![entry(20, 20, "LG전자의 ＡＢＣ제품"), entry(21, 21, "ﬁnal cafe\u{301}")]))
        .await
        .unwrap();
    for text in ["전자", "lg", "abc", "제품"] {
        assert_eq!(found(text).await, [passage_id(20)], "{text}");
    }
    assert_eq!((found("FINAL").await, found("Café").await), (vec![passage_id(21)], vec![passage_id(21)]));
    assert!(found("glacier").await.is_empty() && found("").await.is_empty() && found("—").await.is_empty());
    let expected = vec![passage_id(0), passage_id(3)];
    let query = Matching { text: "river".to_owned(), results: 1, filter: None, expected };
    let ranked = store.matching(query).await.unwrap();
    assert_eq!((ranked.hits.len(), ranked.among), (1, 2));
    assert_eq!((ranked.expected[0].unwrap().rank, ranked.expected[1]), (2, None));
    assert!(ranked.hits[0].placed.score > ranked.expected[0].unwrap().score);
    // Equal ones by their ids.
    store.apply(put([9, 8, 7].map(|n| entry(n, n, "twin")).to_vec())).await.unwrap();
    assert_eq!(found("twin").await, [7, 8, 9].map(passage_id));
}

async fn fuses_both(store: &dyn VectorStore) {
    let entries = (0..150).map(|n| entry(n, n, if n % 50 == 3 { "a river bends" } else { "nothing of it" }));
    store.apply(put(entries.collect())).await.unwrap();
    let ask = |mode, expected| {
        let text = "where does the river bend".to_owned();
        search(store, Search { mode, text, vector: vector(53), results: 5, filter: None, expected })
    };
    let hybrid = ask(Mode::Hybrid, vec![passage_id(103), passage_id(0), passage_id(53)]).await.unwrap();
    assert_eq!((hybrid.hits.len(), hybrid.compared, hybrid.matched), (5, 150, 3));
    let first = hybrid.hits[0];
    assert_eq!((first.id, first.vector.unwrap().rank), (passage_id(53), 1));
    assert!(first.keyword.is_some() && hybrid.expected[2] == first);
    let share = |rank: u64| 1.0 / (60.0 + rank as f64);
    for hit in &hybrid.hits {
        let own = |placed: Option<outcrop::domain::knowledge::ranking::Placed>| {
            placed.map_or(0.0, |p| share(p.rank))
        };
        assert!((hit.fused.unwrap().score - own(hit.vector) - own(hit.keyword)).abs() < 1e-9);
    }
    assert_eq!(hybrid.expected[0].keyword.unwrap().rank, 3);
    assert!(hybrid.expected[1].keyword.is_none() && hybrid.expected[1].vector.is_some());
    let semantic = ask(Mode::Semantic, Vec::new()).await.unwrap();
    assert!(semantic.hits.iter().all(|hit| hit.keyword.is_none() && hit.fused == hit.vector));
    let keyword = ask(Mode::Keyword, Vec::new()).await.unwrap();
    assert_eq!(keyword.hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [3, 53, 103].map(passage_id));
}

async fn refuses_what_does_not_fit(store: &dyn VectorStore) {
    store.apply(put(vec![entry(0, 0, "one")])).await.unwrap();
    let mut none = vector(1);
    none[3] = f32::NAN;
    for vector in [vec![1.0; DIMENSIONS + 1], Vec::new(), none] {
        let wrong = put(vec![entry(1, 1, "two"), Entry { vector: vector.clone(), ..entry(2, 2, "three") }]);
        assert!(store.apply(wrong).await.is_err());
        let query = Nearest { vector, results: 1, filter: None, expected: Vec::new() };
        assert!(store.nearest(query).await.is_err());
    }
    assert_eq!(store.counts().await.unwrap().passages, 1, "nothing of a refused act is there");
    store.apply(put(vec![Entry { vector: vec![0.0; DIMENSIONS], ..entry(1, 1, "empty") }])).await.unwrap();
    assert_eq!(
        nearest(store, 0, 2, None).await.hits.len(),
        2,
        "a vector of zeros is near to nothing, and there"
    );
}

async fn takes_batches_of_every_size(store: &dyn VectorStore) {
    let mut number = 0;
    for size in [1, 1000, 1001] {
        let entries: Vec<Entry> = (number..number + size).map(|n| entry(n, n / 100, "batch")).collect();
        number += size;
        store.apply(put(entries.clone())).await.unwrap();
        assert_eq!(store.counts().await.unwrap().passages, u64::from(number));
        let last = entries.len() - 1;
        let found = store.entries(vec![entries[0].passage.id, entries[last].passage.id]).await.unwrap();
        assert_eq!(found, [Some(entries[0].clone()), Some(entries[last].clone())]);
        assert_eq!(ids(&nearest(store, number - 1, 1, None).await), [passage_id(number - 1)]);
        assert_eq!(matching(store, "batch", None).await.among, u64::from(number));
    }
    store.apply(Change::default()).await.unwrap();
    let documents = (0..100).map(document_id).collect();
    store.apply(Change { remove: documents, put: Vec::new() }).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), Counts::default());
}

async fn is_the_same_when_it_is_brought_again(store: &dyn VectorStore) {
    let document = |number: u32, round: u32| {
        let put = (0..30).map(|n| entry(number * 100 + n, number, &format!("river {n} of {round}")));
        Change { remove: vec![document_id(number)], put: put.collect() }
    };
    let mut seen = None;
    for _ in 0..3 {
        for number in 0..4 {
            store.apply(document(number, 1)).await.unwrap();
        }
        assert_eq!(store.counts().await.unwrap(), Counts { passages: 120, documents: 4 });
        let near = ids(&nearest(store, 5, 200, None).await);
        let words = ids(&matching(store, "river 7", None).await);
        let now = (near, words, all(store).await);
        assert_eq!(now.0.len(), 120);
        assert_eq!(seen.get_or_insert_with(|| now.clone()), &now);
    }
    // Brought with fewer passages, what was left out is gone.
    let mut shorter = document(2, 2);
    shorter.put.truncate(3);
    store.apply(shorter).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), Counts { passages: 93, documents: 4 });
    assert_eq!(store.of_document(document_id(2)).await.unwrap(), [200, 201, 202].map(passage_id));
}

pub async fn never_gives_what_is_gone(place: &mut dyn Place) {
    async fn look(store: &dyn VectorStore, gone: &[u32], left: u64) {
        let ids_gone: Vec<PassageId> = gone.iter().copied().map(passage_id).collect();
        let query = Nearest { vector: vector(3), results: 500, filter: None, expected: ids_gone.clone() };
        let near = store.nearest(query).await.unwrap();
        assert_eq!((near.hits.len() as u64, near.among), (left, left));
        assert!(near.hits.iter().all(|hit| !ids_gone.contains(&hit.id)));
        assert!(near.expected.iter().all(Option::is_none));
        let filter = Some(Filter::test("absent", Test::NotEquals(Value::Truth(true))));
        assert_eq!(nearest(store, 3, 500, filter).await.hits.len() as u64, left);
        let query =
            Matching { text: "gone".to_owned(), results: 500, filter: None, expected: ids_gone.clone() };
        let words = store.matching(query).await.unwrap();
        assert_eq!((words.hits.len() as u64, words.among), (left, left));
        assert!(words.expected.iter().all(Option::is_none));
        assert!(store.entries(ids_gone.clone()).await.unwrap().iter().all(Option::is_none));
        assert!(store.passages(ids_gone.clone()).await.unwrap().iter().all(Option::is_none));
        assert_eq!(all(store).await.len() as u64, left);
        for document in gone.iter().map(|number| number / 10).collect::<std::collections::BTreeSet<_>>() {
            assert!(store.of_document(document_id(document)).await.unwrap().is_empty());
        }
    }
    let store = place.fresh().await;
    store.apply(put((0..200).map(|n| entry(n, n / 10, "soon gone")).collect())).await.unwrap();
    let mut gone: Vec<u32> = Vec::new();
    for round in 0..4 {
        let documents = [round, round + 10];
        let remove = documents.map(document_id).to_vec();
        store.apply(Change { remove, put: Vec::new() }).await.unwrap();
        gone.extend(documents.iter().flat_map(|document| document * 10..document * 10 + 10));
        look(&*store, &gone, 200 - gone.len() as u64).await;
        if round % 2 == 1 {
            store.settle().await.unwrap();
            look(&*store, &gone, 200 - gone.len() as u64).await;
        }
    }
    drop(store);
    let store = place.again().await;
    look(&*store, &gone, 120).await;
    // One that comes back is there again, once.
    store.apply(put(vec![entry(0, 0, "soon gone")])).await.unwrap();
    gone.retain(|number| number / 10 != 0);
    look(&*store, &gone, 121).await;
}

pub async fn finds_nearly_all_that_is_near(store: &dyn VectorStore) {
    // Clusters, as passages of one document are.
    let place = |number: u32| {
        let centre = vector(10_000 + number / 20);
        let own = vector(number);
        centre.iter().zip(own).map(|(a, b)| a + 0.4 * b).collect::<Vec<f32>>()
    };
    let entries = (0..2000).map(|n| {
        let of = |many: u32| Value::Number(f64::from(n % many));
        let said = [("third", of(3)), ("tenth", of(10)), ("hundredth", of(100))];
        Entry { vector: place(n), ..with(entry(n, n / 20, "text"), &said) }
    });
    let entries: Vec<Entry> = entries.collect();
    for some in entries.chunks(500) {
        store.apply(put(some.to_vec())).await.unwrap();
    }
    store.settle().await.unwrap();
    store.arrange(CancellationToken::new(), watch::Sender::default()).await.unwrap();
    // Filters that keep all, a third, 10 % and 1 %.
    let one = |key: &str| Some(Filter::test(key, Test::Equals(Value::Number(1.0))));
    for filter in [None, one("third"), one("tenth"), one("hundredth")] {
        let passes =
            |entry: &&Entry| filter.as_ref().is_none_or(|filter| filter.matches(&entry.passage.attributes));
        let vectors: Vec<_> =
            entries.iter().filter(passes).map(|entry| (entry.passage.id, entry.vector.clone())).collect();
        let mut found = 0;
        for seed in 0..50 {
            let query = place(20_000 + 37 * seed);
            let wanted = exact(&vectors, &query, 10);
            let asked = Nearest { vector: query, results: 10, filter: filter.clone(), expected: Vec::new() };
            let given = ids(&store.nearest(asked).await.unwrap());
            assert_eq!(given.len(), 10);
            found += wanted.iter().filter(|(id, _)| given.contains(id)).count();
        }
        assert!(found >= 475, "recall@10 is {found} of 500 under {filter:?}");
    }
}

async fn orders_equal_ones(store: &dyn VectorStore) {
    // Brought in several acts, in an order that is none.
    for some in (0..600).map(|n| n * 7 % 600).collect::<Vec<u32>>().chunks(150) {
        let twin = |n: &u32| Entry { vector: vector(1), ..entry(*n, n / 50, "the same words") };
        store.apply(put(some.iter().map(twin).collect())).await.unwrap();
    }
    let first: Vec<PassageId> = (0..10).map(passage_id).collect();
    assert_eq!(ids(&nearest(store, 1, 10, None).await), first);
    assert_eq!(ids(&matching(store, "same words", None).await), first);
    let expected = vec![passage_id(599), passage_id(0)];
    let query = Nearest { vector: vector(2), results: 3, filter: None, expected: expected.clone() };
    let near = store.nearest(query).await.unwrap();
    assert_eq!(near.expected.iter().map(|placed| placed.unwrap().rank).collect::<Vec<_>>(), [600, 1]);
    let query = Matching { text: "words".to_owned(), results: 3, filter: None, expected };
    let words = store.matching(query).await.unwrap();
    assert_eq!(words.expected.iter().map(|placed| placed.unwrap().rank).collect::<Vec<_>>(), [600, 1]);
    // Vectors that have nothing in common with the question, from either side of zero.
    let mut zeros = vec![0.0; DIMENSIONS];
    zeros[0] = 1.0;
    let flat = |n: u32, sign: f32| {
        let mut own = vec![0.0 * sign; DIMENSIONS];
        own[1] = sign;
        Entry { vector: own, ..entry(n, 900, "flat") }
    };
    let put_flat = put(vec![flat(903, -1.0), flat(902, 1.0), flat(901, -1.0), flat(900, 1.0)]);
    store.apply(Change { remove: (0..12).map(document_id).collect(), ..put_flat }).await.unwrap();
    let query = Nearest { vector: zeros, results: 4, filter: None, expected: Vec::new() };
    assert_eq!(ids(&store.nearest(query).await.unwrap()), (900..904).map(passage_id).collect::<Vec<_>>());
}

async fn is_not_opened_as_another(place: &mut dyn Place) {
    let store = place.fresh().await;
    store.apply(put(vec![entry(1, 1, "one")])).await.unwrap();
    drop(store);
    let opened = place.as_another().await;
    assert!(!opened.is_empty());
    for opened in opened {
        assert!(opened.is_err_and(|error| !error.why.is_empty()));
    }
    assert_eq!(place.again().await.counts().await.unwrap().passages, 1);
}

async fn survives(place: &mut dyn Place) {
    let store = place.fresh().await;
    let entries: Vec<Entry> = (0..700).map(|n| entry(n, n / 10, &format!("word{n} river"))).collect();
    for some in entries.chunks(100) {
        store.apply(put(some.to_vec())).await.unwrap();
    }
    assert_eq!(ids(&matching(&*store, "word77", None).await), [passage_id(77)]);
    store.apply(Change { remove: vec![document_id(7)], put: vec![entry(5000, 500, "late")] }).await.unwrap();
    drop(store);
    for _ in 0..2 {
        let store = place.again().await;
        assert_eq!(store.counts().await.unwrap(), Counts { passages: 691, documents: 70 });
        assert!(matching(&*store, "word77", None).await.hits.is_empty());
        assert_eq!(ids(&matching(&*store, "late", None).await), [passage_id(5000)]);
        assert_eq!(ids(&nearest(&*store, 5000, 1, None).await), [passage_id(5000)]);
        assert_eq!(ids(&nearest(&*store, 699, 1, None).await), [passage_id(699)]);
        let found = all(&*store).await;
        assert_eq!(found.len(), 691);
        assert_eq!(found[0], entries[0]);
        store.settle().await.unwrap();
    }
}
