//! What is asked of knowledge bases.

use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;

use super::{Here, numbered, one};
use crate::config::Config;
use crate::domain::Result;
use crate::domain::id::BaseId;
use crate::net::Reach;
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::Terms;
use crate::service::knowledge::{Answering, Bounds, Knowledge, Measuring, Models};
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
    standing: &Standing,
    changes: Changes,
) -> Result<Knowledge> {
    let models = Models { folder: config.paths.models(), catalogue: catalogue()? };
    let (program, folder) = (config.program.clone(), config.paths.cache.clone());
    let parsers = Parsers::new(program, folder, around.clone(), config.documents);
    let bounds = Bounds { cache: config.knowledge.cache, fetch: config.knowledge.fetch };
    let (invoke, buckets) = (Arc::clone(standing.invoke()), voices::buckets(config));
    Ok(Knowledge::new(archive, invoke, changes, parsers, models, buckets, bounds))
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
            other => other,
        };
        one(async move {
            let said = |base| Reply::Base { base };
            Ok(match request {
                Ask::Create { plan } => said(service.create(plan, &terms).await?),
                Ask::List => Reply::Bases { bases: service.list().await? },
                Ask::Find { text } => said(service.find(text).await?),
                Ask::AddSource { id, plan } => said(service.add_source(id, plan).await?),
                Ask::ChangeSource { id, source, change } => {
                    said(service.change_source(id, source, change).await?)
                }
                Ask::RemoveSource { id, source } => said(service.remove_source(id, source).await?),
                Ask::Rename { id, name } => said(service.rename(id, name).await?),
                Ask::Remove { id } => service.remove(id).await.map(|()| Reply::Done)?,
                Ask::Pause { id } => said(service.pause(id).await?),
                Ask::Documents { id } => Reply::Documents { documents: service.documents(id).await? },
                Ask::Passages { id, document, from, most } => {
                    Reply::Passages { passages: service.passages(id, document, from, most).await? }
                }
                Ask::Look { id, passage } => Reply::Looked { looked: service.look(id, passage).await? },
                Ask::Search { id, question } => {
                    let retrieved = service.search(id, question, &terms).await?;
                    Reply::Retrieved { retrieved, prompt: None }
                }
                // Answered above.
                Ask::Sync { .. } | Ask::Measure { .. } | Ask::Ask { .. } => Reply::Done,
            })
        })
    }
}
