//! Retrieval measured by a file of questions, by the settings that are on the screen.

use super::{State, Wait};
use crate::domain::knowledge::quality::{Mean, Measured, Quality};
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::event::Contents;
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::paint::meter;
use crate::workbench::Request;
use crate::workbench::request::knowledge::{Knowledge, Setting};

/// The largest file of questions, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// So many hits count.
const K: u32 = 10;
/// Columns of a bar from 0 to 1.
const BAR: u16 = 24;

impl State {
    /// Reads the file of that path.
    pub(super) fn measure_by(&mut self, path: String, desk: &mut Desk<'_>) {
        let Some(id) = self.open.as_ref().map(|open| open.id) else { return };
        self.file = Some((path.clone(), id));
        desk.ask(Effect::ReadFile { path, most: LARGEST });
    }

    /// The file is here: its questions are asked.
    pub fn file_read(&mut self, path: &str, read: &Result<Contents>, desk: &mut Desk<'_>) {
        let Some((_, id)) = self.file.take_if(|(asked, _)| asked == path) else { return };
        let text = match read {
            Ok(Contents(bytes)) => String::from_utf8(bytes.clone()).map_err(|_| {
                let doing = format!("reading {path}");
                Error::new(ErrorKind::Invalid, doing, "it is no UTF-8 text", "Write it anew as UTF-8.")
            }),
            Err(error) => Err(error.clone()),
        };
        let questions = match text {
            Ok(text) => text,
            Err(error) => return desk.complain(&error),
        };
        let Some(open) = self.open.as_ref().filter(|open| open.id == id) else { return };
        let setting = |column: &super::Column| Setting {
            mode: column.tuning.mode,
            filter: column.tuning.filter.clone(),
            threshold: column.tuning.threshold,
            rerank: column.tuning.rerank.clone(),
        };
        let settings = open.columns.iter().map(setting).collect();
        let request = Knowledge::Measure { id, questions, settings, k: K };
        let task = desk.call(None, Request::Knowledge(request));
        self.measured = Some((0, 0));
        self.wait(task, Wait::Measure);
    }

    /// Shows what it came to.
    pub(super) fn show_quality(&mut self, quality: &Quality, desk: &mut Desk<'_>) {
        self.measured = None;
        let reading = Reading::new("How good retrieval is", lines(quality));
        desk.overlays.push(Overlay::Reading(Box::new(reading)));
    }
}

/// What each setting is called: of those that would be called alike, such as by two filters, the number too.
fn names(quality: &Quality) -> Vec<String> {
    let words: Vec<String> = quality.settings.iter().map(|measured| measured.setting.words()).collect();
    let alike = |name: &String| words.iter().filter(|other| *other == name).count() > 1;
    let called = |(number, name): (usize, &String)| {
        if alike(name) { format!("{number} {name}") } else { name.clone() }
    };
    (1..).zip(&words).map(called).collect()
}

/// A table with a row a setting, a chart with a bar a setting for each figure, and what the figures are.
fn lines(quality: &Quality) -> Vec<Line> {
    let k = quality.k;
    let head =
        ["", "hit rate", &format!("recall@{k}"), "MRR", &format!("nDCG@{k}")].map(str::to_owned).to_vec();
    let names = names(quality);
    let row = |said: fn(Mean) -> String| {
        move |(name, measured): (&String, &Measured)| {
            let mut row = vec![name.clone()];
            row.extend([measured.hit_rate, measured.recall, measured.mrr, measured.ndcg].map(said));
            row
        }
    };
    let settings = || names.iter().zip(&quality.settings);
    let means = settings().map(row(|mean| format!("{:.3}", mean.mean)));
    let bounds = settings().map(row(|mean| format!("{:.2}–{:.2}", mean.low, mean.high)));
    let mut lines = Line::table(&std::iter::once(head.clone()).chain(means).collect::<Vec<_>>());
    lines.push(Line::blank());
    let mut below = head.clone();
    "95 %".clone_into(&mut below[0]);
    lines.extend(Line::table(&std::iter::once(below).chain(bounds).collect::<Vec<_>>()));
    lines.push(Line::blank());
    let means: [fn(&Measured) -> Mean; 4] =
        [|one| one.hit_rate, |one| one.recall, |one| one.mrr, |one| one.ndcg];
    // The last one tells most, so it comes first.
    for (at, (figure, mean)) in head.iter().skip(1).zip(means).rev().enumerate() {
        // Each is read alone.
        if at > 0 {
            lines.push(Line::blank());
        }
        lines.push(Line::of(figure, Role::Muted));
        for (name, measured) in settings() {
            let mean = mean(measured).mean;
            let text = format!("{:<24} {mean:.3} {name}", meter(mean, BAR));
            lines.push(Line::of(&text, Role::Info));
        }
    }
    lines.push(Line::blank());
    let missed = |(name, measured): (&String, &Measured)| {
        let none = measured.questions.iter().filter(|scored| scored.first.is_none()).count();
        format!("{name}: nothing right for {none} of {} questions", quality.questions)
    };
    lines.extend(settings().map(|setting| Line::of(&missed(setting), Role::Text)));
    lines.extend(
        quality.settings.iter().filter_map(Measured::remark).map(|remark| Line::of(&remark, Role::Warn)),
    );
    lines.push(Line::blank());
    let about = format!(
        "Of the first {k} hits of each question. 95\u{a0}%: of the bootstrap over the questions. `outcrop kb evaluate` \
         measures all settings in one go and writes them as JSON."
    );
    lines.push(Line::of(&about, Role::Muted));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::quality::{Scored, Setting};
    use crate::domain::knowledge::ranking::Mode;
    use crate::domain::knowledge::reranking::Reranking;

    #[test]
    fn settings_that_would_be_called_alike_have_their_number() {
        let measured = |mode| {
            let setting = Setting { mode, filter: None, threshold: None, rerank: Reranking::Off };
            Measured::of(setting, vec![Scored { first: None, recall: 0.0, ndcg: 0.0 }], None, 7)
        };
        let called = |modes: &[Mode]| {
            names(&Quality { k: 10, questions: 1, settings: modes.iter().copied().map(measured).collect() })
        };
        assert_eq!(called(&[Mode::Hybrid, Mode::Semantic]), ["hybrid", "semantic"]);
        assert_eq!(called(&[Mode::Hybrid, Mode::Hybrid]), ["1 hybrid", "2 hybrid"]);
    }
}
