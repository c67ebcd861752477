//! `outcrop compare`: the same asked of several models, their answers side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use super::args::Compare;
use super::item::Item;
use super::out::Out;
use super::progress::Progress;
use super::prompt::{blocks, text_file};
use super::{Asker, End, Exit, unexpected, wishes, words};
use crate::config::Config;
use crate::domain::attachment::Attachment;
use crate::domain::catalog::{ModelId, Price};
use crate::domain::comparison::measure::{Contest, Measure, Summary};
use crate::domain::comparison::{Column, Comparison, Plan, Table, letter};
use crate::domain::conversation::title_of;
use crate::domain::delta::Event;
use crate::domain::figures;
use crate::domain::message::{Answer, Block, Message, Outcome, StopReason};
use crate::domain::usage::budget::money;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::request::comparisons::Comparisons;
use crate::workbench::request::models::Models;
use crate::workbench::{Reply, Request};

/// Pages that one column is asked at once; other columns do not wait for it.
const AT_ONCE: usize = 8;

/// What came of each lane, by page and column.
type Answers = BTreeMap<(usize, usize), Result<Message>>;

pub(super) async fn compare(wanted: Compare, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    out.set_raw(wanted.raw)?;
    if let Some(file) = &asker.config.record {
        out.note(&format!("the calls are recorded on {}", file.display()))?;
    }
    let blocks = blocks(&wanted.said, false, asker, out).await?;
    let plan = plan(&wanted, &blocks, &asker.config)?;
    let table = wanted
        .vars
        .as_ref()
        .map(|path| text_file(path).map(|text| Table { name: path.display().to_string(), text }));
    let create = Comparisons::Create { plan, table: table.transpose()? };
    let comparison = match asker.one(Request::Comparisons(create), out).await? {
        Reply::Comparison { comparison, .. } => comparison,
        other => return Err(unexpected(&other)),
    };
    if out.json {
        out.object(&Item::Comparison { comparison: &comparison })?;
    }
    // A list that cannot be had costs the prices, not the answers.
    let prices = prices(&comparison, asker, out).await;
    let asked = comparison.lanes().map(|(page, column, lane)| {
        let to = Target::After { conversation: lane, parent: None };
        let blocks = comparison.pages[page].filled(&blocks);
        ((page, column), Request::Chat(Chat::Send { to, blocks }))
    });
    let answers = ask_all(&comparison, asked.collect(), asker, out).await?;
    told(&comparison, &answers, &prices, out)?;
    // Where none answered there is nothing to choose.
    let exit = ended(&answers)?;
    let id = comparison.id.short();
    out.note(&format!("kept; `outcrop comparisons choose {id} A` keeps which answer is the best"))?;
    Ok(exit)
}

fn plan(wanted: &Compare, blocks: &[Block], config: &Config) -> Result<Plan> {
    let own = blocks.iter().filter(|block| Attachment::of(block).is_none());
    let words: Vec<_> = own.filter_map(Block::said).collect();
    let columns = wanted.model.iter().map(|said| column(said, wanted.system.as_ref(), &wanted.set, config));
    Ok(Plan {
        columns: columns.collect::<Result<_>>()?,
        rows: Vec::new(),
        samples: wanted.repeat,
        blind: false,
        category: wanted.category.clone(),
        text: if words.is_empty() { title_of(blocks) } else { words.join("\n\n") },
    })
}

/// A column as it is said: a model, then what is its own, `name=value` each, `system` with a file. `all` and `set` are every
/// column's.
pub(super) fn column(said: &str, all: Option<&String>, set: &[String], config: &Config) -> Result<Column> {
    let mut words = said.split_whitespace();
    let model: ModelId = words.next().unwrap_or_default().parse()?;
    let (mut own, mut preset, mut system) = (Vec::new(), None, None);
    for word in words {
        if let Some(name) = word.strip_prefix("preset=") {
            preset = Some(wishes::preset(name, config)?);
        } else if let Some(file) = word.strip_prefix("system=") {
            system = Some(text_file(Path::new(file))?);
        } else {
            own.push(word.to_owned());
        }
    }
    let mut settings = config.defaults.settings.clone();
    if let Some(preset) = preset {
        settings = settings.overlaid(&preset.settings);
    }
    wishes::set(&mut settings, "--set ", set)?;
    wishes::set(&mut settings, "", &own)?;
    let system = system.or_else(|| preset.and_then(|preset| preset.system.clone()));
    let system = system.or_else(|| all.cloned()).or_else(|| config.defaults.system.clone());
    Ok(Column { model, system, settings })
}

/// Asks lanes, each by page and column, and prints each answer as soon as those before it have come.
pub(super) async fn ask_all(
    comparison: &Comparison,
    asked: Vec<((usize, usize), Request)>,
    asker: &Asker,
    out: &mut Out,
) -> Result<Answers, End> {
    let total = asked.len();
    let places: Vec<(usize, usize)> = asked.iter().map(|(place, _)| *place).collect();
    let mut order = places.into_iter().peekable();
    let mut columns: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for (place, request) in asked {
        let lane = stream::once(answer(request, asker)).map(move |answer| (place, answer)).boxed_local();
        columns.entry(place.1).or_default().push(lane);
    }
    let columns =
        columns.into_values().map(|lanes| stream::iter(lanes).flatten_unordered(AT_ONCE).boxed_local());
    let mut coming = stream::select_all(columns);
    let mut progress = Progress::new(out.json);
    let mut answers = Answers::new();
    progress.show("answers", 0, Some(total as u64));
    let (mut remarked, mut shown) = (BTreeSet::new(), None);
    while let Some((place, answer)) = coming.next().await {
        for text in answer.iter().flat_map(|(_, remarks)| remarks) {
            let text = format!("{}: {text}", comparison.letter(place.0, place.1));
            if remarked.insert(text.clone()) {
                progress.clear();
                out.note(&text)?;
            }
        }
        let answer = answer.map(|(message, _)| message);
        if out.json {
            object(place, &answer, out)?;
        }
        answers.insert(place, answer);
        while let Some(next) = order.next_if(|place| answers.contains_key(place)) {
            if !out.json {
                progress.clear();
                if comparison.pages.len() > 1 && shown.replace(next.0) != Some(next.0) {
                    head(comparison, next.0, out)?;
                }
                print(comparison, next, &answers[&next], out)?;
            }
        }
        progress.show("answers", answers.len() as u64, Some(total as u64));
    }
    Ok(answers)
}

/// The answer to one request, whole, and what was remarked about the call.
async fn answer(request: Request, asker: &Asker) -> Result<(Message, Vec<String>)> {
    let mut replies: BoxStream<'_, _> = asker.ask(request);
    let (mut message, mut remarks) = (None, Vec::new());
    while let Some(reply) = replies.try_next().await? {
        match reply {
            Reply::Finished { answer } => message = Some(answer),
            Reply::Delta { event: Event::Notice { text } } => remarks.push(text),
            _ => {}
        }
    }
    let message = message.ok_or_else(|| Error::internal("waiting for an answer", "it never ended"))?;
    Ok((message, remarks))
}

fn object((page, column): (usize, usize), answer: &Result<Message>, out: &mut Out) -> Result<(), End> {
    match answer {
        Ok(answer) => out.object(&Item::Compared { page, column, answer: Some(answer), error: None }),
        Err(error) => out.object(&Item::Compared { page, column, answer: None, error: Some(error) }),
    }
}

/// Which page it is.
fn head(comparison: &Comparison, number: usize, out: &mut Out) -> Result<(), End> {
    let mut said = vec![format!("page {}", number + 1)];
    said.extend(comparison.pages[number].values.iter().map(|(name, value)| format!("{name}={value}")));
    out.line(&format!("══ {}", said.join("  ")))
}

fn print(
    comparison: &Comparison,
    (number, column): (usize, usize),
    answer: &Result<Message>,
    out: &mut Out,
) -> Result<(), End> {
    let (letter, contestant) = (comparison.letter(number, column), comparison.columns[column].contestant());
    out.line(&format!("── {letter}  {contestant}"))?;
    match answer {
        Ok(message) => {
            out.text(&message.text())?;
            out.end_line()?;
            if let Some(error) = failure(message) {
                out.line(&format!("✗ {error}"))?;
            }
        }
        Err(error) => out.line(&format!("✗ {error}"))?,
    }
    out.line("")
}

pub(super) fn failure(message: &Message) -> Option<&Error> {
    match &message.answer.as_ref()?.outcome {
        Outcome::Failed { error } => Some(error),
        _ => None,
    }
}

/// The prices of the columns' models, as far as they are known here: a model may be in no list. Nobody is asked.
pub(super) async fn prices(
    comparison: &Comparison,
    asker: &Asker,
    out: &mut Out,
) -> BTreeMap<ModelId, Price> {
    let models: BTreeSet<_> = comparison.columns.iter().map(|column| column.model.clone()).collect();
    let mut cards = match asker.one(Request::Models(Models::List { probe: false }), out).await {
        Ok(Reply::Models { cards }) => cards,
        _ => Vec::new(),
    };
    for id in models {
        if cards.iter().any(|card| card.id == id) {
            continue;
        }
        // A provider that is gone costs the price, not the answers.
        if let Ok(Reply::Models { cards: known }) =
            asker.one(Request::Models(Models::Knows { id }), out).await
        {
            cards.extend(known);
        }
    }
    cards.into_iter().filter_map(|card| Some((card.id, card.price?))).collect()
}

/// The figures under the answers: of one page each answer's, of several what they come to.
fn told(
    comparison: &Comparison,
    answers: &Answers,
    prices: &BTreeMap<ModelId, Price>,
    out: &mut Out,
) -> Result<(), End> {
    let of = |column: usize| {
        let own = answers.iter().filter(move |((_, of), _)| *of == column);
        own.filter_map(|(_, answer)| answer.as_ref().ok()?.answer.as_ref())
    };
    let price = |column: usize| prices.get(&comparison.columns[column].model);
    let columns = 0..comparison.columns.len();
    if out.json {
        return columns.into_iter().try_for_each(|column| {
            let contestant = comparison.columns[column].contestant();
            let summary = Summary::of(of(column), price(column));
            out.object(&Item::ComparedColumn { column, contestant, summary })
        });
    }
    let rows = if comparison.pages.len() == 1 {
        let ended: Vec<Option<&Answer>> = columns.map(|column| of(column).next()).collect();
        figures_of(comparison, 0, &ended, price)
    } else {
        let all: Vec<Summary> = columns.map(|column| Summary::of(of(column), price(column))).collect();
        summaries(comparison, &all)
    };
    words::ledger(rows).iter().try_for_each(|line| out.line(line))
}

/// A row for each column of a page: its figures, the best of each marked.
pub(super) fn figures_of<'a>(
    comparison: &Comparison,
    page: usize,
    answers: &[Option<&Answer>],
    price: impl Fn(usize) -> Option<&'a Price>,
) -> Vec<Vec<String>> {
    let of = |measure: fn(&Answer, Option<&Price>) -> Option<Measure>| -> Vec<Option<Measure>> {
        let each = answers.iter().enumerate();
        each.map(|(column, answer)| measure((*answer)?, price(column))).collect()
    };
    let measures = of(|answer, price| Some(Measure::of(answer, price)));
    let competing = of(Measure::of_complete);
    let best = Contest::ALL.map(|contest| contest.best(&competing));
    let head = ["", "first", "total", "tok/s", "in", "out", "cost", "end"].map(str::to_owned).to_vec();
    let row = |column: usize| {
        let measure = measures[column].unwrap_or_default();
        // What a call that failed cost nobody is told: that is no unknown price.
        let answered = answers[column].filter(|answer| !matches!(answer.outcome, Outcome::Failed { .. }));
        let mark = |contest: usize, text: String| {
            format!("{text}{}", if best[contest].contains(&column) { "*" } else { " " })
        };
        vec![
            format!("{}  {}", comparison.letter(page, column), comparison.columns[column].contestant()),
            mark(0, known(measure.first_ms, figures::milliseconds)),
            mark(1, known(measure.total_ms, figures::milliseconds)),
            mark(2, known(measure.per_second, figures::rate)),
            known(measure.input, |n| figures::grouped(n.into())),
            known(measure.output, |n| figures::grouped(n.into())),
            mark(3, answered.map_or_else(|| "–".to_owned(), |_| cost(measure.cost))),
            answers[column].map_or("failed", |answer| end(&answer.outcome)).to_owned(),
        ]
    };
    std::iter::once(head).chain(comparison.order(page).into_iter().map(row)).collect()
}

/// A row for each column: what its answers come to. It has no letter where each page gives it another one.
pub(super) fn summaries(comparison: &Comparison, all: &[Summary]) -> Vec<Vec<String>> {
    let head =
        ["", "answers", "failed", "first p50", "p95", "total p50", "p95", "tok/s", "in", "out", "cost"];
    let row = |(column, summary): (usize, &Summary)| {
        let ms = |ms| known(ms, figures::milliseconds);
        let tokens = |sum: Option<u64>| match sum {
            None if summary.answers > 0 => "?".to_owned(),
            sum => known(sum, figures::grouped),
        };
        vec![
            if comparison.is_of_one_order() {
                format!("{}  {}", comparison.letter(0, column), comparison.columns[column].contestant())
            } else {
                comparison.columns[column].contestant()
            },
            figures::grouped(summary.answers),
            figures::grouped(summary.failed),
            ms(summary.first_p50),
            ms(summary.first_p95),
            ms(summary.total_p50),
            ms(summary.total_p95),
            known(summary.per_second, figures::rate),
            tokens(summary.input),
            tokens(summary.output),
            if summary.answers == 0 { known(summary.cost, money) } else { cost(summary.cost) },
        ]
    };
    std::iter::once(head.map(str::to_owned).to_vec()).chain(all.iter().enumerate().map(row)).collect()
}

/// What is unknown is shown as unknown.
fn known<T>(figure: Option<T>, words: impl FnOnce(T) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), words)
}

/// What was answered cost something, whether anybody knows how much or not.
fn cost(dollars: Option<f64>) -> String {
    dollars.map_or_else(|| "$?".to_owned(), money)
}

/// How an answer ended, in a word.
fn end(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Streaming => "running",
        Outcome::Stopped => "stopped",
        Outcome::Interrupted => "interrupted",
        Outcome::Failed { .. } => "failed",
        Outcome::Complete { reason } => match reason {
            StopReason::MaxTokens => "max_tokens",
            StopReason::ContextFull => "context full",
            StopReason::ToolUse => "calls a tool",
            StopReason::Filtered => "filtered",
            _ => "done",
        },
    }
}

/// Done where all answered; a negative answer where some did not; the error where none did.
fn ended(answers: &Answers) -> Result<Exit, End> {
    let mut failures = answers.values().filter_map(|answer| match answer {
        Ok(message) => failure(message),
        Err(error) => Some(error),
    });
    let Some(first) = failures.next() else { return Ok(Exit::Done) };
    if failures.count() + 1 == answers.len() {
        let why = format!("every model failed; the first: {}", first.why);
        return Err(Error {
            why,
            kind: first.kind.clone(),
            doing: first.doing.clone(),
            hint: first.hint.clone(),
        }
        .into());
    }
    Ok(Exit::Negative)
}

/// Where the column of a letter stands, from the left.
pub(super) fn lettered(said: &str, columns: usize) -> Option<usize> {
    let wanted = said.trim().to_lowercase();
    (0..columns).find(|place| letter(*place).to_lowercase().to_string() == wanted)
}

/// The column of a letter, or what else is chosen.
pub(super) fn choice(said: &str, columns: usize) -> Result<crate::domain::evaluation::Choice> {
    use crate::domain::evaluation::Choice;
    match said.trim().to_lowercase().as_str() {
        "tie" | "=" => return Ok(Choice::Tie),
        "bad" | "none" => return Ok(Choice::BothBad),
        _ => {}
    }
    lettered(said, columns).map(Choice::One).ok_or_else(|| {
        let hint = format!("Choose A to {}, tie, or bad.", letter(columns.saturating_sub(1)));
        Error::new(ErrorKind::Invalid, "choosing an answer", format!("{said:?} is none of them"), hint)
    })
}
