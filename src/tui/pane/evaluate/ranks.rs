//! Who is better than whom, as rows of a report card.

use super::card::bounds;
use super::charts::{Bar, Figures, Line, Table};
use crate::domain::evaluation::ranking::Leaderboard;
use crate::domain::evaluation::report::words::{self as said, between, decimal, percent};
use crate::domain::evaluation::report::{Ranking, WinMatrix};
use crate::domain::figures::grouped;

/// Who is better than whom; the bar is the rating between the lowest and the highest bound of all. A row a source, as far as the
/// width allows.
pub(super) fn leaderboards(parts: &[(Option<&str>, &Leaderboard)], width: u16) -> Vec<Line> {
    let titles = ["rank", "rating", "95 %", "win rate", "95 %", "won", "lost", "tied", "bad", "battles"];
    let mut table = Table { parts: vec![3, 5], ..Table::of(&titles) };
    let ratings = parts.iter().flat_map(|(_, of)| &of.rows).filter_map(|row| row.rating.as_ref().ok());
    let ends = ratings.flat_map(|rating| {
        let (low, high) = rating.interval.clone().unwrap_or((rating.elo, rating.elo));
        [low, high]
    });
    let (lowest, highest) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)));
    let place = |elo: f64| if highest > lowest { (elo - lowest) / (highest - lowest) } else { 0.5 };
    for (name, of) in parts {
        if let Some(name) = name {
            table.rows.push(Figures::group(name));
        }
        if of.rows.is_empty() {
            let none = Figures::of("", &["rating", "rank", "win rate"]);
            table.rows.push(Figures { instead: "n/a: no votes".into(), ..none });
        }
        for row in &of.rows {
            let terms =
                ["rating", "rank", "win rate", "won", "lost", "tied", "both bad comparisons", "battles"];
            let mut cells = Figures::of(&row.name, &terms);
            match &row.rating {
                Err(why) => {
                    cells.cells.extend([String::new(), "n/a".to_owned(), String::new()]);
                    cells.note = format!("rating: {}", why.words());
                }
                Ok(rating) => {
                    let (words, note, known) = bounds(&rating.interval, 0);
                    cells.cells.extend([said::rank(rating), decimal(rating.elo, 0), words]);
                    cells.note = note;
                    cells.bar = Some(Bar::Place {
                        value: place(rating.elo),
                        bounds: known.map(|(low, high)| (place(low), place(high))),
                        zero: None,
                    });
                }
            }
            match &row.win_rate {
                Ok(rate) => cells.cells.extend([percent(rate.value), between(rate)]),
                Err(why) => cells.cells.extend([why.words(), String::new()]),
            }
            let record = &row.record;
            let times = |weight: f64| decimal(weight, usize::from(weight.fract() > 0.0));
            cells.cells.extend([record.won, record.lost, record.tied, record.both_bad].map(times));
            cells.cells.push(grouped(record.battles));
            table.rows.push(cells);
        }
    }
    // Where no rating has bounds nobody has a rank.
    if table.rows.iter().all(|row| row.cells.first().is_none_or(String::is_empty)) {
        table.titles.remove(0);
        for row in &mut table.rows {
            row.cells.drain(..1.min(row.cells.len()));
        }
        table.parts = vec![2, 4];
    }
    table.lines(width)
}

/// The ratings with the intervals of the robust formula.
pub(super) fn by_formula(of: &Ranking, width: u16) -> Vec<Line> {
    let mut table = Table::of(&["rating", "95 %"]);
    table.rows.extend(of.leaderboard.rows.iter().filter_map(|row| {
        let cells = Figures::of(&row.name, &["rating by formula", "rating"]);
        let interval = of.by_formula(&row.name)?;
        Some(match &row.rating {
            Err(why) => Figures { instead: why.words(), ..cells },
            Ok(rating) => {
                let (words, note, _) = bounds(interval, 0);
                Figures { cells: vec![decimal(rating.elo, 0), words], note, ..cells }
            }
        })
    }));
    table.lines(width)
}

/// The win rates with the intervals of samples of the items.
pub(super) fn by_item(of: &Ranking, width: u16) -> Vec<Line> {
    let mut table = Table::of(&["win rate", "95 %"]);
    table.rows.extend(of.by_item.iter().map(|known| {
        let row = Figures::of(&known.source, &["win rate by item", "win rate"]);
        match &known.win_rate {
            Err(why) => Figures { instead: why.words(), ..row },
            Ok(rate) => Figures {
                bar: Some(Bar::Share { value: rate.value, bounds: Some((rate.low, rate.high)) }),
                cells: vec![percent(rate.value), between(rate)],
                ..row
            },
        }
    }));
    table.lines(width)
}

/// Everyone against everyone, by their numbers in the list.
pub(super) fn wins(of: &WinMatrix, width: u16) -> Vec<Line> {
    let titles = (1..=of.sources.len()).map(|number| number.to_string()).collect();
    let digits = of.sources.len().to_string().len();
    let row = |(number, (source, row)): (usize, (&String, &Vec<Option<f64>>))| Figures {
        // By its number the column is found, also where the name is made short.
        stays: digits + 1,
        cells: row.iter().map(|rate| rate.map_or_else(|| "·".to_owned(), percent)).collect(),
        ..Figures::of(&format!("{number:>digits$} {source}"), &["win rate"])
    };
    let rows = (1..).zip(of.sources.iter().zip(&of.rows)).map(row).collect();
    Table { titles, rows, ..Table::default() }.lines(width)
}
