//! The README says what is so: its keys are those of the keymap, what it links to is there.

use std::path::Path;

use outcrop::tui::keymap::{Binding, Keymap, label};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The rows of the table under a heading, cell by cell.
fn table(heading: &str) -> Vec<Vec<String>> {
    let readme = readme();
    let (_, part) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    part.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

#[test]
fn the_keys_of_the_readme_are_those_of_the_keymap() {
    let keymap = Keymap::default();
    let rows = table("Keys");
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
    let named: Vec<String> = table("How the code is laid out")
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
    use clap::CommandFactory;
    let program = outcrop::cli::args::Arguments::command();
    let section = readme();
    let section = section.split("\n## Without a screen\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    for noun in program.get_subcommands().filter(|noun| noun.has_subcommands()) {
        let verbs: Vec<_> = noun.get_subcommands().map(clap::Command::get_name).collect();
        let row = format!("| `outcrop {} {}` |", noun.get_name(), verbs.join(" \\| "));
        assert!(section.contains(&row), "the README has no row {row}");
    }
    for noun in program.get_subcommands() {
        assert!(section.contains(noun.get_name()), "the README does not name {}", noun.get_name());
    }
}

#[test]
fn the_configuration_of_the_readme_is_one_that_starts() {
    let readme = readme();
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

#[test]
fn what_the_readme_links_to_is_there() {
    let readme = readme();
    let mut links = 0;
    for (before, after) in readme.match_indices("](").map(|(at, _)| (&readme[..at], &readme[at + 2..])) {
        let target = after.split(')').next().unwrap();
        if let Some(part) = target.strip_prefix('#') {
            let title =
                |line: &&str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == part;
            assert!(
                readme.lines().filter(|line| line.starts_with('#')).any(|line| title(&line)),
                "{part} is no title"
            );
            continue;
        }
        let path = root().join(target);
        assert!(path.exists(), "{target} is not there");
        links += 1;
        // A name in back-ticks that links to a test's file is that test.
        let name = before.rsplit('[').next().unwrap().trim_matches('`');
        if target.starts_with("tests/") && !name.contains('/') {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains(&format!("fn {name}(")), "{target} has no test {name}");
        }
    }
    assert!(links > 10, "only {links} links were found");
}
