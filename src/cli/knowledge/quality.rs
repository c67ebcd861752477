//! `outcrop kb evaluate`

use futures_util::StreamExt;

use super::{found, mode, reranking};
use crate::cli::args::{EvaluateBase, SearchMode};
use crate::cli::out::Out;
use crate::cli::progress::Progress;
use crate::cli::{Asker, End, words};
use crate::domain::figures::{count, grouped};
use crate::domain::id::PassageId;
use crate::domain::knowledge::quality::{Mean, Measured, Quality};
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::knowledge::{Knowledge, Reranking, Setting};
use crate::workbench::{Reply, Request};

/// Columns of a bar from 0 to 1.
const BAR: usize = 30;

pub(super) async fn evaluate(wanted: EvaluateBase, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let EvaluateBase { name, questions, mode: modes, k, filter, threshold, rerank, candidates } = wanted;
    let doing = || format!("reading {}", questions.display());
    let bytes = std::fs::read(&questions).map_err(|why| Error::io(doing(), &why))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let why = "it is no UTF-8 text";
        Error::new(ErrorKind::Invalid, doing(), why, "Write it anew as UTF-8.")
    })?;
    let modes = match modes.as_slice() {
        [] => vec![SearchMode::Keyword, SearchMode::Semantic, SearchMode::Hybrid],
        named => named.to_vec(),
    };
    let rerankings = match rerank.as_slice() {
        [] => vec![reranking::wished(None, None)?],
        named => {
            let wished = |model: &String| reranking::wished(Some(model), candidates);
            named.iter().map(wished).collect::<Result<_>>()?
        }
    };
    let setting = |(said, rerank): (SearchMode, &Reranking)| Setting {
        mode: mode(said),
        filter: filter.clone(),
        threshold,
        rerank: rerank.clone(),
    };
    let pairs = modes.into_iter().flat_map(|mode| rerankings.iter().map(move |rerank| (mode, rerank)));
    let settings = pairs.map(setting).collect();
    let id = found(&name, asker, out).await?.id;
    let request = Knowledge::Measure { id, questions: text, settings, k };
    let mut replies = asker.ask(Request::Knowledge(request));
    let mut progress = Progress::new(out.json);
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        match &reply {
            Reply::Measuring { done, of } => progress.show("questions", *done, Some(*of)),
            Reply::Quality { quality } => {
                progress.clear();
                if out.json {
                    out.object(&reply)?;
                } else {
                    table(quality, out)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A row a setting, then the nDCG of each as a bar.
fn table(quality: &Quality, out: &mut Out) -> Result<(), End> {
    let k = quality.k;
    let head = ["", "hit rate", &format!("recall@{k}"), "MRR", &format!("nDCG@{k}")].map(str::to_owned);
    let row = |measured: &Measured| {
        let mut row = vec![measured.setting.words()];
        row.extend([measured.hit_rate, measured.recall, measured.mrr, measured.ndcg].map(said));
        row
    };
    let rows: Vec<_> = std::iter::once(head.to_vec()).chain(quality.settings.iter().map(row)).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    out.line("")?;
    let widest = quality.settings.iter().map(|one| one.setting.words().chars().count()).max().unwrap_or(0);
    for measured in &quality.settings {
        let full = (measured.ndcg.mean * BAR as f64).round() as usize;
        let bar: String = (0..BAR).map(|at| if at < full { '█' } else { '░' }).collect();
        let name = measured.setting.words();
        out.line(&format!("{name:<widest$}  {bar} {:.3}", measured.ndcg.mean))?;
    }
    for remark in quality.settings.iter().filter_map(Measured::remark) {
        out.note(&safe_line(&remark))?;
    }
    let questions = count(quality.questions.into(), "question", "questions");
    let first = grouped(k.into());
    out.note(&format!(
        "{questions}, the first {first} hits of each; in brackets 95 % of the bootstrap over questions"
    ))
}

/// A mean with its interval.
fn said(mean: Mean) -> String {
    format!("{:.3} ({:.3}–{:.3})", mean.mean, mean.low, mean.high)
}

/// The whole id of a passage.
pub(super) fn passage(id: &str) -> Result<PassageId> {
    id.parse::<PassageId>().map_err(|error| Error {
        why: "it is no id of a passage".to_owned(),
        hint: "Give its 32 hexadecimal digits: `outcrop kb chunks BASE DOCUMENT` shows them.".to_owned(),
        ..error
    })
}
