use serde_json::json;

use super::telling::fold;
use super::*;
use crate::domain::trace::contents::{Contents, Found, Ran, Said};
use crate::domain::trace::{Facts, Outline, Rollups, SpanKey, TraceSpan, Tree};

struct Kept {
    outline: Outline,
    tree: Tree,
    rollups: Rollups,
}

impl Kept {
    fn new(steps: usize) -> Self {
        let mut outline = Outline::default();
        let mut add = |id: u64, parent: u64, kind: Kind, name: &str, start: u64| {
            let span = TraceSpan {
                id: SpanKey(id),
                parent: (parent > 0).then_some(SpanKey(parent)),
                name: name.to_owned(),
                start: start * 1_000_000,
                end: (start + 1) * 1_000_000,
                ..TraceSpan::default()
            };
            outline.add(&span, &Facts { kind, ..Facts::default() }, |_| None);
        };
        add(1, 0, Kind::Agent, "invoke_agent Weather", 1);
        add(9, 1, Kind::Other, "http", 2);
        for step in 0..steps as u64 {
            let kind = if step % 2 == 0 { Kind::Model } else { Kind::Tool };
            add(10 + step, 1, kind, &format!("step {step}"), 3 + step);
        }
        let tree = Tree::of(&outline);
        let rollups = Rollups::of(&outline, &tree);
        Self { outline, tree, rollups }
    }

    fn run(&self) -> Run<'_> {
        Run { outline: &self.outline, tree: &self.tree, rollups: &self.rollups }
    }

    fn steps(&self) -> Steps {
        Steps::of(&self.outline, &self.tree)
    }
}

fn contents(kind: Kind) -> Contents {
    match kind {
        Kind::Model => Contents {
            input: vec![Said::new("user", "Weather in Paris?")],
            output: vec![Said::new("assistant", "It rains,\n\n- all day\n- and night")],
            ..Contents::default()
        },
        Kind::Tool => Contents {
            ran: Some(Ran {
                name: "get_weather".to_owned(),
                arguments: Some(json!({"location": "Paris"})),
                result: Some(json!("Rainy")),
                ..Ran::default()
            }),
            ..Contents::default()
        },
        _ => Contents::default(),
    }
}

/// All that is in sight is asked for and comes.
fn filled(transcript: &mut Transcript, area: Rect) {
    while let Some(row) = transcript.want(area) {
        let kind = transcript.kind(row).unwrap_or(Kind::Other);
        transcript.take(row, tell(kind, &contents(kind), ""));
        transcript.fit(area);
    }
}

fn drawn(transcript: &Transcript, kept: &Kept, area: Rect) -> Vec<String> {
    let mut cells = Buffer::empty(area);
    transcript.draw((kept.run(), None), area, &Look::colourless(), true, &mut cells);
    let row = |y| (0..area.width).map(|x| cells[(x, y)].symbol()).collect::<String>();
    (0..area.height).map(|y| row(y).trim_end().to_owned()).collect()
}

#[test]
fn a_run_reads_as_a_conversation_whose_question_stands_once_and_whose_answer_is_whole() {
    let (kept, area) = (Kept::new(3), Rect::new(0, 0, 70, 30));
    let mut transcript = Transcript::of(&kept.steps(), String::new());
    transcript.fit(area);
    filled(&mut transcript, area);
    let rows = drawn(&transcript, &kept, area);
    let text = rows.join("\n");
    assert_eq!(text.matches("Weather in Paris?").count(), 1, "{text}");
    assert!(rows[0].starts_with("▌ ◆ Weather"), "{text}");
    for wanted in ["● step 0", "⚙ step 1", "with {\"location\":\"Paris\"}", "gave Rainy", "• all day"] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(text.contains("It rains, - all day - and night"), "the step before is folded\n{text}");
    assert!(text.contains("1 span of other kinds"), "{text}");
}

#[test]
fn only_what_is_in_sight_is_asked_for_and_the_chosen_step_is_always_there() {
    let (kept, area) = (Kept::new(2_000), Rect::new(0, 0, 60, 12));
    let mut transcript = Transcript::of(&kept.steps(), String::new());
    transcript.fit(area);
    filled(&mut transcript, area);
    assert!(transcript.told.len() < 12);
    transcript.go_last(area);
    filled(&mut transcript, area);
    assert!(transcript.told.len() < 30);
    assert!(drawn(&transcript, &kept, area).iter().any(|row| row.contains("step 1999")));
    for _ in 0..2_000 {
        transcript.step(-1, area);
        filled(&mut transcript, area);
        let name = kept.outline.names.get(kept.outline.rows[transcript.row().unwrap() as usize].name);
        let shown = name.trim_start_matches("invoke_agent ");
        let rows = drawn(&transcript, &kept, area);
        assert!(rows.iter().any(|row| row.starts_with('▌') && row.contains(shown)), "{name}: {rows:#?}");
    }
    assert!(transcript.told.len() <= KEPT);
    assert_eq!(transcript.selected, 0);
}

#[test]
fn a_step_opens_and_folds_and_rows_scroll_from_end_to_end() {
    let (kept, area) = (Kept::new(9), Rect::new(0, 0, 60, 10));
    let mut transcript = Transcript::of(&kept.steps(), String::new());
    transcript.step(1, area);
    filled(&mut transcript, area);
    let before = drawn(&transcript, &kept, area);
    transcript.toggle();
    transcript.fit(area);
    assert_ne!(drawn(&transcript, &kept, area), before);
    transcript.toggle();
    transcript.fit(area);
    assert_eq!(drawn(&transcript, &kept, area), before);
    for _ in 0..200 {
        transcript.scroll(1, area);
        filled(&mut transcript, area);
    }
    assert!(drawn(&transcript, &kept, area).iter().any(|row| row.contains("• and night")));
    for _ in 0..200 {
        transcript.scroll(-1, area);
    }
    assert!(drawn(&transcript, &kept, area)[0].contains("◆ Weather"));
}

#[test]
fn what_is_found_and_what_failed_is_told_on_lines_and_every_size_is_drawn() {
    let found = Found { id: Some("d1".to_owned()), score: Some(0.71), ..Found::default() };
    let contents =
        Contents { query: Some("rain\nin Paris".to_owned()), found: vec![found], ..Contents::default() };
    let (parts, more) = fold(Kind::Retrieval, &contents);
    assert_eq!((parts.len(), more), (2, true));
    let kept = Kept::new(3);
    for (width, height) in [(0, 0), (1, 1), (5, 3), (40, 9), (200, 50)] {
        let area = Rect::new(0, 0, width, height);
        let mut transcript = Transcript::of(&kept.steps(), String::new());
        transcript.fit(area);
        transcript.failed(1, &Error::internal("opening a span", "damaged"));
        transcript.scroll(3, area);
        let _ = drawn(&transcript, &kept, area);
    }
    let none = Kept { outline: Outline::default(), tree: Tree::default(), rollups: Rollups::default() };
    let mut empty = Transcript::of(&none.steps(), String::new());
    empty.step(1, Rect::new(0, 0, 9, 9));
    assert_eq!((empty.row(), empty.want(Rect::new(0, 0, 9, 9))), (None, None));
}

#[test]
fn a_run_that_grows_keeps_what_was_chosen() {
    let (small, large) = (Kept::new(3), Kept::new(9));
    let area = Rect::new(0, 0, 60, 30);
    let mut transcript = Transcript::of(&small.steps(), String::new());
    transcript.step(2, area);
    let row = transcript.row();
    transcript.renew(&large.steps());
    assert_eq!(transcript.row(), row);
    let mut transcript = Transcript::of(&small.steps(), String::new());
    transcript.go_last(area);
    transcript.renew(&large.steps());
    assert_eq!(transcript.selected, transcript.last());
}

#[test]
fn what_was_said_in_steps_that_ran_is_read_anew_when_the_run_has_grown() {
    let (mut running, area) = (Kept::new(3), Rect::new(0, 0, 60, 30));
    // The agent, and a call before the last one.
    for at in [0, 3] {
        running.outline.rows[at].end = 0;
    }
    running.tree = Tree::of(&running.outline);
    let mut transcript = Transcript::of(&running.steps(), String::new());
    transcript.fit(area);
    filled(&mut transcript, area);
    let told: Vec<u32> = transcript.told.keys().copied().collect();
    assert_eq!(told, [0, 2, 3, 4]);
    transcript.renew(&Kept::new(3).steps());
    let told: Vec<u32> = transcript.told.keys().copied().collect();
    assert_eq!(told, [2, 4]);
}

#[test]
fn a_step_that_goes_on_says_so_and_for_how_long() {
    let (mut kept, area) = (Kept::new(2), Rect::new(0, 0, 60, 30));
    for at in [0, 3] {
        kept.outline.rows[at].end = 0;
    }
    kept.tree = Tree::of(&kept.outline);
    kept.rollups = Rollups::of(&kept.outline, &kept.tree);
    let mut transcript = Transcript::of(&kept.steps(), String::new());
    transcript.fit(area);
    let line = |until: Option<u64>| {
        let mut cells = Buffer::empty(area);
        transcript.draw((kept.run(), until), area, &Look::colourless(), true, &mut cells);
        let row = |y| (0..area.width).map(|x| cells[(x, y)].symbol()).collect::<String>();
        (0..area.height).map(row).find(|row| row.contains("step 1")).unwrap().trim_end().to_owned()
    };
    assert!(line(None).ends_with("… runs"), "{}", line(None));
    assert!(line(Some(3_000_000_000)).ends_with("… runs · 3.00 s"), "{}", line(Some(3_000_000_000)));
}

#[test]
fn a_step_that_came_twice_is_read_once() {
    let mut kept = Kept::new(2);
    let steps = Transcript::of(&kept.steps(), String::new()).steps.len();
    let again = kept.outline.rows[2].clone();
    kept.outline.rows.push(again);
    kept.tree = Tree::of(&kept.outline);
    kept.rollups = Rollups::of(&kept.outline, &kept.tree);
    let transcript = Transcript::of(&kept.steps(), String::new());
    assert_eq!((transcript.steps.len(), transcript.hidden), (steps, 1));
}

#[test]
fn what_comes_has_no_other_step_set_anew_but_the_next_model_s() {
    let (kept, area) = (Kept::new(6), Rect::new(0, 0, 70, 60));
    let mut transcript = Transcript::of(&kept.steps(), String::new());
    transcript.fit(area);
    filled(&mut transcript, area);
    let set: Vec<usize> = transcript.set.1.keys().copied().collect();
    assert_eq!(set, [0, 1, 2, 3, 4, 5, 6]);
    let row = transcript.steps[1].row;
    transcript.take(row, tell(Kind::Model, &contents(Kind::Model), ""));
    let set: Vec<usize> = transcript.set.1.keys().copied().collect();
    assert_eq!(set, [0, 2, 4, 5, 6], "it, and the model after it");
}
