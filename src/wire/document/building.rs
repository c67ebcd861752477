//! A document as it is made, counted against its limits.

use super::fault::Fault;
use crate::domain::knowledge::document::{Document, Landmark, Limits, Mark};

/// Characters of a heading that a place keeps.
const HEADING: usize = 200;

/// A document that grows.
#[derive(Debug)]
pub struct Building<'a> {
    pub limits: &'a Limits,
    pub notes: Vec<String>,
    document: Document,
}

impl<'a> Building<'a> {
    pub fn new(format: &str, limits: &'a Limits) -> Self {
        Self {
            limits,
            notes: Vec::new(),
            document: Document { format: format.to_owned(), ..Document::default() },
        }
    }

    /// Where what comes next begins.
    pub fn at(&self) -> usize {
        self.document.text.len()
    }

    pub fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.fits(text.len())?;
        self.document.text.push_str(text);
        Ok(())
    }

    /// Takes a text whole, whose lines are the file's.
    pub fn take(&mut self, text: String) -> Result<(), Fault> {
        self.fits(text.len())?;
        self.document.text = text;
        self.document.lines = true;
        Ok(())
    }

    pub fn text(&self) -> &str {
        &self.document.text
    }

    fn fits(&self, more: usize) -> Result<(), Fault> {
        let most = self.limits.text;
        if self.document.text.len() + more > most {
            return Err(Fault::too_large("its text", 0, most as u64, "documents.text_mb"));
        }
        Ok(())
    }

    /// A place that begins at a byte at or after the last one's.
    pub fn mark(&mut self, at: usize, mark: Mark) -> Result<(), Fault> {
        let most = self.limits.places;
        if self.document.landmarks.len() >= most {
            let why = format!("it has more than {most} pages, headings, sheets, tables and rows");
            return Err(Fault::beyond(why, "documents.places"));
        }
        self.document.landmarks.push(Landmark { at, mark });
        Ok(())
    }

    /// A heading that begins at a byte; one without words is none.
    pub fn heading(&mut self, at: usize, level: u8, text: &str) -> Result<(), Fault> {
        let words: Vec<_> = text.split_whitespace().collect();
        let text: String = words.join(" ").chars().take(HEADING).collect();
        if text.is_empty() {
            return Ok(());
        }
        self.mark(at, Mark::Heading { level, text: text.into() })
    }

    /// What was written since `start` is a section.
    pub fn section(&mut self, start: usize) {
        let end = self.at();
        if end > start {
            self.document.sections.push(start..end);
        }
    }

    pub fn finished(self) -> Document {
        let mut document = self.document;
        document.notes = self.notes;
        document
    }
}
