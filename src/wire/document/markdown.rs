//! Markdown: as it is written, its headings as places.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::building::Building;
use super::fault::Fault;
use super::text;

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    text::read(bytes, made)?;
    let mut headings = Vec::new();
    let mut open: Option<(usize, u8, String)> = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, range) in Parser::new_ext(made.text(), options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                open = Some((range.start, level as u8, String::new()));
            }
            Event::End(TagEnd::Heading(_)) => headings.extend(open.take()),
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, _, text)) = &mut open {
                    text.push_str(&words);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, _, text)) = &mut open {
                    text.push(' ');
                }
            }
            _ => {}
        }
    }
    for (at, level, text) in headings {
        made.heading(at, level, &text)?;
    }
    Ok(())
}
