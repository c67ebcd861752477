//! One answer on its way: prompt, tokens, text.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::backend::{CHUNK, Cache, Scratch};
use super::grammar::Grammar;
use super::loaded::{Loaded, Prompt};
use super::sampler::Sampler;
use super::stop::Stop;
use super::vocabulary::Detokeniser;
use crate::domain::call::Converse;
use crate::domain::catalog::Sampling;
use crate::domain::delta::Event;
use crate::domain::id::ConversationId;
use crate::domain::message::{Block, Role, StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result, thinking};

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
    /// The tokens that were chosen, or had to follow, and are not yet read.
    next: Vec<u32>,
    /// What the answer is held to.
    grammar: Option<Grammar>,
    /// Holds until the reasoning before the answer has ended: that is no part of what is held.
    thought: Option<Stop>,
    written: u32,
    most: u32,
    sampler: Sampler,
    detokeniser: Detokeniser,
    stop: Stop,
    over: bool,
}

impl Session {
    /// Prepares to answer `prompt`, which `prompt_of` made, as `grammar_of` has it.
    pub(super) fn start(
        events: Sender<Result<Event>>,
        converse: &Converse,
        mut kept: Kept,
        (prompt, grammar): (Prompt, Option<Grammar>),
        sampling: Sampling,
    ) -> Self {
        let Prompt { ids: prompt, thinks } = prompt;
        let closed = thinks.and_then(thinking::closes).filter(|_| grammar.is_some());
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
            next: Vec::new(),
            grammar,
            thought: closed.map(|close| Stop::new(&[close.to_owned()])),
            written: 0,
            over: false,
        }
    }

    /// Where its events go.
    pub(super) fn events(&self) -> &Sender<Result<Event>> {
        &self.events
    }

    /// Whether its model computes on threads of its own.
    pub(super) fn brings_threads(&self) -> bool {
        self.kept.model.model.brings_threads()
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
        if self.kept.tokens.len() < self.prompt.len() {
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
        let logits: &[f32] = if chunk.len() == unread.len() {
            model.forward(chunk, &mut self.kept.cache, scratch)?
        } else {
            model.read(chunk, &mut self.kept.cache, scratch)?;
            &[]
        };
        self.kept.tokens.extend_from_slice(chunk);
        let (done, total, cached) =
            (self.kept.tokens.len() as u32, self.prompt.len() as u32, self.cached as u32);
        self.outbox.push_back(Ok(Event::Prefill { done, total, cached }));
        if done == total {
            self.choose(logits)?;
            let usage = Usage { input: Some(total), cache_read: Some(cached), ..Usage::default() };
            self.outbox.push_back(Ok(Event::Usage { usage }));
            if let Some(tag) = self.opening.take() {
                self.say(tag.to_owned());
            }
        }
        Ok(())
    }

    /// Chooses what comes next by the logits behind the last token that was read, with what must follow it.
    fn choose(&mut self, logits: &[f32]) -> Result<()> {
        let before = &self.kept.tokens;
        let Some(grammar) = self.grammar.as_mut().filter(|_| self.thought.is_none()) else {
            self.next.push(self.sampler.choose(logits, before));
            return Ok(());
        };
        // The beginning may be no choice.
        self.next = grammar.forced()?;
        if self.next.is_empty() && !grammar.is_over() {
            let allowed = grammar.allowed()?;
            let token = self.sampler.choose_among(logits, before, |id| allowed.has(id));
            grammar.take(token)?;
            self.next.push(token);
            self.next.extend(grammar.forced()?);
        }
        Ok(())
    }

    /// Says what was chosen, reads it and chooses again.
    fn write(&mut self, scratch: &mut Scratch) -> Result<()> {
        let model = Arc::clone(&self.kept.model);
        let count = self.next.len().min(CHUNK);
        let mut shown = String::new();
        let mut ended = None;
        for (at, token) in self.next.iter().take(count).enumerate() {
            if model.speech.words.ends(*token) {
                ended = Some(StopReason::EndTurn);
                break;
            }
            self.written += 1;
            let mut text = String::new();
            self.detokeniser.push(&model.speech.words.bytes(*token), &mut text);
            if self.thought.as_mut().is_some_and(|thought| thought.push(&text, &mut String::new())) {
                self.thought = None;
            }
            ended = if self.stop.push(&text, &mut shown) {
                Some(StopReason::StopSequence)
            } else if self.written >= self.most {
                Some(StopReason::MaxTokens)
            } else if self.kept.tokens.len() + at + 1 >= model.model.context() {
                Some(StopReason::ContextFull)
            } else {
                None
            };
            if ended.is_some() {
                break;
            }
        }
        self.say(shown);
        let is_whole = count == self.next.len() && self.grammar.as_ref().is_some_and(Grammar::is_over);
        if let Some(reason) = ended.or(is_whole.then_some(StopReason::EndTurn)) {
            self.end(reason);
            return Ok(());
        }
        let chosen = &self.next[..count];
        let logits = model.model.forward(chosen, &mut self.kept.cache, scratch)?;
        self.kept.tokens.extend_from_slice(chosen);
        self.next.drain(..count);
        if self.next.is_empty() { self.choose(logits) } else { Ok(()) }
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

/// What the answer to a conversation is held to; what was begun of it is taken in. One that was begun otherwise cannot be held any
/// more: the check of the whole answer tells.
pub(super) fn grammar_of(converse: &Converse, model: &Loaded) -> Result<Option<Grammar>> {
    let Some(mut grammar) = model.grammar(converse)? else { return Ok(None) };
    let begun = converse.turns.last().filter(|turn| turn.role == Role::Assistant);
    let begun: String = begun.into_iter().flat_map(|turn| &turn.blocks).filter_map(Block::said).collect();
    Ok(grammar.begin(&begun)?.then_some(grammar))
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
