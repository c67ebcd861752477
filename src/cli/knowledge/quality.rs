//! `outcrop kb evaluate`

use futures_util::StreamExt;
use unicode_width::UnicodeWidthStr;

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

/// Columns of a bar from 0 to 1, and of the figure behind it.
const BAR: usize = 30;
const FIGURE: usize = 6;

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
    let columns = words::columns();
    for line in figures(quality, columns) {
        out.line(&line)?;
    }
    out.line("")?;
    for line in bars(quality, columns) {
        out.line(&line)?;
    }
    for remark in quality.settings.iter().filter_map(Measured::remark) {
        out.note(&safe_line(&remark))?;
    }
    let questions = count(quality.questions.into(), "question", "questions");
    let first = grouped(quality.k.into());
    out.note(&format!(
        "{questions}, the first {first} hits of each; in brackets 95 % of the bootstrap over questions"
    ))
}

/// The figures of each setting in so many columns: in a row, else with the intervals in a row of their own, else one below the other.
fn figures(quality: &Quality, columns: usize) -> Vec<String> {
    let k = quality.k;
    let names = ["hit rate", &format!("recall@{k}"), "MRR", &format!("nDCG@{k}")].map(str::to_owned);
    let of = |one: &Measured| [one.hit_rate, one.recall, one.mrr, one.ndcg];
    let row = |name: String, cells: [String; 4]| [vec![name], cells.to_vec()].concat();
    let head = || row(String::new(), names.clone());
    let whole = |one: &Measured| {
        row(one.setting.words(), of(one).map(|mean| format!("{} {}", value(mean), interval(mean))))
    };
    let parted = |one: &Measured| {
        [row(one.setting.words(), of(one).map(value)), row(String::new(), of(one).map(interval))]
    };
    let rows = std::iter::once(head()).chain(quality.settings.iter().map(whole)).collect::<Vec<_>>();
    let two = std::iter::once(head()).chain(quality.settings.iter().flat_map(parted)).collect::<Vec<_>>();
    let fits = |lines: &Vec<String>| lines.iter().all(|line| line.width() <= columns);
    if let Some(lines) = [rows, two].iter().map(|rows| words::table(rows)).find(fits) {
        return lines;
    }
    let block = |one: &Measured| {
        let cells = names.iter().zip(of(one));
        let rows: Vec<_> =
            cells.map(|(name, mean)| vec![format!("  {name}"), value(mean), interval(mean)]).collect();
        [words::folded(&one.setting.words(), columns, 2), words::table(&rows)].concat()
    };
    quality.settings.iter().flat_map(block).collect()
}

/// The nDCG of each setting as a bar, below what it is.
fn bars(quality: &Quality, columns: usize) -> Vec<String> {
    let mut lines = vec![format!("nDCG@{}", quality.k)];
    let names: Vec<_> = quality.settings.iter().map(|one| one.setting.words()).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    // A blank, and the figure; two before it.
    let beside = columns.saturating_sub(widest + 2 + FIGURE);
    let alone = beside < BAR / 3;
    let room = if alone { columns.saturating_sub(2 + FIGURE) } else { beside }.min(BAR);
    for (name, measured) in names.iter().zip(&quality.settings) {
        let mean = measured.ndcg.mean;
        let full = (mean * room as f64).round() as usize;
        let bar: String = (0..room).map(|at| if at < full { '█' } else { '░' }).collect();
        if alone {
            lines.extend(words::folded(name, columns, 2));
            lines.push(format!("  {bar} {mean:.3}"));
        } else {
            let pad = " ".repeat(widest - name.width());
            lines.push(format!("{name}{pad}  {bar} {mean:.3}"));
        }
    }
    lines
}

fn value(mean: Mean) -> String {
    format!("{:.3}", mean.mean)
}

fn interval(mean: Mean) -> String {
    format!("({:.3}–{:.3})", mean.low, mean.high)
}

/// The whole id of a passage.
pub(super) fn passage(id: &str) -> Result<PassageId> {
    id.parse::<PassageId>().map_err(|error| Error {
        why: "it is no id of a passage".to_owned(),
        hint: "Give its 32 hexadecimal digits: `outcrop kb chunks BASE DOCUMENT` shows them.".to_owned(),
        ..error
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::ranking::Mode;

    fn quality() -> Quality {
        let mean = |mean: f64| Mean { mean, low: mean - 0.2, high: mean };
        let measured = |mode, score| Measured {
            setting: Setting { mode, filter: None, threshold: None, rerank: Reranking::default() },
            hit_rate: mean(1.0),
            recall: mean(1.0),
            mrr: mean(0.708),
            ndcg: mean(score),
            questions: Vec::new(),
            unranked: None,
        };
        let settings = vec![measured(Mode::Keyword, 0.5), measured(Mode::Semantic, 1.0)];
        Quality { k: 10, questions: 4, settings }
    }

    #[test]
    fn figures_and_bars_fit_the_terminal_and_no_number_is_broken() {
        for columns in [40, 60, 80, 120, usize::MAX] {
            let lines = [figures(&quality(), columns), bars(&quality(), columns)].concat();
            assert!(lines.iter().all(|line| line.width() <= columns), "{columns}: {lines:#?}");
            let all = lines.join("\n");
            for told in ["hit rate", "recall@10", "nDCG@10", "0.708", "(0.508–0.708)", "keyword", "semantic"]
            {
                assert!(all.contains(told), "{columns}: {told}: {all}");
            }
        }
    }

    #[test]
    fn intervals_give_way_to_a_row_of_their_own_and_bars_say_what_they_are() {
        assert_eq!(figures(&quality(), 120).len(), 3, "a row a setting");
        assert_eq!(figures(&quality(), 80).len(), 5, "and one for the intervals");
        let narrow = figures(&quality(), 60);
        assert_eq!(narrow[..2], ["keyword", "  hit rate   1.000  (0.800–1.000)"]);
        let drawn = bars(&quality(), 80);
        assert_eq!(drawn[0], "nDCG@10");
        assert_eq!(drawn[1], format!("keyword   {}{} 0.500", "█".repeat(15), "░".repeat(15)));
    }
}
