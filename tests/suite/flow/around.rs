//! What lies around a conversation: notices, the palette, dialogs, the last line of the screen.

use outcrop::domain::change::Changed;
use outcrop::domain::message::Role;
use outcrop::domain::workspace::Difference;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::Start;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Button, Copied, Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;
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
    assert!(stage.text().contains("local/smollm2-135m"), "the composer is below it, not under it");
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
        let said = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("terminal knows."), "{}", stage.text());
    }
}

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 40), (240, 70)];

#[test]
fn what_only_confirms_covers_no_row_of_any_place_and_no_hint() {
    for (width, height) in SIZES {
        for place in 1..=9 {
            let mut stage = Stage::settled(width, height, "dark");
            stage.keys(&format!("<alt+{place}>"));
            let (before, hints) = (stage.text(), footer(&mut stage));
            stage.event(Event::Copied(Ok(Copied::Clipboard)));
            let (after, text) = (footer(&mut stage), stage.text());
            let parts = hints.split(" · ").flat_map(|part| part.split("  ")).map(str::trim);
            for part in parts.filter(|part| !part.is_empty()) {
                assert!(after.contains(part), "{width}, place {place}: {part}: {text}");
            }
            let rows = |text: &str| text.lines().take(height.into()).map(str::to_owned).collect::<Vec<_>>();
            let (was, is) = (rows(&before), rows(&text));
            let other: Vec<usize> = (0..was.len()).filter(|at| was[*at] != is[*at]).collect();
            let ends = [0, usize::from(height) - 1];
            assert!(matches!(other[..], [at] if ends.contains(&at) && is[at].contains("Copied.")), "{text}");
        }
    }
    let mut stage = Stage::settled(240, 70, "dark");
    stage.event(Event::Copied(Ok(Copied::Clipboard)));
    assert!(footer(&mut stage).contains("F1 help   Copied."), "{}", stage.text());
}

#[test]
fn no_hint_moves_by_a_notice() {
    let said = [Ok(Copied::Clipboard), Ok(Copied::SentToTerminal)].map(Event::Copied);
    for (width, height) in SIZES {
        for event in said.iter().chain(&[bad()]) {
            for keys in (1..=9).map(|place| format!("<alt+{place}>")).chain(["<f1>".to_owned()]) {
                let mut stage = Stage::settled(width, height, "dark");
                stage.keys(&keys);
                let before = stage.picture();
                stage.event(event.clone());
                let after = stage.picture();
                let at = |x| (x, height - 1);
                let moved = (0..width).find(|x| {
                    let was = before[at(*x)].symbol();
                    was != " " && was != after[at(*x)].symbol()
                });
                assert_eq!(moved, None, "{keys}: {}", stage.text());
            }
        }
    }
}

#[test]
fn a_notice_cuts_no_rule_beside_a_list_where_there_is_room_for_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    let before = stage.picture();
    let rows = 1..39_u16;
    let is_rule = |x: &u16| rows.clone().all(|y| before[(*x, y)].symbol() == "│");
    let rule = (0..120).find(is_rule).expect("the list stands beside the conversation");
    stage.event(Event::Copied(Ok(Copied::SentToTerminal)));
    let after = stage.picture();
    let text = stage.text();
    assert!(text.contains("terminal knows."), "{text}");
    for (x, y) in rows.flat_map(|y| (0..=rule).map(move |x| (x, y))) {
        assert_eq!(before[(x, y)], after[(x, y)], "{x}, {y}: {text}");
    }
}

#[test]
fn a_notice_leaves_the_line_in_sight_that_a_list_is_searched_by() {
    // The row above the hints, which may name the same key.
    let ends_in = |text: &str, line: &str| text.lines().rev().nth(2).unwrap().trim_start().starts_with(line);
    for (width, height) in SIZES {
        for (place, line) in [(1, "/ search"), (5, "/ narrow")] {
            let mut stage = Stage::settled(width, height, "dark");
            stage.keys(&format!("<alt+{place}>"));
            // One says how it is searched only while it has the keys.
            for key in ["<tab>", "<tab>", "<tab>", "<ctrl+b>"] {
                if !ends_in(&stage.text(), line) {
                    stage.keys(key);
                }
            }
            assert!(ends_in(&stage.text(), line), "{}", stage.text());
            stage.event(bad());
            let text = stage.text();
            assert!(ends_in(&text, line) && text.contains("copying the answer"), "{text}");
        }
    }
}

#[test]
fn a_notice_keeps_off_the_row_that_is_chosen_where_it_has_no_ground_of_its_own_too() {
    for (name, no_color) in [("dark", false), ("terminal-dark", false), ("dark", true)] {
        let mut options = options(name);
        options.theme.no_color = no_color;
        let mut stage = Stage::made(60, 20, options, Start::default());
        stage.settle();
        stage.keys("<ctrl+o><end>");
        stage.pass(9000);
        let chosen = stage.text().lines().find(|line| line.starts_with('▌')).unwrap().to_owned();
        stage.event(bad());
        let text = stage.text();
        assert!(text.contains("copying the answer"), "{text}");
        assert!(text.lines().any(|line| line == chosen), "{name}, {no_color}: {chosen}: {text}");
    }
}

#[test]
fn a_press_is_for_a_notice_where_it_is_painted_and_nowhere_else() {
    let copied = || Event::Copied(Ok(Copied::Clipboard));
    let kind = MouseKind::Down(Button::Left);
    for (width, height) in SIZES {
        // At the end of the settings it goes out of the way of the row that is chosen.
        let ends = "<ctrl+o><end>";
        for (keys, event) in [("", copied()), ("", bad()), (ends, bad()), ("<ctrl+o><end><up>", bad())] {
            let mut stage = Stage::settled(width, height, "dark");
            stage.keys(keys);
            // What the keys had to say goes.
            stage.pass(9000);
            let before = stage.picture();
            stage.event(event);
            stage.pass(1000);
            let after = stage.picture();
            let differs = |x: u16, y: u16| before[(x, y)] != after[(x, y)];
            let kept = stage.state.clone();
            for y in 0..height {
                let painted = (0..width).any(|x| differs(x, y));
                for x in (0..width).step_by(9) {
                    let (was, is) = (before[(x, y)].symbol(), after[(x, y)].symbol());
                    // A press on a hint is its key, and the end of a title gives way.
                    if y == 0 && (was != " " || matches!(is, " " | "…")) || y + 1 == height && !differs(x, y)
                    {
                        continue;
                    }
                    let modifiers = KeyModifiers::NONE;
                    stage.event(Event::Mouse(Mouse { kind, column: x, row: y, modifiers }));
                    let taken = stage.state.notices.now.is_none();
                    stage.state.clone_from(&kept);
                    let at = format!("{width}, {keys}: {x}, {y}");
                    assert!(taken || !differs(x, y), "{at}: painted, not pressed: {}", stage.text());
                    assert!(!taken || painted, "{at}: pressed, not painted: {}", stage.text());
                }
            }
        }
    }
}

#[test]
fn a_notice_that_is_cut_says_where_it_is_whole_and_a_press_on_it_shows_that() {
    let hint = "Close one of them, or free some space on the disk that holds the conversations. ".repeat(3);
    let error = Error::new(ErrorKind::Full, "copying the answer", "no program took it", hint + "Finally!");
    let mut stage = Stage::settled(60, 20, "dark");
    stage.event(Event::Copied(Err(error)));
    stage.pass(1000);
    let text = stage.text();
    assert!(text.contains("… whole in Ctrl+P, Show past notices") && !text.contains("Finally!"), "{text}");
    let row = text.lines().position(|line| line.contains("whole in Ctrl+P")).unwrap();
    let (kind, row) = (MouseKind::Down(Button::Left), u16::try_from(row).unwrap());
    stage.event(Event::Mouse(Mouse { kind, column: 3, row, modifiers: KeyModifiers::NONE }));
    let text = stage.text();
    assert!(text.contains("Past notices") && text.contains("Finally!"), "{text}");
    assert!(!text.contains("whole in"), "{text}");
}

#[test]
fn a_notice_stands_above_what_is_written_and_moves_nothing() {
    for place in [1, 2, 6] {
        let mut stage = Stage::settled(60, 20, "dark");
        stage.keys(&format!("<alt+{place}>hello"));
        let (before, caret) = (stage.text(), stage.caret());
        assert!(caret.is_some() && before.contains("hello"), "{before}");
        stage.event(bad());
        let text = stage.text();
        assert_eq!(stage.caret(), caret, "place {place}");
        let rows = before.lines().zip(text.lines()).take(20);
        let over: Vec<&str> = rows.filter(|(was, is)| was != is).map(|(_, is)| is).collect();
        assert!(over.len() <= 3 && over.concat().contains("copying the answer"), "{text}");
        assert!(text.contains("hello"), "{text}");
        stage.pass(1000);
        stage.keys("x<backspace>");
        assert_eq!(stage.text(), before, "what lay under it is there again");
    }
}

#[test]
fn a_press_on_a_notice_takes_it_away_and_means_nothing_of_what_lies_under_it() {
    let mut stage = Stage::settled(60, 20, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    let before = stage.text();
    stage.event(bad());
    stage.pass(1000);
    let text = stage.text();
    let row = text.lines().position(|line| line.contains("copying the answer")).unwrap();
    let (kind, row) = (MouseKind::Down(Button::Left), u16::try_from(row).unwrap());
    stage.event(Event::Mouse(Mouse { kind, column: 3, row, modifiers: KeyModifiers::NONE }));
    assert_eq!(stage.text(), before);
}

#[test]
fn a_notice_cuts_no_overlay_in_two_and_hides_neither_its_border_nor_what_moves_in_it() {
    let mut stage = Stage::settled(60, 20, "dark");
    stage.keys("<f1>");
    let before = stage.text();
    stage.event(bad());
    let text = stage.text();
    let rows = before.lines().zip(text.lines()).take(20).enumerate();
    let over: Vec<usize> = rows.filter(|(_, (was, is))| was != is).map(|(at, _)| at).collect();
    assert_eq!(over, [15, 16, 17], "{text}");
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        // Keys, the palette, models, a text that is written.
        for keys in ["<f1>", "<ctrl+p>", "<ctrl+l>", "<alt+s>one", "<ctrl+o>jjj<enter>"] {
            for event in [bad(), Event::Copied(Ok(Copied::SentToTerminal))] {
                let mut stage = Stage::settled(width, height, "dark");
                stage.keys(keys);
                stage.pass(9000);
                let (before, caret) = (stage.picture(), stage.caret());
                stage.event(event.clone());
                let (after, text) = (stage.picture(), stage.text());
                let at = format!("{width}, {keys}: {text}");
                assert!(text.contains("copying the answer") || text.contains("knows."), "{at}");
                let top = stage.state.overlays.last().map(|top| top.area(stage.state.area));
                let Some(area) = top else { continue };
                let edges = area.positions().filter(|at| {
                    let beside = at.x == area.left() || at.x + 1 == area.right();
                    beside || at.y == area.top() || at.y + 1 == area.bottom()
                });
                for edge in edges {
                    assert_eq!(before[edge], after[edge], "{edge:?}: {at}");
                }
                assert_eq!(stage.caret(), caret, "{at}");
                stage.pass(1000);
                stage.state.notices.now = None;
                assert_eq!(stage.picture(), before, "what lay under it is there again: {at}");
            }
        }
    }
}

#[test]
fn a_notice_leaves_the_line_in_sight_that_says_what_may_be_written() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        for event in [bad(), Event::Copied(Ok(Copied::SentToTerminal))] {
            let mut stage = Stage::settled(width, height, "dark");
            stage.keys("<ctrl+p>make a new agent<enter>tea shop");
            stage.pass(9000);
            let line = |text: &str| text.lines().position(|line| line.contains("TOML or JSON"));
            let (before, caret) = (line(&stage.text()), stage.caret());
            stage.event(event);
            let text = stage.text();
            assert!(text.contains("copying the answer") || text.contains("knows."), "{width}: {text}");
            assert!(before.is_some() && line(&text) == before, "{width}: {text}");
            assert_eq!(stage.caret(), caret, "{width}: {text}");
        }
    }
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

#[test]
fn a_key_of_a_place_leads_there_from_over_another_one_unless_something_waits_for_an_answer() {
    for over in ["<f1>", "<ctrl+p>", "<ctrl+l>"] {
        let mut stage = Stage::settled(120, 40, "dark");
        stage.keys(over);
        assert!(!stage.state.overlays.is_empty(), "{over}");
        stage.keys("<alt+7>");
        assert!(stage.state.overlays.is_empty(), "{over}");
        assert_eq!(stage.state.place, outcrop::tui::pane::Place::Models, "{over}");
    }
    // A name that was changed is not lost; one that was not goes.
    for (typed, gone) in [("r", true), ("rx", false)] {
        let mut stage = Stage::settled(120, 40, "dark");
        stage.keys(&format!("<tab>{typed}"));
        assert_eq!(stage.state.overlays.len(), 1, "{typed}");
        stage.keys("<alt+7>");
        assert_eq!(stage.state.overlays.is_empty(), gone, "{typed}: {}", stage.text());
    }
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("why?");
    stage.keys("<ctrl+q><alt+7>");
    assert_eq!(stage.state.overlays.len(), 1);
    assert_eq!(stage.state.place, outcrop::tui::pane::Place::Chat);
    let shown = stage.text();
    assert!(shown.contains("The question comes first: Esc leaves it."), "{shown}");
}

#[test]
fn a_step_back_at_the_top_of_the_chat_says_the_ways_as_in_the_other_places() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<esc>");
    let shown = stage.text();
    assert!(shown.contains("Alt+1…9 lead to the places, Ctrl+P to all else."), "{shown}");
}

#[test]
fn the_list_of_pictures_says_where_it_has_no_room() {
    let mut stage = Stage::settled(60, 20, "dark");
    stage.keys("<alt+6><ctrl+b>");
    let shown = stage.text();
    assert!(shown.contains("The list stands beside the pictures"), "{shown}");
}

#[test]
fn an_overlay_over_another_one_has_a_column_of_nothing_at_each_side() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.ask("why?");
    stage.keys("<ctrl+p><ctrl+q>");
    assert_eq!(stage.state.overlays.len(), 2);
    let shown = stage.text();
    let line = shown.lines().find(|line| line.contains("Quit and stop")).unwrap();
    let (before, _) = line.split_once("│ Quit and stop").unwrap();
    assert!(before.ends_with(' '), "{shown}");
    let corner = shown.lines().find(|line| line.contains(" ╭") && line.matches('╮').count() == 1);
    assert!(corner.is_some(), "{shown}");
}
