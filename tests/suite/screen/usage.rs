//! The usage place: empty, busy, full, failed; and what its keys ask for.

use outcrop::domain::catalog::Price;
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::SpanKind;
use outcrop::domain::usage::budget::{Budget, Limits, Period, Scope, Spent};
use outcrop::domain::usage::{
    Builder, By, Cost, DAY, Day, HOUR, Histogram, Query, Report, Standing, Subject, Tally,
};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TimerId, Written};
use outcrop::tui::event::{Event, Saved};
use outcrop::workbench::request::usage::{Form, Usage};
use outcrop::workbench::{Changed, Reply, Request};

use super::{SIZES, shoot};
use crate::stage::{NOW, Stage};

/// Models with what a call costs, tokens and times of which grow with the number.
const MODELS: [(&str, Option<f64>, u64); 6] = [
    ("openai/gpt-4o", Some(2.5), 7),
    ("bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", Some(3.0), 5),
    ("local/smollm2-135m", None, 3),
    ("home/qwen3-a-name-that-goes-on-and-on-until-it-is-cut", None, 2),
    ("openai/text-embedding-3-small", Some(0.02), 11),
    ("anthropic/claude-haiku-4-5", Some(1.0), 1),
];

fn price(input: f64) -> Price {
    Price {
        input: Some(input),
        output: Some(input * 4.0),
        cache_read: Some(input / 10.0),
        cache_write: None,
        image: None,
        search: None,
        as_of: "2026-03-01".into(),
        source: "a page".into(),
    }
}

fn tally(calls: u64, weight: u64) -> Tally {
    let (mut latency, mut first_token) = (Histogram::default(), Histogram::default());
    for call in 0..calls {
        latency.record((300 * weight + 90 * call) as u32);
        first_token.record((40 * weight + call) as u32);
    }
    Tally {
        invocations: calls,
        throttles: calls / 9,
        server_errors: calls / 11,
        stopped: calls / 7,
        input_tokens: calls * 913 * weight,
        output_tokens: calls * 188 * weight,
        cache_read_tokens: calls * 100,
        latency,
        first_token,
        ..Tally::default()
    }
}

fn day_of(at: Timestamp) -> Day {
    let number = at.0.div_euclid(DAY);
    let names =
        ["2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10", "2026-03-11"];
    let first = (NOW - 7 * DAY).div_euclid(DAY);
    let name = usize::try_from(number - first).ok().and_then(|at| names.get(at)).unwrap_or(&"2026-03-12");
    Day { begins: Timestamp(number * DAY), name: (*name).to_owned() }
}

/// Where so many days begin, today among them.
fn days(count: i64) -> Timestamp {
    Timestamp((NOW / DAY + 1 - count) * DAY)
}

/// A week of calls, as the door would tell it.
pub(super) fn week(by: By) -> Report {
    let query = Query { by, since: Some(days(7)), until: None, series: true };
    let mut builder = Builder::new(query, Timestamp(NOW), &day_of);
    let begin = NOW / HOUR * HOUR;
    for (at, (model, input, weight)) in MODELS.iter().enumerate() {
        let subject = Subject { model: model.parse().unwrap(), kind: SpanKind::Converse };
        let hours: Vec<_> = (0..160)
            .filter(|hour| (hour * 7 + at as i64) % 5 == 0)
            .map(|hour| (Timestamp(begin - hour * HOUR), tally((hour as u64 * weight) % 13, *weight)))
            .collect();
        let price = input.map(price);
        builder.add(&subject, price.as_ref(), hours.iter().map(|(at, tally)| (*at, tally)));
    }
    builder.build()
}

fn nothing() -> Report {
    let query = Query { by: By::Model, since: None, until: None, series: true };
    Builder::new(query, Timestamp(NOW), &day_of).build()
}

pub(super) fn told(stage: &mut Stage, report: Report) {
    stage.answer("\"report\"", vec![Reply::Usage { report }]);
}

#[test]
fn usage_that_is_empty_teaches() {
    shoot("usage-empty", |stage| {
        stage.keys("<alt+8>ll");
        told(stage, nothing());
    });
}

#[test]
fn usage_that_is_awaited_says_so() {
    shoot("usage-busy", |stage| {
        stage.keys("<alt+8>");
    });
}

#[test]
fn usage_is_a_table_with_a_card_and_a_chart() {
    shoot("usage-full", |stage| {
        stage.keys("<alt+8>");
        told(stage, week(By::Model));
        stage.keys("j");
    });
}

/// What calls of one model came to.
fn alone(model: &str) -> Report {
    let query = Query { by: By::Model, since: Some(days(7)), until: None, series: true };
    let mut builder = Builder::new(query, Timestamp(NOW), &day_of);
    let subject = Subject { model: model.parse().unwrap(), kind: SpanKind::Converse };
    let hours = [(Timestamp(NOW / HOUR * HOUR), tally(9, 2))];
    builder.add(&subject, None, hours.iter().map(|(at, tally)| (*at, tally)));
    builder.build()
}

#[test]
fn a_week_with_calls_on_one_day_alone_has_no_chart_of_a_single_block() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, alone("home/small"));
    assert!(!stage.text().contains("at most"), "{}", stage.text());
}

#[test]
fn a_model_whose_name_has_wide_letters_moves_no_column() {
    const WIDE: &str = "漢字モデル";
    const NARROW: &str = "abcdefghij";
    for (width, height) in SIZES {
        let shown = |name: &str| {
            let mut stage = Stage::settled(width, height, "dark");
            stage.keys("<alt+8>");
            told(&mut stage, alone(&format!("home/{name}")));
            let text = stage.text();
            // What stands for the styles counts the cells behind a wide letter, which have none.
            text.rsplit_once("styles ").map(|(cells, _)| cells.to_owned()).unwrap()
        };
        let wide = shown(WIDE);
        assert!(wide.contains(WIDE), "{wide}");
        assert_eq!(wide.replace(WIDE, NARROW), shown(NARROW), "{width}x{height}");
    }
}

#[test]
fn budgets_stand_above_the_table_the_fullest_first() {
    let budget =
        |scope: Scope, period, stop: Option<f64>, warn: Option<f64>, dollars: f64, unpriced| Standing {
            budget: Budget { scope, period, limits: Limits { stop, warn, ..Limits::default() } },
            spent: Spent { cost: Cost { dollars: Some(dollars), unpriced }, tokens: 1_000 },
        };
    let model = "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0".parse().unwrap();
    let budgets = vec![
        budget(Scope::All, Period::Day, Some(5.0), Some(2.0), 3.5, 0),
        budget(Scope::Model(model), Period::Month, Some(30.0), None, 27.2, 3),
        budget(Scope::Voice("openai".into()), Period::Day, None, Some(1.0), 3.5, 0),
        budget(Scope::Voice("home".into()), Period::Month, None, None, 1.0, 0),
    ];
    shoot("usage-budgets", |stage| {
        stage.keys("<alt+8>");
        told(stage, Report { budgets: budgets.clone(), ..week(By::Model) });
    });
    let mut stage = Stage::settled(80, 24, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, Report { budgets, ..nothing() });
    insta::assert_snapshot!("usage-budgets-alone", stage.text());
}

#[test]
fn usage_by_day_shows_the_newest_first() {
    shoot("usage-days", |stage| {
        stage.keys("<alt+8>b");
        told(stage, week(By::Day));
        stage.keys("ssssssss");
    });
}

#[test]
fn an_order_from_the_largest_or_the_newest_has_one_mark() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    assert!(stage.text().contains("calls▾"), "{}", stage.text());
    stage.keys("b");
    told(&mut stage, week(By::Day));
    assert!(stage.text().contains("day▾"), "{}", stage.text());
    stage.keys("S");
    assert!(stage.text().contains("day▴"), "{}", stage.text());
}

/// The last of the days alone had calls, and the first.
fn three_days() -> Report {
    let query = Query { by: By::Day, since: Some(days(3)), until: None, series: true };
    let mut builder = Builder::new(query, Timestamp(NOW), &day_of);
    let subject = Subject { model: "a/b".parse().unwrap(), kind: SpanKind::Converse };
    let some = tally(3, 1);
    builder.add(&subject, None, [(days(3), &some), (days(1), &some)]);
    builder.build()
}

#[test]
fn a_day_without_a_call_is_a_gap_and_the_dates_stand_below_the_ends_of_the_bars() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>b");
    told(&mut stage, three_days());
    let text = stage.text();
    let lines: Vec<&str> = text.lines().collect();
    let axis = lines.iter().position(|line| line.contains("10 Mar")).unwrap();
    let bars = lines[axis - 1].split('│').nth(1).unwrap();
    assert_eq!(bars.trim(), format!("{0}{1}{0}", "█".repeat(6), " ".repeat(6)), "{text}");
    assert!(lines[axis].trim_end().ends_with("12 Mar"), "{text}");
    let ends = [axis - 1, axis].map(|at| lines[at].trim_end().chars().count());
    assert_eq!(ends[0], ends[1], "{text}");
    // Of a day, today too, the date is told once, and no hour is cut.
    for begins in ["12 Mar 00:00", "10 Mar 00:00"] {
        stage.keys("j");
        let text = stage.text();
        let hours = text.lines().find(|line| line.contains(begins)).unwrap_or_else(|| panic!("{text}"));
        assert!(hours.trim_end().ends_with(" 23:00"), "{text}");
    }
}

#[test]
fn what_calls_cost_and_of_how_many_it_is_not_known_is_told_first_below_the_table() {
    let mut stage = Stage::settled(60, 20, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    let text = stage.text();
    let lines: Vec<&str> = text.lines().collect();
    let card = lines.iter().position(|line| line.contains(" all of them ")).unwrap();
    let cost = lines[card + 1];
    assert!(cost.contains("cost, est.") && cost.contains(" calls ?"), "{text}");
}

#[test]
fn the_lines_of_bars_are_of_one_width_though_one_has_words_behind_it() {
    for (width, height, words) in [(60, 20, " calls ?"), (80, 24, " calls not known")] {
        let mut stage = Stage::settled(width, height, "dark");
        stage.keys("<alt+8>");
        told(&mut stage, week(By::Model));
        let text = stage.text();
        let is_bar = |cell: char| ('▁'..='█').contains(&cell);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(is_bar)).collect();
        assert!(lines.len() > 4 && lines[0].contains(words), "{text}");
        let ends = |line: &str| {
            let cells: Vec<char> = line.chars().collect();
            (cells.iter().position(|cell| is_bar(*cell)), cells.iter().rposition(|cell| is_bar(*cell)))
        };
        assert!(lines.iter().all(|line| ends(line) == ends(lines[0])), "{text}");
    }
}

#[test]
fn a_name_in_bedrock_stands_apart_from_ours() {
    let mut stage = Stage::settled(240, 70, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    let text = stage.text();
    assert!(text.contains("calls answered   Invocations"), "{text}");
}

#[test]
fn only_what_is_shown_can_be_sorted_by_and_a_low_card_says_how_long_the_first_token_took() {
    for (width, height) in [(80, 24), (60, 20)] {
        let mut stage = Stage::settled(width, height, "dark");
        stage.keys("<alt+8>");
        told(&mut stage, week(By::Model));
        assert!(stage.text().contains(" first token p50 "), "{}", stage.text());
        for _ in 0..9 {
            stage.keys("s");
            let text = stage.text();
            assert!(text.lines().nth(2).is_some_and(|titles| titles.contains(['▾', '▴'])), "{text}");
        }
    }
}

#[test]
fn figures_that_the_table_has_no_room_for_are_said_to_be_in_the_card_and_are_there() {
    for (width, height, words) in [(60, 20, "+3 below"), (80, 24, "7 of 8 figures, others below")] {
        let mut stage = Stage::settled(width, height, "dark");
        stage.keys("<alt+8>");
        told(&mut stage, week(By::Model));
        let text = stage.text();
        assert!(text.contains(words) && text.contains("prices of 2026-03-01"), "{text}");
        assert!(text.contains("calls failed") == (width == 60), "{text}");
        assert!(text.contains("latency p50") && text.contains("first token p50"), "{text}");
    }
}

#[test]
fn usage_that_cannot_be_read_says_why_and_what_to_press() {
    shoot("usage-error", |stage| {
        stage.keys("<alt+8>");
        let task = stage.task("\"report\"");
        let error = Error::new(ErrorKind::Io, "reading the store", "input/output error", "Check the disk.");
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

fn asked(effects: &[Effect]) -> Vec<Usage> {
    let usage = |request| match request {
        Request::Usage(usage) => Some(usage),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(usage).collect()
}

fn query(usage: &Usage) -> Query {
    let (Usage::Report { query } | Usage::Export { query, .. }) = usage else { panic!("{usage:?}") };
    *query
}

#[test]
fn its_keys_change_the_time_the_rows_and_the_order() {
    let mut stage = Stage::settled(120, 40, "dark");
    let [week_asked] = &asked(&stage.keys("<alt+8>"))[..] else { panic!() };
    assert_eq!(query(week_asked).since, Some(days(7)));
    told(&mut stage, week(By::Model));
    assert!(stage.text().contains("8 Usage"), "{}", stage.text());
    let longer = asked(&stage.keys("ll"));
    let since: Vec<_> = longer.iter().map(|usage| query(usage).since).collect();
    assert_eq!(since, [Some(days(30)), None]);
    assert_eq!(asked(&stage.keys("l")), [], "there is no longer time than all");
    let by: Vec<_> = asked(&stage.keys("bbb")).iter().map(|usage| query(usage).by).collect();
    assert_eq!(by, [By::Day, By::Voice, By::Model]);
    told(&mut stage, week(By::Model));
    let order = |stage: &mut Stage| {
        let text = stage.text();
        let place = |name: &str| text.lines().skip(3).position(|line| line.contains(name)).unwrap();
        (place("v1:0"), place("gpt-4o"))
    };
    let (most, least) = order(&mut stage);
    assert!(most < least);
    stage.keys("S");
    let (most, least) = order(&mut stage);
    assert!(most > least, "the other way round");
}

#[test]
fn each_figure_over_time_is_read_alone() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    let text = stage.text();
    let card: Vec<&str> = text.lines().filter_map(|line| line.split('│').nth(1)).map(str::trim).collect();
    let at = |name: &str| card.iter().position(|line| line.starts_with(name)).unwrap();
    assert_eq!(at("tokens in") - at("calls answered"), 2, "{text}");
    assert!(card[at("calls answered") + 1].is_empty(), "{text}");
    // Where there is no room for that none is as high as its row.
    let mut low = Stage::settled(60, 20, "dark");
    low.keys("<alt+8>");
    told(&mut low, week(By::Model));
    let text = low.text();
    assert!(text.contains('▇') && !text.contains('█'), "{text}");
}

#[test]
fn the_table_is_copied_as_csv() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    let [export] = &asked(&stage.keys("y"))[..] else { panic!() };
    assert!(matches!(export, Usage::Export { form: Form::Csv, texts: false, .. }), "{export:?}");
    let from = stage.effects.len();
    let pieces = ["model,Invocations\r\n", "a/b,1\r\n"].map(|text| Reply::Text { text: text.into() });
    stage.answer("\"export\"", pieces.to_vec());
    assert_eq!(stage.effects[from..], [Effect::Copy("model,Invocations\r\na/b,1\r\n".into())]);
}

#[test]
fn usage_is_written_to_a_file_in_the_form_that_its_name_asks_for() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    stage.keys("w");
    insta::assert_snapshot!("usage-write", stage.text());
    stage.keys("<ctrl+u>usage.txt<enter>");
    assert!(stage.text().contains("The name ends in .csv"), "{}", stage.text());
    for (name, form) in [("u.prom", Form::Prometheus), ("u.jsonl", Form::Jsonl), ("u.csv", Form::Csv)] {
        let [export] = &asked(&stage.keys(&format!("<ctrl+u>{name}<enter>")))[..] else { panic!("{name}") };
        assert!(matches!(export, Usage::Export { form: asked, .. } if *asked == form), "{export:?}");
        let from = stage.effects.len();
        stage.answer("\"export\"", vec![Reply::Text { text: "all".into() }]);
        let (of, path) = (Written::Usage, name.to_owned());
        let saved = Effect::Save { of, path: path.clone(), text: "all".into(), replace: false };
        assert_eq!(stage.effects[from..], [saved]);
        stage.event(Event::Saved { of, path, saved: Ok(Saved::Exists) });
        assert!(stage.text().contains("by the usage?"), "{}", stage.text());
        stage.pass(600);
        stage.keys("<esc>w");
    }
}

#[test]
fn all_figures_of_a_row_are_read_and_of_whose_calls_the_cost_is_not_known() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    stage.keys("<enter>");
    let text = stage.text();
    for wanted in ["All of them", "first token p50", "client errors", "cost is not known"] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(text.contains("local/smollm2-135m"), "{text}");
    stage.keys("<esc>jj<enter>");
    assert!(!stage.text().contains("All of them"), "{}", stage.text());
}

#[test]
fn the_columns_are_explained_with_their_names_in_bedrock() {
    shoot("usage-definitions", |stage| {
        stage.keys("<alt+8>");
        told(stage, week(By::Model));
        stage.keys("D");
    });
}

#[test]
fn what_is_counted_while_another_place_is_shown_is_read_behind_that_alone() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    stage.keys("<alt+1>");
    let from = stage.effects.len();
    stage.reply("\"topic\":\"usage\"", vec![Reply::Changed { number: 1, change: Changed::Usage }]);
    stage.event(Event::Timer(TimerId("usage")));
    assert_eq!(asked(&stage.effects[from..]), []);
    assert_eq!(asked(&stage.keys("<alt+8>")).len(), 1);
}

#[test]
fn what_is_counted_meanwhile_is_read_soon_and_once() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, week(By::Model));
    stage.keys("jj");
    let chosen = |stage: &mut Stage| {
        let text = stage.text();
        text.lines().find(|line| line.starts_with('▌')).unwrap().to_owned()
    };
    let before = chosen(&mut stage);
    let from = stage.effects.len();
    for number in 1..4 {
        stage.reply("\"watch\"", vec![Reply::Changed { number, change: Changed::Usage }]);
    }
    let timer = TimerId("usage");
    let waits = |effect: &Effect| matches!(effect, Effect::After { timer: other, .. } if *other == timer);
    assert_eq!(stage.effects[from..].iter().filter(|effect| waits(effect)).count(), 1);
    assert_eq!(asked(&stage.effects[from..]), []);
    assert_eq!(asked(&stage.event(Event::Timer(timer))).len(), 1);
    told(&mut stage, week(By::Model));
    assert_eq!(chosen(&mut stage), before, "the chosen row stays");
}

#[test]
fn a_step_back_stays_and_what_the_chat_alone_can_do_leads_there() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+8>");
    told(&mut stage, nothing());
    stage.keys("<esc>");
    let text = stage.text();
    assert!(text.contains("Ctrl+P to all else.") && !text.contains("New conversation"), "{text}");
    stage.keys("<ctrl+n>hello");
    assert!(stage.text().contains("hello"), "{}", stage.text());
}
