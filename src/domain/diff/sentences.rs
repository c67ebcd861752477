//! The sentences of an answer, by Unicode's rules (UAX 29): but no address, number or code is parted at its own signs.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The sentences, each with the white space after it. A line ends one; a line of a block of code is one.
pub fn sentences(text: &str) -> Vec<&str> {
    let code = code(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, piece) in text.split_sentence_bound_indices() {
        let end = at + piece.len();
        match found.last_mut() {
            Some(last) if goes_on(text, at, &code) => last.end = end,
            _ => found.push(at..end),
        }
    }
    found.into_iter().map(|range| &text[range]).collect()
}

/// Whether what begins there is of the sentence before it.
fn goes_on(text: &str, at: usize, code: &[Range<usize>]) -> bool {
    let (Some(last), Some(next)) = (text[..at].chars().next_back(), text[at..].chars().next()) else {
        return false;
    };
    if matches!(last, '\n' | '\r') {
        return false;
    }
    // After a sentence there is a blank, but in languages that are written without them: `a?b=1`, `0..=n`, `println!("")`.
    (last.is_ascii_graphic() && next.is_ascii_graphic())
        || code.iter().any(|code| code.start < at && at < code.end)
}

/// The bytes of code: of each line between fences, and of each piece of a line between as many backticks.
fn code(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let own = start..start + line.len();
        start = own.end;
        let bare = line.trim();
        let signs = fence_of(bare, '`').or_else(|| fence_of(bare, '~'));
        match (fence, signs) {
            (None, Some(opened)) => fence = Some(opened),
            (Some(opened), Some(closed)) if closed == bare && closed.starts_with(opened) => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                found
                    .extend(spans(line).into_iter().map(|span| own.start + span.start..own.start + span.end));
                continue;
            }
        }
        found.push(own);
    }
    found
}

/// The signs that a line opens or closes a block of code with.
fn fence_of(line: &str, sign: char) -> Option<&str> {
    let rest = line.trim_start_matches(sign);
    let signs = &line[..line.len() - rest.len()];
    (signs.len() >= 3 && !rest.contains('`')).then_some(signs)
}

/// The pieces of a line that are code, with their backticks.
fn spans(line: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = runs.get(at) {
        at += 1;
        let closes = |run: &Range<usize>| run.len() == open.len();
        if let Some(close) = runs[at..].iter().position(closes) {
            found.push(open.start..runs[at + close].end);
            at += close + 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<&str> {
        let found = sentences(text);
        assert_eq!(found.concat(), text, "nothing is lost");
        found.into_iter().map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
    }

    #[test]
    fn addresses_and_ranges_stay_whole() {
        assert_eq!(
            said("See https://a.example/find?q=Rivers&x=1. It is long! Is it?"),
            ["See https://a.example/find?q=Rivers&x=1.", "It is long!", "Is it?"]
        );
        assert_eq!(said("Take 0..=N of them. Then stop."), ["Take 0..=N of them.", "Then stop."]);
        assert_eq!(
            said("It calls println!(\"Hi\") and next()?.Value twice."),
            ["It calls println!(\"Hi\") and next()?.Value twice."]
        );
    }

    #[test]
    fn code_between_backticks_stays_whole() {
        assert_eq!(
            said("Write `a ? B : C` or ``x! `Y`? Z``. Done? `no end? Yes."),
            ["Write `a ? B : C` or ``x! `Y`? Z``.", "Done?", "`no end?", "Yes."]
        );
    }

    #[test]
    fn a_line_of_a_block_of_code_is_one() {
        assert_eq!(
            said("So. Now:\n```rust\nlet x = y? ; // Why? So.\n~~~ One. Two.\n```\nOut. It ends."),
            [
                "So.",
                "Now:",
                "```rust",
                "let x = y? ; // Why? So.",
                "~~~ One. Two.",
                "```",
                "Out.",
                "It ends."
            ]
        );
    }

    #[test]
    fn languages_without_blanks_have_sentences_too() {
        assert_eq!(
            said("川は曲がる。なぜか？流れが速いから。"),
            ["川は曲がる。", "なぜか？", "流れが速いから。"]
        );
        assert_eq!(said(""), [""; 0]);
    }
}
