//! XML parts, event after event, with a bound on their depth. Entities of their own are not known, and never expanded.

use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::fault::Fault;

/// What is met.
pub trait Visitor {
    /// An element begins; its name is without the prefix.
    fn start(&mut self, name: &str, element: &BytesStart<'_>) -> Result<(), Fault>;
    fn end(&mut self, name: &str) -> Result<(), Fault>;
    fn text(&mut self, text: &str) -> Result<(), Fault>;
}

/// Goes through a part.
pub fn visit(part: &mut dyn Read, depth: usize, visitor: &mut impl Visitor) -> Result<(), Fault> {
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = true;
    let mut buffer = Vec::new();
    let mut deep = 0;
    loop {
        buffer.clear();
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|why| Fault::damaged(format!("its XML is broken: {why}")))?;
        match event {
            Event::Start(element) => {
                deep += 1;
                if deep > depth {
                    let why = format!("its elements lie within each other more than {depth} deep");
                    return Err(Fault::beyond(why, "documents.depth"));
                }
                visitor.start(element.local_name().as_ref(), &element)?;
            }
            Event::Empty(element) => {
                let name = element.local_name();
                visitor.start(name.as_ref(), &element)?;
                visitor.end(name.as_ref())?;
            }
            Event::End(element) => {
                deep = deep.saturating_sub(1);
                visitor.end(element.local_name().as_ref())?;
            }
            Event::Text(text) => visitor.text(&text.xml10_content())?,
            Event::CData(text) => visitor.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                if let Ok(Some(letter)) = reference.resolve_char_ref() {
                    visitor.text(letter.encode_utf8(&mut [0; 4]))?;
                } else if let Some(text) = quick_xml::escape::resolve_xml_entity(&reference) {
                    visitor.text(text)?;
                } else {
                    let name: String = reference.chars().take(40).collect();
                    return Err(Fault::damaged(format!("its XML has an entity of its own, &{name};")));
                }
            }
            // Every document ends what it begins.
            Event::Eof if deep > 0 => return Err(Fault::damaged("its XML ends in the middle")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The value of an attribute, whatever its prefix.
pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = element.attributes();
    let found = all.with_checks(false).flatten().find(|own| own.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned())
}
