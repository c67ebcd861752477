//! What somebody thought of a run, or of one of its spans: a score, a text, or both.

use serde::{Deserialize, Serialize};

use super::contents::Score;
use super::span::{SpanKey, TraceId};
use crate::domain::id::NoteId;
use crate::domain::time::Timestamp;
use crate::domain::untrusted::brief;
use crate::domain::{Error, ErrorKind, Result};

/// The name of a score that nobody gave another one.
pub const NAME: &str = "score";
/// Characters of a name and of a label, and bytes of a text.
const SHORT: usize = 64;
const LONG: usize = 64 * 1024;
/// Notes that one trace has at most.
pub const MOST: usize = 10_000;
/// Columns of a text where the notes of a run are told in short.
const FIRST_WORDS: usize = 60;

/// How good it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Grade {
    /// From 0 to 1, the best.
    Number(f64),
    /// A word: "relevant".
    Label(String),
}

impl Grade {
    /// A number from 0 to 1, or a word.
    pub fn read(text: &str) -> Result<Self> {
        let text = text.trim();
        let wrong = |why: String| {
            let hint = "A score is a number from 0 to 1, 1 the best, or a word such as good.";
            Error::new(ErrorKind::Invalid, "scoring a trace", why, hint)
        };
        match text.parse::<f64>() {
            Ok(number) if (0.0..=1.0).contains(&number) => Ok(Self::Number(number)),
            Ok(_) => Err(wrong(format!("{text} is not between 0 and 1"))),
            Err(_) if text.is_empty() => Err(wrong("the score is empty".to_owned())),
            Err(_) if text.chars().count() > SHORT => {
                Err(wrong(format!("a score of more than {SHORT} characters is a note")))
            }
            Err(_) => Ok(Self::Label(text.to_owned())),
        }
    }

    /// In words: `0.75`, `relevant`.
    pub fn words(&self) -> String {
        match self {
            Self::Number(number) => {
                let short = format!("{number:.3}");
                short.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Self::Label(label) => label.clone(),
        }
    }
}

/// What is said: a grade under a name, a text, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// What was looked at: "relevance".
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Opinion {
    /// A grade and a text under the common name.
    pub fn new(grade: Option<Grade>, text: impl Into<String>) -> Self {
        Self { name: NAME.to_owned(), grade, text: text.into() }
    }

    /// From one line: a number from 0 to 1 in front is the grade, the rest is the text.
    pub fn read(line: &str) -> Result<Self> {
        let line = line.trim();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let said = match first.parse::<f64>() {
            Ok(_) => Self::new(Some(Grade::read(first)?), rest),
            Err(_) => Self::new(None, line),
        };
        said.checked()
    }

    /// As it may be kept: without blanks around it, and only where it says something.
    pub fn checked(self) -> Result<Self> {
        let wrong = |why: String, hint: &str| Error::new(ErrorKind::Invalid, "noting on a trace", why, hint);
        let (name, text) = (self.name.trim(), self.text.trim());
        let name = if name.is_empty() { NAME } else { name };
        if name.chars().count() > SHORT {
            let why = format!("the name has more than {SHORT} characters");
            return Err(wrong(why, "Say it in the text."));
        }
        if text.len() > LONG {
            let why = format!("the text has more than {} KB", LONG / 1024);
            return Err(wrong(why, "Keep it shorter."));
        }
        // What came through the door was read nowhere.
        let grade = match self.grade {
            Some(Grade::Label(label)) => Some(Grade::read(&label)?),
            Some(Grade::Number(number)) => Some(Grade::read(&number.to_string())?),
            None => None,
        };
        if grade.is_none() && text.is_empty() {
            return Err(wrong("there is neither a score nor a text".to_owned(), "Give one of them."));
        }
        Ok(Self { name: name.to_owned(), grade, text: text.to_owned() })
    }
}

/// An opinion with whose it is, when and of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub id: NoteId,
    pub trace: TraceId,
    /// The span; `None` of the run as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<SpanKey>,
    pub said: Opinion,
    pub by: String,
    pub at: Timestamp,
}

impl Note {
    /// As a score among those that a trace tells itself.
    pub fn score(&self) -> Score {
        let (value, label) = match &self.said.grade {
            Some(Grade::Number(number)) => (Some(*number), None),
            Some(Grade::Label(label)) => (None, Some(label.clone())),
            None => (None, None),
        };
        Score {
            name: self.said.name.clone(),
            value,
            label,
            explanation: Some(self.said.text.clone()).filter(|text| !text.is_empty()),
            by: Some("human".to_owned()),
        }
    }

    /// In one line: `0.75 too slow · me`.
    pub fn line(&self) -> String {
        let name = Some(self.said.name.as_str()).filter(|name| *name != NAME);
        let grade = self.said.grade.as_ref().map(Grade::words);
        let text = Some(self.said.text.as_str()).filter(|text| !text.is_empty());
        let said: Vec<&str> = name.into_iter().chain(grade.as_deref()).chain(text).collect();
        format!("{} · {}", said.join(" "), self.by)
    }
}

/// What the notes of a run, the oldest first, come to in a line: the newest score with its name, and how the newest text begins.
/// What is said of the run as a whole goes before what is said of a span.
pub fn in_short(notes: &[Note]) -> String {
    let of_run = |note: &&Note| note.span.is_none();
    let grade = notes.iter().filter(|note| note.said.grade.is_some()).max_by_key(of_run);
    let text = notes.iter().filter(|note| !note.said.text.is_empty()).max_by_key(of_run);
    let grade = grade.and_then(|note| {
        let of = if note.span.is_some() { " of a span" } else { "" };
        Some(format!("{} {}{of}", note.said.name, note.said.grade.as_ref()?.words()))
    });
    let text = text.map(|note| brief(&note.said.text, FIRST_WORDS));
    grade.into_iter().chain(text).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_of_a_run_are_told_in_short_by_its_newest_score_and_words() {
        let note = |n: u8, span: Option<u64>, said: Opinion| Note {
            id: NoteId::from_bytes([n; 16]),
            trace: TraceId([2; 16]),
            span: span.map(SpanKey),
            said,
            by: "me".to_owned(),
            at: Timestamp(4),
        };
        let scored = |number: f64, text: &str| Opinion::new(Some(Grade::Number(number)), text);
        let mut notes = vec![
            note(1, None, scored(0.75, "")),
            note(2, None, Opinion::new(None, "too\nslow")),
            note(3, Some(7), scored(0.2, "wrong city")),
        ];
        assert_eq!(in_short(&notes), "score 0.75 · too slow");
        assert_eq!(in_short(&notes[2..]), "score 0.2 of a span · wrong city");
        let tone = Opinion { name: "tone".to_owned(), ..Opinion::new(Some(Grade::Label("good".into())), "") };
        notes.push(note(4, None, tone));
        assert_eq!(in_short(&notes), "tone good · too slow");
        assert_eq!(in_short(&[]), "");
        let long = in_short(&[note(5, None, Opinion::new(None, "so ".repeat(99)))]);
        assert!(long.chars().count() <= FIRST_WORDS && long.ends_with('…'), "{long}");
    }

    #[test]
    fn a_score_is_a_number_from_0_to_1_or_a_word() {
        for (text, grade) in [
            ("0", Grade::Number(0.0)),
            (" 0.75 ", Grade::Number(0.75)),
            ("1", Grade::Number(1.0)),
            ("good", Grade::Label("good".to_owned())),
        ] {
            assert_eq!(Grade::read(text).unwrap(), grade, "{text}");
        }
        for wrong in ["", "1.1", "-0.1", "nan", "inf", &"x".repeat(65)] {
            assert_eq!(Grade::read(wrong).unwrap_err().kind, ErrorKind::Invalid, "{wrong}");
        }
    }

    #[test]
    fn an_opinion_says_something_and_is_kept_without_blanks() {
        assert!(Opinion::new(None, " \n").checked().is_err());
        assert!(Opinion::new(Some(Grade::Number(7.0)), "").checked().is_err());
        assert!(Opinion::new(Some(Grade::Label(String::new())), "").checked().is_err());
        let said = Opinion { name: " ".to_owned(), ..Opinion::new(None, " slow ") }.checked().unwrap();
        assert_eq!(said, Opinion::new(None, "slow"));
    }

    #[test]
    fn a_line_is_a_grade_a_text_or_both() {
        let read =
            |line: &str| Opinion::read(line).map(|said| (said.grade.map(|grade| grade.words()), said.text));
        assert_eq!(read(" 0.5 too slow ").unwrap(), (Some("0.5".to_owned()), "too slow".to_owned()));
        assert_eq!(read("1").unwrap(), (Some("1".to_owned()), String::new()));
        assert_eq!(read("wrong city").unwrap(), (None, "wrong city".to_owned()));
        assert!(read("").is_err() && read("7 out of 10").is_err());
    }

    #[test]
    fn a_note_comes_back_from_its_json_whatever_the_grade() {
        for grade in [None, Some(Grade::Number(0.5)), Some(Grade::Label("good".to_owned()))] {
            let note = Note {
                id: NoteId::from_bytes([1; 16]),
                trace: TraceId([2; 16]),
                span: Some(SpanKey(3)),
                said: Opinion::new(grade, "text"),
                by: "me".to_owned(),
                at: Timestamp(4),
            };
            let written = serde_json::to_string(&note).unwrap();
            assert_eq!(serde_json::from_str::<Note>(&written).unwrap(), note, "{written}");
        }
    }
}
