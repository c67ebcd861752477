//! What this program can do for an agent itself, as a model is told of it.

use serde_json::{Value, json};

use super::group::BuiltIn;
use crate::domain::tool::Tool;

pub const CALCULATOR: &str = "calculator";
pub const READ_FILE: &str = "read_file";
pub const LIST_FILES: &str = "list_files";
pub const HTTP_GET: &str = "http_get";
pub const ASK_USER: &str = "ask_user";

/// The tools of one.
pub fn tools(built_in: &BuiltIn) -> Vec<Tool> {
    match built_in {
        BuiltIn::Calculator => vec![tool(
            CALCULATOR,
            "Computes an expression: + - * / % ^, parentheses, pi, e, and sqrt, abs, round, floor, ceil, ln, log, exp, sin, \
             cos, tan, min, max. Use it for every calculation.",
            &[("expression", "In numbers and signs alone, without the result", true)],
        )],
        BuiltIn::ReadFiles { .. } => vec![
            tool(
                LIST_FILES,
                "Lists the files and folders in a folder.",
                &[("path", "The folder, from the folder that may be read; left out, that one", false)],
            ),
            tool(
                READ_FILE,
                "Reads a text file.",
                &[("path", "The file, from the folder that may be read, like notes/today.md", true)],
            ),
        ],
        BuiltIn::HttpGet { hosts } => {
            let of = if hosts.is_empty() {
                String::new()
            } else {
                format!(" Of these hosts: {}.", hosts.join(", "))
            };
            vec![tool(
                HTTP_GET,
                &format!("Fetches a page by GET.{of}"),
                &[("url", "Its whole address", true)],
            )]
        }
        BuiltIn::AskUser => vec![tool(
            ASK_USER,
            "Asks the user for what is missing, and waits for the answer.",
            &[("question", "One question, in the user's language", true)],
        )],
    }
}

fn tool(name: &str, description: &str, parameters: &[(&str, &str, bool)]) -> Tool {
    let mut properties = serde_json::Map::new();
    for (name, description, _) in parameters {
        properties.insert((*name).to_owned(), json!({"type": "string", "description": description}));
    }
    let required: Vec<Value> =
        parameters.iter().filter(|(_, _, needed)| *needed).map(|(name, ..)| Value::from(*name)).collect();
    Tool {
        name: name.to_owned(),
        description: description.to_owned(),
        schema: json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }),
    }
}

/// The tool that searches a knowledge base, by a name that every API takes.
pub fn search(base: &str, description: &str) -> Tool {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = base.chars().map(plain).take(48).collect();
    let of = if description.trim().is_empty() { String::new() } else { format!(" {}", description.trim()) };
    tool(
        &format!("search_{name}"),
        &format!("Searches the knowledge base {base:?}.{of}"),
        &[("query", "What to look for, as a whole question", true)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::Schema;

    #[test]
    fn every_tool_has_a_schema_and_a_name_that_apis_take() {
        let all = [
            BuiltIn::Calculator,
            BuiltIn::ReadFiles { folder: "/x".into() },
            BuiltIn::HttpGet { hosts: vec!["a.example".into()] },
            BuiltIn::AskUser,
        ];
        let tools = all.iter().flat_map(tools).chain([search("Our Teas é", "Prices.")]);
        for tool in tools {
            Schema::read(&tool.schema).unwrap();
            assert!(tool.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{}", tool.name);
        }
    }
}
