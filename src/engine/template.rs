//! A model's chat template: turns to the one text that the model was trained on.

use std::fmt::Write as _;

use minijinja::value::{Kwargs, Rest, Value, ValueKind, from_args};
use minijinja::{Environment, Error as Fault, ErrorKind as FaultKind, State, context};

use crate::domain::call::{Converse, Turn};
use crate::domain::message::{Block, Role};
use crate::domain::thinking;
use crate::domain::{Error, ErrorKind, Result};

/// Instructions that a template may use: a file's template cannot keep the engine busy for ever.
const FUEL: u64 = 20_000_000;

/// What a template is given besides the turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) begin: &'a str,
    pub(super) end: &'a str,
    /// What `strftime_now` tells.
    pub(super) now: &'a jiff::Zoned,
}

/// The prompt of a conversation. A last turn of the assistant is left open, to be continued.
pub(super) fn prompt(source: &str, converse: &Converse, setting: Setting<'_>) -> Result<String> {
    let doing = format!("writing the prompt for {}", converse.model);
    let (turns, open) = match converse.turns.split_last() {
        Some((last, before)) if last.role == Role::Assistant => (before, Some(last)),
        _ => (&converse.turns[..], None),
    };
    let mut messages = Vec::new();
    if let Some(system) = &converse.system {
        messages.push(context! { role => "system", content => system });
    }
    for turn in turns {
        messages.push(context! { role => turn.role.as_str(), content => text(turn, &doing)? });
    }
    let mut environment = environment(setting.now.clone());
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let refused = |why: &Fault| {
        Error::new(
            ErrorKind::Invalid,
            &doing,
            format!("its chat template failed: {}", why.detail().unwrap_or("it is not sound")),
            "Some models take no system prompt, or want turns of person and model in alternation.",
        )
    };
    environment.set_syntax(syntax.map_err(|why| refused(&why))?);
    let mut prompt = environment
        .render_str(
            source,
            context! {
                messages,
                add_generation_prompt => true,
                bos_token => setting.begin,
                eos_token => setting.end,
            },
        )
        .map_err(|why| refused(&why))?;
    if let Some(open) = open {
        thought(source, open, &mut prompt);
        prompt.push_str(&text(open, &doing)?);
    }
    Ok(prompt)
}

/// The reasoning of an answer that is continued: closed where the template opened it, and written as the model wrote it,
/// so that it goes on with the answer and does not think anew.
fn thought(source: &str, open: &Turn, prompt: &mut String) {
    let Some((opens, closes)) = thinking::tags_of(source) else { return };
    let thoughts = open.blocks.iter().filter_map(|block| match block {
        Block::Reasoning { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let thoughts = thoughts.collect::<Vec<_>>().join("\n\n");
    let opened = thinking::left_open(prompt).is_some();
    if opened || !thoughts.is_empty() {
        if !opened {
            prompt.push_str(opens);
            prompt.push('\n');
        }
        let _ = write!(prompt, "{thoughts}\n{closes}\n\n");
    }
}

/// A turn's text. What a text model cannot take is refused by its kind; earlier reasoning is left out, as the models
/// that reason want it.
fn text(turn: &Turn, doing: &str) -> Result<String> {
    let refuse = |capability: &str, what: &str| {
        Err(Error::new(
            ErrorKind::Refused { capability: capability.into() },
            doing,
            format!("the conversation holds {what}, which this model cannot take"),
            "Ask another model, or leave it out.",
        ))
    };
    let mut joined = String::new();
    for block in &turn.blocks {
        match block {
            Block::Text { text } => {
                if !joined.is_empty() {
                    joined.push_str("\n\n");
                }
                joined.push_str(text);
            }
            Block::Image { .. } => return refuse("vision", "an image"),
            Block::Document { .. } => return refuse("documents", "a document"),
            Block::ToolUse { .. } | Block::ToolResult { .. } => return refuse("tools", "a tool call"),
            _ => {}
        }
    }
    Ok(joined)
}

/// Jinja as `transformers` sets it up, with the Python methods that templates call.
fn environment(now: jiff::Zoned) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(method);
    environment.add_filter("tojson", json);
    environment.add_function("raise_exception", |why: String| -> Result<String, Fault> {
        Err(Fault::new(FaultKind::InvalidOperation, why))
    });
    environment.add_function("strftime_now", move |format: String| -> Result<String, Fault> {
        jiff::fmt::strtime::format(&format, &now)
            .map_err(|why| Fault::new(FaultKind::InvalidOperation, why.to_string()))
    });
    environment
}

/// Methods of Python's `str` and `dict`.
fn method(_: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Fault> {
    if value.kind() == ValueKind::Map {
        return of_map(value, name, args);
    }
    let Some(text) = value.as_str() else { return Err(Fault::from(FaultKind::UnknownMethod)) };
    let set = |args: &[Value]| -> Result<Option<Vec<char>>, Fault> {
        let (set,): (Option<&str>,) = from_args(args)?;
        Ok(set.map(|set| set.chars().collect()))
    };
    let inside =
        |set: &Option<Vec<char>>, c: char| set.as_ref().map_or(c.is_whitespace(), |set| set.contains(&c));
    Ok(match name {
        "strip" => {
            let set = set(args)?;
            text.trim_matches(|c| inside(&set, c)).into()
        }
        "lstrip" => {
            let set = set(args)?;
            text.trim_start_matches(|c| inside(&set, c)).into()
        }
        "rstrip" => {
            let set = set(args)?;
            text.trim_end_matches(|c| inside(&set, c)).into()
        }
        "startswith" | "endswith" => {
            let (with,): (&Value,) = from_args(args)?;
            let one = |with: &str| {
                if name == "startswith" { text.starts_with(with) } else { text.ends_with(with) }
            };
            match with.as_str() {
                Some(with) => one(with).into(),
                None => with.try_iter()?.any(|with| with.as_str().is_some_and(one)).into(),
            }
        }
        "upper" => text.to_uppercase().into(),
        "lower" => text.to_lowercase().into(),
        "title" => {
            text.split_inclusive(|c: char| !c.is_alphabetic()).map(capitalised).collect::<String>().into()
        }
        "capitalize" => capitalised(text).into(),
        "replace" => {
            let (from, to, times): (&str, &str, Option<usize>) = from_args(args)?;
            times.map_or_else(|| text.replace(from, to), |times| text.replacen(from, to, times)).into()
        }
        "split" => {
            let (at, times): (Option<&str>, Option<usize>) = from_args(args)?;
            let times = times.map_or(usize::MAX, |times| times.saturating_add(1));
            match at.filter(|at| !at.is_empty()) {
                Some(at) => text.splitn(times, at).map(Value::from).collect(),
                None => text.split_whitespace().map(Value::from).collect(),
            }
        }
        "splitlines" => text.lines().map(Value::from).collect(),
        "find" => {
            let (what,): (&str,) = from_args(args)?;
            text.find(what).map_or(-1, |at| text[..at].chars().count() as i64).into()
        }
        "count" => {
            let (what,): (&str,) = from_args(args)?;
            text.matches(what).count().into()
        }
        _ => return Err(Fault::from(FaultKind::UnknownMethod)),
    })
}

fn of_map(value: &Value, name: &str, args: &[Value]) -> Result<Value, Fault> {
    match name {
        "keys" => Ok(value.try_iter()?.collect()),
        "values" => value.try_iter()?.map(|key| value.get_item(&key)).collect(),
        "items" => {
            value.try_iter()?.map(|key| Ok(Value::from(vec![key.clone(), value.get_item(&key)?]))).collect()
        }
        "get" => {
            let (key, or): (&Value, Option<Value>) = from_args(args)?;
            let found = value.get_item(key)?;
            Ok(if found.is_undefined() { or.unwrap_or(Value::from(())) } else { found })
        }
        _ => Err(Fault::from(FaultKind::UnknownMethod)),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
    })
}

/// `tojson` as Python writes it: a space after `:` and `,`, nothing escaped for HTML.
#[allow(clippy::needless_pass_by_value, reason = "filters are given their arguments")]
fn json(value: &Value, rest: Rest<Value>, options: Kwargs) -> Result<Value, Fault> {
    let indent = match rest.first() {
        Some(indent) => Some(usize::try_from(indent.clone())?),
        None => options.get::<Option<usize>>("indent")?,
    };
    let value = serde_json::to_value(value)
        .map_err(|why| Fault::new(FaultKind::BadSerialization, why.to_string()))?;
    let mut out = String::new();
    write_json(&value, indent.map(|i| i.min(16)), 0, &mut out);
    Ok(Value::from_safe_string(out))
}

fn write_json(value: &serde_json::Value, indent: Option<usize>, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    };
    let comma = if indent.is_some() { "," } else { ", " };
    match value {
        serde_json::Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { comma } else { "" });
                line(out, depth + 1);
                write_json(item, indent, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        serde_json::Value::Object(fields) if !fields.is_empty() => {
            out.push('{');
            for (i, (key, item)) in fields.iter().enumerate() {
                out.push_str(if i > 0 { comma } else { "" });
                line(out, depth + 1);
                let _ = write!(out, "{}: ", serde_json::Value::from(key.as_str()));
                write_json(item, indent, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Blobs;
    use crate::domain::settings::Settings;

    fn say(role: Role, text: &str) -> Turn {
        Turn { role, blocks: vec![Block::Text { text: text.into() }] }
    }

    fn render(source: &str, system: Option<&str>, turns: &[Turn]) -> Result<String> {
        let now = jiff::civil::date(2026, 11, 22).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        let converse = Converse {
            model: "local/test".parse().unwrap(),
            system: system.map(str::to_owned),
            turns: turns.to_vec(),
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        };
        prompt(source, &converse, Setting { begin: "<s>", end: "</s>", now: &now })
    }

    const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    #[test]
    fn turns_are_written_as_the_template_says() {
        assert_eq!(
            render(CHATML, Some("be brief"), &[say(Role::User, "hi")]).unwrap(),
            "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
        );
    }

    #[test]
    fn a_last_turn_of_the_assistant_stays_open() {
        assert_eq!(
            render(CHATML, None, &[say(Role::User, "hi"), say(Role::Assistant, "Well, ")]).unwrap(),
            "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nWell, "
        );
    }

    #[test]
    fn reasoning_is_sent_back_only_in_an_answer_that_is_continued() {
        let reasoned = |text: &str| {
            let thought = Block::Reasoning { text: "hm".into(), signature: None };
            Turn { role: Role::Assistant, blocks: vec![thought, Block::Text { text: text.into() }] }
        };
        let later = [say(Role::User, "hi"), reasoned("Well."), say(Role::User, "so?")];
        assert!(!render(CHATML, None, &later).unwrap().contains("hm"));
        // A template that opens the reasoning of the next answer, as DeepSeek's distilled models have it.
        let opens = CHATML.replace("assistant\n'", "assistant\n<think>\n'") + "{# </think> #}";
        assert!(render(&opens, None, &later).unwrap().ends_with("<|im_start|>assistant\n<think>\n"));
        let halfway = [say(Role::User, "hi"), reasoned("Well, ")];
        let goes_on = "<|im_start|>assistant\n<think>\nhm\n</think>\n\nWell, ";
        assert!(render(&opens, None, &halfway).unwrap().ends_with(goes_on));
        let tells = format!("{CHATML}{{# </think> #}}");
        assert!(render(&tells, None, &halfway).unwrap().ends_with(goes_on));
        assert!(render(CHATML, None, &halfway).unwrap().ends_with("<|im_start|>assistant\nWell, "));
    }

    #[test]
    fn templates_may_call_the_methods_of_python() {
        let source = "{{ bos_token }}{% set m = messages[0] %}{{ ' x '.strip() }}{{ 'abc'.startswith('ab') }}\
            {{ 'a-b'.split('-')[1] }}{{ m.get('none', 'or') }}{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}\
            {{ 'x\n'.rstrip('\n') }}{{ 'one two'.title() }}{{ strftime_now('%d %b %Y') }}\
            {{ {'a': [1, 'é<']} | tojson }}{{ [] | tojson(indent=2) }}";
        assert_eq!(
            render(source, None, &[say(Role::User, "hi")]).unwrap(),
            "<s>xTruebora1xOne Two22 Nov 2026{\"a\": [1, \"é<\"]}[]"
        );
    }

    #[test]
    fn a_templates_own_refusal_is_told_in_its_words() {
        let source = "{{ raise_exception('System role not supported') }}";
        let error = render(source, None, &[]).unwrap_err();
        assert!(error.why.contains("System role not supported"), "{error}");
    }

    #[test]
    fn a_template_cannot_run_for_ever() {
        let source =
            "{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}";
        assert!(render(source, None, &[]).is_err());
    }

    #[test]
    fn an_image_is_refused_by_its_kind() {
        let image = Block::Image {
            media_type: "image/png".into(),
            blob: crate::domain::message::BlobId("x".into()),
            file: None,
        };
        let error = render(CHATML, None, &[Turn { role: Role::User, blocks: vec![image] }]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused { capability: "vision".into() });
    }
}
