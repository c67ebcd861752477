//! What an agent's model may call: the actions of its groups, and a search of each of its bases.

use sha2::{Digest, Sha256};

use super::servers::Servers;
use crate::domain::Result;
use crate::domain::agent::action::{self, Action, What};
use crate::domain::agent::run::Hashes;
use crate::domain::agent::{Definition, Executor, Step, built_in, pin};
use crate::domain::hex::hex;
use crate::domain::schema;
use crate::domain::tool::Tool;
use crate::wire::agent::openapi;

/// Everything that can be called.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    pub actions: Vec<Action>,
    /// Searches, each with the base's place in the definition.
    pub searches: Vec<(Tool, usize)>,
    /// Each group's own server, where its document names one.
    pub servers: Vec<Option<String>>,
    /// The hash of each tool as it was told: by that what somebody else's server tells is agreed to.
    hashes: Vec<(String, String)>,
    /// What schemas refer to and do not have, a line each, until that is told.
    pub untold: Vec<String>,
}

impl Offered {
    /// Of a definition.
    ///
    /// # Errors
    ///
    /// `Invalid`: a document that cannot be read.
    pub(super) fn of(definition: &Definition, servers: &Servers) -> Result<Self> {
        let (mut found, mut addresses) = (Vec::new(), Vec::new());
        for (at, group) in definition.groups.iter().enumerate() {
            let mut server = None;
            if group.enabled {
                if let Some(document) = &group.openapi {
                    let api = openapi::read(document)?;
                    server = api.server;
                    found
                        .extend(api.operations.into_iter().map(|operation| (at, What::Operation(operation))));
                }
                found.extend(group.functions.iter().map(|function| (at, What::Function(function.clone()))));
                if let Executor::BuiltIn(own) = &group.runs {
                    found.extend(built_in::tools(own).into_iter().map(|tool| (at, What::Own(tool))));
                }
                let own = servers.tools().filter(|(group, _)| *group == at);
                found.extend(own.map(|(_, tool)| (at, What::Own(tool.clone()))));
            }
            addresses.push(server);
        }
        let mut actions = action::actions(definition, found);
        for action in &mut actions {
            if let What::Own(tool) = &action.what {
                action.safe |= servers.is_safe(action.group, &tool.name);
            }
        }
        let (mut hashes, untold) = known(&mut actions);
        let mut searches: Vec<(Tool, usize)> = Vec::new();
        for (at, base) in definition.bases.iter().enumerate() {
            let mut tool = built_in::search(&base.name, &base.description);
            let taken = |name: &str| {
                actions.iter().any(|action| action.tool.name == name)
                    || searches.iter().any(|(other, _)| other.name == name)
            };
            let plain = tool.name.clone();
            let mut number = 2_u32;
            while taken(&tool.name) {
                tool.name = format!("{plain}_{number}");
                number += 1;
            }
            hashes.push((tool.name.clone(), pin::hash(&tool)));
            searches.push((tool, at));
        }
        Ok(Self { actions, searches, servers: addresses, hashes, untold })
    }

    /// Tools of a run that does another program's once more, as actions of the one group of its definition.
    pub(super) fn recorded(definition: &Definition, tools: Vec<Tool>) -> Self {
        let found = tools.into_iter().map(|tool| (0, What::Own(tool))).collect();
        let mut actions = action::actions(definition, found);
        let (hashes, untold) = known(&mut actions);
        Self { actions, searches: Vec::new(), servers: vec![None], hashes, untold }
    }

    /// The name by which a model knows a tool that has this name where it is from.
    pub(super) fn name_of(&self, own: &str) -> Option<&str> {
        let is_it = |action: &&Action| matches!(&action.what, What::Own(tool) if tool.name == own);
        self.actions.iter().find(is_it).map(|action| action.tool.name.as_str())
    }

    /// As a model is told of them.
    pub(super) fn tools(&self) -> Vec<Tool> {
        let actions = self.actions.iter().map(|action| action.tool.clone());
        actions.chain(self.searches.iter().map(|(tool, _)| tool.clone())).collect()
    }

    /// What a run with that definition and these tools is known by.
    pub(super) fn hashes(&self, definition: &Definition) -> Hashes {
        let hash = |text: &str| hex(&Sha256::digest(text.as_bytes()));
        let prompts =
            Step::ALL.into_iter().map(|step| (step, hash(definition.steps.template(step)))).collect();
        Hashes { prompts, tools: self.hashes.clone() }
    }
}

/// The hash of each tool as it was told, and a line for each that is left open in their schemas.
fn known(actions: &mut [Action]) -> (Vec<(String, String)>, Vec<String>) {
    let (mut hashes, mut untold) = (Vec::new(), Vec::new());
    for tool in actions.iter_mut().map(|action| &mut action.tool) {
        hashes.push((tool.name.clone(), pin::hash(tool)));
        untold.extend(close(tool));
    }
    (hashes, untold)
}

/// Leaves open in a tool's schema what it refers to and does not have: no model's server and no grammar takes such a schema. A line
/// for each.
fn close(tool: &mut Tool) -> Vec<String> {
    let (whole, missing) = schema::whole(&tool.schema);
    if missing.is_empty() {
        return Vec::new();
    }
    tool.schema = whole;
    let line = |to: String| {
        let name = &tool.name;
        format!(
            "the schema of {name} refers to {to}, which is not in it and is not fetched: anything passes there"
        )
    };
    missing.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::agent::said;
    use crate::domain::schema::Schema;

    #[test]
    fn a_tool_whose_schema_refers_elsewhere_stops_no_step_and_is_told() {
        let tool = |schema| Tool { name: "look".to_owned(), description: String::new(), schema };
        let mut foreign = tool(json!({
            "type": "object",
            "properties": {"at": {"$ref": "http://x.example/place"}, "of": {"$ref": "#/$defs/kind"}},
            "$defs": {"kind": {"type": "string"}},
            "required": ["at"],
        }));
        let steps = |tool: &Tool| said::schema(std::slice::from_ref(tool));
        assert!(Schema::read(&steps(&foreign)).is_err());
        let told = close(&mut foreign);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("look refers to http://x.example/place"), "{told:?}");
        let read = Schema::read(&steps(&foreign)).unwrap();
        let step = |input: serde_json::Value| json!({"tool": "look", "input": input});
        assert!(read.broken(&step(json!({"at": {"any": "thing"}, "of": "x"}))).is_none());
        assert!(read.broken(&step(json!({"at": 1, "of": 2}))).is_some());
        let mut own = tool(json!({"type": "object", "properties": {"a": {"$ref": "#"}}}));
        let before = own.clone();
        assert!(close(&mut own).is_empty());
        assert_eq!(own, before);
    }
}
