//! A trace with everything that is reckoned of it, for whoever writes it down.

use crate::domain::figures::took;
use crate::domain::trace::{Facts, Outline, Rollups, Row, Sum, TraceSpan, Tree};
use crate::wire::trace::meaning::facts;

/// Spans of one trace, linked and summed up.
#[derive(Debug)]
pub struct Report<'a> {
    pub spans: &'a [TraceSpan],
    pub outline: Outline,
    pub tree: Tree,
    pub rollups: Rollups,
}

impl<'a> Report<'a> {
    /// Of these spans; `price` reckons what a call cost that does not tell it.
    pub fn of(spans: &'a [TraceSpan], price: impl Fn(&Facts<'_>) -> Option<f64>) -> Self {
        let mut outline = Outline::default();
        for span in spans {
            outline.add(span, &facts(span), &price);
        }
        let tree = Tree::of(&outline);
        let rollups = Rollups::of(&outline, &tree);
        Self { spans, outline, tree, rollups }
    }

    /// What the trace is called: its first root.
    pub fn title(&self) -> &str {
        self.tree.roots().first().map_or("", |root| self.outline.names.get(self.row(*root).name))
    }

    pub fn row(&self, at: u32) -> &Row {
        &self.outline.rows[at as usize]
    }

    /// The figures of a subtree, in words: "4.82 s · 250 in, 45 out · $0.0031 · 1 error"; a `+` behind one says that nobody knows
    /// all of it.
    pub fn figures(&self, sum: &Sum, nanos: u64) -> String {
        let mut said = vec![took(nanos)];
        let more = |untold: u32| if untold > 0 { "+" } else { "" };
        let told = [(sum.input, sum.untold_input, "in"), (sum.output, sum.untold_output, "out")].into_iter();
        let told =
            told.filter_map(|(count, untold, what)| Some(format!("{}{} {what}", count?, more(untold))));
        let told: Vec<_> = told.collect();
        if !told.is_empty() {
            said.push(told.join(", "));
        }
        if let Some(dollars) = sum.dollars {
            said.push(format!("${dollars:.4}{}", more(sum.unpriced)));
        }
        match sum.errors {
            0 => {}
            1 => said.push("1 error".to_owned()),
            more => said.push(format!("{more} errors")),
        }
        said.join(" · ")
    }
}

/// A moment, UTC.
pub(super) fn moment(nanos: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(nanos))
        .map_or_else(|_| nanos.to_string(), |at| format!("{at:.3}"))
}
