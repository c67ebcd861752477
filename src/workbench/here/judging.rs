//! What is asked of answers: compared, gathered in datasets, rated by people.

use futures_util::TryStreamExt;
use futures_util::stream::{self, StreamExt};

use super::{Here, one};
use crate::service::comparisons::{Chosen, Ranked};
use crate::service::datasets::{Added, Imported};
use crate::service::evaluations::{Decided, Evaluations};
use crate::service::invoke::Terms;
use crate::workbench::request::comparisons::Comparisons as ComparisonsRequest;
use crate::workbench::request::datasets::Datasets as DatasetsRequest;
use crate::workbench::request::evaluations::Evaluations as EvaluationsRequest;
use crate::workbench::{Replies, Reply, person};

impl Here {
    pub(super) fn comparisons(&self, request: ComparisonsRequest, principal: &str) -> Replies {
        use ComparisonsRequest as Ask;
        let who = person(principal);
        let service = self.comparisons.clone();
        if let Ask::Export { id, form } = request {
            return service.export(id, form, who).map_ok(|text| Reply::Text { text }).boxed();
        }
        one(async move {
            let bare = |comparison| Reply::Comparison { comparison, ballots: Vec::new() };
            Ok(match request {
                Ask::Create { plan, table } => bare(service.create(plan, table).await?),
                Ask::List { limit, before } => {
                    let (comparisons, more) = service.list(limit, before).await?;
                    Reply::Comparisons { comparisons, more }
                }
                Ask::Find { text } => bare(service.find(text).await?),
                Ask::Summary { id } => Reply::Summaries { columns: service.summary(id).await? },
                Ask::Open { id } => {
                    let (comparison, ballots) = service.open(id, who).await?;
                    Reply::Comparison { comparison, ballots }
                }
                Ask::Choose { comparison, page, answers, choice, order, hidden } => {
                    let chosen = Chosen { comparison, page, answers, choice, order, hidden };
                    Reply::Ballot { ballot: service.choose(chosen, who).await? }
                }
                Ask::Look { id, page } => bare(service.look(id, page, who).await?),
                Ask::TakeBack { ballot } => service.take_back(ballot, who).await.map(|()| Reply::Done)?,
                Ask::Categorise { id, category } => bare(service.categorise(id, category).await?),
                Ask::TakeIn { bytes, skip_bad, remove } => {
                    Reply::BattlesRead { read: service.take_in(bytes, skip_bad, remove).await? }
                }
                Ask::Leaderboard { category } => {
                    let Ranked { board, categories, apart, unranked } = service.leaderboard(category).await?;
                    Reply::Leaderboard { board, categories, apart, unranked }
                }
                Ask::Remove { id, ballots } => service.remove(id, ballots).await.map(|()| Reply::Done)?,
                // Answered above.
                Ask::Export { .. } => Reply::Done,
            })
        })
    }

    pub(super) fn evaluations(&self, request: EvaluationsRequest, terms: Terms) -> Replies {
        use EvaluationsRequest as Ask;
        let (service, datasets) = (self.evaluations.clone(), self.datasets.clone());
        let request = match request {
            Ask::Run { id } => {
                return service.run(id, terms).map_ok(|evaluation| Reply::Evaluation { evaluation }).boxed();
            }
            other => other,
        };
        let (who, door) = (person(&terms.principal), self.evaluations.clone());
        let act = async move {
            let said = |evaluation| Reply::Evaluation { evaluation };
            Ok(match request {
                Ask::Create { plan } => {
                    let dataset = datasets.find(plan.dataset.clone()).await?;
                    let items = datasets.whole(dataset.id).await?;
                    said(service.create(plan, dataset.name, items).await?)
                }
                Ask::Estimate { plan } => {
                    let dataset = datasets.find(plan.dataset.clone()).await?;
                    let items = datasets.whole(dataset.id).await?;
                    Reply::Estimate { estimate: service.estimate(&plan, dataset.name, &items)? }
                }
                Ask::List { limit, before } => {
                    let (evaluations, more) = service.list(limit, before).await?;
                    Reply::Evaluations { evaluations, more }
                }
                Ask::Find { text } => said(service.find(text).await?),
                Ask::Pause { id } => said(service.pause(id).await?),
                Ask::Change { id, task, known } => said(service.change(id, task, known).await?),
                Ask::ReadTask { text, file, name } => {
                    let (task, known) = Evaluations::read_task(&text, &file, &name)?;
                    Reply::Task { task, known }
                }
                Ask::WriteTask { id } => Reply::Text { text: service.write_task(id).await? },
                Ask::Failures { id } => Reply::Failures { failures: service.failures(id).await? },
                Ask::Remove { id } => service.remove(id).await.map(|()| Reply::Done)?,
                Ask::Report { id, version } => {
                    let (report, decisions) = service.report(id, version, who).await?;
                    Reply::EvaluationReport { report, decisions }
                }
                Ask::WriteReport { id, version, form } => {
                    Reply::Text { text: service.written_report(id, version, form, who).await? }
                }
                Ask::Items { id, from, limit } => {
                    Reply::EvaluationItems { items: service.items(id, from, limit).await? }
                }
                Ask::Item { id, item } => Reply::RatedItem { item: service.item(id, item, who).await? },
                Ask::Judged { id, item, version } => {
                    let (item, votes, decisions) = service.judged_item(id, item, version, who).await?;
                    Reply::JudgedItem { item, votes, decisions }
                }
                Ask::Adjudicate { id, item, metric, value, reason, version } => {
                    let decided = Decided { item, metric, value, reason, version };
                    Reply::Decision { decision: service.adjudicate(id, decided, who).await? }
                }
                Ask::HandOut { id, rater, most, all } => {
                    let (text, until) = service.hand_out(id, rater, most, all).await?;
                    Reply::HandOut { text, until }
                }
                Ask::TakeIn { bytes } => {
                    let (evaluation, taken) = service.take_in(bytes).await?;
                    Reply::TakenIn { evaluation, taken }
                }
                Ask::Export { id, form, metric, version } => {
                    let written = service.export(id, form, metric, version, who).await?;
                    Reply::EvaluationFile { written }
                }
                Ask::Import { name, form, bytes } => {
                    let (evaluation, taken) = service.import(name, form, bytes).await?;
                    Reply::TakenIn { evaluation, taken }
                }
                Ask::Sit { id, rater, step } => Reply::Seat { seat: service.sit(id, rater, step).await? },
                Ask::Rate { id, cast } => Reply::Seat { seat: service.rate(id, cast).await? },
                // Answered above.
                Ask::Run { .. } => Reply::Done,
            })
        };
        one(async move { door.to_the_end(act).await })
    }

    pub(super) fn datasets(&self, request: DatasetsRequest, principal: &str) -> Replies {
        use DatasetsRequest as Ask;
        let service = self.datasets.clone();
        let (unblinding, who) = (self.unblinding.clone(), person(principal));
        let request = match request {
            Ask::Import(import) => {
                let read = async move {
                    let Imported { bad, doubled, good, made } = service.import(import).await;
                    let said = !bad.is_empty() || !doubled.is_empty();
                    let remarks = said.then_some(Ok(Reply::DatasetRead { bad, doubled, good }));
                    stream::iter(remarks.into_iter().chain([made.map(|dataset| Reply::Dataset { dataset })]))
                };
                return stream::once(read).flatten().boxed();
            }
            Ask::Export { id, form } => {
                let told = service.export(id, form).map_ok(|text| Reply::Text { text });
                let kept = async move { unblinding.by_dataset(id, &who).await.map(|()| told) };
                return stream::once(kept).try_flatten().boxed();
            }
            other => other,
        };
        one(async move {
            let added =
                |Added { dataset, place, like, remarks }| Reply::ItemAdded { dataset, place, like, remarks };
            Ok(match request {
                Ask::List => Reply::Datasets { datasets: service.list().await? },
                Ask::Find { text } => Reply::Dataset { dataset: service.find(text).await? },
                Ask::Items { id, from, limit } => {
                    unblinding.by_dataset(id, &who).await?;
                    let (items, more) = service.items(id, from, limit).await?;
                    Reply::DatasetItems { items, more }
                }
                Ask::Answered { id } => {
                    let (answered, items) = service.answered(id).await?;
                    Reply::DatasetAnswered { answered, items }
                }
                Ask::AddItem { dataset, item } => added(service.add(dataset, item).await?),
                Ask::FromConversation { conversation, message, dataset, reference } => {
                    added(service.add_answer(conversation, message, dataset, reference).await?)
                }
                Ask::FromComparison { comparison, page, turn, dataset } => {
                    added(service.add_turn(comparison, page, turn, dataset).await?)
                }
                Ask::Rename { id, name } => Reply::Dataset { dataset: service.rename(id, name).await? },
                Ask::Remove { id } => service.remove(id).await.map(|()| Reply::Done)?,
                // Answered above.
                Ask::Import(_) | Ask::Export { .. } => Reply::Done,
            })
        })
    }
}
