//! The rows of one block.

use ratatui::style::Modifier;

use super::Item;
use crate::domain::message::{Block, Role as Speaker};
use crate::domain::untrusted::{safe_line, safe_text};
use crate::tui::look::Role;
use crate::tui::widget::code::Code;
use crate::tui::widget::markdown::Stream;
use crate::tui::widget::text::{Ink, Inline, Row, Source, Span, fit, wrap};

/// Rows of live reasoning.
const TAIL: usize = 3;
/// More of one block than this is not set: copying and export have all of it.
const LIMIT: usize = 1024 * 1024;
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
    Markdown { done: bool },
    Plain,
    LiveThought,
    FoldedThought { ms: Option<u64> },
    OpenThought,
    Tool,
    Result { is_error: bool },
    Attachment,
    Hidden,
}

#[derive(Debug, Clone)]
enum Content {
    Stream(Box<Stream>),
    Rows(Vec<Row>),
}

impl Body {
    pub fn rows(&self) -> &[Row] {
        match &self.content {
            Content::Stream(stream) => stream.rows(),
            Content::Rows(rows) => rows,
        }
    }

    pub fn codes(&self) -> &[Code] {
        match &self.content {
            Content::Stream(stream) => stream.codes(),
            Content::Rows(_) => &[],
        }
    }

    /// It is the one line of folded reasoning.
    pub fn is_folded_thought(&self) -> bool {
        matches!(self.form, Form::FoldedThought { .. })
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
        Block::Text { .. } => Form::Plain,
        Block::Reasoning { .. } if item.reasoning_open => Form::OpenThought,
        Block::Reasoning { .. } if item.streams() && last => Form::LiveThought,
        Block::Reasoning { .. } => Form::FoldedThought { ms: item.thought_ms },
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
        (Block::Text { text }, _) => {
            let role = if item.message.role == Speaker::User { Role::You } else { Role::System };
            plain(text, Ink::of(role), columns)
        }
        (Block::Reasoning { text, .. }, Form::LiveThought) => live(text, columns),
        (Block::Reasoning { text, .. }, Form::OpenThought) => {
            let mut rows = vec![Row::of("thought ‹", faint)];
            for mut row in plain(text.trim(), Ink::of(Role::Muted), columns.saturating_sub(2)) {
                row.spans.insert(0, Span::new("▏ ", Ink::of(Role::Rule)));
                rows.push(row);
            }
            rows
        }
        (Block::Reasoning { .. }, _) => {
            let tokens = item.message.answer.as_ref().and_then(|answer| answer.usage.reasoning);
            let what = match (item.thought_ms, tokens) {
                (Some(ms), _) => format!("thought for {:.1} s ›", ms as f32 / 1000.0),
                (None, Some(tokens)) => format!("thought · {tokens} tok ›"),
                (None, None) => "thought ›".to_owned(),
            };
            vec![Row::of(fit(&what, columns), faint)]
        }
        (Block::Image { media_type, .. }, _) => {
            vec![Row::of(fit(&format!("▣ {}", safe_line(media_type)), columns), faint)]
        }
        (Block::Document { name, media_type, .. }, _) => {
            let what = format!("▤ {} · {}", safe_line(name), safe_line(media_type));
            vec![Row::of(fit(&what, columns), faint)]
        }
        (Block::ToolUse { name, input, .. }, _) => {
            let what = format!("⚙ {} {}", safe_line(name), safe_line(&input.to_string()));
            vec![Row::of(fit(&what, columns), Ink::of(Role::Tool))]
        }
        (Block::ToolResult { content, is_error, .. }, _) => {
            let ink = Ink::of(if *is_error { Role::Bad } else { Role::Muted });
            let mut rows = plain(content, ink, columns);
            if rows.len() > RESULT {
                let more = rows.len() - RESULT + 1;
                rows.truncate(RESULT - 1);
                rows.push(Row::of(format!("… {more} more lines"), faint));
            }
            rows
        }
        (Block::CachePoint, _) => Vec::new(),
    };
    Content::Rows(rows)
}

/// Text as it is: its own lines, wrapped.
fn plain(text: &str, ink: Ink, columns: usize) -> Vec<Row> {
    let shown = text.floor_char_boundary(LIMIT);
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text[..shown].split('\n') {
        let content = line.trim_end_matches('\r');
        let safe = safe_text(content);
        let expanded = safe.replace('\t', "    ");
        let source =
            Source { start: start as u32, end: (start + content.len()) as u32, exact: expanded == content };
        let mut inline = Inline::default();
        inline.push(&expanded, ink, Some(source));
        rows.extend(wrap(&inline, columns));
        start += line.len() + 1;
    }
    if shown < text.len() {
        let more = format!("… {} KB more: copy or export to see them", (text.len() - shown) / 1024);
        rows.push(Row::of(more, Ink::of(Role::Faint)));
    }
    rows
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
