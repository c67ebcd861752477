//! The text of a passage: the words that were asked for, and what it has in common with its neighbours.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};

use ratatui::style::Modifier;

use super::tables::{Gap, aligned};
use crate::domain::knowledge::words::{findable, folded, words};
use crate::domain::untrusted::{safe_line, safe_text};
use crate::tui::look::Role;
use crate::tui::widget::text::{Ink, Inline, Row, Span, prefix, width, wrap, wrap_hanging};

/// Letters of a word that says little.
const SHORT: usize = 3;

/// The words of a question, as they are compared.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(HashSet<String>);

impl Wanted {
    /// Of its longer words, if it has such: "how are they" would be marked everywhere.
    pub fn of(question: &str) -> Self {
        let all: HashSet<String> = words(question).into_iter().map(|word| folded(&question[word])).collect();
        let says = |word: &String| !word.is_ascii() || word.len() > SHORT;
        let saying: HashSet<String> = all.iter().filter(|word| says(word)).cloned().collect();
        Self(if saying.is_empty() { all } else { saying })
    }

    /// The bytes of a text that are such words; what overlaps is one.
    fn in_text(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.0.is_empty() {
            return found;
        }
        for word in findable(text) {
            if !self.0.contains(&folded(&text[word.clone()])) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.end >= word.start => last.end = last.end.max(word.end),
                _ => found.push(word),
            }
        }
        found
    }
}

/// A text on one line from where the first of the words is in sight, with those marked.
pub(super) fn snippet(text: &str, wanted: &Wanted, width: usize, ink: Ink) -> Row {
    let line = safe_line(text.trim());
    let line: String = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = wanted.in_text(&line).first().map_or(0, |word| word.start);
    let mut from = 0;
    if first > width / 2 {
        // A few words before it.
        let back = line[..first].char_indices().rev().nth(width / 4).map_or(0, |(at, _)| at);
        from = line[back..first].find(' ').map_or(first, |space| back + space + 1);
    }
    let mut inline = Inline::default();
    if from > 0 {
        inline.push("…", ink.role(Role::Faint), None);
    }
    marked(&mut inline, &line[from..], wanted, ink);
    // A text has no more columns than bytes: it is one row.
    let row = wrap(&inline, line.len() + 1).swap_remove(0);
    cut(row, width, ink)
}

/// A row in so many columns; what does not fit ends in `…`, in the middle of a word too: in a narrow column the words that are
/// whole leave most of the room.
fn cut(mut row: Row, columns: usize, ink: Ink) -> Row {
    if row.width() <= columns {
        return row;
    }
    let mut left = columns.saturating_sub(1);
    let mut kept: Vec<Span> = Vec::new();
    for mut span in std::mem::take(&mut row.spans) {
        let (start, used) = prefix(&span.text, left);
        let end = start.len();
        let whole = end == span.text.len();
        left -= used;
        span.text.truncate(end);
        if end > 0 {
            kept.push(span);
        }
        if !whole {
            break;
        }
    }
    if let Some(last) = kept.last_mut() {
        last.text.truncate(last.text.trim_end().len());
    }
    kept.push(Span::new("…", ink.role(Role::Faint)));
    row.spans = kept;
    row
}

/// Appends a text with the words marked.
fn marked(inline: &mut Inline, text: &str, wanted: &Wanted, ink: Ink) {
    let mut at = 0;
    for word in wanted.in_text(text) {
        inline.push(&text[at..word.start], ink, None);
        inline.push(&text[word.clone()], ink.role(Role::Match).with(Modifier::BOLD), None);
        at = word.end;
    }
    inline.push(&text[at..], ink, None);
}

/// The narrowest and the widest line that a paragraph is cut at.
const CUT: RangeInclusive<usize> = 40..=200;
/// Lines so wide are of a paragraph, however unlike each other they are.
const WIDE: usize = 60;

/// A line of a text.
struct Line {
    whole: Range<usize>,
    /// Where its words begin: behind the mark of an item, or what sets the line in.
    words: usize,
    /// Blanks at its beginning.
    set_in: usize,
    /// It begins an item of a list.
    item: bool,
}

impl Line {
    /// One that begins at that byte of the text.
    fn of(line: &str, start: usize) -> Self {
        let set_in = line.len() - line.trim_start_matches(' ').len();
        let item = item(line);
        let words = start + item.unwrap_or(set_in);
        Self { whole: start..start + line.len(), words, set_in, item: item.is_some() }
    }

    /// Whether a paragraph or an item may begin with it.
    fn begins(&self, text: &str) -> bool {
        (self.item || self.set_in == 0) && is_prose(&text[self.words..self.whole.end])
    }

    /// Whether it may be of the paragraph, or of the item, that begins with another one: within an item it may be set in as far as
    /// that one's words are, where it is no name with a value.
    fn is_of(&self, first: &Self, text: &str) -> bool {
        let words = &text[self.words..self.whole.end];
        let hangs =
            first.item && self.set_in > first.set_in && self.set_in <= first.words - first.whole.start;
        let named = || words.split_whitespace().next().is_some_and(|word| word.ends_with(':'));
        let set_in = if hangs { !named() } else { self.set_in == 0 && first.set_in == 0 };
        !self.item && set_in && goes_on(words)
    }
}

/// Where the words of an item of a list begin, in a line that begins one.
fn item(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches(' ');
    let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[&str] =
        if number.len() < rest.len() { &[". ", ") "] } else { &["- ", "* ", "+ ", "• ", "◦ ", "– "] };
    let words = marks.iter().find_map(|mark| number.strip_prefix(*mark))?.trim_start_matches(' ');
    (!words.is_empty()).then(|| line.len() - words.len())
}

/// Where a text that was cut into lines flows again, because the next word had no room, or hardly: a line's end with what sets the
/// next line in. Tables and code stay as they are, and each item of a list begins a line.
fn joints(text: &str) -> Vec<Range<usize>> {
    if has_loose_code(text) {
        return Vec::new();
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut joints = Vec::new();
    let mut start = 0;
    let mut inside = false;
    for line in text.split('\n') {
        let own = Line::of(line, start);
        start = own.whole.end + 1;
        let fence = is_fence(line);
        if fence || inside {
            inside ^= fence;
            joints.extend(ends(text, &lines));
            lines.clear();
            continue;
        }
        if lines.first().is_some_and(|first| !own.is_of(first, text)) {
            joints.extend(ends(text, &lines));
            lines.clear();
        }
        if !lines.is_empty() || own.begins(text) {
            lines.push(own);
        }
    }
    joints.extend(ends(text, &lines));
    joints
}

/// What of a text stands otherwise in so many columns: where it flows again, and between the cells of its tables.
fn gaps(text: &str, columns: usize) -> Vec<Gap> {
    let mut gaps = aligned(text, columns);
    gaps.extend(joints(text).into_iter().map(|joint| (joint, 1)));
    gaps.sort_by_key(|(gap, _)| gap.start);
    gaps
}

/// A part of a text with blanks in the place of each of these gaps.
fn joined(text: &str, part: Range<usize>, gaps: &[Gap]) -> String {
    let mut flows = String::with_capacity(part.len());
    let mut at = part.start;
    for (gap, blanks) in gaps.iter().filter(|(gap, _)| gap.end >= part.start && gap.start < part.end) {
        flows.push_str(&text[at..gap.start.max(at)]);
        // Of one that lies across the beginning the part before has the blanks.
        if gap.start >= part.start {
            flows.extend(std::iter::repeat_n(' ', *blanks));
        }
        at = gap.end.min(part.end).max(at);
    }
    flows.push_str(&text[at..part.end]);
    flows
}

/// Whether code in it cannot be told from prose: it lies outside of fences, or the text begins or ends between two of them.
fn has_loose_code(text: &str) -> bool {
    let mut inside = false;
    let mut after_blank = true;
    for line in text.split('\n') {
        if is_fence(line) {
            // What names a language opens.
            let opens = !line.trim().trim_start_matches(['`', '~']).is_empty();
            if inside && opens {
                return true;
            }
            inside = !inside;
        } else if !inside && (is_code(line) || (after_blank && line.starts_with("    "))) {
            return true;
        }
        after_blank = line.trim().is_empty();
    }
    inside
}

/// Whether a line opens or closes code.
fn is_fence(line: &str) -> bool {
    let line = line.trim();
    let rest = line.trim_start_matches('`');
    line.starts_with("~~~") || (line.len() - rest.len() > 2 && !rest.contains('`'))
}

/// A command, a value that is given a name, or what has a remark behind it.
fn is_code(line: &str) -> bool {
    let flag = |word: &str| word.strip_prefix("--").is_some_and(|name| name.starts_with(char::is_alphabetic));
    // Within prose they stand between backticks.
    let flags = !line.contains('`') && line.split(' ').any(flag);
    let named = line.split_once(" = ").is_some_and(|(name, _)| !name.is_empty() && !name.contains(' '));
    flags || named || line.starts_with("$ ") || line.contains(" # ")
}

/// Words in a row, as far as a line tells.
fn is_prose(line: &str) -> bool {
    let ends = line.ends_with([';', '{', '}', '[', '(', '=', '|', ' ', '\\', '\r']);
    let begins = line.starts_with([' ', '#', '|', '~', '/']);
    !ends && !begins && !line.contains('\t') && line.split_whitespace().count() > 2
}

/// Whether a line may be of the paragraph before it.
fn goes_on(line: &str) -> bool {
    let begins = |c: char| c.is_alphanumeric() || matches!(c, '`' | '"' | '“' | '(' | '‘' | '«' | '[' | '_');
    let stressed = line.strip_prefix('*').is_some_and(|rest| !rest.starts_with([' ', '\t']));
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with([')', '.']);
    (stressed || line.starts_with(begins)) && !numbered
}

/// Where the lines of one paragraph, or of one item, end, if it was cut.
fn ends(text: &str, lines: &[Line]) -> Vec<Range<usize>> {
    let Some((_, before)) = lines.split_last() else { return Vec::new() };
    let wide = |line: &Line| width(&text[line.whole.clone()]);
    let of = |line: &Line| &text[line.words..line.whole.end];
    let widest = lines.iter().map(wide).max().unwrap_or(0);
    if !CUT.contains(&widest) || !before.iter().all(|line| is_prose(of(line))) {
        return Vec::new();
    }
    // Most go on in the middle of a sentence: also with a name, where lines are wider than those of poems. Lines that begin alike
    // are a list.
    let first = |line: &Line| of(line).split_whitespace().next();
    let amid = |two: &&[Line]| {
        let (one, other) = (of(&two[0]), of(&two[1]));
        let name = other.starts_with(char::is_uppercase) && first(&two[0]) != first(&two[1]);
        other.starts_with(|c: char| c.is_lowercase() || matches!(c, '`' | '('))
            || (widest >= WIDE && name && !one.ends_with(['.', '!', '?', ':']))
    };
    if lines.windows(2).filter(amid).count() * 2 < before.len() {
        return Vec::new();
    }
    // By an editor: none would have had much room for the next one's first word. By hand: they are wide.
    let full = |two: &[Line]| wide(&two[0]) + 1 + first(&two[1]).map_or(0, width) > widest * 9 / 10;
    let enough = lines.len() > 2 || widest >= WIDE || lines[0].item;
    let by_width = enough && lines.windows(2).all(full);
    let by_hand = before.iter().map(wide).all(|line| line >= WIDE && line >= widest * 3 / 5);
    if by_width || by_hand {
        lines.windows(2).map(|two| two[0].whole.end..two[1].words).collect()
    } else {
        Vec::new()
    }
}

/// A text whose tabs, between the cells of a table, take room.
fn shown(text: &str) -> String {
    safe_text(text).replace('\t', "    ")
}

/// The shades behind a text: at the beginning of a line there is no blank before them.
fn edge(before: &str) -> &'static str {
    if before.is_empty() || before.ends_with('\n') { "▒▒ " } else { " ▒▒ " }
}

/// A whole text in rows. So many bytes at its beginning and its end are its neighbours' too: they stand faint between shades.
pub(super) fn rows(text: &str, wanted: &Wanted, (before, after): (usize, usize), columns: usize) -> Vec<Row> {
    let ink = Ink::of(Role::Text);
    let gaps = gaps(text, columns);
    let part = |bytes: Range<usize>| shown(&joined(text, bytes, &gaps));
    let start = text.floor_char_boundary(before.min(text.len()));
    let end = text.ceil_char_boundary(text.len() - after.min(text.len())).max(start);
    let mut inline = Inline::default();
    let shared = ink.role(Role::Muted);
    let shade = ink.role(Role::Faint);
    if start > 0 {
        inline.push("▒▒ ", shade, None);
        let before = part(0..start);
        marked(&mut inline, &before, wanted, shared);
        inline.push(edge(&before), shade, None);
    }
    let own = part(start..end);
    marked(&mut inline, &own, wanted, ink);
    if end < text.len() {
        inline.push(edge(&own), shade, None);
        let after = part(end..text.len());
        marked(&mut inline, &after, wanted, shared);
        inline.push(edge(&after).trim_end(), shade, None);
    }
    // What of an item has no room in its row stands under its words.
    wrap_hanging(&inline, columns, |line| item(line).map_or(0, |at| width(&line[..at])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: &[Row]) -> Vec<String> {
        rows.iter().map(Row::text).collect()
    }

    fn flowing(text: &str) -> String {
        joined(text, 0..text.len(), &gaps(text, 0))
    }

    #[test]
    fn a_line_begins_where_the_first_word_is_in_sight() {
        let wanted = Wanted::of("Duplicate CHARGE");
        let ink = Ink::of(Role::Text);
        let near = snippet("A duplicate  charge\nis refunded", &wanted, 40, ink);
        assert_eq!(near.text(), "A duplicate charge is refunded");
        let marked: Vec<_> =
            near.spans.iter().filter(|span| span.ink.role == Role::Match).map(|span| &*span.text).collect();
        assert_eq!(marked, ["duplicate", "charge"]);
        let far = format!("{} a duplicate charge is refunded at once", "word ".repeat(40));
        let far = snippet(&far, &wanted, 30, ink).text();
        assert!(far.starts_with('…') && far.contains("duplicate") && far.ends_with('…'), "{far}");
        assert_eq!(snippet("", &wanted, 30, ink).text(), "");
    }

    #[test]
    fn a_line_has_all_of_its_room_and_ends_in_the_middle_of_a_word() {
        let ink = Ink::of(Role::Text);
        let line = |width| snippet("Small and unavoidable: rustix", &Wanted::of("small"), width, ink);
        assert_eq!(line(29).text(), "Small and unavoidable: rustix");
        assert_eq!(line(28).text(), "Small and unavoidable: rust…");
        assert_eq!(line(24).text(), "Small and unavoidable:…", "no blank before it");
        assert_eq!(line(4).text(), "Sma…");
        assert_eq!(line(4).spans[0].ink.role, Role::Match);
        assert_eq!(snippet("緑茶は八十度", &Wanted::default(), 8, ink).text(), "緑茶は…");
    }

    #[test]
    fn small_words_are_marked_where_there_are_no_others() {
        assert_eq!(Wanted::of("how are refunds made").in_text("refunds are made").len(), 2);
        assert_eq!(Wanted::of("to be or not").in_text("to be").len(), 2);
        assert_eq!(Wanted::of("川は of").in_text("of 川は").len(), 1);
        assert_eq!(Wanted::of("水").in_text("河水を飲む").first(), Some(&(3..6)));
    }

    #[test]
    fn lines_that_were_cut_flow_again_and_others_stay() {
        let prose = "Charges that were made twice on the same card are found\nby the system at night. The bank is told on \
                     the next day,\nand the customer gets a letter.";
        assert_eq!(flowing(prose), prose.replace('\n', " "));
        for stays in [
            "short lines\nof a poem\nthat was cut by its poet",
            "let result = compute_something_long(alpha, beta, gamma);\nreturn the result of it;\nand so on",
            "host is database.internal.example.com here\nport is 5432",
            "| plan | what it costs and what it has in it |\n| free | nothing at all, and that is what you get |",
            "2026-11-30 07:01:22 the first line of a log that is wider than any poem is\n\
             2026-11-30 07:01:23 the second line of it that is about as wide as the first\n\
             2026-11-30 07:01:24 done",
            "",
        ] {
            assert_eq!(flowing(stays), stays);
        }
        let by_hand = "A line by hand that is wide enough, wider than those of poems are, and longer still than the next\n\
                       one, which goes on with it in the middle of a sentence, as most do.\nIt ends.";
        assert_eq!(flowing(by_hand), by_hand.replace('\n', " "));
        let two = "A paragraph of two lines whose first one is as long as seventy columns\nor so.\n\nNext.";
        assert_eq!(flowing(two), two.replacen('\n', " ", 1));
    }

    #[test]
    fn items_that_were_cut_flow_again_and_each_begins_a_line() {
        let prose = "Charges that were made twice on the same card are found\nby the system at night. The bank is told on \
                     the next day,\nand the customer gets a letter.";
        let flows = prose.replace('\n', " ");
        for (mark, set_in) in [("- ", "  "), ("12. ", "    "), ("  * ", "    "), ("• ", "  "), ("- ", "")] {
            let own = prose.replace('\n', &format!("\n{set_in}"));
            let listed = format!("What is done:\n{mark}{own}\n{mark}ask\n{mark}{own}\n\nEnd");
            assert_eq!(
                flowing(&listed),
                format!("What is done:\n{mark}{flows}\n{mark}ask\n{mark}{flows}\n\nEnd")
            );
        }
        let two = "- an item of two lines that was cut at fifty\n  columns or so";
        assert_eq!(flowing(two), two.replace("\n  ", " "));
        let nested = "- a list of one item that has another list in it, which\n  - stays below it";
        for stays in [
            nested,
            "- name: Build all of the things that there are\n  run: make all of the things",
            "- short\n  lines",
            "- one that is as wide as an item can be here\n     and a line that is set in further than its words",
        ] {
            assert_eq!(flowing(stays), stays);
        }
    }

    #[test]
    fn an_item_that_was_cut_is_broken_once_and_hangs_under_its_words() {
        let item = "- Charges that were made twice on the same card are found\n  by the system at night";
        let shown = |overlaps, columns| text(&rows(item, &Wanted::default(), overlaps, columns));
        assert_eq!(shown((0, 0), 100), [item.replace("\n  ", " ")]);
        assert_eq!(
            shown((0, 0), 44),
            ["- Charges that were made twice on the same", "  card are found by the system at night"]
        );
        // What is shared may end within what sets a line in.
        let at = item.find('\n').unwrap();
        for (overlap, told) in
            [(at, "found ▒▒  by the"), (at + 1, "found  ▒▒ by the"), (at + 2, "found  ▒▒ by the")]
        {
            let rows = shown((overlap, 0), 200);
            assert!(rows.len() == 1 && rows[0].contains(told), "{overlap}: {rows:?}");
        }
    }

    #[test]
    fn lines_of_code_stay_as_they_are_and_prose_around_them_flows() {
        let prose = "Charges that were made twice on the same card are found\nby the system at night. The bank is told on \
                     the next day,\nand the customer gets a letter.";
        let code = "```toml\nname of the base that is asked about whatever the person wrote\nand of another one whose \
                    passages are laid together with its own\n```";
        let both = format!("{prose}\n{code}\n{prose}");
        let flows = prose.replace('\n', " ");
        assert_eq!(flowing(&both), format!("{flows}\n{code}\n{flows}"));
        for stays in [
            // It begins in the middle of code, ends there, or both.
            format!("some code\n```\n{prose}"),
            format!("{prose}\n```\nsome code"),
            format!("some code\n```\n{prose}\n```sh\nmore code"),
            // Nothing but code, without a fence.
            "name = \"teas\"           # a knowledge base that `kb create` made, which it may\nsearch\n\
             description = \"Every tea with its price.\""
                .to_owned(),
            "outcrop kb evaluate teas questions.jsonl --mode hybrid --rerank local/a-reranker\n\
             outcrop kb evaluate teas questions.jsonl --mode keyword --rerank local/a-reranker"
                .to_owned(),
            format!("$ outcrop kb sync teas\n{prose}"),
            format!("    indented code\n{prose}"),
        ] {
            assert_eq!(flowing(&stays), stays);
        }
    }

    #[test]
    fn prose_flows_whose_lines_begin_with_names_or_in_brackets() {
        for prose in [
            "The answer of a model that was given passages is compared with what the people at\nAmazon Bedrock call a \
             knowledge base, and with what was written about it by the staff of\nOutcrop in the year before.",
            "What `kb evaluate` tells is the mean over all of the questions that were asked of it\n(in brackets how sure \
             it is), for each of the settings that were named on the line.",
        ] {
            assert_eq!(flowing(prose), prose.replace('\n', " "));
        }
        let list = "INFO the first line of a program's log, which is about as wide as the next one\n\
                    INFO the second line of a program's log, which is about as wide as the one before";
        assert_eq!(flowing(list), list);
    }

    #[test]
    fn what_neighbours_have_too_stands_between_shades() {
        let rows = rows("first. second. third.", &Wanted::default(), (7, 7), 80);
        assert_eq!(text(&rows), ["▒▒ first.  ▒▒ second. ▒▒  third. ▒▒"]);
        let lines = super::rows("first.\nsecond.\nthird.", &Wanted::default(), (7, 6), 80);
        assert_eq!(text(&lines), ["▒▒ first.", "▒▒ second.", "▒▒ third. ▒▒"]);
        let all = super::rows("é", &Wanted::default(), (1, 9), 80);
        assert_eq!(text(&all).len(), 1);
        let table = super::rows("plan\tprice\nfree of charge\t0", &Wanted::default(), (0, 1), 80);
        assert_eq!(text(&table), ["plan            price", "free of charge   ▒▒ 0 ▒▒"]);
        let cells = super::rows("plan\tprice", &Wanted::default(), (0, 0), 80);
        assert_eq!(text(&cells), ["plan    price"]);
    }
}
