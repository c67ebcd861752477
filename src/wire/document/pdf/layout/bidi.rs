//! Text that is read from right to left: the glyphs come left to right and are turned round, between the marks that
//! Unicode has for it (UAX 9), as `pdftotext` writes them.

const RIGHT_TO_LEFT: char = '\u{202b}';
const LEFT_TO_RIGHT: char = '\u{202a}';
const POP: char = '\u{202c}';

fn rightward(char: char) -> bool {
    !leftward_letter(char) && !number(char) && char.is_alphabetic()
}

fn leftward_letter(char: char) -> bool {
    matches!(char,
        '\u{590}'..='\u{65f}' | '\u{66d}'..='\u{6ef}' | '\u{6fa}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        && char.is_alphabetic()
}

/// Digits, and the signs that go with them.
fn number(char: char) -> bool {
    matches!(char, '#'..='%' | '+'..=':' | '\u{a2}'..='\u{a5}' | '\u{b0}'..='\u{b3}' | '\u{b9}'
        | '\u{660}'..='\u{66c}' | '\u{6f0}'..='\u{6f9}' | '\u{2030}'..='\u{2034}' | '\u{2070}'..='\u{208b}'
        | '\u{20a0}'..='\u{20c0}' | '\u{2212}' | '\u{ff10}'..='\u{ff19}')
}

/// Whether more of the letters are read from right to left than the other way.
pub fn leftward<'a>(text: impl Iterator<Item = &'a char>) -> bool {
    let sum: i64 = text.map(|char| i64::from(rightward(*char)) - i64::from(leftward_letter(*char))).sum();
    sum < 0
}

/// Writes a line in the order in which it is read, on a page that as a whole is read `leftward` or not.
pub fn write(line: &[char], leftward: bool, text: &mut String) {
    if leftward {
        text.push(RIGHT_TO_LEFT);
        let mut rest = line;
        while !rest.is_empty() {
            let turned = rest.iter().rev().take_while(|char| !(rightward(**char) || number(**char))).count();
            let (before, run) = rest.split_at(rest.len() - turned);
            text.extend(run.iter().rev());
            let kept = before.iter().rev().take_while(|char| !leftward_letter(**char)).count();
            let (before, run) = before.split_at(before.len() - kept);
            marked(LEFT_TO_RIGHT, run.iter(), text);
            rest = before;
        }
        text.push(POP);
        return;
    }
    let mut rest = line;
    while !rest.is_empty() {
        let kept = rest.iter().take_while(|char| !leftward_letter(**char)).count();
        let (run, after) = rest.split_at(kept);
        text.extend(run);
        let turned = after.iter().take_while(|char| !(rightward(**char) || number(**char))).count();
        let (run, after) = after.split_at(turned);
        marked(RIGHT_TO_LEFT, run.iter().rev(), text);
        rest = after;
    }
}

fn marked<'a>(mark: char, run: impl ExactSizeIterator<Item = &'a char>, text: &mut String) {
    if run.len() > 0 {
        text.push(mark);
        text.extend(run);
        text.push(POP);
    }
}
