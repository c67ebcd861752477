//! Questions whose right passages are known, a line each.
//!
//! ```json
//! {"query": "how are refunds handled?", "relevant": ["refunds.pdf", {"document": "faq.md", "passage": 3, "grade": 2}]}
//! {"query": "who pays?", "relevant": [{"text": "The customer pays within a month."}]}
//! ```
//!
//! Amazon Bedrock's prompt dataset of a retrieval evaluation is read as well: of `conversationTurns` the last turn's prompt, and
//! its `referenceContexts` as the texts that are right.

use serde_json::Value as Json;

use crate::domain::evaluation::dataset::BadLine;
use crate::domain::knowledge::quality::{Judged, Relevant, What};
use crate::domain::{Error, ErrorKind, Result};

/// So many bad lines are named.
const NAMED: usize = 20;

/// Reads all of them, or says which lines are bad.
pub fn read(text: &str) -> Result<Vec<Judged>> {
    let (mut judged, mut bad) = (Vec::new(), Vec::new());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, number) in text.lines().zip(1_u64..).filter(|(line, _)| !line.trim().is_empty()) {
        match one(line) {
            Ok(question) => judged.push(question),
            Err(why) => bad.push(BadLine { line: number, why }),
        }
    }
    if bad.is_empty() {
        return Ok(judged);
    }
    let mut named: Vec<String> =
        bad.iter().take(NAMED).map(|bad| format!("line {}: {}", bad.line, bad.why)).collect();
    if bad.len() > NAMED {
        named.push(format!("and {} more", bad.len() - NAMED));
    }
    let hint = "Write a line like {\"query\": \"…\", \"relevant\": [\"guide.md\"]}.";
    Err(Error::new(ErrorKind::Invalid, "reading the questions", named.join("; "), hint))
}

fn one(line: &str) -> std::result::Result<Judged, String> {
    let json: Json = serde_json::from_str(line).map_err(|why| format!("it is no JSON: {why}"))?;
    let judged = if json.get("conversationTurns").is_some() { of_bedrock(&json)? } else { own(&json)? };
    if judged.query.trim().is_empty() {
        return Err("it asks nothing".to_owned());
    }
    if judged.relevant.is_empty() {
        return Err("nothing is said to be relevant".to_owned());
    }
    Ok(judged)
}

fn own(json: &Json) -> std::result::Result<Judged, String> {
    let query = json.get("query").and_then(Json::as_str).ok_or("it has no text \"query\"")?;
    let relevant = json.get("relevant").and_then(Json::as_array).ok_or("it has no list \"relevant\"")?;
    let relevant = relevant.iter().map(relevance).collect::<std::result::Result<_, _>>()?;
    Ok(Judged { query: query.to_owned(), relevant })
}

fn relevance(json: &Json) -> std::result::Result<Relevant, String> {
    if let Some(document) = json.as_str() {
        return Ok(Relevant { what: What::Document(document.to_owned()), grade: 1.0 });
    }
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let grade = match json.get("grade") {
        None => 1.0,
        Some(grade) => grade.as_f64().filter(|grade| *grade > 0.0).ok_or("a grade is a number above 0")?,
    };
    let what = match (text("document"), json.get("passage"), text("text")) {
        (Some(document), None, None) => What::Document(document),
        (Some(document), Some(number), None) => {
            let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
            let number = number.filter(|number| *number > 0).ok_or("a passage is a number from 1 on")?;
            What::Passage { document, number }
        }
        (None, None, Some(text)) => What::Text(text),
        _ => return Err("what is relevant is a document, a document's passage, or a text".to_owned()),
    };
    Ok(Relevant { what, grade })
}

fn of_bedrock(json: &Json) -> std::result::Result<Judged, String> {
    let turn = json["conversationTurns"].as_array().and_then(|turns| turns.last()).ok_or("it has no turn")?;
    let texts = |content: &Json| -> Vec<String> {
        let parts = content["content"].as_array().into_iter().flatten();
        parts.filter_map(|part| part["text"].as_str()).map(str::to_owned).collect()
    };
    let query = texts(&turn["prompt"]).join("\n");
    let contexts = turn["referenceContexts"].as_array().into_iter().flatten();
    let relevant = contexts.flat_map(texts).map(|text| Relevant { what: What::Text(text), grade: 1.0 });
    Ok(Judged { query, relevant: relevant.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_passages_and_texts_are_told_apart() {
        let read = read(
            "{\"query\": \"a\", \"relevant\": [\"g.md\", {\"document\": \"f.md\", \"passage\": 3, \"grade\": 2}]}\n\n\
             {\"query\": \"b\", \"relevant\": [{\"text\": \"so\"}]}\n\
             {\"conversationTurns\": [{\"prompt\": {\"content\": [{\"text\": \"c\"}]}, \
             \"referenceContexts\": [{\"content\": [{\"text\": \"right\"}]}]}]}",
        )
        .unwrap();
        let what: Vec<Vec<What>> =
            read.iter().map(|judged| judged.relevant.iter().map(|one| one.what.clone()).collect()).collect();
        assert_eq!(
            what,
            [
                vec![
                    What::Document("g.md".to_owned()),
                    What::Passage { document: "f.md".to_owned(), number: 3 }
                ],
                vec![What::Text("so".to_owned())],
                vec![What::Text("right".to_owned())],
            ]
        );
        assert!((read[0].relevant[1].grade - 2.0).abs() < 1e-12);
        assert_eq!(read[2].query, "c");
    }

    #[test]
    fn every_bad_line_is_named() {
        let bad = "{\n{\"query\": \"\", \"relevant\": [\"a\"]}\n{\"query\": \"q\", \"relevant\": []}\n\
                   {\"query\": \"q\", \"relevant\": [{\"document\": \"a\", \"passage\": 0}]}\n\
                   {\"query\": \"q\", \"relevant\": [{\"document\": \"a\", \"grade\": 0}]}\n{\"relevant\": []}";
        let error = read(bad).unwrap_err().why;
        for said in [
            "line 1: it is no JSON",
            "line 2: it asks nothing",
            "line 3: nothing is said",
            "line 4: a passage",
            "line 5: a grade",
            "line 6: it has no text",
        ] {
            assert!(error.contains(said), "{said}: {error}");
        }
    }
}
