//! One call of a model for a step of a run: within its limits, heard as it comes, counted.

use std::collections::VecDeque;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Duration;

use super::halt::Halt;
use super::run::Running;
use crate::domain::agent::{AgentEvent, GaveUp, Limit, Step, said, told};
use crate::domain::call::{Call, Converse, Turn, tokens_of};
use crate::domain::catalog::{Capability, Price};
use crate::domain::delta::{Event, Fold, queue_for_reader};
use crate::domain::message::{Block, StopReason};
use crate::domain::settings::{Effort, Settings};
use crate::domain::tool::Tool;
use crate::domain::{Error, ErrorKind};
use crate::service::attachments;
use crate::service::invoke::{Tells, Terms};

/// Every model writes as many tokens at once as that.
const SHORT: u64 = 2_048;

/// How long a session may be summed up.
const SUMMING: Duration = Duration::from_mins(2);

/// A summary has no more tokens than that, unless the settings of its step say less.
const SUMMARY: u64 = 512;

/// What a model is asked.
pub(super) struct Asking<'a> {
    pub step: Step,
    pub system: Option<String>,
    pub turns: Vec<Turn>,
    /// What it may call.
    pub tools: &'a [Tool],
}

/// What a model said.
pub(super) struct Heard {
    pub blocks: Vec<Block>,
    /// It would have said more than it may.
    pub is_cut: bool,
}

/// How much is thought for a step. A summary needs little of it, and has no room for more; its own settings may say otherwise.
fn effort(step: Step, own: &Settings, settings: &Settings) -> Option<Effort> {
    match settings.reasoning {
        Some(Effort::Medium | Effort::High) if step == Step::MemorySummary && own.reasoning.is_none() => {
            Some(Effort::Low)
        }
        effort => effort,
    }
}

/// Who hears what an agent does.
type Asker = mpsc::Sender<Result<AgentEvent, Error>>;

/// Where the next event goes once who asks has room for it; `None` where nobody asks any more.
async fn room(asker: Option<&Asker>) -> Option<mpsc::Permit<'_, Result<AgentEvent, Error>>> {
    asker?.reserve().await.ok()
}

impl Running {
    /// Asks the model of a step.
    pub(super) async fn ask(&mut self, asking: Asking<'_>) -> Result<Vec<Block>, Halt> {
        Ok(self.hear(asking).await?.blocks)
    }

    /// The same, for whom it matters whether that is all of it.
    pub(super) async fn hear(&mut self, asking: Asking<'_>) -> Result<Heard, Halt> {
        self.reckon();
        // What is answered already is summed up beyond any limit, and in a time of its own.
        let is_bound = asking.step != Step::MemorySummary;
        if let Some(limit) = self.definition.limits.reached(&self.run.spent).filter(|_| is_bound) {
            return Err(GaveUp::Limit { limit }.into());
        }
        self.run.spent.steps += 1;
        let (step, number) = (asking.step, self.run.spent.steps);
        self.tell(AgentEvent::Step { step, number }).await;
        let untold = std::mem::take(&mut self.offered.untold);
        if !untold.is_empty() {
            // Their words are those of whoever offers the tools.
            tracing::warn!(places = untold.len(), "schemas of tools refer to what is not in them");
        }
        for text in untold {
            self.tell(AgentEvent::Remark { text }).await;
        }
        let prompt = self.definition.steps.of(step);
        let model = prompt.model.clone().unwrap_or_else(|| self.run.model.clone());
        let mut settings: Settings = self.definition.settings.overlaid(&prompt.settings);
        settings.reasoning = effort(step, &prompt.settings, &settings);
        settings.knowledge = None;
        settings.tools = Vec::new();
        let is_orchestrated = step == Step::Orchestration && self.definition.steps.is_on(step);
        if is_orchestrated && self.native {
            settings.tools = asking.tools.to_vec();
        }
        // What is read as JSON is held to its form where that can be done.
        let form = match step {
            Step::Orchestration if is_orchestrated && !self.native => Some(said::schema(asking.tools)),
            Step::PreProcessing => Some(told::verdict_schema()),
            _ => None,
        };
        if let Some(form) = form
            && self.agents.invoke.holds_to_schema(&model)
        {
            settings.response_schema = Some(form);
        }
        if settings.tools.is_empty() {
            settings.tool_choice = None;
        }
        let price = self.agents.invoke.prices().of(&model);
        let (left, limit) = self.left_to_write(price.as_ref());
        let card = self.agents.invoke.card(&model);
        // What thinks first needs room for that.
        let thinks = card.can(Capability::Reasoning) == Some(true)
            || settings.reasoning.is_some_and(|effort| effort != Effort::Off);
        let summary = if thinks { SHORT } else { SUMMARY };
        // A server may refuse an answer that may be longer than any of its model.
        let is_bounded = settings.max_tokens.is_some() || card.max_output.is_some();
        let own = if is_bound { (is_bounded || left < SHORT).then_some(left) } else { Some(summary) };
        let askers = self.terms.budget_tokens.map(|budget| budget.saturating_sub(self.written));
        let budget_tokens = own.into_iter().chain(askers).min();
        let deadline = if is_bound { self.left() } else { self.asker_waits(SUMMING) };
        // Steps of the loop say everything again that was said before; the others say something of their own.
        let is_one_more = step == Step::Orchestration;
        let tells = if is_one_more { self.terms.tells.clone() } else { Some(Tells::default()) };
        let terms = Terms { deadline: Some(deadline), budget_tokens, tells, ..self.terms.clone() };
        let blobs = attachments::bytes_of(&self.agents.archive, &asking.turns).await?;
        let call = Converse {
            model: model.clone(),
            system: asking.system,
            turns: asking.turns,
            settings,
            conversation: None,
            blobs,
        };
        let sent = tokens_of(call.weight());
        let mut events = self.agents.invoke.serve(&model, Call::Converse(call), &terms);
        let (mut fold, mut pieces, mut failed) = (Fold::default(), 0_u32, None);
        // Neither a server that was not told how much may be written nor one that does not heed it is heard longer than that.
        let most = if is_bound { left } else { summary };
        // It is heard to its end whoever reads: a call that stands still would hold others that wait for its provider.
        let mut waiting = VecDeque::new();
        loop {
            let event = tokio::select! {
                biased;
                permit = room(self.events.as_ref()), if !waiting.is_empty() => {
                    let (Some(permit), Some(event)) = (permit, waiting.pop_front()) else {
                        waiting.clear();
                        continue;
                    };
                    permit.send(Ok(AgentEvent::Delta { event }));
                    continue;
                }
                event = events.next() => event,
            };
            match event {
                Some(Ok(event)) => {
                    pieces += u32::from(matches!(event, Event::Text { .. } | Event::Reasoning { .. }));
                    fold.push(&event);
                    queue_for_reader(&mut waiting, event);
                    if u64::from(pieces) > most {
                        break;
                    }
                }
                Some(Err(error)) => failed = Some(error),
                None => break,
            }
        }
        drop(events);
        for event in waiting {
            self.tell(AgentEvent::Delta { event }).await;
        }
        let mut usage = fold.usage;
        if failed.is_none() {
            // What nobody told is taken by its length: limits hold all the same.
            usage.input = usage.input.or(Some(sent));
        }
        // Nearly every voice sends a piece for each token.
        usage.output = usage.output.or(Some(pieces));
        self.written += u64::from(usage.output.unwrap_or(0));
        self.run.spent.add(&usage, price.as_ref());
        self.reckon();
        let spent = self.run.spent;
        self.tell(AgentEvent::Spent { spent, failed: failed.is_some() }).await;
        let (goes_on, is_stopped) = (u64::from(pieces) > most, fold.stop == Some(StopReason::MaxTokens));
        // What a server heard the limit for and cut off is as little an answer as what it went on with.
        let is_over = goes_on || is_stopped && usage.output.is_some_and(|output| u64::from(output) >= most);
        match failed {
            None if is_bound && is_over => Err(GaveUp::Limit { limit }.into()),
            None => Ok(Heard { blocks: fold.blocks, is_cut: goes_on || is_stopped }),
            Some(error) => Err(self.halt(error)),
        }
    }

    /// How many tokens may still be written within the limits, one at least, and which of them says so: the dollars that are left
    /// buy no more than so many.
    fn left_to_write(&self, price: Option<&Price>) -> (u64, Limit) {
        let (limits, spent) = (&self.definition.limits, &self.run.spent);
        let tokens = limits.tokens.saturating_sub(spent.tokens);
        let bought = limits.cost.and_then(|cost| {
            let each = price?.output.filter(|millionths| *millionths > 0.0)?;
            let bought = ((cost - spent.cost) * 1e6 / each).max(1.0);
            Some((bought as u64, Limit::Cost(cost)))
        });
        bought.filter(|(bought, _)| *bought < tokens).unwrap_or((tokens, Limit::Tokens(limits.tokens)))
    }

    /// The limit, where that is what ended a call.
    fn halt(&self, error: Error) -> Halt {
        match self.definition.limits.reached(&self.run.spent) {
            Some(limit) if error.kind == ErrorKind::Timeout => GaveUp::Limit { limit }.into(),
            _ => Halt::Error(error),
        }
    }
}
