//! A call of a model that a span tells of, handed on as a row of a dataset: what was asked, what came before it, the answer.

use super::contents::{Contents, Said};
use crate::domain::evaluation::item::{Item, Response, Turn};
use crate::domain::message::Role;

/// The row; `model` is by which name results know the answer. `None` where the person said nothing last: what goes on after a
/// tool asks nothing.
pub fn item(contents: &Contents, model: &str) -> Option<Item> {
    let (asked, before) = contents.input.split_last()?;
    let says = |said: &Said| Some(said.text()).filter(|text| !text.trim().is_empty());
    let question = Some(asked).filter(|said| said.role == "user").and_then(says)?;
    let turn = |said: &Said| {
        let role = match said.role.as_str() {
            "system" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => return None,
        };
        Some(Turn { role, text: says(said)? })
    };
    let mut turns: Vec<Turn> = before.iter().filter_map(turn).collect();
    turns.push(Turn { role: Role::User, text: question });
    let answer = contents.output.iter().filter_map(says).collect::<Vec<_>>().join("\n");
    let response = Response { model: model.to_owned(), text: answer };
    let responses = Some(response).filter(|it| !it.text.is_empty() && !it.model.is_empty());
    Some(Item { turns, responses: responses.into_iter().collect(), ..Item::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(input: Vec<Said>) -> Contents {
        Contents { input, output: vec![Said::new("assistant", "It rains.")], ..Contents::default() }
    }

    #[test]
    fn a_row_has_the_question_what_came_before_it_and_the_answer() {
        let input = vec![
            Said::new("system", "Be terse."),
            Said::new("user", "Hi"),
            Said::new("tool", "57"),
            Said::new("assistant", "Hello"),
            Said::new("user", "Weather?"),
        ];
        let item = item(&asked(input), "m1").unwrap();
        let turns: Vec<(Role, &str)> =
            item.turns.iter().map(|turn| (turn.role, turn.text.as_str())).collect();
        let wanted = [
            (Role::System, "Be terse."),
            (Role::User, "Hi"),
            (Role::Assistant, "Hello"),
            (Role::User, "Weather?"),
        ];
        assert_eq!((turns.as_slice(), item.prompt()), (&wanted[..], "Weather?"));
        assert_eq!(item.response("m1").map(|response| response.text.as_str()), Some("It rains."));
    }

    #[test]
    fn what_asks_nothing_makes_no_row_and_an_answer_that_nobody_gave_is_none() {
        assert_eq!(item(&asked(vec![]), "m1"), None);
        assert_eq!(item(&asked(vec![Said::new("tool", "57")]), "m1"), None);
        assert_eq!(item(&asked(vec![Said::new("user", " ")]), "m1"), None);
        assert!(item(&asked(vec![Said::new("user", "Hi")]), "").unwrap().responses.is_empty());
    }
}
