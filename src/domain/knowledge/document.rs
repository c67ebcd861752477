//! What a parser made of a file: its text, and the places in it that a citation can name.

use std::fmt::Write as _;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::chunking::Header;

/// The text of a file with its places.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Document {
    /// What the file was taken for: "docx", "html" …
    pub format: String,
    pub text: String,
    /// In the order of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub landmarks: Vec<Landmark>,
    /// Bytes that passages do not reach across (see `chunking::Text`): pages, sheets. None for a text that is all one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Range<usize>>,
    /// The text's lines are the file's.
    #[serde(default)]
    pub lines: bool,
    /// What a person should know of the reading: "charset guessed: windows-1252".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What reading one file may cost. Parsers stop at these; a child has its memory and time held by the system too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of the text made of it.
    pub text: usize,
    /// Bytes that a packed file (docx, xlsx) has when unpacked.
    pub unpacked: u64,
    /// Elements within each other.
    pub depth: usize,
    /// Cells of a workbook.
    pub cells: usize,
    /// Pages of a PDF.
    pub pages: usize,
    /// Forms of a PDF within each other.
    pub forms: usize,
    /// Tokens of content and glyphs of a PDF, in the whole file.
    pub operations: usize,
    /// Elements and texts of a page of HTML.
    pub elements: usize,
    /// Parts of a packed file.
    pub parts: usize,
    /// Pages, headings, sheets, tables and rows that a citation can name.
    pub places: usize,
    /// Bytes of memory that the parser may have beside its program.
    pub memory: u64,
    /// Seconds that it may take.
    pub seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MB: u64 = 1024 * 1024;
        Self {
            file: 50 * MB,
            text: 64 * MB as usize,
            unpacked: 128 * MB,
            depth: 1000,
            cells: 500_000,
            pages: 20_000,
            forms: 16,
            operations: 100_000_000,
            elements: 1_500_000,
            parts: 20_000,
            places: 4_000_000,
            memory: 512 * MB,
            seconds: 30,
        }
    }
}

/// Where something begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landmark {
    /// A byte of the text.
    pub at: usize,
    pub mark: Mark,
}

/// What begins there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// From 1.
    Page(u32),
    Heading {
        /// 1 is the highest.
        level: u8,
        text: Box<str>,
    },
    Sheet(Box<str>),
    /// A table within a text, from 1 in the document.
    Table(u32),
    /// What comes below a table.
    TableEnd,
    /// A row of a table, from 1: as its program numbers it, or as it stands in its text.
    Row(u32),
    /// The row that names the columns, from 1.
    Header(u32),
}

impl Document {
    /// The rows that name the columns of tables, in order.
    pub fn headers(&self) -> Vec<Header> {
        let mut found = Vec::new();
        let (mut next, mut end) = (self.text.len(), self.text.len());
        for landmark in self.landmarks.iter().rev() {
            match landmark.mark {
                Mark::Header(_) => found.push(Header { row: landmark.at..next, end }),
                Mark::Sheet(_) | Mark::Table(_) | Mark::TableEnd => end = landmark.at,
                Mark::Page(_) | Mark::Heading { .. } | Mark::Row(_) => {}
            }
            next = landmark.at;
        }
        found.reverse();
        found
    }
}

/// The places of one document; made once, asked for each of its passages.
#[derive(Debug)]
pub struct Places<'a> {
    document: &'a Document,
    /// Where each line begins, if lines are told.
    lines: Vec<usize>,
    /// Of each landmark the nearest before it, itself included, that is a page, a heading, a sheet, a row, a header, a table.
    last: Vec<[Option<u32>; 6]>,
    /// Of each landmark that is a heading the one that it lies under.
    above: Vec<Option<u32>>,
}

const PAGE: usize = 0;
const HEADING: usize = 1;
const SHEET: usize = 2;
const ROW: usize = 3;
const HEADER: usize = 4;
const TABLE: usize = 5;

impl<'a> Places<'a> {
    /// Reads the landmarks of a document.
    pub fn new(document: &'a Document) -> Self {
        let mut lines = Vec::new();
        if document.lines {
            lines.push(0);
            lines
                .extend(document.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1));
        }
        let mut current = [None; 6];
        let mut open: Vec<(u8, u32)> = Vec::new();
        let (mut last, mut above) = (Vec::new(), Vec::new());
        for (at, landmark) in document.landmarks.iter().enumerate() {
            let at = at as u32;
            let mut parent = None;
            match &landmark.mark {
                Mark::Page(_) => current[PAGE] = Some(at),
                Mark::Row(_) => current[ROW] = Some(at),
                Mark::Header(_) => (current[HEADER], current[ROW]) = (Some(at), Some(at)),
                Mark::Heading { level, .. } => {
                    while open.last().is_some_and(|(upper, _)| upper >= level) {
                        open.pop();
                    }
                    parent = open.last().map(|(_, at)| *at);
                    open.push((*level, at));
                    current[HEADING] = Some(at);
                }
                Mark::Table(_) => {
                    (current[TABLE], current[ROW], current[HEADER]) = (Some(at), None, None);
                }
                Mark::TableEnd => (current[TABLE], current[ROW], current[HEADER]) = (None, None, None),
                // A sheet begins anew.
                Mark::Sheet(_) => {
                    (current[SHEET], current[ROW], current[HEADER], current[HEADING]) =
                        (Some(at), None, None, None);
                    open.clear();
                }
            }
            last.push(current);
            above.push(parent);
        }
        Self { document, lines, last, above }
    }

    /// How many landmarks begin at or before a byte.
    fn begun(&self, byte: usize) -> usize {
        self.document.landmarks.partition_point(|landmark| landmark.at <= byte)
    }

    /// The landmark in force at a byte: the last that begins at or before it.
    fn at(&self, byte: usize, kind: usize) -> Option<&'a Mark> {
        let found = self.last[self.begun(byte).checked_sub(1)?][kind]?;
        Some(&self.document.landmarks[found as usize].mark)
    }

    /// The headings that a byte lies under, the highest first.
    pub fn headings(&self, byte: usize) -> Vec<&'a str> {
        let mut at = self.begun(byte).checked_sub(1).and_then(|before| self.last[before][HEADING]);
        let mut path = Vec::new();
        while let Some(found) = at {
            if let Mark::Heading { text, .. } = &self.document.landmarks[found as usize].mark {
                path.push(&**text);
            }
            at = self.above[found as usize];
        }
        path.reverse();
        path
    }

    /// The row that names the columns of the table that a byte lies in, unless the byte lies in that row.
    pub fn header(&self, byte: usize) -> Option<&'a str> {
        let landmarks = &self.document.landmarks;
        let found = self.last[self.begun(byte).checked_sub(1)?][HEADER]? as usize;
        let end = landmarks.get(found + 1).map(|next| next.at)?;
        (byte >= end).then(|| self.document.text[landmarks[found].at..end].trim_end())
    }

    /// The page of a byte.
    pub fn page(&self, byte: usize) -> Option<u32> {
        match self.at(byte, PAGE)? {
            Mark::Page(page) => Some(*page),
            _ => None,
        }
    }

    /// The first and the last number of the rows, or of the tables, that have something of the bytes from `start` to `end`.
    fn numbers(&self, kind: usize, start: usize, end: usize) -> Option<(usize, usize)> {
        let begun = self.document.landmarks.get(self.begun(start)..self.begun(end)).unwrap_or_default();
        let all = self.at(start, kind).into_iter().chain(begun.iter().map(|landmark| &landmark.mark));
        let mut numbers = all.filter_map(|mark| match mark {
            Mark::Row(number) | Mark::Header(number) if kind == ROW => Some(*number as usize),
            Mark::Table(number) if kind == TABLE => Some(*number as usize),
            _ => None,
        });
        let first = numbers.next()?;
        Some((first, numbers.next_back().unwrap_or(first)))
    }

    /// Whether words of the bytes from `start` to the last one, `end`, stand in no table and are no heading.
    fn has_prose(&self, start: usize, end: usize) -> bool {
        let landmarks = &self.document.landmarks;
        let (first, last) = (self.begun(start), self.begun(end));
        // What lies before each landmark, from the one before it on.
        (first..=last).any(|next| {
            let begins = next.checked_sub(1);
            if begins.is_some_and(|at| self.last[at][TABLE].is_some()) {
                return false;
            }
            let begins = begins.map(|at| &landmarks[at]);
            let from = begins.map_or(start, |landmark| landmark.at.max(start));
            let to = if next == last { end + 1 } else { landmarks[next].at };
            let part = self.document.text.get(from..to).unwrap_or_default();
            let prose = match begins {
                Some(Landmark { at, mark: Mark::Heading { text, .. } }) if *at == from => below(text, part),
                _ => part,
            };
            prose.chars().any(char::is_alphanumeric)
        })
    }

    /// What a citation calls a range of the text: "page 3", "Install › Linux, lines 10–30", "sheet Sales, rows 12–40", "Prices,
    /// table 2, row 5", and "Prices, with table 2, row 5" of one that has other text too. Empty where the document has no places.
    pub fn name(&self, range: &Range<usize>) -> String {
        // White space at the ends belongs to no place.
        let text = self.document.text.get(range.clone()).unwrap_or_default();
        let start = range.start + (text.len() - text.trim_start().len());
        let end = (range.start + text.trim_end().len()).saturating_sub(1).max(start);
        let mut name = String::new();
        let mut say = |words: &str| {
            let between = if name.is_empty() { "" } else { ", " };
            let _ = write!(name, "{between}{words}");
        };
        if let (Some(from), Some(to)) = (self.page(start), self.page(end)) {
            say(&span("page", from as usize, to as usize));
        }
        if let Some(Mark::Sheet(sheet)) = self.at(start, SHEET) {
            say(&format!("sheet {sheet}"));
        }
        let path = self.headings(start);
        if !path.is_empty() {
            say(&path.join(" › "));
        }
        let tables = self.numbers(TABLE, start, end);
        if let Some((from, to)) = tables {
            let with = if self.has_prose(start, end) { "with " } else { "" };
            say(&format!("{with}{}", span("table", from, to)));
        }
        // Rows of several tables say nothing.
        if tables.is_none_or(|(from, to)| from == to)
            && let Some((from, to)) = self.numbers(ROW, start, end)
        {
            say(&span("row", from, to));
        }
        if !self.lines.is_empty() {
            let line = |byte: usize| self.lines.partition_point(|begin| *begin <= byte);
            say(&span("line", line(start), line(end)));
        }
        name
    }
}

/// What comes below a heading's own line, where a part of a text begins with that: a title need not stand in it.
fn below<'a>(heading: &str, part: &'a str) -> &'a str {
    let (line, rest) = part.split_once('\n').unwrap_or((part, ""));
    // Signs of markup are in the line alone.
    let letters = |words: &str| words.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (said, named) = (letters(line), letters(heading));
    if said == named || is_marked_up(line, rest) && stands_in(&named, &said) { rest } else { part }
}

/// Whether a line is a heading by Markdown's signs: before it, or all along the next one.
fn is_marked_up(line: &str, rest: &str) -> bool {
    let under = rest.lines().next().unwrap_or_default().trim();
    let is_underlined = |sign: char| !under.is_empty() && under.chars().all(|c| c == sign);
    line.trim_start().starts_with('#') || is_underlined('=') || is_underlined('-')
}

/// Whether the letters are those of the line, one after the other: where a link leads stands between them.
fn stands_in(letters: &str, line: &str) -> bool {
    let mut line = line.chars();
    letters.chars().all(|letter| line.any(|other| other == letter))
}

fn span(word: &str, from: usize, to: usize) -> String {
    if from >= to { format!("{word} {from}") } else { format!("{word}s {from}–{to}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(document: &Document, from: &str, to: &str) -> String {
        let start = document.text.find(from).unwrap();
        let end = document.text.find(to).unwrap() + to.len();
        Places::new(document).name(&(start..end))
    }

    fn heading(level: u8, text: &str) -> Mark {
        Mark::Heading { level, text: text.into() }
    }

    /// Each mark before its line.
    fn document(lines: &[(Option<Mark>, &str)]) -> Document {
        let mut made = Document::default();
        for (mark, line) in lines {
            let at = made.text.len();
            made.landmarks.extend(mark.clone().map(|mark| Landmark { at, mark }));
            made.text += line;
            made.text += "\n";
        }
        made
    }

    #[test]
    fn pages_are_named_from_the_first_to_the_last() {
        let made = document(&[(Some(Mark::Page(3)), "one"), (Some(Mark::Page(4)), "two"), (None, "three")]);
        assert_eq!(named(&made, "one", "one"), "page 3");
        assert_eq!(named(&made, "one", "three"), "pages 3–4");
        assert_eq!(named(&made, "three", "three"), "page 4");
        let places = Places::new(&made);
        assert_eq!(places.name(&(0..4)), "page 3", "the end of its line is still its own");
        assert_eq!(places.name(&(3..7)), "page 4", "nor is white space before it on another page");
    }

    #[test]
    fn headings_are_a_path_that_a_higher_one_ends() {
        let made = document(&[
            (None, "before"),
            (Some(heading(1, "Install")), "Install"),
            (Some(heading(3, "Linux")), "Linux"),
            (None, "do this"),
            (Some(heading(2, "Other")), "Other"),
            (Some(heading(1, "Run")), "Run"),
        ]);
        assert_eq!(named(&made, "before", "before"), "");
        assert_eq!(named(&made, "do this", "Run"), "Install › Linux");
        assert_eq!(named(&made, "Other", "Other"), "Install › Other");
        assert_eq!(named(&made, "Run", "Run"), "Run");
    }

    #[test]
    fn rows_are_named_with_their_sheet_and_know_their_header() {
        let made = document(&[
            (Some(Mark::Sheet("Sales".into())), "Sales"),
            (Some(Mark::Header(1)), "Year\tSum"),
            (Some(Mark::Row(12)), "2021\t7"),
            (Some(Mark::Row(40)), "2022\t8"),
            (Some(Mark::Sheet("More".into())), "More"),
            (Some(Mark::Row(2)), "a"),
        ]);
        assert_eq!(named(&made, "2021", "8"), "sheet Sales, rows 12–40");
        assert_eq!(named(&made, "2022", "8"), "sheet Sales, row 40");

        let places = Places::new(&made);
        assert_eq!(places.header(made.text.find("2022").unwrap()), Some("Year\tSum"));
        assert_eq!(places.header(made.text.find("Sum").unwrap()), None);
        assert_eq!(places.header(made.text.len() - 2), None);
        assert_eq!(places.name(&(made.text.len() - 2..made.text.len())), "sheet More, row 2");
    }

    #[test]
    fn tables_within_a_text_are_named_with_the_rows_that_a_passage_has_of_them() {
        let made = document(&[
            (Some(heading(1, "Prices")), "Prices"),
            (Some(Mark::Table(1)), ""),
            (Some(Mark::Header(1)), "Part\tPrice"),
            (Some(Mark::Row(2)), "Motor\t120"),
            (Some(Mark::TableEnd), "between"),
            (Some(Mark::Table(2)), ""),
            (Some(Mark::Row(1)), "Hose\t14"),
            (Some(Mark::Row(2)), "Sum\t134"),
            (Some(Mark::TableEnd), "after"),
        ]);
        assert_eq!(named(&made, "Motor", "120"), "Prices, table 1, row 2");
        assert_eq!(named(&made, "Hose", "134"), "Prices, table 2, rows 1–2");
        assert_eq!(named(&made, "Prices", "Part"), "Prices, table 1, row 1");
        assert_eq!(named(&made, "between", "between"), "Prices");
        assert_eq!(named(&made, "between", "14"), "Prices, with table 2, row 1");
        assert_eq!(named(&made, "Motor", "134"), "Prices, with tables 1–2");
        assert_eq!(named(&made, "Sum", "after"), "Prices, with table 2, row 2");
        assert_eq!(named(&made, "after", "after"), "Prices");

        let places = Places::new(&made);
        assert_eq!(places.header(made.text.find("Motor").unwrap()), Some("Part\tPrice"));
        assert_eq!(places.header(made.text.find("between").unwrap()), None);
        assert_eq!(places.header(made.text.find("Hose").unwrap()), None);
        let headers = made.headers();
        assert_eq!((headers.len(), &made.text[headers[0].row.clone()]), (1, "Part\tPrice\n"));
        assert_eq!(headers[0].end, made.text.find("between").unwrap());
    }

    #[test]
    fn prose_beside_a_table_is_named_by_where_the_passage_begins() {
        let made = document(&[
            (None, "before all"),
            (Some(heading(1, "Prices")), "## Prices"),
            (None, "of parts"),
            (Some(Mark::Table(1)), "Motor\t120"),
            (Some(Mark::TableEnd), ""),
            (Some(heading(1, "Costs")), "Costs"),
            (Some(Mark::Table(2)), "Hose\t14"),
            (Some(Mark::TableEnd), "----"),
        ]);
        assert_eq!(named(&made, "## Prices", "120"), "Prices, with table 1");
        assert_eq!(named(&made, "before all", "120"), "with table 1", "nothing has a name where it begins");
        assert_eq!(named(&made, "of parts", "14"), "Prices, with tables 1–2");
        assert_eq!(named(&made, "Motor", "14"), "Prices, tables 1–2", "a heading alone is no prose");
        assert_eq!(named(&made, "Costs", "----"), "Costs, table 2", "nor is a rule");
        let made = Document { lines: true, ..made };
        assert_eq!(named(&made, "of parts", "Motor"), "Prices, with table 1, lines 3–4");

        let made = document(&[
            (Some(heading(1, "All prices")), "## **All** `prices`"),
            (Some(Mark::Table(1)), "Motor\t120"),
        ]);
        assert_eq!(named(&made, "##", "120"), "All prices, table 1", "marks of emphasis are no words");

        for line in ["## [Install](https://example.com/set-up)", "[Install][1]\n==="] {
            let made = document(&[(Some(heading(1, "Install")), line), (Some(Mark::Table(1)), "Motor\t120")]);
            assert_eq!(named(&made, line, "120"), "Install, table 1", "nor is where a link leads");
        }
        let made =
            document(&[(Some(heading(1, "Install")), "In stalls."), (Some(Mark::Table(1)), "Motor\t120")]);
        assert_eq!(named(&made, "In stalls.", "120"), "Install, with table 1");

        // The title of a page is not in its text.
        let made = document(&[(Some(heading(1, "Title")), "first"), (Some(Mark::Table(1)), "a\tb")]);
        assert_eq!(named(&made, "first", "b"), "Title, with table 1");
    }

    #[test]
    fn lines_are_those_of_the_file_where_they_are() {
        let made = Document { lines: true, ..document(&[(None, "one"), (None, "two"), (None, "three")]) };
        assert_eq!(named(&made, "one", "one"), "line 1");
        assert_eq!(named(&made, "two", "three"), "lines 2–3");
        assert_eq!(Places::new(&Document::default()).name(&(0..0)), "");
    }
}
