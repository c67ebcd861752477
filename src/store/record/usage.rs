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
    /// The place of an hour in the day, and what there was.
    #[serde(with = "packed")]
    hours: Vec<(u8, Tally)>,
}

impl UsageDay {
    /// A day without a call.
    pub fn new(of: Subject) -> Self {
        Self { of, hours: Vec::new() }
    }

    /// Changes one hour.
    pub fn change(&mut self, hour: u8, change: impl FnOnce(&mut Tally)) {
        let at = self.hours.iter().position(|(kept, _)| *kept == hour).unwrap_or_else(|| {
            self.hours.push((hour, Tally::default()));
            self.hours.len() - 1
        });
        change(&mut self.hours[at].1);
    }

    /// Where each hour begins in the day that begins at `day`, and what there was.
    pub fn hours(&self, day: Timestamp) -> impl Iterator<Item = (Timestamp, &Tally)> {
        self.hours.iter().map(move |(hour, tally)| (Timestamp(day.0 + i64::from(*hour) * HOUR), tally))
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

    use crate::domain::usage::Tally;

    pub fn serialize<S: Serializer>(hours: &[(u8, Tally)], serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        for (hour, tally) in hours {
            bytes.push(*hour);
            for row in [tally.numbers(), tally.latency.flat(), tally.first_token.flat()] {
                put(&mut bytes, row.len() as u64);
                for number in row {
                    put(&mut bytes, number);
                }
            }
        }
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u8, Tally)>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        unpack(&bytes).ok_or_else(|| D::Error::custom("its hours end in the middle"))
    }

    fn unpack(mut bytes: &[u8]) -> Option<Vec<(u8, Tally)>> {
        let mut hours = Vec::new();
        let mut rows = [Vec::new(), Vec::new(), Vec::new()];
        while let Some((hour, rest)) = bytes.split_first() {
            bytes = rest;
            for row in &mut rows {
                row.clear();
                for _ in 0..take(&mut bytes)? {
                    row.push(take(&mut bytes)?);
                }
            }
            let [counters, latency, first_token] = &rows;
            hours.push((*hour, Tally::from_numbers(counters, latency, first_token)));
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
            let mut late = Tally { invocations: 127, throttles: 128, untold: u64::MAX, ..Tally::default() };
            for ms in [0, 7, 16_383, 16_384, u32::MAX] {
                late.latency.record(ms);
            }
            let early = Tally { input_tokens: u64::from(u32::MAX), ..Tally::default() };
            let hours = vec![(23, late), (0, early)];
            let mut text = Vec::new();
            serialize(&hours, &mut serde_json::Serializer::new(&mut text)).unwrap();
            let read = |text: &[u8]| deserialize(&mut serde_json::Deserializer::from_slice(text));
            assert_eq!(read(&text).unwrap(), hours);
            assert_eq!(read(b"\"\"").unwrap(), []);
            let bytes = STANDARD_NO_PAD.decode(&text[1..text.len() - 1]).unwrap();
            for cut in 1..8 {
                assert_eq!(unpack(&bytes[..bytes.len() - cut]), None, "{cut}");
            }
            assert_eq!(unpack(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), None);
        }
    }
}
