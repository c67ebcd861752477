//! What can be done, by name: the palette, the commands after a `/`, what was said before.

use super::State;
use crate::tui::action::Action;
use crate::tui::keymap::{Context, label};
use crate::tui::look::Role;
use crate::tui::overlay::Choice;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::notices::{Past, Said};
use crate::tui::when;

/// Everything that can be done here: what was done last first, what the hands do behind what is looked for by name.
pub(super) fn palette(state: &State) -> Menu {
    let rank = |action: Action| {
        let recent = state.recent.iter().position(|a| *a == action).unwrap_or(usize::MAX);
        (leaves(action), recent, !action.anywhere())
    };
    let here = state.pane().context();
    let can = |action: &Action| {
        let held = action.anywhere() || state.options.keymap.holds(here, *action);
        held && !matches!(action, Action::Palette | Action::QuitWhenEmpty) && state.can(*action)
    };
    let mut actions: Vec<Action> = Action::ALL.iter().copied().filter(can).collect();
    actions.sort_by_key(|action| rank(*action));
    Menu::new("Actions", "do it", "", entries(state, actions))
}

/// What can be asked for after a `/`: the palette's actions that have a word.
pub(super) fn commands(state: &State) -> Menu {
    let can = |action: &Action| !action.words().is_empty() && state.can(*action);
    let mut actions: Vec<Action> = Action::ALL.iter().copied().filter(can).collect();
    actions.sort_by_key(|action| leaves(*action));
    let mut entries = entries(state, actions);
    for entry in &mut entries {
        entry.detail = std::mem::take(&mut entry.label);
        entry.label = format!("/{}", entry.words.first().copied().unwrap_or_default());
    }
    Menu::commands(entries)
}

/// What leaves the screen never stands where a hasty Enter falls.
fn leaves(action: Action) -> bool {
    matches!(action, Action::Quit | Action::Suspend)
}

/// With the key that works here; of one that works elsewhere, where that is.
fn entries(state: &State, actions: Vec<Action>) -> Vec<Entry> {
    let keymap = &state.options.keymap;
    let here = state.pane().context();
    let key = |action: Action| {
        let elsewhere = || {
            let (context, key) = keymap.place_of(action)?;
            (context != Context::Menu).then(|| format!("{}: {}", context.title(), label(key)))
        };
        keymap.key(here, action).map(label).or_else(elsewhere).unwrap_or_default()
    };
    let entry = |action: Action| Entry {
        label: action.title().to_owned(),
        detail: String::new(),
        right: key(action),
        current: false,
        off: false,
        choice: Choice::Act(action),
        words: action.words(),
    };
    actions.into_iter().map(entry).collect()
}

/// What was said before, with the time.
pub(super) fn past(state: &State) -> Past {
    let wall = |at| when::Now { at: state.now.wall, offset: state.options.utc_offset }.clock(at);
    let said = |notice: &super::Notice| Said {
        when: wall(notice.at),
        mark: notice.tone.mark(),
        text: notice.text.clone(),
        role: if notice.tone == super::Tone::News { Role::Text } else { notice.tone.role() },
    };
    Past::new(state.notices.past.iter().map(said).collect())
}
