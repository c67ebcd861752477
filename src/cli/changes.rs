//! What is kept in versions, and what became of a text from one to another, as people read it.

use super::End;
use super::out::Out;
use super::words;
use crate::domain::diff::{Line, Mark, hunks};
use crate::domain::time::Timestamp;

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// A line of a list: when it changed last, its newest version, its name.
pub(super) fn head(updated: Timestamp, latest: u32, name: &str) -> Vec<String> {
    vec![words::time(updated), format!("version {latest}"), name.to_owned()]
}

/// Which two versions are compared, each by its number and time.
pub(super) fn between(old: (u32, Timestamp), new: (u32, Timestamp), out: &mut Out) -> Result<(), End> {
    for (sign, (number, created)) in [('−', old), ('+', new)] {
        out.line(&format!("{sign} version {number}  {}", words::time(created)))?;
    }
    Ok(())
}

/// The lines that changed, with some around them; `same` where none has.
pub(super) fn changes(lines: &[Line], same: &str, out: &mut Out) -> Result<(), End> {
    if lines.iter().all(|line| line.mark == Mark::Same) {
        return out.line(same);
    }
    for line in hunks(lines, AROUND) {
        let text = line.map_or("…".to_owned(), |line| format!("{} {}", line.mark.sign(), line.text()));
        out.line(&text)?;
    }
    Ok(())
}

/// Every line with its sign, for programs.
pub(super) fn signed(lines: &[Line]) -> Vec<(char, String)> {
    lines.iter().map(|line| (line.mark.sign(), line.text())).collect()
}
