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
fn what_the_last_line_offers_is_done_by_a_click_on_it_and_the_palette_does_the_rest() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (column, row) = place(&mut stage, "palette");
    click(&mut stage, column, row);
    stage.keys("every key");
    let (column, row) = place(&mut stage, "Show every key");
    click(&mut stage, column, row);
    assert!(stage.text().contains("Go to the next area"), "{}", stage.text());
    let (column, row) = place(&mut stage, "Esc close");
    click(&mut stage, column, row);
    let (column, row) = place(&mut stage, "Enter send");
    stage.keys("hello");
    let sent = {
        let event = |kind| Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE });
        stage.event(event(MouseKind::Down(Button::Left)))
    };
    assert!(matches!(Stage::requests(&sent)[..], [Request::Chat(Chat::Send { .. }), ..]), "{sent:?}");
}

#[test]
fn a_click_on_the_name_of_the_model_chooses_another_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (column, row) = place(&mut stage, "local/smollm2-135m");
    click(&mut stage, column, row);
    assert!(stage.text().contains("Choose a model") || stage.text().contains("Models"), "{}", stage.text());
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
    assert!(stage.text().contains("find a key, an action"));
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

fn hit(shelf: &Shelf, n: u128, message: u128, snippet: &str, words: &str) -> outcrop::workbench::reply::Hit {
    let from = snippet.find(words).unwrap();
    outcrop::workbench::reply::Hit {
        conversation: shelf.head(n).clone(),
        message: Some(id(message)),
        snippet: snippet.into(),
        matched: (from, from + words.len()),
    }
}

#[test]
fn an_opened_hit_ends_the_search_and_its_words_are_marked() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s>answ");
    shelf.skip(&stage);
    let hits = vec![hit(&shelf, 2, 20_001, "answer 2", "answ")];
    stage.answer("\"search\"", vec![Reply::Hits { hits }]);
    stage.keys("<enter>");
    shelf.serve(&mut stage);
    let shown = stage.text();
    assert!(shown.contains("title 0003"), "all are listed again: {shown}");
    assert!(shown.contains("/ answ") && shown.contains("n next"), "{shown}");
    let (column, row) = place(&mut stage, "answer 2");
    let cells = stage.picture();
    let look = outcrop::tui::look::Look::named("dark").unwrap();
    let cursor = look.style(outcrop::tui::look::Role::Cursor);
    assert_eq!(Some(cells[(column, row)].bg), cursor.bg);
    assert_ne!(Some(cells[(column + 5, row)].bg), cursor.bg);
}

#[test]
fn hits_of_one_conversation_stand_together_and_each_can_be_opened() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s>n");
    shelf.skip(&stage);
    let hits = vec![
        hit(&shelf, 2, 20_000, "question 2", "n 2"),
        hit(&shelf, 1, 10_000, "question 1", "n 1"),
        hit(&shelf, 2, 20_001, "an answer 2", "an"),
    ];
    stage.answer("\"search\"", vec![Reply::Hits { hits }]);
    let shown = stage.text();
    assert_eq!(shown.matches("title 0002").count(), 1, "{shown}");
    let rows: Vec<usize> = ["title 0002", "question 2", "an answer 2", "title 0001", "question 1"]
        .into_iter()
        .map(|text| shown.lines().position(|line| line.contains(text)).unwrap())
        .collect();
    assert!(rows.is_sorted(), "{shown}");
    stage.keys("<down><down><enter>");
    shelf.serve(&mut stage);
    assert!(
        stage.text().contains("answer 1"),
        "the third one is of the other conversation: {}",
        stage.text()
    );
}

#[test]
fn conversations_of_one_title_are_told_apart() {
    let mut stage = Stage::with(120, 40, "dark", outcrop::tui::app::Start::default());
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    let twin = |n, minutes| crate::stage::head(n, "hello", minutes);
    let other =
        outcrop::domain::conversation::Conversation { model: "home/llama".parse().ok(), ..twin(3, 2) };
    let heads = vec![other, twin(1, 3), twin(2, 200), crate::stage::head(4, "alone", 4)];
    stage.answer("\"limit\":100", vec![Reply::Conversations { heads, more: false }]);
    let shown = stage.text();
    for told in ["hello · llama", "hello · smollm2", "2 m", "3 m", "3 h"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    assert!(shown.lines().any(|line| line.contains("alone") && line.contains("4 m")), "{shown}");
}

#[test]
fn a_click_hits_the_row_that_is_drawn_also_under_a_status_line() {
    let mut stage = Stage::settled(120, 20, "dark");
    let mut messages = Vec::new();
    for n in 0..8 {
        let parent = (n > 0).then(|| n * 2 - 1);
        messages.push(message(n * 2, parent, Role::User, &format!("question {n}")));
        messages.push(answer(n * 2 + 1, Some(n * 2), &format!("reply {n}"), COMPLETE));
    }
    stage.open(messages);
    stage.keys("go<enter>");
    let asked = message(90, Some(15), Role::User, "go");
    let said = answer(91, Some(90), "", outcrop::domain::message::Outcome::Streaming);
    let conversation =
        outcrop::domain::conversation::Conversation { leaf: Some(id(91)), ..crate::stage::head(1, "t", 0) };
    stage.reply("\"send\"", vec![Reply::Started { conversation, asked: Some(asked), answer: said }]);
    assert!(stage.text().contains("waiting"), "{}", stage.text());
    let (column, row) = place(&mut stage, "question 7");
    click(&mut stage, column, row);
    assert_eq!(stage.keys("y"), [Effect::Copy("question 7".into())]);
}

#[test]
fn a_very_long_message_of_the_person_is_shown_by_its_beginning_until_it_is_opened() {
    let mut stage = Stage::settled(120, 40, "dark");
    let long = (0..27_900).map(|n| format!("line {n} of what was pasted")).collect::<Vec<_>>().join("\n");
    stage.open(vec![message(1, None, Role::User, &long), answer(2, Some(1), "I have read it.", COMPLETE)]);
    let shown = stage.text();
    assert!(shown.contains("line 2 of what") && !shown.contains("line 3 of what"), "{shown}");
    assert!(shown.contains("27,900 lines] ›") && shown.contains("I have read it."), "{shown}");
    let (column, row) = place(&mut stage, "27,900 lines");
    click(&mut stage, column, row);
    assert!(stage.text().contains("line 9 of what"), "{}", stage.text());
    stage.keys("<space>");
    assert!(!stage.text().contains("line 9 of what"), "{}", stage.text());
    stage.keys("/line 20000 of");
    assert!(stage.text().contains("line 20000 of what"), "a match opens it: {}", stage.text());
}

#[test]
fn one_bar_is_bright_and_it_is_where_the_keys_go() {
    for look in ["dark", "light"] {
        let mut stage = Stage::settled(120, 40, look);
        stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
        let bright = outcrop::tui::look::Look::named(look).unwrap().style(outcrop::tui::look::Role::Accent);
        let mut bars = |keys: &str| {
            stage.keys(keys);
            let cells = stage.picture();
            let area = cells.area;
            let all = (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y)));
            let mut columns: Vec<u16> = all
                .filter(|at| cells[*at].symbol() == "▌" && Some(cells[*at].fg) == bright.fg)
                .map(|(x, _)| x)
                .collect();
            columns.dedup();
            columns.sort_unstable();
            columns.dedup();
            columns
        };
        assert_eq!(bars("").len(), 1, "composer");
        assert_eq!(bars("<tab>k").len(), 1, "transcript");
        assert_eq!(bars("<tab>"), [0], "list");
        assert_eq!(bars("<ctrl+p>").len(), 1, "overlay");
    }
}
