//! `outcrop kb answers`

use std::path::Path;

use super::{found, one, told};
use crate::cli::out::Out;
use crate::cli::{Asker, End};
use crate::domain::knowledge::retrieval::Answers;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::knowledge::Knowledge;

/// What stands for nothing of its own.
const NOTHING: &str = "none";

/// A template, out of its file.
pub(super) fn template(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|why| Error::io(format!("reading {}", path.display()), &why))
}

/// Has a model answer from a base by that template and from passages that are so near; what is not said stays.
pub(super) async fn answers(
    name: &str,
    file: Option<&Path>,
    threshold: Option<&str>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let base = found(name, asker, out).await?;
    let mut answers = base.answers;
    match file {
        None => {}
        Some(file) if file.as_os_str() == NOTHING => answers.template = None,
        Some(file) => answers.template = Some(template(file)?),
    }
    match threshold {
        None => {}
        Some(NOTHING) => answers.threshold = None,
        Some(text) => answers.threshold = Some(cosine(text)?),
    }
    let base = one(Knowledge::Answers { id: base.id, answers }, asker, out).await?;
    told(&base, &words(&base.answers), out)
}

/// How a model is asked to answer, in words.
fn words(answers: &Answers) -> String {
    if answers.are_usual() {
        return "answers are asked for as everywhere, from all that is found".to_owned();
    }
    format!("answers are asked for {}", answers.words())
}

fn cosine(text: &str) -> Result<f64> {
    text.parse().map_err(|_| {
        let why = format!("{text:?} is no number");
        let hint = "Give a number from -1 to 1, or none.";
        Error::new(ErrorKind::Invalid, "setting the least cosine of what is found", why, hint)
    })
}
