//! The text of `word/document.xml`.

use std::collections::HashSet;

use quick_xml::events::BytesStart;

use super::super::building::Building;
use super::super::fault::Fault;
use super::super::numbering::{Counters, Style, number};
use super::super::table::Tables;
use super::super::xml::{Visitor, attribute};
use super::lists::Lists;
use super::styles::Styles;

/// A paragraph as it is read.
#[derive(Debug, Default)]
struct Paragraph {
    style: Option<String>,
    outline: Option<u8>,
    list: Option<u32>,
    level: Option<u8>,
    text: String,
}

/// What is being read.
#[derive(Debug)]
pub struct Body<'a, 'b> {
    styles: &'a Styles,
    lists: &'a Lists,
    made: &'a mut Building<'b>,
    counters: Counters,
    begun: HashSet<u32>,
    paragraph: Option<Paragraph>,
    /// Of the outermost table, the cells of its current row.
    cells: Vec<String>,
    /// That row names the columns.
    names: bool,
    /// Open tables, each within the one before it.
    tables: usize,
    written: Tables,
    /// Elements within one that is left out.
    skipped: usize,
    /// What is left out stands elsewhere too.
    again: bool,
    /// Within the text of a run.
    words: bool,
    /// Open fields; true as long as their code is read, not their result.
    fields: Vec<bool>,
    footnotes: u32,
    endnotes: u32,
    boxes: usize,
}

impl<'a, 'b> Body<'a, 'b> {
    pub fn new(styles: &'a Styles, lists: &'a Lists, made: &'a mut Building<'b>) -> Self {
        Self {
            styles,
            lists,
            made,
            counters: Counters::default(),
            begun: HashSet::new(),
            paragraph: None,
            cells: Vec::new(),
            names: false,
            tables: 0,
            written: Tables::default(),
            skipped: 0,
            again: false,
            words: false,
            fields: Vec::new(),
            footnotes: 0,
            endnotes: 0,
            boxes: 0,
        }
    }

    /// Says what was left out.
    pub fn finish(self) {
        let counts = [
            (self.footnotes, "footnotes left out"),
            (self.endnotes, "endnotes left out"),
            (self.boxes as u32, "text boxes left out"),
        ];
        let said = counts.into_iter().filter(|(count, _)| *count > 0);
        self.made.notes.extend(said.map(|(count, what)| format!("{what}: {count}")));
    }

    fn say(&mut self, text: &str) -> Result<(), Fault> {
        if self.fields.contains(&true) {
            return Ok(());
        }
        if let Some(paragraph) = &mut self.paragraph {
            if paragraph.text.len() + text.len() > self.made.limits.text {
                let most = self.made.limits.text as u64;
                return Err(Fault::too_large("its text", 0, most, "documents.text_mb"));
            }
            paragraph.text.push_str(text);
        }
        Ok(())
    }

    fn end_paragraph(&mut self, paragraph: &Paragraph) -> Result<(), Fault> {
        let look = self.styles.look(paragraph.style.as_deref());
        // List 0 takes a paragraph out of its style's.
        let list = paragraph.list.or(look.list).filter(|list| *list > 0);
        let level = usize::from(paragraph.level.or(look.level).unwrap_or(0));
        let label = list.and_then(|list| self.lists.label(list, level, &mut self.counters, &mut self.begun));
        let label = label.filter(|label| !label.is_empty());
        if self.tables > 0 {
            let Some(cell) = self.cells.last_mut() else { return Ok(()) };
            for piece in [label.as_deref().unwrap_or_default(), paragraph.text.trim()] {
                if !cell.is_empty() && !piece.is_empty() {
                    cell.push(' ');
                }
                cell.push_str(piece);
            }
            return Ok(());
        }
        if let Some(outline) = paragraph.outline.or(look.outline).filter(|outline| *outline < 9) {
            let text =
                label.iter().map(String::as_str).chain([&*paragraph.text]).collect::<Vec<_>>().join(" ");
            self.made.heading(self.made.at(), outline + 1, &text)?;
        }
        if let Some(label) = label {
            self.made.push(&"  ".repeat(level))?;
            self.made.push(&label)?;
            self.made.push(" ")?;
        }
        self.made.push(&paragraph.text)?;
        self.made.push("\n")
    }
}

impl Visitor for Body<'_, '_> {
    fn start(&mut self, name: &str, element: &BytesStart<'_>) -> Result<(), Fault> {
        if self.skipped > 0 {
            self.skipped += 1;
            self.boxes += usize::from(name == "txbxContent" && !self.again);
            return Ok(());
        }
        let value = || attribute(element, "val");
        match name {
            "p" => self.paragraph = Some(Paragraph::default()),
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => {
                self.cells.clear();
                self.names = false;
            }
            "tblHeader" if self.tables == 1 => {
                self.names = !matches!(value().as_deref(), Some("0" | "false" | "off"));
            }
            "tc" if self.tables == 1 => self.cells.push(String::new()),
            "t" => self.words = true,
            // Tab stops have the same name; they stand in `tabs`, which is left out.
            "tab" | "ptab" => self.say("\t")?,
            "br" | "cr" => self.say("\n")?,
            "noBreakHyphen" => self.say("\u{2011}")?,
            "softHyphen" => self.say("\u{AD}")?,
            "sym" => {
                let letter = attribute(element, "char").and_then(|code| u32::from_str_radix(&code, 16).ok());
                if let Some(letter) = letter.and_then(char::from_u32) {
                    self.say(letter.encode_utf8(&mut [0; 4]))?;
                }
            }
            "footnoteReference" | "endnoteReference" => {
                let (count, style) = if name == "footnoteReference" {
                    (&mut self.footnotes, Style::Decimal)
                } else {
                    (&mut self.endnotes, Style::LowerRoman)
                };
                *count += 1;
                let sign = number(*count, style);
                if attribute(element, "customMarkFollows").is_none() {
                    self.say(&sign)?;
                }
            }
            "fldChar" => match attribute(element, "fldCharType").as_deref() {
                Some("begin") => self.fields.push(true),
                Some("separate") => self.fields.iter_mut().last().into_iter().for_each(|code| *code = false),
                Some("end") => drop(self.fields.pop()),
                _ => {}
            },
            "pStyle" | "outlineLvl" | "numId" | "ilvl" => {
                if let Some(paragraph) = &mut self.paragraph {
                    let number = || value().and_then(|number| number.parse::<u32>().ok());
                    match name {
                        "pStyle" => paragraph.style = value(),
                        "outlineLvl" => paragraph.outline = number().map(|level| level.min(9) as u8),
                        "numId" => paragraph.list = number(),
                        _ => paragraph.level = number().map(|level| level.min(8) as u8),
                    }
                }
            }
            // What was deleted, what is drawn, what another element says again, and earlier properties.
            "del" | "moveFrom" | "instrText" | "delText" | "drawing" | "pict" | "object" | "Fallback"
            | "rt" | "pPrChange" | "rPrChange" | "trPrChange" | "tabs" | "sectPr" => {
                self.skipped = 1;
                self.again = name == "Fallback";
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Fault> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        match name {
            "t" => self.words = false,
            "p" => {
                if let Some(paragraph) = self.paragraph.take() {
                    self.end_paragraph(&paragraph)?;
                }
            }
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.written.end(self.made)?;
                }
            }
            "tr" if self.tables == 1 => {
                self.written.row(&std::mem::take(&mut self.cells), self.names, self.made)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if self.words && self.skipped == 0 { self.say(text) } else { Ok(()) }
    }
}
