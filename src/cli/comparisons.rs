//! `outcrop comparisons …`

use std::path::Path;

use futures_util::StreamExt;

use super::args::{ComparisonForm, Comparisons as Verb, ExportComparison};
use super::compare::{choice, failure, figures_of, prices, summaries};
use super::datasets::{bad_lines, bytes};
use super::item::Item;
use super::out::Out;
use super::{Asker, End, Exit, again, ask, export, unexpected, words};
use crate::domain::comparison::{Ballot, Column, Comparison, letter, own, turns};
use crate::domain::conversation::Thread;
use crate::domain::evaluation::Choice;
use crate::domain::evaluation::ranking::{left_apart, ranks_nobody};
use crate::domain::id::ConversationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::comparisons::{Comparisons, Form};
use crate::workbench::request::conversations::Conversations;
use crate::workbench::{Reply, Request, person};

/// The fewest digits that name a comparison: with fewer, a slip of the finger names another one.
const DIGITS: usize = 4;

pub(super) async fn comparisons(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::List { limit } => list(limit, asker, out).await?,
        Verb::Show { id, reveal, raw } => {
            out.set_raw(raw)?;
            show(&id, reveal, asker, out).await?;
        }
        Verb::Choose { id, choice, page } => choose(&id, &choice, page, asker, out).await?,
        Verb::Retry(wanted) => return again::retry(wanted, asker, out).await,
        Verb::Categorise { id, category } => categorise(&id, category, asker, out).await?,
        Verb::Leaderboard { category } => board(category, asker, out).await?,
        Verb::Import { file, skip_bad, remove } => {
            return take_in(&file, (skip_bad, remove), asker, out).await;
        }
        Verb::Export(wanted) => write(wanted, asker, out).await?,
        Verb::Remove { ids, choices, yes } => remove(&ids, choices, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

async fn list(limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let request = Comparisons::List { limit, before: None };
    let reply = asker.one(Request::Comparisons(request), out).await?;
    let Reply::Comparisons { comparisons, more } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return comparisons.iter().try_for_each(|comparison| out.object(&Item::Comparison { comparison }));
    }
    let rows: Vec<_> = comparisons.iter().map(row).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    if comparisons.is_empty() {
        out.note("nothing was compared yet; `outcrop compare -m MODEL -m MODEL PROMPT` compares")?;
    }
    if *more {
        out.note("there are more; -n 0 shows all")?;
    }
    Ok(())
}

fn row(comparison: &Comparison) -> Vec<String> {
    let name = |(column, own): (&Column, String)| format!("{} {own}", column.model).trim_end().to_owned();
    let names: Vec<_> = comparison.columns.iter().zip(own(&comparison.columns)).map(name).collect();
    vec![
        comparison.id.short(),
        words::time(comparison.created),
        words::count(comparison.columns.len() as u64, "column", "columns"),
        words::count(comparison.pages.len() as u64, "page", "pages"),
        names.join(" | "),
        comparison.title.clone(),
    ]
}

async fn show(text: &str, reveal: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let (comparison, ballots) = opened(text, asker, out).await?;
    let doing = || format!("showing the comparison {}", comparison.id.short());
    see(&comparison, &ballots, reveal, doing, asker, out).await?;
    if out.json {
        let export = Comparisons::Export { id: Some(comparison.id), form: Form::Json };
        let mut replies = asker.ask(Request::Comparisons(export));
        while let Some(reply) = replies.next().await {
            match reply? {
                Reply::Text { text } => out.json_text(&text)?,
                other => return Err(unexpected(&other)),
            }
        }
        return Ok(());
    }
    let prices = prices(&comparison, asker, out).await;
    let mut are_several = comparison.pages.len() > 1;
    for number in 0..comparison.pages.len() {
        let threads = page(&comparison, number, asker, out).await?;
        if comparison.pages.len() > 1 {
            let values =
                comparison.pages[number].values.iter().map(|(name, value)| format!("  {name}={value}"));
            out.line(&format!("══ page {}{}", number + 1, values.collect::<String>()))?;
        }
        let turns = turns(&threads);
        are_several |= turns.len() > 1;
        for turn in turns {
            if let Some(asked) = turn.asked {
                out.line("── asked")?;
                written(&asked.text(), out)?;
            }
            for (place, column) in comparison.order(number).into_iter().enumerate() {
                out.line(&format!("── {}  {}", letter(place), comparison.columns[column].contestant()))?;
                let Some(answer) = turn.answers[column] else { continue };
                written(&answer.text(), out)?;
                if let Some(error) = failure(answer) {
                    out.line(&format!("✗ {error}"))?;
                }
            }
            let answers: Vec<_> =
                turn.answers.iter().map(|message| message.and_then(|m| m.answer.as_ref())).collect();
            let rows = figures_of(&comparison, number, &answers, |column| {
                prices.get(&comparison.columns[column].model)
            });
            words::ledger(rows).iter().try_for_each(|line| out.line(line))?;
            let counts = |ballot: &&Ballot| ballot.taken_back.is_none() && ballot.is_about(&turn.answers);
            for ballot in ballots.iter().filter(counts) {
                out.line(&format!(
                    "{} chose {}",
                    who(&ballot.who),
                    comparison.chosen(number, ballot.choice)
                ))?;
            }
            out.line("")?;
        }
    }
    if are_several {
        let request = Comparisons::Summary { id: comparison.id };
        let reply = asker.one(Request::Comparisons(request), out).await?;
        let Reply::Summaries { columns } = &reply else { return Err(unexpected(&reply)) };
        words::ledger(summaries(&comparison, columns)).iter().try_for_each(|line| out.line(line))?;
    }
    Ok(())
}

async fn write(wanted: ExportComparison, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ExportComparison { id, reveal, form, output, force, raw } = wanted;
    out.set_raw(raw)?;
    if let Some(path) = &output {
        export::refuse_existing(path, force)?;
    }
    let mut file = None;
    let named = match &id {
        Some(text) => {
            let (comparison, ballots) = opened(text, asker, out).await?;
            // The battles tell of choices only.
            if form != ComparisonForm::Battles {
                let doing = || format!("writing out the comparison {}", comparison.id.short());
                see(&comparison, &ballots, reveal, doing, asker, out).await?;
            }
            Some(comparison.id)
        }
        None => None,
    };
    let form = match form {
        ComparisonForm::Markdown => Form::Markdown,
        ComparisonForm::Battles => Form::Battles,
        ComparisonForm::Json => Form::Json,
    };
    let mut replies = asker.ask(Request::Comparisons(Comparisons::Export { id: named, form }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Text { text } = &reply else { return Err(unexpected(&reply)) };
        match &output {
            Some(path) => export::write(path, &mut file, force, text)?,
            None if out.json => out.object(&reply)?,
            // Controls are escaped in JSON without a loss; Markdown has no escapes for them.
            None if matches!(form, Form::Battles | Form::Json) => out.json_text(text)?,
            None => out.text(text)?,
        }
    }
    noted(output.as_deref(), out)
}

/// Who answers is seen from here on: refused where the person has yet to choose without knowing it, unless they want it so.
pub(super) async fn see(
    comparison: &Comparison,
    ballots: &[Ballot],
    reveal: bool,
    doing: impl Fn() -> String,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let who = person(&asker.config.user);
    let Some(page) = comparison.hidden_page(ballots, &who) else { return Ok(()) };
    if !reveal {
        return Err(blind(doing(), page).into());
    }
    let look = Comparisons::Look { id: comparison.id, page: None };
    asker.one(Request::Comparisons(look), out).await?;
    out.note("who answers is seen now: what you choose in it from here on is not kept as blind")
}

fn blind(doing: String, page: usize) -> Error {
    Error::new(
        ErrorKind::Invalid,
        doing,
        format!("it is blind, and nobody has chosen on page {} yet", page + 1),
        "Choose in the Compare place (Alt+2), or show it with --reveal: choices after that are not blind.",
    )
}

fn noted(output: Option<&Path>, out: &mut Out) -> Result<(), End> {
    output.map_or(Ok(()), |path| out.note(&format!("written to {}", path.display())))
}

fn written(text: &str, out: &mut Out) -> Result<(), End> {
    out.text(text)?;
    out.end_line()
}

fn who(name: &str) -> &str {
    if name.is_empty() { "you" } else { name }
}

/// Where the page of a number stands, which counts from 1.
pub(super) fn page_at(comparison: &Comparison, number: u32, doing: &str) -> Result<usize> {
    let all = comparison.pages.len();
    (number as usize).checked_sub(1).filter(|at| *at < all).ok_or_else(|| {
        let why = format!("it has {}", words::count(all as u64, "page", "pages"));
        Error::new(ErrorKind::NotFound, doing, why, "Count from 1.")
    })
}

/// How many turns the page of a number has, which counts from 1.
pub(super) async fn turns_of(
    comparison: &Comparison,
    number: u32,
    asker: &Asker,
    out: &mut Out,
) -> Result<u32, End> {
    let at = page_at(comparison, number, "finding the turns of a page")?;
    let threads = page(comparison, at, asker, out).await?;
    Ok(u32::try_from(turns(&threads).len()).unwrap_or(u32::MAX))
}

async fn choose(text: &str, said: &str, number: u32, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let (comparison, ballots) = opened(text, asker, out).await?;
    let undoes = said.eq_ignore_ascii_case("undo");
    let choice = if undoes { None } else { Some(choice(said, comparison.columns.len())?) };
    let at = page_at(&comparison, number, "choosing an answer")?;
    let Some(choice) = choice else { return take_back(at, &ballots, asker, out).await };
    let order = comparison.order(at);
    let choice = match choice {
        Choice::One(place) => Choice::One(order[place]),
        other => other,
    };
    if comparison.hides(at, &ballots, &person(&asker.config.user)) {
        return Err(blind("choosing an answer".to_owned(), at).into());
    }
    let threads = page(&comparison, at, asker, out).await?;
    let turns = turns(&threads);
    let answers: Option<Vec<_>> = turns
        .last()
        .and_then(|turn| turn.answers.iter().map(|answer| answer.map(|message| message.id)).collect());
    let answers = answers.ok_or_else(|| {
        let why = "not every column has answered the last message";
        Error::new(ErrorKind::Invalid, "choosing an answer", why, "Ask the missing ones again first.")
    })?;
    let request = Comparisons::Choose {
        comparison: comparison.id,
        page: u32::try_from(at).unwrap_or(u32::MAX),
        answers,
        choice,
        order,
        // `show` and `list` say who answers.
        hidden: false,
    };
    let reply = asker.one(Request::Comparisons(request), out).await?;
    if out.json {
        return out.object(&reply);
    }
    // Each page of a blind one has its own letters.
    let name = match choice {
        Choice::One(column) if comparison.blind.is_some() => {
            format!(", {}", comparison.columns[column].contestant())
        }
        _ => String::new(),
    };
    out.line(&format!("kept: {}{name}", comparison.chosen(at, choice)))
}

/// What the person chose last on a page counts no more; what they chose before that does again.
async fn take_back(page: usize, ballots: &[Ballot], asker: &Asker, out: &mut Out) -> Result<(), End> {
    let who = person(&asker.config.user);
    let own =
        |ballot: &&Ballot| ballot.page as usize == page && ballot.who == who && ballot.taken_back.is_none();
    let Some(ballot) = ballots.iter().rfind(own) else {
        let (why, hint) = ("you have chosen nothing on that page", "Name another --page.");
        return Err(Error::new(ErrorKind::NotFound, "taking a choice back", why, hint).into());
    };
    let reply = asker.one(Request::Comparisons(Comparisons::TakeBack { ballot: ballot.id }), out).await?;
    if out.json { out.object(&reply) } else { out.line("taken back") }
}

async fn categorise(text: &str, category: Option<String>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let id = found(text, asker, out).await?.id;
    let reply = asker.one(Request::Comparisons(Comparisons::Categorise { id, category }), out).await?;
    let Reply::Comparison { comparison, .. } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return out.object(&Item::Comparison { comparison });
    }
    match &comparison.category {
        Some(category) => out.line(&format!("{} is about {category}", id.short())),
        None => out.line(&format!("{} is of no category", id.short())),
    }
}

async fn take_in(
    file: &Path,
    (skip_bad, remove): (bool, bool),
    asker: &Asker,
    out: &mut Out,
) -> Result<Exit, End> {
    let doing = format!("reading battles from {}", file.display());
    let request = Comparisons::TakeIn { bytes: bytes(file).await?, skip_bad, remove };
    let reply = asker.one(Request::Comparisons(request), out).await?;
    let Reply::BattlesRead { read } = &reply else { return Err(unexpected(&reply)) };
    let refused = !read.bad.is_empty() && !skip_bad;
    // The reply has them, too.
    if refused || !out.json {
        bad_lines(&read.bad, out)?;
    }
    if refused {
        let why = words::count(read.bad.len() as u64, "line is bad", "lines are bad");
        let hint = if remove {
            "Nothing was taken off; --skip-bad takes the others off."
        } else {
            "Nothing was taken in; --skip-bad takes the others in."
        };
        return Err(Error::new(ErrorKind::Invalid, doing, why, hint).into());
    }
    if out.json {
        out.object(&reply)?;
        return Ok(Exit::Done);
    }
    let battles = |many| words::count(many, "battle", "battles");
    let (done, passed) =
        if remove { ("taken off", "were not there") } else { ("taken in", "were there already") };
    let rest = if read.passed == 0 { String::new() } else { format!("; {} {passed}", battles(read.passed)) };
    out.line(&format!("{} {done}{rest}", battles(read.taken)))?;
    Ok(Exit::Done)
}

async fn board(category: Option<String>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let about = category.as_ref().map_or_else(String::new, |category| format!(" about {category:?}"));
    let reply = asker.one(Request::Comparisons(Comparisons::Leaderboard { category }), out).await?;
    if out.json {
        return out.object(&reply);
    }
    let Reply::Leaderboard { board, categories, apart, unranked } = &reply else {
        return Err(unexpected(&reply));
    };
    if *unranked > 0 {
        out.note(&ranks_nobody(*unranked))?;
    }
    if board.rows.is_empty() {
        if *unranked > 0 {
            return Ok(());
        }
        return out.note(&format!(
            "nobody has chosen{about} yet; `outcrop comparisons choose` and the Compare place do"
        ));
    }
    words::ledger(board.table()).iter().try_for_each(|line| out.line(line))?;
    let whose = "rating: Bradley and Terry's strengths as Elo points, with the interval of 95 %";
    out.note(&format!("{}; {whose}", words::count(board.battles, "battle", "battles")))?;
    if *apart > 0 {
        out.note(&left_apart(*apart))?;
    }
    for why in board.unrated().into_iter().chain(board.without_win_rates()) {
        out.note(&why)?;
    }
    if !categories.is_empty() {
        out.note(&format!("categories: {}", categories.join(", ")))?;
    }
    Ok(())
}

async fn remove(texts: &[String], choices: bool, yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut all: Vec<Comparison> = Vec::new();
    for text in texts {
        let comparison = found(text, asker, out).await?;
        // The same one may be named twice.
        if all.iter().all(|known| known.id != comparison.id) {
            all.push(comparison);
        }
    }
    let question = match all.as_slice() {
        [one] => format!("Delete the comparison “{}” with its answers?", one.title),
        several => {
            let count = words::count(several.len() as u64, "comparison", "comparisons");
            format!("Delete {count} with their answers?")
        }
    };
    ask::agreed(yes, &question, "removing comparisons").await?;
    for Comparison { id, title, .. } in all {
        let request = Comparisons::Remove { id, ballots: choices };
        let reply = asker.one(Request::Comparisons(request), out).await?;
        if out.json { out.object(&reply)? } else { out.line(&format!("removed {}  {title}", id.short()))? }
    }
    Ok(())
}

pub(super) async fn found(text: &str, asker: &Asker, out: &mut Out) -> Result<Comparison, End> {
    if text.chars().filter(|c| *c != '-').count() < DIGITS {
        let why = format!("an id takes at least {DIGITS} of its digits");
        let hint = "`outcrop comparisons list` shows the ids.";
        let doing = format!("finding the comparison {text:?}");
        return Err(Error::new(ErrorKind::Invalid, doing, why, hint).into());
    }
    match asker.one(Request::Comparisons(Comparisons::Find { text: text.to_owned() }), out).await? {
        Reply::Comparison { comparison, .. } => Ok(comparison),
        other => Err(unexpected(&other)),
    }
}

/// The same, unless the person has yet to choose in it without knowing who answers.
pub(super) async fn seen(text: &str, asker: &Asker, out: &mut Out) -> Result<Comparison, End> {
    let (comparison, ballots) = opened(text, asker, out).await?;
    let doing = || format!("taking answers from the comparison {}", comparison.id.short());
    see(&comparison, &ballots, false, doing, asker, out).await?;
    Ok(comparison)
}

pub(super) async fn opened(
    text: &str,
    asker: &Asker,
    out: &mut Out,
) -> Result<(Comparison, Vec<Ballot>), End> {
    let id = found(text, asker, out).await?.id;
    match asker.one(Request::Comparisons(Comparisons::Open { id }), out).await? {
        Reply::Comparison { comparison, ballots } => Ok((comparison, ballots)),
        other => Err(unexpected(&other)),
    }
}

async fn thread(id: ConversationId, asker: &Asker, out: &mut Out) -> Result<Thread, End> {
    match asker.one(Request::Conversations(Conversations::Open { id }), out).await? {
        Reply::Thread { thread } => Ok(thread),
        other => Err(unexpected(&other)),
    }
}

/// The conversations of one page, in the order of the columns.
pub(super) async fn page(
    comparison: &Comparison,
    number: usize,
    asker: &Asker,
    out: &mut Out,
) -> Result<Vec<Thread>, End> {
    let mut threads = Vec::new();
    for lane in &comparison.pages[number].lanes {
        threads.push(thread(*lane, asker, out).await?);
    }
    Ok(threads)
}
