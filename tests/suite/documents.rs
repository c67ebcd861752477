//! Documents: real files of every format against LibreOffice's own text, and what must cost one error and no more.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use outcrop::domain::hex::hex;
use outcrop::domain::knowledge::document::{Document, Limits, Mark, Places};
use outcrop::domain::{Error, ErrorKind};
use outcrop::worker::{Guard, Parsed, Parsers, Surroundings};
use similar::TextDiff;

use crate::documents_pdf::{CATALOG, PAGES, WORD, made, page, stream};

/// What a child may take, whatever it is given.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
const MOST_TIME: Duration = Duration::from_secs(30);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/documents")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

fn parsers(limits: Limits) -> Parsers {
    let around = Surroundings::default();
    Parsers::new(env!("CARGO_BIN_EXE_outcrop").into(), std::env::temp_dir(), around, limits)
}

/// Reads a file in a child, which must end in time and with little memory, by a document or by one line.
async fn parsed(name: &str, bytes: &[u8]) -> Parsed {
    let begun = Instant::now();
    let parsed = parsers(Limits::default()).parse(name, bytes).await.unwrap();
    assert!(begun.elapsed() < MOST_TIME, "{name} took {:?}", begun.elapsed());
    if let Some(peak) = parsed.peak {
        assert!(peak < MOST_MEMORY, "{name} took {} MB", peak / 1024 / 1024);
    }
    if let Err(error) = &parsed.document {
        let line = error.to_string();
        assert!(!line.contains('\n') && line.contains(name) && !error.hint.is_empty(), "{line}");
    }
    parsed
}

async fn read(name: &str) -> Document {
    let short = name.rsplit('/').next().unwrap();
    parsed(short, &bytes(name)).await.document.unwrap_or_else(|why| panic!("{why}"))
}

async fn refused(name: &str, bytes: &[u8]) -> Error {
    parsed(name, bytes).await.document.unwrap_err()
}

/// Words between single spaces.
fn flat(text: &str) -> String {
    text.trim_start_matches('\u{FEFF}').split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How alike two texts are, of 1, by their words and by their characters: `similar`'s ratio, white space being one space.
fn alike(one: &str, other: &str) -> (f64, f64) {
    let (one, other) = (flat(one), flat(other));
    let words = TextDiff::from_words(&one, &other).ratio();
    (f64::from(words), f64::from(TextDiff::from_chars(&one, &other).ratio()))
}

fn office(endings: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder().join("office"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| endings.iter().any(|ending| name.ends_with(ending)))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn documents_of_word_are_read_as_libreoffice_exports_them() {
    let names = office(&[".doc", ".docx"]);
    assert!(names.len() >= 6, "{names:?}");
    let mut missed = Vec::new();
    for name in names {
        let document = read(&format!("office/{name}")).await;
        let (words, letters) = alike(&document.text, &text(&format!("office/judge/{name}.txt")));
        eprintln!("{name}: words {words:.4}, characters {letters:.4}");
        if words < 0.99 || letters < 0.99 {
            missed.push((name, words, letters));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn workbooks_are_read_as_libreoffice_shows_each_sheet() {
    let names = office(&[".xls", ".xlsx"]);
    assert!(names.len() >= 10, "{names:?}");
    let mut missed = Vec::new();
    for name in names {
        let document = read(&format!("office/{name}")).await;
        let starts: Vec<(usize, String)> = document
            .landmarks
            .iter()
            .filter_map(|landmark| match &landmark.mark {
                Mark::Sheet(sheet) => Some((landmark.at, sheet.to_string())),
                _ => None,
            })
            .collect();
        for (at, (start, sheet)) in starts.iter().enumerate() {
            let end = starts.get(at + 1).map_or(document.text.len(), |(next, _)| *next);
            let judge = text(&format!("office/judge/{name}-{sheet}.csv"));
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(judge.as_bytes());
            let cells = reader
                .records()
                .flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
            let cells = cells.collect::<Vec<_>>().join(" ");
            let (words, letters) = alike(&document.text[*start..end], &cells);
            eprintln!("{name}, {sheet}: words {words:.4}, characters {letters:.4}");
            if words < 0.99 || letters < 0.99 {
                missed.push((name.clone(), sheet.clone()));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn sheets_that_are_hidden_are_read_and_what_is_beside_cells_is_not() {
    for name in ["office/orders.xlsx", "office/orders.xls"] {
        let document = read(name).await;
        let places = Places::new(&document);
        for (words, place) in [
            ("O'Neill Ltd.", "sheet Orders, row 4"),
            ("Goods stay ours", "sheet Terms, row 1"),
            ("JPY\t160.25\t2-Mar-24", "sheet Rates, row 3"),
            ("not for customers", "sheet Margins, row 1"),
        ] {
            let at = document.text.find(words).unwrap_or_else(|| panic!("{name} has no {words}"));
            assert_eq!(places.name(&(at..at + words.len())), place, "{name}");
        }
        assert!(!document.text.contains("what a person noted"), "{name}");
    }
}

#[tokio::test]
async fn places_of_office_files_are_their_headings_sheets_and_rows() {
    for name in ["office/manual.docx", "office/manual.doc"] {
        let document = read(name).await;
        let places = Places::new(&document);
        let of = |words: &str| {
            let at = document.text.find(words).unwrap_or_else(|| panic!("{name} has no {words}"));
            places.name(&(at..at + words.len()))
        };
        assert_eq!(of("Take out the parts"), "Install › Linux", "{name}");
        assert_eq!(of("On another it is green"), "Install › Other systems", "{name}");
        assert_eq!(of("Keep it warm"), "Run › Each day › In winter", "{name}");
        assert!(document.notes.contains(&"footnotes left out: 2".to_owned()), "{:?}", document.notes);
        assert!(document.text.contains("Part\tNumber\tPrice\nMotor\tA-100\t120.00\n"), "{name}");
    }
    for name in ["office/numbers.xlsx", "office/numbers.xls"] {
        let document = read(name).await;
        let places = Places::new(&document);
        let at = document.text.find("Hose").unwrap();
        let end = document.text.find("merged").unwrap();
        assert_eq!(places.name(&(at..end + 6)), "sheet Sales, rows 3–8", "{name}");
        assert_eq!(places.header(at), Some("Product\tDate\tShare\tPrice\tSum"));
        let at = document.text.find("東京").unwrap();
        assert_eq!(places.name(&(at..at + 6)), "sheet Länder 国, row 3", "{name}");
        assert_eq!(document.sections.len(), 2, "{name}");
    }
}

#[tokio::test]
async fn places_of_tables_within_a_text_are_their_numbers_and_rows() {
    for (name, words, place) in [
        ("office/manual.docx", "Motor\tA-100", "Parts, table 1, row 2"),
        ("office/manual.docx", "After the table comes", "Parts"),
        ("office/report.docx", "1,310", "A report of the harbour › Figures, table 1, row 3"),
        ("office/report.docx", "after it", "A report of the harbour › Figures, table 1, row 5"),
        ("html/article.html", "(large)", "How to bake bread › What to do, table 1, row 3"),
        ("html/article.html", "Times of baking", "How to bake bread › What to do"),
        ("html/soup.html", "c\td", "Soup of tags, table 1, row 2"),
    ] {
        // Those of Word are there in its older format too.
        let older = name.strip_suffix('x');
        for name in [name].into_iter().chain(older) {
            let document = read(name).await;
            let at = document.text.find(words).unwrap_or_else(|| panic!("{name} has no {words}"));
            assert_eq!(Places::new(&document).name(&(at..at + words.len())), place, "{name}");
        }
    }
    for (name, expected) in [
        ("office/manual.docx", "Part\tNumber\tPrice\n"),
        ("office/manual.doc", "Part\tNumber\tPrice\n"),
        ("office/report.docx", "Year\tShips\tTonnes\n"),
        ("office/report.doc", "Year\tShips\tTonnes\n"),
        ("html/article.html", "Weight\tMinutes\n"),
        ("html/soup.html", ""),
    ] {
        let document = read(name).await;
        let headers: String =
            document.headers().into_iter().map(|header| &document.text[header.row]).collect();
        assert_eq!(headers, expected, "{name}");
    }
}

#[tokio::test]
async fn texts_in_any_character_set_are_their_sources() {
    let mut names: Vec<_> = std::fs::read_dir(folder().join("text"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "txt"))
        .collect();
    names.sort();
    assert!(names.len() >= 12);
    for name in names {
        let document = read(&format!("text/{name}")).await;
        let source = text(&format!("text/source/{}.txt", name.split('.').next().unwrap()));
        assert_eq!(document.text, source, "{name} {:?}", document.notes);
        assert!(document.lines);
        let last = document.text.trim_end().len();
        let lines = source.trim_end().lines().count();
        assert!(Places::new(&document).name(&(0..last)).ends_with(&format!("–{lines}")), "{name}");
    }
}

#[tokio::test]
async fn tables_as_text_are_cut_by_their_own_delimiter() {
    let cells = |document: &Document| document.text.clone();
    assert_eq!(
        cells(&read("csv/semicolon.csv").await),
        "Stadt\tLand\tEinwohner\nKöln\tDeutschland\t1084831\nFrankfurt; am Main\tDeutschland\t764104\n"
    );
    assert_eq!(cells(&read("csv/tabs.tsv").await), "Name\tSize\nłódź\t12,5\nship\t200,0\n");
    assert_eq!(cells(&read("csv/quotes.csv").await), "name\tvalue\ntwo lines\t1\na \"word\"\t2\n");
    assert_eq!(cells(&read("csv/unicode.csv").await), "City\tPeople\n東京\t13960000\nKöln\t1084831\n");
    assert_eq!(cells(&read("csv/bars.csv").await), "1\t2\t3\n4\t5\t6\n");
    let cities = read("office/source/cities.csv").await;
    let at = cities.text.find("Roman by birth").unwrap();
    assert_eq!(Places::new(&cities).name(&(at..at + 5)), "row 6");
}

#[tokio::test]
async fn pages_are_read_as_a_person_wrote_them_down() {
    for name in ["article", "soup", "japanese"] {
        let document = read(&format!("html/{name}.html")).await;
        assert_eq!(
            flat(&document.text),
            flat(&text(&format!("html/{name}.txt"))),
            "{name}:\n{}",
            document.text
        );
    }
    let document = read("html/article.html").await;
    let at = document.text.find("oven.heat").unwrap();
    let place = Places::new(&document).name(&(at..at + 4));
    assert_eq!(place, "How to bake bread › What to do › A recipe as code");
}

#[tokio::test]
async fn markdown_and_code_are_themselves_with_lines_and_headings() {
    let markdown = "---\ntitle: x\n---\n# One\n\ntext\n\nTwo `code`\n---\n\n```\n# not one\n```\nend\n";
    let document = parsed("a.md", markdown.as_bytes()).await.document.unwrap();
    assert_eq!(document.text, markdown);
    let at = markdown.find("end").unwrap();
    assert_eq!(Places::new(&document).name(&(at..at + 3)), "One › Two code, line 14");
    let code = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    let document = parsed("main.rs", &code).await.document.unwrap();
    assert_eq!((document.format.as_str(), document.text.as_bytes()), ("rust", &*code));
}

/// A package with one part more.
fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in parts {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn word(body: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\"?>{}<w:document xmlns:w=\"w\"><w:body>{}</w:body></w:document>",
        body.split_once('\u{1}').map_or("", |(before, _)| before),
        body.split_once('\u{1}').map_or(body, |(_, after)| after),
    );
    package(&[("word/document.xml", xml.as_bytes())])
}

fn workbook(sheet: &[u8]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let relations = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" \
             Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    package(&[
        ("_rels/.rels", relations("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

#[tokio::test]
async fn bombs_cost_one_error() {
    // By what the directory tells.
    let flat = vec![b' '; 300 * 1024 * 1024];
    let mut bomb = package(&[("word/document.xml", &flat)]);
    assert!(bomb.len() < 1024 * 1024);
    let error = refused("bomb.docx", &bomb).await;
    assert!(
        error.why.contains("unpacked, it has 300 MB") && error.hint.contains("documents.unpacked_mb"),
        "{error}"
    );
    let error = refused("bomb.xlsx", &workbook(&flat)).await;
    assert!(error.hint.contains("documents.unpacked_mb"), "{error}");
    // By what is counted, where the directory lies.
    let size = u32::try_from(flat.len()).unwrap().to_le_bytes();
    let places: Vec<_> = bomb.windows(4).enumerate().filter(|(_, w)| *w == size).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bomb[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    refused("liar.docx", &bomb).await;
    // One text without an end.
    let long =
        [b"<w:p><w:r><w:t>".as_slice(), &vec![b'a'; 100 * 1024 * 1024], b"</w:t></w:r></w:p>"].concat();
    let error = refused("long.docx", &word(std::str::from_utf8(&long).unwrap())).await;
    assert!(error.hint.contains("documents.text_mb"), "{error}");
}

#[tokio::test]
async fn a_pdf_that_unpacks_without_an_end_or_lies_too_deep_costs_one_error() {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&vec![b' '; 200 * 1024 * 1024]).unwrap();
    let content = format!("{}>", hex(&packed.finish().unwrap()));
    let bomb = stream("/Filter[/ASCIIHexDecode/FlateDecode]", &content);
    let error = refused("bomb.pdf", &made(&[CATALOG, PAGES, &page(""), &bomb])).await;
    let told = error.why.contains("1 of 1 pages could not be read whole");
    assert!(told && error.hint.contains("documents.unpacked_mb"), "{error}");

    // Objects in each other: whatever lies so deep is left out, and nothing breaks down.
    let arrays = "[".repeat(10_000) + &"]".repeat(10_000);
    let dictionaries = "<</A".repeat(10_000) + &">>".repeat(10_000);
    let deep = made(&[CATALOG, PAGES, &page(""), &stream("", WORD), &arrays, &dictionaries]);
    match parsed("deep.pdf", &deep).await.document {
        Ok(document) => assert!(document.text.contains("word"), "{document:?}"),
        Err(error) => assert!(!error.why.contains("broke down"), "{error}"),
    }
    // Pages under each other.
    let nodes = (2..10_000).map(|node| format!("<</Type/Pages/Kids[{} 0 R]/Count 1>>", node + 1));
    let mut objects: Vec<String> = std::iter::once(CATALOG.to_owned()).chain(nodes).collect();
    objects.push("<</Type/Page>>".to_owned());
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    let error = refused("tree.pdf", &made(&objects)).await;
    assert!(error.why.contains("it has no pages"), "{error}");
}

#[tokio::test]
async fn what_lies_too_deep_costs_one_error() {
    let deep = |tag: &str| format!("<{tag}>").repeat(10_000);
    for (name, bytes) in [
        ("deep.docx", word(&format!("{}{}", deep("w:tbl"), "</w:tbl>".repeat(10_000)))),
        ("deep.html", deep("div").into_bytes()),
        ("deep.htm", "<table><tr><td>".repeat(10_000).into_bytes()),
        ("span.html", format!("{}x", deep("span")).into_bytes()),
    ] {
        let error = refused(name, &bytes).await;
        assert!(error.hint.contains("documents.depth"), "{error}");
    }
    // Markdown is no tree here.
    parsed("deep.md", ">".repeat(10_000).as_bytes()).await.document.unwrap();
}

#[tokio::test]
async fn entities_are_not_expanded() {
    let mut laughs = "<!DOCTYPE l [<!ENTITY l0 \"ha\">".to_owned();
    for at in 1..10 {
        let inner = format!("&l{};", at - 1).repeat(10);
        laughs.extend(["<!ENTITY l", &at.to_string(), " \"", &inner, "\">"]);
    }
    laughs += "]>";
    let error =
        refused("laughs.docx", &word(&format!("{laughs}\u{1}<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>"))).await;
    assert!(error.why.contains("&l9;"), "{error}");
    let sheet = format!(
        "{laughs}<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>&l9;</v></c></row></sheetData></worksheet>"
    );
    let document = parsed("laughs.xlsx", &workbook(sheet.as_bytes())).await.document;
    assert!(document.is_err() || document.is_ok_and(|made| made.text.len() < 100));
}

#[tokio::test]
async fn a_million_cells_cost_one_error() {
    let mut sheet = b"<worksheet><sheetData>".to_vec();
    for row in 1..=1000 {
        write!(sheet, "<row r=\"{row}\">").unwrap();
        for _ in 0..1000 {
            sheet.extend(b"<c><v>1</v></c>");
        }
        sheet.extend(b"</row>");
    }
    sheet.extend(b"</sheetData></worksheet>");
    let error = refused("cells.xlsx", &workbook(&sheet)).await;
    assert!(error.why.contains("500000 cells") && error.hint.contains("documents.cells"), "{error}");
    // One that says it is as large as can be, and has two cells at its corners.
    let corners = b"<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
                    <row r=\"1048576\"><c r=\"XFD1048576\"><v>2</v></c></row></sheetData></worksheet>";
    let document = parsed("corners.xlsx", &workbook(corners)).await.document.unwrap();
    assert!(document.text.len() < 200, "{}", document.text.len());
    let rows = document.landmarks.iter().filter_map(|landmark| match landmark.mark {
        Mark::Row(row) => Some(row),
        _ => None,
    });
    assert_eq!(rows.collect::<Vec<_>>(), [1, 1_048_576]);
}

#[tokio::test]
async fn broken_files_cost_one_error_or_are_read_as_far_as_they_go() {
    let mut broken = Vec::new();
    for name in office(&[".doc", ".docx", ".xls", ".xlsx"]).iter().filter(|name| !name.starts_with("long")) {
        let whole = bytes(&format!("office/{name}"));
        for part in 1..8 {
            broken.push((format!("cut-{part}-{name}"), whole[..whole.len() * part / 8].to_vec()));
        }
        // A seeded walk over the file.
        let mut seed = 12_345_u64;
        for flip in 0..8 {
            let mut bytes = whole.clone();
            for _ in 0..=flip * 4 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % bytes.len();
                bytes[at] ^= 1 << (seed >> 61);
            }
            broken.push((format!("flipped-{flip}-{name}"), bytes));
        }
    }
    let outcomes = futures_util::stream::iter(broken)
        .map(|(name, bytes)| async move { parsed(&name, &bytes).await.document.is_ok() })
        .buffer_unordered(4)
        .collect::<Vec<_>>()
        .await;
    eprintln!("{} of {} broken files were read", outcomes.iter().filter(|ok| **ok).count(), outcomes.len());
}

#[tokio::test]
async fn a_wrong_ending_is_said_and_an_empty_file_is_one_error() {
    let note = |document: Document| document.notes.join("; ");
    let docx = bytes("office/manual.docx");
    let named = parsed("manual.doc", &docx).await.document.unwrap();
    assert!(named.format == "docx" && note(named).contains("named .doc, read as docx"));
    let named = parsed("manual.txt", &docx).await.document.unwrap();
    assert!(named.format == "docx" && note(named).contains("named .txt, read as docx"));
    let named = parsed("page.doc", &bytes("html/article.html")).await.document.unwrap();
    assert!(named.format == "html" && note(named).contains("named .doc, read as html"));
    let named = parsed("table.xls", b"a\tb\n1\t2\n").await.document.unwrap();
    assert_eq!((named.format.as_str(), named.text.as_str()), ("csv", "a\tb\n1\t2\n"));
    let error = refused("letter.doc", b"{\\rtf1\\ansi hello}").await;
    assert!(
        error.why == "it is RTF, though its name ends in .doc" && error.hint == "Save it as docx first.",
        "{error}"
    );
    let error = refused("picture.docx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").await;
    assert!(error.why.contains("no docx"), "{error}");
    let error = refused("data.bin", b"\0\x01\x02").await;
    assert!(error.why.contains(".bin are not known"), "{error}");
    let error = refused("random.txt", b"\0\x01\x02\xff\xfe\0\0\x07").await;
    assert!(error.why.contains("zero bytes"), "{error}");
    for ending in ["txt", "md", "html", "csv", "doc", "docx", "xls", "xlsx", "pdf", "rs"] {
        let error = refused(&format!("empty.{ending}"), b"").await;
        assert!(error.why == "it is empty", "{error}");
    }
}

#[tokio::test]
async fn time_and_memory_of_a_child_have_an_end() {
    let rows = "1,2,3,4,5,6,7,8,9\n".repeat(2_000_000);
    let little = Limits { seconds: 1, ..Limits::default() };
    let error = parsers(little).read("slow.csv", rows.as_bytes()).await.unwrap_err();
    assert!(error.kind == ErrorKind::Timeout && error.hint.contains("documents.seconds"), "{error}");
    let little = Limits { memory: 8 * 1024 * 1024, ..Limits::default() };
    let error = parsers(little).read("large.txt", rows.as_bytes()).await.unwrap_err();
    assert!(error.hint.contains("documents.memory_mb"), "{error}");
    let little = Limits { file: 1024, ..Limits::default() };
    let error = parsers(little).read("large.txt", rows.as_bytes()).await.unwrap_err();
    assert!(error.hint.contains("documents.file_mb"), "{error}");
}

#[tokio::test]
async fn whatever_has_too_many_parts_says_which_setting_they_are_counted_by() {
    let few = |limits: Limits| async move {
        let office = bytes("office/manual.docx");
        let page = "<p>a</p>".repeat(100);
        let rows = "1,2\n".repeat(100);
        [
            parsers(limits).read("manual.docx", &office).await,
            parsers(limits).read("page.html", page.as_bytes()).await,
            parsers(limits).read("rows.csv", rows.as_bytes()).await,
        ]
    };
    for made in few(Limits::default()).await {
        assert!(made.is_ok(), "{made:?}");
    }
    let little = Limits { parts: 2, elements: 50, places: 50, ..Limits::default() };
    let settings = ["documents.parts", "documents.elements", "documents.places"];
    for (made, setting) in few(little).await.into_iter().zip(settings) {
        let error = made.unwrap_err();
        assert!(error.kind == ErrorKind::Invalid && error.hint.contains(setting), "{error}");
    }
    let little = Limits { pages: 1, ..Limits::default() };
    let made = parsers(little).read("report.pdf", &bytes("pdf/report.pdf")).await.unwrap();
    let pages = made.landmarks.iter().filter(|landmark| matches!(landmark.mark, Mark::Page(_))).count();
    assert_eq!(pages, 1);
    assert_eq!(made.notes, ["the pages after the first 1 were left out (documents.pages)"]);
}

/// Whether this kernel could guard a child by Landlock. Nothing is forbidden by asking.
#[cfg(target_os = "linux")]
pub fn has_landlock() -> bool {
    use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).and_then(Ruleset::create).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn has_landlock() -> bool {
    false
}

/// What a test of the fence needs and is not here: no reason to leave it out where every change is tested.
pub fn lacks(what: &str) {
    let must = cfg!(target_os = "linux") && std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(!must, "CI must be able to test {what}");
    crate::skipped!("{what}");
}

/// Whether this kernel keeps files from programs.
pub fn is_fenced() -> bool {
    let is_fenced = has_landlock();
    if !is_fenced {
        lacks("the fence of programs of agents (Landlock)");
    }
    is_fenced
}

/// The child itself tries whether a file can still be opened, and reads nothing if it can.
#[tokio::test]
async fn a_child_can_open_nothing() {
    let guard = parsed("a.txt", b"text").await.guard;
    match guard {
        Some(Guard::Landlock) => {}
        Some(Guard::Limits) => {
            assert!(!has_landlock(), "this kernel has Landlock");
            lacks("Landlock of this kernel: the system's limits alone guard children");
        }
        None => panic!("a child without a guard"),
    }
}
