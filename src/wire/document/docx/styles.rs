//! The styles of paragraphs: which are headings, which are items of lists.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::super::fault::Fault;
use super::super::xml::{Visitor, attribute};

/// Styles that a style may be based on, one on the other.
const CHAIN: usize = 20;

/// What a style says itself.
#[derive(Debug, Default, Clone)]
struct Style {
    name: String,
    based: Option<String>,
    /// From 0; 9 is body text.
    outline: Option<u8>,
    list: Option<u32>,
    level: Option<u8>,
}

/// All styles of a document.
#[derive(Debug, Default)]
pub struct Styles {
    by_name: HashMap<String, Style>,
    /// That of paragraphs which name none.
    default: Option<String>,
    open: Option<(String, Style)>,
}

/// What a paragraph has of its style.
#[derive(Debug, Default, Clone, Copy)]
pub struct Look {
    pub outline: Option<u8>,
    pub list: Option<u32>,
    pub level: Option<u8>,
}

impl Styles {
    /// What a paragraph of this style looks like.
    pub fn look(&self, style: Option<&str>) -> Look {
        let mut look = Look::default();
        let mut next = style.or(self.default.as_deref());
        for _ in 0..CHAIN {
            let Some(style) = next.and_then(|id| self.by_name.get(id)) else { break };
            let named = style.name.to_lowercase();
            let named = named.strip_prefix("heading ").and_then(|level| level.parse::<u8>().ok());
            let named = named.filter(|level| (1..=9).contains(level)).map(|level| level - 1);
            look.outline = look.outline.or(style.outline).or(named);
            look.list = look.list.or(style.list);
            look.level = look.level.or(style.level);
            next = style.based.as_deref();
        }
        look
    }
}

impl Visitor for Styles {
    fn start(&mut self, name: &str, element: &BytesStart<'_>) -> Result<(), Fault> {
        let value = || attribute(element, "val");
        if name == "style" {
            let id = attribute(element, "styleId").unwrap_or_default();
            let paragraph = attribute(element, "type").as_deref() == Some("paragraph");
            if paragraph && attribute(element, "default").is_some_and(|on| on == "1" || on == "true") {
                self.default = Some(id.clone());
            }
            self.open = Some((id, Style::default()));
        }
        let Some((_, style)) = &mut self.open else { return Ok(()) };
        match name {
            "name" => style.name = value().unwrap_or_default(),
            "basedOn" => style.based = value(),
            "outlineLvl" => style.outline = value().and_then(|level| level.parse().ok()),
            "numId" => style.list = value().and_then(|id| id.parse().ok()),
            "ilvl" => style.level = value().and_then(|level| level.parse().ok()),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Fault> {
        if name == "style" {
            self.by_name.extend(self.open.take());
        }
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}
