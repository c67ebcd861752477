//! A key as people say it.

use crate::tui::key::{Key, KeyCode, KeyModifiers};

/// `Ctrl+P`, `Alt+Enter`, `PgUp`, `↑`, `G`.
pub fn label(key: Key) -> String {
    let mut out = String::new();
    for (modifier, name) in
        [(KeyModifiers::CONTROL, "Ctrl+"), (KeyModifiers::ALT, "Alt+"), (KeyModifiers::SHIFT, "Shift+")]
    {
        if key.modifiers.contains(modifier) {
            out.push_str(name);
        }
    }
    let name = match key.code {
        KeyCode::Char(' ') => "Space",
        KeyCode::Char(letter) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            out.extend(letter.to_uppercase());
            return out;
        }
        // `Alt+P`, as `Ctrl+P`; the capital is another key.
        KeyCode::Char(letter) if key.modifiers.contains(KeyModifiers::ALT) => {
            out.push_str(if letter.is_uppercase() { "Shift+" } else { "" });
            out.extend(letter.to_uppercase());
            return out;
        }
        KeyCode::Char(letter) => {
            out.push(letter);
            return out;
        }
        KeyCode::F(number) => {
            out.push('F');
            out.push_str(&number.to_string());
            return out;
        }
        KeyCode::Enter => "Enter",
        KeyCode::Esc => "Esc",
        KeyCode::Tab => "Tab",
        KeyCode::Backspace => "Bksp",
        KeyCode::Delete => "Del",
        KeyCode::Insert => "Ins",
        KeyCode::Home => "Home",
        KeyCode::End => "End",
        KeyCode::PageUp => "PgUp",
        KeyCode::PageDown => "PgDn",
        KeyCode::Up => "↑",
        KeyCode::Down => "↓",
        KeyCode::Left => "←",
        KeyCode::Right => "→",
        _ => {
            out.push_str(&key.to_string());
            return out;
        }
    };
    out.push_str(name);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_as_people_say_them() {
        for (name, said) in [
            ("ctrl+j", "Ctrl+J"),
            ("alt+enter", "Alt+Enter"),
            ("alt+p", "Alt+P"),
            ("alt+Z", "Alt+Shift+Z"),
            ("alt+_", "Alt+_"),
            ("G", "G"),
            ("pageup", "PgUp"),
        ] {
            assert_eq!(label(name.parse().unwrap()), said);
        }
    }
}
