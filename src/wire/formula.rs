//! Cells of tables that a spreadsheet would take for a formula.
//!
//! A text that begins with `=`, `+`, `-`, `@` or a tab gets an apostrophe in front as it is written, which spreadsheets take for "this is
//! a text". A text that has such an apostrophe of its own gets one more, so that all come back as they were where a reader takes one
//! away. It may do so only where the table says that they were put there: in one of somebody else the apostrophe is the text's.

/// Whether a text begins a formula, apostrophes before it aside.
fn begins(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Whether a text stands in a cell with an apostrophe in front.
pub fn is_guarded(text: &str) -> bool {
    begins(text)
}

/// The text as it may stand in a cell.
pub fn guarded(text: String) -> String {
    if begins(&text) { format!("'{text}") } else { text }
}

/// The text of a cell that was guarded.
pub fn bare(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|_| begins(cell)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_none_is_a_formula_on_the_way() {
        for text in ["=1+1", "+1", "-1", "@a", "'=x", "''@", "'tis", "a", "", "'", " =x", "–1", "\t=1"] {
            let cell = guarded(text.to_owned());
            assert_eq!(bare(&cell), text);
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
        assert_eq!(guarded("-1".into()), "'-1");
        assert_eq!((bare("'-1"), bare("'tis"), bare("=1")), ("-1", "'tis", "=1"));
    }
}
