//! What calls came to: counted as they end, read as reports, written out for other programs.

mod calendar;
mod counting;
mod egress;
mod export;
pub mod purse;
mod read;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

pub use calendar::Calendar;
pub use counting::Counting;
use purse::Purse;
pub use read::report;

use crate::domain::Result;
use crate::domain::time::Timestamp;
use crate::domain::trace::{Exchange, ExchangeId};
use crate::domain::usage::{Form, Invocation, Query, Report};
use crate::service::archive::Archive;
use crate::service::fresh;
use crate::service::invoke::Invoke;
use crate::service::recorder::Recorder;
use crate::wire::usage as wire;

/// Pieces of an export that wait for a slow reader.
const PIECES: usize = 4;

/// The service.
#[derive(Debug, Clone)]
pub struct Usage {
    archive: Archive,
    recorder: Recorder,
    invoke: Arc<Invoke>,
    purse: Purse,
}

impl Usage {
    /// Over the store that `recorder` writes; `invoke` knows the prices, `purse` the budgets.
    pub fn new(archive: Archive, recorder: Recorder, invoke: Arc<Invoke>, purse: Purse) -> Self {
        Self { archive, recorder, invoke, purse }
    }

    /// What there was, with every call that has ended.
    pub async fn report(&self, query: Query) -> Result<Report> {
        self.recorder.settled().await;
        let prices = self.invoke.prices();
        let purse = self.purse.clone();
        let (calendar, now) = (Calendar::system(), fresh::now());
        self.archive
            .run(move |store| {
                let budgets = purse.stand(store, &prices, &calendar, now)?;
                Ok(Report { budgets, ..report(store, query, &prices, &calendar, now)? })
            })
            .await
    }

    /// What left this machine, newest first: those behind `before` that ended at `since` or later, and whether there are older
    /// ones.
    pub async fn exchanges(
        &self,
        since: Option<Timestamp>,
        before: Option<ExchangeId>,
        limit: usize,
    ) -> Result<(Vec<Exchange>, bool)> {
        self.recorder.settled().await;
        self.archive.run(move |store| egress::exchanges(store, since, before, limit)).await
    }

    /// The report as a text for other programs, or the calls one by one, oldest first.
    pub fn export(&self, query: Query, form: Form, texts: bool) -> BoxStream<'static, Result<String>> {
        let usage = self.clone();
        match form {
            Form::Prometheus | Form::Csv => stream::once(async move {
                let report = usage.report(query).await?;
                Ok(if form == Form::Csv { wire::csv(&report) } else { wire::prometheus(&report) })
            })
            .boxed(),
            Form::Jsonl => {
                let (pieces, received) = mpsc::channel(PIECES);
                let work = async move {
                    usage.recorder.settled().await;
                    let failed = pieces.clone();
                    let written = usage
                        .archive
                        .run(move |store| {
                            export::invocations(store, query, texts, |calls: &[Invocation]| {
                                let lines: String = calls.iter().map(wire::invocation).collect();
                                // The reader went away: there is nothing left to do.
                                pieces.blocking_send(Ok(lines)).is_ok()
                            })
                        })
                        .await;
                    if let Err(error) = written {
                        let _ = failed.send(Err(error)).await;
                    }
                };
                let received = stream::unfold(received, |mut received| async move {
                    received.recv().await.map(|piece| (piece, received))
                });
                // The work is driven by who reads, and ends with them.
                stream::select(stream::once(work).filter_map(|()| std::future::ready(None)), received).boxed()
            }
        }
    }
}
