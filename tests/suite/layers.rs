//! The arrows between the layers, checked against the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer and what it may name. A file's layer is its first folder (or its own stem) under `src`.
const MAY: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("config", &["domain"]),
    ("net", &["domain", "config"]),
    ("store", &["domain"]),
    ("engine", &["domain"]),
    ("provider", &["domain", "wire", "config", "net", "engine"]),
    ("service", &["domain", "wire", "store", "net", "provider", "engine"]),
    ("workbench", &["domain", "config", "store", "net", "provider", "engine", "service"]),
    ("tui", &["domain", "config", "workbench"]),
    ("cli", &["domain", "config", "workbench"]),
    ("log", &["domain", "config"]),
    ("main", &["domain", "config", "log", "workbench", "tui", "cli"]),
];

/// A crate and the only places that may name it.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["store/"]),
    ("secret_service", &["store/keyring/system"]),
    ("reqwest", &["net/"]),
    ("candle_core", &["engine/"]),
    ("candle_nn", &["engine/"]),
    ("tokenizers", &["engine/"]),
    ("arboard", &["tui/runtime"]),
    ("syntect", &["tui/widget/code"]),
    ("ratatui", &["tui/"]),
    ("crossterm", &["tui/"]),
    (
        "tokio",
        &[
            "net/",
            "store/keyring/system",
            "engine/",
            "provider/",
            "service/",
            "workbench/",
            "tui/runtime",
            "tui/terminal",
            "cli/",
            "main",
        ],
    ),
];

/// Words that pure layers never use.
const PURE: &[&str] =
    &["std::fs", "std::net", "std::time::Instant", "SystemTime", "tokio", "std::env", "now_v7"];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap();
            (name, text)
        })
        .collect()
}

fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn layer(name: &str) -> &str {
    name.split_once('/').map_or_else(|| name.trim_end_matches(".rs"), |(first, _)| first)
}

/// Whether `line` names `word` as a whole path segment.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn every_layer_names_only_the_layers_that_it_may() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let own = layer(&name);
        if own == "lib" {
            continue;
        }
        let (_, may) = MAY.iter().find(|(l, _)| *l == own).unwrap_or_else(|| panic!("no row for {name}"));
        let root = if own == "main" { "outcrop::" } else { "crate::" };
        for (number, line) in code(&text) {
            for (other, _) in MAY {
                if *other != own && !may.contains(other) && line.contains(&format!("{root}{other}")) {
                    wrong.push(format!("src/{name}:{number} names {other}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_heavy_crate_has_one_owner() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (number, line) in code(&text) {
            for (owned, owners) in OWNERS {
                let uses = line.contains(&format!("{owned}::")) && names(line, owned)
                    || line.trim_start().starts_with(&format!("use {owned};"));
                if uses && !owners.iter().any(|o| name.starts_with(o)) {
                    wrong.push(format!("src/{name}:{number} names {owned}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_layers_know_no_clock_file_or_socket() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let pure = ["domain", "wire"].contains(&layer(&name))
            || name.starts_with("tui/") && (name.ends_with("/update.rs") || name.ends_with("/view.rs"))
            || name.starts_with("tui/widget/");
        if !pure {
            continue;
        }
        for (number, line) in code(&text) {
            for word in PURE {
                if line.contains(word) {
                    wrong.push(format!("src/{name}:{number} uses {word}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn panes_name_no_other_pane_and_widgets_know_no_action_or_door() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (number, line) in code(&text) {
            if let Some(rest) = name.strip_prefix("tui/pane/")
                && let Some((own, _)) = rest.split_once('/')
                && let Some((_, after)) = line.split_once("pane::")
                && !after.starts_with(own)
                && after.starts_with(|c: char| c.is_lowercase())
            {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
            if name.starts_with("tui/widget/")
                && ["workbench", "tui::action", "tui::event", "tui::effect", "tui::pane"]
                    .iter()
                    .any(|w| line.contains(w))
            {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn colours_stand_in_the_look_only() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if !name.starts_with("tui/") || name == "tui/look.rs" {
            continue;
        }
        for (number, line) in code(&text) {
            if line.contains("Color::") {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_grows_past_seven_hundred_lines() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(name, text)| (name, text.lines().take_while(|l| !l.contains("#[cfg(test)]")).count()))
        .filter(|(_, lines)| *lines > 700)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn the_environment_is_read_in_one_place_and_never_set() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (number, line) in code(&text) {
            let reads = line.contains("env::var") && !name.starts_with("config/");
            if reads || line.contains("env::set_var") || line.contains("env::remove_var") {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
