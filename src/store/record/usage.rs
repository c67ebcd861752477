//! What calls came to: one record a day of UTC, model and kind of call, with the hours in it.

use serde::{Deserialize, Serialize};

use super::{Kind, Name, Record, RecordKey};
use crate::domain::time::Timestamp;
use crate::domain::usage::{HOUR, Subject, Tally};

/// The beginning of the day, and a name that tells nothing of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey(pub Timestamp, pub Name);

impl UsageKey {
    /// A key behind all of the days before this one.
    pub fn before(day: Timestamp) -> Self {
        Self(Timestamp(day.0.saturating_sub(1)), Name::last())
    }
}

/// The hours of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageDay {
    pub of: Subject,
    #[serde(with = "packed")]
    hours: Vec<Hour>,
}

/// An hour in numbers: its place in the day, its counters, its times.
#[derive(Debug, Clone, Default, PartialEq)]
struct Hour(u8, Vec<u64>, Vec<u64>, Vec<u64>);

impl UsageDay {
    /// A day without a call.
    pub fn new(of: Subject) -> Self {
        Self { of, hours: Vec::new() }
    }

    /// Changes what was counted in an hour.
    pub fn change(&mut self, hour: u8, change: impl FnOnce(&mut Tally)) {
        let at = self.hours.iter().position(|kept| kept.0 == hour);
        let mut tally = at.map(|at| self.hours[at].tally()).unwrap_or_default();
        change(&mut tally);
        let kept = Hour(hour, tally.numbers(), tally.latency.flat(), tally.first_token.flat());
        match at {
            Some(at) => self.hours[at] = kept,
            None => self.hours.push(kept),
        }
    }

    /// The hours of the day that begins at `day`, each with its beginning.
    pub fn hours(&self, day: Timestamp) -> Vec<(Timestamp, Tally)> {
        let begins = |hour: &Hour| Timestamp(day.0 + i64::from(hour.0) * HOUR);
        self.hours.iter().map(|hour| (begins(hour), hour.tally())).collect()
    }
}

impl Hour {
    fn tally(&self) -> Tally {
        Tally::from_numbers(&self.1, &self.2, &self.3)
    }
}

impl Record for UsageDay {
    const KIND: Kind = Kind::Usage;
    const SCHEMA: u8 = 1;
    type Key = UsageKey;
}

impl RecordKey for UsageKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&super::recency::ordered(self.0));
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (time, name) = bytes.split_at_checked(8)?;
        Some(Self(super::recency::time(time.try_into().ok()?), Name::read(name)?))
    }
}

/// Hours as one text, so that a year of them is read at once: the hour, then three rows of numbers, each behind its length;
/// every number in the variable length of LEB128, all of it in base64.
mod packed {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Hour;

    pub fn serialize<S: Serializer>(hours: &[Hour], serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        for Hour(hour, counters, latency, first_token) in hours {
            bytes.push(*hour);
            for row in [counters, latency, first_token] {
                put(&mut bytes, row.len() as u64);
                for number in row {
                    put(&mut bytes, *number);
                }
            }
        }
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hour>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        unpack(&bytes).ok_or_else(|| D::Error::custom("its hours end in the middle"))
    }

    fn unpack(mut bytes: &[u8]) -> Option<Vec<Hour>> {
        let mut hours = Vec::new();
        while let Some((hour, rest)) = bytes.split_first() {
            bytes = rest;
            let mut rows = [Vec::new(), Vec::new(), Vec::new()];
            for row in &mut rows {
                let count = usize::try_from(take(&mut bytes)?).ok()?;
                // Each number takes a byte at least.
                row.reserve_exact(count.min(bytes.len()));
                for _ in 0..count {
                    row.push(take(&mut bytes)?);
                }
            }
            let [counters, latency, first_token] = rows;
            hours.push(Hour(*hour, counters, latency, first_token));
        }
        Some(hours)
    }

    fn put(bytes: &mut Vec<u8>, mut number: u64) {
        while number >= 0x80 {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    }

    fn take(bytes: &mut &[u8]) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn numbers_of_any_size_come_back_and_a_cut_is_seen() {
            let numbers = vec![0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
            let hours =
                vec![Hour(23, numbers.clone(), Vec::new(), vec![7]), Hour(0, vec![], numbers, vec![])];
            let mut text = Vec::new();
            serialize(&hours, &mut serde_json::Serializer::new(&mut text)).unwrap();
            let read = |text: &[u8]| deserialize(&mut serde_json::Deserializer::from_slice(text));
            assert_eq!(read(&text).unwrap(), hours);
            assert_eq!(read(b"\"\"").unwrap(), []);
            for cut in 1..8 {
                let bytes = STANDARD_NO_PAD.decode(&text[1..text.len() - 1]).unwrap();
                assert_eq!(unpack(&bytes[..bytes.len() - cut]), None, "{cut}");
            }
            assert_eq!(unpack(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), None);
        }
    }
}
