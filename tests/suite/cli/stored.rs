//! The workspace and what goes in and out of it.

use super::home::{Home, SCRIPTED, on_both};

#[test]
fn export_and_import_carry_conversations_to_another_home() {
    on_both(Home::new, carried);
}

fn carried(home: &Home) {
    home.run(&["chat", "first question"]);
    home.run(&["chat", "--continue", "second question"]);
    let said = home.run(&["conversations", "export", "--format", "json", "-o", "all.json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let again = home.run(&["conversations", "export", "--format", "json", "-o", "all.json"]);
    assert!(again.code == Some(2) && again.stderr.contains("all.json"), "{}", again.stderr);
    let other = Home::new();
    let file = home.beside().join("all.json");
    let said = other.run(&["conversations", "import", file.to_str().unwrap()]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), "note: 1 conversation imported\n"));
    let again = other.run(&["conversations", "import", "--skip-known", file.to_str().unwrap()]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""), "{again:?}");
    assert!(again.stderr.contains("0 conversations imported; 1 left out: here already"), "{again:?}");
    let markdown = other.run(&["conversations", "export"]);
    assert!(markdown.stdout.contains("first question") && markdown.stdout.contains("second question"));
    let folder = home.beside().join("out");
    std::fs::create_dir(&folder).unwrap();
    home.run(&["conversations", "export", "-o", "out"]);
    let names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(matches!(names.as_slice(), [name] if name.starts_with("first-question-")), "{names:?}");
}

#[test]
fn an_export_of_several_is_one_document_and_never_half_a_file() {
    on_both(Home::new, exported);
}

fn exported(home: &Home) {
    let all = ["conversations", "export", "-f", "json"];
    assert_eq!(home.run(&all).objects(), [serde_json::json!([])]);
    home.run(&["chat", "first"]);
    home.run(&["chat", "second"]);
    let text = home.run(&all).stdout;
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document.as_array().map(Vec::len), Some(2));
    let other = Home::new();
    assert_eq!(other.fed(&text, &["conversations", "import", "-"]).stdout.lines().count(), 2);
    // A folder is made where the slash asks for one; a second time it takes --force.
    let into = ["conversations", "export", "-o", "new/folder/"];
    assert_eq!(home.run(&into).code, Some(0));
    let again = home.run(&into);
    assert!(again.code == Some(2) && again.stderr.contains("--force"), "{again:?}");
    assert_eq!(home.run(&[&into[..], &["--force"]].concat()).code, Some(0));
    assert_eq!(std::fs::read_dir(home.beside().join("new/folder")).unwrap().count(), 2);
    // What fails leaves no file in the way of the next try.
    assert_eq!(home.run(&["conversations", "export", "-o", "gone.md", "ffff"]).code, Some(2));
    assert!(!home.beside().join("gone.md").exists());
}

#[test]
fn an_import_says_what_it_cannot_read_in_plain_words() {
    on_both(Home::new, misread);
}

fn misread(home: &Home) {
    let said = home.fed("# a title\n\ntext\n", &["conversations", "import", "-"]);
    assert!(said.code == Some(2) && said.stderr.contains("it is no JSON"), "{said:?}");
    // What ChatGPT sends is a packed folder.
    std::fs::write(home.beside().join("export.zip"), b"PK\x03\x04\xff").unwrap();
    let said = home.run(&["conversations", "import", "export.zip"]);
    assert!(said.code == Some(2) && said.stderr.contains("Unpack it"), "{said:?}");
    let said = home.fed("[]", &["conversations", "import", "-"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), "note: 0 conversations imported\n"));
}

#[test]
fn a_conversation_gets_another_title_and_a_slip_of_digits_names_none() {
    on_both(Home::new, renamed);
}

fn renamed(home: &Home) {
    home.run(&["chat", "hello"]);
    let id = home.run(&["conversations", "list"]).stdout[..8].to_owned();
    let said = home.run(&["conversations", "rename", &id, "Of rivers"]);
    assert!(said.code == Some(0) && said.stdout.ends_with("Of rivers\n"), "{said:?}");
    let slip = home.run(&["conversations", "remove", "--yes", &id[7..]]);
    assert!(slip.code == Some(2) && slip.stderr.contains("at least 4"), "{slip:?}");
    // Naming it twice removes it once.
    let said = home.run(&["conversations", "remove", "--yes", &id, &id]);
    assert_eq!((said.code, said.stdout.lines().count()), (Some(0), 1), "{said:?}");
}

#[test]
fn a_file_that_is_not_there_is_no_model() {
    let said = Home::new().run(&["models", "add", "nope.gguf"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(!said.stderr.contains("digest"), "{}", said.stderr);
}

#[test]
fn a_new_workspace_says_once_what_opens_it_where_nobody_chose_that() {
    let first = |home: &Home| {
        let output = home.command(&["conversations", "list"]).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let home = Home::new();
    let said = first(&home);
    assert!(said.contains("note: the key file ") && said.contains("rekey --to keyring"), "{said}");
    assert!(!first(&home).contains("key file"), "once");
    let chosen = Home::new().variable("OUTCROP_PASSPHRASE", "words");
    assert!(!first(&chosen).contains("key file"), "it was chosen");
}

#[test]
fn the_doctor_examines_what_nothing_else_starts_in() {
    let home = Home::with("theme = 'dark'\n");
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("✗ configuration") && said.stdout.contains("ui.theme"), "{}", said.stdout);
    let home = Home::new();
    std::fs::write(home.path().join("state"), "in the way").unwrap();
    let said = home.run(&["doctor"]);
    assert!(said.code == Some(1) && said.stdout.contains("✗ log"), "{said:?}");
    assert!(said.stdout.contains("✓ store"), "{}", said.stdout);
}

#[test]
fn the_doctor_finds_a_good_installation_good_and_names_what_is_not() {
    let home = Home::new();
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains("✓ configuration"), "{}", said.stdout);
    let said = home.run(&["-c", "ui.mouse=false", "doctor"]);
    let elsewhere = said.stdout.lines().find_map(|line| line.split_once("set elsewhere: ")).unwrap().1;
    for value in ["net.find_servers (environment variable OUTCROP_NET_FIND_SERVERS)", "ui.mouse (flag -c)"] {
        assert!(elsewhere.contains(value), "{elsewhere}");
    }
    assert!(home.run(&["doctor", "--json"]).objects().iter().all(|check| check["verdict"].is_string()));
    // A store that cannot be opened is a finding, not a crash.
    std::fs::remove_dir_all(home.path().join("data")).unwrap();
    std::fs::write(home.path().join("data"), "in the way").unwrap();
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("✗ workspace"), "{}", said.stdout);
}

#[test]
fn the_doctor_says_where_others_can_read_a_key_that_the_configuration_holds() {
    use std::os::unix::fs::PermissionsExt;
    for (table, told) in [
        (
            "[providers.there]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9'\napi_key = 'sk-canary'\n",
            true,
        ),
        ("[providers.there]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9'\napi_key = '$THERE'\n", false),
        ("[stores]\nqdrant_url = 'http://127.0.0.1:9'\nqdrant_api_key = 'sk-canary'\n", true),
        ("[stores]\npostgres_url = 'postgres://me:sk-canary@127.0.0.1/x'\n", true),
    ] {
        let home = Home::with(table);
        let file = home.path().join("config.toml");
        for (mode, told) in [(0o644, told), (0o600, false)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let said = home.run(&["doctor"]);
            assert_eq!(said.stdout.contains("holds a key, and others"), told, "{table}{mode:o}: {said:?}");
            assert!(!said.stdout.contains("canary"), "{said:?}");
        }
    }
}

#[test]
fn the_workspace_tells_of_itself_and_is_copied_and_brought_back() {
    on_both(Home::new, copied);
}

fn copied(home: &Home) {
    home.run(&["chat", "kept"]);
    for (arguments, says) in [
        (vec!["workspace", "info"], "conversations  1"),
        (vec!["workspace", "verify"], "read"),
        (vec!["workspace", "backup", "copy"], "the backup is "),
        (vec!["workspace", "compact"], "conversations  1"),
        (vec!["workspace", "compact"], "ve back"),
    ] {
        let said = home.run(&arguments);
        assert!(said.stdout.contains(says), "{arguments:?}: {said:?}");
    }
    let id = home.run(&["conversations", "list"]).stdout[..8].to_owned();
    assert_eq!(home.run(&["conversations", "remove", "--yes", &id]).code, Some(0));
    assert_eq!(home.run(&["conversations", "list"]).stdout, "");
    let refused = home.run(&["workspace", "restore", "copy"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--yes"), "{refused:?}");
    let missing = home.run(&["workspace", "restore", "cpoy"]);
    assert!(
        missing.code == Some(2) && !missing.stderr.contains("--yes"),
        "it is looked for first: {missing:?}"
    );
    let said = home.run(&["workspace", "restore", "copy", "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 1);
}

#[test]
fn a_workspace_that_does_not_open_says_what_helps_and_that_helps() {
    let home = Home::new();
    home.run(&["chat", "kept"]);
    home.run(&["workspace", "backup", "copy"]);
    home.run(&["workspace", "compact"]);
    let store = home.path().join("data/home");
    for name in ["head", "head.copy"] {
        std::fs::remove_file(store.join(name)).unwrap();
    }
    for verb in [&["conversations", "list"], &["workspace", "verify"]] {
        let said = home.run(verb);
        assert!(said.code == Some(2) && said.stderr.contains("`outcrop workspace restore FILE`"), "{said:?}");
    }
    let said = home.run(&["workspace", "restore", "copy", "--yes"]);
    assert!(said.code == Some(0) && said.stderr.contains("head"), "{said:?}");
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 1);
}

#[test]
fn a_workspace_whose_passphrase_is_forgotten_comes_back_from_a_backup_and_says_what_opens_it() {
    let home = Home::new();
    home.run(&["chat", "kept"]);
    home.run(&["workspace", "backup", "copy"]);
    let store = home.path().join("data/home");
    for entry in std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_name().to_str().unwrap().starts_with("key-") {
            std::fs::copy(entry.path(), home.beside().join(entry.file_name())).unwrap();
        }
    }
    std::fs::write(home.beside().join("words"), "right\n").unwrap();
    let words = home.beside().join("words").display().to_string();
    let to_words = ["workspace", "rekey", "--to", "passphrase", "--new-passphrase-file", &words];
    assert_eq!(home.run(&to_words).code, Some(0));
    std::fs::write(home.beside().join("words"), "wrong\n").unwrap();
    let given = ["--passphrase-file", &words, "workspace", "restore", "copy"];
    let said = home.run(&given);
    assert!(said.code == Some(2) && said.stderr.contains("does not open it"), "{said:?}");
    let said = home.run(&[&given[..], &["--yes"]].concat());
    assert!(said.code == Some(0) && said.stderr.contains("opens the workspace now: a key file"), "{said:?}");
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 1);
}

#[test]
fn a_new_key_says_what_becomes_of_earlier_backups_and_the_hint_of_the_old_one_is_true() {
    let home = Home::new();
    home.run(&["chat", "kept"]);
    home.run(&["workspace", "backup", "old"]);
    let store = home.path().join("data/home");
    let keys = || -> Vec<_> {
        let names = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("key-")).collect()
    };
    let old = keys().remove(0);
    std::fs::copy(&old, home.beside().join("aside")).unwrap();
    let said = home.run(&["workspace", "rekey", "--data", "--to", "file"]);
    assert!(said.code == Some(0) && said.stdout.contains("the old key file, which is removed"), "{said:?}");
    let restore = ["workspace", "restore", "old", "--yes"];
    let said = home.run(&restore);
    assert!(said.code == Some(2) && said.stderr.contains("Lay that key file beside the backup"), "{said:?}");
    // In the store's folder it is found as well, and it stays there.
    std::fs::copy(home.beside().join("aside"), &old).unwrap();
    assert_eq!(home.run(&["conversations", "list"]).code, Some(0));
    let said = home.run(&restore);
    assert!(said.code == Some(0) && keys().len() == 2, "{said:?}");
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 1);
}

#[test]
fn a_program_that_is_started_is_told_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    let voice = "[providers.there]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9'\napi_key = '$SESAME'\n";
    let home = Home::with(voice).variable("SESAME", "canary-1").variable("GITHUB_TOKEN", "canary-2");
    let (pip, told) = (home.beside().join("python3"), home.beside().join("told"));
    let script = format!("#!/bin/sh\nenv >> '{}'\nexit 1\n", told.display());
    std::fs::write(&pip, script).unwrap();
    std::fs::set_permissions(&pip, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = home.command(&["models", "pull", "local/smollm2-135m", "--yes"]);
    command
        .env("PATH", format!("{}:/usr/bin:/bin", home.beside().display()))
        // Nothing is fetched.
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("OUTCROP_PASSPHRASE", "canary-3")
        .env("HF_TOKEN", "canary-4")
        .env("PLAIN", "known");
    let output = command.output().unwrap();
    let told = std::fs::read_to_string(told).unwrap_or_else(|why| panic!("{why}: {output:?}"));
    assert!(told.contains("PLAIN=known"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}

/// The file of the tree that is the store.
fn tree(home: &Home) -> std::path::PathBuf {
    let generation =
        std::fs::read_dir(home.path().join("data/home")).unwrap().flatten().map(|entry| entry.path());
    let newest = generation.filter(|path| path.join("tree/db").is_file()).max();
    newest.expect("no tree").join("tree/db")
}

#[test]
fn compacting_asks_before_it_removes_what_may_be_the_last_whole_copy_of_something_damaged() {
    let home = Home::new();
    std::fs::write(home.beside().join("large"), "boulder ".repeat(50_000)).unwrap();
    assert_eq!(home.run(&["prompts", "save", "large", "--file", "large"]).code, Some(0));
    home.run(&["workspace", "backup", "copy"]);
    home.run(&["workspace", "restore", "copy", "--yes"]);
    let generation = tree(&home).parent().and_then(|tree| tree.parent()).unwrap().to_owned();
    let large = crate::store::walk(&generation.join("blobs")).remove(0);
    let mut bytes = std::fs::read(&large).unwrap();
    bytes[2000] ^= 1;
    std::fs::write(&large, bytes).unwrap();
    let said = home.run(&["workspace", "compact"]);
    assert!(said.code == Some(2) && said.stderr.contains("--yes"), "{said:?}");
    for lost in
        ["kept from before a restore or a repair", "last whole copy of what is damaged here (1 found)"]
    {
        assert!(said.stderr.contains(lost), "{lost}: {said:?}");
    }
    let info = || home.run(&["workspace", "info"]).stdout;
    assert!(info().contains("of it kept"), "nothing was touched");
    let said = home.run(&["workspace", "compact", "--yes"]);
    assert!(said.code == Some(0) && !info().contains("of it kept"), "{said:?}");
    // Where nothing is damaged nobody is asked.
    home.run(&["workspace", "restore", "copy", "--yes"]);
    assert!(info().contains("of it kept"));
    let said = home.run(&["workspace", "compact"]);
    assert!(said.code == Some(0) && !info().contains("of it kept"), "{said:?}");
}

/// The library below panics over some of it. That is caught, and told as the damage that it is.
#[test]
fn wherever_the_store_is_damaged_a_command_speaks_of_that_and_of_no_panic() {
    let home = Home::with(SCRIPTED);
    for number in 0..10 {
        home.run(&["chat", "-m", "scripted/echo", &format!("number {number} {}", "gravel ".repeat(200))]);
    }
    let (data, kept) = (home.path().join("data/home"), home.beside().join("kept"));
    // What is kept for a full disk is large, and holds nothing; where there is little room there is none.
    let (ballast, aside) = (data.join("ballast"), home.beside().join("ballast"));
    let _ = std::fs::rename(&ballast, &aside);
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let copied = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
        assert!(copied.success());
    };
    copy(&data, &kept);
    let whole = std::fs::read(tree(&home)).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut told = 0;
    for at in (0..used).step_by((used / 24).max(1)) {
        std::fs::remove_dir_all(&data).unwrap();
        copy(&kept, &data);
        let _ = std::fs::rename(&aside, &ballast);
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        std::fs::write(tree(&home), bytes).unwrap();
        let said = home.run(&["conversations", "list"]);
        let _ = std::fs::rename(&ballast, &aside);
        assert!(!said.stderr.contains("panicked"), "byte {at}: {said:?}");
        told += usize::from(said.stderr.contains("damaged"));
    }
    assert!(told > 0, "nothing was hit");
}

#[test]
fn a_store_that_had_to_be_rebuilt_is_told_by_whatever_command_comes_first_and_once() {
    let home = Home::with(SCRIPTED);
    for number in 0..30 {
        home.run(&["chat", "-m", "scripted/echo", &format!("number {number} {}", "gravel ".repeat(200))]);
    }
    let whole = std::fs::read(tree(&home)).unwrap();
    for first in [&["conversations", "list"][..], &["workspace", "verify"]] {
        std::fs::write(tree(&home), &whole[..whole.len() / 2]).unwrap();
        let said = home.run(first);
        assert!(said.stderr.contains("A part of the store was damaged"), "{said:?}");
        assert!(said.stderr.contains("What was written last may be missing"), "{said:?}");
        // That all that is left can be read is not the whole truth.
        assert_eq!(said.code, Some(i32::from(first.contains(&"verify"))), "{said:?}");
        let again = home.run(first);
        assert!(again.stderr.is_empty() && again.code == Some(0), "{again:?}");
    }
}

#[test]
fn a_copy_of_the_workspace_is_read_where_the_full_disk_error_says_to_put_it() {
    let (home, other) = (Home::new(), Home::new());
    home.run(&["chat", "kept on a full disk"]);
    std::fs::create_dir_all(other.path().join("data")).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-R")
        .args([home.path().join("data/home"), other.path().join("data/home")])
        .status();
    assert!(copied.unwrap().success());
    let listed = other.run(&["conversations", "list"]).stdout;
    assert!(listed.contains("kept on a full disk"), "{listed}");
}
