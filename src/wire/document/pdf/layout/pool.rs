//! Words by their baseline: bands of four points, each in reading order.

use std::collections::BTreeMap;

use super::word::Word;

/// The height of a band.
const BAND: f64 = 4.0;

#[derive(Debug, Default)]
pub struct Pool {
    bands: BTreeMap<i64, Vec<Word>>,
}

fn band(base: f64) -> i64 {
    (base / BAND) as i64
}

impl Pool {
    pub fn add(&mut self, word: Word) {
        let band = self.bands.entry(band(word.base)).or_default();
        let at = band.partition_point(|other| other.start <= word.start);
        band.insert(at, word);
    }

    /// The first word: the one that starts first of those in the first four bands, so that nothing begins with a raised
    /// one.
    pub fn pop(&mut self) -> Option<Word> {
        let first = *self.bands.keys().next()?;
        let mut best = first;
        for (band, words) in self.bands.range(first..=first.saturating_add(3)) {
            if words[0].start < self.bands[&best][0].start {
                best = *band;
            }
        }
        Some(self.remove(best, 0))
    }

    fn remove(&mut self, band: i64, at: usize) -> Word {
        let words = self.bands.entry(band).or_default();
        let word = words.remove(at);
        if words.is_empty() {
            self.bands.remove(&band);
        }
        word
    }

    fn near(&self, from: f64, to: f64) -> impl Iterator<Item = (i64, &Vec<Word>)> {
        let (from, to) = (band(from), band(to));
        self.bands.range(from..=to.max(from)).map(|(band, words)| (*band, words))
    }

    /// Takes all words with a baseline in `from..=to` that `fits` (which may learn from each).
    pub fn take(&mut self, from: f64, to: f64, up: bool, mut fits: impl FnMut(&Word) -> bool) -> Vec<Word> {
        let mut bands: Vec<i64> = self.near(from, to).map(|(band, _)| band).collect();
        if up {
            bands.reverse();
        }
        let mut taken = Vec::new();
        for band in bands {
            let Some(words) = self.bands.get_mut(&band) else { continue };
            taken.extend(words.extract_if(.., |word| word.base >= from && word.base <= to && fits(word)));
            if words.is_empty() {
                self.bands.remove(&band);
            }
        }
        taken
    }

    /// Of each band, the first word with a baseline in `from..=to` that `fits`.
    pub fn firsts(&self, from: f64, to: f64, fits: impl Fn(&Word) -> bool) -> usize {
        let one = |word: &Word| word.base >= from && word.base <= to && fits(word);
        self.near(from, to).filter(|(_, words)| words.iter().any(one)).count()
    }

    /// Takes the word that goes on after `last` in a line of baselines `from..=to`: of each band the first, and of these
    /// the one that starts first, if it is no farther than `far`. `None` too where one overlaps by more than `overlap`.
    pub fn next(&mut self, from: f64, to: f64, last: &Word, overlap: f64, far: f64) -> Option<Word> {
        let mut best: Option<(i64, usize, f64)> = None;
        for (band, words) in self.near(from, to) {
            let first = words.iter().enumerate().find(|(_, word)| word.base >= from && word.base <= to);
            let Some((at, word)) = first else { continue };
            let gap = word.start - last.end;
            if gap < overlap {
                return None;
            }
            if gap < far && best.is_none_or(|(_, _, start)| word.start < start) {
                best = Some((band, at, word.start));
            }
        }
        best.map(|(band, at, _)| self.remove(band, at))
    }

    /// Leaves out what was printed twice at one place.
    pub fn undouble(&mut self) {
        let mut words: Vec<Word> = std::mem::take(&mut self.bands).into_values().flatten().collect();
        let mut at = 0;
        while at < words.len() {
            let word = &words[at];
            let limit = band(word.base + super::SAME_ACROSS * word.style.size);
            let double = (at + 1..words.len())
                .take_while(|other| band(words[*other].base) <= limit)
                .find(|other| words[at].doubles(&words[*other]));
            match double {
                Some(double) => drop(words.remove(double)),
                None => at += 1,
            }
        }
        for word in words {
            self.bands.entry(band(word.base)).or_default().push(word);
        }
    }
}
