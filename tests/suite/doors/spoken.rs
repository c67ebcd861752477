//! What crosses the socket, by name: two programs with the same number mean the same by it.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop::workbench::hello::PROTOCOL;

/// Where its enums are, beside the requests.
const BESIDE: [&str; 6] = [
    "src/workbench/reply.rs",
    "src/workbench/frame.rs",
    "src/domain/change.rs",
    "src/domain/delta.rs",
    "src/domain/agent/run.rs",
    "src/domain/knowledge/sync.rs",
];

/// The list that belongs to the number, which is its first line.
const LIST: &str = include_str!("spoken.txt");

/// The variants of the enums of a source, each with the names of its fields.
fn variants(source: &str) -> Vec<String> {
    let (mut found, mut within): (Vec<String>, Option<&str>) = (Vec::new(), None);
    for line in source.lines() {
        if line.starts_with("pub") && line.ends_with('{') && line.contains(" enum ") {
            within = line.split(" enum ").nth(1).map(|name| name.trim_end_matches([' ', '{']));
        } else if line.starts_with('}') {
            within = None;
        }
        let Some(name) = within else { continue };
        let rest = line.trim_start();
        let indent = line.len() - rest.len();
        if indent == 4 && rest.starts_with(|c: char| c.is_ascii_uppercase()) {
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            found.push(format!("{name}.{}{}", &rest[..end], fields(&rest[end..])));
        } else if indent == 8
            && !rest.starts_with(['/', '#'])
            && let Some(last) = found.last_mut()
        {
            last.push_str(&fields(rest));
        }
    }
    found
}

/// The names of fields in a piece of a line, each behind a blank.
fn fields(text: &str) -> String {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let name = |piece: &str| {
        let (name, kind) = piece.split_once(':')?;
        let name = name.trim_matches([' ', '{', '}']);
        (kind.starts_with(' ') && is_name(name)).then(|| format!(" {name}"))
    };
    text.split(',').filter_map(name).collect()
}

#[test]
fn what_crosses_the_socket_changes_only_with_its_number() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let requests = fs::read_dir(root.join("src/workbench/request")).unwrap();
    let mut sources: Vec<PathBuf> = requests.map(|entry| entry.unwrap().path()).collect();
    sources.sort();
    sources.extend(BESIDE.iter().map(|path| root.join(path)));
    let mut spoken = vec![format!("protocol {PROTOCOL}")];
    for source in sources {
        spoken.extend(variants(&fs::read_to_string(source).unwrap()));
    }
    let known: Vec<&str> = LIST.lines().collect();
    if spoken == known {
        return;
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spoken.txt");
    fs::write(&path, spoken.join("\n") + "\n").unwrap();
    let gone = known.iter().filter(|line| spoken.iter().all(|now| now != *line));
    let new = spoken.iter().filter(|line| known.iter().all(|then| then != line));
    let changes: Vec<String> =
        gone.map(|line| format!("- {line}")).chain(new.map(|line| format!("+ {line}"))).collect();
    panic!(
        "what crosses the socket is not what it was under the number {PROTOCOL}: raise PROTOCOL in \
         src/workbench/hello.rs, and take {} for tests/suite/doors/spoken.txt\n{}",
        path.display(),
        changes.join("\n")
    );
}
