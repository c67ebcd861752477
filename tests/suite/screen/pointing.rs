//! The mouse in the places that have a list: a press chooses the row that it is on, and the wheel goes on from there.

use outcrop::domain::evaluation::job::GenerationState;
use outcrop::domain::usage::By;
use outcrop::tui::event::{Button, Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;

use super::{evaluate, knowledge, models, traces, usage};
use crate::stage::Stage;

/// The row that says `what`, and whether it is the one that is chosen.
fn row(stage: &mut Stage, what: &str) -> (usize, bool) {
    let text = stage.text();
    // The card beside the list names it too.
    let list = |line: &str| line.split('│').next().is_some_and(|list| list.contains(what));
    let found = text.lines().enumerate().find(|(_, line)| list(line));
    let (at, line) = found.unwrap_or_else(|| panic!("no {what} in\n{text}"));
    (at, line.starts_with('▌'))
}

fn mouse(stage: &mut Stage, kind: MouseKind, row: usize) {
    let row = u16::try_from(row).unwrap();
    stage.event(Event::Mouse(Mouse { kind, column: 6, row, modifiers: KeyModifiers::NONE }));
}

#[test]
fn a_press_chooses_the_row_that_it_is_on_in_every_place_with_a_list() {
    type Enter = fn(&mut Stage);
    let places: [(Enter, &str); 5] = [
        (
            |stage| {
                stage.keys("<alt+8>");
                usage::told(stage, usage::week(By::Model));
            },
            "local/smollm2-135m",
        ),
        (|stage| traces::enter(stage, traces::runs()), "chat gpt-4o"),
        (|stage| knowledge::enter(stage, knowledge::bases()), "broken off"),
        (models::full, "openai/o-new"),
        (
            |stage| {
                let one = |n, name| evaluate::evaluation(n, name, GenerationState::Ended, 400, 0);
                evaluate::list(stage, vec![one(1, "first"), one(2, "second"), one(3, "third")]);
            },
            "third",
        ),
    ];
    for (enter, what) in places {
        for (width, height) in [(80, 24), (120, 40)] {
            let mut stage = Stage::settled(width, height, "dark");
            enter(&mut stage);
            let (at, chosen) = row(&mut stage, what);
            assert!(!chosen, "{what} is chosen before");
            mouse(&mut stage, MouseKind::Down(Button::Left), at);
            mouse(&mut stage, MouseKind::Up(Button::Left), at);
            assert_eq!(row(&mut stage, what), (at, true), "{}", stage.text());
            mouse(&mut stage, MouseKind::ScrollUp, at);
            assert!(!row(&mut stage, what).1, "{}", stage.text());
        }
    }
}
