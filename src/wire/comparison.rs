//! A comparison as Markdown: page by page what was asked, what each column answered with its figures, what was chosen; and as
//! objects, one a line.

use std::fmt::Write;

use serde::Serialize;

use super::thread::{blocks, date, field, figures};
use crate::domain::catalog::{ModelId, Price};
use crate::domain::comparison::{Ballot, Comparison, letter, turns};
use crate::domain::conversation::Thread;
use crate::domain::usage::budget::money;
use crate::domain::{Error, Result};

/// A part of a comparison, for programs.
#[derive(Debug, Serialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Object<'a> {
    Comparison {
        #[serde(serialize_with = "crate::domain::comparison::without_seed")]
        comparison: &'a Comparison,
    },
    /// One column's conversation on one page.
    Lane { page: usize, column: usize, thread: &'a Thread },
    /// With the seed, where it was blind.
    Ballot { ballot: &'a Ballot },
}

/// It on a line of its own.
pub fn line(object: &Object<'_>) -> Result<String> {
    serde_json::to_string(object)
        .map(|json| json + "\n")
        .map_err(|why| Error::internal("writing a comparison as JSON", why.to_string()))
}

/// What stands before the pages.
pub fn head(comparison: &Comparison) -> String {
    let mut out = String::from("---\n");
    field(&mut out, "title", &comparison.title);
    field(&mut out, "id", &comparison.id.to_string());
    field(&mut out, "created", &date(comparison.created));
    if let Some(category) = &comparison.category {
        field(&mut out, "category", category);
    }
    let order = if comparison.is_of_one_order() { comparison.order(0) } else { Vec::new() };
    for (place, column) in order.into_iter().enumerate() {
        field(&mut out, &letter(place).to_string(), &comparison.columns[column].contestant());
    }
    out.push_str("---\n");
    out
}

/// A page, from 0, as it was shown, with its conversations in the order of the columns and what was chosen among their answers. Texts stand
/// as they are: whoever shows them on a terminal sanitises them.
pub fn page(
    comparison: &Comparison,
    number: usize,
    threads: &[Thread],
    ballots: &[Ballot],
    price: impl Fn(&ModelId) -> Option<Price>,
) -> String {
    let mut out = String::new();
    if comparison.pages.len() > 1 {
        let values = comparison.pages.get(number).into_iter().flat_map(|page| &page.values);
        let values: Vec<_> = values.map(|(name, value)| format!("{name}={}", one_line(value))).collect();
        let _ = writeln!(out, "\n# Page {}  {}", number + 1, values.join("  "));
    }
    for turn in turns(threads) {
        if let Some(asked) = turn.asked {
            out.push_str("\n## You\n");
            blocks(&mut out, asked, None);
        }
        for (place, column) in comparison.order(number).into_iter().enumerate() {
            let Some(answer) = turn.answers.get(column).copied().flatten() else { continue };
            let of = &comparison.columns[column];
            let _ = writeln!(out, "\n## {}: {}", letter(place), one_line(&of.contestant()));
            blocks(&mut out, answer, None);
            let Some(facts) = &answer.answer else { continue };
            let mut told = figures(facts);
            told.extend(price(&of.model).and_then(|price| price.of(&facts.usage)).map(money));
            if !told.is_empty() {
                let _ = write!(out, "\n*{}*\n", told.join(" · "));
            }
        }
        for ballot in ballots.iter().filter(|ballot| ballot.is_about(&turn.answers)) {
            let who = if ballot.who.is_empty() { "You" } else { &ballot.who };
            let _ = write!(out, "\n*{} chose {}*\n", one_line(who), comparison.chosen(number, ballot.choice));
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
