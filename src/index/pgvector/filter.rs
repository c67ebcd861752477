//! Filters as SQL over `custom_metadata`. Values and keys are arguments, never text of the statement.
//!
//! Each condition is true or false, never unknown: that a key is absent is a case of its own, as `domain::knowledge::filter` has it.

use tokio_postgres::types::ToSql;

use super::plain::written;
use crate::domain::knowledge::attribute::Value;
use crate::domain::knowledge::filter::{Filter, Test};

/// What a statement is given besides its text.
#[derive(Default)]
pub(super) struct Arguments(Vec<Box<dyn ToSql + Sync + Send>>);

impl Arguments {
    /// Adds one; its place in the statement.
    pub(super) fn add(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.0.push(Box::new(value));
        format!("${}", self.0.len())
    }

    /// As a statement takes them.
    pub(super) fn all(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }

    fn text(&mut self, text: &str) -> String {
        format!("{}::text", self.add(written(text).into_owned()))
    }

    fn texts(&mut self, texts: &[String]) -> String {
        format!(
            "{}::text[]",
            self.add(texts.iter().map(|text| written(text).into_owned()).collect::<Vec<_>>())
        )
    }
}

/// The condition of a filter; of none, what is always true.
pub(super) fn condition(filter: Option<&Filter>, arguments: &mut Arguments) -> String {
    filter.map_or_else(|| "true".to_owned(), |filter| one(filter, arguments))
}

fn one(filter: &Filter, arguments: &mut Arguments) -> String {
    let mut group = |members: &[Filter], word: &str, empty: &str| {
        let members: Vec<String> = members.iter().map(|member| one(member, arguments)).collect();
        if members.is_empty() { empty.to_owned() } else { format!("({})", members.join(word)) }
    };
    match filter {
        Filter::AndAll(all) => group(all, " and ", "true"),
        Filter::OrAll(some) => group(some, " or ", "false"),
        Filter::Test { key, test: wanted } => test(key, wanted, arguments),
    }
}

fn test(key: &str, test: &Test, arguments: &mut Arguments) -> String {
    let key = arguments.text(key);
    let value = format!("custom_metadata -> {key}");
    let text = format!("custom_metadata ->> {key}");
    let is = |kind: &str| format!("jsonb_typeof({value}) = '{kind}'");
    let compared = |sign: &str, bound: f64, arguments: &mut Arguments| {
        let bound = arguments.add(bound);
        // Only numbers are read as such.
        format!("(case when {} then ({value})::float8 {sign} {bound}::float8 else false end)", is("number"))
    };
    match test {
        Test::Equals(wanted) => match json(wanted) {
            Some(json) => {
                let wanted = format!("{}::text::jsonb", arguments.add(json));
                // That it is contained follows, and the index over all that is said can find it.
                let contained = format!("custom_metadata @> jsonb_build_object({key}, {wanted})");
                format!("(coalesce({contained} and {value} = {wanted}, false))")
            }
            None => "false".to_owned(),
        },
        Test::NotEquals(unwanted) => match json(unwanted) {
            Some(json) => format!("(coalesce({value} <> {}::text::jsonb, true))", arguments.add(json)),
            None => "true".to_owned(),
        },
        Test::GreaterThan(bound) => compared(">", *bound, arguments),
        Test::GreaterThanOrEquals(bound) => compared(">=", *bound, arguments),
        Test::LessThan(bound) => compared("<", *bound, arguments),
        Test::LessThanOrEquals(bound) => compared("<=", *bound, arguments),
        Test::In(wanted) => {
            let wanted = arguments.texts(wanted);
            format!("(coalesce({} and {text} = any({wanted}), false))", is("string"))
        }
        Test::NotIn(unwanted) => {
            let unwanted = arguments.texts(unwanted);
            format!("(coalesce(not ({} and {text} = any({unwanted})), true))", is("string"))
        }
        Test::StartsWith(begin) => {
            let begin = arguments.text(begin);
            format!("(coalesce({} and starts_with({text}, {begin}), false))", is("string"))
        }
        Test::ListContains(member) => {
            let member = arguments.text(member);
            format!("(coalesce({} and jsonb_exists({value}, {member}), false))", is("array"))
        }
        Test::StringContains(part) => {
            let part = arguments.text(part);
            format!(
                "(case jsonb_typeof({value}) when 'string' then strpos({text}, {part}) > 0 when 'array' then exists \
                 (select from jsonb_array_elements_text({value}) member where strpos(member, {part}) > 0) else false end)"
            )
        }
    }
}

/// A value as JSON text; `None` of a number that is none, which equals nothing.
fn json(value: &Value) -> Option<String> {
    let json = match value {
        Value::Number(number) => serde_json::Value::from(serde_json::Number::from_f64(*number)?),
        value => attribute(value),
    };
    Some(json.to_string())
}

/// An attribute's value as it lies in `custom_metadata`.
pub(super) fn attribute(value: &Value) -> serde_json::Value {
    let text = |text: &String| serde_json::Value::from(written(text).into_owned());
    match value {
        Value::Text(said) => text(said),
        Value::Number(number) => (*number).into(),
        Value::Truth(truth) => (*truth).into(),
        Value::Texts(texts) => texts.iter().map(text).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_and_no_key_becomes_text_of_the_statement() {
        let evil = "x' or 1=1; drop table t; --";
        let tests = [
            Test::Equals(Value::Text(evil.to_owned())),
            Test::In(vec![evil.to_owned()]),
            Test::StartsWith(evil.to_owned()),
            Test::ListContains(evil.to_owned()),
            Test::StringContains(evil.to_owned()),
        ];
        let filter = Filter::AndAll(tests.into_iter().map(|test| Filter::test(evil, test)).collect());
        let mut arguments = Arguments::default();
        let sql = condition(Some(&filter), &mut arguments);
        assert!(!sql.contains("drop") && !sql.contains("1=1"), "{sql}");
        assert_eq!(arguments.all().len(), 10);
        assert_eq!(condition(Some(&Filter::OrAll(Vec::new())), &mut arguments), "false");
        assert_eq!(condition(Some(&Filter::AndAll(Vec::new())), &mut arguments), "true");
    }
}
