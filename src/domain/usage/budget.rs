//! Budgets: amounts of money and tokens for a day or a month, of which a person wants to hear, or which end it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Cost;
use crate::domain::catalog::{ModelId, dollars};
use crate::domain::figures;

/// What a budget is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    All,
    /// A provider, by its name.
    #[serde(rename = "provider")]
    Voice(String),
    Model(ModelId),
}

impl Scope {
    /// Whether calls of the model count.
    pub fn holds(&self, model: &ModelId) -> bool {
        match self {
            Self::All => true,
            Self::Voice(provider) => model.provider() == provider,
            Self::Model(own) => own == model,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all models"),
            Self::Voice(provider) => f.write_str(provider),
            Self::Model(model) => model.fmt(f),
        }
    }
}

/// How long it lasts, in the person's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Month,
}

impl Period {
    /// The name in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// When it is: "today".
    pub const fn now(self) -> &'static str {
        match self {
            Self::Day => "today",
            Self::Month => "this month",
        }
    }

    const fn next(self) -> &'static str {
        match self {
            Self::Day => "tomorrow",
            Self::Month => "the next month",
        }
    }
}

/// What a budget sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// US dollars from which it is said.
    pub warn: Option<f64>,
    /// US dollars beyond which nothing is sent.
    pub stop: Option<f64>,
    pub warn_tokens: Option<u64>,
    pub stop_tokens: Option<u64>,
}

/// One budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub scope: Scope,
    pub period: Period,
    pub limits: Limits,
}

/// What was used of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    pub cost: Cost,
    pub tokens: u64,
}

impl Spent {
    /// Adds more.
    pub fn add(&mut self, other: Self) {
        self.cost.add(other.cost);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }
}

/// What a budget says to one more call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Within,
    /// To be said, once a period.
    Warn {
        text: String,
    },
    Stop {
        why: String,
        /// The key of the configuration that stands in the way.
        hint: String,
    },
}

impl Budget {
    /// The key of a limit, as the configuration has it.
    fn key(&self, limit: &str) -> String {
        let limit = format!("{}_{limit}", self.period.as_str());
        match &self.scope {
            Scope::All => format!("budget.{limit}"),
            scope => format!("budgets.\"{scope}\".{limit}"),
        }
    }

    /// Judges a call for which at least `next` is needed when `spent` is gone and `held` is kept for calls that run.
    pub fn judge(&self, spent: Spent, held: Spent, next: Spent) -> Verdict {
        let Limits { stop, stop_tokens, .. } = self.limits;
        let gone = spent.cost.dollars.unwrap_or(0.0);
        let kept = held.cost.dollars.unwrap_or(0.0);
        let more = kept + next.cost.dollars.unwrap_or(0.0);
        // What is known to cost nothing takes nothing away.
        let free = next.cost == Cost { dollars: Some(0.0), unpriced: 0 };
        let passes = |limit: &f64| !free && (gone >= *limit || gone + more > *limit);
        if let Some(stop) = stop.filter(passes) {
            let kept = (kept > 0.0 && gone < stop).then(|| money(kept));
            return self.stopped(
                "stop",
                &money(stop),
                &used(&money(gone), kept, spent.cost.unpriced),
                gone >= stop,
            );
        }
        let tokens = spent.tokens.saturating_add(held.tokens).saturating_add(next.tokens);
        let passes = |limit: &u64| spent.tokens >= *limit || tokens > *limit;
        if let Some(stop) = stop_tokens.filter(passes) {
            let of = figures::count(stop, "token", "tokens");
            let kept = (held.tokens > 0 && spent.tokens < stop).then(|| figures::grouped(held.tokens));
            return self.stopped(
                "stop_tokens",
                &of,
                &used(&figures::grouped(spent.tokens), kept, 0),
                spent.tokens >= stop,
            );
        }
        match self.warning(spent, free) {
            Some(text) => Verdict::Warn { text },
            None => Verdict::Within,
        }
    }

    /// What is to be said of what is gone, where it has come to a line. `free`: what is asked next costs nothing, so money is
    /// no matter.
    pub fn warning(&self, spent: Spent, free: bool) -> Option<String> {
        let Limits { warn, stop, warn_tokens, stop_tokens } = self.limits;
        let gone = spent.cost.dollars.unwrap_or(0.0);
        let said = |used: String, line: String, limit: &str, most: Option<String>| {
            let ends = most.map(|most| format!("; nothing is sent beyond {most}")).unwrap_or_default();
            let (scope, now, key) = (&self.scope, self.period.now(), self.key(limit));
            format!("{scope}: {used} {now}, past the {line} to warn at ({key}){ends}.")
        };
        if let Some(warn) = warn.filter(|warn| !free && gone >= *warn) {
            let rest = if spent.cost.unpriced == 0 { "" } else { " and calls without a price" };
            let used = format!("about {}{rest}", money(gone));
            return Some(said(used, money(warn), "warn", stop.map(money)));
        }
        let tokens = |count: u64| figures::count(count, "token", "tokens");
        let warn = warn_tokens.filter(|warn| spent.tokens >= *warn)?;
        Some(said(tokens(spent.tokens), tokens(warn), "warn_tokens", stop_tokens.map(tokens)))
    }

    /// What is to be said of a call whose cost nobody knows, where a line is in money.
    pub fn unheld(&self, model: &ModelId) -> Option<String> {
        let Limits { warn, stop, warn_tokens, stop_tokens } = self.limits;
        let (limit, tokens) = match (stop, warn) {
            (Some(_), _) => ("stop", stop_tokens),
            (None, Some(_)) => ("warn", warn_tokens),
            (None, None) => return None,
        };
        let does = if tokens.is_some() { "does" } else { "would" };
        let (money, tokens) = (self.key(limit), self.key(&format!("{limit}_tokens")));
        Some(format!("{model}: its price is unknown, so {money} does not hold it; {tokens} {does}."))
    }

    /// How much of it is gone, as a person reads it, and the share of its line; `None` where it has none. Money comes first.
    pub fn stand(&self, spent: Spent) -> Option<(String, f64)> {
        let Limits { warn, stop, warn_tokens, stop_tokens } = self.limits;
        let gone = spent.cost.dollars.unwrap_or(0.0);
        if let Some(line) = stop.or(warn) {
            let more = if spent.cost.unpriced == 0 { "" } else { "+" };
            let to = if stop.is_some() { "" } else { " to warn at" };
            let share = if line > 0.0 { gone / line } else { 1.0 };
            return Some((format!("{}{more} of {}{to}", money(gone), money(line)), share));
        }
        let line = stop_tokens.or(warn_tokens)?;
        let to = if stop_tokens.is_some() { "" } else { " to warn at" };
        let (used, of) = (figures::grouped(spent.tokens), figures::count(line, "token", "tokens"));
        Some((format!("{used} of {of}{to}"), spent.tokens as f64 / line.max(1) as f64))
    }

    fn stopped(&self, limit: &str, of: &str, used: &str, gone: bool) -> Verdict {
        let (scope, now) = (&self.scope, self.period.now());
        let how = if gone { "is used up" } else { "would be passed" };
        Verdict::Stop {
            why: format!("the budget of {of} for {scope} {now} {how}: {used}"),
            hint: format!(
                "Raise {} in the configuration file, or wait until {}.",
                self.key(limit),
                self.period.next()
            ),
        }
    }
}

/// What is gone, and what does not count.
fn used(used: &str, kept: Option<String>, unpriced: u64) -> String {
    let kept = kept.map(|kept| format!(", and {kept} are kept for calls that run")).unwrap_or_default();
    let rest = match unpriced {
        0 => String::new(),
        some => format!("; {} whose price is unknown do not count", figures::count(some, "call", "calls")),
    };
    format!("{used} are used{kept}{rest}")
}

/// "$1.20", or "$0.0031" where it is little; what is less than four decimals can say is said to be so.
pub fn money(amount: f64) -> String {
    let cents = (amount * 100.0).round() / 100.0;
    if amount >= 0.995 || amount == 0.0 || (amount - cents).abs() < 1e-9 {
        dollars(cents)
    } else if amount > 0.0 && amount < 0.000_05 {
        "<$0.0001".to_owned()
    } else {
        format!("${amount:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(scope: Scope, limits: Limits) -> Budget {
        Budget { scope, period: Period::Day, limits }
    }

    fn spent(dollars: f64, tokens: u64) -> Spent {
        Spent { cost: Cost { dollars: Some(dollars), unpriced: 0 }, tokens }
    }

    fn dollars_only() -> Limits {
        Limits { warn: Some(1.0), stop: Some(2.0), ..Limits::default() }
    }

    #[test]
    fn a_stop_says_whose_budget_it_is_what_is_used_and_how_to_raise_it() {
        let scope = Scope::Model("openai/gpt-4o".parse().unwrap());
        let Verdict::Stop { why, hint } =
            budget(scope, dollars_only()).judge(spent(1.999, 9), Spent::default(), spent(0.01, 1))
        else {
            panic!("it is let through")
        };
        assert_eq!(why, "the budget of $2.00 for openai/gpt-4o today would be passed: $2.00 are used");
        let key = "budgets.\"openai/gpt-4o\".day_stop";
        assert_eq!(hint, format!("Raise {key} in the configuration file, or wait until tomorrow."));
    }

    #[test]
    fn a_call_that_just_fits_is_let_through_and_one_after_the_last_cent_is_not() {
        let budget = budget(Scope::All, Limits { stop: Some(2.0), ..Limits::default() });
        assert_eq!(budget.judge(spent(1.5, 0), Spent::default(), spent(0.5, 0)), Verdict::Within);
        assert!(matches!(
            budget.judge(spent(2.0, 0), Spent::default(), Spent::default()),
            Verdict::Stop { .. }
        ));
        assert!(matches!(budget.judge(spent(1.5, 0), Spent::default(), spent(0.6, 0)), Verdict::Stop { .. }));
        let nothing = Budget { limits: Limits { stop: Some(0.0), ..Limits::default() }, ..budget };
        assert!(matches!(
            nothing.judge(Spent::default(), Spent::default(), Spent::default()),
            Verdict::Stop { .. }
        ));
    }

    #[test]
    fn what_calls_that_run_may_still_need_is_not_given_twice() {
        let limits = Limits { stop: Some(2.0), stop_tokens: Some(100), ..Limits::default() };
        let budget = budget(Scope::All, limits);
        assert_eq!(budget.judge(spent(1.0, 50), spent(0.5, 20), spent(0.5, 30)), Verdict::Within);
        let Verdict::Stop { why, .. } = budget.judge(spent(1.0, 50), spent(0.8, 0), spent(0.5, 1)) else {
            panic!()
        };
        assert!(why.ends_with("$1.00 are used, and $0.80 are kept for calls that run"), "{why}");
        let Verdict::Stop { why, .. } = budget.judge(spent(0.0, 50), spent(0.0, 45), spent(0.1, 6)) else {
            panic!()
        };
        assert!(why.ends_with("50 are used, and 45 are kept for calls that run"), "{why}");
    }

    #[test]
    fn a_little_money_is_never_written_as_none() {
        let written = [0.0, 0.000_03, 0.000_448, 0.003_1, 0.05, 1.2].map(money);
        assert_eq!(written, ["$0", "<$0.0001", "$0.0004", "$0.0031", "$0.05", "$1.20"]);
    }

    #[test]
    fn what_costs_nothing_is_not_stopped_for_money() {
        let budget = budget(Scope::All, dollars_only());
        assert_eq!(budget.judge(spent(9.0, 0), Spent::default(), spent(0.0, 5)), Verdict::Within);
        let unknown = Spent { cost: Cost::default(), tokens: 5 };
        assert!(matches!(budget.judge(spent(9.0, 0), Spent::default(), unknown), Verdict::Stop { .. }));
    }

    #[test]
    fn tokens_have_budgets_of_their_own_whatever_they_cost() {
        let limits = Limits { warn_tokens: Some(1_000), stop_tokens: Some(2_000), ..Limits::default() };
        let budget = budget(Scope::Voice("home".into()), limits);
        let used = |tokens| Spent { cost: Cost { dollars: None, unpriced: 3 }, tokens };
        assert_eq!(budget.judge(used(999), Spent::default(), used(1)), Verdict::Within);
        let text = "home: 1,500 tokens today, past the 1,000 tokens to warn at (budgets.\"home\".day_warn_tokens); nothing is \
                    sent beyond 2,000 tokens."
            .to_owned();
        assert_eq!(budget.judge(used(1_500), Spent::default(), used(1)), Verdict::Warn { text });
        let Verdict::Stop { why, hint } = budget.judge(used(1_990), Spent::default(), used(11)) else {
            panic!()
        };
        assert!(why.contains("1,990 are used") && hint.contains("budgets.\"home\".day_stop_tokens"), "{why}");
    }

    #[test]
    fn a_warning_says_that_unpriced_calls_do_not_count() {
        let mut used = spent(1.2, 0);
        used.cost.unpriced = 2;
        let text = "all models: about $1.20 and calls without a price today, past the $1.00 to warn at \
                    (budget.day_warn); nothing is sent beyond $2.00."
            .to_owned();
        assert_eq!(
            budget(Scope::All, dollars_only()).judge(used, Spent::default(), spent(0.1, 0)),
            Verdict::Warn { text }
        );
        used.cost.dollars = Some(2.5);
        let Verdict::Stop { why, .. } =
            budget(Scope::All, dollars_only()).judge(used, Spent::default(), Spent::default())
        else {
            panic!()
        };
        assert!(why.ends_with("2 calls whose price is unknown do not count"), "{why}");
    }

    #[test]
    fn a_budget_that_is_used_up_is_not_one_that_would_be_passed() {
        let why = |gone: f64| match budget(Scope::All, dollars_only()).judge(
            spent(gone, 0),
            Spent::default(),
            spent(0.5, 1),
        ) {
            Verdict::Stop { why, .. } => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(7.0), "the budget of $2.00 for all models today is used up: $7.00 are used");
        assert!(why(1.9).contains("would be passed"));
    }

    #[test]
    fn a_budget_stands_by_its_stop_else_by_its_warning() {
        let stand = |limits, spent| budget(Scope::All, limits).stand(spent);
        let warn = Limits { warn: Some(1.0), ..Limits::default() };
        let tokens = Limits { stop_tokens: Some(2_000), ..Limits::default() };
        assert_eq!(stand(dollars_only(), spent(0.5, 9)), Some(("$0.50 of $2.00".to_owned(), 0.25)));
        assert_eq!(stand(warn, spent(2.0, 9)), Some(("$2.00 of $1.00 to warn at".to_owned(), 2.0)));
        assert_eq!(stand(tokens, spent(0.0, 500)), Some(("500 of 2,000 tokens".to_owned(), 0.25)));
        assert_eq!(stand(Limits::default(), spent(1.0, 1)), None);
    }

    #[test]
    fn a_scope_holds_its_own_calls() {
        let model: ModelId = "a/b".parse().unwrap();
        for (scope, holds) in [
            (Scope::All, true),
            (Scope::Voice("a".into()), true),
            (Scope::Voice("b".into()), false),
            (Scope::Model(model.clone()), true),
            (Scope::Model("a/bc".parse().unwrap()), false),
        ] {
            assert_eq!(scope.holds(&model), holds, "{scope}");
        }
    }

    #[test]
    fn little_money_is_told_to_its_last_figures() {
        let told = [0.0, 0.0031, 0.5, 0.123_45, 1.0, 12.345, 2.0].map(money);
        assert_eq!(told, ["$0", "$0.0031", "$0.50", "$0.1235", "$1.00", "$12.35", "$2.00"]);
    }
}
