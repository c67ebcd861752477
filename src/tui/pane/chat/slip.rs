//! What begins like a command and is none: it is held back once, so that a slip of the finger is no question to a model.

use super::State;
use crate::domain::near::nearest;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::keymap::Context;

/// So many letters tell which command is meant.
const BEGUN: usize = 3;

/// What is known of a text that begins with a slash.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Slash {
    #[default]
    Open,
    /// This one was held back: sent once more, it is sent.
    Held(String),
    /// The person has said that it is no command, or it was sent once already.
    Text,
}

impl State {
    /// Whether what is written is held back, and says why; the same text sent once more is meant so.
    pub(super) fn holds_back(&mut self, desk: &mut Desk<'_>) -> bool {
        // What an agent asks for may well be a path.
        if !self.thread.waiting().is_empty() {
            return false;
        }
        let text = self.composer.text();
        let is_meant = match &self.slash {
            Slash::Open => false,
            Slash::Held(held) => *held == text,
            Slash::Text => true,
        };
        let Some(why) = slip(&text).filter(|_| !is_meant) else { return false };
        let sends = desk.key(Context::Composer, Action::Send);
        desk.note(format!("{why} {sends} once more sends it as text."));
        self.slash = Slash::Held(text);
        true
    }
}

/// What is wrong with a text that begins with a slash and a word of letters, where that stands alone or is near to a command. A
/// path goes on with another slash; behind a blank a slash is text.
fn slip(text: &str) -> Option<String> {
    let rest = text.strip_prefix('/')?;
    let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if word.is_empty() || !word.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '-') {
        return None;
    }
    let name = word.to_ascii_lowercase();
    let commands = || Action::ALL.iter().flat_map(|action| action.words()).copied();
    let named = Action::ALL.iter().find(|action| action.words().contains(&name.as_str()));
    if let Some(action) = named {
        // One that was pasted is no command yet: its slash opens the list of them where it is typed.
        return Some(if more.trim().is_empty() || action.takes_words() {
            format!("/{word} is a command, which is typed where nothing else is written.")
        } else {
            format!("/{word} is a command and takes no words after it.")
        });
    }
    let begun = || commands().find(|command| command.starts_with(&name));
    let near = if name.len() < BEGUN { None } else { begun().or_else(|| nearest(&name, commands())) };
    match near {
        Some(near) => Some(format!("There is no command /{word}: did you mean /{near}?")),
        None if more.trim().is_empty() => Some(format!("There is no command /{word}.")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_command_is_told_from_a_path_and_from_a_text() {
        for (text, near) in [
            ("/modle", "/model?"),
            ("/hlep", "/help?"),
            ("/Modle smollm2", "/model?"),
            ("/mod smollm2", "/model?"),
            ("/copyall", "/copy-all?"),
        ] {
            assert!(slip(text).is_some_and(|why| why.contains(near)), "{text}: {:?}", slip(text));
        }
        assert_eq!(slip("/s").as_deref(), Some("There is no command /s."));
        assert_eq!(slip("/xyzzy\n").as_deref(), Some("There is no command /xyzzy."));
        assert!(slip("/help me").is_some_and(|why| why == "/help is a command and takes no words after it."));
        for text in ["/help", "/model smollm2"] {
            assert!(
                slip(text).is_some_and(|why| why.ends_with("typed where nothing else is written.")),
                "{text}"
            );
        }
        for text in [
            "/etc/passwd is what?",
            "/etc/",
            "/tmp is full, why?",
            "/home is where?",
            "/v1 of the API",
            "/k is a constant",
            " /modle",
            "/ and so on",
            "//new",
            "either/or",
            "/",
            "",
        ] {
            assert_eq!(slip(text), None, "{text}");
        }
    }
}
