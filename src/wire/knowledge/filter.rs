//! Filters as Amazon Bedrock's `RetrievalFilter`: one object with one operator, groups with a list of them.
//!
//! ```json
//! {"andAll": [{"equals": {"key": "genre", "value": "news"}}, {"greaterThan": {"key": "year", "value": 2020}}]}
//! ```

use serde_json::{Value as Json, json};

use super::metadata::{plain, shown, value};
use crate::domain::knowledge::attribute::{LONGEST_KEY, Value};
use crate::domain::knowledge::filter::{DEEPEST, Filter, LARGEST, Test};
use crate::domain::untrusted::brief;
use crate::domain::{Error, ErrorKind, Result};

/// Reads a filter from its text.
pub fn read(text: &str) -> Result<Filter> {
    let json =
        serde_json::from_str(text).map_err(|why| wrong(&[], unread(text, &why), &example("equals")))?;
    from_json(&json)
}

/// Why a text is no JSON, and from where on.
fn unread(text: &str, why: &serde_json::Error) -> String {
    if why.is_eof() {
        return "it ends too early: a quote, a bracket or a brace is not closed".to_owned();
    }
    let above: usize = text.split_inclusive('\n').take(why.line().saturating_sub(1)).map(str::len).sum();
    let at = text.floor_char_boundary((above + why.column().saturating_sub(1)).min(text.len()));
    // A word is told from its beginning on.
    let from = text[..at].trim_end_matches(char::is_alphanumeric).len();
    format!("it is no JSON from “{}” on", brief(&text[from..], 40))
}

/// How a filter of that operator is written.
fn example(operator: &str) -> String {
    let (key, value) = match operator {
        "andAll" | "orAll" => return format!(r#"Write it as {{"{operator}": [FILTER, FILTER]}}."#),
        "in" | "notIn" => ("genre", r#"["news", "sport"]"#),
        "startsWith" | "listContains" | "stringContains" => ("genre", r#""news""#),
        _ => ("year", "2024"),
    };
    format!(r#"Write it as {{"{operator}": {{"key": "{key}", "value": {value}}}}}."#)
}

/// Reads a filter from its JSON. Errors say where in it something is wrong.
pub fn from_json(json: &Json) -> Result<Filter> {
    filter(json, &mut Vec::new())
}

/// Writes a filter as `from_json` reads it.
pub fn to_json(filter: &Filter) -> Json {
    let group = |members: &[Filter]| members.iter().map(to_json).collect::<Json>();
    match filter {
        Filter::AndAll(members) => json!({"andAll": group(members)}),
        Filter::OrAll(members) => json!({"orAll": group(members)}),
        Filter::Test { key, test } => {
            let scalar = |value: &Value| match value {
                Value::Text(text) => Json::from(text.as_str()),
                Value::Number(number) => plain(*number),
                Value::Truth(truth) => Json::from(*truth),
                Value::Texts(texts) => Json::from(texts.as_slice()),
            };
            let (name, value) = match test {
                Test::Equals(value) => ("equals", scalar(value)),
                Test::NotEquals(value) => ("notEquals", scalar(value)),
                Test::GreaterThan(bound) => ("greaterThan", plain(*bound)),
                Test::GreaterThanOrEquals(bound) => ("greaterThanOrEquals", plain(*bound)),
                Test::LessThan(bound) => ("lessThan", plain(*bound)),
                Test::LessThanOrEquals(bound) => ("lessThanOrEquals", plain(*bound)),
                Test::In(texts) => ("in", Json::from(texts.as_slice())),
                Test::NotIn(texts) => ("notIn", Json::from(texts.as_slice())),
                Test::StartsWith(text) => ("startsWith", Json::from(text.as_str())),
                Test::ListContains(text) => ("listContains", Json::from(text.as_str())),
                Test::StringContains(text) => ("stringContains", Json::from(text.as_str())),
            };
            json!({name: {"key": key, "value": value}})
        }
    }
}

/// A step of the way to where something is wrong.
#[derive(Debug, Clone)]
enum Step {
    Name(&'static str),
    Member(usize),
}

fn filter(json: &Json, place: &mut Vec<Step>) -> Result<Filter> {
    let object = json.as_object().filter(|object| object.len() == 1);
    let Some((name, inner)) = object.and_then(|object| object.iter().next()) else {
        let hint = format!("Join two with andAll or orAll. {}", example("equals"));
        return Err(wrong(place, "it is no object with one operator", &hint));
    };
    let Some(name) = OPERATORS.iter().find(|operator| *operator == name).copied() else {
        let why = format!("“{}” is no operator", shown(name));
        return Err(wrong(place, why, &format!("The operators are {}.", OPERATORS.join(", "))));
    };
    place.push(Step::Name(name));
    let read = match name {
        "andAll" => Filter::AndAll(members(name, inner, place)?),
        "orAll" => Filter::OrAll(members(name, inner, place)?),
        _ => test(name, inner, place)?,
    };
    place.pop();
    Ok(read)
}

const OPERATORS: [&str; 13] = [
    "equals",
    "notEquals",
    "greaterThan",
    "greaterThanOrEquals",
    "lessThan",
    "lessThanOrEquals",
    "in",
    "notIn",
    "startsWith",
    "listContains",
    "stringContains",
    "andAll",
    "orAll",
];

fn members(name: &str, json: &Json, place: &mut Vec<Step>) -> Result<Vec<Filter>> {
    let list = json.as_array().ok_or_else(|| wrong(place, "it is no list of filters", &example(name)))?;
    if list.len() < 2 {
        return Err(wrong(place, format!("it has {}", list.len()), "A group has two filters or more."));
    }
    if list.len() > LARGEST {
        return Err(wrong(
            place,
            format!("it has {} filters", list.len()),
            &format!("At most {LARGEST} are read."),
        ));
    }
    let deep = place.iter().filter(|step| matches!(step, Step::Name(_))).count();
    if deep > DEEPEST {
        return Err(wrong(
            &place[..1],
            "groups lie in each other too deep",
            &format!("At most {DEEPEST} are read."),
        ));
    }
    let mut members = Vec::with_capacity(list.len());
    for (at, member) in list.iter().enumerate() {
        place.push(Step::Member(at));
        members.push(filter(member, place)?);
        place.pop();
    }
    Ok(members)
}

fn test(name: &str, json: &Json, place: &mut Vec<Step>) -> Result<Filter> {
    let key = json.get("key").and_then(Json::as_str).unwrap_or_default();
    let length = key.chars().count();
    if length == 0 || length > LONGEST_KEY {
        place.push(Step::Name("key"));
        let why = if length == 0 {
            "it is missing or no string".to_owned()
        } else {
            format!("it has {length} characters")
        };
        return Err(wrong(place, why, &format!("A key has 1 to 100 characters. {}", example(name))));
    }
    place.push(Step::Name("value"));
    let given = json.get("value").ok_or_else(|| wrong(place, "it is missing", &example(name)))?;
    let not = |wanted: &str| wrong(place, format!("it is not {wanted}"), &example(name));
    let text = || given.as_str().map(str::to_owned).ok_or_else(|| not("a string"));
    let number = || given.as_f64().ok_or_else(|| not("a number"));
    let scalar = || {
        let scalar = value(given).filter(|value| !matches!(value, Value::Texts(_)));
        scalar.ok_or_else(|| not("a string, a number or a boolean"))
    };
    let texts = || match value(given) {
        Some(Value::Texts(texts)) if texts.len() <= LARGEST => Ok(texts),
        _ => Err(not("a list of at most a thousand strings")),
    };
    let test = match name {
        "equals" => Test::Equals(scalar()?),
        "notEquals" => Test::NotEquals(scalar()?),
        "greaterThan" => Test::GreaterThan(number()?),
        "greaterThanOrEquals" => Test::GreaterThanOrEquals(number()?),
        "lessThan" => Test::LessThan(number()?),
        "lessThanOrEquals" => Test::LessThanOrEquals(number()?),
        "in" => Test::In(texts()?),
        "notIn" => Test::NotIn(texts()?),
        "startsWith" => Test::StartsWith(text()?),
        "listContains" => Test::ListContains(text()?),
        _ => Test::StringContains(text()?),
    };
    place.pop();
    Ok(Filter::test(key, test))
}

fn wrong(place: &[Step], why: impl Into<String>, hint: &str) -> Error {
    let mut words = String::new();
    for step in place {
        match step {
            Step::Name(name) if words.is_empty() => words.push_str(name),
            Step::Name(name) => words = format!("{words}.{name}"),
            Step::Member(at) => words = format!("{words}[{at}]"),
        }
    }
    let why = why.into();
    let why = if words.is_empty() { why } else { format!("{words}: {why}") };
    Error::new(ErrorKind::Invalid, "reading a filter", why, hint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_filter() -> impl Strategy<Value = Filter> {
        let scalar = prop_oneof![
            ".{0,6}".prop_map(Value::Text),
            (-1e9..1e9_f64).prop_map(Value::Number),
            any::<i32>().prop_map(|n| Value::Number(f64::from(n))),
            any::<bool>().prop_map(Value::Truth),
        ];
        let texts = proptest::collection::vec(".{0,4}", 0..4);
        let test = prop_oneof![
            scalar.clone().prop_map(Test::Equals),
            scalar.prop_map(Test::NotEquals),
            (-1e9..1e9_f64).prop_map(Test::GreaterThan),
            (-1e9..1e9_f64).prop_map(Test::GreaterThanOrEquals),
            (-1e9..1e9_f64).prop_map(Test::LessThan),
            (-1e9..1e9_f64).prop_map(Test::LessThanOrEquals),
            texts.clone().prop_map(Test::In),
            texts.prop_map(Test::NotIn),
            ".{0,6}".prop_map(Test::StartsWith),
            ".{0,6}".prop_map(Test::ListContains),
            ".{0,6}".prop_map(Test::StringContains),
        ];
        let leaf = (".{1,9}", test).prop_map(|(key, test)| Filter::test(key, test));
        leaf.prop_recursive(3, 20, 4, |inner| {
            let members = proptest::collection::vec(inner, 2..4);
            prop_oneof![members.clone().prop_map(Filter::AndAll), members.prop_map(Filter::OrAll)]
        })
    }

    proptest! {
        #[test]
        fn a_filter_that_is_written_reads_as_it_was(filter in any_filter()) {
            prop_assert_eq!(read(&to_json(&filter).to_string()).unwrap(), filter);
        }
    }

    #[test]
    fn bedrock_s_own_shape_is_read() {
        let text = r#"{"andAll": [{"equals": {"key": "genre", "value": "news"}},
            {"orAll": [{"greaterThan": {"key": "year", "value": 2020}}, {"in": {"key": "tag", "value": ["a", "b"]}}]}]}"#;
        let wanted = Filter::AndAll(vec![
            Filter::test("genre", Test::Equals(Value::Text("news".to_owned()))),
            Filter::OrAll(vec![
                Filter::test("year", Test::GreaterThan(2020.0)),
                Filter::test("tag", Test::In(vec!["a".to_owned(), "b".to_owned()])),
            ]),
        ]);
        assert_eq!(read(text).unwrap(), wanted);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let deep = (0..20).fold(r#"{"equals": {"key": "a", "value": 1}}"#.to_owned(), |inner, _| {
            format!(r#"{{"andAll": [{inner}, {inner}]}}"#).replacen(
                &format!(", {inner}"),
                r#", {"in": {"key": "b", "value": []}}"#,
                1,
            )
        });
        for (text, words) in [
            (
                "nothing",
                r#"it is no JSON from “nothing” on. Write it as {"equals": {"key": "year", "value": 2024}}."#,
            ),
            ("{year: 2024}", "it is no JSON from “year: 2024}” on"),
            ("{\"equals\":\n  key=1}", "it is no JSON from “key=1}” on"),
            ("{", "it ends too early"),
            ("", "it ends too early"),
            ("{}", "it is no object with one operator. Join two with andAll or orAll."),
            (r#"{"like": {}}"#, "“like” is no operator. The operators are equals, notEquals,"),
            (r#"{"andAll": [{"equals": {"key": "a", "value": 1}}]}"#, "andAll: it has 1. A group has two"),
            (
                r#"{"orAll": [{"equals": {"key": "a", "value": 1}}, {"andAll": [{"in": {"key": "b", "value": "c"}}, {}]}]}"#,
                r#"orAll[1].andAll[0].in.value: it is not a list of at most a thousand strings. Write it as {"in": {"key": "genre","#,
            ),
            (r#"{"lessThan": {"key": "a", "value": "b"}}"#, "lessThan.value: it is not a number"),
            (
                r#"{"equals": {"key": "a", "value": ["b"]}}"#,
                "equals.value: it is not a string, a number or a boolean",
            ),
            (
                r#"{"equals": {"value": 1}}"#,
                "equals.key: it is missing or no string. A key has 1 to 100 characters.",
            ),
            (r#"{"equals": {"key": "a"}}"#, "equals.value: it is missing"),
            (&deep, "groups lie in each other too deep"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
