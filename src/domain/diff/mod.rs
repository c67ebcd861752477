//! What became of a text, line by line, with the words that differ; and two texts word by word.

mod sentences;
mod words;

pub use words::{LARGEST as MOST_WORDS, Stretch, only, words};

use similar::{ChangeTag, TextDiff};

/// Texts of more bytes than this are not compared: one is taken away and the other put in its place.
const LARGEST: usize = 128 * 1024;

/// What of two lists of facts was taken away, and what came in its place.
pub fn facts(
    old: &[(&'static str, String)],
    new: &[(&'static str, String)],
) -> Vec<(Mark, &'static str, String)> {
    let gone = old.iter().filter(|fact| !new.contains(fact)).map(|fact| (Mark::Removed, fact));
    let came = new.iter().filter(|fact| !old.contains(fact)).map(|fact| (Mark::Added, fact));
    gone.chain(came).map(|(mark, (name, value))| (mark, *name, value.clone())).collect()
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Same,
    Removed,
    Added,
}

impl Mark {
    /// The sign before the line, so that no colour is needed.
    pub const fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Removed => '−',
            Self::Added => '+',
        }
    }
}

/// A line of either text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub mark: Mark,
    /// Its number in the text that it is of, from 1; of a line that stayed, in the new one.
    pub number: usize,
    /// Its pieces without the line's end; `true` for words that the other text has not in this line.
    pub parts: Vec<(String, bool)>,
}

impl Line {
    /// The whole line.
    pub fn text(&self) -> String {
        self.parts.iter().map(|(part, _)| part.as_str()).collect()
    }
}

/// The lines of both texts in order, what was removed before what was added in its place.
pub fn lines(old: &str, new: &str) -> Vec<Line> {
    if old.len().max(new.len()) > LARGEST && old != new {
        let all = |text: &str, mark| {
            let line = |(at, line): (usize, &str)| Line {
                mark,
                number: at + 1,
                parts: vec![(line.to_owned(), false)],
            };
            text.lines().enumerate().map(line).collect::<Vec<_>>()
        };
        return [all(old, Mark::Removed), all(new, Mark::Added)].concat();
    }
    // A last line without an end is the same line.
    let [old, new] = [old, new].map(|text| if text.is_empty() { String::new() } else { format!("{text}\n") });
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = Vec::new();
    for change in diff.ops().iter().flat_map(|op| diff.iter_inline_changes(op)) {
        let mark = match change.tag() {
            ChangeTag::Equal => Mark::Same,
            ChangeTag::Delete => Mark::Removed,
            ChangeTag::Insert => Mark::Added,
        };
        let number = change.new_index().or(change.old_index()).map_or(0, |at| at + 1);
        let mut parts: Vec<(String, bool)> = Vec::new();
        for (emphasised, part) in change.iter_strings_lossy() {
            let part = part.trim_end_matches(['\n', '\r']);
            match parts.last_mut() {
                Some((last, known)) if *known == emphasised => last.push_str(part),
                _ if part.is_empty() => {}
                _ => parts.push((part.to_owned(), emphasised)),
            }
        }
        lines.push(Line { mark, number, parts });
    }
    lines
}

/// Leaves out lines that stayed, but for `around` beside each that did not; `None` stands for a gap.
pub fn hunks(lines: &[Line], around: usize) -> Vec<Option<&Line>> {
    let changed: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].mark != Mark::Same).collect();
    let near = |at: usize| {
        let next = changed.partition_point(|changed| *changed < at);
        let before = next.checked_sub(1).map(|before| at - changed[before]);
        let after = changed.get(next).map(|after| after - at);
        before.into_iter().chain(after).any(|distance| distance <= around)
    };
    let mut shown: Vec<Option<&Line>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if near(at) {
            shown.push(Some(line));
        } else if shown.last().is_none_or(Option::is_some) {
            shown.push(None);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &str, new: &str) -> Vec<String> {
        let part = |(part, marked): &(String, bool)| if *marked { format!("[{part}]") } else { part.clone() };
        let line = |line: &Line| {
            format!("{}{} {}", line.mark.sign(), line.number, line.parts.iter().map(part).collect::<String>())
        };
        lines(old, new).iter().map(line).collect()
    }

    #[test]
    fn lines_that_went_stand_before_those_that_came_and_words_are_marked() {
        let old = "You are terse.\nSum up the text.\nBye";
        let new = "You are terse.\nSum up the letter.\nBye\nThanks";
        assert_eq!(
            said(old, new),
            [" 1 You are terse.", "−2 Sum up the [text.]", "+2 Sum up the [letter.]", " 3 Bye", "+4 Thanks"]
        );
    }

    #[test]
    fn the_same_text_has_no_change_and_an_empty_one_no_line() {
        assert_eq!(
            said("a\nb", "a\nb\n").iter().filter(|line| !line.starts_with(' ')).count(),
            1,
            "a line more"
        );
        assert_eq!(said("a\nb", "a\nb"), [" 1 a", " 2 b"]);
        assert_eq!(said("", ""), Vec::<String>::new());
        assert_eq!(said("", "x"), ["+1 x"]);
        assert_eq!(said("x", ""), ["−1 x"]);
    }

    #[test]
    fn what_is_too_large_to_compare_is_replaced_whole() {
        let old = "a\n".repeat(LARGEST);
        let lines = lines(&old, "b");
        assert_eq!(lines.len(), LARGEST + 1);
        assert_eq!(lines.last().unwrap().mark, Mark::Added);
    }

    #[test]
    fn far_from_a_change_lines_are_left_out() {
        let old = (0..20).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let all = lines(&old, &old.replace("\n10\n", "\nten\n"));
        let shown: Vec<_> =
            hunks(&all, 2).into_iter().map(|line| line.map_or("…".to_owned(), Line::text)).collect();
        assert_eq!(shown, ["…", "8", "9", "10", "ten", "11", "12", "…"]);
        assert_eq!(hunks(&lines("a", "a"), 2), [None]);
    }
}
