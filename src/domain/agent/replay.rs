//! A run of an agent once more: what its actions gave is taken from what was recorded, from the beginning or from one of its
//! steps on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::said::{self, Does};
use super::step::Step;
use super::turn::{self, Asked, Next, RESULT};
use crate::domain::call::Turn;
use crate::domain::id::RunId;
use crate::domain::message::{Block, Role};
use crate::domain::{Error, ErrorKind, Result};

const DOING: &str = "replaying a run of an agent";

/// What becomes of a call that nothing was recorded of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// It ends the run.
    #[default]
    Fail,
    /// It is made.
    Run,
    /// The person is asked first.
    Ask,
}

/// What is not as it was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// Another question, in the place of the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The recorded steps before this one stay; it is taken anew. Counts what the model said to the question, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// What the model says in that step, in the place of asking it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Templates in the place of the definition's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prompts: BTreeMap<Step, String>,
}

/// Whose replay a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    pub run: RunId,
    /// Its steps before this one were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The model's answer in that step is a person's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub said: bool,
    /// Templates in the place of the definition's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prompts: BTreeMap<Step, String>,
    /// `None` once another question was asked: nothing is taken from the recording any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// A call that was asked for and not made. What the model was told of it is nothing that an action gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The place of the turn that asks for it.
    pub turn: usize,
    pub id: String,
    /// A person did not agree to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declined: bool,
}

/// The turn that asks the question; the last one that does.
pub fn asked_at(turns: &[Turn], question: &str) -> Option<usize> {
    turns.iter().rposition(|turn| {
        turn.role == Role::User && turn.blocks.iter().any(|block| block.said() == Some(question))
    })
}

/// The turns that a replay begins with, and its question.
///
/// # Errors
///
/// `Invalid`: there is no such step, or the edits do not go together.
pub fn begin(turns: &[Turn], question: &str, edit: &Edit, native: bool) -> Result<(Vec<Turn>, String)> {
    let bad = |why: String, hint: &str| Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
    let Some(at) = asked_at(turns, question) else {
        return bad(
            "its question is not among what was said".to_owned(),
            "Ask it anew: `outcrop agent run`.",
        );
    };
    let Some(step) = edit.step else {
        if edit.said.is_some() {
            let hint = "Say in which step, like --step 2.";
            return bad("it is not said whose answer is another".to_owned(), hint);
        }
        let mut turns = turns[..=at].to_vec();
        let question = edit.question.clone().unwrap_or_else(|| question.to_owned());
        if question.trim().is_empty() {
            return bad("nothing is asked".to_owned(), "Write a question.");
        }
        // Before it stands what was said before.
        if let Some(block) = turns[at].blocks.last_mut() {
            *block = Block::Text { text: question.clone() };
        }
        return Ok((turns, question));
    };
    if edit.question.is_some() {
        let hint = "Leave the step out, or the question.";
        return bad("steps that answer one question cannot follow another".to_owned(), hint);
    }
    let answers: Vec<usize> = (at + 1..turns.len()).filter(|at| turns[*at].role == Role::Assistant).collect();
    // Where the model was asked and has not answered, as in a run that broke off, that step can be taken as well.
    let is_asked = turns.last().is_some_and(|turn| turn.role == Role::User);
    let places: Vec<usize> = answers.iter().copied().chain(is_asked.then_some(turns.len())).collect();
    let place = usize::try_from(step).ok().and_then(|step| places.get(step.checked_sub(1)?));
    let Some(place) = place else {
        let why = format!("there is no step {step}: the model answered {} times", answers.len());
        return bad(why, "Steps count from 1.");
    };
    let mut kept = turns[..*place].to_vec();
    fits(&kept[at..], native)?;
    if let Some(text) = &edit.said {
        kept.push(Turn { role: Role::Assistant, blocks: spoken(text, native, step)? });
    }
    Ok((kept, question.to_owned()))
}

/// Whether a model goes on from these steps: of one that has tool calls the others can make nothing, and it nothing of theirs.
fn fits(turns: &[Turn], native: bool) -> Result<()> {
    let calls = |turn: &Turn| turn.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
    let writes = |turn: &Turn| {
        let said = said::read(&turn::text_of(&turn.blocks));
        turn.role == Role::Assistant && said.is_ok_and(|said| matches!(said.does, Does::Call { .. }))
    };
    let why = if native && turns.iter().any(writes) {
        "the steps before were written by a model without tool calls"
    } else if !native && turns.iter().any(calls) {
        "the steps before are those of a model with tool calls of its own"
    } else {
        return Ok(());
    };
    let hint = "Take a model of the same kind, or replay the run from its beginning.";
    Err(Error::new(ErrorKind::Invalid, DOING, why, hint))
}

/// What a person has written as a step of a model. `{"tool": …, "input": …}` is a call to any model, several of them are calls
/// to one that has calls of its own; to one that writes its steps everything else is an answer.
///
/// # Errors
///
/// `Invalid`: behind a call stands what is none.
fn spoken(text: &str, native: bool, step: u32) -> Result<Vec<Block>> {
    let says = |text: &str| vec![Block::Text { text: text.to_owned() }];
    let read =
        Some(text).filter(|text| text.trim_start().starts_with('{')).and_then(|text| said::read(text).ok());
    Ok(match read {
        Some(read) if native => match read.does {
            Does::Call { tool: name, input } => {
                let call = Block::ToolUse { id: format!("edited_{step}"), name, input, extra: None };
                let thought = Some(read.thought).filter(|thought| !thought.is_empty());
                let thought = thought.map(|text| Block::Text { text });
                let others = further(text, step)?;
                thought.into_iter().chain([call]).chain(others).collect()
            }
            Does::Answer(_) => says(text),
        },
        None if !native => says(&json!({"thought": "", "answer": text}).to_string()),
        _ => says(text),
    })
}

/// The calls behind the first one.
fn further(text: &str, step: u32) -> Result<Vec<Block>> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>().skip(1);
    let call = |(value, number): (serde_json::Result<Value>, u32)| {
        let read = value.map_err(|why| why.to_string()).and_then(|value| said::read(&value.to_string()));
        let why = match read.map(|said| said.does) {
            Ok(Does::Call { tool: name, input }) => {
                return Ok(Block::ToolUse {
                    id: format!("edited_{step}_{number}"),
                    name,
                    input,
                    extra: None,
                });
            }
            Ok(Does::Answer(_)) => "it is an answer".to_owned(),
            Err(why) => why,
        };
        let why = format!("what stands as its call {number} is none: {why}");
        let hint = "Write {\"tool\": …, \"input\": …} for each call, and nothing else.";
        Err(Error::new(ErrorKind::Invalid, DOING, why, hint))
    };
    values.zip(2..).map(call).collect()
}

/// A call with what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub name: String,
    pub input: Value,
    pub content: String,
    pub is_error: bool,
}

/// The calls that were made in turns, from the one at `from` on, in order, whether they gave something or not.
pub fn calls(turns: &[Turn], from: usize, refused: &[Refused]) -> Vec<Asked> {
    asked_for(turns, from, refused)
        .filter(|(_, _, refused)| refused.is_none())
        .map(|(_, call, _)| call)
        .collect()
}

/// The calls in turns that a person did not agree to.
pub fn declined(turns: &[Turn], from: usize, refused: &[Refused]) -> Vec<Asked> {
    let declined = |refused: Option<&Refused>| refused.is_some_and(|refused| refused.declined);
    asked_for(turns, from, refused)
        .filter(|(_, _, refused)| declined(*refused))
        .map(|(_, call, _)| call)
        .collect()
}

/// The calls that turns ask for, each with the place of its turn, and how it was refused if it was.
fn asked_for<'a>(
    turns: &'a [Turn],
    from: usize,
    refused: &'a [Refused],
) -> impl Iterator<Item = (usize, Asked, Option<&'a Refused>)> {
    turns.iter().enumerate().skip(from).flat_map(move |(at, turn)| {
        let calls = wanted_by(turn);
        // The one call of a step in text has an id by the number of its step, which a turn does not tell.
        let is_only = calls.len() == 1;
        calls.into_iter().map(move |call| {
            let of = |refused: &&Refused| refused.turn == at && (is_only || refused.id == call.id);
            let refusal = refused.iter().find(of);
            (at, call, refusal)
        })
    })
}

/// The calls that a turn asks for, whether they were made or not.
pub fn wanted_by(turn: &Turn) -> Vec<Asked> {
    if turn.role != Role::Assistant {
        return Vec::new();
    }
    let native = turn.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
    match turn::next(&turn.blocks, native, 0) {
        Next::Calls(calls) => calls,
        Next::Answer(_) | Next::Malformed(_) => Vec::new(),
    }
}

/// What the calls that were made in turns gave, from the one at `from` on; `results` came while others were waited for.
pub fn made(turns: &[Turn], from: usize, results: &[Block], refused: &[Refused]) -> Vec<Made> {
    let mut all = Vec::new();
    for (at, Asked { id, name, input }, refusal) in asked_for(turns, from, refused) {
        if refusal.is_some() {
            continue;
        }
        let given = turns.get(at + 1).map_or(results, |next| next.blocks.as_slice());
        let gave = given.iter().find_map(|block| match block {
            Block::ToolResult { id: of, content, is_error } if *of == id => {
                Some((content.clone(), *is_error))
            }
            Block::Text { text } => given_back(text, &name),
            _ => None,
        });
        if let Some((content, is_error)) = gave {
            all.push(Made { name, input, content, is_error });
        }
    }
    all
}

/// The result in a text that gave it to a model without tool calls, behind what was asked.
fn given_back(text: &str, name: &str) -> Option<(String, bool)> {
    let behind = |how: &str| {
        let head = format!("{name} {how}{RESULT}");
        let after = |(at, _)| text[..at].is_empty() || text[..at].ends_with('\n');
        let (at, _) = text.match_indices(&head).find(|found| after(*found))?;
        Some((at, &text[at + head.len()..]))
    };
    let (rest, is_error) = match (behind("gave"), behind("failed")) {
        (Some((gave, rest)), failed) if failed.is_none_or(|(failed, _)| gave < failed) => (rest, false),
        (_, failed) => (failed?.1, true),
    };
    let end = rest.rfind("\n</result>\n")?;
    Some((rest[..end].replace("< /result", "</result"), is_error))
}

/// What the calls of a run gave, for another run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    made: Vec<Made>,
    /// How often each was asked for.
    asked: Vec<usize>,
    /// What a person did not agree to.
    declined: Vec<Asked>,
}

impl Recording {
    pub fn new(made: Vec<Made>, declined: Vec<Asked>) -> Self {
        let asked = vec![0; made.len()];
        Self { made, asked, declined }
    }

    /// Whether a person did not agree to such a call.
    pub fn was_declined(&self, name: &str, input: &Value) -> bool {
        self.declined.iter().any(|call| call.name == name && call.input == *input)
    }

    /// Whether something is recorded of a call that was not played yet.
    pub fn has_another(&self, name: &str, input: &Value) -> bool {
        self.made
            .iter()
            .zip(&self.asked)
            .any(|(made, asked)| *asked == 0 && made.name == name && made.input == *input)
    }

    /// What a call gave: those of the same action and input come one after the other, then from the first again, as the takes
    /// of a cassette do.
    pub fn play(&mut self, name: &str, input: &Value) -> Option<&Made> {
        let same: Vec<usize> = (0..self.made.len())
            .filter(|at| self.made[*at].name == name && self.made[*at].input == *input)
            .collect();
        let next = *same.iter().min_by_key(|at| self.asked[**at])?;
        self.asked[next] += 1;
        self.made.get(next)
    }

    /// What the next call of an action gave that was not played yet, whatever its input was.
    pub fn play_next(&mut self, name: &str) -> Option<&Made> {
        let next = (0..self.made.len()).find(|at| self.made[*at].name == name && self.asked[*at] == 0)?;
        self.asked[next] += 1;
        self.made.get(next)
    }
}

/// What is said of a call that ends a replay, with what to try.
pub fn missing(asked: &Asked, hint: &str) -> Error {
    let why = format!("nothing was recorded of {} {}", asked.name, asked.input);
    Error::new(ErrorKind::NotFound, DOING, why, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(role: Role, blocks: Vec<Block>) -> Turn {
        Turn { role, blocks }
    }

    fn text(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    fn call(id: &str, at: u32) -> Block {
        Block::ToolUse { id: id.to_owned(), name: "look".to_owned(), input: json!({"at": at}), extra: None }
    }

    fn result(id: &str, content: &str) -> Block {
        Block::ToolResult { id: id.to_owned(), content: content.to_owned(), is_error: false }
    }

    /// Two calls, one more, an answer.
    fn native() -> Vec<Turn> {
        vec![
            turn(Role::User, vec![text("hello")]),
            turn(Role::Assistant, vec![text("hi")]),
            turn(Role::User, vec![text("look")]),
            turn(Role::Assistant, vec![call("1", 1), call("2", 2)]),
            turn(Role::User, vec![result("2", "two"), result("1", "one")]),
            turn(Role::Assistant, vec![call("3", 1)]),
            turn(Role::User, vec![result("3", "another one")]),
            turn(Role::Assistant, vec![text("done")]),
        ]
    }

    fn written() -> Vec<Turn> {
        let call = "{\"tool\": \"look\", \"input\": {\"at\": 1}}";
        let names = [("step_1".to_owned(), "look".to_owned())];
        let given = turn::given(&[result("step_1", "a</result>\nb")], &names, false, "look", false);
        vec![
            turn(Role::User, vec![text("look")]),
            turn(Role::Assistant, vec![text("hm")]),
            turn::again("no", false),
            turn(Role::Assistant, vec![text(call)]),
            given,
            turn(Role::Assistant, vec![text("{\"answer\": \"done\"}")]),
        ]
    }

    #[test]
    fn results_are_played_in_turn_to_the_call_that_they_are_of() {
        let mut recording = Recording::new(made(&native(), 0, &[], &[]), Vec::new());
        let mut play = |at: u32| recording.play("look", &json!({"at": at})).map(|made| made.content.clone());
        let played = [play(1), play(2), play(1), play(1), play(2), play(3)];
        let wanted = ["one", "two", "another one", "one", "two"].map(|text| Some(text.to_owned()));
        assert_eq!(played[..5], wanted);
        assert_eq!(played[5], None);
        assert_eq!(recording.play("see", &json!({"at": 1})), None);
        let mut recording = Recording::new(made(&native(), 0, &[], &[]), Vec::new());
        recording.play("look", &json!({"at": 1}));
        let mut next = |name: &str| recording.play_next(name).map(|made| made.content.clone());
        let played = [next("look"), next("look"), next("look"), next("see")];
        let wanted = ["two", "another one"].map(|text| Some(text.to_owned()));
        assert_eq!((&played[..2], &played[2..]), (&wanted[..], &[None, None][..]));
        let made = made(&written(), 0, &[], &[]);
        assert_eq!(made.iter().map(|made| made.content.as_str()).collect::<Vec<_>>(), ["a</result>\nb"]);
        // A run that waits has the results that came beside it.
        let waits = &native()[..4];
        assert_eq!(super::made(waits, 0, &[result("2", "two")], &[]).len(), 1);
        assert_eq!(calls(waits, 0, &[]).len(), 2);
    }

    #[test]
    fn what_was_refused_gave_nothing_and_what_a_person_declined_is_known() {
        let refused = |turn, id: &str, declined| Refused { turn, id: id.to_owned(), declined };
        let refusals = [refused(3, "2", false), refused(5, "3", true)];
        let made = |refused| super::made(&native(), 0, &[], refused).into_iter().map(|made| made.content);
        assert_eq!(made(&refusals).collect::<Vec<_>>(), ["one"]);
        assert_eq!(made(&refusals[..1]).collect::<Vec<_>>(), ["one", "another one"]);
        assert_eq!(calls(&native(), 0, &refusals).len(), 1);
        let recording = Recording::new(Vec::new(), declined(&native(), 0, &refusals));
        assert!(recording.was_declined("look", &json!({"at": 1})));
        assert!(!recording.was_declined("look", &json!({"at": 2})), "nobody was asked");
        // A step in text is told by its place.
        assert!(super::made(&written(), 0, &[], &[refused(3, "step_2", false)]).is_empty());
    }

    #[test]
    fn a_run_begins_again_at_its_question_or_at_any_of_its_steps() {
        let turns = native();
        let edit = |step: Option<u32>, said: Option<&str>| Edit {
            step,
            said: said.map(str::to_owned),
            ..Edit::default()
        };
        let (whole, question) = begin(&turns, "look", &Edit::default(), true).unwrap();
        assert_eq!((whole.len(), question.as_str()), (3, "look"));
        let other = Edit { question: Some("see".to_owned()), ..Edit::default() };
        let (whole, question) = begin(&turns, "look", &other, true).unwrap();
        assert_eq!((whole[2].blocks.as_slice(), question.as_str()), (&[text("see")][..], "see"));
        assert_eq!(begin(&turns, "look", &edit(Some(2), None), true).unwrap().0, turns[..5]);
        let (said, _) = begin(&turns, "look", &edit(Some(2), Some("No more.")), true).unwrap();
        assert_eq!(said[5], turn(Role::Assistant, vec![text("No more.")]));
        let tool = "{\"thought\": \"so\", \"tool\": \"look\", \"input\": {\"at\": 2}}";
        let (said, _) = begin(&turns, "look", &edit(Some(2), Some(tool)), true).unwrap();
        assert!(
            matches!(&said[5].blocks[..], [Block::Text { .. }, Block::ToolUse { name, .. }] if name == "look")
        );
        let two = format!("{tool}\n{{\"tool\": \"look\", \"input\": {{\"at\": 3}}}}");
        let (said, _) = begin(&turns, "look", &edit(Some(2), Some(&two)), true).unwrap();
        let asked: Vec<Value> = calls(&said, 5, &[]).into_iter().map(|asked| asked.input).collect();
        assert_eq!(asked, [json!({"at": 2}), json!({"at": 3})]);
        // One that broke off before its second answer.
        let (said, _) = begin(&turns[..5], "look", &edit(Some(2), Some("No more.")), true).unwrap();
        assert_eq!((&said[..5], said.len()), (&turns[..5], 6));
        assert_eq!(begin(&turns[..5], "look", &edit(Some(2), None), true).unwrap().0, turns[..5]);
        assert!(begin(&turns[..5], "look", &edit(Some(3), None), true).is_err());
        for (wrong, why) in [
            (edit(Some(4), None), "no step 4"),
            (edit(Some(0), None), "no step 0"),
            (edit(None, Some("x")), "whose answer"),
            (Edit { step: Some(2), ..other }, "another"),
            (edit(Some(2), Some(&format!("{tool} and more"))), "its call 2 is none"),
        ] {
            let error = begin(&turns, "look", &wrong, true).unwrap_err();
            assert!(error.why.contains(why), "{error}");
        }
    }

    #[test]
    fn steps_of_one_kind_of_model_are_none_for_another() {
        let edit = Edit { step: Some(2), said: Some("It is so.".to_owned()), ..Edit::default() };
        assert!(begin(&native(), "look", &edit, false).is_err());
        let third = Edit { step: Some(3), ..edit.clone() };
        assert!(begin(&written(), "look", &third, true).is_err());
        let (said, _) = begin(&written(), "look", &third, false).unwrap();
        assert_eq!(turn::next(&said[5].blocks, false, 1), Next::Answer("It is so.".to_owned()));
        // The first step stands behind none.
        let first = Edit { step: Some(1), ..edit };
        assert_eq!(begin(&native(), "look", &first, false).unwrap().0.len(), 4);
    }
}
