//! When a source is looked through by itself: a cron expression, in a time zone that is given.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// Times of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Five fields: minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// Times up to this one are done with: it was set then, or a sync that it asked for began.
    pub since: Timestamp,
}

impl Schedule {
    /// From now on by that expression.
    pub fn of(cron: &str, now: Timestamp) -> Result<Self> {
        let cron = cron.split_whitespace().collect::<Vec<_>>().join(" ");
        let schedule = Self { cron, since: now };
        if schedule.next(now, &TimeZone::UTC).is_none() {
            parsed(&schedule.cron)?;
            return Err(wrong(&schedule.cron, "there is no such time"));
        }
        Ok(schedule)
    }

    /// The first time behind `after` and behind what is done with; `None` where none comes.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let from = jiff::Timestamp::from_millisecond(after.max(self.since).0).ok()?;
        let next = parsed(&self.cron).ok()?.find_next_occurrence(&from.to_zoned(zone.clone()), false).ok()?;
        Some(Timestamp(next.timestamp().as_millisecond()))
    }
}

fn parsed(cron: &str) -> Result<Cron> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(cron).map_err(|why| wrong(cron, &why.to_string()))
}

fn wrong(cron: &str, why: &str) -> Error {
    let hint = "Write minute, hour, day of the month, month and day of the week: '0 6 * * *' is every day at six, \
                '*/15 9-17 * * MON-FRI' four times an hour while offices are open.";
    let why = why.trim_end_matches('.');
    Error::new(ErrorKind::Invalid, format!("reading the schedule {cron:?}"), why, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_next_time_is_behind_what_is_done_with_in_the_zone_that_is_given() {
        let six = Schedule::of(" 0  6 * * * ", at("2026-11-22T12:00:00Z")).unwrap();
        assert_eq!(six.cron, "0 6 * * *");
        let utc = TimeZone::UTC;
        assert_eq!(six.next(at("2026-11-20T00:00:00Z"), &utc), Some(at("2026-11-23T06:00:00Z")));
        assert_eq!(six.next(at("2026-11-23T06:00:00Z"), &utc), Some(at("2026-11-24T06:00:00Z")));
        let east = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(six.next(at("2026-11-22T12:00:00Z"), &east), Some(at("2026-11-22T21:00:00Z")));
        let offices = Schedule::of("*/15 9-17 * * MON-FRI", at("2026-11-21T10:00:00Z")).unwrap();
        assert_eq!(offices.next(Timestamp(0), &utc), Some(at("2026-11-23T09:00:00Z")), "it was a Saturday");
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for bad in ["", "soon", "0 6 * *", "0 0 6 * * *", "61 * * * *", "0 0 31 2 *"] {
            let told = Schedule::of(bad, Timestamp(0)).unwrap_err().to_string();
            assert!(told.contains("'0 6 * * *'"), "{bad}: {told}");
        }
    }
}
