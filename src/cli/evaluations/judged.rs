//! The items of an evaluation by number, and one of them: its question, whose answers it has, what raters said of it, what was decided.

use std::collections::HashMap;

use super::{Asker, End, Evaluations, Item as Line, Out, unexpected, words};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::report::in_words;
use crate::domain::evaluation::report::words::skipped;
use crate::domain::evaluation::vote::{Said, Value};
use crate::domain::evaluation::{Item, ItemHash, Metric, ResponseId, TaskDefinition, Vote};
use crate::workbench::{Reply, Request};

/// Items that are asked for at a time.
const PAGE: u32 = 1024;

/// Every item: its number, its id where all answers to it are there, how its question begins.
pub(super) async fn list(evaluation: &Evaluation, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let id = evaluation.id;
    for from in (0..evaluation.items).step_by(PAGE as usize) {
        let request = Request::Evaluations(Evaluations::Items { id, from, limit: PAGE });
        let reply = asker.one(request, out).await?;
        let Reply::EvaluationItems { items } = &reply else { return Err(unexpected(&reply)) };
        if out.json {
            items.iter().try_for_each(|item| out.object(&Line::Numbered { item }))?;
            continue;
        }
        let digits = evaluation.items.to_string().len();
        for item in items {
            let name = item.id.as_ref().map_or_else(|| "no answer".to_owned(), |id| format!("{:.12}", id.0));
            out.line(&format!("{:>digits$}  {name:<12}  {}", item.number, item.question))?;
        }
    }
    Ok(())
}

pub(super) async fn show(
    evaluation: &Evaluation,
    item: String,
    version: Option<u32>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let request = Evaluations::Judged { id: evaluation.id, item: ItemHash(item), version };
    let reply = asker.one(Request::Evaluations(request), out).await?;
    let Reply::JudgedItem { item, votes, decisions } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return out.object(&reply);
    }
    let hash = item.hash();
    let of = |response: &str| ResponseId::of(evaluation.seed, &hash, response);
    let sources: HashMap<ResponseId, String> =
        item.responses.iter().map(|response| (of(&response.model), response.model.clone())).collect();
    out.line(&format!("item {:.12}", hash.0))?;
    texts(item, out)?;
    part(&words::count(votes.len() as u64, "vote", "votes"), out)?;
    let task = evaluation.version(version.unwrap_or(evaluation.task.version));
    let said = |vote: &Vote, metric: &str, value: &Value| match value {
        // Of the answers as they stood before that rater.
        Value::Preference(point) => {
            let name =
                |at: usize| vote.shown.get(at).and_then(|id| sources.get(id)).map_or("?", String::as_str);
            let of = task.and_then(|task| task.metric(metric));
            let points = of.and_then(Metric::points).unwrap_or_default();
            let said = of.map_or_else(|| point.to_string(), |of| of.numbered(*point));
            format!("{said} (1 is {}, {points} is {})", name(0), name(1))
        }
        value => {
            let of = task.and_then(|task| task.metric(metric));
            in_words(value, of, vote.shown.len(), |id| name(&sources, id))
        }
    };
    let mut rows = Vec::new();
    for vote in votes {
        let who = if vote.repeat { format!("{}, again", vote.rater) } else { vote.rater.clone() };
        let comment = vote.comment.as_ref().map_or_else(String::new, |comment| format!("; {comment}"));
        match &vote.said {
            Said::Values(values) => rows.extend(values.iter().map(|(metric, value)| {
                vec![who.clone(), metric.clone(), format!("{}{comment}", said(vote, metric, value))]
            })),
            Said::Skipped(why) => {
                rows.push(vec![who, "skipped".to_owned(), format!("{}{comment}", skipped(*why))]);
            }
            Said::Withdrawn => {}
        }
    }
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    decided(decisions, task, &sources, out)
}

fn name<'a>(sources: &'a HashMap<ResponseId, String>, id: &ResponseId) -> &'a str {
    sources.get(id).map_or("?", String::as_str)
}

fn part(name: &str, out: &mut Out) -> Result<(), End> {
    out.line("")?;
    out.line(&format!("-- {name}"))
}

fn texts(item: &Item, out: &mut Out) -> Result<(), End> {
    for turn in &item.turns {
        part(turn.role.as_str(), out)?;
        out.text(&turn.text)?;
        out.end_line()?;
    }
    let reference = item.reference.iter().map(|text| ("reference", text));
    let answers = item.responses.iter().map(|response| (response.model.as_str(), &response.text));
    for (name, text) in reference.chain(answers) {
        part(name, out)?;
        out.text(text)?;
        out.end_line()?;
    }
    Ok(())
}

fn decided(
    decisions: &[Decision],
    task: Option<&TaskDefinition>,
    sources: &HashMap<ResponseId, String>,
    out: &mut Out,
) -> Result<(), End> {
    if decisions.is_empty() {
        return Ok(());
    }
    part("decided", out)?;
    let standing = Decision::standing(decisions);
    let rows = decisions.iter().map(|decision| {
        let stands = standing.iter().any(|other| other.id == decision.id);
        let of = task.and_then(|task| task.metric(&decision.metric));
        let value = in_words(&decision.value, of, sources.len(), |id| name(sources, id));
        let value = if stands { value } else { format!("{value} (replaced)") };
        vec![decision.by.clone(), decision.metric.clone(), value, decision.reason.clone()]
    });
    words::table(&rows.collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))
}
