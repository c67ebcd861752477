//! Moments as programs write them, to nanoseconds since the Unix epoch.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Above this a number of seconds is one of milliseconds: the year 5138 is far.
const SECONDS: f64 = 1e11;

/// A date of ISO 8601, with a T or a blank as Python writes it, UTC where no zone is told; seconds or milliseconds.
pub(super) fn nanos(json: &Json) -> Option<u64> {
    match json {
        Json::Number(number) => of_number(number.as_f64()?),
        Json::String(text) => {
            let text = text.trim();
            if let Ok(number) = text.parse() {
                return of_number(number);
            }
            let at = text.parse::<Timestamp>().ok().or_else(|| {
                let civil = text.parse::<DateTime>().ok()?;
                Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
            })?;
            u64::try_from(at.as_nanosecond()).ok()
        }
        _ => None,
    }
}

fn of_number(number: f64) -> Option<u64> {
    if !number.is_finite() || number <= 0.0 {
        return None;
    }
    let millis = if number > SECONDS { number } else { number * 1e3 };
    // Doubles tell milliseconds of today and no more.
    Some((millis * 1e3).round() as u64 * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_read_as_programs_write_them() {
        let second = 1_700_000_000_000_000_000;
        for (json, wanted) in [
            (json!("2023-11-14T22:13:20Z"), Some(second)),
            (json!("2023-11-14T23:13:20+01:00"), Some(second)),
            (json!("2023-11-14 22:13:20.500000+00:00"), Some(second + 500_000_000)),
            (json!("2023-11-14 22:13:20"), Some(second)),
            (json!(1_700_000_000), Some(second)),
            (json!(1_700_000_000.25), Some(second + 250_000_000)),
            (json!(1_700_000_000_250_u64), Some(second + 250_000_000)),
            (json!("1700000000"), Some(second)),
            (json!("yesterday"), None),
            (json!(null), None),
            (json!(-3), None),
        ] {
            assert_eq!(nanos(&json), wanted, "{json}");
        }
    }
}
