//! Two actions on one key of one place. Where the one has it by a row that came after the other one, to which the person has
//! given the key, that row gives way; all else is an error.

use super::age::{born, since};
use super::{Binding, Context, Keymap, label, stroke};
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode, KeyModifiers};

/// Of those that gave way so many are told.
const TOLD: usize = 3;

/// An action that the person gave keys, and the line of `[keys]` that says so.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub action: Action,
    pub line: String,
}

impl Changed {
    pub(super) fn of(action: Action, keys: &[String]) -> Self {
        let name = action.name();
        let line = match keys {
            [] => format!("{name} = \"none\""),
            [key] => format!("{name} = {key:?}"),
            keys => format!("{name} = {keys:?}"),
        };
        Self { action, line }
    }
}

/// A key that an action does not have there, as the person gave it another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GaveWay {
    key: Key,
    context: Context,
    action: Action,
    to: Action,
}

/// Whether both actions can be meant where one of these rows holds.
fn meet(one: &Binding, other: &Binding) -> bool {
    let over = |wide: Context, other: Context| match wide {
        Context::Everywhere => other != Context::Menu,
        Context::Editing => other.takes_text(),
        _ => false,
    };
    let overlap = |a: Context, b: Context| a == b || over(a, b) || over(b, a);
    let shares = |a: &Binding, b: &Binding| {
        b.context == Context::Editing && stroke::shares(a.action, b.action)
            || a.context == Context::Editing && stroke::shares(b.action, a.action)
    };
    one.action != other.action && overlap(one.context, other.context) && !shares(one, other)
}

/// Takes from younger rows the keys that the person gave to older actions.
pub(super) fn give_way(bindings: &mut [Binding], changed: &[Changed]) -> Vec<GaveWay> {
    let is_own = |binding: &Binding| changed.iter().any(|changed| changed.action == binding.action);
    let own: Vec<&Binding> = bindings.iter().filter(|binding| is_own(binding)).collect();
    let mut lost = Vec::new();
    for (at, row) in bindings.iter().enumerate().filter(|(_, row)| !own.is_empty() && !is_own(row)) {
        let takes = |own: &&&Binding, key: Key| {
            own.claims().any(|claimed| claimed == key)
                && meet(own, row)
                && since(row.context, row.action) > born(bindings, own.action)
        };
        for key in &row.keys {
            if let Some(own) = own.iter().find(|own| takes(own, *key)) {
                let (context, action) = (row.context, row.action);
                lost.push((at, GaveWay { key: *key, context, action, to: own.action }));
            }
        }
    }
    for (at, gave) in &lost {
        if let Some(row) = bindings.get_mut(*at) {
            row.keys.retain(|key| *key != gave.key);
        }
    }
    lost.into_iter().map(|(_, gave)| gave).collect()
}

impl Keymap {
    /// Two actions on one key of one place, as an error that names both, the lines of `[keys]`, and what has both.
    pub(super) fn conflict(&self, changed: &[Changed]) -> Option<Error> {
        for (at, one) in self.bindings.iter().enumerate() {
            for other in self.bindings[at + 1..].iter().filter(|other| meet(one, other)) {
                if let Some(key) = one.claims().find(|key| other.claims().any(|claimed| claimed == *key)) {
                    return Some(self.clash(key, one.action, other.action, changed));
                }
            }
        }
        None
    }

    fn clash(&self, key: Key, one: Action, other: Action, changed: &[Changed]) -> Error {
        let of = |action: Action| changed.iter().find(|changed| changed.action == action);
        let lines: Vec<String> =
            [of(one), of(other)].into_iter().flatten().map(|of| format!("`{}`", of.line)).collect();
        let mut why = format!("{} means both {} and {}", label(key), one.name(), other.name());
        if !lines.is_empty() {
            why.push_str(": ");
            why.push_str(&lines.join(" and "));
        }
        // The one that nobody has moved yet.
        let moved = if of(one).is_none() { one } else { other };
        let hint = match self.free_key(moved, key) {
            Some(free) => format!(
                "Write `{} = \"{free}\"` below [keys] to have both, or give one of them \"none\".",
                moved.name()
            ),
            None => "Give one of them another key, or \"none\".".to_owned(),
        };
        Error::new(ErrorKind::Config, "reading [keys]", why, hint)
    }

    /// A key that the action could have wherever it means something: near the one that it cannot have.
    fn free_key(&self, action: Action, near: Key) -> Option<Key> {
        let letter = match near.code {
            KeyCode::Char(letter) if letter.is_ascii_alphabetic() => Some(letter),
            _ => None,
        };
        let both = |letter: char| [letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
        // With Alt a terminal sends that one as the beginning of other keys.
        let letters = letter.into_iter().flat_map(both).filter(|letter| *letter != 'O');
        let letters = letters.map(|letter| Key::new(KeyCode::Char(letter), KeyModifiers::ALT));
        letters.chain((2..=12).map(|number| Key::plain(KeyCode::F(number)))).find(|key| {
            let mut own = self.bindings.iter().filter(|own| own.action == action);
            let taken = |own: &Binding| {
                let others = self.bindings.iter().filter(|other| meet(own, other));
                others.flat_map(Binding::claims).any(|claimed| claimed == *key)
            };
            !own.any(taken)
        })
    }

    /// What gave way to the person's own keys, in words.
    pub fn gave_way(&self) -> Option<String> {
        let told = |gave: &GaveWay| {
            let (key, to, name) = (label(gave.key), gave.to.name(), gave.action.name());
            let place = gave.context.title();
            let both = self.free_key(gave.action, gave.key);
            let both = both.map(|free| format!(": {name} = \"{free}\" below [keys] has both"));
            format!("{key} is {to}, as [keys] says; {name} ({place}) gives way{}.", both.unwrap_or_default())
        };
        let mut said: Vec<String> = self.gave_way.iter().take(TOLD).map(told).collect();
        let more = self.gave_way.len().saturating_sub(TOLD);
        if more > 0 {
            said.push(format!("So do {more} more; `outcrop config keys` lists what has a key."));
        }
        (!said.is_empty()).then(|| said.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: &[(&str, &str)]) -> crate::domain::Result<Keymap> {
        let lines: Vec<(&str, [String; 1])> =
            lines.iter().map(|(action, key)| (*action, [(*key).to_owned()])).collect();
        Keymap::with(lines.iter().map(|(action, keys)| (*action, &keys[..])))
    }

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_that_somebody_gave_an_action_is_not_taken_back_by_a_younger_row() {
        for (action, taken, place, younger) in [
            ("copy", "E", Context::Transcript, Action::EditStep),
            ("fork", "T", Context::Transcript, Action::ShowRunTrace),
            ("retry", "p", Context::Transcript, Action::ShowPassages),
            ("delete", "v", Context::Bases, Action::PreviewCuts),
        ] {
            let keys = with(&[(action, taken)]).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(keys.action(place, key(taken)), Action::named(action));
            let said = keys.gave_way().unwrap_or_default();
            assert!(said.contains(action) && said.contains(younger.name()), "{said}");
            assert_eq!(keys.conflict(&[]), None);
        }
        assert_eq!(Keymap::default().gave_way(), None);
    }

    #[test]
    fn what_is_said_of_one_that_gave_way_has_both() {
        let said = with(&[("copy", "E")]).unwrap().gave_way().unwrap();
        let (_, line) = said.split_once("gives way: ").unwrap();
        let (name, rest) = line.split_once(" = \"").unwrap();
        let (free, _) = rest.split_once('"').unwrap();
        let keys = with(&[("copy", "E"), (name, free)]).unwrap();
        assert_eq!(keys.gave_way(), None, "{said}");
        assert_eq!(keys.action(Context::Transcript, key(free)), Some(Action::EditStep));
        assert_eq!(keys.action(Context::Transcript, key("E")), Some(Action::Copy));
    }

    #[test]
    fn what_was_there_before_an_action_does_not_give_way_to_it() {
        // Both are of the first screen; both came with the comparisons; the younger one was given an older one's key.
        for (action, taken, other) in
            [("send", "ctrl+p", "palette"), ("choose_tie", "n", "choose_none"), ("edit_step", "y", "copy")]
        {
            let error = with(&[(action, taken)]).unwrap_err();
            let line = format!("`{action} = \"{taken}\"`");
            for said in [action, other, line.as_str()] {
                assert!(error.why.contains(said), "{said}: {error}");
            }
            // What to write is so.
            let (_, line) = error.hint.split_once("Write `").unwrap();
            let (name, rest) = line.split_once(" = \"").unwrap();
            let (free, _) = rest.split_once('"').unwrap();
            assert!(name == other && with(&[(action, taken), (name, free)]).is_ok(), "{error}");
        }
    }

    #[test]
    fn two_keys_of_one_s_own_that_meet_are_an_error_that_names_both_lines() {
        let error = with(&[("copy", "E"), ("edit_step", "E")]).unwrap_err();
        for said in ["copy", "edit_step", "`copy = \"E\"`", "`edit_step = \"E\"`"] {
            assert!(error.why.contains(said), "{said}: {error}");
        }
        assert!(error.hint.contains("below [keys]"), "{error}");
    }
}
