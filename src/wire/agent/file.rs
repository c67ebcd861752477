//! Agents as files: a name and a definition, in TOML or JSON. What Bedrock gives is read as well, and a block `mcpServers`
//! beside the rest: each server is a group more.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use super::bedrock::Imported;
use super::{bedrock, mcp, openapi};
use crate::domain::agent::{Definition, Group};
use crate::domain::{Error, ErrorKind, Result};

/// What a file is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Toml,
    Json,
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    #[serde(flatten)]
    definition: &'a Definition,
}

/// A definition as a file; a name that is empty is left out. Where a secret is written out in it the file names a variable.
///
/// # Errors
///
/// `Invalid`: TOML has no way to write it (a null within an `OpenAPI` document); JSON has.
pub fn write(name: &str, definition: &Definition, form: Form) -> Result<String> {
    let definition = definition.without_secrets();
    let written = Written { name, definition: &definition };
    let internal = |why: String| Error::internal("writing an agent", why);
    match form {
        Form::Json => {
            let text = serde_json::to_string_pretty(&written).map_err(|why| internal(why.to_string()))?;
            Ok(text + "\n")
        }
        Form::Toml => toml::to_string(&written).map_err(|why| {
            let hint = "Write it as JSON: --form json.";
            Error::new(ErrorKind::Invalid, "writing an agent as TOML", why.to_string(), hint)
        }),
    }
}

/// Reads a file, whichever of the forms it is. A name that is not in it is empty.
///
/// # Errors
///
/// `Invalid`: none of the forms, or an unknown field; the message names it.
pub fn read(text: &str) -> Result<Imported> {
    let Some(json) = json_of(text) else {
        let table: Value = toml::from_str(text).map_err(|why| bad(placed(&why, text)))?;
        return of(table);
    };
    let own = json.get("instruction").is_some() && json.get("agentName").is_none();
    if own { of(json) } else { bedrock::read(&json) }
}

/// What is wrong in a text of TOML, behind the place where that is.
fn placed(why: &toml::de::Error, text: &str) -> String {
    let said = why.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
    let Some(before) = why.span().and_then(|span| text.get(..span.start)) else { return said };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {said}")
}

/// The JSON of a text; several values one behind the other, as `cat` makes of what several commands have printed, are a list.
fn json_of(text: &str) -> Option<Value> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut values: Vec<Value> = values.collect::<std::result::Result<_, _>>().ok()?;
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::Array(values)),
    }
}

fn of(mut json: Value) -> Result<Imported> {
    let name = json.as_object_mut().and_then(|fields| fields.remove("name"));
    let name = match name {
        None => String::new(),
        Some(Value::String(name)) => name,
        Some(other) => return Err(bad(format!("its name is {other}, which is no text"))),
    };
    let servers = match json.as_object_mut().and_then(|fields| fields.remove("mcpServers")) {
        None => None,
        Some(block) => Some(mcp::read(&json!({ "mcpServers": block }).to_string())?),
    };
    documents(&mut json)?;
    let mut definition = definition(json)?;
    let places = definition.steps.unknown_places().into_iter();
    let mut remarks: Vec<String> = places
        .map(|(step, place)| format!("nothing is put into ${place}$ of the template of {step}"))
        .collect();
    remarks.extend(definition.written_out());
    if let Some(servers) = servers {
        definition.groups.extend(servers.groups);
        remarks.extend(servers.remarks);
    }
    Ok(Imported { name, definition, remarks })
}

/// What is wrong in a group is said with the group: there may be many.
fn definition(json: Value) -> Result<Definition> {
    for group in json.get("groups").and_then(Value::as_array).into_iter().flatten() {
        if let Err(why) = Group::deserialize(group) {
            let named = group.get("name").and_then(Value::as_str);
            let group = named.map_or_else(|| "a group".to_owned(), |name| format!("the group {name:?}"));
            return Err(bad(format!("{group}: {why}")));
        }
    }
    serde_json::from_value(json).map_err(|why| {
        // The name stands in the file, and not in the definition.
        let fields = "expected one of `description`, `instruction`";
        bad(why.to_string().replacen(fields, "expected one of `name`, `description`, `instruction`", 1))
    })
}

/// Documents of APIs that stand in their groups as texts, JSON or YAML.
fn documents(json: &mut Value) -> Result<()> {
    for group in json.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(own) = group.get_mut("openapi")
            && let Value::String(text) = own
        {
            *own = openapi::document(text)?;
        }
    }
    Ok(())
}

fn bad(why: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "reading an agent",
        why,
        "It is TOML or JSON as `outcrop agent export` writes it, or the JSON that `aws bedrock-agent get-agent` prints.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = r#"
name = "shop"
instruction = "You sell tea."
model = "scripted/acts"

[[groups]]
name = "sums"
runs = { built_in = { tool = "calculator" } }
"#;

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_with_every_field_that_there_is() {
        let error = read("name = \"é\"\nmodel = \"x").unwrap_err();
        assert!(error.why.starts_with("line 2, column "), "{error}");
        assert!(!error.why.contains('\n'), "{error}");
        let error = read("name = \"a\"\ninstruction = \"b\"\nmodle = \"x\"\n").unwrap_err();
        assert!(
            error.why.contains("unknown field `modle`, expected one of `name`, `description`"),
            "{error}"
        );
    }

    #[test]
    fn a_secret_that_is_written_out_is_spoken_of_and_stands_in_no_file() {
        let text = r#"
instruction = "You sell tea."
model = "scripted/acts"

[[groups]]
name = "web"
runs = { http = { url = "http://127.0.0.1:9", headers = { Authorization = "Bearer sk-1", Accept = "text/plain" } } }
functions = [{ name = "order", description = "" }]

[[groups]]
name = "mcp"
runs = { mcp = { command = "x", args = ["--api-key", "sk-3"], env = { API_KEY = "sk-2", OTHER_KEY = "$OTHER" } } }
"#;
        let read = read(text).unwrap();
        assert_eq!(read.remarks.len(), 3, "{:?}", read.remarks);
        for form in [Form::Toml, Form::Json] {
            let file = write("shop", &read.definition, form).unwrap();
            assert!(!file.contains("sk-"), "{file}");
            for kept in ["${AUTHORIZATION}", "${API_KEY}", "$OTHER", "text/plain"] {
                assert!(file.contains(kept), "{kept}: {file}");
            }
        }
    }

    #[test]
    fn a_file_comes_back_as_it_was_in_both_forms() {
        let shop = read(SHOP).unwrap();
        assert_eq!(shop.name, "shop");
        for form in [Form::Toml, Form::Json] {
            let again = read(&write("shop", &shop.definition, form).unwrap()).unwrap();
            assert_eq!(again, shop);
        }
    }

    #[test]
    fn a_document_of_an_api_may_stand_in_its_group_as_the_yaml_that_it_is() {
        let group = "[[groups]]\nname = 'teas'\nruns = { http = {} }\nopenapi = '''\nopenapi: 3.0.0\npaths:\n  /teas:\n    \
                     get: {operationId: all}\n'''\n";
        let shop = read(&format!("{SHOP}\n{group}")).unwrap();
        let document = shop.definition.groups[1].openapi.as_ref().unwrap();
        assert_eq!(document["paths"]["/teas"]["get"]["operationId"], "all");
        let again = read(&write("shop", &shop.definition, Form::Toml).unwrap()).unwrap();
        assert_eq!(again.definition, shop.definition);
        let broken = group.replace("{operationId: all}", "[");
        assert!(read(&format!("{SHOP}\n{broken}")).unwrap_err().why.contains("neither JSON nor YAML"));
    }

    #[test]
    fn servers_are_taken_as_everybody_writes_them_and_come_back_as_groups() {
        let block = "[mcpServers.files]\ncommand = 'npx'\nargs = ['-y', 'srv']\ncwd = '/x'\n";
        let shop = read(&format!("{SHOP}\n{block}")).unwrap();
        let names: Vec<&str> = shop.definition.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["sums", "files"]);
        assert!(shop.remarks[0].contains("cwd"), "{:?}", shop.remarks);
        let again = read(&write("shop", &shop.definition, Form::Toml).unwrap()).unwrap();
        assert_eq!(again.definition, shop.definition);
    }

    #[test]
    fn what_is_no_agent_is_refused_by_name_and_what_is_bedrocks_is_read_as_that() {
        assert!(read("instruction = 'x'\nwrong = 1").unwrap_err().why.contains("wrong"));
        assert!(read("name = 1\ninstruction = 'x'").unwrap_err().why.contains("no text"));
        let group = |said: &str| read(&SHOP.replace("tool = \"calculator\"", said)).unwrap_err().why;
        assert!(group("tool = \"read_files\"").starts_with("the group \"sums\": missing field `folder`"));
        assert!(
            group("tool = \"calculater\"").starts_with("the group \"sums\": unknown variant `calculater`")
        );
        assert!(read("[]").unwrap_err().why.contains("no agent"));
        let theirs = read(r#"{"agent": {"agentName": "a", "instruction": "b"}}"#).unwrap();
        assert_eq!((theirs.name.as_str(), theirs.definition.instruction.as_str()), ("a", "b"));
        let group = r#"{"agentActionGroup": {"actionGroupName": "ask", "parentActionSignature": "AMAZON.UserInput"}}"#;
        let printed = format!("{{\"agent\": {{\"agentName\": \"a\", \"instruction\": \"b\"}}}}\n{group}\n");
        assert_eq!(read(&printed).unwrap().definition.groups[0].name, "ask");
    }
}
