//! The lists of `word/numbering.xml`.

use std::collections::{HashMap, HashSet};

use quick_xml::events::BytesStart;

use super::super::fault::Fault;
use super::super::numbering::{Counters, Level, Piece, Style, bullet};
use super::super::xml::{Visitor, attribute};

/// Levels of a list.
const LEVELS: usize = 9;

/// A list that paragraphs name.
#[derive(Debug, Default)]
struct Named {
    shape: u32,
    /// Levels that begin at another number.
    starts: Vec<(usize, u32)>,
    levels: Vec<(usize, Level)>,
}

/// All lists of a document.
#[derive(Debug, Default)]
pub struct Lists {
    shapes: HashMap<u32, Vec<Level>>,
    named: HashMap<u32, Named>,
    shape: Option<(u32, Vec<Level>)>,
    name: Option<(u32, Named)>,
    overridden: Option<usize>,
    level: Option<(usize, Level)>,
}

fn plain() -> Level {
    Level { start: 1, style: Style::Decimal, label: Vec::new(), restart: None }
}

/// `%1.%2)` in pieces.
fn label(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let level = rest[at + 1..].bytes().next().filter(|digit| (b'1'..=b'9').contains(digit));
        let cut = at + usize::from(level.is_none());
        if cut > 0 {
            pieces.push(Piece::Text(rest[..cut].to_owned()));
        }
        rest = &rest[at + 1 + usize::from(level.is_some())..];
        pieces.extend(level.map(|digit| Piece::Level(digit - b'1')));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

fn style(name: &str) -> Style {
    match name {
        "bullet" => Style::Bullet,
        "none" => Style::None,
        "upperRoman" => Style::UpperRoman,
        "lowerRoman" => Style::LowerRoman,
        "upperLetter" => Style::UpperLetter,
        "lowerLetter" => Style::LowerLetter,
        "ordinal" => Style::Ordinal,
        "decimalZero" => Style::Zero,
        _ => Style::Decimal,
    }
}

impl Lists {
    /// The label of the next item of a list.
    pub fn label(
        &self,
        list: u32,
        level: usize,
        counters: &mut Counters,
        begun: &mut HashSet<u32>,
    ) -> Option<String> {
        let named = self.named.get(&list)?;
        let levels = self.shapes.get(&named.shape)?;
        if begun.insert(list) {
            for (level, start) in &named.starts {
                counters.restart(named.shape, *level, *start);
            }
        }
        if named.levels.is_empty() {
            return Some(counters.next(named.shape, level, levels));
        }
        let mut levels = levels.clone();
        for (at, level) in &named.levels {
            if let Some(place) = levels.get_mut(*at) {
                *place = level.clone();
            }
        }
        Some(counters.next(named.shape, level, &levels))
    }
}

impl Visitor for Lists {
    fn start(&mut self, name: &str, element: &BytesStart<'_>) -> Result<(), Fault> {
        let number = |name: &str| attribute(element, name).and_then(|number| number.parse::<u32>().ok());
        let at = || number("ilvl").map(|level| level as usize).filter(|level| *level < LEVELS);
        match name {
            "abstractNum" => self.shape = number("abstractNumId").map(|id| (id, Vec::new())),
            "num" => self.name = number("numId").map(|id| (id, Named::default())),
            "abstractNumId" => {
                if let (Some((_, named)), Some(shape)) = (&mut self.name, number("val")) {
                    named.shape = shape;
                }
            }
            "lvlOverride" => self.overridden = at(),
            "startOverride" => {
                if let (Some((_, named)), Some(level), Some(start)) =
                    (&mut self.name, self.overridden, number("val"))
                {
                    named.starts.push((level, start));
                }
            }
            "lvl" => self.level = at().map(|at| (at, plain())),
            _ => {}
        }
        let Some((at, level)) = &mut self.level else { return Ok(()) };
        match name {
            "start" => level.start = number("val").unwrap_or(1),
            "numFmt" => level.style = style(&attribute(element, "val").unwrap_or_default()),
            "lvlText" => {
                let text = attribute(element, "val").unwrap_or_default();
                level.label = if level.style == Style::Bullet {
                    vec![Piece::Text(text.chars().map(|letter| bullet(letter, *at)).collect())]
                } else {
                    label(&text)
                };
            }
            "lvlRestart" => {
                level.restart = number("val").and_then(|level| u8::try_from(level.checked_sub(1)?).ok());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Fault> {
        match name {
            "abstractNum" => self.shapes.extend(self.shape.take()),
            "num" => self.named.extend(self.name.take()),
            "lvlOverride" => self.overridden = None,
            "lvl" => match (self.level.take(), &mut self.shape, &mut self.name) {
                (Some((at, level)), Some((_, levels)), _) => {
                    levels.resize(levels.len().max(at + 1), plain());
                    levels[at] = level;
                }
                (Some(level), None, Some((_, named))) => named.levels.push(level),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_text_and_levels() {
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(label("%1.%2)"), [Piece::Level(0), text("."), Piece::Level(1), text(")")]);
        assert_eq!(label("§ %3"), [text("§ "), Piece::Level(2)]);
        assert_eq!(label("100%"), [text("100%")]);
        assert_eq!(label(""), []);
    }
}
