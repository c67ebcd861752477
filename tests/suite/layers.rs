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
    ("index", &["domain", "wire", "store", "net"]),
    ("worker", &["domain", "wire", "engine"]),
    ("service", &["domain", "wire", "store", "net", "provider", "index", "engine", "worker"]),
    ("workbench", &["domain", "config", "store", "net", "provider", "index", "engine", "service", "worker"]),
    // Of the worker, the person's own editor.
    ("tui", &["domain", "config", "workbench", "worker"]),
    ("cli", &["domain", "config", "workbench", "worker"]),
    ("log", &["domain", "config"]),
    ("main", &["domain", "config", "log", "workbench", "worker", "tui", "cli"]),
];

/// A crate and the only places that may name it.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["store/"]),
    ("secret_service", &["store/keyring/system"]),
    ("zbus", &["store/keyring/system"]),
    ("reqwest", &["net/"]),
    ("tokio_rustls", &["net/"]),
    ("hyper", &["net/listen"]),
    ("hyper_util", &["net/listen"]),
    ("http_body_util", &["net/listen"]),
    ("flate2", &["service/trace/inflate"]),
    ("rustls_platform_verifier", &["net/"]),
    ("tokio_postgres", &["index/pgvector/"]),
    ("candle_core", &["engine/"]),
    ("outcrop_kernel", &["engine/", "index/embedded/"]),
    ("tantivy", &["index/keyword/"]),
    ("tokenizers", &["engine/"]),
    ("llguidance", &["engine/grammar"]),
    ("llama_cpp_2", &["engine/llama_cpp"]),
    ("arboard", &["tui/runtime"]),
    ("jsonschema", &["domain/schema"]),
    ("icu_segmenter", &["domain/knowledge/chunking/words"]),
    ("lopdf", &["wire/pdf", "wire/document/pdf/"]),
    ("ttf_parser", &["wire/document/pdf/"]),
    ("calamine", &["wire/document/xls", "wire/document/xlsx"]),
    ("cfb", &["wire/document"]),
    ("yaml_rust2", &["wire/yaml"]),
    ("quick_xml", &["wire/document/xml", "wire/document/docx", "wire/s3"]),
    ("ruzstd", &["wire/trace/inspect/archive"]),
    ("croner", &["domain/knowledge/schedule"]),
    ("notify", &["service/knowledge/watching"]),
    ("rmcp", &["service/mcp/"]),
    ("sse_stream", &["service/mcp/web"]),
    ("html5ever", &["wire/document/html"]),
    ("encoding_rs", &["wire/document"]),
    ("chardetng", &["wire/document/charset"]),
    ("landlock", &["worker/guard"]),
    ("seccompiler", &["worker/calls"]),
    ("libc", &["worker/calls"]),
    ("syntect", &["tui/widget/code"]),
    ("image", &["tui/widget/picture"]),
    ("ratatui_image", &["tui/widget/picture"]),
    ("ratatui", &["tui/"]),
    ("crossterm", &["tui/"]),
    (
        "tokio",
        &[
            "net/",
            "store/keyring/system",
            "engine/",
            "provider/",
            "index/mod",
            "index/embedded/",
            "index/pgvector/",
            "index/qdrant/",
            "worker/",
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
const PURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::os::unix::net",
    "std::process",
    "std::thread",
    "Instant::now",
    "std::time::Instant",
    "SystemTime",
    "tokio",
    "std::env",
    "now_v7",
    "new_v4",
    "getrandom",
    ".await",
    // Paths look at the disk by themselves, too.
    ".exists()",
    ".is_file()",
    ".is_dir()",
    ".is_symlink()",
    ".metadata()",
    ".canonicalize()",
    ".read_dir()",
    "path::absolute",
    "::now()",
];

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

/// What is not a test of its own file.
fn product(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..tests].lines().count();
    code(text).take_while(move |(number, _)| *number <= lines)
}

/// The first segments that a line names under the crate's root: of `crate::{a::x, b}` both, and of `super::super::x` as
/// seen from `name`.
fn named(name: &str, line: &str) -> Vec<String> {
    let first = |path: &str| -> String {
        path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for root in ["crate::", "outcrop::"] {
        for (at, _) in line.match_indices(root) {
            let rest = &line[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => {
                    // Names within inner braces stand under a name that is taken.
                    let mut depth = 0;
                    let mut start = 0;
                    for (i, c) in group.char_indices() {
                        match c {
                            '{' => depth += 1,
                            '}' | ',' if depth == 0 => {
                                found.push(first(&group[start..i]));
                                start = i + 1;
                            }
                            '}' => depth -= 1,
                            _ => {}
                        }
                    }
                }
                None => found.push(first(rest)),
            }
        }
    }
    found.extend(reached(name, line, 0));
    found
}

/// The first segments that a line names by `super::super::` of the module so deep above the file `name`: 0 is the root.
fn reached(name: &str, line: &str, depth: usize) -> Vec<String> {
    let first = |path: &str| -> String {
        path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    let mut module: Vec<&str> = name.trim_end_matches(".rs").split('/').collect();
    if module.last() == Some(&"mod") {
        module.pop();
    }
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        let mut path = &rest[at..];
        let mut up = 0;
        while let Some(after) = path.strip_prefix("super::") {
            up += 1;
            path = after;
        }
        if up + depth == module.len() {
            found.push(first(path));
        }
        rest = path;
    }
    found
}

/// The lines of the product for which `why` gives a reason, with it.
fn wrong(why: impl Fn(&str, &str) -> Option<String>) {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (number, line) in product(&text) {
            if let Some(why) = why(&name, line) {
                wrong.push(format!("src/{name}:{number} {why}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        for (number, line) in code(&text) {
            for (other, _) in MAY {
                if *other != own && !may.contains(other) && named(&name, line).iter().any(|n| n == other) {
                    wrong.push(format!("src/{name}:{number} names {other}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_is_found_however_it_is_written() {
    assert_eq!(named("tui/look.rs", "use crate::service::chat;"), ["service"]);
    assert_eq!(named("main.rs", "use outcrop::{log, tui::{a, store}, net};"), ["log", "tui", "net"]);
    assert_eq!(named("tui/look.rs", "use super::super::store::Store;"), ["store"]);
    assert_eq!(named("tui/pane/mod.rs", "super::super::store::Store"), ["store"]);
    assert_eq!(named("tui/pane/chat/list.rs", "use super::super::mouse;"), Vec::<String>::new());
    assert_eq!(reached("tui/pane/chat/list.rs", "use super::super::compare::State;", 2), ["compare"]);
    assert_eq!(reached("tui/pane/chat/view/mod.rs", "super::super::usage::x", 2), ["usage"]);
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
        // Of the screen all but the loop and the terminal.
        let pure = ["domain", "wire"].contains(&layer(&name))
            || name.starts_with("tui/")
                && !["tui/runtime/", "tui/terminal/", "tui/run.rs"].iter().any(|w| name.starts_with(w));
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
    let sources = sources();
    let pane = |name: &str| {
        let rest = name.strip_prefix("tui/pane/")?;
        Some(rest.split_once('/')?.0.to_owned())
    };
    let panes: Vec<String> = sources.iter().filter_map(|(name, _)| pane(name)).collect();
    for (name, text) in &sources {
        for (number, line) in code(text) {
            if let Some(own) = pane(name)
                && reached(name, line, 2).iter().any(|other| *other != own && panes.contains(other))
            {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
            if let Some(rest) = name.strip_prefix("tui/pane/")
                && let Some((own, _)) = rest.split_once('/')
                && let Some((_, after)) = line.split_once("pane::")
                && !after.starts_with(own)
                && after.starts_with(|c: char| c.is_lowercase())
            {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
            if name.starts_with("tui/widget/")
                && ["workbench", "tui::action", "tui::event", "tui::effect", "tui::pane", "tui::app"]
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
            // ratatui's `Stylize` says colours without naming the type.
            if line.contains("Color::") || names(line, "Stylize") {
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
            let reads = ["env::var", "env::temp_dir", "env::home_dir", "env::current_dir"]
                .iter()
                .any(|read| line.contains(read))
                && !name.starts_with("config/");
            if reads || line.contains("env::set_var") || line.contains("env::remove_var") {
                wrong.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_programs_are_started_in_one_place() {
    wrong(|name, line| {
        let starts = line.contains("process::Command") || line.contains("Command::new(");
        (starts && !name.starts_with("worker/")).then(|| "starts a program".to_owned())
    });
}

#[test]
fn outward_sockets_are_opened_in_one_place() {
    wrong(|name, line| {
        let socket = ["TcpStream", "TcpListener", "TcpSocket", "UdpSocket"].iter().any(|s| names(line, s));
        (socket && !name.starts_with("net/")).then(|| "opens a socket".to_owned())
    });
}

#[test]
fn a_provider_is_called_by_invoke_alone() {
    // The voices are made in one place and handed to invoke; whoever else names the trait could call one.
    const MAKERS: [&str; 4] = ["provider/", "service/invoke", "workbench/voices.rs", "workbench/standing.rs"];
    wrong(|name, line| {
        let calls = names(line, "Provider") && !MAKERS.iter().any(|maker| name.starts_with(maker));
        calls.then(|| "names the trait of the providers".to_owned())
    });
}

/// The arguments of a call, behind whose opening bracket `rest` begins.
fn arguments(rest: &str) -> &str {
    let (mut depth, mut within, mut escaped) = (1, false, false);
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if within => escaped = true,
            '"' => within = !within,
            '(' | '[' | '{' if !within => depth += 1,
            ')' | ']' | '}' if !within => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    rest
}

/// What was being done, why, and what to try. Nothing helps where somebody said no, nor where a model or another part of the
/// program is told, which says itself what helps a person.
#[test]
fn every_error_says_what_to_try() {
    const KINDS: [&str; 3] = ["ErrorKind::Cancelled", "ErrorKind::Internal", "ErrorKind::Corrupt"];
    const TOLD: [&str; 4] =
        ["provider/ollama.rs", "service/agent/calling.rs", "service/mcp/mod.rs", "index/pgvector/link.rs"];
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
        if name.contains("tests") || TOLD.contains(&name.as_str()) {
            continue;
        }
        for (at, call) in text[..end].match_indices("Error::new(") {
            let said = arguments(&text[at + call.len()..end]).trim_end().trim_end_matches(',');
            let kind = said.trim_start().split(',').next().unwrap_or_default();
            if said.trim_end().ends_with(" \"\"") && !KINDS.contains(&kind) {
                wrong.push(format!("src/{name}:{}", text[..at].lines().count()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_channel_is_without_a_bound() {
    wrong(|_, line| {
        let unbounded = line.contains("unbounded") || line.contains("std::sync::mpsc");
        (unbounded && !line.contains("sync_channel")).then(|| "has no bound".to_owned())
    });
}

/// A task whose handle is dropped runs on with nobody to end it.
#[test]
fn no_task_is_spawned_without_an_owner() {
    wrong(|_, line| {
        let line = line.trim_start();
        let dropped = ["let _ = ", "_ = ", "drop("].iter().find_map(|before| line.strip_prefix(before));
        let line = dropped.unwrap_or(line);
        ["tokio::spawn(", "tokio::task::spawn(", "std::thread::spawn(", "thread::spawn("]
            .iter()
            .any(|spawn| line.starts_with(spawn))
            .then(|| "spawns what nobody owns".to_owned())
    });
}

#[test]
fn there_is_no_state_of_the_whole_process() {
    wrong(|_, line| {
        let line = line.trim_start();
        let item = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        let item = item.trim_start_matches("pub(super) ");
        let changes = ["Mutex", "RwLock", "Atomic", "OnceLock", "OnceCell", "RefCell"];
        let state = item.starts_with("static mut ")
            || item.starts_with("static ") && changes.iter().any(|c| item.contains(c));
        state.then(|| "is state of the process".to_owned())
    });
}

#[test]
fn no_lint_that_keeps_panics_and_prints_out_is_allowed_away() {
    const KEPT: [&str; 7] = [
        "unwrap_used",
        "expect_used",
        "panic",
        "print_stdout",
        "print_stderr",
        "unsafe_code",
        "disallowed_methods",
    ];
    wrong(|_, line| {
        let lint = KEPT.iter().find(|lint| line.contains("allow(") && names(line, lint))?;
        Some(format!("allows {lint}"))
    });
    let manifest = include_str!("../../Cargo.toml");
    for lint in &KEPT[..6] {
        let set =
            manifest.lines().any(|l| l.starts_with(lint) && (l.contains("warn") || l.contains("forbid")));
        assert!(set, "Cargo.toml does not hold {lint}");
    }
}

/// Text that another made reaches cells through these alone, which take it through the sanitiser.
#[test]
fn cells_are_written_by_the_painters_alone() {
    const PAINTERS: [&str; 3] = ["tui/paint.rs", "tui/widget/text/", "tui/widget/composer/view.rs"];
    const WAYS: [&str; 11] = [
        "Span::raw",
        "Span::styled",
        "Line::from",
        "Line::raw",
        "Text::from",
        "Text::raw",
        "Paragraph::new",
        "set_string",
        "set_line",
        "set_symbol",
        "set_char",
    ];
    wrong(|name, line| {
        let way = WAYS.iter().find(|way| line.contains(**way))?;
        (name.starts_with("tui/")
            && !name.ends_with("tests.rs")
            && !PAINTERS.iter().any(|p| name.starts_with(p)))
        .then(|| format!("paints by {way}"))
    });
}

/// What the screen says of keys comes from the keymap, so that a moved key is told true.
#[test]
fn no_text_of_the_screen_names_a_key_itself() {
    wrong(|name, line| {
        let viewed =
            name.starts_with("tui/") && !name.starts_with("tui/keymap/") && !name.ends_with("tests.rs");
        let key = key_named(line.trim_start())?;
        (viewed && !line.trim_start().starts_with("//")).then(|| format!("names the key {key}"))
    });
}

/// The first key that a text in the line names: by its word, an arrow before a word, or a letter that does something.
fn key_named(line: &str) -> Option<String> {
    const NAMED: [&str; 11] =
        ["Enter", "Esc", "Tab", "PgUp", "PgDn", "Bksp", "Space", "Ctrl", "Alt", "Shift", "F1"];
    for text in line.split('"').skip(1).step_by(2) {
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || ",;.:()+".contains(c))
            .filter(|word| !word.is_empty())
            .collect();
        for (at, word) in words.iter().enumerate() {
            let does = words.get(at + 1).is_some_and(|next| next.starts_with(char::is_lowercase));
            // After a figure it is its unit.
            let unit = at > 0 && words[at - 1].ends_with('}');
            let letter =
                !unit && word.len() == 1 && word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
            let arrow = ["↑", "↓", "←", "→"].contains(word);
            if NAMED.contains(word) || does && (arrow || letter && !["a", "A", "I"].contains(word)) {
                return Some((*word).to_owned());
            }
        }
    }
    None
}

#[test]
fn a_key_in_a_text_is_seen_however_it_stands() {
    for (line, key) in [
        (r#"say("Enter takes it")"#, Some("Enter")),
        (r#"put("· Ctrl+End ")"#, Some("Ctrl")),
        (r#"("n next · N before")"#, Some("n")),
        (r#"("/ search")"#, Some("/")),
        (r#"("Put aside; ↑ brings it back.")"#, Some("↑")),
        (r#"format!("{enter} takes a model", KeyCode::Enter)"#, None),
        (r#"format!(" ↓ {} ", x)"#, None),
        (r#"format!("{:.2} s first", x)"#, None),
    ] {
        assert_eq!(key_named(line).as_deref(), key, "{line}");
    }
}
