//! The card of one span: what it was, how it ended, what it took; then what was said in it, its settings, the tools that were
//! offered, what was thought of it, and all of it as it came.
//!
//! ```text
//!  Card::of(run, row, findings, rest)      the head, from rows that are there
//!      take(span, contents) | failed(error)  the answer to Traces::Span { id, row }
//!      note(notes)                           the answer to Traces::Notes { id }
//!      asked_again(often)                    from the answer to Traces::Replays { id }
//!      renew(run, findings)                  the row has changed: a live run
//!  show(tab) | turn(steps) | think()       what is shown of it
//!  fit(area), scroll(steps, area), …       in update; draw(area, look, focused, cells) in view
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::raw;
use super::said::{self, offered, score};
use super::sheet::{Part, Room, Sheet, line};
use super::words::{called, cost, dollars, ended, failed_of, sign, summed, tokens, took};
use crate::domain::Error;
use crate::domain::trace::aligned::Run;
use crate::domain::trace::contents::Contents;
use crate::domain::trace::lint::{Finding, Lint};
use crate::domain::trace::{Kind, Mark, Note, Outline, Row, SpanKey, TraceSpan, failing};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, first_parts, put, put_right};
use crate::tui::widget::text::Ink;

/// Rows over the sheet, and below how many rows only one of them is left.
const HEAD: u16 = 3;
const LOW: u16 = 8;

/// What of a span is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Said,
    Settings,
    Tools,
    Scores,
    Raw,
}

impl Tab {
    pub(super) const ALL: [Self; 5] = [Self::Said, Self::Settings, Self::Tools, Self::Scores, Self::Raw];
}

/// What is known without the span itself.
#[derive(Debug, Clone, PartialEq)]
struct Head {
    id: SpanKey,
    is_root: bool,
    name: String,
    kind: Kind,
    /// How it ended: a sign, a word, a colour.
    ended: (&'static str, &'static str, Role),
    running: bool,
    /// Time, tokens, cost.
    figures: String,
    /// Who answered: provider, model, agent, why it stopped.
    who: String,
    failed: Option<String>,
    /// The span below it that it failed of, and what that says; of a run that came to its end what failed in it first.
    cause: Option<String>,
    /// What is odd about it, and what lints say.
    odd: Vec<String>,
}

/// The span itself.
#[derive(Debug, Clone, PartialEq)]
enum Whole {
    Awaited,
    Failed(Error),
    There(Box<(TraceSpan, Contents)>),
}

/// The card.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Card {
    row: u32,
    head: Head,
    whole: Whole,
    /// The span has ended since it was read.
    outdated: bool,
    notes: Vec<Note>,
    /// How often it was asked again, and what shows that; empty where it never was.
    again: String,
    tab: Tab,
    /// The person chose the tab.
    chosen: bool,
    thoughts: bool,
    /// What leads to all of a text that is cut: "e exports all of it".
    rest: String,
    sheet: Sheet,
}

impl Card {
    /// The card of a row. The row must be one of the run's.
    pub(super) fn of(run: Run<'_>, row: u32, findings: &[Finding], rest: String) -> Self {
        let mut card = Self {
            row,
            head: head(run, row, findings),
            whole: Whole::Awaited,
            outdated: false,
            notes: Vec::new(),
            again: String::new(),
            tab: Tab::Said,
            chosen: false,
            thoughts: false,
            rest,
            sheet: Sheet::default(),
        };
        card.build();
        card
    }

    pub(super) fn row(&self) -> u32 {
        self.row
    }

    /// The same row has changed. Whether its span has ended with that: what was said in it is to be read anew, and what was
    /// known of it stays in sight until then.
    pub(super) fn renew(&mut self, run: Run<'_>, findings: &[Finding]) -> bool {
        let head = head(run, self.row, findings);
        let ended = self.head.running && !head.running;
        self.outdated |= ended;
        self.head = head;
        self.build();
        ended
    }

    /// The span is to be read, for the first time or anew.
    pub(super) fn lacks(&self) -> bool {
        self.outdated || self.whole().is_none()
    }

    /// The span has come.
    pub(super) fn take(&mut self, span: TraceSpan, contents: Contents) {
        self.whole = Whole::There(Box::new((span, contents)));
        self.outdated = false;
        if !self.chosen {
            // Of what says nothing that is known here, what it came with is of use.
            self.tab = if self.has(Tab::Said) { Tab::Said } else { Tab::Raw };
        }
        self.build();
    }

    /// It could not be read.
    pub(super) fn failed(&mut self, error: Error) {
        self.whole = Whole::Failed(error);
        self.outdated = false;
        self.build();
    }

    /// The notes of its run: those on this span stay, those on the run as a whole stand on its root.
    pub(super) fn note(&mut self, notes: &[Note]) {
        let is_its = |note: &&Note| match note.span {
            Some(span) => span == self.head.id,
            None => self.head.is_root,
        };
        self.notes = notes.iter().filter(is_its).cloned().collect();
        self.build();
    }

    /// It was asked again, in words.
    pub(super) fn asked_again(&mut self, often: String) {
        if self.again != often {
            self.again = often;
            self.build();
        }
    }

    /// The span with what was said in it, once it is there.
    pub(super) fn whole(&self) -> Option<(&TraceSpan, &Contents)> {
        match &self.whole {
            Whole::There(whole) => Some((&whole.0, &whole.1)),
            Whole::Awaited | Whole::Failed(_) => None,
        }
    }

    pub(super) fn tab(&self) -> Tab {
        self.tab
    }

    /// Shows another part of it, from its beginning.
    pub(super) fn show(&mut self, tab: Tab) {
        if self.tab != tab {
            (self.tab, self.chosen) = (tab, true);
            self.sheet = Sheet::default();
            self.build();
        }
    }

    /// The next tab that has something, or the one before.
    pub(super) fn turn(&mut self, back: bool) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let count = Tab::ALL.len();
        let step = |by: usize| Tab::ALL[(at + if back { count - by } else { by }) % count];
        if let Some(tab) = (1..count).map(step).find(|tab| self.has(*tab)) {
            self.show(tab);
        }
    }

    /// Shows what was thought before an answer, or folds it again.
    pub(super) fn think(&mut self) {
        self.thoughts = !self.thoughts;
        self.build();
    }

    /// What the shown part says, for the clipboard.
    pub(super) fn says(&self) -> String {
        self.sheet.says()
    }

    fn has(&self, tab: Tab) -> bool {
        match tab {
            Tab::Raw => self.whole().is_some(),
            Tab::Said => {
                let Head { failed, cause, odd, running, .. } = &self.head;
                // What is said in one that goes on is still to come.
                self.count(tab) > 0 || *running || failed.is_some() || cause.is_some() || !odd.is_empty()
            }
            Tab::Settings | Tab::Tools | Tab::Scores => self.count(tab) > 0,
        }
    }

    fn count(&self, tab: Tab) -> usize {
        let Some((span, contents)) = self.whole() else { return 0 };
        match tab {
            Tab::Said => said::things(contents),
            Tab::Settings => contents.parameters.0.len(),
            Tab::Tools => contents.offered.len(),
            Tab::Scores => contents.scores.len() + self.notes.len(),
            Tab::Raw => span.attributes.0.len(),
        }
    }

    fn build(&mut self) {
        let mut parts = Vec::new();
        let mut room = Room::new(&self.rest);
        if self.tab == Tab::Said {
            self.told(&mut parts);
        }
        match &self.whole {
            Whole::Awaited => parts.push(line("reading …", Role::Faint)),
            Whole::Failed(error) => {
                let said = format!("✗ {error}");
                parts.push(Part::Flow { runs: vec![(said, Ink::of(Role::Bad))], inset: 0 });
            }
            Whole::There(whole) => self.body(&whole.0, &whole.1, &mut room, &mut parts),
        }
        self.sheet.change(parts);
    }

    /// What is told of it by its row.
    fn told(&self, parts: &mut Vec<Part>) {
        let mut flow = |text: String, role| {
            parts.push(Part::Flow { runs: vec![(text, Ink::of(role))], inset: 0 });
        };
        let (sign, _, role) = self.head.ended;
        if let Some(failed) = &self.head.failed {
            // What says that it failed of something may have come to its end all the same.
            let (sign, role) = if role == Role::Warn { (sign, role) } else { ("✗", Role::Bad) };
            flow(format!("{sign} {failed}"), role);
        }
        if let Some(cause) = &self.head.cause {
            flow(format!("✗ in {cause}"), Role::Bad);
        }
        for odd in &self.head.odd {
            flow(format!("! {odd}"), Role::Warn);
        }
        if !self.again.is_empty() {
            flow(format!("⑂ {}", self.again), Role::Info);
        }
        if !self.head.who.is_empty() {
            flow(self.head.who.clone(), Role::Muted);
        }
    }

    fn body(&self, span: &TraceSpan, contents: &Contents, room: &mut Room<'_>, parts: &mut Vec<Part>) {
        let nothing = |parts: &mut Vec<Part>, text: &str| {
            parts.push(Part::Flow { runs: vec![(text.to_owned(), Ink::of(Role::Faint))], inset: 0 });
        };
        match self.tab {
            Tab::Said => {
                said::all(contents, self.thoughts, room, parts);
                if said::things(contents) == 0 {
                    nothing(parts, "Nothing that was said in it is told.");
                }
            }
            Tab::Settings => {
                raw::attributes(&contents.parameters, 0, room, parts);
                if contents.parameters.is_empty() {
                    nothing(
                        parts,
                        "No settings are told: those of the model's provider held, as far as is known.",
                    );
                }
            }
            Tab::Tools => {
                offered(&contents.offered, room, parts);
                if contents.offered.is_empty() {
                    nothing(parts, "No tools were offered, as far as is told.");
                }
            }
            Tab::Scores => {
                for told in &contents.scores {
                    score(told, "", room, parts);
                }
                for note in &self.notes {
                    score(&note.score(), &note.by, room, parts);
                }
                if contents.scores.is_empty() && self.notes.is_empty() {
                    nothing(parts, "Nobody has scored it or noted anything on it.");
                }
            }
            Tab::Raw => raw::all(span, &contents.unread, room, parts),
        }
    }

    /// Sets what is in sight; to be called whenever the area may have changed.
    pub(super) fn fit(&mut self, area: Rect) {
        self.sheet.fit(below(area));
    }

    /// Scrolls; `false` where that is the end.
    pub(super) fn scroll(&mut self, steps: isize, area: Rect) -> bool {
        self.sheet.scroll(steps, below(area))
    }

    pub(super) fn go_first(&mut self) {
        self.sheet.go_first();
    }

    pub(super) fn go_last(&mut self, area: Rect) {
        self.sheet.go_last(below(area));
    }

    /// Draws it.
    pub(super) fn draw(&self, area: Rect, look: &Look, focused: bool, cells: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let head = &self.head;
        let right = area.right();
        if focused {
            put(cells, area.x, area.y, area.x + 1, "▌", look.style(Role::Accent));
        }
        let (glyph, word, role) = head.ended;
        let end = format!("{glyph} {word}");
        let end = if area.width < 30 { glyph } else { end.trim() };
        let margin = right.saturating_sub(1);
        let edge = put_right(cells, area.x + 2, area.y, margin, end, look.style(role)).saturating_sub(1);
        let (glyph, role) = sign(head.kind);
        let x = put(cells, area.x + 2, area.y, edge, glyph, look.style(role));
        let name = look.style(Role::Text).add_modifier(Modifier::BOLD);
        let x = put(cells, x + 1, area.y, edge, &head.name, name);
        let x = put(cells, x + 2, area.y, edge, head.kind.as_str(), look.style(Role::Faint));
        let opinion = opinion(&self.notes);
        if area.height < LOW {
            put(cells, x + 2, area.y, edge, &opinion, look.style(Role::Good));
        } else {
            let x = put(cells, area.x + 2, area.y + 1, right, &opinion, look.style(Role::Good));
            let x = if opinion.is_empty() { x } else { x + 2 };
            let figures = first_parts(&head.figures, right.saturating_sub(x));
            put(cells, x, area.y + 1, right, figures, look.style(Role::Muted));
            let room = area.width.saturating_sub(2);
            self.tabs(Rect { x: area.x + 2, y: area.y + 2, width: room, height: 1 }, look, cells);
        }
        self.sheet.draw(below(area), look, cells);
    }

    /// The names of its parts; those that say nothing are faint, or not there where they would lead or there is little room.
    fn tabs(&self, area: Rect, look: &Look, cells: &mut Buffer) {
        let named = |tab: Tab, counted: bool| {
            let name = self.name(tab);
            match self.count(tab) {
                0 => name.to_owned(),
                _ if !counted => name.to_owned(),
                count => format!("{name} {count}"),
            }
        };
        // A sign before each and a blank behind it, but for the last.
        let wide: u16 = Tab::ALL.iter().map(|tab| columns(&named(*tab, true)) + 2).sum();
        let roomy = wide <= area.width.saturating_add(1);
        let mut x = area.x;
        for tab in Tab::ALL {
            let is_shown = tab == self.tab;
            // Nothing was said in many: what leads is what there is.
            if (!roomy || tab == Tab::Said) && !is_shown && !self.has(tab) {
                continue;
            }
            let role = match (is_shown, self.has(tab)) {
                (true, _) => Role::Accent,
                (false, true) => Role::Text,
                (false, false) => Role::Faint,
            };
            // A sign, so that no colour is needed.
            let mark = if is_shown { "▸" } else { " " };
            x = put(cells, x, area.y, area.right(), mark, look.style(Role::Accent));
            x = put(cells, x, area.y, area.right(), &named(tab, roomy), look.style(role)) + 1;
        }
    }

    fn name(&self, tab: Tab) -> &'static str {
        match tab {
            Tab::Said => match self.head.kind {
                Kind::Tool => "Call",
                Kind::Retrieval | Kind::Rerank | Kind::Memory => "Passages",
                _ => "Messages",
            },
            Tab::Settings => "Settings",
            Tab::Tools => "Tools",
            Tab::Scores => "Scores",
            Tab::Raw => "Raw",
        }
    }
}

/// What people think of it: the last score of theirs, or that something is noted; empty where nothing is.
fn opinion(notes: &[Note]) -> String {
    match notes.iter().rev().find_map(|note| note.said.grade.as_ref()) {
        Some(grade) => format!("★ {}", grade.words()),
        None if notes.is_empty() => String::new(),
        None => "★ noted".to_owned(),
    }
}

/// What is left for the sheet.
fn below(area: Rect) -> Rect {
    let head = if area.height < LOW { 1 } else { HEAD }.min(area.height);
    let left = 2.min(area.width);
    Rect { x: area.x + left, y: area.y + head, width: area.width - left, height: area.height - head }
}

fn head(run: Run<'_>, at: u32, findings: &[Finding]) -> Head {
    let Run { outline, tree, rollups } = run;
    let row = &outline.rows[at as usize];
    let text = |symbol| outline.names.get(symbol);
    let sum = rollups.get(at);
    // That it runs stands over it.
    let mut figures: Vec<String> = (!row.is_running()).then(|| took(tree.duration(at))).into_iter().collect();
    let (from, to) = tree.shown(at);
    if !row.is_running() && to - from != row.duration() {
        figures.push(format!("{} of it within its parent", took(to - from)));
    }
    let own = tree.own_time(at);
    if own != tree.duration(at) {
        figures.push(format!("self {}", took(own)));
    }
    figures.extend(row.first.map(|first| format!("first {}", took(first))));
    let spent = if row.kind.is_inference() { tokens(&row.usage) } else { summed(&sum) };
    let paid = match row.dollars.filter(|_| row.kind.is_inference()) {
        Some(amount) if row.is_told => format!("{} told", dollars(amount)),
        Some(amount) => dollars(amount),
        None if row.kind.is_inference() && row.tokens().is_some() => "$?".to_owned(),
        None => cost(&sum),
    };
    figures.extend([spent, paid].into_iter().filter(|part| !part.is_empty()));
    figures.extend(row.pace().map(|pace| format!("{pace:.0} ms/tok")));
    let finish = text(row.finish);
    let stopped = if finish.is_empty() { String::new() } else { format!("stopped by {finish}") };
    let tool = Some(text(row.tool)).filter(|_| row.kind != Kind::Tool).unwrap_or_default();
    let who =
        [text(row.provider), text(row.model), text(row.agent), tool, stopped.as_str(), text(row.service)];
    let who: Vec<&str> = who.into_iter().filter(|part| !part.is_empty()).collect();
    let is_root = tree.roots().first() == Some(&at);
    let cause = if row.is_error() {
        Some(failing::cause(outline, tree, at))
    } else if is_root && sum.errors > 0 {
        failing::of_run(outline, tree)
    } else {
        None
    };
    let below = cause.filter(|cause| *cause != at).map(|cause| &outline.rows[cause as usize]);
    let cause = below.map(|below| {
        let parts = [called(text(below.name)).to_owned(), failed_of(outline, below)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    });
    // Nothing is odd about one that goes on.
    let marks = tree.marks(at).iter().filter(|mark| *mark != Mark::Running);
    let odd = marks.map(Mark::says).map(str::to_owned);
    // A price that nobody knows stands among the figures.
    let of_it = |finding: &&Finding| finding.lint != Lint::UnknownPrice && finding.rows.contains(&at);
    let lints = findings.iter().filter(of_it).map(|finding| finding.says.clone());
    Head {
        id: SpanKey(row.id),
        is_root,
        name: called(text(row.name)).to_owned(),
        kind: row.kind,
        ended: ended(outline, row),
        running: row.is_running(),
        figures: figures.join(" · "),
        who: who.join(" · "),
        failed: own_failure(outline, row, below),
        cause,
        odd: odd.chain(lints).collect(),
    }
}

/// What a row says of its failure; `None` where that is no more than what is said below it, of which it failed.
fn own_failure(outline: &Outline, row: &Row, below: Option<&Row>) -> Option<String> {
    let failed = failed_of(outline, row);
    match (failed.as_str(), below) {
        ("", None) => row.is_error().then(|| "failed".to_owned()),
        ("", Some(_)) => None,
        (failed, Some(below)) if failed == failed_of(outline, below) => None,
        // The words went up from there; the word for it may be another.
        (_, Some(below)) if row.words == below.words && !row.words.is_none() => {
            // That it gave up stands before all of this.
            let told = row.error.is_none() || row.error == below.error || outline.gave_up(row);
            (!told).then(|| outline.names.get(row.error).to_owned())
        }
        (failed, _) if outline.gave_up(row) => Some(format!("gave up: {failed}")),
        (failed, _) => Some(failed.to_owned()),
    }
}

#[cfg(test)]
mod tests;
