//! The calls of a step: which of them are made, all of those at once, and what each of them came to.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::calling::Did;
use super::halt::Halt;
use super::run::{Running, plain};
use crate::domain::agent::action::named;
use crate::domain::agent::repeat::{self, same};
use crate::domain::agent::replay::{self, Made, Missing};
use crate::domain::agent::told;
use crate::domain::agent::turn::{self, Asked};
use crate::domain::agent::{AgentEvent, BuiltIn, Executor, GaveUp, Refused, Step, Wanted};
use crate::domain::call::Turn;
use crate::domain::message::{Block, Role};
use crate::domain::tool::Tool;

/// Calls of one step that are made; a model that asks for more is told.
const MOST: usize = 16;

impl Running {
    /// Makes the calls of a step, those that can be at once; what somebody outside is to answer comes back, and whether one was
    /// not made since the same was made already.
    pub(super) async fn calls(
        &mut self,
        calls: &[Asked],
        tools: &[Tool],
    ) -> Result<(Vec<Wanted>, bool), Halt> {
        self.run.results.clear();
        let mut again = false;
        let mut agreed: Vec<&Asked> = Vec::new();
        let mut results: Vec<(String, Did)> = Vec::new();
        for (at, asked) in calls.iter().enumerate() {
            let did = if let Some((word, why)) = refusal(at, asked, tools) {
                self.refuse(asked, false);
                self.refused(asked, word, why)
            } else if let Some(made) = self.right_before(asked) {
                again = true;
                self.refuse(asked, false);
                self.repeated(asked, &made)
            } else if !self.has_another(asked) && calls[..at].iter().any(|other| same(other, asked)) {
                // What the other one gives it is given too.
                again = true;
                self.refuse(asked, false);
                continue;
            } else if let Some(did) = self.played(asked).await {
                did
            } else if self.missing() == Some(Missing::Fail) {
                // Nobody is asked in a replay that calls nothing: what was declined then is declined.
                if !self.was_declined(asked) {
                    return Err(self.lacks(asked).into());
                }
                self.declined(asked)
            } else if self.asks(asked) && !self.agreed(asked).await? {
                self.declined(asked)
            } else {
                agreed.push(asked);
                continue;
            };
            self.tell_end(asked, &did).await;
            results.push((asked.id.clone(), did));
        }
        for asked in &agreed {
            let action = named(&self.offered.actions, &asked.name);
            let by =
                action.map_or("knowledge base", |action| self.definition.groups[action.group].runs.as_str());
            let called = AgentEvent::Called {
                id: asked.id.clone(),
                action: asked.name.clone(),
                input: asked.input.clone(),
                by: by.to_owned(),
            };
            self.tell(called).await;
        }
        self.reckon();
        let left = self.left();
        {
            let this = &*self;
            let mut doing = FuturesUnordered::new();
            for asked in agreed {
                doing.push(async move {
                    let did = this.call(asked, left).await;
                    // Its end is its own: the others may go on for long.
                    this.tell_end(asked, &did).await;
                    (asked.id.clone(), did)
                });
            }
            while let Some(done) = doing.next().await {
                results.push(done);
            }
        }
        let mut wanted = Vec::new();
        for asked in calls {
            let Some(at) = results.iter().position(|(id, _)| *id == asked.id) else { continue };
            let (_, did) = results.swap_remove(at);
            if let Some(result) = self.settled(asked, did).await? {
                self.run.results.push(result);
            } else {
                wanted.push(self.wanted(asked));
            }
        }
        self.give_twins().await;
        Ok((wanted, again))
    }

    /// What the same call gave right before this one; `None` where it is to be made, as whatever looks again at what there is now.
    fn right_before(&self, asked: &Asked) -> Option<Made> {
        // Of a recording that has it twice the second take is played; what it has not may have no other.
        if self.has_another(asked) || self.missing().is_none() && self.is_safe(asked) {
            return None;
        }
        let (turns, from) = self.before_this();
        repeat::right_before(turns, from, &self.run.refused, asked)
    }

    fn is_safe(&self, asked: &Asked) -> bool {
        named(&self.offered.actions, &asked.name).is_some_and(|action| action.safe)
    }

    /// Whether the same call was made before in this run.
    pub(super) fn was_made(&self, asked: &Asked) -> bool {
        let (turns, from) = self.before_this();
        repeat::was_made(turns, from, &self.run.refused, asked)
    }

    /// The turns before the step whose calls are made, and the first of them behind the question.
    fn before_this(&self) -> (&[Turn], usize) {
        let turns = &self.run.turns[..self.run.turns.len().saturating_sub(1)];
        (turns, replay::asked_at(turns, &self.run.question).map_or(0, |at| at + 1))
    }

    /// Gives each call of the last step that was not made, since the same one was asked for beside it, what that one gave.
    pub(super) async fn give_twins(&mut self) {
        let last = self.run.turns.iter().rfind(|turn| turn.role == Role::Assistant);
        let calls = last.map(replay::wanted_by).unwrap_or_default();
        for (asked, made) in repeat::twins(&calls, &self.run.results) {
            let did = self.repeated(&asked, &made);
            self.tell_end(&asked, &did).await;
            let content = self.given_again(&made);
            self.run.results.push(Block::ToolResult { id: asked.id, content, is_error: made.is_error });
        }
    }

    /// A call that a person does not agree to.
    fn declined(&mut self, asked: &Asked) -> Did {
        self.refuse(asked, true);
        let why = "the user did not agree to this call: it was not made. Do not make it again.";
        self.refused(asked, "not_agreed", why.to_owned())
    }

    /// Keeps that a call of this step is not made: a replay is not to take it for one that was.
    fn refuse(&mut self, asked: &Asked, declined: bool) {
        let turn = self.run.turns.len().saturating_sub(1);
        self.run.refused.push(Refused { turn, id: asked.id.clone(), declined });
    }

    /// A call that somebody outside is to answer.
    fn wanted(&self, asked: &Asked) -> Wanted {
        let asks = named(&self.offered.actions, &asked.name).is_some_and(|action| {
            self.definition.groups[action.group].runs == Executor::BuiltIn(BuiltIn::AskUser)
        });
        let question = asked.input.get("question").and_then(Value::as_str).filter(|_| asks);
        Wanted {
            id: asked.id.clone(),
            action: asked.name.clone(),
            input: asked.input.clone(),
            question: question.map(str::to_owned),
        }
    }

    /// Tells what came of a call when it has ended; what a model is to word first, it has found.
    async fn tell_end(&self, asked: &Asked, did: &Did) {
        match did {
            Did::Wanted => {}
            Did::Gave { content, failed, .. } => self.tell_gave(asked, content, failed.is_some()).await,
            Did::Failure(said) => self.tell_gave(asked, said, true).await,
            Did::Found { results, .. } => {
                let (id, action) = (asked.id.clone(), asked.name.clone());
                self.tell(AgentEvent::Found { id, action, passages: results.clone() }).await;
                if !self.words_passages() {
                    self.tell_gave(asked, results, false).await;
                }
            }
        }
    }

    async fn tell_gave(&self, asked: &Asked, content: &str, is_error: bool) {
        let (id, action) = (asked.id.clone(), asked.name.clone());
        let content = turn::shortened(content.to_owned());
        self.tell(AgentEvent::Gave { id, action, content, is_error }).await;
    }

    /// Whether a model answers from what a base has, in the place of giving that back.
    fn words_passages(&self) -> bool {
        self.definition.steps.is_on(Step::KnowledgeBaseResponse)
    }

    /// What came of a call, as the model is given it; `None` where somebody outside is to answer.
    async fn settled(&mut self, asked: &Asked, did: Did) -> Result<Option<Block>, Halt> {
        let (content, is_error) = match did {
            Did::Wanted => return Ok(None),
            Did::Failure(said) => {
                return Err(GaveUp::Failure { action: asked.name.clone(), said }.into());
            }
            Did::Gave { content, failed, sets } => {
                if let Some(attributes) = sets.session {
                    self.run.attributes = attributes;
                }
                if let Some(attributes) = sets.turn {
                    self.run.turn_attributes = attributes;
                }
                // Of what it has no base of nothing is kept.
                let bases = &self.definition.bases;
                let own = sets.sought.into_iter().filter(|(name, _)| bases.iter().any(|of| of.name == *name));
                self.run.sought.extend(own);
                (content, failed.is_some())
            }
            Did::Found { query, results, sources } if self.words_passages() => {
                let text = told::from_base(&self.definition, &query, &results);
                let said = self.ask(plain(Step::KnowledgeBaseResponse, text)).await?;
                let worded = format!("{}\n\nSources:\n{sources}", turn::text_of(&said));
                self.tell_gave(asked, &worded, false).await;
                (worded, false)
            }
            Did::Found { results, .. } => (results, false),
        };
        let content = turn::shortened(content);
        Ok(Some(Block::ToolResult { id: asked.id.clone(), content, is_error }))
    }

    /// Whether the person is to agree before a call is made.
    fn asks(&self, asked: &Asked) -> bool {
        self.missing() == Some(Missing::Ask)
            || named(&self.offered.actions, &asked.name).is_some_and(|action| action.confirm)
    }
}

/// Why a call cannot be made, in a word for programs and in words for the model; `None` where it can.
fn refusal(at: usize, asked: &Asked, tools: &[Tool]) -> Option<(&'static str, String)> {
    if at >= MOST {
        let why = format!("at most {MOST} calls are made in one step: call it again in the next");
        return Some(("too_many_calls", why));
    }
    let Some(tool) = tools.iter().find(|tool| tool.name == asked.name) else {
        return Some(("unknown_tool", turn::unknown(&asked.name, tools)));
    };
    turn::wrong(tool, &asked.input).map(|why| ("invalid_arguments", why))
}
