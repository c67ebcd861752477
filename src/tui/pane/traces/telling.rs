//! What is told over the place: how long spans of each name take, what looks wrong.

use super::open::Open;
use super::words::{called, ended, failed_of, took};
use super::{State, Wait};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::latency::Latency;
use crate::domain::trace::lint::Finding;
use crate::domain::untrusted::{brief, safe_line};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::table::Table;
use crate::tui::trace::Trace;
use crate::tui::widget::spark::spark;
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// Spans of a run in which what was said is looked through: of a longer one its rows tell what they can.
const LONGEST: usize = 20_000;
/// Names that a finding tells.
const NAMED: usize = 5;
/// Columns that a name takes there at most.
const SHORT: usize = 60;
/// Spans that failed which are told, and the columns of why each did.
const FAILED: usize = 20;
const WHY: usize = 300;
/// Columns from which a table of times tells the time of spans' own.
const OWN: u16 = 70;

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
        let title = "How long spans take";
        if latencies.is_empty() {
            let lines = vec![Line::of("No span of it has ended yet.", Role::Muted)];
            desk.overlays.push(Overlay::Reading(Box::new(Reading::new(title, lines))));
            return;
        }
        let own = "Self is the time in which no span below ran, of all spans of the name together. ";
        let about = "Of fewer than 100 spans a percentile is one that was measured (nearest rank), of more it lies between \
                     two, as NumPy reckons it. Spans that run still are not among them.";
        // What is not shown is not explained.
        let own = if Reading::room(desk.area) < OWN { "" } else { own };
        let lines = vec![Line::blank(), Line::of(&format!("{own}{about}"), Role::Muted)];
        let reading = Reading::tabled(title, table(latencies), lines);
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
        if let Some(laid) = &open.laid {
            let failed = failures(laid, &desk.key(Context::Spans, Action::NextError));
            let found = findings(laid, open.findings());
            let parted = !failed.is_empty() && !found.is_empty();
            lines.extend(failed);
            lines.extend(parted.then(Line::blank));
            lines.extend(found);
            if open.has_wrong() && open.find.is_empty() {
                let next = desk.key(Context::Spans, Action::SearchNext);
                let walks = format!("{next} goes from one of these spans to the next");
                lines.extend([Line::blank(), Line::of(&walks, Role::Muted)]);
            }
        }
        let reading = Reading::new("What looks wrong", lines);
        desk.overlays.push(Overlay::Reading(Box::new(reading)));
    }
}

/// A name on one line.
fn name_of(name: &str) -> String {
    safe_line(called(name)).into_owned()
}

/// The cells beside a name that are told, by the room that there is: all that is known, most of it, what matters most.
static SHOWN: [(u16, &[usize]); 3] =
    [(96, &[1, 2, 3, 4, 5, 6, 7, 8, 9]), (OWN, &[2, 3, 4, 5, 7, 8]), (0, &[2, 4, 5, 7])];

/// A row a name.
fn table(latencies: &[Latency]) -> Table {
    let head =
        ["name", "kind", "spans", "errors", "p50", "p90", "p99", "longest", "self, all", "0 to longest"];
    let row = |of: &Latency| {
        let shape: Vec<Option<f64>> = of.shape.iter().map(|spans| Some(f64::from(*spans))).collect();
        vec![
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
    let rows = std::iter::once(head.map(str::to_owned).to_vec()).chain(latencies.iter().map(row));
    Table::new(rows.collect(), &SHOWN)
}

/// The spans in which something failed, and what each says; none that failed of one below it. The key `next` goes to them.
fn failures(trace: &Trace, next: &str) -> Vec<Line> {
    let causes = &trace.causes;
    let told = |at: &u32| {
        let row = trace.row(*at)?;
        let (sign, _, role) = ended(&trace.outline, row);
        let name = brief(&name_of(trace.name(*at)), SHORT);
        let why = brief(&safe_line(&failed_of(&trace.outline, row)), WHY);
        let says = if why.is_empty() { "nobody says why" } else { why.as_str() };
        Some(Line::of(&format!("{sign} {name}: {says}"), role))
    };
    let mut lines: Vec<Line> = causes.iter().take(FAILED).filter_map(told).collect();
    if let Some(others) = causes.len().checked_sub(FAILED).filter(|others| *others > 0) {
        lines.push(Line::of(&format!("and {}", count(others as u64, "other", "others")), Role::Muted));
    }
    if !lines.is_empty() {
        lines.push(Line::of(&format!("{next} goes to the next that failed"), Role::Muted));
    }
    lines
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
    use crate::domain::trace::latency::Method;
    use crate::domain::trace::{Facts, Kind, Outline, Packed, SpanKey, Status, TraceSpan};
    use crate::tui::paint::columns;

    #[test]
    fn what_failed_is_named_once_where_it_failed() {
        let mut outline = Outline::default();
        for (id, parent, name, words) in [
            (1, None, "invoke_agent sums", "cannot divide by zero"),
            (2, Some(1), "execute_tool calculator", "cannot divide by zero"),
            (3, Some(1), "chat m1", ""),
        ] {
            let span = TraceSpan {
                id: SpanKey(id),
                parent: parent.map(SpanKey),
                name: name.to_owned(),
                start: id,
                end: 9,
                status: if words.is_empty() { Status::Ok } else { Status::Error },
                ..TraceSpan::default()
            };
            let facts = Facts { words, ..Facts::default() };
            outline.add(&span, &facts, |_| None);
        }
        let trace = Trace::of(&[Packed::of(&outline, 0..3)]).unwrap();
        let lines: Vec<String> = failures(&trace, "]").iter().map(ToString::to_string).collect();
        let told = ["✗ execute_tool calculator: cannot divide by zero", "] goes to the next that failed"];
        assert_eq!(lines, told);
    }

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
        let table = table(&[latency("chat\n手引き"), latency(&"a name that goes on and on ".repeat(9))]);
        for (room, shown) in [(52, "p90"), (74, "self"), (106, "0 to longest")] {
            let lines: Vec<String> = table.lines(room).iter().map(ToString::to_string).collect();
            let [head, first, second] = lines.as_slice() else { panic!("{lines:?}") };
            assert!(head.contains(shown) && !first.contains('\n'), "{room}: {lines:?}");
            assert!(columns(second) <= room && second.contains('…'), "{room}: {lines:?}");
        }
        let wide = table.lines(106)[1].to_string();
        let told: Vec<&str> = wide.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect();
        assert_eq!(told[6..], ["–", "3 min 5 s", "4.82 s", "▁▁▂▃▄▅▆▇"]);
    }
}
