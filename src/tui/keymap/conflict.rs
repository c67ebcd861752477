//! Two actions on one key of one place: an error that names both, the lines of `[keys]` that say so, and a key that is free.

use super::{Binding, Context, Keymap, label, stroke};
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode, KeyModifiers};

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

/// Whether both actions can be meant where one of these rows holds.
fn meet(one: &Binding, other: &Binding) -> bool {
    let over = |wide: &Binding, other: Context| match wide.context {
        Context::Everywhere => other != Context::Menu || wide.action.is_of_menus(),
        Context::Editing => other.takes_text(),
        written => other.written_in() == Some(written) && wide.action.is_of_the_place(),
    };
    let overlap =
        |a: &Binding, b: &Binding| a.context == b.context || over(a, b.context) || over(b, a.context);
    let shares = |a: &Binding, b: &Binding| {
        b.context == Context::Editing && stroke::shares(a.action, b.action)
            || a.context == Context::Editing && stroke::shares(b.action, a.action)
    };
    one.action != other.action && overlap(one, other) && !shares(one, other)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: &[(&str, &str)]) -> crate::domain::Result<Keymap> {
        let lines: Vec<(&str, [String; 1])> =
            lines.iter().map(|(action, key)| (*action, [(*key).to_owned()])).collect();
        Keymap::with(lines.iter().map(|(action, keys)| (*action, &keys[..])))
    }

    #[test]
    fn a_key_that_another_action_has_is_an_error_that_says_what_has_both() {
        for (action, taken, other) in
            [("send", "ctrl+p", "palette"), ("copy", "E", "edit_step"), ("edit_step", "y", "copy")]
        {
            let error = with(&[(action, taken)]).unwrap_err();
            let line = format!("`{action} = \"{taken}\"`");
            for said in [action, other, line.as_str()] {
                assert!(error.why.contains(said), "{said}: {error}");
            }
            // What to write is so, for one after the other where several have that key.
            let (mut lines, mut met) = (vec![(action, taken.to_owned())], Vec::new());
            while let Err(error) = with(&lines.iter().map(|(a, k)| (*a, k.as_str())).collect::<Vec<_>>()) {
                let (_, line) = error.hint.split_once("Write `").unwrap();
                let (name, rest) = line.split_once(" = \"").unwrap();
                let moved = Action::named(name).unwrap().name();
                assert!(!met.contains(&moved), "{error}");
                met.push(moved);
                lines.push((moved, rest.split_once('"').unwrap().0.to_owned()));
            }
            assert!(met.contains(&other), "{met:?}");
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

    #[test]
    fn what_holds_in_menus_or_beside_its_line_meets_what_is_there() {
        for (action, taken, other) in [
            ("cancel", "ctrl+q", "quit"),
            ("cancel", "f1", "help"),
            ("set_repeats", "s", "scroll_together"),
            ("toggle_blind", "n", "choose_none"),
            ("scroll_together", "alt+h", "toggle_blind"),
        ] {
            let error = with(&[(action, taken)]).unwrap_err();
            assert!(error.why.contains(action) && error.why.contains(other), "{error}");
        }
        // What does not hold in menus meets nothing there, and the line's own keys do nothing beside it.
        assert!(with(&[("cancel", "ctrl+t")]).is_ok());
        assert!(with(&[("fold_column", "ctrl+j")]).is_ok());
    }
}
