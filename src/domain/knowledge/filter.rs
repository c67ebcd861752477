//! Filters over attributes, with the operators of Amazon Bedrock's `RetrievalFilter`.
//!
//! What Bedrock documents: `notEquals` also matches where the key is absent; `stringContains` looks at a string, or at every
//! member of a list; the comparisons take numbers, `in` and `notIn` lists of strings. What it does not say, and is our choice:
//! `notIn` matches where the key is absent, as `notEquals` does; every other operator does not. A value of another type than
//! the operator's equals nothing, so that it matches `notEquals` and `notIn` alone. Letters are compared as they are written.

use serde::{Deserialize, Serialize};

use super::attribute::{Attributes, Value};

/// No filter is nested deeper.
pub const DEEPEST: usize = 16;
/// No group is larger, and no list that a value is looked for in.
pub const LARGEST: usize = 1000;

/// What one value is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// A string, a number or a boolean.
    Equals(Value),
    NotEquals(Value),
    GreaterThan(f64),
    GreaterThanOrEquals(f64),
    LessThan(f64),
    LessThanOrEquals(f64),
    In(Vec<String>),
    NotIn(Vec<String>),
    StartsWith(String),
    /// A list has this member.
    ListContains(String),
    /// A string has this within it, or a member of a list has.
    StringContains(String),
}

impl Test {
    /// Whether a value passes.
    pub fn passes(&self, value: &Value) -> bool {
        let number = match value {
            Value::Number(number) => Some(*number),
            _ => None,
        };
        match self {
            Self::Equals(wanted) => value == wanted,
            Self::NotEquals(wanted) => value != wanted,
            Self::GreaterThan(bound) => number.is_some_and(|number| number > *bound),
            Self::GreaterThanOrEquals(bound) => number.is_some_and(|number| number >= *bound),
            Self::LessThan(bound) => number.is_some_and(|number| number < *bound),
            Self::LessThanOrEquals(bound) => number.is_some_and(|number| number <= *bound),
            Self::In(wanted) => matches!(value, Value::Text(text) if wanted.contains(text)),
            Self::NotIn(unwanted) => !matches!(value, Value::Text(text) if unwanted.contains(text)),
            Self::StartsWith(begin) => matches!(value, Value::Text(text) if text.starts_with(begin)),
            Self::ListContains(member) => matches!(value, Value::Texts(texts) if texts.contains(member)),
            Self::StringContains(part) => match value {
                Value::Text(text) => text.contains(part),
                Value::Texts(texts) => texts.iter().any(|text| text.contains(part)),
                _ => false,
            },
        }
    }

    /// Whether it is passed where there is no value.
    pub fn passes_absent(&self) -> bool {
        matches!(self, Self::NotEquals(_) | Self::NotIn(_))
    }
}

/// A filter: one test, or a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    Test { key: String, test: Test },
    AndAll(Vec<Filter>),
    OrAll(Vec<Filter>),
}

impl Filter {
    /// A test of the value under `key`.
    pub fn test(key: impl Into<String>, test: Test) -> Self {
        Self::Test { key: key.into(), test }
    }

    /// Whether what is said of a passage passes.
    pub fn matches(&self, attributes: &Attributes) -> bool {
        match self {
            Self::Test { key, test } => {
                attributes.get(key).map_or_else(|| test.passes_absent(), |value| test.passes(value))
            }
            Self::AndAll(all) => all.iter().all(|filter| filter.matches(attributes)),
            Self::OrAll(some) => some.iter().any(|filter| filter.matches(attributes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn said() -> Attributes {
        Attributes::from([
            ("genre".to_owned(), text("entertainment")),
            ("year".to_owned(), Value::Number(2022.0)),
            ("public".to_owned(), Value::Truth(true)),
            ("tags".to_owned(), Value::Texts(vec!["river".to_owned(), "stone".to_owned()])),
        ])
    }

    fn matches(key: &str, test: Test) -> bool {
        Filter::test(key, test).matches(&said())
    }

    #[test]
    fn every_operator_matches_what_it_says() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for (key, test, wanted) in [
            ("genre", Test::Equals(text("entertainment")), true),
            ("genre", Test::Equals(text("Entertainment")), false),
            ("public", Test::Equals(Value::Truth(true)), true),
            ("year", Test::Equals(text("2022")), false),
            ("year", Test::NotEquals(Value::Number(2022.0)), false),
            ("year", Test::NotEquals(text("2022")), true),
            ("year", Test::GreaterThan(2021.5), true),
            ("year", Test::GreaterThan(2022.0), false),
            ("year", Test::GreaterThanOrEquals(2022.0), true),
            ("year", Test::LessThan(2022.0), false),
            ("year", Test::LessThanOrEquals(2022.0), true),
            ("genre", Test::LessThan(9.0), false),
            ("genre", Test::In(list(&["news", "entertainment"])), true),
            ("genre", Test::NotIn(list(&["news", "entertainment"])), false),
            ("year", Test::NotIn(list(&["news"])), true),
            ("genre", Test::StartsWith("enter".to_owned()), true),
            ("tags", Test::StartsWith("riv".to_owned()), false),
            ("tags", Test::ListContains("stone".to_owned()), true),
            ("tags", Test::ListContains("ston".to_owned()), false),
            ("genre", Test::ListContains("entertainment".to_owned()), false),
            ("tags", Test::StringContains("ton".to_owned()), true),
            ("genre", Test::StringContains("tain".to_owned()), true),
            ("year", Test::StringContains("202".to_owned()), false),
        ] {
            assert_eq!(matches(key, test.clone()), wanted, "{key} {test:?}");
        }
    }

    #[test]
    fn only_the_negative_operators_match_where_the_key_is_absent() {
        for (test, wanted) in [
            (Test::Equals(text("a")), false),
            (Test::NotEquals(text("a")), true),
            (Test::GreaterThan(1.0), false),
            (Test::LessThanOrEquals(1.0), false),
            (Test::In(vec!["a".to_owned()]), false),
            (Test::NotIn(vec!["a".to_owned()]), true),
            (Test::StartsWith(String::new()), false),
            (Test::ListContains("a".to_owned()), false),
            (Test::StringContains(String::new()), false),
        ] {
            assert_eq!(matches("absent", test.clone()), wanted, "{test:?}");
        }
    }

    #[test]
    fn groups_want_all_or_some_also_within_each_other() {
        let yes = Filter::test("year", Test::GreaterThan(2000.0));
        let no = Filter::test("year", Test::LessThan(2000.0));
        let both = vec![yes.clone(), no];
        assert!(!Filter::AndAll(both.clone()).matches(&said()));
        assert!(Filter::OrAll(both.clone()).matches(&said()));
        assert!(Filter::AndAll(vec![Filter::OrAll(both.clone()), yes.clone()]).matches(&said()));
        assert!(!Filter::OrAll(vec![Filter::AndAll(both.clone()), Filter::AndAll(both)]).matches(&said()));
    }
}
