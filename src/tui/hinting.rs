//! How one gets on, by keys: at the top of a place, and in the hints of errors, which name commands for who has no screen.

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

/// The hint with keys where it names commands, and behind it the way to those of the knowledge bases; `None` where it names none.
pub fn in_keys(hint: &str, keymap: &Keymap, way: &str) -> Option<String> {
    let mut told = hint.to_owned();
    for (command, action) in KEYS {
        if told.contains(command) {
            told = told.replace(command, &keymap.name(Context::Bases, action));
        }
    }
    if told != hint {
        told.push_str(way);
    }
    told = fetched(&told, keymap).unwrap_or(told);
    (told != hint).then_some(told)
}

/// The hint with the key that fetches a model to this machine, and the one that leads there, where it names the command.
fn fetched(hint: &str, keymap: &Keymap) -> Option<String> {
    let (before, command) = hint.split_once("`outcrop models pull local/")?;
    let (_, after) = command.split_once('`')?;
    let place = keymap.name(Context::Everywhere, Action::ShowModels);
    let fetches = keymap.name(Context::Models, Action::GetModel);
    Some(format!("{before}{fetches} on it in the models ({place}){after}"))
}

/// The ways out of a place, at its top.
pub fn ways_out(keymap: &Keymap, context: Context) -> String {
    let [first, last, all] =
        [Action::ShowChat, Action::ShowTraces, Action::Palette].map(|action| keymap.name(context, action));
    // What both keys begin with is said once.
    let shared: usize =
        first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let end = if first.get(shared..).is_some_and(|rest| rest.chars().count() == 1) {
        last.get(shared..).unwrap_or(last.as_str())
    } else {
        last.as_str()
    };
    format!("{first}…{end} lead to the places, {all} to all else.")
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
    fn the_ways_out_are_said_by_the_first_and_the_last_key() {
        let keys = Keymap::default();
        assert_eq!(ways_out(&keys, Context::Models), "Alt+1…9 lead to the places, Ctrl+P to all else.");
    }

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
        let told = in_keys("`outcrop models pull local/small` fetches it.", &keys, " there").unwrap();
        assert_eq!(told, "f on it in the models (Alt+7) fetches it.");
        assert_eq!(in_keys(&told, &keys, " there"), None);
    }
}
