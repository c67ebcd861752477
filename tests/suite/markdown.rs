//! Markdown: the same lines however the text came, at any width, and nothing settled ever changes.

use outcrop::tui::widget::markdown::{Stream, codes};
use outcrop::tui::widget::text::{Row, width};
use proptest::prelude::*;

const TOUR: &str = include_str!("../data/markdown/tour.md");

/// Pieces that are put together in any order.
const PIECES: &[&str] = &[
    "para one two three\n",
    "\n",
    "\n\n",
    "- item\n",
    "  - nested\n",
    "1. first\n",
    "   more of it\n",
    "```rust\n",
    "```\n",
    "~~~\n",
    "let x = 1;\n",
    "    indented\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "> quote\n",
    "# head\n",
    "***\n",
    "$$\nx\n$$\n",
    "<div>\n",
    "[a]: http://b\n",
    "**bold",
    "`code",
    "text ",
    "  ```py\n",
    "   ```\n",
    "---\n",
    "* * *\n",
    "\\[ x \\]\n",
    "日本語 ",
    "\t- tab\n",
    "\r\n",
    "[x](y)",
    "&#27;",
    "1) par\n",
];

fn set(text: &str, columns: usize) -> Vec<Row> {
    let mut stream = Stream::new(columns);
    stream.update(text, true);
    stream.rows().to_vec()
}

fn shown(rows: &[Row]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| row.text().trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

fn streamed(text: &str, cuts: &[usize], columns: usize) -> Vec<Row> {
    let mut stream = Stream::new(columns);
    let mut settled: Vec<Row> = Vec::new();
    for cut in cuts {
        let cut = text.floor_char_boundary((*cut).min(text.len()));
        stream.update(&text[..cut], false);
        assert!(stream.settled_rows() >= settled.len(), "settled rows went away");
        assert_eq!(stream.rows()[..settled.len()], settled, "a settled row changed at byte {cut}");
        settled = stream.rows()[..stream.settled_rows()].to_vec();
    }
    stream.update(text, true);
    stream.rows().to_vec()
}

#[test]
fn every_prefix_leads_to_the_same_lines() {
    for columns in [24, 80] {
        let whole = set(TOUR, columns);
        let every: Vec<usize> = (0..=TOUR.len()).collect();
        assert_eq!(streamed(TOUR, &every, columns), whole);
        for cut in (0..TOUR.len()).step_by(7) {
            assert_eq!(streamed(TOUR, &[cut], columns), whole, "cut at {cut}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_in_any_pieces_leads_to_the_same_lines(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..30),
        cuts in proptest::collection::vec(0usize..400, 0..12),
        columns in 1usize..60,
    ) {
        let text = pieces.concat();
        let mut cuts = cuts;
        cuts.sort_unstable();
        cuts.retain(|cut| *cut <= text.len());
        prop_assert_eq!(streamed(&text, &cuts, columns), set(&text, columns), "{:?}", text);
    }

    #[test]
    fn no_letter_of_a_text_is_lost(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..20),
    ) {
        // Words only: marks are what Markdown is made of.
        let words = |s: &str| {
            ["para", "item", "nested", "first", "more", "let", "indented", "quote", "head", "text", "日本語"]
                .map(|word| s.matches(word).count())
        };
        let text = pieces.concat();
        let rows: String = set(&text, 200).iter().map(Row::text).collect::<Vec<_>>().join("\n");
        for (i, (before, after)) in words(&text).iter().zip(words(&rows)).enumerate() {
            // The info string of a fence is one word of it.
            prop_assert!(after + 1 >= *before || text.contains("```") || text.contains("~~~"), "word {i} of {text:?}");
        }
    }
}

#[test]
fn marks_that_are_still_open_do_not_show() {
    let mut stream = Stream::new(40);
    for (text, row) in [
        ("Because **", "Because"),
        ("Because **wat", "Because wat"),
        ("Because **water** `", "Because water"),
        ("Because **water** `fl", "Because water fl"),
        ("Because **water** `flows`\n--", "Because water flows"),
    ] {
        stream.update(text, false);
        assert_eq!(shown(stream.rows()).trim_end(), row, "{text:?}");
    }
    for text in ["- **\n \n", "- **\n\t\n  `", "**\n `\n", "a **\n**b `\n\n"] {
        streamed(text, &(0..=text.len()).collect::<Vec<_>>(), 20);
    }
}

#[test]
fn every_row_fits_at_every_width() {
    for columns in 1..=200 {
        for row in set(TOUR, columns) {
            let least = row.text().chars().any(|c| width(c.encode_utf8(&mut [0; 4])) > 1);
            // A cluster of two columns stands alone where there is one.
            assert!(row.width() <= columns.max(if least { 2 } else { 1 }), "{columns}: {:?}", row.text());
        }
    }
}

#[test]
fn tables_fit_at_every_width_and_keep_every_word() {
    let table = &TOUR[TOUR.find("| name").unwrap()..TOUR.find("```python").unwrap()];
    for columns in 20..=200 {
        let rows = set(table, columns);
        let text: String = rows.iter().map(Row::text).filter(|line| !line.contains('─')).collect();
        let letters = |s: &str| {
            let mut letters: Vec<char> = s.chars().filter(|c| c.is_alphanumeric()).collect();
            letters.sort_unstable();
            letters
        };
        for row in &rows {
            assert!(row.width() <= columns, "{columns}: {:?}", row.text());
        }
        let all = letters(&text);
        for letter in letters(table) {
            assert!(all.contains(&letter), "{columns}: {letter:?} is lost");
        }
        assert!(all.len() >= letters(table).len(), "{columns}: letters are lost");
    }
}

#[test]
fn no_control_comes_through_an_entity_or_a_code_block() {
    let text = "a &#27;[31m &#x9b;2J &#x202e;b\n\n```\n\x1b[2J\u{9b}\n```\n\n<b>\x1b]0;t\x07</b> `\x1b` [x\x1b](http://\x1b/)\n\n|\x1b|b|\n|-|-|\n|&#27;|\x07|\n";
    for row in set(text, 40) {
        let text = row.text();
        assert!(!text.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{text:?}");
    }
}

#[test]
fn a_megabyte_without_an_end_costs_its_tail_only() {
    for (name, unit) in
        [("paragraph", "word "), ("fence", "let x = 1;\n"), ("list", "- item\n"), ("table", "| a | b |\n")]
    {
        let head = match name {
            "fence" => "```rust\n",
            "table" => "| x | y |\n|---|---|\n",
            _ => "",
        };
        let text = format!("{head}{}", unit.repeat(1024 * 1024 / unit.len()));
        let mut stream = Stream::new(80);
        for cut in (0..text.len()).step_by(50_000) {
            stream.update(&text[..cut], false);
        }
        stream.update(&text, false);
        let rows = stream.rows().len();
        assert!(
            rows - stream.settled_rows() < 6000,
            "{name}: {} of {rows} rows are unsettled",
            rows - stream.settled_rows()
        );
        let head = stream.rows().iter().filter(|row| row.text().trim() == "x │ y").count();
        assert!(name != "table" || head > 1, "a long table repeats its head");
    }
}

#[test]
fn a_line_of_code_that_is_too_long_goes_on_behind_a_mark() {
    let text = "```\nabcdefghij\nxy\n```\n";
    assert_eq!(shown(&set(text, 6)), "▏ abcd\n▏↳efgh\n▏↳ij\n▏ xy\n");
    assert_eq!(shown(&set(text, 12)), "▏ abcdefghij\n▏ xy\n");
    // There is no room for marks.
    assert_eq!(shown(&set(text, 3)), "abc\ndef\nghi\nj\nxy\n");
    assert_eq!(codes(text)[0].source(text), "abcdefghij\nxy");
}

#[test]
fn code_blocks_are_given_out_as_they_stand_in_the_source() {
    let codes: Vec<_> = codes(TOUR).iter().map(|code| (code.language.clone(), code.source(TOUR))).collect();
    assert_eq!(codes[0], ("rust".into(), "fn main() {\n    println!(\"in a list\");\n}".into()));
    assert_eq!(codes[1].0, "python");
    assert!(codes[1].1.ends_with("path.chord  # 曲がりくねった"), "{}", codes[1].1);
    assert_eq!(codes[2], (String::new(), "indented code".into()));
}

#[test]
fn the_language_of_a_block_stands_outside_of_it() {
    let rows = set("```rust\nfn main() {}\n```\n", 40);
    assert_eq!((rows[0].text().trim(), rows[0].raised), ("rust", false));
    assert!(rows[1].raised && rows[1].text().ends_with("fn main() {}"), "{}", shown(&rows));
}

#[test]
fn the_tour_looks_as_it_should() {
    insta::assert_snapshot!("tour_72", shown(&set(TOUR, 72)));
    insta::assert_snapshot!("tour_28", shown(&set(TOUR, 28)));
}
