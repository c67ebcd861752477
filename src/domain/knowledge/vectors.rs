//! How long a vector is, and how many a question is compared with: all that there are, or those of the lists that are nearest to it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::figures::grouped;

/// From so many numbers in all its vectors on, comparing all takes about as long as embedding the question: lists pay.
/// That is reckoned, not measured: `benches/README.md` has the growth from 100,000 to 1,000,000 passages that it follows from.
const FROM: u64 = 96_000_000;
/// Fewer are never sorted into lists: comparing all takes less than choosing some.
pub const LEAST: u64 = 1024;

/// The length of a vector.
pub fn norm(vector: &[f32]) -> f64 {
    vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt()
}

/// The cosine of two vectors, -1 to 1; one of zeros is near to nothing.
pub fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot: f64 = one.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    let lengths = norm(one) * norm(other);
    if lengths > 0.0 { dot / lengths } else { 0.0 }
}

/// Whether a vector has the length one, but for what rounding does to it.
pub fn is_normalised(vector: &[f32]) -> bool {
    (norm(vector) - 1.0).abs() < 1e-3
}

/// What is known of vectors, for people: how many numbers, and that their lengths tell something, where they do.
pub fn words(dimensions: u32, normalised: Option<bool>) -> String {
    let lengths = match normalised {
        Some(false) => ", of any length",
        Some(true) | None => "",
    };
    format!("{} numbers a passage{lengths}", grouped(dimensions.into()))
}

/// From so many passages on lists pay, of vectors of so many numbers.
pub fn from(dimensions: u64) -> u64 {
    (FROM / dimensions.max(1)).max(LEAST)
}

/// How the nearest vectors are looked for in the store of this workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VectorSearch {
    /// Exactly where they are few, by lists from [`from`] so many on.
    #[default]
    BySize,
    /// All are compared.
    Exact,
    /// By lists, wherever there are enough passages for any.
    Approximate,
}

impl VectorSearch {
    /// All of them, as they are written.
    pub const NAMES: &'static [&'static str] = &["by_size", "exact", "approximate"];

    /// Its name, as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BySize => "by_size",
            Self::Exact => "exact",
            Self::Approximate => "approximate",
        }
    }

    /// Whether so many passages are sorted into lists, where that pays `from` so many on.
    pub fn by_lists(self, passages: u64, from: u64) -> bool {
        match self {
            Self::BySize => passages >= from,
            Self::Exact => false,
            Self::Approximate => passages >= LEAST,
        }
    }

    /// What it comes to for so many passages, in words.
    pub fn words(self, passages: u64, from: u64) -> String {
        match (self, self.by_lists(passages, from)) {
            (Self::BySize, false) => format!("exactly; by lists from {} passages on", grouped(from)),
            (_, false) => "exactly".to_owned(),
            (_, true) => "by lists, nearly exactly".to_owned(),
        }
    }
}

impl fmt::Display for VectorSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which vectors a question was compared with, where those were not all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// So many lists, the nearest ones,
    pub lists: u32,
    /// of so many.
    pub of: u32,
    /// Passages that were compared, with those that are in no list yet.
    pub compared: u64,
}

impl Probed {
    /// Where those that were compared lie, to be said behind their number.
    pub fn words(self) -> String {
        format!(" in {} of {} lists", grouped(self.lists.into()), grouped(self.of.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_normalised_as_far_as_its_numbers_can_tell() {
        assert!(is_normalised(&[0.6, -0.8]) && is_normalised(&[0.707, 0.707]));
        assert!(!is_normalised(&[0.6, 0.6]) && !is_normalised(&[3.0, 4.0]) && !is_normalised(&[]));
        assert!((norm(&[3.0, 4.0]) - 5.0).abs() < 1e-9);
        let said = [Some(true), Some(false), None].map(|normalised| words(1536, normalised));
        let all = "1,536 numbers a passage";
        assert_eq!(said, [all.to_owned(), format!("{all}, of any length"), all.to_owned()]);
    }

    #[test]
    fn a_cosine_knows_no_lengths_and_nothing_is_near_to_zeros() {
        assert!((cosine(&[3.0, 4.0], &[6.0, 8.0]) - 1.0).abs() < 1e-12);
        assert!((cosine(&[1.0, 0.0], &[-2.0, 0.0]) + 1.0).abs() < 1e-12);
        assert!(cosine(&[1.0, 0.0], &[0.0, 2.0]).abs() < 1e-12);
        assert!(cosine(&[0.0, 0.0], &[1.0, 1.0]).abs() < 1e-12);
    }

    #[test]
    fn every_way_is_read_by_its_name() {
        for name in VectorSearch::NAMES {
            let search: VectorSearch = serde_json::from_value((*name).into()).unwrap();
            assert_eq!(search.to_string(), *name);
        }
    }

    #[test]
    fn lists_are_made_from_the_size_on_where_they_pay() {
        assert_eq!([384, 1536, 1, 65_536, 1_000_000].map(from), [250_000, 62_500, 96_000_000, 1464, 1024]);
        let (few, many) = (from(384) - 1, from(384));
        assert!(!VectorSearch::BySize.by_lists(few, many) && VectorSearch::BySize.by_lists(many, many));
        assert!(!VectorSearch::Exact.by_lists(u64::MAX, many));
        assert!(VectorSearch::Approximate.by_lists(LEAST, many));
        assert!(!VectorSearch::Approximate.by_lists(LEAST - 1, many));
        assert_eq!(VectorSearch::BySize.words(few, many), "exactly; by lists from 250,000 passages on");
        assert_eq!(VectorSearch::Exact.words(many, many), "exactly");
        assert_eq!(VectorSearch::BySize.words(many, many), "by lists, nearly exactly");
        let probed = Probed { lists: 80, of: 4000, compared: 21_000 };
        assert_eq!(probed.words(), " in 80 of 4,000 lists");
    }
}
