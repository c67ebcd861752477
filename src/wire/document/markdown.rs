//! Markdown: as it is written, its headings, tables and rows as places.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::building::Building;
use super::fault::Fault;
use super::text;
use crate::domain::knowledge::document::Mark;

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    text::read(bytes, made)?;
    let text = made.text();
    let mut places = Vec::new();
    let mut open: Option<(usize, u8, String)> = None;
    let (mut tables, mut rows) = (0, 0);
    // The header's line, and whether it has words.
    let mut header = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                open = Some((range.start, level as u8, String::new()));
            }
            Event::End(TagEnd::Heading(_)) => {
                places.extend(
                    open.take().map(|(at, level, text)| (at, Mark::Heading { level, text: text.into() })),
                );
            }
            Event::Start(Tag::Table(_)) => {
                (tables, rows) = (tables + 1, 1);
                places.push((line(text, range.start), Mark::Table(tables)));
            }
            Event::Start(Tag::TableHead) => header = Some((range, false)),
            Event::End(TagEnd::TableHead) => {
                let Some((range, has_words)) = header.take() else { continue };
                let names = if has_words { Mark::Header(rows) } else { Mark::Row(rows) };
                places.push((line(text, range.start), names));
                // The line of dashes is of the same row, and names nothing.
                places.push((line(text, range.end), Mark::Row(rows)));
            }
            Event::Start(Tag::TableRow) => {
                rows += 1;
                places.push((line(text, range.start), Mark::Row(rows)));
            }
            Event::End(TagEnd::Table) => places.push((range.end, Mark::TableEnd)),
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, _, text)) = &mut open {
                    text.push_str(&words);
                }
                if let Some((_, has_words)) = &mut header {
                    *has_words |= !words.trim().is_empty();
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
    for (at, mark) in places {
        match mark {
            Mark::Heading { level, text } => made.heading(at, level, &text)?,
            mark => made.mark(at, mark)?,
        }
    }
    Ok(())
}

/// Where the line of a byte begins: a row in a quotation or an item has what stands before it too.
fn line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::read as parse;
    use crate::domain::knowledge::document::{Limits, Places};

    #[test]
    fn tables_and_their_rows_are_places_and_the_header_names_columns() {
        let text = "# Prices\n\nOf parts:\n\n| Part | Price |\n| ---- | ----: |\n| Motor | 120 |\n| Hose | 14 |\n\n\
                    Others:\n\n> |  | |\n> |--|--|\n> | in | quotes |\n\n# After\n\nend\n";
        let made = parse("a.md", text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(made.text, text);
        let places = Places::new(&made);
        let named = |words: &str| {
            let at = text.find(words).unwrap();
            places.name(&(at..at + words.len()))
        };
        assert_eq!(named("| Part | Price |"), "Prices, table 1, row 1, line 5");
        assert_eq!(named("| ---- | ----: |"), "Prices, table 1, row 1, line 6");
        assert_eq!(named("Motor | 120 |\n| Hose"), "Prices, table 1, rows 2–3, lines 7–8");
        assert_eq!(named("Others"), "Prices, line 10");
        assert_eq!(named("quotes"), "Prices, table 2, row 2, line 14");
        assert_eq!(named("end"), "After, line 18");

        let headers = made.headers();
        assert_eq!(headers.len(), 1, "one without words names nothing: {headers:?}");
        assert_eq!(&text[headers[0].row.clone()], "| Part | Price |\n");
        assert_eq!(headers[0].end, text.find("\nOthers").unwrap());
        assert_eq!(places.header(text.find("Hose").unwrap()), Some("| Part | Price |"));
    }

    #[test]
    fn a_heading_that_is_a_link_is_a_heading_by_its_words() {
        let text = "## [Install](https://example.com/set-up)\n\n| Part | Price |\n|--|--|\n| Motor | 120 |\n\n\
                    [Use][1]\n===\n\n| a | b |\n|--|--|\n\n[1]: https://example.com/use\n";
        let made = parse("a.md", text.as_bytes(), &Limits::default()).unwrap();
        let places = Places::new(&made);
        let named = |from: &str, to: &str| {
            places.name(&(text.find(from).unwrap()..text.find(to).unwrap() + to.len()))
        };
        assert_eq!(named("## [", "Motor | 120 |"), "Install, table 1, rows 1–2, lines 1–5");
        assert_eq!(named("[Use]", "| a | b |"), "Use, table 2, row 1, lines 7–10");
    }
}
