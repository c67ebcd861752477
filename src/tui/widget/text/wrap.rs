//! Wrapping: by words, with a hard break where a word is wider than the line.

use super::measure::{graphemes, prefix, width};
use super::{Ink, Row, Source, Span};
use crate::tui::look::Role;

/// Safe text with inks and sources, before it is cut into rows. `\n` is a hard break.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inline {
    pub text: String,
    runs: Vec<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    end: usize,
    ink: Ink,
    source: Option<Source>,
}

impl Inline {
    /// Plain text in one ink, without a source.
    pub fn plain(text: &str, ink: Ink) -> Self {
        let mut inline = Self::default();
        inline.push(text, ink, None);
        inline
    }

    /// Appends a run.
    pub fn push(&mut self, text: &str, ink: Ink, source: Option<Source>) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let end = self.text.len();
        if let Some(last) = self.runs.last_mut()
            && last.ink == ink
        {
            match (&mut last.source, source) {
                (None, None) => {
                    last.end = end;
                    return;
                }
                (Some(a), Some(b)) if a.exact && b.exact && a.end == b.start => {
                    a.end = b.end;
                    last.end = end;
                    return;
                }
                _ => {}
            }
        }
        self.runs.push(Run { end, ink, source });
    }

    /// Appends another text with its runs.
    pub fn append(&mut self, other: &Self) {
        let mut start = 0;
        for run in &other.runs {
            self.push(&other.text[start..run.end], run.ink, run.source);
            start = run.end;
        }
    }

    /// Takes the line ends off its end.
    pub fn trim_end(&mut self) {
        let kept = self.text.trim_end_matches('\n').len();
        let cut = (self.text.len() - kept) as u32;
        self.text.truncate(kept);
        if let Some(last) = self.runs.last_mut()
            && cut > 0
        {
            last.end = kept;
            if let Some(source) = &mut last.source {
                source.end = source.end.saturating_sub(cut).max(source.start);
            }
        }
    }

    /// Nothing to show.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Columns of its widest line, and of its widest word.
    pub fn extent(&self) -> (usize, usize) {
        let line = self.text.lines().map(width).max().unwrap_or(0);
        let word = self.text.split_whitespace().map(width).max().unwrap_or(0);
        (line, word)
    }

    /// The spans of the bytes `start..end`, from run `first` on; returns the run that holds `end`.
    fn cut(&self, start: usize, end: usize, mut run: usize, into: &mut Vec<Span>) -> usize {
        let mut at = start;
        while run < self.runs.len() && self.runs[run].end <= at {
            run += 1;
        }
        while at < end {
            let Some(Run { end: run_end, ink, source }) = self.runs.get(run).copied() else { break };
            let stop = run_end.min(end);
            let run_start = if run == 0 { 0 } else { self.runs[run - 1].end };
            let source = source.map(|s| {
                if s.exact {
                    let from = s.start + (at - run_start) as u32;
                    Source { start: from, end: from + (stop - at) as u32, exact: true }
                } else {
                    s
                }
            });
            into.push(Span { text: self.text[at..stop].to_owned(), ink, source });
            at = stop;
            if run_end <= end && run + 1 < self.runs.len() && at == run_end {
                run += 1;
            }
        }
        run
    }
}

/// Cuts `inline` into rows of at most `columns` (a single cluster wider than that stands alone). Always one row at least.
pub fn wrap(inline: &Inline, columns: usize) -> Vec<Row> {
    wrap_hanging(inline, columns, |_| 0)
}

/// The same; the rows of a line after its first are set in by as many columns as `hang` says of it, at most half of them all.
pub fn wrap_hanging(inline: &Inline, columns: usize, hang: impl Fn(&str) -> usize) -> Vec<Row> {
    let columns = columns.max(1);
    let mut rows = Vec::new();
    let mut run = 0;
    let mut start = 0;
    for line in inline.text.split('\n') {
        let set_in = hang(line).min(columns / 2);
        let mut breaks = Breaks::new(line, columns);
        let mut before = 0;
        while let Some((from, to)) = breaks.next() {
            let mut spans = Vec::new();
            if before > 0 {
                spans.push(Span::new(" ".repeat(before), Ink::of(Role::Text)));
            }
            run = inline.cut(start + from, start + to, run, &mut spans);
            rows.push(Row { spans, ..Row::default() });
            (before, breaks.columns) = (set_in, columns - set_in);
        }
        start += line.len() + 1;
    }
    rows
}

/// The byte ranges of the rows of one line; white space at a break belongs to no row.
struct Breaks<'a> {
    line: &'a str,
    columns: usize,
    at: usize,
    /// Backticks before it: between two of them stands a command.
    ticks: usize,
    done: bool,
}

impl<'a> Breaks<'a> {
    fn new(line: &'a str, columns: usize) -> Self {
        Self { line, columns, at: 0, ticks: 0, done: false }
    }
}

impl Iterator for Breaks<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let start = self.at;
        let rest = &self.line[start..];
        // Bytes bound columns from above, save for control pictures; a short rest needs no measuring.
        if rest.len() <= self.columns && rest.is_ascii() {
            self.done = true;
            return Some((start, self.line.len()));
        }
        let mut used = 0;
        let mut end = start;
        // Where the row may end, and where the next one would begin.
        let mut chance: Option<(usize, usize)> = None;
        // The same behind a hyphen of a command or before the letters of an option, where there is no other place.
        let mut poor: Option<(usize, usize)> = None;
        let mut in_command = self.ticks % 2 == 1;
        let (mut before, mut previous) = ("", "");
        for grapheme in graphemes(rest) {
            let blank = grapheme.chars().all(is_space);
            let columns = width(grapheme);
            if !blank && end > start && may_break(previous, grapheme) {
                let place = Some((trimmed(self.line, start, end), end));
                let joins = previous.chars().all(is_hyphen);
                if joins && (in_command || !ends_word(before)) { poor = place } else { chance = place }
            }
            if used + columns > self.columns && !blank {
                let in_row = |(stop, _): &(usize, usize)| *stop > start;
                let (stop, next) = match chance.filter(in_row).or(poor) {
                    Some((stop, next)) => (stop, next),
                    // One word fills the row: a hard break, and at least one cluster a row.
                    // Blanks at its start may be wider than the row: the rest of them is dropped.
                    _ if end > start => (start + prefix(&self.line[start..end], self.columns).0.len(), end),
                    _ => {
                        let first = start + grapheme.len();
                        (first, first)
                    }
                };
                self.at = next;
                self.ticks += self.line[start..next].matches('`').count();
                if next >= self.line.len() {
                    self.done = true;
                }
                return Some((start, stop));
            }
            used += columns;
            end += grapheme.len();
            in_command ^= grapheme == "`";
            (before, previous) = (previous, grapheme);
        }
        self.done = true;
        let text = &self.line[start..];
        let stop =
            if used > self.columns { trimmed(self.line, start, self.line.len()) } else { self.line.len() };
        let (fits, _) = prefix(&self.line[start..stop], self.columns);
        Some((start, if text.trim().is_empty() { start + fits.len() } else { stop }))
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}' | '\u{2007}')
}

fn trimmed(line: &str, start: usize, end: usize) -> usize {
    start + line[start..end].trim_end_matches(is_space).len()
}

/// Whether a row may end between two clusters, the second of which is not blank.
fn may_break(before: &str, after: &str) -> bool {
    let (Some(last), Some(first)) = (before.chars().next(), after.chars().next()) else { return false };
    if is_space(last) {
        return true;
    }
    if closes(first) || opens(last) {
        return false;
    }
    if is_wide(last) || is_wide(first) {
        return true;
    }
    is_hyphen(last) && first.is_alphanumeric()
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '–' | '—' | '\u{2010}')
}

/// Whether what a hyphen follows is the end of a word: that of an option follows none.
fn ends_word(before: &str) -> bool {
    before.chars().next().is_some_and(|c| !is_space(c) && !is_hyphen(c) && c != '`')
}

/// Ideographs and kana, which break anywhere but before closing and after opening marks.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFD}')
}

fn closes(c: char) -> bool {
    matches!(
        c,
        '、' | '。'
            | '，'
            | '．'
            | '：'
            | '；'
            | '！'
            | '？'
            | '）'
            | '］'
            | '｝'
            | '」'
            | '』'
            | '】'
            | '〉'
            | '》'
            | '〕'
            | 'ー'
            | '々'
            | '”'
            | '’'
            | '…'
            | '‥'
            | ')'
            | ']'
            | '}'
            | ','
            | '.'
            | ':'
            | ';'
            | '!'
            | '?'
            | '%'
            | 'ぁ'
            | 'ぃ'
            | 'ぅ'
            | 'ぇ'
            | 'ぉ'
            | 'っ'
            | 'ゃ'
            | 'ゅ'
            | 'ょ'
            | 'ァ'
            | 'ィ'
            | 'ゥ'
            | 'ェ'
            | 'ォ'
            | 'ッ'
            | 'ャ'
            | 'ュ'
            | 'ョ'
    )
}

fn opens(c: char) -> bool {
    matches!(c, '（' | '［' | '｛' | '「' | '『' | '【' | '〈' | '《' | '〔' | '“' | '‘' | '(' | '[' | '{')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INK: Ink = Ink::of(Role::Text);

    fn rows(text: &str, columns: usize) -> Vec<String> {
        wrap(&Inline::plain(text, INK), columns).iter().map(Row::text).collect()
    }

    #[test]
    fn lines_break_between_words_and_inside_long_ones() {
        assert_eq!(rows("why do rivers meander", 10), ["why do", "rivers", "meander"]);
        assert_eq!(rows("supercalifragilistic", 8), ["supercal", "ifragili", "stic"]);
        assert_eq!(rows("a supercalifragilistic", 8), ["a", "supercal", "ifragili", "stic"]);
        assert_eq!(rows("one\n\ntwo", 8), ["one", "", "two"]);
        assert_eq!(rows("", 8), [""]);
        assert_eq!(rows("    a", 2), ["  ", "a"]);
        assert_eq!(rows("well-known path", 6), ["well-", "known", "path"]);
    }

    #[test]
    fn a_command_is_broken_at_its_hyphens_and_an_option_behind_its_own_only_where_nothing_else_is_left() {
        let said = "`outcrop agent hand-out` gives it";
        assert_eq!(rows(said, 21), ["`outcrop agent", "hand-out` gives it"]);
        assert_eq!(
            rows("a well-known `hand-out` is well-known", 13),
            ["a well-known", "`hand-out` is", "well-known"]
        );
        assert_eq!(rows("told with --json once", 12), ["told with", "--json once"]);
        assert_eq!(rows("`a-b-c-d`", 5), ["`a-b-", "c-d`"]);
        // A command goes on in the next row.
        assert_eq!(rows("`outcrop eval run hand-out`", 10), ["`outcrop", "eval run", "hand-out`"]);
    }

    #[test]
    fn rows_after_the_first_hang_as_far_as_is_said_of_their_line() {
        let inline = Inline::plain("- why do rivers meander\nnext one", INK);
        let hang = |line: &str| if line.starts_with('-') { 2 } else { 0 };
        let rows = |columns| wrap_hanging(&inline, columns, hang).iter().map(Row::text).collect::<Vec<_>>();
        assert_eq!(rows(10), ["- why do", "  rivers", "  meander", "next one"]);
        assert_eq!(rows(40), ["- why do rivers meander", "next one"]);
    }

    #[test]
    fn ideographs_break_anywhere_but_before_a_full_stop() {
        assert_eq!(rows("日本語の文章。", 6), ["日本語", "の文", "章。"]);
        assert_eq!(rows("日本語の文章", 6), ["日本語", "の文章"]);
        assert_eq!(rows("文章「引用」", 6), ["文章", "「引", "用」"]);
    }

    #[test]
    fn a_cluster_is_never_cut() {
        assert_eq!(rows("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), ["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]);
        assert_eq!(rows("👩‍👩‍👧‍👦", 1), ["👩‍👩‍👧‍👦"]);
        assert_eq!(rows("e\u{301}e\u{301}e\u{301}", 2), ["e\u{301}e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn spans_keep_their_source_through_a_break() {
        let mut inline = Inline::default();
        let exact = |start, end| Some(Source { start, end, exact: true });
        inline.push("bold ", INK, exact(2, 7));
        inline.push("words here", INK.role(Role::Accent), exact(9, 19));
        let rows = wrap(&inline, 10);
        assert_eq!(rows[0].spans[1].source, exact(9, 14));
        assert_eq!(rows[1].spans[0].source, exact(15, 19));
        assert_eq!(rows[1].source_at(2), Some(17));
        assert_eq!(rows[0].columns_of(4, 11), [(2, 5), (5, 7)]);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_asked_and_no_letter_is_lost(text in "[a-z日本。「」👩 \u{301}\n-]{0,60}", columns in 2usize..20) {
            let rows = rows(&text, columns);
            for row in &rows {
                prop_assert!(width(row) <= columns, "{row:?} at {columns}");
            }
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }
    }
}
