//! Figures as people read them: with their unit, their thousands set apart. The one place for all faces.

/// A number with its thousands set apart: `2,048`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number in at most four figures, where columns are compared: `512`, `8k`, `200k`, `1.0M`.
pub fn compact(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..999_500 => format!("{}k", (number + 500) / 1_000),
        999_500..99_950_000 => format!("{:.1}M", number as f64 / 1e6),
        _ => format!("{}M", grouped((number + 500_000) / 1_000_000)),
    }
}

/// A number in at most five columns, with three figures: `999`, `9,999`, `12.3k`, `1.23M`.
pub fn short(number: u64) -> String {
    if number < 10_000 {
        return grouped(number);
    }
    let (mut value, mut unit) = (number as f64 / 1000.0, "k");
    for next in ["M", "G", "T"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    match value {
        value if value < 9.995 => format!("{value:.2}{unit}"),
        value if value < 99.95 => format!("{value:.1}{unit}"),
        value => format!("{value:.0}{unit}"),
    }
}

/// `1 record`, `2,048 records`.
pub fn count(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { more })
}

/// Bytes in units of a thousand, as disks and downloads are sold, with three figures: `512 B`, `92.9 MB`, `145 MB`.
pub fn bytes(count: u64) -> String {
    let (mut value, mut unit) = (count as f64, "B");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" || value >= 99.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// Milliseconds in a sentence, below a minute as in a column: `140 ms`, `1.23 s`, `12.3 s`, `3 min 20 s`, `2 h 5 min`.
pub fn seconds(ms: u64) -> String {
    match ms {
        0..60_000 => milliseconds(ms as u32),
        _ => span(ms / 1000),
    }
}

/// Milliseconds that something has lasted and still does, with digits that can be read while they change: `0.7 s`, then whole seconds.
pub fn so_far(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => span(ms / 1000),
    }
}

/// Milliseconds in at most seven columns: `16 ms`, `1.23 s`, `123 s`, `20 min`.
pub fn milliseconds(ms: u32) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..9_995 => format!("{:.2} s", f64::from(ms) / 1000.0),
        9_995..99_950 => format!("{:.1} s", f64::from(ms) / 1000.0),
        99_950..600_000 => format!("{:.0} s", f64::from(ms) / 1000.0),
        _ => format!("{:.0} min", f64::from(ms) / 60_000.0),
    }
}

/// Nanoseconds that something took, in at most ten columns: `850 µs`, `150 ms`, `4.82 s`, `3 min 5 s`, `83 min`, `27 h`.
pub fn took(nanos: u64) -> String {
    match nanos / 1_000_000 {
        0 if nanos > 0 => format!("{} µs", nanos.div_ceil(1000)),
        millis @ 0..60_000 => milliseconds(millis as u32),
        millis @ 60_000..600_000 => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
        millis @ 600_000..7_200_000 => format!("{} min", millis / 60_000),
        millis @ 7_200_000..36_000_000 => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
        millis => format!("{} h", grouped(millis / 3_600_000)),
    }
}

/// Whole seconds: `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// How long ago something was, roughly: `just now`, `12 min ago`, `3 h ago`, `5 d ago`.
pub fn ago(ms: u64) -> String {
    match ms / 60_000 {
        0 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..2880 => format!("{} h ago", minutes / 60),
        minutes => format!("{} d ago", grouped(minutes / 1440)),
    }
}

/// Tokens a second, or the like: one decimal where it is small.
pub fn rate(rate: f32) -> String {
    if rate < 9.95 { format!("{rate:.1}") } else { grouped(rate.round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stay_short() {
        let said = [0, 16, 999, 1_234, 9_999, 12_345, 123_456, 7_200_000].map(milliseconds);
        assert_eq!(said, ["0 ms", "16 ms", "999 ms", "1.23 s", "10.0 s", "12.3 s", "123 s", "120 min"]);
    }

    #[test]
    fn times_below_a_minute_are_written_in_one_way_wherever_they_stand() {
        for millis in [0, 3, 16, 999, 1_000, 1_234, 9_994, 9_995, 12_345, 59_000] {
            let written = milliseconds(millis);
            assert_eq!(
                (took(u64::from(millis) * 1_000_000), seconds(millis.into())),
                (written.clone(), written)
            );
        }
    }

    #[test]
    fn thousands_are_parted() {
        let numbers = [0, 999, 1000, 2048, 131_072, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "2,048", "131,072", "1,234,567"]);
        assert_eq!(
            [1, 0, 1500].map(|n| count(n, "model", "models")),
            ["1 model", "0 models", "1,500 models"]
        );
        assert_eq!([0.04, 9.94, 46.4, 10_000.2].map(rate), ["0.0", "9.9", "46", "10,000"]);
    }

    #[test]
    fn a_compact_number_has_four_figures_at_most() {
        let numbers = [512, 2_048, 200_000, 999_499, 999_500, 1_048_576, 100_000_000];
        assert_eq!(numbers.map(compact), ["512", "2k", "200k", "999k", "1.0M", "1.0M", "100M"]);
    }

    #[test]
    fn large_numbers_are_short() {
        let numbers = [0, 9_999, 10_000, 12_345, 123_456, 999_999, 1_234_567, 45_000_000_000];
        assert_eq!(numbers.map(short), ["0", "9,999", "10.0k", "12.3k", "123k", "1.00M", "1.23M", "45.0G"]);
    }

    #[test]
    fn sizes_have_three_figures_at_most_before_their_unit() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (99_949, "99.9 kB"),
            (144_811_000, "145 MB"),
            (999_999_999, "1.0 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn an_age_is_told_in_one_unit() {
        let said = [59_999, 60_000, 3_599_999, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(ago);
        assert_eq!(said, ["just now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "2 d ago"]);
    }

    #[test]
    fn times_are_finer_where_they_are_short() {
        let said = [3, 140, 9_990, 12_400, 200_000, 7_500_000].map(seconds);
        assert_eq!(said, ["3 ms", "140 ms", "9.99 s", "12.4 s", "3 min 20 s", "2 h 5 min"]);
        let running = [3, 140, 9_990, 12_400, 200_000].map(so_far);
        assert_eq!(running, ["0.0 s", "0.1 s", "9.9 s", "12 s", "3 min 20 s"]);
    }
}
