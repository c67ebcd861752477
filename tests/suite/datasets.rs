//! Datasets through the real door: imported all or nothing, added to, read in pages, exported, removed with all their items.

use futures_util::StreamExt;
use outcrop::domain::evaluation::Dataset;
use outcrop::domain::evaluation::item::{Item, Response};
use outcrop::domain::id::DatasetId;
use outcrop::domain::{Error, ErrorKind};
use outcrop::store::record::ItemOf;
use outcrop::store::{Batch, Owner, Scan, Store, Unlock};
use outcrop::wire::evaluation::{csv, dataset};
use outcrop::workbench::reply::{BadLine, Doubled, Placed};
use outcrop::workbench::request::datasets::{Datasets, Form, Import};
use outcrop::workbench::request::{Request, Topic};
use outcrop::workbench::{Changed, Door, Reply};

use crate::chat::{Home, call, one};

fn file(name: &str, text: &str) -> Import {
    Import {
        name: name.to_owned(),
        form: Form::Jsonl,
        bytes: text.as_bytes().to_vec(),
        source: Some(format!("{name}.jsonl")),
        licence: None,
        skip_bad: false,
    }
}

async fn ask(door: &Door, request: Datasets) -> Result<Reply, Error> {
    one(door, Request::Datasets(request)).await
}

/// Every reply of an import, and the error at its end.
async fn import(door: &Door, import: Import) -> (Vec<Reply>, Option<Error>) {
    let (mut said, mut failed) = (Vec::new(), None);
    let mut replies = call(door, Request::Datasets(Datasets::Import(import)));
    while let Some(reply) = replies.next().await {
        match reply {
            Ok(reply) => said.push(reply),
            Err(error) => failed = Some(error),
        }
    }
    (said, failed)
}

async fn imported(door: &Door, file: Import) -> Dataset {
    let (mut said, failed) = import(door, file).await;
    assert_eq!(failed, None);
    match said.pop().unwrap() {
        Reply::Dataset { dataset } => dataset,
        other => panic!("{other:?}"),
    }
}

/// Those that did not come with the program.
async fn own(door: &Door) -> Vec<Dataset> {
    match ask(door, Datasets::List).await.unwrap() {
        Reply::Datasets { datasets } => datasets.into_iter().filter(|one| !one.is_built_in()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn items(door: &Door, id: DatasetId, from: u32, limit: u32) -> (Vec<Placed>, bool) {
    match ask(door, Datasets::Items { id, from, limit }).await.unwrap() {
        Reply::DatasetItems { items, more } => (items, more),
        other => panic!("{other:?}"),
    }
}

async fn export(door: &Door, id: DatasetId, form: Form) -> String {
    let mut replies = call(door, Request::Datasets(Datasets::Export { id, form }));
    let mut whole = String::new();
    while let Some(reply) = replies.next().await {
        match reply.unwrap() {
            Reply::Text { text } => whole.push_str(&text),
            other => panic!("{other:?}"),
        }
    }
    whole
}

async fn add(door: &Door, dataset: &str, item: Item) -> Result<Reply, Error> {
    ask(door, Datasets::AddItem { dataset: dataset.to_owned(), item }).await
}

#[tokio::test]
async fn a_file_with_bad_lines_is_taken_without_them_or_not_at_all() {
    let home = Home::new();
    let door = home.open().await;
    let text = "{\"prompt\":\"a\"}\n{\"prompt\":\"\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"a\"}\n{\"prom";
    let bad = |line: u64, why: &str| BadLine { line, why: why.to_owned() };
    let read = Reply::DatasetRead {
        bad: vec![bad(2, "its prompt is empty"), bad(5, "the file ends in the middle of it")],
        doubled: vec![Doubled { line: 4, first: 1 }],
        good: 3,
    };
    let (said, failed) = import(&door, file("set", text)).await;
    assert_eq!(said, std::slice::from_ref(&read));
    let error = failed.unwrap();
    assert!(
        error.why.starts_with("2 lines are bad, so nothing was taken: line 2: its prompt is empty"),
        "{error}"
    );
    assert_eq!(own(&door).await, []);

    let (said, failed) = import(&door, Import { skip_bad: true, ..file("set", text) }).await;
    assert_eq!((said[0] == read, failed), (true, None));
    let [set] = own(&door).await.try_into().unwrap();
    assert_eq!(said[1], Reply::Dataset { dataset: set.clone() });
    assert_eq!((set.items, set.source.as_deref()), (3, Some("set.jsonl")));
    assert_eq!(
        export(&door, set.id, Form::Jsonl).await,
        "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"a\"}\n"
    );

    for (name, text, why) in [
        ("SET", "{\"prompt\":\"a\"}", "there is a dataset \"SET\" already"),
        ("a/b", "{\"prompt\":\"a\"}", "\"a/b\" looks like a path or a flag"),
        ("empty", "\n \n", "there is no item in it"),
    ] {
        let (said, failed) = import(&door, file(name, text)).await;
        assert_eq!((said, failed.unwrap().why), (Vec::new(), why.to_owned()));
    }
}

#[tokio::test]
async fn items_are_added_one_by_one_and_the_name_makes_the_set() {
    let home = Home::new();
    let door = home.open().await;
    let mut watch = call(&door, Request::Watch { topic: Topic::Datasets });
    let first = Item { reference: Some("because".into()), ..Item::asking("why?") };
    let Reply::ItemAdded { dataset, place: 0, like: None, .. } =
        add(&door, " mine ", first.clone()).await.unwrap()
    else {
        panic!("it was not added as the first")
    };
    assert_eq!((dataset.name.as_str(), dataset.items), ("mine", 1));
    let Some(Ok(Reply::Changed { change, .. })) = watch.next().await else { panic!("nothing changed") };
    assert_eq!(change, Changed::Dataset { dataset: dataset.clone() });

    add(&door, "Mine", Item::asking("how?")).await.unwrap();
    let Reply::ItemAdded { dataset: grown, place, like, .. } =
        add(&door, &dataset.id.to_string(), first).await.unwrap()
    else {
        panic!("it was not added")
    };
    assert_eq!((grown.id, grown.items, place, like), (dataset.id, 3, 2, Some(0)));

    let response = |model: &str| Response { model: model.into(), text: "x".into() };
    let twice = Item { responses: vec![response("m"), response("m")], ..Item::asking("why?") };
    assert!(add(&door, "mine", twice).await.unwrap_err().why.contains("two responses of \"m\""));
    assert!(add(&door, "mine", Item::asking(" ")).await.unwrap_err().why.contains("empty"));
    assert_eq!(add(&door, "../x", Item::asking("a")).await.unwrap_err().kind, ErrorKind::Invalid);

    let rename = |name: &str| Datasets::Rename { id: dataset.id, name: name.to_owned() };
    assert!(ask(&door, rename("builtin/x")).await.is_err());
    let Reply::Dataset { dataset: renamed } = ask(&door, rename("Mine")).await.unwrap() else { panic!() };
    assert_eq!(renamed.name, "Mine", "its own name is free for itself");
    add(&door, "other", Item::asking("a")).await.unwrap();
    assert!(ask(&door, rename("OTHER")).await.unwrap_err().why.contains("already"));
    assert_eq!(own(&door).await.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), ["Mine", "other"]);
    let find = |text: String| Datasets::Find { text };
    let Reply::Dataset { dataset: found } = ask(&door, find(renamed.id.short())).await.unwrap() else {
        panic!()
    };
    assert_eq!(found, renamed);
    assert_eq!(ask(&door, find("nothing".into())).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn what_came_with_the_program_is_read_like_any_other_and_stays() {
    let home = Home::new();
    let door = home.open().await;
    let Reply::Datasets { datasets } = ask(&door, Datasets::List).await.unwrap() else { panic!() };
    assert_eq!(datasets.len(), 4);
    for set in datasets {
        let (all, more) = items(&door, set.id, 0, 1000).await;
        assert_eq!((all.len(), more), (set.items as usize, false));
        let (page, more) = items(&door, set.id, 3, 2).await;
        assert_eq!((page.as_slice(), more), (&all[3..5], true));
        let expected: Vec<Item> = all.into_iter().map(|placed| placed.item).collect();
        assert_eq!(dataset::read(export(&door, set.id, Form::Jsonl).await.as_bytes()).into_taken(), expected);
        assert_eq!(csv::read(export(&door, set.id, Form::Csv).await.as_bytes()).into_taken(), expected);
        for refused in [
            Datasets::Remove { id: set.id },
            Datasets::Rename { id: set.id, name: "mine".into() },
            Datasets::AddItem { dataset: set.name.clone(), item: Item::asking("a") },
        ] {
            assert!(ask(&door, refused).await.unwrap_err().why.ends_with("came with the program"));
        }
    }
}

#[tokio::test]
async fn large_items_come_in_pages_that_one_message_holds() {
    let home = Home::new();
    let door = home.open().await;
    let large = |at: usize| Item::asking(format!("{at}{}", "é".repeat(1 << 19)));
    let text = dataset::write(&(0..6).map(large).collect::<Vec<_>>()).unwrap();
    let set = imported(&door, file("large", &text)).await;
    let (page, more) = items(&door, set.id, 0, 100).await;
    assert_eq!((page.len(), more), (3, true));
    let (page, more) = items(&door, set.id, 5, 100).await;
    assert_eq!((page, more), (vec![Placed { place: 5, item: large(5) }], false));
    assert_eq!(export(&door, set.id, Form::Jsonl).await, text);
}

#[tokio::test]
async fn an_import_that_nobody_waits_for_any_more_leaves_nothing() {
    let home = Home::new();
    let door = home.open().await;
    let many: Vec<_> = (0..20_000).map(|at| Item::asking(format!("question {at}"))).collect();
    let text = dataset::write(&many).unwrap();
    let mut replies = call(&door, Request::Datasets(Datasets::Import(file("many", &text))));
    // It has begun and has not come to its end.
    assert!(futures_util::poll!(replies.next()).is_pending());
    drop(replies);
    let small = imported(&door, file("small", "{\"prompt\":\"a\"}")).await;
    assert_eq!(own(&door).await, [small]);
    door.close().await;
    drop(door);
    assert_eq!(opened(&home).await.keys::<Item>(Scan::all()).count(), 1);
}

async fn opened(home: &Home) -> Store {
    let folder = home.workspace();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        if let Some(owner) = Owner::try_take(&folder).unwrap() {
            return Store::open(&owner, &Unlock::default()).unwrap().0;
        }
        assert!(std::time::Instant::now() < deadline, "another has it");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn items_of_an_import_that_died_are_nobodys_and_go_with_the_next() {
    let home = Home::new();
    let door = home.open().await;
    let kept = imported(&door, file("kept", "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}")).await;
    door.close().await;
    drop(door);
    let lost = DatasetId::from_bytes([7; 16]);
    {
        let store = opened(&home).await;
        let mut batch = Batch::new();
        for place in 0..3 {
            batch.put(&ItemOf(lost, place), &Item::asking("half")).unwrap();
        }
        store.commit(batch).unwrap();
    }
    let door = home.open().await;
    assert_eq!(own(&door).await, std::slice::from_ref(&kept));
    let missing = ask(&door, Datasets::Items { id: lost, from: 0, limit: 1 }).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    imported(&door, file("next", "{\"prompt\":\"c\"}")).await;
    ask(&door, Datasets::Remove { id: kept.id }).await.unwrap();
    door.close().await;
    drop(door);
    let store = opened(&home).await;
    let places: Vec<_> = store.keys::<Item>(Scan::all()).map(|key| key.unwrap().1).collect();
    assert_eq!(places, [0], "the item of the last import alone");
}

/// By hand: `cargo nextest run --run-ignored all -E 'test(a_hundred_thousand_items)' --no-capture`.
#[tokio::test]
#[ignore = "it takes a while; it prints how long each part takes"]
async fn a_hundred_thousand_items_are_imported_exported_and_removed() {
    let home = Home::new();
    let door = home.open().await;
    let words = "river meander current bank ".repeat(30);
    let item = |at: usize| Item { reference: Some(words.clone()), ..Item::asking(format!("question {at}")) };
    let text = dataset::write(&(0..100_000).map(item).collect::<Vec<_>>()).unwrap();
    let begun = std::time::Instant::now();
    let set = imported(&door, file("many", &text)).await;
    eprintln!("imported {} MB in {:?}", text.len() >> 20, begun.elapsed());
    let begun = std::time::Instant::now();
    assert_eq!(export(&door, set.id, Form::Jsonl).await.len(), text.len());
    eprintln!("exported in {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    assert_eq!(items(&door, set.id, 99_990, 100).await.0.len(), 10);
    eprintln!("the last page in {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    ask(&door, Datasets::Remove { id: set.id }).await.unwrap();
    eprintln!("removed in {:?}", begun.elapsed());
}
