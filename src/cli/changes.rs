//! What became of a text, as people read it.

use super::End;
use super::out::Out;
use crate::domain::diff::{Line, Mark, hunks};

/// Lines around a change that are shown.
const AROUND: usize = 3;

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
