//! Templates that are Claude's Messages JSON, as Bedrock's newer ones are, as the texts that templates are here.

use serde_json::Value;

use crate::domain::agent::Step;
use crate::domain::untrusted::brief;

/// Characters of what is left out that are told.
const TOLD: usize = 40;

/// The text of a template; what of it has no place here is told. One that is no such JSON is a text already.
pub fn plain(template: &str, step: Step, remarks: &mut Vec<String>) -> String {
    let Some(json) = parsed(template) else { return template.to_owned() };
    let mut texts = vec![json.get("system").map(said).unwrap_or_default()];
    for message in json.get("messages").and_then(Value::as_array).into_iter().flatten() {
        let text = message.get("content").map(said).unwrap_or_default();
        let is_user = message.get("role").and_then(Value::as_str) == Some("user");
        // What the user says and what was done so far are turns of their own here.
        let is_turn =
            step == Step::Orchestration && matches!(text.trim(), "$question$" | "$agent_scratchpad$");
        if text.trim().is_empty() || is_turn {
            continue;
        }
        if is_user && step != Step::Orchestration {
            texts.push(text);
        } else {
            let who = if is_user { "user" } else { "assistant" };
            let text = brief(&text, TOLD);
            remarks.push(format!("a message of the {who} in the template of {step} is left out: {text}"));
        }
    }
    let texts: Vec<&str> = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    texts.join("\n\n")
}

/// The JSON of a template that is messages.
fn parsed(template: &str) -> Option<Value> {
    let json = serde_json::from_str::<Value>(template).or_else(|_| serde_json::from_str(&escaped(template)));
    json.ok().filter(|json| json.get("messages").is_some_and(Value::is_array))
}

/// With line breaks and tabs within strings as JSON writes them: Bedrock's own templates have them as they are.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut within, mut after_escape) = (false, false);
    for c in json.chars() {
        match c {
            '\n' if within => out.push_str("\\n"),
            '\r' if within => out.push_str("\\r"),
            '\t' if within => out.push_str("\\t"),
            _ => out.push(c),
        }
        within ^= c == '"' && !after_escape;
        after_escape = within && c == '\\' && !after_escape;
    }
    out
}

/// A content: a text, or a list of texts.
fn said(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let text = |part: &Value| part.get("text").unwrap_or(part).as_str().map(str::to_owned);
            parts.iter().filter_map(text).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the user guide prints one: with line breaks within its strings.
    const CLAUDE: &str = r#"{
    "anthropic_version": "bedrock-2023-05-31",
    "system": "
        $instruction$
        Say \"no\" where you must.
    ",
    "messages": [
        {"role": "user", "content": "$question$"},
        {"role": "assistant", "content": "$agent_scratchpad$"}
    ]
}"#;

    fn read(template: &str, step: Step) -> (String, Vec<String>) {
        let mut remarks = Vec::new();
        (plain(template, step, &mut remarks), remarks)
    }

    #[test]
    fn the_system_prompt_of_the_loop_is_its_template_and_its_turns_are_turns() {
        let (text, remarks) = read(CLAUDE, Step::Orchestration);
        assert_eq!(text, "$instruction$\n        Say \"no\" where you must.");
        assert_eq!(remarks, Vec::<String>::new());
        let nova = r#"{"system": [{"text": "Be $instruction$"}], "messages": [
            {"role": "user", "content": [{"text": "$question$"}]},
            {"role": "assistant", "content": [{"text": "Thought: $agent_scratchpad$"}]}]}"#;
        let (text, remarks) = read(nova, Step::Orchestration);
        assert_eq!(text, "Be $instruction$");
        assert!(remarks[0].contains("the assistant in the template of orchestration"), "{remarks:?}");
    }

    #[test]
    fn a_step_that_is_one_question_has_all_that_is_said_to_the_model() {
        let (text, remarks) = read(CLAUDE, Step::PreProcessing);
        assert_eq!(text, "$instruction$\n        Say \"no\" where you must.\n\n$question$");
        assert_eq!(remarks.len(), 1, "the beginning of an answer is none of it: {remarks:?}");
    }

    #[test]
    fn what_is_no_messages_is_a_text() {
        for text in ["Human: $question$\n\nAssistant:", "{\"a\": 1}", "{", "", "\"messages\""] {
            assert_eq!(read(text, Step::Orchestration), (text.to_owned(), Vec::new()));
        }
    }
}
