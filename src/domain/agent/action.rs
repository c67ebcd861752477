//! Actions: everything that a model may call, with who does it.

use serde_json::Value;

use super::definition::Definition;
use super::function::Function;
use super::group::{BuiltIn, Executor, Group};
use super::operation::Operation;
use crate::domain::tool::Tool;

/// What stands between a group's name and an action's where two groups have an action of one name.
const BETWEEN: &str = "__";

/// The longest name that every model's API takes.
const LONGEST: usize = 64;

/// What a group turns out to have, once its document was read or its server was asked.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Function(Function),
    Operation(Operation),
    /// Of a list of its own, by the tool's name there.
    Own(Tool),
}

impl What {
    /// As a model is told of it, by its own name.
    pub fn tool(&self) -> Tool {
        match self {
            Self::Function(function) => function.tool(),
            Self::Operation(operation) => operation.tool(),
            Self::Own(tool) => tool.clone(),
        }
    }

    /// Whether a person must agree before each call.
    const fn confirm(&self) -> bool {
        match self {
            Self::Function(function) => function.confirm,
            Self::Operation(operation) => operation.confirm,
            Self::Own(_) => false,
        }
    }
}

/// Something that a model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// With a name that no other action of the agent has.
    pub tool: Tool,
    /// Which of the definition's groups it is of.
    pub group: usize,
    pub what: What,
    /// A person must agree before each call.
    pub confirm: bool,
    /// It looks at something, or does no more where it is called again: who asks for the same again is told what there is now.
    pub safe: bool,
}

/// Whether what a group has says of itself that it only looks at something. What a person answers is asked once.
fn is_safe(group: &Group, what: &What) -> bool {
    match what {
        What::Operation(operation) => {
            operation.method.is_safe() && !matches!(group.runs, Executor::Person {})
        }
        What::Own(_) => {
            matches!(&group.runs, Executor::BuiltIn(BuiltIn::ReadFiles { .. } | BuiltIn::HttpGet { .. }))
        }
        What::Function(_) => false,
    }
}

/// The actions of a definition whose groups have those: groups that are off are left out.
pub fn actions(definition: &Definition, found: Vec<(usize, What)>) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for (group, what) in found {
        let Some(of) = definition.groups.get(group).filter(|of| of.enabled) else { continue };
        let confirm = of.confirm || what.confirm();
        let safe = is_safe(of, &what);
        actions.push(Action { tool: what.tool(), group, what, confirm, safe });
    }
    let names: Vec<String> = actions.iter().map(|action| action.tool.name.clone()).collect();
    let mut taken: Vec<String> = Vec::new();
    for action in &mut actions {
        let own = &action.tool.name;
        let name = if names.iter().filter(|name| *name == own).count() > 1 {
            format!("{}{BETWEEN}{own}", definition.groups[action.group].name)
        } else {
            own.clone()
        };
        action.tool.name = free(&name, &taken);
        taken.push(action.tool.name.clone());
    }
    actions
}

/// The name as every API takes it, shortened and without what a server's own names may have in them, with a number where it
/// is taken.
fn free(name: &str, taken: &[String]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let short = |most: usize| name.chars().take(most).map(plain).collect::<String>();
    let mut free = short(LONGEST);
    let mut number = 2_u32;
    while taken.contains(&free) {
        let end = format!("_{number}");
        free = format!("{}{end}", short(LONGEST - end.len()));
        number += 1;
    }
    free
}

/// The action that a model means; `None` where it names none.
pub fn named<'a>(actions: &'a [Action], name: &str) -> Option<&'a Action> {
    actions.iter().find(|action| action.tool.name == name)
}

/// Stands between what is sent and its values, which are no more than a help.
const TO_READ: &str = "Its values, a line each, to be read more easily:";

/// What is sent as a person is shown it before they agree: byte by byte, and below that the values in it where they have several
/// lines.
pub fn shown(sent: &str, input: &Value) -> String {
    match serde_json::to_string_pretty(input) {
        Ok(values) if values.contains('\n') => format!("{sent}\n\n{TO_READ}\n{values}"),
        _ => sent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::built_in;
    use crate::domain::agent::group::Endpoint;
    use crate::domain::agent::operation::Method;

    #[test]
    fn what_is_sent_is_shown_as_it_is_and_its_values_once_more_where_that_helps() {
        let input = serde_json::json!({"tea": "Assam"});
        let values = "Its values, a line each, to be read more easily:\n{\n  \"tea\": \"Assam\"\n}";
        assert_eq!(shown("{\"tea\":\"Assam\"}", &input), format!("{{\"tea\":\"Assam\"}}\n\n{values}"));
        assert_eq!(shown("{}", &serde_json::json!({})), "{}");
    }

    fn group(name: &str, confirm: bool, enabled: bool) -> Group {
        Group {
            name: name.to_owned(),
            description: String::new(),
            enabled,
            confirm,
            functions: Vec::new(),
            openapi: None,
            runs: Executor::Person {},
        }
    }

    fn function(name: &str, confirm: bool) -> What {
        What::Function(Function { name: name.to_owned(), confirm, ..Function::default() })
    }

    #[test]
    fn actions_of_one_name_are_told_apart_by_their_groups() {
        let groups = vec![group("a", true, true), group("b", false, true), group("c", false, false)];
        let definition = Definition { groups, ..Definition::default() };
        let long = "x".repeat(70);
        let found = vec![
            (0, function("list", false)),
            (1, function("list", false)),
            (1, function("buy", true)),
            (2, function("off", false)),
            (1, function(&long, false)),
            (0, function(&format!("{long}y"), false)),
        ];
        let actions = actions(&definition, found);
        let names: Vec<(&str, bool)> =
            actions.iter().map(|action| (action.tool.name.as_str(), action.confirm)).collect();
        assert_eq!(&names[..3], [("a__list", true), ("b__list", false), ("buy", true)]);
        assert_eq!(names[3].0, "x".repeat(64));
        assert_eq!(names[4].0, format!("{}_2", "x".repeat(62)));
        assert_eq!(named(&actions, "buy").map(|action| action.group), Some(1));
        assert_eq!(named(&actions, "list"), None);
    }

    #[test]
    fn what_only_looks_is_safe_to_be_called_again() {
        let operation = |method: Method| {
            What::Operation(Operation {
                id: method.as_str().to_owned(),
                method,
                path: "/teas".to_owned(),
                description: String::new(),
                parameters: Vec::new(),
                body: None,
                confirm: false,
            })
        };
        let files = BuiltIn::ReadFiles { folder: "/x".into() };
        let own = |of: &BuiltIn| built_in::tools(of).into_iter().map(What::Own).collect::<Vec<_>>();
        let (reads, sums) = (own(&files), own(&BuiltIn::Calculator));
        let api = Executor::Http(Endpoint::default());
        let runs =
            [Executor::Person {}, api, Executor::BuiltIn(files), Executor::BuiltIn(BuiltIn::Calculator)];
        let groups = runs.into_iter().map(|runs| Group { runs, ..group("g", false, true) }).collect();
        let definition = Definition { groups, ..Definition::default() };
        let mut found = vec![(0, operation(Method::Get)), (1, function("look", false))];
        found.extend(Method::ALL.map(|method| (1, operation(method))));
        found.extend(reads.into_iter().map(|what| (2, what)));
        found.extend(sums.into_iter().map(|what| (3, what)));
        let actions = actions(&definition, found);
        let safe = actions.iter().filter(|action| action.safe);
        let safe: Vec<(usize, &str)> = safe.map(|action| (action.group, action.tool.name.as_str())).collect();
        let told = [(1, "g__GET_2"), (1, "OPTIONS"), (1, "HEAD"), (2, "list_files"), (2, "read_file")];
        assert_eq!(safe, told, "a person is not asked twice");
    }

    #[test]
    fn a_servers_own_name_is_written_as_every_model_takes_it_and_called_as_it_is() {
        let definition = Definition { groups: vec![group("a", false, true)], ..Definition::default() };
        let own = |name: &str| {
            let tool = Tool { name: name.to_owned(), description: String::new(), schema: Value::Null };
            (0, What::Own(tool))
        };
        let actions = actions(&definition, vec![own("files/read.é"), own("files_read__")]);
        let names: Vec<&str> = actions.iter().map(|action| action.tool.name.as_str()).collect();
        assert_eq!(names, ["files_read__", "files_read___2"]);
        assert!(matches!(&actions[0].what, What::Own(tool) if tool.name == "files/read.é"));
    }
}
