//! Calls that a run has made before with the very same input: what has an effect is not done twice for one request.

use super::replay::{self, Made, Refused};
use super::turn::Asked;
use crate::domain::call::Turn;
use crate::domain::message::{Block, Role};

/// How often a call that fails is made in a row.
const TRIES: usize = 2;

/// Whether two calls are of the same action with the same input.
pub fn same(one: &Asked, other: &Asked) -> bool {
    one.name == other.name && one.input == other.input
}

fn is_of(made: &Made, asked: &Asked) -> bool {
    made.name == asked.name && made.input == asked.input
}

/// What the same call gave right before this one, which is given again; `None` where the call is to be made. `turns` are those
/// before the one that asks for it, `from` is the first behind the question. Other calls in between make it a new one, and one
/// that failed may be made once more.
pub fn right_before(turns: &[Turn], from: usize, refused: &[Refused], asked: &Asked) -> Option<Made> {
    let mut failed: Option<Made> = None;
    let mut tries = 0;
    for at in (from..turns.len()).rev().filter(|at| turns[*at].role == Role::Assistant) {
        // A step with what it gave: neither sees the steps behind it.
        let made = replay::made(&turns[..turns.len().min(at + 2)], at, &[], refused);
        let wanted = replay::wanted_by(&turns[at]);
        let others = !made.is_empty() && !wanted.iter().any(|call| same(call, asked));
        if others {
            break;
        }
        for made in made.into_iter().rev().filter(|made| is_of(made, asked)) {
            if !made.is_error {
                return Some(made);
            }
            tries += 1;
            failed.get_or_insert(made);
        }
    }
    failed.filter(|_| tries >= TRIES)
}

/// Whether the same call was made in these turns, whatever it gave and whatever was made since.
pub fn was_made(turns: &[Turn], from: usize, refused: &[Refused], asked: &Asked) -> bool {
    replay::made(turns, from, &[], refused).iter().any(|made| is_of(made, asked))
}

/// What a call gave, for a model with tool calls of its own that has asked for the same again.
pub fn again(content: &str) -> String {
    format!("{content}\n\n(You had that already: the same call was not made again. Answer with it.)")
}

/// The calls of a step that have no result, each with what the same call of that step gave, which was made for both.
pub fn twins(calls: &[Asked], results: &[Block]) -> Vec<(Asked, Made)> {
    let gave = |call: &Asked| {
        results.iter().find_map(|block| match block {
            Block::ToolResult { id, content, is_error } if *id == call.id => Some(Made {
                name: call.name.clone(),
                input: call.input.clone(),
                content: content.clone(),
                is_error: *is_error,
            }),
            _ => None,
        })
    };
    let without = calls.iter().filter(|call| gave(call).is_none());
    without
        .filter_map(|call| {
            let made = calls.iter().filter(|other| same(other, call)).find_map(gave)?;
            Some((call.clone(), made))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::turn;
    use serde_json::json;

    fn text(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    fn order(id: &str, tea: &str) -> Asked {
        Asked { id: id.to_owned(), name: "order".to_owned(), input: json!({ "tea": tea }) }
    }

    fn asks(calls: &[Asked]) -> Turn {
        let block = |call: &Asked| Block::ToolUse {
            id: call.id.clone(),
            name: call.name.clone(),
            input: call.input.clone(),
            extra: None,
        };
        Turn { role: Role::Assistant, blocks: calls.iter().map(block).collect() }
    }

    fn gave(results: &[(&str, &str, bool)]) -> Turn {
        let block = |(id, content, is_error): &(&str, &str, bool)| Block::ToolResult {
            id: (*id).to_owned(),
            content: (*content).to_owned(),
            is_error: *is_error,
        };
        Turn { role: Role::User, blocks: results.iter().map(block).collect() }
    }

    fn question() -> Turn {
        Turn { role: Role::User, blocks: vec![text("tea")] }
    }

    fn content(turns: &[Turn], refused: &[Refused], asked: &Asked) -> Option<String> {
        right_before(turns, 1, refused, asked).map(|made| made.content)
    }

    #[test]
    fn the_same_call_right_behind_itself_has_what_the_first_gave() {
        let turns = [question(), asks(&[order("1", "Assam")]), gave(&[("1", "ordered", false)])];
        assert_eq!(content(&turns, &[], &order("2", "Assam")).as_deref(), Some("ordered"));
        assert_eq!(content(&turns, &[], &order("2", "Sencha")), None);
        assert_eq!(content(&turns[..1], &[], &order("2", "Assam")), None);
        // What stands before the question is of another request.
        assert_eq!(right_before(&turns, 3, &[], &order("2", "Assam")), None);
        // A step that could not be read is no call in between.
        let unread = [Turn { role: Role::Assistant, blocks: vec![text("")] }, turn::again("no", true)];
        let more = [&turns[..], &unread].concat();
        assert_eq!(content(&more, &[], &order("2", "Assam")).as_deref(), Some("ordered"));
    }

    #[test]
    fn it_is_not_made_the_third_time_either_and_is_new_behind_another() {
        let mut turns = vec![question(), asks(&[order("1", "Assam")]), gave(&[("1", "ordered", false)])];
        turns.extend([asks(&[order("2", "Assam")]), gave(&[("2", "ordered (again)", false)])]);
        let refused = [Refused { turn: 3, id: "2".to_owned(), declined: false }];
        assert_eq!(content(&turns, &refused, &order("3", "Assam")).as_deref(), Some("ordered"));
        turns.extend([asks(&[order("3", "Sencha")]), gave(&[("3", "ordered too", false)])]);
        assert_eq!(content(&turns, &refused, &order("4", "Assam")), None, "with another between");
        assert!(was_made(&turns, 1, &refused, &order("4", "Assam")), "which is said where a person is asked");
        assert!(!was_made(&turns, 1, &refused, &order("4", "Oolong")));
        // One that was made beside it is none in between.
        let both = [order("1", "Assam"), order("2", "Sencha")];
        let turns = [question(), asks(&both), gave(&[("1", "ordered", false), ("2", "ordered too", false)])];
        assert_eq!(content(&turns, &[], &order("3", "Assam")).as_deref(), Some("ordered"));
    }

    #[test]
    fn a_call_that_failed_is_made_once_more() {
        let mut turns = vec![question(), asks(&[order("1", "Assam")]), gave(&[("1", "no", true)])];
        assert_eq!(content(&turns, &[], &order("2", "Assam")), None);
        turns.extend([asks(&[order("2", "Assam")]), gave(&[("2", "still not", true)])]);
        assert_eq!(content(&turns, &[], &order("3", "Assam")).as_deref(), Some("still not"));
        // What a person has declined was not made.
        let declined = [
            Refused { turn: 1, id: "1".to_owned(), declined: true },
            Refused { turn: 3, id: "2".to_owned(), declined: true },
        ];
        assert_eq!(content(&turns, &declined, &order("3", "Assam")), None);
        assert!(!was_made(&turns, 1, &declined, &order("3", "Assam")));
    }

    #[test]
    fn a_model_that_writes_its_steps_in_json_is_held_to_the_same() {
        let step = "{\"tool\": \"order\", \"input\": {\"tea\": \"Assam\"}}";
        let names = [("step_1".to_owned(), "order".to_owned())];
        let result =
            Block::ToolResult { id: "step_1".to_owned(), content: "ordered".to_owned(), is_error: false };
        let turns = [
            question(),
            Turn { role: Role::Assistant, blocks: vec![text(step)] },
            turn::given(&[result], &names, false, "tea", false),
        ];
        assert_eq!(content(&turns, &[], &order("step_2", "Assam")).as_deref(), Some("ordered"));
    }

    #[test]
    fn of_two_that_are_asked_for_at_once_the_second_has_the_result_of_the_first() {
        let calls = [order("1", "Assam"), order("2", "Assam"), order("3", "Sencha")];
        let Turn { blocks, .. } = gave(&[("1", "ordered", false)]);
        let given: Vec<(String, String)> =
            twins(&calls, &blocks).into_iter().map(|(call, made)| (call.id, made.content)).collect();
        assert_eq!(given, [("2".to_owned(), "ordered".to_owned())]);
        assert_eq!(twins(&calls, &[]), [], "while the first is waited for");
        assert!(again("ordered").starts_with("ordered\n"), "and says that it was had already");
    }
}
