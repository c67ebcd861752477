//! The prompt place: empty, written, running, answered, compared, failed; and the library.

use outcrop::domain::conversation::{Conversation, Thread};
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::id::PromptId;
use outcrop::domain::message::{Message, Outcome, Role};
use outcrop::domain::prompt::{Book, Prompt, Run, Sketch, Template, Version};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::event::Event;
use outcrop::workbench::Reply;

use super::{MARKDOWN, shoot};
use crate::stage::{COMPLETE, NOW, Stage, answer, conversation, head, message, model};

pub fn prompt(n: u8, name: &str, minutes_old: i64, latest: u32) -> Prompt {
    let at = Timestamp(NOW - minutes_old * 60_000);
    Prompt { id: PromptId::from_bytes([n; 16]), name: name.to_owned(), created: at, updated: at, latest }
}

const TEXTS: [&str; 3] = [
    "Write a letter to {{name}} from {{place}}.",
    "Write a short letter to {{name}} from {{place}}.\n\nKeep it friendly.",
    "Write a short letter to {{name}} from {{ place }}.\n\nKeep it friendly, and end with a question about the \
     weather there.\nUse no more than {{count}} sentences.",
];

fn template(text: &str) -> Template {
    Template { text: text.to_owned(), model: Some(model()), ..Template::default() }
}

/// A prompt with three versions.
pub fn letter() -> Book {
    let version = |(at, text): (usize, &&str)| {
        let mut template = template(text);
        if at == 2 {
            template.settings.set("temperature", "0.2").unwrap();
        }
        Version {
            number: at as u32 + 1,
            template,
            note: ["", "shorter, friendlier", "asks about the weather"][at].to_owned(),
            created: Timestamp(NOW - (3 - at as i64) * 90 * 60_000),
        }
    };
    let versions: Vec<_> = TEXTS.iter().enumerate().map(version).collect();
    let values = [("name", "Ada"), ("place", "Basel, by the Rhine")];
    let draft = Sketch {
        template: versions[2].template.clone(),
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    Book { prompt: prompt(1, "Letter", 90, 3), versions, draft }
}

pub fn run_head(n: u128, minutes_old: i64) -> Conversation {
    let run =
        Run { prompt: Some(letter().prompt.id), name: "Letter".into(), version: Some(3), values: [].into() };
    Conversation { run: Some(run), ..head(n, "Write a short letter", minutes_old) }
}

/// The place, with an empty library.
pub fn arrive(stage: &mut Stage) {
    stage.keys("<alt+5>");
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    stage.answer("\"list\"", vec![Reply::Prompts { prompts: Vec::new() }]);
    stage.answer("load_draft", vec![Reply::Sketch { draft: Sketch::default() }]);
    stage.answer("\"runs\"", vec![Reply::Conversations { heads: Vec::new(), more: false }]);
}

/// The place with a library, the first prompt of it open.
pub fn opened(stage: &mut Stage, book: Book, heads: Vec<Conversation>) {
    stage.keys("<alt+5>");
    let memory = serde_json::json!({ "prompt": book.prompt.id, "list_closed": false });
    stage.answer("recall", vec![Reply::Remembered { value: Some(memory) }]);
    let prompts = vec![
        book.prompt.clone(),
        prompt(2, "Sum up", 3 * 60, 1),
        prompt(3, "俳句を書く", 26 * 60, 4),
        prompt(4, "A name that is a good deal longer than the library is wide", 9 * 24 * 60, 12),
    ];
    stage.answer("\"list\"", vec![Reply::Prompts { prompts }]);
    stage.answer("prompts\":{\"open", vec![Reply::Prompt { book }]);
    stage.answer("\"runs\"", vec![Reply::Conversations { heads, more: false }]);
}

fn asked(text: &str) -> Message {
    Message { conversation: conversation(50), ..message(90, None, Role::User, text) }
}

fn started(stage: &mut Stage) {
    let answer = Message { conversation: conversation(50), ..answer(91, Some(90), "", Outcome::Streaming) };
    let conversation = Conversation { leaf: Some(answer.id), ..run_head(50, 0) };
    let asked = Some(asked("Write a short letter to Ada from Basel, by the Rhine."));
    stage.reply("\"run\"", vec![Reply::Started { conversation, asked, answer }]);
}

fn text(text: &str) -> Reply {
    Reply::Delta { event: Delta::Text { text: text.to_owned() } }
}

#[test]
fn an_empty_prompt_place_teaches() {
    shoot("prompt-empty", arrive);
}

#[test]
fn the_example_has_values_and_the_variables_stand_out() {
    shoot("prompt-example", |stage| {
        arrive(stage);
        stage.keys("<alt+x><tab><down>");
    });
}

#[test]
fn a_prompt_that_is_changed_says_so_and_a_missing_value_is_asked_for() {
    shoot("prompt-missing", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys(" Please.<enter>");
    });
}

#[test]
fn variables_that_have_no_room_are_counted() {
    shoot("prompt-many-values", |stage| {
        arrive(stage);
        let names: Vec<_> = (1..=30).map(|n| format!("{{{{value_{n}}}}}")).collect();
        stage.keys(&names.join(" "));
        stage.keys("<tab>one<enter><down><down><down><down><down><down><down>");
    });
}

#[test]
fn a_run_shows_that_it_is_awaited() {
    shoot("prompt-asking", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys("<tab><down><down>three<enter>");
        stage.pass(1300);
    });
}

#[test]
fn a_run_is_read_as_it_comes() {
    shoot("prompt-streaming", |stage| {
        opened(stage, letter(), vec![run_head(40, 61)]);
        stage.keys("<tab><down><down>three<enter>");
        started(stage);
        stage.reply("\"run\"", vec![text("Dear Ada,\n\nthe Rhine is "), text("high this week")]);
        stage.pass(700);
    });
}

#[test]
fn an_answer_stands_under_the_prompt_with_its_figures() {
    shoot("prompt-answered", |stage| {
        opened(stage, letter(), vec![run_head(40, 61), run_head(39, 90)]);
        stage.keys("<tab><down><down>three<enter>");
        started(stage);
        let answer = Message { conversation: conversation(50), ..answer(91, Some(90), MARKDOWN, COMPLETE) };
        stage.answer("\"run\"", vec![Reply::Finished { answer }]);
        stage.keys("<tab>");
    });
}

#[test]
fn the_newest_run_is_there_when_a_prompt_is_opened_and_what_was_sent_unfolds() {
    shoot("prompt-earlier", |stage| {
        opened(stage, letter(), vec![run_head(40, 61), run_head(39, 90)]);
        let said =
            Message { conversation: conversation(40), ..answer(41, Some(90), "Dear Ada, hello.", COMPLETE) };
        let asked =
            Message { conversation: conversation(40), ..asked("Write to Ada.\n\nKeep it\nfriendly.") };
        let head = Conversation { leaf: Some(said.id), ..run_head(40, 61) };
        let thread = Thread { conversation: head, messages: vec![asked, said] };
        stage.answer("conversations\":{\"open", vec![Reply::Thread { thread }]);
        stage.keys("<tab><tab><tab><tab><space>");
    });
}

#[test]
fn two_versions_are_compared_line_by_line() {
    shoot("prompt-diff", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys("<ctrl+b>");
        if stage.text().contains("narrow") {
            stage.keys("jv");
        } else {
            stage.keys("<ctrl+b><shift+tab>jv");
        }
    });
}

#[test]
fn what_is_written_is_compared_with_the_newest_version() {
    shoot("prompt-diff-draft", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys(" 川は曲がります。<alt+v>");
    });
}

#[test]
fn the_library_has_the_versions_of_the_open_prompt() {
    shoot("prompt-library", |stage| {
        opened(stage, letter(), Vec::new());
        for _ in 0..4 {
            if !stage.text().contains("Enter open") {
                stage.keys("<tab>");
            }
        }
        stage.keys("jj ");
    });
}

#[test]
fn a_run_that_never_began_says_why() {
    shoot("prompt-failed", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys("<tab><down><down>three<enter>");
        let task = stage.task("\"run\"");
        let error = Error::new(
            ErrorKind::NotFound,
            "asking local/smollm2-135m",
            "it is not on this machine yet",
            "`outcrop models pull local/smollm2-135m` fetches it.",
        );
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

#[test]
fn a_run_that_fails_in_the_middle_keeps_what_came() {
    shoot("prompt-cut", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys("<tab><down><down>three<enter>");
        started(stage);
        let error =
            Error::new(ErrorKind::Network, "reading the answer", "the connection broke", "Run it again.");
        let cut = answer(91, Some(90), "Dear Ada,\n\nthe Rhi", Outcome::Failed { error });
        let answer = Message { conversation: conversation(50), ..cut };
        stage.answer("\"run\"", vec![Reply::Finished { answer }]);
    });
}

#[test]
fn wide_letters_and_long_texts_keep_the_parts_apart() {
    shoot("prompt-wide", |stage| {
        arrive(stage);
        let long = "川は外側の岸を速く削るため、{{場所}}で曲がります。👩‍🔬 {{family}} e\u{301}. ".repeat(30);
        stage.event(Event::Paste { text: long, dropped: 0 });
        stage.keys("<tab>");
        for n in 0..9 {
            stage.keys(&format!("行 {n} — \u{5e2}\u{5d1}\u{5e8}<alt+enter>"));
        }
        stage.keys("<down><down>");
    });
}

#[test]
fn the_settings_stand_beside_the_prompt() {
    shoot("prompt-settings", |stage| {
        opened(stage, letter(), Vec::new());
        stage.keys("<ctrl+o>jjj");
    });
}

#[test]
fn what_the_keys_of_the_library_do_is_shown_while_they_are_its() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("Hello {{name}}");
    assert!(!stage.text().contains("/ narrow"), "these keys type: {}", stage.text());
    stage.keys("<shift+tab>");
    let text = stage.text();
    assert!(text.contains("/ narrow · n new") && !text.contains("v diff"), "nothing to compare with: {text}");
    stage.keys("<tab>");
    assert!(!stage.text().contains("/ narrow"), "{}", stage.text());
}

#[test]
fn two_hundred_prompts_are_narrowed_by_typing() {
    shoot("prompt-many", |stage| {
        stage.keys("<alt+5>");
        stage.answer("recall", vec![Reply::Remembered { value: None }]);
        let prompts =
            (0..200).map(|n| prompt(n, &format!("Prompt number {n}"), i64::from(n) * 50, 1)).collect();
        stage.answer("\"list\"", vec![Reply::Prompts { prompts }]);
        stage.answer("load_draft", vec![Reply::Sketch { draft: Sketch::default() }]);
        stage.keys("<shift+tab>G/19");
    });
}

#[test]
fn a_name_and_a_note_are_asked_for_and_a_removal_is_confirmed() {
    let mut stage = Stage::settled(80, 24, "dark");
    arrive(&mut stage);
    stage.keys("Hello {{a}}<alt+w>Greeting");
    insta::assert_snapshot!("prompt-save-as", stage.text());
    let mut stage = Stage::settled(80, 24, "dark");
    opened(&mut stage, letter(), Vec::new());
    stage.keys("!<alt+w>louder");
    insta::assert_snapshot!("prompt-note", stage.text());
    let mut stage = Stage::settled(80, 24, "dark");
    opened(&mut stage, letter(), Vec::new());
    stage.keys("<ctrl+b>x");
    insta::assert_snapshot!("prompt-remove", stage.text());
}

#[test]
fn a_tiny_screen_draws_no_prompt_and_loses_none() {
    let mut stage = Stage::settled(30, 8, "dark");
    opened(&mut stage, letter(), Vec::new());
    stage.keys(" more<tab>x<tab><tab><ctrl+o><esc><alt+v>");
    insta::assert_snapshot!("prompt-30x8", stage.text());
    for (width, height) in [(1, 1), (0, 0), (61, 5), (20, 40), (101, 3), (140, 20)] {
        stage.event(Event::Resize { width, height });
        stage.text();
        stage.keys("<tab><down><pagedown>");
        stage.text();
    }
    stage.event(Event::Resize { width: 80, height: 24 });
    stage.keys("<alt+1><alt+5><esc><esc>");
    assert!(stage.text().contains("more"), "{}", stage.text());
}
