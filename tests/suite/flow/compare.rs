//! What the keys of the compare place ask for, what is hidden, and that no text is lost in it.

use std::time::Duration;

use outcrop::domain::change::Changed;
use outcrop::domain::comparison::measure::Summary;
use outcrop::domain::comparison::{Ballot, Comparison, Form, Page, Seen};
use outcrop::domain::conversation::Conversation;
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::evaluation::Choice;
use outcrop::domain::id::{BallotId, ComparisonId, ConversationId};
use outcrop::domain::message::{Message, Outcome, Role};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TaskId, TimerId, Written};
use outcrop::tui::event::{Contents, Event, Saved};
use outcrop::workbench::request::chat::{Chat, Target};
use outcrop::workbench::request::comparisons::Comparisons;
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::{Reply, Request};

use crate::screen::compare::{arrive, asked, ballot, begun, columns, comparison, fail, finish, sends};
use crate::stage::{COMPLETE, Stage, answer, conversation, head, id, message};

fn requests(effects: &[Effect]) -> Vec<Comparisons> {
    let of = |request| if let Request::Comparisons(request) = request { Some(request) } else { None };
    Stage::requests(effects).into_iter().filter_map(of).collect()
}

/// Two columns were asked and have answered; who, is hidden with a seed.
fn answered(stage: &mut Stage, blind: Option<u64>) -> Comparison {
    arrive(stage);
    let comparison = comparison(2, blind);
    let tasks = asked(stage, &comparison);
    finish(stage, &tasks, 0, "one");
    finish(stage, &tasks, 1, "two");
    comparison
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
    stage.answer("comparisons\":{\"create", vec![made]);
    assert_eq!(sends(&stage.effects[from..]).len(), 2);
}

#[test]
fn what_was_asked_last_is_the_selected_one_of_the_list() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+2>");
    stage.answer("tui.compare", vec![Reply::Remembered { value: None }]);
    let older = Comparison { id: ComparisonId::from_bytes([0; 16]), ..comparison(2, None) };
    let listed = Reply::Comparisons { comparisons: vec![older], more: false };
    stage.answer("comparisons\":{\"list", vec![listed]);
    let made = comparison(2, None);
    let tasks = asked(&mut stage, &made);
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    let effects = stage.keys("<shift+tab>xd");
    let removed = requests(&effects);
    assert!(matches!(removed[..], [Comparisons::Remove { id, .. }] if id == made.id), "{effects:?}");
}

#[test]
fn what_could_not_be_made_is_said_and_the_text_is_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("why?<alt+c>home/gemma3<enter><enter>");
    let task = stage.task("comparisons\":{\"create");
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
fn the_keys_of_the_whole_place_hold_where_answers_are_read_too() {
    let mut stage = Stage::settled(120, 40, "dark");
    answered(&mut stage, None);
    stage.keys("<tab><alt+r>");
    assert!(stage.text().contains("How often each column is asked"), "{}", stage.text());
    stage.keys("<esc><alt+c>");
    let shown = stage.text();
    assert!(
        shown.contains("─ Models ─") && shown.contains("smollm2-135m"),
        "the models are offered: {shown}"
    );
    stage.keys("<esc><alt+n>");
    let shown = stage.text();
    assert!(shown.contains("The same question to two models"), "another one begins: {shown}");
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
fn while_who_answers_is_hidden_no_wait_tells_of_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    answered(&mut stage, Some(7));
    let effects = stage.keys("<tab>r");
    assert_eq!(Stage::requests(&effects), [], "the quick one would be told from the slow one");
    assert!(stage.text().contains("choose first"), "{}", stage.text());
    assert!(!stage.text().contains("r again"), "the last line offers what can be done: {}", stage.text());
    stage.keys("D");
    assert!(stage.text().contains("Choose first: that would tell who answers."), "{}", stage.text());

    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = comparison(2, Some(7));
    let tasks = asked(&mut stage, &comparison);
    finish(&mut stage, &tasks, 0, "quick");
    assert!(!stage.text().contains("qwen3"), "{}", stage.text());
    // Which one has ended is not told by what can be done with it.
    stage.keys("<tab>");
    for key in ["y", "r", "<right>y", "r"] {
        let effects = stage.keys(key);
        assert!(
            !effects.iter().any(|effect| matches!(effect, Effect::Copy(_) | Effect::Call { .. })),
            "{effects:?}"
        );
        let text = stage.text();
        assert!(
            text.contains("They appear together") || text.contains("Not all have answered yet."),
            "{text}"
        );
    }
    // What was cut is seen: so is who gave it, and what is chosen is not blind. It is asked before.
    let effects = stage.keys("<esc>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))), "{effects:?}");
    let shown = stage.text();
    assert!(shown.contains("Stop the answers? Who answers is shown then"), "{shown}");
    assert!(!shown.contains("qwen3"), "{shown}");
    let effects = stage.keys("s");
    assert_eq!(requests(&effects), [Comparisons::Look { id: comparison.id, page: None }]);
    assert!(stage.text().contains("qwen3"), "{}", stage.text());
    finish(&mut stage, &tasks, 1, "slow");
    let effects = stage.keys("a");
    let [Comparisons::Choose { hidden, .. }] = &requests(&effects)[..] else { panic!("{effects:?}") };
    assert!(!hidden);
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
    stage.keys("<alt+h>");
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
fn an_answer_that_still_comes_is_said_to_be_one_where_it_is_compared() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "a river bends");
    let event = Delta::Text { text: "a river".into() };
    stage.event(Event::Replies { task: tasks[1], replies: vec![Reply::Delta { event }] });
    stage.keys("<tab>v");
    let shown = stage.text();
    assert!(shown.contains("2 words so far: it is still being written"), "{shown}");
    assert_eq!(shown.matches("so far").count(), 1, "the other one has ended: {shown}");
    stage.keys("<esc>");
    finish(&mut stage, &tasks, 1, "a river turns");
    stage.keys("v");
    let shown = stage.text();
    assert!(shown.contains("A → B") && !shown.contains("so far"), "{shown}");
}

#[test]
fn where_the_line_has_no_room_it_says_less_and_that_whole() {
    let mut stage = Stage::settled(60, 20, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(3, None));
    for at in 0..3 {
        finish(&mut stage, &tasks, at, "Because.");
    }
    let shown = stage.text();
    // That the others are looked at comes before what is said of them.
    assert!(shown.contains("3 columns · 2 not in sight: Tab, then "), "{shown}");
    assert!(!shown.contains("which is the best"), "{shown}");
}

#[test]
fn from_a_column_that_failed_the_two_others_are_compared() {
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(3, None));
    assert!(stage.text().contains("1 not in sight: Tab, then "), "{}", stage.text());
    fail(&mut stage, &tasks, 0);
    finish(&mut stage, &tasks, 1, "one river bends");
    finish(&mut stage, &tasks, 2, "two river turns");
    stage.keys("<tab>v");
    assert!(stage.text().contains("B → C"), "{}", stage.text());
}

#[test]
fn an_answer_that_failed_is_not_chosen_as_the_best_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    fail(&mut stage, &tasks, 1);
    finish(&mut stage, &tasks, 0, "Because.");
    assert_eq!(requests(&stage.keys("<tab>b")), []);
    assert!(stage.text().contains("The answer of B failed"), "{}", stage.text());
    let asked = requests(&stage.keys("a"));
    assert!(matches!(asked[..], [Comparisons::Choose { choice: Choice::One(0), .. }]), "{asked:?}");
}

#[test]
fn an_answer_that_was_stopped_before_it_had_a_word_is_not_chosen_and_its_column_says_so() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "Because.");
    stage.keys("<esc>");
    assert!(stage.text().contains("no answer to choose"), "{}", stage.text());
    assert_eq!(requests(&stage.keys("<tab>b")), []);
    assert!(stage.text().contains("The answer of B was stopped before it had a word"), "{}", stage.text());
    let asked = requests(&stage.keys("a"));
    assert!(matches!(asked[..], [Comparisons::Choose { choice: Choice::One(0), .. }]), "{asked:?}");
    // One that had begun may be the best one all the same.
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = self::asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "Because.");
    let event = Delta::Text { text: "The current".into() };
    stage.event(Event::Replies { task: tasks[1], replies: vec![Reply::Delta { event }] });
    stage.keys("<esc>");
    let asked = requests(&stage.keys("<tab>b"));
    assert!(matches!(asked[..], [Comparisons::Choose { choice: Choice::One(1), .. }]), "{asked:?}");
}

#[test]
fn what_is_said_stands_right_above_what_is_written_where_no_figures_are_told() {
    // Nothing is told below answers that come, nor below those that are hidden.
    for blind in [None, Some(7)] {
        let mut stage = Stage::settled(80, 24, "dark");
        arrive(&mut stage);
        if blind.is_some() {
            stage.keys("<alt+h>");
        }
        let tasks = asked(&mut stage, &comparison(2, blind));
        stage.pass(60_000);
        let why = "no program took it";
        let error = Error::new(ErrorKind::Full, "copying the answer", why, "Then try it once again.");
        stage.event(Event::Copied(Err(error)));
        let above = |stage: &mut Stage| {
            let text = stage.text();
            let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap();
            at("what all of them are asked next") - at("✗ copying the answer")
        };
        assert_eq!(above(&mut stage), 1, "{}", stage.text());
        finish(&mut stage, &tasks, 0, "one");
        finish(&mut stage, &tasks, 1, "two");
        // Two rows of figures in columns of that width.
        assert_eq!(above(&mut stage), if blind.is_some() { 1 } else { 3 }, "{}", stage.text());
    }
}

#[test]
fn columns_of_unequal_width_are_set_in_alike() {
    // 50 columns, the rule, and 49.
    let mut stage = Stage::settled(100, 30, "dark");
    answered(&mut stage, None);
    let shown = stage.text();
    let line = shown.lines().find(|line| line.contains("one") && line.contains("two")).unwrap();
    let before = |word: &str| line.split(word).next().unwrap().chars().count();
    assert_eq!(before("two") - before("one"), 51, "{shown}");
}

#[test]
fn a_remark_of_a_call_is_not_shown_while_who_answers_is_hidden() {
    for (blind, shown) in [(None, true), (Some(7), false)] {
        let mut stage = Stage::settled(120, 40, "dark");
        arrive(&mut stage);
        if blind.is_some() {
            stage.keys("<alt+h>");
        }
        let tasks = asked(&mut stage, &comparison(2, blind));
        let event = Delta::Notice { text: "gemma3 has no seed".into() };
        stage.event(Event::Replies { task: tasks[0], replies: vec![Reply::Delta { event }] });
        assert_eq!(stage.text().contains("gemma3 has no seed"), shown);
    }
}

#[test]
fn a_column_that_waits_for_its_turn_says_so_beside_one_that_writes() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    let replies = |event| vec![Reply::Delta { event }];
    stage.event(Event::Replies { task: tasks[0], replies: replies(Delta::Text { text: "A river".into() }) });
    stage.event(Event::Replies { task: tasks[1], replies: replies(Delta::Queued { ahead: 1 }) });
    assert!(stage.text().contains("waiting: 1 before this one"), "{}", stage.text());
    stage.event(Event::Replies { task: tasks[1], replies: replies(Delta::Queued { ahead: 0 }) });
    assert!(stage.text().contains("waiting: next in line"), "{}", stage.text());
    stage.event(Event::Replies { task: tasks[1], replies: replies(Delta::Text { text: "Because".into() }) });
    assert!(!stage.text().contains("waiting"), "{}", stage.text());
}

#[test]
fn a_column_that_still_writes_says_so_where_its_figures_will_stand() {
    for (width, height) in [(82, 24), (150, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        arrive(&mut stage);
        let tasks = asked(&mut stage, &comparison(2, None));
        let event = Delta::Text { text: "A river".into() };
        stage.event(Event::Replies { task: tasks[0], replies: vec![Reply::Delta { event }] });
        fail(&mut stage, &tasks, 1);
        let row = |shown: &str, words: &str| shown.lines().position(|line| line.contains(words));
        let shown = stage.text();
        let mark = row(&shown, "writing");
        assert!(
            mark.is_some() && mark == row(&shown, "Tab, then r asks it again"),
            "one runs, the other failed: {shown}"
        );
        let said = row(&shown, "A river");
        finish(&mut stage, &tasks, 0, "A river");
        let shown = stage.text();
        assert!(!shown.contains("writing"), "{shown}");
        assert_eq!((row(&shown, "first"), row(&shown, "A river")), (mark, said), "nothing jumps: {shown}");
    }
}

#[test]
fn below_a_column_that_failed_stands_how_it_is_asked_again_and_nothing_once_one_is_chosen() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = comparison(2, None);
    let tasks = asked(&mut stage, &comparison);
    finish(&mut stage, &tasks, 0, "one");
    fail(&mut stage, &tasks, 1);
    let dash = |shown: &str| shown.split(['│', '\n']).any(|cell| cell.trim() == "–");
    let shown = stage.text();
    assert!(shown.contains("Tab, then r asks it again") && !dash(&shown), "{shown}");
    stage.keys("<tab>a");
    let answers = vec![id(701), id(711)];
    let kept = Ballot { answers, failed: vec![1], ..ballot(comparison.id, Choice::One(0)) };
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
    let shown = stage.text();
    assert!(shown.contains("✓ chosen") && shown.contains("(429)"), "{shown}");
    assert!(!shown.contains("asks it again") && !dash(&shown), "{shown}");
}

/// Two columns, each asked so many times.
fn repeated(pages: u32) -> outcrop::domain::comparison::Comparison {
    let mut comparison = comparison(2, None);
    comparison.pages = (0..pages)
        .map(|sample| Page {
            sample,
            lanes: [0, 1].map(|at| conversation(u128::from(sample) * 10 + 200 + at)).into(),
            ..comparison.pages[0].clone()
        })
        .collect();
    comparison
}

/// The conversations that are asked, with their calls.
fn asking(effects: &[Effect]) -> Vec<(TaskId, ConversationId)> {
    let of = |effect: &Effect| match effect {
        Effect::Call {
            task,
            request: Request::Chat(Chat::Send { to: Target::After { conversation, .. }, .. }),
            ..
        } => Some((*task, *conversation)),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

/// The answer of a call has begun with these words.
fn begins(stage: &mut Stage, (task, conversation): (TaskId, ConversationId), words: &str) {
    let asked = Message { conversation, ..message(900, None, Role::User, "why?") };
    let answer = Message { conversation, ..answer(901, Some(900), words, Outcome::Streaming) };
    let head = Conversation { id: conversation, leaf: Some(answer.id), ..head(1, "why?", 0) };
    stage.event(Event::Replies {
        task,
        replies: vec![Reply::Started { conversation: head, asked: Some(asked), answer }],
    });
}

fn ends(stage: &mut Stage, (task, conversation): (TaskId, ConversationId), words: &str) -> Vec<Effect> {
    let answer = Message { conversation, ..answer(901, Some(900), words, COMPLETE) };
    let mut effects = stage.event(Event::Replies { task, replies: vec![Reply::Finished { answer }] });
    effects.extend(stage.event(Event::Ended { task, error: None }));
    effects
}

#[test]
fn repeats_and_a_file_of_values_are_of_the_next_comparison() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("<alt+c>home/gemma3<enter>");
    stage.keys("<alt+r>200<enter>");
    assert!(stage.text().contains("A number from 1 to 100"), "{}", stage.text());
    stage.keys("<backspace><backspace><backspace>3<enter>");
    let asked = stage.keys("<alt+v>~/rivers.csv<enter>");
    assert!(matches!(&asked[..], [Effect::ReadFile { path, .. }] if path == "~/rivers.csv"), "{asked:?}");
    let bytes = Contents(b"river\nLoire\nNile\n".to_vec());
    stage.event(Event::FileRead { path: "~/rivers.csv".into(), read: Ok(bytes) });
    let shown = stage.text();
    assert!(shown.contains("2 columns · 3 times each · values of rivers.csv"), "{shown}");
    let effects = stage.keys("Where is {{river}}?<enter>");
    let [Comparisons::Create { plan, table: Some(table) }] = &requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((plan.samples, table.name.as_str()), (3, "rivers.csv"));
    assert_eq!(table.text, "river\nLoire\nNile\n");
    // What cannot be read leaves the values as they were; an empty line takes them away.
    let error = Error::new(ErrorKind::NotFound, "reading a file", "there is none", "");
    let task = stage.task("comparisons\":{\"create");
    stage.event(Event::Ended { task, error: Some(error.clone()) });
    stage.keys("<alt+v>x<enter>");
    stage.event(Event::FileRead { path: "rivers.csvx".into(), read: Err(error) });
    assert!(stage.text().contains("values of rivers.csv"), "{}", stage.text());
    let rubbed = "<backspace>".repeat("rivers.csv".len());
    stage.keys(&format!("<alt+v>{rubbed}<enter>"));
    let shown = stage.text();
    assert!(shown.contains("3 times each") && !shown.contains("values of"), "{shown}");
}

#[test]
fn every_page_is_asked_whichever_is_shown_and_no_column_waits_for_another() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = repeated(6);
    stage.keys("<alt+c>home/qwen3-coder-30b<enter>why?<enter>");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() };
    stage.answer("comparisons\":{\"create", vec![made]);
    let first = asking(&stage.effects[from..]);
    let of = |column: usize| {
        let lanes = comparison.pages.iter().take(4).map(move |page| page.lanes[column]);
        first.iter().filter(|(_, id)| lanes.clone().any(|lane| lane == *id)).copied().collect::<Vec<_>>()
    };
    let (left, right) = (of(0), of(1));
    assert_eq!((first.len(), left.len(), right.len()), (8, 4, 4), "four of each column at once");
    for call in &first {
        begins(&mut stage, *call, "so far");
    }
    assert!(stage.text().contains("12 answers to come"), "{}", stage.text());
    // The left column is quick: its next pages are asked while the right one still writes its first.
    let next = asking(&ends(&mut stage, left[0], "because"));
    assert_eq!(next.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [comparison.pages[4].lanes[0]]);
    let last = asking(&ends(&mut stage, left[1], "second because"));
    assert_eq!(last.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [comparison.pages[5].lanes[0]]);
    // Another page is shown while all go on; what came of it meanwhile is there, and nothing is asked for.
    let turned = stage.keys("<tab>]");
    assert_eq!(Stage::requests(&turned), []);
    let shown = stage.text();
    assert!(
        shown.contains("second because") && shown.contains("so far") && shown.contains("page 2 of 6"),
        "{shown}"
    );
    stage.keys("[");
    assert!(stage.text().contains("because"), "{}", stage.text());
    // A page that has ended is read when it is shown again.
    ends(&mut stage, right[2], "third on the right");
    ends(&mut stage, left[2], "third on the left");
    let turned = stage.keys("]]");
    let opened = |request| matches!(request, Request::Conversations(Conversations::Open { .. }));
    assert_eq!(Stage::requests(&turned).into_iter().filter(|request| opened(request.clone())).count(), 2);
    // Stopping ends all of it, and asks for nothing more.
    let stopped = stage.keys("<esc>");
    let cancelled = stopped.iter().filter(|effect| matches!(effect, Effect::Cancel(_))).count();
    assert_eq!((cancelled, asking(&stopped).len()), (7, 0));
    assert!(!stage.text().contains("to come"), "{}", stage.text());
}

#[test]
fn what_never_arrived_is_asked_again_as_it_was_whatever_another_page_was_asked_since() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = repeated(2);
    stage.keys("<alt+c>home/qwen3-coder-30b<enter>why?<enter>");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() };
    stage.answer("comparisons\":{\"create", vec![made]);
    let lost = comparison.pages[0].lanes[1];
    for call in asking(&stage.effects[from..]) {
        if call.1 == lost {
            let error = Error::new(ErrorKind::Network, "asking", "it broke", "");
            stage.event(Event::Ended { task: call.0, error: Some(error) });
        } else {
            begins(&mut stage, call, "so far");
            ends(&mut stage, call, "because");
        }
    }
    let next = stage.keys("<tab>]iand then?<enter>");
    assert_eq!(asking(&next).len(), 2, "{next:?}");
    let again = Stage::requests(&stage.keys("<tab>[<right>r"));
    let [Request::Chat(Chat::Send { to: Target::After { conversation, .. }, blocks })] = &again[..] else {
        panic!("{again:?}")
    };
    assert_eq!(*conversation, lost);
    assert!(format!("{blocks:?}").contains("why?"), "{blocks:?}");
}

#[test]
fn an_answer_that_was_to_be_made_anew_and_never_began_is_not_asked_as_another_question() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "one");
    fail(&mut stage, &tasks, 1);
    stage.keys("<tab><right>");
    for _ in 0..2 {
        let again = Stage::requests(&stage.keys("r"));
        assert!(matches!(again[..], [Request::Chat(Chat::Retry { .. })]), "{again:?}");
        let error = Error::new(ErrorKind::Network, "asking", "it broke", "");
        stage.event(Event::Ended { task: stage.task("\"retry\""), error: Some(error) });
    }
}

#[test]
fn the_summary_is_of_all_pages_and_asked_of_the_store() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    let effects = stage.keys("<tab>t");
    assert!(matches!(requests(&effects)[..], [Comparisons::Summary { .. }]), "{effects:?}");
    let of = |answers| Summary { answers, total_p50: Some(1200), ..Summary::default() };
    stage.answer("comparisons\":{\"summary", vec![Reply::Summaries { columns: vec![of(24), of(31)] }]);
    let shown = stage.text();
    assert!(shown.contains("24") && shown.contains("31") && shown.contains("1.20 s"), "{shown}");
}

#[test]
fn a_hidden_comparison_is_not_written_from_the_list_either() {
    let mut stage = Stage::settled(120, 40, "dark");
    answered(&mut stage, Some(7));
    stage.keys("<shift+tab>w");
    let shown = stage.text();
    assert!(shown.contains("Choose first") && !shown.contains("Write"), "{shown}");
}

#[test]
fn settings_that_stand_open_are_put_away_while_who_answers_is_hidden() {
    let mut stage = Stage::settled(200, 40, "dark");
    arrive(&mut stage);
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("of column A"), "{}", stage.text());
    stage.keys("<tab>");
    let comparison = comparison(2, Some(7));
    let tasks = asked(&mut stage, &comparison);
    assert!(!stage.text().contains("of column A") && !stage.text().contains("smollm2"), "{}", stage.text());
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    assert!(!stage.text().contains("smollm2"), "{}", stage.text());
}

#[test]
fn a_key_of_the_columns_that_does_nothing_now_asks_nothing_in_the_chat() {
    let mut stage = Stage::settled(120, 40, "dark");
    // The chat has an answer that could be asked for again.
    stage.open(vec![message(1, None, Role::User, "why?"), answer(2, Some(1), "so", COMPLETE)]);
    arrive(&mut stage);
    let effects = stage.keys("<tab>r");
    assert_eq!(Stage::requests(&effects), []);
    assert!(stage.text().contains("What was compared is kept"), "{}", stage.text());
}

#[test]
fn what_goes_on_in_the_chat_is_the_winner() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = answered(&mut stage, None);
    stage.keys("<tab>b");
    let kept = Ballot { answers: vec![id(701), id(711)], ..ballot(comparison.id, Choice::One(1)) };
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
    let winner = *comparison.pages[0].lanes.last().unwrap();
    let effects = stage.keys("w");
    let forked = Stage::requests(&effects);
    let [Request::Conversations(Conversations::Fork { id, .. })] = forked[..] else { panic!("{forked:?}") };
    assert_eq!(id, winner);
}

#[test]
fn the_card_in_the_list_says_seen_of_a_blind_comparison_whose_choice_was_kept_as_not_blind() {
    for (blind, words) in [(Some(7), "2 columns · blind · chosen"), (None, "2 columns · seen · chosen")] {
        let mut stage = Stage::settled(120, 40, "dark");
        let comparison = answered(&mut stage, Some(7));
        stage.keys("<tab>a");
        let answers = vec![id(701), id(711)];
        let kept = Ballot { answers, blind, ..ballot(comparison.id, Choice::One(0)) };
        stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
        stage.keys("<shift+tab><shift+tab>");
        assert!(stage.text().contains(words), "{}", stage.text());
    }
}

#[test]
fn a_choice_that_is_taken_back_hides_nobody_again_and_the_next_one_is_not_blind() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = answered(&mut stage, Some(7));
    let hidden = |effects: &[Effect]| match &requests(effects)[..] {
        [Comparisons::Choose { hidden, .. }] => *hidden,
        other => panic!("{other:?}"),
    };
    assert!(hidden(&stage.keys("<tab>a")));
    let answers = vec![id(701), id(711)];
    let kept = Ballot { answers, blind: Some(7), ..ballot(comparison.id, Choice::One(0)) };
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
    let shown = stage.text();
    assert!(shown.contains("smollm2") && !shown.contains("not blind"), "{shown}");
    let effects = stage.keys("u");
    assert!(matches!(requests(&effects)[..], [Comparisons::TakeBack { .. }]), "{effects:?}");
    stage.answer("comparisons\":{\"take_back", vec![Reply::Done]);
    let shown = stage.text();
    assert!(shown.contains("Taken back") && shown.contains("smollm2"), "{shown}");
    assert!(!hidden(&stage.keys("b")), "who answers has been seen");
}

#[test]
fn a_choice_that_is_taken_back_leaves_the_one_before_it_which_can_be_taken_back_too() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = answered(&mut stage, None);
    let answers = vec![id(701), id(711)];
    let first = Ballot { answers: answers.clone(), ..ballot(comparison.id, Choice::One(0)) };
    let at = Timestamp(first.at.0 + 1);
    let second =
        Ballot { id: BallotId::from_bytes([4; 16]), at, answers, ..ballot(comparison.id, Choice::One(1)) };
    let (first_id, second_id) = (first.id, second.id);
    stage.keys("<tab>a");
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: first }]);
    stage.keys("b");
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: second }]);
    assert!(stage.text().contains("you chose B"), "{}", stage.text());
    assert_eq!(requests(&stage.keys("u")), [Comparisons::TakeBack { ballot: second_id }]);
    stage.answer("comparisons\":{\"take_back", vec![Reply::Done]);
    let shown = stage.text();
    assert!(shown.contains("Taken back: A, chosen before, counts again."), "{shown}");
    assert!(shown.contains("✓ chosen") && shown.contains("you chose A"), "{shown}");
    assert_eq!(requests(&stage.keys("u")), [Comparisons::TakeBack { ballot: first_id }]);
    stage.answer("comparisons\":{\"take_back", vec![Reply::Done]);
    let shown = stage.text();
    assert!(shown.contains("Taken back.") && !shown.contains("✓ chosen"), "{shown}");
}

#[test]
fn nobody_is_said_to_have_been_seen_where_nobody_was_hidden() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = answered(&mut stage, None);
    stage.keys("<tab>a");
    let kept = Ballot { answers: vec![id(701), id(711)], ..ballot(comparison.id, Choice::One(0)) };
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
    stage.keys("u");
    stage.answer("comparisons\":{\"take_back", vec![Reply::Done]);
    let shown = stage.text();
    assert!(shown.contains("Taken back.") && !shown.contains("has been seen"), "{shown}");
}

#[test]
fn what_was_stopped_is_read_from_its_question_as_what_has_ended_is() {
    let mut stage = Stage::settled(120, 24, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    for (task, side) in tasks.iter().zip(["left", "right"]) {
        let text = (10..70).map(|line| format!("{side} {line}")).collect::<Vec<_>>().join("\n\n");
        let event = Delta::Text { text };
        stage.event(Event::Replies { task: *task, replies: vec![Reply::Delta { event }] });
    }
    let ends = |stage: &mut Stage| {
        let text = stage.text();
        ["left", "right"].map(|side| [10, 69].map(|line| text.contains(&format!("{side} {line}"))))
    };
    assert_eq!(ends(&mut stage), [[false, true]; 2]);
    stage.keys("<esc>");
    assert_eq!(ends(&mut stage), [[true, false]; 2]);
}

#[test]
fn a_column_that_fails_on_a_later_turn_is_asked_again_though_an_earlier_turn_was_decided() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = answered(&mut stage, None);
    stage.keys("<tab>a");
    let kept = Ballot { answers: vec![id(701), id(711)], ..ballot(comparison.id, Choice::One(0)) };
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
    assert!(stage.text().contains("you chose A"), "{}", stage.text());
    let said = stage.keys("r");
    assert_eq!(Stage::requests(&said), [], "what was chosen among stays as it was");
    // The next turn: nothing was chosen among its answers.
    let from = stage.effects.len();
    stage.keys("iand then?<enter>");
    let calls = asking(&stage.effects[from..]);
    for (at, (task, conversation)) in calls.iter().enumerate() {
        let asked = Message {
            conversation: *conversation,
            ..message(800 + at as u128 * 10, Some(701 + at as u128 * 10), Role::User, "and then?")
        };
        let next = 801 + at as u128 * 10;
        let failed = Outcome::Failed { error: Error::new(ErrorKind::Network, "asking", "it broke", "") };
        let outcome = if at == 1 { failed } else { COMPLETE };
        let begun =
            Message { conversation: *conversation, ..answer(next, Some(next - 1), "", Outcome::Streaming) };
        let ended = Message { conversation: *conversation, ..answer(next, Some(next - 1), "then", outcome) };
        let head = Conversation { id: *conversation, leaf: Some(begun.id), ..head(1, "why?", 0) };
        let replies = vec![
            Reply::Started { conversation: head, asked: Some(asked), answer: begun },
            Reply::Finished { answer: ended },
        ];
        stage.event(Event::Replies { task: *task, replies });
        stage.event(Event::Ended { task: *task, error: None });
    }
    assert!(!stage.text().contains("you chose A"), "{}", stage.text());
    let again = Stage::requests(&stage.keys("<tab><right>r"));
    assert!(matches!(again[..], [Request::Chat(Chat::Retry { .. })]), "{again:?}");
}

#[test]
fn a_comparison_has_a_category_before_it_is_asked_and_after() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("<alt+c>home/qwen3-coder-30b<enter><alt+g>rivers<enter>");
    assert!(stage.text().contains("about rivers"), "{}", stage.text());
    let effects = stage.keys("why?<enter>");
    let [Comparisons::Create { plan, .. }] = &requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(plan.category.as_deref(), Some("rivers"));
    let made =
        outcrop::domain::comparison::Comparison { category: Some("rivers".into()), ..comparison(2, None) };
    let id = made.id;
    stage.answer(
        "comparisons\":{\"create",
        vec![Reply::Comparison { comparison: made.clone(), ballots: Vec::new() }],
    );
    let effects = stage.keys("<alt+g><ctrl+u>sand<enter>");
    assert_eq!(requests(&effects), [Comparisons::Categorise { id, category: Some("sand".into()) }]);
    let comparison = outcrop::domain::comparison::Comparison { category: Some("sand".into()), ..made };
    stage.answer("comparisons\":{\"categorise", vec![Reply::Comparison { comparison, ballots: Vec::new() }]);
    assert!(stage.text().contains("It is about sand."), "{}", stage.text());
}

#[test]
fn a_comparison_is_written_to_a_file_in_the_form_of_its_name() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = answered(&mut stage, None);
    stage.keys("<tab>W<ctrl+u>out.json<enter>");
    assert!(stage.text().contains("that is the form"), "{}", stage.text());
    stage.keys("<esc>");
    for (name, form) in
        [("~/out.md", Form::Markdown), ("out.jsonl", Form::Json), ("a.battles.jsonl", Form::Battles)]
    {
        let effects = stage.keys(&format!("W<ctrl+u>{name}<enter>"));
        assert_eq!(requests(&effects), [Comparisons::Export { id: Some(comparison.id), form }]);
        let parts = ["first ", "second"].map(|text| Reply::Text { text: text.into() });
        stage.answer("comparisons\":{\"export", parts.into());
        let of = Written::Comparison(comparison.id);
        let save = Effect::Save { of, path: name.into(), text: "first second".into(), replace: false };
        assert!(stage.effects.contains(&save), "{name}");
        stage.event(Event::Saved { of, path: name.into(), saved: Ok(Saved::To(name.into())) });
        assert!(stage.text().contains(&format!("Written to {name}")), "{}", stage.text());
    }
}

#[test]
fn while_who_answers_is_hidden_the_pages_are_counted_and_turned_and_what_would_tell_says_to_choose_first() {
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    let comparison = outcrop::domain::comparison::Comparison { blind: Some(7), ..repeated(2) };
    stage.keys("<alt+c>home/qwen3-coder-30b<enter>why?<enter>");
    let from = stage.effects.len();
    stage.answer("comparisons\":{\"create", vec![Reply::Comparison { comparison, ballots: Vec::new() }]);
    for call in asking(&stage.effects[from..]) {
        begins(&mut stage, call, "");
        ends(&mut stage, call, "Because.");
    }
    let shown = stage.text();
    assert!(shown.contains("page 1 of 2") && shown.contains("Tab, then [ and ] turn the pages"), "{shown}");
    stage.keys("<tab>");
    let shown = stage.text();
    assert!(shown.contains("2 columns · [ and ] turn the pages"), "{shown}");
    assert!(!shown.contains("w chat"), "what cannot be done is not offered: {shown}");
    stage.keys("]");
    assert!(stage.text().contains("page 2 of 2"), "{}", stage.text());
    let effects = stage.keys("t");
    assert_eq!(requests(&effects), []);
    assert!(stage.text().contains("Choose on every page first"), "{}", stage.text());
    stage.keys("w");
    assert!(stage.text().contains("Choose first"), "{}", stage.text());
}

#[test]
fn a_variable_without_a_value_is_named_before_anything_is_sent() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let effects = stage.keys("<alt+c>home/gemma3<enter>Where is {{river}}?<enter>");
    assert_eq!(requests(&effects), []);
    let shown = stage.text();
    assert!(shown.contains("{{river}} has no value") && shown.contains("Alt+V takes a file"), "{shown}");
    assert!(shown.contains("write {{{{") && shown.contains("Where is {{river}}?"), "{shown}");
    // Four braces are two, as in a prompt of its own.
    stage.keys(&"<backspace>".repeat("Where is {{river}}?".len()));
    let effects = stage.keys("What is {{{{river}} in a template?<enter>");
    assert!(matches!(&requests(&effects)[..], [Comparisons::Create { .. }]), "{effects:?}");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison(2, None), ballots: Vec::new() };
    stage.answer("comparisons\":{\"create", vec![made]);
    let sent = serde_json::to_string(&Stage::requests(&stage.effects[from..])).unwrap();
    assert!(sent.contains("What is {{river}} in a template?"), "{sent}");
    // Nor has a later message values that were not given.
    for call in asking(&stage.effects[from..]) {
        begins(&mut stage, call, "");
        ends(&mut stage, call, "A name.");
    }
    let effects = stage.keys("and {{lake}}?<enter>");
    assert_eq!(sends(&effects), []);
    assert!(stage.text().contains("{{lake}} has no value"), "{}", stage.text());
}

#[test]
fn columns_of_one_model_are_told_apart_by_what_each_is_asked_with() {
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    let mut alike = comparison(2, None);
    alike.columns[1].model = alike.columns[0].model.clone();
    for (column, value) in alike.columns.iter_mut().zip(["0.2", "0.9"]) {
        column.settings.set("temperature", value).unwrap();
    }
    let tasks = asked(&mut stage, &alike);
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    let shown = stage.text();
    assert!(shown.contains("A  smollm2-135m · temperature 0.2"), "{shown}");
    assert!(shown.contains("B  smollm2-135m · temperature 0.9"), "{shown}");
    stage.keys("<tab><right><ctrl+o>");
    assert!(stage.text().contains("of column B"), "{}", stage.text());
    stage.keys("<esc><tab>v");
    let shown = stage.text();
    assert!(shown.contains("− B local/smollm2-135m · temperature 0.9"), "{shown}");
    assert!(shown.contains("+ A local/smollm2-135m · temperature 0.2"), "{shown}");
}

#[test]
fn what_all_columns_are_asked_with_is_said_above_them() {
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    let mut alike = comparison(2, None);
    for column in &mut alike.columns {
        column.settings.set("temperature", "1.5").unwrap();
    }
    alike.columns[1].settings.set("seed", "7").unwrap();
    let tasks = asked(&mut stage, &alike);
    assert!(stage.text().contains("all with temperature 1.5"), "{}", stage.text());
    finish(&mut stage, &tasks, 0, "one");
    finish(&mut stage, &tasks, 1, "two");
    let shown = stage.text();
    assert!(shown.contains("all with temperature 1.5") && shown.contains("· seed 7"), "{shown}");
    // So is what a column is asked with before there is a comparison, and what the next one takes over from it.
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    stage.keys("<alt+p>precise<enter>");
    let shown = stage.text();
    assert!(!shown.contains("all with") && shown.contains("  with temperature"), "{shown}");
    stage.keys("<alt+c>home/gemma3<enter>");
    let shown = stage.text();
    assert!(shown.contains("all with temperature") && shown.contains("system “Be exact.”"), "{shown}");
}

#[test]
fn values_repeats_and_the_category_are_there_again_after_a_restart() {
    use outcrop::workbench::request::workspace::Workspace;
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys(
        "<alt+c>home/gemma3<enter><alt+r><backspace>3<enter><alt+g>rivers<enter><alt+v>~/rivers.csv<enter>",
    );
    let bytes = Contents(b"river\nLoire\nNile\n".to_vec());
    stage.event(Event::FileRead { path: "~/rivers.csv".into(), read: Ok(bytes) });
    let effects = stage.event(Event::Timer(TimerId("compare")));
    let kept = |wanted: &str| {
        Stage::requests(&effects).into_iter().find_map(|request| match request {
            Request::Workspace(Workspace::Remember { name, value }) if name == wanted => Some(value),
            _ => None,
        })
    };
    let (memory, values) = (kept("tui.compare"), kept("tui.compare.values"));
    assert!(values.as_ref().is_some_and(|values| values["name"] == "rivers.csv"), "{values:?}");
    let mut again = Stage::settled(120, 40, "dark");
    again.keys("<alt+2>");
    again.answer("tui.compare", vec![Reply::Remembered { value: memory }]);
    // Until the values are back nothing is kept that would lose them.
    assert_eq!(Stage::requests(&again.event(Event::Timer(TimerId("compare")))), []);
    again.answer("tui.compare.values", vec![Reply::Remembered { value: values }]);
    let shown = again.text();
    assert!(shown.contains("3 times each · values of rivers.csv · about rivers"), "{shown}");
    assert_eq!(Stage::requests(&again.event(Event::Timer(TimerId("compare")))), [], "nothing has changed");
    // Values that are taken away are not there the next time.
    let rubbed = "<backspace>".repeat("rivers.csv".len());
    again.keys(&format!("<alt+v>{rubbed}<enter>"));
    let kept =
        serde_json::to_string(&Stage::requests(&again.event(Event::Timer(TimerId("compare"))))).unwrap();
    assert!(kept.contains("\"values\":false") && kept.contains("\"value\":null"), "{kept}");
}

#[test]
fn choices_are_counted_over_the_pages_and_a_key_goes_to_the_next_open_one() {
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    let comparison = outcrop::domain::comparison::Comparison { blind: Some(7), ..repeated(3) };
    stage.keys("<alt+c>home/qwen3-coder-30b<enter>why?<enter>");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() };
    stage.answer("comparisons\":{\"create", vec![made]);
    for call in asking(&stage.effects[from..]) {
        begins(&mut stage, call, "");
        ends(&mut stage, call, "Because.");
    }
    stage.keys("<tab>");
    let shown = stage.text();
    assert!(shown.contains("page 1 of 3, 0 chosen") && shown.contains("o next ·"), "{shown}");
    let mut chosen = ballot(comparison.id, Choice::One(0));
    stage.keys("a");
    let said = requests(&stage.effects).into_iter().find_map(|request| match request {
        Comparisons::Choose { answers, .. } => Some(answers),
        _ => None,
    });
    chosen.answers = said.unwrap();
    stage.answer("comparisons\":{\"choose\"", vec![Reply::Ballot { ballot: chosen }]);
    assert!(stage.text().contains("o goes to the next open page"), "{}", stage.text());
    stage.pass(10_000);
    assert!(stage.text().contains("page 1 of 3, 1 chosen"), "{}", stage.text());
    stage.keys("]o");
    assert!(stage.text().contains("page 3 of 3"), "{}", stage.text());
    stage.keys("o");
    assert!(stage.text().contains("page 2 of 3"), "the first one is not open: {}", stage.text());
}

#[test]
fn a_comparison_of_which_a_page_is_hidden_yet_is_written_as_battles_only() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = Comparison { blind: Some(7), ..repeated(2) };
    stage.keys("<alt+c>home/qwen3-coder-30b<enter>why?<enter>");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() };
    stage.answer("comparisons\":{\"create", vec![made]);
    for call in asking(&stage.effects[from..]) {
        begins(&mut stage, call, "");
        ends(&mut stage, call, "Because.");
    }
    stage.keys("<tab>a");
    let said = requests(&stage.effects).into_iter().find_map(|request| match request {
        Comparisons::Choose { answers, .. } => Some(answers),
        _ => None,
    });
    let chosen = Ballot { answers: said.unwrap(), ..ballot(comparison.id, Choice::One(0)) };
    stage.answer("comparisons\":{\"choose\"", vec![Reply::Ballot { ballot: chosen }]);
    // The second page is hidden yet: a file with its names and figures would tell who answers there.
    for name in ["out.md", "out.jsonl"] {
        let effects = stage.keys(&format!("W<ctrl+u>{name}<enter>"));
        assert_eq!(requests(&effects), [], "{name}");
        assert!(stage.text().contains("Choose on every page first"), "{}", stage.text());
    }
    let effects = stage.keys("W<ctrl+u>a.battles.jsonl<enter>");
    let form = Form::Battles;
    assert_eq!(requests(&effects), [Comparisons::Export { id: Some(comparison.id), form }]);
}

/// A comparison of two answers is shown again after a restart, with these choices.
fn reopened(stage: &mut Stage, comparison: Comparison, ballots: Vec<Ballot>) {
    stage.keys("<alt+2>");
    let value = Some(serde_json::json!({ "comparison": comparison.id }));
    stage.answer("tui.compare", vec![Reply::Remembered { value }]);
    let from = stage.effects.len();
    let opened = Reply::Comparison { comparison, ballots };
    stage.answer("comparisons\":{\"open", vec![opened]);
    let opens = |effect: &Effect| match effect {
        Effect::Call { task, request: Request::Conversations(Conversations::Open { id }), .. } => {
            Some((*task, *id))
        }
        _ => None,
    };
    let lanes: Vec<_> = stage.effects[from..].iter().filter_map(opens).collect();
    assert_eq!(lanes.len(), 2);
    for (at, (task, lane)) in lanes.into_iter().enumerate() {
        let base = 700 + at as u128 * 10;
        let asked = Message { conversation: lane, ..message(base, None, Role::User, "why?") };
        let said = Message { conversation: lane, ..answer(base + 1, Some(base), "so", COMPLETE) };
        let conversation = Conversation { id: lane, leaf: Some(said.id), ..head(1, "why?", 0) };
        let thread = outcrop::domain::conversation::Thread { conversation, messages: vec![asked, said] };
        stage.event(Event::Replies { task, replies: vec![Reply::Thread { thread }] });
    }
}

#[test]
fn a_choice_that_was_taken_back_has_shown_who_answers_also_after_a_restart() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = comparison(2, Some(7));
    let taken_back = Some(outcrop::domain::time::Timestamp(1));
    let back = Ballot { taken_back, answers: vec![id(701), id(711)], ..ballot(comparison.id, Choice::Tie) };
    reopened(&mut stage, comparison, vec![back]);
    let shown = stage.text();
    assert!(shown.contains("smollm2") && !shown.contains("you chose"), "{shown}");
    assert!(shown.contains("seen: choices here are not blind"), "{shown}");
}

#[test]
fn what_somebody_else_chose_is_not_shown_as_ones_own_and_not_taken_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    let comparison = comparison(2, Some(7));
    let answers = vec![id(701), id(711)];
    let theirs = Ballot {
        who: "somebody else".into(),
        answers,
        blind: Some(7),
        ..ballot(comparison.id, Choice::One(0))
    };
    reopened(&mut stage, comparison, vec![theirs]);
    let shown = stage.text();
    assert!(shown.contains("smollm2"), "somebody has chosen, so it hides nobody: {shown}");
    assert!(!shown.contains("you chose") && !shown.contains("✓ chosen"), "{shown}");
    assert!(shown.contains("seen: choices here are not blind"), "{shown}");
    assert_eq!(requests(&stage.keys("<tab>u")), []);
    assert!(stage.text().contains("Nothing was chosen here."), "{}", stage.text());
    let chosen = requests(&stage.keys("a"));
    assert!(matches!(chosen[..], [Comparisons::Choose { hidden: false, .. }]), "{chosen:?}");
}

#[test]
fn what_is_set_before_the_place_knows_where_it_was_left_stays_set() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+2><alt+h>");
    columns(&mut stage, 2);
    stage.answer("tui.compare", vec![Reply::Remembered { value: None }]);
    let effects = stage.keys("why do rivers meander?<enter>");
    let [Comparisons::Create { plan, .. }] = &requests(&effects)[..] else { panic!("{}", stage.text()) };
    assert_eq!((plan.columns.len(), plan.blind), (2, true));
}

#[test]
fn columns_scroll_together_until_each_scrolls_for_itself() {
    let mut stage = Stage::settled(120, 24, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, None));
    for (at, side) in ["left", "right"].iter().enumerate() {
        let lines: Vec<String> = (10..70).map(|line| format!("{side} {line}")).collect();
        finish(&mut stage, &tasks, at, &lines.join("\n\n"));
    }
    // Whether each of them shows its beginning, and its end.
    let mut shown = |keys: &str| {
        stage.keys(keys);
        // What that had to say is gone.
        stage.pass(9000);
        let text = stage.text();
        ["left", "right"].map(|side| [10, 69].map(|line| text.contains(&format!("{side} {line}"))))
    };
    let (first, last) = ([true, false], [false, true]);
    assert_eq!(shown("<tab><home>"), [first, first]);
    assert_eq!(shown("G"), [last, last]);
    assert_eq!(shown("s<home>"), [first, last], "the one with the focus alone");
    assert_eq!(shown("G<right><home>"), [last, first]);
    assert_eq!(shown("sG"), [last, last], "together again");
}

#[test]
fn each_row_up_from_the_end_of_the_answers_is_seen() {
    for blind in [None, Some(7)] {
        let mut stage = Stage::settled(120, 24, "dark");
        arrive(&mut stage);
        let tasks = asked(&mut stage, &comparison(2, blind));
        for at in 0..2 {
            let lines: Vec<String> = (10..70).map(|line| format!("line {line}")).collect();
            finish(&mut stage, &tasks, at, &lines.join("\n\n"));
        }
        stage.keys("<tab>G");
        let mut before = stage.text();
        for row in 1..4 {
            stage.keys("k");
            let now = stage.text();
            assert_ne!(now, before, "{blind:?}: {row}");
            before = now;
        }
    }
}

#[test]
fn who_has_been_where_calls_stand_by_their_models_chooses_blindly_no_more() {
    let chosen = |way: &str| {
        let mut stage = Stage::settled(120, 40, "dark");
        let comparison = answered(&mut stage, Some(7));
        let look = Comparisons::Look { id: comparison.id, page: None };
        let kept = requests(&stage.keys(way)).contains(&look);
        let told = stage.text().contains("not kept as blind");
        assert_eq!(kept, told, "{way}: it holds after a restart, too");
        let effects = stage.keys("<alt+2><tab>a");
        assert!(!stage.text().contains("smollm2"), "{}", stage.text());
        let hidden = requests(&effects).into_iter().find_map(|request| match request {
            Comparisons::Choose { hidden, .. } => Some(hidden),
            _ => None,
        });
        (told, hidden)
    };
    assert_eq!(chosen("<alt+5>"), (false, Some(true)));
    for way in ["<alt+8>l", "<alt+9>l"] {
        assert_eq!(chosen(way), (true, Some(false)), "{way}");
    }
    // It is asked before, and whoever stays has seen nothing.
    for way in ["<alt+8><esc>", "<alt+9><esc>", "<alt+9><enter><esc>"] {
        assert_eq!(chosen(way), (false, Some(true)), "{way}");
    }
}

#[test]
fn before_one_goes_where_calls_have_names_it_is_asked_while_a_blind_choice_is_open() {
    for (way, place) in [("<alt+8>", "what was used?"), ("<alt+9>", "the traces?")] {
        let mut stage = Stage::settled(120, 40, "dark");
        let comparison = answered(&mut stage, Some(7));
        stage.keys(way);
        let shown = stage.text();
        assert!(shown.contains(&format!("Look at {place}")) && shown.contains("and a blind"), "{shown}");
        stage.keys("<esc><tab>a");
        let made = ballot(comparison.id, Choice::One(0));
        stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: made }]);
        stage.keys(way);
        assert!(!stage.text().contains("Look at"), "nothing is open any more: {}", stage.text());
    }
}

#[test]
fn a_key_that_has_to_wait_for_an_answer_says_whose() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(3, None));
    let said = |stage: &mut Stage, key: &str, words: &str| {
        stage.pass(9000);
        assert!(!stage.text().contains(words), "{}", stage.text());
        assert_eq!(requests(&stage.keys(key)), []);
        assert!(stage.text().contains(words), "{key}: {}", stage.text());
    };
    stage.keys("<tab>");
    finish(&mut stage, &tasks, 0, "one");
    said(&mut stage, "a", "B, C are still answering.");
    finish(&mut stage, &tasks, 2, "three");
    for key in ["a", "=", "n"] {
        said(&mut stage, key, "B is still answering.");
    }
    // Which of them that is, is not told while who answers is hidden.
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, Some(7)));
    finish(&mut stage, &tasks, 0, "one");
    stage.keys("<tab>");
    stage.pass(9_000);
    // The whole is told to go on, and no column.
    assert_eq!(stage.state.pulse(), Some(Duration::from_millis(100)));
    assert_eq!(stage.text().matches("answering · 9.0 s").count(), 1, "{}", stage.text());
    for key in ["a", "v"] {
        said(&mut stage, key, "Not all have answered yet.");
    }
}

#[test]
fn who_was_shown_calls_of_it_elsewhere_is_told_and_chooses_blindly_no_more() {
    let chosen = |by: &str| {
        let mut stage = Stage::settled(120, 40, "dark");
        let mut comparison = answered(&mut stage, Some(7));
        comparison.unblinded.push(Seen { by: by.to_owned(), at: Timestamp(0), page: None });
        let change = Changed::Comparison { comparison };
        stage.reply("\"topic\":\"comparisons\"", vec![Reply::Changed { number: 1, change }]);
        assert!(!stage.text().contains("smollm2"), "{}", stage.text());
        let told = stage.text().contains("not kept as blind");
        let effects = stage.keys("<tab>a");
        let hidden = requests(&effects).into_iter().find_map(|request| match request {
            Comparisons::Choose { hidden, .. } => Some(hidden),
            _ => None,
        });
        (told, hidden)
    };
    assert_eq!(chosen("somebody else"), (false, Some(true)));
    assert_eq!(chosen("tester"), (true, Some(false)));
}

#[test]
fn who_answers_stays_seen_where_an_answer_that_was_broken_off_is_asked_for_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = comparison(2, Some(7));
    let tasks = asked(&mut stage, &comparison);
    finish(&mut stage, &tasks, 0, "one");
    assert!(!stage.text().contains("qwen3"), "{}", stage.text());
    // The program ended while it was being written, say.
    let part = begun(1, "tw", Outcome::Interrupted);
    stage.event(Event::Replies { task: tasks[1], replies: vec![Reply::Finished { answer: part }] });
    stage.event(Event::Ended { task: tasks[1], error: None });
    assert!(stage.text().contains("qwen3"), "{}", stage.text());
    let place = comparison.order(0).into_iter().position(|lane| lane == 1).unwrap();
    let effects = stage.keys(&format!("<tab>{}r", "<right>".repeat(place)));
    answered_again(&mut stage, &comparison, &effects);
    let shown = stage.text();
    assert!(shown.contains("qwen3") && shown.contains("seen: choices here are not blind"), "{shown}");
    let effects = stage.keys("a");
    let [Comparisons::Choose { answers, hidden: false, .. }] = &requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(answers[..], [id(701), id(712)]);
    let kept = Ballot { answers: answers.clone(), ..ballot(comparison.id, Choice::One(0)) };
    stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot: kept }]);
    let shown = stage.text();
    assert!(shown.contains("you chose") && shown.contains("choices here are not blind"), "{shown}");
}

/// One column of a blind comparison has failed: it is asked again alone, which is asked before. What was asked of the world.
fn asked_again_alone(stage: &mut Stage, comparison: &Comparison) -> Vec<Effect> {
    let place = comparison.order(0).into_iter().position(|lane| lane == 1).unwrap();
    let effects = stage.keys(&format!("<tab>{}r", "<right>".repeat(place)));
    assert_eq!(Stage::requests(&effects), [], "it is asked before");
    let shown = stage.text();
    assert!(shown.contains("Ask for this answer again alone? Who answers is shown then"), "{shown}");
    assert!(!shown.contains("qwen3"), "{shown}");
    // Who leaves it so has seen nothing.
    assert_eq!(Stage::requests(&stage.keys("<esc>")), []);
    assert!(!stage.text().contains("qwen3") && stage.text().contains("r again"), "{}", stage.text());
    let effects = stage.keys("ra");
    let look = Comparisons::Look { id: comparison.id, page: Some(0) };
    assert_eq!(requests(&effects), [look], "kept of this page alone");
    let shown = stage.text();
    assert!(shown.contains("qwen3") && shown.contains("choices on this page are not blind"), "{shown}");
    effects
}

/// The second column was asked again, and answers now.
fn answered_again(stage: &mut Stage, comparison: &Comparison, effects: &[Effect]) {
    let again = |effect: &Effect| match effect {
        Effect::Call { task, request: Request::Chat(Chat::Retry { message, .. }), .. } => {
            Some((*task, *message))
        }
        _ => None,
    };
    let (task, message) = effects.iter().find_map(again).unwrap();
    assert_eq!(message, id(711));
    let model = Some(comparison.columns[1].model.clone());
    let conversation = Conversation { leaf: Some(id(712)), model, ..head(71, "why do rivers meander?", 0) };
    let answer = Message { id: id(712), ..begun(1, "", Outcome::Streaming) };
    let started = Reply::Started { conversation, asked: None, answer };
    let whole = Message { id: id(712), ..begun(1, "two", COMPLETE) };
    stage.event(Event::Replies { task, replies: vec![started, Reply::Finished { answer: whole }] });
    stage.event(Event::Ended { task, error: None });
}

#[test]
fn an_answer_that_failed_blindly_is_asked_for_again_alone_and_what_is_chosen_then_is_not_blind() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let comparison = comparison(2, Some(7));
    let tasks = asked(&mut stage, &comparison);
    finish(&mut stage, &tasks, 0, "one");
    fail(&mut stage, &tasks, 1);
    let effects = asked_again_alone(&mut stage, &comparison);
    answered_again(&mut stage, &comparison, &effects);
    assert!(stage.text().contains("seen: choices here are not blind"), "{}", stage.text());
    let effects = stage.keys("a");
    let [Comparisons::Choose { hidden: false, .. }] = &requests(&effects)[..] else { panic!("{effects:?}") };
}

#[test]
fn what_never_reached_the_store_is_asked_again_alone_and_not_blind_either() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    columns(&mut stage, 2);
    let comparison = comparison(2, Some(7));
    stage.keys("why?<enter>");
    let from = stage.effects.len();
    let made = Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() };
    stage.answer("comparisons\":{\"create", vec![made]);
    let [first, second] = asking(&stage.effects[from..]).try_into().unwrap();
    begins(&mut stage, first, "");
    ends(&mut stage, first, "one");
    let error = Error::new(ErrorKind::Internal, "asking", "the owner is gone", "Ask again.");
    stage.event(Event::Ended { task: second.0, error: Some(error) });
    let place = comparison.order(0).into_iter().position(|lane| lane == 1).unwrap();
    stage.keys(&format!("<tab>{}r", "<right>".repeat(place)));
    assert!(stage.text().contains("Ask for this answer again alone?"), "{}", stage.text());
    let effects = stage.keys("a");
    assert_eq!(requests(&effects), [Comparisons::Look { id: comparison.id, page: Some(0) }]);
    assert_eq!(asking(&effects).len(), 1, "{effects:?}");
}

#[test]
fn a_page_on_which_one_answer_was_waited_for_alone_stays_seen_after_a_restart() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut comparison = comparison(2, Some(7));
    comparison.unblinded.push(Seen { by: "tester".to_owned(), at: Timestamp(0), page: Some(0) });
    reopened(&mut stage, comparison, Vec::new());
    let shown = stage.text();
    assert!(shown.contains("smollm2") && shown.contains("seen: choices here are not blind"), "{shown}");
}

#[test]
fn who_quits_while_answers_come_blind_is_not_told_how_many_are_left() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let tasks = asked(&mut stage, &comparison(2, Some(7)));
    finish(&mut stage, &tasks, 0, "quick");
    let shown = stage.text();
    assert_eq!(shown.matches("answering").count(), 1, "once over all columns: {shown}");
    assert!(!shown.contains("Ctrl+L"), "a model cannot be chosen meanwhile: {shown}");
    stage.keys("<ctrl+l>");
    let shown = stage.text();
    assert!(shown.contains("They appear together") && !shown.contains("stops them"), "{shown}");
    stage.keys("<ctrl+q>");
    let shown = stage.text();
    assert!(shown.contains("Quit and stop the blind comparison?") && !shown.contains("1 answer"), "{shown}");
    stage.keys("<esc><alt+7>");
    let shown = stage.text();
    assert!(shown.lines().next().is_some_and(|line| line.contains("comparing")), "{shown}");
}
