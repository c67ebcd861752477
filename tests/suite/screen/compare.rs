//! The compare place: empty, written, streaming, answered, blind, failed; and its list.

use outcrop::domain::comparison::measure::Summary;
use outcrop::domain::comparison::{Ballot, Column, Comparison, Page};
use outcrop::domain::conversation::Conversation;
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::evaluation::ranking::{Leaderboard, Options as Ranking};
use outcrop::domain::evaluation::{Choice, leaderboard};
use outcrop::domain::id::{BallotId, ComparisonId, PassageId};
use outcrop::domain::knowledge::grounding::{Grounding, Source};
use outcrop::domain::message::{Block, Message, Outcome, Role};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TaskId};
use outcrop::tui::event::Event;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::{Reply, Request};

use super::{MARKDOWN, shoot};
use crate::flow::copying::scripts;
use crate::stage::{COMPLETE, MODEL, NOW, Stage, answer, conversation, head, message};

const OTHER: &str = "home/qwen3-coder-30b";

pub fn comparison(columns: usize, blind: Option<u64>) -> Comparison {
    let models = [MODEL, OTHER, "home/gemma3", "home/mistral", "home/phi", "home/llama"];
    let columns: Vec<_> = models[..columns].iter().map(|id| Column::new(id.parse().unwrap())).collect();
    let lanes = (0..columns.len()).map(|at| conversation(70 + at as u128)).collect();
    Comparison {
        id: ComparisonId::from_bytes([1; 16]),
        title: "why do rivers meander?".to_owned(),
        created: Timestamp(NOW),
        updated: Timestamp(NOW),
        columns,
        pages: vec![Page { values: [].into(), sample: 0, lanes }],
        blind,
        category: None,
        unblinded: Vec::new(),
    }
}

/// A choice among the answers of two columns, which it does not name.
pub fn ballot(comparison: ComparisonId, choice: Choice) -> Ballot {
    Ballot {
        id: BallotId::from_bytes([3; 16]),
        at: Timestamp(NOW),
        who: "tester".into(),
        comparison,
        page: 0,
        answers: Vec::new(),
        contestants: vec![MODEL.into(), OTHER.into()],
        order: vec![0, 1],
        blind: None,
        taken_back: None,
        choice,
        category: None,
        prompt: None,
        failed: Vec::new(),
    }
}

/// The place, where nothing was compared yet. The chat's model stands in the first column.
pub fn arrive(stage: &mut Stage) {
    stage.keys("<alt+2>");
    stage.answer("tui.compare", vec![Reply::Remembered { value: None }]);
    stage.answer("comparisons\":{\"list", vec![Reply::Comparisons { comparisons: Vec::new(), more: false }]);
}

/// Adds columns until there are so many.
pub fn columns(stage: &mut Stage, count: usize) {
    for column in &comparison(count, None).columns[1..] {
        stage.keys("<alt+c>");
        stage.keys(column.model.as_str());
        stage.keys("<enter>");
    }
}

/// The calls that send something, the oldest first.
pub fn sends(effects: &[Effect]) -> Vec<TaskId> {
    let send = |effect: &Effect| match effect {
        Effect::Call { task, request, .. } => {
            let sends = serde_json::to_string(request).unwrap().contains("chat\":{\"send\"");
            sends.then_some(*task)
        }
        _ => None,
    };
    effects.iter().filter_map(send).collect()
}

/// Asks them; every column has begun to answer. Gives the calls, in the order of the columns.
pub fn asked(stage: &mut Stage, comparison: &Comparison) -> Vec<TaskId> {
    columns(stage, comparison.columns.len());
    stage.keys("why do rivers meander?<enter>");
    let from = stage.effects.len();
    stage.answer(
        "comparisons\":{\"create",
        vec![Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() }],
    );
    let tasks = sends(&stage.effects[from..]);
    assert_eq!(tasks.len(), comparison.columns.len());
    for (at, task) in tasks.iter().enumerate() {
        let asked = said(at, 0, Role::User, "why do rivers meander?");
        let answer = Message { ..begun(at, "", Outcome::Streaming) };
        let conversation = Conversation {
            leaf: Some(answer.id),
            side: Some(comparison.id),
            forked_from: None,
            agent: None,
            model: Some(comparison.columns[at].model.clone()),
            ..head(70 + at as u128, "why do rivers meander?", 0)
        };
        stage.event(Event::Replies {
            task: *task,
            replies: vec![Reply::Started { conversation, asked: Some(asked), answer }],
        });
    }
    tasks
}

fn said(at: usize, n: u128, role: Role, text: &str) -> Message {
    let base = 700 + at as u128 * 10;
    let parent = (n > 0).then_some(base + n - 1);
    Message { conversation: conversation(70 + at as u128), ..message(base + n, parent, role, text) }
}

/// The answer of a column, as far as it is.
pub fn begun(at: usize, text: &str, outcome: Outcome) -> Message {
    let base = 700 + at as u128 * 10;
    let model = comparison(6, None).columns[at].model.clone();
    let mut message = Message {
        conversation: conversation(70 + at as u128),
        ..answer(base + 1, Some(base), text, outcome)
    };
    if let Some(answer) = &mut message.answer {
        answer.model = model;
        answer.timing.first_token_ms = Some(140 + 100 * at as u32);
        answer.timing.total_ms = Some(3200 - 400 * at as u32);
    }
    message
}

/// The answer of a column comes to its end.
pub fn finish(stage: &mut Stage, tasks: &[TaskId], at: usize, text: &str) {
    let answer = begun(at, text, COMPLETE);
    stage.event(Event::Replies { task: tasks[at], replies: vec![Reply::Finished { answer }] });
    stage.event(Event::Ended { task: tasks[at], error: None });
}

pub fn fail(stage: &mut Stage, tasks: &[TaskId], at: usize) {
    let error = Error::new(
        ErrorKind::RateLimited { retry_after_ms: Some(3000) },
        "asking home/qwen3-coder-30b",
        "the server says: slow down (429)",
        "Try again in 3 s.",
    );
    let answer = begun(at, "", Outcome::Failed { error });
    stage.event(Event::Replies { task: tasks[at], replies: vec![Reply::Finished { answer }] });
    stage.event(Event::Ended { task: tasks[at], error: None });
}

fn delta(stage: &mut Stage, task: TaskId, text: &str) {
    let event = Delta::Text { text: text.to_owned() };
    stage.event(Event::Replies { task, replies: vec![Reply::Delta { event }] });
}

#[test]
fn an_empty_compare_place_teaches() {
    shoot("compare-empty", arrive);
}

#[test]
fn columns_are_chosen_before_anything_is_asked() {
    shoot("compare-columns", |stage| {
        arrive(stage);
        columns(stage, 3);
        stage.keys("why do rivers meander?");
    });
}

#[test]
fn all_columns_stream_at_once_and_one_fails_alone() {
    shoot("compare-streaming", |stage| {
        arrive(stage);
        let tasks = asked(stage, &comparison(3, None));
        delta(stage, tasks[0], "A river bends because the current on the **outer** bank is faster.");
        fail(stage, &tasks, 1);
        stage.pass(1200);
    });
}

#[test]
fn the_best_of_each_figure_is_marked_and_the_choice_too() {
    shoot("compare-answered", |stage| {
        arrive(stage);
        let comparison = comparison(2, None);
        let tasks = asked(stage, &comparison);
        finish(stage, &tasks, 0, MARKDOWN);
        finish(
            stage,
            &tasks,
            1,
            "Because the water on the outside of a bend is faster, it cuts that bank away.",
        );
        stage.keys("<tab><right>b");
        let ballot = Ballot {
            answers: vec![begun(0, "", COMPLETE).id, begun(1, "", COMPLETE).id],
            ..ballot(comparison.id, Choice::One(1))
        };
        stage.answer("comparisons\":{\"choose", vec![Reply::Ballot { ballot }]);
    });
}

#[test]
fn the_forms_of_a_comparison_that_is_written_are_said_whole_at_every_size() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        arrive(&mut stage);
        let comparison = comparison(2, None);
        let tasks = asked(&mut stage, &comparison);
        finish(&mut stage, &tasks, 0, "Yes.");
        finish(&mut stage, &tasks, 1, "No.");
        stage.keys("<tab>W");
        let text = stage.text();
        let words = [".md for people", ".battles.jsonl", "FastChat", "them"];
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn the_request_of_a_column_is_copied_but_not_while_it_would_tell_who_it_is() {
    for blind in [false, true] {
        let mut stage = Stage::settled(100, 30, "dark");
        arrive(&mut stage);
        if blind {
            stage.keys("<alt+h>");
        }
        let tasks = asked(&mut stage, &comparison(2, blind.then_some(7)));
        finish(&mut stage, &tasks, 0, "It is the current.");
        finish(&mut stage, &tasks, 1, "It is the sand.");
        let wanted = Stage::requests(&stage.keys("<tab><right>R"));
        if blind {
            assert!(wanted.is_empty(), "{wanted:?}");
        } else {
            let message = begun(1, "", COMPLETE).id;
            let asked = Chat::Scripts { conversation: conversation(71), message };
            assert_eq!(wanted, [Request::Chat(asked)]);
            stage.answer("scripts", vec![Reply::Scripts { scripts: scripts() }]);
            assert!(stage.text().contains("Copy the request, without its key"), "{}", stage.text());
        }
    }
}

#[test]
fn six_columns_scroll_sideways_where_they_have_no_room() {
    shoot("compare-many", |stage| {
        arrive(stage);
        let tasks = asked(stage, &comparison(6, None));
        for at in 0..6 {
            finish(
                stage,
                &tasks,
                at,
                &format!("Answer of column {at}: 川は曲がる 👩‍🔬 because of the current."),
            );
        }
        stage.keys("<tab><right><right><right>");
    });
}

#[test]
fn blind_answers_appear_together_and_tell_no_names() {
    shoot("compare-blind-waiting", |stage| {
        arrive(stage);
        stage.keys("<alt+h>");
        let tasks = asked(stage, &comparison(3, Some(7)));
        finish(stage, &tasks, 0, "It is the current.");
        delta(stage, tasks[1], "not to be seen");
    });
    shoot("compare-blind", |stage| {
        arrive(stage);
        stage.keys("<alt+h>");
        let tasks = asked(stage, &comparison(3, Some(7)));
        finish(stage, &tasks, 0, "It is the current.");
        fail(stage, &tasks, 1);
        finish(stage, &tasks, 2, "It is the sand.");
        stage.keys("<tab>");
    });
}

#[test]
fn of_hidden_answers_the_same_is_told_of_each_until_all_are_there_whatever_came_of_them() {
    // Nothing has come, words of one, one that ended, one that ended and one that failed.
    let waits = |come: usize, keys: &str| {
        let mut stage = Stage::settled(140, 24, "dark");
        arrive(&mut stage);
        stage.keys("<alt+h>");
        let tasks = asked(&mut stage, &comparison(3, Some(7)));
        match come {
            0 => {}
            1 => delta(&mut stage, tasks[1], "not to be seen"),
            2 => finish(&mut stage, &tasks, 0, "It is the current."),
            _ => {
                finish(&mut stage, &tasks, 0, "It is the current.");
                fail(&mut stage, &tasks, 1);
            }
        }
        stage.pass(12_000);
        stage.keys(keys);
        (stage.text(), stage.state.pulse())
    };
    for keys in ["", "<tab><right>"] {
        let first = waits(0, keys);
        let text = &first.0;
        assert_eq!(text.matches("answering · 12 s").count(), 1, "once over all columns: {text}");
        assert_eq!(text.matches("3 columns; the answers").count(), 1, "{text}");
        for come in 1..4 {
            assert_eq!(waits(come, keys), first, "{keys}: {come}");
        }
    }
}

#[test]
fn the_scrollbar_of_a_column_keeps_a_column_of_air_from_its_text() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        arrive(&mut stage);
        let tasks = asked(&mut stage, &comparison(2, None));
        for at in 0..2 {
            finish(
                &mut stage,
                &tasks,
                at,
                &"words of many widths that fill each row of a column. ".repeat(60),
            );
        }
        stage.keys("<tab>");
        let cells = stage.picture();
        let bars: Vec<_> = (0..height)
            .flat_map(|y| (1..width).map(move |x| (x, y)))
            .filter(|at| cells[*at].symbol() == "▐")
            .collect();
        assert!(!bars.is_empty(), "{}", stage.text());
        for (x, y) in bars {
            assert_eq!(cells[(x - 1, y)].symbol(), " ", "{x}, {y}: {}", stage.text());
        }
    }
}

#[test]
fn earlier_comparisons_stand_in_a_list() {
    shoot("compare-list", |stage| {
        stage.keys("<alt+2>");
        stage.answer("tui.compare", vec![Reply::Remembered { value: None }]);
        let comparisons = (1..4)
            .map(|n| Comparison {
                id: ComparisonId::from_bytes([9 - n; 16]),
                created: Timestamp(NOW - i64::from(n) * 55 * 60_000),
                title: [
                    "why do rivers meander?",
                    "日本語の俳句について",
                    "A question that is longer than the list is wide",
                ][usize::from(n) - 1]
                    .into(),
                ..comparison(2, None)
            })
            .collect();
        stage.answer("comparisons\":{\"list", vec![Reply::Comparisons { comparisons, more: false }]);
        stage.keys("<shift+tab>j");
        let shown = stage.text();
        assert!(shown.contains("2 columns"), "what the selected one is: {shown}");
    });
}

const ONE: &str = "A river bends because the **current** on the outer bank is faster. It carries soil away there.\n\nThe Nile is long.";
const TWO: &str = "A river turns because the current on the outer side is faster, and it carries soil away there. 川は曲がる。";

#[test]
fn two_answers_are_compared_word_by_word_and_by_what_one_says_alone() {
    let compared = |stage: &mut Stage| {
        arrive(stage);
        let tasks = asked(stage, &comparison(3, None));
        finish(stage, &tasks, 0, ONE);
        finish(stage, &tasks, 1, TWO);
        finish(stage, &tasks, 2, "I do not know.");
        stage.keys("<tab>v");
    };
    shoot("compare-words", compared);
    shoot("compare-alone", |stage| {
        compared(stage);
        stage.keys("<tab>");
    });
}

#[test]
fn who_was_chosen_over_whom_is_a_table_that_fits() {
    shoot("compare-board", ranked);
}

fn ranked(stage: &mut Stage) {
    arrive(stage);
    let contestants: Vec<String> = [MODEL, OTHER, "home/gemma3 temperature=0.7"].map(str::to_owned).into();
    let chosen =
        [Choice::One(0), Choice::One(1), Choice::One(2), Choice::Tie, Choice::BothBad, Choice::One(1)];
    let battles: Vec<_> = (0..36)
        .flat_map(|n| {
            let choice = chosen[n % chosen.len()];
            Ballot { contestants: contestants.clone(), ..ballot(comparison(2, None).id, choice) }.battles()
        })
        .collect();
    let board = leaderboard(&battles, &Ranking::default());
    stage.keys("<tab>L");
    let categories = vec!["rivers".to_owned(), "poems".to_owned()];
    stage.answer(
        "comparisons\":{\"leaderboard",
        vec![Reply::Leaderboard { board, categories, apart: 0, unranked: 0 }],
    );
}

#[test]
fn of_choices_that_rank_nobody_it_is_said_how_many_there_are_and_why() {
    let said = |unranked| {
        let mut stage = Stage::settled(240, 70, "dark");
        arrive(&mut stage);
        stage.keys("<tab>L");
        let board = Leaderboard::default();
        let categories = Vec::new();
        stage.answer(
            "comparisons\":{\"leaderboard",
            vec![Reply::Leaderboard { board, categories, apart: 0, unranked }],
        );
        stage.text()
    };
    let none = said(0);
    assert!(none.contains("Nobody has chosen yet"), "{none}");
    let rows: Vec<&str> = none.lines().collect();
    let sentence = rows.iter().position(|row| row.contains("Nobody has chosen yet")).unwrap();
    assert!(rows[sentence + 2].contains('╰'), "one blank row below it: {none}");
    let some = said(2);
    assert!(some.contains("2 choices rank nobody: an answer that failed"), "{some}");
    assert!(!some.contains("Nobody has chosen"), "{some}");
}

#[test]
fn what_answers_took_is_a_table_that_fits() {
    shoot("compare-summary", summed);
}

fn summed(stage: &mut Stage) {
    arrive(stage);
    let comparison = comparison(3, None);
    let tasks = asked(stage, &comparison);
    for at in 0..3 {
        finish(stage, &tasks, at, "It is the current.");
    }
    let of = |at: u32| Summary {
        answers: 24,
        failed: u64::from(at),
        first_p50: Some(180 + at),
        first_p95: Some(420),
        total_p50: Some(2200),
        total_p95: Some(4810),
        per_second: Some(88.4),
        input: Some(1_204),
        output: Some(12_301),
        cost: Some(0.0123),
    };
    stage.keys("<tab>t");
    stage.answer("comparisons\":{\"summary", vec![Reply::Summaries { columns: (0..3).map(of).collect() }]);
}

#[test]
fn tables_have_the_columns_that_fit_the_window_as_it_is_now() {
    let resized = |play: fn(&mut Stage), large: &str, small: &[&str]| {
        let mut stage = Stage::settled(120, 40, "dark");
        play(&mut stage);
        for (width, height) in [(120, 40), (60, 20), (120, 40)] {
            stage.event(Event::Resize { width, height });
            let text = stage.text();
            assert_eq!(text.contains(large), width == 120, "{text}");
            for rows in small {
                assert_eq!(text.contains(rows), width == 60, "{rows}:\n{text}");
            }
        }
    };
    resized(
        summed,
        "180 ms      420 ms  2.20 s      4.81 s",
        &["24  2.20 s  $0.0123", "first 95 %  total 95 %  ", "420 ms      4.81 s  "],
    );
    resized(
        ranked,
        "1047    1001–1093   24    12    12",
        &["1047      60 %  ", "rating 95 %  won  lost  │", "1001–1093   24    12  │"],
    );
}

#[test]
fn the_column_that_keys_act_on_is_in_sight_whatever_is_folded_before_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    asked(&mut stage, &comparison(6, None));
    stage.keys("<tab>z<right>z<right>z");
    for letter in ["D", "E", "F"] {
        stage.keys("<right>");
        let text = stage.text();
        assert!(text.contains(&format!("▌ {letter}  ")), "{letter}:\n{text}");
    }
}

#[test]
fn a_folded_column_leaves_its_room_to_the_others() {
    shoot("compare-folded", |stage| {
        arrive(stage);
        let tasks = asked(stage, &comparison(3, None));
        for at in 0..3 {
            finish(stage, &tasks, at, MARKDOWN);
        }
        stage.keys("<tab><right>z");
    });
}

#[test]
fn of_a_hidden_answer_no_thought_tells_how_long_or_whose_it_is() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("<alt+h>");
    let tasks = asked(&mut stage, &comparison(2, Some(7)));
    for (at, task) in tasks.iter().enumerate() {
        let mut answer = begun(at, "It is the current.", COMPLETE);
        let thought = match at {
            0 => Block::RedactedReasoning { data: "sealed".into() },
            _ => Block::Reasoning { text: "Think.".into(), signature: None },
        };
        answer.blocks.insert(0, thought);
        answer.answer.as_mut().unwrap().usage.reasoning = Some(312);
        stage.event(Event::Replies { task: *task, replies: vec![Reply::Finished { answer }] });
        stage.event(Event::Ended { task: *task, error: None });
    }
    let shown = stage.text();
    assert_eq!(shown.matches("thought ›").count(), 2, "{shown}");
    for told in ["312", "thought for", "only its provider"] {
        assert!(!shown.contains(told), "{told}: {shown}");
    }
}

#[test]
fn of_a_hidden_answer_neither_its_passages_nor_its_base_are_told() {
    let mut stage = Stage::settled(120, 40, "dark");
    arrive(&mut stage);
    stage.keys("<alt+h>");
    let tasks = asked(&mut stage, &comparison(2, Some(7)));
    for (at, task) in tasks.iter().enumerate() {
        let mut answer = begun(at, "It is the current.", COMPLETE);
        if at == 0 {
            let uri = "docs/rivers.md".to_owned();
            let source = Source { passage: PassageId::from_bytes([1; 16]), place: uri.clone(), uri };
            answer.answer.as_mut().unwrap().grounding = Some(Grounding {
                base: "waters".into(),
                query: "why".into(),
                text: "Rivers bend.".into(),
                sources: vec![source],
                left: Vec::new(),
                citations: Vec::new(),
            });
        }
        stage.event(Event::Replies { task: *task, replies: vec![Reply::Finished { answer }] });
        stage.event(Event::Ended { task: *task, error: None });
    }
    for keys in ["<tab>p", "<right>p", "<alt+i>"] {
        let effects = stage.keys(keys);
        assert!(
            Stage::requests(&effects).is_empty() && stage.state.overlays.is_empty(),
            "{keys}: {effects:?}"
        );
        let shown = stage.text();
        assert!(shown.contains("Choose first: that would tell who answers."), "{keys}: {shown}");
        assert!(!shown.contains("waters") && !shown.contains("rivers.md"), "{keys}: {shown}");
        stage.pass(10_000);
    }
}
