//! Whatever is pressed, at whatever size, nothing panics and the picture is one.

use outcrop::domain::delta::Event as Delta;
use outcrop::domain::message::Role;
use outcrop::tui::event::{Button, Event, Mouse, MouseKind};
use outcrop::tui::key::{Key, KeyCode, KeyModifiers};
use proptest::prelude::*;

use crate::stage::{COMPLETE, Stage, answer, message};

#[derive(Debug, Clone)]
enum Step {
    Key(Key),
    Resize(u16, u16),
    Mouse(MouseKind, u16, u16),
    Paste(String),
    Text(String),
    Pass(u64),
}

fn key() -> impl Strategy<Value = Key> {
    let code = prop_oneof![
        4 => prop::sample::select("jkgGyYbrec[]fn/N?iuxdqhl \\aé漢".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        3 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace, KeyCode::Delete,
            KeyCode::F(1), KeyCode::F(3),
        ]),
    ];
    let modifiers = prop_oneof![
        4 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::ALT),
        1 => Just(KeyModifiers::SHIFT),
    ];
    let control = prop::sample::select("pnlobstgrejkcd".chars().collect::<Vec<_>>()).prop_map(Key::ctrl);
    let place = prop::sample::select("123456789".chars().collect::<Vec<_>>()).prop_map(Key::alt);
    prop_oneof![12 => (code, modifiers).prop_map(|(c, m)| Key::new(c, m)), 4 => control, 1 => place]
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![
        MouseKind::Down(Button::Left),
        MouseKind::Drag(Button::Left),
        MouseKind::Up(Button::Left),
        MouseKind::ScrollUp,
        MouseKind::ScrollDown,
    ]);
    prop_oneof![
        8 => key().prop_map(Step::Key),
        1 => (0u16..260, 0u16..90).prop_map(|(w, h)| Step::Resize(w, h)),
        2 => (kind, 0u16..260, 0u16..90).prop_map(|(k, x, y)| Step::Mouse(k, x, y)),
        1 => "\\PC{0,40}".prop_map(Step::Paste),
        1 => "\\PC{0,40}".prop_map(Step::Text),
        1 => (0u64..5000).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(crate::cases(96))]

    #[test]
    fn no_keys_sizes_or_clicks_make_it_panic_in_any_place(
        place in 1..=9,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut stage = Stage::settled(100, 30, "dark");
        stage.open(vec![
            message(1, None, Role::User, "one\n\n- a\n- b"),
            answer(2, Some(1), "| a | b |\n|--|--|\n| 漢字 | 👩‍🚀 |\n\n```rust\nfn x() {}\n```", COMPLETE),
            answer(3, Some(1), "other", COMPLETE),
        ]);
        stage.ask("go on");
        stage.keys(&format!("<alt+{place}>"));
        for step in steps {
            match step {
                Step::Key(key) => { stage.event(Event::Key(key)); }
                Step::Resize(width, height) => { stage.event(Event::Resize { width, height }); }
                Step::Mouse(kind, column, row) => {
                    stage.event(Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE }));
                }
                Step::Paste(text) => { stage.event(Event::Paste { text, dropped: 0 }); }
                Step::Text(text) => stage.delta(Delta::Text { text }),
                Step::Pass(ms) => stage.pass(ms),
            }
            stage.picture();
        }
    }
}
