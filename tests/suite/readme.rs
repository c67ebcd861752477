//! The README and the pages of `docs` say what is so: their keys are those of the keymap, what they link to is there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use outcrop::cli::args::Arguments;
use outcrop::config::known_providers;
use outcrop::tui::keymap::{Binding, Keymap, label};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a page, by its path from the root.
fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The README and every page of `docs`, with where it is.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let paths: Vec<_> = docs.chain([root().join("README.md")]).collect();
    assert!(paths.len() > 10, "the pages are not there");
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// All pages as one text.
fn all() -> String {
    pages().into_iter().map(|(_, text)| text).collect()
}

/// The rows of the table under a heading of a page, cell by cell.
fn table(path: &str, heading: &str) -> Vec<Vec<String>> {
    let page = page(path);
    let (_, part) = page.split_once(&format!("# {heading}\n")).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    part.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

#[test]
fn the_keys_of_the_readme_are_those_of_the_keymap() {
    let keymap = Keymap::default();
    let rows = [table("README.md", "Keys"), table("docs/keys.md", "Keys")].concat();
    assert!(rows.len() > 150, "only {} rows were found", rows.len());
    let says = |binding: &Binding, row: &[String]| {
        binding.context.title() == row[0]
            && binding.keys.first().is_some_and(|key| label(*key) == row[1])
            && binding.action.title() == row[2]
    };
    for row in &rows {
        assert!(keymap.bindings().iter().any(|binding| says(binding, row)), "not so: {row:?}");
    }
}

#[test]
fn the_folders_of_the_readme_are_those_of_the_sources() {
    let named: Vec<String> = table("README.md", "How the code is laid out")
        .iter()
        .flat_map(|row| row[0].split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>())
        .collect();
    let sources = std::fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let layers = sources.filter(|path| !path.ends_with("lib.rs") && !path.ends_with("main.rs"));
    let mut layers: Vec<String> =
        layers.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    layers.sort();
    let mut said = named.clone();
    said.sort();
    assert_eq!(said, layers);
}

#[test]
fn the_commands_of_the_readme_are_those_of_the_program() {
    let program = Arguments::command();
    let section = page("docs/command-line.md");
    for noun in program.get_subcommands().filter(|noun| noun.has_subcommands()) {
        let verbs: Vec<_> = noun.get_subcommands().map(clap::Command::get_name).collect();
        let row = format!("| `outcrop {} {}` |", noun.get_name(), verbs.join(" \\| "));
        assert!(section.contains(&row), "the page has no row {row}");
    }
    for noun in program.get_subcommands() {
        assert!(section.contains(noun.get_name()), "the page does not name {}", noun.get_name());
    }
}

/// The commands of a line for a shell, word by word, without what follows a `#` or a file that one writes to.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for letter in line.chars().chain(['\n']) {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word = Some(word.unwrap_or_default());
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '|' | '>' | '\n') => {
                commands.last_mut().unwrap().extend(word.take());
                match letter {
                    '|' => commands.push(Vec::new()),
                    '>' => break,
                    _ => {}
                }
            }
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    commands
}

#[test]
fn what_the_readme_shows_for_a_shell_is_taken_by_the_program() {
    let readme = all();
    let blocks = readme.split("\n```sh\n").skip(1).map(|part| part.split("\n```").next().unwrap());
    let mut shown = 0;
    for words in blocks.flat_map(str::lines).flat_map(commands) {
        if words.first().is_some_and(|word| word == "outcrop") {
            if let Err(why) = Arguments::read(words.iter().map(OsString::from)) {
                panic!("{words:?}: {why}");
            }
            shown += 1;
        }
    }
    assert!(shown > 30, "only {shown} were found");
}

#[test]
fn the_options_that_the_readme_names_with_a_command_are_those_of_it() {
    let (program, readme) = (Arguments::command(), all());
    let mut named = 0;
    for shown in readme.split('`').filter(|part| part.starts_with("outcrop ")) {
        let mut command = &program;
        for word in shown.split_whitespace().skip(1) {
            command = command.find_subcommand(word).unwrap_or(command);
            let Some(option) = word.strip_prefix("--") else { continue };
            let option = option.split('=').next();
            let has = |command: &clap::Command| command.get_arguments().any(|of| of.get_long() == option);
            assert!(has(command) || has(&program), "`{shown}`: {} has no {word}", command.get_name());
            named += 1;
        }
    }
    assert!(named > 8, "only {named} were found");
}

#[test]
fn the_configuration_of_the_readme_is_one_that_starts() {
    let readme = all();
    let blocks: Vec<_> =
        readme.split("\n```toml\n").skip(1).map(|part| part.split("\n```").next().unwrap()).collect();
    assert!(blocks.len() > 1);
    let home = tempfile::tempdir().unwrap();
    for block in blocks {
        std::fs::write(home.path().join("config.toml"), block).unwrap();
        let checked = std::process::Command::new(env!("CARGO_BIN_EXE_outcrop"))
            .args(["config", "check"])
            .env_clear()
            .env("OUTCROP_HOME", home.path())
            .env("OUTCROP_NET_FIND_SERVERS", "false")
            .env("HOME_SERVER_KEY", "key")
            .output()
            .unwrap();
        assert!(checked.status.success(), "{block}\n{}", String::from_utf8_lossy(&checked.stderr));
    }
}

/// Whether a page has a title that a link names by its words.
fn titled(text: &str, part: &str) -> bool {
    let title = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == part;
    text.lines().filter(|line| line.starts_with('#')).any(title)
}

/// Both tables: nobody looks for a key under a name that no page tells.
#[test]
fn every_variable_that_a_provider_is_found_by_is_named() {
    for path in ["README.md", "docs/models.md"] {
        let page = page(path);
        for known in known_providers() {
            let variables = [&known.keys, &known.bearers, &known.urls, &known.signs, &known.file_signs];
            for name in variables.into_iter().flatten() {
                assert!(page.contains(&format!("`{name}`")), "{path} does not name {name}");
            }
        }
    }
}

#[test]
fn what_the_pages_link_to_is_there() {
    let mut links = 0;
    for (path, text) in pages() {
        for (before, after) in text.match_indices("](").map(|(at, _)| (&text[..at], &text[at + 2..])) {
            let target = after.split(')').next().unwrap();
            let (file, part) =
                target.split_once('#').map_or((target, None), |(file, part)| (file, Some(part)));
            let file = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            assert!(file.exists(), "{}: {target} is not there", path.display());
            links += 1;
            if let Some(part) = part {
                assert!(titled(&std::fs::read_to_string(&file).unwrap(), part), "{target} is no title");
            }
            // A name in back-ticks that links to a test's file is that test.
            let name = before.rsplit('[').next().unwrap().trim_matches('`');
            if target.starts_with("tests/") && !name.contains('/') {
                let text = std::fs::read_to_string(file).unwrap();
                assert!(text.contains(&format!("fn {name}(")), "{target} has no test {name}");
            }
        }
    }
    assert!(links > 30, "only {links} links were found");
}

#[test]
fn every_page_is_led_to_from_the_readme() {
    let readme = page("README.md");
    for (path, _) in pages() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || readme.contains(&format!("(docs/{name}")), "nothing leads to {name}");
    }
}
