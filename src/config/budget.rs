//! Budgets, typed.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::check;
use crate::domain::usage::budget::{Budget, Limits, Period, Scope};
use crate::domain::{Error, ErrorKind, Result};

/// `[budget]`, and each table under `budgets`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawBudget {
    day_warn: Option<f64>,
    day_stop: Option<f64>,
    day_warn_tokens: Option<u64>,
    day_stop_tokens: Option<u64>,
    month_warn: Option<f64>,
    month_stop: Option<f64>,
    month_warn_tokens: Option<u64>,
    month_stop_tokens: Option<u64>,
}

impl RawBudget {
    fn typed(&self, scope: &Scope) -> impl Iterator<Item = Budget> {
        let day = Limits {
            warn: self.day_warn,
            stop: self.day_stop,
            warn_tokens: self.day_warn_tokens,
            stop_tokens: self.day_stop_tokens,
        };
        let month = Limits {
            warn: self.month_warn,
            stop: self.month_stop,
            warn_tokens: self.month_warn_tokens,
            stop_tokens: self.month_stop_tokens,
        };
        let budget = |(period, limits)| Budget { scope: scope.clone(), period, limits };
        let set = [(Period::Day, day), (Period::Month, month)];
        set.map(budget).into_iter().filter(|budget| budget.limits != Limits::default())
    }
}

/// Every budget that sets something: that of all models first.
pub(super) fn typed(
    all: &RawBudget,
    others: &BTreeMap<String, RawBudget>,
    file: &Path,
) -> Result<Vec<Budget>> {
    let mut budgets: Vec<_> = all.typed(&Scope::All).collect();
    for (name, budget) in others {
        let scope = match name.split_once('/') {
            None if !name.is_empty() => Scope::Voice(name.clone()),
            _ => Scope::Model(name.parse().map_err(|error: Error| {
                let doing = format!("reading {} from {}", check::join("budgets", name), file.display());
                let hint = "Write a provider's name or a model's whole id in quotes.";
                Error::new(ErrorKind::Config, doing, error.why, hint)
            })?),
        };
        budgets.extend(budget.typed(&scope));
    }
    Ok(budgets)
}
