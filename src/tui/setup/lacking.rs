//! What the chosen model cannot do, in the words of the screen. What nobody knows is no lack.

use crate::domain::catalog::{Capability, ModelCard};
use crate::domain::left_out::LeftOut;
use crate::domain::message::Block;
use crate::domain::settings::{Effort, Field, Settings};

/// Why a setting does nothing for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// For the row: "no tools".
    pub short: &'static str,
    /// For the note below the rows.
    pub why: String,
}

/// Why the setting does nothing for the model of that card; `None` where it does something, or where nobody knows.
pub fn of_field(field: &Field, card: Option<&ModelCard>, set: &Settings) -> Option<Lack> {
    let card = card?;
    let (capability, short, why) = match field.name {
        "tools" | "tool_choice" => (Capability::Tools, "no tools", "This model has no tools"),
        "response_schema" => (Capability::Schema, "no schema", "This model keeps to no schema"),
        "reasoning" => (Capability::Reasoning, "no thinking", "This model does not think"),
        _ => return unsent(field, card, set),
    };
    if card.can(capability) != Some(false) {
        return unsent(field, card, set);
    }
    // What is off asks for nothing.
    let end = if field.name == "tool_choice" { "." } else { ": asked for, it is refused." };
    Some(Lack { short, why: format!("{why}{end}") })
}

fn unsent(field: &Field, card: &ModelCard, set: &Settings) -> Option<Lack> {
    let of = |all: &[LeftOut]| {
        let left = all.iter().find(|left| left.settings.iter().any(|name| name == field.name))?;
        Some(Lack { short: "not sent", why: format!("It is not sent: {}.", left.why) })
    };
    let thinks = set.reasoning.is_some_and(|effort| effort != Effort::Off);
    of(&card.unsent).or_else(|| of(card.unsent_thinking.as_slice()).filter(|_| thinks))
}

/// Why a setting, or a system prompt, does nothing while that agent answers.
pub fn of_agent(name: &str) -> Lack {
    Lack { short: "not heeded", why: format!("{name} answers by its own prompt and settings.") }
}

/// Why a row of the pictures' settings is of no use for the model of that card: asked for, it is refused.
pub fn of_picture(row: &str, card: Option<&ModelCard>) -> Option<Lack> {
    let left = card?.unpictured.iter().find(|left| left.settings.iter().any(|name| name == row))?;
    Some(Lack { short: "not taken", why: format!("Asked for, it is refused: {}.", left.why) })
}

/// Why the model of that card does not take what is attached, to stand before the file's name.
pub fn of_block(block: &Block, card: Option<&ModelCard>) -> Option<&'static str> {
    let (capability, why) = match block {
        Block::Image { .. } => (Capability::Vision, "this model sees no pictures"),
        Block::Document { .. } => (Capability::Documents, "this model reads no documents"),
        _ => return None,
    };
    (card?.can(capability) == Some(false)).then_some(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::BlobId;
    use crate::domain::settings::FIELDS;

    fn card(lacks: &[Capability]) -> ModelCard {
        ModelCard { lacks: lacks.to_vec(), ..ModelCard::unknown("a/b".parse().unwrap()) }
    }

    fn dimmed(card: Option<&ModelCard>) -> Vec<&'static str> {
        set(card, &Settings::default())
    }

    fn set(card: Option<&ModelCard>, settings: &Settings) -> Vec<&'static str> {
        FIELDS
            .iter()
            .filter(|field| of_field(field, card, settings).is_some())
            .map(|field| field.name)
            .collect()
    }

    #[test]
    fn what_a_card_says_is_not_there_is_dimmed_and_what_it_does_not_say_is_not() {
        assert!(dimmed(None).is_empty() && dimmed(Some(&card(&[]))).is_empty());
        assert_eq!(dimmed(Some(&card(&[Capability::Tools]))), ["tools", "tool_choice"]);
        let both = card(&[Capability::Schema, Capability::Reasoning]);
        assert_eq!(dimmed(Some(&both)), ["reasoning", "response_schema"]);
        let why = "the Messages API has none".to_owned();
        let left = LeftOut { settings: vec!["seed".into()], why };
        let unsent = ModelCard { unsent: vec![left], ..card(&[]) };
        assert_eq!(dimmed(Some(&unsent)), ["seed"]);
        let seed = FIELDS.iter().find(|field| field.name == "seed").unwrap();
        let lack = of_field(seed, Some(&unsent), &Settings::default()).unwrap();
        assert_eq!(lack.why, "It is not sent: the Messages API has none.");
    }

    #[test]
    fn how_an_answer_is_drawn_is_dimmed_while_a_model_thinks_that_takes_none_of_it_then() {
        let why = "a model that thinks takes none".to_owned();
        let left = LeftOut { settings: vec!["temperature".into(), "top_k".into()], why };
        let thinker = ModelCard { unsent_thinking: vec![left], ..card(&[]) };
        for (effort, dim) in
            [(None, &[][..]), (Some(Effort::Off), &[]), (Some(Effort::Low), &["temperature", "top_k"])]
        {
            let settings = Settings { reasoning: effort, ..Settings::default() };
            assert_eq!(set(Some(&thinker), &settings), dim, "{effort:?}");
        }
    }

    #[test]
    fn a_row_of_pictures_is_dimmed_where_the_card_says_that_it_is_refused() {
        let left = LeftOut { settings: vec!["seed".into()], why: "servers of this kind take none".into() };
        let painter = ModelCard { unpictured: vec![left], ..card(&[]) };
        let why = |row| of_picture(row, Some(&painter)).map(|lack| lack.why);
        assert_eq!(why("seed").as_deref(), Some("Asked for, it is refused: servers of this kind take none."));
        assert_eq!((why("size"), of_picture("seed", None)), (None, None));
    }

    #[test]
    fn a_file_is_marked_where_the_card_says_that_the_model_does_not_take_it() {
        let blob = || BlobId("p".into());
        let image = Block::Image { media_type: "image/png".into(), blob: blob(), file: None };
        let document =
            Block::Document { name: "a".into(), media_type: "application/pdf".into(), blob: blob() };
        let blind = card(&[Capability::Vision]);
        assert_eq!(of_block(&image, Some(&blind)), Some("this model sees no pictures"));
        assert_eq!((of_block(&document, Some(&blind)), of_block(&image, None)), (None, None));
        let unread = card(&[Capability::Documents]);
        assert_eq!(of_block(&document, Some(&unread)), Some("this model reads no documents"));
        assert_eq!(of_block(&Block::Text { text: "hi".into() }, Some(&unread)), None);
    }
}
