//! What is said of a slip in the arguments, with what was meant.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error};

use super::Arguments;
use crate::domain::near::nearest_first;
use crate::domain::settings::FIELDS;

/// Tells what was meant where clap does not know: settings are no flags, a question stands behind `chat`, and of several commands
/// the nearest is named first.
pub(super) fn mended(mut error: Error, said: &[OsString]) -> Error {
    let of = |error: &Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    if let Some(flag) = of(&error, ContextKind::InvalidArg)
        && let Some(set) = setting(&flag, said)
    {
        error.remove(ContextKind::SuggestedArg);
        tip(&mut error, format!("settings are said as '{set}'"));
    }
    let Some(name) = of(&error, ContextKind::InvalidSubcommand) else { return error };
    if name.trim().contains(char::is_whitespace) {
        error.remove(ContextKind::SuggestedSubcommand);
        tip(&mut error, format!("to ask a model, write 'outcrop chat {name:?}'"));
    } else if let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) {
        let names = ContextValue::Strings(nearest_first(&name, names.clone()));
        error.insert(ContextKind::SuggestedSubcommand, names);
    }
    error
}

fn tip(error: &mut Error, text: String) {
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(text)]));
}

/// How the setting is said for which a flag was taken, where the command takes settings.
fn setting(flag: &str, said: &[OsString]) -> Option<String> {
    let name = flag.strip_prefix("--")?.replace('-', "_");
    if !FIELDS.iter().any(|field| field.name == name) {
        return None;
    }
    let mut command = Arguments::command();
    let mut value = None;
    for (at, argument) in said.iter().enumerate().skip(1) {
        let argument = argument.to_str()?;
        let inner = command.find_subcommand(argument).cloned();
        command = inner.unwrap_or(command);
        if let Some(rest) = argument.strip_prefix(flag) {
            value = match rest.strip_prefix('=') {
                Some(value) => Some(value),
                None => {
                    said.get(at + 1).and_then(|next| next.to_str()).filter(|next| !next.starts_with("--"))
                }
            };
            break;
        }
    }
    let takes = command.get_arguments().any(|argument| argument.get_long() == Some("set"));
    takes.then(|| format!("--set {name}={}", value.unwrap_or("VALUE")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> String {
        Arguments::read(arguments.iter().map(OsString::from)).unwrap_err().to_string()
    }

    #[test]
    fn a_setting_that_is_written_as_a_flag_is_told_as_it_is_said() {
        for (said, tip) in [
            (&["outcrop", "chat", "--temperature", "0.2", "hi"][..], "'--set temperature=0.2'"),
            (&["outcrop", "chat", "--max-tokens=50", "hi"], "'--set max_tokens=50'"),
            (&["outcrop", "chat", "hi", "--seed"], "'--set seed=VALUE'"),
            (&["outcrop", "compare", "--top-p", "0.5", "hi"], "'--set top_p=0.5'"),
        ] {
            assert!(told(said).contains(tip), "{tip}: {}", told(said));
        }
        let none = told(&["outcrop", "models", "list", "--seed", "3"]);
        assert!(!none.contains("--set"), "{none}");
    }

    #[test]
    fn a_question_without_a_command_is_sent_to_chat() {
        let said = told(&["outcrop", "hello there"]);
        assert!(said.contains("outcrop chat \"hello there\""), "{said}");
    }

    #[test]
    fn the_nearest_command_is_named_first() {
        let said = told(&["outcrop", "chatt"]);
        let at = |name: &str| said.find(name).unwrap_or(usize::MAX);
        assert!(at("'chat'") < at("'cassettes'") && at("'chat'") < usize::MAX, "{said}");
        let said = told(&["outcrop", "kb", "creat"]);
        assert!(said.contains("'create'"), "{said}");
    }
}
