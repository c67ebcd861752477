//! What comes of one call of an action.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use serde_json::Value;
use tokio::time::error::Elapsed;
use tokio::time::{Duration, timeout};

use super::files::Below;
use super::http::Answer;
use super::run::Running;
use super::{files, http};
use crate::domain::agent::action::{Action, What, named};
use crate::domain::agent::repeat::again;
use crate::domain::agent::replay::Made;
use crate::domain::agent::run::Sought;
use crate::domain::agent::turn::{self, Asked};
use crate::domain::agent::{BuiltIn, Executor, Group, Program, built_in, calculator};
use crate::domain::knowledge::ranking::Mode;
use crate::domain::knowledge::reranking::Reranking;
use crate::domain::knowledge::retrieval::{Question, fenced};
use crate::domain::trace::contents::Ran;
use crate::domain::trace::facts::MADE_ALREADY;
use crate::domain::trace::told::Told;
use crate::domain::trace::{Fault, SpanKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::provider::lambda::Invoked;
use crate::service::blocking::blocking;
use crate::service::invoke::{Terms, Underway};
use crate::wire::agent::event::{self, Called, Caller, State};

/// Passages that a search gives, as Bedrock does.
const RESULTS: usize = 5;

/// The longest that a function of AWS Lambda may take, as Lambda has it.
const LAMBDA: Duration = Duration::from_mins(15);

/// The most that attributes of a session or of a turn may have, in bytes, as Bedrock has it.
const ATTRIBUTES: usize = 25 * 1024;

/// How what was called says that it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// By the status of its answer.
    Status(u16),
    /// By a word for programs.
    Word(&'static str),
}

/// OpenTelemetry's word of a tool that says that it did not work.
const TOOL_ERROR: Failed = Failed::Word("tool_error");

/// What a program sets besides.
#[derive(Default)]
pub(super) struct Sets {
    /// In the place of the session's attributes.
    pub session: Option<BTreeMap<String, String>>,
    /// In the place of the turn's.
    pub turn: Option<BTreeMap<String, String>>,
    /// How bases are asked, by their names.
    pub sought: BTreeMap<String, Sought>,
}

/// What came of a call.
pub(super) enum Did {
    Gave {
        content: String,
        failed: Option<Failed>,
        sets: Sets,
    },
    /// The person, or the program that runs the agent, is to say.
    Wanted,
    /// What is behind the action does not work: the run ends.
    Failure(String),
    /// Of a knowledge base, still to be answered from.
    Found {
        query: String,
        results: String,
        sources: String,
    },
}

impl Did {
    fn gave(content: String) -> Self {
        Self::Gave { content, failed: None, sets: Sets::default() }
    }

    fn failed(failed: Failed, content: String) -> Self {
        Self::Gave { content, failed: Some(failed), sets: Sets::default() }
    }

    /// Of an answer over HTTP.
    fn answered(answer: &Answer) -> Self {
        let failed = (!answer.is_success).then_some(Failed::Status(answer.status));
        Self::Gave { content: answer.told(), failed, sets: Sets::default() }
    }

    /// Says in the record of the call how it ended, and what was said.
    fn end(&self, asked: &Asked, step: &mut Underway) {
        let (failed, content) = match self {
            Self::Gave { failed, content, .. } => (*failed, Some(content)),
            Self::Failure(said) => (Some(TOOL_ERROR), Some(said)),
            Self::Wanted | Self::Found { .. } => (None, None),
        };
        step.tell(ran(asked, content.map(String::as_str)));
        let words = content.map(String::as_str).unwrap_or_default();
        match failed {
            None => step.end(None),
            Some(Failed::Status(status)) => {
                step.fail(ErrorKind::Server { status }, Fault::new(None, words));
            }
            Some(Failed::Word(word)) => step.fail(ErrorKind::Invalid, Fault::new(Some(word), words)),
        }
    }
}

/// What is said in a call: what it was called with, and what it gave.
fn ran(asked: &Asked, gave: Option<&str>) -> Told {
    let ran = Ran {
        name: asked.name.clone(),
        id: Some(asked.id.clone()),
        description: None,
        arguments: Some(asked.input.clone()),
        result: gave.map(|gave| turn::shortened(gave.to_owned()).into()),
    };
    Told { ran: Some(ran), ..Told::default() }
}

/// A text of an input.
fn text<'a>(input: &'a Value, name: &str) -> &'a str {
    input.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Running {
    /// Does what is asked within the time that is left. It says what went wrong to the model, who may mend it.
    pub(super) async fn call(&self, asked: &Asked, left: Duration) -> Did {
        let late = |_: Elapsed| {
            let why = "it was not done within the time that the run has";
            Error::new(ErrorKind::Timeout, format!("calling {}", asked.name), why, "")
        };
        let searched = self.offered.searches.iter().find(|(tool, _)| tool.name == asked.name);
        let did = match searched {
            Some((_, base)) => {
                let found = timeout(left, self.search(*base, text(&asked.input, "query"))).await;
                found.map_err(late).flatten()
            }
            None => match named(&self.offered.actions, &asked.name) {
                Some(action) => {
                    let mut step = self.recorded(asked);
                    step.tell(ran(asked, None));
                    let did = timeout(left, self.act(action, asked)).await.map_err(late).flatten();
                    match &did {
                        Ok(did) => did.end(asked, &mut step),
                        Err(error) => {
                            step.end(Some(error));
                            step.tell(ran(asked, Some(&error.said())));
                        }
                    }
                    did
                }
                None => Ok(self.refused(asked, "unknown_tool", format!("there is no tool {:?}", asked.name))),
            },
        };
        did.unwrap_or_else(|error| Did::failed(TOOL_ERROR, error.said()))
    }

    /// A call that is not made, with the reason in words for the model: it is recorded as one that failed.
    pub(super) fn refused(&self, asked: &Asked, word: &'static str, why: String) -> Did {
        let did = Did::failed(Failed::Word(word), why);
        did.end(asked, &mut self.recorded(asked));
        did
    }

    /// A call that is not made since the same one was: what that gave is given again.
    pub(super) fn repeated(&self, asked: &Asked, made: &Made) -> Did {
        let content = self.given_again(made);
        let mut step = self.recorded(asked);
        step.tell(ran(asked, Some(&content)));
        let why = "the same call was made already: it was not made again";
        step.not_made(MADE_ALREADY, why);
        if made.is_error { Did::failed(TOOL_ERROR, content) } else { Did::gave(content) }
    }

    /// What such a call gave, with a word of that where the turn has none.
    pub(super) fn given_again(&self, made: &Made) -> String {
        if self.native { again(&made.content) } else { made.content.clone() }
    }

    /// A call that is not made since what it gave was recorded, or what the next call of the same action gave, which `stands_in`.
    pub(super) fn given(&self, asked: &Asked, made: Made, stands_in: bool) -> Did {
        let Made { content, is_error, .. } = made;
        let did = if is_error { Did::failed(TOOL_ERROR, content) } else { Did::gave(content) };
        let mut step = self.recorded(asked);
        step.played(stands_in);
        did.end(asked, &mut step);
        did
    }

    /// The record of a call.
    fn recorded(&self, asked: &Asked) -> Underway {
        self.agents.invoke.step(SpanKind::Tool, asked.name.clone(), &self.terms).0
    }

    async fn act(&self, action: &Action, asked: &Asked) -> Result<Did> {
        let group = &self.definition.groups[action.group];
        let variables = &self.agents.means.variables;
        match &group.runs {
            Executor::Person {} => Ok(Did::Wanted),
            Executor::BuiltIn(own) => self.own(own, action, &asked.input).await,
            Executor::Program(program) => self.program(group, action, program, &asked.input).await,
            Executor::Http(endpoint) => match &action.what {
                What::Operation(operation) => {
                    let server = self.offered.servers[action.group].as_deref();
                    let answer = http::operation(
                        &self.terms.net,
                        operation,
                        &asked.input,
                        (endpoint, server),
                        variables,
                    )
                    .await?;
                    Ok(Did::answered(&answer))
                }
                What::Function(_) | What::Own(_) => {
                    let event = self.event(group, action, &asked.input);
                    let answer = http::event(&self.terms.net, &event, endpoint, variables).await?;
                    if answer.is_success { responded(&answer.bytes) } else { Ok(Did::answered(&answer)) }
                }
            },
            Executor::Mcp(_) => {
                let What::Own(tool) = &action.what else {
                    return Ok(Did::failed(TOOL_ERROR, "it has no such tool".to_owned()));
                };
                let outcome = self.servers.call(action.group, tool, &asked.input).await?;
                let failed = outcome.is_error.then_some(TOOL_ERROR);
                Ok(Did::Gave { content: outcome.text, failed, sets: Sets::default() })
            }
            Executor::Lambda { function } => {
                let event = self.event(group, action, &asked.input).to_string();
                let functions = &self.agents.means.functions;
                match functions.invoke(&self.terms.net, function, event.as_bytes(), LAMBDA).await? {
                    Invoked::Gave(bytes) => responded(&bytes),
                    Invoked::Failed(said) => Ok(Did::failed(Failed::Word("function_error"), said)),
                }
            }
        }
    }

    async fn own(&self, own: &BuiltIn, action: &Action, input: &Value) -> Result<Did> {
        let What::Own(tool) = &action.what else {
            return Ok(Did::failed(TOOL_ERROR, "it has no such tool".to_owned()));
        };
        let said = match own {
            BuiltIn::Calculator => calculator::compute(text(input, "expression")),
            BuiltIn::AskUser => return Ok(Did::Wanted),
            BuiltIn::HttpGet { hosts } => {
                return Ok(Did::answered(&http::get(&self.terms.net, text(input, "url"), hosts).await?));
            }
            BuiltIn::ReadFiles { folder } => {
                let (folder, path) = (folder.clone(), text(input, "path").to_owned());
                let lists = tool.name == built_in::LIST_FILES;
                let written = self.written_into.clone();
                blocking("reading a file for an agent", move || {
                    let below = Below { folder: &folder, written: &written };
                    Ok(if lists { files::list(below, &path) } else { files::read(below, &path) })
                })
                .await?
            }
        };
        Ok(said.map_or_else(|why| Did::failed(TOOL_ERROR, why), Did::gave))
    }

    async fn program(&self, group: &Group, action: &Action, program: &Program, input: &Value) -> Result<Did> {
        let event = self.event(group, action, input).to_string();
        let known = |name: &String| {
            let value = self.agents.means.variables.get(OsStr::new(name))?;
            Some((name.clone(), value.clone()))
        };
        let variables: Vec<(String, OsString)> = program.environment.iter().filter_map(known).collect();
        let (programs, net) = (&self.agents.means.programs, &self.terms.net);
        let offline = net.is_offline();
        // Where it may connect to whom it likes, it is an exchange in the record of what left the machine.
        let goes = program.network && !offline;
        let name = program.command.first().map_or("", String::as_str);
        let leave = goes.then(|| net.leave("running a program of an agent", &format!("the program {name}")));
        let _leave = leave.transpose()?;
        let told = event.as_bytes();
        let answer = programs.call(program, &self.written_into, offline, &variables, told).await?;
        responded(&answer)
    }

    /// Bedrock's event of a call.
    pub(super) fn event(&self, group: &Group, action: &Action, input: &Value) -> Value {
        // The turns of a conversation are runs of their own, and one session to a program.
        let (id, session) = (self.run.agent.to_string(), self.run.session().to_string());
        let caller = Caller {
            agent: &self.name,
            agent_id: &id,
            version: self.run.version,
            session: &session,
            input_text: &self.run.question,
            group: &group.name,
            session_attributes: &self.run.attributes,
            prompt_attributes: &self.run.turn_attributes,
        };
        match &action.what {
            What::Operation(operation) => event::write(caller, Called::Operation(operation), input),
            What::Function(function) => event::write(caller, Called::Function(function), input),
            // No group with a list of its own is called by events.
            What::Own(_) => Value::Null,
        }
    }

    async fn search(&self, base: usize, query: &str) -> Result<Did> {
        let knowledge = &self.agents.knowledge;
        let name = &self.definition.bases[base].name;
        let sought = self.run.sought.get(name).cloned().unwrap_or_default();
        let base = knowledge.find(name.clone()).await?;
        let question = Question {
            text: query.to_owned(),
            mode: sought.mode.unwrap_or(Mode::Hybrid),
            results: sought.results.unwrap_or(RESULTS),
            filter: sought.filter,
            expected: Vec::new(),
            rerank: Reranking::AsBase,
        };
        let terms = Terms { meter: Some(self.searched.clone()), ..self.terms.clone() };
        let found = knowledge.search(base.id, question, &terms).await?;
        if found.hits.is_empty() {
            return Ok(Did::gave(format!("Nothing was found in {:?}.", base.name)));
        }
        let results: Vec<String> =
            found.hits.iter().zip(1..).map(|(hit, number)| fenced(number, hit)).collect();
        let sources: Vec<String> =
            found.hits.iter().zip(1..).map(|(hit, number)| format!("[{number}] {}", hit.place())).collect();
        let (results, sources) = (results.join("\n\n"), sources.join("\n"));
        Ok(Did::Found { query: query.to_owned(), results, sources })
    }
}

/// Bedrock's response, as what came of the call.
fn responded(bytes: &[u8]) -> Result<Did> {
    let response = event::read(bytes)?;
    // They are kept with the run, and the model is told of the turn's in every step from then on.
    for (of, attributes) in [("session", &response.session_attributes), ("turn", &response.prompt_attributes)]
    {
        let size: usize = attributes.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        if size > ATTRIBUTES {
            let why = format!("its attributes of the {of} have {size} bytes; {ATTRIBUTES} are the most");
            return Err(Error::new(ErrorKind::Full, "reading what an action gave back", why, ""));
        }
    }
    let bad = response.status.filter(|status| *status >= 400);
    Ok(match response.state {
        State::Failure => Did::Failure(response.body),
        state => Did::Gave {
            failed: bad.map(Failed::Status).or((state == State::Reprompt).then_some(TOOL_ERROR)),
            content: response.body,
            sets: Sets {
                session: response.session_attributes,
                turn: response.prompt_attributes,
                sought: response.sought,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attributes_that_are_too_long_to_keep_are_refused() {
        for member in ["sessionAttributes", "promptSessionAttributes"] {
            let refused = |length: usize| {
                let body = json!({"functionResponse": {"responseBody": {"TEXT": {"body": "x"}}}});
                let response = json!({"response": body, member: {"a": "b".repeat(length)}});
                responded(response.to_string().as_bytes()).err().map(|error| error.kind)
            };
            assert_eq!(refused(ATTRIBUTES - 1), None);
            assert_eq!(refused(ATTRIBUTES), Some(ErrorKind::Full));
        }
    }
}
