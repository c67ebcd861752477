//! What the person did is neither lost nor falsified, whatever order the store's words come in.

use outcrop::domain::change::Changed;
use outcrop::domain::conversation::Draft;
use outcrop::tui::effect::Effect;
use outcrop::workbench::Request;
use outcrop::workbench::request::conversations::{Change, Conversations};

use crate::stage::shelf::Shelf;
use crate::stage::{Stage, conversation};

fn changes(effects: &[Effect]) -> Vec<Change> {
    let change = |request| match request {
        Request::Conversations(Conversations::Change { change, .. }) => Some(change),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(change).collect()
}

/// Conversation `n` is open, its messages are there.
fn open(shelf: &mut Shelf, stage: &mut Stage, n: usize) {
    stage.keys(&format!("<ctrl+s>{}{}<enter>", "<up>".repeat(9), "<down>".repeat(n - 1)));
    shelf.serve(stage);
    assert!(stage.text().contains(&format!("answer {n}")), "{}", stage.text());
}

#[test]
fn a_stopped_answer_shows_its_end_also_where_an_older_reading_of_the_store_comes_last() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(80, 24);
    stage.keys("go<enter>");
    shelf.serve(&mut stage);
    let lines = (0..60).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n\n") + "\n\n";
    shelf.write(&mut stage, &lines);
    shelf.keep_so_far();
    shelf.write(&mut stage, "the last words");
    stage.keys("<esc>");
    // A reload that was asked for reads the store before the stopped answer is written, and comes after its end.
    let stale = shelf.messages.clone();
    shelf.serve(&mut stage);
    let thread = outcrop::domain::conversation::Thread {
        conversation: shelf.heads.iter().find(|head| head.title == "new").unwrap().clone(),
        messages: stale.into_iter().filter(|m| m.conversation != conversation(1)).collect(),
    };
    for effect in stage.effects.clone() {
        if let Effect::Call { task, request: Request::Conversations(Conversations::Open { .. }), .. } = effect
        {
            let replies = vec![outcrop::workbench::Reply::Thread { thread: thread.clone() }];
            stage.event(outcrop::tui::event::Event::Replies { task, replies });
        }
    }
    let shown = stage.text();
    assert!(
        shown.contains("the last words") && shown.contains("■ stopped") && shown.contains("182"),
        "{shown}"
    );
}

#[test]
fn a_reading_of_the_store_does_not_cut_the_answer_that_is_being_received() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(80, 24);
    stage.keys("go<enter>");
    shelf.serve(&mut stage);
    shelf.write(&mut stage, "stored, ");
    shelf.keep_so_far();
    shelf.write(&mut stage, "only on the screen, ");
    shelf.tell(Changed::Missed);
    shelf.serve(&mut stage);
    shelf.write(&mut stage, "and on");
    assert!(stage.text().contains("stored, only on the screen, and on"), "{}", stage.text());
    shelf.finish(&mut stage);
    assert!(stage.text().contains("182→64 tok"), "{}", stage.text());
}

#[test]
fn what_is_being_written_outlives_its_conversation() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 2);
    stage.keys("precious");
    shelf.tell(Changed::ConversationRemoved { id: conversation(2) });
    shelf.serve(&mut stage);
    assert_eq!(stage.state.chat.composer.text(), "precious");
    assert!(!stage.text().contains("answer 2"));
}

#[test]
fn a_removed_conversation_is_neither_asked_nor_watched_any_more() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 2);
    stage.keys("go<enter>");
    shelf.serve(&mut stage);
    stage.keys("and this waits<enter>");
    let task = stage.task("\"send\"");
    let watch = stage.task("\"topic\":\"conversation\"");
    shelf.tell(Changed::ConversationRemoved { id: conversation(2) });
    shelf.serve(&mut stage);
    assert!(stage.effects.contains(&Effect::Cancel(task)) && stage.effects.contains(&Effect::Cancel(watch)));
    assert_eq!(stage.state.chat.composer.text(), "and this waits");
    assert_eq!(stage.state.chat.running().answers, 0);
}

#[test]
fn ten_steps_are_ten_steps_however_late_the_store_echoes_them() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(140, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<ctrl+o>jjj");
    for step in 0..10 {
        stage.keys("<right>");
        if step % 3 == 2 {
            shelf.answer_one(&mut stage);
            shelf.echo(&mut stage);
        }
    }
    let last = changes(&stage.effects).pop().unwrap();
    assert_eq!(
        last.settings.unwrap().get("temperature").as_deref(),
        Some("1.7"),
        "from the model's own 0.7 on"
    );
    shelf.serve(&mut stage);
    assert_eq!(shelf.head(1).settings.get("temperature").as_deref(), Some("1.7"));
    assert!(stage.text().contains("temperature 1.7"), "{}", stage.text());
}

#[test]
fn a_preset_is_one_change() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 1);
    let changes = changes(&stage.keys("<alt+p><enter>"));
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    let settings = change.settings.as_ref().unwrap();
    assert_eq!(change.system.as_deref(), Some("Be exact."));
    assert_eq!(settings.get("temperature").as_deref(), Some("0.1"));
}

#[test]
fn acts_wait_for_each_other_and_queries_do_not() {
    use outcrop::tui::effect::Order;
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(140, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<ctrl+o>jjj<right><esc>hello<enter>");
    for effect in &stage.effects {
        let Effect::Call { order, request, .. } = effect else { continue };
        let act = matches!(
            request,
            Request::Chat(_)
                | Request::Conversations(
                    Conversations::Change { .. }
                        | Conversations::SaveDraft { .. }
                        | Conversations::LoadDraft { .. }
                )
        );
        if act {
            assert_eq!(*order, Order::After, "{request:?}");
        } else if matches!(
            request,
            Request::Watch { .. } | Request::Conversations(Conversations::Open { .. })
        ) {
            assert_eq!(*order, Order::Beside, "{request:?}");
        }
    }
}

#[test]
fn undo_brings_no_draft_of_another_conversation() {
    let mut shelf = Shelf::of(2);
    let mut stage = shelf.opened(120, 40);
    stage.keys("of the new one<ctrl+s><down><enter>");
    shelf.serve(&mut stage);
    stage.keys("<alt+z>");
    assert_eq!(stage.state.chat.composer.text(), "");
    assert_eq!(shelf.drafts[&None], Draft { text: "of the new one".into(), pastes: Vec::new() });
}

#[test]
fn what_waits_goes_back_into_the_composer_when_the_person_quits() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("one<enter>");
    shelf.serve(&mut stage);
    stage.keys("waits here<enter>");
    open(&mut shelf, &mut stage, 3);
    stage.keys("two<enter>");
    shelf.serve(&mut stage);
    stage.keys("waits there<enter>being written<ctrl+q>");
    let shown = stage.text();
    assert!(shown.contains("2 answers?") && shown.contains("2 messages "), "{shown}");
    stage.keys("q");
    shelf.serve(&mut stage);
    assert!(stage.effects.contains(&Effect::Quit));
    assert_eq!(shelf.drafts[&Some(conversation(1))].text, "waits here");
    assert_eq!(shelf.drafts[&Some(conversation(3))].text, "waits there\n\nbeing written");
}

#[test]
fn a_system_prompt_that_was_not_taken_is_there_the_next_time() {
    use outcrop::tui::event::{Button, Event, Mouse, MouseKind};
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(120, 40);
    stage.keys("<alt+s>You are a patient teacher");
    let modifiers = outcrop::tui::key::KeyModifiers::NONE;
    stage.event(Event::Mouse(Mouse { kind: MouseKind::Down(Button::Left), column: 0, row: 39, modifiers }));
    assert!(stage.text().contains("patient teacher"), "a click beside it closes nothing");
    stage.keys("<esc>");
    assert!(!stage.text().contains("patient teacher"));
    stage.keys("<alt+s>");
    assert!(stage.text().contains("patient teacher"));
    stage.keys("<enter>hi<enter>");
    let sent = Stage::requests(&stage.effects).into_iter().find_map(|request| match request {
        Request::Chat(chat) => Some(serde_json::to_string(&chat).unwrap()),
        _ => None,
    });
    assert!(sent.unwrap().contains("patient teacher"));
    stage.keys("<alt+s><esc>");
    assert!(!stage.text().contains("Not taken"), "nothing was changed");
}

#[test]
fn what_is_changed_before_the_first_turn_has_begun_is_not_lost() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(140, 40);
    stage.keys("go<enter><ctrl+o>jjj<right>");
    shelf.serve(&mut stage);
    let made = shelf.heads.iter().find(|head| head.title == "new").unwrap();
    assert_eq!(made.settings.get("temperature").as_deref(), Some("0.8"));
}

#[test]
fn opening_conversations_leaves_nothing_behind_that_is_waited_for() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    for _ in 0..5 {
        open(&mut shelf, &mut stage, 2);
        let waits = stage.state.chat.waits();
        open(&mut shelf, &mut stage, 3);
        assert_eq!(stage.state.chat.waits(), waits);
    }
}

#[test]
fn a_preset_says_what_it_changed_and_can_be_undone() {
    let mut shelf = Shelf::of(1);
    let mut stage = shelf.opened(140, 40);
    open(&mut shelf, &mut stage, 1);
    stage.keys("<ctrl+o>jjj<right><right>");
    shelf.serve(&mut stage);
    let before = shelf.head(1).clone();
    assert_eq!(before.settings.get("temperature").as_deref(), Some("0.9"));
    stage.keys("<alt+p><enter>");
    let said = stage.text();
    assert!(said.contains("temperature 0.9 → 0.1 · system prompt"), "{said}");
    assert!(said.contains("• precise"), "the preset in force has its name in the drawer: {said}");
    shelf.serve(&mut stage);
    stage.keys("<right>");
    assert!(!stage.text().contains("• precise"), "one value is another now: {}", stage.text());
    stage.keys("<alt+p>undo<enter>");
    shelf.serve(&mut stage);
    assert_eq!((&shelf.head(1).settings, &shelf.head(1).system), (&before.settings, &before.system));
    stage.keys("<alt+p>");
    assert!(!stage.text().contains("Undo precise"), "{}", stage.text());
}

#[test]
fn a_large_paste_is_held_once_after_it_was_sent_and_found_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    let large = "a line of it\n".repeat(500);
    stage.event(outcrop::tui::event::Event::Paste { text: large.clone(), dropped: 0 });
    stage.keys("<ctrl+c>");
    assert!(!stage.keys("<alt+z>").is_empty() || stage.state.chat.composer.is_empty());
    assert!(stage.state.chat.composer.is_empty(), "no step of undo holds a second copy");
    stage.keys("<up>");
    assert_eq!(stage.state.chat.composer.text(), large);
}
