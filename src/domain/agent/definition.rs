//! What an agent is: everything that a version of it keeps.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::group::{Executor, Group, Server};
use super::limits::Limits;
use super::memory::Memory;
use super::step::{Step, Steps};
use crate::domain::catalog::ModelId;
use crate::domain::id::AgentId;
use crate::domain::library::Numbered;
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// The longest name of an agent, a group or a function, in characters, as Bedrock has it.
pub const LONGEST_NAME: usize = 100;
/// The longest instruction, in characters: more than Bedrock takes (4,000), since a model's context does.
pub const LONGEST_INSTRUCTION: usize = 40_000;
/// The longest template, in characters, as Bedrock has it.
pub const LONGEST_TEMPLATE: usize = 100_000;

/// An agent of the workspace; its versions are records of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    pub id: AgentId,
    /// Given by the person; no other agent has it.
    pub name: String,
    pub created: Timestamp,
    /// The last version or name.
    pub updated: Timestamp,
    /// The number of the newest version; versions count from 1.
    pub latest: u32,
    /// Told in lists; it is not kept here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
}

/// What the newest version of an agent is, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brief {
    /// `None` leaves it to who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The groups that are on.
    pub groups: Vec<String>,
    pub bases: Vec<String>,
}

impl Brief {
    /// What it may call and search, in words.
    pub fn may(&self) -> String {
        let part = |does: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{does} {}", names.join(", ")))
        };
        let parts = [part("calls", &self.groups), part("searches", &self.bases)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "calls nothing".to_owned() } else { parts.join("; ") }
    }
}

/// A version: it is never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub number: u32,
    pub definition: Definition,
    /// Why there is one, in the person's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    pub created: Timestamp,
}

impl Numbered for Version {
    fn number(&self) -> u32 {
        self.number
    }
}

/// An agent with all its versions, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    pub agent: Agent,
    pub versions: Vec<Version>,
}

impl Book {
    /// The version of that number, or the newest one.
    pub fn version(&self, number: Option<u32>) -> Option<&Version> {
        let number = number.unwrap_or(self.agent.latest);
        self.versions.iter().find(|version| version.number == number)
    }
}

/// What an agent is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Definition {
    /// What it is for, in the words of who made it; no model reads it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What the model is told that it is, and what for.
    pub instruction: String,
    /// `None` leaves it to who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// The guardrail that its inputs and outputs pass, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<String>,
    pub settings: Settings,
    pub limits: Limits,
    pub memory: Memory,
    pub steps: Steps,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<UsedBase>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
}

/// A knowledge base that an agent may search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsedBase {
    /// Its name.
    pub name: String,
    /// What it has, so that the model knows when to search it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl Definition {
    /// What it is, for a list.
    pub fn brief(&self) -> Brief {
        let groups = self.groups.iter().filter(|group| group.enabled);
        Brief {
            model: self.model.clone(),
            description: self.description.clone(),
            groups: groups.map(|group| group.name.clone()).collect(),
            bases: self.bases.iter().map(|base| base.name.clone()).collect(),
        }
    }

    /// The folders into which its programs may write, whether their groups are on or not.
    pub fn written_into(&self) -> impl Iterator<Item = &PathBuf> {
        self.groups.iter().flat_map(|group| match &group.runs {
            Executor::Program(program) => program.write.as_slice(),
            _ => &[],
        })
    }

    /// The groups that are on and run programs, by their names.
    pub fn programs(&self) -> Vec<&str> {
        let groups = self.groups.iter().filter(|group| group.enabled);
        groups
            .filter(|group| matches!(group.runs, Executor::Program(_)))
            .map(|group| group.name.as_str())
            .collect()
    }

    /// The models that a run of `own` may ask within its limits, each once: its session is summed up beyond them.
    pub fn asked<'a>(&'a self, own: &'a ModelId) -> Vec<&'a ModelId> {
        let mut asked = Vec::new();
        for step in Step::ALL {
            let is_asked = match step {
                Step::Orchestration => true,
                Step::KnowledgeBaseResponse => self.steps.is_on(step) && !self.bases.is_empty(),
                Step::PreProcessing | Step::PostProcessing => self.steps.is_on(step),
                Step::MemorySummary => false,
            };
            let model = self.steps.of(step).model.as_ref().unwrap_or(own);
            if is_asked && !asked.contains(&model) {
                asked.push(model);
            }
        }
        asked
    }

    /// Whether a run could begin, as far as the definition alone tells.
    ///
    /// # Errors
    ///
    /// `Invalid`: it names the part that is wrong, the first one.
    pub fn check(&self) -> Result<()> {
        let bad = |what: String, why: String, hint: &str| {
            Err(Error::new(ErrorKind::Invalid, format!("reading {what} of an agent"), why, hint))
        };
        if self.instruction.trim().is_empty() {
            let hint = "Say who the agent is, what it is for, and what it must never do.";
            return bad("the instruction".to_owned(), "it is empty".to_owned(), hint);
        }
        let length = self.instruction.chars().count();
        if length > LONGEST_INSTRUCTION {
            let why = format!("it has {length} characters; {LONGEST_INSTRUCTION} are the most");
            return bad(
                "the instruction".to_owned(),
                why,
                "Put what it should look up into a knowledge base.",
            );
        }
        for (what, number) in [
            ("limits.steps", u64::from(self.limits.steps)),
            ("limits.seconds", u64::from(self.limits.seconds)),
            ("limits.tokens", self.limits.tokens),
        ] {
            if number == 0 {
                return bad(what.to_owned(), "0 lets it do nothing".to_owned(), "It counts from 1.");
            }
        }
        if self.limits.cost.is_some_and(|cost| !cost.is_finite() || cost <= 0.0) {
            let why = "it is no amount above 0".to_owned();
            return bad("limits.cost".to_owned(), why, "It is in US dollars; leave it out for no bound.");
        }
        for step in Step::ALL {
            let length = self.steps.template(step).chars().count();
            if length > LONGEST_TEMPLATE {
                let why = format!("it has {length} characters; {LONGEST_TEMPLATE} are the most");
                return bad(format!("the template of {step}"), why, "Shorten it.");
            }
        }
        for (at, base) in self.bases.iter().enumerate() {
            if self.bases[..at].iter().any(|other| other.name == base.name) {
                return bad(
                    "the bases".to_owned(),
                    format!("{:?} is there twice", base.name),
                    "Once is enough.",
                );
            }
        }
        for (at, group) in self.groups.iter().enumerate() {
            if self.groups[..at].iter().any(|other| other.name == group.name) {
                return bad(
                    "the groups".to_owned(),
                    format!("{:?} is there twice", group.name),
                    "Rename one.",
                );
            }
            check_group(group)?;
        }
        Ok(())
    }
}

/// Whether a group says what can be called, and the right one of the ways to say it.
fn check_group(group: &Group) -> Result<()> {
    let bad = |why: &str, hint: &str| {
        let doing = format!("reading the group {:?} of an agent", group.name);
        Err(Error::new(ErrorKind::Invalid, doing, why, hint))
    };
    if name_of(&group.name).as_deref() != Some(group.name.as_str()) {
        let hint = "A name has 1 to 100 letters, digits, \"_\" and \"-\".";
        return bad("that is no name", hint);
    }
    let described = !group.functions.is_empty() || group.openapi.is_some();
    if !group.functions.is_empty() && group.openapi.is_some() {
        return bad("it has functions and an OpenAPI document", "Make two groups of it.");
    }
    if group.runs.has_own() && described {
        return bad(
            "who runs it has a list of actions of its own",
            "Leave functions and openapi out, or let somebody else run them.",
        );
    }
    if !group.runs.has_own() && !described {
        return bad("it names no action", "Give it functions, or an OpenAPI document as openapi.");
    }
    match &group.runs {
        Executor::Http(endpoint) if group.openapi.is_none() && endpoint.url.is_none() => {
            bad("its functions have no address", "Say where they are with url.")
        }
        Executor::Program(program) if program.command.is_empty() => {
            bad("its program has no name", "Give the program and its arguments as command, a list.")
        }
        Executor::Mcp(Server::Stdio { memory_mb: 0, .. }) => {
            bad("its server has no memory", "Leave memory_mb out, or give it some MiB.")
        }
        _ => Ok(()),
    }?;
    for (at, function) in group.functions.iter().enumerate() {
        if name_of(&function.name).as_deref() != Some(function.name.as_str()) {
            let why = format!("{:?} is no function's name", function.name);
            return bad(&why, "A name has 1 to 100 letters, digits, \"_\" and \"-\".");
        }
        if group.functions[..at].iter().any(|other| other.name == function.name) {
            return bad(&format!("its function {:?} is there twice", function.name), "Rename one.");
        }
        let names = function.parameters.iter().map(|parameter| parameter.name.as_str());
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if name.is_empty() || seen.contains(&name) {
                let why =
                    format!("the parameter {name:?} of {:?} is there twice, or has no name", function.name);
                return bad(&why, "Rename it.");
            }
            seen.push(name);
        }
    }
    Ok(())
}

/// A name of a group or a function; `None` where it is none.
pub fn name_of(typed: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let fits = !typed.is_empty() && typed.len() <= LONGEST_NAME && typed.chars().all(plain);
    fits.then(|| typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Definition {
        toml::from_str(text).unwrap()
    }

    const SHOP: &str = r#"
instruction = "You take orders of a tea shop."
model = "local/smollm2-135m"

[limits]
steps = 8

[[bases]]
name = "teas"
description = "Every tea that the shop has, with its price."

[[groups]]
name = "orders"
runs = { program = { command = ["python3", "orders.py"] } }

[[groups.functions]]
name = "order"
description = "Orders a tea."
confirm = true
parameters = [{ name = "tea", description = "Its name.", type = "string", required = true }]
"#;

    #[test]
    fn a_list_tells_what_an_agent_may_call_that_is_on() {
        assert_eq!(Definition::default().brief().may(), "calls nothing");
        let (groups, bases) = (vec!["sums".to_owned(), "orders".to_owned()], vec!["teas".to_owned()]);
        let brief = Brief { groups, bases, ..Brief::default() };
        assert_eq!(brief.may(), "calls sums, orders; searches teas");
        let off = "instruction = 'x'\n[[groups]]\nname = 'sums'\nenabled = false\n\
                   runs = { built_in = { tool = 'calculator' } }\n";
        assert_eq!(read(off).brief().may(), "calls nothing");
    }

    #[test]
    fn a_definition_is_a_file_that_a_person_can_write() {
        let shop = read(SHOP);
        shop.check().unwrap();
        assert_eq!((shop.limits.steps, shop.limits.seconds), (8, 600));
        assert!(shop.groups[0].functions[0].confirm);
        let again: Definition = toml::from_str(&toml::to_string(&shop).unwrap()).unwrap();
        assert_eq!(again, shop);
        let json: Definition = serde_json::from_str(&serde_json::to_string(&shop).unwrap()).unwrap();
        assert_eq!(json, shop);
    }

    #[test]
    fn the_models_that_a_run_asks_are_those_of_its_steps_that_are_taken() {
        let mut shop = read(SHOP);
        let [own, other]: [ModelId; 2] = ["a/own", "a/other"].map(|id| id.parse().unwrap());
        shop.steps.of_mut(Step::KnowledgeBaseResponse).model = Some(other.clone());
        shop.steps.of_mut(Step::MemorySummary).model = Some("a/third".parse().unwrap());
        shop.steps.of_mut(Step::PreProcessing).model = Some("a/fourth".parse().unwrap());
        assert_eq!(shop.asked(&own), [&own, &other]);
        shop.bases.clear();
        assert_eq!(shop.asked(&own), [&own]);
        shop.steps.of_mut(Step::PreProcessing).enabled = Some(true);
        assert_eq!(shop.asked(&own).len(), 2);
    }

    #[test]
    fn what_cannot_run_is_refused_by_the_name_of_its_part() {
        let shop = read(SHOP);
        let refused = |change: &dyn Fn(&mut Definition)| {
            let mut changed = shop.clone();
            change(&mut changed);
            changed.check().unwrap_err().to_string()
        };
        for (said, named) in [
            (refused(&|d| d.instruction = " ".to_owned()), "the instruction"),
            (refused(&|d| d.limits.steps = 0), "limits.steps"),
            (refused(&|d| d.limits.cost = Some(f64::NAN)), "limits.cost"),
            (refused(&|d| d.groups.push(d.groups[0].clone())), "twice"),
            (refused(&|d| d.groups[0].name = "a b".to_owned()), "no name"),
            (refused(&|d| d.groups[0].functions.clear()), "no action"),
            (refused(&|d| d.groups[0].openapi = Some(serde_json::json!({}))), "two groups"),
            (
                refused(&|d| d.groups[0].runs = Executor::Http(super::super::group::Endpoint::default())),
                "address",
            ),
            (
                refused(&|d| {
                    let server = serde_json::json!({"command": "srv", "memory_mb": 0});
                    d.groups[0].functions.clear();
                    d.groups[0].runs = Executor::Mcp(serde_json::from_value(server).unwrap());
                }),
                "no memory",
            ),
            (refused(&|d| d.bases.push(d.bases[0].clone())), "the bases"),
        ] {
            assert!(said.contains(named), "{said}");
        }
    }
}
