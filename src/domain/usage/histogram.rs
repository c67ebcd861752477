//! Times in buckets that can be added up: a histogram whose buckets grow with what they hold.
//!
//! Every power of two is parted into 32 equal buckets, as HDR histograms do with two figures: below 64 ms each bucket is
//! one millisecond, above it a bucket is at most a thirty-second of its times wide, and its middle is off by at most a
//! sixty-fourth of them, 1.6 %.

use serde::{Deserialize, Serialize};

/// Buckets of one power of two, as a power of two.
const PARTS: u32 = 5;

/// How often each time was seen, in milliseconds; two of them add up to one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histogram {
    /// Bucket and count, buckets in order, none of them empty.
    buckets: Vec<(u16, u64)>,
    /// Of all times, in milliseconds.
    sum: u64,
}

impl Histogram {
    /// From buckets with their counts, as `flat` gives them, and the sum of the times.
    pub fn from_flat(flat: &[u64], sum: u64) -> Self {
        let mut histogram = Self { buckets: Vec::with_capacity(flat.len() / 2), sum };
        for pair in flat.chunks_exact(2) {
            let Ok(bucket) = u16::try_from(pair[0]) else { continue };
            match histogram.buckets.last() {
                // As `flat` writes them.
                Some((last, _)) if *last >= bucket => histogram.add(bucket, pair[1]),
                _ if pair[1] > 0 => histogram.buckets.push((bucket, pair[1])),
                _ => {}
            }
        }
        histogram
    }

    /// Bucket, count, bucket, count …
    pub fn flat(&self) -> Vec<u64> {
        self.buckets.iter().flat_map(|(bucket, count)| [u64::from(*bucket), *count]).collect()
    }

    /// Counts one time.
    pub fn record(&mut self, ms: u32) {
        self.add(bucket_of(ms), 1);
        self.sum = self.sum.saturating_add(u64::from(ms));
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
        } else {
            let mut from = 0;
            for (bucket, count) in &other.buckets {
                match self.buckets[from..].binary_search_by_key(bucket, |(bucket, _)| *bucket) {
                    Ok(at) => {
                        from += at;
                        self.buckets[from].1 = self.buckets[from].1.saturating_add(*count);
                    }
                    Err(at) => {
                        from += at;
                        self.buckets.insert(from, (*bucket, *count));
                    }
                }
            }
        }
        self.sum = self.sum.saturating_add(other.sum);
    }

    fn add(&mut self, bucket: u16, count: u64) {
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            _ if count == 0 => {}
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(count),
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    /// How many times there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// The sum of all times, in milliseconds.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The time that so many of a hundred do not exceed (nearest rank), in milliseconds; `None` where there is none.
    pub fn percentile(&self, hundredths: u8) -> Option<u32> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (count * u64::from(hundredths.min(100))).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return Some(middle(*bucket));
            }
        }
        None
    }

    /// How many times are below two to each power from 0 on, in milliseconds: the last number is `count`.
    pub fn below_powers(&self) -> Vec<u64> {
        let mut below = Vec::new();
        let (mut seen, mut buckets) = (0, self.buckets.iter().peekable());
        for power in 0..=32_u32 {
            while let Some((bucket, count)) = buckets.peek()
                && u64::from(edges(*bucket).0) < 1 << power
            {
                seen += count;
                buckets.next();
            }
            below.push(seen);
            if buckets.peek().is_none() {
                break;
            }
        }
        below
    }
}

fn bucket_of(ms: u32) -> u16 {
    let power = ms.checked_ilog2().unwrap_or(0);
    if power <= PARTS {
        return ms as u16;
    }
    let shift = power - PARTS;
    ((shift << PARTS) + (ms >> shift)) as u16
}

/// The least time of a bucket, and how many milliseconds it is wide.
fn edges(bucket: u16) -> (u32, u32) {
    let bucket = u32::from(bucket);
    if bucket < 2 << PARTS {
        return (bucket, 1);
    }
    let shift = (bucket >> PARTS) - 1;
    let part = bucket - (shift << PARTS);
    // A damaged record may name a bucket that no time has.
    (part.checked_shl(shift).unwrap_or(u32::MAX), 1_u32.checked_shl(shift).unwrap_or(1))
}

fn middle(bucket: u16) -> u32 {
    let (least, width) = edges(bucket);
    least.saturating_add(width / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_times_and_its_middle_is_near_them() {
        let times = (0..5_000).chain((0..32).flat_map(|power| {
            let time = 1_u32 << power;
            [time, time + time / 3, time + time / 2, time + (time - 1)]
        }));
        for ms in times {
            let bucket = bucket_of(ms);
            let (least, width) = edges(bucket);
            assert!(least <= ms && ms - least < width, "{ms}: {least} {width}");
            let off = f64::from(middle(bucket).abs_diff(ms));
            assert!(off <= f64::from(ms) / 64.0, "{ms}: {}", middle(bucket));
        }
        assert!((0..100_000).map(bucket_of).is_sorted());
        assert_eq!(bucket_of(u32::MAX), 895);
    }

    #[test]
    fn percentiles_are_those_of_the_times_within_a_sixty_fourth() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), None);
        for ms in 1..=1_000 {
            histogram.record(ms);
        }
        for (hundredths, exact) in [(0, 1), (50, 500), (95, 950), (99, 990), (100, 1_000)] {
            let told = histogram.percentile(hundredths).unwrap();
            assert!(told.abs_diff(exact) <= exact / 64 + 1, "{hundredths}: {told}");
        }
        assert_eq!((histogram.count(), histogram.sum()), (1_000, 500_500));
    }

    #[test]
    fn two_that_are_added_are_what_one_would_be() {
        let (mut whole, mut parts) = (Histogram::default(), [Histogram::default(), Histogram::default()]);
        for (at, ms) in [3, 900, 70, 900, 12_345, 0, 64, 65, 1_000_000].into_iter().enumerate() {
            whole.record(ms);
            parts[at % 2].record(ms);
        }
        let [mut sum, other] = parts;
        sum.merge(&other);
        assert_eq!(sum, whole);
        let mut from_nothing = Histogram::default();
        from_nothing.merge(&whole);
        assert_eq!(from_nothing, whole);
        assert_eq!(Histogram::from_flat(&whole.flat(), whole.sum()), whole);
    }

    #[test]
    fn times_below_powers_of_two_are_counted_exactly() {
        let mut histogram = Histogram::default();
        for ms in [0, 1, 127, 128, 128, 5_000] {
            histogram.record(ms);
        }
        let below = histogram.below_powers();
        assert_eq!((below[0], below[1], below[7], below[8]), (1, 2, 3, 5));
        assert_eq!((below.len(), below.last()), (14, Some(&6)));
        assert_eq!(Histogram::default().below_powers(), [0]);
    }

    #[test]
    fn a_damaged_form_is_read_without_harm() {
        let histogram = Histogram::from_flat(&[70_000, 1, 65_535, 2, 5, 0, 9], 1);
        assert_eq!(histogram.count(), 2);
        assert!(histogram.percentile(50).is_some());
        assert_eq!(histogram.below_powers().last(), Some(&2));
    }
}
