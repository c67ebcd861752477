//! Centres that vectors lie around, found by k-means on the sphere: the same ones for the same vectors, on every machine.
//!
//! Vectors are seen by their high bytes alone, seven bits and a sign a value: that is near enough to tell which centre is the
//! nearest, and what is near is compared exactly afterwards.

use std::ops::Range;

use outcrop_kernel::nearness::{Query, split};

use super::frame::unit;
use super::scan::spare_threads;

/// Rounds of k-means. After the first few hardly any vector changes its centre.
pub(super) const ROUNDS: usize = 6;
/// Vectors that are looked at before the next look at whether it is to stop: with thousands of centres a blink.
pub(super) const AT_ONCE: usize = 512;
/// Vectors that one thread takes at least: for fewer another thread costs more than it saves.
const SHARE: usize = 64;
/// Bytes of centres that stay in the nearest cache while many vectors are compared with them.
const NEAR: usize = 16 * 1024;

/// Vectors by their high bytes, one behind the other, and what one step of each is worth.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) highs: Vec<i8>,
    pub(super) scales: Vec<f32>,
}

impl Rows {
    /// Adds one.
    pub(super) fn push(&mut self, highs: &[i8], scale: f32) {
        self.highs.extend_from_slice(highs);
        self.scales.push(scale);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.scales.len()
    }

    /// The high bytes of one.
    fn of(&self, at: usize) -> &[i8] {
        let width = self.highs.len() / self.scales.len().max(1);
        &self.highs[at * width..(at + 1) * width]
    }

    /// The values of one, for a step of one: which centre is nearest does not depend on lengths.
    fn values(&self, at: usize) -> Vec<f32> {
        self.of(at).iter().map(|high| f32::from(*high)).collect()
    }
}

/// Some centres, each of length one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Centres(pub(super) Rows);

impl Centres {
    /// So many centres of a sample that has at least as many vectors. `step` is told of so many vectors more that were compared with
    /// all centres; where it gives `None` that is the end.
    pub(super) fn of(sample: &Rows, count: usize, step: &dyn Fn(usize) -> Option<()>) -> Option<Self> {
        let mut chance = Chance(0x5eed);
        let mut centres = Self(Rows::default());
        // Any vectors to begin with, none twice: the first ones of a deck that is shuffled as far as that.
        let mut deck: Vec<usize> = (0..sample.len()).collect();
        for at in 0..count.min(deck.len()) {
            let other = at + chance.below(deck.len() - at);
            deck.swap(at, other);
            centres.push(&sample.values(deck[at]));
        }
        for _ in 0..ROUNDS {
            let mut nearest = Vec::with_capacity(sample.len());
            while nearest.len() < sample.len() {
                let from = nearest.len();
                nearest.extend(centres.nearest_of(sample, from..sample.len().min(from + AT_ONCE)));
                step(nearest.len() - from)?;
            }
            centres = centres.moved(sample, &nearest, &mut chance);
        }
        Some(centres)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn push(&mut self, values: &[f32]) {
        let values = unit(values);
        let (mut high, mut low) = (vec![0; values.len()], vec![0; values.len()]);
        let scale = split(&values, &mut high, &mut low);
        self.0.push(&high, scale);
    }

    /// The centre that each vector is nearest to, the first one of equal ones.
    pub(super) fn nearest(&self, rows: &Rows) -> Vec<u16> {
        self.nearest_of(rows, 0..rows.len())
    }

    fn nearest_of(&self, rows: &Rows, some: Range<usize>) -> Vec<u16> {
        let threads = spare_threads().min(some.len() / SHARE).max(1);
        let at = |part: usize| some.start + some.len() * part / threads;
        let part = |number: usize| at(number)..at(number + 1);
        let work = |range: Range<usize>| {
            let queries: Vec<Query> = range.map(|at| Query::new(&rows.values(at))).collect();
            self.nearest_to(&queries)
        };
        let work = &work;
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|at| scope.spawn(move || work(part(at)))).collect();
            let mut found = work(part(0));
            for thread in others {
                found.extend(thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
            }
            found
        })
    }

    /// All are compared with some centres before any is with the next ones: those are near the processor then.
    fn nearest_to(&self, queries: &[Query]) -> Vec<u16> {
        let width = (self.0.highs.len() / self.len().max(1)).max(1);
        let many = (NEAR / width).max(1);
        let mut sums = vec![0; many];
        let mut best = vec![(f32::NEG_INFINITY, 0); queries.len()];
        let parts = self.0.highs.chunks(many * width).zip(self.0.scales.chunks(many));
        for ((highs, scales), first) in parts.zip((0..).step_by(many)) {
            let sums = &mut sums[..scales.len()];
            for (query, best) in queries.iter().zip(&mut best) {
                query.scan(highs, sums);
                for ((sum, scale), at) in sums.iter().zip(scales).zip(first..) {
                    let near = *sum as f32 * scale;
                    if near > best.0 {
                        *best = (near, at);
                    }
                }
            }
        }
        best.into_iter().map(|(_, at): (f32, usize)| at as u16).collect()
    }

    /// All of them, the nearest to a question first, equal ones in their order.
    pub(super) fn ranked(&self, query: &Query) -> Vec<u16> {
        let mut sums = vec![0; self.len()];
        query.scan(&self.0.highs, &mut sums);
        let near = sums.iter().zip(&self.0.scales).map(|(sum, scale)| *sum as f32 * scale);
        let mut ranked: Vec<(f32, u16)> = near.zip(0..).collect();
        ranked.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        ranked.into_iter().map(|(_, at)| at).collect()
    }

    /// Each in the middle of the vectors that are nearest to it; one that has none takes the place of any vector.
    fn moved(&self, sample: &Rows, nearest: &[u16], chance: &mut Chance) -> Self {
        let mut middles = Middles::new(self.len(), self.0.highs.len() / self.len().max(1));
        for (at, own) in nearest.iter().enumerate() {
            middles.add(*own, sample.of(at), sample.scales[at]);
        }
        let mut moved = Self(Rows::default());
        for middle in middles.each() {
            if let Some(middle) = middle {
                moved.push(middle);
            } else {
                moved.push(&sample.values(chance.below(sample.len())));
            }
        }
        moved
    }
}

/// The middles of the vectors of each list, added up.
pub(super) struct Middles {
    width: usize,
    sums: Vec<f32>,
    many: Vec<usize>,
}

impl Middles {
    /// Of so many lists, of vectors of so many values.
    pub(super) fn new(lists: usize, width: usize) -> Self {
        Self { width, sums: vec![0.0; width * lists], many: vec![0; lists] }
    }

    /// A vector of a list, by its high bytes.
    pub(super) fn add(&mut self, list: u16, highs: &[i8], scale: f32) {
        let own = usize::from(list);
        self.many[own] += 1;
        let place = &mut self.sums[own * self.width..(own + 1) * self.width];
        place.iter_mut().zip(highs).for_each(|(sum, high)| *sum += f32::from(*high) * scale);
    }

    /// In the order of the lists; `None` of one that has nothing.
    fn each(&self) -> impl Iterator<Item = Option<&[f32]>> {
        let sums = self.sums.chunks_exact(self.width.max(1));
        sums.zip(&self.many).map(|(sum, many)| (*many > 0).then_some(sum))
    }

    /// A centre in the middle of each list that has anything, and of every list which of them that is.
    pub(super) fn centres(&self) -> (Centres, Vec<Option<u16>>) {
        let (mut centres, mut numbers) = (Centres(Rows::default()), Vec::with_capacity(self.many.len()));
        for middle in self.each() {
            numbers.push(middle.map(|middle| {
                centres.push(middle);
                (centres.len() - 1) as u16
            }));
        }
        (centres, numbers)
    }
}

/// Numbers that look like chance and are the same everywhere.
struct Chance(u64);

impl Chance {
    /// One below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 32;

    /// Vectors around the axes, so many around each.
    fn around(axes: usize, each: usize) -> Rows {
        let mut chance = Chance(7);
        let mut rows = Rows::default();
        for number in 0..axes * each {
            let mut values: Vec<i8> = (0..WIDTH).map(|_| chance.below(21) as i8 - 10).collect();
            values[number % axes] = 100;
            rows.push(&values, 1.0);
        }
        rows
    }

    #[test]
    fn every_cluster_has_a_centre_of_its_own_and_the_same_ones_come_again() {
        let rows = around(8, 600);
        let looked = std::cell::Cell::new(0);
        let step = |more: usize| {
            looked.set(looked.get() + more);
            Some(())
        };
        let centres = Centres::of(&rows, 24, &step).unwrap();
        assert_eq!(looked.get(), ROUNDS * rows.len());
        assert_eq!((centres.len(), centres.0.highs.len()), (24, 24 * WIDTH));
        assert_eq!(Centres::of(&rows, 24, &|_| Some(())).as_ref(), Some(&centres));
        assert_eq!(Centres::of(&rows, 24, &|_| None), None);
        let nearest = centres.nearest(&rows);
        for (one, own) in nearest.iter().enumerate() {
            for (other, theirs) in nearest.iter().enumerate().skip(one).take(16) {
                assert!(own != theirs || one % 8 == other % 8, "{one} and {other} have one centre");
            }
        }
        // A question ranks them as a vector does.
        let query = Query::new(&rows.values(3));
        let ranked = centres.ranked(&query);
        assert_eq!((ranked.len(), ranked[0]), (24, nearest[3]));
    }

    #[test]
    fn vectors_that_are_all_alike_or_nothing_have_the_first_centre_and_no_number_is_lost() {
        for value in [0, 5] {
            let mut rows = Rows::default();
            (0..700).for_each(|_| rows.push(&[value; WIDTH], 0.5));
            let centres = Centres::of(&rows, 9, &|_| Some(())).unwrap();
            assert_eq!(centres.nearest(&rows), vec![0; 700]);
            assert!(centres.0.scales.iter().all(|scale| scale.is_finite()));
        }
        assert!(Centres(Rows::default()).nearest(&Rows::default()).is_empty());
    }

    #[test]
    fn the_nearest_of_many_centres_is_the_first_of_them_by_rank() {
        let rows = around(8, 90);
        let mut centres = Centres(Rows::default());
        // More than lie near the processor at once, some of them twice.
        (0..700).for_each(|at| centres.push(&rows.values(at % 600)));
        assert!(centres.0.highs.len() > NEAR);
        for (at, own) in centres.nearest(&rows).into_iter().enumerate() {
            assert_eq!(own, centres.ranked(&Query::new(&rows.values(at)))[0]);
        }
    }

    #[test]
    fn centres_amid_what_is_in_lists_are_those_of_the_lists_that_have_anything() {
        let mut middles = Middles::new(4, WIDTH);
        for (list, at) in [(1, 3), (3, 0), (1, 4)] {
            let mut highs = [0; WIDTH];
            highs[at] = 50;
            middles.add(list, &highs, 0.5);
        }
        let (centres, numbers) = middles.centres();
        assert_eq!((centres.len(), numbers), (2, vec![None, Some(0), None, Some(1)]));
        let value =
            |centre: usize, at: usize| centres.0.values(centre)[at] * centres.0.scales[centre] * 256.0;
        let close = |value: f32, wanted: f32| (value - wanted).abs() < 0.01;
        assert!(close(value(0, 3), 0.5_f32.sqrt()) && close(value(0, 4), 0.5_f32.sqrt()));
        assert!(close(value(1, 0), 1.0) && close(value(1, 3), 0.0));
    }
}
