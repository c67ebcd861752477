//! A call of a model that a span tells of, asked once more by any model: what comes is kept beside it, and is a trace of this
//! program that says whose replay it is.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::domain::call::{Blobs, Call, Converse};
use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold};
use crate::domain::trace::replay::{Asked, Gave, Original, Place, Replay};
use crate::domain::trace::{SpanKey, TraceId};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::invoke::{Clock, Invoke, Terms};
use crate::service::trace::Traces;
use crate::service::{fresh, paging};
use crate::store::record::ReplayOf;
use crate::store::{Batch, Scan};

const DOING: &str = "asking a model again";

/// What comes of it.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "the last of a stream alone is large")]
pub enum Step {
    Delta(Event),
    /// The last one: it is kept.
    Done(Replay),
}

/// The service.
#[derive(Debug, Clone)]
pub struct Replays {
    archive: Archive,
    traces: Traces,
    invoke: Arc<Invoke>,
}

impl Replays {
    /// Over these records, traces and models.
    pub fn new(archive: Archive, traces: Traces, invoke: Arc<Invoke>) -> Self {
        Self { archive, traces, invoke }
    }

    /// What a model was asked in a span.
    pub async fn original(&self, id: TraceId, row: u32, span: Option<SpanKey>) -> Result<Original> {
        Ok(self.traces.original(id, row, span).await?.1)
    }

    /// The replays of a span, or of all in its trace, and a line for each that cannot be read; those of one span stand together, the
    /// oldest first. Of a run that goes on, `span` says whose a row is.
    pub async fn of(
        &self,
        id: TraceId,
        row: Option<u32>,
        span: Option<SpanKey>,
    ) -> Result<(Vec<Replay>, Vec<String>)> {
        let span = match row {
            Some(row) => Some(self.traces.span(id, row, span).await?.0.id),
            None => span,
        };
        self.archive
            .run(move |store| {
                let scan = match span {
                    Some(span) => Scan::under(&Place { trace: id, span }),
                    None => Scan::under(&id),
                };
                paging::all(store, scan, |key: &ReplayOf| format!("replay {}", key.1.short()))
            })
            .await
    }

    /// Asks. Dropping the steps cancels the call, of which nothing but its record is kept then.
    pub fn ask(
        &self,
        id: TraceId,
        at: (u32, Option<SpanKey>),
        asked: Asked,
        terms: Terms,
    ) -> BoxStream<'static, Result<Step>> {
        let replays = self.clone();
        let begun = async move {
            match replays.begin(id, at, asked, terms).await {
                Ok(steps) => steps,
                Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }

    async fn begin(
        &self,
        id: TraceId,
        (row, span): (u32, Option<SpanKey>),
        mut asked: Asked,
        terms: Terms,
    ) -> Result<BoxStream<'static, Result<Step>>> {
        let (of, original) = self.traces.original(id, row, span).await?;
        let model = asked.model.clone().ok_or_else(|| {
            let why = format!("the span asked {:?}, which is no model's id here", original.model);
            Error::new(ErrorKind::Invalid, DOING, why, "Name one, like -m local/smollm2-135m.")
        })?;
        if asked.turns.is_empty() {
            let hint = "The span holds no messages: give it a text with --with FILE.";
            return Err(Error::new(ErrorKind::Invalid, DOING, "nothing is asked", hint));
        }
        asked.settings.check()?;
        asked.leave_extras_of(original.asked.model.as_ref());
        // What was found in a base stands among the messages.
        asked.settings.knowledge = None;
        let call = Converse {
            model: model.clone(),
            system: asked.system.clone(),
            turns: asked.turns.clone(),
            settings: asked.settings.clone(),
            conversation: None,
            blobs: Blobs::default(),
        };
        let clock = Clock::default();
        let replay = Replay { id: fresh::span_id(), of, at: fresh::now(), asked, gave: Gave::default() };
        let terms = Terms { replay: Some((replay.id, of)), clock: Some(clock.clone()), ..terms };
        let events = self.invoke.serve(&model, Call::Converse(call), &terms);
        let replays = self.clone();
        let asking = Some((events, Fold::default(), replay));
        Ok(stream::unfold(asking, move |asking| {
            let (replays, clock, model) = (replays.clone(), clock.clone(), model.clone());
            async move {
                let (mut events, mut fold, replay) = asking?;
                match events.next().await {
                    Some(Ok(event)) => {
                        fold.push(&event);
                        Some((Ok(Step::Delta(event)), Some((events, fold, replay))))
                    }
                    Some(Err(error)) => Some((Err(error), None)),
                    None => {
                        // It is recorded now.
                        drop(events);
                        let kept = replays.keep(replay, fold, &clock, &model).await;
                        Some((kept.map(Step::Done), None))
                    }
                }
            }
        })
        .boxed())
    }

    async fn keep(&self, mut replay: Replay, fold: Fold, clock: &Clock, model: &ModelId) -> Result<Replay> {
        let finish = fold.stop.and_then(|stop| serde_json::to_value(stop).ok());
        replay.gave = Gave {
            dollars: self.invoke.prices().of(model).and_then(|price| price.of(&fold.usage)),
            blocks: fold.blocks,
            usage: fold.usage,
            timing: clock.timing(),
            finish: finish.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
        };
        let kept = replay.clone();
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                batch.put(&ReplayOf(kept.of, kept.id), &kept)?;
                store.commit(batch)
            })
            .await?;
        Ok(replay)
    }
}
