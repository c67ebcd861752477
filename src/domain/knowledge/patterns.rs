//! Patterns of files in one line, as people write them: blanks between them, a blank within one as `\ `.

/// The patterns of a line.
pub fn read(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut one = String::new();
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&' ') => {
                letters.next();
                one.push(' ');
            }
            letter if letter.is_whitespace() => all.push(std::mem::take(&mut one)),
            letter => one.push(letter),
        }
    }
    all.push(one);
    all.retain(|pattern| !pattern.is_empty());
    all
}

/// The line of patterns.
pub fn line(patterns: &[String]) -> String {
    patterns.iter().map(|pattern| pattern.replace(' ', "\\ ")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_in_a_line_and_come_back_out_of_it() {
        assert_eq!(read("  *.md   guides/**\\ "), ["*.md", "guides/** "]);
        assert_eq!(read(r"{a,b}.md my\ docs/* [\d].txt"), ["{a,b}.md", "my docs/*", r"[\d].txt"]);
        assert_eq!(read("   "), Vec::<String>::new());
        for all in [vec!["a b", r"c\ d", "e"], vec![], vec!["**/*.md"]] {
            let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
            assert_eq!(read(&line(&all)), all);
        }
    }
}
