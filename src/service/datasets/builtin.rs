//! The datasets that came with the program, read from it when they are asked for.

use crate::domain::evaluation::dataset::{BUILT_IN, Dataset};
use crate::domain::evaluation::item::Item;
use crate::domain::id::DatasetId;
use crate::domain::time::Timestamp;
use crate::wire::evaluation::dataset;

/// Each with the last byte of its id, which never changes.
const SETS: [(u8, &str, &str); 4] = [
    (1, "generation", include_str!("../../../assets/datasets/generation.jsonl")),
    (2, "summarisation", include_str!("../../../assets/datasets/summarisation.jsonl")),
    (3, "question-answering", include_str!("../../../assets/datasets/question-answering.jsonl")),
    (4, "classification", include_str!("../../../assets/datasets/classification.jsonl")),
];

/// What they may be used for, as `assets/datasets/LICENCE.md` says.
const LICENCE: &str = "MIT OR Apache-2.0";

fn id(number: u8) -> DatasetId {
    let mut bytes = [0; 16];
    bytes[15] = number;
    DatasetId::from_bytes(bytes)
}

/// Their heads.
pub fn heads() -> Vec<Dataset> {
    let head = |(number, name, text): &(u8, &str, &str)| Dataset {
        id: id(*number),
        name: format!("{BUILT_IN}{name}"),
        created: Timestamp(0),
        updated: Timestamp(0),
        items: u32::try_from(text.lines().filter(|line| !line.trim().is_empty()).count()).unwrap_or(u32::MAX),
        source: Some("built in".to_owned()),
        licence: Some(LICENCE.to_owned()),
    };
    SETS.iter().map(head).collect()
}

/// The items of one of them; `None` for the id of another dataset.
pub fn items(of: DatasetId) -> Option<Vec<Item>> {
    let (_, _, text) = SETS.iter().find(|(number, ..)| id(*number) == of)?;
    Some(dataset::read(text.as_bytes()).into_taken())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::evaluation::item::doubled;

    #[test]
    fn every_line_is_an_item_with_a_reference_and_a_category_and_none_comes_twice() {
        let mut all = Vec::new();
        for (head, (_, name, text)) in heads().iter().zip(SETS) {
            let read = dataset::read(text.as_bytes());
            assert_eq!(read.bad, [], "{name}");
            let items = items(head.id).unwrap();
            assert_eq!(head.items as usize, items.len());
            assert!((15..=25).contains(&items.len()), "{name} has {}", items.len());
            let categories: BTreeSet<_> = items.iter().map(|item| item.category.clone().unwrap()).collect();
            assert!(categories.len() > 1, "{name}: {categories:?}");
            for item in &items {
                assert!(
                    item.reference.as_ref().is_some_and(|said| !said.trim().is_empty()),
                    "{}",
                    item.prompt()
                );
            }
            all.extend(items);
        }
        assert_eq!(doubled(&all), []);
        assert_eq!(items(DatasetId::from_bytes([7; 16])), None);
    }
}
