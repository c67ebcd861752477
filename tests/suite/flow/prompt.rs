//! What the keys of the prompt place ask for, and that no text is lost in it.

use outcrop::domain::change::Changed;
use outcrop::domain::conversation::Conversation;
use outcrop::domain::message::Role;
use outcrop::domain::prompt::{Book, Sketch};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TimerId};
use outcrop::tui::event::Event;
use outcrop::tui::pane::Place;
use outcrop::workbench::request::prompts::Prompts;
use outcrop::workbench::{Reply, Request};

use crate::screen::prompt::{arrive, letter, opened, prompt, run_head};
use crate::stage::{COMPLETE, Stage, answer, conversation, head, message};

fn asked(effects: &[Effect]) -> Vec<Prompts> {
    let of = |request| if let Request::Prompts(request) = request { Some(request) } else { None };
    Stage::requests(effects).into_iter().filter_map(of).collect()
}

fn kept(effects: &[Effect]) -> Vec<Sketch> {
    let draft = |request| if let Prompts::SaveDraft { draft, .. } = request { Some(draft) } else { None };
    asked(effects).into_iter().filter_map(draft).collect()
}

#[test]
fn enter_runs_what_is_written_with_its_values_and_says_which_version_it_is() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), Vec::new());
    // A value is missing: it is gone to, and nothing is sent.
    assert_eq!(asked(&stage.keys("<enter>")), []);
    let effects = stage.keys("three<enter>");
    let [.., Prompts::Run { of, version, template, values }] = &asked(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((*of, *version), (Some(letter().prompt.id), Some(3)));
    assert_eq!(*template, letter().versions[2].template);
    let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(values, [("count", "three"), ("name", "Ada"), ("place", "Basel, by the Rhine")]);
    // While it runs no other one begins.
    assert_eq!(asked(&stage.keys("<enter>")), []);
    assert!(stage.keys("<esc>").iter().any(|effect| matches!(effect, Effect::Cancel(_))));
    // What is changed is of no version.
    stage.keys("<esc>");
    let effects = stage.keys("?<enter>");
    assert!(matches!(asked(&effects).last(), Some(Prompts::Run { version: None, .. })), "{effects:?}");
}

#[test]
fn what_is_written_is_kept_after_a_pause_and_when_the_program_ends() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("Hello {{name}}");
    let effects = stage.event(Event::Timer(TimerId("prompt")));
    assert_eq!(kept(&effects)[0].template.text, "Hello {{name}}");
    assert_eq!(kept(&stage.event(Event::Timer(TimerId("prompt")))), [], "once");
    stage.stored();
    stage.keys("<tab>Ada");
    let effects = stage.event(Event::Ending);
    assert_eq!(kept(&effects)[0].values["name"], "Ada");
    assert!(!effects.contains(&Effect::Quit), "the store is waited for");
    let task = stage.task("save_draft");
    stage.event(Event::Ended { task, error: None });
    stage.stored();
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn tab_goes_from_value_to_value_and_no_letter_empties_a_prompt_that_is_not_saved() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("{{first}} {{second}}<tab>one<tab>two");
    let effects = stage.event(Event::Timer(TimerId("prompt")));
    let drafts = kept(&effects);
    let values = &drafts[0].values;
    assert_eq!((values["first"].as_str(), values["second"].as_str()), ("one", "two"));
    stage.keys("<tab>n");
    assert!(stage.text().contains("Empty the prompt"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.text().contains("{{first}}"), "{}", stage.text());
    stage.keys("ne");
    let text = stage.text();
    assert!(!text.contains("{{first}}") && text.contains("Up brings back"), "{text}");
}

#[test]
fn what_was_typed_before_the_store_answered_stands_behind_what_was_kept() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+5>, typed");
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    let mut draft = Sketch::default();
    "kept before".clone_into(&mut draft.template.text);
    stage.answer("load_draft", vec![Reply::Sketch { draft }]);
    assert!(stage.text().contains("kept before, typed"), "{}", stage.text());
    let effects = stage.event(Event::Timer(TimerId("prompt")));
    assert_eq!(kept(&effects)[0].template.text, "kept before, typed");
}

#[test]
fn the_first_save_asks_for_a_name_and_later_ones_for_a_note() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    let effects = stage.keys("Hello {{name}}<alt+w> Greet <enter>");
    let [Prompts::Create { name, template, .. }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), template.text.as_str()), ("Greet", "Hello {{name}}"));
    let version = outcrop::domain::prompt::Version {
        number: 1,
        template: template.clone(),
        note: String::new(),
        created: outcrop::domain::time::Timestamp(crate::stage::NOW),
    };
    let draft = Sketch { template: template.clone(), ..Sketch::default() };
    let book = Book { prompt: prompt(9, "Greet", 0, 1), versions: vec![version], draft };
    let before = stage.effects.len();
    stage.answer("\"create\"", vec![Reply::Prompt { book: book.clone() }]);
    // Nothing without a name is left behind.
    assert_eq!(kept(&stage.effects[before..])[0], Sketch::default());
    assert!(stage.text().contains("version 1"), "{}", stage.text());
    // The same again is not even asked for.
    assert_eq!(asked(&stage.keys("<alt+w>")), []);
    let effects = stage.keys("!<alt+w>louder<enter>");
    let [Prompts::Save { id, note, template }] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((*id, note.as_str(), template.text.as_str()), (book.prompt.id, "louder", "Hello {{name}}!"));
    // What the store says to it is said, and the text stays.
    let task = stage.task("\"save\"");
    let error = Error::new(ErrorKind::Invalid, "saving a version", "it is the same as version 1", "");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("same as version 1") && stage.text().contains("Hello {{name}}!"));
}

#[test]
fn a_name_that_is_taken_is_asked_for_again_with_what_was_typed() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), Vec::new());
    let taken = "There is one of that name already";
    stage.keys("<alt+n>Hello<alt+w>");
    assert_eq!(asked(&stage.keys("sum UP<enter>")), []);
    let shown = stage.text();
    assert!(
        shown.contains("Save the prompt as") && shown.contains("sum UP") && shown.contains(taken),
        "{shown}"
    );
    let effects = stage.keys(" more<enter>");
    assert!(
        matches!(&asked(&effects)[..], [Prompts::Create { name, .. }] if name == "sum UP more"),
        "{effects:?}"
    );
    // Another name for one that is there; its own is none of another's.
    stage.keys("<shift+tab>gr");
    assert_eq!(asked(&stage.keys("<ctrl+u>sum up<enter>")), []);
    let shown = stage.text();
    assert!(shown.contains("Rename the prompt") && shown.contains(taken), "{shown}");
    let effects = stage.keys("<ctrl+u>LETTER<enter>");
    assert!(
        matches!(&asked(&effects)[..], [Prompts::Rename { name, .. }] if name == "LETTER"),
        "{effects:?}"
    );
}

#[test]
fn an_old_version_becomes_what_is_written_and_undo_brings_the_text_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), Vec::new());
    stage.keys("<ctrl+end> and so on");
    stage.keys("<shift+tab>jjj<enter>");
    let shown = stage.text();
    assert!(shown.contains("version 1 of 3") && shown.contains("Write a letter to"), "{shown}");
    assert!(shown.contains("Ctrl+_ brings back the text"), "{shown}");
    stage.keys("<alt+z>");
    assert!(stage.text().contains("and so on"), "{}", stage.text());
}

#[test]
fn another_prompt_is_opened_and_what_was_written_is_kept_in_the_first() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), Vec::new());
    let effects = stage.keys("More.<shift+tab>jjjj<enter>");
    let of = |request: &Prompts| matches!(request, Prompts::SaveDraft { of: Some(id), .. } if *id == letter().prompt.id);
    assert!(asked(&effects).iter().any(of), "{effects:?}");
    let sum = Book {
        prompt: prompt(2, "Sum up", 180, 1),
        versions: letter().versions[..1].to_vec(),
        draft: Sketch::default(),
    };
    let mut open = sum.clone();
    "Sum up {{text}}".clone_into(&mut open.draft.template.text);
    stage.answer("prompts\":{\"open", vec![Reply::Prompt { book: open }]);
    let shown = stage.text();
    assert!(shown.contains("Sum up {{text}}") && !shown.contains("More."), "{shown}");
    assert!(shown.contains("changed since version 1"), "{shown}");
}

#[test]
fn a_run_goes_on_as_a_conversation_in_the_chat() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), vec![run_head(40, 3)]);
    let said = answer(41, Some(40), "Dear Ada", COMPLETE);
    let messages = vec![message(40, None, Role::User, "Write"), said];
    let thread = outcrop::domain::conversation::Thread {
        conversation: Conversation { leaf: messages.last().map(|m| m.id), ..run_head(40, 3) },
        messages,
    };
    stage.answer("conversations\":{\"open", vec![Reply::Thread { thread }]);
    let effects = stage.keys("<tab><tab><tab><tab>c");
    assert_eq!(asked(&effects), [Prompts::GoOn { run: conversation(40) }]);
    stage.answer("go_on", vec![Reply::Conversation { head: head(40, "Write", 0) }]);
    assert_eq!(stage.state.place, Place::Chat);
    let shown = stage.text();
    assert!(shown.contains("a conversation now") && shown.contains("Alt+5 leads back; r there"), "{shown}");
    assert_eq!(
        Stage::requests(&stage.effects).iter().rfind(|request| matches!(request, Request::Conversations(_))),
        Some(&Request::Conversations(outcrop::workbench::request::conversations::Conversations::LoadDraft {
            id: Some(conversation(40)),
            by: crate::stage::TERMINAL,
        }))
    );
}

#[test]
fn runs_are_looked_back_at_and_those_of_another_window_appear() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), vec![run_head(40, 3), run_head(39, 9)]);
    assert!(stage.text().contains("run 2 of 2"), "{}", stage.text());
    stage.keys("<alt+up>");
    assert!(stage.text().contains("run 1 of 2"), "{}", stage.text());
    stage.keys("<alt+up>");
    assert!(stage.text().contains("first run"), "{}", stage.text());
    let change = Changed::Conversation { head: run_head(41, 0) };
    let watch = stage.task("\"topic\":\"prompts\"");
    stage.event(Event::Replies { task: watch, replies: vec![Reply::Changed { number: 1, change }] });
    assert!(stage.text().contains("run 1 of 3"), "{}", stage.text());
    // One of another prompt does not.
    let mut other = run_head(42, 0);
    other.run.as_mut().unwrap().prompt = None;
    let change = Changed::Conversation { head: other };
    stage.event(Event::Replies { task: watch, replies: vec![Reply::Changed { number: 2, change }] });
    assert!(stage.text().contains("run 1 of 3"), "{}", stage.text());
}

#[test]
fn a_prompt_that_another_window_removed_leaves_its_text() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), Vec::new());
    let watch = stage.task("\"topic\":\"prompts\"");
    let replies = vec![Reply::Changed { number: 1, change: Changed::Prompts }];
    stage.event(Event::Replies { task: watch, replies });
    let task = stage.task("prompts\":{\"open");
    let error = Error::new(ErrorKind::NotFound, "opening a prompt", "it is not there any more", "");
    let before = stage.effects.len();
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(matches!(&asked(&stage.effects[before..])[..], [Prompts::SaveDraft { of: None, .. }, ..]));
    let shown = stage.text();
    assert!(shown.contains("not saved yet") && shown.contains("Keep it friendly"), "{shown}");
}

#[test]
fn a_run_that_finds_a_base_empty_says_by_keys_how_it_is_filled() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("Hello<enter>");
    let hint = "`outcrop kb add-source` and `outcrop kb sync` fill it.";
    let error = Error::new(ErrorKind::NotFound, "searching a knowledge base", "\"docs\" is empty", hint);
    let task = stage.task("\"run\"");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("a and s fill it.") && !text.contains("outcrop kb"), "{text}");
}

#[test]
fn quitting_asks_while_a_run_is_answered_also_where_nobody_looks() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("Hello<enter><alt+n>");
    stage.keys("<alt+1><ctrl+q>");
    assert!(stage.text().contains("1 answer"), "{}", stage.text());
}

#[test]
fn esc_goes_one_step_back_and_says_the_ways_out_at_last() {
    let mut stage = Stage::settled(120, 40, "dark");
    opened(&mut stage, letter(), Vec::new());
    stage.keys("<alt+v><shift+tab>/su");
    for _ in 0..2 {
        stage.keys("<esc>");
        assert_eq!(stage.state.place, Place::Prompt);
    }
    stage.keys("<esc><esc>");
    assert_eq!(stage.state.place, Place::Prompt);
    let text = stage.text();
    assert!(text.contains("Alt+1…9 lead to the places") && text.contains("Keep it friendly"), "{text}");
}
