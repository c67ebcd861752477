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

    /// Its numbers, smallest first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
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
    }
}
