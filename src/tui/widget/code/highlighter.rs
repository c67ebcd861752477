//! The only file that names syntect: grammars, and a theme whose colours are numbers of roles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use syntect::highlighting::{
    Color as Paint, HighlightState, Highlighter as Painter, RangedHighlightIterator, ScopeSelectors,
    StyleModifier, Theme, ThemeItem,
};
use syntect::parsing::{ParseState, ScopeStack, SyntaxReference, SyntaxSet};

use super::{Inked, Want};
use crate::tui::look::Role;

/// Scopes and what they are; the most specific one wins.
const SCOPES: &[(&str, Role)] = &[
    ("comment, punctuation.definition.comment", Role::Comment),
    ("string, punctuation.definition.string, markup.raw.inline", Role::String),
    ("constant.numeric", Role::Number),
    ("constant.language, constant.character, constant.other, variable.other.constant", Role::Constant),
    ("keyword, storage, storage.type, keyword.operator.word", Role::Keyword),
    ("keyword.operator, punctuation", Role::Punctuation),
    ("entity.name.function, support.function, variable.function, meta.function-call.generic", Role::Function),
    (
        "entity.name.type, entity.name.class, entity.name.struct, entity.name.enum, entity.name.trait",
        Role::Kind,
    ),
    ("support.type, support.class, entity.other.inherited-class, entity.name.namespace", Role::Kind),
    ("entity.name.tag, markup.heading, entity.name.section", Role::Keyword),
    ("entity.other.attribute-name, variable.parameter, support.type.property-name", Role::Constant),
    ("markup.inserted, meta.diff.header.to-file", Role::Added),
    ("markup.deleted, meta.diff.header.from-file", Role::Removed),
    ("markup.changed, meta.diff.range", Role::Changed),
    ("invalid", Role::Bad),
];

/// Lines longer than this stay plain: grammars take their time over them.
const LONGEST: usize = 2000;

/// Grammars, loaded. Making one takes tens of milliseconds: make it once, away from the screen's thread.
pub struct Highlighter {
    syntaxes: SyntaxSet,
    theme: Theme,
}

impl fmt::Debug for Highlighter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Highlighter({} grammars)", self.syntaxes.syntaxes().len())
    }
}

/// Where the highlighter stopped: it goes on from there when more lines come.
#[derive(Clone)]
pub struct Resume(Arc<(ParseState, HighlightState)>);

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resume(…)")
    }
}

impl PartialEq for Resume {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Highlighter {
    /// Loads the grammars.
    pub fn load() -> Self {
        let paint = |role: Role| Paint { r: role as u8, g: 0, b: 0, a: 0xFF };
        let scopes = SCOPES
            .iter()
            .filter_map(|(selectors, role)| {
                let scope = ScopeSelectors::from_str(selectors).ok()?;
                let style = StyleModifier { foreground: Some(paint(*role)), ..StyleModifier::default() };
                Some(ThemeItem { scope, style })
            })
            .collect();
        let mut theme = Theme { scopes, ..Theme::default() };
        theme.settings.foreground = Some(paint(Role::Text));
        Self { syntaxes: two_face::syntax::extra_no_newlines(), theme }
    }

    fn syntax(&self, language: &str) -> Option<&SyntaxReference> {
        let known = match language.to_ascii_lowercase().as_str() {
            "" | "text" | "txt" | "plain" | "plaintext" | "output" => return None,
            "shell" | "console" | "shellscript" | "zsh" => "bash",
            "golang" => "go",
            "c++" => "cpp",
            "c#" | "csharp" => "cs",
            "objective-c" | "objc" => "m",
            "dockerfile" => "Dockerfile",
            "python3" | "py3" => "py",
            "node" | "jsx" | "mjs" => "js",
            other => return self.syntaxes.find_syntax_by_token(other),
        };
        self.syntaxes.find_syntax_by_token(known)
    }

    /// Highlights what is wanted. Lines of an unknown language come back plain, so that they are not asked for again.
    pub fn run(&self, want: &Want) -> Inked {
        let plain = || want.numbers.iter().map(|number| (*number, [].into())).collect();
        let Some(syntax) = self.syntax(&want.language) else { return Inked { lines: plain(), resume: None } };
        let painter = Painter::new(&self.theme);
        let (mut parse, mut state) = match &want.resume {
            Some(resume) => (*resume.0).clone(),
            None => (ParseState::new(syntax), HighlightState::new(&painter, ScopeStack::new())),
        };
        let mut lines = Vec::with_capacity(want.lines.len());
        for (line, number) in want.lines.iter().zip(&want.numbers) {
            let mut inks = Vec::new();
            if line.len() <= LONGEST
                && let Ok(operations) = parse.parse_line(line, &self.syntaxes)
            {
                for (style, _, range) in RangedHighlightIterator::new(&mut state, &operations, line, &painter)
                {
                    inks.push((range.len() as u32, role(style.foreground)));
                }
            }
            lines.push((*number, inks.into()));
        }
        let resume = want.numbers.last().map(|number| (*number, Resume(Arc::new((parse, state)))));
        Inked { lines, resume }
    }
}

fn role(paint: Paint) -> Role {
    Role::ALL.get(usize::from(paint.r)).map_or(Role::Text, |(role, _)| *role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::code::{Code, Highlights, Inks};
    use crate::tui::widget::text::Source;

    fn code(language: &str, text: &str) -> Code {
        let mut code = Code::new(language);
        for line in text.lines() {
            code.push(line.to_owned(), Source { start: 0, end: 0, exact: false });
        }
        code
    }

    #[test]
    fn a_growing_block_is_highlighted_as_the_whole_is() {
        let highlighter = Highlighter::load();
        let text = "/* a comment\n over lines */\nfn main() {\n    let x = \"1\"; // two\n}";
        let whole = code("rust", text);
        let mut at_once = Highlights::default();
        at_once.take(highlighter.run(&at_once.want(&whole, 99).unwrap()));
        let mut growing = Highlights::default();
        for lines in 1..=5 {
            let mut part = whole.clone();
            part.truncate(lines);
            let want = growing.want(&part, 99).unwrap();
            assert_eq!(want.lines.len(), 1, "only the new line is asked for");
            growing.take(highlighter.run(&want));
        }
        assert_eq!(growing.lines, at_once.lines);
        assert!(growing.want(&whole, 99).is_none());
        assert!(at_once.lines.values().any(|inks| inks.iter().any(|(_, role)| *role == Role::Comment)));
        assert!(at_once.lines.values().any(|inks| inks.iter().any(|(_, role)| *role == Role::String)));
    }

    /// A line of each language, by a name that models use for it, in which something is told apart.
    const LANGUAGES: &[(&str, &str)] = &[
        ("ada", "-- one"),
        ("bash", "# one"),
        ("c", "// one"),
        ("clojure", "; one"),
        ("cmake", "# one"),
        ("cpp", "// one"),
        ("crystal", "# one"),
        ("csharp", "// one"),
        ("css", "/* one */"),
        ("d", "// one"),
        ("dart", "// one"),
        ("diff", "+one"),
        ("dockerfile", "# one"),
        ("elixir", "# one"),
        ("elm", "-- one"),
        ("erlang", "% one"),
        ("fish", "# one"),
        ("go", "// one"),
        ("graphql", "# one"),
        ("groovy", "// one"),
        ("haskell", "-- one"),
        ("html", "<!-- one -->"),
        ("java", "// one"),
        ("javascript", "// one"),
        ("json", "{\"one\": 1}"),
        ("julia", "# one"),
        ("kotlin", "// one"),
        ("latex", "% one"),
        ("less", "/* one */"),
        ("lisp", "; one"),
        ("lua", "-- one"),
        ("makefile", "# one"),
        ("markdown", "# One"),
        ("matlab", "% one"),
        ("nim", "# one"),
        ("nix", "# one"),
        ("objective-c", "// one"),
        ("ocaml", "(* one *)"),
        ("pascal", "{ one }"),
        ("perl", "# one"),
        ("php", "<?php // one"),
        ("protobuf", "// one"),
        ("python", "# one"),
        ("r", "# one"),
        ("ruby", "# one"),
        ("rust", "// one"),
        ("scala", "// one"),
        ("scss", "/* one */"),
        ("solidity", "// one"),
        ("sql", "-- one"),
        ("swift", "// one"),
        ("terraform", "# one"),
        ("toml", "# one"),
        ("tsx", "// one"),
        ("typescript", "// one"),
        ("vue", "<!-- one -->"),
        ("xml", "<!-- one -->"),
        ("yaml", "# one"),
        ("zig", "// one"),
    ];

    #[test]
    fn code_of_fifty_languages_is_highlighted() {
        let highlighter = Highlighter::load();
        let told_apart =
            |inks: &Inks| inks.iter().any(|(_, role)| !matches!(role, Role::Text | Role::Punctuation));
        let mut grammars = std::collections::BTreeSet::<&str>::new();
        let mut plain = Vec::new();
        for (name, line) in LANGUAGES {
            let want = Highlights::default().want(&code(name, line), 99).unwrap();
            let inked = highlighter.run(&want);
            match highlighter.syntax(name) {
                Some(syntax) if inked.lines.iter().any(|(_, inks)| told_apart(inks)) => {
                    grammars.insert(&syntax.name);
                }
                _ => plain.push(name),
            }
        }
        assert!(grammars.len() >= 50, "these are {}; nothing is told apart in {plain:?}", grammars.len());
    }

    #[test]
    fn languages_are_known_by_the_names_that_models_use() {
        let highlighter = Highlighter::load();
        let names = "rust rs python py python3 javascript js typescript ts tsx jsx c cpp c++ csharp c# java kotlin swift go \
                     golang ruby php perl lua r scala haskell elixir erlang clojure ocaml sql bash sh shell zsh fish html \
                     css scss json yaml toml xml markdown latex dockerfile makefile cmake diff nix zig dart vue graphql \
                     protobuf terraform";
        let unknown: Vec<_> =
            names.split_whitespace().filter(|name| highlighter.syntax(name).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
