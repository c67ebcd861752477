//! A call of a model as a text that a person edits before it is asked again: settings a line each, then the texts.
//!
//! ```text
//! model = openai/gpt-4o
//! temperature = 0.2
//!
//! --- system
//! Be terse.
//! --- user
//! Weather in Paris?
//! ```
//!
//! What has no line here (earlier turns, tools, the schema of an answer) stays as it was.

use super::replay::Asked;
use crate::domain::message::{Block, Role};
use crate::domain::settings::{FIELDS, Settings};
use crate::domain::{Error, ErrorKind, Result};

const SYSTEM: &str = "--- system";
const USER: &str = "--- user";
const MODEL: &str = "model";
const DOING: &str = "reading what is to be asked";

/// What the person said last.
fn last(asked: &Asked) -> Option<String> {
    let turn = asked.turns.iter().rfind(|turn| turn.role == Role::User)?;
    let text = |block: &Block| match block {
        Block::Text { text } => Some(text.clone()),
        _ => None,
    };
    let said = turn.blocks.iter().filter_map(text).collect::<Vec<_>>().join("\n");
    Some(said).filter(|said| !said.trim().is_empty())
}

/// The text.
pub fn write(asked: &Asked) -> String {
    let model = asked.model.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut lines = vec![format!("{MODEL} = {model}")];
    let set = FIELDS.iter().filter(|field| !field.is_json());
    lines.extend(
        set.filter_map(|field| Some(format!("{} = {}", field.name, asked.settings.get(field.name)?))),
    );
    lines.push(String::new());
    lines.push(SYSTEM.to_owned());
    lines.extend(asked.system.clone());
    if let Some(said) = last(asked) {
        lines.push(USER.to_owned());
        lines.push(said);
    }
    lines.join("\n")
}

/// What it asks for, where it was made of `before`.
///
/// # Errors
///
/// `Invalid`, where a line makes no sense, or nothing is left to ask.
pub fn read(text: &str, before: &Asked) -> Result<Asked> {
    let wrong = |why: String, hint: &str| Error::new(ErrorKind::Invalid, DOING, why, hint);
    let mut asked = Asked { model: None, system: None, settings: Settings::default(), ..before.clone() };
    for field in FIELDS.iter().filter(|field| field.is_json()) {
        if let Some(value) = before.settings.get(field.name) {
            asked.settings.set(field.name, &value)?;
        }
    }
    let (mut system, mut said) = (Vec::new(), None::<Vec<&str>>);
    let mut in_system = false;
    for line in text.lines() {
        if let Some(said) = &mut said {
            said.push(line);
            continue;
        }
        match line.trim_end() {
            USER => said = Some(Vec::new()),
            SYSTEM if !in_system => in_system = true,
            _ if in_system => system.push(line),
            "" => {}
            line => {
                let Some((name, value)) = line.split_once('=') else {
                    let hint = "Above the texts a line is NAME = VALUE.";
                    return Err(wrong(format!("{line:?} sets nothing"), hint));
                };
                match (name.trim(), value.trim()) {
                    (MODEL, "") => {}
                    (MODEL, value) => asked.model = Some(value.parse()?),
                    (name, value) => asked.settings.set(name, value)?,
                }
            }
        }
    }
    asked.system = Some(system.join("\n").trim().to_owned()).filter(|system| !system.is_empty());
    if asked.model.is_none() {
        return Err(wrong("no model is named".to_owned(), "Write one: model = PROVIDER/NAME."));
    }
    match (said.map(|said| said.join("\n")), last(before)) {
        (Some(said), _) if said.trim().is_empty() => {
            return Err(wrong("nothing is asked".to_owned(), "Write below --- user what is."));
        }
        (Some(said), Some(before)) if said.trim() == before.trim() => {}
        (Some(said), _) => asked.say(said.trim().to_owned()),
        (None, Some(_)) => {
            return Err(wrong("nothing is asked".to_owned(), "Write --- user, and below it what is."));
        }
        (None, None) => {}
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Turn;

    fn asked() -> Asked {
        let turn = |role, text: &str| Turn { role, blocks: vec![Block::Text { text: text.to_owned() }] };
        let mut settings = Settings::default();
        settings.set("temperature", "0.2").unwrap();
        settings
            .set("tools", r#"[{"name":"look","description":"","schema":{"type":"object","properties":{}}}]"#)
            .unwrap();
        Asked {
            model: Some("openai/gpt-4o".parse().unwrap()),
            system: Some("Be terse.\nAlways.".to_owned()),
            turns: vec![
                turn(Role::User, "Hi"),
                turn(Role::Assistant, "Hello"),
                turn(Role::User, "Weather in Paris?\n--- system"),
            ],
            settings,
        }
    }

    #[test]
    fn a_call_comes_back_from_its_text_as_it_was() {
        let text = write(&asked());
        let wanted = "model = openai/gpt-4o\ntemperature = 0.2\n\n--- system\nBe terse.\nAlways.\n--- user\n\
                      Weather in Paris?\n--- system";
        assert_eq!(text, wanted);
        assert_eq!(read(&text, &asked()).unwrap(), asked());
    }

    #[test]
    fn what_is_changed_is_asked_and_what_has_no_line_stays() {
        let text = "model = local/m\nseed=7\n\n--- system\n--- user\n\nAnd in Rome? \n";
        let read = read(text, &asked()).unwrap();
        assert_eq!((read.model.unwrap().to_string().as_str(), read.system), ("local/m", None));
        assert_eq!((read.settings.temperature, read.settings.seed), (None, Some(7)));
        assert_eq!(read.settings.tools.len(), 1);
        let last = Turn { role: Role::User, blocks: vec![Block::Text { text: "And in Rome?".to_owned() }] };
        assert_eq!((read.turns.len(), read.turns.last()), (3, Some(&last)));
    }

    #[test]
    fn what_makes_no_sense_is_not_asked() {
        for (text, why) in [
            ("model = openai/gpt-4o\nnonsense\n--- user\nx", "nonsense"),
            ("model = openai/gpt-4o\ntemperature = hot\n--- user\nx", ""),
            ("model = \n--- user\nx", "no model"),
            ("model = openai/gpt-4o\n--- user\n \n", "nothing is asked"),
            ("model = openai/gpt-4o\n--- system\nx", "nothing is asked"),
        ] {
            let error = read(text, &asked()).unwrap_err();
            assert!(error.why.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_call_that_goes_on_after_a_tool_has_nothing_to_say() {
        let mut after = asked();
        after.turns.retain(|turn| turn.role == Role::Assistant);
        assert_eq!(read(&write(&after), &after).unwrap(), after);
    }
}
