//! `outcrop eval show`

use super::running::{failures, reasons, state};
use super::{Asker, End, Evaluations, Item, Out, found, method, unexpected, words};
use crate::domain::evaluation::job::{Evaluation, Failure, Lacking};
use crate::domain::figures::grouped;
use crate::workbench::{Reply, Request};

/// The task as a file.
pub(super) async fn task(name: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let id = found(name, asker, out).await?.id;
    let reply = asker.one(Request::Evaluations(Evaluations::WriteTask { id }), out).await?;
    if out.json {
        return out.object(&reply);
    }
    let Reply::Text { text } = &reply else { return Err(unexpected(&reply)) };
    out.text(text)?;
    out.end_line()
}

pub(super) async fn show(name: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let evaluation = found(name, asker, out).await?;
    // Those of a run before this one are asked again now.
    let failures = match evaluation.generation.total {
        0 => Vec::new(),
        _ => failures(&evaluation, asker, out).await?,
    };
    if out.json {
        out.object(&Item::Evaluation { evaluation: &evaluation })?;
        return failures.iter().try_for_each(|failure| out.object(&Item::Failure { failure }));
    }
    words::table(&rows(&evaluation, &failures)).iter().try_for_each(|line| out.line(line))?;
    out.line("")?;
    out.text(&evaluation.task.instructions)?;
    out.end_line()
}

fn rows(evaluation: &Evaluation, failures: &[Failure]) -> Vec<Vec<String>> {
    let task = &evaluation.task;
    let mut rows: Vec<Vec<String>> = Vec::new();
    // A name stands before the first of its values only.
    let mut row = |name: &str, values: Vec<String>| {
        for (at, value) in values.into_iter().enumerate() {
            rows.push(vec![if at == 0 { name.to_owned() } else { String::new() }, value]);
        }
    };
    row("evaluation", vec![format!("{}  {}", evaluation.id.short(), evaluation.name())]);
    row(
        "dataset",
        vec![format!("{}, {}", evaluation.dataset, words::count(evaluation.items.into(), "item", "items"))],
    );
    let of = |source: &crate::domain::evaluation::job::Source| {
        let how = if source.column.is_some() { "asked" } else { "brought" };
        format!("{}  ({how})", source.name)
    };
    row("answers of", evaluation.sources.iter().map(of).collect());
    let lack = |lack: &Lacking| format!("{}: no answer to item {}", lack.source, lack.item + 1);
    row("left out", evaluation.lacking.iter().map(lack).collect());
    row("answers", std::iter::once(state(evaluation)).chain(reasons(failures)).collect());
    let mut version = format!("{}, begun {}", task.version, words::time(evaluation.created));
    if !evaluation.earlier.is_empty() {
        let many = words::count(evaluation.earlier.len() as u64, "version", "versions");
        version = format!("{}, after {many} with votes", task.version);
    }
    row("version", vec![version]);
    let metrics = task.metrics.iter().map(|metric| {
        let asks =
            if metric.description.is_empty() { String::new() } else { format!(": {}", metric.description) };
        let words = if metric.labels.is_empty() {
            String::new()
        } else {
            format!("; labels: {}", metric.labels.join(", "))
        };
        format!("{} ({}: {}){asks}{words}", metric.name, metric.method.word(), method(metric.method))
    });
    row("metrics", metrics.collect());
    let each = words::count(task.raters_per_item.into(), "rater", "raters");
    let mut raters = vec![format!("{each} an item; {} of a hundred items come again", task.repeats)];
    raters.extend((!evaluation.raters.is_empty()).then(|| evaluation.who().join(", ")));
    row("raters", raters);
    let so_far = evaluation.so_far();
    let votes = so_far.map(|of| format!("{} of {}", grouped(of.votes), grouped(of.needed)));
    row("votes", votes.into_iter().collect());
    let sees = [
        if task.blinding.models { "not whose an answer is" } else { "whose an answer is" },
        if task.blinding.sides { "sides that change" } else { "the same sides always" },
    ];
    let mut sees = sees.map(str::to_owned).to_vec();
    sees.extend(task.blinding.self_naming.then(|| "names in answers masked".to_owned()));
    row("they see", vec![sees.join(", ")]);
    if !evaluation.known.is_empty() {
        let known =
            evaluation.known.iter().map(|known| format!("item {} by {}", known.item + 1, known.metric));
        row("known", vec![known.collect::<Vec<_>>().join(", ")]);
    }
    let looked = evaluation.unblinded.iter();
    row("looked", looked.map(|look| format!("{}, {}", look.by, words::time(look.at))).collect());
    rows
}
