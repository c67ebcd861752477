//! What lies around a conversation: notices, the palette, dialogs, the last line of the screen.

use outcrop::domain::change::Changed;
use outcrop::domain::message::Role;
use outcrop::domain::workspace::Difference;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::Start;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Copied, Event};
use outcrop::tui::keymap::Keymap;
use outcrop::workbench::Reply;

use crate::stage::{COMPLETE, Stage, answer, message, options};

/// The last line of the picture.
fn footer(stage: &mut Stage) -> String {
    stage.text().lines().rev().nth(1).unwrap().to_owned()
}

fn bad() -> Event {
    let hint =
        "Close one of them, or free some space on the disk that holds the conversations, then try again.";
    Event::Copied(Err(Error::new(ErrorKind::Full, "copying the answer", "no program took it", hint)))
}

#[test]
fn good_news_goes_by_itself_or_with_a_key_and_bad_news_stays_until_one() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.event(Event::Copied(Ok(Copied::Clipboard)));
    assert!(stage.text().contains("Copied."));
    stage.pass(3000);
    assert!(!stage.text().contains("Copied."));
    stage.event(Event::Copied(Ok(Copied::Clipboard)));
    stage.pass(1000);
    stage.keys("x");
    assert!(!stage.text().contains("Copied."));
    stage.event(bad());
    stage.pass(60_000);
    let text = stage.text();
    assert!(text.contains("copying the answer") && text.contains("then try again."), "{text}");
    stage.keys("x");
    assert!(!stage.text().contains("copying the answer"));
    stage.keys("<ctrl+p>past<enter>");
    let text = stage.text();
    assert!(
        ["Past notices", "copying the answer", "try again.", "Copied."]
            .iter()
            .all(|said| text.contains(said)),
        "{text}"
    );
}

#[test]
fn whatever_is_said_the_key_that_stops_stays_in_sight() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.ask("why?");
    stage.event(Event::Copied(Ok(Copied::Clipboard)));
    let line = footer(&mut stage);
    assert!(line.contains("Esc stop") && stage.text().contains("Copied."), "{}", stage.text());
    stage.event(bad());
    assert!(footer(&mut stage).contains("Esc stop"), "{}", stage.text());
    assert!(stage.text().contains("local/smollm2-135m"), "the composer is above it, not below");
}

#[test]
fn the_keys_that_change_a_value_are_told_of_what_they_change() {
    let mut stage = Stage::settled(200, 40, "dark");
    stage.keys("<ctrl+o>");
    let line = footer(&mut stage);
    assert!(line.contains("Enter change") && !line.contains("less") && !line.contains("default"), "{line}");
    stage.keys("jjj");
    let line = footer(&mut stage);
    assert!(["less", "more", "default"].iter().all(|word| line.contains(word)), "{line}");
}

#[test]
fn a_notice_hides_no_key_that_is_needed() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        stage.event(Event::Copied(Ok(Copied::SentToTerminal)));
        let line = footer(&mut stage);
        assert!(line.contains("Enter send") && line.contains("help"), "{width}: {line}");
        assert!(stage.text().contains("terminal knows."), "{}", stage.text());
    }
}

#[test]
fn a_notice_takes_no_hint_s_room_in_any_place_and_stands_beside_them_where_all_fit() {
    for (width, height) in [(60, 20), (80, 24), (120, 40), (240, 70)] {
        for place in 1..=9 {
            let mut stage = Stage::settled(width, height, "dark");
            stage.keys(&format!("<alt+{place}>"));
            let before = footer(&mut stage);
            stage.event(Event::Copied(Ok(Copied::Clipboard)));
            let (after, text) = (footer(&mut stage), stage.text());
            let parts = before.split(" · ").flat_map(|part| part.split("  ")).map(str::trim);
            for part in parts.filter(|part| !part.is_empty()) {
                assert!(after.contains(part), "{width}, place {place}: {part}: {text}");
            }
            let lines: Vec<&str> = text.lines().collect();
            let above = lines[lines.len() - 3];
            assert!(above.starts_with(" Copied.") || after.contains("Copied."), "{text}");
        }
    }
    let mut stage = Stage::settled(240, 70, "dark");
    stage.event(Event::Copied(Ok(Copied::Clipboard)));
    assert!(footer(&mut stage).starts_with(" Copied."), "{}", stage.text());
}

#[test]
fn the_palette_says_the_key_that_works_here_and_finds_by_the_name_in_the_configuration() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+p>show every");
    assert!(stage.text().contains(" F1 │") && !stage.text().contains(": F1"), "{}", stage.text());
    stage.keys("<ctrl+u>start a new conv");
    assert!(stage.text().contains("Ctrl+N │"), "{}", stage.text());
    stage.keys("<ctrl+u>edit_in_editor");
    assert!(stage.text().contains("Write in your editor"), "{}", stage.text());
    stage.keys("<esc><ctrl+p>send the");
    assert!(stage.text().contains("Enter │"), "what has its place here can be done too: {}", stage.text());
}

#[test]
fn a_second_press_in_the_question_quits_and_leaving_it_stays() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.ask("why?");
    let quits = |effects: &[Effect]| {
        effects.iter().any(|e| {
            matches!(e, Effect::Quit | Effect::After { timer: outcrop::tui::effect::TimerId("leave"), .. })
        })
    };
    assert!(!quits(&stage.keys("<ctrl+q>")));
    assert!(stage.text().contains("q stop and quit   Esc stay here"), "{}", stage.text());
    assert!(!quits(&stage.keys("<esc>")));
    assert!(!stage.text().contains("stay here"));
    assert!(quits(&stage.keys("<ctrl+q><ctrl+q>")));
}

#[test]
fn what_holds_everywhere_holds_in_dialogs_where_its_key_means_nothing_else() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    stage.keys("<alt+s>a long prompt<ctrl+n>");
    assert!(stage.state.overlays.is_empty());
    assert!(stage.text().contains("New con"), "{}", stage.text());
    let effects = stage.keys("<ctrl+p><ctrl+z>");
    assert!(effects.contains(&Effect::Suspend));
    assert!(stage.keys("<ctrl+q>").contains(&Effect::Quit) || stage.text().contains("Actions"));
}

#[test]
fn a_moved_key_is_told_true_in_every_hint() {
    let moved = [("cancel", "f7"), ("accept", "f8"), ("back", "f9"), ("interrupt", "f10"), ("send", "f12")];
    let moved = moved.map(|(action, key)| (action, [key.to_owned()]));
    let mut options = options("dark");
    options.keymap = Keymap::with(moved.iter().map(|(action, keys)| (*action, &keys[..]))).unwrap();
    let mut stage = Stage::made(120, 40, options, Start::default());
    stage.settle();
    assert!(footer(&mut stage).contains("F12 send"));
    stage.keys("<alt+s>");
    let line = footer(&mut stage);
    assert!(line.contains("F8 take it") && line.contains("F7 leave it"), "{line}");
    stage.keys("<f7><f10>");
    assert!(footer(&mut stage).contains("F10 again quits."));
}

#[test]
fn a_question_has_its_keys_in_the_last_line_as_every_dialog_has() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.open(vec![message(1, None, Role::User, "hi"), answer(2, Some(1), "ho", COMPLETE)]);
    stage.keys("<tab><tab>x");
    let line = footer(&mut stage);
    assert!(line.contains("d delete it · Esc keep it"), "{line}\n{}", stage.text());
}

#[test]
fn a_text_that_is_to_be_dropped_names_the_key_that_drops_it() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.keys("<ctrl+o><end><up><up><enter>{<esc>");
    assert!(stage.text().contains("Esc once more drops what was changed."), "{}", stage.text());
    stage.keys("}");
    assert!(!stage.text().contains("once more"), "{}", stage.text());
    stage.keys("<esc><esc>");
    assert!(stage.state.overlays.is_empty(), "{}", stage.text());
}

#[test]
fn a_system_prompt_that_comes_back_says_the_key_that_brings_the_one_in_use() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+s>Half<esc><alt+s>");
    let shown = stage.text();
    assert!(shown.contains("did not take; Ctrl+_ brings the one in use"), "{shown}");
}

#[test]
fn a_screen_says_that_it_records_only_where_the_owner_does() {
    let mut options = options("dark");
    options.recording = true;
    let mut stage = Stage::made(100, 24, options, Start::default());
    stage.settle();
    assert!(!stage.text().contains("● rec"), "nobody has said so yet");
    let differences = |in_force: Option<&str>| {
        let told = Some("\"mine\"".to_owned());
        let record = Difference { key: "record".into(), told, in_force: in_force.map(str::to_owned) };
        vec![Reply::Differences { owner: 7, differences: vec![record] }]
    };
    stage.answer("\"compare\"", differences(None));
    let text = stage.text();
    assert!(
        !text.contains("● rec") && text.contains("process 7") && text.contains("record is not set"),
        "{text}"
    );
    let change = Changed::Models;
    stage.reply("\"topic\":\"models\"", vec![Reply::Changed { number: 1, change }]);
    stage.answer("\"compare\"", differences(Some("\"theirs\"")));
    assert!(stage.text().contains("● rec"), "{}", stage.text());
}
