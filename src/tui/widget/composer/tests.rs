use proptest::prelude::*;
use ratatui::buffer::Buffer as Cells;
use ratatui::layout::{Position, Rect};

use super::*;
use crate::tui::key::KeyModifiers;
use crate::tui::keymap::Keymap;

fn press(composer: &mut Composer, key: Key) {
    if let Some(stroke) = Keymap::default().stroke(key) {
        composer.press(stroke);
    }
}

fn typed(keys: &str) -> Composer {
    let mut composer = Composer::default();
    composer.fit(20, 4);
    for key in Key::script(keys).unwrap() {
        press(&mut composer, key);
    }
    composer
}

/// The painted rows with `▏` before the caret's cell.
fn painted(composer: &Composer, width: u16, height: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    let mut cells = Cells::empty(area);
    composer.draw(area, &mut cells, &Look::default(), "ask");
    let caret = composer.caret_in(area).unwrap();
    (0..height)
        .map(|y| {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..width {
                if caret == (Position { x, y }) {
                    line.push('▏');
                }
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = cells[(x, y)].symbol();
                skip = cluster::columns(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            line.trim_end().to_owned()
        })
        .collect()
}

#[test]
fn the_caret_stands_where_the_next_character_goes() {
    assert_eq!(painted(&Composer::default(), 8, 1), ["▏ask"]);
    assert_eq!(painted(&typed("one two"), 8, 1), ["one two▏"]);
    assert_eq!(painted(&typed("one two three"), 8, 3), ["one two", "three▏", ""]);
    assert_eq!(painted(&typed("長い文章"), 6, 2), ["長い文", "章▏"]);
    assert_eq!(painted(&typed("長い<left>"), 8, 1), ["長▏い"]);
    // Letters that are read from right to left keep the order they were typed in, each with its marks in one column.
    assert_eq!(painted(&typed("ש\u{5c1}\u{5b8}לום a"), 8, 1), ["ש\u{5c1}\u{5b8}לום a▏"]);
    assert_eq!(painted(&typed("aש\u{5c1}\u{5b8}<left>"), 8, 1), ["a▏ש\u{5c1}\u{5b8}"]);
}

#[test]
fn it_grows_to_the_most_rows_and_then_scrolls() {
    let mut composer = typed("");
    composer.insert("1\n2\n3");
    assert_eq!(composer.rows_at(20, 4), 3);
    composer.insert("\n4\n5\n6");
    assert_eq!(composer.rows_at(20, 4), 4);
    assert_eq!(painted(&composer, 20, 4), ["3", "4", "5", "6▏"]);
    for _ in 0..4 {
        press(&mut composer, Key::plain(KeyCode::Up));
    }
    assert_eq!(painted(&composer, 20, 4), ["2▏", "3", "4", "5"]);
}

#[test]
fn up_and_down_keep_their_column_and_reach_history_at_the_edge() {
    let mut composer = Composer::with_history(vec![Draft { text: "before".into(), ..Draft::default() }]);
    composer.fit(20, 4);
    composer.insert("longer\na\nlonger");
    let up = Key::plain(KeyCode::Up);
    let down = Key::plain(KeyCode::Down);
    composer.recall(false, Some(up));
    composer.recall(false, Some(up));
    assert_eq!(composer.caret_in(Rect::new(0, 0, 20, 4)), Some(Position { x: 6, y: 0 }));
    assert!(composer.recall(false, Some(up)));
    assert_eq!(composer.text(), "before");
    assert!(!composer.recall(false, Some(up)));
    assert!(composer.recall(true, Some(down)));
    assert_eq!(composer.text(), "longer\na\nlonger", "the draft is back");
}

#[test]
fn a_long_paste_is_a_chip_until_it_is_pasted_again() {
    let mut composer = typed("look: ");
    let paste = "line\r\n".repeat(52);
    composer.paste(&paste);
    assert_eq!(painted(&composer, 40, 1), ["look: [Pasted #1 · 52 lines]▏"]);
    assert_eq!(composer.text(), format!("look: {}", "line\n".repeat(52)));
    composer.paste("short\npaste");
    press(&mut composer, Key::plain(KeyCode::Backspace));
    assert!(composer.text().ends_with("short\npast"));
    let draft = composer.draft();
    let mut back = Composer::default();
    back.set_draft(&draft);
    assert_eq!(back.text(), composer.text());

    let mut composer = typed("");
    composer.paste(&paste);
    composer.paste(&paste);
    assert_eq!(composer.draft().pastes, Vec::<crate::domain::conversation::Held>::new());
    assert_eq!(composer.text(), "line\n".repeat(52));
    composer.undo();
    assert_eq!(composer.draft().pastes.len(), 1);
    press(&mut composer, Key::plain(KeyCode::Backspace));
    assert!(composer.is_empty(), "a chip is one step of the caret");
}

#[test]
fn a_backslash_before_enter_is_a_new_line() {
    let mut composer = typed("one\\");
    assert!(composer.newline_for_backslash());
    assert_eq!(composer.text(), "one\n");
    assert!(!composer.newline_for_backslash());
}

#[test]
fn controls_are_shown_as_pictures_and_sent_verbatim() {
    let mut composer = typed("");
    composer.paste("a\u{1b}[31mb\u{202e}c");
    assert_eq!(composer.text(), "a\u{1b}[31mb\u{202e}c");
    let line = painted(&composer, 30, 1).concat();
    assert!(line.starts_with("a␛[31mb") && !line.contains('\u{202e}'), "{line:?}");
}

#[test]
fn sending_empties_the_box_and_remembers_the_text() {
    let mut composer = typed("hello");
    assert_eq!(composer.take(), "hello");
    assert!(composer.is_empty());
    assert!(composer.history_previous());
    assert_eq!(composer.text(), "hello");
    assert_eq!(typed("  ").take(), "  ");
}

#[test]
fn the_mouse_puts_the_caret_and_drags_a_selection() {
    let mut composer = typed("one 長い two");
    composer.click(4, 0, false);
    composer.click(8, 0, true);
    assert_eq!(composer.selected().as_deref(), Some("長い"));
    composer.click(200, 9, false);
    assert_eq!(composer.selected(), None);
    composer.insert("!");
    assert_eq!(composer.text(), "one 長い two!");
}

#[test]
fn a_text_from_an_editor_replaces_the_draft_and_can_be_undone() {
    let mut composer = typed("before");
    composer.set_text("after\r\nit\n");
    assert_eq!(composer.text(), "after\nit");
    composer.set_text(&"x".repeat(1_000_000));
    assert_eq!(composer.rows_at(40, 9), 1, "a text that is too long to show is a chip");
    composer.undo();
    composer.undo();
    assert_eq!(composer.text(), "before");
}

fn keys() -> impl Strategy<Value = Key> {
    let codes = prop_oneof![
        any::<char>().prop_map(KeyCode::Char),
        prop::sample::select(vec![
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Backspace,
            KeyCode::Delete,
        ]),
        prop::sample::select(
            "abdefhkuwyz\u{301}\u{200d}👩長🇩\t".chars().map(KeyCode::Char).collect::<Vec<_>>()
        ),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
    ]);
    (codes, modifiers).prop_map(|(code, modifiers)| Key::new(code, modifiers))
}

proptest! {
    #[test]
    fn no_keys_and_no_size_can_make_it_fail(
        steps in prop::collection::vec((keys(), prop::option::of("\\PC{0,9}|(\n){0,6}|[a\u{100000}\u{1b}\u{301}]{0,4}"), 0u8..9), 0..60),
        width in 0u16..30,
        height in 0u16..6,
    ) {
        let mut composer = Composer::default();
        composer.fit(width, height);
        for (key, paste, which) in steps {
            press(&mut composer, key);
            match which {
                0 => { composer.undo(); }
                1 => { composer.redo(); }
                2 => composer.click(width / 2, height, true),
                3 => { composer.take(); }
                4 => { composer.history_previous(); }
                _ => {}
            }
            if let Some(paste) = paste {
                composer.paste(&paste);
            }
            let area = Rect::new(1, 1, width, height);
            let mut cells = Cells::empty(Rect::new(0, 0, 25, 5));
            composer.draw(area, &mut cells, &Look::default(), "ask");
            if let Some(caret) = composer.caret_in(area) {
                prop_assert!(area.contains(caret));
            }
            let mut back = Composer::default();
            back.set_draft(&composer.draft());
            prop_assert_eq!(back.text(), composer.text());
        }
    }
}
