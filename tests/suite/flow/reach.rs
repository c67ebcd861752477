//! Every part can be reached, has the keys only while it is drawn, and opens what was meant.

use outcrop::domain::message::{Message, Role};
use outcrop::domain::settings::Settings;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Button, Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;
use outcrop::workbench::request::chat::{Chat, Target};
use outcrop::workbench::request::conversations::{Change, Conversations};
use outcrop::workbench::{Reply, Request};

use crate::stage::shelf::Shelf;
use crate::stage::{COMPLETE, Stage, answer, conversation, id, message};

fn open(shelf: &mut Shelf, stage: &mut Stage, n: usize) {
    stage.keys(&format!("<ctrl+s>{}{}<enter>", "<up>".repeat(9), "<down>".repeat(n - 1)));
    shelf.serve(stage);
}

fn click(stage: &mut Stage, column: u16, row: u16) {
    let event = |kind| Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE });
    stage.event(event(MouseKind::Down(Button::Left)));
    stage.event(event(MouseKind::Up(Button::Left)));
}

/// Column and row where a text begins in the picture.
fn place(stage: &mut Stage, text: &str) -> (u16, u16) {
    let shown = stage.text();
    let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
    (line[..line.find(text).unwrap()].chars().count() as u16, row as u16)
}

#[test]
fn the_list_is_walked_to_its_very_end_however_many_pages_it_has() {
    let mut shelf = Shelf::of(250);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<tab><tab>");
    for _ in 0..260 {
        stage.keys("j");
        shelf.serve(&mut stage);
    }
    assert!(stage.text().contains("title 0250"), "{}", stage.text());
    stage.keys("g");
    assert!(stage.text().contains("title 0001"));
}

#[test]
fn the_last_of_the_list_is_the_last_of_all() {
    let mut shelf = Shelf::of(250);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<tab><tab>G");
    shelf.serve(&mut stage);
    assert!(stage.text().contains("title 0250"), "{}", stage.text());
}

#[test]
fn an_old_conversation_that_is_open_leaves_no_gap_in_the_list() {
    let mut shelf = Shelf::of(250);
    shelf.memory = Some(serde_json::json!({ "conversation": conversation(240) }));
    let mut stage = shelf.opened(120, 40);
    assert!(stage.text().contains("answer 240"));
    stage.keys("<ctrl+b><ctrl+b><tab><tab>g");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..260 {
        stage.keys("j");
        shelf.serve(&mut stage);
        let shown = stage.text();
        seen.extend(shown.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
    }
    let missing: Vec<u32> = (1..=250).filter(|n| !seen.contains(n)).collect();
    assert!(missing.is_empty(), "never listed: {missing:?}");
}

#[test]
fn next_opens_the_newest_where_none_is_open_and_goes_on_past_the_first_page() {
    let mut shelf = Shelf::of(130);
    let mut stage = shelf.opened(120, 40);
    for n in 1..=130 {
        stage.keys("<alt+j>");
        shelf.serve(&mut stage);
        let text = format!("answer {n}");
        assert!(stage.text().lines().any(|line| line.trim_end().ends_with(&text)), "{n}");
    }
}

#[test]
fn keys_never_go_to_a_part_that_is_not_drawn() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(140, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<ctrl+t>");
    assert!(!stage.text().contains("title 0002"));
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("of this conversation"), "what has the keys is drawn");
    stage.keys("<ctrl+o>");
    assert!(!stage.text().contains("of this conversation"));
    stage.keys("<ctrl+b>");
    assert!(stage.text().contains("title 0002"));
    stage.keys("<esc>hello");
    assert!(!stage.text().contains("title 0002"), "the reading view is back");
    assert_eq!(stage.state.chat.composer.text(), "hello");
    stage.keys("<ctrl+s>");
    assert!(stage.text().contains("title 0002"));
    stage.keys("<esc><ctrl+t>");
    stage.keys("more");
    assert_eq!(stage.state.chat.composer.text(), "hellomore");
}

#[test]
fn on_a_narrow_screen_the_list_is_gone_to_and_left_with_every_press() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(80, 24);
    for press in 0..6 {
        stage.keys("<ctrl+b>");
        assert_eq!(stage.text().contains("title 0002"), press % 2 == 0, "press {press}");
    }
    stage.keys("typed");
    assert_eq!(stage.state.chat.composer.text(), "typed");
}

#[test]
fn the_search_line_has_the_keys_and_the_caret_only_while_it_has_the_focus() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<tab>/answ");
    assert!(stage.caret().is_some(), "what is typed into has a caret");
    let (column, row) = place(&mut stage, "ask a follow-up");
    click(&mut stage, column, row);
    stage.keys("er");
    assert_eq!(stage.state.chat.composer.text(), "er");
    assert!(stage.text().contains("/ answ "), "{}", stage.text());
    let (column, row) = place(&mut stage, "/ answ");
    click(&mut stage, column, row);
    stage.keys("er 1");
    assert!(stage.text().contains("/ answer 1"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(!stage.text().contains("/ answer 1"));
}

#[test]
fn a_match_in_folded_reasoning_opens_it() {
    let mut shelf = Shelf::of(1);
    for said in &mut shelf.messages {
        if said.role == Role::Assistant {
            let text = "the hidden thought".to_owned();
            said.blocks.insert(0, outcrop::domain::message::Block::Reasoning { text, signature: None });
        }
    }
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 1);
    assert!(!stage.text().contains("the hidden thought"));
    stage.keys("<tab>/hidden");
    assert!(stage.text().contains("the hidden thought"), "{}", stage.text());
}

#[test]
fn a_typed_value_is_for_the_row_that_it_was_typed_for() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(140, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<ctrl+o>jjj<enter>1");
    let (column, row) = place(&mut stage, "top_k");
    click(&mut stage, column, row);
    let effects = stage.keys("<enter>");
    assert!(Stage::requests(&effects).is_empty());
    assert_eq!(shelf.head(1).settings, Settings::default());
}

#[test]
fn the_branch_mark_of_the_person_s_own_message_is_a_button_and_always_there() {
    let mut stage = Stage::settled(120, 40, "dark");
    let long = "many words that fill the whole of the first line ".repeat(5);
    let messages = vec![
        message(1, None, Role::User, "first"),
        answer(2, Some(1), "one", COMPLETE),
        message(3, Some(2), Role::User, "another wording"),
        message(4, Some(2), Role::User, &long),
    ];
    stage.open(messages);
    let (column, row) = place(&mut stage, "⑂ 2/2");
    let (time, _) = place(&mut stage, "14:02");
    click(&mut stage, time + 60, row);
    click(&mut stage, column, row);
    assert!(stage.text().contains("another wording"), "{}", stage.text());
}

#[test]
fn a_hit_on_a_branch_that_is_not_shown_shows_it() {
    let mut shelf = Shelf::of(2);
    let other = Message {
        conversation: conversation(2),
        ..message(20_005, Some(20_000), Role::Assistant, "the other end")
    };
    let other = Message { answer: answer(1, None, "", COMPLETE).answer, ..other };
    shelf.messages.push(other);
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s>end");
    shelf.skip(&stage);
    let hit = outcrop::workbench::reply::Hit {
        conversation: shelf.head(2).clone(),
        message: Some(id(20_005)),
        snippet: "the other end".into(),
        matched: (10, 13),
    };
    stage.answer("\"search\"", vec![Reply::Hits { hits: vec![hit] }]);
    stage.keys("<enter>");
    shelf.serve(&mut stage);
    assert!(
        stage.text().lines().any(|line| line.trim_end().ends_with("  the other end")),
        "{}",
        stage.text()
    );
    let change = Change { leaf: Some(id(20_005)), ..Change::default() };
    let wanted = Request::Conversations(Conversations::Change { id: conversation(2), change });
    assert!(Stage::requests(&stage.effects).contains(&wanted));
}

#[test]
fn overlays_and_lines_leave_quit_help_and_the_background_in_reach() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(120, 40);
    assert!(stage.keys("<ctrl+p><ctrl+z>").contains(&Effect::Suspend));
    stage.keys("<f1>");
    assert!(stage.text().contains("find a key or an action"));
    stage.keys("<f1><esc>");
    stage.keys("<alt+s>one two<ctrl+w><alt+z>");
    assert!(stage.text().contains("one two"), "the pad undoes by the composer's key");
    assert!(stage.keys("<ctrl+z>").contains(&Effect::Suspend));
    stage.keys("<ctrl+q>");
    shelf.serve(&mut stage);
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn ctrl_c_twice_asks_while_an_answer_is_written_elsewhere() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    stage.keys("go<enter>");
    shelf.serve(&mut stage);
    stage.keys("<ctrl+n><ctrl+c><ctrl+c>");
    shelf.serve(&mut stage);
    assert!(!stage.effects.contains(&Effect::Quit));
    assert!(stage.text().contains("Quit and stop"), "{}", stage.text());
}

#[test]
fn what_is_sent_while_the_last_conversation_opens_goes_into_it() {
    let mut shelf = Shelf::of(3);
    shelf.memory = Some(serde_json::json!({ "conversation": conversation(2) }));
    for early in [true, false] {
        let mut stage = Stage::new(120, 40);
        if !early {
            let task = stage.task("recall");
            let value = shelf.memory.clone();
            stage.event(Event::Replies { task, replies: vec![Reply::Remembered { value }] });
        }
        stage.keys("hasty<enter>");
        assert!(!Stage::requests(&stage.effects).iter().any(|r| matches!(r, Request::Chat(_))));
        let memory = shelf.memory.clone();
        let mut shelf = Shelf::of(3);
        shelf.memory = memory;
        shelf.serve(&mut stage);
        let sent: Vec<Request> =
            Stage::requests(&stage.effects).into_iter().filter(|r| matches!(r, Request::Chat(_))).collect();
        let to = Target::After { conversation: conversation(2), parent: Some(id(20_001)) };
        assert!(matches!(&sent[..], [Request::Chat(Chat::Send { to: sent, .. })] if *sent == to), "{sent:?}");
    }
}

#[test]
fn a_conversation_that_was_left_while_it_opened_opens_again() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s><down><enter>queued<enter>");
    stage.keys("<ctrl+s><down><enter>");
    shelf.serve(&mut stage);
    stage.keys("<ctrl+s><up><enter>");
    shelf.serve(&mut stage);
    assert!(stage.text().contains("answer 2"), "{}", stage.text());
}
