//! The MCP servers of a run: opened when it begins, and held against what a person has agreed to of their tools.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;

use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::sync::Mutex;

use super::Means;
use crate::domain::agent::pin::{Changed, Compared};
use crate::domain::agent::{Definition, Executor, Pinned, Pins};
use crate::domain::diff::{Mark, Stretch};
use crate::domain::tool::Tool;
use crate::domain::{Error, Result};
use crate::net::Client;
use crate::service::mcp::{self, Outcome, Patience, Session};

/// Those of a definition, by their groups' places.
pub(super) struct Servers(BTreeMap<usize, Served>);

/// One of them.
struct Served {
    /// `None` where none of its tools is called.
    session: Option<Session>,
    /// What may be offered: all that it has, until nobody agrees to some of it.
    tools: Vec<Tool>,
    compared: Compared,
    /// What it has by its newest word.
    now: Mutex<Vec<Tool>>,
}

impl Servers {
    /// Opens those of the groups that are on, all at once, and asks what they have.
    pub(super) async fn open(
        definition: &Definition,
        pins: &Pins,
        means: &Means,
        net: &Client,
    ) -> Result<Self> {
        let variable = |name: &str| -> Option<String> {
            means.variables.get(OsStr::new(name))?.to_str().map(str::to_owned)
        };
        let mut opening = Vec::new();
        for (at, group) in definition.groups.iter().enumerate().filter(|(_, group)| group.enabled) {
            let Executor::Mcp(server) = &group.runs else { continue };
            let terms = mcp::Terms {
                name: &group.name,
                net,
                folder: &means.folder,
                around: &means.around,
                variable: &variable,
                patience: Patience::default(),
            };
            let pinned = pins.0.get(&group.name).cloned().unwrap_or_default();
            opening.push(async move {
                let session = Session::open(server, terms).await?;
                let tools = session.tools().await?;
                let compared = pinned.compare(&tools);
                let (now, session) = (Mutex::new(tools.clone()), Some(session));
                Ok::<_, Error>((at, Served { session, tools, compared, now }))
            });
        }
        Ok(Self(try_join_all(opening).await?.into_iter().collect()))
    }

    /// What was agreed to of those, for a run that calls nothing: no server is asked for it.
    pub(super) fn agreed(definition: &Definition, pins: &Pins) -> Self {
        let groups = definition.groups.iter().enumerate();
        let groups = groups.filter(|(_, group)| group.enabled && matches!(group.runs, Executor::Mcp(_)));
        let served = groups.map(|(at, group)| {
            let pinned = pins.0.get(&group.name).cloned().unwrap_or_default();
            let tools: Vec<Tool> = pinned.tools.into_iter().map(|pin| pin.tool).collect();
            let now = Mutex::new(tools.clone());
            (at, Served { session: None, tools, compared: Compared::default(), now })
        });
        Self(served.collect())
    }

    /// Groups with tools that nobody has agreed to as they are now, and what a person is shown of them.
    pub(super) fn asks(&self) -> Vec<(usize, String)> {
        let asking = self.0.iter().filter(|(_, served)| served.compared.asks());
        asking.map(|(at, served)| (*at, shown(&served.compared))).collect()
    }

    /// A person agrees to all that the server of a group has, which is what is agreed to from then on.
    pub(super) fn agree(&self, group: usize) -> Pinned {
        self.0.get(&group).map(|served| Pinned::of(&served.tools)).unwrap_or_default()
    }

    /// Nobody agrees: only what is as it was is offered. The names of the others.
    pub(super) fn refuse(&mut self, group: usize) -> Vec<String> {
        let Some(served) = self.0.get_mut(&group) else { return Vec::new() };
        let same = &served.compared.same;
        let left = served.tools.extract_if(.., |tool| !same.contains(&tool.name));
        left.map(|tool| tool.name).collect()
    }

    /// What may be offered, with the groups' places.
    pub(super) fn tools(&self) -> impl Iterator<Item = (usize, &Tool)> {
        self.0.iter().flat_map(|(at, served)| served.tools.iter().map(|tool| (*at, tool)))
    }

    /// Whether the server of a group says of a tool that it may be called again.
    pub(super) fn is_safe(&self, group: usize, tool: &str) -> bool {
        let session = self.0.get(&group).and_then(|served| served.session.as_ref());
        session.is_some_and(|session| session.is_safe(tool))
    }

    /// Has a tool called that was offered, as long as it is the one that was agreed to.
    pub(super) async fn call(&self, group: usize, tool: &Tool, input: &Value) -> Result<Outcome> {
        let doing = || format!("calling {}", tool.name);
        let served = self.0.get(&group).and_then(|served| Some((served.session.as_ref()?, served)));
        let (session, served) = served.ok_or_else(|| Error::internal(doing(), "its server is not open"))?;
        let is_same = {
            let mut now = served.now.lock().await;
            if session.changed() {
                *now = session.tools().await?;
            }
            now.contains(tool)
        };
        if is_same {
            return session.call(&tool.name, input).await;
        }
        Ok(Outcome {
            text: "its server has changed this tool meanwhile: it was not called. Do without it.".to_owned(),
            is_error: true,
            structured: None,
        })
    }

    /// Says goodbye to all of them.
    pub(super) async fn close(&mut self) {
        let served = std::mem::take(&mut self.0);
        let sessions = served.into_values().filter_map(|served| served.session);
        futures_util::future::join_all(sessions.map(Session::close)).await;
    }
}

/// What is new and what has changed, as a person reads it: every byte that a model would be told.
fn shown(compared: &Compared) -> String {
    let mut text = String::new();
    for tool in &compared.new {
        let _ = writeln!(text, "new: {}\n{}\n{}\n", tool.name, tool.description, tool.schema);
    }
    for Changed { tool, description, schema } in &compared.changed {
        let _ = writeln!(text, "changed: {}", tool.name);
        for stretches in [description, schema].into_iter().flatten() {
            for Stretch { mark, text: part } in stretches {
                let _ = match mark {
                    Mark::Same => write!(text, "{part}"),
                    Mark::Removed => write!(text, "[-{part}-]"),
                    Mark::Added => write!(text, "[+{part}+]"),
                };
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_sees_every_word_that_is_new_or_changed() {
        let tool = |name: &str, description: &str| Tool {
            name: name.to_owned(),
            description: description.to_owned(),
            schema: json!({"type": "object"}),
        };
        let pinned = Pinned::of(&[tool("a", "Adds two."), tool("b", "Same.")]);
        let now = [tool("a", "Adds three."), tool("b", "Same."), tool("c", "Counts.")];
        let text = shown(&pinned.compare(&now));
        assert_eq!(text, "new: c\nCounts.\n{\"type\":\"object\"}\n\nchanged: a\nAdds [-two-][+three+].");
    }
}
