//! What is asked of knowledge bases.

use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;

use super::{Here, numbered, one};
use crate::config::{ApiKey, Config, KnowledgeConfig};
use crate::domain::id::BaseId;
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Reach;
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::{Tells, Terms};
use crate::service::knowledge::{
    Answering, Bounds, Carrying, Knowledge, Means, Measuring, Models, Previewing, Servers, check_source,
};
use crate::service::models::catalogue;
use crate::workbench::request::knowledge::Knowledge as KnowledgeRequest;
use crate::workbench::standing::Standing;
use crate::workbench::{Replies, Reply, voices};
use crate::worker::{Parsers, Surroundings};

/// The service, as the configuration has it.
pub(super) fn service(
    config: &Config,
    around: &Surroundings,
    archive: Archive,
    standing: &Arc<Standing>,
    changes: Changes,
) -> Result<Knowledge> {
    let models = Models { folder: config.paths.models(), catalogue: catalogue()? };
    let (program, folder) = (config.program.clone(), config.paths.cache.clone());
    let parsers = Parsers::new(program, folder, around.clone(), config.documents);
    let KnowledgeConfig { cache, fetch, vectors } = config.knowledge;
    let bounds = Bounds { cache, fetch, vectors };
    let servers = Arc::clone(standing) as Arc<dyn Servers>;
    let means = Means { parsers, models, buckets: voices::buckets(config), servers, bounds };
    Ok(Knowledge::new(archive, Arc::clone(standing.invoke()), changes, means))
}

impl Servers for Standing {
    fn postgres(&self) -> Result<Secret> {
        given(&self.stores().postgres, "stores.postgres_url", "OUTCROP_POSTGRES_URL")
    }

    fn qdrant(&self) -> Result<(String, Option<Secret>)> {
        let stores = self.stores();
        let url =
            stores.qdrant.ok_or_else(|| untold("stores.qdrant_url is not set".to_owned(), "QDRANT_URL"))?;
        let key = match stores.qdrant_key {
            ApiKey::Absent => None,
            key => Some(given(&key, "stores.qdrant_api_key", "QDRANT_API_KEY")?),
        };
        Ok((url, key))
    }
}

/// What is told under a key of the configuration, or how to tell it.
fn given(key: &ApiKey, path: &str, variable: &str) -> Result<Secret> {
    let why = match key {
        ApiKey::Given { key, .. } => return Ok(key.clone()),
        ApiKey::Unset { variable } => format!("{path} names the variable {variable}, which is not set"),
        ApiKey::Absent | ApiKey::Command { .. } => format!("{path} is not set"),
    };
    Err(untold(why, variable))
}

fn untold(why: String, variable: &str) -> Error {
    let hint = format!("Write it into the configuration, or set {variable}.");
    Error::new(ErrorKind::Config, "opening a knowledge base", why, hint)
}

/// How far a base is on its way to a file, or from one.
fn carrying(carrying: Carrying) -> Reply {
    match carrying {
        Carrying::Done { done, of } => Reply::Progress { what: "passages".to_owned(), done, total: Some(of) },
        Carrying::Whole(base) => Reply::Base { base },
    }
}

impl Here {
    /// Tends a base, or all, as long as the replies are read.
    pub(super) fn tend(&self, base: Option<BaseId>, reach: Reach, terms: Terms) -> Replies {
        let standing = Arc::clone(&self.standing);
        let now = move || {
            if standing.is_stale() {
                standing.refresh();
            }
            Terms { net: standing.client(reach), ..terms.clone() }
        };
        numbered(self.knowledge.tend(base, Arc::new(now)))
    }

    pub(super) fn knowledge(&self, request: KnowledgeRequest, terms: Terms) -> Replies {
        use KnowledgeRequest as Ask;
        let service = self.knowledge.clone();
        let request = match request {
            Ask::Sync { id, source } => {
                return service.sync(id, source, terms).map_ok(|base| Reply::Base { base }).boxed();
            }
            Ask::Move { id, to } => {
                return service.transfer(id, to, terms).map_ok(|base| Reply::Base { base }).boxed();
            }
            Ask::Rebuild { id, wish } => {
                return service.rebuild(id, wish, terms).map_ok(|base| Reply::Base { base }).boxed();
            }
            Ask::Export { id, path, vectors } => {
                return service.export(id, path, vectors, terms).map_ok(carrying).boxed();
            }
            Ask::Import { path, name } => {
                return service.import(path, name, terms).map_ok(carrying).boxed();
            }
            Ask::Ask { id, asked } => {
                let said = |answering| match answering {
                    Answering::Found { retrieved, prompt } => Reply::Retrieved {
                        retrieved,
                        prompt: Some(prompt).filter(|prompt| !prompt.is_empty()),
                    },
                    Answering::Delta(event) => Reply::Delta { event },
                    Answering::Cited { text, citations } => Reply::Cited { text, citations },
                };
                return service.ask(id, asked, terms).map_ok(said).boxed();
            }
            Ask::Measure { id, questions, settings, k } => {
                let said = |measuring| match measuring {
                    Measuring::Asked { done, of } => Reply::Measuring { done, of },
                    Measuring::Measured(quality) => Reply::Quality { quality },
                };
                return service.measure(id, &questions, settings, k, terms).map_ok(said).boxed();
            }
            Ask::Preview { wanted } => {
                let said = |previewing| match previewing {
                    Previewing::Told(preview) => Reply::Preview { preview },
                    Previewing::Pieces { way, pieces } => Reply::Pieces { way, pieces },
                };
                return service.preview(wanted, terms).map_ok(said).boxed();
            }
            other => other,
        };
        one(async move {
            let said = |base| Reply::Base { base };
            Ok(match request {
                Ask::Create { plan } => said(service.create(plan, &terms).await?),
                Ask::List => Reply::Bases { bases: service.list().await? },
                Ask::Find { text } => said(service.find(text).await?),
                Ask::CheckSource { plan } => check_source(plan).map(|()| Reply::Done)?,
                Ask::AddSource { id, plan } => said(service.add_source(id, plan).await?),
                Ask::ChangeSource { id, source, change } => {
                    said(service.change_source(id, source, change).await?)
                }
                Ask::RemoveSource { id, source } => said(service.remove_source(id, source, &terms).await?),
                Ask::Rerank { id, reranker } => said(service.rerank_by(id, reranker).await?),
                Ask::Answers { id, answers } => said(service.answer_so(id, answers).await?),
                Ask::Rename { id, name } => said(service.rename(id, name).await?),
                Ask::Remove { id, forget } => {
                    service.remove(id, forget, &terms).await.map(|()| Reply::Done)?
                }
                Ask::PlanRebuild { id, wish } => {
                    Reply::RebuildPlan { plan: service.plan_rebuild(id, wish, &terms).await? }
                }
                Ask::DropRebuild { id } => said(service.drop_rebuild(id, &terms).await?),
                Ask::Pause { id } => said(service.pause(id).await?),
                Ask::Runs { id } => Reply::SyncRuns { runs: service.runs(id).await? },
                Ask::Documents { id } => Reply::Documents { documents: service.documents(id).await? },
                Ask::Passages { id, document, from, most } => {
                    let passages = service.passages(id, document, (from, most), &terms).await?;
                    Reply::Passages { passages }
                }
                Ask::Norms { id, document } => {
                    Reply::Norms { passages: service.norms(id, document, &terms).await? }
                }
                Ask::Look { id, passage } => {
                    Reply::Looked { looked: service.look(id, passage, &terms).await? }
                }
                Ask::Search { id, question } => {
                    // Nothing else keeps what was looked for and found.
                    let terms = Terms { tells: Some(Tells::default()), ..terms };
                    let retrieved = service.search(id, question, &terms).await?;
                    Reply::Retrieved { retrieved, prompt: None }
                }
                // Answered above.
                Ask::Sync { .. }
                | Ask::Move { .. }
                | Ask::Rebuild { .. }
                | Ask::Export { .. }
                | Ask::Import { .. }
                | Ask::Measure { .. }
                | Ask::Preview { .. }
                | Ask::Ask { .. } => Reply::Done,
            })
        })
    }
}
