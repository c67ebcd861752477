//! The columns: what stands in them, how they sort, how the chart shows them over time.

use std::cmp::Ordering;

use super::Line;
use crate::domain::figures;
use crate::domain::usage::Point;
use crate::domain::usage::budget::money;
use crate::domain::usage::definitions::DEFINITIONS;

/// One figure. Most are columns of the table, which leaves out the later ones first where it is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Name,
    Calls,
    Failed,
    In,
    Out,
    P50,
    P95,
    First,
    Cost,
    /// This one and those behind it are seen in the card alone.
    Throttled,
    Client,
    Server,
    Pictures,
}

impl Column {
    /// Those of the table.
    pub(super) const ALL: [Self; 9] = [
        Self::Name,
        Self::Calls,
        Self::Failed,
        Self::In,
        Self::Out,
        Self::P50,
        Self::P95,
        Self::First,
        Self::Cost,
    ];

    /// Those of figures that a table of this width has, in their order, each with its own width; `wide` is what each needs, and
    /// the longest name.
    pub(super) fn of(width: u16, wide: impl Fn(Self) -> u16) -> Vec<(Self, u16)> {
        let mut columns: Vec<_> = Self::ALL[1..].iter().map(|column| (*column, wide(*column))).collect();
        let names = wide(Self::Name).clamp(NAME, NAME_WHOLE);
        // For the sake of whole names the last one alone gives way.
        for (least, name) in
            [(Self::First, names), (Self::P50, NAME), (Self::Failed, NAME), (Self::P95, NAME)]
        {
            if name + columns.iter().map(|(_, width)| width + GAP).sum::<u16>() <= width {
                break;
            }
            columns.retain(|(column, _)| *column != least);
        }
        // Where there is room the columns stand less close, once the longest name is whole.
        let names = names.max(wide(Self::Name));
        let free = width.saturating_sub(names + columns.iter().map(|(_, width)| width + GAP).sum::<u16>());
        let air = (free / columns.len().max(1) as u16).min(AIR);
        for (_, width) in &mut columns {
            *width += air;
        }
        columns
    }

    /// The head of the column.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Calls => "calls",
            Self::Failed => "failed",
            Self::In => "in",
            Self::Out => "out",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::First => "first",
            Self::Cost => "est.",
            Self::Throttled | Self::Client | Self::Server | Self::Pictures => self.words(),
        }
    }

    /// What the chart calls it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Name | Self::Calls => "calls answered",
            Self::Failed => "calls failed",
            Self::In => "tokens in",
            Self::Out => "tokens out",
            Self::P50 => "latency p50",
            Self::P95 => "latency p95",
            Self::First => "first token p50",
            Self::Cost => "cost, est.",
            Self::Throttled => "throttled",
            Self::Client => "client errors",
            Self::Server => "server errors",
            Self::Pictures => "pictures",
        }
    }

    /// The metric of `AWS/Bedrock`, where it is one.
    pub(super) fn bedrock(self) -> Option<&'static str> {
        let name = match self {
            Self::Name => Self::Calls.title(),
            Self::Client => "client",
            Self::Server => "server",
            other => other.title(),
        };
        DEFINITIONS.iter().find(|definition| definition.name == name)?.bedrock
    }

    /// A row's text in it.
    pub(super) fn text(self, line: &Line<'_>) -> String {
        let tally = &line.figures.tally;
        let time = |ms: Option<u32>| ms.map_or_else(nothing, figures::milliseconds);
        match self {
            Self::Name => line.name.to_owned(),
            Self::Calls => figures::short(tally.invocations),
            Self::Failed => figures::short(tally.failed()),
            Self::In => tally.input().text(figures::short),
            Self::Out => tally.output().text(figures::short),
            Self::P50 => time(tally.latency.percentile(50)),
            Self::P95 => time(tally.latency.percentile(95)),
            Self::First => time(tally.first_token.percentile(50)),
            Self::Cost => line.figures.cost.text(),
            Self::Throttled => figures::short(tally.all_throttles()),
            Self::Client => figures::short(tally.all_client_errors()),
            Self::Server => figures::short(tally.all_server_errors()),
            Self::Pictures => figures::short(tally.images),
        }
    }

    /// Which of two rows comes first; figures by size, the largest first.
    pub(super) fn order(self, one: &Line<'_>, other: &Line<'_>) -> Ordering {
        let value = |line: &Line<'_>| -> f64 {
            let tally = &line.figures.tally;
            let time = |ms: Option<u32>| ms.map_or(-1.0, f64::from);
            match self {
                Self::Name => 0.0,
                Self::Calls => tally.invocations as f64,
                Self::Failed => tally.failed() as f64,
                Self::In => tally.input_tokens as f64,
                Self::Out => tally.output_tokens as f64,
                Self::P50 => time(tally.latency.percentile(50)),
                Self::P95 => time(tally.latency.percentile(95)),
                Self::First => time(tally.first_token.percentile(50)),
                Self::Cost => line.figures.cost.dollars.unwrap_or(-1.0),
                Self::Throttled => tally.all_throttles() as f64,
                Self::Client => tally.all_client_errors() as f64,
                Self::Server => tally.all_server_errors() as f64,
                Self::Pictures => tally.images as f64,
            }
        };
        value(other).total_cmp(&value(one)).then_with(|| one.name.cmp(other.name))
    }

    /// What it was at one point in time; `None` where nobody knows.
    pub(super) fn at(self, point: &Point) -> Option<f64> {
        let quiet = point.invocations == 0 && point.failed == 0;
        match self {
            Self::Name | Self::Calls => Some(point.invocations as f64),
            Self::Failed => Some(point.failed as f64),
            Self::In => point.input.known().map(|tokens| tokens as f64),
            Self::Out => point.output.known().map(|tokens| tokens as f64),
            Self::P50 => point.latency_p50.map(f64::from),
            Self::P95 => point.latency_p95.map(f64::from),
            Self::First => point.first_token_p50.map(f64::from),
            Self::Cost => point.dollars.or(quiet.then_some(0.0)),
            Self::Throttled => Some(point.throttles as f64),
            Self::Client => Some(point.client_errors as f64),
            Self::Server => Some(point.server_errors as f64),
            Self::Pictures => Some(point.images as f64),
        }
    }

    /// How points are laid together: sums add up, of times the longest is seen.
    pub(super) fn join(self) -> fn(f64, f64) -> f64 {
        match self {
            Self::P50 | Self::P95 | Self::First => f64::max,
            _ => |one, other| one + other,
        }
    }

    /// A value of the chart as people read it.
    pub(super) fn value(self, value: f64) -> String {
        match self {
            Self::P50 | Self::P95 | Self::First => figures::milliseconds(value as u32),
            Self::Cost => money(value),
            _ => figures::short(value as u64),
        }
    }
}

/// Between two columns: a figure has blanks of its own.
pub(super) const GAP: u16 = 2;
/// The least columns of a name, and the most that a figure gives way for.
const NAME: u16 = 18;
const NAME_WHOLE: u16 = 32;
/// The most that a column is wider than it must be.
const AIR: u16 = 3;

pub(super) fn nothing() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_table_leaves_out_what_matters_least() {
        let of = |width| Column::of(width, |column| if column == Column::Name { 30 } else { 7 });
        let has = |width, wanted| of(width).iter().any(|(column, _)| *column == wanted);
        assert_eq!(of(120).len(), 8);
        assert!(has(82, Column::Cost) && has(82, Column::P50) && !has(82, Column::First));
        assert!(has(58, Column::Cost) && !has(58, Column::P50));
        assert_eq!(
            of(300).iter().map(|(_, wide)| *wide).max(),
            Some(10),
            "a wide one is no wider than is read"
        );
        let long = Column::of(135, |column| if column == Column::Name { 60 } else { 7 });
        assert!(long.iter().all(|(_, wide)| *wide == 7), "a long name comes first: {long:?}");
        for width in [58, 80, 120] {
            let all: u16 = of(width).iter().map(|(_, wide)| wide + GAP).sum();
            assert!(all + NAME <= width, "{width}");
        }
    }

    #[test]
    fn every_column_that_is_a_metric_of_bedrock_has_its_name() {
        for (column, metric) in [
            (Column::Calls, "Invocations"),
            (Column::In, "InputTokenCount"),
            (Column::Out, "OutputTokenCount"),
            (Column::P50, "InvocationLatency, p50"),
            (Column::P95, "InvocationLatency, p95"),
            (Column::First, "TimeToFirstToken, p50"),
            (Column::Throttled, "InvocationThrottles"),
            (Column::Client, "InvocationClientErrors"),
            (Column::Server, "InvocationServerErrors"),
            (Column::Pictures, "OutputImageCount"),
        ] {
            assert_eq!(column.bedrock(), Some(metric));
        }
        assert_eq!((Column::Failed.bedrock(), Column::Cost.bedrock()), (None, None));
    }

    #[test]
    fn a_column_is_no_wider_than_its_figures_so_that_more_of_them_fit() {
        assert_eq!(Column::of(74, |_| 5).len(), 8);
        assert_eq!(Column::of(71, |column| if column == Column::Name { 28 } else { 5 }).len(), 7);
    }
}
