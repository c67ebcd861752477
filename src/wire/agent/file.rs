//! Agents as files: a name and a definition, in TOML or JSON. What Bedrock gives is read as well, and a block `mcpServers`
//! beside the rest: each server is a group more.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use super::bedrock::Imported;
use super::{bedrock, mcp, openapi, place};
use crate::domain::agent::{Definition, Group};
use crate::domain::near::nearest;
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
/// `Invalid`: none of the forms, or an unknown field; the message names it, with its line and the field that was meant.
pub fn read(text: &str) -> Result<Imported> {
    let Some(json) = json_of(text) else {
        // No file of TOML begins with a brace.
        if text.trim_start().starts_with('{') {
            return Err(bad(broken(text)));
        }
        let table: Value = toml::from_str(text).map_err(|why| {
            let said = why.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
            bad(at(place::toml(&why, text), said))
        })?;
        return of(table, text, Form::Toml);
    };
    let has = |field: &str| json.get(field).is_some();
    let own = has("instruction") || has("name") && (has("groups") || has("model"));
    if own && !has("agentName") { of(json, text, Form::Json) } else { bedrock::read(&json) }
}

/// Why a text is no JSON, behind the place where that is.
fn broken(text: &str) -> String {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let why = values.find_map(std::result::Result::err);
    why.map_or_else(String::new, |why| at(place::json(&why, text), place::bare(&why)))
}

/// What is said of a place, behind that.
fn at(place: Option<String>, said: String) -> String {
    match place {
        Some(place) => format!("{place}: {said}"),
        None => said,
    }
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

fn of(mut json: Value, text: &str, form: Form) -> Result<Imported> {
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
    let mut definition = definition(&json, text, form)?;
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

/// What is wrong is said behind its place in the file, and in a group with that one's name: there may be many.
fn definition(json: &Value, text: &str, form: Form) -> Result<Definition> {
    Definition::deserialize(json).map_err(|why| {
        let (place, said) = match place::of(text, form) {
            Some((place, said)) => (Some(place), said),
            None => (None, why.to_string()),
        };
        let mut groups = json.get("groups").and_then(Value::as_array).into_iter().flatten();
        let group = groups.find(|group| Group::deserialize(*group).is_err_and(|why| why.to_string() == said));
        let said = meant(&said);
        let said = match group.map(|group| group.get("name").and_then(Value::as_str)) {
            None => said,
            Some(None) => format!("a group: {said}"),
            Some(Some(name)) => format!("the group {name:?}: {said}"),
        };
        bad(at(place, said))
    })
}

/// What is said of a name that there is not, with the one that was meant.
fn meant(said: &str) -> String {
    // Two names stand in the file, and not in the definition.
    let fields = "expected one of `description`, `instruction`";
    let beside = place::BESIDE.map(|name| format!("`{name}`")).join(", ");
    let said = said.replacen(fields, &format!("expected one of {beside}, `description`, `instruction`"), 1);
    if !said.starts_with("unknown ") {
        return said;
    }
    let mut names = said.split('`').skip(1).step_by(2);
    let near = names.next().and_then(|wrong| nearest(wrong, names));
    match near.map(|near| format!("` (did you mean `{near}`?), ")) {
        Some(near) => said.replacen("`, ", &near, 1),
        None => said,
    }
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
        let said = "unknown field `modle` (did you mean `model`?), expected one of `name`, `mcpServers`, `description`";
        assert!(error.why.starts_with(&format!("line 3, column 1: {said}")), "{error}");
    }

    #[test]
    fn a_field_that_there_is_not_is_said_with_its_line_wherever_it_stands_and_in_both_forms() {
        let why = |text: &str| read(text).unwrap_err().why;
        for (line, wrong, says) in [
            (
                "[limits]\nstep = 3",
                "limits",
                "line 4, column 1: unknown field `step` (did you mean `steps`?)",
            ),
            (
                "[[groups]]\nname = 'a'\nrunz = 1",
                "groups",
                "line 5, column 1: the group \"a\": unknown field `runz` (did you mean `runs`?)",
            ),
            (
                "[[groups]]\nname = 'a'\nruns = { person = {} }\n[[groups.functions]]\nname = 'f'\nconfrim = true",
                "functions",
                "line 8, column 1: the group \"a\": unknown field `confrim` (did you mean `confirm`?)",
            ),
        ] {
            let said = why(&format!("name = 'x'\ninstruction = 'y'\n{line}\n"));
            assert!(said.starts_with(says), "{wrong}: {said}");
        }
        let json = "{\n  \"mcpServers\": {\"s\": {\"command\": \"x\"}},\n  \"name\": \"a\",\n  \"instruction\": \"b\",\n  \"limits\": {\n    \"step\": 3\n  }\n}";
        let said = why(json);
        assert!(
            said.starts_with("line 6, column 10: unknown field `step` (did you mean `steps`?)"),
            "{said}"
        );
        let said = why("{\n  \"name\": \"a\",\n  \"model\": \"b/c\",\n  \"instrucion\": \"d\"\n}");
        assert!(
            said.starts_with("line 4, column 14: unknown field `instrucion` (did you mean `instruction`?)"),
            "{said}"
        );
        // Neither is what is no JSON spoken of as if it were to be TOML.
        assert!(why("{\n  \"name\": \"a\",\n  \"instruction\" \"b\"\n}").starts_with("line 3, column "));
        // What is wrong by its kind has its line too.
        assert!(
            why("name = 'x'\ninstruction = 'y'\n[limits]\nsteps = 'many'\n")
                .starts_with("line 4, column 9: invalid type")
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
        assert!(group("tool = \"read_files\"").contains(": the group \"sums\": missing field `folder`"));
        let said = group("tool = \"calculater\"");
        assert!(said.starts_with("line 8, column "), "{said}");
        let says = ": the group \"sums\": unknown variant `calculater` (did you mean `calculator`?)";
        assert!(said.contains(says), "{said}");
        assert!(read("[]").unwrap_err().why.contains("no agent"));
        let theirs = read(r#"{"agent": {"agentName": "a", "instruction": "b"}}"#).unwrap();
        assert_eq!((theirs.name.as_str(), theirs.definition.instruction.as_str()), ("a", "b"));
        let group = r#"{"agentActionGroup": {"actionGroupName": "ask", "parentActionSignature": "AMAZON.UserInput"}}"#;
        let printed = format!("{{\"agent\": {{\"agentName\": \"a\", \"instruction\": \"b\"}}}}\n{group}\n");
        assert_eq!(read(&printed).unwrap().definition.groups[0].name, "ask");
    }
}
