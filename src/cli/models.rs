//! `outcrop models …`

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::args::Models as Verb;
use super::item::Item;
use super::out::Out;
use super::progress::Progress;
use super::{Asker, End, Exit, ask, unexpected, words};
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId, Price, dollars};
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::pull::{Checked, PullPlan, PullStep};
use crate::domain::rerank::Relevance;
use crate::domain::settings::Settings;
use crate::domain::tried::Tried;
use crate::domain::vector;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::models::Models;
use crate::workbench::{Reply, Request};

/// Columns of what keeps a model from being asked, in a list.
const STATE: usize = 48;

pub(super) async fn models(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::List { probe, all } => list(probe, all, asker, out).await?,
        Verb::Show { model } => {
            let reply = asker.one(Request::Models(Models::Show { id: model.parse()? }), out).await?;
            let Reply::Models { cards } = &reply else { return Err(unexpected(&reply)) };
            cards.iter().try_for_each(|card| show(card, out))?;
        }
        Verb::Pull { model, yes, force } => {
            let id = model.map_or_else(|| Ok(asker.config.model.clone()), |model| model.parse())?;
            pull(id, yes, force, asker, out).await?;
        }
        Verb::Add { file, name } => {
            let file = std::path::absolute(&file)
                .map_err(|why| Error::io(format!("finding {}", file.display()), &why))?;
            fetch(Models::Add { file, name }, asker, out).await?;
        }
        Verb::Embed { model, text } => {
            let id = model.map_or_else(|| Ok(asker.config.model.clone()), |model| model.parse())?;
            embed(id, text, asker, out).await?;
        }
        Verb::Rerank { model, question, text } => rerank(model.parse()?, question, text, asker, out).await?,
        Verb::Remove { model, yes } => {
            let id: ModelId = model.parse()?;
            let doing = format!("removing {id}");
            if !yes {
                there(&id, &doing, asker, out).await?;
            }
            ask::agreed(yes, &format!("Delete the files of {id}?"), &doing).await?;
            let reply = asker.one(Request::Models(Models::Remove { id: id.clone() }), out).await?;
            if out.json { out.object(&reply)? } else { out.line(&format!("removed {id}"))? }
        }
    }
    Ok(Exit::Done)
}

/// One line a text; with --json one object a text, and then how it went.
async fn embed(id: ModelId, texts: Vec<String>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let texts = given(texts, format!("embedding with {id}")).await?;
    let request = Models::Embed { id: id.clone(), texts: texts.clone() };
    let mut replies = asker.ask(Request::Models(request));
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::Delta { event: Event::Embeddings { vectors } } => {
                for (text, vector) in texts.iter().zip(&vectors) {
                    if out.json {
                        out.object(&Item::Vector { model: &id, text, vector })?;
                    } else {
                        out.line(&vector::words(vector))?;
                    }
                }
            }
            Reply::Delta { event: Event::Notice { text } } => out.note(&text)?,
            Reply::Delta { .. } => {}
            reply @ Reply::Tried { .. } if out.json => out.object(&reply)?,
            Reply::Tried { tried } => tell_taken(&tried, out)?,
            other => return Err(unexpected(&other)),
        }
    }
    Ok(())
}

/// One line a text, the best first; with --json one object a text, and then how it went.
async fn rerank(
    id: ModelId,
    query: String,
    texts: Vec<String>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let texts = given(texts, format!("reranking with {id}")).await?;
    let request = Models::Rerank { id: id.clone(), query, texts: texts.clone() };
    let mut replies = asker.ask(Request::Models(request));
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::Delta { event: Event::Reranked { results, .. } } => {
                for Relevance { index, score } in results {
                    let Some(text) = texts.get(index) else { continue };
                    if out.json {
                        out.object(&Item::Ranked { model: &id, text, index, score })?;
                    } else {
                        out.line(&format!("{score:.4}  {text}"))?;
                    }
                }
            }
            Reply::Delta { event: Event::Notice { text } } => out.note(&text)?,
            Reply::Delta { .. } => {}
            reply @ Reply::Tried { .. } if out.json => out.object(&reply)?,
            Reply::Tried { tried } => tell_taken(&tried, out)?,
            other => return Err(unexpected(&other)),
        }
    }
    Ok(())
}

/// The texts of the command line, or one a line of the standard input.
async fn given(mut texts: Vec<String>, doing: String) -> Result<Vec<String>, End> {
    if texts.is_empty() || texts == ["-"] {
        let input = super::prompt::read_input().await?;
        texts = input.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    }
    if texts.is_empty() {
        let hint = "Write it after the command, or pipe it in, one a line.";
        return Err(Error::new(ErrorKind::Invalid, doing, "there is no text", hint).into());
    }
    Ok(texts)
}

/// What it took, as far as that is known.
fn tell_taken(tried: &Tried, out: &mut Out) -> Result<(), End> {
    let read = tried.usage.input.map(|read| words::count(read.into(), "token", "tokens"));
    let cost = tried.cost.map(|cost| format!("about ${cost:.6}"));
    let parts: Vec<_> = read.into_iter().chain(cost).collect();
    if parts.is_empty() { Ok(()) } else { out.note(&parts.join(", ")) }
}

fn is_absent(card: &ModelCard) -> bool {
    card.availability == Availability::NotPulled && !card.removable
}

/// That the model is there is checked before anybody is asked whether it is to go.
async fn there(id: &ModelId, doing: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    match asker.one(Request::Models(Models::Show { id: id.clone() }), out).await {
        Err(End::Error(error)) if error.kind == ErrorKind::NotFound => {
            Err(Error { doing: doing.to_owned(), ..error }.into())
        }
        Ok(Reply::Models { cards }) if cards.iter().all(is_absent) => Err(Error::new(
            ErrorKind::NotFound,
            doing,
            "it is not on this machine",
            "`outcrop models list` shows those that are; --yes deletes what an unfinished fetch may have left.",
        )
        .into()),
        // What else is wrong the removal says.
        _ => Ok(()),
    }
}

async fn list(probe: bool, beyond: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut replies = asker.ask(Request::Models(Models::List { probe }));
    let (mut kept, mut all) = (Vec::new(), Vec::new());
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::Lists { lists } => kept = lists,
            Reply::Models { cards } => all = cards,
            other => return Err(unexpected(&other)),
        }
    }
    if beyond {
        match asker.one(Request::Models(Models::Keyless), out).await? {
            Reply::Models { cards } => all.extend(cards),
            other => return Err(unexpected(&other)),
        }
    }
    let now = words::now();
    if out.json {
        return all.iter().try_for_each(|card| {
            let list = kept.iter().find(|list| list.provider == card.id.provider());
            let listed = list.and_then(|list| list.listed);
            let age_ms = listed.map(|listed| now.since(listed));
            let error = list.and_then(|list| list.error.as_ref());
            out.object(&Item::Listed { card, listed, age_ms, error })
        });
    }
    let rows: Vec<_> = all
        .iter()
        .map(|card| {
            vec![
                card.id.to_string(),
                match &card.successor {
                    Some(successor) => format!("retired, now {successor}"),
                    None => words::cut(&availability(card), STATE),
                },
                card.context.map_or_else(
                    || "?".to_owned(),
                    |context| words::count(context.into(), "token", "tokens"),
                ),
                cost(card),
                card.detail.clone(),
            ]
        })
        .collect();
    for line in words::table(&rows) {
        out.line(&line)?;
    }
    if let Some(note) = dated(&all) {
        out.note(&note)?;
    }
    for list in kept.iter().filter(|list| !list.is_fresh(now)) {
        if list.is_unasked() {
            out.note(&format!("{}: its models were never asked for; --probe asks", list.provider))?;
        }
        let Some(age) = list.age(now) else { continue };
        let more = match &list.error {
            Some(error) => format!("; asked now: {}", error.why),
            None => "; --probe asks again".to_owned(),
        };
        out.note(&format!("{}: {age}{more}", list.provider))?;
    }
    Ok(())
}

fn availability(card: &ModelCard) -> String {
    match &card.availability {
        Availability::Ready => "ready".to_owned(),
        Availability::Catalogued => "in the catalogue, not listed yet".to_owned(),
        Availability::NotPulled => "not fetched".to_owned(),
        Availability::Unusable { why } => format!("unusable: {why}"),
    }
}

/// Room on the disk; of one that is not here what is fetched, which may be packed.
fn size(card: &ModelCard) -> Option<String> {
    let to_fetch = if card.availability == Availability::NotPulled { " to fetch" } else { "" };
    card.bytes.map(|bytes| format!("{}{to_fetch}", words::bytes(bytes)))
}

/// What it takes: room on the disk, or money for a million tokens in and out, for a picture or for a search.
fn cost(card: &ModelCard) -> String {
    if let Some(size) = size(card) {
        return size;
    }
    if card.id.is_local() {
        return "–".to_owned();
    }
    let of = |part: fn(&Price) -> Option<f64>, what: &str| {
        let dollars = card.price.as_ref().and_then(part).map(dollars)?;
        Some(format!("~{dollars} {what}"))
    };
    let parts = [
        of(|p| p.input, "in"),
        of(|p| p.output, "out"),
        of(|p| p.image, "a picture"),
        of(|p| p.search, "a search"),
    ];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    if known.is_empty() { "?".to_owned() } else { known.join(", ") }
}

/// That the prices are estimates, and of when.
fn dated(cards: &[ModelCard]) -> Option<String> {
    let priced = cards.iter().filter(|card| card.bytes.is_none() && !card.id.is_local());
    let days: BTreeSet<_> = priced.filter_map(|card| Some(card.price.as_ref()?.as_of.as_str())).collect();
    // What the person's configuration says has no day.
    let of = match (days.iter().find(|day| !day.is_empty())?, days.last()?) {
        (first, last) if first == last => (*first).to_owned(),
        (first, last) => format!("{first} to {last}"),
    };
    Some(format!("~ marks prices, in US dollars for a million tokens: estimates of {of}"))
}

/// Several capabilities in words.
fn listed(capabilities: &[Capability]) -> Option<String> {
    let names: Vec<_> = capabilities.iter().copied().map(Capability::as_str).collect();
    Some(names.join(", ")).filter(|names| !names.is_empty())
}

fn show(card: &ModelCard, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Model { card });
    }
    let mut rows = vec![
        vec!["model".to_owned(), card.id.to_string()],
        vec!["title".to_owned(), card.title.clone()],
        vec!["state".to_owned(), availability(card)],
    ];
    let mut row = |name: &str, value: Option<String>| {
        rows.extend(value.filter(|value| !value.is_empty()).map(|value| vec![name.to_owned(), value]));
    };
    let known = |value: Option<String>| Some(value.unwrap_or_else(|| "unknown".to_owned()));
    let tokens = |count: Option<u32>| count.map(|count| words::count(count.into(), "token", "tokens"));
    row("can", known(listed(&card.capabilities)));
    row("taken for", card.guess.map(|guess| format!("{}, by its name: nobody says it", guess.as_str())));
    row("cannot", listed(&card.lacks));
    row("not sent", LeftOut::listed(&card.unsent));
    row("drawn with", card.defaults.as_ref().and_then(Settings::all_said));
    row("context", known(tokens(card.context)));
    row("longest answer", known(tokens(card.max_output)));
    // A model of this machine has no price.
    if !card.id.is_local() {
        row("price", known(card.price.as_ref().map(ToString::to_string)));
    }
    row("made of", card.base.clone());
    row("regions", Some(card.regions.join(", ")));
    row("licence", card.licence.clone());
    row("to fetch", card.unchecked().map(str::to_owned));
    row("size", size(card));
    row("detail", Some(card.detail.clone()));
    words::table(&rows).iter().try_for_each(|line| out.line(line))
}

async fn pull(id: ModelId, yes: bool, force: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    if !force && let Some(card) = ready(&id, asker, out).await {
        out.note(&format!("{id} is here already; --force fetches it again"))?;
        return made(&card, out);
    }
    let reply = asker.one(Request::Models(Models::Plan { id: id.clone() }), out).await?;
    let Reply::Plan { plan } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        out.object(&reply)?;
    } else {
        tell(plan);
    }
    ask::agreed(yes, "Fetch it?", &format!("fetching {id}")).await?;
    fetch(Models::Pull { id }, asker, out).await
}

/// The model's card, if it can be asked now.
async fn ready(id: &ModelId, asker: &Asker, out: &mut Out) -> Option<ModelCard> {
    match asker.one(Request::Models(Models::Show { id: id.clone() }), out).await {
        Ok(Reply::Models { cards }) => {
            cards.into_iter().find(|card| card.availability == Availability::Ready)
        }
        // What is wrong with it, fetching tells or mends.
        _ => None,
    }
}

/// The last line of fetching and adding.
fn made(card: &ModelCard, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Model { card });
    }
    out.line(&format!("{} is {}", card.id, availability(card)))
}

fn tell(plan: &PullPlan) {
    let mut rows = vec![
        vec!["model".to_owned(), format!("{} ({})", plan.title, plan.id)],
        vec!["licence".to_owned(), plan.licence.clone()],
        vec!["size".to_owned(), plan.size().unwrap_or_else(|| "unknown".to_owned())],
        vec!["to".to_owned(), plan.to.clone()],
    ];
    for (i, source) in plan.sources.iter().enumerate() {
        rows.push(vec![if i == 0 { "from" } else { "or from" }.to_owned(), source.clone()]);
    }
    if plan.sources.iter().any(|source| source.contains("unpinned")) {
        let all = match plan.checked {
            Checked::Here | Checked::Partly => "what comes from a source so marked",
            Checked::There | Checked::Nowhere => "what comes",
        };
        rows.push(vec![
            "unpinned".to_owned(),
            format!("{all} cannot be checked: its digest is not known beforehand"),
        ]);
    }
    for line in words::table(&rows) {
        super::out::say(&line);
    }
}

/// Shows the steps of fetching or converting, then the card.
async fn fetch(request: Models, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut replies = asker.ask(Request::Models(request));
    let mut progress = Progress::new(out.json);
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        match &reply {
            Reply::Models { cards } => {
                progress.clear();
                cards.iter().try_for_each(|card| made(card, out))?;
            }
            _ if out.json => out.object(&reply)?,
            Reply::Pulling { step } => tell_step(step, &mut progress),
            Reply::Progress { what, done, total } => progress.show(what, *done, *total),
            other => return Err(unexpected(other)),
        }
    }
    Ok(())
}

fn tell_step(step: &PullStep, progress: &mut Progress) {
    match step {
        PullStep::Trying { source, starts_over: true } => {
            progress.step(&format!("from {source}, which starts over when it is stopped"));
        }
        PullStep::Trying { source, .. } => progress.step(&format!("from {source}")),
        PullStep::Fetching { done, total, resumed, per_second } => {
            let what = if *resumed > 0 { "fetching the rest" } else { "fetching" };
            progress.bytes(what, *done, *total, *per_second);
        }
        PullStep::SourceFailed { source, why } => progress.step(&format!("{source} failed: {why}")),
        PullStep::Checking => progress.step("checking the digest"),
        PullStep::Converting { done, total } => progress.bytes("converting", *done, Some(*total), None),
    }
}
