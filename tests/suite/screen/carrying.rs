//! The knowledge place: a base that is written to a file, and one that is made of a file.

use std::path::Path;

use outcrop::domain::id::BaseId;
use outcrop::domain::knowledge::base::{Base, Holds};
use outcrop::domain::knowledge::retrieval::Answers;
use outcrop::domain::knowledge::store::StoreKind;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::workbench::request::knowledge::Knowledge;
use outcrop::workbench::{Reply, Request};

use crate::stage::{NOW, Stage};

fn base(n: u8, name: &str) -> Base {
    Base {
        id: BaseId::from_bytes([n; 16]),
        name: name.to_owned(),
        description: None,
        created: Timestamp(NOW),
        updated: Timestamp(NOW),
        embedder: "local/all-minilm-l6-v2".parse().unwrap(),
        dimensions: 384,
        normalised: None,
        reranker: None,
        answers: Answers::default(),
        store: StoreKind::default(),
        moving: None,
        index: None,
        rebuild: None,
        sources: Vec::new(),
        holds: Holds { documents: 2, passages: 1_234, tokens: 200_000 },
    }
}

fn asked(effects: &[Effect]) -> Vec<Knowledge> {
    let of = |request| match request {
        Request::Knowledge(request) => Some(request),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(of).collect()
}

#[test]
fn a_base_is_written_to_a_file_and_made_of_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+3>");
    stage.answer("\"list\"", vec![Reply::Bases { bases: vec![base(1, "Billing & refunds")] }]);
    let written = asked(&stage.keys("w<enter>"));
    let [Knowledge::Export { path, vectors: true, .. }] = &written[..] else { panic!("{written:?}") };
    assert_eq!(path, Path::new("/home/ada/rivers/billing-refunds.jsonl"));
    let progress = Reply::Progress { what: "passages".to_owned(), done: 617, total: Some(1_234) };
    stage.reply("\"export\"", vec![progress.clone()]);
    assert!(stage.text().contains("● 50 % of 1,234 passages"), "{}", stage.text());
    stage.answer("\"export\"", vec![Reply::Base { base: base(1, "Billing & refunds") }]);
    let text = stage.text();
    assert!(
        text.contains("is in /home/ada/rivers/billing-refunds.jsonl") && !text.contains("50 %"),
        "{text}"
    );

    let read = asked(&stage.keys("i~/notes.jsonl<enter>"));
    assert!(
        matches!(&read[..], [Knowledge::Import { path, name: None }] if path.ends_with("notes.jsonl")),
        "{read:?}"
    );
    stage.reply("\"import\"", vec![progress]);
    let task = stage.task("\"import\"");
    let why = "line 7: it is not as it was written, or not in its place";
    let error = Error::new(ErrorKind::Corrupt, "importing a knowledge base", why, "");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("line 7: it is not as it was written") && !text.contains("50 %"), "{text}");
    stage.keys("i~/notes.jsonl<enter>");
    stage.answer("\"import\"", vec![Reply::Base { base: base(2, "notes") }]);
    assert!(stage.text().contains("notes"), "{}", stage.text());
}
