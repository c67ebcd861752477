//! From what a person wrote to a filter.

use std::iter::Peekable;
use std::str::CharIndices;

use super::{Compare, Field, Filter, Measure};
use crate::domain::trace::{Kind, Mark, Status};
use crate::domain::{Error, ErrorKind, Result};

/// No bracket is nested deeper.
const DEEPEST: usize = 32;
const KEYS: &str = "kind name model provider tool agent service session error status is tok in out cost dur self \
                    first score.NAME attr.\"KEY\"";

/// A piece of the text, with the column at which it begins.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    /// `-` before a term.
    Minus,
    Compare(Compare),
    Word(String),
    /// Within quotes: never a key or an operator.
    Quoted(String),
}

pub(super) fn read(text: &str) -> Result<Filter> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0, end: text.chars().count() + 1 };
    if tokens.is_empty() {
        return Ok(Filter::All(Vec::new()));
    }
    let filter = reader.any()?;
    match reader.peek() {
        None => Ok(filter),
        Some(_) => Err(wrong(reader.column(), "a bracket closes that none has opened", "Take it out.")),
    }
}

fn wrong(column: usize, why: impl Into<String>, hint: impl Into<String>) -> Error {
    let doing = format!("reading the filter at column {column}");
    Error::new(ErrorKind::Invalid, doing, why, hint)
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>> {
    let mut tokens: Vec<(usize, Token)> = Vec::new();
    let mut rest = text.char_indices().peekable();
    let mut column = 0;
    let mut spaced = true;
    while let Some((_, c)) = rest.next() {
        column += 1;
        let at = column;
        let token = match c {
            c if c.is_whitespace() => {
                spaced = true;
                continue;
            }
            '(' => Token::Open,
            ')' => Token::Close,
            '"' => Token::Quoted(quoted(&mut rest, &mut column, at)?),
            '-' if spaced
                && rest.peek().is_some_and(|(_, next)| !next.is_whitespace() && !next.is_ascii_digit()) =>
            {
                Token::Minus
            }
            ':' | '=' | '>' | '<' | '!' => {
                let equals = c != ':' && rest.next_if(|(_, next)| *next == '=').is_some();
                column += usize::from(equals);
                Token::Compare(match (c, equals) {
                    (':', _) => Compare::Has,
                    ('=', _) => Compare::Is,
                    ('>', true) => Compare::AtLeast,
                    ('>', false) => Compare::More,
                    ('<', true) => Compare::AtMost,
                    ('<', false) => Compare::Less,
                    (_, true) => Compare::IsNot,
                    (_, false) => return Err(wrong(at, "a ! stands alone", "Write != or not.")),
                })
            }
            first => {
                let mut word = String::from(first);
                // After an operator everything up to a blank is the value: `name:a:b`, `attr.x>=1`.
                let is_value =
                    tokens.last().is_some_and(|(_, last)| matches!(last, Token::Compare(_))) && !spaced;
                while let Some((_, next)) = rest.next_if(|(_, next)| {
                    !next.is_whitespace() && !"()\"".contains(*next) && (is_value || !":=<>!".contains(*next))
                }) {
                    word.push(next);
                    column += 1;
                }
                // `attr."a key"` is one key.
                if !is_value && word.ends_with('.') && rest.next_if(|(_, next)| *next == '"').is_some() {
                    column += 1;
                    word.push_str(&quoted(&mut rest, &mut column, at)?);
                }
                Token::Word(word)
            }
        };
        spaced = token == Token::Open || token == Token::Minus;
        tokens.push((at, token));
    }
    Ok(tokens)
}

fn quoted(rest: &mut Peekable<CharIndices<'_>>, column: &mut usize, at: usize) -> Result<String> {
    let mut text = String::new();
    while let Some((_, c)) = rest.next() {
        *column += 1;
        match c {
            '"' => return Ok(text),
            '\\' => {
                if let Some((_, escaped)) = rest.next() {
                    *column += 1;
                    text.push(escaped);
                }
            }
            c => text.push(c),
        }
    }
    Err(wrong(at, "a quotation mark is not closed", "Write another \" where the text ends."))
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    depth: usize,
    /// The column after the text.
    end: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn column(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(column, _)| *column)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn is_word(&self, word: &str) -> bool {
        let operator = matches!(self.tokens.get(self.at + 1), Some((_, Token::Compare(_))));
        matches!(self.peek(), Some(Token::Word(found)) if !operator && found.eq_ignore_ascii_case(word))
    }

    fn any(&mut self) -> Result<Filter> {
        let mut some = vec![self.all()?];
        while self.is_word("or") {
            self.at += 1;
            some.push(self.all()?);
        }
        Ok(if some.len() == 1 { some.remove(0) } else { Filter::Any(some) })
    }

    fn all(&mut self) -> Result<Filter> {
        let mut all = vec![self.not()?];
        loop {
            if self.is_word("and") {
                self.at += 1;
            } else if self.is_word("or") || matches!(self.peek(), None | Some(Token::Close)) {
                break;
            }
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn not(&mut self) -> Result<Filter> {
        let column = self.column();
        if self.depth >= DEEPEST {
            return Err(wrong(column, "it is nested too deep", "Take some brackets out."));
        }
        self.depth += 1;
        let filter = match self.peek() {
            _ if self.is_word("not") => {
                self.at += 1;
                Filter::Not(Box::new(self.not()?))
            }
            Some(Token::Minus) => {
                self.at += 1;
                Filter::Not(Box::new(self.not()?))
            }
            Some(Token::Open) => {
                self.at += 1;
                let inner = self.any()?;
                if self.next() != Some(&Token::Close) {
                    return Err(wrong(column, "a bracket is not closed", "Write ) where it ends."));
                }
                inner
            }
            _ => self.term()?,
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn term(&mut self) -> Result<Filter> {
        let column = self.column();
        let word = match self.next() {
            Some(Token::Quoted(text)) => return Ok(Filter::Text(text.to_lowercase())),
            Some(Token::Word(word)) => word,
            Some(Token::Compare(_)) => {
                return Err(wrong(column, "nothing stands before the operator", keys()));
            }
            _ => {
                return Err(wrong(
                    column,
                    "something is missing here",
                    "Write a term, or take the operator out.",
                ));
            }
        };
        let Some(Token::Compare(compare)) = self.peek() else { return Ok(Filter::Text(word.to_lowercase())) };
        self.at += 1;
        let at = self.column();
        let value = match self.next() {
            Some(Token::Word(value) | Token::Quoted(value)) => value,
            // A value below nothing.
            Some(Token::Minus) => match self.next() {
                Some(Token::Word(value)) => &format!("-{value}"),
                _ => return Err(missing(at, word)),
            },
            _ => return Err(missing(at, word)),
        };
        term(word, *compare, value, column, at)
    }
}

fn missing(column: usize, key: &str) -> Error {
    wrong(
        column,
        format!("the value of {key} is missing"),
        "Write it right after the operator, in \"\" if it has blanks.",
    )
}

fn keys() -> String {
    format!("Keys are {KEYS}. Anything else goes in \"\".")
}

fn term(key: &str, compare: Compare, value: &str, column: usize, at: usize) -> Result<Filter> {
    // What is looked for within something is compared in lower case.
    let text = || if compare == Compare::Has { value.to_lowercase() } else { value.to_owned() };
    if let Some(name) = key.strip_prefix("score.") {
        return Ok(Filter::Score(name.to_owned(), compare, text()));
    }
    if let Some(key) = key.strip_prefix("attr.") {
        return Ok(Filter::Attribute(key.to_owned(), compare, text()));
    }
    let field = |field| Ok(Filter::Field(field, compare, text()));
    let measure = |measure, number: Option<f64>, hint: &str| match number {
        Some(number) => Ok(Filter::Measure(measure, compare, number)),
        None => Err(wrong(at, format!("{value:?} is none that {key} can be compared with"), hint)),
    };
    let tokens = "Write a number of tokens, as 500 or 2k.";
    let times = "Write a time, as 150ms, 2s or 1.5m.";
    let chosen = |filter: Option<Filter>, all: &str| {
        let filter = filter
            .ok_or_else(|| wrong(at, format!("{value:?} is no {key}"), format!("Take one of {all}.")))?;
        match compare {
            Compare::Has | Compare::Is => Ok(filter),
            Compare::IsNot => Ok(Filter::Not(Box::new(filter))),
            _ => Err(wrong(column, format!("{key} is not more or less"), "Compare it with : or !=.")),
        }
    };
    match key.to_ascii_lowercase().as_str() {
        "kind" => {
            let all = Kind::ALL.map(Kind::as_str).join(" ");
            chosen(kind(&value.to_ascii_lowercase()).map(Filter::Kind), &all)
        }
        "status" => chosen(
            match value.to_ascii_lowercase().as_str() {
                "ok" => Some(Filter::Status(Status::Ok)),
                "error" => Some(Filter::Status(Status::Error)),
                "unset" => Some(Filter::Status(Status::Unset)),
                "running" => Some(Filter::Mark(Mark::Running)),
                "stopped" => Some(Filter::Mark(Mark::Stopped)),
                _ => None,
            },
            "ok error unset running stopped",
        ),
        "is" => {
            let all = Mark::ALL.map(Mark::as_str).join(" ");
            let mark = Mark::ALL.into_iter().find(|mark| mark.as_str().eq_ignore_ascii_case(value));
            chosen(mark.map(Filter::Mark), &all)
        }
        "name" => field(Field::Name),
        "model" => field(Field::Model),
        "provider" => field(Field::Vendor),
        "tool" => field(Field::Tool),
        "agent" => field(Field::Agent),
        "service" => field(Field::Service),
        "error" => field(Field::Error),
        "session" => {
            let compare = if compare == Compare::Has { Compare::Is } else { compare };
            Ok(Filter::Field(Field::Session, compare, value.to_owned()))
        }
        "tok" | "tokens" => measure(Measure::Tokens, count(value), tokens),
        "in" => measure(Measure::Input, count(value), tokens),
        "out" => measure(Measure::Output, count(value), tokens),
        "cost" => {
            let dollars =
                value.trim_start_matches('$').parse().ok().filter(|dollars: &f64| dollars.is_finite());
            measure(Measure::Dollars, dollars, "Write US dollars, as 0.01.")
        }
        "dur" => measure(Measure::Duration, nanos(value), times),
        "self" => measure(Measure::Own, nanos(value), times),
        "first" | "ttft" => measure(Measure::First, nanos(value), times),
        _ => Err(wrong(column, format!("{key:?} is no key"), keys())),
    }
}

fn kind(word: &str) -> Option<Kind> {
    let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
    known.or(match word {
        "llm" | "chat" => Some(Kind::Model),
        "chain" => Some(Kind::Workflow),
        "retriever" => Some(Kind::Retrieval),
        "reranker" => Some(Kind::Rerank),
        "evaluator" => Some(Kind::Evaluation),
        _ => None,
    })
}

/// The number at the beginning, times what the unit after it stands for.
fn scaled(value: &str, units: &[(&str, f64)]) -> Option<f64> {
    let unit = value.find(|c: char| c.is_alphabetic() || c == 'µ').unwrap_or(value.len());
    let number: f64 = value[..unit].parse().ok()?;
    let (_, scale) = units.iter().find(|(name, _)| *name == &value[unit..])?;
    Some(number * scale)
}

fn count(value: &str) -> Option<f64> {
    scaled(value, &[("", 1.0), ("k", 1e3), ("K", 1e3), ("M", 1e6)])
}

fn nanos(value: &str) -> Option<f64> {
    let units = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("", 1e9),
        ("m", 6e10),
        ("min", 6e10),
        ("h", 3.6e12),
    ];
    scaled(value, &units)
}
