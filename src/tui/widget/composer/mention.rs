//! Files that are named in a text: `@path`, how one is read, and how one is written.

use std::ops::Range;

use super::chip::chip_index;
use crate::domain::attachment::unescaped;

/// What a word is followed by in a sentence.
const END: [char; 10] = [',', '.', ';', ':', '!', '?', ')', ']', '}', '"'];
/// What may stand before a name.
const BEFORE: [char; 5] = ['(', '[', '{', '"', '\''];

/// The `@path`s in a text and where they stand, as they are written: `@a.md`, `@my\\ a.md`, `@"my a.md"`.
pub(super) fn mentions(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut behind = 0;
    for (at, _) in text.match_indices('@') {
        if let Some(mention) = mention_at(text, at).filter(|_| begins(text, at) && at >= behind) {
            behind = at + mention.len();
            found.push((at..behind, mention.to_owned()));
        }
    }
    found
}

/// A name may begin there: what stands before it is no word.
fn begins(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || BEFORE.contains(&c))
}

/// Whatever in a text may be a mention, also once the text around it is another.
pub fn possible_mentions(text: &str) -> impl Iterator<Item = String> {
    text.match_indices('@').filter_map(|(at, _)| mention_at(text, at)).map(str::to_owned)
}

/// The path that a mention names.
pub fn mentioned_path(mention: &str) -> String {
    let name = mention.strip_prefix('@').unwrap_or(mention);
    let quoted = ['"', '\''].into_iter().find_map(|quote| name.strip_prefix(quote)?.strip_suffix(quote));
    match quoted {
        Some(path) => path.to_owned(),
        None => unescaped(name).map_or_else(|| name.to_owned(), |(path, _)| path),
    }
}

fn mention_at(text: &str, at: usize) -> Option<&str> {
    let name = &text[at + 1..];
    if let Some(quote) = name.chars().next().filter(|c| ['"', '\''].contains(c)) {
        let inner = name[1..].split_once(quote)?.0;
        let is_name = !inner.trim().is_empty() && !inner.contains('\n');
        return is_name.then_some(&text[at..at + inner.len() + 3]);
    }
    let (path, end) = unescaped(name)?;
    // A blank at the very end is where the name goes on.
    if end == name.len() && path.ends_with(char::is_whitespace) {
        return None;
    }
    // What a sentence ends with is no part of a name.
    let word = text[at..at + 1 + end].trim_end_matches(END);
    (word.len() > 2 && word.contains(['/', '.'])).then_some(word)
}

/// An `@path` that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPath {
    /// Where its `@` stands.
    pub start: usize,
    /// What is written of the path so far, as it is meant.
    pub path: String,
    pub quote: Option<char>,
}

/// The `@path` whose end is being written at the caret.
pub(super) fn open_path(text: &str, caret: usize) -> Option<OpenPath> {
    let (head, tail) = text.split_at(caret);
    if tail.chars().next().is_some_and(|c| !c.is_whitespace() && !END.contains(&c)) {
        return None;
    }
    let line = head.rfind('\n').map_or(0, |at| at + 1);
    head[line..].match_indices('@').find_map(|(at, _)| {
        let start = line + at;
        let name = &head[start + 1..];
        if !begins(head, start) || name.contains(|c| chip_index(c).is_some()) {
            return None;
        }
        let quote = name.chars().next().filter(|c| ['"', '\''].contains(c));
        let path = match quote {
            Some(quote) => Some(&name[1..]).filter(|inner| !inner.contains(quote))?.to_owned(),
            None => unescaped(name).filter(|(_, end)| *end == name.len())?.0,
        };
        Some(OpenPath { start, path, quote })
    })
}

/// A path as it is named in a text, so that it is read again as it is; one that is not `whole` may be written on.
pub(super) fn written(path: &str, quote: Option<char>, whole: bool) -> String {
    let mut plain = String::new();
    for c in path.chars() {
        if c.is_whitespace() || ['\\', '"', '\''].contains(&c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    if !whole {
        return match quote {
            Some(quote) if !path.contains(quote) => format!("@{quote}{path}"),
            _ => format!("@{plain}"),
        };
    }
    let quoted = |quote: char| format!("@{quote}{path}{quote}");
    let reads = |word: &String| {
        let name = mentioned_path(word);
        mention_at(word, 0) == Some(word) && (name == path || name.strip_prefix("./") == Some(path))
    };
    let ways = [format!("@{plain}"), format!("@./{plain}"), quoted('"'), quoted('\'')];
    let way = quote.map(quoted).into_iter().chain(ways).find(reads);
    way.unwrap_or_else(|| format!("@{plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(marked: &str) -> Option<(String, Option<char>)> {
        let at = marked.find('|').unwrap();
        open_path(&marked.replacen('|', "", 1), at).map(|open| (open.path, open.quote))
    }

    #[test]
    fn a_path_is_open_where_the_caret_stands_behind_it() {
        for (text, path, quote) in [
            ("@|", "", None),
            ("see @no|", "no", None),
            ("see (@no|)", "no", None),
            ("@my\\ pi|", "my pi", None),
            ("@\"my pi|", "my pi", Some('"')),
            ("@\"my pi|\"", "my pi", Some('"')),
            ("@'a.md' and @'it|", "it", Some('\'')),
            ("@a.md @../b| and", "../b", None),
        ] {
            assert_eq!(open(text), Some((path.to_owned(), quote)), "{text}");
        }
        for text in ["|", "no|", "ada@no|", "@no |", "@n|o", "@|no", "@no\n|", "@'a'|", "@a\\|"] {
            assert_eq!(open(text), None, "{text}");
        }
    }

    #[test]
    fn whatever_a_file_is_called_its_name_is_written_so_that_it_is_read_again() {
        for (path, word) in [
            ("notes.md", "@notes.md"),
            ("Makefile", "@./Makefile"),
            ("my pic.png", "@my\\ pic.png"),
            ("a/b (1)", "@\"a/b (1)\""),
            ("what?", "@\"what?\""),
            ("say \"so\"!", "@'say \"so\"!'"),
            ("it's.md", "@it\\'s.md"),
            ("a\\b.md", "@a\\\\b.md"),
            ("~/x/é.md", "@~/x/é.md"),
        ] {
            assert_eq!(written(path, None, true), word);
            let text = format!("see {word}, please");
            let [(_, found)] = &mentions(&text)[..] else { panic!("{text}") };
            assert_eq!(mentioned_path(found).trim_start_matches("./"), path);
        }
        assert_eq!(written("my pic.png", Some('"'), true), "@\"my pic.png\"");
        assert_eq!(written("my \"pic\".png", Some('"'), true), "@my\\ \\\"pic\\\".png");
        assert_eq!(written("my d/", Some('\''), false), "@'my d/");
        assert_eq!(written("my d/", None, false), "@my\\ d/");
    }
}
