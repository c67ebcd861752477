//! The form of a new evaluation, and below it what its answers may cost or what is wrong with it.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::domain::evaluation::Metric;
use crate::domain::evaluation::job::Estimate;
use crate::domain::evaluation::metric::Method;
use crate::domain::figures::{count, grouped};
use crate::domain::usage::budget::money;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::Hidden;
use crate::tui::paint::{columns, more, put, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::evaluate::State;
use crate::tui::pane::evaluate::form::{Brought, Row, explained};
use crate::tui::pane::evaluate::making::{Making, Told};
use crate::tui::pane::evaluate::marks::ENDS;
use crate::tui::setup::presets::in_force;
use crate::tui::setup::view::{self as settings, Panel};

/// Rows below the form: a rule, and what is said of it. Where those leave too few to its lines, they are fewer, as many as are
/// said at least.
const FOOT: u16 = 5;
/// Columns of the names of the lines.
const NAMES: u16 = 18;

/// What stands in a line, and what is said of that.
struct Value {
    text: String,
    role: Role,
    note: String,
}

impl Making {
    /// The lines of the form, below its head.
    pub(in crate::tui::pane::evaluate) fn area(&self, body: Rect) -> Rect {
        // Which keys it names changes no row of so few.
        let said = in_lines(&says(self, ["·····", "······"]), body.width).len() as u16;
        let left = body.height.saturating_sub(1 + self.rows().len() as u16);
        let foot = FOOT.min(left.max(1 + said));
        let height = body.height.saturating_sub(1 + foot.min(body.height / 2));
        Rect { y: body.y + 1, height, ..body }
    }

    /// The first line in sight.
    fn top(&self, area: Rect) -> usize {
        (self.selected + 1).saturating_sub(usize::from(area.height))
    }

    /// The row of the screen that the selected line has.
    pub(in crate::tui::pane::evaluate) fn row_of_selected(&self, body: Rect) -> u16 {
        let area = self.area(body);
        area.y + self.selected.saturating_sub(self.top(area)) as u16
    }

    /// The line at a row of the screen.
    pub(in crate::tui::pane::evaluate) fn line_at(&self, body: Rect, y: u16) -> Option<usize> {
        let area = self.area(body);
        let at = self.top(area) + usize::from(y.checked_sub(area.y)?);
        (y < area.bottom() && at < self.rows().len()).then_some(at)
    }
}

/// Draws the form, and beside it what a model is asked with; returns the cell of the caret.
pub(super) fn draw(
    state: &State,
    making: &Making,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    let sides = making.sides(body);
    if let Some(main) = sides.main {
        lines(making, sight, main, cells);
    }
    for x in sides.rules.into_iter().flatten() {
        for y in body.top()..body.bottom() {
            put(cells, x, y, x + 1, "│", sight.look.style(Role::Rule));
        }
    }
    let panel = Panel {
        drawer: &making.drawer,
        setup: &state.form_setup(),
        standing: &state.form_standing(),
        card: state.form_setup().model.as_ref().and_then(|model| state.stock.card(model)),
        focused: true,
        of: "this model",
        asks: "It answers the items of this evaluation",
        preset: None,
        agent: None,
    };
    sides.drawer.and_then(|area| settings::draw(&panel, sight, area, cells))
}

fn lines(making: &Making, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    put(cells, body.x + 2, body.y, body.right(), "A new evaluation", look.style(Role::Accent));
    let (rows, area) = (making.rows(), making.area(body));
    let (left, right) = (area.x + 2, area.right().saturating_sub(2));
    let top = making.top(area);
    for (y, at) in (area.top()..area.bottom()).zip(top..rows.len()) {
        let selected = at == making.selected;
        let ground = if selected { look.style(Role::Selected) } else { Style::new() };
        let style = |role| ground.patch(look.style(role));
        if selected {
            tint(cells, Rect { y, height: 1, ..area }, ground);
            put(cells, area.x, y, area.x + 1, "▌", style(Role::Accent));
        }
        let name = |row| name(row, making.form.metrics.len() > 1);
        let first = at == 0 || name(rows[at - 1]) != name(rows[at]) || at == top;
        if first {
            put(cells, left, y, left + NAMES, &name(rows[at]), style(Role::Muted));
        }
        let Value { text, role, note } = value(making, sight, rows[at]);
        let x = put(cells, left + NAMES, y, right, &text, style(role));
        if !note.is_empty() && x + 2 + columns(&note) <= right {
            put(cells, x + 2, y, right, &note, style(Role::Faint));
        }
    }
    let below = rows.len().saturating_sub(top + usize::from(area.height));
    let foot = area.bottom();
    for x in area.left()..area.right() {
        put(cells, x, foot, x + 1, "─", look.style(Role::Rule));
    }
    more(Hidden { above: top, below }, (left, right), [body.y, foot], look.style(Role::Muted), cells);
    let foot = Rect { y: foot + 1, height: body.bottom().saturating_sub(foot + 1), ..body };
    told(making, sight, foot, cells);
}

/// The name of a line; those of one name stand together. Of several things that are rated each begins with its number.
fn name(row: Row, several: bool) -> Cow<'static, str> {
    Cow::Borrowed(match row {
        Row::Method(at) if several => return Cow::Owned(format!("metric {}", at + 1)),
        Row::Name => "name",
        Row::Dataset => "dataset",
        Row::Model(_) | Row::AddModel | Row::Brought(_) => "answers by",
        Row::Method(_) => "method",
        Row::Metric(_) => "what is rated",
        Row::Description(_) => "raters are asked",
        Row::Labels(_) => "labels",
        Row::AddMetric => "",
        Row::Instructions => "instructions",
        Row::Raters => "raters per item",
        Row::Repeats => "hidden repeats",
        Row::Names => "names",
        Row::Sides => "sides",
        Row::SelfNaming => "self-naming",
        Row::Items => "items",
    })
}

/// The words for what raters say, or how it is without.
fn labels(metric: &Metric, answers: usize) -> String {
    match (metric.labels.is_empty(), metric.method) {
        (false, _) => metric.labels.join(", "),
        (true, Method::ThumbsUpDown) => "yes, no".to_owned(),
        (true, Method::ComparisonLikertScale) => "left, much … the same … right, much".to_owned(),
        (true, Method::ComparisonChoice) if answers == 2 => "left, right, tie, both bad".to_owned(),
        (true, Method::ComparisonChoice) => "the best, tie, all bad".to_owned(),
        (true, Method::ComparisonRank) => "the best first, without words for the places".to_owned(),
        (true, Method::IndividualLikertScale) => {
            format!("1 {} … {} {}", ENDS[0], metric.points().unwrap_or_default(), ENDS[1])
        }
    }
}

fn value(making: &Making, sight: &Sight<'_>, row: Row) -> Value {
    let form = &making.form;
    let task = making.task();
    let metric = match row {
        Row::Method(at) | Row::Metric(at) | Row::Description(at) | Row::Labels(at) => {
            task.metrics.get(at).zip(form.metrics.get(at))
        }
        _ => None,
    };
    let told =
        |text: &str, note: &str| Value { text: text.to_owned(), role: Role::Text, note: note.to_owned() };
    let open = |text: String| Value { text, role: Role::Warn, note: String::new() };
    // The usual is said more quietly than what was entered.
    let usual =
        |value: Value, entered: bool| Value { role: if entered { Role::Text } else { Role::Muted }, ..value };
    let change = || sight.key(making.context(), Action::Open);
    match row {
        Row::Name if making.name().is_empty() => usual(told("after the dataset", ""), false),
        Row::Name => usual(told(making.name(), ""), form.name.is_some()),
        Row::Dataset => match &form.dataset {
            Some(dataset) => told(&dataset.name, &count(dataset.items.into(), "item", "items")),
            None => open(format!("none yet: {} shows them", change())),
        },
        Row::Model(at) => model(making, sight, at),
        Row::AddModel => {
            let key = sight.key(making.context(), Action::AddSource);
            let what = if making.form.models.is_empty() { "a model" } else { "another model" };
            let value = told(&format!("{key} adds {what}"), "");
            Value { role: if making.sources().is_empty() { Role::Warn } else { Role::Faint }, ..value }
        }
        Row::Brought(at) => match form.brought.get(at) {
            Some(known) => brought(known, (making.row() == row).then(change)),
            None => told("", ""),
        },
        Row::Method(_) | Row::Metric(_) | Row::Description(_) | Row::Labels(_) => match (row, metric) {
            (Row::Method(_), Some((metric, asked))) => {
                usual(told(metric.method.as_str(), &explained(metric.method)), asked.method.is_some())
            }
            (Row::Metric(_), Some((metric, asked))) => usual(told(&metric.name, ""), asked.name.is_some()),
            (Row::Description(_), Some((metric, asked))) => {
                usual(told(&metric.description, ""), asked.description.is_some())
            }
            (_, Some((metric, asked))) => {
                let labels = labels(metric, making.sources().len());
                usual(told(&labels, ""), !asked.labels.is_empty())
            }
            (_, None) => told("", ""),
        },
        Row::AddMetric => {
            let key = sight.key(making.context(), Action::AddMetric);
            Value { role: Role::Faint, ..told(&format!("{key} adds another thing to rate"), "") }
        }
        Row::Instructions => {
            usual(told(&task.instructions.replace('\n', " "), ""), form.instructions.is_some())
        }
        Row::Raters => usual(told(&grouped(form.raters.into()), ""), form.raters != 1),
        Row::Repeats if form.repeats == 0 => usual(told("none", "items that come again, unannounced"), false),
        Row::Repeats => told(&format!("{} of 100 items", form.repeats), "come again, unannounced"),
        Row::Names if form.blinding.models => told("hidden", "raters do not see whose an answer is"),
        Row::Names => told("shown", "raters see whose an answer is"),
        Row::Sides if form.blinding.sides => told("change", "who stands left changes from item to item"),
        Row::Sides => told("stay", "each source keeps its side"),
        Row::SelfNaming if form.blinding.self_naming => {
            told("masked", "what a model says of its own name, in usual phrases: it proves nothing")
        }
        Row::SelfNaming => told("left as it is", "what a model says of its own name"),
        Row::Items => match (form.limit, &form.dataset) {
            (None, Some(dataset)) => {
                usual(told(&format!("all {}", grouped(dataset.items.into())), ""), false)
            }
            (None, None) => usual(told("all", ""), false),
            (Some(limit), _) => told(&format!("only the first {}", grouped(limit.into())), ""),
        },
    }
}

/// Answers that the dataset brings: of how many items where some are missing, and on the selected line how they come in or out.
fn brought(known: &Brought, key: Option<String>) -> Value {
    let mark = if known.rated { '✓' } else { ' ' };
    let mut note = "the dataset brings them".to_owned();
    if !known.is_whole() {
        note = format!("{} of {}", grouped(known.answered.into()), count(known.of.into(), "item", "items"));
    }
    if !known.rated {
        note.push_str("; not rated");
    }
    if let Some(key) = key {
        note.push_str(if known.rated { " · " } else { "; " });
        note.push_str(&key);
        note.push_str(if known.rated { " leaves them out" } else { " rates them" });
    }
    let role = if known.rated { Role::Text } else { Role::Muted };
    Value { text: format!("{mark} {}", known.name), role, note }
}

/// A model that is asked: by its preset where one is in force, and how its settings are come to.
fn model(making: &Making, sight: &Sight<'_>, at: usize) -> Value {
    let text = making.form.models.get(at).map_or_else(String::new, |source| source.name.clone());
    let role = if making.twin() == Some(at) { Role::Warn } else { Role::Text };
    let setup = making.setup(at).unwrap_or_default();
    let preset = in_force(&setup, &sight.options.presets).map(|(name, _)| format!("preset {name}"));
    let selected = making.row() == Row::Model(at) && making.settings_of.is_none();
    let key =
        selected.then(|| format!("{}: its settings", sight.key(Context::Making, Action::ToggleSettings)));
    Value { text, role, note: preset.into_iter().chain(key).collect::<Vec<_>>().join(" · ") }
}

/// What the answers may cost, or why nothing can come of the form; with the keys that make it and that show settings.
fn says(making: &Making, [makes, settings]: [&str; 2]) -> Vec<(String, Role)> {
    let mut lines: Vec<(String, Role)> = Vec::new();
    match (making.plan(), &making.told) {
        (Err(lacks), _) => {
            lines.push((lacks.to_owned(), Role::Muted));
            if making.twin().is_some() {
                lines.push((format!("{settings} gives one of them other settings."), Role::Muted));
            }
        }
        (Ok(_), Told::Wrong(error)) => lines.push((sentence(&error.said()), Role::Bad)),
        (Ok(_), Told::Nothing) => lines.push(("Counting what is to be asked…".to_owned(), Role::Muted)),
        (Ok(_), Told::Estimate(estimate)) => {
            if estimate.calls > 0 {
                lines.push((tokens(estimate), Role::Text));
            }
            lines.push((cost(estimate), if estimate.unpriced.is_empty() { Role::Text } else { Role::Warn }));
            let words = if making.creating.is_some() {
                "Making it…".to_owned()
            } else if estimate.calls > 0 {
                format!("{makes} makes it; nothing is asked yet.")
            } else {
                format!("{makes} makes it.")
            };
            lines.push((words, Role::Muted));
        }
    }
    lines
}

/// The same in lines of a place so wide.
fn in_lines(said: &[(String, Role)], width: u16) -> Vec<(String, Role)> {
    let broken = |(text, role): &(String, Role)| {
        let role = *role;
        wrap(text, width.saturating_sub(4)).into_iter().map(move |line| (line, role)).collect::<Vec<_>>()
    };
    said.iter().flat_map(broken).collect()
}

fn told(making: &Making, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let makes = sight.key(making.context(), Action::CreateEvaluation);
    let settings = sight.key(Context::Making, Action::ToggleSettings);
    let lines = in_lines(&says(making, [&makes, &settings]), area.width);
    for (y, (line, role)) in (area.top()..area.bottom()).zip(lines) {
        put(cells, area.x + 2, y, area.right(), &line, sight.look.style(role));
    }
}

fn tokens(estimate: &Estimate) -> String {
    format!(
        "{}: about {} in, {}",
        count(estimate.calls, "answer", "answers"),
        count(estimate.input_tokens, "token", "tokens"),
        estimate.at_most(&format!("{} out", grouped(estimate.output_tokens)))
    )
}

fn cost(estimate: &Estimate) -> String {
    let unpriced = (!estimate.unpriced.is_empty())
        .then(|| format!("price unknown for {}", estimate.unpriced.join(", ")));
    let known = match estimate.dollars {
        _ if estimate.calls == 0 => Some("nothing is to be asked: every answer is there".to_owned()),
        Some(dollars) if dollars > 0.0 => Some(estimate.at_most(&money(dollars))),
        Some(_) if unpriced.is_none() => Some("costs nothing: answered on this machine".to_owned()),
        _ => None,
    };
    let said = known.into_iter().chain(unpriced).collect::<Vec<_>>().join("; ");
    format!("{}.", sentence(&said))
}

/// It begins with a capital.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_cost_is_a_bound_only_where_something_bounds_them() {
        let estimate = |assumed| Estimate {
            calls: 2,
            input_tokens: 8,
            output_tokens: 2048,
            assumed,
            dollars: Some(1.2),
            unpriced: Vec::new(),
        };
        assert_eq!(tokens(&estimate(0)), "2 answers: about 8 tokens in, at most 2,048 out");
        assert_eq!(cost(&estimate(0)), "At most $1.20.");
        assert_eq!(
            tokens(&estimate(2)),
            "2 answers: about 8 tokens in, about 2,048 out if answers are of 1,024 tokens"
        );
        assert_eq!(cost(&estimate(2)), "About $1.20 if answers are of 1,024 tokens.");
    }
}
