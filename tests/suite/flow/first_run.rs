//! Nothing is fetched without a yes that was meant.

use outcrop::domain::catalog::{Availability, ModelCard, ModelId};
use outcrop::domain::pull::{Checked, PullPlan, PullStep};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::{New, Start};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::workbench::request::models::Models;
use outcrop::workbench::{Reply, Request};

use crate::stage::shelf::Shelf;
use crate::stage::{MODEL, Stage, card, model};

fn bare() -> Stage {
    let mut stage = Stage::with(100, 30, "dark", Start::default());
    stage.state.options.offline = false;
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    stage
}

fn offer(stage: &mut Stage) {
    stage.answer("\"probe\"", vec![Reply::Models { cards: vec![card(MODEL, Availability::NotPulled)] }]);
    stage.answer("\"plan\"", vec![plan(model())]);
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
fn an_enter_before_it_is_known_what_fetching_would_do_is_answered_and_fetches_nothing() {
    let mut stage = bare();
    stage.answer("\"probe\"", vec![Reply::Models { cards: vec![card(MODEL, Availability::NotPulled)] }]);
    let said = "press Enter then";
    let text = stage.text();
    assert!(text.contains("Looking up what fetching it would do · Esc not now"), "{text}");
    assert!(!text.contains("fetches it") && !text.contains("Enter fetch"), "{text}");
    stage.keys("<enter>");
    assert!(!stage.text().contains(said), "it has just appeared under the fingers");
    stage.pass(1000);
    assert_eq!(pulls(&stage.keys("<enter>")), 0);
    assert!(stage.text().contains(said), "{}", stage.text());
    stage.answer("\"plan\"", vec![plan(model())]);
    assert_eq!(pulls(&stage.effects), 0, "what was pressed before is no yes");
    let text = stage.text();
    assert!(text.contains("Enter fetches it") && !text.contains("Looking up"), "{text}");
    assert_eq!(pulls(&stage.keys("<enter>")), 1);
}

#[test]
fn a_model_that_is_here_and_cannot_be_used_is_offered_anew_with_the_reason() {
    let mut stage = bare();
    let why = "reading the model file model.gguf: it ends inside its header";
    let damaged = ModelCard {
        fetched: Some(Checked::Here),
        ..card(MODEL, Availability::Unusable { why: why.to_owned() })
    };
    let cards = vec![damaged, card("local/bigger", Availability::NotPulled)];
    stage.answer("\"probe\"", vec![Reply::Models { cards }]);
    stage.answer("\"plan\"", vec![plan(model())]);
    let text = stage.text();
    assert!(text.contains("cannot be used: reading the model file"), "{text}");
    stage.pass(1000);
    assert_eq!(pulls(&stage.keys("<enter>")), 1, "the same one, and not a larger one");
}

#[test]
fn what_opens_the_workspace_is_said_when_the_offer_was_left_and_is_a_past_notice_before() {
    let mut stage = bare();
    let founded = Some("the key file beside it opens this workspace".to_owned());
    stage.answer("\"notices\"", vec![Reply::Notices { founded, notices: Vec::new() }]);
    assert!(!stage.text().contains("the key file"), "what will be offered is not known yet");
    offer(&mut stage);
    stage.pass(1000);
    assert!(!stage.text().contains("the key file"), "{}", stage.text());
    stage.keys("<ctrl+p>past<enter>");
    assert!(stage.text().contains("the key file"), "{}", stage.text());
    stage.keys("<esc>");
    let text = stage.text();
    assert!(text.contains("Enter fetches it") && !text.contains("the key file"), "{text}");
    stage.keys("<esc>");
    assert!(stage.text().contains("the key file"), "{}", stage.text());
    stage.pass(60_000);
    assert!(!stage.text().contains("the key file"), "{}", stage.text());
}

#[test]
fn what_opens_the_workspace_covers_no_offer_whichever_comes_first() {
    let founded = || Some("the key file beside it opens this workspace".to_owned());
    for at in 0..3 {
        let mut stage = Stage::with(100, 30, "dark", Start::default());
        stage.state.options.offline = false;
        let said = |stage: &mut Stage, now: usize| {
            if at == now {
                stage.answer("\"notices\"", vec![Reply::Notices { founded: founded(), notices: Vec::new() }]);
            }
        };
        said(&mut stage, 0);
        stage.answer("recall", vec![Reply::Remembered { value: None }]);
        // The list is here, and what follows from it is not settled before its call has ended.
        let task = stage.task("\"probe\"");
        stage.reply("\"probe\"", vec![Reply::Models { cards: vec![card(MODEL, Availability::NotPulled)] }]);
        said(&mut stage, 1);
        stage.event(Event::Ended { task, error: None });
        said(&mut stage, 2);
        let text = stage.text();
        assert!(text.contains("Welcome") && !text.contains("the key file"), "{at} {text}");
        stage.pass(1000);
        stage.keys("<esc>");
        assert!(stage.text().contains("the key file"), "{at} {}", stage.text());
    }
}

#[test]
fn what_opens_the_workspace_is_said_at_once_where_nothing_is_offered() {
    let mut stage = Stage::settled(100, 30, "dark");
    let (founded, notices) = (Some("the key file opens it".to_owned()), vec!["A part was damaged.".into()]);
    stage.answer("\"notices\"", vec![Reply::Notices { founded, notices }]);
    assert!(stage.text().contains("A part was damaged."), "{}", stage.text());
    stage.pass(1000);
    stage.keys("x");
    assert!(stage.text().contains("the key file opens it"), "{}", stage.text());
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
fn offline_no_key_is_said_to_fetch_anything() {
    let mut stage = bare();
    offer(&mut stage);
    assert!(stage.text().contains("One can be fetched now") && stage.text().contains("Enter fetches it"));
    stage.state.options.offline = true;
    let text = stage.text();
    assert!(!text.contains("can be fetched now") && !text.contains("fetches it"), "{text}");
    assert!(!text.contains("Enter fetch"), "nor in the last line: {text}");
    assert!(text.contains("--offline forbids the network · "), "{text}");
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

/// Nothing but a server is configured, and its models are not known.
fn served(models: Vec<outcrop::domain::catalog::ModelCard>) -> Stage {
    let mut options = crate::stage::options("dark");
    options.servers = vec!["home".into()];
    let mut stage = Stage::made(100, 30, options, Start::default());
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    stage.answer("\"probe\"", vec![Reply::Models { cards: models }]);
    stage
}

fn probes(effects: &[Effect]) -> usize {
    let probe = Request::Models(Models::List { probe: true });
    Stage::requests(effects).iter().filter(|request| **request == probe).count()
}

#[test]
fn with_a_server_alone_the_person_chooses_and_nothing_is_asked_before() {
    let mut stage = served(vec![card(MODEL, Availability::NotPulled)]);
    assert!(
        !stage.text().contains("Welcome") && stage.text().contains("Who shall answer?"),
        "{}",
        stage.text()
    );
    assert_eq!(probes(&stage.effects), 0);
    let effects = stage.keys("hello<enter>");
    assert_eq!(probes(&effects), 1, "Enter needs somebody to answer");
    assert!(stage.text().contains("asking the servers"));
    let cards = ["home/a", "home/b"].map(|name| card(name, Availability::Ready));
    stage.answer("\"probe\":true", vec![Reply::Models { cards: cards.into() }]);
    assert!(!stage.text().contains("asking the servers"));
    let effects = stage.keys("b<enter><enter>");
    let sent = serde_json::to_string(&Stage::requests(&effects)).unwrap();
    assert!(sent.contains("home/b") && sent.contains("hello"), "{sent}");
}

#[test]
fn the_only_model_of_the_only_server_is_the_person_s_to_choose_and_known_for_a_while() {
    let mut stage = served(vec![card(MODEL, Availability::NotPulled)]);
    stage.keys("<ctrl+l>");
    stage
        .answer("\"probe\":true", vec![Reply::Models { cards: vec![card("home/one", Availability::Ready)] }]);
    assert!(stage.text().contains("home/one"));
    stage.keys("<esc>");
    let effects = stage.keys("hi<enter>");
    assert!(!Stage::requests(&effects).iter().any(|r| matches!(r, Request::Chat(_))), "nobody was chosen");
    assert_eq!(probes(&effects), 0, "it was asked already");
    let effects = stage.keys("one<enter><enter>");
    assert!(Stage::requests(&effects).iter().any(|r| matches!(r, Request::Chat(_))));
    stage.pass(60_000);
    assert_eq!(probes(&stage.keys("<ctrl+l>")), 1, "what it said is old");
}

#[test]
fn a_server_that_was_merely_found_on_this_machine_is_asked_nothing_before_it_is_chosen() {
    let found = vec![card(MODEL, Availability::NotPulled), card("llamacpp/somebody-s", Availability::Ready)];
    let mut stage = bare();
    stage.keys("<ctrl+l>");
    stage.answer("\"probe\":true", vec![Reply::Models { cards: found }]);
    stage.keys("<esc>");
    let effects = stage.keys("private<enter>");
    assert!(!Stage::requests(&effects).iter().any(|r| matches!(r, Request::Chat(_))), "nobody was chosen");
    let effects = stage.keys("somebody<enter><enter>");
    let sent = serde_json::to_string(&Stage::requests(&effects)).unwrap();
    assert!(sent.contains("llamacpp/somebody-s") && sent.contains("private"), "{sent}");
}

#[test]
fn a_server_s_model_that_was_used_last_is_not_given_up_for_one_of_this_machine() {
    let mut options = crate::stage::options("dark");
    options.servers = vec!["home".into()];
    let mut stage = Stage::made(100, 30, options, Start::default());
    let memory = serde_json::json!({ "model": "home/mine" });
    stage.answer("\"probe\"", vec![Reply::Models { cards: vec![card(MODEL, Availability::Ready)] }]);
    stage.answer("recall", vec![Reply::Remembered { value: Some(memory) }]);
    assert!(stage.text().contains("home/mine"));
}

#[test]
fn a_change_on_this_machine_asks_no_server() {
    let mut stage = served(vec![card(MODEL, Availability::NotPulled)]);
    let change = outcrop::domain::change::Changed::Models;
    stage.reply("\"topic\":\"models\"", vec![Reply::Changed { number: 1, change }]);
    assert_eq!(probes(&stage.effects), 0);
}

/// A conversation with a model that is here; another one can be fetched.
fn switching() -> (Shelf, Stage) {
    let mut shelf = Shelf::of(1);
    shelf.cards.push(card("local/bigger", Availability::NotPulled));
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s><enter>");
    shelf.serve(&mut stage);
    stage.keys("<ctrl+l>bigger<enter>");
    (shelf, stage)
}

fn plan(id: ModelId) -> Reply {
    Reply::Plan {
        plan: PullPlan {
            id,
            title: String::new(),
            licence: "Apache-2.0".into(),
            bytes: None,
            rough: false,
            kept: None,
            to: "/models".into(),
            sources: vec!["a hub".into()],
            checked: Checked::Here,
        },
    }
}

#[test]
fn a_conversation_keeps_its_model_until_the_chosen_one_is_here_and_then_has_it() {
    let (mut shelf, mut stage) = switching();
    assert!(stage.text().contains(MODEL), "{}", stage.text());
    stage.answer("\"plan\"", vec![plan("local/bigger".parse().unwrap())]);
    stage.keys("<enter>");
    stage.answer("\"pull\"", vec![Reply::Models { cards: vec![card("local/bigger", Availability::Ready)] }]);
    shelf.serve(&mut stage);
    assert_eq!(
        shelf.head(1).model.as_ref().map(outcrop::domain::catalog::ModelId::as_str),
        Some("local/bigger")
    );
}

#[test]
fn leaving_the_offer_leaves_the_model_as_it_was() {
    let (mut shelf, mut stage) = switching();
    stage.answer("\"plan\"", vec![plan("local/bigger".parse().unwrap())]);
    stage.keys("<esc>");
    shelf.serve(&mut stage);
    assert!(stage.text().contains(MODEL) && !stage.text().contains("local/bigger"), "{}", stage.text());
}

#[test]
fn who_leaves_the_offer_is_not_told_that_the_model_runs_here() {
    let mut stage = bare();
    offer(&mut stage);
    stage.pass(1000);
    stage.keys("<esc>");
    let text = stage.text();
    assert!(text.contains("It is not on this machine yet") && !text.contains("It runs here"), "{text}");
    // Nor is one that is here and of no use.
    let broken = Availability::Unusable { why: "it ends inside its header.".to_owned() };
    let broken = ModelCard { fetched: Some(Checked::Here), ..card(MODEL, broken) };
    let mut stage = bare();
    stage.answer("\"probe\"", vec![Reply::Models { cards: vec![broken] }]);
    stage.answer("\"plan\"", vec![plan(model())]);
    stage.pass(1000);
    stage.keys("<esc>");
    let text = stage.text();
    assert!(text.contains("It cannot be used: it ends inside its header."), "{text}");
}

#[test]
fn what_is_being_fetched_goes_on_and_can_be_stopped_whatever_else_is_chosen() {
    let (_, mut stage) = switching();
    stage.answer("\"plan\"", vec![plan("local/bigger".parse().unwrap())]);
    stage.keys("<enter>");
    let task = stage.task("\"pull\"");
    stage.keys("<ctrl+l>bigger<enter><enter>");
    assert_eq!(stage.task("\"pull\""), task, "nothing is fetched twice");
    stage.keys("<ctrl+q>");
    assert!(stage.text().contains("Quit and stop fetching a model?"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.keys("<esc>").contains(&Effect::Cancel(task)));
}

#[test]
fn of_a_source_that_starts_over_it_is_said_before_it_is_stopped_and_after() {
    for (starts_over, before, after) in [
        (
            true,
            "Esc stops it; this source starts over the next time",
            "starts over: this source keeps nothing",
        ),
        (false, "Esc stops it; what has come is kept", "goes on where it can"),
    ] {
        let (_, mut stage) = switching();
        stage.answer("\"plan\"", vec![plan("local/bigger".parse().unwrap())]);
        stage.keys("<enter>");
        let fetching = PullStep::Fetching { done: 1, total: Some(2), resumed: 0, per_second: None };
        let trying = PullStep::Trying { source: "a source".into(), starts_over };
        let steps = [trying, fetching].map(|step| Reply::Pulling { step });
        stage.reply("\"pull\"", steps.into());
        assert!(stage.text().contains(before), "{}", stage.text());
        stage.keys("<esc>");
        assert!(stage.text().contains(after), "{}", stage.text());
    }
}

#[test]
fn enter_asks_again_what_fetching_would_do_where_that_failed() {
    let (_, mut stage) = switching();
    let task = stage.task("\"plan\"");
    let error = Error::new(ErrorKind::Busy, "planning", "the catalogue is away", "");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("Enter tries again"));
    stage.keys("<enter>");
    assert_ne!(stage.task("\"plan\""), task);
}

#[test]
fn sending_closes_an_offer_and_the_answer_is_seen() {
    let (mut shelf, mut stage) = switching();
    assert!(
        stage.text().contains("Fetch a model") && stage.text().contains("question 1"),
        "{}",
        stage.text()
    );
    stage.keys("<tab>again<enter>");
    shelf.serve(&mut stage);
    shelf.write(&mut stage, "Here it is.");
    assert!(!stage.text().contains("Fetch a model"), "{}", stage.text());
    assert!(stage.text().contains("Here it is."), "{}", stage.text());
}

#[test]
fn escape_closes_an_offer_from_the_composer_too() {
    let mut stage = bare();
    offer(&mut stage);
    stage.keys("what is a river?");
    assert!(stage.text().contains("Welcome"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(!stage.text().contains("Welcome"), "{}", stage.text());
    assert_eq!(stage.state.chat.composer.text(), "what is a river?");
    stage.keys("<enter>");
    let text = stage.text();
    assert!(text.contains("There is no model on this machine yet"), "it says again what is missing: {text}");
}

#[test]
fn a_model_of_somewhere_else_that_is_chosen_closes_the_offer() {
    let mut stage = bare();
    offer(&mut stage);
    stage.keys("<ctrl+l>bedrock/x<enter>");
    assert!(!stage.text().contains("Welcome"), "{}", stage.text());
    let effects = stage.keys("hi<enter>");
    assert!(Stage::requests(&effects).iter().any(|r| matches!(r, Request::Chat(_))));
    let task = stage.task("\"send\"");
    let error = Error::new(ErrorKind::Network, "asking bedrock", "no connection", "");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("no connection"), "{}", stage.text());
}

#[test]
fn a_conversation_that_is_opened_again_is_never_covered() {
    // Whatever comes first: where the person left off, or that no model can answer.
    for models_first in [true, false] {
        let mut shelf = Shelf::of(1);
        shelf.cards = vec![card(MODEL, Availability::NotPulled)];
        shelf.heads[0].model = Some("llamacpp/qwen".parse().unwrap());
        shelf.memory =
            Some(serde_json::json!({ "conversation": shelf.heads[0].id, "model": "llamacpp/qwen" }));
        let mut stage = Stage::new(100, 30);
        if models_first {
            stage.answer("\"probe\"", vec![Reply::Models { cards: shelf.cards.clone() }]);
        }
        shelf.serve(&mut stage);
        assert!(!stage.text().contains("Welcome"), "{models_first} {}", stage.text());
        assert!(stage.text().contains("answer 1"), "{models_first} {}", stage.text());
        assert_eq!(pulls(&stage.keys("<enter>")), 0);
    }
}

#[test]
fn a_model_whose_provider_has_no_key_is_said_when_it_is_chosen() {
    let mut stage = Stage::settled(100, 30, "dark");
    stage.keys("<ctrl+l>openai/gpt-4o<enter>");
    let task = stage.task("\"knows\"");
    let why = "no key of openai is known";
    let error = Error::new(ErrorKind::Auth, "asking openai/gpt-4o", why, "Set OPENAI_API_KEY.");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains(why) && stage.text().contains("OPENAI_API_KEY"), "{}", stage.text());
}

#[test]
fn a_model_that_nobody_can_ask_is_said_at_once_where_one_would_begin_to_write() {
    // Whichever comes first: the list of models, or that.
    for late in [false, true] {
        let new = New { model: Some("scriptd/markdown".parse().unwrap()), ..New::default() };
        let mut stage = Stage::with(160, 40, "dark", Start { new: Some(new), ..Start::default() });
        if late {
            stage.settle();
        }
        let task = stage.task("\"knows\"");
        let hint = "Did you mean scripted? Providers are: local, scripted.";
        let error =
            Error::new(ErrorKind::NotFound, "asking scriptd/markdown", "no provider is named scriptd", hint);
        stage.event(Event::Ended { task, error: Some(error) });
        let says = |text: &str| {
            text.contains("✗ asking scriptd/markdown") && text.contains("Did you mean scripted?")
        };
        let text = stage.text();
        assert!(says(&text) && !text.contains("Write below"), "{text}");
        assert_eq!(text.matches("Did you mean").count(), 1, "{text}");
        stage.pass(9000);
        if !late {
            stage.settle();
        }
        stage.keys("hello");
        assert!(says(&stage.text()), "it is no notice: {}", stage.text());
        stage.keys("<ctrl+l>smollm2<enter>");
        assert!(!stage.text().contains("Did you mean"), "{}", stage.text());
    }
    // One of this machine that is not here.
    let new = New { model: Some("local/smolm2-135m".parse().unwrap()), ..New::default() };
    let mut stage = Stage::with(160, 40, "dark", Start { new: Some(new), ..Start::default() });
    stage.settle();
    let text = stage.text();
    assert!(text.contains("Did you mean local/smollm2-135m?"), "{text}");
}

#[test]
fn a_model_that_nobody_can_ask_is_said_once_where_it_was_asked_all_the_same() {
    let new = New { model: Some("nowhere/x".parse().unwrap()), ..New::default() };
    let mut stage = Stage::with(120, 40, "dark", Start { new: Some(new), ..Start::default() });
    stage.settle();
    let why = "no provider is named \"nowhere\"";
    let error = || Some(Error::new(ErrorKind::NotFound, "asking nowhere/x", why, "Providers are: local."));
    stage.event(Event::Ended { task: stage.task("\"knows\""), error: error() });
    assert_eq!(stage.text().matches(why).count(), 1, "{}", stage.text());
    stage.keys("hello<enter>");
    stage.event(Event::Ended { task: stage.task("\"send\""), error: error() });
    let text = stage.text();
    assert_eq!(text.matches(why).count(), 1, "{text}");
    assert!(text.contains("hello") && !text.contains("Write below"), "{text}");
}

#[test]
fn a_model_elsewhere_that_cannot_be_used_says_why_where_one_would_begin_to_write() {
    let new = New { model: Some("groq/llama".parse().unwrap()), ..New::default() };
    let mut stage = Stage::with(160, 40, "dark", Start { new: Some(new), ..Start::default() });
    let why = "the variable GROQ_API_KEY is not set".to_owned();
    let off = card("groq/llama", Availability::Unusable { why });
    stage.settle_with(vec![card(MODEL, Availability::Ready), off]);
    let says = |text: &str| {
        text.contains("It cannot be used: the variable GROQ_API_KEY is not set.")
            && !text.contains("Write below")
    };
    assert!(says(&stage.text()), "{}", stage.text());
    // What comes late of who did not know it says less.
    let error = Error::new(ErrorKind::NotFound, "asking groq/llama", "it is not known", "Look at the list.");
    stage.event(Event::Ended { task: stage.task("\"knows\""), error: Some(error) });
    assert!(says(&stage.text()), "{}", stage.text());
}

#[test]
fn a_model_of_the_catalogue_is_chosen_and_asked_and_nothing_is_offered_to_be_fetched() {
    let mut stage = served(vec![
        card(MODEL, Availability::NotPulled),
        card("home/big", Availability::Catalogued),
        card("home/small", Availability::Catalogued),
    ]);
    assert!(stage.text().contains("Who shall answer?"), "none of them is taken by itself: {}", stage.text());
    stage.keys("<ctrl+l>big<enter>");
    assert!(stage.text().contains("home/big") && !stage.text().contains("Welcome"), "{}", stage.text());
    let effects = stage.keys("hello<enter>");
    let sent = serde_json::to_string(&Stage::requests(&effects)).unwrap();
    assert!(sent.contains("home/big") && sent.contains("hello"), "{sent}");
}

#[test]
fn what_is_not_in_sight_of_an_offer_is_said_behind_its_lines_and_over_none() {
    let mut stage = Stage::with(60, 20, "dark", Start::default());
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    let long =
        |at: &str| card(&format!("local/{at}-model-with-a-name-that-is-long"), Availability::NotPulled);
    let cards =
        [card(MODEL, Availability::NotPulled)].into_iter().chain(["a", "b", "c", "d"].map(long)).collect();
    stage.answer("\"probe\"", vec![Reply::Models { cards }]);
    stage.answer("\"plan\"", vec![plan(model())]);
    // What is said of it takes the air around them.
    let hint = "Close one of them, or free some space on the disk that holds the conversations. ".repeat(3);
    let error = Error::new(ErrorKind::Full, "copying the answer", "no program took it", hint);
    stage.event(Event::Copied(Err(error)));
    let text = stage.text();
    let line = text.lines().find(|line| line.contains("▼ ")).unwrap();
    assert!(!line.contains("Apa") || line.contains("Apache-2.0") || line.contains("… ▼"), "{text}");
}
