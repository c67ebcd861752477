//! What is told over the place: how long spans of each name take, what looks wrong.

use super::open::Open;
use super::words::{called, took};
use super::{State, Wait};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::latency::Latency;
use crate::domain::trace::lint::Finding;
use crate::domain::untrusted::{brief, safe_line};
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::paint::columns;
use crate::tui::trace::Trace;
use crate::tui::widget::spark::spark;
use crate::tui::widget::text::fit;
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// From so many columns on all that is known is told, and from so many on most of it.
const ALL: u16 = 96;
const MOST: u16 = 70;
/// Columns that a name has at least.
const NAME: u16 = 12;
/// Spans of a run in which what was said is looked through: of a longer one its rows tell what they can.
const LONGEST: usize = 20_000;
/// Names that a finding tells.
const NAMED: usize = 5;
/// Columns that a name takes there at most.
const SHORT: usize = 60;

impl State {
    /// Asks how long the spans of each name take.
    pub(super) fn ask_latencies(&mut self, desk: &mut Desk<'_>) {
        let Some(id) = self.open.as_ref().map(Open::id) else { return };
        let task = desk.call(Some(Lane("trace.stats")), Request::Traces(Traces::Stats { id }));
        self.instead(|wait| *wait == Wait::Latencies);
        self.wait(task, Wait::Latencies);
    }

    /// They have come.
    pub(super) fn show_latencies(latencies: &[Latency], desk: &mut Desk<'_>) {
        let mut lines = Line::table(&table(latencies, Reading::room(desk.area)));
        lines.push(Line::blank());
        let about = "Self is the time in which no span below ran. Of fewer than 100 spans a percentile is one that was \
                     measured (nearest rank), of more it lies between two, as NumPy reckons it. Spans that run still are not \
                     among them.";
        lines.push(Line::of(about, Role::Muted));
        let reading = Reading::new("How long spans take", lines);
        desk.overlays.push(Overlay::Reading(Box::new(reading)));
    }

    /// Asks what looks wrong in a run that has ended, what was said in it read as well.
    pub(super) fn ask_what_is_wrong(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = self.open.as_mut() else { return };
        open.wrong = None;
        let short = open.laid.as_ref().is_some_and(|laid| laid.len() <= LONGEST);
        if open.run.running > 0 || !short {
            return;
        }
        let id = open.id();
        let task = desk.call(Some(Lane("traces.lints")), Request::Traces(Traces::Lints { id }));
        self.instead(|wait| *wait == Wait::Lints);
        self.wait(task, Wait::Lints);
    }

    /// It is known.
    pub(super) fn take_findings(&mut self, found: Vec<Finding>, desk: &mut Desk<'_>) {
        if let Some(open) = &mut self.open {
            open.wrong = Some(found);
        }
        self.rest(desk);
    }

    /// Tells what looks wrong.
    pub(super) fn show_findings(&self, desk: &mut Desk<'_>) {
        let Some(open) = &self.open else { return };
        let mut lines: Vec<Line> =
            open.damaged.iter().map(|place| Line::of(&format!("✗ {place}"), Role::Bad)).collect();
        lines.extend(open.laid.as_ref().map(|laid| findings(laid, open.findings())).unwrap_or_default());
        let reading = Reading::new("What looks wrong", lines);
        desk.overlays.push(Overlay::Reading(Box::new(reading)));
    }
}

/// A name on one line.
fn name_of(name: &str) -> String {
    safe_line(called(name)).into_owned()
}

/// A row a name, as much of it as there is room for.
fn table(latencies: &[Latency], room: u16) -> Vec<Vec<String>> {
    let head = ["name", "kind", "spans", "errors", "p50", "p90", "p99", "longest", "self", "0 to longest"];
    let shown: &[usize] = match room {
        ALL.. => &[1, 2, 3, 4, 5, 6, 7, 8, 9],
        MOST.. => &[2, 3, 4, 5, 7, 8],
        _ => &[2, 4, 5, 7],
    };
    let row = |of: &Latency| {
        let shape: Vec<Option<f64>> = of.shape.iter().map(|spans| Some(f64::from(*spans))).collect();
        [
            name_of(&of.name),
            of.kind.as_str().to_owned(),
            grouped(of.spans as u64),
            grouped(of.errors as u64),
            took(of.p50),
            took(of.p90),
            of.p99.map_or_else(|| "–".to_owned(), took),
            took(of.longest),
            took(of.own),
            spark(&shape, 8, f64::max),
        ]
    };
    let rows: Vec<[String; 10]> =
        std::iter::once(head.map(str::to_owned)).chain(latencies.iter().map(row)).collect();
    let wide = |at: &usize| rows.iter().map(|row| columns(&row[*at])).max().unwrap_or(0) + 2;
    let taken: u16 = shown.iter().map(wide).sum();
    let name = usize::from(room.saturating_sub(taken).max(NAME));
    let cut = |row: &[String; 10]| {
        let name = fit(&row[0], name).into_owned();
        std::iter::once(name).chain(shown.iter().map(|at| row[*at].clone())).collect()
    };
    rows.iter().map(cut).collect()
}

/// Each in a sentence, then the names of its spans: one that many have stands once.
fn findings(trace: &Trace, found: &[Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (at, finding) in found.iter().enumerate() {
        if at > 0 {
            lines.push(Line::blank());
        }
        lines.push(Line::of(&format!("! {}", finding.says), Role::Warn));
        let mut names: Vec<(&str, u64)> = Vec::new();
        let mut others = 0;
        for name in finding.rows.iter().map(|row| trace.name(*row)) {
            if let Some((_, spans)) = names.iter_mut().find(|(known, _)| *known == name) {
                *spans += 1;
            } else if names.len() < NAMED {
                names.push((name, 1));
            } else {
                others += 1;
            }
        }
        let told = |(name, spans): (&str, u64)| {
            let name = brief(&name_of(name), SHORT);
            if spans > 1 { format!("{name} ×{}", grouped(spans)) } else { name }
        };
        let mut named: Vec<String> = names.into_iter().map(told).collect();
        if others > 0 {
            named.push(format!("and {}", count(others, "other", "others")));
        }
        if !named.is_empty() {
            lines.push(Line::of(&named.join(" · "), Role::Muted));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::Kind;
    use crate::domain::trace::latency::Method;

    #[test]
    fn a_table_of_times_is_as_wide_as_there_is_room_and_its_names_give_way() {
        let latency = |name: &str| Latency {
            kind: Kind::Model,
            name: name.to_owned(),
            spans: 1_284,
            errors: 3,
            total: 9,
            own: 4_820_000_000,
            method: Method::Linear,
            p50: 150_000_000,
            p90: 4_820_000_000,
            p99: None,
            longest: 185_000_000_000,
            shape: [0, 1, 2, 3, 4, 5, 6, 7],
        };
        let latencies = [latency("chat\n手引き"), latency(&"a name that goes on and on ".repeat(9))];
        for (room, shown) in [(52, 5), (74, 7), (106, 10)] {
            let rows = table(&latencies, room);
            assert!(rows.iter().all(|row| row.len() == shown && !row[0].contains('\n')), "{room}");
            let wide = |at: usize| rows.iter().map(|row| columns(&row[at])).max().unwrap();
            let taken: u16 = (0..shown).map(wide).sum::<u16>() + 2 * (shown as u16 - 1);
            assert!(taken <= room && rows[2][0].ends_with('…'), "{taken} of {room}: {rows:?}");
        }
        assert_eq!(table(&latencies, 106)[1][6..], ["–", "3 min 5 s", "4.82 s", "▁▁▂▃▅▆▇█"]);
    }
}
