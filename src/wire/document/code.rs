//! Source code: text whose language its name tells.

use super::building::Building;
use super::fault::Fault;
use super::text;

/// Endings and the language of each.
const ENDINGS: &[(&str, &str)] = &[
    ("adoc", "asciidoc"),
    ("awk", "awk"),
    ("bash", "shell"),
    ("bat", "batch"),
    ("c", "c"),
    ("cc", "c++"),
    ("cfg", "ini"),
    ("clj", "clojure"),
    ("cmake", "cmake"),
    ("cmd", "batch"),
    ("conf", "ini"),
    ("cpp", "c++"),
    ("cs", "c#"),
    ("css", "css"),
    ("cxx", "c++"),
    ("dart", "dart"),
    ("diff", "diff"),
    ("el", "lisp"),
    ("elm", "elm"),
    ("erl", "erlang"),
    ("ex", "elixir"),
    ("exs", "elixir"),
    ("f90", "fortran"),
    ("fs", "f#"),
    ("go", "go"),
    ("gradle", "groovy"),
    ("graphql", "graphql"),
    ("groovy", "groovy"),
    ("h", "c"),
    ("hcl", "hcl"),
    ("hpp", "c++"),
    ("hs", "haskell"),
    ("ini", "ini"),
    ("java", "java"),
    ("jl", "julia"),
    ("js", "javascript"),
    ("json", "json"),
    ("json5", "json"),
    ("jsonl", "json"),
    ("jsx", "javascript"),
    ("kt", "kotlin"),
    ("kts", "kotlin"),
    ("less", "css"),
    ("lisp", "lisp"),
    ("lua", "lua"),
    ("m", "objective-c"),
    ("mjs", "javascript"),
    ("ml", "ocaml"),
    ("mli", "ocaml"),
    ("mm", "objective-c"),
    ("nim", "nim"),
    ("nix", "nix"),
    ("org", "org"),
    ("patch", "diff"),
    ("php", "php"),
    ("pl", "perl"),
    ("pm", "perl"),
    ("properties", "ini"),
    ("proto", "protobuf"),
    ("ps1", "powershell"),
    ("py", "python"),
    ("pyi", "python"),
    ("r", "r"),
    ("rb", "ruby"),
    ("rs", "rust"),
    ("rst", "restructuredtext"),
    ("sass", "css"),
    ("scala", "scala"),
    ("scm", "scheme"),
    ("scss", "css"),
    ("sh", "shell"),
    ("sql", "sql"),
    ("svelte", "svelte"),
    ("swift", "swift"),
    ("tcl", "tcl"),
    ("tex", "tex"),
    ("tf", "hcl"),
    ("toml", "toml"),
    ("ts", "typescript"),
    ("tsx", "typescript"),
    ("v", "verilog"),
    ("vhd", "vhdl"),
    ("vim", "vim"),
    ("vue", "vue"),
    ("xml", "xml"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("zig", "zig"),
    ("zsh", "shell"),
];

/// Files that are known by their whole name.
const NAMES: &[(&str, &str)] = &[
    ("CHANGELOG", "text"),
    ("COPYING", "text"),
    ("Dockerfile", "dockerfile"),
    ("Gemfile", "ruby"),
    ("Justfile", "just"),
    ("LICENSE", "text"),
    ("Makefile", "make"),
    ("NOTICE", "text"),
    ("README", "text"),
    ("Rakefile", "ruby"),
];

/// The language of a file with this name.
pub fn language(name: &str) -> Option<&'static str> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if let Some((_, language)) = NAMES.iter().find(|(known, _)| *known == file) {
        return Some(language);
    }
    let (_, ending) = file.rsplit_once('.')?;
    let ending = ending.to_lowercase();
    let at = ENDINGS.binary_search_by(|(known, _)| (*known).cmp(ending.as_str())).ok()?;
    Some(ENDINGS[at].1)
}

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    text::read(bytes, made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_a_name_finds_its_language() {
        assert!(ENDINGS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(language("src/main.rs"), Some("rust"));
        assert_eq!(language("a/Makefile"), Some("make"));
        assert_eq!(language("a.RS"), Some("rust"));
        assert_eq!(language("a.bin"), None);
    }
}
