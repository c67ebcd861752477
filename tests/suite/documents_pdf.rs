//! The text of PDF files, measured against `pdftotext`'s; and what is said of files that have none.
//!
//! The judge was fixed before anything was measured: `pdftotext -enc UTF-8 FILE`, default options, its output committed
//! beside each file by `make_pdf.sh`; the measure is `similar`'s ratio over characters, any run of white space one space.

use std::fs;
use std::path::PathBuf;

use outcrop::domain::ErrorKind;
use outcrop::wire::document::pdf::{Limits, Pdf, read};
use proptest::prelude::*;

const BOUND: f32 = 0.98;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/documents/pdf"))
}

fn file(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn text(name: &str) -> Pdf {
    read(&file(name), &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn text_is_what_pdftotext_prints() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".txt")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 20, "fixtures are missing: {names:?}");
    let mut figures = Vec::new();
    for name in &names {
        let judge = spaced(&String::from_utf8(file(&format!("{name}.txt"))).unwrap());
        let ours = spaced(&text(&format!("{name}.pdf")).pages.join("\n"));
        figures.push((name, similar::TextDiff::from_chars(&ours, &judge).ratio()));
    }
    assert!(figures.iter().all(|(_, ratio)| *ratio >= BOUND), "{figures:#?}");
}

#[test]
fn pages_are_the_judges_pages() {
    for name in ["report", "forms", "linear", "columns_office"] {
        let judge = String::from_utf8(file(&format!("{name}.txt"))).unwrap();
        let judge: Vec<String> = judge.split_terminator('\u{c}').map(spaced).collect();
        let ours: Vec<String> = text(&format!("{name}.pdf")).pages.iter().map(|page| spaced(page)).collect();
        assert_eq!(ours, judge, "{name}");
    }
}

#[test]
fn a_scan_says_that_it_is_one() {
    let error = read(&file("scanned.pdf"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.to_string().contains("it looks scanned: 1 of 1 pages have pictures"), "{error}");
    let mixed = text("mixed.pdf");
    assert_eq!(mixed.pages.len(), 2);
    assert_eq!(mixed.pages[1], "");
    assert_eq!(mixed.notes, ["page 2 has no text (scanned?)"]);
}

#[test]
fn a_file_with_a_password_says_so() {
    let error = read(&file("locked.pdf"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.why.contains("password"), "{error}");
}

#[test]
fn what_goes_past_the_bounds_is_left_out_and_told() {
    let bounded = |limits| read(&file("report.pdf"), &limits).unwrap();
    let whole = text("report.pdf").pages.len();
    let few = bounded(Limits { pages: 2, ..Limits::default() });
    assert_eq!(
        (few.pages.len(), few.notes),
        (2, vec!["the pages after the first 2 were left out (documents.pages)".to_owned()])
    );
    let short = bounded(Limits { text: 2000, ..Limits::default() });
    assert!(
        short.pages.len() < whole && short.notes[0].contains("more than 2000 bytes"),
        "{:?}",
        short.notes
    );
    let slow = bounded(Limits { operations: 4000, ..Limits::default() });
    let told = slow.notes[0].contains("too much content (documents.operations)");
    assert!(slow.pages.len() < whole && told, "{:?}", slow.notes);
}

/// A PDF of these objects, from number 1; no table of places, which readers make up for.
pub fn made(objects: &[&str]) -> Vec<u8> {
    let objects = (1..).zip(objects).map(|(number, object)| format!("{number} 0 obj\n{object}\nendobj\n"));
    let objects: Vec<String> = objects.collect();
    format!("%PDF-1.5\n{}trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n", objects.concat()).into_bytes()
}

pub fn stream(dictionary: &str, content: &str) -> String {
    format!("<<{dictionary}/Length {}>>stream\n{content}\nendstream", content.len())
}

pub const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
pub const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 300 300]>>";
const FONT: &str = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";

pub fn page(resources: &str) -> String {
    format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<{FONT}{resources}>>>>")
}

pub const WORD: &str = "BT /F 12 Tf 20 200 Td (word) Tj ET ";

#[test]
fn pages_and_forms_that_go_round_in_circles_end() {
    let pages =
        "<</Type/Pages/Kids[3 0 R 2 0 R 3 0 R 9 0 R]/Count 2000000000/Parent 2 0 R/MediaBox[0 0 300 300]>>";
    let content = stream("", &format!("{WORD}/X Do /X Do"));
    let form = stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "/X Do /X Do /X Do q q q");
    let pdf = made(&[CATALOG, pages, &page("/XObject<</X 5 0 R>>"), &content, &form]);
    let limits = Limits { operations: 100_000, ..Limits::default() };
    let made = read(&pdf, &limits).unwrap();
    assert_eq!(made.pages, ["word\n"]);
    let told = "forms more than 16 deep were left out (documents.forms)";
    assert!(made.notes.iter().any(|note| note == told), "{:?}", made.notes);
}

#[test]
fn content_of_any_form_is_read_as_far_as_it_makes_sense() {
    let deep = "[".repeat(100_000) + &"<<".repeat(100_000);
    let marks = "/Span<</ActualText(x)>>BDC ".repeat(5000);
    for strange in [
        deep.as_str(),
        &marks,
        "Q Q ET EMC EMC (",
        "1 0 0 Tm Tf /F Tf",
        "BI ID",
        "<",
        "1e999 99999999999999999999 Td",
    ] {
        let content = stream("", &format!("{WORD}{strange}"));
        let pdf = made(&[CATALOG, PAGES, &page(""), &content]);
        let said = read(&pdf, &Limits::default()).map(|pdf| pdf.pages);
        assert_eq!(said, Ok(vec!["word\n".to_owned()]), "{strange:.40}");
    }
}

#[test]
fn a_page_may_be_of_any_size() {
    let pages =
        PAGES.replace("300 300", "1000000000000000000000000000000.0 1000000000000000000000000000000.0");
    let content = stream("", &format!("{WORD} BT /F 1e30 Tf 99999999999999999999999 0 Td (large) Tj ET"));
    let pdf = made(&[CATALOG, &pages, &page(""), &content]);
    assert!(read(&pdf, &Limits::default()).unwrap().pages[0].contains("word"));
}

#[test]
fn layers_that_are_off_are_not_read() {
    let catalog = "<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[5 0 R 6 0 R]/D<</OFF[5 0 R]>>>>>>";
    let resources = "/Properties<</A 5 0 R/B 6 0 R>>";
    let show = |layer: &str, y: u8, text: &str| {
        format!("/OC /{layer} BDC BT /F 12 Tf 20 {y} Td ({text}) Tj ET EMC ")
    };
    let content = stream("", &(show("A", 100, "hidden") + &show("B", 50, "shown")));
    let layer = "<</Type/OCG/Name(layer)>>";
    let pdf = made(&[catalog, PAGES, &page(resources), &content, layer, layer]);
    assert_eq!(read(&pdf, &Limits::default()).unwrap().pages, ["shown\n"]);
}

#[test]
fn values_of_fields_are_read_with_or_without_looks() {
    let catalog =
        |make| format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</NeedAppearances {make}/Fields[5 0 R]>>>>");
    let page = format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 7 0 R]/Resources<<{FONT}>>>>");
    let field = "<</Subtype/Widget/FT/Tx/V(the value)/DA(/F 10 Tf)/Rect[20 100 200 120]/AP<</N 6 0 R>>>>";
    let looks = stream(
        &format!("/Subtype/Form/BBox[0 0 90 10]/Resources<<{FONT}>>"),
        "BT /F 5 Tf 1 2 Td (as it looks) Tj ET",
    );
    let hidden = field.replace("/FT/Tx", "/F 2");
    let text = |make| {
        let pdf = made(&[&catalog(make), PAGES, &page, &stream("", WORD), field, &looks, &hidden]);
        read(&pdf, &Limits::default()).unwrap().pages.concat()
    };
    assert_eq!(text(true), "word\n\nthe value\n");
    assert_eq!(text(false), "word\n\nas it looks\n");
}

#[test]
fn what_is_no_pdf_is_an_error() {
    for bytes in
        [&b""[..], b"%PDF-1.7", b"hello", b"%PDF-1.7\ntrailer<</Root 1 0 R>>\nstartxref\n9999999999\n%%EOF"]
    {
        assert_eq!(read(bytes, &Limits::default()).unwrap_err().kind, ErrorKind::Corrupt);
    }
    let empty = made(&[CATALOG, "<</Type/Pages/Kids[]/Count 0>>"]);
    assert!(read(&empty, &Limits::default()).unwrap_err().why.contains("no pages"));
    let blank = made(&[CATALOG, PAGES, "<</Type/Page/Parent 2 0 R>>"]);
    assert!(read(&blank, &Limits::default()).unwrap_err().why.contains("empty"));
}

proptest! {
    #![proptest_config(crate::cases(48))]

    #[test]
    fn broken_files_break_nothing(
        of in prop::sample::select(vec!["by_hand.pdf", "encrypted_rc4_40.pdf", "turned.pdf", "columns_groff.pdf"]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut: prop::sample::Index,
        cuts: bool,
    ) {
        let mut pdf = file(of);
        for (at, byte) in flips {
            let at = at.index(pdf.len());
            pdf[at] = byte;
        }
        if cuts {
            pdf.truncate(cut.index(pdf.len()));
        }
        let limits = Limits { operations: 1_000_000, ..Limits::default() };
        drop(read(&pdf, &limits));
    }
}
