//! Filters in Qdrant's words, with exactly our meaning.
//!
//! What is said of a passage lies under `said.KEY`, the key in hexadecimal digits: a key may hold dots and quotes, which mean
//! something in Qdrant's paths. Each kind of value has a field of its own below it, so that nothing of another kind is ever compared:
//! `t` a text, `n` a number, `b` a boolean as a text, `l` a list's members, `e` the whole list as JSON.
//!
//! What a text begins with or holds Qdrant cannot be asked in a way that means the same in all of its versions: without an index it
//! looks for a part of the text in some, for whole words in others. So the values that there are under the key are asked for first, and
//! those that pass are looked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::domain::hex::hex;
use crate::domain::knowledge::attribute::Value;
use crate::domain::knowledge::filter::{Filter, Test};

/// The field of what is said under a key, of one kind.
pub(super) fn field(key: &str, kind: &str) -> String {
    format!("said.{}.{kind}", hex(key.as_bytes()))
}

/// The values that there are, by their fields.
pub type Values = BTreeMap<String, Vec<String>>;

/// The fields whose values must be known to write a filter.
pub fn unknown(filter: Option<&Filter>) -> BTreeSet<String> {
    match filter {
        Some(Filter::AndAll(members) | Filter::OrAll(members)) => {
            members.iter().flat_map(|member| unknown(Some(member))).collect()
        }
        Some(Filter::Test { key, test: Test::StartsWith(_) }) => BTreeSet::from([field(key, "t")]),
        Some(Filter::Test { key, test: Test::StringContains(_) }) => {
            BTreeSet::from([field(key, "t"), field(key, "l")])
        }
        None | Some(Filter::Test { .. }) => BTreeSet::new(),
    }
}

/// A filter; of none, nothing.
pub fn written(filter: Option<&Filter>, values: &Values) -> Option<Json> {
    Some(match filter? {
        Filter::AndAll(all) => group("must", all, values),
        Filter::OrAll(some) if some.is_empty() => json!({ "must": [never()] }),
        Filter::OrAll(some) => group("should", some, values),
        test @ Filter::Test { .. } => json!({ "must": [condition(test, values)] }),
    })
}

/// Both together.
pub fn both(filter: Option<&Filter>, values: &Values, also: Json) -> Json {
    let own = filter.map(|filter| condition(filter, values));
    json!({ "must": own.into_iter().chain([also]).collect::<Vec<Json>>() })
}

fn group(word: &str, members: &[Filter], values: &Values) -> Json {
    json!({ word: members.iter().map(|member| condition(member, values)).collect::<Vec<_>>() })
}

fn condition(filter: &Filter, values: &Values) -> Json {
    match filter {
        Filter::Test { key, test } => of_test(key, test, values),
        group => written(Some(group), values).unwrap_or_default(),
    }
}

/// What no point passes.
fn never() -> Json {
    json!({ "has_id": [] })
}

fn not(condition: &Json) -> Json {
    json!({ "must_not": [condition] })
}

fn of_test(key: &str, test: &Test, values: &Values) -> Json {
    let range = |sign: &str, bound: f64| {
        if bound.is_nan() { never() } else { json!({ "key": field(key, "n"), "range": { sign: bound } }) }
    };
    // Those of the values that there are which pass.
    let passing = |kind: &str, passes: &dyn Fn(&str) -> bool| {
        let field = field(key, kind);
        let there = values.get(&field).map(Vec::as_slice).unwrap_or_default();
        let passing: Vec<&String> = there.iter().filter(|value| passes(value)).collect();
        any(&field, &passing)
    };
    match test {
        Test::Equals(wanted) => equals(key, wanted),
        Test::NotEquals(unwanted) => not(&equals(key, unwanted)),
        Test::GreaterThan(bound) => range("gt", *bound),
        Test::GreaterThanOrEquals(bound) => range("gte", *bound),
        Test::LessThan(bound) => range("lt", *bound),
        Test::LessThanOrEquals(bound) => range("lte", *bound),
        Test::In(wanted) => any(&field(key, "t"), &wanted.iter().collect::<Vec<_>>()),
        Test::NotIn(unwanted) => not(&any(&field(key, "t"), &unwanted.iter().collect::<Vec<_>>())),
        Test::StartsWith(begin) => passing("t", &|value| value.starts_with(begin)),
        Test::ListContains(member) => json!({ "key": field(key, "l"), "match": { "value": member } }),
        Test::StringContains(part) => {
            let holds = |value: &str| value.contains(part);
            json!({ "should": [passing("t", &holds), passing("l", &holds)] })
        }
    }
}

fn equals(key: &str, wanted: &Value) -> Json {
    match wanted {
        Value::Text(text) => json!({ "key": field(key, "t"), "match": { "value": text } }),
        Value::Number(number) if number.is_nan() => never(),
        Value::Number(number) => {
            json!({ "key": field(key, "n"), "range": { "gte": number, "lte": number } })
        }
        Value::Truth(truth) => json!({ "key": field(key, "b"), "match": { "value": truth.to_string() } }),
        Value::Texts(texts) => json!({ "key": field(key, "e"), "match": { "value": whole(texts) } }),
    }
}

fn any(field: &str, wanted: &[&String]) -> Json {
    if wanted.is_empty() { never() } else { json!({ "key": field, "match": { "any": wanted } }) }
}

/// A list as one text.
pub(super) fn whole(texts: &[String]) -> String {
    Json::from(texts).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(test: Test) -> Json {
        let texts = ["news", "newsletter", "old"].map(str::to_owned).to_vec();
        let values = Values::from([(field("a.b", "t"), texts)]);
        written(Some(&Filter::test("a.b", test)), &values).unwrap()
    }

    #[test]
    fn a_key_is_no_path_and_a_text_is_compared_with_texts_alone() {
        let wanted = json!({ "must": [{ "key": "said.612e62.t", "match": { "value": "news" } }] });
        assert_eq!(one(Test::Equals(Value::Text("news".to_owned()))), wanted);
        let wanted =
            json!({ "must": [{ "key": "said.612e62.n", "range": { "gte": 2022.0, "lte": 2022.0 } }] });
        assert_eq!(one(Test::Equals(Value::Number(2022.0))), wanted);
        assert_eq!(one(Test::In(Vec::new())), json!({ "must": [{ "has_id": [] }] }));
        let wanted =
            json!({ "must": [{ "must_not": [{ "key": "said.612e62.b", "match": { "value": "true" } }] }] });
        assert_eq!(one(Test::NotEquals(Value::Truth(true))), wanted);
        assert_eq!(written(None, &Values::new()), None);
    }

    #[test]
    fn what_a_text_begins_with_or_holds_is_asked_by_the_values_that_there_are() {
        let wanted =
            json!({ "must": [{ "key": "said.612e62.t", "match": { "any": ["news", "newsletter"] } }] });
        assert_eq!(one(Test::StartsWith("news".to_owned())), wanted);
        let holds = Test::StringContains("let".to_owned());
        let wanted = json!({ "must": [{ "should": [
            { "key": "said.612e62.t", "match": { "any": ["newsletter"] } }, { "has_id": [] },
        ] }] });
        assert_eq!(one(holds.clone()), wanted);
        let filter = Filter::AndAll(vec![Filter::test("a.b", holds), Filter::test("c", Test::LessThan(1.0))]);
        let fields = [field("a.b", "l"), field("a.b", "t")];
        assert_eq!(unknown(Some(&filter)).into_iter().collect::<Vec<_>>(), fields);
    }
}
