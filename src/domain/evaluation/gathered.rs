//! Items of what was asked here: of an answer in a conversation, of a turn of a comparison.

use std::fmt::Write as _;

use super::item::{Item, Response, Turn};
use crate::domain::attachment::Attachment;
use crate::domain::comparison::{Column, Comparison, Turn as ComparedTurn, is_question, turns};
use crate::domain::conversation::Thread;
use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message, Outcome, Role};
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};

const DOING: &str = "making an item of what was asked";

/// The turns up to the question of an answer, which is the reference, or a response of who gave it.
pub fn of_answer(thread: &Thread, answer: MessageId, reference: bool) -> Result<Item> {
    let path = Tree::new(&thread.messages).path(answer);
    let Some(given) = path.last() else {
        let why = format!("the conversation has no message {}", answer.short());
        return Err(Error::new(
            ErrorKind::NotFound,
            DOING,
            why,
            "It may have been removed in another window.",
        ));
    };
    let Some(facts) = given.answer.as_ref().filter(|_| given.role == Role::Assistant) else {
        return Err(refused("the message is no answer", "Name an answer of a model."));
    };
    let text = ended(given)?;
    let Some(question) = path.iter().rposition(|message| is_question(message)) else {
        return Err(refused("nothing was asked before it", "Name an answer that has a question."));
    };
    let contestant = Column {
        model: facts.model.clone(),
        system: thread.conversation.system.clone(),
        settings: facts.settings.clone(),
    };
    let item = Item {
        turns: said(&path[..=question])?,
        conversation: Some(thread.conversation.id.to_string()),
        ..Item::default()
    };
    Ok(if reference {
        Item { reference: Some(text), ..item }
    } else {
        Item { responses: vec![Response { model: contestant.contestant(), text }], ..item }
    })
}

/// A turn of a page with every answer that has ended; the last turn where none is named (from 0). `threads` are the page's
/// conversations in the order of the columns. Earlier answers are among the turns as far as
/// all columns gave the same; where they differ, each answer is its column's conversation from there on, the questions in between
/// quoted. What is not in the item is told.
pub fn of_turn(
    comparison: &Comparison,
    page: u32,
    threads: &[Thread],
    turn: Option<u32>,
) -> Result<(Item, Vec<String>)> {
    let mut remarks = Vec::new();
    let turns = turns(threads);
    let at = turn.map_or(turns.len().saturating_sub(1), |turn| turn as usize);
    if at >= turns.len() {
        let have = crate::domain::figures::count(turns.len() as u64, "turn", "turns");
        return Err(refused(&format!("the page has {have}"), "Count from 1."));
    }
    // From where on the columns go ways of their own; what they said before is the same.
    let common = (0..at).take_while(|number| all_said_the_same(&turns[*number])).count();
    let mut item = Item {
        category: comparison.category.clone(),
        conversation: Some(format!("{}-{page}", comparison.id)),
        ..Item::default()
    };
    for (number, earlier) in turns[..=common].iter().enumerate() {
        item.turns.extend(said(&[question(earlier)?])?);
        if number < common {
            let text = earlier.answers.first().copied().flatten().map(Message::text).unwrap_or_default();
            item.turns.push(Turn { role: Role::Assistant, text });
        }
    }
    if common < at {
        let turn = common + 1;
        remarks.push(format!("the answers differ from turn {turn} on: each is the conversation from there"));
    }
    // A blind page has its own order, and with it its own letters.
    for (place, column) in comparison.columns.iter().enumerate() {
        let answers: Vec<Option<&Message>> =
            turns[common..=at].iter().map(|turn| turn.answers.get(place).copied().flatten()).collect();
        let mut text = String::new();
        let mut lacks = None;
        for (answer, turn) in answers.into_iter().zip(&turns[common..=at]) {
            match answer.map(ended) {
                Some(Ok(said)) if text.is_empty() => text = said,
                Some(Ok(said)) => {
                    let asked = question(turn)?.text();
                    let quoted: Vec<String> = asked.lines().map(|line| format!("> {line}")).collect();
                    let _ = write!(text, "\n\n{}\n\n{said}", quoted.join("\n"));
                }
                _ => lacks = lacks.or(Some(lacking(answer))),
            }
        }
        if let Some(lacks) = lacks {
            remarks.push(format!("without {}, which {lacks}", comparison.letter(page as usize, place)));
            continue;
        }
        item.responses.push(Response { model: other_name(&item.responses, &column.contestant()), text });
    }
    if item.responses.is_empty() {
        return Err(refused("no column has answered it to an end", "Ask again, then add it."));
    }
    Ok((item, remarks))
}

fn question<'a>(turn: &ComparedTurn<'a>) -> Result<&'a Message> {
    turn.asked.ok_or_else(|| refused("the message that it answers is missing", "Ask again."))
}

/// Whether every column gave one and the same answer.
fn all_said_the_same(turn: &ComparedTurn<'_>) -> bool {
    let mut texts = turn.answers.iter().map(|answer| answer.map(Message::text));
    let Some(Some(first)) = texts.next() else { return false };
    !first.is_empty() && texts.all(|other| other.as_ref() == Some(&first))
}

/// Why an answer is in no item.
fn lacking(answer: Option<&Message>) -> &'static str {
    match answer.and_then(|answer| answer.answer.as_ref()).map(|facts| &facts.outcome) {
        None => "was not asked that",
        Some(Outcome::Streaming) => "is still answering",
        Some(Outcome::Failed { .. }) => "failed",
        Some(Outcome::Interrupted) => "was interrupted",
        Some(Outcome::Complete { .. } | Outcome::Stopped) => "said nothing",
    }
}

/// A column may stand twice with the same settings; an item has one answer a name.
fn other_name(known: &[Response], name: &str) -> String {
    let taken = |name: &str| known.iter().any(|response| response.model == name);
    let mut free = name.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = format!("{name} ({number})");
        number += 1;
    }
    free
}

/// The text of an answer that came to an end.
fn ended(message: &Message) -> Result<String> {
    match message.answer.as_ref().map(|answer| &answer.outcome) {
        Some(Outcome::Complete { .. } | Outcome::Stopped) => {}
        Some(Outcome::Streaming) => {
            let why = "the answer is still being written";
            return Err(Error::new(ErrorKind::Busy, DOING, why, "Add it when it has ended."));
        }
        _ => return Err(refused("the answer did not come to its end", "Ask again, then add the new one.")),
    }
    let text = message.text();
    if text.trim().is_empty() {
        return Err(refused("the answer has no text", "Name one that says something."));
    }
    Ok(text)
}

/// What people and models said; what tools were asked and gave back is left out.
fn said(messages: &[&Message]) -> Result<Vec<Turn>> {
    let mut turns = Vec::new();
    for message in messages {
        let seen = |block: &Block| matches!(block, Block::Image { .. } | Block::Document { .. });
        if let Some(block) = message.blocks.iter().find(|block| seen(block)) {
            let what = Attachment::of(block)
                .map_or_else(|| "a picture".to_owned(), |file| format!("{:?}", file.name));
            return Err(refused(
                &format!("{what} belongs to it; an item holds texts alone"),
                "Ask with texts alone.",
            ));
        }
        let text = message.text();
        if !text.trim().is_empty() {
            turns.push(Turn { role: message.role, text });
        }
    }
    Ok(turns)
}

fn refused(why: &str, hint: &str) -> Error {
    Error::new(ErrorKind::Invalid, DOING, why, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::StopReason;

    fn thread(column: u8, said: &[(&str, &str)]) -> Thread {
        let id = |n: u8| format!("{column:02}{n:02}0000-0000-7000-8000-000000000000");
        let (mut messages, mut parent) = (Vec::new(), serde_json::Value::Null);
        for ((question, answer), n) in said.iter().zip(0..) {
            let outcome = match *answer {
                "!" => Outcome::Failed { error: refused("no", "") },
                _ => Outcome::Complete { reason: StopReason::EndTurn },
            };
            let asked = serde_json::json!({
                "id": id(2 * n), "conversation": id(99), "parent": parent, "role": "user", "created": 0,
                "blocks": [{"type": "text", "text": question}],
            });
            let answered = serde_json::json!({
                "id": id(2 * n + 1), "conversation": id(99), "parent": id(2 * n), "role": "assistant", "created": 0,
                "blocks": [{"type": "text", "text": answer}],
                "answer": {"model": "home/x", "outcome": outcome, "settings": {}, "usage": {}, "timing": {}},
            });
            parent = id(2 * n + 1).into();
            messages.extend([asked, answered]);
        }
        let conversation = serde_json::json!({
            "id": id(99), "title": "", "created": 0, "updated": 0, "model": null, "leaf": parent,
        });
        serde_json::from_value(serde_json::json!({"conversation": conversation, "messages": messages}))
            .unwrap()
    }

    fn gathered(one: &[(&str, &str)], other: &[(&str, &str)]) -> (Item, Vec<String>) {
        let comparison = Comparison {
            id: crate::domain::id::ComparisonId::from_bytes([1; 16]),
            title: String::new(),
            created: crate::domain::time::Timestamp(0),
            updated: crate::domain::time::Timestamp(0),
            columns: ["home/x", "home/y"].map(|model| Column::new(model.parse().unwrap())).to_vec(),
            pages: Vec::new(),
            blind: None,
            category: None,
            unblinded: Vec::new(),
        };
        of_turn(&comparison, 0, &[thread(1, one), thread(2, other)], None).unwrap()
    }

    #[test]
    fn what_is_not_in_an_item_is_told() {
        let (item, remarks) = gathered(&[("q", "a"), ("r", "b")], &[("q", "a"), ("r", "c")]);
        let texts: Vec<_> = item.turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!((texts, remarks), (vec!["q", "a", "r"], Vec::new()), "all gave the same before");

        let ways = [[("q", "a"), ("r\ns", "b")], [("q", "x"), ("r\ns", "!")]];
        let (item, remarks) = gathered(&ways[0], &ways[1]);
        let texts: Vec<_> = item.turns.iter().map(|turn| turn.text.as_str()).collect();
        let answers: Vec<_> = item.responses.iter().map(|response| response.text.as_str()).collect();
        assert_eq!((texts, answers), (vec!["q"], vec!["a\n\n> r\n> s\n\nb"]));
        let differ = "the answers differ from turn 1 on: each is the conversation from there";
        assert_eq!(remarks, [differ, "without B, which failed"]);
    }
}
