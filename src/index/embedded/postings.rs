//! Which sets of attributes pass a filter, without looking at every passage.
//!
//! Passages of a document often have the same attributes, so a set of them is kept once under a number. For each key and
//! value it is known which sets have it. A test looks at the values that there are, by the very rule of
//! `domain::knowledge::filter`, so that both always say the same.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::bits::Bits;
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::filter::{Filter, Test};

/// A hundred and twenty-eight bits that tell one set from every other.
pub(super) type Digest = (u64, u64);

/// All sets of attributes.
#[derive(Debug, Default)]
pub(super) struct Postings {
    sets: usize,
    known: HashMap<Digest, u32>,
    keys: HashMap<String, Column>,
}

/// The values of one key, each with the sets that have it.
#[derive(Debug, Default)]
struct Column {
    texts: HashMap<String, Vec<u32>>,
    /// By their bits; zero has one sign.
    numbers: HashMap<u64, Vec<u32>>,
    truths: [Vec<u32>; 2],
    lists: HashMap<Vec<String>, Vec<u32>>,
}

impl Postings {
    /// The number of a set that is known.
    pub(super) fn number(&self, attributes: &Attributes) -> Option<u32> {
        self.known.get(&Self::digest(attributes)).copied()
    }

    /// What tells a set from every other.
    pub(super) fn digest(attributes: &Attributes) -> Digest {
        digest(attributes)
    }

    /// How many there are: the number of the next one.
    pub(super) fn len(&self) -> usize {
        self.sets
    }

    /// Takes a set in; the same one is taken in once.
    pub(super) fn put(&mut self, attributes: &Attributes) -> u32 {
        let digest = digest(attributes);
        if let Some(number) = self.known.get(&digest) {
            return *number;
        }
        let number = self.sets as u32;
        self.sets += 1;
        self.known.insert(digest, number);
        for (key, value) in attributes {
            if !self.keys.contains_key(key) {
                self.keys.insert(key.clone(), Column::default());
            }
            if let Some(column) = self.keys.get_mut(key) {
                column.put(value, number);
            }
        }
        number
    }

    /// The sets that pass.
    pub(super) fn passing(&self, filter: &Filter) -> Bits {
        match filter {
            Filter::Test { key, test } => self.tested(key, test),
            Filter::AndAll(all) => {
                let mut kept = Bits::full(self.sets);
                for filter in all {
                    kept.keep(&self.passing(filter));
                }
                kept
            }
            Filter::OrAll(some) => {
                let mut joined = Bits::default();
                for filter in some {
                    joined.join(&self.passing(filter));
                }
                joined
            }
        }
    }

    fn tested(&self, key: &str, test: &Test) -> Bits {
        let Some(column) = self.keys.get(key) else {
            return if test.passes_absent() { Bits::full(self.sets) } else { Bits::default() };
        };
        let without = |test: &Test| {
            let mut left = Bits::full(self.sets);
            for set in column.passing(test).iter() {
                left.take(set);
            }
            left
        };
        // Those who do not have the key pass these as well.
        match test {
            Test::NotEquals(value) => without(&Test::Equals(value.clone())),
            Test::NotIn(texts) => without(&Test::In(texts.clone())),
            test => column.passing(test),
        }
    }
}

impl Column {
    fn put(&mut self, value: &Value, set: u32) {
        match value {
            Value::Text(text) => match self.texts.get_mut(text) {
                Some(sets) => sets.push(set),
                None => drop(self.texts.insert(text.clone(), vec![set])),
            },
            Value::Number(number) => self.numbers.entry(bits(*number)).or_default().push(set),
            Value::Truth(truth) => self.truths[usize::from(*truth)].push(set),
            Value::Texts(texts) => match self.lists.get_mut(texts) {
                Some(sets) => sets.push(set),
                None => drop(self.lists.insert(texts.clone(), vec![set])),
            },
        }
    }

    fn passing(&self, test: &Test) -> Bits {
        let mut found = Bits::default();
        let mut take = |sets: &[u32]| sets.iter().for_each(|set| found.put(*set as usize));
        let texts = |wanted: &mut dyn Iterator<Item = &String>, take: &mut dyn FnMut(&[u32])| {
            wanted.filter_map(|text| self.texts.get(text)).for_each(|sets| take(sets));
        };
        match test {
            // These are looked up; for the others every value that there is is tried once.
            Test::Equals(Value::Text(text)) => texts(&mut std::iter::once(text), &mut take),
            Test::In(wanted) => texts(&mut wanted.iter(), &mut take),
            Test::Equals(Value::Number(number)) => {
                self.numbers.get(&bits(*number)).into_iter().for_each(|sets| take(sets));
            }
            test => {
                for (text, sets) in &self.texts {
                    if test.passes(&Value::Text(text.clone())) {
                        take(sets);
                    }
                }
                for (number, sets) in &self.numbers {
                    if test.passes(&Value::Number(f64::from_bits(*number))) {
                        take(sets);
                    }
                }
                for (truth, sets) in [false, true].into_iter().zip(&self.truths) {
                    if test.passes(&Value::Truth(truth)) {
                        take(sets);
                    }
                }
                for (texts, sets) in &self.lists {
                    if test.passes(&Value::Texts(texts.clone())) {
                        take(sets);
                    }
                }
            }
        }
        found
    }
}

fn bits(number: f64) -> u64 {
    // The two zeros are equal.
    if number == 0.0 { 0 } else { number.to_bits() }
}

fn digest(attributes: &Attributes) -> Digest {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        for (key, value) in attributes {
            key.hash(&mut hasher);
            match value {
                Value::Text(text) => (0_u8, text).hash(&mut hasher),
                Value::Number(number) => (1_u8, bits(*number)).hash(&mut hasher),
                Value::Truth(truth) => (2_u8, truth).hash(&mut hasher),
                Value::Texts(texts) => (3_u8, texts).hash(&mut hasher),
            }
        }
        hasher.finish()
    };
    (half(0), half(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            "[ab]{0,2}".prop_map(Value::Text),
            (-2..3_i8).prop_map(|n| Value::Number(f64::from(n) / 2.0)),
            Just(Value::Number(-0.0)),
            any::<bool>().prop_map(Value::Truth),
            proptest::collection::vec("[ab]{0,2}", 0..3).prop_map(Value::Texts),
        ]
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let bound = || (-2..3_i8).prop_map(|n| f64::from(n) / 2.0);
        let texts = || proptest::collection::vec("[ab]{0,2}", 0..3);
        let test = prop_oneof![
            any_value().prop_map(Test::Equals),
            any_value().prop_map(Test::NotEquals),
            bound().prop_map(Test::GreaterThan),
            bound().prop_map(Test::GreaterThanOrEquals),
            bound().prop_map(Test::LessThan),
            bound().prop_map(Test::LessThanOrEquals),
            texts().prop_map(Test::In),
            texts().prop_map(Test::NotIn),
            "[ab]{0,2}".prop_map(Test::StartsWith),
            "[ab]{0,2}".prop_map(Test::ListContains),
            "[ab]{0,2}".prop_map(Test::StringContains),
        ];
        let leaf = ("[xyz]", test).prop_map(|(key, test)| Filter::test(key, test));
        leaf.prop_recursive(2, 8, 3, |inner| {
            let members = proptest::collection::vec(inner, 2..4);
            prop_oneof![members.clone().prop_map(Filter::AndAll), members.prop_map(Filter::OrAll)]
        })
    }

    proptest! {
        #[test]
        fn the_sets_that_pass_are_those_that_match_one_by_one(
            sets in proptest::collection::vec(proptest::collection::btree_map("[xy]", any_value(), 0..3), 0..20),
            filter in any_filter(),
        ) {
            let mut postings = Postings::default();
            let numbers: Vec<u32> = sets.iter().map(|set| postings.put(set)).collect();
            let passing = postings.passing(&filter);
            for (set, number) in sets.iter().zip(numbers) {
                prop_assert_eq!(passing.has(number as usize), filter.matches(set), "{:?}", set);
                prop_assert_eq!(postings.number(set), Some(number));
            }
            prop_assert!(passing.iter().all(|set| set < postings.len()));
        }
    }
}
