use super::*;
use crate::domain::diff::{MOST_WORDS, words};
use crate::domain::trace::aligned::{Run, align};
use crate::domain::trace::contents::Said;
use crate::domain::trace::made::What;
use crate::domain::trace::{Facts, Kind, Rollups, SpanKey, TraceSpan, Tree};

fn outline(lines: &[(Kind, &str, u64)]) -> Outline {
    let mut outline = Outline::default();
    for (at, (kind, name, arguments)) in lines.iter().enumerate() {
        let span = TraceSpan {
            id: SpanKey(at as u64 + 1),
            parent: (at > 0).then_some(SpanKey(1)),
            name: (*name).to_owned(),
            start: 1 + at as u64,
            end: 1_000_000_000 + at as u64,
            ..TraceSpan::default()
        };
        outline.add(&span, &Facts { kind: *kind, arguments: *arguments, ..Facts::default() }, |_| None);
    }
    outline
}

fn compared(left: &[(Kind, &str, u64)], right: &[(Kind, &str, u64)]) -> Compared {
    let outlines = [outline(left), outline(right)];
    let trees = [Tree::of(&outlines[0]), Tree::of(&outlines[1])];
    let sums = [0, 1].map(|side| Rollups::of(&outlines[side], &trees[side]));
    let run = |side: usize| Run { outline: &outlines[side], tree: &trees[side], rollups: &sums[side] };
    let pairs = align(run(0), run(1));
    let packs = [0, 1].map(|side| Packed::of(&outlines[side], 0..outlines[side].rows.len()));
    let mut compared = Compared::new(["run A".to_owned(), "run B".to_owned()], String::new());
    let outlines = Outlines::of(&pairs, &packs).unwrap();
    compared.pairs(pairs, outlines);
    compared
}

const LEFT: [(Kind, &str, u64); 4] =
    [(Kind::Agent, "agent", 0), (Kind::Model, "chat", 0), (Kind::Tool, "look", 1), (Kind::Model, "chat", 0)];
const RIGHT: [(Kind, &str, u64); 4] =
    [(Kind::Agent, "agent", 0), (Kind::Model, "chat", 0), (Kind::Tool, "look", 2), (Kind::Tool, "sum", 3)];

/// The texts of the chosen line are compared.
fn read(compared: &mut Compared) {
    let (key, [one, other]) = compared.differ().unwrap();
    compared.differing(key, Words::Read(words(&one, &other).into()));
}

fn drawn(compared: &mut Compared, width: u16, height: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    compared.fit(area);
    let mut cells = Buffer::empty(area);
    compared.draw(area, &Look::colourless(), true, &mut cells);
    let row = |y| (0..width).map(|x| cells[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| row(y).trim_end().to_owned()).collect()
}

#[test]
fn of_a_tool_it_is_told_that_its_definition_is_another_and_by_no_number() {
    let mut both = compared(&LEFT, &RIGHT);
    let mut made = [Made::default(), Made::default()];
    made[0].put(What::Tool, "sum", "175ea0d277f4");
    made[1].put(What::Tool, "sum", "c413438a23d5");
    made[1].put(What::Tool, "order", "a680b0e0b6d7");
    for (side, made) in made.into_iter().enumerate() {
        both.made(side, made);
    }
    let rows = drawn(&mut both, 60, 12).join("\n");
    assert!(rows.contains("tool sum  not defined alike"), "{rows}");
    assert!(rows.contains("tool order  – → offered"), "{rows}");
}

#[test]
fn what_they_were_made_with_comes_first_then_what_is_not_alike() {
    let mut both = compared(&LEFT, &RIGHT);
    let mut made = [Made::default(), Made::default()];
    made[0].put(What::Version, "agent", "2");
    made[1].put(What::Version, "agent", "3");
    for (side, made) in made.into_iter().enumerate() {
        both.made(side, made);
    }
    let rows = drawn(&mut both, 60, 12);
    let wanted = [
        "  − run A   + run B",
        " made with",
        "▌ ~ version agent  2 → 3",
        " steps",
        "  = 2 steps alike",
        "  ~   ⚙ look  arguments",
        "  −   ● chat",
        "  +   ⚙ sum",
    ];
    for (row, wanted) in rows.iter().zip(wanted) {
        assert!(row.starts_with(wanted), "{rows:#?}");
    }
    both.toggle();
    let rows = drawn(&mut both, 60, 12);
    assert!(rows[4].starts_with("  = ◆ agent") && rows[5].starts_with("  =   ● chat"), "{rows:#?}");
}

#[test]
fn a_step_is_read_word_by_word_once_both_have_come() {
    let area = Rect::new(0, 0, 60, 20);
    let mut both = compared(&LEFT, &RIGHT);
    both.step(1, area);
    assert_eq!((both.rows(), both.want()), ([Some(2), Some(2)], None));
    both.open();
    assert_eq!(both.want(), Some((0, 2)));
    let said = |text: &str| Contents { output: vec![Said::new("assistant", text)], ..Contents::default() };
    both.take(0, 2, &said("It rains in Paris.\nBye"));
    assert!(both.says().contains("reading …"));
    assert_eq!(both.want(), Some((1, 2)));
    both.take(1, 2, &said("It snows in Paris.\nBye"));
    assert_eq!(both.want(), None);
    assert!(both.says().contains("reading …"), "{}", both.says());
    read(&mut both);
    assert_eq!(both.differ(), None);
    assert!(both.says().contains("It [−rains] [+snows] in Paris.\nBye"), "{}", both.says());
    let rows = drawn(&mut both, 60, 20);
    assert!(rows.iter().any(|row| row.contains("[−rains]")), "{rows:#?}");
    assert!(both.close() && !both.close());
}

#[test]
fn what_only_one_run_has_is_read_of_that_one_and_what_is_missing_says_why() {
    let area = Rect::new(0, 0, 120, 20);
    let mut both = compared(&LEFT, &RIGHT);
    both.go_last(area);
    both.open();
    assert_eq!(both.rows(), [None, Some(3)]);
    both.missed(1, 3, &Error::internal("opening a span", "it is damaged"));
    assert!(both.says().contains("only in run B") && both.says().contains("it is damaged"));
    assert!(drawn(&mut both, 120, 20)[0].contains('│'));
}

#[test]
fn rows_that_are_not_there_are_refused_and_every_size_is_drawn() {
    let mut both = compared(&LEFT, &RIGHT);
    let none = Packed::of(&Outline::default(), 0..0);
    let pairs = both.pairs.clone().unwrap();
    assert_eq!(Outlines::of(&pairs, &[none.clone(), none]), None);
    both.open();
    for (width, height) in [(0, 0), (1, 1), (7, 3), (40, 5), (40, 12), (110, 4), (200, 60)] {
        let _ = drawn(&mut both, width, height);
    }
    let mut empty = Compared::new([String::new(), String::new()], String::new());
    empty.step(1, Rect::new(0, 0, 9, 9));
    empty.failed(Error::internal("comparing", "one is gone"));
    assert!(drawn(&mut empty, 60, 5)[1].contains("one is gone"));
}

#[test]
fn texts_of_megabytes_are_compared_by_their_beginnings() {
    let said =
        Contents { output: vec![Said::new("assistant", "word ".repeat(2_000_000))], ..Contents::default() };
    assert!(text_of(&said).len() < 2 * MOST_WORDS + 100);
    let mut parts = Vec::new();
    let texts = ["a ".repeat(50_000), "a ".repeat(50_001)];
    let texts = texts.each_ref().map(String::as_str);
    let compared = Words::Read(words(beginning(texts[0]), beginning(texts[1])).into());
    both(texts, Some(&compared), "e exports", &mut parts);
    let says = Sheet::new(parts).says();
    assert!(says.contains("beyond the first 64 KB is not compared; e exports"), "{}", says.len());
}

#[test]
fn texts_that_only_white_space_sets_apart_are_said_to_be_that() {
    let mut parts = Vec::new();
    let texts = ["one two", "one\n\ntwo"];
    both(texts, Some(&Words::Read(words(texts[0], texts[1]).into())), "", &mut parts);
    assert!(Sheet::new(parts).says().contains("only white space differs"));
}

#[test]
fn texts_that_are_not_compared_yet_or_cannot_be_are_calm_about_it() {
    let area = Rect::new(0, 0, 60, 20);
    let mut both = compared(&LEFT, &RIGHT);
    both.step(1, area);
    both.open();
    let said = |text: &str| Contents { output: vec![Said::new("assistant", text)], ..Contents::default() };
    both.take(0, 2, &said("rain"));
    both.take(1, 2, &said("snow"));
    let (key, _) = both.differ().unwrap();
    assert!(both.says().contains("reading …"), "{}", both.says());
    both.differing(key, Words::Failed);
    let says = both.says();
    assert!(says.contains("cannot be compared") && says.contains("rain") && says.contains("snow"), "{says}");
    // What was compared once is there when one comes back to it.
    let mut both = compared(&LEFT, &RIGHT);
    both.step(1, area);
    both.open();
    both.take(0, 2, &said("rain"));
    both.take(1, 2, &said("snow"));
    read(&mut both);
    let says = both.says();
    both.step(1, area);
    both.step(-1, area);
    assert_eq!((both.says(), both.differ()), (says, None));
}
