//! What the chosen model cannot do, in the words of the screen. What nobody knows is no lack.

use crate::domain::catalog::{Capability, ModelCard};
use crate::domain::message::Block;
use crate::domain::settings::Field;

/// Why a setting does nothing for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// For the row: "no tools".
    pub short: &'static str,
    /// For the note below the rows.
    pub why: String,
}

/// Why the setting does nothing for the model of that card; `None` where it does something, or where nobody knows.
pub fn of_field(field: &Field, card: Option<&ModelCard>) -> Option<Lack> {
    let card = card?;
    let (capability, short, why) = match field.name {
        "tools" | "tool_choice" => (Capability::Tools, "no tools", "This model has no tools"),
        "response_schema" => (Capability::Schema, "no schema", "This model keeps to no schema"),
        "reasoning" => (Capability::Reasoning, "no thinking", "This model does not think"),
        _ => return unsent(field, card),
    };
    if card.can(capability) != Some(false) {
        return unsent(field, card);
    }
    // What is off asks for nothing.
    let end = if field.name == "tool_choice" { "." } else { ": asked for, it is refused." };
    Some(Lack { short, why: format!("{why}{end}") })
}

fn unsent(field: &Field, card: &ModelCard) -> Option<Lack> {
    let left = card.unsent.iter().find(|left| left.settings.iter().any(|name| name == field.name))?;
    Some(Lack { short: "not sent", why: format!("It is not sent: {}.", left.why) })
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
    use crate::domain::left_out::LeftOut;
    use crate::domain::message::BlobId;
    use crate::domain::settings::FIELDS;

    fn card(lacks: &[Capability]) -> ModelCard {
        ModelCard { lacks: lacks.to_vec(), ..ModelCard::unknown("a/b".parse().unwrap()) }
    }

    fn dimmed(card: Option<&ModelCard>) -> Vec<&'static str> {
        FIELDS.iter().filter(|field| of_field(field, card).is_some()).map(|field| field.name).collect()
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
        assert_eq!(of_field(seed, Some(&unsent)).unwrap().why, "It is not sent: the Messages API has none.");
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
