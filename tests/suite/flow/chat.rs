//! Turns, drafts, branches and the ladder of Esc and Ctrl+C.

use std::time::Duration;

use outcrop::domain::catalog::{Availability, Capability, ModelCard};
use outcrop::domain::change::Changed;
use outcrop::domain::conversation::{Conversation, Draft, SavedDraft, Thread};
use outcrop::domain::delta::{Event as Delta, Pause};
use outcrop::domain::id::DraftId;
use outcrop::domain::message::{Block, Outcome, Role};
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::{New, Options, Start};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::workbench::request::chat::{Chat, Target};
use outcrop::workbench::request::conversations::{Change, Conversations};
use outcrop::workbench::{Reply, Request};

use crate::stage::{
    COMPLETE, Stage, TERMINAL, answer, card, conversation, head, id, message, model, options,
};

fn text(text: &str) -> Vec<Block> {
    vec![Block::Text { text: text.to_owned() }]
}

fn saved(number: u8, text: &str) -> SavedDraft {
    let draft = Draft { text: text.to_owned(), pastes: Vec::new() };
    SavedDraft { id: Some(DraftId::from_bytes([number; 16])), draft }
}

fn drafts(texts: &[&str]) -> Reply {
    let drafts = texts.iter().zip(1..).map(|(text, number)| saved(number, text)).collect();
    Reply::Drafts { drafts }
}

fn chats(effects: &[Effect]) -> Vec<Chat> {
    Stage::requests(effects)
        .into_iter()
        .filter_map(|request| if let Request::Chat(chat) = request { Some(chat) } else { None })
        .collect()
}

fn two_turns() -> Vec<outcrop::domain::message::Message> {
    vec![
        message(1, None, Role::User, "first"),
        answer(2, Some(1), "one", COMPLETE),
        message(3, Some(2), Role::User, "second"),
        answer(4, Some(3), "two", COMPLETE),
    ]
}

#[test]
fn enter_sends_to_a_new_conversation_and_then_after_its_leaf() {
    let mut stage = Stage::settled(120, 40, "dark");
    let effects = stage.keys("hello<enter>");
    let to = Target::New { model: model(), system: None, settings: Settings::default() };
    assert_eq!(chats(&effects), [Chat::Send { to, blocks: text("hello") }]);
    let started = Reply::Started {
        conversation: Conversation { leaf: Some(id(91)), ..head(1, "hello", 0) },
        asked: Some(message(90, None, Role::User, "hello")),
        answer: answer(91, Some(90), "", Outcome::Streaming),
    };
    stage.answer("\"send\"", vec![started, Reply::Finished { answer: answer(91, Some(90), "hi", COMPLETE) }]);
    let effects = stage.keys("again<enter>");
    let to = Target::After { conversation: conversation(1), parent: Some(id(91)) };
    assert_eq!(chats(&effects), [Chat::Send { to, blocks: text("again") }]);
}

#[test]
fn what_is_typed_before_the_store_answers_is_kept() {
    let mut stage = Stage::new(120, 40);
    stage.keys("early");
    stage.settle();
    stage.answer("load_draft", vec![drafts(&["kept"])]);
    assert_eq!(stage.state.chat.composer.text(), "early");
    stage.keys("<up>");
    assert_eq!(stage.state.chat.composer.text(), "kept", "the draft is in reach");
    stage.keys("<down>");
    assert_eq!(stage.state.chat.composer.text(), "early");
}

#[test]
fn every_newline_key_makes_a_line_and_sends_nothing() {
    let mut stage = Stage::settled(120, 40, "dark");
    let effects = stage.keys("a<ctrl+j>b<alt+enter>c<shift+enter>d<ctrl+enter>e\\<enter>f");
    assert_eq!(stage.state.chat.composer.text(), "a\nb\nc\nd\ne\nf");
    assert!(chats(&effects).is_empty());
}

#[test]
fn a_paste_never_sends() {
    let mut stage = Stage::settled(120, 40, "dark");
    let effects = stage.event(Event::Paste { text: "one\ntwo\n\x1b[201~three\r\n".into(), dropped: 0 });
    assert!(chats(&effects).is_empty());
    assert!(stage.state.chat.composer.text().starts_with("one\ntwo\n"));
}

#[test]
fn prompts_wait_for_the_running_answer_and_then_go_one_by_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("first");
    assert!(chats(&stage.keys("second<enter>third<enter>")).is_empty());
    let from = stage.effects.len();
    let task = stage.task("\"send\"");
    stage.event(Event::Replies {
        task,
        replies: vec![Reply::Finished { answer: answer(91, Some(90), "done", COMPLETE) }],
    });
    stage.event(Event::Ended { task, error: None });
    let to = Target::After { conversation: conversation(1), parent: Some(id(91)) };
    assert_eq!(chats(&stage.effects[from..]), [Chat::Send { to, blocks: text("second") }]);
    stage.keys("<alt+up>");
    assert_eq!(stage.state.chat.composer.text(), "third", "what waits can be edited");
}

#[test]
fn a_stop_keeps_what_came_and_holds_the_queue() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("first");
    stage.delta(Delta::Text { text: "half an ans".into() });
    stage.keys("second<enter>");
    let task = stage.task("\"send\"");
    let effects = stage.keys("<esc>");
    assert!(effects.contains(&Effect::Cancel(task)) && chats(&effects).is_empty());
    assert!(stage.text().contains("half an ans"));
    stage.event(Event::Replies {
        task,
        replies: vec![Reply::Delta { event: Delta::Text { text: "LATE".into() } }],
    });
    assert!(!stage.text().contains("LATE"), "a reply that nobody waits for is dropped");
    assert_eq!(chats(&stage.keys("<enter>")).len(), 1, "Enter sends what waits");
}

#[test]
fn what_waited_since_before_a_stop_is_sent_before_what_is_written_after_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("first");
    stage.delta(Delta::Text { text: "half an ans".into() });
    stage.keys("second<enter><esc>");
    let blocks = |effects: &[Effect]| -> Vec<Vec<Block>> {
        let sent = |chat| if let Chat::Send { blocks, .. } = chat { Some(blocks) } else { None };
        chats(effects).into_iter().filter_map(sent).collect()
    };
    assert_eq!(blocks(&stage.keys("third<enter>")), [text("second")]);
    let task = stage.task("\"send\"");
    let started = Reply::Started {
        conversation: Conversation { leaf: Some(id(93)), ..head(1, "first", 0) },
        asked: Some(message(92, Some(91), Role::User, "second")),
        answer: answer(93, Some(92), "", Outcome::Streaming),
    };
    let finished = Reply::Finished { answer: answer(93, Some(92), "two", COMPLETE) };
    let from = stage.effects.len();
    stage.event(Event::Replies { task, replies: vec![started, finished] });
    assert_eq!(blocks(&stage.effects[from..]), [text("third")]);
}

#[test]
fn a_turn_that_fails_before_it_is_durable_gives_the_text_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("precious<enter>");
    let task = stage.task("\"send\"");
    let error = Error::new(ErrorKind::Busy, "storing the turn", "the store is busy", "");
    stage.event(Event::Ended { task, error: Some(error) });
    assert_eq!(stage.state.chat.composer.text(), "precious");
    assert!(stage.text().contains("the store is busy"));
}

#[test]
fn ctrl_c_stops_then_puts_the_draft_aside_then_asks_for_another_press() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("q");
    stage.keys("draft");
    let task = stage.task("\"send\"");
    assert!(stage.keys("<ctrl+c>").contains(&Effect::Cancel(task)));
    assert_eq!(stage.state.chat.composer.text(), "draft");
    assert!(!stage.keys("<ctrl+c>").contains(&Effect::Quit));
    assert_eq!(stage.state.chat.composer.text(), "");
    assert!(!stage.keys("<ctrl+c>").contains(&Effect::Quit));
    stage.pass(10_000);
    assert!(!stage.keys("<ctrl+c>").contains(&Effect::Quit), "too late to be the second press");
    stage.keys("<up>");
    assert_eq!(stage.state.chat.composer.text(), "draft", "nothing was lost");
    stage.keys("<ctrl+c><ctrl+c><ctrl+c>");
    assert!(!stage.effects.contains(&Effect::Quit), "what is kept is kept first");
    stage.stored();
    assert_eq!(stage.effects.last(), Some(&Effect::Quit));
}

#[test]
fn ctrl_d_quits_an_empty_composer_and_deletes_in_a_full_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert!(!stage.keys("ab<ctrl+a><ctrl+d>").contains(&Effect::Quit));
    assert_eq!(stage.state.chat.composer.text(), "b");
    stage.keys("<backspace><delete><ctrl+d>");
    stage.stored();
    assert_eq!(stage.effects.last(), Some(&Effect::Quit));
}

#[test]
fn an_edited_message_becomes_a_branch_and_both_are_reachable() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    stage.keys("<tab>ke");
    assert_eq!(stage.state.chat.composer.text(), "second");
    let effects = stage.keys(" thought<enter>");
    let to = Target::After { conversation: conversation(1), parent: Some(id(2)) };
    assert_eq!(chats(&effects), [Chat::Send { to, blocks: text("second thought") }]);
    let started = Reply::Started {
        conversation: Conversation { leaf: Some(id(6)), ..head(1, "t", 0) },
        asked: Some(message(5, Some(2), Role::User, "second thought")),
        answer: answer(6, Some(5), "", Outcome::Streaming),
    };
    stage.answer(
        "\"send\"",
        vec![started, Reply::Finished { answer: answer(6, Some(5), "offshoot", COMPLETE) }],
    );
    assert!(stage.text().contains("offshoot") && !stage.text().contains(" two"));
    let effects = stage.keys("<tab>[");
    let change = Change { leaf: Some(id(4)), ..Change::default() };
    let request = Request::Conversations(Conversations::Change { id: conversation(1), change });
    assert!(Stage::requests(&effects).contains(&request));
    assert!(stage.text().contains("two") && !stage.text().contains("offshoot"));
}

#[test]
fn what_failed_is_asked_again_from_the_composer_and_keeps_what_is_being_written() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    assert!(!stage.text().contains("Alt+R"), "{}", stage.text());
    assert_eq!(chats(&stage.keys("<alt+r>")), []);
    let error = Error::new(ErrorKind::Timeout, "asking m", "nothing came", "");
    let mut stage = Stage::settled(120, 40, "dark");
    let asked = message(1, None, Role::User, "why?");
    stage.open(vec![asked, answer(2, Some(1), "", Outcome::Failed { error })]);
    assert!(stage.text().contains("Alt+R retry"), "{}", stage.text());
    // What is edited is what is sent next: nothing is asked again meanwhile, and no key for it is offered.
    stage.keys("<tab>ke");
    assert_eq!(stage.state.chat.composer.text(), "why?");
    assert!(!stage.text().contains("Alt+R"), "{}", stage.text());
    assert_eq!(chats(&stage.keys("<alt+r>")), []);
    stage.keys("<esc>");
    stage.keys(&"<backspace>".repeat("why?".len()));
    let effects = stage.keys("and<alt+r>");
    assert_eq!(chats(&effects), [Chat::Retry { conversation: conversation(1), message: id(2) }]);
    assert_eq!(stage.state.chat.composer.text(), "and");
}

#[test]
fn retry_and_continue_name_the_answer() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    assert_eq!(chats(&stage.keys("<tab>kk")), []);
    let effects = stage.keys("r");
    assert_eq!(chats(&effects), [Chat::Retry { conversation: conversation(1), message: id(2) }]);
    stage.keys("<esc>");
    let effects = stage.keys("c");
    assert_eq!(chats(&effects), [Chat::Continue { conversation: conversation(1), message: id(4) }]);
}

#[test]
fn where_an_answer_was_asked_for_anew_the_last_one_is_marked_and_keys_go_on_from_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    stage.keys("<tab>kkr<esc>");
    let text = stage.text();
    let marked: Vec<_> = text.lines().filter(|line| line.contains("▌") && line.contains("two")).collect();
    assert_eq!(marked.len(), 1, "{text}");
    stage.keys("kke");
    assert_eq!(stage.state.chat.composer.text(), "first");
}

#[test]
fn settings_go_with_the_conversation() {
    let mut stage = Stage::settled(140, 40, "dark");
    stage.keys("<ctrl+o>jjj<right><esc>hi<enter>");
    let mut settings = Settings::default();
    settings.set("temperature", "0.8").unwrap();
    let sent = chats(&stage.effects);
    assert_eq!(
        sent,
        [Chat::Send { to: Target::New { model: model(), system: None, settings }, blocks: text("hi") }]
    );
}

#[test]
fn a_draft_is_kept_for_each_conversation() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("for the new one");
    let effects = stage.keys("<ctrl+s><down><enter>");
    let draft = Draft { text: "for the new one".into(), pastes: vec![] };
    let save = Request::Conversations(Conversations::SaveDraft { id: None, by: TERMINAL, over: None, draft });
    let load = Request::Conversations(Conversations::LoadDraft { id: Some(conversation(2)), by: TERMINAL });
    let asked = Stage::requests(&effects);
    let at = |wanted: &Request| asked.iter().position(|r| r == wanted).unwrap();
    assert!(at(&save) < at(&load));
    assert_eq!(stage.state.chat.composer.text(), "");
}

#[test]
fn of_the_drafts_of_several_terminals_one_is_gone_on_with_and_the_others_are_in_the_history() {
    let mut stage = Stage::new(120, 40);
    stage.settle();
    stage.answer("load_draft", vec![drafts(&["mine", "newer", "older"])]);
    assert_eq!(stage.state.chat.composer.text(), "mine");
    stage.keys("<up>");
    assert_eq!(stage.state.chat.composer.text(), "newer");
    stage.keys("<up>");
    assert_eq!(stage.state.chat.composer.text(), "older");
    stage.keys("<down><down> too");
    let effects = stage.event(Event::Timer(outcrop::tui::app::SAVE_DRAFT));
    let SavedDraft { id: over, .. } = saved(1, "mine");
    let draft = Draft { text: "mine too".into(), pastes: vec![] };
    let save = Request::Conversations(Conversations::SaveDraft { id: None, by: TERMINAL, over, draft });
    assert!(Stage::requests(&effects).contains(&save), "{effects:?}");
}

#[test]
fn a_draft_is_kept_while_somebody_types_without_a_pause() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut kept = Vec::new();
    for _ in 0..100 {
        stage.pass(100);
        let effects = stage.keys("a");
        kept.extend(Stage::requests(&effects).into_iter().filter_map(|request| match request {
            Request::Conversations(Conversations::SaveDraft { draft, .. }) => Some(draft.text.len()),
            _ => None,
        }));
    }
    assert_eq!(kept, [31, 62, 93], "after three seconds each time");
}

#[test]
fn another_process_s_turns_appear_in_the_open_conversation() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    let changes = [
        Changed::Message { message: message(5, Some(4), Role::User, "from elsewhere") },
        Changed::Message { message: answer(6, Some(5), "", Outcome::Streaming) },
        Changed::Growing { conversation: conversation(1), message: id(6), blocks: text("growing there") },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        stage.reply("\"topic\":\"conversation\"", vec![Reply::Changed { number: number as u64 + 1, change }]);
    }
    let shown = stage.text();
    assert!(shown.contains("from elsewhere") && shown.contains("growing there"), "{shown}");
}

#[test]
fn the_branch_that_another_process_makes_is_shown_when_it_is_here() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    let head = Conversation { leaf: Some(id(6)), ..head(1, "short", 0) };
    let change = Changed::Conversation { head };
    stage.reply("\"topic\":\"conversations\"", vec![Reply::Changed { number: 1, change }]);
    assert!(stage.text().contains("second"), "{}", stage.text());
    let changes = [
        Changed::Message { message: message(5, None, Role::User, "asked in other words") },
        Changed::Message { message: answer(6, Some(5), "said in other words", COMPLETE) },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        stage.reply("\"topic\":\"conversation\"", vec![Reply::Changed { number: number as u64 + 1, change }]);
    }
    let shown = stage.text();
    assert!(shown.contains("asked in other words") && shown.contains("said in other words"), "{shown}");
    assert!(!shown.contains("second"), "{shown}");
}

#[test]
fn an_answer_goes_on_while_another_conversation_is_read() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("q");
    let task = stage.task("\"send\"");
    stage.keys("<ctrl+s><down><enter>");
    assert!(!stage.effects.contains(&Effect::Cancel(task)));
    stage.event(Event::Replies {
        task,
        replies: vec![Reply::Delta { event: Delta::Text { text: "meanwhile".into() } }],
    });
    assert!(!stage.text().contains("meanwhile"));
    assert!(stage.text().contains("1 answer elsewhere"));
    stage.keys("<alt+3>");
    assert!(stage.text().contains("1 answer in the chat"), "{}", stage.text());
    stage.keys("<alt+1>");
    stage.keys("<ctrl+s><up><up><up><enter>");
    assert!(stage.text().contains("meanwhile"));
}

#[test]
fn a_deletion_needs_its_own_letter() {
    let mut stage = Stage::settled(120, 40, "dark");
    let remove = Request::Conversations(Conversations::Remove { id: conversation(1) });
    assert!(!Stage::requests(&stage.keys("<tab>x<enter>y<esc>")).contains(&remove));
    assert!(Stage::requests(&stage.keys("xd")).contains(&remove));
    assert!(!stage.text().contains("Why rivers meander"));
}

#[test]
fn the_last_conversation_opens_again_unless_a_model_was_asked_for() {
    let memory = serde_json::json!({ "conversation": conversation(2) });
    let mut stage = Stage::new(120, 40);
    stage.answer("recall", vec![Reply::Remembered { value: Some(memory.clone()) }]);
    let open = Request::Conversations(Conversations::Open { id: conversation(2) });
    assert!(Stage::requests(&stage.effects).contains(&open));

    let start = named(Some("mock/fast"));
    let mut stage = Stage::with(120, 40, "dark", start);
    stage.answer("recall", vec![Reply::Remembered { value: Some(memory) }]);
    assert!(!Stage::requests(&stage.effects).contains(&open));
    assert!(stage.text().contains("mock/fast"));
    let sent = chats(&stage.keys("hi<enter>"));
    assert!(
        matches!(&sent[..], [Chat::Send { to: Target::New { model, .. }, .. }] if model.as_str() == "mock/fast")
    );
}

#[test]
fn a_model_that_is_not_here_or_does_not_chat_is_not_said_to_run_here() {
    let words = |model: &str, lacks: Vec<Capability>| {
        let mut stage = Stage::with(120, 40, "dark", named(Some(model)));
        let embedder =
            ModelCard { lacks, capabilities: Vec::new(), ..card("local/embedder", Availability::Ready) };
        stage.settle_with(vec![card("local/smollm2-135m", Availability::Ready), embedder]);
        stage.text()
    };
    assert!(words("local/smollm2-135m", Vec::new()).contains("nothing leaves this machine"));
    assert!(words("local/nope", Vec::new()).contains("There is no such model on this machine"));
    assert!(words("local/embedder", vec![Capability::Chat]).contains("It does not chat"));
}

/// A start on a new conversation.
fn named(model: Option<&str>) -> Start {
    let model = model.map(|model| model.parse().unwrap());
    Start { new: Some(New { model, ..New::default() }), ..Start::default() }
}

#[test]
fn a_new_conversation_with_a_system_prompt_takes_the_model_used_last_and_the_defaults() {
    let mut settings = Settings::default();
    settings.set("seed", "7").unwrap();
    let new = New { model: None, system: Some("Be brief.".into()), settings };
    let mut options = crate::stage::options("dark");
    options.servers = vec!["mock".into()];
    options.defaults.settings.set("temperature", "0.2").unwrap();
    options.defaults.settings.set("seed", "1").unwrap();
    options.defaults.system = Some("Overruled.".into());
    let start = Start { new: Some(new), ..Start::default() };
    let mut stage = Stage::made(120, 40, options, start);
    let memory = serde_json::json!({ "conversation": conversation(2), "model": "mock/fast" });
    stage.answer("recall", vec![Reply::Remembered { value: Some(memory) }]);
    let sent = chats(&stage.keys("hi<enter>"));
    let mut expected = Settings::default();
    expected.set("temperature", "0.2").unwrap();
    expected.set("seed", "7").unwrap();
    let to = Target::New {
        model: "mock/fast".parse().unwrap(),
        system: Some("Be brief.".into()),
        settings: expected,
    };
    assert_eq!(sent, [Chat::Send { to, blocks: text("hi") }]);
}

#[test]
fn a_conversation_that_was_asked_for_begins_empty_and_an_older_draft_is_one_key_away() {
    let mut stage = Stage::with(120, 40, "dark", named(Some("mock/fast")));
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    stage.answer("load_draft", vec![drafts(&["left from before"])]);
    assert!(!stage.text().contains("left from before"), "{}", stage.text());
    stage.keys("<up>");
    assert!(stage.text().contains("left from before"), "{}", stage.text());
}

#[test]
fn what_was_mended_is_said_when_the_screen_opens() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.answer(
        "\"notices\"",
        vec![Reply::Notices { founded: None, notices: vec!["A part of the store was damaged.".into()] }],
    );
    assert!(stage.text().contains("A part of the store was damaged."), "{}", stage.text());
}

#[test]
fn the_conversation_after_it_begins_with_the_defaults() {
    let mut options = crate::stage::options("dark");
    options.defaults.settings.set("top_k", "5").unwrap();
    options.defaults.system = Some("Be brief.".into());
    let mut stage = Stage::made(120, 40, options.clone(), Start::default());
    stage.settle();
    stage.open(two_turns());
    let sent = chats(&stage.keys("<ctrl+n>hi<enter>"));
    let Options { defaults, .. } = options;
    let to = Target::New { model: model(), system: defaults.system, settings: defaults.settings };
    assert_eq!(sent, [Chat::Send { to, blocks: text("hi") }]);
}

#[test]
fn the_last_conversation_deleted_elsewhere_gives_way_to_a_new_one_that_keeps_what_was_typed() {
    let memory = serde_json::json!({ "conversation": conversation(2) });
    let mut stage = Stage::new(120, 40);
    stage.answer("recall", vec![Reply::Remembered { value: Some(memory) }]);
    stage.keys("half a thought");
    let gone = Error::new(ErrorKind::NotFound, "opening the conversation", "there is no such one", "");
    let task = stage.task("\"open\"");
    stage.event(Event::Ended { task, error: Some(gone) });
    assert_eq!(stage.state.chat.composer.text(), "half a thought");
    assert!(stage.text().contains("there is no such one"));
    let sent = chats(&stage.keys("<enter>"));
    assert!(matches!(&sent[..], [Chat::Send { to: Target::New { .. }, .. }]), "{sent:?}");
}

#[test]
fn a_conversation_deleted_elsewhere_while_it_is_open_gives_way_too() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    let change = Changed::ConversationRemoved { id: conversation(1) };
    stage.reply("\"topic\":\"conversations\"", vec![Reply::Changed { number: 1, change }]);
    assert!(!stage.text().contains("second"));
    let sent = chats(&stage.keys("hi<enter>"));
    assert!(matches!(&sent[..], [Chat::Send { to: Target::New { .. }, .. }]), "{sent:?}");
}

#[test]
fn a_process_that_is_told_to_end_keeps_the_draft_first() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("unsent");
    let effects = stage.event(Event::Ending);
    let draft = Draft { text: "unsent".into(), pastes: vec![] };
    let save = Request::Conversations(Conversations::SaveDraft { id: None, by: TERMINAL, over: None, draft });
    assert!(Stage::requests(&effects).contains(&save));
    assert!(!effects.contains(&Effect::Quit), "the store has not said that it is kept");
    stage.stored();
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn reopening_keeps_the_thread_that_the_store_gives() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    let thread = Thread {
        conversation: Conversation { leaf: Some(id(2)), ..head(1, "short", 0) },
        messages: two_turns()[..2].to_vec(),
    };
    stage.reply("\"topic\":\"conversation\"", vec![Reply::Changed { number: 9, change: Changed::Missed }]);
    stage.answer("\"open\"", vec![Reply::Thread { thread }]);
    assert!(!stage.text().contains("second"));
}

#[test]
fn copying_gives_the_source_not_the_cells() {
    let mut stage = Stage::settled(120, 40, "dark");
    let markdown = "**bold** and\n\n```rust\nfn main() {}\n```\n";
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), markdown, COMPLETE)]);
    assert_eq!(stage.keys("<tab>y"), [Effect::Copy(markdown.into())]);
    assert_eq!(stage.keys("b"), [Effect::Copy("fn main() {}".into())]);
}

#[test]
fn a_conversation_that_names_no_model_is_answered_by_the_default_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+s><enter>");
    let conversation = Conversation { model: None, leaf: Some(id(4)), ..head(1, "imported", 3) };
    let thread = Thread { conversation: conversation.clone(), messages: two_turns() };
    stage.answer("\"open\"", vec![Reply::Thread { thread }]);
    assert!(stage.text().contains("names no model"), "{}", stage.text());
    // What the store says of it meanwhile has no model either.
    let change = Changed::Conversation { head: conversation.clone() };
    stage.reply("\"topic\":\"conversations\"", vec![Reply::Changed { number: 1, change }]);
    let asked = Stage::requests(&stage.keys("go on<enter>"));
    let change = Change { model: Some(model()), ..Change::default() };
    let named = Request::Conversations(Conversations::Change { id: conversation.id, change });
    let at = |wanted: &dyn Fn(&Request) -> bool| asked.iter().position(wanted);
    let (named, sent) = (at(&|r| *r == named), at(&|r| matches!(r, Request::Chat(_))));
    assert!(named.is_some() && sent.is_some() && named < sent, "{asked:?}");
}

#[test]
fn while_an_answer_runs_its_own_tokens_and_their_rate_are_counted() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("why?");
    let usage =
        outcrop::domain::message::Usage { input: Some(396), cache_read: Some(0), ..Default::default() };
    stage.delta(Delta::Usage { usage });
    stage.delta(Delta::Text { text: "Because".into() });
    stage.pass(2000);
    let usage = outcrop::domain::message::Usage { output: Some(210), ..Default::default() };
    stage.delta(Delta::Usage { usage });
    let shown = stage.text();
    assert!(shown.contains("2.0 s · 210 tok · 105 tok/s"), "{shown}");
}

#[test]
fn an_answer_that_stands_still_after_its_first_words_says_that_it_still_comes() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        stage.ask("why?");
        stage.delta(Delta::Text { text: "one two three".into() });
        let row = |stage: &mut Stage, words: &str| stage.text().lines().position(|line| line.contains(words));
        let said = row(&mut stage, "one two three");
        // Whether a sign of a spinner stands before the words.
        let turns = |shown: &str| {
            let line = shown.lines().find_map(|line| line.split_once("writing · 3.0 s"));
            let (before, _) = line.unwrap_or_else(|| panic!("{shown}"));
            before.trim_end().ends_with(|sign| ('⠀'..='⣿').contains(&sign))
        };
        stage.pass(3000);
        assert!(turns(&stage.text()), "{}", stage.text());
        assert_eq!(row(&mut stage, "one two three"), said, "nothing jumps: {}", stage.text());
        stage.state.options.reduced_motion = true;
        assert!(!turns(&stage.text()), "{}", stage.text());
    }
}

#[test]
fn settings_that_take_the_list_s_room_say_so() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(two_turns());
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("The list comes back"), "{}", stage.text());
    let mut wide = Stage::settled(140, 40, "dark");
    wide.open(two_turns());
    wide.keys("<ctrl+o>");
    assert!(!wide.text().contains("The list comes back"));
}

#[test]
fn a_pause_is_counted_down_in_the_status_and_is_no_part_of_the_answer() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("first");
    stage.delta(Delta::Queued { ahead: 2 });
    assert!(stage.text().contains("waiting: 2 before this one"), "{}", stage.text());
    stage.delta(Delta::Paused { pause: Pause::RateLimit { per_minute: 20 }, ms: 41_500 });
    assert!(stage.text().contains("at most 20 a minute, this one in 42 s"), "{}", stage.text());
    stage.delta(Delta::Begun);
    assert!(stage.text().contains("waiting") && !stage.text().contains("a minute"), "{}", stage.text());
    stage.delta(Delta::Paused { pause: Pause::Retry { status: 500, attempt: 2 }, ms: 900 });
    assert!(stage.text().contains("500, second try in 1 s"), "{}", stage.text());
    stage.delta(Delta::Text { text: "Because".into() });
    assert!(!stage.text().contains("second try"), "{}", stage.text());
}

#[test]
fn what_comes_while_one_reads_further_up_is_counted_below() {
    let mut stage = Stage::settled(120, 30, "dark");
    stage.ask("why?");
    stage.delta(Delta::Text { text: "one line\n\n".repeat(40) });
    stage.pass(20);
    assert!(!stage.text().contains("new line"), "the end is followed");
    stage.keys("<tab><pageup>");
    assert!(!stage.text().contains("new line"), "nothing has come since");
    stage.delta(Delta::Text { text: "one more\n\n".repeat(3) });
    stage.pass(20);
    let shown = stage.text();
    assert!(shown.contains("↓ 6 new lines"), "{shown}");
    stage.keys("G");
    assert!(!stage.text().contains("new line"), "the end is reached");
}

#[test]
fn nothing_that_an_answer_names_is_fetched_or_opened() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("q");
    let before = stage.effects.len();
    let names = "![seen](http://127.0.0.1:1/pixel.png) [here](http://127.0.0.1:1/x) <http://127.0.0.1:1> \
                 ![file](file:///etc/passwd) ![](./local.png)\n\n<img src=\"http://127.0.0.1:1/\">\n";
    stage.delta(Delta::Text { text: names.to_owned() });
    let shown = stage.text();
    assert!(shown.contains("seen") && shown.contains("here"), "{shown}");
    let done = answer(91, Some(90), names, COMPLETE);
    stage.answer("\"send\"", vec![Reply::Finished { answer: done }]);
    stage.text();
    stage.keys("<tab><up><enter><space>");
    let world = |effect: &&Effect| match effect {
        Effect::Call { request, .. } => {
            let request = serde_json::to_string(request).unwrap();
            request.contains("127.0.0.1") || request.contains("passwd") || request.contains("fetch")
        }
        Effect::Compute(_) | Effect::After { .. } | Effect::Title(_) => false,
        _ => true,
    };
    let asked: Vec<&Effect> = stage.effects[before..].iter().filter(world).collect();
    assert_eq!(asked, Vec::<&Effect>::new());
}

#[test]
fn an_answer_that_nobody_looks_at_wakes_the_screen_for_nothing() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("why?");
    assert!(stage.state.pulse().is_some());
    stage.keys("<alt+3>");
    stage.pass(10_000);
    assert_eq!(stage.state.pulse(), None);
    stage.keys("<alt+1>");
    assert!(stage.state.pulse().is_some());
}

#[test]
fn with_reduced_motion_a_wait_is_counted_and_nothing_turns() {
    let frames = |reduced_motion: bool| {
        let options = Options { reduced_motion, ..options("dark") };
        let mut stage = Stage::made(120, 40, options, Start::default());
        stage.settle();
        stage.ask("why?");
        let pulse = stage.state.pulse();
        let frames = [0, 300, 300].map(|ms| {
            stage.pass(ms);
            stage.text()
        });
        (pulse, frames)
    };
    let turns = |text: &String| text.contains(['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷']);
    let (pulse, moving) = frames(false);
    assert!(moving.iter().all(turns) && moving[0] != moving[1], "{}", moving[1]);
    assert!(pulse.unwrap() < Duration::from_secs(1));
    let (pulse, calm) = frames(true);
    assert!(!calm.iter().any(turns) && calm[2].contains("waiting · 0.6 s"), "{}", calm[2]);
    assert_eq!(pulse, Some(Duration::from_secs(1)));
}

#[test]
fn what_a_call_remarks_stands_as_a_notice_and_is_no_part_of_the_answer() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("why?");
    for _ in 0..2 {
        stage.delta(Delta::Notice { text: "they may not fit".into() });
    }
    stage.delta(Delta::Text { text: "Because".into() });
    let shown = stage.text();
    assert_eq!(shown.matches("! they may not fit").count(), 1, "it is a note: {shown}");
    assert_eq!(stage.state.notices.past.len(), 1, "what is said twice is remembered once");
    assert!(shown.contains("Because"), "{shown}");
}

#[test]
fn a_base_that_is_empty_is_said_by_keys_in_the_chat() {
    let mut stage = Stage::settled(120, 40, "dark");
    let hint = "`outcrop kb add-source` and `outcrop kb sync` fill it.";
    let error = Error::new(ErrorKind::NotFound, "searching a knowledge base", "\"docs\" is empty", hint);
    stage.open(vec![
        message(1, None, Role::User, "how?"),
        answer(2, Some(1), "", Outcome::Failed { error: error.clone() }),
    ]);
    let words = |stage: &mut Stage| stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "a and s fill it. Alt+3 leads to the knowledge bases";
    let text = words(&mut stage);
    assert!(text.contains("is empty") && text.contains(told) && !text.contains("outcrop kb"), "{text}");
    // So does one that fails now.
    stage.ask("and?");
    let task = stage.task("\"send\"");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = words(&mut stage);
    assert!(text.contains(told) && !text.contains("outcrop kb"), "{text}");
}
