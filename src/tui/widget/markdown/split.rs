//! Cuts a growing text into chunks that can be read apart from one another.
//!
//! Every decision is taken from whole lines in their order, so it does not matter in which pieces the text came, and a
//! chunk that was given out never changes. Work is bounded: no chunk is larger than a few [`CAP`]s.

use std::ops::Range;

/// A chunk that has grown to this many bytes ends at the next good place.
const CAP: usize = 8 * 1024;
/// A line longer than this is cut.
const LONG: usize = 16 * 1024;

/// A piece of the text with its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub range: Range<usize>,
    pub kind: Kind,
    /// A blank row parts it from what came before.
    pub gap: bool,
}

/// What a chunk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Markdown. `head` is the head of the table that the chunk goes on with.
    Flow { head: Option<Range<usize>> },
    /// Lines of a fenced code block, without its fences.
    Code { info: Range<usize>, indent: usize, opens: bool, closes: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Idle,
    Flow(Flow),
    Fence(Fence),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Flow {
    start: usize,
    /// A list has begun: blank lines need not end the chunk.
    list: bool,
    /// Column where the content of the outermost item begins.
    content: usize,
    /// Indented code.
    indented: bool,
    /// Where the blank lines began that the last line read was one of.
    blank: Option<usize>,
    /// The last line, while a table's delimiter may follow it.
    previous: Range<usize>,
    head: Option<Range<usize>>,
    gap: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fence {
    mark: u8,
    count: usize,
    indent: usize,
    info: Range<usize>,
    start: usize,
    opens: bool,
    gap: bool,
}

/// The state between two lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splitter {
    /// Start of the first line that was not read.
    line: usize,
    state: State,
    /// The next chunk goes on where a cut was made.
    joined: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self { line: 0, state: State::Idle, joined: false }
    }
}

impl Splitter {
    /// Reads the whole lines that have come, and gives out the chunks that they end.
    pub fn advance(&mut self, text: &str, out: &mut Vec<Chunk>) {
        while let Some(end) = self.next_line(text) {
            let start = std::mem::replace(&mut self.line, end.at);
            self.read(text, start..end.at, out);
            if end.cut {
                self.cut(end.at, out);
            }
        }
    }

    /// The chunks of what is left, as if the text ended here.
    pub fn rest(&self, text: &str) -> Vec<Chunk> {
        let mut last = self.clone();
        let mut out = Vec::new();
        let start = last.line;
        if start < text.len() {
            last.line = text.len();
            last.read(text, start..text.len(), &mut out);
        }
        last.joined = false;
        match last.state {
            State::Idle => {}
            State::Flow(flow) => {
                let end = flow.blank.unwrap_or(text.len());
                out.push(flow.chunk(end));
            }
            State::Fence(fence) => out.push(fence.chunk(text.len(), false)),
        }
        out
    }

    /// Start of the first line that was not read.
    pub fn read_to(&self) -> usize {
        self.line
    }

    fn next_line(&self, text: &str) -> Option<LineEnd> {
        let rest = text.get(self.line..)?;
        let window = &rest.as_bytes()[..rest.len().min(LONG)];
        if let Some(i) = window.iter().position(|b| *b == b'\n') {
            return Some(LineEnd { at: self.line + i + 1, cut: false });
        }
        if rest.len() < LONG {
            return None;
        }
        let limit = rest.floor_char_boundary(LONG);
        let at = rest[..limit].rfind(' ').filter(|i| *i > 0).map_or(limit, |i| i + 1);
        Some(LineEnd { at: self.line + at, cut: true })
    }

    fn read(&mut self, text: &str, line: Range<usize>, out: &mut Vec<Chunk>) {
        let content = text[line.clone()].trim_end_matches(['\n', '\r']);
        match &mut self.state {
            State::Fence(fence) => {
                if fence.closed_by(content) {
                    out.push(fence.chunk(line.start, true));
                    self.state = State::Idle;
                } else if line.end - fence.start >= CAP {
                    out.push(fence.chunk(line.end, false));
                    fence.start = line.end;
                    fence.opens = false;
                    fence.gap = false;
                }
            }
            State::Idle => {
                if !content.trim().is_empty() {
                    let gap = !std::mem::take(&mut self.joined);
                    self.begin(text, line, gap, out);
                }
            }
            State::Flow(flow) => {
                if content.trim().is_empty() {
                    if flow.list || flow.indented {
                        flow.blank.get_or_insert(line.start);
                    } else {
                        out.push(flow.chunk(line.start));
                        self.state = State::Idle;
                    }
                    return;
                }
                let (indent, body) = indentation(content);
                let marker = marker(body).filter(|_| indent <= 3);
                if let Some(blank) = flow.blank {
                    let goes_on =
                        flow.list && (indent >= 2 || marker.is_some()) || flow.indented && indent >= 4;
                    if !goes_on {
                        out.push(flow.chunk(blank));
                        self.begin(text, line, true, out);
                        return;
                    }
                }
                let nested = flow.list && indent >= flow.content;
                if indent <= 3 && !nested && opening(body).is_some() {
                    out.push(flow.chunk(line.start));
                    self.begin(text, line, true, out);
                    return;
                }
                let size = line.start - flow.start;
                let good = !flow.list || marker.is_some() && indent < flow.content;
                if size >= CAP && good || size >= 4 * CAP {
                    let gap = flow.blank.is_some();
                    let head = flow.head.clone();
                    out.push(flow.chunk(flow.blank.unwrap_or(line.start)));
                    self.begin(text, line, gap, out);
                    if let State::Flow(flow) = &mut self.state {
                        flow.head = head;
                    }
                    return;
                }
                flow.take(text, line, indent, marker);
            }
        }
    }

    /// Begins a chunk with a line that is not blank.
    fn begin(&mut self, text: &str, line: Range<usize>, gap: bool, out: &mut Vec<Chunk>) {
        let content = text[line.clone()].trim_end_matches(['\n', '\r']);
        let (indent, body) = indentation(content);
        if indent <= 3
            && let Some((mark, count)) = opening(body)
        {
            let info = line.start + content.len() - body.len() + count..line.start + content.len();
            self.state = State::Fence(Fence { mark, count, indent, info, start: line.end, opens: true, gap });
            return;
        }
        let mut flow = Flow { start: line.start, indented: indent >= 4, gap, ..Flow::default() };
        // A heading stands alone, so that it need not wait for what follows.
        if indent <= 3 && is_heading(body) && text[line.clone()].ends_with('\n') {
            out.push(flow.chunk(line.end));
            self.state = State::Idle;
            return;
        }
        let marker = marker(body).filter(|_| indent <= 3);
        flow.take(text, line, indent, marker);
        self.state = State::Flow(flow);
    }

    /// Ends the chunk inside a line that is too long.
    fn cut(&mut self, at: usize, out: &mut Vec<Chunk>) {
        match &mut self.state {
            State::Idle => {}
            State::Flow(flow) => {
                out.push(flow.chunk(at));
                self.state = State::Idle;
                self.joined = true;
            }
            State::Fence(fence) => {
                if fence.start < at {
                    out.push(fence.chunk(at, false));
                    fence.opens = false;
                    fence.gap = false;
                }
                fence.start = at;
            }
        }
    }
}

struct LineEnd {
    at: usize,
    /// The line goes on.
    cut: bool,
}

impl Flow {
    fn take(&mut self, text: &str, line: Range<usize>, indent: usize, marker: Option<usize>) {
        if let Some(width) = marker
            && (!self.list || indent < self.content)
        {
            self.list = true;
            self.content = indent + width;
        }
        if self.head.is_none() && !self.previous.is_empty() && is_delimiter(&text[line.clone()]) {
            self.head = Some(self.previous.start..line.end);
        }
        self.previous = line;
        self.blank = None;
    }

    fn chunk(&self, end: usize) -> Chunk {
        // The head is repeated only where the chunk does not hold it.
        let head = self.head.clone().filter(|head| head.end <= self.start);
        Chunk { range: self.start..end, kind: Kind::Flow { head }, gap: self.gap }
    }
}

impl Fence {
    fn closed_by(&self, line: &str) -> bool {
        let (indent, body) = indentation(line);
        let body = body.trim_end();
        indent <= 3 && body.len() >= self.count && body.bytes().all(|b| b == self.mark)
    }

    fn chunk(&self, end: usize, closes: bool) -> Chunk {
        let kind = Kind::Code { info: self.info.clone(), indent: self.indent, opens: self.opens, closes };
        Chunk { range: self.start.min(end)..end, kind, gap: self.gap && self.opens }
    }
}

/// Columns of white space before a line, and the line after it.
fn indentation(line: &str) -> (usize, &str) {
    let body = line.trim_start_matches([' ', '\t']);
    let columns = line[..line.len() - body.len()].bytes().fold(0, |column, b| match b {
        b'\t' => column / 4 * 4 + 4,
        _ => column + 1,
    });
    (columns, body)
}

/// A fence that opens: its mark and their number.
fn opening(body: &str) -> Option<(u8, usize)> {
    let mark = *body.as_bytes().first().filter(|b| matches!(b, b'`' | b'~'))?;
    let count = body.bytes().take_while(|b| *b == mark).count();
    let info_fits = mark == b'~' || !body[count..].contains('`');
    (count >= 3 && info_fits).then_some((mark, count))
}

/// The width of a list marker with the space after it.
fn marker(body: &str) -> Option<usize> {
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let sign = *body.as_bytes().get(digits)?;
    let is_marker = match digits {
        0 => matches!(sign, b'-' | b'*' | b'+') && !is_rule(body),
        1..=9 => matches!(sign, b'.' | b')'),
        _ => false,
    };
    let after = body.as_bytes().get(digits + 1);
    (is_marker && after.is_none_or(|b| matches!(b, b' ' | b'\t'))).then_some(digits + 2)
}

fn is_rule(body: &str) -> bool {
    let mark = body.as_bytes().first();
    let marks = body.bytes().filter(|b| !b.is_ascii_whitespace());
    body.bytes().filter(|b| Some(b) == mark).count() >= 3 && marks.clone().all(|b| Some(&b) == mark)
}

fn is_heading(body: &str) -> bool {
    let count = body.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&count) && body.as_bytes().get(count).is_none_or(u8::is_ascii_whitespace)
}

fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' '))
}
