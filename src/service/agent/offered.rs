//! What an agent's model may call: the actions of its groups, and a search of each of its bases.

use sha2::{Digest, Sha256};

use super::servers::Servers;
use crate::domain::Result;
use crate::domain::agent::action::{self, Action, What};
use crate::domain::agent::run::Hashes;
use crate::domain::agent::{Definition, Executor, Step, built_in, pin};
use crate::domain::hex::hex;
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
        let actions = action::actions(definition, found);
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
            searches.push((tool, at));
        }
        Ok(Self { actions, searches, servers: addresses })
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
        // By the hash by which what somebody else's server tells is agreed to.
        let of_tool = |tool: Tool| {
            let hash = pin::hash(&tool);
            (tool.name, hash)
        };
        let tools = self.tools().into_iter().map(of_tool).collect();
        Hashes { prompts, tools }
    }
}
