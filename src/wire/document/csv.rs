//! Tables as text: the delimiter is detected, each record is a row.

use super::building::Building;
use super::charset::decode;
use super::fault::Fault;
use super::table::Table;

/// Delimiters that are known, the likelier first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Bytes of the beginning that a guess looks at, and records.
const LOOKED_AT: usize = 64 * 1024;
const RECORDS: usize = 100;

pub fn read(name: &str, bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let decoded = decode(bytes, None)?;
    made.notes.extend(decoded.note);
    let mut text = &*decoded.text;
    // Excel's own line says it.
    let mut told = None;
    if let Some((first, rest)) = text.split_once('\n')
        && let Some(delimiter) = first.trim_end().strip_prefix("sep=").and_then(|told| told.bytes().next())
    {
        (told, text) = (Some(delimiter), rest);
    }
    let tabs = name.to_lowercase().ends_with(".tsv").then_some(b'\t');
    let delimiter = told.or(tabs).unwrap_or_else(|| delimiter(text));
    let mut reader = reader(text, delimiter);
    let (mut record, mut table, mut number) = (csv::StringRecord::new(), Table::default(), 0);
    while reader.read_record(&mut record).map_err(|why| Fault::damaged(why.to_string()))? {
        number += 1;
        table.row(number, record.iter(), made)?;
    }
    Ok(())
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The delimiter that cuts the first records into as many cells as possible, each into as many as the others.
fn delimiter(text: &str) -> u8 {
    let head = &text[..text.floor_char_boundary(LOOKED_AT)];
    let score = |delimiter: u8| {
        let counts: Vec<usize> = reader(head, delimiter)
            .records()
            .map_while(Result::ok)
            .take(RECORDS)
            .map(|record| record.len())
            .collect();
        let first = counts.first().copied().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == first).count();
        if first < 2 { 0 } else { alike * 1000 / counts.len().max(1) * 100 + first.min(99) }
    };
    let mut best = (DELIMITERS[0], 0);
    for delimiter in DELIMITERS {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::super::read as parse;
    use super::*;
    use crate::domain::knowledge::document::{Limits, Mark, Places};

    #[test]
    fn delimiters_are_those_that_cut_every_record_alike() {
        assert_eq!(delimiter("a,b;c,d\n1,2;3,4\n"), b',');
        assert_eq!(delimiter("a;b\n1,5;2\n2,5;3\n"), b';');
        assert_eq!(delimiter("a\tb\n1\t2\n"), b'\t');
        assert_eq!(delimiter("a|b|c\n1|2|3\n"), b'|');
        assert_eq!(delimiter("alone\n"), b',');
    }

    #[test]
    fn records_are_rows_with_the_header_known() {
        let made = parse(
            "a.csv",
            b"City,Country\n\"Bonn\nam Rhein\",DE\n\n\"Say \"\"x\"\"\",FR,more\n",
            &Limits::default(),
        );
        let made = made.unwrap();
        assert_eq!(made.text, "City\tCountry\nBonn am Rhein\tDE\nSay \"x\"\tFR\tmore\n");
        assert_eq!(made.landmarks[0].mark, Mark::Header(1));
        let places = Places::new(&made);
        let at = made.text.find("Say").unwrap();
        assert_eq!(places.name(&(at..made.text.len())), "row 3");
        assert_eq!(places.header(at), Some("City\tCountry"));
        let without = parse("a.csv", b"1,2\n3,4\n", &Limits::default()).unwrap();
        assert_eq!(without.landmarks[0].mark, Mark::Row(1));
        assert_eq!(parse("a.csv", b"sep=|\na,b|c\n", &Limits::default()).unwrap().text, "a,b\tc\n");
    }
}
