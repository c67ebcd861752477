//! One metric of a report: its figures, who is better, whether raters agree, what else votes go by.

use super::cells::{Block, Cell, Table, bounds, many, number, part, plain, safe, said, share};
use super::document::{LONGEST, category, item, more};
use crate::domain::evaluation::agreement::{Agreement, Kappa};
use crate::domain::evaluation::bias::Leaning;
use crate::domain::evaluation::figure::Figure;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::ranking::Row;
use crate::domain::evaluation::report::words::{self, between, decimal, percent};
use crate::domain::evaluation::report::{
    Agreements, Biases, MetricReport, Presented, Ranking, Report, Strength, WinMatrix,
};
use crate::domain::evaluation::tally::Spread;
use crate::domain::figures::count;

pub(super) fn metric(
    report: &Report,
    of: &MetricReport,
    blocks: &mut Vec<Block>,
    terms: &mut Vec<&'static str>,
) {
    blocks.push(Block::Heading(2, safe(&of.name)));
    if !of.description.trim().is_empty() {
        blocks.push(Block::Text(safe(&of.description)));
    }
    blocks.push(Block::Text(format!("{}. {}", of.method.called(), of.definition)));
    blocks.extend(labels(of).map(Block::Text));
    terms.extend(words::terms_of(of.method));
    presented("", &[(None, &of.whole)], of, blocks);
    if !of.by_category.is_empty() {
        blocks.push(Block::Heading(3, "By category".into()));
        let parts: Vec<_> = of
            .by_category
            .iter()
            .map(|part| (Some(category(part.category.as_deref())), &part.presented))
            .collect();
        presented("category", &parts, of, blocks);
    }
    if let Some(ranking) = &of.ranking {
        blocks.push(Block::Heading(3, "Ranking".into()));
        terms.extend(["rating", "rank", "win rate", "rating by formula", "win rate by item"]);
        terms.extend(["won", "lost", "tied", "both bad comparisons", "battles"]);
        blocks.push(leaderboard(ranking));
        if of.by_category.iter().flat_map(|part| &part.leaderboard).any(|of| !of.rows.is_empty()) {
            blocks.push(Block::Heading(3, "Ranking by category".into()));
            blocks.push(by_category(of));
        }
        if ranking.wins.sources.len() > 2 {
            blocks.push(Block::Text("Wins of the row against the column:".into()));
            blocks.push(wins(&ranking.wins));
        }
    }
    blocks.push(Block::Heading(3, "Agreement".into()));
    agreement(&of.agreement, blocks, terms);
    if let Some(biases) = &of.biases {
        blocks.push(Block::Heading(3, "What else votes go by".into()));
        terms.extend(["left choice", "quick left choice", "longer choice", "p", "flips"]);
        blocks.push(leanings(biases));
    }
    if !of.by_rater.is_empty() {
        blocks.push(Block::Heading(3, "By rater".into()));
        let parts: Vec<_> =
            of.by_rater.iter().map(|part| (Some(said(&part.rater)), &part.presented)).collect();
        presented("rater", &parts, of, blocks);
    }
    if !of.disagreements.is_empty() {
        blocks.push(Block::Heading(3, "Disagreements".into()));
        terms.push("spread");
        blocks.push(disagreements(report, of));
        let shown = of.disagreements.len().min(LONGEST);
        blocks.extend(more(of.disagreements.len(), shown).map(Block::Text));
    }
}

/// The words that raters had for what they said.
fn labels(of: &MetricReport) -> Option<String> {
    let all = || of.labels.iter().map(|label| safe(label));
    let numbered =
        || all().zip(1..).map(|(label, point)| format!("{point} {label}")).collect::<Vec<_>>().join(", ");
    match of.method {
        _ if of.labels.is_empty() => None,
        Method::ThumbsUpDown => None,
        Method::IndividualLikertScale | Method::ComparisonLikertScale => {
            Some(format!("Of the points: {}.", numbered()))
        }
        Method::ComparisonRank => Some(format!("Of the places: {}.", numbered())),
        Method::ComparisonChoice => {
            let said = all().collect::<Vec<_>>().join(", ");
            Some(format!("Raters said, of the answers from the left, of a tie and of all bad: {said}."))
        }
    }
}

/// The figures of one or more parts in one table, the name of each in front where it has one: `named` says what it is of.
fn presented(named: &str, parts: &[(Option<Cell>, &Presented)], of: &MetricReport, blocks: &mut Vec<Block>) {
    let mut table: Option<Table> = None;
    for (name, presented) in parts {
        let (columns, rows) = part_of(presented, &of.asked());
        let width = columns.len();
        let table = table.get_or_insert_with(|| {
            let front = name.is_some().then(|| named.to_owned());
            Table::of(&front.into_iter().chain(columns.clone()).collect::<Vec<_>>())
        });
        // Ranks of another category may have more places.
        let known = table.columns.len() - usize::from(name.is_some());
        if width > known {
            let more = Table::of(&columns[known..]).columns;
            table.columns.extend(more);
        }
        for row in rows {
            let front = name.iter().map(|name| plain(name.text.clone()));
            table.rows.push(front.chain(row).collect());
        }
    }
    match table.filter(|table| !table.rows.is_empty()) {
        Some(mut table) => {
            let width = table.columns.len();
            table.rows.iter_mut().for_each(|row| row.resize_with(width, Cell::default));
            blocks.push(Block::Table(table));
        }
        None => blocks.push(Block::Text(format!("n/a: no votes on {}", safe(&of.name)))),
    }
}

fn part_of(presented: &Presented, asked: &Metric) -> (Vec<String>, Vec<Vec<Cell>>) {
    let columns = |front: &[&str], spread: Option<&Spread>| -> Vec<String> {
        let points = spread.map_or(&[][..], |spread| &spread.counts);
        let points = points.iter().map(|(point, _)| format!("#{point}"));
        front.iter().map(|name| (*name).to_owned()).chain(points).collect()
    };
    match presented {
        Presented::Thumbs { sources } => (
            columns(&["source", "#thumbs up", "#95 %", "#up", "#votes"], None),
            sources
                .iter()
                .map(|of| {
                    let [value, between] = share(&of.share);
                    vec![said(&of.source), value, between, many(of.up), many(of.votes)]
                })
                .collect(),
        ),
        Presented::Points { sources } | Presented::Ranks { sources } => {
            let is_rank = matches!(presented, Presented::Ranks { .. });
            let mean = if is_rank { "#mean place" } else { "#mean" };
            let rows = sources.iter().map(|of| {
                let mut row = vec![
                    said(&of.source),
                    number(&of.mean.value, 2),
                    bounds(&of.mean.value, &of.mean.interval, 2),
                    many(of.spread.votes()),
                ];
                row.extend(counts(&of.spread));
                row
            });
            let spread = sources.first().map(|of| &of.spread);
            (columns(&["source", mean, "#95 %", "#votes"], spread), rows.collect())
        }
        Presented::Preference { pairs } => {
            let rows = pairs.iter().map(|of| {
                let mut row = vec![
                    said(&of.a),
                    said(&of.b),
                    number(&of.mean.value, 2),
                    bounds(&of.mean.value, &of.mean.interval, 2),
                    many(of.spread.votes()),
                ];
                row.extend(Strength::ALL.iter().map(|strength| {
                    let known = of.strengths.iter().find(|known| known.strength == *strength);
                    known.map_or_else(Cell::default, |known| {
                        let [value, _] = share(&known.share);
                        value
                    })
                }));
                row.extend(counts(&of.spread));
                row
            });
            let front = [
                "a",
                "b",
                "#mean",
                "#95 %",
                "#votes",
                "#strongly a",
                "#slightly a",
                "#even",
                "#slightly b",
                "#strongly b",
            ];
            (columns(&front, pairs.first().map(|of| &of.spread)), rows.collect())
        }
        Presented::Choice(choices) => {
            let mut rows: Vec<Vec<Cell>> = choices
                .sources
                .iter()
                .map(|of| {
                    let [value, between] = share(&of.share);
                    vec![said(&of.source), value, between, many(of.chosen), many(of.decided)]
                })
                .collect();
            if choices.votes > 0 {
                for (name, votes, of) in [
                    (asked.tie().unwrap_or("ties"), choices.ties, &choices.tie_share),
                    (choices.none_good(asked), choices.both_bad, &choices.both_bad_share),
                ] {
                    let [value, between] = share(of);
                    rows.push(vec![
                        plain(safe(&format!("({name})"))),
                        value,
                        between,
                        many(votes),
                        many(choices.votes),
                    ]);
                }
            }
            (columns(&["source", "#chosen", "#95 %", "#times", "#of votes"], None), rows)
        }
    }
}

fn counts(spread: &Spread) -> impl Iterator<Item = Cell> {
    let all = spread.votes();
    spread.counts.iter().map(move |(_, count)| part(*count, all))
}

const PLACES: [&str; 11] = [
    "rank",
    "source",
    "#rating",
    "#95 %",
    "#win rate",
    "#95 %",
    "#won",
    "#lost",
    "#tied",
    "#both bad",
    "#battles",
];

/// Where the interval of a rating by the formula stands among the places, behind the drawn one; and that of a win rate by items,
/// behind Wilson's.
const BY_FORMULA: usize = 4;
const BY_ITEM: usize = 7;

fn leaderboard(of: &Ranking) -> Block {
    let rows = &of.leaderboard.rows;
    if rows.is_empty() {
        return Block::Text("n/a: no votes".into());
    }
    let mut columns = PLACES.to_vec();
    columns.insert(BY_FORMULA, "#95 % by formula");
    columns.insert(BY_ITEM, "#95 % by item");
    let mut table = Table::of(&columns);
    table.rows.extend(rows.iter().map(|row| {
        let mut cells = place(row);
        let by_formula = match (&row.rating, of.by_formula(&row.name)) {
            (Ok(rating), Some(interval)) => bounds(&Ok(rating.elo), interval, 0),
            _ => Cell::default(),
        };
        cells.insert(BY_FORMULA, by_formula);
        let by_item = match of.by_item(&row.name) {
            Some(Ok(estimate)) => between(estimate),
            Some(Err(why)) => why.words(),
            None => String::new(),
        };
        cells.insert(BY_ITEM, plain(by_item));
        cells
    }));
    Block::Table(table)
}

/// The leaderboards of all categories in one table.
fn by_category(of: &MetricReport) -> Block {
    let mut table = Table::of(&std::iter::once("category").chain(PLACES).collect::<Vec<_>>());
    for part in &of.by_category {
        for row in part.leaderboard.iter().flat_map(|of| &of.rows) {
            let front = std::iter::once(category(part.category.as_deref()));
            table.rows.push(front.chain(place(row)).collect());
        }
    }
    Block::Table(table)
}

fn place(row: &Row) -> Vec<Cell> {
    let (rank, elo, between) = match &row.rating {
        Err(why) => (String::new(), plain(why.words()), Cell::default()),
        Ok(rating) => {
            let elo: Figure = Ok(rating.elo);
            (words::rank(rating), number(&elo, 0), bounds(&elo, &rating.interval, 0))
        }
    };
    let mut cells = vec![plain(rank), said(&row.name), elo, between];
    cells.extend(share(&row.win_rate));
    let record = &row.record;
    let times = |weight: f64| plain(decimal(weight, usize::from(weight.fract() > 0.0)));
    cells.extend([record.won, record.lost, record.tied, record.both_bad].map(times));
    cells.push(many(record.battles));
    cells
}

fn wins(of: &WinMatrix) -> Block {
    let columns = of.sources.iter().map(|source| format!("#{}", safe(source)));
    let mut table = Table::of(&std::iter::once(String::new()).chain(columns).collect::<Vec<_>>());
    for (source, row) in of.sources.iter().zip(&of.rows) {
        let cells = row.iter().map(|rate| rate.map_or_else(|| plain("·"), |rate| plain(percent(rate))));
        table.rows.push(std::iter::once(said(source)).chain(cells).collect());
    }
    Block::Table(table)
}

fn agreement(of: &Agreements, blocks: &mut Vec<Block>, terms: &mut Vec<&'static str>) {
    let mut table = Table::of(&["", "#value", "#95 %", "#pairs of votes"]);
    let mut row = |name: &'static str, cells: [Cell; 3]| {
        terms.push(name);
        let [value, between, pairs] = cells;
        table.rows.push(vec![plain(name), value, between, pairs]);
    };
    let none = Cell::default;
    let alpha = &of.alpha;
    row("alpha", [number(&alpha.value, 3), bounds(&alpha.value, &alpha.interval, 3), none()]);
    for (name, figure) in [
        ("alpha nominal", &of.nominal),
        ("alpha ordinal", &of.ordinal),
        ("alpha interval", &of.interval),
        ("fleiss", &of.fleiss),
    ] {
        row(name, [number(figure, 3), none(), none()]);
    }
    let shared = |figure: &Figure<Agreement>| match figure {
        Ok(told) => [plain(percent(told.share)), none(), many(told.pairs)],
        Err(why) => [plain(why.words()), none(), none()],
    };
    row("raw agreement", shared(&of.raw));
    if let Some(winners) = &of.on_winners {
        row("agreement on winners", shared(&winners.with_ties));
        row("agreement on winners without ties", shared(&winners.without_ties));
    }
    blocks.push(Block::Table(table));
    if of.pairs.is_empty() {
        return;
    }
    terms.extend(["kappa", "weighted kappa", "equal"]);
    let mut table = Table::of(&["rater", "and", "#kappa", "#weighted kappa", "#equal", "#items"]);
    for pair in &of.pairs {
        let value = |figure: &Figure<Kappa>| number(&figure.clone().map(|told| told.kappa), 3);
        let (equal, items) = match &pair.kappa {
            Ok(told) => (plain(percent(told.agreement)), many(told.items)),
            Err(_) => (none(), none()),
        };
        let row = vec![said(&pair.a), said(&pair.b), value(&pair.kappa), value(&pair.weighted), equal, items];
        table.rows.push(row);
    }
    blocks.push(Block::Table(table));
    if of.strangers > 0 {
        let pairs = count(of.strangers, "pair of raters has", "pairs of raters have");
        blocks.push(Block::Text(format!("{pairs} no item in common.")));
    }
}

fn leanings(of: &Biases) -> Block {
    let mut table = Table::of(&["", "#share", "#95 %", "#p", "#votes"]);
    let mut row = |name: &str, leaning: &Leaning| {
        let [value, between] = share(&leaning.share);
        let p = if leaning.p.is_ok() { number(&leaning.p, 4) } else { Cell::default() };
        table.rows.push(vec![plain(name), value, between, p, many(leaning.votes)]);
    };
    row("left choice", &of.position);
    row("quick left choice", &of.speed);
    row("longer choice", &of.length);
    let [value, between] = share(&of.flips);
    table.rows.push(vec![plain("flips"), value, between, Cell::default(), Cell::default()]);
    Block::Table(table)
}

fn disagreements(report: &Report, of: &MetricReport) -> Block {
    let mut table = Table::of(&["item", "question", "source", "#spread", "#votes", "said"]);
    for told in of.disagreements.iter().take(LONGEST) {
        let values = told.said.iter().map(|(value, count)| format!("{} × {count}", safe(value)));
        let [item, question] = item(report, &told.item);
        table.rows.push(vec![
            item,
            question,
            said(told.source.as_deref().unwrap_or_default()),
            plain(words::spread(told, of)),
            many(told.votes),
            plain(values.collect::<Vec<_>>().join(", ")),
        ]);
    }
    Block::Table(table)
}
