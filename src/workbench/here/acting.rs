//! What is asked of agents.

use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;

use super::{Here, one};
use crate::config::Config;
use crate::service::agent::{Again, Agents, Given, Means};
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::Terms;
use crate::service::knowledge::Knowledge;
use crate::workbench::request::agents::Agents as AgentsRequest;
use crate::workbench::standing::Standing;
use crate::workbench::voices;
use crate::workbench::{Replies, Reply};
use crate::worker::{Programs, Surroundings};

/// The service, as the configuration has it.
pub(super) fn service(
    config: &Config,
    around: &Surroundings,
    (archive, knowledge): (Archive, Knowledge),
    standing: &Arc<Standing>,
    changes: Changes,
) -> Agents {
    let programs = Programs::new(config.program.clone(), config.paths.cache.clone(), around.clone());
    // What a definition names may be a secret; what opens the workspace is none of it.
    let variables = Arc::new(config.key_commands.variables().collect());
    let means = Means {
        programs,
        folder: config.home.clone().unwrap_or_else(|| "/".into()),
        around: around.clone(),
        functions: voices::functions(config),
        variables,
        model: Some(config.model.clone()),
    };
    Agents::new(archive, Arc::clone(standing.invoke()), knowledge, changes, means)
}

impl Here {
    pub(super) fn agents(&self, request: AgentsRequest, terms: Terms) -> Replies {
        use AgentsRequest as Ask;
        let service = self.agents.clone();
        let request = match request {
            Ask::Run { id, question: text, files, after, version, model, attributes } => {
                let given = Given::Question { text, files, after, version, model, attributes };
                return service.run(id, given, terms).map_ok(|event| Reply::AgentEvent { event }).boxed();
            }
            Ask::Answer { id, run, answers } => {
                let given = Given::Answers { run, answers };
                return service.run(id, given, terms).map_ok(|event| Reply::AgentEvent { event }).boxed();
            }
            Ask::Replay { id, run, edit, version, model, missing } => {
                let given = Given::Replay(Again { run, edit: *edit, version, model, missing });
                return service.run(id, given, terms).map_ok(|event| Reply::AgentEvent { event }).boxed();
            }
            other => other,
        };
        one(async move {
            let said = |book| Reply::Agent { book };
            Ok(match request {
                Ask::List => Reply::Agents { agents: service.list().await? },
                Ask::Find { name } => said(service.find(name).await?),
                Ask::Open { id } => said(service.book(id).await?),
                Ask::Read { text } => {
                    let (name, definition, remarks) = Agents::read(&text)?;
                    Reply::AgentRead { name, definition, remarks }
                }
                Ask::Create { name, definition, note, folder } => {
                    said(service.create(&name, *definition, note, folder).await?)
                }
                Ask::Save { id, definition, note, folder } => {
                    said(service.save(id, *definition, note, folder).await?)
                }
                Ask::Rename { id, name } => said(service.rename(id, &name).await?),
                Ask::Remove { id } => service.remove(id).await.map(|()| Reply::Done)?,
                Ask::Export { id, version, json } => {
                    Reply::Text { text: service.export(id, version, json).await? }
                }
                Ask::Import { text, name, folder } => {
                    let (book, remarks) = service.import(&text, name, folder).await?;
                    Reply::AgentImported { book, remarks }
                }
                Ask::Runs { id, limit } => Reply::AgentRuns { runs: service.runs(id, limit).await? },
                Ask::FindRun { text } => {
                    let (book, run) = service.find_run(text).await?;
                    Reply::AgentRunFound { book, run }
                }
                Ask::Memories { id, user } => {
                    Reply::AgentMemories { sessions: service.memories(id, user).await? }
                }
                Ask::EditMemory { id, session, summary } => {
                    let edited = service.edit_memory(id, session, summary).await?;
                    Reply::AgentMemories { sessions: vec![edited] }
                }
                Ask::Forget { id, sessions, runs } => {
                    service.forget(id, sessions, runs).await.map(|()| Reply::Done)?
                }
                Ask::Decide { run, call, agreed } => {
                    service.decide(run, &call, agreed).map(|()| Reply::Done)?
                }
                // Answered above.
                Ask::Run { .. } | Ask::Answer { .. } | Ask::Replay { .. } => Reply::Done,
            })
        })
    }
}
