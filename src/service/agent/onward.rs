//! A run that begins where another one ended, which stays as it is: conversations have branches.

use std::collections::BTreeMap;

use super::Agents;
use super::beginning::{answered, asks};
use crate::domain::agent::run::{Hashes, State};
use crate::domain::agent::{Definition, Run, Spent};
use crate::domain::call::Turn;
use crate::domain::catalog::ModelId;
use crate::domain::id::{AgentId, RunId};
use crate::domain::message::Block;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;

/// The next turn of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Onward {
    /// What the person says. It also answers the one call that `from` waits for, where it waits for one.
    pub text: String,
    /// Pictures and documents that go with it. They are kept by the message that they came with: a run names them.
    pub files: Vec<Block>,
    /// What the calls that `from` waits for gave, by their ids.
    pub answers: Vec<(String, String)>,
    /// The run that answered the turn before it.
    pub from: Option<RunId>,
    /// What was said before, for where that run is not kept any more, or there is none.
    pub history: Vec<Turn>,
    pub model: Option<ModelId>,
}

/// The model that a run is of.
pub(super) fn model_of(agents: &Agents, definition: &Definition, wished: Option<ModelId>) -> Result<ModelId> {
    let known = wished.or_else(|| definition.model.clone());
    known.or_else(|| agents.means.model.clone()).ok_or_else(|| {
        let hint = "Name one in the definition, or with -m.";
        Error::new(ErrorKind::Invalid, "running an agent", "the agent has no model", hint)
    })
}

/// A run in which nothing was said yet.
pub(super) fn blank(agent: AgentId, version: u32, model: ModelId) -> Run {
    let now = fresh::now();
    Run {
        id: fresh::run_id(),
        agent,
        version,
        model,
        question: String::new(),
        turns: Vec::new(),
        results: Vec::new(),
        refused: Vec::new(),
        state: State::Running,
        attributes: BTreeMap::new(),
        turn_attributes: BTreeMap::new(),
        sought: BTreeMap::new(),
        spent: Spent::default(),
        user: String::new(),
        session: None,
        taken_by: None,
        holds: Vec::new(),
        replays: None,
        begun_with: None,
        hashes: Hashes::default(),
        created: now,
        updated: now,
    }
}

/// A blank run, gone on with behind what another one came to.
pub(super) fn goes_on(run: Run, before: Option<Run>, onward: Onward) -> Result<Run> {
    let Some(before) = before else {
        let text = in_words(&onward)?;
        let mut run = Run { turns: onward.history, ..run };
        asks(&mut run, text, onward.files);
        return Ok(run);
    };
    if let State::Waiting { calls } = &before.state {
        let answers = match &calls[..] {
            [call] if onward.answers.is_empty() => vec![(call.id.clone(), onward.text.clone())],
            _ => onward.answers.clone(),
        };
        if !answers.is_empty() {
            // It goes on as what it was, with what it replays.
            let session = Some(before.session());
            let Run { id, created, updated, .. } = run;
            return answered(Run { id, created, updated, session, taken_by: None, ..before }, answers);
        }
    }
    let text = in_words(&onward)?;
    let session = Some(before.session());
    let Run { turns, refused, attributes, holds, .. } = before;
    let mut run = Run { turns, refused, attributes, session, holds, ..run };
    asks(&mut run, text, onward.files);
    Ok(run)
}

/// What the person says; where nothing waits for their answers any more, these are what they say.
fn in_words(onward: &Onward) -> Result<String> {
    let said = Some(onward.text.trim()).filter(|text| !text.is_empty());
    let answers = onward.answers.iter().map(|(_, text)| text.trim()).filter(|text| !text.is_empty());
    let words: Vec<&str> = said.into_iter().chain(answers).collect();
    if words.is_empty() {
        let hint = "Write a question.";
        return Err(Error::new(ErrorKind::Invalid, "running an agent", "nothing is asked", hint));
    }
    Ok(words.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::replay::{self, Edit};
    use crate::domain::agent::run::Sought;
    use crate::domain::agent::{Replayed, Wanted};
    use crate::domain::message::{BlobId, Role};
    use serde_json::json;

    fn run() -> Run {
        blank(fresh::agent_id(), 1, "a/b".parse().unwrap())
    }

    fn said(text: &str) -> Onward {
        Onward {
            text: text.to_owned(),
            files: Vec::new(),
            answers: Vec::new(),
            from: None,
            history: Vec::new(),
            model: None,
        }
    }

    fn turn(role: Role, text: &str) -> Turn {
        Turn { role, blocks: vec![Block::Text { text: text.to_owned() }] }
    }

    fn waiting(ids: &[&str]) -> Run {
        let call = |id: &&str| Wanted {
            id: (*id).to_owned(),
            action: "ask".to_owned(),
            input: json!({}),
            question: Some("Which?".to_owned()),
        };
        let calls = ids.iter().map(call).collect();
        let spent = Spent { steps: 2, ..Spent::default() };
        Run { question: "tea".to_owned(), state: State::Waiting { calls }, spent, ..run() }
    }

    #[test]
    fn what_is_said_next_is_behind_what_was_said_and_another_run() {
        let attributes = BTreeMap::from([("user".to_owned(), "7".to_owned())]);
        let turns = vec![turn(Role::User, "tea"), turn(Role::Assistant, "Which?")];
        let first = Run {
            attributes,
            turn_attributes: BTreeMap::from([("step".to_owned(), "1".to_owned())]),
            sought: BTreeMap::from([("docs".to_owned(), Sought::default())]),
            turns,
            state: State::Answered { text: "Which?".into() },
            ..run()
        };
        let next = goes_on(run(), Some(first.clone()), said("green")).unwrap();
        assert_ne!(next.id, first.id);
        assert_eq!((next.turns.len(), next.question.as_str()), (3, "green"));
        assert_eq!(next.attributes, first.attributes, "the session's attributes pass on");
        assert!(next.turn_attributes.is_empty() && next.sought.is_empty(), "the turn's do not");
        let lost = Onward { history: vec![turn(Role::User, "tea")], ..said("green") };
        let lost = goes_on(run(), None, lost).unwrap();
        assert_eq!(lost.turns.len(), 1, "neighbours of one role are one turn");
    }

    #[test]
    fn files_stand_before_the_question_and_a_replay_keeps_them() {
        let blob = BlobId("0".repeat(64));
        let picture = Block::Image { media_type: "image/png".to_owned(), blob, file: None };
        let asked = Onward { files: vec![picture.clone()], ..said("what is it?") };
        let begun = goes_on(run(), None, asked).unwrap();
        let both = [picture, Block::Text { text: "what is it?".to_owned() }];
        assert_eq!((begun.turns.len(), begun.turns[0].blocks.as_slice()), (1, both.as_slice()));
        let other = Edit { question: Some("whose is it?".to_owned()), ..Edit::default() };
        let (turns, question) = replay::begin(&begun.turns, &begun.question, &other, true).unwrap();
        assert_eq!((&turns[0].blocks[0], question.as_str()), (&both[0], "whose is it?"));
    }

    #[test]
    fn the_one_call_that_is_waited_for_is_answered_by_what_is_said() {
        let next = goes_on(run(), Some(waiting(&["a"])), said("green")).unwrap();
        assert_eq!(
            next.results,
            [Block::ToolResult { id: "a".into(), content: "green".into(), is_error: false }]
        );
        assert_eq!((next.question.as_str(), next.spent.steps), ("tea", 2), "its limits go on");
        let answers = vec![("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())];
        let both = Onward { answers, ..said("") };
        assert_eq!(goes_on(run(), Some(waiting(&["a", "b"])), both).unwrap().results.len(), 2);
        let other = goes_on(run(), Some(waiting(&["a", "b"])), said("never mind")).unwrap();
        assert!(other.results.is_empty() && other.question == "never mind");
    }

    #[test]
    fn answers_that_nothing_waits_for_are_said_in_words_and_nothing_is_no_question() {
        let answers = vec![("a".to_owned(), "green".to_owned())];
        let late = goes_on(run(), Some(run()), Onward { answers, ..said("") }).unwrap();
        assert_eq!(late.question, "green");
        assert!(goes_on(run(), Some(run()), said(" ")).is_err() && goes_on(run(), None, said("")).is_err());
    }

    #[test]
    fn a_replay_that_waited_goes_on_as_one() {
        let replays = Replayed {
            run: fresh::run_id(),
            step: None,
            said: false,
            prompts: BTreeMap::new(),
            missing: None,
        };
        let waiting = Run { replays: Some(replays.clone()), version: 7, ..waiting(&["a"]) };
        let next = goes_on(run(), Some(waiting.clone()), said("green")).unwrap();
        assert_eq!((next.replays, next.version), (Some(replays), 7));
        assert_ne!(next.id, waiting.id);
    }
}
