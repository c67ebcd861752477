//! A set of small numbers.

/// One bit a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// All numbers below `length`.
    pub fn full(length: usize) -> Self {
        let mut words = vec![u64::MAX; length.div_ceil(64)];
        if let Some(last) = words.last_mut().filter(|_| !length.is_multiple_of(64)) {
            *last = (1 << (length % 64)) - 1;
        }
        Self { words }
    }

    /// The places of those of `values` that are in `wanted`.
    pub fn where_in(values: &[u32], wanted: &Self) -> Self {
        let word = |values: &[u32]| {
            values
                .iter()
                .enumerate()
                .fold(0, |word, (at, value)| word | u64::from(wanted.has(*value as usize)) << at)
        };
        Self { words: values.chunks(64).map(word).collect() }
    }

    /// Whether it has a number.
    pub fn has(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Puts a number in.
    pub fn put(&mut self, number: usize) {
        if number / 64 >= self.words.len() {
            self.words.resize(number / 64 + 1, 0);
        }
        self.words[number / 64] |= 1 << (number % 64);
    }

    /// Takes a number out; whether it was in.
    pub fn take(&mut self, number: usize) -> bool {
        let was = self.has(number);
        if was {
            self.words[number / 64] &= !(1 << (number % 64));
        }
        was
    }

    /// Keeps what `other` has too.
    pub fn keep(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(own, other)| *own &= other);
    }

    /// Takes in what `other` has.
    pub fn join(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(own, other)| *own |= other);
    }

    /// How many it has.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many it has in a range that begins and ends at multiples of 64.
    pub fn count_within(&self, range: std::ops::Range<usize>) -> usize {
        let (first, end) = (range.start / 64, (range.end / 64).min(self.words.len()));
        self.words.get(first..end).unwrap_or_default().iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Its numbers, smallest first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.within(0..self.words.len() * 64)
    }

    /// Its numbers in a range that begins and ends at multiples of 64, smallest first.
    pub fn within(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let (first, end) = (range.start / 64, (range.end / 64).min(self.words.len()));
        let words = self.words.get(first..end).unwrap_or_default();
        words.iter().zip(first..).flat_map(|(word, at)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit)
            })
        })
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<T: IntoIterator<Item = usize>>(numbers: T) -> Self {
        let mut bits = Self::default();
        numbers.into_iter().for_each(|number| bits.put(number));
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_set() {
        let some: Bits = [0, 63, 64, 200].into_iter().collect();
        assert_eq!(some.iter().collect::<Vec<_>>(), [0, 63, 64, 200]);
        assert!(some.has(200) && !some.has(201) && !some.has(9999));
        let mut kept = Bits::full(65);
        assert_eq!(kept.count(), 65);
        kept.keep(&some);
        assert_eq!(kept.iter().collect::<Vec<_>>(), [0, 63, 64]);
        assert!(kept.take(63) && !kept.take(63) && !kept.take(9999));
        kept.join(&[300].into_iter().collect());
        assert_eq!(kept.iter().collect::<Vec<_>>(), [0, 64, 300]);
        assert_eq!(Bits::full(128).count(), 128);
        assert_eq!(some.within(64..256).collect::<Vec<_>>(), [64, 200]);
        assert_eq!((some.count_within(64..256), some.count_within(256..9984)), (2, 0));
        assert_eq!(some.within(256..512).count() + some.within(9984..9984).count(), 0);
        let values: Vec<u32> = (0..130).collect();
        assert_eq!(Bits::where_in(&values, &some).iter().collect::<Vec<_>>(), [0, 63, 64]);
    }
}
