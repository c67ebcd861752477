//! What a model that converses says of search results: one JSON object, the number of each with its grade.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::domain::knowledge::reranking::BEST;

/// Every pair that is written, a number that is written twice among them.
struct Pairs(Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;

        impl<'de> Visitor<'de> for Reads {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of grades")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_map(Reads)
    }
}

/// The grades of so many results, in their order; else why the answer is none. Around the object may stand the fence in which
/// models put code, and nothing else.
pub fn read(answer: &str, results: usize) -> Result<Vec<f64>, String> {
    let object = unfenced(answer.trim());
    let Pairs(pairs) = serde_json::from_str(object)
        .map_err(|_| "its answer is no JSON object of a grade for each result".to_owned())?;
    let mut grades = vec![None; results];
    for (name, grade) in pairs {
        let number = name.trim().parse::<usize>().ok();
        let slot = number.and_then(|number| grades.get_mut(number.checked_sub(1)?));
        let Some(slot) = slot else {
            return Err(format!("it grades the result {name:?}, and there are {results}"));
        };
        if !(0.0..=f64::from(BEST)).contains(&grade) {
            return Err(format!(
                "it gives result {} the grade {grade}, which is none of 0 to {BEST}",
                name.trim()
            ));
        }
        if slot.replace(grade).is_some() {
            return Err(format!("it grades result {} twice", name.trim()));
        }
    }
    let missing = grades.iter().position(Option::is_none);
    match missing {
        Some(at) => Err(format!("it has no grade for result {}", at + 1)),
        None => Ok(grades.into_iter().flatten().collect()),
    }
}

/// A text without the fence around it.
fn unfenced(text: &str) -> &str {
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inside = inside.map(|inside| inside.strip_prefix("json").unwrap_or(inside));
    inside.map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_come_in_the_order_of_the_results() {
        let grades = vec![0.0, 7.0, 2.5];
        for answer in [
            r#"{"1": 0, "2": 7, "3": 2.5}"#,
            r#" {"3":2.5,"2":7,"1":0} "#,
            "```json\n{\"1\": 0, \"2\": 7, \"3\": 2.5}\n```",
            "```\n{\"1\": 0, \"2\": 7, \"3\": 2.5}```\n",
        ] {
            assert_eq!(read(answer, 3), Ok(grades.clone()), "{answer}");
        }
        assert_eq!(read("{}", 0), Ok(Vec::new()));
    }

    #[test]
    fn an_answer_that_is_not_of_that_form_is_none() {
        for (answer, why) in [
            ("", "no JSON object"),
            ("The best is 2.", "no JSON object"),
            (r#"Here: {"1": 0, "2": 7}"#, "no JSON object"),
            (r#"{"1": 0, "2": 7} I hope this helps."#, "no JSON object"),
            ("[0, 7]", "no JSON object"),
            (r#"{"1": "0", "2": 7}"#, "no JSON object"),
            (r#"{"1": NaN, "2": 7}"#, "no JSON object"),
            (r#"{"1": null, "2": 7}"#, "no JSON object"),
            (r#"{"1": 0}"#, "no grade for result 2"),
            (r#"{"1": 0, "2": 7, "3": 1}"#, r#"the result "3", and there are 2"#),
            (r#"{"0": 0, "2": 7}"#, r#"the result "0", and there are 2"#),
            (r#"{"first": 0, "2": 7}"#, r#"the result "first""#),
            (r#"{"1": 0, "2": 7, "1": 3}"#, "grades result 1 twice"),
            (r#"{"1": 11, "2": 7}"#, "grade 11"),
            (r#"{"1": -1, "2": 7}"#, "grade -1"),
        ] {
            let error = read(answer, 2).unwrap_err();
            assert!(error.contains(why), "{answer}: {error}");
        }
    }
}
