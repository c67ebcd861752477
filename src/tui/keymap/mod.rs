//! Which keys mean what, where: one table. The footer, the help and the palette are made from it, a config file may
//! change it.

use std::collections::{BTreeMap, HashMap};

use super::action::Action;
use super::key::{Key, KeyCode, KeyModifiers};
use crate::config::ActionKeys;
use crate::domain::{Error, ErrorKind, Result};

use conflict::Changed;
pub use context::Context;
pub use label::label;
use row::Row;
use table::TABLE;

mod conflict;
mod context;
mod label;
mod row;
mod sources;
mod stroke;
mod table;

/// Every row of the table.
fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(sources::ROWS)
}

/// One line of the help or the palette, one hint of the footer.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub context: Context,
    pub action: Action,
    /// Empty where the action has no key.
    pub keys: Vec<Key>,
    pub hint: &'static str,
}

impl Binding {
    /// Its keys, and those that select where it moves the caret.
    fn claims(&self) -> impl Iterator<Item = Key> + '_ {
        let edits = self.context == Context::Editing;
        let selecting = self.keys.iter().filter(move |key| edits && !matches!(key.code, KeyCode::Char(_)));
        let selecting = selecting.map(|key| Key::new(key.code, key.modifiers | KeyModifiers::SHIFT));
        self.keys.iter().copied().chain(selecting)
    }
}

/// The keys as they are after the config file.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    bindings: Vec<Binding>,
    by_key: HashMap<(Context, Key), Action>,
}

impl Default for Keymap {
    /// The keys as they come; a test holds that the table is sound.
    fn default() -> Self {
        let read = |keys: &str| keys.split_whitespace().filter_map(|key| key.parse::<Key>().ok()).collect();
        let bindings = rows().map(|row| Binding {
            context: row.context,
            action: row.action,
            keys: read(row.keys),
            hint: row.hint,
        });
        Self::indexed(bindings.collect())
    }
}

impl Keymap {
    /// The table with the `[keys]` of a config file put over it: action name → keys, `none` for no key.
    pub fn with<'a>(changes: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Result<Self> {
        let mut bindings = Self::default().bindings;
        let mut changed = Vec::new();
        for (name, keys) in changes {
            let action = Action::named(name).ok_or_else(|| unknown(name))?;
            let given = if keys.iter().any(|key| key.trim() == "none") {
                Vec::new()
            } else {
                keys.iter().map(|key| read(name, key)).collect::<Result<Vec<Key>>>()?
            };
            for binding in bindings.iter_mut().filter(|b| b.action == action) {
                binding.keys.clone_from(&given);
            }
            changed.push(Changed::of(action, keys));
        }
        let keymap = Self::indexed(bindings);
        keymap.conflict(&changed).or_else(|| keymap.deaf(&changed)).map_or(Ok(keymap), Err)
    }

    /// An action whose every key types a text wherever the action has a meaning, as an error.
    fn deaf(&self, changed: &[Changed]) -> Option<Error> {
        let rows = |action| self.bindings.iter().filter(move |b| b.action == action && !b.keys.is_empty());
        let action = changed.iter().map(|changed| changed.action).find(|a| {
            rows(*a).next().is_some() && rows(*a).all(|b| self.keys(b.context, *a).next().is_none())
        })?;
        let key = rows(action).find_map(|b| b.keys.first())?;
        Some(Error::new(
            ErrorKind::Config,
            "reading [keys]",
            format!("{} types a text where it would mean {}", label(*key), action.name()),
            "Give it a key with Ctrl or Alt, or a function key.",
        ))
    }

    fn indexed(bindings: Vec<Binding>) -> Self {
        let by_key =
            bindings.iter().flat_map(|b| b.keys.iter().map(|key| ((b.context, *key), b.action))).collect();
        Self { bindings, by_key }
    }

    /// What a key means there. Where a text is written, a key that types is the text's.
    pub fn action(&self, context: Context, key: Key) -> Option<Action> {
        let here = self.by_key.get(&(context, key));
        let anywhere = || {
            let holds = |action: &&Action| context != Context::Menu || action.is_of_menus();
            self.by_key.get(&(Context::Everywhere, key)).filter(holds)
        };
        let free = |action: &&Action| {
            // The commands give it back to a text that has begun.
            key.typed().is_none() || !context.takes_text() || **action == Action::Commands
        };
        here.or_else(|| self.of_the_place(context, key)).or_else(anywhere).filter(free).copied()
    }

    /// What a key of the line below means for all of the place: it holds as well where the line does not have the keys.
    fn of_the_place(&self, context: Context, key: Key) -> Option<&Action> {
        let action = self.by_key.get(&(context.written_in()?, key))?;
        action.is_of_the_place().then_some(action)
    }

    /// The first key of an action that means it there.
    fn first(&self, at: Context, action: Action, key_of: Context) -> Option<Key> {
        let rows = self.bindings.iter().filter(|b| b.context == key_of && b.action == action);
        rows.flat_map(|b| &b.keys).copied().find(|key| self.action(at, *key) == Some(action))
    }

    /// The table as the config file and the command line speak of it.
    pub fn listed(&self) -> Vec<ActionKeys> {
        let row = |binding: &Binding| ActionKeys {
            name: binding.action.name(),
            meaning: binding.action.title(),
            place: binding.context.title(),
            keys: binding.keys.iter().map(ToString::to_string).collect(),
        };
        self.bindings.iter().map(row).collect()
    }

    /// Every row, in the order of the table.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The action has a meaning in that context, whether or not it has a key.
    pub fn holds(&self, context: Context, action: Action) -> bool {
        let beside = context.written_in().filter(|_| action.is_of_the_place());
        let of = |other: Context| [context, Context::Everywhere].contains(&other) || beside == Some(other);
        self.bindings.iter().any(|b| b.action == action && of(b.context))
    }

    /// The first key that means the action in that context.
    pub fn key(&self, context: Context, action: Action) -> Option<Key> {
        let written = || self.first(context, action, context.written_in()?);
        self.first(context, action, context)
            .or_else(written)
            .or_else(|| self.first(context, action, Context::Everywhere))
    }

    /// The keys that mean the action in that context.
    pub fn keys(&self, context: Context, action: Action) -> impl Iterator<Item = Key> + '_ {
        let rows = self.bindings.iter().filter(move |b| b.context == context && b.action == action);
        rows.flat_map(|b| &b.keys).copied().filter(move |key| self.action(context, *key) == Some(action))
    }

    /// An action's first key anywhere, and where that is. One that holds in every place says more than one of a single
    /// place.
    pub fn place_of(&self, action: Action) -> Option<(Context, Key)> {
        let of = |context: Context| Some((context, self.first(context, action, context)?));
        of(Context::Everywhere).or_else(|| Context::ALL.iter().find_map(|context| of(*context)))
    }

    /// An action's first key anywhere.
    pub fn any_key(&self, action: Action) -> Option<Key> {
        self.place_of(action).map(|(_, key)| key)
    }

    /// What the footer can say in a context: a key and a word.
    pub fn hints(&self, context: Context) -> impl Iterator<Item = (Action, Key, &'static str)> + '_ {
        [context, Context::Everywhere].into_iter().flat_map(move |c| {
            self.bindings
                .iter()
                .filter(move |b| b.context == c && !b.hint.is_empty())
                .filter_map(move |b| Some((b.action, self.first(context, b.action, c)?, b.hint)))
        })
    }

    /// The action's key in that context, for a sentence; where it has none, what the palette calls it.
    pub fn name(&self, context: Context, action: Action) -> String {
        self.key(context, action).map_or_else(|| format!("“{}”", action.title()), label)
    }

    /// Keys with what they do there, `take it`; an action without a key is left out.
    pub fn line(&self, context: Context, says: &[(Action, &str)]) -> String {
        let part = |(action, words): &(Action, &str)| {
            Some(format!("{} {words}", label(self.key(context, *action)?)))
        };
        says.iter().filter_map(part).collect::<Vec<_>>().join(" · ")
    }
}

/// The actions with the keys that `[keys]` leaves them; a wrong name or key, or two actions on one key, is an error.
pub fn listed(keys: &BTreeMap<String, Vec<String>>) -> Result<Vec<ActionKeys>> {
    let keys = keys.iter().map(|(action, keys)| (action.as_str(), keys.as_slice()));
    Ok(Keymap::with(keys)?.listed())
}

fn read(action: &str, key: &str) -> Result<Key> {
    let doing = || format!("reading the key of {action} in [keys]");
    let read: Key = key.trim().parse().map_err(|why: String| {
        Error::new(ErrorKind::Config, doing(), why, "`outcrop config keys` shows how keys are written.")
    })?;
    match stroke::sent_as(read) {
        None => Ok(read),
        Some(sent) => Err(Error::new(
            ErrorKind::Config,
            doing(),
            format!("terminals send {read} as {sent}: the two cannot be told apart"),
            "Give it another key.",
        )),
    }
}

fn unknown(name: &str) -> Error {
    let near: Vec<_> = Action::ALL
        .iter()
        .map(|a| a.name())
        .filter(|n| {
            strsim::damerau_levenshtein(n, name) <= 2
                || name.split('_').any(|word| word.len() > 2 && n.contains(word))
        })
        .take(5)
        .collect();
    let hint = if near.is_empty() {
        "`outcrop config keys` lists every action.".to_owned()
    } else {
        format!("Near it: {}. `outcrop config keys` lists every action.", near.join(", "))
    };
    Error::new(ErrorKind::Config, "reading [keys]", format!("there is no action {name:?}"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn every_key_of_the_table_reads_and_no_two_actions_share_one() {
        for row in rows() {
            for key in row.keys.split_whitespace() {
                assert_eq!(key.parse::<Key>().map(|k| k.to_string()).as_deref(), Ok(key));
            }
        }
        assert_eq!(Keymap::default().conflict(&[]), None);
    }

    #[test]
    fn every_action_is_in_the_table() {
        for action in Action::ALL {
            assert!(rows().any(|row| row.action == *action), "{action:?}");
        }
    }

    #[test]
    fn a_place_knows_its_own_keys_and_those_of_everywhere() {
        let keys = Keymap::default();
        assert_eq!(keys.action(Context::Transcript, key("r")), Some(Action::Retry));
        assert_eq!(keys.action(Context::List, key("r")), Some(Action::Rename));
        assert_eq!(keys.action(Context::List, key("ctrl+p")), Some(Action::Palette));
        assert_eq!(keys.action(Context::Menu, key("ctrl+p")), Some(Action::SelectPrevious));
        assert_eq!(keys.action(Context::Menu, key("f1")), Some(Action::Help));
        assert_eq!(keys.action(Context::Menu, key("ctrl+q")), Some(Action::Quit));
        assert_eq!(keys.action(Context::Menu, key("ctrl+t")), None);
    }

    #[test]
    fn what_is_of_a_whole_place_has_its_key_also_beside_the_line_that_is_written() {
        let keys = Keymap::default();
        for context in [Context::Columns, Context::Comparisons] {
            assert_eq!(keys.action(context, key("alt+c")), Some(Action::AddColumn));
            assert_eq!(keys.action(context, key("alt+r")), Some(Action::SetRepeats));
            assert_eq!(keys.key(context, Action::TakeValues), Some(key("alt+v")));
            assert!(keys.holds(context, Action::SetRepeats) && !keys.holds(context, Action::Send));
            assert_eq!(keys.action(context, key("ctrl+g")), None, "the text is not gone to");
        }
        assert_eq!(keys.key(Context::Columns, Action::AddColumn), Some(key("+")), "its own key comes first");
        assert_eq!(keys.action(Context::List, key("alt+c")), None);
        // Another action of the answers has to have another key.
        let to = ["alt+c".to_owned()];
        let refused = Keymap::with([("copy", &to[..])]).unwrap_err().to_string();
        assert!(refused.contains("copy") && refused.contains("add_column"), "{refused}");
    }

    #[test]
    fn a_config_file_moves_and_unbinds_keys() {
        let to = ["ctrl+enter".to_owned(), "ctrl+x".to_owned()];
        let none = ["none".to_owned()];
        let line = ["enter".to_owned()];
        let keys = Keymap::with([("send", &to[..]), ("newline", &line[..]), ("quit", &none[..])]).unwrap();
        assert_eq!(keys.action(Context::Composer, key("ctrl+x")), Some(Action::Send));
        assert_eq!(keys.action(Context::Composer, key("enter")), Some(Action::Newline));
        assert_eq!(keys.action(Context::Composer, key("ctrl+q")), None);
        assert_eq!(keys.any_key(Action::Quit), None);
        assert_eq!(keys.name(Context::Composer, Action::Quit), "“Quit”", "the palette has it");
        assert_eq!(keys.name(Context::Composer, Action::Send), "Ctrl+Enter");
        let says = [(Action::Quit, "quit"), (Action::Send, "send")];
        assert_eq!(keys.line(Context::Composer, &says), "Ctrl+Enter send");
    }

    #[test]
    fn a_key_that_types_is_no_action_where_a_text_is_written() {
        let keys = [("select_next", "J"), ("quit", "q"), ("half_page_down", "Z")];
        let keys = keys.map(|(action, key)| (action, [key.to_owned()]));
        let keys = Keymap::with(keys.iter().map(|(action, keys)| (*action, &keys[..])));
        let keys = keys.map_err(|error| error.to_string()).unwrap();
        for context in [Context::Menu, Context::Composer] {
            for typed in ["J", "q", "Z"] {
                assert_eq!(keys.action(context, key(typed)), None, "{typed}");
            }
        }
        assert_eq!(keys.action(Context::List, key("J")), Some(Action::SelectNext));
        assert_eq!(keys.action(Context::List, key("q")), Some(Action::Quit));
        assert_eq!(keys.key(Context::Composer, Action::Quit), None, "no text says a key that does not hold");
        assert_eq!(keys.place_of(Action::SelectNext), Some((Context::Transcript, key("J"))));
        let only = ["x".to_owned()];
        let error = Keymap::with([("send", &only[..])]).unwrap_err();
        assert!(error.why.contains("send") && error.why.starts_with('x'), "{error}");
    }

    #[test]
    fn a_conflict_is_an_error_that_names_both_actions() {
        let taken = ["ctrl+p".to_owned()];
        let error = Keymap::with([("send", &taken[..])]).unwrap_err();
        assert!(error.why.contains("send") && error.why.contains("palette"), "{error}");
        let error = Keymap::with([("sand", &taken[..])]).unwrap_err();
        assert!(error.why.contains("sand"), "{error}");
    }
}
