//! What the hints of errors say on the screen: they name commands for who has no screen, and keys do the same here.

use super::action::Action;
use super::keymap::{Context, Keymap};
use super::thread::Thread;

/// Commands, and what does the same in the list of knowledge bases.
const KEYS: [(&str, Action); 4] = [
    ("`outcrop kb add-source`", Action::AddDocuments),
    ("`outcrop kb sync`", Action::SyncBase),
    ("`outcrop kb sync --pause`", Action::SyncBase),
    ("`outcrop kb rebuild`", Action::RebuildBase),
];

/// The hint with keys where it names commands, and the way to those keys behind it; `None` where it names none.
pub fn in_keys(hint: &str, keymap: &Keymap, way: &str) -> Option<String> {
    let mut told = hint.to_owned();
    for (command, action) in KEYS {
        if told.contains(command) {
            told = told.replace(command, &keymap.name(Context::Bases, action));
        }
    }
    if told == hint {
        return None;
    }
    told.push_str(way);
    Some(told)
}

/// Answers of a conversation that failed say by keys how one gets on.
pub fn retell(thread: &mut Thread, keymap: &Keymap) {
    let away = from_elsewhere(keymap);
    thread.retell(|hint| in_keys(hint, keymap, &away));
}

/// The way to the keys from another place.
fn from_elsewhere(keymap: &Keymap) -> String {
    let key = keymap.name(Context::Everywhere, Action::ShowKnowledge);
    format!(" {key} leads to the knowledge bases, where these keys are.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_the_keys_that_do_the_same_and_other_hints_stay() {
        let keys = Keymap::default();
        let hint = "`outcrop kb add-source` and `outcrop kb sync` fill it.";
        let told = in_keys(hint, &keys, &from_elsewhere(&keys)).unwrap();
        assert_eq!(told, "a and s fill it. Alt+3 leads to the knowledge bases, where these keys are.");
        assert_eq!(in_keys(&told, &keys, " again"), None);
        assert_eq!(
            in_keys("Wait for its end, or stop it: `outcrop kb sync --pause`.", &keys, "").as_deref(),
            Some("Wait for its end, or stop it: s.")
        );
        assert_eq!(in_keys("Free some space.", &keys, " there"), None);
    }
}
