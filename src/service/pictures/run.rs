//! One making: sent, its pictures kept as they come.

use std::collections::VecDeque;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Pictures, Step};
use crate::domain::call::{Call, Picture};
use crate::domain::change::Changed;
use crate::domain::delta::{Event, Fold};
use crate::domain::message::{Outcome, StopReason};
use crate::domain::picture::{Made, Making, media_type, pixels};
use crate::domain::trace::SpanKind;
use crate::domain::usage::Tally;
use crate::domain::{Error, ErrorKind, Result, figures};
use crate::service::invoke::Terms;
use crate::store::Batch;

/// The largest picture that is kept, in bytes.
const LARGEST: usize = 32 << 20;

/// Runs a making to its end, whatever that is; `steps` closed is the asker gone.
pub(super) async fn run(
    pictures: &Pictures,
    making: Making,
    asked: Picture,
    terms: Terms,
    steps: mpsc::Sender<Result<Step>>,
) {
    // Nobody is left to tell when the asker is gone; what comes is kept all the same.
    let _ = steps.send(Ok(Step::Making(making.clone()))).await;
    let mut growing = Growing::new(making);
    let outcome = growing.grow(pictures, asked, &terms, &steps).await;
    let (making, remark) = growing.finish(pictures, outcome);
    let stored = pictures.put(making.clone()).await;
    pictures.changes.tell(Changed::Making { making: making.clone() });
    if let Some(text) = remark {
        let _ = steps.send(Ok(Step::Said(Event::Notice { text }))).await;
    }
    let _ = steps.send(stored.map(|()| Step::Making(making))).await;
}

/// A making as its pictures come.
struct Growing {
    making: Making,
    fold: Fold,
    began: Instant,
    /// Pictures that came, kept or not.
    came: u32,
    /// Why some of them were not kept.
    refused: Vec<String>,
}

impl Growing {
    fn new(making: Making) -> Self {
        Self { making, fold: Fold::default(), began: Instant::now(), came: 0, refused: Vec::new() }
    }

    /// Takes in what comes, until the end or until nobody wants it any more.
    async fn grow(
        &mut self,
        pictures: &Pictures,
        asked: Picture,
        terms: &Terms,
        steps: &mpsc::Sender<Result<Step>>,
    ) -> Outcome {
        let model = asked.model.clone();
        let mut events = pictures.invoke.serve(&model, Call::Image(asked), terms);
        let mut pending = VecDeque::new();
        loop {
            tokio::select! {
                biased;
                () = pictures.ends.cancelled() => return Outcome::Stopped,
                () = steps.closed() => return Outcome::Stopped,
                permit = steps.reserve(), if !pending.is_empty() => {
                    let (Ok(permit), Some(step)) = (permit, pending.pop_front()) else {
                        return Outcome::Stopped;
                    };
                    permit.send(Ok(step));
                }
                event = events.next() => match event {
                    Some(Ok(Event::Image { bytes, .. })) => match self.keep(pictures, bytes).await {
                        Ok(true) => pending.push_back(Step::Making(self.making.clone())),
                        Ok(false) => {}
                        // The disk does not take it: those that follow would be lost as well.
                        Err(error) => return Outcome::Failed { error },
                    },
                    Some(Ok(event)) => {
                        self.fold.push(&event);
                        match (pending.back_mut(), event) {
                            // Of places in a line the last one counts.
                            (Some(Step::Said(last @ Event::Queued { .. })), event @ Event::Queued { .. }) => {
                                *last = event;
                            }
                            (
                                _,
                                event @ (Event::Queued { .. }
                                | Event::Paused { .. }
                                | Event::Begun
                                | Event::Notice { .. }),
                            ) => {
                                pending.push_back(Step::Said(event));
                            }
                            _ => {}
                        }
                    }
                    Some(Err(error)) if error.kind == ErrorKind::Cancelled => return Outcome::Stopped,
                    Some(Err(error)) => return Outcome::Failed { error },
                    None => return self.complete(),
                },
            }
        }
    }

    /// Keeps a picture with the making that names it, in one act; whether it was kept.
    async fn keep(&mut self, pictures: &Pictures, bytes: Vec<u8>) -> Result<bool> {
        self.came += 1;
        if self.making.made.len() >= self.making.asked.count as usize {
            return Ok(false);
        }
        let form = match media_type(&bytes) {
            _ if bytes.len() > LARGEST => Err(format!("one has {} MB", bytes.len() >> 20)),
            Some(media_type) => Ok(media_type.to_owned()),
            None => Err("what came is no PNG, JPEG, GIF or WebP picture".to_owned()),
        };
        let media_type = match form {
            Ok(media_type) => media_type,
            Err(why) => {
                self.refused.push(why);
                return Ok(false);
            }
        };
        let mut making = self.making.clone();
        let grown = pictures.archive.run(move |store| {
            let mut batch = Batch::new();
            let (size, pixels) = (bytes.len() as u64, pixels(&bytes));
            let blob = store.attach_with(bytes, &mut batch)?;
            making.made.push(Made { blob, media_type, bytes: size, pixels });
            batch.put(&making.id, &making)?;
            store.commit(batch)?;
            Ok(making)
        });
        self.making = grown.await?;
        pictures.changes.tell(Changed::Making { making: self.making.clone() });
        Ok(true)
    }

    /// The end of what the model sent.
    fn complete(&mut self) -> Outcome {
        if !self.making.made.is_empty() {
            return Outcome::Complete { reason: StopReason::EndTurn };
        }
        let why = self.refused.pop().unwrap_or_else(|| "none came".to_owned());
        let doing = format!("making a picture with {}", self.making.asked.model);
        let hint = "Ask again; `outcrop models show` says what the model can do.";
        Outcome::Failed { error: Error::new(ErrorKind::Server { status: 200 }, doing, why, hint) }
    }

    /// The making as it stays, and what the person should know besides.
    fn finish(self, pictures: &Pictures, outcome: Outcome) -> (Making, Option<String>) {
        let usage = self.fold.usage;
        let tally = Tally {
            invocations: 1,
            images: self.came.into(),
            input_tokens: usage.input.unwrap_or(0).into(),
            output_tokens: usage.output.unwrap_or(0).into(),
            ..Tally::default()
        };
        let price = pictures.invoke.prices().of(&self.making.asked.model);
        let mut making = self.making;
        // A price by the token wants both numbers.
        let told = usage.input.is_some() && usage.output.is_some();
        let is_known = self.came > 0 && (told || price.as_ref().is_some_and(|price| price.image.is_some()));
        making.cost = tally.cost(SpanKind::Image, price.as_ref()).dollars.filter(|_| is_known);
        making.timing.total_ms = Some(u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX));
        (making.usage, making.outcome) = (usage, outcome);
        let (kept, lost) = (making.made.len() as u32, self.refused.len() as u32);
        let more = self.came.saturating_sub(kept + lost);
        let mut remarks = self.refused;
        if more > 0 {
            let more = figures::count(more.into(), "more came", "more came");
            remarks.push(format!("{more} than were asked for and were not kept"));
        }
        let remark = (!remarks.is_empty()).then(|| format!("Of the pictures: {}.", remarks.join("; ")));
        (making, remark)
    }
}
