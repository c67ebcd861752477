//! What the chosen model cannot do is dimmed, with the reason in words; what nobody knows is as always.

use outcrop::domain::attachment::Attachment;
use outcrop::domain::catalog::{Availability, Capability, ModelCard};
use outcrop::domain::left_out::LeftOut;
use outcrop::domain::message::{BlobId, Block};
use outcrop::tui::app::Start;
use outcrop::workbench::Reply;

use crate::stage::{MODEL, Stage, card};

const SIZES: [(u16, u16); 2] = [(80, 24), (60, 20)];
const OTHER: &str = "local/sees-all";

/// One model of which the card says much that it lacks, and one of which it says nothing of that.
fn settled(width: u16, height: u16) -> Stage {
    let why = "the Messages API has none".to_owned();
    let lacking = ModelCard {
        lacks: vec![
            Capability::Tools,
            Capability::Schema,
            Capability::Reasoning,
            Capability::Vision,
            Capability::Documents,
        ],
        unsent: vec![LeftOut { settings: vec!["seed".into()], why }],
        ..card(MODEL, Availability::Ready)
    };
    let mut stage = Stage::with(width, height, "dark", Start::default());
    stage.settle_with(vec![lacking, card(OTHER, Availability::Ready)]);
    stage
}

fn attach(stage: &mut Stage, name: &str, block: Block) {
    stage.keys(&format!("@pics/{name} "));
    let attachment = Attachment { name: name.into(), bytes: Some(212_000), block };
    stage.answer("attach", vec![Reply::Attached { attachment }]);
}

fn picture(stage: &mut Stage, name: &str) {
    let blob = BlobId("00".repeat(16));
    attach(stage, name, Block::Image { media_type: "image/png".into(), blob, file: None });
}

fn document(stage: &mut Stage, name: &str) {
    let (blob, media_type) = (BlobId("01".repeat(16)), "application/pdf".into());
    attach(stage, name, Block::Document { name: name.into(), media_type, blob });
}

/// Chooses the model whose name has these letters.
fn choose(stage: &mut Stage, letters: &str) {
    stage.keys("<ctrl+l>");
    stage.keys(letters);
    stage.keys("<enter>");
}

#[test]
fn the_drawer_dims_what_the_model_cannot_do_and_says_why() {
    for (width, height) in SIZES {
        let mut stage = settled(width, height);
        stage.keys("<ctrl+o>jjjjjjjjj<enter>7<enter>");
        insta::assert_snapshot!(format!("lacking-seed-{width}x{height}"), stage.text());
        stage.keys("<end><up><up>");
        insta::assert_snapshot!(format!("lacking-{width}x{height}"), stage.text());
        stage.keys("<esc>");
        choose(&mut stage, "sees");
        stage.keys("<ctrl+o>");
        let shown = stage.text();
        for words in ["no tools", "no schema", "no thinking", "not sent"] {
            assert!(!shown.contains(words), "unknown stays as it is: {shown}");
        }
    }
}

#[test]
fn a_file_that_the_model_does_not_take_says_so_on_its_chip_until_another_model_is_chosen() {
    for (width, height) in SIZES {
        let mut stage = settled(width, height);
        stage.keys("what is ");
        picture(&mut stage, "rivers.png");
        stage.keys("beside ");
        document(&mut stage, "a-report-with-a-name-that-is-much-longer-than-the-box-is-wide-and-goes-on.pdf");
        stage.keys("and why?");
        insta::assert_snapshot!(format!("lacking-attached-{width}x{height}"), stage.text());
        choose(&mut stage, "sees");
        let shown = stage.text();
        assert!(!shown.contains("this model") && shown.contains("[@rivers.png"), "{shown}");
        choose(&mut stage, "smol");
        let shown = stage.text();
        assert!(shown.contains("[this model sees no pictures: @rivers.png"), "{shown}");
    }
}

#[test]
fn a_file_says_that_the_model_does_not_take_it_once_the_models_are_known() {
    let mut stage = Stage::with(80, 24, "dark", Start::default());
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    picture(&mut stage, "rivers.png");
    assert!(stage.text().contains("[@rivers.png · 212 kB]"), "{}", stage.text());
    let lacking = ModelCard { lacks: vec![Capability::Vision], ..card(MODEL, Availability::Ready) };
    stage.answer("\"probe\"", vec![Reply::Models { cards: vec![lacking] }]);
    assert!(stage.text().contains("[this model sees no pictures: @rivers.png"), "{}", stage.text());
}

#[test]
fn of_a_model_that_no_list_has_the_drawer_and_the_chip_know_what_its_card_says() {
    let mut stage = Stage::with(80, 24, "dark", Start::default());
    stage.settle_with(vec![card(OTHER, Availability::Ready), card("cloud/other", Availability::Ready)]);
    stage.keys("<ctrl+l>cloud/custom");
    stage.keys("<enter>");
    let known = ModelCard {
        lacks: vec![Capability::Tools, Capability::Vision],
        ..card("cloud/custom", Availability::Ready)
    };
    stage.answer("\"knows\"", vec![Reply::Models { cards: vec![known] }]);
    stage.keys("what is ");
    picture(&mut stage, "rivers.png");
    assert!(stage.text().contains("this model sees no pictures"), "{}", stage.text());
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("no tools"), "{}", stage.text());
}

#[test]
fn a_schema_is_written_in_lines_and_says_what_is_wrong_in_it() {
    super::shoot("schema", |stage| {
        let schema = serde_json::json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        stage.keys("<ctrl+o><end>");
        for _ in 0..20 {
            if !stage.text().contains("▌ response_schema") {
                stage.keys("<up>");
            }
        }
        stage.keys(&format!("<enter>{schema}<enter><enter>"));
        stage.keys("<ctrl+end>,<enter>");
    });
}
