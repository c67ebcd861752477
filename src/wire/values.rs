//! Tables of values for the variables of a prompt: CSV and TSV with a head, or one JSON object a line.

use serde_json::{Map, Value};

use super::evaluation::dataset::no_json;
use crate::domain::prompt::{Values, is_name};
use crate::domain::{Error, ErrorKind, Result};

/// The rows of a table; `name` is what errors call it. What begins with a brace is JSON; a head with a tab is TSV.
///
/// # Errors
///
/// `Invalid`, with the line and what is wrong with it.
pub fn rows(name: &str, text: &str) -> Result<Vec<Values>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = if text.trim_start().starts_with('{') { objects(name, text)? } else { table(name, text)? };
    if rows.is_empty() {
        return Err(wrong(name, None, "it has no rows"));
    }
    Ok(rows)
}

fn objects(name: &str, text: &str) -> Result<Vec<Values>> {
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let failed = |why: String| wrong(name, Some(at + 1), why);
        // serde counts lines of the text that it is given, which is one.
        let object: Map<String, Value> = serde_json::from_str(line).map_err(|why| failed(no_json(&why)))?;
        let row: Result<Values> = object
            .into_iter()
            .map(|(variable, value)| {
                let value = match value {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                Ok((variable_of(&variable, failed)?, value))
            })
            .collect();
        rows.push(row?);
    }
    Ok(rows)
}

fn table(name: &str, text: &str) -> Result<Vec<Values>> {
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let line = |why: &csv::Error| why.position().and_then(|at| usize::try_from(at.line()).ok());
    let failed = |why: csv::Error| wrong(name, line(&why), told(&why));
    let head = reader.headers().map_err(failed)?.clone();
    let first = |why: String| wrong(name, Some(1), why);
    let names: Vec<String> = head.iter().map(|name| variable_of(name, first)).collect::<Result<_>>()?;
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(first(format!("two columns are named {}", twice.1)));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(failed)?;
            Ok(names.iter().cloned().zip(record.iter().map(str::to_owned)).collect())
        })
        .collect()
}

fn told(why: &csv::Error) -> String {
    match why.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} values where the head has {expected_len}")
        }
        _ => why.to_string(),
    }
}

fn variable_of(text: &str, failed: impl Fn(String) -> Error) -> Result<String> {
    let text = text.trim();
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err(failed(format!("{text:?} cannot be the name of a variable")))
}

fn wrong(name: &str, line: Option<usize>, why: impl Into<String>) -> Error {
    let doing = match line {
        Some(line) => format!("reading the values in {name}, line {line}"),
        None => format!("reading the values in {name}"),
    };
    let hint = "Take CSV or TSV whose first line names the variables, or a JSON object a line.";
    Error::new(ErrorKind::Invalid, doing, why, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn csv_tsv_and_json_lines_are_the_same_table() {
        let wanted = [row(&[("city", "Bern, CH"), ("n", "1")]), row(&[("city", "a \"b\"\nc"), ("n", "")])];
        let csv = "\u{feff}city, n\r\n\"Bern, CH\",1\r\n\"a \"\"b\"\"\nc\",\r\n";
        assert_eq!(rows("x", csv).unwrap(), wanted);
        let tsv = "city\tn\nBern, CH\t1\n\"a \"\"b\"\"\nc\"\t";
        assert_eq!(rows("x", tsv).unwrap(), wanted);
        let json = "{\"city\": \"Bern, CH\", \"n\": 1}\n\n{\"city\": \"a \\\"b\\\"\\nc\", \"n\": null}";
        assert_eq!(rows("x", json).unwrap(), wanted);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, why) in [
            ("a,b\n1,2\n3\n", "line 3", "it has 1 values where the head has 2"),
            ("a,a\n1,2\n", "line 1", "two columns are named a"),
            ("a b\n1\n", "line 1", "\"a b\" cannot be the name"),
            ("{\"a\": 1}\n\n{\"a\": \"", "line 3", "no JSON at column 7: EOF while parsing a string"),
            ("{\"a\": 1}\n{\"a\" 1}", "line 2", "no JSON at column 6: expected `:`"),
            ("{\"a\": 1}\n[1]", "line 2", "invalid type"),
            ("{\"1\": 1}\n", "line 1", "cannot be the name"),
            ("a\n", "values in x:", "it has no rows"),
            ("", "values in x:", "it has no rows"),
        ] {
            let error = rows("x", text).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(why), "{text:?}: {error}");
            assert!(!error.contains("at line"), "{error}");
        }
    }
}
