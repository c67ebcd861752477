//! What the keys of the compare place ask for, what is hidden, and that no text is lost in it.

use outcrop::domain::delta::Event as Delta;
use outcrop::domain::evaluation::Choice;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TimerId};
use outcrop::tui::event::Event;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::comparisons::Comparisons;
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::{Reply, Request};

use crate::screen::compare::{arrive, asked, comparison, fail, finish, sends};
use crate::stage::{Stage, conversation, head, id};

fn requests(effects: &[Effect]) -> Vec<Comparisons> {
    let of = |request| if let Request::Comparisons(request) = request { Some(request) } else { None };
    Stage::requests(effects).into_iter().filter_map(of).collect()
}

#[test]
fn enter_makes_a_comparison_and_then_asks_every_column_at_once() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    // One column is not enough: another one is to be chosen, and the text stays.
    let effects = stage.keys("why?<enter>");
    assert_eq!(requests(&effects), []);
    assert!(stage.text().contains("why?"), "{}", stage.text());
    stage.keys("home/gemma3<enter>");
    let effects = stage.keys("<enter>");
    let [Comparisons::Create { plan, table: None }] = &requests(&effects)[..] else { panic!("{effects:?}") };
    let models: Vec<_> = plan.columns.iter().map(|column| column.model.to_string()).collect();
    assert_eq!(models, ["local/smollm2-135m", "home/gemma3"]);
    assert_eq!((plan.samples, plan.blind, plan.text.as_str()), (1, false, "why?"));
    assert_eq!(sends(&effects), [], "nothing is sent before it is durable");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison(2, None), ballots: Vec::new() };
    stage.answer("comparisons\",\"do\":\"create", vec![made]);
    assert_eq!(sends(&stage.effects[from..]).len(), 2);
}

#[test]
fn what_could_not_be_made_is_said_and_the_text_is_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("why?<alt+c>home/gemma3<enter><enter>");
    let task = stage.task("comparisons\",\"do\":\"create");
    let error = Error::new(ErrorKind::NotFound, "asking home/gemma3", "no provider is named \"home\"", "");
    stage.event(Event::Ended { task, error: Some(error) });
    let shown = stage.text();
    assert!(shown.contains("no provider is named") && shown.contains("why?"), "{shown}");
}

#[test]
fn a_choice_waits_for_all_and_names_the_answers_of_the_columns() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(3, None));
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    assert_eq!(requests(&stage.keys("<tab>b")), [], "one is still being written");
    finish(&mut stage, &tasks, 2, "three");
    for (key, wanted) in [("b", Choice::One(1)), ("=", Choice::Tie), ("n", Choice::BothBad)] {
        let effects = stage.keys(key);
        let [Comparisons::Choose { page: 0, answers, choice, order, .. }] = &requests(&effects)[..] else {
            panic!("{key}: {effects:?}")
        };
        assert_eq!((*choice, &order[..]), (wanted, &[0, 1, 2][..]));
        assert_eq!(answers[..], [id(701), id(711), id(721)]);
    }
    assert_eq!(requests(&stage.keys("h")), [], "there is no such column");
}

#[test]
fn a_blind_choice_goes_by_the_letters_of_the_screen() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = comparison(3, Some(7));
    let shown = comparison.order(0);
    assert_ne!(shown, [0, 1, 2], "another seed would do");
    let tasks = asked(&mut stage, &comparison);
    for (at, text) in ["one", "two", "three"].iter().enumerate() {
        finish(&mut stage, &tasks, at, text);
    }
    // What would tell who answers is not to be had.
    let effects = stage.keys("<tab><ctrl+o>w");
    assert!(Stage::requests(&effects).is_empty(), "{effects:?}");
    let screen = stage.text();
    for told in ["smollm2", "qwen3", "gemma3", "140 ms", "tok/s"] {
        assert!(!screen.contains(told), "{told}: {screen}");
    }
    let effects = stage.keys("a");
    let [Comparisons::Choose { choice, order, .. }] = &requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((*choice, order), (Choice::One(shown[0]), &shown));
}

#[test]
fn escape_stops_all_and_r_asks_one_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    fail(&mut stage, &tasks, 1);
    let effects = stage.keys("<tab><right>r");
    let retried: Vec<_> = Stage::requests(&effects);
    let [Request::Chat(Chat::Retry { conversation: of, message })] = &retried[..] else {
        panic!("{retried:?}")
    };
    assert_eq!((*of, *message), (conversation(71), id(711)));
    let effects = stage.keys("<esc>");
    let cancelled = effects.iter().filter(|effect| matches!(effect, Effect::Cancel(_))).count();
    assert_eq!(cancelled, 2, "{effects:?}");
}

#[test]
fn the_winner_goes_on_in_the_chat_as_a_copy() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    let effects = stage.keys("<tab><right>w");
    let [Request::Conversations(Conversations::Fork { id, at: None })] = &Stage::requests(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*id, conversation(71));
    stage.answer("\"fork\"", vec![Reply::Conversation { head: head(99, "why?", 0) }]);
    assert!(Stage::requests(&stage.effects).iter().any(|request| {
        matches!(request, Request::Conversations(Conversations::Open { id }) if *id == conversation(99))
    }));
}

#[test]
fn columns_and_what_is_written_are_kept_and_come_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("half a question<alt+c>home/gemma3<enter>");
    let effects = stage.event(Event::Timer(TimerId("compare")));
    let kept = Stage::requests(&effects).into_iter().find_map(|request| match request {
        Request::Workspace(outcrop::workbench::request::workspace::Workspace::Remember { value, .. }) => {
            Some(value)
        }
        _ => None,
    });
    let mut again = Stage::settled(120, 40, "dark");
    again.keys("<alt+2>");
    again.answer("tui.compare", vec![Reply::Remembered { value: kept }]);
    let shown = again.text();
    assert!(shown.contains("half a question") && shown.contains("home/gemma3"), "{shown}");
}

#[test]
fn other_columns_begin_a_new_comparison() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    stage.keys("<alt+c>home/phi<enter>");
    let effects = stage.keys("<tab><shift+tab>next<enter>");
    let [Comparisons::Create { plan, .. }] = &requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(plan.columns.len(), 3);
}

#[test]
fn any_two_answers_are_compared_and_nothing_of_who_gave_them_is_told_before_a_choice() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("<alt+b>");
    let tasks = asked(&mut stage, &comparison(3, Some(7)));
    stage.keys("<tab>v");
    assert!(stage.state.overlays.is_empty(), "they run yet");
    for (at, text) in ["one river bends", "two river turns", "three river bends"].into_iter().enumerate() {
        finish(&mut stage, &tasks, at, text);
    }
    stage.keys("v");
    let shown = stage.text();
    assert!(shown.contains("A → B") && shown.contains("[−") && shown.contains("[+"), "{shown}");
    assert!(!shown.contains("smollm2") && !shown.contains("qwen3") && !shown.contains("gemma3"), "{shown}");
    stage.keys("c");
    assert!(stage.text().contains("A → C"), "{}", stage.text());
    // A letter here chooses what is compared, never which is the best.
    let chosen = requests(&stage.effects).iter().any(|request| matches!(request, Comparisons::Choose { .. }));
    assert!(!chosen);
    stage.keys("<tab>");
    assert!(stage.text().contains("Only A says"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.state.overlays.is_empty());
}

#[test]
fn a_remark_of_a_call_is_not_shown_while_who_answers_is_hidden() {
    for (blind, shown) in [(None, true), (Some(7), false)] {
        let mut stage = Stage::settled(120, 40, "dark");
        arrive(&mut stage);
        if blind.is_some() {
            stage.keys("<alt+b>");
        }
        let tasks = asked(&mut stage, &comparison(2, blind));
        let event = Delta::Notice { text: "gemma3 has no seed".into() };
        stage.event(Event::Replies { task: tasks[0], replies: vec![Reply::Delta { event }] });
        assert_eq!(stage.text().contains("gemma3 has no seed"), shown);
    }
}
