//! Nothing is fetched without a yes that was meant.

use outcrop::domain::catalog::Availability;
use outcrop::tui::app::Start;
use outcrop::tui::effect::Effect;
use outcrop::workbench::reply::PullPlan;
use outcrop::workbench::request::models::Models;
use outcrop::workbench::{Reply, Request};

use crate::stage::{MODEL, Stage, card, model};

fn bare() -> Stage {
    let mut stage = Stage::with(100, 30, "dark", Start::default());
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    stage
}

fn offer(stage: &mut Stage) {
    stage.answer("\"probe\"", vec![Reply::Models { cards: vec![card(MODEL, Availability::NotPulled)] }]);
    let plan = PullPlan {
        id: model(),
        title: String::new(),
        licence: "Apache-2.0".into(),
        bytes: None,
        to: "/models".into(),
        sources: vec!["a hub".into()],
        pinned: true,
    };
    stage.answer("\"plan\"", vec![Reply::Plan { plan }]);
}

fn pulls(effects: &[Effect]) -> usize {
    Stage::requests(effects).iter().filter(|r| **r == Request::Models(Models::Pull { id: model() })).count()
}

#[test]
fn only_an_enter_on_the_screen_that_says_so_fetches() {
    let mut stage = bare();
    offer(&mut stage);
    assert_eq!(pulls(&stage.keys("<enter>")), 0, "it has just appeared under the fingers");
    stage.pass(1000);
    assert_eq!(pulls(&stage.keys("<enter>")), 1);
    assert_eq!(pulls(&stage.keys("<enter>")), 0, "it runs already");
}

#[test]
fn someone_who_is_typing_is_not_interrupted() {
    let mut stage = bare();
    stage.keys("what is a ");
    offer(&mut stage);
    stage.pass(1000);
    let effects = stage.keys("river?<enter>");
    assert_eq!(pulls(&effects), 0);
    assert_eq!(stage.state.chat.composer.text(), "what is a river?", "the text waits for a model");
}

#[test]
fn escape_stops_fetching_and_then_leaves() {
    let mut stage = bare();
    offer(&mut stage);
    stage.pass(1000);
    stage.keys("<enter>");
    let task = stage.task("\"pull\"");
    assert!(stage.keys("<esc>").contains(&Effect::Cancel(task)));
    assert!(stage.text().contains("Enter fetches it"));
    stage.keys("<esc>");
    assert!(!stage.text().contains("Enter fetches it"));
}

#[test]
fn a_fetched_model_is_ready_to_be_asked() {
    let mut stage = bare();
    offer(&mut stage);
    stage.pass(1000);
    stage.keys("<enter>");
    stage.answer("\"pull\"", vec![Reply::Models { cards: vec![card(MODEL, Availability::Ready)] }]);
    let effects = stage.keys("hi<enter>");
    assert!(Stage::requests(&effects).iter().any(|r| matches!(r, Request::Chat(_))));
}
