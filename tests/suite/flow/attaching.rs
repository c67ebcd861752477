//! Files that go with a message.

use outcrop::domain::attachment::{Attachment, fenced};
use outcrop::domain::completion::{Completion, Name};
use outcrop::domain::message::{BlobId, Block, FileFacts, Message, Outcome, Role};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::Start;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Clipped, Event};
use outcrop::tui::keymap::Keymap;
use outcrop::tui::pane::chat::Focus;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::{Reply, Request};

use crate::stage::{COMPLETE, Stage, answer, head, message, options};

fn picture() -> Block {
    Block::Image { media_type: "image/png".into(), blob: BlobId("00".repeat(16)), file: None }
}

fn attached(name: &str) -> Vec<Reply> {
    let attachment = Attachment { name: name.to_owned(), bytes: Some(212_000), block: picture() };
    vec![Reply::Attached { attachment }]
}

/// The files that were asked for.
fn files(effects: &[Effect]) -> Vec<String> {
    let requests = Stage::requests(effects).into_iter();
    let files = requests.filter_map(|request| match request {
        Request::Chat(Chat::Attach { file }) => Some(file.display().to_string()),
        _ => None,
    });
    files.collect()
}

fn sent(effects: &[Effect]) -> Option<Vec<Block>> {
    Stage::requests(effects).into_iter().find_map(|request| match request {
        Request::Chat(Chat::Send { blocks, .. }) => Some(blocks),
        _ => None,
    })
}

fn text(text: &str) -> Block {
    Block::Text { text: text.to_owned() }
}

fn missing(stage: &mut Stage) {
    let task = stage.task("attach");
    let error = Error::new(ErrorKind::NotFound, "attaching it", "there is no such file", "");
    stage.event(Event::Ended { task, error: Some(error) });
}

#[test]
fn a_file_that_is_named_in_the_text_becomes_a_chip_and_is_sent_where_it_stands() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(files(&stage.keys("what is @pics/a.png and")), ["/home/ada/rivers/pics/a.png"]);
    stage.keys(" why");
    assert!(stage.text().contains("what is [@a.png · reading…] and why"), "{}", stage.text());
    stage.answer("attach", attached("a.png"));
    assert!(stage.text().contains("what is [@a.png · 212 kB] and why"), "{}", stage.text());
    stage.keys("?");
    assert!(stage.text().contains("and why?"), "the caret stayed where the person writes");
    let blocks = sent(&stage.keys("<enter>")).unwrap();
    assert_eq!(blocks, [text("what is "), picture(), text(" and why?")]);
}

#[test]
fn a_message_waits_for_the_file_that_it_ends_with() {
    let mut stage = Stage::settled(120, 40, "dark");
    let effects = stage.keys("look at @~/a.png!<enter>");
    assert_eq!((files(&effects), sent(&effects)), (vec!["/home/ada/a.png".to_owned()], None));
    let task = stage.task("attach");
    stage.reply("attach", attached("a.png"));
    let effects = stage.event(Event::Ended { task, error: None });
    assert_eq!(sent(&effects).unwrap(), [text("look at "), picture(), text("!")]);
}

#[test]
fn a_word_that_names_no_file_stays_a_word_and_is_sent_as_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(files(&stage.keys("ask @ada.lovelace, ")).len(), 1);
    missing(&mut stage);
    assert!(stage.text().contains("@ada.lovelace is no file here; it is sent as text."), "{}", stage.text());
    let effects = stage.keys("please<enter>");
    assert_eq!((files(&effects).len(), sent(&effects)), (0, Some(vec![text("ask @ada.lovelace, please")])));
}

#[test]
fn a_picture_that_is_dropped_on_the_terminal_is_attached_and_a_path_in_a_text_is_not() {
    let mut stage = Stage::settled(120, 40, "dark");
    let drop = |path: &str| Event::Paste { text: path.to_owned(), dropped: 0 };
    assert_eq!(files(&stage.event(drop("'/tmp/my pic.png' "))), ["/tmp/my pic.png"]);
    assert!(stage.text().contains("[@my pic.png · reading…]"), "{}", stage.text());
    stage.keys("?<left>");
    stage.answer("attach", attached("my pic.png"));
    assert!(stage.text().contains("[@my pic.png · 212 kB]?"), "{}", stage.text());
    stage.keys("<delete>");
    assert!(files(&stage.event(drop("see /etc/hosts "))).is_empty());
    assert!(stage.text().contains("kB]see /etc/hosts"), "{}", stage.text());
    assert_eq!(files(&stage.event(drop("/gone.png"))), ["/gone.png"]);
    missing(&mut stage);
    assert!(stage.text().contains("see /etc/hosts /gone.png"), "what is no file is pasted: {}", stage.text());
}

#[test]
fn several_files_that_are_dropped_at_once_are_chips_in_their_order_and_what_is_none_is_text() {
    let mut stage = Stage::settled(120, 40, "dark");
    let dropped = "/tmp/my pic.png\n/tmp/gone.md /tmp/notes".to_owned();
    assert_eq!(files(&stage.event(Event::Paste { text: dropped, dropped: 0 })), ["/tmp/my pic.png"]);
    let task = stage.task("attach");
    let effects = stage.event(Event::Replies { task, replies: attached("my pic.png") });
    assert_eq!(files(&effects), ["/tmp/gone.md"]);
    let chips = "[@gone.md · reading…] [@notes · reading…]";
    assert!(stage.text().contains(chips), "{}", stage.text());
    let enter = stage.keys("<enter>");
    assert_eq!(sent(&enter), None, "the rest is waited for");
    assert!(stage.text().contains("It is sent as soon as its files are read."), "{}", stage.text());
    stage.event(Event::Ended { task, error: None });
    let task = stage.task("attach");
    let error = Error::new(ErrorKind::NotFound, "attaching it", "there is no such file", "");
    assert_eq!(files(&stage.event(Event::Ended { task, error: Some(error) })), ["/tmp/notes"]);
    let task = stage.task("attach");
    stage.reply("attach", attached("notes"));
    let effects = stage.event(Event::Ended { task, error: None });
    assert_eq!(sent(&effects).unwrap(), [picture(), text("\n/tmp/gone.md "), picture()]);
}

#[test]
fn what_cannot_be_read_is_text_again_where_it_stood_and_the_message_waits() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("see @big.png and<enter>");
    let task = stage.task("attach");
    let why = "it is larger than 32 MB";
    let error = Error::new(ErrorKind::Invalid, "attaching big.png", why, "Scale it down.");
    let effects = stage.event(Event::Ended { task, error: Some(error) });
    assert_eq!(sent(&effects), None);
    assert!(stage.text().contains("see @big.png and"), "{}", stage.text());
    assert!(stage.text().contains("Scale it down."), "{}", stage.text());
}

#[test]
fn a_chip_that_is_taken_out_while_its_file_is_read_stays_out() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("see @a.png ");
    let task = stage.task("attach");
    assert_eq!(stage.state.chat.composer.draft().text, "see @a.png ", "what is kept is what was written");
    stage.keys("<backspace><backspace>");
    stage.event(Event::Replies { task, replies: attached("a.png") });
    stage.event(Event::Ended { task, error: None });
    assert_eq!(stage.state.chat.composer.draft().text, "see ", "who takes the chip out wants no file");
    stage.keys("<alt+z>");
    assert!(stage.text().contains("see [@a.png · 212 kB]"), "{}", stage.text());
}

#[test]
fn a_name_with_blanks_or_in_brackets_is_read_once_it_is_whole() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert!(files(&stage.keys("see @\"pics/my ")).is_empty());
    assert_eq!(files(&stage.keys("a.png\" ")), ["/home/ada/rivers/pics/my a.png"]);
    stage.answer("attach", attached("my a.png"));
    assert!(stage.text().contains("see [@my a.png · 212 kB]"), "{}", stage.text());
    assert!(files(&stage.keys("@pics/my\\ ")).is_empty());
    assert_eq!(files(&stage.keys("b.png ")), ["/home/ada/rivers/pics/my b.png"]);
    stage.answer("attach", attached("my b.png"));
    assert_eq!(files(&stage.keys("(@notes.md) ")), ["/home/ada/rivers/notes.md"]);
    stage.answer("attach", attached("notes.md"));
    assert!(stage.text().contains("[@my b.png · 212 kB] ([@notes.md · 212 kB])"), "{}", stage.text());
}

#[test]
fn a_file_that_a_pasted_text_names_is_not_read() {
    let mut stage = Stage::settled(120, 40, "dark");
    let text = "run this: @~/.aws/credentials, it helps";
    assert!(files(&stage.event(Event::Paste { text: text.to_owned(), dropped: 0 })).is_empty());
    let effects = stage.keys(" ok<enter>");
    assert!(files(&effects).is_empty());
    assert_eq!(sent(&effects), Some(vec![self::text(&format!("{text} ok"))]));
}

#[test]
fn a_file_that_a_text_names_which_is_taken_up_again_is_seen_before_it_is_sent() {
    let mut stage = Stage::settled(120, 40, "dark");
    let said = "run this: @~/.aws/credentials, it helps";
    stage.open(vec![message(1, None, Role::User, said), answer(2, Some(1), "No.", COMPLETE)]);
    let effects = stage.keys("<tab>e<enter>");
    assert_eq!((files(&effects).len(), sent(&effects)), (1, None));
    let task = stage.task("attach");
    stage.reply("attach", attached("credentials"));
    let effects = stage.event(Event::Ended { task, error: None });
    assert_eq!(sent(&effects), None, "it may have been pasted, by who wanted nothing of the file");
    let shown = stage.text();
    assert!(
        shown.contains("[@credentials · 212 kB]") && shown.contains("once you send that again"),
        "{shown}"
    );
    assert_eq!(sent(&stage.keys("<enter>")).unwrap()[1], picture());
}

#[test]
fn a_word_that_is_taken_up_again_and_names_no_file_is_sent_at_once() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "ask @ada.l now"), answer(2, Some(1), "No.", COMPLETE)]);
    assert_eq!(sent(&stage.keys("<tab>e<enter>")), None);
    let task = stage.task("attach");
    let error = Error::new(ErrorKind::NotFound, "attaching it", "there is no such file", "");
    let effects = stage.event(Event::Ended { task, error: Some(error) });
    assert_eq!(sent(&effects), Some(vec![text("ask @ada.l now")]));
}

#[test]
fn a_file_can_be_asked_for_and_the_box_stays_until_it_is_read() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+a>");
    assert!(stage.text().contains("Attach a file"), "{}", stage.text());
    assert_eq!(files(&stage.keys("notes.bin<enter>")), ["/home/ada/rivers/notes.bin"]);
    assert!(stage.text().contains("reading…"), "{}", stage.text());
    assert!(files(&stage.keys("<enter>")).is_empty(), "once is enough");
    missing(&mut stage);
    let text = stage.text();
    assert!(text.contains("notes.bin") && text.contains("there is no such file"), "{text}");
    assert_eq!(
        files(&stage.keys("<backspace><backspace><backspace>md<enter>")),
        ["/home/ada/rivers/notes.md"]
    );
    stage.answer("attach", attached("notes.md"));
    let text = stage.text();
    assert!(text.contains("[@notes.md · 212 kB]") && !text.contains("Attach a file"), "{text}");
    stage.keys("<alt+a>a.png<enter><esc>");
    stage.answer("attach", attached("a.png"));
    assert!(!stage.text().contains("a.png"), "who left the box wants no file: {}", stage.text());
}

/// The folder and the beginning that were looked up.
fn looked_up(effects: &[Effect]) -> Option<(String, String)> {
    Stage::requests(effects).into_iter().find_map(|request| match request {
        Request::Chat(Chat::Complete { folder, start }) => Some((folder.display().to_string(), start)),
        _ => None,
    })
}

fn found(common: &str, names: &[&str]) -> Vec<Reply> {
    let name =
        |name: &&str| Name { name: name.trim_end_matches('/').to_owned(), folder: name.ends_with('/') };
    let names: Vec<_> = names.iter().map(name).collect();
    let found = Completion { common: common.to_owned(), count: names.len(), names };
    vec![Reply::Completion { found }]
}

fn pair(folder: &str, start: &str) -> (String, String) {
    (folder.to_owned(), start.to_owned())
}

#[test]
fn tab_goes_on_with_a_path_as_a_shell_does_and_the_whole_name_of_a_file_attaches_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(looked_up(&stage.keys("see @pi<tab>")), Some(pair("/home/ada/rivers/", "pi")));
    stage.answer("complete", found("pictures of rivers", &["pictures of rivers/"]));
    assert!(stage.text().contains("see @pictures\\ of\\ rivers/"), "{}", stage.text());
    assert_eq!(looked_up(&stage.keys("<tab>")), Some(pair("/home/ada/rivers/pictures of rivers/", "")));
    stage.answer("complete", found("", &["delta.png", "mouth (1)", "old/"]));
    assert!(stage.text().contains("delta.png  mouth (1)  old/"), "{}", stage.text());
    assert_eq!(looked_up(&stage.keys("m<tab>")), Some(pair("/home/ada/rivers/pictures of rivers/", "m")));
    assert!(!stage.text().contains("delta.png"), "what was typed since is another question");
    let task = stage.task("complete");
    let replies = found("mouth (1)", &["mouth (1)"]);
    let effects = stage.event(Event::Replies { task, replies });
    assert_eq!(files(&effects), ["/home/ada/rivers/pictures of rivers/mouth (1)"]);
    assert!(stage.text().contains("see [@mouth (1) · reading…]"), "{}", stage.text());
    missing(&mut stage);
    assert!(stage.text().contains("see @\"pictures of rivers/mouth (1)\""), "{}", stage.text());
}

#[test]
fn an_answer_to_what_is_no_longer_written_changes_nothing_and_what_is_not_there_is_said() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(looked_up(&stage.keys("@~/no<tab>")), Some(pair("/home/ada/", "no")));
    stage.keys("x");
    stage.answer("complete", found("notes.md", &["notes.md"]));
    assert!(stage.text().contains("@~/nox"), "{}", stage.text());
    stage.keys("<tab>");
    stage.answer("complete", found("nox", &[]));
    assert!(stage.text().contains("Nothing there begins with nox."), "{}", stage.text());
    stage.keys("/<tab>");
    let task = stage.task("complete");
    let error = Error::new(ErrorKind::NotFound, "looking into /home/ada/nox/", "it is not there", "");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("looking into /home/ada/nox/"), "{}", stage.text());
}

#[test]
fn tab_elsewhere_goes_to_the_next_area_as_before() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(looked_up(&stage.keys("ada@example <tab>")), None);
    assert_ne!(stage.state.chat.focus, Focus::Composer);
}

#[test]
fn tab_completes_in_the_box_too() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(looked_up(&stage.keys("<alt+a>/etc/ho<tab>")), Some(pair("/etc/", "ho")));
    stage.answer("complete", found("host", &["host.conf", "hostname", "hosts"]));
    let text = stage.text();
    assert!(text.contains("▌ /etc/host ") && text.contains("host.conf  hostname  hosts"), "{text}");
    assert_eq!(looked_up(&stage.keys("s<tab>")), Some(pair("/etc/", "hosts")));
    stage.answer("complete", found("hosts", &["hosts"]));
    assert_eq!(files(&stage.keys("<enter>")), ["/etc/hosts"]);
}

#[test]
fn a_chip_goes_with_one_key_and_comes_back_with_undo_and_an_edit_brings_the_files_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.event(Event::Paste { text: "/tmp/a.png".into(), dropped: 0 });
    stage.answer("attach", attached("a.png"));
    stage.keys("<backspace>");
    assert!(stage.state.chat.composer.is_empty());
    stage.keys("<alt+z>");
    assert!(stage.text().contains("[@a.png · 212 kB]"), "{}", stage.text());
}

#[test]
fn a_file_of_the_message_stays_one_in_the_editor_and_in_what_was_written_before() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("what is @a.png ");
    stage.answer("attach", attached("a.png"));
    let effects = stage.keys("?<ctrl+g>");
    let words = "what is [@a.png · 212 kB] ?";
    assert!(effects.contains(&Effect::Edit(words.into())), "{effects:?}");
    stage.event(Event::Edited(Ok("Say, [@a.png · 212 kB]: what is it?\n".into())));
    let blocks = [text("Say, "), picture(), text(": what is it?")];
    assert_eq!(sent(&stage.keys("<enter>")).unwrap(), blocks);
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("what is @a.png ");
    stage.answer("attach", attached("a.png"));
    stage.keys("<ctrl+c><ctrl+r><enter>");
    assert_eq!(sent(&stage.keys("<enter>")).unwrap(), [text("what is "), picture()]);
}

#[test]
fn a_file_that_a_text_from_the_editor_names_is_seen_before_it_is_sent() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.event(Event::Edited(Ok("run this: @~/.aws/credentials, it helps".into())));
    let effects = stage.keys("<enter>");
    assert_eq!((files(&effects).len(), sent(&effects)), (1, None));
    let task = stage.task("attach");
    stage.reply("attach", attached("credentials"));
    assert_eq!(sent(&stage.event(Event::Ended { task, error: None })), None, "it may have been pasted there");
    assert!(stage.text().contains("once you send that again"), "{}", stage.text());
    assert_eq!(sent(&stage.keys("<enter>")).unwrap()[1], picture());
}

/// A conversation that begins with a text file, words, and a picture.
pub fn files_sent() -> Vec<Message> {
    let mut asked = message(1, None, Role::User, "");
    let facts = FileFacts { name: "mouth.png".into(), bytes: 212_000 };
    asked.blocks = vec![
        text(&fenced("many.txt", &"one line of many\n".repeat(404))),
        text(" sum it up, and say what "),
        Block::Image { media_type: "image/png".into(), blob: BlobId("00".repeat(16)), file: Some(facts) },
        text(" shows"),
    ];
    vec![asked, answer(2, Some(1), "It is a river.", COMPLETE)]
}

#[test]
fn files_that_were_sent_stay_chips_and_come_back_as_chips_where_the_message_is_edited() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(files_sent());
    let shown = stage.text();
    for words in ["[@many.txt · 6.9 kB · 404 lines] ›", "sum it up", "[@mouth.png · 212 kB]"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("one line of many"), "{shown}");
    stage.keys("<tab>g<space>");
    assert!(stage.text().contains("one line of many"), "it opens: {}", stage.text());
    stage.keys("e");
    let written = "[@many.txt · 6.9 kB] sum it up, and say what [@mouth.png · 212 kB] shows";
    assert!(stage.text().contains(written), "{}", stage.text());
    let sent = sent(&stage.keys("<enter>")).unwrap();
    assert_eq!(sent, files_sent()[0].blocks, "the same is sent again");
}

#[test]
fn a_picture_on_the_clipboard_becomes_a_file_of_the_message_and_a_text_is_pasted() {
    let mut stage = Stage::settled(120, 40, "dark");
    assert!(stage.keys("see <ctrl+v>").contains(&Effect::Paste));
    let effects = stage.event(Event::Clipboard(Ok(Clipped::Picture(b"\x89PNG".to_vec()))));
    let bytes = Chat::AttachBytes { name: "clipboard.png".into(), bytes: b"\x89PNG".to_vec() };
    assert_eq!(Stage::requests(&effects), [Request::Chat(bytes)]);
    assert!(stage.text().contains("see [@clipboard.png · reading…]"), "{}", stage.text());
    stage.answer("attach_bytes", attached("clipboard.png"));
    assert!(stage.text().contains("see [@clipboard.png · 212 kB]"), "{}", stage.text());
    assert!(stage.keys("<alt+v>").contains(&Effect::Paste));
    stage.event(Event::Clipboard(Ok(Clipped::Text(" as well".into()))));
    assert!(stage.text().contains("212 kB] as well"), "{}", stage.text());
    let error = Error::new(ErrorKind::Io, "pasting", "it is on another machine", "Write @path.");
    stage.event(Event::Clipboard(Err(error)));
    assert!(stage.text().contains("it is on another machine. Write @path."), "{}", stage.text());
    stage.event(Event::Clipboard(Ok(Clipped::Picture(b"\x89PNG".to_vec()))));
    let task = stage.task("attach_bytes");
    let error = Error::new(ErrorKind::Invalid, "attaching", "it is larger than 32 MB", "Scale it down.");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("Scale it down.") && !text.contains("reading…"), "{text}");
}

#[test]
fn what_refused_a_file_says_the_ways_on_with_the_keys_that_they_have_now() {
    let refused = |kind| {
        let hint = "Ask a model that sees pictures.";
        Outcome::Failed { error: Error::new(kind, "asking x", "it sees no pictures", hint) }
    };
    let vision = || ErrorKind::Refused { capability: "vision".into() };
    let mut options = options("dark");
    let moved = [("edit_message", ["Z".to_owned()]), ("choose_model", ["f7".to_owned()])];
    options.keymap = Keymap::with(moved.iter().map(|(action, keys)| (*action, &keys[..]))).unwrap();
    let opened = |messages: Vec<Message>| {
        let mut stage = Stage::made(120, 40, options.clone(), Start::default());
        stage.settle();
        stage.open(messages);
        stage
    };
    let mut seen = message(1, None, Role::User, "what is it?");
    seen.blocks.push(picture());
    let ways = "F7 chooses another model; Tab, then Z on the";
    let shown = |stage: &mut Stage| stage.text().matches(ways).count();
    let mut stage = opened(vec![
        seen.clone(),
        answer(2, Some(1), "", refused(vision())),
        message(3, Some(2), Role::User, "and now?"),
        answer(4, Some(3), "", refused(ErrorKind::Invalid)),
    ]);
    assert_eq!(shown(&mut stage), 2, "it blocks every message below it: {}", stage.text());
    assert!(stage.text().contains("Ask a model that sees pictures. F7 chooses"), "{}", stage.text());
    // What comes while one looks on, too; other failures say nothing of it, nor do branches without a file.
    let mut stage = opened(vec![seen, answer(2, Some(1), "a hill", COMPLETE)]);
    stage.keys("more<enter>");
    let started = |n| Reply::Started {
        conversation: head(1, "Why rivers meander", 0),
        asked: Some(message(n, Some(2), Role::User, "more")),
        answer: answer(n + 1, Some(n), "", Outcome::Streaming),
    };
    let ended = |n, kind| Reply::Finished { answer: answer(n + 1, Some(n), "", refused(kind)) };
    stage.answer("\"send\"", vec![started(5), ended(5, vision())]);
    assert_eq!(shown(&mut stage), 1, "{}", stage.text());
    let mut stage =
        opened(vec![message(1, None, Role::User, "hi"), answer(2, Some(1), "", refused(ErrorKind::Invalid))]);
    assert_eq!(shown(&mut stage), 0, "{}", stage.text());
}
