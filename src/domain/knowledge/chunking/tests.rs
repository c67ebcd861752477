//! What every strategy keeps, on texts of all kinds.

use std::ops::Range;

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;

/// A token for every three bytes of a word, as a tokenizer with small pieces would have it.
fn tokens(text: &str) -> Tokens {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, word) in text.split_word_bound_indices().filter(|(_, word)| !word.trim().is_empty()) {
        let mut from = at;
        for (i, c) in word.char_indices() {
            let end = at + i + c.len_utf8();
            if end - from >= 3 || end == at + word.len() {
                ranges.push(from..end);
                from = end;
            }
        }
    }
    Tokens::new(ranges)
}

fn cuts(chunking: Chunking, text: &str, sections: &[Range<usize>]) -> Cuts {
    cuts_of_tables(chunking, text, sections, &[])
}

fn cuts_of_tables(chunking: Chunking, text: &str, sections: &[Range<usize>], headers: &[Header]) -> Cuts {
    let tokens = tokens(text);
    match chunking.plan(Text { text, tokens: &tokens, sections, headers }).unwrap() {
        Plan::Cut(cuts) => cuts,
        Plan::Semantic(semantic) => {
            let vectors: Vec<Vec<f32>> = semantic
                .texts()
                .map(|text| vec![1.0, text.len() as f32 % 7.0, text.len() as f32 % 3.0])
                .collect();
            semantic.finish(&vectors).unwrap()
        }
    }
}

fn texts<'t>(cuts: &[Cut], text: &'t str) -> Vec<&'t str> {
    cuts.iter().map(|cut| &text[cut.range.clone()]).collect()
}

/// What holds of passages: order, cover, bounds, limit, overlap.
fn hold(text: &str, cuts: &[Cut], limit: Option<u32>, overlap: u32) {
    let tokens = tokens(text);
    let mut end = 0;
    let bounds: std::collections::BTreeSet<usize> =
        text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
    for (at, cut) in cuts.iter().enumerate() {
        assert!(
            bounds.contains(&cut.range.start) && bounds.contains(&cut.range.end),
            "{cut:?} splits a grapheme"
        );
        assert_eq!(cut.tokens, tokens.count(&cut.range));
        if cut.range.start > end {
            assert!(
                text[end..cut.range.start].trim().is_empty(),
                "{:?} is lost",
                &text[end..cut.range.start]
            );
        } else {
            assert!(tokens.count(&(cut.range.start..end)) <= overlap, "{cut:?} repeats more than {overlap}");
        }
        if let Some(before) = at.checked_sub(1).map(|before| &cuts[before]) {
            assert!(
                cut.range.start > before.range.start && cut.range.end > before.range.end,
                "{before:?} {cut:?}"
            );
        }
        let single = text[cut.range.clone()].graphemes(true).count() == 1;
        assert!(single || limit.is_none_or(|limit| cut.tokens <= limit), "{cut:?} is longer than {limit:?}");
        end = cut.range.end;
    }
    assert!(text[end.min(text.len())..].trim().is_empty(), "the end {:?} is lost", &text[end..]);
}

/// Texts with all that makes cutting hard.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,12}",
        1 => Just(". ".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("\n\n# ".to_owned()),
        1 => Just("  \t".to_owned()),
        1 => "[一-龯ぁ-んァ-ン]{1,20}",
        1 => Just("。".to_owned()),
        1 => "[ก-๎]{1,20}",
        1 => Just("👩‍👩‍👧‍👦".to_owned()),
        1 => Just(" \u{301}e\u{301}\u{308}".to_owned()),
        1 => Just("한국어 ".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => any::<char>().prop_map(String::from),
        2 => Just(" ".to_owned()),
    ];
    proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_strategy_covers_all_in_order_within_its_limits(
        text in any_text(),
        limit in 1_u32..60,
        percent in 1_u32..=99,
    ) {
        let fixed = cuts(Chunking::Fixed { max_tokens: limit, overlap_percent: percent }, &text, &[]);
        hold(&text, &fixed.passages, Some(limit), limit * percent / 100);
        hold(&text, &cuts(Chunking::Default, &text, &[]).passages, Some(200), 40);
        hold(&text, &cuts(Chunking::Today, &text, &[]).passages, Some(300), 60);
        let none = cuts(Chunking::None, &text, &[]);
        hold(&text, &none.passages, None, 0);
        prop_assert_eq!(none.passages.len(), usize::from(!text.trim().is_empty()));
        let semantic = Chunking::Semantic { max_tokens: limit, buffer: 1, breakpoint_percentile: percent.max(50) };
        hold(&text, &cuts(semantic, &text, &[]).passages, Some(limit), 0);
    }

    #[test]
    fn children_lie_in_their_parents_and_cover_them(text in any_text(), child in 2_u32..20, times in 1_u32..6) {
        let (parent, overlap) = (child * times, child / 2);
        let found = cuts(Chunking::Hierarchical { parent, child, overlap }, &text, &[]);
        hold(&text, &found.parents, Some(parent), overlap);
        for (at, parent) in found.parents.iter().enumerate() {
            let own: Vec<_> = found.passages.iter().filter(|cut| cut.parent == Some(at)).cloned().collect();
            prop_assert!(own.iter().all(|cut| parent.range.start <= cut.range.start && cut.range.end <= parent.range.end));
            let moved: Vec<_> = own
                .into_iter()
                .map(|cut| Cut { range: cut.range.start - parent.range.start..cut.range.end - parent.range.start, ..cut })
                .collect();
            let inner = &text[parent.range.clone()];
            let lost = moved.iter().fold(0, |end, cut| {
                assert!(cut.range.start <= end || inner[end..cut.range.start].trim().is_empty());
                cut.range.end
            });
            prop_assert!(inner[lost..].trim().is_empty());
        }
    }

    #[test]
    fn passages_do_not_reach_across_sections(text in any_text(), at in 0.0..1.0_f64) {
        let middle = atoms::boundary(&text, (text.len() as f64 * at) as usize);
        let sections = [0..middle, middle..text.len()];
        let found = cuts(Chunking::Fixed { max_tokens: 30, overlap_percent: 20 }, &text, &sections);
        hold(&text, &found.passages, Some(30), 6);
        prop_assert!(found.passages.iter().all(|cut| cut.range.end <= middle || cut.range.start >= middle));
    }
}

#[test]
fn a_short_document_is_one_passage_and_a_long_one_keeps_its_sentences() {
    let short = "One. Two.\n\nThree.";
    assert_eq!(texts(&cuts(Chunking::Default, short, &[0..5, 5..17]).passages, short), [short]);
    let sentence = "The river bends because the water at the outer bank is faster than within. ";
    let long = sentence.repeat(30);
    let found = cuts(Chunking::Default, &long, &[]);
    assert!(found.passages.len() > 3);
    for text in texts(&found.passages, &long) {
        assert!(text.starts_with("The river") && text.ends_with("within."), "{text}");
    }
    let again = found.passages[0].range.end - found.passages[1].range.start;
    assert!(again > 0, "a fifth is repeated");
}

#[test]
fn passages_of_a_table_have_the_row_that_names_its_columns_within_their_limit() {
    let of = |name: &str| format!("{name}\tsum\n") + &"abc\tdef\n".repeat(8);
    let (first, second) = (of("one"), of("two"));
    let text = format!("{first}{second}plain words stand here by themselves and go on and on\n");
    let start = first.len();
    let end = start + second.len();
    let sections = [0..start, start..end, end..text.len()];
    let headers = [Header { row: 0..8, end: start }, Header { row: start..start + 8, end }];
    let fixed = |max_tokens| Chunking::Fixed { max_tokens, overlap_percent: 1 };
    let found = cuts_of_tables(fixed(8), &text, &sections, &headers).passages;
    let own = tokens(&text);
    for cut in &found {
        let header = match cut.range.start {
            at if at == 0 || at == start || at >= end => None,
            at if at < start => Some(0..8),
            _ => Some(start..start + 8),
        };
        assert_eq!(cut.header, header, "{cut:?}");
        let repeated = header.map_or(0, |header| own.count(&header));
        assert!(cut.tokens <= 8 && cut.tokens == own.count(&cut.range) + repeated, "{cut:?}");
    }
    assert!(found.iter().filter(|cut| cut.header.is_some()).count() >= 4, "{found:?}");
    let none = |cuts: &Cuts| cuts.passages.iter().all(|cut| cut.header.is_none());
    assert!(none(&cuts_of_tables(fixed(3), &text, &sections, &headers)), "it would leave no room");
    let whole = cuts_of_tables(fixed(100), &text, &sections, &headers);
    assert!(none(&whole) && whole.passages.len() == 3, "{whole:?}");
    let children = Chunking::Hierarchical { parent: 16, child: 8, overlap: 1 };
    let found = cuts_of_tables(children, &text, &sections, &headers).passages;
    let last = found.iter().rfind(|cut| cut.range.end <= start).unwrap();
    assert_eq!(last.header, Some(0..8), "also where it lies in another parent");
    let apart = cuts_of_tables(fixed(8), &text, &sections[..2], &headers).passages;
    let behind: Vec<_> = apart.iter().filter(|cut| cut.range.start >= end).collect();
    assert!(behind.len() > 1 && behind.iter().all(|cut| cut.header.is_none()), "{behind:?}");
}

#[test]
fn a_table_within_a_text_has_its_header_with_its_rows_and_with_nothing_else() {
    let before = "Words come first. ".repeat(4);
    let table = "one\tsum\n".to_owned() + &"abc\tdef\n".repeat(8);
    let text = format!("{before}\n{table}{}", "Words come last. ".repeat(4));
    let start = before.len() + 1;
    let end = start + table.len();
    let header = Header { row: start..start + 8, end };
    let fixed = |max_tokens, overlap_percent| Chunking::Fixed { max_tokens, overlap_percent };
    let own = tokens(&text);
    for (limit, overlap) in [(8, 1), (12, 60), (10, 99)] {
        let found = cuts_of_tables(fixed(limit, overlap), &text, &[], std::slice::from_ref(&header)).passages;
        let alone = |cut: &Cut| Cut { tokens: own.count(&cut.range), header: None, ..cut.clone() };
        hold(&text, &found.iter().map(alone).collect::<Vec<_>>(), Some(limit), limit * overlap / 100);
        for cut in &found {
            let is_below = header.row.end <= cut.range.start && cut.range.start < end;
            assert_eq!(cut.header, is_below.then(|| header.row.clone()), "{limit} {overlap}: {cut:?}");
            let repeated = if is_below { own.count(&header.row) } else { 0 };
            assert!(cut.tokens <= limit && cut.tokens == own.count(&cut.range) + repeated, "{cut:?}");
        }
        assert!(found.iter().any(|cut| cut.header.is_some()), "{found:?}");
        assert!(found.last().unwrap().header.is_none(), "{found:?}");
    }
    // The one where it all has room needs none.
    let whole = cuts_of_tables(fixed(200, 20), &text, &[], std::slice::from_ref(&header)).passages;
    assert_eq!((whole.len(), &whole[0].header), (1, &None));
}

#[test]
fn a_sentence_that_is_too_long_is_cut_at_lines_then_words_then_letters() {
    let fixed = |max_tokens| Chunking::Fixed { max_tokens, overlap_percent: 1 };
    let lines = "alpha beta\ngamma delta\nepsilon zeta";
    assert_eq!(
        texts(&cuts(fixed(6), lines, &[]).passages, lines),
        ["alpha beta", "gamma delta", "epsilon zeta"]
    );
    let words = "one two three four five six";
    assert_eq!(
        texts(&cuts(fixed(2), words, &[]).passages, words),
        ["one two", "three", "four", "five", "six"]
    );
    let thai = "แม่น้ำไหลคดเคี้ยว เพราะกระแสน้ำ";
    assert_eq!(texts(&cuts(fixed(20), thai, &[]).passages, thai), ["แม่น้ำไหลคดเคี้ยว", "เพราะกระแสน้ำ"]);
    assert!(cuts(fixed(4), thai, &[]).passages.len() > 3);
    // Nor within a word, though no space parts them.
    let together = "ทุกสองสัปดาห์";
    assert_eq!(texts(&cuts(fixed(7), together, &[]).passages, together), ["ทุกสอง", "สัปดาห์"]);
}

#[test]
fn a_long_row_of_flags_is_cut_between_flags_and_gone_through_once() {
    // Whether a place lies between two flags tells only how many stand before it: looked for at each, it would take all day.
    let flag = "🇩🇪";
    let text = flag.repeat(50_000);
    let found = cuts(Chunking::Fixed { max_tokens: 20, overlap_percent: 1 }, &text, &[]);
    assert!(found.passages.iter().all(|cut| cut.range.start.is_multiple_of(flag.len()) && cut.tokens <= 20));
    assert_eq!(found.passages.iter().map(|cut| cut.range.len()).sum::<usize>(), text.len());
}

#[test]
fn bedrock_s_ranges_are_kept() {
    for wrong in [
        Chunking::Fixed { max_tokens: 0, overlap_percent: 20 },
        Chunking::Fixed { max_tokens: 8193, overlap_percent: 20 },
        Chunking::Fixed { max_tokens: 10, overlap_percent: 100 },
        Chunking::Hierarchical { parent: 100, child: 200, overlap: 10 },
        Chunking::Hierarchical { parent: 100, child: 20, overlap: 0 },
        Chunking::Hierarchical { parent: 100, child: 20, overlap: 20 },
        Chunking::Semantic { max_tokens: 10, buffer: 2, breakpoint_percentile: 90 },
        Chunking::Semantic { max_tokens: 10, buffer: 1, breakpoint_percentile: 49 },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
    let error = Chunking::Fixed { max_tokens: 0, overlap_percent: 20 }.check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "choosing how documents are cut: the most tokens of a passage is 0. Give 1 to 8192."
    );
}

#[test]
fn a_way_of_cutting_is_read_as_it_is_written() {
    for said in ["default", "today", "none", "fixed:200:20", "hierarchical:1500:300:60", "semantic:300:0:95"]
    {
        assert_eq!(said.parse::<Chunking>().unwrap().to_string(), said);
    }
    for (bad, why) in [
        ("fixed", "is no way"),
        ("fixed:200", "is no way"),
        ("fixed:200:x", "is no way"),
        ("default:1", "is no way"),
        ("fixed:0:20", "Give 1 to 8192"),
        ("semantic:300:2:95", "Give 0 to 1"),
    ] {
        assert!(bad.parse::<Chunking>().unwrap_err().to_string().contains(why), "{bad}");
    }
}
