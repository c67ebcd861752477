//! One key press: its code, its modifiers, and the name that keymap files, help and test scripts call it by.

use std::fmt;
use std::str::FromStr;

pub use crossterm::event::{KeyCode, KeyModifiers};

/// A key press. A character carries its own case, so Shift is never set beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: KeyModifiers,
}

/// Keys that have a name rather than a character.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("menu", KeyCode::Menu),
    ("space", KeyCode::Char(' ')),
];

/// Modifiers in the order in which names list them.
const MODIFIERS: &[(&str, KeyModifiers)] = &[
    ("ctrl", KeyModifiers::CONTROL),
    ("alt", KeyModifiers::ALT),
    ("shift", KeyModifiers::SHIFT),
    ("super", KeyModifiers::SUPER),
];

impl Key {
    /// A key in its one canonical form: Shift with a letter is the capital, with any other character it is dropped
    /// (the character says it already), Shift+Tab is `Tab` with Shift.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let shift = modifiers.contains(KeyModifiers::SHIFT);
        match code {
            KeyCode::Char(c) => {
                let ctrl = modifiers.contains(KeyModifiers::CONTROL);
                let mut upper = c.to_uppercase();
                let c = match (upper.next(), upper.next()) {
                    (Some(capital), None) if shift && !ctrl => capital,
                    _ => c,
                };
                // Ctrl+Shift+P is its own key only where terminals can tell it from Ctrl+P.
                let keep = ctrl && shift && c.is_alphabetic();
                let c = if ctrl { c.to_lowercase().next().unwrap_or(c) } else { c };
                let modifiers = if keep { modifiers } else { modifiers - KeyModifiers::SHIFT };
                Self { code: KeyCode::Char(c), modifiers }
            }
            KeyCode::BackTab => Self { code: KeyCode::Tab, modifiers: modifiers | KeyModifiers::SHIFT },
            code => Self { code, modifiers },
        }
    }

    /// A key with no modifier.
    pub fn plain(code: KeyCode) -> Self {
        Self::new(code, KeyModifiers::NONE)
    }

    /// A character with no modifier.
    pub fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character with Ctrl.
    pub fn ctrl(c: char) -> Self {
        Self::new(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    /// A character with Alt.
    pub fn alt(c: char) -> Self {
        Self::new(KeyCode::Char(c), KeyModifiers::ALT)
    }

    /// The character that the key types into a text, if it types one.
    pub fn typed(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }

    /// The keys of a test script: `"jk<enter>hello<ctrl+p>"`; `<lt>` is a `<`.
    pub fn script(text: &str) -> Result<Vec<Self>, String> {
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c == '<' {
                let (name, after) =
                    rest[1..].split_once('>').ok_or_else(|| format!("`{rest}` opens a key and ends"))?;
                keys.push(if name == "lt" { Self::char('<') } else { name.parse()? });
                rest = after;
            } else {
                keys.push(Self::char(c));
                rest = &rest[c.len_utf8()..];
            }
        }
        Ok(keys)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(*modifier) {
                write!(f, "{name}+")?;
            }
        }
        match self.code {
            KeyCode::F(n) => write!(f, "f{n}"),
            code => match (NAMES.iter().find(|(_, named)| *named == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, KeyCode::Char(c)) => write!(f, "{c}"),
                (None, other) => write!(f, "{}", format!("{other:?}").to_lowercase()),
            },
        }
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        // A plus at the very end is the key `+` itself.
        while let Some((head, tail)) =
            rest.split_once('+').filter(|(head, tail)| !head.is_empty() && !tail.is_empty())
        {
            let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| head.eq_ignore_ascii_case(name))
            else {
                return Err(format!("`{head}` in `{text}` is no modifier: use ctrl, alt, shift or super"));
            };
            modifiers |= *modifier;
            rest = tail;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => KeyCode::Char(c),
            (Some('f' | 'F'), Some(_)) if rest[1..].parse::<u8>().is_ok_and(|n| (1..=24).contains(&n)) => {
                KeyCode::F(rest[1..].parse().unwrap_or(1))
            }
            _ => NAMES
                .iter()
                .find(|(name, _)| rest.eq_ignore_ascii_case(name))
                .map(|(_, code)| *code)
                .ok_or_else(|| {
                    format!("`{rest}` in `{text}` is no key: use a character, f1…f24 or a name like enter")
                })?,
        };
        Ok(Self::new(code, modifiers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_the_key_that_wrote_it() {
        for name in [
            "a",
            "A",
            "?",
            "+",
            "ctrl++",
            "space",
            "ctrl+p",
            "alt+enter",
            "shift+tab",
            "f12",
            "ctrl+alt+left",
            "長",
        ] {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
        assert_eq!("Ctrl+P".parse::<Key>().unwrap(), Key::ctrl('p'));
        for wrong in ["hyper+x", "f99", "entre", "ctrl+", ""] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_press_has_one_form() {
        assert_eq!(Key::new(KeyCode::Char('a'), KeyModifiers::SHIFT), Key::char('A'));
        assert_eq!(Key::new(KeyCode::Char('?'), KeyModifiers::SHIFT), Key::char('?'));
        assert_eq!(Key::new(KeyCode::Char('P'), KeyModifiers::CONTROL), Key::ctrl('p'));
        assert_eq!(Key::new(KeyCode::BackTab, KeyModifiers::NONE), "shift+tab".parse().unwrap());
    }

    #[test]
    fn a_script_is_keys_in_a_row() {
        let keys = Key::script("j/<enter><lt>").unwrap();
        assert_eq!(keys, [Key::char('j'), Key::char('/'), Key::plain(KeyCode::Enter), Key::char('<')]);
        assert!(Key::script("a<b").is_err());
    }
}
