//! `outcrop eval create`

use super::super::args::CreateEvaluation;
use super::super::compare::column;
use super::{Asker, End, Evaluations, Exit, Out, Running, ask, evaluation, task_of, told, unexpected, words};
use crate::domain::evaluation::job::{Estimate, Evaluation, Plan, Source};
use crate::domain::evaluation::queue::can_repeat;
use crate::domain::evaluation::{Method, Metric, TaskDefinition};
use crate::domain::usage::budget::money;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::{Reply, Request};

pub(super) async fn create(
    wanted: CreateEvaluation,
    asker: &Asker,
    running: &Running,
    out: &mut Out,
) -> Result<Exit, End> {
    let plan = plan(&wanted, asker, out).await?;
    let asks = plan.sources.iter().any(|source| source.column.is_some());
    if asks {
        let request = Evaluations::Estimate { plan: plan.clone() };
        let reply = asker.one(Request::Evaluations(request), out).await?;
        let Reply::Estimate { estimate } = &reply else { return Err(unexpected(&reply)) };
        if out.json {
            out.object(&reply)?;
        } else {
            estimated(estimate, out)?;
        }
        if wanted.run {
            let calls = words::count(estimate.calls, "answer", "answers");
            let doing = format!("asking for the answers of {:?}", wanted.name);
            ask::agreed(wanted.yes, &format!("Ask for {calls} now?"), &doing).await?;
        }
    }
    let evaluation = evaluation(Evaluations::Create { plan }, asker, out).await?;
    let items = words::count(evaluation.items.into(), "item", "items");
    let names: Vec<_> = evaluation.sources.iter().map(|source| source.name.as_str()).collect();
    told(&evaluation, &format!("made, {items}, answers of {}", names.join(" | ")), out)?;
    for lack in &evaluation.lacking {
        out.note(&format!("{} left out: no answer to item {}", lack.source, lack.item + 1))?;
    }
    without_repeats(&evaluation, out)?;
    let name = words::in_shell(evaluation.name());
    match (asks, wanted.run) {
        (true, true) => return running.run(evaluation, asker, out).await,
        (true, false) => out.note(&format!("`outcrop eval run {name}` asks for the answers"))?,
        (false, _) => out.note(&format!("`outcrop eval rate {name} --rater NAME` rates them"))?,
    }
    Ok(Exit::Done)
}

/// Says so where items were to come again and none can.
pub(super) fn without_repeats(evaluation: &Evaluation, out: &mut Out) -> Result<(), End> {
    let items = evaluation.items as usize;
    if evaluation.task.repeats > 0 && !can_repeat(items) {
        let items = words::count(items as u64, "item", "items");
        out.note(&format!("nothing will come again unannounced: with {items} it would be noticed"))?;
    }
    Ok(())
}

async fn plan(wanted: &CreateEvaluation, asker: &Asker, out: &mut Out) -> Result<Plan, End> {
    let (mut task, known) = match &wanted.task {
        Some(file) => task_of(file, &wanted.name, asker, out).await?,
        None => (TaskDefinition::named(&wanted.name), Vec::new()),
    };
    task.name.clone_from(&wanted.name);
    if !wanted.metric.is_empty() {
        task.metrics = wanted.metric.iter().map(|said| metric(said)).collect::<Result<_>>()?;
    }
    wanted.labels.iter().try_for_each(|said| label(said, &mut task.metrics))?;
    if let Some(instructions) = &wanted.instructions {
        task.instructions.clone_from(instructions);
    }
    task.raters_per_item = wanted.raters.unwrap_or(task.raters_per_item);
    task.repeats = wanted.repeats.unwrap_or(task.repeats);
    task.blinding.sides &= !wanted.sight.fixed_sides;
    task.blinding.models &= !wanted.sight.show_names;
    task.blinding.self_naming |= wanted.sight.mask_names;
    let asked = wanted.model.iter().map(|said| {
        let column = column(said, wanted.system.as_ref(), &wanted.set, &asker.config)?;
        Ok(Source { name: column.contestant(), column: Some(column) })
    });
    let brought = wanted.responses.iter().map(|name| Ok(Source { name: name.clone(), column: None }));
    Ok(Plan {
        task,
        dataset: wanted.dataset.clone(),
        sources: asked.chain(brought).collect::<Result<_>>()?,
        known,
        limit: wanted.limit,
    })
}

/// A metric as it is said: `NAME=METHOD[:DESCRIPTION]`.
fn metric(said: &str) -> Result<Metric> {
    let wrong = |why: String, hint: String| {
        Err(Error::new(ErrorKind::Invalid, format!("reading --metric {said}"), why, hint))
    };
    let Some((name, rest)) = said.split_once('=') else {
        let why = "it is not of the form name=method".to_owned();
        return wrong(why, "Write it like --metric \"Tone=likert:How kind is it?\".".to_owned());
    };
    let (method, description) = rest.split_once(':').unwrap_or((rest, ""));
    let Some(method) = Method::meant(method.trim()) else {
        return wrong(format!("{:?} is no method", method.trim()), format!("There are {}.", Method::words()));
    };
    let (name, description) = (name.trim().to_owned(), description.trim().to_owned());
    Ok(Metric { name, description, method, labels: Vec::new() })
}

/// The words of a metric as they are said: `NAME=WORD,WORD…`.
fn label(said: &str, metrics: &mut [Metric]) -> Result<()> {
    let wrong = |why: String, hint: String| {
        Err(Error::new(ErrorKind::Invalid, format!("reading --labels {said}"), why, hint))
    };
    let Some((name, words)) = said.split_once('=') else {
        let why = "it is not of the form name=word,word".to_owned();
        return wrong(why, "Write it like --labels \"Tone=rude,plain,kind\".".to_owned());
    };
    let name = name.trim();
    let names: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
    let Some(metric) = metrics.iter_mut().find(|metric| metric.name == name) else {
        let hint = match names.as_slice() {
            [] => "Name what is rated with --metric NAME=METHOD.".to_owned(),
            names => format!("There are {}.", names.join(", ")),
        };
        return wrong(format!("no metric is called {name:?}"), hint);
    };
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    metric.labels = words.map(str::to_owned).collect();
    Ok(())
}

/// What the answers may cost, before anything is sent.
fn estimated(estimate: &Estimate, out: &mut Out) -> Result<(), End> {
    let mut cost: Vec<String> =
        estimate.dollars.iter().map(|dollars| estimate.at_most(&money(*dollars))).collect();
    if !estimate.unpriced.is_empty() {
        cost.push(format!("no price is known of {}", estimate.unpriced.join(", ")));
    }
    let rows = [
        ("to ask", words::count(estimate.calls, "answer", "answers")),
        ("in", format!("about {} tokens", words::grouped(estimate.input_tokens))),
        ("out", estimate.at_most(&format!("{} tokens", words::grouped(estimate.output_tokens)))),
        ("cost", cost.join("; ")),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_a_name_a_method_and_perhaps_what_it_asks() {
        let known = metric("Tone = likert: How kind: very?").unwrap();
        let said = (known.name.as_str(), known.method, known.description.as_str());
        assert_eq!(said, ("Tone", Method::IndividualLikertScale, "How kind: very?"));
        assert_eq!(metric("a=ComparisonRank").unwrap().method, Method::ComparisonRank);
        let mut both = [known, metric("b=choice").unwrap()];
        label("b = A better, B better,same , neither", &mut both).unwrap();
        assert_eq!(both[1].labels, ["A better", "B better", "same", "neither"]);
        assert_eq!(label("c=x", &mut both).unwrap_err().hint, "There are Tone, b.");
        assert!(label("b", &mut both).unwrap_err().why.contains("form"));
        assert!(metric("a").unwrap_err().why.contains("form"));
        assert!(metric("a=stars").unwrap_err().hint.contains("thumbs, likert"));
    }
}
