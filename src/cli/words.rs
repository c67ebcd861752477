//! Times and tables in words; figures are those of all faces.

pub(super) use crate::domain::figures::{bytes, count, grouped, span};
pub(super) use crate::domain::untrusted::brief as cut;

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use crate::domain::knowledge::schedule::Schedule;
use crate::domain::time::Timestamp;
use crate::domain::untrusted::safe_line;

/// A name as a shell takes it for one word.
pub(super) fn in_shell(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-.:/@".contains(c);
    let plain = !name.is_empty() && name.chars().all(is_plain);
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// The time of day.
pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// "2026-11-22 14:02", in the person's time zone.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| "?".to_owned(),
        |time| time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// When a schedule comes next, and in whose time: "; next 2026-11-23 06:00 (Europe/Berlin)".
pub(super) fn next(schedule: &Schedule) -> String {
    let zone = TimeZone::system();
    let Some(next) = schedule.next(now(), &zone) else { return String::new() };
    format!("; next {} ({})", time(next), zone.iana_name().unwrap_or("local time"))
}

/// Rows with aligned columns, two spaces between them; the last column is as long as it is.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| safe_line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                line.push_str(cell);
                if column + 1 < row.len() {
                    line.extend(std::iter::repeat_n(' ', widths[column] - cell.width() + 2));
                }
            }
            line.truncate(line.trim_end().len());
            line
        })
        .collect()
}

/// Columns of the terminal that is written to; whatever else is written to has as many as it takes.
pub(super) fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(usize::MAX)
}

/// A line broken at its blanks where it is wider than that, its further lines set in. A word that is wider stands whole.
pub(super) fn folded(line: &str, width: usize, inset: usize) -> Vec<String> {
    let (mut lines, mut current) = (Vec::new(), String::new());
    for word in line.split_inclusive(' ') {
        if current.width() + word.trim_end().width() > width && !current.trim().is_empty() {
            lines.push(current.trim_end().to_owned());
            current = " ".repeat(inset);
        }
        current.push_str(word);
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// Rows of figures: the first column is a name, the others end below each other.
pub(super) fn ledger(mut rows: Vec<Vec<String>>) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    for column in 1..columns {
        let width = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            *cell = format!("{}{cell}", " ".repeat(width - cell.width()));
        }
    }
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_its_blanks_and_no_word_is() {
        let line = "✓ store  2 conversations, 漢字 in a/folder/whose/name/is/long";
        assert_eq!(folded(line, usize::MAX, 9), [line]);
        let lines = [
            "✓ store  2",
            "         conversations,",
            "         漢字 in",
            "         a/folder/whose/name/is/long",
        ];
        assert_eq!(folded(line, 24, 9), lines);
        assert_eq!(folded("", 9, 2), [""]);
    }

    #[test]
    fn figures_end_below_each_other() {
        let rows = [["model", "calls"], ["a/b", "1,024"], ["a/漢", "–"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(ledger(rows), ["model  calls", "a/b    1,024", "a/漢       –"]);
    }

    #[test]
    fn a_name_is_one_word_for_a_shell() {
        let said = ["docs-2", "川の資料", "two words", "it's", ""].map(in_shell);
        assert_eq!(said, ["docs-2", "川の資料", "'two words'", r"'it'\''s'", "''"]);
    }

    #[test]
    fn a_line_is_cut_by_what_a_terminal_shows_and_says_so() {
        assert_eq!((cut("four", 4).as_str(), cut("fives", 4).as_str()), ("four", "fiv…"));
        assert_eq!((cut("漢字漢", 5).as_str(), cut("to be", 4).as_str()), ("漢字…", "to…"));
    }

    #[test]
    fn columns_are_aligned_by_what_a_terminal_shows() {
        let rows = [["漢字", "b"], ["a", "b"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), ["漢字  b", "a     b"]);
    }
}
