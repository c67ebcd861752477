//! The days and months of the person's own time.

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::domain::time::Timestamp;
use crate::domain::usage::Day;
use crate::domain::usage::budget::Period;

/// A time zone.
#[derive(Debug, Clone)]
pub struct Calendar(TimeZone);

impl Calendar {
    /// That of this machine.
    pub fn system() -> Self {
        Self(TimeZone::system())
    }

    /// The named one, like `Europe/Berlin`; `None` where this machine does not know it.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// The day in which a moment lies.
    pub fn day_of(&self, at: Timestamp) -> Day {
        let Some(begins) = self.zoned(at).and_then(|at| at.start_of_day().ok()) else {
            return Day { begins: at, name: "?".to_owned() };
        };
        Day { begins: moment(&begins), name: begins.strftime("%Y-%m-%d").to_string() }
    }

    /// Where the day or month begins in which a moment lies.
    pub fn begin_of(&self, period: Period, at: Timestamp) -> Timestamp {
        match period {
            Period::Day => self.day_of(at).begins,
            Period::Month => self
                .zoned(at)
                .and_then(|at| at.first_of_month().ok()?.start_of_day().ok())
                .map_or(at, |begins| moment(&begins)),
        }
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.0.clone()))
    }
}

fn moment(at: &Zoned) -> Timestamp {
    Timestamp(at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::HOUR;

    #[test]
    fn a_day_is_as_long_as_the_clocks_say() {
        let berlin = Calendar::named("Europe/Berlin").unwrap();
        let begin = |name: &str| {
            let date: jiff::civil::Date = name.parse().unwrap();
            moment(&date.to_zoned(berlin.0.clone()).unwrap())
        };
        for (day, next, hours) in [
            ("2026-03-29", "2026-03-30", 23),
            ("2026-10-25", "2026-10-26", 25),
            ("2026-11-22", "2026-11-23", 24),
        ] {
            assert_eq!(begin(next).0 - begin(day).0, hours * HOUR, "{day}");
            let last = Timestamp(begin(next).0 - 1);
            assert_eq!(berlin.day_of(last), Day { begins: begin(day), name: day.to_owned() });
        }
        assert_eq!(berlin.begin_of(Period::Month, begin("2026-11-22")), begin("2026-11-01"));
        assert_eq!(berlin.begin_of(Period::Day, Timestamp(begin("2026-11-22").0 + 5)), begin("2026-11-22"));
    }
}
