//! The report card: a report as lines of a screen that is so wide. Pure.

use super::charts::{
    Bar, Column, Figures, Kind, Line, PAIR, Table, histogram, indented, legend, piece, words,
};
use super::ranks::{by_formula, by_item, leaderboards, wins};
use crate::domain::evaluation::ItemHash;
use crate::domain::evaluation::agreement::{Agreement, Kappa};
use crate::domain::evaluation::bias::Leaning;
use crate::domain::evaluation::figure::{Estimate, Figure};
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::report::words::{self as said, between, decimal, from_to, percent};
use crate::domain::evaluation::report::{
    Agreements, Biases, Choices, Disagreement, MetricReport, Points, Preference, Presented, RaterReport,
    Report, Strength,
};
use crate::domain::evaluation::tally::Coverage;
use crate::domain::figures::{count, grouped};
use crate::domain::untrusted::safe_line;
use crate::tui::look::Role;
use crate::tui::paint::columns;
use crate::tui::widget::text::fit;

/// Disagreements, and other lists that have no end, in sight at most.
const LONGEST: usize = 500;
/// Digits of an item's name, as listings have it.
const DIGITS: usize = 12;

/// The whole card.
pub(super) fn card(report: &Report, width: u16) -> Vec<Line> {
    let mut lines = figures(report, width);
    // Below what is said of the votes, before the first bar.
    if let Some(at) = lines.iter().position(|line| line.kind == Kind::Blank) {
        lines.splice(at..at, legend(&lines, width));
    }
    lines
}

fn figures(report: &Report, width: u16) -> Vec<Line> {
    let mut lines = about(report, width);
    // What was said comes first: how far the raters are is in the head too.
    for (at, metric) in report.metrics.iter().enumerate() {
        lines.push(Line::blank());
        lines.extend(of_metric(report, (at, metric), width));
    }
    lines.push(Line::blank());
    lines.extend(raters(report, width));
    lines.push(Line::blank());
    lines.extend(coverage(report, width));
    lines.extend(added(report, width));
    lines
}

/// How the question of an item begins, on one line of so many columns; nothing where it is not known.
fn asks(report: &Report, hash: &ItemHash, room: u16) -> String {
    fit(safe_line(report.question(hash)).trim(), usize::from(room)).into_owned()
}

/// An item in a sentence: how its question begins, then its name.
fn named(report: &Report, hash: &ItemHash) -> String {
    let name = item(&hash.0);
    match asks(report, hash, 40) {
        none if none.is_empty() => name,
        asks => format!("{asks} · {name}"),
    }
}

/// An item as listings name it.
pub(super) fn item(hash: &str) -> String {
    hash.chars().take(DIGITS).collect()
}

/// An item's category, or that it has none.
fn category(name: Option<&str>) -> &str {
    name.unwrap_or("(no category)")
}

/// A row of a share.
fn share(name: &str, term: &'static str, of: &Figure<Estimate>, more: [u64; 2]) -> Figures {
    let row = Figures::of(name, &[term]);
    match of {
        Err(why) => Figures { instead: why.words(), ..row },
        Ok(estimate) => Figures {
            bar: Some(Bar::Share { value: estimate.value, bounds: Some((estimate.low, estimate.high)) }),
            cells: vec![percent(estimate.value), between(estimate), grouped(more[0]), grouped(more[1])],
            ..row
        },
    }
}

fn about(report: &Report, width: u16) -> Vec<Line> {
    let mut lines = words(&said::about(report), Role::Muted, width);
    lines.extend(said::unanswered(report).iter().flat_map(|left| words(left, Role::Muted, width)));
    lines.extend(said::left_out(&report.votes).iter().flat_map(|left| words(left, Role::Muted, width)));
    lines.extend(said::not_blind(report).iter().flat_map(|left| words(left, Role::Warn, width)));
    for line in &mut lines {
        line.terms = [
            "votes",
            "items",
            "items without an answer",
            "skipped",
            "on gold",
            "repeats",
            "other versions",
            "unfit",
            "strangers",
            "doubled",
            "not blind",
        ]
        .into();
    }
    lines
}

fn coverage(report: &Report, width: u16) -> Vec<Line> {
    let mut lines = vec![Line::head("Coverage", "votes of those that are due", width)];
    let row = |name: &str, items: u64, of: &Coverage| {
        let row = Figures::of(name, &["coverage", "items", "skipped"]);
        match &of.share {
            Err(why) => Figures { instead: why.words(), ..row },
            Ok(share) => Figures {
                bar: Some(Bar::Share { value: *share, bounds: None }),
                cells: vec![
                    percent(*share),
                    format!("{} of {}", grouped(of.votes), grouped(of.expected)),
                    grouped(items),
                    grouped(of.skipped),
                ],
                ..row
            },
        }
    };
    let mut table = Table::of(&["there", "votes", "items", "skipped"]);
    table.rows.push(row("all items", report.items, &report.coverage));
    table.rows.extend(
        report
            .coverage_by_category
            .iter()
            .map(|of| row(category(of.category.as_deref()), of.items, &of.coverage)),
    );
    lines.extend(table.lines(width));
    lines
}

fn of_metric(report: &Report, (at, of): (usize, &MetricReport), width: u16) -> Vec<Line> {
    let beside = format!("{} · {}", of.method.as_str(), count(of.votes, "vote", "votes"));
    let mut lines = vec![Line::head(&of.name, &beside, width)];
    if !of.description.trim().is_empty() {
        let terms = || said::terms_of(of.method).to_vec();
        let asked = words(&of.description, Role::Muted, width).into_iter();
        lines.extend(asked.map(|line| Line { terms: terms(), ..line }));
    }
    lines.extend(presented(&[(None, &of.whole)], of, width));
    if !of.by_category.is_empty() {
        lines.extend([Line::blank(), Line::sub("By category")]);
        let parts: Vec<_> = of
            .by_category
            .iter()
            .map(|part| (Some(category(part.category.as_deref())), &part.presented))
            .collect();
        lines.extend(presented(&parts, of, width));
    }
    if let Some(ranking) = &of.ranking {
        lines.extend([Line::blank(), Line::sub("Ranking")]);
        lines.extend(leaderboards(&[(None, &ranking.leaderboard)], width));
        if !ranking.by_formula.is_empty() {
            lines.extend([Line::blank(), Line::sub("Rating by formula")]);
            lines.extend(by_formula(ranking, width));
        }
        if !ranking.by_item.is_empty() {
            lines.extend([Line::blank(), Line::sub("Win rate by item")]);
            lines.extend(by_item(ranking, width));
        }
        if !of.by_category.is_empty() {
            let parts: Vec<_> = of
                .by_category
                .iter()
                .filter_map(|part| {
                    Some((Some(category(part.category.as_deref())), part.leaderboard.as_ref()?))
                })
                .collect();
            if parts.iter().any(|(_, of)| !of.rows.is_empty()) {
                lines.extend([Line::blank(), Line::sub("Ranking by category")]);
                lines.extend(leaderboards(&parts, width));
            }
        }
        if ranking.wins.sources.len() > 2 {
            lines.extend([Line::blank(), Line::sub("Wins of the row against the column")]);
            lines.extend(wins(&ranking.wins, width));
        }
    }
    lines.extend([Line::blank(), Line::sub("Agreement of raters")]);
    lines.extend(agreement(&of.agreement, width));
    if let Some(biases) = &of.biases {
        lines.extend([Line::blank(), Line::sub("What else votes go by")]);
        lines.extend(leanings(biases, width));
    }
    if !of.by_rater.is_empty() {
        lines.extend([Line::blank(), Line::sub("By rater")]);
        let parts: Vec<_> =
            of.by_rater.iter().map(|part| (Some(part.rater.as_str()), &part.presented)).collect();
        lines.extend(presented(&parts, of, width));
    }
    lines.extend(disagreements(report, (at, of), width));
    lines
}

/// The figures of one or more parts; a category stands above its rows.
fn presented(parts: &[(Option<&str>, &Presented)], of: &MetricReport, width: u16) -> Vec<Line> {
    let mut table = Table::default();
    let mut spreads: Vec<Column<'_>> = Vec::new();
    for (name, presented) in parts {
        let rows = rows(presented, of);
        let group = || name.unwrap_or_default().to_owned();
        match presented {
            Presented::Points { sources } | Presented::Ranks { sources } => {
                spreads.extend(sources.iter().map(|of| (group(), of.source.clone(), &of.spread)));
            }
            Presented::Preference { pairs } => {
                spreads.extend(pairs.iter().map(|of| (group(), pair(of), &of.spread)));
            }
            Presented::Thumbs { .. } | Presented::Choice(_) => {}
        }
        if let Some(name) = name {
            table.rows.push(Figures::group(name));
        }
        if rows.is_empty() {
            let none = Figures::of("", said::terms_of(of.method));
            table.rows.push(Figures { instead: "n/a: no votes".into(), ..none });
        }
        table.rows.extend(rows);
    }
    let points = spreads.iter().map(|(.., spread)| spread.counts.len()).max().unwrap_or(0);
    table.titles = titles(of.method, points);
    let mut lines = table.lines(width);
    if parts.len() == 1
        && parts[0].0.is_none()
        && let Presented::Preference { pairs } = parts[0].1
    {
        lines.extend(strengths(pairs, width));
    }
    if points == 0 {
        return lines;
    }
    let values: Vec<String> = (1..=points).map(|point| value(of, point)).collect();
    let terms = said::terms_of(of.method);
    let of_values = terms.get(1).map_or(terms, std::slice::from_ref);
    lines.push(Line::blank());
    lines.extend(histogram(&values, &spreads, of_values, width));
    lines
}

/// What the figures are called; of a mean with the ends of its scale.
fn titles(method: Method, points: usize) -> Vec<String> {
    let mean = |name: &str| match points {
        0 => name.to_owned(),
        points => format!("{name} (1–{points})"),
    };
    let (first, others): (String, &[&str]) = match method {
        Method::ThumbsUpDown => ("up".to_owned(), &["95 %", "times", "of thumbs"]),
        Method::IndividualLikertScale | Method::ComparisonLikertScale => (mean("mean"), &["95 %", "votes"]),
        Method::ComparisonRank => (mean("mean place"), &["95 %", "votes"]),
        Method::ComparisonChoice => ("chosen".to_owned(), &["95 %", "times", "of votes"]),
    };
    std::iter::once(first).chain(others.iter().map(|title| (*title).to_owned())).collect()
}

/// A point of the scale, or a place.
fn value(of: &MetricReport, point: usize) -> String {
    match of.labels.get(point - 1) {
        Some(label) if of.method != Method::ThumbsUpDown => format!("{point} {label}"),
        None if of.method == Method::ComparisonRank => format!("place {point}"),
        _ => point.to_string(),
    }
}

fn pair(of: &Preference) -> String {
    format!("{}{PAIR}{}", of.a, of.b)
}

fn rows(presented: &Presented, metric: &MetricReport) -> Vec<Figures> {
    match presented {
        Presented::Thumbs { sources } => {
            sources.iter().map(|of| share(&of.source, "thumbs up", &of.share, [of.up, of.votes])).collect()
        }
        Presented::Points { sources } => sources.iter().map(|of| mean(of, "mean points")).collect(),
        Presented::Ranks { sources } => sources.iter().map(|of| mean(of, "mean place")).collect(),
        Presented::Preference { pairs } => {
            let row = |of: &Preference| {
                let points = Points { source: pair(of), spread: of.spread.clone(), mean: of.mean.clone() };
                mean(&points, "mean preference")
            };
            pairs.iter().map(row).collect()
        }
        Presented::Choice(choices) => chosen(choices, &metric.asked()),
    }
}

fn chosen(of: &Choices, asked: &Metric) -> Vec<Figures> {
    if of.votes == 0 {
        return Vec::new();
    }
    let one = |source: &crate::domain::evaluation::report::Choice| {
        share(&source.source, "chosen", &source.share, [source.chosen, source.decided])
    };
    let mut rows: Vec<Figures> = of.sources.iter().map(one).collect();
    let ties = format!("({})", asked.tie().unwrap_or("ties"));
    rows.push(share(&ties, "ties", &of.tie_share, [of.ties, of.votes]));
    let none = format!("({})", of.none_good(asked));
    rows.push(share(&none, "both bad", &of.both_bad_share, [of.both_bad, of.votes]));
    rows
}

/// A mean between the ends of its scale.
fn mean(of: &Points, term: &'static str) -> Figures {
    let row = Figures::of(&of.source, &[term]);
    let value = match &of.mean.value {
        Err(why) => return Figures { instead: why.words(), ..row },
        Ok(value) => *value,
    };
    let reach = (of.spread.counts.len().saturating_sub(1)).max(1) as f64;
    let place = |value: f64| (value - 1.0) / reach;
    let (cell, note, bounds) = bounds(&of.mean.interval, 2);
    Figures {
        bar: Some(Bar::Place {
            value: place(value),
            bounds: bounds.map(|(low, high)| (place(low), place(high))),
            zero: None,
        }),
        cells: vec![decimal(value, 2), cell, grouped(of.spread.votes())],
        note,
        ..row
    }
}

/// The bounds of a number in words, why there are none, and they themselves.
pub(super) fn bounds(of: &Figure<(f64, f64)>, places: usize) -> (String, String, Option<(f64, f64)>) {
    match of {
        Ok(bounds) => (from_to(*bounds, places), String::new(), Some(*bounds)),
        Err(why) => ("n/a".to_owned(), format!("95 %: {}", why.words()), None),
    }
}

/// How strongly one of two was preferred.
fn strengths(pairs: &[Preference], width: u16) -> Vec<Line> {
    let mut table = Table::of(&["share", "95 %", "times", "of votes"]);
    for of in pairs {
        if pairs.len() > 1 {
            table.rows.push(Figures::group(&pair(of)));
        }
        let all = of.spread.votes();
        table.rows.extend(of.strengths.iter().map(|part| {
            let (how, source) = match part.strength {
                Strength::StronglyA => ("strongly ", of.a.as_str()),
                Strength::SlightlyA => ("slightly ", of.a.as_str()),
                Strength::Even => ("even", ""),
                Strength::SlightlyB => ("slightly ", of.b.as_str()),
                Strength::StronglyB => ("strongly ", of.b.as_str()),
            };
            let name = format!("{how}{source}");
            let row = share(&name, "preference share", &part.share, [part.votes, all]);
            Figures { stays: how.len(), ..row }
        }));
    }
    if table.rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::blank()];
    lines.extend(table.lines(width));
    lines
}

fn agreement(of: &Agreements, width: u16) -> Vec<Line> {
    let mut table = Table::of(&["value", "95 %", "pairs of votes"]);
    let number = |term: &'static str, figure: &Figure, of_bounds: Option<&Figure<(f64, f64)>>| {
        let row = Figures::of(term, &[term]);
        let value = match figure {
            Err(why) => return Figures { instead: why.words(), ..row },
            Ok(value) => *value,
        };
        let (words, note, known) =
            of_bounds.map_or_else(|| (String::new(), String::new(), None), |of| bounds(of, 3));
        let warn = value < 0.0;
        let less = if warn { "below 0: raters agree less than by chance" } else { "" };
        let notes = [less, note.as_str()].into_iter().filter(|note| !note.is_empty());
        let note = notes.collect::<Vec<_>>().join("; ");
        let bar = Some(Bar::signed(value, known));
        Figures { bar, cells: vec![decimal(value, 3), words], note, warn, ..row }
    };
    table.rows.push(number("alpha", &of.alpha.value, Some(&of.alpha.interval)));
    for (term, figure) in [
        ("alpha nominal", &of.nominal),
        ("alpha ordinal", &of.ordinal),
        ("alpha interval", &of.interval),
        ("fleiss", &of.fleiss),
    ] {
        table.rows.push(number(term, figure, None));
    }
    let shared = |term: &'static str, figure: &Figure<Agreement>| {
        let row = Figures::of(term, &[term]);
        match figure {
            Err(why) => Figures { instead: why.words(), ..row },
            Ok(told) => Figures {
                bar: Some(Bar::Share { value: told.share, bounds: None }),
                cells: vec![percent(told.share), String::new(), grouped(told.pairs)],
                ..row
            },
        }
    };
    table.rows.push(shared("raw agreement", &of.raw));
    if let Some(winners) = &of.on_winners {
        table.rows.push(shared("agreement on winners", &winners.with_ties));
        table.rows.push(shared("agreement on winners without ties", &winners.without_ties));
    }
    let mut lines = table.lines(width);
    lines.extend(pairs(of, width));
    lines
}

/// Two raters at a time.
fn pairs(of: &Agreements, width: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    if !of.pairs.is_empty() {
        let mut table = Table::of(&["kappa", "weighted", "equal", "items"]);
        for pair in of.pairs.iter().take(LONGEST) {
            let row =
                Figures::of(&format!("{} and {}", pair.a, pair.b), &["kappa", "weighted kappa", "equal"]);
            let told = match &pair.kappa {
                Err(why) => {
                    table.rows.push(Figures { instead: why.words(), ..row });
                    continue;
                }
                Ok(told) => told,
            };
            let value = |kappa: &Kappa| decimal(kappa.kappa, 3);
            let (weighted, note) = match &pair.weighted {
                Ok(weighted) => (value(weighted), String::new()),
                Err(why) => ("n/a".to_owned(), format!("weighted: {}", why.words())),
            };
            table.rows.push(Figures {
                bar: Some(Bar::signed(told.kappa, None)),
                cells: vec![value(told), weighted, percent(told.agreement), grouped(told.items)],
                note,
                ..row
            });
        }
        lines.push(Line::blank());
        lines.extend(table.lines(width));
        lines.extend(rest(of.pairs.len(), width));
    }
    if of.strangers > 0 {
        let pairs = count(of.strangers, "pair of raters has", "pairs of raters have");
        lines.extend(indented(&format!("{pairs} no item in common."), Role::Muted, 2, width));
    }
    lines
}

fn leanings(of: &Biases, width: u16) -> Vec<Line> {
    let mut table = Table::of(&["share", "95 %", "p", "votes"]);
    let row = |term: &'static str, leaning: &Leaning| {
        let mut row = share(term, term, &leaning.share, [0, 0]);
        row.terms.push("p");
        let Some(cells) = row.cells.get(..2) else { return row };
        let (p, note) = match &leaning.p {
            Ok(p) => (decimal(*p, 4), String::new()),
            Err(why) => ("n/a".to_owned(), format!("p: {}", why.words())),
        };
        let cells = [cells, &[p, grouped(leaning.votes)]].concat();
        let warn = leaning.is_leaning();
        let note = if warn { "that is more than chance does".to_owned() } else { note };
        Figures { cells, note, warn, ..row }
    };
    table.rows.push(row("left choice", &of.position));
    table.rows.push(row("quick left choice", &of.speed));
    table.rows.push(row("longer choice", &of.length));
    let mut flips = share("flips", "flips", &of.flips, [0, 0]);
    flips.cells.truncate(2);
    table.rows.push(flips);
    table.lines(width)
}

fn disagreements(report: &Report, (metric, of): (usize, &MetricReport), width: u16) -> Vec<Line> {
    if of.disagreements.is_empty() {
        return Vec::new();
    }
    let items = count(of.disagreements.len() as u64, "of them", "of them");
    let mut head = Line::sub("What raters differ on");
    head.pieces.push(piece(23, items, Role::Faint));
    let mut lines = vec![Line::blank(), head];
    // The question tells more than the name, which gives way where both have no room.
    let known = of.disagreements.iter().any(|told| !report.question(&told.item).is_empty());
    let named = !known || width >= 110;
    let left = width.saturating_sub(if named { 26 } else { 13 });
    let half = left * 9 / 20;
    let fits = |told: &Disagreement| columns(&what(told)) <= left.saturating_sub(half);
    let asked = if known && of.disagreements.iter().take(LONGEST).all(fits) {
        half
    } else if known {
        // What was said stands below: the question has the room, but for what was decided.
        let decided = report.decided.iter().any(|known| known.stands && known.metric == of.name);
        left.saturating_sub(if decided { 20 } else { 0 }).max(half)
    } else {
        0
    };
    for (at, told) in of.disagreements.iter().enumerate().take(LONGEST) {
        let mut what = what(told);
        let decided = report
            .decided
            .iter()
            .find(|known| known.stands && known.item == told.item && known.metric == of.name);
        let mut x = 2;
        let mut pieces = Vec::new();
        if asked > 0 {
            pieces.push(piece(x, asks(report, &told.item, asked), Role::Text));
            x += asked + 2;
        }
        if named {
            let role = if asked > 0 { Role::Faint } else { Role::Text };
            pieces.push(piece(x, item(&told.item.0), role));
            x += DIGITS as u16 + 1;
        }
        let far = format!("{:>7}", said::spread(told, of));
        pieces.push(piece(x, far, Role::Muted));
        let mut x = x + 9;
        let role = if decided.is_some() { Role::Muted } else { Role::Text };
        if let Some(known) = decided {
            let value = format!("✓ {}", safe_line(&known.value));
            let value = fit(&value, width.saturating_sub(x).into()).into_owned();
            let after = x + columns(&value);
            pieces.push(piece(x, value, Role::Good));
            x = after;
            what = format!("said {what}");
        }
        let beside = if decided.is_some() { format!(" · {what}") } else { what.clone() };
        let fits = columns(&beside) <= width.saturating_sub(x);
        if fits {
            pieces.push(piece(x, beside, role));
        }
        let line = Line::of(Kind::Disputed(metric, at), pieces);
        lines.push(Line { terms: vec!["spread"], ..line });
        // What has no room beside it stands below, whole.
        if !fits {
            let below = indented(&what, role, 4, width).into_iter();
            lines.extend(below.map(|line| Line { kind: Kind::More, ..line }));
        }
    }
    lines.extend(rest(of.disagreements.len(), width));
    lines
}

/// What was said of it, with how often.
fn what(told: &Disagreement) -> String {
    let values = told.said.iter().map(|(value, count)| format!("{value} ×{count}"));
    let values = values.collect::<Vec<_>>().join(", ");
    let what = match &told.source {
        Some(source) => format!("{source}: {values}"),
        None => values,
    };
    safe_line(&what).into_owned()
}

/// What a list that is cut says below.
fn rest(all: usize, width: u16) -> Vec<Line> {
    let more = all.saturating_sub(LONGEST) as u64;
    if more == 0 {
        return Vec::new();
    }
    let text = format!("And {}; the report as JSON holds all.", count(more, "more", "more"));
    indented(&text, Role::Muted, 2, width)
}

fn raters(report: &Report, width: u16) -> Vec<Line> {
    let mut lines = vec![Line::head("Raters", "how fast, to which side, how right", width)];
    let Some(first) = report.raters.first() else {
        lines.extend(words("Nobody has rated anything yet.", Role::Muted, width));
        return lines;
    };
    let again = report.votes.repeats > 0;
    let mut titles: Vec<String> =
        ["votes", "median", "mean", "skipped", "hasty", "gold"].map(str::to_owned).into();
    titles.extend(first.left.iter().map(|left| format!("left, {}", left.metric)));
    for of in first.repeats.iter().filter(|_| again) {
        titles.extend([format!("same again, {}", of.metric), format!("distance, {}", of.metric)]);
    }
    let titles = titles.iter().map(|title| safe_line(title).into_owned()).collect();
    let mut table = Table { titles, ..Table::default() };
    table.rows.extend(report.raters.iter().map(|of| rater(of, again)));
    lines.extend(table.lines(width));
    lines
}

fn rater(of: &RaterReport, again: bool) -> Figures {
    let mut notes: Vec<String> = Vec::new();
    let mut row = Figures::of(
        &of.name,
        &[
            "votes",
            "median seconds",
            "seconds",
            "skipped",
            "hasty",
            "gold",
            "left choice",
            "same again",
            "distance again",
        ],
    );
    let seconds = |of: Figure, notes: &mut Vec<String>| match of {
        Ok(seconds) => format!("{} s", decimal(seconds, 1)),
        Err(why) => {
            notes.push(format!("seconds: {}", why.words()));
            "n/a".to_owned()
        }
    };
    let median = seconds(of.pace.median_ms.clone().map(|ms| ms / 1_000.0), &mut notes);
    let mean = seconds(of.mean_seconds.clone(), &mut Vec::new());
    let hasty = of.pace.hasty_from.map_or_else(|| "no".to_owned(), |from| format!("from vote {}", from + 1));
    row.warn = of.pace.hasty_from.is_some();
    let mut shared = |name: &str, of: &Figure<Estimate>| match of {
        Ok(share) => format!("{} ({})", percent(share.value), between(share)),
        Err(why) => {
            notes.push(format!("{name}: {}", why.words()));
            "n/a".to_owned()
        }
    };
    row.cells = vec![grouped(of.votes), median, mean, grouped(of.skipped), hasty];
    row.cells.push(shared("gold", &of.gold));
    row.cells.extend(of.left.iter().map(|left| shared("left", &left.leaning.share)));
    for of in of.repeats.iter().filter(|_| again) {
        row.cells.push(shared("same again", &of.consistency.equal));
        let distance = of.consistency.distance.as_ref();
        row.cells.push(distance.map_or_else(|_| "n/a".to_owned(), |far| decimal(*far, 2)));
    }
    notes.dedup();
    row.note = notes.join("; ");
    row
}

/// What was skipped, and what was said besides.
fn added(report: &Report, width: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut list = |name: &str, all: usize, texts: Vec<String>| {
        if all > 0 {
            lines.extend([Line::blank(), Line::head(name, &grouped(all as u64), width)]);
            lines.extend(texts.iter().flat_map(|text| indented(text, Role::Text, 2, width)));
            lines.extend(rest(all, width));
        }
    };
    let skips = report.skips.iter().take(LONGEST).map(|skip| {
        let comment = skip.comment.as_ref().map_or_else(String::new, |comment| format!(" · {comment}"));
        format!("{} · {} · {}{comment}", named(report, &skip.item), skip.rater, said::skipped(skip.reason))
    });
    list("Skipped", report.skips.len(), skips.collect());
    let comments = report.comments.iter().take(LONGEST);
    let comments = comments.map(|of| format!("{} · {} · {}", named(report, &of.item), of.rater, of.comment));
    list("Comments", report.comments.len(), comments.collect());
    lines
}
