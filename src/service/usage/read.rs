//! Reading the sums as a report.

use std::collections::BTreeMap;

use super::Calendar;
use crate::domain::Result;
use crate::domain::catalog::{ModelId, Price};
use crate::domain::time::Timestamp;
use crate::domain::usage::budget::{Budget, Spent};
use crate::domain::usage::{Builder, Query, Report, Subject, Tally, day_and_hour, reaches};
use crate::service::invoke::Prices;
use crate::store::record::{UsageDay, UsageKey};
use crate::store::{Scan, Store};

/// What a model costs, asked once for each.
struct Known<'a> {
    prices: &'a Prices,
    of: BTreeMap<ModelId, Option<Price>>,
}

impl<'a> Known<'a> {
    fn new(prices: &'a Prices) -> Self {
        Self { prices, of: BTreeMap::new() }
    }

    fn of(&mut self, model: &ModelId) -> Option<&Price> {
        let prices = self.prices;
        self.of.entry(model.clone()).or_insert_with(|| prices.of(model)).as_ref()
    }
}

/// The report of what a store has. Blocks.
pub fn report(
    store: &Store,
    query: Query,
    prices: &Prices,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Report> {
    let day_of = |at| calendar.day_of(at);
    let mut builder = Builder::new(query, now, &day_of);
    let mut known = Known::new(prices);
    each_day(store, query.since, query.until, |subject, hours| {
        builder.add(subject, known.of(&subject.model), hours);
    })?;
    Ok(builder.build())
}

/// What was used of budgets, each from where its period began. Blocks.
pub(super) fn spent(store: &Store, budgets: &[(&Budget, Timestamp)], prices: &Prices) -> Result<Vec<Spent>> {
    let mut sums = vec![Spent::default(); budgets.len()];
    let Some(first) = budgets.iter().map(|(_, begins)| *begins).min() else { return Ok(sums) };
    let mut known = Known::new(prices);
    each_day(store, Some(first), None, |subject, hours| {
        for (at, tally) in hours {
            let cost = tally.cost_at_length(subject.kind, known.of(&subject.model));
            let used = Spent { cost, tokens: tally.tokens_at_length() };
            for ((budget, begins), sum) in budgets.iter().zip(&mut sums) {
                if reaches(at, *begins) && budget.scope.holds(&subject.model) {
                    sum.add(used);
                }
            }
        }
    })?;
    Ok(sums)
}

/// Every day that may hold an hour of this stretch. A damaged one is left out: `workspace verify` names it.
fn each_day(
    store: &Store,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    mut visit: impl FnMut(&Subject, &mut dyn Iterator<Item = (Timestamp, &Tally)>),
) -> Result<()> {
    let mut scan = Scan::<UsageDay>::all();
    if let Some(since) = since {
        scan = scan.after(&UsageKey::before(day_and_hour(since).0));
    }
    for record in store.scan(scan) {
        let (UsageKey(begins, _), day) = match record {
            Ok(record) => record,
            Err(error) if error.kind == crate::domain::ErrorKind::Corrupt => {
                tracing::warn!(%error, "a day of usage cannot be read");
                continue;
            }
            Err(error) => return Err(error),
        };
        if until.is_some_and(|until| begins >= until) {
            break;
        }
        visit(&day.of, &mut day.hours(begins));
    }
    Ok(())
}
