//! A prompt as a file: what `outcrop prompts show --json` prints, a prompt a line or one laid out over many.

use serde::Deserialize;

use crate::domain::prompt::{Book, Prompt, Sketch, Version};
use crate::domain::{Error, ErrorKind, Result};

/// One document of such a file; what `--json` says besides is ignored.
#[derive(Deserialize)]
struct Document {
    book: Whole,
}

#[derive(Deserialize)]
struct Whole {
    prompt: Prompt,
    versions: Vec<Version>,
    #[serde(default)]
    draft: Sketch,
}

/// The prompts of a file. Versions are numbered anew in their order, whatever a hand did to their numbers.
pub fn read(text: &str) -> Result<Vec<Book>> {
    let bad = |why: String| {
        Error::new(
            ErrorKind::Invalid,
            "reading prompts",
            why,
            "`outcrop prompts show NAME --json` writes what can be read.",
        )
    };
    let mut books = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Document>() {
        let Whole { mut prompt, mut versions, draft } = document.map_err(|why| bad(why.to_string()))?.book;
        if versions.is_empty() {
            return Err(bad(format!("{:?} has no version", prompt.name)));
        }
        versions.sort_by_key(|version| version.number);
        for (number, version) in (1..).zip(&mut versions) {
            version.number = number;
            prompt.latest = number;
        }
        books.push(Book { prompt, versions, draft });
    }
    if books.is_empty() { Err(bad("no prompt is in it".to_owned())) } else { Ok(books) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_listing_says_besides_is_ignored_and_versions_are_numbered_anew() {
        let version =
            |number: u32| format!(r#"{{"number":{number},"template":{{"text":"t{number}"}},"created":0}}"#);
        let one = format!(
            r#"{{"reply":"prompt","book":{{"prompt":{{"id":"00000000000000000000000000000001","name":"a","created":1,
                "updated":2,"latest":9,"new":1}},"versions":[{},{}]}}}}"#,
            version(9),
            version(4)
        );
        let books = read(&format!("{one}\n{one}")).unwrap();
        assert_eq!(books.len(), 2);
        let versions: Vec<_> =
            books[0].versions.iter().map(|v| (v.number, v.template.text.as_str())).collect();
        assert_eq!(versions, [(1, "t4"), (2, "t9")]);
        assert_eq!((books[0].prompt.latest, &books[0].draft), (2, &Sketch::default()));
    }

    #[test]
    fn what_is_no_prompt_is_said() {
        for text in ["", "x", "{}", r#"{"book":{}}"#] {
            let error = read(text).unwrap_err();
            assert!(
                error.kind == ErrorKind::Invalid && error.hint.contains("show NAME --json"),
                "{text}: {error}"
            );
        }
    }
}
