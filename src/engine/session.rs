//! One answer on its way: prompt, tokens, text.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::backend::{Cache, Scratch};
use super::loaded::{Loaded, Prompt};
use super::sampler::Sampler;
use super::stop::Stop;
use super::vocabulary::Detokeniser;
use crate::domain::call::Converse;
use crate::domain::catalog::Sampling;
use crate::domain::delta::Event;
use crate::domain::id::ConversationId;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result};

/// What is remembered of a conversation between its turns.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) conversation: Option<ConversationId>,
    model: Arc<Loaded>,
    /// The tokens whose keys and values the cache holds.
    tokens: Vec<u32>,
    cache: Cache,
}

impl Kept {
    pub(super) fn new(conversation: Option<ConversationId>, model: Arc<Loaded>) -> Self {
        Self { conversation, cache: model.model.cache(), model, tokens: Vec::new() }
    }

    /// Whether it was made by this very model for this conversation.
    pub(super) fn serves(&self, conversation: ConversationId, model: &Arc<Loaded>) -> bool {
        self.conversation == Some(conversation) && Arc::ptr_eq(&self.model, model)
    }

    /// The model that made it.
    pub(super) fn model(&self) -> &Arc<Loaded> {
        &self.model
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Keeps the longest common beginning with `prompt`, save its last token, whose logits are wanted.
    fn rewind(&mut self, prompt: &[u32]) -> usize {
        let common = self.tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        let keep = common.min(prompt.len() - 1);
        let keep = self.cache.truncate(keep);
        self.tokens.truncate(keep);
        keep
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There is more to do.
    More,
    /// The reader is slow: what it was told has to be taken first.
    Full,
    /// Done, or nobody listens any more.
    Done,
}

/// One answer on its way.
#[derive(Debug)]
pub(super) struct Session {
    events: Sender<Result<Event>>,
    outbox: VecDeque<Result<Event>>,
    kept: Kept,
    prompt: Vec<u32>,
    /// What the answer begins with, before its own first token.
    opening: Option<&'static str>,
    /// Prompt tokens that came from the cache.
    cached: usize,
    /// The token that was chosen and not yet read.
    next: Option<u32>,
    written: u32,
    most: u32,
    sampler: Sampler,
    detokeniser: Detokeniser,
    stop: Stop,
    over: bool,
}

impl Session {
    /// Prepares to answer `prompt`, which `prompt_of` made.
    pub(super) fn start(
        events: Sender<Result<Event>>,
        converse: &Converse,
        mut kept: Kept,
        prompt: Prompt,
        sampling: Sampling,
    ) -> Self {
        let Prompt { ids: prompt, thinks } = prompt;
        let cached = kept.rewind(&prompt);
        let seed = getrandom::u64().unwrap_or_default();
        let count = |n: usize| n as u32;
        let outbox = VecDeque::from([
            Ok(Event::Context { tokens: count(kept.model.model.context()) }),
            Ok(Event::Prefill { done: count(cached), total: count(prompt.len()), cached: count(cached) }),
        ]);
        Self {
            events,
            outbox,
            sampler: Sampler::new(&converse.settings, kept.model.sampling.overlaid(sampling), seed),
            stop: Stop::new(&converse.settings.stop),
            most: converse.settings.max_tokens.unwrap_or(u32::MAX),
            detokeniser: Detokeniser::default(),
            kept,
            prompt,
            opening: thinks,
            cached,
            next: None,
            written: 0,
            over: false,
        }
    }

    /// Where its events go.
    pub(super) fn events(&self) -> &Sender<Result<Event>> {
        &self.events
    }

    /// What is worth remembering of it.
    pub(super) fn into_kept(mut self) -> Kept {
        self.kept.model.model.shrink(&mut self.kept.cache);
        self.kept
    }

    /// Reads a chunk of the prompt, or writes up to `tokens` tokens.
    pub(super) fn step(&mut self, scratch: &mut Scratch, tokens: usize) -> Step {
        let told = self.tell();
        if told != Step::More {
            return told;
        }
        if self.next.is_none() {
            if let Err(error) = self.read(scratch) {
                self.fail(error);
            }
            return self.tell();
        }
        for _ in 0..tokens {
            if let Err(error) = self.write(scratch) {
                self.fail(error);
            }
            let told = self.tell();
            if told != Step::More {
                return told;
            }
        }
        Step::More
    }

    /// Sends what there is to tell.
    fn tell(&mut self) -> Step {
        if self.events.is_closed() {
            return Step::Done;
        }
        while let Some(event) = self.outbox.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.outbox.push_front(event);
                    return Step::Full;
                }
                Err(TrySendError::Closed(_)) => return Step::Done,
            }
        }
        if self.over { Step::Done } else { Step::More }
    }

    fn read(&mut self, scratch: &mut Scratch) -> Result<()> {
        let from = self.kept.tokens.len();
        let unread = &self.prompt[from..];
        let model = &self.kept.model.model;
        let chunk = &unread[..model.chunk(unread.len())];
        let logits = model.forward(chunk, &mut self.kept.cache, scratch)?;
        self.kept.tokens.extend_from_slice(chunk);
        let (done, total, cached) =
            (self.kept.tokens.len() as u32, self.prompt.len() as u32, self.cached as u32);
        self.outbox.push_back(Ok(Event::Prefill { done, total, cached }));
        if done == total {
            self.next = Some(self.sampler.choose(logits, &self.kept.tokens));
            let usage = Usage { input: Some(total), cache_read: Some(cached), ..Usage::default() };
            self.outbox.push_back(Ok(Event::Usage { usage }));
            if let Some(tag) = self.opening.take() {
                self.say(tag.to_owned());
            }
        }
        Ok(())
    }

    fn write(&mut self, scratch: &mut Scratch) -> Result<()> {
        let Some(token) = self.next else { return Ok(()) };
        let model = Arc::clone(&self.kept.model);
        if model.speech.words.ends(token) {
            self.end(StopReason::EndTurn);
            return Ok(());
        }
        self.written += 1;
        let mut text = String::new();
        let mut shown = String::new();
        self.detokeniser.push(&model.speech.words.bytes(token), &mut text);
        let stopped = self.stop.push(&text, &mut shown);
        self.say(shown);
        let ended = if stopped {
            Some(StopReason::StopSequence)
        } else if self.written >= self.most {
            Some(StopReason::MaxTokens)
        } else if self.kept.tokens.len() + 1 >= model.model.context() {
            Some(StopReason::ContextFull)
        } else {
            None
        };
        if let Some(reason) = ended {
            self.end(reason);
            return Ok(());
        }
        let logits = model.model.forward(&[token], &mut self.kept.cache, scratch)?;
        self.kept.tokens.push(token);
        self.next = Some(self.sampler.choose(logits, &self.kept.tokens));
        Ok(())
    }

    /// Ends with an error. What the cache holds is not known any more.
    fn fail(&mut self, error: Error) {
        self.kept.conversation = None;
        self.outbox.push_back(Err(error));
        self.over = true;
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.outbox.push_back(Ok(Event::Text { text }));
        }
    }

    fn end(&mut self, reason: StopReason) {
        if reason != StopReason::StopSequence {
            let mut rest = String::new();
            let mut shown = String::new();
            self.detokeniser.finish(&mut rest);
            if !self.stop.push(&rest, &mut shown) {
                self.stop.finish(&mut shown);
            }
            self.say(shown);
        }
        let usage = Usage {
            input: Some(self.prompt.len() as u32),
            output: Some(self.written),
            cache_read: Some(self.cached as u32),
            reasoning: None,
            cache_write: None,
            estimated: false,
        };
        self.outbox.extend([Ok(Event::Usage { usage }), Ok(Event::Stop { reason })]);
        self.over = true;
    }
}

/// The prompt of a conversation. One that leaves no room for an answer is refused.
pub(super) fn prompt_of(converse: &Converse, model: &Loaded, now: &jiff::Zoned) -> Result<Prompt> {
    let prompt = model.prompt(converse, now)?;
    let (tokens, limit) = (prompt.ids.len() as u32, model.model.context() as u32);
    if tokens < limit {
        return Ok(prompt);
    }
    Err(Error::new(
        ErrorKind::ContextLength { tokens, limit },
        format!("asking {}", converse.model),
        format!("the conversation has {tokens} tokens, and the model's context is {limit} with the answer"),
        "Start a new conversation, or fork from an earlier message.",
    ))
}
