//! What an agent did for an answer, step by step: kept with the answer, and shown around it while it comes.
//!
//! [`Acting::push`] is the one fold of a run's events: who keeps the answer and who shows it take the same events in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::limits::Spent;
use super::run::{AgentEvent, GaveUp, State, Wanted};
use super::said::{self, Does};
use super::step::Step;
use crate::domain::delta::Event;
use crate::domain::id::{AgentId, RunId};
use crate::domain::message::Block;

/// The agent that answers in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub id: AgentId,
    /// As it was when it was chosen; the id is what counts.
    pub name: String,
}

/// An agent's work for one answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acting {
    pub agent: Chosen,
    /// Of its definition.
    pub version: u32,
    /// `None` until it has begun. Also the id of the trace that has all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Shared where the work is copied while it goes on, which is several times a second: only the last ones still change.
    #[serde(default)]
    pub doings: Vec<Doing>,
    #[serde(default)]
    pub spent: Spent,
    /// `None` while it goes on, and where it was stopped or failed: then the answer says how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// One thing that it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Doing {
    Asked(#[serde(with = "crate::domain::shared")] Arc<Asked>),
    Called(#[serde(with = "crate::domain::shared")] Arc<Called>),
    Consent(#[serde(with = "crate::domain::shared")] Arc<Consent>),
    /// Something that the person should know besides.
    Remark {
        text: String,
    },
}

/// The model was asked for a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub step: Step,
    /// From 1, over all steps of the run.
    pub number: u32,
    /// What it said, besides the answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What it thought before it said that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub thought: String,
    /// What it said is the answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_answer: bool,
    #[serde(default)]
    pub tokens: u64,
    /// When it was asked, in milliseconds from the question.
    pub at: u64,
    /// How long it took; `None` where that never ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// It ended by an error, or by a limit: the run goes on from no such step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The calls that it made of its own tool calls, for those that are refused before they are made.
    #[serde(skip)]
    wants: Vec<(String, Value)>,
}

/// An action was called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Called {
    pub id: String,
    pub action: String,
    pub input: Value,
    /// Who runs it, in a word or two; empty where it was not called at all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Passages of a knowledge base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passages: Option<String>,
    /// What it gave, and whether that is an error; `None` where nothing came of it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave: Option<Gave>,
    pub at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gave {
    pub content: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
}

/// A person was asked whether something may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub id: String,
    /// The action, or the group whose server has new tools.
    pub of: String,
    /// It is about the tools of a server, not about a call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_tools: bool,
    /// What they were shown, byte for byte.
    pub shown: String,
    /// The same call was made before in the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// `None` until they have said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<bool>,
}

/// How an agent's work ended by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    Answered,
    /// What the next message is to answer.
    Waiting {
        calls: Vec<Wanted>,
    },
    GaveUp {
        why: GaveUp,
    },
}

impl Acting {
    /// Nothing was done yet.
    pub fn new(agent: Chosen, version: u32) -> Self {
        Self { agent, version, run: None, doings: Vec::new(), spent: Spent::default(), end: None }
    }

    /// Takes an event in that came so many milliseconds after the question.
    pub fn push(&mut self, event: &AgentEvent, now: u64) {
        match event {
            AgentEvent::Begun { run, version, .. } => (self.run, self.version) = (Some(*run), *version),
            AgentEvent::Step { step, number } => self.doings.push(Doing::Asked(Arc::new(Asked {
                step: *step,
                number: *number,
                text: String::new(),
                thought: String::new(),
                is_answer: false,
                tokens: 0,
                at: now,
                millis: None,
                failed: false,
                wants: Vec::new(),
            }))),
            AgentEvent::Delta { event } => self.delta(event),
            AgentEvent::Spent { spent, failed } => self.spend(*spent, *failed, now),
            AgentEvent::Confirm { id, action, shown, again, .. } => {
                self.ask(id, action, shown, (false, *again));
            }
            AgentEvent::Agree { id, group, shown, .. } => self.ask(id, group, shown, (true, false)),
            AgentEvent::Decided { id, agreed } => {
                if let Some(consent) = self.open_consent(id) {
                    consent.agreed = Some(*agreed);
                }
            }
            AgentEvent::Called { id, action, input, by } => {
                self.doings.push(Doing::Called(Arc::new(called(id, action, input.clone(), by, now))));
            }
            AgentEvent::Found { id, passages, .. } => {
                if let Some(call) = self.open_call(id) {
                    call.passages = Some(passages.clone());
                    // A model may be asked what they say: that takes a time of its own.
                    call.millis = Some(now.saturating_sub(call.at));
                }
            }
            AgentEvent::Gave { id, action, content, is_error } => {
                self.gave(id, action, Gave { content: content.clone(), is_error: *is_error }, now);
            }
            AgentEvent::Remark { text } => self.doings.push(Doing::Remark { text: text.clone() }),
            AgentEvent::Ended { state, spent, .. } => {
                self.spent = *spent;
                self.doings.iter_mut().for_each(forget_wants);
                self.end = match state {
                    State::Answered { text } => {
                        self.settle(text);
                        Some(End::Answered)
                    }
                    State::Waiting { calls } => Some(End::Waiting { calls: calls.clone() }),
                    State::GaveUp { why, .. } => Some(End::GaveUp { why: why.clone() }),
                    State::Running | State::Failed { .. } | State::Stopped => None,
                };
            }
        }
    }

    fn delta(&mut self, event: &Event) {
        let Some(Doing::Asked(asked)) =
            self.doings.iter_mut().rfind(|doing| matches!(doing, Doing::Asked(_)))
        else {
            return;
        };
        let asked = Arc::make_mut(asked);
        match event {
            Event::Text { text } => asked.text.push_str(text),
            Event::Reasoning { text } => asked.thought.push_str(text),
            Event::Replace { from, text, .. } => {
                asked.text.truncate(asked.text.floor_char_boundary(*from));
                asked.text.push_str(text);
            }
            Event::ToolUse { name, input, .. } => asked.wants.push((name.clone(), input.clone())),
            Event::Notice { text } => self.doings.push(Doing::Remark { text: text.clone() }),
            _ => {}
        }
    }

    /// The step that was asked for last has come to its end.
    fn spend(&mut self, spent: Spent, failed: bool, now: u64) {
        let tokens = spent.tokens.saturating_sub(self.spent.tokens);
        self.spent = spent;
        let open = self.doings.iter_mut().rev().find_map(|doing| match doing {
            Doing::Asked(asked) => Some(asked),
            _ => None,
        });
        if let Some(asked) = open.filter(|asked| asked.millis.is_none()) {
            let asked = Arc::make_mut(asked);
            asked.tokens = tokens;
            asked.failed = failed;
            asked.millis = Some(now.saturating_sub(asked.at));
        }
    }

    fn ask(&mut self, id: &str, of: &str, shown: &str, (is_tools, again): (bool, bool)) {
        self.doings.push(Doing::Consent(Arc::new(Consent {
            id: id.to_owned(),
            of: of.to_owned(),
            is_tools,
            shown: shown.to_owned(),
            again,
            agreed: None,
        })));
    }

    /// The call of that id that has given nothing yet: an id may come again in a later step.
    fn open_call(&mut self, id: &str) -> Option<&mut Called> {
        self.doings.iter_mut().rev().find_map(|doing| match doing {
            Doing::Called(called) if called.id == id && called.gave.is_none() => Some(Arc::make_mut(called)),
            _ => None,
        })
    }

    fn open_consent(&mut self, id: &str) -> Option<&mut Consent> {
        self.doings.iter_mut().rev().find_map(|doing| match doing {
            Doing::Consent(consent) if consent.id == id && consent.agreed.is_none() => {
                Some(Arc::make_mut(consent))
            }
            _ => None,
        })
    }

    fn gave(&mut self, id: &str, action: &str, gave: Gave, now: u64) {
        if let Some(call) = self.open_call(id) {
            call.millis.get_or_insert(now.saturating_sub(call.at));
            // Passages that are given as they are found are kept once.
            call.passages.take_if(|passages| *passages == gave.content);
            call.gave = Some(gave);
            return;
        }
        // It was refused before anybody was called.
        let refused = called(id, action, self.wanted(action), "", now);
        self.doings.push(Doing::Called(Arc::new(Called { gave: Some(gave), ..refused })));
    }

    /// What the model wanted to call an action with in its last step.
    fn wanted(&self, action: &str) -> Value {
        let last = self.doings.iter().rev().find_map(|doing| match doing {
            Doing::Asked(asked) => Some(asked),
            _ => None,
        });
        let Some(last) = last else { return Value::Null };
        if let Some((_, input)) = last.wants.iter().find(|(name, _)| name == action) {
            return input.clone();
        }
        match said::read(&last.text).map(|said| said.does) {
            Ok(Does::Call { input, .. }) => input,
            _ => Value::Null,
        }
    }

    /// The step whose text is the answer keeps no second copy of it.
    fn settle(&mut self, answer: &str) {
        let last = self.doings.iter_mut().rev().find_map(|doing| match doing {
            Doing::Asked(asked) if matches!(asked.step, Step::Orchestration | Step::PostProcessing) => {
                Some(asked)
            }
            _ => None,
        });
        let Some(asked) = last.map(Arc::make_mut) else { return };
        if asked.text.trim() == answer.trim() {
            asked.text.clear();
            asked.is_answer = true;
        } else if let Ok(step) = said::read(&asked.text)
            && step.does == Does::Answer(answer.to_owned())
        {
            asked.text = step.thought;
            asked.is_answer = true;
        }
    }

    /// The place of the step that is saying the answer, as far as can be told: one that then calls something was saying none.
    pub fn speaking(&self) -> Option<usize> {
        // What is remembered is summed up behind the answer, and a remark says nothing for the model.
        let is_beside = |doing: &Doing| match doing {
            Doing::Asked(asked) => asked.step == Step::MemorySummary,
            doing => matches!(doing, Doing::Remark { .. }),
        };
        let at = self.doings.iter().rposition(|doing| !is_beside(doing)).filter(|_| self.end.is_none())?;
        let speaks = match &self.doings[at] {
            Doing::Asked(asked) => {
                matches!(asked.step, Step::Orchestration | Step::PostProcessing) && asked.wants.is_empty()
            }
            _ => false,
        };
        speaks.then_some(at)
    }

    /// The answer as far as it has come.
    pub fn so_far(&self) -> Option<String> {
        match &self.doings[self.speaking()?] {
            Doing::Asked(asked) => said::so_far(&asked.text),
            _ => None,
        }
    }

    /// The blocks of the answer once an event was taken in.
    pub fn blocks_after(&self, event: &AgentEvent) -> Vec<Block> {
        match event {
            AgentEvent::Ended {
                state: state @ (State::Answered { .. } | State::Waiting { .. } | State::GaveUp { .. }),
                ..
            } => Self::blocks(state),
            _ => self.blocks_so_far(),
        }
    }

    /// The blocks of the answer as far as it has come.
    fn blocks_so_far(&self) -> Vec<Block> {
        self.so_far().map(|text| Block::Text { text }).into_iter().collect()
    }

    /// The blocks of an answer whose run ended so. One question is what the agent says; other calls that are waited for are
    /// calls of tools.
    fn blocks(state: &State) -> Vec<Block> {
        let text = |text: &str| (!text.trim().is_empty()).then(|| Block::Text { text: text.to_owned() });
        match state {
            State::Answered { text: said } | State::GaveUp { text: said, .. } => {
                text(said).into_iter().collect()
            }
            State::Waiting { calls } => match &calls[..] {
                [Wanted { question: Some(question), .. }] => text(question).into_iter().collect(),
                calls => calls.iter().map(as_call).collect(),
            },
            State::Running | State::Failed { .. } | State::Stopped => Vec::new(),
        }
    }

    /// What the model said in each of its own steps of the loop that it came to the end of, with the step's number, as a person may
    /// write it anew: a text, or its calls as JSON, one a line.
    pub fn said(&self, answer: &str) -> Vec<(u32, String)> {
        let steps = self.doings.iter().enumerate();
        let steps = steps.filter_map(|(at, doing)| match doing {
            Doing::Asked(asked) if asked.step == Step::Orchestration && asked.is_whole() => Some((at, asked)),
            _ => None,
        });
        let said = steps.map(|(at, asked)| {
            let next = self.doings[at + 1..].iter().take_while(|doing| !matches!(doing, Doing::Asked(_)));
            let mut calls = next.filter_map(|doing| match doing {
                Doing::Called(call) => Some(call),
                _ => None,
            });
            let own =
                said::read(&asked.text).map_or_else(|_| asked.text.trim().to_owned(), |said| said.thought);
            let text = match calls.next() {
                Some(call) => {
                    let first = json!({"thought": own, "tool": call.action, "input": call.input});
                    let others = calls.map(|call| json!({"tool": call.action, "input": call.input}));
                    let lines: Vec<String> =
                        [first].into_iter().chain(others).map(|call| call.to_string()).collect();
                    lines.join("\n")
                }
                None if asked.is_answer => answer.trim().to_owned(),
                None => asked.text.trim().to_owned(),
            };
            (asked.number, text)
        });
        said.collect()
    }

    /// The step of the loop in which it broke off while the model was asked, by its number, and what had come of it.
    pub fn broken_off(&self) -> Option<(u32, &str)> {
        let asked = self.doings.iter().rev().find_map(|doing| match doing {
            Doing::Asked(asked) if asked.step == Step::Orchestration => Some(asked),
            _ => None,
        })?;
        (self.end.is_none() && !asked.is_whole()).then(|| (asked.number, asked.text.trim()))
    }

    /// It took such a step.
    pub fn took(&self, step: Step) -> bool {
        self.doings.iter().any(|doing| matches!(doing, Doing::Asked(asked) if asked.step == step))
    }

    /// The calls that wait for the next message.
    pub fn waiting(&self) -> &[Wanted] {
        match &self.end {
            Some(End::Waiting { calls }) => calls,
            _ => &[],
        }
    }

    /// What a person is asked to agree to now.
    pub fn consent(&self) -> Option<&Consent> {
        self.doings.iter().rev().find_map(|doing| match doing {
            Doing::Consent(consent) => Some(consent.as_ref()).filter(|consent| consent.agreed.is_none()),
            _ => None,
        })
    }

    /// Tells two states of the same work apart, at the cost of a few additions: what was set of one of them may be kept.
    pub fn stamp(&self) -> u64 {
        let mut stamp = self.doings.len() as u64;
        let mut mix = |value: u64| stamp = stamp.wrapping_mul(31).wrapping_add(value);
        for doing in &self.doings {
            match doing {
                Doing::Asked(asked) => {
                    mix((asked.text.len() + asked.thought.len()) as u64);
                    mix(asked.tokens + u64::from(asked.is_answer));
                    mix(asked.millis.map_or(0, |millis| millis + 1));
                }
                Doing::Called(call) => {
                    mix(call.gave.as_ref().map_or(0, |gave| gave.content.len() as u64 + 1));
                    mix(call.passages.as_ref().map_or(0, |passages| passages.len() as u64 + 1));
                    mix(call.millis.map_or(0, |millis| millis + 1));
                }
                Doing::Consent(consent) => mix(consent.agreed.map_or(0, |agreed| 1 + u64::from(agreed))),
                Doing::Remark { text } => mix(text.len() as u64),
            }
        }
        stamp
    }

    /// Calls that are made now.
    pub fn calling(&self) -> usize {
        let open = |doing: &&Doing| matches!(doing, Doing::Called(call) if call.gave.is_none());
        self.doings.iter().filter(open).count()
    }
}

impl Asked {
    /// It came to its own end: it neither failed nor was it stopped.
    fn is_whole(&self) -> bool {
        self.millis.is_some() && !self.failed
    }
}

/// What was wanted and never kept: nothing asks for it once the run has ended.
fn forget_wants(doing: &mut Doing) {
    if let Doing::Asked(asked) = doing
        && !asked.wants.is_empty()
    {
        Arc::make_mut(asked).wants.clear();
    }
}

fn called(id: &str, action: &str, input: Value, by: &str, at: u64) -> Called {
    let (id, action, by) = (id.to_owned(), action.to_owned(), by.to_owned());
    Called { id, action, input, by, passages: None, gave: None, at, millis: None }
}

fn as_call(wanted: &Wanted) -> Block {
    Block::ToolUse {
        id: wanted.id.clone(),
        name: wanted.action.clone(),
        input: wanted.input.clone(),
        extra: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::limits::Limit;
    use uuid::Uuid;

    fn run() -> RunId {
        RunId::from_uuid(Uuid::from_u128(7))
    }

    fn acting() -> Acting {
        let id = AgentId::from_uuid(Uuid::from_u128(1));
        Acting::new(Chosen { id, name: "shop".to_owned() }, 2)
    }

    fn text(text: &str) -> AgentEvent {
        AgentEvent::Delta { event: Event::Text { text: text.to_owned() } }
    }

    fn step(number: u32) -> AgentEvent {
        AgentEvent::Step { step: Step::Orchestration, number }
    }

    fn spent(tokens: u64) -> Spent {
        Spent { tokens, ..Spent::default() }
    }

    fn called(id: &str) -> AgentEvent {
        let (id, by) = (id.to_owned(), "program".to_owned());
        AgentEvent::Called { id, action: "order".to_owned(), input: json!({"tea": 1}), by }
    }

    fn gave(id: &str, is_error: bool) -> AgentEvent {
        let (id, action) = (id.to_owned(), "order".to_owned());
        AgentEvent::Gave { id, action, content: "done".to_owned(), is_error }
    }

    fn ended(state: State) -> AgentEvent {
        AgentEvent::Ended { run: run(), state, spent: spent(50) }
    }

    #[test]
    fn a_step_that_calls_keeps_its_words_and_the_last_one_gives_them_to_the_answer() {
        let mut acting = acting();
        let model = "a/b".parse().unwrap();
        acting.push(&AgentEvent::Begun { run: run(), agent: "shop".into(), version: 3, model }, 1);
        acting.push(&step(1), 2);
        acting.push(&text("I order."), 3);
        assert_eq!(acting.so_far().as_deref(), Some("I order."));
        acting.push(&AgentEvent::Spent { spent: spent(20), failed: false }, 12);
        acting.push(&called("a"), 13);
        acting.push(&called("b"), 13);
        assert_eq!((acting.so_far(), acting.calling()), (None, 2));
        acting.push(&gave("b", true), 20);
        acting.push(&gave("a", false), 30);
        acting.push(&step(2), 31);
        acting.push(&text("Ordered."), 32);
        acting.push(&AgentEvent::Spent { spent: spent(50), failed: false }, 40);
        acting.push(&ended(State::Answered { text: "Ordered.".into() }), 41);
        assert_eq!((acting.run, acting.version, acting.end.clone()), (Some(run()), 3, Some(End::Answered)));
        let [Doing::Asked(first), Doing::Called(a), Doing::Called(b), Doing::Asked(last)] =
            &acting.doings[..]
        else {
            panic!("{:?}", acting.doings)
        };
        assert_eq!((first.text.as_str(), first.tokens, first.millis), ("I order.", 20, Some(10)));
        assert_eq!((a.millis, b.millis), (Some(17), Some(7)));
        assert!(b.gave.as_ref().unwrap().is_error);
        assert!(last.is_answer && last.text.is_empty() && last.tokens == 30);
        let calls = concat!(
            r#"{"thought":"I order.","tool":"order","input":{"tea":1}}"#,
            "\n",
            r#"{"tool":"order","input":{"tea":1}}"#,
        );
        assert_eq!(acting.said("Ordered."), [(1, calls.to_owned()), (2, "Ordered.".to_owned())]);
        let again: Acting = serde_json::from_str(&serde_json::to_string(&acting).unwrap()).unwrap();
        assert_eq!(again, acting);
    }

    #[test]
    fn a_step_that_failed_or_was_stopped_is_none_to_run_on_from() {
        let mut whole = acting();
        whole.push(&step(1), 0);
        whole.push(&text("I order."), 1);
        whole.push(&AgentEvent::Spent { spent: spent(20), failed: false }, 2);
        whole.push(&called("a"), 3);
        whole.push(&gave("a", false), 4);
        whole.push(&step(2), 5);
        whole.push(&text("And"), 6);
        assert_eq!(whole.said("").len(), 1, "it is being said, or was stopped");
        let mut failed = whole.clone();
        failed.push(&AgentEvent::Spent { spent: spent(30), failed: true }, 7);
        assert_eq!(failed.said("").iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1]);
        whole.push(&AgentEvent::Spent { spent: spent(30), failed: false }, 7);
        assert_eq!(whole.said("").len(), 2);
    }

    #[test]
    fn what_is_asked_of_a_person_is_open_until_they_have_said() {
        let mut acting = acting();
        let (id, shown) = ("a".to_owned(), "{}".to_owned());
        let (action, again) = ("order".to_owned(), true);
        acting.push(&AgentEvent::Confirm { run: run(), id: id.clone(), action, shown, again }, 1);
        let asked = acting.consent().map(|consent| (consent.of.as_str(), consent.again));
        assert_eq!(asked, Some(("order", true)));
        acting.push(&AgentEvent::Decided { id, agreed: false }, 2);
        assert_eq!(acting.consent(), None);
        acting.push(&gave("a", true), 3);
        assert!(matches!(&acting.doings[1], Doing::Called(call) if call.by.is_empty()), "it was not made");
    }

    #[test]
    fn a_copy_shares_what_has_been_done_and_stays_as_it_was() {
        let mut acting = acting();
        acting.push(&step(1), 0);
        acting.push(&AgentEvent::Spent { spent: spent(20), failed: false }, 1);
        acting.push(&called("a"), 1);
        acting.push(&step(2), 2);
        let before = acting.clone();
        acting.push(&text("So."), 3);
        let [Doing::Asked(first), Doing::Called(call), Doing::Asked(last)] = &acting.doings[..] else {
            panic!("{acting:?}")
        };
        let [Doing::Asked(first_before), Doing::Called(call_before), Doing::Asked(last_before)] =
            &before.doings[..]
        else {
            panic!("{before:?}")
        };
        assert!(Arc::ptr_eq(first, first_before) && Arc::ptr_eq(call, call_before));
        assert_eq!((last.text.as_str(), last_before.text.as_str()), ("So.", ""));
    }

    #[test]
    fn a_search_takes_as_long_as_it_took_to_find_something() {
        let mut acting = acting();
        acting.push(&step(1), 0);
        acting.push(&called("a"), 10);
        let (id, action) = ("a".to_owned(), "order".to_owned());
        acting.push(&AgentEvent::Found { id, action, passages: "tea".to_owned() }, 15);
        acting.push(&AgentEvent::Step { step: Step::KnowledgeBaseResponse, number: 2 }, 15);
        acting.push(&gave("a", false), 900);
        assert!(matches!(&acting.doings[1], Doing::Called(call) if call.millis == Some(5)), "{acting:?}");
    }

    #[test]
    fn one_question_is_said_and_other_calls_are_calls_of_tools() {
        let wanted = |id: &str, question: Option<&str>| Wanted {
            id: id.to_owned(),
            action: "ask".to_owned(),
            input: json!({}),
            question: question.map(str::to_owned),
        };
        let blocks = |calls: Vec<Wanted>| Acting::blocks(&State::Waiting { calls });
        assert_eq!(blocks(vec![wanted("a", Some("Which?"))]), [Block::Text { text: "Which?".into() }]);
        let several = blocks(vec![wanted("a", Some("Which?")), wanted("b", None)]);
        assert!(several.iter().all(|block| matches!(block, Block::ToolUse { .. })) && several.len() == 2);
        let why = GaveUp::Limit { limit: Limit::Steps(3) };
        assert!(Acting::blocks(&State::GaveUp { why, text: " ".into() }).is_empty());
    }

    #[test]
    fn a_step_in_json_is_kept_by_its_thought() {
        let mut acting = acting();
        acting.push(&step(1), 0);
        acting.push(&text(r#"{"thought": "easy", "answer": "4"#), 1);
        assert_eq!(acting.blocks_so_far(), [Block::Text { text: "4".into() }]);
        let mut remembering = acting.clone();
        remembering.push(&AgentEvent::Step { step: Step::MemorySummary, number: 2 }, 1);
        remembering.push(&text("They asked."), 1);
        assert_eq!(remembering.blocks_so_far(), acting.blocks_so_far(), "the answer stands");
        acting.push(&text("2\"}"), 2);
        acting.push(&ended(State::Answered { text: "42".into() }), 3);
        assert!(matches!(&acting.doings[0], Doing::Asked(asked) if asked.is_answer && asked.text == "easy"));
    }
}
