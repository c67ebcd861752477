//! What needs no door: versions, paths, configuration, mistakes.

use super::home::{Home, SCRIPTED};

#[test]
fn the_version_and_help_go_to_the_standard_output() {
    let home = Home::new();
    let said = home.run(&["--version"]);
    assert_eq!(said.stdout, format!("outcrop {}\n", env!("CARGO_PKG_VERSION")));
    let said = home.run(&["--help"]);
    for noun in ["chat", "models", "conversations", "workspace", "config", "paths", "doctor", "completions"] {
        assert!(said.stdout.contains(&format!("\n  {noun}")), "{noun}: {}", said.stdout);
    }
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    // Nothing was made for it.
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_mistake_in_the_arguments_is_an_error_with_a_suggestion() {
    let said = Home::new().run(&["modles"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(said.stderr.contains("models"), "{}", said.stderr);
}

#[test]
fn configuration_is_shown_with_origins_and_without_secrets() {
    let home = Home::with(&format!(
        "{SCRIPTED}[providers.box]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\napi_key = 'sk-canary-1'\n"
    ))
    .variable("OUTCROP_UI_THEME", "light")
    .variable("HTTPS_PROXY", "http://ada:canary-2@proxy:3128")
    .variable("HF_TOKEN", "canary-3")
    .variable("OUTCROP_PASSPHRASE", "canary-4");
    let said = home.run(&["config", "show", "-c", "ui.mouse=off", "--offline"]);
    insta::assert_snapshot!("config_show", home.plain(&said.stdout));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    for object in home.run(&["config", "show", "--json"]).objects() {
        assert!(object["key"].is_string() && object["origin"].is_string(), "{object}");
        assert!(!object.to_string().contains("canary"), "{object}");
    }
}

#[test]
fn the_paths_are_under_outcrop_home_or_the_xdg_places() {
    let home = Home::new().variable("XDG_RUNTIME_DIR", "/run/user/me");
    insta::assert_snapshot!(
        "paths",
        home.transcript(&["paths", "config path", "paths --json", "config check"])
    );
    let said = super::home::Said::of(
        home.command(&["paths"])
            .env_remove("OUTCROP_HOME")
            .env("HOME", "/h")
            .env("XDG_CACHE_HOME", "/c")
            .output()
            .unwrap(),
    );
    assert!(said.stdout.contains("/h/.config/outcrop/config.toml"), "{}", said.stdout);
    assert!(said.stdout.contains("/c/outcrop\n"), "{}", said.stdout);
}

#[test]
fn a_broken_configuration_ends_every_command_but_those_that_help_to_mend_it() {
    let home = Home::with("[ui]\nthemes = 'dark'\n");
    insta::assert_snapshot!(
        "broken_configuration",
        home.transcript(&["config check", "models list --json", "config path"])
    );
    assert!(home.run(&["config", "default"]).stdout.contains("[ui]"));
    let schema = home.run(&["config", "schema"]).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["type"], "object");
}

#[test]
fn what_is_misspelt_or_leads_nowhere_is_said() {
    let home = Home::new().variable("OUTCROP_UI_THME", "dark");
    let said = home.run(&["config", "check"]);
    assert!(said.code == Some(2) && said.stderr.contains("OUTCROP_UI_THEME?"), "{said:?}");
    for (file, says) in [
        ("model = 'nope/x'\n", "model from"),
        ("[presets.quick]\nmodel = 'nope/x'\n", "presets.quick.model from"),
    ] {
        let said = Home::with(file).run(&["config", "check"]);
        assert!(said.code == Some(2) && said.stderr.contains(says), "{said:?}");
    }
}

#[test]
fn the_default_file_is_good_with_every_key_set() {
    let text = Home::new().run(&["config", "default"]).stdout;
    let set: String = text
        .lines()
        .filter_map(|line| {
            let key = line.trim_start_matches("# ");
            let is_key = key.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
            (is_key || key.starts_with('[')).then(|| format!("{key}\n"))
        })
        .collect();
    // An action is the one thing that has no name which fits always.
    let set = set.replace("ACTION =", "send =");
    let said = Home::with(&set).run(&["config", "check"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{set}");
}

#[test]
fn the_configuration_is_edited_in_the_persons_editor_and_then_checked() {
    let home = Home::new().variable("EDITOR", "sh -c 'echo \"[ui]\ntheme = \\\"light\\\"\" > \"$1\"' x");
    std::fs::remove_file(home.path().join("config.toml")).unwrap();
    let said = home.run(&["config", "edit"]);
    assert!(said.code == Some(0) && said.stdout.ends_with("is good\n"), "{said:?}");
    assert!(home.run(&["config", "show"]).stdout.contains("ui.theme = \"light\""));
    let home = Home::new().variable("EDITOR", "sh -c 'echo theme = 1 > \"$1\"' x");
    let said = home.run(&["config", "edit"]);
    assert!(said.code == Some(2) && said.stderr.contains("ui.theme"), "{said:?}");
    assert!(Home::new().run(&["config", "edit"]).stderr.contains("EDITOR"));
}

#[test]
fn offline_the_editor_has_no_network_and_where_that_cannot_be_kept_from_it_it_is_not_started() {
    let home = Home::new().variable("EDITOR", "touch started;").variable("PATH", "/dev/null/none");
    let said = home.run(&["--offline", "config", "edit"]);
    let file = home.path().join("config.toml").display().to_string();
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("--offline") && said.stderr.contains(&format!("Open {file}")), "{said:?}");
    for broken in ["[ui]\nno_such_key = 1\n", "[ui]\ntheme = \"dark\n"] {
        for word in ["[net]\noffline = true\n", "offline = true\n"] {
            let home = Home::with(&format!("{word}{broken}"));
            let home = home.variable("EDITOR", "true").variable("PATH", "/dev/null/none");
            let said = home.run(&["config", "edit"]);
            assert!(
                said.stderr.contains("--offline"),
                "the file's word counts while it must be mended: {said:?}"
            );
        }
    }
}

#[test]
fn the_check_reads_the_keys_as_the_screen_does() {
    for (keys, words) in [
        ("snd = 'ctrl+y'", vec!["snd", "send"]),
        ("send = 'ctrl+q'", vec!["Ctrl+Q", "send", "quit"]),
        ("send = 'ctrl+foo'", vec!["foo", "send"]),
    ] {
        let said = Home::with(&format!("{SCRIPTED}[keys]\n{keys}\n")).run(&["config", "check"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(words.iter().all(|word| said.stderr.contains(word)), "{keys}: {said:?}");
    }
}

#[test]
fn every_action_is_listed_with_its_keys_and_its_meaning() {
    let home = Home::with(&format!("{SCRIPTED}[keys]\nsend = 'ctrl+x'\nquit = 'none'\n"));
    let said = home.run(&["config", "keys"]);
    let line = |name: &str| said.stdout.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
    assert!(line("send").contains("ctrl+x") && line("send").contains("Send or run"), "{said:?}");
    assert!(line("quit").contains("none"), "{said:?}");
    let objects = home.run(&["config", "keys", "--json"]).objects();
    for action in outcrop::tui::action::Action::ALL {
        assert!(objects.iter().any(|object| object["name"] == action.name()), "{action:?}");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = home.run(&["completions", shell]);
        assert!(said.code == Some(0) && said.stdout.contains("outcrop"), "{shell}");
    }
}

#[test]
fn without_a_terminal_the_screen_says_what_to_use_instead() {
    let said = Home::new().run(&[]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("outcrop chat"), "{}", said.stderr);
}

#[test]
fn files_are_the_persons_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let status = std::process::Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" chat hello", env!("CARGO_BIN_EXE_outcrop")])
        .env_clear()
        .env("OUTCROP_HOME", home.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    let mut seen = 0;
    let mut folders = vec![home.path()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() == "config.toml" {
                continue;
            }
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?} {mode:o}", entry.path());
            seen += 1;
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn a_model_that_can_be_fetched_says_from_where_its_digest_is_not_known() {
    let home = Home::new();
    for (model, says) in [
        ("local/smollm2-135m", "for one source; each other one is unpinned"),
        ("local/smollm2-360m", "unpinned: its SHA-256 is not known here"),
    ] {
        let shown = home.run(&["models", "show", model]).stdout;
        assert!(shown.contains(says), "{shown}");
    }
}

#[test]
fn a_model_shows_what_is_known_of_it_and_what_the_person_says() {
    let shown = Home::new().run(&["models", "show", "scripted/echo"]).stdout;
    for row in ["longest answer  unknown", "price           unknown"] {
        assert!(shown.contains(row), "{row} in {shown}");
    }
    let said =
        "[models.\"scripted/echo\"]\ncontext = 4096\nlacks = ['tools']\ninput_price = 3\noutput_price = 15\n";
    let home = Home::with(&format!("{SCRIPTED}{said}"));
    let shown = home.run(&["models", "show", "scripted/echo"]).stdout;
    for row in [
        "context         4,096 tokens",
        "cannot          embed, vision, documents, images, tools",
        "price           estimate: $3.00 in, $15.00 out a million tokens (the configuration)",
    ] {
        assert!(shown.contains(row), "{row} in {shown}");
    }
    let listed = home.run(&["models", "list"]).stdout;
    assert!(listed.contains("~$3.00 in, ~$15.00 out"), "{listed}");
    let card = &home.run(&["models", "show", "scripted/echo", "--json"]).objects()[0];
    assert_eq!(card["card"]["price"]["source"], "the configuration", "{card}");
}

#[test]
fn what_a_remote_model_lacks_is_refused_and_a_retired_one_names_its_successor() {
    let home = Home::with("[providers.openai]\nkind = 'scripted'\n");
    let said = home.run(&["chat", "--model", "openai/text-embedding-3-small", "hello"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("openai/text-embedding-3-small has no chat"), "{said:?}");
    let said = home.run(&["models", "show", "openai/gpt-4-turbo"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("retired; its successor is openai/gpt-5.6-sol"), "{said:?}");
}

#[test]
fn programs_are_told_of_a_wrong_argument_as_of_any_error() {
    let said = Home::new().run(&["models", "list", "--json", "--nonsense"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let [object] = &said.objects()[..] else { panic!("{said:?}") };
    assert!(object["reply"] == "error" && object.to_string().contains("--nonsense"), "{object}");
}
