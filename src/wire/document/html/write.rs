//! From the tree to lines.

use super::super::building::Building;
use super::super::fault::Fault;
use super::super::table::Tables;
use super::tree::{Kind, Tree};

/// Elements that are not text to be read.
const LEFT_OUT: &[&str] = &[
    "audio", "canvas", "datalist", "head", "iframe", "noframes", "noscript", "object", "script", "select",
    "style", "svg", "template", "textarea", "video",
];

/// Elements that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "title",
    "tr",
    "ul",
];

/// Those of them that an empty line stands around.
const APART: &[&str] = &["blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "table"];

/// The level of the page's title as a place: whatever heading comes ends it.
const TITLE: u8 = 7;

struct Writer<'a, 'b> {
    made: &'a mut Building<'b>,
    /// The page's title, until something is written or a heading comes.
    title: Option<&'a str>,
    /// The line that is being written.
    line: String,
    /// An empty line is due.
    gap: bool,
    /// Open lists: the next number, or `None` of one with bullets.
    lists: Vec<Option<i32>>,
    /// The level of the heading that the next line is.
    heading: Option<u8>,
    /// What the next line begins with.
    label: Option<String>,
    plain: usize,
    /// Open tables, each within the one before it.
    tables: usize,
    /// Of the outermost table, its heads that are open.
    heads: usize,
    /// The row names columns, as far as its cells tell.
    names: bool,
    /// Within a cell of the outermost table.
    in_cell: bool,
    cell: String,
    cells: Vec<String>,
    written: Tables,
}

/// Writes what the page says; where that is nothing, what stands beside it.
pub fn write(tree: &Tree, made: &mut Building<'_>) -> Result<(), Fault> {
    walk(tree, made, false)?;
    if made.text().trim().is_empty() { walk(tree, made, true) } else { Ok(()) }
}

fn walk(tree: &Tree, made: &mut Building<'_>, with_beside: bool) -> Result<(), Fault> {
    let mut writer = Writer {
        made,
        title: tree.title(),
        line: String::new(),
        gap: false,
        lists: Vec::new(),
        heading: None,
        label: None,
        plain: 0,
        tables: 0,
        heads: 0,
        names: false,
        in_cell: false,
        cell: String::new(),
        cells: Vec::new(),
        written: Tables::default(),
    };
    // Down to the first child, else to the next beside it, else up until there is one.
    let mut node = 0;
    loop {
        let shown = match &tree.nodes[node as usize].kind {
            Kind::Silent => true,
            Kind::Text(text) => {
                writer.text(text)?;
                true
            }
            Kind::Element { name, hidden, beside, start } => {
                let shown = !hidden && !LEFT_OUT.contains(&&**name);
                let written = shown && (with_beside || !beside);
                if written {
                    writer.enter(name, *start)?;
                } else if shown {
                    writer.pass_over(name)?;
                }
                written
            }
        };
        if shown && let Some(first) = tree.first(node) {
            node = first;
            continue;
        }
        let mut left = shown;
        loop {
            if left && let Kind::Element { name, .. } = &tree.nodes[node as usize].kind {
                writer.leave(name)?;
            }
            if let Some(after) = tree.after(node) {
                node = after;
                break;
            }
            if node == 0 {
                return writer.flush();
            }
            node = tree.nodes[node as usize].parent;
            left = true;
        }
    }
}

/// Of `h1` to `h6`.
fn level(name: &str) -> Option<u8> {
    name.strip_prefix('h').and_then(|level| level.parse().ok()).filter(|level| (1..=6).contains(level))
}

impl Writer<'_, '_> {
    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if self.line.len() + text.len() + self.cell.len() > self.made.limits.text {
            let most = self.made.limits.text as u64;
            return Err(Fault::too_large("its text", 0, most, "documents.text_mb"));
        }
        if self.plain > 0 && !self.in_cell {
            self.line.push_str(text);
            return Ok(());
        }
        for letter in text.chars() {
            if letter.is_ascii_whitespace() {
                if !self.line.is_empty() && !self.line.ends_with([' ', '\n']) {
                    self.line.push(' ');
                }
            } else {
                self.line.push(letter);
            }
        }
        Ok(())
    }

    fn enter(&mut self, name: &str, start: Option<i32>) -> Result<(), Fault> {
        if BLOCKS.contains(&name) || self.begins_cell(name) {
            self.flush()?;
        }
        self.gap |= APART.contains(&name) && self.lists.is_empty() && !self.in_cell;
        if let Some(level) = level(name) {
            self.heading = Some(level);
        }
        match name {
            "br" => {
                self.line.truncate(self.line.trim_end_matches(' ').len());
                self.line.push('\n');
            }
            "pre" => self.plain += 1,
            "ul" | "menu" | "dir" => self.lists.push(None),
            "ol" => self.lists.push(Some(start.unwrap_or(1))),
            "li" => {
                self.label = Some(match self.lists.last_mut() {
                    Some(Some(next)) => {
                        *next = next.saturating_add(1);
                        format!("{}.", next.saturating_sub(1))
                    }
                    _ => "•".to_owned(),
                });
            }
            "table" => self.tables += 1,
            "thead" if self.tables == 1 => self.heads += 1,
            "tr" if self.tables == 1 => self.names = true,
            "td" | "th" if self.tables == 1 => {
                self.in_cell = true;
                self.names &= name == "th" || self.heads > 0;
            }
            _ => {}
        }
        Ok(())
    }

    /// What is left out still parts what stands around it, and keeps its column where it is a cell.
    fn pass_over(&mut self, name: &str) -> Result<(), Fault> {
        if BLOCKS.contains(&name) || self.begins_cell(name) {
            self.flush()?;
        }
        if matches!(name, "td" | "th") && self.tables == 1 {
            self.cells.push(String::new());
        }
        Ok(())
    }

    fn begins_cell(&self, name: &str) -> bool {
        matches!(name, "td" | "th") && self.tables > 0
    }

    fn leave(&mut self, name: &str) -> Result<(), Fault> {
        if BLOCKS.contains(&name) || self.begins_cell(name) {
            self.flush()?;
        }
        match name {
            "pre" => self.plain = self.plain.saturating_sub(1),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = None,
            "ul" | "menu" | "dir" | "ol" => {
                self.lists.pop();
                self.gap |= self.lists.is_empty();
            }
            "li" => self.label = None,
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.written.end(self.made)?;
                }
            }
            "thead" if self.tables == 1 => self.heads = self.heads.saturating_sub(1),
            "td" | "th" if self.tables == 1 => {
                self.in_cell = false;
                self.cells.push(std::mem::take(&mut self.cell));
            }
            "tr" if self.tables == 1 && !self.cells.is_empty() => {
                self.space()?;
                self.under_title()?;
                self.written.row(&std::mem::take(&mut self.cells), self.names, self.made)?;
            }
            _ => {}
        }
        self.gap |= APART.contains(&name) && self.lists.is_empty() && !self.in_cell;
        Ok(())
    }

    /// Writes the empty line that is due.
    fn space(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.gap) && !self.made.text().is_empty() {
            self.made.push("\n")?;
        }
        Ok(())
    }

    /// What is written before any heading has the page's title as its place.
    fn under_title(&mut self) -> Result<(), Fault> {
        match self.title.take() {
            Some(title) => self.made.heading(self.made.at(), TITLE, title),
            None => Ok(()),
        }
    }

    /// Ends the line.
    fn flush(&mut self) -> Result<(), Fault> {
        let line = std::mem::take(&mut self.line);
        let own = if self.plain > 0 { line.trim_end().trim_start_matches('\n') } else { line.trim() };
        if own.trim().is_empty() {
            return Ok(());
        }
        let label = self.label.take();
        if self.in_cell {
            for piece in [label.as_deref().unwrap_or_default(), own] {
                if !self.cell.is_empty() && !piece.is_empty() {
                    self.cell.push(' ');
                }
                self.cell.push_str(piece);
            }
            return Ok(());
        }
        self.space()?;
        // Where its end was forgotten, the first line is the heading.
        if let Some(level) = self.heading.take() {
            self.title = None;
            self.made.heading(self.made.at(), level, own)?;
        }
        self.under_title()?;
        if let Some(label) = label {
            self.made.push(&"  ".repeat(self.lists.len().saturating_sub(1).min(10)))?;
            self.made.push(&label)?;
            self.made.push(" ")?;
        }
        self.made.push(own)?;
        self.made.push("\n")
    }
}
