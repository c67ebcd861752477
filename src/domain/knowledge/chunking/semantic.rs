//! Semantic chunking: a cut where neighbouring sentences mean the most different things.
//!
//! In two steps, since the vectors of the sentences come from a model. Each sentence is embedded with its neighbours; where the
//! cosine distance of two is above the percentile of all distances, a passage ends (101 sentences at the 90th: ten cuts).

use std::ops::Range;

use super::{Cuts, Text, pack, sentences::sentences};
use crate::domain::{Error, Result};

/// A text of which the vectors of the sentences are wanted.
#[derive(Debug)]
pub struct Semantic<'a> {
    text: Text<'a>,
    limit: u32,
    percentile: u32,
    sentences: Vec<Range<usize>>,
    /// What is embedded of each.
    windows: Vec<Range<usize>>,
    /// Whether a section begins with it.
    firsts: Vec<bool>,
}

impl<'a> Semantic<'a> {
    pub(super) fn new(
        text: Text<'a>,
        sections: &[Range<usize>],
        limit: u32,
        buffer: usize,
        percentile: u32,
    ) -> Self {
        let mut semantic =
            Self { text, limit, percentile, sentences: Vec::new(), windows: Vec::new(), firsts: Vec::new() };
        for section in sections {
            let own: Vec<_> = sentences(text.text, section.clone())
                .into_iter()
                .filter(|sentence| !text.text[sentence.clone()].trim().is_empty())
                .collect();
            for (at, sentence) in own.iter().enumerate() {
                let first = &own[at.saturating_sub(buffer)];
                let last = &own[(at + buffer).min(own.len() - 1)];
                semantic.windows.push(first.start..last.end);
                semantic.firsts.push(at == 0);
                semantic.sentences.push(sentence.clone());
            }
        }
        semantic
    }

    /// The texts to embed, in order.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.windows.iter().map(|window| self.text.text[window.clone()].trim())
    }

    /// Cuts the text, with the vector of each of [`Self::texts`].
    pub fn finish(self, vectors: &[Vec<f32>]) -> Result<Cuts> {
        if vectors.len() != self.sentences.len() {
            let why = format!("{} sentences have {} vectors", self.sentences.len(), vectors.len());
            return Err(Error::internal("cutting a text by its sense", why));
        }
        let distances: Vec<f64> = vectors.windows(2).map(|two| distance(&two[0], &two[1])).collect();
        let within = distances.iter().zip(&self.firsts[self.firsts.len().min(1)..]);
        let compared = within.filter(|(_, first)| !**first).map(|(distance, _)| *distance).collect();
        let threshold = percentile(compared, self.percentile);
        let mut cuts = Cuts::default();
        let mut from = 0;
        for at in 1..=self.sentences.len() {
            let ends = at == self.sentences.len() || self.firsts[at] || distances[at - 1] > threshold;
            if ends {
                let group = self.sentences[from].start..self.sentences[at - 1].end;
                cuts.passages.extend(pack::cut(self.text, group, self.limit, 0, None));
                from = at;
            }
        }
        Ok(cuts)
    }
}

/// One less the cosine.
fn distance(one: &[f32], other: &[f32]) -> f64 {
    let product =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let lengths = (product(one, one) * product(other, other)).sqrt();
    if lengths > 0.0 { 1.0 - product(one, other) / lengths } else { 0.0 }
}

/// The percentile, between two values by straight lines (as `NumPy` does by default). Of nothing: nothing is above it.
fn percentile(mut values: Vec<f64>, percentile: u32) -> f64 {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return f64::INFINITY };
    let place = f64::from(percentile) / 100.0 * last as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(last);
    values[low] + (values[high] - values[low]) * part
}

#[cfg(test)]
mod tests {
    use super::super::{Chunking, Plan, Tokens};
    use super::*;

    #[test]
    fn a_hundred_and_one_sentences_at_the_ninetieth_percentile_have_ten_cuts() {
        let text = "A sentence. ".repeat(101);
        let tokens = Tokens::new([]);
        let chunking = Chunking::Semantic { max_tokens: 100, buffer: 1, breakpoint_percentile: 90 };
        let plan = chunking.plan(Text { text: &text, tokens: &tokens, sections: &[], headers: &[] }).unwrap();
        let Plan::Semantic(semantic) = plan else { panic!("it needs vectors") };
        let texts: Vec<&str> = semantic.texts().collect();
        assert_eq!(
            (texts.len(), texts[0], texts[1]),
            (101, "A sentence. A sentence.", "A sentence. A sentence. A sentence.")
        );
        // Each angle is a little wider than the one before.
        let turned = |n: u32| (0..=n).map(|i| f64::from(i) / 2000.0).sum::<f64>();
        let vectors: Vec<_> =
            (0..101).map(|n| vec![turned(n).cos() as f32, turned(n).sin() as f32]).collect();
        let cuts = semantic.finish(&vectors).unwrap();
        assert_eq!(cuts.passages.len(), 11);
        assert_eq!(cuts.passages[0].range.len(), 91 * 12 - 1, "the wide angles are the last");
    }

    #[test]
    fn sections_are_not_joined_however_alike_they_are() {
        let text = "One here. Two here. Three there.";
        let tokens = Tokens::new([]);
        let chunking = Chunking::Semantic { max_tokens: 100, buffer: 0, breakpoint_percentile: 99 };
        let sections = [0..20, 20..text.len()];
        let Plan::Semantic(semantic) =
            chunking.plan(Text { text, tokens: &tokens, sections: &sections, headers: &[] }).unwrap()
        else {
            panic!("it needs vectors")
        };
        let cuts = semantic.finish(&vec![vec![1.0, 0.0]; 3]).unwrap();
        let texts: Vec<_> = cuts.passages.iter().map(|cut| &text[cut.range.clone()]).collect();
        assert_eq!(texts, ["One here. Two here.", "Three there."]);
    }

    #[test]
    fn a_wrong_number_of_vectors_is_a_fault_that_is_told() {
        let tokens = Tokens::new([]);
        let chunking = Chunking::Semantic { max_tokens: 100, buffer: 0, breakpoint_percentile: 99 };
        let Plan::Semantic(semantic) =
            chunking.plan(Text { text: "One.", tokens: &tokens, sections: &[], headers: &[] }).unwrap()
        else {
            panic!("it needs vectors")
        };
        assert!(semantic.finish(&[]).is_err());
    }
}
