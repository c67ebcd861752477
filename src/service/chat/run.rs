//! One turn: made durable, sent, streamed to the asker, stored as it grows.

use std::collections::VecDeque;
use std::pin::pin;

use futures_util::future::{Fuse, FusedFuture};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::acting::{self, Act, acted};
use super::prepare::{Prepared, Work};
use super::{Chat, Step};
use crate::domain::call::{Call, Converse};
use crate::domain::change::Changed;
use crate::domain::delta::{Event, Fold, queue_for_reader};
use crate::domain::message::{Answer, Block, Message, Outcome, StopReason, Usage};
use crate::domain::picture::media_type;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::{Archive, Writing};
use crate::service::attachments;
use crate::service::invoke::{Clock, Terms, Underway};
use crate::service::turns::{Hold, Turn};

/// How often other screens see the answer grow.
pub(super) const SHOW_EVERY: Duration = Duration::from_millis(250);
/// Every so many shows the answer is stored: the most text that a kill can lose.
pub(super) const STORE_EVERY: u32 = 3;

const LOOKING: &str = "looking into a knowledge base";

/// A turn that is listed as running; its conversation is held until the turn is durable.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) prepared: Prepared,
    pub(super) turn: Turn,
    /// `None` for a new conversation, which nobody else knows.
    pub(super) hold: Option<Hold>,
}

/// Runs a turn to its end, whatever that is; `steps` closed is the asker gone.
pub(super) async fn run(chat: &Chat, begun: Begun, terms: Terms, steps: mpsc::Sender<Result<Step>>) {
    let Begun { prepared, turn, hold } = begun;
    let Prepared { head, asked, answer, model, work } = prepared;
    let stop = turn.stop();
    let mut writing = Writing { heads: vec![head.clone()], open: Some(answer.id), ..Writing::default() };
    writing.messages.extend(asked.iter().cloned());
    writing.messages.push(answer.clone());
    if let Err(error) = chat.archive.write(writing).await {
        // Nobody is left to tell when the asker is gone too.
        let _ = steps.send(Err(error)).await;
        return;
    }
    drop(hold);
    chat.changes.tell(Changed::Conversation { head: head.clone() });
    for message in asked.iter().chain([&answer]) {
        chat.changes.tell(Changed::Message { message: message.clone() });
    }
    let started = Step::Started { conversation: head, asked, answer: answer.clone() };
    let _ = steps.send(Ok(started)).await;

    let converse = match work {
        Work::Converse(converse) => converse,
        Work::Act(act) => return run_agent(chat, (turn, answer), act, terms, &steps).await,
    };
    let clock = Clock::default();
    let terms = Terms {
        conversation: Some(answer.conversation),
        answer: Some(answer.id),
        clock: Some(clock.clone()),
        ..terms
    };
    let mut growing = Growing::new(answer, clock);
    let grounded = tokio::select! {
        biased;
        () = stop.cancelled() => Err(Error::cancelled(LOOKING)),
        () = steps.closed() => Err(Error::cancelled(LOOKING)),
        grounded = ground(chat, &mut growing.answer, converse, terms) => grounded,
    };
    let (events, mut step) = match grounded {
        Ok((converse, terms, step)) => {
            let blobs = attachments::bytes_of(&chat.archive, &converse.turns).await;
            let serve = |blobs| {
                let call = Call::Converse(Converse { blobs, ..converse });
                chat.invoke.serve(&model, call, &terms)
            };
            (blobs.map(serve), step)
        }
        Err(error) => (Err(error), None),
    };
    let events = events.unwrap_or_else(|error| stream::once(std::future::ready(Err(error))).boxed());
    let outcome = chat.turns.ended(streamed(chat, events, &mut growing, &steps, stop).await);
    if let Some(step) = &mut step {
        match &outcome {
            Outcome::Failed { error } => step.end(Some(error)),
            Outcome::Complete { .. } => step.end(None),
            Outcome::Streaming | Outcome::Interrupted | Outcome::Stopped => {}
        }
    }
    // It has taken as long as the answer took, and not as long as the disk does.
    drop(step);

    growing.count();
    let mut answer = growing.finish(outcome);
    let text = answer.text();
    if let Some(grounding) = answer.answer.as_mut().and_then(|answer| answer.grounding.as_mut()) {
        grounding.cite(&text);
    }
    chat.schemas.check(&mut answer).await;
    let last = close(chat, &turn, answer).await;
    let rest = growing.pending.into_iter().map(|event| Ok(Step::Delta(event))).chain([last]);
    for step in rest {
        // A reader that neither reads nor leaves must not hold up the end of the program.
        tokio::select! {
            biased;
            sent = steps.send(step) => if sent.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}

/// Keeps an answer as it is at its end, and tells that.
async fn close(chat: &Chat, turn: &Turn, answer: Message) -> Result<Step> {
    let close = Writing { messages: vec![answer.clone()], close: Some(answer.id), ..Writing::default() };
    let stored = chat.archive.write(close).await;
    turn.stored();
    chat.changes.tell(Changed::Message { message: answer.clone() });
    stored.map(|()| Step::Finished { answer })
}

/// Has an agent make the answer.
async fn run_agent(
    chat: &Chat,
    (turn, answer): (Turn, Message),
    act: Act,
    terms: Terms,
    steps: &mpsc::Sender<Result<Step>>,
) {
    let Some(agents) = &chat.agents else { return };
    // Without the answer: what is said in a step is kept beside the step, and none of it is the whole of that.
    let terms = Terms { conversation: Some(answer.conversation), ..terms };
    let mut growing = acting::Growing::new(answer);
    let events = agents.run(act.agent, act.given, terms);
    let outcome = chat.turns.ended(acted(chat, events, &mut growing, steps, turn.stop()).await);
    let last = close(chat, &turn, growing.finish(outcome)).await;
    tokio::select! {
        biased;
        _ = steps.send(last) => {}
        () = turn.stop().cancelled() => {}
    }
}

/// Puts what a knowledge base has into a call that is to be from one, and keeps it with the answer: one that goes on has it already.
/// With it come the step that the call is a part of then, and its terms.
async fn ground(
    chat: &Chat,
    answer: &mut Message,
    converse: Converse,
    terms: Terms,
) -> Result<(Converse, Terms, Option<Underway>)> {
    let (mut terms, mut step) = (terms, None);
    let Some(answer) = &mut answer.answer else { return Ok((converse, terms, step)) };
    if answer.grounding.is_none()
        && let Some(knowledge) = &chat.knowledge
        && let Some(grounded) = knowledge.ground(&converse, &terms).await?
    {
        answer.grounding = Some(grounded.grounding);
        (terms, step) = (grounded.terms, Some(grounded.step));
    }
    let converse = match &answer.grounding {
        Some(grounding) => grounding.with(converse),
        None => converse,
    };
    Ok((converse, terms, step))
}

/// Takes events in until the answer ends, and says how.
async fn streamed(
    chat: &Chat,
    mut events: crate::provider::Events,
    growing: &mut Growing,
    steps: &mpsc::Sender<Result<Step>>,
    stop: &CancellationToken,
) -> Outcome {
    let mut show = interval_at(Instant::now() + SHOW_EVERY, SHOW_EVERY);
    show.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shows = 0_u32;
    let mut storing = pin!(Fuse::terminated());
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Outcome::Stopped,
            () = steps.closed() => return Outcome::Stopped,
            // Rare, and in front: a voice that always has more to say must not hold up the disk.
            stored = &mut storing, if !storing.is_terminated() => {
                if let Err(error) = stored {
                    // The text is safe on the screen only; going on would make the loss larger.
                    return Outcome::Failed { error };
                }
            }
            _ = show.tick(), if growing.changed => {
                shows += 1;
                growing.count();
                if chat.changes.watched() {
                    chat.changes.tell(Changed::Growing {
                        conversation: growing.answer.conversation,
                        message: growing.answer.id,
                        blocks: growing.fold.blocks.clone(),
                    });
                }
                if shows.is_multiple_of(STORE_EVERY) && storing.is_terminated() {
                    growing.changed = false;
                    storing.set(store(chat.archive.clone(), growing.so_far()).fuse());
                }
            }
            permit = steps.reserve(), if !growing.pending.is_empty() => {
                let (Ok(permit), Some(event)) = (permit, growing.pending.pop_front()) else {
                    return Outcome::Stopped;
                };
                permit.send(Ok(Step::Delta(event)));
            }
            event = events.next() => match event {
                Some(Ok(Event::Image { bytes, .. })) => match kept(chat.archive.clone(), bytes).await {
                    Ok(event) => growing.take_in(event),
                    Err(error) => return Outcome::Failed { error },
                },
                Some(Ok(event)) => growing.take_in(event),
                Some(Err(error)) if error.kind == ErrorKind::Cancelled => return Outcome::Stopped,
                Some(Err(error)) => return Outcome::Failed { error },
                None => {
                    return Outcome::Complete { reason: growing.fold.stop.unwrap_or(StopReason::Other) };
                }
            },
        }
    }
}

pub(super) async fn store(archive: Archive, answer: Message) -> Result<()> {
    archive.write(Writing { messages: vec![answer], ..Writing::default() }).await
}

/// Keeps a picture of the answer under a name. What it is its bytes say: a voice may be wrong about it. One of another form
/// is left out, with a word.
async fn kept(archive: Archive, bytes: Vec<u8>) -> Result<Event> {
    let Some(media_type) = media_type(&bytes) else {
        let text = "a picture was left out: it is no PNG, JPEG, GIF or WebP".to_owned();
        return Ok(Event::Notice { text });
    };
    let blob = archive.run(move |store| store.attach(bytes)).await?;
    Ok(Event::Picture { media_type: media_type.to_owned(), blob })
}

/// An answer as it comes.
struct Growing {
    answer: Message,
    fold: Fold,
    clock: Clock,
    /// Events that the asker has not taken yet; neighbouring texts are one.
    pending: VecDeque<Event>,
    /// Since it was stored last.
    changed: bool,
    /// Pieces of text and reasoning that came: nearly every voice sends one for each token.
    pieces: u32,
    /// The voice itself has said how many tokens it wrote.
    counted: bool,
    /// Bytes of the text that an earlier call wrote: a `Replace` counts from the end of it.
    before: usize,
}

impl Growing {
    fn new(answer: Message, clock: Clock) -> Self {
        let text = |block: &Block| if let Block::Text { text } = block { text.len() } else { 0 };
        Self {
            before: answer.blocks.iter().map(text).sum(),
            fold: Fold::from_blocks(answer.blocks.clone()),
            answer,
            clock,
            pending: VecDeque::new(),
            changed: false,
            pieces: 0,
            counted: false,
        }
    }

    fn take_in(&mut self, mut event: Event) {
        match &mut event {
            Event::Text { .. } | Event::Reasoning { .. } => self.pieces += 1,
            Event::Usage { usage } => self.counted |= usage.output.is_some(),
            Event::Replace { from, .. } => *from += self.before,
            _ => {}
        }
        self.changed = true;
        self.pass_on(event);
    }

    /// Says how many tokens came, until the voice does: most say it at the end, where a stopped answer never gets to.
    fn count(&mut self) {
        if !self.counted && self.pieces > 0 && self.fold.usage.output != Some(self.pieces) {
            let usage = Usage { output: Some(self.pieces), estimated: true, ..Usage::default() };
            let event = Event::Usage { usage };
            self.fold.push(&event);
            // A slow reader learns the next one: between texts it would keep them from being joined.
            if self.pending.is_empty() {
                self.pending.push_back(event);
            }
        }
    }

    fn pass_on(&mut self, event: Event) {
        if let Event::Context { tokens } = event
            && let Some(answer) = &mut self.answer.answer
        {
            answer.context = Some(tokens);
        }
        self.fold.push(&event);
        queue_for_reader(&mut self.pending, event);
    }

    fn so_far(&self) -> Message {
        let mut message = self.answer.clone();
        message.blocks.clone_from(&self.fold.blocks);
        // With its figures: a process that is killed leaves what was stored last.
        let timing = self.clock.timing();
        message.answer = message.answer.map(|answer| Answer { usage: self.fold.usage, timing, ..answer });
        message
    }

    fn finish(&self, outcome: Outcome) -> Message {
        let mut message = self.so_far();
        if let Some(answer) = &mut message.answer {
            answer.outcome = outcome;
        }
        message
    }
}

/// Ends the answers that a killed process left open: what was stored is kept and marked, what cannot be read is let go.
pub(super) async fn mark_interrupted(archive: &Archive) -> Result<usize> {
    let open = archive.open_answers().await?;
    let count = open.len();
    for mut answer in open {
        if let Some(known) = &mut answer.answer
            && known.outcome == Outcome::Streaming
        {
            known.outcome = Outcome::Interrupted;
        }
        let close = Some(answer.id);
        archive.write(Writing { messages: vec![answer], close, ..Writing::default() }).await?;
    }
    Ok(count)
}
