//! What a key does to a text that is being written, in whatever place.

use super::{Context, Keymap};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode, KeyModifiers};
use crate::tui::stroke::{Edit, Stroke};

impl Keymap {
    /// What a key does to a text; `None` where it means nothing there.
    pub fn stroke(&self, key: Key) -> Option<Stroke> {
        if let Some(typed) = key.typed() {
            return Some(Stroke::Types(typed));
        }
        // Where a terminal tells them apart, it is still the key of the same name everywhere else.
        let key = if key == Key::ctrl('h') { Key::plain(KeyCode::Backspace) } else { key };
        let edits = |key: Key| self.by_key.get(&(Context::Editing, key)).and_then(|action| edit(*action));
        let plain = Key::new(key.code, key.modifiers - KeyModifiers::SHIFT);
        match edits(key) {
            Some(edit) => Some(Stroke::Edits { edit, selects: false }),
            None if matches!(key.code, KeyCode::Char(_)) => None,
            None => {
                let selects = key.modifiers.contains(KeyModifiers::SHIFT);
                edits(plain).map(|edit| Stroke::Edits { edit, selects })
            }
        }
    }
}

/// What an action of `Context::Editing` does to a text.
const fn edit(action: Action) -> Option<Edit> {
    Some(match action {
        Action::CharLeft => Edit::CharLeft,
        Action::CharRight => Edit::CharRight,
        Action::WordLeft => Edit::WordLeft,
        Action::WordRight => Edit::WordRight,
        Action::LineStart => Edit::LineStart,
        Action::LineEnd => Edit::LineEnd,
        Action::RowUp => Edit::RowUp,
        Action::RowDown => Edit::RowDown,
        Action::TextStart => Edit::TextStart,
        Action::TextEnd => Edit::TextEnd,
        Action::DeleteLeft => Edit::DeleteLeft,
        Action::DeleteRight => Edit::DeleteRight,
        Action::KillBlankWord => Edit::KillBlankWord,
        Action::KillWordLeft => Edit::KillWordLeft,
        Action::KillWordRight => Edit::KillWordRight,
        Action::KillLineStart => Edit::KillLineStart,
        Action::KillLineEnd => Edit::KillLineEnd,
        Action::Yank => Edit::Yank,
        _ => return None,
    })
}

/// The key that a terminal sends for a Ctrl with a character that has none of its own (xterm's table of C0 controls).
pub(super) fn sent_as(key: Key) -> Option<&'static str> {
    let sent = match key.code {
        KeyCode::Char('m') => "Enter",
        KeyCode::Char('i') => "Tab",
        KeyCode::Char('h' | '8' | '?') => "Backspace",
        KeyCode::Char('[' | '3') => "Esc",
        KeyCode::Char('2' | '@') => "Ctrl+Space",
        KeyCode::Char('4') => "Ctrl+\\",
        KeyCode::Char('5') => "Ctrl+]",
        KeyCode::Char('6') => "Ctrl+^",
        KeyCode::Char('/') => "Ctrl+_",
        _ => return None,
    };
    key.modifiers.contains(KeyModifiers::CONTROL).then_some(sent)
}

/// Two actions that have one key in common: that of the place comes first, and gives the key back where it has no use
/// for it.
pub(super) const fn shares(of_place: Action, edits: Action) -> bool {
    matches!(
        (of_place, edits),
        (Action::HistoryPrevious | Action::SelectPrevious, Action::RowUp)
            | (Action::HistoryNext | Action::SelectNext, Action::RowDown)
            | (Action::SelectFirst, Action::LineStart)
            | (Action::SelectLast, Action::LineEnd)
            | (Action::QuitWhenEmpty, Action::DeleteRight)
            | (Action::Star, Action::CharRight)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(keymap: &Keymap, key: &str) -> Option<Stroke> {
        keymap.stroke(key.parse().unwrap())
    }

    fn edits(edit: Edit) -> Stroke {
        Stroke::Edits { edit, selects: false }
    }

    #[test]
    fn a_text_is_edited_by_the_keys_of_the_table_and_shift_selects() {
        let keys = Keymap::default();
        assert_eq!(stroke(&keys, "x"), Some(Stroke::Types('x')));
        assert_eq!(stroke(&keys, "ctrl+w"), Some(edits(Edit::KillBlankWord)));
        assert_eq!(
            stroke(&keys, "ctrl+h"),
            Some(edits(Edit::DeleteLeft)),
            "which is Backspace everywhere else"
        );
        let selects = Some(Stroke::Edits { edit: Edit::WordLeft, selects: true });
        assert_eq!(stroke(&keys, "ctrl+shift+left"), selects);
        assert_eq!(stroke(&keys, "ctrl+t"), None);
        assert_eq!(stroke(&keys, "ctrl+shift+w"), None);
    }

    #[test]
    fn a_config_file_moves_and_unbinds_the_keys_that_edit() {
        let (to, none) = (["ctrl+x".to_owned()], ["none".to_owned()]);
        let keys = Keymap::with([("kill_blank_word", &to[..]), ("yank", &none[..])]).unwrap();
        assert_eq!(stroke(&keys, "ctrl+x"), Some(edits(Edit::KillBlankWord)));
        assert_eq!(stroke(&keys, "ctrl+w"), None);
        assert_eq!(stroke(&keys, "ctrl+y"), None);
    }

    #[test]
    fn a_key_that_edits_cannot_mean_something_else_where_a_text_is_written() {
        for (name, key, other) in [
            ("send", "ctrl+a", "line_start"),
            ("choose_model", "ctrl+w", "kill_blank_word"),
            ("quit", "shift+left", "char_left"),
            ("yank", "ctrl+l", "choose_model"),
            ("toggle_blind", "alt+b", "word_left"),
        ] {
            let error = Keymap::with([(name, &[key.to_owned()][..])]).unwrap_err();
            assert!(error.why.contains(name) && error.why.contains(other), "{error}");
        }
        // The list takes no text.
        assert!(Keymap::with([("fork", &["ctrl+a".to_owned()][..])]).is_ok());
    }

    #[test]
    fn a_key_that_terminals_send_as_another_is_refused_and_said_as_what() {
        for (key, sent) in [
            ("ctrl+m", "Enter"),
            ("ctrl+i", "Tab"),
            ("ctrl+h", "Backspace"),
            ("ctrl+[", "Esc"),
            ("ctrl+alt+m", "Enter"),
            ("ctrl+/", "Ctrl+_"),
            ("ctrl+3", "Esc"),
            ("ctrl+?", "Backspace"),
        ] {
            let error = Keymap::with([("palette", &[key.to_owned()][..])]).unwrap_err();
            assert!(error.why.contains(key) && error.why.contains(sent), "{error}");
        }
    }
}
