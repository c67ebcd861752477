//! One chunk of Markdown → leaves with what they are nested in. Everything that becomes text is sanitised here, after the
//! parser has decoded entities and escapes.

use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use ratatui::style::Modifier;

use super::maths::shield;
use crate::domain::untrusted::{safe_line, safe_text};
use crate::tui::look::Role;
use crate::tui::widget::text::{Ink, Inline, Source, expand_tabs};

/// A container that a leaf stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nest {
    Quote,
    /// An item; the marker is shown at its first leaf only.
    Item {
        marker: String,
        first: bool,
    },
}

/// A leaf of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    pub nest: Vec<Nest>,
    /// A blank row before it.
    pub gap: bool,
    pub kind: LeafKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LeafKind {
    Text(Inline),
    Code { language: String, lines: Vec<CodeLine> },
    Table { columns: Vec<Alignment>, rows: Vec<Vec<Inline>> },
    Rule,
}

/// A line of code, safe and without tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLine {
    pub text: String,
    pub source: Source,
}

impl CodeLine {
    /// `line` is the source from byte `start` on.
    pub fn new(line: &str, start: usize) -> Self {
        let text = expand_tabs(&safe_line(line)).into_owned();
        let exact = text == line;
        Self { text, source: Source { start: start as u32, end: (start + line.len()) as u32, exact } }
    }
}

/// The name in an info string, for people and for the highlighter.
pub fn language(info: &str) -> String {
    let word = info.split([' ', '\t', ',', '{']).find(|w| !w.is_empty()).unwrap_or("");
    safe_line(word.trim_end_matches('}').trim_start_matches('.')).into_owned()
}

/// Reads `text[range]`, with the table head `head` before it.
pub fn parse(text: &str, range: &Range<usize>, head: Option<&Range<usize>>) -> Vec<Leaf> {
    let joined;
    let (chunk, before) = match head {
        Some(head) => {
            joined = format!("{}{}", &text[head.clone()], &text[range.clone()]);
            (joined.as_str(), head.len())
        }
        None => (&text[range.clone()], 0),
    };
    let shielded = shield(chunk);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    let parser = Parser::new_ext(&shielded, options);
    // A definition of a link is no event; its text must not vanish.
    let mut definitions: Vec<Range<usize>> =
        parser.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    definitions.sort_by_key(|span| span.start);
    let mut builder =
        Builder { chunk, shift: range.start as i64 - before as i64, hidden: before, ..Builder::default() };
    let mut definitions = definitions.into_iter().peekable();
    for (event, at) in parser.into_offset_iter() {
        while let Some(span) = definitions.next_if(|span| span.start < at.start && builder.is_between()) {
            builder.definition(span);
        }
        builder.event(event, at);
    }
    builder.end_inline();
    for span in definitions {
        builder.definition(span);
    }
    builder.leaves
}

#[derive(Default)]
struct Builder<'a> {
    chunk: &'a str,
    /// From an offset in the chunk to one in the text.
    shift: i64,
    /// Bytes of the repeated table head, which have no place of their own.
    hidden: usize,
    leaves: Vec<Leaf>,
    nest: Vec<Nest>,
    lists: Vec<List>,
    inline: Option<Inline>,
    inks: Vec<Ink>,
    links: Vec<Link>,
    code: Option<(String, Vec<RawLine>)>,
    table: Option<(Vec<Alignment>, Vec<Vec<Inline>>)>,
    in_head: bool,
}

/// A line of code as it comes from the parser, perhaps in several pieces.
struct RawLine {
    text: String,
    start: usize,
    end: usize,
    /// The text is the source's bytes.
    same: bool,
    /// Its end has come.
    whole: bool,
}

struct List {
    next: Option<u64>,
    loose: bool,
    /// An item has shown something.
    begun: bool,
}

struct Link {
    url: String,
    text: usize,
    bare: bool,
}

impl Builder<'_> {
    fn is_between(&self) -> bool {
        self.inline.is_none() && self.code.is_none() && self.table.is_none()
    }

    fn source(&self, at: &Range<usize>, exact: bool) -> Option<Source> {
        if at.start < self.hidden {
            return None;
        }
        let place = |offset: usize| (offset as i64 + self.shift) as u32;
        Some(Source { start: place(at.start), end: place(at.end), exact })
    }

    fn ink(&self) -> Ink {
        self.inks.last().copied().unwrap_or(Ink::of(Role::Text))
    }

    fn push_ink(&mut self, change: impl FnOnce(Ink) -> Ink) {
        let ink = change(self.ink());
        self.inks.push(ink);
    }

    fn text(&mut self, text: &str, at: &Range<usize>, ink: Ink) {
        let safe = safe_text(text);
        let exact = self.chunk.get(at.clone()).is_some_and(|source| source == safe);
        let expanded = if safe.contains('\t') { safe.replace('\t', "    ") } else { safe.into_owned() };
        let source = self.source(at, exact && !expanded.is_empty() && expanded.len() == at.len());
        self.inline.get_or_insert_default().push(&expanded, ink, source);
    }

    fn note(&mut self, text: &str, ink: Ink) {
        self.inline.get_or_insert_default().push(text, ink, None);
    }

    fn leaf(&mut self, kind: LeafKind) {
        let gap = match self.lists.last() {
            None => !self.leaves.is_empty(),
            Some(list) if list.begun => list.loose,
            // The first thing in a list is parted from what stands before the list as that is from its own.
            Some(_) => match self.lists.len() {
                1 => !self.leaves.is_empty(),
                n => self.lists[n - 2].loose,
            },
        };
        self.leaves.push(Leaf { nest: self.nest.clone(), gap, kind });
        for list in &mut self.lists {
            list.begun = true;
        }
        for nest in &mut self.nest {
            if let Nest::Item { first, .. } = nest {
                *first = false;
            }
        }
    }

    fn end_inline(&mut self) {
        if let Some(inline) = self.inline.take() {
            self.leaf(LeafKind::Text(inline));
        }
    }

    fn definition(&mut self, span: Range<usize>) {
        let text = self.chunk[span.clone()].trim_end().to_owned();
        let at = span.start..span.start + text.len();
        self.text(&text, &at, Ink::of(Role::Faint));
        self.end_inline();
    }

    fn event(&mut self, event: Event<'_>, at: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, &at),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code.is_some() => self.code_text(&text, &at),
            Event::Text(text) => self.text(&text, &at, self.ink()),
            Event::Code(code) => {
                let source = self.chunk[at.clone()].to_owned();
                if source.starts_with('\\') {
                    self.text(&source, &at, self.ink());
                } else {
                    let inside = at.start + source.find(&*code).unwrap_or(0);
                    let inside = inside..(inside + code.len()).min(at.end);
                    self.text(&code, &inside, self.ink().role(Role::String));
                }
            }
            Event::InlineMath(_) | Event::DisplayMath(_) => {
                let source = self.chunk[at.clone()].to_owned();
                self.text(&source, &at, self.ink());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                self.text(&html, &at, self.ink().role(Role::Muted));
            }
            Event::SoftBreak | Event::HardBreak => {
                let source = self.source(&at, false);
                self.inline.get_or_insert_default().push("\n", Ink::of(Role::Text), source);
            }
            Event::Rule => self.leaf(LeafKind::Rule),
            Event::TaskListMarker(done) => {
                if let Some(Nest::Item { marker, .. }) = self.nest.last_mut() {
                    *marker = if done { "☑".to_owned() } else { "☐".to_owned() };
                }
            }
            Event::FootnoteReference(label) => self.text(&format!("[^{label}]"), &at, self.ink()),
        }
    }

    fn start(&mut self, tag: Tag<'_>, at: &Range<usize>) {
        match tag {
            Tag::Paragraph => {
                if let (Some(Nest::Item { .. }), Some(list)) = (self.nest.last(), self.lists.last_mut()) {
                    list.loose = true;
                }
            }
            Tag::Heading { level, .. } => {
                let role = if level <= HeadingLevel::H2 { Role::Text } else { Role::Muted };
                self.inks.push(Ink::of(role).with(Modifier::BOLD));
                self.inline = Some(Inline::default());
            }
            Tag::BlockQuote(_) => {
                self.end_inline();
                self.nest.push(Nest::Quote);
                self.push_ink(|ink| ink.role(Role::Muted));
            }
            Tag::CodeBlock(kind) => {
                self.end_inline();
                let name = match kind {
                    CodeBlockKind::Fenced(info) => language(&info),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((name, Vec::new()));
            }
            Tag::List(next) => {
                self.end_inline();
                self.lists.push(List { next, loose: false, begun: false });
            }
            Tag::Item => {
                let depth = self.lists.len();
                let marker = match self.lists.last_mut().and_then(|list| list.next.as_mut()) {
                    Some(next) => {
                        *next += 1;
                        format!("{}.", *next - 1)
                    }
                    None => ["•", "◦", "▪"][(depth.max(1) - 1) % 3].to_owned(),
                };
                self.nest.push(Nest::Item { marker, first: true });
            }
            Tag::Table(columns) => {
                self.end_inline();
                self.table = Some((columns, Vec::new()));
            }
            Tag::TableHead | Tag::TableRow => {
                self.in_head = matches!(tag, Tag::TableHead);
                if let Some((_, rows)) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            Tag::TableCell => {
                self.inline = Some(Inline::default());
                if self.in_head {
                    self.inks.push(Ink::of(Role::Text).with(Modifier::BOLD));
                }
            }
            Tag::Emphasis => self.push_ink(|ink| ink.with(Modifier::ITALIC)),
            Tag::Strong => self.push_ink(|ink| ink.with(Modifier::BOLD)),
            Tag::Strikethrough => self.push_ink(|ink| ink.with(Modifier::CROSSED_OUT)),
            Tag::Link { link_type, dest_url, .. } => {
                let text = self.inline.get_or_insert_default().text.len();
                let bare = matches!(link_type, LinkType::Autolink | LinkType::Email);
                self.links.push(Link { url: safe_line(&dest_url).into_owned(), text, bare });
                self.push_ink(|ink| ink.role(Role::Link));
            }
            Tag::Image { dest_url, .. } => {
                self.note("▣ ", Ink::of(Role::Faint));
                let text = self.inline.get_or_insert_default().text.len();
                self.links.push(Link { url: safe_line(&dest_url).into_owned(), text, bare: false });
                self.push_ink(|ink| ink.role(Role::Muted));
            }
            Tag::HtmlBlock => self.end_inline(),
            // Not asked of the parser, so never seen; their text would still be shown.
            _ => {
                let _ = at;
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.end_inline(),
            TagEnd::HtmlBlock => {
                if let Some(inline) = &mut self.inline {
                    inline.trim_end();
                }
                self.end_inline();
            }
            TagEnd::Heading(_) => {
                self.inks.pop();
                self.end_inline();
            }
            TagEnd::BlockQuote(_) => {
                self.end_inline();
                self.nest.pop();
                self.inks.pop();
            }
            TagEnd::CodeBlock => {
                if let Some((language, raw)) = self.code.take() {
                    let lines = raw.into_iter().map(RawLine::finish).collect();
                    self.leaf(LeafKind::Code { language, lines });
                }
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                if self.inline.is_none()
                    && let Some(Nest::Item { first: true, .. }) = self.nest.last()
                {
                    self.inline = Some(Inline::default());
                }
                self.end_inline();
                self.nest.pop();
            }
            TagEnd::Table => {
                if let Some((columns, rows)) = self.table.take() {
                    self.leaf(LeafKind::Table { columns, rows });
                }
            }
            TagEnd::TableCell => {
                if self.in_head {
                    self.inks.pop();
                }
                let cell = self.inline.take().unwrap_or_default();
                if let Some(row) = self.table.as_mut().and_then(|(_, rows)| rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.inks.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                self.inks.pop();
                if let Some(link) = self.links.pop() {
                    let shown =
                        self.inline.as_ref().is_some_and(|inline| inline.text[link.text..] == link.url);
                    if !link.bare && !shown && !link.url.is_empty() {
                        self.note(&format!(" ({})", link.url), Ink::of(Role::Faint));
                    }
                }
            }
            _ => {}
        }
    }

    fn code_text(&mut self, text: &str, at: &Range<usize>) {
        let same = self.chunk.get(at.clone()).is_some_and(|source| source == text);
        let place = |offset: usize| (offset as i64 + self.shift) as usize;
        let (mut start, end) = (place(at.start), place(at.end));
        let Some((_, lines)) = &mut self.code else { return };
        for piece in text.split_inclusive('\n') {
            let whole = piece.ends_with('\n');
            let piece_end = if same { start + piece.len() } else { end };
            match lines.last_mut() {
                Some(line) if !line.whole => {
                    line.same &= same && line.end == start;
                    line.text.push_str(piece);
                    line.end = piece_end;
                    line.whole = whole;
                }
                _ => lines.push(RawLine { text: piece.to_owned(), start, end: piece_end, same, whole }),
            }
            start = piece_end;
        }
    }
}

impl RawLine {
    fn finish(self) -> CodeLine {
        let mut line = CodeLine::new(self.text.trim_end_matches(['\n', '\r']), self.start);
        if !self.same {
            line.source.end = self.end as u32;
            line.source.exact = false;
        }
        line
    }
}
