//! The rows of one block.

use ratatui::style::Modifier;

use super::plain::Plain;
use super::{Item, Named};
use crate::domain::attachment::{Attachment, unfenced};
use crate::domain::figures;
use crate::domain::message::{Block, Role as Speaker};
use crate::domain::untrusted::safe_line;
use crate::tui::look::Role;
use crate::tui::widget::code::Code;
use crate::tui::widget::markdown::Stream;
use crate::tui::widget::text::{Ink, Inline, Row, Span, fit, width, wrap};

/// Rows of live reasoning.
const TAIL: usize = 3;
/// More of one block than this is not set: copying and export have all of it.
const LIMIT: usize = 1024 * 1024;
/// A text of the person's own with more bytes or lines than these is shown by its beginning.
pub(super) const LONG: usize = 20_000;
const LONG_LINES: usize = 200;
/// Rows of that beginning.
pub(super) const BEGINNING: usize = 3;
/// Rows of a tool's result.
const RESULT: usize = 12;

/// A block, set at a width.
#[derive(Debug, Clone)]
pub(super) struct Body {
    form: Form,
    columns: usize,
    /// Bytes of the block when it was set.
    seen: usize,
    content: Content,
}

/// How a block is shown: a block that changes its form is set anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Markdown {
        done: bool,
    },
    Plain {
        folded: bool,
    },
    LiveThought,
    FoldedThought {
        ms: Option<u64>,
        /// How long it took and whose it is may be said.
        told: bool,
    },
    OpenThought,
    Tool,
    Result {
        is_error: bool,
    },
    /// A text file of the person's, of which the name is shown.
    File,
    Attachment,
    Hidden,
}

#[derive(Debug, Clone)]
enum Content {
    Stream(Box<Stream>),
    Growing(Box<Plain>),
    Rows(Vec<Row>),
}

impl Body {
    pub fn rows(&self) -> &[Row] {
        match &self.content {
            Content::Stream(stream) => stream.rows(),
            Content::Growing(plain) => plain.rows(),
            Content::Rows(rows) => rows,
        }
    }

    pub fn codes(&self) -> &[Code] {
        match &self.content {
            Content::Stream(stream) => stream.codes(),
            Content::Growing(_) | Content::Rows(_) => &[],
        }
    }

    /// The row that opens what is folded, or folds it again.
    pub fn fold(&self) -> Option<usize> {
        match self.form {
            Form::FoldedThought { .. } | Form::OpenThought | Form::File => Some(0),
            Form::Plain { folded: true } => self.rows().len().checked_sub(1),
            _ => None,
        }
    }

    /// Sets the block, going on from `old` where that can be done.
    pub fn set(old: Option<Self>, item: &Item<'_>, index: usize, columns: usize) -> Self {
        let block = &item.message.blocks[index];
        let form = form(item, index);
        let seen = length(block);
        match old {
            Some(old) if old.columns == columns && old.form == form && old.seen == seen => old,
            Some(Self {
                form: Form::Markdown { .. },
                columns: c,
                seen: s,
                content: Content::Stream(mut stream),
            }) if c == columns && s <= seen && matches!(form, Form::Markdown { .. }) => {
                update(&mut stream, block, form);
                Self { form, columns, seen, content: Content::Stream(stream) }
            }
            Some(Self {
                form: Form::OpenThought,
                columns: c,
                seen: s,
                content: Content::Growing(mut plain),
            }) if c == columns && s <= seen && form == Form::OpenThought => {
                if let Block::Reasoning { text, .. } = block {
                    plain.update(text);
                }
                Self { form, columns, seen, content: Content::Growing(plain) }
            }
            _ => Self { form, columns, seen, content: content(item, block, form, columns) },
        }
    }
}

fn update(stream: &mut Stream, block: &Block, form: Form) {
    if let Block::Text { text } = block {
        let end = text.floor_char_boundary(LIMIT);
        stream.update(&text[..end], form == Form::Markdown { done: true } || end < text.len());
    }
}

fn length(block: &Block) -> usize {
    match block {
        Block::Text { text } | Block::Reasoning { text, .. } => text.len(),
        Block::ToolResult { content, .. } => content.len(),
        _ => 0,
    }
}

fn form(item: &Item<'_>, index: usize) -> Form {
    let last = index + 1 == item.message.blocks.len();
    match &item.message.blocks[index] {
        Block::Text { .. } if item.message.role == Speaker::Assistant => {
            Form::Markdown { done: !(item.streams() && last) }
        }
        Block::Text { text }
            if item.message.role == Speaker::User && !item.open && unfenced(text).is_some() =>
        {
            Form::File
        }
        Block::Text { text } => {
            Form::Plain { folded: item.message.role == Speaker::User && !item.open && is_long(text) }
        }
        // What a provider does with its thoughts tells which one it is.
        Block::Reasoning { .. } | Block::RedactedReasoning { .. }
            if item.named == Named::Nowhere && !item.open =>
        {
            Form::FoldedThought { ms: None, told: false }
        }
        Block::Reasoning { .. } if item.open => Form::OpenThought,
        Block::Reasoning { .. } if item.streams() && last => Form::LiveThought,
        Block::Reasoning { .. } | Block::RedactedReasoning { .. } => {
            Form::FoldedThought { ms: item.thought_ms, told: true }
        }
        Block::Image { .. } | Block::Document { .. } => Form::Attachment,
        Block::ToolUse { .. } => Form::Tool,
        Block::ToolResult { is_error, .. } => Form::Result { is_error: *is_error },
        Block::CachePoint => Form::Hidden,
    }
}

fn content(item: &Item<'_>, block: &Block, form: Form, columns: usize) -> Content {
    let faint = Ink::of(Role::Faint);
    let rows = match (block, form) {
        (_, Form::Markdown { .. }) => {
            let mut stream = Stream::new(columns);
            update(&mut stream, block, form);
            return Content::Stream(Box::new(stream));
        }
        (Block::Text { text }, Form::File) => {
            let (name, body) = unfenced(text).unwrap_or(("", text));
            let chip = format!("[@{} · {}] ›", safe_line(name), size_of(body));
            vec![Row::of(fit(&chip, columns), Ink::of(Role::Info))]
        }
        (Block::Text { text }, _) => {
            let ink = Ink::of(if item.message.role == Speaker::User { Role::You } else { Role::System });
            if form == (Form::Plain { folded: true }) {
                folded(text, ink, columns)
            } else {
                plain(text, ink, columns)
            }
        }
        (Block::Reasoning { text, .. }, Form::LiveThought) => live(text, columns),
        (Block::Reasoning { text, .. }, Form::OpenThought) => {
            let head = Row::of("thought ‹", faint);
            let mut plain = Plain::barred(head, Ink::of(Role::Muted), columns);
            plain.update(text);
            return Content::Growing(Box::new(plain));
        }
        (_, Form::FoldedThought { told: false, .. }) => vec![Row::of(fit("thought ›", columns), faint)],
        (Block::RedactedReasoning { .. }, _) => {
            vec![Row::of(fit("thought, which only its provider can read", columns), faint)]
        }
        (Block::Reasoning { .. }, _) => {
            let tokens = item.message.answer.as_ref().and_then(|answer| answer.usage.reasoning);
            let what = match (item.thought_ms, tokens) {
                (Some(ms), _) => format!("thought for {} ›", figures::seconds(ms)),
                (None, Some(tokens)) => format!("thought · {} tok ›", figures::grouped(tokens.into())),
                (None, None) => "thought ›".to_owned(),
            };
            vec![Row::of(fit(&what, columns), faint)]
        }
        (Block::Image { media_type, file: None, .. }, _) => {
            vec![Row::of(fit(&format!("▣ {}", safe_line(media_type)), columns), faint)]
        }
        (Block::Image { .. } | Block::Document { .. }, _) => {
            let label = Attachment::of(block).map(|file| format!("[{}]", safe_line(&file.label())));
            vec![Row::of(fit(&label.unwrap_or_default(), columns), Ink::of(Role::Info))]
        }
        (Block::ToolUse { id, .. }, _) if asks(item, id).is_some() => {
            let question = asks(item, id).unwrap_or_default();
            plain(&format!("⚙ {question}"), Ink::of(Role::Tool), columns)
        }
        (Block::ToolUse { name, input, .. }, _) => {
            let what = format!("⚙ {} {}", safe_line(name), safe_line(&input.to_string()));
            vec![Row::of(fit(&what, columns), Ink::of(Role::Tool))]
        }
        (Block::ToolResult { id, content, is_error }, _) => {
            let ink = Ink::of(if *is_error { Role::Bad } else { Role::Muted });
            let inset = columns.min(2);
            let mut rows = plain(content, ink, columns - inset);
            let mark = format!("⚙ {}→ ", called(item, id));
            let wide = |row: &Row| row.spans.iter().map(|span| width(&span.text)).sum::<usize>();
            // The mark stands before the first line, or above it; what is under it is set in.
            let beside = rows.first().is_some_and(|row| wide(row) + width(&mark) <= columns);
            for row in rows.iter_mut().skip(usize::from(beside)) {
                row.spans.insert(0, Span::new(" ".repeat(inset), ink));
            }
            match rows.first_mut().filter(|_| beside) {
                Some(row) => row.spans.insert(0, Span::new(mark, Ink::of(Role::Tool))),
                None => rows.insert(0, Row::of(fit(mark.trim_end(), columns), Ink::of(Role::Tool))),
            }
            if rows.len() > RESULT {
                let more = rows.len() - RESULT + 1;
                rows.truncate(RESULT - 1);
                rows.push(Row::of(fit(&format!("  … {more} more lines"), columns), faint));
            }
            rows
        }
        (Block::CachePoint, _) => Vec::new(),
    };
    Content::Rows(rows)
}

/// What an agent asks the person by a call.
fn asks<'a>(item: &Item<'a>, call: &str) -> Option<&'a str> {
    let wanted = super::steps::acting(item)?.waiting().iter().find(|wanted| wanted.id == call)?;
    wanted.question.as_deref()
}

/// The name of the tool that a result is of, with a space behind it; empty where the call is not known.
fn called(item: &Item<'_>, result: &str) -> String {
    let name = item.before.iter().find_map(|block| match block {
        Block::ToolUse { id, name, .. } if id == result => Some(safe_line(name)),
        _ => None,
    });
    name.map_or_else(String::new, |name| format!("{name} "))
}

/// Text as it is.
fn plain(text: &str, ink: Ink, columns: usize) -> Vec<Row> {
    let mut plain = Plain::new(ink, columns);
    plain.update(text);
    plain.rows().to_vec()
}

/// The beginning of a text of the person's own that is too long to be scrolled past.
fn folded(text: &str, ink: Ink, columns: usize) -> Vec<Row> {
    let start: usize = text.split_inclusive('\n').take(BEGINNING).map(str::len).sum();
    let end = text.floor_char_boundary(start.min(columns * BEGINNING * 4));
    let mut rows = plain(text[..end].trim_end(), ink, columns);
    rows.truncate(BEGINNING);
    rows.push(Row::of(fit(&format!("[{}] ›", size_of(text)), columns), Ink::of(Role::Info)));
    rows
}

/// `3.4 MB · 27,900 lines`.
fn size_of(text: &str) -> String {
    let lines = figures::count(text.lines().count() as u64, "line", "lines");
    format!("{} · {lines}", figures::bytes(text.len() as u64))
}

/// A text of the person's own of which less is shown until it is opened: a file, or a very long one.
pub(super) fn folds(text: &str) -> bool {
    is_long(text) || unfenced(text).is_some()
}

/// A text of the person's own that is shown by its beginning until it is opened.
fn is_long(text: &str) -> bool {
    text.len() > LONG || text.len() > LONG_LINES && text.lines().nth(LONG_LINES).is_some()
}

/// The last rows of reasoning that goes on, always as many, so that nothing below them moves.
fn live(text: &str, columns: usize) -> Vec<Row> {
    let ink = Ink::of(Role::Muted).with(Modifier::ITALIC);
    let mut rows = vec![Row::of("thinking", Ink::of(Role::Faint))];
    // Enough bytes for the rows at four a column.
    let from = text.ceil_char_boundary(text.len().saturating_sub(columns * (TAIL + 1) * 4));
    let from = if from == 0 { 0 } else { text[from..].find(char::is_whitespace).map_or(from, |i| from + i) };
    let mut tail: Vec<Row> = Vec::new();
    for line in text[from..].split('\n').filter(|line| !line.trim().is_empty()) {
        tail.extend(wrap(
            &Inline::plain(safe_line(line.trim_start()).as_ref(), ink),
            columns.saturating_sub(2),
        ));
    }
    let skipped = tail.len().saturating_sub(TAIL);
    let mut shown: Vec<Row> = tail.into_iter().skip(skipped).collect();
    shown.resize_with(TAIL, Row::default);
    for mut row in shown {
        row.spans.insert(0, Span::new("▏ ", Ink::of(Role::Rule)));
        rows.push(row);
    }
    rows
}
