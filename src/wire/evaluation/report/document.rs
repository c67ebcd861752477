//! A report in the order in which it is read: what was rated, then metric by metric, then the raters and what they added.

use super::cells::{Block, Cell, Table, many, number, plain, safe, said, share};
use super::metric;
use crate::domain::evaluation::figure::Figure;
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::report::words::{self, percent};
use crate::domain::evaluation::report::{RaterReport, Report, definition};
use crate::domain::figures::count;

/// So many rows of a list that has no end; the JSON holds all.
pub(super) const LONGEST: usize = 100;

/// The whole report.
pub(super) fn document(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, format!("{}, version {}", safe(&report.name), report.version))];
    blocks.push(Block::Text(words::about(report)));
    blocks.extend(words::unanswered(report).map(|said| Block::Text(safe(&said))));
    blocks.extend(words::left_out(&report.votes).map(Block::Text));
    blocks.extend(words::not_blind(report).map(Block::Text));
    blocks.extend([Block::Heading(2, "Coverage".into()), coverage(report)]);
    let mut terms = vec!["votes", "items", "coverage", "skipped"];
    terms.extend((!report.unanswered.is_empty()).then_some("items without an answer"));
    terms.extend(words::terms_of_left_out(&report.votes));
    terms.extend((report.not_blind > 0).then_some("not blind"));
    for of in &report.metrics {
        metric::metric(report, of, &mut blocks, &mut terms);
    }
    raters(report, &mut blocks, &mut terms);
    added(report, &mut blocks);
    decided(report, &mut blocks);
    blocks.push(Block::Heading(2, "What the numbers are".into()));
    blocks.push(Block::Terms(told(terms)));
    blocks
}

fn decided(report: &Report, blocks: &mut Vec<Block>) {
    if report.decided.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "Decided where raters differ".into()));
    let mut table = Table::of(&["item", "question", "metric", "decided", "why", "by"]);
    for of in &report.decided {
        let value = if of.stands { of.value.clone() } else { format!("{} (replaced)", of.value) };
        let [item, question] = item(report, &of.item);
        table.rows.push(vec![item, question, said(&of.metric), said(&value), said(&of.reason), said(&of.by)]);
    }
    blocks.push(Block::Table(table));
}

fn coverage(report: &Report) -> Block {
    let mut table = Table::of(&["category", "#items", "#votes", "#due", "#skipped", "#coverage"]);
    let whole = (plain("all"), report.items, &report.coverage);
    let parts = report.coverage_by_category.iter();
    let parts = parts.map(|of| (category(of.category.as_deref()), of.items, &of.coverage));
    for (name, items, of) in std::iter::once(whole).chain(parts) {
        let share = match &of.share {
            Ok(share) => percent(*share),
            Err(why) => why.words(),
        };
        table.rows.push(vec![
            name,
            many(items),
            many(of.votes),
            many(of.expected),
            many(of.skipped),
            plain(share),
        ]);
    }
    Block::Table(table)
}

pub(super) fn category(name: Option<&str>) -> Cell {
    name.map_or_else(|| plain("(none)"), said)
}

fn raters(report: &Report, blocks: &mut Vec<Block>, terms: &mut Vec<&'static str>) {
    blocks.push(Block::Heading(2, "Raters".into()));
    if report.raters.is_empty() {
        blocks.push(Block::Text("Nobody has rated anything yet.".into()));
        return;
    }
    let mut columns = vec![
        "rater".to_owned(),
        "#votes".into(),
        "#skipped".into(),
        "#seconds".into(),
        "#median seconds".into(),
        "hasty".into(),
        "#gold".into(),
        "#95 %".into(),
    ];
    terms.extend(["seconds", "median seconds", "hasty", "gold"]);
    let first = &report.raters[0];
    for left in &first.left {
        columns.extend([format!("#left choice, {}", safe(&left.metric)), "#95 %".into()]);
    }
    let has_repeats = report.votes.repeats > 0;
    for again in first.repeats.iter().filter(|_| has_repeats) {
        columns.extend([
            format!("#same again, {}", safe(&again.metric)),
            "#95 %".into(),
            "#distance again".into(),
        ]);
        terms.extend(["same again", "distance again"]);
    }
    let mut table = Table::of(&columns);
    table.rows.extend(report.raters.iter().map(|rater| row(rater, has_repeats)));
    blocks.push(Block::Table(table));
}

fn row(rater: &RaterReport, has_repeats: bool) -> Vec<Cell> {
    let median: Figure = rater.pace.median_ms.clone().map(|ms| ms / 1_000.0);
    let hasty =
        rater.pace.hasty_from.map_or_else(|| "no".to_owned(), |from| format!("from vote {}", from + 1));
    let mut row = vec![
        said(&rater.name),
        many(rater.votes),
        many(rater.skipped),
        number(&rater.mean_seconds, 1),
        number(&median, 1),
        plain(hasty),
    ];
    row.extend(share(&rater.gold));
    for left in &rater.left {
        row.extend(share(&left.leaning.share));
    }
    for again in rater.repeats.iter().filter(|_| has_repeats) {
        row.extend(share(&again.consistency.equal));
        row.push(number(&again.consistency.distance, 2));
    }
    row
}

/// What was skipped, and what was said besides.
fn added(report: &Report, blocks: &mut Vec<Block>) {
    if !report.skips.is_empty() {
        let mut table = Table::of(&["item", "question", "rater", "reason", "comment"]);
        for skip in report.skips.iter().take(LONGEST) {
            let comment = said(skip.comment.as_deref().unwrap_or_default());
            let [item, question] = item(report, &skip.item);
            table.rows.push(vec![
                item,
                question,
                said(&skip.rater),
                plain(words::skipped(skip.reason)),
                comment,
            ]);
        }
        list("Skipped", report.skips.len(), table, blocks);
    }
    if !report.comments.is_empty() {
        let mut table = Table::of(&["item", "question", "rater", "comment"]);
        for of in report.comments.iter().take(LONGEST) {
            let [item, question] = item(report, &of.item);
            table.rows.push(vec![item, question, said(&of.rater), said(&of.comment)]);
        }
        list("Comments", report.comments.len(), table, blocks);
    }
}

fn list(name: &str, all: usize, table: Table, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, name.to_owned()));
    let shown = table.rows.len();
    blocks.push(Block::Table(table));
    blocks.extend(more(all, shown).map(Block::Text));
}

/// What a list that is cut says below.
pub(super) fn more(all: usize, shown: usize) -> Option<String> {
    let rest = (all - shown) as u64;
    (rest > 0).then(|| format!("And {}; the JSON holds all.", count(rest, "more", "more")))
}

/// An item by the beginning of its hash, as listings name it, and how its question begins.
pub(super) fn item(report: &Report, item: &ItemHash) -> [Cell; 2] {
    [said(&item.0.chars().take(12).collect::<String>()), said(report.question(item))]
}

fn told(mut names: Vec<&'static str>) -> Vec<(String, String, String)> {
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
        .into_iter()
        .filter_map(definition)
        .map(|known| (known.name.to_owned(), known.text.to_owned(), known.source.to_owned()))
        .collect()
}
