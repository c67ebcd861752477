//! Times as people read them: relative when young, a group for each age, a clock time beside a message.

use jiff::tz::{Offset, TimeZone};

use crate::domain::time::{MONTHS, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A point in time and the place's offset from UTC in seconds: what "today" depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    pub at: Timestamp,
    pub offset: i32,
}

impl Now {
    /// What the clocks of the place show, as a time zone.
    pub fn zone(self) -> TimeZone {
        Offset::from_seconds(self.offset).map_or(TimeZone::UTC, TimeZone::fixed)
    }

    fn local(self, time: Timestamp) -> i64 {
        time.0.div_euclid(1000) + i64::from(self.offset)
    }

    fn day(self, time: Timestamp) -> i64 {
        self.local(time).div_euclid(DAY)
    }

    /// The day at this place, counted from 1970.
    pub fn today(self) -> i64 {
        self.day(self.at)
    }

    /// Where the day began at this place that was so many days before today.
    pub fn began(self, days: i64) -> Timestamp {
        Timestamp(((self.today() - days) * DAY - i64::from(self.offset)) * 1000)
    }

    /// The age in at most four columns: `now`, `3 m`, `19 h`, `6 d`, `12 w`, `3 y`.
    pub fn age(self, time: Timestamp) -> String {
        let seconds = i64::try_from(self.at.since(time) / 1000).unwrap_or(i64::MAX);
        match seconds {
            i64::MIN..MINUTE => "now".to_owned(),
            MINUTE..HOUR => format!("{} m", seconds / MINUTE),
            HOUR..DAY => format!("{} h", seconds / HOUR),
            _ => {
                let days = seconds / DAY;
                match days {
                    0..14 => format!("{days} d"),
                    14..365 => format!("{} w", days / 7),
                    _ => format!("{} y", days / 365),
                }
            }
        }
    }

    /// The same for a sentence: `just now`, `3 m ago`.
    pub fn ago(self, time: Timestamp) -> String {
        match self.age(time) {
            now if now == "now" => "just now".to_owned(),
            age => format!("{age} ago"),
        }
    }

    /// Conversations of one number stand under one head.
    pub fn group_number(self, time: Timestamp) -> i64 {
        match self.today() - self.day(time) {
            ..=0 => 0,
            1 => 1,
            2..=6 => 2,
            7..=29 => 3,
            _ => {
                let (year, month, _) = civil(self.day(time));
                4 + year * 12 + i64::from(month)
            }
        }
    }

    /// The head that a conversation of that time stands under.
    pub fn group(self, time: Timestamp) -> String {
        let today = self.day(self.at);
        match today - self.day(time) {
            ..=0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            2..=6 => "Last week".to_owned(),
            7..=29 => "Last month".to_owned(),
            _ => {
                let (year, month, _) = civil(self.day(time));
                let name = MONTHS.get(month as usize - 1).copied().unwrap_or("");
                if year == civil(today).0 { name.to_owned() } else { format!("{name} {year}") }
            }
        }
    }

    /// `12 Mar` this year, `2024-03-12` before.
    pub fn date(self, time: Timestamp) -> String {
        let (year, month, day) = civil(self.day(time));
        if year == civil(self.day(self.at)).0 {
            let name = MONTHS.get(month as usize - 1).map_or("", |m| &m[..3]);
            format!("{day} {name}")
        } else {
            format!("{year}-{month:02}-{day:02}")
        }
    }

    /// `14:02` on whichever day.
    pub fn hour(self, time: Timestamp) -> String {
        let second = self.local(time).rem_euclid(DAY);
        format!("{:02}:{:02}", second / HOUR, second % HOUR / MINUTE)
    }

    /// `14:02` today, `12 Mar 14:02` this year, `2024-03-12` before.
    pub fn clock(self, time: Timestamp) -> String {
        let clock = self.hour(time);
        let (year, month, day) = civil(self.day(time));
        if self.day(time) == self.day(self.at) {
            clock
        } else if year == civil(self.day(self.at)).0 {
            let name = MONTHS.get(month as usize - 1).map_or("", |m| &m[..3]);
            format!("{day} {name} {clock}")
        } else {
            format!("{year}-{month:02}-{day:02}")
        }
    }
}

/// Days since 1970-01-01 as year, month, day in the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`).
fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-12 14:02:00 UTC.
    const NOW: Now = Now { at: Timestamp(1_773_324_120_000), offset: 0 };

    fn ago(seconds: i64) -> Timestamp {
        Timestamp(NOW.at.0 - seconds * 1000)
    }

    #[test]
    fn ages_are_short_and_grow_coarser() {
        for (seconds, age) in [
            (-5, "now"),
            (59, "now"),
            (180, "3 m"),
            (19 * HOUR, "19 h"),
            (6 * DAY, "6 d"),
            (20 * DAY, "2 w"),
            (364 * DAY, "52 w"),
            (365 * DAY, "1 y"),
            (800 * DAY, "2 y"),
        ] {
            assert_eq!(NOW.age(ago(seconds)), age);
        }
        assert_eq!((NOW.ago(ago(5)), NOW.ago(ago(180))), ("just now".to_owned(), "3 m ago".to_owned()));
    }

    #[test]
    fn groups_follow_the_calendar_of_the_place_not_of_greenwich() {
        assert_eq!(NOW.group(ago(13 * HOUR)), "Today");
        assert_eq!(NOW.group(ago(15 * HOUR)), "Yesterday");
        assert_eq!(NOW.group(ago(3 * DAY)), "Last week");
        assert_eq!(NOW.group(ago(20 * DAY)), "Last month");
        assert_eq!(NOW.group(ago(50 * DAY)), "January");
        assert_eq!(NOW.group(ago(400 * DAY)), "February 2025");
        let east = Now { offset: 11 * 3600, ..NOW };
        assert_eq!(east.group(ago(2 * HOUR)), "Yesterday", "there it is one o'clock at night");
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_place() {
        assert_eq!(NOW.began(0), ago(14 * HOUR + 2 * MINUTE));
        assert_eq!(NOW.began(6), ago(14 * HOUR + 2 * MINUTE + 6 * DAY));
        let east = Now { offset: 11 * 3600, ..NOW };
        assert_eq!(east.began(0), ago(HOUR + 2 * MINUTE));
    }

    #[test]
    fn a_clock_time_says_as_much_of_the_date_as_is_needed() {
        assert_eq!(NOW.clock(NOW.at), "14:02");
        assert_eq!(NOW.clock(ago(3 * DAY)), "9 Mar 14:02");
        assert_eq!(NOW.clock(ago(800 * DAY)), "2024-01-02");
        assert_eq!([NOW.date(NOW.at), NOW.date(ago(800 * DAY))], ["12 Mar", "2024-01-02"]);
    }
}
