//! One answer on its way: prompt, tokens, text.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::loaded::{Loaded, Prompt};
use super::model::{Cache, Scratch};
use super::sampler::Sampler;
use super::stop::Stop;
use super::vocabulary::Detokeniser;
use crate::domain::call::Converse;
use crate::domain::delta::Event;
use crate::domain::id::ConversationId;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result};

/// Prompt tokens that are read between two looks at whether anybody still listens.
const CHUNK: usize = 64;

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
        Self { conversation, cache: Cache::new(&model.model.shape), model, tokens: Vec::new() }
    }

    /// Whether it was made by this very model for this conversation.
    pub(super) fn serves(&self, conversation: ConversationId, model: &Arc<Loaded>) -> bool {
        self.conversation == Some(conversation) && Arc::ptr_eq(&self.model, model)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Keeps the longest common beginning with `prompt`, save its last token, whose logits are wanted.
    fn rewind(&mut self, prompt: &[u32]) -> usize {
        let common = self.tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        let keep = common.min(prompt.len() - 1);
        self.tokens.truncate(keep);
        self.cache.truncate(keep);
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
    outbox: VecDeque<Event>,
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
    ) -> Self {
        let Prompt { ids: prompt, thinks } = prompt;
        let cached = kept.rewind(&prompt);
        let seed = getrandom::u64().unwrap_or_default();
        let count = |n: usize| n as u32;
        let outbox = VecDeque::from([
            Event::Context { tokens: count(kept.model.model.shape.context) },
            Event::Prefill { done: count(cached), total: count(prompt.len()), cached: count(cached) },
        ]);
        Self {
            events,
            outbox,
            sampler: Sampler::new(&converse.settings, &kept.model.defaults, seed),
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
        self.kept.cache.shrink(&self.kept.model.model.shape);
        self.kept
    }

    /// Reads a chunk of the prompt, or writes up to `tokens` tokens.
    pub(super) fn step(&mut self, scratch: &mut Scratch, tokens: usize) -> Step {
        let told = self.tell();
        if told != Step::More {
            return told;
        }
        if self.next.is_none() {
            self.read(scratch);
            return self.tell();
        }
        for _ in 0..tokens {
            self.write(scratch);
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
            match self.events.try_send(Ok(event)) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.outbox.extend(event.ok());
                    self.outbox.rotate_right(1);
                    return Step::Full;
                }
                Err(TrySendError::Closed(_)) => return Step::Done,
            }
        }
        if self.over { Step::Done } else { Step::More }
    }

    fn read(&mut self, scratch: &mut Scratch) {
        let from = self.kept.tokens.len();
        let chunk = &self.prompt[from..self.prompt.len().min(from + CHUNK)];
        let logits = self.kept.model.model.forward(chunk, &mut self.kept.cache, scratch);
        self.kept.tokens.extend_from_slice(chunk);
        let (done, total, cached) =
            (self.kept.tokens.len() as u32, self.prompt.len() as u32, self.cached as u32);
        self.outbox.push_back(Event::Prefill { done, total, cached });
        if done == total {
            self.next = Some(self.sampler.choose(logits));
            let usage = Usage { input: Some(total), cache_read: Some(cached), ..Usage::default() };
            self.outbox.push_back(Event::Usage { usage });
            if let Some(tag) = self.opening.take() {
                self.say(tag.to_owned());
            }
        }
    }

    fn write(&mut self, scratch: &mut Scratch) {
        let Some(token) = self.next else { return };
        let model = Arc::clone(&self.kept.model);
        if model.speech.vocabulary.ends(token) {
            return self.end(StopReason::EndTurn);
        }
        self.written += 1;
        let mut text = String::new();
        let mut shown = String::new();
        self.detokeniser.push(model.speech.vocabulary.bytes(token), &mut text);
        let stopped = self.stop.push(&text, &mut shown);
        self.say(shown);
        if stopped {
            return self.end(StopReason::StopSequence);
        }
        if self.written >= self.most {
            return self.end(StopReason::MaxTokens);
        }
        if self.kept.tokens.len() + 1 >= model.model.shape.context {
            return self.end(StopReason::ContextFull);
        }
        let logits = model.model.forward(&[token], &mut self.kept.cache, scratch);
        self.kept.tokens.push(token);
        self.next = Some(self.sampler.choose(logits));
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.outbox.push_back(Event::Text { text });
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
        };
        self.outbox.extend([Event::Usage { usage }, Event::Stop { reason }]);
        self.over = true;
    }
}

/// The prompt of a conversation. One that leaves no room for an answer is refused.
pub(super) fn prompt_of(converse: &Converse, model: &Loaded, now: &jiff::Zoned) -> Result<Prompt> {
    let prompt = model.prompt(converse, now)?;
    let (tokens, limit) = (prompt.ids.len() as u32, model.model.shape.context as u32);
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
